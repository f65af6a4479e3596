"""`ltc promote`: a lead becomes an opportunity."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, record
from ltc_cli.errors import Problems
from ltc_cli.references import find
from ltc_cli.report import Report
from ltc_cli.rules.calendar import parse_date
from ltc_cli.rules.money import parse_currency, parse_money
from ltc_cli.stages import opportunities
from ltc_cli.store import Store


def promote(
    ctx: typer.Context,
    lead: Annotated[str, typer.Argument(metavar="LEAD")],
    amount: Annotated[str | None, typer.Option(help="What you expect it to be worth, net.")] = None,
    currency: Annotated[str | None, typer.Option(help="Its currency; that of the config by default.")] = None,
    title: Annotated[str | None, typer.Option(help="What it is about; the company's name by default.")] = None,
    close: Annotated[str | None, typer.Option(metavar="DATE", help="When you expect to close it.")] = None,
    owner: Annotated[str | None, typer.Option(help="Who sells it; the lead's owner by default.")] = None,
    customer: Annotated[str | None, typer.Option(metavar="CUSTOMER", help="Whose it is, where several fit.")] = None,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="When; today by default.")] = None,
) -> None:
    """Make a lead an opportunity, and its company a customer.

    The customer is found by tax id, else by company name and country, else by e-mail domain; or made.

    \b
    Example:
      ltc promote L1 --amount 12000 --close 2026-12-31
    """
    session = ask(ctx)
    with Problems() as check:
        code = check(parse_currency, currency) if currency else None
        worth = check(parse_money, amount, code, session.settings.currency) if amount is not None else None
        close_on = check(parse_date, close, session.today) if close else None
        day = check(session.day, on)

    def decide(store: Store) -> Report:
        opportunity_id, is_new = opportunities.promote(
            store,
            find(store, lead, "lead"),
            day,
            stage=session.settings.stages[0],
            currency=worth[1] if worth else code or session.settings.currency,
            amount_minor=worth[0] if worth else None,
            title=title,
            close_on=close_on,
            owner=owner,
            customer=customer,
        )
        notices = [] if is_new else [f"{lead.strip().upper()} is promoted already"]
        shown = opportunities.records(store, [opportunity_id])[0]
        return record(
            opportunities.COLUMNS, shown, notices=notices, hint=f"ltc sign O{opportunity_id}" if is_new else ""
        )

    session.write(decide)
