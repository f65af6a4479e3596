"""Where the real input lies: the folder named by LTC_REAL_DATA. It is never part of the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    folder = os.environ.get("LTC_REAL_DATA")
    if not folder:
        pytest.skip("LTC_REAL_DATA names no folder with real data")
    if not Path(folder).is_dir():
        pytest.skip(f"LTC_REAL_DATA names {folder}, and there is no such folder")
    return Path(folder).absolute()
