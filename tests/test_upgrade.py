"""An older file becomes a newer one: all of it or nothing, with the old one kept beside it."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

import pytest

from ltc_cli import schema, store
from tests.support import Company, folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("made_anew")


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


# Tasks, which were two tables

CALLS_OF_BEFORE: Final = """
INSERT INTO customer (id, name, name_norm, created_on, recorded_at)
VALUES (1, 'Ada', 'ada', '2026-01-01', '-'),
    (2, 'erased', ' erased ', '2026-01-01', '-');
INSERT INTO erasure (kind, record_id, erased_on, recorded_at)
VALUES ('customer', 2, '2026-01-30', '-');
INSERT INTO lead (id, name, created_on, recorded_at)
VALUES (1, 'Bob', '2026-01-01', '-');
INSERT INTO receivable (id, kind, invoice_id, customer_id, currency, issued_on, due_on, amount_minor)
VALUES (1, 'invoice', 1, 1, 'EUR', '2026-01-01', '2026-01-01', 100),
    (2, 'invoice', 2, 1, 'EUR', '2026-01-04', '2026-01-04', 100);
INSERT INTO call_task (id, customer_id, currency, level, text, decided_on, recorded_at)
VALUES (1, 1, 'EUR', 'a', 'call Ada', '2026-01-06', '2026-01-06T'),
    (2, 1, 'EUR', 'a', 'call Ada', '2026-01-09', '2026-01-09T'),
    (3, 2, 'EUR', 'a', 'call Eve', '2026-01-09', '2026-01-09T');
INSERT INTO call_task_item (call_task_id, receivable_id, level)
VALUES (1, 1, 'a'),
    (2, 1, 'a'),
    (2, 2, 'a');
INSERT INTO sequence_event (id, lead_id, sequence, kind, position, task, touch_id, lead_event_id, event_on, recorded_at)
VALUES (1, 1, 'ring', 'enrolled', 0, NULL, 0, 0, '2026-01-07', '2026-01-07T'),
    (2, 1, 'ring', 'step', 1, 'ring Bob', 0, 0, '2026-01-07', '2026-01-07T')
"""


def file_of_before(company: Company, migration: object, holds: str) -> None:
    """A file as it was before a migration, with what a script puts into it."""
    before = schema.MIGRATIONS.index(migration)
    with pytest.MonkeyPatch.context() as older:
        older.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:before])
        older.setattr(schema, "VERSION", before)
        store.create(company.path, "2026-01-01T00:00:00.000000Z")
    with closing(sqlite3.connect(company.path, isolation_level=None)) as connection:
        connection.executescript(holds)


def test_the_calls_of_before_are_tasks(tmp_path: Path) -> None:
    """In the order in which they arose; the second call about the first receivable was one too many."""
    company = Company(tmp_path)
    file_of_before(company, schema.m015_tasks, CALLS_OF_BEFORE)
    tasks = company.ltc("list", "tasks", "--where", "kind=call")
    assert [(row["ref"], row["about"], row["text"], row["since"], row["status"]) for row in tasks] == [
        ("T1", "K1", "call Ada", "2026-01-06", "open"),
        ("T2", "L1", "ring Bob", "2026-01-07", "open"),
        ("T3", "K1", "call Ada", "2026-01-09", "open"),
        ("T4", "K2", None, "2026-01-09", "moot"),
    ]
    dump = company.dump()
    assert dump["task_item"] == [(1, 1, "a"), (3, 2, "a")]
    assert "call_task" not in dump
    assert company.ltc("done", "T2")["status"] == "done"
    company.run("check", "--json")
    assert {row["check"]: row["broken"] for row in json.loads(company.out)}.items() >= {("tasks", 0), ("triggers", 0)}
    for statement in ("UPDATE sequence_event SET position = 2", "DELETE FROM sequence_event", "DELETE FROM task"):
        with closing(sqlite3.connect(company.path)) as connection, pytest.raises(sqlite3.IntegrityError):
            connection.execute(statement)


# What withdrawn claims of before gave back

REVERSED_BEFORE: Final = """
INSERT INTO credit_note (id, series_id, seq, number, customer_id, issued_on, currency, net_minor, tax_minor,
    total_minor, document_sha256, recorded_at)
VALUES (7, 1, 1, 'CN-1', 1, '2026-01-02', 'EUR', 500, 0, 500, '-', '-');
INSERT INTO settlement
    (id, receivable_id, kind, payment_id, credit_id, reverses_id, settled_on, amount_minor, recorded_at)
VALUES (1, 1, 'credit', NULL, 7, NULL, '2026-01-02', 500, '-'),
    (2, 1, 'reversal', NULL, NULL, 1, '2026-01-03', -500, '-'),
    (3, 1, 'payment', 8, NULL, NULL, '2026-01-04', 500, '-'),
    (4, 1, 'reversal', 8, NULL, 3, '2026-01-05', -500, '-'),
    (5, 1, 'writeoff', NULL, NULL, NULL, '2026-01-06', 500, '-'),
    (6, 1, 'reversal', NULL, NULL, 5, '2026-01-07', -500, '-')
"""


def test_what_a_credit_note_had_settled_of_a_withdrawn_claim_of_before_is_its_own(tmp_path: Path) -> None:
    company = Company(tmp_path)
    file_of_before(company, schema.m021_credit_reversals, REVERSED_BEFORE)
    assert company.ltc("list", "leads") == []
    with closing(sqlite3.connect(company.path)) as connection:
        rows = connection.execute("SELECT id, payment_id, credit_id FROM settlement ORDER BY id").fetchall()
        with pytest.raises(sqlite3.IntegrityError, match="a fact is never changed"):
            connection.execute("UPDATE settlement SET credit_id = NULL")
    assert rows == [(1, None, 7), (2, None, 7), (3, 8, None), (4, 8, None), (5, None, None), (6, None, None)]


# Words about who was erased before

WORDS_OF_BEFORE: Final = """
INSERT INTO customer (id, name, name_norm, created_on, recorded_at)
VALUES (1, 'Ada', 'ada', '2026-01-01', '-'),
    (2, 'erased', ' erased ', '2026-01-01', '-');
INSERT INTO erasure (kind, record_id, erased_on, recorded_at)
VALUES ('customer', 2, '2026-01-30', '-');
INSERT INTO opportunity (id, customer_id, title, currency, created_on, recorded_at)
VALUES (1, 1, 'Loom', 'EUR', '2026-01-01', '-'),
    (2, 2, 'erased', 'EUR', '2026-01-01', '-');
INSERT INTO opportunity_event (opportunity_id, kind, reason, event_on, recorded_at)
VALUES (1, 'lost', 'Ada is ill', '2026-01-02', '-'),
    (2, 'lost', 'Eve is ill', '2026-01-02', '-'),
    (2, 'lost', 'price', '2026-01-03', '-');
INSERT INTO dunning_event (kind, customer_id, reason, event_on, recorded_at)
VALUES ('dispute', 1, 'Ada drinks', '2026-01-02', '-'),
    ('dispute', 2, 'Eve drinks', '2026-01-02', '-');
INSERT INTO outbox (id, kind, record_id, about, customer_id, sender, recipient, subject, message_id, message,
    message_sha256, state, queued_on, recorded_at)
VALUES (1, 'quote', 1, 'Q1', 1, '-', 'ada@a.example', 'Q1', '1', X'00', '-', 'cancelled', '2026-01-01', '-'),
    (2, 'quote', 2, 'Q2', 2, '-', 'eve@e.example', 'Q2', '2', X'00', '-', 'cancelled', '2026-01-01', '-'),
    (3, 'quote', 2, 'Q2', 2, '-', 'eve@e.example', 'Q2', '3', X'00', '-', 'cancelled', '2026-01-01', '-');
INSERT INTO outbox_attempt (outbox_id, state, tried, said, happened_on, recorded_at)
VALUES (1, 'cancelled', 0, 'dropped', '2026-01-02', '-'),
    (2, 'cancelled', 0, 'M3 goes to eve@e.example', '2026-01-02', '-'),
    (3, 'unknown', 1, 'no answer', '2026-01-02', '-'),
    (3, 'cancelled', 0, 'dropped', '2026-01-03', '-')
"""


def test_words_that_an_erasure_of_before_has_left_go(tmp_path: Path) -> None:
    """What may have arrived is a letter, and stays."""
    company = Company(tmp_path)
    file_of_before(company, schema.m019_words, WORDS_OF_BEFORE)
    mails = company.ltc("outbox", "list")
    assert [row["recipient"] for row in mails] == ["ada@a.example", "erased", "eve@e.example"]
    assert [row["said"] for row in mails] == ["dropped", None, "dropped"]
    with closing(sqlite3.connect(company.path)) as connection:
        said = "SELECT reason FROM opportunity_event UNION ALL SELECT reason FROM dunning_event"
        assert [reason for (reason,) in connection.execute(said)] == [
            *("Ada is ill", None, "price", "Ada drinks", None)
        ]
    company.run("check", "--json")
    assert {row["check"]: row["broken"] for row in json.loads(company.out)}.items() >= {
        *(("erasure", 0), ("triggers", 0))
    }
