"""`ltc check` of a company with many chains, check by check, beside SQLite's own checks of the file."""

from __future__ import annotations

import sqlite3
from functools import partial
from typing import TYPE_CHECKING

from bench import chain
from bench.measure import Contender, compare, forked, show
from ltc_cli.reports import check
from ltc_cli.store import open_existing

if TYPE_CHECKING:
    from pathlib import Path


def run(folder: Path, rounds: int, invoices: int) -> None:
    """The whole report, and each check by itself."""
    path = chain.fresh(folder / "check.db")
    chain.through_stages(path, invoices)
    contenders = [
        Contender("PRAGMA integrity_check, foreign_key_check", forked(partial(_pragmas, path))),
        Contender("ltc check", forked(partial(ours, path))),
        *(Contender(f"  {each.name}", forked(partial(_one, path, each))) for each in check.CHECKS),
    ]
    show(f"Check of {invoices:,} invoices and payments", compare(contenders, rounds))


def ours(path: Path) -> None:
    """The report; SystemExit where the file is not sound."""
    store = open_existing(path)
    report = check.report(store)
    if report.exit_code:
        raise SystemExit(str([row for row in report.rows if row["broken"]]))


def _one(path: Path, each: check.Check) -> list[str]:
    return list(each.find(open_existing(path)))


def _pragmas(path: Path) -> None:
    connection = sqlite3.connect(path)
    for pragma in ("integrity_check", "foreign_key_check"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
