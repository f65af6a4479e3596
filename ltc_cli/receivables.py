"""What is open as of a day: the one query that aging, collect, invoices and their records share."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ltc_cli.rules.allocation import OpenItem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from sqlite3 import Row

    from ltc_cli.store import Store

EVER = "9999-12-31"
"""As of this day everything that was recorded counts."""


def balances(columns: str, narrowed: str = "") -> str:
    """The query of what is open. Two parameters: the day, twice; then those of what narrows it.

    Settlements count from their own date; the sum runs over a covering index.
    """
    return f"""
SELECT {columns}, receivable.amount_minor - COALESCE((SELECT SUM(settlement.amount_minor) FROM settlement
        WHERE settlement.receivable_id = receivable.id AND settlement.settled_on <= ?), 0) AS balance_minor
FROM receivable
WHERE receivable.issued_on <= ? {narrowed}
"""


ITEM_COLUMNS = "id, kind, invoice_id, customer_id, currency, issued_on, due_on, amount_minor"

# Two parameters: the day, twice.
UNMAILED = """
SELECT number, invoice.issued_on, customer.id AS customer_id, customer.name, SUM(balance_minor) AS open_minor,
    open.currency, (SELECT email FROM customer AS kept WHERE kept.id = customer.id) AS email
FROM ({balances}) AS open
JOIN invoice ON invoice.id = open.invoice_id JOIN customer_now AS customer ON customer.own_id = open.customer_id
WHERE balance_minor > 0 AND contract_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM outbox
    WHERE outbox.kind = 'invoice' AND record_id = invoice.id AND state <> 'cancelled')
GROUP BY invoice.id ORDER BY invoice.id
"""

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

# One parameter: the day. Everything that changes what customers owe, less what is held for them: a settlement by a
# payment or a credit note moves nothing, since what it takes from one it takes from the other; unless the payment is in
# another currency: then it moves both accounts.
MOVEMENTS = """
SELECT * FROM (
    SELECT receivable.issued_on AS day, 0 AS turn, receivable.kind, invoice.number AS ref,
        MAX(receivable.due_on) AS told, COUNT(*) AS parts, SUM(receivable.amount_minor) AS amount_minor,
        receivable.currency, MIN(receivable.id) AS id
    FROM receivable JOIN invoice ON invoice.id = invoice_id WHERE {receivable}
    GROUP BY invoice_id, receivable.kind, receivable.issued_on, notice_id
    UNION ALL
    SELECT credit_note.issued_on, 1, 'credit', credit_note.number, invoice.number || COALESCE(': ' || reason, ''), 1,
        -credit_note.total_minor, credit_note.currency, credit_note.id
    FROM credit_note LEFT JOIN invoice ON invoice.id = invoice_id WHERE {credit_note}
    UNION ALL
    SELECT received_on, 2, 'payment', 'P' || id, method || COALESCE(', ' || reference, ''), 1, -amount_minor, currency,
        id
    FROM payment WHERE {payment}
    UNION ALL
    SELECT settlement.settled_on, 3, COALESCE(made.kind || ' reversed', settlement.kind), invoice.number,
        writeoff.reason, 1, -SUM(settlement.amount_minor), receivable.currency, MIN(settlement.id)
    FROM (SELECT id, currency, invoice_id FROM receivable WHERE {receivable}) AS receivable
    JOIN (SELECT id, receivable_id, kind, reverses_id, settled_on, amount_minor FROM settlement
        WHERE payment_id IS NULL AND credit_id IS NULL) AS settlement ON settlement.receivable_id = receivable.id
    JOIN invoice ON invoice.id = receivable.invoice_id
    LEFT JOIN settlement AS made ON made.id = settlement.reverses_id
    LEFT JOIN writeoff ON settlement_id = COALESCE(made.id, settlement.id)
    GROUP BY settlement.settled_on, receivable.invoice_id, settlement.kind, made.kind, reason
    UNION ALL
    SELECT settled_on, 3, 'exchange', 'P' || payment_id, invoice.number, 1, -SUM(settlement.amount_minor),
        receivable.currency, MIN(settlement.id)
    FROM receivable JOIN settlement ON receivable_id = receivable.id JOIN invoice ON invoice.id = invoice_id
    WHERE {receivable} AND paid_minor IS NOT NULL GROUP BY settled_on, payment_id, invoice_id, settlement.kind
    UNION ALL
    SELECT settled_on, 3, 'exchange', 'P' || payment_id, invoice.number, 1, SUM(paid_minor), payment.currency,
        MIN(settlement.id)
    FROM payment JOIN settlement ON payment_id = payment.id JOIN receivable ON receivable.id = receivable_id
    JOIN invoice ON invoice.id = invoice_id
    WHERE {payment} AND paid_minor IS NOT NULL GROUP BY settled_on, payment_id, invoice_id, settlement.kind
    UNION ALL
    SELECT reversed_on, 4, 'reversal', 'P' || id, reason, 1, amount_minor, currency, id
    FROM payment JOIN payment_reversal ON payment_id = payment.id WHERE {payment}
    UNION ALL
    SELECT refunded_on, 5, 'refund', COALESCE(number, 'P' || payment_id),
        method || COALESCE(', ' || reference, ''), 1, amount_minor, refund.currency, refund.id
    FROM refund LEFT JOIN credit_note ON credit_note.id = credit_id WHERE {refund}
    UNION ALL
    SELECT reversed_on, 5, 'refund reversed', COALESCE(number, 'P' || payment_id), refund_reversal.reason, 1,
        -amount_minor, refund.currency, refund.id
    FROM refund JOIN refund_reversal ON refund_id = refund.id LEFT JOIN credit_note ON credit_note.id = credit_id
    WHERE {refund}
) AS moved WHERE day <= ? ORDER BY currency, day, turn, id
"""


def unmailed(store: Store, day: str, customer_id: int | None = None) -> list[Row]:
    """Our own invoices that are open and were never mailed: of one customer, or of all."""
    of_it = "AND receivable.customer_id IN (SELECT own_id FROM customer_now WHERE id = ?)"
    of_them, ids = ("", ()) if customer_id is None else (of_it, (customer_id,))
    sql = UNMAILED.format(balances=balances("invoice_id, customer_id, currency", of_them))
    return store.all(sql, (day, day, *ids))


class Movement(NamedTuple):
    """Something that changed what a customer owes. Days are ISO text; more is owed where the amount is positive."""

    day: str
    turn: int
    kind: str
    """As of a receivable or a settlement; `… reversed`; `credit`, `payment`, `exchange`, `reversal`, `refund`."""
    ref: str
    told: str | None
    """What is known besides: the last due date, the reason, how it was paid."""
    parts: int
    amount_minor: int
    currency: str
    id: int
    original: str = ""
    """The amount in words, where it is told in another currency."""


def movements(store: Store, customer_id: int, until: str) -> list[Movement]:
    """What changed what a customer owes, up to a day: by currency and day. Those merged into it are it."""
    own = store.all("SELECT id FROM customer WHERE id = ? OR merged_into_id = ?", (customer_id, customer_id))
    ids = ",".join(str(row["id"]) for row in own)
    tables = ("receivable", "credit_note", "payment", "refund")
    sql = MOVEMENTS.format(**{table: f"{table}.customer_id IN ({ids})" for table in tables})
    return [Movement(*row) for row in store.all(sql, (until,))]


def totals(store: Store, as_of: str) -> dict[str, int]:
    """What all customers owe as of a day, less what is held for them, by currency; minor units."""
    owed = balances("receivable.currency")
    held_back = (UNAPPLIED, UNAPPLIED_CREDIT, PAID_BACK)
    parts = [f"SELECT currency, -unapplied_minor FROM ({sql.format(narrowed='')})" for sql in held_back]
    sql = (
        f"SELECT currency, SUM(balance_minor) AS total_minor FROM ({owed} UNION ALL {' UNION ALL '.join(parts)})"
        " AS moved GROUP BY currency HAVING SUM(balance_minor) <> 0 ORDER BY currency"
    )
    return {row["currency"]: row["total_minor"] for row in store.all(sql, (as_of,) * sql.count("?"))}


NARROWED = {
    "invoice": "AND {these:receivable.invoice_id}",
    "contract": "AND receivable.invoice_id IN (SELECT id FROM invoice WHERE {these:contract_id})",
    "customer": """AND receivable.customer_id IN (
        SELECT id FROM customer WHERE {these:id} OR {these:merged_into_id})""",
}

ITEMS_OF = {kind: balances(ITEM_COLUMNS, narrowed) for kind, narrowed in NARROWED.items()}


def items(store: Store, kind: str, ids: Iterable[int], as_of: str = EVER) -> list[OpenItem]:
    """Every receivable of these invoices, contracts or customers, open or settled, with its balance as of a day."""
    return [OpenItem(*row) for row in store.among(ITEMS_OF[kind], ids, (as_of, as_of))]


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
