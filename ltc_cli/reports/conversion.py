"""`--in`: amounts of every currency in one, at the rates of one day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ltc_cli.currencies import exchange_on, rate_on
from ltc_cli.rules.exchange_rates import format_number
from ltc_cli.rules.money import format_amount, parse_plain_amount

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from ltc_cli.rules.exchange_rates import Exchange
    from ltc_cli.store import Store


class Conversion:
    """Into one currency at the newest rates known on a day; it remembers which ones it used."""

    def __init__(self, store: Store, base: str, into: str, as_of: date) -> None:
        self.store, self.base, self.into, self.day = store, base, into, as_of.isoformat()
        self._exchanges: dict[str, Exchange] = {}

    def __call__(self, amount_minor: int, currency: str) -> int:
        """Minor units of the one currency, each amount rounded alone. Raises RefusedError where no rate is known."""
        if currency == self.into or amount_minor == 0:
            return amount_minor
        if currency not in self._exchanges:
            self._exchanges[currency] = exchange_on(self.store, self.base, currency, self.into, self.day)
        return self._exchanges[currency].into(amount_minor)

    def written(self, rows: Iterable[dict[str, Any]], key: str = "amount") -> list[dict[str, Any]]:
        """Rows that are written already, with the amount under the key converted; what has none stays as it is."""
        return [self._written(row, key) if row.get(key) is not None else row for row in rows]

    def _written(self, row: dict[str, Any], key: str) -> dict[str, Any]:
        sign = -1 if row[key].startswith("-") else 1
        amount_minor = sign * parse_plain_amount(row[key].removeprefix("-"), row["currency"])
        amount = format_amount(self(amount_minor, row["currency"]), self.into)
        return {**row, key: amount, "currency": self.into}

    @property
    def notices(self) -> list[str]:
        """The rates that were used, each with its day: `1 USD = 0.92 EUR of 2026-11-20`."""
        used = [self.into, *sorted(self._exchanges)] if self._exchanges else []
        return [self._told(currency) for currency in used if currency != self.base]

    def _told(self, currency: str) -> str:
        rate = rate_on(self.store, self.base, currency, self.day)
        assert rate is not None  # it was used
        return f"1 {currency} = {format_number(rate)} {self.base} of {rate.rate_on}"
