"""A table for a pipe: plain columns, nothing cut, one row a line.

Not drawn with Rich, which takes 0.3 ms a row: a pipe may get 100,000.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltc_cli.output.cells import NUMBERS, bar
from ltc_cli.output.layout import natural, strips_of
from ltc_cli.output.widths import filled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltc_cli.output.layout import Strip
    from ltc_cli.output.screen import Screen
    from ltc_cli.report import Column, Report, Row


def draw_columns(report: Report, screen: Screen) -> str:
    """Title, header, rows and totals, one a line."""
    lines = lines_of(report.columns, [*report.rows, *report.totals], screen)
    titled = [screen.text(report.title), *lines] if report.title else lines
    return "".join(f"{line}\n" for line in titled)


def lines_of(columns: Sequence[Column], rows: Sequence[Row], screen: Screen) -> list[str]:
    """The header and the rows, their columns under each other."""
    layout = natural(strips_of(columns, rows, screen))
    stacks = [_stacked(strip, width, screen) for strip, width in zip(layout.strips, layout.widths, strict=True)]
    return [(" " * layout.gap).join(line).rstrip() for line in zip(*stacks, strict=True)]


def _stacked(strip: Strip, width: int, screen: Screen) -> list[str]:
    """The header and the cells of one column, all equally wide."""
    is_bar = strip.column.kind == "bar"
    cells = [bar(cell, width, screen.glyphs) for cell in strip.cells] if is_bar else strip.cells
    return [filled(text, width, at_right=strip.column.kind in NUMBERS) for text in (strip.header, *cells)]
