"""Many days under cron, starts doubled and missed, payments in between: exactly the notices that a small model expects.

The model knows nothing of ours: it walks day by day over due dates, levels and payments. Its days are those of the
wall clock in Berlin, ours come from a clock in UTC that runs over both changes of summer time.
`python -m bench.soak --only cron` walks over 400 days with many more invoices.
"""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple
from zoneinfo import ZoneInfo

from ltc_cli.app import run
from ltc_cli.session import Session
from tests.support import Company

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FIRST: Final = date(2026, 1, 1)
DAYS: Final = 120
BERLIN: Final = ZoneInfo("Europe/Berlin")
STARTS: Final = (time(0, 5), time(2, 30), time(12), time(23, 55))
"""Of cron, by the wall clock: at 02:30 there is a start twice on one day of the year, and none on another."""
LEVELS: Final = {"a": 5, "b": 20, "c": 40}
SPACING: Final = 7
CONFIG: Final = """
timezone: Europe/Berlin
mail: {from: billing@acme.example}
dunning:
  levels:
    - {name: a, after: 5d, mail: reminder}
    - {name: b, after: 20d, mail: second}
    - {name: c, after: 40d, mail: final}
"""

Told = tuple[str, str, str, tuple[str, ...]]
"""Day, customer, level and the invoices that reached one."""


class Clocked(Company):
    """A company that is told the time alone, a second later at each look."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, config=CONFIG)
        self.moment = datetime.combine(FIRST, time(0), BERLIN).astimezone(UTC)

    def run(self, *arguments: str, today: str | None = None) -> int:
        assert today is None
        environ = {"LTC_DB": str(self.path), "LTC_CONFIG": str(self.config_path), "LTC_ACTOR": "t", "LTC_DEBUG": "1"}
        out, err = io.StringIO(), io.StringIO()
        try:
            return run(arguments, Session(environ=environ, out=out, err=err, clock=self.tick))
        finally:
            self.out, self.err = out.getvalue(), err.getvalue()

    def tick(self) -> datetime:
        self.moment += timedelta(seconds=1)
        return self.moment


class Model:
    """What is open, which levels were told of, and when each customer was written to last."""

    def __init__(self) -> None:
        self.due: dict[str, tuple[str, date]] = {}
        self.steps: dict[str, int] = {}
        self.last: dict[str, date] = {}
        self.told: list[Told] = []

    def wanted(self, today: date) -> dict[str, dict[str, str]]:
        """By customer, each invoice that reaches a level."""
        found: dict[str, dict[str, str]] = {}
        for invoice, (customer, due) in self.due.items():
            step = self.steps.get(invoice, 0)
            if step == len(LEVELS) or today < self.last.get(customer, date.min) + timedelta(SPACING):
                continue
            level = list(LEVELS)[step]
            if today >= due + timedelta(LEVELS[level]):
                found.setdefault(customer, {})[invoice] = level
        return found

    def tell(self, today: date, customer: str, reached: dict[str, str]) -> None:
        for invoice in reached:
            self.steps[invoice] = self.steps.get(invoice, 0) + 1
        self.last[customer] = today
        self.told.append((today.isoformat(), customer, max(reached.values()), tuple(reached)))


class Walked(NamedTuple):
    """What happened, and what was wrong."""

    notices: int
    starts: int
    problems: list[str]


def test_120_days_four_starts_a_day(tmp_path: Path) -> None:
    walked = walk(tmp_path, DAYS, Random(11))
    assert walked.problems == []
    assert walked.notices > 10


def test_the_hour_that_is_there_twice_and_the_one_that_is_not() -> None:
    assert [len(moments(day)) for day in (date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 25))] == [4, 3, 5]


def walk(folder: Path, days: int, random: Random, *, customers: int = 3, sold_a_day: float = 0.15) -> Walked:
    """So many days. Answers how many notices were expected, and all that is wrong."""
    company, model, starts = Clocked(folder), Model(), 0
    company.ltc("lead", "add", "Eve")
    for number in range(days):
        today = FIRST + timedelta(number)
        company.moment = moments(today)[0]
        if random.random() < sold_a_day % 1 and number < days - 50:
            _sell(company, model, today, random, customers)
        for _sale in range(int(sold_a_day) if number < days - 50 else 0):
            _sell(company, model, today, random, customers)
        if random.random() < 0.2:  # the machine was off
            continue
        for moment in moments(today):
            if random.random() < 0.1:  # missed
                continue
            for _start in range(random.choice((1, 1, 1, 2))):  # doubled
                company.moment = max(moment, company.moment)
                if random.random() < 0.03 and model.due:
                    _pay(company, model, random.choice(list(model.due)))
                _start_of_cron(company, model, today, random)
                starts += 1
    return Walked(len(model.told), starts, list(_problems(company, model)))


def moments(day: date) -> list[datetime]:
    """When cron starts on a day: an hour that the clock leaves out has no start, one that it repeats has two."""
    found = []
    for at in STARTS:
        for fold in (0, 1):
            local = datetime.combine(day, at, BERLIN).replace(fold=fold)
            moment = local.astimezone(UTC)
            if moment.astimezone(BERLIN).replace(tzinfo=None) == local.replace(tzinfo=None) and moment not in found:
                found.append(moment)
    return found


def _problems(company: Company, model: Model) -> Iterator[str]:
    sent = [
        (row["decided_on"], row["customer"], row["level"], tuple(each["invoice"] for each in row["advanced"]))
        for row in company.ltc("list", "notices", "--limit", "1000000")
        if row["status"] == "sent"
    ]
    yield from (f"missing: {each}" for each in sorted(set(model.told) - set(sent)))
    yield from (f"too much: {each}" for each in sorted(set(sent) - set(model.told)))
    if len(sent) != len(model.told):
        yield f"{len(sent)} notices, {len(model.told)} expected"
    if company.run("check"):
        yield company.out


def _sell(company: Company, model: Model, today: date, random: Random, customers: int) -> None:
    name = f"Ada{random.randrange(customers)}"
    email = ("--email", f"x@{name.lower()}.example", "--allow-duplicate")
    lead = company.ltc("lead", "add", name, "--company", name, *email)["ref"]
    won = company.ltc("promote", lead, "--amount", "100")
    contract = company.ltc("sign", won["ref"], "--terms", "100% sign; net 0")["ref"]
    (invoice,) = company.ltc("invoice", contract)
    model.due[invoice["ref"]] = (won["customer"], today)


def _pay(company: Company, model: Model, invoice: str) -> None:
    company.ltc("collect", invoice)
    del model.due[invoice]


def _start_of_cron(company: Company, model: Model, today: date, random: Random) -> None:
    """Decide, and send; now and then a customer pays after the decision and before the dot."""
    wanted = model.wanted(today)
    mails = str(company.path.parent / "mails")
    if random.random() < 0.2:  # which looks at all customers, not only at those of whom something reaches a level
        planned = [row for row in company.ltc("dun", "--dry-run") if row["status"] == "planned"]
        assert {row["customer"]: tuple(each["invoice"] for each in row["advanced"]) for row in planned} == {
            customer: tuple(reached) for customer, reached in wanted.items()
        }
    if wanted and random.random() < 0.3:
        company.ltc("dun", "--no-send")
        customer = random.choice(sorted(wanted))
        _pay(company, model, next(iter(wanted[customer])))
        del wanted[customer]
        company.ltc("outbox", "send", "--to-folder", mails)
    else:
        company.ltc("dun", "--to-folder", mails)
    for customer, reached in wanted.items():
        model.tell(today, customer, reached)
