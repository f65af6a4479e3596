"""Exchange rates: what a currency was worth on a day, as a ratio of integers, so that nothing is lost on the way."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from ltc_cli.rules.money import digits, format_decimal, round_ratio

if TYPE_CHECKING:
    from collections.abc import Iterable


class Rate(NamedTuple):
    """`base_micro` millionths of the base currency are worth `currency_micro` millionths of the other."""

    rate_on: str
    base_micro: int
    currency_micro: int


def convert(amount_minor: int, currency: str, base: str, rate: Rate) -> int:
    """Minor units of the base currency, rounded half up: 10.00 USD at 14,000 IDR are 140,000.00 IDR."""
    return round_ratio(
        amount_minor * rate.base_micro * 10 ** digits(base), rate.currency_micro * 10 ** digits(currency)
    )


class Exchange(NamedTuple):
    """So many minor units of one currency are worth so many of another: exact, nothing is rounded on the way."""

    from_minor: int
    to_minor: int

    def into(self, amount_minor: int) -> int:
        """Minor units of the other currency, rounded half up."""
        return round_ratio(amount_minor * self.to_minor, self.from_minor)

    def back(self, amount_minor: int) -> int:
        """Minor units of the one currency, rounded half up."""
        return round_ratio(amount_minor * self.from_minor, self.to_minor)

    def is_all(self, amount_minor: int, open_minor: int) -> bool:
        """Whether the amount and what is open differ by less than one minor unit of the amount's currency."""
        return abs(amount_minor * self.to_minor - open_minor * self.from_minor) < self.to_minor


def exchange(currency: str, rate: Rate, into: str, into_rate: Rate) -> Exchange:
    """One currency into another through the base currency, of which both rates are."""
    return Exchange(
        rate.currency_micro * into_rate.base_micro * 10 ** digits(currency),
        rate.base_micro * into_rate.currency_micro * 10 ** digits(into),
    )


def format_rate(rate: Rate, base: str) -> str:
    """A rate as it stands in the file: `920000/1000000 EUR`."""
    return f"{rate.base_micro}/{rate.currency_micro} {base}"


def format_number(rate: Rate) -> str:
    """What one of the currency is worth in the base, with 6 decimals, with 12 below a thousandth: `0.000057142857`."""
    decimals = 6 if rate.base_micro * 1000 >= rate.currency_micro else 12
    return format_decimal(round_ratio(rate.base_micro * 10**decimals, rate.currency_micro), decimals)


def parse_rate(text: str, rate_on: str) -> tuple[Rate, str]:
    """The rate that `format_rate` wrote, and its base currency."""
    ratio, _, base = text.partition(" ")
    base_micro, _, currency_micro = ratio.partition("/")
    return Rate(rate_on, int(base_micro), int(currency_micro)), base


class Rates:
    """All rates into one base currency."""

    def __init__(self, base: str, rates: Iterable[tuple[str, Rate]]) -> None:
        """`rates` by currency, in the order of their days; of several of a day the last one counts."""
        self.base = base
        self.by_currency: dict[str, list[Rate]] = {}
        for currency, rate in rates:
            self.by_currency.setdefault(currency, []).append(rate)

    def on(self, currency: str, day: str) -> Rate | None:
        """The newest rate that was known on the ISO day; None where there is none, never 1."""
        known = self.by_currency.get(currency, [])
        at = bisect_right(known, day, key=lambda rate: rate.rate_on)
        return known[at - 1] if at else None

    def in_base(self, amount_minor: int, currency: str, day: str) -> int | None:
        """The amount in minor units of the base; None where no rate is known on that day."""
        if currency == self.base or amount_minor == 0:
            return amount_minor
        rate = self.on(currency, day)
        return convert(amount_minor, currency, self.base, rate) if rate else None
