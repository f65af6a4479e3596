"""Guards stop every notice, whichever command would let it out, until somebody confirms."""

from __future__ import annotations

import io
import json
import shlex
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import pytest

from ltc_cli.app import run
from ltc_cli.session import Session
from tests.mail.server import Fault, Inbox, serving, wire
from tests.support import Company

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FIRST: Final = "2026-03-06"
LATE: Final = "2026-04-20"
"""X-1 is due on 1 March: five days on it reaches the first level; the other day is 45 days after that."""


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def company(tmp_path: Path, inbox: Inbox) -> Iterator[Company]:
    with serving(inbox) as port:
        lines = [
            "company: {name: Acme GmbH, email: billing@acme.example, iban: DE02120300000000202051}",
            f"mail: {{host: 127.0.0.1, port: {port}, tls: none}}",
        ]
        company = Company(tmp_path, config="\n".join(lines) + "\n", today=FIRST)
        company.ltc("init", today="2026-01-01")
        company.ltc("customer", "add", "A", "--email", "a@a.example", today="2026-01-01")
        bring(company, "X-1", "A", "2026-01-01", "2026-03-01")
        yield company


def bring(company: Company, number: str, customer: str, issued: str, due: str) -> None:
    file = company.path.with_name("invoices.csv")
    file.write_text(f"number,customer,total,currency,issued on,due on\n{number},{customer},100,EUR,{issued},{due}\n")
    company.ltc("import", "invoices", str(file), today=issued)


def steps(company: Company, today: str, code: int) -> dict[str, tuple[str, str]]:
    assert company.run("daily", "--json", today=today) == code, company.out + company.err
    return {row["step"]: (row["status"], row["detail"] or "") for row in json.loads(company.out)}


def test_what_waits_for_long_leaves_by_no_door(company: Company, inbox: Inbox) -> None:
    company.ltc("dun", "--no-send")
    for command in ("dun", "outbox send"):
        assert company.run(*command.split(), today=LATE) == 8
        assert "more than 35 days" in company.err
        assert f"ltc {command} --confirm" in company.err
    company.ltc("dun", "--customer", "K1", "--no-send", "--confirm", today=LATE)  # it is not about what waits
    for _again in range(2):  # a run of today is no reason to send what is old
        found = steps(company, LATE, 8)
        assert found["outbox"][0] == "partly"
        assert f"a notice waits since {FIRST}, more than 35 days" in found["outbox"][1]
    assert inbox.deliveries == []
    (row,) = company.ltc("outbox", "send", "--confirm", today=LATE)
    assert (row["ref"], row["status"]) == ("M1", "sent")
    assert inbox.recipients == ["a@a.example"]
    assert company.ltc("outbox", "send", today=LATE) == []


def test_what_is_newly_due_is_stopped_beside_it(company: Company, inbox: Inbox) -> None:
    company.ltc("dun", "--no-send")
    company.ltc("customer", "add", "B", "--email", "b@b.example")
    bring(company, "X-2", "B", FIRST, "2026-04-01")
    found = steps(company, LATE, 8)
    assert "the last run was on 2026-03-06" in found["dunning"][1]
    assert "ltc outbox send --confirm" in found["outbox"][1]
    assert inbox.deliveries == []
    company.ltc("customer", "add", "C", "--email", "c@c.example")
    bring(company, "X-3", "C", FIRST, "2026-04-01")
    company.ltc("dun", "--customer", "K3", "--confirm", today=LATE)
    assert steps(company, LATE, 8)["dunning"][1].startswith("nothing is sent: the last run was on 2026-03-06")
    company.ltc("dun", "--confirm", today=LATE)
    assert inbox.recipients == ["a@a.example", "b@b.example", "c@c.example"]


def test_a_clock_behind_stops_notices_and_no_other_mail(company: Company, inbox: Inbox) -> None:
    company.ltc("dun", "--no-send")
    company.ltc("lead", "add", "Cy", "--company", "C", "--email", "c@c.example")
    company.ltc("promote", "L1", "--amount", "100")
    company.ltc("send", company.ltc("quote", "O1", "--line", "work:1:100")["ref"], "--no-send")
    found = steps(company, "2026-03-05", 8)
    assert "today is 2026-03-05, but the newest entry of the journal is of 2026-03-06" in found["outbox"][1]
    assert inbox.recipients == ["c@c.example"]
    assert steps(company, FIRST, 0)["outbox"] == ("done", "M1")
    assert inbox.recipients == ["a@a.example", "c@c.example"]


def test_what_a_clock_ahead_decided_does_not_go_once_it_is_right(company: Company, inbox: Inbox) -> None:
    """N1 was decided on a day to come; N2 an hour before that was written down, and was paid in the meantime."""
    company.ltc("dun", "--no-send", today="2026-03-10")
    company.ltc("outbox", "send", "--confirm")
    assert [row["status"] for row in company.ltc("list", "notices")] == ["cancelled"]
    an_hour_ahead = Session(
        environ={"LTC_DB": str(company.path), "LTC_CONFIG": str(company.config_path), "LTC_TODAY": FIRST},
        out=io.StringIO(),
        err=io.StringIO(),
        clock=lambda: datetime.now(UTC) + timedelta(hours=1),
    )
    assert run(["dun", "--no-send", "--confirm"], an_hour_ahead) == 0
    company.ltc("collect", "X-1")
    company.ltc("outbox", "send")
    assert [row["status"] for row in company.ltc("list", "notices")] == ["cancelled"] * 2
    assert inbox.deliveries == []
    assert company.run("check") == 0


def test_nothing_due_for_one_customer_is_no_run(company: Company, inbox: Inbox) -> None:
    """Else it would hide how long all the others were forgotten."""
    company.ltc("dun", "--no-send", today="2026-03-01")
    company.ltc("customer", "add", "B")
    company.ltc("dun", "--customer", "K2", today=LATE)
    assert company.run("dun", today=LATE) == 8
    assert "the last run was on 2026-03-01" in company.err
    assert inbox.deliveries == []


def test_what_is_only_listed_is_not_demanded_once_it_is_disputed(company: Company, inbox: Inbox) -> None:
    """X-1 was told of on 6 March; X-2 reaches its first level on the 15th and lists it, too."""
    company.ltc("dun")
    bring(company, "X-2", "A", FIRST, "2026-03-10")
    company.ltc("dun", "--no-send", today="2026-03-15")
    company.ltc("dispute", "X-1", "--reason", "broken", today="2026-03-15")
    assert company.ltc("show", "N2", today="2026-03-15")["thread"][0]["what"] == "notice reminder by mail, queued"
    (row,) = company.ltc("outbox", "send", today="2026-03-15")
    assert (row["about"], row["status"]) == ("N2", "cancelled")
    told, *mailed = company.ltc("show", "N2", today="2026-03-15")["thread"]
    assert told["what"] == f"notice reminder by mail, cancelled: {row['said']}"
    assert [entry["ref"] for entry in mailed] == ["M2", "M2"]
    assert told["what"] in [entry["what"] for entry in company.ltc("show", "X-2", today="2026-03-16")["thread"]]
    assert len(inbox.deliveries) == 1


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("collect K1 40", "40.00 EUR came in (P3) in the meantime"),
        ("apply P1 X-1", "30.00 EUR of X-1 was paid in the meantime"),
        ("reverse P1 --reason wrong", "P1 over 30.00 EUR was reversed in the meantime"),
        ("refund P1 20", "20.00 EUR was paid back in the meantime"),
        ("refund P2 --undo --reason closed", "a refund of 10.00 EUR came back in the meantime"),
        ("credit X-1 15 --reason late", "15.00 EUR was credited (CN-2026-0001) in the meantime"),
        ("writeoff X-1 --reason lost", "100.00 EUR of X-1 was written off in the meantime"),
        ("hold K1 --until +5d --reason asked", "K1 was put on hold in the meantime"),
        ("dispute X-1 --reason broken", "X-1 was disputed in the meantime"),
        ("promise X-1 --on +5d", "payment of X-1 was promised in the meantime"),
        ("edit X-1 dunning=none", "dunning of X-1 was switched off in the meantime"),
    ],
)
def test_what_takes_back_a_notice_is_named(line: str, why: str, company: Company, inbox: Inbox) -> None:
    """It counted 30.00 EUR of credit; 10.00 EUR more were paid back."""
    for amount in ("30", "10"):
        company.ltc("collect", "K1", amount, "--unapplied")
    company.ltc("refund", "P2", "10")
    company.ltc("dun", "--no-send")
    company.ltc(*shlex.split(line))
    (row,) = company.ltc("outbox", "send")
    assert (row["status"], row["said"]) == ("cancelled", why)
    assert inbox.deliveries == []


def test_a_notice_that_may_have_gone_does_not_go_beside_a_later_one(tmp_path: Path, inbox: Inbox) -> None:
    with serving(inbox) as port, wire(port, Fault("dot", "drop")) as cut:
        lines = ["company: {name: Acme, email: billing@acme.example}", f"mail: {{host: 127.0.0.1, port: {cut.port}}}"]
        company = Company(tmp_path, config="\n".join(lines) + "\n", today=FIRST)
        company.ltc("init", today="2026-01-01")
        company.ltc("customer", "add", "A", "--email", "a@a.example", today="2026-01-01")
        bring(company, "X-1", "A", "2026-01-01", "2026-03-01")
        company.run("dun")  # the fault strikes once
        assert company.run("dun", today="2026-03-21") == 8  # N2 goes; N1 needs a hand
        company.ltc("outbox", "resolve", "M1", "--resend", today="2026-03-21")
        (row,) = company.ltc("outbox", "send", today="2026-03-21")
        assert (row["status"], row["said"]) == ("cancelled", "N2, a later notice, speaks of it")
        assert len(inbox.deliveries) == 1


def test_what_waits_counts_in_a_number_that_is_named_and_is_not_held_to_the_expected_one(
    company: Company, inbox: Inbox
) -> None:
    for number in range(60):
        company.ltc("customer", "add", f"B{number}", "--email", f"b@b{number}.example")
    file = company.path.with_name("many.csv")
    rows = [f"Y-{number},B{number},100,EUR,2026-01-01,2026-03-01" for number in range(60)]
    file.write_text("\n".join(["number,customer,total,currency,issued on,due on", *rows]) + "\n")
    company.ltc("import", "invoices", str(file))
    company.ltc("dun", "--no-send", "--confirm")
    assert company.run("dun", "--max-notices", "0") == 8
    assert inbox.deliveries == []
    company.ltc("outbox", "send")
    assert len(inbox.deliveries) == 61
