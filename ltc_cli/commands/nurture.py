"""`ltc nurture`: stay in touch."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, record
from ltc_cli.report import Report
from ltc_cli.stages import leads
from ltc_cli.store import Store


def nurture(
    ctx: typer.Context,
    lead: Annotated[str, typer.Argument(metavar="LEAD")],
    log: Annotated[
        str, typer.Option(metavar="KIND", help=f"One of: {' '.join(leads.TOUCHES)}; call by default.")
    ] = "call",
    note: Annotated[str | None, typer.Option(help="What was said.")] = None,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="When; today by default.")] = None,
) -> None:
    """Log a touch with a lead: a call, an e-mail, a meeting.

    \b
    Example:
      ltc nurture L1 --log meeting --note "wants a quote"
    """
    session = ask(ctx)

    def decide(store: Store) -> Report:
        lead_id = leads.touch(store, lead, log, session.day(on), note)
        return record(leads.COLUMNS, leads.records(store, [lead_id])[0], hint=f"ltc promote L{lead_id} --amount 1200")

    session.write(decide)
