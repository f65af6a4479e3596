"""Delimited text: its delimiter and header row found, quotes that are never closed kept from swallowing the rest."""

from __future__ import annotations

import csv
from collections import Counter
from itertools import count, islice
from typing import TYPE_CHECKING, NamedTuple

from ltc_cli.errors import UsageError
from ltc_cli.exchange.chunk import CHUNK, CHUNK_CHARACTERS, Bad, Chunk
from ltc_cli.exchange.source import LINE_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

DELIMITERS = ",;\t|"
DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
SURVEYED_LINES = 400
SOME_LINES = 50
"""Lines that are read before their characters are counted."""
RECORD_LIMIT = 1 << 16
"""Characters of a row over several lines: beyond it, its quote was never meant to open."""

csv.field_size_limit(LINE_LIMIT + RECORD_LIMIT)  # lines and rows are limited before


class Layout(NamedTuple):
    """How the file is written."""

    delimiter: str
    header_line: int
    columns: list[str]
    """As they stand in the file, without blanks around them."""
    start: int
    """Lines up to and with the header."""


def survey(lines: Iterable[str], knows: Callable[[str], bool], delimiter: str | None = None) -> Layout:
    """Find the delimiter, and the header row behind a preamble: `knows` tells the names of known columns.

    Raises UsageError where the file has no header row, or the delimiter cannot be one.
    """
    start = _block(_whole_lines(iter(lines)), SURVEYED_LINES)
    delimiters = DELIMITERS if delimiter is None else _named_delimiter(delimiter)
    layouts = [layout for each in delimiters if (layout := _header(start, each, knows))]
    if not layouts:
        raise UsageError("no header row was found", "the first row names the columns")
    known = [(sum(map(knows, layout.columns)), len(layout.columns)) for layout in layouts]
    return layouts[known.index(max(known))]


def _named_delimiter(text: str) -> str:
    delimiter = {name: character for character, name in DELIMITER_NAMES.items()}.get(text.lower(), text)
    if len(delimiter) != 1 or delimiter in '"\r\n\0':
        raise UsageError(f"{text[:40]!r} is no delimiter", "it is one character, or comma, semicolon, tab or bar")
    return delimiter


def _header(lines: list[str], delimiter: str, knows: Callable[[str], bool]) -> Layout | None:
    """The first row that is as wide as most rows and names columns: known ones if there is any such row."""
    rows = [(line, row, end) for line, row, end in _rows(lines, delimiter) if any(cell.strip() for cell in row)]
    widths = Counter(len(row) for _line, row, _end in rows)
    if not widths:
        return None
    usual = max(widths, key=lambda width: (widths[width] * min(width, 2), width))
    fitting = [(line, row, end) for line, row, end in rows if abs(len(row) - usual) <= 1 and _can_name(row)]
    candidates = [each for each in fitting if any(map(knows, each[1]))] or [
        each for each in fitting if _has_no_double(each[1])
    ]
    if not candidates:
        return None
    line, row, end = candidates[0]
    return Layout(delimiter, line, [cell.strip() for cell in row], end)


def _can_name(row: list[str]) -> bool:
    has_letters = any(character.isalpha() for cell in row for character in cell)
    return has_letters and not any(cell.strip()[:1].isdigit() for cell in row)


def _has_no_double(row: list[str]) -> bool:
    cells = [cell.strip() for cell in row if cell.strip()]
    return len(set(cells)) == len(cells)


def _rows(lines: list[str], delimiter: str) -> Iterator[tuple[int, list[str], int]]:
    """Rows as they are, broken ones line by line: line, cells, last line."""
    reading = _Reading(iter(()), Layout(delimiter, 0, [], 0))
    at = 0
    while at < len(lines):
        row, length = reading.quoted(lines, at) if '"' in lines[at] else (None, 1)
        yield at + 1, reading.alone(lines[at]) if row is None else row, at + length
        at += length


def chunks(lines: Iterator[str], layout: Layout) -> Iterator[Chunk]:
    """The rows below the header."""
    whole = _whole_lines(lines)
    for _ in range(layout.start):
        next(whole, None)
    reading = _Reading(whole, layout)
    first = layout.start + 1
    while block := _block(whole, CHUNK):
        yield reading.chunk(block, first)
        first += len(block)


def _block(lines: Iterator[str], size: int) -> list[str]:
    """So many lines, or fewer where they are long."""
    block: list[str] = []
    characters = 0
    while len(block) < size and characters < CHUNK_CHARACTERS:
        some = list(islice(lines, SOME_LINES))
        if not some:
            break
        block += some
        characters += sum(map(len, some))
    return block


def _whole_lines(lines: Iterator[str]) -> Iterator[str]:
    """Of a line that comes in pieces the first piece alone: nobody's row is as long."""
    for line in lines:
        yield line
        while len(line) == LINE_LIMIT and line[-1] not in "\r\n":
            line = next(lines, "")


class _Reading:
    """Reads block after block; a row that goes on beyond its block draws more lines."""

    def __init__(self, lines: Iterator[str], layout: Layout) -> None:
        self.lines = lines
        self.layout = layout
        self.width = len(layout.columns)
        self.suspects = {"", *(mark + column for mark in ("", "\ufeff") for column in layout.columns[:1])}
        """First cells of rows that may be blank, or the header again."""
        self.most = max((at for at, column in enumerate(layout.columns, 1) if column), default=0)
        """The columns up to the last one with a name."""

    def chunk(self, block: list[str], first: int) -> Chunk:
        """The rows of a block of lines; the block grows by the lines that its last row goes on for."""
        if rows := self._plain(block):
            return Chunk(list(range(first, first + len(rows))), rows, [])
        chunk = Chunk([], [], [])
        self._carefully(block, first, chunk)
        return chunk

    def _plain(self, block: list[str]) -> list[list[str]] | None:
        """The rows where every line is one of the right width."""
        if max(map(len, block)) >= LINE_LIMIT:
            return None
        try:
            rows = list(csv.reader(block, delimiter=self.layout.delimiter, strict=True))
        except csv.Error:
            return None
        if len(rows) != len(block) or set(map(len, rows)) != {self.width}:
            return None
        suspects = [row for row in rows if row[0].strip() in self.suspects]
        return None if any(self._is_blank(row) or self._is_header(row) for row in suspects) else rows

    def _is_blank(self, row: list[str]) -> bool:
        return not any(map(str.strip, row))

    def _is_header(self, row: list[str]) -> bool:
        return [cell.strip().removeprefix("\ufeff") for cell in row] == self.layout.columns

    def _carefully(self, block: list[str], first: int, chunk: Chunk) -> None:
        """A row may go over several lines, or open a quote that is never closed."""
        at = 0
        while at < len(block):
            if '"' not in block[at] or len(block[at]) >= LINE_LIMIT:
                self._one_line(first + at, block[at], chunk)
                at += 1
                continue
            row, length = self.quoted(block, at)
            if row is not None and (length == 1 or len(row) == self.width):
                self._take(first + at, row, block[at : at + length], chunk)
                at += length
            else:
                self._one_line(first + at, block[at], chunk)
                at += 1

    def quoted(self, block: list[str], at: int) -> tuple[list[str] | None, int]:
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

    def alone(self, line: str) -> list[str]:
        """The row on a line of its own, as forgiving as spreadsheets are; the last cell has the line end where a quote
        is open.
        """
        return next(csv.reader([line.rstrip("\r\n") + "\n"], delimiter=self.layout.delimiter), [])

    def _one_line(self, number: int, line: str, chunk: Chunk) -> None:
        if len(line) >= LINE_LIMIT:
            chunk.bad.append(Bad(number, f"the line is longer than {LINE_LIMIT:,} characters", line))
            return
        row = self.alone(line)
        if row and row[-1].endswith("\n"):
            chunk.bad.append(Bad(number, "a quote is opened and never closed", line))
        else:
            self._take(number, row, [line], chunk)

    def _take(self, number: int, row: list[str], lines: list[str], chunk: Chunk) -> None:
        if self._is_blank(row):
            return
        if not any(map(str.strip, row[self.width :])):
            row = row[: self.width]
        if self.most <= len(row) < self.width:
            row = row + [""] * (self.width - len(row))
        if len(row) != self.width:
            chunk.bad.append(Bad(number, f"it has {len(row)} cells, the header {self.width}", "".join(lines)))
        elif self._is_header(row):
            chunk.bad.append(Bad(number, "it is the header again", "".join(lines)))
        else:
            chunk.lines.append(number)
            chunk.rows.append(row)


class _TooLongError(Exception):
    pass
