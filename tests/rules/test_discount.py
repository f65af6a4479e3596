"""What may be taken off for early payment, and what comes off base and tax."""

from __future__ import annotations

import pytest

from ltc_cli.rules.allocation import OpenItem
from ltc_cli.rules.discount import CodePart, discount_of, is_like_a_discount, reduced, taxes_taken


def item(number: int, due_on: str, balance_minor: int, *, invoice_id: int = 1, kind: str = "invoice") -> OpenItem:
    return OpenItem(number, kind, invoice_id, 1, "EUR", "2026-01-01", due_on, balance_minor, balance_minor)


@pytest.mark.parametrize(("tax", "expected_minor"), [("included", 11_500), ("excluded", 10_000), ("mixed", 10_000)])
def test_a_percentage_of_the_total_or_of_the_net(tax: str, expected_minor: int) -> None:
    assert discount_of(tax, 100_000, 115_000, 100_000, 1) == expected_minor


@pytest.mark.parametrize(("total_minor", "expected_minor"), [(5, 1), (4, 0), (0, 0), (-100, 0)])
def test_it_is_rounded_half_up_and_never_negative(total_minor: int, expected_minor: int) -> None:
    assert discount_of("included", total_minor, total_minor, 100_000, 1) == expected_minor


@pytest.mark.parametrize(
    ("net_minor", "percent_ppm", "expected_minor"),
    [
        (10_000, 20_000, 215),  # 2 % of 108.10 are 2.16: 105.94 → 105.95
        (10_000, 1_000, 10),  # 0.11: 107.99 → 108.00
        (10_000, 200, 0),  # 0.02: 108.08 → 108.10, nothing is left of it
        (10_808, 1_000_000, 10_810),  # all of it
    ],
)
def test_what_is_left_to_pay_is_payable_in_coins(net_minor: int, percent_ppm: int, expected_minor: int) -> None:
    assert discount_of("included", net_minor, 10_810, percent_ppm, 5) == expected_minor


def test_it_comes_off_what_is_due_last() -> None:
    items = [item(1, "2026-03-01", 100), item(2, "2026-01-01", 300), item(3, "2026-02-01", 200)]
    assert {each.receivable_id: each.balance_minor for each in reduced(items, {1: 250})} == {1: 0, 2: 300, 3: 50}


def test_it_comes_off_no_claim_and_no_other_invoice() -> None:
    items = [item(1, "2026-01-01", 100), item(2, "2026-02-01", 9, kind="fee"), item(3, "2026-03-01", 50, invoice_id=2)]
    assert [each.balance_minor for each in reduced(items, {1: 40})] == [60, 9, 50]


@pytest.mark.parametrize(("short_minor", "expected"), [(999, False), (1_000, True), (1_001, True)])
def test_half_an_instalment_short_by_half_the_discount(short_minor: int, *, expected: bool) -> None:
    """20.00 off 1000.00, of which this instalment is 500.00."""
    assert is_like_a_discount(short_minor, item(1, "2026-01-01", 50_000), 2_000, 100_000) is expected


def test_included_comes_off_base_and_tax_in_proportion() -> None:
    """315 of 1150 (with 150 tax) and 2000: 115 (15 of it tax) and 200."""
    codes = [CodePart(100_000, 15_000), CodePart(200_000, 0)]
    assert taxes_taken("included", [31_500], codes) == [[CodePart(10_000, 1_500), CodePart(20_000, 0)]]


@pytest.mark.parametrize("tax", ["excluded", "mixed"])
def test_otherwise_the_tax_stays(tax: str) -> None:
    codes = [CodePart(100_000, 15_000), CodePart(200_000, 0)]
    assert taxes_taken(tax, [30_000], codes) == [[CodePart(10_000, 0), CodePart(20_000, 0)]]


@pytest.mark.parametrize("amounts", [[1] * 20, [7, 0, 13], [19, 1], [20]])
@pytest.mark.parametrize(
    "codes",
    [
        [CodePart(84, 16), CodePart(93, 7), CodePart(3, 0)],
        [CodePart(1, 0), CodePart(0, 1), CodePart(100, 19)],
        [CodePart(-1, 2), CodePart(100, 19)],
    ],
)
def test_parts_sum_both_ways_and_are_never_negative(amounts: list[int], codes: list[CodePart]) -> None:
    taken = taxes_taken("included", amounts, codes)
    assert [sum(part.gross_minor for part in parts) for parts in taken] == amounts
    assert all(part.base_minor >= 0 and part.tax_minor >= 0 for parts in taken for part in parts)
    (whole,) = taxes_taken("included", [sum(amounts)], codes)
    assert [CodePart(*map(sum, zip(*of_code, strict=True))) for of_code in zip(*taken, strict=True)] == whole
