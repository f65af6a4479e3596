"""Money as integers: reading it as people type it, writing it, rounding it, splitting it.

Amounts are minor units of an ISO 4217 currency, quantities and unit prices are micro (millionths), rates
are ppm. Patterns are given to `re` as text, so that start-up pays for none that a command does not use.
"""

from __future__ import annotations

import re
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from ltc_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

MICRO = 1_000_000
PPM = 1_000_000

MAX_WHOLE_DIGITS = 13
# SQLite keeps integers in 64 bits: any number of 18 digits fits, not every one of 19.
MAX_STORED_DIGITS = 18

# ISO 4217, list one of January 2026, without the metals and units of account that have no minor unit.
CODES_OF_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE "
    "CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD "
    "HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK "
    "MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD "
    "RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH "
    "USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
CURRENCIES = {code: digits for digits, codes in CODES_OF_DIGITS.items() for code in codes.split()}

PLAIN = r"([0-9]+)(?:\.([0-9]+))?"
ONE_SEPARATOR = r"([0-9]+)(?:[.,]([0-9]+))?"
COMMA_THOUSANDS = r"([0-9]{1,3}(?:,[0-9]{3})+)(?:\.([0-9]+))?"
POINT_THOUSANDS = r"([0-9]{1,3}(?:\.[0-9]{3})+)(?:,([0-9]+))?"


def digits(currency: str) -> int:
    """How many decimals the currency has; UsageError for a code that is not in ISO 4217."""
    try:
        return CURRENCIES[currency]
    except KeyError:
        raise UsageError(
            f"{currency!r:.60} is not an ISO 4217 currency", "write a code such as EUR, USD or CNY"
        ) from None


def parse_currency(text: str) -> str:
    """`eur` as `EUR`; UsageError for a code that is not in ISO 4217."""
    code = text.strip().upper()
    digits(code)
    return code


def parse_amount(text: str, currency: str) -> int:
    """An amount as people type it, in minor units: `1200`, `1,200.50`, `1.200,50`, `12,5`.

    UsageError for anything else, and for one separator before exactly three digits, which may mean either.
    """
    typed = text.strip()
    match = (
        re.fullmatch(ONE_SEPARATOR, typed)
        or re.fullmatch(COMMA_THOUSANDS, typed)
        or re.fullmatch(POINT_THOUSANDS, typed)
    )
    if not match:
        raise UsageError(f"{typed!r:.60} is not an amount", "write it like 1200, 1,200.50 or 1.200,50")
    is_grouped = not match[1].isdigit()
    whole, decimals = _without_leading_zeros(re.sub("[.,]", "", match[1])), match[2] or ""
    _refuse_too_large(typed, whole, digits(currency))
    if len(decimals) == 3 and not is_grouped:
        raise UsageError(f"{typed!r:.60} is ambiguous", _both_readings(whole, decimals, digits(currency)))
    return _scaled(typed, whole, decimals, digits(currency))


def parse_plain_amount(text: str, currency: str) -> int:
    """An amount as `format_amount` writes it, in minor units: the point alone, no thousands separators."""
    return _parse_plain(text, digits(currency), "an amount", "1200 or 1200.50")


def parse_money(text: str, currency: str | None = None, default: str = "EUR") -> tuple[int, str]:
    """Minor units and currency of `1200`, `EUR 1200`, `1200 EUR`; UsageError for two currencies."""
    typed = text.strip()
    match = re.fullmatch("([A-Za-z]*)([^A-Za-z]+)([A-Za-z]*)", typed)
    if not match:
        raise UsageError(f"{typed!r:.60} is not an amount", "write it like 1200 or EUR 1200")
    before, amount, after = match.groups()
    named = sorted({code.strip().upper() for code in (before, after, currency or "") if code.strip()})
    if len(named) > 1:
        raise UsageError(f"{typed!r:.60} cannot be in {' and '.join(named)} at once", "name one currency")
    code = parse_currency(named[0] if named else default)
    return parse_amount(amount, code), code


def format_amount(minor: int, currency: str) -> str:
    """Minor units as a plain decimal string with exactly the currency's digits: `-0.05`, JPY `3600`."""
    return _format_scaled(minor, digits(currency))


def grouped(amount: str) -> str:
    """A plain decimal string as English and Chinese letters write it: `-1234.50` as `-1,234.50`."""
    whole, point, decimals = amount.partition(".")
    sign = "-" if whole.startswith("-") else ""
    return f"{sign}{int(whole.removeprefix('-')):,}{point}{decimals}"


def parse_quantity(text: str) -> int:
    """A quantity above zero, in micro: the point alone, up to 6 decimals."""
    micro = _parse_plain(text, 6, "a quantity", "2 or 0.333")
    if micro == 0:
        raise UsageError("a quantity must be more than 0", "write it like 2 or 0.333")
    return micro


def parse_price(text: str) -> int:
    """A unit price of zero or more, in micro: the point alone, up to 6 decimals."""
    return _parse_plain(text, 6, "a unit price", "12.50 or 0.0042")


def format_micro(micro: int) -> str:
    """Micro without trailing zeros: `2`, `0.333`."""
    return format_decimal(micro, 6)


def format_price(micro: int, currency: str) -> str:
    """A unit price with at least the currency's decimals: `1234.50`, `0.333`."""
    whole, _, decimals = format_micro(micro).partition(".")
    return ".".join(filter(None, (whole, decimals.ljust(digits(currency), "0"))))


def format_decimal(scaled: int, decimals: int) -> str:
    """A number that was scaled by so many decimals, without trailing zeros."""
    return _without_trailing_zeros(_format_scaled(scaled, decimals))


def parse_percent(text: str) -> int:
    """`12.5%` in ppm (125000): from 0 to 100 with up to 4 decimals."""
    typed = text.strip()
    if not typed.endswith("%"):
        raise UsageError(f"{typed!r:.60} is not a percentage", "write it like 30% or 12.5%")
    ppm = _parse_plain(typed[:-1], 4, "a percentage", "30% or 12.5%")
    if ppm > PPM:
        raise UsageError(f"{typed!r:.60} is more than 100%", "write it like 30% or 12.5%")
    return ppm


def format_percent(ppm: int) -> str:
    """Ppm as a percentage without trailing zeros: `30%`, `12.5%`."""
    return _without_trailing_zeros(_format_scaled(ppm, 4)) + "%"


def round_ratio(numerator: int, denominator: int) -> int:
    """The quotient rounded half up, away from zero."""
    dividend, divisor = abs(numerator), abs(denominator)
    rounded = (2 * dividend + divisor) // (2 * divisor)
    return rounded if (numerator < 0) == (denominator < 0) else -rounded


def gross_of_line(quantity_micro: int, price_micro: int, digits: int) -> int:
    """Quantity times unit price, rounded to minor units; UsageError when no amount may be that large."""
    gross_minor = round_ratio(quantity_micro * price_micro * 10**digits, MICRO * MICRO)
    if abs(gross_minor) >= 10 ** (MAX_WHOLE_DIGITS + digits):
        raise UsageError(
            f"{format_micro(quantity_micro)} at {format_micro(price_micro)} is too large",
            f"an amount has at most {MAX_WHOLE_DIGITS} digits before the decimals",
        )
    return gross_minor


def line_net(quantity_micro: int, price_micro: int, discount_minor: int, digits: int) -> int:
    """Net of a line in minor units: quantity times unit price, less its discount."""
    return gross_of_line(quantity_micro, price_micro, digits) - discount_minor


def round_to_step(minor: int, step_minor: int) -> int:
    """The multiple of the step that is nearest, half up: 1002 and 5 give 1000, 1003 gives 1005."""
    return round_ratio(minor, step_minor) * step_minor


def split(whole: int, weights: Sequence[int]) -> list[int]:
    """Parts of the whole in proportion to one or more weights; all weights zero: everything on the last.

    Part k is the rounded share up to k less the parts before, so they always sum to the whole, and none
    has the opposite sign.
    """
    assert weights, "an amount cannot be split over nothing"
    total = sum(weights)
    if total == 0:
        weights, total = [0] * (len(weights) - 1) + [1], 1
    shares_up_to = [round_ratio(whole * weight, total) for weight in accumulate(weights, initial=0)]
    return [after - before for before, after in pairwise(shares_up_to)]


def _both_readings(whole: str, decimals: str, decimal_digits: int) -> str:
    """What an ambiguous amount may mean, written so that it is clear: `1.234 KWD` as `0,001.234`."""
    thousands = int(whole + decimals)
    if decimal_digits == 0:
        return f"write {thousands}"
    if decimal_digits < 3:
        return f"write {thousands} or {whole}.{decimals[:decimal_digits]}"
    return f"write {thousands} or {int(whole):05,}.{decimals}"


def _parse_plain(text: str, decimals: int, what: str, example: str) -> int:
    typed = text.strip()
    match = re.fullmatch(PLAIN, typed)
    if not match:
        raise UsageError(f"{typed!r:.60} is not {what}", f"write it like {example}")
    whole = _without_leading_zeros(match[1])
    _refuse_too_large(typed, whole, decimals)
    return _scaled(typed, whole, match[2] or "", decimals)


def _refuse_too_large(typed: str, whole: str, decimals: int) -> None:
    limit = min(MAX_WHOLE_DIGITS, MAX_STORED_DIGITS - decimals)
    if len(whole) > limit:
        raise UsageError(f"{typed!r:.60} is too large", f"write at most {limit} digits before the decimals")


def _scaled(typed: str, whole: str, fraction: str, decimals: int) -> int:
    """`12` and `5` with 2 decimals: 1250."""
    if len(fraction) > decimals:
        raise UsageError(f"{typed!r:.60} has too many decimals", f"write it with at most {decimals}")
    return int(whole + fraction.ljust(decimals, "0"))


def _format_scaled(scaled: int, decimals: int) -> str:
    if not decimals:
        return str(scaled)
    padded = str(scaled).zfill(decimals + 1 + (scaled < 0))
    return f"{padded[:-decimals]}.{padded[-decimals:]}"


def _without_leading_zeros(whole: str) -> str:
    """Python refuses to read thousands of digits, leading zeros counted."""
    return whole.lstrip("0") or "0"


def _without_trailing_zeros(text: str) -> str:
    return text.rstrip("0").rstrip(".")
