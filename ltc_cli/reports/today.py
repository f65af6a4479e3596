"""What to do now, most urgent first: money that is late, then money not asked for, then next steps, then leads.

Of what is late, notices that are due come first, then what waits for an answer of ours; what is held or promised comes
last of all.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from ltc_cli.errors import ConfigError
from ltc_cli.mail import outbox, setting
from ltc_cli.mail.outbox import IS_DUE, moments
from ltc_cli.mail.replies import speaks_of_recipient
from ltc_cli.receivables import LEFT_OF, UNAPPLIED, UNAPPLIED_CREDIT, balances, held, unmailed
from ltc_cli.report import Column, Report, moment
from ltc_cli.rules.aging import days_past_due
from ltc_cli.rules.billing import billable
from ltc_cli.rules.money import format_amount
from ltc_cli.stages import (
    amendments,
    contracts,
    dunning,
    holds,
    mailing,
    notice_records,
    nurture,
    quotes,
    shipping_stops,
    tasks,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from sqlite3 import Row

    from ltc_cli.reports.conversion import Conversion
    from ltc_cli.settings import Settings
    from ltc_cli.store import Store

    Standing = dict[tuple[str, int], list[holds.Standing]]
    """By kind of target and id, what keeps it from being dunned."""

COLUMNS = (
    Column("what", "status"),
    Column("ref", on_table=False),
    Column("name"),
    Column("since", "date", spare=1),
    Column("days", "days"),
    Column("amount", "money"),
    Column("currency"),
    Column("why", "prose"),
    Column("command", "ref", "do"),
)

FRESH_DAYS = 2
"""A lead that nobody has touched for longer than this waits for a call."""

# What a notice claims is due at once, as its letter says.
OWED = """
SELECT invoice.id, invoice.number, customer.id AS customer_id, customer.name, MIN(due_on) AS due_on,
    SUM(balance_minor) AS open_minor,
    SUM(CASE WHEN due_on < ? OR notice_id IS NOT NULL THEN balance_minor ELSE 0 END) AS overdue_minor,
    open.currency
FROM ({balances}) AS open
JOIN invoice ON invoice.id = open.invoice_id JOIN customer_now AS customer ON customer.own_id = open.customer_id
WHERE balance_minor > 0
GROUP BY invoice.id {having} ORDER BY MIN(due_on), invoice.id
"""


def _owed(narrowed: str = "", having: str = "") -> str:
    columns = "invoice_id, customer_id, currency, due_on, notice_id"
    return OWED.format(balances=balances(columns, narrowed), having=having)


OVERDUE = _owed(having="HAVING overdue_minor > 0")
OPEN_OF_INVOICES = _owed("AND {these:receivable.invoice_id}")
OPEN_OF_CUSTOMERS = _owed("AND receivable.customer_id IN (SELECT own_id FROM customer_now WHERE {these:id})")

# Five parameters: the day. Payments and credit notes that did not settle all they could, the oldest first.
HOLDING = """
SELECT 'payment' AS kind, held.id, 'P' || held.id AS ref, received_on AS since, held.customer_id, held.currency
FROM ({payments}) AS held JOIN payment ON payment.id = held.id WHERE unapplied_minor > 0
UNION ALL
SELECT 'credit', held.id, number, issued_on, held.customer_id, held.currency
FROM ({credits}) AS held JOIN credit_note ON credit_note.id = held.id WHERE unapplied_minor > 0
"""
HOLDERS = (
    "SELECT kind, holding.id, ref, since, currency, customer.id AS customer_id, customer.name FROM ("
    + HOLDING.format(payments=UNAPPLIED.format(narrowed=""), credits=UNAPPLIED_CREDIT.format(narrowed=""))
    + ") AS holding JOIN customer_now AS customer ON own_id = holding.customer_id ORDER BY since, kind DESC, holding.id"
)

ON_HOLD, PROMISED, DISPUTED, BROKEN = "on hold", "promised", "disputed", "promise broken"
STATES = {"dispute": DISPUTED, "hold": ON_HOLD, "promise": PROMISED}
"""What an invoice is called by what keeps it from being dunned; the first that applies."""
URGENCY = (BROKEN, DISPUTED, "overdue")
"""What is late and waits for us, the most urgent first; the rest waits for a day to come."""

UNSHIPPED = """
SELECT contract.id, customer.id AS customer_id, customer.name, contract.signed_on
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
AND NOT EXISTS (SELECT 1 FROM touch WHERE lead_id = lead.id AND kind <> 'bounce')
AND NOT EXISTS (SELECT 1 FROM lead_event WHERE lead_id = lead.id)
AND NOT EXISTS (SELECT 1 FROM opportunity WHERE lead_id = lead.id)
AND NOT EXISTS (SELECT 1 FROM erasure WHERE kind = 'lead' AND record_id = lead.id)
AND NOT EXISTS (SELECT 1 FROM task WHERE lead_id = lead.id)
ORDER BY created_on, id
"""

# Its second condition is that of the index, so that a long history of sent mails costs nothing.
UNDELIVERED = f"""
SELECT outbox.id, outbox.kind, record_id, state, recipient, about, queued_on, not_before, kept.id AS customer_id,
    COALESCE(kept.name, lead.company, lead.name) AS name, LOWER(kept.email) = recipient AS is_current,
    (SELECT said FROM outbox_attempt WHERE outbox_id = outbox.id ORDER BY id DESC LIMIT 1) AS said
FROM outbox LEFT JOIN customer AS own ON own.id = outbox.customer_id
LEFT JOIN customer AS kept ON kept.id = COALESCE(own.merged_into_id, own.id)
LEFT JOIN lead ON outbox.kind = 'lead' AND lead.id = record_id
WHERE state IN ('unknown', 'failed', 'queued') AND state NOT IN ('sent', 'cancelled')
AND (state <> 'queued' OR NOT {IS_DUE}) AND queued_on <= ? ORDER BY outbox.id
"""
UNDELIVERED_STATES = {
    "failed": ("mail failed", "ltc outbox retry {ref}", "{said}"),
    "unknown": ("mail unknown", "ltc outbox resolve {ref} --sent", "if it has not arrived: --resend"),
    "queued": ("mail paused", "ltc outbox retry {ref}", "until {until}: {said}"),
}
"""By the state of a mail that did not go: what it is called, what to do, and why."""


def report(store: Store, settings: Settings, today: date, now: str, into: Conversion | None = None) -> Report:
    """What waits, most urgent first; with `into` the amounts in one currency. `now`: the moment, UTC, for mails."""
    standing = holds.standing(store, today)
    disputed = {of for (kind, of), said in standing.items() if kind == "invoice" and _disputes(said)}
    late = _late(store, today, standing, disputed)
    rows = [*_notices(store, settings, today, now)]
    rows += [row for state in URGENCY for row in late if row["what"] == state]
    rows += [*_credits(store, today, disputed), *_billable(store, today)]
    rows += _unmailed(store, today) if settings.mail.invoices else ()
    rows += _next_steps(store, today)
    waiting = tasks.waiting(store, today)
    mails = list(undelivered(store, today, now))
    called = _called(store, mails, waiting)
    failed = {called[row["id"]]: row for row in mails if row["id"] in called}
    rows += [_task(row, today, failed.get(row["ref"])) for row in waiting if row["about"].startswith("K")]
    rows += [_undelivered(row, settings, today) for row in mails if row["id"] not in called]
    rows += [*_waiting(store, settings, today, now), *_unshipped(store, today)]
    rows += [_task(row, today) for row in waiting if row["about"].startswith("L")]
    rows += _untouched(store, today)
    rows += [row for row in late if row["what"] not in URGENCY]
    rows = into.written(rows) if into else rows
    return Report(
        COLUMNS,
        rows,
        title=f"To do on {today}",
        notices=into.notices if into else (),
        empty="nothing to do: all is billed, paid and answered",
    )


def _row(
    what: str, ref: str | None, name: str, since: str, today: date, command: str, why: str | None = None, **money: Any
) -> dict[str, Any]:
    days = days_past_due(date.fromisoformat(since), today)
    return {
        "what": what,
        "ref": ref,
        "name": name,
        "since": since,
        "days": days,
        **money,
        "why": why,
        "command": command,
    }


def _notices(store: Store, settings: Settings, today: date, now: str) -> Iterator[dict[str, Any]]:
    """Whom `dun` would write to, or call; and why it would not."""
    day, channels = today.isoformat(), mailing.usual_channels(settings)
    is_on_paper = "letter" in channels
    try:
        notices = dunning.decide(store, settings, today, letters=is_on_paper).notices
    except ConfigError as error:
        yield _row("notices stopped", None, "all customers", day, today, "ltc dun --dry-run", error.message)
        return
    if not notices:
        return
    (first, *others) = sorted({notice.customer_id for notice in notices})
    ref, name = None, f"{len(others) + 1} customers"
    if not others:
        ref, name = f"K{first}", store.value("SELECT name FROM customer WHERE id = ?", (first,))
    since = min(day, *(item.due_on for notice in notices for item in notice.advanced))
    going = outbox.waiting(store, "notice", channels, until=now)
    writes = any(notice.channel == "mail" for notice in notices)
    why = dunning.stopped(store, settings, today, len(notices), waiting=going)
    why = why or setting.missing(settings, writes=writes, sends=False)
    yield _row("notices due", ref, name, since, today, "ltc dun --to-folder DIR" if is_on_paper else "ltc dun", why)


def _late(store: Store, today: date, standing: Standing, disputed: set[int]) -> list[dict[str, Any]]:
    """Invoices that are overdue, and those that a customer disputes before; each with what is to be known of it."""
    day = today.isoformat()
    rows = store.all(OVERDUE, (day, day, day))
    early = disputed - {row["id"] for row in rows}
    rows += store.among(OPEN_OF_INVOICES, early, (day,) * 3)
    broken = holds.broken(store, today, {target for row in rows for target in _targets(row)})
    return [_owing(row, today, standing, broken) for row in rows]


def _disputes(said: Iterable[holds.Standing]) -> bool:
    return any(each.kind == "dispute" for each in said)


def _targets(row: Row) -> tuple[tuple[str, int], ...]:
    return ("invoice", row["id"]), ("customer", row["customer_id"])


def _owing(row: Row, today: date, standing: Standing, broken: dict[tuple[str, int], str]) -> dict[str, Any]:
    number = row["number"]
    said = [(target, each) for target in _targets(row) for each in standing.get(target, ())]
    unkept = [f"promised until {broken[target]}, broken" for target in _targets(row) if target in broken]
    currency, overdue_minor = row["currency"], row["overdue_minor"] or row["open_minor"]
    # Without its amount it would book what is not due yet as well.
    part = "" if overdue_minor == row["open_minor"] else f" {format_amount(overdue_minor, currency)}"
    what, command = BROKEN if unkept else "overdue", f"ltc collect {number}{part}"
    for kind, state in STATES.items():
        target = next((target for target, each in said if each.kind == kind), None)
        if target:
            released = number if target[0] == "invoice" else f"K{target[1]}"
            what, command = state, command if kind == "promise" else f"ltc release {released}"
            break
    return _row(
        what,
        number,
        row["name"],
        min(row["due_on"], today.isoformat()),
        today,
        command,
        "; ".join([*(each.words for _target, each in said), *unkept]) or None,
        **_money(overdue_minor, currency),
    )


def _money(amount_minor: int, currency: str) -> dict[str, str]:
    return {"amount": format_amount(amount_minor, currency), "currency": currency}


def _credits(store: Store, today: date, disputed: set[int]) -> Iterator[dict[str, Any]]:
    """What payments and credit notes still hold, each with the oldest due invoice that those before it leave open.

    None of what is disputed: whoever says it is not owed would see it paid.
    """
    day = today.isoformat()
    holders = store.all(HOLDERS, (day,) * 5)
    ids = {kind: [row["id"] for row in holders if row["kind"] == kind] for kind in LEFT_OF}
    left = {kind: held(store, kind, ids[kind], day) for kind in LEFT_OF if ids[kind]}
    owing = store.among(OPEN_OF_CUSTOMERS, {row["customer_id"] for row in holders}, (day,) * 3)
    open_minor: dict[tuple[int, str], dict[str, int]] = {}
    for row in owing:
        if row["id"] in disputed:
            continue
        open_minor.setdefault((row["customer_id"], row["currency"]), {})[row["number"]] = row["open_minor"]
    for row in holders:
        left_minor = left[row["kind"]][row["id"]].unapplied_minor
        settled = _settled(left_minor, open_minor.get((row["customer_id"], row["currency"]), {}))
        if settled:
            number, ref, money = settled[0], row["ref"], _money(left_minor, row["currency"])
            command, why = f"ltc apply {ref} {number}", f"unapplied, and {number} is open"
            yield _row("credit", ref, row["name"], row["since"], today, command, why, **money)


def _settled(left_minor: int, open_minor: dict[str, int]) -> list[str]:
    """The invoices that so much settles, the oldest due first; what it settles of them is open no more."""
    found = []
    for number, owed_minor in list(open_minor.items()):
        if left_minor <= 0:
            break
        found.append(number)
        open_minor[number] -= min(left_minor, owed_minor)
        left_minor -= owed_minor
        if not open_minor[number]:
            del open_minor[number]
    return found


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
            money = _money(due_minor, row["currency"])
            yield _row("invoice", ref, row["name"], today.isoformat(), today, f"ltc invoice {ref}", **money)


def _unmailed(store: Store, today: date) -> Iterator[dict[str, Any]]:
    """Invoices that were to be mailed, whatever kept them back: no address, or a name that no mail carries."""
    for row in unmailed(store, today.isoformat()):
        command = f"ltc send {row['number']}" if row["email"] else f"ltc edit K{row['customer_id']} email=…"
        money = _money(row["open_minor"], row["currency"])
        yield _row("not mailed", row["number"], row["name"], row["issued_on"], today, command, **money)


def _next_steps(store: Store, today: date) -> Iterator[dict[str, Any]]:
    day = today.isoformat()
    for row in store.all(OPEN_OPPORTUNITIES, (day, day)):
        ref = f"O{row['id']}"
        if row["next_on"] and row["next_on"] <= day:
            yield _row(row["next_step"] or "next step", ref, row["name"], row["next_on"], today, f"ltc show {ref}")
        else:
            yield _row("close", ref, row["name"], row["close_on"], today, f"ltc sign {ref}")


def _task(task: dict[str, Any], today: date, failed: Row | None = None) -> dict[str, Any]:
    """A call with a customer whom dunning cannot write to, or whom a level says to call; or one with a lead.

    `failed`: the mail of the notice that it tells instead.
    """
    why = f"{failed['about']} to {failed['recipient']} failed: {failed['said']}" if failed else None
    return _row(task["text"], task["ref"], task["name"], task["since"], today, f"ltc done {task['ref']}", why)


def undelivered(store: Store, today: date, now: str) -> Iterator[Row]:
    """Mails that did not go, but for those whose lead nobody wants to write to any more."""
    for row in store.all(UNDELIVERED, (*moments(now), today.isoformat())):
        if row["kind"] != "lead" or row["state"] == "unknown" or not nurture.withdrawn(store, row["id"]):
            yield row


def _called(store: Store, mails: Iterable[Row], waiting: Iterable[dict[str, Any]]) -> dict[int, str]:
    """The calls that tell what was in mails of notices which have failed, by mail."""
    failed = {row["record_id"]: row["id"] for row in mails if row["kind"] == "notice" and row["state"] == "failed"}
    asked = {row["ref"] for row in waiting}
    found = notice_records.records(store, [*failed])
    return {failed[int(each["ref"][1:])]: each["task"] for each in found if each["task"] in asked}


def _undelivered(row: Row, settings: Settings, today: date) -> dict[str, Any]:
    ref, said = f"M{row['id']}", row["said"] or "no answer"
    what, command, why = UNDELIVERED_STATES[row["state"]]
    if row["state"] == "failed" and row["is_current"] and speaks_of_recipient(said, row["recipient"]):
        command = f"ltc edit K{row['customer_id']} email=…"
    until = moment(row["not_before"], settings.timezone) if row["not_before"] else None
    words = why.format(until=until, said=said)
    return _row(what, ref, row["name"], row["queued_on"], today, command.format(ref=ref), words)


def _waiting(store: Store, settings: Settings, today: date, now: str) -> Iterator[dict[str, Any]]:
    """What goes with the next run: mails, and letters on paper."""
    for channel in outbox.CHANNELS:
        ids = outbox.waiting(store, channels=(channel,), until=now)
        rows = [row for row in outbox.records(store, ids) if row["queued_on"] <= today.isoformat()]
        if rows:
            first, *others = rows
            no_server = setting.missing(settings, writes=False, sends=channel == "mail")
            said = [row["said"] for row in rows if row["said"]]
            why = no_server or (said[-1] if said else None)
            command = outbox.sends(channel, settings.mail.host)
            ref, name = (first["ref"], first["recipient"]) if not others else (None, f"{len(rows)} {channel}s")
            yield _row(f"{channel}s wait", ref, name, first["queued_on"], today, command, why)


def _unshipped(store: Store, today: date) -> Iterator[dict[str, Any]]:
    """What was sold and not sent; of whom a dunning level stops it, what has to be paid first."""
    rows = store.all(UNSHIPPED, (today.isoformat(),))
    stopped = shipping_stops.stopped(store, {row["customer_id"] for row in rows})
    for row in rows:
        what, ref, why = "ship", f"C{row['id']}", None
        command = f"ltc ship {ref}"
        if reached := stopped.get(row["customer_id"]):
            what, command, why = "shipping stopped", f"ltc collect {reached['number']}", shipping_stops.why(reached)
        yield _row(what, ref, row["name"], row["signed_on"], today, command, why)


def _untouched(store: Store, today: date) -> Iterator[dict[str, Any]]:
    before = date.fromordinal(today.toordinal() - FRESH_DAYS + 1).isoformat()
    for row in store.all(UNTOUCHED, (before,)):
        name = row["company"] or row["name"]
        command = f"ltc nurture L{row['id']} --log call"
        yield _row("call", f"L{row['id']}", name, row["created_on"], today, command)
