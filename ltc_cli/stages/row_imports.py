"""Rows from files that are taken one by one: read, known again or not, and handed to the stage they belong to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ltc_cli.errors import LtcError, Problems, UsageError
from ltc_cli.rules.contact import clean_text
from ltc_cli.rules.foreign import read_amount, read_currency, read_day, read_price, said
from ltc_cli.stages import suppression
from ltc_cli.stages.batches import Known, Occurrences, fingerprints, further_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from ltc_cli.settings import Settings
    from ltc_cli.stages.batches import Batch, Rows

Entry = TypeVar("Entry", bound="tuple[Any, ...]")
Answer = TypeVar("Answer")


class Row:
    """One row of a file, by its fields."""

    def __init__(self, rows: Rows, number: int, settings: Settings, today: date) -> None:
        self.rows, self.number = rows, number
        self.settings, self.today = settings, today

    def text(self, field: str) -> str:
        """Trimmed; empty where the file says nothing. Raises UsageError for what no text may hold."""
        column = self.rows.fields.get(field)
        return clean_text(column[self.number], field) if column else ""

    def day(self, field: str) -> str:
        """ISO; empty where the file says none. Raises UsageError for what is no day."""
        order: Any = self.rows.formats.get(field, "ymd")
        text = said(self.text(field))
        return read_day(text, order) if text else ""

    def past_day(self, field: str) -> str:
        """As `day`; UsageError where it is after today."""
        day = self.day(field)
        if day > self.today.isoformat():
            raise UsageError(f"{day} is after today ({self.today})")
        return day

    def amount(self, field: str = "amount") -> tuple[int | None, str]:
        """Minor units and currency; the amount is None where the file says none."""
        code, text = read_currency(self.text("currency"), self.settings.currency), said(self.text(field))
        if not text:
            return None, code or self.settings.currency
        mark: Any = self.rows.formats.get(field, "point")
        return read_amount(text, mark, code, self.settings.currency)

    def price(self, field: str = "price") -> tuple[int | None, str | None]:
        """Micro and currency of a unit price; both are None where the file says none."""
        code, text = read_currency(self.text("currency"), self.settings.currency), said(self.text(field))
        if not text:
            return None, None
        mark: Any = self.rows.formats.get(field, "point")
        return read_price(text, mark, code, self.settings.currency)

    def further(self) -> str:
        """The columns that are kept as they are, as JSON; empty for none."""
        return further_text(self.beside())

    def beside(self) -> dict[str, str]:
        """The columns that are kept as they are."""
        return dict(self.rows.further[self.number]) if self.rows.further else {}


class RowImporter(ABC, Generic[Entry]):
    """What the importers of the kinds have in common; each says how it reads, adds and updates."""

    prefix = ""
    """Of the references of its records."""

    def __init__(self, batch: Batch, settings: Settings, today: date) -> None:
        self.batch, self.store = batch, batch.store
        self.settings, self.today = settings, today
        self.occurrences = Occurrences(batch.store)
        self.erased = suppression.Listed(batch.store, "erased")

    @abstractmethod
    def read(self, row: Row) -> Entry:
        """The row's values. Raises LtcError with all that is wrong."""

    @abstractmethod
    def identity(self, entry: Entry) -> tuple[str, str]:
        """The id that the row has of its own, and what else names it; both may be empty."""

    def reference(self, record_id: int) -> str:
        return f"{self.prefix}{record_id}"

    def address(self, _entry: Entry) -> str:
        """The address of the person that the row is about, where it makes one; normalised."""
        return ""

    def is_erased(self, entry: Entry, name: str) -> bool:
        """Whether the row is of somebody who was erased, by its id or its address."""
        of_id = suppression.of_id(self.batch.kind, self.batch.id_source, name)
        return self.erased.has("id", of_id) or self.erased.has("email", self.address(entry))

    def find(self, entry: Entry) -> int | None:
        """A record that no row brought, and that is this one all the same."""
        return None

    def survivor(self, record_id: int) -> int:
        """The record that one which rows brought is now, where it was merged into another."""
        return record_id

    @abstractmethod
    def add(self, entry: Entry) -> int:
        """Make the record. Raises LtcError where a rule refuses it."""

    @abstractmethod
    def update(self, record_id: int, entry: Entry) -> bool:
        """Whether anything of the record was changed. Raises LtcError where a rule refuses it."""

    def take(self, rows: Rows) -> None:
        """Add, update or reject each of the rows."""
        entries = [self._read(rows, number) for number in range(len(rows.lines))]
        prints = fingerprints([[f"{entry}" if isinstance(entry, tuple) else "" for entry in entries]])
        names = [self._name(entry, value) for entry, value in zip(entries, prints, strict=True)]
        known = self.batch.by_external_id(filter(None, names))
        for number, (entry, name, value) in enumerate(zip(entries, names, prints, strict=True)):
            try:
                if isinstance(entry, LtcError):
                    raise entry
                if name not in known and self.erased and self.is_erased(entry, name):
                    self.batch.leave_out(rows.lines[number], suppression.LEFT_OUT)
                    continue
                record_id = self._decide(entry, name, value, known.get(name))
                known[name] = Known(record_id, value)
            except LtcError as problem:
                self.batch.reject(rows.lines[number], problem.message, rows.cells[number])
        self.batch.counts["read"] += len(rows.lines)

    def _read(self, rows: Rows, number: int) -> Entry | LtcError:
        try:
            with Problems() as check:
                check.found += rows.problems.get(number, [])
            return self.read(Row(rows, number, self.settings, self.today))
        except LtcError as problem:
            return problem

    def _name(self, entry: Entry | LtcError, value: bytes) -> str:
        """Its own id; else what names it, else what it says; of several the second is `…#2`."""
        if isinstance(entry, LtcError):
            return ""
        own, other = self.identity(entry)
        if own:
            return own
        name = other or f"row {value.hex()}"
        times = self.occurrences.next(name.encode())
        return name if times == 1 else f"{name}#{times}"

    def _decide(self, entry: Entry, name: str, value: bytes, known: Known | None) -> int:
        """The record of the row, as it is, changed or new."""
        record_id = self.survivor(known.record_id) if known else self.find(entry)
        if record_id is None:
            record_id = self._whole(lambda: self.add(entry))
            self.batch.keep_external_ids([name], [record_id], [value])
            self.batch.counts["created"] += 1
        elif (known and known.fingerprint == value) or self.batch.on_duplicate == "skip":
            self.batch.counts["unchanged"] += 1
        elif self.batch.on_duplicate == "error":
            how = f"is known as {name} already, and this row says something else" if known else "is this one already"
            raise UsageError(f"{self.reference(record_id)} {how}")
        else:
            has_changed = self._whole(lambda: self.update(record_id, entry))
            self.batch.counts["updated" if has_changed else "unchanged"] += 1
            if known:
                self.batch.keep_fingerprint(name, value)
            else:
                self.batch.keep_external_ids([name], [record_id], [value])
        return record_id

    def _whole(self, write: Callable[[], Answer]) -> Answer:
        """What it writes, all of it or nothing, the batch itself included."""
        batch_id, counts, changes = self.batch.id, self.store.counts.copy(), len(self.store.changes)
        self.store.connection.execute("SAVEPOINT a_row")
        try:
            self.batch.begin()
            answer = write()
        except BaseException:
            self.store.connection.execute("ROLLBACK TO a_row")
            self.batch.id = self.store.batch_id = batch_id
            self.store.counts = counts
            del self.store.changes[changes:]
            raise
        finally:
            self.store.connection.execute("RELEASE a_row")
        return answer
