"""A funnel: a lead counts once in every stage it reached and in all stages before it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

STAGES = ("lead", "nurtured", "opportunity", "contract", "shipped", "invoiced", "collected")


class Thread(NamedTuple):
    """One lead: the ISO day each stage was reached (None: not, or unknown), and the amounts in base currency."""

    days: Sequence[str | None]
    amounts_minor: Sequence[int | None]
    is_known: bool = True
    """False: the amounts are in a currency without a rate."""


class StageTotal(NamedTuple):
    stage: str
    leads: int
    amount_minor: int | None
    """None: not a matter of this stage, or not known for lack of a rate."""
    conversion: float | None
    """Of those in the stage before; None over nothing."""
    cumulative: float | None
    """Of those in the first stage."""
    median_days: float | None
    """Between the last of the stages reached before and this one."""


def reached(thread: Thread) -> int:
    """The number of the furthest stage."""
    return max(number for number, day in enumerate(thread.days) if day or number == 0)


def stage_totals(threads: Iterable[Thread]) -> list[StageTotal]:
    """One total a stage, in the order of `STAGES`."""
    counts = [0] * len(STAGES)
    amounts: list[int | None] = [None, None, 0, 0, 0, 0, 0]
    waits: list[list[int]] = [[] for _ in STAGES]
    for thread in threads:
        furthest = reached(thread)
        for number in range(furthest + 1):
            counts[number] += 1
        if furthest > 1:
            _add_amounts(amounts, thread, furthest)
        if furthest:
            _add_waits(waits, thread)
    return [
        StageTotal(
            stage,
            counts[number],
            amounts[number],
            _share(counts[number], counts[number - 1]) if number else None,
            _share(counts[number], counts[0]),
            median(waits[number]),
        )
        for number, stage in enumerate(STAGES)
    ]


def _add_amounts(amounts: list[int | None], thread: Thread, furthest: int) -> None:
    for number in range(2, furthest + 1):
        so_far, more = amounts[number], thread.amounts_minor[number] if thread.is_known else None
        amounts[number] = None if so_far is None or more is None else so_far + more


def _add_waits(waits: list[list[int]], thread: Thread) -> None:
    """Days since the stages before; none for a stage that was reached before them, as by an invoice on signature."""
    latest = thread.days[0] or ""
    for number, day in enumerate(thread.days[1:], 1):
        if day and latest:
            waits[number].append(max(0, (date.fromisoformat(day) - date.fromisoformat(latest)).days))
        latest = max(latest, day or "")


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def median(numbers: Sequence[int]) -> float | None:
    """The middle one, or the mean of the two in the middle; whole where it can be."""
    if not numbers:
        return None
    ordered = sorted(numbers)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    total = ordered[middle - 1] + ordered[middle]
    return total // 2 if total % 2 == 0 else total / 2
