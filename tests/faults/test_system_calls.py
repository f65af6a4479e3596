"""Killed, or failed by the disk, at chosen system calls: the file is old or new, and the same key finishes the work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults import tracing
from tests.faults.tracing import (
    BROKEN,
    CAN_BE_FULL,
    CAN_FAIL,
    FIRST_LEAD,
    FULL,
    KILL,
    WRITING,
    Blow,
    Point,
    points_of,
    scene,
    spread,
    strike,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("strace")


def blows(folder: Path, asked: tracing.Scene, fault: str, syscalls: Sequence[str], wanted: int) -> list[Blow]:
    points = spread(points_of(folder / "points", asked, syscalls), wanted)
    return strike(folder / "blows", asked, [(point, fault) for point in points])


def problems(struck: Sequence[Blow]) -> list[str]:
    return [str(blow) for blow in struck if blow.problems]


def test_a_payment_killed_at_any_system_call_is_there_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    assert problems(blows(tmp_path, scene("collect"), KILL, WRITING, 20)) == []


def test_a_file_killed_while_it_is_made_is_made_by_the_next_command(tmp_path: Path) -> None:
    assert problems(blows(tmp_path, FIRST_LEAD, KILL, ("pwrite64", "fdatasync", "ftruncate", "write"), 7)) == []


def test_on_a_full_disk_the_file_stays_sound_and_the_user_is_told(tmp_path: Path) -> None:
    struck = blows(tmp_path, scene("collect"), FULL, CAN_BE_FULL, 10)
    assert problems(struck) == []
    assert {blow.answer.exit_code for blow in struck if blow.point == Point("pwrite64", 1)} == {1}


def test_on_a_broken_disk_the_file_stays_sound_and_the_user_is_told(tmp_path: Path) -> None:
    struck = blows(tmp_path, scene("collect"), BROKEN, CAN_FAIL, 15)
    assert problems(struck) == []
    assert {blow.answer.exit_code for blow in struck if blow.point == Point("pwrite64", 1)} == {1}


def test_the_harness_bites_when_a_fault_leaves_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that the disk swallowed silently, which no program can notice: the judge must."""
    monkeypatch.setitem(tracing.CODES_OF_A_FAULT, "retval=4096", (0, 1, 7))
    asked = scene("collect")
    pages = [
        point for point in points_of(tmp_path / "points", asked, ["pwrite64", "write"]) if point.syscall == "pwrite64"
    ]
    (blow,) = strike(tmp_path / "blows", asked, [(pages[-1], "retval=4096")])
    assert blow.problems
