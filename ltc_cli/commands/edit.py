"""`ltc edit`: contact data and settings, never money."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, record
from ltc_cli.references import find
from ltc_cli.report import Report
from ltc_cli.reports import listing
from ltc_cli.stages import editing
from ltc_cli.store import Store


def edit(
    ctx: typer.Context,
    reference: Annotated[str, typer.Argument(metavar="REF")],
    fields: Annotated[list[str], typer.Argument(metavar="FIELD=VALUE…", help="An empty value clears the field.")],
) -> None:
    """Change contact data and settings of a record, never money.

    \b
    Example:
      ltc edit K1 email=accounts@engines.example terms="30% sign, 70% ship; net 14"
    """
    session = ask(ctx)

    def decide(store: Store) -> Report:
        found = find(store, reference)
        is_new, said = editing.edit(store, session.settings, found, fields, session.today)
        kind = listing.plural(found.kind)
        shown = listing.records(store, kind, [found.id], session.today)[0]
        return record(listing.COLUMNS[kind], shown, notices=said if is_new else ["nothing changes"])

    session.write(decide)
