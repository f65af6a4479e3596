"""`ltc erase`: what goes, down to the bytes; what stays, and why; and that nobody comes back by themselves."""

from __future__ import annotations

import json
import shlex
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import pytest

from ltc_cli.stages import erasing
from ltc_cli.store import Store
from tests.commands.test_check import broken
from tests.support import Company, folder_in_memory, leave_unknown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG: Final = """
company: {name: Acme, email: hello@acme.example}
nurture:
  sequences: {welcome: [{after: 0d, mail: welcome}, {after: 1d, task: "call {lead}"}, {after: 1d, mail: followup}]}
"""
CSV: Final = (
    "Lead ID,First Name,Last Name,Email,Phone,Company,Source,Hobby\n"
    "7,Augusta,Lovelace,augusta@lovelace.example,+49 151 7654321,Engines,web,purple rain\n"
    "8,Bob,Other,bob@b.example,,Looms,web,chess\n"
)
KEPT: Final = {
    "leads": ["L2"],
    "customers": ["K1"],
    "opportunities": ["O1"],
    "quotes": ["Q1"],
    "contracts": ["C1"],
    "shipments": ["S1"],
    "invoices": ["INV-2026-0001"],
    "credits": ["CN-2026-0001"],
    "payments": ["P1"],
    "notices": [],
}
WORDS: Final = ("Augusta", "Lovelace", "lovelace.example", "7654321", "purple", "allergic", "nuts", "Countess")
"""What was ever said of her."""


def mails(company: Company) -> str:
    return str(company.path.parent / "mails")


def lead(company: Company) -> None:
    """L1, of whom everything is known that can be: imported, edited, merged, touched, written to and dropped."""
    (company.path.parent / "list.csv").write_text(CSV)
    company.ltc("import", "leads", str(company.path.parent / "list.csv"))
    company.ltc(
        "lead", "add", "Augusta L", "--email", "ada@lovelace.example", "--note", "allergic to nuts", "--key", "k"
    )
    company.ltc("lead", "merge", "L1", "L3")
    company.ltc("edit", "L1", "title=Countess", "note=allergic")
    company.ltc("edit", "L1", "title=")
    company.ltc("nurture", "L1", "--note", "likes purple")
    company.ltc("nurture", "L1", "--enroll", "welcome")
    company.ltc("nurture", "--due", "--to-folder", mails(company))
    company.ltc("nurture", "--due", "--to-folder", mails(company), today="2026-06-16")
    company.ltc("lead", "drop", "L1", "--reason", "allergic to us", "--note", "Augusta said so")


@pytest.fixture(scope="module")
def known() -> Iterator[Path]:
    with folder_in_memory() as folder:
        lead(Company(folder, config=CONFIG))
        yield folder


@pytest.fixture
def company(known: Path) -> Iterator[Company]:
    with folder_in_memory() as folder:
        shutil.copytree(known, folder, dirs_exist_ok=True)
        yield Company(folder, config=CONFIG)


def in_the_file(company: Company, *words: str) -> list[str]:
    """Which of the words stand in the bytes of the file, or of the journal that SQLite keeps beside it."""
    data = company.path.read_bytes()
    journal = company.path.with_name("ltc.db-journal")
    data += journal.read_bytes() if journal.exists() else b""
    return [word for word in words if word.encode() in data]


def test_nothing_is_left_in_the_bytes_of_the_file(company: Company) -> None:
    assert in_the_file(company, *WORDS) == list(WORDS)
    company.ltc("erase", "L1")
    assert in_the_file(company, *WORDS) == []
    assert in_the_file(company, "Bob", "bob@b.example") == ["Bob", "bob@b.example"]
    assert company.run("check") == 0, company.out


def test_all_of_it_can_be_handed_over_before_it_goes(company: Company) -> None:
    """Whatever of her stands in the bytes of the file stands in the export, and afterwards not a word of it."""
    assert company.run("export", "person", "L1") == 0
    assert [word for word in WORDS if word not in company.out] == []
    assert [word for word in ("Bob", "bob@b.example") if word in company.out] == []
    told = json.loads(company.out)
    assert [row["ref"] for row in told["leads"]] == ["L1"]
    assert [(row["ref"], row["into"], row["email"]) for row in told["merged"]] == [("L3", "L1", "ada@lovelace.example")]
    assert any("allergic to us" in entry["what"] for entry in told["thread"])
    assert [(row["source"], row["value"]) for row in told["external_ids"]] == [("leadid", "7")]
    assert told["mails"][0]["text"].startswith("Hello Augusta Lovelace,\n")
    assert {row["verb"] for row in told["journal"]} >= {"import leads", "lead merge", "edit", "nurture", "lead drop"}
    path = company.path.parent / "ada.json"
    company.ltc("export", "person", "L3", "-o", str(path))
    assert json.loads(path.read_text(encoding="utf-8")) == told
    assert path.stat().st_mode & 0o077 == 0
    company.ltc("erase", "L1")
    assert company.run("export", "person", "L1") == 0
    assert [word for word in WORDS if word in company.out] == []


def test_what_a_customer_bought_and_paid_is_handed_over_too(company: Company) -> None:
    company.ltc("promote", "L2", "--amount", "100")
    company.ltc("quote", "O1", "--line", "Loom:1:100", "--terms", "100% sign")
    for step in (("sign", "Q1"), ("ship", "C1"), ("invoice", "C1"), ("collect", "INV-2026-0001", "130")):
        company.ltc(*step)
    company.ltc("credit", "INV-2026-0001", "5", "--reason", "scratched")
    told = company.ltc("export", "person", "K1")
    assert {kind: [row["ref"] for row in told[kind]] for kind in KEPT} == KEPT


def test_the_answer_says_what_went_and_what_stays(company: Company) -> None:
    answer = company.ltc("erase", "l1", today="2026-06-17")
    assert (answer["ref"], answer["status"], answer["erased_on"]) == ("L1", "erased", "2026-06-17")
    # In the journal: import, add, merge, two edits, touch, enrolment, a run and its mail, a run, drop.
    assert {row["what"]: row["count"] for row in answer["removed"]} == {
        "mail": 1,
        "id or row of an import": 1,
        "note of a touch": 1,
        "note of a decision": 1,
        "task": 1,
        "lead": 2,
        "detail of the journal": 11,
        "remembered answer": 1,
    }
    assert [row["what"] for row in answer["kept"]] == ["keyed hashes"]


def test_find_list_and_show_afterwards(company: Company) -> None:
    company.ltc("erase", "L1")
    assert company.ltc("find", "lovelace") == []
    assert company.ltc("find", "purple") == []
    assert [(row["name"], row["status"], row["source"]) for row in company.ltc("list", "leads")] == [
        ("erased", "erased", "web"),
        ("Bob Other", "new", "web"),
    ]
    shown = company.ltc("show", "L1", today="2026-06-17")
    assert [shown[key] for key in ("company", "email", "phone", "title", "note", "external_id", "next_step_on")] == [
        None
    ] * 7
    assert (shown["further"], shown["touches"]) == ([], 1)
    assert "lead from web" in [entry["what"] for entry in shown["thread"]]
    assert company.ltc("outbox", "list")[0]["recipient"] == "erased"
    entries = company.ltc("log")
    assert entries[0]["arguments"] is None
    assert entries[-1]["arguments"] == {"reference": "L1"}
    assert company.ltc("today", today="2026-06-20")[0]["ref"] == "L2"


def test_again_it_says_so(company: Company) -> None:
    company.ltc("erase", "L1")
    before = company.dump()
    answer = company.ltc("erase", "L3", today="2026-06-20")
    assert (answer["ref"], answer["erased_on"]) == ("L1", "2026-06-15")
    assert "L1 is erased already" in company.err
    assert company.dump() == before


def sold_and_paid(company: Company, *line: str) -> tuple[str, str, str]:
    """A sale from the first word to the last cent: the lead, its opportunity, the customer."""
    lead = company.ltc("lead", "add", *line)["ref"]
    opportunity = company.ltc("promote", lead, "--amount", "100")
    contract = company.ltc("sign", opportunity["ref"], "--terms", "100% sign")["ref"]
    company.ltc("ship", contract)
    (invoice,) = company.ltc("invoice", contract)
    company.ltc("collect", invoice["ref"])
    return lead, opportunity["ref"], opportunity["customer"]


def removed(answer: dict[str, Any]) -> dict[str, int]:
    return {row["what"]: row["count"] for row in answer["removed"]}


def test_a_customer_goes_after_the_lead_that_it_came_from(company: Company) -> None:
    lead, _opportunity, customer = sold_and_paid(
        company, "Grace", "--company", "Kompilers", "--email", "g@komp.example"
    )
    kept = company.ltc("erase", lead)["kept"]
    assert [each["why"] for each in kept if each["ref"] == customer] == [
        f"it has business of its own: ltc erase {customer} when nothing is open"
    ]
    answer = company.ltc("erase", customer)
    assert answer["status"] == "erased"
    assert (removed(answer).get("lead"), removed(answer)["customer"]) == (None, 1)  # the lead went before
    assert company.ltc("show", customer)["email"] is None
    company.ltc("erase", customer)
    assert company.err.startswith(f"{customer} is erased already")
    assert company.run("check") == 0, company.out


def test_a_customer_goes_whose_leads_went_one_by_one(company: Company) -> None:
    first, _, kept = sold_and_paid(company, "Grace", "--company", "Kompilers", "--email", "g@komp.example")
    second, _, other = sold_and_paid(company, "Hedy", "--company", "Frequencies", "--email", "h@freq.example")
    company.ltc("customer", "merge", kept, other)
    company.ltc("erase", first)
    answer = company.ltc("erase", kept)
    assert (removed(answer)["lead"], removed(answer)["customer"]) == (1, 2)
    assert company.ltc("show", second)["status"] == "erased"
    still = {table for table, rows in company.dump().items() if "@freq.example" in str(rows) or "@komp." in str(rows)}
    assert still == {"document"}  # as they were issued and signed
    assert company.run("check") == 0, company.out


def test_a_dry_run_removes_nothing(company: Company) -> None:
    before = company.dump()
    dry = company.ltc("erase", "L1", "--dry-run")
    assert company.dump() == before
    assert company.ltc("erase", "L1") == dry


@pytest.mark.parametrize(
    "line",
    [
        "nurture L1",
        "nurture L1 --enroll welcome",
        "lead qualify L1",
        "lead drop L1 --reason need",
        "promote L1",
        "edit L1 name=Ada",
        "lead merge L2 L1",
    ],
)
def test_who_is_erased_is_left_alone(line: str, company: Company) -> None:
    company.ltc("erase", "L1")
    assert "erased" in company.ltc(*line.split(), fails=4)["message"]


def test_a_key_of_before_does_not_bring_them_back(company: Company) -> None:
    company.ltc("erase", "L1")
    arguments = (
        "lead",
        "add",
        "Augusta L",
        "--email",
        "ada@lovelace.example",
        "--note",
        "allergic to nuts",
        "--key",
        "k",
    )
    assert company.ltc(*arguments) == {"ref": "L1", "status": "erased"}
    assert len(company.ltc("list", "leads")) == 2


def test_what_is_told_of_others_stays(company: Company) -> None:
    """A note of one word, a hobby or a first name stand in many a detail of the journal that is nobody's business."""
    company.ltc("edit", "L1", "note=customer")
    company.ltc("lead", "add", "Lovelace", "--company", "chess customer", "--note", "Augusta")
    company.ltc("erase", "L1")
    assert company.ltc("log", "L4")[-1]["arguments"]["name"] == "Lovelace"
    assert company.run("check") == 0


# Coming back


def test_an_import_does_not_bring_them_back(company: Company) -> None:
    company.ltc("erase", "L1")
    (company.path.parent / "list.csv").write_text(CSV + "9,Cyd,New,cyd@c.example,,,,\n")
    answer = company.ltc("import", "leads", str(company.path.parent / "list.csv"))
    assert (answer["created"], answer["unchanged"], answer["rejected"]) == (1, 2, 0)
    assert "left out, for they are of people who were erased: 1" in company.err
    assert in_the_file(company, "Lovelace", "7654321") == []


@pytest.mark.parametrize(
    "row",
    [
        "7,Someone,Else,,,,,\n",  # by the id
        "9,Augusta,L,Augusta@Lovelace.example,,,,\n",  # by the address
        "9,Augusta,L,ada@lovelace.example,,,,\n",  # by that of the lead that was merged
    ],
)
def test_nor_does_another_row_about_them(row: str, company: Company) -> None:
    company.ltc("erase", "L1")
    (company.path.parent / "list.csv").write_text(CSV.splitlines()[0] + "\n" + row)
    answer = company.ltc("import", "leads", str(company.path.parent / "list.csv"), "--on-duplicate", "update")
    assert (answer["created"], answer["updated"], answer["unchanged"]) == (0, 0, 1)


def test_a_row_without_id_and_address_is_known_by_all_that_it_says(company: Company) -> None:
    (company.path.parent / "plain.csv").write_text("Name,Phone\nCyd,+49 151 1111111\nDot,+49 151 2222222\n")
    company.ltc("import", "leads", str(company.path.parent / "plain.csv"))
    company.ltc("erase", "L4")
    answer = company.ltc("import", "leads", str(company.path.parent / "plain.csv"))
    assert (answer["created"], answer["unchanged"]) == (0, 2)
    assert in_the_file(company, "1111111") == []


def test_by_hand_they_come_anew_and_no_sequence_writes_to_them(company: Company) -> None:
    company.ltc("erase", "L1")
    assert company.ltc("lead", "add", "Augusta", "--email", "augusta@lovelace.example")["ref"] == "L4"
    assert company.err == "no sequence writes to augusta@lovelace.example: its owner was erased on 2026-06-15\n"
    message = company.ltc("nurture", "L4", "--enroll", "welcome", fails=4)["message"]
    assert message == "L4 is not written to by sequences: its owner was erased on 2026-06-15"


def test_who_unsubscribed_is_still_known_afterwards(company: Company) -> None:
    company.ltc("lead", "add", "Eve", "--email", "eve@e.example")
    company.ltc("nurture", "L4", "--log", "unsubscribe")
    company.ltc("erase", "L4")
    company.ltc("lead", "add", "Eve", "--email", "eve@e.example")
    assert "it was unsubscribed on" in company.ltc("nurture", "L5", "--enroll", "welcome", fails=4)["message"]


# Mails


def test_a_mail_that_waits_does_not_go(company: Company) -> None:
    company.ltc("nurture", "L2", "--enroll", "welcome")
    company.ltc("nurture", "--due", "--no-send")
    company.ltc("erase", "L2")
    assert company.ltc("outbox", "send", "--to-folder", mails(company)) == []
    assert [row["status"] for row in company.ltc("outbox", "list")] == ["sent", "cancelled"]
    assert company.run("check") == 0


def test_a_mail_at_its_final_dot_is_waited_for(company: Company) -> None:
    with closing(sqlite3.connect(company.path)) as connection, connection:
        connection.execute("UPDATE outbox SET state = 'sending'")
    assert company.ltc("erase", "L1", fails=5)["message"] == "M1 is being sent at this moment"


# Customers


def sell(company: Company) -> None:
    """L2 becomes K1 with O1, C1 and an invoice that is mailed and paid."""
    company.ltc("promote", "L2", "--amount", "100")
    company.ltc("edit", "K1", "address=Mill Lane 5", "note=pays late", "phone=+49 151 3333333")
    company.ltc("advance", "O1", "--next", "2026-06-20 ring Bob at home")
    company.ltc("sign", "O1", "--terms", "100% sign")
    company.ltc("invoice", "C1")
    company.ltc("send", "INV-2026-0001", "--to-folder", mails(company))


def test_the_lead_of_a_customer_goes_and_its_documents_stay(company: Company) -> None:
    sell(company)
    answer = company.ltc("erase", "L2")
    assert [(row["what"], row["ref"]) for row in answer["kept"]] == [
        ("customer", "K1"),
        ("contract", "C1"),
        ("invoice", "INV-2026-0001"),
        ("mail", "M2"),
        ("keyed hashes", None),
    ]
    assert company.ltc("show", "L2")["name"] == "erased"
    assert company.ltc("show", "K1")["email"] == "bob@b.example"
    assert company.run("check") == 0
    assert company.ltc("aging")[0]["total"] == "100.00"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((), "K1 owes something still"),
        (("collect C1",), "C1 is signed: K1 is needed for it"),
        (("collect C1", "ship C1", "collect K1 5"), "K1 has credit still"),
    ],
)
def test_a_customer_with_open_business_is_not_erased(lines: tuple[str, ...], message: str, company: Company) -> None:
    sell(company)
    for line in lines:
        company.ltc(*line.split())
    assert company.ltc("erase", "K1", fails=4)["message"] == message


def test_a_customer_goes_with_its_leads_when_nothing_is_open(company: Company) -> None:
    sell(company)
    company.ltc("collect", "C1")
    company.ltc("ship", "C1")
    answer = company.ltc("erase", "K1")
    assert {"lead", "customer", "opportunity"} <= {row["what"] for row in answer["removed"]}
    assert [row["ref"] for row in answer["kept"]] == ["C1", "INV-2026-0001", "P1", "M2", None]
    # The invoice says where it was sent.
    assert in_the_file(company, "Mill Lane", "pays late", "3333333", "ring Bob", "chess") == ["Mill Lane"]
    shown = company.ltc("show", "K1")
    assert (shown["name"], shown["email"], shown["contact"]) == ("erased", None, None)
    assert company.ltc("show", "L2")["status"] == "erased"
    assert company.ltc("show", "INV-2026-0001")["status"] == "paid"
    assert company.run("check") == 0, company.out
    assert company.ltc("erase", "K1")["kept"] == []


def sell_with_words(company: Company) -> None:
    """K1, whose words stand wherever somebody may type them: the offer waits as a mail, the invoice too."""
    for line in (
        "promote L2",
        "quote O1 --line Loom:1:100 --terms '100% sign'",
        "send Q1 --no-send",
        "lose O1 --reason 'he is ill'",
        "reopen O1",
        "sign Q1",
        "invoice C1",
        "send INV-2026-0001 --no-send",
        "hold INV-2026-0001 --until +7d --reason 'in hospital'",
        "dispute K1 --reason 'it smells'",
        "writeoff INV-2026-0001 1 --reason 'cannot pay'",
        "collect C1",
        "ship C1",
    ):
        company.ltc(*shlex.split(line))


def test_words_about_a_customer_go_and_reasons_in_the_books_stay(company: Company) -> None:
    sell_with_words(company)
    words = ("he is ill", "in hospital", "it smells", "Invoice INV-2026-0001 from Acme", "cannot pay")
    assert company.run("export", "person", "K1") == 0
    assert [word for word in words if word not in company.out] == []
    assert in_the_file(company, *words) == list(words)
    answer = company.ltc("erase", "K1")
    assert {row["what"]: row["count"] for row in answer["removed"]}.items() >= {
        ("mail", 2),
        ("note of a decision", 1),
        ("reason of a hold or dispute", 2),
    }
    assert [row["ref"] for row in answer["kept"]] == ["Q1", "C1", "INV-2026-0001", "P1", None]
    assert in_the_file(company, *words) == ["cannot pay"]
    assert [(row["status"], row["recipient"]) for row in company.ltc("outbox", "list")][1:] == [
        *[("cancelled", "erased")] * 2
    ]
    assert company.run("check") == 0, company.out


def test_a_mail_that_may_have_arrived_is_kept(company: Company) -> None:
    sell_with_words(company)
    with closing(sqlite3.connect(company.path)) as connection, connection:
        connection.execute("UPDATE outbox SET state = 'unknown' WHERE id = 3")
        connection.execute(
            "INSERT INTO outbox_attempt (outbox_id, state, tried, happened_on, recorded_at)"
            " VALUES (3, 'unknown', 1, '2026-06-15', '-')"
        )
    answer = company.ltc("erase", "K1")
    assert [row["ref"] for row in answer["kept"] if row["what"] == "mail"] == ["M3"]
    assert company.ltc("show", "M3")["recipient"] == "bob@b.example"
    assert company.run("check") == 0, company.out
    with closing(sqlite3.connect(company.path)) as connection:
        for statement in (
            "UPDATE outbox SET message = X'', recipient = 'erased', subject = 'erased' WHERE id = 3",
            "UPDATE opportunity_event SET reason = 'other' WHERE kind = 'lost'",
            "UPDATE dunning_event SET reason = 'other'",
            "UPDATE dunning_event SET until_on = '2030-01-01' WHERE kind = 'hold'",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                connection.execute(statement)


def test_what_is_said_after_an_erasure_is_no_word_that_it_left(company: Company) -> None:
    """A payment that comes back is owed again: somebody has to call, and may hold or dispute it."""
    sell_with_words(company)
    with closing(sqlite3.connect(company.path)) as connection:
        for statement in (
            "UPDATE dunning_event SET reason = NULL",
            "UPDATE opportunity_event SET reason = NULL WHERE kind = 'lost'",
            "UPDATE outbox SET message = X'', recipient = 'erased', subject = 'erased' WHERE id = 2",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                connection.execute(statement)
    company.ltc("erase", "K1")
    company.ltc("reverse", "P1", "--reason", "bounced")
    company.ltc("release", "K1")
    company.ltc("release", "INV-2026-0001")
    later = "2026-07-30"
    assert company.ltc("dun", "--no-send", "--confirm", today=later)[0]["task"] == "T2"
    company.ltc("done", "T2", "--note", "rang", today=later)
    company.ltc("dispute", "INV-2026-0001", "--reason", "paid twice", today=later)
    assert company.run("check") == 0, company.out


def test_nobody_becomes_the_customer_that_was_erased(company: Company) -> None:
    company.ltc("customer", "add", "Wax", "--email", "wax@wax.example")
    company.ltc("erase", "K1")
    company.ltc("lead", "add", "erased", "--company", "erased")
    assert company.ltc("promote", "L4")["customer"] == "K2"


def test_a_customer_of_nothing_goes_with_its_lead(company: Company) -> None:
    company.ltc("promote", "L2")
    answer = company.ltc("erase", "L2")
    assert {"lead": 1, "customer": 1, "opportunity": 1}.items() <= {
        row["what"]: row["count"] for row in answer["removed"]
    }.items()
    assert in_the_file(company, "bob@b.example") == []


def test_an_imported_customer_does_not_come_back(company: Company) -> None:
    (company.path.parent / "companies.csv").write_text(
        "Company ID,Company Name,Email,Contact\n4,Oak,oak@oak.example,\n5,Wax,wax@wax.example,Willi\n"
    )
    company.ltc("import", "customers", str(company.path.parent / "companies.csv"))
    company.ltc("erase", "K2")
    answer = company.ltc("import", "customers", str(company.path.parent / "companies.csv"))
    assert (answer["created"], answer["unchanged"]) == (0, 2)
    assert in_the_file(company, "wax@wax.example", "Willi") == []
    (company.path.parent / "companies.csv").write_text("Company ID,Company Name,Email\n6,Waxworks,WAX@wax.example\n")
    assert company.ltc("import", "customers", str(company.path.parent / "companies.csv"))["created"] == 0


def test_what_was_imported_about_touches_goes_too(company: Company) -> None:
    (company.path.parent / "calls.csv").write_text(
        "Activity ID,Activity Type,Activity Date,Email,Notes\n"
        "4,Call,2026-06-01,bob@b.example,\n"
        "5,Call,2026-06-01,augusta@lovelace.example,at the harbour\n"
    )
    company.ltc("import", "touches", str(company.path.parent / "calls.csv"))
    company.ltc("erase", "L1")
    assert in_the_file(company, "harbour", *WORDS) == []
    with (company.path.parent / "calls.csv").open("a") as calls:
        calls.write("6,Call,2026-06-02,ada@lovelace.example,at the Countess'\n")  # of the lead that was merged
    answer = company.ltc("import", "touches", str(company.path.parent / "calls.csv"), "--on-duplicate", "update")
    assert [answer[key] for key in ("created", "updated", "unchanged", "rejected")] == [0, 0, 3, 0]
    assert in_the_file(company, "harbour", *WORDS) == []
    with (company.path.parent / "calls.csv").open("a") as calls:
        calls.write("7,Call,2026-06-02,nobody@nowhere.example,\n")
    assert company.run("import", "touches", str(company.path.parent / "calls.csv")) == 8
    assert "there is no lead nobody@nowhere.example" in company.err
    assert company.run("check") == 0


def test_touches_by_the_id_of_who_was_erased_are_left_out(company: Company) -> None:
    path = company.path.parent / "calls.csv"
    path.write_text("Activity ID,Activity Type,Lead ID,Notes\n4,Call,8,\n5,Call,7,at the harbour\n")
    company.ltc("import", "touches", str(path))
    company.ltc("erase", "L1")
    path.write_text(path.read_text().replace("harbour", "haven") + "6,Call,7,at sea\n")
    answer = company.ltc("import", "touches", str(path), "--on-duplicate", "update")
    assert [answer[key] for key in ("created", "updated", "unchanged", "rejected")] == [0, 0, 3, 0]
    assert in_the_file(company, "harbour", "haven", "at sea") == []
    assert company.run("check") == 0


def test_nor_by_the_id_of_a_column_of_another_name(company: Company) -> None:
    path = company.path.parent / "calls.csv"
    path.write_text("Activity ID,Activity Type,Contact ID,Notes\n4,Call,8,\n5,Call,7,\n6,Call,7; 9,\n")
    mapped = ("import", "touches", str(path), "--map", "Contact ID=lead_id")
    assert company.ltc(*mapped)["created"] == 3
    company.ltc("erase", "L1")
    answer = company.ltc(*mapped)
    assert [answer[key] for key in ("created", "unchanged", "rejected")] == [0, 3, 0]


def test_a_deal_does_not_bring_its_contact_back(company: Company) -> None:
    company.ltc("erase", "L1")
    (company.path.parent / "deals.csv").write_text(
        "Deal ID,Deal Name,Amount,Deal Stage,Email\n9,Loom,900,Open,augusta@lovelace.example\n"
    )
    answer = company.ltc("import", "opportunities", str(company.path.parent / "deals.csv"))
    assert (answer["created"], answer["unchanged"]) == (0, 1)
    assert company.ltc("list", "customers") == []


@pytest.mark.parametrize("line", ["erase O1", "erase inv-2026-0001", "export person INV-2026-0001"])
def test_what_is_no_person_names_whose_it_is(line: str, company: Company) -> None:
    """Nobody goes whom the line does not name."""
    sell(company)
    error = company.ltc(*line.split(), fails=2)
    assert "customer or lead is needed here" in error["message"]
    assert error["hint"] == "name its customer K1 or its lead L2"
    company.ltc("erase", "L999", fails=3)


# The guards


FORGED: Final = (
    "UPDATE lead_event SET note = NULL WHERE lead_id = 2",
    "UPDATE lead_event SET kind = 'qualified' WHERE lead_id = 1",
    "UPDATE lead_event SET note = 'other' WHERE lead_id = 1",
    "UPDATE task SET text = 'other' WHERE lead_id = 1",
    "UPDATE task SET text = NULL, kind = 'visit' WHERE lead_id = 1",
    "UPDATE sequence_event SET next_on = NULL WHERE lead_id = 1",
    "UPDATE outbox SET message = X'00' WHERE id = 1",
    "UPDATE outbox SET message = X'', recipient = 'erased', subject = 'erased' WHERE id = 2",
    "UPDATE outbox SET sender = 'x' WHERE id = 1",
    "UPDATE outbox_attempt SET said = NULL WHERE outbox_id = 2",
    "UPDATE outbox_attempt SET state = 'failed' WHERE outbox_id = 1",
    "UPDATE erasure SET erased_on = '2026-01-01'",
    "DELETE FROM erasure",
    "DELETE FROM suppression",
    "DELETE FROM suppression_key",
    "DELETE FROM outbox",
)


@pytest.mark.parametrize("statement", FORGED)
def test_the_triggers_let_nothing_else_go(statement: str, company: Company) -> None:
    company.ltc("lead", "drop", "L2", "--reason", "need", "--note", "later")
    company.ltc("lead", "qualify", "L2", "--note", "now")
    company.ltc("nurture", "L2", "--enroll", "welcome")
    company.ltc("nurture", "--due", "--to-folder", mails(company))
    company.ltc("erase", "L1")
    with closing(sqlite3.connect(company.path)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(statement)


BROKEN: Final = {
    "UPDATE lead SET email = 'a@b.example' WHERE id = 1": "erasure",
    "UPDATE lead SET name = 'Augusta' WHERE id = 3": "erasure",
    "UPDATE touch SET note = 'likes purple' WHERE lead_id = 1": "erasure",
    "INSERT INTO external_id (kind, source, value, record_id) VALUES ('lead', '', '7', 1)": "erasure",
}


@pytest.mark.parametrize("statement", BROKEN)
def test_check_finds_what_an_erased_record_holds(statement: str, company: Company) -> None:
    company.ltc("erase", "L1")
    with closing(sqlite3.connect(company.path)) as connection, connection:
        connection.execute(statement)
    assert company.run("check", "--csv") == 7
    broken = [line.split(",")[0] for line in company.out.splitlines()[1:] if ",broken," in line]
    assert broken == [BROKEN[statement]]


FORGOTTEN: Final = {
    "CLEAR_HOLDS": "K1 is erased, and a ",
    "CLEAR_STAGES": "O1 is of somebody who is erased, and says he is ill",
    "_erase_mails": "M2 never went, and says bob@b.example",
}


@pytest.mark.parametrize("part", FORGOTTEN)
def test_check_finds_words_that_erase_forgets(part: str, company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    sell_with_words(company)
    with monkeypatch.context() as forgetful:
        forgetful.setattr(erasing, part, "SELECT ?" if part.startswith("CLEAR") else lambda *_: 0)
        company.ltc("erase", "K1")
    assert FORGOTTEN[part] in broken(company)["erasure"]


# The file


def test_a_copy_beside_the_file_is_named(company: Company) -> None:
    company.path.with_name("ltc.db.version-1").write_bytes(b"old")
    answer = company.ltc("erase", "L1")
    assert answer["kept"][-1] == {"what": "copy of the file", "ref": None, "why": "delete ltc.db.version-1 by hand"}
    assert "backups that were made before still hold the data" in company.err
    assert company.ltc("erase", "L1")["kept"] == answer["kept"][-1:]


def test_where_the_file_cannot_be_written_anew_it_says_so(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is decided is kept, and the next call cleans the file."""

    class Full:
        def __init__(self, connection: Any) -> None:
            self.connection = connection

        def execute(self, sql: str, *more: Any) -> Any:
            if sql == "VACUUM":
                raise sqlite3.OperationalError("database or disk is full")
            return self.connection.execute(sql, *more)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.connection, name)

    make = Store.__init__

    def full(store: Store, connection: Any, path: Any) -> None:
        make(store, Full(connection), path)  # type: ignore[arg-type]

    with monkeypatch.context() as trouble:
        trouble.setattr(Store, "__init__", full)
        assert company.run("erase", "L1") == 8
    assert "free pages of the file may still hold the data" in company.err
    assert company.ltc("show", "L1")["name"] == "erased"
    assert company.run("erase", "L1") == 0
    assert in_the_file(company, *WORDS) == []


def test_in_a_batch_of_all_or_none(company: Company) -> None:
    (company.path.parent / "lines.txt").write_text("erase L1\nlead add Zoe\n")
    assert company.run("batch", str(company.path.parent / "lines.txt"), "--atomic") == 0
    assert "ltc erase by itself cleans the file" in company.out
    company.ltc("erase", "L1")
    assert in_the_file(company, *WORDS) == []


IMPORTED: Final = "number,customer,issued_on,due_on,total,currency\nIA,A,2026-01-01,2026-01-10,100.00,EUR\n"


def told(folder: Path, paid: str) -> Company:
    """100 and a fee of 5, told by M1, which waits; so much of it is paid."""
    level = "{name: a, after: 5d, mail: reminder, fee: 5}"
    config = f"company: {{name: Acme, email: hello@acme.example}}\ndunning: {{levels: [{level}]}}\n"
    company = Company(folder, config=config, today="2026-01-15")
    company.ltc("init", "--yes")
    company.ltc("customer", "add", "A", "--email", "a@a.example")
    (folder / "invoices.csv").write_text(IMPORTED)
    company.ltc("import", "invoices", str(folder / "invoices.csv"))
    company.ltc("dun", "--no-send")
    company.ltc("collect", "IA", paid)
    return company


@pytest.mark.parametrize("is_paid", [True, False])
def test_what_a_notice_claims_that_nobody_was_told_of_goes_with_it(tmp_path: Path, *, is_paid: bool) -> None:
    """Paid, the 5 are credit, which stands against it; else the fee alone is left, and goes."""
    company = told(tmp_path, "105" if is_paid else "100")
    if is_paid:
        error = company.ltc("erase", "K1", fails=4)
        assert error["message"] == "K1 has credit still"
        assert error["hint"] == "ltc outbox drop M1; ltc refund pays it back"
        assert company.ltc("outbox", "list")[0]["status"] == "queued"
        company.ltc("outbox", "drop", "M1")
        company.ltc("refund", "P1")
    assert company.ltc("erase", "K1")["status"] == "erased"
    assert company.ltc("list", "notices")[0]["status"] == "cancelled"
    assert company.run("check") == 0, company.out


def test_what_may_have_arrived_is_found_out_before_its_recipient_is_erased(tmp_path: Path) -> None:
    company = told(tmp_path, "105")
    leave_unknown(company.path)
    assert company.ltc("erase", "K1", fails=5)["message"] == "M1 may have arrived, or not"
    company.ltc("outbox", "resolve", "M1", "--sent")
    assert company.ltc("erase", "K1")["status"] == "erased"
    assert company.ltc("show", "IA")["claims"] == "0.00"
    assert company.run("check") == 0, company.out
