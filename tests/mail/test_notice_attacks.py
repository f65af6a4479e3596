"""Notices to customers whose names, contacts and addresses are attacks: no header, no recipient more than without."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.mail.conftest import config
from tests.mail.kills import with_late_invoices
from tests.mail.server import Inbox, free_port, serving
from tests.support import Company, folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIG: Final = """
company: {name: Acme GmbH, email: billing@acme.example, address: "Main Street 1\\n.\\nQUIT\\n..\\n10115 Berlin"}
"""
RECIPIENT: Final = "lead1@works1.example"

HEADERS: Final = [
    "Auto-Submitted",
    "Content-Language",
    "Content-Type",
    "Date",
    "From",
    "MIME-Version",
    "Message-ID",
    "Subject",
    "To",
]


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def late(inbox: Inbox) -> Iterator[Company]:
    with serving(inbox) as port, folder_in_memory() as folder:
        mail = config(port).splitlines()[1]
        yield with_late_invoices(Company(folder, config=f"{CONFIG}\n{mail}\n"), 1)


def attack(company: Company, **values: str) -> list[dict[str, Any]]:
    """Written past every check of ours, as by somebody with another program; and dunned."""
    with closing(sqlite3.connect(company.path)) as connection, connection:
        for column, value in values.items():
            connection.execute(f"UPDATE customer SET {column} = ?", (value,))
    rows: list[dict[str, Any]] = company.ltc("dun")
    return rows


def read(inbox: Inbox) -> Any:
    (delivery,) = inbox.deliveries
    assert inbox.recipients == [RECIPIENT]
    return message_from_bytes(delivery.message, policy=default)


def headers(message: Any) -> list[str]:
    return sorted(name for name in message if not name.startswith("X-"))


NAMES: Final = (
    "Ada\r\nBcc: eve@evil.example",
    "Ada\nBcc: eve@evil.example",
    "Ada\r\n\r\nbody",
    "=?utf-8?q?Ada=0D=0ABcc:_eve@evil.example?=",
    "=?utf-8?b?QWRhDQpCY2M6IGV2ZUBldmlsLmV4YW1wbGU=?=",
    "Ada, eve@evil.example",
    "Ada <eve@evil.example>, Bob",
    '"Ada" <eve@evil.example>',
    "Ada\x00",
    "Ada\u2028Bcc: eve@evil.example",
    ".",
    "Ada\n.\nQUIT",
    "{{ 7*7 }}",
    "{% for x in range(9) %}{{ x }}{% endfor %}",
    "<script>alert(1)</script>",
    "Ünïcode 青空",
)


@pytest.mark.parametrize("column", ["name", "contact", "address"])
@pytest.mark.parametrize("text", NAMES)
def test_no_name_adds_a_header_or_a_recipient(column: str, text: str, late: Company, inbox: Inbox) -> None:
    (row,) = attack(late, **{column: text})
    if row["channel"] == "task":
        assert inbox.recipients == []
        assert column != "address"
        assert row["why"].startswith("K1 is to be called, no mail can be written: the ")
        assert f"{row['why']}\n" in late.err
        return
    message = read(inbox)
    assert row["status"] == "sent"
    assert headers(message) == HEADERS
    assert [address.addr_spec for address in message["To"].addresses] == [RECIPIENT]
    plain, html = (part.get_content() for part in message.iter_parts())
    assert "10115 Berlin" in plain  # what stands behind the lone dot
    assert "<script" not in html


@pytest.mark.parametrize(
    "text", ["Ada, eve@evil.example", ".", "{{ 7*7 }}", "{% for x in range(9) %}{{ x }}{% endfor %}", "Ünïcode 青空"]
)
def test_a_name_that_is_only_odd_arrives_as_it_is(text: str, late: Company, inbox: Inbox) -> None:
    attack(late, name=text, contact=text)
    message = read(inbox)
    assert message["To"].addresses[0].display_name == text
    plain, _html = message.iter_parts()
    assert f"{text}," in plain.get_content()


@pytest.mark.parametrize("text", [*NAMES, "Société Générale de Surveillance Île-de-France", "é" * 200])
def test_dry_run_and_run_write_to_the_same_and_the_next_one_to_nobody(text: str, late: Company) -> None:
    with closing(sqlite3.connect(late.path)) as connection, connection:
        connection.execute("UPDATE customer SET name = ?, contact = NULL", (text,))
    (planned,) = late.ltc("dun", "--dry-run")
    (done,) = late.ltc("dun")
    assert (planned["channel"], planned["level"]) == (done["channel"], done["level"])
    assert late.ltc("dun") == []


@pytest.mark.parametrize(
    "email",
    [
        "lead1@works1.example, eve@evil.example",
        "lead1@works1.example,eve@evil.example",
        "lead1@works1.example\r\nRCPT TO:<eve@evil.example>",
        "lead1@works1.example\nBcc: eve@evil.example",
        "<lead1@works1.example> <eve@evil.example>",
        "=?utf-8?q?eve?=@evil.example",
        "lead1@works1.example> SIZE=1",
        ".",
        "",
    ],
)
def test_an_address_that_is_not_exactly_one_is_called(email: str, late: Company, inbox: Inbox) -> None:
    (row,) = attack(late, email=email)
    assert (row["channel"], row["ref"]) == ("task", None)
    assert row["why"].startswith("K1 is to be called, no mail can be written: ")
    assert inbox.recipients == []
    assert late.ltc("outbox", "list") == []


def test_the_name_of_the_company_is_no_template_either(late: Company, inbox: Inbox) -> None:
    lines = late.config_path.read_text().replace("Acme GmbH", "'{{ 7*7 }}, eve@evil.example'")
    late.config_path.write_text(lines)
    late.ltc("dun")
    message = read(inbox)
    assert message["From"].addresses[0].display_name == "{{ 7*7 }}, eve@evil.example"
    assert message["Subject"] == "Payment reminder N1 from {{ 7*7 }}, eve@evil.example"
    assert headers(message) == HEADERS


def test_a_notice_that_waited_for_the_server_goes_with_the_next_run(late: Company, inbox: Inbox) -> None:
    """Nobody but `ltc dun` runs here; the mail goes once, and the run that could not send it was heard."""
    settings = late.config_path.read_text(encoding="utf-8")
    late.config_path.write_text(re.sub(r"port: \d+", f"port: {free_port()}", settings), encoding="utf-8")
    assert late.run("dun") == 8
    assert late.run("dun") == 8
    assert inbox.deliveries == []
    late.config_path.write_text(settings, encoding="utf-8")
    (row,) = late.ltc("dun")
    assert (row["ref"], row["status"], row["why"]) == ("N1", "sent", "of an earlier run")
    assert late.ltc("dun") == []
    assert inbox.recipients == [RECIPIENT]
    assert late.ltc("show", "N1")["status"] == "sent"


@pytest.mark.parametrize(
    ("left_out", "options", "why"),
    [
        ("company: [^\n]*\n", (), "mail.from is not set: mails have no sender"),
        ("host: [^,]*, port: [0-9]*, ", (), "there is no mail server: mail.host is not set"),
        ("host: [^,]*, port: [0-9]*, ", ("--no-send",), None),
        ("host: [^,]*, port: [0-9]*, ", ("--to-folder", "mails"), None),
    ],
)
def test_a_dry_run_names_what_the_run_needs(
    left_out: str, options: tuple[str, ...], why: str | None, late: Company
) -> None:
    settings = late.config_path.read_text(encoding="utf-8")
    late.config_path.write_text(re.sub(left_out, "", settings), encoding="utf-8")
    assert [row["status"] for row in late.ltc("dun", "--dry-run", *options)] == ["planned"]
    assert [f"a run would stop: {why}"] * bool(why) == [line for line in late.err.splitlines() if "would stop" in line]
    if why:
        assert late.ltc("dun", *options, fails=6)["message"] == why


def test_the_password_is_asked_for_while_others_may_write(late: Company) -> None:
    settings = late.config_path.read_text(encoding="utf-8")
    command = f"flock --nonblock {late.path}.lock echo s3cret"
    late.config_path.write_text(settings.replace("tls:", f"user: ada, password_command: {command}, tls:"))
    assert late.run("dun") == 8
    assert "the server offers no log-in" in late.err


@pytest.mark.parametrize("at_once", [1, 2, 1000])
def test_who_cannot_be_written_to_keeps_nobody_waiting(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many are written together: numbers have no gap, and every mail is about its own notice."""
    monkeypatch.setattr("ltc_cli.stages.notices.AT_ONCE", at_once)
    with folder_in_memory() as folder:
        late = with_late_invoices(Company(folder, config=f"{CONFIG}\n{config(free_port()).splitlines()[1]}\n"), 3)
        with closing(sqlite3.connect(late.path)) as connection, connection:
            connection.execute("UPDATE customer SET contact = ? WHERE id = 2", (NAMES[0],))
        rows = late.ltc("dun", "--no-send")
        assert [(row["customer"], row["ref"], row["channel"]) for row in rows] == [
            ("K1", "N1", "mail"),
            ("K2", None, "task"),
            ("K3", "N2", "mail"),
        ]
        mails = [(mail["ref"], mail["about"], mail["customer"]) for mail in late.ltc("outbox", "list")]
        assert sorted(mails) == [("M1", "N1", "K1"), ("M2", "N2", "K3")]
        late.ltc("check")
