"""`ltc apply`: unapplied credit pays an invoice."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, record
from ltc_cli.references import find
from ltc_cli.report import Report
from ltc_cli.rules.money import parse_money
from ltc_cli.stages import discounts, payments
from ltc_cli.store import Store


def apply(
    ctx: typer.Context,
    payment: Annotated[str, typer.Argument(metavar="PAYMENT|CREDIT")],
    invoice: Annotated[str, typer.Argument(metavar="INVOICE")],
    amount: Annotated[str | None, typer.Argument(help="As much as there is and is owed by default.")] = None,
) -> None:
    """Settle an invoice with what is left of a payment or credit note.

    It counts from today: so an early-payment discount is taken while it is offered. A payment in another currency is
    converted at the rate of the day it came in; AMOUNT is in its currency.

    \b
    Example:
      ltc apply P1 INV-2026-0002
    """
    session = ask(ctx)

    def decide(store: Store) -> Report:
        paying, owing = find(store, payment, "payment", "credit"), find(store, invoice, "invoice")
        currency = payments.holder_record(store, paying)["currency"]
        amount_minor = parse_money(amount, currency, currency)[0] if amount is not None else None
        base, claims_first = session.settings.currency, session.settings.dunning.claims_first
        is_new = payments.apply(store, paying, owing, session.today, base, amount_minor, claims_first=claims_first)
        told = discounts.told(store, f"{paying.kind}_id", paying.id, session.today)
        notices = told if is_new else [f"{owing.text} owes nothing"]
        columns = payments.HOLDERS[paying.kind].columns
        return record(columns, payments.holder_record(store, paying), notices=notices)

    session.write(decide)
