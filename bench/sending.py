"""Mails by `ltc outbox send` beside a bare smtplib loop with the same messages to the same server: their rates."""

from __future__ import annotations

import io
import shutil
import smtplib
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager
from statistics import median
from typing import TYPE_CHECKING

from ltc_cli.app import run as run_command
from ltc_cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

REACH = 0.8
TODAY = "2026-06-15"

# Accepts everything and keeps nothing; it says its port and serves until its input ends.
SERVER = """
import sys
from aiosmtpd.controller import Controller

class Accepts:
    async def handle_DATA(self, server, session, envelope):
        return "250 OK"

controller = Controller(Accepts(), hostname="127.0.0.1", port=int(sys.argv[1]))
controller.start()
print("ready", flush=True)
sys.stdin.read()
"""


def run(folder: Path, rounds: int, mails: int) -> None:
    """Both in turn, on the wall clock, since the server works besides; the median of the ratios is what counts."""
    with _server() as port:
        full = _company(folder, mails, port)
        messages = _messages(full)
        taken = []
        for _ in range(rounds + 1):
            shutil.copy(full, folder / "sending.db")
            taken.append((_timed(lambda: _bare(port, messages)), _timed(lambda: _ours(folder))))
    bare_s, ours_s = (median(times[at] for times in taken[1:]) for at in (0, 1))
    ratio = median(bare / ours for bare, ours in taken[1:])
    print(f"\nSending {mails:,} mails")
    for name, seconds in (("a bare smtplib loop", bare_s), ("ltc outbox send", ours_s)):
        print(f"  {name:<20}  {mails / seconds:>8,.0f} a second")
    print(f"  {ratio:.2f} of its rate   {'reached' if ratio >= REACH else 'MISSED'}: ≥ {REACH:g}")


@contextmanager
def _server() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [sys.executable, "-c", SERVER, str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        server.stdout.readline()
        try:
            yield port
        finally:
            server.communicate("")


def _company(folder: Path, mails: int, port: int) -> Path:
    """A file with that many mails in its outbox, and the settings that send them."""
    (folder / "sending.yaml").write_text(
        f"database: sending.db\ncompany: {{name: Bench, email: bench@bench.example}}\n"
        f"mail: {{host: 127.0.0.1, port: {port}, tls: none}}\n"
    )
    lines = []
    for number in range(1, mails + 1):
        lines += [
            f"lead add 'Lead {number}' --company 'Company {number}' --email lead{number}@company{number}.example",
            f"promote L{number} --amount 1000",
            f"sign O{number} --terms '100% sign; net 30'",
            f"invoice C{number}",
            f"send INV-2026-{number:04} --no-send",
        ]
    path = folder / "batch.txt"
    path.write_text("\n".join(lines) + "\n")
    _ltc(folder, "init", "--yes", "--today", TODAY)
    _ltc(folder, "batch", str(path), "--atomic", "--today", TODAY)
    return (folder / "sending.db").rename(folder / "sending-full.db")


def _messages(path: Path) -> list[tuple[str, str, bytes]]:
    connection = sqlite3.connect(path)
    rows: list[tuple[str, str, bytes]] = connection.execute("SELECT sender, recipient, message FROM outbox").fetchall()
    connection.close()
    return rows


def _bare(port: int, messages: list[tuple[str, str, bytes]]) -> None:
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        for sender, recipient, message in messages:
            smtp.sendmail(sender, [recipient], message)


def _ours(folder: Path) -> None:
    _ltc(folder, "outbox", "send", "--today", TODAY)


def _ltc(folder: Path, *arguments: str) -> None:
    err = io.StringIO()
    environ = {"LTC_CONFIG": str(folder / "sending.yaml"), "LTC_ACTOR": "bench"}
    session = Session(environ=environ, out=io.StringIO(), err=err)
    if run_command([*arguments, "--json", "--quiet"], session):
        raise SystemExit(f"ltc {' '.join(arguments)}: {err.getvalue()}")


def _timed(work: Callable[[], None]) -> float:
    before = time.perf_counter()
    work()
    return time.perf_counter() - before
