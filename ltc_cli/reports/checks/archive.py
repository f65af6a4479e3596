"""The archived bytes of what was issued say what its rows say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from sqlite3 import Row

    from ltc_cli.store import Store

SUMS = ("net", "tax", "rounding", "total")


def _invoice_documents(store: Store) -> Iterator[str]:
    """What the archived bytes say is what the rows say: head and taxes."""
    taxes = _by_record(store, "SELECT invoice_id, code, rate_ppm, base_minor, tax_minor, reason FROM invoice_tax")
    for row in store.connection.execute(
        "SELECT invoice.*, until_on, amount_minor, tax AS discount_tax, body"
        " FROM invoice JOIN document ON sha256 = document_sha256"
        " LEFT JOIN invoice_discount ON invoice_id = invoice.id WHERE format = 'ltc-invoice-1'"
    ):
        said = json.loads(row["body"])
        told_taxes = {
            (each["code"], each["rate_ppm"], _minor(each["base"]), _minor(each["tax"]), each.get("reason"))
            for each in said["taxes"]
        }
        offer = said.get("discount", {})
        offered = [offer.get("until"), _minor(offer["amount"]) if offer else None, offer.get("tax")]
        told = [said["number"], said["issued_on"], said["currency"], *_sums_said(said), told_taxes, *offered]
        kept = [row["number"], row["issued_on"], row["currency"], *_sums(row), taxes.get(row["id"], set())]
        if told != [*kept, row["until_on"], row["amount_minor"], row["discount_tax"]]:
            yield f"{row['number']} differs from its document"


def _sums(row: Row) -> list[int]:
    return [row[f"{key}_minor"] for key in SUMS]


def _sums_said(said: dict[str, Any]) -> list[int]:
    """Documents of before m006 have no rounding."""
    return [_minor(said.get(key, "0")) for key in SUMS]


def _credit_documents(store: Store) -> Iterator[str]:
    """The archived bytes of a credit note against its rows: head, taxes and lines."""
    taxes = _by_record(store, "SELECT credit_note_id, code, base_minor, tax_minor FROM credit_note_tax")
    lines = _by_record(store, "SELECT credit_note_id, position, net_minor, tax_code FROM credit_note_line")
    for row in store.connection.execute(
        "SELECT credit_note.*, invoice.number AS invoice_number, body FROM credit_note"
        " JOIN document ON sha256 = credit_note.document_sha256 LEFT JOIN invoice ON invoice.id = invoice_id"
        " WHERE format = 'ltc-credit-1'"
    ):
        said = json.loads(row["body"])
        head = [said["number"], said["issued_on"], said["invoice"]["number"], said["currency"], said["reason"]]
        told_taxes = {(each["code"], _minor(each["base"]), _minor(each["tax"])) for each in said["taxes"]}
        told_lines = {(each["line"], _minor(each["net"]), each["tax"]["code"]) for each in said["lines"]}
        if (head, _sums_said(said), told_taxes, told_lines) != (
            [row[key] for key in ("number", "issued_on", "invoice_number", "currency", "reason")],
            _sums(row),
            taxes.get(row["id"], set()),
            lines.get(row["id"], set()),
        ):
            yield f"{row['number']} differs from its document"


def _by_record(store: Store, sql: str) -> dict[int, set[tuple[Any, ...]]]:
    found: dict[int, set[tuple[Any, ...]]] = {}
    for record_id, *rest in store.connection.execute(sql):
        found.setdefault(record_id, set()).add(tuple(rest))
    return found


def archive(store: Store) -> Iterator[str]:
    yield from _invoice_documents(store)
    yield from _credit_documents(store)


def _minor(text: str) -> int:
    return int(text.replace(".", ""))
