"""The file and its records: whole, guarded, each pointing to something, nothing there twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltc_cli import schema
from ltc_cli.reports.checks import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ltc_cli.store import Store


def pages(store: Store) -> Iterator[str]:
    yield from (row[0] for row in store.all("PRAGMA integrity_check") if row[0] != "ok")


def references(store: Store) -> Iterator[str]:
    for row in store.all("PRAGMA foreign_key_check"):
        yield f"{row[0]} {row[1]} points to no {row[2]}"
    for kind in ("lead", "opportunity"):
        for table, value in (("external_id", "value"), ("fingerprint", "hex(value)")):
            yield from named(
                store,
                f"SELECT kind || ' ' || {value} || ' stands for no record' FROM {table} WHERE kind = '{kind}'"
                f" AND record_id NOT IN (SELECT id FROM {kind})",
            )


# The schema says so too; here it is asked of the rows, whatever became of the indexes, and of merged leads as one.
TWICE = """
SELECT 'L' || COALESCE(merged_into_id, lead.id) || ' is promoted twice' FROM opportunity JOIN lead ON lead.id = lead_id
GROUP BY COALESCE(merged_into_id, lead.id) HAVING COUNT(*) > 1
UNION ALL SELECT 'the key ' || key || ' is used twice' FROM request_key GROUP BY key HAVING COUNT(*) > 1
UNION ALL SELECT kind || ' ' || value || ' is known twice' FROM external_id GROUP BY kind, source, value
HAVING COUNT(*) > 1
UNION ALL SELECT number || ' is given twice' FROM (SELECT number FROM invoice UNION ALL SELECT number FROM credit_note)
GROUP BY number HAVING COUNT(*) > 1
"""


def triggers(store: Store) -> Iterator[str]:
    found = {row["name"] for row in store.all("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
    for table in schema.FACTS:
        for name in (f"{table}_never_changes", f"{table}_never_goes"):
            if name not in found:
                yield f"the trigger {name} is gone"
    guards = (f"{table}_stays_closed" for table in schema.CLOSED_DAYS)
    for name in ("outbox_message_never_changes", "outbox_never_goes", *guards):
        if name not in found:
            yield f"the trigger {name} is gone"
