"""Amounts in another currency, at the rate of their day."""

from __future__ import annotations

import pytest

from ltc_cli.rules.exchange_rates import Rate, Rates, convert

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
