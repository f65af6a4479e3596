"""Payments from files: booked as `collect` books them, for the invoice or the customer that they name."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from ltc_cli.errors import NotFoundError, Problems, UsageError
from ltc_cli.references import Reference, name
from ltc_cli.stages import customers, payments
from ltc_cli.stages.row_imports import RowImporter

if TYPE_CHECKING:
    from ltc_cli.stages.row_imports import Row


TEXTS = ("external_id", "invoice", "customer", "method", "reference")


class Received(NamedTuple):
    """A row, read."""

    external_id: str
    invoice: str
    customer: str
    received_on: str
    amount_minor: int
    currency: str
    method: str
    reference: str


class Importer(RowImporter[Received]):
    """Takes rows of payments into a batch."""

    prefix = "P"

    def read(self, row: Row) -> Received:
        with Problems() as check:
            texts = {field: check(row.text, field) for field in TEXTS}
            received_on = check(row.past_day, "received_on")
            amount_minor, currency = check(row.amount, "amount") or (None, "")
        if not amount_minor or not received_on:
            raise UsageError("it needs an amount and a date")
        return Received(received_on=received_on, amount_minor=amount_minor, currency=currency, **texts)

    def identity(self, entry: Received) -> tuple[str, str]:
        return entry.external_id, ""

    def add(self, entry: Received) -> int:
        receipt = payments.Receipt(
            date.fromisoformat(entry.received_on),
            (entry.amount_minor, entry.currency),
            None,
            entry.method or None,
            entry.reference or None,
        )
        payment_id = payments.collect(
            self.store,
            self._target(entry),
            receipt,
            self.settings.currency,
            claims_first=self.settings.dunning.claims_first,
        )
        assert payment_id is not None  # an amount is always booked
        return payment_id

    def update(self, record_id: int, entry: Received) -> bool:
        raise UsageError(f"P{record_id} is a fact: a payment never changes", f"ltc reverse P{record_id} --reason …")

    def _target(self, entry: Received) -> Reference:
        row = self.store.one("SELECT id, number FROM invoice WHERE number = ?", (entry.invoice,))
        if row:
            return Reference("invoice", row["id"], row["number"])
        if entry.invoice:
            raise NotFoundError(f"there is no invoice {entry.invoice}")
        known_id = self.batch.named("customer", entry.customer)
        if known_id:
            return name("customer", customers.survivor(self.store, known_id))
        if not entry.customer:
            raise UsageError("it needs an invoice or a customer")
        found = customers.candidates(self.store, customers.normalise(customers.NewCustomer(name=entry.customer)))
        if len(found) != 1:
            raise NotFoundError(f"there is no customer {entry.customer}" if not found else "several customers fit")
        return name("customer", found[0]["id"])
