"""What becomes of the mail of a notice: withdrawn before the dot, or told by a call where it has failed."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from ltc_cli.mail import outbox, paper
from ltc_cli.rules.money import format_amount
from ltc_cli.stages import mailing, notice_records, tasks
from ltc_cli.stages.settlements import take_back

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltc_cli.store import Store

# All that a notice speaks of: what went up the ladder, and what else it lists.
TOLD = """SELECT receivable_id FROM notice_item WHERE notice_id = {notice}
    UNION SELECT receivable_id FROM notice_listed WHERE notice_id = {notice}"""

# What changes what a notice says, the first that was recorded since: money of this customer and currency, or a word
# that keeps dunning back. What is open of what it lists is compared itself, too: where a clock was put back, a payment
# that came later is of an earlier moment.
CHANGED = f"""
WITH mine AS (SELECT notice.id, notice.customer_id, own.id AS own_id, currency, notice.recorded_at FROM notice
    JOIN customer AS own ON own.id = notice.customer_id OR own.merged_into_id = notice.customer_id
    WHERE notice.id = ?)
SELECT 'received' AS kind, 'P' || payment.id AS ref, amount_minor, mine.currency FROM mine
JOIN payment ON payment.customer_id = own_id AND payment.currency = mine.currency
    AND payment.recorded_at > mine.recorded_at
UNION ALL
SELECT 'reversed', 'P' || payment.id, amount_minor, mine.currency FROM mine
JOIN payment ON payment.customer_id = own_id AND payment.currency = mine.currency
JOIN payment_reversal ON payment_id = payment.id AND payment_reversal.recorded_at > mine.recorded_at
UNION ALL
SELECT 'noted', number, total_minor, mine.currency FROM mine
JOIN credit_note ON credit_note.customer_id = own_id AND credit_note.currency = mine.currency
    AND credit_note.recorded_at > mine.recorded_at
UNION ALL
SELECT CASE WHEN refund.recorded_at > mine.recorded_at THEN 'refunded' ELSE 'returned' END, NULL, amount_minor,
    mine.currency FROM mine
JOIN refund ON refund.customer_id = own_id AND refund.currency = mine.currency
LEFT JOIN refund_reversal ON refund_id = refund.id
WHERE refund.recorded_at > mine.recorded_at OR refund_reversal.recorded_at > mine.recorded_at
UNION ALL
SELECT settlement.kind, number, settlement.amount_minor, mine.currency FROM mine
JOIN receivable ON receivable.currency = mine.currency AND receivable.customer_id IN (SELECT own_id FROM mine)
JOIN settlement ON receivable_id = receivable.id AND settlement.recorded_at > mine.recorded_at
JOIN invoice ON invoice.id = invoice_id
UNION ALL
SELECT dunning_event.kind, COALESCE(number, 'K' || dunning_event.customer_id), 0, mine.currency FROM mine
JOIN dunning_event ON dunning_event.recorded_at > mine.recorded_at AND dunning_event.kind <> 'release'
LEFT JOIN invoice ON invoice.id = invoice_id
WHERE dunning_event.customer_id = mine.customer_id OR dunning_event.invoice_id IN (
    SELECT invoice_id FROM receivable WHERE id IN ({TOLD.format(notice="mine.id")}))
UNION ALL
SELECT 'changed', number, 0, mine.currency FROM mine JOIN notice_listed ON notice_listed.notice_id = mine.id
JOIN receivable ON receivable.id = receivable_id JOIN invoice ON invoice.id = invoice_id
WHERE balance_minor <> receivable.amount_minor - COALESCE(
    (SELECT SUM(amount_minor) FROM settlement WHERE settlement.receivable_id = receivable.id), 0)
LIMIT 1
"""
CHANGES = {
    "received": "{amount} came in ({ref})",
    "reversed": "{ref} over {amount} was reversed",
    "noted": "{amount} was credited ({ref})",
    "refunded": "{amount} was paid back",
    "returned": "a refund of {amount} came back",
    **{kind: words.format(what="{amount} of {ref}") for kind, words in mailing.SETTLED.items()},
    "hold": "{ref} was put on hold",
    "dispute": "{ref} was disputed",
    "promise": "payment of {ref} was promised",
    "changed": "what is open of {ref} has changed",
}

# The nearest policy of one of its invoices is none by now.
SWITCHED_OFF = f"""
SELECT number FROM notice JOIN receivable ON receivable.id IN ({TOLD.format(notice="notice.id")})
JOIN invoice ON invoice.id = receivable.invoice_id
JOIN customer AS own ON own.id = notice.customer_id
JOIN customer AS kept ON kept.id = COALESCE(own.merged_into_id, own.id)
LEFT JOIN dunning_choice_now AS choice ON choice.invoice_id = receivable.invoice_id
WHERE notice.id = ? AND COALESCE(choice.policy, kept.dunning) = 'none'
"""

# It is of before the due date, and that is past for one of its instalments.
PASSED = """
SELECT due_on FROM notice JOIN notice_item ON notice_item.notice_id = notice.id
JOIN receivable ON receivable.id = receivable_id WHERE notice.id = ? AND on_ladder = 0 AND due_on < ?
"""

# The clock was ahead when it was decided.
AHEAD = "SELECT 1 FROM notice WHERE id = ? AND decided_on > ?"

# What a notice says is of a customer as it was: its address, what it owes, what is held for it.
MERGED = """
SELECT customer.id, merged_into_id FROM notice
JOIN customer ON customer.id = notice.customer_id OR merged_into_id = notice.customer_id
WHERE notice.id = ? AND merged_at > notice.recorded_at
"""

# A later notice of the ladder speaks of all that this one does, and went or will go.
OVERTAKEN = """
SELECT later.id FROM notice
JOIN notice AS later ON later.id > notice.id AND later.currency = notice.currency AND later.on_ladder = 1
    AND later.customer_id = notice.customer_id
WHERE notice.id = ? AND notice.on_ladder = 1 AND EXISTS (SELECT 1 FROM outbox AS newer
    WHERE newer.kind = 'notice' AND newer.record_id = later.id AND newer.state <> 'cancelled')
"""


def withdrawn(store: Store, mail_id: int, kind: str, on: date) -> str | None:
    """Why a mail to a customer need not go any more. A notice that is no longer so takes its claims back with it."""
    if kind != "notice":
        return mailing.withdrawn(store, mail_id, kind, on)
    notice_id: int = store.value("SELECT record_id FROM outbox WHERE id = ?", (mail_id,))
    why = _why_withdrawn(store, mail_id, notice_id, on)
    if why:
        void_claims(store, notice_id, on)
    return why


def _why_withdrawn(store: Store, mail_id: int, notice_id: int, on: date) -> str | None:
    if row := store.one(MERGED, (notice_id,)):
        return f"K{row['id']} was merged into K{row['merged_into_id']} in the meantime"
    if store.one(AHEAD, (notice_id, on.isoformat())):
        return "it was decided on a day to come"
    if row := store.one(CHANGED, (notice_id,)):
        amount = f"{format_amount(abs(row['amount_minor']), row['currency'])} {row['currency']}"
        return f"{CHANGES[row['kind']].format(amount=amount, ref=row['ref'])} in the meantime"
    if row := store.one(OVERTAKEN, (notice_id,)):
        return f"N{row['id']}, a later notice, speaks of it"
    if row := store.one(SWITCHED_OFF, (notice_id,)):
        return f"dunning of {row['number']} was switched off in the meantime"
    if row := store.one(PASSED, (notice_id, on.isoformat())):
        return f"it speaks of before {row['due_on']}, which is past"
    if _has_moved(store, mail_id):
        return "the postal address was corrected in the meantime"
    return None


def _has_moved(store: Store, mail_id: int) -> bool:
    """A letter has its address on its page; a mail is queued anew for another one."""
    row = store.one(
        "SELECT recipient, address FROM outbox JOIN customer ON customer.id = customer_id"
        " WHERE channel = 'letter' AND outbox.id = ?",
        (mail_id,),
    )
    return row is not None and row["recipient"] != paper.in_one_line(row["address"] or "")


# Its mail has failed; has_call: one goes with it.
FAILED = """
SELECT notice.id, notice.customer_id, notice.level, notice.currency, on_ladder, stops_shipping, customer.name,
    EXISTS (SELECT 1 FROM task WHERE task.notice_id = notice.id) AS has_call
FROM outbox JOIN notice ON outbox.kind = 'notice' AND notice.id = outbox.record_id
JOIN customer_now AS customer ON customer.own_id = notice.customer_id
WHERE outbox.id = ? AND state = 'failed' AND outbox.channel = 'mail'
"""

# Mails of notices that have failed and say what somebody has called about.
TOLD_BY_CALL = """
SELECT id, record_id, recipient FROM outbox WHERE kind = 'notice' AND state = 'failed' AND record_id IN (
    SELECT notice_item.notice_id FROM notice_item JOIN task_item USING (receivable_id, level)
    WHERE task_id = ?) ORDER BY id
"""
CALLED = "they were called about it"
ABOUT = ("customer_id", "level", "currency", "on_ladder", "stops_shipping")
"""What a call instead of a notice has of it."""

# Mails of notices that have failed, where nothing of what they speak of is open but what they claim themselves. Its
# second condition of the state is that of the index.
SETTLED = f"""
SELECT id, record_id FROM outbox WHERE kind = 'notice' AND state = 'failed' AND state NOT IN ('sent', 'cancelled')
AND NOT EXISTS (SELECT 1 FROM receivable WHERE id IN ({TOLD.format(notice="outbox.record_id")})
    AND COALESCE(notice_id, 0) <> outbox.record_id AND amount_minor > COALESCE(
        (SELECT SUM(amount_minor) FROM settlement WHERE settlement.receivable_id = receivable.id), 0))
ORDER BY id
"""


def refused(store: Store, mail_id: int, on: date) -> None:
    """Ask for a call instead of a notice whose mail has failed, where there is none; one that was made is enough."""
    notice = store.one(FAILED, (mail_id,))
    if notice is None:
        return
    items = notice_records.items(store, notice["id"])
    untold = [item for item in items if not tasks.was_made(store, item)]
    if not untold:
        _withdraw(store, mail_id, on, CALLED)
    unasked = [item for item in untold if not tasks.called_about(store, [item])]
    if unasked and not notice["has_call"]:
        store.touch(f"K{notice['customer_id']}")
        about = {key: notice[key] for key in ABOUT}
        tasks.add(store, f"call {notice['name']}", on, unasked, **about)


def called(store: Store, task_id: int, on: date) -> list[str]:
    """Withdraw what has failed and was told by calls instead: its level is reached. Says so, notice by notice."""
    said = []
    for mail in store.all(TOLD_BY_CALL, (task_id,)):
        if all(tasks.was_made(store, item) for item in notice_records.items(store, mail["record_id"])):
            _withdraw(store, mail["id"], on, CALLED)
            said.append(f"N{mail['record_id']} to {mail['recipient']} is withdrawn: {CALLED}")
    return said


def withdraw_settled(store: Store, on: date) -> list[int]:
    """Withdraw what has failed and would ask for nothing any more. Answers the mails."""
    settled = [row["id"] for row in store.all(SETTLED)]
    for mail_id in settled:
        _withdraw(store, mail_id, on, "all that it speaks of is settled")
    return settled


def _withdraw(store: Store, mail_id: int, on: date, why: str) -> None:
    dropped(store, mail_id, on)
    outbox.withdraw(store, mail_id, on, why)


def to_be_called(store: Store, mail_ids: Sequence[int], today: date) -> list[str]:
    """Of these mails those of notices that have failed: what there is to do instead, one line each."""
    failed = store.among(
        "SELECT record_id FROM outbox WHERE kind = 'notice' AND state = 'failed' AND {these:id} ORDER BY id", mail_ids
    )
    found = notice_records.records(store, [row["record_id"] for row in failed])
    task_ids = [int(each["task"][1:]) for each in found if each["task"]]
    asked = {row["ref"]: row for row in tasks.records(store, task_ids, today)}
    return [
        f"{each['ref']} is not delivered: {asked[each['task']]['text']}, then ltc done {each['task']}"
        for each in found
        if each["task"] and asked[each["task"]]["status"] == "open"
    ]


def dropped(store: Store, mail_id: int, on: date) -> None:
    """A notice whose mail was dropped takes its claims back with it."""
    row = store.one("SELECT kind, record_id FROM outbox WHERE id = ?", (mail_id,))
    if row and row["kind"] == "notice":
        void_claims(store, row["record_id"], on)


def void_claims(store: Store, notice_id: int, on: date) -> None:
    """Take the claims of a notice back, as if they had never been made; what was paid of them is credit again."""
    for row in store.all("SELECT id, amount_minor, issued_on FROM receivable WHERE notice_id = ?", (notice_id,)):
        standing = store.all(
            "SELECT * FROM settlement WHERE receivable_id = ? AND kind <> 'reversal' AND id NOT IN"
            " (SELECT reverses_id FROM settlement WHERE receivable_id = ? AND reverses_id IS NOT NULL)",
            (row["id"], row["id"]),
        )
        if any(made["kind"] == "void" for made in standing):
            continue
        day = max([on.isoformat(), row["issued_on"], *(made["settled_on"] for made in standing)])
        take_back(store, standing, date.fromisoformat(day))
        store.add(
            "settlement",
            receivable_id=row["id"],
            kind="void",
            settled_on=day,
            amount_minor=row["amount_minor"],
            recorded_at=store.recorded_at,
        )
    store.touch(f"N{notice_id}")
