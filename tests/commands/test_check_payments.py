"""`ltc check` finds what is wrong with discounts, payments in another currency, and what was undone."""

from __future__ import annotations

import shlex
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.commands.test_check import broken, tamper
from tests.support import Company, folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG = "taxes: {Z: {rate: 0%, category: Z}, S15: {rate: 15%, category: S}}\n"
TEN = "--terms '100% sign; 10%/10'"

# Each invoice with the ids of its settlements.
MADE = (
    "lead add Ada --company Engines",
    "promote L1",
    f"quote O1 --line Work:1:1000:S15 {TEN}",
    "sign O1",
    "invoice C1",
    "collect C1 500",  # 1
    "collect C1",  # 2: 535.00, and 3: the discount of 115.00
    "rate USD 0.92",
    "lead add Bob --company Engines",
    "promote L2 --amount 100",
    "sign O2 --terms '100% sign'",
    "invoice C2",
    "collect C2 'USD 120'",  # 4: 108.70 USD, 11.30 are left
    "refund P3 11.30",
    "refund P3 --undo --reason closed",
    "lead add Cyd --company Engines",
    "promote L3 --amount 'USD 100'",
    "sign O3 --terms '100% sign'",
    "invoice C3",
    "collect C3",  # 5
    "lead add Dot --company Engines",
    "promote L4 --amount 200",
    f"sign O4 {TEN}",
    "invoice C4",
    "collect C4",  # 6, and 7: the discount of 20.00
    "reverse P5 --reason bounced",  # 8 and 9
    "writeoff C4 --reason gone",  # 10
    "writeoff C4 --undo --reason found",  # 11
    "collect C2 'USD 1'",
)

FAULTS = [
    # discounts
    ("UPDATE invoice_discount SET amount_minor = 11499 WHERE invoice_id = 1", "discounts", "INV-2026-0001"),
    ("UPDATE invoice_discount SET amount_minor = 115001 WHERE invoice_id = 1", "discounts", "offer of INV-2026-0001"),
    ("UPDATE invoice_discount SET until_on = '2026-06-14'", "discounts", "offer of INV-2026-0001"),
    ("DELETE FROM invoice_discount WHERE invoice_id = 1", "discounts", "INV-2026-0001"),
    ("DELETE FROM invoice_discount WHERE invoice_id = 4", "archive", "INV-2026-0004"),
    ("UPDATE invoice_discount SET until_on = '2026-06-26' WHERE invoice_id = 1", "archive", "INV-2026-0001"),
    ("UPDATE payment SET received_on = '2026-06-26' WHERE id = 2", "discounts", "settlement 3"),
    ("UPDATE discount SET payment_id = 4 WHERE settlement_id = 3", "discounts", "settlement 3"),
    ("UPDATE discount SET payment_id = 99 WHERE settlement_id = 3", "references", "discount 3 points to no payment"),
    ("DELETE FROM discount WHERE settlement_id = 3", "settlements", "settlement 3"),
    ("UPDATE discount_tax SET tax_minor = tax_minor + 1 WHERE settlement_id = 3", "discounts", "settlement 3"),
    (
        "UPDATE discount_tax SET base_minor = 0, tax_minor = 11500 WHERE settlement_id = 3",
        "discounts",
        "INV-2026-0001 S15",
    ),
    ("UPDATE discount_tax SET base_minor = 0, tax_minor = 15001", "discounts", "settlement 3"),
    ("UPDATE discount_tax SET code = 'R7' WHERE settlement_id = 3", "discounts", "INV-2026-0001 R7"),
    ("DELETE FROM discount_tax WHERE settlement_id = 3", "discounts", "settlement 3"),
    ("UPDATE settlement SET amount_minor = 11501 WHERE id = 3", "balances", "receivable 1 on 2026-06-15"),
    ("UPDATE settlement SET payment_id = 2 WHERE id = 3", "settlements", "settlement 3"),
    ("UPDATE settlement SET kind = 'payment' WHERE id = 3", "settlements", "settlement 3"),
    ("DELETE FROM settlement WHERE id = 9", "discounts", "P5"),
    # payments in another currency
    ("UPDATE settlement SET paid_minor = NULL WHERE id = 4", "settlements", "settlement 4"),
    ("UPDATE settlement SET paid_minor = 50000 WHERE id = 1", "settlements", "settlement 1"),
    ("UPDATE settlement SET paid_minor = 11500 WHERE id = 3", "settlements", "settlement 3"),
    ("UPDATE settlement SET paid_minor = 12001 WHERE id = 4", "payments", "P3"),
    ("UPDATE payment SET currency = 'CHF' WHERE id = 4", "settlements", "settlement 5"),
    ("UPDATE realised SET invoiced_minor = invoiced_minor + 1 WHERE settlement_id = 4", "realised", "settlement 4"),
    ("UPDATE realised SET settlement_id = 1 WHERE settlement_id = 4", "realised", "settlement 1"),
    ("UPDATE realised SET settlement_id = 3 WHERE settlement_id = 4", "realised", "settlement 3"),
    # what was undone
    ("UPDATE refund_reversal SET reversed_on = '2026-06-14'", "reversals", "refund 1"),
    ("UPDATE refund_reversal SET refund_id = 2", "references", "refund_reversal 2 points to no refund"),
    ("UPDATE writeoff_reversal SET settlement_id = 8", "reversals", "settlement 8"),
    ("UPDATE settlement SET amount_minor = -19999 WHERE id = 11", "reversals", "settlement 11"),
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


def test_a_company_that_gave_discounts_and_took_dollars_is_sound(company: Company) -> None:
    assert broken(company) == {}
    assert [row["status"] for row in company.ltc("list", "invoices")] == ["paid", "paid", "paid", "open"]


@pytest.mark.parametrize(("statement", "rule", "example"), FAULTS)
def test_a_fault_is_found_and_named(company: Company, statement: str, rule: str, example: str) -> None:
    tamper(company, statement)
    found = broken(company)
    assert rule in found
    assert found[rule].startswith(example)


@pytest.mark.parametrize(
    "table", ["invoice_discount", "discount", "discount_tax", "realised", "refund_reversal", "writeoff_reversal"]
)
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET rowid = rowid + 100"])
def test_what_was_given_or_undone_never_changes(company: Company, table: str, statement: str) -> None:
    with closing(sqlite3.connect(company.path)) as connection, pytest.raises(sqlite3.IntegrityError, match="a fact is"):
        connection.execute(statement.format(table))
