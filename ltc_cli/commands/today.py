"""`ltc today`: the first command of the morning."""

import typer

from ltc_cli.commands.answers import ask, conversion
from ltc_cli.reports import today as report


def today(ctx: typer.Context) -> None:
    """Show what to do now, most urgent first.

    \b
    Example:
      ltc today
    """
    session = ask(ctx)
    today, now = session.today, session.recorded_at
    session.read(lambda store: report.report(store, session.settings, today, now, conversion(session, store, today)))
