"""What is owed, by customer and age, as of any day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.receivables import PAID_BACK, UNAPPLIED, UNAPPLIED_CREDIT, balances
from ltc_cli.report import Column, Report
from ltc_cli.rules.aging import buckets
from ltc_cli.rules.money import format_amount
from ltc_cli.stages import holds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date
    from sqlite3 import Row

    from ltc_cli.reports.conversion import Conversion
    from ltc_cli.rules.aging import Bucket
    from ltc_cli.store import Store

BY = {
    "customer": ("customer", "customer_name"),
    "invoice": ("invoice", "customer", "customer_name"),
    "owner": ("owner",),
}
"""What the rows are, and the keys that name them."""

# Balances are asked once a receivable, and customers are grouped as they come: the plus keeps the planner from
# walking receivables by customer, a random read each. bench/aging.sql is the yardstick.
OPEN = """
WITH balance AS MATERIALIZED ({balances})
SELECT customer_id, {invoice} AS invoice_id, currency, SUM(balance_minor) AS open_minor,
    COUNT(DISTINCT invoice_id) AS invoices, MIN(due_on) AS oldest_due_on, {sums}
FROM balance WHERE balance_minor <> 0 GROUP BY {key}, currency
"""

AGES_AT = 6
"""The columns of `OPEN` from here on are the buckets."""

CREDIT = """
WITH held AS NOT MATERIALIZED ({unapplied})
SELECT customer_id, currency, SUM(unapplied_minor) AS unapplied_minor FROM held
WHERE unapplied_minor <> 0 GROUP BY customer_id, currency HAVING SUM(unapplied_minor) <> 0
"""


class _Customer(NamedTuple):
    """A customer as its receivables are shown: a merged one under the one it was merged into."""

    customer: str
    customer_name: str
    owner: str | None


def report(
    store: Store, as_of: date, edges: Sequence[int], by: str = "customer", into: Conversion | None = None
) -> Report:
    """One row a customer (invoice, owner) and currency, or in one currency; the buckets and `unapplied` sum to `total`.

    Raises RefusedError where a rate for the one currency is not known.
    """
    ages = buckets(as_of, edges)
    amounts = _amounts(ages)
    rows = figures(store, as_of, ages, by)
    if into:
        rows = _converted(rows, amounts, into, BY[by])
    rows.sort(key=lambda row: (row["currency"], -row["total"], str(row["customer"])))
    totals = [
        {BY[by][0]: "total", "currency": currency, **_sums(rows, currency, [*amounts, "invoices"])}
        for currency in sorted({row["currency"] for row in rows})
    ]
    return Report(
        _columns(ages, by),
        [_written(row, amounts) for row in rows],
        totals=[_written(row, amounts) for row in totals],
        title=f"Receivables as of {as_of}",
        notices=into.notices if into else (),
        hint="ltc today",
        empty=f"nothing is owed as of {as_of}",
    )


def _amounts(ages: Sequence[Bucket]) -> list[str]:
    """The keys of money."""
    return [*(bucket.name for bucket in ages), "unapplied", "total"]


def _converted(
    rows: Iterable[dict[str, Any]], amounts: Sequence[str], into: Conversion, keys: Sequence[str]
) -> list[dict[str, Any]]:
    """One row for each name, its parts converted; the total is what they sum to."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    *parts, total = amounts
    for row in rows:
        name = tuple(row[key] for key in keys)
        one = found.setdefault(name, {**row, **dict.fromkeys([*amounts, "invoices"], 0), "currency": into.into})
        for key in parts:
            one[key] += into(row[key], row["currency"])
        one[total] = sum(one[key] for key in parts)
        one["invoices"] += row["invoices"]
        one["held"] = ((one["held"] or set()) | (row["held"] or set())) or None
        one["oldest_due_on"] = min(filter(None, (one["oldest_due_on"], row["oldest_due_on"])), default=None)
    return [row for row in found.values() if any(row[key] for key in amounts) or row["invoices"]]


def _columns(ages: Sequence[Bucket], by: str) -> list[Column]:
    references = {"customer": Column("customer", "ref"), "invoice": Column("invoice", "ref")}
    return [
        *(references.get(key, Column(key)) for key in BY[by]),
        Column("currency"),
        *(Column(bucket.name, "money", age=age) for age, bucket in enumerate(ages)),
        Column("unapplied", "money"),
        Column("total", "money"),
        Column("invoices", "count", "inv", spare=2),
        Column("oldest_due_on", "date", "oldest due", spare=1),
        Column("held", "status"),
    ]


def figures(store: Store, as_of: date, ages: Sequence[Bucket], by: str = "customer") -> list[dict[str, Any]]:
    """What is open and what is held for the customer, folded into one row of minor units for each name and currency."""
    still_open, held = _open(store, as_of, ages, by), _held(store, as_of)
    customers = _customers(store, {row["customer_id"] for row in (*still_open, *held)})
    numbers = _numbers(store, still_open) if by == "invoice" else {}
    rows: dict[tuple[str | None, str], dict[str, Any]] = {}
    blank = {**dict.fromkeys([*_amounts(ages), "invoices"], 0), "oldest_due_on": None, "held": None}

    def row_of(found: Row, invoice: str | None) -> dict[str, Any]:
        customer, currency = customers[found["customer_id"]], found["currency"]
        name = {"customer": customer.customer, "owner": customer.owner}.get(by, invoice or customer.customer)
        row = rows.get((name, currency))
        if row is None:
            row = rows[name, currency] = {**blank, **customer._asdict(), "invoice": invoice, "currency": currency}
        return row

    for found in still_open:
        row = row_of(found, numbers.get(found["invoice_id"]))
        for bucket, minor in zip(ages, found[AGES_AT:], strict=True):
            row[bucket.name] += minor or 0
        row["total"] += found["open_minor"]
        row["invoices"] += found["invoices"]
        row["oldest_due_on"] = min(row["oldest_due_on"] or found["oldest_due_on"], found["oldest_due_on"])
    for found in held:
        row = row_of(found, None)
        row["unapplied"] -= found["unapplied_minor"]
        row["total"] -= found["unapplied_minor"]
    _mark(store, as_of, by, row_of)
    return list(rows.values())


def _mark(store: Store, as_of: date, by: str, row_of: Callable[[Any, str | None], dict[str, Any]]) -> None:
    """Say what keeps an open invoice from being dunned on the day; no figure changes by it."""
    for invoice, kinds in holds.marked(store, as_of):
        row = row_of(invoice, invoice["number"] if by == "invoice" else None)
        row["held"] = kinds | (row["held"] or set())


def _open(store: Store, as_of: date, ages: Sequence[Bucket], by: str) -> list[Row]:
    bounds: list[str] = []
    sums = []
    for bucket in ages:
        conditions = []
        for bound, operator in ((bucket.from_on, ">="), (bucket.to_on, "<=")):
            if bound:
                conditions.append(f"due_on {operator} ?")
                bounds.append(bound.isoformat())
        sums.append(f"SUM(balance_minor) FILTER (WHERE {' AND '.join(conditions)})")
    sql = OPEN.format(
        balances=balances("invoice_id, customer_id, currency, due_on"),
        sums=", ".join(sums),
        invoice="invoice_id" if by == "invoice" else "NULL",
        key="customer_id, invoice_id" if by == "invoice" else "+customer_id",
    )
    day = as_of.isoformat()
    return store.all(sql, (day, day, *bounds))


def _held(store: Store, as_of: date) -> list[Row]:
    """What payments and credit notes hold beyond what they settled and what was paid back, by customer and currency."""
    unapplied = " UNION ALL ".join(sql.format(narrowed="") for sql in (UNAPPLIED, UNAPPLIED_CREDIT, PAID_BACK))
    sql = CREDIT.format(unapplied=unapplied)
    return store.all(sql, (as_of.isoformat(),) * sql.count("?"))


def _customers(store: Store, ids: Iterable[int]) -> dict[int, _Customer]:
    rows = store.among(
        "SELECT customer.id AS own_id, kept.id, kept.name, kept.owner FROM customer"
        " JOIN customer AS kept ON kept.id = COALESCE(customer.merged_into_id, customer.id)"
        " WHERE {these:customer.id}",
        ids,
    )
    return {row["own_id"]: _Customer(f"K{row['id']}", row["name"], row["owner"]) for row in rows}


def _numbers(store: Store, rows: Iterable[Row]) -> dict[int, str]:
    found = store.among("SELECT id, number FROM invoice WHERE {these:id}", [row["invoice_id"] for row in rows])
    return {row["id"]: row["number"] for row in found}


def _sums(rows: Iterable[dict[str, Any]], currency: str, keys: Sequence[str]) -> dict[str, int]:
    mine = [row for row in rows if row["currency"] == currency]
    return {key: sum(row[key] for row in mine) for key in keys}


def _written(row: dict[str, Any], amounts: Sequence[str]) -> dict[str, Any]:
    currency = row["currency"]
    for key in amounts:
        row[key] = format_amount(row[key], currency)
    if row.get("held"):
        row["held"] = holds.marks(row["held"])
    return row
