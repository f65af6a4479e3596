"""What to do now, most urgent first: money that is late, then money not asked for, then promises, then leads."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from ltc_cli.receivables import BALANCES
from ltc_cli.report import Column, Report
from ltc_cli.rules.aging import days_past_due
from ltc_cli.rules.billing import billable
from ltc_cli.rules.money import format_amount
from ltc_cli.stages import amendments, contracts, quotes
from ltc_cli.stages.nurture import WORTH_A_TASK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ltc_cli.reports.conversion import Conversion
    from ltc_cli.store import Store

COLUMNS = (
    Column("what", "status"),
    Column("ref", on_table=False),
    Column("name"),
    Column("since", "date", spare=1),
    Column("days", "days"),
    Column("amount", "money"),
    Column("currency"),
    Column("command", "ref", "do"),
)

FRESH_DAYS = 2
"""A lead that nobody has touched for longer than this waits for a call."""

OVERDUE = (
    """
SELECT invoice.number, customer.name, MIN(due_on) AS due_on, SUM(balance_minor) AS open_minor, open.currency FROM ("""
    + BALANCES.format(columns="invoice_id, customer_id, currency, due_on", narrowed="AND receivable.due_on < ?")
    + """) AS open
JOIN invoice ON invoice.id = open.invoice_id JOIN customer_now AS customer ON customer.own_id = open.customer_id
WHERE balance_minor > 0
GROUP BY invoice.id ORDER BY MIN(due_on), invoice.id
"""
)

UNSHIPPED = """
SELECT contract.id, customer.name, contract.signed_on
FROM contract_now AS contract JOIN customer_now AS customer ON customer.own_id = contract.customer_id
WHERE contract.signed_on <= ? AND contract.terminated_on IS NULL AND EXISTS (
    SELECT 1 FROM contract_line_now AS line WHERE line.contract_id = contract.id
    AND quantity_micro > COALESCE((SELECT SUM(quantity_micro) FROM shipment_line WHERE contract_line_id = line.id), 0))
AND (NOT EXISTS (SELECT 1 FROM plan_share WHERE contract_id = contract.id AND period_from IS NOT NULL)
    OR EXISTS (SELECT 1 FROM plan_share WHERE contract_id = contract.id
        AND trigger_kind IN ('ship', 'deliver', 'accept', 'end')))
ORDER BY contract.signed_on, contract.id
"""

OPEN_OPPORTUNITIES = """
SELECT opportunity.*, customer.name FROM opportunity
JOIN customer_now AS customer ON customer.own_id = opportunity.customer_id
WHERE NOT EXISTS (SELECT 1 FROM contract WHERE opportunity_id = opportunity.id)
AND COALESCE((SELECT kind FROM opportunity_event WHERE opportunity_id = opportunity.id AND kind <> 'stage'
    ORDER BY id DESC LIMIT 1), 'reopened') = 'reopened'
AND (next_on <= ? OR close_on < ?)
ORDER BY MIN(COALESCE(next_on, close_on), COALESCE(close_on, next_on)), opportunity.id
"""

UNTOUCHED = """
SELECT lead.id, lead.name, lead.company, lead.created_on FROM lead WHERE merged_into_id IS NULL AND created_on < ?
AND NOT EXISTS (SELECT 1 FROM touch WHERE lead_id = lead.id)
AND NOT EXISTS (SELECT 1 FROM lead_event WHERE lead_id = lead.id)
AND NOT EXISTS (SELECT 1 FROM opportunity WHERE lead_id = lead.id)
AND NOT EXISTS (SELECT 1 FROM erasure WHERE kind = 'lead' AND record_id = lead.id)
AND NOT EXISTS (SELECT 1 FROM sequence_event WHERE lead_id = lead.id AND task IS NOT NULL)
ORDER BY created_on, id
"""

# What steps of sequences left to do: until somebody has been in touch with the lead, or it went another way.
TASKS = f"""
SELECT step.lead_id, step.task, step.event_on, lead.name, lead.company FROM sequence_event AS step
JOIN lead ON lead.id = step.lead_id
WHERE step.task IS NOT NULL AND step.event_on <= ? AND merged_into_id IS NULL
AND NOT EXISTS (SELECT 1 FROM touch WHERE touch.lead_id = step.lead_id AND touch.kind IN {WORTH_A_TASK}
    AND touch.recorded_at > step.recorded_at)
AND NOT EXISTS (SELECT 1 FROM lead_event WHERE lead_event.lead_id = step.lead_id AND lead_event.kind = 'dropped'
    AND lead_event.id > step.lead_event_id)
AND NOT EXISTS (SELECT 1 FROM opportunity WHERE opportunity.lead_id = step.lead_id)
ORDER BY step.event_on, step.id
"""

# Its second condition is that of the index, so that a long history of sent mails costs nothing.
UNDELIVERED = """
SELECT id, state, recipient, about, queued_on FROM outbox
WHERE state IN ('unknown', 'failed') AND state NOT IN ('sent', 'cancelled') AND queued_on <= ? ORDER BY id
"""

# Who is to be called, as long as something of it is open and was not written to them since.
TO_CALL = """
SELECT call_task.id, call_task.text, customer.id AS customer_id, call_task.level, call_task.decided_on, customer.name,
    (SELECT invoice.number FROM call_task_item JOIN receivable ON receivable.id = receivable_id
        JOIN invoice ON invoice.id = invoice_id WHERE call_task_id = call_task.id
        ORDER BY receivable.id LIMIT 1) AS number
FROM call_task JOIN customer_now AS customer ON customer.own_id = call_task.customer_id
WHERE decided_on <= ? AND EXISTS (SELECT 1 FROM call_task_item JOIN receivable ON receivable.id = receivable_id
    WHERE call_task_id = call_task.id AND receivable.amount_minor > COALESCE((SELECT SUM(amount_minor) FROM settlement
        WHERE settlement.receivable_id = receivable.id), 0)
    AND (call_task.notice_id IS NOT NULL OR NOT EXISTS (SELECT 1 FROM notice_item
        WHERE notice_item.receivable_id = receivable.id AND notice_item.level = call_task_item.level)))
ORDER BY call_task.id
"""


def report(store: Store, today: date, into: Conversion | None = None) -> Report:
    """What waits, most urgent first; with `into` the amounts in one currency."""
    rows = [*_overdue(store, today), *_billable(store, today), *_next_steps(store, today)]
    rows += [*_to_call(store, today)]
    rows += [*_undelivered(store, today), *_unshipped(store, today), *_tasks(store, today), *_untouched(store, today)]
    rows = into.written(rows) if into else rows
    return Report(
        COLUMNS,
        rows,
        title=f"To do on {today}",
        notices=into.notices if into else (),
        empty="nothing to do: all is billed, paid and answered",
    )


def _row(what: str, ref: str, name: str, since: str, today: date, command: str, **money: Any) -> dict[str, Any]:
    days = days_past_due(date.fromisoformat(since), today)
    return {"what": what, "ref": ref, "name": name, "since": since, "days": days, **money, "command": command}


def _overdue(store: Store, today: date) -> Iterator[dict[str, Any]]:
    day = today.isoformat()
    for row in store.all(OVERDUE, (day, day, day)):
        money = {"amount": format_amount(row["open_minor"], row["currency"]), "currency": row["currency"]}
        yield _row(
            "overdue",
            row["number"],
            row["name"],
            row["due_on"],
            today,
            f"ltc collect {row['number']}",
            **money,
        )


def _billable(store: Store, today: date) -> Iterator[dict[str, Any]]:
    """Contracts of which something could be invoiced now."""
    begun = amendments.begun(store, today)
    rows = store.among(
        "SELECT contract.id, customer.name, contract.currency FROM contract_now AS contract"
        " JOIN customer_now AS customer ON customer.own_id = contract.customer_id"
        " WHERE contract.amount_minor > COALESCE((SELECT SUM(net_minor) FROM plan_share"
        " JOIN invoice_line ON plan_share_id = plan_share.id"
        " WHERE plan_share.contract_id = contract.id), 0) OR {these:contract.id} ORDER BY contract.id",
        begun,
    )
    planned = contracts.plans(store, [row["id"] for row in rows])
    for row in rows:
        done = contracts.progress(store, row["id"])
        lines = quotes.lines_of(store, "contract", row["id"])
        due_minor = sum(
            max(0, billable(each.share, done, lines, today) - each.billed_minor) for each in planned[row["id"]]
        ) + sum(share.amount_minor for share in begun.get(row["id"], ()))
        if due_minor:
            ref = f"C{row['id']}"
            money = {"amount": format_amount(due_minor, row["currency"]), "currency": row["currency"]}
            yield _row("invoice", ref, row["name"], today.isoformat(), today, f"ltc invoice {ref}", **money)


def _next_steps(store: Store, today: date) -> Iterator[dict[str, Any]]:
    day = today.isoformat()
    for row in store.all(OPEN_OPPORTUNITIES, (day, day)):
        ref = f"O{row['id']}"
        if row["next_on"] and row["next_on"] <= day:
            yield _row(row["next_step"] or "next step", ref, row["name"], row["next_on"], today, f"ltc show {ref}")
        else:
            yield _row("close", ref, row["name"], row["close_on"], today, f"ltc sign {ref}")


def _to_call(store: Store, today: date) -> Iterator[dict[str, Any]]:
    """Customers whom dunning cannot write to, or whom a level says to call."""
    for row in store.all(TO_CALL, (today.isoformat(),)):
        ref = f"K{row['customer_id']}"
        yield _row(row["text"], ref, row["name"], row["decided_on"], today, f"ltc show {row['number']}")


def _undelivered(store: Store, today: date) -> Iterator[dict[str, Any]]:
    """Mails that will not go by themselves."""
    for row in store.all(UNDELIVERED, (today.isoformat(),)):
        ref, name = f"M{row['id']}", f"{row['about']} to {row['recipient']}"
        command = f"ltc outbox retry {ref}" if row["state"] == "failed" else f"ltc show {ref}"
        yield _row(f"mail {row['state']}", ref, name, row["queued_on"], today, command)


def _unshipped(store: Store, today: date) -> Iterator[dict[str, Any]]:
    for row in store.all(UNSHIPPED, (today.isoformat(),)):
        yield _row("ship", f"C{row['id']}", row["name"], row["signed_on"], today, f"ltc ship C{row['id']}")


def _tasks(store: Store, today: date) -> Iterator[dict[str, Any]]:
    for row in store.all(TASKS, (today.isoformat(),)):
        ref, name = f"L{row['lead_id']}", row["company"] or row["name"]
        yield _row(row["task"], ref, name, row["event_on"], today, f"ltc nurture {ref} --log call")


def _untouched(store: Store, today: date) -> Iterator[dict[str, Any]]:
    before = date.fromordinal(today.toordinal() - FRESH_DAYS + 1).isoformat()
    for row in store.all(UNTOUCHED, (before,)):
        name = row["company"] or row["name"]
        command = f"ltc nurture L{row['id']} --log call"
        yield _row("call", f"L{row['id']}", name, row["created_on"], today, command)
