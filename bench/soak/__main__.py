"""Run the faults of tests/faults in the full figures of the house, with a seed that repeats the run.

    python -m bench.soak                       everything once, about half an hour
    python -m bench.soak --only kills writers
    python -m bench.soak --times 50            the long soak

A seed repeats what is asked, damaged and struck, and when a kill is sent; not how the kernel schedules processes.
"""

from __future__ import annotations

import argparse
import random
import secrets
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.faults.damage import WAYS, damage
from tests.faults.harness import Log, begin_company, unexplained, unsound, verdict_of_check
from tests.faults.hostile_rows import swallow
from tests.faults.kills import kill_at_random
from tests.faults.tracing import (
    BROKEN,
    CAN_BE_FULL,
    CAN_FAIL,
    FIRST_LEAD,
    FULL,
    KILL,
    REQUESTS,
    WRITING,
    points_of,
    scene,
    spread,
    strike,
    why_no_strace,
)
from tests.faults.writers import write_together
from tests.mail import kills as sending
from tests.mail.conftest import config
from tests.random.test_random_claims import Life
from tests.stories.test_dunning_under_cron import walk
from tests.support import Company

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

KILLS = 5_000
KILLED_POINTS = 400
FAILED_POINTS = 400
WRITERS, REQUESTS_EACH = 8, 2_000
DAMAGES = 500
ROWS = 200_000
CRON_DAYS = 400
LIVES, LIFE_DAYS = 20, 30
KILLS_A_FILE = 1_000
"""A file is judged after so many: whoever finds a fault wants to look at a short log."""


class Outcome(NamedTuple):
    figures: str
    problems: list[str]


def soak_kills(folder: Path, times: int, seed: str) -> Outcome:
    chance = random.Random(seed)
    figures, problems = [], []
    for number in range(KILLS * times // KILLS_A_FILE):
        db = folder / f"{number}.db"
        killings = kill_at_random(db, kills=KILLS_A_FILE, chance=chance)
        figures.append(str(killings))
        problems += judge(db, killings.log)
    return Outcome("\n        ".join(figures), problems)


def judge(db: Path, log: Log) -> list[str]:
    return [*log.failures(), *unexplained(db, log), *unsound(db), *verdict_of_check(db)]


def soak_system_calls(folder: Path, times: int, _seed: str) -> Outcome:
    return _struck(folder, ((KILL, WRITING),), KILLED_POINTS * times)


def soak_disk(folder: Path, times: int, _seed: str) -> Outcome:
    return _struck(folder, ((FULL, CAN_BE_FULL), (BROKEN, CAN_FAIL)), FAILED_POINTS * times)


def _struck(folder: Path, faults: Sequence[tuple[str, Sequence[str]]], wanted: int) -> Outcome:
    """So many points, or all there are, in equal parts over every request and fault. All is chosen without chance."""
    if reason := why_no_strace():
        return Outcome(f"skipped: {reason}", [])
    scenes = [*map(scene, REQUESTS), FIRST_LEAD]
    targets = [
        (asked, fault, points_of(folder / f"{fault} {number}", asked, syscalls))
        for fault, syscalls in faults
        for number, asked in enumerate(scenes)
    ]
    tried, problems = 0, []
    # The shortest first: what it has not, the longer ones give.
    for number, (asked, fault, points) in enumerate(sorted(targets, key=lambda target: len(target[2]))):
        chosen = spread(points, (wanted - tried) // (len(targets) - number))
        blows = strike(folder / f"blows {number}", asked, [(point, fault) for point in chosen])
        tried += len(blows)
        problems += [f"{asked.request.verb}: {blow}" for blow in blows if blow.problems]
    return Outcome(f"{tried} points in {len(scenes)} requests", problems)


def soak_writers(folder: Path, times: int, seed: str) -> Outcome:
    db = folder / "ltc.db"
    begin_company(db)
    together = write_together(db, writers=WRITERS, requests=REQUESTS_EACH * times, seed=seed)
    return Outcome(str(together), [*together.problems, *judge(db, together.log)])


def soak_damage(folder: Path, times: int, seed: str) -> Outcome:
    noticed, problems = 0, []
    for number in range(DAMAGES * times):
        damaged = damage(folder / "ltc.db", WAYS[number % len(WAYS)], random.Random(f"{seed} {number}"))
        noticed += damaged.was_noticed
        problems += [f"{number}: {problem}" for problem in damaged.problems]
    return Outcome(f"{DAMAGES * times} damaged files, {noticed} noticed", problems)


def soak_hostile_rows(_folder: Path, times: int, seed: str) -> Outcome:
    swallowed = swallow(random.Random(seed), ROWS * times)
    return Outcome(str(swallowed), swallowed.problems)


def soak_sender(folder: Path, times: int, _seed: str) -> Outcome:
    """Every point of a run with two connections, and as many times more mails; with its second thread and without."""
    if reason := why_no_strace():
        return Outcome(f"skipped: {reason}", [])
    company = sending.with_mails(Company(folder, config="company: {email: a@acme.example}\n"), 10 * times)
    content = company.path.read_bytes()
    figures, problems = [], []
    for program in (sending.PROGRAM, sending.ONE_THREAD):
        points = sending.points_of(content, program=program)
        problems += list(sending.strike(content, points, program=program))
        figures.append(str(len(points)))
    return Outcome(f"{' and '.join(figures)} points in a run of {10 * times} mails", problems)


def soak_dunning(folder: Path, times: int, _seed: str) -> Outcome:
    """Every point of a run of `dun` that decides and sends, and of one that writes mails and letters into a folder."""
    if reason := why_no_strace():
        return Outcome(f"skipped: {reason}", [])
    figures, problems = [], []
    for command, syscalls in ((("dun",), sending.SYSCALLS), (sending.TO_FOLDER, sending.FOLDER_SYSCALLS)):
        on_paper = command == sending.TO_FOLDER
        (folder / command[-1]).mkdir()
        company = Company(folder / command[-1], config=config(25))
        content = sending.with_late_invoices(company, 10 * times, on_paper=on_paper).path.read_bytes()
        points = sending.points_of(content, syscalls, command)
        problems += list(sending.strike(content, points, command))
        figures.append(f"{len(points)} points in `{' '.join(command)}` of {10 * times} notices")
    return Outcome("\n        ".join(figures), problems)


def soak_cron(folder: Path, times: int, seed: str) -> Outcome:
    """400 days of four starts, one and a half invoices a day to forty customers, with all that goes wrong."""
    figures, problems = [], []
    for number in range(times):
        (folder / str(number)).mkdir()
        walked = walk(folder / str(number), CRON_DAYS, random.Random(f"{seed} {number}"), customers=40, sold_a_day=1.5)
        figures.append(f"{CRON_DAYS} days: " + ", ".join(f"{what} {times}" for what, times in walked.happened.items()))
        problems += walked.problems
    return Outcome("\n        ".join(figures), problems)


def soak_claims(folder: Path, times: int, seed: str) -> Outcome:
    """Lives of thirty days in which fees and interest are told, paid by whatever pays, and withdrawn."""
    problems = []
    for number in range(LIVES * times):
        (folder / str(number)).mkdir()
        try:
            Life(f"{seed} {number}", folder / str(number)).live(LIFE_DAYS)
        except AssertionError as error:
            problems.append(f"life {number}: {error}")
    return Outcome(f"{LIVES * times} lives of {LIFE_DAYS} days", problems)


HARNESSES: dict[str, Callable[[Path, int, str], Outcome]] = {
    "kills": soak_kills,
    "system-calls": soak_system_calls,
    "disk": soak_disk,
    "writers": soak_writers,
    "damage": soak_damage,
    "rows": soak_hostile_rows,
    "sender": soak_sender,
    "dunning": soak_dunning,
    "cron": soak_cron,
    "claims": soak_claims,
}


def main() -> int:
    given = _arguments()
    print(f"seed {given.seed}", flush=True)
    found = [problem for name in given.only for problem in _soak(name, given.times, given.seed)]
    print(f"{len(found)} problems" if found else "no problems")
    return 1 if found else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description="Try every fault, in full figures.")
    parser.add_argument("--seed", default=secrets.token_hex(4), help="repeat the run that printed it")
    parser.add_argument("--times", type=int, default=1, help="how many times the full figures")
    parser.add_argument("--only", nargs="+", choices=HARNESSES, default=list(HARNESSES))
    return parser.parse_args()


def _soak(name: str, times: int, seed: str) -> Iterator[str]:
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ltc-soak-") as folder:
        outcome = HARNESSES[name](Path(folder), times, seed)
    print(f"{name:<13} {time.monotonic() - started:5.0f} s  {outcome.figures}", flush=True)
    for problem in outcome.problems:
        print(f"  {problem}", flush=True)
        yield problem


if __name__ == "__main__":
    sys.exit(main())
