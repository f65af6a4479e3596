"""The decision of `dun` over a large company beside the bare query for what is open."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench import company
from bench.measure import Contender, compare, forked, show
from ltc_cli import config
from ltc_cli.stages import dunning
from ltc_cli.store import open_existing

QUERY = Path(__file__).with_name("dunning.sql")
BOUNDS = {"as_of": company.AS_OF.isoformat(), "horizon": (company.AS_OF + timedelta(days=3)).isoformat()}
CUSTOMERS_OF = 5
"""Invoices a customer."""


def run(folder: Path, rounds: int, invoices: int) -> None:
    """Decide in process; the query on a bare connection."""
    database = company.make(folder / f"dunning-{invoices}.db", invoices, invoices // CUSTOMERS_OF)
    contenders = [
        Contender("the bare query, sqlite3 connection", forked(lambda: query(database))),
        Contender("ltc dun, the decision", forked(lambda: ours(database)), 2.0),
    ]
    show(f"Dunning of {invoices:,} invoices as of {company.AS_OF}", compare(contenders, rounds))


def ours(database: Path) -> Any:
    """What `ltc dun --dry-run` decides, on a customer base that has letters instead of e-mail."""
    store = open_existing(database)
    with store.reading():
        return dunning.decide(store, config.load(None), company.AS_OF, letters=True)


def query(database: Path) -> list[Any]:
    """The rows of dunning.sql."""
    return sqlite3.connect(database).execute(QUERY.read_text(encoding="utf-8"), BOUNDS).fetchall()
