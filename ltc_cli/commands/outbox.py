"""`ltc outbox`: the one queue of all mail."""

import shlex
from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, folder_of, record
from ltc_cli.commands.post import a_run, outcome, undelivered, way_out
from ltc_cli.errors import RefusedError, UnderWayError, UsageError
from ltc_cli.mail import outbox
from ltc_cli.mail.transport import Way
from ltc_cli.report import Report
from ltc_cli.reports import listing
from ltc_cli.session import Decisions, Session
from ltc_cli.stages import dunning, mailing, notice_mails, nurture
from ltc_cli.store import Store

MAIL = typer.Argument(metavar="MAIL")


def list_(
    ctx: typer.Context,
    where: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN=VALUE", help="Only these; all conditions must hold.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="The newest N.")] = None,
) -> None:
    """List mails and what became of them.

    A mail is queued until a run has claimed it; it is sending from the moment at which it may arrive, then sent, failed
    or, where nobody has answered, unknown. What need not go any more is cancelled.

    \b
    Example:
      ltc outbox list --where status=unknown
    """
    session = ask(ctx)
    session.read(lambda store: listing.report(store, "mails", session.today, where=where or [], limit=limit))


def send(
    ctx: typer.Context,
    to_folder: Annotated[
        str | None, typer.Option(metavar="DIR", help="Write .eml files there, and .txt letters, instead of sending.")
    ] = None,
    confirm: Annotated[bool, typer.Option("--confirm", help="Send notices though a guard stops them.")] = False,
) -> None:
    """Send every mail that is due.

    What is refused for now is tried again later. A mail that may have arrived, or not, is never sent again by itself:
    the exit code is 8 until it is resolved, and so it is while one has failed.
    What stops `ltc dun` stops the notices here, too; all else goes.

    \b
    Example:
      ltc outbox send --to-folder mails
    """
    session = ask(ctx)
    folder = folder_of(to_folder)

    def work(store: Store, decisions: Decisions) -> Report:
        handled: list[int] = []
        held: list[int] = []
        why = None
        waiting = outbox.waiting(store, channels=mailing.channels(folder))
        if waiting:
            way = way_out(session, folder)
            if not confirm:
                held, why = _held(session, store, way)
            try:
                handled = a_run(session, store, decisions, way).send(sorted({*waiting}.difference(held)))
            except UnderWayError:
                return Report(outbox.COLUMNS, [], notices=["another run is sending already"], empty="")
        said, code = outcome(session, store, handled, undelivered(session, store))
        said += notice_mails.to_be_called(store, handled, session.today)
        if why:
            said.append(f"no notice is sent: {why}; {_again(to_folder)} --confirm sends all the same")
        rows = outbox.records(store, [*handled, *held])
        return Report(outbox.COLUMNS, rows, notices=said, empty="no mail is due", exit_code=8 if why else code)

    session.write_in_decisions(work)


def _held(session: Session, store: Store, way: Way) -> tuple[list[int], str | None]:
    """The notices that would go, and why they do not before somebody has looked; none where nothing stops them."""
    with store.reading():
        mails = outbox.waiting(store, "notice", way.channels, until=session.recorded_at)
        why = dunning.stopped(store, session.settings, session.today, 0, waiting=mails)
        return (mails, why) if why else ([], None)


def _again(to_folder: str | None) -> str:
    return f"ltc outbox send --to-folder {shlex.quote(to_folder)}" if to_folder else "ltc outbox send"


def retry(ctx: typer.Context, mail: Annotated[str, MAIL]) -> None:
    """Let a mail that failed or pauses go with the next run.

    \b
    Example:
      ltc outbox retry M1
    """
    session = ask(ctx)

    def decide(store: Store) -> Report:
        mail_id = outbox.find(store, mail)
        is_new = outbox.retry(store, mail_id, session.today)
        if why := nurture.withdrawn(store, mail_id):
            raise RefusedError(f"M{mail_id} need not go any more: {why}", f"ltc outbox drop M{mail_id}")
        return _mail(session, store, mail_id, [] if is_new else ["it waits for the next run already"])

    session.write(decide)


def resolve(
    ctx: typer.Context,
    mail: Annotated[str, MAIL],
    sent: Annotated[bool, typer.Option("--sent", help="It has arrived.")] = False,
    resend: Annotated[bool, typer.Option("--resend", help="It has not; it goes with the next run.")] = False,
) -> None:
    """Say whether a mail has arrived that nobody knows of.

    \b
    Example:
      ltc outbox resolve M1 --sent
    """
    session = ask(ctx)
    if sent is resend:
        raise UsageError("say --sent or --resend", "ltc outbox resolve M1 --sent")

    def decide(store: Store) -> Report:
        mail_id = outbox.find(store, mail)
        is_new = outbox.resolve(store, mail_id, session.today, has_arrived=sent)
        return _mail(session, store, mail_id, [] if is_new else ["it is resolved already"])

    session.write(decide)


def drop(ctx: typer.Context, mail: Annotated[str, MAIL]) -> None:
    """Do not send a mail that has not gone out.

    \b
    Example:
      ltc outbox drop M1
    """
    session = ask(ctx)

    def decide(store: Store) -> Report:
        mail_id = outbox.find(store, mail)
        is_new = outbox.drop(store, mail_id, session.today)
        if is_new:
            notice_mails.dropped(store, mail_id, session.today)
        return _mail(session, store, mail_id, [] if is_new else ["it is dropped already"])

    session.write(decide)


def _mail(session: Session, store: Store, mail_id: int, notices: list[str]) -> Report:
    row = outbox.records(store, [mail_id])[0]
    hint = outbox.sends(row["channel"], session.settings.mail.host) if row["status"] == "queued" else "ltc outbox list"
    return record(outbox.COLUMNS, row, notices=notices, hint=hint)
