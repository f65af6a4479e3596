"""What stands on the card of one record, before width and colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ltc_cli.output.cells import bar, cell, header, name_keys
from ltc_cli.output.layout import BAR_NARROWEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltc_cli.output.screen import Screen
    from ltc_cli.report import Column, Report, Row


class Entry(NamedTuple):
    """One value and what it is."""

    column: Column
    label: str
    value: str
    lead: int = 0
    """How many characters in front are a reference, with its name behind it."""


class Section(NamedTuple):
    """A list inside the record."""

    label: str
    columns: Sequence[Column]
    rows: Sequence[Row]


class Card(NamedTuple):
    title: str
    heading: list[Entry]
    """Reference and status; they stand in place of the title."""
    entries: list[Entry]
    sections: list[Section]


def card_of(report: Report, screen: Screen) -> Card:
    """The one record of the report; what it lacks is left out."""
    row = report.rows[0]
    shown = [column for column in report.columns if row.get(column.key) not in (None, "", [], ())]
    at_top = _heading_keys(shown)
    scalars = [column for column in shown if column.key not in at_top and not column.columns]
    lists = [column for column in shown if column.columns]
    return Card(
        screen.text(report.title),
        [_entry(column, row, screen) for column in shown if column.key in at_top],
        _entries(scalars, row, screen),
        [Section(header(column, screen), _said(column.columns, row[column.key]), row[column.key]) for column in lists],
    )


def _said(columns: Sequence[Column], rows: Sequence[Row]) -> list[Column]:
    """The columns in which any row says something."""
    return [column for column in columns if any(row.get(column.key) not in (None, "", [], ()) for row in rows)]


def _heading_keys(shown: Sequence[Column]) -> set[str]:
    keys = {column.key for column in shown}
    return keys & {"ref", "status"} if "ref" in keys else set()


def _entries(scalars: Sequence[Column], row: Row, screen: Screen) -> list[Entry]:
    """The single values, a name behind its reference, the currency before each amount."""
    names = name_keys(scalars)
    has_amounts = any(column.kind == "money" for column in scalars)
    elsewhere = {*names.values(), *(["currency"] if has_amounts else [])}
    entries = [_entry(column, row, screen) for column in scalars if column.key not in elsewhere]
    named = [_with_name(entry, row.get(names.get(entry.column.key, "")), screen) for entry in entries]
    return _in_currency(named, screen.text(row.get("currency") or ""))


def _entry(column: Column, row: Row, screen: Screen) -> Entry:
    value = cell(column, row[column.key], screen)
    drawn = bar(value, BAR_NARROWEST, screen.glyphs) if column.kind == "bar" else value
    return Entry(column, header(column, screen), drawn)


def _with_name(entry: Entry, name: str | None, screen: Screen) -> Entry:
    if not name:
        return entry
    return entry._replace(value=f"{entry.value} {screen.text(name)}", lead=len(entry.value))


def _in_currency(entries: Sequence[Entry], currency: str) -> list[Entry]:
    """The entries with their amounts in this currency, point below point."""
    width = max((len(entry.value) for entry in entries if entry.column.kind == "money"), default=0)
    return [
        entry._replace(value=f"{currency} {entry.value:>{width}}".lstrip()) if entry.column.kind == "money" else entry
        for entry in entries
    ]
