"""The sender killed at a system call: two more runs deliver at most once, and what was not delivered is visible."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from ltc_cli.mail.sender import MAILS_A_LANE, MOST_LANES
from tests.mail.conftest import config
from tests.mail.server import Inbox, serving
from tests.support import Company, folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT: Final = Path(__file__).parents[2]
SYSCALLS: Final = ("connect", "sendto", "recvfrom", "flock", "pwrite64", "fdatasync", "ftruncate")
"""What talks to the server, and what writes down how far it is; start-up makes none of them."""
FOLDER_SYSCALLS: Final = ("write", "fsync", "link", "unlink", *SYSCALLS[3:])
"""The same for a folder."""
TO_FOLDER: Final = ("dun", "--to-folder", "mails")

PROGRAM: Final = ("-m", "ltc_cli")
ONE_THREAD: Final = (
    "-c",
    """
import concurrent.futures, sys
from ltc_cli.__main__ import main

class AtOnce:
    def __init__(self, _threads):
        pass

    def submit(self, work, *arguments):
        written = concurrent.futures.Future()
        written.set_result(work(*arguments))
        return written

    def shutdown(self):
        pass

concurrent.futures.ThreadPoolExecutor = AtOnce
sys.exit(main())
""",
)
"""The program, with what it leaves to a second thread done before the first goes on: so each call has its number."""

DUE: Final = "2026-06-10"


class Point(NamedTuple):
    syscall: str
    number: int


def with_mails(company: Company, mails: int) -> Company:
    """So many customers with an address, each with an invoice whose mail is queued."""
    lines = []
    for number in range(1, mails + 1):
        lines += [
            f"lead add lead{number} --company works{number} --email lead{number}@works{number}.example",
            f"promote L{number} --amount 1000",
            f"sign O{number} --terms '100% sign; net 30'",
            f"invoice C{number}",
            f"send INV-2026-{number:04} --no-send",
        ]
    path = company.path.with_name("lines")
    path.write_text("\n".join(lines))
    assert company.run("batch", str(path), "--atomic") == 0, company.out
    return company


def with_late_invoices(company: Company, mails: int, *, on_paper: bool = False) -> Company:
    """So many customers with an address, each with an invoice that has been due for five days; nobody is told yet.

    `on_paper`: the address of every other one is a postal one.
    """
    lines = []
    for number in range(1, mails + 1):
        lines += [
            f"lead add lead{number} --company works{number} --email lead{number}@works{number}.example --today {DUE}",
            f"promote L{number} --amount 1000 --today {DUE}",
            f"sign O{number} --terms '100% sign; net 0' --today {DUE}",
            f"invoice C{number} --today {DUE}",
        ]
        if on_paper and number % 2:
            lines.append(f"edit K{number} email= 'address=Mill Lane {number}' --today {DUE}")
    path = company.path.with_name("lines")
    path.write_text("\n".join(lines))
    assert company.run("batch", str(path), "--atomic") == 0, company.out
    return company


def points_of(
    content: bytes,
    syscalls: Sequence[str] = SYSCALLS,
    command: Sequence[str] = ("outbox", "send"),
    program: Sequence[str] = PROGRAM,
) -> list[Point]:
    """Every such call of an undisturbed run, in order; each thread counts its own, as strace does."""
    counts: Counter[tuple[str, str]] = Counter()
    points: dict[Point, None] = {}
    with serving(Inbox()) as port, folder_in_memory() as folder:
        company = _copy(folder, content, port)
        trace = folder / "trace"
        assert _traced(company, trace, program, command, syscalls) == 0
        for thread, name in re.findall(r"^(\d+) +(\w+)\(", trace.read_text(), re.MULTILINE):
            counts[thread, name] += 1
            points[Point(name, counts[thread, name])] = None
    return list(points)


def strike(
    content: bytes,
    points: Sequence[Point],
    command: Sequence[str] = ("outbox", "send"),
    program: Sequence[str] = PROGRAM,
) -> Iterator[str]:
    """Kill a run at each point, each in a file of its own, and run twice more. Answers everything that is wrong."""
    for point in points:
        inbox = Inbox()
        with serving(inbox) as port, folder_in_memory() as folder:
            company = _copy(folder, content, port)
            injection = f"inject={point.syscall}:signal=SIGKILL:when={point.number}"
            ended = _traced(company, folder / "trace", program, command, [point.syscall], "-e", injection)
            for _run in range(2):
                company.run(*_typed(company, command))
                company.run("outbox", "send", *_typed(company, command[1:] if command[0] == "dun" else ()))
            if ended != -signal.SIGKILL and not (ended == 0 and point.syscall == "recvfrom"):
                # How many reads an answer takes, the network decides: the last of them may not be asked for again.
                yield f"{point.syscall} {point.number}: the sender was not killed, but ended with {ended}"
            problems = _problems(company, inbox, decides=command[0] == "dun")
            yield from (f"{point.syscall} {point.number}: {problem}" for problem in problems)


def _problems(company: Company, inbox: Inbox, *, decides: bool) -> Iterator[str]:
    """`decides`: each customer is told by a notice; otherwise the mails were queued before."""
    customers = company.ltc("list", "customers")
    told = [row["customer"] for row in company.ltc("list", "notices")]
    if Counter(told) != Counter(row["ref"] for row in customers if decides):
        yield f"notices of {told}"
    mails = company.ltc("outbox", "list")
    if Counter(row["customer"] for row in mails) != Counter(row["ref"] for row in customers):
        yield f"{len(mails)} mails for {len(customers)} customers"
    counts = Counter(inbox.recipients)
    written = _written(company)
    for row in mails:
        delivered, state = counts[row["recipient"]] + written.pop(row["ref"], 0), row["status"]
        if delivered > 1:
            yield f"{row['ref']} was delivered {delivered} times"
        if state not in ("sent", "unknown") or (state == "sent" and not delivered):
            yield f"{row['ref']} is {state}, and was delivered {delivered} times"
    if written:
        yield f"nobody knows of {written}"
    doubtful = [row["ref"] for row in mails if row["status"] == "unknown"]
    if len(doubtful) > min(MOST_LANES, 1 + len(mails) // MAILS_A_LANE):
        yield f"{doubtful} cannot all have been at their final dot"
    if company.run("check"):
        yield company.out


def _written(company: Company) -> Counter[str]:
    """The mails that lie in the folder, each as it stands in the outbox; a hidden file that is not yet one is none."""
    texts = Counter(path.read_bytes() for path in company.path.parent.glob("mails/[!.]*"))
    with closing(sqlite3.connect(company.path)) as connection:
        refs = {message: f"M{mail_id}" for mail_id, message in connection.execute("SELECT id, message FROM outbox")}
    return Counter({refs.get(text, str(text)): times for text, times in texts.items()})


def _typed(company: Company, command: Sequence[str]) -> list[str]:
    return [str(company.path.parent / word) if word == TO_FOLDER[-1] else word for word in command]


def _copy(folder: Path, content: bytes, port: int) -> Company:
    company = Company(folder, config=config(port))
    company.path.touch(0o600)
    company.path.write_bytes(content)
    return company


def _traced(
    company: Company,
    trace: Path,
    program: Sequence[str],
    command: Sequence[str],
    syscalls: Sequence[str],
    *options: str,
) -> int:
    strace = ["strace", "-f", "-qq", "-o", str(trace), "-e", f"trace={','.join(syscalls)}", *options]
    typed = [sys.executable, *program, *_typed(company, command)]
    run = subprocess.run([*strace, *typed], env=environ(company), capture_output=True, check=False, timeout=60)
    return run.returncode


def environ(company: Company) -> dict[str, str]:
    """What a process of this company needs to know."""
    known = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LTC_ACTOR": "test", "LTC_TODAY": company.today}
    return {**known, "LTC_DB": str(company.path), "LTC_CONFIG": str(company.config_path)}
