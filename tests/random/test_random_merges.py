"""The random walk with customers that become one: the books move every fact over, the file moves none.

`LTC_SEED=7` walks one walk again, `LTC_STEPS=500` a longer one.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.random import moves, views
from tests.random.agreements import RefusalError
from tests.random.books import Books
from tests.random.moves import Move, Typist
from tests.random.walk import Walk
from tests.support import folder_in_memory

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

STEPS = int(os.environ.get("LTC_STEPS", "100"))
SEEDS = [int(os.environ["LTC_SEED"])] if "LTC_SEED" in os.environ else [1]


class MovingBooks(Books):
    """Books in which a merge moves all facts of a customer to the one that is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.part_of: dict[str, str] = {}

    def merge_customers(self, text: str, into: str) -> None:
        gone, keep = self.find(text, "customer"), self.find(into, "customer")
        own, own_into = self._own(text, gone), self._own(into, keep)
        if own != own_into and own != gone and gone == keep:
            return
        if own == own_into or own != gone or gone == keep:
            raise RefusalError(4, f"{own} cannot become part of {own_into}")
        for ref, kept in [*self.part_of.items(), (gone, keep)]:
            self.part_of[ref] = keep if kept == gone or ref == gone else kept
        for records in (self.opportunity, self.contract, self.invoice, self.credit, self.payment):
            for record in records.values():
                record.customer = keep if record.customer == gone else record.customer

    def _own(self, text: str, found: str) -> str:
        return text.upper() if text.upper() in self.customer else found

    def _named(self, text: str) -> tuple[str, str]:
        kind, ref = super()._named(text)
        return kind, self.part_of.get(ref, ref)

    def _candidates(self, name: str, email: str | None) -> list[str]:
        return list(dict.fromkeys(self.part_of.get(ref, ref) for ref in super()._candidates(name, email)))


def merge_customers(typist: Typist) -> Move | None:
    every = list(typist.books.customer)
    ref, into = typist.one(every, "customer"), typist.one(every, "customer")
    if ref is None or into is None:
        return None

    def happen(books: Any, _answer: object) -> None:
        books.merge_customers(ref, into)

    return Move(("customer", "merge"), happen, into, options=(ref,))


def kept_customers(books: Any, _today: date) -> list[views.Row]:
    return [row for row in views.customers(books, _today) if row["ref"] not in books.part_of]


class MergingWalk(Walk):
    def __init__(self, seed: int, folder: Path) -> None:
        super().__init__(seed, folder)
        self.books = MovingBooks()


@pytest.fixture(autouse=True)
def customers_merge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(moves.WEIGHTS, merge_customers, 6)
    monkeypatch.setitem(moves.WEIGHTS, moves.add_customer, 3)
    monkeypatch.setitem(views.VIEWS, "customers", kept_customers)


@pytest.mark.parametrize("seed", SEEDS)
def test_whoever_was_merged_is_the_other_everywhere(seed: int) -> None:
    with folder_in_memory() as folder:
        MergingWalk(seed, folder).walk(STEPS)
