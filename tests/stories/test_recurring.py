"""Twelve parts, a fee a month: billed on their days, or all at once after an outage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stories.telling import plan, promoted, signed

if TYPE_CHECKING:
    from tests.support import Company

RETAINER = "900 monthly@1 from sign until 2027-06-30; net 14"


def due(company: Company, on: str) -> list[tuple[str, str, str]]:
    """What `ltc invoice --due` bills: amount, day and due day."""
    return [(each["total"], each["issued_on"], each["due_on"]) for each in company.ltc("invoice", "--due", today=on)]


def test_twelve_parts_sum_to_the_whole_and_fall_on_the_last_of_each_month(company: Company) -> None:
    contract = signed(company, "1000", "12 x monthly from sign; net 0", "2026-01-31")
    # 1000 / 12 = 83.333…: 83.33, 166.67 − 83.33, 250.00 − 166.67, and again.
    days = ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30", "2026-07-31"]
    days += ["2026-08-31", "2026-09-30", "2026-10-31", "2026-11-30", "2026-12-31"]
    assert plan(contract) == list(zip(["83.33", "83.34", "83.33"] * 4, days, strict=True))


def test_parts_missed_during_an_outage_are_one_invoice_each_dated_today(company: Company) -> None:
    signed(company, "1000", "12 x monthly from sign; net 0", "2026-01-31")
    today = "2026-05-31"
    assert due(company, today) == [(amount, today, today) for amount in ("83.33", "83.34", "83.33", "83.33", "83.34")]
    assert due(company, today) == []
    assert due(company, "2026-06-29") == []
    assert due(company, "2026-06-30") == [("83.33", "2026-06-30", "2026-06-30")]


def test_all_twelve_parts_give_the_whole(company: Company) -> None:
    signed(company, "1000", "12 x monthly from sign; net 0", "2026-01-31")
    assert len(due(company, "2027-01-01")) == 12
    assert company.ltc("aging", "--as-of", "2027-01-01")[0]["current"] == "1000.00"
    assert "INV-2027-0012" in company.ltc("invoice", "C1", today="2027-02-01")[-1]["ref"]


def test_the_thirty_first_comes_back_after_a_leap_february(company: Company) -> None:
    contract = signed(company, "300", "3 x monthly from sign", "2028-01-31")
    assert plan(contract) == [("100.00", "2028-01-31"), ("100.00", "2028-02-29"), ("100.00", "2028-03-31")]


def test_parts_from_shipment_wait_for_it(company: Company) -> None:
    signed(company, "400", "4 x quarterly from ship+10d; net 0", "2026-01-05")
    assert due(company, "2026-01-05") == []
    company.ltc("ship", "C1", today="2026-01-21")
    # 21 January, the 21st of the third month after, … each ten days later: 31 January, 1 May.
    assert due(company, "2026-01-30") == []
    assert due(company, "2026-01-31") == [("100.00", "2026-01-31", "2026-01-31")]
    assert due(company, "2026-04-30") == []
    assert due(company, "2026-05-01") == [("100.00", "2026-05-01", "2026-05-01")]


def test_a_fee_begins_with_a_piece_of_a_month(company: Company) -> None:
    contract = company.ltc("sign", promoted(company, "Ada", "2026-10-15"), "--terms", RETAINER, today="2026-10-15")
    # From 15 to 31 October are 17 of 31 days: 900 × 17 / 31 = 493.548… Then eight whole months from November to June.
    months = ["2026-11-01", "2026-12-01", "2027-01-01", "2027-02-01", "2027-03-01", "2027-04-01", "2027-05-01"]
    assert plan(contract) == [
        ("493.55", "2026-10-15"),
        *(("900.00", month) for month in [*months, "2027-06-01"]),
    ]
    assert contract["amount"] == "7693.55"  # 493.55 + 8 × 900.00


def test_a_fee_may_end_with_a_piece_of_a_month(company: Company) -> None:
    terms = "900 monthly@1 from sign until 2026-12-10; net 14"
    contract = company.ltc("sign", promoted(company, "Ada", "2026-10-15"), "--terms", terms, today="2026-10-15")
    # Ten of the 31 days of December: 290.322…
    assert plan(contract) == [("493.55", "2026-10-15"), ("900.00", "2026-11-01"), ("290.32", "2026-12-01")]


def test_each_period_of_a_fee_says_which_it_is(company: Company) -> None:
    company.ltc("sign", promoted(company, "Ada", "2026-10-15"), "--terms", RETAINER, today="2026-10-15")
    invoices = company.ltc("invoice", "--due", today="2026-12-05")
    assert [(each["total"], each["period_from"], each["period_to"]) for each in invoices] == [
        ("493.55", "2026-10-15", "2026-10-31"),
        ("900.00", "2026-11-01", "2026-11-30"),
        ("900.00", "2026-12-01", "2026-12-31"),
    ]
    assert {each["issued_on"] for each in invoices} == {"2026-12-05"}
    assert {each["due_on"] for each in invoices} == {"2026-12-19"}


@pytest.mark.parametrize(
    ("terms", "signed_on", "shares"),
    [
        # The year from 1 July has 365 days, 184 of them until December: 1200 × 184 / 365 = 604.931…
        ("1200 yearly@1 from sign until 2026-12-31", "2026-07-01", [("604.93", "2026-07-01")]),
        # Without a day of the month, the periods begin on the day of signing: from 15 to 30 November are 16 days of
        # the 30 until 14 December.
        (
            "300 monthly from sign until 2026-11-30",
            "2026-10-15",
            [("300.00", "2026-10-15"), ("160.00", "2026-11-15")],
        ),
    ],
)
def test_other_periods_of_a_fee(company: Company, terms: str, signed_on: str, shares: list[tuple[str, str]]) -> None:
    contract = company.ltc("sign", promoted(company, "Ada", signed_on), "--terms", terms, today=signed_on)
    assert plan(contract) == shares
