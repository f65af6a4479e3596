"""`ltc writeoff`: money that will not come."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, record
from ltc_cli.errors import Problems, UsageError
from ltc_cli.references import find
from ltc_cli.report import Report
from ltc_cli.rules.money import parse_money
from ltc_cli.stages import invoices, settlements
from ltc_cli.store import Store


def writeoff(
    ctx: typer.Context,
    invoice: Annotated[str, typer.Argument(metavar="INVOICE")],
    reason: Annotated[str, typer.Option(help="Why: insolvent, too small to chase …")],
    amount: Annotated[str | None, typer.Argument(help="All that is open by default.")] = None,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="When; today by default.")] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Open again what was written off.")] = False,
) -> None:
    """Write off what is open of an invoice.

    The customer no longer owes it from that day on; with --undo all of it that was written off is owed again.

    \b
    Example:
      ltc writeoff INV-2026-0001 --reason insolvent
      ltc writeoff INV-2026-0001 --undo --reason "they pay after all"
    """
    session = ask(ctx)
    if undo and amount is not None:
        raise UsageError("--undo takes no amount: all that was written off is open again")

    def decide(store: Store) -> Report:
        found = find(store, invoice, "invoice")
        currency = store.value("SELECT currency FROM invoice WHERE id = ?", (found.id,))
        with Problems() as check:
            money = check(parse_money, amount, currency, currency) if amount is not None else None
            day = check(session.day, on)
        if undo:
            is_new = settlements.take_write_off_back(store, found, day, reason)
        else:
            is_new = settlements.write_off(store, found, day, reason, money and money[0])
        shown = invoices.records(store, [found.id])[0]
        what = found.text if shown["status"] == "written_off" else f"what was left of {found.text}"
        done = f"nothing of {found.text} is written off" if undo else f"{what} is written off already"
        return record(invoices.COLUMNS, shown, notices=[] if is_new else [done], hint="ltc aging")

    session.write(decide)
