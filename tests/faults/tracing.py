"""Faults at one chosen system call: strace watches a real `ltc` process and strikes at the n-th call of a name."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.faults.harness import (
    ENVIRONMENT,
    Answer,
    Entry,
    Log,
    Request,
    ask,
    begin_company,
    look,
    on_file,
    put,
    reference_of,
    unclear,
    unexplained,
    unsound,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]
WRITING = (
    "openat",
    "pwrite64",
    "write",
    "fsync",
    "fdatasync",
    "ftruncate",
    "unlink",
    "flock",
    "fcntl",
    "fchown",
    "fchmod",
)
"""What can change the file or tell the user, and the locks around it."""
CAN_BE_FULL = ("openat", "pwrite64", "write", "ftruncate", "fsync", "fdatasync")
CAN_FAIL = (*CAN_BE_FULL, "pread64", "unlink", "flock", "fcntl")
SIDE_FILES = ("", "-journal", ".lock")
KILL, FULL, BROKEN = "signal=SIGKILL", "error=ENOSPC", "error=EIO"
CODES_OF_A_FAULT = {FULL: (0, 1), BROKEN: (0, 1, 7)}
"""0 where the answer was complete all the same; 7 because SQLite calls a file malformed that it cannot read."""

REQUESTS = {
    "collect": Request("collect", "x.1", ("C1", "12.50", "--reference", "x.1"), key="x"),
    "invoice": Request("invoice", "x.1", ("C1",), key="x"),
    "nurture": Request("nurture", "x.1", ("L1", "--log", "call", "--note", "x.1"), key="x"),
    "lead add": Request("lead add", "x.1", ("x.1", "--email", "x@x.example"), key="x"),
}
PREPARATION = {"invoice": ("ship", "--accepted", "C1")}


def why_no_strace() -> str | None:
    """What keeps strace from working here, if anything does."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    tried = subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True, text=True, check=False)
    return f"strace may not trace here: {tried.stderr.strip()}" if tried.returncode else None


class Point(NamedTuple):
    """The n-th call of one name that touches the file, its side files or the answer."""

    syscall: str
    number: int


class Scene(NamedTuple):
    """One request, and the file it is asked of; without content there is none yet."""

    request: Request
    content: bytes | None


FIRST_LEAD = Scene(REQUESTS["lead add"], None)
"""The command that makes the file."""


def scene(verb: str) -> Scene:
    """The request in the company of `harness.company`, made possible."""
    with tempfile.TemporaryDirectory() as folder:
        db = Path(folder, "ltc.db")
        begin_company(db)
        if verb in PREPARATION:
            assert ask(PREPARATION[verb], db).exit_code == 0
        return Scene(REQUESTS[verb], db.read_bytes())


def set_up(folder: Path, scene: Scene) -> Path:
    """A folder of its own with the scene's file."""
    folder.mkdir(parents=True)
    db = folder / "ltc.db"
    if scene.content is not None:
        put(db, scene.content)
    return db


def run_traced(db: Path, request: Request, syscalls: Sequence[str], *options: str) -> Answer:
    """Run ltc as a process of its own under strace, which sees these calls on the file; of `write`, the answer's."""
    out, err = db.with_name("answer"), db.with_name("errors")
    watched = [out] if tuple(syscalls) == ("write",) else [db.parent, *(Path(f"{db}{side}") for side in SIDE_FILES)]
    strace = ["strace", "-f", "-qq", "-o", str(trace_of(db)), "-e", f"trace={','.join(syscalls)}", *options]
    for path in watched:
        strace += ["-P", str(path)]
    started = time.perf_counter()
    with out.open("w") as answer, err.open("w") as errors:
        done = subprocess.run(
            # -P: else Python itself looks for modules in the folder, and a fault there is not one of ltc.
            [*strace, sys.executable, "-P", "-m", "ltc_cli", *on_file(request.command, db)],
            cwd=db.parent,
            env={**ENVIRONMENT, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=answer,
            stderr=errors,
            check=False,
        )
    seconds = time.perf_counter() - started
    # strace ends as its child did: by the same signal.
    return Answer(
        None if done.returncode == -signal.SIGKILL else done.returncode, out.read_text(), err.read_text(), seconds
    )


def trace_of(db: Path) -> Path:
    return db.with_name("trace")


def points_of(folder: Path, scene: Scene, syscalls: Sequence[str]) -> list[Point]:
    """Every call of these names that the request makes when nothing goes wrong, in order."""
    on_the_file = [name for name in syscalls if name != "write"]
    counts: Counter[str] = Counter()
    points = []
    for number, names in enumerate([on_the_file, ["write"]]):
        db = set_up(folder / f"{number}", scene)
        answer = run_traced(db, scene.request, names, "--seccomp-bpf")
        assert answer.exit_code == 0, answer.err
        for name in re.findall(r"^\d+ +(\w+)\(", trace_of(db).read_text(), re.MULTILINE):
            counts[name] += 1
            points.append(Point(name, counts[name]))
    return points


def spread(points: Sequence[Point], wanted: int) -> list[Point]:
    """So many of the points, evenly over the run, and of each name at least the first and the last."""
    by_name: dict[str, list[Point]] = {}
    for point in points:
        by_name.setdefault(point.syscall, []).append(point)
    ends = {group[end] for group in by_name.values() for end in (0, -1)}
    rest = [point for point in points if point not in ends]
    more = min(len(rest), max(0, wanted - len(ends)))
    chosen = ends | {rest[index * len(rest) // more] for index in range(more)}
    return [point for point in points if point in chosen]


class Blow(NamedTuple):
    """A fault at a point, what came of it, and everything that is wrong with that."""

    point: Point
    fault: str
    answer: Answer
    problems: list[str]

    def __str__(self) -> str:
        return f"{self.fault} at {self.point.syscall} {self.point.number}: {'; '.join(self.problems)}"


def strike(folder: Path, scene: Scene, blows: Sequence[tuple[Point, str]]) -> list[Blow]:
    """Let each fault happen in a folder of its own, then judge what it left."""
    folders = [folder / str(number) for number in range(len(blows))]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        answers = list(pool.map(lambda each, blow: _strike_once(each, scene, *blow), folders, blows))
    return [
        Blow(point, fault, answer, _judge(each / "ltc.db", scene.request, fault, answer))
        for each, (point, fault), answer in zip(folders, blows, answers, strict=True)
    ]


def _strike_once(folder: Path, scene: Scene, point: Point, fault: str) -> Answer:
    db = set_up(folder, scene)
    # The kernel's filter makes strace three times as fast, but swallows the signals it is to send.
    fast = [] if fault == KILL else ["--seccomp-bpf"]
    injection = f"inject={point.syscall}:{fault}:when={point.number}"
    return run_traced(db, scene.request, [point.syscall], *fast, "-e", injection)


def _judge(db: Path, request: Request, fault: str, answer: Answer) -> list[str]:
    """All that is wrong after a fault, and after the same request was made again with its key."""
    log = Log([Entry(request, answer)])
    problems = [*_of_answer(answer, fault), *_of_file(db, log)]
    if "nothing was written" in answer.err and _has_tables(db) and reference_of(db, request):
        problems.append(f"says that nothing was written, but it was: {answer.err.strip()}")
    again = ask(request.command, db)
    log.add(request, again)
    if again.exit_code != 0:
        problems.append(f"asked again: exit {again.exit_code}: {again.err.strip()}")
    problems += [f"asked again: {problem}" for problem in _of_file(db, log)]
    shutil.rmtree(db.parent)
    return problems


def _of_answer(answer: Answer, fault: str) -> list[str]:
    if fault == KILL:
        return [] if answer.exit_code is None else [f"was not killed: exit {answer.exit_code}"]
    if answer.exit_code not in CODES_OF_A_FAULT[fault]:
        return [f"exit {answer.exit_code}: {answer.err.strip()}"]
    return unclear(answer)


def _of_file(db: Path, log: Log) -> list[str]:
    """Old or new, and sound; before the first command was done there may be no tables, or no file."""
    if not _has_tables(db):
        return ["was acknowledged, but there is no file"] if log.verdicts()["acknowledged"] else []
    return unsound(db) + unexplained(db, log)


def _has_tables(db: Path) -> bool:
    if not db.exists():
        return False
    with look(db) as file:
        (tables,) = file.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    return bool(tables)
