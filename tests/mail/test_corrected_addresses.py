"""An address is corrected because it is wrong: what waits for the old one goes to the new one, once."""

from __future__ import annotations

import json
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING, Final

import pytest

from tests.mail.server import Fault, Inbox, wire
from tests.support import Company, folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIG: Final = """
company: {{name: Acme, email: hello@acme.example}}
mail: {{host: 127.0.0.1, port: {port}, tls: none}}
dunning: {{levels: [{{name: first, after: 5d, mail: reminder, fee: 10}}, {{name: second, after: 20d, mail: second}}]}}
nurture:
  sequences:
    hello: {{when: {{source: web}}, steps: [{{after: 0d, mail: welcome}}, {{after: 3d, mail: followup}}]}}
"""
OLD, NEW, DUE_ON, LATE = "ada@old.example", "ada@new.example", "2026-06-01", "2026-06-06"


@pytest.fixture
def company(port: int) -> Iterator[Company]:
    """100.00, five days late."""
    with folder_in_memory() as folder:
        company = Company(folder, config=CONFIG.format(port=port), today=LATE)
        company.ltc("lead", "add", "Ada", "--company", "Engines", "--email", OLD, today=DUE_ON)
        company.ltc("promote", "L1", "--amount", "100", today=DUE_ON)
        company.ltc("sign", "O1", "--terms", "100% sign", today=DUE_ON)
        company.ltc("invoice", "C1", today=DUE_ON)
        yield company


def test_a_notice_that_waits_goes_to_the_new_address_at_its_level(company: Company, inbox: Inbox) -> None:
    """It stays N1, with one fee of 10.00; the second level comes from the day it went."""
    company.ltc("dun", "--no-send")
    before = message_from_bytes(company.dump()["outbox"][0][9], policy=default)
    company.ltc("edit", "K1", f"email={NEW}")
    assert company.err == f"M1 to {OLD} has not gone: M2 goes to {NEW}\n"
    assert company.ltc("outbox", "retry", "M1", fails=4)["message"].endswith(f": M2 goes to {NEW} instead")
    company.ltc("dun")
    assert inbox.recipients == [NEW]
    after = message_from_bytes(inbox.deliveries[0].message, policy=default)
    assert (after["Subject"], after["To"].addresses[0].display_name) == (before["Subject"], "Ada")
    assert [part.get_content() for part in after.iter_parts()] == [part.get_content() for part in before.iter_parts()]
    assert after["Message-ID"] != before["Message-ID"]
    assert [(row["ref"], row["status"], row["fee"]) for row in company.ltc("list", "notices")] == [
        ("N1", "sent", "10.00")
    ]
    assert company.ltc("dun") == []
    (second,) = company.ltc("dun", today="2026-06-21")
    assert (second["level"], second["total"]) == ("second", "110.00")
    assert company.run("check") == 0


def test_without_an_address_it_is_withdrawn_and_becomes_a_call(company: Company, inbox: Inbox) -> None:
    company.ltc("dun", "--no-send")
    company.ltc("edit", "K1", "email=")
    assert company.err == f"M1 to {OLD} is withdrawn: {OLD} is no address of theirs any more\n"
    (row,) = company.ltc("dun")
    assert (row["channel"], row["fee"], row["level"]) == ("task", "0.00", "first")
    assert inbox.recipients == []
    assert company.run("check") == 0


REFUSED: Final = Fault("RCPT", "550 5.1.1 unknown")


@pytest.fixture
def refused(company: Company, port: int) -> Iterator[Company]:
    """The first notice, with its fee of 10.00, was refused for good."""
    with wire(port, REFUSED) as between:
        company.config_path.write_text(CONFIG.format(port=between.port), encoding="utf-8")
        assert company.run("dun") == 8
        yield company
        assert company.run("check") == 0


def calls(company: Company) -> list[tuple[str, str, str]]:
    return [(row["ref"], row["status"], row["level"]) for row in company.ltc("list", "tasks")]


def test_a_notice_that_is_refused_for_good_is_to_be_told_by_a_call(refused: Company, inbox: Inbox) -> None:
    """Until a mail goes to another address; that one fails, too, and it is the same call again."""
    company = refused
    assert "N1 is not delivered: call Engines, then ltc done T1\n" in company.err
    assert (company.ltc("show", "N1")["task"], calls(company)) == ("T1", [("T1", "open", "first")])
    late, call, _ship = company.ltc("today")
    assert (late["what"], call["ref"], call["command"]) == ("overdue", "T1", "ltc done T1")
    assert call["why"] == f"N1 to {OLD} failed: RCPT: 550 5.1.1 unknown"
    company.ltc("edit", "K1", f"email={NEW}")
    assert calls(company) == [("T1", "moot", "first")]
    assert company.ltc("list", "tasks", "--as-of", DUE_ON) == []
    company.ltc("outbox", "send")
    assert (inbox.recipients, calls(company)) == ([NEW], [("T1", "moot", "first")])


def test_an_address_that_failed_is_written_to_no_more(refused: Company, inbox: Inbox) -> None:
    """The second level is a call without a fee; at the new address the first is the first that anybody reads."""
    company = refused
    assert company.run("dun", "--json", today="2026-06-21") == 8  # M1 needs a hand still
    (row,) = json.loads(company.out)
    assert (row["channel"], row["task"], row["level"], row["fee"]) == ("task", "T2", "second", "10.00")
    assert row["why"] == f"K1 is to be called, N1 to {OLD} failed"
    assert (company.run("dun", "--json", today="2026-06-22"), company.out) == (8, "[]\n")
    company.ltc("edit", "K1", f"email={NEW}", today="2026-06-22")
    company.ltc("outbox", "send", today="2026-06-22")
    (first,) = inbox.deliveries
    assert message_from_bytes(first.message, policy=default)["Subject"] == "Payment reminder N1 from Acme"
    assert sorted(calls(company)) == [("T1", "moot", "first"), ("T2", "open", "second")]
    (second,) = company.ltc("dun", today="2026-06-29")  # a week after the first one went
    assert (second["ref"], second["level"]) == ("N2", "second")
    assert sorted(calls(company)) == [("T1", "moot", "first"), ("T2", "moot", "second")]


def test_what_pauses_keeps_the_next_level_back_and_says_how_it_goes(company: Company, port: int) -> None:
    with wire(port, Fault("RCPT", "451 later")) as between:
        company.config_path.write_text(CONFIG.format(port=between.port), encoding="utf-8")
        assert company.run("dun") == 8
        rows = {row["status"]: row["why"] for row in company.ltc("dun", "--dry-run", today="2026-06-21")}
        assert rows["left_out"] == "second once N1 has gone: ltc outbox retry M1"


def test_what_failed_goes_with_its_fee_when_all_else_is_paid(refused: Company, inbox: Inbox) -> None:
    """100.00 of 110.00: nobody ever read of the fee, so it is not owed, and nothing needs a hand any more."""
    company = refused
    company.ltc("collect", "INV-2026-0001", "100")
    assert company.run("dun") == 0
    assert [row["status"] for row in company.ltc("outbox", "list")] == ["cancelled"]
    assert (company.ltc("aging"), inbox.recipients) == ([], [])
    assert [row["what"] for row in company.ltc("today")] == ["ship"]


def test_a_call_in_place_of_a_notice_stops_shipping_as_that_would_have(company: Company, port: int) -> None:
    with wire(port, REFUSED) as between:
        stopping = CONFIG.replace("fee: 10", "fee: 10, stop_shipping: true").format(port=between.port)
        company.config_path.write_text(stopping, encoding="utf-8")
        assert company.run("dun") == 8
    assert company.ltc("ship", "C1", fails=4)["message"].endswith("has reached the level first (N1)")
    company.ltc("done", "T1")
    assert company.ltc("ship", "C1", fails=4)["message"].endswith("has reached the level first (T1)")
    company.ltc("collect", "INV-2026-0001")
    company.ltc("ship", "C1")


def test_a_call_that_was_made_takes_the_place_of_the_notice(refused: Company, inbox: Inbox) -> None:
    """The level is reached by the call; the notice goes with its fee, and the next level comes in its time."""
    company = refused
    company.ltc("done", "T1")
    assert company.err == f"N1 to {OLD} is withdrawn: they were called about it\n"
    company.ltc("edit", "K1", f"email={NEW}")
    assert (company.ltc("dun"), company.ltc("outbox", "list", "--where", "status=failed")) == ([], [])
    (second,) = company.ltc("dun", today="2026-06-21")
    assert (second["level"], second["total"], inbox.recipients) == ("second", "100.00", [NEW])


@pytest.mark.parametrize(
    "steps",
    [
        ("outbox send", "done T1"),
        ("outbox send", "outbox drop M1", "done T1"),
        ("done T1", "outbox send"),
    ],
)
def test_a_call_beside_a_notice_that_was_refused_reaches_its_level(
    company: Company, port: int, inbox: Inbox, steps: tuple[str, ...]
) -> None:
    """The fee of 10.00 goes with the notice, and the next level comes in its time: of 100.00 alone."""
    with wire(port, REFUSED) as between:
        asking = CONFIG.replace("fee: 10", "fee: 10, task: 'ring {{customer}}'")
        company.config_path.write_text(asking.format(port=between.port), encoding="utf-8")
        company.ltc("dun", "--no-send")
        for step in steps:
            company.run(*step.split())
        assert [row["status"] for row in company.ltc("outbox", "list")] == ["cancelled"]
        company.ltc("edit", "K1", f"email={NEW}")
        assert (company.ltc("dun", today="2026-06-20"), calls(company)) == ([], [("T1", "done", "first")])
        (second,) = company.ltc("dun", today="2026-06-21")
        assert (second["level"], second["total"], inbox.recipients) == ("second", "100.00", [NEW])
        assert company.run("check") == 0


def test_an_import_that_corrects_addresses_takes_waiting_mails_along_and_so_does_its_undo(
    company: Company, inbox: Inbox
) -> None:
    company.today = "2026-06-08"  # a Monday
    company.ltc("lead", "add", "Bob", "--source", "web", "--email", "bob@old.example", "--external-id", "7")
    company.ltc("nurture", "--due", "--no-send")
    company.ltc("dun", "--no-send")
    leads, customers = company.path.with_name("leads.csv"), company.path.with_name("customers.csv")
    leads.write_text("id,name,email\n7,Bob,bob@new.example\n7,Bob,bob@newer.example\n")
    customers.write_text(f"name,email\nEngines,{NEW}\n")
    update = ("--map", "id=external_id", "--on-duplicate", "update")
    company.ltc("import", "leads", str(leads), *update)
    assert "M1 to bob@old.example has not gone: M3 goes to bob@newer.example" in company.err
    batch = company.ltc("import", "customers", str(customers), *update[2:])["batch"]
    assert f"M2 to {OLD} has not gone: M4 goes to {NEW}" in company.err
    company.ltc("import", "undo", str(batch))
    assert company.err == f"M4 to {NEW} has not gone: M5 goes to {OLD}\n"
    customers.write_text("name,email\nEngines,ädä@new.example\n")
    company.ltc("import", "customers", str(customers), *update[2:])
    assert company.err.startswith(f"M5 to {OLD} is withdrawn: ädä@new.example is no plain ASCII address\n")
    company.ltc("outbox", "send")
    assert inbox.recipients == ["bob@newer.example"]
    assert company.run("check") == 0


def test_an_invoice_that_failed_reaches_the_new_address(port: int, inbox: Inbox) -> None:
    with wire(port, Fault("RCPT", "550 5.1.1 unknown")) as between, folder_in_memory() as folder:
        company = Company(folder, config=CONFIG.format(port=between.port), today=DUE_ON)
        company.ltc("lead", "add", "Ada", "--company", "Works", "--email", OLD)
        company.ltc("promote", "L1", "--amount", "100")
        company.ltc("sign", "O1", "--terms", "100% sign")
        assert company.run("invoice", "C1", "--send") == 8
        (row,) = [row for row in company.ltc("today") if row["what"] == "mail failed"]
        assert (row["ref"], row["name"], row["command"]) == ("M1", "Works", "ltc edit K1 email=…")
        company.ltc("edit", "K1", f"email={NEW}")
        company.ltc("outbox", "send")
        assert inbox.recipients == [NEW]
        assert [row["status"] for row in company.ltc("outbox", "list")] == ["cancelled", "sent"]
        company.ltc("send", "INV-2026-0001")
        assert inbox.recipients == [NEW]
        assert company.run("check") == 0


def test_a_mail_to_an_address_of_another_stays(company: Company, port: int) -> None:
    company.config_path.write_text(company.config_path.read_text().replace(f"port: {port}", "port: 1"))
    company.run("send", "INV-2026-0001", "--to", "other@x.example")
    company.ltc("edit", "K1", f"email={NEW}")
    assert company.err == ""
    assert [row["recipient"] for row in company.ltc("outbox", "list")] == ["other@x.example"]


def test_a_step_of_a_sequence_goes_to_the_new_address_and_stops_as_before(company: Company, inbox: Inbox) -> None:
    company.today = "2026-06-08"  # a Monday
    company.ltc("lead", "add", "Bob", "--source", "web", "--email", "bob@old.example")
    company.ltc("lead", "add", "Cyd", "--source", "web", "--email", "cyd@old.example")
    company.ltc("nurture", "--due", "--no-send")
    company.ltc("edit", "L2", "email=bob@new.example")
    company.ltc("edit", "L3", "email=cyd@new.example")
    company.ltc("nurture", "L3", "--log", "reply")
    company.ltc("outbox", "send")
    assert inbox.recipients == ["bob@new.example"]
    mail = message_from_bytes(inbox.deliveries[0].message, policy=default)
    assert mail["List-Unsubscribe"].startswith("<mailto:hello@acme.example?subject=unsubscribe%20L2-")
    assert company.run("nurture", "--due", today="2026-06-11") == 0
    assert inbox.recipients == ["bob@new.example"] * 2
    assert company.run("check") == 0
