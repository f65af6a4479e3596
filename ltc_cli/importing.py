"""`ltc import`: a file, chunk by chunk, into a batch; each part committed, so that a killed one is simply run again."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ltc_cli.exchange import mapping, rows, source
from ltc_cli.exchange.layouts import Layout, squeezed
from ltc_cli.exchange.rejects import Rejects
from ltc_cli.output.progress import progress
from ltc_cli.report import Column, Report
from ltc_cli.session import Part
from ltc_cli.stages.batches import PART_CHANGES, PART_ROWS, Batch, Rows
from ltc_cli.stages.readdressing import readdress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence, Set
    from datetime import date

    from ltc_cli.exchange.chunk import Chunk
    from ltc_cli.exchange.mapping import Use
    from ltc_cli.exchange.source import Source
    from ltc_cli.session import Session
    from ltc_cli.settings import Settings
    from ltc_cli.store import Store

COLUMN_COLUMNS = (Column("column"), Column("field"), Column("format"), Column("example"))
COLUMNS = (
    Column("read", "count"),
    Column("created", "count"),
    Column("updated", "count"),
    Column("unchanged", "count"),
    Column("rejected", "count"),
    Column("batch"),
    Column("format"),
    Column("encoding"),
    Column("delimiter"),
    Column("header_line", "count"),
    Column("columns", "list", columns=COLUMN_COLUMNS),
)
RECORDS = {
    "leads": "lead",
    "opportunities": "opportunity",
    "customers": "customer",
    "touches": "touch",
    "contracts": "contract",
    "shipments": "shipment",
    "invoices": "invoice",
    "payments": "payment",
    "rates": "rate",
    "items": "item",
}
SHOWN = 5
COUNTS = ("read", "created", "updated", "unchanged", "rejected")


class Wish(NamedTuple):
    """What the user asked for; what is None is found."""

    file: str
    uses: Sequence[str]
    """`COLUMN=FIELD` or `COLUMN=FIELD:FORMAT`."""
    on_duplicate: str
    rejects: str | None
    encoding: str | None
    delimiter: str | None


class Importer(Protocol):
    """What takes the rows of a kind."""

    def take(self, rows: Rows) -> None: ...


def run(session: Session, kind: str, wish: Wish, importer: Callable[[Batch, Settings, date], Importer]) -> None:
    """Import the file as records of a kind (`leads`) and show what became of its rows."""
    with source.opened(wish.file, session.inp, wish.encoding) as file:
        session.arguments["file"] = f"sha256:{file.sha256}"
        run = _Run(session, kind, wish, file)
        with closing(run.rejects):
            session.write_in_parts(partial(run.parts, importer), creates=True)


class _Run:
    """One file on its way in."""

    def __init__(self, session: Session, kind: str, wish: Wish, file: Source) -> None:
        self.session, self.kind, self.wish, self.file = session, kind, wish, file
        self.layout = Layout(kind)
        self.said = mapping.given(wish.uses, self.layout.fields)
        self.found = rows.read(file, self._knows, wish.delimiter)
        self.uses = self._uses(frozenset())
        kept = None if session.given.get("dry_run") else wish.rejects
        self.rejects = Rejects(kept, wish.file, session.path, self.found.columns)
        self.rejected: list[tuple[int, str, Sequence[str]]] = []
        self.examples: list[str] = []
        """The first rejects, in words."""
        self.first_texts: dict[int, str] = {}
        """By column, of rows that were taken: the answer is journalled, and brings back nothing that was left out."""
        self.readdressed: list[str] = []
        """What has become of mails that waited for addresses which the file corrects."""

    def _knows(self, column: str) -> bool:
        return self.layout.knows(column) or squeezed(column) in self.said

    def _uses(self, known_ids: frozenset[str]) -> list[Use]:
        """What the columns hold. Raises UsageError where it cannot be told."""
        uses = mapping.assign(self.found.columns, self.layout, self.said, known_ids)
        return mapping.with_formats(uses, self.found.chunks)

    def parts(self, importer: Callable[[Batch, Settings, date], Importer], store: Store) -> Iterator[Part]:
        """Takes all rows, and says after each part that it may be committed."""
        if "lead_id" in self.layout.fields:
            known_ids = frozenset(row["source"] for row in store.all("SELECT DISTINCT source FROM external_id"))
            self.uses = self._uses(known_ids - {""})
        batch = self._batch(store)
        store.expect_much()
        take = importer(batch, self.session.settings, self.session.today).take
        committed = 0
        what, quiet = f"import {self.kind}", self.session.quiet
        with progress(self.session.err, what, self.file.size, quiet=quiet) as advance:
            for chunk in self.found.chunks():
                self._take(chunk, batch, take)
                advance(self.file.position, batch.counts["read"])
                if batch.counts["read"] - committed >= PART_ROWS or len(store.changes) >= PART_CHANGES:
                    committed = batch.counts["read"]
                    self.readdressed += readdress(store, self.session.today)
                    yield Part(None)
        self.readdressed += readdress(store, self.session.today)
        yield Part(self._answer(batch))

    def _batch(self, store: Store) -> Batch:
        return Batch(
            store,
            RECORDS[self.kind],
            self.file.name,
            id_source=_name_of(self.uses, "external_id"),
            lead_source=_name_of(self.uses, "lead_id"),
            on_duplicate=self.wish.on_duplicate,
            reject=lambda line, reason, cells: self.rejected.append((line, reason, cells)),
        )

    def _take(self, chunk: Chunk, batch: Batch, take: Callable[[Rows], None]) -> None:
        for bad in chunk.bad:
            batch.counts["read"] += 1
            batch.reject(bad.line, bad.reason, [bad.text])
        if chunk.rows:
            fields, further, problems = mapping.select(chunk, self.uses, self.layout)
            formats = {use.field: use.format for use in self.uses if use.field and use.format}
            take(Rows(chunk.lines, chunk.rows, fields, further, formats, problems))
        if not self.first_texts:
            self.first_texts = _first_texts(chunk, batch.left_out.union(line for line, *_rest in self.rejected))
        for line, reason, cells in sorted(self.rejected, key=lambda rejected: rejected[0]):
            self.rejects.add(line, reason, cells)
            if len(self.examples) < SHOWN:
                self.examples.append(f"line {line}: {reason}")
        self.rejected.clear()

    def _answer(self, batch: Batch) -> Report:
        columns = [
            {
                "column": use.column,
                "field": use.field,
                "format": mapping.FORMAT_NAMES.get(use.format or ""),
                "example": self.first_texts.get(at),
            }
            for at, use in enumerate(self.uses)
            if use.column not in mapping.OURS
        ]
        row: dict[str, Any] = {
            **{count: batch.counts[count] for count in COUNTS},
            "batch": batch.id,
            "format": self.found.format,
            "encoding": self.file.encoding_name,
            "delimiter": self.found.delimiter,
            "header_line": self.found.header_line,
            "columns": columns,
        }
        return Report(
            COLUMNS,
            [row],
            is_record=True,
            notices=[*_first(self.readdressed), *_notices(batch, self.examples, self.wish.rejects)],
            hint=f"ltc import undo {batch.id} takes it back" if batch.id else "",
            exit_code=8 if batch.counts["rejected"] else 0,
        )


def _name_of(uses: Sequence[Use], field: str) -> str:
    """The column of a field: a namespace of ids, since CRMs all count from 1 but call their columns by other names."""
    return next((squeezed(use.column) for use in uses if use.field == field), "")


def _first_texts(chunk: Chunk, lines_not_taken: Set[int]) -> dict[int, str]:
    """The first text of each column."""
    taken = (row for line, row in zip(chunk.lines, chunk.rows, strict=True) if line not in lines_not_taken)
    return {
        at: next((text.strip()[:60] for text in column if text.strip()), "")
        for at, column in enumerate(zip(*islice(taken, 100), strict=True))
    }


def _first(lines: list[str]) -> list[str]:
    rest = len(lines) - SHOWN
    return [*lines[:SHOWN], *([f"and {rest:,} more mails"] if rest > 0 else [])]


def _notices(batch: Batch, examples: Sequence[str], rejects: str | None) -> list[str]:
    notices = [note.format(count=f"{count:,}") for note, count in batch.notes.items()]
    rejected = batch.counts["rejected"]
    notices += examples
    if rejected > SHOWN:
        notices.append(f"and {rejected - SHOWN:,} more rows were rejected")
    if rejected and not rejects:
        notices.append("--rejects FILE keeps the rejected rows, with line and reason")
    return notices
