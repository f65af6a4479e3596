"""A plan is sent as it was read, or refused: whatever it rests on, money, words or the letter's own address."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

import pytest

from tests.support import Company

if TYPE_CHECKING:
    from pathlib import Path

DUE_ON, LATE = "2026-06-01", "2026-06-06"
LADDER = """
dunning:
  levels:
    - {name: reminder, after: 5d, mail: reminder}
    - {name: second, after: 20d, mail: second, fee: 10}
    - {name: final, after: 40d, mail: final, fee: 40, interest: 9%}
"""


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


def sell(company: Company, amount: str, on: str, name: str = "Engines") -> None:
    """One more invoice, due at once."""
    lead = company.ltc("lead", "add", "Bob", "--company", name, "--email", f"bob@{name}.example".lower(), today=on)
    won = company.ltc("promote", lead["ref"], "--amount", amount, today=on)
    contract = company.ltc("sign", won["ref"], "--terms", "100% sign", today=on)
    company.ltc("invoice", contract["ref"], today=on)


PLAN = """\
{
  "today": "2026-06-06",
  "company": {
    "name": "Acme",
    "address": null,
    "tax_id": null,
    "iban": null,
    "sender": "billing@acme.example"
  },
  "templates": {
    "en/reminder": "SHA256"
  },
  "notices": [
    {
      "customer": "K1",
      "name": "Engines",
      "contact": "Ada",
      "address": null,
      "email": "ada@engines.example",
      "language": "en",
      "channel": "mail",
      "level": "reminder",
      "template": "reminder",
      "currency": "EUR",
      "total": "150.00",
      "credit": "0.00",
      "advanced": [
        {"invoice": "INV-2026-0001", "kind": "invoice", "due_on": "2026-06-01", "open": "100.00", "level": "reminder"}
      ],
      "also_listed": [
        {"invoice": "INV-2026-0002", "kind": "invoice", "due_on": "2026-06-04", "open": "50.00"}
      ],
      "claims": [],
      "stops_shipping": false,
      "task": null,
      "no_mail": null
    }
  ]
}
"""


def test_a_plan_is_read_by_people(company: Company, tmp_path: Path) -> None:
    """A notice an entry, a fact a line, nothing twice; the same decision is the same file."""
    sell(company, "50", "2026-06-04")
    for name in ("a.json", "b.json"):
        company.ltc("dun", "--plan", str(tmp_path / name))
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert re.sub(r"\b[0-9a-f]{64}\b", "SHA256", text) == PLAN


def test_claims_say_how_and_why(company: Company, tmp_path: Path) -> None:
    """9 % of 100.00 over 40 days are 0.986, so 0.99; the third level comes 40 days after the due date."""
    with company.config_path.open("a") as config:
        config.write(LADDER)
    for day in (LATE, "2026-06-21"):
        company.ltc("dun", "--to-folder", str(tmp_path / "mails"), today=day)
    company.ltc("dun", "--plan", str(tmp_path / "plan.json"), today="2026-07-11")
    (entry,) = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))["notices"]
    fee, interest = entry["claims"]
    assert (fee["invoice"], fee["kind"], fee["amount"], fee["formula"]) == ("INV-2026-0001", "fee", "40.00", None)
    assert (interest["kind"], interest["amount"]) == ("interest", "0.99")
    assert interest["formula"] == "100.00 × 9% × 40 / 365"
    assert fee["why"] == "once for a notice of this level"
    earlier = {"invoice": "INV-2026-0001", "kind": "fee", "due_on": "2026-06-21", "open": "10.00"}
    assert (entry["also_listed"], entry["total"]) == ([earlier], "150.99")
    (row,) = company.ltc("dun", "--apply", str(tmp_path / "plan.json"), "--no-send", today="2026-07-11")
    assert (row["total"], row["invoices"]) == ("150.99", ["INV-2026-0001"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("collect INV-2026-0001 1", "100.00 of INV-2026-0001 was open, now 99.00"),
        ("collect INV-2026-0001", "no notice is due"),
        ("edit K1 name=Other", 'name was "Engines", is "Other"'),
        ("edit K1 email=b@b.example", 'email was "ada@engines.example", is "b@b.example"'),
        ("edit K1 language=zh", 'language was "en", is "zh"'),
        ("hold K1 --until 2026-12-31 --reason asked", "on hold until 2026-12-31: asked"),
        ("dispute INV-2026-0001 --reason broken", "disputed: broken"),
        ("promise INV-2026-0001 --on 2026-06-30", "promised until 2026-06-30"),
    ],
)
def test_a_plan_that_is_out_of_date_is_refused(change: str, said: str, company: Company, tmp_path: Path) -> None:
    company.ltc(*shlex.split(change))
    error = company.ltc("dun", "--apply", str(tmp_path / "plan.json"), "--to-folder", str(tmp_path / "mails"), fails=5)
    assert error["message"].endswith(f"is out of date: K1: {said}")
    assert not (tmp_path / "mails").exists()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Acme,", "Acme Ltd,", 'company.name was "Acme", is "Acme Ltd"'),
        ("name", "address: Elsewhere 1, name", 'company.address was null, is "Elsewhere 1"'),
        ("name", "tax_id: DE136695976, name", 'company.tax_id was null, is "DE136695976"'),
        ("name", "iban: DE89370400440532013000, name", 'company.iban was null, is "DE89370400440532013000"'),
        ("billing@", "other@", 'company.sender was "billing@acme.example", is "other@acme.example"'),
        ("company", "language: zh\ncompany", 'K1: language was "en", is "zh"'),
        ("company", "mail: {templates: own}\ncompany", "the template en/reminder has changed"),
    ],
)
def test_a_plan_rests_on_what_its_letters_say(old: str, new: str, said: str, company: Company, tmp_path: Path) -> None:
    write_own(tmp_path / "own", "Acme")
    company.config_path.write_text(company.config_path.read_text().replace(old, new))
    error = company.ltc("dun", "--apply", str(tmp_path / "plan.json"), "--no-send", fails=5)
    assert error["message"].endswith(f"is out of date: {said}")


def write_own(folder: Path, foot: str, name: str = "'en/foot.txt'") -> None:
    """A template that includes another text."""
    (folder / "en").mkdir(parents=True)
    (folder / "en" / "reminder.txt").write_text(f"{{{{ ref }}}}\n\nPlease pay.\n{{% include {name} %}}\n")
    (folder / "en" / "foot.txt").write_text(foot)


@pytest.mark.parametrize("name", ["'en/foot.txt'", "'en/' ~ 'foot.txt'"])
def test_a_plan_rests_on_what_its_template_includes(name: str, company: Company, tmp_path: Path) -> None:
    """The same words from another folder are the same."""
    plan, config = str(tmp_path / "plan.json"), company.config_path.read_text()
    for folder, foot in (("first", "Acme"), ("other", "Acme Ltd"), ("copy", "Acme")):
        write_own(tmp_path / folder, foot, name)
        company.config_path.write_text(f"mail: {{templates: {folder}}}\n{config}")
        if folder == "first":
            company.ltc("dun", "--plan", plan)
        elif folder == "other":
            error = company.ltc("dun", "--apply", plan, "--no-send", fails=5)
            assert error["message"].endswith("is out of date: the template en/reminder has changed")
    assert [row["level"] for row in company.ltc("dun", "--apply", plan, "--no-send")] == ["reminder"]


def test_each_customer_that_differs_is_named(company: Company, tmp_path: Path) -> None:
    sell(company, "50", "2026-06-01")
    sell(company, "70", "2026-06-01", "Works")
    error = company.ltc("dun", "--apply", str(tmp_path / "plan.json"), "--no-send", fails=5)
    assert error["message"].endswith(
        "is out of date: K1: INV-2026-0002 is listed now; K2: a notice is due that is not in it"
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"100.00"', '"900.00"', "900.00 of INV-2026-0001 was open, now 100.00"),
        ('"K1"', '"K2"', "K1: a notice is due that is not in it; K2: no notice is due"),
        ('"reminder"', '"final"', 'level was "final", is "reminder"'),
        ('"ada@engines.example"', '"eve@evil.example"', 'email was "eve@evil.example", is "ada@engines.example"'),
        ('"claims": []', '"claims": [{}]', "claims differs"),
        ('"claims": []', '"claims": [], "more": 1', "more was 1, is null"),
        ('"today"', '"note": "", "today"', "it was edited"),
        ('"company"', '"before"', "it was made by another version of ltc, or edited"),
        ('"en/reminder": "', '"en/reminder": "0', "the template en/reminder has changed"),
        ('"invoice": "INV-2026-0001"', '"invoice": "\\u001b[1m"', "INV-2026-0001 is listed now"),
    ],
)
def test_what_another_hand_wrote_is_never_sent(old: str, new: str, said: str, company: Company, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(plan.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    error = company.ltc("dun", "--apply", str(plan), "--no-send", fails=5)
    assert said in error["message"]
    assert company.ltc("list", "notices") == []


def test_a_plan_is_of_its_day(company: Company, tmp_path: Path) -> None:
    error = company.ltc("dun", "--apply", str(tmp_path / "plan.json"), "--no-send", today="2026-06-07", fails=5)
    assert error["message"].endswith("is out of date: it was made for 2026-06-06")


@pytest.mark.parametrize("text", ["null", "[]", "7"])
def test_a_file_that_is_no_plan_writes_to_nobody(text: str, company: Company, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(text)
    error = company.ltc("dun", "--apply", str(tmp_path / "plan.json"), "--no-send", fails=7)
    assert "is no plan of ltc dun" in error["message"]
    assert company.ltc("list", "notices") == []


OTHER_VERSION = "it was made by another version of ltc, or edited"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", OTHER_VERSION),
        ('{"today": "2026-06-06", "notices": [{"customer": "K1", "currency": "EUR"}]}', OTHER_VERSION),
        ('{"today": 1, "company": 1, "templates": [], "notices": [[]]}', "K1: a notice is due that is not in it"),
    ],
)
def test_a_plan_of_another_hand_is_out_of_date(text: str, said: str, company: Company, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(text)
    error = company.ltc("dun", "--apply", str(tmp_path / "plan.json"), "--no-send", fails=5)
    assert error["message"].endswith(said)


def test_a_plan_is_sent_as_it_was_read(company: Company, tmp_path: Path) -> None:
    rows = company.ltc("dun", "--apply", str(tmp_path / "plan.json"), "--to-folder", str(tmp_path / "mails"))
    assert [(row["customer"], row["level"], row["status"]) for row in rows] == [("K1", "reminder", "sent")]


def test_without_a_bank_statement_none_is_new_enough(company: Company) -> None:
    """No statement can be read: who has set it must not believe that payments are looked for."""
    with company.config_path.open("a") as config:
        config.write("bank: {max_age: 3d}\n")
    said = "bank.max_age is set, and this version of ltc reads no bank statements that could be new enough"
    assert company.run("dun", "--no-send") == 8
    assert company.err == f"nothing is sent: {said}; ltc dun --no-send --confirm queues all the same\n"
    company.ltc("config", "check")
    assert said in company.err
