"""Report of one record → a card: its heading, its values, its lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ltc_cli.output.as_columns import lines_of
from ltc_cli.output.as_table import cell_text, laid_out, rendered, rich_table
from ltc_cli.output.card import card_of
from ltc_cli.output.layout import strips_of, width_of, with_names
from ltc_cli.output.styles import FAINT, style_of
from ltc_cli.output.widths import cells_of, filled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

    from ltc_cli.output.card import Card, Entry, Section
    from ltc_cli.output.screen import Screen
    from ltc_cli.report import Report

_GAP: Final = 2
_INDENT: Final = 2
_VALUE_NARROWEST: Final = 20
_WRAPPED: Final = frozenset({"text", "prose", "list"})


def draw_card(report: Report, screen: Screen) -> str:
    """The record as a card; long text is wrapped on a terminal, and left whole in a pipe."""
    card = card_of(report, screen)
    blocks = _for_terminal(card, screen) if screen.is_terminal else _for_pipe(card, screen)
    return "\n".join(block for block in blocks if block)


def _for_pipe(card: Card, screen: Screen) -> list[str]:
    heading = (" " * _GAP).join(entry.value for entry in card.heading) or card.title
    return [_lines([heading] if heading else []), _plain_entries(card.entries)] + [
        _lines([section.label, *_indented(lines_of(section.columns, section.rows, screen))])
        for section in card.sections
    ]


def _plain_entries(entries: Sequence[Entry]) -> str:
    width = _label_width(entries) + _GAP
    return _lines([filled(entry.label, width) + entry.value for entry in entries])


def _for_terminal(card: Card, screen: Screen) -> list[str]:
    sections = [_section(section, screen) for section in card.sections]
    return [_heading(card, screen), _grid(card.entries, screen), *sections]


def _heading(card: Card, screen: Screen) -> str:
    from rich.text import Text

    values = [Text(entry.value, style=f"bold {style_of(entry.column, entry.value)}") for entry in card.heading]
    heading = Text(" " * _GAP).join(values) if values else Text(card.title, style="bold")
    return rendered(heading, screen, cells_of(heading.plain)) if heading else ""


def _grid(entries: Sequence[Entry], screen: Screen) -> str:
    """The labels at the left, the values at the right."""
    from rich.table import Table

    if not entries:
        return ""
    label_width, value_width = _label_width(entries), _value_width(entries, screen)
    grid = Table.grid(padding=(0, _GAP, 0, 0))
    grid.add_column(style=FAINT, width=label_width)
    grid.add_column(width=value_width, overflow="fold")
    for entry in entries:
        grid.add_row(cell_text(entry.label), _value(entry))
    return rendered(grid, screen, label_width + _GAP + value_width)


def _value(entry: Entry) -> Text:
    text = cell_text(entry.value, style_of(entry.column, entry.value), entry.lead)
    text.no_wrap = not _is_wrapped(entry)
    return text


def _is_wrapped(entry: Entry) -> bool:
    return entry.column.kind in _WRAPPED or bool(entry.lead)


def _value_width(entries: Sequence[Entry], screen: Screen) -> int:
    """As wide as the terminal allows, and never narrower than an amount."""
    widest = max(cells_of(entry.value) for entry in entries)
    if screen.width is None:
        return widest
    unbreakable = max((cells_of(entry.value) for entry in entries if not _is_wrapped(entry)), default=0)
    return max(unbreakable, min(widest, max(screen.width - _label_width(entries) - _GAP, _VALUE_NARROWEST)))


def _section(section: Section, screen: Screen) -> str:
    """The list's label, and below it the list as a table."""
    strips = with_names(strips_of(section.columns, section.rows, screen))
    layout = laid_out(strips, screen, indent=_INDENT)
    lines = rendered(rich_table(layout, screen), screen, width_of(layout)).splitlines()
    return rendered(cell_text(section.label, "bold"), screen, cells_of(section.label)) + _lines(_indented(lines))


def _label_width(entries: Sequence[Entry]) -> int:
    return max((cells_of(entry.label) for entry in entries), default=0)


def _indented(lines: Sequence[str]) -> list[str]:
    return [" " * _INDENT + line for line in lines]


def _lines(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
