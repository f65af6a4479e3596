"""A project of 1000.00 on `30% sign, 60% ship, 10% accept+90d; net 30`, shipped in two parts, paid in three."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from tests.stories.telling import BUCKETS, audit, balance, invoiced, owed, plan, sold
from tests.support import Company, folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator

TERMS = "30% sign, 60% ship, 10% accept+90d; net 30"

# Three engines of 111.11 are 333.33, one frame is 666.67: together 1000.00.
LINES = ["Engine:3:111.11", "Frame:1:666.67"]

FIRST, SECOND, THIRD, FOURTH = (f"INV-2026-000{number}" for number in (1, 2, 3, 4))


@pytest.fixture(scope="module")
def project() -> Iterator[Company]:
    with folder_in_memory() as folder:
        company = Company(folder, today="2026-12-31")
        contract = sold(company, LINES, TERMS, "2026-01-10")
        assert plan(contract) == [("300.00", "2026-01-10"), ("600.00", None), ("100.00", None)]
        company.ltc("invoice", "C1", today="2026-01-10")
        company.ltc("ship", "C1", "--line", "1=3", today="2026-02-02")
        company.ltc("invoice", "C1", today="2026-02-03")
        company.ltc("collect", "C1", "123.45", today="2026-02-10")
        company.ltc("ship", "C1", today="2026-02-20")
        company.ltc("invoice", "C1", today="2026-02-20")
        company.ltc("ship", "--accepted", "C1", today="2026-03-01")
        company.ltc("collect", "C1", "456.78", today="2026-04-01")
        company.ltc("invoice", "C1", today="2026-05-30")
        company.ltc("collect", "C1", "419.77", today="2026-07-15")
        yield company
        audit(company)


def test_each_share_is_invoiced_when_its_day_has_come(project: Company) -> None:
    # On shipment: 60 % of what was shipped. 333.33 of 1000.00 is 0.6 × 333.33 = 199.998, so 200.00; then 600 − 200.
    # Due 30 days later: 10 January + 30 = 9 February; 3 February + 30 = 5 March; 20 February + 30 = 22 March.
    # Accepted on 1 March: 90 days later is 30 May (31 March, 30 April, 30 May are 30 days each); due 29 June.
    assert [
        (each["ref"], each["issued_on"], each["due_on"], each["total"]) for each in project.ltc("list", "invoices")
    ] == [
        (FIRST, "2026-01-10", "2026-02-09", "300.00"),
        (SECOND, "2026-02-03", "2026-03-05", "200.00"),
        (THIRD, "2026-02-20", "2026-03-22", "400.00"),
        (FOURTH, "2026-05-30", "2026-06-29", "100.00"),
    ]


def test_each_payment_settles_the_oldest_first(project: Company) -> None:
    # 456.78 = 176.55 (300.00 − 123.45) + 200.00 + 80.23; 419.77 = 319.77 (400.00 − 80.23) + 100.00.
    paid = [
        [(each["invoice"], each["amount"]) for each in payment["allocations"]]
        for payment in project.ltc("list", "payments")
    ]
    assert paid == [
        [(FIRST, "123.45")],
        [(FIRST, "176.55"), (SECOND, "200.00"), (THIRD, "80.23")],
        [(THIRD, "319.77"), (FOURTH, "100.00")],
    ]


# By day: what is in the buckets, and what is open of each invoice that exists by then.
DAYS: dict[str, tuple[dict[str, str], list[str]]] = {
    # The day before signing: nothing exists.
    "2026-01-09": ({}, []),
    "2026-01-10": ({"current": "300.00"}, ["300.00"]),
    # Due today is current; the second invoice is 6 days old.
    "2026-02-09": ({"current": "500.00"}, ["300.00", "200.00"]),
    # One day past due, 123.45 paid.
    "2026-02-10": ({"current": "200.00", "1-30": "176.55"}, ["176.55", "200.00"]),
    # The first is 30 days past due (19 in February, 11 in March), the second 6: 176.55 + 200.00.
    "2026-03-11": ({"current": "400.00", "1-30": "376.55"}, ["176.55", "200.00", "400.00"]),
    # The first is 31 days past due.
    "2026-03-12": ({"current": "400.00", "1-30": "200.00", "31-60": "176.55"}, ["176.55", "200.00", "400.00"]),
    # The day before the second payment: 50, 26 and 9 days past due.
    "2026-03-31": ({"1-30": "600.00", "31-60": "176.55"}, ["176.55", "200.00", "400.00"]),
    "2026-04-01": ({"1-30": "319.77"}, ["0.00", "0.00", "319.77"]),
    # 69 days past due (9 + 30 + 30); the last share has just been invoiced.
    "2026-05-30": ({"current": "100.00", "61-90": "319.77"}, ["0.00", "0.00", "319.77", "100.00"]),
    # 90 days past due, and 91.
    "2026-06-20": ({"current": "100.00", "61-90": "319.77"}, ["0.00", "0.00", "319.77", "100.00"]),
    "2026-06-21": ({"current": "100.00", "90+": "319.77"}, ["0.00", "0.00", "319.77", "100.00"]),
    # The last share was due yesterday.
    "2026-06-30": ({"1-30": "100.00", "90+": "319.77"}, ["0.00", "0.00", "319.77", "100.00"]),
    "2026-07-15": ({}, ["0.00", "0.00", "0.00", "0.00"]),
}


@pytest.mark.parametrize("day", DAYS)
def test_the_buckets_are_right_on(day: str, project: Company) -> None:
    assert owed(project, day) == DAYS[day][0]


@pytest.mark.parametrize("day", DAYS)
def test_the_balances_are_right_on(day: str, project: Company) -> None:
    open_amounts = DAYS[day][1]
    assert [balance(project, ref, day) for ref in (FIRST, SECOND, THIRD, FOURTH)[: len(open_amounts)]] == open_amounts


@pytest.mark.parametrize("day", DAYS)
def test_buckets_invoices_and_total_meet_on(day: str, project: Company) -> None:
    total = sum(map(Decimal, DAYS[day][1]), Decimal())
    for by in ("customer", "invoice", "owner"):
        rows = project.ltc("aging", "--as-of", day, "--by", by)
        assert sum((Decimal(row["total"]) for row in rows), Decimal()) == total
        for row in rows:
            assert sum(Decimal(row[name]) for name in BUCKETS) == Decimal(row["total"])


def test_an_invoice_is_not_there_before_its_day(project: Company) -> None:
    assert "not there yet on 2026-05-29" in project.ltc("show", FOURTH, "--as-of", "2026-05-29", fails=3)["message"]


def test_nothing_is_invoiced_before_its_day(company: Company) -> None:
    """Each time the founder is told what is awaited."""
    sold(company, LINES, TERMS, "2026-01-10")
    assert invoiced(company, "C1", "2026-01-10")["total"] == "300.00"
    assert "shipment" in company.ltc("invoice", "C1", today="2026-01-11", fails=4)["message"]
    company.ltc("ship", "C1", today="2026-02-20")
    assert invoiced(company, "C1", "2026-02-20")["total"] == "600.00"
    assert "acceptance" in company.ltc("invoice", "C1", today="2026-02-21", fails=4)["message"]
    company.ltc("ship", "--accepted", "C1", today="2026-03-01")
    assert "2026-05-30" in company.ltc("invoice", "C1", today="2026-05-29", fails=4)["message"]
    assert company.ltc("invoice", "--due", today="2026-05-29") == []
    assert invoiced(company, "C1", "2026-05-30")["total"] == "100.00"
    assert [each["total"] for each in company.ltc("invoice", "C1", today="2026-05-31")] == [
        "300.00",
        "600.00",
        "100.00",
    ]
