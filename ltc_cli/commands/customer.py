"""`ltc customer …`: who buys."""

import shlex
from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, record
from ltc_cli.report import Report
from ltc_cli.stages import customers
from ltc_cli.store import Store


def add(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The company, or the person.")],
    contact: Annotated[str | None, typer.Option(help="The person to write to.")] = None,
    email: Annotated[str | None, typer.Option(help="E-mail address for invoices.")] = None,
    phone: Annotated[str | None, typer.Option(help="Phone number.")] = None,
    country: Annotated[str | None, typer.Option(help="Country, by code or name.")] = None,
    address: Annotated[str | None, typer.Option(help="Postal address.")] = None,
    tax_id: Annotated[str | None, typer.Option(help="VAT or tax number.")] = None,
    language: Annotated[str | None, typer.Option(help="en or zh.")] = None,
    terms: Annotated[str | None, typer.Option(help="Terms of payment, or their name in the config.")] = None,
    tax_code: Annotated[str | None, typer.Option(help="The tax code of its lines.")] = None,
    owner: Annotated[str | None, typer.Option(help="Who looks after it.")] = None,
    note: Annotated[str | None, typer.Option(help="Anything worth knowing.")] = None,
    consumer: Annotated[bool, typer.Option("--consumer", help="A consumer, not a business.")] = False,
    allow_duplicate: Annotated[bool, typer.Option("--allow-duplicate", help="Add it even if it is known.")] = False,
) -> None:
    """Add a customer.

    \b
    Example:
      ltc customer add "Analytical Engines Ltd" --country GB --email accounts@engines.example
    """
    session = ask(ctx)
    kind = "consumer" if consumer else "business"
    entry = customers.NewCustomer(
        name, contact, email, phone, country, address, tax_id, language, terms, tax_code, owner, note, kind
    )

    def decide(store: Store) -> Report:
        customers.check_settings(entry, session.settings)
        customer_id = customers.add(store, entry, session.today, allow_duplicate=allow_duplicate)
        shown = customers.records(store, [customer_id])[0]
        return record(customers.COLUMNS, shown, hint=f'ltc lead add NAME --company "{shown["name"]}"')

    session.write(decide)


def merge(
    ctx: typer.Context,
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer that stays.")],
    duplicate: Annotated[str, typer.Argument(metavar="DUPLICATE", help="The one that becomes part of it.")],
) -> None:
    """Make a customer that is there twice part of the other one.

    Invoices, payments and everything else of both stand under the one that stays: in aging, statement, dunning and
    ledger, on every day. No fact is changed, and there is no way back: --dry-run shows it first. Contact data and
    settings are those of the one that stays; what the other had besides is named, for ltc edit. Notices that wait
    for either are not sent; the next ltc dun decides anew.

    \b
    Example:
      ltc customer merge K1 K2
    """
    session = ask(ctx)

    def decide(store: Store) -> Report:
        merged = customers.merge(store, duplicate, customer)
        notices = [f"{merged.gone} is part of {merged.kept.text} {'from now on' if merged.is_new else 'already'}"]
        if merged.not_taken:
            said = " ".join(f"{field}={shlex.quote(text)}" for field, text in merged.not_taken.items())
            notices.append(f"not taken over: {said}")
        shown = customers.records(store, [merged.kept.id])[0]
        return record(customers.COLUMNS, shown, notices=notices, hint=f"ltc statement {merged.kept.text}")

    session.write(decide)
