"""Whenever a process is killed, what was acknowledged stays and what was not leaves no half."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from ltc_cli.session import Session
from ltc_cli.store import Store
from tests.faults.harness import unexplained, unsound, verdict_of_check
from tests.faults.kills import kill_at_random

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ltc_cli.report import Report

KILLS = 250
ROUNDS = 20


def test_kills_at_random_moments_lose_nothing_acknowledged_and_keep_nothing_half(tmp_path: Path) -> None:
    db = tmp_path / "ltc.db"
    killings = kill_at_random(db, kills=KILLS, chance=random.Random(1))

    assert killings.log.failures() == []
    assert unexplained(db, killings.log) == []
    assert unsound(db) == []
    assert verdict_of_check(db) == []
    # Else the kills came all too early or all too late, and proved nothing.
    assert killings.log.verdicts()["unknown"] > KILLS // 10
    assert killings.log.verdicts()["acknowledged"] > KILLS // 10
    assert killings.half_written > 0


def _acknowledge_before_the_commit() -> None:
    def write(self: Session, decide: Callable[[Store], Report], *, creates: bool = False) -> None:
        with self._opened(self._opener(creates=creates)) as store, store.writing(lambda: self.recorded_at):
            self.show(self._answer_again(store) or self._answer(store, decide))
            self.out.flush()

    Session.write = write  # type: ignore[method-assign]


def _forget_the_keys() -> None:
    Store.remember = lambda *_arguments: None  # type: ignore[method-assign]


def _commit_before_the_journal() -> None:
    journal = Store.journal

    def in_a_second_transaction(store: Store, **entry: Any) -> None:
        store.connection.execute("COMMIT")
        store.connection.execute("BEGIN IMMEDIATE")
        journal(store, **entry)

    Store.journal = in_a_second_transaction  # type: ignore[method-assign,assignment]


@pytest.mark.parametrize(
    ("sabotage", "symptom"),
    [
        pytest.param(_acknowledge_before_the_commit, "was acknowledged and has 0 effects", id="acknowledged too early"),
        pytest.param(_forget_the_keys, "2 effects", id="keys forgotten"),
        pytest.param(_commit_before_the_journal, "is not in the journal", id="two transactions"),
    ],
)
def test_the_harness_bites(tmp_path: Path, sabotage: Callable[[], None], symptom: str) -> None:
    chance = random.Random(2)
    for number in range(ROUNDS):
        db = tmp_path / f"{number}.db"
        killings = kill_at_random(db, kills=40, chance=chance, sabotage=sabotage)
        if any(symptom in problem for problem in unexplained(db, killings.log)):
            return
    pytest.fail(f"{ROUNDS * 40} kills did not show it")
