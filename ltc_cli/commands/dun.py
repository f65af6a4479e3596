"""`ltc dun`: who is reminded of what, decided and sent."""

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from ltc_cli.commands.answers import ask
from ltc_cli.commands.post import NOT_DELIVERED, deliver, remarks
from ltc_cli.errors import ConflictError, DataError, UsageError
from ltc_cli.mail import outbox, paper
from ltc_cli.references import find
from ltc_cli.report import Report
from ltc_cli.session import Decisions, Session, read_file
from ltc_cli.stages import dunning, dunning_letters, dunning_plans, mailing, notices
from ltc_cli.store import Store

MOST_NAMED = 5
"""Notices that are named of a plan that is out of date."""


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
    is_trial = bool(session.given.get("dry_run")) or plan is not None
    if no_send and to_folder:
        raise UsageError("--no-send and --to-folder exclude each other", "ltc dun --to-folder mails")
    if plan and apply:
        raise UsageError("--plan and --apply exclude each other", "ltc dun --apply FILE does what --plan FILE wrote")
    session.expect_file()
    dunning_letters.refuse_unknown(session.settings)
    expected = _read_plan(apply) if apply else None

    def decide(store: Store) -> dunning.Decision:
        named = find(store, customer, "customer").id if customer else None
        decision = dunning.decide(
            store,
            session.settings,
            session.today,
            customer_id=named,
            letters=to_folder is not None,
            explain=is_trial and plan is None,
        )
        if expected is not None:
            now = dunning_plans.plan(store, decision, session.today)
            if now != expected:
                raise _out_of_date(apply, dunning_plans.changes(expected, now, decision))
        return decision

    if is_trial:
        return session.read(lambda store: _trial(session, store, decide(store), plan))
    work = _Work(session, decide, Path(to_folder) if to_folder else None, is_sending=not no_send)
    work.most, work.is_confirmed, work.is_whole = max_notices, confirm, customer is None and apply is None
    named = {"--customer": customer, "--apply": apply, "--to-folder": to_folder}
    work.again = shlex.join(["ltc", "dun", *(word for key in named if named[key] for word in (key, str(named[key])))])
    work.again += " --no-send" if no_send else ""
    return session.write_in_decisions(work.run)


class _Work:
    """One run that keeps what it does: the decision in one transaction, then each mail by itself."""

    most: int | None = None
    is_confirmed = False
    again = "ltc dun"
    """What was asked for, to be said once more."""
    is_whole = True
    """It is about all customers, and no plan: what waits of earlier runs goes too."""

    def __init__(
        self, session: Session, decide: Callable[[Store], dunning.Decision], folder: Path | None, *, is_sending: bool
    ) -> None:
        self.session, self.decide, self.folder, self.is_sending = session, decide, folder, is_sending

    def run(self, store: Store, decisions: Decisions) -> Report:
        session, desk, way = self.session, None, None
        with decisions():
            for letter, is_kept in notices.letters_kept(store, self.folder).items() if self.folder else ():
                if not is_kept:  # nobody else decides meanwhile: its run failed, or was killed
                    letter.path.unlink(missing_ok=True)
            older = notices.waiting_mails(store) if self.is_sending and self.is_whole else []
            decision = self.decide(store)
            going = notices.leaving_mails(store, store.recorded_at) if older else []
            why = dunning.stopped(store, session.today, len(decision.notices), self.most, going)
            if why and not self.is_confirmed:
                rows = notices.planned(store, decision, session.today, "stopped")
                return _report(rows, [f"nothing is sent: {why}; {self.again} --confirm sends all the same"], code=8)
            if decision.notices:
                dunning_letters.refuse_wrong_templates(session.settings)
                desk = mailing.office(session.settings)
            if (decision.notices or older) and self.is_sending:  # who has nothing to send needs no mail server
                way = mailing.way_out(session.settings, self.folder)
            rows = notices.planned(store, decision, session.today, "open")
            done = notices.carry_out(
                store, session.settings, desk, decision, session.today, self.folder, is_whole=self.is_whole
            )
        written = [each.notice_id for each in done if each.notice_id]
        mails = [*older, *_mails(store, written)]
        late, missing = self._put_letters_in_place(store, written)
        said = [*decision.remarks, *(each.why for each in done if each.why), *late, *missing]
        if way and mails:
            said += deliver(session, store, decisions, way, mails)
            said += remarks(outbox.records(store, mails))
        waited = outbox.records(store, older) if older else []
        said += [f"{mail['about']}, of an earlier run, is sent now" for mail in waited if mail["status"] == "sent"]
        shown = dict(zip(written, notices.records(store, written), strict=True)) if written else {}
        for row, each in zip(rows, done, strict=True):
            if each.notice_id:
                row.update(shown[each.notice_id])
            else:
                called = f"T{each.task_id}" if each.task_id else None
                missing_address = dunning.NO_ADDRESS if self.folder else dunning.NO_EMAIL
                row.update(
                    channel="task", task=called, why=each.why or f"{missing_address}: call, then ltc done {called}"
                )
        is_done = not (missing or (way and any(row["status"] in NOT_DELIVERED for row in [*rows, *waited])))
        return _report(rows, said, code=0 if is_done else 8)

    def _put_letters_in_place(self, store: Store, mine: list[int]) -> tuple[list[str], list[str]]:
        """Of this run and of those that were killed before they came to it: in words, these, and what could not be."""
        if self.folder is None:
            return [], []
        with store.reading():
            kept = [letter for letter, is_kept in notices.letters_kept(store, self.folder).items() if is_kept]
        why = {letter.notice_id: paper.put_in_place(letter) for letter in kept}
        late = [number for number in sorted(why.keys() - set(mine)) if why[number] is None]
        words = [f"N{number}, of a run that did not come to its end, is written now" for number in late]
        failed = [each for each in why.values() if each]
        return [*words, *self._to_be_printed(len(why) - len(failed))], failed

    def _to_be_printed(self, count: int) -> list[str]:
        company = self.session.settings.company
        unset = [f"company.{key}" for key in ("name", "address") if not getattr(company, key)] if count else []
        lie = "1 letter lies" if count == 1 else f"{count} letters lie"
        return [
            *([f"{lie} in {self.folder} to be printed"] if count else []),
            *([f"they do not say who writes: {' and '.join(unset)} not set"] if unset else []),
        ]


def _mails(store: Store, notice_ids: list[int]) -> list[int]:
    rows = store.among("SELECT id FROM outbox WHERE kind = 'notice' AND {these:record_id} ORDER BY id", notice_ids)
    return [row["id"] for row in rows]


def _trial(session: Session, store: Store, decision: dunning.Decision, plan: Path | None) -> Report:
    """What a run would do, and whom it would leave out, with why."""
    rows = notices.planned(store, decision, session.today, "planned")
    why = dunning.stopped(store, session.today, len(decision.notices), None) if decision.notices else None
    said = [*decision.remarks, *([f"a run would stop: {why}"] if why else [])]
    if plan:
        plan.write_text(dunning_plans.text(dunning_plans.plan(store, decision, session.today)), encoding="utf-8")
        said.append(f"the plan is in {plan}: ltc dun --apply {plan}")
    else:
        rows += notices.left_out(store, decision, session.today)
        said.append("dry run: nothing was kept")
    return _report(rows, said)


def _report(rows: list[dict[str, Any]], said: list[str], *, code: int = 0) -> Report:
    return Report(notices.COLUMNS, rows, notices=said, empty="no notice is due", exit_code=code)


def _out_of_date(path: Path | None, changes: list[str]) -> ConflictError:
    more = f"; and {len(changes) - MOST_NAMED} more" if len(changes) > MOST_NAMED else ""
    words = "; ".join(changes[:MOST_NAMED]) or "it was edited"
    return ConflictError(f"{path} is out of date: {words}{more}", "ltc dun --plan FILE again")


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
