"""The sender is killed around the final dot and elsewhere: two more runs deliver at most once, the rest is visible."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import deque
from inspect import isgenerator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from ltc_cli.mail import outbox, sender
from ltc_cli.mail.smtp import Smtp
from tests.faults.tracing import why_no_strace
from tests.mail.conftest import NAMES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.mail.server import Inbox
    from tests.support import Company

ROOT: Final = Path(__file__).parents[2]


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
    assert queued.run("outbox", "send") == (8 if state == "unknown" else 0), queued.err
    if state == "unknown":
        assert "M2 to bob@bob.example may have arrived, or not" in queued.err
    assert queued.run("outbox", "send") == 0
    assert states(queued) == dict.fromkeys(NAMES, "sent") | {"bob": state}
    delivered = [f"{each}@{each}.example" for each in NAMES if each != "bob" or is_delivered]
    assert inbox.recipients == delivered
    assert queued.run("check") == 0, queued.out


@pytest.mark.parametrize("where", DEATHS)
def test_a_sender_with_three_connections_that_is_killed(
    where: str, queued: Company, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All three are at their dot together: from the commit on nobody knows of any of them."""
    (owner, name, how), state, _is_delivered = DEATHS[where]
    monkeypatch.setattr(sender, "MAILS_A_LANE", 1)
    send_and_die(queued, owner, name, how)
    assert queued.run("outbox", "send") == (8 if state == "unknown" else 0), queued.err
    assert queued.run("outbox", "send") == 0
    assert states(queued) == dict.fromkeys(NAMES, state)
    assert len(inbox.recipients) == len(set(inbox.recipients))
    assert state == "unknown" or len(inbox.recipients) == 3
    assert queued.run("check") == 0, queued.out


SYSCALLS: Final = ("sendto", "recvfrom", "fdatasync", "pwrite64", "flock", "ftruncate", "connect", "close")


@pytest.mark.skipif(why_no_strace() is not None, reason=f"{why_no_strace()}")
@pytest.mark.parametrize("syscall", SYSCALLS)
def test_killed_at_a_system_call(syscall: str, queued: Company, inbox: Inbox) -> None:
    """At the 1st, 3rd, 5th … call of the name, each time with whatever the runs before have left."""
    was_killed = False
    for number in (1, 3, 5, 9):
        was_killed |= _run_and_kill(queued, syscall, number)
        assert len(inbox.recipients) == len(set(inbox.recipients))
    assert was_killed
    for _run in range(2):
        queued.run("outbox", "send")
    assert len(inbox.recipients) == len(set(inbox.recipients))
    got = {recipient.partition("@")[0] for recipient in inbox.recipients}
    for name, state in states(queued).items():
        assert state in ("sent", "unknown")
        assert name in got or state == "unknown"
    assert queued.run("check") == 0, queued.out


def _run_and_kill(company: Company, syscall: str, number: int) -> bool:
    strace = ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={syscall}"]
    inject = ["-e", f"inject={syscall}:signal=SIGKILL:when={number}"]
    program = [sys.executable, "-m", "ltc_cli", "outbox", "send", "--today", company.today]
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LTC_ACTOR": "test", "LTC_DB": str(company.path)}
    environ["LTC_CONFIG"] = str(company.config_path)
    done = subprocess.run([*strace, *inject, *program], env=environ, capture_output=True, check=False, timeout=60)
    return done.returncode == -signal.SIGKILL
