"""`ltc demo`: a small company's year, made by the program itself."""

import io
import json
import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from ltc_cli import demo as year
from ltc_cli.commands.answers import ask, record
from ltc_cli.errors import ConflictError, FailedError, LtcError, UsageError
from ltc_cli.report import Column, Report
from ltc_cli.session import Session

# What is counted, and how its references begin.
COUNTED = {"leads": "L", "opportunities": "O", "contracts": "C", "invoices": "INV-", "payments": "P"}
COLUMNS = (Column("folder"), Column("config"), Column("database"), *(Column(kind, "count") for kind in COUNTED))


def demo(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="A folder that is new or empty.")] = Path("ltc-demo"),
) -> None:
    """Make a small company's year and look at it.

    The year ends on the business date; the same date gives the same year.

    \b
    Example:
      ltc demo
      ltc demo /tmp/nordlicht --today 2026-06-30
    """
    session = ask(ctx)
    if session.given.get("db") or session.given.get("config"):
        raise UsageError("the demo makes a file and a config of its own", f"ltc demo {shlex.quote(str(folder))}")
    year.date_of(0, session.today)  # a business date that is none is refused before anything is made
    _make_folder(folder)
    references = _make_year(ctx, folder)
    made = {kind: sum(ref.startswith(prefix) for ref in references) for kind, prefix in COUNTED.items()}
    if session.style == "table":
        _look(ctx, folder, made)
    else:
        files = {"folder": str(folder), "config": str(_config(folder)), "database": str(_database(folder))}
        session.show(record(COLUMNS, {**files, **made}))


def _config(folder: Path) -> Path:
    return folder / "config.yaml"


def _database(folder: Path) -> Path:
    return folder / "ltc.db"


def _make_folder(folder: Path) -> None:
    """The folder with its config. Raises ConflictError, and touches nothing, where something is there already."""
    if folder.exists() and not folder.is_dir():
        raise ConflictError(f"{folder} is not a folder", "ltc demo DIR makes another")
    if folder.exists() and any(folder.iterdir()):
        raise ConflictError(f"{folder} is not empty", "ltc demo DIR makes another")
    folder.mkdir(parents=True, exist_ok=True)
    _config(folder).write_text(year.CONFIG, encoding="utf-8")


def _make_year(ctx: typer.Context, folder: Path) -> set[str]:
    """Run every command of the year on its day. Answers the references of all records that it spoke of."""
    references: set[str] = set()

    def perform(step: year.Step) -> Any:
        answer = _perform(ctx, folder, step)
        references.update(each["ref"] for each in (answer if isinstance(answer, list) else [answer]))
        return answer

    year.play(perform)
    return references


def _perform(ctx: typer.Context, folder: Path, step: year.Step) -> Any:
    """The answer to one command of the year. Raises FailedError with what it says where it fails."""
    session = ask(ctx)
    on = year.date_of(step.day, session.today).isoformat()
    out = io.StringIO()
    environ = _environ(folder, on, step.actor)
    try:
        _run(ctx, [*step.command, "--json"], Session(environ=environ, out=out, err=io.StringIO(), clock=session.clock))
    except LtcError as error:
        raise FailedError(f"ltc {shlex.join(step.command)}, on {on}: {error.message}", error.hint) from error
    return json.loads(out.getvalue())


def _run(ctx: typer.Context, arguments: list[str], session: Session) -> None:
    """Let the application that runs us run another command: commands do not import what stands above them."""
    ctx.find_root().command.main(arguments, prog_name="ltc", standalone_mode=False, obj=session)


def _environ(folder: Path, today: str, actor: str) -> dict[str, str]:
    return {
        "LTC_CONFIG": str(_config(folder)),
        "LTC_DB": str(_database(folder)),
        "LTC_TODAY": today,
        "LTC_ACTOR": actor,
    }


def _look(ctx: typer.Context, folder: Path, made: dict[str, int]) -> None:
    """Funnel, aging and what to do today, as the commands show them; then where the files are."""
    session = ask(ctx)
    environ = _environ(folder, session.today.isoformat(), session.actor)
    for command in ("funnel", "aging", "today"):
        # Quiet, since the hints of a report lead on in a folder where the reader is not yet.
        _run(ctx, [command, "--quiet"], Session(environ=environ, out=session.out, err=session.err))
        session.out.write("\n")
    counts = ", ".join(f"{number} {kind}" for kind, number in made.items())
    where = f"{_database(folder)} holds {counts}; its settings are in {_config(folder)}"
    session.show(Report([], [], empty=where, hint=f"cd {shlex.quote(str(folder))} && ltc show C3"))
