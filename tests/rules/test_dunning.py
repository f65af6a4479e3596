"""Which level an instalment reaches on a day, what is claimed, and when a run stops; every figure reckoned by hand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltc_cli.errors import ConfigError
from ltc_cli.rules.dunning import ECB_RATES_PPM, Instalment, due_level, interest, most_notices, severest, stopped


class Step(NamedTuple):
    name: str
    after_days: int


NUDGE, FIRST, SECOND, LAST = Step("nudge", -3), Step("first", 5), Step("second", 20), Step("last", 40)
LEVELS = (NUDGE, FIRST, SECOND, LAST)
DUE = date(2026, 3, 1)


def reached(late: int, place: int | None, *, not_before: int | None = None) -> tuple[str | None, str]:
    """What is reached so many days after the due date; `not_before` likewise."""
    spacing = None if not_before is None else DUE + timedelta(not_before)
    level, why = due_level(LEVELS, place, DUE, DUE + timedelta(late), spacing)
    return (level.name if level else None), why


@pytest.mark.parametrize(
    ("late", "place", "level"),
    [
        (-4, None, None),
        (-3, None, "nudge"),
        (0, None, "nudge"),
        (0, 0, None),
        (1, None, None),
        (4, 0, None),
        (5, None, "first"),
        (5, 0, "first"),
        (5, 1, None),
        (400, None, "first"),
        (19, 1, None),
        (20, 1, "second"),
        (40, 2, "last"),
        (400, 3, None),
        (-1, 1, None),
    ],
)
def test_one_level_a_day_none_skipped_none_twice(late: int, place: int | None, level: str | None) -> None:
    assert reached(late, place)[0] == level


def test_why_no_level_is_reached() -> None:
    assert reached(4, None) == (None, "first from 2026-03-06")
    assert reached(21, 1, not_before=22) == (None, "second from 2026-03-23, for the spacing")
    assert reached(22, 1, not_before=22) == ("second", "")
    assert reached(99, 3) == (None, "the last level is reached")
    assert due_level((), None, DUE, DUE, None) == (None, "the last level is reached")


def test_the_spacing_keeps_no_nudge_back() -> None:
    assert reached(-1, None, not_before=30) == ("nudge", "")


def test_a_level_on_the_due_date_is_followed_by_no_nudge() -> None:
    levels = (NUDGE, Step("today", 0))
    assert due_level(levels, None, DUE, DUE, None)[0] == NUDGE
    assert due_level(levels, 0, DUE, DUE, None)[0] == levels[1]
    assert due_level(levels, 1, DUE, DUE, None)[0] is None


@given(st.lists(st.integers(-30, 400), min_size=1, max_size=30), st.integers(0, 20))
def test_whatever_the_days_of_the_runs_the_ladder_is_climbed_step_by_step(runs: list[int], spacing: int) -> None:
    place: int | None = None
    last: date | None = None
    told: list[Step] = []
    for late in sorted(runs):
        today = DUE + timedelta(late)
        not_before = None if last is None else last + timedelta(max(1, spacing))
        level, _why = due_level(LEVELS, place, DUE, today, not_before)
        if level:
            assert late >= level.after_days
            place, last = LEVELS.index(level), today if level.after_days >= 0 else last
            told.append(level)
    ladder = [level for level in told if level.after_days >= 0]
    assert ladder == [FIRST, SECOND, LAST][: len(ladder)]
    assert told == sorted(set(told), key=LEVELS.index)


def test_the_severest_is_the_latest() -> None:
    assert severest([SECOND, NUDGE, FIRST]) == SECOND


def test_interest_runs_from_the_day_after_due_over_what_was_open() -> None:
    """200 for 10 days, then 100 for 10 at 36.5 %: 2.00 + 1.00; 1.25 of that were claimed before."""
    part = Instalment(DUE, 20_000, [(DUE + timedelta(10), 10_000)])
    found = interest([part], 365_000, DUE + timedelta(20), 0, "EUR", {})
    assert found == (300, "200.00 × 36.5% × 10 / 365 + 100.00 × 36.5% × 10 / 365")
    found = interest([part], 365_000, DUE + timedelta(20), 125, "EUR", {})
    assert found == (175, "200.00 × 36.5% × 10 / 365 + 100.00 × 36.5% × 10 / 365 - 1.25")
    assert interest([part], 365_000, DUE, 0, "EUR", {}).amount_minor == 0
    assert interest([part], 365_000, DUE + timedelta(1), 900, "EUR", {}).amount_minor == 0


def test_interest_is_rounded_once_over_all_instalments() -> None:
    """1.00 for one day at 10 % is 0.000274: twenty of them are 0.0055, and 0.01 only together."""
    parts = [Instalment(DUE, 100, [])] * 20
    assert interest(parts[:1], 100_000, DUE + timedelta(1), 0, "EUR", {}).amount_minor == 0
    assert interest(parts, 100_000, DUE + timedelta(1), 0, "EUR", {}).amount_minor == 1


def test_a_payment_that_was_reversed_bears_interest_only_while_it_was_not_there() -> None:
    """365 at 10 %: 0.10 a day; of 10 days it was paid for 4."""
    settled = [(DUE + timedelta(2), 36_500), (DUE + timedelta(6), -36_500)]
    assert interest([Instalment(DUE, 36_500, settled)], 100_000, DUE + timedelta(10), 0, "EUR", {}).amount_minor == 60


def test_statutory_interest_changes_with_the_half_year() -> None:
    """3650 from 30 June at 2 + 8 % is 1.00 a day; from 1 July at 2.5 + 8 % it is 1.05."""
    rates = {date(2026, 1, 1): 20_000, date(2026, 7, 1): 25_000}
    part = Instalment(date(2026, 6, 28), 365_000, [])
    assert interest([part], "statutory", date(2026, 6, 30), 0, "EUR", rates).amount_minor == 200
    assert interest([part], "statutory", date(2026, 7, 2), 0, "EUR", rates).amount_minor == 410
    with pytest.raises(ConfigError, match="2027-01-01 is not known"):
        interest([part], "statutory", date(2027, 1, 1), 0, "EUR", rates)


MAIN_REFINANCING = (
    ("2012-07-11", 7_500),
    ("2013-05-08", 5_000),
    ("2013-11-13", 2_500),
    ("2014-06-11", 1_500),
    ("2014-09-10", 500),
    ("2016-03-16", 0),
    ("2022-07-27", 5_000),
    ("2022-09-14", 12_500),
    ("2022-11-02", 20_000),
    ("2022-12-21", 25_000),
    ("2023-02-08", 30_000),
    ("2023-03-22", 35_000),
    ("2023-05-10", 37_500),
    ("2023-06-21", 40_000),
    ("2023-08-02", 42_500),
    ("2023-09-20", 45_000),
    ("2024-06-12", 42_500),
    ("2024-09-18", 36_500),
    ("2024-10-23", 34_000),
    ("2024-12-18", 31_500),
    ("2025-02-05", 29_000),
    ("2025-03-12", 26_500),
    ("2025-04-23", 24_000),
    ("2025-06-11", 21_500),
)
"""The ECB's rate by its date of effect: until October 2024 as in the table of the Banque de France, the next five as in
that of Banka Slovenije, the last one as the Bundesbank gave it for June and for 22 December 2025."""

PUBLISHED = {
    "2013-01-01": 7_500,  # Spain, BOE: 8.75 % until 2013-06-30
    "2014-07-01": 1_500,  # Ireland, Department of Jobs: 8.15 %
    "2016-01-01": 500,  # Spain, BOE: 8.05 %
    "2016-07-01": 0,  # Italy, Ministry of Finance
    "2017-01-01": 0,  # Spain, BOE: 8.00 %
    "2020-01-01": 0,  # Spain, BOE-A-2019-18736: 8.00 %
    "2023-07-01": 40_000,  # Italy, GU 165 of 2023-07-17
    "2024-01-01": 45_000,  # Italy, GU 12 of 2024-01-16
    "2024-07-01": 42_500,  # Ireland, Department of Enterprise: 12.25 %
    "2026-01-01": 21_500,  # Italy, GU 15 of 2026-01-20
}
"""What states have published for a half-year, less the 8 points where they name the sum."""


def test_the_rate_of_a_half_year_is_that_in_force_on_its_first_day() -> None:
    """EU 2011/7, article 3 (3). The table is gapless, and ends where no source was found: never the last one again."""
    days = [date(year, month, 1) for year in range(2013, 2027) for month in (1, 7)][:-1]
    in_force = {day: [ppm for since, ppm in MAIN_REFINANCING if since <= day.isoformat()][-1] for day in days}
    assert in_force == ECB_RATES_PPM
    assert {day: ECB_RATES_PPM[date.fromisoformat(day)] for day in PUBLISHED} == PUBLISHED


@pytest.mark.parametrize(
    ("earlier", "most"), [([], 50), ([3], 50), ([10, 30], 60), ([100, 1, 20], 60), ([40, 10, 30, 20], 75)]
)
def test_at_most_three_times_the_median_or_fifty(earlier: list[int], most: int) -> None:
    assert most_notices(earlier) == most


def test_what_stops_a_run() -> None:
    assert stopped(DUE, DUE, DUE - timedelta(35), 50, 50) is None
    assert stopped(DUE, None, None, 0, 0) is None
    assert "newest entry" in str(stopped(DUE, DUE + timedelta(1), None, 1, 50))
    assert "more than 35 days ago" in str(stopped(DUE, None, DUE - timedelta(36), 1, 50))
    assert "51 notices" in str(stopped(DUE, None, None, 51, 50))
