"""`ltc collect`: the money comes in."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, record
from ltc_cli.errors import Problems, UsageError
from ltc_cli.references import Reference, find
from ltc_cli.report import Report
from ltc_cli.rules.money import format_amount, parse_currency, parse_money
from ltc_cli.stages import discounts, payments
from ltc_cli.store import Store


def collect(
    ctx: typer.Context,
    reference: Annotated[str, typer.Argument(metavar="INVOICE|CONTRACT|CUSTOMER")],
    amount: Annotated[str | None, typer.Argument(help="What came in; all that is open by default.")] = None,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="When; today by default.")] = None,
    method: Annotated[str | None, typer.Option(help="How: transfer, card, cash …")] = None,
    bank_reference: Annotated[str | None, typer.Option("--reference", help="What stands on the statement.")] = None,
    currency: Annotated[str | None, typer.Option(help="Its currency; that of what is paid by default.")] = None,
    unapplied: Annotated[bool, typer.Option("--unapplied", help="Settle nothing yet: ltc apply says what.")] = False,
) -> None:
    """Record a payment and settle what it pays for.

    The oldest due is settled first; what is left over stays with the customer as unapplied credit. An invoice that is
    paid in time takes its early-payment discount. What is missing by no more than the tolerance of the config is
    written off. A payment in another currency is converted at the rate of its day. A deposit, or a payment that is to
    be split over chosen invoices, is collected with --unapplied.

    \b
    Example:
      ltc collect INV-2026-0001
      ltc collect K1 1,200.50 --on 2026-11-02 --method transfer
    """
    session = ask(ctx)
    if unapplied and amount is None:
        raise UsageError("--unapplied settles nothing: say how much came in", "ltc collect K1 100 --unapplied")

    def decide(store: Store) -> Report:
        target = find(store, reference, "contract", "invoice", "customer")
        with Problems() as check:
            code = check(parse_currency, currency) if currency else None
            usual = _usual_currency(store, target, session.settings.currency)
            money = check(parse_money, amount, code, usual) if amount is not None else None
            receipt = payments.Receipt(check(session.day, on), money, code, method, bank_reference, unapplied)
        base, tolerances = session.settings.currency, session.settings.tolerance
        claims_first = session.settings.dunning.claims_first
        payment_id = payments.collect(store, target, receipt, base, tolerances, claims_first=claims_first)
        if payment_id is None:
            return _paid_already(store, target, code or usual)
        shown = payments.records(store, [payment_id])[0]
        number = payments.next_to_settle(store, shown) if shown["status"] == "unapplied" else None
        hint = f"ltc apply {shown['ref']} {number}" if number else "ltc funnel"
        notices = [
            *discounts.told(store, "payment_id", payment_id, receipt.on),
            *payments.tolerated(store, payment_id),
            *payments.claims_left(store, payment_id),
        ]
        return record(payments.COLUMNS, shown, notices=notices, hint=hint)

    session.write(decide)


def _usual_currency(store: Store, target: Reference, base: str) -> str:
    """What the invoice or contract is in, or all that a customer owes; else the currency of the config."""
    if target.kind == "customer":
        owed = payments.currencies_owed(store, target)
        return owed[0] if len(owed) == 1 else base
    currency: str = store.value(f"SELECT currency FROM {target.kind} WHERE id = ?", (target.id,))
    return currency


def _paid_already(store: Store, target: Reference, currency: str) -> Report:
    """Nothing is open: the payment that settled it last, or one of nothing where nothing was ever owed."""
    notices = [f"{target.text} owes nothing"]
    payment_id = payments.last_for(store, target)
    if payment_id:
        return record(payments.COLUMNS, payments.records(store, [payment_id])[0], notices=notices)
    zero = format_amount(0, currency)
    nothing = {
        "customer": find(store, target.text, "customer").text,
        "amount": zero,
        "refunded": zero,
        "unapplied": zero,
    }
    return record(payments.COLUMNS, {**nothing, "currency": currency, "allocations": []}, notices=notices)
