"""Early-payment discounts: what invoices still offer, and its taking by a payment that comes in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ltc_cli.receivables import open_items
from ltc_cli.rules.allocation import Allocation
from ltc_cli.rules.calendar import parse_iso_date
from ltc_cli.rules.discount import CodePart, discount_of, taxes_taken
from ltc_cli.rules.money import format_amount
from ltc_cli.stages.settlements import settle

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from sqlite3 import Row

    from ltc_cli.rules.allocation import OpenItem
    from ltc_cli.store import Store


class Offer(NamedTuple):
    """What may be taken off an invoice that is paid in time."""

    tax: str
    amount_minor: int
    """Less what credits take of it, and what was taken before."""
    total_minor: int
    """Of the invoice, less credits."""
    is_in_time: bool


# What came in after the last day: then the invoice was not paid in full by it, whatever is recorded now.
OFFERS = """
SELECT invoice_discount.*, invoice.net_minor, invoice.total_minor, invoice.cash_step_minor,
    (SELECT COALESCE(SUM(net_minor), 0) FROM credit_note WHERE invoice_id = invoice.id) AS credited_net_minor,
    (SELECT COALESCE(SUM(total_minor), 0) FROM credit_note WHERE invoice_id = invoice.id) AS credited_minor,
    (SELECT COALESCE(SUM(settlement.amount_minor), 0) FROM receivable
        JOIN settlement ON settlement.receivable_id = receivable.id AND settlement.kind = 'payment'
        WHERE receivable.invoice_id = invoice.id AND settled_on > until_on AND NOT EXISTS (
            SELECT 1 FROM settlement AS back WHERE back.reverses_id = settlement.id)) AS late_minor,
    (SELECT COALESCE(SUM(settlement.amount_minor), 0) FROM receivable
        JOIN settlement ON settlement.receivable_id = receivable.id
        JOIN discount ON discount.settlement_id = COALESCE(reverses_id, settlement.id)
        WHERE receivable.invoice_id = invoice.id) AS taken_minor
FROM invoice_discount JOIN invoice ON invoice.id = invoice_id
WHERE {these:invoice_id}
"""


def offers(store: Store, owed: Iterable[OpenItem], on: date) -> dict[int, Offer]:
    """By invoice, the discount on what is owed, offered to money that counts from this day, or no longer.

    Where less is open than the discount, as after a write-off, nothing is offered: it would be paid by nothing.
    """
    open_minor: dict[int, int] = {}
    issued_on: dict[int, str] = {}
    for item in owed:
        if item.kind == "invoice":
            open_minor[item.invoice_id] = open_minor.get(item.invoice_id, 0) + item.balance_minor
            issued_on[item.invoice_id] = item.issued_on
    found = {}
    for row in store.among(OFFERS, list(open_minor)):
        offer = _offer(row, max(on.isoformat(), issued_on[row["invoice_id"]]))
        is_left = offer.amount_minor < open_minor[row["invoice_id"]]
        if offer.amount_minor > 0 and (is_left or not offer.is_in_time):
            found[row["invoice_id"]] = offer
    return found


def _offer(row: Row, day: str) -> Offer:
    net_minor = row["net_minor"] - row["credited_net_minor"]
    total_minor = row["total_minor"] - row["credited_minor"]
    most_minor = discount_of(row["tax"], net_minor, total_minor, row["percent_ppm"], row["cash_step_minor"])
    return Offer(
        row["tax"], most_minor - row["taken_minor"], total_minor, day <= row["until_on"] and row["late_minor"] <= 0
    )


def take(store: Store, invoice_id: int, offer: Offer, on: date, **source: int) -> None:
    """Take what is open of an invoice as its discount, if that is no more, by a `payment_id` or a `credit_id`."""
    owed = [item for item in open_items(store, "invoice", [invoice_id]) if item.kind == "invoice"]
    amounts = [item.balance_minor for item in owed]
    if not 0 < sum(amounts) <= offer.amount_minor:
        return
    codes = _codes(store, invoice_id)
    taxes = taxes_taken(offer.tax, amounts, [CodePart(row["base_minor"], row["tax_minor"]) for row in codes])
    for item, parts in zip(owed, taxes, strict=True):
        (settlement_id,) = settle(store, "discount", [Allocation(item, item.balance_minor)], on)
        store.add("discount", settlement_id=settlement_id, **source)
        for row, part in zip(codes, parts, strict=True):
            if part.gross_minor:
                named = {key: row[key] for key in ("code", "category", "rate_ppm")}
                store.add("discount_tax", settlement_id=settlement_id, **named, **part._asdict())


def _codes(store: Store, invoice_id: int) -> list[Row]:
    """What stands on the invoice under each tax code, less credits."""
    return store.all(
        "SELECT code, category, rate_ppm,"
        " base_minor - COALESCE((SELECT SUM(base_minor) FROM credit_note_tax JOIN credit_note"
        "  ON credit_note.id = credit_note_id WHERE invoice_id = invoice_tax.invoice_id"
        "  AND credit_note_tax.code = invoice_tax.code), 0) AS base_minor,"
        " tax_minor - COALESCE((SELECT SUM(credit_note_tax.tax_minor) FROM credit_note_tax JOIN credit_note"
        "  ON credit_note.id = credit_note_id WHERE invoice_id = invoice_tax.invoice_id"
        "  AND credit_note_tax.code = invoice_tax.code), 0) AS tax_minor"
        " FROM invoice_tax WHERE invoice_id = ? ORDER BY code",
        (invoice_id,),
    )


TAKEN_BY_CODE = """
SELECT code, SUM(CASE WHEN settlement.amount_minor < 0 THEN -base_minor ELSE base_minor END) AS base_minor,
    SUM(CASE WHEN settlement.amount_minor < 0 THEN -tax_minor ELSE tax_minor END) AS tax_minor
FROM receivable JOIN settlement ON settlement.receivable_id = receivable.id
JOIN discount_tax ON discount_tax.settlement_id = COALESCE(reverses_id, settlement.id)
WHERE receivable.invoice_id = ? GROUP BY code
"""


def taken_by_code(store: Store, invoice_id: int) -> dict[str, CodePart]:
    """What of an invoice was taken as discount, by tax code."""
    rows = store.all(TAKEN_BY_CODE, (invoice_id,))
    return {row["code"]: CodePart(row["base_minor"], row["tax_minor"]) for row in rows}


TAKEN = """
SELECT number, receivable.currency, until_on, SUM(settlement.amount_minor) AS amount_minor FROM discount
JOIN settlement ON settlement.id = settlement_id JOIN receivable ON receivable.id = receivable_id
JOIN invoice ON invoice.id = receivable.invoice_id
JOIN invoice_discount ON invoice_discount.invoice_id = invoice.id
WHERE discount.{source} = ? GROUP BY invoice.id ORDER BY invoice.id
"""

PAID_BY = """
SELECT DISTINCT receivable.invoice_id, number, until_on FROM settlement
JOIN receivable ON receivable.id = receivable_id JOIN invoice ON invoice.id = receivable.invoice_id
JOIN invoice_discount ON invoice_discount.invoice_id = invoice.id
WHERE settlement.{source} = ? ORDER BY receivable.invoice_id
"""


def told(store: Store, source: str, source_id: int, on: date) -> list[str]:
    """What a payment (`payment_id`) or credit note (`credit_id`) took as discount, or would have taken in time."""
    notices = [
        f"discount of {format_amount(row['amount_minor'], row['currency'])} taken: {row['number']} was to be paid by"
        f" {row['until_on']}"
        for row in store.all(TAKEN.format(source=source), (source_id,))
    ]
    for row in store.all(PAID_BY.format(source=source), (source_id,)):
        notices += _refused(store, row, on)
    return notices


def _refused(store: Store, row: Row, on: date) -> list[str]:
    """Why the discount was not given, where what is open of the invoice looks as if it had been taken."""
    owed = [item for item in open_items(store, "invoice", [row["invoice_id"]]) if item.kind == "invoice"]
    open_minor = sum(item.balance_minor for item in owed)
    offer = _offer(store.among(OFFERS, [row["invoice_id"]])[0], on.isoformat())
    if offer.is_in_time or not 0 < open_minor <= offer.amount_minor:
        return []
    amount, still_open = (format_amount(minor, owed[0].currency) for minor in (offer.amount_minor, open_minor))
    return [f"no discount of {amount}: it was offered until {row['until_on']}; {still_open} of {row['number']} is open"]


def live(store: Store, invoice_ids: Iterable[int]) -> list[Row]:
    """The settlements of kind discount of these invoices that were not taken back."""
    return store.among(
        "SELECT settlement.* FROM discount JOIN settlement ON settlement.id = settlement_id"
        " JOIN receivable ON receivable.id = receivable_id WHERE {these:receivable.invoice_id}"
        " AND NOT EXISTS (SELECT 1 FROM settlement AS back WHERE back.reverses_id = settlement.id)"
        " ORDER BY settlement.id",
        invoice_ids,
    )


def day_of(store: Store, settlement_ids: Iterable[int]) -> date:
    """The last day from which some settlements count."""
    rows = store.among("SELECT MAX(settled_on) AS day FROM settlement WHERE {these:id}", settlement_ids)
    return parse_iso_date(rows[0]["day"])
