"""`ltc check`: every figure proven."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask
from ltc_cli.reports import check as checks


def check(
    ctx: typer.Context,
    anchor: Annotated[str | None, typer.Option(metavar="ID:SHA256", help="A journal entry noted earlier.")] = None,
) -> None:
    """Prove that every figure in the file agrees.

    \b
    Example:
      ltc check
    """
    ask(ctx).read(lambda store: checks.report(store, anchor))
