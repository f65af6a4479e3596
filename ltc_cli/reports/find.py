"""Records that hold all words of a text, each in any of their fields, as `ltc find` shows them.

A scan, and no index: it finds parts of words and two Chinese characters, which SQLite's full-text tokenizers do
not, and an import of a million leads pays nothing for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.errors import NotFoundError
from ltc_cli.references import look_up
from ltc_cli.report import Column, Report
from ltc_cli.reports.listing import singular
from ltc_cli.rules import words as rule
from ltc_cli.store import PREFIXES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ltc_cli.references import Reference
    from ltc_cli.rules.words import Word
    from ltc_cli.store import Store

COLUMNS = (
    Column("ref", "ref"),
    Column("kind", spare=2),
    Column("name"),
    Column("found_in", spare=1),
    Column("text"),
)


class Place(NamedTuple):
    """Where a record has text: the rows of `source`, their record in `record_id`, their texts in `columns`."""

    source: str
    record_id: str
    columns: tuple[tuple[str, str], ...]
    """Of each column how the answer calls it, and the column."""


class Kind(NamedTuple):
    """Records that can be found."""

    table: str
    day: str
    """The newest of it come first."""
    name: str
    named: str
    """Whether the name is a field of the record itself, and so counts for its rank: the column, else empty."""
    own: Place
    """The record's own row."""
    others: tuple[Place, ...] = ()


def _own(table: str, *columns: str, **renamed: str) -> Place:
    named = (*((column, f"{table}.{column}") for column in columns), *((k, f"{table}.{v}") for k, v in renamed.items()))
    return Place(table, f"{table}.id", named)


def _lines(table: str) -> Place:
    return Place(f"{table}_line", f"{table}_line.{table}_id", (("line", f"{table}_line.text"),))


LEAD = (
    ("name", "lead.name"),
    ("company", "lead.company"),
    ("email", "lead.email"),
    ("phone", "lead.phone"),
    ("phone", "lead.phone_norm"),
    ("title", "lead.title"),
    ("note", "lead.note"),
)
CUSTOMER = tuple((field, f"customer.{field}") for field in ("name", "contact", "email", "phone", "tax_id", "note"))
OF_LEAD = "COALESCE(lead.merged_into_id, lead.id)"
TOUCH = Place("touch JOIN lead ON lead.id = touch.lead_id", OF_LEAD, (("touch", "touch.note"),))
EXTERNAL_ID = Place(
    "external_id JOIN lead ON external_id.kind = 'lead' AND lead.id = external_id.record_id",
    OF_LEAD,
    (("external_id", "external_id.value"),),
)


def _merged(table: str, columns: tuple[tuple[str, str], ...]) -> Place:
    return Place(table, f"{table}.merged_into_id", columns)


CUSTOMER_NAME = """(
    SELECT kept.name FROM customer JOIN customer AS kept ON kept.id = COALESCE(customer.merged_into_id, customer.id)
    WHERE customer.id = {})"""

LEAD_NAME = """(
    SELECT COALESCE(kept.company, kept.name) FROM lead
    JOIN lead AS kept ON kept.id = COALESCE(lead.merged_into_id, lead.id) WHERE lead.id = task.lead_id)"""

KINDS = {
    "leads": Kind(
        "lead",
        "created_on",
        "lead.name",
        "lead.name",
        Place("lead", "lead.id", LEAD),
        (_merged("lead", LEAD), EXTERNAL_ID, TOUCH),
    ),
    "customers": Kind(
        "customer",
        "created_on",
        "customer.name",
        "customer.name",
        Place("customer", "customer.id", CUSTOMER),
        (_merged("customer", CUSTOMER),),
    ),
    "items": Kind("item", "created_on", "item.name", "item.name", _own("item", "name", ref="code")),
    "opportunities": Kind(
        "opportunity", "created_on", "opportunity.title", "opportunity.title", _own("opportunity", "title", "next_step")
    ),
    "quotes": Kind(
        "quote",
        "created_on",
        CUSTOMER_NAME.format("(SELECT customer_id FROM opportunity WHERE opportunity.id = quote.opportunity_id)"),
        "",
        _own("quote"),
        (_lines("quote"),),
    ),
    "contracts": Kind(
        "contract",
        "signed_on",
        CUSTOMER_NAME.format("contract.customer_id"),
        "",
        _own("contract"),
        (_lines("contract"),),
    ),
    "shipments": Kind(
        "shipment",
        "shipped_on",
        CUSTOMER_NAME.format("(SELECT customer_id FROM contract WHERE contract.id = shipment.contract_id)"),
        "",
        _own("shipment", "tracking"),
    ),
    "invoices": Kind(
        "invoice",
        "issued_on",
        CUSTOMER_NAME.format("invoice.customer_id"),
        "",
        _own("invoice", ref="number"),
        (_lines("invoice"),),
    ),
    "credits": Kind(
        "credit_note",
        "issued_on",
        CUSTOMER_NAME.format("credit_note.customer_id"),
        "",
        _own("credit_note", "reason", ref="number"),
        (_lines("credit_note"),),
    ),
    "payments": Kind(
        "payment",
        "received_on",
        CUSTOMER_NAME.format("payment.customer_id"),
        "",
        _own("payment", "reference"),
    ),
    "notices": Kind(
        "notice",
        "decided_on",
        CUSTOMER_NAME.format("notice.customer_id"),
        "",
        _own("notice", "level"),
    ),
    "tasks": Kind(
        "task",
        "since_on",
        f"COALESCE({CUSTOMER_NAME.format('task.customer_id')}, {LEAD_NAME})",
        "",
        _own("task", "text"),
        (Place("task_done", "task_done.task_id", (("note", "task_done.note"),)),),
    ),
}

EXACT, PREFIX, IN_NAME, ELSEWHERE = 1, 2, 3, 4
"""How well a record fits; a reference fits best, and stands before them all."""


class Condition(NamedTuple):
    """SQL and what is bound in it."""

    sql: str
    values: tuple[str, ...]


class Hit(NamedTuple):
    kind: str
    id: int
    rank: int
    day: str
    ref: str
    name: str


def report(store: Store, text: str, kinds: Iterable[str] = KINDS, limit: int | None = None) -> Report:
    """The records, the best first and of equals the newest; of many only as many as the limit."""
    words = rule.parse(text)
    if any(word.rare for word in words):
        store.fold_every_script()
    kinds = list(kinds)
    named = _named(store, text, kinds)
    hits, total = [], 1 if named else 0
    for kind in kinds:
        found, count = _hits(store, kind, words, named, limit)
        hits += found
        total += count
    # Sorted twice, the second time stable: the best first, the newest of them first.
    hits.sort(key=lambda hit: hit.day, reverse=True)
    hits.sort(key=lambda hit: hit.rank)
    room = None if limit is None else limit - (1 if named else 0)
    rows = [*_reference_row(store, named), *_rows(store, hits[:room], words)]
    notices = [f"{len(rows)} of {total}; --limit shows more"] if len(rows) < total else []
    return Report(COLUMNS, rows, notices=notices, empty=f"nothing found for {text.strip():.60}")


def _named(store: Store, text: str, kinds: Sequence[str]) -> Reference | None:
    """The record whose reference the text is."""
    try:
        named = look_up(store, text)
    except NotFoundError:
        return None
    return named if named.kind in map(singular, kinds) else None


def _reference_row(store: Store, named: Reference | None) -> Iterator[dict[str, Any]]:
    if named:
        kind = next(kind for plural, kind in KINDS.items() if singular(plural) == named.kind)
        name = store.value(f"SELECT {kind.name} FROM {kind.table} WHERE id = ?", (named.id,))
        yield _row(named.text, named.kind, name, "ref", named.text)


def _row(ref: str, kind: str, name: str, found_in: str, text: str) -> dict[str, Any]:
    return {"ref": ref, "kind": kind, "name": name, "found_in": found_in, "text": text}


def _hits(
    store: Store, name: str, words: Sequence[Word], named: Reference | None, limit: int | None
) -> tuple[list[Hit], int]:
    """The best records of a kind, and how many there are."""
    kind = KINDS[name]
    table = kind.table
    rank, wanted = _rank(kind, words), _all_of([_in_record(kind, word) for word in words])
    own_name = {"invoice": "number", "credit_note": "number", "item": "code"}.get(table)
    ref = f"{table}.{own_name}" if own_name else f"'{PREFIXES[table]}' || {table}.id"
    survives = "AND merged_into_id IS NULL" if table in ("lead", "customer") else ""
    rows = store.all(
        f"SELECT {table}.id, {kind.day} AS day, {ref} AS ref, {kind.name} AS name, {rank.sql} AS rank,"
        f" COUNT(*) OVER () AS total FROM {table} WHERE {table}.id <> ? {survives} AND {wanted.sql}"
        f" ORDER BY rank, {kind.day} DESC, {table}.id DESC {'' if limit is None else f'LIMIT {int(limit)}'}",
        (*rank.values, named.id if named and named.kind == singular(name) else 0, *wanted.values),
    )
    hits = [Hit(name, row["id"], row["rank"], row["day"], row["ref"], row["name"]) for row in rows]
    return hits, rows[0]["total"] if rows else 0


def _rank(kind: Kind, words: Sequence[Word]) -> Condition:
    if not kind.named:
        return Condition(str(ELSEWHERE), ())
    whole = rule.word_of(" ".join(word.text for word in words))
    tests = (
        (EXACT, _like(kind.named, whole, "{}")),
        (PREFIX, _like(kind.named, whole, "{}%")),
        (IN_NAME, _all_of([_like(kind.named, word) for word in words])),
    )
    cases = " ".join(f"WHEN {test.sql} THEN {rank}" for rank, test in tests)
    return Condition(
        f"CASE {cases} ELSE {ELSEWHERE} END", tuple(value for _rank, test in tests for value in test.values)
    )


def _in_record(kind: Kind, word: Word) -> Condition:
    """The word stands in the record's row or in a row that hangs on it."""
    return _any_of([_in_row(kind.own, word), *(_in_other(kind, place, word) for place in kind.others)])


def _in_row(place: Place, word: Word) -> Condition:
    return _any_of([_like(column, word) for _field, column in place.columns])


def _in_other(kind: Kind, place: Place, word: Word) -> Condition:
    found = _in_row(place, word)
    inside = f"SELECT {place.record_id} FROM {place.source} WHERE {place.record_id} IS NOT NULL AND {found.sql}"
    return Condition(f"{kind.table}.id IN ({inside})", found.values)


def _like(column: str, word: Word, pattern: str = "%{}%") -> Condition:
    """The column holds the word, in any case of any script."""
    if not word.rare:
        return _any_of([_plain_like(column, spelling, pattern) for spelling in rule.spellings(word)])
    letters = _any_of([_plain_like(column, letter) for letter in word.rare])
    return _all_of([letters, _plain_like(f"LOWER({column})", word.folded, pattern)])


def _plain_like(column: str, text: str, pattern: str = "%{}%") -> Condition:
    return Condition(f"{column} LIKE ? ESCAPE '\\'", (pattern.format(rule.escaped(text)),))


def _any_of(conditions: Sequence[Condition]) -> Condition:
    return _joined(" OR ", conditions) if conditions else Condition("FALSE", ())


def _all_of(conditions: Sequence[Condition]) -> Condition:
    return _joined(" AND ", conditions)


def _joined(word: str, conditions: Sequence[Condition]) -> Condition:
    values = tuple(value for condition in conditions for value in condition.values)
    return Condition(f"({word.join(condition.sql for condition in conditions)})", values)


def _rows(store: Store, hits: Sequence[Hit], words: Sequence[Word]) -> Iterator[dict[str, Any]]:
    """The hits with the place where each was found."""
    ids: dict[str, list[int]] = {}
    for hit in hits:
        ids.setdefault(hit.kind, []).append(hit.id)
    places = {kind: _places(store, KINDS[kind], words, ids[kind]) for kind in ids}
    for hit in hits:
        found_in, text = rule.best(places[hit.kind][hit.id], words)
        yield _row(hit.ref, singular(hit.kind), hit.name, found_in, text)


def _places(store: Store, kind: Kind, words: Sequence[Word], ids: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    """Of each record the texts that hold a word, with the field of each."""
    found: dict[int, list[tuple[str, str]]] = {record_id: [] for record_id in ids}
    for place in (kind.own, *kind.others):
        fields, columns = [field for field, _column in place.columns], [column for _field, column in place.columns]
        rows = store.among(
            f"SELECT {', '.join((place.record_id, *columns))} FROM {place.source} WHERE {{these:{place.record_id}}}",
            ids,
        )
        for record_id, *texts in rows:
            found[record_id] += [
                (field, text)
                for field, text in zip(fields, texts, strict=True)
                if text is not None and rule.held(text, words)
            ]
    return found
