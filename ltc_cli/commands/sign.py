"""`ltc sign`: an opportunity becomes a contract."""

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
from ltc_cli.stages import contracts
from ltc_cli.store import Store


def sign(
    ctx: typer.Context,
    opportunity: Annotated[str, typer.Argument(metavar="OPPORTUNITY|QUOTE")],
    by: Annotated[str | None, typer.Option(help="Who signed for the customer.")] = None,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="When; today by default.")] = None,
    amount: Annotated[
        str | None, typer.Option(help="The contract's amount, net; else that of quote or opportunity.")
    ] = None,
    terms: Annotated[
        str | None, typer.Option(help="Who pays what when: a line of terms, or its name in the config.")
    ] = None,
    document: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The signed document, archived by its hash.")
    ] = None,
    starts: Annotated[str | None, typer.Option(metavar="DATE", help="First day of the term.")] = None,
    ends: Annotated[str | None, typer.Option(metavar="DATE", help="Last day of the term.")] = None,
    renews: Annotated[
        str | None, typer.Option(metavar="PERIOD", help="What was agreed on renewal, such as 1y: it is kept.")
    ] = None,
) -> None:
    """Sign an opportunity: the contract and its payment plan.

    What is signed is the newest quote; without one, or with another --amount than its own, the amount as one line.

    \b
    Example:
      ltc sign O1 --by "Ada Lovelace" --terms "30% sign, 60% ship, 10% accept+90d; net 30"
    """
    session = ask(ctx)

    def decide(store: Store) -> Report:
        named = find(store, opportunity, "opportunity", "quote")
        currency = store.value(
            "SELECT currency FROM opportunity WHERE id = ?", (find(store, named.text, "opportunity").id,)
        )
        with Problems() as check:
            signature = contracts.Signature(
                on=check(session.day, on),
                by=by,
                amount=check(parse_money, amount, None, currency) if amount is not None else None,
                terms=terms,
                document=check(read_file, document) if document else None,
                starts_on=check(parse_date, starts, session.today) if starts else None,
                ends_on=check(parse_date, ends, session.today) if ends else None,
                renews=renews,
            )
        contract_id, is_new = contracts.sign(store, session.settings, named, signature)
        notices = [] if is_new else [f"C{contract_id} is signed already"]
        left_out = contracts.left_out(store, contract_id) if is_new else None
        notices += [f"C{contract_id} is an amount in one line, not {left_out.text} with its lines"] if left_out else []
        shown = contracts.records(store, [contract_id])[0]
        today = session.today.isoformat()
        is_billable = any(
            (share["due_on"] or "~") <= today and share["billed"] != share["amount"] for share in shown["plan"]
        )
        is_service = contracts.is_service(contracts.plans(store, [contract_id])[contract_id])
        verb = "invoice" if is_billable else "show" if is_service or shown["terminated_on"] else "ship"
        return record(contracts.COLUMNS, shown, notices=notices, hint=f"ltc {verb} C{contract_id}")

    session.write(decide)
