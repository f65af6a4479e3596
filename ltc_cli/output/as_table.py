"""Report → a Rich table for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltc_cli.output.cells import NUMBERS, bar
from ltc_cli.output.layout import fitted, natural, strips_of, width_of, with_names
from ltc_cli.output.styles import FAINT, REFERENCE, style_of
from ltc_cli.output.widths import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.box import Box
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

    from ltc_cli.output.layout import Layout, Strip
    from ltc_cli.output.screen import Screen
    from ltc_cli.report import Report


def draw_table(report: Report, screen: Screen) -> tuple[str, list[str]]:
    """The report as wide as it needs and the terminal allows, its totals below a line, without empty columns.

    With it the keys of the columns for which there was no room.
    """
    all_strips = strips_of(report.columns, [*report.rows, *report.totals], screen)
    currency = _common_currency(all_strips) if report.title else ""
    told = [strip for strip in all_strips if any(strip.cells) and not (currency and strip.column.key == "currency")]
    strips = with_names(told)
    layout = laid_out(strips, screen)
    table = rendered(rich_table(layout, screen, totals=len(report.totals)), screen, width_of(layout))
    kept = {strip.column.key for strip in layout.strips}
    left_off = [strip.column.key for strip in strips if strip.column.key not in kept]
    return _title(report.title, currency, screen) + table, left_off


def laid_out(strips: list[Strip], screen: Screen, *, indent: int = 0) -> Layout:
    return natural(strips) if screen.width is None else fitted(strips, screen.width - indent)


def rich_table(layout: Layout, screen: Screen, *, totals: int = 0) -> Table:
    """The layout as a Rich table; the last rows, as many as there are totals, stand below a line."""
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


def rendered(drawn: RenderableType, screen: Screen, least_width: int = 0) -> str:
    """What the terminal gets to see it, without blanks at the ends of lines."""
    import io

    from rich.console import Console

    console = Console(
        file=io.StringIO(),
        width=max(least_width, screen.width or least_width),
        legacy_windows=False,
        force_terminal=screen.colour,
        color_system="auto" if screen.colour else None,
        no_color=not screen.colour,
        markup=False,
        highlight=False,
        emoji=False,
    )
    with console.capture() as captured:
        console.print(drawn)
    return "".join(f"{line.rstrip(' ')}\n" for line in captured.get().splitlines())


def cell_text(text: str, style: str = "", lead: int = 0) -> Text:
    """One cell; of a reference with its name behind it only the reference, `lead` characters, is coloured."""
    from rich.text import Text

    cell = Text(text, style="" if lead else style, no_wrap=True)
    cell.stylize(REFERENCE, 0, lead)
    return cell


def _common_currency(strips: list[Strip]) -> str:
    """The currency that all rows share, so that the title can say it once; else ""."""
    currencies = {cell for strip in strips if strip.column.key == "currency" for cell in strip.cells if cell}
    return currencies.pop() if len(currencies) == 1 else ""


def _title(title: str, currency: str, screen: Screen) -> str:
    from rich.text import Text

    shown = screen.text(title)
    unsaid = "" if currency in shown else f" in {currency}"
    return rendered(Text(shown + unsaid, style="bold"), screen, len(shown)) + "\n" if shown else ""


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
