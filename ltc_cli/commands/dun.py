"""`ltc dun`: who is reminded of what, decided and sent."""

import json
import shlex
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from ltc_cli.commands.answers import ask, folder_of
from ltc_cli.commands.post import deliver, outcome, paused, undelivered, way_out
from ltc_cli.errors import ConflictError, DataError, UsageError
from ltc_cli.mail import outbox, setting
from ltc_cli.mail.transport import Way
from ltc_cli.references import find
from ltc_cli.report import DRY_RUN, Report, first_few
from ltc_cli.session import Decisions, Session, read_file
from ltc_cli.stages import dunning, dunning_letters, dunning_plans, mailing, notice_mails, notice_records, notices
from ltc_cli.store import Store


def dun(
    ctx: typer.Context,
    customer: Annotated[str | None, typer.Option(metavar="CUSTOMER", help="This customer alone.")] = None,
    plan: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the decision there, do nothing.")] = None,
    apply: Annotated[Path | None, typer.Option(metavar="FILE", help="Do exactly what this plan says.")] = None,
    no_send: Annotated[bool, typer.Option("--no-send", help="Queue the mails for `ltc outbox send`.")] = False,
    to_folder: Annotated[
        str | None, typer.Option(metavar="DIR", help="Write .eml files there, and .txt letters, instead of sending.")
    ] = None,
    max_notices: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="Do nothing if there are more; 50, or 3 times the usual, by default."),
    ] = None,
    confirm: Annotated[bool, typer.Option("--confirm", help="Send though a guard stops it.")] = False,
) -> None:
    """Remind customers of what is overdue, level by level.

    What is due today is sent once, however often this runs, and so is what waits of earlier runs. --dry-run says who is
    left out, and why.

    With --json, amount, fee and interest sum all that is open on the invoices listed, earlier claims included; claims
    are those of the notice itself: [{invoice, kind, amount, formula}], kind fee, interest or compensation; the formula
    of a fee is its level's name.

    \b
    Example:
      ltc dun --dry-run
      ltc dun --to-folder mails
    """
    session = ask(ctx)
    if no_send and to_folder:
        raise UsageError("--no-send and --to-folder exclude each other", "ltc dun --to-folder mails")
    if plan and apply:
        raise UsageError("--plan and --apply exclude each other", "ltc dun --apply FILE does what --plan FILE wrote")
    if plan and session.given.get("dry_run"):
        raise UsageError("--plan writes a file, --dry-run keeps nothing", "--plan alone does nothing else")
    session.expect_file()
    dunning_letters.refuse_unknown(session.settings)
    folder = folder_of(to_folder)
    run = _Run(session, customer, apply, folder, max_notices, is_sending=not no_send, is_confirmed=confirm)
    if session.given.get("dry_run") or plan:
        return session.read(lambda store: run.trial(store, plan))
    return session.write_in_decisions(run.run)


class _Seen(NamedTuple):
    """What there is to do."""

    version: int
    """Of the file that was looked at."""
    older: list[int]
    """Mails that wait of earlier runs and go with this one."""
    decision: dunning.Decision
    why: str | None
    """Why nothing is sent before somebody has looked."""

    @property
    def channels(self) -> set[str]:
        """By which something new is written."""
        return {notice.channel for notice in self.decision.notices} - {"task"}


class _Run:
    """One run: the decision in one transaction, then each mail by itself."""

    def __init__(
        self,
        session: Session,
        customer: str | None,
        apply: Path | None,
        folder: Path | None,
        most: int | None,
        *,
        is_sending: bool,
        is_confirmed: bool,
    ) -> None:
        self.session, self.customer, self.apply, self.folder, self.most = session, customer, apply, folder, most
        self.is_sending, self.is_confirmed = is_sending, is_confirmed
        has_way = is_sending or folder
        self.channels = mailing.channels(folder) if has_way else mailing.usual_channels(session.settings)
        self.is_whole = customer is None and apply is None
        self.expected = _read_plan(apply) if apply else None

    def run(self, store: Store, decisions: Decisions) -> Report:
        with store.reading():
            seen = self._look(store)
        desk, way = self._open(seen)  # a command tells the password, a server its address: not under the lock
        with decisions():
            # Not under a plan, which says all that is done.
            is_tidied = self.apply is None and notice_mails.withdraw_settled(store, self.session.today)
            if is_tidied or store.version != seen.version:
                seen = self._look(store)
                desk, way = (desk, way) if desk and way else self._open(seen)
            rows = notice_records.planned(store, seen.decision, self.session.today, "stopped" if seen.why else "open")
            if seen.why:
                goes = "sends" if self.is_sending else "queues"
                said = [f"nothing is sent: {seen.why}; {self._again(apply=self.apply)} --confirm {goes} all the same"]
                return _report(rows, said, code=8)
            done = notices.carry_out(
                store, self.session.settings, desk, seen.decision, self.session.today, is_whole=self.customer is None
            )
        written = [each.notice_id for each in done if each.notice_id]
        mails = [*seen.older, *_mails(store, written)]
        said = [*_remarks(seen.decision), *(each.why for each in done if each.why), *self._printable(store, seen)]
        early = paused(self.session, store, mails)
        if way and mails:
            said += deliver(self.session, store, decisions, way, mails)
        left, code = self._outcome(store, mails, early) if self.is_sending else ([], 0)
        shown = dict(zip(written, notice_records.records(store, written), strict=True))
        for row, each in zip(rows, done, strict=True):
            row.update(shown[each.notice_id] if each.notice_id else self._as_call(each))
        refused = notice_records.unwritten(store, seen.decision, self.session.today)
        rows = [*_of_earlier_runs(store, seen.older), *rows, *refused]
        return _report(rows, [*said, *left], code=8 if refused else code)

    def _outcome(self, store: Store, mails: list[int], early: list[int]) -> tuple[list[str], int]:
        """What became of these mails and, unless it is about one customer alone, of those of other notices."""
        others = [] if self.customer else undelivered(self.session, store, "notice")
        said, code = outcome(self.session, store, mails, others, early)
        return [*said, *self._to_be_printed(outbox.records(store, mails))], code

    def trial(self, store: Store, plan: Path | None) -> Report:
        """What a run would do, and whom it would leave out, with why."""
        seen, today = self._look(store, explain=plan is None), self.session.today
        rows = notice_records.planned(store, seen.decision, today, "planned")
        why = seen.why or self._missing(seen)
        rows += notice_records.unwritten(store, seen.decision, today)
        said = [*_remarks(seen.decision), *self._printable(store, seen), *([f"a run would stop: {why}"] if why else [])]
        if plan:
            found = dunning_plans.plan(store, self.session.settings, seen.decision, today)
            plan.write_text(dunning_plans.text(found), encoding="utf-8")
            said.append(f"the plan is in {plan}: {self._again(apply=plan)}")
        else:
            rows = [*_of_earlier_runs(store, seen.older), *rows, *notice_records.left_out(store, seen.decision, today)]
            said.append(DRY_RUN)
        return _report(rows, said)

    def _look(self, store: Store, *, explain: bool = False) -> _Seen:
        session = self.session
        older = outbox.waiting(store, "notice", self.channels) if self.is_sending and self.is_whole else []
        decision = dunning.decide(
            store,
            session.settings,
            session.today,
            customer_id=find(store, self.customer, "customer").id if self.customer else None,
            letters="letter" in self.channels,
            explain=explain,
        )
        decision = notices.writable(store, session.settings, decision, session.today)
        if self.expected is not None:
            now = dunning_plans.plan(store, session.settings, decision, session.today)
            if now != self.expected:
                raise _out_of_date(self.apply, dunning_plans.changes(self.expected, now, decision))
        going = outbox.waiting(store, "notice", self.channels, until=session.recorded_at) if older else []
        why = dunning.stopped(store, session.settings, session.today, len(decision.notices), self.most, going)
        return _Seen(store.version, older, decision, None if self.is_confirmed else why)

    def _open(self, seen: _Seen) -> tuple[mailing.Office | None, Way | None]:
        """Where it is written and by which way it leaves, as far as there is anything: who sends nothing needs none."""
        if seen.why:
            return None, None
        desk = mailing.office(self.session.settings, "notice") if "mail" in seen.channels else None
        is_sending = self.is_sending and (seen.channels or seen.older)
        return desk, way_out(self.session, self.folder) if is_sending else None

    def _missing(self, seen: _Seen) -> str | None:
        """What a run needs that the settings do not have."""
        needs_server = self.is_sending and self.folder is None and ("mail" in seen.channels or seen.older)
        return setting.missing(self.session.settings, writes="mail" in seen.channels, sends=bool(needs_server))

    def _as_call(self, done: notices.Done) -> dict[str, Any]:
        """Of a customer who is to be called instead."""
        task = f"T{done.task_id}" if done.task_id else None
        missing = dunning.NO_ADDRESS if "letter" in self.channels else dunning.NO_EMAIL
        return {"channel": "task", "task": task, "why": done.why or f"{missing}: call, then ltc done {task}"}

    def _printable(self, store: Store, seen: _Seen) -> list[str]:
        """Who is called for want of an e-mail address, and could get a letter."""
        if "letter" in self.channels:
            return []
        called = {notice.customer_id for notice in seen.decision.notices if notice.channel == "task" and notice.mail}
        found = store.among(
            "SELECT id FROM customer WHERE {these:id} AND email IS NULL AND address IS NOT NULL ORDER BY id", called
        )
        names = first_few([f"K{row['id']}" for row in found], ", ")
        return [f"{names} could get a letter instead of a call: --to-folder DIR prints it"] if found else []

    def _to_be_printed(self, sent: list[dict[str, Any]]) -> list[str]:
        count = sum(mail["channel"] == "letter" and mail["status"] == "sent" for mail in sent)
        company = self.session.settings.company
        unset = [f"company.{key}" for key in ("name", "address") if not getattr(company, key)] if count else []
        lie = "1 letter lies" if count == 1 else f"{count} letters lie"
        return [
            *([f"{lie} in {self.folder} to be printed"] if count else []),
            *([f"they do not say who writes: {' and '.join(unset)} not set"] if unset else []),
        ]

    def _again(self, *, apply: Path | None) -> str:
        """What was asked for, or planned, to be said once more."""
        named = {"--customer": self.customer, "--apply": apply, "--to-folder": self.folder}
        words = [word for key, value in named.items() if value for word in (key, str(value))]
        return shlex.join(["ltc", "dun", *words, *([] if self.is_sending else ["--no-send"])])


def _mails(store: Store, notice_ids: list[int]) -> list[int]:
    rows = store.among("SELECT id FROM outbox WHERE kind = 'notice' AND {these:record_id} ORDER BY id", notice_ids)
    return [row["id"] for row in rows]


def _of_earlier_runs(store: Store, mails: list[int]) -> list[dict[str, Any]]:
    """What goes with this run, as it is now."""
    rows = store.among("SELECT DISTINCT record_id FROM outbox WHERE {these:id}", mails)
    found = notice_records.records(store, [row["record_id"] for row in rows])
    return [{**row, "why": "of an earlier run"} for row in found]


def _remarks(decision: dunning.Decision) -> list[str]:
    """What there is to say about the settings, and about what is not written: one line for all that fails alike."""
    alike: dict[str, dict[str, None]] = {}
    for notice, why in decision.unwritten:
        alike.setdefault(why, {})[f"K{notice.customer_id}"] = None
    failed = [f"no notice for {first_few(list(refs), ', ')}: {why}" for why, refs in alike.items()]
    return [*decision.remarks, *(f"{each}; the next run tries again" for each in failed)]


def _report(rows: list[dict[str, Any]], said: list[str], *, code: int = 0) -> Report:
    return Report(notice_records.COLUMNS, rows, notices=said, empty="no notice is due", exit_code=code)


def _out_of_date(path: Path | None, changes: list[str]) -> ConflictError:
    words = first_few(changes, "; ", "; and ") or "it was edited"
    return ConflictError(f"{path} is out of date: {words}", "ltc dun --plan FILE again")


def _read_plan(path: Path) -> dict[str, Any]:
    try:
        plan = json.loads(read_file(path))
    except (ValueError, RecursionError) as error:
        raise _no_plan(path) from error
    if not isinstance(plan, dict):
        raise _no_plan(path)
    return plan


def _no_plan(path: Path) -> DataError:
    return DataError(f"{path} is no plan of ltc dun", "ltc dun --plan FILE writes one")
