"""`ltc find`: full text over names, companies, notes."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask
from ltc_cli.reports import find as report
from ltc_cli.reports.listing import plural

ON_TERMINAL = 20
"""Rows on a terminal that asked for no number."""


def find(
    ctx: typer.Context,
    text: Annotated[list[str], typer.Argument(metavar="TEXT", help='Words; "a phrase" in quotation marks is one.')],
    kind: Annotated[str | None, typer.Option(metavar="KIND", help="Only these, such as leads.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="The best; 20 by default on a terminal, else all.")
    ] = None,
) -> None:
    """Find records by any words in them: names, companies, notes, lines.

    Every word must stand somewhere in the record, in any case and any script, also inside a longer word.
    The best come first: a reference, a whole name, the beginning of a name, a name, everything else.

    \b
    Example:
      ltc find babbage
      ltc find '"difference engine" london' --kind leads
    """
    session = ask(ctx)
    on_terminal = session.style == "table" and session.out.isatty()
    shown = limit or (ON_TERMINAL if on_terminal else None)
    kinds = [plural(kind)] if kind is not None else list(report.KINDS)
    session.read(lambda store: report.report(store, " ".join(text), kinds, shown))
