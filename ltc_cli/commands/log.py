"""`ltc log`: the journal."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask
from ltc_cli.references import look_up
from ltc_cli.report import Report
from ltc_cli.reports import journal
from ltc_cli.store import Store


def log(
    ctx: typer.Context,
    reference: Annotated[str | None, typer.Argument(metavar="[REF]", help="Only what was written about it.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="Only the newest.")] = None,
) -> None:
    """Show the journal: who wrote what, when.

    \b
    Example:
      ltc log C1
    """

    def look(store: Store) -> Report:
        named = look_up(store, reference) if reference else None
        return journal.report(store, named, limit)

    ask(ctx).read(look)
