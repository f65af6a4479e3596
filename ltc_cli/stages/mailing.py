"""Mailing: which record is written to whom, and whether a mail still has its reason when it goes."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.errors import RefusedError
from ltc_cli.mail import outbox, setting, templates
from ltc_cli.mail.folder import Folder, refuse_unfit
from ltc_cli.mail.message import Letter, refuse_address
from ltc_cli.mail.smtp import Smtp
from ltc_cli.mail.terms_in_words import in_words
from ltc_cli.mail.transport import Way
from ltc_cli.rules import iban, tax
from ltc_cli.rules.contact import normalise_email
from ltc_cli.rules.money import digits, format_amount, format_micro, format_percent, format_price, grouped
from ltc_cli.rules.terms import parse_terms
from ltc_cli.stages import contracts, credit_notes, invoices, opportunities, quotes

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from pathlib import Path
    from sqlite3 import Row

    from ltc_cli.mail.templates import Text
    from ltc_cli.references import Reference
    from ltc_cli.settings import Company, Settings, Tax
    from ltc_cli.store import Store


class Office(NamedTuple):
    """Where mails are written: the sender, the language of those whose customer has none, and in whose words."""

    sender: str
    sender_name: str
    language: str
    company: Company
    taxes: dict[str, Tax]
    templates: Path | None

    def letter(self, text: Text, name: str, address: str, language: str, unsubscribe: str = "") -> Letter:
        """What a template has written, to this name at this address."""
        said = (text.subject, text.text, text.html)
        return Letter(self.sender_name, self.sender, name, address, *said, language, unsubscribe)


class Queued(NamedTuple):
    """A mail, and whether it is in the outbox since now."""

    id: int
    state: str
    is_new: bool


MAILED = ("invoice", "credit", "quote")
"""Kinds of records that are mailed to their customer."""

CUSTOMERS = {
    "invoice": "SELECT customer_id FROM invoice WHERE id = ?",
    "credit": "SELECT customer_id FROM credit_note WHERE id = ?",
    "quote": "SELECT customer_id FROM opportunity WHERE id = (SELECT opportunity_id FROM quote WHERE id = ?)",
}


def office(settings: Settings, *names: str) -> Office:
    """Ready to write by these templates, so that a transaction does not wait for it.

    Raises ConfigError where there is no sender, or one of them is wrong.
    """
    templates.prepare(settings.mail.templates, names)
    sender, name = setting.sender(settings), setting.sender_name(settings)
    return Office(sender, name, settings.language, settings.company, settings.taxes, settings.mail.templates)


def channels(folder: Path | None) -> tuple[str, ...]:
    """What goes to a server, or into a folder."""
    return ("mail",) if folder is None else outbox.CHANNELS


def usual_channels(settings: Settings) -> tuple[str, ...]:
    """What goes without a word of how: to the server, and where there is none into a folder."""
    return outbox.CHANNELS if settings.mail.host is None else ("mail",)


def way_out(settings: Settings, folder: Path | None) -> Way:
    """To the server of the settings, or into a folder. Raises ConfigError or FailedError before anything is queued."""
    if folder is None:
        return Way(channels(folder), partial(Smtp, setting.server(settings.mail)))
    refuse_unfit(folder)
    return Way(channels(folder), partial(Folder, folder))


def queue(
    store: Store, desk: Office, named: Reference, on: date, *, to: str | None = None, again: bool = False
) -> Queued:
    """Queue the mail with an invoice, a credit note or a quote, once for each address unless `again`.

    Raises RefusedError where nobody is to be written to, or where a mail may have arrived and nobody knows.
    """
    customer = store.one(
        "SELECT kept.id, kept.name, kept.contact, kept.email, kept.language FROM customer"
        " JOIN customer AS kept ON kept.id = COALESCE(customer.merged_into_id, customer.id)"
        f" WHERE customer.id = ({CUSTOMERS[named.kind]})",
        (named.id,),
    )
    assert customer is not None
    recipient = _recipient(customer, to)
    found = None if again else outbox.open_mail(store, named.kind, named.id, recipient)
    if found:
        return Queued(found["id"], found["state"], is_new=False)
    letter = _letter(store, desk, named, customer, recipient, on)
    about = outbox.About(named.kind, named.id, named.text, customer["id"])
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


def _letter(store: Store, desk: Office, named: Reference, customer: Row, recipient: str, on: date) -> Letter:
    language = customer["language"] or desk.language
    if named.kind == "quote":
        data = _quote_data(store, desk, named, on, language)
    else:
        data = DATA[named.kind](store, desk, named.id)
    text = templates.render(named.kind, language, data, desk.templates)
    return desk.letter(text, customer["contact"] or customer["name"], recipient, language)


def _invoice_data(store: Store, desk: Office, invoice_id: int) -> dict[str, Any]:
    """What the template says: the invoice as its archived document has it, and what is still open of it."""
    record = invoices.records(store, [invoice_id])[0]
    said = _archived(store, record["document_sha256"])
    if "seller" not in said:  # it is what the file said of it
        hint = f"ltc statement {record['customer']}"
        raise RefusedError(f"{record['ref']} was imported: its text is not known", hint)
    return {
        **_document_data(said, desk),
        **{key: said[key] for key in ("period_from", "period_to", "terms")},
        "iban": iban.printed(said["seller"]["iban"] or desk.company.iban or ""),
        "instalments": [
            {"due_on": part["due_on"], "amount": grouped(part["balance"])}
            for part in record["instalments"]
            if part["balance"].strip("0.")
        ],
        "discount": _discount(said, record),
        "paid": grouped(record["paid"]) if record["status"] == "partly_paid" and record["paid"].strip("0.") else "",
        "balance": grouped(record["balance"]),
        "is_paid": int(record["status"] == "paid"),
    }


def _discount(said: dict[str, Any], record: dict[str, Any]) -> dict[str, str] | None:
    """What is offered for early payment, as long as nobody has paid."""
    offer = said.get("discount")
    if not offer or record["status"] != "open":
        return None
    return {"until": offer["until"], "percent": offer["percent"], "amount": grouped(offer["amount"])}


def _credit_data(store: Store, desk: Office, credit_id: int) -> dict[str, Any]:
    """The credit note as its archived document has it, and what has become of it."""
    record = credit_notes.records(store, [credit_id])[0]
    said = _archived(store, record["document_sha256"])
    return {
        **_document_data(said, desk),
        "invoice_number": said["invoice"]["number"],
        "invoice_issued_on": said["invoice"]["issued_on"],
        "reason": said["reason"],
        **{key: _unless_nothing(record[key]) for key in ("applied", "refunded", "unapplied")},
    }


DATA: dict[str, Callable[[Store, Office, int], dict[str, Any]]] = {"invoice": _invoice_data, "credit": _credit_data}


def _unless_nothing(amount: str) -> str:
    return grouped(amount) if amount.strip("0.") else ""


def _archived(store: Store, document_sha256: str) -> Any:
    return json.loads(store.value("SELECT body FROM document WHERE sha256 = ?", (document_sha256,)))


def _document_data(said: dict[str, Any], desk: Office) -> dict[str, Any]:
    """What invoices and credit notes have in common; what was not known of the seller yet, as it is now."""
    seller = {key: said["seller"][key] or now for key, now in vars(desk.company).items() if key in said["seller"]}
    return {
        **{key: said[key] for key in ("number", "issued_on", "currency")},
        **{key: grouped(said[key]) for key in ("net", "tax", "total")},
        "rounding": said["rounding"] if said.get("rounding", "").strip("-0.") else "",
        **_seller(seller),
        **_buyer(said["buyer"]),
        "lines": [_line(line, said["currency"]) for line in said["lines"]],
        "taxes": [_tax(each) for each in said["taxes"]],
    }


def _quote_data(store: Store, desk: Office, named: Reference, on: date, language: str) -> dict[str, Any]:
    """The quote as it stands: it has no archived document until it is signed."""
    record = quotes.records(store, [named.id], today=on)[0]
    currency, lines = record["currency"], quotes.lines_of(store, "quote", named.id)
    groups = tax.totals(lines, record["tax_rounding"], digits(currency)).groups
    return {
        **{key: record[key] for key in ("version", "currency", "terms", "valid_until")},
        "payment": in_words(parse_terms(record["terms"], currency), currency, language),
        **{key: grouped(record[key]) for key in ("net", "tax", "total")},
        "rounding": "",
        **_seller(vars(desk.company)),
        "number": named.text,
        "title": store.value("SELECT title FROM opportunity WHERE id = ?", (int(record["opportunity"][1:]),)),
        "created_on": record["created_on"],
        **_buyer(contracts.buyer(store, int(record["customer"][1:]))),
        "lines": [_line(contracts.line_document(line, currency), currency) for line in lines],
        "taxes": [_tax(invoices.tax_document(each, invoices.words(desk.taxes, each.tax), currency)) for each in groups],
    }


def _seller(company: dict[str, Any]) -> dict[str, str]:
    return {f"seller_{key}": company[key] or "" for key in ("name", "address", "tax_id")}


def _buyer(buyer: dict[str, Any]) -> dict[str, str]:
    return {f"buyer_{key}": buyer[key] or "" for key in ("name", "address")}


def _tax(said: dict[str, Any]) -> dict[str, str]:
    return {
        "code": said["code"],
        "name": said.get("name") or "",
        "rate": format_percent(said["rate_ppm"]),
        "base": grouped(said["base"]),
        "tax": grouped(said["tax"]),
        "reason": said.get("reason") or "",
    }


def _line(line: dict[str, Any], currency: str) -> dict[str, str]:
    return {
        "text": line["text"],
        "quantity": format_micro(line["quantity_micro"]),
        "price": grouped(format_price(line["price_micro"], currency)),
        "discount": _unless_nothing(line["discount"]),
        "net": grouped(line["net"]),
    }


def withdrawn(store: Store, mail_id: int, kind: str, on: date) -> str | None:
    """Why a mail need not go any more: its invoice was settled, its credit note used, or its quote lapsed."""
    match kind:
        case "invoice":
            return _settled(store, mail_id)
        case "credit":
            return _used(store, mail_id)
        case _:
            return _lapsed(store, mail_id, on)


LAPSED = {
    "rejected": "{about} was rejected in the meantime",
    "superseded": "{about} was replaced by {newest} in the meantime",
    "expired": "{about} has expired in the meantime",
}
"""What nobody can accept any more, by the state of the quote."""


def _lapsed(store: Store, mail_id: int, on: date) -> str | None:
    (mail,) = store.all("SELECT about, record_id FROM outbox WHERE id = ?", (mail_id,))
    (quote,) = quotes.records(store, [mail["record_id"]], today=on)
    opportunity_id = int(quote["opportunity"][1:])
    (opportunity,) = opportunities.records(store, [opportunity_id])
    if quote["status"] in LAPSED:
        newest = quotes.newest(store, opportunity_id)
        return LAPSED[quote["status"]].format(about=mail["about"], newest=newest.text if newest else "")
    return f"{opportunity['ref']} was lost in the meantime" if opportunity["status"] == "lost" else None


SETTLED = {
    "payment": "{what} was paid",
    "discount": "{what} was paid",
    "credit": "{what} was credited",
    "void": "{what} was withdrawn",
    "writeoff": "{what} was written off",
    "reversal": "{what} is open again",
}
"""What happened to an invoice, or a part of it, by the kind of its settlement."""


def _settled(store: Store, mail_id: int) -> str | None:
    """It asks for what was open when it was queued; what was taken back as well has changed nothing."""
    rows = store.all(
        "SELECT about, settlement.kind, receivable.currency, SUM(settlement.amount_minor) AS settled_minor,"
        " (SELECT total_minor FROM invoice WHERE invoice.id = outbox.record_id) AS total_minor FROM outbox"
        " JOIN receivable ON invoice_id = outbox.record_id AND receivable.kind = 'invoice'"
        " JOIN settlement ON receivable_id = receivable.id AND settlement.recorded_at > outbox.recorded_at"
        " WHERE outbox.id = ? GROUP BY about, settlement.kind, receivable.currency, outbox.record_id"
        " ORDER BY ABS(SUM(settlement.amount_minor)) DESC",
        (mail_id,),
    )
    all_minor = sum(row["settled_minor"] for row in rows)
    if not all_minor:
        return None
    about, kind, currency, settled_minor, total_minor = rows[0]
    is_whole = abs(all_minor) >= total_minor
    return _changed(SETTLED[kind], about, currency, settled_minor, is_whole=is_whole)


USED = {
    "applied": "{what} was set off",
    "refunded": "{what} was paid back",
    "freed": "{what} stands to the customer's credit again",
}
"""What happened to a credit note, or a part of it."""


USED_SINCE = """
SELECT kind, SUM(minor) AS used_minor FROM (
    SELECT 'applied' AS kind, amount_minor AS minor, recorded_at FROM settlement WHERE credit_id = ?1
    UNION ALL SELECT 'refunded', amount_minor, recorded_at FROM refund WHERE credit_id = ?1
    UNION ALL SELECT 'refunded', -amount_minor, refund_reversal.recorded_at FROM refund_reversal
        JOIN refund ON refund.id = refund_id WHERE credit_id = ?1
) WHERE recorded_at > ?2 GROUP BY kind HAVING SUM(minor) <> 0 ORDER BY ABS(SUM(minor)) DESC
"""


def _used(store: Store, mail_id: int) -> str | None:
    """It says what was left of a credit note when it was queued."""
    (mail,) = store.all("SELECT record_id, recorded_at FROM outbox WHERE id = ?", (mail_id,))
    used = store.one(USED_SINCE, (mail["record_id"], mail["recorded_at"]))
    if used is None:
        return None
    (note,) = store.all("SELECT number, currency, total_minor FROM credit_note WHERE id = ?", (mail["record_id"],))
    kind, minor = used["kind"] if used["used_minor"] > 0 else "freed", used["used_minor"]
    is_whole = abs(minor) == note["total_minor"]
    return _changed(USED[kind], note["number"], note["currency"], minor, is_whole=is_whole)


def _changed(words: str, about: str, currency: str, minor: int, *, is_whole: bool) -> str:
    part = "" if is_whole else f"{format_amount(abs(minor), currency)} {currency} of "
    return f"{words.format(what=f'{part}{about}')} in the meantime: ltc send {about} mails it as it stands now"
