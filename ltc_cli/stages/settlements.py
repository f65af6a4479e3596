"""Settlements: what reduces a receivable, whatever it comes from; and what is given up of one."""

from __future__ import annotations

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

    from ltc_cli.references import Reference
    from ltc_cli.rules.allocation import Allocation
    from ltc_cli.store import Store


def settle(store: Store, kind: str, allocations: Iterable[Allocation], on: date, **source: int) -> list[int]:
    """Settle what is allocated, by a `payment_id`, a `credit_id` or neither. Answers the ids of the settlements.

    They count from the later of the day and the invoice's, or where there is room first.
    """
    settled = []
    for item, amount_minor in allocations:
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
            recorded_at=store.recorded_at,
        )
        store.touch(store.value("SELECT number FROM invoice WHERE id = ?", (item.invoice_id,)))
        settled.append(settlement_id)
    return settled


def write_off(store: Store, invoice: Reference, on: date, reason: str, amount_minor: int | None = None) -> bool:
    """Give up what is open of an invoice, or an amount of it. Answers whether there was anything to give up.

    Raises RefusedError where less is open, UsageError for a day before the invoice.
    """
    record = invoices.records(store, [invoice.id])[0]
    words = clean_name(reason, "reason")
    is_new = states.follow("invoice", record["status"], "writeoff", invoice.text)
    if not is_new and amount_minor is None:
        return False
    if on.isoformat() < record["issued_on"]:
        raise UsageError(f"{invoice.text} is of {record['issued_on']}: it cannot be written off before")
    owed = open_items(store, "invoice", [invoice.id])
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
