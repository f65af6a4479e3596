"""`ltc check` of a company with many chains beside the bare queries: check.sql, hashes, JSON, 44 days of aging."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bench import aging, chain
from bench.measure import Contender, compare, forked, show
from ltc_cli.references import name
from ltc_cli.reports import check
from ltc_cli.stages import closing, contracts, fulfilment, invoices, leads, opportunities, payments
from ltc_cli.store import open_existing

if TYPE_CHECKING:
    from ltc_cli.store import Store

QUERIES = Path(__file__).with_name("check.sql")
FIRST_DAY = date(2024, 7, 1)
DAYS = 700
CUSTOMERS = 400
AGED_DAYS = 40
LEDGER_DAYS = 4
ASKED_DAYS = 11


def run(folder: Path, rounds: int, count: int) -> None:
    """The whole report, and each check by itself."""
    path = make(folder / "check.db", count)
    contenders = [
        Contender("the bare queries, hashes and archive in one process", forked(partial(bare, path))),
        Contender(
            "the same with the eleven days on which ltc check asks aging", forked(partial(bare, path, ASKED_DAYS))
        ),
        Contender("ltc check", forked(partial(ours, path)), 1.5),
        *(Contender(f"  {each.name}", forked(partial(_one, path, each))) for each in check.CHECKS),
    ]
    show(f"Check of {count:,} invoices and payments", compare(contenders, rounds))


def make(path: Path, count: int) -> Path:
    """So many chains over seven hundred days, one in seven half paid, the first year closed."""
    store = open_existing(chain.fresh(path))
    with store.writing(lambda: chain.RECORDED_AT):
        for number in range(count):
            _chain(store, number, FIRST_DAY + timedelta(number * DAYS // count))
        closing.close(store, "2025-06", FIRST_DAY + timedelta(DAYS))
        store.journal(verb="bench", actor="bench", business_on=FIRST_DAY.isoformat(), arguments={}, answer=[])
    store.close()
    return path


def _chain(store: Store, number: int, day: date) -> None:
    amount_minor = chain.AMOUNT_MINOR + number
    (lead_id,) = leads.add(store, [leads.NewLead("Ada", f"Engines-{number % CUSTOMERS}", source="web")], day).ids
    opportunity_id, _ = opportunities.promote(
        store, name("lead", lead_id), day, stage=chain.SETTINGS.stages[0], currency="EUR", amount_minor=amount_minor
    )
    signature = contracts.Signature(day, by="Ada")
    contract_id, _ = contracts.sign(store, chain.SETTINGS, name("opportunity", opportunity_id), signature)
    contract = name("contract", contract_id)
    fulfilment.ship(store, contract, day)
    invoices.issue(store, chain.SETTINGS, day, [contract_id])
    paid_minor = amount_minor // 2 if number % 7 == 0 else amount_minor
    payments.collect(store, contract, payments.Receipt(day + timedelta(number % 41), (paid_minor, "EUR")), "EUR")


def ours(path: Path) -> None:
    """The report; SystemExit where the file is not sound."""
    store = open_existing(path)
    report = check.report(store)
    if report.exit_code:
        raise SystemExit(str([row for row in report.rows if row["broken"]]))


def _one(path: Path, each: check.Check) -> list[str]:
    return list(each.find(open_existing(path)))


def bare(path: Path, most_days: int | None = None) -> None:
    """The floor: no report, no words, no rules; SQL where SQL can, hashlib and json over the rows where it cannot.

    `most_days`: aged on no more than so many days.
    """
    connection = sqlite3.connect(path)
    for statement in QUERIES.read_text(encoding="utf-8").split(";"):
        connection.execute(statement).fetchall()
    for (day,) in _aged_days(connection, most_days):
        on = date.fromisoformat(day)
        bounds = {f"past_{days}": (on - timedelta(days)).isoformat() for days in aging.EDGES}
        connection.execute(aging.QUERY.read_text(encoding="utf-8"), {"as_of": day, **bounds}).fetchall()
    previous = ""
    for row in connection.execute("SELECT journal.*, salt, body FROM journal JOIN journal_detail ON journal_id = id"):
        if row[9] == previous or hashlib.sha256((row[10] + row[11]).encode()).hexdigest() != row[7]:
            raise SystemExit("the journal does not fit")
        previous = hashlib.sha256(json.dumps(row[:9]).encode()).hexdigest()
    for digest, body in connection.execute("SELECT sha256, body FROM document"):
        if hashlib.sha256(body).hexdigest() != digest:
            raise SystemExit("a document does not fit")
    for number, total_minor, body in connection.execute(
        "SELECT number, total_minor, body FROM invoice JOIN document ON sha256 = document_sha256"
    ):
        said = json.loads(body)
        if (said["number"], int(said["total"].replace(".", ""))) != (number, total_minor):
            raise SystemExit("an invoice is not its document")
    _seal(connection)


def _aged_days(connection: sqlite3.Connection, most_days: int | None) -> list[tuple[str]]:
    rows = connection.execute(
        "SELECT day FROM (SELECT issued_on AS day FROM receivable UNION SELECT due_on FROM receivable"
        " UNION SELECT received_on FROM payment) ORDER BY day"
    ).fetchall()
    if most_days:
        return rows[:: len(rows) // most_days + 1]
    return rows[:: max(1, len(rows) // AGED_DAYS)] + rows[:: max(1, len(rows) // LEDGER_DAYS)][:LEDGER_DAYS]


def _seal(connection: sqlite3.Connection) -> None:
    """The rows of the closed months, hashed."""
    (until,) = connection.execute("SELECT closed_until FROM period_close").fetchone()
    digest = hashlib.sha256()
    for table, (day, columns) in closing.SEALED.items():
        for row in connection.execute(f"SELECT {columns} FROM {table} WHERE {day} <= ? ORDER BY 1", (until,)):
            digest.update(repr(row).encode())
