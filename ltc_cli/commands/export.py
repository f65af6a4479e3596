"""`ltc export …`: what is in the file, for other programs and for those it speaks of."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from ltc_cli import exporting
from ltc_cli.commands.answers import ask, choice
from ltc_cli.references import find_itself
from ltc_cli.reports import ledger as books
from ltc_cli.reports import person as known
from ltc_cli.store import Store

Output = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="FILE", help="Where it goes; - for standard output.")
]


def ledger(
    ctx: typer.Context,
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="hledger or beancount.")] = "hledger",
    output: Output = None,
) -> None:
    """Export the books in double entry, as a journal for hledger or beancount.

    One transaction a fact. assets:receivable:K1 sums to the buckets of K1 in ltc aging, liabilities:credit:K1 to its
    unapplied, on every day; what is invoiced before it is shipped stands under liabilities:contract:K1 until then.
    Postings to a receivable carry the invoice and the day it is due.

    \b
    Example:
      ltc export ledger -o books.journal
      ltc export ledger --format beancount --as-of 2026-03-31
    """
    session = ask(ctx)
    chosen = choice(form, exporting.LEDGERS, "--format")
    exporting.run(
        session,
        exporting.Wish("ledger", chosen, output),
        lambda store: exporting.LEDGERS[chosen](
            books.transactions(store, session.as_of.isoformat()), session.settings.currency
        ),
    )


def person(
    ctx: typer.Context,
    ref: Annotated[str, typer.Argument(metavar="LEAD|CUSTOMER", help="Whose data: L1 or K1.")],
    output: Output = None,
) -> None:
    """Export all that is stored about a person, to hand it over to them.

    As JSON: what ltc erase would take away, and what it would keep. Records, touches, what was agreed, billed and
    paid, mails with their words, ids in other programs, and the entries of the journal that speak of them.

    \b
    Example:
      ltc export person L1 -o ada.json
    """
    session = ask(ctx)

    def pieces(store: Store) -> Iterator[str]:
        record = known.record(store, find_itself(store, ref, "customer", "lead"), session.today)
        yield json.dumps(record, ensure_ascii=False, indent=2) + "\n"

    exporting.run(session, exporting.Wish("person", "json", output), pieces)
