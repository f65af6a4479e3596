"""Every story ends with an audit: the books are proven, whatever was done to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stories.telling import audit
from tests.support import Company, folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """Stories are about figures, not about disks."""
    with folder_in_memory() as folder:
        yield folder


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    company = Company(tmp_path)
    yield company
    audit(company)
