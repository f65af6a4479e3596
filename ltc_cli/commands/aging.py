"""`ltc aging`: who owes what since when."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, choice, conversion
from ltc_cli.reports import aging as report
from ltc_cli.rules.aging import parse_edges


def aging(
    ctx: typer.Context,
    by: Annotated[str, typer.Option(metavar="KEY", help="customer, invoice or owner.")] = "customer",
    buckets: Annotated[str | None, typer.Option(metavar="DAYS", help="Last day of each bucket.")] = None,
) -> None:
    """Show what is owed, by customer and age.

    The buckets and the unapplied credit always sum to the total. Due today is current.

    \b
    Example:
      ltc aging --as-of 2026-03-31 --buckets 30,60,90
    """
    session = ask(ctx)
    edges = parse_edges(buckets) if buckets else session.settings.aging.buckets
    key = choice(by, report.BY, "--by")
    session.read(
        lambda store: report.report(store, session.as_of, edges, key, conversion(session, store, session.as_of))
    )
