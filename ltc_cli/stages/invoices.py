"""Invoices: issued for what has become billable, numbered without a gap, never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.errors import RefusedError
from ltc_cli.receivables import EVER, items
from ltc_cli.report import Column
from ltc_cli.rules import billing, tax
from ltc_cli.rules.money import digits, format_amount
from ltc_cli.rules.terms import instalments, parse_terms
from ltc_cli.stages import contracts, quotes
from ltc_cli.store import canonical_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from sqlite3 import Row

    from ltc_cli.config import Settings
    from ltc_cli.rules.allocation import OpenItem
    from ltc_cli.rules.terms import PlannedShare
    from ltc_cli.store import Number, Store

INSTALMENT_COLUMNS = (Column("due_on", "date"), Column("amount", "money"), Column("balance", "money"))

COLUMNS = (
    Column("ref", "ref"),
    Column("status", "status"),
    Column("contract", "ref", spare=2),
    Column("customer", "ref"),
    Column("customer_name"),
    Column("issued_on", "date", spare=1),
    Column("due_on", "date"),
    Column("net", "money", on_table=False),
    Column("tax", "money", on_table=False),
    Column("total", "money"),
    Column("paid", "money", on_table=False),
    Column("credited", "money", on_table=False),
    Column("written_off", "money", on_table=False),
    Column("balance", "money"),
    Column("claims", "money", on_table=False),
    Column("currency"),
    Column("tax_rounding", on_table=False),
    Column("period_from", "date", on_table=False),
    Column("period_to", "date", on_table=False),
    Column("terms", on_table=False),
    Column("document_sha256", label="sha256", on_table=False),
    Column("lines", "list", on_table=False, columns=quotes.LINE_COLUMNS),
    Column("instalments", "list", on_table=False, columns=INSTALMENT_COLUMNS),
)


class _Contract(NamedTuple):
    """What billing has to know of one contract."""

    row: Row
    lines: list[tax.Line]
    planned: list[contracts.PlannedRow]
    done: billing.Progress
    digits: int


class _Claim(NamedTuple):
    """A part of a share that is billed now."""

    planned: contracts.PlannedRow
    amount_minor: int


def issue(store: Store, settings: Settings, on: date, contract_ids: Sequence[int] | None = None) -> list[int]:
    """Issue invoices for everything that is billable, of these contracts or of all. Answers their ids.

    Raises RefusedError where the day is before the last invoice of the series.
    """
    issued: list[int] = []
    for contract_id in _unbilled(store, contract_ids):
        contract = _read(store, contract_id)
        for number, claims in enumerate(_invoices(_claims(contract, on))):
            if number:
                contract = _read(store, contract_id)
            issued.append(_issue(store, settings, contract, claims, on))
    return issued


def _unbilled(store: Store, contract_ids: Sequence[int] | None) -> list[int]:
    """Contracts that are not billed in full."""
    rows = store.among(
        "SELECT plan_share.contract_id AS id FROM plan_share LEFT JOIN ("
        "  SELECT plan_share_id, SUM(net_minor) AS billed_minor FROM invoice_line"
        "  WHERE plan_share_id IN (SELECT id FROM plan_share WHERE {these:contract_id}) GROUP BY plan_share_id"
        " ) AS billed ON billed.plan_share_id = plan_share.id"
        " WHERE plan_share.amount_minor > COALESCE(billed_minor, 0) AND {these:plan_share.contract_id}"
        " GROUP BY plan_share.contract_id ORDER BY plan_share.contract_id",
        contract_ids,
    )
    return [row["id"] for row in rows]


def _read(store: Store, contract_id: int) -> _Contract:
    row = store.one("SELECT * FROM contract WHERE id = ?", (contract_id,))
    assert row is not None
    return _Contract(
        row,
        quotes.lines_of(store, "contract", contract_id),
        contracts.plans(store, [contract_id])[contract_id],
        contracts.progress(store, contract_id),
        digits(row["currency"]),
    )


def _claims(contract: _Contract, on: date) -> list[_Claim]:
    """What of each share is billable and not billed."""
    found = []
    for planned in contract.planned:
        due_minor = billing.billable(planned.share, contract.done, contract.lines, on) - planned.billed_minor
        if due_minor > 0:
            found.append(_Claim(planned, due_minor))
    return found


def _invoices(claims: list[_Claim]) -> list[list[_Claim]]:
    """One invoice for all of them; parts of a recurrence and fixed amounts each have one of their own."""
    common = [claim for claim in claims if not _stands_alone(claim)]
    return [*([common] if common else []), *([claim] for claim in claims if _stands_alone(claim))]


def _stands_alone(claim: _Claim) -> bool:
    share = claim.planned.share
    return billing.is_recurring(share) or share.fixed_minor is not None


def _issue(store: Store, settings: Settings, contract: _Contract, claims: list[_Claim], on: date) -> int:
    row = contract.row
    billed = _billed(store, contract, claims, on)
    whole = _totals(store, contract, claims, [each.line for each in billed])
    number = store.draw_number("invoice", settings.numbers.invoice, on.year)
    _refuse_backdating(store, number, on)
    terms = parse_terms(row["terms"], row["currency"])
    parts = instalments(terms, whole.total_minor, on, row["currency"])
    share = claims[0].planned.share
    period = {"period_from": _iso(share.period_from), "period_to": _iso(share.period_to)}
    document = _document(store, settings, contract, number, on, billed, whole, parts, period)
    invoice_id = store.add(
        "invoice",
        series_id=number.series_id,
        seq=number.seq,
        number=number.text,
        contract_id=row["id"],
        customer_id=row["customer_id"],
        issued_on=on.isoformat(),
        currency=row["currency"],
        net_minor=whole.net_minor,
        tax_minor=whole.tax_minor,
        total_minor=whole.total_minor,
        tax_rounding=row["tax_rounding"],
        terms=row["terms"],
        **period,
        document_sha256=store.keep_document(document, form="ltc-invoice-1", media_type="application/json"),
        recorded_at=store.recorded_at,
    )
    _add_lines(store, contract, invoice_id, billed)
    _add_taxes(store, invoice_id, whole)
    for due_on, amount_minor in parts:
        store.add(
            "receivable",
            kind="invoice",
            invoice_id=invoice_id,
            customer_id=row["customer_id"],
            currency=row["currency"],
            issued_on=on.isoformat(),
            due_on=due_on.isoformat(),
            amount_minor=amount_minor,
        )
    store.touch(f"C{row['id']}")
    return invoice_id


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _refuse_backdating(store: Store, number: Number, on: date) -> None:
    """Numbers and dates run in the same direction, within a series and year."""
    last = store.one("SELECT issued_on FROM invoice WHERE series_id = ? ORDER BY seq DESC LIMIT 1", (number.series_id,))
    if last and on.isoformat() < last["issued_on"]:
        raise RefusedError(
            f"an invoice cannot be dated {on}: the last one of its series is of {last['issued_on']}",
            f"ltc invoice … --today {last['issued_on']}",
        )


def _billed(store: Store, contract: _Contract, claims: list[_Claim], on: date) -> list[billing.BilledLine]:
    """The lines for all claims; what one takes of a tax code, the next finds no more."""
    rest = _rest_by_code(store, contract)
    billed: list[billing.BilledLine] = []
    for claim in claims:
        lines = _lines(store, contract, claim, rest, on)
        for each in lines:
            rest[each.line.tax] -= each.line.net_minor
        billed += lines
    return billed


def _lines(
    store: Store, contract: _Contract, claim: _Claim, rest: dict[tax.TaxCode, int], on: date
) -> list[billing.BilledLine]:
    """How a part of a share stands on the invoice: as goods where it is the whole contract, else as one amount."""
    share, share_id = claim.planned.share, claim.planned.id
    if len(contract.planned) == 1 and share.trigger in billing.BY_QUANTITY:
        due = _goods_due(store, contract, share, on)
        return billing.goods_lines(share_id, claim.amount_minor, contract.lines, due, contract.digits)
    first, *more = (line.text for line in contract.lines)
    subject = f"{first} and {len(more)} more" if more else first
    return billing.share_lines(share_id, share, claim.amount_minor, rest, subject, contract.digits)


def _goods_due(store: Store, contract: _Contract, share: PlannedShare, on: date) -> list[tuple[int, int]]:
    """Quantity and value of each line that has gone out and is not billed yet."""
    rows = store.all(
        "SELECT contract_line.position, SUM(invoice_line.quantity_micro) AS billed_micro,"
        " SUM(invoice_line.net_minor) AS billed_minor FROM invoice_line"
        " JOIN invoice ON invoice.id = invoice_id JOIN contract_line ON contract_line.id = contract_line_id"
        " WHERE invoice.contract_id = ? GROUP BY contract_line_id",
        (contract.row["id"],),
    )
    billed = {row["position"]: (row["billed_micro"], row["billed_minor"]) for row in rows}
    due = []
    for position, (line, moved_micro) in enumerate(
        zip(contract.lines, billing.moved(share, contract.done, contract.lines, on), strict=True), 1
    ):
        billed_micro, billed_minor = billed.get(position, (0, 0))
        due.append((moved_micro - billed_micro, billing.value_of(line, moved_micro) - billed_minor))
    return due


def _rest_by_code(store: Store, contract: _Contract) -> dict[tax.TaxCode, int]:
    """What is left to bill under each tax code."""
    rest: dict[tax.TaxCode, int] = {}
    for line in contract.lines:
        rest[line.tax] = rest.get(line.tax, 0) + line.net_minor
    rows = store.all(
        "SELECT tax_code, SUM(invoice_line.net_minor) AS billed_minor FROM invoice_line"
        " JOIN invoice ON invoice.id = invoice_id WHERE contract_id = ? GROUP BY tax_code",
        (contract.row["id"],),
    )
    billed = {row["tax_code"]: row["billed_minor"] for row in rows}
    return {code: left_minor - billed.get(code.code, 0) for code, left_minor in rest.items()}


def _totals(store: Store, contract: _Contract, claims: list[_Claim], lines: list[tax.Line]) -> tax.Totals:
    """Tax by the contract's policy; the last invoice takes what makes all of them equal one for the whole."""
    policy = contract.row["tax_rounding"]
    whole, before = tax.totals(contract.lines, policy, contract.digits), _taxed(store, contract)
    billed_minor = sum(each.billed_minor for each in contract.planned) + sum(claim.amount_minor for claim in claims)
    if billed_minor == contract.row["amount_minor"]:
        return billing.last_totals(whole, before)
    plain = tax.totals(lines, policy, contract.digits)
    return billing.part_totals(plain, whole, before, _target(contract, claims, whole.total_minor))


def _target(contract: _Contract, claims: list[_Claim], total_minor: int) -> int | None:
    """What the customer pays for the claims, where the contract has fixed amounts with tax in them."""
    shares = [each.share for each in contract.planned]
    if total_minor == contract.row["amount_minor"] or all(share.fixed_minor is None for share in shares):
        return None
    grosses = dict(zip((each.id for each in contract.planned), billing.gross_targets(shares, total_minor), strict=True))
    return sum(
        billing.part_of(
            grosses[claim.planned.id], claim.planned.share.amount_minor, claim.planned.billed_minor, claim.amount_minor
        )
        for claim in claims
    )


def _taxed(store: Store, contract: _Contract) -> dict[str, tuple[int, int]]:
    """Base and tax of each code on the contract's invoices so far."""
    rows = store.all(
        "SELECT code, SUM(base_minor) AS base_minor, SUM(invoice_tax.tax_minor) AS tax_minor FROM invoice_tax"
        " JOIN invoice ON invoice.id = invoice_id WHERE contract_id = ? GROUP BY code",
        (contract.row["id"],),
    )
    return {row["code"]: (row["base_minor"], row["tax_minor"]) for row in rows}


def _document(
    store: Store,
    settings: Settings,
    contract: _Contract,
    number: Number,
    on: date,
    billed: list[billing.BilledLine],
    whole: tax.Totals,
    parts: list[tuple[date, int]],
    period: dict[str, str | None],
) -> bytes:
    """The canonical bytes of the invoice: what it says, whatever is edited later."""
    currency = contract.row["currency"]
    body = {
        "number": number.text,
        "issued_on": on.isoformat(),
        **period,
        "seller": vars(settings.company),
        "buyer": contracts.buyer(store, contract.row["customer_id"]),
        "contract": f"C{contract.row['id']}",
        "currency": currency,
        "lines": [contracts.line_document(each.line, currency) for each in billed],
        "tax_rounding": contract.row["tax_rounding"],
        "taxes": [
            {
                **group.tax._asdict(),
                "base": format_amount(group.base_minor, currency),
                "tax": format_amount(group.tax_minor, currency),
            }
            for group in whole.groups
        ],
        "net": format_amount(whole.net_minor, currency),
        "tax": format_amount(whole.tax_minor, currency),
        "total": format_amount(whole.total_minor, currency),
        "terms": contract.row["terms"],
        "instalments": [
            {"due_on": due_on.isoformat(), "amount": format_amount(amount_minor, currency)}
            for due_on, amount_minor in parts
        ],
    }
    return canonical_json(body).encode()


def _add_lines(store: Store, contract: _Contract, invoice_id: int, billed: list[billing.BilledLine]) -> None:
    rows = store.all("SELECT id FROM contract_line WHERE contract_id = ? ORDER BY position", (contract.row["id"],))
    for position, each in enumerate(billed, 1):
        line = each.line
        store.add(
            "invoice_line",
            invoice_id=invoice_id,
            position=position,
            text=line.text,
            quantity_micro=line.quantity_micro,
            price_micro=line.price_micro,
            discount_minor=line.discount_minor,
            net_minor=line.net_minor,
            tax_code=line.tax.code,
            category=line.tax.category,
            rate_ppm=line.tax.rate_ppm,
            inclusive=int(line.tax.inclusive),
            plan_share_id=each.share_id,
            contract_line_id=None if each.position is None else rows[each.position]["id"],
        )


def _add_taxes(store: Store, invoice_id: int, whole: tax.Totals) -> None:
    for group in whole.groups:
        store.connection.execute(
            "INSERT INTO invoice_tax (invoice_id, code, category, rate_ppm, base_minor, tax_minor)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                invoice_id,
                group.tax.code,
                group.tax.category,
                group.tax.rate_ppm,
                group.base_minor,
                group.tax_minor,
            ),
        )


def of_contract(store: Store, contract_id: int) -> list[int]:
    return [row["id"] for row in store.all("SELECT id FROM invoice WHERE contract_id = ? ORDER BY id", (contract_id,))]


def awaited(store: Store, contract_id: int, on: date) -> list[str]:
    """What the contract still waits for before its rest can be billed, in words."""
    contract = _read(store, contract_id)
    waits = []
    for planned in contract.planned:
        left_minor = planned.share.amount_minor - planned.billed_minor
        if left_minor > 0:
            day = billing.day_of(planned.share, contract.done, contract.lines)
            event = _event(planned.share.trigger, day, on)
            waits.append(f"{format_amount(left_minor, contract.row['currency'])} ({planned.share.share}) {event}")
    return waits


def _event(trigger: str, day: date | None, on: date) -> str:
    if day is None:
        return f"awaits {AWAITED[trigger]}"
    return f"falls due on {day}" if day > on else "waits for its invoice"


AWAITED = {
    "sign": "signature",
    "ship": "shipment",
    "deliver": "delivery",
    "accept": "acceptance",
    "end": "the end of the contract",
}


# Showing

RECORDS = """
SELECT invoice.*, customer.name AS customer_name FROM invoice JOIN customer ON customer.id = invoice.customer_id
WHERE invoice.issued_on <= ? AND {these:invoice.id}
ORDER BY invoice.id
"""

# What settled the principal; of a write-off within the tolerance, the invoice counts as paid.
SETTLED = """
SELECT invoice_id,
    SUM(settlement.amount_minor) FILTER (WHERE settlement.payment_id IS NOT NULL) AS paid_minor,
    SUM(settlement.amount_minor) FILTER (WHERE settlement.credit_id IS NOT NULL) AS credited_minor,
    SUM(settlement.amount_minor) FILTER (WHERE writeoff.settlement_id IS NOT NULL) AS written_off_minor,
    SUM(settlement.amount_minor) FILTER (WHERE writeoff.payment_id IS NOT NULL) AS tolerated_minor
FROM receivable JOIN settlement ON settlement.receivable_id = receivable.id
LEFT JOIN writeoff ON writeoff.settlement_id = COALESCE(settlement.reverses_id, settlement.id)
WHERE receivable.kind = 'invoice' AND settled_on <= ? AND {these:invoice_id}
GROUP BY invoice_id
"""

NOTED = """
SELECT invoice_id, SUM(total_minor) AS noted_minor FROM credit_note WHERE issued_on <= ? AND {these:invoice_id}
GROUP BY invoice_id
"""


class _Settled(NamedTuple):
    """What has been done about an invoice, in minor units."""

    paid_minor: int = 0
    credited_minor: int = 0
    written_off_minor: int = 0
    tolerated_minor: int = 0
    noted_minor: int = 0
    """The sum of its own credit notes, whatever they settled."""


def records(store: Store, ids: Sequence[int] | None = None, *, as_of: str = EVER) -> list[dict[str, Any]]:
    """Invoices as they are shown, with their balances as of a day; all of them without ids."""
    rows = store.among(RECORDS, ids, (as_of,))
    found = [row["id"] for row in rows]
    lines = quotes.line_records(store, "invoice", found)
    parts: dict[int, list[OpenItem]] = {invoice_id: [] for invoice_id in found}
    claims_minor = dict.fromkeys(found, 0)
    for item in items(store, "invoice", found, as_of):
        if item.kind == "invoice":
            parts[item.invoice_id].append(item)
        else:
            claims_minor[item.invoice_id] += item.balance_minor
    settled = _settled(store, found, as_of)
    return [
        {
            **_record(row, lines[row["id"]], parts[row["id"]], settled[row["id"]]),
            "claims": format_amount(claims_minor[row["id"]], row["currency"]),
        }
        for row in rows
    ]


def _settled(store: Store, ids: Sequence[int], as_of: str) -> dict[int, _Settled]:
    found = dict.fromkeys(ids, _Settled())
    for sql in (SETTLED, NOTED):
        for row in store.among(sql, ids, (as_of,)):
            invoice_id, *_ = row
            sums = {key: row[key] or 0 for key in row.keys()[1:]}
            found[invoice_id] = found[invoice_id]._replace(**sums)
    return found


def _record(row: Row, lines: list[dict[str, Any]], parts: list[OpenItem], settled: _Settled) -> dict[str, Any]:
    currency = row["currency"]
    balance_minor = sum(part.balance_minor for part in parts)
    return {
        "ref": row["number"],
        "status": _status(balance_minor, row["total_minor"], settled),
        "contract": f"C{row['contract_id']}" if row["contract_id"] else None,
        "customer": f"K{row['customer_id']}",
        "customer_name": row["customer_name"],
        "issued_on": row["issued_on"],
        "due_on": _due_on(parts),
        "net": format_amount(row["net_minor"], currency),
        "tax": format_amount(row["tax_minor"], currency),
        "total": format_amount(row["total_minor"], currency),
        "paid": format_amount(settled.paid_minor, currency),
        "credited": format_amount(settled.credited_minor, currency),
        "written_off": format_amount(settled.written_off_minor, currency),
        "balance": format_amount(balance_minor, currency),
        "currency": currency,
        "tax_rounding": row["tax_rounding"],
        "period_from": row["period_from"],
        "period_to": row["period_to"],
        "terms": row["terms"],
        "document_sha256": row["document_sha256"],
        "lines": lines,
        "instalments": [
            {
                "due_on": part.due_on,
                "amount": format_amount(part.amount_minor, currency),
                "balance": format_amount(part.balance_minor, currency),
            }
            for part in parts
        ],
    }


def _status(balance_minor: int, total_minor: int, settled: _Settled) -> str:
    """Settled, an invoice is credited where credit notes take all of it back, written off where something was."""
    if balance_minor:
        return "open" if balance_minor == total_minor else "partly_paid"
    if total_minor and settled.noted_minor == total_minor:
        return "credited"
    return "written_off" if settled.written_off_minor > settled.tolerated_minor else "paid"


def _due_on(parts: list[OpenItem]) -> str:
    """The first day on which something is still to be paid; of a settled invoice, the last."""
    still_open = [part.due_on for part in parts if part.balance_minor]
    return min(still_open) if still_open else max(part.due_on for part in parts)
