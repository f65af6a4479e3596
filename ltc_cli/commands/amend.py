"""`ltc amend`: what is agreed after signing."""

from pathlib import Path
from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, record
from ltc_cli.errors import Problems
from ltc_cli.references import find
from ltc_cli.report import Report
from ltc_cli.rules.calendar import parse_date
from ltc_cli.rules.money import parse_money
from ltc_cli.session import read_file
from ltc_cli.stages import amendments, contracts
from ltc_cli.store import Store


def amend(
    ctx: typer.Context,
    contract: Annotated[str, typer.Argument(metavar="CONTRACT")],
    line: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TEXT:QTY:PRICE", help="One more line, as in ltc quote; or N=QTY: line N is this much now."
        ),
    ] = None,
    amount: Annotated[str | None, typer.Option(help="What the contract comes to now, net.")] = None,
    fee: Annotated[str | None, typer.Option(help="What its fee is from --from on.")] = None,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="First day of the new fee; --on by default.")
    ] = None,
    ends: Annotated[str | None, typer.Option(metavar="DATE", help="Last day of the term.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why.")] = None,
    document: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The signed amendment, archived by its hash.")
    ] = None,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="When it was agreed; today by default.")] = None,
) -> None:
    """Amend a contract: other lines, another amount, fee or end.

    What is billed stays billed; what is open of the plan takes the difference. A line that is added to a fee is billed
    on the day of the amendment.

    \b
    Example:
      ltc amend C1 --line "Training:1:800" --line 1=4 --reason "two fewer, a day of training"
      ltc amend C2 --fee 1000 --from +1m
    """
    session = ask(ctx)

    def decide(store: Store) -> Report:
        found = find(store, contract, "contract")
        currency = store.value("SELECT currency FROM contract WHERE id = ?", (found.id,))
        with Problems() as check:
            day = check(session.day, on)
            wish = amendments.Wish(
                lines=line or [],
                amount_minor=check(_minor, amount, currency) if amount is not None else None,
                fee_minor=check(_minor, fee, currency) if fee is not None else None,
                from_on=check(parse_date, from_, session.today) if from_ else None,
                ends_on=check(parse_date, ends, session.today) if ends else None,
                reason=reason,
                document=check(read_file, document) if document else None,
            )
        is_new = amendments.amend(store, session.settings, found, day, wish)
        notices = [] if is_new else [f"{found.text} says so already"]
        shown = contracts.records(store, [found.id])[0]
        return record(contracts.COLUMNS, shown, notices=notices, hint=f"ltc invoice {found.text}")

    session.write(decide)


def _minor(text: str, currency: str) -> int:
    """An amount in the contract's currency and no other."""
    minor, _currency = parse_money(text, currency, currency)
    return minor
