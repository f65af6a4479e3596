"""The decision of `dun` over a large company beside the bare query for what is open and the levels it has reached."""

from __future__ import annotations

import gc
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench import company
from bench.measure import Contender, compare, forked, show
from ltc_cli import config
from ltc_cli.__main__ import GARBAGE_EVERY
from ltc_cli.stages import dunning
from ltc_cli.store import connect, open_existing

QUERY = Path(__file__).with_name("dunning.sql")
BOUNDS = {"as_of": company.AS_OF.isoformat(), "horizon": (company.AS_OF + timedelta(days=3)).isoformat()}
CUSTOMERS_OF = 5
"""Invoices a customer."""


LEVELS = {"reminder": 5, "second": 20, "final": 40}

# What runs of every day before have told: each instalment that was open so many days after it was due, one notice each.
TOLD = (
    """
    INSERT INTO notice (id, customer_id, currency, level, decided_on, recorded_at)
    SELECT 3 * receivable.id + :place, COALESCE(merged_into_id, customer.id), currency, :level,
        date(due_on, :after || ' days'), :as_of
    FROM receivable JOIN customer ON customer.id = customer_id
    WHERE date(due_on, :after || ' days') < :as_of AND amount_minor > COALESCE((
        SELECT SUM(settlement.amount_minor) FROM settlement
        WHERE receivable_id = receivable.id AND settled_on <= date(due_on, :after || ' days')), 0)
    """,
    "INSERT INTO notice_item SELECT id, id / 3, level, 1 FROM notice WHERE level = :level",
)


def run(folder: Path, rounds: int, invoices: int) -> None:
    """Decide in process; the query on a bare connection. Once as every day, once as if nobody had ever been told."""
    database = company.make(folder / f"dunning-{invoices}.db", invoices, invoices // CUSTOMERS_OF)
    floor = "the bare query, sqlite3 connection"
    first = [
        Contender(floor, forked(lambda: query(database))),
        Contender("ltc dun, the first run ever", forked(lambda: ours(database))),
    ]
    show(f"Dunning of {invoices:,} invoices as of {company.AS_OF}, nobody told before", compare(first, rounds))
    tell(database)
    daily = [
        Contender(floor, forked(lambda: query(database))),
        Contender("ltc dun, the decision", forked(lambda: ours(database)), 2.0),
        Contender("ltc dun --dry-run, with all who are left out", forked(lambda: ours(database, explain=True))),
    ]
    show(f"Dunning of {invoices:,} invoices as of {company.AS_OF}, told every day before", compare(daily, rounds))


def tell(database: Path) -> None:
    """Write the notices of the days before."""
    connection = connect(database)
    connection.execute("BEGIN IMMEDIATE")
    for place, (level, after) in enumerate(LEVELS.items()):
        for step in TOLD:
            connection.execute(step, {"place": place, "level": level, "after": after, "as_of": BOUNDS["as_of"]})
    connection.execute("COMMIT")
    connection.close()


def ours(database: Path, *, explain: bool = False) -> Any:
    """What `ltc dun` decides, on a customer base without e-mail, in a process like `ltc`."""
    gc.set_threshold(GARBAGE_EVERY)
    store = open_existing(database)
    with store.reading():
        return dunning.decide(store, config.load(None), company.AS_OF, letters=True, explain=explain)


def query(database: Path) -> list[Any]:
    """The rows of dunning.sql."""
    return sqlite3.connect(database).execute(QUERY.read_text(encoding="utf-8"), BOUNDS).fetchall()
