"""Rows of any format that can be read: one table of formats, told apart by how a file begins."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from ltc_cli.errors import UsageError
from ltc_cli.exchange import delimited, json_lines, vcard
from ltc_cli.exchange.chunk import CHUNK, Bad, Chunk, named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ltc_cli.exchange.source import Source


COLUMN_LIMIT = 2_000


class Rows(NamedTuple):
    """A file as rows."""

    format: str
    columns: list[str]
    chunks: Callable[[], Iterator[Chunk]]
    """Reads the file from its first row, as often as it is called."""
    delimiter: str | None = None
    header_line: int | None = None


def read(source: Source, knows: Callable[[str], bool], delimiter: str | None = None) -> Rows:
    """The rows of a file. Raises UsageError where it has no header row, or more columns than anybody means."""
    start = "".join(islice(source.lines(), 50)).lstrip()
    reader = next((reader for opening, reader in FORMATS if re.match(opening, start)), None)
    found = reader(source) if reader else _delimited(source, knows, delimiter)
    if not found.columns:
        raise UsageError(f"{source.name} has no row that can be read", "a file has a header row, or objects, or cards")
    if len(found.columns) > COLUMN_LIMIT:
        raise UsageError(f"{source.name} has {len(found.columns):,} columns; {COLUMN_LIMIT:,} are allowed")
    return found._replace(columns=named(found.columns))


def _delimited(source: Source, knows: Callable[[str], bool], delimiter: str | None) -> Rows:
    layout = delimited.survey(source.lines(), knows, delimiter)
    return Rows(
        "csv",
        layout.columns,
        lambda: delimited.chunks(source.lines(), layout),
        delimited.DELIMITER_NAMES.get(layout.delimiter, layout.delimiter),
        layout.header_line,
    )


def _json(source: Source) -> Rows:
    columns = json_lines.survey(source.lines())
    return Rows("json", columns, lambda: json_lines.chunks(source.lines(), columns))


def _vcards(source: Source) -> Rows:
    columns: dict[str, None] = {}
    for card in vcard.read_cards(source.lines()):
        columns.update(dict.fromkeys(card.fields))
    return Rows("vcard", list(columns), lambda: _card_chunks(source, list(columns)))


def _card_chunks(source: Source, columns: list[str]) -> Iterator[Chunk]:
    cards = vcard.read_cards(source.lines())
    while some := list(islice(cards, CHUNK)):
        good = [card for card in some if card.problem is None]
        yield Chunk(
            [card.line for card in good],
            [[card.fields.get(column, "") for column in columns] for card in good],
            [Bad(card.line, card.problem, card.fields.get("name", "")) for card in some if card.problem],
        )


FORMATS: tuple[tuple[str, Callable[[Source], Rows]], ...] = (
    (r'\{\s*(?:["}]|$)', _json),
    (r"\[\s*(?:[\[\]{]|$)", _json),
    ("(?i)BEGIN:VCARD", _vcards),
)
"""How a file of the format begins: a header row may begin with a bracket, too."""
