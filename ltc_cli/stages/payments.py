"""Payments: recorded, allocated to what is open, reversed; what is left of them applied later, or paid back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.errors import RefusedError, UsageError
from ltc_cli.receivables import held, open_items
from ltc_cli.report import Column
from ltc_cli.rules import states
from ltc_cli.rules.allocation import Allocation, allocate, is_tolerated
from ltc_cli.rules.calendar import parse_iso_date
from ltc_cli.rules.contact import clean_name
from ltc_cli.rules.money import format_amount
from ltc_cli.stages import credit_notes, invoices, leads
from ltc_cli.stages.settlements import give_up, settle

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date
    from sqlite3 import Row

    from ltc_cli.config import Tolerance
    from ltc_cli.receivables import Held
    from ltc_cli.references import Reference
    from ltc_cli.rules.allocation import OpenItem
    from ltc_cli.store import Store

ALLOCATION_COLUMNS = (Column("invoice", "ref"), Column("amount", "money"))

COLUMNS = (
    Column("ref", "ref"),
    Column("status", "status"),
    Column("customer", "ref"),
    Column("customer_name"),
    Column("received_on", "date"),
    Column("amount", "money"),
    Column("refunded", "money", on_table=False),
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


def collect(
    store: Store, target: Reference, receipt: Receipt, tolerances: Mapping[str, Tolerance] | None = None
) -> int | None:
    """Record a payment and settle what the reference names, the oldest due first; the rest is unapplied credit.

    What an instalment is short of by no more than the tolerance of its currency is written off.
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
    allocations = allocate(amount_minor, payable)
    settled = settle(store, "payment", allocations, receipt.on, payment_id=payment_id)
    if tolerances and currency in tolerances:
        _tolerate(store, payment_id, dict(zip(settled, allocations, strict=True)), tolerances[currency])
    return payment_id


def _tolerate(store: Store, payment_id: int, settled: dict[int, Allocation], tolerance: Tolerance) -> None:
    """Write off what the payment's settlements leave open within the tolerance, from their own days on."""
    for settlement_id, (item, amount_minor) in settled.items():
        short_minor = item.balance_minor - amount_minor
        most = (tolerance.amount_minor, tolerance.percent_ppm)
        if short_minor and item.kind == "invoice" and is_tolerated(short_minor, item.amount_minor, *most):
            day = store.value("SELECT settled_on FROM settlement WHERE id = ?", (settlement_id,))
            give_up(store, [Allocation(item, short_minor)], parse_iso_date(day), "tolerance", payment_id)


def tolerated(store: Store, payment_id: int) -> list[str]:
    """What was written off because a payment was short within the tolerance, in words."""
    rows = store.all(
        "SELECT number, receivable.currency, SUM(settlement.amount_minor) AS amount_minor FROM writeoff"
        " JOIN settlement ON settlement.id = settlement_id JOIN receivable ON receivable.id = receivable_id"
        " JOIN invoice ON invoice.id = receivable.invoice_id WHERE writeoff.payment_id = ? GROUP BY invoice.id",
        (payment_id,),
    )
    return [
        f"{row['number']} is short by {format_amount(row['amount_minor'], row['currency'])}:"
        " within the tolerance, written off"
        for row in rows
    ]


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


# What a payment or a credit note still holds


def apply(store: Store, holder: Reference, invoice: Reference, on: date, amount_minor: int | None = None) -> bool:
    """Settle an invoice with the unapplied rest of a payment or credit note, or an amount of it.

    Answers whether there was anything to do.
    Raises RefusedError where customer or currency differ, or the amount is more than is left or open.
    """
    kind = HOLDERS[holder.kind]
    record = kind.records(store, [holder.id])[0]
    owed = open_items(store, "invoice", [invoice.id])
    if not owed:
        return False
    states.follow(holder.kind, record["status"], "apply", holder.text)
    _refuse_strangers(store, (holder.text, kind.table, holder.id), (invoice.text, "invoice", invoice.id))
    left_minor = held(store, holder.kind, [holder.id])[holder.id].unapplied_minor
    open_minor = sum(item.balance_minor for item in owed)
    wanted_minor = min(left_minor, open_minor) if amount_minor is None else amount_minor
    if wanted_minor == 0:
        raise UsageError("applying nothing changes nothing")
    for most_minor, what in (
        (left_minor, f"left of {holder.text}"),
        (open_minor, f"open of {invoice.text}"),
    ):
        if wanted_minor > most_minor:
            currency = record["currency"]
            wanted, most = format_amount(wanted_minor, currency), format_amount(most_minor, currency)
            raise RefusedError(
                f"{wanted} is too much: {most} is {what}", f"ltc apply {holder.text} {invoice.text} {most}"
            )
    settled_on = parse_iso_date(max(on.isoformat(), record[kind.since]))
    allocations = allocate(wanted_minor, owed)
    settle(store, holder.kind, allocations, settled_on, **{f"{holder.kind}_id": holder.id})
    store.touch(holder.text)
    return True


def _refuse_strangers(store: Store, *named: tuple[str, str, int]) -> None:
    """Credit settles invoices of its own customer, in its own currency. Each is a reference, its table and its id."""
    rows = [
        store.one(
            f"SELECT COALESCE(customer.merged_into_id, customer.id) AS customer_id, currency FROM {table}"
            f" JOIN customer ON customer.id = customer_id WHERE {table}.id = ?",
            (record_id,),
        )
        for _text, table, record_id in named
    ]
    paying, owing = (dict(row) for row in rows if row is not None)
    (holder, *_), (invoice, *_) = named
    if paying["customer_id"] != owing["customer_id"]:
        payer, debtor = f"K{paying['customer_id']}", f"K{owing['customer_id']}"
        raise RefusedError(f"{holder} is of {payer}, {invoice} of {debtor}", f"ltc show {holder}")
    if paying["currency"] != owing["currency"]:
        raise RefusedError(f"{holder} is in {paying['currency']}, {invoice} in {owing['currency']}: there is no rate")


class Payout(NamedTuple):
    """Money as it goes back."""

    on: date
    amount_minor: int | None = None
    """None: all that is left."""
    method: str | None = None
    reference: str | None = None


def refund(store: Store, holder: Reference, payout: Payout) -> bool:
    """Pay back what is left of a payment or credit note, or an amount of it. Answers whether anything was left.

    Raises RefusedError where less is left, UsageError for a day before the payment or credit note.
    """
    kind, record = HOLDERS[holder.kind], holder_record(store, holder)
    is_new = states.follow(holder.kind, record["status"], "refund", holder.text)
    if not is_new and payout.amount_minor is None:
        return False
    if payout.on.isoformat() < record[kind.since]:
        raise UsageError(f"{holder.text} is of {record[kind.since]}: it cannot be paid back before")
    left_minor = held(store, holder.kind, [holder.id])[holder.id].unapplied_minor
    wanted_minor = left_minor if payout.amount_minor is None else payout.amount_minor
    if wanted_minor == 0:
        raise UsageError("refunding nothing changes nothing")
    if wanted_minor > left_minor:
        wanted, left = (format_amount(minor, record["currency"]) for minor in (wanted_minor, left_minor))
        hint = f"ltc refund {holder.text} {left}" if left_minor else f"ltc show {holder.text}"
        raise RefusedError(f"{wanted} is too much: {left} is left of {holder.text}", hint)
    store.add(
        "refund",
        **{f"{holder.kind}_id": holder.id},
        customer_id=int(record["customer"][1:]),
        refunded_on=payout.on.isoformat(),
        currency=record["currency"],
        amount_minor=wanted_minor,
        method=leads.optional(payout.method, "method"),
        reference=leads.optional(payout.reference, "reference"),
        recorded_at=store.recorded_at,
    )
    store.touch(holder.text)
    return True


def reverse(store: Store, payment: Reference, on: date, reason: str) -> bool:
    """Take a payment back: what it settled is open again from this day. Answers whether it stood before.

    What was written off because it was short is open again too. Raises RefusedError where some of it was paid back,
    UsageError for a day before the payment settled something.
    """
    record = records(store, [payment.id])[0]
    words = clean_name(reason, "reason")
    if not states.follow("payment", record["status"], "reverse", payment.text):
        return False
    refunded_minor = held(store, "payment", [payment.id])[payment.id].refunded_minor
    if refunded_minor:
        refunded = format_amount(refunded_minor, record["currency"])
        raise RefusedError(
            f"{refunded} of {payment.text} was paid back: it cannot be reversed", f"ltc show {payment.text}"
        )
    settlements = store.all(
        "SELECT * FROM settlement WHERE payment_id = ? AND kind = 'payment' OR id IN"
        " (SELECT settlement_id FROM writeoff WHERE writeoff.payment_id = ?) ORDER BY id",
        (payment.id, payment.id),
    )
    earliest = max([record["received_on"], *(row["settled_on"] for row in settlements)])
    if on.isoformat() < earliest:
        raise UsageError(f"{payment.text} counts from {earliest}: it cannot be reversed before")
    store.add(
        "payment_reversal",
        payment_id=payment.id,
        reversed_on=on.isoformat(),
        reason=words,
        recorded_at=store.recorded_at,
    )
    for row in settlements:
        store.add(
            "settlement",
            receivable_id=row["receivable_id"],
            kind="reversal",
            payment_id=row["payment_id"],
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
    allocations, left = _allocation_records(store, found), held(store, "payment", found)
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


def _record(row: Row, allocations: list[dict[str, Any]], left: Held) -> dict[str, Any]:
    return {
        "ref": f"P{row['id']}",
        "status": "reversed" if row["reversed_on"] else left.status,
        "customer": f"K{row['customer_id']}",
        "customer_name": row["customer_name"],
        "received_on": row["received_on"],
        "amount": format_amount(row["amount_minor"], row["currency"]),
        "refunded": format_amount(left.refunded_minor, row["currency"]),
        "unapplied": format_amount(left.unapplied_minor, row["currency"]),
        "currency": row["currency"],
        "method": row["method"],
        "reference": row["reference"],
        "allocations": allocations,
    }


class Holder(NamedTuple):
    """A kind of record that holds credit of a customer."""

    table: str
    since: str
    """The key of the day from which it does."""
    columns: Sequence[Column]
    records: Callable[[Store, Sequence[int]], list[dict[str, Any]]]


HOLDERS = {
    "payment": Holder("payment", "received_on", COLUMNS, records),
    "credit": Holder("credit_note", "issued_on", credit_notes.COLUMNS, credit_notes.records),
}


def holder_record(store: Store, holder: Reference) -> dict[str, Any]:
    """A payment or credit note as it is shown."""
    return HOLDERS[holder.kind].records(store, [holder.id])[0]
