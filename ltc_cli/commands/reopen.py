"""`ltc reopen`: another try."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, record
from ltc_cli.references import find
from ltc_cli.report import Report
from ltc_cli.stages import opportunities
from ltc_cli.store import Store


def reopen(
    ctx: typer.Context,
    opportunity: Annotated[str, typer.Argument(metavar="OPPORTUNITY")],
    on: Annotated[str | None, typer.Option(metavar="DATE", help="When; today by default.")] = None,
) -> None:
    """Reopen a lost opportunity.

    \b
    Example:
      ltc reopen O1
    """
    session = ask(ctx)

    def decide(store: Store) -> Report:
        found = find(store, opportunity, "opportunity")
        is_new = opportunities.reopen(store, found, session.day(on))
        notices = [] if is_new else [f"{found.text} is open already"]
        return record(opportunities.COLUMNS, opportunities.records(store, [found.id])[0], notices=notices)

    session.write(decide)
