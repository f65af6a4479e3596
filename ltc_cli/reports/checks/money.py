"""Balances, and what pays them: payments, credit notes, discounts, gains and losses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltc_cli.reports.checks import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ltc_cli.store import Store

BALANCES = """
SELECT 'receivable ' || receivable_id || ' on ' || settled_on FROM (
SELECT receivable_id, settled_on, receivable.amount_minor AS amount_minor,
    SUM(SUM(settlement.amount_minor)) OVER (PARTITION BY receivable_id ORDER BY settled_on) AS settled_minor
FROM settlement JOIN receivable ON receivable.id = receivable_id GROUP BY receivable_id, settled_on
) AS days WHERE settled_minor NOT BETWEEN 0 AND amount_minor
"""

SETTLEMENTS = """
SELECT 'settlement ' || settlement.id FROM settlement JOIN receivable ON receivable.id = receivable_id
LEFT JOIN payment ON payment.id = settlement.payment_id
LEFT JOIN credit_note ON credit_note.id = settlement.credit_id
LEFT JOIN writeoff ON writeoff.settlement_id = settlement.id
LEFT JOIN discount ON discount.settlement_id = settlement.id
WHERE settled_on < receivable.issued_on OR settled_on < received_on OR settled_on < credit_note.issued_on
OR (payment.currency <> receivable.currency) <> (paid_minor IS NOT NULL) OR paid_minor IS NOT NULL
    AND payment.id IS NULL OR credit_note.currency <> receivable.currency
OR settlement.kind IN ('payment', 'credit', 'writeoff', 'discount') AND (payment.id IS NOT NULL,
    credit_note.id IS NOT NULL, writeoff.settlement_id IS NOT NULL, discount.settlement_id IS NOT NULL)
    <> (settlement.kind = 'payment', settlement.kind = 'credit', settlement.kind = 'writeoff',
    settlement.kind = 'discount')
"""

PAYMENTS = """
SELECT 'P' || id FROM (SELECT payment.id, payment.amount_minor,
COALESCE((SELECT SUM(COALESCE(paid_minor, amount_minor)) FROM settlement WHERE payment_id = payment.id),
    0) + COALESCE((SELECT SUM(amount_minor) FROM refund_moved WHERE payment_id = payment.id), 0)
AS used_minor,
EXISTS (SELECT 1 FROM payment_reversal WHERE payment_id = payment.id) AS is_reversed FROM payment)
AS used WHERE used_minor NOT BETWEEN 0 AND CASE WHEN is_reversed THEN 0 ELSE amount_minor END
"""

CREDITS = """
SELECT number FROM (SELECT number, total_minor,
COALESCE((SELECT SUM(amount_minor) FROM settlement WHERE credit_id = credit_note.id), 0)
    + COALESCE((SELECT SUM(amount_minor) FROM refund_moved WHERE credit_id = credit_note.id), 0)
AS used_minor FROM credit_note) AS used WHERE used_minor NOT BETWEEN 0 AND total_minor
"""

# What payments and credit notes bring in, and what takes it away again, by the day.
HELD = """
SELECT name || ' on ' || day FROM (
    SELECT name, day, SUM(SUM(amount_minor)) OVER (PARTITION BY name ORDER BY day) AS left_minor FROM (
        SELECT 'P' || id AS name, received_on AS day, amount_minor FROM payment
        UNION ALL SELECT 'P' || payment_id, reversed_on, -amount_minor FROM payment_reversal
            JOIN payment ON payment.id = payment_id
        UNION ALL SELECT 'P' || payment_id, settled_on, -COALESCE(paid_minor, amount_minor) FROM settlement
            WHERE payment_id IS NOT NULL
        UNION ALL SELECT number, issued_on, total_minor FROM credit_note
        UNION ALL SELECT number, settled_on, -amount_minor FROM settlement
            JOIN credit_note ON credit_note.id = credit_id
        UNION ALL SELECT COALESCE(number, 'P' || payment_id), refunded_on, -amount_minor FROM refund_moved
            LEFT JOIN credit_note ON credit_note.id = credit_id
    ) AS moved GROUP BY name, day
) AS days WHERE left_minor < 0
UNION ALL SELECT 'refund ' || refund.id FROM refund LEFT JOIN payment ON payment.id = payment_id
    LEFT JOIN credit_note ON credit_note.id = credit_id
    WHERE refund.customer_id <> COALESCE(payment.customer_id, credit_note.customer_id)
    OR refund.currency <> COALESCE(payment.currency, credit_note.currency)
"""

REVERSALS = """
SELECT 'settlement ' || back.id FROM settlement AS back
JOIN settlement AS made ON made.id = back.reverses_id WHERE back.amount_minor <> -made.amount_minor
OR back.receivable_id <> made.receivable_id OR back.settled_on < made.settled_on
OR COALESCE(back.paid_minor, 0) <> -COALESCE(made.paid_minor, 0)
OR COALESCE(back.payment_id, 0) <> COALESCE(made.payment_id, 0)
OR COALESCE(back.credit_id, 0) <> COALESCE(made.credit_id, 0)
UNION ALL SELECT 'refund ' || refund_id FROM refund_reversal JOIN refund ON refund.id = refund_id
    WHERE reversed_on < refunded_on
UNION ALL SELECT 'settlement ' || settlement_id FROM writeoff_reversal WHERE settlement_id NOT IN (
    SELECT back.id FROM settlement AS back JOIN writeoff ON writeoff.settlement_id = back.reverses_id)
"""

CENTS_OF_ROUNDING = 2
"""So far from its proportion may the tax of a discount be."""

# Offered within the invoice, taken in time and no more than that, and of every tax code no more than there is.
DISCOUNTS = """
SELECT 'offer of ' || number FROM invoice_discount JOIN invoice ON invoice.id = invoice_id
WHERE until_on < issued_on OR amount_minor > CASE WHEN tax = 'included' THEN total_minor ELSE net_minor END
UNION ALL SELECT number FROM (
    SELECT number, COALESCE(invoice_discount.amount_minor, 0) AS most_minor, SUM(settlement.amount_minor) AS taken_minor
    FROM discount JOIN settlement ON discount.settlement_id = COALESCE(reverses_id, settlement.id)
    JOIN receivable ON receivable.id = receivable_id JOIN invoice ON invoice.id = receivable.invoice_id
    LEFT JOIN invoice_discount ON invoice_discount.invoice_id = invoice.id
    GROUP BY invoice.id
) AS taken WHERE taken_minor NOT BETWEEN 0 AND most_minor
UNION ALL SELECT 'settlement ' || settlement.id FROM discount JOIN settlement ON settlement.id = discount.settlement_id
    JOIN receivable ON receivable.id = receivable_id
    LEFT JOIN invoice_discount ON invoice_discount.invoice_id = receivable.invoice_id
    LEFT JOIN payment ON payment.id = discount.payment_id
    WHERE settlement.kind <> 'discount' OR received_on > until_on
    OR settlement.amount_minor <> (SELECT COALESCE(SUM(base_minor + tax_minor), 0) FROM discount_tax
        WHERE discount_tax.settlement_id = settlement.id)
    OR NOT EXISTS (SELECT 1 FROM settlement AS paying JOIN receivable AS paid ON paid.id = paying.receivable_id
        WHERE paid.invoice_id = receivable.invoice_id
        AND (paying.payment_id = discount.payment_id OR paying.credit_id = discount.credit_id))
UNION ALL SELECT 'P' || payment_reversal.payment_id FROM payment_reversal
    JOIN discount ON discount.payment_id = payment_reversal.payment_id
    WHERE NOT EXISTS (SELECT 1 FROM settlement AS back WHERE back.reverses_id = discount.settlement_id)
"""

# What of the invoices is taken as discount now, by tax code.
DISCOUNTED = """
SELECT number || ' ' || discount_tax.code, MAX(invoice_discount.tax), MAX(invoice_tax.base_minor),
    MAX(invoice_tax.tax_minor),
    SUM(CASE WHEN settlement.amount_minor < 0 THEN -1 ELSE 1 END * discount_tax.base_minor),
    SUM(CASE WHEN settlement.amount_minor < 0 THEN -1 ELSE 1 END * discount_tax.tax_minor)
FROM discount_tax JOIN settlement ON discount_tax.settlement_id = COALESCE(reverses_id, settlement.id)
JOIN receivable ON receivable.id = receivable_id JOIN invoice ON invoice.id = receivable.invoice_id
LEFT JOIN invoice_discount ON invoice_discount.invoice_id = invoice.id
LEFT JOIN invoice_tax ON invoice_tax.invoice_id = invoice.id AND invoice_tax.code = discount_tax.code
GROUP BY invoice.id, discount_tax.code
"""


def discounts(store: Store) -> Iterator[str]:
    """Who took a discount when, and what came off the taxes: in proportion where they are included, else nothing."""
    yield from named(store, DISCOUNTS)
    for name, *figures in store.connection.execute(DISCOUNTED):
        if not _is_in_proportion(*figures):
            yield name


def _is_in_proportion(
    way: str | None, base_minor: int | None, tax_minor: int | None, off_base_minor: int, off_tax_minor: int
) -> bool:
    """Whether so much of a tax code may have come off: to a few cents, for credits before it were rounded, too."""
    if base_minor is None or tax_minor is None or off_base_minor > base_minor or off_tax_minor > tax_minor:
        return False
    if way != "included":
        return off_tax_minor == 0
    gross_minor, off_minor = base_minor + tax_minor, off_base_minor + off_tax_minor
    return abs(off_tax_minor * gross_minor - off_minor * tax_minor) <= CENTS_OF_ROUNDING * abs(gross_minor)


# A value in base currency where it belongs: beside a settlement by a payment, and equal to what is in base anyway.
REALISED = """
SELECT 'settlement ' || settlement_id FROM realised JOIN settlement ON settlement.id = settlement_id
JOIN receivable ON receivable.id = receivable_id LEFT JOIN payment ON payment.id = settlement.payment_id
WHERE settlement.kind <> 'payment' OR base = payment.currency AND base = receivable.currency
OR base = payment.currency AND received_minor <> COALESCE(paid_minor, settlement.amount_minor)
OR base = receivable.currency AND invoiced_minor <> settlement.amount_minor
"""
