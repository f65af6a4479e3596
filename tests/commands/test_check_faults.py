"""`ltc check` proves every invariant of design 3: for each of its checks a fault is put into the file, and found."""

from __future__ import annotations

import shlex
import sqlite3
from contextlib import closing
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import pytest

from ltc_cli.reports.check import CHECKS
from ltc_cli.rules.aging import Bucket, buckets
from tests.commands import test_check, test_close
from tests.commands.test_check import broken
from tests.support import Company, folder_in_memory, leave_unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CONFIG: Final = """
taxes: {Z: {rate: 0%, category: Z}, S19: {rate: 19%, category: S}, I19: {rate: 19%, category: S, inclusive: true}}
tax: Z
mail: {from: billing@acme.example}
"""

# C1: 4 × 25.00 + 19 %, by document. C2: 119.00 with 19 % inside, unrounded. C3: three fixed shares, two of them billed.
MADE: Final = (
    "lead add Ada --company Engines --email ada@engines.example --external-id X1",
    "promote L1",
    "quote O1 --line Widget:4:25:S19",
    "sign O1 --terms '100% ship; due 50%+10d, rest+20d'",
    "ship C1 --line 1=3",
    "ship --returned S1 --line 1=1",
    "invoice C1",
    "collect C1 20",
    "lead add Bob --company Looms",
    "promote L2",
    "quote O2 --line Loom:1:119:I19 --rounding unrounded",
    "sign O2 --terms '50% sign, 50% accept'",
    "invoice C2",
    "collect C2 100",
    "reverse P2 --reason bounced",
    "lead add Cyd --company Kilns --key K-1",
    "promote L3 --amount 'JPY 900'",
    "sign O3 --terms '300 sign, 300 2026-06-01, rest 2027-01-01'",
    "invoice C3",
    "send INV-2026-0001 --no-send",
)

# Statements, and the check that has to find it; now and then others find it, too.
FAULTS: Final = (
    ("UPDATE receivable SET currency = CAST(x'ff' AS TEXT); UPDATE payment SET amount_minor = -5", "pages"),
    ("UPDATE lead SET merged_into_id = 99 WHERE id = 1", "references"),
    ("UPDATE invoice_line SET plan_share_id = 99", "references"),
    ("UPDATE external_id SET record_id = 99", "references"),
    ("UPDATE lead SET merged_into_id = 1 WHERE id = 2", "once"),
    ("DROP INDEX opportunity_lead; UPDATE opportunity SET lead_id = 1 WHERE id = 2", "once"),
    ("UPDATE journal SET actor = 'eve' WHERE id = 3", "journal"),
    ("UPDATE journal SET sha256 = printf('%064d', id) WHERE id = 3", "journal"),
    ("DELETE FROM journal WHERE id = 3", "journal"),
    ("UPDATE journal_detail SET body = '{}' WHERE journal_id = 3", "journal"),
    ("UPDATE document SET body = CAST(body || x'20' AS BLOB) WHERE format = 'ltc-invoice-1'", "documents"),
    ("UPDATE invoice SET issued_on = '2026-06-14' WHERE id = 1", "archive"),
    ("UPDATE invoice SET total_minor = total_minor + 1 WHERE id = 1", "archive"),
    ("UPDATE outbox_attempt SET state = 'sent'", "outbox"),
    ("UPDATE invoice_line SET net_minor = net_minor + 1 WHERE id = 1", "lines"),
    ("UPDATE quote_line SET price_micro = price_micro + 10000 WHERE id = 1", "lines"),
    ("UPDATE contract_line SET discount_minor = 1 WHERE id = 1", "lines"),
    ("UPDATE contract_line SET quantity_micro = 4000000000000000000, price_micro = 4000000000000000000", "lines"),
    ("UPDATE contract SET tax_minor = tax_minor + 1 WHERE id = 1", "totals"),
    ("UPDATE contract SET net_minor = net_minor - 1, tax_minor = tax_minor + 1 WHERE id = 2", "totals"),
    ("UPDATE contract SET amount_minor = amount_minor + 1 WHERE id = 3", "totals"),
    ("UPDATE contract_line SET rate_ppm = 70000 WHERE id = 1", "totals"),
    ("UPDATE quote SET tax_minor = 0 WHERE id = 1", "totals"),
    ("DELETE FROM contract_line WHERE contract_id = 1", "totals"),
    ("UPDATE invoice_tax SET tax_minor = tax_minor + 1 WHERE invoice_id = 1", "invoices"),
    ("UPDATE invoice SET net_minor = net_minor + 1 WHERE id = 1", "invoices"),
    ("UPDATE invoice_tax SET base_minor = base_minor + 1, tax_minor = tax_minor - 1 WHERE invoice_id = 1", "bases"),
    ("UPDATE receivable SET amount_minor = amount_minor + 1 WHERE id = 1", "instalments"),
    ("UPDATE receivable SET customer_id = 2 WHERE id = 1", "instalments"),
    ("DELETE FROM receivable WHERE invoice_id = 3", "instalments"),
    ("UPDATE settlement SET amount_minor = 99900 WHERE id = 1", "balances"),
    ("UPDATE settlement SET settled_on = '2026-06-14' WHERE id = 1", "settlements"),
    ("UPDATE payment SET currency = 'USD' WHERE id = 1", "settlements"),
    ("UPDATE payment SET amount_minor = 1999 WHERE id = 1", "payments"),
    (
        "DELETE FROM settlement WHERE kind = 'reversal'",
        "payments",
    ),
    ("UPDATE payment SET received_on = '2026-06-16' WHERE id = 1", "held"),
    ("UPDATE settlement SET amount_minor = amount_minor + 1 WHERE kind = 'reversal'", "reversals"),
    ("UPDATE settlement SET settled_on = '2026-06-14' WHERE kind = 'reversal'", "reversals"),
    ("UPDATE settlement SET payment_id = NULL WHERE id = 1", "aging"),
    ("UPDATE payment SET customer_id = 2 WHERE id = 1", "aging"),
    ("UPDATE plan_share SET amount_minor = amount_minor + 1 WHERE id = 1", "plans"),
    ("UPDATE invoice_line SET net_minor = net_minor * 9 WHERE id = 1", "plans"),
    ("UPDATE shipment_line SET quantity_micro = 6000000 WHERE quantity_micro > 0", "shipments"),
    ("UPDATE shipment_line SET quantity_micro = -5000000 WHERE quantity_micro < 0", "shipments"),
    ("UPDATE invoice SET seq = 9 WHERE id = 2", "numbers"),
    ("UPDATE series SET next_seq = 9", "numbers"),
    ("DELETE FROM invoice WHERE id = 2", "numbers"),
    ("UPDATE invoice SET issued_on = '2026-06-20' WHERE id = 1", "dates"),
    ("DROP TRIGGER invoice_never_changes", "triggers"),
)

ELSEWHERE: Final = {rule for _statement, rule, _example in test_check.FAULTS} | {
    "amendments",  # test_check_amendments.py
    "closed",  # test_close.py
    "erasure",  # test_erase.py
    "notices",  # test_check_dunning.py
    "sequences",  # test_sequences.py
    "suppression",  # test_sequences.py
    "tasks",  # tests/stories/test_tasks.py
    "discounts",  # test_check_payments.py
    "realised",  # test_check_payments.py
}


@pytest.fixture(scope="module")
def made() -> Iterator[bytes]:
    with folder_in_memory() as folder:
        company = Company(folder, config=CONFIG)
        for line in MADE:
            company.ltc(*shlex.split(line))
        leave_unknown(company.path)
        yield company.path.read_bytes()


@pytest.fixture
def company(made: bytes) -> Iterator[Company]:
    with folder_in_memory() as folder:
        company = Company(folder, config=CONFIG)
        company.path.write_bytes(made)
        company.path.chmod(0o600)
        yield company


def tamper(company: Company, statements: str) -> None:
    """Change the file behind the back of its triggers and constraints; triggers it does not name are put back."""
    with closing(sqlite3.connect(company.path, isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = 1")
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        connection.execute("BEGIN")
        for name, _sql in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements.split("; "):
            if not statement.startswith("DROP TRIGGER"):
                changed = connection.execute(statement).rowcount
                assert changed, f"{statement} met nothing"
        for name, sql in triggers:
            if f"DROP TRIGGER {name}" not in statements:
                connection.execute(sql)
        connection.execute("COMMIT")


def test_the_company_is_sound_before(company: Company) -> None:
    assert broken(company) == {}


@pytest.mark.parametrize(("statements", "rule"), FAULTS)
def test_a_fault_is_found(statements: str, rule: str, company: Company) -> None:
    tamper(company, statements)
    assert rule in broken(company)


def a_day_late(as_of: date, edges: Sequence[int]) -> list[Bucket]:
    """Buckets of the day after: what is due on the day is past due."""
    return buckets(as_of + timedelta(1), edges)


@pytest.mark.parametrize(
    ("place", "bug", "example"),
    [
        # Of INV-2026-0001 9.75 is due on June 25; INV-2026-0002 is due on the day it was issued, and current on it.
        ("ltc_cli.reports.aging._open", lambda *_: [], "the buckets of K1 in EUR on 2026-06-15"),
        ("ltc_cli.reports.checks.owed.buckets", a_day_late, "the buckets of K2 in EUR on 2026-06-15"),
    ],
)
def test_a_bug_in_aging_is_found(
    company: Company, place: str, bug: object, example: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, bug)
    assert broken(company)["aging"].startswith(example)


def test_every_check_is_proven_by_a_fault() -> None:
    assert {check.name for check in CHECKS} == {rule for _statements, rule in FAULTS} | ELSEWHERE
    assert test_close.FAULTS
