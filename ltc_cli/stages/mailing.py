"""Mailing: which record is written to whom, and whether a mail still has its reason when it goes."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.errors import RefusedError
from ltc_cli.mail import outbox, setting, templates
from ltc_cli.mail.folder import Folder
from ltc_cli.mail.message import Letter, refuse_address
from ltc_cli.mail.smtp import Smtp
from ltc_cli.rules.contact import normalise_email
from ltc_cli.rules.money import format_micro, format_percent
from ltc_cli.stages import invoices

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path
    from sqlite3 import Row

    from ltc_cli.config import Settings
    from ltc_cli.mail.sender import Way
    from ltc_cli.store import Store


class Office(NamedTuple):
    """Where mails are written: the sender, and the language of those whose customer has none."""

    sender: str
    sender_name: str
    language: str


class Queued(NamedTuple):
    """A mail, and whether it is in the outbox since now."""

    id: int
    state: str
    is_new: bool


def office(settings: Settings) -> Office:
    """Ready to write, so that a transaction does not wait for it. Raises ConfigError where there is no sender."""
    templates.prepare()
    return Office(setting.sender(settings), settings.company.name or "", settings.language)


def way_out(settings: Settings, folder: Path | None) -> Way:
    """To the server of the settings, or into a folder. Raises ConfigError before anything is queued."""
    return partial(Folder, folder) if folder else partial(Smtp, setting.server(settings.mail))


def queue_invoice(
    store: Store, desk: Office, invoice_id: int, on: date, *, to: str | None = None, again: bool = False
) -> Queued:
    """Queue the mail with an invoice, once for each address unless `again`.

    Raises RefusedError where nobody is to be written to, or where a mail may have arrived and nobody knows.
    """
    row = store.one(
        "SELECT invoice.id, number, COALESCE(merged_into_id, customer.id) AS customer_id FROM invoice"
        " JOIN customer ON customer.id = customer_id WHERE invoice.id = ?",
        (invoice_id,),
    )
    assert row is not None
    customer = store.one("SELECT id, name, contact, email, language FROM customer WHERE id = ?", (row["customer_id"],))
    assert customer is not None
    recipient = _recipient(customer, to)
    found = None if again else outbox.open_mail(store, "invoice", invoice_id, recipient)
    if found:
        return Queued(found["id"], found["state"], is_new=False)
    letter = _invoice_letter(store, desk, invoice_id, customer, recipient)
    about = outbox.About("invoice", invoice_id, row["number"], customer["id"])
    return Queued(outbox.add(store, letter, about, on), "queued", is_new=True)


def _recipient(customer: Row, to: str | None) -> str:
    email = to or customer["email"]
    if not email:
        raise RefusedError(
            f"K{customer['id']} {customer['name']:.60} has no e-mail address", f"ltc edit K{customer['id']} email=…"
        )
    recipient = normalise_email(email)
    refuse_address(recipient)
    return recipient


def _invoice_letter(store: Store, desk: Office, invoice_id: int, customer: Row, recipient: str) -> Letter:
    language = customer["language"] or desk.language
    text = templates.render("invoice", language, _invoice_data(store, invoice_id))
    return Letter(
        sender_name=desk.sender_name,
        sender=desk.sender,
        recipient_name=customer["contact"] or customer["name"],
        recipient=recipient,
        subject=text.subject,
        text=text.text,
        html=text.html,
        language=language,
    )


def _invoice_data(store: Store, invoice_id: int) -> dict[str, Any]:
    """What the template says: the invoice as its archived document has it, and what is still open of it."""
    record = invoices.records(store, [invoice_id])[0]
    said = json.loads(store.value("SELECT body FROM document WHERE sha256 = ?", (record["document_sha256"],)))
    seller, buyer = said["seller"], said["buyer"]
    return {
        **{key: said[key] for key in ("number", "issued_on", "period_from", "period_to", "currency", "terms")},
        **{key: _grouped(said[key]) for key in ("net", "tax", "total")},
        "rounding": "" if record["rounding"].strip("0.") == "" else record["rounding"],
        "seller_name": seller["name"] or "",
        "seller_address": seller["address"] or "",
        "seller_tax_id": seller["tax_id"] or "",
        "iban": seller["iban"] or "",
        "buyer_name": buyer["name"],
        "lines": [_line(line) for line in said["lines"]],
        "taxes": [
            {
                "code": tax["code"],
                "rate": format_percent(tax["rate_ppm"]),
                "base": _grouped(tax["base"]),
                "tax": _grouped(tax["tax"]),
                "reason": tax.get("reason") or "",
            }
            for tax in said["taxes"]
        ],
        "instalments": [{"due_on": part["due_on"], "amount": _grouped(part["amount"])} for part in said["instalments"]],
        "paid": _grouped(record["paid"]) if record["status"] == "partly_paid" else "",
        "balance": _grouped(record["balance"]),
        "is_paid": int(record["status"] == "paid"),
    }


def _line(line: dict[str, Any]) -> dict[str, str]:
    return {
        "text": line["text"],
        "quantity": format_micro(line["quantity_micro"]),
        "price": _grouped(format_micro(line["price_micro"])),
        "discount": _grouped(line["discount"]) if line["discount"].strip("0.") else "",
        "net": _grouped(line["net"]),
    }


def _grouped(amount: str) -> str:
    """`1234.50` as `1,234.50`."""
    whole, point, decimals = amount.partition(".")
    return f"{int(whole):,}{point}{decimals}"


def withdrawn(store: Store, mail_id: int) -> str | None:
    """Why a mail need not go any more: its invoice was taken back whole after it was queued."""
    row = store.one(
        "SELECT about, MAX(settlement.recorded_at) AS settled_at, outbox.recorded_at AS queued_at, total_minor,"
        " COALESCE(SUM(settlement.amount_minor), 0) AS back_minor FROM outbox"
        " JOIN invoice ON outbox.kind = 'invoice' AND invoice.id = outbox.record_id"
        " JOIN receivable ON receivable.invoice_id = invoice.id AND receivable.kind = 'invoice'"
        " JOIN settlement ON receivable_id = receivable.id AND settlement.kind IN ('credit', 'void')"
        " WHERE outbox.id = ? GROUP BY about, outbox.recorded_at, total_minor",
        (mail_id,),
    )
    if row is None or row["back_minor"] < row["total_minor"] or row["settled_at"] < row["queued_at"]:
        return None
    return f"{row['about']} was credited in the meantime"
