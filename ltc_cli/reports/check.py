"""What must always hold, proven over the whole file (design: `ltc check`). Each check finds what breaks its rule."""

from __future__ import annotations

import json
import sqlite3
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli import schema
from ltc_cli.errors import LtcError, UsageError
from ltc_cli.report import Column, Report
from ltc_cli.reports import aging
from ltc_cli.rules import tax
from ltc_cli.rules.money import digits, line_net
from ltc_cli.store import FIRST_SHA256, journal_sha256, sha256

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from sqlite3 import Row

    from ltc_cli.store import Store

COLUMNS = (
    Column("check"),
    Column("status", "status"),
    Column("broken", "count"),
    Column("example"),
    Column("rule"),
)


class Check(NamedTuple):
    name: str
    rule: str
    find: Callable[[Store], Iterable[str]]
    """What breaks the rule, in words that name the record."""


def _query(sql: str) -> Callable[[Store], Iterable[str]]:
    """A check by one query, whose first column says what is broken."""
    return lambda store: (str(row[0]) for row in store.connection.execute(sql))


def _pages(store: Store) -> Iterator[str]:
    yield from (row[0] for row in store.all("PRAGMA integrity_check") if row[0] != "ok")


def _references(store: Store) -> Iterator[str]:
    for row in store.all("PRAGMA foreign_key_check"):
        yield f"{row[0]} {row[1]} points to no {row[2]}"
    for kind in ("lead", "opportunity"):
        for table, value in (("external_id", "value"), ("fingerprint", "hex(value)")):
            yield from _query(
                f"SELECT kind || ' ' || {value} || ' stands for no record' FROM {table} WHERE kind = '{kind}'"
                f" AND record_id NOT IN (SELECT id FROM {kind})"
            )(store)


def _triggers(store: Store) -> Iterator[str]:
    found = {row["name"] for row in store.all("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
    for table in schema.FACTS:
        for name in (f"{table}_never_changes", f"{table}_never_goes"):
            if name not in found:
                yield f"the trigger {name} is gone"
    for name in ("outbox_message_never_changes", "outbox_never_goes"):
        if name not in found:
            yield f"the trigger {name} is gone"


def _journal(store: Store) -> Iterator[str]:
    """The chain of hashes, and the details that were not erased."""
    previous, expected_id = FIRST_SHA256, 1
    for row in store.connection.execute(
        "SELECT journal.*, salt, body FROM journal LEFT JOIN journal_detail ON journal_id = journal.id ORDER BY id"
    ):
        entry = tuple(row)[:9]
        if row["id"] != expected_id or row["previous_sha256"] != previous or journal_sha256(entry) != row["sha256"]:
            yield f"journal entry {row['id']} does not fit the one before"
        if row["body"] is not None and sha256(row["salt"] + row["body"]) != row["detail_sha256"]:
            yield f"the details of journal entry {row['id']} were changed"
        previous, expected_id = row["sha256"], row["id"] + 1


def _documents(store: Store) -> Iterator[str]:
    for row in store.connection.execute("SELECT sha256, body FROM document"):
        if sha256(row["body"]) != row["sha256"]:
            yield f"document {row['sha256'][:12]} does not fit its hash"


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
"""


def _outbox(store: Store) -> Iterator[str]:
    """A mail's state is what its attempts say, and its bytes are those that were queued."""
    yield from _query(OUTBOX)(store)
    for row in store.connection.execute("SELECT id, message, message_sha256, message_id FROM outbox"):
        if sha256(row["message"]) != row["message_sha256"] or row["message_id"].encode() not in row["message"]:
            yield f"M{row['id']} is not the message that was queued"


def _invoice_documents(store: Store) -> Iterator[str]:
    """What the archived bytes say is what the rows say."""
    for row in store.connection.execute(
        "SELECT number, issued_on, total_minor, currency, body FROM invoice JOIN document ON sha256 = document_sha256"
        " WHERE format = 'ltc-invoice-1'"
    ):
        said = json.loads(row["body"])
        total_minor = int(said["total"].replace(".", ""))
        if (said["number"], said["issued_on"], said["currency"], total_minor) != (
            row["number"],
            row["issued_on"],
            row["currency"],
            row["total_minor"],
        ):
            yield f"{row['number']} differs from its document"


def _credit_documents(store: Store) -> Iterator[str]:
    """The archived bytes of a credit note against its rows: head, taxes and lines."""
    taxes = _by_credit(store, "SELECT credit_note_id, code, base_minor, tax_minor FROM credit_note_tax")
    lines = _by_credit(store, "SELECT credit_note_id, position, net_minor, tax_code FROM credit_note_line")
    for row in store.connection.execute(
        "SELECT credit_note.*, invoice.number AS invoice_number, body FROM credit_note"
        " JOIN document ON sha256 = credit_note.document_sha256 LEFT JOIN invoice ON invoice.id = invoice_id"
        " WHERE format = 'ltc-credit-1'"
    ):
        said = json.loads(row["body"])
        head = [said["number"], said["issued_on"], said["invoice"]["number"], said["currency"], said["reason"]]
        sums = [_minor(said[key]) for key in ("net", "tax", "total")]
        told_taxes = {(each["code"], _minor(each["base"]), _minor(each["tax"])) for each in said["taxes"]}
        told_lines = {(each["line"], _minor(each["net"]), each["tax"]["code"]) for each in said["lines"]}
        if (head, sums, told_taxes, told_lines) != (
            [row[key] for key in ("number", "issued_on", "invoice_number", "currency", "reason")],
            [row[key] for key in ("net_minor", "tax_minor", "total_minor")],
            taxes.get(row["id"], set()),
            lines.get(row["id"], set()),
        ):
            yield f"{row['number']} differs from its document"


def _by_credit(store: Store, sql: str) -> dict[int, set[tuple[Any, ...]]]:
    found: dict[int, set[tuple[Any, ...]]] = {}
    for credit_id, *rest in store.connection.execute(sql):
        found.setdefault(credit_id, set()).add(tuple(rest))
    return found


def _archive(store: Store) -> Iterator[str]:
    yield from _invoice_documents(store)
    yield from _credit_documents(store)


def _lines(store: Store) -> Iterator[str]:
    """Net of a line = quantity × price − discount, rounded."""
    for record in ("quote", "contract", "invoice", "credit_note"):
        for row in store.connection.execute(
            f"SELECT {record}_line.*, currency FROM {record}_line JOIN {record} ON {record}.id = {record}_id"
        ):
            net_minor = line_net(
                row["quantity_micro"], row["price_micro"], row["discount_minor"], digits(row["currency"])
            )
            if net_minor != row["net_minor"]:
                yield f"line {row['position']} of {record} {row[f'{record}_id']}"


def _whole_documents(store: Store) -> Iterator[str]:
    """Net and tax of a quote and a contract are those of its lines, by its own policy."""
    for record in ("quote", "contract"):
        heads = {row["id"]: row for row in store.connection.execute(f"SELECT * FROM {record}")}
        lines: dict[int, list[tax.Line]] = {}
        for row in store.connection.execute(f"SELECT * FROM {record}_line ORDER BY {record}_id, position"):
            lines.setdefault(row[f"{record}_id"], []).append(_line(row))
        for record_id, head in heads.items():
            own = lines.get(record_id, [])
            whole = tax.totals(own, head["tax_rounding"], digits(head["currency"]))
            amount_minor = sum(line.net_minor for line in own)
            if (whole.net_minor, whole.tax_minor, amount_minor) != (
                head["net_minor"],
                head["tax_minor"],
                head["amount_minor"],
            ):
                yield f"{record} {record_id}"


def _line(row: Row) -> tax.Line:
    code = tax.TaxCode(row["tax_code"], row["category"], row["rate_ppm"], bool(row["inclusive"]))
    return tax.Line(
        row["text"], row["quantity_micro"], row["price_micro"], row["discount_minor"], row["net_minor"], code
    )


def _aging(store: Store) -> Iterator[str]:
    """On every day on which something happened (at most 40 of them), the buckets sum to what is open."""
    rows = store.all(
        "SELECT day FROM (SELECT issued_on AS day FROM receivable UNION SELECT due_on FROM receivable"
        " UNION SELECT settled_on FROM settlement UNION SELECT received_on FROM payment"
        " UNION SELECT issued_on FROM credit_note UNION SELECT refunded_on FROM refund) ORDER BY day"
    )
    days = [row["day"] for row in rows]
    for day in days[:: max(1, len(days) // 40)]:
        report = aging.report(store, date.fromisoformat(day), (30, 60, 90))
        summed: dict[str, int] = {}
        for row in report.rows:
            parts = [_minor(row[key]) for key in ("current", "1-30", "31-60", "61-90", "90+", "unapplied")]
            if sum(parts) != _minor(row["total"]):
                yield f"the buckets of {row['customer']} in {row['currency']} on {day}"
            summed[row["currency"]] = summed.get(row["currency"], 0) + _minor(row["total"])
        for currency, total_minor in _open_by_currency(store, day).items():
            if summed.get(currency, 0) != total_minor:
                yield f"aging in {currency} on {day}"


def _minor(text: str) -> int:
    return int(text.replace(".", ""))


def _open_by_currency(store: Store, day: str) -> dict[str, int]:
    """What is owed less what is held, summed another way: all that was issued less all that came in or was given up."""
    rows = store.all(
        "SELECT currency, SUM(amount_minor) AS amount_minor FROM ("
        " SELECT currency, amount_minor FROM receivable WHERE issued_on <= ?"
        " UNION ALL SELECT currency, -amount_minor FROM payment WHERE received_on <= ?"
        " UNION ALL SELECT currency, amount_minor FROM payment"
        "  JOIN payment_reversal ON payment_id = payment.id WHERE reversed_on <= ?"
        " UNION ALL SELECT currency, -total_minor FROM credit_note WHERE issued_on <= ?"
        " UNION ALL SELECT currency, amount_minor FROM refund WHERE refunded_on <= ?"
        " UNION ALL SELECT currency, -settlement.amount_minor FROM settlement"
        "  JOIN writeoff ON settlement_id = COALESCE(reverses_id, settlement.id)"
        "  JOIN receivable ON receivable.id = receivable_id WHERE settled_on <= ?"
        " UNION ALL SELECT currency, -settlement.amount_minor FROM settlement"
        "  JOIN receivable ON receivable.id = receivable_id WHERE settlement.kind = 'void' AND settled_on <= ?"
        ") AS moved GROUP BY currency",
        (day,) * 7,
    )
    return {row["currency"]: row["amount_minor"] for row in rows}


# What payments and credit notes bring in, and what takes it away again, by the day.
HELD = """
SELECT name || ' on ' || day FROM (
    SELECT name, day, SUM(SUM(amount_minor)) OVER (PARTITION BY name ORDER BY day) AS left_minor FROM (
        SELECT 'P' || id AS name, received_on AS day, amount_minor FROM payment
        UNION ALL SELECT 'P' || payment_id, reversed_on, -amount_minor FROM payment_reversal
            JOIN payment ON payment.id = payment_id
        UNION ALL SELECT 'P' || payment_id, settled_on, -amount_minor FROM settlement WHERE payment_id IS NOT NULL
        UNION ALL SELECT number, issued_on, total_minor FROM credit_note
        UNION ALL SELECT number, settled_on, -amount_minor FROM settlement
            JOIN credit_note ON credit_note.id = credit_id
        UNION ALL SELECT COALESCE(number, 'P' || payment_id), refunded_on, -amount_minor FROM refund
            LEFT JOIN credit_note ON credit_note.id = credit_id
    ) AS moved GROUP BY name, day
) AS days WHERE left_minor < 0
UNION ALL SELECT 'refund ' || refund.id FROM refund LEFT JOIN payment ON payment.id = payment_id
    LEFT JOIN credit_note ON credit_note.id = credit_id
    WHERE refund.customer_id <> COALESCE(payment.customer_id, credit_note.customer_id)
    OR refund.currency <> COALESCE(payment.currency, credit_note.currency)
"""

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


CHECKS = (
    Check("pages", "the file is whole", _pages),
    Check("references", "every reference points to something", _references),
    Check("triggers", "facts are guarded against change", _triggers),
    Check("journal", "every journal entry's hash fits the one before", _journal),
    Check("documents", "every document's hash fits its bytes", _documents),
    Check("archive", "an issued invoice or credit note says what its document says", _archive),
    Check("outbox", "a mail is in the state its attempts say, and went out at most once", _outbox),
    Check("lines", "a line is quantity × price − discount", _lines),
    Check("totals", "quotes and contracts sum to their totals by their own policy", _whole_documents),
    Check(
        "invoices",
        "an invoice's net and tax sum to its total, as its taxes do",
        _query(
            "SELECT number FROM invoice WHERE net_minor + tax_minor <> total_minor"
            " OR net_minor <> (SELECT COALESCE(SUM(base_minor), 0) FROM invoice_tax WHERE invoice_id = invoice.id)"
            " OR tax_minor <> (SELECT COALESCE(SUM(tax_minor), 0) FROM invoice_tax WHERE invoice_id = invoice.id)"
        ),
    ),
    Check(
        "bases",
        "an invoice's lines sum to the base of each tax code",
        _query(
            "SELECT number || ' ' || code FROM invoice_tax JOIN invoice ON invoice.id = invoice_id"
            " WHERE tax_rounding <> 'unrounded' AND base_minor <> (SELECT COALESCE(SUM(net_minor), 0)"
            "  FROM invoice_line WHERE invoice_id = invoice.id AND tax_code = code)"
            " AND base_minor + invoice_tax.tax_minor <> (SELECT COALESCE(SUM(net_minor), 0)"
            "  FROM invoice_line WHERE invoice_id = invoice.id AND tax_code = code)"
        ),
    ),
    Check(
        "credit notes",
        "a credit note's net and tax sum to its total, as its taxes do, in the currency of its customer's invoice",
        _query(
            "SELECT credit_note.number FROM credit_note LEFT JOIN invoice ON invoice.id = invoice_id"
            " WHERE credit_note.net_minor + credit_note.tax_minor <> credit_note.total_minor"
            " OR credit_note.net_minor <> (SELECT COALESCE(SUM(base_minor), 0) FROM credit_note_tax"
            "  WHERE credit_note_id = credit_note.id)"
            " OR credit_note.tax_minor <> (SELECT COALESCE(SUM(tax_minor), 0) FROM credit_note_tax"
            "  WHERE credit_note_id = credit_note.id)"
            " OR credit_note.customer_id <> invoice.customer_id OR credit_note.currency <> invoice.currency"
            " OR credit_note.issued_on < invoice.issued_on"
        ),
    ),
    Check(
        "credited",
        "no invoice is credited beyond itself: in total, by tax code, by line; in full it is to the cent",
        _query(
            "SELECT invoice.number FROM credit_note JOIN invoice ON invoice.id = invoice_id"
            " GROUP BY invoice.id HAVING SUM(credit_note.total_minor) > invoice.total_minor"
            " UNION ALL SELECT number || ' ' || code FROM (SELECT invoice.number, credit_note_tax.code,"
            "  invoice_tax.base_minor AS base_minor, invoice_tax.tax_minor AS tax_minor,"
            "  SUM(credit_note_tax.base_minor) AS credited_base_minor,"
            "  SUM(credit_note_tax.tax_minor) AS credited_tax_minor,"
            "  (SELECT SUM(note.total_minor) FROM credit_note AS note WHERE note.invoice_id = invoice.id)"
            "   = invoice.total_minor AS is_whole"
            "  FROM credit_note JOIN credit_note_tax ON credit_note_id = credit_note.id"
            "  JOIN invoice ON invoice.id = credit_note.invoice_id LEFT JOIN invoice_tax"
            "  ON invoice_tax.invoice_id = invoice.id AND invoice_tax.code = credit_note_tax.code"
            "  GROUP BY invoice.id, credit_note_tax.code) AS of_code"
            " WHERE base_minor IS NULL OR credited_base_minor > base_minor OR credited_tax_minor > tax_minor"
            "  OR is_whole AND (credited_base_minor <> base_minor OR credited_tax_minor <> tax_minor)"
            " UNION ALL SELECT number || ' line ' || position FROM (SELECT invoice.number, invoice_line.position,"
            "  invoice_line.net_minor AS net_minor, invoice_line.quantity_micro AS quantity_micro,"
            "  SUM(credit_note_line.net_minor) AS credited_minor, SUM(credited_micro) AS credited_micro"
            "  FROM credit_note_line JOIN invoice_line ON invoice_line.id = invoice_line_id"
            "  JOIN invoice ON invoice.id = invoice_id GROUP BY invoice_line.id) AS of_line"
            " WHERE credited_minor > net_minor OR credited_micro > quantity_micro"
        ),
    ),
    Check(
        "instalments",
        "instalments sum to the invoice's total, under its customer, currency and date",
        _query(
            "SELECT number FROM invoice LEFT JOIN receivable ON invoice_id = invoice.id AND kind = 'invoice'"
            " GROUP BY invoice.id HAVING COALESCE(SUM(amount_minor), -1) <> total_minor"
            " OR MIN(receivable.customer_id = invoice.customer_id AND receivable.currency = invoice.currency"
            "  AND receivable.issued_on = invoice.issued_on) = 0"
        ),
    ),
    Check(
        "balances",
        "0 ≤ balance ≤ amount, on every day",
        _query(
            "SELECT 'receivable ' || receivable_id || ' on ' || settled_on FROM ("
            " SELECT receivable_id, settled_on, receivable.amount_minor AS amount_minor,"
            "  SUM(SUM(settlement.amount_minor)) OVER (PARTITION BY receivable_id ORDER BY settled_on) AS settled_minor"
            " FROM settlement JOIN receivable ON receivable.id = receivable_id GROUP BY receivable_id, settled_on"
            ") AS days WHERE settled_minor NOT BETWEEN 0 AND amount_minor"
        ),
    ),
    Check(
        "settlements",
        "nothing is settled before it was issued, paid or credited, nor in another currency, nor by nothing",
        _query(
            "SELECT 'settlement ' || settlement.id FROM settlement JOIN receivable ON receivable.id = receivable_id"
            " LEFT JOIN payment ON payment.id = settlement.payment_id"
            " LEFT JOIN credit_note ON credit_note.id = credit_id LEFT JOIN writeoff ON settlement_id = settlement.id"
            " WHERE settled_on < receivable.issued_on OR settled_on < received_on OR settled_on < credit_note.issued_on"
            " OR payment.currency <> receivable.currency OR credit_note.currency <> receivable.currency"
            " OR settlement.kind IN ('payment', 'credit', 'writeoff') AND (payment.id IS NOT NULL, credit_note.id IS"
            "  NOT NULL, settlement_id IS NOT NULL) <> (settlement.kind = 'payment', settlement.kind = 'credit',"
            "  settlement.kind = 'writeoff')"
        ),
    ),
    Check(
        "payments",
        "what a payment settled, what was paid back and what is left of it sum to its amount",
        _query(
            "SELECT 'P' || id FROM (SELECT payment.id, payment.amount_minor,"
            " COALESCE((SELECT SUM(amount_minor) FROM settlement WHERE payment_id = payment.id), 0)"
            "  + COALESCE((SELECT SUM(amount_minor) FROM refund WHERE payment_id = payment.id), 0) AS used_minor,"
            " EXISTS (SELECT 1 FROM payment_reversal WHERE payment_id = payment.id) AS is_reversed FROM payment)"
            " AS used WHERE used_minor NOT BETWEEN 0 AND CASE WHEN is_reversed THEN 0 ELSE amount_minor END"
        ),
    ),
    Check(
        "credits",
        "what a credit note settled, what was paid back and what is left of it sum to its total",
        _query(
            "SELECT number FROM (SELECT number, total_minor,"
            " COALESCE((SELECT SUM(amount_minor) FROM settlement WHERE credit_id = credit_note.id), 0)"
            "  + COALESCE((SELECT SUM(amount_minor) FROM refund WHERE credit_id = credit_note.id), 0) AS used_minor"
            " FROM credit_note) AS used WHERE used_minor NOT BETWEEN 0 AND total_minor"
        ),
    ),
    Check("held", "nothing is held below zero on any day, nor paid back to another customer", _query(HELD)),
    Check(
        "reversals",
        "a reversal takes back exactly what it names",
        _query(
            "SELECT 'settlement ' || back.id FROM settlement AS back"
            " JOIN settlement AS made ON made.id = back.reverses_id WHERE back.amount_minor <> -made.amount_minor"
            " OR back.receivable_id <> made.receivable_id OR back.settled_on < made.settled_on"
        ),
    ),
    Check("notices", "no level is reached twice, and every claim is of a notice that stands", _query(DUNNED)),
    Check("aging", "buckets sum to what is open, on every day", _aging),
    Check(
        "plans",
        "plan shares sum to the contract, and none is billed beyond itself",
        _query(
            "SELECT 'C' || contract.id FROM contract LEFT JOIN plan_share ON contract_id = contract.id"
            " GROUP BY contract.id HAVING COALESCE(SUM(plan_share.amount_minor), -1) <> contract.amount_minor"
            " UNION ALL SELECT 'C' || contract_id || ' share ' || position FROM plan_share WHERE amount_minor <"
            "  (SELECT COALESCE(SUM(net_minor), 0) FROM invoice_line WHERE plan_share_id = plan_share.id)"
        ),
    ),
    Check(
        "shipments",
        "0 ≤ shipped ≤ ordered, and no shipment returns more than it took",
        _query(
            "SELECT 'C' || contract_id || ' line ' || position FROM contract_line JOIN shipment_line"
            " ON contract_line_id = contract_line.id GROUP BY contract_line.id"
            " HAVING SUM(shipment_line.quantity_micro) NOT BETWEEN 0 AND contract_line.quantity_micro"
            " UNION ALL SELECT 'S' || shipment_id FROM shipment_line"
            " GROUP BY shipment_id, contract_line_id HAVING SUM(quantity_micro) < 0"
        ),
    ),
    Check(
        "numbers",
        "numbers of invoices and credit notes have no gap and no double",
        _query(
            "SELECT pattern || ' ' || year FROM series JOIN ("
            " SELECT 'invoice' AS kind, series_id, COUNT(*) AS issued, MIN(seq) AS first_seq, MAX(seq) AS last_seq"
            "  FROM invoice GROUP BY series_id"
            " UNION ALL SELECT 'credit', series_id, COUNT(*), MIN(seq), MAX(seq) FROM credit_note GROUP BY series_id"
            ") AS drawn ON series_id = series.id WHERE gapless = 1 AND (drawn.kind <> series.kind"
            " OR next_seq - 1 < last_seq OR first_seq < 1)"
            " UNION ALL SELECT pattern || ' ' || year FROM series WHERE gapless = 1 AND next_seq - 1 <>"
            "  (SELECT COUNT(*) FROM invoice WHERE series_id = series.id)"
            "  + (SELECT COUNT(*) FROM credit_note WHERE series_id = series.id)"
            "  + (SELECT COALESCE(SUM(last_seq - first_seq + 1), 0) FROM lost_number WHERE series_id = series.id)"
        ),
    ),
    Check(
        "dates",
        "dates of invoices and credit notes never run backwards within a series",
        _query(
            "SELECT number FROM (SELECT issued.number, issued_on, MAX(issued_on) OVER (PARTITION BY series_id"
            " ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_on FROM ("
            "  SELECT number, series_id, seq, issued_on FROM invoice"
            "  UNION ALL SELECT number, series_id, seq, issued_on FROM credit_note) AS issued"
            " JOIN series ON series.id = series_id WHERE gapless = 1) AS dated WHERE issued_on < before_on"
        ),
    ),
)


def report(store: Store, anchor: str | None = None) -> Report:
    """One row a check; exit code 7 when something does not hold."""
    rows = [_row(check.name, check.rule, _found(store, check)) for check in CHECKS]
    if anchor:
        rows.append(_row("anchor", "the journal still holds the entry that was noted", list(_anchor(store, anchor))))
    head = store.one("SELECT id, sha256 FROM journal ORDER BY id DESC LIMIT 1")
    notices = [f"journal head {head['id']}:{head['sha256']}"] if head else []
    is_sound = all(row["broken"] == 0 for row in rows)
    return Report(COLUMNS, rows, notices=notices, exit_code=0 if is_sound else 7)


def _found(store: Store, check: Check) -> list[str]:
    """What breaks the rule; where the data cannot even be read, that."""
    try:
        return list(check.find(store))
    except (sqlite3.DatabaseError, LtcError, LookupError, TypeError, ValueError, AttributeError) as error:
        return [f"cannot be read: {error}"]


def _row(name: str, rule: str, broken: list[str]) -> dict[str, Any]:
    return {
        "check": name,
        "status": "broken" if broken else "ok",
        "broken": len(broken),
        "example": broken[0] if broken else None,
        "rule": rule,
    }


def _anchor(store: Store, anchor: str) -> Iterator[str]:
    """`ID:SHA256`, as an earlier check or a backup's manifest noted it: a chain alone cannot show a cut tail."""
    number, _, digest = anchor.partition(":")
    if not (number.isascii() and number.isdigit() and digest):
        raise UsageError(f"{anchor[:80]!r} is no anchor", "write it like --anchor 12:9f86d0…, as ltc check prints it")
    row = store.one("SELECT sha256 FROM journal WHERE id = ?", (int(number[:18]),))
    if row is None or row["sha256"] != digest:
        yield f"journal entry {number} is not the one that was noted"
