"""What contracts, their lines and their shares came to on a day: what was signed, with the amendments told by then."""

from __future__ import annotations

from ltc_cli.receivables import EVER

# One parameter: the day. The views of these names, as they were on it; whatever asks them asks the same of both. The
# common table is not kept, so that each look at it finds its index.
AS_OF = """
WITH amending AS NOT MATERIALIZED (SELECT * FROM amendment WHERE amended_on <= ?), contract_now AS (
    SELECT contract.id, opportunity_id, quote_id, customer_id, currency,
        COALESCE(last.amount_minor, contract.amount_minor) AS amount_minor,
        COALESCE(last.net_minor, contract.net_minor) AS net_minor,
        COALESCE(last.tax_minor, contract.tax_minor) AS tax_minor,
        tax_rounding, terms, signed_on, signed_by, starts_on,
        CASE WHEN last.id IS NULL THEN contract.ends_on ELSE last.ends_on END AS ends_on,
        renews, contract.document_sha256, contract.recorded_at, batch_id, open_ended, last.id AS amendment_id,
        CASE WHEN last.kind = 'terminated' THEN last.effective_on END AS terminated_on
    FROM contract LEFT JOIN amendment AS last
        ON last.id = (SELECT MAX(amending.id) FROM amending WHERE amending.contract_id = contract.id)
), contract_line_now AS (
    SELECT line.id, contract_id, position, text,
        COALESCE(last.quantity_micro, line.quantity_micro) AS quantity_micro,
        COALESCE(last.price_micro, line.price_micro) AS price_micro,
        COALESCE(last.discount_minor, line.discount_minor) AS discount_minor,
        COALESCE(last.net_minor, line.net_minor) AS net_minor,
        tax_code, category, rate_ppm, inclusive
    FROM contract_line AS line LEFT JOIN contract_line_change AS last
        ON last.id = (SELECT MAX(changed.id) FROM contract_line_change AS changed JOIN amending
            ON amending.id = changed.amendment_id WHERE changed.contract_line_id = line.id)
    WHERE line.amendment_id IS NULL OR EXISTS (SELECT 1 FROM amending WHERE amending.id = line.amendment_id)
), plan_share_now AS (
    SELECT share.id, contract_id, position, share, trigger_kind, trigger_on, months, steps,
        COALESCE(last.amount_minor, share.amount_minor) AS amount_minor,
        fixed_minor, period_from, COALESCE(last.period_to, share.period_to) AS period_to
    FROM plan_share AS share LEFT JOIN plan_share_change AS last
        ON last.id = (SELECT MAX(changed.id) FROM plan_share_change AS changed JOIN amending
            ON amending.id = changed.amendment_id WHERE changed.plan_share_id = share.id)
    WHERE share.amendment_id IS NULL OR EXISTS (SELECT 1 FROM amending WHERE amending.id = share.amendment_id)
)
"""


def on(as_of: str) -> tuple[str, tuple[str, ...]]:
    """What stands before a query of `contract_now`, `contract_line_now` or `plan_share_now`, and its parameters.

    As of `EVER` nothing does: the views say what stands now.
    """
    return ("", ()) if as_of == EVER else (AS_OF, (as_of,))
