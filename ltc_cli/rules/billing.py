"""What of a contract has become billable, and how an invoice for it is laid out.

A share is billable as a whole once its day has come; shares on `ship` and `deliver` in proportion to the value
shipped or delivered. Parts of a share are cumulative: the share up to now less what was billed before.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from ltc_cli.rules.money import MICRO, gross_of_line, round_ratio, split
from ltc_cli.rules.tax import Line, TaxGroup, Totals, summed, tax_of
from ltc_cli.rules.terms import falls_due

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltc_cli.rules.tax import TaxCode
    from ltc_cli.rules.terms import PlannedShare

BY_QUANTITY = ("ship", "deliver")


class Move(NamedTuple):
    """Goods of one contract line that went out, or came back where the quantity is negative."""

    on: date
    """When the shipment went out or arrived: offsets count from here, also for what came back of it."""
    position: int
    quantity_micro: int
    since: date = date.min
    """When it came back."""


class Progress(NamedTuple):
    """The facts of one contract that make shares billable."""

    events: Mapping[str, date]
    """The day of `sign`, `accept` and `end`, as far as it is known."""
    moves: Mapping[str, Sequence[Move]]
    """What was shipped and what was delivered, under `ship` and `deliver`."""


class BilledLine(NamedTuple):
    """One line of an invoice, and what of the contract it bills."""

    line: Line
    share_id: int
    position: int | None
    """The contract line it bills by quantity; None for a share of the whole."""


def day_of(share: PlannedShare, progress: Progress, lines: Sequence[Line]) -> date | None:
    """The day a share is billable as a whole; None while its event is awaited."""
    if share.trigger == "date":
        assert share.trigger_on is not None
        return falls_due(share, share.trigger_on)
    if share.trigger not in BY_QUANTITY:
        event_on = progress.events.get(share.trigger)
        return falls_due(share, event_on) if event_on else None
    moves = progress.moves[share.trigger]
    if not moves or any(
        left < line.quantity_micro for left, line in zip(_quantities(lines, moves), lines, strict=True)
    ):
        return None
    return max(falls_due(share, move.on) for move in moves)


def billable(share: PlannedShare, progress: Progress, lines: Sequence[Line], today: date) -> int:
    """What of the share is billable by today, billed or not, in minor units of the contract's amount."""
    if share.trigger not in BY_QUANTITY:
        day = day_of(share, progress, lines)
        return share.amount_minor if day and day <= today else 0
    whole_minor = sum(line.net_minor for line in lines)
    moved_minor = _value(lines, moved(share, progress, lines, today))
    return round_ratio(share.amount_minor * moved_minor, whole_minor) if whole_minor else 0


def moved(share: PlannedShare, progress: Progress, lines: Sequence[Line], today: date) -> list[int]:
    """The quantity of each line that has gone out long enough ago for the share to be billable."""
    moves = progress.moves[share.trigger]
    return _quantities(lines, [move for move in moves if max(falls_due(share, move.on), move.since) <= today])


def _quantities(lines: Sequence[Line], moves: Sequence[Move]) -> list[int]:
    quantities = [0] * len(lines)
    for move in moves:
        quantities[move.position] += move.quantity_micro
    return quantities


def _value(lines: Sequence[Line], quantities: Sequence[int]) -> int:
    return sum(value_of(line, quantity) for line, quantity in zip(lines, quantities, strict=True))


def value_of(line: Line, quantity_micro: int) -> int:
    """What a quantity of the line is worth, in proportion to the whole line."""
    return round_ratio(line.net_minor * quantity_micro, line.quantity_micro) if line.quantity_micro else 0


# Laying out


def share_lines(
    share_id: int, text: str, amount_minor: int, rest: Mapping[TaxCode, int], digits: int
) -> list[BilledLine]:
    """One line for each tax code, in proportion to what is left to bill under it."""
    parts = split(amount_minor, [max(0, left_minor) for left_minor in rest.values()])
    return [
        BilledLine(lump(text, part, tax, digits), share_id, None) for tax, part in zip(rest, parts, strict=True) if part
    ]


def goods_lines(
    share_id: int, amount_minor: int, lines: Sequence[Line], due: Sequence[tuple[int, int]], digits: int
) -> list[BilledLine]:
    """The goods themselves, where one share is the whole contract; what is free stands there too.

    `due` is what to bill now of each line: quantity in micro, and value in minor units.
    """
    parts = split(amount_minor, [max(0, value_minor) for _quantity, value_minor in due])
    return [
        BilledLine(goods(line, quantity_micro, part, digits), share_id, position)
        for position, (line, (quantity_micro, _value), part) in enumerate(zip(lines, due, parts, strict=True))
        if part or quantity_micro > 0
    ]


def goods(line: Line, quantity_micro: int, amount_minor: int, digits: int) -> Line:
    """The line for a quantity. Where rounding would make its discount negative, the price takes the difference."""
    if quantity_micro <= 0:
        return lump(line.text, amount_minor, line.tax, digits)._replace(item_id=line.item_id)
    price_micro = line.price_micro
    if gross_of_line(quantity_micro, price_micro, digits) < amount_minor:
        price_micro = -(-amount_minor * MICRO * MICRO // (quantity_micro * 10**digits))
    full_minor = gross_of_line(quantity_micro, price_micro, digits)
    return line._replace(
        quantity_micro=quantity_micro,
        price_micro=price_micro,
        discount_minor=full_minor - amount_minor,
        net_minor=amount_minor,
    )


def lump(text: str, amount_minor: int, tax: TaxCode, digits: int) -> Line:
    """A line of one piece at this amount."""
    return Line(text, MICRO, amount_minor * 10 ** (6 - digits), 0, amount_minor, tax)


def repriced(line: Line, amount_minor: int, digits: int) -> Line:
    """The line at another amount that nobody gave as a discount: quantity × price is the amount.

    Only where no price of 6 decimals gives it, a discount takes the cents beyond.
    """
    if line.quantity_micro <= 0:
        return lump(line.text, amount_minor, line.tax, digits)
    price_micro = round_ratio(amount_minor * MICRO * MICRO, line.quantity_micro * 10**digits)
    return goods(line._replace(price_micro=price_micro), line.quantity_micro, amount_minor, digits)


def is_recurring(share: PlannedShare) -> bool:
    """Whether the share is one part of a recurrence: each is billed by an invoice of its own."""
    return share.period_from is not None or "/" in share.share


# Tax of a part

Taxed = Mapping[str, tuple[int, int]]
"""Base and tax of each code on the invoices of a contract so far."""


class TaxedBefore(NamedTuple):
    """What of a tax code stands on the invoices of a contract so far: at the rate now in force, and at other rates."""

    base_minor: int = 0
    tax_minor: int = 0
    other_base_minor: int = 0
    other_tax_minor: int = 0


def whole_now(
    whole: Totals, now: Totals, before: Mapping[str, TaxedBefore], policy: str, discount_ppm: int = 0
) -> Totals:
    """What of a contract is taxed at the rates now in force, if the rest of it is: all but what had other rates.

    `whole` is the contract at these rates, `now` the invoice. By `line`, a rest is taxed as the lines that bill it are.
    A code of which nothing is left, and nothing billed now, is left out.
    """
    of_code = {group.tax.code: group for group in now.groups}
    found = []
    for group in whole.groups:
        code = group.tax.code
        taxed = _taxed_now(group, of_code.get(code), before.get(code), policy, discount_ppm)
        if code in of_code or taxed[1:] != before.get(code, TaxedBefore())[:2]:
            found.append(taxed)
    return summed(found)


def _taxed_now(
    whole: TaxGroup, now: TaxGroup | None, before: TaxedBefore | None, policy: str, discount_ppm: int
) -> TaxGroup:
    if before is None or not (before.other_base_minor or before.other_tax_minor):
        return whole
    code = whole.tax
    amount_minor = whole.base_minor - before.other_base_minor
    before_minor = before.base_minor
    if code.inclusive:
        amount_minor += whole.tax_minor - before.other_tax_minor
        before_minor += before.tax_minor
    tax_minor = tax_of(amount_minor, code, discount_ppm) if now else before.tax_minor
    if policy == "line" and now:
        now_minor = now.base_minor + now.tax_minor if code.inclusive else now.base_minor
        is_rest = now_minor == amount_minor - before_minor
        rest_minor = now.tax_minor if is_rest else tax_of(amount_minor - before_minor, code, discount_ppm)
        tax_minor = before.tax_minor + max(rest_minor, now.tax_minor)
    tax_minor = max(tax_minor, before.tax_minor)
    return TaxGroup(code, amount_minor - tax_minor if code.inclusive else amount_minor, tax_minor)


def gross_targets(shares: Sequence[PlannedShare], total_minor: int) -> list[int]:
    """What the customer pays for each share, where some are fixed: the others share the rest of the total."""
    fixed_minor = sum(share.fixed_minor or 0 for share in shares)
    weights = [share.amount_minor if share.fixed_minor is None else 0 for share in shares]
    others = split(total_minor - fixed_minor, weights)
    return [
        other if share.fixed_minor is None else share.fixed_minor for share, other in zip(shares, others, strict=True)
    ]


def part_of(gross_minor: int, amount_minor: int, billed_minor: int, part_minor: int) -> int:
    """The gross of a part of a share, of which `billed_minor` was billed before; cumulative, so the parts sum."""
    before = round_ratio(gross_minor * billed_minor, amount_minor)
    return round_ratio(gross_minor * (billed_minor + part_minor), amount_minor) - before


def part_totals(plain: Totals, whole: Totals, before: Taxed, target_minor: int | None) -> Totals:
    """An invoice for a part of a contract: its own tax, but of each code no more and no less than can be left.

    Where the customer pays a fixed amount, `target_minor`, the tax takes the cent that rounding leaves.
    """
    of_code = {group.tax: group for group in whole.groups}
    groups = [_within(group, of_code[group.tax], *before.get(group.tax.code, (0, 0))) for group in plain.groups]
    found = summed(groups)
    on_top = [number for number, group in enumerate(groups) if not group.tax.inclusive and group.tax.rate_ppm]
    if target_minor is None or not on_top:
        return found
    most = max(on_top, key=lambda number: groups[number].base_minor)
    groups[most] = groups[most]._replace(tax_minor=groups[most].tax_minor + target_minor - found.total_minor)
    return summed(groups)


def _within(part: TaxGroup, whole: TaxGroup, base_before_minor: int, tax_before_minor: int) -> TaxGroup:
    """The part with no more tax than the contract has left, and, inside a gross amount, room for the rest of it."""
    left_minor = whole.tax_minor - tax_before_minor
    tax_minor = min(part.tax_minor, left_minor)
    if not part.tax.inclusive:
        return part._replace(tax_minor=tax_minor)
    gross_minor = part.base_minor + part.tax_minor
    gross_after_minor = whole.base_minor + whole.tax_minor - base_before_minor - tax_before_minor - gross_minor
    tax_minor = max(tax_minor, left_minor - gross_after_minor)
    return TaxGroup(part.tax, gross_minor - tax_minor, tax_minor)


def last_totals(whole: Totals, before: Taxed) -> Totals:
    """What the last invoice takes: the whole less what stood on the invoices before."""
    groups = []
    for group in whole.groups:
        base_minor, tax_minor = before.get(group.tax.code, (0, 0))
        groups.append(TaxGroup(group.tax, group.base_minor - base_minor, group.tax_minor - tax_minor))
    return summed(groups)
