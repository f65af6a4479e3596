"""`ltc refund`: money goes back."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, record
from ltc_cli.errors import Problems
from ltc_cli.references import find
from ltc_cli.report import Report
from ltc_cli.rules.money import parse_money
from ltc_cli.stages import payments
from ltc_cli.store import Store


def refund(
    ctx: typer.Context,
    payment: Annotated[str, typer.Argument(metavar="PAYMENT|CREDIT")],
    amount: Annotated[str | None, typer.Argument(help="All that is left by default.")] = None,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="When; today by default.")] = None,
    method: Annotated[str | None, typer.Option(help="How: transfer, card, cash …")] = None,
    bank_reference: Annotated[str | None, typer.Option("--reference", help="What stands on the statement.")] = None,
) -> None:
    """Pay back what is left of a payment or credit note.

    Only unapplied credit can be paid back; what settles an invoice is credited first.

    \b
    Example:
      ltc refund P1 20 --method transfer
      ltc refund P1
    """
    session = ask(ctx)

    def decide(store: Store) -> Report:
        holder = find(store, payment, "payment", "credit")
        currency = payments.holder_record(store, holder)["currency"]
        with Problems() as check:
            money = check(parse_money, amount, currency, currency) if amount is not None else None
            day = check(session.day, on)
        is_new = payments.refund(store, holder, payments.Payout(day, money and money[0], method, bank_reference))
        notices = [] if is_new else [f"nothing of {holder.text} is left to refund"]
        columns = payments.HOLDERS[holder.kind].columns
        return record(columns, payments.holder_record(store, holder), notices=notices, hint="ltc aging")

    session.write(decide)
