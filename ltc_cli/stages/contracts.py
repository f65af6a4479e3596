"""Contracts: signed from a quote or an amount, with the payment plan that says who pays what when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli import agreed
from ltc_cli.errors import RefusedError, UsageError
from ltc_cli.receivables import EVER
from ltc_cli.references import find, on_thread
from ltc_cli.report import Column
from ltc_cli.rules import states, tax
from ltc_cli.rules.billing import Move, Progress, day_of, lump, repriced
from ltc_cli.rules.calendar import format_steps, parse_iso_date, parse_steps
from ltc_cli.rules.money import digits, format_amount, format_micro, split
from ltc_cli.rules.terms import PlannedShare, format_terms, is_open_ended, parse_terms, plan
from ltc_cli.stages import customers, leads, opportunities, quotes
from ltc_cli.store import canonical_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from sqlite3 import Row

    from ltc_cli.references import Reference
    from ltc_cli.settings import Settings
    from ltc_cli.store import Store

PLAN_COLUMNS = (
    Column("share"),
    Column("trigger"),
    Column("period_from", "date", on_table=False),
    Column("period_to", "date", "to"),
    Column("amount", "money"),
    Column("due_on", "date", "billable on"),
    Column("billed", "money"),
)

AMENDMENT_COLUMNS = (
    Column("kind"),
    Column("amended_on", "date", "on"),
    Column("effective_on", "date"),
    Column("reason"),
    Column("amount", "money"),
    Column("fee", "money"),
    Column("ends_on", "date"),
    Column("document_sha256", label="sha256"),
)

COLUMNS = (
    Column("ref", "ref"),
    Column("status", "status"),
    Column("opportunity", "ref", spare=2),
    Column("customer", "ref"),
    Column("customer_name"),
    Column("amount", "money"),
    Column("net", "money", on_table=False),
    Column("tax", "money", on_table=False),
    Column("total", "money", on_table=False),
    Column("billed", "money"),
    Column("currency"),
    Column("signed_on", "date", spare=1),
    Column("signed_by", on_table=False),
    Column("accepted_on", "date", on_table=False),
    Column("starts_on", "date", on_table=False),
    Column("ends_on", "date", on_table=False),
    Column("renews", on_table=False),
    Column("terminated_on", "date", on_table=False),
    Column("terms", on_table=False),
    Column("tax_rounding", on_table=False),
    Column("document_sha256", label="sha256", on_table=False),
    Column("plan", "list", on_table=False, columns=PLAN_COLUMNS),
    Column("lines", "list", on_table=False, columns=(*quotes.LINE_COLUMNS, Column("shipped", "quantity"))),
    Column("amendments", "list", on_table=False, columns=AMENDMENT_COLUMNS),
)


class Signature(NamedTuple):
    """What is said on signing; what is None comes from the quote, the customer and the config."""

    on: date
    by: str | None = None
    amount: tuple[int, str] | None = None
    """Minor units and currency: the contract as one line."""
    terms: str | None = None
    document: bytes | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    renews: str | None = None


class _Offer(NamedTuple):
    """What is signed."""

    quote_id: int | None
    currency: str
    lines: list[tax.Line]
    tax_rounding: str
    terms: str


def sign(store: Store, settings: Settings, named: Reference, signature: Signature) -> tuple[int, bool]:
    """Make the contract of an opportunity or one of its quotes.

    Answers the contract's id, and whether it is new. Raises RefusedError where it stands signed with other terms.
    """
    opportunity = find(store, named.text, "opportunity")
    for contract in on_thread(store, opportunity, "contract"):
        _refuse_other_terms(store, settings, contract, named, signature)
        return contract.id, False
    record = opportunities.records(store, [opportunity.id])[0]
    if record["status"] != "won":  # won elsewhere: the contract is still to be made
        states.follow("opportunity", record["status"], "sign", opportunity.text)
    offer = _offer(store, settings, named, record, signature)
    return _add(store, settings, opportunity, record, offer, signature), True


def _refuse_other_terms(
    store: Store, settings: Settings, contract: Reference, named: Reference, signature: Signature
) -> None:
    row = store.one("SELECT * FROM contract WHERE id = ?", (contract.id,))
    assert row is not None  # as it was signed, whatever was amended since
    asked = {
        "amount": signature.amount and signature.amount != (row["amount_minor"], row["currency"]),
        "terms": signature.terms is not None and _canonical(settings, signature.terms, row["currency"]) != row["terms"],
        "signatory": signature.by and signature.by.strip() != row["signed_by"],
        "document": signature.document is not None
        and store.value("SELECT body FROM document WHERE sha256 = ?", (row["document_sha256"],)) != signature.document,
        "quote": named.kind == "quote" and named.id != row["quote_id"],
        "start": signature.starts_on and signature.starts_on.isoformat() != row["starts_on"],
        "end": signature.ends_on and signature.ends_on.isoformat() != row["ends_on"],
        "renewal": signature.renews and signature.renews.strip() != row["renews"],
    }
    others = [what for what, differs in asked.items() if differs]
    if others:
        raise RefusedError(
            f"{contract.text} was signed on {row['signed_on']} with another {' and '.join(others)}",
            f"ltc show {contract.text}",
        )


def _offer(
    store: Store, settings: Settings, named: Reference, opportunity: dict[str, Any], signature: Signature
) -> _Offer:
    """The quote that is signed; without one, or with another amount, one line at that amount."""
    quote = _signed_quote(store, named, opportunity, signature)
    if quote:
        return _quoted(store, settings, quote, opportunity["ref"], signature)
    customer_id = int(opportunity["customer"][1:])
    amount_minor, currency = _amount(opportunity, signature)
    if amount_minor is None:
        amount_minor = _own_amount(store, settings, customer_id, currency, signature, opportunity)
    own_code = store.value("SELECT tax_code FROM customer WHERE id = ?", (customer_id,))
    code = quotes.tax_code(settings, own_code, signature.on)
    return _Offer(
        None,
        currency,
        [lump(opportunity["title"], amount_minor, code, digits(currency))],
        settings.tax_rounding,
        quotes.default_terms(store, settings, customer_id),
    )


def _signed_quote(
    store: Store, named: Reference, opportunity: dict[str, Any], signature: Signature
) -> Reference | None:
    """The quote that is named, else the newest; but with an amount only the newest that can be signed at that."""
    if named.kind == "quote":
        return named
    newest = quotes.newest(store, int(opportunity["ref"][1:]))
    if newest is None or signature.amount is None:
        return newest
    record = quotes.records(store, [newest.id], today=signature.on)[0]
    is_open = record["status"] in ("draft", "sent", "accepted")
    return newest if is_open and _is_over(record, signature.amount) else None


def left_out(store: Store, contract_id: int) -> Reference | None:
    """The newest quote of the contract's opportunity, where the contract was signed without any."""
    row = store.one("SELECT opportunity_id, quote_id FROM contract WHERE id = ?", (contract_id,))
    assert row is not None
    return None if row["quote_id"] else quotes.newest(store, row["opportunity_id"])


def _is_over(quote: dict[str, Any], amount: tuple[int, str]) -> bool:
    return (quote["amount"], quote["currency"]) == (format_amount(*amount), amount[1])


def _quoted(store: Store, settings: Settings, quote: Reference, opportunity: str, signature: Signature) -> _Offer:
    record = quotes.records(store, [quote.id], today=signature.on)[0]
    if signature.amount and not _is_over(record, signature.amount):
        asked = f"{format_amount(*signature.amount)} {signature.amount[1]}"
        raise RefusedError(
            f"{quote.text} is over {record['amount']} {record['currency']}, not {asked}",
            f"ltc quote {opportunity} --line … makes another; ltc sign {opportunity} --amount signs without it",
        )
    states.follow("quote", record["status"], "sign", quote.text)
    lines = quotes.lines_on(settings, quotes.lines_of(store, "quote", quote.id), signature.on)
    return _Offer(quote.id, record["currency"], lines, record["tax_rounding"], record["terms"])


def _amount(opportunity: dict[str, Any], signature: Signature) -> tuple[int | None, str]:
    """The amount said on signing, else the opportunity's, which decides the currency."""
    currency = opportunity["currency"]
    known = opportunity["amount"]
    if signature.amount is None:
        return (int(known.replace(".", "")) if known else None), currency
    if known and signature.amount[1] != currency:
        raise UsageError(f"{opportunity['ref']} is in {currency}, not {signature.amount[1]}")
    return signature.amount


def _own_amount(
    store: Store,
    settings: Settings,
    customer_id: int,
    currency: str,
    signature: Signature,
    opportunity: dict[str, Any],
) -> int:
    """What terms of recurring fees come to by themselves. Raises UsageError where nothing says an amount."""
    words = None if signature.terms is None else quotes.named_terms(settings, signature.terms)
    terms = parse_terms(quotes.default_terms(store, settings, customer_id) if words is None else words, currency)
    if not any(share.kind == "fee" for share in terms.shares):
        raise UsageError(f"{opportunity['ref']} has no amount yet", f"ltc sign {opportunity['ref']} --amount 1200.00")
    shares = plan(terms, None, None, currency=currency, signed_on=signature.on, ends_on=signature.ends_on)
    return sum(share.amount_minor for share in shares)


def _canonical(settings: Settings, words: str, currency: str) -> str:
    return format_terms(parse_terms(quotes.named_terms(settings, words), currency), currency)


def _add(
    store: Store,
    settings: Settings,
    opportunity: Reference,
    record: dict[str, Any],
    offer: _Offer,
    signature: Signature,
) -> int:
    if not any(line.net_minor for line in offer.lines):
        raise UsageError("a contract over nothing cannot be signed", f"ltc sign {opportunity.text} --amount 1200.00")
    terms = _canonical(settings, offer.terms if signature.terms is None else signature.terms, offer.currency)
    _refuse_reversed(signature)
    offer = _for_first_period(offer, terms, signature)
    whole = tax.totals(offer.lines, offer.tax_rounding, digits(offer.currency))
    amount_minor = sum(line.net_minor for line in offer.lines)
    shares = plan(
        parse_terms(terms, offer.currency),
        amount_minor,
        whole.total_minor if whole.total_minor != amount_minor else None,
        currency=offer.currency,
        signed_on=signature.on,
        ends_on=signature.ends_on,
    )
    signed_by = leads.optional(signature.by, "signatory")
    contract_id = store.add(
        "contract",
        opportunity_id=opportunity.id,
        quote_id=offer.quote_id,
        customer_id=int(record["customer"][1:]),
        currency=offer.currency,
        amount_minor=amount_minor,
        net_minor=whole.net_minor,
        tax_minor=whole.tax_minor,
        tax_rounding=offer.tax_rounding,
        terms=terms,
        signed_on=signature.on.isoformat(),
        signed_by=signed_by,
        starts_on=signature.starts_on.isoformat() if signature.starts_on else None,
        ends_on=signature.ends_on.isoformat() if signature.ends_on else None,
        renews=leads.optional(signature.renews, "renewal"),
        open_ended=int(is_open_ended(parse_terms(terms, offer.currency), signature.ends_on)),
        document_sha256=_keep_document(store, settings, record, offer, terms, signature),
        recorded_at=store.recorded_at,
        batch_id=store.batch_id,
    )
    quotes.add_lines(store, "contract", contract_id, offer.lines)
    for position, share in enumerate(shares, 1):
        add_share(store, contract_id, position, share)
    store.touch(opportunity.text)
    if record["lead"]:
        store.touch(record["lead"])
    return contract_id


def _for_first_period(offer: _Offer, terms: str, signature: Signature) -> _Offer:
    """Of a fee without end the contract is what it has come to: its first period; the offer says how it is made up."""
    words = parse_terms(terms, offer.currency)
    if signature.amount is not None or not is_open_ended(words, signature.ends_on):
        return offer
    shares = plan(words, None, None, currency=offer.currency, signed_on=signature.on)
    scale, amount_minor = digits(offer.currency), sum(share.amount_minor for share in shares)
    parts = split(amount_minor, [line.net_minor for line in offer.lines])
    return offer._replace(lines=[repriced(*pair, scale) for pair in zip(offer.lines, parts, strict=True)])


def _refuse_reversed(signature: Signature) -> None:
    begins = signature.starts_on or signature.on
    if signature.ends_on and signature.ends_on < begins:
        raise UsageError(f"the contract would end on {signature.ends_on}, before it begins on {begins}")


def add_share(
    store: Store, contract_id: int, position: int, share: PlannedShare, *, amendment_id: int | None = None
) -> None:
    """Keep a share of the plan, one that an amendment added with its id."""
    store.add(
        "plan_share",
        contract_id=contract_id,
        amendment_id=amendment_id,
        position=position,
        share=share.share,
        trigger_kind=share.trigger,
        trigger_on=share.trigger_on.isoformat() if share.trigger_on else None,
        months=share.months,
        steps=format_steps(share.steps),
        amount_minor=share.amount_minor,
        fixed_minor=share.fixed_minor,
        period_from=share.period_from.isoformat() if share.period_from else None,
        period_to=share.period_to.isoformat() if share.period_to else None,
    )


def _keep_document(
    store: Store, settings: Settings, record: dict[str, Any], offer: _Offer, terms: str, signature: Signature
) -> str:
    """Archive the file that was signed; without one, a record of what was agreed. Answers its hash."""
    if signature.document is not None:
        return store.keep_document(signature.document, form="signed file", media_type="application/octet-stream")
    body = {
        "seller": vars(settings.company),
        "buyer": buyer(store, int(record["customer"][1:])),
        "opportunity": record["ref"],
        "currency": offer.currency,
        "lines": [line_document(line, offer.currency) for line in offer.lines],
        "tax_rounding": offer.tax_rounding,
        "terms": terms,
        "signed_on": signature.on.isoformat(),
        "signed_by": signature.by,
    }
    return store.keep_document(canonical_json(body).encode(), form="ltc-contract-1", media_type="application/json")


def buyer(store: Store, customer_id: int) -> dict[str, Any]:
    """A customer as a document names it, one that was merged as what it is part of; later edits do not touch it."""
    kept_id = customers.survivor(store, customer_id)
    row = store.one("SELECT name, address, country, tax_id, email FROM customer WHERE id = ?", (kept_id,))
    assert row is not None
    return {"ref": f"K{kept_id}", **dict(row)}


def line_document(line: tax.Line, currency: str) -> dict[str, Any]:
    """A line as documents keep it."""
    return {
        "text": line.text,
        "quantity_micro": line.quantity_micro,
        "price_micro": line.price_micro,
        "discount": format_amount(line.discount_minor, currency),
        "net": format_amount(line.net_minor, currency),
        "tax": line.tax._asdict(),
    }


# The plan and its progress, as the rules of billing read them


class PlannedRow(NamedTuple):
    """A share of the plan with what was billed of it."""

    id: int
    share: PlannedShare
    billed_minor: int


def plans(store: Store, contract_ids: Sequence[int], as_of: str = EVER) -> dict[int, list[PlannedRow]]:
    """The payment plan of each contract as agreed on a day, in the order of its terms; with all that was billed."""
    before, days = agreed.on(as_of)
    rows = store.among(
        f"{before} SELECT share.*,"
        " (SELECT COALESCE(SUM(net_minor), 0) FROM invoice_line WHERE plan_share_id = share.id) AS billed_minor"
        " FROM plan_share_now AS share WHERE {these:contract_id} ORDER BY contract_id, position",
        contract_ids,
        days,
    )
    found: dict[int, list[PlannedRow]] = {contract_id: [] for contract_id in contract_ids}
    for row in rows:
        found[row["contract_id"]].append(PlannedRow(row["id"], _planned_share(row), row["billed_minor"]))
    return found


def _planned_share(row: Row) -> PlannedShare:
    def day(column: str) -> date | None:
        return parse_iso_date(row[column]) if row[column] else None

    return PlannedShare(
        share=row["share"],
        trigger=row["trigger_kind"],
        trigger_on=day("trigger_on"),
        months=row["months"],
        steps=parse_steps(row["steps"]),
        amount_minor=row["amount_minor"],
        fixed_minor=row["fixed_minor"],
        period_from=day("period_from"),
        period_to=day("period_to"),
    )


def progress(store: Store, contract_id: int, as_of: str = EVER) -> Progress:
    """What has happened to a contract that makes shares billable, with the lines and the end agreed on a day."""
    before, told = agreed.on(as_of)
    row = store.one(
        f"{before} SELECT signed_on, ends_on, (SELECT event_on FROM contract_event WHERE contract_id = contract_now.id"
        " AND kind = 'accepted') AS accepted_on FROM contract_now WHERE id = ?",
        (*told, contract_id),
    )
    assert row is not None
    days = {"sign": row["signed_on"], "accept": row["accepted_on"], "end": row["ends_on"]}
    moves = store.all(
        f"{before} SELECT position, shipment_line.quantity_micro, moved_on, shipped_on, event_on AS delivered_on"
        " FROM shipment JOIN shipment_line ON shipment_line.shipment_id = shipment.id"
        " JOIN contract_line_now AS line ON line.id = contract_line_id"
        " LEFT JOIN shipment_event ON shipment_event.shipment_id = shipment.id"
        " WHERE shipment.contract_id = ? ORDER BY shipment_line.id",
        (*told, contract_id),
    )
    return Progress(
        {event: parse_iso_date(day) for event, day in days.items() if day},
        {
            "ship": [_move(each, each["shipped_on"]) for each in moves],
            "deliver": [_move(each, each["delivered_on"]) for each in moves if each["delivered_on"]],
        },
    )


NOW = """
SELECT contract_now.*, EXISTS (SELECT 1 FROM invoice WHERE invoice.contract_id = contract_now.id) AS is_invoiced,
    (SELECT language FROM customer_now JOIN customer USING (id) WHERE own_id = contract_now.customer_id) AS language
FROM contract_now WHERE id = ?
"""


def now(store: Store, contract_id: int) -> Row:
    """A contract as it stands, with the language of its customer, and whether there is an invoice of it."""
    row = store.one(NOW, (contract_id,))
    assert row is not None
    return row


def billed_by_code(store: Store, contract_id: int) -> dict[str, int]:
    """What was billed under each tax code, in minor units of the contract's amount."""
    rows = store.all(
        "SELECT tax_code, SUM(invoice_line.net_minor) AS billed_minor FROM invoice_line"
        " JOIN invoice ON invoice.id = invoice_id WHERE contract_id = ? GROUP BY tax_code",
        (contract_id,),
    )
    return {row["tax_code"]: row["billed_minor"] for row in rows}


def _move(row: Row, on: str) -> Move:
    since = parse_iso_date(row["moved_on"])
    return Move(parse_iso_date(on), row["position"] - 1, row["quantity_micro"], since)


# Showing

RECORDS = """
SELECT contract.*, contract.open_ended AND contract.ends_on IS NULL AS is_endless,
    customer.id AS kept_id, customer.name AS customer_name,
    (SELECT event_on FROM contract_event WHERE contract_id = contract.id AND kind = 'accepted') AS accepted_on,
    (SELECT COALESCE(SUM(receivable.amount_minor), 0) - COALESCE(SUM((SELECT SUM(settlement.amount_minor)
        FROM settlement WHERE receivable_id = receivable.id)), 0)
        FROM invoice JOIN receivable ON receivable.invoice_id = invoice.id WHERE invoice.contract_id = contract.id)
        AS open_minor
FROM contract_now AS contract JOIN customer_now AS customer ON customer.own_id = contract.customer_id
WHERE {these:contract.id}
ORDER BY contract.id
"""


def records(store: Store, ids: Sequence[int] | None = None) -> list[dict[str, Any]]:
    """Contracts as they are shown; all of them without ids."""
    rows = store.among(RECORDS, ids)
    found = [row["id"] for row in rows]
    lines = quotes.line_records(store, "contract", found)
    planned = plans(store, found)
    amended = _amendments(store, found)
    return [_record(store, row, planned[row["id"]], lines[row["id"]], amended[row["id"]]) for row in rows]


# What has goods to ship and no fees is signed, whatever was billed and paid.
HAS_GOODS_TO_SHIP = """
SELECT terminated_on IS NULL
    AND NOT EXISTS (SELECT 1 FROM plan_share WHERE contract_id = contract_now.id AND period_from IS NOT NULL)
    AND EXISTS (SELECT 1 FROM contract_line_now AS line WHERE contract_id = contract_now.id
        AND quantity_micro <> COALESCE((SELECT SUM(moved.quantity_micro) FROM shipment_line AS moved
            WHERE moved.contract_line_id = line.id), 0))
FROM contract_now WHERE id = ?
"""


def status(store: Store, contract_id: int) -> str:
    """The status alone, for what depends on it."""
    if store.value(HAS_GOODS_TO_SHIP, (contract_id,)):
        return "signed"
    (row,) = store.among(RECORDS, [contract_id])
    shipped = _shipped(progress(store, contract_id), quotes.lines_of(store, "contract", contract_id))
    return _status(row, plans(store, [contract_id])[contract_id], shipped)


def _amendments(store: Store, ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """What was agreed later; that a contract without end went on is no agreement."""
    rows = store.among(
        "SELECT amendment.*, currency FROM amendment JOIN contract ON contract.id = contract_id"
        " WHERE amendment.kind <> 'extended' AND {these:contract_id} ORDER BY amendment.id",
        ids,
    )
    found: dict[int, list[dict[str, Any]]] = {contract_id: [] for contract_id in ids}
    for row in rows:
        fee_minor, currency = row["fee_minor"], row["currency"]
        found[row["contract_id"]].append(
            {
                **{key: row[key] for key in ("kind", "amended_on", "effective_on", "reason")},
                "amount": format_amount(row["amount_minor"], currency),
                "fee": None if fee_minor is None else format_amount(fee_minor, currency),
                **{key: row[key] for key in ("ends_on", "document_sha256")},
            }
        )
    return found


class _Shipped(NamedTuple):
    micro: list[int]
    """Of each line."""
    is_all: bool


def _shipped(done: Progress, lines: Sequence[tax.Line]) -> _Shipped:
    """What has gone out for good."""
    shipped = [0] * len(lines)
    for move in done.moves["ship"]:
        shipped[move.position] += move.quantity_micro
    return _Shipped(shipped, shipped == [line.quantity_micro for line in lines])


def _status(row: Row, planned: Sequence[PlannedRow], shipped: _Shipped) -> str:
    """Where nothing waits to be shipped, billing the last period of a fee fulfils."""
    is_billed = sum(each.billed_minor for each in planned) == row["amount_minor"]
    if row["terminated_on"]:
        return "terminated"
    if not shipped.is_all and not (is_service(planned) and is_billed and not row["is_endless"]):
        return "signed"
    return "closed" if is_billed and not row["is_endless"] and row["open_minor"] == 0 else "fulfilled"


def is_service(planned: Sequence[PlannedRow]) -> bool:
    """Whether a contract is for fees, with nothing in its plan that waits for goods."""
    shares = [each.share for each in planned]
    return any(share.period_from for share in shares) and all(share.trigger in ("sign", "date") for share in shares)


def _record(
    store: Store, row: Row, planned: list[PlannedRow], lines: list[dict[str, Any]], amended: list[dict[str, Any]]
) -> dict[str, Any]:
    currency = row["currency"]
    done = progress(store, row["id"])
    wording = quotes.lines_of(store, "contract", row["id"])
    shipped = _shipped(done, wording)
    billed_minor = sum(each.billed_minor for each in planned)
    return {
        "ref": f"C{row['id']}",
        "status": _status(row, planned, shipped),
        "opportunity": f"O{row['opportunity_id']}",
        "customer": f"K{row['kept_id']}",
        "customer_name": row["customer_name"],
        "amount": format_amount(row["amount_minor"], currency),
        "net": format_amount(row["net_minor"], currency),
        "tax": format_amount(row["tax_minor"], currency),
        "total": format_amount(row["net_minor"] + row["tax_minor"], currency),
        "billed": format_amount(billed_minor, currency),
        "currency": currency,
        **{
            key: row[key]
            for key in (
                "signed_on",
                "signed_by",
                "accepted_on",
                "starts_on",
                "ends_on",
                "renews",
                "terminated_on",
                "terms",
                "tax_rounding",
                "document_sha256",
            )
        },
        "plan": [_plan_record(each, done, wording, currency) for each in planned],
        "lines": [
            {**line, "shipped": format_micro(quantity)} for line, quantity in zip(lines, shipped.micro, strict=True)
        ],
        "amendments": amended,
    }


def _plan_record(planned: PlannedRow, done: Progress, lines: Sequence[tax.Line], currency: str) -> dict[str, Any]:
    share = planned.share
    day = day_of(share, done, lines)
    months = f"+{share.months}m" if share.months else ""
    return {
        "share": share.share,
        "trigger": f"{share.trigger_on or share.trigger}{months}{format_steps(share.steps)}",
        "period_from": share.period_from.isoformat() if share.period_from else None,
        "period_to": share.period_to.isoformat() if share.period_to else None,
        "amount": format_amount(share.amount_minor, currency),
        "due_on": day.isoformat() if day else None,
        "billed": format_amount(planned.billed_minor, currency),
    }
