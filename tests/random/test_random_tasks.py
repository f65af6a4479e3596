"""A random walk of calls: customers without an address and leads in a sequence, called, paid, dropped, day by day.

A small model says which task there is, about what, and how it stands, also as of every day before.
`LTC_SEED=7` walks one walk again, `LTC_STEPS=500` a longer one.
"""

from __future__ import annotations

import os
from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING, Final

import pytest

from tests.stories.telling import audit
from tests.support import Company, folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Callable

DAYS: Final = int(os.environ.get("LTC_STEPS", "50"))
SEEDS: Final = [int(os.environ["LTC_SEED"])] if "LTC_SEED" in os.environ else [1, 2]
FIRST: Final = date(2026, 1, 1)
LEVELS: Final = {"a": 3, "b": 8, "c": 15}
SPACING: Final = 4
CONFIG: Final = """
mail: {from: billing@acme.example}
dunning:
  levels: [{name: a, after: 3d, mail: reminder}, {name: b, after: 8d, mail: second}, {name: c, after: 15d, mail: final}]
  spacing: 4d
nurture: {sequences: {ring: {business_days: false, steps: [{after: 0d, task: ring}]}}}
"""


class Walk:
    """The company, and what is expected of it."""

    def __init__(self, company: Company, random: Random) -> None:
        self.company, self.random, self.today = company, random, FIRST
        self.due: dict[str, tuple[str, date]] = {}
        """Open invoices: whose, and when due."""
        self.reached: dict[str, int] = {}
        self.last: dict[str, date] = {}
        self.asked: dict[tuple[str, str], str] = {}
        """By invoice and level the task."""
        self.items: dict[str, list[tuple[str, str]]] = {}
        self.leads: dict[str, str] = {}
        """Tasks about a lead that nothing has become of."""
        self.status: dict[str, str] = {}
        self.before: dict[date, dict[str, str]] = {}

    def ltc(self, *words: str) -> object:
        return self.company.ltc(*words, today=self.today.isoformat())

    def walk(self) -> None:
        moves: list[Callable[[], None]] = [self.sell, self.enrol, self.call, self.call, self.pay, self.lose]
        for _day in range(DAYS):
            for move in self.random.choices(moves, k=2):
                move()
            self.dun()
            self.look()
            self.today += timedelta(1)

    def sell(self) -> None:
        name = self.random.choice(("Ada", "Bob"))
        lead = self.company.ltc("lead", "add", name, "--company", name, today=self.today.isoformat())["ref"]
        won = self.company.ltc("promote", lead, "--amount", "10", today=self.today.isoformat())
        self.ltc("sign", won["ref"], "--terms", "100% sign; net 0")
        (invoice,) = self.company.ltc("invoice", "--due", today=self.today.isoformat())
        self.due[invoice["ref"]] = (won["customer"], self.today)

    def enrol(self) -> None:
        lead = self.company.ltc("lead", "add", "Cyd", today=self.today.isoformat())["ref"]
        self.ltc("nurture", lead, "--enroll", "ring")
        self.ltc("nurture", "--due", "--no-send")
        self._ask([], lead)

    def call(self) -> None:
        """By the reference of a task that may not be open any more, or by a touch with a lead."""
        if not self.status:
            return
        ref = self.random.choice(list(self.status))
        if ref in self.leads and self.random.random() < 0.3:
            self.ltc("nurture", self.leads[ref], "--log", self.random.choice(("call", "meeting")))
        else:
            self.ltc("done", ref, "--note", "x")
        if self.status[ref] == "done":
            return
        self.status[ref] = "done"
        self.leads.pop(ref, None)
        for invoice, level in self.items[ref]:
            self.reached[invoice] = max(self.reached.get(invoice, 0), list(LEVELS).index(level) + 1)
            self.last[self._customer[invoice]] = self.today

    def pay(self) -> None:
        if self.due:
            invoice = self.random.choice(list(self.due))
            self.ltc("collect", invoice)
            del self.due[invoice]
            self._settle()

    def lose(self) -> None:
        if self.leads:
            ref = self.random.choice(list(self.leads))
            lead = self.leads.pop(ref)
            self.ltc(*self.random.choice((("promote", lead), ("lead", "drop", lead, "--reason", "need"))))
            self.status[ref] = "moot"

    def dun(self) -> None:
        for _time in range(self.random.choice((0, 1, 1, 2))):
            found = self.company.ltc("dun", "--no-send", today=self.today.isoformat())
            assert [(row["task"], row["channel"], row["status"]) for row in found] == [
                (ref, "task", "open") for ref in self._asked_today()
            ]

    def _asked_today(self) -> list[str]:
        """One task a customer who has come to a level that nobody has asked to call about."""
        told = []
        for customer in sorted({customer for customer, _due in self.due.values()}, key=lambda ref: int(ref[1:])):
            if self.today < self.last.get(customer, date.min) + timedelta(SPACING):
                continue
            new = [item for item in self._climbing(customer) if item not in self.asked]
            if new:
                told.append(self._ask(new, None))
        return told

    def _climbing(self, customer: str) -> list[tuple[str, str]]:
        found = []
        for invoice, (whose, due) in self.due.items():
            step = self.reached.get(invoice, 0)
            if whose == customer and step < len(LEVELS):
                level = list(LEVELS)[step]
                if self.today >= due + timedelta(LEVELS[level]):
                    found.append((invoice, level))
        return found

    def _ask(self, items: list[tuple[str, str]], lead: str | None) -> str:
        ref = f"T{len(self.status) + 1}"
        self.status[ref], self.items[ref] = "open", items
        self.asked.update(dict.fromkeys(items, ref))
        if lead:
            self.leads[ref] = lead
        return ref

    def _settle(self) -> None:
        for ref, items in self.items.items():
            if items and self.status[ref] == "open" and not any(invoice in self.due for invoice, _level in items):
                self.status[ref] = "moot"

    @property
    def _customer(self) -> dict[str, str]:
        rows = self.company.ltc("list", "invoices", today=self.today.isoformat())
        return {row["ref"]: row["customer"] for row in rows}

    def look(self) -> None:
        self.before[self.today] = dict(self.status)
        day = self.random.choice(list(self.before))
        for options, expected in (((), self.status), (("--as-of", day.isoformat()), self.before[day])):
            rows = self.company.ltc("list", "tasks", *options, today=self.today.isoformat())
            assert {row["ref"]: row["status"] for row in rows} == expected
        todo = [row["ref"] for row in self.company.ltc("today", today=self.today.isoformat())]
        assert {ref for ref in todo if ref.startswith("T")} == {
            ref for ref, status in self.status.items() if status == "open"
        }


@pytest.mark.parametrize("seed", SEEDS)
def test_every_call_is_asked_for_once_and_stands_as_the_model_says(seed: int) -> None:
    with folder_in_memory() as folder:
        walk = Walk(Company(folder, config=CONFIG), Random(seed))
        walk.company.ltc("lead", "add", "First", today=FIRST.isoformat())
        walk.walk()
        assert {"done", "moot"} <= set(walk.status.values())
        walk.company.today = walk.today.isoformat()
        audit(walk.company)
