"""Days on which people work, by country.

Public holidays come from the library `holidays`, China's working Saturdays and Sundays from `chinesecalendar`. For a
country that they do not know Monday to Friday are business days.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any

LONGEST_BREAK = 60
"""Days that are looked through for the next business day; no country closes for longer."""
SATURDAY = 5
FIVE_DAY_WEEKS = ("HK",)
"""Where offices are closed on Saturdays though the library has Sunday alone for the weekend: in Hong Kong the
government since 1 July 2006 (press release of 8 May 2006), the banks' clearing since 4 September 2006 (HKAB)."""


def next_business_day(day: date, country: str | None) -> date:
    """The day itself where people work in the country (ISO 3166, two letters), else the next one on which they do."""
    for days in range(LONGEST_BREAK):
        found = date.fromordinal(min(day.toordinal() + days, date.max.toordinal()))
        if is_business_day(found, country):
            return found
    return day


def is_business_day(day: date, country: str | None) -> bool:
    """Whether people work on this day; without a country: from Monday to Friday."""
    if country == "CN" and (told := _told_by_china(day)) is not None:
        return told
    calendar = _calendar(country) if country else None
    if calendar is None or (country in FIVE_DAY_WEEKS and day.weekday() >= SATURDAY):
        return day.weekday() < SATURDAY
    return bool(calendar.is_working_day(day))


def _told_by_china(day: date) -> bool | None:
    """What the State Council has published for the day; None for a year it has not published yet."""
    import chinese_calendar

    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None


@cache
def _calendar(country: str) -> Any:
    import holidays

    try:
        return holidays.country_holidays(country)
    except NotImplementedError:
        return None


def days_after(day: date, days: int) -> date:
    """The day so many days later; the last one there is where that would be beyond the calendar."""
    return min(day, date.max - timedelta(days)) + timedelta(days)
