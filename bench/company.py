"""A company of any size, written straight into the schema: customers, invoices, receivables, payments, settlements."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from ltc_cli.store import connect, create, sha256

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

AS_OF = date(2026, 6, 30)
"""A day near the end: one invoice in 25 is issued later, payments of earlier ones still come in."""

RECORDED_AT = "2026-12-31T12:00:00.000000Z"
CUSTOMERS_MOST = 20_000
SCRAMBLED = "(id * 1103515245 % 2147483647)"
"""Spreads consecutive numbers, the same on every run."""

CUSTOMERS = """
WITH RECURSIVE numbered(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM numbered WHERE id < :customers)
INSERT INTO customer (id, name, name_norm, country, owner, created_on, recorded_at, merged_into_id)
SELECT id, 'Customer ' || id, 'customer ' || id, 'DE', 'owner ' || id % 10, '2024-07-01', :recorded_at,
    CASE WHEN id % 100 = 0 THEN id - 1 END
FROM numbered
"""

# Customers buy in a currency of their own; one invoice in fifty is in another one.
INVOICES = f"""
WITH RECURSIVE numbered(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM numbered WHERE id < :invoices),
drawn AS (
    SELECT id, 1 + {SCRAMBLED} % :customers AS customer_id, 10000 + {SCRAMBLED} % 990000 AS total_minor,
        date('2024-07-01', (id * 760 / :invoices) || ' days') AS issued_on FROM numbered
)
INSERT INTO invoice (id, series_id, seq, number, customer_id, issued_on, currency, net_minor, tax_minor, total_minor,
    tax_rounding, terms, document_sha256, recorded_at)
SELECT id, 1, id, 'INV-' || id, customer_id, issued_on,
    CASE WHEN id % 50 = 0 THEN 'GBP' WHEN customer_id % 10 = 0 THEN 'JPY' ELSE 'EUR' END,
    total_minor, 0, total_minor, 'line', '100% sign; net 30', :document_sha256, :recorded_at
FROM drawn
"""

# Two invoices in five are paid in two instalments: 1.4 receivables an invoice.
RECEIVABLES = """
INSERT INTO receivable (kind, invoice_id, customer_id, currency, issued_on, due_on, amount_minor)
SELECT 'invoice', id, customer_id, currency, issued_on, date(issued_on, (30 * part) || ' days'),
    CASE WHEN id % 5 >= 2 THEN total_minor WHEN part = 1 THEN total_minor / 2 ELSE total_minor - total_minor / 2 END
FROM invoice JOIN (SELECT 1 AS part UNION ALL SELECT 2) AS parts ON part = 1 OR id % 5 < 2
ORDER BY id, part
"""

# Three receivables in seven are paid, from 20 days before they are due to 20 after: 0.6 settlements an invoice.
# A payment has the number of its receivable; one in 30 is over by 5.00.
PAYMENTS = """
INSERT INTO payment (id, customer_id, received_on, currency, amount_minor, recorded_at)
SELECT id, customer_id, date(due_on, (id % 41 - 20) || ' days'), currency,
    CASE WHEN id % 10 = 0 THEN amount_minor / 2 ELSE amount_minor END + CASE WHEN id % 30 = 0 THEN 500 ELSE 0 END,
    :recorded_at
FROM receivable WHERE id % 7 < 3
"""

SETTLEMENTS = """
INSERT INTO settlement (receivable_id, kind, payment_id, settled_on, amount_minor, recorded_at)
SELECT id, 'payment', id, received_on, amount_minor - CASE WHEN id % 30 = 0 THEN 500 ELSE 0 END, :recorded_at
FROM payment ORDER BY id
"""

# One payment in a hundred bounces three days later.
REVERSALS = (
    """
    INSERT INTO payment_reversal (payment_id, reversed_on, reason, recorded_at)
    SELECT id, date(received_on, '3 days'), 'bounced', :recorded_at FROM payment WHERE id % 100 = 1
    """,
    """
    INSERT INTO settlement (receivable_id, kind, payment_id, reverses_id, settled_on, amount_minor, recorded_at)
    SELECT receivable_id, 'reversal', settlement.payment_id, settlement.id, reversed_on, -amount_minor, :recorded_at
    FROM settlement JOIN payment_reversal ON payment_reversal.payment_id = settlement.payment_id
    """,
)

STEPS = (
    "INSERT INTO document (sha256, format, media_type, body) VALUES (:document_sha256, 'bench', 'text/plain', x'')",
    "INSERT INTO series (kind, pattern, year, next_seq, gapless) VALUES ('invoice', 'INV-{seq}', 0, :next_seq, 1)",
    CUSTOMERS,
    INVOICES,
    RECEIVABLES,
    PAYMENTS,
    SETTLEMENTS,
    *REVERSALS,
)


def make(path: Path, invoices: int, customers: int | None = None) -> Path:
    """The file of a company with so many invoices; by default a customer for every fifty of them."""
    create(path, RECORDED_AT)
    connection = connect(path)
    try:
        _fill(connection, invoices, customers or max(1, min(CUSTOMERS_MOST, invoices // 50)))
    finally:
        connection.close()
    return path


def _fill(connection: sqlite3.Connection, invoices: int, customers: int) -> None:
    values = {
        "invoices": invoices,
        "next_seq": invoices + 1,
        "customers": customers,
        "recorded_at": RECORDED_AT,
        "document_sha256": sha256(b""),
    }
    connection.execute("BEGIN IMMEDIATE")
    for step in STEPS:
        connection.execute(step, values)
    connection.execute("COMMIT")
