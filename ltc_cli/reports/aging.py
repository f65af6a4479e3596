"""What is owed, by customer and age, as of any day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ltc_cli.receivables import BALANCES
from ltc_cli.report import Column, Report
from ltc_cli.rules.aging import buckets
from ltc_cli.rules.money import format_amount

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from sqlite3 import Row

    from ltc_cli.rules.aging import Bucket
    from ltc_cli.store import Store

# By what the rows are: the expression, and the columns that name a row.
BY = {
    "customer": ("open.customer_id", ("customer", "customer_name")),
    "invoice": ("open.invoice_id", ("invoice", "customer", "customer_name")),
    "owner": ("COALESCE(customer.owner, '')", ("owner",)),
}

OPEN = (
    """
SELECT {key} AS key, COALESCE(customer.merged_into_id, customer.id) AS customer_id, open.currency,
    {sums}, SUM(balance_minor) AS open_minor, COUNT(DISTINCT invoice_id) AS invoices, MIN(due_on) AS oldest_due_on
FROM ("""
    + BALANCES.format(narrowed="")
    + """ HAVING balance_minor <> 0) AS open
JOIN customer ON customer.id = open.customer_id
GROUP BY key, COALESCE(customer.merged_into_id, customer.id), open.currency
"""
)

# What payments hold beyond what they settled, by customer and currency.
UNAPPLIED = """
SELECT COALESCE(customer.merged_into_id, customer.id) AS customer_id, customer.owner, currency,
    SUM(amount_minor) AS unapplied_minor
FROM (
    SELECT customer_id, currency, amount_minor FROM payment WHERE received_on <= ?
    UNION ALL
    SELECT customer_id, currency, -amount_minor FROM payment
        JOIN payment_reversal ON payment_reversal.payment_id = payment.id WHERE reversed_on <= ?
    UNION ALL
    SELECT customer_id, currency, -settlement.amount_minor FROM settlement
        JOIN payment ON payment.id = settlement.payment_id WHERE settled_on <= ?
) AS moved
JOIN customer ON customer.id = moved.customer_id
GROUP BY COALESCE(customer.merged_into_id, customer.id), customer.owner, currency
HAVING SUM(amount_minor) <> 0
"""


def report(store: Store, as_of: date, edges: Sequence[int], by: str = "customer") -> Report:
    """One row a customer (invoice, owner) and currency; the buckets and `unapplied` sum to `total`."""
    ages = buckets(as_of, edges)
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for found in _open(store, as_of, ages, by):
        _add_open(rows, found, ages, by)
    for found in _unapplied(store, as_of):
        _add_unapplied(rows, found, ages, by)
    _name(store, rows, by)
    ordered = sorted(rows.values(), key=lambda row: (row["currency"], -row["total"], str(row.get("customer", ""))))
    totals = [
        {BY[by][1][0]: "total", **_total(ordered, currency, ages)}
        for currency in sorted({row["currency"] for row in ordered})
    ]
    return Report(
        _columns(ages, by),
        [_written(row, ages) for row in ordered],
        totals=[_written(row, ages) for row in totals],
        title=f"Receivables as of {as_of}",
        hint="ltc today",
        empty=f"nothing is owed as of {as_of}",
    )


def _columns(ages: Sequence[Bucket], by: str) -> list[Column]:
    names = {"customer": Column("customer", "ref"), "invoice": Column("invoice", "ref")}
    return [
        *(names.get(key, Column(key)) for key in BY[by][1]),
        Column("currency"),
        *(Column(bucket.name, "money", age=age) for age, bucket in enumerate(ages)),
        Column("unapplied", "money"),
        Column("total", "money"),
        Column("invoices", "count", "inv", spare=2),
        Column("oldest_due_on", "date", "oldest due", spare=1),
    ]


def _open(store: Store, as_of: date, ages: Sequence[Bucket], by: str) -> list[Row]:
    day = as_of.isoformat()
    bounds: list[str] = []
    sums = []
    for number, bucket in enumerate(ages):
        conditions = []
        for bound, operator in ((bucket.from_on, ">="), (bucket.to_on, "<=")):
            if bound:
                conditions.append(f"due_on {operator} ?")
                bounds.append(bound.isoformat())
        sums.append(f"SUM(CASE WHEN {' AND '.join(conditions)} THEN balance_minor ELSE 0 END) AS bucket_{number}")
    sql = OPEN.format(key=BY[by][0], sums=", ".join(sums))
    return store.all(sql, (*bounds, day, day))


def _unapplied(store: Store, as_of: date) -> list[Row]:
    day = as_of.isoformat()
    return store.all(UNAPPLIED, (day, day, day))


def _blank(key: Any, row: Row, ages: Sequence[Bucket]) -> dict[str, Any]:
    zeros = dict.fromkeys([*(bucket.name for bucket in ages), "unapplied", "total", "invoices"], 0)
    return {
        "key": key,
        "customer_id": row["customer_id"],
        "currency": row["currency"],
        **zeros,
        "oldest_due_on": None,
    }


def _add_open(rows: dict[tuple[Any, ...], dict[str, Any]], found: Row, ages: Sequence[Bucket], by: str) -> None:
    key = found["customer_id"] if by == "customer" else found["key"]
    row = rows.setdefault((key, found["currency"]), _blank(key, found, ages))
    for number, bucket in enumerate(ages):
        row[bucket.name] += found[f"bucket_{number}"]
    row["total"] += found["open_minor"]
    row["invoices"] += found["invoices"]
    row["oldest_due_on"] = min(filter(None, (row["oldest_due_on"], found["oldest_due_on"])))


def _add_unapplied(rows: dict[tuple[Any, ...], dict[str, Any]], found: Row, ages: Sequence[Bucket], by: str) -> None:
    """Credit belongs to the customer; by invoice it stands in a row of its own."""
    key = {"customer": found["customer_id"], "owner": found["owner"] or ""}.get(by, f"K{found['customer_id']}")
    row = rows.setdefault((key, found["currency"]), _blank(key, found, ages))
    row["unapplied"] -= found["unapplied_minor"]
    row["total"] -= found["unapplied_minor"]


def _name(store: Store, rows: dict[tuple[Any, ...], dict[str, Any]], by: str) -> None:
    names = {
        row["id"]: row["name"]
        for row in store.among(
            "SELECT id, name FROM customer WHERE id IN ({ids})", {r["customer_id"] for r in rows.values()}
        )
    }
    numbers = {}
    if by == "invoice":
        wanted = [row["key"] for row in rows.values() if isinstance(row["key"], int)]
        numbers = {
            row["id"]: row["number"]
            for row in store.among("SELECT id, number FROM invoice WHERE id IN ({ids})", wanted)
        }
    for row in rows.values():
        row["customer"], row["customer_name"] = f"K{row['customer_id']}", names[row["customer_id"]]
        row["invoice"], row["owner"] = numbers.get(row["key"]), row["key"] or None


def _total(rows: Sequence[dict[str, Any]], currency: str, ages: Sequence[Bucket]) -> dict[str, Any]:
    mine = [row for row in rows if row["currency"] == currency]
    keys = [*(bucket.name for bucket in ages), "unapplied", "total", "invoices"]
    return {"currency": currency, **{key: sum(row[key] for row in mine) for key in keys}}


def _written(row: dict[str, Any], ages: Sequence[Bucket]) -> dict[str, Any]:
    money = [*(bucket.name for bucket in ages), "unapplied", "total"]
    return {**row, **{key: format_amount(row[key], row["currency"]) for key in money}}
