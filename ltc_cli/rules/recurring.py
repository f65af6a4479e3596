"""How a plan takes a change of its contract: what is billed stays, the rest makes up the new amount.

A fee is held against its periods as they now are: periods that are billed stand, and so does their price; where the
periods come to more, the difference is a share of its own, where they come to less, too much was billed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ltc_cli.errors import UsageError
from ltc_cli.rules.money import format_amount, split
from ltc_cli.rules.terms import fee_periods

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from ltc_cli.rules.terms import PlannedShare, Share, Terms


class Planned(NamedTuple):
    """A share of the plan and what was billed of it, in minor units."""

    id: int
    share: PlannedShare
    billed_minor: int


class Replanned(NamedTuple):
    """What becomes of the shares of a plan."""

    changed: dict[int, PlannedShare]
    """By id, as they now are; what is not here stays as it was."""
    added: list[PlannedShare]
    over: dict[int, int]
    """By id, what was billed beyond the last day, in minor units of the contract's amount."""


class Course(NamedTuple):
    """How the fees of a contract run."""

    signed_on: date
    last_on: date | None
    """The last day of the contract; None: without end."""
    changes: Sequence[tuple[date, int]]
    """Days, in their order, and what its only fee is from them on."""
    is_cut: bool = False
    """The last day stands above `until` in the terms."""


def fees_of(terms: Terms) -> list[Share]:
    return [share for share in terms.shares if share.kind == "fee"]


def pieces(share: Share, currency: str, course: Course, through: date) -> list[PlannedShare]:
    """The periods of one fee that have begun by a day, or all of them where it has an end."""
    last_on = _last_day(share, course)
    return fee_periods(
        share, currency, course.signed_on, last_on=last_on, through=last_on or through, changes=course.changes
    )


def _last_day(share: Share, course: Course) -> date | None:
    if course.is_cut or share.until is None:
        return course.last_on
    return share.until


def by_fee(planned: Sequence[Planned], fees: Sequence[Share], currency: str) -> list[list[Planned]]:
    """The periods of each fee; where there are several, a period belongs to the one whose amount it names."""
    mine: list[list[Planned]] = [[] for _ in fees]
    names = [format_amount(fee.value, currency) for fee in fees]
    if len(set(names)) < len(names):
        raise UsageError("two fees of one amount cannot be told apart", "sign a contract for each")
    for each in planned:
        if each.share.period_from is not None:
            number = names.index(each.share.share) if len(fees) > 1 else 0
            mine[number].append(each)
    return mine


def missing(planned: Sequence[Planned], wanted: Sequence[PlannedShare]) -> list[PlannedShare]:
    """The periods beyond those in the plan."""
    known = [(_from(each.share), _to(each)) for each in planned]
    return [piece for piece in wanted if not any(begins <= _from(piece) <= ends for begins, ends in known)]


def replan(planned: Sequence[Planned], wanted: Sequence[PlannedShare], changes_on: date | None = None) -> Replanned:
    """One fee's plan for its periods as they now are; `changes_on` is the day from which the fee is another."""
    changed: dict[int, PlannedShare] = {}
    added: list[PlannedShare] = []
    over: dict[int, int] = {}
    left = list(wanted)
    for group in _billed_groups(planned):
        begins, ends = _from(group[0].share), max(_to(each) for each in group)
        inside = [piece for piece in left if begins <= _from(piece) and _from(piece) <= ends]
        left = [piece for piece in left if piece not in inside]
        more_minor = sum(piece.amount_minor for piece in inside) - sum(each.billed_minor for each in group)
        if more_minor > 0:
            days = [each.share.period_from for each in planned if not each.billed_minor]
            since = _first_within(begins, ends, [*days, changes_on]) or _from(inside[-1])
            left.append(inside[-1]._replace(trigger_on=since, period_from=since, amount_minor=more_minor))
        elif more_minor < 0:
            over.update(_taken_back(group, -more_minor))
    open_by_day = {each.share.period_from: each for each in planned if not each.billed_minor}
    for piece in left:
        known = open_by_day.pop(piece.period_from, None)
        if known is None:
            added.append(piece)
        elif (known.share.amount_minor, known.share.period_to) != (piece.amount_minor, piece.period_to):
            changed[known.id] = known.share._replace(amount_minor=piece.amount_minor, period_to=piece.period_to)
    for dropped in open_by_day.values():
        if dropped.share.amount_minor:
            changed[dropped.id] = dropped.share._replace(amount_minor=0)
    return Replanned(changed, added, over)


def _first_within(begins: date, ends: date, days: Iterable[date | None]) -> date | None:
    """Where what is billed more begins: with the change, or the one before it that is not billed either."""
    return min((day for day in days if day and begins <= day <= ends), default=None)


def _billed_groups(planned: Sequence[Planned]) -> list[list[Planned]]:
    """Billed periods, each with what was billed for a later part of it."""
    groups: list[list[Planned]] = []
    for each in sorted((each for each in planned if each.billed_minor), key=lambda each: (_from(each.share), each.id)):
        if groups and _from(each.share) <= _to(groups[-1][0]):
            groups[-1].append(each)
        else:
            groups.append([each])
    return groups


def _taken_back(group: Sequence[Planned], over_minor: int) -> dict[int, int]:
    """Of the later part first."""
    taken: dict[int, int] = {}
    for each in reversed(group):
        part_minor = min(over_minor, each.billed_minor)
        if part_minor:
            taken[each.id] = part_minor
        over_minor -= part_minor
    return taken


def _from(share: PlannedShare) -> date:
    assert share.period_from is not None
    return share.period_from


def _to(planned: Planned) -> date:
    assert planned.share.period_to is not None
    return planned.share.period_to


def spread(planned: Sequence[Planned], amount_minor: int) -> dict[int, PlannedShare] | None:
    """Shares that are no fees, for another amount of all of them together: what is open of them takes the difference.

    Amounts that were fixed stay. None where nothing is open that could take it.
    """
    takers = [each for each in planned if each.share.fixed_minor is None and _is_open(each)]
    if not takers:
        return None
    kept_minor = sum(each.billed_minor if each in takers else each.share.amount_minor for each in planned)
    weights = [each.share.amount_minor - each.billed_minor for each in takers]
    weights = weights if any(weights) else [1] * len(takers)
    parts = split(max(0, amount_minor - kept_minor), weights)
    return {
        each.id: each.share._replace(amount_minor=each.billed_minor + part)
        for each, part in zip(takers, parts, strict=True)
    }


def _is_open(planned: Planned) -> bool:
    return planned.share.amount_minor > planned.billed_minor or planned.share.trigger in ("ship", "deliver")
