"""Rows that were not taken, in a file of their own: with line and reason, ready to be mended and read again."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ltc_cli.errors import FailedError, UsageError
from ltc_cli.exchange.mapping import OURS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO


class Rejects:
    """The file; made with the first reject, and only for its owner to read."""

    def __init__(self, name: str | None, source: str, database: Path, columns: Sequence[str]) -> None:
        self.path = Path(name) if name else None
        self.columns = columns
        self.at = [at for at, column in enumerate(columns) if column not in OURS]
        self.stream: TextIO | None = None
        read = Path("/dev/stdin" if source == "-" else source)
        for other, what in ((read, "the file that is read"), (database, "the file of ltc")):
            if self.path and self.path.exists() and other.exists() and self.path.samefile(other):
                raise UsageError(f"{name} is {what}", "name another file for the rejects")
        if self.path and not self.path.parent.is_dir():
            raise UsageError(f"there is no folder {self.path.parent}", f"mkdir -p {self.path.parent}")

    def add(self, line: int, reason: str, cells: Sequence[str]) -> None:
        """Cells as they stand in the file; of a row that could not be read, its text alone."""
        if self.path is None:
            return
        try:
            if len(cells) == len(self.columns):
                cells = [cells[at] for at in self.at]
            csv.writer(self._opened()).writerow([str(line), reason, *map(_plain, cells)])
        except OSError as error:
            raise FailedError(f"cannot write {self.path}: {error.strerror}") from error

    def _opened(self) -> TextIO:
        assert self.path is not None
        if self.stream is None:
            self.stream = open(self.path, "w", encoding="utf-8", newline="", opener=_private)  # noqa: SIM115
            csv.writer(self.stream).writerow([*OURS, *(self.columns[at] for at in self.at)])
        return self.stream

    def close(self) -> None:
        if self.stream:
            self.stream.close()


def _plain(text: str) -> str:
    """Half characters stand for bytes that could not be read; a question mark shows where."""
    return text.encode("utf-8", "replace").decode()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
