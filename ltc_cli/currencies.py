"""What a currency was worth on a day: the one look at the rates that invoices, payments and reports share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltc_cli.errors import RefusedError
from ltc_cli.rules.exchange_rates import Exchange, Rate, exchange, format_rate
from ltc_cli.rules.money import MICRO

if TYPE_CHECKING:
    from ltc_cli.store import Store


def rate_on(store: Store, base: str, currency: str, day: str) -> Rate | None:
    """The newest rate into the base currency that was known on the ISO day; None where there is none, never 1."""
    if currency == base:
        return Rate(day, MICRO, MICRO)
    row = store.one(
        "SELECT rate_on, base_micro, currency_micro FROM rate WHERE base = ? AND currency = ? AND rate_on <= ?"
        " ORDER BY rate_on DESC, id DESC LIMIT 1",
        (base, currency, day),
    )
    return Rate(*row) if row else None


def rate_at_issue(store: Store, base: str, currency: str, day: str) -> str | None:
    """The rate as it is kept with an invoice; None for one in base currency, or where no rate is known."""
    rate = None if currency == base else rate_on(store, base, currency, day)
    return format_rate(rate, base) if rate else None


def exchange_on(store: Store, base: str, currency: str, into: str, day: str) -> Exchange:
    """One currency into another on the ISO day. Raises RefusedError where a rate is not known."""
    found = {code: rate_on(store, base, code, day) for code in (currency, into)}
    rate, into_rate = found[currency], found[into]
    if rate is None or into_rate is None:
        raise no_rate(currency if rate is None else into, day)
    return exchange(currency, rate, into, into_rate)


def no_rate(currency: str, day: str) -> RefusedError:
    """The refusal of what needs a rate that is not known on the ISO day."""
    return RefusedError(f"there is no rate of {currency} on {day}", f"ltc rate {currency} NUMBER --on {day}")
