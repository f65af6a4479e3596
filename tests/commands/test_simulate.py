"""`ltc simulate`: the days to come as a real company would live them, and nothing of it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import Company

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def company(tmp_path: Path) -> Company:
    company = Company(tmp_path, today="2026-01-31")
    company.ltc("lead", "add", "Ada", "--company", "Engines", "--email", "ada@engines.example")
    company.ltc("promote", "L1", "--amount", "1200")
    company.ltc("sign", "O1", "--terms", "12 x monthly from sign; net 14")
    return company


def test_what_will_be_billed_and_when(company: Company) -> None:
    """The 31st comes back after February; 1,200.00 in twelve parts."""
    before = company.dump()
    rows = company.ltc("simulate", "--until", "2026-04-30")
    billed = [(row["on"], row["ref"], row["amount"]) for row in rows if row["step"] == "billing"]
    assert billed == [
        ("2026-01-31", "INV-2026-0001", "100.00"),
        ("2026-02-28", "INV-2026-0002", "100.00"),
        ("2026-03-31", "INV-2026-0003", "100.00"),
        ("2026-04-30", "INV-2026-0004", "100.00"),
    ]
    assert company.dump() == before


def test_a_day_that_has_gone_is_refused(company: Company) -> None:
    error = company.ltc("simulate", "--until", "2026-01-30", fails=2)
    assert error["message"] == "2026-01-30 is not a day from today until ten years on"
