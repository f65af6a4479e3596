"""What a command answers, as plain data that knows no format; `output` draws it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal[
    "text",
    "prose",
    "ref",
    "status",
    "money",
    "quantity",
    "count",
    "percent",
    "rate",
    "days",
    "date",
    "moment",
    "bar",
    "list",
]
"""What stands in a column; on a narrow terminal prose is folded or stands below its row, other texts are cut."""

Row = dict[str, Any]

DRY_RUN = "dry run: nothing was kept"

FEW = 5
"""Names that are told where there are many."""


class Column(NamedTuple):
    """One key of a row, and how a table shows it.

    Money and quantities are decimal strings, percentages and rates numbers from 0 to 1, dates ISO strings.
    """

    key: str
    kind: Kind = "text"
    label: str = ""
    """Header on a table; empty: the key with blanks for underscores."""
    on_table: bool = True
    age: int | None = None
    """0 and up: how old this aging column is, for its colour."""
    spare: int = 0
    """A terminal too narrow for all columns leaves off the highest first; 0: never."""
    columns: tuple[Column, ...] = ()
    """For the kind `list`: the columns of the rows inside."""


class Report:
    """A list of rows, or one record, with what else there is to say about it."""

    __slots__ = ("columns", "empty", "exit_code", "hint", "is_record", "notices", "rows", "title", "totals")

    def __init__(
        self,
        columns: Sequence[Column],
        rows: list[Row],
        *,
        title: str = "",
        is_record: bool = False,
        totals: Sequence[Row] = (),
        notices: Sequence[str] = (),
        hint: str = "",
        empty: str = "nothing to show",
        exit_code: int = 0,
    ) -> None:
        self.columns = list(columns)
        self.rows = rows
        self.title = title
        self.is_record = is_record
        """One object in JSON instead of an array; drawn as a card instead of a table."""
        self.totals = totals
        """Rows shown under the table only, never in JSON or CSV."""
        self.notices = list(notices)
        """Said on stderr."""
        self.hint = hint
        """The command a user would want next, said on stderr."""
        self.empty = empty
        """Said on stderr when there are no rows."""
        self.exit_code = exit_code


def local(at: datetime, timezone: str) -> datetime:
    """A moment in a time zone; in the machine's own where that is empty."""
    if not timezone:
        return at.astimezone()
    from zoneinfo import ZoneInfo

    return at.astimezone(ZoneInfo(timezone))


def moment(recorded: str, timezone: str) -> str:
    """A moment, recorded as UTC, as it is shown to people in a time zone: `2026-06-15 11:05`."""
    return f"{local(datetime.fromisoformat(recorded), timezone):%Y-%m-%d %H:%M}"


def first_few(names: Sequence[str], between: str, last: str = " and ") -> str:
    """Five of many names, and how many more there are: `K1, K2, K3, K4, K5 and 3 more`."""
    more = f"{last}{len(names) - FEW} more" if len(names) > FEW else ""
    return between.join(names[:FEW]) + more


def to_text(report: Report) -> str:
    """The whole answer as one JSON text, to give it again for the same `--key`."""
    return json.dumps({name: getattr(report, name) for name in Report.__slots__})


def from_text(text: str) -> Report:
    """The answer that `to_text` kept."""
    parts = json.loads(text)
    columns = [_column(values) for values in parts.pop("columns")]
    return Report(columns, parts.pop("rows"), **parts)


def _column(values: list[Any]) -> Column:
    *scalars, inner = values
    return Column._make([*scalars, tuple(_column(each) for each in inner)])
