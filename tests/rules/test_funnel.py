"""Counting a funnel."""

from __future__ import annotations

import pytest

from ltc_cli.rules.funnel import STAGES, Thread, median, stage_totals

NOTHING = (None, None, 0, 0, 0, 0, 0)


def thread(*days: str | None, amounts: tuple[int | None, ...] = NOTHING, is_known: bool = True) -> Thread:
    return Thread([*days, *[None] * (len(STAGES) - len(days))], amounts, is_known)


def test_a_lead_counts_in_every_stage_before_the_one_it_reached() -> None:
    """One lead of three was signed without ever being touched: it counts as nurtured all the same."""
    threads = [
        thread("2026-01-01"),
        thread("2026-01-01", "2026-01-02"),
        thread("2026-01-01", None, "2026-01-05", "2026-01-09"),
    ]
    found = stage_totals(threads)
    assert [total.leads for total in found] == [3, 2, 1, 1, 0, 0, 0]
    assert [total.conversion for total in found] == [None, 2 / 3, 1 / 2, 1, 0, None, None]
    assert [total.cumulative for total in found][:4] == [1, 2 / 3, 1 / 3, 1 / 3]


def test_nothing_over_nothing_is_nothing() -> None:
    assert {(total.leads, total.conversion, total.cumulative, total.median_days) for total in stage_totals([])} == {
        (0, None, None, None)
    }


def test_amounts_are_those_of_the_leads_that_reached_the_stage() -> None:
    signed = thread("2026-01-01", None, "2026-01-02", "2026-01-03", amounts=(None, None, 500, 450, 0, 0, 0))
    lost = thread("2026-01-01", None, "2026-01-02", amounts=(None, None, 300, 0, 0, 0, 0))
    assert [total.amount_minor for total in stage_totals([signed, lost])] == [None, None, 800, 450, 0, 0, 0]


def test_an_amount_without_a_rate_is_unknown_from_there_on() -> None:
    foreign = thread("2026-01-01", None, "2026-01-02", amounts=(None, None, 500, 0, 0, 0, 0), is_known=False)
    own = thread("2026-01-01", None, "2026-01-02", "2026-01-03", amounts=(None, None, 100, 100, 0, 0, 0))
    assert [total.amount_minor for total in stage_totals([foreign, own])][2:4] == [None, 100]


def test_days_count_from_the_last_stage_before() -> None:
    """Promoted 9 days after the first touch; invoiced on signature, so before it was shipped: no days."""
    found = stage_totals(
        [thread("2026-01-01", "2026-01-02", "2026-01-11", "2026-01-15", "2026-01-30", "2026-01-15", "2026-02-09")]
    )
    assert [total.median_days for total in found] == [None, 1, 9, 4, 15, 0, 10]


@pytest.mark.parametrize(("numbers", "middle"), [([], None), ([3], 3), ([1, 2], 1.5), ([1, 3], 2), ([9, 1, 5], 5)])
def test_the_median_is_the_middle(numbers: list[int], middle: float | None) -> None:
    assert median(numbers) == middle
