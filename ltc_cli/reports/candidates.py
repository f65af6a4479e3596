"""What an argument can take at this moment, for the TAB key: records a verb can follow, and words used before.

Only hints: what a verb refuses in the end is the verb's affair. So these queries look at what is cheap to see.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ltc_cli.rules.words import escaped

if TYPE_CHECKING:
    import sqlite3

    from ltc_cli.store import Store

MOST = 50
"""Candidates of one question."""
RECENT_LEADS = 10_000
"""Among so many of the newest the words used before are looked for."""


class Candidate(NamedTuple):
    """One way to go on, and a word about it."""

    text: str
    about: str = ""


class Records(NamedTuple):
    """Records of a kind: how they are referred to, what they are called, where they stand, which are wanted."""

    prefix: str
    """Of the reference; empty: the legal number, or an item's code."""
    names: tuple[str, ...]
    """The first is shown; what is typed may be the beginning of any."""
    source: str
    wanted: str = "TRUE"


NEWEST_DECISION = """COALESCE((
    SELECT kind FROM opportunity_event WHERE opportunity_id = opportunity.id AND kind IN ('lost', 'reopened')
    ORDER BY id DESC LIMIT 1), '')"""
IS_OPEN = (
    "NOT EXISTS (SELECT 1 FROM contract WHERE contract.opportunity_id = opportunity.id)"
    f" AND {NEWEST_DECISION} <> 'lost'"
)
IS_LOST = f"{NEWEST_DECISION} = 'lost'"
IS_NEWEST_VERSION = """
    NOT EXISTS (SELECT 1 FROM quote AS newer
        WHERE newer.opportunity_id = quote.opportunity_id AND newer.version > quote.version)
    AND NOT EXISTS (SELECT 1 FROM quote_event WHERE quote_event.quote_id = quote.id AND kind = 'rejected')"""
IS_TO_SHIP = """
    EXISTS (SELECT 1 FROM contract_line_now AS line WHERE line.contract_id = contract.id AND quantity_micro > (
        SELECT COALESCE(SUM(quantity_micro), 0) FROM shipment_line WHERE contract_line_id = line.id))"""
IS_NOT_TERMINATED = """
    NOT EXISTS (SELECT 1 FROM amendment WHERE contract_id = contract.id AND amendment.kind = 'terminated')"""
IS_TO_BILL = """
    (contract.open_ended OR (SELECT net_minor FROM contract_now WHERE contract_now.id = contract.id) >
        (SELECT COALESCE(SUM(net_minor), 0) FROM invoice WHERE invoice.contract_id = contract.id))"""
IS_TO_ACCEPT = """
    EXISTS (SELECT 1 FROM shipment WHERE shipment.contract_id = contract.id)
    AND NOT EXISTS (SELECT 1 FROM contract_event WHERE contract_event.contract_id = contract.id AND kind = 'accepted')
    """
IS_ON_ITS_WAY = """
    NOT EXISTS (SELECT 1 FROM shipment_event WHERE shipment_event.shipment_id = shipment.id AND kind = 'delivered')"""
IS_OWED = """
    EXISTS (SELECT 1 FROM receivable WHERE receivable.invoice_id = invoice.id AND amount_minor > (
        SELECT COALESCE(SUM(amount_minor), 0) FROM settlement WHERE receivable_id = receivable.id))"""
HAS_OWED = f"EXISTS (SELECT 1 FROM invoice WHERE invoice.contract_id = contract.id AND {IS_OWED})"
IS_NOT_REVERSED = "NOT EXISTS (SELECT 1 FROM payment_reversal WHERE payment_id = payment.id)"
IS_UNAPPLIED = f"""
    {IS_NOT_REVERSED} AND amount_minor > (
        SELECT COALESCE(SUM(COALESCE(paid_minor, amount_minor)), 0) FROM settlement WHERE payment_id = payment.id) + (
        SELECT COALESCE(SUM(amount_minor), 0) FROM refund_moved WHERE payment_id = payment.id)"""
IS_LEFT = """
    credit_note.total_minor > (
        SELECT COALESCE(SUM(amount_minor), 0) FROM settlement WHERE credit_id = credit_note.id) + (
        SELECT COALESCE(SUM(amount_minor), 0) FROM refund_moved WHERE credit_id = credit_note.id)"""
IS_NOT_CREDITED = """
    invoice.total_minor > (
        SELECT COALESCE(SUM(total_minor), 0) FROM credit_note WHERE credit_note.invoice_id = invoice.id)"""
IS_NOT_DONE = "NOT EXISTS (SELECT 1 FROM task_done WHERE task_id = task.id)"
IS_NOT_PROMOTED = "NOT EXISTS (SELECT 1 FROM opportunity WHERE opportunity.lead_id = lead.id)"

LEADS = Records("L", ("lead.name", "lead.company"), "lead", "lead.merged_into_id IS NULL")
CUSTOMERS = Records("K", ("customer.name",), "customer", "customer.merged_into_id IS NULL")
OPPORTUNITIES = Records("O", ("opportunity.title",), "opportunity")
QUOTES = Records("Q", ("opportunity.title",), "quote JOIN opportunity ON opportunity.id = quote.opportunity_id")
ITEMS = Records("", ("item.name",), "item")
CONTRACTS = Records(
    "C",
    ("opportunity.title", "customer.name"),
    "contract JOIN opportunity ON opportunity.id = contract.opportunity_id"
    " JOIN customer ON customer.id = contract.customer_id",
)
SHIPMENTS = Records(
    "S",
    ("customer.name",),
    "shipment JOIN contract ON contract.id = shipment.contract_id JOIN customer ON customer.id = contract.customer_id",
)
INVOICES = Records("", ("customer.name",), "invoice JOIN customer ON customer.id = invoice.customer_id")
CREDITS = Records("", ("customer.name",), "credit_note JOIN customer ON customer.id = credit_note.customer_id")
PAYMENTS = Records("P", ("customer.name",), "payment JOIN customer ON customer.id = payment.customer_id")

NOTICES = Records("N", ("customer.name",), "notice JOIN customer ON customer.id = notice.customer_id")
MAILS = Records("M", ("outbox.recipient",), "outbox")
TASKS = Records("T", ("task.text",), "task")

EDITABLE = (LEADS, CUSTOMERS, OPPORTUNITIES, ITEMS)
EVERYTHING = (*EDITABLE, QUOTES, CONTRACTS, SHIPMENTS, INVOICES, CREDITS, PAYMENTS, NOTICES, MAILS, TASKS)
UNAPPLIED = (PAYMENTS._replace(wanted=IS_UNAPPLIED), CREDITS._replace(wanted=IS_LEFT))
FRESH = LEADS._replace(wanted=f"{LEADS.wanted} AND {IS_NOT_PROMOTED}")
OPEN = OPPORTUNITIES._replace(wanted=IS_OPEN)
OPEN_QUOTES = QUOTES._replace(wanted=f"{IS_NEWEST_VERSION} AND {IS_OPEN}")

RECORDS: dict[tuple[str, str], tuple[Records, ...]] = {
    ("nurture", "lead"): (LEADS,),
    ("promote", "lead"): (FRESH,),
    ("promote", "customer"): (CUSTOMERS,),
    ("sign", "opportunity"): (OPEN, OPEN_QUOTES),
    ("ship", "contract"): (CONTRACTS._replace(wanted=IS_TO_SHIP),),
    ("ship", "delivered"): (SHIPMENTS._replace(wanted=IS_ON_ITS_WAY),),
    ("ship", "accepted"): (CONTRACTS._replace(wanted=IS_TO_ACCEPT),),
    ("ship", "returned"): (SHIPMENTS,),
    ("invoice", "contract"): (CONTRACTS._replace(wanted=IS_TO_BILL),),
    ("collect", "reference"): (
        INVOICES._replace(wanted=IS_OWED),
        CUSTOMERS,
        CONTRACTS._replace(wanted=HAS_OWED),
    ),
    ("lead qualify", "lead"): (FRESH,),
    ("lead drop", "lead"): (FRESH,),
    ("lead merge", "lead"): (LEADS,),
    ("lead merge", "others"): (LEADS,),
    ("customer merge", "customer"): (CUSTOMERS,),
    ("customer merge", "duplicate"): (CUSTOMERS,),
    ("advance", "opportunity"): (OPEN,),
    ("quote", "reference"): (OPEN, OPEN_QUOTES),
    ("lose", "opportunity"): (OPEN,),
    ("reopen", "opportunity"): (OPPORTUNITIES._replace(wanted=IS_LOST),),
    ("amend", "contract"): (CONTRACTS._replace(wanted=IS_NOT_TERMINATED),),
    ("terminate", "contract"): (CONTRACTS._replace(wanted=IS_NOT_TERMINATED),),
    ("credit", "invoice"): (INVOICES._replace(wanted=IS_NOT_CREDITED),),
    ("apply", "payment"): UNAPPLIED,
    ("apply", "invoice"): (INVOICES._replace(wanted=IS_OWED),),
    ("refund", "payment"): UNAPPLIED,
    ("writeoff", "invoice"): (INVOICES._replace(wanted=IS_OWED),),
    ("reverse", "payment"): (PAYMENTS._replace(wanted=IS_NOT_REVERSED),),
    ("send", "reference"): (INVOICES, CREDITS, OPEN_QUOTES),
    ("hold", "target"): (INVOICES._replace(wanted=IS_OWED), CUSTOMERS),
    ("dispute", "invoice"): (INVOICES._replace(wanted=IS_OWED),),
    ("promise", "invoice"): (INVOICES._replace(wanted=IS_OWED),),
    ("release", "target"): (INVOICES, CUSTOMERS),
    ("done", "task"): (TASKS._replace(wanted=IS_NOT_DONE),),
    ("dun", "customer"): (CUSTOMERS,),
    ("outbox retry", "mail"): (MAILS._replace(wanted="outbox.state IN ('queued', 'failed')"),),
    ("outbox resolve", "mail"): (MAILS._replace(wanted="outbox.state = 'unknown'"),),
    ("outbox drop", "mail"): (MAILS._replace(wanted="outbox.state IN ('queued', 'failed')"),),
    ("statement", "customer"): (CUSTOMERS,),
    ("erase", "reference"): (LEADS, CUSTOMERS),
    ("edit", "reference"): EDITABLE,
    ("show", "reference"): EVERYTHING,
    ("log", "reference"): EVERYTHING,
}
"""By command and parameter the records that it can take."""

USED_BEFORE = ("source", "campaign", "owner")
"""Options whose values are words that leads have already."""


def records(store: Store, wanted: tuple[Records, ...], typed: str) -> list[Candidate]:
    """The newest records whose reference, or else whose name, begins with what is typed, in any case."""
    found = [row for each in wanted for row in _by_reference(store, each, typed)]
    if not found and typed:
        found = [row for each in wanted for row in _newest(store, each, each.names, typed)]
    found.sort(key=lambda row: str(row["recorded_at"]), reverse=True)
    return [Candidate(row["ref"], row["name"]) for row in found[:MOST]]


def _by_reference(store: Store, wanted: Records, typed: str) -> list[sqlite3.Row]:
    if typed.upper() in ("", wanted.prefix):
        return _newest(store, wanted, (), typed)
    is_possible = not wanted.prefix or re.fullmatch(f"{wanted.prefix}[0-9]+", typed, re.IGNORECASE)
    return _newest(store, wanted, (_ref(wanted),), typed) if is_possible else []


def _ref(wanted: Records) -> str:
    table = wanted.source.partition(" ")[0]
    if wanted.prefix:
        return f"'{wanted.prefix}' || {table}.id"
    return "item.code" if table == "item" else f"{table}.number"


def _newest(store: Store, wanted: Records, columns: tuple[str, ...], typed: str) -> list[sqlite3.Row]:
    """The newest where one of the columns begins with the text; without columns simply the newest."""
    table = wanted.source.partition(" ")[0]
    begins = " OR ".join(f"{column} LIKE ? ESCAPE '\\'" for column in columns) or "TRUE"
    return store.all(
        f"SELECT {_ref(wanted)} AS ref, {wanted.names[0]} AS name, {table}.recorded_at AS recorded_at"
        f" FROM {wanted.source} WHERE ({begins}) AND {wanted.wanted} ORDER BY {table}.id DESC LIMIT {MOST}",
        [f"{escaped(typed)}%"] * len(columns),
    )


def used_before(store: Store, column: str) -> list[Candidate]:
    """The values that leads have in one of the columns `USED_BEFORE`, the most frequent first."""
    rows = store.all(
        f"SELECT {column} AS value FROM (SELECT {column} FROM lead ORDER BY id DESC LIMIT {RECENT_LEADS}) AS recent"
        f" WHERE {column} IS NOT NULL GROUP BY {column} ORDER BY COUNT(*) DESC, 1 LIMIT {MOST}"
    )
    return [Candidate(row["value"]) for row in rows]
