"""Money, tax and days worked out a second time, with fractions and the standard calendar.

Nothing here knows `ltc_cli.rules`: the app's integers must come to the same.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DIGITS = {"EUR": 2, "USD": 2, "JPY": 0, "KWD": 3, "CHF": 2}
CASH = {"CHF": Fraction(5, 100)}
"""What is payable is a multiple of this."""


def smallest(currency: str) -> Fraction:
    """A cent, a yen, a fils."""
    return Fraction(1, 10 ** DIGITS[currency])


def rounded(amount: Fraction, currency: str) -> Fraction:
    """Half up, away from zero."""
    units = int(abs(amount) / smallest(currency) + Fraction(1, 2))
    return units * smallest(currency) * (1 if amount >= 0 else -1)


def in_cash(amount: Fraction, currency: str) -> Fraction:
    """What is payable of it: half up to the smallest coin."""
    coin = CASH.get(currency, smallest(currency))
    return int(amount / coin + Fraction(1, 2)) * coin


def parts(whole: Fraction, weights: Sequence[Fraction], currency: str) -> list[Fraction]:
    """The rounded share up to each part, less the parts before it."""
    total = sum(weights)
    reached = [rounded(whole * weight / total, currency) if total else whole for weight in accumulate(weights)]
    return [after - before for before, after in pairwise([Fraction(0), *reached])]


def written(amount: Fraction, currency: str) -> str:
    """An amount as the app writes it: `3600.00`, JPY `3600`."""
    return f"{Decimal(int(amount / smallest(currency))).scaleb(-DIGITS[currency]):f}"


def plain(quantity: Fraction) -> str:
    """A quantity or a price without trailing zeros: `2`, `0.333`."""
    text = f"{Decimal(int(quantity * 10**6)).scaleb(-6):f}"
    return text.rstrip("0").rstrip(".")


# Tax


class TaxCode(NamedTuple):
    rate: Fraction
    is_inclusive: bool = False


TAX_CODES = {
    "Z": TaxCode(Fraction(0)),
    "S19": TaxCode(Fraction(19, 100)),
    "R7": TaxCode(Fraction(7, 100)),
    "I19": TaxCode(Fraction(19, 100), is_inclusive=True),
}


class Line(NamedTuple):
    text: str
    quantity: Fraction
    price: Fraction
    discount: Fraction
    tax: str

    def exact(self) -> Fraction:
        return self.quantity * self.price - self.discount

    def net(self, currency: str) -> Fraction:
        """In the basis of its code: with tax where that is inclusive."""
        return rounded(self.quantity * self.price, currency) - self.discount


class Totals(NamedTuple):
    net: Fraction
    total: Fraction
    taxes: dict[str, Fraction]
    """By code."""


def basis(lines: Iterable[Line], currency: str) -> Fraction:
    """What the shares of a contract sum to."""
    return sum((line.net(currency) for line in lines), Fraction(0))


def totals(lines: Sequence[Line], policy: str, currency: str) -> Totals:
    """What the lines come to under `document`, `line` or `unrounded`."""
    codes = dict.fromkeys(line.tax for line in lines)
    of_code = {code: [line for line in lines if line.tax == code] for code in codes}
    if policy == "unrounded":
        return _unrounded(of_code, currency)
    taxes = {code: _tax(mine, policy, currency) for code, mine in of_code.items()}
    included = sum(tax for code, tax in taxes.items() if TAX_CODES[code].is_inclusive)
    net = basis(lines, currency) - included
    return Totals(net, net + sum(taxes.values()), taxes)


def _tax(lines: Sequence[Line], policy: str, currency: str) -> Fraction:
    """Of the lines of one code: each rounded, or their sum."""
    amounts = [line.net(currency) for line in lines]
    taxed = amounts if policy == "line" else [sum(amounts, Fraction(0))]
    code = lines[0].tax
    return sum((rounded(_net_of(amount, code) * TAX_CODES[code].rate, currency) for amount in taxed), Fraction(0))


def _unrounded(of_code: dict[str, list[Line]], currency: str) -> Totals:
    """Net and total rounded once each; the tax is their difference, spread over the codes."""
    nets = {code: sum((_net_of(line.exact(), code) for line in mine), Fraction(0)) for code, mine in of_code.items()}
    taxes = {code: net * TAX_CODES[code].rate for code, net in nets.items()}
    net, total = (rounded(Fraction(sum(each)), currency) for each in (nets.values(), [*nets.values(), *taxes.values()]))
    spread = parts(total - net, list(taxes.values()), currency)
    return Totals(net, total, dict(zip(taxes, spread, strict=True)))


def _net_of(amount: Fraction, code: str) -> Fraction:
    return amount / (1 + TAX_CODES[code].rate) if TAX_CODES[code].is_inclusive else amount


# Days


def day_of_month(day: date, number: int) -> date:
    """That day of the same month, or the last of a shorter one."""
    return day.replace(day=min(number, calendar.monthrange(day.year, day.month)[1]))


def months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return day_of_month(date(day.year + years, month + 1, 1), day.day)


class Step(NamedTuple):
    """`+30d`, `+2w`, `+1m`, `eom`, `@15`: one offset of the terms."""

    kind: str
    number: int = 0

    def __str__(self) -> str:
        return {"eom": " eom", "@": f"@{self.number}"}.get(self.kind, f"+{self.number}{self.kind}")

    def after(self, day: date) -> date:
        if self.kind == "m":
            return months_later(day, self.number)
        if self.kind == "eom":
            return day_of_month(day, 31)
        if self.kind == "@":
            here = day_of_month(day, self.number)
            return here if here >= day else day_of_month(months_later(day.replace(day=1), 1), self.number)
        return day + timedelta(days=self.number * (7 if self.kind == "w" else 1))


def later(day: date, steps: Iterable[Step]) -> date:
    for step in steps:
        day = step.after(day)
    return day
