"""A copy of the file that can be trusted, and the way back to it that never gives out a legal number twice."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ltc_cli import schema
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
from ltc_cli.store import FIRST_SHA256, Store, connect, open_existing, translate, writer_lock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date, datetime

MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"
IN_A_NAME = "%Y%m%dT%H%M%SZ"
ANOTHER = "try another backup"
SIDE_FILES = ("-journal", "-wal", "-shm")
"""What SQLite keeps beside a file; the ones of one file are poison to another under the same name."""


class Head(NamedTuple):
    """The newest entry of the journal, which vouches for all before it."""

    id: int
    sha256: str


class Manifest(NamedTuple):
    """What stands in `FILE.manifest.json`; `version` is that of the schema, `series` the last number of each."""

    database: str
    sha256: str
    size_bytes: int
    made_at: str
    version: int
    journal: Head
    series: dict[str, int]


class Series(NamedTuple):
    """A gapless series of legal numbers; year 0 where its pattern names none."""

    kind: str
    pattern: str
    year: int


class Lost(NamedTuple):
    """Numbers given out after the backup was made."""

    series: Series
    first_seq: int
    last_seq: int


class Occasion(NamedTuple):
    """Who restores, on which business date, at which moment (UTC)."""

    actor: str
    today: date
    moment: datetime


class Restored(NamedTuple):
    """What became of a restore; `kept` is the file that was there before."""

    kept: Path | None
    journal: Head
    lost: list[Lost]
    has_manifest: bool


LastNumbers = dict[Series, int]
"""The last sequence number of each series that was given out."""


# Backing up


def make(store: Store, file: Path, moment: datetime, *, force: bool) -> Manifest:
    """Copy one snapshot of the store to the file, proven sound, with its manifest beside it.

    Raises ConflictError where the file exists (unless forced), UsageError where it is the store itself, DataError
    where the store is not sound, FailedError where the copy cannot be written: then nothing is.
    """
    _refuse_same(file, store.path)
    _refuse_no_folder(file)
    if file.exists() and not force:
        raise ConflictError(f"{file} exists already", "name another file, or --force to replace it")
    with _failures_of(file), _private_folder(file.parent) as folder:
        copy, note = folder / "copy", folder / "manifest"
        _copy_snapshot(store, copy)
        manifest = _describe(copy, store.path, moment)
        _write(note, _as_json(manifest))
        _put_in_place(copy, note, file)
    return manifest


def manifest_path(file: Path) -> Path:
    return file.with_name(f"{file.name}.manifest.json")


def _copy_snapshot(store: Store, copy: Path) -> None:
    _write(copy, b"")
    # The first query takes the snapshot: unlike `backup`, it gives up on a locked file after the time-out.
    journal_head(store.connection)
    with closing(connect(copy)) as target:
        store.connection.backup(target)
    _flush(copy)


def _describe(copy: Path, source: Path, moment: datetime) -> Manifest:
    """The manifest of a copy, all of it read from the copy. Raises DataError where it is not sound."""
    with closing(connect(copy)) as connection:
        _refuse_unsound(connection, source, "ltc restore BACKUP brings the last backup back")
        return Manifest(
            database=source.name,
            sha256=_file_sha256(copy),
            size_bytes=copy.stat().st_size,
            made_at=moment.strftime(MOMENT),
            version=_pragma(connection, "user_version"),
            journal=journal_head(connection),
            series={series_name(series): seq for series, seq in last_numbers(connection).items()},
        )


def _as_json(manifest: Manifest) -> bytes:
    named = manifest._asdict()
    named["size"] = named.pop("size_bytes")
    named["journal"] = manifest.journal._asdict()
    return (json.dumps(named, indent=2) + "\n").encode()


def _put_in_place(copy: Path, note: Path, file: Path) -> None:
    """A kill in between leaves a backup without a manifest, never one beside the manifest of another."""
    manifest_path(file).unlink(missing_ok=True)
    os.replace(copy, file)
    os.replace(note, manifest_path(file))
    _flush(file.parent)


# Restoring


def restore(
    file: Path,
    target: Path,
    occasion: Occasion,
    *,
    last_numbers_said: Sequence[str] = (),
    patterns: Iterable[tuple[str, str]] = (),
) -> Restored:
    """Put a proven copy of the backup in the target's place, with its numbers raised and the restore journalled.

    `last_numbers_said` are `SERIES=N` or whole legal numbers, `patterns` the kinds and patterns of the config.
    Raises DataError where the backup is not sound, not ours, newer or not what its manifest says, RefusedError
    where the last numbers given out are not known, UsageError where they were given wrongly, FailedError where
    nothing can be written. The target is untouched by all of these.
    """
    _refuse_missing(file)
    _refuse_same(file, target)
    _refuse_no_folder(target)
    real = Path(os.path.realpath(target)) if target.is_symlink() else target
    with _failures_of(target), _private_folder(real.parent) as folder:
        copy = folder / "copy"
        _copy_file(file, copy)
        sha256 = _file_sha256(copy)
        has_manifest = _refuse_unlike_manifest(file, sha256)
        with _failures_of(file), closing(connect(copy)) as connection:
            _refuse_unrestorable(connection, file)
            known = last_numbers(connection)
            origin = _origin(connection)
        said = read_last_numbers(last_numbers_said, known, patterns)
        with writer_lock(target):
            given_out = said | _given_out(target, origin, known, said, occasion.today.year)
            lost = lost_numbers(known, given_out)
            arguments = {"file": str(file), "sha256": sha256, "last_number": list(last_numbers_said)}
            head = _record(copy, occasion, lost, arguments)
            kept = _swap(copy, real, occasion.moment)
    return Restored(kept, head, lost, has_manifest)
