"""What must always hold, proven over the whole file (design 3, `ltc check`). Each check finds what breaks its rule.

| invariant of design 3 | checks that prove it |
|---|---|
| 1 documents sum up by their own policy | lines, totals, invoices, bases, credit notes, credited, instalments |
| 2 balances and payments | balances, settlements, payments, credits, held, reversals, discounts, realised |
| 3 aging, by customer and currency, on many days | aging |
| 4 plans and shipments | plans, shipments |
| 5 numbers and dates | numbers, dates |
| 6 nothing is mailed twice | outbox |
| 7 journal and documents | journal, documents, archive |
| 8 references, nothing twice | references, once |
| closed months; the file itself | closed; pages, triggers |

`tests/commands/test_check_faults.py` injects a fault for each of them.
"""

from __future__ import annotations

import json
import sqlite3
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli import schema
from ltc_cli.errors import LtcError, UsageError
from ltc_cli.receivables import EVER
from ltc_cli.report import Column, Report
from ltc_cli.reports import aging, ledger
from ltc_cli.rules import ledger as entries
from ltc_cli.rules import tax
from ltc_cli.rules.aging import buckets
from ltc_cli.rules.money import digits, line_net
from ltc_cli.stages import closing, suppression
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
    guards = (f"{table}_stays_closed" for table in schema.CLOSED_DAYS)
    for name in ("outbox_message_never_changes", "outbox_never_goes", *guards):
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
UNION ALL
SELECT 'M' || outbox.id || ' is about no ' || kind FROM outbox WHERE kind IN ('lead', 'quote', 'credit')
    AND about NOT IN (SELECT number FROM credit_note WHERE kind = 'credit' AND id = record_id
        UNION ALL SELECT 'Q' || id FROM quote WHERE kind = 'quote' AND id = record_id
        UNION ALL SELECT 'L' || id FROM lead WHERE kind = 'lead' AND id = record_id)
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
SELECT 'M' || outbox.id || ' belongs to no step of ' || about FROM outbox LEFT JOIN sequence_event
    ON outbox_id = outbox.id AND lead_id = record_id AND sequence_event.kind = 'step'
WHERE outbox.kind = 'lead' AND lead_id IS NULL
"""

# An erased record holds nothing of a person any more.
ERASED = """
SELECT 'L' || lead.id || ' is erased, and says ' || COALESCE(email, phone, company, title, note, name)
FROM lead JOIN erasure ON kind = 'lead' AND record_id = lead.id
WHERE lead.name <> 'erased' OR COALESCE(company, email, email_norm, phone, phone_norm, title, note, further) IS NOT NULL
    OR fingerprint IS NOT NULL OR lead.id IN (SELECT lead_id FROM touch WHERE note IS NOT NULL)
    OR lead.id IN (SELECT lead_id FROM lead_event WHERE note IS NOT NULL)
    OR lead.id IN (SELECT lead_id FROM sequence_event WHERE task IS NOT NULL)
    OR lead.id IN (SELECT external_id.record_id FROM external_id WHERE external_id.kind = 'lead')
    OR lead.id IN (SELECT outbox.record_id FROM outbox WHERE outbox.kind = 'lead' AND recipient <> 'erased')
UNION ALL
SELECT 'K' || customer.id || ' is erased, and says ' || COALESCE(email, phone, contact, address, note, name)
FROM customer JOIN erasure ON erasure.kind = 'customer' AND record_id = customer.id
WHERE customer.name <> 'erased' OR COALESCE(contact, email, phone, address, tax_id, note, further) IS NOT NULL
UNION ALL
SELECT 'M' || outbox.id || ' has lost its message' FROM outbox LEFT JOIN erasure
    ON erasure.kind = outbox.kind AND erasure.record_id = outbox.record_id
WHERE message = X'' AND (erasure.id IS NULL OR recipient <> 'erased' OR subject <> 'erased'
    OR state NOT IN ('sent', 'cancelled'))
"""


def _suppressed(store: Store) -> Iterator[str]:
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


def _outbox(store: Store) -> Iterator[str]:
    """A mail's state is what its attempts say, and its bytes are those that were queued."""
    yield from _query(OUTBOX)(store)
    for row in store.connection.execute("SELECT id, message, message_sha256, message_id FROM outbox"):
        if row["message"] == b"":
            continue  # it was erased: see `ERASED`
        if sha256(row["message"]) != row["message_sha256"] or row["message_id"].encode() not in row["message"]:
            yield f"M{row['id']} is not the message that was queued"


SUMS = ("net", "tax", "rounding", "total")


def _invoice_documents(store: Store) -> Iterator[str]:
    """What the archived bytes say is what the rows say: head and taxes."""
    taxes = _by_record(store, "SELECT invoice_id, code, rate_ppm, base_minor, tax_minor, reason FROM invoice_tax")
    for row in store.connection.execute(
        "SELECT invoice.*, until_on, amount_minor, tax AS discount_tax, body"
        " FROM invoice JOIN document ON sha256 = document_sha256"
        " LEFT JOIN invoice_discount ON invoice_id = invoice.id WHERE format = 'ltc-invoice-1'"
    ):
        said = json.loads(row["body"])
        told_taxes = {
            (each["code"], each["rate_ppm"], _minor(each["base"]), _minor(each["tax"]), each.get("reason"))
            for each in said["taxes"]
        }
        offer = said.get("discount", {})
        offered = [offer.get("until"), _minor(offer["amount"]) if offer else None, offer.get("tax")]
        told = [said["number"], said["issued_on"], said["currency"], *_sums_said(said), told_taxes, *offered]
        kept = [row["number"], row["issued_on"], row["currency"], *_sums(row), taxes.get(row["id"], set())]
        if told != [*kept, row["until_on"], row["amount_minor"], row["discount_tax"]]:
            yield f"{row['number']} differs from its document"


def _sums(row: Row) -> list[int]:
    return [row[f"{key}_minor"] for key in SUMS]


def _sums_said(said: dict[str, Any]) -> list[int]:
    """Documents of before m006 have no rounding."""
    return [_minor(said.get(key, "0")) for key in SUMS]


def _credit_documents(store: Store) -> Iterator[str]:
    """The archived bytes of a credit note against its rows: head, taxes and lines."""
    taxes = _by_record(store, "SELECT credit_note_id, code, base_minor, tax_minor FROM credit_note_tax")
    lines = _by_record(store, "SELECT credit_note_id, position, net_minor, tax_code FROM credit_note_line")
    for row in store.connection.execute(
        "SELECT credit_note.*, invoice.number AS invoice_number, body FROM credit_note"
        " JOIN document ON sha256 = credit_note.document_sha256 LEFT JOIN invoice ON invoice.id = invoice_id"
        " WHERE format = 'ltc-credit-1'"
    ):
        said = json.loads(row["body"])
        head = [said["number"], said["issued_on"], said["invoice"]["number"], said["currency"], said["reason"]]
        told_taxes = {(each["code"], _minor(each["base"]), _minor(each["tax"])) for each in said["taxes"]}
        told_lines = {(each["line"], _minor(each["net"]), each["tax"]["code"]) for each in said["lines"]}
        if (head, _sums_said(said), told_taxes, told_lines) != (
            [row[key] for key in ("number", "issued_on", "invoice_number", "currency", "reason")],
            _sums(row),
            taxes.get(row["id"], set()),
            lines.get(row["id"], set()),
        ):
            yield f"{row['number']} differs from its document"


def _by_record(store: Store, sql: str) -> dict[int, set[tuple[Any, ...]]]:
    found: dict[int, set[tuple[Any, ...]]] = {}
    for record_id, *rest in store.connection.execute(sql):
        found.setdefault(record_id, set()).add(tuple(rest))
    return found


def _archive(store: Store) -> Iterator[str]:
    yield from _invoice_documents(store)
    yield from _credit_documents(store)


# Lines that whole numbers of 64 bits do not prove; SQL multiplies many at once, and the rules look at the few left.
# Parameters: the currency, and twice how many of quantity × price, in millionths of millionths, are a minor unit.
UNPROVEN_LINES = """
SELECT line.* FROM {table} AS line JOIN {record} ON {record}.id = line.{record}_id
WHERE currency = ? AND (line.quantity_micro > 4000000000000000000 / MAX(line.price_micro, 1)
    OR line.net_minor <> (2 * line.quantity_micro * line.price_micro + ?) / (2 * ?) - line.discount_minor)
"""


def _lines(store: Store) -> Iterator[str]:
    """Net of a line = quantity × price − discount, rounded."""
    for table in ("quote_line", "contract_line", "contract_line_now", "invoice_line", "credit_note_line"):
        record = table.partition("_line")[0]
        for (currency,) in store.all(f"SELECT DISTINCT currency FROM {record}"):
            unit = 10 ** (12 - digits(currency))
            for row in store.connection.execute(
                UNPROVEN_LINES.format(record=record, table=table), (currency, unit, unit)
            ):
                net_minor = line_net(row["quantity_micro"], row["price_micro"], row["discount_minor"], digits(currency))
                if net_minor != row["net_minor"]:
                    yield f"line {row['position']} of {record} {row[f'{record}_id']}"


# Records whose sums whole numbers of 64 bits do not prove: other policies, taxes inside of amounts, wrong ones.
UNPROVEN_RECORDS = """
SELECT * FROM {head} WHERE id NOT IN (
    SELECT {record}_id FROM (
        SELECT {record}_id, SUM(net_minor) AS net_minor, MAX(inclusive) AS inclusive,
            rate_ppm, (2 * SUM(net_minor) * rate_ppm + 1000000) / 2000000 AS tax_minor
        FROM {table} GROUP BY {record}_id, tax_code, category, rate_ppm, inclusive
    ) AS of_code JOIN {head} AS head ON head.id = {record}_id WHERE tax_rounding = 'document'
    GROUP BY {record}_id HAVING MAX(inclusive) = 0 AND MAX(of_code.net_minor) <= 4000000000000
        AND MAX(rate_ppm) <= 1000000 AND SUM(of_code.net_minor) = amount_minor
        AND SUM(of_code.net_minor) = head.net_minor AND SUM(of_code.tax_minor) = head.tax_minor
)
"""


def _whole_documents(store: Store) -> Iterator[str]:
    """Net and tax of a quote and a contract, as signed and as amended, are those of its lines, by its own policy."""
    for record, head, table in (
        ("quote", "quote", "quote_line"),
        ("contract", "contract", "(SELECT * FROM contract_line WHERE amendment_id IS NULL)"),
        ("contract", "contract_now", "contract_line_now"),
    ):
        unproven = UNPROVEN_RECORDS.format(record=record, head=head, table=table)
        heads = {row["id"]: row for row in store.connection.execute(unproven)}
        lines: dict[int, list[tax.Line]] = {}
        sql = f"SELECT * FROM {table} AS line WHERE {{these:{record}_id}} ORDER BY {record}_id, position"
        for row in store.among(sql, heads):
            lines.setdefault(row[f"{record}_id"], []).append(_line(row))
        for record_id, said in heads.items():
            own = lines.get(record_id, [])
            whole = tax.totals(own, said["tax_rounding"], digits(said["currency"]))
            amount_minor = sum(line.net_minor for line in own)
            if (whole.net_minor, whole.tax_minor, amount_minor) != (
                said["net_minor"],
                said["tax_minor"],
                said["amount_minor"],
            ):
                yield f"{record} {record_id}"


def _line(row: Row) -> tax.Line:
    code = tax.TaxCode(row["tax_code"], row["category"], row["rate_ppm"], bool(row["inclusive"]))
    return tax.Line(
        row["text"], row["quantity_micro"], row["price_micro"], row["discount_minor"], row["net_minor"], code
    )


# What customers owe less what is held for them, another way than aging does: what was issued less what came in.
MOVED = """
SELECT day, 'K' || COALESCE(merged_into_id, customer.id) AS customer, currency, SUM(amount_minor) AS amount_minor FROM (
    SELECT issued_on AS day, customer_id, currency, amount_minor FROM receivable
    UNION ALL SELECT received_on, customer_id, currency, -amount_minor FROM payment
    UNION ALL SELECT reversed_on, customer_id, currency, amount_minor FROM payment
        JOIN payment_reversal ON payment_id = payment.id
    UNION ALL SELECT issued_on, customer_id, currency, -total_minor FROM credit_note
    UNION ALL SELECT refunded_on, customer_id, currency, amount_minor FROM refund_moved
    UNION ALL SELECT settled_on, customer_id, currency, -settlement.amount_minor FROM settlement
        JOIN (SELECT settlement_id FROM writeoff UNION ALL SELECT settlement_id FROM discount
            UNION ALL SELECT id FROM settlement WHERE kind = 'void') AS given
            ON settlement_id = COALESCE(reverses_id, settlement.id)
        JOIN receivable ON receivable.id = receivable_id
    UNION ALL SELECT settled_on, customer_id, currency, -settlement.amount_minor FROM settlement
        JOIN receivable ON receivable.id = receivable_id WHERE paid_minor IS NOT NULL
    UNION ALL SELECT settled_on, customer_id, currency, paid_minor FROM settlement
        JOIN payment ON payment.id = payment_id WHERE paid_minor IS NOT NULL
) AS moved JOIN customer ON customer.id = customer_id
GROUP BY day, customer_id, currency ORDER BY day
"""


def _moved(store: Store) -> list[tuple[str, str, str, int]]:
    """Day, customer, currency, and how much more is owed from then on; minor units."""
    return [tuple(row) for row in store.connection.execute(MOVED)]


def _aging(store: Store) -> Iterator[str]:
    """On every day on which something happened (at most 40 of them), the buckets sum to what is open."""
    moved = _moved(store)
    days = sorted({day for day, *_rest in moved} | {row[0] for row in store.all("SELECT due_on FROM receivable")})
    owed: dict[tuple[str, str], int] = {}
    at = 0
    for day in days[:: max(1, len(days) // 40)]:
        while at < len(moved) and moved[at][0] <= day:
            _day, *name, amount_minor = moved[at]
            key = name[0], name[1]
            owed[key] = owed.get(key, 0) + amount_minor
            at += 1
        found = dict.fromkeys(owed, 0)
        on = date.fromisoformat(day)
        ages = buckets(on, (30, 60, 90))
        for row in aging.figures(store, on, ages):
            found[row["customer"], row["currency"]] = row["total"]
            if sum(row[age.name] for age in ages) + row["unapplied"] != row["total"]:
                yield f"the buckets of {row['customer']} in {row['currency']} on {day}"
        for customer, currency in found:
            if found[customer, currency] != owed.get((customer, currency), 0):
                yield f"aging of {customer} in {currency} on {day}"


MONEY_DAYS = """
SELECT issued_on AS day FROM receivable UNION SELECT settled_on FROM settlement UNION SELECT received_on FROM payment
UNION SELECT reversed_on FROM payment_reversal UNION SELECT issued_on FROM credit_note
UNION SELECT refunded_on FROM refund_moved
"""


# The newest of these days, and as many of those before, evenly.
LEDGER_DAYS = 2

OF_AGING = (entries.receivable("")[1], entries.credit("")[1])
"""The accounts that aging knows: what is owed, and what is held."""

Balances = dict[tuple[str, str, str], int]
"""By account, customer and currency."""


def _ledger(store: Store) -> Iterator[str]:
    """Read once from the first fact to the last, and held against aging on a few days on the way.

    That each transaction sums to zero is proven where it is made: one that does not cannot be read.
    """
    rows = store.all(f"SELECT day FROM ({MONEY_DAYS}) AS days ORDER BY day")
    known = [row["day"] for row in rows]
    days = sorted({*known[-LEDGER_DAYS:], *known[:: len(known) // LEDGER_DAYS + 1]})
    balances: Balances = {}
    for head, postings in ledger.transactions(store, EVER):
        while days and head.on > days[0]:
            yield from _apart(store, days.pop(0), balances)
        for posting in postings:
            if posting.account[1] in OF_AGING:
                key = posting.account[1], posting.account[2], posting.currency
                balances[key] = balances.get(key, 0) + posting.amount_minor
    for day in days:
        yield from _apart(store, day, balances)


def _apart(store: Store, day: str, balances: Balances) -> Iterator[str]:
    """Where the double entry up to a day is not what aging says."""
    owed, held = OF_AGING
    told: Balances = {}
    on = date.fromisoformat(day)
    for row in aging.figures(store, on, buckets(on, (30,))):
        told[owed, row["customer"], row["currency"]] = row["total"] - row["unapplied"]
        told[held, row["customer"], row["currency"]] = row["unapplied"]
    for key in sorted(told.keys() | balances.keys()):
        if told.get(key, 0) != balances.get(key, 0):
            yield "{} of {} in {}".format(*key) + f" on {day}"


def _minor(text: str) -> int:
    return int(text.replace(".", ""))


def _closed(store: Store) -> Iterator[str]:
    """The closed months say what they said when they were closed, and the journal still has its head of then."""
    row = store.one("SELECT * FROM period_close ORDER BY id DESC LIMIT 1")
    if row is None:
        return
    sealed, until = closing.seal(store, row["closed_until"]), row["closed_until"]
    noted = {
        each["currency"]: each["amount_minor"]
        for each in store.all("SELECT * FROM period_close_total WHERE period_close_id = ?", (row["id"],))
    }
    for currency in sorted(sealed.totals.keys() | noted):
        if sealed.totals.get(currency, 0) != noted.get(currency, 0):
            yield f"receivables in {currency} on {until} are not those that were closed"
    if sealed.facts_sha256 != row["facts_sha256"]:
        yield f"facts up to {until} are not those that were closed"
    if row["journal_id"]:
        yield from _anchor(store, f"{row['journal_id']}:{row['journal_sha256']}")


# What payments and credit notes bring in, and what takes it away again, by the day.
HELD = """
SELECT name || ' on ' || day FROM (
    SELECT name, day, SUM(SUM(amount_minor)) OVER (PARTITION BY name ORDER BY day) AS left_minor FROM (
        SELECT 'P' || id AS name, received_on AS day, amount_minor FROM payment
        UNION ALL SELECT 'P' || payment_id, reversed_on, -amount_minor FROM payment_reversal
            JOIN payment ON payment.id = payment_id
        UNION ALL SELECT 'P' || payment_id, settled_on, -COALESCE(paid_minor, amount_minor) FROM settlement
            WHERE payment_id IS NOT NULL
        UNION ALL SELECT number, issued_on, total_minor FROM credit_note
        UNION ALL SELECT number, settled_on, -amount_minor FROM settlement
            JOIN credit_note ON credit_note.id = credit_id
        UNION ALL SELECT COALESCE(number, 'P' || payment_id), refunded_on, -amount_minor FROM refund_moved
            LEFT JOIN credit_note ON credit_note.id = credit_id
    ) AS moved GROUP BY name, day
) AS days WHERE left_minor < 0
UNION ALL SELECT 'refund ' || refund.id FROM refund LEFT JOIN payment ON payment.id = payment_id
    LEFT JOIN credit_note ON credit_note.id = credit_id
    WHERE refund.customer_id <> COALESCE(payment.customer_id, credit_note.customer_id)
    OR refund.currency <> COALESCE(payment.currency, credit_note.currency)
"""

CENTS_OF_ROUNDING = 2
"""So far from its proportion may the tax of a discount be."""

# Offered within the invoice, taken in time and no more than that, and of every tax code no more than there is.
DISCOUNTS = """
SELECT 'offer of ' || number FROM invoice_discount JOIN invoice ON invoice.id = invoice_id
WHERE until_on < issued_on OR amount_minor > CASE WHEN tax = 'included' THEN total_minor ELSE net_minor END
UNION ALL SELECT number FROM (
    SELECT number, COALESCE(invoice_discount.amount_minor, 0) AS most_minor, SUM(settlement.amount_minor) AS taken_minor
    FROM discount JOIN settlement ON discount.settlement_id = COALESCE(reverses_id, settlement.id)
    JOIN receivable ON receivable.id = receivable_id JOIN invoice ON invoice.id = receivable.invoice_id
    LEFT JOIN invoice_discount ON invoice_discount.invoice_id = invoice.id
    GROUP BY invoice.id
) AS taken WHERE taken_minor NOT BETWEEN 0 AND most_minor
UNION ALL SELECT 'settlement ' || settlement.id FROM discount JOIN settlement ON settlement.id = discount.settlement_id
    JOIN receivable ON receivable.id = receivable_id
    LEFT JOIN invoice_discount ON invoice_discount.invoice_id = receivable.invoice_id
    LEFT JOIN payment ON payment.id = discount.payment_id
    WHERE settlement.kind <> 'discount' OR received_on > until_on
    OR settlement.amount_minor <> (SELECT COALESCE(SUM(base_minor + tax_minor), 0) FROM discount_tax
        WHERE discount_tax.settlement_id = settlement.id)
    OR NOT EXISTS (SELECT 1 FROM settlement AS paying JOIN receivable AS paid ON paid.id = paying.receivable_id
        WHERE paid.invoice_id = receivable.invoice_id
        AND (paying.payment_id = discount.payment_id OR paying.credit_id = discount.credit_id))
UNION ALL SELECT 'P' || payment_reversal.payment_id FROM payment_reversal
    JOIN discount ON discount.payment_id = payment_reversal.payment_id
    WHERE NOT EXISTS (SELECT 1 FROM settlement AS back WHERE back.reverses_id = discount.settlement_id)
"""

# What of the invoices is taken as discount now, by tax code.
DISCOUNTED = """
SELECT number || ' ' || discount_tax.code, MAX(invoice_discount.tax), MAX(invoice_tax.base_minor),
    MAX(invoice_tax.tax_minor),
    SUM(CASE WHEN settlement.amount_minor < 0 THEN -1 ELSE 1 END * discount_tax.base_minor),
    SUM(CASE WHEN settlement.amount_minor < 0 THEN -1 ELSE 1 END * discount_tax.tax_minor)
FROM discount_tax JOIN settlement ON discount_tax.settlement_id = COALESCE(reverses_id, settlement.id)
JOIN receivable ON receivable.id = receivable_id JOIN invoice ON invoice.id = receivable.invoice_id
LEFT JOIN invoice_discount ON invoice_discount.invoice_id = invoice.id
LEFT JOIN invoice_tax ON invoice_tax.invoice_id = invoice.id AND invoice_tax.code = discount_tax.code
GROUP BY invoice.id, discount_tax.code
"""

# A value in base currency where it belongs: beside a settlement by a payment, and equal to what is in base anyway.
REALISED = """
SELECT 'settlement ' || settlement_id FROM realised JOIN settlement ON settlement.id = settlement_id
JOIN receivable ON receivable.id = receivable_id LEFT JOIN payment ON payment.id = settlement.payment_id
WHERE settlement.kind <> 'payment' OR base = payment.currency AND base = receivable.currency
OR base = payment.currency AND received_minor <> COALESCE(paid_minor, settlement.amount_minor)
OR base = receivable.currency AND invoiced_minor <> settlement.amount_minor
"""


def _discounts(store: Store) -> Iterator[str]:
    """Who took a discount when, and what came off the taxes: in proportion where they are included, else nothing."""
    yield from _query(DISCOUNTS)(store)
    for name, *figures in store.connection.execute(DISCOUNTED):
        if not _is_in_proportion(*figures):
            yield name


def _is_in_proportion(
    way: str | None, base_minor: int | None, tax_minor: int | None, off_base_minor: int, off_tax_minor: int
) -> bool:
    """Whether so much of a tax code may have come off: to a few cents, for credits before it were rounded, too."""
    if base_minor is None or tax_minor is None or off_base_minor > base_minor or off_tax_minor > tax_minor:
        return False
    if way != "included":
        return off_tax_minor == 0
    gross_minor, off_minor = base_minor + tax_minor, off_base_minor + off_tax_minor
    return abs(off_tax_minor * gross_minor - off_minor * tax_minor) <= CENTS_OF_ROUNDING * abs(gross_minor)


# The schema says so too; here it is asked of the rows, whatever became of the indexes, and of merged leads as one.
TWICE = """
SELECT 'L' || COALESCE(merged_into_id, lead.id) || ' is promoted twice' FROM opportunity JOIN lead ON lead.id = lead_id
GROUP BY COALESCE(merged_into_id, lead.id) HAVING COUNT(*) > 1
UNION ALL SELECT 'the key ' || key || ' is used twice' FROM request_key GROUP BY key HAVING COUNT(*) > 1
UNION ALL SELECT kind || ' ' || value || ' is known twice' FROM external_id GROUP BY kind, source, value
HAVING COUNT(*) > 1
UNION ALL SELECT number || ' is given twice' FROM (SELECT number FROM invoice UNION ALL SELECT number FROM credit_note)
GROUP BY number HAVING COUNT(*) > 1
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
    Check("once", "nothing is promoted twice, no key used twice, no number given twice", _query(TWICE)),
    Check("triggers", "facts are guarded against change", _triggers),
    Check("journal", "every journal entry's hash fits the one before", _journal),
    Check("documents", "every document's hash fits its bytes", _documents),
    Check("archive", "an issued invoice or credit note says what its document says", _archive),
    Check("outbox", "a mail is in the state its attempts say, and went out at most once", _outbox),
    Check("sequences", "a lead takes each step of a sequence once, in its turn, one a day", _query(SEQUENCES)),
    Check("suppression", "no sequence writes to whom it must not", _suppressed),
    Check("erasure", "an erased record holds nothing of a person", _query(ERASED)),
    Check("lines", "a line is quantity × price − discount", _lines),
    Check("totals", "quotes and contracts sum to their totals by their own policy", _whole_documents),
    Check(
        "invoices",
        "an invoice's net, tax and rounding sum to its total, as its taxes do; it is rounded to no more than its step",
        _query(
            "SELECT number FROM invoice WHERE net_minor + tax_minor + rounding_minor <> total_minor"
            " OR total_minor % cash_step_minor <> 0"
            " OR 2 * rounding_minor NOT BETWEEN 1 - cash_step_minor AND cash_step_minor"
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
        "rates",
        "every line of an invoice and a credit note has the rate and category that its document taxes the code at",
        _query(
            "SELECT number || ' line ' || position FROM invoice_line"
            " JOIN invoice ON invoice.id = invoice_line.invoice_id"
            " LEFT JOIN invoice_tax ON invoice_tax.invoice_id = invoice.id AND code = tax_code"
            " WHERE code IS NULL OR invoice_line.rate_ppm <> invoice_tax.rate_ppm"
            "  OR invoice_line.category <> invoice_tax.category"
            " UNION ALL SELECT number || ' ' || credit_note_tax.code FROM credit_note_tax"
            " JOIN credit_note ON credit_note.id = credit_note_id"
            " JOIN invoice_tax ON invoice_tax.invoice_id = credit_note.invoice_id"
            "  AND invoice_tax.code = credit_note_tax.code"
            " WHERE credit_note_tax.rate_ppm <> invoice_tax.rate_ppm"
            "  OR credit_note_tax.category <> invoice_tax.category"
        ),
    ),
    Check(
        "credit notes",
        "a credit note's net, tax and rounding sum to its total, as its taxes do,"
        " in the currency of its customer's invoice",
        _query(
            "SELECT credit_note.number FROM credit_note LEFT JOIN invoice ON invoice.id = invoice_id"
            " WHERE credit_note.net_minor + credit_note.tax_minor + credit_note.rounding_minor"
            "  <> credit_note.total_minor"
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
            "  (SELECT SUM(note.net_minor + note.tax_minor) FROM credit_note AS note"
            "   WHERE note.invoice_id = invoice.id) = invoice.net_minor + invoice.tax_minor AS is_whole"
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
        "instalments sum to the invoice's total, under its customer, currency and date, each payable in cash",
        _query(
            "SELECT number FROM invoice LEFT JOIN receivable ON invoice_id = invoice.id AND kind = 'invoice'"
            " GROUP BY invoice.id HAVING COALESCE(SUM(amount_minor), -1) <> total_minor"
            " OR MIN(receivable.customer_id = invoice.customer_id AND receivable.currency = invoice.currency"
            "  AND receivable.issued_on = invoice.issued_on) = 0"
            " OR MAX(receivable.amount_minor % cash_step_minor) <> 0"
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
            " LEFT JOIN credit_note ON credit_note.id = settlement.credit_id"
            " LEFT JOIN writeoff ON writeoff.settlement_id = settlement.id"
            " LEFT JOIN discount ON discount.settlement_id = settlement.id"
            " WHERE settled_on < receivable.issued_on OR settled_on < received_on OR settled_on < credit_note.issued_on"
            " OR (payment.currency <> receivable.currency) <> (paid_minor IS NOT NULL) OR paid_minor IS NOT NULL"
            "  AND payment.id IS NULL OR credit_note.currency <> receivable.currency"
            " OR settlement.kind IN ('payment', 'credit', 'writeoff', 'discount') AND (payment.id IS NOT NULL,"
            "  credit_note.id IS NOT NULL, writeoff.settlement_id IS NOT NULL, discount.settlement_id IS NOT NULL)"
            "  <> (settlement.kind = 'payment', settlement.kind = 'credit', settlement.kind = 'writeoff',"
            "  settlement.kind = 'discount')"
        ),
    ),
    Check(
        "payments",
        "what a payment settled, what was paid back and what is left of it sum to its amount",
        _query(
            "SELECT 'P' || id FROM (SELECT payment.id, payment.amount_minor,"
            " COALESCE((SELECT SUM(COALESCE(paid_minor, amount_minor)) FROM settlement WHERE payment_id = payment.id),"
            "  0) + COALESCE((SELECT SUM(amount_minor) FROM refund_moved WHERE payment_id = payment.id), 0)"
            " AS used_minor,"
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
            "  + COALESCE((SELECT SUM(amount_minor) FROM refund_moved WHERE credit_id = credit_note.id), 0)"
            " AS used_minor FROM credit_note) AS used WHERE used_minor NOT BETWEEN 0 AND total_minor"
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
            " OR COALESCE(back.paid_minor, 0) <> -COALESCE(made.paid_minor, 0)"
            " OR COALESCE(back.payment_id, 0) <> COALESCE(made.payment_id, 0)"
            " UNION ALL SELECT 'refund ' || refund_id FROM refund_reversal JOIN refund ON refund.id = refund_id"
            "  WHERE reversed_on < refunded_on"
            " UNION ALL SELECT 'settlement ' || settlement_id FROM writeoff_reversal WHERE settlement_id NOT IN ("
            "  SELECT back.id FROM settlement AS back JOIN writeoff ON writeoff.settlement_id = back.reverses_id)"
        ),
    ),
    Check(
        "discounts",
        "an early-payment discount belongs to a payment in time, is no more than was offered, and sums to its taxes",
        _discounts,
    ),
    Check("realised", "a gain or loss belongs to a settlement in another currency", _query(REALISED)),
    Check("closed", "closed months say what they said when they were closed", _closed),
    Check("notices", "no level is reached twice, and every claim is of a notice that stands", _query(DUNNED)),
    Check("aging", "buckets sum to what is open, on every day", _aging),
    Check("ledger", "the double entry sums to zero, and its receivables and credit are those of aging", _ledger),
    Check(
        "plans",
        "plan shares sum to the contract, and none is billed beyond itself",
        _query(
            "SELECT 'C' || contract.id FROM contract LEFT JOIN plan_share ON contract_id = contract.id"
            "  AND plan_share.amendment_id IS NULL"
            " GROUP BY contract.id HAVING COALESCE(SUM(plan_share.amount_minor), -1) <> contract.amount_minor"
            " UNION ALL SELECT 'C' || contract.id FROM contract_now AS contract JOIN plan_share_now AS share"
            "  ON share.contract_id = contract.id"
            " GROUP BY contract.id HAVING SUM(share.amount_minor) <> contract.amount_minor"
            " UNION ALL SELECT 'C' || contract_id || ' share ' || position FROM plan_share_now AS share WHERE"
            "  amount_minor < (SELECT COALESCE(SUM(net_minor), 0) FROM invoice_line WHERE plan_share_id = share.id)"
        ),
    ),
    Check(
        "amendments",
        "an amendment changes its own contract, in the order of the days; nothing of a fee is left after a termination",
        _query(AMENDED),
    ),
    Check(
        "shipments",
        "0 ≤ shipped ≤ ordered, and no shipment returns more than it took",
        _query(
            "SELECT 'C' || contract_id || ' line ' || position FROM contract_line_now AS line JOIN shipment_line"
            " ON contract_line_id = line.id GROUP BY line.id"
            " HAVING SUM(shipment_line.quantity_micro) NOT BETWEEN 0 AND line.quantity_micro"
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
