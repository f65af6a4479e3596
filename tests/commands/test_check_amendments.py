"""`ltc check` finds what is wrong with a contract that was amended, extended or terminated: each fault by itself."""

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

# C1: 10 × 100, 5 of it shipped, a line of 200 more. C2: a fee without end, two months billed, terminated in the third.
MADE = (
    ("lead add Ada --company Engines", "2026-06-01"),
    ("promote L1", "2026-06-01"),
    ("quote O1 --line Widget:10:100", "2026-06-01"),
    ("sign O1 --terms '30% sign, 70% ship'", "2026-06-01"),
    ("invoice C1", "2026-06-01"),
    ("ship C1 --line 1=5", "2026-06-02"),
    ("amend C1 --line Cog:2:100 --reason more", "2026-06-03"),
    ("amend C1 --line 1=8", "2026-06-04"),
    ("lead add Bob --company Looms", "2026-06-01"),
    ("promote L2", "2026-06-01"),
    ("sign O2 --terms '900 monthly@1 from sign' --on 2026-06-01", "2026-06-04"),
    ("invoice --due", "2026-07-02"),
    ("terminate C2 --on 2026-08-10 --reason notice", "2026-07-03"),
)

FAULTS = [
    ("UPDATE amendment SET amount_minor = amount_minor + 1 WHERE id = 2", "totals", "contract 1"),
    ("UPDATE amendment SET tax_minor = 1 WHERE id = 2", "totals", "contract 1"),
    ("UPDATE amendment SET amount_minor = amount_minor + 1 WHERE id = 2", "plans", "C1"),
    (
        "UPDATE contract_line_change SET quantity_micro = 9000000 WHERE amendment_id = 2",
        "lines",
        "line 1 of contract 1",
    ),
    ("UPDATE contract_line_change SET quantity_micro = 4000000 WHERE amendment_id = 2", "shipments", "C1 line 1"),
    ("UPDATE contract_line SET net_minor = net_minor + 1 WHERE amendment_id = 1", "totals", "contract 1"),
    ("UPDATE contract_line SET amendment_id = NULL WHERE amendment_id = 1", "totals", "contract 1"),
    ("UPDATE plan_share_change SET amount_minor = amount_minor - 1 WHERE amendment_id = 2", "plans", "C1"),
    ("UPDATE plan_share SET amendment_id = NULL", "plans", "C2"),
    ("UPDATE plan_share SET amount_minor = 89999 WHERE contract_id = 2 AND position = 2", "plans", "C2"),
    ("DELETE FROM plan_share WHERE contract_id = 2 AND position = 3", "plans", "C2"),
    ("UPDATE amendment SET amended_on = '2026-06-05' WHERE id = 1", "amendments", "C1 on 2026-06-04"),
    ("UPDATE amendment SET amended_on = '2026-05-31' WHERE id = 1", "amendments", "C1 on 2026-05-31"),
    ("UPDATE amendment SET kind = 'terminated' WHERE id = 1", "amendments", "C1 on 2026-06-04"),
    ("UPDATE amendment SET document_sha256 = NULL WHERE id = 1", "amendments", "C1 on 2026-06-03"),
    ("UPDATE amendment SET effective_on = '2026-07-31' WHERE kind = 'terminated'", "amendments", "C2 share 3"),
    ("UPDATE plan_share_change SET plan_share_id = 3 WHERE amendment_id = 2", "amendments", "C1 share 1"),
    ("UPDATE contract_line_change SET contract_line_id = 3 WHERE amendment_id = 2", "amendments", "C1 line 1"),
    ("UPDATE amendment SET contract_id = 99 WHERE id = 1", "references", "amendment 1 points to no contract"),
]


@pytest.fixture(scope="module")
def sound() -> Iterator[bytes]:
    with folder_in_memory() as folder:
        company = Company(folder)
        for line, day in MADE:
            company.ltc(*shlex.split(line), today=day)
        yield company.path.read_bytes()


@pytest.fixture
def company(sound: bytes, tmp_path: Path) -> Company:
    company = Company(tmp_path)
    company.path.write_bytes(sound)
    company.path.chmod(0o600)
    return company


def test_a_company_that_amended_and_terminated_is_sound(company: Company) -> None:
    assert broken(company) == {}
    shown = {row["ref"]: (row["amount"], row["status"]) for row in company.ltc("list", "contracts")}
    # 8 × 100 + 2 × 100; two months and ten of the 31 days of August: 900 × 10 / 31 = 290.322…
    assert shown == {"C1": ("1000.00", "signed"), "C2": ("2090.32", "terminated")}


@pytest.mark.parametrize(("statement", "rule", "example"), FAULTS)
def test_a_fault_is_found_and_named(company: Company, statement: str, rule: str, example: str) -> None:
    tamper(company, statement)
    found = broken(company)
    assert rule in found
    assert found[rule].startswith(example)


@pytest.mark.parametrize("table", ["amendment", "contract_line_change", "plan_share_change"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET rowid = rowid + 100"])
def test_what_was_agreed_never_changes(company: Company, table: str, statement: str) -> None:
    with closing(sqlite3.connect(company.path)) as connection, pytest.raises(sqlite3.IntegrityError, match="a fact is"):
        connection.execute(statement.format(table))
