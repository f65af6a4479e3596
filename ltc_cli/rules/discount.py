"""Early-payment discount: what may be taken, from which instalments, and how the tax changes with it.

`included`: a percentage of the total, taxes in proportion. `excluded`: of the net, the tax unchanged. `mixed`: of the
net, the tax of the invoice was computed on the discounted net from the start (design 3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ltc_cli.rules.allocation import oldest_first
from ltc_cli.rules.money import PPM, round_ratio, round_to_step, split

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ltc_cli.rules.allocation import OpenItem


class CodePart(NamedTuple):
    """Base and tax of a tax code."""

    base_minor: int
    tax_minor: int

    @property
    def gross_minor(self) -> int:
        return self.base_minor + self.tax_minor


def discount_of(tax: str, net_minor: int, total_minor: int, percent_ppm: int, step_minor: int) -> int:
    """What may be taken off an invoice of this net and total (less what of both was credited), in minor units.

    What is left to pay is rounded to cash, as the total is; the step is 1 where it is not.
    """
    whole_minor = total_minor if tax == "included" else net_minor
    exact_minor = max(0, round_ratio(whole_minor * percent_ppm, PPM))
    if step_minor == 1:
        return exact_minor
    payable_minor = round_to_step(max(0, total_minor - exact_minor), step_minor)
    return max(0, min(total_minor - payable_minor, whole_minor))


def reduced(items: Iterable[OpenItem], discounts: Mapping[int, int]) -> list[OpenItem]:
    """The items with their balances less the discounts of their invoices, which come off what is due last."""
    left = dict(discounts)
    found = []
    for item in reversed(oldest_first(items)):
        off_minor = min(left.get(item.invoice_id, 0), item.balance_minor) if item.kind == "invoice" else 0
        if off_minor:
            left[item.invoice_id] -= off_minor
        found.append(item._replace(balance_minor=item.balance_minor - off_minor))
    return found[::-1]


def is_like_a_discount(short_minor: int, item: OpenItem, discount_minor: int, total_minor: int) -> bool:
    """Whether an instalment is short by its share of a discount, or more: no tolerance is meant for that."""
    return short_minor * total_minor >= discount_minor * item.amount_minor


def taxes_taken(tax: str, amounts: Sequence[int], codes: Sequence[CodePart]) -> list[list[CodePart]]:
    """For each amount that was taken off, what comes off the base and the tax of each code.

    `codes` is what stands on the invoice, less credits. The parts of an amount sum to it, those of all amounts are in
    proportion to the codes, and none is negative.
    """
    wholes = [code if tax == "included" else CodePart(code.base_minor, 0) for code in codes]
    rest = _taken(sum(amounts), wholes)
    taken = []
    for amount_minor in amounts:
        parts = _taken(amount_minor, rest)
        rest = [
            CodePart(left.base_minor - part.base_minor, left.tax_minor - part.tax_minor)
            for left, part in zip(rest, parts, strict=True)
        ]
        taken.append(parts)
    return taken


def _taken(amount_minor: int, codes: Sequence[CodePart]) -> list[CodePart]:
    shares = split(amount_minor, [max(0, code.gross_minor) for code in codes])
    taxes = [
        min(share, round_ratio(share * max(0, code.tax_minor), code.gross_minor)) if share and code.gross_minor else 0
        for share, code in zip(shares, codes, strict=True)
    ]
    return [CodePart(share - tax_minor, tax_minor) for share, tax_minor in zip(shares, taxes, strict=True)]
