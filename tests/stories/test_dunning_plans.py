"""A plan is sent as it was read, or refused: whatever it rests on, money, words or the letter's own address."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from tests.support import Company

if TYPE_CHECKING:
    from pathlib import Path

DUE_ON, LATE = "2026-06-01", "2026-06-06"


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """100.00, five days late, and the plan to write the first reminder."""
    company = Company(tmp_path, config="company: {name: Acme, email: billing@acme.example}\n", today=LATE)
    company.ltc("lead", "add", "Ada", "--company", "Engines", "--email", "ada@engines.example", today=DUE_ON)
    company.ltc("promote", "L1", "--amount", "100", today=DUE_ON)
    company.ltc("sign", "O1", "--terms", "100% sign", today=DUE_ON)
    company.ltc("invoice", "C1", today=DUE_ON)
    company.ltc("dun", "--plan", str(tmp_path / "plan.json"))
    return company


@pytest.mark.parametrize(
    "change",
    [
        "collect INV-2026-0001 1",
        "edit K1 name=Other",
        "edit K1 email=b@b.example",
        "edit K1 language=zh",
        "hold K1 --until 2026-12-31 --reason asked",
        "dispute INV-2026-0001 --reason broken",
        "promise INV-2026-0001 --on 2026-06-30",
    ],
)
def test_a_plan_that_is_out_of_date_is_refused(change: str, company: Company, tmp_path: Path) -> None:
    company.ltc(*shlex.split(change))
    error = company.ltc("dun", "--apply", str(tmp_path / "plan.json"), "--to-folder", str(tmp_path / "mails"), fails=5)
    assert "is out of date: what it rests on has changed for K1" in error["message"]
    assert not (tmp_path / "mails").exists()


def test_a_plan_is_of_its_day(company: Company, tmp_path: Path) -> None:
    error = company.ltc("dun", "--apply", str(tmp_path / "plan.json"), "--no-send", today="2026-06-07", fails=5)
    assert error["message"].endswith("is out of date: it was made for 2026-06-06")


@pytest.mark.parametrize("text", ["null", "[]", "7"])
def test_a_file_that_is_no_plan_writes_to_nobody(text: str, company: Company, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(text)
    error = company.ltc("dun", "--apply", str(tmp_path / "plan.json"), "--no-send", fails=7)
    assert "is no plan of ltc dun" in error["message"]
    assert company.ltc("list", "notices") == []


@pytest.mark.parametrize("text", ["{}", '{"customers": 1, "notices": [{"customer_id": []}]}', '{"today": 1}'])
def test_a_plan_of_another_hand_is_out_of_date(text: str, company: Company, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(text)
    error = company.ltc("dun", "--apply", str(tmp_path / "plan.json"), "--no-send", fails=5)
    assert error["message"].endswith("what it rests on has changed for K1")


def test_a_plan_is_sent_as_it_was_read(company: Company, tmp_path: Path) -> None:
    rows = company.ltc("dun", "--apply", str(tmp_path / "plan.json"), "--to-folder", str(tmp_path / "mails"))
    assert [(row["customer"], row["level"], row["status"]) for row in rows] == [("K1", "reminder", "sent")]


def test_a_safety_that_stops_nothing_says_so(company: Company) -> None:
    """No statement can be read, so none is too old: who has set it must not believe that payments are looked for."""
    with company.config_path.open("a") as config:
        config.write("bank: {max_age: 3d}\n")
    said = "bank.max_age stops no notice: this version of ltc reads no bank statements\n"
    company.ltc("dun", "--no-send")
    assert said in company.err
    company.ltc("config", "check")
    assert said in company.err
