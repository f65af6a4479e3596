"""Random lives of contracts: signed, shipped, billed, amended, terminated; `ltc check` after every step.

What a fee has come to in the end is counted a second time, day by day: the fee of that day ÷ the days of its month or
week. And what the reports said on a day, they say of it ever after.
"""

from __future__ import annotations

import calendar
import json
import sqlite3
from contextlib import closing
from datetime import date, timedelta
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING, NamedTuple

import pytest

from ltc_cli.agreed import AS_OF
from tests.support import Company, folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Callable

CONFIG = """
taxes: {Z: {rate: 0%, category: Z}, S19: {rate: 19%, category: S}, I7: {rate: 7%, category: S, inclusive: true}}
tax: Z
"""
STEPS = 60
SEEDS = (1, 2)

PLANS = (
    "100% ship",
    "100% deliver+10d; net 30",
    "30% sign, 60% ship, 10% accept+30d",
    "50 sign, rest ship+1m",
    "6 x monthly from sign",
    "40% sign, 20% 2026-05-01, rest ship",
    "200 monthly from sign, 50 sign",
    "90 weekly from sign until 2026-05-20",
    "300 quarterly@1 from sign",
)


class Fee(NamedTuple):
    """What the second count knows of a retainer."""

    since: date
    frequency: str
    changes: list[tuple[date, int]]
    """From a day on, in whole units."""

    def until(self, last: date) -> Fraction:
        return sum((self._day(self.since + timedelta(n)) for n in range((last - self.since).days + 1)), Fraction())

    def _day(self, day: date) -> Fraction:
        fee = [amount for since, amount in self.changes if since <= day][-1]
        days = 7 if self.frequency == "weekly" else calendar.monthrange(day.year, day.month)[1]
        return Fraction(fee, days)


REPORTS = (("leakage",), ("funnel",), ("aging",), ("export", "ledger", "--format", "hledger"))


class Life:
    """One company and the days it lives through."""

    def __init__(self, seed: int, company: Company) -> None:
        self.random = Random(seed)
        self.company = company
        self.today = date(2026, 1, 1) + timedelta(self.random.randrange(60))
        self.contracts = 0
        self.fees: dict[int, Fee] = {}
        self.ends: dict[int, date] = {}
        self.told: dict[date, list[str]] = {}
        """By day, what the reports said when it was over."""
        self.sign_fee()

    def run(self, *arguments: str) -> bool:
        """Whether it was granted; what is refused says so and changes nothing."""
        code = self.company.run(*arguments, "--json", today=self.today.isoformat())
        assert code in (0, 2, 3, 4), f"{arguments} on {self.today}: exit {code}: {self.company.err}"
        return code == 0

    def step(self) -> None:
        days = self.random.choice((0, 0, 1, 3, 10, 40))
        if days > 1:
            self.told[self.today] = self.reports(self.today)
        self.today += timedelta(days)
        moves: list[Callable[[], object]] = [self.sign, self.sign_fee, self.ship, self.bill, self.bill]
        moves += [self.amend, self.amend, self.raise_fee, self.terminate, self.collect, self.accept]
        self.random.choice(moves)()
        self.check()

    def check(self) -> None:
        assert self.company.run("check", "--json", today=self.today.isoformat()) == 0, [
            row for row in json.loads(self.company.out) if row["broken"]
        ]

    def reports(self, day: date) -> list[str]:
        found = []
        for report in REPORTS:
            assert self.company.run(*report, "--as-of", day.isoformat(), today=self.today.isoformat()) == 0
            found.append(self.company.out)
        return found

    def is_today(self) -> bool:
        """Whether the views of what stands now give what was agreed as of today, row by row and key by key."""
        with closing(sqlite3.connect(self.company.path)) as connection:
            for view in ("contract_now", "contract_line_now", "plan_share_now"):
                now = connection.execute(f"SELECT * FROM {view} ORDER BY id")
                agreed = connection.execute(f"{AS_OF} SELECT * FROM {view} ORDER BY id", (self.today.isoformat(),))
                if now.description != agreed.description or now.fetchall() != agreed.fetchall():
                    return False
        return True

    def some(self) -> str:
        return f"C{self.random.randint(1, max(1, self.contracts))}"

    # Moves

    def opportunity(self, *options: str) -> str:
        self.run("lead", "add", f"Lead {self.contracts + 1}")
        lead = json.loads(self.company.out)["ref"]
        self.run("promote", lead, *options)
        return str(json.loads(self.company.out)["ref"])

    def sign(self) -> None:
        opportunity = self.opportunity()
        codes = [self.random.choice(("Z", "S19", "I7")) for _ in range(self.random.randint(1, 3))]
        lines = [f"Thing:{self.random.randint(1, 9)}:{self.random.randint(20, 400)}.33:{code}" for code in codes]
        self.run("quote", opportunity, *(word for line in lines for word in ("--line", line)))
        self.contracts += self.run("sign", opportunity, "--terms", self.random.choice(PLANS))

    def sign_fee(self) -> None:
        fee, frequency = self.random.randint(50, 900), self.random.choice(("monthly", "weekly"))
        day = "@1" if frequency == "monthly" else ""
        opportunity = self.opportunity()
        assert self.run("sign", opportunity, "--terms", f"{fee} {frequency}{day} from sign")
        self.contracts += 1
        self.fees[self.contracts] = Fee(self.today, frequency, [(self.today, fee)])

    def ship(self) -> None:
        contract = self.some()
        if self.random.random() < 0.6:
            self.run("ship", contract, "--line", f"1={self.random.choice(('1', '2', '0.5'))}")
        else:
            self.run("ship", contract)

    def accept(self) -> None:
        self.run("ship", "--accepted", self.some())

    def bill(self) -> None:
        assert self.run("invoice", "--due")
        assert self.run("invoice", "--due")
        assert json.loads(self.company.out) == []

    def collect(self) -> None:
        self.run("collect", self.some())

    def amend(self) -> None:
        contract = self.some()
        if int(contract[1:]) in self.fees:
            return
        code = self.random.choice(("Z", "S19", "I7"))
        change = self.random.choice(
            (
                ("--line", f"More:{self.random.randint(1, 3)}:{self.random.randint(1, 99)}.01:{code}"),
                ("--line", f"1={self.random.randint(0, 12)}"),
                ("--amount", f"{self.random.randint(50, 3000)}.07"),
                ("--ends", (self.today + timedelta(self.random.randrange(200))).isoformat()),
            )
        )
        self.run("amend", contract, *change)

    def raise_fee(self) -> None:
        """In a month or a week that may be billed."""
        running = [number for number in self.fees if number not in self.ends]
        if not running:
            return
        number = self.random.choice(running)
        fee, since = self.fees[number], self.today + timedelta(self.random.randrange(40))
        since = max(since, fee.changes[-1][0] + timedelta(1))
        amount = fee.changes[-1][1] + self.random.randint(1, 100)
        assert self.run("amend", f"C{number}", "--fee", str(amount), "--from", since.isoformat()), self.company.err
        fee.changes.append((since, amount))

    def terminate(self) -> None:
        if self.random.random() < 0.5:
            return
        contract = self.some()
        number, day = int(contract[1:]), self.today + timedelta(self.random.randrange(-20, 60))
        if number in self.fees:
            day = max(day, self.fees[number].since)
        if self.run("terminate", contract, "--on", day.isoformat(), "--reason", "notice"):
            self.ends.setdefault(number, day)

    # The end

    def end(self) -> None:
        for number, fee in self.fees.items():
            if number not in self.ends:
                self.ends[number] = max(self.today, fee.since)
                assert self.run("terminate", f"C{number}", "--on", self.ends[number].isoformat(), "--reason", "end")
        self.today += timedelta(400)
        self.bill()
        self.check()
        assert self.is_today()
        for day, told in self.told.items():
            for report, before, after in zip(REPORTS, told, self.reports(day), strict=True):
                assert before == after, f"{report} as of {day}"
        for number, fee in self.fees.items():
            self.run("list", "invoices")
            mine = [each for each in json.loads(self.company.out) if each["contract"] == f"C{number}"]
            refs = {each["ref"] for each in mine}
            self.run("list", "credits")
            back = [each for each in json.loads(self.company.out) if each["invoice"] in refs]
            come_to = sum(Fraction(each["total"]) for each in mine) - sum(Fraction(each["total"]) for each in back)
            wanted = fee.until(self.ends[number])
            assert abs(come_to - wanted) <= Fraction(len(mine) + 1, 100), (number, fee, float(wanted), float(come_to))


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_is_agreed_the_plan_adds_up_and_every_day_is_billed_once(seed: int) -> None:
    with folder_in_memory() as folder:
        life = Life(seed, Company(folder, config=CONFIG))
        for _ in range(STEPS):
            life.step()
        life.end()
