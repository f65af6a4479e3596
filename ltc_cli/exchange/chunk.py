"""What every reader gives: rows in pieces small enough for memory and large enough for speed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

CHUNK = 5_000
"""Lines that are read at once."""
CHUNK_CHARACTERS = 8 << 20
"""Characters after which no more lines are read at once."""


class Bad(NamedTuple):
    """A row that could not be read."""

    line: int
    reason: str
    text: str
    """As it stands in the file."""


class Chunk(NamedTuple):
    """Rows one after another, each with as many cells as the file has columns."""

    lines: list[int]
    """Where each row begins, counted from 1."""
    rows: list[list[str]]
    bad: list[Bad]


def named(columns: Iterable[str]) -> list[str]:
    """Names as they stand, but for what no file should hold; one without a name is called by its number, a second of
    the same name too.
    """
    seen: set[str] = set()
    names = []
    for number, column in enumerate(columns, 1):
        name = column.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\ufffd")
        name = name.strip() or f"column {number}"
        if name in seen:
            name = f"{name} ({number})"
        seen.add(name)
        names.append(name)
    return names
