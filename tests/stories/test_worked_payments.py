"""Worked cases: early-payment discounts, payments in another currency, reports in one currency, and ways back.

Every figure is worked by hand beside its test; what comes from the tests of another system is a fact of theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.stories.telling import aging, audit, balance, instalments, invoiced, owed, signed, sold, sums
from tests.support import Company

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TAXES = """
taxes:
  S15: {rate: 15%, category: S}
  I15: {rate: 15%, category: S, inclusive: true}
  S7: {rate: 7%, category: S}
  Z: {rate: 0%, category: Z}
"""
TEN = "100% sign; net 30; 10%/10"
"""Issued on the first of January: due on the 31st, 10 % off until the 11th."""
NET_30 = "100% sign; net 30"
FIRST = "INV-2026-0001"
SECOND = "INV-2026-0002"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Callable[[str], Company]]:
    """Companies with taxes and further settings, audited in the end."""
    opened = []

    def open_(config: str = "") -> Company:
        opened.append(Company(tmp_path, config=TAXES + config))
        return opened[-1]

    yield open_
    for company in opened:
        audit(company)


def bill(company: Company, lines: list[str], terms: str = TEN, on: str = "2026-01-01", name: str = "Ada") -> Any:
    """The invoice over these lines."""
    contract = sold(company, lines, terms, on, name=name)
    return invoiced(company, contract["ref"], on)


def invoice(company: Company, amount: str, terms: str = NET_30, on: str = "2026-01-01", name: str = "Ada") -> str:
    """The number of an invoice over one amount without tax."""
    contract = signed(company, amount, terms, on, name=name)
    return str(invoiced(company, contract["ref"], on)["ref"])


def standing(company: Company, number: str = FIRST) -> tuple[str, str, str]:
    """Status, what is open, and what was taken as discount."""
    shown = company.ltc("show", number)
    return shown["status"], shown["balance"], shown["discounted"]


def allocations(payment: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(each["invoice"], each["amount"], each["paid"]) for each in payment["allocations"]]


# Early-payment discount

# As Odoo does it: 1000 at 15 %, 10 %. Included: off 1150. Excluded: off 1000. Mixed: tax on 900 from the start.
WAYS = [
    ("included", "150.00", "1150.00", "115.00", "1035.00"),
    ("excluded", "150.00", "1150.00", "100.00", "1050.00"),
    ("mixed", "135.00", "1135.00", "100.00", "1035.00"),
]


@pytest.mark.parametrize(("way", "tax", "total", "discount", "pay"), WAYS)
def test_in_time_the_discount_is_taken(
    way: str, tax: str, total: str, discount: str, pay: str, office: Callable[[str], Company]
) -> None:
    company = office(f"discount_tax: {way}\n")
    issued = bill(company, ["Work:1:1000:S15"])
    assert sums(issued) == ("1000.00", tax, total)
    assert (issued["discount_until"], issued["discount_percent"]) == ("2026-01-11", 0.1)
    assert (issued["discount_amount"], issued["discount_tax"]) == (discount, way)
    payment = company.ltc("collect", FIRST, pay, today="2026-01-05")
    assert f"discount of {discount} taken" in company.err
    assert (payment["status"], allocations(payment)) == ("applied", [(FIRST, pay, pay)])
    assert standing(company) == ("paid", "0.00", discount)
    assert balance(company, FIRST, "2026-01-04") == total


@pytest.mark.parametrize(("way", "tax", "total", "discount", "pay"), WAYS)
def test_the_last_day_counts_and_the_next_does_not(
    way: str, tax: str, total: str, discount: str, pay: str, office: Callable[[str], Company]
) -> None:
    company = office(f"discount_tax: {way}\n")
    bill(company, ["Work:1:1000:S15"])
    bill(company, ["Work:1:1000:S15"])
    assert company.ltc("collect", FIRST, today="2026-01-11")["amount"] == pay
    company.ltc("collect", SECOND, pay, today="2026-01-12")
    assert f"no discount of {discount}: it was offered until 2026-01-11; {discount} of {SECOND} is open" in company.err
    assert (standing(company), standing(company, SECOND)) == (
        ("paid", "0.00", discount),
        ("partly_paid", discount, "0.00"),
    )
    assert company.ltc("collect", SECOND, today="2026-01-13")["amount"] == discount


@pytest.mark.parametrize(("way", "tax", "total", "discount", "pay"), WAYS)
def test_late_all_of_it_is_to_be_paid(
    way: str, tax: str, total: str, discount: str, pay: str, office: Callable[[str], Company]
) -> None:
    company = office(f"discount_tax: {way}\n")
    bill(company, ["Work:1:1000:S15"])
    assert company.ltc("collect", FIRST, today="2026-01-12")["amount"] == total
    assert "discount" not in company.err
    assert standing(company) == ("paid", "0.00", "0.00")


def test_taxed_and_untaxed_lines_in_proportion(office: Callable[[str], Company]) -> None:
    """1150 and 2000: 10 % are 115, of which 15 tax, and 200. What is left to credit is net 2700 and tax 135."""
    company = office("")
    issued = bill(company, ["Work:1:1000:S15", "Book:1:2000:Z"])
    assert issued["total"] == "3150.00"
    assert company.ltc("collect", FIRST, today="2026-01-11")["amount"] == "2835.00"
    assert standing(company) == ("paid", "0.00", "315.00")
    assert sums(company.ltc("credit", FIRST, "--reason", "returned", today="2026-01-20")) == (
        "2700.00",
        "135.00",
        "2835.00",
    )
    assert standing(company) == ("credited", "0.00", "315.00")


def test_what_was_taken_as_discount_is_not_credited(office: Callable[[str], Company]) -> None:
    company = office("")
    bill(company, ["Work:1:1000:S15"])
    company.ltc("collect", FIRST, today="2026-01-11")
    refused = company.ltc("credit", FIRST, "1035.01", "--reason", "x", today="2026-01-20", fails=4)
    assert "1035.00 of INV-2026-0001 is left to credit: 115.00 was taken as discount" in refused["message"]
    # Half of what is left: 450 and 67.50.
    half = company.ltc("credit", FIRST, "517.50", "--reason", "half returned", today="2026-01-20")
    assert sums(half) == ("450.00", "67.50", "517.50")


@pytest.mark.parametrize(
    ("way", "credit", "pay"),
    [
        # 1035 left with the tax: 103.50 off.
        ("included", "115", "931.50"),
        # 900 net left: 90 off 1035.
        ("excluded", "115", "945.00"),
        # 100 and 13.50 credited: 1021.50 less 90.
        ("mixed", "113.50", "931.50"),
    ],
)
def test_a_credit_before_the_payment_reduces_the_discount(
    way: str, credit: str, pay: str, office: Callable[[str], Company]
) -> None:
    company = office(f"discount_tax: {way}\n")
    bill(company, ["Work:10:100:S15"])
    company.ltc("credit", FIRST, credit, "--reason", "one was broken", today="2026-01-03")
    assert company.ltc("collect", FIRST, today="2026-01-10")["amount"] == pay
    assert standing(company)[:2] == ("paid", "0.00")


def shipped(company: Company, lines: list[str], terms: str) -> str:
    """The number of an invoice over goods that have gone out."""
    contract = sold(company, lines, terms, "2026-01-01")
    company.ltc("ship", contract["ref"], today="2026-01-01")
    return str(invoiced(company, contract["ref"], "2026-01-01")["ref"])


@pytest.mark.parametrize(
    ("way", "one", "rest"),
    [
        # Ten at 100 and 15 % less 10 %: each of them 90 and 13.50.
        ("included", ("90.00", "13.50", "103.50"), ("810.00", "121.50", "931.50")),
        # The tax stays: 90 and 15.
        ("excluded", ("90.00", "15.00", "105.00"), ("810.00", "135.00", "945.00")),
        # 13.50 from the start.
        ("mixed", ("90.00", "13.50", "103.50"), ("810.00", "121.50", "931.50")),
    ],
)
@pytest.mark.parametrize("is_one_broken", [False, True])
def test_goods_that_were_paid_early_come_back_at_what_was_paid_for_them(
    way: str,
    one: tuple[str, str, str],
    rest: tuple[str, str, str],
    *,
    is_one_broken: bool,
    office: Callable[[str], Company],
) -> None:
    """With an eleventh one or without, that was credited before anything was paid."""
    company = office(f"discount_tax: {way}\n")
    number = shipped(company, [f"Pump:{11 if is_one_broken else 10}:100:S15"], "100% ship; net 30; 10%/10")
    if is_one_broken:
        company.ltc("credit", number, "--line", "1=1", "--reason", "broken", today="2026-01-02")
    company.ltc("collect", number, today="2026-01-11")
    given_back = [
        company.ltc("credit", number, "--line", f"1={count}", "--reason", "returned", today="2026-01-20")
        for count in ("1", "9")
    ]
    assert [sums(each) for each in given_back] == [one, rest]
    assert [each["lines"][0]["quantity"] for each in given_back] == ["1", "9"]
    assert standing(company, number)[0] == "credited"


def test_of_two_lines_that_were_paid_early_each_comes_back_at_what_was_paid(office: Callable[[str], Company]) -> None:
    company = office("")
    number = shipped(company, ["Pump:2:100:S15", "Hose:3:33.33:S15", "Book:1:50"], "100% ship; net 30; 10%/10")
    # 299.99 and 45.00, 50.00: 39.50 off 394.99, of it 34.50 of the taxed ones, which leaves 269.99 and 40.50.
    assert company.ltc("collect", number, today="2026-01-11")["amount"] == "355.49"
    # Two thirds of it for the pumps (179.994…), the rest for the hoses; tax 27.00 and 13.50; 45 for the book.
    given_back = [
        sums(company.ltc("credit", number, "--line", line, "--reason", "returned", today="2026-01-20"))
        for line in ("1=2", "3=1", "2=3")
    ]
    assert given_back == [("180.00", "27.00", "207.00"), ("45.00", "0.00", "45.00"), ("89.99", "13.50", "103.49")]


def test_in_two_payments_in_time(office: Callable[[str], Company]) -> None:
    company = office("")
    bill(company, ["Work:1:1000:S15", "Book:1:2000:Z"])
    company.ltc("collect", FIRST, "2000", today="2026-01-05")
    assert standing(company) == ("partly_paid", "1150.00", "0.00")
    assert company.ltc("collect", FIRST, today="2026-01-10")["amount"] == "835.00"
    assert standing(company) == ("paid", "0.00", "315.00")


@pytest.mark.parametrize(("first", "second"), [("2026-01-05", "2026-01-12"), ("2026-01-12", "2026-01-05")])
def test_in_two_payments_of_which_one_is_late(first: str, second: str, office: Callable[[str], Company]) -> None:
    """In whichever order they are booked: by the eleventh not all of it was there."""
    company = office("")
    bill(company, ["Work:1:1000:S15", "Book:1:2000:Z"])
    company.ltc("collect", FIRST, "2000", "--on", first, today="2026-01-15")
    company.ltc("collect", FIRST, "835", "--on", second, today="2026-01-15")
    assert standing(company) == ("partly_paid", "315.00", "0.00")


def test_all_instalments_are_to_be_paid_in_time(company: Company) -> None:
    number = invoice(company, "1000", "100% sign; due 50%+10d, 50%+40d; 2%/10")
    company.ltc("collect", number, "490", today="2026-01-11")
    assert standing(company) == ("partly_paid", "510.00", "0.00")
    assert company.ltc("collect", number, today="2026-01-11")["amount"] == "490.00"
    shown = company.ltc("show", number)
    assert (shown["status"], shown["paid"], shown["discounted"]) == ("paid", "980.00", "20.00")
    assert [each["balance"] for each in shown["instalments"]] == ["0.00", "0.00"]


def test_who_pays_all_of_it_takes_no_discount_and_who_pays_part_of_the_discount_takes_the_rest(
    company: Company,
) -> None:
    full, part, more = (invoice(company, "1000", TEN) for _ in range(3))
    company.ltc("collect", full, "1000", today="2026-01-05")
    company.ltc("collect", part, "960", today="2026-01-05")
    payment = company.ltc("collect", more, "1010", today="2026-01-05")
    assert (standing(company, full), standing(company, part), standing(company, more)) == (
        ("paid", "0.00", "0.00"),
        ("paid", "0.00", "40.00"),
        ("paid", "0.00", "0.00"),
    )
    assert payment["unapplied"] == "10.00"


def test_a_reversal_takes_the_discount_back_and_the_days_before_stay(office: Callable[[str], Company]) -> None:
    company = office("")
    bill(company, ["Work:1:1000:S15"])
    company.ltc("collect", FIRST, today="2026-01-05")
    before = [aging(company, day) for day in ("2026-01-04", "2026-01-05", "2026-01-07")]
    company.ltc("reverse", "P1", "--reason", "bounced", today="2026-01-08")
    assert standing(company) == ("open", "1150.00", "0.00")
    assert [aging(company, day) for day in ("2026-01-04", "2026-01-05", "2026-01-07")] == before
    assert owed(company, "2026-01-08") == {"current": "1150.00"}
    told = [(each["ref"], each["what"], each["amount"]) for each in company.ltc("show", FIRST)["thread"]][-2:]
    assert sorted(told) == [
        ("P1", f"discount taken back: {FIRST}", "-115.00"),
        ("P1", f"payment reversed: {FIRST}", "-1035.00"),
    ]
    assert company.ltc("collect", FIRST, today="2026-01-09")["amount"] == "1035.00"
    assert standing(company) == ("paid", "0.00", "115.00")


def test_after_a_late_reversal_the_discount_is_gone(office: Callable[[str], Company]) -> None:
    company = office("")
    bill(company, ["Work:1:1000:S15"])
    company.ltc("collect", FIRST, today="2026-01-05")
    company.ltc("reverse", "P1", "--reason", "bounced", today="2026-01-20")
    assert company.ltc("collect", FIRST, today="2026-01-21")["amount"] == "1150.00"


def test_the_discount_goes_with_any_of_its_payments(office: Callable[[str], Company]) -> None:
    """500 and 535 had earned it; 535 alone have not: 1150 less 535."""
    company = office("")
    bill(company, ["Work:1:1000:S15"])
    company.ltc("collect", FIRST, "500", today="2026-01-05")
    company.ltc("collect", FIRST, "535", today="2026-01-06")
    assert standing(company) == ("paid", "0.00", "115.00")
    company.ltc("reverse", "P1", "--reason", "bounced", today="2026-01-08")
    assert standing(company) == ("partly_paid", "615.00", "0.00")
    assert company.ltc("collect", FIRST, today="2026-01-09")["amount"] == "500.00"
    assert standing(company) == ("paid", "0.00", "115.00")


def test_a_payment_of_a_customer_takes_the_discounts_of_all_that_it_pays(office: Callable[[str], Company]) -> None:
    company = office("")
    bill(company, ["Work:1:1000:S15", "Book:1:2000:Z"])
    later = invoice(company, "1000", "100% sign; net 60", "2026-01-02")
    company.ltc("collect", "K1", "3000", today="2026-01-11")
    assert standing(company) == ("paid", "0.00", "315.00")
    assert balance(company, later) == "835.00"  # 3000 less 2835 are 165
    assert company.ltc("collect", "K1", today="2026-01-12")["amount"] == "835.00"


def test_without_an_amount_a_customer_or_contract_pays_the_discounted_sum(office: Callable[[str], Company]) -> None:
    company = office("")
    bill(company, ["Work:1:1000:S15", "Book:1:2000:Z"])
    bill(company, ["Work:1:1000:S15"], on="2026-01-02")
    assert company.ltc("collect", "C2", "--dry-run", today="2026-01-12")["amount"] == "1035.00"
    assert company.ltc("collect", "K1", "--dry-run", today="2026-01-12")["amount"] == "4185.00"  # 3150 and 1035
    assert company.ltc("collect", "K1", today="2026-01-11")["amount"] == "3870.00"  # 2835 and 1035


def test_an_instalment_of_another_invoice_in_between(company: Company) -> None:
    """1000 in 600 (11 January) and 400 (2 March) less 500 discount; 300 due on 1 February between them."""
    first = invoice(company, "1000", "100% sign; due 60%+10d, 40%+60d; 50%/10")
    between = invoice(company, "300", NET_30, "2026-01-02")
    payment = company.ltc("collect", "K1", "700", today="2026-01-10")
    assert allocations(payment) == [(first, "500.00", "500.00"), (between, "200.00", "200.00")]
    assert standing(company, first) == ("paid", "0.00", "500.00")


@pytest.mark.parametrize(
    ("paid", "on", "expected"),
    [
        ("980", "2026-01-12", ("partly_paid", "20.00", "0.00")),  # a discount taken too late
        ("975", "2026-01-12", ("partly_paid", "25.00", "0.00")),
        ("985", "2026-01-12", ("paid", "0.00", "0.00")),  # a little short
        ("979.99", "2026-01-11", ("paid", "0.00", "20.00")),  # in time, and a little short of 980
        ("929.99", "2026-01-11", ("partly_paid", "70.01", "0.00")),  # short of 980 by 50.01
    ],
)
def test_the_tolerance_is_not_for_late_discounts(
    paid: str, on: str, expected: tuple[str, str, str], office: Callable[[str], Company]
) -> None:
    company = office("tolerance: {EUR: {amount: 50, percent: 10}}\n")
    invoice(company, "1000", "100% sign; net 30; 2%/10")
    company.ltc("collect", FIRST, paid, today=on)
    assert standing(company) == expected


def test_credit_that_is_applied_in_time_takes_the_discount(office: Callable[[str], Company]) -> None:
    """What counts is the day on which the invoice is settled."""
    company = office("")
    for _ in range(2):
        bill(company, ["Work:1:1000:S15"])
    assert company.ltc("collect", "C1", "3000", today="2026-01-02")["unapplied"] == "1850.00"
    applied = company.ltc("apply", "P1", SECOND, today="2026-01-11")
    assert allocations(applied) == [(FIRST, "1150.00", "1150.00"), (SECOND, "1035.00", "1035.00")]
    assert "discount of 115.00 taken" in company.err
    third = bill(company, ["Work:1:1000:S15"], on="2026-01-12")["ref"]
    company.ltc("apply", "P1", third, today="2026-01-23")
    assert standing(company, third) == ("partly_paid", "335.00", "0.00")  # 1150 less 815


@pytest.mark.parametrize(
    ("way", "total", "tax", "pay"),
    [
        ("included", "115.00", "15.00", "103.50"),
        ("excluded", "115.00", "15.00", "105.00"),  # 10 % of 100
        # The price stays 115: tax inside at 13.5 % is 13.68 (115 × 0.135 ÷ 1.135), 10 % of 101.32 are 10.13.
        ("mixed", "115.00", "13.68", "104.87"),
    ],
)
def test_prices_with_tax_in_them(way: str, total: str, tax: str, pay: str, office: Callable[[str], Company]) -> None:
    company = office(f"discount_tax: {way}\n")
    issued = bill(company, ["Book:1:115:I15"])
    assert (issued["total"], issued["tax"]) == (total, tax)
    assert company.ltc("collect", FIRST, today="2026-01-11")["amount"] == pay


def test_mixed_part_invoices_make_one_whole(office: Callable[[str], Company]) -> None:
    """100 at 7 % with 2 %: tax 6.86. Thirds 33.33, 33.34, 33.33: 2.29 (2.2864), 2.29 (2.2871), the rest 2.28."""
    company = office("discount_tax: mixed\n")
    sold(company, ["Work:1:100:S7"], "3 x monthly from sign; net 30; 2%/10", "2026-01-01")
    parts = [invoiced(company, "C1", day) for day in ("2026-01-01", "2026-02-01", "2026-03-01")]
    assert [sums(each) for each in parts] == [
        ("33.33", "2.29", "35.62"),
        ("33.34", "2.29", "35.63"),
        ("33.33", "2.28", "35.61"),
    ]
    assert [each["discount_amount"] for each in parts] == ["0.67", "0.67", "0.67"]


def test_all_invoices_of_a_contract_treat_the_tax_as_the_first(office: Callable[[str], Company]) -> None:
    company = office("discount_tax: mixed\n")
    sold(company, ["Work:1:1000:S15"], "50% sign, 50% ship; net 30; 10%/10", "2026-01-01")
    assert sums(invoiced(company, "C1", "2026-01-01")) == ("500.00", "67.50", "567.50")
    company.config_path.write_text(f"{TAXES}discount_tax: included\n", encoding="utf-8")
    company.ltc("ship", "C1", today="2026-02-01")
    assert sums(invoiced(company, "C1", "2026-02-01")) == ("500.00", "67.50", "567.50")


@pytest.mark.parametrize(
    ("amount", "terms", "discount", "pay"),
    [
        ("99.99", "100% sign; 2%/10", "2.00", "97.99"),  # 1.9998
        ("0.05", "100% sign; 10%/10", "0.01", "0.04"),  # half a cent, up
        ("0.04", "100% sign; 10%/10", None, "0.04"),  # 0.004: nothing is offered
        ("JPY 10001", "100% sign; 3%/10", "300", "9701"),  # 300.03
        ("KWD 0.01", "100% sign; 2.5%/10", None, "0.010"),  # a quarter of a fils
        ("1000", "100% sign; 0.5%/0", "5.00", "995.00"),  # on the day of the invoice alone
    ],
)
def test_a_discount_is_rounded_half_up(
    amount: str, terms: str, discount: str | None, pay: str, company: Company
) -> None:
    number = invoice(company, amount, terms)
    assert company.ltc("show", number)["discount_amount"] == discount
    assert company.ltc("collect", number, today="2026-01-01")["amount"] == pay
    assert company.ltc("show", number)["status"] == "paid"


# Credit after a partial payment, overpayment, refund and re-application


def test_a_credit_after_a_partial_payment(company: Company) -> None:
    """200 in 60, 100 and 40, of which 40 are paid; a credit of 100 leaves 20 and 40."""
    number = invoice(company, "200", "100% sign; due 60+10d, 100+20d, rest+30d")
    company.ltc("collect", number, "40", today="2026-01-02")
    company.ltc("credit", number, "100", "--reason", "too dear", today="2026-01-03")
    shown = company.ltc("show", number)
    assert instalments(shown) == [("60.00", "2026-01-11"), ("100.00", "2026-01-21"), ("40.00", "2026-01-31")]
    assert [each["balance"] for each in shown["instalments"]] == ["0.00", "20.00", "40.00"]


def test_overpaid_refunded_and_applied_again(company: Company) -> None:
    first = invoice(company, "100")
    company.ltc("collect", first, "175", today="2026-01-05")
    company.ltc("refund", "P1", "50", today="2026-01-06")
    second = invoice(company, "60", on="2026-01-07")
    applied = company.ltc("apply", "P1", second, today="2026-01-08")
    assert (applied["refunded"], applied["unapplied"]) == ("50.00", "0.00")
    assert allocations(applied) == [(first, "100.00", "100.00"), (second, "25.00", "25.00")]
    assert [owed(company, f"2026-01-0{day}") for day in (4, 5, 6, 7, 8)] == [
        {"current": "100.00"},
        {"unapplied": "-75.00"},
        {"unapplied": "-25.00"},
        {"current": "60.00", "unapplied": "-25.00"},
        {"current": "35.00"},
    ]


def test_credit_settles_later_invoices_by_itself_where_the_config_says_so(office: Callable[[str], Company]) -> None:
    """60 and 70 are there, and 30 of a credit note: 100 take 60 and 40, 50 the other 30 and 20."""
    company = office("auto_apply: true\n")
    signed(company, "100", "100% 2026-02-01; net 30", "2026-01-01")
    for amount, day in (("60", "05"), ("70", "06")):
        company.ltc("collect", "K1", amount, today=f"2026-01-{day}")
    first = invoiced(company, "C1", "2026-02-01")
    assert (first["status"], first["paid"], first["balance"]) == ("paid", "100.00", "0.00")
    assert "P1 is applied to INV-2026-0001" in company.err
    company.ltc("credit", first["ref"], "30", "--reason", "dear", today="2026-02-02")
    signed(company, "50", "100% sign; net 30", "2026-02-03")
    signed(company, "USD 9", "100% sign", "2026-02-03")
    second, dollars = company.ltc("invoice", "--due", today="2026-02-03")
    assert (second["status"], second["paid"], second["credited"]) == ("paid", "30.00", "20.00")
    assert dollars["status"] == "open"
    assert [owed(company, day).get("unapplied") for day in ("2026-01-31", "2026-02-01", "2026-02-02")] == [
        "-130.00",
        "-30.00",
        "-60.00",
    ]
    assert company.ltc("show", "CN-2026-0001")["unapplied"] == "10.00"


def test_a_refund_that_came_back(company: Company) -> None:
    company.ltc("collect", invoice(company, "100"), "150", today="2026-01-05")
    company.ltc("refund", "P1", "30", today="2026-01-06")
    company.ltc("refund", "P1", "20", today="2026-01-07")
    refused = company.ltc("reverse", "P1", "--reason", "bounced", today="2026-01-08", fails=4)
    assert "refund P1 --undo" in refused["hint"]
    back = company.ltc("refund", "P1", "--undo", "--reason", "account closed", today="2026-01-08")
    assert (back["refunded"], back["unapplied"]) == ("30.00", "20.00")
    assert "the refund of 20.00 of 2026-01-07 is undone" in company.err
    company.ltc("refund", "P1", "--undo", "--reason", "account closed", today="2026-01-09")
    assert company.ltc("refund", "P1", "--undo", "--reason", "again", today="2026-01-09")["unapplied"] == "50.00"
    assert "nothing of P1 is paid back" in company.err
    assert [owed(company, f"2026-01-0{day}") for day in (6, 7, 8, 9)] == [
        {"unapplied": "-20.00"},
        {},
        {"unapplied": "-20.00"},
        {"unapplied": "-50.00"},
    ]
    assert company.ltc("reverse", "P1", "--reason", "bounced", today="2026-01-10")["status"] == "reversed"
    assert owed(company, "2026-01-10") == {"current": "100.00"}


def test_nothing_is_paid_back_before_a_refund_came_back(company: Company) -> None:
    company.ltc("collect", invoice(company, "100"), "150", today="2026-01-05")
    company.ltc("refund", "P1", today="2026-01-06")
    company.ltc("refund", "P1", "--undo", "--reason", "account closed", today="2026-01-09")
    refused = company.ltc("refund", "P1", "10", "--on", "2026-01-08", today="2026-01-10", fails=2)
    assert refused["message"] == "a refund of P1 came back on 2026-01-09: it cannot be paid back before"
    company.ltc("refund", "P1", "10", "--on", "2026-01-09", today="2026-01-10")
    assert [owed(company, f"2026-01-0{day}") for day in (8, 9)] == [{}, {"unapplied": "-40.00"}]


def test_a_payment_as_of_any_day(company: Company) -> None:
    """The day before it came it is not there; then it holds 150, of which 100 settle the invoice a day later."""
    contract = signed(company, "100", "100% 2026-01-06; net 30", "2026-01-01")
    company.ltc("collect", contract["ref"], "150", today="2026-01-05")
    number = invoiced(company, contract["ref"], "2026-01-06")["ref"]
    company.ltc("apply", "P1", number, today="2026-01-06")
    company.ltc("refund", "P1", "20", today="2026-01-07")
    company.ltc("refund", "P1", "--undo", "--reason", "closed", today="2026-01-08")
    company.ltc("reverse", "P1", "--reason", "bounced", today="2026-01-09")
    assert "not there yet" in company.ltc("show", "P1", "--as-of", "2026-01-04", fails=3)["message"]
    days = [company.ltc("show", "P1", "--as-of", f"2026-01-0{day}") for day in (5, 6, 7, 8, 9)]
    assert [(day["status"], day["unapplied"], day["refunded"], allocations(day)) for day in days] == [
        ("unapplied", "150.00", "0.00", []),
        ("unapplied", "50.00", "0.00", [(number, "100.00", "100.00")]),
        ("unapplied", "30.00", "20.00", [(number, "100.00", "100.00")]),
        ("unapplied", "50.00", "0.00", [(number, "100.00", "100.00")]),
        ("reversed", "0.00", "0.00", []),
    ]


def test_a_refund_of_a_credit_note_that_came_back(company: Company) -> None:
    number = invoice(company, "100")
    company.ltc("collect", number, today="2026-01-05")
    company.ltc("credit", number, "40", "--reason", "dear", today="2026-01-06")
    company.ltc("refund", "CN-2026-0001", today="2026-01-07")
    back = company.ltc("refund", "CN-2026-0001", "--undo", "--reason", "wrong account", today="2026-01-08")
    assert (back["status"], back["refunded"], back["unapplied"]) == ("unapplied", "0.00", "40.00")
    assert [row["amount"] for row in company.ltc("funnel", "--as-of", "2026-01-07")][-1] == "60.00"
    assert [row["amount"] for row in company.ltc("funnel", "--as-of", "2026-01-08")][-1] == "100.00"


def test_a_write_off_that_was_undone(company: Company) -> None:
    number = invoice(company, "100")
    company.ltc("collect", number, "10", today="2026-01-02")
    company.ltc("writeoff", number, "20", "--reason", "small", today="2026-01-03")
    company.ltc("writeoff", number, "--reason", "insolvent", today="2026-01-04")
    back = company.ltc("writeoff", number, "--undo", "--reason", "they pay after all", today="2026-01-10")
    assert (back["status"], back["balance"], back["written_off"]) == ("partly_paid", "90.00", "0.00")
    assert [balance(company, number, f"2026-01-{day}") for day in ("02", "03", "04", "09", "10")] == [
        "90.00",
        "70.00",
        "0.00",
        "0.00",
        "90.00",
    ]
    assert "write-off reversed: they pay after all" in [each["what"] for each in company.ltc("show", number)["thread"]]
    company.ltc("writeoff", number, "--undo", "--reason", "again", today="2026-01-11")
    assert f"nothing of {number} is written off" in company.err
    assert company.ltc("collect", number, today="2026-01-12")["amount"] == "90.00"
    # Nothing was given up in the end, so all of it can be credited.
    assert company.ltc("credit", number, "--reason", "returned", today="2026-01-13")["total"] == "100.00"


def test_what_was_short_within_the_tolerance_goes_with_its_payment_alone(office: Callable[[str], Company]) -> None:
    company = office("tolerance: {EUR: {amount: 0.05}}\n")
    invoice(company, "100")
    company.ltc("collect", FIRST, "99.96", today="2026-01-02")
    company.ltc("writeoff", FIRST, "--undo", "--reason", "no", today="2026-01-03")
    assert standing(company)[:2] == ("paid", "0.00")
    company.ltc("reverse", "P1", "--reason", "bounced", today="2026-01-04")
    assert balance(company, FIRST) == "100.00"


# Payments in another currency: 1 USD = 0.92 EUR from January, 0.90 EUR from February


@pytest.fixture
def trader(company: Company) -> Company:
    company.ltc("lead", "add", "Nobody", today="2025-12-01")
    company.ltc("rate", "USD", "0.92", "--on", "2026-01-01")
    company.ltc("rate", "USD", "0.90", "--on", "2026-02-01")
    return company


def test_a_payment_is_converted_at_the_rate_of_its_day(trader: Company) -> None:
    number = invoice(trader, "100")
    payment = trader.ltc("collect", number, "50", "--currency", "USD", today="2026-01-31")
    assert (payment["amount"], payment["currency"], payment["unapplied"]) == ("50.00", "USD", "0.00")
    assert payment["allocations"] == [{"invoice": number, "amount": "46.00", "currency": "EUR", "paid": "50.00"}]
    assert balance(trader, number) == "54.00"
    # 54 at 0.90 are 60.
    rest = trader.ltc("collect", number, "--currency", "USD", today="2026-02-01")
    assert (rest["amount"], allocations(rest)) == ("60.00", [(number, "54.00", "60.00")])
    assert trader.ltc("show", number)["status"] == "paid"
    assert [owed(trader, day) for day in ("2026-01-30", "2026-01-31", "2026-02-01")] == [
        {"current": "100.00"},
        {"current": "54.00"},
        {},
    ]


@pytest.mark.parametrize("amount", ["USD 50", "50 USD", "50"])
def test_the_currency_as_people_type_it(amount: str, trader: Company) -> None:
    number = invoice(trader, "100")
    option = ("--currency", "usd") if amount == "50" else ()
    assert trader.ltc("collect", number, amount, *option, today="2026-01-05")["currency"] == "USD"
    assert balance(trader, number) == "54.00"


def test_what_is_over_is_credit_in_the_currency_of_the_payment(trader: Company) -> None:
    """120 USD are 110.40 EUR. 100 EUR take 108.70 of them (108.6957); 11.30 are left."""
    number = invoice(trader, "100")
    payment = trader.ltc("collect", number, "USD 120", today="2026-01-05")
    assert (allocations(payment), payment["unapplied"]) == ([(number, "100.00", "108.70")], "11.30")
    assert aging(trader, "2026-01-05") == {("K1", "USD"): {"unapplied": "-11.30"}}
    # Applied in February at the rate of the payment's day: 11.30 × 0.92 = 10.396.
    second = invoice(trader, "50", on="2026-02-02")
    applied = trader.ltc("apply", "P1", second, today="2026-02-03")
    assert allocations(applied)[1] == (second, "10.40", "11.30")
    assert (applied["unapplied"], balance(trader, second)) == ("0.00", "39.60")


def test_it_is_refunded_in_the_currency_of_the_payment(trader: Company) -> None:
    trader.ltc("collect", invoice(trader, "100"), "USD 120", today="2026-01-05")
    trader.ltc("refund", "P1", "1.30", today="2026-01-06")
    trader.ltc("refund", "P1", "10.01", today="2026-01-06", fails=4)
    assert trader.ltc("refund", "P1", today="2026-01-06")["refunded"] == "11.30"
    assert aging(trader, "2026-01-06") == {}


@pytest.mark.parametrize(
    ("amount", "open_", "unapplied"),
    [
        ("108.71", "0.00", "0.01"),  # 100.0132: over by more than a cent of a dollar, 0.0092
        ("108.70", "0.00", "0.00"),  # 100.004
        ("108.69", "0.00", "0.00"),  # 99.9948: short by less than a cent of a dollar
        ("108.68", "0.01", "0.00"),  # 99.9856: short by more
    ],
)
def test_less_than_a_cent_is_no_difference(amount: str, open_: str, unapplied: str, trader: Company) -> None:
    number = invoice(trader, "100")
    payment = trader.ltc("collect", number, f"USD {amount}", today="2026-01-05")
    assert (balance(trader, number), payment["unapplied"]) == (open_, unapplied)


def test_the_parts_of_a_payment_sum_to_it(trader: Company) -> None:
    """Of 100 USD, at 0.92, 66.67 EUR in two instalments take 72.47 (72.4674), and the rest goes on 80 EUR."""
    first, second = (invoice(trader, amount, "100% sign; due 50%+10d, 50%+20d") for amount in ("66.67", "80"))
    payment = trader.ltc("collect", first, "USD 100", today="2026-01-05")
    assert (allocations(payment), payment["unapplied"]) == ([(first, "66.67", "72.47")], "27.53")
    applied = trader.ltc("apply", "P1", second, today="2026-01-06")
    # 27.53 × 0.92 = 25.3276
    assert (allocations(applied)[1], applied["unapplied"]) == ((second, "25.33", "27.53"), "0.00")


def test_without_a_rate_nothing_is_booked(company: Company) -> None:
    number = invoice(company, "100")
    refused = company.ltc("collect", number, "USD 50", today="2026-01-05", fails=4)
    assert refused["message"] == "there is no rate of USD on 2026-01-05"
    assert refused["hint"] == "ltc rate USD NUMBER --on 2026-01-05"
    company.ltc("rate", "USD", "0.92", "--on", "2026-01-06")
    company.ltc("collect", number, "USD 50", today="2026-01-05", fails=4)
    assert company.ltc("list", "payments") == []
    assert company.ltc("collect", number, "USD 50", today="2026-01-06")["ref"] == "P1"


def test_two_foreign_currencies_are_crossed_through_the_base(trader: Company) -> None:
    """100 GBP at 1.15 are 115 EUR, and 125 USD at 0.92. At 1.20 they are 130.43 USD: 120 − 115 is the gain."""
    trader.ltc("rate", "GBP", "1.15", "--on", "2026-01-01")
    trader.ltc("rate", "GBP", "1.20", "--on", "2026-01-10")
    first, second = (invoice(trader, "GBP 100") for _ in range(2))
    payment = trader.ltc("collect", first, "--currency", "USD", today="2026-01-05")
    assert (payment["amount"], payment["gain"], payment["gain_currency"]) == ("125.00", "0.00", "EUR")
    payment = trader.ltc("collect", second, "--currency", "USD", today="2026-01-12")
    assert (payment["amount"], payment["gain"]) == ("130.43", "5.00")


@pytest.mark.parametrize(("on", "gain"), [("2026-01-31", "0.00"), ("2026-02-01", "-2.00")])
def test_what_is_paid_in_its_own_currency_may_gain_or_lose(on: str, gain: str, trader: Company) -> None:
    """100 USD, invoiced at 0.92 and paid at 0.90."""
    payment = trader.ltc("collect", invoice(trader, "USD 100"), today=on)
    assert (payment["gain"], payment["gain_currency"]) == (gain, "EUR")


def test_gains_of_parts(trader: Company) -> None:
    """At 0.95: 31.66 − 30.66 and 63.34 − 61.34 (92.00 less 30.66)."""
    trader.ltc("rate", "USD", "0.95", "--on", "2026-01-10")
    number = invoice(trader, "USD 100")
    assert trader.ltc("collect", number, "33.33", today="2026-01-10")["gain"] == "1.00"
    assert trader.ltc("collect", number, today="2026-01-11")["gain"] == "2.00"


def test_an_invoice_in_dollars_paid_in_euros(trader: Company) -> None:
    """Invoiced at 0.92; 90 EUR are 100 USD in February: a loss of 2."""
    payment = trader.ltc("collect", invoice(trader, "USD 100"), "--currency", "EUR", today="2026-02-05")
    assert (payment["amount"], allocations(payment)) == ("90.00", [("INV-2026-0001", "100.00", "90.00")])
    assert (payment["gain"], payment["gain_currency"]) == ("-2.00", "EUR")


def test_without_a_rate_no_gain_is_known(company: Company) -> None:
    number = invoice(company, "USD 100")
    company.ltc("rate", "USD", "0.90", "--on", "2026-01-10")
    payment = company.ltc("collect", number, today="2026-01-11")
    assert (payment["gain"], payment["gain_currency"]) == (None, None)


def test_in_base_currency_there_is_no_gain(trader: Company) -> None:
    assert trader.ltc("collect", invoice(trader, "100"), today="2026-01-11")["gain"] is None


def test_a_foreign_payment_that_is_reversed(trader: Company) -> None:
    number = invoice(trader, "USD 100")
    trader.ltc("collect", number, "EUR 99", today="2026-02-05")  # 110 USD: 9 EUR are left
    before = aging(trader, "2026-02-05")
    assert before == {("K1", "EUR"): {"unapplied": "-9.00"}}
    back = trader.ltc("reverse", "P1", "--reason", "bounced", today="2026-02-06")
    assert (back["gain"], back["unapplied"], back["allocations"]) == (None, "0.00", [])
    assert aging(trader, "2026-02-05") == before
    assert aging(trader, "2026-02-06") == {("K1", "USD"): {"1-30": "100.00"}}


def test_a_foreign_payment_in_time_takes_the_discount(trader: Company) -> None:
    """1150 less 115 are 1035 EUR: 1125 USD at 0.92."""
    number = invoice(trader, "1150", TEN)
    assert trader.ltc("collect", number, "--currency", "USD", today="2026-01-11")["amount"] == "1125.00"
    assert standing(trader) == ("paid", "0.00", "115.00")


def test_a_customer_pays_what_it_owes_in_the_currency_of_the_payment(trader: Company) -> None:
    """What is owed in another currency is paid by name."""
    euros, dollars = invoice(trader, "100"), invoice(trader, "USD 50")
    payment = trader.ltc("collect", "K1", "USD 70", today="2026-01-05")
    assert (allocations(payment), payment["unapplied"]) == ([(dollars, "50.00", "50.00")], "20.00")
    trader.ltc("apply", "P1", euros, today="2026-01-05")
    assert balance(trader, euros) == "81.60"  # 20 × 0.92 = 18.40


def test_yen_for_euros(trader: Company) -> None:
    trader.ltc("rate", "JPY", "0.0062", "--on", "2026-01-01")
    number = invoice(trader, "JPY 10000")
    payment = trader.ltc("collect", number, "--currency", "EUR", today="2026-01-05")
    assert (payment["amount"], allocations(payment)) == ("62.00", [(number, "10000", "62.00")])
    assert trader.ltc("show", number)["status"] == "paid"


def test_a_credit_note_counts_at_the_rate_of_its_invoice(trader: Company) -> None:
    """1000 USD at 0.92, 400 credited and 600 paid at 0.90: 552.00 are invoiced, not 920 − 360; 540.00 paid, 12.00 lost.

    The credit changes what was asked, not the day on which it was.
    """
    number = invoice(trader, "USD 1000", NET_30, "2026-01-05")
    trader.ltc("credit", number, "400", "--reason", "scratched", today="2026-02-05")
    assert trader.ltc("funnel", "--as-of", "2026-02-04")[-2]["amount"] == "920.00"
    assert trader.ltc("funnel", "--as-of", "2026-02-05")[-2]["amount"] == "552.00"
    payment = trader.ltc("collect", number, "USD 600", today="2026-02-10")
    assert (payment["gain"], payment["gain_currency"]) == ("-12.00", "EUR")
    assert trader.ltc("funnel", "--as-of", "2026-02-10")[-1]["amount"] == "540.00"


def test_the_refund_of_a_credit_note_lowers_what_was_collected_at_the_rate_of_the_payment(trader: Company) -> None:
    """1000 USD invoiced and paid at 0.92, 400 credited and paid back at 0.90: 552.00 stay, nothing is gained."""
    number = invoice(trader, "USD 1000", NET_30, "2026-01-05")
    payment = trader.ltc("collect", number, today="2026-01-20")
    trader.ltc("credit", number, "400", "--reason", "scratched", today="2026-02-05")
    trader.ltc("refund", "CN-2026-0001", today="2026-02-06")
    assert [row["amount"] for row in trader.ltc("funnel", "--as-of", "2026-02-06")[-2:]] == ["552.00", "552.00"]
    assert payment["gain"] == trader.ltc("show", "P1")["gain"] == "0.00"


# Reports in one currency


def test_rupiah_and_dollars(office: Callable[[str], Company]) -> None:
    """Rp150,000 and $10 at 14,000 are 290,000 IDR; without a rate they are two rows."""
    company = office("currency: IDR\n")
    for amount in ("150000", "USD 10"):
        invoice(company, amount)
    asked = ("aging", "--as-of", "2026-01-20")
    assert [(row["currency"], row["total"]) for row in company.ltc(*asked)] == [
        ("IDR", "150000.00"),
        ("USD", "10.00"),
    ]
    assert company.ltc(*asked, "--in", "IDR", fails=4)["hint"] == "ltc rate USD NUMBER --on 2026-01-20"
    company.ltc("rate", "USD", "14000", "--on", "2026-01-15")
    company.ltc("rate", "USD", "15000", "--on", "2026-01-21")
    (row,) = company.ltc(*asked, "--in", "idr")
    assert (row["currency"], row["total"], row["invoices"]) == ("IDR", "290000.00", 2)
    assert "1 USD = 14000 IDR of 2026-01-15" in company.err
    company.run(*asked, "--in", "USD")
    assert company.out.splitlines()[-1].split()[-2:] == ["20.71", "2"]  # 150,000 ÷ 14,000 = 10.714
    (account,) = company.ltc("statement", "K1", "--in", "USD", "--until", "2026-01-20")
    assert account["movements"][0]["text"].endswith(", 150,000.00 IDR")


def test_what_is_worth_little_is_said_as_a_ratio(office: Callable[[str], Company]) -> None:
    """17,500 rupiah for a euro: 17.5 million are 1000.00 exactly, and 0.000057 would make 997.50 of them."""
    company = office("")
    company.ltc("init", "--yes", today="2026-01-01")
    assert company.ltc("rate", "IDR", "1/17500", today="2026-01-01")["rate"] == "0.000057142857"
    number = invoice(company, "IDR 17500000")
    (row,) = company.ltc("aging", "--in", "EUR", "--as-of", "2026-01-01")
    assert row["total"] == "1000.00"
    payment = company.ltc("collect", number, "1000", "--currency", "EUR", today="2026-01-01")
    assert allocations(payment) == [(number, "17500000.00", "1000.00")]


def test_a_ledger_is_not_converted(company: Company) -> None:
    number = invoice(company, "100")
    assert company.ltc("show", number)["balance"] == "100.00"
    assert company.ltc("export", "ledger", "--in", "USD", fails=2)["message"] == "export ledger takes no --in"


def test_buckets_in_one_currency_sum_to_the_total(trader: Company) -> None:
    """1.11 USD in three buckets: 1.0212 EUR each, 1.02; 3.06, though 3.33 USD would be 3.0636."""
    for on in ("2026-01-01", "2026-01-15"):
        invoice(trader, "USD 1.11", "100% sign; net 10", on)
    invoice(trader, "USD 1.11", NET_30, "2026-01-20")
    trader.ltc("collect", "K1", "CHF 1", "--on", "2026-01-20")
    refused = trader.ltc("aging", "--as-of", "2026-01-20", "--in", "EUR", "--buckets", "5", fails=4)
    assert "CHF" in refused["message"]
    trader.ltc("rate", "CHF", "1.05", "--on", "2026-01-20")
    (row,) = trader.ltc("aging", "--as-of", "2026-01-30", "--in", "EUR", "--buckets", "6")
    parts = [row[key] for key in ("current", "1-6", "6+", "unapplied", "total")]
    # Due on 11, 25 January and 19 February; 1 CHF are 1.05 EUR.
    assert parts == ["1.02", "1.02", "1.02", "-1.05", "2.01"]


def test_a_statement_in_one_currency_closes_with_aging_in_it(trader: Company) -> None:
    """At 0.30: 1.11 USD are 0.333, 0.33; less 0.55 USD leave 0.56, 0.168, 0.17; less 0.35 leave 0.21, 0.063, 0.06."""
    trader.ltc("rate", "USD", "0.30", "--on", "2026-02-01")
    invoice(trader, "USD 1.11", NET_30, "2026-01-05")
    invoice(trader, "10", NET_30, "2026-01-10")
    for amount, on in (("0.55", "2026-01-20"), ("0.35", "2026-01-25")):
        trader.ltc("collect", "INV-2026-0001", amount, "--on", on)
    (account,) = trader.ltc("statement", "K1", "--in", "EUR", "--until", "2026-02-10")
    assert "1 USD = 0.3 EUR of 2026-02-01" in trader.err
    assert [(each["on"], each["debit"], each["credit"], each["balance"]) for each in account["movements"]] == [
        ("2026-01-05", "0.33", None, "0.33"),
        ("2026-01-10", "10.00", None, "10.33"),
        ("2026-01-20", None, "0.16", "10.17"),
        ("2026-01-25", None, "0.11", "10.06"),
    ]
    assert account["movements"][0]["text"] == "invoice, due 2026-02-04, 1.11 USD"
    assert (account["currency"], account["opening"], account["closing"]) == ("EUR", "0.00", "10.06")
    (row,) = trader.ltc("aging", "--in", "EUR", "--as-of", "2026-02-10")
    assert (row["total"], row["1-30"], row["current"]) == ("10.06", "10.06", "0.00")
    (part,) = trader.ltc("statement", "K1", "--in", "EUR", "--since", "2026-01-21", "--as-of", "2026-02-10")
    assert (part["opening"], part["closing"], len(part["movements"])) == ("10.17", "10.06", 1)


def test_a_statement_without_a_rate_is_refused_and_says_how_to_give_one(trader: Company) -> None:
    invoice(trader, "CHF 5", NET_30, "2026-01-05")
    error = trader.ltc("statement", "K1", "--in", "EUR", "--until", "2026-01-31", fails=4)
    assert (error["message"], error["hint"]) == (
        "there is no rate of CHF on 2026-01-31",
        "ltc rate CHF NUMBER --on 2026-01-31",
    )
    assert trader.ltc("statement", "K1", "--in", "CHF")[0]["closing"] == "5.00"


def test_the_funnel_and_the_list_of_today_in_one_currency(trader: Company) -> None:
    number = invoice(trader, "92", "100% sign; net 10")
    assert trader.ltc("funnel", "--as-of", "2026-01-20", "--in", "USD")[-2]["amount"] == "100.00"
    (overdue,) = [row for row in trader.ltc("today", "--in", "USD", today="2026-01-20") if row["what"] == "overdue"]
    assert (overdue["ref"], overdue["amount"], overdue["currency"]) == (number, "100.00", "USD")
    assert "1 USD = 0.92 EUR of 2026-01-01" in trader.err


def test_only_reports_come_in_another_currency(trader: Company) -> None:
    assert trader.ltc("list", "invoices", "--in", "USD", fails=2)["message"] == "list takes no --in"
    trader.ltc("aging", "--in", "ducats", fails=2)
