"""What is open as of a day: the one query that aging, collect, invoices and their records share."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ltc_cli.rules.allocation import OpenItem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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

# Three parameters: the day, three times. What payments hold beyond what they settled, in their own currency.
UNAPPLIED = """
SELECT payment.id, payment.customer_id, payment.currency,
    payment.amount_minor - COALESCE(SUM(COALESCE(settlement.paid_minor, settlement.amount_minor)), 0)
        - COALESCE((SELECT payment.amount_minor FROM payment_reversal
            WHERE payment_reversal.payment_id = payment.id AND reversed_on <= ?), 0) AS unapplied_minor
FROM payment LEFT JOIN settlement ON settlement.payment_id = payment.id AND settlement.settled_on <= ?
WHERE payment.received_on <= ? {narrowed}
GROUP BY payment.id
"""

# Two parameters: the day, twice. What credit notes hold beyond what they settled.
UNAPPLIED_CREDIT = """
SELECT credit_note.id, credit_note.customer_id, credit_note.currency,
    credit_note.total_minor - COALESCE(SUM(settlement.amount_minor), 0) AS unapplied_minor
FROM credit_note LEFT JOIN settlement ON settlement.credit_id = credit_note.id AND settlement.settled_on <= ?
WHERE credit_note.issued_on <= ? {narrowed}
GROUP BY credit_note.id
"""

# One parameter: the day. What was paid back of payments and credit notes, as less of what they hold; what came back of
# that, as more.
PAID_BACK = """
SELECT COALESCE(payment_id, credit_id) AS id, customer_id, currency, -amount_minor AS unapplied_minor
FROM refund_moved WHERE refunded_on <= ? {narrowed}
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


class Held(NamedTuple):
    """What is left of a payment or credit note, and what of it was paid back; minor units of its currency."""

    unapplied_minor: int
    refunded_minor: int

    @property
    def status(self) -> str:
        """What has become of it in the end: `unapplied`, `refunded` or `applied`."""
        if self.unapplied_minor:
            return "unapplied"
        return "refunded" if self.refunded_minor else "applied"


LEFT_OF = {
    "payment": (UNAPPLIED.replace("{narrowed}", "AND {these:payment.id}"), 3),
    "credit": (UNAPPLIED_CREDIT.replace("{narrowed}", "AND {these:credit_note.id}"), 2),
}
"""What holds credit of a customer: the query of what is left of it, and how often that takes the day."""


def held(store: Store, kind: str, ids: Sequence[int], as_of: str = EVER) -> dict[int, Held]:
    """What is left of each of these payments or credit notes as of a day."""
    sql, days = LEFT_OF[kind]
    left = {row["id"]: row["unapplied_minor"] for row in store.among(sql, ids, (as_of,) * days)}
    paid_back = dict.fromkeys(left, 0)
    for row in store.among(PAID_BACK.replace("{narrowed}", f"AND {{these:{kind}_id}}"), ids, (as_of,)):
        paid_back[row["id"]] -= row["unapplied_minor"]
    return {each: Held(left[each] - paid_back[each], paid_back[each]) for each in left}
