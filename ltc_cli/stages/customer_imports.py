"""Customers from files: found again by id, tax id, name or domain, as `customer add` finds them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.errors import ConflictError, LtcError, Problems, UsageError
from ltc_cli.rules.contact import normalise_email
from ltc_cli.rules.country import normalise_country
from ltc_cli.stages import customers
from ltc_cli.stages.row_imports import RowImporter

if TYPE_CHECKING:
    from ltc_cli.stages.row_imports import Row

TEXTS = ("name", "contact", "email", "phone", "tax_id", "owner", "note")
ADDRESS = ("address", "postal_code", "city", "state")
"""Fields that make up the address, in this order."""


class Company(NamedTuple):
    """A row, read."""

    external_id: str
    texts: dict[str, str]
    country: str
    language: str
    created_on: str
    further: str


class Importer(RowImporter[Company]):
    """Takes rows of customers into a batch."""

    prefix = "K"

    def read(self, row: Row) -> Company:
        with Problems() as check:
            texts = {field: check(row.text, field) for field in TEXTS}
            external_id = check(row.text, "external_id")
            created_on = check(row.past_day, "created_on")
            parts = [check(row.text, field) for field in ADDRESS]
        texts["address"] = ", ".join(filter(None, parts))
        country, language = row.text("country"), row.text("language").casefold()
        return Company(external_id, texts, country, language, created_on, row.further())

    def identity(self, entry: Company) -> tuple[str, str]:
        name = entry.texts["tax_id"] or entry.texts["name"]
        return entry.external_id, f"customer {name}" if name else ""

    def address(self, entry: Company) -> str:
        return normalise_email(entry.texts["email"]) if entry.texts["email"] else ""

    def find(self, entry: Company) -> int | None:
        values = customers.normalise(_new(entry))
        found = customers.candidates(self.store, values)
        if len(found) > 1:
            names = ", ".join(f"K{row['id']}" for row in found)
            raise ConflictError(f"several customers fit {values['name']}: {names}")
        return found[0]["id"] if found else None

    def survivor(self, record_id: int) -> int:
        return customers.survivor(self.store, record_id)

    def add(self, entry: Company) -> int:
        day = date.fromisoformat(entry.created_on) if entry.created_on else self.today
        values = {**customers.normalise(_new(entry)), "further": entry.further or None}
        return customers.insert(self.store, values, day)

    def update(self, record_id: int, entry: Company) -> bool:
        """Set what the row says; what it leaves blank stays."""
        said: dict[str, Any] = {**customers.normalise(_new(entry)), "further": entry.further or None}
        said.pop("kind")
        present = self.store.one(f"SELECT {', '.join(said)} FROM customer WHERE id = ?", (record_id,))
        assert present is not None
        changed = {column: value for column, value in said.items() if value and value != present[column]}
        if changed:
            self.store.change("customer", record_id, **changed)
        return bool(changed)


def _new(entry: Company) -> customers.NewCustomer:
    if not entry.texts["name"]:
        raise UsageError("it has no name")
    texts = {field: text or None for field, text in entry.texts.items()}
    return customers.NewCustomer(
        **{**texts, "name": entry.texts["name"]},  # type: ignore[arg-type]  # only the name is never None
        country=_country(entry.country),
        language=entry.language if entry.language in ("en", "zh") else None,
    )


def _country(text: str) -> str | None:
    """A text that is no country is none: addresses of other programs say all sorts of things."""
    try:
        return normalise_country(text) if text else None
    except LtcError:
        return None
