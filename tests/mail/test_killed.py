"""The sender is killed around the final dot and elsewhere: two more runs deliver at most once, the rest is visible."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import deque
from inspect import isgenerator
from typing import TYPE_CHECKING, Any, Final

import pytest

from ltc_cli.mail import outbox, sender
from ltc_cli.mail.smtp import Smtp
from tests.faults.tracing import why_no_strace
from tests.mail.conftest import NAMES, config
from tests.mail.kills import (
    FOLDER_SYSCALLS,
    ONE_THREAD,
    PROGRAM,
    SYSCALLS,
    TO_FOLDER,
    environ,
    points_of,
    strike,
    with_late_invoices,
    with_mails,
)
from tests.mail.server import Fault, wire
from tests.support import Company, folder_in_memory, hear_interrupts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ltc_cli.store import Store
    from tests.mail.server import Inbox, Wire


def die(*_arguments: Any, **_options: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def then_die(really: Callable[..., Any]) -> Callable[..., Any]:
    def do_it(*arguments: Any, **options: Any) -> None:
        steps = really(*arguments, **options)
        if isgenerator(steps):
            deque(steps, maxlen=0)
        die()

    return do_it


# Where the sender dies at its second mail of three; the state of that mail after the next run; whether it is delivered.
# Before `sending` is committed it certainly has not gone out; from then on nobody can know.
DEATHS: Final = {
    "before it is handed over": ((Smtp, "offer", die), "sent", True),
    "when it is handed over": ((Smtp, "offer", then_die), "sent", True),
    "before it is committed": ((outbox, "commit", die), "sent", True),
    "in the transaction that commits it": ((outbox, "commit", then_die), "sent", True),
    "before the dot": ((Smtp, "finish", die), "unknown", False),
    "after the answer": ((Smtp, "finish", then_die), "unknown", True),
    "before it is written down": ((outbox, "sent", die), "unknown", True),
    "in the transaction that writes it down": ((outbox, "sent", then_die), "unknown", True),
}


def send_and_die(company: Company, owner: Any, name: str, how: Any) -> None:
    """Send the outbox in a fork that dies at the second call of a function."""
    really, calls = getattr(owner, name), [0]
    deadly = die if how is die else how(really)

    def counted(*arguments: Any, **options: Any) -> Any:
        calls[0] += 1
        return (deadly if calls[0] == 2 else really)(*arguments, **options)

    child = os.fork()
    if child == 0:
        setattr(owner, name, counted)
        company.run("outbox", "send")
        os._exit(70)
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGKILL


@pytest.fixture
def queued(company: Company) -> Company:
    for number in (1, 2, 3):
        company.ltc("send", f"INV-2026-000{number}", "--no-send")
    return company


def states(company: Company) -> dict[str, str]:
    return {row["recipient"].partition("@")[0]: row["status"] for row in company.ltc("outbox", "list")}


@pytest.mark.parametrize("where", DEATHS)
def test_a_sender_that_is_killed_and_two_more_runs(where: str, queued: Company, inbox: Inbox) -> None:
    (owner, name, how), state, is_delivered = DEATHS[where]
    send_and_die(queued, owner, name, how)
    for _run in range(2):
        assert queued.run("outbox", "send") == (8 if state == "unknown" else 0), queued.err
        assert ("M2 to bob@bob.example may have arrived, or not" in queued.err) == (state == "unknown")
    assert states(queued) == dict.fromkeys(NAMES, "sent") | {"bob": state}
    delivered = [f"{each}@{each}.example" for each in NAMES if each != "bob" or is_delivered]
    assert inbox.recipients == delivered
    assert queued.run("check") == 0, queued.out


@pytest.mark.parametrize("where", DEATHS)
def test_a_sender_with_two_connections_that_is_killed(
    where: str, queued: Company, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the first, two are at their dot together: from the commit on nobody knows of either."""
    (owner, name, how), state, _is_delivered = DEATHS[where]
    monkeypatch.setattr(sender, "MAILS_A_LANE", 1)
    send_and_die(queued, owner, name, how)
    for _run in range(2):
        assert queued.run("outbox", "send") == (8 if state == "unknown" else 0), queued.err
    assert states(queued) == dict.fromkeys(NAMES, state) | {"ada": "sent"}
    assert len(inbox.recipients) == len(set(inbox.recipients))
    assert state == "unknown" or len(inbox.recipients) == 3
    assert queued.run("check") == 0, queued.out


WRITES_SLOWLY: Final = """
import sqlite3, time
from ltc_cli.__main__ import main
from ltc_cli.mail import outbox

really = outbox.sent

def slowly(store, mail_id, *rest):
    if mail_id == 2:
        time.sleep(1)
        {then}
    really(store, mail_id, *rest)

outbox.sent = slowly
main()
"""
"""The program with a disk that takes its time once M2 has gone."""
INTERRUPTED: Final = "ltc: error: interrupted\nhint: what was done is kept: ltc log shows it\n"


def interrupted(company: Company, wire_: Wire, *command: str, times: int = 1) -> tuple[int, str]:
    """A process that gets Ctrl-C while the server keeps it waiting: its exit code, and what it says."""
    company.config_path.write_text(config(wire_.port))
    program = [sys.executable, *command]
    with subprocess.Popen(
        program, env=environ(company), stderr=subprocess.PIPE, text=True, preexec_fn=hear_interrupts
    ) as process:
        assert wire_.has_fired.wait(20)
        asked = time.monotonic()
        for _time in range(times):
            process.send_signal(signal.SIGINT)
            time.sleep(0.1)
        _out, err = process.communicate()
    assert time.monotonic() - asked < 4  # the server says nothing for five seconds
    return process.returncode, err


@pytest.mark.parametrize(("program", "times"), [(PROGRAM, 1), (("-c", WRITES_SLOWLY.format(then="")), 3)])
def test_what_is_stopped_while_the_next_mails_are_handed_over_has_written_down_the_last(
    program: tuple[str, ...], times: int, tmp_path: Path, inbox: Inbox, port: int
) -> None:
    """Sixteen mails on one, two and three connections; Ctrl-C while the server keeps the fourth waiting."""
    company = with_mails(Company(tmp_path, config=config(port)), 16)
    with wire(port, Fault("MAIL", "hang", 4)) as carried:
        assert interrupted(company, carried, *program, "outbox", "send", times=times) == (130, INTERRUPTED)
    first = [f"lead{number}@works{number}.example" for number in (1, 2, 3)]
    assert sorted(inbox.recipients) == first
    assert {row["recipient"]: row["status"] for row in company.ltc("outbox", "list")[:4]} == {
        **dict.fromkeys(first, "sent"),
        "lead4@works4.example": "claimed",
    }
    company.config_path.write_text(config(port))
    assert company.run("outbox", "send") == 0, company.err
    assert len(inbox.recipients) == len(set(inbox.recipients)) == 16


def test_an_interrupt_ends_a_batch_whatever_the_disk_says(tmp_path: Path, inbox: Inbox, port: int) -> None:
    company = with_mails(Company(tmp_path, config=config(port)), 16)
    lines = tmp_path / "lines"
    lines.write_text("outbox send\nlead add Late\n")
    full = WRITES_SLOWLY.format(then="raise sqlite3.OperationalError('database or disk is full')")
    with wire(port, Fault("MAIL", "hang", 4)) as carried:
        assert interrupted(company, carried, "-c", full, "batch", str(lines)) == (130, INTERRUPTED)
    assert "Late" not in [row["name"] for row in company.ltc("list", "leads")]
    assert len(inbox.recipients) == 3


def test_what_cannot_be_written_down_beside_ends_the_run(
    tmp_path: Path, inbox: Inbox, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full after the dots of M2 and M3: the run says so, and nobody is written to again."""
    really = outbox.sent

    def full(store: Store, mail_id: int, *rest: Any) -> None:
        if mail_id == 2:
            raise sqlite3.OperationalError("database or disk is full")
        really(store, mail_id, *rest)

    company = with_mails(Company(tmp_path, config=config(port)), 6)
    monkeypatch.setattr(sender, "MAILS_A_LANE", 2)
    with monkeypatch.context() as while_full:
        while_full.setattr(outbox, "sent", full)
        assert company.run("outbox", "send") != 0
    assert "disk is full" in company.err
    assert len(inbox.recipients) == 3
    assert company.run("outbox", "send") == 8
    assert [row["status"] for row in company.ltc("outbox", "list")] == ["sent", *["unknown"] * 2, *["sent"] * 3]
    assert len(inbox.recipients) == len(set(inbox.recipients)) == 6


@pytest.mark.skipif(why_no_strace() is not None, reason=f"{why_no_strace()}")
def test_killed_at_a_system_call() -> None:
    """Every 80th call of a run with two connections; `python -m bench.soak --only sender` takes them all."""
    with folder_in_memory() as folder:
        content = with_mails(Company(folder, config=config(25)), 10).path.read_bytes()
    for program in (PROGRAM, ONE_THREAD):
        points = points_of(content, program=program)
        assert {point.syscall for point in points} == set(SYSCALLS)
        chosen = [point for number, point in enumerate(points) if number % 80 == 0]
        assert list(strike(content, chosen, program=program)) == []


@pytest.mark.skipif(why_no_strace() is not None, reason=f"{why_no_strace()}")
def test_a_run_of_dun_killed_at_a_system_call() -> None:
    """Every 40th call of deciding and sending six notices; `python -m bench.soak --only dunning` takes them all."""
    with folder_in_memory() as folder:
        content = with_late_invoices(Company(folder, config=config(25)), 6).path.read_bytes()
    points = points_of(content, command=("dun",))
    chosen = [point for number, point in enumerate(points) if number % 40 == 0]
    assert len(chosen) > 3
    assert list(strike(content, chosen, command=("dun",))) == []


@pytest.mark.skipif(why_no_strace() is not None, reason=f"{why_no_strace()}")
def test_a_run_of_dun_into_a_folder_killed_at_a_system_call() -> None:
    """Every 80th call of deciding and writing two mails and two letters, and the one that puts a letter in place."""
    with folder_in_memory() as folder:
        content = with_late_invoices(Company(folder, config=config(25)), 4, on_paper=True).path.read_bytes()
    points = points_of(content, FOLDER_SYSCALLS, TO_FOLDER)
    assert {point.syscall for point in points} == set(FOLDER_SYSCALLS)
    chosen = [point for number, point in enumerate(points) if number % 80 == 0 or point == ("link", 2)]
    assert list(strike(content, chosen, TO_FOLDER)) == []
