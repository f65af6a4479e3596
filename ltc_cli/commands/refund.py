"""`ltc refund`: money goes back."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, record
from ltc_cli.errors import Problems, UsageError
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
    undo: Annotated[bool, typer.Option("--undo", help="The newest refund came back.")] = False,
    reason: Annotated[str | None, typer.Option(help="Why it came back: account closed …")] = None,
) -> None:
    """Pay back what is left of a payment or credit note.

    Only unapplied credit can be paid back; what settles an invoice is credited first. With --undo the newest refund
    came back, and is unapplied credit again from that day on.

    \b
    Example:
      ltc refund P1 20 --method transfer
      ltc refund P1
      ltc refund P1 --undo --reason "account closed"
    """
    session = ask(ctx)
    if undo != (reason is not None) or (undo and (amount or method or bank_reference)):
        raise UsageError("--undo takes a --reason, and nothing else but --on", "ltc refund P1 --undo --reason …")

    def decide(store: Store) -> Report:
        holder = find(store, payment, "payment", "credit")
        columns = payments.HOLDERS[holder.kind].columns
        if reason is not None:
            told = payments.take_refund_back(store, holder, session.day(on), reason)
            notices = [told or f"nothing of {holder.text} is paid back"]
            return record(columns, payments.holder_record(store, holder), notices=notices, hint="ltc aging")
        currency = payments.holder_record(store, holder)["currency"]
        with Problems() as check:
            money = check(parse_money, amount, currency, currency) if amount is not None else None
            day = check(session.day, on)
        is_new = payments.refund(store, holder, payments.Payout(day, money and money[0], method, bank_reference))
        notices = [] if is_new else [f"nothing of {holder.text} is left to refund"]
        return record(columns, payments.holder_record(store, holder), notices=notices, hint="ltc aging")

    session.write(decide)
