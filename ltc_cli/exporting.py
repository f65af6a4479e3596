"""A file on its way out: what one snapshot holds, written aside, and only then where it is wanted."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryFile
from typing import TYPE_CHECKING, NamedTuple, TextIO

from ltc_cli.errors import FailedError, UsageError
from ltc_cli.exchange import beancount, hledger
from ltc_cli.report import Column, Report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ltc_cli.session import Session
    from ltc_cli.store import Store

LEDGERS = {"hledger": hledger.pieces, "beancount": beancount.pieces}
"""The formats of a ledger: each makes text of transactions and the base currency."""

COLUMNS = (
    Column("kind"),
    Column("format"),
    Column("as_of", "date"),
    Column("path"),
    Column("text", on_table=False),
)


class Wish(NamedTuple):
    """What is exported, in which format, and where to: a file, or standard output."""

    kind: str
    format: str
    file: Path | None
    """`-` is standard output, too."""


def run(session: Session, wish: Wish, pieces: Callable[[Store], Iterable[str]]) -> None:
    """Export the pieces of text that are found in one snapshot of the file, in order.

    They wait in a file of their own until all of them are there, so that a slow reader holds up no writer, and an
    export that fails leaves what was there before. With `--json` and no file, what is no JSON itself is a key of the
    answer.
    Raises UsageError for a file that cannot be meant, FailedError where it cannot be written.
    """
    path = None if wish.file == Path("-") else wish.file
    if path:
        _refuse_unfit(path, session.path)
    with TemporaryFile("w+", encoding="utf-8", newline="\n") as text:
        session.look(lambda store: text.writelines(pieces(store)))
        text.seek(0)
        if path:
            _save(text, path)
        elif session.style in ("table", wish.format):
            shutil.copyfileobj(text, session.out)
            return
        row = {
            "kind": wish.kind,
            "format": wish.format,
            "as_of": session.as_of.isoformat(),
            "path": str(path) if path else None,
            "text": None if path else text.read(),
        }
        session.show(Report(COLUMNS, [row], is_record=True))


def _refuse_unfit(path: Path, database: Path) -> None:
    if path.exists() and database.exists() and path.samefile(database):
        raise UsageError(f"{path} is the file of ltc", "name another file for the export")
    if path.is_dir():
        raise UsageError(f"{path} is a folder", "name a file in it")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}", f"mkdir -p {path.parent}")


def _save(text: TextIO, path: Path) -> None:
    """Whole or not at all, for its owner alone; a device or a pipe is simply written to."""
    try:
        if path.exists() and not path.is_file():
            with path.open("w", encoding="utf-8", newline="\n") as stream:
                shutil.copyfileobj(text, stream)
            return
        _replace(text, path.resolve())
    except OSError as error:
        raise FailedError(f"cannot write {path}: {error.strerror}") from error


def _replace(text: TextIO, path: Path) -> None:
    with NamedTemporaryFile(
        "w", encoding="utf-8", newline="\n", dir=path.parent, prefix=f".{path.name[:100]}.", delete=False
    ) as stream:
        try:
            shutil.copyfileobj(text, stream)
            stream.flush()
            os.fsync(stream.fileno())
            os.replace(stream.name, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(stream.name)
            raise
