"""Shipments from files: what was left of the contract they name, as `ship` sends it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from ltc_cli.errors import NotFoundError, Problems, UsageError
from ltc_cli.references import Reference, look_up, name
from ltc_cli.stages import fulfilment
from ltc_cli.stages.row_imports import RowImporter

if TYPE_CHECKING:
    from ltc_cli.stages.row_imports import Row

TEXTS = ("external_id", "contract", "carrier", "tracking")


class Delivery(NamedTuple):
    """A row, read."""

    external_id: str
    contract: str
    carrier: str
    tracking: str
    shipped_on: str
    delivered_on: str


class Importer(RowImporter[Delivery]):
    """Takes rows of shipments into a batch."""

    prefix = "S"

    def read(self, row: Row) -> Delivery:
        with Problems() as check:
            texts = {field: check(row.text, field) for field in TEXTS}
            shipped_on, delivered_on = check(row.past_day, "shipped_on"), check(row.past_day, "delivered_on")
        if not texts["contract"] or not shipped_on:
            raise UsageError("it needs a contract and a date")
        return Delivery(shipped_on=shipped_on, delivered_on=delivered_on, **texts)

    def identity(self, entry: Delivery) -> tuple[str, str]:
        return entry.external_id, ""

    def add(self, entry: Delivery) -> int:
        contract = self._contract(entry)
        shipment_id, is_new = fulfilment.ship(
            self.store,
            contract,
            date.fromisoformat(entry.shipped_on),
            carrier=entry.carrier or None,
            tracking=entry.tracking or None,
        )
        if not is_new:
            raise UsageError(f"{contract.text} is shipped already: nothing is left to ship")
        if entry.delivered_on:
            fulfilment.deliver(self.store, name("shipment", shipment_id), date.fromisoformat(entry.delivered_on))
        return shipment_id

    def update(self, record_id: int, entry: Delivery) -> bool:
        raise UsageError(f"S{record_id} is a fact: a shipment never changes", f"ltc ship --returned S{record_id}")

    def _contract(self, entry: Delivery) -> Reference:
        """By its id in the other program, or as ltc calls it."""
        contract_id = self.batch.named("contract", entry.contract)
        found = name("contract", contract_id) if contract_id else look_up(self.store, entry.contract)
        if found.kind != "contract":
            raise NotFoundError(f"there is no contract {entry.contract}")
        return found
