"""A company that a random walk has left behind, without a look at it after every step."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.random.walk import FIRST_DAY, Walk

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from tests.random.moves import Move
    from tests.support import Company

DOCUMENTS = ("invoice", "credit_note", "payment", "shipment", "refund")


class _Unseen(Walk):
    """Commands are given, and their answers held against the books, and that is all."""

    def _make(self, move: Move, on: date) -> None:
        granted = self._try(move, on)
        if granted:
            self.books, _answer = granted

    def _compare(self) -> None:
        return None


class RandomCompany:
    """Its file after so many commands."""

    def __init__(self, seed: int, folder: Path, steps: int) -> None:
        walk = _Unseen(seed, folder)
        walk.walk(steps)
        self.folder = folder
        self.company: Company = walk.company
        self.today: date = walk.today

    @property
    def documents(self) -> int:
        tables = self.company.dump()
        return sum(len(tables[table]) for table in DOCUMENTS)

    def days(self, count: int) -> list[date]:
        """So many days, evenly from the first to the last."""
        length = (self.today - FIRST_DAY).days
        return [FIRST_DAY + timedelta(days=length * number // (count - 1)) for number in range(count)]

    def export(self, form: str, as_of: date | None = None) -> Path:
        path = self.folder / f"{form}.{as_of or 'whole'}"
        day = (as_of or self.today).isoformat()
        command = ("export", "ledger", "--format", form, "-o", str(path), "--as-of", day)
        self.company.ltc(*command, today=self.today.isoformat())
        return path
