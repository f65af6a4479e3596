"""A company to run commands in: in process, on a real file."""

from __future__ import annotations

import io
import json
import os
import signal
import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ltc_cli.app import run
from ltc_cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

TODAY = "2026-06-15"
"""A Monday: the business date where a test names none."""

MEMORY = "/dev/shm"
"""A folder in memory, where the system has one."""


@contextmanager
def folder_in_memory() -> Iterator[Path]:
    """A folder that waits for no disk, and is gone afterwards; an ordinary one where there is no such file system."""
    with TemporaryDirectory(prefix="ltc-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as folder:
        yield Path(folder)


def hear_interrupts() -> None:
    """In a process that is to get Ctrl-C, before it begins: what a shell runs in the background would ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def leave_unknown(path: Path, mail_id: int = 1, *, state: str = "unknown") -> None:
    """Bring a mail into the state that a connection lost at the final dot leaves, or into another one."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE outbox SET state = ? WHERE id = ?", (state, mail_id))
        connection.execute(
            "INSERT INTO outbox_attempt (outbox_id, state, tried, said, happened_on, recorded_at)"
            " VALUES (?, ?, 1, 'no answer', '2026-06-15', '2026-06-15T09:00:00.000000Z')",
            (mail_id, state),
        )


class Company:
    """A file, and a config where one is given, in a folder; `out` and `err` are what the last command said."""

    def __init__(self, folder: Path, *, config: str = "", today: str = TODAY) -> None:
        self.path = folder / "ltc.db"
        self.config_path = folder / "config.yaml"
        self.config_path.write_text(config, encoding="utf-8")
        self.today = today
        self.out = self.err = ""

    def run(self, *arguments: str, today: str | None = None) -> int:
        """Run a command as typed and answer its exit code."""
        environ = {
            "LTC_DB": str(self.path),
            "LTC_CONFIG": str(self.config_path),
            "LTC_TODAY": today or self.today,
            "LTC_ACTOR": "test",
            "LTC_DEBUG": "1",
        }
        out, err = io.StringIO(), io.StringIO()
        try:
            return run(arguments, Session(environ=environ, out=out, err=err))
        finally:
            self.out, self.err = out.getvalue(), err.getvalue()

    def ltc(self, *arguments: str, today: str | None = None, fails: int | None = None) -> Any:
        """The answer of a command as parsed JSON; its error, as an object, where it `fails` with this exit code."""
        code = self.run(*arguments, "--json", today=today)
        assert code == (fails or 0), f"ltc {' '.join(arguments)}: exit {code}: {self.err}"
        return json.loads(self.err)["error"] if fails else json.loads(self.out)

    def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table: what stays the same where nothing is written."""
        with closing(sqlite3.connect(self.path)) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            return {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in tables}
