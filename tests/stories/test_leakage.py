"""Leakage worked by hand: what is lost between signature, shipment, invoice and payment, on any day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.stories.telling import invoiced, promoted, signed, sold

if TYPE_CHECKING:
    from tests.support import Company

Leak = tuple[str, str, str, int, str]


def leaks(company: Company, as_of: str, *options: str) -> list[Leak]:
    """Seam, reference, since, days and amount."""
    rows = company.ltc("leakage", "--as-of", as_of, *options)
    return [(row["gap"], row.get("ref") or row["customer"], row["since"], row["days"], row["amount"]) for row in rows]


def test_a_project_leaks_at_every_seam(company: Company) -> None:
    """10 × 100, of which 30 % on signature, 60 % on shipment, 10 % ten days after acceptance; net 30."""
    terms = "30% sign, 60% ship, 10% accept+10d; net 30"
    sold(company, ["Widget:10:100"], terms, "2026-01-05")
    assert leaks(company, "2026-01-04") == []
    assert leaks(company, "2026-01-05") == [
        ("unshipped", "C1", "2026-01-05", 0, "1000.00"),
        ("unbilled", "C1", "2026-01-05", 0, "300.00"),
    ]
    invoiced(company, "C1", "2026-01-07")
    company.ltc("ship", "C1", "--line", "1=4", today="2026-01-10")  # 60 % of 400
    assert leaks(company, "2026-01-12") == [
        ("unshipped", "C1", "2026-01-05", 7, "600.00"),
        ("unbilled", "C1", "2026-01-10", 2, "240.00"),
    ]
    company.ltc("ship", "C1", today="2026-01-20")
    company.ltc("ship", "--accepted", "C1", today="2026-01-22")  # 10 % from 1 February on
    assert leaks(company, "2026-01-31") == [("unbilled", "C1", "2026-01-10", 21, "600.00")]
    assert leaks(company, "2026-02-01") == [("unbilled", "C1", "2026-01-10", 22, "700.00")]
    invoiced(company, "C1", "2026-02-02")  # 300 are due since 6 February, 700 on 4 March
    assert leaks(company, "2026-02-06") == []
    assert leaks(company, "2026-02-07") == [("uncollected", "INV-2026-0001", "2026-02-06", 1, "300.00")]
    company.ltc("collect", "INV-2026-0001", "100", today="2026-03-01")
    company.ltc("credit", "INV-2026-0001", "50", "--reason", "late", today="2026-03-02")
    assert leaks(company, "2026-03-05") == [
        ("uncollected", "INV-2026-0002", "2026-03-04", 1, "700.00"),
        ("uncollected", "INV-2026-0001", "2026-02-06", 27, "150.00"),
    ]
    company.ltc("collect", "C1", today="2026-03-10")
    assert leaks(company, "2026-03-10") == []

    # And every day is still as it was.
    assert leaks(company, "2026-01-12") == [
        ("unshipped", "C1", "2026-01-05", 7, "600.00"),
        ("unbilled", "C1", "2026-01-10", 2, "240.00"),
    ]
    assert leaks(company, "2026-02-01") == [("unbilled", "C1", "2026-01-10", 22, "700.00")]


def test_what_came_back_is_to_be_shipped_again_and_not_billed(company: Company) -> None:
    sold(company, ["Widget:10:100"], "100% ship", "2026-01-05")
    company.ltc("ship", "C1", "--line", "1=5", today="2026-01-10")
    company.ltc("ship", "--returned", "S1", "--line", "1=2", today="2026-01-15")
    assert leaks(company, "2026-01-14") == [
        ("unshipped", "C1", "2026-01-05", 9, "500.00"),
        ("unbilled", "C1", "2026-01-10", 4, "500.00"),
    ]
    assert leaks(company, "2026-01-15") == [
        ("unshipped", "C1", "2026-01-05", 10, "700.00"),
        ("unbilled", "C1", "2026-01-10", 5, "300.00"),
    ]


def test_a_contract_of_fees_ships_nothing(company: Company) -> None:
    """Three fees of 100, from 5 January on: two are billable in February."""
    signed(company, "300", "100 monthly from sign until 2026-04-04", "2026-01-05")
    assert [leak[0] for leak in leaks(company, "2026-01-05")] == ["unbilled"]
    assert leaks(company, "2026-02-10") == [("unbilled", "C1", "2026-01-05", 36, "200.00")]


def test_what_was_agreed_later_changes_no_day_before_it(company: Company) -> None:
    """10 × 100, half on signature and half on shipment; later 4 × 100 and 50, then nothing more."""
    sold(company, ["Widget:10:100"], "50% sign, 50% ship", "2026-01-05")
    company.ltc("amend", "C1", "--line", "1=4", "--line", "Gadget:1:50", "--reason", "less", today="2026-01-20")
    company.ltc("terminate", "C1", "--on", "2026-01-25", "--reason", "enough", today="2026-02-01")
    invoiced(company, "C1", "2026-02-02")
    assert leaks(company, "2026-01-19") == [
        ("unshipped", "C1", "2026-01-05", 14, "1000.00"),
        ("unbilled", "C1", "2026-01-05", 14, "500.00"),
    ]
    # Of 450.00 half is billable: what is open takes the difference as it stood.
    assert leaks(company, "2026-01-20") == [
        ("unshipped", "C1", "2026-01-05", 15, "450.00"),
        ("unbilled", "C1", "2026-01-05", 15, "225.00"),
    ]
    # It ended on the 25th, as is known from the day on which it was told.
    assert [leak[0] for leak in leaks(company, "2026-01-31")] == ["unshipped", "unbilled"]
    assert leaks(company, "2026-02-01") == [("unbilled", "C1", "2026-01-05", 27, "225.00")]
    assert leaks(company, "2026-02-02") == []


def test_a_fee_is_unbilled_as_it_was_on_the_day(company: Company) -> None:
    """900 a month from 10 March on: 22 of 31 days are 638.71; 1000 from May on; terminated in June."""
    opportunity = promoted(company, "Ada", "2026-03-10")
    company.ltc("sign", opportunity, "--terms", "900 monthly@1 from sign", today="2026-03-10")
    company.ltc("amend", "C1", "--fee", "1000", "--from", "2026-05-01", today="2026-04-20")
    company.ltc("invoice", "--due", today="2026-06-02")
    company.ltc("terminate", "C1", "--on", "2026-06-10", "--reason", "enough", today="2026-06-15")
    wanted = {"2026-03-31": "638.71", "2026-04-05": "1538.71", "2026-05-31": "2538.71", "2026-06-01": "3538.71"}
    for day, amount in wanted.items():
        assert [leak[0::4] for leak in leaks(company, day)] == [("unbilled", amount)]
        assert leaks(company, day)[0][2] == "2026-03-10"
    assert leaks(company, "2026-06-02") == []


@pytest.mark.parametrize(("amounts", "order"), [(("100", "300", "200"), [2, 3, 1]), (("5", "4", "3"), [1, 2, 3])])
def test_the_greatest_amount_comes_first(company: Company, amounts: tuple[str, ...], order: list[int]) -> None:
    for number, amount in enumerate(amounts, 1):
        signed(company, amount, "100% ship", "2026-01-05", name=f"Ada {number}")
    assert [leak[1] for leak in leaks(company, "2026-01-06")] == [f"C{number}" for number in order]


def test_customers_and_currencies_are_kept_apart(company: Company) -> None:
    for amount in ("100", "50", "JPY 3600"):
        signed(company, amount, "100% ship", "2026-01-05")
    signed(company, "120", "100% ship", "2026-01-06", name="Bob")
    rows: list[dict[str, Any]] = company.ltc("leakage", "--by", "customer", "--as-of", "2026-01-10")
    assert [(row["customer"], row["records"], row["since"], row["amount"], row["currency"]) for row in rows] == [
        ("K1", 2, "2026-01-05", "150.00", "EUR"),
        ("K2", 1, "2026-01-06", "120.00", "EUR"),
        ("K1", 1, "2026-01-05", "3600", "JPY"),
    ]
    company.ltc("rate", "JPY", "0.005", today="2026-01-07")  # 3600 are 18.00
    rows = company.ltc("leakage", "--by", "customer", "--in", "EUR", "--as-of", "2026-01-10")
    assert [(row["customer"], row["records"], row["amount"], row["currency"]) for row in rows] == [
        ("K1", 3, "168.00", "EUR"),
        ("K2", 1, "120.00", "EUR"),
    ]
    assert company.run("leakage", "--as-of", "2026-01-10") == 0
    totals = [line.split() for line in company.out.splitlines() if " total " in line]
    assert totals == [["unshipped", "total", "270.00", "EUR"], ["unshipped", "total", "3,600", "JPY"]]
