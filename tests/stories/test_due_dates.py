"""When the money is due: instalments of one invoice, days net, ends of months."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stories.telling import instalments, invoiced, owed, signed

if TYPE_CHECKING:
    from tests.support import Company

FOUR = "100% sign; due 25%+30d, 25%+1m, 396.84+1m+30d, rest @15+2m+30d"


def test_four_instalments_of_an_odd_amount(company: Company) -> None:
    contract = signed(company, "1587.35", FOUR, "2011-10-01")
    # A quarter is 396.8375: 396.84; 793.675 → 793.68 less 396.84; 1190.515 → 1190.52 less 793.68; the rest is 396.83.
    # 1 October + 30 days = 31 October; + 1 month = 1 November, + 30 days = 1 December; the 15th of October + 2 months
    # = 15 December, + 30 days = 14 January.
    assert instalments(invoiced(company, contract["ref"], "2011-10-01")) == [
        ("396.84", "2011-10-31"),
        ("396.84", "2011-11-01"),
        ("396.84", "2011-12-01"),
        ("396.83", "2012-01-14"),
    ]


@pytest.mark.parametrize(
    ("day", "buckets"),
    [
        ("2011-10-31", {"current": "1587.35"}),
        ("2011-11-01", {"current": "1190.51", "1-30": "396.84"}),
        ("2011-11-02", {"current": "793.67", "1-30": "793.68"}),
        # 31 and 30 days past due.
        ("2011-12-01", {"current": "793.67", "1-30": "396.84", "31-60": "396.84"}),
        # 75, 74, 44 and no days past due.
        ("2012-01-14", {"current": "396.83", "31-60": "396.84", "61-90": "793.68"}),
        # 91, 90, 60 and 16 days past due.
        ("2012-01-30", {"1-30": "396.83", "31-60": "396.84", "61-90": "396.84", "90+": "396.84"}),
    ],
)
def test_each_instalment_ages_by_itself(company: Company, day: str, buckets: dict[str, str]) -> None:
    signed(company, "1587.35", FOUR, "2011-10-01")
    invoiced(company, "C1", "2011-10-01")
    assert owed(company, day) == buckets


def test_a_payment_settles_the_instalments_one_after_the_other(company: Company) -> None:
    signed(company, "1587.35", FOUR, "2011-10-01")
    invoiced(company, "C1", "2011-10-01")
    company.ltc("collect", "INV-2011-0001", "500", today="2011-10-20")
    shown = company.ltc("show", "INV-2011-0001")
    # 500.00 = 396.84 + 103.16; 396.84 − 103.16 = 293.68.
    assert [each["balance"] for each in shown["instalments"]] == ["0.00", "293.68", "396.84", "396.83"]
    assert (shown["status"], shown["balance"], shown["due_on"]) == ("partly_paid", "1087.35", "2011-11-01")


def test_three_cents_in_halves_as_instalments(company: Company) -> None:
    contract = signed(company, "0.03", "100% sign; due 50%+30d, 50%+60d", "2026-03-01")
    # Half of 0.03 is 0.015, half up.
    assert instalments(invoiced(company, contract["ref"], "2026-03-01")) == [
        ("0.02", "2026-03-31"),
        ("0.01", "2026-04-30"),
    ]


def test_three_cents_in_halves_as_shares(company: Company) -> None:
    contract = signed(company, "0.03", "50% sign, 50% ship", "2026-03-01")
    assert invoiced(company, contract["ref"], "2026-03-01")["total"] == "0.02"
    company.ltc("ship", contract["ref"], today="2026-03-02")
    assert invoiced(company, contract["ref"], "2026-03-02")["total"] == "0.01"


@pytest.mark.parametrize(
    ("clause", "issued_on", "due_on"),
    [
        ("net 30", "2026-01-15", "2026-02-14"),
        ("net 30", "2028-02-10", "2028-03-11"),  # 19 days to 29 February, 11 more
        ("net eom", "2026-02-10", "2026-02-28"),
        ("net eom", "2028-02-29", "2028-02-29"),
        ("net 30 eom", "2026-01-30", "2026-03-31"),  # + 30 days = 1 March
        ("net 30 eom+1d@10", "2026-01-15", "2026-03-10"),  # 14 February, its end, 1 March, the 10th
        ("net +1m", "2026-01-31", "2026-02-28"),  # clamped to the month's end
        ("net +1m+1m", "2026-01-31", "2026-03-28"),  # step after step, so the 31st is gone
        ("net 10@31", "2026-02-01", "2026-02-28"),  # no 31st in February
        ("net 0", "2026-05-05", "2026-05-05"),
        ("", "2026-05-05", "2026-05-05"),
    ],
)
def test_the_clause_says_when_it_is_due(company: Company, clause: str, issued_on: str, due_on: str) -> None:
    contract = signed(company, "100", f"100% sign; {clause}" if clause else "100% sign", issued_on)
    assert invoiced(company, contract["ref"], issued_on)["due_on"] == due_on


def test_days_net_count_from_the_invoice_and_not_from_the_signature(company: Company) -> None:
    contract = signed(company, "100", "100% sign; net 30", "2026-01-01")
    assert invoiced(company, contract["ref"], "2026-01-20")["due_on"] == "2026-02-19"
