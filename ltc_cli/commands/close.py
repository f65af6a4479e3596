"""`ltc close`: a month is done, and stays as it is."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, record
from ltc_cli.errors import DataError, UsageError
from ltc_cli.report import Report
from ltc_cli.reports import check
from ltc_cli.stages import closing
from ltc_cli.store import Store


def close(
    ctx: typer.Context,
    month: Annotated[str, typer.Argument(metavar="MONTH", help="Like 2026-10.")],
    reopen: Annotated[bool, typer.Option("--reopen", help="Open it again, and all after it; with --reason.")] = False,
    reason: Annotated[str | None, typer.Option(help="Why it is opened again.")] = None,
) -> None:
    """Close a month and all before it: nothing may be dated into them any more.

    Contracts, shipments, invoices, credit notes, payments, refunds and write-offs of a closed month are refused,
    typed or imported; a correction falls into the open month. Where a rate was known on a day, no other one
    takes its place. The file is checked first, and what the closed
    months say is sealed: `ltc check` proves it from then on.

    \b
    Example:
      ltc close 2026-10
      ltc close 2026-10 --reopen --reason "an invoice was missing"
    """
    session = ask(ctx)
    if reopen != (reason is not None):
        raise UsageError("--reopen and --reason go together", 'ltc close 2026-10 --reopen --reason "…"')

    def decide(store: Store) -> Report:
        if reason is not None:
            is_new = closing.reopen(store, month, session.today, reason)
            notices = [] if is_new else [f"{month.strip()} is not closed"]
            return record(closing.COLUMNS, closing.record(store, month), notices=notices)
        closing.refuse_unfinished(month, session.today)
        _refuse_unsound(store)
        is_new = closing.close(store, month, session.today)
        notices = [] if is_new else [f"{month.strip()} is closed already"]
        return record(closing.COLUMNS, closing.record(store, month), notices=notices, hint="ltc aging")

    session.write(decide)


def _refuse_unsound(store: Store) -> None:
    """Only what is proven is closed."""
    broken = [row["check"] for row in check.report(store).rows if row["broken"]]
    if broken:
        raise DataError(f"the file is not sound ({', '.join(broken)}): nothing was closed", "ltc check")
