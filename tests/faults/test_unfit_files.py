"""Files that ltc must not touch: each is refused in one clear line, and left as it was, byte for byte."""

from __future__ import annotations

import fcntl
import os
import signal
import sqlite3
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ltc_cli import schema, store
from tests.faults.harness import Answer, ask, begin_company, look, put, run_here, unclear
from tests.support import Company

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FAILED, NOT_FOUND, CONFLICT, UNSOUND = 1, 3, 5, 7
READ, WRITE, CREATE = ("aging",), ("nurture", "L1", "--log", "call"), ("lead", "add", "Bea")
COMMANDS = pytest.mark.parametrize("command", [READ, ("check",), WRITE, CREATE], ids=" ".join)
NOBODY = 65534


@pytest.fixture
def db(tmp_path: Path) -> Path:
    begin_company(tmp_path / "ltc.db")
    return tmp_path / "ltc.db"


def assert_refused(answer: Answer, exit_code: int, words: str) -> None:
    assert unclear(answer) == []
    assert (answer.exit_code, answer.out) == (exit_code, "")
    assert words in answer.err.splitlines()[0]


def change(db: Path, statement: str) -> None:
    with look(db) as file:
        file.execute(statement)


# Not ours to touch


@COMMANDS
def test_a_file_of_a_newer_ltc_is_refused_untouched(db: Path, command: tuple[str, ...]) -> None:
    change(db, "PRAGMA user_version = 999")
    before = db.read_bytes()
    assert_refused(ask(command, db), UNSOUND, "is newer than this ltc")
    assert db.read_bytes() == before


@COMMANDS
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"name,company\nAda,Engines Ltd\n", id="a table of leads"),
        pytest.param(b"x", id="one byte"),
        pytest.param(bytes(8192), id="zeros"),
        pytest.param(b"SQLite format 3\0" + bytes(84), id="a header and no more"),
    ],
)
def test_what_is_no_database_is_refused_untouched(tmp_path: Path, content: bytes, command: tuple[str, ...]) -> None:
    db = tmp_path / "ltc.db"
    put(db, content)
    assert_refused(ask(command, db), UNSOUND, str(db))
    assert db.read_bytes() == content


@COMMANDS
def test_a_database_of_another_program_is_refused_untouched(tmp_path: Path, command: tuple[str, ...]) -> None:
    db = tmp_path / "ltc.db"
    put(db, b"")
    with closing(sqlite3.connect(db)) as file:
        file.execute("CREATE TABLE lead (id INTEGER PRIMARY KEY)")
    before = db.read_bytes()
    assert_refused(ask(command, db), UNSOUND, "is not a file of ltc")
    assert db.read_bytes() == before


@pytest.mark.parametrize("command", [READ, ("check",), WRITE], ids=" ".join)
def test_an_empty_file_is_no_file_of_ltc(tmp_path: Path, command: tuple[str, ...]) -> None:
    db = tmp_path / "ltc.db"
    put(db, b"")
    assert_refused(ask(command, db), UNSOUND, "is not a file of ltc")
    assert db.read_bytes() == b""


def test_an_empty_file_becomes_a_company_with_its_first_lead(tmp_path: Path) -> None:
    db = tmp_path / "ltc.db"
    put(db, b"")
    assert ask(CREATE, db).exit_code == 0
    assert ask(("check",), db).exit_code == 0


@COMMANDS
def test_a_folder_is_refused(tmp_path: Path, command: tuple[str, ...]) -> None:
    assert_refused(ask(command, tmp_path), UNSOUND, "is not a file")


@COMMANDS
def test_a_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path, command: tuple[str, ...]) -> None:
    os.mkfifo(tmp_path / "ltc.db")
    answer = ask(command, tmp_path / "ltc.db", sabotage=lambda: signal.alarm(5))
    assert_refused(answer, UNSOUND, "is not a file")


@pytest.mark.parametrize("command", [READ, ("check",), WRITE], ids=" ".join)
def test_a_file_that_is_not_there_is_not_made(tmp_path: Path, command: tuple[str, ...]) -> None:
    assert_refused(ask(command, tmp_path / "ltc.db"), NOT_FOUND, "there is no file")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    answer = ask((*CREATE, "--db", str(tmp_path / "there" / "ltc.db")), tmp_path / "ltc.db")
    assert_refused(answer, NOT_FOUND, "there is no folder")


@COMMANDS
@pytest.mark.parametrize("mode", [0o666, 0o620, 0o602], ids=oct)
def test_a_file_that_others_may_write_is_refused_untouched(db: Path, mode: int, command: tuple[str, ...]) -> None:
    before = db.read_bytes()
    db.chmod(mode)
    answer = ask(command, db)
    assert_refused(answer, UNSOUND, "others may write")
    assert f"chmod 600 {db}" in answer.err
    assert db.read_bytes() == before


def test_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert ask(CREATE, tmp_path / "ltc.db").exit_code == 0
    finally:
        os.umask(before)
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()} == {
        "ltc.db": "0o600",
        "ltc.db-journal": "0o600",
        "ltc.db.lock": "0o600",
    }


# What lies beside it


def test_a_journal_of_rubbish_beside_the_file_does_no_harm(db: Path) -> None:
    db.with_name("ltc.db-journal").write_bytes(b"rubbish" * 1000)
    assert ask(WRITE, db).exit_code == 0
    assert ask(("check",), db).exit_code == 0


def test_a_lock_that_is_a_folder_stops_writers_but_no_readers(db: Path) -> None:
    db.with_name("ltc.db.lock").mkdir()
    assert_refused(ask(WRITE, db), FAILED, "cannot write")
    assert ask(READ, db).exit_code == 0


def test_a_lock_that_points_elsewhere_is_not_followed(db: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    db.with_name("ltc.db.lock").symlink_to(elsewhere)
    assert_refused(ask(WRITE, db), FAILED, "cannot write")
    assert not elsewhere.exists()


# Somebody else at work


def _soon() -> None:
    store.BUSY_SECONDS = 0


@contextmanager
def locked_by_a_writer(db: Path) -> Iterator[None]:
    with db.with_name("ltc.db.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def locked_by_another_program(db: Path) -> Iterator[None]:
    with look(db) as file:
        file.execute("BEGIN EXCLUSIVE")
        yield


@pytest.mark.parametrize("lock", [locked_by_a_writer, locked_by_another_program])
def test_a_writer_that_waited_in_vain_says_so(db: Path, lock: Any) -> None:
    with lock(db):
        assert_refused(ask(WRITE, db, sabotage=_soon), CONFLICT, "is locked by another process")
    assert ask(WRITE, db).exit_code == 0


def test_a_reader_does_not_wait_for_a_writer_that_only_queues(db: Path) -> None:
    with locked_by_a_writer(db):
        assert ask(READ, db, sabotage=_soon).exit_code == 0


# Permissions, as a user who is not root


def _be_an_ordinary_user() -> None:
    """Root may do everything: give that up."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def ask_as_user(command: Sequence[str], db: Path) -> Answer:
    return ask(command, db, sabotage=_be_an_ordinary_user)


@pytest.fixture
def kept_from(db: Path) -> Iterator[Path]:
    """The file of an ordinary user; not below pytest's own folder, which is closed to all but its owner."""
    for command in (READ, WRITE, CREATE):
        run_here(command, db)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        begin_company(folder / "ltc.db")
        if os.getuid() == 0:
            for path in (folder, folder / "ltc.db"):
                os.chown(path, NOBODY, NOBODY)
        yield folder / "ltc.db"
        folder.chmod(0o700)


def test_a_folder_that_is_read_only_can_be_read(kept_from: Path) -> None:
    before = kept_from.read_bytes()
    kept_from.parent.chmod(0o500)
    assert ask_as_user(READ, kept_from).exit_code == 0
    assert_refused(ask_as_user(WRITE, kept_from), FAILED, "cannot write to the folder")
    assert kept_from.read_bytes() == before
    assert list(kept_from.parent.iterdir()) == [kept_from]


def test_a_file_that_is_read_only_can_be_read(kept_from: Path) -> None:
    before = kept_from.read_bytes()
    kept_from.chmod(0o400)
    assert ask_as_user(READ, kept_from).exit_code == 0
    assert_refused(ask_as_user(WRITE, kept_from), FAILED, f"cannot write to {kept_from}")
    assert kept_from.read_bytes() == before


def test_nothing_is_made_in_a_folder_that_is_read_only(kept_from: Path) -> None:
    kept_from.unlink()
    kept_from.parent.chmod(0o500)
    assert_refused(ask_as_user(CREATE, kept_from), FAILED, "cannot write to the folder")
    assert list(kept_from.parent.iterdir()) == []


@pytest.mark.parametrize("command", [READ, WRITE, CREATE], ids=" ".join)
def test_a_file_that_may_not_be_read_is_named(kept_from: Path, command: tuple[str, ...]) -> None:
    kept_from.chmod(0o000)
    assert_refused(ask_as_user(command, kept_from), FAILED, str(kept_from))


@pytest.mark.parametrize("command", [READ, WRITE, CREATE], ids=" ".join)
def test_a_folder_that_may_not_be_entered_is_named(kept_from: Path, command: tuple[str, ...]) -> None:
    kept_from.parent.chmod(0o000)
    assert_refused(ask_as_user((*command, "--config", os.devnull), kept_from), FAILED, str(kept_from))


def test_a_file_whose_making_was_killed_after_pages_were_written_is_made_by_the_next_command(tmp_path: Path) -> None:
    """Its journal takes the pages back when it is opened, and then there is nothing: not a strange file, but none."""
    path = tmp_path / "ltc.db"
    child = os.fork()
    if child == 0:
        really = schema.migrate

        def spill_and_die(connection: sqlite3.Connection) -> None:
            connection.execute("PRAGMA cache_size = 5")  # pages, so that they are written before the commit
            really(connection)
            os.kill(os.getpid(), signal.SIGKILL)

        schema.migrate = spill_and_die
        store.open_or_create(path, "2026-06-15T09:00:00.000000Z")
        os._exit(70)
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert path.stat().st_size > 0
    assert path.with_name("ltc.db-journal").stat().st_size > 0
    company = Company(tmp_path)
    assert company.ltc("lead", "add", "Ada")["ref"] == "L1"
    assert company.run("check") == 0
