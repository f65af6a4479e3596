"""An older file that is brought up to date has the same tables, indexes and triggers as a new one."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from ltc_cli import schema


def made(*migrations: object, connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What stands in the file's schema after these migrations."""
    monkeypatch.setattr(schema, "MIGRATIONS", migrations)
    schema.migrate(connection)
    return dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE '%sqlite%'"))


def test_one_after_the_other_is_the_same_as_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    every = schema.MIGRATIONS
    with closing(sqlite3.connect(":memory:")) as old, closing(sqlite3.connect(":memory:")) as new:
        for number in range(1, len(every) + 1):
            upgraded = made(*every[:number], connection=old, monkeypatch=monkeypatch)
        assert upgraded == made(*every, connection=new, monkeypatch=monkeypatch)


@pytest.mark.parametrize("table", schema.FACTS)
def test_every_fact_is_guarded(table: str) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        schema.migrate(connection)
        found = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
        assert {f"{table}_never_changes", f"{table}_never_goes"} <= found
