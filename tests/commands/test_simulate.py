"""`ltc simulate`: the days to come as a real company would live them, and nothing of it is kept."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

import pytest

from tests.support import Company

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def company(tmp_path: Path) -> Company:
    company = Company(tmp_path, today="2026-01-31", config="company: {name: Acme, email: billing@acme.example}\n")
    company.ltc("lead", "add", "Ada", "--company", "Engines", "--email", "ada@engines.example")
    company.ltc("promote", "L1", "--amount", "1200")
    company.ltc("sign", "O1", "--terms", "12 x monthly from sign; net 14")
    return company


def test_what_will_be_billed_and_when(company: Company) -> None:
    """The 31st comes back after February; 1,200.00 in twelve parts."""
    before = company.dump()
    rows = company.ltc("simulate", "--until", "2026-04-30")
    billed = [(row["on"], row["ref"], row["amount"]) for row in rows if row["step"] == "billing"]
    assert billed == [
        ("2026-01-31", "INV-2026-0001", "100.00"),
        ("2026-02-28", "INV-2026-0002", "100.00"),
        ("2026-03-31", "INV-2026-0003", "100.00"),
        ("2026-04-30", "INV-2026-0004", "100.00"),
    ]
    assert company.dump() == before


def test_a_day_that_has_gone_is_refused(company: Company) -> None:
    error = company.ltc("simulate", "--until", "2026-01-30", fails=2)
    assert error["message"] == "2026-01-30 is not a day from today until ten years on"


HOST: Final = "company: {name: Acme, email: billing@acme.example}\nmail: {host: mail.example}\n"


def test_what_daily_does_not_do_is_not_foreseen(company: Company) -> None:
    """Nobody is dunned while there is no mail server, and nothing billed that is to be mailed."""
    company.config_path.write_text("company: {name: Acme}\n", encoding="utf-8")
    rows = company.ltc("simulate", "--until", "2026-03-31")
    assert {row["step"] for row in rows} == {"billing"}
    assert company.err == "dunning is off: mail.host is not set\n"
    company.config_path.write_text("company: {name: Acme}\nmail: {invoices: true}\n", encoding="utf-8")
    error = company.ltc("simulate", "--until", "2026-03-31", fails=6)
    assert error["message"] == "mail.from is not set: mails have no sender"


def test_who_will_be_written_to_when_and_at_which_level(tmp_path: Path) -> None:
    """Due on 2026-03-02: a nudge three days before, then 5, 20 and 40 days after it, and never a fourth."""
    company = Company(tmp_path, today="2026-01-31", config=HOST)
    company.ltc("lead", "add", "Ada", "--company", "Engines", "--email", "ada@engines.example")
    company.ltc("promote", "L1", "--amount", "1200")
    company.ltc("sign", "O1", "--terms", "100% sign; net 30")
    company.ltc("invoice", "C1")
    rows = company.ltc("simulate", "--until", "2026-06-30")
    company.config_path.write_text(HOST.partition("\n")[0], encoding="utf-8")
    assert company.ltc("simulate", "--until", "2026-06-30") == rows  # by hand, into a folder
    assert company.err.startswith("mail.host is not set: ltc daily duns nobody and sends nothing; this is what ")
    told = [(row["on"], row["step"], row["customer"], row["level"], row["amount"]) for row in rows]
    assert told == [
        ("2026-02-27", "dunning", "K1", "nudge", "1200.00"),
        ("2026-03-07", "dunning", "K1", "reminder", "1200.00"),
        ("2026-03-22", "dunning", "K1", "second", "1200.00"),
        ("2026-04-11", "dunning", "K1", "final", "1200.00"),
    ]
    assert company.ltc("list", "notices") == []


def test_letters_on_paper_are_foreseen_where_there_is_no_server(tmp_path: Path) -> None:
    """Due on 2026-03-02: with a server it is a call, which nobody makes; by hand three letters, and a nudge."""
    company = Company(tmp_path, today="2026-01-31", config=HOST)
    company.ltc("lead", "add", "Ada", "--company", "Engines")
    company.ltc("promote", "L1", "--amount", "1200")
    company.ltc("edit", "K1", "address=Mill Lane 2")
    company.ltc("sign", "O1", "--terms", "100% sign; net 30")
    company.ltc("invoice", "C1")
    assert [row["level"] for row in company.ltc("simulate", "--until", "2026-03-10")] == ["nudge", "reminder"]
    company.config_path.write_text(HOST.partition("\n")[0], encoding="utf-8")
    told = [(row["on"], row["level"]) for row in company.ltc("simulate", "--until", "2026-06-30")]
    assert told == [
        ("2026-02-27", "nudge"),
        ("2026-03-07", "reminder"),
        ("2026-03-22", "second"),
        ("2026-04-11", "final"),
    ]


@pytest.mark.parametrize("state", ["queued", "claimed"])
def test_a_mail_that_pauses_keeps_nothing_back(state: str, tmp_path: Path) -> None:
    """Due on 2026-01-31, the first notice is queued on 2026-02-05 and pauses; the second is of 2026-02-20."""
    company = Company(tmp_path, today="2026-01-31", config=HOST)
    company.ltc("lead", "add", "Ada", "--company", "Engines", "--email", "ada@engines.example")
    company.ltc("promote", "L1", "--amount", "1200")
    company.ltc("sign", "O1", "--terms", "100% sign; net 0")
    company.ltc("invoice", "C1")
    company.ltc("dun", "--no-send", today="2026-02-05")
    with closing(sqlite3.connect(company.path)) as connection, connection:
        connection.execute("UPDATE outbox SET state = ?, not_before = '2999-01-01T00:00:00.000000Z'", (state,))
    rows = company.ltc("simulate", "--until", "2026-02-28", today="2026-02-05")
    assert [(row["on"], row["level"]) for row in rows if row["step"] == "dunning"] == [("2026-02-20", "second")]


def test_sequences_are_foreseen_too(tmp_path: Path) -> None:
    config = """
company: {name: Acme, email: billing@acme.example, country: GB}
mail: {host: mail.example}
nurture: {sequences: {hello: [{after: 0d, mail: welcome}, {after: 7d, task: "call {lead}"}]}}
"""
    company = Company(tmp_path, today="2026-06-15", config=config)
    company.ltc("lead", "add", "Ada", "--email", "ada@engines.example")
    company.ltc("nurture", "L1", "--enroll", "hello")
    rows = company.ltc("simulate", "--until", "+10d")
    assert [(row["on"], row["ref"], row["customer_name"]) for row in rows] == [
        ("2026-06-15", "L1", "Ada"),
        ("2026-06-22", "L1", "Ada"),
    ]
    company.config_path.write_text(config.replace("mail: {host: mail.example}\n", ""), encoding="utf-8")
    assert company.ltc("simulate", "--until", "+10d") == rows  # by hand, into a folder
