-- The floor under `ltc dun`: every open receivable that is due, with the levels it has reached.
SELECT balance.id, balance.kind, balance.invoice_id, kept.id, balance.currency, balance.due_on, balance_minor,
    kept.email, kept.dunning,
    (SELECT MAX(level) FROM notice_item WHERE receivable_id = balance.id) AS reached
FROM (
    SELECT id, kind, invoice_id, customer_id, currency, due_on, receivable.amount_minor - COALESCE((
        SELECT SUM(settlement.amount_minor) FROM settlement
        WHERE settlement.receivable_id = receivable.id AND settlement.settled_on <= :as_of), 0) AS balance_minor
    FROM receivable WHERE issued_on <= :as_of AND due_on <= :horizon
) AS balance
JOIN customer AS own ON own.id = balance.customer_id
JOIN customer AS kept ON kept.id = COALESCE(own.merged_into_id, own.id)
WHERE balance_minor > 0
