"""The books in double entry: every fact that moves money or earns it, in the order of its day."""

from __future__ import annotations

from heapq import merge
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.rules import ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ltc_cli.rules.ledger import Fact, Head, Owed, Transaction
    from ltc_cli.store import Store

# Each query takes the day once for every `?`, and answers in the order `day, id` (and what stands between them). Its
# columns stand in the order in which the reader takes them apart, those of what is owed together: see `_Reader._owed`.

# Goods that move, by line, and how line and contract stand on that day. An amendment moves nothing, but every line of
# its contract stands anew from its day on. What is terminated stands until it ends, and then all of it is earned.
MOVES = """
WITH amending AS (SELECT * FROM amendment WHERE kind <> 'terminated'), moved AS (
    SELECT amended_on AS day, -1 AS is_back, amending.id, line.contract_id, line.id AS line_id, 0 AS quantity_micro
    FROM amending JOIN contract_line AS line ON line.contract_id = amending.contract_id WHERE amended_on <= ?
    UNION ALL
    SELECT moved_on, CASE WHEN shipment_line.quantity_micro < 0 THEN 1 ELSE 0 END, shipment_id, contract_id,
        contract_line_id, shipment_line.quantity_micro
    FROM shipment_line JOIN contract_line AS line ON line.id = contract_line_id WHERE moved_on <= ?
)
SELECT day, is_back, moved.id, moved.contract_id, customer_id, currency,
    (SELECT COALESCE(SUM(COALESCE((SELECT changed.amount_minor FROM plan_share_change AS changed JOIN amending
            ON amending.id = changed.amendment_id WHERE plan_share_id = share.id AND amended_on <= day
            ORDER BY changed.id DESC LIMIT 1), share.amount_minor)), 0)
        FROM plan_share AS share LEFT JOIN amendment AS added ON added.id = share.amendment_id
        WHERE share.contract_id = moved.contract_id AND period_from IS NULL
        AND (added.id IS NULL OR added.amended_on <= day)) AS goods_minor,
    COALESCE((SELECT amount_minor FROM amending WHERE contract_id = moved.contract_id AND amended_on <= day
        ORDER BY amending.id DESC LIMIT 1), contract.amount_minor) AS amount_minor,
    (SELECT CASE WHEN ends_on <= day THEN 0 ELSE 1 END FROM amending
        WHERE amending.id = moved.id AND is_back < 0) AS goes_on,
    line_id, moved.quantity_micro,
    COALESCE((SELECT changed.quantity_micro FROM contract_line_change AS changed JOIN amending
        ON amending.id = changed.amendment_id WHERE contract_line_id = line_id AND amended_on <= day
        ORDER BY changed.id DESC LIMIT 1), line.quantity_micro) AS whole_micro,
    COALESCE((SELECT changed.net_minor FROM contract_line_change AS changed JOIN amending
        ON amending.id = changed.amendment_id WHERE contract_line_id = line_id AND amended_on <= day
        ORDER BY changed.id DESC LIMIT 1), line.net_minor) AS whole_minor
FROM moved JOIN contract_line AS line ON line.id = line_id JOIN contract ON contract.id = moved.contract_id
LEFT JOIN amendment AS adding ON adding.id = line.amendment_id WHERE adding.id IS NULL OR adding.amended_on <= day
ORDER BY day, is_back, moved.id, line_id
"""

# An invoice with a period is of a recurring fee.
INVOICES = """
SELECT issued_on AS day, invoice.id, number, customer_id, currency, contract_id, net_minor, total_minor,
    (SELECT COALESCE(SUM(net_minor), 0) FROM invoice_line WHERE invoice_id = invoice.id) AS lines_minor, period_from
FROM invoice WHERE issued_on <= ? ORDER BY day, invoice.id
"""
INVOICE_TAXES = """
SELECT issued_on AS day, invoice_id AS id, code, invoice_tax.tax_minor FROM invoice_tax
JOIN invoice ON invoice.id = invoice_id WHERE issued_on <= ? AND invoice_tax.tax_minor <> 0 ORDER BY day, id, code
"""
INSTALMENTS = """
SELECT receivable.issued_on AS day, invoice_id AS id, receivable.customer_id AS debtor_id,
    receivable.currency AS owed_in, number, due_on, amount_minor
FROM receivable JOIN invoice ON invoice.id = invoice_id
WHERE kind = 'invoice' AND receivable.issued_on <= ? ORDER BY day, id, due_on, receivable.id
"""

CREDIT_NOTES = """
SELECT credit_note.issued_on AS day, credit_note.id, credit_note.number, credit_note.customer_id, credit_note.currency,
    contract_id, credit_note.net_minor, credit_note.total_minor, COALESCE(lines_minor, 0) AS lines_minor, period_from
FROM credit_note LEFT JOIN invoice ON invoice.id = credit_note.invoice_id
LEFT JOIN (SELECT credit_note_id, SUM(net_minor) AS lines_minor FROM credit_note_line GROUP BY credit_note_id) AS line
    ON credit_note_id = credit_note.id
WHERE credit_note.issued_on <= ? ORDER BY day, credit_note.id
"""
CREDIT_NOTE_TAXES = """
SELECT issued_on AS day, credit_note_id AS id, code, credit_note_tax.tax_minor FROM credit_note_tax
JOIN credit_note ON credit_note.id = credit_note_id
WHERE issued_on <= ? AND credit_note_tax.tax_minor <> 0 ORDER BY day, id, code
"""

CLAIMS = """
SELECT receivable.issued_on AS day, receivable.id, kind, receivable.customer_id, receivable.currency,
    receivable.customer_id AS debtor_id, receivable.currency AS owed_in, number, due_on, amount_minor
FROM receivable JOIN invoice ON invoice.id = invoice_id
WHERE kind <> 'invoice' AND receivable.issued_on <= ? ORDER BY day, receivable.id
"""

# A payment with what it settles on its own day, later what is applied of it, then what takes it back.
PAYMENTS = """
SELECT payment.received_on AS day, 0 AS is_back, payment.id, NULL AS holder, payment.customer_id, payment.currency,
    0 AS settlement_id, payment.amount_minor AS bank_minor, 0 AS given_minor, NULL AS debtor_id, NULL AS owed_in,
    NULL AS number, NULL AS due_on, 0 AS amount_minor
FROM payment WHERE received_on <= ?
UNION ALL
SELECT reversed_on, 1, payment.id, NULL, payment.customer_id, payment.currency, 0, -payment.amount_minor, 0, NULL, NULL,
    NULL, NULL, 0
FROM payment_reversal JOIN payment ON payment.id = payment_id WHERE reversed_on <= ?
UNION ALL
SELECT settled_on, CASE WHEN settlement.kind = 'reversal' THEN 1 ELSE 0 END, payment.id, NULL, payment.customer_id,
    payment.currency, settlement.id, 0, COALESCE(settlement.paid_minor, settlement.amount_minor),
    receivable.customer_id, receivable.currency, number, due_on, settlement.amount_minor
FROM settlement JOIN payment ON payment.id = payment_id JOIN receivable ON receivable.id = receivable_id
JOIN invoice ON invoice.id = receivable.invoice_id WHERE settled_on <= ?
ORDER BY 1, 2, 3, 7
"""

CREDITS = """
SELECT settled_on AS day, CASE WHEN settlement.kind = 'reversal' THEN 1 ELSE 0 END AS is_back, credit_note.id,
    credit_note.number AS holder, credit_note.customer_id, credit_note.currency, settlement.id AS settlement_id,
    0 AS bank_minor, settlement.amount_minor AS given_minor, receivable.customer_id AS debtor_id,
    receivable.currency AS owed_in, invoice.number, due_on, settlement.amount_minor
FROM settlement JOIN credit_note ON credit_note.id = credit_id JOIN receivable ON receivable.id = receivable_id
JOIN invoice ON invoice.id = receivable.invoice_id
WHERE settled_on <= ? ORDER BY day, is_back, credit_note.id, settlement.id
"""

GIVEN_UP = """
SELECT settlement.settled_on AS day, settlement.id, COALESCE(made.kind, settlement.kind) AS kind,
    receivable.kind AS claim, settlement.reverses_id, receivable.customer_id, receivable.currency,
    receivable.customer_id AS debtor_id, receivable.currency AS owed_in, number, due_on, settlement.amount_minor
FROM settlement LEFT JOIN settlement AS made ON made.id = settlement.reverses_id
JOIN receivable ON receivable.id = settlement.receivable_id JOIN invoice ON invoice.id = receivable.invoice_id
WHERE settlement.payment_id IS NULL AND settlement.credit_id IS NULL AND settlement.settled_on <= ?
ORDER BY day, settlement.id
"""

# What comes off the tax with a discount, and comes back where it is reversed.
DISCOUNT_TAXES = """
SELECT settlement.settled_on AS day, settlement.id, code,
    CASE WHEN reverses_id IS NULL THEN tax_minor ELSE -tax_minor END AS tax_minor
FROM settlement JOIN discount_tax ON settlement_id = COALESCE(reverses_id, settlement.id)
WHERE settlement.settled_on <= ? AND tax_minor <> 0 ORDER BY day, settlement.id, code
"""

# One that came back is negative.
REFUNDS = """
SELECT refunded_on AS day, refund_moved.id, refund_moved.customer_id, refund_moved.currency, amount_minor, payment_id,
    number
FROM refund_moved LEFT JOIN credit_note ON credit_note.id = credit_id
WHERE refunded_on <= ? ORDER BY day, refund_moved.id, amount_minor DESC
"""

# The last day that was agreed, where nothing else was agreed by then; one that was past when it was told counts from
# the telling.
ENDS = """
WITH agreed AS (
    SELECT id AS contract_id, 0 AS amendment_id, ends_on AS day FROM contract
    UNION ALL
    SELECT contract_id, id, MAX(CASE kind WHEN 'terminated' THEN effective_on ELSE ends_on END, amended_on)
    FROM amendment
)
SELECT day, contract.id, customer_id, currency FROM agreed JOIN contract ON contract.id = contract_id
WHERE day <= ? AND NOT EXISTS (SELECT 1 FROM amendment AS later
    WHERE later.contract_id = contract.id AND later.id > agreed.amendment_id AND later.amended_on <= day)
ORDER BY day, contract.id
"""

MOVED = {-1: "contract amended", 0: "shipped", 1: "returned"}
WORDS = {"writeoff": "write-off", "discount": "discount", "void": "void"}


def transactions(store: Store, as_of: str) -> Iterator[Transaction]:
    """Every transaction up to a day, by day, then kind, then number; it asks as it goes, inside of one snapshot."""
    return ledger.transactions(facts(store, as_of))


def facts(store: Store, as_of: str) -> Iterator[Fact]:
    """Every fact up to a day that the books know, by day, then in the order of the sources below, then by number."""
    reader = _Reader(store, as_of)
    sources: tuple[Callable[[], Iterator[Fact]], ...] = (
        reader.moves,
        reader.invoices,
        reader.claims,
        reader.credit_notes,
        reader.payments,
        reader.credits,
        reader.given_up,
        reader.refunds,
        reader.ends,
    )
    return merge(*(source() for source in sources), key=attrgetter("head.on"))


class _Customer(NamedTuple):
    ref: str
    name: str


class _Reader:
    """What the sources share: the store, the day, and the customers, a merged one as the one that was kept."""

    def __init__(self, store: Store, as_of: str) -> None:
        self.store, self.as_of = store, as_of
        rows = store.connection.execute(
            "SELECT customer.id, kept.id AS kept_id, kept.name FROM customer"
            " JOIN customer AS kept ON kept.id = COALESCE(customer.merged_into_id, customer.id)"
        )
        self.customers = {row["id"]: _Customer(f"K{row['kept_id']}", row["name"]) for row in rows}

    def _rows(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """As plain tuples: every fact of the books passes here, and asking rows by name costs a fifth more."""
        cursor = self.store.connection.cursor()
        cursor.row_factory = None
        return iter(cursor.execute(sql, (self.as_of,) * sql.count("?")))

    def _head(self, day: str, ref: str, what: str, customer_id: int, currency: str) -> Head:
        customer, name = self.customers[customer_id]
        return ledger.Head(day, ref, what, customer, name, currency)

    def _owed(self, debtor_id: int, owed_in: str, number: str, due_on: str, amount_minor: int) -> Owed:
        return ledger.Owed(self.customers[debtor_id].ref, owed_in, number, due_on, amount_minor)

    def moves(self) -> Iterator[Fact]:
        for (day, is_back, move_id), group in groupby(self._rows(MOVES), key=itemgetter(0, 1, 2)):
            rows = list(group)
            contract_id, customer_id, currency, goods_minor, amount_minor, goes_on = rows[0][3:9]
            ref = f"C{contract_id}" if is_back < 0 else f"S{move_id}"
            head = self._head(day, ref, MOVED[is_back], customer_id, currency)
            lines = tuple([ledger.MovedLine(*row[9:]) for row in rows])
            yield ledger.Moved(head, contract_id, lines, goods_minor, amount_minor, goes_on=bool(goes_on))

    def invoices(self) -> Iterator[Fact]:
        taxes, instalments = _Beside(self._rows(INVOICE_TAXES)), _Beside(self._rows(INSTALMENTS))
        for day, invoice_id, number, customer_id, currency, contract_id, *sums, period_from in self._rows(INVOICES):
            net_minor, total_minor, lines_minor = sums
            yield ledger.Billed(
                self._head(day, number, "invoice", customer_id, currency),
                net_minor,
                tuple(taxes.of(day, invoice_id)),
                total_minor,
                tuple([self._owed(*instalment) for instalment in instalments.of(day, invoice_id)]),
                None if period_from else contract_id,
                lines_minor,
            )

    def credit_notes(self) -> Iterator[Fact]:
        taxes = _Beside(self._rows(CREDIT_NOTE_TAXES))
        for day, note_id, number, customer_id, currency, contract_id, *sums, period_from in self._rows(CREDIT_NOTES):
            net_minor, total_minor, lines_minor = sums
            yield ledger.Billed(
                self._head(day, number, "credit note", customer_id, currency),
                -net_minor,
                tuple((code, -tax_minor) for code, tax_minor in taxes.of(day, note_id)),
                -total_minor,
                contract_id=None if period_from else contract_id,
                lines_minor=-lines_minor,
            )

    def claims(self) -> Iterator[Fact]:
        for day, _id, kind, customer_id, currency, *owed in self._rows(CLAIMS):
            number = owed[2]
            yield ledger.Claimed(self._head(day, number, kind, customer_id, currency), kind, self._owed(*owed))

    def payments(self) -> Iterator[Fact]:
        return self._paid(PAYMENTS, "payment", "payment reversed")

    def credits(self) -> Iterator[Fact]:
        return self._paid(CREDITS, "credit note", "credit reversed")

    def _paid(self, sql: str, came_in: str, taken_back: str) -> Iterator[Fact]:
        """Each payment or credit note on each day, and what of it goes for what it settles."""
        for (day, is_back, holder_id), group in groupby(self._rows(sql), key=itemgetter(0, 1, 2)):
            rows = list(group)
            number, customer_id, currency = rows[0][3:6]
            whole_minor, settled = 0, []
            for bank_minor, given_minor, *owed in [row[7:] for row in rows]:
                whole_minor += bank_minor
                if owed[0] is not None:
                    settled.append(ledger.Settled(self._owed(*owed), given_minor))
            what = taken_back if is_back else came_in if whole_minor else "applied"
            head = self._head(day, number or f"P{holder_id}", what, customer_id, currency)
            yield ledger.Paid(head, whole_minor, tuple(settled))

    def given_up(self) -> Iterator[Fact]:
        taxes = _Beside(self._rows(DISCOUNT_TAXES))
        for day, settlement_id, kind, claim, reverses_id, customer_id, currency, *owed in self._rows(GIVEN_UP):
            word, number = WORDS.get(kind, kind), owed[2]
            head = self._head(day, number, f"{word} reversed" if reverses_id else word, customer_id, currency)
            yield ledger.GivenUp(head, kind, claim, self._owed(*owed), tuple(taxes.of(day, settlement_id)))

    def refunds(self) -> Iterator[Fact]:
        for day, _id, customer_id, currency, amount_minor, payment_id, number in self._rows(REFUNDS):
            what = "refund" if amount_minor > 0 else "refund reversed"
            yield ledger.Paid(self._head(day, number or f"P{payment_id}", what, customer_id, currency), -amount_minor)

    def ends(self) -> Iterator[Fact]:
        for day, contract_id, customer_id, currency in self._rows(ENDS):
            yield ledger.Ended(self._head(day, f"C{contract_id}", "contract ended", customer_id, currency), contract_id)


class _Beside:
    """Rows that belong to other rows, both in the order of day and id, read side by side."""

    def __init__(self, rows: Iterator[tuple[Any, ...]]) -> None:
        self.rows = rows
        self.next = next(rows, None)

    def of(self, day: str, owner_id: int) -> list[tuple[Any, ...]]:
        """What these rows say of one owner, behind its day and id; those of an owner that does not come are passed."""
        found = []
        while self.next is not None and self.next[:2] <= (day, owner_id):
            if self.next[:2] == (day, owner_id):
                found.append(self.next[2:])
            self.next = next(self.rows, None)
        return found
