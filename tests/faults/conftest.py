"""What the tests of faults need of the machine."""

from __future__ import annotations

import os

import pytest

from tests.faults.tracing import why_no_strace


@pytest.fixture(autouse=True)
def every_file_is_made_anew(made_anew: None) -> None:
    pass


@pytest.fixture(scope="session")
def strace() -> None:
    """Skips where strace does not work; where CI promised it, fails."""
    reason = why_no_strace()
    if reason and os.environ.get("CI"):
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
