"""`ltc apply`: unapplied credit pays an invoice."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, record
from ltc_cli.references import find
from ltc_cli.report import Report
from ltc_cli.rules.money import parse_money
from ltc_cli.stages import payments
from ltc_cli.store import Store


def apply(
    ctx: typer.Context,
    payment: Annotated[str, typer.Argument(metavar="PAYMENT|CREDIT")],
    invoice: Annotated[str, typer.Argument(metavar="INVOICE")],
    amount: Annotated[str | None, typer.Argument(help="As much as there is and is owed by default.")] = None,
) -> None:
    """Settle an invoice with what is left of a payment or credit note.

    \b
    Example:
      ltc apply P1 INV-2026-0002
    """
    session = ask(ctx)

    def decide(store: Store) -> Report:
        paying, owing = find(store, payment, "payment", "credit"), find(store, invoice, "invoice")
        currency = payments.holder_record(store, paying)["currency"]
        amount_minor = parse_money(amount, currency, currency)[0] if amount is not None else None
        is_new = payments.apply(store, paying, owing, session.today, amount_minor)
        notices = [] if is_new else [f"{owing.text} owes nothing"]
        columns = payments.HOLDERS[paying.kind].columns
        return record(columns, payments.holder_record(store, paying), notices=notices)

    session.write(decide)
