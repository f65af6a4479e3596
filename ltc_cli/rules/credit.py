"""What a credit note takes of its invoice: of each line and tax code a part, by the rule for parts (design 3).

What was credited up to now is in proportion to the whole, rounded, and a credit is that less what was credited before.
So all credits of an invoice sum to its lines, its net and its tax exactly, and none takes more than is left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ltc_cli.rules.billing import goods, lump, value_of
from ltc_cli.rules.money import round_ratio, round_to_step, split
from ltc_cli.rules.tax import Line, TaxCode, TaxGroup, tax_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class InvoiceLine(NamedTuple):
    """A line of the invoice, and what of it was credited before."""

    line: Line
    credited_micro: int
    """Quantities alone: an amount takes none."""
    credited_minor: int

    @property
    def left_micro(self) -> int:
        return self.line.quantity_micro - self.credited_micro

    @property
    def left_minor(self) -> int:
        return self.line.net_minor - self.credited_minor

    def value_of(self, quantity_micro: int) -> int:
        """What the next of its quantity is worth, so that all of it is worth the line."""
        after_minor = value_of(self.line, self.credited_micro + quantity_micro)
        return after_minor - value_of(self.line, self.credited_micro)


class Amounts(NamedTuple):
    """Of one tax code: the sum of its lines as they stand, its base, and its tax."""

    lines_minor: int = 0
    base_minor: int = 0
    tax_minor: int = 0

    @property
    def gross_minor(self) -> int:
        return self.base_minor + self.tax_minor

    def less(self, other: Amounts) -> Amounts:
        return Amounts(*(mine - theirs for mine, theirs in zip(self, other, strict=True)))


class OfCode(NamedTuple):
    """What stands on an invoice under a tax code, and what of it was credited before."""

    tax: TaxCode
    whole: Amounts
    before: Amounts

    @property
    def left(self) -> Amounts:
        return self.whole.less(self.before)


class Payable(NamedTuple):
    """What an invoice asks for, less a discount, where that is rounded to cash, and what of it went back before."""

    gross_minor: int
    """Net and tax."""
    total_minor: int
    step_minor: int
    gross_before_minor: int = 0
    total_before_minor: int = 0

    def gross_of(self, amount_minor: int) -> int:
        """Net and tax that go back with an amount: all of it with all that is left."""
        is_rest = self.total_before_minor + amount_minor == self.total_minor
        left_minor = self.gross_minor - self.gross_before_minor
        return left_minor if is_rest else min(amount_minor, left_minor)

    def total_of(self, gross_minor: int) -> int:
        """What goes back with that net and tax: what went back up to now is rounded like the invoice."""
        after_minor = self.gross_before_minor + gross_minor
        is_all = after_minor == self.gross_minor
        payable_minor = self.total_minor if is_all else round_to_step(after_minor, self.step_minor)
        return max(0, min(payable_minor, self.total_minor) - self.total_before_minor)


class CreditedLine(NamedTuple):
    """A line of a credit note."""

    position: int
    """Of the invoice's line, from 0."""
    line: Line
    credited_micro: int
    """How much of the invoice's quantity it takes back; 0 where it is an amount."""


class Credit(NamedTuple):
    lines: list[CreditedLine]
    groups: list[TaxGroup]


def anew(codes: Sequence[OfCode], lines: Sequence[InvoiceLine]) -> tuple[list[OfCode], list[InvoiceLine]]:
    """What is left of codes and lines as an invoice of its own: of each, a later credit takes its part of that.

    So what was taken as discount, which no line tells, comes off all quantities that are left alike.
    """
    left = list(lines)
    for code in codes:
        mine = [number for number, each in enumerate(lines) if each.line.tax == code.tax]
        weights = [value_of(lines[number].line, lines[number].left_micro) for number in mine]
        for number, net_minor in zip(mine, split(code.left.lines_minor, weights) if mine else [], strict=True):
            line, micro = lines[number].line, lines[number].left_micro
            left[number] = InvoiceLine(line._replace(quantity_micro=micro, net_minor=net_minor), 0, 0)
    return [OfCode(code.tax, code.left, Amounts()) for code in codes], left


def of_amount(gross_minor: int, codes: Sequence[OfCode], lines: Sequence[InvoiceLine], digits: int) -> Credit:
    """A credit of an amount with the tax in it, at most what is left: over codes and lines by what is left of each."""
    left = [code.left.gross_minor for code in codes]
    is_all = gross_minor == sum(left)
    shares = left if is_all else split(gross_minor, [max(0, each) for each in left])
    parts = [_of_gross(code, share_minor) for code, share_minor in zip(codes, shares, strict=True)]
    taken = [0] * len(lines)
    for code, part in zip(codes, parts, strict=True):
        mine = [number for number, each in enumerate(lines) if each.line.tax == code.tax]
        weights = [max(0, lines[number].left_minor) for number in mine]
        for number, amount_minor in zip(mine, split(part.lines_minor, weights) if mine else [], strict=True):
            taken[number] = amount_minor
    wanted = {
        number: (amount_minor, _quantity(lines[number], amount_minor) if amount_minor or is_all else 0)
        for number, amount_minor in enumerate(taken)
    }
    groups = _groups(codes, parts)
    return Credit(_lines(wanted, groups, lines, digits), groups)


def of_quantities(
    quantities: Mapping[int, int], codes: Sequence[OfCode], lines: Sequence[InvoiceLine], digits: int, policy: str
) -> Credit:
    """A credit of quantities of lines, by their position from 0, in micro; at most what is left of each.

    Of an invoice that is taxed by `line`, each line brings the tax it has there; else its share of all tax.
    """
    wanted = {number: (lines[number].value_of(micro), micro) for number, micro in quantities.items()}
    parts = []
    for code in codes:
        values = {number: minor for number, (minor, _) in wanted.items() if lines[number].line.tax == code.tax}
        own_tax_minor = _own_tax(code, values, lines) if policy == "line" else None
        parts.append(_of_lines(code, sum(values.values()), own_tax_minor))
    groups = _groups(codes, parts)
    return Credit(_lines(wanted, groups, lines, digits), groups)


def _quantity(each: InvoiceLine, amount_minor: int) -> int:
    """What is left of the quantity, where the amount is what is left of the line and no amount was credited before."""
    is_rest = amount_minor == each.left_minor and each.credited_minor == value_of(each.line, each.credited_micro)
    return each.left_micro if is_rest else 0


def _of_gross(code: OfCode, gross_minor: int) -> Amounts:
    """The part of a code that is this amount with its tax."""
    whole, before = code.whole, code.before
    after_minor = before.gross_minor + gross_minor
    if after_minor == whole.gross_minor:
        return code.left
    least_minor = max(before.base_minor, after_minor - whole.tax_minor)
    most_minor = min(whole.base_minor, after_minor - before.tax_minor)
    base_minor = _within(round_ratio(whole.base_minor * after_minor, whole.gross_minor), least_minor, most_minor)
    own_minor, own_whole_minor = (
        (after_minor, whole.gross_minor) if code.tax.inclusive else (base_minor, whole.base_minor)
    )
    lines_minor = round_ratio(whole.lines_minor * own_minor, own_whole_minor) if own_whole_minor else 0
    lines_minor = _within(lines_minor, before.lines_minor, whole.lines_minor)
    return Amounts(lines_minor, base_minor, after_minor - base_minor).less(before)


def _own_tax(code: OfCode, values: Mapping[int, int], lines: Sequence[InvoiceLine]) -> int:
    """The tax on the next of some lines of a code, by number and value, where each line has a tax of its own."""
    mine = [number for number, each in enumerate(lines) if each.line.tax == code.tax]
    weights = [tax_of(lines[number].line.net_minor, code.tax) for number in mine]
    taxes = dict(zip(mine, split(code.whole.tax_minor, weights) if mine else [], strict=True))
    return sum(_next(taxes[number], lines[number], value_minor) for number, value_minor in values.items())


def _next(tax_minor: int, each: InvoiceLine, value_minor: int) -> int:
    """What the next of a line takes of its tax, so that all of the line takes all of it."""
    whole_minor = each.line.net_minor
    if not whole_minor:
        return 0
    before_minor = round_ratio(tax_minor * each.credited_minor, whole_minor)
    return round_ratio(tax_minor * (each.credited_minor + value_minor), whole_minor) - before_minor


def _of_lines(code: OfCode, lines_minor: int, own_tax_minor: int | None) -> Amounts:
    """The part of a code that these amounts of its lines bring with them: their own tax, else a share of all."""
    whole, before = code.whole, code.before
    after_minor = before.lines_minor + lines_minor
    if after_minor == whole.lines_minor and lines_minor:
        return code.left
    if not lines_minor:
        return Amounts()
    if own_tax_minor is None:
        tax_minor = _share(whole.tax_minor, before.tax_minor, after_minor, whole.lines_minor)
    else:
        tax_minor = min(before.tax_minor + own_tax_minor, whole.tax_minor)
    if code.tax.inclusive:
        gross_minor = _share(whole.gross_minor, before.gross_minor, after_minor, whole.lines_minor)
        base_minor = _within(gross_minor - tax_minor, before.base_minor, whole.base_minor)
    else:
        base_minor = _share(whole.base_minor, before.base_minor, after_minor, whole.lines_minor)
    return Amounts(after_minor, base_minor, tax_minor).less(before)


def _share(whole_minor: int, before_minor: int, lines_minor: int, all_lines_minor: int) -> int:
    return _within(round_ratio(whole_minor * lines_minor, all_lines_minor), before_minor, whole_minor)


def _within(amount_minor: int, least_minor: int, most_minor: int) -> int:
    return max(least_minor, min(amount_minor, most_minor))


def _groups(codes: Sequence[OfCode], parts: Sequence[Amounts]) -> list[TaxGroup]:
    return [
        TaxGroup(code.tax, part.base_minor, part.tax_minor)
        for code, part in zip(codes, parts, strict=True)
        if part.base_minor or part.tax_minor
    ]


def _lines(
    wanted: Mapping[int, tuple[int, int]], groups: Sequence[TaxGroup], lines: Sequence[InvoiceLine], digits: int
) -> list[CreditedLine]:
    """The lines that take something, and one at least of each code that does: a cent may be tax alone."""
    kept = {number for number, (amount_minor, micro) in wanted.items() if amount_minor or micro}
    for group in groups:
        mine = [number for number in wanted if lines[number].line.tax == group.tax]
        if not kept & set(mine):
            kept |= set(mine[:1])
    return [
        CreditedLine(number, _line(lines[number].line, micro, amount_minor, digits), micro)
        for number, (amount_minor, micro) in sorted(wanted.items())
        if number in kept
    ]


def _line(line: Line, quantity_micro: int, amount_minor: int, digits: int) -> Line:
    if quantity_micro:
        return goods(line, quantity_micro, amount_minor, digits)
    return lump(line.text, amount_minor, line.tax, digits)
