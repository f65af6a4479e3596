"""Fulfilment: shipped whole or in parts, delivered, returned, accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ltc_cli.errors import NotFoundError, Problems, RefusedError, UsageError
from ltc_cli.report import Column
from ltc_cli.rules import states
from ltc_cli.rules.money import format_micro, parse_quantity
from ltc_cli.stages import contracts, customers, leads, shipping_stops

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from sqlite3 import Row

    from ltc_cli.references import Reference
    from ltc_cli.store import Store

LINE_COLUMNS = (Column("line", "count"), Column("text"), Column("quantity", "quantity"))

COLUMNS = (
    Column("ref", "ref"),
    Column("status", "status"),
    Column("contract", "ref"),
    Column("customer", "ref"),
    Column("customer_name"),
    Column("shipped_on", "date"),
    Column("delivered_on", "date"),
    Column("carrier", spare=1),
    Column("tracking", spare=2),
    Column("lines", "list", on_table=False, columns=LINE_COLUMNS),
)

Quantities = dict[int, int]
"""Line number, from 1 → micro."""


def parse_quantities(texts: Sequence[str]) -> Quantities:
    """`1=2.5`: a line's number and a quantity."""
    found: Quantities = {}
    with Problems() as check:
        for text in texts:
            line, quantity_micro = check(_parse_quantity, text) or (0, 0)
            if line in found and line:
                check(_refuse_twice, line)
            found[line] = quantity_micro
    return found


def _parse_quantity(text: str) -> tuple[int, int]:
    line, separator, quantity = text.partition("=")
    if not separator or not (line.isascii() and line.strip().isdigit()) or len(line) > 6:
        raise UsageError(f"{text[:40]!r} is not a line and a quantity", "write it like --line 1=2.5")
    return int(line), parse_quantity(quantity)


def _refuse_twice(line: int) -> None:
    raise UsageError(f"line {line} is named twice")


def ship(
    store: Store,
    contract: Reference,
    on: date,
    *,
    quantities: Quantities | None = None,
    carrier: str | None = None,
    tracking: str | None = None,
) -> tuple[int, bool]:
    """Ship these quantities, or what is left. Answers the shipment's id, and whether it is new.

    Raises RefusedError where more would be shipped than was ordered.
    """
    status = contracts.status(store, contract.id)
    if not states.follow("contract", status, "ship", contract.text):
        last_id = _last_shipment(store, contract)
        if quantities or last_id is None:
            raise RefusedError(f"{contract.text} is {status}: nothing is left to ship", f"ltc show {contract.text}")
        return last_id, False
    left = _left_to_ship(store, contract.id)
    wanted = quantities or {line: row["left_micro"] for line, row in left.items() if row["left_micro"] > 0}
    _refuse_too_much(left, wanted, contract.text, "is left to ship")
    if store.batch_id is None:  # what another program has shipped, is shipped
        buyer_id = store.value("SELECT customer_id FROM contract WHERE id = ?", (contract.id,))
        shipping_stops.refuse_stopped(store, customers.survivor(store, buyer_id))
    for line, quantity_micro in wanted.items():
        if left[line]["has_moved"]:
            _refuse_no_room(store, left[line], quantity_micro, on)
    shipment_id = store.add(
        "shipment",
        contract_id=contract.id,
        shipped_on=on.isoformat(),
        carrier=leads.optional(carrier, "carrier"),
        tracking=leads.optional(tracking, "tracking"),
        recorded_at=store.recorded_at,
        batch_id=store.batch_id,
    )
    for line, quantity_micro in sorted(wanted.items()):
        _move(store, shipment_id, left[line]["id"], quantity_micro, on)
    store.touch(contract.text)
    return shipment_id, True


def _last_shipment(store: Store, contract: Reference) -> int | None:
    shipment_id: int | None = store.value("SELECT MAX(id) FROM shipment WHERE contract_id = ?", (contract.id,))
    return shipment_id


def _left_to_ship(store: Store, contract_id: int) -> dict[int, Row]:
    """By line number: the contract line's id and what was not shipped yet."""
    rows = store.all(
        "SELECT line.id, position, line.quantity_micro - COALESCE((SELECT SUM(quantity_micro)"
        " FROM shipment_line WHERE contract_line_id = line.id), 0) AS left_micro,"
        " EXISTS (SELECT 1 FROM shipment_line WHERE contract_line_id = line.id) AS has_moved"
        " FROM contract_line_now AS line WHERE contract_id = ?",
        (contract_id,),
    )
    return {row["position"]: row for row in rows}


def _refuse_too_much(left: dict[int, Row], wanted: Quantities, ref: str, what: str) -> None:
    for line, quantity_micro in wanted.items():
        if line not in left:
            raise NotFoundError(f"{ref} has no line {line}", f"ltc show {ref}")
        if quantity_micro > left[line]["left_micro"]:
            raise RefusedError(
                f"{format_micro(quantity_micro)} of line {line} is too much:"
                f" {format_micro(left[line]['left_micro'])} {what}",
                f"ltc show {ref}",
            )


def _refuse_no_room(store: Store, line: Row, quantity_micro: int, on: date) -> None:
    """Raise UsageError where, on a day from then on, more would have been out than was ordered: before a return."""
    rows = store.all(
        "SELECT moved_on, SUM(SUM(quantity_micro)) OVER (ORDER BY moved_on) AS out_micro FROM shipment_line"
        " WHERE contract_line_id = ? GROUP BY moved_on ORDER BY moved_on",
        (line["id"],),
    )
    before = [row["out_micro"] for row in rows if row["moved_on"] <= on.isoformat()]
    most_micro = max([*before[-1:], *(row["out_micro"] for row in rows if row["moved_on"] > on.isoformat())], default=0)
    now_micro = rows[-1]["out_micro"] if rows else 0
    if quantity_micro > line["left_micro"] + now_micro - most_micro:
        raise UsageError(
            f"on {on} that was still out: it came back on {rows[-1]['moved_on']}", "ship it from that day on"
        )


def _move(store: Store, shipment_id: int, contract_line_id: int, quantity_micro: int, on: date) -> None:
    store.add(
        "shipment_line",
        shipment_id=shipment_id,
        contract_line_id=contract_line_id,
        quantity_micro=quantity_micro,
        moved_on=on.isoformat(),
        recorded_at=store.recorded_at,
    )


def deliver(store: Store, shipment: Reference, on: date) -> bool:
    """Record that a shipment has arrived. Answers whether that is new."""
    record = records(store, [shipment.id])[0]
    if not states.follow("shipment", record["status"], "deliver", shipment.text):
        return False
    if on.isoformat() < record["shipped_on"]:
        raise UsageError(f"{shipment.text} was shipped on {record['shipped_on']}: it cannot have arrived before")
    store.add(
        "shipment_event",
        shipment_id=shipment.id,
        kind="delivered",
        event_on=on.isoformat(),
        recorded_at=store.recorded_at,
    )
    store.touch(shipment.text)
    store.touch(record["contract"])
    return True


def return_(store: Store, shipment: Reference, on: date, quantities: Quantities | None = None) -> bool:
    """Take a shipment back, whole or these quantities. Answers whether there was anything to take back."""
    record = records(store, [shipment.id])[0]
    if not states.follow("shipment", record["status"], "return", shipment.text):
        return False
    if on.isoformat() < record["shipped_on"]:
        raise UsageError(f"{shipment.text} was shipped on {record['shipped_on']}: it cannot have come back before")
    left = _left_to_return(store, shipment.id)
    wanted = quantities or {line: row["left_micro"] for line, row in left.items() if row["left_micro"] > 0}
    _refuse_too_much(left, wanted, shipment.text, "is out")
    for line, quantity_micro in sorted(wanted.items()):
        _move(store, shipment.id, left[line]["id"], -quantity_micro, on)
    store.touch(shipment.text)
    store.touch(record["contract"])
    return True


def _left_to_return(store: Store, shipment_id: int) -> dict[int, Row]:
    rows = store.all(
        "SELECT contract_line.id, position, SUM(shipment_line.quantity_micro) AS left_micro FROM shipment_line"
        " JOIN contract_line ON contract_line.id = contract_line_id WHERE shipment_id = ? GROUP BY contract_line.id",
        (shipment_id,),
    )
    return {row["position"]: row for row in rows}


def accept(store: Store, contract: Reference, on: date) -> bool:
    """Record that the customer accepted what was shipped. Answers whether that is new."""
    record = contracts.records(store, [contract.id])[0]
    states.follow("contract", record["status"], "accept", contract.text)
    if record["accepted_on"]:
        return False
    first = store.value("SELECT MIN(shipped_on) FROM shipment WHERE contract_id = ?", (contract.id,))
    if first is None:
        raise RefusedError(f"nothing of {contract.text} was shipped yet", f"ltc ship {contract.text}")
    if on.isoformat() < first:
        raise UsageError(f"{contract.text} was first shipped on {first}: it cannot have been accepted before")
    store.add(
        "contract_event",
        contract_id=contract.id,
        kind="accepted",
        event_on=on.isoformat(),
        recorded_at=store.recorded_at,
    )
    store.touch(contract.text)
    return True


RECORDS = """
SELECT shipment.*, customer.id AS customer_id, customer.name AS customer_name, shipment_event.event_on AS delivered_on
FROM shipment
JOIN contract ON contract.id = shipment.contract_id
JOIN customer_now AS customer ON customer.own_id = contract.customer_id
LEFT JOIN shipment_event ON shipment_event.shipment_id = shipment.id
WHERE {these:shipment.id}
ORDER BY shipment.id
"""


def records(store: Store, ids: Sequence[int] | None = None) -> list[dict[str, Any]]:
    """Shipments as they are shown, with what is still out; all of them without ids."""
    rows = store.among(RECORDS, ids)
    lines = _line_records(store, [row["id"] for row in rows])
    return [_record(row, lines[row["id"]]) for row in rows]


def _line_records(store: Store, ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    rows = store.among(
        "SELECT shipment_id, position, text, SUM(shipment_line.quantity_micro) AS out_micro FROM shipment_line"
        " JOIN contract_line ON contract_line.id = contract_line_id WHERE {these:shipment_id}"
        " GROUP BY shipment_id, contract_line.id ORDER BY shipment_id, position",
        ids,
    )
    found: dict[int, list[dict[str, Any]]] = {shipment_id: [] for shipment_id in ids}
    for row in rows:
        line = {"line": row["position"], "text": row["text"], "quantity": format_micro(row["out_micro"])}
        found[row["shipment_id"]].append(line)
    return found


def _record(row: Row, lines: list[dict[str, Any]]) -> dict[str, Any]:
    is_out = any(line["quantity"] != "0" for line in lines)
    return {
        "ref": f"S{row['id']}",
        "status": "returned" if not is_out else "delivered" if row["delivered_on"] else "shipped",
        "contract": f"C{row['contract_id']}",
        "customer": f"K{row['customer_id']}",
        "customer_name": row["customer_name"],
        "shipped_on": row["shipped_on"],
        "delivered_on": row["delivered_on"],
        "carrier": row["carrier"],
        "tracking": row["tracking"],
        "lines": lines,
    }
