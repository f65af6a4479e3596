"""Retainers and subscriptions worked by hand: without end, from and to any day, amended, and terminated.

Each amount is the fee × the days of the piece ÷ the days of the whole period it lies in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.stories.telling import audit, invoiced, plan, promoted, signed, sold, sums
from tests.support import Company

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG = """
taxes: {Z: {rate: 0%, category: Z}, S19: {rate: 19%, category: S}, R7: {rate: 7%, category: S}}
tax: Z
"""

Period = tuple[str, str | None, str | None]


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    company = Company(tmp_path, config=CONFIG)
    yield company
    audit(company)


def retained(company: Company, terms: str, on: str, *options: str, name: str = "Ada") -> dict[str, Any]:
    """The contract over a fee."""
    contract: dict[str, Any] = company.ltc("sign", promoted(company, name, on), "--terms", terms, *options, today=on)
    return contract


def billed(company: Company, on: str) -> list[Period]:
    """What `ltc invoice --due` bills on a day: net, first and last day."""
    invoices = company.ltc("invoice", "--due", today=on)
    assert {each["issued_on"] for each in invoices} <= {on}
    return [(each["net"], each["period_from"], each["period_to"]) for each in invoices]


def notes(company: Company) -> list[tuple[str, str, str]]:
    """Credit notes: their invoice, day and total."""
    return [(each["invoice"], each["issued_on"], each["total"]) for each in company.ltc("list", "credits")]


# What stands on the lines


def told(company: Company, ref: str) -> list[tuple[str, str, str, str, str]]:
    """The lines of a document or contract: text, quantity, price, discount, net."""
    keys = ("text", "quantity", "price", "discount", "net")
    return [tuple(line[key] for key in keys) for line in company.ltc("show", ref)["lines"]]


def test_a_line_says_its_period_and_how_much_of_a_whole_one_it_is(company: Company) -> None:
    """From 10 May 900, from 10 July 1000: of July, billed at 900, 22 of 31 days at 100 more are 70.97."""
    retained(company, "900 monthly@1 from sign", "2026-05-10")
    company.ltc("invoice", "--due", today="2026-07-01")
    company.ltc("amend", "C1", "--fee", "1000", "--from", "2026-07-10", today="2026-07-05")
    company.ltc("invoice", "--due", today="2026-07-10")
    wanted = [
        ("Ada 2026-05-10 – 2026-05-31, 22 of 31 days of 900.00", "638.71"),
        ("Ada 2026-06-01 – 2026-06-30", "900.00"),
        ("Ada 2026-07-01 – 2026-07-31", "900.00"),
        ("Ada 2026-07-10 – 2026-07-31, supplement: now 1000.00", "70.97"),
    ]
    for number, (text, net) in enumerate(wanted, 1):
        price = net.removesuffix(".00")
        assert told(company, f"INV-2026-000{number}") == [(text, "1", price, "0.00", net)]
    # 638.71 + 2 × 900.00 + 70.97
    assert told(company, "C1") == [("Ada", "1", "2509.68", "0.00", "2509.68")]


def test_a_fee_that_changes_in_a_month_to_come_is_two_pieces_of_it(company: Company) -> None:
    retained(company, "900 monthly@1 from sign until 2026-12-31", "2026-06-01")
    company.ltc("amend", "C1", "--fee", "1000", "--from", "2026-07-11", today="2026-06-01")
    company.ltc("invoice", "--due", today="2026-07-11")
    texts = [company.ltc("show", f"INV-2026-000{number}")["lines"][0]["text"] for number in (1, 2, 3)]
    assert texts == [
        "Ada 2026-06-01 – 2026-06-30",
        "Ada 2026-07-01 – 2026-07-10, 10 of 31 days of 900.00",
        "Ada 2026-07-11 – 2026-07-31, 21 of 31 days of 1000.00",
    ]
    company.ltc("invoice", "--due", today="2026-08-01")
    assert company.ltc("show", "INV-2026-0004")["lines"][0]["text"] == "Ada 2026-08-01 – 2026-08-31"


def test_what_is_left_of_a_fee_is_at_its_price_without_a_discount(company: Company) -> None:
    """1200 a year, 12 × 100 less 10 % and 120: until 10 June are 161 of 365 days, 529.32, of which 9/10 and 1/10."""
    promoted(company, "Ada", "2026-01-01")
    lines = ("--line", "Hosting:12:100:Z:-10%", "--line", "Support:1:120")
    company.ltc("quote", "O1", *lines, "--terms", "1200 yearly@1 from sign until 2026-12-31", today="2026-01-01")
    company.ltc("sign", "Q1", today="2026-01-01")
    assert told(company, "C1")[0] == ("Hosting", "12", "100", "120.00", "1080.00")
    company.ltc("terminate", "C1", "--on", "2026-06-10", "--reason", "enough", today="2026-06-01")
    # 476.39 ÷ 12 = 39.6991666…
    assert told(company, "C1") == [
        ("Hosting", "12", "39.699167", "0.00", "476.39"),
        ("Support", "1", "52.93", "0.00", "52.93"),
    ]
    (share,) = company.ltc("show", "C1")["plan"]
    assert (share["period_from"], share["period_to"], share["amount"]) == ("2026-01-01", "2026-06-10", "529.32")


def test_twelve_parts_of_one_amount_are_cut_at_their_price_too(company: Company) -> None:
    """Five of twelve parts of 1000 are 416.67."""
    signed(company, "1000", "12 x monthly from sign; net 0", "2026-01-31")
    company.ltc("terminate", "C1", "--on", "2026-06-10", "--reason", "enough", today="2026-06-10")
    assert told(company, "C1") == [("Ada", "1", "416.67", "0.00", "416.67")]


# Without end


def test_a_month_that_begins_on_the_tenth(company: Company) -> None:
    contract = retained(company, "900 monthly@1 from sign; net 14", "2026-05-10")
    # From 10 to 31 May are 22 of 31 days: 900 × 22 / 31 = 638.709…
    assert plan(contract) == [("638.71", "2026-05-10")]
    assert (contract["amount"], contract["ends_on"], contract["status"]) == ("638.71", None, "signed")
    assert billed(company, "2026-05-10") == [("638.71", "2026-05-10", "2026-05-31")]
    assert billed(company, "2026-05-31") == []
    assert billed(company, "2026-06-01") == [("900.00", "2026-06-01", "2026-06-30")]
    assert company.ltc("show", "C1")["amount"] == "1538.71"


def test_an_outage_of_four_periods_and_a_hundred_runs(company: Company) -> None:
    retained(company, "900 monthly@1 from sign; net 14", "2026-05-10")
    months = [("900.00", "2026-06-01", "2026-06-30"), ("900.00", "2026-07-01", "2026-07-31")]
    months += [("900.00", "2026-08-01", "2026-08-31")]
    assert billed(company, "2026-08-11") == [("638.71", "2026-05-10", "2026-05-31"), *months]
    for _ in range(100):
        assert billed(company, "2026-08-11") == []
    assert {each["due_on"] for each in company.ltc("list", "invoices")} == {"2026-08-25"}


def test_the_next_period_is_named_and_none_is_ever_the_last(company: Company) -> None:
    retained(company, "900 monthly from sign", "2026-05-10")
    invoiced(company, "C1", "2026-05-10")
    error = company.ltc("invoice", "C1", today="2026-06-09", fails=4)
    assert error["message"] == "nothing of C1 is billable yet: 900.00 falls due on 2026-06-10"
    company.ltc("collect", "C1", today="2026-06-09")
    assert company.ltc("show", "C1")["status"] == "signed"


def test_what_has_begun_stands_on_the_list_of_today(company: Company) -> None:
    retained(company, "900 monthly from sign", "2026-05-10")
    invoiced(company, "C1", "2026-05-10")
    company.ltc("collect", "C1", today="2026-05-10")
    assert company.ltc("today", today="2026-06-09") == []
    (row,) = company.ltc("today", today="2026-07-10")
    assert (row["what"], row["amount"], row["command"]) == ("invoice", "1800.00", "ltc invoice C1")


def test_the_thirty_first_comes_back(company: Company) -> None:
    retained(company, "310 monthly from sign", "2027-01-31")
    assert billed(company, "2027-05-31") == [
        ("310.00", "2027-01-31", "2027-02-27"),
        ("310.00", "2027-02-28", "2027-03-30"),
        ("310.00", "2027-03-31", "2027-04-29"),
        ("310.00", "2027-04-30", "2027-05-30"),
        ("310.00", "2027-05-31", "2027-06-29"),
    ]


@pytest.mark.parametrize(
    ("signed_on", "first"),
    [
        # From 15 February: 15 of 29 days, or 14 of 28.
        ("2028-02-15", ("150.00", "2028-02-15", "2028-02-29")),
        ("2027-02-15", ("145.00", "2027-02-15", "2027-02-28")),
    ],
)
def test_a_february_has_its_own_days(company: Company, signed_on: str, first: Period) -> None:
    retained(company, "290 monthly@1 from sign", signed_on)
    assert billed(company, signed_on) == [first]


def test_a_quarter_crosses_the_year(company: Company) -> None:
    retained(company, "920 quarterly@1 from sign", "2026-11-15")
    # The quarter that ends on 30 November began on 1 September: 91 days, of them 16: 920 × 16 / 91 = 161.758…
    assert billed(company, "2026-12-01") == [
        ("161.76", "2026-11-15", "2026-11-30"),
        ("920.00", "2026-12-01", "2027-02-28"),
    ]
    assert billed(company, "2027-03-01") == [("920.00", "2027-03-01", "2027-05-31")]


def test_a_week_is_seven_days_also_when_the_clocks_change(company: Company) -> None:
    retained(company, "70 weekly from sign", "2026-10-19")  # the clocks go back on 25 October
    assert billed(company, "2026-11-01") == [
        ("70.00", "2026-10-19", "2026-10-25"),
        ("70.00", "2026-10-26", "2026-11-01"),
    ]
    company.ltc("terminate", "C1", "--on", "2026-10-28", "--reason", "notice", today="2026-11-01")
    # Of the second week 3 days stay: 70 × 4 / 7 = 40.00 go back.
    assert notes(company) == [("INV-2026-0002", "2026-11-01", "40.00")]


def test_a_year_from_the_twenty_ninth_of_february(company: Company) -> None:
    retained(company, "3660 yearly from sign", "2028-02-29")
    assert billed(company, "2029-02-28") == [
        ("3660.00", "2028-02-29", "2029-02-27"),
        ("3660.00", "2029-02-28", "2030-02-27"),
    ]
    company.ltc("terminate", "C1", "--on", "2029-12-31", "--reason", "notice", today="2029-12-31")
    # 58 of the 365 days are left, January and 27 days: 3660 × 58 / 365 = 581.589…; 3660 − 3078.41 = 581.59.
    assert notes(company) == [("INV-2029-0002", "2029-12-31", "581.59")]


def test_an_amount_on_signing_beside_a_fee(company: Company) -> None:
    contract = retained(company, "5000 sign, 900 monthly from sign; net 14", "2026-05-10")
    assert plan(contract) == [("5000.00", "2026-05-10"), ("900.00", "2026-05-10")]
    assert [net for net, *_ in billed(company, "2026-06-10")] == ["5000.00", "900.00", "900.00"]
    assert company.ltc("show", "C1")["amount"] == "6800.00"


def test_each_period_has_the_tax_of_its_own(company: Company) -> None:
    opportunity = promoted(company, "Ada", "2026-05-01")
    company.ltc("quote", opportunity, "--line", "Care:1:33.33:S19", today="2026-05-01")
    company.ltc("sign", opportunity, "--terms", "33.33 monthly@1 from sign", today="2026-05-01")
    # 33.33 × 19 % = 6.3327: 6.33 every month, though 66.66 × 19 % is 12.67.
    assert [sums(each) for each in company.ltc("invoice", "--due", today="2026-07-01")] == [
        ("33.33", "6.33", "39.66")
    ] * 3


def test_a_fee_is_made_up_as_its_quote_says(company: Company) -> None:
    opportunity = promoted(company, "Ada", "2026-05-16")
    lines = ("--line", "Care:1:600:S19", "--line", "Books:1:310:R7:-10")
    company.ltc("quote", opportunity, *lines, today="2026-05-16")
    contract = company.ltc("sign", opportunity, "--terms", "900 monthly@1 from sign", today="2026-05-16")
    # From 16 May are 16 of 31 days: 900 × 16 / 31 = 464.516…; two thirds are 309.68, the rest is 154.84.
    assert [(line["net"], line["tax"]) for line in contract["lines"]] == [("309.68", "S19"), ("154.84", "R7")]
    # 309.68 × 19 % = 58.8392, 154.84 × 7 % = 10.8388
    assert sums(invoiced(company, "C1", "2026-05-16")) == ("464.52", "69.68", "534.20")


def test_a_line_too_small_for_a_part_of_the_fee_is_worth_nothing(company: Company) -> None:
    # Two at 0.333 are 0.666 → 1 yen beside 2000: 1/2001 of 900 is 0.4 yen.
    promoted(company, "Ada", "2026-05-01", "--currency", "JPY")
    lines = ("--line", "Seal:2:0.333", "--line", "Care:2:1000")
    company.ltc("quote", "O1", *lines, "--terms", "900 monthly@1 from sign; net 14", today="2026-05-01")
    contract = company.ltc("sign", "Q1", today="2026-05-01")
    assert [(line["price"], line["discount"], line["net"]) for line in contract["lines"]] == [
        ("0", "0", "0"),
        ("450", "0", "900"),
    ]


def test_the_amount_that_was_expected_is_none_of_a_contract_without_end(company: Company) -> None:
    opportunity = promoted(company, "Ada", "2026-05-10", "--amount", "10800")
    assert (
        company.ltc("sign", opportunity, "--terms", "900 monthly from sign", today="2026-05-10")["amount"] == "900.00"
    )


def test_the_funnel_shows_what_a_contract_had_come_to(company: Company) -> None:
    retained(company, "900 monthly from sign", "2026-05-10")
    billed(company, "2026-07-10")
    for as_of, amount in (("2026-07-09", "900.00"), ("2026-07-10", "2700.00")):
        rows = company.ltc("funnel", "--as-of", as_of, today="2026-07-10")
        assert {row["stage"]: row["amount"] for row in rows}["contract"] == amount


# With an end


def test_a_bounded_fee_is_fulfilled_when_billed_and_closed_when_paid(company: Company) -> None:
    retained(company, "900 monthly from sign until 2026-07-09", "2026-05-10")
    assert company.ltc("today", today="2026-05-09") == []
    billed(company, "2026-05-10")
    assert company.ltc("show", "C1")["status"] == "signed"
    billed(company, "2026-06-10")
    assert company.ltc("show", "C1")["status"] == "fulfilled"
    company.ltc("ship", "C1", fails=4)
    company.ltc("collect", "C1", today="2026-06-10")
    assert company.ltc("show", "C1")["status"] == "closed"


def test_an_amendment_gives_an_end_to_what_had_none(company: Company) -> None:
    retained(company, "900 monthly@1 from sign", "2026-05-01")
    billed(company, "2026-05-01")
    contract = company.ltc("amend", "C1", "--ends", "2026-07-10", today="2026-05-20")
    # Ten of the 31 days of July: 290.322…
    assert plan(contract)[1:] == [("900.00", "2026-06-01"), ("290.32", "2026-07-01")]
    assert (contract["amount"], contract["ends_on"]) == ("2090.32", "2026-07-10")
    assert len(billed(company, "2027-01-01")) == 2


def test_an_amendment_prolongs_a_fee_beyond_its_until(company: Company) -> None:
    retained(company, "900 monthly@1 from sign until 2026-06-10", "2026-05-01")
    assert len(billed(company, "2026-05-01")) == 1
    contract = company.ltc("amend", "C1", "--ends", "2026-07-31", today="2026-05-20")
    assert plan(contract) == [("900.00", f"2026-0{month}-01") for month in (5, 6, 7)]


# Amended


def test_a_fee_rises_in_a_month_that_is_billed(company: Company) -> None:
    retained(company, "900 monthly@1 from sign", "2026-08-01")
    billed(company, "2026-08-01")
    contract = company.ltc("amend", "C1", "--fee", "1000", "--from", "2026-08-21", today="2026-08-15")
    # 20 days at 900 are 580.645…, 11 at 1000 are 354.838…: 580.65 + 354.84 − 900 = 35.49 more for 21 to 31 August.
    assert plan(contract) == [("900.00", "2026-08-01"), ("35.49", "2026-08-21")]
    (amendment,) = contract["amendments"]
    assert (amendment["fee"], amendment["effective_on"], amendment["amended_on"]) == (
        "1000.00",
        "2026-08-21",
        "2026-08-15",
    )
    assert billed(company, "2026-09-01") == [
        ("35.49", "2026-08-21", "2026-08-31"),
        ("1000.00", "2026-09-01", "2026-09-30"),
    ]


def test_a_fee_rises_in_a_month_that_is_not_billed(company: Company) -> None:
    retained(company, "900 monthly@1 from sign until 2026-09-30", "2026-08-01")
    company.ltc("amend", "C1", "--fee", "1000", "--from", "2026-08-21", today="2026-08-15")
    assert billed(company, "2026-09-01") == [
        ("580.65", "2026-08-01", "2026-08-20"),
        ("354.84", "2026-08-21", "2026-08-31"),
        ("1000.00", "2026-09-01", "2026-09-30"),
    ]


def test_a_fee_rises_twice_in_a_month_that_is_billed(company: Company) -> None:
    retained(company, "300 monthly@1 from sign", "2026-06-01")
    billed(company, "2026-06-01")
    company.ltc("amend", "C1", "--fee", "600", "--from", "2026-06-11", today="2026-06-02")
    company.ltc("amend", "C1", "--fee", "900", "--from", "2026-06-21", today="2026-06-03")
    # Ten days each at 10, 20 and 30 a day: 600, of which 300 is billed.
    assert billed(company, "2026-07-01") == [
        ("300.00", "2026-06-11", "2026-06-30"),
        ("900.00", "2026-07-01", "2026-07-31"),
    ]


def test_a_fee_falls_only_in_what_is_not_billed(company: Company) -> None:
    retained(company, "900 monthly@1 from sign", "2026-08-01")
    billed(company, "2026-08-01")
    error = company.ltc("amend", "C1", "--fee", "700", "--from", "2026-08-21", today="2026-08-15", fails=4)
    assert "until 2026-08-31" in error["message"]
    company.ltc("amend", "C1", "--fee", "700", "--from", "2026-09-01", today="2026-08-15")
    assert billed(company, "2026-09-01") == [("700.00", "2026-09-01", "2026-09-30")]


def test_what_was_amended_already_says_so(company: Company) -> None:
    retained(company, "900 monthly@1 from sign", "2026-08-01")
    company.ltc("amend", "C1", "--fee", "1000", "--from", "2026-09-01", today="2026-08-15")
    before = company.dump()
    company.ltc("amend", "C1", "--fee", "1000", "--from", "2026-09-01", today="2026-08-15")
    assert "C1 says so already" in company.err
    assert company.dump() == before


def test_a_line_beside_a_fee_is_billed_at_once(company: Company) -> None:
    retained(company, "900 monthly@1 from sign", "2026-08-01")
    billed(company, "2026-08-01")
    company.ltc("amend", "C1", "--line", "Workshop:2:250", "--reason", "asked for", today="2026-08-15")
    assert billed(company, "2026-08-15") == [("500.00", None, None)]
    assert billed(company, "2026-09-01") == [("900.00", "2026-09-01", "2026-09-30")]


def test_the_open_shares_take_a_line_that_is_added(company: Company) -> None:
    sold(company, ["Widget:10:100"], "30% sign, 60% ship, 10% accept", "2026-08-01")
    assert invoiced(company, "C1", "2026-08-01")["net"] == "300.00"
    contract = company.ltc("amend", "C1", "--line", "Cog:2:100", today="2026-08-15")
    # 900 is open now, in shares of 600 and 100: 771.43 and 128.57.
    assert [share["amount"] for share in contract["plan"]] == ["300.00", "771.43", "128.57"]
    assert (contract["amount"], len(contract["lines"])) == ("1200.00", 2)
    company.ltc("ship", "C1", today="2026-08-16")
    company.ltc("ship", "--accepted", "C1", today="2026-08-17")
    assert invoiced(company, "C1", "2026-08-17")["net"] == "900.00"
    assert company.ltc("show", "C1")["status"] == "fulfilled"


def test_a_line_shrinks_to_what_is_shipped_and_no_further(company: Company) -> None:
    sold(company, ["Widget:10:100:S19:-10%"], "100% ship", "2026-08-01")
    company.ltc("ship", "C1", "--line", "1=4", today="2026-08-02")
    company.ltc("amend", "C1", "--line", "1=3", today="2026-08-03", fails=4)
    contract = company.ltc("amend", "C1", "--line", "1=4", today="2026-08-03")
    assert (contract["net"], contract["tax"], contract["status"]) == ("360.00", "68.40", "fulfilled")
    assert sums(invoiced(company, "C1", "2026-08-03")) == ("360.00", "68.40", "428.40")


def test_less_than_is_billed_is_refused_with_what_to_do(company: Company) -> None:
    signed(company, "1000", "60% sign, 40% ship", "2026-08-01")
    invoiced(company, "C1", "2026-08-01")
    error = company.ltc("amend", "C1", "--amount", "599.99", today="2026-08-02", fails=4)
    assert "ltc credit" in error["hint"]
    contract = company.ltc("amend", "C1", "--amount", "700", today="2026-08-02")
    assert [share["amount"] for share in contract["plan"]] == ["600.00", "100.00"]


def test_the_signed_amendment_is_archived(company: Company, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("signed") / "amendment.pdf"
    file.write_bytes(b"signed")
    signed(company, "1000", "100% ship", "2026-08-01")
    amended = company.ltc("amend", "C1", "--amount", "1100", "--document", str(file), today="2026-08-02")
    digest = "4a3cdfae6f291c8f544daea5b72905cf9e74c1ed427d831ad0d7ca00c73c794d"  # printf signed | sha256sum
    assert amended["amendments"][0]["document_sha256"] == digest
    assert amended["document_sha256"] != digest


# Terminated


def test_a_month_billed_in_advance_is_credited_by_the_days(company: Company) -> None:
    retained(company, "900 monthly@1 from sign", "2026-05-01")
    billed(company, "2026-05-01")
    contract = company.ltc("terminate", "C1", "--on", "2026-05-20", "--reason", "notice", today="2026-05-20")
    # 11 of 31 days: 900 × 20 / 31 = 580.645… stay, 319.35 go back.
    assert notes(company) == [("INV-2026-0001", "2026-05-20", "319.35")]
    assert (contract["status"], contract["ends_on"], contract["terminated_on"]) == (
        "terminated",
        "2026-05-20",
        "2026-05-20",
    )
    assert billed(company, "2027-01-01") == []


def test_a_termination_to_come_bills_until_then(company: Company) -> None:
    retained(company, "900 monthly@1 from sign", "2026-05-01")
    billed(company, "2026-05-01")
    contract = company.ltc("terminate", "C1", "--on", "2026-07-15", "--reason", "notice", today="2026-05-20")
    # 15 of the 31 days of July: 435.483…
    assert plan(contract) == [("900.00", "2026-05-01"), ("900.00", "2026-06-01"), ("435.48", "2026-07-01")]
    assert contract["amount"] == "2235.48"
    assert notes(company) == []
    assert billed(company, "2026-08-01") == [
        ("900.00", "2026-06-01", "2026-06-30"),
        ("435.48", "2026-07-01", "2026-07-15"),
    ]


def test_a_termination_found_late_credits_whole_months_too(company: Company) -> None:
    retained(company, "900 monthly@1 from sign", "2026-05-01")
    billed(company, "2026-07-01")
    company.ltc("terminate", "C1", "--on", "2026-06-15", "--reason", "notice", today="2026-07-10")
    assert notes(company) == [("INV-2026-0002", "2026-07-10", "450.00"), ("INV-2026-0003", "2026-07-10", "900.00")]


def test_the_same_day_again_is_done_and_another_is_refused(company: Company) -> None:
    retained(company, "900 monthly@1 from sign", "2026-05-01")
    words = ("terminate", "C1", "--reason", "notice")
    company.ltc(*words, "--on", "2026-06-30", today="2026-05-20")
    before = company.dump()
    company.ltc(*words, "--on", "2026-06-30", today="2026-05-21")
    assert "C1 is terminated already" in company.err
    company.ltc(*words, "--on", "2026-07-31", today="2026-05-21", fails=4)
    assert company.dump() == before


def test_tax_goes_back_with_the_fee(company: Company) -> None:
    opportunity = promoted(company, "Ada", "2026-09-01")
    company.ltc("quote", opportunity, "--line", "Care:1:1000:S19", today="2026-09-01")
    company.ltc("sign", opportunity, "--terms", "1000 monthly@1 from sign", today="2026-09-01")
    invoiced(company, "C1", "2026-09-01")
    company.ltc("terminate", "C1", "--on", "2026-09-10", "--reason", "notice", today="2026-09-10")
    # 20 of 30 days of 1190.00: 666.67 net is 793.337 gross.
    (note,) = company.ltc("list", "credits")
    assert sums(note) == ("666.67", "126.67", "793.34")


def test_of_a_month_that_was_paid_early_what_was_paid_goes_back(company: Company) -> None:
    # 310 less 2 % are 303.80; from 11 to 31 May are 21 of 31 days: 205.80.
    retained(company, "310 monthly@1 from sign; net 14; 2%/5", "2026-05-01")
    billed(company, "2026-05-01")
    assert company.ltc("collect", "INV-2026-0001", today="2026-05-03")["amount"] == "303.80"
    company.ltc("terminate", "C1", "--on", "2026-05-10", "--reason", "moved", today="2026-05-12")
    assert notes(company) == [("INV-2026-0001", "2026-05-12", "205.80")]


def test_what_was_shipped_is_billed_and_the_rest_dropped(company: Company) -> None:
    sold(company, ["Widget:10:100"], "100% ship", "2026-08-01")
    company.ltc("ship", "C1", "--line", "1=4", today="2026-08-02")
    contract = company.ltc("terminate", "C1", "--reason", "insolvent", today="2026-08-03")
    assert (contract["amount"], contract["lines"][0]["quantity"]) == ("400.00", "4")
    invoice = invoiced(company, "C1", "2026-08-03")
    assert [(line["quantity"], line["price"]) for line in invoice["lines"]] == [("4", "100")]
    assert company.ltc("show", "C1")["status"] == "terminated"


def test_a_project_that_stops_half_way(company: Company) -> None:
    sold(company, ["Widget:10:100"], "30% sign, 60% ship+30d, 10% accept", "2026-08-01")
    invoiced(company, "C1", "2026-08-01")
    company.ltc("ship", "C1", "--line", "1=5", today="2026-08-02")
    contract = company.ltc("terminate", "C1", "--on", "2026-08-31", "--reason", "stopped", today="2026-08-10")
    # Half of the 600 was shipped; they fall due 30 days after 2 August, whatever ends before. Nothing was accepted.
    assert contract["amount"] == "600.00"
    assert [pair for pair in plan(contract) if pair[0] != "0.00"] == [
        ("300.00", "2026-08-01"),
        ("300.00", "2026-09-01"),
    ]
    assert billed(company, "2026-08-31") == []
    assert billed(company, "2026-09-01") == [("300.00", None, None)]


def test_dates_up_to_the_last_day_count_and_the_end_is_that_day(company: Company) -> None:
    terms = "40% sign, 20% 2026-09-30, 20% 2026-10-01, 20% end"
    signed(company, "1000", terms, "2026-08-01", "--ends", "2026-12-31")
    contract = company.ltc("terminate", "C1", "--on", "2026-09-30", "--reason", "stopped", today="2026-08-10")
    assert plan(contract) == [
        ("400.00", "2026-08-01"),
        ("200.00", "2026-09-30"),
        ("0.00", "2026-10-01"),
        ("200.00", "2026-09-30"),
    ]
    assert billed(company, "2026-09-30") == [("800.00", None, None)]


def test_only_what_is_left_of_an_invoice_is_credited(company: Company) -> None:
    retained(company, "900 monthly@1 from sign", "2026-06-01")
    invoiced(company, "C1", "2026-06-01")
    company.ltc("credit", "C1", "800", "--reason", "dear", today="2026-06-02")
    company.ltc("terminate", "C1", "--on", "2026-06-15", "--reason", "notice", today="2026-06-15")
    # 450.00 is for the days after; 100.00 of the invoice was left.
    assert "INV-2026-0001 has less left to credit" in company.err
    assert [total for *_, total in notes(company)] == ["800.00", "100.00"]
