"""A company for each test of a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import Company, folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def company() -> Iterator[Company]:
    with folder_in_memory() as folder:
        yield Company(folder, config="currency: EUR\n")


@pytest.fixture
def sale(company: Company) -> Company:
    """Ada of Engines, promoted to O1 of K1 over 1,000.00."""
    company.ltc("lead", "add", "Ada", "--company", "Engines", "--email", "ada@engines.example")
    company.ltc("promote", "L1", "--amount", "1000")
    return company
