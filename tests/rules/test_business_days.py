"""Business days: weekends by hand, holidays by what each government has published."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import chinese_calendar
import pytest

from ltc_cli.rules import business_days
from ltc_cli.rules.business_days import days_after, is_business_day, next_business_day


@pytest.mark.parametrize("country", ["XX", None])
def test_where_no_country_is_known_monday_to_friday(country: str | None) -> None:
    """2026-06-15 is a Monday."""
    found = [is_business_day(date(2026, 6, day), country) for day in range(15, 22)]
    assert found == [True] * 5 + [False] * 2
    assert next_business_day(date(2026, 6, 19), country) == date(2026, 6, 19)
    assert next_business_day(date(2026, 6, 20), country) == date(2026, 6, 22)


@pytest.mark.parametrize(
    ("country", "day", "expected"),
    [
        ("DE", date(2026, 5, 1), date(2026, 5, 4)),  # Labour Day, a Friday
        ("DE", date(2026, 12, 24), date(2026, 12, 24)),  # no public holiday
        ("DE", date(2026, 12, 25), date(2026, 12, 28)),
        ("US", date(2026, 7, 3), date(2026, 7, 6)),  # the 4th is a Saturday: observed on Friday
        ("SA", date(2026, 6, 19), date(2026, 6, 21)),  # Friday and Saturday are the weekend
        ("HK", date(2026, 6, 20), date(2026, 6, 22)),  # a Saturday: offices are closed
        ("CN", date(2026, 10, 1), date(2026, 10, 8)),  # seven days of National Day
        ("CN", date(2026, 10, 10), date(2026, 10, 10)),  # a Saturday worked for them
        ("XX", date(2026, 12, 25), date(2026, 12, 25)),  # no such country is known: Monday to Friday
        (None, date(2026, 12, 25), date(2026, 12, 25)),
    ],
)
def test_holidays_of_the_country(country: str | None, day: date, expected: date) -> None:
    assert next_business_day(day, country) == expected


def test_a_year_that_china_has_not_published_is_that_of_the_general_calendar(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_day: date) -> bool:
        raise NotImplementedError

    calendar = SimpleNamespace(is_working_day=lambda day: day != date(2099, 10, 1))
    monkeypatch.setattr(chinese_calendar, "is_workday", unknown)
    monkeypatch.setattr(business_days, "_calendar", lambda _country: calendar)
    assert next_business_day(date(2099, 10, 1), "CN") == date(2099, 10, 2)


def test_the_calendar_has_a_last_day() -> None:
    assert days_after(date(9999, 12, 30), 9) == date.max
    assert days_after(date(2026, 6, 28), 3) == date(2026, 7, 1)
    assert next_business_day(date.max, None) in (date.max, date.max)
