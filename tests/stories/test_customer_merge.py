"""A customer that is there twice becomes one: its facts stay as they are, and every reader sees them in one place."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.stories.telling import aging, audit, invoiced, promoted, record, signed
from tests.support import Company

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG: Final = """
mail: {from: billing@acme.example}
taxes: {S19: {rate: 19%, category: S}, AE: {rate: 0%, category: AE}, Z: {rate: 0%, category: Z}}
dunning: {spacing: 7d, levels: [{name: a, after: 5d, mail: reminder, fee: 10}, {name: b, after: 20d, mail: second}]}
"""
DAYS: Final = ("2026-01-04", "2026-01-05", "2026-01-06", "2026-01-07", "2026-01-31", "2026-02-10", "2026-03-01")


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    """K1 Ada owes 100.00 since 5 January; K2 Bob paid 50.00 for 30.00, and owes 50.00 USD since 1 February."""
    company = Company(tmp_path, config=CONFIG)
    for name, amount, on in (("Ada", "100", "2026-01-05"), ("Bob", "30", "2026-01-06")):
        invoiced(company, signed(company, amount, "100% sign", on, name=name)["ref"], on)
    company.ltc("collect", "K2", "50", today="2026-01-07")
    company.ltc("lead", "add", "Bo", today="2026-02-01")
    company.ltc("promote", "L3", "--amount", "USD 50", "--customer", "K2", today="2026-02-01")
    company.ltc("sign", "O3", "--terms", "100% sign", today="2026-02-01")
    invoiced(company, "C3", "2026-02-01")
    yield company
    audit(company)


def merged(company: Company, *options: str) -> dict[str, Any]:
    return record(company.ltc("customer", "merge", "K1", "K2", *options))


def facts(company: Company) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of what never changes."""
    changing = {"customer", "journal", "journal_detail"}
    return {table: rows for table, rows in company.dump().items() if table not in changing}


def accounts(company: Company, *options: str) -> dict[str, Decimal]:
    """What each account of the ledger comes to."""
    assert company.run("export", "ledger", *options) == 0
    sums: dict[str, Decimal] = {}
    for line in company.out.splitlines():
        if line.startswith("    ") and not line.strip().startswith(";"):
            account, amount, currency = line.split(";")[0].split()
            key = f"{account} {currency}"
            sums[key] = sums.get(key, Decimal()) + Decimal(amount)
    return {key: amount for key, amount in sums.items() if amount}


def test_aging_statement_and_ledger_are_those_of_both(company: Company) -> None:
    """Late since 5 January: 26 days on the 31st, 55 on 1 March; the dollars since 1 February: 28 days."""
    apart = {day: aging(company, day) for day in DAYS}
    before, books = facts(company), accounts(company)
    assert apart["2026-01-31"] == {("K1", "EUR"): {"1-30": "100.00"}, ("K2", "EUR"): {"unapplied": "-20.00"}}
    assert books["assets:receivable:K1 EUR"] == 100
    assert books["liabilities:credit:K2 EUR"] == -20
    merged(company)
    assert facts(company) == before
    assert aging(company, "2026-01-31") == {("K1", "EUR"): {"1-30": "100.00", "unapplied": "-20.00"}}
    assert aging(company, "2026-03-01") == {
        ("K1", "EUR"): {"31-60": "100.00", "unapplied": "-20.00"},
        ("K1", "USD"): {"1-30": "50.00"},
    }
    for day in DAYS:
        both: dict[tuple[str, str], dict[str, Decimal]] = {}
        for (_customer, currency), buckets in apart[day].items():
            row = both.setdefault(("K1", currency), {})
            for bucket, amount in buckets.items():
                row[bucket] = row.get(bucket, Decimal()) + Decimal(amount)
        assert {
            key: {bucket: Decimal(amount) for bucket, amount in row.items()} for key, row in aging(company, day).items()
        } == both
        for account in company.ltc("statement", "K2", "--until", day):
            assert account["customer"] == "K1"
            assert Decimal(account["closing"]) == sum(both["K1", account["currency"]].values())
    for account in [each for each in books if ":K2 " in each]:
        one = account.replace(":K2 ", ":K1 ")
        books[one] = books.get(one, Decimal()) + books.pop(account)
    assert accounts(company) == books
    audit(company)


def test_every_record_is_of_the_one_that_stays(company: Company) -> None:
    merged(company)
    for kind in ("opportunities", "contracts", "invoices", "payments"):
        rows = company.ltc("list", kind)
        assert {(row["customer"], row["customer_name"]) for row in rows} == {("K1", "Ada")}, kind
    assert [row["ref"] for row in company.ltc("list", "customers")] == ["K1"]
    for named in ("K1", "k2"):
        shown = company.ltc("show", named)
        assert shown["ref"] == "K1"
        thread = {entry["ref"] for entry in shown["thread"]}
        assert {"O1", "O2", "O3", "C1", "C2", "C3", "INV-2026-0001", "INV-2026-0002", "P1"} <= thread
    assert {row["customer"] for row in company.ltc("leakage", "--as-of", "2026-12-01")} == {"K1"}
    assert [(row["ref"], row["name"]) for row in company.ltc("find", "bob", "--kind", "customers")] == [("K1", "Ada")]
    assert company.ltc("statement", "O3")[0]["customer"] == "K1"
    assert company.ltc("show", "P1")["customer"] == "K1"


def test_credit_of_one_pays_what_the_other_owes(company: Company) -> None:
    assert company.ltc("apply", "P1", "INV-2026-0001", fails=4)["message"] == "P1 is of K2, INV-2026-0001 of K1"
    merged(company)
    company.ltc("apply", "P1", "INV-2026-0001", today="2026-02-10")
    assert aging(company, "2026-02-10")["K1", "EUR"] == {"31-60": "80.00"}  # 36 days, 100 − 20
    paid = company.ltc("collect", "K2", "--currency", "EUR", today="2026-02-11")
    assert (paid["customer"], paid["amount"], paid["allocations"][0]["invoice"]) == ("K1", "80.00", "INV-2026-0001")
    company.ltc("collect", "INV-2026-0003", "60", "--currency", "USD", today="2026-02-11")
    refund = company.ltc("refund", "P3", today="2026-02-12")  # of a payment that was booked under K2
    assert (refund["customer"], refund["refunded"]) == ("K1", "10.00")
    assert company.ltc("collect", "K1")["ref"] == "P3"  # nothing is open: the newest that settled something


def test_what_is_made_later_is_made_out_to_the_one_that_stays(company: Company) -> None:
    contract = signed(company, "70", "50% sign, 50% 2026-05-01", "2026-03-01", name="Bob")["ref"]
    first = invoiced(company, contract, "2026-03-02")
    company.ltc("edit", "K1", "email=ada@engines.example", "tax_code=S19", "terms=100% sign; net 30")
    merged(company)
    second = invoiced(company, contract, "2026-05-01")
    assert (first["customer"], second["customer"]) == ("K2", "K1")
    with closing(sqlite3.connect(company.path)) as connection:
        said = "SELECT body FROM document JOIN invoice ON document_sha256 = sha256 WHERE number = ?"
        buyers = [
            json.loads(connection.execute(said, (invoice["ref"],)).fetchone()[0])["buyer"]["name"]
            for invoice in (first, second)
        ]
    assert buyers == ["Bob", "Ada"]
    assert company.ltc("send", first["ref"], "--no-send")["recipient"] == "ada@engines.example"
    quote = company.ltc("quote", promoted(company, "Bob", "2026-06-01"), "--line", "Work:1:100")
    assert (quote["customer"], quote["lines"][0]["tax"], quote["terms"]) == ("K1", "S19", "100% sign; net 30")
    amended = company.ltc("amend", contract, "--line", "More:1:10")
    assert [line["tax"] for line in amended["lines"]] == ["Z", "S19"]


def test_nobody_makes_the_duplicate_anew(company: Company) -> None:
    merged(company)
    assert company.ltc("promote", company.ltc("lead", "add", "B", "--company", "BOB")["ref"])["customer"] == "K1"
    assert company.ltc("customer", "add", "Bob", fails=5)["message"] == "K1 Ada is this customer already"


def test_files_that_know_the_duplicate_mean_the_one_that_stays(company: Company) -> None:
    def take(kind: str, text: str, *options: str) -> dict[str, Any]:
        path = company.path.with_name("rows.csv")
        path.write_text(text, encoding="utf-8")
        return record(company.ltc("import", kind, str(path), *options))

    rows = "Company ID,Company Name,City\n7,Bob,London\n"
    take("customers", rows, "--on-duplicate", "update")
    merged(company)
    assert take("customers", rows)["unchanged"] == 1
    assert take("customers", rows.replace("London", "Leeds"), "--on-duplicate", "update")["updated"] == 1
    assert company.ltc("show", "K1")["address"] == "Leeds"
    take("invoices", "Invoice No,Customer ID,Invoice Date,Total\nR-1,7,2026-02-03,9.00\n")
    take("payments", "Customer ID,Payment Date,Amount\n7,2026-02-04,1.00\n")
    assert (company.ltc("show", "R-1")["customer"], company.ltc("show", "P2")["customer"]) == ("K1", "K1")


def test_what_the_other_said_is_named_and_not_taken(company: Company) -> None:
    company.ltc("edit", "K2", "email=bob@looms.example", "terms=100% sign", "language=en", "owner=kim")
    company.ltc("edit", "K1", "owner=kim", "email=ada@engines.example")
    assert company.run("customer", "merge", "K1", "K2") == 0
    assert company.err.splitlines()[:2] == [
        "K2 is part of K1 from now on",
        "not taken over: email=bob@looms.example language=en terms='100% sign'",
    ]
    assert company.ltc("show", "K1")["email"] == "ada@engines.example"


def test_a_closed_month_stays_as_it_was_sealed(company: Company) -> None:
    company.ltc("close", "2026-02")
    merged(company)
    assert company.run("check") == 0
    assert company.ltc("close", "2026-02")["closed_until"] == "2026-02-28"


def test_first_for_trial_then_once_then_again(company: Company) -> None:
    before = company.dump()
    assert merged(company, "--dry-run")["ref"] == "K1"
    assert company.dump() == before
    merged(company)
    after = company.dump()
    for words in (("K1", "K2"), ("K1", "k2"), ("O1", "K2")):
        assert company.ltc("customer", "merge", *words)["ref"] == "K1"
        assert "K2 is part of K1 already" in company.err
    assert company.dump() == after
    told = company.ltc("log", "K1")
    assert {"L2", "K2"} <= {record for each in told if each["verb"] == "promote" for record in each["records"]}
    (entry,) = [each for each in told if each["verb"] == "customer merge"]
    assert entry["records"] == ["K2", "K1"]
    assert entry["changes"][0]["after"]["merged_into_id"] == 1


def test_what_is_refused(company: Company) -> None:
    for name, tax_id in (("Cyd", "DE1"), ("Dot", "DE2"), ("Eve", ""), ("Fay", "")):
        company.ltc("customer", "add", name, *(("--tax-id", tax_id) if tax_id else ()))
    company.ltc("erase", "K6")
    merged(company)
    for words, code, message in (
        ("K1 K1", 4, "K1 cannot become part of itself"),
        ("K2 K2", 4, "K2 cannot become part of itself"),
        ("K2 K1", 4, "K2 is part of K1: it cannot take that in"),
        ("K5 K2", 4, "K2 is part of K1 already"),
        ("K4 K3", 4, "K3 has the tax id DE1, K4 DE2: these are two customers"),
        ("K1 K6", 4, "K6 is erased: it is merged with nobody"),
        ("K6 K1", 4, "K6 is erased: it is merged with nobody"),
        ("K1 K9", 3, "there is no record K9"),
    ):
        before = company.dump()
        error = company.ltc("customer", "merge", *words.split(), fails=code)
        assert error["message"] == message
        assert error["hint"]
        assert company.dump() == before
    company.ltc("customer", "merge", "K2", "K3")  # K2 is K1
    company.ltc("edit", "K4", "tax_id=")
    company.ltc("customer", "merge", "K4", "K1")  # with all that is part of it
    assert company.ltc("show", "K3")["ref"] == company.ltc("show", "K2")["ref"] == "K4"
    assert set(aging(company, "2026-03-01")) == {("K4", "EUR"), ("K4", "USD")}


def test_an_import_that_brought_one_of_them_is_not_taken_back(company: Company) -> None:
    path = company.path.with_name("rows.csv")
    path.write_text("Company ID,Company Name\n7,Cogs\n8,Cogs Ltd\n", encoding="utf-8")
    company.ltc("import", "customers", str(path), "--on-duplicate", "skip")
    company.ltc("customer", "add", "Wheels")
    company.ltc("customer", "merge", "K4", "K3")
    assert company.run("import", "undo", "1", "--json") == 8
    assert {each["why"] for each in json.loads(company.out)["rest"]} == {"it was merged with another"}


def test_what_the_duplicate_said_of_a_person_is_handed_over_and_erased(company: Company) -> None:
    path = company.path.with_name("rows.csv")
    path.write_text("Company ID,Company Name,Contact,Street\n7,Bob,Roberta,Loom Lane 7\n", encoding="utf-8")
    company.ltc("import", "customers", str(path), "--on-duplicate", "update")
    company.ltc("collect", "K1", "100", today="2026-03-01")
    company.ltc("collect", "INV-2026-0003", "--currency", "USD", today="2026-03-01")
    company.ltc("refund", "P1", today="2026-03-01")
    merged(company)
    (told,) = company.ltc("export", "person", "K1")["merged"]
    assert [told[key] for key in ("ref", "into", "contact", "address")] == ["K2", "K1", "Roberta", "Loom Lane 7"]
    for contract in ("C1", "C2", "C3"):
        company.ltc("ship", contract)
    company.ltc("erase", "K2")
    assert company.run("export", "person", "K1") == 0
    assert "Roberta" not in company.out
    assert not any("Loom Lane" in str(row) for row in company.dump()["customer"])


# Dunning


@pytest.fixture
def late(tmp_path: Path) -> Iterator[Company]:
    """K1 Ada and K2 Bob, who can be written to, each 100.00 late since 1 January."""
    company = Company(tmp_path, config=CONFIG, today="2026-01-06")
    for name in ("Ada", "Bob"):
        contract = signed(company, "100", "100% sign", "2026-01-01", name=name)
        company.ltc("edit", contract["customer"], f"email={name}@x.example", today="2026-01-01")
        invoiced(company, contract["ref"], "2026-01-01")
    yield company
    audit(company)


def dunned(company: Company, on: str, *options: str) -> list[tuple[Any, ...]]:
    to = options or ("--to-folder", str(company.path.with_name("mails")))
    return [
        (row["customer"], row["level"], row["amount"], row["fee"], row["status"])
        for row in company.ltc("dun", *to, today=on)
    ]


def test_notices_that_wait_do_not_go_and_are_decided_anew(late: Company) -> None:
    """Two fees of 10.00 are withdrawn with their notices; the one notice for both has one fee."""
    assert dunned(late, "2026-01-06", "--no-send") == [
        ("K1", "a", "100.00", "10.00", "queued"),
        ("K2", "a", "100.00", "10.00", "queued"),
    ]
    assert aging(late, "2026-01-06")["K2", "EUR"] == {"current": "10.00", "1-30": "100.00"}
    late.ltc("customer", "merge", "K1", "K2", today="2026-01-06")
    folder = str(late.path.with_name("mails"))
    sent = late.ltc("outbox", "send", "--to-folder", folder, today="2026-01-06")
    assert {(mail["status"], mail["said"]) for mail in sent} == {("cancelled", "K2 was merged into K1 in the meantime")}
    assert aging(late, "2026-01-06") == {("K1", "EUR"): {"1-30": "200.00"}}
    assert dunned(late, "2026-01-06") == [("K1", "a", "200.00", "10.00", "sent")]
    assert dunned(late, "2026-01-07") == []


def test_levels_and_claims_go_on_where_they_were(late: Company) -> None:
    """Both had their first level on the 6th; the second is due 20 days late, and the fees of the first are open."""
    assert [row[0] for row in dunned(late, "2026-01-06")] == ["K1", "K2"]
    merged(late)
    assert dunned(late, "2026-01-20") == []
    assert dunned(late, "2026-01-21") == [("K1", "b", "200.00", "20.00", "sent")]
    assert {row["customer"] for row in late.ltc("list", "notices")} == {"K1"}
    paid = late.ltc("collect", "K1", today="2026-01-22")
    assert paid["amount"] == "220.00"


def test_a_plan_from_before_is_out_of_date(late: Company) -> None:
    plan = str(late.path.with_name("plan.json"))
    dunned(late, "2026-01-06", "--plan", plan)
    merged(late)
    late.ltc("dun", "--apply", plan, "--no-send", today="2026-01-06", fails=5)


def test_a_hold_of_one_holds_both_until_it_is_released(late: Company) -> None:
    """A release of the one that stays, said before, was not about the other."""
    late.ltc("hold", "K2", "--until", "2026-03-01", "--reason", "moving", today="2026-01-02")
    late.ltc("hold", "K1", "--until", "2026-03-01", "--reason", "asked", today="2026-01-02")
    late.ltc("release", "K1", today="2026-01-03")
    merged(late)
    assert dunned(late, "2026-01-06") == []
    late.ltc("release", "K1", today="2026-01-07")
    assert dunned(late, "2026-01-07") == [("K1", "a", "200.00", "10.00", "sent")]


def test_unapplied_credit_of_one_covers_what_the_other_owes(late: Company) -> None:
    late.ltc("collect", "K2", "200", today="2026-01-02")
    merged(late)
    assert dunned(late, "2026-01-06") == []
