"""Dates and numbers of other programs: read value by value, decided column by column."""

from __future__ import annotations

import pytest

from ltc_cli.errors import UsageError
from ltc_cli.rules.foreign import DayOrders, Marks, read_amount, read_day

# Each day as its program writes it.
CLEAR = [
    ("2018.02.01", "2018-02-01"),
    ("2018-02-26 19:58:11", "2018-02-26"),
    ("2021/4/5 9:07", "2021-04-05"),
    ("15 Apr, 2021 00:03:00", "2021-04-15"),
    ("14 May 2026", "2026-05-14"),
    ("2021-04-15T00:03:00.250+02:00", "2021-04-15"),
    ("2021-04-15T23:59:59Z", "2021-04-15"),
    ("Apr 15, 2021 3:04 PM", "2021-04-15"),
    ("Thu, 15 Apr 2021 00:03:00 GMT", "2021-04-15"),
    ("April 1st, 2021", "2021-04-01"),
    ("01-Jan-99", "1999-01-01"),
    ("2021年4月15日", "2021-04-15"),
    ("20210415", "2021-04-15"),
    ("0", None),
    ("45000", "2023-03-15"),
    ("1618444800", "2021-04-15"),
    ("1618444800000", "2021-04-15"),
]


@pytest.mark.parametrize(("text", "day"), CLEAR)
def test_what_is_clear_by_itself(text: str, day: str | None) -> None:
    if day is None:
        with pytest.raises(UsageError):
            read_day(text, "ymd")
    else:
        assert read_day(text, "ymd") == read_day(text, "dmy") == read_day(text, "mdy") == day


@pytest.mark.parametrize(
    ("text", "day_first", "month_first"),
    [
        ("03/04/2021", "2021-04-03", "2021-03-04"),
        ("3.4.21", "2021-04-03", "2021-03-04"),
        ("3-4-2021 10:00 AM", "2021-04-03", "2021-03-04"),
    ],
)
def test_what_depends_on_the_order(text: str, day_first: str, month_first: str) -> None:
    assert read_day(text, "dmy") == day_first
    assert read_day(text, "mdy") == month_first
    with pytest.raises(UsageError):
        read_day(text, "ymd")


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2021-02-30", "31/04/2021", "13/13/2021", "2021-13-01", "1/2", "٢٠٢١-٠١-٠١", "0000-01-01", "x" * 999],
)
def test_what_is_no_day(text: str) -> None:
    with pytest.raises(UsageError):
        read_day(text, "dmy")


@pytest.mark.parametrize(
    ("texts", "verdict"),
    [
        (["2021-04-15", "15 Apr 2021"], "ymd"),
        (["03/04/2021", "25/04/2021"], "dmy"),
        (["03/04/2021", "04/25/2021"], "mdy"),
        (["03/04/2021", "05/06/2021"], None),
        (["05/05/2021", "06/06/2021"], "dmy"),
        (["25/04/2021", "04/25/2021"], None),
        (["25/04/2021"] * 10 + ["04/25/2021"], "dmy"),
        ([], "ymd"),
        (["31/31/2021", "03/04/2021"], None),
    ],
)
def test_the_order_of_a_column(texts: list[str], verdict: str | None) -> None:
    orders = DayOrders()
    orders.add(texts)
    assert orders.verdict() == verdict


@pytest.mark.parametrize(
    ("text", "mark", "minor", "currency"),
    [
        ("$22,700.00", "point", 2_270_000, "USD"),
        ("1.234,50 €", "comma", 123_450, "EUR"),
        ("EUR 12", "point", 1_200, "EUR"),
        ("0.0", "point", 0, "EUR"),
        ("Rp150,000", "point", 15_000_000, "IDR"),
        ("¥3,600", "point", 360_000, "CNY"),
        ("1 234,5", "comma", 123_450, "EUR"),
        ("1'234.50 CHF", "point", 123_450, "CHF"),
        ("12,34,567", "point", 123_456_700, "EUR"),
        ("3600 JPY", "point", 3_600, "JPY"),
        ("1.500000", "point", 150, "EUR"),
    ],
)
def test_amounts(text: str, mark: str, minor: int, currency: str) -> None:
    assert read_amount(text, mark, None, "EUR") == (minor, currency)  # type: ignore[arg-type]


def test_a_shared_sign_is_the_company_s_own() -> None:
    assert read_amount("$5", "point", None, "CAD") == (500, "CAD")
    assert read_amount("¥5", "point", None, "JPY") == (5, "JPY")


@pytest.mark.parametrize("text", ["", "-5", "1e5", "١٢", "NaN", "5 quatloos", "1,2,3", "12.345", "9" * 30, "1 2 x 3"])
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(UsageError):
        read_amount(text, "point", None, "EUR")


@pytest.mark.parametrize(
    ("texts", "verdict"),
    [
        (["$22,700.00"], "point"),
        (["1.234,50 €"], "comma"),
        (["12", "1300"], "point"),
        (["22,700", "9,300"], None),
        (["22,700", "1,234,567"], "point"),
        (["12,5"], "comma"),
        (["0.125"], "point"),
        (["1.234"], None),
        (["1,234.50", "1.234,50"], None),
    ],
)
def test_the_mark_of_a_column(texts: list[str], verdict: str | None) -> None:
    marks = Marks()
    marks.add(texts)
    assert marks.verdict() == verdict
