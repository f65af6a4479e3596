"""`ltc nurture`: stay in touch."""

from pathlib import Path
from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, folder_of, record
from ltc_cli.errors import UsageError
from ltc_cli.references import find
from ltc_cli.report import Report
from ltc_cli.session import Decisions, Session
from ltc_cli.stages import leads
from ltc_cli.store import Store


def nurture(
    ctx: typer.Context,
    lead: Annotated[str | None, typer.Argument(metavar="[LEAD]")] = None,
    log: Annotated[
        str | None, typer.Option(metavar="KIND", help=f"One of: {' '.join(leads.TOUCHES)}; call by default.")
    ] = None,
    note: Annotated[str | None, typer.Option(help="What was said.")] = None,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="When; today by default.")] = None,
    enroll: Annotated[str | None, typer.Option(metavar="SEQUENCE", help="Begin a sequence of mails and tasks.")] = None,
    stop: Annotated[bool, typer.Option("--stop", help="Stop the sequences it is in.")] = False,
    due: Annotated[bool, typer.Option("--due", help="Enrol by rule, and take every step that is due.")] = False,
    no_send: Annotated[bool, typer.Option("--no-send", help="Queue mails for `ltc outbox send`.")] = False,
    to_folder: Annotated[
        str | None, typer.Option(metavar="DIR", help="Write .eml files there instead of sending mails.")
    ] = None,
) -> None:
    """Log a touch with a lead: a call, an e-mail, a meeting.

    Or see to the sequences of mails and tasks in config.yaml. One stops when the lead replies, is promoted, dropped
    or merged, when a mail bounces, and when somebody unsubscribes: a sequence never writes to that address again.

    \b
    Example:
      ltc nurture L1 --log meeting --note "wants a quote"
      ltc nurture L1 --log unsubscribe
      ltc nurture --due --no-send
    """
    session = ask(ctx)
    verbs = [flag for flag, value in (("--enroll", enroll), ("--stop", stop), ("--due", due)) if value]
    if len(verbs) + (log is not None) > 1 or (verbs and note is not None):
        raise UsageError("say one thing: --log, --enroll, --stop or --due", "ltc nurture L1 --log call")
    if (lead is None) is not due:
        raise UsageError("name a lead, or --due for all of them", "ltc nurture L1 --log call")
    if ((no_send or to_folder) and not due) or (no_send and to_folder):
        raise UsageError("--no-send or --to-folder go with --due", "ltc nurture --due --no-send")
    if due and on:
        raise UsageError("--due is always of today", "ltc nurture --due --today DATE")
    if lead is None:
        return _due(session, no_send=no_send, to_folder=folder_of(to_folder))

    def decide(store: Store) -> Report:
        if enroll or stop:
            return _sequence(store, session, lead, enroll, on)
        kind = (log or "call").strip().casefold()
        lead_id = leads.touch(store, lead, kind, session.day(on), note)
        hint = "" if kind in leads.KEEP_FROM_MAILS else f"ltc promote L{lead_id} --amount 1200"
        return record(leads.COLUMNS, leads.records(store, [lead_id])[0], hint=hint)

    session.write(decide)
    return None


def _sequence(store: Store, session: Session, lead: str, enroll: str | None, on: str | None) -> Report:
    from ltc_cli.stages import nurture as stage

    found = find(store, lead, "lead")
    if enroll:
        why = stage.enrol(store, session.settings, found, enroll, session.day(on))
    else:
        why = None if stage.stop(store, found, session.day(on)) else f"{found.text} is in no sequence"
    row = leads.records(store, [found.id])[0]
    return record(leads.COLUMNS, row, notices=[why] if why else [], hint="ltc nurture --due" if enroll else "")


def _due(session: Session, *, no_send: bool, to_folder: Path | None) -> None:
    """One run: decided and queued in one transaction, sent after it."""
    from ltc_cli.commands.post import deliver, outcome, paused, undelivered, way_out
    from ltc_cli.mail import outbox
    from ltc_cli.stages import mailing
    from ltc_cli.stages import nurture as stage

    session.expect_file()
    settings = session.settings
    stage.refuse_wrong_templates(settings)
    desk = mailing.office(settings) if stage.sends_mails(settings) else None
    is_kept = desk is not None and not (no_send or session.given.get("dry_run"))
    way = way_out(session, to_folder) if is_kept else None

    def decide(store: Store) -> Report:
        done = stage.run(store, settings, desk, session.today)
        code = 0 if done.is_whole else 8
        return Report(stage.COLUMNS, done.rows, notices=done.notices, empty="no step is due", exit_code=code)

    def follow(store: Store, decisions: Decisions, report: Report) -> Report:
        assert way
        mails = outbox.waiting(store, "lead")
        early = paused(session, store, mails)
        report.notices.extend(deliver(session, store, decisions, way, mails) if mails else [])
        said, code = outcome(session, store, mails, undelivered(session, store, "lead"), early)
        report.notices.extend(said)
        report.exit_code = report.exit_code or code
        return report

    if way:
        session.write_and_follow(decide, follow)
    else:
        session.write(decide)
