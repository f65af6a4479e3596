"""Sequences against a real SMTP server: what arrives, with a way out, and what a fault does not double."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING, Final

import pytest

from ltc_cli.mail.message import HEADERS
from ltc_cli.rules import business_days
from tests.mail.server import Fault, Inbox, wire
from tests.support import Company, folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

CONFIG: Final = """
company: {{name: Acme GmbH, address: "Main Street 1\\n10115 Berlin", email: hello@acme.example, country: DE}}
mail: {{host: 127.0.0.1, port: {port}, tls: none}}
nurture:
  sequences:
    welcome: {{when: {{source: web}}, steps: [{{after: 0d, mail: welcome}}, {{after: 3d, mail: followup}}]}}
"""


@pytest.fixture(autouse=True)
def weekends_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(business_days, "_calendar", lambda _country: None)


@pytest.fixture
def company(port: int) -> Iterator[Company]:
    with folder_in_memory() as folder:
        yield Company(folder, config=CONFIG.format(port=port))


def add(company: Company, name: str, *more: str) -> None:
    company.ltc("lead", "add", name, "--source", "web", *more)


def received(inbox: Inbox) -> list[EmailMessage]:
    return [message_from_bytes(each.message, policy=default) for each in inbox.deliveries]


def test_a_sequence_arrives_with_a_way_out(company: Company, inbox: Inbox) -> None:
    add(company, "Ada", "--company", "Engines", "--email", "ada@ada.example")
    for day in (15, 16, 17, 18, 19):
        assert company.run("nurture", "--due", today=f"2026-06-{day}") == 0
    first, second = received(inbox)
    assert (first["Subject"], second["Subject"]) == ("Welcome to Acme GmbH", "Anything we can do for Engines?")
    assert sorted(first.keys()) == sorted([*HEADERS, "List-Unsubscribe"])
    token = (
        first["List-Unsubscribe"].removeprefix("<mailto:hello@acme.example?subject=unsubscribe%20").removesuffix(">")
    )
    assert token.startswith("L1-")
    assert second["List-Unsubscribe"] == first["List-Unsubscribe"]
    plain, html = first.iter_parts()
    assert f"unsubscribe {token}" in plain.get_content().replace("\n", " ")
    assert f"mailto:hello@acme.example?subject=unsubscribe%20{token}" in html.get_content()


@pytest.mark.parametrize(
    ("country", "language"), [("CN", "zh"), ("TW", "zh"), ("DE", "en"), ("SG", "en"), (None, "en")]
)
def test_the_country_chooses_the_language(country: str | None, language: str, company: Company, inbox: Inbox) -> None:
    add(company, "Ada", "--email", "ada@ada.example", *(["--country", country] if country else []))
    company.ltc("nurture", "--due")
    assert received(inbox)[0]["Content-Language"] == language


def test_without_a_country_the_company_s_language(company: Company, inbox: Inbox) -> None:
    company.config_path.write_text(company.config_path.read_text() + "language: zh\n")
    add(company, "王小明", "--email", "wang@wang.example")
    company.ltc("nurture", "--due")
    (mail,) = received(inbox)
    assert (mail["Subject"], mail["Content-Language"]) == ("Acme GmbH欢迎您", "zh")


ATTACKS: Final = (
    "Ada\r\nBcc: all@victims.example",
    "Ada\n\nSecond subject",
    "Ada, bob@victims.example",
    'Ada" <bob@victims.example>, "',
    "Ada <bob@victims.example>",
    "{{ ''.__class__ }} {% raw %}",
    "<script>alert(1)</script>",
    ".\r\n.\r\nMAIL FROM:<x@x.example>",
    "Ada\u2028Bcc: x",
    "\u202eevil",
)


@pytest.mark.parametrize("name", ATTACKS, ids=ascii)
def test_a_name_that_attacks_adds_no_header_and_no_recipient(name: str, company: Company, inbox: Inbox) -> None:
    add(company, name, "--company", name, "--email", "ada@ada.example", "--country", "DE")
    for day in (15, 18):
        company.run("nurture", "--due", today=f"2026-06-{day}")
    for delivery, mail in zip(inbox.deliveries, received(inbox), strict=True):
        assert delivery.recipients == ("ada@ada.example",)
        assert sorted(mail.keys()) == sorted([*HEADERS, "List-Unsubscribe"])
        assert [each.addr_spec for each in mail["To"].addresses] == ["ada@ada.example"]
        assert "\n" not in mail["Subject"]
        _plain, html = mail.iter_parts()
        assert "<script>" not in html.get_content()


def test_an_encoded_word_in_a_name_is_refused_and_named(company: Company, inbox: Inbox) -> None:
    add(company, "=?utf-8?q?Bcc=3A_x?=", "--email", "ada@ada.example")
    add(company, "Bob", "--email", "bob@bob.example")
    assert company.run("nurture", "--due") == 8
    assert "L1 is not written to: the recipient's name holds an encoded word" in company.err
    assert inbox.recipients == ["bob@bob.example"]


FAULTS: Final = (
    Fault("greeting", "421 later"),
    Fault("MAIL", "451 later"),
    Fault("RCPT", "drop"),
    Fault("RCPT", "550 nobody here", 2),
    Fault("DATA", "drop"),
    Fault("body", "drop"),
    Fault("before", "drop"),
    Fault("dot", "drop"),
    Fault("answer", "drop"),
    Fault("answer", "drop", 2),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.step} {fault.kind} {fault.nth}")
def test_a_fault_doubles_no_mail_and_loses_none_silently(fault: Fault, port: int, inbox: Inbox) -> None:
    """Every mail arrives once, or is named as failed or unknown; the second step never comes before the first."""
    with wire(port, fault) as between, folder_in_memory() as folder:
        company = Company(folder, config=CONFIG.format(port=between.port))
        for name in ("ada", "bob", "cyd"):
            add(company, name, "--email", f"{name}@{name}.example")
        for day in (15, 15, 16, 17, 18, 19, 22, 23, 24, 25, 26):
            company.run("nurture", "--due", today=f"2026-06-{day}")
            if day == 15:
                company.run("outbox", "send")
        assert company.run("check") == 0
        told = company.ltc("outbox", "list")
    subjects = Counter((mail["To"].addresses[0].addr_spec, mail["Subject"]) for mail in received(inbox))
    assert max(subjects.values()) == 1
    for row in told:
        assert row["status"] in ("sent", "unknown", "failed", "queued")
        if row["status"] == "sent":
            assert subjects[row["recipient"], row["subject"]] == 1
    unknown = [row["status"] for row in told].count("unknown")
    if fault.step in ("body", "before"):  # a drop that is noticed behind the dot only
        assert unknown <= 1
    else:
        assert unknown == (fault.step in ("dot", "answer"))


# A refused recipient is a bounce


def test_a_refused_recipient_is_a_bounce_and_ends_the_sequence(port: int, inbox: Inbox) -> None:
    """Touch, suppression and failure are one decision; whoever else has the address is not written to either."""
    with wire(port, Fault("RCPT", "550 5.1.1 unknown")) as between, folder_in_memory() as folder:
        company = Company(folder, config=CONFIG.format(port=between.port))
        add(company, "Ada", "--email", "ada@ada.example")
        add(company, "Bob", "--email", "bob@bob.example")
        assert company.run("nurture", "--due") == 8
        assert company.err.endswith("failed: RCPT: 550 5.1.1 unknown; it is not tried again: bounce on 2026-06-15\n")
        assert inbox.recipients == ["bob@bob.example"]
        told = [(entry["on"], entry["what"]) for entry in company.ltc("show", "L1")["thread"]]
        assert ("2026-06-15", "bounce: M1, RCPT: 550 5.1.1 unknown") in told
        assert company.ltc("show", "L1")["next_step_on"] is None
        (row,) = [row for row in company.ltc("log", "L1") if row["counts"].get("touch")]
        assert row["counts"] == {"outbox_attempt": 1, "suppression": 1, "touch": 1}
        rows = company.ltc("nurture", "--due", today="2026-06-18")
        assert [(row["ref"], row["what"], row["said"]) for row in rows] == [
            ("L1", "stopped", "bounce on 2026-06-15"),
            ("L2", "mail", None),
        ]
        add(company, "Eve", "--email", "ADA@ada.example", "--allow-duplicate")
        assert (
            "mail to it bounced on 2026-06-15"
            in company.ltc("nurture", "L3", "--enroll", "welcome", fails=4)["message"]
        )
        company.ltc("edit", "L1", "email=ada@new.example")
        company.ltc("nurture", "L1", "--enroll", "welcome", today="2026-06-19")
        assert "need not go any more: " in company.ltc("outbox", "retry", "M1", fails=4)["message"]
        assert company.ltc("show", "M1")["status"] == "failed"
        assert company.run("check") == 0


def test_a_bounce_is_no_nurturing_and_its_mail_is_nobody_s_task(port: int) -> None:
    """A server that knows nobody there, and who asks for no more mails: nobody was in touch with either."""
    with wire(port, Fault("RCPT", "550 5.1.1 unknown")) as between, folder_in_memory() as folder:
        company = Company(folder, config=CONFIG.format(port=between.port))
        for name in ("Ada", "Bob", "Cyd"):
            add(company, name, "--email", f"{name}@{name}.example")
        assert company.run("nurture", "--due") == 8
        assert [row["ref"] for row in company.ltc("outbox", "list", "--where", "status=failed")] == ["M1"]
        assert company.ltc("today") == []
        company.ltc("nurture", "L2", "--log", "unsubscribe")
        company.ltc("nurture", "L3", "--log", "call", today="2026-06-16")
        assert [row["status"] for row in company.ltc("list", "leads")] == ["new", "new", "nurtured"]
        for day, nurtured in (("2026-06-15", 0), ("2026-06-16", 1)):
            reached = {row["stage"]: row["count"] for row in company.ltc("funnel", "--as-of", day, today="2026-06-16")}
            assert (reached["lead"], reached["nurtured"]) == (3, nurtured)
        todo = [(row["what"], row["ref"]) for row in company.ltc("today", today="2026-06-20")]
        assert todo == [("call", "L1")]


def test_a_failed_mail_is_a_task_until_its_lead_is_dropped(port: int) -> None:
    with wire(port, Fault("RCPT", "554 5.7.1 refused")) as between, folder_in_memory() as folder:
        company = Company(folder, config=CONFIG.format(port=between.port))
        add(company, "Ada", "--email", "ada@ada.example")
        for _run in range(2):
            assert company.run("nurture", "--due") == 8
            assert "M1 to ada@ada.example failed" in company.err
        assert [(row["what"], row["ref"]) for row in company.ltc("today")] == [("mail failed", "M1")]
        company.ltc("lead", "drop", "L1", "--reason", "need")
        assert (company.ltc("today"), company.ltc("nurture", "--due")) == ([], [])


def test_a_mail_that_pauses_is_named_with_when_it_goes_on_and_how_it_goes_at_once(port: int) -> None:
    with wire(port, Fault("RCPT", "450 4.1.1 later")) as between, folder_in_memory() as folder:
        company = Company(folder, config=CONFIG.format(port=between.port) + "timezone: Asia/Shanghai\n")
        add(company, "Ada", "--email", "ada@ada.example")
        assert company.run("nurture", "--due") == 8
        assert company.run("nurture", "--due") == 0
        said = company.err
        (mail,) = company.ltc("outbox", "list")
        # It is eight hours ahead of UTC the whole year.
        until = f"{datetime.fromisoformat(mail['not_before']) + timedelta(hours=8):%Y-%m-%d %H:%M}"
        assert f"waits until {until}: " in said
        assert company.run("outbox", "list") == 0
        assert until in company.out
        (row,) = company.ltc("today")
        assert (row["what"], row["ref"], row["name"]) == ("mail paused", "M1", "Ada")
        assert (row["why"], row["command"]) == (f"until {until}: RCPT: 450 4.1.1 later", "ltc outbox retry M1")
        assert company.run(*row["command"].split()[1:]) == 0
        (row,) = company.ltc("today")
        assert (row["what"], row["why"]) == ("mails wait", "to be tried again")


def test_a_mail_that_pauses_is_taken_back_when_its_sequence_stops(port: int, inbox: Inbox) -> None:
    with wire(port, Fault("RCPT", "450 4.1.1 later")) as between, folder_in_memory() as folder:
        company = Company(folder, config=CONFIG.format(port=between.port))
        add(company, "Ada", "--email", "ada@ada.example")
        assert company.run("nurture", "--due") == 8
        company.ltc("nurture", "L1", "--log", "unsubscribe")
        assert "unsubscribe on 2026-06-15" in company.ltc("outbox", "retry", "M1", fails=4)["message"]
        assert company.run("nurture", "--due") == 0
        (mail,) = company.ltc("outbox", "list")
        assert (mail["status"], mail["said"]) == ("cancelled", "unsubscribe on 2026-06-15")
        assert inbox.deliveries == []


@pytest.mark.parametrize("said", ["550 5.7.1 relaying denied", "554 blocked", "550 sender rejected", "450 4.1.1 later"])
def test_a_refusal_that_speaks_of_us_is_no_bounce(said: str, port: int) -> None:
    with wire(port, Fault("RCPT", said)) as between, folder_in_memory() as folder:
        company = Company(folder, config=CONFIG.format(port=between.port))
        add(company, "Ada", "--email", "ada@ada.example")
        assert company.run("nurture", "--due") == 8
        assert (company.ltc("show", "L1")["status"], company.ltc("show", "L1")["next_step_on"]) == ("new", "2026-06-18")
        assert company.ltc("nurture", "--due", "--no-send", today="2026-06-18") == []


def test_a_recipient_that_is_refused_after_the_whole_message_has_bounced(port: int) -> None:
    with wire(port, Fault("dot", "550 5.1.1 unknown")) as between, folder_in_memory() as folder:
        company = Company(folder, config=CONFIG.format(port=between.port))
        add(company, "Ada", "--email", "ada@ada.example")
        assert company.run("nurture", "--due") == 8
        assert "bounce: M1, 550 5.1.1 unknown" in [each["what"] for each in company.ltc("show", "L1")["thread"]]


def test_an_invoice_that_bounces_is_no_matter_of_sequences(port: int) -> None:
    with wire(port, Fault("RCPT", "550 5.1.1 unknown")) as between, folder_in_memory() as folder:
        company = Company(folder, config=CONFIG.format(port=between.port))
        add(company, "Ada", "--email", "ada@ada.example")
        company.ltc("promote", "L1", "--amount", "100")
        company.ltc("sign", "O1", "--terms", "100% sign")
        assert company.run("invoice", "C1", "--send") == 8
        assert company.ltc("show", "M1")["status"] == "failed"
        assert not [each for each in company.ltc("show", "L1")["thread"] if each["what"].startswith("bounce")]
        assert not company.dump()["suppression"]


def test_stopping_takes_back_the_last_mail_that_has_not_gone(company: Company, inbox: Inbox) -> None:
    add(company, "Ada", "--email", "ada@ada.example")
    company.ltc("nurture", "--due", today="2026-06-15")
    company.ltc("nurture", "--due", "--no-send", today="2026-06-18")
    for _again in range(2):
        company.ltc("nurture", "L1", "--stop", today="2026-06-18")
    (row,) = company.ltc("outbox", "send", today="2026-06-18")
    assert (row["ref"], row["status"]) == ("M2", "cancelled")
    assert len(inbox.deliveries) == 1
