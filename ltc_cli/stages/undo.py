"""An import taken back: what nothing was built upon goes, the rest stays and is named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.errors import NotFoundError
from ltc_cli.references import name
from ltc_cli.store import PREFIXES

if TYPE_CHECKING:
    from sqlite3 import Row

    from ltc_cli.store import Store

CHANGED = "it was changed since"

CLOSED_RATE = """rate_on <= (SELECT closed_until FROM period_close ORDER BY id DESC LIMIT 1)
    AND recorded_at <= (SELECT recorded_at FROM period_close ORDER BY id DESC LIMIT 1)"""

MERGED = "merged_into_id IS NOT NULL OR id IN (SELECT merged_into_id FROM {kind} WHERE merged_into_id IS NOT NULL)"
# Why a record stays, and the condition. `:batch` is the id of the batch.
BUILT_UPON = {
    "lead": (
        ("it was promoted", "id IN (SELECT lead_id FROM opportunity WHERE lead_id IS NOT NULL)"),
        ("it was qualified or dropped", "id IN (SELECT lead_id FROM lead_event)"),
        ("it was touched", "id IN (SELECT lead_id FROM touch)"),
        ("it is in a sequence", "id IN (SELECT lead_id FROM sequence_event)"),
        ("it was erased", "id IN (SELECT record_id FROM erasure WHERE kind = 'lead')"),
        ("it was merged with another", MERGED),
        ("another import brought it too", "id IN ({others})"),
    ),
    "customer": (
        ("it has opportunities", "id IN (SELECT customer_id FROM opportunity)"),
        ("it has contracts", "id IN (SELECT customer_id FROM contract)"),
        ("it paid", "id IN (SELECT customer_id FROM payment)"),
        ("it was erased", "id IN (SELECT record_id FROM erasure WHERE kind = 'customer')"),
        ("it was merged with another", MERGED),
        ("another import brought it too", "id IN ({others})"),
    ),
    "touch": (),
    "item": (
        ("it was quoted", "id IN (SELECT item_id FROM quote_line WHERE item_id IS NOT NULL)"),
        ("it was sold", "id IN (SELECT item_id FROM contract_line WHERE item_id IS NOT NULL)"),
        ("another import brought it too", "id IN ({others})"),
    ),
    "rate": (("its month is closed", CLOSED_RATE),),
    "contract": (("a signed contract is a fact", "TRUE"),),
    "shipment": (("a shipment is a fact: ltc ship --returned takes it back", "TRUE"),),
    "invoice": (("an issued invoice is a fact", "TRUE"),),
    "payment": (("a payment is a fact: ltc reverse takes it back", "TRUE"),),
    "opportunity": (
        ("it was signed", "id IN (SELECT opportunity_id FROM contract)"),
        ("it was quoted", "id IN (SELECT opportunity_id FROM quote)"),
        (
            "it went on",
            "id IN (SELECT opportunity_id FROM opportunity_event WHERE COALESCE(batch_id, 0) <> :batch)",
        ),
        ("another import brought it too", "id IN ({others})"),
    ),
}
OTHERS = "SELECT record_id FROM external_id WHERE kind = '{kind}' AND COALESCE(batch_id, 0) <> :batch"

UNUSED_CUSTOMERS = """
DELETE FROM customer WHERE batch_id = ? AND merged_into_id IS NULL
AND id NOT IN (SELECT customer_id FROM opportunity)
AND id NOT IN (SELECT customer_id FROM payment)
AND id NOT IN (SELECT customer_id FROM invoice)
AND id NOT IN (SELECT merged_into_id FROM customer WHERE merged_into_id IS NOT NULL)
"""


class Undone(NamedTuple):
    """What became of a batch."""

    batch: Row
    taken_back: int
    """Records that the batch had made, and that are gone."""
    restored: int
    """Records that the batch had changed, and that are as before."""
    rest: list[tuple[str, str]]
    """References of records that stay, and why."""


def undo(store: Store, batch_id: int) -> Undone:
    """Take back what the batch made and changed. Raises NotFoundError where there is no such batch."""
    batch = store.one("SELECT * FROM batch WHERE id = ?", (batch_id,))
    if batch is None:
        raise NotFoundError(f"there is no batch {batch_id}", "ltc log shows the imports and their batches")
    if batch["undone_at"]:
        return Undone(batch, 0, 0, [])
    kind = batch["kind"]
    restored, changed = _restore(store, kind, batch_id)
    _find_rest(store, kind, batch_id, _changed_since(store, kind, batch_id))
    taken_back = _delete(store, kind, batch_id)
    rest = [(_ref(store, kind, row["id"]), row["why"]) for row in store.all("SELECT * FROM temp.rest ORDER BY id")]
    rest += [(_ref(store, kind, record_id), CHANGED) for record_id in changed]
    if not rest:
        store.connection.execute("UPDATE batch SET undone_at = ? WHERE id = ?", (store.recorded_at, batch_id))
        store.counts["batch undone"] += 1
    return Undone(batch, taken_back, restored, rest)


def _ref(store: Store, kind: str, record_id: int) -> str:
    named = {"invoice": "number", "item": "code"}.get(kind)
    if named:
        return str(store.value(f"SELECT {named} FROM {kind} WHERE id = ?", (record_id,)))
    return name(kind, record_id).text if kind in PREFIXES else f"{kind} {record_id}"


def _find_rest(store: Store, kind: str, batch_id: int, changed: set[int]) -> None:
    """Records of the batch that something was built upon, in a table of this command."""
    store.connection.execute("DROP TABLE IF EXISTS temp.rest")
    store.connection.execute("CREATE TEMP TABLE rest (id INTEGER PRIMARY KEY, why TEXT NOT NULL)")
    insert = "INSERT INTO temp.rest (id, why) {rows} ON CONFLICT (id) DO NOTHING"
    others = OTHERS.format(kind=kind)
    for why, condition in BUILT_UPON[kind]:
        rows = f"SELECT id, :why FROM {kind} WHERE batch_id = :batch AND ({condition.format(kind=kind, others=others)})"
        store.connection.execute(insert.format(rows=rows), {"why": why, "batch": batch_id})
    edited = f"SELECT id, ? FROM {kind} WHERE batch_id = ? AND id = ?"
    store.connection.executemany(insert.format(rows=edited), ((CHANGED, batch_id, each) for each in changed))


def _delete(store: Store, kind: str, batch_id: int) -> int:
    going = f"SELECT id FROM {kind} WHERE batch_id = ? AND id NOT IN (SELECT id FROM temp.rest)"
    for table in ("external_id", "fingerprint"):
        store.connection.execute(f"DELETE FROM {table} WHERE kind = ? AND record_id IN ({going})", (kind, batch_id))
    if kind == "opportunity":
        store.connection.execute(f"DELETE FROM opportunity_event WHERE opportunity_id IN ({going})", (batch_id,))
    count = store.connection.execute(f"DELETE FROM {kind} WHERE id IN ({going})", (batch_id,)).rowcount
    customers = store.connection.execute(UNUSED_CUSTOMERS, (batch_id,)).rowcount if kind == "opportunity" else 0
    store.counts.update({f"{kind} taken back": count, "customer taken back": customers})
    store.counts = +store.counts
    return count


# What the batch changed, and what was changed since, as the journal has it


def _restore(store: Store, kind: str, batch_id: int) -> tuple[int, list[int]]:
    """Set back what the batch changed, where it is still so; answers how many, and the ids of the others."""
    restored, others = 0, []
    changes = _changes(store, kind, "batch_id = ?", batch_id)
    for record_id, before, after in reversed(changes):
        present = store.one(f"SELECT {', '.join(after)} FROM {kind} WHERE id = ?", (record_id,))
        if present and dict(present) == after:
            store.change(kind, record_id, **before)
            restored += 1
        elif present and dict(present) != before:
            others.append(record_id)
    for record_id in {record_id for record_id, *_ in changes}:  # rows that are read again must not be taken for known
        store.connection.execute(
            "UPDATE external_id SET fingerprint = NULL WHERE kind = ? AND record_id = ?", (kind, record_id)
        )
        if kind == "lead":
            store.connection.execute("UPDATE lead SET fingerprint = NULL WHERE id = ?", (record_id,))
    store.connection.execute(
        "DELETE FROM external_id WHERE kind = ? AND batch_id = ? AND record_id NOT IN"
        f" (SELECT id FROM {kind} WHERE batch_id = ?)",
        (kind, batch_id, batch_id),
    )
    return restored, others


def _changed_since(store: Store, kind: str, batch_id: int) -> set[int]:
    """Records that some other command changed after the batch began, and that were not set back since."""
    return {
        record_id
        for record_id, _before, _after in _changes(
            store,
            kind,
            "journal.id > (SELECT MIN(id) FROM journal WHERE batch_id = ?) AND COALESCE(batch_id, 0) <> ?"
            " AND verb <> 'import undo'"
            " AND COALESCE(batch_id, 0) NOT IN (SELECT id FROM batch WHERE undone_at IS NOT NULL)",
            batch_id,
            batch_id,
        )
    }


def _changes(
    store: Store, kind: str, condition: str, *parameters: int
) -> list[tuple[int, dict[str, Any], dict[str, Any]]]:
    """Record, values before and values after of every change in these entries of the journal."""
    rows = store.all(
        "SELECT body FROM journal JOIN journal_detail ON journal_id = journal.id"
        f" WHERE counts LIKE '%{kind} changed%' AND {condition} ORDER BY journal.id",
        parameters,
    )
    changes = [change for row in rows for change in json.loads(row["body"])["changes"]]
    return [
        (int(change["record"].split(" ")[1]), change["before"], change["after"])
        for change in changes
        if change["record"].split(" ")[0] == kind
    ]
