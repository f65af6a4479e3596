"""`ltc invoice`: what has become billable is billed."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask
from ltc_cli.errors import RefusedError, UsageError
from ltc_cli.references import find
from ltc_cli.report import Report
from ltc_cli.session import Session
from ltc_cli.stages import invoices, payments
from ltc_cli.store import Store


def invoice(
    ctx: typer.Context,
    contract: Annotated[str | None, typer.Argument(metavar="[CONTRACT]")] = None,
    due: Annotated[bool, typer.Option("--due", help="Of every contract.")] = False,
    send: Annotated[bool, typer.Option("--send", help="Mail each to its customer.")] = False,
    no_send: Annotated[bool, typer.Option("--no-send", help="Queue these mails for `ltc outbox send`.")] = False,
) -> None:
    """Issue invoices for everything that has become billable.

    \b
    Example:
      ltc invoice C1
      ltc invoice --due
    """
    session = ask(ctx)
    if (contract is None) is not due:
        raise UsageError("name a contract, or --due for all of them", "ltc invoice C1")
    if no_send and not send:
        raise UsageError("--no-send goes with --send", "ltc invoice --due --send --no-send")

    def decide(store: Store) -> Report:
        if contract is None:
            return _settled(session, store, invoices.issue(store, session.settings, session.today))
        found = find(store, contract, "contract")
        issued = invoices.issue(store, session.settings, session.today, [found.id])
        if issued:
            return _settled(session, store, issued)
        waits = invoices.awaited(store, found.id, session.today)
        if waits:
            verb = "ship" if any(" awaits " in wait for wait in waits) else "show"
            raise RefusedError(
                f"nothing of {found.text} is billable yet: {'; '.join(waits)}", f"ltc {verb} {found.text}"
            )
        return _issued(store, invoices.of_contract(store, found.id), [f"{found.text} is invoiced in full already"])

    if send:
        from ltc_cli.commands.post import Post

        Post(session, is_sending=not no_send).write(decide)
    else:
        session.write(decide)


def _settled(session: Session, store: Store, ids: list[int]) -> Report:
    """The new invoices, settled by their customers' credit where the config says so."""
    settings = session.settings
    told = payments.apply_credit(store, ids, session.today, settings.currency) if settings.auto_apply else []
    return _issued(store, ids, told)


def _issued(store: Store, ids: list[int], notices: list[str] | None = None) -> Report:
    rows = invoices.records(store, ids)
    owing = [row["ref"] for row in rows if row["status"] != "paid"]
    hint = f"ltc collect {owing[0]}" if len(owing) == 1 else "ltc aging" if owing else ""
    return Report(invoices.COLUMNS, rows, notices=notices or [], hint=hint, empty="nothing is due to be invoiced")
