"""Tasks: what somebody has to do, until it is done or nobody needs it any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.mail.outbox import NEWEST
from ltc_cli.receivables import EVER
from ltc_cli.report import Column
from ltc_cli.rules import states
from ltc_cli.stages import holds, leads

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from sqlite3 import Row

    from ltc_cli.references import Reference
    from ltc_cli.store import Store

COLUMNS = (
    Column("ref", "ref"),
    Column("kind", spare=3),
    Column("text"),
    Column("about", "ref"),
    Column("name", spare=1),
    Column("since", "date"),
    Column("due", "date", spare=4),
    Column("status", "status"),
    Column("done_on", "date", spare=2),
    Column("done_by", on_table=False),
    Column("note", on_table=False),
    Column("level", on_table=False),
    Column("currency", on_table=False),
    Column("notice", "ref", on_table=False),
    Column("invoices", "list", on_table=False),
)

WORTH_A_TASK = ("call", "email", "meeting", "visit", "event", "reply")
"""Touches by which the task about a lead is done."""

TOUCHED = f"""FROM touch WHERE touch.lead_id = task.lead_id AND touch.kind IN {WORTH_A_TASK}
    AND touch.recorded_at > task.recorded_at AND touched_on <= ? ORDER BY touch.id LIMIT 1"""

# What had become of a notice by a day: what the last word on its newest mail said; a letter went when it was written.
STATE = """COALESCE((SELECT outbox_attempt.state FROM outbox JOIN outbox_attempt ON outbox_id = outbox.id
    WHERE outbox.kind = 'notice' AND outbox.record_id = {notice} AND happened_on <= ?
    ORDER BY outbox.id DESC, outbox_attempt.id DESC LIMIT 1), 'sent')"""

# Whether anything that a call for money is about, or a claim of its invoice that somebody has read of, is open, may be
# dunned, and was not written about since. A call that goes with a notice is not needed where that was cancelled.
IS_OWED = f"""
EXISTS (SELECT 1 FROM task_item JOIN receivable AS reached ON reached.id = receivable_id
    JOIN receivable ON receivable.invoice_id = reached.invoice_id AND (receivable.id = reached.id
        OR receivable.notice_id IS NOT NULL AND {STATE.format(notice="receivable.notice_id")} <> 'failed')
    WHERE task_item.task_id = task.id AND receivable.amount_minor > COALESCE((SELECT SUM(amount_minor) FROM settlement
        WHERE settlement.receivable_id = receivable.id AND settled_on <= ?), 0)
    AND receivable.invoice_id NOT IN (SELECT invoice_id FROM standing WHERE invoice_id IS NOT NULL)
    AND COALESCE((SELECT policy FROM dunning_choice_now AS choice WHERE choice.invoice_id = receivable.invoice_id),
        (SELECT dunning FROM customer AS kept WHERE kept.id = customer.id), '') <> 'none'
    AND NOT EXISTS (SELECT 1 FROM notice_item JOIN notice ON notice.id = notice_item.notice_id
        WHERE notice_item.receivable_id = reached.id AND notice_item.level = task_item.level
        AND notice.id <> COALESCE(task.notice_id, 0) AND decided_on <= ?
        AND {STATE.format(notice="notice.id")} NOT IN ('cancelled', 'failed')))
AND {STATE.format(notice="task.notice_id")} <> 'cancelled'
AND customer.id NOT IN (SELECT customer_id FROM standing WHERE customer_id IS NOT NULL)
"""

# Whether a lead went another way than the call leads to. Of a merge no day is known.
IS_GONE = """
own_lead.merged_into_id IS NOT NULL
OR EXISTS (SELECT 1 FROM erasure WHERE kind = 'lead' AND record_id = task.lead_id AND erased_on <= ?)
OR EXISTS (SELECT 1 FROM lead_event WHERE lead_event.lead_id = task.lead_id AND kind = 'dropped' AND event_on <= ?
    AND lead_event.id > COALESCE(step.lead_event_id, 0))
OR EXISTS (SELECT 1 FROM opportunity WHERE opportunity.lead_id = task.lead_id AND opportunity.created_on <= ?)
"""

# Its parameters: today, for what keeps dunning back; then the day as of which it is told, each time.
RECORDS = f"""
WITH standing AS MATERIALIZED ({holds.STANDING})
SELECT task.*, task_done.done_on, actor, COALESCE(task_done.note, (SELECT touch.note {TOUCHED})) AS note,
    (SELECT touched_on {TOUCHED}) AS touched_on,
    customer.id AS kept_id, customer.name AS customer_name,
    kept_lead.id AS kept_lead_id, COALESCE(kept_lead.company, kept_lead.name) AS lead_name,
    CASE WHEN task.lead_id IS NOT NULL THEN {IS_GONE} WHEN task.level IS NOT NULL THEN NOT ({IS_OWED}) ELSE 0 END
        AS is_moot
FROM task LEFT JOIN task_done ON task_done.task_id = task.id AND task_done.done_on <= ?
LEFT JOIN customer_now AS customer ON customer.own_id = task.customer_id
LEFT JOIN lead AS own_lead ON own_lead.id = task.lead_id
LEFT JOIN lead AS kept_lead ON kept_lead.id = COALESCE(own_lead.merged_into_id, own_lead.id)
LEFT JOIN sequence_event AS step ON step.id = task.sequence_event_id
WHERE task.since_on <= ?
"""
TODAYS = holds.STANDING.count("?")
DAYS = RECORDS.count("?") - TODAYS

WAITING = f"{RECORDS} AND task_done.task_id IS NULL ORDER BY task.since_on, task.id"

NUMBERS = """
SELECT DISTINCT task_id, number, invoice.id FROM task_item JOIN receivable ON receivable.id = receivable_id
JOIN invoice ON invoice.id = invoice_id WHERE {these:task_id} ORDER BY task_id, invoice.id
"""

# Whether a call stands for a notice: there was none; or the call beside it was made, and its mail failed and was taken
# back. The order of its cross join is kept: a call has few items, and the mails of notices are many.
IS_INSTEAD = f"""task.notice_id IS NULL OR done_on IS NOT NULL AND EXISTS (
    SELECT 1 FROM notice_item CROSS JOIN outbox
    WHERE notice_item.receivable_id = task_item.receivable_id AND notice_item.level = task_item.level
    AND outbox.kind = 'notice' AND outbox.record_id = notice_item.notice_id
    AND outbox.state = 'cancelled' AND {NEWEST} AND (SELECT state FROM outbox_attempt
        WHERE outbox_id = outbox.id AND state <> 'cancelled' ORDER BY id DESC LIMIT 1) = 'failed')"""

CALLS = f"""
SELECT receivable_id, task_item.level, task.id AS task_id, COALESCE(merged_into_id, customer.id) AS customer_id,
    currency, done_on, on_ladder
FROM task_item JOIN task ON task.id = task_item.task_id JOIN customer ON customer.id = task.customer_id
LEFT JOIN task_done ON task_done.task_id = task.id
WHERE {IS_INSTEAD}
ORDER BY done_on IS NOT NULL, task.id
"""

CALLED = """
SELECT MAX(task.id) FROM task_item JOIN task ON task.id = task_id
WHERE receivable_id = ? AND task_item.level = ? AND notice_id IS NULL
"""


class Call(NamedTuple):
    """A call that stands for a notice, about one receivable."""

    receivable_id: int
    level: str
    task_id: int
    customer_id: int
    currency: str
    done_on: str | None
    on_ladder: int
    """0 for a level before the due date."""


def add(
    store: Store, text: str, on: date, items: Sequence[tuple[int, str]] = (), *, kind: str = "call", **about: Any
) -> int:
    """Ask for something. `items`: receivables that it is about, and the level that each has reached."""
    task_id = store.add("task", kind=kind, text=text, **about, since_on=on.isoformat(), recorded_at=store.recorded_at)
    for receivable_id, level in items:
        store.add("task_item", task_id=task_id, receivable_id=receivable_id, level=level)
    return task_id


def done(store: Store, task: Reference, on: date, note: str | None, actor: str) -> str | None:
    """Say that it is done; of a call with a lead that it was made, as `ltc nurture` says it.

    Answers why there was nothing to do, or None. Raises RefusedError for a lead that is erased.
    """
    (record,) = records(store, [task.id], on)
    if not states.follow("task", record["status"], "done", task.text):
        return f"{task.text} is done already, on {record['done_on']}"
    is_of_lead = store.value("SELECT lead_id FROM task WHERE id = ?", (task.id,)) is not None
    if is_of_lead:
        leads.touch(store, record["about"], record["kind"], on, note)
    store.add(
        "task_done",
        task_id=task.id,
        done_on=on.isoformat(),
        note=None if is_of_lead else leads.optional(note, "note"),
        actor=actor,
        recorded_at=store.recorded_at,
    )
    for touched in (task.text, record["about"]):
        store.touch(touched)
    return None


def records(store: Store, ids: Sequence[int] | None, today: date, *, as_of: str = EVER) -> list[dict[str, Any]]:
    """Tasks as they are shown as of a day, oldest first; all of them without ids."""
    days = [today.isoformat()] * TODAYS + [as_of] * DAYS
    rows = store.among(f"{RECORDS} AND {{these:task.id}} ORDER BY task.id", ids, days)
    return _shown(store, rows)


def calls(store: Store) -> dict[tuple[int, str], Call]:
    """The calls that stand for a notice, by receivable and level."""
    return {(row["receivable_id"], row["level"]): Call(*row) for row in store.all(CALLS)}


def called_about(store: Store, items: Iterable[tuple[int, str]]) -> int | None:
    """The newest call there was instead of a notice, where all of these have had one."""
    found = [store.value(CALLED, item) for item in items]
    return None if None in found else max(found)


def was_made(store: Store, item: tuple[int, str]) -> bool:
    """Whether somebody has called about this receivable and level."""
    sql = "SELECT 1 FROM task_item JOIN task_done USING (task_id) WHERE receivable_id = ? AND level = ?"
    return store.one(sql, item) is not None


def waiting(store: Store, today: date) -> list[dict[str, Any]]:
    """What is to be done, whatever arose later aside."""
    day = today.isoformat()
    days = [day] * TODAYS + [EVER] * (DAYS - 1) + [day]
    return [row for row in _shown(store, store.all(WAITING, days)) if row["status"] == "open"]


def open_first(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is to be done before what was."""
    return sorted(rows, key=lambda row: row["status"] != "open")


def _shown(store: Store, rows: Sequence[Row]) -> list[dict[str, Any]]:
    numbers: dict[int, list[str]] = {row["id"]: [] for row in rows}
    for row in store.among(NUMBERS, numbers):
        numbers[row["task_id"]].append(row["number"])
    return [_record(row, numbers[row["id"]]) for row in rows]


def _record(row: Row, invoices: list[str]) -> dict[str, Any]:
    done_on = row["done_on"] or row["touched_on"]
    about = f"L{row['kept_lead_id']}" if row["lead_id"] else f"K{row['kept_id']}"
    return {
        "ref": f"T{row['id']}",
        "kind": row["kind"],
        "text": row["text"],
        "about": about,
        "name": row["lead_name"] if row["lead_id"] else row["customer_name"],
        "since": row["since_on"],
        "due": row["due_on"],
        "status": "done" if done_on else "moot" if row["is_moot"] else "open",
        "done_on": done_on,
        "done_by": row["actor"],
        "note": row["note"],
        "level": row["level"],
        "currency": row["currency"],
        "notice": f"N{row['notice_id']}" if row["notice_id"] else None,
        "invoices": invoices,
    }
