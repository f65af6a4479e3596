"""`ltc list`: records of a kind."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask
from ltc_cli.reports import listing


def list_(
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"One of: {' '.join(listing.COLUMNS)}.")],
    where: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN=VALUE", help="Only these; may be repeated.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="Only the newest.")] = None,
) -> None:
    """List records of a kind.

    With --as-of: invoices, credits, payments and tasks as they stood on that day. Of tasks, what is open comes first.

    \b
    Example:
      ltc list invoices --where status=open
      ltc list tasks
    """
    session = ask(ctx)
    chosen = listing.plural(kind)
    as_of = session.as_of if session.given.get("as_of") else None
    session.read(
        lambda store: listing.report(store, chosen, session.today, where=where or [], limit=limit, as_of=as_of)
    )
