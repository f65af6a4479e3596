"""Erasing: what is stored about a person goes; invoices and contracts stay for as long as the law asks.

The records themselves stay, without a word about anybody, so that figures keep adding up and nothing points into the
void. What is gone from the rows is gone from the journal's details and the answers that keys remember as well.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.errors import ConflictError, RefusedError
from ltc_cli.mail import outbox
from ltc_cli.receivables import held, open_items
from ltc_cli.report import Column, Report, to_text
from ltc_cli.rules.contact import normalise_email
from ltc_cli.stages import contracts, customers, leads, notice_mails, opportunities, suppression
from ltc_cli.store import ERASED, canonical_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date
    from sqlite3 import Row

    from ltc_cli.references import Reference
    from ltc_cli.store import Store

COLUMNS = (
    Column("ref", "ref"),
    Column("status", "status"),
    Column("erased_on", "date"),
    Column("removed", "list", columns=(Column("what"), Column("count", "count"))),
    Column("kept", "list", columns=(Column("what"), Column("ref", "ref"), Column("why"))),
)

UNFINDABLE = f" {ERASED} "
"""A normalised name that no name becomes."""
NUMBERS = ("email", "email_norm", "phone", "phone_norm", "tax_id")
"""What is one person's alone, and so is looked for wherever it may stand."""
LONG_ENOUGH = 6
"""Characters of such a number at least; a shorter one may be a part of anything."""
TEXTS = ("name", "contact", "title", "address", "note", "reason", "next_step", *NUMBERS)
USUAL = ", ".join(f"'{reason}'" for reason in (*leads.DROP_REASONS, *opportunities.LOSE_REASONS))
"""Reasons for a drop or a loss that say nothing of a person."""

LAW = "the law asks to keep it as it was issued, signed or booked, with its reasons"
LETTER = "a business letter, kept with its document"
OFFER = "what was offered stays told"


class Person(NamedTuple):
    """Whose data goes: the records that hold it, and the words it is looked for by."""

    leads: list[int]
    customers: list[int]
    opportunities: list[int]
    touches: list[int]
    batches: list[int]
    """Imports that brought any of it."""
    numbers: set[str]
    texts: set[str]
    """All that is said of them, for the examples that an import's answer shows."""

    @property
    def kinds(self) -> tuple[tuple[str, list[int]], ...]:
        """Records whose ids in other programs go. An opportunity goes with its customer."""
        opportunities = self.opportunities if self.customers else []
        return ("lead", self.leads), ("customer", self.customers), ("opportunity", opportunities)


def erase(store: Store, named: Reference, on: date) -> dict[str, Any]:
    """Remove what is stored about a lead, or about a customer and the leads it comes from.

    Raises RefusedError while something is open with the customer, ConflictError while a mail is on its way.
    """
    person = person_of(store, named)
    mails = mails_of(store, person)
    _refuse_mails_on_their_way(mails)
    withdrawn = _withdraw(store, mails, on)
    if named.kind == "customer":
        _refuse_open_business(store, named, person.customers, withdrawn)
    store.connection.execute("PRAGMA secure_delete = ON")
    answers, details = _speaking_answers(store, person), speaking_details(store, person)
    for kind, ids in (("lead", person.leads), ("customer", person.customers)):
        for record_id in ids:
            store.add(
                "erasure", kind=kind, record_id=record_id, erased_on=on.isoformat(), recorded_at=store.recorded_at
            )
    _suppress(store, person, on)
    removed = {
        "mail": _erase_mails(store, mails),
        "id or row of an import": _erase_ids(store, person),
        "note of a touch": _change(store, CLEAR_TOUCHES, person.leads),
        "note of a decision": _change(store, CLEAR_DECISIONS, person.leads)
        + _change(store, CLEAR_STAGES, person.opportunities),
        "reason of a hold or dispute": _change(store, CLEAR_HOLDS, person.customers),
        "task": sum(
            _change(store, sql.format(about=about), ids)
            for about, ids in (("lead_id", person.leads), ("customer_id", person.customers))
            for sql in CLEAR_TASKS
        ),
        "lead": _change(store, CLEAR_LEAD, person.leads),
        "customer": _change(store, CLEAR_CUSTOMER, person.customers),
        "opportunity": _change(store, CLEAR_OPPORTUNITY, person.opportunities),
        # The chain of the entries stays whole without their details.
        "detail of the journal": _change(store, "DELETE FROM journal_detail WHERE journal_id = ?", details),
        "remembered answer": _forget_answers(store, answers, named),
    }
    store.touch(named.text)
    return {
        "ref": named.text,
        "status": ERASED,
        "erased_on": on.isoformat(),
        "removed": [{"what": what, "count": count} for what, count in removed.items() if count],
        "kept": _kept(store, person),
    }


def erased_on(store: Store, named: Reference) -> str | None:
    """The day on which it was erased before."""
    row = store.one("SELECT erased_on FROM erasure WHERE kind = ? AND record_id = ?", (named.kind, named.id))
    return row["erased_on"] if row else None


# Whose data


NOT_ERASED = "NOT EXISTS (SELECT 1 FROM erasure WHERE kind = 'lead' AND record_id = lead.id)"


def person_of(store: Store, named: Reference) -> Person:
    """Whose data hangs together with a lead or a customer."""
    return _of_lead(store, named) if named.kind == "lead" else _of_customer(store, named)


def _of_lead(store: Store, lead: Reference) -> Person:
    """The lead and all that were merged into it; its customer where nothing was ever signed, billed or paid."""
    family = leads.family(store, [lead.id])
    sold = store.among("SELECT id, customer_id FROM opportunity WHERE {these:lead_id}", family)
    buyers = {row["customer_id"] for row in sold}
    alone = [each for each in buyers if _is_of_these_alone(store, each, [row["id"] for row in sold])]
    return _person(store, family, customers.family(store, alone), [row["id"] for row in sold])


def _is_of_these_alone(store: Store, customer_id: int, opportunities: Sequence[int]) -> bool:
    ids = customers.family(store, [customer_id])
    others = set(_ids(store, "SELECT id FROM opportunity WHERE {these:customer_id}", ids)) - set(opportunities)
    return not others and not _business(store, ids)


def _of_customer(store: Store, customer: Reference) -> Person:
    """The customer, all that were merged into it, and the leads that it comes from that are not erased yet."""
    family = customers.family(store, [customer.id])
    opportunities = _ids(store, "SELECT id FROM opportunity WHERE {these:customer_id}", family)
    roots = _ids(
        store,
        "SELECT COALESCE(merged_into_id, lead.id) AS id FROM lead JOIN opportunity ON lead_id = lead.id"
        " WHERE {these:opportunity.id}",
        opportunities,
    )
    leads = _ids(store, f"SELECT id FROM lead WHERE {{these:COALESCE(merged_into_id, id)}} AND {NOT_ERASED}", roots)
    return _person(store, leads, family, opportunities)


def _ids(store: Store, sql: str, ids: Iterable[int]) -> list[int]:
    return sorted({row["id"] for row in store.among(sql, ids)})


def _person(store: Store, leads: list[int], customers: list[int], opportunities: list[int]) -> Person:
    rows = [
        dict(row)
        for table, column, ids in (
            ("lead", "id", leads),
            ("customer", "id", customers),
            ("opportunity", "id", opportunities),
            ("opportunity_event", "opportunity_id", opportunities),
            ("touch", "lead_id", leads),
            *((kind, "customer_id", customers) for kind in ("contract", "invoice", "credit_note", "payment")),
        )
        for row in store.among(f"SELECT * FROM {table} WHERE {{these:{column}}}", ids)
    ]
    batches = sorted({row["batch_id"] for row in rows if row["batch_id"]})
    texts = {row[field] for row in rows for field in TEXTS if row.get(field)}
    texts |= {text for row in rows if row.get("further") for text in json.loads(row["further"]).values()}
    numbers = {row[field] for row in rows for field in NUMBERS if len(row.get(field) or "") >= LONG_ENOUGH}
    touches = _ids(store, "SELECT id FROM touch WHERE {these:lead_id}", leads)
    return Person(leads, customers, opportunities, touches, batches, numbers, texts)


# What stands against it


def _refuse_open_business(store: Store, customer: Reference, family: Sequence[int], withdrawn: Sequence[int]) -> None:
    """`withdrawn`: the mails of notices that would take their claims along, which may have been paid."""
    if open_items(store, "customer", [customer.id]):
        raise RefusedError(f"{customer.text} owes something still", f"ltc show {customer.text}")
    for kind, table in (("payment", "payment"), ("credit", "credit_note")):
        ids = _ids(store, f"SELECT id FROM {table} WHERE {{these:customer_id}}", family)
        if any(left.unapplied_minor for left in held(store, kind, ids).values()):
            drops = "".join(f"ltc outbox drop M{mail_id}; " for mail_id in withdrawn)
            raise RefusedError(f"{customer.text} has credit still", f"{drops}ltc refund pays it back")
    signed = _ids(store, "SELECT id FROM contract WHERE {these:customer_id}", family)
    for record in contracts.records(store, signed):
        if record["status"] in ("signed", "fulfilled"):
            raise RefusedError(
                f"{record['ref']} is {record['status']}: {customer.text} is needed for it", f"ltc show {record['ref']}"
            )


def mails_of(store: Store, person: Person) -> list[Row]:
    """Mails of sequences to the leads, and mails with documents to the customers."""
    sql = "SELECT id, kind, state FROM outbox WHERE kind {} AND {{these:{}}}"
    about_leads = store.among(sql.format("= 'lead'", "record_id"), person.leads)
    return about_leads + store.among(sql.format("<> 'lead'", "customer_id"), person.customers)


def _refuse_mails_on_their_way(mails: Sequence[Row]) -> None:
    for row in mails:
        if row["state"] == "sending":
            raise ConflictError(f"M{row['id']} is being sent at this moment", "ltc outbox send, and try again")
        if row["state"] == "unknown" and row["kind"] == "notice":  # what it claims stands if it has arrived
            ref = f"M{row['id']}"
            raise ConflictError(f"{ref} may have arrived, or not", outbox.next_step(ref, "unknown"))


# What goes

CLEAR_TOUCHES = "UPDATE touch SET note = NULL WHERE lead_id = ? AND note IS NOT NULL"
CLEAR_DECISIONS = (
    f"UPDATE lead_event SET note = NULL, reason = CASE WHEN reason IN ({USUAL}) THEN reason END"
    f" WHERE lead_id = ? AND (note IS NOT NULL OR reason NOT IN ({USUAL}))"
)
CLEAR_STAGES = (
    f"UPDATE opportunity_event SET note = NULL, reason = CASE WHEN reason IN ({USUAL}) THEN reason END"
    f" WHERE opportunity_id = ? AND (note IS NOT NULL OR reason NOT IN ({USUAL}))"
)
CLEAR_HOLDS = (
    "UPDATE dunning_event SET reason = NULL WHERE reason IS NOT NULL"
    " AND COALESCE(customer_id, (SELECT customer_id FROM invoice WHERE id = invoice_id)) = ?"
)
CLEAR_TASKS = (
    "UPDATE task SET text = NULL WHERE {about} = ? AND text IS NOT NULL",
    "UPDATE task_done SET note = NULL WHERE task_id IN (SELECT id FROM task WHERE {about} = ?) AND note IS NOT NULL",
)
# Where a lead came from and whose it was stays: the funnel counts it on.
CLEAR_LEAD = (
    f"UPDATE lead SET name = '{ERASED}', company = NULL, email = NULL, email_norm = NULL, phone = NULL,"
    " phone_norm = NULL, title = NULL, country = NULL, note = NULL, further = NULL, fingerprint = NULL WHERE id = ?"
)
CLEAR_CUSTOMER = (
    f"UPDATE customer SET name = '{ERASED}', name_norm = '{UNFINDABLE}', domain_norm = NULL, contact = NULL,"
    " email = NULL, phone = NULL, address = NULL, tax_id = NULL, note = NULL, further = NULL WHERE id = ?"
)
# Its title stays where a contract says it too.
CLEAR_OPPORTUNITY = (
    "UPDATE opportunity SET note = NULL, further = NULL, next_step = NULL, title = CASE WHEN EXISTS"
    f" (SELECT 1 FROM contract WHERE opportunity_id = opportunity.id) THEN title ELSE '{ERASED}' END WHERE id = ?"
)


def _change(store: Store, sql: str, ids: Iterable[int]) -> int:
    """Run a statement for each of the ids, and answer how many rows it changed."""
    return sum(store.connection.execute(sql, (record_id,)).rowcount for record_id in ids)


def _suppress(store: Store, person: Person, on: date) -> None:
    """Keep them from coming back with an import, and from being written to by a sequence."""
    emails = store.among("SELECT email_norm AS email FROM lead WHERE {these:id}", person.leads)
    emails += store.among("SELECT email FROM customer WHERE {these:id}", person.customers)
    addresses = dict.fromkeys(normalise_email(row["email"]) for row in emails if row["email"])
    rows = store.among(
        "SELECT fingerprint AS value FROM lead WHERE fingerprint IS NOT NULL AND {these:id}", person.leads
    )
    ids: list[str] = []
    for kind, records in person.kinds:
        sql = f"SELECT {{}} FROM {{}} WHERE kind = '{kind}' AND {{{{these:record_id}}}}"
        rows += store.among(sql.format("value", "fingerprint"), records)
        known = store.among(sql.format("source, value", "external_id"), records)
        ids += [suppression.of_id(kind, row["source"], row["value"]) for row in known]
    suppression.add(store, "email", addresses, ERASED, on)
    suppression.add(store, "id", ids, ERASED, on)
    suppression.add(store, "row", [row["value"].hex() for row in rows], ERASED, on)


def _withdraw(store: Store, mails: Sequence[Row], on: date) -> list[int]:
    """None goes out any more; what a notice claims that nobody was told of goes with it. Answers those of notices."""
    going = [row for row in mails if row["state"] not in ("sent", "cancelled")]
    for row in going:
        outbox.withdraw(store, row["id"], on, "its recipient was erased")
        notice_mails.dropped(store, row["id"], on)
    return [row["id"] for row in going if row["kind"] == "notice"]


def _erase_mails(store: Store, mails: Sequence[Row]) -> int:
    """Those of sequences lose their words, and so do others that never went."""
    sql = f"SELECT id FROM outbox WHERE (kind = 'lead' OR {outbox.NEVER_WENT}) AND {{these:id}}"
    words = _ids(store, sql, [row["id"] for row in mails])
    for mail_id in words:
        outbox.erase(store, mail_id)
    return len(words)


def _erase_ids(store: Store, person: Person) -> int:
    return sum(
        _change(store, f"DELETE FROM {table} WHERE kind = '{kind}' AND record_id = ?", ids)
        for kind, ids in (*person.kinds, ("touch", person.touches))
        for table in ("external_id", "fingerprint")
    )


def speaking_details(store: Store, person: Person) -> list[int]:
    """Entries of the journal whose details speak of the person."""
    speaks = _speaking(person)
    found = [
        row["journal_id"]
        for row in store.connection.execute("SELECT journal_id, body FROM journal_detail")
        if speaks(row["body"])
    ]
    imports = store.among(
        "SELECT journal_id, body FROM journal_detail JOIN journal ON journal.id = journal_id WHERE {these:batch_id}",
        person.batches,
    )
    return sorted({*found, *(row["journal_id"] for row in imports if _shows_an_example(row["body"], person))})


def _speaking(person: Person) -> Callable[[str], bool]:
    """Whether a JSON text names one of the records, as it is referred to or as a change names it, or holds a number."""
    prefixes = {"lead": "L", "customer": "K", "opportunity": "O"}
    named = [f"{prefixes[kind]}{record_id}" for kind, ids in person.kinds for record_id in ids]
    rows = {"lead": person.leads, "customer": person.customers, "opportunity": person.opportunities}
    named += [f"{kind} {each}" for kind, ids in {**rows, "touch": person.touches}.items() for each in ids]
    parts = [canonical_json(text) for text in named] + [canonical_json(text)[1:-1] for text in person.numbers]
    return lambda text: any(part in text for part in parts)


def _shows_an_example(body: str, person: Person) -> bool:
    """The answer of an import shows the first text of each column, a first name alone as well."""
    answer = json.loads(body)["answer"]
    examples = [column["example"] for row in answer or () for column in row.get("columns") or () if column["example"]]
    return any(example in text for example in examples for text in person.texts)


def _speaking_answers(store: Store, person: Person) -> list[str]:
    """Keys whose answers speak of the person."""
    speaks = _speaking(person)
    return [row["key"] for row in store.all("SELECT key, answer FROM request_key") if speaks(row["answer"])]


def _forget_answers(store: Store, keys: Sequence[str], named: Reference) -> int:
    """The key stays, so that a late retry of the first request does not bring the person back."""
    columns = (Column("ref", "ref"), Column("status", "status"))
    answer = to_text(Report(columns, [{"ref": named.text, "status": ERASED}], is_record=True))
    for key in keys:
        store.connection.execute("UPDATE request_key SET answer = ? WHERE key = ?", (answer, key))
    return len(keys)


# What stays


def _business(store: Store, customers: Sequence[int]) -> list[tuple[str, str]]:
    """What was signed, billed, credited and paid: kind and reference."""
    found: list[tuple[str, str]] = []
    for kind, ref in (
        ("contract", "'C' || id"),
        ("invoice", "number"),
        ("credit_note", "number"),
        ("payment", "'P' || id"),
    ):
        rows = store.among(f"SELECT {ref} AS ref FROM {kind} WHERE {{these:customer_id}} ORDER BY id", customers)
        found += [(kind.replace("_", " "), row["ref"]) for row in rows]
    return found


def _kept(store: Store, person: Person) -> list[dict[str, Any]]:
    """What of the person's thread stays, and why."""
    sold = _ids(store, "SELECT customer_id AS id FROM opportunity WHERE {these:id}", person.opportunities)
    kept = [
        ("customer", f"K{each}", f"it has business of its own: ltc erase K{each} when nothing is open")
        for each in sold
        if each not in person.customers
    ]
    everybody = sorted({*sold, *person.customers})
    quotes = _ids(store, "SELECT id FROM quote WHERE {these:opportunity_id}", person.opportunities)
    kept += [("quote", f"Q{each}", OFFER) for each in quotes]
    kept += [(what, ref, LAW) for what, ref in _business(store, everybody)]
    mails = store.among(
        "SELECT id FROM outbox WHERE kind <> 'lead' AND message <> X'' AND {these:customer_id} ORDER BY id", everybody
    )
    kept += [("mail", f"M{row['id']}", LETTER) for row in mails]
    rows: list[dict[str, Any]] = [{"what": what, "ref": ref, "why": why} for what, ref, why in kept]
    if store.one("SELECT 1 FROM suppression WHERE reason = 'erased' LIMIT 1"):
        rows.append({"what": "keyed hashes", "ref": None, "why": "so that no import and no sequence brings them back"})
    return rows
