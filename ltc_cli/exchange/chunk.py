"""What every reader gives: rows in pieces small enough for memory and large enough for speed."""

from __future__ import annotations

from typing import NamedTuple

CHUNK = 5_000
"""Lines that are read at once."""


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
