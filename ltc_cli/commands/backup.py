"""`ltc backup`: a copy that can be trusted."""

from pathlib import Path
from typing import Annotated

import typer

from ltc_cli import backup as backups
from ltc_cli.commands.answers import ask, record
from ltc_cli.report import Column, Report
from ltc_cli.store import Store

COLUMNS = (
    Column("path"),
    Column("manifest"),
    Column("size", "count"),
    Column("sha256"),
    Column("journal"),
)


def backup(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False, help="Where the copy goes.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
) -> None:
    """Copy the file, checked, with a manifest.

    The manifest FILE.manifest.json holds what proves the copy: its sha256 and the newest journal entry. Others may
    go on writing in the meantime. `ltc check --anchor` takes the journal entry as it is printed.

    \b
    Example:
      ltc backup /mnt/stick/monday.db
    """
    session = ask(ctx)

    def copy(store: Store) -> Report:
        made = backups.make(store, file, session.recorded_at, force=force)
        row = {
            "path": str(file),
            "manifest": str(backups.manifest_path(file)),
            "size": made.size,
            "sha256": made.sha256,
            "journal": backups.anchor(made.journal),
        }
        return record(COLUMNS, row)

    session.read(copy)
