"""`ltc demo`: the year it makes is the same every time, sound, and shows something of everything."""

from __future__ import annotations

import io
import json
import sqlite3
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from ltc_cli.app import run
from ltc_cli.demo import LAST_DAY, Step, date_of
from ltc_cli.session import Session

if TYPE_CHECKING:
    from pathlib import Path

SUNDAY = "2026-06-28"
FILES = {"LTC_TODAY": SUNDAY, "LTC_ACTOR": "tester"}
BUCKETS = ("current", "1-30", "31-60", "61-90", "90+", "unapplied")
KINDS = ("leads", "customers", "opportunities", "quotes", "contracts", "shipments", "invoices", "payments")


class Told(NamedTuple):
    code: int
    out: str
    err: str


def ltc(*arguments: str, **environ: str) -> Told:
    out, err = io.StringIO(), io.StringIO()
    code = run(arguments, Session(environ={**FILES, **environ}, out=out, err=err))
    return Told(code, out.getvalue(), err.getvalue())


def ask(folder: Path, *arguments: str) -> Any:
    """The JSON answer of a command in the demo's folder."""
    environ = {"LTC_DB": str(folder / "ltc.db"), "LTC_CONFIG": str(folder / "config.yaml")}
    told = ltc(*arguments, "--json", **environ)
    assert told.code == 0, told.err
    return json.loads(told.out)


class Made(NamedTuple):
    folder: Path
    told: Told


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A year that was made and shown."""
    folder = tmp_path_factory.mktemp("demo") / "a company"
    return Made(folder, ltc("demo", str(folder)))


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The same year, made in a folder that was there, and answered in JSON."""
    folder = tmp_path_factory.mktemp("again")
    return Made(folder, ltc("demo", str(folder), "--json"))


@pytest.fixture(scope="module")
def journal(looked: Made) -> list[tuple[str, str]]:
    """Business date and actor of each command, as they were run."""
    with sqlite3.connect(looked.folder / "ltc.db") as connection:
        return connection.execute("SELECT business_on, actor FROM journal ORDER BY id").fetchall()


def test_the_three_tables_stand_on_stdout(looked: Made) -> None:
    assert looked.told.code == 0, looked.told.err
    titles = [line for line in looked.told.out.splitlines() if SUNDAY in line and line[0] in "FRT"]
    assert titles == [
        f"Funnel as of {SUNDAY}, amounts in EUR",
        f"Receivables as of {SUNDAY}",
        f"To do on {SUNDAY}",
    ]


def test_stderr_says_where_the_files_are_and_what_to_look_at_next(looked: Made) -> None:
    where, hint = looked.told.err.splitlines()
    assert str(looked.folder / "ltc.db") in where
    assert str(looked.folder / "config.yaml") in where
    assert hint == f"next: cd '{looked.folder}' && ltc show C3"


def test_what_the_hint_shows_exists(looked: Made) -> None:
    assert ask(looked.folder, "show", "C3")["ref"] == "C3"


def test_json_answers_one_object_with_what_was_made(counted: Made) -> None:
    answer = json.loads(counted.told.out)
    assert list(answer) == [
        "folder",
        "config",
        "database",
        "leads",
        "opportunities",
        "contracts",
        "invoices",
        "payments",
    ]
    assert answer["folder"] == str(counted.folder)
    assert answer["config"] == str(counted.folder / "config.yaml")
    assert answer["database"] == str(counted.folder / "ltc.db")


@pytest.mark.parametrize("kind", ["leads", "opportunities", "contracts", "invoices", "payments"])
def test_the_counts_are_what_list_finds(counted: Made, kind: str) -> None:
    assert json.loads(counted.told.out)[kind] == len(ask(counted.folder, "list", kind))


@pytest.mark.parametrize("kind", KINDS)
def test_two_runs_with_the_same_date_make_the_same_records(looked: Made, counted: Made, kind: str) -> None:
    assert ask(looked.folder, "list", kind) == ask(counted.folder, "list", kind) != []


def test_commands_are_run_in_the_order_of_their_days(journal: list[tuple[str, str]]) -> None:
    days = [day for day, _actor in journal]
    assert days == sorted(days)


def test_the_year_is_the_365_days_that_end_on_the_business_date(journal: list[tuple[str, str]]) -> None:
    assert journal[0][0] >= "2025-06-29"
    assert journal[-1][0] <= SUNDAY


def test_nobody_works_at_the_weekend(journal: list[tuple[str, str]]) -> None:
    assert all(date.fromisoformat(day).weekday() < 5 for day, _actor in journal)


def test_three_owners_sell_and_one_accountant_bills(journal: list[tuple[str, str]]) -> None:
    assert {actor for _day, actor in journal} == {"anna", "jonas", "wei", "petra"}


def test_leads_come_from_five_channels(looked: Made) -> None:
    sources = {lead["source"] for lead in ask(looked.folder, "list", "leads")}
    assert sources == {"web", "referral", "fair", "linkedin", "newsletter"}


@pytest.mark.parametrize("bucket", BUCKETS)
def test_aging_has_something_in_every_bucket(looked: Made, bucket: str) -> None:
    amounts = {row[bucket] for row in ask(looked.folder, "aging")}
    assert amounts - {"0.00"}


def test_every_stage_of_the_funnel_is_reached_and_none_by_more_than_the_one_before(looked: Made) -> None:
    counts = [row["count"] for row in ask(looked.folder, "funnel")]
    assert len(counts) == 7
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] > 0


def test_cash_has_come_in(looked: Made) -> None:
    assert ask(looked.folder, "funnel")[-1]["amount"] != "0.00"


def test_today_has_things_to_do_of_each_kind(looked: Made) -> None:
    kinds = {row["what"] for row in ask(looked.folder, "today")}
    assert kinds == {"notices due", "overdue", "invoice", "call about the quote", "close", "ship", "call", "credit"}


@pytest.mark.parametrize("status", ["applied", "unapplied", "reversed"])
def test_there_are_payments_of_every_status(looked: Made, status: str) -> None:
    assert status in {payment["status"] for payment in ask(looked.folder, "list", "payments")}


def test_lost_opportunities_have_different_reasons(looked: Made) -> None:
    lost = [each for each in ask(looked.folder, "list", "opportunities") if each["status"] == "lost"]
    assert {each["reason"] for each in lost} == {"price", "competitor", "timing", "budget"}


def test_check_finds_nothing_broken(looked: Made) -> None:
    ask(looked.folder, "check")  # asserts exit code 0


def test_csv_has_one_header_and_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ltc_cli.demo.play", lambda _perform: None)  # the form is the same for a year of nothing
    header, line = ltc("demo", str(tmp_path / "new"), "--csv").out.splitlines()
    assert header.startswith("folder,config,database,leads")
    assert line.startswith(f"{tmp_path}/new,{tmp_path}/new/config.yaml,{tmp_path}/new/ltc.db,0")


def test_a_folder_that_is_not_empty_is_a_conflict_and_stays_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    told = ltc("demo", str(tmp_path))
    assert told == Told(5, "", f"ltc: error: {tmp_path} is not empty\nhint: ltc demo DIR makes another\n")
    assert [each.name for each in tmp_path.iterdir()] == ["letter.txt"]


def test_a_file_in_the_place_of_the_folder_is_a_conflict(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    told = ltc("demo", str(tmp_path / "letter.txt"))
    assert told.code == 5
    assert told.err.startswith(f"ltc: error: {tmp_path}/letter.txt is not a folder\n")


@pytest.mark.parametrize("option", ["--db", "--config"])
def test_it_takes_no_file_of_yours(tmp_path: Path, option: str) -> None:
    told = ltc("demo", str(tmp_path / "new"), option, str(tmp_path / "mine"))
    assert told.code == 2
    assert told.err.startswith("ltc: error: the demo makes a file and a config of its own\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("today", ["never", "2026-02-30", "0001-12-30"])  # 0001-12-30 lacks a day: it is the 364th
def test_a_business_date_without_a_year_before_it_is_refused_and_nothing_is_made(tmp_path: Path, today: str) -> None:
    assert ltc("demo", str(tmp_path / "new"), "--today", today).code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_command_that_fails_stops_the_demo_with_its_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def play(perform: Any) -> None:
        perform(Step(0, "anna", ["lead", "add", "Ada", "--email", "nowhere"]))

    monkeypatch.setattr("ltc_cli.demo.play", play)
    told = ltc("demo", str(tmp_path / "new"))
    assert told.code == 1
    # Day 0 of the year that ends on Sunday 2026-06-28 is Sunday 2025-06-29: the Friday before.
    assert told.err.startswith("ltc: error: ltc lead add Ada --email nowhere, on 2025-06-27: 'nowhere' ")


@pytest.mark.parametrize(
    ("day", "last_on", "on"),
    [
        (LAST_DAY, "2026-06-30", "2026-06-30"),  # a Tuesday
        (LAST_DAY, "2026-06-28", "2026-06-26"),  # Sunday → Friday
        (LAST_DAY, "2026-06-27", "2026-06-26"),  # Saturday → Friday
        (LAST_DAY - 1, "2026-06-30", "2026-06-29"),
        (0, "2026-06-30", "2025-07-01"),  # 364 days before, 52 weeks: a Tuesday too
        (0, "2024-03-01", "2023-03-03"),  # across 29 February: 364 days before Friday
    ],
)
def test_days_count_back_from_the_last_and_miss_weekends(day: int, last_on: str, on: str) -> None:
    assert date_of(day, date.fromisoformat(last_on)).isoformat() == on
