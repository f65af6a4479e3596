"""Quotes: lines, discount, terms and validity; every change of mind is a new version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli import agreed
from ltc_cli.errors import ConfigError, Problems, UsageError
from ltc_cli.receivables import EVER
from ltc_cli.references import find, name
from ltc_cli.report import Column
from ltc_cli.rules import states, tax
from ltc_cli.rules.contact import clean_name
from ltc_cli.rules.money import (
    PPM,
    digits,
    format_amount,
    format_micro,
    gross_of_line,
    parse_amount,
    parse_percent,
    parse_price,
    parse_quantity,
    round_ratio,
)
from ltc_cli.rules.terms import format_terms, parse_terms
from ltc_cli.stages import items, opportunities

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from sqlite3 import Row

    from ltc_cli.references import Reference
    from ltc_cli.settings import Settings, Tax
    from ltc_cli.store import Store

LINE_COLUMNS = (
    Column("line", "count"),
    Column("text"),
    Column("quantity", "quantity"),
    Column("price", "quantity"),
    Column("discount", "money"),
    Column("net", "money"),
    Column("tax"),
    Column("rate", "rate", on_table=False),
)

COLUMNS = (
    Column("ref", "ref"),
    Column("opportunity", "ref", spare=1),
    Column("version", "count", spare=2),
    Column("status", "status"),
    Column("customer", "ref"),
    Column("customer_name"),
    Column("amount", "money", on_table=False),
    Column("net", "money", spare=3),
    Column("tax", "money", spare=4),
    Column("total", "money"),
    Column("currency"),
    Column("discount", "money", on_table=False),
    Column("terms", on_table=False),
    Column("tax_rounding", on_table=False),
    Column("valid_until", "date"),
    Column("created_on", "date", on_table=False),
    Column("lines", "list", on_table=False, columns=LINE_COLUMNS),
)

DECIDED = {"send": "sent", "accept": "accepted", "reject": "rejected"}

LINE_EXAMPLE = 'write it like --line "Consulting:2:450.00" or "Widget:10:3.333:S19:-10%"'
DISCOUNT_EXAMPLE = 'what comes off is a discount: of a line, "Widget:10:3.333:-5", or of all of them, --discount 5'


def tax_code(settings: Settings, code: str | None, on: date) -> tax.TaxCode:
    """The named tax code of the config, at its rate of the day; the default one for None.

    Raises UsageError when it is unknown, ConfigError for a day before its first rate.
    """
    wanted = code or settings.tax
    for known, entry in settings.taxes.items():
        if known.casefold() == wanted.casefold():
            return tax.TaxCode(known, entry.category, _rate_on(known, entry.rate_ppm, on), entry.inclusive)
    raise UsageError(f"there is no tax code {wanted[:40]}", f"the config has: {' '.join(settings.taxes)}")


def _rate_on(code: str, rate_ppm: int | dict[date, int], on: date) -> int:
    if isinstance(rate_ppm, int):
        return rate_ppm
    in_force = [day for day in rate_ppm if day <= on]
    if not in_force:
        raise ConfigError(
            f"taxes.{code} has no rate for {on}: its first one is from {min(rate_ppm)} on",
            "give the rate of that day in config.yaml",
        )
    return rate_ppm[max(in_force)]


def lines_on(settings: Settings, lines: Sequence[tax.Line], on: date) -> list[tax.Line]:
    """The lines at the rates of a day; a code that the config does not have any more stays as it was agreed."""
    codes = {line.tax.code for line in lines} & set(settings.taxes)
    now = {code: tax_code(settings, code, on) for code in codes}
    return [tax.rated(line, now.get(line.tax.code, line.tax)) for line in lines]


def reason(taxes: dict[str, Tax], code: tax.TaxCode) -> str | None:
    """Why nothing is taxed under the code: in the words of the config, else in those that its category has."""
    entry = taxes.get(code.code)
    return (entry.reason if entry else None) or tax.REASONS.get(code.category)


class _Typed(NamedTuple):
    """A line as typed, in its parts."""

    words: str
    quantity: str
    price: str
    tax: str | None
    discount: str | None
    item: Row | None = None
    """That the words are the code of; its price and its tax may be left out."""


def parse_line(
    store: Store, text: str, settings: Settings, currency: str, customers_tax: str | None, on: date
) -> tax.Line:
    """`TEXT:QTY:PRICE[:TAX[:-10%]]`, read from the right, so that the text may have colons of its own.

    The code of an item stands for its name, and for its price and tax where they are left out: `CODE:QTY`. The tax is
    the line's, else the customer's, else the item's, else the config's.
    Raises RefusedError where the item has no such price.
    """
    typed = _of_item(store, text, settings) or _typed(text, settings)
    item = typed.item
    with Problems() as check:
        items_tax = item["tax_code"] if item else None
        code = check(tax_code, settings, typed.tax or customers_tax or items_tax, on)
        if item and not typed.price.strip():
            price_micro = check(items.price_in, item, currency)
            if code:
                check(items.refuse_other_basis, item, tax_code(settings, item["tax_code"], on), code)
        else:
            price_micro = check(_price, typed.price)
        quantity_micro = check(parse_quantity, typed.quantity)
        words = item["name"] if item else check(clean_name, typed.words, "the text of a line")
    gross_minor = gross_of_line(quantity_micro, price_micro, digits(currency))
    discount_minor = parse_discount(typed.discount, gross_minor, currency) if typed.discount else 0
    line = tax.line(words, quantity_micro, price_micro, discount_minor, code, digits(currency))
    return line._replace(item_id=item["id"]) if item else line


def _typed(text: str, settings: Settings) -> _Typed:
    pieces, code, discount = _from_the_right(text, settings, 3)
    if len(pieces) < 3:
        needed = "TEXT:QTY:PRICE is needed, or CODE:QTY of an item"
        raise UsageError(f"{text[:80]!r} is not a line: {needed}", LINE_EXAMPLE)
    return _Typed(":".join(pieces[:-2]), pieces[-2], pieces[-1], code, discount)


def _of_item(store: Store, text: str, settings: Settings) -> _Typed | None:
    """The line of an item, with or without a price; of several codes that it may begin with, the longest."""
    pieces, code, discount = _from_the_right(text, settings, 2)
    for of_code in (-1, -2):
        words, numbers = ":".join(pieces[:of_code]), [*pieces[of_code:], ""]
        if words and (item := items.called(store, words)):
            return _Typed(words, numbers[0], numbers[1], code, discount, item)
    return None


def _from_the_right(text: str, settings: Settings, least: int) -> tuple[list[str], str | None, str | None]:
    """The pieces before tax and discount, of which at least so many stay, the tax code and the discount."""
    pieces = text.split(":")
    discount = pieces.pop().strip()[1:] if len(pieces) > least and pieces[-1].strip().startswith("-") else None
    code = pieces.pop().strip() if len(pieces) > least and _is_tax_code(pieces[-1].strip(), settings) else None
    return pieces, code, discount


def _price(text: str) -> int:
    """A unit price in micro. In other programs a line below zero takes something off; here it is a discount."""
    if text.strip().startswith("-"):
        raise UsageError(f"{text.strip()!r:.60} is not a unit price", DISCOUNT_EXAMPLE)
    return parse_price(text)


def _is_tax_code(word: str, settings: Settings) -> bool:
    """Whether the last piece is a tax code, known or misspelt, and not the price."""
    codes = {code.casefold() for code in settings.taxes}
    return word.casefold() in codes or (word[:1].isalpha() and word.isalnum())


def parse_discount(text: str, of_minor: int, currency: str) -> int:
    """A percentage of the amount, or an amount; never more than it. In minor units."""
    if text.strip().endswith("%"):
        return round_ratio(of_minor * parse_percent(text), PPM)
    discount_minor = parse_amount(text, currency)
    if discount_minor > of_minor:
        raise UsageError(f"a discount of {text} is more than {format_amount(of_minor, currency)}")
    return discount_minor


def named_terms(settings: Settings, text: str) -> str:
    """A line of terms, or the one that the config has under this name."""
    return settings.terms.get(text.strip(), text)


def default_terms(store: Store, settings: Settings, customer_id: int) -> str:
    """The customer's terms, else those of the config."""
    own: str | None = store.value("SELECT terms FROM customer WHERE id = ?", (customer_id,))
    return named_terms(settings, own or settings.terms["default"])


def add(
    store: Store,
    settings: Settings,
    opportunity: Reference,
    on: date,
    *,
    lines: Sequence[str],
    terms: str | None = None,
    discount: str | None = None,
    rounding: str | None = None,
    valid_until: date | None = None,
) -> int:
    """A new version of what is offered, as a draft. Answers the quote's id."""
    record = opportunities.records(store, [opportunity.id])[0]
    states.follow("opportunity", record["status"], "quote", opportunity.text)
    customer_id, currency = int(record["customer"][1:]), record["currency"]
    default_tax = store.value("SELECT tax_code FROM customer WHERE id = ?", (customer_id,))
    policy = rounding or settings.tax_rounding
    with Problems() as check:
        parsed = [check(parse_line, store, line, settings, currency, default_tax, on) for line in lines]
        words = named_terms(settings, terms) if terms is not None else default_terms(store, settings, customer_id)
        canonical = check(lambda: format_terms(parse_terms(words, currency), currency))
        if policy not in ("line", "document", "unrounded"):
            check(_refuse_rounding, policy)
        if valid_until and valid_until < on:
            check(_refuse_validity, valid_until)
    sum_minor = sum(line.net_minor for line in parsed)
    discount_minor = parse_discount(discount, sum_minor, currency) if discount else 0
    discounted = tax.discounted(parsed, discount_minor) if discount_minor else parsed
    whole = tax.totals(discounted, policy, digits(currency))
    quote_id = store.add(
        "quote",
        opportunity_id=opportunity.id,
        version=store.value(
            "SELECT COALESCE(MAX(version), 0) + 1 FROM quote WHERE opportunity_id = ?", (opportunity.id,)
        ),
        currency=currency,
        terms=canonical,
        tax_rounding=policy,
        discount_minor=discount_minor,
        amount_minor=sum_minor - discount_minor,
        net_minor=whole.net_minor,
        tax_minor=whole.tax_minor,
        valid_until_on=valid_until.isoformat() if valid_until else None,
        created_on=on.isoformat(),
        recorded_at=store.recorded_at,
    )
    add_lines(store, "quote", quote_id, discounted)
    store.touch(opportunity.text)
    return quote_id


def _refuse_rounding(policy: str) -> None:
    raise UsageError(f"{policy[:40]} is no rounding policy", "one of: document line unrounded")


def _refuse_validity(valid_until: date) -> None:
    raise UsageError(f"a quote cannot be valid until {valid_until}, a day that has passed")


def add_lines(
    store: Store, record: str, record_id: int, lines: Sequence[tax.Line], *, first: int = 1, **further: int
) -> None:
    """Keep the lines of a quote or a contract, in their order; what an amendment adds begins later and names it."""
    for position, line in enumerate(lines, first):
        store.add(
            f"{record}_line",
            **{f"{record}_id": record_id, **further},
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
            item_id=line.item_id,
        )


def decide(store: Store, quote: Reference, verb: str, on: date) -> bool:
    """Send or accept a quote of an open opportunity, or reject one. Answers whether that is new."""
    record = records(store, [quote.id], today=on)[0]
    if not states.follow("quote", record["status"], verb, quote.text):
        return False
    if verb != "reject":
        opportunity = find(store, record["opportunity"], "opportunity")
        status = opportunities.records(store, [opportunity.id])[0]["status"]
        states.follow("opportunity", status, "quote", opportunity.text)
    store.add(
        "quote_event",
        quote_id=quote.id,
        kind=DECIDED[verb],
        event_on=on.isoformat(),
        recorded_at=store.recorded_at,
    )
    store.touch(quote.text)
    return True


def send(store: Store, quote: Reference, on: date) -> None:
    """It goes to the customer: a draft counts as sent. Raises RefusedError for one that nobody can accept any more."""
    if records(store, [quote.id], today=on)[0]["status"] != "accepted":
        decide(store, quote, "send", on)


def newest(store: Store, opportunity_id: int) -> Reference | None:
    row = store.one("SELECT id FROM quote WHERE opportunity_id = ? ORDER BY version DESC LIMIT 1", (opportunity_id,))
    return name("quote", row["id"]) if row else None


RECORDS = """
SELECT quote.*, customer.id AS customer_id, customer.name AS customer_name, quote_event.kind AS event,
    EXISTS (SELECT 1 FROM contract WHERE contract.quote_id = quote.id) AS is_signed,
    EXISTS (SELECT 1 FROM quote AS newer WHERE newer.opportunity_id = quote.opportunity_id
        AND newer.version > quote.version) AS is_superseded
FROM quote
JOIN opportunity ON opportunity.id = quote.opportunity_id
JOIN customer_now AS customer ON customer.own_id = opportunity.customer_id
LEFT JOIN quote_event ON quote_event.id = (SELECT MAX(id) FROM quote_event WHERE quote_id = quote.id)
WHERE {these:quote.id}
ORDER BY quote.id
"""


def records(store: Store, ids: Sequence[int] | None = None, *, today: date) -> list[dict[str, Any]]:
    """Quotes as they are shown on a day; all of them without ids."""
    rows = store.among(RECORDS, ids)
    lines = line_records(store, "quote", [row["id"] for row in rows])
    return [_record(row, lines[row["id"]], today) for row in rows]


def _record(row: Row, lines: list[dict[str, Any]], today: date) -> dict[str, Any]:
    currency = row["currency"]
    return {
        "ref": f"Q{row['id']}",
        "opportunity": f"O{row['opportunity_id']}",
        "version": row["version"],
        "status": _status(row, today),
        "customer": f"K{row['customer_id']}",
        "customer_name": row["customer_name"],
        "amount": format_amount(row["amount_minor"], currency),
        "net": format_amount(row["net_minor"], currency),
        "tax": format_amount(row["tax_minor"], currency),
        "total": format_amount(row["net_minor"] + row["tax_minor"], currency),
        "currency": currency,
        "discount": format_amount(row["discount_minor"], currency),
        "terms": row["terms"],
        "tax_rounding": row["tax_rounding"],
        "valid_until": row["valid_until_on"],
        "created_on": row["created_on"],
        "lines": lines,
    }


def _status(row: Row, today: date) -> str:
    if row["is_signed"] or row["event"] == "rejected":
        return "accepted" if row["is_signed"] else "rejected"
    if row["is_superseded"]:
        return "superseded"
    if row["event"] != "accepted" and row["valid_until_on"] and row["valid_until_on"] < today.isoformat():
        return "expired"
    return row["event"] or "draft"


def line_records(store: Store, record: str, ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Lines as they are shown, by the id of their quote, contract or invoice."""
    rows = store.among(
        f"SELECT line.*, {record}.currency FROM {_lines(record)} AS line JOIN {record} ON {record}.id = {record}_id"
        f" WHERE {{these:{record}_id}} ORDER BY {record}_id, position",
        ids,
    )
    found: dict[int, list[dict[str, Any]]] = {record_id: [] for record_id in ids}
    for row in rows:
        found[row[f"{record}_id"]].append(_line_record(row))
    return found


def _lines(record: str) -> str:
    """Where the lines of a record stand; those of a contract as amended."""
    return "contract_line_now" if record == "contract" else f"{record}_line"


def _line_record(row: Row) -> dict[str, Any]:
    return {
        "line": row["position"],
        "text": row["text"],
        "quantity": format_micro(row["quantity_micro"]),
        "price": format_micro(row["price_micro"]),
        "discount": format_amount(row["discount_minor"], row["currency"]),
        "net": format_amount(row["net_minor"], row["currency"]),
        "tax": row["tax_code"],
        "rate": row["rate_ppm"] / PPM,
    }


def lines_of(store: Store, record: str, record_id: int, as_of: str = EVER) -> list[tax.Line]:
    """The lines of a quote or a contract as the rules read them; those of a contract as agreed on a day.

    Those of a quote say their items.
    """
    before, days = agreed.on(as_of)
    sql = f"{before} SELECT * FROM {_lines(record)} WHERE {record}_id = ? ORDER BY position"
    rows = store.all(sql, (*days, record_id))
    return [
        tax.Line(
            row["text"],
            row["quantity_micro"],
            row["price_micro"],
            row["discount_minor"],
            row["net_minor"],
            tax.TaxCode(row["tax_code"], row["category"], row["rate_ppm"], bool(row["inclusive"])),
            row["item_id"] if record == "quote" else None,
        )
        for row in rows
    ]
