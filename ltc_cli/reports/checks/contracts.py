"""Contracts: what is planned, amended and shipped."""

PLANS = """
SELECT 'C' || contract.id FROM contract LEFT JOIN plan_share ON contract_id = contract.id
    AND plan_share.amendment_id IS NULL
GROUP BY contract.id HAVING COALESCE(SUM(plan_share.amount_minor), -1) <> contract.amount_minor
UNION ALL SELECT 'C' || contract.id FROM contract_now AS contract JOIN plan_share_now AS share
    ON share.contract_id = contract.id
GROUP BY contract.id HAVING SUM(share.amount_minor) <> contract.amount_minor
UNION ALL SELECT 'C' || contract_id || ' share ' || position FROM plan_share_now AS share WHERE
    amount_minor < (SELECT COALESCE(SUM(net_minor), 0) FROM invoice_line WHERE plan_share_id = share.id)
"""

AMENDED = """
SELECT 'C' || later.contract_id || ' on ' || later.amended_on FROM amendment AS later
JOIN amendment AS earlier ON earlier.contract_id = later.contract_id AND earlier.id < later.id
WHERE later.amended_on < earlier.amended_on OR earlier.kind = 'terminated'
UNION ALL SELECT 'C' || contract.id || ' on ' || amended_on FROM amendment JOIN contract ON contract.id = contract_id
WHERE amended_on < signed_on OR (amendment.document_sha256 IS NULL) <> (amendment.kind = 'extended')
UNION ALL SELECT 'C' || amendment.contract_id || ' line ' || position FROM contract_line_change
JOIN amendment ON amendment.id = contract_line_change.amendment_id
JOIN contract_line AS line ON line.id = contract_line_id
WHERE line.contract_id <> amendment.contract_id
UNION ALL SELECT 'C' || amendment.contract_id || ' share ' || position FROM plan_share_change
JOIN amendment ON amendment.id = plan_share_change.amendment_id JOIN plan_share AS share ON share.id = plan_share_id
WHERE share.contract_id <> amendment.contract_id
UNION ALL SELECT 'C' || share.contract_id || ' share ' || share.position FROM plan_share_now AS share
JOIN contract_now AS contract ON contract.id = share.contract_id WHERE period_from > terminated_on
    AND share.amount_minor > (SELECT COALESCE(SUM(net_minor), 0) FROM invoice_line WHERE plan_share_id = share.id)
"""

SHIPMENTS = """
SELECT 'C' || contract_id || ' line ' || position FROM contract_line_now AS line JOIN shipment_line
ON contract_line_id = line.id GROUP BY line.id
HAVING SUM(shipment_line.quantity_micro) NOT BETWEEN 0 AND line.quantity_micro
UNION ALL SELECT 'S' || shipment_id FROM shipment_line
GROUP BY shipment_id, contract_line_id HAVING SUM(quantity_micro) < 0
"""
