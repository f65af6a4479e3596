"""Processes killed: the app forked for each request and sent SIGKILL somewhere on its way."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from tests.faults.harness import Log, Request, Sale, ask, begin_company, no_sabotage, reference_of

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from pathlib import Path

    from tests.faults.harness import Answer

SALES_AT_ONCE = 4
SPARED_EVERY = 10
"""One request in so many is left alone: it tells how long a whole run takes just now."""
BEYOND_THE_END = 1.15
"""Kills fall between nothing and a little more than a whole run."""


class Killings(NamedTuple):
    log: Log
    kills: int
    unknown_done: int
    """Committed, but killed before the answer was read: what only a key makes safe to repeat."""
    half_written: int
    """Killed between the first page and the commit: the next run rolled these back."""

    def __str__(self) -> str:
        told = ", ".join(f"{times} {verdict}" for verdict, times in sorted(self.log.verdicts().items()))
        return (
            f"{self.kills} kills: {told}; {self.unknown_done} done without an answer, {self.half_written} half written"
        )


def kill_at_random(
    db: Path, *, kills: int, chance: random.Random, sabotage: Callable[[], object] = no_sabotage
) -> Killings:
    """Sell until so many runs were killed. A keyed request is repeated until it is answered, any other is looked up."""
    executioner = _Executioner(db, chance, sabotage)
    executioner.calibrate()
    sales: list[Sale] = []
    names = (f"sale{number}" for number in count(1))
    while executioner.kills < kills:
        sales = [sale for sale in sales if not sale.is_over]
        while len(sales) < SALES_AT_ONCE:
            sales.append(Sale(next(names), chance))
        executioner.take_a_step(chance.choice(sales))
    return executioner.report()


class _Executioner:
    def __init__(self, db: Path, chance: random.Random, sabotage: Callable[[], object]) -> None:
        self.db = db
        self.chance = chance
        self.sabotage = sabotage
        self.log = Log()
        self.kills = 0
        self.unknown_done = 0
        self.half_written = 0
        self.whole_run_seconds = 0.0

    def report(self) -> Killings:
        return Killings(self.log, self.kills, self.unknown_done, self.half_written)

    def calibrate(self) -> None:
        begin_company(self.db)
        runs = sorted(ask(["nurture", "L1", "--log", "call"], self.db).seconds for _ in range(5))
        self.whole_run_seconds = runs[len(runs) // 2]

    def take_a_step(self, sale: Sale) -> None:
        request = sale.next_request()
        reference = self._made_by(request)
        if reference is not None:
            sale.went_through(request, reference)

    def _made_by(self, request: Request) -> str | None:
        """The reference of what was made, from the answer or from the file; None when nothing was."""
        entry = self.log.add(request, self._ask(request))
        if entry.verdict == "unknown" and not request.is_wrong:
            made = reference_of(self.db, request)
            self.unknown_done += made is not None
            if request.key is None:
                return made
        while request.key and entry.answer.exit_code is None and entry.verdict == "unknown":
            entry = self.log.add(request, self._ask(request))
        if request.key and self.chance.random() < 0.2:
            self.log.add(request, ask(request.command, self.db, sabotage=self.sabotage))
        return str((entry.answer.rows or [{}])[0].get("ref")) if entry.verdict == "acknowledged" else None

    def _ask(self, request: Request) -> Answer:
        if self.chance.randrange(SPARED_EVERY) == 0:
            answer = ask(request.command, self.db, sabotage=self.sabotage)
            self.whole_run_seconds += (answer.seconds - self.whole_run_seconds) / 5
            return answer
        self.kills += 1
        delay = self.chance.uniform(0, self.whole_run_seconds * BEYOND_THE_END)
        answer = ask(request.command, self.db, kill_after_seconds=delay, sabotage=self.sabotage)
        self.half_written += is_half_written(self.db)
        return answer


def is_half_written(db: Path) -> bool:
    journal = db.with_name(f"{db.name}-journal")
    return journal.exists() and journal.stat().st_size > 0
