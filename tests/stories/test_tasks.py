"""Tasks: who is to be called, by dunning or by a sequence, until somebody has called or nobody needs it any more."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

import pytest

from tests.stories.telling import audit
from tests.stories.test_worked_dunning import Dunned, at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SEQUENCES: Final = "\nnurture: {sequences: {ring: {business_days: false, steps: [{after: 0d, task: 'ring {lead}'}]}}}\n"


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Dunned]:
    """Levels a, b and c, 5, 20 and 40 days after the due date, seven days apart; and a sequence of one call."""
    company = Dunned(tmp_path)
    company.configure()
    company.config_path.write_text(company.config_path.read_text(encoding="utf-8") + SEQUENCES, encoding="utf-8")
    yield company
    audit(company)


def standing(company: Dunned, day: int, *options: str) -> list[tuple[str, str, str | None]]:
    return [(row["ref"], row["status"], row["done_on"]) for row in company.at(day, "list", "tasks", *options)]


def to_do(company: Dunned, day: int) -> list[tuple[str, str, str]]:
    rows = company.at(day, "today")
    return [(row["ref"], row["what"], row["command"]) for row in rows if row["ref"].startswith("T")]


def ring(company: Dunned, day: int = 0, name: str = "Bob") -> str:
    lead: str = company.at(day, "lead", "add", name)["ref"]
    company.at(day, "nurture", lead, "--enroll", "ring")
    company.at(day, "nurture", "--due")
    return lead


# A customer without an address


def test_a_call_that_was_made_reaches_its_level_and_the_next_comes_on_its_day(company: Dunned) -> None:
    company.sell("100", has_email=False)
    (row,) = company.dun(5, "--no-send")
    assert (row["ref"], row["channel"], row["task"]) == (None, "task", "T1")
    assert row["why"] == "neither e-mail nor postal address: call, then ltc done T1"
    assert to_do(company, 5) == [("T1", "call Ada", "ltc done T1")]
    task = company.at(6, "done", "t1", "--note", "pays soon")
    assert [task[key] for key in ("ref", "kind", "text", "about", "name", "since", "status", "done_on", "done_by")] == [
        *("T1", "call", "call Ada", "K1", "Ada", at(5), "done", at(6), "test")
    ]
    assert (task["note"], task["level"], task["currency"], task["invoices"]) == (
        *("pays soon", "a", "EUR", ["INV-2026-0001"]),
    )
    assert to_do(company, 6) == []
    assert [company.dun(day, "--no-send") for day in (6, 19)] == [[], []]
    assert [(row["level"], row["task"]) for row in company.dun(20, "--no-send")] == [("b", "T2")]
    assert standing(company, 20) == [("T2", "open", None), ("T1", "done", at(6))]
    assert company.dun(21, "--no-send") == []


def test_a_call_that_nobody_has_made_keeps_the_next_level_back(company: Dunned) -> None:
    company.sell("100", has_email=False)
    company.dun(5, "--no-send")
    assert company.dun(20, "--no-send") == []
    (row,) = company.dun(20, "--dry-run")
    assert (row["status"], row["why"]) == ("left_out", "no e-mail address: to be called, then ltc done T1")
    # Late as it was, the call was made: the spacing of seven days counts from it, as from a notice.
    company.at(25, "done", "T1")
    assert company.dun(31, "--no-send") == []
    assert company.levels(32, "--no-send") == [("K1", "b")]


def test_one_call_a_level_and_instalment(company: Dunned) -> None:
    company.sell("100", has_email=False)
    company.sell("50", day=3, has_email=False)
    company.dun(5, "--no-send")
    assert [row["task"] for row in company.dun(8, "--no-send")] == ["T2"]
    assert [company.at(8, "show", ref)["invoices"] for ref in ("T1", "T2")] == [["INV-2026-0001"], ["INV-2026-0002"]]


def test_who_has_a_name_that_no_mail_can_carry_is_called_level_by_level_too(company: Dunned) -> None:
    company.sell("100")
    company.at(1, "edit", "K1", "name==?utf-8?q?x?=", "contact=")
    assert [[row["task"] for row in company.dun(day, "--no-send")] for day in (5, 6)] == [["T1"], []]
    company.at(6, "done", "T1")
    assert company.dun(7, "--no-send") == []
    assert [(row["level"], row["task"]) for row in company.dun(20, "--no-send")] == [("b", "T2")]


def test_after_a_call_an_address_is_written_to_at_the_next_level(company: Dunned) -> None:
    company.sell("100", has_email=False)
    company.dun(5, "--no-send")
    company.at(6, "done", "T1")
    company.at(7, "edit", "K1", "email=ada@x.example")
    assert company.levels(8, "--no-send") == []
    assert company.levels(20, "--no-send") == [("K1", "b")]


def test_a_plan_made_before_the_call_is_refused(company: Dunned, tmp_path: Path) -> None:
    company.sell("100", has_email=False)
    company.dun(5, "--no-send")
    company.at(6, "edit", "K1", "email=ada@x.example")
    company.at(6, "dun", "--plan", str(tmp_path / "plan"))
    company.at(6, "done", "T1")
    assert "K1: " in company.ltc("dun", "--apply", str(tmp_path / "plan"), "--no-send", today=at(6), fails=5)["message"]


@pytest.mark.parametrize(
    "words", ["collect INV-2026-0001", "credit INV-2026-0001 --reason x", "writeoff INV-2026-0001 --reason x"]
)
def test_a_call_about_what_is_settled_is_moot_from_that_day_on(company: Dunned, words: str) -> None:
    company.sell("100", has_email=False)
    company.dun(5, "--no-send")
    company.at(7, *words.split())
    assert standing(company, 8) == [("T1", "moot", None)]
    assert to_do(company, 8) == []
    assert [standing(company, 8, "--as-of", at(day)) for day in (4, 6, 7)] == [
        [],
        [("T1", "open", None)],
        [("T1", "moot", None)],
    ]
    # Somebody called all the same.
    assert company.at(8, "done", "T1")["status"] == "done"


@pytest.mark.parametrize(
    ("words", "release"),
    [
        (f"hold K1 --until {at(8)} --reason x", None),
        (f"promise INV-2026-0001 --on {at(8)}", None),
        ("dispute INV-2026-0001 --reason x", "release INV-2026-0001"),
        ("edit K1 dunning=none", "edit K1 dunning="),
        ("edit INV-2026-0001 dunning=none", "edit INV-2026-0001 dunning="),
    ],
)
def test_a_call_is_moot_while_dunning_is_kept_back(company: Dunned, words: str, release: str | None) -> None:
    company.sell("100", has_email=False)
    company.dun(5, "--no-send")
    company.at(7, *words.split())
    assert (standing(company, 8), to_do(company, 8)) == ([("T1", "moot", None)], [])
    if release:
        company.at(9, *release.split())
    assert (standing(company, 9), len(to_do(company, 9))) == ([("T1", "open", None)], 1)
    if words.startswith(("hold", "promise", "dispute")):
        assert [standing(company, 9, "--as-of", at(day))[0][1] for day in (6, 8)] == ["open", "moot"]


def test_a_call_about_two_invoices_is_moot_when_both_are_kept_back(company: Dunned) -> None:
    for _ in range(2):
        company.sell("100", has_email=False)
    company.dun(5, "--no-send")
    for number, status in (("INV-2026-0001", "open"), ("INV-2026-0002", "moot")):
        company.at(6, "dispute", number, "--reason", "x")
        assert standing(company, 6) == [("T1", status, None)]
    # Somebody called all the same.
    assert company.at(6, "done", "T1")["status"] == "done"


def test_a_call_about_a_bounced_payment_is_asked_for_again(company: Dunned) -> None:
    company.sell("100", has_email=False)
    company.dun(5, "--no-send")
    company.at(7, "collect", "INV-2026-0001")
    company.at(8, "reverse", "P1", "--reason", "bounced")
    assert to_do(company, 8) == [("T1", "call Ada", "ltc done T1")]


def test_a_call_beside_a_notice_is_made_once(company: Dunned) -> None:
    company.configure("[{name: a, after: 5d, mail: final, task: 'ask {customer}'}]")
    company.sell("100")
    (row,) = company.dun(5, "--no-send")
    assert (row["ref"], row["channel"], row["task"]) == ("N1", "mail", "T1")
    assert (company.at(5, "show", "N1")["task"], company.at(5, "show", "T1")["notice"]) == ("T1", "N1")
    company.at(5, "edit", "K1", "email=ada@new.example")
    assert standing(company, 5) == [("T1", "open", None)]
    company.at(6, "outbox", "drop", "M2")
    assert standing(company, 6) == [("T1", "moot", None)]
    assert standing(company, 6, "--as-of", at(5)) == [("T1", "open", None)]
    # The level is told again; of the two calls that it asks for one alone is open.
    assert [row["task"] for row in company.dun(7, "--no-send")] == ["T2"]
    assert standing(company, 7) == [("T2", "open", None), ("T1", "moot", None)]


def test_what_was_called_about_at_a_level_is_not_called_about_again(company: Dunned) -> None:
    company.configure("[{name: a, after: 5d, mail: final, task: 'ask {customer}'}]")
    company.sell("100")
    company.dun(5, "--no-send")
    company.at(5, "done", "T1")
    company.at(5, "outbox", "drop", "M1")
    assert [(row["ref"], row["task"]) for row in company.dun(6, "--no-send")] == [("N2", None)]


def test_a_merged_customer_is_called_as_the_one_it_is_now(company: Dunned) -> None:
    company.sell("100", has_email=False)
    company.sell("100", "Bob", has_email=False)
    company.dun(5, "--no-send")
    company.at(6, "customer", "merge", "K2", "K1")
    assert [(row["ref"], row["about"], row["name"]) for row in company.at(6, "list", "tasks")] == [
        *(("T1", "K2", "Bob"), ("T2", "K2", "Bob"))
    ]
    company.at(6, "done", "T1")
    assert company.dun(7, "--no-send") == []


def test_the_thread_of_an_invoice_and_of_its_customer_tells_of_the_call(company: Dunned) -> None:
    company.sell("100", has_email=False)
    company.dun(5, "--no-send")
    company.at(6, "done", "T1", "--note", "pays soon")
    for ref in ("INV-2026-0001", "K1", "T1", "C1"):
        told = [(entry["on"], entry["what"]) for entry in company.at(6, "show", ref)["thread"] if entry["ref"] == "T1"]
        assert told == [(at(5), "task: call Ada"), (at(6), "done by test: pays soon")]
    assert [row["ref"] for row in company.at(6, "find", "soon")] == ["T1"]
    assert [row["verb"] for row in company.at(6, "log", "T1")] == ["dun", "done"]


# A lead in a sequence


def test_a_call_with_a_lead_is_a_touch_and_a_touch_is_a_call(company: Dunned) -> None:
    first, second = ring(company), ring(company, name="Cyd")
    assert to_do(company, 1) == [("T1", "ring Bob", "ltc done T1"), ("T2", "ring Cyd", "ltc done T2")]
    task = company.at(2, "done", "T1", "--note", "likes it", "--on", at(1))
    assert [task[key] for key in ("about", "name", "status", "done_on", "note", "level")] == [
        *(first, "Bob", "done", at(1), "likes it", None)
    ]
    lead = company.at(2, "show", first)
    assert (lead["touches"], lead["last_touch_on"], lead["status"]) == (1, at(1), "nurtured")
    assert [entry["what"] for entry in lead["thread"]][1:] == [
        *("ring: enrolled", "ring, step 1", "task: ring Bob", "call: likes it", "done by test")
    ]
    company.at(2, "nurture", second, "--log", "call", "--note", "no")
    assert standing(company, 2) == [("T1", "done", at(1)), ("T2", "done", at(2))]
    assert company.at(2, "show", "T2")["note"] == "no"
    assert to_do(company, 2) == []


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("lead drop L1 --reason need", "moot"),
        ("promote L1", "moot"),
        ("erase L1", "moot"),
        ("lead merge L2 L1", "moot"),
        ("nurture L1 --log open", "open"),
        ("nurture L1 --log reply", "done"),
        ("lead qualify L1", "open"),
    ],
)
def test_what_becomes_of_the_call_with_the_lead(company: Dunned, words: str, status: str) -> None:
    ring(company)
    company.at(0, "lead", "add", "Other")
    company.at(1, *words.split())
    (task,) = company.at(1, "list", "tasks")
    assert task["status"] == status
    assert bool(to_do(company, 1)) == (status == "open")


def test_a_touch_that_is_taken_back_with_its_import_leaves_the_call_open(company: Dunned, tmp_path: Path) -> None:
    ring(company)
    company.at(0, "edit", "L1", "email=bob@b.example")
    (tmp_path / "touches.csv").write_text(f"Activity Type,Activity Date,Email\ncall,{at(1)},bob@b.example\n")
    company.at(2, "import", "touches", str(tmp_path / "touches.csv"))
    assert standing(company, 2) == [("T1", "done", at(1))]
    company.at(2, "import", "undo", "1")
    assert standing(company, 2) == [("T1", "open", None)]


def test_who_is_taken_up_again_is_called_by_a_new_sequence(company: Dunned) -> None:
    ring(company)
    company.at(1, "lead", "drop", "L1", "--reason", "need")
    company.at(2, "lead", "qualify", "L1")
    assert standing(company, 2) == [("T1", "moot", None)]


# The verb


def test_done_again_says_so_and_writes_nothing(company: Dunned) -> None:
    ring(company)
    company.at(1, "done", "T1", "--dry-run")
    assert standing(company, 1) == [("T1", "open", None)]
    first = company.at(1, "done", "T1", "--key", "k", "--actor", "kim")
    assert first["done_by"] == "kim"
    before = company.dump()
    assert company.at(2, "done", "T1", "--key", "k", "--actor", "kim") == first
    assert company.run("done", "T1", today=at(2)) == 0
    assert f"T1 is done already, on {at(1)}" in company.err
    assert company.dump() == before


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("done T1 --on 2026-01-03", 2, "after today"),
        ("done T9", 3, "there is no record T9"),
        ("done L1", 2, "L1 is a lead; task is needed here"),
        ("list tasks --where status=x=y --limit 0", 2, "limit"),
    ],
)
def test_what_is_refused(company: Dunned, words: str, code: int, message: str) -> None:
    ring(company)
    assert message in company.ltc(*words.split(), today=at(1), fails=code)["message"]


def test_a_list_narrowed_by_its_columns(company: Dunned) -> None:
    ring(company)
    company.sell("100", has_email=False)
    company.dun(5, "--no-send")
    company.at(6, "done", "T1")
    for where, refs in (
        ("status=open", ["T2"]),
        ("about=l1", ["T1"]),
        ("level=a", ["T2"]),
        ("kind=call", ["T2", "T1"]),
    ):
        assert [row["ref"] for row in company.at(6, "list", "tasks", "--where", where)] == refs
    assert [row["ref"] for row in company.at(6, "list", "tasks", "--limit", "1")] == ["T2"]


def test_a_verb_finds_the_lead_of_a_task(company: Dunned) -> None:
    ring(company)
    assert company.at(1, "promote", "T1", "--amount", "5")["lead"] == "L1"


# Erased and handed over


def test_an_erased_person_leaves_no_words_in_tasks(company: Dunned) -> None:
    ring(company)
    company.sell("100", "Ada", has_email=False)
    company.dun(5, "--no-send")
    company.at(6, "done", "T1", "--note", "whispered")
    company.at(6, "done", "T2", "--note", "private")
    told = company.at(6, "export", "person", "K1")
    assert [(row["ref"], row["note"]) for row in told["tasks"]] == [("T2", "private")]
    assert [row["ref"] for row in company.at(6, "export", "person", "L1")["tasks"]] == ["T1"]
    for step in ("collect INV-2026-0001", "ship C1", "erase L1", "erase K1"):
        company.at(7, *step.split())
    assert [(row["ref"], row["text"], row["note"], row["status"]) for row in company.at(7, "list", "tasks")] == [
        *(("T1", None, None, "done"), ("T2", None, None, "done"))
    ]
    assert not [
        word for word in (b"whispered", b"private", b"ring Bob", b"call Ada") if word in company.path.read_bytes()
    ]


# The facts


FACTS: Final = (
    "UPDATE task SET level = 'z' WHERE id = 2",
    "UPDATE task SET text = NULL WHERE id = 2",
    "DELETE FROM task",
    "UPDATE task_item SET level = 'z'",
    "DELETE FROM task_item",
    "UPDATE task_done SET done_on = '2020-01-01'",
    "UPDATE task_done SET note = NULL",
    "DELETE FROM task_done",
)


def test_tasks_are_facts(company: Dunned) -> None:
    ring(company)
    company.sell("100", has_email=False)
    company.dun(5, "--no-send")
    company.at(6, "done", "T2", "--note", "x")
    for statement in FACTS:
        with closing(sqlite3.connect(company.path)) as connection, pytest.raises(sqlite3.IntegrityError):
            connection.execute(statement)


FAULTS: Final = (
    "INSERT INTO task_item SELECT 1, receivable_id, level FROM task_item",
    "UPDATE task SET customer_id = 1 WHERE id = 3",
    "UPDATE task SET currency = 'USD' WHERE id = 3",
    "UPDATE task SET lead_id = 2 WHERE id = 1",
    (
        "INSERT INTO task (kind, customer_id, level, currency, notice_id, since_on, recorded_at)"
        " VALUES ('call', 2, 'a', 'EUR', 1, '2026-01-01', 'x')"
    ),
)


@pytest.mark.parametrize("statement", FAULTS)
def test_check_finds_what_is_wrong_with_tasks(tmp_path: Path, statement: str) -> None:
    company = Dunned(tmp_path)
    company.configure()
    company.config_path.write_text(company.config_path.read_text(encoding="utf-8") + SEQUENCES, encoding="utf-8")
    for name in ("Ada", "Bob"):
        company.sell("100", name, has_email=name == "Ada")
    ring(company, name="Cyd")
    company.sell("100", "Dot", has_email=False)
    company.dun(5, "--no-send")
    assert broken(company) == []
    with closing(sqlite3.connect(company.path, isolation_level=None)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        assert connection.execute(statement).rowcount
    assert "tasks" in broken(company)


def broken(company: Dunned) -> list[str]:
    company.run("check", "--json")
    return [row["check"] for row in json.loads(company.out) if row["broken"]]
