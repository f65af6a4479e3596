"""`ltc daily`: every due step once, one line each, whatever happens to the others; and the user's own programs."""

from __future__ import annotations

import fcntl
import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from ltc_cli import hooks
from tests.support import Company, leave_unknown

FOLDER: Final = "company: {name: Acme, email: billing@acme.example}\nhooks: {folder: hooks}\n"


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """A signed contract of which nothing is billed, and a folder for hooks."""
    (tmp_path / "hooks").mkdir()
    company = Company(tmp_path, config=FOLDER)
    company.ltc("lead", "add", "Ada", "--company", "Engines", "--email", "ada@engines.example")
    company.ltc("promote", "L1", "--amount", "1000")
    company.ltc("sign", "O1", "--terms", "100% sign; net 30")
    return company


def steps(company: Company, *options: str, code: int = 0) -> dict[str, tuple[str, int]]:
    assert company.run("daily", *options, "--json") == code, company.err
    return {row["step"]: (row["status"], row["count"]) for row in json.loads(company.out)}


def test_what_is_due_is_done_once(company: Company) -> None:
    assert steps(company)["billing"] == ("done", 1)
    assert "INV-2026-0001" in company.out
    before = company.dump()
    assert steps(company)["billing"] == ("nothing", 0)
    assert company.dump() == before


def test_check_tells_what_waits_and_changes_nothing(company: Company) -> None:
    before = company.dump()
    assert steps(company, "--check", code=8)["billing"] == ("waits", 1)
    assert company.dump() == before
    company.ltc("daily")
    assert steps(company, "--check") == dict.fromkeys(steps(company), ("nothing", 0))


@pytest.mark.parametrize("state", ["claimed", "sending"])
def test_check_sees_what_a_run_that_was_killed_has_left(state: str, company: Company) -> None:
    company.ltc("daily")
    company.ltc("send", "INV-2026-0001", "--no-send")
    with closing(sqlite3.connect(company.path)) as connection, connection:
        connection.execute("UPDATE outbox SET state = ?", (state,))
    assert steps(company, "--check", code=8)["outbox"] == ("waits", 1)


@pytest.mark.parametrize(
    ("state", "line"),
    [
        ("unknown", "may have arrived, or not: no answer; ltc outbox resolve M1 --sent|--resend"),
        ("failed", "failed: no answer; ltc outbox retry M1, or drop M1"),
    ],
)
def test_a_mail_that_nobody_has_decided_about_is_told_each_day(state: str, line: str, company: Company) -> None:
    company.ltc("daily")
    company.ltc("send", "INV-2026-0001", "--no-send")
    leave_unknown(company.path, state=state)
    for day in ("2026-06-15", "2026-06-16"):
        assert steps(company, "--today", day, code=8)["outbox"] == ("partly", 1)
        assert f"M1 to ada@engines.example {line}" in company.out
    assert steps(company, "--check", code=8)["outbox"] == ("waits", 1)
    company.ltc("outbox", *(("drop", "M1") if state == "failed" else ("resolve", "M1", "--sent")))
    assert steps(company)["outbox"] == ("nothing", 0)


def test_all_that_a_step_did_and_all_that_went_wrong_is_named(company: Company) -> None:
    mails = [f"M{n}" for n in range(1, 8)]
    company.ltc("invoice", "C1")
    for n in range(1, 8):
        company.ltc("send", "INV-2026-0001", "--no-send")
        leave_unknown(company.path, n, state="failed")
    assert company.run("daily", "--check") == 8
    assert " 7  M1 M2 M3 M4 M5 M6 M7\n" in company.out
    assert company.run("daily", "--quiet") == 8
    (line,) = (line for line in company.out.splitlines() if line.startswith("outbox"))
    assert [ref for ref in mails if f" {ref} to ada@" in line] == mails
    assert [ref for ref in mails if f" {ref} to ada@" in company.err] == mails
    assert company.err.count("\n") == 1


def test_a_step_that_fails_keeps_no_other_one_from_being_done(company: Company) -> None:
    company.ltc("invoice", "C1")
    company.ltc("send", "INV-2026-0001", "--no-send")
    found = steps(company, "--quiet", code=8)
    assert found["outbox"] == ("failed", 0)
    assert company.err.startswith("outbox failed: there is no mail server: mail.host is not set")  # cron mails it
    assert (
        "(set it in config.yaml; dun, nurture --due, send and outbox send write files by --to-folder DIR)"
        in company.out
    )
    assert found["billing"] == ("nothing", 0)
    assert steps(company, "--check", code=8)["outbox"] == ("waits", 1)


def test_a_second_start_leaves_at_once(company: Company) -> None:
    lock = company.path.with_name("ltc.db.daily.lock")
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert company.run("daily") == 0
        assert (company.out, company.err) == ("", "another run is under way\n")
        assert company.run("daily", "--json") == 0
        assert (company.out, company.err) == ("[]\n", "another run is under way\n")
    assert steps(company)["billing"] == ("done", 1)


@pytest.mark.parametrize(
    ("more", "told"), [("", ("partly", 1)), (", user: ada, password_command: 'false'", ("failed", 0))]
)
def test_billing_mails_the_invoices_where_the_settings_say_so(
    more: str, told: tuple[str, int], company: Company
) -> None:
    """That nobody answers, or that there is no password, is told by the step that sends."""
    company.config_path.write_text(
        FOLDER + f"mail: {{host: 127.0.0.1, port: 9, tls: none, invoices: true{more}}}\n", encoding="utf-8"
    )
    found = steps(company, code=8)
    assert (found["billing"], found["outbox"]) == (("done", 1), told)
    assert [row["about"] for row in company.ltc("outbox", "list")] == ["INV-2026-0001"]


def test_invoices_that_cannot_be_mailed_are_not_issued_and_said_before(company: Company) -> None:
    """By the check of the settings, and by the look at what waits; where nothing is due nothing is wrong."""
    company.config_path.write_text(FOLDER + "mail: {invoices: true}\n", encoding="utf-8")
    assert "line 3: mail.invoices: there is no mail server" in company.ltc("config", "check", fails=6)["message"]
    for options in (("--check",), ()):
        assert steps(company, *options, code=8)["billing"] == ("failed", 0)
        assert "mail.host is not set" in company.out
    assert company.ltc("invoice", "--due", "--send", fails=6)["code"] == "config"
    assert company.ltc("list", "invoices") == []
    company.ltc("invoice", "--due")
    assert company.ltc("invoice", "--due", "--send") == []
    for options in (("--check",), ()):
        assert steps(company, *options) == dict.fromkeys(steps(company), ("nothing", 0))


def test_who_is_late_is_written_to_once_and_who_is_left_out_waits_for_nothing(company: Company) -> None:
    folder = company.path.parent / "mails"
    server = FOLDER + "mail: {host: 127.0.0.1, port: 9, tls: none}\n"
    company.config_path.write_text(server, encoding="utf-8")
    company.ltc("daily")
    # due on the 15th, and five days later there is the first level
    assert steps(company, "--check", "--today", "2026-07-19")["dunning"] == ("nothing", 0)
    assert steps(company, "--check", "--today", "2026-07-20", code=8)["dunning"] == ("waits", 1)
    company.ltc("hold", "K1", "--until", "2026-07-31", "--reason", "asked", today="2026-07-19")
    assert steps(company, "--check", "--today", "2026-07-20") == dict.fromkeys(steps(company), ("nothing", 0))
    company.ltc("release", "K1", today="2026-07-19")
    found = steps(company, "--today", "2026-07-20", code=8)
    assert found["dunning"] == ("done", 1)
    assert found["outbox"] == ("partly", 1)  # nobody answers on that port
    assert steps(company, "--check", "--today", "2026-07-20", code=8) == found | {
        "dunning": ("nothing", 0),
        "outbox": ("waits", 1),
    }
    company.ltc("outbox", "retry", "M1")
    company.ltc("outbox", "send", "--to-folder", str(folder), today="2026-07-20")
    assert steps(company, "--today", "2026-07-20") == dict.fromkeys(found, ("nothing", 0))
    assert len(list(folder.glob("*.eml"))) == 1


def test_nobody_is_dunned_without_a_mail_server(company: Company) -> None:
    """A notice that never goes must not be a level reached."""
    company.ltc("daily")
    assert steps(company, "--today", "2026-07-20")["dunning"] == ("nothing", 0)
    assert "off: mail.host is not set" in company.out
    assert company.ltc("list", "notices") == []


# Hooks


def program(company: Company, name: str, script: str) -> Path:
    path = company.path.parent / "hooks" / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def seen(company: Company) -> list[Any]:
    """What the programs have noted, a verb and a line of JSON each."""
    lines = (company.path.parent / "seen").read_text(encoding="utf-8").splitlines()
    return [(verb, json.loads(event)) for verb, event in zip(lines[::2], lines[1::2], strict=True)]


NOTE: Final = 'cd "$(dirname "$0")/.."; echo "$1" >> seen; cat >> seen'


def test_a_hook_is_told_the_verb_and_the_answer_after_the_commit(company: Company) -> None:
    program(company, "note", NOTE)
    answer = company.ltc("lead", "add", "Bob")
    [(verb, event)] = seen(company)
    assert verb == event["verb"] == "lead add"
    assert event["answer"] == answer
    assert event["actor"] == "test"


@pytest.mark.parametrize(
    "line",
    [
        ("list", "leads"),
        ("lead", "add", "Bob", "--dry-run"),
        ("promote", "L1"),
    ],
)
def test_where_nothing_was_written_no_hook_is_called(line: tuple[str, ...], company: Company) -> None:
    program(company, "note", NOTE)
    company.ltc(*line)
    assert not (company.path.parent / "seen").exists()


def test_the_same_key_calls_a_hook_once(company: Company) -> None:
    program(company, "note", NOTE)
    for _ in range(2):
        company.ltc("lead", "add", "Bob", "--key", "k")
    assert len(seen(company)) == 1


def test_hooks_run_in_the_order_of_their_names_and_one_that_fails_is_named(company: Company) -> None:
    program(company, "2-second", "echo second >> $(dirname $0)/../order")
    program(company, "1-first", "echo first >> $(dirname $0)/../order; echo 'no disk' >&2; exit 3")
    for name in (".hidden", ".1-first.swp", "#1-first#", "1-first~", "1-first.bak"):
        program(company, name, f"echo '{name}' >> $(dirname $0)/../order")
    assert company.run("lead", "add", "Bob") == 0
    assert "hook 1-first ended with exit code 3: no disk" in company.err
    assert (company.path.parent / "order").read_text() == "first\nsecond\n"
    assert [row["name"] for row in company.ltc("list", "leads")] == ["Ada", "Bob"]


def lines_of(company: Company, *lines: str) -> str:
    path = company.path.parent / "lines"
    path.write_text("\n".join(lines))
    return str(path)


def test_hooks_that_do_not_end_are_waited_for_once_in_a_run(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "SECONDS", 0.3)
    monkeypatch.setattr(hooks, "MOST_ALONE", 5)
    for name in ("slow", "slower"):
        program(company, name, "echo begun >> $(dirname $0)/../begun; exec sleep 3")
    begun = time.monotonic()
    assert company.run("batch", lines_of(company, "lead add Bob", "lead add Cyd", "lead add Dot")) == 0
    assert time.monotonic() - begun < 2
    assert [json.loads(line)["notices"] for line in company.out.splitlines()] == [
        [
            f"hook {name} is still running after 0.3 seconds: it goes on alone from now on"
            for name in ("slow", "slower")
        ],
        [],
        ["hook slower is not called: 5 hooks are still running"],
    ]


def test_a_hook_that_is_not_executable_is_said_once(company: Company) -> None:
    path = program(company, "note", NOTE)
    path.chmod(0o644)
    assert company.run("batch", lines_of(company, "lead add Bob", "lead add Cyd")) == 0
    why = f"hook note is not called: it is not executable (chmod +x {path})"
    assert [json.loads(line)["notices"] for line in company.out.splitlines()] == [[why], []]
    assert company.run("config", "check") == 0
    assert why in company.err
    path.unlink()
    path.parent.rmdir()
    assert "cannot be read: No such file or directory" in company.ltc("config", "check", fails=6)["message"]


def test_the_hook_of_the_tutorial(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(company.path.parent)
    page = (Path(__file__).parents[2] / "docs" / "tutorial.md").read_text(encoding="utf-8")
    script = page.partition("```sh\n#!/bin/sh\n")[2].partition("\n```")[0]
    program(company, "who-paid", script)
    company.ltc("invoice", "C1")
    company.ltc("collect", "INV-2026-0001", "400")
    assert company.err == ""
    assert Path("paid.txt").read_text() == "K1 paid EUR 400.00\n"


def test_ltc_in_a_hook_finds_the_same_file(company: Company) -> None:
    program(company, "note", 'cd "$(dirname "$0")/.."; echo "$LTC_DB $LTC_CONFIG" > seen')
    company.ltc("lead", "add", "Bob")
    assert (company.path.parent / "seen").read_text() == f"{company.path} {company.config_path}\n"


def test_a_hook_that_cannot_be_run_and_a_folder_that_is_not_there(company: Company) -> None:
    path = program(company, "broken", "")
    path.write_bytes(b"\x7fELF broken")
    assert company.run("lead", "add", "Bob") == 0
    assert "hook broken cannot be run: " in company.err
    path.unlink()
    path.parent.rmdir()
    assert company.run("lead", "add", "Cyd") == 0
    assert "cannot be read: No such file or directory" in company.err


def test_what_a_hook_writes_by_ltc_calls_no_hook(company: Company) -> None:
    program(company, "note", NOTE)
    folder = company.path.parent / "hooks"
    assert hooks.Caller({hooks.INSIDE: "1"}).call(folder, "lead add", "{}", {}) == []
    assert not (company.path.parent / "seen").exists()


def test_the_lines_of_a_batch_call_hooks_and_those_of_an_atomic_one_only_when_all_are_kept(company: Company) -> None:
    program(company, "note", NOTE)
    lines = company.path.parent / "lines"
    lines.write_text("lead add Bob\nlead add Cyd\n")
    assert company.run("batch", str(lines)) == 0
    assert [verb for verb, _event in seen(company)] == ["lead add"] * 2
    lines.write_text("lead add Dot\nship C9\n")
    assert company.run("batch", str(lines), "--atomic") == 3
    assert len(seen(company)) == 2
    lines.write_text("lead add Dot\nlead add Eve\n")
    assert company.run("batch", str(lines), "--atomic") == 0
    assert len(seen(company)) == 4
