"""Edits: contact data and settings of leads, customers, items and opportunities; facts and money are never edited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.errors import Problems, RefusedError, UsageError
from ltc_cli.receivables import unmailed
from ltc_cli.references import an
from ltc_cli.rules.calendar import parse_date
from ltc_cli.rules.contact import clean_name, clean_text
from ltc_cli.stages import customers, dunning, erasing, leads, quotes
from ltc_cli.stages.readdressing import readdress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from ltc_cli.references import Reference
    from ltc_cli.settings import Settings
    from ltc_cli.store import Store

FIELDS = {
    "lead": ("name", "company", "email", "phone", "title", "country", "source", "campaign", "owner", "note"),
    "customer": (
        "name",
        "kind",
        "contact",
        "email",
        "phone",
        "country",
        "address",
        "tax_id",
        "language",
        "terms",
        "tax_code",
        "owner",
        "note",
        "dunning",
    ),
    "invoice": ("dunning",),
    "item": ("name", "unit", "tax_code"),
    "opportunity": ("title", "owner", "close_on", "next_on", "next_step"),
}


class Edited(NamedTuple):
    """Whether anything changed, and what has become of mails that waited for an address that was corrected."""

    is_new: bool
    said: list[str]


def edit(store: Store, settings: Settings, record: Reference, texts: Sequence[str], today: date) -> Edited:
    """Set fields of a record, as `FIELD=VALUE`.

    Raises RefusedError for records that are facts, UsageError for unknown fields and values that cannot be read.
    """
    if record.kind not in FIELDS or (record.kind == "invoice" and not _is_dunning(texts)):
        raise RefusedError(
            f"{record.text} is a fact: {an(record.kind)} is never edited",
            f"ltc show {record.text} says what can follow",
        )
    if erasing.erased_on(store, record):
        raise RefusedError(f"{record.text} is erased", "who comes anew is a new lead: ltc lead add")
    fields = _fields(record, texts)
    if record.kind == "invoice":
        return Edited(_choose_dunning(store, settings, record, fields), [])
    present = store.one(f"SELECT * FROM {record.kind} WHERE id = ?", (record.id,))
    assert present is not None
    values = READERS[record.kind](dict(present), fields, settings, today)
    if record.kind == "lead" and values["email_norm"] != present["email_norm"]:
        leads.refuse_duplicate(store, values, "clear it there first, or ltc lead merge")
        leads.keep_fingerprint(store, record.id)
    changed = {column: value for column, value in values.items() if value != present[column]}
    if changed:
        store.change(record.kind, record.id, **changed)
        store.touch(record.text)
    said = readdress(store, today)
    writes_otherwise = record.kind == "customer" and {"email", "contact", "name"}.intersection(changed)
    if settings.mail.invoices and writes_otherwise and values["email"]:
        unsaid = [row["number"] for row in unmailed(store, today.isoformat(), record.id)]
        said += [f"{number} was never mailed: ltc send {number}" for number in unsaid]
    return Edited(bool(changed), said)


def _is_dunning(texts: Sequence[str]) -> bool:
    """Whether nothing else is asked for: what an invoice says never changes, only how it is dunned."""
    return all(text.partition("=")[0].strip() == "dunning" and "=" in text for text in texts)


def _fields(record: Reference, texts: Sequence[str]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    with Problems() as check:
        for text in texts:
            field, value = check(_field, record, text) or ("", None)
            found[field] = value
    return found


def _field(record: Reference, text: str) -> tuple[str, str | None]:
    field, separator, value = text.partition("=")
    known = FIELDS[record.kind]
    if not separator or field.strip() not in known:
        raise UsageError(f"{text[:60]!r} is no FIELD=VALUE of {an(record.kind)}", f"fields: {' '.join(known)}")
    return field.strip(), value.strip() or None


def _lead(present: dict[str, Any], fields: dict[str, str | None], _settings: Settings, _today: date) -> dict[str, Any]:
    entry = leads.NewLead(**{field: fields.get(field, present[field]) for field in FIELDS["lead"]})
    return leads.normalise(entry._replace(name=entry.name or ""))


def _customer(
    present: dict[str, Any], fields: dict[str, str | None], settings: Settings, _today: date
) -> dict[str, Any]:
    known = [field for field in FIELDS["customer"] if field != "dunning"]
    entry = customers.NewCustomer(**{field: fields.get(field, present[field]) for field in known})
    entry = entry._replace(name=entry.name or "", kind=entry.kind or "business")
    customers.check_settings(entry, settings)
    chosen = fields.get("dunning", present["dunning"])
    _refuse_unknown_policy(settings, fields.get("dunning"))
    return {**customers.normalise(entry), "dunning": chosen}


def _item(present: dict[str, Any], fields: dict[str, str | None], settings: Settings, today: date) -> dict[str, Any]:
    """A price comes with an import: what it was is then known, row by row."""
    with Problems() as check:
        values = {field: check(clean_text, text or "", field) or None for field, text in fields.items()}
        if "name" in fields:
            values["name"] = check(clean_name, fields["name"] or "")
        if values.get("tax_code"):
            known = check(quotes.tax_code, settings, values["tax_code"], today)
            values["tax_code"] = known.code if known else None
    return {**{field: present[field] for field in FIELDS["item"]}, **values}


def _choose_dunning(store: Store, settings: Settings, invoice: Reference, fields: dict[str, str | None]) -> bool:
    """The dunning policy of one invoice, the only thing about it that may change: a fact of its own."""
    chosen = fields["dunning"]
    _refuse_unknown_policy(settings, chosen)
    row = store.one("SELECT policy FROM dunning_choice_now WHERE invoice_id = ?", (invoice.id,))
    if chosen == (row["policy"] if row else None):
        return False
    store.add("dunning_choice", invoice_id=invoice.id, policy=chosen, recorded_at=store.recorded_at)
    store.touch(invoice.text)
    return True


def _refuse_unknown_policy(settings: Settings, name: str | None) -> None:
    known = (dunning.OFF, *settings.dunning.policies)
    if name is not None and name not in known:
        raise UsageError(f"{name[:40]!r} is no dunning policy", f"one of: {' '.join(known)}")


def _opportunity(
    present: dict[str, Any], fields: dict[str, str | None], _settings: Settings, today: date
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    with Problems() as check:
        for field, text in fields.items():
            if field == "title":
                values[field] = check(clean_name, text or "", field)
            elif text and field.endswith("_on"):
                day = check(parse_date, text, today)
                values[field] = day.isoformat() if day else None
            else:
                values[field] = check(clean_text, text, field) if text else None
    return {**{field: present[field] for field in FIELDS["opportunity"]}, **values}


READERS: dict[str, Callable[[dict[str, Any], dict[str, str | None], Settings, date], dict[str, Any]]] = {
    "lead": _lead,
    "customer": _customer,
    "item": _item,
    "opportunity": _opportunity,
}
