"""Which column holds which field, and how the dates and numbers in it are written: found, or as the user says."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.errors import Problems, UsageError
from ltc_cli.exchange.layouts import AMOUNTS, DATES, Layout, currency_of, may_be_id, squeezed
from ltc_cli.rules.contact import clean_column
from ltc_cli.rules.foreign import DAY_ORDERS, MARKS, DayOrders, Marks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ltc_cli.exchange.chunk import Chunk
    from ltc_cli.rules.contact import ColumnProblems

OURS = ("ltc_line", "ltc_reason")
"""Columns of a rejects file, which are no part of its rows."""
FURTHER = "-"
"""As a field: the column is kept with the record as it is."""
FURTHER_LIMIT = 1 << 20
"""Characters of a text in a column that is kept as it is."""
SURVEYED_CHUNKS = 2
FORMAT_NAMES = {"ymd": "year first", "dmy": "day first", "mdy": "month first", "point": "1,234.56", "comma": "1.234,56"}


class Use(NamedTuple):
    """What becomes of a column."""

    column: str
    field: str | None
    """None: it is kept with the record under its own name."""
    format: str | None = None
    """Of dates `ymd`, `dmy` or `mdy`, of amounts `point` or `comma`; None where it does not matter."""


def given(texts: Sequence[str], fields: Sequence[str]) -> dict[str, Use]:
    """`COLUMN=FIELD` or `COLUMN=FIELD:FORMAT`, by column. Raises UsageError, with all that is wrong."""
    uses: dict[str, Use] = {}
    with Problems() as check:
        for text in texts:
            use = check(_given, text, fields)
            if use:
                uses[squeezed(use.column)] = use
    return uses


def _given(text: str, fields: Sequence[str]) -> Use:
    column, separator, wanted = text.rpartition("=")
    field, _, form = wanted.strip().partition(":")
    if not separator or field not in (*fields, FURTHER):
        raise UsageError(f"{text[:60]!r} is not COLUMN=FIELD", f"fields: {' '.join(fields)}, or - for none")
    known = DAY_ORDERS if field in DATES else MARKS if field in AMOUNTS else ()
    if form and form not in known:
        raise UsageError(f"{form[:40]!r} is no format of {field}", f"one of: {' '.join(known)}" if known else None)
    return Use(column.strip(), None if field == FURTHER else field, form or None)


def assign(columns: Sequence[str], layout: Layout, said: Mapping[str, Use], known_ids: frozenset[str]) -> list[Use]:
    """The use of every column. `known_ids` are squeezed names of columns that gave external ids before.

    A field may have several columns: the surest that is not blank counts. Raises UsageError for a column that is
    said and not there, and where no column is known.
    """
    by_name = {squeezed(column): column for column in columns}
    missing = [use.column for name, use in said.items() if name not in by_name]
    if missing:
        raise UsageError(f"there is no column {', '.join(missing)}", f"columns: {', '.join(columns)[:400]}")
    uses = [said.get(squeezed(column)) or Use(column, None) for column in columns]
    uses = [use._replace(column=column) for use, column in zip(uses, columns, strict=True)]
    taken = {use.field for use in uses if use.field}
    for at, use in enumerate(uses):
        if squeezed(use.column) not in said:
            free = [field for _rank, field in sorted(layout.meanings(use.column)) if field not in taken]
            uses[at] = use._replace(field=free[0] if free else None)
    uses = _only_one(uses, layout)
    uses = _with_id(uses, layout, known_ids, said)
    if not any(use.field for use in uses):
        raise UsageError("no column is one that ltc knows", f'--map "{columns[0][:40]}=name" says what it holds')
    return uses


ALTERNATIVES = frozenset({"email", "phone", "company", "name", "lead_email", "country"})
"""Fields that may stand in several columns."""
PEOPLE = frozenset({"first_name", "last_name", "email", "title"})
"""Fields that a list of companies does not have."""


def _only_one(uses: list[Use], layout: Layout) -> list[Use]:
    """The surest column of each field; the others stay as they are, but for alternatives."""
    best: dict[str, int] = {}
    for at, use in enumerate(uses):
        if use.field and (use.field not in best or _rank(use, layout) < _rank(uses[best[use.field]], layout)):
            best[use.field] = at
    return [
        use if not use.field or use.field in ALTERNATIVES or best[use.field] == at else use._replace(field=None)
        for at, use in enumerate(uses)
    ]


def _rank(use: Use, layout: Layout) -> int:
    return min((rank for rank, field in layout.meanings(use.column) if field == use.field), default=-1)


def _with_id(uses: list[Use], layout: Layout, known_ids: frozenset[str], said: Mapping[str, Use]) -> list[Use]:
    """Where no column is known to hold the ids: one that gave ids before, or the first column if it is called one."""
    wanted = "lead_id" if "lead_id" in layout.fields else "external_id"
    if wanted not in layout.fields or wanted in {use.field for use in uses}:
        return uses
    of_people = not PEOPLE.isdisjoint(use.field for use in uses if use.field)
    for at, use in enumerate(uses):
        name = squeezed(use.column)
        is_first = at == 0 and wanted == "external_id" and may_be_id(use.column, of_people=of_people)
        if use.field is None and name not in said and (name in known_ids or is_first):
            return [*uses[:at], use._replace(field=wanted), *uses[at + 1 :]]
    return uses


def with_formats(uses: Sequence[Use], chunks: Callable[[], Iterator[Chunk]]) -> list[Use]:
    """The uses, with the formats that the values of their whole columns tell.

    Raises UsageError for a column that can be read in two ways.
    """
    open_columns: dict[int, Any] = {}
    for at, use in enumerate(uses):
        if use.format is None and use.field in DATES | AMOUNTS:
            open_columns[at] = DayOrders() if use.field in DATES else Marks()
    if not open_columns:
        return list(uses)
    reading = chunks()
    for chunk in islice(reading, SURVEYED_CHUNKS):
        _add(open_columns, chunk)
    while any(each.is_open for each in open_columns.values()):
        more = next(reading, None)
        if more is None:
            break
        _add(open_columns, more)
    return _decided(uses, open_columns)


def _add(open_columns: Mapping[int, Any], chunk: Chunk) -> None:
    for at, column in open_columns.items():
        column.add({row[at] for row in chunk.rows if row[at]})


def _decided(uses: Sequence[Use], open_columns: Mapping[int, Any]) -> list[Use]:
    """What is open in one column of dates is as in another that tells, if they all tell the same."""
    verdicts = {at: column.verdict() for at, column in open_columns.items()}
    orders = {
        str(verdict) for at, verdict in verdicts.items() if uses[at].field in DATES and verdict not in (None, "ymd")
    }
    with Problems() as check:
        for at, verdict in verdicts.items():
            if verdict is None and uses[at].field in DATES and len(orders) == 1:
                verdicts[at] = orders.copy().pop()
            elif verdict is None:
                check(_refuse_undecided, uses[at])
    return [use._replace(format=verdicts.get(at, use.format)) for at, use in enumerate(uses)]


def _refuse_undecided(use: Use) -> None:
    forms = "dmy", "mdy"
    if use.field in AMOUNTS:
        forms = "point", "comma"
    raise UsageError(
        f"column {use.column} may be {FORMAT_NAMES[forms[0]]} or {FORMAT_NAMES[forms[1]]}",
        f'--map "{use.column}={use.field}:{forms[0]}" or :{forms[1]} says which',
    )


class Selected(NamedTuple):
    """A chunk by fields: for each the texts of all rows, and the further columns of each row."""

    fields: dict[str, list[str]]
    further: list[dict[str, str]]
    """Empty where there are no further columns."""
    problems: ColumnProblems
    """Of the further columns; the fields are for the stage to judge."""


def select(chunk: Chunk, uses: Sequence[Use], layout: Layout) -> Selected:
    """The rows of a chunk, column by column; of alternatives the surest that is not blank, the others kept beside."""
    columns: list[tuple[str, ...]] = list(zip(*chunk.rows, strict=True))
    fields: dict[str, list[str]] = {}
    names = [(at, use.column) for at, use in enumerate(uses) if use.field is None and use.column not in OURS]
    problems: ColumnProblems = {}
    if not columns:
        return Selected(fields, [], problems)
    kept = {name: clean_column(columns[at], name[:40], problems, limit=FURTHER_LIMIT) for at, name in names}
    further = [{name: texts[row] for name, texts in kept.items() if texts[row]} for row in range(len(chunk.rows))]
    for at in sorted(range(len(uses)), key=lambda at: _rank(uses[at], layout)):
        field, texts = uses[at].field, columns[at]
        if field in fields:
            pairs = list(zip(fields[field], texts, strict=True))
            fields[field] = [first or other for first, other in pairs]
            for row, (first, other) in enumerate(pairs):
                if first and other and first != other:
                    (text,) = clean_column([other], uses[at].column[:40], {}, limit=FURTHER_LIMIT)
                    further[row][uses[at].column] = text
        elif field:
            fields[field] = list(texts)
    currency = next((currency_of(use.column) for use in uses if use.field in AMOUNTS), "")
    if currency:
        fields["currency"] = [text or currency for text in fields.get("currency", [""] * len(chunk.rows))]
    return Selected(fields, further if any(further) else [], problems)
