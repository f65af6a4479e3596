"""Which open items a payment settles: what its reference names, the oldest due first."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ltc_cli.rules.money import PPM

if TYPE_CHECKING:
    from collections.abc import Iterable

KINDS = ("invoice", "fee", "interest")
"""Of one invoice: principal, then fee, then interest."""
CLAIMS_FIRST = ("fee", "interest", "invoice")
"""The other way: costs, interest, principal, as § 367 BGB and UNIDROIT 6.1.12 have it."""


class OpenItem(NamedTuple):
    """A receivable with what is open of it. Days are ISO text."""

    receivable_id: int
    kind: str
    invoice_id: int
    customer_id: int
    currency: str
    issued_on: str
    due_on: str
    amount_minor: int
    balance_minor: int


class Allocation(NamedTuple):
    item: OpenItem
    amount_minor: int


def day_with_room(earliest: str, amount_minor: int, item: OpenItem, settlements: Iterable[tuple[str, int]]) -> str:
    """The first day, from the earliest on, after which the receivable always has room for the amount.

    `settlements` are days and amounts so far. Days on which a payment stood that was reversed later have no room.
    """
    made = list(settlements)
    if not made:
        return earliest
    days = sorted({earliest, *(day for day, _amount in made if day > earliest)})
    room = {day: item.amount_minor - sum(amount for made_on, amount in made if made_on <= day) for day in days}
    full = [day for day in days if room[day] < amount_minor]
    return next(day for day in days if not full or day > full[-1])


def oldest_first(items: Iterable[OpenItem], *, claims_first: bool = False) -> list[OpenItem]:
    """By due date; equal dates: the lower number; of one invoice: principal, fee, interest, or the claims first.

    So the claims of an invoice have their turn together, when the oldest has; they wait for the last open instalment of
    their invoice, or come before the first.
    """
    owed = list(items)
    if all(item.kind == "invoice" for item in owed):
        return sorted(owed, key=lambda item: (item.due_on, item.invoice_id, item.receivable_id))
    due: dict[int, list[str]] = {}
    claimed: dict[int, str] = {}
    for item in owed:
        if item.kind == "invoice" and item.balance_minor:
            due.setdefault(item.invoice_id, []).append(item.due_on)
        elif item.kind != "invoice":
            claimed[item.invoice_id] = min(item.due_on, claimed.get(item.invoice_id, item.due_on))
    kinds = CLAIMS_FIRST if claims_first else KINDS

    def turn(item: OpenItem) -> tuple[str, int, int, str, int]:
        day = item.due_on
        if item.kind != "invoice":
            principal, day = due.get(item.invoice_id, []), claimed[item.invoice_id]
            day = min(principal, default=day) if claims_first else max([day, *principal])
        return day, item.invoice_id, kinds.index(item.kind), item.due_on, item.receivable_id

    return sorted(owed, key=turn)


def allocate(amount_minor: int, items: Iterable[OpenItem], *, claims_first: bool = False) -> list[Allocation]:
    """What the amount settles of each open item; what is left beyond them stays with the customer as credit."""
    allocations = []
    for item in oldest_first(items, claims_first=claims_first):
        part_minor = min(amount_minor, item.balance_minor)
        if part_minor > 0:
            allocations.append(Allocation(item, part_minor))
            amount_minor -= part_minor
    return allocations


def is_tolerated(short_minor: int, instalment_minor: int, most_minor: int | None, most_ppm: int | None) -> bool:
    """Whether so little may be missing from an instalment: at most the amount and the percentage; None: any."""
    return (most_minor is None or short_minor <= most_minor) and (
        most_ppm is None or short_minor * PPM <= instalment_minor * most_ppm
    )
