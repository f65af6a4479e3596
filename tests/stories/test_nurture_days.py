"""A hundred and twenty days of sequences, several runs a day or none, against a model of a few lines."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from datetime import date, timedelta
from typing import Final

import pytest

from ltc_cli.rules import business_days
from tests.support import Company, folder_in_memory

CONFIG: Final = """
company: {name: Acme, email: hello@acme.example}
nurture:
  sequences:
    web:
      when: {source: web}
      steps: [{after: 0d, mail: welcome}, {after: 3d, mail: followup}, {after: 7d, task: ring}]
"""
AFTER: Final = (0, 3, 7)
DAYS: Final = 120
FIRST: Final = date(2026, 1, 5)
ENDS: Final = (
    "nurture {} --log reply",
    "nurture {} --log bounce",
    "nurture {} --log unsubscribe",
    "lead drop {} --reason need",
    "promote {}",
    "nurture {} --stop",
    "erase {}",
)


class Model:
    """One lead: when it takes which step, by the words of the manual."""

    def __init__(self, created: date) -> None:
        self.created = created
        self.step: int | None = None
        """Steps taken; None before it is enrolled."""
        self.due = created
        self.is_over = False
        self.taken: list[tuple[int, str]] = []

    def run(self, today: date) -> None:
        if self.is_over:
            return
        if self.step is None and today - self.created <= timedelta(30):
            self.step, self.due = 0, monday_at_the_latest(today + timedelta(AFTER[0]))
        if self.step is None or self.step == len(AFTER) or today < self.due or today.weekday() > 4:
            return
        self.step += 1
        self.taken.append((self.step, today.isoformat()))
        if self.step < len(AFTER):
            self.due = monday_at_the_latest(today + timedelta(AFTER[self.step]))


def monday_at_the_latest(day: date) -> date:
    while day.weekday() > 4:
        day += timedelta(1)
    return day


@pytest.mark.parametrize("seed", [1])
def test_a_hundred_and_twenty_days(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(business_days, "_calendar", lambda _country: None)
    dice = random.Random(seed)
    models: dict[int, Model] = {}
    with folder_in_memory() as folder:
        company = Company(folder, config=CONFIG)
        company.ltc("lead", "add", "Nobody", today=FIRST.isoformat())
        today = FIRST
        for _day in range(DAYS):
            outage = dice.random() < 0.03
            for _hour in range(2):
                happens(company, models, dice, today)
                for _run in range(0 if outage else dice.randrange(3)):
                    assert (
                        company.run("nurture", "--due", "--to-folder", f"{folder}/mails", today=today.isoformat()) == 0
                    )
                    for model in models.values():
                        model.run(today)
            today += timedelta(dice.choice((1, 1, 1, 1, 1, 1, 9)) if outage else 1)
        assert company.run("check", today=today.isoformat()) == 0, company.out
        with closing(sqlite3.connect(company.path)) as connection:
            rows = connection.execute(
                "SELECT lead_id, position, event_on FROM sequence_event WHERE kind = 'step' ORDER BY id"
            ).fetchall()
            mails = connection.execute(
                "SELECT COUNT(*), COUNT(DISTINCT id) FROM outbox WHERE state = 'sent'"
            ).fetchone()
    taken: dict[int, list[tuple[int, str]]] = {}
    for lead_id, position, day in rows:
        taken.setdefault(lead_id, []).append((position, day))
    assert taken == {number: model.taken for number, model in models.items() if model.taken}
    assert mails[0] == sum(position < 3 for _lead, position, _day in rows)
    assert len(rows) > 60
    assert {model.step for model in models.values()} >= {1, 2, 3}


def happens(company: Company, models: dict[int, Model], dice: random.Random, today: date) -> None:
    """A lead comes, or something ends the sequence of one."""
    if dice.random() < 0.25:
        number = len(models) + 2
        line = f"lead add Lead{number} --email l{number}@x{number}.example --source web"
        company.ltc(*line.split(), today=today.isoformat())
        models[number] = Model(today)
    going = [number for number, model in models.items() if not model.is_over and model.step != len(AFTER)]
    if going and dice.random() < 0.2:
        number = dice.choice(going)
        line = dice.choice(ENDS)
        if "--stop" in line and models[number].step is None:
            return  # it is in no sequence: nothing is stopped
        assert company.run(*line.format(f"L{number}").split(), today=today.isoformat()) == 0, company.err
        models[number].is_over = True
