"""Report of one record → a card: its heading, its values, its lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltc_cli.output.as_columns import lines_of
from ltc_cli.output.as_table import drawn
from ltc_cli.output.card import card_of
from ltc_cli.output.grid import GAP, grid, label_width
from ltc_cli.output.layout import strips_of, with_names
from ltc_cli.output.rich_text import cell_text, rendered
from ltc_cli.output.styles import style_of
from ltc_cli.output.widths import INDENT, cells_of, filled, indented

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltc_cli.output.card import Card, Entry, Section
    from ltc_cli.output.screen import Screen
    from ltc_cli.report import Report


def draw_card(report: Report, screen: Screen) -> str:
    """The record as a card; long text is wrapped on a terminal, and left whole in a pipe."""
    card = card_of(report, screen)
    blocks = _for_terminal(card, screen) if screen.is_terminal else _for_pipe(card, screen)
    return "\n".join(block for block in blocks if block)


def _for_pipe(card: Card, screen: Screen) -> list[str]:
    heading = (" " * GAP).join(entry.value for entry in card.heading) or card.title
    return [_lines([heading] if heading else []), _plain_entries(card.entries)] + [
        f"{section.label}\n" + indented(_lines(lines_of(section.columns, section.rows, screen)))
        for section in card.sections
    ]


def _plain_entries(entries: Sequence[Entry]) -> str:
    width = label_width(entries) + GAP
    return _lines([filled(entry.label, width) + entry.value for entry in entries])


def _for_terminal(card: Card, screen: Screen) -> list[str]:
    sections = [_section(section, screen) for section in card.sections]
    return [_heading(card, screen), grid(card.entries, screen), *sections]


def _heading(card: Card, screen: Screen) -> str:
    from rich.text import Text

    values = [Text(entry.value, style=f"bold {style_of(entry.column, entry.value)}") for entry in card.heading]
    heading = Text(" " * GAP).join(values) if values else Text(card.title, style="bold")
    return rendered(heading, screen, cells_of(heading.plain)) if heading else ""


def _section(section: Section, screen: Screen) -> str:
    """The list's label, and below it the list as a table."""
    strips = with_names(strips_of(section.columns, section.rows, screen))
    room = screen if screen.width is None else screen._replace(width=screen.width - INDENT)
    label = rendered(cell_text(section.label, "bold"), screen, cells_of(section.label))
    return label + indented(drawn(strips, room)[0])


def _lines(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
