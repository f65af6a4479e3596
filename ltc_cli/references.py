"""What `L1`, `o1`, `C1` or `INV-2026-0001` name, and the records that hang on the same thread."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, NamedTuple

from ltc_cli.errors import ConflictError, NotFoundError, RefusedError, UsageError
from ltc_cli.rules.contact import normalise_code
from ltc_cli.store import PREFIXES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltc_cli.store import Store

KINDS = {prefix: kind for kind, prefix in PREFIXES.items()}

OF_LEAD = "LEFT JOIN lead ON lead.id = opportunity.lead_id"
OF_CUSTOMER = "JOIN customer ON customer.id = opportunity.customer_id"
OF_QUOTE = "JOIN quote ON quote.opportunity_id = opportunity.id"
OF_CONTRACT = "JOIN contract ON contract.opportunity_id = opportunity.id"
OF_SHIPMENT = "JOIN shipment ON shipment.contract_id = contract.id"
OF_INVOICE = "JOIN invoice ON invoice.contract_id = contract.id"
OF_CREDIT = "JOIN credit_note ON credit_note.invoice_id = invoice.id"

# Where a kind stands in the thread of an opportunity: its column, and the joins that lead there.
THREAD = {
    "lead": ("COALESCE(lead.merged_into_id, lead.id)", (OF_LEAD,)),
    "customer": ("COALESCE(customer.merged_into_id, customer.id)", (OF_CUSTOMER,)),
    "opportunity": ("opportunity.id", ()),
    "quote": ("quote.id", (OF_QUOTE,)),
    "contract": ("contract.id", (OF_CONTRACT,)),
    "shipment": ("shipment.id", (OF_CONTRACT, OF_SHIPMENT)),
    "invoice": ("invoice.id", (OF_CONTRACT, OF_INVOICE)),
    "credit": ("credit_note.id", (OF_CONTRACT, OF_INVOICE, OF_CREDIT)),
}

FAMILY = "(SELECT id FROM customer WHERE id = ? OR merged_into_id = ?)"
"""A customer, and those that were merged into it; by the indexes."""
OF_FAMILY = f"opportunity.customer_id IN {FAMILY}"
OWNED = "SELECT customer.id FROM {table} JOIN customer_now AS customer ON own_id = customer_id WHERE {table}.id = ?"

# What needs no opportunity in between: an imported invoice hangs on its customer, and on no contract.
DIRECTLY = {
    ("customer", "invoice"): f"SELECT id FROM invoice WHERE customer_id IN {FAMILY} ORDER BY id",
    ("customer", "credit"): f"SELECT id FROM credit_note WHERE customer_id IN {FAMILY} ORDER BY id",
    ("invoice", "customer"): OWNED.format(table="invoice"),
    ("credit", "customer"): OWNED.format(table="credit_note"),
    ("notice", "customer"): OWNED.format(table="notice"),
    ("invoice", "credit"): "SELECT id FROM credit_note WHERE invoice_id = ? ORDER BY id",
    ("credit", "invoice"): "SELECT invoice_id AS id FROM credit_note WHERE id = ? AND invoice_id IS NOT NULL",
}

NUMBERED = {"invoice": "invoice", "credit": "credit_note"}
"""Kinds that have a legal number for a name, and their tables."""

MISSING = {
    "opportunity": "ltc promote {ref}",
    "quote": "ltc quote {ref} --line …",
    "contract": "ltc sign {ref}",
    "shipment": "ltc ship {ref}",
    "invoice": "ltc invoice {ref}",
    "credit": "ltc credit {ref} --reason …",
}


LISTS = {"opportunity": "ltc list opportunities", "outbox": "ltc outbox list"}
"""Where records of a kind are listed, if not by its plural."""


class Reference(NamedTuple):
    kind: str
    id: int
    text: str


def find(store: Store, text: str, *wanted: str) -> Reference:
    """The record of a wanted kind that the text names, or the only one on its thread.

    Raises NotFoundError when there is no such record, RefusedError when its thread has none of the wanted kind yet,
    ConflictError when it has several.
    """
    named = look_up(store, text)
    if not wanted or named.kind in wanted:
        return named
    for kind in wanted:
        found = on_thread(store, named, kind)
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(each.text for each in found)
            raise ConflictError(f"{named.text} has several of the kind {kind}: {names}", "name one of them")
    if named.kind in THREAD and wanted[0] in THREAD:
        hint = "ltc show {ref}" if named.kind in NUMBERED else MISSING.get(wanted[0], "")
        raise RefusedError(f"{named.text} has no {wanted[0]} yet", hint.format(ref=named.text) or None)
    raise _other_kind(named, wanted)


def find_itself(store: Store, text: str, *wanted: str) -> Reference:
    """The record of a wanted kind that the text itself names, and none that only hangs on the same thread.

    Raises NotFoundError when there is no such record, UsageError for one of another kind; its hint has those meant.
    """
    named = look_up(store, text)
    if named.kind in wanted:
        return named
    meant = [f"its {kind} {each.text}" for kind in wanted for each in on_thread(store, named, kind)]
    raise _other_kind(named, wanted, f"name {' or '.join(meant)}" if meant else "")


def _other_kind(named: Reference, wanted: Sequence[str], hint: str = "") -> UsageError:
    return UsageError(f"{named.text} is {an(named.kind)}; {' or '.join(wanted)} is needed here", hint or None)


def look_up(store: Store, text: str) -> Reference:
    """The record that the text itself names; a merged one is the record it was merged into, an item its code."""
    cleaned = text.strip()
    kind = _kind(cleaned)
    if kind and len(cleaned) <= 19:
        record_id = _survivor(store, kind, int(cleaned[1:]))
        if record_id is not None:
            return name(kind, record_id)
    for numbered, table in NUMBERED.items():
        row = store.one(f"SELECT id, number FROM {table} WHERE number = ?", (_encodable(cleaned),))
        if row:
            return Reference(numbered, row["id"], row["number"])
    item = store.one("SELECT id, code FROM item WHERE code_norm = ?", (normalise_code(_encodable(cleaned)),))
    if item:
        return Reference("item", item["id"], item["code"])
    raise NotFoundError(f"there is no record {_shortened(cleaned)}", _where_to_look(cleaned))


def _kind(text: str) -> str | None:
    """The kind of which the text is a number, such as `L1`."""
    digits = text[1:]
    return KINDS.get(text[:1].upper()) if digits.isascii() and digits.isdigit() else None


def _where_to_look(text: str) -> str:
    """The list of its kind; words are names, and `find` knows them; the rest are numbers that no list has."""
    if kind := _kind(text):
        return LISTS.get(kind, f"ltc list {kind}s")
    is_name = text[:2].isalpha() and "-" not in text and text.isprintable()
    lists = "ltc list leads, ltc list invoices and so on show what there is"
    return f"ltc find {shlex.quote(_shortened(text))} looks for a name; {lists}" if is_name else lists


def name(kind: str, record_id: int) -> Reference:
    return Reference(kind, record_id, f"{PREFIXES[kind]}{record_id}")


def on_thread(store: Store, start: Reference, kind: str) -> list[Reference]:
    """Every record of the kind on the thread of another, oldest first."""
    if start.kind == "payment":
        return _of_payment(store, start, kind)
    if start.kind == "task":
        return _of_task(store, start, kind)
    directly = DIRECTLY.get((start.kind, kind))
    if directly:
        rows = store.all(directly, (start.id,) * directly.count("?"))
        return [_named(store, kind, row["id"]) for row in rows]
    if start.kind not in THREAD or kind not in THREAD:
        return []
    start_column, start_joins = THREAD[start.kind]
    column, joins = THREAD[kind]
    condition = OF_FAMILY if start.kind == "customer" else f"{start_column} = ?"
    rows = store.all(
        f"SELECT DISTINCT {column} AS id FROM opportunity {' '.join(dict.fromkeys((*start_joins, *joins)))}"
        f" WHERE {condition} AND {column} IS NOT NULL ORDER BY 1",
        (start.id,) * condition.count("?"),
    )
    return [_named(store, kind, row["id"]) for row in rows]


def _of_payment(store: Store, payment: Reference, kind: str) -> list[Reference]:
    customer_id = store.value(
        "SELECT customer.id FROM payment JOIN customer_now AS customer ON own_id = customer_id WHERE payment.id = ?",
        (payment.id,),
    )
    customer = name("customer", customer_id)
    return [customer] if kind == "customer" else on_thread(store, customer, kind)


def _of_task(store: Store, task: Reference, kind: str) -> list[Reference]:
    """The lead or customer that it is about, and what is on their thread."""
    row = store.one("SELECT lead_id, customer_id FROM task WHERE id = ?", (task.id,))
    assert row
    about = "lead" if row["lead_id"] else "customer"
    start = name(about, _survivor(store, about, row[f"{about}_id"]) or 0)
    return [start] if kind == about else on_thread(store, start, kind)


def _named(store: Store, kind: str, record_id: int) -> Reference:
    if kind not in NUMBERED:
        return name(kind, record_id)
    number = store.value(f"SELECT number FROM {NUMBERED[kind]} WHERE id = ?", (record_id,))
    return Reference(kind, record_id, number)


def an(kind: str) -> str:
    """`a lead`, `an invoice`."""
    if kind == "outbox":
        return "a mail"
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _survivor(store: Store, kind: str, record_id: int) -> int | None:
    merged = "merged_into_id" if kind in ("lead", "customer") else "NULL"
    row = store.one(f"SELECT COALESCE({merged}, id) AS id FROM {kind} WHERE id = ?", (record_id,))
    return row["id"] if row else None


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}…"
