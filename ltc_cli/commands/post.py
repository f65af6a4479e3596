"""What commands that mail something share: a run of the sender, and what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ltc_cli.errors import ConfigError, RefusedError, UnderWayError, UnwrittenError
from ltc_cli.mail import outbox, setting
from ltc_cli.mail.sender import Run
from ltc_cli.references import find
from ltc_cli.report import moment
from ltc_cli.reports import today
from ltc_cli.stages import mailing, notice_mails, nurture

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ltc_cli.mail.transport import NotTakenError, Way
    from ltc_cli.report import Report
    from ltc_cli.session import Decisions, Session
    from ltc_cli.stages.mailing import Office
    from ltc_cli.store import Store

NOT_DELIVERED = ("queued", "claimed", "sending", "failed", "unknown")

REMARKS = {
    "queued": "{ref} to {recipient} waits: {said}; {sends} tries again",
    "paused": "{ref} to {recipient} waits until {until}: {said}; ltc outbox retry {ref} lets it go with the next run",
    "failed": "{ref} to {recipient} failed: {said}; ltc outbox retry {ref}, or drop {ref}",
    "needless": "{ref} to {recipient} failed: {said}; it is not tried again: {why}",
    "unknown": "{ref} to {recipient} may have arrived, or not: {said}; ltc outbox resolve {ref} --sent|--resend",
    "cancelled": "{ref} to {recipient} was not sent: {said}",
}
OF_SEVERAL = {
    "queued": "{count} {channel}s wait: {said}; {sends} tries again",
    "paused": "{count} {channel}s wait until {until}: {said}; {sends} tries again then",
}
"""What holds all of them back in the same way."""


def way_out(session: Session, folder: Path | None) -> Way:
    """By which mail leaves now. Raises ConfigError, FailedError, or UsageError where nothing may leave."""
    session.refuse_sending()
    return mailing.way_out(session.settings, folder)


def a_run(session: Session, store: Store, decisions: Decisions, way: Way) -> Run:
    def tidy(store: Store) -> list[int]:
        stopped = {mail_id: nurture.withdrawn(store, mail_id) for mail_id in outbox.refused_of_leads(store)}
        needless = {mail_id: why for mail_id, why in stopped.items() if why}
        for mail_id, why in needless.items():
            outbox.withdraw(store, mail_id, session.today, why)
        return [*needless, *notice_mails.withdraw_settled(store, session.today)]

    def withdrawn(store: Store, mail_id: int, kind: str) -> str | None:
        if kind == "lead":
            return nurture.withdrawn(store, mail_id)
        return notice_mails.withdrawn(store, mail_id, kind, session.today)

    def refused(store: Store, mail_id: int, trouble: NotTakenError) -> None:
        if trouble.has_bounced:
            nurture.bounced(store, mail_id, session.today, trouble.said)
        notice_mails.refused(store, mail_id, session.today)

    return Run(store, decisions, way, tidy, withdrawn, refused, session.today)


def deliver(session: Session, store: Store, decisions: Decisions, way: Way, mails: list[int]) -> list[str]:
    """Send these mails, after another run where there is one. Answers what there is to say about the run itself."""
    try:
        a_run(session, store, decisions, way).send(mails, wait=True)
    except UnderWayError:
        return ["another run has been sending for a long time; the mail waits: ltc outbox send"]
    return notice_mails.to_be_called(store, mails, session.today)


def undelivered(session: Session, store: Store, kind: str | None = None) -> list[int]:
    """Mails that pause, or need a hand: those that failed, or may have arrived, as long as somebody wants them to."""
    rows = today.undelivered(store, session.today, session.recorded_at)
    return [row["id"] for row in rows if kind in (None, row["kind"])]


def paused(session: Session, store: Store, mails: list[int]) -> list[int]:
    """Those of these that no run tries yet."""
    return sorted({*mails}.difference(outbox.waiting(store, until=session.recorded_at)))


def outcome(
    session: Session, store: Store, mails: list[int], others: list[int], paused: Sequence[int] = ()
) -> tuple[list[str], int]:
    """What there is to say of the mails of a run, and of others that are not delivered; with the exit code.

    It is 8 where one that was tried is not delivered, and as long as any needs a hand; what `paused` goes by itself.
    """
    rows = outbox.records(store, sorted({*mails, *others}))
    tried = {f"M{mail_id}" for mail_id in {*mails}.difference(paused)}
    left = [row for row in rows if row["status"] in NOT_DELIVERED]
    is_done = all(row["status"] == "queued" and row["ref"] not in tried for row in left)
    return remarks(session, store, rows), 0 if is_done else 8


def withdraw(session: Session, store: Store, decisions: Decisions, mails: list[int]) -> bool:
    """Of a folder that has not taken them: they leave by no server, as nobody has asked for that."""
    with decisions():
        left = [row for row in outbox.records(store, mails) if row["status"] in ("queued", "failed")]
        for row in left:
            outbox.withdraw(store, int(row["ref"][1:]), session.today, row["said"] or "another run was sending")
    return bool(left)


def remarks(session: Session, store: Store, rows: list[dict[str, Any]]) -> list[str]:
    """One line for each mail that is not delivered, with what to do about it; one for all that wait for the same."""
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        if row["status"] in REMARKS and row["said"]:
            waits = (row["channel"], (row["not_before"] or "")[: len("2026-06-15T11:05")], row["said"])
            alike.setdefault(waits if row["status"] == "queued" else (row["ref"],), []).append(row)
    return [_remark(session, store, group[0], len(group)) for group in alike.values()]


def _remark(session: Session, store: Store, row: dict[str, Any], count: int) -> str:
    why = nurture.withdrawn(store, int(row["ref"][1:])) if row["status"] == "failed" else None
    kind = "needless" if why else "paused" if row["not_before"] else row["status"]
    host = session.settings.mail.host
    words = (REMARKS if count == 1 else OF_SEVERAL)[kind]
    until = moment(row["not_before"], session.settings.timezone) if row["not_before"] else None
    return words.format(count=count, why=why, until=until, sends=outbox.sends(row["channel"], host), **row)


def _ready(session: Session, *, is_sending: bool) -> tuple[Office, Way | None] | ConfigError:
    """Where invoices are written and by which way they leave now; or why they never could.

    Who has none to mail needs neither, and who only queues them no password.
    """
    try:
        if session.settings.mail.host is None:
            raise setting.no_server()
        return mailing.office(session.settings, "invoice"), way_out(session, None) if is_sending else None
    except ConfigError as missing:
        return missing


class Post:
    """The mails of the invoices that a command answers: queued with them, sent once they are kept."""

    def __init__(self, session: Session, *, is_sending: bool) -> None:
        session.expect_file()
        self.session, self.is_sending = session, is_sending and not session.given.get("dry_run")
        self.ready = _ready(session, is_sending=is_sending)
        self.mails: list[int] = []
        self.is_complete = True

    def write(self, decide: Callable[[Store], Report]) -> None:
        def queue(store: Store) -> Report:
            return self.queue(store, decide(store))

        if self.is_sending:
            self.session.write_and_follow(queue, self.deliver)
        else:
            self.session.write(queue)

    def queue(self, store: Store, report: Report) -> Report:
        """A mail for each invoice that has none; who has no address is named, and keeps nobody from being billed.

        Raises ConfigError where there are invoices, and no mail can be written or sent.
        """
        for row in report.rows:
            desk, _way = self._at_work()
            try:
                invoice = find(store, row["ref"], "invoice")
                self.mails.append(mailing.queue(store, desk, invoice, self.session.today).id)
            except (RefusedError, UnwrittenError) as problem:
                again = ", then ".join(filter(None, (problem.hint, f"ltc send {row['ref']}")))
                told = f"{row['ref']} is not mailed: {problem.message}; {again}"
                report.notices.append(told)
                self.is_complete = False
        report.exit_code = 8 if (self.mails and self.is_sending) or not self.is_complete else 0
        return report

    def deliver(self, store: Store, decisions: Decisions, report: Report) -> Report:
        rows = outbox.records(store, self.mails)
        waiting = [int(row["ref"][1:]) for row in rows if row["status"] == "queued"]
        way = self._at_work()[1] if waiting else None
        notices = deliver(self.session, store, decisions, way, waiting) if way else []
        rows = outbox.records(store, self.mails)
        report.notices.extend(notices + remarks(self.session, store, rows))
        is_done = self.is_complete and all(row["status"] not in NOT_DELIVERED for row in rows)
        report.exit_code = 0 if is_done else 8
        return report

    def _at_work(self) -> tuple[Office, Way | None]:
        if isinstance(self.ready, ConfigError):
            raise self.ready
        return self.ready
