"""Exchange rates: said by hand or read from the European Central Bank's file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from ltc_cli.errors import LtcError, Problems, UsageError
from ltc_cli.report import Column
from ltc_cli.rules.exchange_rates import Rate, Rates, format_number
from ltc_cli.rules.money import CURRENCIES, MICRO, parse_currency, parse_price
from ltc_cli.stages.row_imports import RowImporter

if TYPE_CHECKING:
    from datetime import date
    from typing import Any

    from ltc_cli.stages.row_imports import Row
    from ltc_cli.store import Store

COLUMNS = (Column("currency"), Column("rate", "quantity"), Column("base"), Column("rate_on", "date", "on"))
ECB_BASE = "EUR"
"""What the ECB quotes all currencies against: so much of each for one euro."""


def add(store: Store, currency: str, number: str, base: str, on: date) -> int:
    """Say what one unit of the currency is worth in the base currency from that day on. Answers the rate's id."""
    code, (base_micro, currency_micro) = parse_currency(currency), _ratio(number)
    if code == base:
        raise UsageError(f"{code} is the base currency: it is always worth 1")
    if not base_micro or not currency_micro:
        raise UsageError("a rate must be more than 0", f"ltc rate {code} 0.92")
    store.touch(code)
    return _insert(store, code, base, Rate(on.isoformat(), base_micro, currency_micro))


def _ratio(text: str) -> tuple[int, int]:
    """Micro of the base for so many micro of the currency: `0.92`, or `1/17500` for one that is worth little."""
    number, slash, of = text.partition("/")
    return _number(number), _number(of) if slash else MICRO


def _number(text: str) -> int:
    try:
        return parse_price(text)
    except UsageError:
        raise UsageError(
            f"{text!r:.60} is not a rate", "write it like 0.92 or 1/17500, with up to 6 decimals"
        ) from None


def _insert(store: Store, currency: str, base: str, rate: Rate) -> int:
    return store.add(
        "rate",
        currency=currency,
        base=base,
        **rate._asdict(),
        recorded_at=store.recorded_at,
        batch_id=store.batch_id,
    )


def all_into(store: Store, base: str) -> Rates:
    """Every rate into the base currency."""
    rows = store.connection.execute(
        "SELECT currency, rate_on, base_micro, currency_micro FROM rate WHERE base = ? ORDER BY rate_on, id", (base,)
    )
    return Rates(base, ((row["currency"], Rate(*tuple(row)[1:])) for row in rows))


def record(store: Store, rate_id: int) -> dict[str, Any]:
    """A rate said by hand, as it is shown."""
    row = store.one("SELECT * FROM rate WHERE id = ?", (rate_id,))
    assert row is not None
    return {
        "currency": row["currency"],
        "rate": format_number(Rate(row["rate_on"], row["base_micro"], row["currency_micro"])),
        "base": row["base"],
        "rate_on": row["rate_on"],
    }


class Quotes(NamedTuple):
    """A row, read: a day, and what each currency was worth on it."""

    rate_on: str
    rates: tuple[tuple[str, int, int], ...]
    """Currency, `base_micro`, `currency_micro`."""


class Importer(RowImporter[Quotes]):
    """Takes rows of rates into a batch: one currency a row, or a column a currency as the ECB has it."""

    prefix = "rate "

    def read(self, row: Row) -> Quotes:
        with Problems() as check:
            rate_on = check(row.past_day, "rate_on")
            currency, number = check(row.text, "currency"), check(row.text, "rate")
        if not rate_on:
            raise UsageError("it needs a date")
        if currency:
            return Quotes(rate_on, ((parse_currency(currency), _number(number), MICRO),))
        columns: dict[str, str] = json.loads(row.further() or "{}")
        quoted = {code.strip(): text for code, text in columns.items() if code.strip() in CURRENCIES}
        return Quotes(rate_on, tuple(self._crossed({code: _quote(text) for code, text in quoted.items()})))

    def _crossed(self, quotes: dict[str, int]) -> list[tuple[str, int, int]]:
        """Quotes against the euro as rates into the base currency. Raises UsageError where that is not quoted."""
        base = self.settings.currency
        quotes = {code: micro for code, micro in quotes.items() if micro} | {ECB_BASE: MICRO}
        if base not in quotes:
            raise UsageError(f"it has no rate of {base}, the base currency")
        return [(code, quotes[base], micro) for code, micro in quotes.items() if code != base]

    def identity(self, entry: Quotes) -> tuple[str, str]:
        only = f" {entry.rates[0][0]}" if len(entry.rates) == 1 else ""
        return "", f"{entry.rate_on}{only}"

    def add(self, entry: Quotes) -> int:
        rate_id = 0
        for currency, base_micro, currency_micro in entry.rates:
            if currency != self.settings.currency:
                rate = Rate(entry.rate_on, base_micro, currency_micro)
                rate_id = _insert(self.store, currency, self.settings.currency, rate)
        if not rate_id:
            raise UsageError("it has no rate")
        return rate_id

    def update(self, record_id: int, entry: Quotes) -> bool:
        """The newer saying of a day counts."""
        return self.add(entry) > record_id


def _quote(text: str) -> int:
    """Micro; 0 for a day without a quote."""
    try:
        return parse_price(text)
    except LtcError:
        return 0
