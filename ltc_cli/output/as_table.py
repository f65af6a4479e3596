"""Report → a Rich table for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ltc_cli.output.card import Entry
from ltc_cli.output.cells import NUMBERS, bar
from ltc_cli.output.grid import grid
from ltc_cli.output.layout import BAR_NARROWEST, fitted, natural, strips_of, width_of, with_names
from ltc_cli.output.rich_text import cell_text, rendered
from ltc_cli.output.styles import FAINT, style_of
from ltc_cli.output.widths import INDENT, cells_of, indented, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.box import Box
    from rich.table import Table
    from rich.text import Text

    from ltc_cli.output.layout import Layout, Strip
    from ltc_cli.output.screen import Screen
    from ltc_cli.report import Report

_HEADER_LINES: Final = 2


def draw_table(report: Report, screen: Screen) -> tuple[str, list[str]]:
    """The report as wide as it needs and the terminal allows, its totals below a line, without empty columns.

    With it the keys of the columns for which there was no room.
    """
    all_strips = strips_of(report.columns, [*report.rows, *report.totals], screen)
    currency = _common_currency(all_strips) if report.title else ""
    told = [strip for strip in all_strips if any(strip.cells) and not (currency and strip.column.key == "currency")]
    strips = with_names(told)
    table, kept = drawn(strips, screen, totals=len(report.totals))
    shown = {strip.column.key for strip in kept}
    left_off = [strip.column.key for strip in strips if strip.column.key not in shown]
    return _title(report.title, currency, screen) + table, left_off


def drawn(strips: list[Strip], screen: Screen, *, totals: int = 0) -> tuple[str, list[Strip]]:
    """A table, its last rows, as many as there are totals, below a line; where none fits, a card for each row.

    With it the strips for which there was room.
    """
    layout = natural(strips) if screen.width is None else fitted(strips, screen.width)
    if layout is None:
        return _cards(strips, screen), strips
    table = rendered(_rich_table(layout, screen, totals), screen, width_of(layout))
    return _with_below(table, layout, screen, totals) if layout.below else table, layout.strips + layout.below


def _rich_table(layout: Layout, screen: Screen, totals: int) -> Table:
    from rich.table import Table

    table = Table(box=_box(screen), show_edge=False, pad_edge=False, padding=(0, layout.gap - 1, 0, 0))
    table.header_style, table.border_style = "bold", FAINT
    for strip, width in zip(layout.strips, layout.widths, strict=True):
        label = cell_text(shortened(strip.header, width, screen.glyphs.cut))
        side = "right" if strip.column.kind in NUMBERS else "left"
        is_cut = strip.column.kind != "prose"
        table.add_column(label, width=width, no_wrap=is_cut, overflow="fold", justify=side)  # type: ignore[arg-type]
    _add_rows(table, layout, screen, totals)
    return table


def _common_currency(strips: list[Strip]) -> str:
    """The currency that all rows share, so that the title can say it once; else ""."""
    currencies = {cell for strip in strips if strip.column.key == "currency" for cell in strip.cells if cell}
    return currencies.pop() if len(currencies) == 1 else ""


def _title(title: str, currency: str, screen: Screen) -> str:
    from rich.text import Text

    shown = screen.text(title)
    unsaid = "" if currency in shown else f" in {currency}"
    said = Text(shown + unsaid, style="bold")
    return rendered(said, screen, 0 if screen.width else cells_of(said.plain)) + "\n" if shown else ""


def _with_below(table: str, layout: Layout, screen: Screen, totals: int) -> str:
    """The table, and below each row, which is one line of it, what there was no room for beside the others."""
    lines = table.splitlines(keepends=True)
    rows = len(layout.strips[0].cells)
    for at in range(rows):
        is_total = at >= rows - totals
        lines[_HEADER_LINES + at + is_total] += _below(layout.below, at, screen)
    return "".join(lines)


def _below(strips: list[Strip], at: int, screen: Screen) -> str:
    """What a row has in these columns: on one line if there is room, else each on its own."""
    from rich.text import Text

    texts = [cell_text(strip.cells[at], style_of(strip.column, strip.cells[at])) for strip in strips if strip.cells[at]]
    if not texts:
        return ""
    room = (screen.width or 0) - INDENT
    line = Text(" " * INDENT).join(texts)
    text = line if cells_of(line.plain) <= room else Text("\n").join(texts)
    return indented(rendered(text, screen._replace(width=room)))


def _cards(strips: list[Strip], screen: Screen) -> str:
    cards = zip(*([_entry(strip, text, screen) for text in strip.cells] for strip in strips), strict=True)
    return "\n".join(grid([entry for entry in card if entry.value], screen) for card in cards)


def _entry(strip: Strip, text: str, screen: Screen) -> Entry:
    if strip.lead and text.startswith(" "):  # a name without a reference
        return Entry(strip.column._replace(kind="text"), strip.header, text.lstrip())
    value = bar(text, BAR_NARROWEST, screen.glyphs) if strip.column.kind == "bar" else text
    return Entry(strip.column, strip.header, value, strip.lead)


def _add_rows(table: Table, layout: Layout, screen: Screen, totals: int) -> None:
    first_total = len(layout.strips[0].cells) - totals
    for at in range(first_total):
        table.add_row(*_drawn_row(layout, at, screen), end_section=at == first_total - 1)
    sums = layout._replace(strips=[_without_references(strip) for strip in layout.strips])
    for at in range(first_total, first_total + totals):
        table.add_row(*_drawn_row(sums, at, screen), style="bold")


def _drawn_row(layout: Layout, at: int, screen: Screen) -> Iterator[Text]:
    for strip, width in zip(layout.strips, layout.widths, strict=True):
        yield _drawn(strip, strip.cells[at], width, screen)


def _drawn(strip: Strip, cell: str, width: int, screen: Screen) -> Text:
    if strip.column.kind == "prose":
        folded = cell_text(cell)
        folded.no_wrap = False
        return folded
    is_bar = strip.column.kind == "bar"
    text = bar(cell, width, screen.glyphs) if is_bar else shortened(cell, width, screen.glyphs.cut)
    return cell_text(text, style_of(strip.column, cell), strip.lead)


def _without_references(strip: Strip) -> Strip:
    """The word "total" is no reference, wherever it stands."""
    is_reference = strip.column.kind == "ref"
    return strip._replace(column=strip.column._replace(kind="text"), lead=0) if is_reference else strip


def _box(screen: Screen) -> Box:
    """A line below the header and one above the totals, nothing else."""
    from rich.box import Box

    blank, rule = " " * 4, screen.glyphs.rule * 4
    return Box("".join(f"{line}\n" for line in (blank, blank, rule, blank, rule, rule, blank, blank)))
