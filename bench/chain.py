"""Whole chains from lead to collected payment beside `executemany` of the very rows they leave."""

from __future__ import annotations

import cProfile
import io
import pstats
import shutil
import sqlite3
import time
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.measure import Contender, compare, forked, show
from ltc_cli import config
from ltc_cli.app import run as run_command
from ltc_cli.references import name
from ltc_cli.session import Session
from ltc_cli.stages import contracts, fulfilment, invoices, leads, opportunities, payments
from ltc_cli.store import connect, create, open_existing

if TYPE_CHECKING:
    from pathlib import Path

    from ltc_cli.store import Store

DAY = date(2026, 3, 2)
RECORDED_AT = "2026-03-02T12:00:00.000000Z"
SETTINGS = config.load(None)
AMOUNT_MINOR = 120_000

COMMANDS = (
    "lead add Ada --company Engines-{n} --email ada@engines-{n}.example --source web",
    "nurture L{n} --log call",
    "promote L{n} --amount 1200.00",
    "sign L{n} --by Ada",
    "ship L{n}",
    "invoice L{n}",
    "collect L{n}",
)


class Rows(NamedTuple):
    """All rows of a table, as they go into another file."""

    insert: str
    rows: list[tuple[Any, ...]]


def run(folder: Path, rounds: int, chains: int) -> None:
    """The stage functions in one transaction, and a hundredth as many chains through the app, a command a step."""
    few = max(1, chains // 100)
    for many, contender, reach in ((chains, through_stages, 8), (few, through_app, None)):
        path = folder / "chain.db"
        contender(fresh(path), many)
        tables = _rows(path)
        contenders = [
            Contender("executemany of the same rows", forked(partial(_insert, path, tables), partial(fresh, path))),
            Contender(contender.__name__, forked(partial(contender, path, many), partial(fresh, path)), reach),
        ]
        title = f"{many:,} chains lead → collected, {sum(len(table.rows) for table in tables):,} rows"
        show(title, compare(contenders, rounds))


def fresh(path: Path) -> Path:
    """An empty file of a company, in place of what is there."""
    template = path.with_suffix(".empty")
    create(template, RECORDED_AT)
    shutil.copy(template, path)
    return path


def through_stages(path: Path, chains: int) -> None:
    """Each verb's stage function for one record at a time, all in one transaction."""
    store = open_existing(path)
    with store.writing(lambda: RECORDED_AT):
        for number in range(1, chains + 1):
            _chain(store, number)
        store.journal(verb="bench", actor="bench", business_on=DAY.isoformat(), arguments={}, answer=[])
    store.close()


def _chain(store: Store, number: int) -> None:
    entry = leads.NewLead("Ada", f"Engines-{number}", f"ada@engines-{number}.example", source="web")
    (lead_id,) = leads.add(store, [entry], DAY).ids
    lead = name("lead", lead_id)
    leads.touch(store, lead.text, "call", DAY)
    opportunity_id, _ = opportunities.promote(
        store, lead, DAY, stage=SETTINGS.stages[0], currency=SETTINGS.currency, amount_minor=AMOUNT_MINOR
    )
    opportunity = name("opportunity", opportunity_id)
    contract_id, _ = contracts.sign(store, SETTINGS, opportunity, contracts.Signature(DAY, by="Ada"))
    contract = name("contract", contract_id)
    fulfilment.ship(store, contract, DAY)
    invoices.issue(store, SETTINGS, DAY, [contract_id])
    payments.collect(store, contract, payments.Receipt(DAY), SETTINGS.currency)


def through_app(path: Path, chains: int) -> None:
    """Each verb as a command line in this process, a transaction and an answer in JSON each."""
    session = partial(
        Session, environ={"LTC_DB": str(path), "LTC_TODAY": DAY.isoformat(), "LTC_ACTOR": "bench"}, clock=clock
    )
    for number in range(1, chains + 1):
        for command in COMMANDS:
            err = io.StringIO()
            if run_command(
                [*command.format(n=number).split(), "--json", "--quiet"], session(out=io.StringIO(), err=err)
            ):
                raise SystemExit(f"{command}: {err.getvalue()}")


def clock() -> datetime:
    return datetime.fromisoformat(RECORDED_AT).astimezone(UTC)


def _rows(path: Path) -> list[Rows]:
    """What stands in every table, tables in the order of the schema."""
    connection = sqlite3.connect(path)
    tables = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'"
    )
    found = []
    for (table,) in tables.fetchall():
        rows = connection.execute(f"SELECT * FROM {table}").fetchall()
        if rows:
            found.append(Rows(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows))
    connection.close()
    return found


def _insert(path: Path, tables: list[Rows]) -> None:
    connection = connect(path)
    connection.execute("BEGIN IMMEDIATE")
    for table in tables:
        connection.executemany(table.insert, table.rows)
    connection.execute("COMMIT")
    connection.close()


def profile(folder: Path, chains: int) -> None:
    """Where the time of the stage functions goes, function by function."""
    path = fresh(folder / "profile.db")
    profiler = cProfile.Profile(time.process_time)
    profiler.runcall(through_stages, path, chains)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(25)
