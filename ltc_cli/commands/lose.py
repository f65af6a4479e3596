"""`ltc lose`: not this time."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, record
from ltc_cli.references import find
from ltc_cli.report import Report
from ltc_cli.stages import opportunities
from ltc_cli.store import Store


def lose(
    ctx: typer.Context,
    opportunity: Annotated[str, typer.Argument(metavar="OPPORTUNITY")],
    reason: Annotated[str, typer.Option(help="price, competitor, timing, or words of your own.")],
    note: Annotated[str | None, typer.Option(help="More about it.")] = None,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="When; today by default.")] = None,
) -> None:
    """Lose an opportunity, with the reason.

    \b
    Example:
      ltc lose O1 --reason price
    """
    session = ask(ctx)

    def decide(store: Store) -> Report:
        found = find(store, opportunity, "opportunity")
        is_new = opportunities.lose(store, found, session.day(on), reason, note)
        notices = [] if is_new else [f"{found.text} is lost already"]
        return record(opportunities.COLUMNS, opportunities.records(store, [found.id])[0], notices=notices)

    session.write(decide)
