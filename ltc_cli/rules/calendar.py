"""Days as people type them, and the offsets that terms add to a day."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from ltc_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NAMED_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}

ISO_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
RELATIVE_DATE = r"([+-][0-9]{1,4})([dwm])"
ONE_STEP = r"(?ai)\s*(?:\+\s*(?P<number>\d{1,4})\s*(?P<unit>[dwm])|(?P<eom>eom)|@\s*(?P<day>\d{1,2}))\s*"

DATE_HINT = "write it like 2026-12-31, today, +30d or fri"
STEPS_HINT = "offsets are +30d, +2w, +1m, eom and @15"

Unit = Literal["d", "w", "m"]
UNITS: dict[str, Unit] = {"d": "d", "w": "w", "m": "m"}


class Step(NamedTuple):
    """One offset: a number of days, weeks or months; the end of the month; or (`@`) a day of the month."""

    kind: Literal["d", "w", "m", "eom", "@"]
    number: int = 0


def parse_date(text: str, today: date) -> date:
    """`2026-12-31`, `today`, `tomorrow`, `+30d`, `-3d`, `+2w`, `+1m`, `fri` (today, if it is one).

    UsageError for anything else, and for a day that does not exist.
    """
    typed = text.strip().lower()
    if re.fullmatch(ISO_DATE, typed):
        return parse_iso_date(typed)
    if typed in NAMED_DAYS:
        return add_days(today, NAMED_DAYS[typed])
    for weekday, name in enumerate(WEEKDAYS):
        if typed in (name, name[:3]):
            return add_days(today, (weekday - today.weekday()) % 7)
    return _parse_relative_date(typed, today)


def parse_past_date(text: str, today: date) -> date:
    """The day of a fact: as `parse_date`, UsageError when it is after today."""
    day = parse_date(text, today)
    if day > today:
        raise UsageError(f"{day} is after today ({today})", "a fact has happened: give its day, or none for today")
    return day


@lru_cache(maxsize=1024)
def parse_iso_date(text: str) -> date:
    """`2026-12-31` alone; UsageError for anything else, and for a day that does not exist."""
    if not re.fullmatch(ISO_DATE, text):
        raise UsageError(f"{text!r:.60} is not a date", "write it like 2026-12-31")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"the day {text} does not exist", "write it like 2026-12-31") from None


def parse_month(text: str) -> tuple[date, date]:
    """`2026-10`: its first and its last day. Raises UsageError for anything else."""
    typed = text.strip()
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}", typed):
        raise UsageError(f"{typed!r:.60} is not a month", "write it like 2026-10")
    try:
        first = date.fromisoformat(f"{typed}-01")
    except ValueError:
        raise UsageError(f"the month {typed} does not exist", "write it like 2026-10") from None
    return first, same_month_on(first, 31)


def add_days(day: date, days: int) -> date:
    """UsageError when the calendar has no such day."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        raise _beyond_calendar(day) from None


def add_months(day: date, months: int) -> date:
    """The same day that many months later, or the last of a shorter month; UsageError beyond the calendar."""
    if not months:
        return day
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if not date.min.year <= year <= date.max.year:
        raise _beyond_calendar(day)
    return _day_of_month(year, month + 1, day.day)


def day_on_or_after(day: date, day_of_month: int) -> date:
    """The first such day of a month on or after the day; a shorter month's last day stands for it."""
    this_month = _day_of_month(day.year, day.month, day_of_month)
    if this_month >= day:
        return this_month
    return same_month_on(add_months(day, 1), day_of_month)


def same_month_on(day: date, day_of_month: int) -> date:
    """That day of the day's month, or the last of a shorter month."""
    return _day_of_month(day.year, day.month, day_of_month)


def parse_steps(text: str) -> tuple[Step, ...]:
    """A row of `+Nd +Nw +Nm eom @D`, with or without blanks; UsageError for anything else."""
    steps, at = [], 0
    while at < len(text.rstrip()):
        match = re.compile(ONE_STEP).match(text, at)
        if not match:
            raise UsageError(f"{text[at:].strip()!r:.60} is not an offset", STEPS_HINT)
        steps.append(_step_of(match))
        at = match.end()
    return tuple(steps)


def format_steps(steps: Sequence[Step]) -> str:
    """The row in one canonical way: `+30d eom+1d@10`."""
    return "".join(_format_step(step) for step in steps).strip()


def apply_steps(day: date, steps: Sequence[Step]) -> date:
    """The steps from left to right; UsageError when they lead beyond the calendar."""
    for step in steps:
        day = _apply_step(day, step)
    return day


def _parse_relative_date(typed: str, today: date) -> date:
    match = re.fullmatch(RELATIVE_DATE, typed)
    if not match:
        raise UsageError(f"{typed!r:.60} is not a date", DATE_HINT)
    return _add(today, int(match[1]), UNITS[match[2]])


def _step_of(match: re.Match[str]) -> Step:
    if match["eom"]:
        return Step("eom")
    if match["number"]:
        return Step(UNITS[match["unit"].lower()], int(match["number"]))
    if not 1 <= int(match["day"]) <= 31:
        raise UsageError(f"'@{match['day']}' is not a day of the month", STEPS_HINT)
    return Step("@", int(match["day"]))


def _format_step(step: Step) -> str:
    if step.kind == "eom":
        return " eom"
    return f"@{step.number}" if step.kind == "@" else f"+{step.number}{step.kind}"


def _apply_step(day: date, step: Step) -> date:
    if step.kind == "eom":
        return same_month_on(day, 31)
    if step.kind == "@":
        return day_on_or_after(day, step.number)
    return _add(day, step.number, step.kind)


def _add(day: date, number: int, unit: Unit) -> date:
    if unit == "m":
        return add_months(day, number)
    return add_days(day, number * 7 if unit == "w" else number)


def _day_of_month(year: int, month: int, day_of_month: int) -> date:
    return date(year, month, min(day_of_month, _days_in(year, month)))


def _days_in(year: int, month: int) -> int:
    if month == 2:
        is_leap_year = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        return 29 if is_leap_year else 28
    return 30 if month in (4, 6, 9, 11) else 31


def _beyond_calendar(day: date) -> UsageError:
    return UsageError(f"that is too far from {day}", f"days run from {date.min} to {date.max}")
