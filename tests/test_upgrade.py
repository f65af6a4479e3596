"""An older file becomes a newer one: all of it or nothing, with the old one kept beside it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from ltc_cli import schema, store
from tests.support import Company, folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def old(monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    """A company whose file was made by the first version, with an opportunity that was lost."""
    with folder_in_memory() as folder:
        company = Company(folder)
        with monkeypatch.context() as first:
            first.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:1])
            first.setattr(schema, "VERSION", 1)
            store.create(company.path, "2026-01-01T00:00:00.000000Z")
        with closing(sqlite3.connect(company.path, isolation_level=None)) as connection:
            assert connection.execute("PRAGMA user_version").fetchone() == (1,)
            for statement in (
                (
                    "INSERT INTO customer (id, name, name_norm, created_on, recorded_at)"
                    " VALUES (1, 'Engines', 'engines', '2026-01-01', '-')"
                ),
                (
                    "INSERT INTO opportunity (id, customer_id, title, currency, created_on, recorded_at)"
                    " VALUES (1, 1, 'Loom', 'EUR', '2026-01-01', '-')"
                ),
                "INSERT INTO opportunity_event VALUES (1, 1, 'stage', 'new', 100000, NULL, NULL, '2026-01-01', '-')",
                "INSERT INTO opportunity_event VALUES (2, 1, 'lost', NULL, NULL, 'price', NULL, '2026-01-02', '-')",
            ):
                connection.execute(statement)
        yield company


def test_everything_is_there_after_the_upgrade(old: Company) -> None:
    shown = old.ltc("show", "O1")
    assert (shown["title"], shown["status"], shown["reason"]) == ("Loom", "lost", "price")
    assert old.run("check") == 0
    old.ltc("reopen", "O1")
    with closing(sqlite3.connect(old.path)) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute("DELETE FROM opportunity_event")


def test_the_old_file_is_kept(old: Company) -> None:
    before = old.dump()
    old.ltc("list", "leads")
    copy = old.path.with_name("ltc.db.version-1")
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("SELECT * FROM opportunity_event").fetchall() == before["opportunity_event"]


def test_an_upgrade_that_fails_leaves_the_old_file(old: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    before = old.dump()
    with monkeypatch.context() as broken:
        broken.setattr(schema, "M002", (*schema.M002, "SELECT nothing"))
        assert old.run("list", "leads") == 1
    assert old.dump() == before
    assert old.run("list", "leads") == 0


def test_a_file_that_cannot_be_written_to(old: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    assert old.run("list", "leads") == 1
    assert "is older than this ltc and cannot be written to" in old.err
