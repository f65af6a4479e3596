"""`ltc check` finds what is wrong with the money that was credited, paid back or given up: each fault by itself."""

from __future__ import annotations

import json
import shlex
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from ltc_cli.rules import ledger
from tests.support import Company, folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG = """
taxes: {Z: {rate: 0%, category: Z}, S19: {rate: 19%, category: S}}
tax: Z
tolerance: {EUR: {amount: 0.05}}
"""

# INV-2026-0001 over 4 × 25.00 + 19 % and 31.00: 150.00. Of it 100.00 is credited, the rest was paid before.
MADE = (
    "lead add Ada --company Engines",
    "promote L1",
    "quote O1 --line Widget:4:25:S19 --line Gift:1:31",
    "sign O1",
    "ship C1",
    "invoice C1",
    "collect C1 90",
    "credit C1 100 --reason dear",  # 60.00 settle, 40.00 are left
    "refund CN-2026-0001 10",
    "lead add Bob --company Engines",
    "promote L2 --amount 50",
    "sign O2 --terms '100% sign'",
    "invoice C2",
    "apply CN-2026-0001 INV-2026-0002 15",
    "collect C2 30",
    "writeoff C2 2 --reason small",
    "collect C2 2.96",
    "collect K1 20",
    "refund P4 5",
    "credit INV-2026-0001 --reason all",
)

FAULTS = [
    # the numbers, the dates and the documents
    ("UPDATE series SET next_seq = 4 WHERE kind = 'credit'", "numbers", "CN-{year}-{seq:04} 2026"),
    ("UPDATE credit_note SET seq = 3 WHERE id = 2", "numbers", "CN-{year}-{seq:04} 2026"),
    ("UPDATE credit_note SET issued_on = '2026-06-16' WHERE id = 1", "dates", "CN-2026-0002"),
    ("UPDATE credit_note SET reason = 'cheap' WHERE id = 1", "archive", "CN-2026-0001"),
    ("UPDATE document SET body = x'7b7d' WHERE format = 'ltc-credit-1'", "documents", None),
    ("UPDATE credit_note_line SET net_minor = net_minor - 1 WHERE id = 1", "archive", "CN-2026-0001"),
    ("UPDATE credit_note_line SET net_minor = net_minor - 1 WHERE id = 1", "lines", "line 1 of credit_note 1"),
    ("DELETE FROM credit_note_line WHERE id = 1", "archive", "CN-2026-0001"),
    ("DELETE FROM credit_note_tax WHERE credit_note_id = 2 AND code = 'Z'", "credit notes", "CN-2026-0002"),
    # what it takes of its invoice
    ("UPDATE credit_note SET total_minor = total_minor + 1 WHERE id = 1", "credit notes", "CN-2026-0001"),
    ("UPDATE credit_note SET currency = 'USD' WHERE id = 1", "credit notes", "CN-2026-0001"),
    ("UPDATE credit_note SET issued_on = '2026-06-14'", "credit notes", "CN-2026-0001"),
    ("UPDATE credit_note SET total_minor = total_minor + 1 WHERE id = 2", "credited", "INV-2026-0001"),
    (
        "UPDATE credit_note_tax SET base_minor = base_minor + (code = 'Z') - (code = 'S19') WHERE credit_note_id = 2",
        "credited",
        "INV-2026-0001 S19",
    ),
    ("UPDATE credit_note_tax SET code = 'R7' WHERE code = 'Z'", "credited", "INV-2026-0001 R7"),
    ("UPDATE credit_note_line SET net_minor = 99900 WHERE id = 1", "credited", "INV-2026-0001 line 1"),
    ("UPDATE credit_note_line SET credited_micro = 99000000 WHERE id = 1", "credited", "INV-2026-0001 line 1"),
    # tax and rounding
    ("UPDATE invoice SET rounding_minor = 1 WHERE id = 1", "invoices", "INV-2026-0001"),
    ("UPDATE invoice SET rounding_minor = 1, tax_minor = tax_minor - 1 WHERE id = 1", "archive", "INV-2026-0001"),
    ("UPDATE invoice SET cash_step_minor = 700 WHERE id = 1", "invoices", "INV-2026-0001"),
    ("UPDATE invoice SET cash_step_minor = 700 WHERE id = 1", "instalments", "INV-2026-0001"),
    ("UPDATE invoice_line SET rate_ppm = 160000 WHERE tax_code = 'S19'", "rates", "INV-2026-0001 line 1"),
    ("UPDATE invoice_line SET category = 'E' WHERE tax_code = 'Z'", "rates", "INV-2026-0001 line 2"),
    ("UPDATE credit_note_tax SET rate_ppm = 160000 WHERE code = 'S19'", "rates", "CN-2026-0001 S19"),
    ("UPDATE invoice_tax SET reason = 'none' WHERE code = 'S19'", "archive", "INV-2026-0001"),
    ("UPDATE credit_note SET rounding_minor = 1 WHERE id = 1", "credit notes", "CN-2026-0001"),
    # what it settles
    ("UPDATE settlement SET amount_minor = 9000 WHERE kind = 'credit'", "balances", "receivable 1 on 2026-06-15"),
    ("UPDATE settlement SET settled_on = '2026-06-14' WHERE kind = 'credit'", "settlements", "settlement 2"),
    ("UPDATE settlement SET credit_id = NULL WHERE id = 2", "settlements", "settlement 2"),
    ("UPDATE settlement SET payment_id = 1 WHERE id = 2", "settlements", "settlement 2"),
    ("UPDATE settlement SET kind = 'credit' WHERE kind = 'writeoff'", "settlements", "settlement 5"),
    ("DELETE FROM writeoff WHERE reason = 'small'", "settlements", "settlement 5"),
    ("UPDATE writeoff SET settlement_id = 2 WHERE reason = 'small'", "aging", "aging of K1 in EUR on 2026-06-15"),
    # what the double entry makes of it
    ("UPDATE receivable SET issued_on = '2026-06-14' WHERE id = 1", "ledger", "receivable of K1 in EUR on 2026-06-14"),
    ("UPDATE receivable SET amount_minor = amount_minor + 1 WHERE id = 2", "instalments", "INV-2026-0002"),
    ("UPDATE settlement SET payment_id = 4 WHERE id = 2", "ledger", "receivable of K1 in EUR on 2026-06-15"),
    ("UPDATE settlement SET payment_id = NULL WHERE id = 1", "ledger", "cannot be read: 'payment'"),
    ("UPDATE settlement SET credit_id = NULL WHERE id = 2", "ledger", "cannot be read: 'credit'"),
    # what is held and paid back
    ("UPDATE refund SET amount_minor = 2501 WHERE credit_id = 1", "credits", "CN-2026-0001"),
    ("UPDATE refund SET amount_minor = 2001 WHERE payment_id = 4", "payments", "P4"),
    ("UPDATE refund SET refunded_on = '2026-06-14' WHERE payment_id = 4", "held", "P4 on 2026-06-14"),
    ("UPDATE refund SET refunded_on = '2026-06-14' WHERE credit_id = 1", "held", "CN-2026-0001 on 2026-06-14"),
    ("UPDATE refund SET currency = 'USD' WHERE payment_id = 4", "held", "refund 2"),
    ("UPDATE refund SET customer_id = 99 WHERE payment_id = 4", "held", "refund 2"),
    ("UPDATE refund SET payment_id = 99 WHERE payment_id = 4", "references", "refund 2 points to no payment"),
]


@pytest.fixture(scope="module")
def sound() -> Iterator[bytes]:
    with folder_in_memory() as folder:
        company = Company(folder, config=CONFIG)
        for line in MADE:
            company.ltc(*shlex.split(line))
        yield company.path.read_bytes()


@pytest.fixture
def company(sound: bytes, tmp_path: Path) -> Company:
    company = Company(tmp_path, config=CONFIG)
    company.path.write_bytes(sound)
    company.path.chmod(0o600)
    return company


def broken(company: Company) -> dict[str, str]:
    """The rules that do not hold, each with its first example."""
    code = company.run("check", "--json")
    found = {row["check"]: row["example"] for row in json.loads(company.out) if row["broken"]}
    assert code == (7 if found else 0)
    return found


def tamper(company: Company, statement: str) -> None:
    """Change the file behind the back of its triggers, and put them back."""
    with closing(sqlite3.connect(company.path, isolation_level=None)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        connection.execute("BEGIN")
        for name, _sql in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        changed = connection.execute(statement).rowcount
        for _name, sql in triggers:
            connection.execute(sql)
        connection.execute("COMMIT")
    assert changed, "the fault met nothing"


def test_a_company_that_credited_refunded_and_wrote_off_is_sound(company: Company) -> None:
    assert broken(company) == {}
    assert {row["status"] for row in company.ltc("list", "invoices")} == {"credited", "written_off"}


@pytest.mark.parametrize(("statement", "rule", "example"), FAULTS)
def test_a_fault_is_found_and_named(company: Company, statement: str, rule: str, example: str | None) -> None:
    tamper(company, statement)
    found = broken(company)
    assert rule in found
    assert example is None or found[rule].startswith(example)


def half_a_claim(owed: ledger.Owed, amount_minor: int) -> ledger.Posting:
    """A posting that is a cent short."""
    return ledger.Posting(ledger.receivable(owed.customer), amount_minor - 1, owed.currency, owed.invoice, owed.due_on)


def as_sales(_customer: str) -> ledger.Account:
    return ledger.SALES


@pytest.mark.parametrize(
    ("place", "bug", "example"),
    [
        ("_owed", half_a_claim, "cannot be read: in double entry INV-2026-0001 does not sum to zero in EUR"),
        ("credit", as_sales, "credit of K1 in EUR on 2026-06-15"),
    ],
)
def test_a_bug_in_double_entry_is_found(
    company: Company, place: str, bug: object, example: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, place, bug)
    found = broken(company)
    assert found.keys() == {"ledger"}
    assert found["ledger"].startswith(example)


@pytest.mark.parametrize("table", ["credit_note_line", "credit_note_tax", "refund", "writeoff"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET rowid = rowid + 100"])
def test_what_was_credited_or_paid_back_never_changes(company: Company, table: str, statement: str) -> None:
    with closing(sqlite3.connect(company.path)) as connection, pytest.raises(sqlite3.IntegrityError, match="a fact is"):
        connection.execute(statement.format(table))
