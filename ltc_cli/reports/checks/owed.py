"""What is owed and held on many days: aging, and the double entry, each against another way."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from ltc_cli.receivables import EVER
from ltc_cli.reports import aging, ledger
from ltc_cli.rules import ledger as entries
from ltc_cli.rules.aging import buckets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ltc_cli.store import Store

# What customers owe less what is held for them, another way than aging does: what was issued less what came in.
MOVED = """
SELECT day, 'K' || COALESCE(merged_into_id, customer.id) AS customer, currency, SUM(amount_minor) AS amount_minor FROM (
    SELECT issued_on AS day, customer_id, currency, amount_minor FROM receivable
    UNION ALL SELECT received_on, customer_id, currency, -amount_minor FROM payment
    UNION ALL SELECT reversed_on, customer_id, currency, amount_minor FROM payment
        JOIN payment_reversal ON payment_id = payment.id
    UNION ALL SELECT issued_on, customer_id, currency, -total_minor FROM credit_note
    UNION ALL SELECT refunded_on, customer_id, currency, amount_minor FROM refund_moved
    UNION ALL SELECT settled_on, customer_id, currency, -settlement.amount_minor FROM settlement
        JOIN (SELECT settlement_id FROM writeoff UNION ALL SELECT settlement_id FROM discount
            UNION ALL SELECT id FROM settlement WHERE kind = 'void') AS given
            ON settlement_id = COALESCE(reverses_id, settlement.id)
        JOIN receivable ON receivable.id = receivable_id
    UNION ALL SELECT settled_on, customer_id, currency, -settlement.amount_minor FROM settlement
        JOIN receivable ON receivable.id = receivable_id WHERE paid_minor IS NOT NULL
    UNION ALL SELECT settled_on, customer_id, currency, paid_minor FROM settlement
        JOIN payment ON payment.id = payment_id WHERE paid_minor IS NOT NULL
) AS moved JOIN customer ON customer.id = customer_id
GROUP BY day, customer_id, currency ORDER BY day
"""


def _moved(store: Store) -> list[tuple[str, str, str, int]]:
    """Day, customer, currency, and how much more is owed from then on; minor units."""
    return [tuple(row) for row in store.connection.execute(MOVED)]


def aged(store: Store) -> Iterator[str]:
    """On every day on which something happened (at most 40 of them), the buckets sum to what is open."""
    moved = _moved(store)
    days = sorted({day for day, *_rest in moved} | {row[0] for row in store.all("SELECT due_on FROM receivable")})
    owed: dict[tuple[str, str], int] = {}
    at = 0
    for day in days[:: max(1, len(days) // 40)]:
        while at < len(moved) and moved[at][0] <= day:
            _day, *name, amount_minor = moved[at]
            key = name[0], name[1]
            owed[key] = owed.get(key, 0) + amount_minor
            at += 1
        found = dict.fromkeys(owed, 0)
        on = date.fromisoformat(day)
        ages = buckets(on, (30, 60, 90))
        for row in aging.figures(store, on, ages):
            found[row["customer"], row["currency"]] = row["total"]
            if sum(row[age.name] for age in ages) + row["unapplied"] != row["total"]:
                yield f"the buckets of {row['customer']} in {row['currency']} on {day}"
        for customer, currency in found:
            if found[customer, currency] != owed.get((customer, currency), 0):
                yield f"aging of {customer} in {currency} on {day}"


MONEY_DAYS = """
SELECT issued_on AS day FROM receivable UNION SELECT settled_on FROM settlement UNION SELECT received_on FROM payment
UNION SELECT reversed_on FROM payment_reversal UNION SELECT issued_on FROM credit_note
UNION SELECT refunded_on FROM refund_moved
"""


# The newest of these days, and as many of those before, evenly.
LEDGER_DAYS = 2

OF_AGING = (entries.receivable("")[1], entries.credit("")[1])
"""The accounts that aging knows: what is owed, and what is held."""

Balances = dict[tuple[str, str, str], int]
"""By account, customer and currency."""


def entered(store: Store) -> Iterator[str]:
    """Read once from the first fact to the last, and held against aging on a few days on the way.

    That each transaction sums to zero is proven where it is made: one that does not cannot be read.
    """
    rows = store.all(f"SELECT day FROM ({MONEY_DAYS}) AS days ORDER BY day")
    known = [row["day"] for row in rows]
    days = sorted({*known[-LEDGER_DAYS:], *known[:: len(known) // LEDGER_DAYS + 1]})
    balances: Balances = {}
    for head, postings in ledger.transactions(store, EVER):
        while days and head.on > days[0]:
            yield from _apart(store, days.pop(0), balances)
        for posting in postings:
            if posting.account[1] in OF_AGING:
                key = posting.account[1], posting.account[2], posting.currency
                balances[key] = balances.get(key, 0) + posting.amount_minor
    for day in days:
        yield from _apart(store, day, balances)


def _apart(store: Store, day: str, balances: Balances) -> Iterator[str]:
    """Where the double entry up to a day is not what aging says."""
    owed, held = OF_AGING
    told: Balances = {}
    on = date.fromisoformat(day)
    for row in aging.figures(store, on, buckets(on, (30,))):
        told[owed, row["customer"], row["currency"]] = row["total"] - row["unapplied"]
        told[held, row["customer"], row["currency"]] = row["unapplied"]
    for key in sorted(told.keys() | balances.keys()):
        if told.get(key, 0) != balances.get(key, 0):
            yield "{} of {} in {}".format(*key) + f" on {day}"
