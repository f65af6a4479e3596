"""Invoices: issued for what has become billable, numbered without a gap, never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli import currencies
from ltc_cli.errors import RefusedError
from ltc_cli.receivables import EVER, items
from ltc_cli.report import Column
from ltc_cli.rules import billing, invoice_text, recurring, tax
from ltc_cli.rules.calendar import add_days
from ltc_cli.rules.discount import discount_of
from ltc_cli.rules.money import PPM, digits, format_amount, format_percent
from ltc_cli.rules.terms import in_cash, instalments, parse_terms
from ltc_cli.stages import amendments, contracts, quotes
from ltc_cli.store import canonical_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from sqlite3 import Row

    from ltc_cli.rules.allocation import OpenItem
    from ltc_cli.rules.terms import PlannedShare, Terms
    from ltc_cli.settings import Settings, Tax
    from ltc_cli.store import Number, Store

TAX_COLUMNS = (
    Column("code"),
    Column("name"),
    Column("category"),
    Column("rate", "rate"),
    Column("base", "money"),
    Column("tax", "money"),
    Column("reason"),
)
ADVANCE_COLUMNS = (
    Column("invoice", "ref"),
    Column("issued_on", "date"),
    Column("net", "money"),
    Column("tax", "money"),
    Column("total", "money"),
)
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
    Column("rounding", "money", on_table=False),
    Column("total", "money"),
    Column("paid", "money", on_table=False),
    Column("credited", "money", on_table=False),
    Column("written_off", "money", on_table=False),
    Column("discounted", "money", on_table=False),
    Column("balance", "money"),
    Column("claims", "money", on_table=False),
    Column("currency"),
    Column("discount_until", "date", on_table=False),
    Column("discount_percent", "percent", on_table=False),
    Column("discount_amount", "money", on_table=False),
    Column("discount_tax", on_table=False),
    Column("tax_rounding", on_table=False),
    Column("period_from", "date", on_table=False),
    Column("period_to", "date", on_table=False),
    Column("terms", on_table=False),
    Column("document_sha256", label="sha256", on_table=False),
    Column("lines", "list", on_table=False, columns=quotes.LINE_COLUMNS),
    Column("taxes", "list", on_table=False, columns=TAX_COLUMNS),
    Column("advances", "list", on_table=False, columns=ADVANCE_COLUMNS),
    Column("instalments", "list", on_table=False, columns=INSTALMENT_COLUMNS),
)


class _Contract(NamedTuple):
    """What billing has to know of one contract."""

    row: Row
    lines: list[tax.Line]
    """As agreed; on an invoice, at the rates of its day."""
    planned: list[contracts.PlannedRow]
    done: billing.Progress
    digits: int
    is_taxed_as_agreed: bool = True
    """Whether what comes on top of the agreed amounts is still what it was on signing."""
    language: str = ""
    """Of the invoice, once it is issued."""


class _Offer(NamedTuple):
    """A discount for paying the whole invoice early."""

    until_on: str
    percent_ppm: int
    tax: str
    amount_minor: int


class _Claim(NamedTuple):
    """A part of a share that is billed now."""

    planned: contracts.PlannedRow
    amount_minor: int


def issue(store: Store, settings: Settings, on: date, contract_ids: Sequence[int] | None = None) -> list[int]:
    """Issue invoices for everything that is billable, of these contracts or of all. Answers their ids.

    Raises RefusedError where the day is before the last invoice of the series.
    """
    amendments.extend(store, on, contract_ids)
    issued: list[int] = []
    for contract_id in _unbilled(store) if contract_ids is None else sorted(set(contract_ids)):
        contract = _read(store, contract_id)
        for number, claims in enumerate(_invoices(_claims(contract, on))):
            if number:
                contract = _read(store, contract_id)
            issued.append(_issue(store, settings, contract, claims, on))
    return issued


def _unbilled(store: Store) -> list[int]:
    """Contracts that are not billed in full."""
    rows = store.all(
        "SELECT share.contract_id AS id FROM plan_share_now AS share LEFT JOIN ("
        "  SELECT plan_share_id, SUM(net_minor) AS billed_minor FROM invoice_line"
        "  WHERE plan_share_id IS NOT NULL GROUP BY plan_share_id"
        " ) AS billed ON billed.plan_share_id = share.id"
        " WHERE share.amount_minor > COALESCE(billed_minor, 0)"
        " GROUP BY share.contract_id ORDER BY share.contract_id"
    )
    return [row["id"] for row in rows]


def _read(store: Store, contract_id: int) -> _Contract:
    row = contracts.now(store, contract_id)
    return _Contract(
        row,
        quotes.lines_of(store, "contract", contract_id),
        contracts.plans(store, [contract_id])[contract_id],
        contracts.progress(store, contract_id),
        digits(row["currency"]),
    )


def _on_invoices(store: Store, contract: _Contract, sql: str) -> list[Row]:
    """What a query finds on the invoices of the contract so far; where there are none, it is not asked."""
    return store.all(sql, (contract.row["id"],)) if contract.row["is_invoiced"] else []


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
    alone = sorted((claim for claim in claims if _stands_alone(claim)), key=_period_from)
    return [*([common] if common else []), *([claim] for claim in alone)]


def _period_from(claim: _Claim) -> str:
    """Periods in their order, whichever an amendment added; what has none, before them as planned."""
    return _iso(claim.planned.share.period_from) or ""


def _stands_alone(claim: _Claim) -> bool:
    share = claim.planned.share
    return billing.is_recurring(share) or share.fixed_minor is not None


def _issue(store: Store, settings: Settings, contract: _Contract, claims: list[_Claim], on: date) -> int:
    row = contract.row
    contract = _at_rates_of(settings, contract, on)._replace(language=row["language"] or settings.language)
    billed = _billed(store, contract, claims, on)
    terms = parse_terms(row["terms"], row["currency"])
    discount_tax = _discount_tax(store, settings, row["id"], terms)
    discount_ppm = terms.discount_ppm if discount_tax == "mixed" else 0
    whole = _totals(store, contract, claims, [each.line for each in billed], discount_ppm)
    number = store.draw_number("invoice", settings.numbers.invoice, on.year)
    _refuse_backdating(store, number, on)
    step_minor = settings.cash_rounding_minor.get(row["currency"], 1)
    parts = in_cash(_instalments(contract, terms, whole.total_minor, on), whole.total_minor, step_minor)
    total_minor = sum(amount_minor for _, amount_minor in parts)
    offer = _offer(terms, discount_tax, whole.net_minor, total_minor, step_minor, on)
    share = claims[0].planned.share
    period = {"period_from": _iso(share.period_from), "period_to": _iso(share.period_to)}
    document = _document(store, settings, contract, number, on, billed, whole, parts, period, offer)
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
        rounding_minor=total_minor - whole.total_minor,
        cash_step_minor=step_minor,
        total_minor=total_minor,
        tax_rounding=row["tax_rounding"],
        rate=currencies.rate_at_issue(store, settings.currency, row["currency"], on.isoformat()),
        terms=row["terms"],
        **period,
        document_sha256=store.keep_document(document, form="ltc-invoice-1", media_type="application/json"),
        recorded_at=store.recorded_at,
    )
    _add_lines(store, contract, invoice_id, billed)
    _add_taxes(store, settings, invoice_id, whole)
    if offer:
        store.add("invoice_discount", invoice_id=invoice_id, **offer._asdict())
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


def _discount_tax(store: Store, settings: Settings, contract_id: int, terms: Terms) -> str:
    """How a discount changes the tax: on all invoices of a contract as on the first, so that they make one whole."""
    if not terms.discount_ppm:
        return settings.discount_tax
    first = store.one(
        "SELECT tax FROM invoice LEFT JOIN invoice_discount ON invoice_id = invoice.id WHERE contract_id = ?"
        " ORDER BY invoice.id LIMIT 1",
        (contract_id,),
    )
    return (first["tax"] or "included") if first else settings.discount_tax


def _offer(
    terms: Terms, discount_tax: str, net_minor: int, total_minor: int, step_minor: int, on: date
) -> _Offer | None:
    """The discount of these terms on an invoice; None where they have none, or it comes to nothing."""
    amount_minor = discount_of(discount_tax, net_minor, total_minor, terms.discount_ppm, step_minor)
    until = add_days(on, terms.discount_days)
    return _Offer(until.isoformat(), terms.discount_ppm, discount_tax, amount_minor) if amount_minor else None


def _instalments(contract: _Contract, terms: Terms, total_minor: int, on: date) -> list[tuple[date, int]]:
    """Due dates and amounts; fixed ones are of the total that was agreed, which another rate may have changed."""
    row = contract.row
    has_fixed = len(contract.planned) == 1 and any(each.kind == "amount" for each in terms.due)
    is_agreed = has_fixed and not contract.is_taxed_as_agreed
    return instalments(terms, row["net_minor"] + row["tax_minor"] if is_agreed else total_minor, on, row["currency"])


def _at_rates_of(settings: Settings, contract: _Contract, on: date) -> _Contract:
    """The contract as it is taxed on a day; its amounts stay."""
    lines = quotes.lines_on(settings, contract.lines, on)
    changed = [line for line, agreed in zip(lines, contract.lines, strict=True) if line.tax != agreed.tax]
    return contract._replace(lines=lines, is_taxed_as_agreed=all(line.tax.inclusive for line in changed))


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
    if len(contract.planned) == 1 and (share.trigger in billing.BY_QUANTITY or _is_whole(contract, claim)):
        due = _goods_due(store, contract, share, on)
        return billing.goods_lines(share_id, claim.amount_minor, contract.lines, due, contract.digits)
    text = _told(store, contract, share)
    return billing.share_lines(share_id, text, claim.amount_minor, rest, contract.digits)


def _told(store: Store, contract: _Contract, share: PlannedShare) -> str:
    """What an invoice calls a share, in the customer's language: of a fee, its period, and how much of a whole one."""
    row, language = contract.row, contract.language
    subject = invoice_text.subject([line.text for line in contract.lines], language)
    if share.period_from is None:
        return invoice_text.of_share(share, subject, language)
    fees = recurring.fees_of(parse_terms(row["terms"], row["currency"]))
    course = amendments.course(store, row)
    return invoice_text.of_period(share, subject, fees, course, row["currency"], language)


def _is_whole(contract: _Contract, claim: _Claim) -> bool:
    """Whether the claim is everything that was agreed, and no fee for a time."""
    return claim.amount_minor == sum(line.net_minor for line in contract.lines) and not claim.planned.share.period_from


def _goods_due(store: Store, contract: _Contract, share: PlannedShare, on: date) -> list[tuple[int, int]]:
    """Quantity and value of each line that is to be billed and is not yet: all, or what has gone out."""
    if share.trigger not in billing.BY_QUANTITY:
        return [(line.quantity_micro, line.net_minor) for line in contract.lines]
    rows = _on_invoices(
        store,
        contract,
        "SELECT contract_line.position, SUM(invoice_line.quantity_micro) AS billed_micro,"
        " SUM(invoice_line.net_minor) AS billed_minor FROM invoice_line"
        " JOIN invoice ON invoice.id = invoice_id JOIN contract_line ON contract_line.id = contract_line_id"
        " WHERE invoice.contract_id = ? GROUP BY contract_line_id",
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
    billed = contracts.billed_by_code(store, contract.row["id"]) if contract.row["is_invoiced"] else {}
    return {code: left_minor - billed.get(code.code, 0) for code, left_minor in rest.items()}


def _totals(
    store: Store, contract: _Contract, claims: list[_Claim], lines: list[tax.Line], discount_ppm: int
) -> tax.Totals:
    """Tax by the contract's policy at the rates of the day.

    The last invoice takes what makes all that had these rates equal one for the whole. Where the whole has no end, or
    was another when the first ones were issued, each has the tax of its own lines.
    """
    policy, taxed = contract.row["tax_rounding"], _taxed(store, contract)
    plain = tax.totals(lines, policy, contract.digits, discount_ppm)
    agreed = plain if lines == contract.lines else tax.totals(contract.lines, policy, contract.digits, discount_ppm)
    if contract.row["open_ended"] or contract.row["amendment_id"]:
        is_fixed = any(claim.planned.share.fixed_minor is not None for claim in claims)
        return billing.part_totals(
            plain, plain, {}, _target(contract, claims, agreed.total_minor) if is_fixed else None
        )
    whole = billing.whole_now(agreed, plain, taxed, policy, discount_ppm)
    before = {code: (each.base_minor, each.tax_minor) for code, each in taxed.items()}
    billed_minor = sum(each.billed_minor for each in contract.planned) + sum(claim.amount_minor for claim in claims)
    if billed_minor == contract.row["amount_minor"]:
        return billing.last_totals(whole, before)
    return billing.part_totals(plain, whole, before, _target(contract, claims, agreed.total_minor))


def _target(contract: _Contract, claims: list[_Claim], total_minor: int) -> int | None:
    """What the customer pays for the claims, where the contract has fixed amounts with tax in them.

    After a change of rate there is none: the net amount behind a fixed one is what stays.
    """
    shares = [each.share for each in contract.planned]
    if total_minor == contract.row["amount_minor"] or all(share.fixed_minor is None for share in shares):
        return None
    if not contract.is_taxed_as_agreed:
        return None
    grosses = dict(zip((each.id for each in contract.planned), billing.gross_targets(shares, total_minor), strict=True))
    return sum(
        billing.part_of(
            grosses[claim.planned.id], claim.planned.share.amount_minor, claim.planned.billed_minor, claim.amount_minor
        )
        for claim in claims
    )


def _taxed(store: Store, contract: _Contract) -> dict[str, billing.TaxedBefore]:
    """Base and tax of each code on the contract's invoices so far, apart where they had another rate."""
    rows = _on_invoices(
        store,
        contract,
        "SELECT code, rate_ppm, SUM(base_minor) AS base_minor, SUM(invoice_tax.tax_minor) AS tax_minor FROM invoice_tax"
        " JOIN invoice ON invoice.id = invoice_id WHERE contract_id = ? GROUP BY code, rate_ppm",
    )
    rates = {line.tax.code: line.tax.rate_ppm for line in contract.lines}
    found: dict[str, billing.TaxedBefore] = {}
    for row in rows:
        base_minor, tax_minor, other_base_minor, other_tax_minor = found.get(row["code"], billing.TaxedBefore())
        if row["rate_ppm"] == rates[row["code"]]:
            base_minor, tax_minor = row["base_minor"], row["tax_minor"]
        else:
            other_base_minor += row["base_minor"]
            other_tax_minor += row["tax_minor"]
        found[row["code"]] = billing.TaxedBefore(base_minor, tax_minor, other_base_minor, other_tax_minor)
    return found


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
    offer: _Offer | None,
) -> bytes:
    """The canonical bytes of the invoice: what it says, whatever is edited later."""
    currency = contract.row["currency"]
    total_minor = sum(amount_minor for _, amount_minor in parts)
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
        "taxes": [tax_document(group, words(settings.taxes, group.tax), currency) for group in whole.groups],
        "net": format_amount(whole.net_minor, currency),
        "tax": format_amount(whole.tax_minor, currency),
        "rounding": format_amount(total_minor - whole.total_minor, currency),
        "total": format_amount(total_minor, currency),
        "advances": [] if period["period_from"] else _billed_before(store, contract),
        "terms": contract.row["terms"],
        "instalments": [
            {"due_on": due_on.isoformat(), "amount": format_amount(amount_minor, currency)}
            for due_on, amount_minor in parts
        ],
        **({"discount": _offer_document(offer, currency)} if offer else {}),
    }
    return canonical_json(body).encode()


def _offer_document(offer: _Offer, currency: str) -> dict[str, str]:
    return {
        "until": offer.until_on,
        "percent": format_percent(offer.percent_ppm),
        "amount": format_amount(offer.amount_minor, currency),
        "tax": offer.tax,
    }


class TaxWords(NamedTuple):
    """What a document says of a tax code besides its figures."""

    name: str | None
    reason: str | None
    """Why nothing is taxed."""


def tax_words(store: Store, invoice_id: int) -> dict[str, TaxWords]:
    """What an issued invoice says of its tax codes; what it says nothing of, in the words that its category has."""
    rows = store.all("SELECT code, category, name, reason FROM invoice_tax WHERE invoice_id = ?", (invoice_id,))
    return {row["code"]: TaxWords(row["name"], row["reason"] or tax.REASONS.get(row["category"])) for row in rows}


def words(taxes: dict[str, Tax], code: tax.TaxCode) -> TaxWords:
    """What a document says of a tax code by the taxes of the config."""
    entry = taxes.get(code.code)
    return TaxWords(entry.name if entry else None, quotes.reason(taxes, code))


def tax_document(group: tax.TaxGroup, words: TaxWords, currency: str) -> dict[str, Any]:
    """Tax under one code as documents keep it."""
    return {
        **group.tax._asdict(),
        **words._asdict(),
        "base": format_amount(group.base_minor, currency),
        "tax": format_amount(group.tax_minor, currency),
    }


def _billed_before(store: Store, contract: _Contract) -> list[dict[str, str]]:
    """The earlier invoices of the contract, as a later one names them; a period of its own is no advance."""
    rows = _on_invoices(
        store,
        contract,
        "SELECT number, issued_on, net_minor, tax_minor, total_minor, currency FROM invoice"
        " WHERE contract_id = ? AND period_from IS NULL ORDER BY id",
    )
    return [_advance(row) for row in rows]


def _advance(row: Row) -> dict[str, str]:
    amounts = {key: format_amount(row[f"{key}_minor"], row["currency"]) for key in ("net", "tax", "total")}
    return {"invoice": row["number"], "issued_on": row["issued_on"], **amounts}


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


def _add_taxes(store: Store, settings: Settings, invoice_id: int, whole: tax.Totals) -> None:
    for group in whole.groups:
        store.connection.execute(
            "INSERT INTO invoice_tax (invoice_id, code, category, rate_ppm, base_minor, tax_minor, name, reason)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                invoice_id,
                group.tax.code,
                group.tax.category,
                group.tax.rate_ppm,
                group.base_minor,
                group.tax_minor,
                *words(settings.taxes, group.tax),
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
    return waits or [
        f"{share.share} falls due on {share.trigger_on}" for share in amendments.next_periods(store, contract_id, on)
    ]


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
SELECT invoice.*, customer.id AS kept_id, customer.name AS customer_name, until_on, percent_ppm, tax AS discount_tax,
    invoice_discount.amount_minor AS discount_minor
FROM invoice JOIN customer_now AS customer ON customer.own_id = invoice.customer_id
LEFT JOIN invoice_discount ON invoice_discount.invoice_id = invoice.id
WHERE invoice.issued_on <= ? AND {these:invoice.id}
ORDER BY invoice.id
"""

# What settled the principal; of a write-off within the tolerance, the invoice counts as paid.
SETTLED = """
SELECT invoice_id,
    SUM(settlement.amount_minor) FILTER (WHERE settlement.payment_id IS NOT NULL) AS paid_minor,
    SUM(settlement.amount_minor) FILTER (WHERE settlement.credit_id IS NOT NULL) AS credited_minor,
    SUM(settlement.amount_minor) FILTER (WHERE writeoff.settlement_id IS NOT NULL) AS written_off_minor,
    SUM(settlement.amount_minor) FILTER (WHERE writeoff.payment_id IS NOT NULL) AS tolerated_minor,
    SUM(settlement.amount_minor) FILTER (WHERE discount.settlement_id IS NOT NULL) AS discounted_minor
FROM receivable JOIN settlement ON settlement.receivable_id = receivable.id
LEFT JOIN writeoff ON writeoff.settlement_id = COALESCE(settlement.reverses_id, settlement.id)
LEFT JOIN discount ON discount.settlement_id = COALESCE(settlement.reverses_id, settlement.id)
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
    discounted_minor: int = 0
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
    taxes, before = tax_records(store, "invoice", found), _advances(store, found)
    return [
        {
            **_record(row, parts[row["id"]], settled[row["id"]]),
            "claims": format_amount(claims_minor[row["id"]], row["currency"]),
            "lines": lines[row["id"]],
            "taxes": taxes[row["id"]],
            "advances": before[row["id"]],
            "instalments": [_instalment(part, row["currency"]) for part in parts[row["id"]]],
        }
        for row in rows
    ]


def tax_records(store: Store, record: str, ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Tax by code as it is shown, by the id of the invoice or credit note."""
    rows = store.among(
        f"SELECT {record}_tax.*, {record}.currency FROM {record}_tax JOIN {record} ON {record}.id = {record}_id"
        f" WHERE {{these:{record}_id}} ORDER BY {record}_id, code",
        ids,
    )
    found: dict[int, list[dict[str, Any]]] = {record_id: [] for record_id in ids}
    for row in rows:
        found[row[f"{record}_id"]].append(
            {
                "code": row["code"],
                "name": row["name"],
                "category": row["category"],
                "rate": row["rate_ppm"] / PPM,
                "base": format_amount(row["base_minor"], row["currency"]),
                "tax": format_amount(row["tax_minor"], row["currency"]),
                "reason": row["reason"],
            }
        )
    return found


def _advances(store: Store, ids: Sequence[int]) -> dict[int, list[dict[str, str]]]:
    """By invoice, the earlier ones of its contract."""
    rows = store.among(
        "SELECT later.id AS later_id, invoice.* FROM invoice AS later"
        " JOIN invoice ON invoice.contract_id = later.contract_id AND invoice.id < later.id"
        " WHERE later.period_from IS NULL AND invoice.period_from IS NULL AND {these:later.id}"
        " ORDER BY later.id, invoice.id",
        ids,
    )
    found: dict[int, list[dict[str, str]]] = {invoice_id: [] for invoice_id in ids}
    for row in rows:
        found[row["later_id"]].append(_advance(row))
    return found


def _settled(store: Store, ids: Sequence[int], as_of: str) -> dict[int, _Settled]:
    found = dict.fromkeys(ids, _Settled())
    for sql in (SETTLED, NOTED):
        for row in store.among(sql, ids, (as_of,)):
            invoice_id, *_ = row
            sums = {key: row[key] or 0 for key in row.keys()[1:]}
            found[invoice_id] = found[invoice_id]._replace(**sums)
    return found


def _record(row: Row, parts: list[OpenItem], settled: _Settled) -> dict[str, Any]:
    currency = row["currency"]
    balance_minor = sum(part.balance_minor for part in parts)
    return {
        "ref": row["number"],
        "status": _status(balance_minor, row["total_minor"], settled),
        "contract": f"C{row['contract_id']}" if row["contract_id"] else None,
        "customer": f"K{row['kept_id']}",
        "customer_name": row["customer_name"],
        "issued_on": row["issued_on"],
        "due_on": _due_on(parts),
        "net": format_amount(row["net_minor"], currency),
        "tax": format_amount(row["tax_minor"], currency),
        "rounding": format_amount(row["rounding_minor"], currency),
        "total": format_amount(row["total_minor"], currency),
        "paid": format_amount(settled.paid_minor, currency),
        "credited": format_amount(settled.credited_minor, currency),
        "written_off": format_amount(settled.written_off_minor, currency),
        "discounted": format_amount(settled.discounted_minor, currency),
        "balance": format_amount(balance_minor, currency),
        "currency": currency,
        "discount_until": row["until_on"],
        "discount_percent": row["percent_ppm"] / PPM if row["percent_ppm"] else None,
        "discount_amount": format_amount(row["discount_minor"], currency) if row["discount_minor"] else None,
        "discount_tax": row["discount_tax"],
        "tax_rounding": row["tax_rounding"],
        "period_from": row["period_from"],
        "period_to": row["period_to"],
        "terms": row["terms"],
        "document_sha256": row["document_sha256"],
    }


def _instalment(part: OpenItem, currency: str) -> dict[str, str]:
    return {
        "due_on": part.due_on,
        "amount": format_amount(part.amount_minor, currency),
        "balance": format_amount(part.balance_minor, currency),
    }


def _status(balance_minor: int, total_minor: int, settled: _Settled) -> str:
    """Settled, an invoice is credited where credit notes take all of it back, written off where something was."""
    if balance_minor:
        return "open" if balance_minor == total_minor else "partly_paid"
    if settled.noted_minor and settled.noted_minor + settled.discounted_minor == total_minor:
        return "credited"
    return "written_off" if settled.written_off_minor > settled.tolerated_minor else "paid"


def _due_on(parts: list[OpenItem]) -> str:
    """The first day on which something is still to be paid; of a settled invoice, the last."""
    still_open = [part.due_on for part in parts if part.balance_minor]
    return min(still_open) if still_open else max(part.due_on for part in parts)
