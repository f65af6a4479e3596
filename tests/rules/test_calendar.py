from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltc_cli.errors import UsageError
from ltc_cli.rules.calendar import (
    Step,
    add_days,
    add_months,
    apply_steps,
    day_on_or_after,
    format_steps,
    parse_date,
    parse_iso_date,
    parse_past_date,
    parse_steps,
)

WEDNESDAY = date(2026, 7, 15)

DAYS = st.dates(date(1900, 1, 1), date(2200, 12, 31))
STEPS = st.lists(
    st.one_of(
        st.builds(Step, st.sampled_from(["d", "w", "m"]), st.integers(0, 9999)),
        st.just(Step("eom")),
        st.builds(Step, st.just("@"), st.integers(1, 31)),
    ),
    max_size=5,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-31", date(2026, 12, 31)),
        (" 2026-12-31 ", date(2026, 12, 31)),
        ("2024-02-29", date(2024, 2, 29)),
        ("today", date(2026, 7, 15)),
        ("TODAY", date(2026, 7, 15)),
        ("yesterday", date(2026, 7, 14)),
        ("tomorrow", date(2026, 7, 16)),
        ("+30d", date(2026, 8, 14)),
        ("-3d", date(2026, 7, 12)),
        ("+2w", date(2026, 7, 29)),
        ("-1w", date(2026, 7, 8)),
        ("+1m", date(2026, 8, 15)),
        ("-12m", date(2025, 7, 15)),
        ("+0d", date(2026, 7, 15)),
        ("wed", date(2026, 7, 15)),
        ("fri", date(2026, 7, 17)),
        ("Friday", date(2026, 7, 17)),
        ("tue", date(2026, 7, 21)),
        ("sunday", date(2026, 7, 19)),
    ],
)
def test_dates_are_read_as_people_type_them(text: str, expected: date) -> None:
    assert parse_date(text, WEDNESDAY) == expected


@pytest.mark.parametrize("text", ["2026-02-30", "2025-02-29", "2026-13-01", "2026-00-10", "0000-01-01"])
def test_a_day_that_does_not_exist_is_named(text: str) -> None:
    with pytest.raises(UsageError, match=f"the day {text} does not exist"):
        parse_date(text, WEDNESDAY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "30d",
        "+30",
        "+30x",
        "+30d+1m",
        "+12345d",
        "+-3d",
        "31.12.2026",
        "12/31/2026",
        "2026-1-1",
        "20261231",
        "2026-W53-1",
        "2026-12-31T00:00",
        "friyay",
        "fr",
        "now",
        "٢٠٢٦-١٢-٣١",
        "+٣d",
        "2026-12-31\n2",
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a date"):
        parse_date(text, WEDNESDAY)


@pytest.mark.parametrize("text", ["tomorrow", "+1d", "sun"])
def test_a_date_beyond_the_calendar_is_refused(text: str) -> None:
    friday = date(9999, 12, 31)
    with pytest.raises(UsageError, match="too far from 9999-12-31"):
        parse_date(text, friday)


def test_a_fact_may_be_dated_today_or_before() -> None:
    assert parse_past_date("today", WEDNESDAY) == WEDNESDAY
    assert parse_past_date("2020-01-01", WEDNESDAY) == date(2020, 1, 1)


@pytest.mark.parametrize("text", ["tomorrow", "2026-07-16", "fri"])
def test_a_fact_after_today_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"is after today \(2026-07-15\)"):
        parse_past_date(text, WEDNESDAY)


@pytest.mark.parametrize("text", ["today", "2026-7-1", " 2026-07-01"])
def test_an_iso_date_is_nothing_else(text: str) -> None:
    with pytest.raises(UsageError):
        parse_iso_date(text)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2000, 1, 31), 1, date(2000, 2, 29)),  # divisible by 400
        (date(2100, 1, 31), 1, date(2100, 2, 28)),  # divisible by 100 only
        (date(2026, 1, 31), 2, date(2026, 3, 31)),
        (date(2026, 1, 31), 3, date(2026, 4, 30)),
        (date(2026, 11, 30), 1, date(2026, 12, 30)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 1, 15), -1, date(2025, 12, 15)),
        (date(2026, 1, 15), 0, date(2026, 1, 15)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
    ],
)
def test_months_are_clamped_to_the_end_of_a_shorter_month(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


def test_months_beyond_the_calendar_are_refused() -> None:
    with pytest.raises(UsageError, match="too far"):
        add_months(date(9999, 12, 1), 1)
    with pytest.raises(UsageError, match="too far"):
        add_months(date(1, 1, 1), -1)


def test_days_beyond_the_calendar_are_refused() -> None:
    with pytest.raises(UsageError, match="too far"):
        add_days(date(9999, 12, 31), 1)


@given(DAYS, st.integers(-600, 600))
def test_months_land_in_the_month_asked_for(day: date, months: int) -> None:
    later = add_months(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day == day.day or (later.day < day.day and (later + timedelta(days=1)).day == 1)


@pytest.mark.parametrize(
    ("day", "day_of_month", "expected"),
    [
        (date(2026, 1, 10), 10, date(2026, 1, 10)),
        (date(2026, 1, 11), 10, date(2026, 2, 10)),
        (date(2026, 1, 30), 31, date(2026, 1, 31)),
        (date(2026, 1, 31), 30, date(2026, 2, 28)),
        (date(2026, 2, 28), 31, date(2026, 2, 28)),
        (date(2026, 12, 20), 5, date(2027, 1, 5)),
    ],
)
def test_the_first_such_day_of_a_month_counts_today_and_is_clamped(
    day: date, day_of_month: int, expected: date
) -> None:
    assert day_on_or_after(day, day_of_month) == expected


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("", ()),
        ("  ", ()),
        ("+30d", (Step("d", 30),)),
        ("+2w+1m", (Step("w", 2), Step("m", 1))),
        ("eom+1d@10", (Step("eom"), Step("d", 1), Step("@", 10))),
        (" + 30 D  EOM @ 5 ", (Step("d", 30), Step("eom"), Step("@", 5))),
        ("+30deom", (Step("d", 30), Step("eom"))),
        ("+9999d", (Step("d", 9999),)),
    ],
)
def test_steps_are_read_with_or_without_blanks(text: str, steps: tuple[Step, ...]) -> None:
    assert parse_steps(text) == steps


@pytest.mark.parametrize("text", ["30d", "-3d", "+3", "+3y", "+12345d", "eon", "@", "+3d,", "x", "+٣d", "+"])
def test_what_is_no_offset_is_refused_with_the_piece(text: str) -> None:
    with pytest.raises(UsageError, match="is not an offset"):
        parse_steps(text)


def test_the_first_bad_piece_is_quoted() -> None:
    with pytest.raises(UsageError, match="'foo \\+1m' is not an offset"):
        parse_steps("+3d foo +1m")


@pytest.mark.parametrize("text", ["@0", "@32", "@99"])
def test_a_month_has_31_days_at_most(text: str) -> None:
    with pytest.raises(UsageError, match="is not a day of the month"):
        parse_steps(text)


@pytest.mark.parametrize("text", ["+30d eom+1d@10", "@15+2m+30d", "eom", "", "+1w@31 eom"])
def test_steps_are_written_in_one_way(text: str) -> None:
    assert format_steps(parse_steps(text)) == text


@given(STEPS)
def test_written_steps_read_back_as_themselves(steps: list[Step]) -> None:
    assert parse_steps(format_steps(steps)) == tuple(steps)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("", date(2026, 1, 31)),
        ("+1m", date(2026, 2, 28)),
        (
            "+1m+1m",
            date(2026, 3, 28),
        ),  # from left to right: the clamped 28th is where the second month begins
        ("+2m", date(2026, 3, 31)),
        ("+1d eom", date(2026, 2, 28)),
        ("+30d eom+1d@10", date(2026, 4, 10)),  # 2 March, 31 March, 1 April, 10 April
        ("@15", date(2026, 2, 15)),
        ("@31", date(2026, 1, 31)),
        ("+2w", date(2026, 2, 14)),
        ("+4m eom", date(2026, 5, 31)),
    ],
)
def test_steps_are_taken_from_left_to_right(steps: str, expected: date) -> None:
    assert apply_steps(date(2026, 1, 31), parse_steps(steps)) == expected


def test_steps_beyond_the_calendar_are_refused() -> None:
    with pytest.raises(UsageError, match="too far"):
        apply_steps(date(2026, 1, 1), parse_steps("+9999m" * 10))


@pytest.mark.parametrize("steps", ["eom", "@31"])
def test_the_last_day_of_the_calendar_has_an_end_of_month(steps: str) -> None:
    assert apply_steps(date(9999, 12, 5), parse_steps(steps)) == date(9999, 12, 31)


@given(DAYS, STEPS)
def test_steps_never_lead_back(day: date, steps: list[Step]) -> None:
    assert apply_steps(day, steps) >= day
