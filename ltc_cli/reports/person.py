"""All that is stored about a person, to hand it over to them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ltc_cli.mail.message import plain_text
from ltc_cli.receivables import EVER
from ltc_cli.references import name
from ltc_cli.reports.listing import COLUMNS, records
from ltc_cli.reports.thread import timeline
from ltc_cli.stages import erasing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from sqlite3 import Row

    from ltc_cli.references import Reference
    from ltc_cli.store import Store

BUSINESS = {
    "contracts": "SELECT id FROM contract WHERE {these:customer_id}",
    "shipments": "SELECT id FROM shipment WHERE contract_id IN (SELECT id FROM contract WHERE {these:customer_id})",
    "invoices": "SELECT id FROM invoice WHERE {these:customer_id}",
    "credits": "SELECT id FROM credit_note WHERE {these:customer_id}",
    "payments": "SELECT id FROM payment WHERE {these:customer_id}",
    "notices": "SELECT id FROM notice WHERE {these:customer_id}",
}

SAID = {
    "lead": ("name", "company", "email", "phone", "title", "country", "note", "further"),
    "customer": ("name", "contact", "email", "phone", "country", "address", "tax_id", "note", "further"),
}
"""What records of a kind say of a person."""


def record(store: Store, named: Reference, today: date) -> dict[str, Any]:
    """What is known of a lead or a customer and whom they came from, record by record, as `list` shows each kind."""
    person = erasing.person_of(store, named)
    ids = {"leads": person.leads, "customers": person.customers, "opportunities": person.opportunities}
    ids["quotes"] = _ids(store, "SELECT id FROM quote WHERE {these:opportunity_id}", person.opportunities)
    ids |= {kind: _ids(store, sql, person.customers) for kind, sql in BUSINESS.items()}
    of_leads = _ids(store, "SELECT id FROM task WHERE {these:lead_id}", person.leads)
    ids["tasks"] = sorted([*of_leads, *_ids(store, "SELECT id FROM task WHERE {these:customer_id}", person.customers)])
    return {
        "ref": named.text,
        "on": today.isoformat(),
        **{kind: _listed(store, kind, these, today) for kind, these in ids.items()},
        "merged": [*_merged(store, "lead", person.leads), *_merged(store, "customer", person.customers)],
        "mails": _mails(store, [row["id"] for row in erasing.mails_of(store, person)], today),
        "thread": timeline(store, named, EVER),
        "external_ids": _external_ids(store, person),
        "journal": _journal(store, erasing.speaking_details(store, person)),
    }


def _listed(store: Store, kind: str, ids: Sequence[int], today: date) -> list[dict[str, Any]]:
    return [{column.key: row[column.key] for column in COLUMNS[kind]} for row in records(store, kind, ids, today)]


def _ids(store: Store, sql: str, ids: Sequence[int]) -> list[int]:
    return [row["id"] for row in store.among(f"{sql} ORDER BY id", ids)]


def _merged(store: Store, kind: str, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Records that are another one now, with what they said."""
    sql = f"SELECT id, merged_into_id, {', '.join(SAID[kind])} FROM {kind} WHERE {{these:id}} ORDER BY id"
    return [
        {"ref": name(kind, merged_id).text, "into": name(kind, into).text, **dict(zip(SAID[kind], said, strict=True))}
        for merged_id, into, *said in store.among(sql, ids)
        if into is not None
    ]


def _mails(store: Store, ids: Sequence[int], today: date) -> list[dict[str, Any]]:
    """Each with the words that it says."""
    rows = store.among("SELECT id, channel, message FROM outbox WHERE {these:id}", ids)
    words = {row["id"]: _text(row) for row in rows}
    return [
        {**mail, "text": words[mail_id]}
        for mail_id, mail in zip(sorted(words), _listed(store, "mails", sorted(words), today), strict=True)
    ]


def _text(mail: Row) -> str | None:
    return plain_text(mail["message"]) if mail["channel"] == "mail" else mail["message"].decode()


def _external_ids(store: Store, person: erasing.Person) -> list[dict[str, Any]]:
    found = []
    for kind, ids in person.kinds:
        sql = f"SELECT kind, source, value FROM external_id WHERE kind = '{kind}' AND {{these:record_id}}"
        found += [dict(row) for row in store.among(sql, ids)]
    return found


def _journal(store: Store, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Who wrote what about them: what was said, and before and after of what was changed."""
    sql = (
        "SELECT journal.id, business_on, recorded_at, actor, verb, body FROM journal"
        " JOIN journal_detail ON journal_id = journal.id WHERE {these:journal.id} ORDER BY journal.id"
    )
    return [
        {
            "on": row["business_on"],
            "recorded_at": row["recorded_at"],
            "actor": row["actor"],
            "verb": row["verb"],
            "arguments": detail["arguments"],
            "changes": detail["changes"],
        }
        for row in store.among(sql, ids)
        for detail in [json.loads(row["body"])]
    ]
