"""Credit notes: what an invoice asked too much is taken back, whole, by an amount or by lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.errors import NotFoundError, RefusedError, UsageError
from ltc_cli.receivables import EVER, held, open_items
from ltc_cli.report import Column
from ltc_cli.rules import credit as parts
from ltc_cli.rules import states, tax
from ltc_cli.rules.allocation import allocate
from ltc_cli.rules.contact import clean_name
from ltc_cli.rules.discount import CodePart
from ltc_cli.rules.money import digits, format_amount, format_micro
from ltc_cli.stages import contracts, discounts, invoices, quotes, settlements
from ltc_cli.store import canonical_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from sqlite3 import Row

    from ltc_cli.receivables import Held
    from ltc_cli.references import Reference
    from ltc_cli.settings import Settings
    from ltc_cli.store import Number, Store

COLUMNS = (
    Column("ref", "ref"),
    Column("status", "status"),
    Column("invoice", "ref"),
    Column("customer", "ref"),
    Column("customer_name"),
    Column("issued_on", "date"),
    Column("net", "money", on_table=False),
    Column("tax", "money", on_table=False),
    Column("rounding", "money", on_table=False),
    Column("total", "money"),
    Column("applied", "money", on_table=False),
    Column("refunded", "money", on_table=False),
    Column("unapplied", "money"),
    Column("currency"),
    Column("reason", spare=1),
    Column("document_sha256", label="sha256", on_table=False),
    Column("lines", "list", on_table=False, columns=quotes.LINE_COLUMNS),
    Column("taxes", "list", on_table=False, columns=invoices.TAX_COLUMNS),
)


class Wish(NamedTuple):
    """What is to be credited; neither: all that is left."""

    amount_minor: int | None = None
    """With the tax in it."""
    quantities: Mapping[int, int] = {}
    """Line number of the invoice, from 1 → micro."""


class _Invoice(NamedTuple):
    """What a credit has to know of its invoice."""

    row: Row
    line_ids: list[int]
    lines: list[parts.InvoiceLine]
    codes: list[parts.OfCode]
    words: dict[str, invoices.TaxWords]
    """By tax code."""
    payable: parts.Payable
    left_minor: int
    """Of its total, less what was credited, written off or taken as discount."""
    given_up_minor: int
    """Written off, without what was short within the tolerance: that counts as paid."""
    discounted_minor: int


def issue(
    store: Store, settings: Settings, invoice: Reference, on: date, reason: str, wish: Wish | None = None
) -> int | None:
    """Issue a credit note, and settle with it what is open of its invoice, the oldest due first.

    Answers its id; None where all is credited already. Raises RefusedError where more is wished than is left, or the
    day is before the last credit note of the series; UsageError where it is before the invoice.
    """
    wish = wish or Wish()
    words = clean_name(reason, "reason")
    record = invoices.records(store, [invoice.id])[0]
    is_new = states.follow("invoice", record["status"], "credit", invoice.text)
    if not is_new and wish == Wish():
        return None
    if on.isoformat() < record["issued_on"]:
        raise UsageError(f"{invoice.text} is of {record['issued_on']}: it cannot be credited before", "a later --on")
    found = _read(store, invoice.id)
    credit, total_minor = _credit(found, wish, invoice.text)
    credit_id = _add(store, settings, found, credit, total_minor, on, words)
    owed = open_items(store, "invoice", [invoice.id])
    settlements.settle(store, "credit", allocate(total_minor, owed), on, credit_id=credit_id)
    store.touch(invoice.text)
    return credit_id


def left_to_credit(store: Store, invoice_id: int) -> int:
    """What of an invoice is neither credited nor written off, tax in it, in minor units."""
    return _read(store, invoice_id).left_minor


def asked(store: Store, invoice_id: int) -> int:
    """The total of an invoice less what was taken as discount, tax in it, in minor units."""
    return _read(store, invoice_id).payable.total_minor


def last_of(store: Store, invoice: Reference) -> int:
    """The newest credit note of an invoice that has one."""
    credit_id: int = store.value("SELECT MAX(id) FROM credit_note WHERE invoice_id = ?", (invoice.id,))
    return credit_id


def _read(store: Store, invoice_id: int) -> _Invoice:
    row = store.one("SELECT * FROM invoice WHERE id = ?", (invoice_id,))
    assert row is not None
    line_rows = store.all(
        "SELECT invoice_line.id, COALESCE(SUM(credited_micro), 0) AS credited_micro,"
        " COALESCE(SUM(credit_note_line.net_minor), 0) AS credited_minor FROM invoice_line"
        " LEFT JOIN credit_note_line ON invoice_line_id = invoice_line.id"
        " WHERE invoice_id = ? GROUP BY invoice_line.id ORDER BY invoice_line.position",
        (invoice_id,),
    )
    lines = [
        parts.InvoiceLine(line, each["credited_micro"], each["credited_minor"])
        for line, each in zip(quotes.lines_of(store, "invoice", invoice_id), line_rows, strict=True)
    ]
    credited = store.one(
        "SELECT COALESCE(SUM(total_minor), 0) AS total_minor, COALESCE(SUM(net_minor + tax_minor), 0) AS gross_minor"
        " FROM credit_note WHERE invoice_id = ?",
        (invoice_id,),
    )
    assert credited is not None
    given_up_minor, discounted_minor = (
        store.value(
            "SELECT COALESCE(SUM(settlement.amount_minor), 0) FROM receivable"
            " JOIN settlement ON settlement.receivable_id = receivable.id"
            f" JOIN {given} ON {given}.settlement_id = COALESCE(reverses_id, settlement.id)"
            f" WHERE receivable.invoice_id = ? AND receivable.kind = 'invoice' AND {condition}",
            (invoice_id,),
        )
        for given, condition in (("writeoff", "writeoff.payment_id IS NULL"), ("discount", "TRUE"))
    )
    left_minor = max(0, row["total_minor"] - credited["total_minor"] - given_up_minor - discounted_minor)
    line_ids = [each["id"] for each in line_rows]
    codes, words = _codes(store, invoice_id, lines), invoices.tax_words(store, invoice_id)
    payable = parts.Payable(
        sum(code.whole.gross_minor for code in codes),
        row["total_minor"] - discounted_minor,
        row["cash_step_minor"],
        credited["gross_minor"],
        credited["total_minor"],
    )
    if discounted_minor:
        codes, lines = parts.anew(codes, lines)
    return _Invoice(row, line_ids, lines, codes, words, payable, left_minor, given_up_minor, discounted_minor)


def _codes(store: Store, invoice_id: int, lines: Sequence[parts.InvoiceLine]) -> list[parts.OfCode]:
    """The tax codes in the order of the lines; last those of which a contract's last invoice has a cent but no line."""
    rows = store.all(
        "SELECT invoice_tax.code, invoice_tax.category, invoice_tax.rate_ppm, invoice_tax.base_minor,"
        " invoice_tax.tax_minor, COALESCE(SUM(credit_note_tax.base_minor), 0) AS credited_base_minor,"
        " COALESCE(SUM(credit_note_tax.tax_minor), 0) AS credited_tax_minor FROM invoice_tax"
        " LEFT JOIN credit_note ON credit_note.invoice_id = invoice_tax.invoice_id"
        " LEFT JOIN credit_note_tax ON credit_note_id = credit_note.id AND credit_note_tax.code = invoice_tax.code"
        " WHERE invoice_tax.invoice_id = ? GROUP BY invoice_tax.code",
        (invoice_id,),
    )
    taken = discounts.taken_by_code(store, invoice_id)
    of_line = {each.line.tax.code: each.line.tax for each in lines}
    order = [*of_line, *(row["code"] for row in rows if row["code"] not in of_line)]
    codes = []
    for row in sorted(rows, key=lambda row: order.index(row["code"])):
        code = of_line.get(row["code"]) or tax.TaxCode(row["code"], row["category"], row["rate_ppm"], inclusive=False)
        mine = [each for each in lines if each.line.tax == code]
        off = taken.get(row["code"], CodePart(0, 0))
        whole = parts.Amounts(
            sum(each.line.net_minor for each in mine) - (off.gross_minor if code.inclusive else off.base_minor),
            row["base_minor"] - off.base_minor,
            row["tax_minor"] - off.tax_minor,
        )
        lines_minor = sum(each.credited_minor for each in mine)
        before = parts.Amounts(lines_minor, row["credited_base_minor"], row["credited_tax_minor"])
        codes.append(parts.OfCode(code, whole, before))
    return codes


def _credit(found: _Invoice, wish: Wish, ref: str) -> tuple[parts.Credit, int]:
    """What the credit note says, and its total. Raises RefusedError for more than is left, UsageError for nothing."""
    currency = found.row["currency"]
    if wish.quantities:
        positions = _positions(found, wish.quantities, ref)
        policy = found.row["tax_rounding"]
        credit = parts.of_quantities(positions, found.codes, found.lines, digits(currency), policy)
    else:
        wished_minor = found.left_minor if wish.amount_minor is None else wish.amount_minor
        _refuse_more_than_left(found, wished_minor, ref)
        gross_minor = found.payable.gross_of(wished_minor)
        credit = parts.of_amount(gross_minor, found.codes, found.lines, digits(currency))
    total_minor = found.payable.total_of(tax.summed(credit.groups).total_minor)
    if wish.quantities:
        _refuse_more_than_left(found, total_minor, ref)
    if not total_minor:
        raise UsageError("a credit note over nothing cannot be issued")
    return credit, min(total_minor, found.left_minor)


def _refuse_more_than_left(found: _Invoice, total_minor: int, ref: str) -> None:
    if 0 < total_minor <= found.left_minor:
        return
    currency = found.row["currency"]
    left = format_amount(found.left_minor, currency)
    reasons = ((found.given_up_minor, "was written off"), (found.discounted_minor, "was taken as discount"))
    told = [f"{format_amount(minor, currency)} {what}" for minor, what in reasons if minor]
    why = f": {' and '.join(told)}" if told else ""
    if not found.left_minor:
        raise RefusedError(f"nothing of {ref} is left to credit{why}", f"ltc show {ref}")
    if total_minor:
        total = format_amount(total_minor, currency)
        raise RefusedError(
            f"{total} is too much: {left} of {ref} is left to credit{why}", f"ltc credit {ref} {left} --reason …"
        )


def _positions(found: _Invoice, quantities: Mapping[int, int], ref: str) -> dict[int, int]:
    """Positions from 0 and quantities, none beyond what is left of its line, in quantity or in value."""
    for line, quantity_micro in quantities.items():
        if not 1 <= line <= len(found.lines):
            raise NotFoundError(f"{ref} has no line {line}", f"ltc show {ref}")
        each, currency = found.lines[line - 1], found.row["currency"]
        if quantity_micro > each.left_micro:
            raise RefusedError(
                f"{format_micro(quantity_micro)} of line {line} is too much:"
                f" {format_micro(each.left_micro)} is left to credit",
                f"ltc show {ref}",
            )
        value_minor = each.value_of(quantity_micro)
        if value_minor > each.left_minor:
            value, left = format_amount(value_minor, currency), format_amount(each.left_minor, currency)
            raise RefusedError(
                f"{format_micro(quantity_micro)} of line {line} is {value}: {left} of the line is left to credit",
                f"ltc credit {ref} AMOUNT --reason …",
            )
    return {line - 1: quantity_micro for line, quantity_micro in quantities.items()}


def _add(
    store: Store,
    settings: Settings,
    found: _Invoice,
    credit: parts.Credit,
    total_minor: int,
    on: date,
    reason: str,
) -> int:
    row, whole = found.row, tax.summed(credit.groups)
    number = store.draw_number("credit", settings.numbers.credit, on.year)
    _refuse_backdating(store, number, on)
    document = _document(store, settings, found, credit, total_minor, number, on, reason)
    credit_id = store.add(
        "credit_note",
        series_id=number.series_id,
        seq=number.seq,
        number=number.text,
        invoice_id=row["id"],
        customer_id=row["customer_id"],
        issued_on=on.isoformat(),
        currency=row["currency"],
        net_minor=whole.net_minor,
        tax_minor=whole.tax_minor,
        rounding_minor=total_minor - whole.total_minor,
        total_minor=total_minor,
        reason=reason,
        document_sha256=store.keep_document(document, form="ltc-credit-1", media_type="application/json"),
        recorded_at=store.recorded_at,
    )
    for each in credit.lines:
        line = each.line
        store.add(
            "credit_note_line",
            credit_note_id=credit_id,
            position=each.position + 1,
            invoice_line_id=found.line_ids[each.position],
            credited_micro=each.credited_micro,
            text=line.text,
            quantity_micro=line.quantity_micro,
            price_micro=line.price_micro,
            discount_minor=line.discount_minor,
            net_minor=line.net_minor,
            tax_code=line.tax.code,
            category=line.tax.category,
            rate_ppm=line.tax.rate_ppm,
            inclusive=int(line.tax.inclusive),
        )
    for group in credit.groups:
        store.connection.execute(
            "INSERT INTO credit_note_tax"
            " (credit_note_id, code, category, rate_ppm, base_minor, tax_minor, name, reason)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (credit_id, *group.tax[:3], group.base_minor, group.tax_minor, *found.words[group.tax.code]),
        )
    return credit_id


def _refuse_backdating(store: Store, number: Number, on: date) -> None:
    """Numbers and dates run in the same direction, within a series and year."""
    last = store.one(
        "SELECT issued_on FROM credit_note WHERE series_id = ? ORDER BY seq DESC LIMIT 1", (number.series_id,)
    )
    if last and on.isoformat() < last["issued_on"]:
        raise RefusedError(
            f"a credit note cannot be dated {on}: the last one of its series is of {last['issued_on']}",
            f"ltc credit … --on {last['issued_on']}",
        )


def _document(
    store: Store,
    settings: Settings,
    found: _Invoice,
    credit: parts.Credit,
    total_minor: int,
    number: Number,
    on: date,
    reason: str,
) -> bytes:
    """The canonical bytes of the credit note: what it says, whatever is edited later."""
    row, whole = found.row, tax.summed(credit.groups)
    currency = row["currency"]
    body = {
        "number": number.text,
        "issued_on": on.isoformat(),
        "invoice": {"number": row["number"], "issued_on": row["issued_on"]},
        "reason": reason,
        "seller": vars(settings.company),
        "buyer": contracts.buyer(store, row["customer_id"]),
        "currency": currency,
        "lines": [{"line": each.position + 1, **contracts.line_document(each.line, currency)} for each in credit.lines],
        "tax_rounding": row["tax_rounding"],
        "taxes": [invoices.tax_document(group, found.words[group.tax.code], currency) for group in whole.groups],
        "net": format_amount(whole.net_minor, currency),
        "tax": format_amount(whole.tax_minor, currency),
        "rounding": format_amount(total_minor - whole.total_minor, currency),
        "total": format_amount(total_minor, currency),
    }
    return canonical_json(body).encode()


# Showing

RECORDS = """
SELECT credit_note.*, customer.id AS kept_id, customer.name AS customer_name, invoice.number AS invoice_number
FROM credit_note JOIN customer_now AS customer ON customer.own_id = credit_note.customer_id
LEFT JOIN invoice ON invoice.id = credit_note.invoice_id
WHERE credit_note.issued_on <= ? AND {these:credit_note.id}
ORDER BY credit_note.id
"""


def records(store: Store, ids: Sequence[int] | None = None, *, as_of: str = EVER) -> list[dict[str, Any]]:
    """Credit notes as they are shown, with what is left of them as of a day; all of them without ids."""
    rows = store.among(RECORDS, ids, (as_of,))
    found = [row["id"] for row in rows]
    lines, left = quotes.line_records(store, "credit_note", found), held(store, "credit", found, as_of)
    taxes = invoices.tax_records(store, "credit_note", found)
    return [{**_record(row, left[row["id"]]), "lines": lines[row["id"]], "taxes": taxes[row["id"]]} for row in rows]


def _record(row: Row, left: Held) -> dict[str, Any]:
    currency = row["currency"]
    applied_minor = row["total_minor"] - left.unapplied_minor - left.refunded_minor
    return {
        "ref": row["number"],
        "status": left.status,
        "invoice": row["invoice_number"],
        "customer": f"K{row['kept_id']}",
        "customer_name": row["customer_name"],
        "issued_on": row["issued_on"],
        "net": format_amount(row["net_minor"], currency),
        "tax": format_amount(row["tax_minor"], currency),
        "rounding": format_amount(row["rounding_minor"], currency),
        "total": format_amount(row["total_minor"], currency),
        "applied": format_amount(applied_minor, currency),
        "refunded": format_amount(left.refunded_minor, currency),
        "unapplied": format_amount(left.unapplied_minor, currency),
        "currency": currency,
        "reason": row["reason"],
        "document_sha256": row["document_sha256"],
    }
