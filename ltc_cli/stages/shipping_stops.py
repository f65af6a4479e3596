"""What dunning keeps back: shipping, from the level that stops it until that is paid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltc_cli.errors import RefusedError
from ltc_cli.stages import tasks

if TYPE_CHECKING:
    from collections.abc import Iterable
    from sqlite3 import Row

    from ltc_cli.store import Store

# A level that stops shipping, told by a notice or a call, stands while one of its instalments, or a claim of that
# invoice, is open, and dunning of that invoice is not switched off.
STOPPED = f"""
WITH family AS (
    SELECT family.id FROM customer AS asked JOIN customer AS family
        ON family.id = COALESCE(asked.merged_into_id, asked.id)
        OR family.merged_into_id = COALESCE(asked.merged_into_id, asked.id) WHERE asked.id = ?
),
stopping (since_on, ref, level, receivable_id) AS (
    SELECT decided_on, 'N' || notice.id, notice.level, receivable_id FROM notice
    JOIN notice_item ON notice_item.notice_id = notice.id
    WHERE stops_shipping = 1 AND customer_id IN (SELECT id FROM family)
        AND NOT EXISTS (SELECT 1 FROM notice_cancelled WHERE notice_id = notice.id)
    UNION ALL
    SELECT done_on, 'T' || task.id, task.level, receivable_id FROM task
    JOIN task_item ON task_item.task_id = task.id JOIN task_done ON task_done.task_id = task.id
    WHERE stops_shipping = 1 AND customer_id IN (SELECT id FROM family) AND ({tasks.IS_INSTEAD})
)
SELECT stopping.ref, stopping.level, invoice.number FROM stopping
JOIN receivable AS reached ON reached.id = stopping.receivable_id
JOIN invoice ON invoice.id = reached.invoice_id
JOIN receivable ON receivable.invoice_id = reached.invoice_id
    AND (receivable.id = reached.id OR receivable.kind <> 'invoice')
JOIN customer AS own ON own.id = reached.customer_id
JOIN customer AS kept ON kept.id = COALESCE(own.merged_into_id, own.id)
LEFT JOIN dunning_choice_now AS choice ON choice.invoice_id = invoice.id
WHERE COALESCE(choice.policy, kept.dunning, '') <> 'none'
AND receivable.amount_minor > COALESCE((
    SELECT SUM(amount_minor) FROM settlement WHERE settlement.receivable_id = receivable.id), 0)
ORDER BY stopping.since_on, stopping.ref LIMIT 1
"""


def stopped(store: Store, customer_ids: Iterable[int]) -> dict[int, Row]:
    """Of these customers, those whom a dunning level has sent nothing more: who told it, its name, the invoice."""
    told = store.all(
        "SELECT COALESCE(merged_into_id, id) AS id FROM customer WHERE id IN ("
        "SELECT customer_id FROM notice WHERE stops_shipping = 1"
        " UNION SELECT customer_id FROM task WHERE stops_shipping = 1)"
    )
    found = {each: store.one(STOPPED, (each,)) for each in {row["id"] for row in told}.intersection(customer_ids)}
    return {each: row for each, row in found.items() if row}


def why(reached: Row) -> str:
    """In words, what stops shipping."""
    return f"{reached['number']} has reached the level {reached['level']} ({reached['ref']})"


def refuse_stopped(store: Store, customer_id: int) -> None:
    """Raise RefusedError where a dunning level that stops shipping stands against the customer."""
    row = store.one(STOPPED, (customer_id,))
    if row:
        raise RefusedError(
            f"K{customer_id} is sent nothing: {why(row)}",
            f"ltc collect {row['number']}, or ltc edit {row['number']} dunning=none",
        )
