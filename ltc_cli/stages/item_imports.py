"""Items from files: found again by id or code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.errors import ConflictError, Problems, UsageError
from ltc_cli.rules.contact import clean_name, normalise_code
from ltc_cli.stages import items, quotes
from ltc_cli.stages.row_imports import RowImporter

if TYPE_CHECKING:
    from ltc_cli.stages.row_imports import Row

TEXTS = ("external_id", "code", "name", "unit", "tax_code")


class Article(NamedTuple):
    """A row, read; without a code of its own it is known by its name."""

    external_id: str
    code: str
    name: str
    unit: str
    price_micro: int | None
    currency: str | None
    tax_code: str
    further: str


class Importer(RowImporter[Article]):
    """Takes rows of items into a batch."""

    def read(self, row: Row) -> Article:
        with Problems() as check:
            texts = {field: check(row.text, field) or "" for field in TEXTS}
            price_micro, currency = check(row.price) or (None, None)
            if texts["tax_code"]:
                known = check(quotes.tax_code, self.settings, texts["tax_code"], self.today)
                texts["tax_code"] = known.code if known else ""
        code = texts["code"] or texts["name"]
        if not code:
            raise UsageError("it has no code and no name")
        further = row.further()
        return Article(**{**texts, "code": code}, price_micro=price_micro, currency=currency, further=further)

    def identity(self, entry: Article) -> tuple[str, str]:
        return entry.external_id, f"item {normalise_code(entry.code)}"

    def reference(self, record_id: int) -> str:
        return str(self.store.value("SELECT code FROM item WHERE id = ?", (record_id,)))

    def find(self, entry: Article) -> int | None:
        found = items.called(self.store, entry.code)
        return found["id"] if found else None

    def add(self, entry: Article) -> int:
        self._refuse_taken(entry, None)
        return self.store.add(
            "item",
            **{"name": entry.code, **_said(entry)},
            created_on=self.today.isoformat(),
            recorded_at=self.store.recorded_at,
            batch_id=self.store.batch_id,
        )

    def update(self, record_id: int, entry: Article) -> bool:
        """Set what the row says; what it leaves blank stays. What was quoted stays as it was quoted."""
        self._refuse_taken(entry, record_id)
        said = _said(entry)
        present = self.store.one(f"SELECT {', '.join(said)} FROM item WHERE id = ?", (record_id,))
        assert present is not None
        changed = {column: value for column, value in said.items() if value != present[column]}
        if changed:
            self.store.change("item", record_id, **changed)
        return bool(changed)

    def _refuse_taken(self, entry: Article, record_id: int | None) -> None:
        """A code is of one item, whatever other ids the file gives it."""
        other = items.called(self.store, entry.code)
        if other and other["id"] != record_id:
            raise ConflictError(f"{other['code']} is another item already")


def _said(entry: Article) -> dict[str, Any]:
    """The columns that the row sets, without those that it leaves blank."""
    values = {
        "code": clean_name(entry.code, "code"),
        "code_norm": normalise_code(entry.code),
        "name": entry.name,
        "unit": entry.unit,
        "price_micro": entry.price_micro,
        "currency": entry.currency,
        "tax_code": entry.tax_code,
        "further": entry.further,
    }
    return {column: value for column, value in values.items() if value not in (None, "")}
