"""`ltc nurture --enroll`, `--stop` and `--due`: mails and tasks by the day, worked by hand; 2026-06-15 is a Monday."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import pytest

from ltc_cli.rules import business_days
from tests.support import Company, folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG: Final = """
company: {name: Acme, email: hello@acme.example}
nurture:
  sequences:
    welcome: [{after: 0d, mail: welcome}, {after: 3d, mail: followup}, {after: 7d, task: "call {lead}"}]
    web: {when: {source: web, country: [DE, FR]}, steps: [{after: 1d, mail: welcome}]}
    ring: [{after: 0d, task: ring}, {after: 2d, task: "ring {company} again"}]
"""


@pytest.fixture(autouse=True)
def weekends_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever holidays there are."""
    monkeypatch.setattr(business_days, "_calendar", lambda _country: None)


@pytest.fixture
def company() -> Iterator[Company]:
    with folder_in_memory() as folder:
        found = Company(folder, config=CONFIG)
        found.ltc("lead", "add", "Ada", "--company", "Engines", "--email", "ada@engines.example")
        yield found


def due(company: Company, today: str, *more: str) -> list[tuple[Any, ...]]:
    """Who, what, which sequence and which step, of one run that writes its mails to a folder."""
    folder = str(company.path.parent / "mails")
    rows = company.ltc("nurture", "--due", "--to-folder", folder, *more, today=today)
    return [(row["ref"], row["what"], row["sequence"], row["step"]) for row in rows]


def mails(company: Company) -> list[tuple[str, str, str]]:
    rows = company.ltc("outbox", "list")
    return [(row["about"], row["status"], row["recipient"]) for row in rows]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nurture", "name a lead, or --due for all of them"),
        ("nurture L1 --due", "name a lead, or --due for all of them"),
        ("nurture L1 --enroll welcome --stop", "say one thing"),
        ("nurture L1 --enroll welcome --log call", "say one thing"),
        ("nurture L1 --stop --note why", "say one thing"),
        ("nurture L1 --no-send", "go with --due"),
        ("nurture --due --no-send --to-folder mails", "go with --due"),
        ("nurture --due --on 2026-06-01", "--due is always of today"),
        ("nurture L1 --enroll autumn", "there is no sequence autumn"),
    ],
)
def test_what_does_not_go_together(line: str, message: str, company: Company) -> None:
    assert message in company.ltc(*line.split(), fails=2)["message"]


# A sequence, day by day


def test_a_sequence_by_hand_day_by_day(company: Company) -> None:
    assert company.ltc("nurture", "L1", "--enroll", "welcome")["next_step_on"] == "2026-06-15"
    told = {day: due(company, f"2026-06-{day}") for day in range(15, 30)}
    assert {day: rows for day, rows in told.items() if rows} == {
        15: [("L1", "mail", "welcome", 1)],
        18: [("L1", "mail", "welcome", 2)],
        25: [("L1", "task", "welcome", 3)],
    }
    assert mails(company) == [("L1", "sent", "ada@engines.example")] * 2
    assert company.ltc("show", "L1")["next_step_on"] is None


def test_next_step_on_is_the_day_of_the_step_that_comes(company: Company) -> None:
    company.ltc("nurture", "L1", "--enroll", "welcome")
    due(company, "2026-06-15")
    assert company.ltc("list", "leads")[0]["next_step_on"] == "2026-06-18"
    company.ltc("nurture", "L1", "--log", "reply")
    assert company.ltc("list", "leads")[0]["next_step_on"] is None


def test_a_step_on_a_weekend_waits_for_monday(company: Company) -> None:
    """Thursday the 18th and three days are Sunday the 21st; Monday the 22nd and seven days are Monday the 29th."""
    company.ltc("nurture", "L1", "--enroll", "welcome", today="2026-06-18")
    assert due(company, "2026-06-18") == [("L1", "mail", "welcome", 1)]
    assert company.ltc("show", "L1")["next_step_on"] == "2026-06-22"
    assert due(company, "2026-06-21") == []
    assert due(company, "2026-06-22") == [("L1", "mail", "welcome", 2)]
    assert company.ltc("show", "L1")["next_step_on"] == "2026-06-29"


def test_a_weekend_is_as_good_as_any_day_where_the_sequence_says_so(company: Company) -> None:
    company.config_path.write_text(
        CONFIG + "    any: {business_days: false, steps: [{after: 0d, task: a}, {after: 1d, task: b}]}\n"
    )
    company.ltc("nurture", "L1", "--enroll", "any", today="2026-06-19")
    assert due(company, "2026-06-19") == [("L1", "task", "any", 1)]
    assert due(company, "2026-06-20") == [("L1", "task", "any", 2)]


def test_after_an_outage_one_step_a_run_and_each_at_its_distance(company: Company) -> None:
    company.ltc("nurture", "L1", "--enroll", "welcome")
    due(company, "2026-06-15")
    assert due(company, "2026-07-15") == [("L1", "mail", "welcome", 2)]
    assert due(company, "2026-07-15") == []
    assert due(company, "2026-07-21") == []
    assert due(company, "2026-07-22") == [("L1", "task", "welcome", 3)]


def test_a_first_run_that_is_late(company: Company) -> None:
    company.ltc("nurture", "L1", "--enroll", "welcome")
    assert due(company, "2026-08-03") == [("L1", "mail", "welcome", 1)]
    assert due(company, "2026-08-04") == []
    assert due(company, "2026-08-06") == [("L1", "mail", "welcome", 2)]


def test_a_hundred_runs_a_day_are_one(company: Company) -> None:
    company.ltc("nurture", "L1", "--enroll", "welcome")
    due(company, "2026-06-15")
    before = company.dump()
    for _run in range(99):
        assert due(company, "2026-06-15") == []
    assert company.dump() == before


def test_steps_of_no_distance_come_on_days_of_their_own(company: Company) -> None:
    company.config_path.write_text(CONFIG + "    quick: [{after: 0d, mail: welcome}, {after: 0d, mail: followup}]\n")
    company.ltc("nurture", "L1", "--enroll", "quick")
    assert due(company, "2026-06-15") == [("L1", "mail", "quick", 1)]
    assert due(company, "2026-06-15") == []
    assert due(company, "2026-06-16") == [("L1", "mail", "quick", 2)]


def test_two_sequences_write_on_two_days(company: Company) -> None:
    company.config_path.write_text(CONFIG + "    second: [{after: 0d, mail: followup}]\n")
    company.ltc("nurture", "L1", "--enroll", "welcome")
    company.ltc("nurture", "L1", "--enroll", "second")
    assert due(company, "2026-06-15") == [("L1", "mail", "welcome", 1)]
    assert due(company, "2026-06-15") == []
    assert due(company, "2026-06-16") == [("L1", "mail", "second", 1)]


def test_two_leads_with_one_address_get_no_two_mails_on_a_day(company: Company) -> None:
    company.ltc("lead", "add", "Ada again", "--email", "ada@engines.example", "--allow-duplicate")
    for lead in ("L1", "L2"):
        company.ltc("nurture", lead, "--enroll", "welcome")
    assert due(company, "2026-06-15") == [("L1", "mail", "welcome", 1)]
    assert due(company, "2026-06-16") == [("L2", "mail", "welcome", 1)]


def test_a_dry_run_says_what_would_be_done_and_keeps_nothing(company: Company) -> None:
    company.ltc("nurture", "L1", "--enroll", "welcome")
    before = company.dump()
    rows = company.ltc("nurture", "--due", "--dry-run")
    assert [(row["ref"], row["what"], row["mail"]) for row in rows] == [("L1", "mail", "M1")]
    assert company.dump() == before


def test_a_mail_that_waits_holds_the_next_step(company: Company) -> None:
    """Queued on Monday, sent on Wednesday: the next one is not before Saturday, that is on Monday."""
    company.ltc("nurture", "L1", "--enroll", "welcome")
    company.ltc("nurture", "--due", "--no-send")
    assert company.ltc("nurture", "--due", "--no-send", today="2026-06-18") == []
    company.ltc("outbox", "send", "--to-folder", str(company.path.parent / "mails"), today="2026-06-17")
    assert due(company, "2026-06-18") == []
    assert due(company, "2026-06-19") == []
    assert due(company, "2026-06-22") == [("L1", "mail", "welcome", 2)]


def test_a_run_sends_what_an_earlier_one_has_queued(company: Company) -> None:
    company.ltc("nurture", "L1", "--enroll", "welcome")
    company.ltc("nurture", "--due", "--no-send")
    assert due(company, "2026-06-15") == []
    assert mails(company) == [("L1", "sent", "ada@engines.example")]


def test_a_run_has_a_bound_and_says_who_waits(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    from ltc_cli.stages import nurture

    monkeypatch.setattr(nurture, "MOST", 1)
    company.ltc("lead", "add", "Bob", "--email", "bob@engines.example")
    for lead in ("L1", "L2"):
        company.ltc("nurture", lead, "--enroll", "welcome")
    assert company.run("nurture", "--due", "--no-send") == 8
    assert "1 more mails wait for the next run: this one has 1" in company.err


# When it ends


STOPS: Final = {
    "nurture L1 --log reply": "reply on 2026-06-15",
    "nurture L1 --log bounce": "bounce on 2026-06-15",
    "nurture L1 --log unsubscribe": "unsubscribe on 2026-06-15",
    "promote L1": "it was promoted to O1",
    "lead drop L1 --reason need": "it was dropped",
    "lead merge L2 L1": "it was merged into L2",
    "nurture L1 --stop": "by hand",
}


@pytest.mark.parametrize("line", STOPS)
def test_it_stops_for_good_and_says_why(line: str, company: Company) -> None:
    company.ltc("lead", "add", "Bob")
    company.ltc("nurture", "L1", "--enroll", "welcome")
    due(company, "2026-06-15")
    company.ltc(*line.split())
    rows = company.ltc("nurture", "--due", "--no-send", today="2026-06-18")
    if line.startswith("nurture L1 --stop"):
        assert rows == []
    else:
        assert [(row["ref"], row["what"], row["said"]) for row in rows] == [("L1", "stopped", STOPS[line])]
    for day in ("2026-06-19", "2026-07-01", "2027-01-04"):
        assert due(company, day) == []
    assert len(mails(company)) == 1
    told = [entry["what"] for entry in company.ltc("show", "L1", today="2026-06-18")["thread"]]
    assert f"welcome stopped: {STOPS[line]}" in told


@pytest.mark.parametrize("line", STOPS)
def test_what_is_queued_does_not_go_any_more(line: str, company: Company) -> None:
    company.ltc("lead", "add", "Bob")
    company.ltc("nurture", "L1", "--enroll", "welcome")
    company.ltc("nurture", "--due", "--no-send")
    company.ltc(*line.split())
    assert company.run("outbox", "send", "--to-folder", str(company.path.parent / "mails")) == 0
    (mail,) = company.ltc("outbox", "list")
    assert mail["status"] == "cancelled"
    assert STOPS[line] in mail["said"]
    assert not (company.path.parent / "mails" / "M1.eml").exists()


def test_a_drop_that_is_taken_back_does_not_go_on_by_itself(company: Company) -> None:
    company.ltc("nurture", "L1", "--enroll", "welcome")
    due(company, "2026-06-15")
    company.ltc("lead", "drop", "L1", "--reason", "timing")
    company.ltc("lead", "qualify", "L1")
    assert due(company, "2026-06-18") == [("L1", "stopped", "welcome", None)]


def test_who_replied_before_may_be_enrolled_by_hand(company: Company) -> None:
    company.ltc("nurture", "L1", "--log", "reply")
    company.ltc("nurture", "L1", "--enroll", "welcome")
    assert due(company, "2026-06-15") == [("L1", "mail", "welcome", 1)]


def test_enrolled_again_it_goes_on_behind_the_last_step(company: Company) -> None:
    company.ltc("nurture", "L1", "--enroll", "welcome")
    due(company, "2026-06-15")
    assert company.run("nurture", "L1", "--enroll", "welcome") == 0
    assert "L1 is in welcome already" in company.err
    company.ltc("nurture", "L1", "--stop")
    assert company.run("nurture", "L1", "--stop") == 0
    assert "L1 is in no sequence" in company.err
    assert company.ltc("nurture", "L1", "--enroll", "welcome", today="2026-06-22")["next_step_on"] == "2026-06-25"
    assert due(company, "2026-06-25") == [("L1", "mail", "welcome", 2)]
    assert due(company, "2026-07-02") == [("L1", "task", "welcome", 3)]
    assert company.run("nurture", "L1", "--enroll", "welcome") == 0
    assert "L1 has been through welcome" in company.err


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["promote L1"], "L1 is promoted: it is not enrolled"),
        (["lead drop L1 --reason need"], "L1 is dropped: it is not enrolled"),
        (["edit L1 email="], "L1 has no e-mail address"),
        (["nurture L1 --log unsubscribe"], "not written to by sequences: it was unsubscribed on 2026-06-15"),
        (["nurture L1 --log bounce"], "not written to by sequences: mail to it bounced on 2026-06-15"),
        (
            ["nurture L1 --log unsubscribe", "lead add Eve --email ADA@engines.example --allow-duplicate"],
            "not written to by sequences: it was unsubscribed",
        ),
    ],
)
def test_who_is_not_enrolled_by_hand(lines: list[str], message: str, company: Company) -> None:
    for line in lines:
        company.ltc(*line.split())
    assert message in company.ltc("nurture", f"L{len(lines)}", "--enroll", "welcome", fails=4)["message"]


def test_an_address_that_goes_away_ends_it(company: Company) -> None:
    company.ltc("nurture", "L1", "--enroll", "welcome")
    company.ltc("edit", "L1", "email=")
    (row,) = company.ltc("nurture", "--due", "--no-send")
    assert (row["what"], row["said"]) == ("stopped", "it has no e-mail address")


def test_a_sequence_that_is_gone_from_the_config_waits(company: Company) -> None:
    company.ltc("nurture", "L1", "--enroll", "ring")
    company.config_path.write_text(CONFIG.replace("    ring:", "    bell:"))
    assert due(company, "2026-06-15") == []
    assert "the sequence ring is not in config.yaml" in company.err
    company.config_path.write_text(CONFIG)
    assert due(company, "2026-06-16") == [("L1", "task", "ring", 1)]


def test_a_sequence_that_became_shorter_ends(company: Company) -> None:
    company.ltc("nurture", "L1", "--enroll", "ring")
    due(company, "2026-06-15")
    company.config_path.write_text(CONFIG.replace(', {after: 2d, task: "ring {company} again"}', ""))
    assert due(company, "2026-06-17") == [("L1", "stopped", "ring", None)]


# By rule


def test_a_rule_enrols_whom_it_speaks_of_once(company: Company) -> None:
    company.ltc("lead", "add", "Bob", "--email", "bob@b.example", "--source", "Web", "--country", "DE")
    company.ltc("lead", "add", "Cyd", "--email", "cyd@c.example", "--source", "web", "--country", "GB")
    company.ltc("lead", "add", "Dot", "--source", "web", "--country", "FR")
    company.ltc("lead", "add", "Eve", "--email", "eve@e.example", "--source", "fair", "--country", "FR")
    assert due(company, "2026-06-15") == [("L2", "enrolled", "web", None)]
    assert due(company, "2026-06-15") == []
    assert due(company, "2026-06-16") == [("L2", "mail", "web", 1)]
    assert due(company, "2026-06-17") == []


@pytest.mark.parametrize(
    "line",
    [
        "nurture L2 --log reply",
        "lead drop L2 --reason need",
        "promote L2",
        "nurture L2 --enroll web",
        "nurture L2 --log unsubscribe",
        "erase L2",
    ],
)
def test_a_rule_leaves_alone_who_answered_left_or_was_there(line: str, company: Company) -> None:
    company.ltc("lead", "add", "Bob", "--email", "bob@b.example", "--source", "web", "--country", "DE")
    company.ltc(*line.split())
    assert [row for row in due(company, "2026-06-15") if row[1] == "enrolled"] == []


def test_a_rule_takes_nobody_older_than_a_month(company: Company) -> None:
    """May has 31 days: a lead of 2026-05-16 is 30 days old on 2026-06-15."""
    for name, day in (("bob", "2026-05-15"), ("cyd", "2026-05-16")):
        company.ltc(*f"lead add {name} --email {name}@b.example --source web --country DE".split(), today=day)
    assert due(company, "2026-06-15") == [("L3", "enrolled", "web", None)]


def test_a_rule_writes_to_an_address_once(company: Company) -> None:
    for number in range(2):
        company.ltc(*f"lead add Bob{number} --email bob@b.example --source web --country DE --allow-duplicate".split())
    assert due(company, "2026-06-15") == [("L2", "enrolled", "web", None)]
    assert due(company, "2026-06-16") == [("L2", "mail", "web", 1)]


def test_a_rule_says_whom_it_must_not_enrol(company: Company) -> None:
    company.ltc("lead", "add", "Bob", "--email", "bob@b.example", "--source", "web", "--country", "DE")
    company.ltc("nurture", "L2", "--log", "unsubscribe")
    company.ltc(
        "lead", "add", "Rob", "--email", "bob@b.example", "--source", "web", "--country", "DE", "--allow-duplicate"
    )
    assert due(company, "2026-06-15") == []
    assert "web: not enrolled, for their addresses are not to be written to: 1" in company.err


def test_a_rule_says_whom_it_cannot_write_to_where_it_would_have_called_them(company: Company) -> None:
    steps = "[{after: 0d, mail: welcome}, {after: 3d, task: call}]"
    company.config_path.write_text(CONFIG + f"    fair: {{when: {{source: fair}}, steps: {steps}}}\n")
    for name, source in (("Bob", "web"), ("Cyd", "fair"), ("Dot", "fair"), ("Eve", "shop")):
        company.ltc("lead", "add", name, "--phone", "+49 30 123456", "--source", source, "--country", "DE")
    assert due(company, "2026-06-15") == []
    assert company.err == "fair: not enrolled, for they have no e-mail address: L3 L4\n"


def test_the_size_of_a_company_is_what_an_import_has_kept(company: Company, tmp_path: Path) -> None:
    company.config_path.write_text(
        CONFIG + "    large: {when: {company_size: 200+}, steps: [{after: 0d, task: visit}]}\n"
    )
    (tmp_path / "list.csv").write_text("Name,Company Size\nBob,200+\nCyd,2\n")
    company.ltc("import", "leads", str(tmp_path / "list.csv"))
    assert due(company, "2026-06-15") == [("L2", "enrolled", "large", None), ("L2", "task", "large", 1)]


# Tasks


def test_a_task_is_on_todays_list_until_somebody_was_in_touch(company: Company) -> None:
    company.ltc("nurture", "L1", "--enroll", "ring")
    due(company, "2026-06-15")
    assert due(company, "2026-06-17") == [("L1", "task", "ring", 2)]
    rows = company.ltc("today", today="2026-06-18")
    assert [(row["what"], row["since"], row["command"]) for row in rows] == [
        ("ring", "2026-06-15", "ltc done T1"),
        ("ring Engines again", "2026-06-17", "ltc done T2"),
    ]
    company.ltc("nurture", "L1", "--log", "open", today="2026-06-18")
    assert len(company.ltc("today", today="2026-06-18")) == 2
    company.ltc("nurture", "L1", "--log", "call", today="2026-06-18")
    assert company.ltc("today", today="2026-06-18") == []


# Who is not written to


def test_an_imported_touch_keeps_an_address_from_mails_too(company: Company, tmp_path: Path) -> None:
    (tmp_path / "touches.csv").write_text(
        "Activity Type,Activity Date,Email\nunsubscribe,2026-06-01,ada@engines.example\n"
    )
    company.ltc("import", "touches", str(tmp_path / "touches.csv"))
    assert "unsubscribed on 2026-06-01" in company.ltc("nurture", "L1", "--enroll", "welcome", fails=4)["message"]


def test_who_unsubscribes_is_not_to_be_promoted_next(company: Company) -> None:
    for kind, hint in (("reply", "next: ltc promote L1 --amount 1200\n"), ("Unsubscribe", ""), ("bounce", "")):
        company.run("nurture", "L1", "--log", kind)
        assert company.err == hint


def test_the_list_knows_the_address_of_a_merged_lead(company: Company) -> None:
    company.ltc("lead", "add", "Ada L", "--email", "ada@home.example")
    company.ltc("lead", "merge", "L1", "L2")
    company.ltc("nurture", "L1", "--log", "unsubscribe")
    company.ltc("lead", "add", "Ada H", "--email", "ada@home.example", "--allow-duplicate")
    company.ltc("nurture", "L3", "--enroll", "welcome", fails=4)


def test_the_other_lead_with_the_address_is_not_written_to_either(company: Company) -> None:
    company.ltc("lead", "add", "Ada again", "--email", "ada@engines.example", "--allow-duplicate")
    company.ltc("nurture", "L1", "--enroll", "welcome")
    company.ltc("nurture", "--due", "--no-send")
    company.ltc("nurture", "L2", "--log", "unsubscribe")
    (row,) = company.ltc("outbox", "send", "--to-folder", str(company.path.parent / "mails"))
    assert (row["status"], row["said"]) == ("cancelled", "it was unsubscribed on 2026-06-15")
    (row,) = company.ltc("nurture", "--due", "--no-send", today="2026-06-18")
    assert (row["ref"], row["what"], row["said"]) == ("L1", "stopped", "it was unsubscribed on 2026-06-15")


def test_the_list_holds_no_address(company: Company) -> None:
    company.ltc("nurture", "L1", "--log", "unsubscribe")
    rows = company.dump()["suppression"]
    assert len(rows) == 1
    assert not [cell for row in rows for cell in row if "engines" in str(cell)]


def test_invoices_go_to_who_unsubscribed(company: Company) -> None:
    """They are asked for by the contract, and are no advertisement."""
    company.ltc("nurture", "L1", "--log", "unsubscribe")
    company.ltc("promote", "L1", "--amount", "100")
    company.ltc("sign", "O1", "--terms", "100% sign")
    company.ltc("invoice", "C1")
    folder = str(company.path.parent / "mails")
    assert company.ltc("send", "INV-2026-0001", "--to-folder", folder)["status"] == "sent"


# Check


FAULTS: Final = {
    "sequences": (
        "INSERT INTO sequence_event (lead_id, sequence, kind, position, touch_id, lead_event_id, event_on, recorded_at)"
        " VALUES (1, 'welcome', 'step', 3, 0, 0, '2026-06-16', '-')"
    ),
    "suppression": (
        "INSERT INTO suppression (kind, hash, reason, since_on, outbox_id, recorded_at)"
        " SELECT kind, hash, 'bounce', since_on, 0, recorded_at FROM suppression"
    ),
    "outbox": "UPDATE outbox SET state = 'failed' WHERE id = 1",
}


@pytest.mark.parametrize("check", FAULTS)
def test_check_finds_what_breaks_a_rule(check: str, company: Company) -> None:
    company.ltc("nurture", "L1", "--enroll", "welcome")
    due(company, "2026-06-15")
    company.ltc("nurture", "L1", "--log", "unsubscribe")
    assert company.run("check") == 0
    with closing(sqlite3.connect(company.path)) as connection, connection:
        connection.execute(FAULTS[check])
    assert company.run("check", "--csv") == 7
    assert [line.split(",")[0] for line in company.out.splitlines()[1:] if ",broken," in line] == [check]


def test_the_facts_of_a_sequence_are_guarded(company: Company) -> None:
    company.ltc("nurture", "L1", "--enroll", "ring")
    due(company, "2026-06-15")
    for statement in (
        "UPDATE sequence_event SET position = 9",
        "DELETE FROM sequence_event",
        "UPDATE task SET text = NULL",
        "DELETE FROM task",
    ):
        with closing(sqlite3.connect(company.path)) as connection, pytest.raises(sqlite3.IntegrityError):
            connection.execute(statement)


def test_an_import_that_is_taken_back_leaves_who_is_in_a_sequence(company: Company, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("Name,Email\nBob,bob@b.example\n")
    company.ltc("import", "leads", str(tmp_path / "list.csv"))
    company.ltc("nurture", "L2", "--enroll", "welcome")
    assert company.run("import", "undo", "1", "--json") == 8
    assert "it is in a sequence" in company.out


def test_a_rule_greets_nobody_again_after_a_restore(company: Company) -> None:
    """L2 was enrolled after the backup, which does not know it; L3 comes after the restore."""
    company.ltc("lead", "add", "Bob", "--email", "bob@b.example", "--source", "web", "--country", "DE")
    backup = str(company.path.parent / "monday.db")
    company.ltc("backup", backup)
    assert ("L2", "enrolled", "web", None) in due(company, "2026-06-15")
    company.ltc("restore", backup)
    company.ltc("lead", "add", "Eva", "--email", "eva@e.example", "--source", "web", "--country", "FR")
    assert due(company, "2026-06-15") == [("L3", "enrolled", "web", None)]
    assert (
        "web: not enrolled, for since the backup that was restored they may have been: L2; ltc nurture" in company.err
    )


def test_a_restored_backup_writes_to_nobody_by_itself(company: Company) -> None:
    """What was sent since it was made is not known; who unsubscribed since then stays so."""
    company.ltc("lead", "add", "Bob", "--email", "bob@b.example")
    for lead in ("L1", "L2"):
        company.ltc("nurture", lead, "--enroll", "welcome")
    backup = str(company.path.parent / "monday.db")
    company.ltc("backup", backup)
    due(company, "2026-06-15")
    company.ltc("nurture", "L1", "--log", "unsubscribe")
    assert company.run("restore", backup) == 0
    assert "2 sequences are stopped, since steps may have been taken" in company.err
    assert due(company, "2026-06-16") == []
    assert "it was unsubscribed on" in company.ltc("nurture", "L1", "--enroll", "welcome", fails=4)["message"]
    assert company.ltc("nurture", "L2", "--enroll", "welcome")["next_step_on"] == "2026-06-15"
    assert company.run("check") == 0
