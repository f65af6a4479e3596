"""Settlements: what reduces a receivable, whatever it comes from; and what is given up of one."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING

from ltc_cli.errors import RefusedError, UsageError
from ltc_cli.receivables import open_items
from ltc_cli.rules import states
from ltc_cli.rules.allocation import allocate, day_with_room
from ltc_cli.rules.contact import clean_name
from ltc_cli.rules.money import format_amount
from ltc_cli.stages import invoices

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from sqlite3 import Row

    from ltc_cli.references import Reference
    from ltc_cli.rules.allocation import Allocation
    from ltc_cli.store import Store


def settle(
    store: Store,
    kind: str,
    allocations: Iterable[Allocation],
    on: date,
    paid: Iterable[int | None] | None = None,
    **source: int,
) -> list[int]:
    """Settle what is allocated, by a `payment_id`, a `credit_id` or neither. Answers the ids of the settlements.

    They count from the later of the day and the invoice's, or where there is room first. `paid` is what each takes of a
    payment in another currency, in minor units of that.
    """
    settled = []
    for (item, amount_minor), paid_minor in zip(allocations, repeat(None) if paid is None else paid, strict=False):
        earliest = max(on.isoformat(), item.issued_on)
        made = store.all(
            "SELECT settled_on, amount_minor FROM settlement WHERE receivable_id = ?", (item.receivable_id,)
        )
        settlement_id = store.add(
            "settlement",
            receivable_id=item.receivable_id,
            kind=kind,
            **source,
            settled_on=day_with_room(earliest, amount_minor, item, map(tuple, made)),
            amount_minor=amount_minor,
            paid_minor=paid_minor,
            recorded_at=store.recorded_at,
        )
        store.touch(store.value("SELECT number FROM invoice WHERE id = ?", (item.invoice_id,)))
        settled.append(settlement_id)
    return settled


def take_back(store: Store, settlements: Iterable[Row], on: date) -> list[int]:
    """Reverse settlements from a day on: what they settled is open again. Answers the ids of the reversals."""
    return [
        store.add(
            "settlement",
            receivable_id=row["receivable_id"],
            kind="reversal",
            payment_id=row["payment_id"],
            credit_id=row["credit_id"],
            reverses_id=row["id"],
            settled_on=on.isoformat(),
            amount_minor=-row["amount_minor"],
            paid_minor=None if row["paid_minor"] is None else -row["paid_minor"],
            recorded_at=store.recorded_at,
        )
        for row in settlements
    ]


def write_off(store: Store, invoice: Reference, on: date, reason: str, amount_minor: int | None = None) -> bool:
    """Give up what is open of an invoice, or an amount of it. Answers whether there was anything to give up.

    Raises RefusedError where less is open, UsageError for a day before the invoice.
    """
    record = invoices.records(store, [invoice.id])[0]
    words = clean_name(reason, "reason")
    owed = open_items(store, "invoice", [invoice.id])
    # A fee that is left of an invoice that is paid may be given up like any other claim, and said so again.
    if not owed and not _written_off(store, invoice.id):
        states.follow("invoice", record["status"], "writeoff", invoice.text)
    if not owed and amount_minor is None:
        return False
    if on.isoformat() < record["issued_on"]:
        raise UsageError(f"{invoice.text} is of {record['issued_on']}: it cannot be written off before")
    open_minor = sum(item.balance_minor for item in owed)
    wanted_minor = open_minor if amount_minor is None else amount_minor
    if wanted_minor == 0:
        raise UsageError("writing off nothing changes nothing")
    if wanted_minor > open_minor:
        wanted, most = (format_amount(minor, record["currency"]) for minor in (wanted_minor, open_minor))
        hint = f"ltc writeoff {invoice.text} {most} --reason …" if open_minor else f"ltc show {invoice.text}"
        raise RefusedError(f"{wanted} is too much: {most} is open of {invoice.text}", hint)
    give_up(store, allocate(wanted_minor, owed), on, words)
    return True


def take_write_off_back(store: Store, invoice: Reference, on: date, reason: str) -> bool:
    """Open again what was written off of an invoice, from this day on. Answers whether anything was.

    What was short within the tolerance belongs to its payment, and goes with that. Raises UsageError for a day before
    it was written off.
    """
    words = clean_name(reason, "reason")
    rows = _written_off(store, invoice.id)
    if not rows:
        return False
    latest = max(row["settled_on"] for row in rows)
    if on.isoformat() < latest:
        raise UsageError(f"{invoice.text} was written off on {latest}: that cannot be undone before")
    for settlement_id in take_back(store, rows, on):
        store.add("writeoff_reversal", settlement_id=settlement_id, reason=words)
    store.touch(invoice.text)
    return True


def _written_off(store: Store, invoice_id: int) -> list[Row]:
    """What stands written off of an invoice and its claims, by the settlements that gave it up."""
    return store.all(
        "SELECT settlement.* FROM receivable JOIN settlement ON settlement.receivable_id = receivable.id"
        " JOIN writeoff ON settlement_id = settlement.id AND writeoff.payment_id IS NULL"
        " WHERE invoice_id = ? AND NOT EXISTS (SELECT 1 FROM settlement AS back WHERE back.reverses_id = settlement.id)"
        " ORDER BY settlement.id",
        (invoice_id,),
    )


def give_up(
    store: Store, allocations: Iterable[Allocation], on: date, reason: str, payment_id: int | None = None
) -> None:
    """Write off what is allocated, with the reason, and the payment whose shortness is forgiven by it."""
    for settlement_id in settle(store, "writeoff", allocations, on):
        store.connection.execute(
            "INSERT INTO writeoff (settlement_id, reason, payment_id) VALUES (?, ?, ?)",
            (settlement_id, reason, payment_id),
        )
        store.counts["writeoff"] += 1
