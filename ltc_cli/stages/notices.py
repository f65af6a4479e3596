"""Notices: written with their claims, taken back before the dot, shown."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.errors import RefusedError, UsageError
from ltc_cli.mail import outbox, paper
from ltc_cli.mail.message import Letter, refuse_address
from ltc_cli.report import Column
from ltc_cli.rules.contact import normalise_email
from ltc_cli.rules.money import format_amount
from ltc_cli.stages import dunning_letters, mailing, tasks
from ltc_cli.stages.settlements import take_back

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from sqlite3 import Row

    from ltc_cli.rules.dunning import Claim, Notice
    from ltc_cli.settings import Settings
    from ltc_cli.stages.dunning import Decision
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
    Column("status", "status"),
    Column("decided_on", "date", on_table=False),
    Column("task", "ref", on_table=False),
    Column("why"),
)


class Done(NamedTuple):
    """What has become of one notice of a decision."""

    notice_id: int | None
    """None for a mere task."""
    why: str | None = None
    """Why no mail could be written, though the customer has an address."""
    task_id: int | None = None
    """The call that there is instead."""


def carry_out(
    store: Store, settings: Settings, desk: Office | None, decision: Decision, today: date, folder: Path | None
) -> list[Done]:
    """Write the notices, their claims, tasks and mails."""
    done: list[Done] = []
    for notice in decision.notices:
        assert desk
        done.append(_write_or_call(store, settings, desk, notice, today, folder))
    is_first = store.value("SELECT COUNT(*) FROM dunning_run WHERE run_on = ?", (today.isoformat(),)) == 0
    if done or is_first:
        store.add("dunning_run", run_on=today.isoformat(), notices=len(done), recorded_at=store.recorded_at)
    return done


def _write_or_call(
    store: Store, settings: Settings, desk: Office, notice: Notice, today: date, folder: Path | None
) -> Done:
    """Write it; a customer whose address or name no safe mail can carry is to be called, and keeps nobody waiting."""
    store.connection.execute("SAVEPOINT one_notice")
    counts = store.counts.copy()
    try:
        return _write(store, settings, desk, notice, today, folder)
    except (RefusedError, UsageError) as error:
        store.connection.execute("ROLLBACK TO one_notice")
        store.counts.clear()
        store.counts.update(counts)
        customer = store.one("SELECT * FROM customer WHERE id = ?", (notice.customer_id,))
        assert customer is not None
        task_id = tasks.called_about(store, _reached(notice)) or _add_task(store, notice, customer, today, None)
        return Done(None, f"K{notice.customer_id} is to be called, no mail can be written: {error.message}", task_id)
    finally:
        store.connection.execute("RELEASE one_notice")


def _reached(notice: Notice) -> list[tuple[int, str]]:
    """What went up the ladder, and to which level."""
    return [(item.id, item.level) for item in notice.advanced if item.level]


def _write(store: Store, settings: Settings, desk: Office, notice: Notice, today: date, folder: Path | None) -> Done:
    customer = store.one("SELECT * FROM customer WHERE id = ?", (notice.customer_id,))
    assert customer is not None
    if notice.channel == "task" and notice.mail is not None:
        return Done(None, None, _add_task(store, notice, customer, today, None))
    notice_id = store.add(
        "notice",
        customer_id=notice.customer_id,
        currency=notice.currency,
        level=notice.level,
        channel=notice.channel,
        amount_minor=notice.amount_minor,
        fee_minor=notice.fee_minor,
        interest_minor=notice.interest_minor,
        on_ladder=int(notice.on_ladder),
        stops_shipping=int(notice.stops_shipping),
        decided_on=today.isoformat(),
        recorded_at=store.recorded_at,
    )
    store.touch(f"K{notice.customer_id}")
    for item in notice.advanced:
        attempt = store.value(
            "SELECT COUNT(*) + 1 FROM notice_item WHERE receivable_id = ? AND level = ?", (item.id, item.level)
        )
        store.add("notice_item", notice_id=notice_id, receivable_id=item.id, level=item.level, attempt=attempt)
    for claim in notice.claims:
        _add_claim(store, notice_id, notice, claim, today)
    if notice.task:
        _add_task(store, notice, customer, today, notice_id)
    if notice.channel != "task":
        _post(store, settings, desk, notice, customer, notice_id, today, folder)
    return Done(notice_id)


def _add_claim(store: Store, notice_id: int, notice: Notice, claim: Claim, today: date) -> None:
    customer_id = store.value("SELECT customer_id FROM invoice WHERE id = ?", (claim.invoice_id,))
    receivable_id = store.add(
        "receivable",
        kind=claim.kind,
        invoice_id=claim.invoice_id,
        notice_id=notice_id,
        customer_id=customer_id,
        currency=notice.currency,
        issued_on=today.isoformat(),
        due_on=today.isoformat(),
        amount_minor=claim.amount_minor,
    )
    store.add("claim", receivable_id=receivable_id, basis=claim.basis, formula=claim.formula)
    store.touch(store.value("SELECT number FROM invoice WHERE id = ?", (claim.invoice_id,)))


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
    store: Store,
    settings: Settings,
    desk: Office,
    notice: Notice,
    customer: Row,
    notice_id: int,
    today: date,
    folder: Path | None,
) -> None:
    """The mail into the outbox, or the letter into the folder."""
    text = dunning_letters.write(store, settings, notice, customer, notice_id, today)
    if notice.channel == "letter":
        assert folder
        paper.draft(folder, notice_id, store.recorded_at, text)
        return
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
    outbox.add(store, letter, outbox.About("notice", notice_id, f"N{notice_id}", notice.customer_id), today)


def letters_kept(store: Store, folder: Path) -> dict[paper.Draft, bool]:
    """The letters that are drafted in a folder, and whether the decision that each is of was kept."""
    found = paper.drafts(folder)
    rows = store.among("SELECT id, recorded_at FROM notice WHERE {these:id}", [each.notice_id for each in found])
    recorded_at = {row["id"]: row["recorded_at"] for row in rows}
    return {each: paper.is_of(each, recorded_at.get(each.notice_id, "")) for each in found}


# What happens before the dot


def waiting_mails(store: Store) -> list[int]:
    """Mails of notices that have not gone yet, also of a run that died."""
    rows = store.all(
        "SELECT id FROM outbox WHERE kind = 'notice' AND state IN ('queued', 'claimed', 'sending')"
        " AND state NOT IN ('sent', 'cancelled') ORDER BY id"
    )
    return [row["id"] for row in rows]


# What changes what a notice says: money of this customer and currency, or a word that keeps dunning back.
CHANGED = """
SELECT 1 FROM outbox JOIN notice ON outbox.kind = 'notice' AND notice.id = outbox.record_id WHERE outbox.id = ? AND (
    EXISTS (SELECT 1 FROM settlement JOIN receivable ON receivable.id = receivable_id
        JOIN customer ON customer.id = receivable.customer_id
        WHERE COALESCE(merged_into_id, customer.id) = notice.customer_id AND receivable.currency = notice.currency
        AND settlement.recorded_at > notice.recorded_at)
    OR EXISTS (SELECT 1 FROM payment JOIN customer ON customer.id = payment.customer_id
        WHERE COALESCE(merged_into_id, customer.id) = notice.customer_id AND payment.currency = notice.currency
        AND payment.recorded_at > notice.recorded_at)
    OR EXISTS (SELECT 1 FROM credit_note JOIN customer ON customer.id = credit_note.customer_id
        WHERE COALESCE(merged_into_id, customer.id) = notice.customer_id AND credit_note.currency = notice.currency
        AND credit_note.recorded_at > notice.recorded_at)
    OR EXISTS (SELECT 1 FROM dunning_event WHERE dunning_event.recorded_at > notice.recorded_at AND kind <> 'release'
        AND (dunning_event.customer_id = notice.customer_id OR dunning_event.invoice_id IN (
            SELECT invoice_id FROM receivable JOIN notice_item ON receivable_id = receivable.id
            WHERE notice_item.notice_id = notice.id))))
"""

ITEMS = """
FROM outbox JOIN notice ON outbox.kind = 'notice' AND notice.id = outbox.record_id
JOIN notice_item ON notice_item.notice_id = notice.id JOIN receivable ON receivable.id = receivable_id
"""

# The nearest policy of one of its invoices is none by now.
SWITCHED_OFF = f"""
SELECT 1 {ITEMS} JOIN customer AS own ON own.id = notice.customer_id
JOIN customer AS kept ON kept.id = COALESCE(own.merged_into_id, own.id)
LEFT JOIN dunning_choice AS choice ON choice.invoice_id = receivable.invoice_id AND NOT EXISTS (
    SELECT 1 FROM dunning_choice AS later WHERE later.invoice_id = choice.invoice_id AND later.id > choice.id)
WHERE outbox.id = ? AND COALESCE(choice.policy, kept.dunning) = 'none'
"""

# It is of before the due date, and that is past for one of its instalments.
PASSED = f"SELECT 1 {ITEMS} WHERE outbox.id = ? AND on_ladder = 0 AND due_on < ?"

# What a notice says is of a customer as it was: its address, what it owes, what is held for it.
MERGED = """
SELECT 1 FROM outbox JOIN notice ON outbox.kind = 'notice' AND notice.id = outbox.record_id
JOIN customer ON customer.id = notice.customer_id OR merged_into_id = notice.customer_id
WHERE outbox.id = ? AND merged_at > notice.recorded_at
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
    if store.one(MERGED, (mail_id,)):
        return "the customer was merged with another in the meantime"
    if store.one(CHANGED, (mail_id,)):
        return "something was paid, credited, held or promised in the meantime"
    if store.one(SWITCHED_OFF, (mail_id,)):
        return "dunning was switched off in the meantime"
    if store.one(PASSED, (mail_id, on.isoformat())):
        return "it speaks of before the due date, which is past"
    return None


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

NUMBERS = """
SELECT DISTINCT notice_item.notice_id, number, invoice.id FROM notice_item
JOIN receivable ON receivable.id = receivable_id JOIN invoice ON invoice.id = invoice_id
WHERE {these:notice_item.notice_id} ORDER BY notice_item.notice_id, invoice.id
"""


def records(store: Store, ids: Sequence[int] | None = None) -> list[dict[str, Any]]:
    """Notices as they are shown, oldest first; all of them without ids."""
    rows = store.among(RECORDS, ids)
    numbers: dict[int, list[str]] = {row["id"]: [] for row in rows}
    for row in store.among(NUMBERS, ids):
        numbers[row["notice_id"]].append(row["number"])
    return [
        _record(
            ref=f"N{row['id']}",
            customer=(row["kept_id"], row["customer_name"]),
            level=row["level"],
            channel=row["channel"],
            money=(row["currency"], row["amount_minor"], row["fee_minor"], row["interest_minor"]),
            invoices=numbers[row["id"]],
            status=row["state"] or "sent",
            decided_on=row["decided_on"],
            task=row["task"],
        )
        for row in rows
    ]


def _record(
    *,
    ref: str | None,
    customer: tuple[int, str],
    level: str | None,
    channel: str | None,
    money: tuple[str, int, int, int],
    invoices: list[str],
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
        "invoices": invoices,
        "status": status,
        "decided_on": decided_on,
        "task": task,
        "why": why,
    }


def planned(store: Store, decision: Decision, today: date, status: str) -> list[dict[str, Any]]:
    """A decision as it is shown before it is carried out."""
    names = _names(store, [notice.customer_id for notice in decision.notices])
    numbers = _numbers(store, [item.invoice_id for notice in decision.notices for item in notice.advanced])
    rows = []
    for notice in decision.notices:
        why = "; ".join([f"{numbers[item.invoice_id]} due {item.due_on}: {item.level}" for item in notice.advanced])
        mine = {numbers[item.invoice_id]: None for item in notice.advanced}
        rows.append(
            _record(
                ref=None,
                customer=(notice.customer_id, names[notice.customer_id]),
                level=notice.level,
                channel=notice.channel,
                money=(notice.currency, notice.amount_minor, notice.fee_minor, notice.interest_minor),
                invoices=list(mine),
                status=status,
                decided_on=today.isoformat(),
                why=why,
            )
        )
    return rows


def left_out(store: Store, decision: Decision, today: date) -> list[dict[str, Any]]:
    """Customers who owe something late and are not written to, with why."""
    names = _names(store, [each.customer_id for each in decision.left_out])
    return [
        _record(
            ref=None,
            customer=(each.customer_id, names[each.customer_id]),
            level=None,
            channel=None,
            money=(each.currency, each.amount_minor, 0, 0),
            invoices=[],
            status="left_out",
            decided_on=today.isoformat(),
            why=each.why,
        )
        for each in decision.left_out
    ]


def _names(store: Store, ids: Iterable[int]) -> dict[int, str]:
    return {row["id"]: row["name"] for row in store.among("SELECT id, name FROM customer WHERE {these:id}", ids)}


def _numbers(store: Store, ids: Iterable[int]) -> dict[int, str]:
    return {row["id"]: row["number"] for row in store.among("SELECT id, number FROM invoice WHERE {these:id}", ids)}
