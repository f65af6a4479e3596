"""`ltc show`: one record, and all that hangs on it."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask
from ltc_cli.references import look_up
from ltc_cli.reports import thread


def show(ctx: typer.Context, reference: Annotated[str, typer.Argument(metavar="REF")]) -> None:
    """Show a record and its whole thread, from first touch to last cent.

    As of a day: invoices, credit notes, payments and tasks stand as they stood then, of others the thread ends with it;
    what is of a later day was not there yet (exit 3).

    \b
    Example:
      ltc show L1
    """
    session = ask(ctx)
    as_of = session.as_of if session.given.get("as_of") else None
    session.read(lambda store: thread.report(store, look_up(store, reference), session.today, as_of))
