"""What is owed and held on many days: aging, and the double entry, each against another way."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from ltc_cli.receivables import EVER
from ltc_cli.reports import aging, ledger
from ltc_cli.rules import ledger as entries
from ltc_cli.rules.aging import buckets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ltc_cli.store import Store

# What each fact changes: of aging, what is open by the day it is due, or what is held (due never) as less of that; and,
# another way, of what is owed in all: what was issued less what came in, was paid back, given up or exchanged.
CHANGES = """
SELECT * FROM (
    SELECT issued_on AS day, customer_id, currency, due_on, amount_minor AS aged_minor, amount_minor AS moved_minor
    FROM receivable
    UNION ALL SELECT received_on, customer_id, currency, NULL, -amount_minor, -amount_minor FROM payment
    UNION ALL SELECT reversed_on, customer_id, currency, NULL, amount_minor, amount_minor FROM payment_reversal
        JOIN payment ON payment.id = payment_id
    UNION ALL SELECT issued_on, customer_id, currency, NULL, -total_minor, -total_minor FROM credit_note
    UNION ALL SELECT refunded_on, customer_id, currency, NULL, amount_minor, amount_minor FROM refund_moved
    UNION ALL SELECT settled_on, customer_id, currency, due_on, -settlement.amount_minor,
        CASE WHEN paid_minor IS NULL THEN 0 ELSE -settlement.amount_minor END
        FROM settlement JOIN receivable ON receivable.id = receivable_id
    UNION ALL SELECT settled_on, customer_id, currency, NULL, COALESCE(paid_minor, settlement.amount_minor),
        COALESCE(paid_minor, 0) FROM settlement JOIN payment ON payment.id = payment_id
    UNION ALL SELECT settled_on, customer_id, currency, NULL, amount_minor, 0 FROM settlement
        JOIN credit_note ON credit_note.id = credit_id
    UNION ALL SELECT settled_on, customer_id, currency, NULL, 0, -settlement.amount_minor FROM settlement
        JOIN (SELECT settlement_id FROM writeoff UNION ALL SELECT settlement_id FROM discount
            UNION ALL SELECT id FROM settlement WHERE kind = 'void') AS given
            ON settlement_id = COALESCE(reverses_id, settlement.id)
        JOIN receivable ON receivable.id = receivable_id
) AS change ORDER BY day
"""

MONEY_DAYS = """
SELECT issued_on AS day FROM receivable UNION SELECT settled_on FROM settlement UNION SELECT received_on FROM payment
UNION SELECT reversed_on FROM payment_reversal UNION SELECT issued_on FROM credit_note
UNION SELECT refunded_on FROM refund_moved
"""

# On so many days, evenly, and on the newest two, aging itself is asked.
AGED_DAYS = 5
ENTERED_DAYS = 2
NEWEST_DAYS = 2

EDGES = (30, 60, 90)

Parts = dict[str | None, int]
"""What is open, by the day it is due, and by None what is held, as less of that; minor units."""


def aged(store: Store) -> Iterator[str]:
    """Both ways come to the same on every day, by customer and currency; on some days aging says so, by bucket."""
    days = _some_days(store, f"{MONEY_DAYS} UNION SELECT due_on FROM receivable", AGED_DAYS)
    customers = _customers(store)
    parts: defaultdict[tuple[str, str], Parts] = defaultdict(dict)
    for day, changes in groupby(store.connection.execute(CHANGES), key=itemgetter(0)):
        while days and day > days[0]:
            yield from _not_aged(store, days.pop(0), parts)
        apart: defaultdict[tuple[str, str], int] = defaultdict(int)
        for _day, customer_id, currency, due_on, aged_minor, moved_minor in changes:
            name = customers[customer_id], currency
            own = parts[name]
            own[due_on] = own.get(due_on, 0) + aged_minor
            if not own[due_on]:
                del own[due_on]
            if aged_minor != moved_minor:
                apart[name] += aged_minor - moved_minor
        yield from (f"aging of {customer} in {currency} on {day}" for (customer, currency), off in apart.items() if off)
    for day in days:
        yield from _not_aged(store, day, parts)


def _not_aged(store: Store, day: str, parts: dict[tuple[str, str], Parts]) -> Iterator[str]:
    """Where aging does not say this of a day: by customer, currency and bucket."""
    on = date.fromisoformat(day)
    ages = buckets(on, EDGES)
    told = {
        (row["customer"], row["currency"]): ([row[age.name] for age in ages], row["unapplied"], row["total"])
        for row in aging.figures(store, on, ages)
    }
    nothing = [0] * len(ages), 0, 0
    for name in sorted(told.keys() | parts.keys()):
        if told.get(name, nothing) != _of_age(on, parts.get(name, {})):
            yield "the buckets of {} in {}".format(*name) + f" on {day}"


def _of_age(on: date, parts: Parts) -> tuple[list[int], int, int]:
    """What is open by its age in days, what is held, and both."""
    ages = [0] * (len(EDGES) + 2)
    for due_on, amount_minor in parts.items():
        if due_on is not None:
            ages[bisect_left((0, *EDGES), (on - date.fromisoformat(due_on)).days)] += amount_minor
    return ages, parts.get(None, 0), sum(parts.values())


def _some_days(store: Store, sql: str, evenly: int) -> list[str]:
    """Of the days that a query finds the newest two, and so many of those before."""
    known = [row["day"] for row in store.all(f"SELECT day FROM ({sql}) AS days ORDER BY day")]
    return sorted({*known[-NEWEST_DAYS:], *known[:: len(known) // evenly + 1]})


def _customers(store: Store) -> dict[int, str]:
    """By id; a merged one is the one that was kept."""
    return {
        row["id"]: f"K{row['kept_id']}"
        for row in store.all("SELECT id, COALESCE(merged_into_id, id) AS kept_id FROM customer")
    }


OF_AGING = (entries.receivable("")[1], entries.credit("")[1])
"""The accounts that aging knows: what is owed, and what is held."""

Balances = dict[tuple[str, str, str], int]
"""By account, customer and currency."""


def entered(store: Store) -> Iterator[str]:
    """Read once from the first fact to the last, and held against aging on a few days on the way.

    That each transaction sums to zero is proven where it is made: one that does not cannot be read.
    """
    days = _some_days(store, MONEY_DAYS, ENTERED_DAYS)
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
