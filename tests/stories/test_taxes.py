"""Taxes: by line or by document, on top or within, and parts of a contract that equal the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stories.telling import audit, instalments, invoiced, quoted, signed, sold, sums
from tests.support import Company

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CODES = ("S5: 5%", "S55: 5.5%", "R7: 7%", "S15: 15%", "S19: 19%", "S23: 23%")

CONFIG = "taxes:\n" + "".join(
    [
        "  Z: {rate: 0%, category: Z}\n",
        *(f"  {code.replace(': ', ': {rate: ')}, category: S}}\n" for code in CODES),
        "  I19: {rate: 19%, category: S, inclusive: true}\n",
        "  I7: {rate: 7%, category: S, inclusive: true}\n",
    ]
)


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    company = Company(tmp_path, config=CONFIG)
    yield company
    audit(company)


@pytest.fixture
def german(tmp_path: Path) -> Iterator[Company]:
    """A company whose every line is taxed at 19 % unless it says otherwise."""
    company = Company(tmp_path, config=CONFIG + "tax: S19\n")
    yield company
    audit(company)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Company]:
    """A company whose prices have 19 % in them."""
    company = Company(tmp_path, config=CONFIG + "tax: I19\n")
    yield company
    audit(company)


def parts(company: Company, contract: str, days: list[str]) -> list[tuple[str, str, str]]:
    """Net, tax and total of the one invoice of each day."""
    return [sums(invoiced(company, contract, day)) for day in days]


TWO = ["Pen:1:55.55:S23", "Ink:1:11.11:S23"]
FIVE = [f"Part:25:{price}" for price in ("0.333", "0.333", "1.333", "0.267", "0.05")]
DESKS = ["Desk:1:8000:S5", "Chair:1:9500:S5"]
TEN = ["Bun:1:3.60:S55"] * 10


@pytest.mark.parametrize(
    ("lines", "policy", "discount", "expected"),
    [
        # 12.7765 → 12.78 and 2.5553 → 2.56; 23 % of 66.66 is 15.3318.
        (TWO, "line", None, ("66.66", "15.34", "82.00")),
        (TWO, "document", None, ("66.66", "15.33", "81.99")),
        (TWO, "unrounded", None, ("66.66", "15.33", "81.99")),
        # 8.325 → 8.33, twice; 33.325 → 33.33; 6.675 → 6.68; 1.25. Unrounded: 25 × 2.316 = 57.90.
        (FIVE, "document", None, ("57.92", "0.00", "57.92")),
        (FIVE, "unrounded", None, ("57.90", "0.00", "57.90")),
        # The discount of 14191 is 6487.314… and the rest: 1512.69 and 1796.31, 5 % of them 75.6345 and 89.8155.
        (DESKS, "line", "14191", ("3309.00", "165.45", "3474.45")),
        (DESKS, "document", "14191", ("3309.00", "165.45", "3474.45")),
        # 0.198 → 0.20 ten times; 5.5 % of 36.00 is 1.98.
        (TEN, "line", None, ("36.00", "2.00", "38.00")),
        (TEN, "document", None, ("36.00", "1.98", "37.98")),
        # Within: 3.60 / 1.19 leaves a tax of 0.57479 → 0.57 a line; of 10.80 it is 1.72437 → 1.72.
        (["Bun:1:3.60:I19"] * 3, "line", None, ("9.09", "1.71", "10.80")),
        (["Bun:1:3.60:I19"] * 3, "document", None, ("9.08", "1.72", "10.80")),
        # Codes of their own: 19 % of 100.00, 7 % of 50.05 = 3.5035, nothing on 7.00.
        (["Book:1:50.05:R7", "Pen:1:100:S19", "Gift:1:7"], "document", None, ("157.05", "22.50", "179.55")),
        # On top and within on one quote: 100 + 19.00, and 119.00 with 19.00 in it.
        (["Pen:1:100:S19", "Ink:1:119:I19"], "document", None, ("200.00", "38.00", "238.00")),
        # 1000 at 15 % and 2000 untaxed.
        (["Service:1:1000:S15", "Fee:1:2000"], "document", None, ("3000.00", "150.00", "3150.00")),
        # The same less 10 %: 900 × 15 % = 135.
        (["Service:1:1000:S15", "Fee:1:2000"], "document", "10%", ("2700.00", "135.00", "2835.00")),
    ],
)
def test_a_quote_its_contract_and_its_invoice_have_the_same_sums(
    company: Company, lines: list[str], policy: str, discount: str | None, expected: tuple[str, str, str]
) -> None:
    said = ["--rounding", policy, "--terms", "100% ship; net 30", *(["--discount", discount] if discount else [])]
    assert sums(quoted(company, lines, "2026-03-01", *said)) == expected
    assert sums(company.ltc("sign", "Q1", today="2026-03-01")) == expected
    company.ltc("ship", "C1", today="2026-03-01")
    invoice = invoiced(company, "C1", "2026-03-01")
    assert sums(invoice) == expected
    assert (invoice["tax_rounding"], invoice["balance"]) == (policy, expected[2])


def test_the_discount_goes_to_the_lines_in_proportion(company: Company) -> None:
    quote = quoted(company, DESKS, "2026-03-01", "--discount", "14191", "--rounding", "line")
    assert [line["net"] for line in quote["lines"]] == ["1512.69", "1796.31"]


def test_three_shares_of_a_hundred_equal_one_invoice(german: Company) -> None:
    signed(german, "100.00", "3 x monthly from sign; net 30", "2026-01-01")
    # 19 % of 33.33 is 6.3327, of 33.34 it is 6.3346; 19.00 − 2 × 6.33 = 6.34.
    assert parts(german, "C1", ["2026-01-01", "2026-02-01", "2026-03-01"]) == [
        ("33.33", "6.33", "39.66"),
        ("33.34", "6.33", "39.67"),
        ("33.33", "6.34", "39.67"),
    ]
    assert german.ltc("show", "C1")["total"] == "119.00"


def test_three_shares_with_tax_in_them_equal_one_invoice(shop: Company) -> None:
    signed(shop, "119.00", "3 x monthly from sign; net 30", "2026-01-01")
    # 39.67 has 6.3339 in it, 39.66 has 6.3323; 19.00 − 2 × 6.33 = 6.34.
    assert parts(shop, "C1", ["2026-01-01", "2026-02-01", "2026-03-01"]) == [
        ("33.34", "6.33", "39.67"),
        ("33.33", "6.33", "39.66"),
        ("33.33", "6.34", "39.67"),
    ]


def test_a_fixed_share_is_what_the_customer_pays(german: Company) -> None:
    signed(german, "10000", "5000 sign, rest ship; net 30", "2026-01-01")
    # 5000 / 1.19 = 4201.68; the rest: 5798.32 net of 10000.00, 1101.68 tax of 1900.00.
    assert sums(invoiced(german, "C1", "2026-01-01")) == ("4201.68", "798.32", "5000.00")
    german.ltc("ship", "C1", today="2026-01-02")
    assert sums(invoiced(german, "C1", "2026-01-02")) == ("5798.32", "1101.68", "6900.00")


def test_a_deposit_of_exactly_a_hundred_on_an_odd_amount(german: Company) -> None:
    signed(german, "999.99", "100 sign, rest ship; net 30", "2026-01-01")
    # 190.00 tax (189.9981), 1189.99 in all. 100 / 1.19 = 84.0336; 999.99 − 84.03 and 190.00 − 15.97.
    assert sums(invoiced(german, "C1", "2026-01-01")) == ("84.03", "15.97", "100.00")
    german.ltc("ship", "C1", today="2026-01-02")
    assert sums(invoiced(german, "C1", "2026-01-02")) == ("915.96", "174.03", "1089.99")


def test_fixed_shares_of_all_that_the_customer_pays(german: Company) -> None:
    signed(german, "100", "19 sign, 100 ship; net 30", "2026-01-01")
    # 19 / 1.19 = 15.966…; the rest of 100.00 and 19.00.
    assert sums(invoiced(german, "C1", "2026-01-01")) == ("15.97", "3.03", "19.00")
    german.ltc("ship", "C1", today="2026-01-02")
    assert sums(invoiced(german, "C1", "2026-01-02")) == ("84.03", "15.97", "100.00")


def test_a_fixed_share_is_what_the_customer_pays_on_the_last_invoice_too(german: Company) -> None:
    signed(german, "100.01", "rest sign, 10 ship; net 30", "2026-01-01")
    # 19.00 tax (19.0019), 119.01 in all: 109.01 and 10.00, whatever rounding does to the parts.
    assert invoiced(german, "C1", "2026-01-01")["total"] == "109.01"
    german.ltc("ship", "C1", today="2026-01-02")
    assert invoiced(german, "C1", "2026-01-02")["total"] == "10.00"


def test_a_fixed_share_on_shipment_in_thirds_is_still_what_the_customer_pays(german: Company) -> None:
    sold(german, ["Machine:3:5000"], "5000 ship, rest accept; net 30", "2026-01-01")
    found = []
    # Thirds of 5000.00: 1666.67, 3333.33 less that, and the rest.
    for day in ("2026-01-02", "2026-01-03", "2026-01-04"):
        german.ltc("ship", "C1", "--line", "1=1", today=day)
        found.append(invoiced(german, "C1", day)["total"])
    assert found == ["1666.67", "1666.66", "1666.67"]


def test_a_deposit_on_prices_with_tax_in_them(shop: Company) -> None:
    signed(shop, "1190", "500 sign, rest ship; net 30", "2026-01-01")
    # 500 / 1.19 = 420.168…
    assert sums(invoiced(shop, "C1", "2026-01-01")) == ("420.17", "79.83", "500.00")
    shop.ltc("ship", "C1", today="2026-01-02")
    assert sums(invoiced(shop, "C1", "2026-01-02")) == ("579.83", "110.17", "690.00")


def test_a_share_of_differently_taxed_lines_has_something_of_each(company: Company) -> None:
    sold(company, ["Pen:1:100:S19", "Gift:1:50"], "50% sign, 50% ship", "2026-01-01")
    first = invoiced(company, "C1", "2026-01-01")
    assert [(line["net"], line["tax"]) for line in first["lines"]] == [("50.00", "S19"), ("25.00", "Z")]
    assert sums(first) == ("75.00", "9.50", "84.50")
    company.ltc("ship", "C1", today="2026-01-02")
    assert sums(invoiced(company, "C1", "2026-01-02")) == ("75.00", "9.50", "84.50")


def test_a_deposit_on_differently_taxed_lines_is_exact_too(company: Company) -> None:
    sold(company, ["Pen:1:100:S19", "Book:1:50:R7", "Gift:1:7"], "60 sign, rest ship", "2026-01-01")
    # 100.00 + 50.00 + 7.00 net, 19.00 + 3.50 tax: 179.50 in all.
    first = invoiced(company, "C1", "2026-01-01")
    assert first["total"] == "60.00"
    company.ltc("ship", "C1", today="2026-01-02")
    last = invoiced(company, "C1", "2026-01-02")
    assert last["total"] == "119.50"
    assert _minor(first["net"]) + _minor(last["net"]) == 15700
    assert _minor(first["tax"]) + _minor(last["tax"]) == 2250


def test_a_deposit_on_lines_with_the_tax_on_top_and_within(company: Company) -> None:
    sold(company, ["Pen:1:1.10:S5", "Ink:1:1.10:I7"], "1 sign, rest ship", "2026-01-01")
    # 5 % of 1.10 is 0.055 → 0.06: 1.16 and 1.10 are 2.26 in all. The audit holds each code's base to its lines.
    assert invoiced(company, "C1", "2026-01-01")["total"] == "1.00"
    company.ltc("ship", "C1", today="2026-01-02")
    assert invoiced(company, "C1", "2026-01-02")["total"] == "1.26"


def test_pieces_shipped_one_by_one_equal_one_invoice(german: Company) -> None:
    sold(german, ["Widget:3:3.35"], "100% ship", "2026-01-01")
    found = []
    for day in ("2026-01-02", "2026-01-03", "2026-01-04"):
        german.ltc("ship", "C1", "--line", "1=1", today=day)
        found.append(sums(invoiced(german, "C1", day)))
    # 19 % of 3.35 is 0.6365 → 0.64, twice; of 10.05 it is 1.9095 → 1.91, so 0.63 is left.
    assert found == [("3.35", "0.64", "3.99"), ("3.35", "0.64", "3.99"), ("3.35", "0.63", "3.98")]


@pytest.mark.parametrize(("amount", "number", "tax"), [("0.30", 10, 6), ("0.60", 20, 11)])
def test_no_part_turns_negative_however_small_the_parts(german: Company, amount: str, number: int, tax: int) -> None:
    signed(german, amount, f"{number} x monthly from sign", "2026-01-01")
    # 19 % of 0.03 is 0.0057 → 0.01 on each part, but on the whole 0.057 → 0.06, and 0.114 → 0.11.
    invoices = german.ltc("invoice", "C1", today="2028-01-01")
    taxes = [_minor(invoice["tax"]) for invoice in invoices]
    assert (len(taxes), sum(taxes)) == (number, tax)
    assert min(taxes) >= 0


def test_no_net_turns_negative_where_small_parts_have_the_tax_in_them(shop: Company) -> None:
    signed(shop, "0.10", "7 x monthly from sign", "2026-01-01")
    # 0.10 has 0.016 in it → 0.02; its parts of 0.01 and 0.02 have 0.0016 and 0.0032 in them → nothing.
    invoices = shop.ltc("invoice", "C1", today="2028-01-01")
    nets = [_minor(invoice["net"]) for invoice in invoices]
    assert (sum(nets), sum(_minor(invoice["tax"]) for invoice in invoices)) == (8, 2)
    assert min(nets) >= 0


def _minor(amount: str) -> int:
    return int(amount.replace(".", ""))


def test_instalments_are_of_the_total_with_tax(german: Company) -> None:
    signed(german, "100.01", "100% sign; due 50%+30d, 50%+60d", "2026-01-01")
    # 19 % of 100.01 is 19.0019; half of 119.01 is 59.505, half up.
    assert instalments(invoiced(german, "C1", "2026-01-01")) == [("59.51", "2026-01-31"), ("59.50", "2026-03-02")]


def test_a_recurring_fee_is_taxed_period_by_period(german: Company) -> None:
    german.ltc("lead", "add", "Ada", today="2026-10-15")
    german.ltc("promote", "L1", today="2026-10-15")
    terms = "900 monthly@1 from sign until 2026-11-30; net 14"
    german.ltc("sign", "O1", "--terms", terms, today="2026-10-15")
    # 19 % of 493.55 (17 of 31 days) is 93.7745; of 1393.55 it is 264.7745 → 264.77, less 93.77.
    assert parts(german, "C1", ["2026-10-15", "2026-11-01"]) == [
        ("493.55", "93.77", "587.32"),
        ("900.00", "171.00", "1071.00"),
    ]


def test_a_customer_with_a_tax_code_of_its_own(german: Company) -> None:
    german.ltc("lead", "add", "Ada")
    german.ltc("customer", "add", "Ada", "--tax-code", "Z")
    assert german.ltc("promote", "L1", "--amount", "100")["customer"] == "K1"
    assert sums(german.ltc("sign", "O1", "--terms", "100% sign")) == ("100.00", "0.00", "100.00")


def test_what_the_customer_pays_is_what_is_owed_and_collected(german: Company) -> None:
    signed(german, "100.00", "100% sign; net 30", "2026-01-01")
    invoice = invoiced(german, "C1", "2026-01-01")
    assert german.ltc("aging", "--as-of", "2026-01-01")[0]["total"] == "119.00"
    assert german.ltc("collect", invoice["ref"], today="2026-01-02")["amount"] == "119.00"


def test_yen_are_taxed_in_whole_yen(company: Company) -> None:
    company.ltc("lead", "add", "Ada")
    company.ltc("promote", "L1", "--currency", "JPY")
    # 15 % of 33 is 4.95.
    quote = company.ltc("quote", "O1", "--line", "Tea:3:11:S15", "--terms", "100% sign")
    assert sums(quote) == ("33", "5", "38")
