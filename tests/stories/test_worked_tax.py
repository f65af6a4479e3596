"""Worked cases of tax, discount and cash rounding, entered as a user would; each figure worked by hand beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.stories.telling import audit, instalments, invoiced, promoted, record, sums
from tests.support import Company

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLAIN_CODES = ("S5: 5%", "T5: 5%", "S55: 5.5%", "S6: 6%", "R7: 7%", "CH: 8.1%", "S10: 10%", "S15: 15%", "S19: 19%")

CASH = "cash_rounding: {CHF: 0.05}\n"
CODES = "".join(
    [
        "taxes:\n",
        "  Z: {rate: 0%, category: Z}\n",
        *(f"  {code.replace(': ', ': {rate: ')}, category: S}}\n" for code in (*PLAIN_CODES, "S23: 23%")),
        "  I19: {rate: 19%, category: S, inclusive: true}\n",
        "  I7: {rate: 7%, category: S, inclusive: true}\n",
        "  E: {name: Training, rate: 0%, category: E, reason: Exempt as training}\n",
        "  X: {rate: 0%, category: E}\n",
        "  AE: {rate: 0%, category: AE}\n",
        "  K: {rate: 0%, category: K}\n",
        "  G: {rate: 0%, category: G, reason: Goes to Norway}\n",
        "  O: {rate: 0%, category: O}\n",
        "  DE: {rate: {2007-01-01: 19%, 2020-07-01: 16%, 2021-01-01: 19%}, category: S}\n",
        "  IDE: {rate: {2007-01-01: 19%, 2020-07-01: 16%, 2021-01-01: 19%}, category: S, inclusive: true}\n",
    ]
)
DAY = "2026-03-01"


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    company = Company(tmp_path, config=CODES + CASH)
    yield company
    audit(company)


def contract(company: Company, lines: list[str], terms: str, on: str, *options: str, currency: str = "EUR") -> Any:
    """The contract over these lines."""
    opportunity = promoted(company, "Ada", on, "--currency", currency)
    said = [word for line in lines for word in ("--line", line)]
    quote = company.ltc("quote", opportunity, *said, "--terms", terms, *options, today=on)
    signed = record(company.ltc("sign", quote["ref"], today=on))
    assert sums(signed) == sums(quote)
    return signed


def billed(company: Company, lines: list[str], *options: str, currency: str = "EUR", terms: str = "100% sign") -> Any:
    """The one invoice over these lines."""
    signed = contract(company, lines, terms, DAY, *options, currency=currency)
    invoice = invoiced(company, signed["ref"], DAY)
    assert sums(invoice)[:2] == sums(signed)[:2]
    return invoice


def taxes(document: Any) -> list[tuple[str, float, str, str]]:
    """Code, rate, base and tax."""
    return [(each["code"], each["rate"], each["base"], each["tax"]) for each in document["taxes"]]


# One document in each of the three policies

FIVE = [f"Part:25:{price}" for price in ("0.333", "0.333", "1.333", "0.267", "0.05")]
TWO = ["Pen:1:55.55:S23", "Ink:1:11.11:S23"]
TEN = ["Bun:1:3.60:S55"] * 10
SIX = ["Pen:1:3.33:S19"] * 3 + ["Ink:1:3.33:I19"] * 3


@pytest.mark.parametrize(
    ("policy", "lines", "expected"),
    [
        # 8.325 → 8.33 twice, 33.325 → 33.33, 6.675 → 6.68, 1.25; exactly 57.90.
        ("document", FIVE, ("57.92", "0.00", "57.92")),
        ("line", FIVE, ("57.92", "0.00", "57.92")),
        ("unrounded", FIVE, ("57.90", "0.00", "57.90")),
        # 12.7765 → 12.78 and 2.5553 → 2.56; 23 % of 66.66 is 15.3318.
        ("line", TWO, ("66.66", "15.34", "82.00")),
        ("document", TWO, ("66.66", "15.33", "81.99")),
        ("unrounded", TWO, ("66.66", "15.33", "81.99")),
        # 0.198 → 0.20 ten times; 5.5 % of 36.00 is 1.98.
        ("line", TEN, ("36.00", "2.00", "38.00")),
        ("document", TEN, ("36.00", "1.98", "37.98")),
        # Odoo's two of 15.89 at 6 %: 0.9534 → 0.95 twice, by document 1.9068 → 1.91.
        ("line", ["Item:1:15.89:S6"] * 2, ("31.78", "1.90", "33.68")),
        ("document", ["Item:1:15.89:S6"] * 2, ("31.78", "1.91", "33.69")),
        # Half a cent each, up: 0.02; 10 % of 0.10 is 0.01.
        ("line", ["Nail:1:0.05:S10"] * 2, ("0.10", "0.02", "0.12")),
        ("document", ["Nail:1:0.05:S10"] * 2, ("0.10", "0.01", "0.11")),
        # On top 0.6327 → 0.63 a line, within 3.33 × 19/119 = 0.5316… → 0.53 a line: 1.89 + 1.59, net 9.99 + 8.40.
        ("line", SIX, ("18.39", "3.48", "21.87")),
        # 9.99: on top 1.8981 → 1.90, within 1.59504… → 1.60, which leaves 8.39.
        ("document", SIX, ("18.38", "3.50", "21.88")),
        # Net 9.99 + 8.3949… = 18.3849…, total 11.8881 + 9.99 = 21.8781.
        ("unrounded", SIX, ("18.38", "3.50", "21.88")),
    ],
)
def test_a_document_by_its_policy(
    company: Company, policy: str, lines: list[str], expected: tuple[str, str, str]
) -> None:
    invoice = billed(company, lines, "--rounding", policy)
    assert (sums(invoice), invoice["tax_rounding"], invoice["rounding"]) == (expected, policy, "0.00")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        # Worth nothing in tax, whatever the reason.
        (["Coat:1:100:Z"], ("100.00", "0.00", "100.00")),
        (["Work:1:100:AE"], ("100.00", "0.00", "100.00")),
        # 3.7981 → 3.80 and 0.3843 → 0.38; 19.99 + 5.49 + 3.00 + 10.00.
        (["Pen:1:19.99:S19", "Book:1:5.49:R7", "Gift:1:3:Z", "Class:1:10:E"], ("38.48", "4.18", "42.66")),
        # 1234.567891 × 0.001234 = 1.5234… → 1.52; 19 % of it 0.2888.
        (["Gas:1234.567891:0.001234:S19"], ("1.52", "0.29", "1.81")),
        # 0.333333 × 3000 = 999.999 → 1000.00.
        (["Third:0.333333:3000:S19"], ("1000.00", "190.00", "1190.00")),
        # 0.000001 × 999999.999999 = 0.99… → 1.00.
        (["Speck:0.000001:999999.999999:S19"], ("1.00", "0.19", "1.19")),
        # A colon belongs to the text.
        (["Work: phase 1:2:450:S19"], ("900.00", "171.00", "1071.00")),
    ],
)
def test_lines_of_many_kinds(company: Company, lines: list[str], expected: tuple[str, str, str]) -> None:
    assert sums(billed(company, lines)) == expected


# Discounts


@pytest.mark.parametrize(
    ("lines", "discount", "expected"),
    [
        # 33.33 less 3.333 → 3.33: 30.00, 19 % of it 5.70.
        (["Bolt:10:3.333:S19:-10%"], None, ("30.00", "5.70", "35.70")),
        # 29.97 less 4.97: 25.00, 7 % of it 1.75.
        (["Book:3:9.99:R7:-4.97"], None, ("25.00", "1.75", "26.75")),
        # A comma is as good, and a discount needs no code.
        (["Tea:1:12.50:-2,50"], None, ("10.00", "0.00", "10.00")),
        # All of the gift.
        (["Gift:1:50:S19:-100%", "Pen:1:10:S19"], None, ("10.00", "1.90", "11.90")),
        # 12.5 % of 80.04 is 10.005, half up 10.01: 70.03; 19 % of it 13.3057.
        (["Odd:1:80.04:S19:-12.5%"], None, ("70.03", "13.31", "83.34")),
        # 200.00 − 20.00 + 100.00 = 280.00 less 5 % = 266.00; 19 % of it 50.54.
        (["Desk:1:200:S19:-10%", "Lamp:1:100:S19"], "5%", ("266.00", "50.54", "316.54")),
        # Within: 119.00 less 10 % is 107.10, of which 107.10 × 19/119 = 17.10 is tax.
        (["Shoe:1:119:I19:-10%"], None, ("90.00", "17.10", "107.10")),
        # 2 × 59.50 less 19.00: 100.00, of which 15.966… is tax.
        (["Sock:2:59.50:I19:-19"], None, ("84.03", "15.97", "100.00")),
        # 10.00 off 226.00: 5.265… → 5.27 and 4.73; 113.73 × 19/119 = 18.158…, 102.27 × 7/107 = 6.690….
        (["Shoe:1:119:I19", "Book:1:107:I7"], "10", ("191.15", "24.85", "216.00")),
        # On top and within, 21.90 off 219.00: 90.00 + 17.10, and 107.10 with 17.10 in it.
        (["Pen:1:100:S19", "Ink:1:119:I19"], "10%", ("180.00", "34.20", "214.20")),
        # 14191 × 8000/17500 = 6487.314…: 1512.69 and 1796.31 are left.
        (["Desk:1:8000:S5", "Chair:1:9500:S5"], "14191", ("3309.00", "165.45", "3474.45")),
        # 1000 at 15 % and 2000 untaxed less 10 %: 900.00 × 15 % = 135.00.
        (["Service:1:1000:S15", "Fee:1:2000"], "10%", ("2700.00", "135.00", "2835.00")),
    ],
)
def test_discounts(company: Company, lines: list[str], discount: str | None, expected: tuple[str, str, str]) -> None:
    assert sums(billed(company, lines, *(["--discount", discount] if discount else []))) == expected


def test_a_discount_on_two_codes_of_five_percent_is_taxed_apart(company: Company) -> None:
    # 5 % of 1512.69 is 75.6345, of 1796.31 it is 89.8155.
    invoice = billed(company, ["Desk:1:8000:S5", "Chair:1:9500:T5"], "--discount", "14191")
    assert taxes(invoice) == [("S5", 0.05, "1512.69", "75.63"), ("T5", 0.05, "1796.31", "89.82")]
    assert sums(invoice) == ("3309.00", "165.45", "3474.45")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--line", "Pen:1:-5"], "'-5' is not a unit price"),
        (["--line", "Pen:-1:5"], "'-1' is not a quantity"),
        (["--line", "Pen:0:5"], "a quantity must be more than 0"),
        (["--line", "Pen:1:5:-5.01"], "a discount of 5.01 is more than 5.00"),
        (["--line", "Shoe:1:5:I19:-6"], "a discount of 6 is more than 5.00"),
        (["--line", "Pen:1:5:S19:-101%"], "'101%' is more than 100%"),
        (["--line", "Pen:1:5:S19:--1"], "'-1' is not an amount"),
        (["--line", "Pen:1:5:S20"], "there is no tax code S20"),
        (["--line", "Pen:1.0000001:5"], "'1.0000001' has too many decimals"),
        (["--line", "Pen:1:5", "--discount", "5.01"], "a discount of 5.01 is more than 5.00"),
        (["--line", "Pen:1:5", "--discount", "-1"], "'-1' is not an amount"),
        (["--line", "Pen:1:5", "--discount", "-10%"], "'-10' is not a percentage"),
    ],
)
def test_what_looks_negative_or_takes_too_much_is_refused(company: Company, words: list[str], message: str) -> None:
    promoted(company, "Ada", DAY)
    assert company.ltc("quote", "O1", *words, today=DAY, fails=2)["message"].startswith(message)


# Currencies of other digits


@pytest.mark.parametrize(
    ("currency", "lines", "options", "expected"),
    [
        # 9.9 → 10; by line 3.3 → 3 three times.
        ("JPY", ["Tea:3:33:S10"], [], ("99", "10", "109")),
        ("JPY", ["Tea:1:33:S10"] * 3, ["--rounding", "line"], ("99", "9", "108")),
        # Half a yen, up.
        ("JPY", ["Tea:1:0.5"], [], ("1", "0", "1")),
        # 5 % of 10.005 is 0.50025.
        ("KWD", ["Oil:1:10.005:S5"], [], ("10.005", "0.500", "10.505")),
        # 10 % of it is 1.0005 → 1.001; 5 % of 9.004 is 0.4502.
        ("KWD", ["Oil:1:10.005:S5:-10%"], [], ("9.004", "0.450", "9.454")),
    ],
)
def test_yen_and_dinars(
    company: Company, currency: str, lines: list[str], options: list[str], expected: tuple[str, str, str]
) -> None:
    assert sums(billed(company, lines, *options, currency=currency)) == expected


# Why nothing is taxed


@pytest.mark.parametrize(
    ("code", "name", "reason"),
    [
        ("E", "Training", "Exempt as training"),
        ("X", None, None),
        ("AE", None, "Reverse charge"),
        ("K", None, "Intra-community supply"),
        ("G", None, "Goes to Norway"),
        ("O", None, "Not subject to VAT"),
        ("Z", None, None),
        ("S19", None, None),
    ],
)
def test_the_reason_stands_on_the_invoice_and_its_credit_note(
    company: Company, code: str, name: str | None, reason: str | None
) -> None:
    invoice = billed(company, [f"Work:1:100:{code}"])
    credit = company.ltc("credit", invoice["ref"], "--reason", "wrong", today=DAY)
    for document in (company.ltc("show", invoice["ref"]), credit):
        (tax,) = document["taxes"]
        assert (tax["code"], tax["name"], tax["reason"]) == (code, name, reason)


# Customers with a code of their own


def test_the_code_of_a_customer_is_that_of_lines_that_name_none(company: Company) -> None:
    promoted(company, "Ada", DAY)
    assert company.ltc("edit", "K1", "tax_code=S20", fails=2)["message"] == "'S20' is no tax code"
    company.ltc("edit", "K1", "tax_code=S19")
    # 19 % of 100.00 and 7 % of 50.00.
    quote = company.ltc("quote", "O1", "--line", "Pen:1:100", "--line", "Book:1:50:R7", today=DAY)
    assert [(line["tax"], line["rate"]) for line in quote["lines"]] == [("S19", 0.19), ("R7", 0.07)]
    assert sums(quote) == ("150.00", "22.50", "172.50")
    company.ltc("edit", "K1", "tax_code=AE")
    assert sums(company.ltc("quote", "O1", "--line", "Pen:1:100", today=DAY)) == ("100.00", "0.00", "100.00")


# Down payments and instalments


@pytest.mark.parametrize(
    ("line", "first", "last"),
    [
        # 23 % of 1234.56 is 283.9488: 1518.51 in all; 1234.56 × 100/1518.51 = 81.300…; the rest of both.
        ("Loom:1:1234.56:S23", ("81.30", "18.70", "100.00"), ("1153.26", "265.25", "1418.51")),
        # 100.00 × 19/119 = 15.966…; of 119.00 it is 19.00.
        ("Loom:1:119:I19", ("84.03", "15.97", "100.00"), ("15.97", "3.03", "19.00")),
        ("Loom:1:150", ("100.00", "0.00", "100.00"), ("50.00", "0.00", "50.00")),
    ],
)
def test_a_down_payment_of_exactly_a_hundred(
    company: Company, line: str, first: tuple[str, str, str], last: tuple[str, str, str]
) -> None:
    contract(company, [line], "100 sign, rest 2026-04-01", DAY)
    assert sums(invoiced(company, "C1", DAY)) == first
    assert sums(invoiced(company, "C1", "2026-04-01")) == last


THIRDS = "100% sign; due 33.33%+30d, 33.33%+60d, rest+90d"


@pytest.mark.parametrize(
    ("currency", "line", "terms", "amounts"),
    [
        ("EUR", "Loom:1:100", THIRDS, ["33.33", "33.33", "33.34"]),
        # 19 % of 33.33 is 6.3327: 39.66; a third of it is 13.21878, two are 26.43756.
        ("EUR", "Loom:1:33.33:S19", THIRDS, ["13.22", "13.22", "13.22"]),
        ("JPY", "Loom:1:100", THIRDS, ["33", "34", "33"]),
        # In coins of 0.05: 33.33 → 33.35, 66.66 → 66.65, 100.00.
        ("CHF", "Loom:1:100", THIRDS, ["33.35", "33.30", "33.35"]),
        # 21.51 is payable as 21.50; half of it is 10.75.
        ("CHF", "Loom:1:21.51", "100% sign; due 50%+30d, rest+60d", ["10.75", "10.75"]),
        # A fixed instalment is paid in coins, too.
        ("CHF", "Loom:1:21.51", "100% sign; due 10.02+30d, rest+60d", ["10.00", "11.50"]),
        # The only one asks for what is payable: 10.02 as 10.00.
        ("CHF", "Loom:1:10.02", "100% sign; due 10.02+30d", ["10.00"]),
    ],
)
def test_instalments_are_payable_and_sum_to_the_total(
    company: Company, currency: str, line: str, terms: str, amounts: list[str]
) -> None:
    invoice = billed(company, [line], currency=currency, terms=terms)
    assert [amount for amount, _ in instalments(invoice)] == amounts


# Cash rounding


@pytest.mark.parametrize(
    ("line", "expected", "rounding"),
    [
        ("Tea:1:42.05", ("42.05", "0.00", "42.05"), "0.00"),
        ("Tea:1:42.06", ("42.06", "0.00", "42.05"), "-0.01"),
        ("Tea:1:42.07", ("42.07", "0.00", "42.05"), "-0.02"),
        ("Tea:1:42.08", ("42.08", "0.00", "42.10"), "0.02"),
        # 8.1 % of 19.90 is 1.6119: 21.51.
        ("Tea:1:19.90:CH", ("19.90", "1.61", "21.50"), "-0.01"),
        # 0.02 is no coin.
        ("Tea:1:0.02", ("0.02", "0.00", "0.00"), "-0.02"),
    ],
)
def test_swiss_francs_are_rounded_to_five(
    company: Company, line: str, expected: tuple[str, str, str], rounding: str
) -> None:
    invoice = billed(company, [line], currency="CHF")
    assert (sums(invoice), invoice["rounding"], invoice["balance"]) == (expected, rounding, expected[2])
    if expected[2] != "0.00":
        company.ltc("collect", invoice["ref"], today=DAY)
    assert company.ltc("show", invoice["ref"])["status"] == "paid"


def test_a_down_payment_in_swiss_francs(company: Company) -> None:
    # 8.1 % of 999.99 is 80.999…: 1080.99; 999.99 × 100/1080.99 = 92.506…; the rest is 907.48 + 73.51 = 980.99.
    contract(company, ["Loom:1:999.99:CH"], "100 sign, rest 2026-04-01", DAY, currency="CHF")
    first, last = invoiced(company, "C1", DAY), invoiced(company, "C1", "2026-04-01")
    assert (sums(first), first["rounding"]) == (("92.51", "7.49", "100.00"), "0.00")
    assert (sums(last), last["rounding"]) == (("907.48", "73.51", "981.00"), "0.01")


def test_a_fixed_amount_that_is_no_coin_is_rounded_alone(company: Company) -> None:
    contract(company, ["Loom:1:200"], "100.03 sign, rest 2026-04-01", DAY, currency="CHF")
    first, last = invoiced(company, "C1", DAY), invoiced(company, "C1", "2026-04-01")
    assert (sums(first), first["rounding"]) == (("100.03", "0.00", "100.05"), "0.02")
    assert (sums(last), last["rounding"]) == (("99.97", "0.00", "99.95"), "-0.02")


def test_a_whole_credit_gives_back_what_was_payable(company: Company) -> None:
    invoice = billed(company, ["Tea:1:19.90:CH"], currency="CHF")
    credit = company.ltc("credit", invoice["ref"], "--reason", "wrong", today=DAY)
    assert (sums(credit), credit["rounding"]) == (("19.90", "1.61", "21.50"), "-0.01")
    assert company.ltc("show", invoice["ref"])["status"] == "credited"


@pytest.mark.parametrize("words", [["7.17"], ["--line", "1=1"]])
def test_partial_credits_are_rounded_up_to_now(company: Company, words: list[str]) -> None:
    contract(company, ["Tea:3:7.17"], "100% ship", DAY, currency="CHF")
    company.ltc("ship", "C1", today=DAY)
    invoice = invoiced(company, "C1", DAY)
    assert (invoice["total"], invoice["rounding"]) == ("21.50", "-0.01")
    found = []
    # 7.17 → 7.15; 14.34 → 14.35, less 7.15; 21.51 → 21.50, less 14.35. Of 7.15 that are left, all is credited.
    for wish in (words, words, [] if len(words) == 1 else words):
        credit = company.ltc("credit", invoice["ref"], *wish, "--reason", "stale", today=DAY)
        found.append((credit["net"], credit["rounding"], credit["total"]))
    assert found == [("7.17", "-0.02", "7.15"), ("7.17", "0.03", "7.20"), ("7.17", "-0.02", "7.15")]
    assert company.ltc("credit", invoice["ref"], "0.05", "--reason", "more", today=DAY, fails=4)


def test_after_an_early_payment_a_credit_gives_back_what_was_paid(company: Company) -> None:
    invoice = billed(company, ["Tea:1:19.90:CH"], currency="CHF", terms="100% sign; net 30; 2%/10")
    # 2 % of 21.50 is 0.43: 21.07, payable as 21.05. Of 0.45, 0.45 × 1.61/21.51 = 0.03 is tax: left are 19.48 and 1.58.
    assert invoice["discount_amount"] == "0.45"
    assert company.ltc("collect", invoice["ref"], today=DAY)["amount"] == "21.05"
    credit = company.ltc("credit", invoice["ref"], "--reason", "stale", today=DAY)
    assert (sums(credit), credit["rounding"]) == (("19.48", "1.58", "21.05"), "-0.01")


def test_after_a_credit_the_discounted_sum_is_payable_too(company: Company) -> None:
    invoice = billed(company, ["Tea:1:19.90:CH"], currency="CHF", terms="100% sign; net 30; 2%/10")
    # 10.00 are left of 21.50 after 11.50: 2 % off are 9.80. After 1.05 more 8.95: 8.77 as 8.75.
    company.ltc("credit", invoice["ref"], "11.50", "--reason", "stale", today=DAY)
    assert company.ltc("collect", invoice["ref"], "--dry-run", today=DAY)["amount"] == "9.80"
    company.ltc("credit", invoice["ref"], "1.05", "--reason", "stale", today=DAY)
    assert company.ltc("collect", invoice["ref"], today=DAY)["amount"] == "8.75"


def test_less_than_a_coin_is_left_after_an_early_payment(company: Company) -> None:
    invoice = billed(company, ["Tea:1:0.08"], currency="CHF", terms="100% sign; net 30; 50%/10")
    # Of 0.10 half is 0.05, which leaves 0.03 of the net: what was paid is rounding as well.
    assert company.ltc("collect", invoice["ref"], today=DAY)["amount"] == "0.05"
    credit = company.ltc("credit", invoice["ref"], "--reason", "stale", today=DAY)
    assert (sums(credit), credit["rounding"]) == (("0.03", "0.00", "0.05"), "0.02")


def test_a_discount_that_leaves_less_than_a_coin_is_not_offered(company: Company) -> None:
    # 0.05 less 0.03 is 0.02, which is paid by nothing.
    invoice = billed(company, ["Tea:1:0.05"], currency="CHF", terms="100% sign; net 30; 60%/10")
    assert company.ltc("collect", invoice["ref"], today=DAY)["amount"] == "0.05"


def test_what_no_coin_can_give_back_is_not_credited(company: Company) -> None:
    invoice = billed(company, ["Tea:1:21.51"], currency="CHF")
    refused = company.ltc("credit", invoice["ref"], "0.02", "--reason", "stale", today=DAY, fails=2)
    assert refused["message"] == "a credit note over nothing cannot be issued"


def test_an_invoice_is_credited_as_it_was_rounded_whatever_the_config_says_now(company: Company) -> None:
    invoice = billed(company, ["Tea:1:21.51"], currency="CHF")
    company.config_path.write_text(CODES, encoding="utf-8")
    assert company.ltc("credit", invoice["ref"], "7.17", "--reason", "stale", today=DAY)["total"] == "7.15"
    assert company.ltc("credit", invoice["ref"], "--reason", "stale", today=DAY)["total"] == "14.35"


# A tax that changes while a contract runs: Germany, 19 % → 16 % on 1 July 2020 → 19 % on 1 January 2021


def parts(company: Company, *days: str) -> list[tuple[float, str, str, str]]:
    """Rate, net, tax and total of the one invoice of each day."""
    made = [invoiced(company, "C1", day) for day in days]
    return [(each["taxes"][0]["rate"], *sums(each)) for each in made]


def test_each_invoice_has_the_rate_of_its_day(company: Company) -> None:
    signed = contract(company, ["Loom:1:1000:DE"], "40% sign, 30% 2020-08-01, 30% 2021-02-01", "2020-05-04")
    assert sums(signed) == ("1000.00", "190.00", "1190.00")
    assert parts(company, "2020-05-04", "2020-08-01", "2021-02-01") == [
        (0.19, "400.00", "76.00", "476.00"),
        (0.16, "300.00", "48.00", "348.00"),
        (0.19, "300.00", "57.00", "357.00"),
    ]


@pytest.mark.parametrize(("day", "rate"), [("2020-06-30", 0.19), ("2020-07-01", 0.16), ("2020-12-31", 0.16)])
def test_a_rate_is_in_force_from_its_day_on(company: Company, day: str, rate: float) -> None:
    contract(company, ["Loom:1:100:DE"], "100% sign", day)
    assert taxes(invoiced(company, "C1", day))[0][1] == rate


def test_the_last_part_is_corrected_for_its_own_rate_alone(company: Company) -> None:
    contract(company, ["Loom:1:133.32:DE"], "4 x monthly from sign", "2020-05-15")
    # 19 % of 33.33 is 6.3327, twice; 16 % of it 5.3328, and of both 10.6656 → 10.67, less 5.33.
    assert parts(company, "2020-05-15", "2020-06-15", "2020-07-15", "2020-08-15") == [
        (0.19, "33.33", "6.33", "39.66"),
        (0.19, "33.33", "6.33", "39.66"),
        (0.16, "33.33", "5.33", "38.66"),
        (0.16, "33.33", "5.34", "38.67"),
    ]


def test_what_has_the_tax_in_it_stays_what_the_customer_pays(company: Company) -> None:
    contract(company, ["Loom:1:119:IDE"], "50% sign, 50% 2020-08-01", "2020-06-01")
    # 59.50 × 19/119 = 9.50; 59.50 × 16/116 = 8.206….
    assert parts(company, "2020-06-01", "2020-08-01") == [
        (0.19, "50.00", "9.50", "59.50"),
        (0.16, "51.29", "8.21", "59.50"),
    ]


def test_of_a_fixed_amount_the_net_stays_when_the_rate_changes(company: Company) -> None:
    contract(company, ["Loom:1:1000:DE"], "500 sign, 595 2020-08-01, rest 2021-02-01", "2020-06-01")
    # 500 / 1.19 = 420.168…; 595 / 1.19 = 500.00, 16 % of it 80.00; of the 500.00 at 19 % the tax is 95.00, less 79.83.
    assert parts(company, "2020-06-01", "2020-08-01", "2021-02-01") == [
        (0.19, "420.17", "79.83", "500.00"),
        (0.16, "500.00", "80.00", "580.00"),
        (0.19, "79.83", "15.17", "95.00"),
    ]


def test_fixed_instalments_keep_their_proportion_when_the_rate_changes(company: Company) -> None:
    contract(company, ["Loom:1:1000:DE"], "100% 2020-08-01; due 690+30d, 500+60d", "2020-06-01")
    # Agreed on 1190.00; of 1160.00 they are 1160 × 690/1190 = 672.605… and the rest.
    assert [amount for amount, _ in instalments(invoiced(company, "C1", "2020-08-01"))] == ["672.61", "487.39"]


def test_goods_taxed_line_by_line_across_a_change(company: Company) -> None:
    lines = ["Pen:2:0.55:DE", "Ink:2:0.55:DE"]
    contract(company, lines, "100% ship", "2020-06-01", "--rounding", "line")
    company.ltc("ship", "C1", "--line", "1=1", "--line", "2=1", today="2020-06-01")
    # 0.1045 → 0.10 twice; 0.088 → 0.09 twice.
    assert parts(company, "2020-06-01") == [(0.19, "1.10", "0.20", "1.30")]
    company.ltc("ship", "C1", today="2020-07-01")
    assert parts(company, "2020-07-01") == [(0.16, "1.10", "0.18", "1.28")]


def test_a_net_that_is_not_rounded_stays_as_agreed_across_a_change(company: Company) -> None:
    terms = "50% sign, 50% 2020-08-01"
    # 2 × 8.325 = 16.65 in all. 8.33 × 1.19 = 9.9127; of the 8.32 that are left 16 % are 1.3312.
    signed = contract(company, ["Part:25:0.333:DE"] * 2, terms, "2020-06-01", "--rounding", "unrounded")
    assert signed["net"] == "16.65"
    assert parts(company, "2020-06-01", "2020-08-01") == [
        (0.19, "8.33", "1.58", "9.91"),
        (0.16, "8.32", "1.33", "9.65"),
    ]


def test_a_quote_has_the_rate_of_its_day_and_the_contract_of_its_own(company: Company) -> None:
    promoted(company, "Ada", "2020-06-30")
    quote = company.ltc("quote", "O1", "--line", "Loom:1:100:DE", "--terms", "100% sign", today="2020-06-30")
    signed = company.ltc("sign", "O1", today="2020-07-01")
    assert (quote["lines"][0]["rate"], sums(quote)) == (0.19, ("100.00", "19.00", "119.00"))
    assert (signed["lines"][0]["rate"], sums(signed)) == (0.16, ("100.00", "16.00", "116.00"))


def test_a_credit_note_has_the_rate_of_its_invoice(company: Company) -> None:
    contract(company, ["Loom:1:100:DE"], "100% sign", "2020-12-31")
    invoice = invoiced(company, "C1", "2020-12-31")
    credit = company.ltc("credit", invoice["ref"], "58", "--reason", "late", today="2021-01-10")
    assert taxes(credit) == [("DE", 0.16, "50.00", "8.00")]


def test_a_day_before_the_first_rate_is_refused(company: Company) -> None:
    promoted(company, "Ada", "2006-12-31")
    refused = company.ltc("quote", "O1", "--line", "Loom:1:100:DE", today="2006-12-31", fails=6)
    assert refused["message"] == "taxes.DE has no rate for 2006-12-31: its first one is from 2007-01-01 on"
    assert sums(company.ltc("quote", "O1", "--line", "Loom:1:100:DE", today="2007-01-01"))[1] == "19.00"


# Earlier advances


def test_a_later_invoice_names_the_earlier_ones_and_their_tax(company: Company) -> None:
    contract(company, ["Loom:1:1000:S19"], "30% sign, 60% 2026-04-01, 10% 2026-05-01", DAY)
    first, second, third = (invoiced(company, "C1", day) for day in (DAY, "2026-04-01", "2026-05-01"))
    advances = [
        {
            "invoice": "INV-2026-0001",
            "issued_on": DAY,
            "net": "300.00",
            "tax": "57.00",
            "total": "357.00",
        },
        {
            "invoice": "INV-2026-0002",
            "issued_on": "2026-04-01",
            "net": "600.00",
            "tax": "114.00",
            "total": "714.00",
        },
    ]
    assert [each["advances"] for each in (first, second, third)] == [[], advances[:1], advances]
    assert sums(third) == ("100.00", "19.00", "119.00")
    assert company.ltc("show", third["ref"])["advances"] == advances


def test_a_period_of_its_own_is_no_advance(company: Company) -> None:
    company.ltc("sign", promoted(company, "Ada", DAY), "--terms", "900 monthly from sign until 2026-05-31", today=DAY)
    assert [each["advances"] for each in company.ltc("invoice", "--due", today="2026-05-01")] == [[], [], []]
