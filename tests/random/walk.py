"""A random walk through a company: one command after the other, and after each the file is held against the books.

Whether a command is granted is what the books say; what the books say stands in every list and in aging, today and as
of an earlier day; and `ltc check` finds nothing. A walk is its seed: the same seed walks it again.
"""

from __future__ import annotations

import json
import shlex
from contextlib import closing
from copy import deepcopy
from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.reports import aging as aging_report
from ltc_cli.reports import listing
from ltc_cli.reports.check import CHECKS
from ltc_cli.store import open_existing
from tests.random.agreements import RefusalError
from tests.random.books import Books
from tests.random.moves import NO_AMOUNTS, UNKNOWN, Move, Typist
from tests.random.views import EDGES, VIEWS, aging, credits_as_of, difference, invoices_as_of
from tests.support import Company

if TYPE_CHECKING:
    from pathlib import Path

    from ltc_cli.store import Store

FIRST_DAY = date(2026, 10, 20)
"""The walk crosses a new year."""

CONFIG = """
taxes:
  Z: {rate: 0%, category: Z}
  S19: {rate: 19%, category: S}
  R7: {rate: 7%, category: S}
  I19: {rate: 19%, category: S, inclusive: true}
tax: S19
cash_rounding: {CHF: 0.05}
tolerance: {EUR: {amount: 0.05, percent: 1}}
"""


class Spoilt(NamedTuple):
    """A command that would be granted, with one mistake in it."""

    arguments: list[str]
    exit_code: int


class Walk:
    """One company from its first lead on. `step` raises AssertionError where file and books part."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.company = Company(folder, config=CONFIG)
        self.books = Books()
        self.today = FIRST_DAY
        self.history: list[str] = []
        self.last: tuple[Move, date] | None = None
        self._run(["init", "--yes"], FIRST_DAY)

    def walk(self, steps: int) -> None:
        """That many commands. Raises AssertionError with the seed and all commands so far."""
        try:
            for _ in range(steps):
                self.step()
        except Exception as problem:
            script = "\n".join(self.history)
            raise AssertionError(f"LTC_SEED={self.seed}, step {len(self.history)}: {problem}\n{script}") from problem

    def step(self) -> None:
        if self.random.random() < 0.4:
            self.today += timedelta(days=self.random.choice((1, 1, 2, 7, 20)))
        self.last = move, on = self._move()
        self._make(move, on)
        self._compare()

    def _move(self) -> tuple[Move, date]:
        """What is typed next and on which day; now and then the same again, and at times late."""
        if self.last and self.random.random() < 0.05:
            return self.last
        on = self.today - timedelta(days=self.random.randint(1, 20) if self.random.random() < 0.03 else 0)
        return Typist(self.random, self.books, on).move(), on

    def _make(self, move: Move, on: date) -> None:
        before = self.company.dump()
        wish = self.random.random()
        if wish < 0.06 and move.writes:
            tried = self._try(move, on, "--dry-run")
            assert self.company.dump() == before, "a dry run was kept"
            answer = self._keep(move, on, before)
            assert (tried and tried[1]) == answer, "a dry run answers something else"
        elif wish < 0.12 and move.writes:
            self._with_key(move, on, before)
        elif wish < 0.20 and (spoilt := self._spoil(move, on)):
            code = self._run(spoilt.arguments, on)
            assert code == spoilt.exit_code, f"exit {code} where {spoilt.exit_code} is right: {self.company.err}"
            self._refused_well(before)
        else:
            self._keep(move, on, before)

    # Running

    def _run(self, arguments: list[str], on: date) -> int:
        command = [*arguments, "--today", on.isoformat()]
        self.history.append(f"ltc {shlex.join(command)}")
        return self.company.run(*command, "--json")

    def _keep(self, move: Move, on: date, before: object, *more: str) -> str | None:
        """Run the command and let it happen in the books. Answers what it printed, None where it was refused."""
        granted = self._try(move, on, *more)
        if granted is None:
            self._refused_well(before)
            return None
        self.books, answer = granted
        assert move.writes or self.company.dump() == before, "a report wrote"
        return answer

    def _try(self, move: Move, on: date, *more: str) -> tuple[Books, str] | None:
        """The books after the command, and what it printed; None where it was refused."""
        books = deepcopy(self.books)
        code = self._run([*move.arguments, *more], on)
        expected = _outcome(move, books, self._answer(code))
        assert code == expected.exit_code, f"exit {code} where {expected.exit_code} is right ({expected}): {self._said}"
        return None if code else (books, self.company.out)

    def _answer(self, code: int) -> Any:
        return [] if code else json.loads(self.company.out)

    @property
    def _said(self) -> str:
        return " ".join((self.company.err or self.company.out[:200]).split())

    def _refused_well(self, before: object) -> None:
        """Nothing is written, nothing printed, and the error is one line with a code."""
        assert self.company.dump() == before, "a refused command wrote"
        assert self.company.out == "", "a refused command printed an answer"
        error = json.loads(self.company.err)["error"]
        assert set(error) == {"code", "message", "hint"}
        assert "\n" not in error["message"]

    def _with_key(self, move: Move, on: date, before: object) -> None:
        """Once, again with the same answer, and never for another request."""
        key = f"key {len(self.history)}"
        answer = self._keep(move, on, before, "--key", key)
        if answer is None:
            return
        after = self.company.dump()
        assert self._run([*move.arguments, "--key", key, "--actor", "somebody"], self.today) == 0, self._said
        assert self.company.out == answer, "the same key gives another answer"
        other = Typist(self.random, self.books, on).move()
        if other.writes and other.verb != move.verb:
            assert self._run([*other.arguments, "--key", key], on) == 5, f"a key was used twice: {self._said}"
            self._refused_well(after)
        assert self.company.dump() == after, "the same key wrote again"

    def _spoil(self, move: Move, on: date) -> Spoilt | None:
        """One mistake in a command that would have been granted; None where it would not."""
        try:
            move.happen(deepcopy(self.books), [])
        except (RefusalError, AssertionError):
            return None
        after = (on + timedelta(days=self.random.randint(1, 400))).isoformat()
        ways = [Spoilt([*move.arguments, "--nonsense"], 2)]
        if move.ref is not None:
            ways.append(Spoilt(move._replace(ref=self.random.choice(UNKNOWN)).arguments, 3))
        if move.amount is not None:
            ways.append(Spoilt(move._replace(amount=self.random.choice(NO_AMOUNTS)).arguments, 2))
        if move.is_dated and "--on" not in move.options:
            ways.append(Spoilt([*move.arguments, "--on", after], 2))
        return self.random.choice(ways)

    # Comparing

    def _compare(self) -> None:
        some_day = FIRST_DAY + timedelta(days=self.random.randint(-3, (self.today - FIRST_DAY).days))
        with closing(open_existing(self.company.path)) as store, store.reading():
            self._check(store)
            for kind, view in VIEWS.items():
                self._same(view(self.books, self.today), listing.records(store, kind, None, self.today), kind)
            found = listing.records(store, "invoices", None, self.today, some_day)
            self._same(invoices_as_of(self.books, some_day), found, f"invoices as of {some_day}")
            found = listing.records(store, "credits", None, self.today, some_day)
            self._same(credits_as_of(self.books, some_day), found, f"credits as of {some_day}")
            self._compare_aging(self.today, EDGES, aging_report.report(store, self.today, EDGES).rows)
        edges = self.random.choice((EDGES, (1,), (10, 20, 45, 120)))
        self._compare_aging(some_day, edges, self._aging(some_day, edges))

    def _check(self, store: Store) -> None:
        for check in CHECKS:
            broken = list(check.find(store))
            assert not broken, f"ltc check: {check.rule}: {broken[:3]}"

    def _aging(self, as_of: date, edges: tuple[int, ...]) -> list[dict[str, Any]]:
        buckets = ",".join(map(str, edges))
        arguments = ["aging", "--as-of", as_of.isoformat(), "--buckets", buckets, "--json"]
        assert self.company.run(*arguments, today=self.today.isoformat()) == 0, self._said
        rows: list[dict[str, Any]] = json.loads(self.company.out)
        return rows

    def _compare_aging(self, as_of: date, edges: tuple[int, ...], rows: list[dict[str, Any]]) -> None:
        found = {(row["customer"], row["currency"]): row for row in rows}
        expected = aging(self.books, as_of, edges)
        assert len(found) == len(rows), f"aging as of {as_of} has a customer twice in one currency"
        assert found.keys() == expected.keys(), f"aging as of {as_of} should list {sorted(expected)}"
        self._same(expected, found, f"aging as of {as_of}")

    def _same(self, expected: object, found: object, where: str) -> None:
        parted = difference(expected, found, where)
        assert not parted, parted


class _Granted(NamedTuple):
    exit_code: int = 0


def _outcome(move: Move, books: Books, answer: Any) -> RefusalError | _Granted:
    """What the books say to a command."""
    try:
        move.happen(books, answer)
    except RefusalError as refusal:
        return refusal
    return _Granted()
