"""A fault at every step of the protocol, single and in a batch: nobody is written to twice, nobody is left out."""

from __future__ import annotations

import io
import json
import socket
import sqlite3
import time
from contextlib import closing, suppress
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest

from ltc_cli.app import run
from ltc_cli.mail import sender, smtp
from ltc_cli.mail.transport import UnreachableError
from ltc_cli.session import Session
from ltc_cli.stages import mailing
from tests.mail.conftest import NAMES, config
from tests.mail.server import Fault, Inbox, Lazy, Wire, free_port, serving, wire

if TYPE_CHECKING:
    from ltc_cli.store import Store
    from tests.support import Company

LATER, NEVER = "451 try again later", "554 never"

RELAY, AUTH, TOO_BIG = "554 5.7.1 Relay access denied", "530 5.7.0 Authentication required", "552 5.3.4 too big"

# What becomes of the mail in the run that meets the fault. Worked out from RFC 5321 and design 5: before MAIL nothing
# is said about the mail, nor by a 5xx to MAIL but for the size, nor by one that asks for a log-in; else 4xx and a lost
# connection are for now, 5xx for good; once the dot is sent only an answer tells. A server that stops to read looks
# like one that does not answer the dot.
SINGLE: Final = [
    *((step, kind, "queued") for step in ("greeting", "EHLO") for kind in ("drop", "hang", LATER, NEVER)),
    *((step, kind, "queued") for step in ("MAIL", "RCPT", "DATA") for kind in ("drop", "hang", LATER, "421 closing")),
    *((step, NEVER, "failed") for step in ("RCPT", "DATA")),
    ("MAIL", TOO_BIG, "failed"),
    ("MAIL", NEVER, "queued"),
    *((step, AUTH, "queued") for step in ("RCPT", "DATA", "dot")),
    ("RCPT", RELAY, "queued"),
    *((step, kind, "queued") for step in ("body", "before") for kind in ("drop", LATER)),
    *((step, NEVER, "failed") for step in ("body", "before")),
    *((step, "hang", "unknown") for step in ("body", "before", "dot", "answer")),
    *((step, "drop", "unknown") for step in ("dot", "answer")),
    ("dot", LATER, "queued"),
    ("dot", NEVER, "failed"),
    ("dot", "gibberish", "unknown"),
    *(("QUIT", kind, "sent") for kind in ("drop", "hang", LATER, NEVER)),
]
BEFORE_MAIL: Final = ("greeting", "EHLO")
OF_US: Final = (("MAIL", NEVER), ("RCPT", RELAY), *((step, AUTH) for step in ("RCPT", "DATA", "dot")))
"""The same for the next mail: the run ends."""
ONCE_A_RUN: Final = (*BEFORE_MAIL, "QUIT")


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "STEP_SECONDS", 0.4)
    monkeypatch.setattr(smtp, "DOT_SECONDS", 0.4)
    monkeypatch.setattr(smtp, "QUIT_SECONDS", 0.2)


def let_the_fault_be_first(monkeypatch: pytest.MonkeyPatch, carried: Wire) -> None:
    """A fault before the dot that is quicker than the dot: the sender waits for it where it asks whether to go on."""
    really_withdrawn = mailing.withdrawn

    def slowly(store: Store, mail_id: int, kind: str, on: date) -> str | None:
        if not carried.has_fired.wait(0.05):
            return really_withdrawn(store, mail_id, kind, on)
        time.sleep(0.02)
        return really_withdrawn(store, mail_id, kind, on)

    monkeypatch.setattr(mailing, "withdrawn", slowly)


def point_to(company: Company, port: int) -> None:
    company.config_path.write_text(config(port), encoding="utf-8")


def states(company: Company) -> dict[str, str]:
    return {row["recipient"].partition("@")[0]: row["status"] for row in company.ltc("outbox", "list")}


def two_more_runs(company: Company, port: int) -> None:
    """The wire is mended; whatever is not doubtful is tried again."""
    point_to(company, port)
    for _run in range(2):
        for row in company.ltc("outbox", "list"):
            if row["status"] in ("queued", "failed"):
                company.ltc("outbox", "retry", row["ref"])
        code = company.run("outbox", "send")
        assert code == (8 if "unknown" in states(company).values() else 0), company.err


def assert_nobody_twice_nobody_left_out(company: Company, inbox: Inbox) -> None:
    assert len(inbox.recipients) == len(set(inbox.recipients))
    got = {recipient.partition("@")[0] for recipient in inbox.recipients}
    for name, state in states(company).items():
        assert state in ("sent", "unknown")
        assert name in got or state == "unknown"
    assert company.run("check") == 0, company.out


@pytest.mark.parametrize(("step", "kind", "state"), SINGLE)
def test_one_mail(
    step: str,
    kind: str,
    state: str,
    company: Company,
    inbox: Inbox,
    port: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with wire(port, Fault(step, kind)) as carried:
        if step in ("body", "before"):
            let_the_fault_be_first(monkeypatch, carried)
        point_to(company, carried.port)
        code = company.run("send", "INV-2026-0001")
        assert carried.has_fired.wait(2)
        assert states(company) == {"ada": state}, company.err
        assert code == (0 if state == "sent" else 8)
        assert len(inbox.deliveries) == (1 if state == "sent" or step == "answer" else 0)
    two_more_runs(company, port)
    assert_nobody_twice_nobody_left_out(company, inbox)
    assert states(company) == {"ada": "unknown" if state == "unknown" else "sent"}


@pytest.mark.parametrize(("step", "kind", "state"), SINGLE)
def test_the_second_of_three(
    step: str,
    kind: str,
    state: str,
    company: Company,
    inbox: Inbox,
    port: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in (1, 2, 3):
        company.ltc("send", f"INV-2026-000{number}", "--no-send")
    with wire(port, Fault(step, kind, nth=1 if step in ONCE_A_RUN else 2)) as carried:
        if step in ("body", "before"):
            let_the_fault_be_first(monkeypatch, carried)
        point_to(company, carried.port)
        code = company.run("outbox", "send")
        assert carried.has_fired.wait(2)
        if step in ("MAIL", "RCPT", "DATA") and kind in ("drop", "hang", "421 closing"):
            state = "sent"  # a connection that has carried a mail and is gone is made again, once
        if kind == RELAY:
            state = "failed"  # who has relayed the first one means the recipient
        found = states(company)
        ends = (step, kind) in OF_US and state == "queued"
        ada, cyd = ("queued", "queued") if step in BEFORE_MAIL else ("sent", "queued" if ends else "sent")
        assert found == {"ada": ada, "bob": state, "cyd": cyd}, company.err
        assert code == (0 if set(found.values()) == {"sent"} else 8)
    two_more_runs(company, port)
    assert_nobody_twice_nobody_left_out(company, inbox)
    assert states(company) == dict.fromkeys(NAMES, "sent") | ({"bob": "unknown"} if state == "unknown" else {})


class Choosy(Inbox):
    """Refuses these as one that relays nobody refuses everybody."""

    def __init__(self, *refused: str) -> None:
        super().__init__()
        self.refused = refused

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address.startswith(self.refused):
            return "550 5.7.1 sender must be authenticated for this group"
        envelope.rcpt_tos.append(address)
        return "250 OK"


@pytest.mark.parametrize(
    ("refused", "found"),
    [
        (("ada",), {"ada": "failed", "bob": "sent", "cyd": "sent"}),
        (("ada", "bob"), {"ada": "failed", "bob": "failed", "cyd": "sent"}),
        (NAMES, dict.fromkeys(NAMES, "queued")),
    ],
)
def test_the_next_mail_tells_whether_a_refused_recipient_or_we_are_meant(
    refused: tuple[str, ...], found: dict[str, str], company: Company
) -> None:
    """Ada's is the first; where none goes nobody can tell, and no mail fails for that."""
    for number in (1, 2, 3):
        company.ltc("send", f"INV-2026-000{number}", "--no-send")
    with serving(Choosy(*refused)) as port:
        point_to(company, port)
        assert company.run("outbox", "send") == 8
    assert states(company) == found


@pytest.mark.parametrize(("step", "kind", "state"), SINGLE)
def test_one_of_three_on_a_connection_each(
    step: str,
    kind: str,
    state: str,
    company: Company,
    inbox: Inbox,
    port: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Which of the three it is, the connections settle among themselves; nobody reached is tried on another one.

    Unless that one let us wait in vain: the others would, too, one after the other.
    """
    monkeypatch.setattr(sender, "MAILS_A_LANE", 1)
    for number in (1, 2, 3):
        company.ltc("send", f"INV-2026-000{number}", "--no-send")
    with wire(port, Fault(step, kind)) as carried:
        if step in ("body", "before"):
            let_the_fault_be_first(monkeypatch, carried)
        point_to(company, carried.port)
        code = company.run("outbox", "send")
        assert carried.has_fired.wait(2)
        hit = "sent" if step in BEFORE_MAIL or (step, kind) in OF_US else state
        waits = step in BEFORE_MAIL and kind == "hang"
        expected = ["queued"] * 3 if waits else sorted([hit, "sent", "sent"])
        assert sorted(states(company).values()) == expected, company.err
        assert code == (8 if waits or hit != "sent" else 0)
    two_more_runs(company, port)
    assert_nobody_twice_nobody_left_out(company, inbox)
    assert list(states(company).values()).count("unknown") == (1 if hit == "unknown" else 0)


@pytest.mark.parametrize(
    ("step", "kind", "line", "code", "status"),
    [
        ("RCPT", LATER, "M1 to ada@ada.example waits until ", 0, "waits"),
        ("RCPT", NEVER, "M1 to ada@ada.example failed: ", 8, "partly"),
        ("dot", "drop", "M1 to ada@ada.example may have arrived, or not: ", 8, "partly"),
    ],
)
def test_what_pauses_goes_by_itself_and_what_needs_a_hand_is_told_by_every_run(
    step: str, kind: str, line: str, code: int, status: str, company: Company, port: int
) -> None:
    company.today = "2026-07-20"  # five days past due
    with wire(port, Fault(step, kind)) as carried:
        point_to(company, carried.port)
        assert company.run("dun") == 8
    point_to(company, port)
    for command in ("dun", "outbox send"):
        assert company.run(*command.split()) == code
        assert line in company.err
    assert company.run("dun", "--customer", "K2") == 0
    for options, waits in (((), status), (("--check",), "waits")):
        assert company.run("daily", "--json", *options) == (8 if options else code)
        rows = {row["step"]: (row["status"], row["count"], row["detail"]) for row in json.loads(company.out)}
        assert (rows.pop("outbox")[:2], {row[:2] for row in rows.values()}) == ((waits, 1), {("nothing", 0)})
        assert company.out.count(line) == (0 if options else 1)


@pytest.mark.parametrize(
    ("step", "kind", "said"),
    [
        ("EHLO", "drop", "127.0.0.1:{port}: the server ended the connection"),
        ("MAIL", "drop", "no answer to MAIL: the server ended the connection"),
        ("RCPT", "hang", "no answer to RCPT: timed out"),
        ("DATA", "gibberish", "DATA: an answer that is none: …erish"),
        ("dot", "drop", "no answer to the whole message: the server ended the connection"),
    ],
)
def test_what_went_wrong_is_said_in_words(step: str, kind: str, said: str, company: Company, port: int) -> None:
    with wire(port, Fault(step, kind)) as carried:
        point_to(company, carried.port)
        company.run("send", "INV-2026-0001")
        assert company.ltc("outbox", "list")[0]["said"] == said.format(port=carried.port)


def test_a_server_that_takes_one_connection_at_a_time(
    company: Company, inbox: Inbox, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are refused with 421, as busy servers do; their mails go on the one that there is."""
    monkeypatch.setattr(sender, "MAILS_A_LANE", 1)
    really_opened = smtp._opened
    opened: list[smtp.Server] = []

    def only_one(server: smtp.Server) -> object:
        if opened:
            raise UnreachableError("421 too many connections")
        opened.append(server)
        return really_opened(server)

    monkeypatch.setattr(smtp, "_opened", only_one)
    for number in (1, 2, 3):
        company.ltc("send", f"INV-2026-000{number}", "--no-send")
    assert company.run("outbox", "send") == 0, company.err
    assert states(company) == dict.fromkeys(NAMES, "sent")
    assert_nobody_twice_nobody_left_out(company, inbox)


def test_a_server_that_is_not_there(company: Company, inbox: Inbox, port: int) -> None:
    for number in (1, 2, 3):
        company.ltc("send", f"INV-2026-000{number}", "--no-send")
    nobody = free_port()
    point_to(company, nobody)
    assert company.run("outbox", "send") == 8
    assert company.err == f"3 mails wait: 127.0.0.1:{nobody}: Connection refused; ltc outbox send tries again\n"
    until = datetime.now(UTC) + timedelta(hours=1)
    with closing(sqlite3.connect(company.path)) as connection, connection:
        connection.execute("UPDATE outbox SET not_before = ?", (f"{until:%Y-%m-%dT%H:%M:%S.%fZ}",))
    assert company.run("outbox", "send") == 0
    assert company.err.startswith("3 mails wait until ")
    assert f"127.0.0.1:{nobody}: Connection refused; ltc outbox send tries again then\n" in company.err
    assert states(company) == dict.fromkeys(NAMES, "queued")
    two_more_runs(company, port)
    assert_nobody_twice_nobody_left_out(company, inbox)
    assert inbox.recipients == ["ada@ada.example", "bob@bob.example", "cyd@cyd.example"]


def test_a_host_that_nobody_knows(company: Company, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_arguments: object, **_options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    company.config_path.write_text(config(25).replace("127.0.0.1", "smtp.example").replace("none", "required"))
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert company.run("send", "INV-2026-0001") == 8
    assert "smtp.example:25: Name or service not known" in company.err
    assert inbox.deliveries == []


def send_at(company: Company, moment: datetime) -> list[dict[str, Any]]:
    out, environ = io.StringIO(), {"LTC_DB": str(company.path), "LTC_CONFIG": str(company.config_path)}
    clocked = Session(environ=environ | {"LTC_TODAY": company.today}, out=out, err=io.StringIO(), clock=lambda: moment)
    run(["outbox", "send", "--json"], clocked)
    return list(json.loads(out.getvalue()))


def test_a_pause_by_a_clock_that_was_a_year_ahead_is_over_once_it_is_right(
    company: Company, inbox: Inbox, port: int
) -> None:
    now = datetime(2026, 6, 15, 9, tzinfo=UTC)
    company.ltc("send", "INV-2026-0001", "--no-send")
    with wire(port, Fault("RCPT", LATER)) as carried:
        point_to(company, carried.port)
        send_at(company, now + timedelta(days=365))
    point_to(company, port)
    assert [row["status"] for row in send_at(company, now)] == ["sent"]
    assert len(inbox.deliveries) == 1


def test_pauses_grow_and_end(company: Company, inbox: Inbox, port: int) -> None:
    """5 and 15 minutes, 1, 4 and 12 hours, three times a day: after the ninth refusal it has failed."""
    now = datetime(2026, 6, 15, 9, tzinfo=UTC)
    pauses = [5, 15, 60, 240, 720, 1440, 1440, 1440]
    company.ltc("send", "INV-2026-0001", "--no-send")
    for number, pause in enumerate([*pauses, None]):
        with wire(port, Fault("RCPT", LATER)) as carried:
            point_to(company, carried.port)
            assert send_at(company, now), number
            if pause is not None:
                assert not send_at(company, now + timedelta(minutes=pause, seconds=-1)), number
                now += timedelta(minutes=pause)
    assert states(company) == {"ada": "failed"}
    company.ltc("outbox", "retry", "M1")  # by which they begin anew
    with wire(port, Fault("RCPT", LATER)) as carried:
        point_to(company, carried.port)
        (row,) = send_at(company, now)
    assert (row["status"], row["not_before"]) == ("queued", f"{now + timedelta(minutes=5):%Y-%m-%dT%H:%M:%S.%fZ}")
    assert inbox.deliveries == []


@pytest.mark.parametrize(
    ("step", "state"),
    [
        *((step, "queued") for step in ("greeting", "EHLO", "MAIL", "RCPT", "DATA")),
        ("dot", "unknown"),
        ("QUIT", "sent"),
    ],
)
def test_an_answer_that_never_ends(step: str, state: str, company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line of it comes within the time-out of a socket: the whole of it has one, too."""
    for name in ("STEP_SECONDS", "DOT_SECONDS", "QUIT_SECONDS", "AT_LEAST_SECONDS"):
        monkeypatch.setattr(smtp, name, 0.4)
    with closing(Lazy(step, trickles=True)) as lazy:
        point_to(company, lazy.port)
        assert company.run("send", "INV-2026-0001") == (0 if state == "sent" else 8)
    assert ("timed out" in company.err) is (state != "sent")
    assert states(company)["ada"] == state


def test_a_server_that_lets_us_wait_in_vain_is_left(
    company: Company, inbox: Inbox, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three in a row: a hundred mails would else wait five minutes each, one after the other."""
    monkeypatch.setattr(smtp, "STEP_SECONDS", 0.2)
    monkeypatch.setattr(smtp, "AT_LEAST_SECONDS", 0.2)
    for number in range(6):
        company.ltc("send", "INV-2026-0001", "--to", f"to{number}@ada.example", "--no-send")
    with closing(Lazy("DATA", trickles=False)) as lazy:
        point_to(company, lazy.port)
        assert company.run("outbox", "send") == 8
        assert lazy.asked.count("DATA") == 3
        tried = ("queued", "no answer to DATA: timed out")
        assert [(row["status"], row["said"]) for row in company.ltc("outbox", "list")] == [tried] * 6
        company.run("outbox", "retry", "M1")
        assert company.run("outbox", "send") == 8  # the others first: who was not taken holds nothing up
        assert lazy.asked.count("DATA") == 6
    point_to(company, port)
    for mail in company.ltc("outbox", "list"):
        company.ltc("outbox", "retry", mail["ref"])
    assert company.run("outbox", "send") == 0
    assert inbox.recipients == [f"to{number}@ada.example" for number in range(6)]


def test_a_deadline_that_is_taken_for_that_of_one_address_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """`socket.create_connection` goes on with the next address of a name, whatever ended the first."""
    monkeypatch.setattr(smtp, "AT_LEAST_SECONDS", 0.1)
    smtp.Smtp(smtp.Server("mail.example", 25, "none", None, None))
    begun = time.monotonic()

    def two_addresses() -> None:
        with smtp._by(begun + 0.1):
            with suppress(TimeoutError):
                time.sleep(5)
            time.sleep(5)

    with pytest.raises(TimeoutError):
        two_addresses()
    assert time.monotonic() - begun < 2
