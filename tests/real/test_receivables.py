"""Twenty real receivables, issued, due and settled as they were: the aging is right on every day."""

from __future__ import annotations

import csv
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.support import Company, folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUCKETS = {"current": 0, "1-30": 30, "31-60": 60, "61-90": 90, "90+": 99_999}
"""The last day past due of each."""

Money = int
"""Cents."""


class Receivable(NamedTuple):
    number: str
    customer: str
    issued_on: date
    due_on: date
    settled_on: date
    amount: Money

    def is_open(self, day: date) -> bool:
        return self.issued_on <= day < self.settled_on


def us_date(text: str) -> date:
    return datetime.strptime(text, "%m/%d/%Y").date()  # noqa: DTZ007  a day has no time zone


def cents(text: str) -> Money:
    whole, _, decimals = text.partition(".")
    return int(whole) * 100 + int(decimals.ljust(2, "0"))


@pytest.fixture(scope="module")
def receivables(real_data: Path) -> list[Receivable]:
    with (real_data / "invoices" / "receivables_20.csv").open(encoding="utf-8", newline="") as file:
        return [
            Receivable(
                row["invoiceNumber"],
                row["customerID"],
                us_date(row["InvoiceDate"]),
                us_date(row["DueDate"]),
                us_date(row["SettledDate"]),
                cents(row["InvoiceAmount"]),
            )
            for row in csv.DictReader(file)
        ]


@pytest.fixture(scope="module")
def company(receivables: list[Receivable]) -> Iterator[Company]:
    """The books as they were kept: each day's invoices, then each day's payments, in the order of the days."""
    with folder_in_memory() as folder:
        company = Company(folder, today="2013-12-31")
        keep_books(company, receivables)
        yield company
        company.ltc("check")


def keep_books(company: Company, receivables: list[Receivable]) -> None:
    issued = [(each.issued_on, "issue", each) for each in receivables]
    settled = [(each.settled_on, "settle", each) for each in receivables]
    numbers: dict[str, str] = {}
    for day, what, each in sorted(issued + settled):
        if what == "issue":
            numbers[each.number] = issue(company, each)
        else:
            company.ltc("collect", numbers[each.number], today=day.isoformat())


def issue(company: Company, receivable: Receivable) -> str:
    """Sold, signed and invoiced on one day; the invoice's number."""
    today = receivable.issued_on.isoformat()
    amount = f"{receivable.amount // 100}.{receivable.amount % 100:02}"
    days = (receivable.due_on - receivable.issued_on).days
    lead = company.ltc("lead", "add", receivable.number, "--company", receivable.customer, today=today)["ref"]
    opportunity = company.ltc("promote", lead, "--amount", amount, today=today)["ref"]
    contract = company.ltc("sign", opportunity, "--terms", f"100% sign; net {days}", today=today)["ref"]
    (invoice,) = company.ltc("invoice", contract, today=today)
    assert (invoice["total"], invoice["due_on"]) == (amount, receivable.due_on.isoformat())
    return str(invoice["ref"])


def expected(receivables: list[Receivable], day: date) -> dict[tuple[str, str], Money]:
    """By customer and bucket, what is open on a day: from the file alone."""
    found: dict[tuple[str, str], Money] = {}
    for each in receivables:
        if each.is_open(day):
            age_days = max(0, (day - each.due_on).days)
            bucket = next(name for name, last in BUCKETS.items() if age_days <= last)
            found[each.customer, bucket] = found.get((each.customer, bucket), 0) + each.amount
    return found


def shown(company: Company, day: date) -> dict[tuple[str, str], Money]:
    """The same, as `ltc aging` has it."""
    rows = company.ltc("aging", "--as-of", day.isoformat())
    assert {row["currency"] for row in rows} <= {"EUR"}
    assert {row["unapplied"] for row in rows} <= {"0.00"}
    return {(row["customer_name"], name): cents(row[name]) for row in rows for name in BUCKETS if cents(row[name])}


def days_of(receivables: list[Receivable]) -> list[date]:
    """Every day, from the one before the first invoice to the one after the last due or settled."""
    first = min(each.issued_on for each in receivables) - timedelta(days=1)
    last = max(max(each.due_on, each.settled_on) for each in receivables) + timedelta(days=1)
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def test_the_aging_of_every_customer_is_right_on_every_day(company: Company, receivables: list[Receivable]) -> None:
    wrong = [day for day in days_of(receivables) if shown(company, day) != expected(receivables, day)]
    assert wrong == []


def test_on_every_day_the_rows_sum_to_what_is_open(company: Company, receivables: list[Receivable]) -> None:
    for day in days_of(receivables)[::7]:
        rows = company.ltc("aging", "--as-of", day.isoformat(), "--by", "invoice")
        open_now = [each for each in receivables if each.is_open(day)]
        assert sum(cents(row["total"]) for row in rows) == sum(each.amount for each in open_now)
        assert sorted(row["oldest_due_on"] for row in rows) == sorted(each.due_on.isoformat() for each in open_now)


def test_there_is_a_day_on_which_something_is_overdue(receivables: list[Receivable]) -> None:
    """Else the comparison would prove little."""
    buckets = {bucket for day in days_of(receivables) for _customer, bucket in expected(receivables, day)}
    assert {"current", "1-30"} <= buckets


def test_each_customer_stands_once(company: Company, receivables: list[Receivable]) -> None:
    names = [each["name"] for each in company.ltc("list", "customers")]
    assert sorted(names) == sorted({each.customer for each in receivables})


def test_all_is_paid_and_closed_in_the_end(company: Company, receivables: list[Receivable]) -> None:
    invoices = company.ltc("list", "invoices")
    assert [each["status"] for each in invoices] == ["paid"] * len(receivables)
    assert sum(cents(each["paid"]) for each in invoices) == sum(each.amount for each in receivables)
    rows = company.ltc("funnel")
    assert (rows[-1]["count"], cents(rows[-1]["amount"])) == (
        len(receivables),
        sum(each.amount for each in receivables),
    )
