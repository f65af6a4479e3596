"""`ltc batch`: a command a line in one process, beside the very statements it runs, and beside a shell loop."""

from __future__ import annotations

import gc
import io
import os
import shlex
import sqlite3
import sys
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest.mock import patch

from bench.chain import COMMANDS, DAY, clock, fresh
from bench.measure import Contender, compare, forked, process, show
from bench.startup import ROOT, SCRIPT
from ltc_cli.__main__ import GARBAGE_EVERY
from ltc_cli.app import run as run_command
from ltc_cli.session import Session
from ltc_cli.store import connect, writer_lock

if TYPE_CHECKING:
    from pathlib import Path

    from bench.measure import Meter

IN_A_LOOP = 5
"""Chains that the shell runs, a process a command."""


class Statement(NamedTuple):
    sql: str
    parameters: tuple[Any, ...]


def run(folder: Path, rounds: int, chains: int) -> None:
    """In process, so that start-up does not hide what a line costs; then few lines, as a user runs them."""
    _in_process(folder, rounds, chains)
    _as_processes(folder, rounds)


def _in_process(folder: Path, rounds: int, chains: int) -> None:
    path, lines = folder / "batch.db", _lines(folder, chains)
    statements = _recorded(fresh(path), lines)
    again = partial(fresh, path)
    contenders = [
        Contender("its statements, a transaction a line, by hand", forked(partial(_by_hand, path, statements), again)),
        Contender("ltc batch", forked(partial(_batch, path, lines), again), 2),
        Contender("ltc batch --atomic", forked(partial(_batch, path, lines, "--atomic"), again)),
    ]
    title = f"{chains * len(COMMANDS):,} lines of ltc batch, {sum(map(len, statements)):,} statements"
    # As the program does, and so that what the bench holds costs nobody anything; the floor has the same of it.
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(GARBAGE_EVERY)
    show(title, compare(contenders, rounds))
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def _as_processes(folder: Path, rounds: int) -> None:
    path, lines = folder / "loop.db", _lines(folder, IN_A_LOOP)
    statements = _recorded(fresh(path), lines)
    script = folder / "ltc"
    script.write_text(SCRIPT, encoding="utf-8")
    ltc = f"{shlex.quote(sys.executable)} {shlex.quote(str(script))}"
    again = partial(fresh, path)
    contenders = [
        Contender("its statements, a transaction a line, by hand", forked(partial(_by_hand, path, statements), again)),
        Contender("ltc batch FILE, the whole process", _shell(path, again, f"{ltc} batch {lines}")),
        Contender(
            "while read line; do ltc $line; done",
            _shell(path, again, f"while read line; do {ltc} $line; done <{lines}"),
        ),
    ]
    show(f"{IN_A_LOOP * len(COMMANDS)} lines as processes", compare(contenders, rounds))


def _lines(folder: Path, chains: int) -> Path:
    """A file of command lines, chain after chain."""
    lines = folder / f"chains-{chains}.txt"
    text = "".join(
        f"{command.format(n=number)} --json --quiet\n" for number in range(1, chains + 1) for command in COMMANDS
    )
    lines.write_text(text, encoding="utf-8")
    return lines


def _environ(path: Path) -> dict[str, str]:
    return {"LTC_DB": str(path), "LTC_TODAY": DAY.isoformat(), "LTC_ACTOR": "bench"}


def _batch(path: Path, lines: Path, *options: str) -> None:
    out, err = io.StringIO(), io.StringIO()
    if run_command(["batch", str(lines), *options], Session(environ=_environ(path), out=out, err=err, clock=clock)):
        raise SystemExit(f"batch: {out.getvalue()[-2_000:]} {err.getvalue()}")


def _recorded(path: Path, lines: Path) -> list[list[Statement]]:
    """What each line asked of the file, from the beginning of its transaction to the end."""
    taken: list[list[Statement]] = []

    class Recorder(sqlite3.Connection):
        def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
            if sql.startswith("BEGIN"):
                taken.append([])
            if (self.in_transaction or sql.startswith("BEGIN")) and not sql.startswith("PRAGMA"):
                taken[-1].append(Statement(sql, tuple(parameters)))
            return super().execute(sql, parameters)

    with patch("ltc_cli.store.sqlite3.connect", partial(sqlite3.connect, factory=Recorder)):
        _batch(path, lines)
    return taken


def _by_hand(path: Path, lines: list[list[Statement]]) -> None:
    with closing(connect(path)) as connection:
        for statements in lines:
            with writer_lock(path):
                for sql, parameters in statements:
                    connection.execute(sql, parameters).fetchall()


def _shell(path: Path, again: partial[Path], command: str) -> Meter:
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **_environ(path)}
    meter = process(["/bin/sh", "-c", command], environ)

    def run() -> int:
        again()
        return meter()

    return run
