"""Two hundred real leads of a marketplace and the fifteen that closed: the funnel counts every channel right."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.support import Company, folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

STAGES = ("lead", "nurtured", "opportunity", "contract", "shipped", "invoiced", "collected")

# How long after the deal was won it is shipped, invoiced and paid; the file does not say.
AFTER = {
    "promote": timedelta(0),
    "sign": timedelta(0),
    "ship": timedelta(3),
    "invoice": timedelta(4),
    "collect": timedelta(25),
}


class Lead(NamedTuple):
    mql_id: str
    origin: str
    contacted_on: date
    won_on: date | None
    amount: int
    """Cents; the file declares 0.0 for every deal, so: 100.00, 101.01, 102.02 … in its order."""

    def reached(self, day: date) -> int:
        """The number of the last stage by a day, or -1."""
        if day < self.contacted_on:
            return -1
        if not self.won_on or day < self.won_on:
            return 0
        return 3 + sum(day >= self.won_on + AFTER[verb] for verb in ("ship", "invoice", "collect"))


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def day_of(text: str) -> date:
    return datetime.strptime(text.split()[0], "%Y.%m.%d").date()  # noqa: DTZ007  a day has no time zone


@pytest.fixture(scope="module")
def leads(real_data: Path) -> list[Lead]:
    folder = real_data / "leads"
    deals = {
        row["mql_id"]: (day_of(row["won_date"]), 10_000 + 101 * number)
        for number, row in enumerate(rows_of(folder / "funnel_closed_deals_semicolon_bom.csv"))
    }
    return [
        Lead(
            row["mql_id"],
            row["origin"],
            day_of(row["first_contact_date"]),
            *deals.get(row["mql_id"], (None, 0)),
        )
        for row in rows_of(folder / "funnel_leads_semicolon_bom.csv")
    ]


@pytest.fixture(scope="module")
def company(leads: list[Lead]) -> Iterator[Company]:
    """What happened, typed on the day it happened."""
    with folder_in_memory() as folder:
        company = Company(folder, today="2018-12-31")
        live(company, leads)
        yield company
        company.ltc("check")


def live(company: Company, leads: list[Lead]) -> None:
    refs: dict[str, dict[str, str]] = {lead.mql_id: {} for lead in leads}
    added = [(lead.contacted_on, 0, number, "add") for number, lead in enumerate(leads)]
    won = [
        (lead.won_on + days, step, number, verb)
        for number, lead in enumerate(leads)
        if lead.won_on
        for step, (verb, days) in enumerate(AFTER.items(), 1)
    ]
    for day, _step, number, verb in sorted(added + won):
        TYPED[verb](company, leads[number], refs[leads[number].mql_id], day.isoformat())


def add(company: Company, lead: Lead, refs: dict[str, str], today: str) -> None:
    named = ("--source", lead.origin, "--external-id", lead.mql_id)
    refs["lead"] = company.ltc("lead", "add", f"Seller {lead.mql_id}", *named, today=today)["ref"]


def promote(company: Company, lead: Lead, refs: dict[str, str], today: str) -> None:
    amount = f"{lead.amount // 100}.{lead.amount % 100:02}"
    refs["opportunity"] = company.ltc("promote", refs["lead"], "--amount", amount, today=today)["ref"]


def sign(company: Company, _lead: Lead, refs: dict[str, str], today: str) -> None:
    refs["contract"] = company.ltc("sign", refs["opportunity"], today=today)["ref"]


def ship(company: Company, _lead: Lead, refs: dict[str, str], today: str) -> None:
    company.ltc("ship", refs["contract"], today=today)


def invoice(company: Company, _lead: Lead, refs: dict[str, str], today: str) -> None:
    refs["invoice"] = company.ltc("invoice", refs["contract"], today=today)[0]["ref"]


def collect(company: Company, lead: Lead, refs: dict[str, str], today: str) -> None:
    paid = company.ltc("collect", refs["invoice"], today=today)
    assert cents(paid["amount"]) == lead.amount


TYPED: dict[str, Callable[[Company, Lead, dict[str, str], str], None]] = {
    "add": add,
    "promote": promote,
    "sign": sign,
    "ship": ship,
    "invoice": invoice,
    "collect": collect,
}


def cents(text: str) -> int:
    return int(text.replace(".", ""))


def expected_counts(leads: list[Lead], day: date) -> list[int]:
    """How many have reached each stage by a day: from the files alone."""
    reached = [lead.reached(day) for lead in leads]
    return [sum(stage <= furthest for furthest in reached) for stage in range(len(STAGES))]


def expected_amounts(leads: list[Lead], day: date) -> list[int]:
    """Cents that have reached each stage from `opportunity` on."""
    return [sum(lead.amount for lead in leads if lead.reached(day) >= stage) for stage in range(2, len(STAGES))]


def days_looked_at() -> list[date]:
    """Every fifth day from before the first contact to after the last payment."""
    first = date(2017, 7, 5)
    return [first + timedelta(days=5 * number) for number in range(80)]


LAST_DAY = date(2018, 12, 31)


def test_the_files_are_those_that_were_meant(leads: list[Lead]) -> None:
    assert len(leads) == 200
    assert sum(lead.won_on is not None for lead in leads) == 15
    assert not [lead for lead in leads if lead.won_on and lead.won_on < lead.contacted_on]


def test_the_funnel_counts_every_lead_and_every_deal(company: Company, leads: list[Lead]) -> None:
    rows = company.ltc("funnel")
    assert [row["stage"] for row in rows] == list(STAGES)
    assert [row["count"] for row in rows] == expected_counts(leads, LAST_DAY) == [200, 15, 15, 15, 15, 15, 15]
    assert [row["amount"] for row in rows[:2]] == [None, None]
    assert [cents(row["amount"]) for row in rows[2:]] == expected_amounts(leads, LAST_DAY)


def test_conversions_are_those_of_the_counts(company: Company) -> None:
    rows = company.ltc("funnel")
    assert [row["conversion"] for row in rows] == [None, 0.075, 1, 1, 1, 1, 1]  # 15 of 200
    assert [row["cumulative"] for row in rows] == [1, 0.075, 0.075, 0.075, 0.075, 0.075, 0.075]


def test_every_channel_is_counted_right(company: Company, leads: list[Lead]) -> None:
    rows = company.ltc("funnel", "--by", "source")
    found = {(row["source"], row["stage"]): row["count"] for row in rows}
    assert len(found) == len(rows)
    for origin in {lead.origin for lead in leads}:
        of_origin = [lead for lead in leads if lead.origin == origin]
        assert [found.pop((origin, stage)) for stage in STAGES] == expected_counts(of_origin, LAST_DAY)
    assert not found


def test_the_money_of_every_channel_is_right(company: Company, leads: list[Lead]) -> None:
    rows = company.ltc("funnel", "--by", "source")
    collected = {row["source"]: cents(row["amount"]) for row in rows if row["stage"] == "collected"}
    expected: Counter[str] = Counter()
    for lead in leads:
        expected[lead.origin] += lead.amount
    assert collected == expected


def test_the_funnel_is_right_as_of_any_day(company: Company, leads: list[Lead]) -> None:
    for day in days_looked_at():
        rows = company.ltc("funnel", "--as-of", day.isoformat())
        assert [row["count"] for row in rows] == expected_counts(leads, day), day
        assert [cents(row["amount"]) for row in rows[2:]] == expected_amounts(leads, day), day


def test_every_month_is_a_cohort_of_its_own(company: Company, leads: list[Lead]) -> None:
    rows = company.ltc("funnel", "--by", "month")
    cohorts = Counter(lead.contacted_on.strftime("%Y-%m") for lead in leads)
    won = Counter(lead.contacted_on.strftime("%Y-%m") for lead in leads if lead.won_on)
    assert {row["month"]: row["count"] for row in rows if row["stage"] == "lead"} == cohorts
    assert {row["month"]: row["count"] for row in rows if row["stage"] == "collected" and row["count"]} == won


def test_a_period_takes_the_leads_created_in_it(company: Company, leads: list[Lead]) -> None:
    since, until = date(2018, 1, 1), date(2018, 3, 31)
    inside = [lead for lead in leads if since <= lead.contacted_on <= until]
    rows = company.ltc("funnel", "--since", since.isoformat(), "--until", until.isoformat())
    assert [row["count"] for row in rows] == expected_counts(inside, LAST_DAY)


def test_the_median_wait_is_from_first_contact_to_signature(company: Company, leads: list[Lead]) -> None:
    waits = sorted((lead.won_on - lead.contacted_on).days for lead in leads if lead.won_on)
    rows = {row["stage"]: row["median_days"] for row in company.ltc("funnel")}
    assert rows["opportunity"] == waits[7]  # the middle one of fifteen
    assert (rows["contract"], rows["shipped"], rows["invoiced"], rows["collected"]) == (0, 3, 1, 21)


def test_each_lead_keeps_its_channel_its_day_and_its_number(company: Company, leads: list[Lead]) -> None:
    found = {
        (each["external_id"], each["source"], each["created_on"], each["status"])
        for each in company.ltc("list", "leads")
    }
    assert found == {
        (lead.mql_id, lead.origin, lead.contacted_on.isoformat(), "promoted" if lead.won_on else "new")
        for lead in leads
    }


def test_the_same_lead_of_the_same_system_is_not_added_twice(company: Company, leads: list[Lead]) -> None:
    company.ltc("lead", "add", "Seller", "--external-id", leads[0].mql_id, fails=5)
    assert company.ltc("funnel")[0]["count"] == 200


def test_nothing_is_owed_in_the_end(company: Company) -> None:
    assert company.ltc("aging") == []
    assert {each["status"] for each in company.ltc("list", "contracts")} == {"closed"}
