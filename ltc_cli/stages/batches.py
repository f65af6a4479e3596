"""Batches: what an import brought, how its rows are known again, and how it is taken back."""

from __future__ import annotations

import hashlib
from collections import Counter
from itertools import repeat
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.store import canonical_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ltc_cli.rules.contact import ColumnProblems
    from ltc_cli.store import Store

ON_DUPLICATE = ("error", "skip", "update")
"""What becomes of a changed row under a known id or e-mail: rejected, left, or taken over."""

PART_ROWS = 200_000
"""Rows after which an import commits."""
PART_CHANGES = 20_000
"""Changed records after which it does: the journal keeps each as it was, and all of them at once in memory."""
FINGERPRINT_BYTES = 16


class Known(NamedTuple):
    """A record that an earlier row brought."""

    record_id: int
    fingerprint: bytes | None
    """Of the row as it was read last; None for one that was added by hand."""


class Seen(NamedTuple):
    """How many records equal rows brought, and the number of the last of them."""

    records: int
    last: int


NEVER = Seen(0, 0)


class Rows(NamedTuple):
    """Rows of a file, column by column."""

    lines: list[int]
    cells: list[list[str]]
    """As they stand in the file, for the rejects."""
    fields: dict[str, list[str]]
    further: list[dict[str, str]]
    """Columns that are kept as they are; empty where the file has none."""
    formats: dict[str, str]
    """Of the fields that are dates or amounts (see `rules.foreign`)."""
    problems: ColumnProblems
    """Of the further columns."""


class Batch:
    """One import of one file, while it runs."""

    def __init__(
        self,
        store: Store,
        kind: str,
        source: str,
        *,
        id_source: str,
        lead_source: str = "",
        on_duplicate: str,
        reject: Callable[[int, str, Sequence[str]], None],
    ) -> None:
        self.store = store
        self.kind = kind
        self.source = source
        self.id_source = id_source
        """The namespace of the external ids: the name of the column that holds them."""
        self.lead_source = lead_source
        """The same of the column that names the lead of a row."""
        self.on_duplicate = on_duplicate
        self.id: int | None = None
        self.counts: Counter[str] = Counter()
        self.notes: Counter[str] = Counter()
        """Other things worth saying, and how many rows they are about."""
        self.left_out: set[int] = set()
        """Lines of rows of which nothing was taken, nor may be told."""
        self._reject = reject

    def begin(self) -> int:
        """The id of the batch, given out with the first row that is kept."""
        if self.id is None:
            self.id = self.store.add("batch", kind=self.kind, source=self.source, recorded_at=self.store.recorded_at)
        self.store.batch_id = self.id
        return self.id

    def leave_out(self, line: int, note: str) -> None:
        self.counts["unchanged"] += 1
        self.notes[note] += 1
        self.left_out.add(line)

    def reject(self, line: int, reason: str, cells: Sequence[str]) -> None:
        self.counts["rejected"] += 1
        self._reject(line, reason, cells)

    # How rows are known again

    def by_external_id(self, values: Iterable[str]) -> dict[str, Known]:
        """The records under these ids; one given by hand is known in every file."""
        found: dict[str, Known] = {}
        for row in self.among(
            "SELECT source, value, record_id, fingerprint FROM external_id"
            " WHERE kind = ? AND source IN ('', ?) AND value IN ({marks}) ORDER BY source",
            (self.kind, self.id_source),
            values,
        ):
            found[row["value"]] = Known(row["record_id"], row["fingerprint"])
        return found

    def named(self, kind: str, value: str) -> int | None:
        """The record of another kind that a row names by its id in any file; None where there is none."""
        row = self.store.one(
            "SELECT record_id FROM external_id WHERE kind = ? AND value = ? ORDER BY source", (kind, value)
        )
        return row["record_id"] if row else None

    def by_fingerprint(self, values: Iterable[bytes]) -> dict[bytes, Seen]:
        """What rows without an id and an e-mail brought that said exactly this."""
        if self.store.one("SELECT 1 FROM fingerprint WHERE kind = ? LIMIT 1", (self.kind,)) is None:
            return {}
        rows = self.among(
            "SELECT value, COUNT(*) AS records, MAX(occurrence) AS last FROM fingerprint"
            " WHERE kind = ? AND value IN ({marks}) GROUP BY value",
            (self.kind,),
            values,
        )
        return {row["value"]: Seen(row["records"], row["last"]) for row in rows}

    def among(self, sql: str, parameters: tuple[Any, ...], values: Iterable[Any]) -> Iterator[Any]:
        wanted = sorted(set(values))
        for start in range(0, len(wanted), MARKS):
            some = wanted[start : start + MARKS]
            yield from self.store.connection.execute(sql.format(marks=",".join("?" * len(some))), (*parameters, *some))

    def keep_external_ids(self, values: Sequence[str], ids: Sequence[int], fingerprints: Sequence[bytes]) -> None:
        self.store.add_all(
            "external_id",
            0,
            kind=repeat(self.kind),
            source=repeat(self.id_source),
            value=values,
            record_id=ids,
            batch_id=repeat(self.begin()),
            fingerprint=fingerprints,
        )

    def keep_fingerprint(self, name: str, value: bytes) -> None:
        """What the row under this id says now."""
        self.store.connection.execute(
            "UPDATE external_id SET fingerprint = ? WHERE kind = ? AND source IN ('', ?) AND value = ?",
            (value, self.kind, self.id_source, name),
        )

    def keep_fingerprints(self, entries: list[tuple[bytes, int, int]]) -> None:
        """Fingerprint, occurrence and record of each row; in order, so that neighbours are written together."""
        entries.sort()
        batch_id = self.begin()
        self.store.connection.executemany(
            "INSERT INTO fingerprint (kind, value, occurrence, record_id, batch_id) VALUES (?, ?, ?, ?, ?)",
            [(self.kind, value, occurrence, record_id, batch_id) for value, occurrence, record_id in entries],
        )


MARKS = 10_000
"""Values that are looked up at once."""


class Occurrences:
    """How often each fingerprint came in this run, kept on disk where there are many."""

    def __init__(self, store: Store) -> None:
        self.connection = store.connection
        self.connection.execute("DROP TABLE IF EXISTS temp.seen")
        self.connection.execute("CREATE TEMP TABLE seen (value BLOB PRIMARY KEY, times INTEGER NOT NULL)")

    def next(self, value: bytes) -> int:
        """Which occurrence of its row this one is, from 1."""
        row = self.connection.execute(
            "INSERT INTO temp.seen (value, times) VALUES (?, 1)"
            " ON CONFLICT (value) DO UPDATE SET times = times + 1 RETURNING times",
            (value,),
        ).fetchone()
        return int(row[0])


def fingerprints(columns: Iterable[Iterable[str]]) -> list[bytes]:
    """What each row says, as a hash over its cells in a fixed order."""
    return [
        hashlib.blake2b("\x1f".join(cells).encode("utf-8", "surrogatepass"), digest_size=FINGERPRINT_BYTES).digest()
        for cells in zip(*columns, strict=False)
    ]


def further_text(further: dict[str, str]) -> str:
    """The columns that are kept as they are, as JSON; empty for none."""
    return canonical_json(further) if further else ""
