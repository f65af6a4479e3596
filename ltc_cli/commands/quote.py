"""`ltc quote`: what is offered."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, record
from ltc_cli.errors import UsageError
from ltc_cli.references import find
from ltc_cli.report import Report
from ltc_cli.rules.calendar import parse_date
from ltc_cli.stages import quotes
from ltc_cli.store import Store

HINTS = {"send": "ltc quote {ref} --accept", "accept": "ltc sign {ref}", "reject": ""}


def quote(
    ctx: typer.Context,
    reference: Annotated[str, typer.Argument(metavar="OPPORTUNITY|QUOTE")],
    line: Annotated[
        list[str] | None, typer.Option(metavar="TEXT:QTY:PRICE[:TAX[:-10%]]", help="May be repeated.")
    ] = None,
    terms: Annotated[str | None, typer.Option(help="Who pays what when; the customer's by default.")] = None,
    discount: Annotated[str | None, typer.Option(metavar="N%|AMOUNT", help="Off the whole quote.")] = None,
    rounding: Annotated[str | None, typer.Option(metavar="POLICY", help="Of tax: document, line or unrounded.")] = None,
    valid_until: Annotated[str | None, typer.Option(metavar="DATE", help="Its last day.")] = None,
    send: Annotated[bool, typer.Option("--send", help="It was sent to the customer.")] = False,
    accept: Annotated[bool, typer.Option("--accept", help="The customer accepts it.")] = False,
    reject: Annotated[bool, typer.Option("--reject", help="The customer rejects it.")] = False,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="When; today by default.")] = None,
) -> None:
    """Quote lines to an opportunity; send, accept or reject a quote.

    A quote to an opportunity that has one already is its next version. A line is read from the right. Where TEXT is
    the code of an item, it stands for its name, and "WIDGET:3" is enough: price and tax are the item's.

    \b
    Example:
      ltc quote O1 --line "Widget:10:3.333:Z:-10%" --line "Setup:1:450" --discount 5% --valid-until +30d
      ltc quote Q1 --accept
    """
    session = ask(ctx)
    verbs = [verb for verb, wanted in (("send", send), ("accept", accept), ("reject", reject)) if wanted]
    if len(verbs) + bool(line) != 1:
        raise UsageError("say one thing: --line, --send, --accept or --reject", 'ltc quote O1 --line "Widget:10:3.50"')
    if verbs and (terms or discount or rounding or valid_until):
        raise UsageError(
            f"--{verbs[0]} changes no quote; lines make a new version", 'ltc quote O1 --line "Widget:10:3.50"'
        )

    def decide(store: Store) -> Report:
        if verbs:
            found = find(store, reference, "quote")
            is_new = quotes.decide(store, found, verbs[0], session.day(on))
            notices = [] if is_new else [f"{found.text} is {quotes.DECIDED[verbs[0]]} already"]
            quote_id, hint = found.id, HINTS[verbs[0]].format(ref=found.text)
        else:
            quote_id = quotes.add(
                store,
                session.settings,
                find(store, reference, "opportunity"),
                session.day(on),
                lines=line or [],
                terms=terms,
                discount=discount,
                rounding=rounding,
                valid_until=parse_date(valid_until, session.today) if valid_until else None,
            )
            notices, hint = [], f"ltc quote Q{quote_id} --send"
        shown = quotes.records(store, [quote_id], today=session.today)[0]
        return record(quotes.COLUMNS, shown, notices=notices, hint=hint)

    session.write(decide)
