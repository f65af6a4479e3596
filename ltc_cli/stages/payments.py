"""Payments: recorded, allocated to what is open, reversed; what is left of them applied later, or paid back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.currencies import exchange_on, rate_on
from ltc_cli.errors import RefusedError, UsageError
from ltc_cli.receivables import EVER, held, open_items
from ltc_cli.references import Reference
from ltc_cli.report import Column
from ltc_cli.rules import states
from ltc_cli.rules.allocation import Allocation, allocate, is_tolerated, oldest_first
from ltc_cli.rules.calendar import parse_iso_date
from ltc_cli.rules.contact import clean_name
from ltc_cli.rules.discount import is_like_a_discount, reduced
from ltc_cli.rules.exchange_rates import Rate, convert, parse_rate
from ltc_cli.rules.money import format_amount, split
from ltc_cli.stages import credit_notes, customers, discounts, invoices, leads
from ltc_cli.stages.settlements import give_up, settle, take_back

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date
    from sqlite3 import Row

    from ltc_cli.receivables import Held
    from ltc_cli.rules.allocation import OpenItem
    from ltc_cli.rules.exchange_rates import Exchange
    from ltc_cli.settings import Tolerance
    from ltc_cli.stages.discounts import Offer
    from ltc_cli.store import Store

ALLOCATION_COLUMNS = (
    Column("invoice", "ref"),
    Column("amount", "money"),
    Column("currency"),
    Column("paid", "money"),
)
"""`amount` is in the currency of the invoice, `paid` what that took of the payment, in the payment's."""

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
    Column("gain", "quantity", on_table=False),
    Column("gain_currency", on_table=False),
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
    is_on_account: bool = False
    """It settles nothing yet: all of it waits for `apply`."""


class Paying(NamedTuple):
    """What settles: a payment or a credit note, the day it counts from, and what its currency is worth."""

    kind: str
    id: int
    currency: str
    on: date
    received_on: str
    """The day whose rates count."""
    base: str
    claims_first: bool = False
    """Fees and interest of an invoice are settled before its principal."""


def collect(
    store: Store,
    target: Reference,
    receipt: Receipt,
    base: str,
    tolerances: Mapping[str, Tolerance] | None = None,
    *,
    claims_first: bool = False,
) -> int | None:
    """Record a payment and settle what the reference names, the oldest due first; the rest is unapplied credit.

    An invoice that is paid in time takes its early-payment discount. What an instalment is short of by no more than the
    tolerance of its currency is written off. A payment for an invoice or a contract in another currency is converted at
    the rate of its day. One on account settles nothing. Answers the payment's id; None where nothing is left to pay.
    Raises RefusedError where what is left cannot be paid yet or no rate is known, UsageError where the currency is not
    that of what a customer owes.
    """
    owed = open_items(store, target.kind, [target.id])
    offers = discounts.offers(store, owed, receipt.on)
    if receipt.amount is None:
        if not owed:
            _refuse_unbilled(store, target, receipt.on)
            return None
        amount_minor, currency = _all_open(store, target, _less(owed, offers), receipt, base)
    else:
        amount_minor, currency = receipt.amount
    if amount_minor == 0:
        raise UsageError("a payment of nothing cannot be booked")
    if not receipt.is_on_account:
        _refuse_without_rate(store, target, currency, receipt.on, base)
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
    payable = [item for item in owed if target.kind != "customer" or item.currency == currency]
    if receipt.is_on_account:
        payable = []
    paying = Paying("payment", payment_id, currency, receipt.on, receipt.on.isoformat(), base, claims_first)
    _pay(store, paying, amount_minor, payable, offers, tolerances)
    return payment_id


def _pay(
    store: Store,
    paying: Paying,
    amount_minor: int,
    owed: list[OpenItem],
    offers: Mapping[int, Offer],
    tolerances: Mapping[str, Tolerance] | None = None,
) -> None:
    """Settle items of one currency with an amount in that of the payment, less the discounts that this earns."""
    if not owed:
        return
    currency = owed[0].currency
    payable = _less(owed, offers)
    rate = None
    if currency != paying.currency:
        rate = exchange_on(store, paying.base, paying.currency, currency, paying.received_on)
    allocations, paid = _allocate(amount_minor, owed, payable, rate, claims_first=paying.claims_first)
    source = {f"{paying.kind}_id": paying.id}
    settled = settle(store, paying.kind, allocations, paying.on, paid if rate else None, **source)
    if paying.kind == "payment":
        _realise(store, paying, dict(zip(settled, zip(allocations, paid, strict=True), strict=True)))
    if tolerances and currency in tolerances:
        _tolerate(store, paying.id, dict(zip(settled, allocations, strict=True)), tolerances[currency], offers)
    by_invoice: dict[int, list[int]] = {}
    for settlement_id, (item, _amount_minor) in zip(settled, allocations, strict=True):
        by_invoice.setdefault(item.invoice_id, []).append(settlement_id)
    for invoice_id, mine in by_invoice.items():
        if invoice_id in offers and offers[invoice_id].is_in_time:
            discounts.take(store, invoice_id, offers[invoice_id], discounts.day_of(store, mine), **source)


def _less(owed: list[OpenItem], offers: Mapping[int, Offer]) -> list[OpenItem]:
    """The items less the discounts that are offered in time."""
    off = {each: offer.amount_minor for each, offer in offers.items() if offer.is_in_time}
    return reduced(owed, off) if off else owed


def _allocate(
    amount_minor: int, owed: list[OpenItem], payable: list[OpenItem], rate: Exchange | None, *, claims_first: bool
) -> tuple[list[Allocation], list[int]]:
    """What the amount settles of each item, and what that takes of it in the payment's currency.

    First all that is payable, then, of what is left over, what a discount would have taken off.
    """
    budget_minor = amount_minor if rate is None else _converted(amount_minor, owed, payable, rate)
    ordered = oldest_first(payable, claims_first=claims_first)
    parts = {
        item.receivable_id: part_minor
        for item, part_minor in allocate(budget_minor, payable, claims_first=claims_first)
    }
    over_minor = budget_minor - sum(parts.values())
    off = [item._replace(balance_minor=item.balance_minor - parts.get(item.receivable_id, 0)) for item in owed]
    for item, part_minor in allocate(over_minor, off, claims_first=claims_first) if over_minor else ():
        parts[item.receivable_id] = parts.get(item.receivable_id, 0) + part_minor
    allocations = [Allocation(item, parts[item.receivable_id]) for item in ordered if item.receivable_id in parts]
    settled = [part_minor for _item, part_minor in allocations]
    if rate is None or not settled:
        return allocations, settled
    is_spent = sum(settled) == budget_minor
    taken_minor = amount_minor if is_spent else min(amount_minor, rate.back(sum(settled)))
    return allocations, split(taken_minor, settled)


def _converted(amount_minor: int, owed: list[OpenItem], payable: list[OpenItem], rate: Exchange) -> int:
    """The amount in the currency of what is owed; all of that, where less than a minor unit is between them."""
    for items in (payable, owed):
        open_minor = sum(item.balance_minor for item in items)
        if rate.is_all(amount_minor, open_minor):
            return open_minor
    return rate.into(amount_minor)


def _realise(store: Store, paying: Paying, settled: dict[int, tuple[Allocation, int]]) -> None:
    """Note what was settled in base currency, at the rates of the payment and of the invoice, where both are known."""
    base, rate = paying.base, rate_on(store, paying.base, paying.currency, paying.received_on)
    for settlement_id, ((item, amount_minor), paid_minor) in settled.items():
        at_issue = _rate_at_issue(store, item, base)
        if rate is None or at_issue is None or base == paying.currency == item.currency:
            continue
        settled_minor = _settled_before(store, item, settlement_id)
        values = [
            convert(minor, item.currency, base, at_issue) for minor in (settled_minor, settled_minor + amount_minor)
        ]
        store.add(
            "realised",
            settlement_id=settlement_id,
            base=base,
            received_minor=convert(paid_minor, paying.currency, base, rate),
            invoiced_minor=values[1] - values[0],
        )


def _settled_before(store: Store, item: OpenItem, settlement_id: int) -> int:
    settled_minor: int = store.value(
        "SELECT COALESCE(SUM(amount_minor), 0) FROM settlement WHERE receivable_id = ? AND id < ?",
        (item.receivable_id, settlement_id),
    )
    return settled_minor


def _rate_at_issue(store: Store, item: OpenItem, base: str) -> Rate | None:
    """What the invoice's currency was worth in the base when it was issued, if that was known."""
    if item.currency == base:
        return Rate(item.issued_on, 1, 1)
    text = store.value("SELECT rate FROM invoice WHERE id = ?", (item.invoice_id,))
    rate, of_base = parse_rate(text, item.issued_on) if text else (None, base)
    return rate if of_base == base else None


def _tolerate(
    store: Store,
    payment_id: int,
    settled: dict[int, Allocation],
    tolerance: Tolerance,
    offers: Mapping[int, Offer],
) -> None:
    """Write off what the payment's settlements leave open within the tolerance, from their own days on.

    Who takes a discount too late is not a little short.
    """
    for settlement_id, (item, amount_minor) in settled.items():
        short_minor = item.balance_minor - amount_minor
        most = (tolerance.amount_minor, tolerance.percent_ppm)
        if short_minor <= 0 or item.kind != "invoice" or not is_tolerated(short_minor, item.amount_minor, *most):
            continue
        late = offers.get(item.invoice_id)
        if late and not late.is_in_time and is_like_a_discount(short_minor, item, late.amount_minor, late.total_minor):
            continue
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


def claims_left(store: Store, payment_id: int) -> list[str]:
    """Fees and interest that are open of invoices whose own amount this payment was the last of, in words."""
    rows = store.all(
        "SELECT DISTINCT invoice_id, number FROM settlement JOIN receivable ON receivable.id = receivable_id"
        " JOIN invoice ON invoice.id = invoice_id WHERE payment_id = ? ORDER BY invoice_id",
        (payment_id,),
    )
    owed: dict[int, list[OpenItem]] = {row["invoice_id"]: [] for row in rows}
    for item in open_items(store, "invoice", owed):
        owed[item.invoice_id].append(item)
    found = []
    for row in rows:
        left = owed[row["invoice_id"]]
        if left and all(item.kind != "invoice" for item in left):
            amount = format_amount(sum(item.balance_minor for item in left), left[0].currency)
            found.append(f"{row['number']} is paid, but for {amount} of fees and interest: ltc collect {row['number']}")
    return found


def currencies_owed(store: Store, target: Reference) -> list[str]:
    """The currencies in which something of an invoice, contract or customer is open."""
    return sorted({item.currency for item in open_items(store, target.kind, [target.id])})


def next_to_settle(store: Store, payment: dict[str, Any]) -> str | None:
    """The number of the invoice that what is left of a payment would settle first; None where nothing is open."""
    owed = open_items(store, "customer", [int(payment["customer"][1:])])
    due = oldest_first(item for item in owed if item.currency == payment["currency"])
    return str(store.value("SELECT number FROM invoice WHERE id = ?", (due[0].invoice_id,))) if due else None


def _all_open(store: Store, target: Reference, owed: list[OpenItem], receipt: Receipt, base: str) -> tuple[int, str]:
    """Everything that is owed, less the discounts that its payment earns; it must be in one currency."""
    currency, currencies = receipt.currency, sorted({item.currency for item in owed})
    if target.kind != "customer" and currency and currency != currencies[0]:
        rate = exchange_on(store, base, currency, currencies[0], receipt.on.isoformat())
        return rate.back(sum(item.balance_minor for item in owed)), currency
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
    column, ids = (
        ("id", [target.id]) if target.kind == "contract" else ("customer_id", customers.family(store, [target.id]))
    )
    for row in store.among(f"SELECT id FROM contract WHERE {{these:{column}}} ORDER BY id", ids):
        awaited = invoices.awaited(store, row["id"], on)
        if awaited:
            raise RefusedError(
                f"nothing of {target.text} is open, and C{row['id']} is not invoiced in full: {'; '.join(awaited)}",
                f"ltc invoice C{row['id']}",
            )


def _refuse_without_rate(store: Store, target: Reference, currency: str, on: date, base: str) -> None:
    """A payment for an invoice or a contract in another currency needs a rate, even if nothing is open yet."""
    if target.kind == "customer":
        return
    own = store.value(f"SELECT currency FROM {target.kind} WHERE id = ?", (target.id,))
    if own != currency:
        exchange_on(store, base, currency, own, on.isoformat())


def _customer_id(store: Store, target: Reference) -> int:
    if target.kind == "customer":
        return target.id
    customer_id: int = store.value(f"SELECT customer_id FROM {target.kind} WHERE id = ?", (target.id,))
    return customer_id


# What a payment or a credit note still holds


def apply(
    store: Store,
    holder: Reference,
    invoice: Reference,
    on: date,
    base: str,
    amount_minor: int | None = None,
    *,
    claims_first: bool = False,
) -> bool:
    """Settle an invoice with the unapplied rest of a payment or credit note, or an amount of it, from this day on.

    A payment in another currency counts at the rate of the day it came in. Answers whether there was anything to do.
    Raises RefusedError where the customers differ, no rate is known, or the amount is more than is left or open.
    """
    kind = HOLDERS[holder.kind]
    record = kind.records(store, [holder.id])[0]
    owed = open_items(store, "invoice", [invoice.id])
    if not owed:
        return False
    states.follow(holder.kind, record["status"], "apply", holder.text)
    _refuse_strangers(store, (holder.text, kind.table, holder.id), (invoice.text, "invoice", invoice.id))
    since = record[kind.since]
    counts_on = parse_iso_date(max(on.isoformat(), since))
    paying = Paying(holder.kind, holder.id, record["currency"], counts_on, since, base, claims_first)
    left_minor = held(store, holder.kind, [holder.id])[holder.id].unapplied_minor
    offers = discounts.offers(store, owed, paying.on)
    open_minor, payable_minor = _open_in(store, paying, owed), _open_in(store, paying, _less(owed, offers))
    wanted_minor = min(left_minor, payable_minor) if amount_minor is None else amount_minor
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
    _pay(store, paying, wanted_minor, owed, offers)
    store.touch(holder.text)
    return True


# What the payments and credit notes of a customer in a currency are, those of merged ones with them, the oldest first.
CREDIT_OF = """
SELECT 'payment' AS kind, id, 'P' || id AS ref, received_on AS since FROM payment
WHERE customer_id IN ({ids}) AND currency = ?
UNION ALL
SELECT 'credit', id, number, issued_on FROM credit_note WHERE customer_id IN ({ids}) AND currency = ?
ORDER BY 4, 1 DESC, 2
"""


def apply_credit(store: Store, invoice_ids: Sequence[int], on: date, base: str) -> list[str]:
    """Settle new invoices with what is left of their customers' payments and credit notes, the oldest first.

    Answers what was done, in words.
    """
    told = []
    merged = dict(map(tuple, store.all("SELECT id, merged_into_id FROM customer WHERE merged_into_id IS NOT NULL")))
    for row in store.among("SELECT * FROM invoice WHERE {these:id} ORDER BY id", invoice_ids):
        invoice = Reference("invoice", row["id"], row["number"])
        kept = merged.get(row["customer_id"], row["customer_id"])
        own = [kept, *(each for each, into in merged.items() if into == kept)]
        for holder in _holders(store, own, row["currency"], on):
            if not apply(store, holder, invoice, on, base):
                break
            told.append(f"{holder.text} is applied to {invoice.text}")
    return told


def _holders(store: Store, customer_ids: Sequence[int], currency: str, on: date) -> list[Reference]:
    """The payments and credit notes of a customer, up to a day, of which something is left."""
    sql = CREDIT_OF.format(ids=",".join(map(str, customer_ids)))
    rows = [row for row in store.all(sql, (currency, currency)) if row["since"] <= on.isoformat()]
    return [
        Reference(row["kind"], row["id"], row["ref"])
        for row in rows
        if held(store, row["kind"], [row["id"]])[row["id"]].unapplied_minor
    ]


def _open_in(store: Store, paying: Paying, owed: list[OpenItem]) -> int:
    """What is open, in the currency of what pays it."""
    open_minor = sum(item.balance_minor for item in owed)
    if paying.currency == owed[0].currency:
        return open_minor
    rate = exchange_on(store, paying.base, paying.currency, owed[0].currency, paying.received_on)
    return rate.back(open_minor)


def _refuse_strangers(store: Store, *named: tuple[str, str, int]) -> None:
    """Credit settles invoices of its own customer; a credit note in its own currency.

    Each is a reference, its table and its id.
    """
    rows = [
        store.one(
            f"SELECT COALESCE(customer.merged_into_id, customer.id) AS customer_id, currency FROM {table}"
            f" JOIN customer ON customer.id = customer_id WHERE {table}.id = ?",
            (record_id,),
        )
        for _text, table, record_id in named
    ]
    paying, owing = (dict(row) for row in rows if row is not None)
    (holder, table, _), (invoice, *_) = named
    if paying["customer_id"] != owing["customer_id"]:
        payer, debtor = f"K{paying['customer_id']}", f"K{owing['customer_id']}"
        raise RefusedError(f"{holder} is of {payer}, {invoice} of {debtor}", f"ltc show {holder}")
    if paying["currency"] != owing["currency"] and table == "credit_note":
        raise RefusedError(
            f"{holder} is in {paying['currency']}, {invoice} in {owing['currency']}: a credit note has no rate",
            f"ltc refund {holder}",
        )


class Payout(NamedTuple):
    """Money as it goes back."""

    on: date
    amount_minor: int | None = None
    """None: all that is left."""
    method: str | None = None
    reference: str | None = None


def refund(store: Store, holder: Reference, payout: Payout) -> bool:
    """Pay back what is left of a payment or credit note, or an amount of it. Answers whether anything was left.

    Raises RefusedError where less is left, UsageError for a day before the payment or credit note, or before an earlier
    refund came back.
    """
    kind, record = HOLDERS[holder.kind], holder_record(store, holder)
    is_new = states.follow(holder.kind, record["status"], "refund", holder.text)
    if not is_new and payout.amount_minor is None:
        return False
    if payout.on.isoformat() < record[kind.since]:
        raise UsageError(f"{holder.text} is of {record[kind.since]}: it cannot be paid back before")
    came_back_on = _came_back_on(store, holder)
    if came_back_on and payout.on.isoformat() < came_back_on:
        raise UsageError(f"a refund of {holder.text} came back on {came_back_on}: it cannot be paid back before")
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
        customer_id=store.value(f"SELECT customer_id FROM {kind.table} WHERE id = ?", (holder.id,)),
        refunded_on=payout.on.isoformat(),
        currency=record["currency"],
        amount_minor=wanted_minor,
        method=leads.optional(payout.method, "method"),
        reference=leads.optional(payout.reference, "reference"),
        recorded_at=store.recorded_at,
    )
    store.touch(holder.text)
    return True


def _came_back_on(store: Store, holder: Reference) -> str | None:
    """The last day on which a refund came back: on days before it, less was left than now."""
    day: str | None = store.value(
        f"SELECT MAX(reversed_on) FROM refund JOIN refund_reversal ON refund_id = refund.id WHERE {holder.kind}_id = ?",
        (holder.id,),
    )
    return day


def take_refund_back(store: Store, holder: Reference, on: date, reason: str) -> str | None:
    """The newest refund of a payment or credit note came back: it is unapplied credit again from this day on.

    Answers what came back, in words; None where nothing is paid back. Raises UsageError for a day before the refund.
    """
    words = clean_name(reason, "reason")
    row = store.one(
        f"SELECT * FROM refund WHERE {holder.kind}_id = ?"
        " AND id NOT IN (SELECT refund_id FROM refund_reversal) ORDER BY id DESC LIMIT 1",
        (holder.id,),
    )
    if row is None:
        return None
    if on.isoformat() < row["refunded_on"]:
        raise UsageError(f"{holder.text} was paid back on {row['refunded_on']}: that cannot be undone before")
    store.add(
        "refund_reversal", refund_id=row["id"], reversed_on=on.isoformat(), reason=words, recorded_at=store.recorded_at
    )
    store.touch(holder.text)
    return f"the refund of {format_amount(row['amount_minor'], row['currency'])} of {row['refunded_on']} is undone"


def reverse(store: Store, payment: Reference, on: date, reason: str) -> bool:
    """Take a payment back: what it settled is open again from this day. Answers whether it stood before.

    What was written off because it was short is open again too, and what its invoices had as discount for being paid in
    time, by this payment or by others with it. Raises RefusedError where some of it was paid back,
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
            f"{refunded} of {payment.text} was paid back: it cannot be reversed",
            f"if that came back as well: ltc refund {payment.text} --undo --reason …",
        )
    settlements = store.all(
        "SELECT * FROM settlement WHERE (payment_id = ? AND kind = 'payment' OR id IN"
        " (SELECT settlement_id FROM writeoff WHERE writeoff.payment_id = ?))"
        " AND NOT EXISTS (SELECT 1 FROM settlement AS back WHERE back.reverses_id = settlement.id) ORDER BY id",
        (payment.id, payment.id),
    )
    settlements += discounts.live(store, _invoices_of(store, settlements))
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
    take_back(store, settlements, on)
    for allocation in record["allocations"]:
        store.touch(allocation["invoice"])
    store.touch(payment.text)
    return True


def _invoices_of(store: Store, settlements: Sequence[Row]) -> list[int]:
    rows = store.among(
        "SELECT DISTINCT invoice_id FROM receivable WHERE {these:id}", [row["receivable_id"] for row in settlements]
    )
    return [row["invoice_id"] for row in rows]


def last_for(store: Store, target: Reference) -> int | None:
    """The newest payment that settled something of an invoice, contract or customer."""
    condition = {
        "invoice": "{these:receivable.invoice_id}",
        "contract": "receivable.invoice_id IN (SELECT id FROM invoice WHERE {these:contract_id})",
        "customer": "{these:receivable.customer_id}",
    }[target.kind]
    ids = customers.family(store, [target.id]) if target.kind == "customer" else [target.id]
    (row,) = store.among(
        "SELECT MAX(payment_id) AS payment_id FROM settlement JOIN receivable ON receivable.id = receivable_id"
        f" WHERE {condition} AND payment_id NOT IN (SELECT payment_id FROM payment_reversal)",
        ids,
    )
    payment_id: int | None = row["payment_id"]
    return payment_id


RECORDS = """
SELECT payment.*, customer.id AS kept_id, customer.name AS customer_name, payment_reversal.reversed_on
FROM payment JOIN customer_now AS customer ON customer.own_id = payment.customer_id
LEFT JOIN payment_reversal ON payment_reversal.payment_id = payment.id AND reversed_on <= ?
WHERE received_on <= ? AND {these:payment.id}
ORDER BY payment.id
"""


def records(store: Store, ids: Sequence[int] | None = None, *, as_of: str = EVER) -> list[dict[str, Any]]:
    """Payments as they are shown, with what they settled as of a day; all of them without ids."""
    rows = store.among(RECORDS, ids, (as_of, as_of))
    found = [row["id"] for row in rows]
    allocations, left = _allocation_records(store, rows, as_of), held(store, "payment", found, as_of)
    gains = _gains(store, found, as_of)
    return [_record(row, allocations[row["id"]], left[row["id"]], gains.get(row["id"])) for row in rows]


def _allocation_records(store: Store, payments: Sequence[Row], as_of: str) -> dict[int, list[dict[str, Any]]]:
    currencies = {row["id"]: row["currency"] for row in payments}
    rows = store.among(
        "SELECT payment_id, number, receivable.currency, SUM(settlement.amount_minor) AS amount_minor,"
        " SUM(COALESCE(paid_minor, settlement.amount_minor)) AS paid_minor FROM settlement"
        " JOIN receivable ON receivable.id = receivable_id JOIN invoice ON invoice.id = receivable.invoice_id"
        " WHERE settled_on <= ? AND {these:payment_id} GROUP BY payment_id, invoice.id"
        " HAVING SUM(settlement.amount_minor) <> 0 ORDER BY payment_id, MIN(settlement.id)",
        list(currencies),
        (as_of,),
    )
    found: dict[int, list[dict[str, Any]]] = {payment_id: [] for payment_id in currencies}
    for row in rows:
        found[row["payment_id"]].append(
            {
                "invoice": row["number"],
                "amount": format_amount(row["amount_minor"], row["currency"]),
                "currency": row["currency"],
                "paid": format_amount(row["paid_minor"], currencies[row["payment_id"]]),
            }
        )
    return found


# What stands without a value in base currency: a rate was not known, or all of it is in base currency.
GAINS = """
SELECT settlement.payment_id, SUM(CASE WHEN settlement.amount_minor < 0 THEN invoiced_minor - received_minor
    ELSE received_minor - invoiced_minor END) AS gain_minor, MIN(base) AS base, MAX(base) AS other_base,
    SUM(settlement.amount_minor) FILTER (WHERE base IS NULL AND receivable.currency <> payment.currency) AS unknown,
    SUM(settlement.amount_minor) FILTER (WHERE base IS NULL AND receivable.currency = payment.currency) AS plain,
    payment.currency
FROM settlement JOIN payment ON payment.id = settlement.payment_id JOIN receivable ON receivable.id = receivable_id
LEFT JOIN realised ON realised.settlement_id = COALESCE(reverses_id, settlement.id)
WHERE settled_on <= ? AND {these:settlement.payment_id}
GROUP BY settlement.payment_id HAVING MIN(base) IS NOT NULL
"""


def _gains(store: Store, ids: Sequence[int], as_of: str) -> dict[int, tuple[int, str]]:
    """What payments gained (or lost, below 0) against the rates of their invoices, and the base currency."""
    return {
        row["payment_id"]: (row["gain_minor"], row["base"])
        for row in store.among(GAINS, ids, (as_of,))
        if row["base"] == row["other_base"]
        and not row["unknown"]
        and (not row["plain"] or row["currency"] == row["base"])
    }


def _record(row: Row, allocations: list[dict[str, Any]], left: Held, gain: tuple[int, str] | None) -> dict[str, Any]:
    is_realised = gain is not None and bool(allocations)
    return {
        "ref": f"P{row['id']}",
        "status": "reversed" if row["reversed_on"] else left.status,
        "customer": f"K{row['kept_id']}",
        "customer_name": row["customer_name"],
        "received_on": row["received_on"],
        "amount": format_amount(row["amount_minor"], row["currency"]),
        "refunded": format_amount(left.refunded_minor, row["currency"]),
        "unapplied": format_amount(left.unapplied_minor, row["currency"]),
        "currency": row["currency"],
        "method": row["method"],
        "reference": row["reference"],
        "gain": format_amount(*gain) if gain and is_realised else None,
        "gain_currency": gain[1] if gain and is_realised else None,
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
