"""What is open as of a day: the one query that aging, collect, invoices and their records share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltc_cli.rules.allocation import OpenItem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ltc_cli.store import Store

EVER = "9999-12-31"
"""As of this day everything that was recorded counts."""

# Two parameters: the day, twice. Settlements count from their own date; the sum runs over a covering index.
BALANCES = """
SELECT {columns}, receivable.amount_minor - COALESCE((SELECT SUM(settlement.amount_minor) FROM settlement
        WHERE settlement.receivable_id = receivable.id AND settlement.settled_on <= ?), 0) AS balance_minor
FROM receivable
WHERE receivable.issued_on <= ? {narrowed}
"""

ITEM_COLUMNS = "id, kind, invoice_id, customer_id, currency, issued_on, due_on, amount_minor"

# Three parameters: the day, three times. What payments hold beyond what they settled.
UNAPPLIED = """
SELECT payment.id, payment.customer_id, payment.currency,
    payment.amount_minor - COALESCE(SUM(settlement.amount_minor), 0)
        - COALESCE((SELECT payment.amount_minor FROM payment_reversal
            WHERE payment_reversal.payment_id = payment.id AND reversed_on <= ?), 0) AS unapplied_minor
FROM payment LEFT JOIN settlement ON settlement.payment_id = payment.id AND settlement.settled_on <= ?
WHERE payment.received_on <= ? {narrowed}
GROUP BY payment.id
"""

NARROWED = {
    "invoice": "AND {these:receivable.invoice_id}",
    "contract": "AND receivable.invoice_id IN (SELECT id FROM invoice WHERE {these:contract_id})",
    "customer": """AND receivable.customer_id IN (
        SELECT id FROM customer WHERE {these:id} OR {these:merged_into_id})""",
}


def items(store: Store, kind: str, ids: Iterable[int], as_of: str = EVER) -> list[OpenItem]:
    """Every receivable of these invoices, contracts or customers, open or settled, with its balance as of a day."""
    sql = BALANCES.replace("{columns}", ITEM_COLUMNS).replace("{narrowed}", NARROWED[kind])
    return [OpenItem(*row) for row in store.among(sql, ids, (as_of, as_of))]


def open_items(store: Store, kind: str, ids: Iterable[int], as_of: str = EVER) -> list[OpenItem]:
    """The receivables of these invoices, contracts or customers that are not settled yet."""
    return [item for item in items(store, kind, ids, as_of) if item.balance_minor]


def unapplied(store: Store, payment_ids: Iterable[int], as_of: str = EVER) -> dict[int, int]:
    """What is left of each payment, in minor units of its currency."""
    sql = UNAPPLIED.replace("{narrowed}", "AND {these:payment.id}")
    return {row["id"]: row["unapplied_minor"] for row in store.among(sql, payment_ids, (as_of, as_of, as_of))}
