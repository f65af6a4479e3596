"""`ltc reverse`: the payment bounced."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, record
from ltc_cli.errors import UsageError
from ltc_cli.references import Reference, an, find, look_up
from ltc_cli.report import Report
from ltc_cli.stages import payments
from ltc_cli.store import Store


def reverse(
    ctx: typer.Context,
    payment: Annotated[str, typer.Argument(metavar="PAYMENT")],
    reason: Annotated[str, typer.Option(help="Why: returned by the bank, booked twice …")],
    on: Annotated[str | None, typer.Option(metavar="DATE", help="When; today by default.")] = None,
) -> None:
    """Reverse a payment that bounced or was a mistake.

    What it settled is open again from that day, and so is what was written off because it was a little short, or taken
    as discount for paying early. A payment of which something was refunded can be reversed once that came back:
    ltc refund --undo.

    \b
    Example:
      ltc reverse P1 --reason "returned by the bank"
    """
    session = ask(ctx)

    def decide(store: Store) -> Report:
        _refuse_documents(look_up(store, payment))
        found = find(store, payment, "payment")
        is_new = payments.reverse(store, found, session.day(on), reason)
        notices = [] if is_new else [f"{found.text} is reversed already"]
        return record(payments.COLUMNS, payments.records(store, [found.id])[0], notices=notices, hint="ltc aging")

    session.write(decide)


INSTEAD = {
    "invoice": "ltc credit {ref} --reason … takes an invoice back",
    "credit": "what was issued stands: what is owed after all is invoiced anew",
}
"""What is done about an issued document instead of reversing it."""


def _refuse_documents(named: Reference) -> None:
    if named.kind in INSTEAD:
        raise UsageError(
            f"{named.text} is {an(named.kind)}: only a payment is reversed", INSTEAD[named.kind].format(ref=named.text)
        )
