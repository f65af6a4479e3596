"""`ltc send`: the document goes to the customer."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, folder_of, record
from ltc_cli.commands.post import NOT_DELIVERED, deliver, remarks, way_out, withdraw
from ltc_cli.errors import UsageError
from ltc_cli.mail import outbox
from ltc_cli.references import Reference, find, look_up
from ltc_cli.report import Report
from ltc_cli.session import Decisions
from ltc_cli.stages import mailing, quotes
from ltc_cli.store import Store


def send(
    ctx: typer.Context,
    reference: Annotated[str, typer.Argument(metavar="INVOICE|CN|QUOTE")],
    to: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Instead of the customer's own address.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Though it went there before.")] = False,
    no_send: Annotated[bool, typer.Option("--no-send", help="Queue it for `ltc outbox send`.")] = False,
    to_folder: Annotated[
        str | None, typer.Option(metavar="DIR", help="Write an .eml file there instead of sending it.")
    ] = None,
) -> None:
    """Mail an invoice, a credit note or a quote to its customer.

    It goes to an address once, however often this is said. A quote counts as sent from then on.

    \b
    Example:
      ltc send INV-2026-0001 --to-folder mails
      ltc send INV-2026-0001 --to accounts@engines.example --no-send
    """
    session = ask(ctx)
    if no_send and to_folder:
        raise UsageError("--no-send and --to-folder exclude each other", "ltc send INV-2026-0001 --to-folder mails")
    folder = folder_of(to_folder)
    session.expect_file()
    kind = session.look(lambda store: _document(store, reference).kind)
    desk = mailing.office(session.settings, kind)
    is_kept = not (no_send or session.given.get("dry_run"))
    way = way_out(session, folder) if is_kept else None
    mails: list[int] = []
    written_now: list[int] = []

    def decide(store: Store) -> Report:
        found = _document(store, reference)
        if found.kind == "quote":
            quotes.send(store, found, session.today)
        queued = mailing.queue(store, desk, found, session.today, to=to, again=again)
        if way and queued.state == "queued":
            outbox.retry(store, queued.id, session.today)
        mails.append(queued.id)
        written_now.extend(mails if queued.is_new else [])
        return answer(store, is_new=queued.is_new)

    def follow(store: Store, decisions: Decisions, _queued: Report) -> Report:
        assert way
        is_new = outbox.records(store, mails)[0]["status"] == "queued"
        notices = deliver(session, store, decisions, way, mails)
        is_withdrawn = bool(to_folder) and withdraw(session, store, decisions, written_now)
        report = answer(store, is_new=is_new)
        if is_withdrawn:
            report.exit_code = 8
        else:
            report.notices.extend(notices)
        return report

    def answer(store: Store, *, is_new: bool) -> Report:
        row = outbox.records(store, mails)[0]
        already = f"{row['about']} has a mail to {row['recipient']} already; --again writes another one"
        said = [*([] if is_new else [already]), *remarks(session, store, [row])]
        found = record(outbox.COLUMNS, row, notices=said, hint=f"ltc show {row['about']}")
        found.exit_code = 8 if way and row["status"] in NOT_DELIVERED else 0
        return found

    if way:
        session.write_and_follow(decide, follow)
    else:
        session.write(decide)


def _document(store: Store, text: str) -> Reference:
    """The document that is named, or the only invoice on the thread of another record."""
    named = look_up(store, text)
    return named if named.kind in mailing.MAILED else find(store, text, "invoice")
