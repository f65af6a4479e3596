"""The copy is sound or is not made; the way back keeps the old file and gives no legal number out twice."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltc_cli import backup, schema
from ltc_cli.backup import Lost, Occasion, Series
from ltc_cli.errors import ConflictError, DataError, FailedError, NotFoundError, RefusedError, UsageError
from ltc_cli.store import connect, open_existing, open_or_create

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ltc_cli.store import Store

AT = "2026-03-01T08:00:00.000000Z"
OCCASION = Occasion("ada", date(2026, 11, 23), "2026-11-23T16:14:51.535019Z")
KEPT = "ltc.db.before-restore-20261123T161451Z"
PATTERN = "INV-{year}-{seq:04}"
INV = Series("invoice", PATTERN, 2026)
CN = Series("credit", "CN-{year}-{seq:04}", 2026)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ltc.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """A company that has given out INV-2026-0001 and 0002."""
    found = company(path, "Acme")
    draw(found, 2)
    yield found
    found.close()


@pytest.fixture
def copy(store: Store, tmp_path: Path) -> Path:
    file = tmp_path / "copy.db"
    backup.make(store, file, AT, force=False)
    return file


def company(path: Path, name: str) -> Store:
    store = open_or_create(path, AT)
    with store.writing(lambda: AT):
        store.add("lead", name=name, created_on="2026-03-01", recorded_at=AT)
        store.journal(verb="lead add", actor="ada", business_on="2026-03-01", arguments={}, answer=[])
    return store


def draw(store: Store, count: int, year: int = 2026) -> list[str]:
    with store.writing(lambda: AT):
        return [store.draw_number("invoice", PATTERN, year).text for _ in range(count)]


def next_number(path: Path, year: int = 2026) -> str:
    with closing(open_existing(path)) as store:
        return draw(store, 1, year)[0]


def change(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(sql)
        connection.commit()


def restored(file: Path, path: Path, *numbers: str) -> backup.Restored:
    return backup.restore(file, path, OCCASION, last_numbers_given=numbers)


def contents(folder: Path) -> dict[str, bytes]:
    """All that lies in the folder, but for the empty files that stand for a lock or no transaction."""
    return {each.name: body for each in folder.iterdir() if (body := each.read_bytes())}


def lost_in(path: Path) -> list[tuple[int, int]]:
    with closing(connect(path)) as connection:
        return [tuple(row) for row in connection.execute("SELECT first_seq, last_seq FROM lost_number ORDER BY id")]


# What a number says


@pytest.mark.parametrize(
    ("pattern", "year", "name", "number"),
    [
        ("INV-{year}-{seq:04}", 2026, "INV-2026", "INV-2026-0057"),
        ("RE{seq}", 0, "RE", "RE57"),
        ("{year}{seq:05}", 2026, "2026", "202600057"),
        ("{seq:03}/{year}", 2026, "2026", "057/2026"),
    ],
)
def test_a_series_is_called_by_its_number_without_the_sequence(pattern: str, year: int, name: str, number: str) -> None:
    series = Series("invoice", pattern, year)
    assert backup.series_name(series) == name
    assert backup.number_text(series, 57) == number
    assert number == pattern.format(year=year, seq=57)


@pytest.mark.parametrize("pattern", ["INV", "{seq:099999999}", "{seq.__class__}"])
def test_a_pattern_without_a_place_for_the_number_is_not_sound(pattern: str) -> None:
    with pytest.raises(DataError):
        backup.number_text(Series("invoice", pattern, 2026), 1)


@pytest.mark.parametrize(
    "text", ["INV-2026=57", "inv-2026=57", " INV-2026=0057 ", "INV-2026-=57", "INV-2026-0057", "inv-2026-0057"]
)
def test_a_last_number_is_read_in_every_way_people_write_it(text: str) -> None:
    assert backup.read_last_numbers([text], {INV: 2, CN: 1}) == {INV: 57}


@pytest.mark.parametrize(
    "text",
    ["INV-2026", "INV-2026=", "INV-2026=x", "INV-2026=-1", "INV-2026=٥", "RE-2026=5", "INV-2026-57", "=5", ""],
)
def test_what_is_no_last_number_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match="known: INV-2026"):
        backup.read_last_numbers([text], {INV: 2})


def test_a_last_number_below_what_the_backup_knows_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="the backup knows INV-2026-0002"):
        backup.read_last_numbers(["INV-2026=1"], {INV: 2})


def test_all_wrong_numbers_are_told_at_once() -> None:
    with pytest.raises(UsageError, match=r"INV-2026=1.*RE-2026=5"):
        backup.read_last_numbers(["INV-2026=1", "RE-2026=5"], {INV: 2})


def test_a_series_of_another_year_or_of_the_config_may_be_named_too() -> None:
    given = backup.read_last_numbers(["INV-2027=3", "RE-8"], {INV: 2}, [("invoice", "RE-{seq}")])
    assert given == {INV._replace(year=2027): 3, Series("invoice", "RE-{seq}", 0): 8}


def test_the_higher_of_two_last_numbers_counts() -> None:
    assert backup.read_last_numbers(["INV-2026=9", "INV-2026=4"], {INV: 2}) == {INV: 9}


def test_a_name_that_fits_two_series_asks_for_the_whole_number() -> None:
    wider = INV._replace(pattern="INV-{year}-{seq:06}")
    with pytest.raises(ConflictError, match="several"):
        backup.read_last_numbers(["INV-2026=9"], {INV: 2, wider: 1})
    assert backup.read_last_numbers(["INV-2026-000009"], {INV: 2, wider: 1}) == {wider: 9}


def test_lost_is_what_the_backup_does_not_know() -> None:
    lost = backup.lost_numbers({INV: 2, CN: 4}, {INV: 5, CN: 4}, {INV: 3, INV._replace(year=2027): 1})
    assert lost == [Lost(INV, 3, 5), Lost(INV._replace(year=2027), 1, 1)]


NUMBERS = st.dictionaries(st.sampled_from([INV, CN]), st.integers(0, 50))


@given(NUMBERS, NUMBERS, NUMBERS)
def test_known_and_lost_numbers_together_are_all_that_were_given_out(
    known: backup.LastNumbers, read: backup.LastNumbers, said: backup.LastNumbers
) -> None:
    lost = {each.series: each for each in backup.lost_numbers(known, read, said)}
    for series in (INV, CN):
        at_backup = known.get(series, 0)
        highest = max(at_backup, read.get(series, 0), said.get(series, 0))
        span = range(lost[series].first_seq, lost[series].last_seq + 1) if series in lost else range(0)
        assert [*range(1, at_backup + 1), *span] == [*range(1, highest + 1)]


@given(st.sampled_from([PATTERN, "RE{seq}", "{year}/{seq:03}", "{seq:05}-{year}"]), st.integers(1, 10**9))
def test_a_number_is_read_as_it_is_written(pattern: str, seq: int) -> None:
    series = Series("invoice", pattern, 2026 if "{year}" in pattern else 0)
    assert backup.read_last_numbers([backup.number_text(series, seq)], {series: 0}) == {series: seq}


# Making a backup


def test_a_backup_is_private_and_its_manifest_proves_it(store: Store, copy: Path) -> None:
    manifest = json.loads(backup.manifest_path(copy).read_text())
    head = backup.journal_head(store.connection)
    assert copy.stat().st_mode & 0o777 == 0o600
    assert manifest == {
        "database": "ltc.db",
        "sha256": manifest["sha256"],
        "size": copy.stat().st_size,
        "made_at": AT,
        "version": schema.VERSION,
        "journal": {"id": 1, "sha256": head.sha256},
        "series": {"INV-2026": 2},
    }


def test_an_existing_file_is_replaced_only_by_force(store: Store, copy: Path) -> None:
    before = copy.read_bytes()
    draw(store, 1)
    with pytest.raises(ConflictError, match="exists already"):
        backup.make(store, copy, AT, force=False)
    assert copy.read_bytes() == before
    assert backup.make(store, copy, AT, force=True).series == {"INV-2026": 3}


@pytest.mark.parametrize("force", [False, True])
def test_the_file_in_use_is_never_its_own_backup(store: Store, path: Path, force: bool) -> None:  # noqa: FBT001
    with pytest.raises(UsageError):
        backup.make(store, path, AT, force=force)


def test_a_missing_folder_is_named(store: Store, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no folder"):
        backup.make(store, tmp_path / "no" / "copy.db", AT, force=False)


def test_a_file_that_is_not_sound_is_not_backed_up(store: Store, tmp_path: Path) -> None:
    store.connection.execute("PRAGMA foreign_keys = OFF")
    touch: dict[str, Any] = {"kind": "call", "touched_on": "2026-03-01", "recorded_at": AT}
    with store.writing(lambda: AT):
        store.add("touch", lead_id=99, **touch)
    with pytest.raises(DataError, match="a touch points to no lead"):
        backup.make(store, tmp_path / "copy.db", AT, force=False)
    assert not (tmp_path / "copy.db").exists()


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes a call of the system find the disk full."""

    def fail(*_arguments: Any, **_options: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return lambda call: monkeypatch.setattr(os, call, fail)


@pytest.mark.parametrize("call", ["fsync", "mkdir", "replace"])
def test_a_backup_that_meets_a_full_disk_leaves_nothing_behind(
    store: Store, tmp_path: Path, failing: Callable[[str], None], call: str
) -> None:
    before = contents(tmp_path)
    failing(call)
    with pytest.raises(FailedError, match="No space left"):
        backup.make(store, tmp_path / "copy.db", AT, force=False)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("call", ["fsync", "mkdir", "link"])
def test_a_restore_that_meets_a_full_disk_leaves_everything_as_it_was(
    store: Store, copy: Path, failing: Callable[[str], None], call: str
) -> None:
    before = contents(copy.parent)
    failing(call)
    with pytest.raises(FailedError, match="No space left"):
        restored(copy, store.path)
    assert contents(copy.parent) == before


# Restoring


def test_what_is_restored_is_what_was_backed_up_and_one_journal_entry(store: Store, copy: Path, tmp_path: Path) -> None:
    head = backup.journal_head(store.connection)
    answer = restored(copy, tmp_path / "new.db", "INV-2026=2")
    with closing(connect(tmp_path / "new.db")) as connection:
        entries = connection.execute("SELECT verb, actor, previous_sha256 FROM journal ORDER BY id").fetchall()
    assert [tuple(entry)[:2] for entry in entries] == [("lead add", "ada"), ("restore", "ada")]
    assert entries[-1]["previous_sha256"] == head.sha256
    assert answer.journal.id == head.id + 1
    assert (answer.kept, answer.lost, answer.has_manifest) == (None, [], True)


def test_the_old_file_is_kept_and_never_overwritten(store: Store, copy: Path, path: Path) -> None:
    draw(store, 1)
    old = path.read_bytes()
    first, second = restored(copy, path).kept, restored(copy, path).kept
    assert first is not None
    assert second is not None
    assert (first.name, second.name) == (KEPT, f"{KEPT}-1")
    assert first.read_bytes() == old
    assert path.stat().st_mode & 0o777 == 0o600


def test_numbers_given_out_after_the_backup_are_read_from_the_present_file(
    store: Store, copy: Path, path: Path
) -> None:
    draw(store, 3)
    draw(store, 1, 2027)
    assert restored(copy, path).lost == [Lost(INV, 3, 5), Lost(INV._replace(year=2027), 1, 1)]
    assert lost_in(path) == [(3, 5), (1, 1)]
    assert (next_number(path), next_number(path, 2027)) == ("INV-2026-0006", "INV-2027-0002")


@pytest.mark.parametrize(("given", "following"), [("INV-2026=4", "INV-2026-0006"), ("INV-2026=9", "INV-2026-0010")])
def test_the_higher_of_the_number_given_and_the_number_read_counts(
    store: Store, copy: Path, path: Path, given: str, following: str
) -> None:
    draw(store, 3)
    restored(copy, path, given)
    assert next_number(path) == following


def test_without_the_present_file_every_last_number_has_to_be_given(store: Store, copy: Path, path: Path) -> None:
    path.unlink()
    with pytest.raises(RefusedError, match=r"no file .*INV-2026-0002") as refused:
        restored(copy, path)
    assert refused.value.hint is not None
    assert "--last-number INV-2026=N" in refused.value.hint
    assert not path.exists()
    restored(copy, path, "INV-2026=57")
    assert lost_in(path) == [(3, 57)]
    assert next_number(path) == "INV-2026-0058"


def test_the_years_since_the_backup_are_asked_for_too(copy: Path, tmp_path: Path) -> None:
    later = OCCASION._replace(today=date(2028, 1, 2))
    with pytest.raises(RefusedError, match=r"none of INV-2028") as refused:
        backup.restore(copy, tmp_path / "new.db", later, last_numbers_given=["INV-2026=2", "INV-2027=5"])
    assert refused.value.hint is not None
    assert "INV-2028=N" in refused.value.hint
    assert "INV-2027" not in refused.value.hint


def test_a_damaged_file_is_not_believed(store: Store, copy: Path, path: Path) -> None:
    store.close()
    path.write_bytes(b"\0" * 8192)
    with pytest.raises(RefusedError, match="not a"):
        restored(copy, path)
    kept = restored(copy, path, "INV-2026=2").kept
    assert kept is not None
    assert kept.read_bytes() == b"\0" * 8192


def test_a_file_begun_after_the_loss_is_not_believed(store: Store, copy: Path, path: Path) -> None:
    store.close()
    path.unlink()
    company(path, "Begun by a cron job").close()
    with pytest.raises(RefusedError, match="another history"):
        restored(copy, path)


def test_with_no_number_known_at_all_the_answer_says_so(path: Path, tmp_path: Path) -> None:
    with closing(company(path, "Acme")) as store:
        backup.make(store, tmp_path / "copy.db", AT, force=False)
    assert restored(tmp_path / "copy.db", tmp_path / "new.db").is_blind
    assert not restored(tmp_path / "copy.db", path).is_blind


@pytest.mark.parametrize("offset", [0, 16, 100, 4096, 50_000, 200_000, -1])
def test_a_flipped_bit_is_found_by_the_manifest(store: Store, copy: Path, offset: int) -> None:
    body = bytearray(copy.read_bytes())
    body[offset] ^= 1
    copy.write_bytes(body)
    before = contents(copy.parent)
    with pytest.raises(DataError, match="manifest"):
        restored(copy, store.path)
    assert contents(copy.parent) == before


@pytest.mark.parametrize("page", range(0, 60, 3))
def test_a_page_of_noise_is_refused_or_harmless_without_a_manifest(copy: Path, tmp_path: Path, page: int) -> None:
    backup.manifest_path(copy).unlink()
    body = bytearray(copy.read_bytes())
    body[page * 4096 : (page + 1) * 4096] = bytes(range(256)) * 16
    copy.write_bytes(body)
    with pytest.raises(DataError):
        restored(copy, tmp_path / "new.db", "INV-2026=2")
    assert not (tmp_path / "new.db").exists()


@pytest.mark.parametrize("body", [b"", b"not a database", b"SQLite format 3\0" + b"\0" * 4080, os.urandom(9000)])
def test_what_is_no_database_is_refused(store: Store, tmp_path: Path, body: bytes) -> None:
    (tmp_path / "copy.db").write_bytes(body)
    before = contents(tmp_path)
    with pytest.raises(DataError, match=r"copy\.db"):
        restored(tmp_path / "copy.db", store.path)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        (f"PRAGMA user_version = {schema.VERSION + 1}", "newer than this ltc"),
        ("PRAGMA application_id = 7", "not a file of ltc"),
        ("INSERT INTO touch VALUES (1, 99, 'call', NULL, '2026-03-01', '', NULL)", "a touch points to no lead"),
        ("UPDATE series SET pattern = 'INV'", "no place for a number"),
    ],
)
def test_a_backup_that_is_not_ours_or_not_sound_is_refused(copy: Path, path: Path, sql: str, message: str) -> None:
    backup.manifest_path(copy).unlink()
    change(copy, sql)
    before = contents(copy.parent)
    with pytest.raises(DataError, match=message):
        restored(copy, path, "INV-2026=2")
    assert contents(copy.parent) == before


@pytest.mark.parametrize("text", ["", "{}", "[]", "7", "{", "\xff"])
def test_a_manifest_that_cannot_be_read_is_refused(copy: Path, path: Path, text: str) -> None:
    backup.manifest_path(copy).write_text(text)
    with pytest.raises(DataError, match="is not a manifest"):
        restored(copy, path)


def test_without_a_manifest_the_answer_says_so(copy: Path, path: Path) -> None:
    backup.manifest_path(copy).unlink()
    assert not restored(copy, path).has_manifest


def test_a_backup_with_an_unfinished_transaction_is_refused(copy: Path, path: Path) -> None:
    copy.with_name("copy.db-journal").write_bytes(b"half")
    with pytest.raises(DataError, match="unfinished transaction"):
        restored(copy, path)


def test_the_file_in_use_and_a_missing_backup_are_refused(store: Store, path: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        restored(path, path)
    with pytest.raises(NotFoundError):
        restored(tmp_path / "no.db", path)


def test_an_unfinished_transaction_of_the_old_file_never_touches_the_new_one(
    store: Store, copy: Path, path: Path
) -> None:
    path.chmod(0o666)  # so that it is not even opened, and the transaction not undone
    path.with_name("ltc.db-journal").write_bytes(b"half")
    restored(copy, path, "INV-2026=2")
    assert path.with_name(f"{KEPT}-journal").read_bytes() == b"half"
    assert not path.with_name("ltc.db-journal").exists()


def test_a_writer_that_opened_the_old_file_does_not_write_into_the_void(store: Store, copy: Path, path: Path) -> None:
    with closing(open_existing(path)) as late:
        restored(copy, path)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            draw(late, 1)


def test_a_link_to_the_file_stays_a_link(store: Store, copy: Path, path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(path)
    restored(copy, link)
    assert link.is_symlink()
    assert (tmp_path / KEPT).exists()
    assert next_number(path) == "INV-2026-0003"
