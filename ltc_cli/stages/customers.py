"""Customers: found again before a new one is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.errors import ConflictError, Problems, RefusedError, UsageError
from ltc_cli.references import find
from ltc_cli.report import Column
from ltc_cli.rules.contact import (
    clean_name,
    clean_text,
    email_domain,
    is_public_domain,
    kept_email,
    normalise_name,
    normalise_tax_id,
)
from ltc_cli.rules.country import normalise_country
from ltc_cli.rules.terms import parse_terms
from ltc_cli.stages.leads import further_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from sqlite3 import Row

    from ltc_cli.references import Reference
    from ltc_cli.settings import Settings
    from ltc_cli.store import Store

COLUMNS = (
    Column("ref", "ref"),
    Column("name"),
    Column("kind", spare=5),
    Column("contact", spare=2),
    Column("email"),
    Column("phone", on_table=False),
    Column("country", spare=1),
    Column("address", on_table=False),
    Column("tax_id", on_table=False),
    Column("language", on_table=False),
    Column("terms", on_table=False),
    Column("tax_code", on_table=False),
    Column("owner", spare=3),
    Column("note", on_table=False),
    Column("dunning", on_table=False),
    Column("created_on", "date", spare=4),
    Column("further", "list", on_table=False, columns=(Column("column"), Column("value"))),
)

FIELDS = ("email", "phone", "contact", "address", "language", "terms", "tax_code", "owner", "note")


class NewCustomer(NamedTuple):
    """A customer as typed; a text that is not known is None."""

    name: str
    contact: str | None = None
    email: str | None = None
    phone: str | None = None
    country: str | None = None
    address: str | None = None
    tax_id: str | None = None
    language: str | None = None
    terms: str | None = None
    tax_code: str | None = None
    owner: str | None = None
    note: str | None = None
    kind: str = "business"


def add(store: Store, entry: NewCustomer, on: date, *, allow_duplicate: bool = False) -> int:
    """Add a customer. Raises ConflictError naming the one that is found under the same tax id, name or domain."""
    values = normalise(entry)
    found = [] if allow_duplicate else candidates(store, values)
    if found:
        raise ConflictError(
            f"{_named(found[0])} is this customer already", "--allow-duplicate adds another one all the same"
        )
    return insert(store, values, on)


def find_or_add(store: Store, entry: NewCustomer, on: date) -> int:
    """The customer by tax id, else by name and country, else by e-mail domain; made when there is none.

    Raises ConflictError when several fit.
    """
    values = normalise(entry)
    found = candidates(store, values)
    if len(found) > 1:
        names = ", ".join(_named(row) for row in found)
        raise ConflictError(f"several customers fit {values['name']}: {names}", "--customer K… says which")
    return found[0]["id"] if found else insert(store, values, on)


def check_settings(entry: NewCustomer, settings: Settings) -> None:
    """Raise UsageError, with all that is wrong, where kind, language, terms or tax code cannot be used."""
    with Problems() as check:
        check(_one_of, "kind", entry.kind, ("business", "consumer"))
        check(_one_of, "language", entry.language, ("en", "zh"))
        check(_one_of, "tax code", entry.tax_code, tuple(settings.taxes))
        if entry.terms:
            check(parse_terms, settings.terms.get(entry.terms, entry.terms), settings.currency)


def _one_of(what: str, text: str | None, known: Sequence[str]) -> None:
    if text and text not in known:
        raise UsageError(f"{text[:40]!r} is no {what}", f"one of: {' '.join(known)}")


def normalise(entry: NewCustomer) -> dict[str, Any]:
    """The columns of a customer, with the forms that it is found again by."""
    with Problems() as check:
        values: dict[str, Any] = {"name": check(clean_name, entry.name, "name"), "kind": entry.kind}
        for field in FIELDS:
            text = getattr(entry, field)
            values[field] = (check(clean_text, text, field) or None) if text is not None else None
        values["country"] = check(normalise_country, entry.country) if entry.country else None
        values["tax_id"] = check(normalise_tax_id, entry.tax_id) if entry.tax_id else None
        email = check(kept_email, values["email"]) if values["email"] else None
    domain = email_domain(email) if email else None
    return {
        **values,
        "name_norm": normalise_name(values["name"]),
        "domain_norm": domain if domain and not is_public_domain(domain) else None,
    }


def candidates(store: Store, values: dict[str, Any]) -> list[Row]:
    """Customers that fit, by the strongest evidence there is."""
    rows: list[Row] = []
    if values["tax_id"]:
        rows = _where(store, "customer.tax_id = ?", values["tax_id"])
    if not rows:
        rows = _where(
            store,
            "customer.name_norm = ? AND (customer.country IS NULL OR ? IS NULL OR customer.country = ?)",
            values["name_norm"],
            values["country"],
            values["country"],
        )
    if not rows and values["domain_norm"]:
        rows = _where(store, "customer.domain_norm = ?", values["domain_norm"])
    return list({row["id"]: row for row in rows if not _contradicts(row, values)}.values())


def _contradicts(row: Row, values: dict[str, Any]) -> bool:
    """Two different tax ids are two customers, whatever their names."""
    return bool(row["known_tax_id"] and values["tax_id"] and row["known_tax_id"] != values["tax_id"])


def _where(store: Store, condition: str, *values: Any) -> list[Row]:
    """One that was merged is known as the one it is part of."""
    return store.all(
        "SELECT kept.*, customer.tax_id AS known_tax_id FROM customer"
        " JOIN customer AS kept ON kept.id = COALESCE(customer.merged_into_id, customer.id)"
        f" WHERE {condition} ORDER BY kept.id, customer.id",
        values,
    )


def _named(row: Row) -> str:
    return f"K{row['id']} {row['name']}"


def insert(store: Store, values: dict[str, Any], on: date) -> int:
    """The id of a new customer; `values` as `normalise` gives them."""
    return store.add(
        "customer", **values, created_on=on.isoformat(), recorded_at=store.recorded_at, batch_id=store.batch_id
    )


class Merged(NamedTuple):
    """What became of a merge."""

    kept: Reference
    gone: str
    """The reference of the one that is part of it."""
    is_new: bool
    not_taken: dict[str, str]
    """What was said of the other and not of the one that is kept, or otherwise; by field."""


def merge(store: Store, text: str, into: str) -> Merged:
    """Make one customer part of another: what happened to either is seen under that one from now on.

    Facts stay as they are, the record only points. Raises RefusedError where it is itself, erased, part of another
    already, would make a circle, or is another by its tax id.
    """
    gone, keep = find(store, text, "customer"), find(store, into, "customer")
    own_id, into_id = _own_id(text, gone), _own_id(into, keep)
    if own_id == into_id:
        raise RefusedError(
            f"K{own_id} cannot become part of itself",
            f"ltc find {gone.text} and its name show the one that is there twice",
        )
    if own_id != gone.id and gone.id == keep.id:
        return Merged(keep, f"K{own_id}", is_new=False, not_taken={})
    if own_id != gone.id:
        raise RefusedError(
            f"K{own_id} is part of {gone.text} already", f"ltc customer merge {keep.text} {gone.text} takes both"
        )
    if gone.id == keep.id:
        raise RefusedError(f"K{into_id} is part of {gone.text}: it cannot take that in", f"ltc show {gone.text}")
    _refuse_erased(store, [gone.id, keep.id])
    rows = {row["id"]: row for row in store.among("SELECT * FROM customer WHERE {these:id}", [gone.id, keep.id])}
    other, kept = rows[gone.id], rows[keep.id]
    if other["tax_id"] and kept["tax_id"] and other["tax_id"] != kept["tax_id"]:
        raise RefusedError(
            f"{gone.text} has the tax id {other['tax_id']}, {keep.text} {kept['tax_id']}: these are two customers",
            f"ltc edit {gone.text} tax_id= where it is wrong",
        )
    for member_id in family(store, [gone.id]):
        store.change("customer", member_id, merged_into_id=keep.id, merged_at=store.recorded_at)
    store.touch(keep.text)
    fields = ("kind", "country", "tax_id", *FIELDS, "dunning")
    not_taken = {field: other[field] for field in fields if other[field] and other[field] != kept[field]}
    return Merged(keep, gone.text, is_new=True, not_taken=not_taken)


def _own_id(text: str, found: Reference) -> int:
    """The id that a reference itself names, whatever that was merged into."""
    typed = text.strip()
    return int(typed[1:]) if typed[:1].upper() == "K" and typed[1:].isascii() and typed[1:].isdigit() else found.id


def _refuse_erased(store: Store, ids: Sequence[int]) -> None:
    for row in store.among("SELECT record_id FROM erasure WHERE kind = 'customer' AND {these:record_id}", ids):
        raise RefusedError(f"K{row['record_id']} is erased: it is merged with nobody", "leave it out")


def survivor(store: Store, customer_id: int) -> int:
    """The customer itself, or the one that it is part of."""
    return int(store.value("SELECT id FROM customer_now WHERE own_id = ?", (customer_id,)))


def family(store: Store, ids: Iterable[int]) -> list[int]:
    """The customers, and all that were merged into them."""
    rows = store.among("SELECT id FROM customer WHERE {these:id} OR {these:merged_into_id} ORDER BY id", ids)
    return [row["id"] for row in rows]


def records(store: Store, ids: Sequence[int] | None = None) -> list[dict[str, Any]]:
    """Customers as they are shown; all of them without ids."""
    rows = store.among("SELECT * FROM customer WHERE merged_into_id IS NULL AND {these:id} ORDER BY id", ids)
    return [
        {
            "ref": f"K{row['id']}",
            **{c.key: row[c.key] for c in COLUMNS[1:-1]},
            "further": further_columns(row["further"]),
        }
        for row in rows
    ]
