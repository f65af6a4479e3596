"""Contracts from files: signed as `sign` signs them, on the opportunity they name or on one of their own."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from ltc_cli.errors import NotFoundError, Problems, UsageError
from ltc_cli.references import name
from ltc_cli.stages import contracts, customers, opportunities
from ltc_cli.stages.row_imports import RowImporter

if TYPE_CHECKING:
    from ltc_cli.references import Reference
    from ltc_cli.stages.row_imports import Row

TEXTS = ("external_id", "opportunity", "customer", "title", "terms", "signed_by")


class Agreement(NamedTuple):
    """A row, read."""

    external_id: str
    opportunity: str
    customer: str
    title: str
    terms: str
    signed_by: str
    amount_minor: int | None
    currency: str
    signed_on: str
    starts_on: str
    ends_on: str


class Importer(RowImporter[Agreement]):
    """Takes rows of contracts into a batch."""

    prefix = "C"

    def read(self, row: Row) -> Agreement:
        with Problems() as check:
            texts = {field: check(row.text, field) for field in TEXTS}
            signed_on = check(row.past_day, "signed_on")
            starts_on, ends_on = check(row.day, "starts_on"), check(row.day, "ends_on")
            amount_minor, currency = check(row.amount) or (None, "")
        if not signed_on:
            raise UsageError("it needs the day of its signature")
        return Agreement(
            amount_minor=amount_minor,
            currency=currency,
            signed_on=signed_on,
            starts_on=starts_on,
            ends_on=ends_on,
            **texts,
        )

    def identity(self, entry: Agreement) -> tuple[str, str]:
        return entry.external_id, ""

    def add(self, entry: Agreement) -> int:
        signed_on = date.fromisoformat(entry.signed_on)
        opportunity = self._opportunity(entry, signed_on)
        signature = contracts.Signature(
            on=signed_on,
            by=entry.signed_by or None,
            amount=(entry.amount_minor, entry.currency) if entry.amount_minor else None,
            terms=entry.terms or None,
            starts_on=date.fromisoformat(entry.starts_on) if entry.starts_on else None,
            ends_on=date.fromisoformat(entry.ends_on) if entry.ends_on else None,
        )
        contract_id, is_new = contracts.sign(self.store, self.settings, opportunity, signature)
        if not is_new:
            raise UsageError(f"{opportunity.text} is signed already: C{contract_id}")
        return contract_id

    def update(self, record_id: int, entry: Agreement) -> bool:
        raise UsageError(f"C{record_id} is a fact: a signed contract never changes", f"ltc show C{record_id}")

    def _opportunity(self, entry: Agreement, signed_on: date) -> Reference:
        """By its id in the other program; one of its own where the row names none."""
        if entry.opportunity:
            known_id = self.batch.named("opportunity", entry.opportunity)
            if known_id is None:
                raise NotFoundError(f"there is no opportunity {entry.opportunity}")
            return name("opportunity", known_id)
        if not entry.customer or not entry.amount_minor:
            raise UsageError("it needs an opportunity, or a customer and an amount")
        first = self.settings.stages[0]
        customer_id = customers.find_or_add(self.store, customers.NewCustomer(name=entry.customer), signed_on)
        opportunity_id = self.store.add(
            "opportunity",
            customer_id=customer_id,
            title=entry.title or entry.customer,
            currency=entry.currency,
            amount_minor=entry.amount_minor,
            created_on=entry.signed_on,
            recorded_at=self.store.recorded_at,
            batch_id=self.batch.id,
        )
        opportunities.add_event(
            self.store, opportunity_id, "stage", signed_on, stage=first.name, probability_ppm=first.probability_ppm
        )
        return name("opportunity", opportunity_id)
