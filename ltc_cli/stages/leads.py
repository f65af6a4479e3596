"""Leads: added, found again, touched, qualified or dropped, merged."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.errors import ConflictError, Problems, RefusedError, UsageError
from ltc_cli.references import find
from ltc_cli.report import Column
from ltc_cli.rules import states
from ltc_cli.rules.contact import clean_column, clean_name, clean_text, kept_emails, normalise_phones
from ltc_cli.rules.country import normalise_country

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date
    from sqlite3 import Row

    from ltc_cli.errors import LtcError
    from ltc_cli.references import Reference
    from ltc_cli.rules.contact import ColumnProblems
    from ltc_cli.store import Store

COLUMNS = (
    Column("ref", "ref"),
    Column("name"),
    Column("status", "status"),
    Column("company", spare=1),
    Column("email"),
    Column("phone", on_table=False),
    Column("title", on_table=False),
    Column("country", on_table=False),
    Column("source", spare=2),
    Column("campaign", on_table=False),
    Column("owner", spare=4),
    Column("score", "count", on_table=False),
    Column("touches", "count", spare=5),
    Column("last_touch_on", "date", on_table=False),
    Column("next_step_on", "date", on_table=False),
    Column("created_on", "date", spare=3),
    Column("external_id", on_table=False),
    Column("note", on_table=False),
    Column("further", "list", on_table=False, columns=(Column("column"), Column("value"))),
)

TOUCHES = (
    "call",
    "email",
    "meeting",
    "visit",
    "download",
    "reply",
    "event",
    "open",
    "click",
    "bounce",
    "unsubscribe",
)

KEEP_FROM_MAILS = ("unsubscribe", "bounce")
"""Touches after which the addresses of a lead are not written to by sequences any more."""

IS_NURTURING = f"touch.kind NOT IN {KEEP_FROM_MAILS}"
"""What makes a lead `nurtured`, here and in the funnel: that it cannot be written to, or will not be, does not."""

DROP_REASONS = ("budget", "need", "authority", "timing")


TEXTS = ("name", "company", "email", "phone", "title", "source", "campaign", "owner", "note")
"""Fields of a lead that are kept as they are written."""


class NewLead(NamedTuple):
    """A lead as it comes in; a text that is not known is None."""

    name: str
    company: str | None = None
    email: str | None = None
    phone: str | None = None
    title: str | None = None
    country: str | None = None
    source: str | None = None
    campaign: str | None = None
    owner: str | None = None
    note: str | None = None
    external_id: str | None = None


class Added(NamedTuple):
    ids: list[int]
    notices: list[str]


def add(store: Store, entries: Iterable[NewLead], on: date, *, allow_duplicate: bool = False) -> Added:
    """Add leads, normalised.

    Raises UsageError for what cannot be read, ConflictError for an e-mail or external id that another lead has;
    the same phone alone is a notice.
    """
    added = Added([], [])
    for entry in entries:
        values = normalise(entry)
        if not allow_duplicate:
            refuse_duplicate(store, values, "--allow-duplicate adds it all the same")
        added.notices.extend(_phone_notices(store, values))
        added.notices.extend(_suppression_notices(store, values))
        lead_id = store.add("lead", **values, created_on=on.isoformat(), recorded_at=store.recorded_at)
        external_id = optional(entry.external_id, "external id")
        if external_id:
            _keep_external_id(store, lead_id, external_id)
        added.ids.append(lead_id)
    return added


def normalise(entry: NewLead) -> dict[str, Any]:
    """The columns of a lead: texts trimmed, e-mail and phone also in the form that duplicates are found by."""
    texts = {field: [text] for field in TEXTS if (text := getattr(entry, field))}
    values: dict[str, Any] = {}
    problems: ColumnProblems = {}
    with Problems() as check:
        if not entry.name.strip():
            check(clean_name, entry.name)
        country = check(normalise_country, entry.country) if entry.country else None
        values = {field: column[0] for field, column in normalise_columns(texts, [country], problems).items()}
        for problem in problems.get(0, []):
            check(_raise, problem)
    return values


def _raise(problem: LtcError) -> None:
    raise problem


def normalise_columns(
    texts: Mapping[str, Sequence[str]], countries: Sequence[str | None], problems: ColumnProblems
) -> dict[str, list[str | None]]:
    """The columns of many leads at once; a field that is not among the texts is None in all of them."""
    size = len(countries)
    cleaned = {field: clean_column(column, field, problems) for field, column in texts.items()}
    nothing = [""] * size
    emails = kept_emails(cleaned.get("email", nothing), problems)
    phones = normalise_phones(cleaned.get("phone", nothing), countries)
    values: dict[str, list[str | None]] = {
        field: [text or None for text in cleaned[field]] if field in cleaned else [None] * size for field in TEXTS
    }
    return values | {
        "country": list(countries),
        "email_norm": [email or None for email in emails],
        "phone_norm": phones,
    }


def optional(text: str | None, name: str) -> str | None:
    """The text, trimmed; None for an empty one."""
    return (clean_text(text, name) or None) if text is not None else None


def refuse_duplicate(store: Store, values: dict[str, Any], hint: str) -> None:
    """Raise ConflictError where another lead has the e-mail already."""
    other = _other_with(store, "email_norm", values["email_norm"])
    if other:
        raise ConflictError(f"L{other['id']} {other['name']} has the e-mail {values['email_norm']} already", hint)


def _phone_notices(store: Store, values: dict[str, Any]) -> list[str]:
    other = _other_with(store, "phone_norm", values["phone_norm"])
    return [f"L{other['id']} {other['name']} has the same phone {values['phone_norm']}"] if other else []


def _suppression_notices(store: Store, values: dict[str, Any]) -> list[str]:
    """Added by hand all the same, for people do come back by themselves; but no sequence writes to the address."""
    email = values["email_norm"]
    if email is None or store.one("SELECT 1 FROM suppression LIMIT 1") is None:
        return []
    from ltc_cli.stages import suppression

    why = suppression.why(store, email)
    return [f"no sequence writes to {email}: {why}"] if why else []


def _other_with(store: Store, column: str, value: str | None) -> Row | None:
    """The lead that is known under this value; a merged one is known as the one it was merged into."""
    if value is None:
        return None
    return store.one(
        "SELECT kept.id, kept.name FROM lead JOIN lead AS kept ON kept.id = COALESCE(lead.merged_into_id, lead.id)"
        f" WHERE lead.{column} = ? ORDER BY kept.id",
        (value,),
    )


def _keep_external_id(store: Store, lead_id: int, value: str) -> None:
    other = store.one("SELECT record_id FROM external_id WHERE kind = 'lead' AND source = '' AND value = ?", (value,))
    if other:
        raise ConflictError(
            f"L{other['record_id']} has the external id {value} already", f"ltc show L{other['record_id']}"
        )
    store.connection.execute(
        "INSERT INTO external_id (kind, source, value, record_id) VALUES ('lead', '', ?, ?)", (value, lead_id)
    )


def touch(store: Store, text: str, kind: str, on: date, note: str | None = None) -> int:
    """Log a touch with a lead. Answers the lead's id."""
    lead = find(store, text, "lead")
    kind = kind.strip().casefold()
    if kind not in TOUCHES:
        raise UsageError(f"{kind[:40]!r} is no kind of touch", f"one of: {' '.join(TOUCHES)}")
    states.follow("lead", status(store, lead.id), "nurture", lead.text)
    _log(store, lead.id, kind, on, optional(note, "note"))
    keep_from_mails(store, lead.id, kind, on)
    return lead.id


def _log(store: Store, lead_id: int, kind: str, on: date, note: str | None) -> None:
    store.add("touch", lead_id=lead_id, kind=kind, note=note, touched_on=on.isoformat(), recorded_at=store.recorded_at)
    store.touch(f"L{lead_id}")


def bounced(store: Store, lead_id: int, email_norm: str, on: date, note: str) -> None:
    """Log that a mail bounced, as a server said it; that address is not written to any more, a newer one may be."""
    from ltc_cli.stages import suppression

    kept_id = store.value("SELECT COALESCE(merged_into_id, id) FROM lead WHERE id = ?", (lead_id,))
    if status(store, kept_id) != "erased":
        _log(store, kept_id, "bounce", on, note)
        suppression.add(store, "email", [email_norm], "bounce", on)


def keep_from_mails(store: Store, lead_id: int, kind: str, on: date) -> None:
    """After a touch of this kind: who unsubscribed, and what bounced, is not written to any more."""
    if kind in KEEP_FROM_MAILS:
        from ltc_cli.stages import suppression

        suppression.of_lead(store, lead_id, kind, on)


def qualify(store: Store, lead: Reference, on: date, note: str | None = None) -> bool:
    """Whether the lead was not qualified before."""
    return _decide(store, lead, "qualify", "qualified", None, note, on)


def drop(store: Store, lead: Reference, on: date, reason: str, note: str | None = None) -> bool:
    """Whether the lead was not dropped before. The reason is one of `DROP_REASONS` or words of the user's own."""
    return _decide(store, lead, "drop", "dropped", clean_name(reason, "reason"), note, on)


def _decide(
    store: Store, lead: Reference, verb: str, kind: str, reason: str | None, note: str | None, on: date
) -> bool:
    if not states.follow("lead", status(store, lead.id), verb, lead.text):
        return False
    store.add(
        "lead_event",
        lead_id=lead.id,
        kind=kind,
        reason=reason,
        note=optional(note, "note"),
        event_on=on.isoformat(),
        recorded_at=store.recorded_at,
    )
    store.touch(lead.text)
    return True


def ids(text: str) -> list[str]:
    """Where a cell names several leads each of them, after what it says as a whole."""
    return list(filter(None, [text, *(part.strip() for part in re.split("[;,]", text))]))


def named(store: Store, external_id: str, source: str, email: str) -> int | None:
    """The lead that another program names: by an id from a column called `source`, by one given by hand, by the only
    one of any file, else by the e-mail. None where there is none.
    """
    for value in ids(external_id):
        rows = store.all(
            "SELECT source, record_id FROM external_id WHERE kind = 'lead' AND value = ?"
            " ORDER BY CASE source WHEN ? THEN 0 WHEN '' THEN 1 ELSE 2 END",
            (value, source),
        )
        if rows and (rows[0]["source"] in (source, "") or len(rows) == 1):
            return int(
                store.value("SELECT COALESCE(merged_into_id, id) FROM lead WHERE id = ?", (rows[0]["record_id"],))
            )
    other = _other_with(store, "email_norm", email or None)
    return other["id"] if other else None


def merge(store: Store, keep: Reference, others: Sequence[Reference]) -> bool:
    """Point the others at the lead that is kept; what is known of them is seen under it from now on.

    Raises RefusedError when more than one of them was promoted. Answers whether anything changed.
    """
    named = [keep.id, *(other.id for other in others if other.id != keep.id)]
    if len(named) == 1:
        return False
    for erased in store.among("SELECT record_id FROM erasure WHERE kind = 'lead' AND {these:record_id}", named):
        raise RefusedError(f"L{erased['record_id']} is erased: it is merged with nobody", "leave it out")
    promoted = store.among("SELECT id FROM opportunity WHERE {these:lead_id}", family(store, named))
    if len(promoted) > 1:
        names = " and ".join(f"O{row['id']}" for row in promoted)
        raise RefusedError(
            f"{names} come from these leads: a lead is promoted once", "ltc lose the one that is a double"
        )
    for other_id in family(store, named[1:]):
        store.change("lead", other_id, merged_into_id=keep.id)
    store.touch(keep.text)
    return True


def family(store: Store, ids: Sequence[int]) -> list[int]:
    """The leads, and all that were merged into them."""
    rows = store.among("SELECT id FROM lead WHERE {these:merged_into_id}", ids)
    return [*ids, *(row["id"] for row in rows)]


def duplicates(store: Store, lead_id: int) -> list[str]:
    """References of the other leads with the same e-mail or phone."""
    rows = store.all(
        "SELECT other.id FROM lead, lead AS other WHERE lead.id = ? AND other.id <> lead.id"
        " AND other.merged_into_id IS NULL"
        " AND (other.email_norm = lead.email_norm OR other.phone_norm = lead.phone_norm) ORDER BY other.id",
        (lead_id,),
    )
    return [f"L{row['id']}" for row in rows]


class Standing(NamedTuple):
    """A lead's row, and what has become of it."""

    row: Row
    status: str


def standing(store: Store, lead_id: int) -> Standing:
    """What the next verb has to know of a lead."""
    (row,) = store.among(STANDING, [lead_id])
    return Standing(row, _status(row))


def status(store: Store, lead_id: int) -> str:
    return standing(store, lead_id).status


# Rows of a table about a lead, or one merged into it: that is seen under it, with its touches and its opportunity.
OF_LEAD = """
FROM lead AS own JOIN {table} ON {table}.lead_id = own.id WHERE (own.id = lead.id OR own.merged_into_id = lead.id)
"""

# What the status hangs on.
DECIDED = f"""
    EXISTS (SELECT 1 {OF_LEAD.format(table="touch")} AND {IS_NURTURING}) AS is_nurtured,
    EXISTS (SELECT 1 FROM erasure WHERE kind = 'lead' AND record_id = lead.id) AS is_erased,
    EXISTS (SELECT 1 {OF_LEAD.format(table="opportunity")}) AS is_promoted,
    (SELECT kind {OF_LEAD.format(table="lead_event")} ORDER BY lead_event.id DESC LIMIT 1) AS decision
"""

STANDING = f"""
SELECT lead.*, {DECIDED} FROM lead WHERE merged_into_id IS NULL AND {{these:id}}
"""

# Asked lead by lead: one lead needs no table of its own, and all of them no more than joins would.
RECORDS = f"""
SELECT lead.*,
    (SELECT COUNT(*) {OF_LEAD.format(table="touch")}) AS touches,
    (SELECT MAX(touched_on) {OF_LEAD.format(table="touch")}) AS last_touch_on,
    (SELECT value FROM external_id WHERE kind = 'lead' AND record_id = lead.id ORDER BY source, value LIMIT 1)
        AS external_id,
    {DECIDED},
    (SELECT MIN(now.next_on) FROM sequence_event AS now WHERE now.lead_id = lead.id AND now.next_on IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM sequence_event AS later
            WHERE later.lead_id = now.lead_id AND later.sequence = now.sequence AND later.id > now.id)
        AND NOT EXISTS (SELECT 1 FROM lead_event WHERE lead_id = now.lead_id AND kind = 'dropped'
            AND lead_event.id > now.lead_event_id)
        AND NOT EXISTS (SELECT 1 FROM touch WHERE lead_id = now.lead_id
            AND kind IN ('reply', 'bounce', 'unsubscribe') AND touch.id > now.touch_id)
    ) AS planned_on
FROM lead WHERE merged_into_id IS NULL AND {{these:id}}
ORDER BY id
"""


def records(store: Store, ids: Sequence[int] | None = None) -> list[dict[str, Any]]:
    """Leads as they are shown; all of them without ids."""
    return [_record(row) for row in store.among(RECORDS, ids)]


def _status(row: Row) -> str:
    if row["is_erased"]:
        return "erased"
    if row["is_promoted"]:
        return "promoted"
    return row["decision"] or ("nurtured" if row["is_nurtured"] else "new")


def _record(row: Row) -> dict[str, Any]:
    status = _status(row)
    found = {
        **dict(row),
        "ref": f"L{row['id']}",
        "status": status,
        "next_step_on": None if status in ("erased", "promoted") else row["planned_on"],
        "score": None,
        "further": further_columns(row["further"]),
    }
    return {column.key: found[column.key] for column in COLUMNS}


def further_columns(text: str | None) -> list[dict[str, str]]:
    """What an import kept beside our fields."""
    further: dict[str, str] = json.loads(text) if text else {}
    return [{"column": column, "value": value} for column, value in further.items()]


def keep_fingerprint(store: Store, lead_id: int) -> None:
    """Know the row that brought the lead again, though it is about to lose the e-mail that it was known by."""
    row = store.one("SELECT fingerprint, batch_id FROM lead WHERE id = ?", (lead_id,))
    if row and row["fingerprint"]:
        store.connection.execute(
            "INSERT INTO fingerprint (kind, value, occurrence, record_id, batch_id) VALUES ('lead', ?,"
            " (SELECT COALESCE(MAX(occurrence), 0) + 1 FROM fingerprint WHERE kind = 'lead' AND value = ?), ?, ?)",
            (row["fingerprint"], row["fingerprint"], lead_id, row["batch_id"]),
        )
        store.connection.execute("UPDATE lead SET fingerprint = NULL WHERE id = ?", (lead_id,))
