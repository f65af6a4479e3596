-- The best query for `ltc aging` that we know, in SQLite 3.40: one row a customer and currency.
-- Balances by a correlated sum over a covering index, materialised so that it is asked once a receivable;
-- the plus keeps the planner from walking receivables by customer, a random read each.
WITH balance AS MATERIALIZED (
    SELECT invoice_id, customer_id, currency, due_on,
        amount_minor - COALESCE((
            SELECT SUM(settlement.amount_minor) FROM settlement
            WHERE settlement.receivable_id = receivable.id AND settled_on <= :as_of), 0) AS open_minor
    FROM receivable WHERE issued_on <= :as_of
),
owed AS (
    SELECT customer_id, currency,
        SUM(open_minor) FILTER (WHERE due_on >= :as_of) AS minor_0,
        SUM(open_minor) FILTER (WHERE due_on >= :past_30 AND due_on < :as_of) AS minor_30,
        SUM(open_minor) FILTER (WHERE due_on >= :past_60 AND due_on < :past_30) AS minor_60,
        SUM(open_minor) FILTER (WHERE due_on >= :past_90 AND due_on < :past_60) AS minor_90,
        SUM(open_minor) FILTER (WHERE due_on < :past_90) AS minor_older,
        0 AS unapplied_minor, SUM(open_minor) AS total_minor,
        COUNT(DISTINCT invoice_id) AS invoices, MIN(due_on) AS oldest_due_on
    FROM balance WHERE open_minor <> 0 GROUP BY +customer_id, currency
),
credit AS (
    SELECT payment.customer_id, payment.currency,
        payment.amount_minor - COALESCE(SUM(settlement.amount_minor), 0) - COALESCE((
            SELECT payment.amount_minor FROM payment_reversal
            WHERE payment_reversal.payment_id = payment.id AND reversed_on <= :as_of), 0) AS left_minor
    FROM payment LEFT JOIN settlement ON settlement.payment_id = payment.id AND settled_on <= :as_of
    WHERE received_on <= :as_of GROUP BY payment.id
),
position AS (
    SELECT * FROM owed
    UNION ALL
    SELECT customer_id, currency, 0, 0, 0, 0, 0, -SUM(left_minor), -SUM(left_minor), 0, NULL
    FROM credit WHERE left_minor <> 0 GROUP BY customer_id, currency
)
SELECT survivor.id AS customer_id, survivor.name AS customer_name, currency,
    COALESCE(SUM(minor_0), 0) AS minor_0, COALESCE(SUM(minor_30), 0) AS minor_30,
    COALESCE(SUM(minor_60), 0) AS minor_60, COALESCE(SUM(minor_90), 0) AS minor_90,
    COALESCE(SUM(minor_older), 0) AS minor_older, SUM(unapplied_minor) AS unapplied_minor,
    SUM(total_minor) AS total_minor, SUM(invoices) AS invoices, MIN(oldest_due_on) AS oldest_due_on
FROM position
JOIN customer ON customer.id = position.customer_id
JOIN customer AS survivor ON survivor.id = COALESCE(customer.merged_into_id, customer.id)
GROUP BY survivor.id, currency
ORDER BY currency, total_minor DESC;
