"""`ltc statement`: what a customer owes, and how it came to that."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, conversion
from ltc_cli.errors import Problems, UsageError
from ltc_cli.references import find
from ltc_cli.report import Report
from ltc_cli.reports import statement as report
from ltc_cli.rules.calendar import parse_date
from ltc_cli.store import Store


def statement(
    ctx: typer.Context,
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER")],
    since: Annotated[str | None, typer.Option(metavar="DATE", help="From this day; else from the beginning.")] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="To this day; the same as --as-of.")] = None,
) -> None:
    """Show a customer's statement of account.

    For each currency: the balance before, every invoice, credit note, payment, refund and write-off with the balance
    after it, and what is owed in the end, by days past due. It closes with the total that `ltc aging` has for
    that day. What a payment or credit note settles changes no balance, and is no movement. With --in all of it is one
    account in that currency, at the rates of the last day, which are named.

    \b
    Example:
      ltc statement K1 --since 2026-01-01 --until 2026-06-30
    """
    session = ask(ctx)
    if until and session.given.get("as_of"):
        raise UsageError("--until and --as-of are the same: give one of them")
    with Problems() as check:
        first = check(parse_date, since, session.today) if since else None
        last = check(parse_date, until, session.today) if until else session.as_of
    if first and first > last:
        raise UsageError(f"the statement would begin on {first}, after its end on {last}")
    edges = session.settings.aging.buckets

    def look(store: Store) -> Report:
        found = find(store, customer, "customer")
        into = conversion(session, store, last)
        return report.report(store, found, report.Period(first, last), edges, session.style, into)

    session.read(look)
