-- The bare queries of `ltc check`: what must always hold, each asked once over the whole file, and every one finds nothing.
-- Hashes, JSON and the forty days of aging (aging.sql) come on top: bench/check.py.
PRAGMA integrity_check;
PRAGMA foreign_key_check;
-- 1: lines, taxes, instalments
SELECT 1 FROM quote_line JOIN quote ON quote.id = quote_id
WHERE quote_line.net_minor <> (2 * quantity_micro * price_micro + 10000000000) / 20000000000 - quote_line.discount_minor;
SELECT 1 FROM contract_line
WHERE net_minor <> (2 * quantity_micro * price_micro + 10000000000) / 20000000000 - discount_minor;
SELECT 1 FROM invoice_line
WHERE net_minor <> (2 * quantity_micro * price_micro + 10000000000) / 20000000000 - discount_minor;
SELECT 1 FROM contract JOIN (
    SELECT contract_id, SUM(net_minor) AS net_minor, SUM(tax_minor) AS tax_minor FROM (
        SELECT contract_id, SUM(net_minor) AS net_minor,
            (2 * SUM(net_minor) * rate_ppm + 1000000) / 2000000 AS tax_minor
        FROM contract_line GROUP BY contract_id, tax_code, rate_ppm
    ) GROUP BY contract_id
) AS own ON own.contract_id = contract.id
WHERE own.net_minor <> contract.net_minor OR own.tax_minor <> contract.tax_minor OR own.net_minor <> amount_minor;
SELECT 1 FROM invoice JOIN (
    SELECT invoice_id, SUM(base_minor) AS net_minor, SUM(tax_minor) AS tax_minor FROM invoice_tax GROUP BY invoice_id
) AS taxed ON taxed.invoice_id = invoice.id
WHERE taxed.net_minor <> invoice.net_minor OR taxed.tax_minor <> invoice.tax_minor
    OR invoice.net_minor + invoice.tax_minor <> total_minor;
SELECT 1 FROM invoice_tax JOIN (
    SELECT invoice_id, tax_code, SUM(net_minor) AS net_minor FROM invoice_line GROUP BY invoice_id, tax_code
) AS own ON own.invoice_id = invoice_tax.invoice_id AND tax_code = code
WHERE own.net_minor <> base_minor AND own.net_minor <> base_minor + tax_minor;
SELECT 1 FROM receivable JOIN invoice ON invoice.id = invoice_id WHERE kind = 'invoice' GROUP BY invoice_id
HAVING SUM(amount_minor) <> total_minor
    OR MIN(receivable.customer_id = invoice.customer_id AND receivable.issued_on = invoice.issued_on) = 0;
-- 2: balances on every day, payments, what they hold on every day, reversals
SELECT 1 FROM (
    SELECT receivable.amount_minor AS amount_minor,
        SUM(SUM(settlement.amount_minor)) OVER (PARTITION BY receivable_id ORDER BY settled_on) AS settled_minor
    FROM settlement JOIN receivable ON receivable.id = receivable_id GROUP BY receivable_id, settled_on
) WHERE settled_minor NOT BETWEEN 0 AND amount_minor;
SELECT 1 FROM settlement JOIN receivable ON receivable.id = receivable_id
LEFT JOIN payment ON payment.id = settlement.payment_id LEFT JOIN credit_note ON credit_note.id = credit_id
WHERE settled_on < receivable.issued_on OR settled_on < received_on OR payment.currency <> receivable.currency
    OR settled_on < credit_note.issued_on OR credit_note.currency <> receivable.currency;
SELECT 1 FROM (
    SELECT payment.amount_minor, COALESCE((SELECT SUM(amount_minor) FROM settlement WHERE payment_id = payment.id), 0)
        + COALESCE((SELECT SUM(amount_minor) FROM refund WHERE payment_id = payment.id), 0) AS used_minor FROM payment
) WHERE used_minor NOT BETWEEN 0 AND amount_minor;
SELECT 1 FROM (
    SELECT SUM(SUM(amount_minor)) OVER (PARTITION BY id ORDER BY day) AS left_minor FROM (
        SELECT id, received_on AS day, amount_minor FROM payment
        UNION ALL SELECT payment_id, reversed_on, -amount_minor FROM payment_reversal
            JOIN payment ON payment.id = payment_id
        UNION ALL SELECT payment_id, settled_on, -amount_minor FROM settlement WHERE payment_id IS NOT NULL
        UNION ALL SELECT payment_id, refunded_on, -amount_minor FROM refund WHERE payment_id IS NOT NULL
    ) GROUP BY id, day
) WHERE left_minor < 0;
SELECT 1 FROM settlement AS back JOIN settlement AS made ON made.id = back.reverses_id
WHERE back.amount_minor <> -made.amount_minor OR back.receivable_id <> made.receivable_id;
-- 3: what is owed by customer and day, another way than aging, which follows in Python
SELECT day, customer_id, currency, SUM(amount_minor) FROM (
    SELECT issued_on AS day, customer_id, currency, amount_minor FROM receivable
    UNION ALL SELECT received_on, customer_id, currency, -amount_minor FROM payment
) GROUP BY day, customer_id, currency;
-- 4: plans and shipments
SELECT 1 FROM contract JOIN plan_share ON contract_id = contract.id GROUP BY contract.id
HAVING SUM(plan_share.amount_minor) <> contract.amount_minor;
SELECT 1 FROM plan_share JOIN invoice_line ON plan_share_id = plan_share.id GROUP BY plan_share.id
HAVING SUM(net_minor) > amount_minor;
SELECT 1 FROM contract_line JOIN shipment_line ON contract_line_id = contract_line.id GROUP BY contract_line.id
HAVING SUM(shipment_line.quantity_micro) NOT BETWEEN 0 AND contract_line.quantity_micro;
SELECT 1 FROM shipment_line GROUP BY shipment_id, contract_line_id HAVING SUM(quantity_micro) < 0;
-- 5: numbers and their days
SELECT 1 FROM invoice JOIN series ON series.id = series_id GROUP BY series_id
HAVING COUNT(*) <> MAX(seq) OR MAX(seq) <> next_seq - 1;
SELECT 1 FROM (SELECT issued_on, LAG(issued_on) OVER (PARTITION BY series_id ORDER BY seq) AS before_on FROM invoice)
WHERE issued_on < before_on;
-- 6: mails
SELECT 1 FROM outbox JOIN outbox_attempt ON outbox_id = outbox.id GROUP BY outbox.id
HAVING SUM(outbox_attempt.state = 'sent') > 1;
-- 8: nothing promoted twice, no key used twice
SELECT 1 FROM opportunity WHERE lead_id IS NOT NULL GROUP BY lead_id HAVING COUNT(*) > 1;
SELECT 1 FROM request_key GROUP BY key HAVING COUNT(*) > 1;
-- 9: by day and customer, what the double entry posts to receivables and to credit (and aging.sql on four days)
SELECT day, customer_id, currency, SUM(owed_minor), SUM(held_minor) FROM (
    SELECT issued_on AS day, customer_id, currency, amount_minor AS owed_minor, 0 AS held_minor FROM receivable
    UNION ALL SELECT settled_on, customer_id, currency, -settlement.amount_minor, 0
        FROM settlement JOIN receivable ON receivable.id = receivable_id
    UNION ALL SELECT received_on, customer_id, currency, 0, amount_minor FROM payment
    UNION ALL SELECT reversed_on, customer_id, currency, 0, -amount_minor
        FROM payment_reversal JOIN payment ON payment.id = payment_id
    UNION ALL SELECT settled_on, customer_id, currency, 0, -COALESCE(paid_minor, settlement.amount_minor)
        FROM settlement JOIN payment ON payment.id = payment_id
    UNION ALL SELECT issued_on, customer_id, currency, 0, total_minor FROM credit_note
    UNION ALL SELECT settled_on, customer_id, currency, 0, -settlement.amount_minor
        FROM settlement JOIN credit_note ON credit_note.id = credit_id
    UNION ALL SELECT refunded_on, customer_id, currency, 0, -amount_minor FROM refund_moved
) GROUP BY day, customer_id, currency
