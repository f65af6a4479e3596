"""`ltc leakage`: what is lost between the steps."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, choice, conversion
from ltc_cli.reports import leakage as report


def leakage(
    ctx: typer.Context,
    by: Annotated[str, typer.Option(metavar="KEY", help="record (a contract or invoice) or customer.")] = "record",
) -> None:
    """Show where money leaks: not shipped, not invoiced, not collected.

    What is signed and has not gone out, what could be billed and is not, what is past due; of each the greatest
    amount first. What is not shipped or not invoiced counts as the contract does, without
    tax on top; what is not collected is what the customer has to pay. A contract of nothing but recurring fees
    ships nothing. As of a day that is past, contracts count as they were agreed by then: what was amended or
    terminated later changes nothing of it.

    \b
    Example:
      ltc leakage --as-of 2026-03-31
    """
    session = ask(ctx)
    key = choice(by, report.BY, "--by")
    session.read(lambda store: report.report(store, session.as_of, key, conversion(session, store, session.as_of)))
