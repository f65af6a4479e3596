"""The words that the stories are told in."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support import Company

Record = dict[str, Any]

BUCKETS = ("current", "1-30", "31-60", "61-90", "90+", "unapplied")


def promoted(company: Company, name: str, on: str, *options: str) -> str:
    """A lead that became an opportunity on one day; its reference."""
    lead = company.ltc("lead", "add", name, today=on)["ref"]
    return str(company.ltc("promote", lead, *options, today=on)["ref"])


def signed(company: Company, amount: str, terms: str, on: str, *options: str, name: str = "Ada") -> Record:
    """The contract over one amount."""
    opportunity = promoted(company, name, on, "--amount", amount)
    return record(company.ltc("sign", opportunity, "--terms", terms, *options, today=on))


def quoted(company: Company, lines: list[str], on: str, *options: str, name: str = "Ada") -> Record:
    """The quote over these lines."""
    opportunity = promoted(company, name, on)
    said = [word for line in lines for word in ("--line", line)]
    return record(company.ltc("quote", opportunity, *said, *options, today=on))


def sold(company: Company, lines: list[str], terms: str, on: str, *options: str, name: str = "Ada") -> Record:
    """The contract over these lines."""
    quote = quoted(company, lines, on, "--terms", terms, *options, name=name)
    return record(company.ltc("sign", quote["ref"], today=on))


def invoiced(company: Company, contract: str, on: str) -> Record:
    """The one invoice that the contract gives on this day."""
    (invoice,) = company.ltc("invoice", contract, today=on)
    return record(invoice)


def record(answer: Any) -> Record:
    assert isinstance(answer, dict)
    return answer


def instalments(invoice: Record) -> list[tuple[str, str]]:
    """Amounts and due dates."""
    return [(each["amount"], each["due_on"]) for each in invoice["instalments"]]


def plan(contract: Record) -> list[tuple[str, str | None]]:
    """Amounts of the shares, and the days they are billable."""
    return [(each["amount"], each["due_on"]) for each in contract["plan"]]


def sums(document: Record) -> tuple[str, str, str]:
    return document["net"], document["tax"], document["total"]


def balance(company: Company, invoice: str, as_of: str | None = None) -> str:
    """What is open of an invoice, now or as of a day."""
    days = ("--as-of", as_of) if as_of else ()
    return str(company.ltc("show", invoice, *days)["balance"])


def aging(company: Company, as_of: str) -> dict[tuple[str, str], dict[str, str]]:
    """By customer and currency, the buckets that are not empty."""
    return {
        (row["customer"], row["currency"]): {name: row[name] for name in BUCKETS if Decimal(row[name])}
        for row in company.ltc("aging", "--as-of", as_of)
    }


def owed(company: Company, as_of: str) -> dict[str, str]:
    """The buckets of the only customer; nothing where nothing is owed."""
    (row,) = aging(company, as_of).values() or ({},)
    return row


def funnel(company: Company, *options: str) -> dict[str, int]:
    """How many leads reached each stage."""
    return {row["stage"]: row["count"] for row in company.ltc("funnel", *options)}


def audit(company: Company) -> None:
    """`ltc check` finds nothing, and the aging tables agree with the invoices and payments that they sum up."""
    company.run("check", "--json")
    broken = [(row["check"], row["example"]) for row in json.loads(company.out) if row["broken"]]
    assert not broken, broken
    invoices, held = company.ltc("list", "invoices"), company.ltc("list", "payments") + company.ltc("list", "credits")
    for by in ("customer", "invoice", "owner"):
        rows = company.ltc("aging", "--as-of", "9999-12-31", "--by", by)
        for row in rows:
            assert sum(Decimal(row[name]) for name in BUCKETS) == Decimal(row["total"])
        for currency in {each["currency"] for each in invoices + held}:
            owed = (
                _sum(invoices, "balance", currency)
                + _sum(invoices, "claims", currency)
                - _sum(held, "unapplied", currency)
            )
            assert _sum(rows, "total", currency) == owed


def _sum(rows: list[Record], key: str, currency: str) -> Decimal:
    return sum((Decimal(row[key]) for row in rows if row["currency"] == currency), Decimal())
