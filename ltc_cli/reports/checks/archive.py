"""The archived bytes of what was issued say what its rows say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ltc_cli.store import Store

SUMS = ("net", "tax", "rounding", "total")

# What the rows of each document say, behind its id and its bytes: head, sums, what is offered for paying early.
INVOICES = """
SELECT invoice.id, body, number, issued_on, currency, net_minor, tax_minor, rounding_minor, total_minor, until_on,
    amount_minor, tax
FROM invoice JOIN document ON sha256 = document_sha256 LEFT JOIN invoice_discount ON invoice_id = invoice.id
WHERE format = 'ltc-invoice-1'
"""

CREDIT_NOTES = """
SELECT credit_note.id, body, credit_note.number, credit_note.issued_on, invoice.number, credit_note.currency,
    credit_note.reason, credit_note.net_minor, credit_note.tax_minor, credit_note.rounding_minor,
    credit_note.total_minor
FROM credit_note JOIN document ON sha256 = credit_note.document_sha256 LEFT JOIN invoice ON invoice.id = invoice_id
WHERE format = 'ltc-credit-1'
"""


def archive(store: Store) -> Iterator[str]:
    yield from _invoices(store)
    yield from _credit_notes(store)


def _invoices(store: Store) -> Iterator[str]:
    """What the archived bytes say is what the rows say: head and taxes."""
    taxes = _by_record(store, "SELECT invoice_id, code, rate_ppm, base_minor, tax_minor, reason FROM invoice_tax")
    for invoice_id, body, *kept in store.connection.execute(INVOICES):
        said = json.loads(body)
        told = [said["number"], said["issued_on"], said["currency"], *_sums(said), *_offered(said)]
        told_taxes = {
            (each["code"], each["rate_ppm"], _minor(each["base"]), _minor(each["tax"]), each.get("reason"))
            for each in said["taxes"]
        }
        if told != kept or told_taxes != taxes.get(invoice_id, set()):
            yield f"{kept[0]} differs from its document"


def _offered(said: dict[str, Any]) -> tuple[str | None, int | None, str | None]:
    """The discount for paying early: until when, how much, and how it is taxed."""
    offer = said.get("discount")
    return (offer.get("until"), _minor(offer["amount"]), offer.get("tax")) if offer else (None, None, None)


def _credit_notes(store: Store) -> Iterator[str]:
    """The archived bytes of a credit note against its rows: head, taxes and lines."""
    taxes = _by_record(store, "SELECT credit_note_id, code, base_minor, tax_minor FROM credit_note_tax")
    lines = _by_record(store, "SELECT credit_note_id, position, net_minor, tax_code FROM credit_note_line")
    for note_id, body, *kept in store.connection.execute(CREDIT_NOTES):
        said = json.loads(body)
        head = said["number"], said["issued_on"], said["invoice"]["number"], said["currency"], said["reason"]
        told_taxes = {(each["code"], _minor(each["base"]), _minor(each["tax"])) for each in said["taxes"]}
        told_lines = {(each["line"], _minor(each["net"]), each["tax"]["code"]) for each in said["lines"]}
        own = taxes.get(note_id, set()), lines.get(note_id, set())
        if [*head, *_sums(said)] != kept or (told_taxes, told_lines) != own:
            yield f"{kept[0]} differs from its document"


def _sums(said: dict[str, Any]) -> list[int]:
    """Documents of before m006 have no rounding."""
    return [_minor(said.get(key, "0")) for key in SUMS]


def _by_record(store: Store, sql: str) -> dict[int, set[tuple[Any, ...]]]:
    found: dict[int, set[tuple[Any, ...]]] = {}
    for record_id, *rest in store.connection.execute(sql):
        found.setdefault(record_id, set()).add(tuple(rest))
    return found


def _minor(text: str) -> int:
    return int(text.replace(".", ""))
