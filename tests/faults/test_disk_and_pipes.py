"""A disk that is really full, and an answer that nobody can read: the file stays sound and the user is told."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.faults.harness import (
    ENVIRONMENT,
    Answer,
    Log,
    Request,
    ask,
    begin_company,
    on_file,
    unclear,
    unexplained,
    unsound,
)
from tests.faults.tracing import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KIB = 1024


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """An empty file system in memory; skips where this user may not mount one."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16M,mode=700", "none", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"no tmpfs may be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def leave_free(disk: Path, free_kib: int) -> None:
    """Fill the disk up to so much with a file of zeros; a negative room is none."""
    filler = disk / "filler"
    filler.unlink(missing_ok=True)
    status = os.statvfs(disk)
    filler.write_bytes(bytes(max(0, status.f_bavail * status.f_frsize - free_kib * KIB)))


def test_a_disk_that_fills_up_loses_nothing_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    chance, log = random.Random(3), Log()
    with small_disk(tmp_path) as disk:
        db = disk / "ltc.db"
        begin_company(db)
        leave_free(disk, 200)
        failed = fill_up(db, log, chance)
        assert "the disk is full: nothing was written" in log.entries[-1].answer.err
        assert unsound(db) == []
        assert unexplained(db, log) == []

        (disk / "filler").unlink()
        log.add(failed, ask(failed.command, db))
        assert log.entries[-1].verdict == "acknowledged"
        assert unexplained(db, log) == []
        assert unsound(db) == []


def fill_up(db: Path, log: Log, chance: random.Random) -> Request:
    """Write long notes until one fails: that request."""
    for number in range(1000):
        mark = f"x.{number}"
        note = "".join(chance.choices("abcdefgh ", k=3000))
        request = Request("lead add", mark, (mark, "--note", note), key=mark)
        entry = log.add(request, ask(request.command, db))
        assert unclear(entry.answer) == []
        if entry.answer.exit_code != 0:
            assert entry.answer.exit_code == 1
            return request
    pytest.fail("the disk never filled up")


@pytest.mark.parametrize("free_kib", [0, 4, 8, 12, 16, 24, 32, 48, 64, 96])
def test_with_so_little_room_a_payment_is_booked_or_refused_as_a_whole(tmp_path: Path, free_kib: int) -> None:
    request = Request("collect", "x.1", ("C1", "5", "--reference", "x.1"), key="x")
    with small_disk(tmp_path) as disk:
        db = disk / "ltc.db"
        begin_company(db)
        leave_free(disk, free_kib)
        log = Log()
        entry = log.add(request, ask(request.command, db))
        assert unclear(entry.answer) == []
        assert entry.answer.exit_code in (0, 1)
        (disk / "filler").unlink()
        assert unexplained(db, log) == []
        assert unsound(db) == []


def run_with(redirection: str, request: Request, db: Path) -> Answer:
    """A process of its own, with its streams as the shell makes them."""
    command = [sys.executable, "-P", "-m", "ltc_cli", *on_file(request.command, db)]
    done = subprocess.run(
        ["sh", "-c", f'"$@" {redirection}', "sh", *command],
        cwd=db.parent,
        env={**ENVIRONMENT, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return Answer(done.returncode, done.stdout, done.stderr, 0)


@pytest.mark.parametrize(
    "redirection",
    [
        pytest.param(">/dev/full", id="full"),
        pytest.param(">&-", id="closed"),
        pytest.param("| true", id="nobody reads"),
        pytest.param("2>/dev/full", id="no room for errors"),
        pytest.param("2>&-", id="errors closed"),
        pytest.param(">&- 2>&-", id="both closed"),
        pytest.param("<&-", id="no input"),
    ],
)
def test_an_answer_that_cannot_be_given_is_kept_for_the_same_key(tmp_path: Path, redirection: str) -> None:
    db = tmp_path / "ltc.db"
    begin_company(db)
    request = Request("collect", "x.1", ("C1", "5", "--reference", "x.1"), key="x")
    answer = run_with(redirection, request, db)
    assert answer.exit_code in (0, 1)
    assert not any(word in answer.err for word in ("Traceback", "bug in ltc", "Exception ignored"))

    again = ask(request.command, db)
    assert again.exit_code == 0
    assert unexplained(db, log_of(request, again)) == []
    assert unsound(db) == []


def log_of(request: Request, answer: Answer) -> Log:
    log = Log()
    log.add(request, answer)
    return log


def test_on_a_full_output_the_user_is_told_in_one_line(tmp_path: Path) -> None:
    db = tmp_path / "ltc.db"
    begin_company(db)
    request = Request("collect", "x.1", ("C1", "5", "--reference", "x.1"))
    answer = run_with(">/dev/full", request, db)
    assert answer.exit_code == 1
    assert unclear(answer) == []
