"""The file: open it safely, one writer at a time, one transaction a decision, a journal of all that was written."""

from __future__ import annotations

import fcntl
import glob
import hashlib
import json
import os
import sqlite3
import time
from collections import Counter
from contextlib import closing, contextmanager, nullcontext
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli import schema
from ltc_cli.errors import ConflictError, DataError, FailedError, LtcError, NotFoundError, RefusedError, UnderWayError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

BUSY_SECONDS = 30
BULK_CACHE_KIB = 65_536
LOOK_STEPS = 10_000_000
"""Steps of SQLite's machine, about half a second, after which a question of `open_to_look` is given up."""
BOUND_IDS = 20
"""Up to so many ids are bound, so that SQLite finds the statement prepared; longer lists are written out."""
NETWORK_FILE_SYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "fuse.sshfs"})
OTHERS_MAY_WRITE = 0o022
ERASED = schema.ERASED
FIRST_SHA256 = "0" * 64
"""What the first journal entry names as the one before it."""

# Why these: docs/decisions.md, "TRUNCATE and EXTRA". What was asked for is read back.
PRAGMAS = {
    "journal_mode": "truncate",
    "synchronous": 3,
    "foreign_keys": 1,
    "recursive_triggers": 1,
    "trusted_schema": 0,
    "cell_size_check": 1,
}

PREFIXES = {
    "lead": "L",
    "customer": "K",
    "opportunity": "O",
    "quote": "Q",
    "contract": "C",
    "shipment": "S",
    "payment": "P",
    "outbox": "M",
    "notice": "N",
    "task": "T",
}


class Number(NamedTuple):
    """A legal number, drawn in the transaction that issues."""

    series_id: int
    seq: int
    text: str


class Remembered(NamedTuple):
    """The answer that a `--key` was given."""

    request_sha256: str
    answer: str


def sha256(data: bytes | str) -> str:
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


CANONICAL = json.JSONEncoder(ensure_ascii=True, sort_keys=True, separators=(",", ":"))


def canonical_json(value: Any) -> str:
    """The one text of a value: what hashes are taken over."""
    return CANONICAL.encode(value)


def journal_sha256(entry: Sequence[Any]) -> str:
    """Hash over (id, recorded_at, business_on, actor, verb, counts, batch_id, detail_sha256, previous_sha256)."""
    return sha256(canonical_json(list(entry)))


def connect(path: Path | None) -> sqlite3.Connection:
    """The only way to a connection: durable, foreign keys on, nothing in the file trusted. None: one of its own."""
    writable = path is not None and os.access(path, os.W_OK)
    address = "" if path is None else f"{path.absolute().as_uri()}?mode={'rw' if writable else 'ro'}"
    # mail/sender.py lets another thread use it, and waits for that.
    connection = sqlite3.connect(address, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, uri=True)
    connection.row_factory = sqlite3.Row
    try:
        for name, value in PRAGMAS.items():
            connection.execute(f"PRAGMA {name} = {value}")
        if writable:
            _assert_pragmas(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _assert_pragmas(connection: sqlite3.Connection) -> None:
    for name, value in PRAGMAS.items():
        (found,) = connection.execute(f"PRAGMA {name}").fetchone()
        if found != value:
            raise FailedError(f"this SQLite does not accept {name} = {value} (it says {found})")


def translate(error: sqlite3.Error, path: Path) -> LtcError:
    """What SQLite says, in the user's words and with our exit code."""
    text = str(error)
    if "locked" in text:
        return ConflictError(f"{path} is locked by another process", "try again in a moment")
    if "not a database" in text or "malformed" in text or "encrypted" in text:
        return damaged(path)
    if "full" in text:
        return FailedError(f"the disk is full: nothing was written to {path}", "make room and repeat the command")
    if "readonly" in text or "read-only" in text or "unable to open" in text:
        return FailedError(f"cannot write to {path}: {text}", "check the permissions of the file and its folder")
    return FailedError(f"{path}: {text}")


def damaged(path: Path) -> DataError:
    return DataError(f"{path} is not a sound database", "ltc restore BACKUP brings the last backup back")


def is_damaged(path: Path) -> bool:
    """Whether SQLite itself finds the pages of the file unsound; asked when something unexpected happened."""
    try:
        connection = connect(path)
        try:
            return [tuple(row) for row in connection.execute("PRAGMA quick_check")] != [("ok",)]
        finally:
            connection.close()
    except (sqlite3.Error, UnicodeDecodeError):  # where SQLite quotes the damage that it found
        return True


def _folded(text: str | None) -> str | None:
    return None if text is None else text.casefold()


class _These:
    """Stands in a query for the ids of a column, `{these:invoice.id}`, and counts how often."""

    def __init__(self, listed: str | None) -> None:
        self.listed = listed
        self.times = 0

    def __format__(self, column: str) -> str:
        self.times += 1
        if not self.listed:
            return "TRUE" if self.listed is None else "FALSE"
        return f"{column} IN ({self.listed})"


@lru_cache(maxsize=256)
def _with_marks(sql: str, size: int) -> tuple[str, int]:
    """The query narrowed to so many ids, and how often it takes them."""
    these = _These(",".join("?" * size))
    return sql.format(these=these), these.times


class Store:
    """One file, opened by one command."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.connection = connection
        self.path = path
        self.identity: tuple[int, ...] | None = None
        """Which file it is, as the system knows it; None in memory."""
        self.recorded_at = ""
        self.counts: Counter[str] = Counter()
        self.touched: dict[str, None] = {}
        self.changes: list[dict[str, Any]] = []
        self.batch_id: int | None = None
        """The import that writes this part: its records are named by their batch, not one by one."""
        self._inserts: dict[tuple[str, ...], str] = {}

    # Reading

    def all(self, sql: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        return self.connection.execute(sql, parameters).fetchall()

    def one(self, sql: str, parameters: Sequence[Any] = ()) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self.connection.execute(sql, parameters).fetchone()
        return row

    def value(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """The single value of a query that always has a row."""
        return self.connection.execute(sql, parameters).fetchone()[0]

    def restored(self) -> sqlite3.Row | None:
        """When a backup came back last: `business_on` and `recorded_at`; None where none has."""
        return self.one("SELECT business_on, recorded_at FROM journal WHERE verb = 'restore' ORDER BY id DESC LIMIT 1")

    def among(self, sql: str, ids: Iterable[int] | None, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """The rows of a query that is narrowed to ids where it says `{these:COLUMN}`; None: to nothing.

        Other parameters stand before these in the query.
        """
        wanted = None if ids is None else list(ids)
        if wanted is not None and len(wanted) <= BOUND_IDS:
            sql, times = _with_marks(sql, len(wanted))
            return self.all(sql, (*parameters, *wanted * times))
        listed = None if wanted is None else ",".join(map(str, map(int, wanted)))
        return self.all(sql.format(these=_These(listed)), parameters)

    def fold_every_script(self) -> None:
        """From here on LOWER knows the letters of every script, as PostgreSQL's does; SQLite's own knows ASCII."""
        self.connection.create_function("lower", 1, _folded, deterministic=True)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One snapshot for all queries of a report; within a transaction, what that sees."""
        if self.connection.in_transaction:
            yield
            return
        self.connection.execute("BEGIN")
        try:
            refuse_foreign(self.connection, self.path)
            yield
        finally:
            self.connection.execute("ROLLBACK")

    @property
    def version(self) -> int:
        """Another one once somebody else has written to the file."""
        return int(self.value("PRAGMA data_version"))

    # Writing

    @contextmanager
    def trying(self, recorded_at: str) -> Iterator[None]:
        """Nothing is kept; for a copy, since it takes no lock."""
        self.recorded_at = recorded_at
        is_outermost = not self.connection.in_transaction
        self.connection.execute("BEGIN" if is_outermost else "SAVEPOINT a_try")
        try:
            yield
        finally:
            self.connection.execute("ROLLBACK" if is_outermost else "ROLLBACK TO a_try")

    @contextmanager
    def writing(self, now: Callable[[], str], *, keep: bool = True) -> Iterator[None]:
        """One decision: all of it or nothing. Within a transaction it is a part of that, which decides what is kept.

        The moment is asked for under the lock: what is decided later is recorded later, however long it has waited.
        """
        self.batch_id = None
        self.counts.clear()
        self.touched.clear()
        self.changes.clear()
        with nullcontext() if self.connection.in_transaction else self.transaction(keep=keep):
            self.recorded_at = now()
            yield

    @contextmanager
    def transaction(self, *, keep: bool = True) -> Iterator[None]:
        """Under the file's lock, all of it or nothing. `keep=False` takes everything back at the end."""
        with writer_lock(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                refuse_foreign(self.connection, self.path)  # once more: another may have had the lock before
                yield
                self.connection.execute("COMMIT" if keep else "ROLLBACK")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise

    def add(self, table: str, **values: Any) -> int:
        """Insert one row and answer its id. Raises RefusedError where its day is in a closed month."""
        names = (table, *values)
        sql = self._inserts.get(names)
        if sql is None:
            columns, marks = ", ".join(values), ", ".join("?" * len(values))
            sql = self._inserts[names] = f"INSERT INTO {table} ({columns}) VALUES ({marks})"
        try:
            record_id = self.connection.execute(sql, tuple(values.values())).lastrowid
        except sqlite3.IntegrityError as error:
            raise self._closed(error, values.get(schema.GUARDED_DAYS.get(table, ""))) from error
        assert record_id is not None
        self.counts[table] += 1
        if table in PREFIXES:
            self.touch(f"{PREFIXES[table]}{record_id}")
        elif table in ("invoice", "credit_note"):
            self.touch(values["number"])
        return record_id

    def add_all(self, table: str, size: int, **columns: Iterable[Any]) -> None:
        """Insert so many rows, given by columns. Raises RefusedError where a day is in a closed month."""
        marks = ", ".join("?" * len(columns))
        sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
        try:
            self.connection.executemany(sql, zip(*columns.values(), strict=False))
        except sqlite3.IntegrityError as error:
            raise self._closed(error) from error
        if size:
            self.counts[table] += size

    def closed_until(self) -> str | None:
        """The last day of the closed months; None while none is closed."""
        row = self.one("SELECT closed_until FROM period_close ORDER BY id DESC LIMIT 1")
        return row["closed_until"] if row else None

    def _closed(self, error: sqlite3.IntegrityError, day: str | None = None) -> Exception:
        """What the triggers of the closed months said, in the user's words; anything else as it is."""
        until = self.closed_until() if str(error).endswith("the month is closed") else None
        if until is None:
            return error
        first_open = date.fromisoformat(until) + timedelta(days=1)
        return RefusedError(
            f"{day or 'one of the days'} is in a closed month: the books are closed up to {until},"
            f" the first open day is {first_open}",
            f"date it {first_open} or later; ltc close {until[:7]} --reopen --reason … opens the month again",
        )

    def expect_much(self) -> None:
        """Give SQLite memory for the indexes of a bulk load."""
        self.connection.execute(f"PRAGMA cache_size = -{BULK_CACHE_KIB}")

    def next_id(self, table: str) -> int:
        """The id that the next row gets, for rows that are inserted many at once."""
        return int(self.value(f"SELECT COALESCE(MAX(id), 0) + 1 FROM {table}"))

    def change(self, table: str, record_id: int, **values: Any) -> None:
        """Update contact data or settings of one row; facts refuse it by trigger."""
        before = self.one(f"SELECT {', '.join(values)} FROM {table} WHERE id = ?", (record_id,))
        assert before is not None
        self.changes.append({"record": f"{table} {record_id}", "before": dict(before), "after": values})
        assignments = ", ".join(f"{column} = ?" for column in values)
        self.connection.execute(f"UPDATE {table} SET {assignments} WHERE id = ?", (*values.values(), record_id))
        self.counts[f"{table} changed"] += 1
        if table in PREFIXES:
            self.touch(f"{PREFIXES[table]}{record_id}")

    def touch(self, reference: str) -> None:
        """Remember for the journal that this command wrote about the record."""
        if self.batch_id is None:
            self.touched[reference] = None

    def keep_document(self, body: bytes, *, form: str, media_type: str) -> str:
        """Keep the bytes under their hash; the same bytes are kept once. Answers the sha256."""
        digest = sha256(body)
        self.connection.execute(
            "INSERT INTO document (sha256, format, media_type, body) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (sha256) DO NOTHING",
            (digest, form, media_type, body),
        )
        return digest

    def draw_number(self, kind: str, pattern: str, year: int) -> Number:
        """The next number of the series, without a gap: a rolled-back command gives it back."""
        series_year = year if "{year}" in pattern else 0
        row = self.one(
            "INSERT INTO series (kind, pattern, year, next_seq, gapless) VALUES (?, ?, ?, 2, 1)"
            " ON CONFLICT (kind, pattern, year) DO UPDATE SET next_seq = next_seq + 1"
            " RETURNING id, next_seq - 1 AS seq",
            (kind, pattern, series_year),
        )
        assert row is not None
        return Number(row["id"], row["seq"], pattern.format(year=year, seq=row["seq"]))

    # The journal

    def journal(self, *, verb: str, actor: str, business_on: str, arguments: dict[str, Any], answer: Any) -> None:
        """Chain one entry for the command that wrote; its details can be erased without breaking the chain."""
        last = self.one("SELECT id, sha256 FROM journal ORDER BY id DESC LIMIT 1")
        records = list(self.touched)
        body = canonical_json({"arguments": arguments, "answer": answer, "changes": self.changes, "records": records})
        salt = os.urandom(16).hex()
        entry = (
            last["id"] + 1 if last else 1,
            self.recorded_at,
            business_on,
            actor,
            verb,
            canonical_json(self.counts),
            self.batch_id,
            sha256(salt + body),
            last["sha256"] if last else FIRST_SHA256,
        )
        self.connection.execute(
            "INSERT INTO journal (id, recorded_at, business_on, actor, verb, counts, batch_id, detail_sha256,"
            " previous_sha256, sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*entry, journal_sha256(entry)),
        )
        self.connection.execute(
            "INSERT INTO journal_detail (journal_id, salt, body) VALUES (?, ?, ?)", (entry[0], salt, body)
        )

    # Idempotency keys

    def remembered(self, key: str) -> Remembered | None:
        row = self.one("SELECT request_sha256, answer FROM request_key WHERE key = ?", (key,))
        return Remembered(row["request_sha256"], row["answer"]) if row else None

    def remember(self, key: str, request_sha256: str, answer: str, exit_code: int) -> None:
        """Keep the answer to this request, or a later answer to the same one."""
        self.connection.execute(
            "INSERT INTO request_key (key, request_sha256, answer, exit_code, recorded_at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (key) DO UPDATE SET answer = excluded.answer, exit_code = excluded.exit_code",
            (key, request_sha256, answer, exit_code, self.recorded_at),
        )

    # What was erased

    def wipe(self) -> None:
        """Write the file anew, so that no byte of what was deleted is left in it. Raises FailedError."""
        try:
            with writer_lock(self.path):
                self.connection.execute("VACUUM")
        except sqlite3.Error as error:
            raise FailedError(f"the file could not be written anew: {error}", "make room and try again") from error

    def copies(self) -> list[Path]:
        """Files beside this one that upgrades and restores have left."""
        name = glob.escape(self.path.name)
        found = [self.path.parent.glob(f"{name}.{what}-*") for what in ("version", "before-restore")]
        return sorted(path for paths in found for path in paths)

    @property
    def is_current(self) -> bool:
        """Whether the path still leads to the file that is open, as safe as it was: a restore puts another there."""
        return self.identity is not None and self.identity == _identity(self.path)

    def close(self) -> None:
        self.connection.close()


# Opening


def open_existing(path: Path) -> Store:
    """The file as it is.

    Raises NotFoundError when there is none, DataError when it is not ours, not safe or newer than this ltc.
    """
    if not path.exists():
        raise NotFoundError(f"there is no file {path}", "ltc init makes one; --db FILE names another")
    _refuse_unsafe(path)
    identity = _identity(path)
    connection = connect(path)
    try:
        if refuse_foreign(connection, path) < schema.VERSION:
            _upgrade(connection, path)
    except BaseException:
        connection.close()
        raise
    store = Store(connection, path)
    store.identity = identity
    return store


def _upgrade(connection: sqlite3.Connection, path: Path) -> None:
    """Bring an older file to this version: all of it or nothing, with a sound copy of the old one kept beside it."""
    if not os.access(path, os.W_OK):
        raise FailedError(f"{path} is older than this ltc and cannot be written to", "check its permissions")
    with writer_lock(path):
        version = refuse_foreign(connection, path)
        if version == schema.VERSION:
            return
        _keep_copy(connection, path.with_name(f"{path.name}.version-{version}"))
        connection.execute("BEGIN IMMEDIATE")
        try:
            schema.migrate(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _keep_copy(connection: sqlite3.Connection, copy: Path) -> None:
    """A copy that is proven sound before anything is changed; one left by an upgrade that was killed is replaced."""
    descriptor = os.open(copy, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        with closing(connect(copy)) as target:
            connection.backup(target)
            if [tuple(row) for row in target.execute("PRAGMA quick_check")] != [("ok",)]:
                raise damaged(copy)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_folder(folder: Path) -> None:
    """A file outlives a crash by its name, which is kept with the folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_to_look(path: Path) -> Store:
    """The file for a hint that is not worth waiting for: never written, not waited for, no question without an end.

    Raises what `open_existing` does, and sqlite3.Error where it is locked or a question is too long.
    """
    _refuse_unsafe(path)
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", timeout=0, isolation_level=None, uri=True)
    connection.row_factory = sqlite3.Row
    connection.set_progress_handler(lambda: True, LOOK_STEPS)
    try:
        connection.execute("PRAGMA trusted_schema = 0")
        refuse_foreign(connection, path)
    except BaseException:
        connection.close()
        raise
    return Store(connection, path)


def _identity(path: Path) -> tuple[int, ...] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mode


def open_or_create(path: Path, recorded_at: str) -> Store:
    """The file; made, readable by its owner alone, when there is none."""
    if not path.exists() or path.stat().st_size == 0 or _was_interrupted(path):
        create(path, recorded_at)
    return open_existing(path)


def open_scratch(path: Path, recorded_at: str) -> Store:
    """For a dry run: the file if it exists, else an empty one in memory."""
    if path.exists():
        return open_existing(path)
    connection = connect(None)
    connection.execute("BEGIN")
    schema.migrate(connection)
    connection.execute("COMMIT")
    return Store(connection, path)


def open_copy(path: Path, recorded_at: str) -> Store:
    """For a dry run that takes long: a copy that nobody else sees, so that nobody has to wait."""
    if not path.exists():
        return open_scratch(path, recorded_at)
    with closing(open_existing(path)) as present:
        connection = connect(None)
        present.connection.backup(connection)
    return Store(connection, path)


def create(path: Path, recorded_at: str) -> None:
    """Make the file with all its tables, in one transaction."""
    if not path.parent.is_dir():
        raise NotFoundError(f"there is no folder {path.parent}", f"mkdir -p {path.parent}")
    with writer_lock(path):
        if _was_interrupted(path):
            with closing(connect(path)) as connection:  # takes back what was begun: all, where the file was being made
                connection.execute("PRAGMA user_version").fetchone()
        if path.exists() and path.stat().st_size > 0:
            return
        if path.exists():
            _refuse_unsafe(path)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        connection = connect(path)
        try:
            connection.execute("BEGIN IMMEDIATE")
            schema.migrate(connection)
            connection.execute("COMMIT")
        finally:
            connection.close()


def _was_interrupted(path: Path) -> bool:
    """Whether a journal lies beside the file whose transaction may have been killed."""
    if not path.is_file():
        return False
    journal = path.with_name(f"{path.name}-journal")
    return journal.exists() and journal.stat().st_size > 0


def _refuse_unsafe(path: Path) -> None:
    if not path.is_file():
        raise DataError(f"{path} is not a file")
    if path.stat().st_mode & OTHERS_MAY_WRITE:
        raise DataError(f"others may write to {path}", f"chmod 600 {path}")
    if _file_system(path) in NETWORK_FILE_SYSTEMS:
        raise DataError(f"{path} lies on a network file system, where SQLite's locks do not hold", "use a local disk")


def _file_system(path: Path) -> str:
    """The kind of file system that holds the path, as Linux names it; empty where nothing tells."""
    target = str(path.resolve())
    best, kind = "", ""
    try:
        with open("/proc/self/mounts", encoding="utf-8", errors="replace") as mounts:
            for line in mounts:
                _device, point, name, *_rest = line.split(" ")
                if len(point) >= len(best) and (target + "/").startswith(point.rstrip("/") + "/"):
                    best, kind = point, name
    except OSError:
        return ""
    return kind


def refuse_foreign(connection: sqlite3.Connection, path: Path) -> int:
    """The version of the file. Raises DataError where it is not one of ours, or newer than this ltc."""
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application_id != schema.APPLICATION_ID:
        raise DataError(f"{path} is not a file of ltc", "--db FILE names another")
    if version > schema.VERSION:
        raise DataError(f"{path} is newer than this ltc (version {version}, known {schema.VERSION})", "upgrade ltc")
    return int(version)


@contextmanager
def writer_lock(path: Path) -> Iterator[None]:
    """Queue before the file's lock: SQLite's own waiting is unfair, the kernel's is not.

    Raises ConflictError after `BUSY_SECONDS`.
    """
    with _lock(path, ".lock", wait=True):
        yield


@contextmanager
def sender_lock(path: Path, *, wait: bool) -> Iterator[None]:
    """Only one process sends mail at a time; it writes in between. Raises UnderWayError when another one does."""
    with _lock(path, ".sender.lock", wait=wait, refusal=UnderWayError):
        yield


@contextmanager
def daily_lock(path: Path) -> Iterator[None]:
    """Only one daily run at a time. Raises UnderWayError at once where there is one."""
    with _lock(path, ".daily.lock", wait=False, refusal=UnderWayError):
        yield


@contextmanager
def _lock(path: Path, suffix: str, *, wait: bool, refusal: type[ConflictError] = ConflictError) -> Iterator[None]:
    lock = path.with_name(path.name + suffix)
    try:
        descriptor = os.open(lock, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise FailedError(
            f"cannot write to the folder {path.parent}: {error.strerror}", "check its permissions"
        ) from error
    try:
        _wait_for(descriptor, path, BUSY_SECONDS if wait else 0, refusal)
        yield
    finally:
        os.close(descriptor)


def _wait_for(descriptor: int, path: Path, seconds: int, refusal: type[ConflictError]) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise refusal(f"{path} is locked by another process", "try again in a moment") from None
            time.sleep(0.005)
