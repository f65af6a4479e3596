"""`ltc restore`: a backup comes back."""

from pathlib import Path
from typing import Annotated

import typer

from ltc_cli import backup as backups
from ltc_cli.commands.answers import ask, record
from ltc_cli.report import Column
from ltc_cli.session import Session

LOST_COLUMNS = (Column("series"), Column("first"), Column("last"))
COLUMNS = (
    Column("path"),
    Column("restored_from"),
    Column("kept"),
    Column("journal"),
    Column("lost_numbers", "list", columns=LOST_COLUMNS),
)


def restore(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False, help="The backup.")],
    last_number: Annotated[
        list[str] | None,
        typer.Option(metavar="SERIES=N", help="The last number given out, where the present file cannot tell it."),
    ] = None,
) -> None:
    """Bring a backup back.

    The present file is kept beside the restored one. Invoice numbers given out since the backup are lost, and never
    given out again.

    \b
    Example:
      ltc restore monday.db
      ltc restore monday.db --last-number INV-2026=57
    """
    session = ask(ctx)
    occasion = backups.Occasion(session.actor, session.today, session.recorded_at)
    restored = backups.restore(
        file,
        session.path,
        occasion,
        last_numbers_given=last_number or [],
        patterns=vars(session.settings.numbers).items(),
    )
    row = {
        "path": str(session.path),
        "restored_from": str(file),
        "kept": str(restored.kept) if restored.kept else None,
        "journal": backups.anchor(restored.journal),
        "lost_numbers": [backups.lost_record(lost) for lost in restored.lost],
    }
    session.show(record(COLUMNS, row, notices=_notices(session, file, restored), hint="ltc check"))


def _notices(session: Session, file: Path, restored: backups.Restored) -> list[str]:
    notices = [] if restored.has_manifest else [f"{file} has no manifest: its sha256 was not compared"]
    for lost in map(backups.lost_record, restored.lost):
        notices.append(f"given out after the backup, so never again: {lost['first']} to {lost['last']}")
    if restored.doubtful:
        where = "ltc outbox list --where status=unknown"
        notices.append(f"{restored.doubtful} mails waited in the backup and may have gone out since: {where}")
    if restored.stopped:
        notices.append(
            f"{restored.stopped} sequences are stopped, since steps may have been taken: ltc nurture L… --enroll"
        )
    if restored.notices:
        first, *others = restored.notices
        to = f" to N{others[-1]}" if others else ""
        was = "were" if others else "was"
        notices.append(
            f"N{first}{to} {was} decided after the backup, and would be again: no notice goes before ltc dun --confirm"
        )
    if restored.is_blind:
        series = backups.series_name(backups.Series("invoice", session.settings.numbers.invoice, session.today.year))
        notices.append(
            f"no legal number is known; if any was given out since, restore again with --last-number {series}=N"
        )
    return notices
