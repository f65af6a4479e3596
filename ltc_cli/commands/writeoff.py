"""`ltc writeoff`: money that will not come."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, record
from ltc_cli.errors import Problems
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
) -> None:
    """Write off what is open of an invoice.

    The customer no longer owes it from that day on. It cannot be undone.

    \b
    Example:
      ltc writeoff INV-2026-0001 --reason insolvent
    """
    session = ask(ctx)

    def decide(store: Store) -> Report:
        found = find(store, invoice, "invoice")
        currency = store.value("SELECT currency FROM invoice WHERE id = ?", (found.id,))
        with Problems() as check:
            money = check(parse_money, amount, currency, currency) if amount is not None else None
            day = check(session.day, on)
        is_new = settlements.write_off(store, found, day, reason, money and money[0])
        notices = [] if is_new else [f"{found.text} is written off already"]
        return record(invoices.COLUMNS, invoices.records(store, [found.id])[0], notices=notices, hint="ltc aging")

    session.write(decide)
