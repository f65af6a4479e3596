"""Many days under cron, starts doubled and missed, payments in between: exactly the notices that a small model expects.

The model knows nothing of ours: it walks day by day over due dates, levels and payments.
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING, Final

from tests.support import Company

if TYPE_CHECKING:
    from pathlib import Path

FIRST: Final = date(2026, 1, 1)
DAYS: Final = 120
LEVELS: Final = {"a": 5, "b": 20, "c": 40}
SPACING: Final = 7
CONFIG: Final = """
mail: {from: billing@acme.example}
dunning:
  levels:
    - {name: a, after: 5d, mail: reminder}
    - {name: b, after: 20d, mail: second}
    - {name: c, after: 40d, mail: final}
"""

Told = tuple[str, str, str, tuple[str, ...]]
"""Day, customer, level and the invoices that reached one."""


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


def test_120_days_four_starts_a_day(tmp_path: Path) -> None:
    walk(tmp_path, DAYS, Random(11))


def walk(folder: Path, days: int, random: Random) -> None:
    company, model = Company(folder, config=CONFIG), Model()
    company.ltc("lead", "add", "Eve", today=FIRST.isoformat())
    for number in range(days):
        today = FIRST + timedelta(number)
        if random.random() < 0.15 and number < days - 50:
            _sell(company, model, today, random)
        if random.random() < 0.2:  # the machine was off
            continue
        for _start in range(random.choice((4, 4, 4, 8))):
            if random.random() < 0.03 and model.due:
                _pay(company, model, random.choice(list(model.due)), today)
            _start_of_cron(company, model, today, random)
    sent = [
        (row["decided_on"], row["customer"], row["level"], tuple(row["invoices"]))
        for row in company.ltc("list", "notices")
        if row["status"] == "sent"
    ]
    assert sorted(sent) == sorted(model.told)
    assert len(model.told) > 10
    assert company.run("check") == 0, company.out


def _sell(company: Company, model: Model, today: date, random: Random) -> None:
    name = random.choice(("Ada", "Bob", "Cyd"))
    email = ("--email", f"x@{name.lower()}.example", "--allow-duplicate")
    lead = company.ltc("lead", "add", name, "--company", name, *email, today=today.isoformat())["ref"]
    won = company.ltc("promote", lead, "--amount", "100", today=today.isoformat())
    contract = company.ltc("sign", won["ref"], "--terms", "100% sign; net 0", today=today.isoformat())["ref"]
    (invoice,) = company.ltc("invoice", contract, today=today.isoformat())
    model.due[invoice["ref"]] = (won["customer"], today)


def _pay(company: Company, model: Model, invoice: str, today: date) -> None:
    company.ltc("collect", invoice, today=today.isoformat())
    del model.due[invoice]


def _start_of_cron(company: Company, model: Model, today: date, random: Random) -> None:
    """Decide, and send; now and then a customer pays after the decision and before the dot."""
    wanted = model.wanted(today)
    mails = str(company.path.parent / "mails")
    if wanted and random.random() < 0.3:
        company.ltc("dun", "--no-send", today=today.isoformat())
        customer = random.choice(sorted(wanted))
        _pay(company, model, next(iter(wanted[customer])), today)
        del wanted[customer]
        company.ltc("outbox", "send", "--to-folder", mails, today=today.isoformat())
    else:
        company.ltc("dun", "--to-folder", mails, today=today.isoformat())
    for customer, reached in wanted.items():
        model.tell(today, customer, reached)
