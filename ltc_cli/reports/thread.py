"""A record and its whole thread, from the first touch to the last cent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ltc_cli.errors import NotFoundError
from ltc_cli.mail import outbox
from ltc_cli.references import an, on_thread
from ltc_cli.report import Column, Report
from ltc_cli.reports.listing import AS_OF, COLUMNS, plural, records
from ltc_cli.rules.money import format_amount, format_micro
from ltc_cli.stages import customers, holds, leads, nurture

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from ltc_cli.references import Reference
    from ltc_cli.store import Store

THREAD_COLUMNS = (
    Column("on", "date"),
    Column("ref", "ref"),
    Column("what"),
    Column("amount", "money"),
    Column("currency"),
)

# What a customer paid, whether or not it settled anything.
RECEIVED = """
SELECT received_on, 'P' || id, 'received' || COALESCE(' by ' || method, ''), amount_minor, currency, recorded_at
FROM payment WHERE customer_id IN ({customers})
UNION ALL
SELECT reversed_on, 'P' || payment_id, 'reversed: ' || reason, -amount_minor, currency, payment_reversal.recorded_at
FROM payment_reversal JOIN payment ON payment.id = payment_id WHERE customer_id IN ({customers})
UNION ALL
SELECT refunded_on, 'P' || payment_id, 'refunded' || COALESCE(' by ' || method, ''), -amount_minor, currency,
    recorded_at
FROM refund WHERE payment_id IS NOT NULL AND customer_id IN ({customers})
UNION ALL
SELECT reversed_on, 'P' || payment_id, 'refund came back: ' || reason, amount_minor, currency,
    refund_reversal.recorded_at
FROM refund_reversal JOIN refund ON refund.id = refund_id
WHERE payment_id IS NOT NULL AND customer_id IN ({customers})
"""

# What became of mails: of one, of a notice's, or of those about records of the thread. What waits is not told of these.
MAILED = """
SELECT happened_on, 'M' || outbox_id, channel || ' to ' || recipient || ': ' || outbox_attempt.state
    || COALESCE(', ' || said, ''), NULL, NULL, outbox_attempt.recorded_at
FROM outbox_attempt JOIN outbox ON outbox.id = outbox_id WHERE {narrowed}
"""
# What a notice is told with: the last word by a day on its newest mail. One parameter: the day.
DUNNED = """
SELECT decided_on, 'N' || notice.id, 'notice ' || notice.level || ' by ' || notice.channel || COALESCE((
        SELECT ', ' || outbox_attempt.state
            || CASE outbox_attempt.state WHEN 'sent' THEN '' ELSE COALESCE(': ' || said, '') END
        FROM outbox JOIN outbox_attempt ON outbox_id = outbox.id
        WHERE outbox.kind = 'notice' AND record_id = notice.id AND happened_on <= ?
        ORDER BY outbox.id DESC, outbox_attempt.id DESC LIMIT 1), ''),
    notice.amount_minor + notice.fee_minor + notice.interest_minor, notice.currency, notice.recorded_at
FROM notice WHERE {notices}
"""
HELD = """
SELECT dunning_event.id, event_on, COALESCE(invoice.number, 'K' || dunning_event.customer_id), dunning_event.kind
    || COALESCE(' until ' || until_on, '') || COALESCE(': ' || reason, ''), dunning_event.amount_minor,
    invoice.currency, dunning_event.recorded_at
FROM dunning_event LEFT JOIN invoice ON invoice.id = invoice_id
WHERE {events}
"""
TASKS = """
SELECT since_on, 'T' || id, 'task' || COALESCE(': ' || text, ''), NULL, NULL, recorded_at FROM task WHERE {tasks}
UNION ALL
SELECT done_on, 'T' || task_id, 'done by ' || actor || COALESCE(': ' || note, ''), NULL, NULL, task_done.recorded_at
FROM task_done JOIN task ON task.id = task_id WHERE {tasks}
"""
ABOUT_THREAD = """
outbox_attempt.state IN ('sent', 'failed', 'unknown') AND (
    outbox.kind = 'invoice' AND outbox.record_id IN ({invoices})
    OR outbox.kind = 'credit' AND outbox.record_id IN (SELECT id FROM credit_note WHERE invoice_id IN ({invoices}))
    OR outbox.kind = 'quote' AND outbox.record_id IN (SELECT id FROM quote WHERE opportunity_id IN ({opportunities}))
    OR outbox.kind = 'lead' AND outbox.record_id IN ({leads}))
"""

KINDS = ("lead", "opportunity", "contract", "customer")

SINCE = {
    "leads": "created_on",
    "customers": "created_on",
    "opportunities": "created_on",
    "quotes": "created_on",
    "contracts": "signed_on",
    "shipments": "shipped_on",
    "invoices": "issued_on",
    "credits": "issued_on",
    "payments": "received_on",
    "notices": "decided_on",
    "mails": "queued_on",
    "items": "created_on",
    "tasks": "since",
}
"""The day from which on a record of a kind is there."""

# One query a kind of fact: day, reference, what happened, amount and currency, and when it was recorded.
# `{leads}` and the like are lists of ids, `{invoices}` is a query for them.
FACTS = (
    """
    SELECT created_on, 'L' || id, 'lead' || COALESCE(' from ' || source, ''), NULL, NULL, recorded_at
    FROM lead WHERE id IN ({leads})
    """,
    """
    SELECT touched_on, 'L' || lead_id, kind || COALESCE(': ' || note, ''), NULL, NULL, recorded_at
    FROM touch WHERE lead_id IN ({leads})
    """,
    """
    SELECT event_on, 'L' || lead_id, kind || COALESCE(': ' || reason, '') || COALESCE(', ' || note, ''), NULL, NULL,
        recorded_at
    FROM lead_event WHERE lead_id IN ({leads})
    """,
    """
    SELECT event_on, 'L' || lead_id, sequence || CASE kind WHEN 'enrolled' THEN ': enrolled'
        WHEN 'stopped' THEN ' stopped: ' || reason
        ELSE ', step ' || position || COALESCE(', mail ' || template, '') END,
        NULL, NULL, recorded_at
    FROM sequence_event WHERE lead_id IN ({leads})
    """,
    """
    SELECT created_on, 'O' || id, 'promoted: ' || title, amount_minor, currency, recorded_at
    FROM opportunity WHERE id IN ({opportunities})
    """,
    """
    SELECT event_on, 'O' || opportunity_id, CASE kind WHEN 'stage' THEN 'stage ' || stage
        ELSE kind || COALESCE(': ' || reason, '') || COALESCE(', ' || note, '') END, NULL, NULL, recorded_at
    FROM opportunity_event WHERE opportunity_id IN ({opportunities})
    """,
    """
    SELECT created_on, 'Q' || id, 'quote, version ' || version, net_minor + tax_minor, currency, recorded_at
    FROM quote WHERE opportunity_id IN ({opportunities})
    """,
    """
    SELECT event_on, 'Q' || quote_id, 'quote ' || kind, NULL, NULL, quote_event.recorded_at
    FROM quote_event JOIN quote ON quote.id = quote_id WHERE opportunity_id IN ({opportunities})
    """,
    """
    SELECT signed_on, 'C' || id, 'signed' || COALESCE(' by ' || signed_by, ''), net_minor + tax_minor, currency,
        recorded_at
    FROM contract WHERE id IN ({contracts})
    """,
    """
    SELECT event_on, 'C' || contract_id, kind, NULL, NULL, recorded_at
    FROM contract_event WHERE contract_id IN ({contracts})
    """,
    """
    SELECT amended_on, 'C' || contract_id, CASE amendment.kind WHEN 'terminated' THEN 'terminated on ' || effective_on
        ELSE 'amended' END || COALESCE(': ' || reason, ''), amendment.net_minor + amendment.tax_minor, currency,
        amendment.recorded_at
    FROM amendment JOIN contract ON contract.id = contract_id
    WHERE contract_id IN ({contracts}) AND amendment.kind <> 'extended'
    """,
    """
    SELECT event_on, 'S' || shipment_id, kind, NULL, NULL, shipment_event.recorded_at
    FROM shipment_event JOIN shipment ON shipment.id = shipment_id WHERE contract_id IN ({contracts})
    """,
    """
    SELECT issued_on, number, 'invoiced', total_minor, currency, recorded_at
    FROM invoice WHERE id IN ({invoices})
    """,
    """
    SELECT credit_note.issued_on, credit_note.number, 'credit note for ' || invoice.number || ': ' || reason,
        -credit_note.total_minor, credit_note.currency, credit_note.recorded_at
    FROM credit_note JOIN invoice ON invoice.id = invoice_id WHERE invoice_id IN ({invoices})
    """,
    """
    SELECT refunded_on, credit_note.number, 'refunded' || COALESCE(' by ' || method, ''), -amount_minor,
        refund.currency, refund.recorded_at
    FROM refund JOIN credit_note ON credit_note.id = credit_id WHERE invoice_id IN ({invoices})
    """,
    """
    SELECT reversed_on, credit_note.number, 'refund came back: ' || refund_reversal.reason, amount_minor,
        refund.currency, refund_reversal.recorded_at
    FROM refund_reversal JOIN refund ON refund.id = refund_id JOIN credit_note ON credit_note.id = credit_id
    WHERE invoice_id IN ({invoices})
    """,
)

SHIPPED = """
SELECT moved_on AS day, 'S' || shipment_id AS ref, position, text, shipment_line.quantity_micro,
    shipment_line.recorded_at, shipment.carrier
FROM shipment_line JOIN contract_line ON contract_line.id = contract_line_id JOIN shipment ON shipment.id = shipment_id
WHERE shipment.contract_id IN ({contracts}) ORDER BY shipment_line.id
"""

SETTLED = """
SELECT settled_on AS day, COALESCE('P' || settlement.payment_id, credit_note.number, 'P' || discount.payment_id,
        invoice.number) AS ref,
    settlement.kind || CASE WHEN writeoff.settlement_id IS NOT NULL THEN ' of a write-off'
        WHEN discount.settlement_id IS NOT NULL THEN ' of a discount'
        WHEN settlement.kind = 'reversal' AND EXISTS (SELECT 1 FROM settlement AS void
            WHERE void.receivable_id = receivable.id AND void.kind = 'void') THEN ' of a claim' ELSE '' END AS kind,
    invoice.number, COALESCE(writeoff_reversal.reason, writeoff.reason) AS reason,
    SUM(settlement.amount_minor) AS amount_minor, receivable.currency,
    MIN(settlement.recorded_at) AS recorded_at
FROM settlement JOIN receivable ON receivable.id = receivable_id JOIN invoice ON invoice.id = receivable.invoice_id
LEFT JOIN writeoff ON writeoff.settlement_id = COALESCE(reverses_id, settlement.id)
LEFT JOIN writeoff_reversal ON writeoff_reversal.settlement_id = settlement.id
LEFT JOIN discount ON discount.settlement_id = COALESCE(reverses_id, settlement.id)
LEFT JOIN credit_note ON credit_note.id = COALESCE(settlement.credit_id, discount.credit_id)
WHERE invoice.id IN ({invoices})
GROUP BY settled_on, 2, 3, 5, invoice.number, receivable.currency
ORDER BY MIN(settlement.id)
"""

WORDS = {
    "payment": "paid: {number}",
    "credit": "credited: {number}",
    "writeoff of a write-off": "written off: {reason}",
    "discount of a discount": "discount taken: {number}",
    "void": "claim withdrawn: {number}",
    "reversal": "payment reversed: {number}",
    "reversal of a write-off": "write-off reversed: {reason}",
    "reversal of a discount": "discount taken back: {number}",
    "reversal of a claim": "no longer for a claim: {number}",
}
"""How a settlement is told, by its kind and what it is about."""


def report(store: Store, named: Reference, today: date, as_of: date | None) -> Report:
    """The record, its lines and instalments, and everything that happened on its thread by the day.

    Raises NotFoundError for a day before it was there.
    """
    kind = plural(named.kind)
    (row,) = records(store, kind, [named.id], today)
    if as_of:
        _refuse_before(named.text, row[SINCE[kind]], as_of.isoformat())
        (row,) = records(store, kind, [named.id], today, as_of)
    until = (as_of or today).isoformat()
    is_mixed = as_of is not None and kind not in AS_OF
    mixed = f"only the thread is as of {until}: the {an(named.kind).split()[1]} itself is shown as it is now"
    return Report(
        [*COLUMNS[kind], Column("thread", "list", columns=THREAD_COLUMNS)],
        [{**row, "thread": timeline(store, named, until)}],
        is_record=True,
        notices=[mixed] if is_mixed else [],
        hint=_next_step(store, named, row["status"]) if named.kind == "outbox" else "",
    )


def _next_step(store: Store, mail: Reference, status: str) -> str:
    is_needless = status == "failed" and nurture.withdrawn(store, mail.id)
    return "" if is_needless else outbox.next_step(mail.text, status)


def _refuse_before(ref: str, since: str, day: str) -> None:
    if day < since:
        raise NotFoundError(f"{ref} is of {since}: it was not there yet on {day}", f"ltc show {ref} --as-of {since}")


def timeline(store: Store, named: Reference, until: str) -> list[dict[str, Any]]:
    """What happened to the leads, opportunities and contracts of the thread, in the order of its days."""
    ids = {f"{kind}s" if kind != "opportunity" else "opportunities": _ids(store, named, kind) for kind in KINDS}
    ids["leads"] = leads.family(store, ids["leads"])
    ids["customers"] = customers.family(store, ids["customers"])
    listed = {kind: ",".join(map(str, found)) for kind, found in ids.items()}
    listed["invoices"] = _invoices(named, listed)
    entries = [tuple(row) for sql in FACTS for row in store.all(sql.format(**listed))]
    entries += _shipped(store, listed) + _settled(store, listed)
    conditions = _dunned(named, listed)
    entries += [tuple(row) for row in store.all(DUNNED.format(**conditions), (until,))]
    entries += [tuple(row) for row in store.all(MAILED.format(narrowed=_mailed(named, listed)))]
    entries += [tuple(row) for row in store.all(TASKS.format(tasks=_asked(named, listed)))]
    entries += _held(store, conditions, until)
    if named.kind in ("customer", "payment"):
        entries += [tuple(row) for row in store.all(RECEIVED.format(**listed))]
    entries.sort(key=lambda entry: (entry[0], entry[5]))
    return [_entry(entry) for entry in entries if entry[0] <= until]


def _mailed(named: Reference, listed: dict[str, str]) -> str:
    """The condition for the mails: that one, those of the notice, or those about records of the thread."""
    if named.kind == "outbox":
        return f"outbox.id = {named.id}"
    if named.kind == "notice":
        return f"outbox.kind = 'notice' AND outbox.record_id = {named.id}"
    return ABOUT_THREAD.format(**listed)


def _invoices(named: Reference, listed: dict[str, str]) -> str:
    """The query for the invoices on the thread: imported ones have no contract, and hang on the record itself."""
    itself = {
        "customer": f"customer_id IN ({listed['customers']})",
        "payment": f"customer_id IN ({listed['customers']})",
        "invoice": f"id = {named.id}",
        "credit": f"id = (SELECT invoice_id FROM credit_note WHERE id = {named.id})",
    }.get(named.kind, "FALSE")
    return f"SELECT id FROM invoice WHERE contract_id IN ({listed['contracts']}) OR {itself}"


def _dunned(named: Reference, listed: dict[str, str]) -> dict[str, str]:
    """Conditions for the notices and holds of what is on the thread."""
    if named.kind == "notice":
        return {"notices": f"notice.id = {named.id}", "events": "FALSE"}
    mine = f"invoice_id IN ({named.id if named.kind == 'invoice' else listed['invoices']})"
    notices = f"""notice.id IN (SELECT notice_item.notice_id FROM notice_item
        JOIN receivable ON receivable_id = receivable.id WHERE {mine})"""
    return {"notices": notices, "events": f"{mine} OR dunning_event.customer_id IN ({listed['customers']})"}


def _asked(named: Reference, listed: dict[str, str]) -> str:
    """The condition for the tasks about what is on the thread."""
    if named.kind == "task":
        return f"task.id = {named.id}"
    if named.kind == "notice":
        return f"task.notice_id = {named.id}"
    mine = f"invoice_id IN ({named.id if named.kind == 'invoice' else listed['invoices']})"
    return f"""task.lead_id IN ({listed["leads"]})
        OR task.id IN (SELECT task_item.task_id FROM task_item JOIN receivable ON receivable_id = receivable.id
            WHERE {mine})"""


def _held(store: Store, conditions: dict[str, str], until: str) -> list[tuple[Any, ...]]:
    """Holds, disputes and promises; of these, whether they were kept."""
    rows = store.all(HELD.format(**conditions))
    became = holds.became(store, [row["id"] for row in rows], until)
    entries = []
    for event_id, day, ref, what, *rest in rows:
        outcome = f", {became[event_id]}" if event_id in became else ""
        entries.append((day, ref, f"{what}{outcome}", *rest))
    return entries


def _ids(store: Store, named: Reference, kind: str) -> list[int]:
    if named.kind == kind:
        return [named.id]
    return [each.id for each in on_thread(store, named, kind)]


def _shipped(store: Store, listed: dict[str, str]) -> list[tuple[Any, ...]]:
    entries = []
    for row in store.all(SHIPPED.format(**listed)):
        word = "shipped" if row["quantity_micro"] > 0 else "returned"
        carrier = f" by {row['carrier']}" if row["carrier"] and word == "shipped" else ""
        what = f"{word} {format_micro(abs(row['quantity_micro']))} × {row['text']}{carrier}"
        entries.append((row["day"], row["ref"], what, None, None, row["recorded_at"]))
    return entries


def _settled(store: Store, listed: dict[str, str]) -> list[tuple[Any, ...]]:
    return [
        (
            row["day"],
            row["ref"],
            WORDS[row["kind"]].format(number=row["number"], reason=row["reason"]),
            row["amount_minor"],
            row["currency"],
            row["recorded_at"],
        )
        for row in store.all(SETTLED.format(**listed))
    ]


def _entry(entry: Sequence[Any]) -> dict[str, Any]:
    day, ref, what, amount_minor, currency, _recorded_at = entry
    amount = None if amount_minor is None else format_amount(amount_minor, currency)
    return {"on": day, "ref": ref, "what": what, "amount": amount, "currency": currency if amount else None}
