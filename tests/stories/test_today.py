"""What `ltc today` says of late invoices, credit, mails and shipments, and what it has one do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support import Company

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = ("Ada", "Bob", "Cyd", "Dot", "Eve", "Fay")


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    """X-1 … X-6 of K1 … K6 over 100.00 each, due on 1 June: fourteen days late on the 15th."""
    company = Company(tmp_path)
    bills = [f"X-{number},{name},2026-05-01,2026-06-01,100" for number, name in enumerate(NAMES, 1)]
    text = "\n".join(["number,customer,issued_on,due_on,amount", *bills, ""])
    (tmp_path / "bills.csv").write_text(text, encoding="utf-8")
    company.ltc("import", "invoices", str(tmp_path / "bills.csv"))
    yield company
    assert company.run("check") == 0


def todo(company: Company, today: str = "2026-06-15") -> list[tuple[str, str, str | None, str]]:
    rows: list[dict[str, Any]] = company.ltc("today", today=today)
    return [(row["what"], row["ref"], row["why"], row["command"]) for row in rows]


def test_what_waits_for_us_is_first_and_what_waits_for_a_day_is_last(company: Company) -> None:
    company.ltc("hold", "X-1", "--until", "2026-06-20", "--reason", "insolvent")
    company.ltc("promise", "X-2", "--on", "2026-06-16")
    company.ltc("dispute", "X-4", "--reason", "broken")
    company.ltc("promise", "X-5", "--on", "2026-06-10", today="2026-06-05")
    company.ltc("hold", "K6", "--until", "2026-06-15", "--reason", "asked")
    assert todo(company) == [
        ("notices due", None, None, "ltc dun --to-folder DIR"),
        ("promise broken", "X-5", "promised until 2026-06-10, broken", "ltc collect X-5"),
        ("disputed", "X-4", "disputed: broken", "ltc release X-4"),
        ("overdue", "X-3", None, "ltc collect X-3"),
        ("on hold", "X-1", "on hold until 2026-06-20: insolvent", "ltc release X-1"),
        ("promised", "X-2", "promised until 2026-06-16", "ltc collect X-2"),
        ("on hold", "X-6", "on hold until 2026-06-15: asked", "ltc release K6"),
    ]
    later = {ref: (what, why) for what, ref, why, _do in todo(company, "2026-06-17")}
    assert later["X-2"] == ("promise broken", "promised until 2026-06-16, broken")
    assert later["X-6"] == ("overdue", None)


SERVER = "mail: {host: 127.0.0.1, port: 9, tls: none, from: billing@acme.example}\n"
"""On that port nobody answers."""


def notices(company: Company) -> list[tuple[str, str | None, str, int, str | None, str]]:
    keys = ("what", "ref", "name", "days", "why", "command")
    rows = company.ltc("today")
    return [tuple(row[key] for key in keys) for row in rows if row["what"] in ("notices due", "notices stopped")]


def test_notices_that_are_due_are_those_of_dun(company: Company) -> None:
    """Two of six have an address, one is on hold; those three are late for 14 days. Then all but Fay are on hold."""
    for number in (1, 2):
        company.ltc("edit", f"K{number}", f"email=k{number}@x.example")
    company.ltc("hold", "K1", "--until", "+30d", "--reason", "asked")
    no_sender = "mail.from is not set: mails have no sender"
    assert notices(company) == [("notices due", None, "5 customers", 14, no_sender, "ltc dun --to-folder DIR")]
    assert [row["status"] for row in company.ltc("dun", "--dry-run")].count("planned") == 5
    company.config_path.write_text(SERVER, encoding="utf-8")
    for number in range(2, 6):
        company.ltc("hold", f"K{number}", "--until", "+30d", "--reason", "asked")
    assert notices(company) == [("notices due", "K6", "Fay", 14, None, "ltc dun")]
    company.config_path.write_text(SERVER + "bank: {max_age: 3d}\n", encoding="utf-8")
    ((*_due, why, _dun),) = notices(company)
    assert why
    assert company.run("dun") == 8
    assert f"nothing is sent: {why}; ltc dun --confirm" in company.err
    company.config_path.write_text(SERVER + "dunning: {policies: {mild: {levels: []}}}\n", encoding="utf-8")
    company.ltc("edit", "K6", "dunning=mild")
    assert notices(company) == []
    company.config_path.write_text(SERVER, encoding="utf-8")
    gone = company.ltc("dun", "--dry-run", fails=6)["message"]
    assert notices(company) == [("notices stopped", None, "all customers", 0, gone, "ltc dun --dry-run")]


def test_mails_that_wait_for_a_run_are_one_row(company: Company) -> None:
    def waits(today: str) -> list[tuple[Any, ...]]:
        rows = company.ltc("today", today=today)
        keys = ("ref", "name", "since", "days", "why", "command")
        return [tuple(row[key] for key in keys) for row in rows if row["what"] == "mails wait"]

    company.config_path.write_text(SERVER, encoding="utf-8")
    company.ltc("edit", "K1", "email=ada@x.example")
    company.ltc("dun", "--customer", "K1", "--no-send")
    assert waits("2026-06-15") == [("M1", "ada@x.example", "2026-06-15", 0, None, "ltc outbox send")]
    assert waits("2026-06-14") == []
    company.ltc("edit", "K2", "email=bob@x.example")
    company.ltc("dun", "--customer", "K2", "--no-send", today="2026-06-16")
    assert company.run("outbox", "send", today="2026-06-16") == 8
    said = company.ltc("show", "M2")["said"]
    assert "127.0.0.1:9" in said
    assert waits("2026-06-17") == [(None, "2 mails", "2026-06-15", 2, said, "ltc outbox send")]
    company.config_path.write_text("", encoding="utf-8")
    by_hand = ("there is no mail server: mail.host is not set", "ltc outbox send --to-folder DIR")
    assert waits("2026-06-17") == [(None, "2 mails", "2026-06-15", 2, *by_hand)]


def test_a_promise_is_broken_until_something_new_is_said(company: Company) -> None:
    """X-1 was promised anew, X-2 released, of X-3 what was promised came in time, of X-5 late, X-4 is held as well."""
    for number in (1, 2, 4):
        company.ltc("promise", f"X-{number}", "--on", "2026-06-10", today="2026-06-05")
    for number in (3, 5):
        company.ltc("promise", f"X-{number}", "--on", "2026-06-10", "--amount", "60", today="2026-06-05")
    company.ltc("collect", "X-3", "60", today="2026-06-10")
    company.ltc("collect", "X-5", "60", today="2026-06-11")
    company.ltc("promise", "X-1", "--on", "2026-06-30")
    company.ltc("release", "X-2", today="2026-06-09")
    company.ltc("hold", "X-4", "--until", "2026-06-20", "--reason", "asked")
    states = {ref: (what, why) for what, ref, why, _do in todo(company)}
    assert states["X-1"] == ("promised", "promised until 2026-06-30")
    assert states["X-2"] == states["X-3"] == states["X-5"] == ("overdue", None)
    assert states["X-4"] == ("on hold", "on hold until 2026-06-20: asked; promised until 2026-06-10, broken")


def test_a_dispute_waits_for_an_answer_before_its_invoice_is_due(company: Company) -> None:
    company.ltc("dispute", "X-2", "--reason", "broken", today="2026-05-10")
    assert todo(company, "2026-05-20") == [("disputed", "X-2", "disputed: broken", "ltc release X-2")]
    (row,) = company.ltc("today", today="2026-05-20")
    assert (row["since"], row["days"], row["amount"]) == ("2026-05-20", 0, "100.00")


def test_aging_says_all_that_keeps_an_invoice_back(company: Company) -> None:
    company.ltc("promise", "X-1", "--on", "+5d")
    company.ltc("hold", "K1", "--until", "+5d", "--reason", "asked")
    company.ltc("dispute", "X-1", "--reason", "broken")
    for by in ("invoice", "customer", "owner"):
        held = [row["held"] for row in company.ltc("aging", "--by", by)]
        assert sorted(filter(None, held)) == ["disputed, held, promised"]
    converted = [row["held"] for row in company.ltc("aging", "--in", "EUR")]
    assert sorted(converted, key=str) == [None] * 5 + ["disputed, held, promised"]


STOPPING = """
mail: {from: billing@acme.example}
dunning: {levels: [{name: final, after: 5d, mail: final, stop_shipping: true}]}
"""


def test_nothing_is_to_be_shipped_to_whom_a_level_stops_it(company: Company, tmp_path: Path) -> None:
    company.config_path.write_text(STOPPING, encoding="utf-8")
    company.ltc("edit", "K1", "email=ada@ada.example")
    for number, customer in enumerate(("K1", "K2"), 1):
        company.ltc("lead", "add", f"L{number}")
        company.ltc("promote", f"L{number}", "--amount", "50", "--customer", customer)
        company.ltc("sign", f"O{number}")
    company.ltc("dun", "--customer", "K1", "--to-folder", str(tmp_path / "mails"))
    to_ship = [("ship", "C1", None, "ltc ship C1"), ("ship", "C2", None, "ltc ship C2")]
    stopped = ("shipping stopped", "C1", "X-1 has reached the level final (N1)", "ltc collect X-1")
    company.ltc("ship", "C1", fails=4)
    assert [row for row in todo(company) if row[1] in ("C1", "C2")] == [stopped, to_ship[1]]
    leaks = [(row["ref"], row["why"], row["command"]) for row in company.ltc("leakage") if row["gap"] == "unshipped"]
    assert leaks == [stopped[1:], to_ship[1][1:]]
    company.ltc("collect", "X-1")
    assert [row for row in todo(company) if row[1] in ("C1", "C2")] == to_ship


def test_credit_is_named_with_what_it_could_settle(company: Company) -> None:
    """K1 owes 100.00 and holds 60.00, 70.00 and 30.00: after 130.00 nothing is open. K3 holds dollars."""
    company.ltc("collect", "K1", "60", "--unapplied", "--on", "2026-06-10")
    for amount in ("70", "30"):
        company.ltc("collect", "K1", amount, "--unapplied", "--on", "2026-06-11")
    company.ltc("collect", "K2", "150", "--on", "2026-06-12")
    company.ltc("collect", "K3", "5", "--unapplied", "--currency", "USD")
    held = [row for row in company.ltc("today") if row["what"] == "credit"]
    assert [(row["ref"], row["name"], row["since"], row["days"], row["amount"]) for row in held] == [
        ("P1", "Ada", "2026-06-10", 5, "60.00"),
        ("P2", "Ada", "2026-06-11", 4, "70.00"),
    ]
    assert [(row["command"], row["why"]) for row in held] == [
        ("ltc apply P1 X-1", "unapplied, and X-1 is open"),
        ("ltc apply P2 X-1", "unapplied, and X-1 is open"),
    ]
    for row in held:
        assert company.run(*row["command"].split()[1:]) == 0
    # P2 has 30.00 left, P3 all of its own; P4 has 50.00 left of 150.00, and Bob owes nothing.
    assert [row for row in company.ltc("today") if row["what"] == "credit"] == []
    company.ltc("refund", "P3", "30")
    company.ltc("customer", "merge", "K5", "K1")
    company.ltc("dispute", "X-5", "--reason", "broken")
    assert [row for row in company.ltc("today") if row["what"] == "credit"] == []
    company.ltc("release", "X-5")
    assert [row[1:] for row in todo(company) if row[0] == "credit"] == [
        ("P2", "unapplied, and X-5 is open", "ltc apply P2 X-5")
    ]


def test_a_credit_note_that_is_not_used_up_is_credit_too(company: Company) -> None:
    company.ltc("collect", "X-1")
    company.ltc("credit", "X-1", "40", "--reason", "broken")
    company.ltc("customer", "merge", "K2", "K1")
    assert todo(company)[-1] == ("credit", "CN-2026-0001", "unapplied, and X-2 is open", "ltc apply CN-2026-0001 X-2")
    assert company.ltc("today")[-1]["amount"] == "40.00"
