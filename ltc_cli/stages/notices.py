"""Notices: a decision of dunning is carried out, with claims, calls and mails."""

from __future__ import annotations

from itertools import count, repeat
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from ltc_cli.errors import RefusedError, UnwrittenError, UsageError
from ltc_cli.mail import outbox
from ltc_cli.mail.message import refuse_address
from ltc_cli.rules.contact import normalise_email
from ltc_cli.stages import dunning_letters, tasks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date
    from sqlite3 import Row

    from ltc_cli.mail.templates import Text
    from ltc_cli.rules.dunning import Notice
    from ltc_cli.settings import Settings
    from ltc_cli.stages.dunning import Decision
    from ltc_cli.stages.mailing import Office
    from ltc_cli.store import Store

COPIED = ("customer_id", "currency", "level", "channel", "amount_minor", "fee_minor", "interest_minor")
"""What a notice of a decision and its row have in common."""


class Done(NamedTuple):
    """What has become of one notice of a decision."""

    notice_id: int | None
    """None for a mere task."""
    why: str | None = None
    """Why no mail could be written, though the customer has an address."""
    task_id: int | None = None
    """The call that there is instead, or beside it."""


AT_ONCE = 1000
"""Notices that are read for, drafted and written together; more would only take memory."""


class Known(NamedTuple):
    """What is read once for many notices."""

    customers: dict[int, Row]
    invoices: dict[int, Row]
    receivables: dict[int, Row]
    """Of what is listed: what it was at first, and of claims made before what for, and how they were reckoned."""
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
    if is_whole and (done or is_first):  # else nobody would know how long the others were forgotten
        store.add("dunning_run", run_on=today.isoformat(), notices=len(done), recorded_at=store.recorded_at)
    return done


def writable(store: Store, settings: Settings, decision: Decision, today: date) -> Decision:
    """A decision without those notices that an own template cannot write: all of such a notice comes another day.

    Only that template is tried which a user has written; what came with us has been tried. Raises ConfigError where
    one is wrong for everybody.
    """
    written = [notice for notice in decision.notices if notice.channel != "task"]
    if settings.mail.templates is None or not written:
        return decision
    dunning_letters.refuse_wrong_templates(settings)
    failed: dict[int, str] = {}
    for start in range(0, len(written), AT_ONCE):
        tried = written[start : start + AT_ONCE]
        known = _known(store, tried)
        for notice_id, notice in enumerate(tried, store.next_id("notice")):
            language = known.customers[notice.customer_id]["language"] or settings.language
            try:
                if dunning_letters.is_own(settings, notice.mail, language):
                    _text(settings, known, notice, notice_id, today)
            except UnwrittenError as error:
                failed[id(notice)] = error.message
    return decision._replace(
        notices=tuple(notice for notice in decision.notices if id(notice) not in failed),
        unwritten=tuple((notice, failed[id(notice)]) for notice in written if id(notice) in failed),
    )


def _known(store: Store, notices: Sequence[Notice]) -> Known:
    listed = [item for notice in notices for item in notice.listed]
    claims = [claim for notice in notices for claim in notice.claims]
    advanced = {item.id for notice in notices for item in notice.advanced}
    customers = store.among("SELECT * FROM customer WHERE {these:id}", {notice.customer_id for notice in notices})
    invoices = store.among(
        "SELECT id, number, issued_on, customer_id FROM invoice WHERE {these:id}",
        {item.invoice_id for item in listed} | {claim.invoice_id for claim in claims},
    )
    receivables = store.among(
        "SELECT id, amount_minor, basis, formula FROM receivable LEFT JOIN claim ON receivable_id = receivable.id"
        " WHERE {these:id}",
        [item.id for item in listed],
    )
    attempts = store.among(
        "SELECT receivable_id, level, COUNT(*) AS times FROM notice_item WHERE {these:receivable_id}"
        " GROUP BY receivable_id, level",
        advanced,
    )
    return Known(
        {row["id"]: row for row in customers},
        {row["id"]: row for row in invoices},
        {row["id"]: row for row in receivables},
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
    """Who cannot be written to, as no safe mail carries address or name, is to be called, and keeps nobody waiting."""
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
        except (RefusedError, UnwrittenError, UsageError) as error:
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
        if draft.notice.task or draft.notice_id is None:
            customer = known.customers[draft.notice.customer_id]
            task_id = _add_task(store, draft.notice, customer, today, draft.notice_id)
        done.append(Done(draft.notice_id, draft.why, task_id))
    outbox.add_all(store, [draft.mail for draft in drafts if draft.mail], today)
    return done


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
    """Ask for the call, about what nobody was called about at this level before; else the call there was instead."""
    reached = [(item.id, item.level) for item in notice.advanced if item.level]
    items = [
        item
        for item in reached
        if not (tasks.was_made(store, item) if notice_id else tasks.called_about(store, [item]))
    ]
    if not items:
        return None if notice_id else tasks.called_about(store, reached)
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
        on_ladder=int(notice.on_ladder),
        stops_shipping=int(notice.stops_shipping),
    )


def _text(settings: Settings, known: Known, notice: Notice, notice_id: int, today: date) -> Text:
    customer = known.customers[notice.customer_id]
    return dunning_letters.write(settings, notice, customer, notice_id, today, known.invoices, known.receivables)


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
    text = _text(settings, known, notice, notice_id, today)
    if notice.channel == "letter":
        return mails.print(dunning_letters.on_paper(settings, notice, customer, today, text), about)
    assert desk
    recipient = normalise_email(customer["email"])
    refuse_address(recipient)
    name, language = customer["contact"] or customer["name"], customer["language"] or desk.language
    return mails.write(desk.letter(text, name, recipient, language), about)
