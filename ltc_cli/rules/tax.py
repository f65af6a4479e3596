"""Tax of a document by a named rounding policy.

`document`, as EN 16931 has it (BR-CO-17): lines rounded, tax per code on their sum. `line`: lines rounded, tax per
line. `unrounded`: lines exact; net = round(Σ), total = round(Σ with tax), tax = total − net.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ltc_cli.rules.money import MICRO, PPM, line_net, round_ratio, split

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

EXACT = MICRO * MICRO
"""Parts of a minor unit in an exact line amount: a quantity and a price, six decimals each."""


REASONS = {
    "AE": "Reverse charge",
    "K": "Intra-community supply",
    "G": "Export outside the EU",
    "O": "Not subject to VAT",
}
"""Why a category is not taxed, as EN 16931's code list VATEX has it; the others need words of their own."""


class TaxCode(NamedTuple):
    code: str
    category: str
    """EN 16931 category: S standard, Z zero, E exempt, AE reverse charge …"""
    rate_ppm: int
    inclusive: bool
    """Whether amounts under this code have the tax in them."""


class Line(NamedTuple):
    """A line of a quote, contract or invoice; `net_minor` is gross where the code is inclusive."""

    text: str
    quantity_micro: int
    price_micro: int
    discount_minor: int
    net_minor: int
    tax: TaxCode
    item_id: int | None = None
    """What it is about, where that is an item."""


class TaxGroup(NamedTuple):
    tax: TaxCode
    base_minor: int
    tax_minor: int


class Totals(NamedTuple):
    net_minor: int
    tax_minor: int
    groups: list[TaxGroup]

    @property
    def total_minor(self) -> int:
        return self.net_minor + self.tax_minor


def line(text: str, quantity_micro: int, price_micro: int, discount_minor: int, tax: TaxCode, digits: int) -> Line:
    """A line with its net amount: quantity × price − discount, rounded half up."""
    net_minor = line_net(quantity_micro, price_micro, discount_minor, digits)
    return Line(text, quantity_micro, price_micro, discount_minor, net_minor, tax)


def discounted(lines: Sequence[Line], discount_minor: int) -> list[Line]:
    """The lines less a discount on the document, spread over them in proportion to their amounts."""
    parts = split(discount_minor, [each.net_minor for each in lines])
    return [
        each._replace(discount_minor=each.discount_minor + part, net_minor=each.net_minor - part)
        for each, part in zip(lines, parts, strict=True)
    ]


def totals(lines: Sequence[Line], policy: str, digits: int, discount_ppm: int = 0) -> Totals:
    """Net, tax and the tax of each code under the policy: `document`, `line` or `unrounded`.

    With a discount the tax is on the net less that percentage, which itself stays as it is.
    """
    codes = list(dict.fromkeys(each.tax for each in lines))
    of_code = {tax: [each for each in lines if each.tax == tax] for tax in codes}
    groups = [_group(tax, of_code[tax], policy, discount_ppm) for tax in codes]
    if policy == "unrounded":
        return _unrounded(groups, of_code, digits, discount_ppm)
    return summed(groups)


def rated(line: Line, code: TaxCode) -> Line:
    """The line under the category and rate of another day; whether its amount has the tax in it was agreed."""
    now = line.tax._replace(category=code.category, rate_ppm=code.rate_ppm)
    return line if line.tax == now else line._replace(tax=now)


def summed(groups: list[TaxGroup]) -> Totals:
    return Totals(sum(group.base_minor for group in groups), sum(group.tax_minor for group in groups), groups)


def _group(tax: TaxCode, lines: Sequence[Line], policy: str, discount_ppm: int) -> TaxGroup:
    amount_minor = sum(each.net_minor for each in lines)
    taxed = [each.net_minor for each in lines] if policy == "line" else [amount_minor]
    tax_minor = sum(tax_of(each, tax, discount_ppm) for each in taxed)
    return TaxGroup(tax, amount_minor - tax_minor if tax.inclusive else amount_minor, tax_minor)


def tax_of(amount_minor: int, tax: TaxCode, discount_ppm: int = 0) -> int:
    """The tax on a net amount less a discount, or the tax inside a gross one where the code is inclusive."""
    rate = tax.rate_ppm * (PPM - discount_ppm)
    divisor = PPM * PPM + rate if tax.inclusive else PPM * PPM
    return round_ratio(amount_minor * rate, divisor)


def _unrounded(groups: list[TaxGroup], of_code: dict[TaxCode, list[Line]], digits: int, discount_ppm: int) -> Totals:
    """Round net and total once each, over all codes; the tax is their difference, spread over the codes."""
    from fractions import Fraction

    nets: list[Fraction] = []
    taxes: list[Fraction] = []
    for tax, lines in of_code.items():
        amount = Fraction(sum(_exact(each, digits) for each in lines), EXACT)
        rate = Fraction(tax.rate_ppm * (PPM - discount_ppm), PPM * PPM)
        net = amount / (1 + rate) if tax.inclusive else amount
        nets.append(net)
        taxes.append(net * rate)
    net_minor = _rounded(sum(nets, Fraction()))
    tax_minor = _rounded(sum(nets, Fraction()) + sum(taxes, Fraction())) - net_minor
    bases, parts = _spread(net_minor, nets), _spread(tax_minor, taxes)
    return Totals(
        net_minor,
        tax_minor,
        [TaxGroup(group.tax, base, part) for group, base, part in zip(groups, bases, parts, strict=True)],
    )


def _exact(line: Line, digits: int) -> int:
    """The line's amount in parts of a minor unit, without any rounding."""
    scale: int = 10**digits
    return line.quantity_micro * line.price_micro * scale - line.discount_minor * EXACT


def _rounded(amount: Fraction) -> int:
    return round_ratio(amount.numerator, amount.denominator)


def _spread(whole_minor: int, amounts: list[Fraction]) -> list[int]:
    """The whole in parts proportional to the exact amounts."""
    denominator = 1
    for amount in amounts:
        denominator *= amount.denominator
    return split(whole_minor, [int(amount * denominator) for amount in amounts])
