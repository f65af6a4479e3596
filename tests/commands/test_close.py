"""`ltc close`: nothing gets into a closed month, by whatever way it comes, and what it said is proven."""

from __future__ import annotations

import json
import shlex
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

import pytest

from ltc_cli.schema import CLOSED_DAYS
from ltc_cli.stages.closing import SEALED
from tests.commands.test_check import broken, tamper
from tests.support import Company, folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG: Final = "tolerance: {EUR: {amount: 0.05}}\n"
TODAY: Final = "2026-06-15"

# By the end of May 100 and 150 are invoiced of 400 and 120 is paid; 20 is credited; 7 came before, of which 3 go back.
MADE: Final = (
    ("2026-05-04", "lead add Ada --company Engines"),
    ("2026-05-04", "promote L1"),
    ("2026-05-04", "collect K1 7"),
    ("2026-05-04", "quote O1 --line Widget:4:100"),
    ("2026-05-05", "sign O1 --terms '25% sign, 75% ship'"),
    ("2026-05-05", "invoice C1"),
    ("2026-05-06", "ship C1 --line 1=2"),
    ("2026-05-07", "invoice C1"),
    ("2026-05-20", "collect C1 120"),
    ("2026-05-21", "credit INV-2026-0002 20 --reason dear"),
    ("2026-05-23", "refund P1 3"),
    ("2026-06-02", "lead add Bob --company Looms"),
    ("2026-05-02", "lead add Cyd"),
    ("2026-06-02", "promote L2 --amount 50"),
)

# What must not go into May, each with the day that it would count for.
INTO_MAY: Final = (
    "sign O2 --terms '100% sign' --on 2026-05-31",
    "ship C1 --on 2026-05-31",
    "ship --delivered S1 --on 2026-05-30",
    "ship --returned S1 --on 2026-05-30",
    "ship --accepted C1 --on 2026-05-31",
    "collect C1 5 --on 2026-05-31",
    "collect K1 5 --on 2026-05-01",
    "collect C1 5 --on 2020-01-01",
    "credit INV-2026-0001 5 --reason x --on 2026-05-31",
    "refund P1 1 --on 2026-05-31",
    "reverse P2 --reason bounced --on 2026-05-31",
    "writeoff INV-2026-0002 1 --reason small --on 2026-05-31",
    "collect C1 5 --today 2026-05-31",
    "reverse P2 --reason bounced --today 2026-05-31",
    "credit INV-2026-0001 5 --reason x --today 2026-05-31",
    "apply P1 INV-2026-0002 1 --today 2026-05-31",
    "refund P1 --undo --reason returned --today 2026-05-31",
)
# What belongs to no books may be told late.
BESIDE_THE_BOOKS: Final = (
    "lead qualify L3 --on 2026-05-31",
    "nurture L2 --log call --on 2026-05-20",
    "rate USD 0.92 --on 2026-05-31",
    "lose O2 --reason price",
)
# Corrections fall into the open month.
INTO_JUNE: Final = (
    "reverse P2 --reason bounced",
    "credit INV-2026-0001 5 --reason x",
    "writeoff INV-2026-0002 1 --reason small",
    "refund P1",
    "apply P1 INV-2026-0002",
    "collect C1 5 --on 2026-06-01",
    "ship C1",
)

LATE: Final = (
    "INSERT INTO payment (customer_id, received_on, currency, amount_minor, recorded_at)"
    " VALUES (1, '2026-05-31', 'EUR', 1, '-')"
)
FAULTS: Final = (
    ("UPDATE payment SET received_on = '2026-06-01' WHERE id = 1", "receivables in EUR on 2026-05-31 are not those"),
    ("UPDATE payment SET customer_id = 2 WHERE id = 2", "facts up to 2026-05-31 are not those"),
    ("UPDATE shipment_line SET quantity_micro = 1000000", "facts up to 2026-05-31 are not those"),
    ("DELETE FROM refund", "receivables in EUR on 2026-05-31 are not those"),
    ("UPDATE period_close_total SET amount_minor = amount_minor + 1", "receivables in EUR on 2026-05-31"),
    ("UPDATE period_close SET facts_sha256 = 'x'", "facts up to 2026-05-31"),
    ("UPDATE period_close SET journal_sha256 = 'x'", "journal entry"),
    (LATE, "receivables in EUR on 2026-05-31"),
)


@pytest.fixture(scope="module")
def made() -> Iterator[bytes]:
    with folder_in_memory() as folder:
        company = Company(folder, config=CONFIG)
        for day, line in MADE:
            company.ltc(*shlex.split(line), today=day)
        yield company.path.read_bytes()


@pytest.fixture
def company(made: bytes) -> Iterator[Company]:
    with folder_in_memory() as folder:
        company = Company(folder, config=CONFIG)
        company.path.write_bytes(made)
        company.path.chmod(0o600)
        yield company


@pytest.fixture
def closed(company: Company) -> Company:
    company.ltc("close", "2026-05")
    return company


def test_a_month_is_closed_with_what_is_owed_at_its_end(company: Company) -> None:
    """100 and 150 invoiced; 120 paid, 20 credited, 7 held of which 3 went back: 106."""
    answer = company.ltc("close", "2026-05")
    assert (answer["month"], answer["status"], answer["closed_until"], answer["closed_on"]) == (
        "2026-05",
        "closed",
        "2026-05-31",
        TODAY,
    )
    assert answer["receivables"] == [{"currency": "EUR", "amount": "106.00"}]
    (row,) = company.ltc("aging", "--as-of", "2026-05-31")
    assert row["total"] == "106.00"
    assert broken(company) == {}


@pytest.mark.parametrize("line", INTO_MAY)
def test_nothing_is_dated_into_a_closed_month(line: str, closed: Company) -> None:
    before = closed.dump()
    error = closed.ltc(*shlex.split(line), fails=4)
    assert (
        "is in a closed month: the books are closed up to 2026-05-31, the first open day is 2026-06-01"
        in (error["message"])
    )
    assert error["hint"].startswith("date it 2026-06-01 or later; ltc close 2026-05 --reopen")
    assert closed.dump() == before


@pytest.mark.parametrize("line", INTO_MAY)
def test_before_it_was_closed_that_was_possible(line: str, company: Company) -> None:
    company.run(*shlex.split(line), "--json")
    assert "closed" not in company.err


@pytest.mark.parametrize("line", [*BESIDE_THE_BOOKS, *INTO_JUNE])
def test_what_is_no_part_of_the_closed_books_goes_on(line: str, closed: Company) -> None:
    closed.ltc(*shlex.split(line))
    assert broken(closed) == {}


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("payments", "Customer,Payment Date,Amount\nEngines,2026-05-31,119.00\nEngines,2026-06-01,1.00\n"),
        (
            "invoices",
            "Invoice No,Customer,Invoice Date,Total\nR-1,Engines,2026-05-03,9.00\nR-2,Engines,2026-06-03,9.00\n",
        ),
        ("contracts", "Contract No,Customer,Amount,Date Signed\n1,Engines,900,2026-02-03\n2,Engines,90,2026-06-03\n"),
        ("shipments", "Contract,Ship Date\nC1,2026-05-30\nC1,2026-06-04\n"),
    ],
)
def test_an_imported_row_into_a_closed_month_is_rejected(kind: str, text: str, closed: Company, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(text, encoding="utf-8")
    assert closed.run("import", kind, str(file), "--json") == 8
    answer = json.loads(closed.out)
    assert (answer["created"], answer["rejected"]) == (1, 1)
    assert "line 2: 2026-0" in closed.err
    assert "is in a closed month" in closed.err
    assert broken(closed) == {}


@pytest.fixture
def rated(company: Company, tmp_path: Path) -> Company:
    """A dollar was 0.90 from 10 May on and 0.92 from 20 May on when May was closed."""
    file = tmp_path / "rates.csv"
    file.write_text("Date,Currency,Rate\n2026-05-10,USD,0.90\n2026-05-20,USD,0.92\n", encoding="utf-8")
    company.ltc("import", "rates", str(file))
    company.ltc("close", "2026-05")
    return company


@pytest.mark.parametrize("day", ["2026-05-10", "2026-05-15", "2026-05-31"])
def test_a_rate_that_a_closed_month_is_converted_by_stays(day: str, rated: Company, tmp_path: Path) -> None:
    before = rated.dump(), rated.ltc("aging", "--in", "USD", "--as-of", "2026-05-31")
    error = rated.ltc("rate", "USD", "0.99", "--on", day, fails=4)
    assert error["message"].startswith(f"{day} is in a closed month: the books are closed up to 2026-05-31")
    assert error["hint"].startswith("date it 2026-06-01 or later; ltc close 2026-05 --reopen")
    file = tmp_path / "late.csv"
    file.write_text(f"Date,USD,GBP,\n{day},1.25,0.8,\n2026-06-01,1.25,0.8,\n", encoding="utf-8")
    assert rated.run("import", "rates", str(file), "--rejects", str(tmp_path / "rejects"), "--json") == 8
    assert json.loads(rated.out)["created"] == 1
    assert f"line 2: {day} is in a closed month" in rated.err
    assert rated.ltc("import", "undo", "2")["taken_back"] == 2
    assert rated.run("import", "undo", "1", "--json") == 8
    assert "its month is closed" in rated.out
    assert rated.ltc("aging", "--in", "USD", "--as-of", "2026-05-31") == before[1]
    assert rated.dump()["rate"] == before[0]["rate"]
    rated.ltc("close", "2026-05", "--reopen", "--reason", "a rate was wrong")
    rated.ltc("rate", "USD", "0.99", "--on", day)


def test_where_no_rate_was_known_a_closed_month_may_learn_one(rated: Company, tmp_path: Path) -> None:
    """It said nothing in that currency, or nothing yet on that day: so the ECB's file can be read at any time."""
    file = tmp_path / "ecb.csv"
    file.write_text("Date,USD,GBP,\n2026-05-09,1.25,0.8,\n2026-05-08,1.24,0.81,\n", encoding="utf-8")
    assert rated.ltc("import", "rates", str(file))["created"] == 2
    rated.ltc("rate", "GBP", "1.2", "--on", "2026-05-20")
    rated.ltc("rate", "USD", "0.99", "--on", "2026-06-01")
    assert broken(rated) == {}


@pytest.mark.parametrize(
    "statement", ["DELETE FROM rate", "UPDATE rate SET base_micro = 1", "INSERT INTO rate SELECT 9, {}"]
)
def test_the_file_itself_keeps_its_rates(statement: str, rated: Company) -> None:
    rest = "currency, base, rate_on, 1, 1, recorded_at, batch_id FROM rate LIMIT 1"
    with closing(sqlite3.connect(rated.path)) as connection, pytest.raises(sqlite3.IntegrityError, match="is closed"):
        connection.execute(statement.format(rest))


@pytest.mark.parametrize("table", CLOSED_DAYS)
def test_the_file_itself_refuses_it(table: str, closed: Company) -> None:
    """Every table of the books has its guard, whoever writes."""
    with closing(sqlite3.connect(closed.path)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = 1")
        day = CLOSED_DAYS[table]
        with pytest.raises(sqlite3.IntegrityError, match=f"{table}: the month is closed"):
            connection.execute(f"INSERT INTO {table} ({day}) VALUES ('2026-05-31')")


def test_what_is_guarded_is_sealed() -> None:
    assert {table: day for table, (day, _columns) in SEALED.items()} == CLOSED_DAYS


@pytest.mark.parametrize(("month", "today"), [("2026-06", TODAY), ("2026-05", "2026-05-31"), ("2027-01", TODAY)])
def test_a_month_that_is_not_over_is_not_closed(month: str, today: str, company: Company) -> None:
    before = company.dump()
    assert "it is not over" in company.ltc("close", month, today=today, fails=4)["message"]
    assert company.dump() == before


@pytest.mark.parametrize("month", ["2026-05", "2026-04", "2019-12"])
def test_what_is_closed_already_says_so(month: str, closed: Company) -> None:
    before = closed.dump()
    answer = closed.ltc("close", month)
    assert (answer["month"], answer["status"], answer["closed_until"]) == (month, "closed", "2026-05-31")
    assert f"{month} is closed already" in closed.err
    assert closed.dump() == before


def test_the_next_month_is_closed_after_it(closed: Company) -> None:
    closed.ltc("close", "2026-06", today="2026-07-01")
    closed.ltc("collect", "K1", "5", "--on", "2026-06-30", today="2026-07-02", fails=4)
    closed.ltc("collect", "K1", "5", today="2026-07-02")
    assert broken(closed) == {}


def test_a_month_is_opened_again_with_a_reason_and_closed_again(closed: Company) -> None:
    answer = closed.ltc("close", "2026-05", "--reopen", "--reason", "an invoice was missing")
    assert (answer["status"], answer["closed_until"], answer["reason"]) == (
        "open",
        "2026-04-30",
        "an invoice was missing",
    )
    closed.ltc("collect", "K1", "5", "--on", "2026-05-31")
    closed.ltc("collect", "K1", "5", "--on", "2026-04-30", fails=4)
    assert broken(closed) == {}
    assert closed.ltc("close", "2026-05")["receivables"] == [{"currency": "EUR", "amount": "101.00"}]
    closed.ltc("collect", "K1", "5", "--on", "2026-05-31", fails=4)
    assert [entry["verb"] for entry in closed.ltc("log") if entry["records"] == ["2026-05"]] == ["close"] * 3


def test_opening_what_is_open_says_so(company: Company) -> None:
    before = company.dump()
    assert company.ltc("close", "2026-05", "--reopen", "--reason", "x")["status"] == "open"
    assert "2026-05 is not closed" in company.err
    assert company.dump() == before


def test_a_file_that_is_not_sound_is_not_closed(company: Company) -> None:
    tamper(company, "UPDATE payment SET amount_minor = amount_minor - 1 WHERE id = 2")
    before = company.dump()
    error = company.ltc("close", "2026-05", fails=7)
    assert error["message"].startswith("the file is not sound (")
    assert "payments" in error["message"]
    assert company.dump() == before


@pytest.mark.parametrize(("statement", "example"), FAULTS)
def test_a_change_in_a_closed_month_is_found(statement: str, example: str, closed: Company) -> None:
    tamper(closed, statement)
    assert broken(closed)["closed"].startswith(example)
    code = closed.run("close", "2026-06", "--json", today="2026-07-01")
    assert code == 7


@pytest.mark.parametrize("table", ["period_close", "period_close_total"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET rowid = rowid + 100"])
def test_what_was_closed_is_a_fact(table: str, statement: str, closed: Company) -> None:
    with closing(sqlite3.connect(closed.path)) as connection, pytest.raises(sqlite3.IntegrityError, match="a fact is"):
        connection.execute(statement.format(table))


def test_a_guard_that_is_gone_is_found(closed: Company) -> None:
    with closing(sqlite3.connect(closed.path)) as connection:
        connection.execute("DROP TRIGGER payment_stays_closed")
    assert broken(closed)["triggers"] == "the trigger payment_stays_closed is gone"


def test_a_dry_run_closes_nothing(company: Company) -> None:
    company.ltc("close", "2026-05", "--dry-run")
    company.ltc("collect", "K1", "5", "--on", "2026-05-31")
