"""Many processes write to one file at once: none is turned away, nothing is lost."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from ltc_cli import store
from ltc_cli.store import Store
from tests.faults.harness import begin_company, unexplained, unsound, verdict_of_check
from tests.faults.writers import write_together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def db(tmp_path: Path) -> Path:
    begin_company(tmp_path / "ltc.db")
    return tmp_path / "ltc.db"


def test_eight_writers_at_once_are_all_served_and_lose_nothing(db: Path) -> None:
    together = write_together(db, writers=8, requests=12, seed="1")

    assert len(together.log) == 8 * 12
    assert together.problems == []
    assert together.log.failures() == []
    assert together.log.verdicts()["unknown"] == 0
    assert unexplained(db, together.log) == []
    assert unsound(db) == []
    assert verdict_of_check(db) == []


def _begin_without_the_locks() -> None:
    @contextmanager
    def writing(self: Store, now: Callable[[], str], *, keep: bool = True) -> Iterator[None]:
        self.recorded_at = now()
        self.counts.clear()
        self.touched.clear()
        self.connection.execute("BEGIN")
        yield
        self.connection.execute("COMMIT" if keep else "ROLLBACK")

    Store.writing = writing  # type: ignore[method-assign]


def _give_up_at_once() -> None:
    store.BUSY_SECONDS = 0


@pytest.mark.parametrize("sabotage", [_begin_without_the_locks, _give_up_at_once])
def test_the_harness_bites(db: Path, sabotage: Callable[[], None]) -> None:
    together = write_together(db, writers=8, requests=12, seed="1", sabotage=sabotage)
    assert any("is locked by another process" in failure for failure in together.log.failures())


def test_the_moment_of_a_decision_is_read_under_the_lock(db: Path) -> None:
    """Who has waited for the lock is later than who had it."""
    opened = store.open_existing(db)
    asked = []

    def now() -> str:
        asked.append(opened.connection.in_transaction)
        return "2026-06-15T00:00:00.000000Z"

    with opened.writing(now):
        assert asked == [True]
    opened.connection.close()
