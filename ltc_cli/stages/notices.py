"""Notices: written with their claims, taken back before the dot, shown."""

from __future__ import annotations

from datetime import date
from itertools import count, repeat
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.errors import RefusedError, UsageError
from ltc_cli.mail import outbox, paper
from ltc_cli.mail.message import Letter, refuse_address
from ltc_cli.report import Column
from ltc_cli.rules.contact import normalise_email
from ltc_cli.rules.dunning import by_due_date
from ltc_cli.rules.money import format_amount
from ltc_cli.stages import dunning_letters, mailing, tasks
from ltc_cli.stages.settlements import take_back

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from sqlite3 import Row

    from ltc_cli.rules.dunning import Notice
    from ltc_cli.settings import Settings
    from ltc_cli.stages.dunning import Decision, LeftOut
    from ltc_cli.stages.mailing import Office
    from ltc_cli.store import Store

COLUMNS = (
    Column("ref", "ref"),
    Column("customer", "ref"),
    Column("customer_name", spare=2),
    Column("level"),
    Column("channel", spare=3),
    Column("currency"),
    Column("amount", "money", spare=4),
    Column("fee", "money", spare=5),
    Column("interest", "money", spare=5),
    Column("total", "money"),
    Column("invoices", "list", on_table=False),
    Column("advanced", "list", on_table=False, columns=(Column("invoice", "ref"), Column("level"))),
    Column(
        "claims",
        "list",
        on_table=False,
        columns=(Column("invoice", "ref"), Column("kind"), Column("amount", "money"), Column("formula")),
    ),
    Column("status", "status"),
    Column("decided_on", "date", on_table=False),
    Column("task", "ref", on_table=False),
    Column("why", "prose"),
)

LIST_COLUMNS = tuple(
    column._replace(on_table=True, spare=1) if column.key == "decided_on" else column for column in COLUMNS
)
"""Of notices of many days."""

COPIED = ("customer_id", "currency", "level", "channel", "amount_minor", "fee_minor", "interest_minor")
"""What a notice of a decision and its row have in common."""


class Done(NamedTuple):
    """What has become of one notice of a decision."""

    notice_id: int | None
    """None for a mere task."""
    why: str | None = None
    """Why no mail could be written, though the customer has an address."""
    task_id: int | None = None
    """The call that there is instead."""


MOST_NAMED = 5
"""Invoices that are named before a reason; `invoices` has all."""

AT_ONCE = 1000
"""Notices that are read for, drafted and written together; more would only take memory."""


class Known(NamedTuple):
    """What is read once for many notices."""

    customers: dict[int, Row]
    invoices: dict[int, Row]
    formulas: dict[int, str]
    """How the claims that were made before were reckoned, by receivable."""
    attempts: dict[tuple[int, str | None], int]
    """How often a level was told of a receivable."""


class Draft(NamedTuple):
    """A notice before it is written down."""

    notice: Notice
    notice_id: int | None = None
    """None for a mere task."""
    mail: outbox.Mail | None = None
    why: str | None = None
    """Why no mail can be written, though the customer has an address."""


def carry_out(
    store: Store,
    settings: Settings,
    desk: Office | None,
    decision: Decision,
    today: date,
    *,
    is_whole: bool = True,
) -> list[Done]:
    """Write the notices, their claims, tasks and mails. `is_whole`: it was decided about all customers."""
    done: list[Done] = []
    for start in range(0, len(decision.notices), AT_ONCE):
        notices = decision.notices[start : start + AT_ONCE]
        known = _known(store, notices)
        drafts = list(_drafted(store, settings, desk, known, notices, today))
        done += _write(store, known, drafts, today)
    is_first = store.value("SELECT COUNT(*) FROM dunning_run WHERE run_on = ?", (today.isoformat(),)) == 0
    if done or (is_first and is_whole):  # else the next run would not know how long the others were forgotten
        store.add("dunning_run", run_on=today.isoformat(), notices=len(done), recorded_at=store.recorded_at)
    return done


def _known(store: Store, notices: Sequence[Notice]) -> Known:
    listed = [item for notice in notices for item in notice.listed]
    claims = [claim for notice in notices for claim in notice.claims]
    advanced = {item.id for notice in notices for item in notice.advanced}
    customers = store.among("SELECT * FROM customer WHERE {these:id}", {notice.customer_id for notice in notices})
    invoices = store.among(
        "SELECT id, number, issued_on, customer_id FROM invoice WHERE {these:id}",
        {item.invoice_id for item in listed} | {claim.invoice_id for claim in claims},
    )
    formulas = store.among(
        "SELECT receivable_id, formula FROM claim WHERE {these:receivable_id}", [item.id for item in listed]
    )
    attempts = store.among(
        "SELECT receivable_id, level, COUNT(*) AS times FROM notice_item WHERE {these:receivable_id}"
        " GROUP BY receivable_id, level",
        advanced,
    )
    return Known(
        {row["id"]: row for row in customers},
        {row["id"]: row for row in invoices},
        {row["receivable_id"]: row["formula"] for row in formulas},
        {(row["receivable_id"], row["level"]): row["times"] for row in attempts},
    )


def _drafted(
    store: Store,
    settings: Settings,
    desk: Office | None,
    known: Known,
    notices: Sequence[Notice],
    today: date,
) -> Iterator[Draft]:
    """A customer whose address or name no safe mail can carry is to be called, and keeps nobody waiting."""
    notice_id, mails = store.next_id("notice"), outbox.Writer(store)
    for notice in notices:
        if notice.channel == "task" and notice.mail is not None:
            why = f"K{notice.customer_id} is to be called, {notice.unmailable}" if notice.unmailable else None
            yield Draft(notice, why=why)
            continue
        mail = None
        try:
            if notice.channel != "task":
                mail = _post(settings, desk, known, notice, notice_id, today, mails)
        except (RefusedError, UsageError) as error:
            why = f"K{notice.customer_id} is to be called, no mail can be written: {error.message}"
            yield Draft(notice, why=why)
            continue
        yield Draft(notice, notice_id, mail)
        notice_id += 1


def _write(store: Store, known: Known, drafts: Sequence[Draft], today: date) -> list[Done]:
    """All of them, table by table; within each the order is theirs, and so is that of the ids."""
    written = [(draft.notice_id, draft.notice) for draft in drafts if draft.notice_id]
    notices = [notice for _, notice in written]
    store.add_all(
        "notice",
        len(written),
        id=(notice_id for notice_id, _ in written),
        **{column: map(attrgetter(column), notices) for column in COPIED},
        on_ladder=(int(notice.on_ladder) for notice in notices),
        stops_shipping=(int(notice.stops_shipping) for notice in notices),
        decided_on=repeat(today.isoformat()),
        recorded_at=repeat(store.recorded_at),
    )
    for notice_id, notice in written:
        store.touch(f"N{notice_id}")
        store.touch(f"K{notice.customer_id}")
    items = [(notice_id, item.id, item.level) for notice_id, notice in written for item in notice.advanced]
    store.add_all(
        "notice_item",
        len(items),
        notice_id=(notice_id for notice_id, _, _ in items),
        receivable_id=(item_id for _, item_id, _ in items),
        level=(level for _, _, level in items),
        attempt=(known.attempts.get((item_id, level), 0) + 1 for _, item_id, level in items),
    )
    store.connection.executemany(
        "INSERT INTO notice_listed (notice_id, receivable_id, balance_minor) VALUES (?, ?, ?)",
        ((notice_id, item.id, item.balance_minor) for notice_id, notice in written for item in notice.listed),
    )
    _add_claims(store, known, written, today)
    done = []
    for draft in drafts:
        task_id = None
        if draft.why:
            task_id = tasks.called_about(store, _reached(draft.notice))
        if draft.notice.task or draft.notice_id is None:
            customer = known.customers[draft.notice.customer_id]
            task_id = task_id or _add_task(store, draft.notice, customer, today, draft.notice_id)
        done.append(Done(draft.notice_id, draft.why, None if draft.notice_id else task_id))
    outbox.add_all(store, [draft.mail for draft in drafts if draft.mail], today)
    return done


def _reached(notice: Notice) -> list[tuple[int, str]]:
    """What went up the ladder, and to which level."""
    return [(item.id, item.level) for item in notice.advanced if item.level]


def _add_claims(store: Store, known: Known, written: Sequence[tuple[int, Notice]], today: date) -> None:
    made = [(notice_id, notice.currency, claim) for notice_id, notice in written for claim in notice.claims]
    claims = [claim for _, _, claim in made]
    first_id = store.next_id("receivable")
    store.add_all(
        "receivable",
        len(made),
        id=count(first_id),
        kind=(claim.kind for claim in claims),
        invoice_id=(claim.invoice_id for claim in claims),
        notice_id=(notice_id for notice_id, _, _ in made),
        customer_id=(known.invoices[claim.invoice_id]["customer_id"] for claim in claims),
        currency=(currency for _, currency, _ in made),
        issued_on=repeat(today.isoformat()),
        due_on=repeat(today.isoformat()),
        amount_minor=(claim.amount_minor for claim in claims),
    )
    store.add_all(
        "claim",
        len(made),
        receivable_id=count(first_id),
        basis=(claim.basis for claim in claims),
        formula=(claim.formula for claim in claims),
    )
    for claim in claims:
        store.touch(known.invoices[claim.invoice_id]["number"])


def _add_task(store: Store, notice: Notice, customer: Row, today: date, notice_id: int | None) -> int | None:
    """Ask for the call; about what nobody was called about at this level before, and None where there is no such."""
    is_new = _was_not_made if notice_id else _is_not_asked_for
    items = [item for item in _reached(notice) if is_new(store, item)]
    if not items:
        return None
    store.touch(f"K{notice.customer_id}")
    return tasks.add(
        store,
        (notice.task or "call {customer}").replace("{customer}", customer["name"]),
        today,
        items,
        customer_id=notice.customer_id,
        level=notice.level,
        currency=notice.currency,
        notice_id=notice_id,
    )


def _was_not_made(store: Store, item: tuple[int, str]) -> bool:
    return not tasks.was_made(store, item)


def _is_not_asked_for(store: Store, item: tuple[int, str]) -> bool:
    return tasks.called_about(store, [item]) is None


def _post(
    settings: Settings,
    desk: Office | None,
    known: Known,
    notice: Notice,
    notice_id: int,
    today: date,
    mails: outbox.Writer,
) -> outbox.Mail:
    customer = known.customers[notice.customer_id]
    about = outbox.About("notice", notice_id, f"N{notice_id}", notice.customer_id)
    text = dunning_letters.write(settings, notice, customer, notice_id, today, known.invoices, known.formulas)
    if notice.channel == "letter":
        return mails.print(dunning_letters.on_paper(settings, notice, customer, today, text), about)
    assert desk
    recipient = normalise_email(customer["email"])
    refuse_address(recipient)
    letter = Letter(
        sender_name=desk.sender_name,
        sender=desk.sender,
        recipient_name=customer["contact"] or customer["name"],
        recipient=recipient,
        subject=text.subject,
        text=text.text,
        html=text.html,
        language=customer["language"] or desk.language,
    )
    return mails.write(letter, about)


# What happens before the dot


# All that a notice speaks of: what went up the ladder, and what else it lists.
TOLD = """SELECT receivable_id FROM notice_item WHERE notice_id = {notice}
    UNION SELECT receivable_id FROM notice_listed WHERE notice_id = {notice}"""

# What changes what a notice says, the first that was recorded since: money of this customer and currency, or a word
# that keeps dunning back. What is open of what it lists is compared itself, too: where a clock was put back, a payment
# that came later is of an earlier moment.
CHANGED = f"""
WITH mine AS (SELECT notice.id, notice.customer_id, own.id AS own_id, currency, notice.recorded_at FROM outbox
    JOIN notice ON outbox.kind = 'notice' AND notice.id = outbox.record_id
    JOIN customer AS own ON own.id = notice.customer_id OR own.merged_into_id = notice.customer_id
    WHERE outbox.id = ?)
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
SELECT number FROM outbox JOIN notice ON outbox.kind = 'notice' AND notice.id = outbox.record_id
JOIN receivable ON receivable.id IN ({TOLD.format(notice="notice.id")})
JOIN invoice ON invoice.id = receivable.invoice_id
JOIN customer AS own ON own.id = notice.customer_id
JOIN customer AS kept ON kept.id = COALESCE(own.merged_into_id, own.id)
LEFT JOIN dunning_choice_now AS choice ON choice.invoice_id = receivable.invoice_id
WHERE outbox.id = ? AND COALESCE(choice.policy, kept.dunning) = 'none'
"""

# It is of before the due date, and that is past for one of its instalments.
PASSED = """
SELECT due_on FROM outbox JOIN notice ON outbox.kind = 'notice' AND notice.id = outbox.record_id
JOIN notice_item ON notice_item.notice_id = notice.id JOIN receivable ON receivable.id = receivable_id
WHERE outbox.id = ? AND on_ladder = 0 AND due_on < ?
"""

# The clock was ahead when it was decided.
AHEAD = """
SELECT 1 FROM outbox JOIN notice ON outbox.kind = 'notice' AND notice.id = outbox.record_id
WHERE outbox.id = ? AND decided_on > ?
"""

# What a notice says is of a customer as it was: its address, what it owes, what is held for it.
MERGED = """
SELECT customer.id, merged_into_id FROM outbox JOIN notice ON outbox.kind = 'notice' AND notice.id = outbox.record_id
JOIN customer ON customer.id = notice.customer_id OR merged_into_id = notice.customer_id
WHERE outbox.id = ? AND merged_at > notice.recorded_at
"""


# A later notice of the ladder speaks of all that this one does, and went or will go.
OVERTAKEN = """
SELECT later.id FROM outbox JOIN notice ON outbox.kind = 'notice' AND notice.id = outbox.record_id
JOIN notice AS later ON later.id > notice.id AND later.currency = notice.currency AND later.on_ladder = 1
    AND later.customer_id = notice.customer_id
WHERE outbox.id = ? AND notice.on_ladder = 1 AND EXISTS (SELECT 1 FROM outbox AS newer
    WHERE newer.kind = 'notice' AND newer.record_id = later.id AND newer.state <> 'cancelled')
"""


def withdrawn(store: Store, mail_id: int, on: date) -> str | None:
    """Why a mail need not go any more. A notice that no longer says what is so takes its claims back with it."""
    row = store.one("SELECT kind, record_id FROM outbox WHERE id = ?", (mail_id,))
    if row is None or row["kind"] != "notice":
        return mailing.withdrawn(store, mail_id)
    why = _why_withdrawn(store, mail_id, on)
    if why:
        void_claims(store, row["record_id"], on)
    return why


def _why_withdrawn(store: Store, mail_id: int, on: date) -> str | None:
    if row := store.one(MERGED, (mail_id,)):
        return f"K{row['id']} was merged into K{row['merged_into_id']} in the meantime"
    if store.one(AHEAD, (mail_id, on.isoformat())):
        return "it was decided on a day to come"
    if row := store.one(CHANGED, (mail_id,)):
        amount = f"{format_amount(abs(row['amount_minor']), row['currency'])} {row['currency']}"
        return f"{CHANGES[row['kind']].format(amount=amount, ref=row['ref'])} in the meantime"
    if row := store.one(OVERTAKEN, (mail_id,)):
        return f"N{row['id']}, a later notice, speaks of it"
    if row := store.one(SWITCHED_OFF, (mail_id,)):
        return f"dunning of {row['number']} was switched off in the meantime"
    if row := store.one(PASSED, (mail_id, on.isoformat())):
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


# Its mail has failed, and no call goes with it.
FAILED = """
SELECT notice.id, notice.customer_id, notice.level, notice.currency, customer.name
FROM outbox JOIN notice ON outbox.kind = 'notice' AND notice.id = outbox.record_id
JOIN customer_now AS customer ON customer.own_id = notice.customer_id
WHERE outbox.id = ? AND state = 'failed' AND outbox.channel = 'mail'
AND NOT EXISTS (SELECT 1 FROM task WHERE task.notice_id = notice.id)
"""

# Mails of notices that have failed and say what somebody has called about instead.
TOLD_BY_CALL = """
SELECT id, record_id, recipient FROM outbox WHERE kind = 'notice' AND state = 'failed' AND record_id IN (
    SELECT notice_item.notice_id FROM notice_item JOIN task_item USING (receivable_id, level)
    JOIN task ON task.id = task_id WHERE task_id = ? AND task.notice_id IS NULL) ORDER BY id
"""


def refused(store: Store, mail_id: int, on: date) -> None:
    """Ask for a call instead of a notice whose mail has failed, where there is none yet."""
    notice = store.one(FAILED, (mail_id,))
    if notice is None:
        return
    items = [
        item for item in _items(store, notice["id"]) if _is_not_asked_for(store, item) and _was_not_made(store, item)
    ]
    if items:
        store.touch(f"K{notice['customer_id']}")
        about = {key: notice[key] for key in ("customer_id", "level", "currency")}
        tasks.add(store, f"call {notice['name']}", on, items, **about)


def called(store: Store, task_id: int, on: date) -> list[str]:
    """Withdraw what has failed and was told by calls instead: its level is reached. Says so, notice by notice."""
    said, why = [], "they were called about it"
    for mail in store.all(TOLD_BY_CALL, (task_id,)):
        if all(tasks.was_made(store, item) for item in _items(store, mail["record_id"])):
            dropped(store, mail["id"], on)
            outbox.withdraw(store, mail["id"], on, why)
            said.append(f"N{mail['record_id']} to {mail['recipient']} is withdrawn: {why}")
    return said


def to_be_called(store: Store, mail_ids: Sequence[int]) -> list[str]:
    """Of these mails those of notices that have failed: what there is to do instead, one line each."""
    failed = store.among(
        "SELECT record_id FROM outbox WHERE kind = 'notice' AND state = 'failed' AND {these:id} ORDER BY id", mail_ids
    )
    found = records(store, [row["record_id"] for row in failed]) if failed else []
    asked = {row["ref"]: row for row in tasks.records(store, [int(each["task"][1:]) for each in found if each["task"]])}
    return [
        f"{each['ref']} is not delivered: {asked[each['task']]['text']}, then ltc done {each['task']}"
        for each in found
        if each["task"] and asked[each["task"]]["status"] == "open"
    ]


def _items(store: Store, notice_id: int) -> list[tuple[int, str]]:
    rows = store.all("SELECT receivable_id, level FROM notice_item WHERE notice_id = ?", (notice_id,))
    return [(row["receivable_id"], row["level"]) for row in rows]


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


# Showing

RECORDS = """
SELECT notice.*, customer.id AS kept_id, customer.name AS customer_name, (SELECT outbox.state FROM outbox
    WHERE outbox.kind = 'notice' AND outbox.record_id = notice.id ORDER BY outbox.id DESC LIMIT 1) AS state,
    (SELECT 'T' || MIN(task.id) FROM task WHERE task.notice_id = notice.id) AS task
FROM notice JOIN customer_now AS customer ON customer.own_id = notice.customer_id
WHERE {these:notice.id} ORDER BY notice.id
"""

# What a notice lists, the oldest due first; of those of older versions only what went up a level is known.
LISTED = """
SELECT said.notice_id, number FROM (
    SELECT notice_id, receivable_id FROM notice_listed UNION SELECT notice_id, receivable_id FROM notice_item) AS said
JOIN receivable ON receivable.id = said.receivable_id JOIN invoice ON invoice.id = invoice_id
WHERE {these:said.notice_id} ORDER BY said.notice_id, due_on, invoice.id
"""

ADVANCED = """
SELECT notice_item.notice_id, number, level FROM notice_item
JOIN receivable ON receivable.id = receivable_id JOIN invoice ON invoice.id = invoice_id
WHERE {these:notice_item.notice_id} ORDER BY notice_item.notice_id, due_on, invoice.id
"""

# What it claims itself, also where that was taken back since.
CLAIMS = """
SELECT notice_id, number, basis, receivable.amount_minor, formula FROM receivable
JOIN claim ON claim.receivable_id = receivable.id JOIN invoice ON invoice.id = invoice_id
WHERE {these:notice_id} ORDER BY receivable.id
"""


def records(store: Store, ids: Sequence[int] | None = None) -> list[dict[str, Any]]:
    """Notices as they are shown, oldest first; all of them without ids."""
    rows = store.among(RECORDS, ids)
    numbers: dict[int, list[str]] = {row["id"]: [] for row in rows}
    for row in store.among(LISTED, ids):
        numbers[row["notice_id"]].append(row["number"])
    advanced: dict[int, list[tuple[str, str]]] = {row["id"]: [] for row in rows}
    for row in store.among(ADVANCED, ids):
        advanced[row["notice_id"]].append((row["number"], row["level"]))
    claims: dict[int, list[tuple[str, str, int, str]]] = {row["id"]: [] for row in rows}
    for row in store.among(CLAIMS, ids):
        claims[row["notice_id"]].append((row["number"], row["basis"], row["amount_minor"], row["formula"]))
    return [
        _record(
            ref=f"N{row['id']}",
            customer=(row["kept_id"], row["customer_name"]),
            level=row["level"],
            channel=row["channel"],
            money=(row["currency"], row["amount_minor"], row["fee_minor"], row["interest_minor"]),
            invoices=numbers[row["id"]],
            advanced=advanced[row["id"]],
            claims=claims[row["id"]],
            status=row["state"] or "sent",
            decided_on=row["decided_on"],
            task=row["task"] or _call_instead(store, row),
        )
        for row in rows
    ]


def _call_instead(store: Store, notice: Row) -> str | None:
    """The call that there is while its mail has failed."""
    task_id = tasks.called_about(store, _items(store, notice["id"])) if notice["state"] == "failed" else None
    return f"T{task_id}" if task_id else None


def _record(
    *,
    ref: str | None,
    customer: tuple[int, str],
    level: str | None,
    channel: str | None,
    money: tuple[str, int, int, int],
    invoices: Iterable[str] = (),
    advanced: Iterable[tuple[str, str | None]] = (),
    claims: Iterable[tuple[str, str, int, str]] = (),
    status: str,
    decided_on: str,
    task: str | None = None,
    why: str | None = None,
) -> dict[str, Any]:
    currency, *parts = money
    amounts = [format_amount(part, currency) for part in (*parts, sum(parts))]
    return {
        "ref": ref,
        "customer": f"K{customer[0]}",
        "customer_name": customer[1],
        "level": level,
        "channel": channel,
        "currency": currency,
        **dict(zip(("amount", "fee", "interest", "total"), amounts, strict=True)),
        "invoices": list(dict.fromkeys(invoices)),
        "advanced": [{"invoice": number, "level": name} for number, name in dict.fromkeys(advanced)],
        "claims": [
            {"invoice": number, "kind": basis, "amount": format_amount(amount_minor, currency), "formula": formula}
            for number, basis, amount_minor, formula in claims
        ],
        "status": status,
        "decided_on": decided_on,
        "task": task,
        "why": why,
    }


def planned(store: Store, decision: Decision, today: date, status: str) -> list[dict[str, Any]]:
    """A decision as it is shown before it is carried out."""
    names = _names(store, [notice.customer_id for notice in decision.notices])
    numbers = _numbers(store, [item.invoice_id for notice in decision.notices for item in notice.listed])
    rows = []
    for notice in decision.notices:
        words = [f"{numbers[item.invoice_id]} due {item.due_on}: {item.level}" for item in notice.advanced]
        why = "; ".join([*([f"to be called, {notice.unmailable}"] if notice.unmailable else []), *words])
        rows.append(
            _record(
                ref=None,
                customer=(notice.customer_id, names[notice.customer_id]),
                level=notice.level,
                channel=notice.channel,
                money=(notice.currency, notice.amount_minor, notice.fee_minor, notice.interest_minor),
                invoices=[numbers[item.invoice_id] for item in sorted(notice.listed, key=by_due_date)],
                advanced=[(numbers[item.invoice_id], item.level) for item in sorted(notice.advanced, key=by_due_date)],
                claims=[
                    (numbers[each.invoice_id], each.basis, each.amount_minor, each.formula) for each in notice.claims
                ],
                status=status,
                decided_on=today.isoformat(),
                why=why,
            )
        )
    return rows


def left_out(store: Store, decision: Decision, today: date) -> list[dict[str, Any]]:
    """Customers who owe something late and are not written to, with why."""
    names = _names(store, [each.customer_id for each in decision.left_out])
    numbers = _numbers(store, {each for left in decision.left_out for each in left.invoice_ids})
    return [
        _record(
            ref=None,
            customer=(each.customer_id, names[each.customer_id]),
            level=None,
            channel=None,
            money=(each.currency, each.amount_minor, 0, 0),
            invoices=[numbers[invoice_id] for invoice_id in each.invoice_ids],
            status="left_out",
            decided_on=today.isoformat(),
            why=_in_words(each, numbers),
        )
        for each in decision.left_out
    ]


def _in_words(left: LeftOut, numbers: dict[int, str]) -> str:
    """Why nobody is written to; of several reasons each with its invoices, the oldest due first."""
    of_reason: dict[str, dict[str, None]] = {}
    for reason in sorted(left.reasons):
        of_reason.setdefault(reason.why, {})[numbers[reason.invoice_id]] = None
    if len(of_reason) < 2:
        return left.why
    return "; ".join(f"{_named(list(named))}: {why}" for why, named in of_reason.items())


def _named(numbers: list[str]) -> str:
    more = f" and {len(numbers) - MOST_NAMED} more" if len(numbers) > MOST_NAMED else ""
    return f"{', '.join(numbers[:MOST_NAMED])}{more}"


def _names(store: Store, ids: Iterable[int]) -> dict[int, str]:
    return {row["id"]: row["name"] for row in store.among("SELECT id, name FROM customer WHERE {these:id}", ids)}


def _numbers(store: Store, ids: Iterable[int]) -> dict[int, str]:
    return {row["id"]: row["number"] for row in store.among("SELECT id, number FROM invoice WHERE {these:id}", ids)}
