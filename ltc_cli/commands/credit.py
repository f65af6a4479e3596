"""`ltc credit`: what was asked too much is taken back."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, record
from ltc_cli.errors import Problems, UsageError
from ltc_cli.references import find
from ltc_cli.report import Report
from ltc_cli.rules.money import parse_money
from ltc_cli.stages import credit_notes, fulfilment
from ltc_cli.store import Store


def credit(
    ctx: typer.Context,
    invoice: Annotated[str, typer.Argument(metavar="INVOICE")],
    reason: Annotated[str, typer.Option(help="Why: goods returned, price too high …")],
    amount: Annotated[str | None, typer.Argument(help="With the tax in it; all that is left by default.")] = None,
    line: Annotated[
        list[str] | None, typer.Option(metavar="N=QTY", help="This much of the invoice's line N; may be repeated.")
    ] = None,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="When; today by default.")] = None,
) -> None:
    """Issue a credit note for an invoice: whole, by an amount, or by lines.

    It settles what is open of the invoice, the oldest due first; what is left stays with the customer as unapplied
    credit.

    \b
    Example:
      ltc credit INV-2026-0001 --line 1=2 --reason "two came back"
      ltc credit INV-2026-0001 50 --reason "price too high"
      ltc credit INV-2026-0001 --reason "wrong customer"
    """
    session = ask(ctx)
    if amount is not None and line:
        raise UsageError(
            "credit an amount or quantities of lines, not both", "ltc credit INVOICE --line 1=2 --reason …"
        )
    quantities = fulfilment.parse_quantities(line or [])

    def decide(store: Store) -> Report:
        found = find(store, invoice, "invoice")
        currency = store.value("SELECT currency FROM invoice WHERE id = ?", (found.id,))
        with Problems() as check:
            money = check(parse_money, amount, currency, currency) if amount is not None else None
            day = check(session.day, on)
        wish = credit_notes.Wish(money and money[0], quantities)
        credit_id = credit_notes.issue(store, session.settings, found, day, reason, wish)
        notices = [] if credit_id else [f"{found.text} is credited in full already"]
        shown = credit_notes.records(store, [credit_id or credit_notes.last_of(store, found)])[0]
        hint = f"ltc refund {shown['ref']}" if shown["status"] == "unapplied" else f"ltc show {found.text}"
        return record(credit_notes.COLUMNS, shown, notices=notices, hint=hint)

    session.write(decide)
