"""`ltc batch`: many commands, one process."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from ltc_cli import batch as batches
from ltc_cli.commands.answers import ask
from ltc_cli.errors import NotFoundError, UsageError
from ltc_cli.session import Session


def batch(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="The lines; - reads standard input.")],
    atomic: Annotated[bool, typer.Option("--atomic", help="All lines in one transaction, or none.")] = False,
) -> None:
    """Run many commands, one a line, in one process.

    A line is a command as typed, or JSON: {"command": ["lead", "add", "Ada"], "key": "k1"}. Blank lines and lines that
    begin with # are skipped. Each line is a transaction of its own and is answered, as soon as it is done, by one line
    of JSON: {"line", "exit_code", "answer", "notices"}, or {"line", "exit_code", "error"}. The others go on where one
    fails, and the exit code is then 8. Options given here hold for every line that does not say otherwise.

    With --atomic the lines are read to the end, then done in one transaction. The first that fails takes all back, is
    alone answered, and gives the exit code. init, demo, backup, restore and batch cannot be lines.

    \b
    Example:
      ltc batch commands.txt
      ltc batch commands.txt --atomic --dry-run
    """
    session = ask(ctx)
    batches.refuse_csv(session)
    run = batches.all_or_none if atomic else batches.each
    root: Any = ctx.find_root().command
    with _opened(session, file) as source:
        run(session, batches.lines(source), root.perform)


@contextmanager
def _opened(session: Session, name: str) -> Iterator[BinaryIO]:
    """The bytes of the file; standard input, which stays open, where it is `-`."""
    if name == "-":
        yield _standard_input(session)
    else:
        with _file(Path(name)) as file:
            yield file


def _standard_input(session: Session) -> BinaryIO:
    if session.inp is None:
        raise UsageError("standard input is closed", "ltc batch FILE reads a file")
    return getattr(session.inp, "buffer", None) or io.BytesIO(session.inp.read().encode())


def _file(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise NotFoundError(f"cannot read {path}: {error.strerror}") from error
