"""`ltc funnel`: from lead to cash at a glance."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, choice, conversion
from ltc_cli.errors import Problems
from ltc_cli.reports import funnel as report
from ltc_cli.rules.calendar import parse_date


def funnel(
    ctx: typer.Context,
    by: Annotated[str | None, typer.Option(metavar="KEY", help="source, owner, month or campaign.")] = None,
    since: Annotated[str | None, typer.Option(metavar="DATE", help="Leads created from this day.")] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="Leads created to this day.")] = None,
) -> None:
    """Show how many leads reached each stage, and with how much.

    A lead counts once in every stage it reached and in all stages before it. Periods are cohorts by the
    day the lead was created.

    \b
    Example:
      ltc funnel --by source --since 2026-01-01
    """
    session = ask(ctx)
    with Problems() as check:
        first = check(parse_date, since, session.today) if since else None
        last = check(parse_date, until, session.today) if until else None
        key = check(choice, by, report.BY, "--by") if by else None
    base = session.settings.currency
    day = session.as_of
    session.read(
        lambda store: report.report(
            store, day, base, by=key, since=first, until=last, into=conversion(session, store, day)
        )
    )
