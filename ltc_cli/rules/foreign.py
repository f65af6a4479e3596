"""Dates and numbers as other programs write them. Where a value may be read in two ways, its whole column decides."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from ltc_cli.errors import LtcError, UsageError
from ltc_cli.rules.money import MAX_STORED_DIGITS, MAX_WHOLE_DIGITS, digits, parse_currency

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DayOrder = Literal["ymd", "dmy", "mdy"]
Mark = Literal["point", "comma"]
"""What stands before the decimals."""

DAY_ORDERS: tuple[DayOrder, ...] = ("ymd", "dmy", "mdy")
MARKS: tuple[Mark, ...] = ("point", "comma")

MAJORITY = 10
"""How many times as many values must speak for one reading, where some speak for the other."""

BLANKS = frozenset(
    """
    select -select- --select-- -none- --none-- none (none) [none] null n/a #n/a nan - -- — (blank) (empty) unassigned
    undefined 请选择 无 暂无 未填写 空 k.a.
    """.split()  # noqa: SIM905  # quoted one by one they cannot be read
).union(("- select -", "please select", "no value", "(no value)", "not set", "(not set)", "no owner", "bitte wählen"))
"""How programs write that nothing was chosen or said."""


NO_DAY = "0000-00-00", "0000-00-00 00:00:00"
_LONGEST_BLANK = max(map(len, (*BLANKS, *NO_DAY)))


def said(text: str) -> str:
    """The text; nothing where it only says that nothing was said."""
    if len(text) > _LONGEST_BLANK:
        return text
    word = text.strip().casefold()
    return "" if word in BLANKS or word in NO_DAY else text


def said_column(texts: Sequence[str]) -> list[str]:
    """`said` for a column of many rows."""
    blanks = {text for text in set(texts) if text and not said(text)}
    return ["" if text in blanks else text for text in texts] if blanks else list(texts)


LONGEST_DAY = 100
"""Characters of a moment with its zone in words; the patterns are not tried on more."""

# Dates -------------------------------------------------------------------------------------------------

_ZONE = r"(?:\s*\(?(?:Z|[A-Z]{3,4})?(?:[+-]\d{1,2}(?::?\d{2})?)?\)?(?:\s*\([^()]*\)|\s[A-Z]{3,4})?)?"
_TIME = (
    r"(?:(?:T|[\s,]+(?:um\s|at\s|上午|下午)?)\s*\d{1,2}[:.时]\d{2}(?:[:.分]\d{2}(?:[.,]\d+)?秒?)?分?"
    rf"(?:\s*[AaPp]\.?\s?[Mm]\.?)?(?:\sUhr)?{_ZONE})?"
)
_WEEKDAY = r"(?:[A-Za-zÀ-ÿ]{2,10}\.?,?\s+)?"
_YEAR_FIRST = rf"(?a)(?P<y>\d{{4}})\s?[-/.年]\s?(?P<m>\d{{1,2}})\s?[-/.月]\s?(?P<d>\d{{1,2}})(?:日|\.)?{_TIME}"
_COMPACT = r"(?a)(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})(?:[T\s]?\d{4}(?:\d{2})?Z?)?"
_NUMBERS = rf"(?a)(?P<a>\d{{1,2}})(?P<s>[-/.])\s?(?P<b>\d{{1,2}})(?P=s)\s?(?P<y>\d{{4}}|\d{{2}}){_TIME}"
_DAY_MONTH = (
    rf"(?a){_WEEKDAY}(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[\s./-]*(?P<n>[A-Za-zÀ-ÿ]{{3,10}})\.?,?"
    rf"[\s./-]*(?P<y>\d{{4}}|\d{{2}}){_TIME}"
)
_MONTH_DAY = (
    rf"(?a){_WEEKDAY}(?P<n>[A-Za-zÀ-ÿ]{{3,10}})\.?\s*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y>\d{{4}}){_TIME}"
)
_EPOCH = r"(?a)(?P<seconds>\d{10})(?:\d{3})?(?:\.\d+)?"
_EXCEL = r"(?a)(?P<days>[2-7]\d{4})(?:\.\d+)?"
_PLAIN = (_YEAR_FIRST, _COMPACT, _DAY_MONTH, _MONTH_DAY)
_MONTH_NAMES = {
    1: "jan jän ene",
    2: "feb fév",
    3: "mar mär mrz",
    4: "apr avr abr",
    5: "may mai",
    6: "jun juin",
    7: "jul juil",
    8: "aug aoû ago",
    9: "sep",
    10: "oct okt",
    11: "nov",
    12: "dec dez déc dic",
}
"""How names of months begin in English, German, French and Spanish."""
_MONTHS = {name: month for month, names in _MONTH_NAMES.items() for name in names.split()}
_EXCEL_EPOCH = date(1899, 12, 30)


def read_day(text: str, order: DayOrder) -> str:
    """The ISO day of a date or a moment, as it is written (no time zone moves it).

    UsageError when it is none, or when its order is neither clear by itself nor named.
    """
    typed = _plain_blanks(text)
    if len(typed) > LONGEST_DAY:
        raise UsageError(f"{typed!r:.60} is not a date", "write it like 2026-12-31")
    written = re.fullmatch(_NUMBERS, typed)
    if written and order != "ymd":
        first, second = int(written["a"]), int(written["b"])
        day, month = (first, second) if order == "dmy" else (second, first)
        return _iso(typed, written["y"], month, day)
    for pattern in _PLAIN:
        if found := re.fullmatch(pattern, typed):
            parts = found.groupdict()
            month = _month(typed, parts["n"]) if "n" in parts else int(parts["m"])
            return _iso(typed, parts["y"], month, int(parts["d"]))
    return _counted(typed)


def _plain_blanks(text: str) -> str:
    """Newer systems write narrow blanks, as before `AM`."""
    return text.strip() if text.isascii() else re.sub(r"\s", " ", text.strip())


def _counted(typed: str) -> str:
    """Seconds or milliseconds since 1970, or Excel's days since 1900."""
    if found := re.fullmatch(_EPOCH, typed):
        return datetime.fromtimestamp(int(found["seconds"]), UTC).date().isoformat()
    if found := re.fullmatch(_EXCEL, typed):
        return (_EXCEL_EPOCH + timedelta(days=int(found["days"]))).isoformat()
    raise UsageError(f"{typed!r:.60} is not a date", "write it like 2026-12-31")


def _month(typed: str, name: str) -> int:
    start = name.lower()
    month = _MONTHS.get(start[:4]) or (None if start.startswith("jui") else _MONTHS.get(start[:3]))
    if month is None:
        raise UsageError(f"{typed!r:.60} is not a date", "write it like 2026-12-31")
    return month


def _iso(typed: str, year: str, month: int, day: int) -> str:
    """Two digits of a year: 69 to 99 are of the last century, as POSIX has it."""
    whole = int(year) if len(year) == 4 else int(year) + (1900 if int(year) > 68 else 2000)
    try:
        return date(whole, month, day).isoformat()
    except ValueError:
        raise UsageError(f"the day {typed:.60} does not exist", "write it like 2026-12-31") from None


class DayOrders:
    """What the values of a column say about the order of day and month."""

    def __init__(self) -> None:
        self.votes: Counter[str] = Counter()

    def add(self, texts: Iterable[str]) -> None:
        for text in texts:
            if found := re.match(_NUMBERS, _plain_blanks(text[:LONGEST_DAY])):
                first, second = int(found["a"]), int(found["b"])
                self.votes["dmy" if first > 12 >= second else "mdy" if second > 12 >= first else "either"] += 1
                self.votes["differs"] += first != second

    @property
    def is_open(self) -> bool:
        """Whether more values may decide."""
        return bool(self.votes["either"]) and not (self.votes["dmy"] or self.votes["mdy"])

    def verdict(self) -> DayOrder | None:
        """`ymd` where no value needs to know; None where it cannot be told."""
        day_first, month_first = self.votes["dmy"], self.votes["mdy"]
        if not (day_first or month_first):
            return None if self.votes["differs"] else "dmy" if self.votes["either"] else "ymd"
        if min(day_first, month_first) * MAJORITY > max(day_first, month_first):
            return None
        return "dmy" if day_first > month_first else "mdy"


# Numbers -----------------------------------------------------------------------------------------------

SIGNS = {"€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW", "₽": "RUB", "₺": "TRY", "₫": "VND", "₪": "ILS", "฿": "THB"}
SHARED_SIGNS = {
    "$": ("USD", "AUD", "CAD", "SGD", "HKD", "NZD", "MXN", "TWD", "BRL", "CLP", "COP", "ARS"),
    "¥": ("CNY", "JPY"),
    "￥": ("CNY", "JPY"),
    "kr": ("SEK", "NOK", "DKK", "ISK"),
}
"""Signs of several currencies: that of the company if it is one of them, else the first."""
NAMES = {
    "BRL": "r$",
    "CNY": "元,rmb,yuan renminbi,人民币,人民币元",
    "CZK": "kč",
    "EUR": "euro,euros,欧元",
    "GBP": "pound sterling,英镑",
    "HKD": "港币",
    "IDR": "rp",
    "INR": "rs",
    "JPY": "日元",
    "PLN": "zł",
    "USD": "us$,us dollar,us dollars,美元",
}
WORDS = {name: code for code, names in NAMES.items() for name in names.split(",")}

PRICE_DECIMALS = 6
_GROUP = "[ \u00a0\u202f'’]"
_AMOUNT = r"([^\d.,+-]*)(\d[\d.,]*)([^\d.,]*)"
_READ: dict[Mark, str] = {
    "point": r"(?a)(\d+|\d{1,3}(?:,\d{2,3})*,\d{3})(?:\.(\d*))?",
    "comma": r"(?a)(\d+|\d{1,3}(?:\.\d{3})+)(?:,(\d*))?",
}


def read_amount(text: str, mark: Mark, currency: str | None, base: str) -> tuple[int, str]:
    """Minor units and currency of an amount as exports have it: `$22,700.00`, `1.234,50 €`, `EUR 12`, `0.0`.

    The currency: that of the sign or code beside it, else the one given, else the base. UsageError for anything else.
    """
    return _read_scaled(text, mark, currency, base)


def read_price(text: str, mark: Mark, currency: str | None, base: str) -> tuple[int, str]:
    """Micro and currency of a unit price: as `read_amount`, with up to 6 decimals."""
    return _read_scaled(text, mark, currency, base, PRICE_DECIMALS)


def _read_scaled(
    text: str, mark: Mark, currency: str | None, base: str, decimals_most: int | None = None
) -> tuple[int, str]:
    """The number scaled by so many decimals, by those of its currency where none are given."""
    typed = re.sub(_GROUP, "", text.strip()) if text.isascii() else re.sub(r"[\s'’]", "", text)
    found = re.fullmatch(_AMOUNT, typed.replace(" ", ""))
    number = re.fullmatch(_READ[mark], found[2]) if found else None
    if not found or not number:
        raise UsageError(f"{text.strip()!r:.60} is not an amount", "write it like 1200 or 1200.50")
    code = _currency(found[1] or found[3], base) or (parse_currency(currency) if currency else base)
    whole = re.sub("[.,]", "", number[1]).lstrip("0") or "0"
    decimals = (number[2] or "").rstrip("0")
    scale = digits(code) if decimals_most is None else decimals_most
    most = min(MAX_WHOLE_DIGITS, MAX_STORED_DIGITS - scale)
    if len(whole) > most:
        raise UsageError(f"{text.strip()!r:.60} is too large", f"write at most {most} digits")
    if len(decimals) > scale:
        has = code if decimals_most is None else "a unit price"
        raise UsageError(f"{text.strip()!r:.60} has more decimals than {has}", f"{has} has {scale}")
    return int(whole + decimals.ljust(scale, "0")), code


def read_currency(text: str, base: str) -> str | None:
    """The code of a currency written as a code, a sign or a word; None for none. UsageError for an unknown one."""
    return _currency(said(text), base)


def _currency(sign: str, base: str) -> str | None:
    """The currency that a sign, a word or a code names; None for none. UsageError for an unknown one."""
    word = sign.strip(" .").lower()
    if not word:
        return None
    if word in SHARED_SIGNS:
        return base if base in SHARED_SIGNS[word] else SHARED_SIGNS[word][0]
    return SIGNS.get(word) or WORDS.get(word) or parse_currency(word)


class Marks:
    """What the values of a column say about the mark before their decimals."""

    def __init__(self) -> None:
        self.votes: Counter[str] = Counter()

    def add(self, texts: Iterable[str]) -> None:
        for text in texts:
            found = re.search(r"(?a)\d[\d.,]*", text)
            if found:
                mark = _mark(found[0])
                self.votes[mark] += 1
                if mark == "none" and found[0].strip("0"):
                    self.votes["short" if len(found[0]) <= 3 else "long"] += 1
                elif mark == "either":
                    self.votes[f"either {'comma' if ',' in found[0] else 'point'}"] += 1
                    self.votes["signed"] += _has_two_decimals(text.replace(found[0], ""))

    @property
    def is_open(self) -> bool:
        """Whether more values may decide."""
        return bool(self.votes["either"]) and not (self.votes["point"] or self.votes["comma"])

    def verdict(self) -> Mark | None:
        """The point where no value needs to know; None where it cannot be told."""
        point, comma = self.votes["point"], self.votes["comma"]
        if not (point or comma):
            return self._by_thousands() if self.votes["either"] else "point"
        if min(point, comma) * MAJORITY > max(point, comma):
            return None
        return "point" if point > comma else "comma"

    def _by_thousands(self) -> Mark | None:
        """Three digits behind a separator are thousands where a currency has two decimals.

        They also are where whole numbers below 1000 stand without a separator, and none above.
        """
        points, commas = self.votes["either point"], self.votes["either comma"]
        is_grouped = self.votes["signed"] or (self.votes["short"] and not self.votes["long"])
        if not is_grouped or (points and commas):
            return None
        return "point" if commas else "comma"


def _has_two_decimals(sign: str) -> bool:
    """Whether it names a currency, of two decimals as nearly all."""
    try:
        code = _currency(sign, "")
    except LtcError:
        return False
    return code is not None and digits(code) == 2


def _mark(number: str) -> str:
    """`point`, `comma`, `either`, or `none` where the number has no separator."""
    points, commas = number.count("."), number.count(",")
    if points and commas:
        return "point" if number.rindex(".") > number.rindex(",") else "comma"
    if points + commas == 0:
        return "none"
    here, other = ("point", "comma") if points else ("comma", "point")
    if points + commas > 1:
        return other
    separator = "." if points else ","
    whole, decimals = number.split(separator)
    return "either" if len(decimals) == 3 and 1 <= len(whole) <= 3 and whole != "0" else here
