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


def _lines(store: Store) -> Iterator[str]:
    """Net of a line = quantity × price − discount, rounded."""
    for record in ("quote", "contract", "invoice"):
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
        " UNION SELECT settled_on FROM settlement UNION SELECT received_on FROM payment) ORDER BY day"
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
    """What is owed less what was paid in advance, summed another way: all that was issued less all that came in."""
    rows = store.all(
        "SELECT currency, SUM(amount_minor) AS amount_minor FROM ("
        " SELECT currency, amount_minor FROM receivable WHERE issued_on <= ?"
        " UNION ALL SELECT currency, -amount_minor FROM payment WHERE received_on <= ?"
        " UNION ALL SELECT currency, amount_minor FROM payment"
        "  JOIN payment_reversal ON payment_id = payment.id WHERE reversed_on <= ?"
        ") AS moved GROUP BY currency",
        (day, day, day),
    )
    return {row["currency"]: row["amount_minor"] for row in rows}


CHECKS = (
    Check("pages", "the file is whole", _pages),
    Check("references", "every reference points to something", _references),
    Check("triggers", "facts are guarded against change", _triggers),
    Check("journal", "every journal entry's hash fits the one before", _journal),
    Check("documents", "every document's hash fits its bytes", _documents),
    Check("archive", "an issued invoice says what its document says", _invoice_documents),
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
        "nothing is settled before it was issued or paid, nor in another currency",
        _query(
            "SELECT 'settlement ' || settlement.id FROM settlement JOIN receivable ON receivable.id = receivable_id"
            " LEFT JOIN payment ON payment.id = payment_id WHERE settled_on < issued_on OR settled_on < received_on"
            " OR payment.currency <> receivable.currency"
        ),
    ),
    Check(
        "payments",
        "what a payment settled and what is left of it sum to its amount",
        _query(
            "SELECT 'P' || id FROM (SELECT payment.id, payment.amount_minor,"
            " COALESCE((SELECT SUM(amount_minor) FROM settlement WHERE payment_id = payment.id), 0) AS settled_minor,"
            " EXISTS (SELECT 1 FROM payment_reversal WHERE payment_id = payment.id) AS is_reversed FROM payment)"
            " AS used WHERE settled_minor NOT BETWEEN 0 AND CASE WHEN is_reversed THEN 0 ELSE amount_minor END"
        ),
    ),
    Check(
        "reversals",
        "a reversal takes back exactly what it names",
        _query(
            "SELECT 'settlement ' || back.id FROM settlement AS back"
            " JOIN settlement AS made ON made.id = back.reverses_id WHERE back.amount_minor <> -made.amount_minor"
            " OR back.receivable_id <> made.receivable_id OR back.settled_on < made.settled_on"
        ),
    ),
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
        "invoice numbers have no gap and no double",
        _query(
            "SELECT pattern || ' ' || year FROM series WHERE gapless = 1 AND kind = 'invoice' AND ("
            " next_seq - 1 <> (SELECT COUNT(*) FROM invoice WHERE series_id = series.id)"
            "  + (SELECT COALESCE(SUM(last_seq - first_seq + 1), 0) FROM lost_number WHERE series_id = series.id)"
            " OR next_seq - 1 < (SELECT COALESCE(MAX(seq), 0) FROM invoice WHERE series_id = series.id)"
            " OR 1 > (SELECT COALESCE(MIN(seq), 1) FROM invoice WHERE series_id = series.id))"
        ),
    ),
    Check(
        "dates",
        "invoice dates never run backwards within a series",
        _query(
            "SELECT number FROM (SELECT invoice.number, issued_on, MAX(issued_on) OVER (PARTITION BY series_id"
            " ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_on FROM invoice"
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
