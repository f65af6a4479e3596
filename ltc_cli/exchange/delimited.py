"""Delimited text: its delimiter and header row found, quotes that are never closed kept from swallowing the rest."""

from __future__ import annotations

import csv
from collections import Counter
from itertools import count, islice
from typing import TYPE_CHECKING, NamedTuple

from ltc_cli.errors import UsageError
from ltc_cli.exchange.chunk import CHUNK, Bad, Chunk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

DELIMITERS = ",;\t|"
DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
SURVEYED_LINES = 400
RECORD_LIMIT = 1 << 16
"""Characters of a row over several lines: beyond it, its quote was never meant to open."""

csv.field_size_limit(1 << 24)  # lines are limited before


class Layout(NamedTuple):
    """How the file is written."""

    delimiter: str
    header_line: int
    columns: list[str]
    start: int
    """Lines up to and with the header."""


def survey(lines: Iterable[str], knows: Callable[[str], bool], delimiter: str | None = None) -> Layout:
    """Find the delimiter, and the header row behind a preamble: `knows` tells the names of known columns.

    Raises UsageError where the file has no header row.
    """
    start = list(islice(lines, SURVEYED_LINES))
    layouts = [layout for each in delimiter or DELIMITERS if (layout := _header(start, each, knows))]
    if not layouts:
        raise UsageError("no header row was found", "the first row names the columns")
    known = [(sum(map(knows, layout.columns)), len(layout.columns)) for layout in layouts]
    return layouts[known.index(max(known))]


def _header(lines: list[str], delimiter: str, knows: Callable[[str], bool]) -> Layout | None:
    """The first row that is as wide as most rows and names columns: known ones if there is any such row."""
    rows = [(line, row) for line, row, _end in _rows(lines, delimiter) if any(cell.strip() for cell in row)]
    widths = Counter(len(row) for _line, row in rows)
    if not widths:
        return None
    usual = max(widths, key=lambda width: (widths[width] * min(width, 2), width))
    ends = {line: end for line, _row, end in _rows(lines, delimiter)}
    candidates = [(line, row) for line, row in rows if abs(len(row) - usual) <= 1 and _names_columns(row)]
    known = [(line, row) for line, row in candidates if any(map(knows, row))]
    if not known and not candidates:
        return None
    line, row = (known or candidates)[0]
    return Layout(delimiter, line, _distinct([cell.strip() for cell in row]), ends[line])


def _names_columns(row: list[str]) -> bool:
    cells = [cell.strip() for cell in row if cell.strip()]
    return bool(cells) and len(set(cells)) == len(cells) and not any(cell[0].isdigit() for cell in cells)


def _distinct(columns: list[str]) -> list[str]:
    """Names as they stand; one without a name is called by its number, a second of the same name too."""
    seen: set[str] = set()
    named = []
    for number, column in enumerate(columns, 1):
        name = column or f"column {number}"
        if name in seen:
            name = f"{name} ({number})"
        seen.add(name)
        named.append(name)
    return named


def _rows(lines: list[str], delimiter: str) -> Iterator[tuple[int, list[str], int]]:
    """Rows as they are, broken ones too: line, cells, last line."""
    reader = csv.reader(lines, delimiter=delimiter)
    line = 1
    for row in reader:
        yield line, row, reader.line_num
        line = reader.line_num + 1


def chunks(lines: Iterator[str], layout: Layout) -> Iterator[Chunk]:
    """The rows below the header."""
    for _ in range(layout.start):
        next(lines, None)
    reading = _Reading(lines, layout)
    first = layout.start + 1
    while block := list(islice(lines, CHUNK)):
        yield reading.chunk(block, first)
        first += len(block)


class _Reading:
    """Reads block after block; a row that goes on beyond its block draws more lines."""

    def __init__(self, lines: Iterator[str], layout: Layout) -> None:
        self.lines = lines
        self.layout = layout
        self.width = len(layout.columns)

    def chunk(self, block: list[str], first: int) -> Chunk:
        """The rows of a block of lines; the block grows by the lines that its last row goes on for."""
        if rows := self._plain(block):
            return Chunk(list(range(first, first + len(rows))), rows, [])
        chunk = Chunk([], [], [])
        self._carefully(block, first, chunk)
        return chunk

    def _plain(self, block: list[str]) -> list[list[str]] | None:
        """The rows where every line is one of the right width."""
        try:
            rows = list(csv.reader(block, delimiter=self.layout.delimiter, strict=True))
        except csv.Error:
            return None
        is_plain = len(rows) == len(block) and set(map(len, rows)) == {self.width}
        return rows if is_plain and self.layout.columns not in rows and all(map(any, rows)) else None

    def _carefully(self, block: list[str], first: int, chunk: Chunk) -> None:
        """A row may go over several lines, or open a quote that is never closed."""
        at = 0
        while at < len(block):
            if '"' not in block[at]:
                self._one_line(first + at, block[at], chunk)
                at += 1
                continue
            row, length = self._quoted(block, at)
            if row is not None and (length == 1 or len(row) == self.width):
                self._take(first + at, row, block[at : at + length], chunk)
                at += length
            else:
                self._one_line(first + at, block[at], chunk)
                at += 1

    def _quoted(self, block: list[str], at: int) -> tuple[list[str] | None, int]:
        """The row that begins here, strictly read, and how many lines it takes; None where it is broken."""
        reader = csv.reader(self._feed(block, at), delimiter=self.layout.delimiter, strict=True)
        try:
            return next(reader), reader.line_num
        except (csv.Error, StopIteration, _TooLongError):
            return None, 1

    def _feed(self, block: list[str], at: int) -> Iterator[str]:
        length = 0
        for number in count(at):
            if number == len(block):
                more = next(self.lines, None)
                if more is None:
                    return
                block.append(more)
            length += len(block[number])
            if number > at and length > RECORD_LIMIT:
                raise _TooLongError
            yield block[number]

    def _one_line(self, number: int, line: str, chunk: Chunk) -> None:
        """A row on a line of its own, as forgiving as spreadsheets are."""
        row = next(csv.reader([line.rstrip("\r\n") + "\n"], delimiter=self.layout.delimiter), [])
        if row and row[-1].endswith("\n"):
            chunk.bad.append(Bad(number, "a quote is opened and never closed", line))
        else:
            self._take(number, row, [line], chunk)

    def _take(self, number: int, row: list[str], lines: list[str], chunk: Chunk) -> None:
        if not any(map(str.strip, row)):
            return
        if len(row) > self.width and not any(map(str.strip, row[self.width :])):
            row = row[: self.width]
        if len(row) != self.width:
            chunk.bad.append(Bad(number, f"it has {len(row)} cells, the header {self.width}", "".join(lines)))
        elif [cell.strip() for cell in row] == self.layout.columns:
            chunk.bad.append(Bad(number, "it is the header again", "".join(lines)))
        else:
            chunk.lines.append(number)
            chunk.rows.append(row)


class _TooLongError(Exception):
    pass
