"""Mail: each in the state its attempts say, once, in its turn, to nobody who must not be written to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltc_cli.mail.outbox import NEVER_WENT
from ltc_cli.reports.checks import named
from ltc_cli.stages import erasing, suppression
from ltc_cli.store import sha256

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ltc_cli.store import Store

OUTBOX = """
SELECT 'M' || outbox.id || ' is ' || outbox.state || ', its last attempt says ' || COALESCE(last.state, 'nothing')
FROM outbox LEFT JOIN outbox_attempt AS last
    ON last.id = (SELECT MAX(id) FROM outbox_attempt WHERE outbox_id = outbox.id)
WHERE last.state IS NULL
    OR last.state <> CASE WHEN outbox.state IN ('claimed', 'sending') THEN 'queued' ELSE outbox.state END
UNION ALL
SELECT 'M' || outbox_id || ' went out more than once' FROM outbox_attempt WHERE state = 'sent'
GROUP BY outbox_id HAVING COUNT(*) > 1
UNION ALL
SELECT 'M' || outbox.id || ' is about no invoice' FROM outbox LEFT JOIN invoice ON invoice.id = record_id
WHERE kind = 'invoice' AND (invoice.id IS NULL OR number <> about)
UNION ALL
SELECT 'M' || outbox.id || ' is about no ' || kind FROM outbox WHERE kind IN ('lead', 'quote', 'credit')
    AND about NOT IN (SELECT number FROM credit_note WHERE kind = 'credit' AND id = record_id
        UNION ALL SELECT 'Q' || id FROM quote WHERE kind = 'quote' AND id = record_id
        UNION ALL SELECT 'L' || id FROM lead WHERE kind = 'lead' AND id = record_id)
"""


def outbox(store: Store) -> Iterator[str]:
    """A mail's state is what its attempts say, and its bytes are those that were queued."""
    yield from named(store, OUTBOX)
    for row in store.connection.execute("SELECT id, channel, message, message_sha256, message_id FROM outbox"):
        if row["message"] == b"":
            continue  # it was erased: see `ERASED`
        is_named = row["channel"] == "letter" or row["message_id"].encode() in row["message"]
        if sha256(row["message"]) != row["message_sha256"] or not is_named:
            yield f"M{row['id']} is not the message that was queued"


# Invariant 6 of design 3; and a claim belongs to a notice, in its currency, and is void where that was cancelled.
DUNNED = """
WITH told AS (SELECT notice.*, COALESCE((SELECT outbox.state FROM outbox
    WHERE outbox.kind = 'notice' AND outbox.record_id = notice.id ORDER BY id DESC LIMIT 1), 'sent') AS state
    FROM notice)
SELECT 'receivable ' || receivable_id || ' reached ' || notice_item.level || ' twice' FROM notice_item
    JOIN told ON told.id = notice_item.notice_id WHERE state <> 'cancelled'
    GROUP BY receivable_id, notice_item.level HAVING COUNT(*) > 1
UNION ALL SELECT 'N' || told.id || ' is about nothing' FROM told
    WHERE NOT EXISTS (SELECT 1 FROM notice_item WHERE notice_item.notice_id = told.id)
    OR amount_minor + fee_minor + interest_minor <= 0
UNION ALL SELECT 'N' || told.id || ' lists another sum' FROM told
    WHERE EXISTS (SELECT 1 FROM notice_listed WHERE notice_id = told.id)
    AND amount_minor + fee_minor + interest_minor <> (
        SELECT SUM(balance_minor) FROM notice_listed WHERE notice_id = told.id)
        + COALESCE((SELECT SUM(amount_minor) FROM receivable WHERE notice_id = told.id), 0)
UNION ALL SELECT 'N' || told.id || ' is about another currency' FROM told
    JOIN notice_item ON notice_item.notice_id = told.id JOIN receivable ON receivable.id = receivable_id
    WHERE receivable.currency <> told.currency OR receivable.kind <> 'invoice'
UNION ALL SELECT 'claim ' || receivable.id FROM receivable
    LEFT JOIN claim ON claim.receivable_id = receivable.id LEFT JOIN told ON told.id = receivable.notice_id
    LEFT JOIN invoice ON invoice.id = receivable.invoice_id
    WHERE receivable.kind <> 'invoice' AND (claim.basis IS NULL OR told.id IS NULL
        OR (receivable.kind = 'interest') <> (claim.basis = 'interest') OR receivable.currency <> told.currency
        OR receivable.customer_id <> invoice.customer_id OR receivable.issued_on <> told.decided_on
        OR (told.state = 'cancelled') <> EXISTS (SELECT 1 FROM settlement
            WHERE settlement.receivable_id = receivable.id AND settlement.kind = 'void'))
UNION ALL SELECT 'claim ' || receivable_id || ' is of no fee or interest' FROM claim
    JOIN receivable ON receivable.id = receivable_id WHERE receivable.kind = 'invoice'
UNION ALL SELECT 'fees of N' || notice_id FROM receivable JOIN claim ON claim.receivable_id = receivable.id
    WHERE basis = 'fee' GROUP BY notice_id HAVING COUNT(*) > 1
UNION ALL SELECT 'interest of N' || notice_id FROM receivable WHERE kind = 'interest'
    GROUP BY notice_id, invoice_id HAVING COUNT(*) > 1
"""

# A call is about money of its customer, once a level of each instalment; or of a step of its lead.
TASKS = """
SELECT 'T' || MAX(task.id) || ' asks again for ' || task_item.level || ' of receivable ' || receivable_id
FROM task_item JOIN task ON task.id = task_id WHERE notice_id IS NULL
GROUP BY receivable_id, task_item.level HAVING COUNT(*) > 1
UNION ALL
SELECT DISTINCT 'T' || task.id || ' is about money of another customer' FROM task_item JOIN task ON task.id = task_id
JOIN receivable ON receivable.id = receivable_id
JOIN customer_now AS owing ON owing.own_id = receivable.customer_id
JOIN customer_now AS called ON called.own_id = task.customer_id
WHERE owing.id <> called.id OR receivable.currency <> task.currency
UNION ALL
SELECT 'T' || task.id || ' is of a step of another lead' FROM task
JOIN sequence_event AS step ON step.id = sequence_event_id WHERE step.lead_id <> task.lead_id OR step.kind <> 'step'
UNION ALL
SELECT 'T' || task.id || ' goes with a notice of another customer' FROM task JOIN notice ON notice.id = notice_id
WHERE notice.customer_id <> task.customer_id OR notice.currency <> task.currency
"""

# Each step once and in its turn, no more than one a day, and every mail of a sequence belongs to one.
SEQUENCES = """
SELECT 'L' || lead_id || ' took step ' || position || ' of ' || sequence || ' out of turn' FROM (
    SELECT *, LAG(position) OVER (PARTITION BY lead_id, sequence ORDER BY id) AS before,
        LAG(event_on) OVER (PARTITION BY lead_id, sequence ORDER BY id) AS before_on,
        LAG(kind) OVER (PARTITION BY lead_id, sequence ORDER BY id) AS before_kind FROM sequence_event) AS told
WHERE kind = 'step' AND (before IS NULL OR position <> before + 1 OR event_on < before_on OR before_kind = 'stopped')
    OR kind = 'stopped' AND (before IS NULL OR position <> before)
UNION ALL
SELECT 'L' || lead_id || ' took two steps on ' || event_on FROM sequence_event WHERE kind = 'step'
GROUP BY lead_id, event_on HAVING COUNT(*) > 1
UNION ALL
SELECT 'L' || lead_id || ' is planned for ' || next_on || ', before ' || event_on FROM sequence_event
WHERE next_on < event_on
UNION ALL
SELECT 'M' || outbox.id || ' belongs to no step of ' || about FROM outbox
WHERE outbox.kind = 'lead' AND NOT EXISTS (SELECT 1 FROM sequence_event JOIN outbox AS own ON own.id = outbox_id
    WHERE sequence_event.kind = 'step' AND lead_id = own.record_id AND own.record_id = outbox.record_id
    AND (own.id = outbox.id OR own.id < outbox.id AND own.state = 'cancelled' AND own.subject = outbox.subject))
"""


def suppressed(store: Store) -> Iterator[str]:
    """No sequence has written to an address after it was put on the list."""
    secret = store.one("SELECT secret FROM suppression_key")
    if secret is None:
        return
    rows = store.all("SELECT hash, MIN(outbox_id) AS mail_id FROM suppression WHERE kind = 'email' GROUP BY hash")
    listed = {row["hash"]: row["mail_id"] for row in rows}
    for row in store.all("SELECT id, recipient FROM outbox WHERE kind = 'lead' AND message <> X''"):
        last = listed.get(suppression.hash_of(secret["secret"], "email", row["recipient"]))
        if last is not None and row["id"] > last:
            yield f"M{row['id']} went to an address that is not to be written to"


# An erased record holds nothing of a person any more, but what was said since: a payment that came back is owed again.
ERASED = f"""
SELECT 'L' || lead.id || ' is erased, and says ' || COALESCE(email, phone, company, title, note, name)
FROM lead JOIN erasure ON kind = 'lead' AND record_id = lead.id
WHERE lead.name <> 'erased' OR COALESCE(company, email, email_norm, phone, phone_norm, title, note, further) IS NOT NULL
    OR fingerprint IS NOT NULL OR lead.id IN (SELECT lead_id FROM touch WHERE note IS NOT NULL)
    OR lead.id IN (SELECT lead_id FROM lead_event WHERE note IS NOT NULL OR reason NOT IN ({erasing.USUAL}))
    OR lead.id IN (SELECT lead_id FROM task LEFT JOIN task_done ON task_id = task.id
        WHERE task.text IS NOT NULL OR task_done.note IS NOT NULL)
    OR lead.id IN (SELECT external_id.record_id FROM external_id WHERE external_id.kind = 'lead')
    OR lead.id IN (SELECT outbox.record_id FROM outbox WHERE outbox.kind = 'lead' AND recipient <> 'erased')
UNION ALL
SELECT 'K' || customer.id || ' is erased, and says ' || COALESCE(email, phone, contact, address, note, name)
FROM customer JOIN erasure ON erasure.kind = 'customer' AND record_id = customer.id
WHERE customer.name <> 'erased' OR COALESCE(contact, email, phone, address, tax_id, note, further) IS NOT NULL
    OR EXISTS (SELECT 1 FROM task LEFT JOIN task_done ON task_id = task.id WHERE task.customer_id = customer.id
        AND (task.text IS NOT NULL AND task.recorded_at <= erasure.recorded_at
            OR task_done.note IS NOT NULL AND task_done.recorded_at <= erasure.recorded_at))
UNION ALL
SELECT 'O' || opportunity.id || ' is of somebody who is erased, and says ' || COALESCE(event.note, event.reason)
FROM opportunity_event AS event JOIN opportunity ON opportunity.id = event.opportunity_id JOIN erasure
    ON erasure.kind = 'lead' AND record_id = lead_id OR erasure.kind = 'customer' AND record_id = customer_id
WHERE event.recorded_at <= erasure.recorded_at AND (event.note IS NOT NULL OR event.reason NOT IN ({erasing.USUAL}))
UNION ALL
SELECT 'K' || record_id || ' is erased, and a ' || event.kind || ' says ' || event.reason
FROM dunning_event AS event LEFT JOIN invoice ON invoice.id = event.invoice_id JOIN erasure
    ON erasure.kind = 'customer' AND record_id = COALESCE(event.customer_id, invoice.customer_id)
WHERE event.recorded_at <= erasure.recorded_at AND event.reason IS NOT NULL
UNION ALL
SELECT 'M' || outbox.id || ' never went, and says ' || recipient FROM outbox JOIN erasure
    ON erasure.kind = 'customer' AND erasure.record_id = outbox.customer_id
WHERE outbox.recorded_at <= erasure.recorded_at AND message <> X'' AND {NEVER_WENT}
UNION ALL
SELECT 'M' || outbox.id || ' has lost its message' FROM outbox LEFT JOIN erasure
    ON outbox.kind = 'lead' AND erasure.kind = 'lead' AND erasure.record_id = outbox.record_id
    OR outbox.kind <> 'lead' AND erasure.kind = 'customer' AND erasure.record_id = outbox.customer_id
WHERE message = X'' AND (erasure.id IS NULL OR recipient <> 'erased' OR subject <> 'erased'
    OR state NOT IN ('sent', 'cancelled') OR outbox.kind <> 'lead' AND NOT ({NEVER_WENT}))
"""
