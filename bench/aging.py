"""`aging` of a large company beside the best bare query for the same columns."""

from __future__ import annotations

import gc
import io
import json
import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import company
from bench.measure import Contender, compare, forked, process, show
from ltc_cli.__main__ import GARBAGE_EVERY
from ltc_cli.output.as_json import answer, dumps
from ltc_cli.reports import aging
from ltc_cli.store import open_existing

if TYPE_CHECKING:
    from bench.measure import Meter

QUERY = Path(__file__).with_name("aging.sql")
EDGES = (30, 60, 90)
BOUNDS = {
    "as_of": company.AS_OF.isoformat(),
    **{f"past_{days}": (company.AS_OF - timedelta(days)).isoformat() for days in EDGES},
}
MONEY = ("current", "1-30", "31-60", "61-90", "90+", "unapplied", "total")


def run(folder: Path, rounds: int, invoices: int) -> None:
    """Report and JSON in process; the query on a bare connection, and in the sqlite3 shell where there is one."""
    database = company.make(folder / f"company-{invoices}.db", invoices)
    _refuse_other_figures(database)
    contenders = [
        Contender("the bare query, sqlite3 connection", forked(lambda: query(database))),
        *([Contender("the bare query, sqlite3 shell to JSON", _shell(database))] if shutil.which("sqlite3") else []),
        Contender("ltc aging, report and JSON", forked(lambda: ours(database)), 1.3),
    ]
    show(f"Aging of {invoices:,} invoices as of {company.AS_OF}", compare(contenders, rounds))


def ours(database: Path) -> str:
    """What `ltc aging --json` prints, in a process like `ltc`."""
    gc.set_threshold(GARBAGE_EVERY)
    store = open_existing(database)
    with store.reading():
        report = aging.report(store, company.AS_OF, EDGES)
    return dumps(answer(report), io.StringIO())


def query(database: Path) -> list[Any]:
    """The rows of aging.sql."""
    return sqlite3.connect(database).execute(QUERY.read_text(encoding="utf-8"), BOUNDS).fetchall()


def _shell(database: Path) -> Meter:
    bounds = [part for name, day in BOUNDS.items() for part in ("-cmd", f".parameter set :{name} \"'{day}'\"")]
    program = shutil.which("sqlite3") or ""
    read = f".read {QUERY}"
    return process([program, "-json", "-cmd", ".parameter init", *bounds, str(database), read], {})


def _refuse_other_figures(database: Path) -> None:
    """A query is a floor only where it says the same."""
    bare = {(f"K{row[0]}", row[2]): tuple(row[3:]) for row in query(database)}
    said = {(row["customer"], row["currency"]): _figures(row) for row in json.loads(ours(database))}
    different = [key for key in bare.keys() | said.keys() if bare.get(key) != said.get(key)]
    if different:
        raise SystemExit(f"aging differs from aging.sql for {len(different)} rows, first {min(different)}")


def _figures(row: dict[str, Any]) -> tuple[Any, ...]:
    return (*(int(row[name].replace(".", "")) for name in MONEY), row["invoices"], row["oldest_due_on"])
