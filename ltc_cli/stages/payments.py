"""Payments: recorded, allocated to what is open, applied later, reversed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.errors import RefusedError, UsageError
from ltc_cli.receivables import open_items, unapplied
from ltc_cli.report import Column
from ltc_cli.rules import states
from ltc_cli.rules.allocation import Allocation, OpenItem, allocate, day_with_room
from ltc_cli.rules.contact import clean_name
from ltc_cli.rules.money import format_amount
from ltc_cli.stages import invoices, leads

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from sqlite3 import Row

    from ltc_cli.references import Reference
    from ltc_cli.store import Store

ALLOCATION_COLUMNS = (Column("invoice", "ref"), Column("amount", "money"))

COLUMNS = (
    Column("ref", "ref"),
    Column("status", "status"),
    Column("customer", "ref"),
    Column("customer_name"),
    Column("received_on", "date"),
    Column("amount", "money"),
    Column("unapplied", "money"),
    Column("currency"),
    Column("method", spare=1),
    Column("reference", on_table=False),
    Column("allocations", "list", on_table=False, columns=ALLOCATION_COLUMNS),
)


class Receipt(NamedTuple):
    """Money as it came in."""

    on: date
    amount: tuple[int, str] | None = None
    """Minor units and currency; None: all that is open."""
    currency: str | None = None
    method: str | None = None
    reference: str | None = None


def collect(store: Store, target: Reference, receipt: Receipt) -> int | None:
    """Record a payment and settle what the reference names, the oldest due first; the rest is unapplied credit.

    Answers the payment's id; None where nothing is left to pay. Raises RefusedError where what is left cannot be paid
    yet, UsageError where the currency is not that of what is owed.
    """
    owed = open_items(store, target.kind, [target.id])
    if receipt.amount is None:
        if not owed:
            _refuse_unbilled(store, target, receipt.on)
            return None
        amount_minor, currency = _all_open(target, owed, receipt.currency)
    else:
        amount_minor, currency = receipt.amount
    if amount_minor == 0:
        raise UsageError("a payment of nothing cannot be booked")
    _refuse_foreign(store, target, currency)
    payment_id = store.add(
        "payment",
        customer_id=_customer_id(store, target),
        received_on=receipt.on.isoformat(),
        currency=currency,
        amount_minor=amount_minor,
        method=leads.optional(receipt.method, "method"),
        reference=leads.optional(receipt.reference, "reference"),
        recorded_at=store.recorded_at,
        batch_id=store.batch_id,
    )
    payable = [item for item in owed if item.currency == currency]
    _settle(store, payment_id, allocate(amount_minor, payable), receipt.on)
    return payment_id


def currencies_owed(store: Store, target: Reference) -> list[str]:
    """The currencies in which something of an invoice, contract or customer is open."""
    return sorted({item.currency for item in open_items(store, target.kind, [target.id])})


def _all_open(target: Reference, owed: list[OpenItem], currency: str | None) -> tuple[int, str]:
    """Everything that is open, which must be in one currency."""
    currencies = sorted({item.currency for item in owed})
    if currency is None and len(currencies) > 1:
        raise UsageError(
            f"{target.text} owes in {' and '.join(currencies)}: one payment is in one currency",
            "--currency EUR",
        )
    wanted = currency or currencies[0]
    amount_minor = sum(item.balance_minor for item in owed if item.currency == wanted)
    if not amount_minor:
        raise UsageError(f"{target.text} owes nothing in {wanted}, but in {' and '.join(currencies)}")
    return amount_minor, wanted


def _refuse_unbilled(store: Store, target: Reference, on: date) -> None:
    """Nothing is open: either all is paid, or something waits to be invoiced first."""
    if target.kind == "invoice":
        return
    column = "id" if target.kind == "contract" else "customer_id"
    for row in store.all(f"SELECT id FROM contract WHERE {column} = ? ORDER BY id", (target.id,)):
        awaited = invoices.awaited(store, row["id"], on)
        if awaited:
            raise RefusedError(
                f"nothing of {target.text} is open, and C{row['id']} is not invoiced in full: {'; '.join(awaited)}",
                f"ltc invoice C{row['id']}",
            )


def _refuse_foreign(store: Store, target: Reference, currency: str) -> None:
    """A payment for an invoice or a contract is in its currency."""
    if target.kind == "customer":
        return
    own = store.value(f"SELECT currency FROM {target.kind} WHERE id = ?", (target.id,))
    if own != currency:
        raise RefusedError(
            f"{target.text} is in {own}: a payment in {currency} needs a rate, and there is none",
            f"ltc collect K{_customer_id(store, target)} books it as unapplied credit",
        )


def _customer_id(store: Store, target: Reference) -> int:
    if target.kind == "customer":
        return target.id
    customer_id: int = store.value(f"SELECT customer_id FROM {target.kind} WHERE id = ?", (target.id,))
    return customer_id


def _settle(store: Store, payment_id: int, allocations: Sequence[Allocation], on: date) -> None:
    """Settlements count from the later of the payment's day and the invoice's, or where there is room first."""
    for item, amount_minor in allocations:
        earliest = max(on.isoformat(), item.issued_on)
        made = store.all(
            "SELECT settled_on, amount_minor FROM settlement WHERE receivable_id = ?", (item.receivable_id,)
        )
        store.add(
            "settlement",
            receivable_id=item.receivable_id,
            kind="payment",
            payment_id=payment_id,
            settled_on=day_with_room(earliest, amount_minor, item, map(tuple, made)),
            amount_minor=amount_minor,
            recorded_at=store.recorded_at,
        )
        store.touch(store.value("SELECT number FROM invoice WHERE id = ?", (item.invoice_id,)))


def apply(store: Store, payment: Reference, invoice: Reference, on: date, amount_minor: int | None = None) -> bool:
    """Settle an invoice with the unapplied rest of a payment, or an amount of it.

    Answers whether there was anything to do.
    Raises RefusedError where customer or currency differ, or the amount is more than is left or open.
    """
    record = records(store, [payment.id])[0]
    owed = open_items(store, "invoice", [invoice.id])
    if not owed:
        return False
    states.follow("payment", record["status"], "apply", payment.text)
    _refuse_strangers(store, payment, invoice)
    left_minor = unapplied(store, [payment.id])[payment.id]
    open_minor = sum(item.balance_minor for item in owed)
    wanted_minor = min(left_minor, open_minor) if amount_minor is None else amount_minor
    if wanted_minor == 0:
        raise UsageError("applying nothing changes nothing")
    for most_minor, what in (
        (left_minor, f"left of {payment.text}"),
        (open_minor, f"open of {invoice.text}"),
    ):
        if wanted_minor > most_minor:
            currency = record["currency"]
            wanted, most = format_amount(wanted_minor, currency), format_amount(most_minor, currency)
            raise RefusedError(
                f"{wanted} is too much: {most} is {what}", f"ltc apply {payment.text} {invoice.text} {most}"
            )
    settled_on = max(on.isoformat(), record["received_on"])
    _settle(store, payment.id, allocate(wanted_minor, owed), type(on).fromisoformat(settled_on))
    store.touch(payment.text)
    return True


def _refuse_strangers(store: Store, payment: Reference, invoice: Reference) -> None:
    """A payment settles invoices of its own customer, in its own currency."""
    rows = [
        store.one(
            f"SELECT COALESCE(customer.merged_into_id, customer.id) AS customer_id, currency FROM {each.kind}"
            f" JOIN customer ON customer.id = customer_id WHERE {each.kind}.id = ?",
            (each.id,),
        )
        for each in (payment, invoice)
    ]
    paying, owing = (dict(row) for row in rows if row is not None)
    if paying["customer_id"] != owing["customer_id"]:
        payer, debtor = f"K{paying['customer_id']}", f"K{owing['customer_id']}"
        raise RefusedError(f"{payment.text} is of {payer}, {invoice.text} of {debtor}", f"ltc show {payment.text}")
    if paying["currency"] != owing["currency"]:
        raise RefusedError(
            f"{payment.text} is in {paying['currency']}, {invoice.text} in {owing['currency']}: there is no rate"
        )


def reverse(store: Store, payment: Reference, on: date, reason: str) -> bool:
    """Take a payment back: what it settled is open again from this day. Answers whether it stood before.

    Raises UsageError for a day before the payment settled something.
    """
    record = records(store, [payment.id])[0]
    words = clean_name(reason, "reason")
    if not states.follow("payment", record["status"], "reverse", payment.text):
        return False
    settlements = store.all(
        "SELECT * FROM settlement WHERE payment_id = ? AND kind = 'payment' ORDER BY id", (payment.id,)
    )
    earliest = max([record["received_on"], *(row["settled_on"] for row in settlements)])
    if on.isoformat() < earliest:
        raise UsageError(f"{payment.text} counts from {earliest}: it cannot be reversed before")
    store.connection.execute(
        "INSERT INTO payment_reversal (payment_id, reversed_on, reason, recorded_at) VALUES (?, ?, ?, ?)",
        (payment.id, on.isoformat(), words, store.recorded_at),
    )
    store.counts["payment_reversal"] += 1
    for row in settlements:
        store.add(
            "settlement",
            receivable_id=row["receivable_id"],
            kind="reversal",
            payment_id=payment.id,
            reverses_id=row["id"],
            settled_on=on.isoformat(),
            amount_minor=-row["amount_minor"],
            recorded_at=store.recorded_at,
        )
    for allocation in record["allocations"]:
        store.touch(allocation["invoice"])
    store.touch(payment.text)
    return True


def last_for(store: Store, target: Reference) -> int | None:
    """The newest payment that settled something of an invoice, contract or customer."""
    condition = {
        "invoice": "receivable.invoice_id = ?",
        "contract": "receivable.invoice_id IN (SELECT id FROM invoice WHERE contract_id = ?)",
        "customer": "receivable.customer_id = ?",
    }[target.kind]
    payment_id: int | None = store.value(
        "SELECT MAX(payment_id) FROM settlement JOIN receivable ON receivable.id = receivable_id"
        f" WHERE {condition} AND payment_id NOT IN (SELECT payment_id FROM payment_reversal)",
        (target.id,),
    )
    return payment_id


RECORDS = """
SELECT payment.*, customer.name AS customer_name, payment_reversal.reversed_on
FROM payment JOIN customer ON customer.id = payment.customer_id
LEFT JOIN payment_reversal ON payment_reversal.payment_id = payment.id
WHERE {these:payment.id}
ORDER BY payment.id
"""


def records(store: Store, ids: Sequence[int] | None = None) -> list[dict[str, Any]]:
    """Payments as they are shown; all of them without ids."""
    rows = store.among(RECORDS, ids)
    found = [row["id"] for row in rows]
    allocations, left = _allocation_records(store, found), unapplied(store, found)
    return [_record(row, allocations[row["id"]], left[row["id"]]) for row in rows]


def _allocation_records(store: Store, ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    rows = store.among(
        "SELECT payment_id, number, receivable.currency, SUM(settlement.amount_minor) AS amount_minor FROM settlement"
        " JOIN receivable ON receivable.id = receivable_id JOIN invoice ON invoice.id = receivable.invoice_id"
        " WHERE {these:payment_id} GROUP BY payment_id, invoice.id HAVING SUM(settlement.amount_minor) <> 0"
        " ORDER BY payment_id, MIN(settlement.id)",
        ids,
    )
    found: dict[int, list[dict[str, Any]]] = {payment_id: [] for payment_id in ids}
    for row in rows:
        amount = format_amount(row["amount_minor"], row["currency"])
        found[row["payment_id"]].append({"invoice": row["number"], "amount": amount})
    return found


def _record(row: Row, allocations: list[dict[str, Any]], left_minor: int) -> dict[str, Any]:
    return {
        "ref": f"P{row['id']}",
        "status": "reversed" if row["reversed_on"] else "unapplied" if left_minor else "applied",
        "customer": f"K{row['customer_id']}",
        "customer_name": row["customer_name"],
        "received_on": row["received_on"],
        "amount": format_amount(row["amount_minor"], row["currency"]),
        "unapplied": format_amount(left_minor, row["currency"]),
        "currency": row["currency"],
        "method": row["method"],
        "reference": row["reference"],
        "allocations": allocations,
    }
