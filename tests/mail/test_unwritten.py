"""A template that is right, and cannot be filled in for one customer: the others are written to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ltc_cli.mail import sandbox, templates
from tests.mail.conftest import config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.mail.server import Inbox
    from tests.support import Company

SECOND_LINE = "{{ buyer_name }}\n\nTo {% if buyer_address %}{{ buyer_address.split('\\n')[1] }}{% endif %}\n"
"""Of an address: it is there in the samples, and may be missing."""
LEVELS = "dunning: {levels: [{name: first, after: 5d, mail: own, fee: 10}]}\n"
WHY = "template en/{}.txt: list object has no element 1"


@pytest.fixture
def company(company: Company, port: int) -> Iterator[Company]:
    """The second of three customers has an address of one line."""
    (company.path.parent / "templates" / "en").mkdir(parents=True)
    company.config_path.write_text(config(port, ", templates: templates, invoices: true") + LEVELS)
    write(company, "own", SECOND_LINE)
    write(company, "invoice", SECOND_LINE)
    company.ltc("edit", "K2", "address=nowhere")
    company.ltc("edit", "K3", "address=Street 1\nTown")
    company.ltc("config", "check")
    yield company
    sandbox.environment.cache_clear()


def write(company: Company, name: str, text: str) -> None:
    (company.path.parent / "templates" / "en" / f"{name}.txt").write_text(text)
    sandbox.environment.cache_clear()


def mend(company: Company, name: str) -> None:
    write(company, name, "{{ buyer_name }}\n\nTo {{ buyer_address }}\n")


LATE = "2026-07-20"
"""Five days after the invoices were due."""


def test_the_others_are_dunned_and_nothing_is_kept_of_who_is_not(company: Company, inbox: Inbox) -> None:
    assert company.run("dun", "--json", today=LATE) == 8
    assert [(row["customer"], row["status"]) for row in json.loads(company.out)] == [
        ("K1", "sent"),
        ("K3", "sent"),
        ("K2", "refused"),
    ]
    assert company.err.splitlines() == [f"no notice for K2: {WHY.format('own')}; the next run tries again"]
    assert inbox.recipients == ["ada@ada.example", "cyd@cyd.example"]
    assert [row["customer"] for row in company.ltc("list", "notices")] == ["K1", "K3"]
    assert company.ltc("list", "tasks") == []
    assert company.ltc("show", "INV-2026-0002")["balance"] == "1000.00"  # no fee of 10


def test_daily_counts_who_was_written_to(company: Company, inbox: Inbox) -> None:
    for count, refs in ((2, "N1 N2"), (0, "")):
        assert company.run("daily", "--json", today=LATE) == 8
        row = json.loads(company.out)[2]
        assert (row["status"], row["count"]) == ("partly", count)
        told = f"no notice for K2: {WHY.format('own')}; the next run tries again"
        assert row["detail"].splitlines() == [told, *([refs] if refs else [])]


def test_what_even_ours_cannot_write_is_a_call(
    company: Company, port: int, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A letter of a megabyte, about thousands of invoices: the others are written to."""
    company.config_path.write_text(config(port) + LEVELS.replace("own", "reminder"))
    really_written = templates._written

    def written(place: templates.Place, file: str, data: dict[str, Any]) -> str:
        text = really_written(place, file, data)
        if data["buyer_name"] == "bob-works":
            raise templates._unfit(place, file, "writes more than 1,000,000 characters")
        return text

    monkeypatch.setattr(templates, "_written", written)
    rows = {row["customer"]: row for row in company.ltc("dun", today=LATE)}
    why = "template en/notice.txt: writes more than 1,000,000 characters"
    assert (rows["K2"]["channel"], rows["K2"]["ref"]) == ("task", None)
    assert rows["K2"]["why"] == f"K2 is to be called, no mail can be written: {why}"
    assert inbox.recipients == ["ada@ada.example", "cyd@cyd.example"]
    error = company.ltc("send", "INV-2026-0002", fails=6)
    assert error["hint"] is None
    company.ltc("lead", "add", "bo", "--company", "bob-works", "--email", "bo@bob.example")
    company.ltc("promote", "L4", "--amount", "5")
    company.ltc("sign", "O4", "--terms", "100% sign; net 30")
    assert company.run("invoice", "C4", "--send") == 8
    assert "INV-2026-0004 is not mailed: " in company.err
    assert "characters; ltc send INV-2026-0004" in company.err


def test_it_comes_with_the_next_run_once_the_template_is_mended(company: Company, inbox: Inbox) -> None:
    company.run("dun", today=LATE)
    mend(company, "own")
    assert [row["customer"] for row in company.ltc("dun", today=LATE)] == ["K2"]
    assert len(inbox.recipients) == 3
    assert company.ltc("dun", today=LATE) == []


def test_a_dry_run_a_plan_and_a_monitor_say_so(company: Company, inbox: Inbox, tmp_path: Path) -> None:
    assert [(row["customer"], row["status"]) for row in company.ltc("dun", "--dry-run", today=LATE)] == [
        ("K1", "planned"),
        ("K3", "planned"),
        ("K2", "refused"),
    ]
    assert f"no notice for K2: {WHY.format('own')}" in company.err
    assert company.run("daily", "--check", "--json", today=LATE) == 8
    told = f"no notice for K2: {WHY.format('own')}; the next run tries again"
    assert json.loads(company.out)[2]["detail"].splitlines() == [told, "K1 K3 K2"]
    file = str(tmp_path / "plan")
    company.ltc("dun", "--plan", file, today=LATE)
    assert [entry["customer"] for entry in json.loads((tmp_path / "plan").read_text())["notices"]] == ["K1", "K3"]
    assert company.run("dun", "--apply", file, today=LATE) == 8
    assert inbox.recipients == ["ada@ada.example", "cyd@cyd.example"]


def test_a_plan_is_out_of_date_once_the_template_is_mended(company: Company, inbox: Inbox, tmp_path: Path) -> None:
    company.ltc("dun", "--plan", str(tmp_path / "plan"), today=LATE)
    company.ltc("edit", "K2", "address=Street 2\nTown")
    message = company.ltc("dun", "--apply", str(tmp_path / "plan"), today=LATE, fails=5)["message"]
    assert "K2" in message
    assert not inbox.recipients


def test_simulate_foresees_the_others(company: Company) -> None:
    rows = company.ltc("simulate", "--until", "2026-07-21")
    assert [(row["on"], row["customer"]) for row in rows] == [(LATE, "K1"), (LATE, "K3")]
    assert company.err.splitlines() == [f"no notice for K2: {WHY.format('own')}; the next run tries again"]


def test_everybody_is_billed(company: Company, inbox: Inbox) -> None:
    for number, name in enumerate(("dan", "eve", "fay"), 4):
        company.ltc("lead", "add", name, "--company", name, "--email", f"{name}@{name}.example")
        company.ltc("promote", f"L{number}", "--amount", "5")
        company.ltc("sign", f"O{number}", "--terms", "100% sign; net 30")
    company.ltc("edit", "K5", "address=nowhere")
    assert company.run("daily", "--json") == 8
    billing = json.loads(company.out)[1]
    path = company.path.parent / "templates" / "en" / "invoice.txt"
    ref = "INV-2026-0005"
    told = f"{ref} is not mailed: {WHY.format('invoice')}; mend {path}, then ltc send {ref}"
    assert billing["count"] == 3
    assert billing["detail"].splitlines() == [told, "INV-2026-0004 INV-2026-0006"]
    assert inbox.recipients == ["dan@dan.example", "fay@fay.example"]
    mend(company, "invoice")
    company.ltc("send", ref)
    assert len(inbox.recipients) == 3
    assert company.run("daily", "--check") == 0
