"""On a damaged file every command says so in one line or works, and looking at it changes nothing."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.faults.damage import UNSOUND, WAYS, WRITING, cut, damage, overwrite_a_page, zero_a_page
from tests.faults.harness import ask, company, put, unclear

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TIMES_EACH = 5


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_no_damage_puzzles_the_user(tmp_path: Path, way: Callable[[bytearray, random.Random], None]) -> None:
    damages = [damage(tmp_path / "ltc.db", way, random.Random(seed)) for seed in range(TIMES_EACH)]
    assert [problem for each in damages for problem in each.problems] == []


@pytest.mark.parametrize("way", [cut, zero_a_page, overwrite_a_page], ids=lambda way: way.__name__)
def test_damage_to_whole_pages_is_always_noticed(
    tmp_path: Path, way: Callable[[bytearray, random.Random], None]
) -> None:
    assert all(damage(tmp_path / "ltc.db", way, random.Random(seed)).was_noticed for seed in range(3))


@pytest.mark.parametrize("command", [("aging",), ("check",), *WRITING], ids=" ".join)
def test_a_schema_that_is_not_even_text_is_named_as_damage(tmp_path: Path, command: tuple[str, ...]) -> None:
    db = tmp_path / "ltc.db"
    content = company().replace(b"CREATE TABLE lead (", b"CREATE \xf4\xf4\xf4\xf4\xf4 lead (")
    put(db, content)
    answer = ask(command, db)
    assert unclear(answer) == []
    assert answer.exit_code == UNSOUND
    assert db.read_bytes() == content
