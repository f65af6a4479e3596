"""One `collect` in a large company beside one in a small company."""

from __future__ import annotations

import io
import random
import sqlite3
from itertools import islice
from typing import TYPE_CHECKING

from bench import company
from bench.measure import Contender, compare, forked, show
from ltc_cli.app import run as run_command
from ltc_cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.measure import Meter

SMALL_INVOICES = 1_000
A_ROUND = 10
OPEN = """
SELECT number FROM invoice WHERE issued_on <= ? AND id NOT IN (
    SELECT invoice_id FROM receivable JOIN settlement ON settlement.receivable_id = receivable.id)
ORDER BY id
"""


def run(folder: Path, rounds: int, invoices: int) -> None:
    """The command in process, another invoice each time, so that start-up does not hide what grows."""
    contenders = [
        Contender(f"{A_ROUND} × ltc collect among {SMALL_INVOICES:,} invoices", _collector(folder, SMALL_INVOICES)),
        Contender(f"{A_ROUND} × ltc collect among {invoices:,} invoices", _collector(folder, invoices), 1.2),
    ]
    show("One collect, small and large company", compare(contenders, rounds))


def _collector(folder: Path, invoices: int) -> Meter:
    database = company.make(folder / f"collect-{invoices}.db", invoices)
    numbers = _open_invoices(database)
    batch: list[str] = []

    def choose() -> None:
        batch[:] = islice(numbers, A_ROUND)

    def collect() -> None:
        for number in batch:
            _collect(database, number)

    return forked(collect, choose)


def _open_invoices(database: Path) -> Iterator[str]:
    """Unpaid invoices from all over the file, the same on every run."""
    connection = sqlite3.connect(database)
    numbers = [row[0] for row in connection.execute(OPEN, (company.AS_OF.isoformat(),))]
    connection.close()
    random.Random(1).shuffle(numbers)
    return iter(numbers)


def _collect(database: Path, number: str) -> None:
    environ = {"LTC_DB": str(database), "LTC_TODAY": company.AS_OF.isoformat(), "LTC_ACTOR": "bench"}
    err = io.StringIO()
    session = Session(environ=environ, out=io.StringIO(), err=err)
    if run_command(["collect", number, "--json", "--quiet"], session):
        raise SystemExit(f"collect {number}: {err.getvalue()}")
