"""A few thousand rows of what bench/soak imports by the hundred thousand."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from ltc_cli.exchange import delimited
from tests.faults.hostile_rows import swallow

if TYPE_CHECKING:
    import pytest

ROWS = 4_000


def test_whatever_is_in_a_file_it_is_counted_and_nothing_beside_it_is_lost() -> None:
    swallowed = swallow(random.Random(1), ROWS)
    assert swallowed.problems == []
    assert set(swallowed.codes) == {0, 2, 8}
    assert swallowed.counts["created"] > ROWS // 5
    assert swallowed.counts["rejected"] > ROWS // 20


def test_the_harness_bites(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that lets an open quote swallow what follows is found out."""
    monkeypatch.setattr(delimited._Reading, "quoted", lambda _self, _block, _at: (None, 3))
    assert any("is lost" in problem or "read of" in problem for problem in swallow(random.Random(1), 1_000).problems)
