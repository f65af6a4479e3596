"""What an invoice for a part of a contract comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.random.arithmetic import TAX_CODES, basis, parts, rounded, totals
from tests.random.records import NOTHING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from tests.random.arithmetic import Line
    from tests.random.records import Claim, Contract


def total_of(contract: Contract, claims: Sequence[Claim], lines: Sequence[Line]) -> Fraction:
    """What an invoice comes to by the contract's policy. The last one takes what is left of the whole."""
    whole = totals(contract.lines, contract.policy, contract.currency)
    if sum(contract.billed) + sum(claim.amount for claim in claims) == contract.amount:
        return whole.total - contract.invoiced
    plainly = totals(lines, contract.policy, contract.currency)
    on_top = [code for code in plainly.taxes if TAX_CODES[code].rate and not TAX_CODES[code].is_inclusive]
    total = plainly.total
    for code in on_top:
        left = whole.taxes[code] - contract.taxed.get(code, NOTHING)
        taken = min(plainly.taxes[code], left)
        contract.taxed[code] = contract.taxed.get(code, NOTHING) + taken
        total -= plainly.taxes[code] - taken
    target = _target(contract, claims, whole.total)
    if target is None or not on_top:
        return total
    most = max(on_top, key=lambda code: basis([line for line in lines if line.tax == code], contract.currency))
    contract.taxed[most] += target - total
    return target


def _target(contract: Contract, claims: Sequence[Claim], total: Fraction) -> Fraction | None:
    """What the customer pays for the claims, where some shares are fixed amounts: the others share the rest."""
    fixed = [share.fixed for share in contract.plan]
    if total == contract.amount or not any(fixed):
        return None
    weights = [share.amount if share.fixed is None else NOTHING for share in contract.plan]
    others = parts(total - sum(each or NOTHING for each in fixed), weights, contract.currency)
    target = NOTHING
    for number, amount in claims:
        gross, whole, before = fixed[number] or others[number], contract.plan[number].amount, contract.billed[number]
        after = rounded(gross * (before + amount) / whole, contract.currency)
        target += after - rounded(gross * before / whole, contract.currency)
    return target
