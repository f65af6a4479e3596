"""Closing: a month and all before it are shut and sealed with what they said; opened again only with a reason.

What is in the closed months is kept by triggers (`schema.CLOSED_DAYS`): every way into the file meets them.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.errors import RefusedError
from ltc_cli.receivables import totals
from ltc_cli.report import Column
from ltc_cli.rules.calendar import add_days, parse_month
from ltc_cli.rules.contact import clean_name
from ltc_cli.rules.money import format_amount
from ltc_cli.store import canonical_json

if TYPE_CHECKING:
    from datetime import date

    from ltc_cli.store import Store

TOTAL_COLUMNS = (Column("currency"), Column("amount", "money"))
COLUMNS = (
    Column("month"),
    Column("status", "status"),
    Column("closed_until", "date"),
    Column("closed_on", "date"),
    Column("reason"),
    Column("receivables", "list", columns=TOTAL_COLUMNS),
    Column("journal_id", "count", "journal", on_table=False),
    Column("journal_sha256", label="its sha256", on_table=False),
    Column("facts_sha256", label="sha256", on_table=False),
)

# What of each fact is sealed, and by which day it belongs to a month.
SEALED = {
    "contract": ("signed_on", "id, customer_id, currency, signed_on, amount_minor, document_sha256"),
    "contract_event": ("event_on", "id, contract_id, kind, event_on"),
    "shipment": ("shipped_on", "id, contract_id, shipped_on"),
    "shipment_line": ("moved_on", "id, shipment_id, contract_line_id, quantity_micro, moved_on"),
    "shipment_event": ("event_on", "id, shipment_id, kind, event_on"),
    "invoice": ("issued_on", "id, number, customer_id, issued_on, currency, net_minor, tax_minor, document_sha256"),
    "credit_note": ("issued_on", "id, number, customer_id, issued_on, currency, net_minor, tax_minor, document_sha256"),
    "receivable": ("issued_on", "id, kind, invoice_id, customer_id, currency, issued_on, due_on, amount_minor"),
    "payment": ("received_on", "id, customer_id, received_on, currency, amount_minor"),
    "payment_reversal": ("reversed_on", "payment_id, reversed_on"),
    "settlement": (
        "settled_on",
        "id, receivable_id, kind, payment_id, credit_id, settled_on, amount_minor, paid_minor",
    ),
    "refund": ("refunded_on", "id, payment_id, credit_id, customer_id, refunded_on, currency, amount_minor"),
    "refund_reversal": ("reversed_on", "refund_id, reversed_on"),
    "amendment": ("amended_on", "id, contract_id, kind, amended_on, effective_on, amount_minor, net_minor, tax_minor"),
}
AT_ONCE = 1_000
"""Rows hashed together."""


class Seal(NamedTuple):
    """What the closed months say."""

    facts_sha256: str
    totals: dict[str, int]
    """What customers owe at their end, less what is held for them, by currency; minor units."""


def seal(store: Store, until: str) -> Seal:
    """A hash over every fact of the books up to a day, and what is owed on it."""
    digest = hashlib.sha256()
    for table, (day, columns) in SEALED.items():
        cursor = store.connection.execute(f"SELECT {columns} FROM {table} WHERE {day} <= ? ORDER BY 1", (until,))
        while rows := cursor.fetchmany(AT_ONCE):
            digest.update(canonical_json([table, *map(tuple, rows)]).encode())
    return Seal(digest.hexdigest(), totals(store, until))


def refuse_unfinished(month: str, today: date) -> None:
    """Raises RefusedError where the month is not over on this day, UsageError where it is none."""
    _first, last = parse_month(month)
    if last >= today:
        raise RefusedError(
            f"{month.strip()} ends on {last}: it is not over on {today}",
            f"ltc close {add_days(today.replace(day=1), -1):%Y-%m}",
        )


def close(store: Store, month: str, today: date) -> bool:
    """Close a month that is over, and all before it. Answers whether it was open."""
    refuse_unfinished(month, today)
    first, last = parse_month(month)
    if last.isoformat() <= (store.closed_until() or ""):
        return False
    _keep(store, "closed", f"{first:%Y-%m}", last, today)
    return True


def reopen(store: Store, month: str, today: date, reason: str) -> bool:
    """Open a month and all after it again; those before it stay closed. Answers whether it was closed."""
    first, _last = parse_month(month)
    words = clean_name(reason, "reason")
    if first.isoformat() > (store.closed_until() or ""):
        return False
    _keep(store, "reopened", f"{first:%Y-%m}", add_days(first, -1), today, words)
    return True


def _keep(store: Store, kind: str, month: str, until: date, today: date, reason: str | None = None) -> None:
    sealed = seal(store, until.isoformat())
    head = store.one("SELECT id, sha256 FROM journal ORDER BY id DESC LIMIT 1")
    close_id = store.add(
        "period_close",
        kind=kind,
        month=month,
        closed_until=until.isoformat(),
        decided_on=today.isoformat(),
        reason=reason,
        facts_sha256=sealed.facts_sha256,
        journal_id=head and head["id"],
        journal_sha256=head and head["sha256"],
        recorded_at=store.recorded_at,
    )
    for currency, amount_minor in sealed.totals.items():
        store.add("period_close_total", period_close_id=close_id, currency=currency, amount_minor=amount_minor)
    store.touch(month)


def record(store: Store, month: str) -> dict[str, Any]:
    """Where a month stands: closed or open, up to which day the books are closed, and what was sealed with that."""
    first, last = parse_month(month)
    row = store.one("SELECT * FROM period_close ORDER BY id DESC LIMIT 1")
    keys = ("id", "closed_until", "decided_on", "reason", "journal_id", "journal_sha256", "facts_sha256")
    found = {key: row[key] if row else None for key in keys}
    return {
        "month": f"{first:%Y-%m}",
        "status": "closed" if last.isoformat() <= (found["closed_until"] or "") else "open",
        "closed_until": found["closed_until"],
        "closed_on": found["decided_on"],
        "reason": found["reason"],
        "receivables": _totals(store, found["id"]),
        **{key: found[key] for key in keys[-3:]},
    }


def _totals(store: Store, close_id: int | None) -> list[dict[str, str]]:
    rows = store.all("SELECT * FROM period_close_total WHERE period_close_id = ? ORDER BY currency", (close_id,))
    return [
        {"currency": row["currency"], "amount": format_amount(row["amount_minor"], row["currency"])} for row in rows
    ]
