"""Tax by each of the three policies; figures worked by hand from the rule in the module's docstring."""

from __future__ import annotations

import pytest

from ltc_cli.rules.money import MICRO, parse_percent, parse_price, parse_quantity
from ltc_cli.rules.tax import Line, TaxCode, discounted, line, tax_of, totals

Z = TaxCode("Z", "Z", 0, inclusive=False)
S23 = TaxCode("S23", "S", parse_percent("23%"), inclusive=False)
S5 = TaxCode("S5", "S", parse_percent("5.5%"), inclusive=False)
S19 = TaxCode("S19", "S", parse_percent("19%"), inclusive=False)
I19 = TaxCode("I19", "S", parse_percent("19%"), inclusive=True)


def lines(*amounts: str, tax: TaxCode = Z, quantity: str = "1") -> list[Line]:
    return [line("x", parse_quantity(quantity), parse_price(amount), 0, tax, 2) for amount in amounts]


@pytest.mark.parametrize(
    ("policy", "tax_minor"),
    [
        # 55.55 × 23 % = 12.7765 and 11.11 × 23 % = 2.5553: 12.78 + 2.56 = 15.34 by line; 66.66 × 23 % = 15.3318.
        ("line", 1534),
        ("document", 1533),
        ("unrounded", 1533),
    ],
)
def test_the_policy_decides_the_last_cent(policy: str, tax_minor: int) -> None:
    found = totals(lines("55.55", "11.11", tax=S23), policy, 2)
    assert (found.net_minor, found.tax_minor) == (6666, tax_minor)


def test_ten_lines_taxed_one_by_one() -> None:
    """3.60 × 5.5 % = 0.198 → 0.20 a line: ten of them are 38.00; on the sum, 36.00 × 5.5 % = 1.98."""
    ten = lines(*["3.60"] * 10, tax=S5)
    assert totals(ten, "line", 2).total_minor == 3800
    assert totals(ten, "document", 2).total_minor == 3798


def test_lines_of_three_decimals_are_rounded_each() -> None:
    """25 × (0.333, 0.333, 1.333, 0.267, 0.05) = 8.325, 8.325, 33.325, 6.675, 1.25 → 8.33 8.33 33.33 6.68 1.25."""
    five = lines("0.333", "0.333", "1.333", "0.267", "0.05", quantity="25")
    assert totals(five, "document", 2).net_minor == 5792
    # Exact: 57.90.
    assert totals(five, "unrounded", 2).net_minor == 5790


def test_an_inclusive_amount_has_its_tax_inside() -> None:
    """119.00 at 19 % holds 19.00; 10.00 holds 1.5966 → 1.60."""
    assert tax_of(11900, I19) == 1900
    found = totals(lines("10.00", tax=I19), "document", 2)
    assert (found.net_minor, found.tax_minor, found.total_minor) == (840, 160, 1000)


def test_codes_are_grouped_and_sum_to_the_document() -> None:
    found = totals([*lines("100.00", tax=S19), *lines("50.00"), *lines("1.00", tax=S19)], "document", 2)
    assert [(group.tax.code, group.base_minor, group.tax_minor) for group in found.groups] == [
        ("S19", 10100, 1919),
        ("Z", 5000, 0),
    ]
    assert found.total_minor == 10100 + 1919 + 5000


def test_a_discount_on_the_document_is_spread_over_its_lines() -> None:
    """8000 + 9500 less 14191: cumulative shares 6487.31 (8000/17500 × 14191 = 6487.314…) and the rest 7703.69."""
    left = discounted(lines("8000", "9500"), 1419100)
    assert [each.discount_minor for each in left] == [648731, 770369]
    assert [each.net_minor for each in left] == [151269, 179631]


def test_a_line_is_quantity_times_price_less_discount() -> None:
    """10 × 3.333 = 33.33, less 3.33."""
    assert line("x", 10 * MICRO, parse_price("3.333"), 333, Z, 2).net_minor == 3000


def test_yen_have_no_decimals() -> None:
    """3 × 333.5 = 1000.5 → 1001."""
    assert line("x", 3 * MICRO, parse_price("333.5"), 0, Z, 0).net_minor == 1001
