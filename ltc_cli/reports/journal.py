"""The journal: who wrote what, when."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ltc_cli.references import name
from ltc_cli.report import Column, Report
from ltc_cli.store import canonical_json

if TYPE_CHECKING:
    from sqlite3 import Row

    from ltc_cli.references import Reference
    from ltc_cli.store import Store

COLUMNS = (
    Column("id", "count"),
    Column("recorded_at", "moment", "recorded"),
    Column("business_on", "date", "counts for", spare=2),
    Column("actor", spare=1),
    Column("verb"),
    Column("records", "list"),
    Column("arguments", on_table=False),
    Column("changes", on_table=False),
    Column("counts", on_table=False),
    Column("sha256", on_table=False),
)


def report(store: Store, named: Reference | None, limit: int | None) -> Report:
    """The entries, oldest first; of one record and those merged into it, or the newest of all."""
    narrowed, parameters = "", []
    names = _names(store, named) if named else []
    batch_id = _batch(store, named) if named else None
    if names:
        narrowed = f"WHERE {' OR '.join(['body LIKE ?'] * len(names))} OR batch_id = ?"
        parameters = [*(f"%{canonical_json(each)}%" for each in names), batch_id]
    sql = (
        "SELECT journal.*, body FROM journal LEFT JOIN journal_detail ON journal_id = journal.id"
        f" {narrowed} ORDER BY id DESC"
    )
    rows = []
    for row in store.connection.execute(sql, parameters):
        entry = _entry(row)
        is_batch = batch_id is not None and row["batch_id"] == batch_id
        if not names or is_batch or not set(names).isdisjoint(entry["records"]):
            rows.append(entry)
        if limit and len(rows) == limit:
            break
    return Report(COLUMNS, rows[::-1], empty="the journal is empty")


def _names(store: Store, named: Reference) -> list[str]:
    """What the journal calls the record: as it was called when it was written about."""
    if named.kind not in ("lead", "customer"):
        return [named.text]
    rows = store.all(f"SELECT id FROM {named.kind} WHERE merged_into_id = ? ORDER BY id", (named.id,))
    return [named.text, *(name(named.kind, row["id"]).text for row in rows)]


def _batch(store: Store, named: Reference) -> int | None:
    """The import that brought the record: its journal names the batch, not each record."""
    if named.kind not in ("lead", "opportunity", "customer", "item"):
        return None
    row = store.one(f"SELECT batch_id FROM {named.kind} WHERE id = ?", (named.id,))
    return row["batch_id"] if row else None


def _entry(row: Row) -> dict[str, Any]:
    detail = json.loads(row["body"]) if row["body"] else {}
    return {
        "id": row["id"],
        "recorded_at": row["recorded_at"],
        "business_on": row["business_on"],
        "actor": row["actor"],
        "verb": row["verb"],
        "records": detail.get("records", []),
        "arguments": detail.get("arguments"),
        "changes": detail.get("changes", []),
        "counts": json.loads(row["counts"]),
        "sha256": row["sha256"],
    }
