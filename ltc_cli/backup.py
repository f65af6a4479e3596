"""A copy of the file that can be trusted, and the way back to it that gives no legal number out twice."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from ltc_cli.errors import (
    ConflictError,
    DataError,
    FailedError,
    LtcError,
    NotFoundError,
    Problems,
    RefusedError,
    UsageError,
)
from ltc_cli.store import (
    FIRST_SHA256,
    Store,
    connect,
    flush_folder,
    open_existing,
    refuse_foreign,
    translate,
    writer_lock,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

SIDE_FILES = ("-journal", "-wal", "-shm")
"""What SQLite keeps beside a file; under the same name they would spoil another file."""
SEPARATORS = "-/_.#"
SEQ = re.compile(r"(.*)\{seq(?::0([1-9]))?\}(.*)", re.DOTALL)
SEQ_DIGITS_MAX = 12


class Head(NamedTuple):
    """The newest entry of the journal: it vouches for all entries before it."""

    id: int
    sha256: str


class Manifest(NamedTuple):
    """What `FILE.manifest.json` says; `version` is that of the schema, `series` the last number of each series."""

    database: str
    sha256: str
    size: int
    """In bytes."""
    made_at: str
    version: int
    journal: Head
    series: dict[str, int]


class Series(NamedTuple):
    """A series of legal numbers without gaps; year 0: its pattern names none."""

    kind: str
    pattern: str
    year: int


LastNumbers = dict[Series, int]
"""The last sequence number that each series gave out; 0: none."""


class Lost(NamedTuple):
    """Numbers given out after the backup was made."""

    series: Series
    first_seq: int
    last_seq: int


class Occasion(NamedTuple):
    """Who restores, on which business date, at which moment (UTC, as the journal writes it)."""

    actor: str
    today: date
    recorded_at: str


class Restored(NamedTuple):
    """What a restore did."""

    kept: Path | None
    """Where the file lies that was there before."""
    journal: Head
    lost: list[Lost]
    has_manifest: bool
    is_blind: bool
    """Nothing told which legal numbers there are: not the file, not the backup, not the user."""
    doubtful: int
    """Mails that waited when the backup was made."""
    stopped: int
    """Sequences that leads were in."""
    notices: list[int]
    """Those that the file that was there had decided since the backup."""


# Backing up


def make(store: Store, file: Path, made_at: str, *, force: bool) -> Manifest:
    """Copy one snapshot of the store to the file, proven sound, with a manifest beside it.

    Raises ConflictError where the file exists (unless forced), UsageError where it is the store itself, DataError
    where the store is not sound, FailedError where the copy cannot be written. Nothing is written in these cases.
    """
    _refuse_itself(file, store.path)
    _refuse_without_folder(file)
    if os.path.lexists(file) and not force:
        raise ConflictError(f"{file} exists already", "name another file, or --force to replace it")
    # This query takes the snapshot: unlike `Connection.backup`, it gives up on a locked file when the time-out is over.
    journal_head(store.connection)
    with _failures_of(file), _workshop(file.parent) as folder:
        copy, note = folder / "copy", folder / "manifest"
        _copy_snapshot(store, copy)
        manifest = _describe(copy, store.path, made_at)
        with open(note, "xb", opener=_private) as stream:
            _write(stream, _as_json(manifest))
        _publish(copy, note, file)
    return manifest


def manifest_path(file: Path) -> Path:
    return file.with_name(f"{file.name}.manifest.json")


def _copy_snapshot(store: Store, copy: Path) -> None:
    with open(copy, "xb", opener=_private) as stream:
        with closing(connect(copy)) as connection:
            store.connection.backup(connection)
        os.fsync(stream.fileno())


def _describe(copy: Path, source: Path, made_at: str) -> Manifest:
    """The manifest of a copy, all of it read from the copy. Raises DataError where that is not sound."""
    with _failures_of(source), closing(connect(copy)) as connection:
        _refuse_unsound(connection, source)
        return Manifest(
            database=source.name,
            sha256=_file_sha256(copy),
            size=copy.stat().st_size,
            made_at=made_at,
            version=_pragma(connection, "user_version"),
            journal=journal_head(connection),
            series={series_name(series): seq for series, seq in last_numbers(connection).items()},
        )


def _as_json(manifest: Manifest) -> bytes:
    named = {**manifest._asdict(), "journal": manifest.journal._asdict()}
    return f"{json.dumps(named, indent=2)}\n".encode()


def _publish(copy: Path, note: Path, file: Path) -> None:
    """A kill in between leaves a backup without a manifest, never one with the manifest of another."""
    manifest_path(file).unlink(missing_ok=True)
    os.replace(copy, file)
    os.replace(note, manifest_path(file))
    flush_folder(file.parent)


# Restoring


class _Proven(NamedTuple):
    """A copy of the backup that has passed every check, and what it knows."""

    copy: Path
    sha256: str
    has_manifest: bool
    origin_sha256: str | None
    last: LastNumbers


def restore(
    file: Path,
    target: Path,
    occasion: Occasion,
    *,
    last_numbers_given: Sequence[str] = (),
    patterns: Iterable[tuple[str, str]] = (),
) -> Restored:
    """Put a copy of the backup in the target's place; the numbers it does not know are never given out again.

    `last_numbers_given` are texts like `INV-2026=57`, `patterns` the configured ones, each with its kind. The
    file is swapped as a whole, with its numbers raised and the restore journalled, and only after every check.
    Raises NotFoundError without a backup, DataError where it is not sound, not ours, newer than this ltc or not as
    its manifest says, RefusedError where the last numbers given out are not known, UsageError where those given
    are wrong, FailedError where the disk fails. The target is untouched in these cases.
    """
    _refuse_missing(file)
    _refuse_itself(file, target)
    _refuse_without_folder(target)
    real = Path(os.path.realpath(target)) if target.is_symlink() else target
    with _failures_of(target), _workshop(real.parent) as folder:
        proven = _prove(file, folder / "copy")
        given = read_last_numbers(last_numbers_given, proven.last, patterns)
        with writer_lock(target):
            present, unknown_because = _numbers_of_present(target, proven.origin_sha256)
            if unknown_because:
                _refuse_ungiven(_in_doubt(proven.last, occasion.today.year), given, proven.last, unknown_because)
            lost = lost_numbers(proven.last, present, given)
            arguments = {"file": str(file), "sha256": proven.sha256, "last_number": list(last_numbers_given)}
            since = NOTHING if unknown_because else _since(target, proven.copy)
            head, doubtful, stopped = _record(proven.copy, occasion, lost, since, arguments)
            kept = _swap(proven.copy, real, occasion.recorded_at)
    is_blind = bool(unknown_because) and not proven.last and not given
    return Restored(kept, head, lost, proven.has_manifest, is_blind, doubtful, stopped, since.notices)


def _prove(file: Path, copy: Path) -> _Proven:
    """Copy the backup and check the copy: what is checked is what will be used, and SQLite never opens the backup."""
    _copy_file(file, copy)
    sha256 = _file_sha256(copy)
    has_manifest = _refuse_unlike_manifest(file, sha256)
    with _failures_of(file), closing(connect(copy)) as connection:
        refuse_foreign(connection, file)
        _refuse_unsound(connection, file)
        return _Proven(copy, sha256, has_manifest, _origin_sha256(connection), last_numbers(connection))


WAITING = "SELECT id, message_id FROM outbox WHERE state IN ('queued', 'claimed', 'sending') ORDER BY id"

NOTICES = "SELECT id, recorded_at FROM notice ORDER BY id"


class Since(NamedTuple):
    """What the file that is replaced knows of the time since the backup."""

    secret: bytes | None
    """The key of its suppression list."""
    listed: list[tuple[Any, ...]]
    """Who is not to be written to: what unsubscribed since stays so."""
    sent: dict[int, tuple[str, str]]
    """Mails that waited in the backup and went: on which day, and what the server said."""
    notices: list[int]
    """Those that were decided since."""


NOTHING = Since(None, [], {}, [])


def _since(target: Path, copy: Path) -> Since:
    """Of the file that is there, which began as the copy of the backup did.

    It may have gone another way in between, and have other records under the same ids.
    """
    if not target.exists():
        return NOTHING
    with closing(connect(copy)) as connection:
        backup = Store(connection, copy)
        waiting = {row["id"]: row["message_id"] for row in backup.all(WAITING)} if _has(backup, "outbox") else {}
        known = {tuple(row) for row in backup.all(NOTICES)} if _has(backup, "notice") else set()
    with closing(open_existing(target)) as store, store.reading():
        secret = store.one("SELECT secret FROM suppression_key")
        listed = store.all("SELECT kind, hash, reason, since_on, outbox_id, recorded_at FROM suppression ORDER BY id")
        gone = store.among(
            "SELECT outbox_id, message_id, happened_on, said FROM outbox_attempt JOIN outbox ON outbox.id = outbox_id"
            " WHERE outbox_attempt.state = 'sent' AND outbox.state = 'sent' AND {these:outbox_id}",
            waiting,
        )
        return Since(
            secret["secret"] if secret else None,
            [tuple(row) for row in listed],
            {
                row["outbox_id"]: (row["happened_on"], row["said"])
                for row in gone
                if row["message_id"] == waiting[row["outbox_id"]]
            },
            [row["id"] for row in store.all(NOTICES) if tuple(row) not in known],
        )


def _has(store: Store, table: str) -> bool:
    """The backup may be older than what is asked for."""
    return store.one("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)) is not None


def _keep_suppression(store: Store, since: Since) -> None:
    """Take the list over, with its key where the backup has none. Nobody knows what a list of another key is about."""
    if since.secret is None or not _has(store, "suppression"):
        return
    store.connection.execute(
        "INSERT INTO suppression_key (id, secret) VALUES (1, ?) ON CONFLICT (id) DO NOTHING", (since.secret,)
    )
    if store.value("SELECT secret FROM suppression_key") != since.secret:
        return
    store.connection.executemany(
        "INSERT INTO suppression (kind, hash, reason, since_on, outbox_id, recorded_at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (hash, reason) DO NOTHING",
        since.listed,
    )


def _stop_sequences(store: Store, occasion: Occasion) -> int:
    """Steps that were taken since the backup are not known, so none is taken by itself. Answers how many stop."""
    if not _has(store, "sequence_event"):
        return 0
    rows = store.all(
        "SELECT * FROM sequence_event AS now WHERE next_on IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sequence_event"
        " AS later WHERE later.lead_id = now.lead_id AND later.sequence = now.sequence AND later.id > now.id)"
    )
    for row in rows:
        store.add(
            "sequence_event",
            **{key: row[key] for key in ("lead_id", "sequence", "position", "touch_id", "lead_event_id")},
            kind="stopped",
            reason="a backup was restored",
            event_on=occasion.today.isoformat(),
            recorded_at=store.recorded_at,
        )
    return len(rows)


def _record(
    copy: Path, occasion: Occasion, lost: list[Lost], since: Since, arguments: dict[str, Any]
) -> tuple[Head, int, int]:
    """Raise the numbers, set aside what would be sent, and journal it, before the copy takes its place."""
    with closing(connect(copy)) as connection:
        store = Store(connection, copy)
        with store.writing(lambda: occasion.recorded_at):
            for each in lost:
                _add_lost(store, each)
            doubtful = _set_outbox_aside(store, occasion, since.sent)
            stopped = _stop_sequences(store, occasion)
            _keep_suppression(store, since)
            store.journal(
                verb="restore",
                actor=occasion.actor,
                business_on=occasion.today.isoformat(),
                arguments=arguments,
                answer=[lost_record(each) for each in lost],
            )
        return journal_head(connection), doubtful, stopped


def _set_outbox_aside(store: Store, occasion: Occasion, sent: dict[int, tuple[str, str]]) -> int:
    """What waited when the backup was made went, or may have gone: nothing sends it by itself.

    Answers of how many nobody knows.
    """
    waiting = [row["id"] for row in store.all(WAITING)] if _has(store, "outbox") else []
    for mail_id in waiting:
        state = "sent" if mail_id in sent else "unknown"
        on, said = sent.get(mail_id, (occasion.today.isoformat(), "it waited in a backup that was restored"))
        store.connection.execute("UPDATE outbox SET state = ?, not_before = NULL WHERE id = ?", (state, mail_id))
        store.add(
            "outbox_attempt",
            outbox_id=mail_id,
            state=state,
            tried=int(state == "sent"),
            said=said,
            happened_on=on,
            recorded_at=store.recorded_at,
        )
    return len(set(waiting) - set(sent))


def _add_lost(store: Store, lost: Lost) -> None:
    row = store.one(
        "INSERT INTO series (kind, pattern, year, next_seq, gapless) VALUES (?, ?, ?, ?, 1)"
        " ON CONFLICT (kind, pattern, year) DO UPDATE SET next_seq = excluded.next_seq RETURNING id",
        (*lost.series, lost.last_seq + 1),
    )
    assert row is not None
    numbers = {"first_seq": lost.first_seq, "last_seq": lost.last_seq}
    store.add("lost_number", series_id=row["id"], **numbers, recorded_at=store.recorded_at)


def _swap(copy: Path, target: Path, recorded_at: str) -> Path | None:
    """Put the copy in the target's place; answers where the old file is kept. At no moment is there no file."""
    moment = re.sub(r"[-:]|\.[0-9]+", "", recorded_at)
    kept = _unused(target.with_name(f"{target.name}.before-restore-{moment}"))
    existed = target.exists()
    if existed:
        os.link(target, kept)
    _set_side_files_aside(target, kept)
    os.replace(copy, target)
    flush_folder(target.parent)
    return kept if existed else None


def _set_side_files_aside(target: Path, kept: Path) -> None:
    """An unfinished transaction goes with the file it belongs to: SQLite would roll it back into the new one."""
    for suffix in SIDE_FILES:
        side = target.with_name(target.name + suffix)
        if side.exists():
            side.rename(kept.with_name(kept.name + suffix))


def _unused(path: Path) -> Path:
    names = (path.with_name(f"{path.name}{f'-{again}' if again else ''}") for again in count())
    return next(name for name in names if not os.path.lexists(name))


# Legal numbers


def last_numbers(connection: sqlite3.Connection) -> LastNumbers:
    """What a file knows of its series without gaps."""
    rows = connection.execute(
        "SELECT kind, pattern, year, next_seq - 1 AS last_seq FROM series WHERE gapless = 1 ORDER BY id"
    )
    return {Series(row["kind"], row["pattern"], row["year"]): row["last_seq"] for row in rows}


def series_name(series: Series) -> str:
    """How a person calls a series: its number's text without the sequence, `INV-2026`."""
    before, _width, after = _affixes(series)
    return f"{before}{after}".strip(SEPARATORS)


def number_text(series: Series, seq: int) -> str:
    """The legal number as it stands on the document."""
    before, width, after = _affixes(series)
    return f"{before}{seq:0{width}}{after}"


def lost_record(lost: Lost) -> dict[str, str]:
    return {
        "series": series_name(lost.series),
        "first": number_text(lost.series, lost.first_seq),
        "last": number_text(lost.series, lost.last_seq),
    }


def lost_numbers(known: LastNumbers, *given_out: LastNumbers) -> list[Lost]:
    """The numbers up to the highest given out of each series that the backup does not know."""
    highest: LastNumbers = {}
    for numbers in given_out:
        for series, seq in numbers.items():
            highest[series] = max(seq, highest.get(series, 0))
    return [
        Lost(series, known.get(series, 0) + 1, seq) for series, seq in highest.items() if seq > known.get(series, 0)
    ]


def read_last_numbers(
    texts: Iterable[str], known: LastNumbers, patterns: Iterable[tuple[str, str]] = ()
) -> LastNumbers:
    """Read `INV-2026=57` or `INV-2026-0057`, in any case, of the known series and of other years of their patterns.

    Raises UsageError for all that cannot be read or are below what is known, ConflictError where a name fits several.
    """
    families = dict.fromkeys((*((series.kind, series.pattern) for series in known), *patterns))
    read: LastNumbers = {}
    with Problems() as check:
        found = [check(_read_last_number, text.strip(), known, families) for text in texts]
    for series, seq in found:
        read[series] = max(seq, read.get(series, 0))
    return read


def _read_last_number(text: str, known: LastNumbers, families: Iterable[tuple[str, str]]) -> tuple[Series, int]:
    found = _fitting(text, known) or _fitting(text, _possible(text, families))
    if not found:
        names = ", ".join(series_name(series) for series in known) or "none"
        raise UsageError(
            f"{text!r:.60} is no last number of a series; known: {names}", "write it like --last-number INV-2026=57"
        )
    if len(found) > 1:
        numbers = " or ".join(number_text(*each) for each in found)
        raise ConflictError(f"{text} fits several series", f"give the whole number: {numbers}")
    series, seq = found[0]
    if seq < known.get(series, 0):
        last = number_text(series, known[series])
        raise UsageError(f"{text} cannot be the last number given out: the backup knows {last}")
    return series, seq


def _fitting(text: str, candidates: Iterable[Series]) -> list[tuple[Series, int]]:
    """The candidates that the text speaks of, each with the sequence number it says."""
    readings = ((series, _seq_in(text, series)) for series in candidates)
    return [(series, seq) for series, seq in readings if seq is not None]


def _seq_in(text: str, series: Series) -> int | None:
    name, equals, digits = text.rpartition("=")
    if equals:
        fits = name.strip(SEPARATORS).casefold() == series_name(series).casefold()
        return _parse_seq(digits) if fits else None
    before, _width, after = _affixes(series)
    seq = _parse_seq(text[len(before) : len(text) - len(after)])
    return seq if seq is not None and number_text(series, seq).casefold() == text.casefold() else None


def _parse_seq(digits: str) -> int | None:
    return int(digits) if re.fullmatch(f"[0-9]{{1,{SEQ_DIGITS_MAX}}}", digits) else None


def _possible(text: str, families: Iterable[tuple[str, str]]) -> Iterator[Series]:
    """The series of these kinds and patterns in every year that the text could mean."""
    years = dict.fromkeys(int(digits) for digits in re.findall(r"(?=([0-9]{4}))", text))
    for kind, pattern in families:
        for year in years if "{year}" in pattern else (0,):
            yield Series(kind, pattern, year)


def _affixes(series: Series) -> tuple[str, int, str]:
    """What stands before the sequence, its least width, and what stands after it."""
    # Not str.format: the pattern comes from a file that may be hostile.
    parts = SEQ.fullmatch(series.pattern)
    if parts is None:
        raise DataError(f"the pattern {series.pattern!r:.60} has no place for a number")
    before, width, after = parts.groups()
    year = str(series.year)
    return before.replace("{year}", year), int(width or 1), after.replace("{year}", year)


def _numbers_of_present(target: Path, origin_sha256: str | None) -> tuple[LastNumbers, str]:
    """The last numbers of the file that is there, or else why they are not known.

    A damaged file, or a new one begun after the loss, knows less than was given out: it is not believed.
    """
    try:
        with _failures_of(target), closing(open_existing(target)) as store, store.reading():
            _refuse_unsound(store.connection, target)
            if origin_sha256 not in (None, _origin_sha256(store.connection)):
                return {}, f"{target} has another history than the backup"
            return last_numbers(store.connection), ""
    except ConflictError:
        raise
    except LtcError as problem:
        return {}, problem.message


def _in_doubt(known: LastNumbers, year: int) -> list[Series]:
    """The series that may have gone on after the backup: those it knows, and their successors up to this year."""
    newest: dict[tuple[str, str], int] = {}
    for series in known:
        newest[series[:2]] = max(series.year, newest.get(series[:2], 0))
    later = [Series(*family, each) for family, last in newest.items() if last for each in range(last + 1, year + 1)]
    return [*known, *later]


def _refuse_ungiven(in_doubt: list[Series], given: LastNumbers, known: LastNumbers, unknown_because: str) -> None:
    missing = [series for series in in_doubt if series not in given]
    if missing:
        last = ", ".join(_last_known(series, known) for series in missing)
        options = " ".join(f"--last-number {series_name(series)}=N" for series in missing)
        raise RefusedError(
            f"the last numbers given out are not known ({unknown_because}); in the backup: {last}",
            f"add {options}, each N the last number given out",
        )


def _last_known(series: Series, known: LastNumbers) -> str:
    seq = known.get(series, 0)
    return number_text(series, seq) if seq else f"none of {series_name(series)} (N = 0 if none was given out)"


# What a file says of itself


def journal_head(connection: sqlite3.Connection) -> Head:
    """The newest entry; entry 0 where the journal is empty."""
    row = connection.execute("SELECT id, sha256 FROM journal ORDER BY id DESC LIMIT 1").fetchone()
    return Head(row["id"], row["sha256"]) if row else Head(0, FIRST_SHA256)


def anchor(head: Head) -> str:
    """As `ltc check --anchor` takes it."""
    return f"{head.id}:{head.sha256}"


def _origin_sha256(connection: sqlite3.Connection) -> str | None:
    """The first entry of the journal: files of one company share it, whatever came after."""
    row = connection.execute("SELECT sha256 FROM journal ORDER BY id LIMIT 1").fetchone()
    return row["sha256"] if row else None


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value


def _file_sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# Refusing


def _refuse_itself(file: Path, target: Path) -> None:
    if file.exists() and target.exists() and file.samefile(target):
        raise UsageError(f"{file} is the file in use itself", "name another file")


def _refuse_without_folder(file: Path) -> None:
    if not file.parent.is_dir():
        raise NotFoundError(f"there is no folder {file.parent}", f"mkdir -p {file.parent}")


def _refuse_missing(file: Path) -> None:
    if not file.is_file():
        raise NotFoundError(f"there is no backup {file}", "ltc backup FILE makes one")
    for suffix in SIDE_FILES:
        side = file.with_name(file.name + suffix)
        if side.exists() and side.stat().st_size:
            raise DataError(
                f"{side} holds an unfinished transaction of {file}", f"ltc check --db {file} finishes or undoes it"
            )


def _refuse_unlike_manifest(file: Path, sha256: str) -> bool:
    """Whether there is a manifest. Raises DataError where it speaks of other bytes."""
    manifest = manifest_path(file)
    if not manifest.exists():
        return False
    try:
        expected = json.loads(manifest.read_bytes())["sha256"]
    except (ValueError, LookupError, TypeError) as error:
        raise DataError(f"{manifest} is not a manifest", "try another backup") from error
    if expected != sha256:
        raise DataError(f"{file} is not what was backed up: its manifest says otherwise", "try another backup")
    return True


def _refuse_unsound(connection: sqlite3.Connection, file: Path) -> None:
    problems = [row[0] for row in connection.execute("PRAGMA integrity_check(1)") if row[0] != "ok"]
    orphans = connection.execute("PRAGMA foreign_key_check").fetchall()
    problems += [f"a {table} points to no {parent}" for table, _rowid, parent, _key in orphans]
    if problems:
        raise DataError(f"{file} is not sound: {problems[0]}", "ltc restore BACKUP brings another backup back")


# Files


@contextmanager
def _failures_of(file: Path) -> Iterator[None]:
    """What SQLite or the disk says, in the user's words."""
    try:
        yield
    except sqlite3.Error as error:
        raise translate(error, file) from error
    except UnicodeDecodeError as error:  # where SQLite quotes the damage it found
        raise DataError(f"{file} is not a sound database", "try another backup") from error
    except OSError as error:
        raise FailedError(
            f"cannot write {file}: {error.strerror}", "nothing was changed; make room or check the permissions"
        ) from error


@contextmanager
def _workshop(folder: Path) -> Iterator[Path]:
    """A folder of our own on the same disk, gone afterwards with all that SQLite left in it."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix=".ltc-", dir=folder) as name:
        yield Path(name)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _write(stream: BinaryIO, body: bytes) -> None:
    stream.write(body)
    stream.flush()
    os.fsync(stream.fileno())


def _copy_file(file: Path, copy: Path) -> None:
    from shutil import copyfileobj

    try:
        original = file.open("rb")
    except OSError as error:
        raise NotFoundError(f"cannot read {file}: {error.strerror}") from error
    with original, open(copy, "xb", opener=_private) as stream:
        copyfileobj(original, stream)
        stream.flush()
        os.fsync(stream.fileno())
