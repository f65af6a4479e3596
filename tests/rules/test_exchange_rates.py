"""Amounts in another currency, at the rate of their day."""

from __future__ import annotations

import pytest

from ltc_cli.rules.exchange_rates import Exchange, Rate, Rates, convert, exchange, format_rate, parse_rate

MICRO = 1_000_000


@pytest.mark.parametrize(
    ("amount_minor", "currency", "base", "base_micro", "currency_micro", "expected_minor"),
    [
        (1_000, "USD", "IDR", 14_000 * MICRO, MICRO, 14_000_000),  # 10.00 at 14,000 = 140,000.00
        (10_000, "USD", "EUR", MICRO, 1_082_300, 9_240),  # 100 / 1.0823 = 92.3958…
        (10_000, "USD", "CNY", 7_823_100, 1_082_300, 72_282),  # 100 × 7.8231 / 1.0823 = 722.8217…
        (1_000, "JPY", "EUR", MICRO, 162_050_000, 617),  # 1000 / 162.05 = 6.1709…
        (1_000, "KWD", "EUR", 3_000_000, MICRO, 300),  # 1.000 × 3 = 3.00
        (-10_000, "USD", "EUR", MICRO, 1_082_300, -9_240),
        (1, "EUR", "JPY", 150 * MICRO, MICRO, 2),  # 0.01 × 150 = 1.5, half up
    ],
)
def test_convert(
    amount_minor: int, currency: str, base: str, base_micro: int, currency_micro: int, expected_minor: int
) -> None:
    assert convert(amount_minor, currency, base, Rate("2026-01-01", base_micro, currency_micro)) == expected_minor


def test_the_newest_rate_of_the_day_counts() -> None:
    first, again, later = (
        Rate(day, micro, MICRO) for day, micro in (("2026-01-05", 1), ("2026-01-05", 2), ("2026-02-01", 3))
    )
    rates = Rates("EUR", [("USD", first), ("USD", again), ("USD", later)])
    assert rates.on("USD", "2026-01-04") is None
    assert rates.on("USD", "2026-01-05") == again
    assert rates.on("USD", "2026-01-31") == again
    assert rates.on("USD", "2026-02-01") == later
    assert rates.on("CHF", "2026-02-01") is None


def test_without_a_rate_nothing_is_known() -> None:
    rates = Rates("EUR", [])
    assert rates.in_base(100, "USD", "2026-01-01") is None
    assert rates.in_base(100, "EUR", "2026-01-01") == 100
    assert rates.in_base(0, "USD", "2026-01-01") == 0


def test_two_currencies_are_crossed_through_the_base() -> None:
    """1 GBP = 1.15 EUR, 1 USD = 0.92 EUR: 100 GBP are 125 USD."""
    pounds, dollars = Rate("2026-01-01", 1_150_000, MICRO), Rate("2026-01-01", 920_000, MICRO)
    assert exchange("GBP", pounds, "USD", dollars).into(10_000) == 12_500
    assert exchange("USD", dollars, "GBP", pounds).back(10_000) == 12_500


def test_currencies_of_other_digits() -> None:
    """1 JPY = 0.0062 EUR, 1 KWD = 3.1 EUR: 10,000 JPY are 20.000 KWD."""
    yen, dinars = Rate("2026-01-01", 6_200, MICRO), Rate("2026-01-01", 3_100_000, MICRO)
    assert exchange("JPY", yen, "KWD", dinars).into(10_000) == 20_000


@pytest.mark.parametrize(
    ("amount_minor", "expected"),
    [(10_868, False), (10_869, True), (10_870, True), (10_871, False)],  # 99.9856, 99.9948, 100.0040, 100.0132
)
def test_less_than_a_minor_unit_between(amount_minor: int, *, expected: bool) -> None:
    """At 0.92 a cent of a dollar is 0.0092 EUR; 100.00 EUR are open."""
    assert Exchange(100, 92).is_all(amount_minor, 10_000) is expected


def test_a_rate_reads_back_as_it_was_written() -> None:
    rate = Rate("2026-01-01", MICRO, 1_082_300)
    assert format_rate(rate, "EUR") == "1000000/1082300 EUR"
    assert parse_rate("1000000/1082300 EUR", "2026-01-01") == (rate, "EUR")
