"""`send`, `invoice --send` and `outbox`: what is asked, what is said, and what is never done twice."""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import shutil
import sqlite3
import ssl
import subprocess
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.smtp import AuthResult

from ltc_cli.mail import outbox
from tests.mail.conftest import config
from tests.mail.server import Fault, Inbox, free_port, serving, wire
from tests.mail.test_documents import read
from tests.support import Company, leave_unknown

if TYPE_CHECKING:
    from pathlib import Path

    from ltc_cli.store import Store


def test_a_mail_goes_out_and_show_says_when(company: Company, inbox: Inbox) -> None:
    answer = company.ltc("send", "inv-2026-0001")
    assert (answer["ref"], answer["status"], answer["about"]) == ("M1", "sent", "INV-2026-0001")
    assert (answer["recipient"], answer["sent_on"], answer["attempts"]) == ("ada@ada.example", "2026-06-15", 1)
    assert inbox.recipients == ["ada@ada.example"]
    (entry,) = [each for each in company.ltc("show", "INV-2026-0001")["thread"] if each["ref"] == "M1"]
    assert entry["on"] == "2026-06-15"
    assert entry["what"].startswith("mail to ada@ada.example: sent")


@pytest.mark.parametrize("reference", ["C1", "O1", "L1"])
def test_whatever_names_one_invoice_will_do(reference: str, company: Company, inbox: Inbox) -> None:
    assert company.ltc("send", reference)["about"] == "INV-2026-0001"
    assert len(inbox.deliveries) == 1


def test_it_goes_to_an_address_once_unless_again_is_said(company: Company, inbox: Inbox) -> None:
    company.ltc("send", "INV-2026-0001")
    assert company.run("send", "INV-2026-0001") == 0
    assert "has a mail to ada@ada.example already" in company.err
    assert len(inbox.deliveries) == 1
    assert company.ltc("send", "INV-2026-0001", "--to", "Lee@ada.example")["recipient"] == "lee@ada.example"
    assert company.ltc("send", "INV-2026-0001", "--again")["ref"] == "M3"
    assert inbox.recipients == ["ada@ada.example", "ada@ada.example", "lee@ada.example"]


def test_the_same_key_gives_the_same_answer(company: Company, inbox: Inbox) -> None:
    arguments = ("send", "INV-2026-0001", "--again", "--key", "k")
    assert company.ltc(*arguments) == company.ltc(*arguments)
    assert len(inbox.deliveries) == 1
    assert company.ltc("send", "INV-2026-0002", "--key", "k", fails=5)


def test_a_key_whose_first_run_died_does_not_write_twice(
    company: Company, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_arguments: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(outbox, "envelope", interrupted)
        assert company.run("send", "INV-2026-0001", "--again", "--key", "k") == 130
    assert company.run("send", "INV-2026-0001", "--again", "--key", "k") == 8
    company.ltc("outbox", "send")
    assert inbox.recipients == ["ada@ada.example"]


def test_a_dry_run_keeps_and_sends_nothing(company: Company, inbox: Inbox) -> None:
    before = company.dump()
    assert company.ltc("send", "INV-2026-0001", "--dry-run")["status"] == "queued"
    assert company.ltc("invoice", "C1", "--send", "--dry-run")
    assert company.dump() == before
    assert inbox.deliveries == []


def test_queued_now_and_sent_later(company: Company, inbox: Inbox) -> None:
    assert company.ltc("send", "INV-2026-0001", "--no-send")["status"] == "queued"
    assert inbox.deliveries == []
    (row,) = company.ltc("outbox", "send")
    assert (row["ref"], row["status"]) == ("M1", "sent")
    assert company.ltc("outbox", "send") == []
    assert inbox.recipients == ["ada@ada.example"]


def test_into_a_folder(company: Company, inbox: Inbox, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "mails"
    assert company.ltc("send", "INV-2026-0001", "--to-folder", str(folder))["status"] == "sent"
    (file,) = folder.iterdir()
    assert file.name == "M1.eml"
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"To: ada <ada@ada.example>\r\n" in file.read_bytes()
    assert inbox.deliveries == []


def test_a_folder_that_has_such_a_file_keeps_it(company: Company, tmp_path: Path) -> None:
    (tmp_path / "M1.eml").write_text("mine")
    assert company.run("send", "INV-2026-0001", "--to-folder", str(tmp_path)) == 8
    assert "is there already" in company.err
    assert [path.name for path in tmp_path.iterdir()] == ["M1.eml"]
    assert (tmp_path / "M1.eml").read_text() == "mine"


def test_what_a_folder_has_no_name_for_waits_and_the_others_are_written(company: Company, tmp_path: Path) -> None:
    """Ten mails, five of whose names another company's files have: nobody's address is to blame."""
    for number in range(10):
        company.ltc("send", "INV-2026-0001", "--no-send", "--to", f"a{number}@ada.example")
    for number in (1, 2, 4, 6, 10):
        (tmp_path / f"M{number}.eml").write_text("theirs")
    assert company.run("outbox", "send", "--to-folder", str(tmp_path)) == 8
    rows = company.ltc("outbox", "list")
    assert [int(row["ref"][1:]) for row in rows if row["status"] == "queued"] == [1, 2, 4, 6, 10]
    assert [row["attempts"] for row in rows if row["status"] == "queued"] == [0] * 5
    assert {row["status"] for row in rows} == {"queued", "sent"}
    (tmp_path / "elsewhere").mkdir()
    assert company.run("outbox", "send", "--to-folder", str(tmp_path / "elsewhere")) == 0
    assert len(list((tmp_path / "elsewhere").iterdir())) == 5


@pytest.mark.parametrize(("is_queued_before", "left"), [(False, []), (True, ["ada@ada.example"])])
def test_what_a_folder_did_not_take_leaves_by_the_server_only_where_that_was_asked_for(
    *, is_queued_before: bool, left: list[str], company: Company, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_paths: object) -> None:
        raise OSError(5, "Input/output error")

    folder = company.path.parent / "mails"
    if is_queued_before:
        company.ltc("send", "INV-2026-0001", "--no-send")
    with monkeypatch.context() as broken:
        broken.setattr("os.link", fail)
        assert company.run("send", "INV-2026-0001", "--to-folder", str(folder)) == 8
    assert f"{folder}/M1.eml: Input/output error" in company.err
    company.ltc("outbox", "send", today="2026-06-16")
    assert company.ltc("outbox", "list")[0]["status"] == ("queued" if is_queued_before else "cancelled")
    if is_queued_before:
        company.ltc("outbox", "retry", "M1")
        company.ltc("outbox", "send")
    assert inbox.recipients == left


def test_a_folder_that_cannot_be_made(company: Company, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in ("file", "file/x"):
        error = company.ltc("send", "INV-2026-0001", "--to-folder", str(tmp_path / folder), fails=1)
        assert "cannot write to the folder" in error["message"]
        assert company.run("dun", "--to-folder", str(tmp_path / folder), today="2027-01-01") == 1
    assert company.ltc("outbox", "list") == []
    assert company.ltc("list", "notices") == []


def test_whose_name_no_mail_can_carry_is_named(company: Company) -> None:
    lead = company.ltc("lead", "add", "=?utf-8?q?x?=", "--company", "Bolts", "--email", "b@bolts.example")
    opportunity = company.ltc("promote", lead["ref"], "--amount", "100")
    company.ltc("sign", opportunity["ref"], "--terms", "100% sign")
    (invoice,) = company.ltc("invoice", opportunity["ref"])
    assert invoice["customer"] != "K1"
    error = company.ltc("send", invoice["ref"], fails=4)
    assert error["hint"] == f"ltc edit {invoice['customer']} contact=…, or name=… where there is no contact"


def test_another_run_is_not_the_lock_of_the_file(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the file cannot be written, the mail has not been sent by another run: exit 5, not 0."""
    company.ltc("send", "INV-2026-0001", "--no-send")
    monkeypatch.setattr("ltc_cli.store.BUSY_SECONDS", 0)
    with closing(os.fdopen(os.open(f"{company.path}.lock", os.O_RDWR | os.O_CREAT), "r+")) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        error = company.ltc("outbox", "send", fails=5)
    assert "is locked by another process" in error["message"]


def test_who_has_no_address_is_named_with_the_way_out(company: Company, inbox: Inbox) -> None:
    company.ltc("edit", "K1", "email=")
    before = company.dump()
    error = company.ltc("send", "INV-2026-0001", fails=4)
    assert error["hint"] == "ltc edit K1 email=…"
    assert company.dump() == before
    assert inbox.deliveries == []


def test_invoice_send_bills_and_mails(company: Company, inbox: Inbox) -> None:
    company.ltc("promote", "L1")
    for number, name in ((4, "dan"), (5, "eve")):
        company.ltc(
            "lead", "add", name, "--company", name, *(["--email", f"{name}@x.example"] if name == "dan" else [])
        )
        company.ltc("promote", f"L{number}", "--amount", "70")
        company.ltc("sign", f"O{number}", "--terms", "100% sign")
    assert company.run("invoice", "--due", "--send", "--json") == 8
    assert [row["ref"] for row in json.loads(company.out)] == ["INV-2026-0004", "INV-2026-0005"]
    assert "INV-2026-0005 is not mailed: K5 eve has no e-mail address; ltc edit K5 email=…" in company.err
    assert inbox.recipients == ["dan@x.example"]
    assert "not mailed" not in {row["what"] for row in company.ltc("today")}
    company.config_path.write_text(company.config_path.read_text().replace("mail: {", "mail: {invoices: true, "))
    old = company.path.with_name("old.csv")  # what came from elsewhere was sent from there
    old.write_text("number,customer,total,currency,issued on,due on\nX-1,eve,9,EUR,2026-01-01,2026-01-31\n")
    company.ltc("import", "invoices", str(old))
    rows = [row for row in company.ltc("today") if row["what"] == "not mailed"]
    first = [(ref, f"ltc send {ref}") for ref in ("INV-2026-0001", "INV-2026-0002", "INV-2026-0003")]
    assert [(row["ref"], row["command"]) for row in rows] == [*first, ("INV-2026-0005", "ltc edit K5 email=…")]
    assert rows[-1]["amount"] == "70.00"
    company.ltc("edit", "K5", "email=eve@x.example")
    assert company.err == "INV-2026-0005 was never mailed: ltc send INV-2026-0005\n"
    company.ltc("invoice", "C5", "--send")
    company.ltc("invoice", "C5", "--send")
    assert inbox.recipients == ["dan@x.example", "eve@x.example"]
    assert [row["ref"] for row in company.ltc("today") if row["what"] == "not mailed"] == [ref for ref, _ in first]


def test_an_invoice_whose_name_no_mail_carries_is_not_forgotten(company: Company, inbox: Inbox) -> None:
    company.config_path.write_text(company.config_path.read_text().replace("mail: {", "mail: {invoices: true, "))
    for number in (1, 2, 3):
        company.ltc("send", f"INV-2026-000{number}")
    company.ltc("lead", "add", "Bob\nSmith", "--company", "Co", "--email", "b@b.example")
    company.ltc("promote", "L4", "--amount", "50")
    company.ltc("sign", "O4", "--terms", "100% sign")
    assert company.run("daily") == 8
    assert "contact=…, or name=… where there is no contact, then ltc send INV-2026-0004" in company.out
    (row,) = [row for row in company.ltc("today") if row["what"] == "not mailed"]
    assert (row["ref"], row["command"]) == ("INV-2026-0004", "ltc send INV-2026-0004")
    company.ltc("edit", "K4", "email=")
    assert "never mailed" not in company.err  # there is nobody to send it to
    company.ltc("edit", "K4", "email=b@b.example", "contact=Bob\nSmith")
    company.ltc("edit", "K4", "contact=Bob Smith")
    assert company.err == "INV-2026-0004 was never mailed: ltc send INV-2026-0004\n"
    company.ltc("send", "INV-2026-0004")
    assert "b@b.example" in inbox.recipients
    assert "not mailed" not in {row["what"] for row in company.ltc("today")}


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("send INV-2026-0001 --to-folder ''", 2, "--to-folder is empty"),
        ("send INV-2026-0001 --no-send --to-folder x", 2, "--no-send and --to-folder exclude each other"),
        ("send INV-2026-0009", 3, "there is no record INV-2026-0009"),
        ("send INV-2026-0001 --to nobody", 2, "is not one e-mail address"),
        ("send INV-2026-0001 --to ädä@ada.example", 4, "is no plain ASCII address"),
        ("send K1", 5, "several"),
        ("outbox retry M9", 3, "there is no record M9"),
        ("outbox retry L1", 3, "L1 is no mail"),
        ("outbox resolve M1", 2, "say --sent or --resend"),
        ("outbox resolve M1 --sent --resend", 2, "say --sent or --resend"),
        ("outbox send --key k", 2, "--key"),
        ("edit M1 recipient=eve@evil.example", 4, "a mail is never edited"),
    ],
)
def test_what_is_refused(line: str, code: int, message: str, company: Company, inbox: Inbox) -> None:
    company.ltc("send", "INV-2026-0003", "--no-send")
    company.ltc("promote", "L1")
    company.ltc("lead", "add", "Eve", "--company", "ada-works", "--email", "eve@ada.example")
    company.ltc("promote", "L4", "--amount", "10", "--customer", "K1")
    company.ltc("sign", "O4", "--terms", "100% sign")
    company.ltc("invoice", "C4")
    before = company.dump()
    assert message in company.ltc(*shlex.split(line), fails=code)["message"]
    assert company.dump() == before
    assert inbox.deliveries == []


@pytest.mark.parametrize("state", ["queued", "claimed", "sending", "sent", "failed", "unknown", "cancelled"])
@pytest.mark.parametrize("verb", ["retry", "resolve --sent", "resolve --resend", "drop"])
def test_every_state_against_every_verb(state: str, verb: str, company: Company) -> None:
    """Worked from design 5: failed may be retried, unknown resolved, and what is not out be dropped."""
    expected = {
        ("queued", "drop"): "cancelled",
        ("claimed", "drop"): "cancelled",
        ("failed", "drop"): "cancelled",
        ("failed", "retry"): "queued",
        ("unknown", "resolve --sent"): "sent",
        ("unknown", "resolve --resend"): "queued",
    }
    done = {("queued", "retry"), ("queued", "resolve --resend"), ("sent", "resolve --sent"), ("cancelled", "drop")}
    company.ltc("send", "INV-2026-0001", "--no-send")
    with closing(sqlite3.connect(company.path)) as connection, connection:
        connection.execute("UPDATE outbox SET state = ?", (state,))
    name, *options = verb.split()
    before = company.dump()
    code = company.run("outbox", name, "M1", *options)
    assert company.ltc("outbox", "list")[0]["status"] == expected.get((state, verb), state)
    assert code == (0 if (state, verb) in done | set(expected) else 4), company.err
    if (state, verb) not in expected:
        assert company.dump() == before


def test_a_mail_that_is_dropped_while_it_is_handed_over_does_not_go(
    company: Company, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_commit = outbox.commit

    def commit(store: Store, mail_id: int) -> str | None:
        outbox.drop(store, mail_id, mailing_day())
        return really_commit(store, mail_id)

    def mailing_day() -> Any:
        from datetime import date

        return date(2026, 6, 15)

    company.ltc("send", "INV-2026-0001", "--no-send")
    company.ltc("send", "INV-2026-0002", "--no-send")
    with monkeypatch.context() as dropping:
        dropping.setattr(outbox, "commit", commit)
        assert [row["status"] for row in company.ltc("outbox", "send")] == ["cancelled", "cancelled"]
    assert inbox.deliveries == []


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        (["credit INV-2026-0001 --reason wrong"], "INV-2026-0001 was credited"),
        (["collect INV-2026-0001 40"], "40.00 EUR of INV-2026-0001 was paid"),
        (["collect INV-2026-0001"], "INV-2026-0001 was paid"),
        (["writeoff INV-2026-0001 --reason lost"], "INV-2026-0001 was written off"),
        (["collect INV-2026-0001", "reverse P1 --reason wrong"], None),
    ],
)
def test_an_invoice_that_asks_for_what_is_settled_is_not_mailed(
    lines: list[str], what: str | None, company: Company, inbox: Inbox
) -> None:
    company.ltc("send", "INV-2026-0001", "--no-send")
    company.ltc("send", "INV-2026-0002", "--no-send")
    for line in lines:
        company.ltc(*shlex.split(line))
    ada, bob = company.ltc("outbox", "send")
    assert (ada["status"], bob["status"]) == ("cancelled" if what else "sent", "sent")
    if what:
        assert ada["said"] == f"{what} in the meantime: ltc send INV-2026-0001 mails it as it stands now"
        company.ltc("send", "INV-2026-0001")
    assert inbox.recipients == ["ada@ada.example", "bob@bob.example"]


def test_an_invoice_asks_for_no_more_than_is_open(company: Company, inbox: Inbox) -> None:
    def told(line: str) -> str:
        company.ltc(*shlex.split(line))
        company.ltc("send", "INV-2026-0001", "--again")
        return str(read(inbox.deliveries[-1].message)[1])

    first = told("credit INV-2026-0001 100 --reason wrong")
    assert "Still open: 900.00 EUR.\n" in first
    assert "Received" not in first
    paid = told("collect INV-2026-0001 300")
    assert "Received so far: 300.00 EUR; still open: 600.00 EUR.\n" in paid
    assert "Please pay 600.00 EUR" in paid
    assert "Please pay 1,000.00" not in paid
    last = told("writeoff INV-2026-0001 --reason lost")
    assert "Nothing of it is open any more.\n" in last
    assert "Please pay" not in last


def test_an_invoice_in_parts_asks_for_what_is_open_of_each(company: Company, inbox: Inbox) -> None:
    """1,000.00 in halves on 25 June and 25 July; of 700.00 the first has 500.00, and 300.00 of the second are open."""
    company.ltc("lead", "add", "dot", "--company", "dot-works", "--email", "dot@dot.example")
    company.ltc("promote", "L4", "--amount", "1000")
    company.ltc("sign", "O4", "--terms", "100% sign; due 50%+10d, rest +40d")
    number = company.ltc("invoice", "C4")[0]["ref"]
    company.ltc("collect", number, "700")
    company.ltc("send", number)
    text = str(read(inbox.deliveries[-1].message)[1])
    assert [line for line in text.splitlines() if line.startswith(("Please pay", "Received"))] == [
        "Please pay 300.00 EUR by 2026-07-25.",
        "Received so far: 700.00 EUR; still open: 300.00 EUR.",
    ]


def test_an_unknown_mail_is_told_and_waits_for_a_word(company: Company, inbox: Inbox) -> None:
    company.ltc("send", "INV-2026-0001", "--no-send")
    leave_unknown(company.path)
    for command in ("outbox send", "send INV-2026-0001"):
        assert company.run(*command.split()) == 8
        assert "M1 to ada@ada.example may have arrived, or not" in company.err
    (todo,) = [row for row in company.ltc("today") if row["ref"] == "M1"]
    assert (todo["what"], todo["command"]) == ("mail unknown", "ltc outbox resolve M1 --sent")
    assert todo["why"] == "if it has not arrived: --resend"
    assert company.run("show", "M1") == 0
    assert company.err == "next: ltc outbox resolve M1 --sent, or --resend\n"
    company.ltc("outbox", "resolve", "M1", "--resend")
    company.ltc("outbox", "send")
    assert [row for row in company.ltc("today") if row["ref"] == "M1"] == []
    assert inbox.recipients == ["ada@ada.example"]


def test_two_runs_at_once(company: Company, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    company.ltc("send", "INV-2026-0001", "--no-send")
    descriptor = os.open(f"{company.path}.sender.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        assert company.ltc("outbox", "send") == []
        assert "another run is sending already" in company.err
        monkeypatch.setattr("ltc_cli.store.BUSY_SECONDS", 0)
        assert company.run("send", "INV-2026-0002") == 8
        assert "another run" in company.err
    finally:
        os.close(descriptor)
    assert [row["status"] for row in company.ltc("outbox", "send")] == ["sent", "sent"]
    assert len(inbox.deliveries) == 2


def test_the_message_id_stays_the_same_however_often_it_is_tried(company: Company, inbox: Inbox, port: int) -> None:
    with wire(port, Fault("RCPT", "451 later")) as carried:
        company.config_path.write_text(config(carried.port))
        assert company.run("send", "INV-2026-0001", "--json") == 8
        first, not_before = (json.loads(company.out)[key] for key in ("message_id", "not_before"))
        until = f"{datetime.fromisoformat(not_before).astimezone():%Y-%m-%d %H:%M}"
        assert f"M1 to ada@ada.example waits until {until}: RCPT: 451 later; ltc outbox retry M1 lets it" in company.err
        assert company.ltc("send", "INV-2026-0001")["message_id"] == first
    assert f"Message-ID: {first}\r\n".encode() in inbox.deliveries[0].message


def test_what_is_mailed_is_never_changed(company: Company) -> None:
    company.ltc("send", "INV-2026-0001", "--no-send")
    with closing(sqlite3.connect(company.path)) as connection:
        for change in (
            "UPDATE outbox SET recipient = 'eve@evil.example'",
            "UPDATE outbox SET message = x'00'",
            "DELETE FROM outbox",
            "UPDATE outbox_attempt SET said = ''",
            "DELETE FROM outbox_attempt",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                connection.execute(change)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE outbox SET state = 'sent'",
        (
            "INSERT INTO outbox_attempt (outbox_id, state, tried, happened_on, recorded_at)"
            " SELECT 1, 'sent', 1, '2026-06-15', '' UNION ALL SELECT 1, 'sent', 1, '2026-06-15', ''"
        ),
        "DROP TRIGGER outbox_message_never_changes; UPDATE outbox SET message = x'00'",
        "DROP TRIGGER outbox_message_never_changes; UPDATE outbox SET record_id = 99",
        "DROP TRIGGER outbox_never_goes",
    ],
)
def test_check_finds_an_outbox_that_is_not_sound(damage: str, company: Company) -> None:
    company.ltc("send", "INV-2026-0001", "--no-send")
    assert company.run("check") == 0
    with closing(sqlite3.connect(company.path)) as connection:
        connection.executescript(damage)
    assert company.run("check") == 7


@pytest.mark.parametrize("status", ["sent", "unknown"])
def test_a_backup_that_comes_back_sends_nothing_again(
    status: str, company: Company, inbox: Inbox, tmp_path: Path
) -> None:
    """Of the file that is replaced it is known what went since; where that is lost, somebody has to say so."""
    company.ltc("send", "INV-2026-0001")
    company.ltc("send", "INV-2026-0002", "--no-send")
    company.ltc("backup", str(tmp_path / "monday.db"))
    company.ltc("outbox", "send")
    is_lost = status == "unknown"
    if is_lost:
        company.path.unlink()
    company.ltc("restore", str(tmp_path / "monday.db"), *(("--last-number", "INV-2026=3") if is_lost else ()))
    assert ("1 mails waited in the backup and may have gone out since" in company.err) == is_lost
    assert company.run("outbox", "send") == (8 if is_lost else 0)
    assert [row["status"] for row in company.ltc("outbox", "list")] == ["sent", status]
    assert inbox.recipients == ["ada@ada.example", "bob@bob.example"]
    assert company.run("check") == 0, company.out


# The way to the server


def test_without_a_server_nothing_is_queued(company: Company) -> None:
    before = company.dump()
    company.config_path.write_text("company: {email: billing@acme.example}\n")
    assert "mail.host is not set" in company.ltc("send", "INV-2026-0001", fails=6)["message"]
    company.config_path.write_text("mail: {host: localhost, tls: none}\n")
    assert "mail.from is not set" in company.ltc("send", "INV-2026-0001", fails=6)["message"]
    company.config_path.write_text(config(25).replace("127.0.0.1", "192.0.2.1"))
    assert "192.0.2.1 is another machine" in company.ltc("send", "INV-2026-0001", fails=6)["message"]
    assert "192.0.2.1 is another machine" in company.ltc("config", "check", fails=6)["message"]
    company.config_path.write_text(config(25).replace("name: Acme GmbH", 'name: "=?utf-8?q?x?="'))
    for command in (("send", "INV-2026-0001"), ("config", "check")):
        assert "company.name holds an encoded word: '=?utf-8?q?x?='" in company.ltc(*command, fails=6)["message"]
    assert company.dump() == before


class Guard:
    """Lets ada in by one password, and remembers what was tried."""

    def __init__(self) -> None:
        self.tried: list[bytes] = []

    def __call__(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        self.tried.append(data.password)
        return AuthResult(success=data.login == b"ada" and data.password == b"s3cret", handled=False)


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
@pytest.mark.parametrize("way", ["file", "command"])
def test_the_password_comes_from_a_file_or_a_command(way: str, company: Company, inbox: Inbox, tmp_path: Path) -> None:
    guard, file = Guard(), tmp_path / "password"
    file.write_text("s3cret\n")
    file.chmod(0o600)
    source = f"password_file: {file}" if way == "file" else f"password_command: cat {file}"
    with serving(inbox, authenticator=guard, auth_required=True, auth_require_tls=False) as port:
        company.config_path.write_text(config(port, f", user: ada, {source}"))
        company.ltc("send", "INV-2026-0001")
        assert guard.tried == [b"s3cret"]
        file.write_text("wrong\n")
        guard.tried.clear()
        assert company.run("send", "INV-2026-0002") == 8
        assert f"waits: 127.0.0.1:{port}: 535 5.7.8 Authentication credentials invalid; " in company.err
        assert guard.tried == [b"wrong"]  # once: each counts towards a lock-out
        with wire(port, Fault("AUTH", "421 4.7.0 too many failures")) as carried:
            company.config_path.write_text(config(carried.port, f", user: ada, {source}"))
            assert company.run("outbox", "send") == 8
            assert f"waits: 127.0.0.1:{carried.port}: 421 4.7.0 too many failures; " in company.err
        assert [row["status"] for row in company.ltc("outbox", "list")] == ["sent", "queued"]
    assert inbox.recipients == ["ada@ada.example"]
    dumped = b"".join(path.read_bytes() for path in company.path.parent.glob("ltc.db*"))
    assert b"s3cret" not in dumped


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (", user: ada", "mail.user has no password"),
        (", user: ada, password_file: nowhere", "cannot be read"),
        (", user: ada, password_file: open", "others may read"),
        (", user: ada, password_file: empty", "is empty"),
        (", user: ada, password_command: 'false'", "mail.password_command ended with exit code 1"),
        (", user: ada, password_command: no-such-program", "mail.password_command cannot be run: No such file"),
        (", user: ada, password_command: '\"'", "mail.password_command cannot be read: No closing quotation"),
    ],
)
def test_a_password_that_cannot_be_had_is_a_wrong_setting(more: str, message: str, company: Company) -> None:
    for name, mode in (("open", 0o644), ("empty", 0o600)):
        file = company.path.with_name(name)
        file.write_text("x" if name == "open" else "")
        file.chmod(mode)
    company.config_path.write_text(config(free_port(), more))
    assert message in company.ltc("send", "INV-2026-0001", fails=6)["message"]
    assert company.ltc("outbox", "list") == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of its own for the name localhost."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(
        shlex.split(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
            " -addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem"
        ),
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return folder


def with_tls(port: int, host: str = "localhost") -> str:
    return config(port).replace("tls: none", "tls: required").replace("127.0.0.1", host)


@pytest.mark.parametrize("is_trusted", [True, False])
def test_the_certificate_is_checked(
    *, is_trusted: bool, company: Company, inbox: Inbox, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    with serving(inbox, context) as port:
        company.config_path.write_text(with_tls(port))
        code = company.run("send", "INV-2026-0001")
        assert code == (0 if is_trusted else 8), company.err
        company.config_path.write_text(with_tls(port, "127.0.0.1"))
        assert ("the certificate is self-signed" in company.err) is not is_trusted
        assert company.run("send", "INV-2026-0002") == 8
    assert f"the certificate is {'not valid for 127.0.0.1' if is_trusted else 'self-signed'}" in company.err
    assert inbox.recipients == (["ada@ada.example"] if is_trusted else [])


def test_a_server_on_this_machine_needs_no_tls(company: Company, inbox: Inbox, port: int) -> None:
    company.config_path.write_text(config(port).replace(", tls: none", ""))
    company.ltc("send", "INV-2026-0001")
    assert inbox.recipients == ["ada@ada.example"]


def test_a_server_that_offers_no_log_in_gets_no_password(company: Company, port: int, tmp_path: Path) -> None:
    (tmp_path / "password").touch(0o600)
    (tmp_path / "password").write_text("s3cret\n")
    company.config_path.write_text(config(port, f", user: ada, password_file: {tmp_path / 'password'}"))
    assert company.run("send", "INV-2026-0001") == 8
    assert "mail.user cannot log in: the server offers no log-in; " in company.err


def test_a_server_on_this_machine_that_wants_tls_before_the_log_in_says_which_setting(
    company: Company, inbox: Inbox, certificate: Path, tmp_path: Path
) -> None:
    (tmp_path / "password").touch(0o600)
    (tmp_path / "password").write_text("s3cret\n")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    with serving(inbox, context) as port:
        company.config_path.write_text(config(port, f", user: ada, password_file: {tmp_path / 'password'}"))
        assert company.run("send", "INV-2026-0001") == 8
    assert "the server offers no log-in before STARTTLS, and mail.tls is not required; " in company.err


def test_a_server_without_tls_gets_nothing(company: Company, inbox: Inbox, port: int) -> None:
    company.config_path.write_text(with_tls(port))
    assert company.run("send", "INV-2026-0001") == 8
    assert f"localhost:{port}: the server does not speak TLS on port {port};" in company.err
    assert inbox.deliveries == []
    assert company.ltc("outbox", "list")[0]["status"] == "queued"


@pytest.mark.parametrize("line", ["send INV-2026-0002", "outbox send", "dun --to-folder mails", "invoice C1 --send"])
def test_nothing_leaves_from_within_a_batch_that_may_be_taken_back(line: str, company: Company, inbox: Inbox) -> None:
    company.ltc("send", "INV-2026-0001", "--no-send")
    before, lines = company.dump(), company.path.with_name("lines")
    lines.write_text(f"{line}\n", encoding="utf-8")
    assert company.run("batch", str(lines), "--atomic", "--today", "2026-12-01") == 2
    assert "no mail can be taken back" in company.out
    assert company.dump() == before
    assert inbox.deliveries == []
    assert not company.path.with_name("mails").exists()
