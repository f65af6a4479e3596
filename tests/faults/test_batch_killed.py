"""A batch killed half-way and run again: with keys it is as if it had run once; atomic, it is all or none."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import pytest

from ltc_cli.store import create
from tests.faults.harness import ENVIRONMENT, TODAY, look, unsound, verdict_of_check
from tests.faults.kills import is_half_written
from tests.faults.tracing import ROOT

if TYPE_CHECKING:
    from pathlib import Path

CHAINS: Final = 8
KILLS: Final = 8
STEPS: Final = (
    "lead add Ada --email ada@engines-{n}.example --company Engines-{n}",
    "promote L{n} --amount 1200",
    "sign O{n} --terms '40% sign, 60% ship'",
    "invoice C{n}",
    "ship C{n}",
    "collect K{n} 100",
)
LINES: Final = [step.format(n=number) for number in range(1, CHAINS + 1) for step in STEPS]

Facts = dict[str, list[tuple[Any, ...]]]
MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
FACTS: Final = ("lead", "customer", "opportunity", "contract", "invoice", "shipment", "payment", "settlement")


def batch(db: Path, *options: str) -> subprocess.Popen[str]:
    """A real process, with its lines in a file and its answers in a pipe."""
    keyed = [f"{line} --key k{number}\n" for number, line in enumerate(LINES)]
    file = db.with_suffix(".txt")
    file.write_text("".join(keyed), encoding="utf-8")
    command = [sys.executable, "-m", "ltc_cli", "batch", str(file), "--db", str(db), "--today", TODAY, *options]
    environ = {**ENVIRONMENT, "PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    return subprocess.Popen(command, cwd=db.parent, env=environ, stdout=subprocess.PIPE, text=True)


def whole(db: Path, *options: str) -> str:
    """The answers of a run that nobody kills."""
    with batch(db, *options) as process:
        out, _err = process.communicate()
    assert process.returncode == 0, out[-1_000:]
    return out


def killed_after(answers: int, db: Path, pause_seconds: float) -> list[str]:
    """The answers that were read before the process was killed."""
    with batch(db) as process:
        assert process.stdout
        read = [process.stdout.readline() for _ in range(answers)]
        time.sleep(pause_seconds)
        process.kill()
        rest = process.stdout.read()
    return [*read, *rest.splitlines(keepends=True)]


def facts(db: Path) -> Facts:
    """Every row, without the moment at which it was recorded."""
    with look(db) as file:
        rows = {table: file.execute(f"SELECT * FROM {table}").fetchall() for table in FACTS}
    return {table: [tuple(map(_unless_moment, row)) for row in found] for table, found in rows.items()}


def _unless_moment(value: Any) -> Any:
    return None if isinstance(value, str) and MOMENT.fullmatch(value) else value


def entries(db: Path) -> int:
    with look(db) as file:
        (count,) = file.execute("SELECT COUNT(*) FROM journal").fetchone()
        return int(count)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Facts]:
    """What one run answers, and leaves in the file."""
    db = tmp_path_factory.mktemp("once") / "ltc.db"
    return whole(db), facts(db)


def test_killed_half_way_and_run_again_with_keys_it_is_as_if_run_once(tmp_path: Path, once: tuple[str, Facts]) -> None:
    db, chance = tmp_path / "ltc.db", random.Random(3)
    half_way = 0
    for kill in range(KILLS):
        answers = killed_after(kill * len(LINES) // KILLS, db, chance.uniform(0, 0.01))
        assert once[0].startswith("".join(answers[:-1]))
        done = [json.loads(answer) for answer in answers if answer.endswith("\n")]
        assert entries(db) >= len(done) if db.exists() else not done
        half_way += 0 < len(done) < len(LINES)
    assert half_way > KILLS // 2, "the kills came too early or too late, and proved nothing"
    assert whole(db) == once[0]
    assert facts(db) == once[1]
    assert entries(db) == len(LINES)
    assert (unsound(db), verdict_of_check(db)) == ([], [])


def test_killed_while_atomic_nothing_is_there_or_everything(tmp_path: Path, once: tuple[str, Facts]) -> None:
    db, chance = tmp_path / "ltc.db", random.Random(4)
    started = time.perf_counter()
    assert whole(db, "--atomic") == once[0]
    seconds = time.perf_counter() - started
    assert facts(db) == once[1]
    half_written = 0
    for number in range(KILLS):
        db = tmp_path / f"{number}.db"
        create(db, f"{TODAY}T09:00:00.000000Z")
        with batch(db, "--atomic") as process:
            time.sleep(chance.uniform(0.4, 1.1) * seconds)
            process.kill()
        half_written += is_half_written(db)
        assert entries(db) in (0, len(LINES))
        assert unsound(db) == []
        assert whole(db, "--atomic") == once[0]
        assert facts(db) == once[1]
    assert half_written, "no kill fell into the transaction"
