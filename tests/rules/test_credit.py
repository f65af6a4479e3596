"""What a credit note takes of its invoice, line by line and code by code; the numbers are worked by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from ltc_cli.rules import tax
from ltc_cli.rules.credit import Amounts, Credit, InvoiceLine, OfCode, of_amount, of_quantities

if TYPE_CHECKING:
    from collections.abc import Sequence

MICRO = 1_000_000
S19 = tax.TaxCode("S19", "S", 190_000, inclusive=False)
R7 = tax.TaxCode("R7", "S", 70_000, inclusive=False)
Z = tax.TaxCode("Z", "Z", 0, inclusive=False)
I19 = tax.TaxCode("I19", "S", 190_000, inclusive=True)


class Note:
    """An invoice that is credited piece by piece; `credits` are what was taken."""

    def __init__(self, *lines: tax.Line, policy: str = "document") -> None:
        self.lines, self.policy = lines, policy
        self.groups = tax.totals(lines, policy, 2).groups
        self.credits: list[Credit] = []

    def amount(self, gross_minor: int) -> Credit:
        return self._keep(of_amount(gross_minor, self.codes, self.invoice_lines, 2))

    def quantities(self, **pieces: int) -> Credit:
        """`line_1=2`: two of the first."""
        wanted = {int(name[5:]) - 1: number * MICRO for name, number in pieces.items()}
        return self._keep(of_quantities(wanted, self.codes, self.invoice_lines, 2, self.policy))

    def rest(self) -> Credit:
        return self.amount(sum(code.left.gross_minor for code in self.codes))

    def _keep(self, credit: Credit) -> Credit:
        self.credits.append(credit)
        return credit

    @property
    def invoice_lines(self) -> list[InvoiceLine]:
        taken = [each for credit in self.credits for each in credit.lines]
        return [
            InvoiceLine(
                line,
                sum(each.credited_micro for each in taken if each.position == number),
                sum(each.line.net_minor for each in taken if each.position == number),
            )
            for number, line in enumerate(self.lines)
        ]

    @property
    def codes(self) -> list[OfCode]:
        return [
            OfCode(
                group.tax,
                Amounts(self._lines_minor(group.tax), group.base_minor, group.tax_minor),
                self._before(group.tax),
            )
            for group in self.groups
        ]

    def _lines_minor(self, code: tax.TaxCode) -> int:
        return sum(line.net_minor for line in self.lines if line.tax == code)

    def _before(self, code: tax.TaxCode) -> Amounts:
        groups = [group for credit in self.credits for group in credit.groups if group.tax == code]
        lines = [each.line for credit in self.credits for each in credit.lines if each.line.tax == code]
        return Amounts(
            sum(line.net_minor for line in lines),
            sum(group.base_minor for group in groups),
            sum(group.tax_minor for group in groups),
        )


def item(pieces: int, price_minor: int, code: tax.TaxCode = S19) -> tax.Line:
    return tax.line("Item", pieces * MICRO, price_minor * 10_000, 0, code, 2)


def sums(credit: Credit) -> list[tuple[str, int, int]]:
    return [(group.tax.code, group.base_minor, group.tax_minor) for group in credit.groups]


def amounts(credit: Credit) -> list[int]:
    return [each.line.net_minor for each in credit.lines]


def test_an_amount_has_its_tax_in_it_and_the_parts_sum() -> None:
    """119 at 19 %: base 50 × 100/119 = 42.017, 100 × 100/119 = 84.034."""
    note = Note(item(1, 100_00))
    assert sums(note.amount(50_00)) == [("S19", 42_02, 7_98)]
    assert sums(note.amount(50_00)) == [("S19", 42_01, 7_99)]
    assert sums(note.rest()) == [("S19", 15_97, 3_03)]


def test_an_amount_is_spread_over_the_codes_by_what_is_left_of_each() -> None:
    """172.50: 100 × 119/172.50 = 68.986 at 19 %, 31.01 at 7 %; bases 68.99 / 1.19 = 57.975, 31.01 / 1.07 = 28.981."""
    note = Note(item(1, 100_00), item(1, 50_00, R7))
    credit = note.amount(100_00)
    assert sums(credit) == [("S19", 57_97, 11_02), ("R7", 28_98, 2_03)]
    assert amounts(credit) == [57_97, 28_98]
    assert sums(note.rest()) == [("S19", 42_03, 7_98), ("R7", 21_02, 1_47)]


def test_lines_bring_their_share_of_the_tax() -> None:
    """3 × 33.33 = 99.99, tax 18.998 = 19.00: 6.333, 12.667, 19."""
    note = Note(item(3, 33_33))
    taken = [note.quantities(line_1=1) for _ in range(3)]
    assert [sums(credit) for credit in taken] == [
        [("S19", 33_33, 6_33)],
        [("S19", 33_33, 6_34)],
        [("S19", 33_33, 6_33)],
    ]
    assert [each.line.quantity_micro for credit in taken for each in credit.lines] == [MICRO] * 3


def test_taxed_by_line_a_line_brings_its_own_tax() -> None:
    """Ten at 0.15 have 0.0285 = 0.03 of tax each, and 100.00 has 19.00; as a share of all 19.30 it would be 19.01."""
    note = Note(*[item(1, 15)] * 10, item(1, 100_00), policy="line")
    assert sums(note.quantities(line_11=1)) == [("S19", 100_00, 19_00)]
    assert [sums(note.quantities(**{f"line_{number}": 1})) for number in range(1, 11)] == [[("S19", 15, 3)]] * 10


def test_taxed_by_line_pieces_of_a_line_share_its_tax() -> None:
    """Three at 0.15: 0.45, of which 19 % are 0.0855 = 0.09, beside a line of 0.06 with 0.0114 = 0.01."""
    note = Note(item(3, 15), item(1, 6), policy="line")
    assert [sums(note.quantities(line_1=1)) for _ in range(3)] == [[("S19", 15, 3)]] * 3
    assert sums(note.rest()) == [("S19", 6, 1)]


def test_taxed_by_line_within_the_price() -> None:
    """11999 × 16/116 = 1655.0345 each of three, 1699 × 16/116 = 234.3448."""
    within = tax.TaxCode("I16", "S", 160_000, inclusive=True)
    note = Note(item(1, 1_699_00, within), *[item(1, 11_999_00, within)] * 3, policy="line")
    assert [sums(note.quantities(**{f"line_{number}": 1})) for number in range(1, 5)] == [
        [("I16", 1_464_66, 234_34)],
        *[[("I16", 10_343_97, 1_655_03)]] * 3,
    ]


def test_a_third_of_a_line_that_does_not_divide_is_cumulative() -> None:
    """10.00 in three: 3.33, 3.34, 3.33."""
    note = Note(tax.line("Item", 3 * MICRO, 3_333_333, 0, Z, 2))
    assert [amounts(note.quantities(line_1=1)) for _ in range(3)] == [[333], [334], [333]]


def test_with_the_tax_inside_a_line_is_gross() -> None:
    note = Note(item(2, 59_50, I19))
    assert sums(note.quantities(line_1=1)) == [("I19", 50_00, 9_50)]
    credit = note.amount(11_90)
    assert (sums(credit), amounts(credit)) == ([("I19", 10_00, 1_90)], [11_90])
    assert sums(note.rest()) == [("I19", 40_00, 7_60)]


def test_the_whole_is_the_invoice_again_line_by_line() -> None:
    note = Note(item(3, 33_33), item(2, 0, Z), item(1, 7_50, R7))
    credit = note.rest()
    assert [each.line for each in credit.lines] == list(note.lines)
    assert [each.credited_micro for each in credit.lines] == [3 * MICRO, 2 * MICRO, MICRO]


def test_after_some_pieces_the_rest_is_the_other_pieces() -> None:
    note = Note(item(4, 25_00, Z))
    note.quantities(line_1=1)
    (rest,) = note.rest().lines
    assert (rest.line.quantity_micro, rest.line.net_minor, rest.credited_micro) == (3 * MICRO, 75_00, 3 * MICRO)


def test_after_an_amount_the_rest_is_an_amount() -> None:
    note = Note(item(4, 25_00, Z))
    (part,) = note.amount(10_00).lines
    (rest,) = note.rest().lines
    assert (part.line.quantity_micro, part.line.net_minor, part.credited_micro) == (MICRO, 10_00, 0)
    assert (rest.line.quantity_micro, rest.line.net_minor, rest.credited_micro) == (MICRO, 90_00, 0)


def test_where_lines_do_not_sum_to_the_base_the_whole_takes_both() -> None:
    """Three lines of 0.005 are 0.01 each, and 0.015 = 0.02 together: half of it is 1.5 = 2 of their cents."""
    line = tax.line("Screw", MICRO, 5_000, 0, Z, 2)
    note = Note(line, line, line, policy="unrounded")
    first, rest = note.amount(1), note.rest()
    assert (sums(first), sum(amounts(first))) == ([("Z", 1, 0)], 2)
    assert (sums(rest), sum(amounts(rest))) == ([("Z", 1, 0)], 1)


def test_a_cent_that_is_tax_alone_still_has_a_line() -> None:
    """0.01 and 0.03 of 1.19: bases 0.0084 = 0.01, 0.0168 = 0.02, 0.0252 = 0.03, 0.0336 = 0.03: the fourth is tax."""
    note = Note(item(1, 1_00))
    credit = [note.amount(1) for _ in range(4)][-1]
    assert sums(credit) == [("S19", 0, 1)]
    assert amounts(credit) == [0]


LINES = st.lists(
    st.tuples(st.integers(1, 5), st.integers(0, 400), st.sampled_from([S19, R7, Z, I19])), min_size=1, max_size=4
)
STEPS = st.lists(st.tuples(st.booleans(), st.integers(0, 999), st.integers(0, 3)), max_size=6)


@given(LINES, STEPS, st.sampled_from(["document", "line", "unrounded"]))
def test_all_credits_of_an_invoice_are_the_invoice(
    lines: list[tuple[int, int, tax.TaxCode]], steps: Sequence[tuple[bool, int, int]], policy: str
) -> None:
    """By amounts and by pieces in any order: none is negative or beyond what is left, and in full they are equal."""
    note = Note(*(item(*line) for line in lines), policy=policy)
    for by_pieces, wish, number in steps:
        left_minor = sum(code.left.gross_minor for code in note.codes)
        each = note.invoice_lines[number % len(lines)]
        if by_pieces and each.left_micro and each.value_of(MICRO) <= each.left_minor:
            note.quantities(**{f"line_{number % len(lines) + 1}": 1})
        elif left_minor:
            assert (
                sum(base + tax_ for _, base, tax_ in sums(note.amount(wish % left_minor + 1))) == wish % left_minor + 1
            )
        assert all(part >= 0 for credit in note.credits for _, *parts in sums(credit) for part in parts)
        assert all(part >= 0 for code in note.codes for part in code.left)
        assert all(line.left_minor >= 0 and line.left_micro >= 0 for line in note.invoice_lines)
    note.rest()
    assert all(code.before == code.whole for code in note.codes)
    assert all(line.left_minor == 0 for line in note.invoice_lines)
