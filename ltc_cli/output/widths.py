"""Text measured in terminal cells: a Chinese character takes two, an accent that combines takes none."""

from __future__ import annotations

from textwrap import indent
from typing import Final

INDENT: Final = 2


def cells_of(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


def widest_line(text: str) -> int:
    return max(map(cells_of, text.split("\n")))


def filled(text: str, width: int, *, at_right: bool = False) -> str:
    """The text with blanks behind it, or before it where it stands at the right."""
    blanks = " " * (width - cells_of(text))
    return blanks + text if at_right else text + blanks


def shortened(text: str, width: int, mark: str) -> str:
    """The text, cut and marked where it is wider than the width."""
    from rich.cells import set_cell_size

    if cells_of(text) <= width:
        return text
    return set_cell_size(text, max(width - len(mark), 0)).rstrip() + mark


def indented(lines: str) -> str:
    return indent(lines, " " * INDENT)
