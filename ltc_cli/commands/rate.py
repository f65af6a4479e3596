"""`ltc rate`: what another currency is worth."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, record
from ltc_cli.report import Report
from ltc_cli.stages import rates
from ltc_cli.store import Store


def rate(
    ctx: typer.Context,
    currency: Annotated[str, typer.Argument(metavar="CURRENCY")],
    number: Annotated[
        str, typer.Argument(metavar="NUMBER", help="Units of the base currency for one of it; or 1/17500.")
    ],
    on: Annotated[str | None, typer.Option(metavar="DATE", help="From this day on; today by default.")] = None,
) -> None:
    """Say what one unit of another currency is worth in the base currency.

    It counts from its day until the next one. `ltc import rates` reads the European Central Bank's file.
    A day of a closed month keeps the rate that it had.

    \b
    Example:
      ltc rate USD 0.92
      ltc rate IDR 1/17500
    """
    session = ask(ctx)

    def decide(store: Store) -> Report:
        rate_id = rates.add(store, currency, number, session.settings.currency, session.day(on))
        return record(rates.COLUMNS, rates.record(store, rate_id), hint="ltc funnel")

    session.write(decide)
