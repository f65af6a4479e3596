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
    mails_invoices = session.settings.mail.invoices
    session.read(
        lambda store: report.report(store, today, now, conversion(session, store, today), mails_invoices=mails_invoices)
    )
