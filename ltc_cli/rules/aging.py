"""The buckets of aging as days: what falls due when is how old on a day.

Days past due count from the day after the due date; what is due on the day itself is current.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from ltc_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date


class Bucket(NamedTuple):
    """Receivables due from one day to another; None: without end."""

    name: str
    """`current`, `1-30`, `31-60`, `61-90`, `90+`."""
    from_on: date | None
    to_on: date | None


def buckets(as_of: date, edges: Sequence[int]) -> list[Bucket]:
    """From current to oldest. `edges` are the last days past due of each bucket, ascending."""
    found = [Bucket("current", as_of, None)]
    first = 1
    for last in edges:
        found.append(Bucket(f"{first}-{last}", _before(as_of, last), _before(as_of, first)))
        first = last + 1
    return [*found, Bucket(f"{edges[-1]}+", None, _before(as_of, first))]


def _before(day: date, days: int) -> date:
    return day - timedelta(days=days)


def days_past_due(due_on: date, as_of: date) -> int:
    """0 while it is current."""
    return max(0, (as_of - due_on).days)


def parse_edges(text: str) -> tuple[int, ...]:
    """`30,60,90`: ascending numbers of days."""
    pieces = [piece.strip() for piece in text.split(",")]
    if not all(piece.isascii() and piece.isdigit() and len(piece) <= 4 for piece in pieces):
        raise UsageError(f"{text[:60]!r} are no buckets", "write them like --buckets 30,60,90")
    edges = tuple(int(piece) for piece in pieces)
    if edges[0] < 1 or list(edges) != sorted(set(edges)):
        raise UsageError(f"buckets ascend from 1 day: {text[:60]!r} do not", "write them like --buckets 30,60,90")
    return edges
