"""Quotes, contracts, invoices and credit notes: each sums up by its own policy, under a number without a gap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltc_cli.rules import tax
from ltc_cli.rules.money import digits, line_net

if TYPE_CHECKING:
    from collections.abc import Iterator
    from sqlite3 import Row

    from ltc_cli.store import Store

# Lines that whole numbers of 64 bits do not prove; SQL multiplies many at once, and the rules look at the few left.
# Parameters: the currency, and twice how many of quantity × price, in millionths of millionths, are a minor unit.
UNPROVEN_LINES = """
SELECT line.* FROM {table} AS line JOIN {record} ON {record}.id = line.{record}_id
WHERE currency = ? AND (line.quantity_micro > 4000000000000000000 / MAX(line.price_micro, 1)
    OR line.net_minor <> (2 * line.quantity_micro * line.price_micro + ?) / (2 * ?) - line.discount_minor)
"""


def lines(store: Store) -> Iterator[str]:
    """Net of a line = quantity × price − discount, rounded."""
    for table in ("quote_line", "contract_line", "contract_line_now", "invoice_line", "credit_note_line"):
        record = table.partition("_line")[0]
        for (currency,) in store.all(f"SELECT DISTINCT currency FROM {record}"):
            unit = 10 ** (12 - digits(currency))
            for row in store.connection.execute(
                UNPROVEN_LINES.format(record=record, table=table), (currency, unit, unit)
            ):
                net_minor = line_net(row["quantity_micro"], row["price_micro"], row["discount_minor"], digits(currency))
                if net_minor != row["net_minor"]:
                    yield f"line {row['position']} of {record} {row[f'{record}_id']}"


# Records whose sums whole numbers of 64 bits do not prove: other policies, taxes inside of amounts, wrong ones.
UNPROVEN_RECORDS = """
SELECT * FROM {head} WHERE id NOT IN (
    SELECT {record}_id FROM (
        SELECT {record}_id, SUM(net_minor) AS net_minor, MAX(inclusive) AS inclusive,
            rate_ppm, (2 * SUM(net_minor) * rate_ppm + 1000000) / 2000000 AS tax_minor
        FROM {table} GROUP BY {record}_id, tax_code, category, rate_ppm, inclusive
    ) AS of_code JOIN {head} AS head ON head.id = {record}_id WHERE tax_rounding = 'document'
    GROUP BY {record}_id HAVING MAX(inclusive) = 0 AND MAX(of_code.net_minor) <= 4000000000000
        AND MAX(rate_ppm) <= 1000000 AND SUM(of_code.net_minor) = amount_minor
        AND SUM(of_code.net_minor) = head.net_minor AND SUM(of_code.tax_minor) = head.tax_minor
)
"""


def totals(store: Store) -> Iterator[str]:
    """Net and tax of a quote and a contract, as signed and as amended, are those of its lines, by its own policy."""
    for record, head, table in (
        ("quote", "quote", "quote_line"),
        ("contract", "contract", "(SELECT * FROM contract_line WHERE amendment_id IS NULL)"),
        ("contract", "contract_now", "contract_line_now"),
    ):
        unproven = UNPROVEN_RECORDS.format(record=record, head=head, table=table)
        heads = {row["id"]: row for row in store.connection.execute(unproven)}
        lines: dict[int, list[tax.Line]] = {}
        sql = f"SELECT * FROM {table} AS line WHERE {{these:{record}_id}} ORDER BY {record}_id, position"
        for row in store.among(sql, heads):
            lines.setdefault(row[f"{record}_id"], []).append(_line(row))
        for record_id, said in heads.items():
            own = lines.get(record_id, [])
            whole = tax.totals(own, said["tax_rounding"], digits(said["currency"]))
            amount_minor = sum(line.net_minor for line in own)
            if (whole.net_minor, whole.tax_minor, amount_minor) != (
                said["net_minor"],
                said["tax_minor"],
                said["amount_minor"],
            ):
                yield f"{record} {record_id}"


def _line(row: Row) -> tax.Line:
    code = tax.TaxCode(row["tax_code"], row["category"], row["rate_ppm"], bool(row["inclusive"]))
    return tax.Line(
        row["text"], row["quantity_micro"], row["price_micro"], row["discount_minor"], row["net_minor"], code
    )


INVOICES = """
SELECT number FROM invoice WHERE net_minor + tax_minor + rounding_minor <> total_minor
OR total_minor % cash_step_minor <> 0
OR 2 * rounding_minor NOT BETWEEN 1 - cash_step_minor AND cash_step_minor
OR net_minor <> (SELECT COALESCE(SUM(base_minor), 0) FROM invoice_tax WHERE invoice_id = invoice.id)
OR tax_minor <> (SELECT COALESCE(SUM(tax_minor), 0) FROM invoice_tax WHERE invoice_id = invoice.id)
"""

BASES = """
SELECT number || ' ' || code FROM invoice_tax JOIN invoice ON invoice.id = invoice_id
WHERE tax_rounding <> 'unrounded' AND base_minor <> (SELECT COALESCE(SUM(net_minor), 0)
    FROM invoice_line WHERE invoice_id = invoice.id AND tax_code = code)
AND base_minor + invoice_tax.tax_minor <> (SELECT COALESCE(SUM(net_minor), 0)
    FROM invoice_line WHERE invoice_id = invoice.id AND tax_code = code)
"""

RATES = """
SELECT number || ' line ' || position FROM invoice_line
JOIN invoice ON invoice.id = invoice_line.invoice_id
LEFT JOIN invoice_tax ON invoice_tax.invoice_id = invoice.id AND code = tax_code
WHERE code IS NULL OR invoice_line.rate_ppm <> invoice_tax.rate_ppm
    OR invoice_line.category <> invoice_tax.category
UNION ALL SELECT number || ' ' || credit_note_tax.code FROM credit_note_tax
JOIN credit_note ON credit_note.id = credit_note_id
JOIN invoice_tax ON invoice_tax.invoice_id = credit_note.invoice_id
    AND invoice_tax.code = credit_note_tax.code
WHERE credit_note_tax.rate_ppm <> invoice_tax.rate_ppm
    OR credit_note_tax.category <> invoice_tax.category
"""

CREDIT_NOTES = """
SELECT credit_note.number FROM credit_note LEFT JOIN invoice ON invoice.id = invoice_id
WHERE credit_note.net_minor + credit_note.tax_minor + credit_note.rounding_minor
    <> credit_note.total_minor
OR credit_note.net_minor <> (SELECT COALESCE(SUM(base_minor), 0) FROM credit_note_tax
    WHERE credit_note_id = credit_note.id)
OR credit_note.tax_minor <> (SELECT COALESCE(SUM(tax_minor), 0) FROM credit_note_tax
    WHERE credit_note_id = credit_note.id)
OR credit_note.customer_id <> invoice.customer_id OR credit_note.currency <> invoice.currency
OR credit_note.issued_on < invoice.issued_on
"""

CREDITED = """
SELECT invoice.number FROM credit_note JOIN invoice ON invoice.id = invoice_id
GROUP BY invoice.id HAVING SUM(credit_note.total_minor) > invoice.total_minor
UNION ALL SELECT number || ' ' || code FROM (SELECT invoice.number, credit_note_tax.code,
    invoice_tax.base_minor AS base_minor, invoice_tax.tax_minor AS tax_minor,
    SUM(credit_note_tax.base_minor) AS credited_base_minor,
    SUM(credit_note_tax.tax_minor) AS credited_tax_minor,
    (SELECT SUM(note.net_minor + note.tax_minor) FROM credit_note AS note
        WHERE note.invoice_id = invoice.id) = invoice.net_minor + invoice.tax_minor AS is_whole
    FROM credit_note JOIN credit_note_tax ON credit_note_id = credit_note.id
    JOIN invoice ON invoice.id = credit_note.invoice_id LEFT JOIN invoice_tax
    ON invoice_tax.invoice_id = invoice.id AND invoice_tax.code = credit_note_tax.code
    GROUP BY invoice.id, credit_note_tax.code) AS of_code
WHERE base_minor IS NULL OR credited_base_minor > base_minor OR credited_tax_minor > tax_minor
    OR is_whole AND (credited_base_minor <> base_minor OR credited_tax_minor <> tax_minor)
UNION ALL SELECT number || ' line ' || position FROM (SELECT invoice.number, invoice_line.position,
    invoice_line.net_minor AS net_minor, invoice_line.quantity_micro AS quantity_micro,
    SUM(credit_note_line.net_minor) AS credited_minor, SUM(credited_micro) AS credited_micro
    FROM credit_note_line JOIN invoice_line ON invoice_line.id = invoice_line_id
    JOIN invoice ON invoice.id = invoice_id GROUP BY invoice_line.id) AS of_line
WHERE credited_minor > net_minor OR credited_micro > quantity_micro
"""

INSTALMENTS = """
SELECT number FROM invoice LEFT JOIN receivable ON invoice_id = invoice.id AND kind = 'invoice'
GROUP BY invoice.id HAVING COALESCE(SUM(amount_minor), -1) <> total_minor
OR MIN(receivable.customer_id = invoice.customer_id AND receivable.currency = invoice.currency
    AND receivable.issued_on = invoice.issued_on) = 0
OR MAX(receivable.amount_minor % cash_step_minor) <> 0
"""

NUMBERS = """
SELECT pattern || ' ' || year FROM series JOIN (
SELECT 'invoice' AS kind, series_id, COUNT(*) AS issued, MIN(seq) AS first_seq, MAX(seq) AS last_seq
    FROM invoice GROUP BY series_id
UNION ALL SELECT 'credit', series_id, COUNT(*), MIN(seq), MAX(seq) FROM credit_note GROUP BY series_id
) AS drawn ON series_id = series.id WHERE gapless = 1 AND (drawn.kind <> series.kind
OR next_seq - 1 < last_seq OR first_seq < 1)
UNION ALL SELECT pattern || ' ' || year FROM series WHERE gapless = 1 AND next_seq - 1 <>
    (SELECT COUNT(*) FROM invoice WHERE series_id = series.id)
    + (SELECT COUNT(*) FROM credit_note WHERE series_id = series.id)
    + (SELECT COALESCE(SUM(last_seq - first_seq + 1), 0) FROM lost_number WHERE series_id = series.id)
"""

DATES = """
SELECT number FROM (SELECT issued.number, issued_on, MAX(issued_on) OVER (PARTITION BY series_id
ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_on FROM (
    SELECT number, series_id, seq, issued_on FROM invoice
    UNION ALL SELECT number, series_id, seq, issued_on FROM credit_note) AS issued
JOIN series ON series.id = series_id WHERE gapless = 1) AS dated WHERE issued_on < before_on
"""
