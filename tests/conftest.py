"""A file with all its tables is made once, and copied for every test that only needs one."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from ltc_cli import store
from tests.support import folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

really_create = store.create


@cache
def made() -> bytes:
    with folder_in_memory() as folder:
        really_create(folder / "ltc.db", "2026-01-01T00:00:00.000000Z")
        return (folder / "ltc.db").read_bytes()


def copy(path: Path, recorded_at: str) -> None:
    """As `store.create`."""
    if path.exists() or not path.parent.is_dir():
        return really_create(path, recorded_at)
    with store.writer_lock(path):
        path.touch(0o600)
        path.write_bytes(made())
    return None


@pytest.fixture(scope="session", autouse=True)
def made_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "create", copy)
        yield


@pytest.fixture
def made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of the making itself."""
    monkeypatch.setattr(store, "create", really_create)
