"""What hledger and beancount, programs of others, make of a journal of ours."""

from __future__ import annotations

import csv
import importlib.util
import os
import re
import shutil
import subprocess
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from tests.support import Company

Ages = dict[tuple[str, str], dict[str, Fraction]]
"""By customer and currency: what is in each bucket of aging, and what is unapplied; nothing is left out."""
EDGES = (30, 60, 90)
OWED, HELD = "assets:receivable", "liabilities:credit"


def need(tool: str, *, is_there: bool) -> None:
    """Skip where a program is missing; where CI promised it, fail."""
    if is_there:
        return
    if os.environ.get("CI"):
        pytest.fail(f"{tool} is not installed")
    pytest.skip(f"{tool} is not installed")


def need_hledger() -> None:
    need("hledger", is_there=shutil.which("hledger") is not None)


def need_beancount() -> None:
    need("beancount", is_there=importlib.util.find_spec("beancount") is not None)


def hledger(journal: Path, *arguments: str) -> str:
    """What hledger prints. AssertionError with what it says where it refuses."""
    command = ["hledger", "-f", str(journal), *arguments]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, env=_environment())
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


def _environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C.UTF-8"}


def balances(journal: Path, *arguments: str) -> dict[str, dict[str, Fraction]]:
    """By account, or what it is pivoted to, and currency, as hledger sums it."""
    text = hledger(journal, "balance", "--flat", "--no-total", "-O", "csv", *arguments)
    rows = [row for row in csv.reader(text.splitlines()) if row][1:]
    return {account: _amounts(cell) for account, cell in rows}


def _amounts(cell: str) -> dict[str, Fraction]:
    """`-1.00 EUR, 0.005 KWD`."""
    found = {}
    for text in cell.split(", "):
        number, _, currency = text.partition(" ")
        if currency:
            found[currency] = Fraction(number)
    return found


def aged_by_hledger(journal: Path, as_of: date) -> Ages:
    """Aging, from the journal alone: the days due of each customer's receivables, and the customer's credit."""
    end = ("--end", (as_of + timedelta(days=1)).isoformat())
    ages: Ages = {}
    standing = balances(journal, OWED, HELD, *end)
    for account, held in standing.items():
        customer = account.rpartition(":")[2]
        if account.startswith(HELD):
            for currency, amount in held.items():
                add(ages, customer, currency, "unapplied", amount)
            continue
        by_due = balances(journal, f"acct:^{OWED}:{customer}$", "--pivot", "due", *end)
        for due, owed in by_due.items():
            for currency, amount in owed.items():
                add(ages, customer, currency, bucket(date.fromisoformat(due), as_of), amount)
    return ages


def add(ages: Ages, customer: str, currency: str, key: str, amount: Fraction) -> None:
    row = ages.setdefault((customer, currency), {})
    row[key] = row.get(key, Fraction(0)) + amount


def bucket(due: date, as_of: date) -> str:
    """Due today is current; then by the days past due."""
    late = (as_of - due).days
    if late <= 0:
        return "current"
    first = 1
    for last in EDGES:
        if late <= last:
            return f"{first}-{last}"
        first = last + 1
    return f"{EDGES[-1]}+"


def aged_by_beancount(text: str, days: Sequence[date]) -> dict[date, Ages]:
    """Aging on some days, from the entries that beancount reads. AssertionError where it finds a fault."""
    from beancount import loader
    from beancount.core.data import Transaction

    entries, errors, _options = loader.load_string(text)
    assert not errors, errors[:3]
    aged: dict[date, Ages] = {day: {} for day in days}
    for entry in entries:
        if isinstance(entry, Transaction):
            for day in days:
                if entry.date <= day:
                    _age(aged[day], entry.postings, day)
    return aged


def _age(ages: Ages, postings: Iterable[Any], day: date) -> None:
    for posting in postings:
        kind, _, customer = posting.account.rpartition(":")
        amount, currency = Fraction(posting.units.number), posting.units.currency
        if kind == "Assets:Receivable":
            add(ages, customer, currency, bucket(posting.meta["due"], day), amount)
        elif kind == "Liabilities:Credit":
            add(ages, customer, currency, "unapplied", amount)


def aged_by_ltc(company: Company, as_of: date, today: date) -> Ages:
    rows = company.ltc("aging", "--as-of", as_of.isoformat(), today=today.isoformat())
    keys = ("current", *(f"{first}-{last}" for first, last in ((1, 30), (31, 60), (61, 90))), "90+", "unapplied")
    return {(row["customer"], row["currency"]): {key: Fraction(row[key]) for key in keys} for row in rows}


def without_zeros(ages: Ages) -> Ages:
    """What is 0 in one program may be missing in the other."""
    kept = {key: {name: amount for name, amount in row.items() if amount} for key, row in ages.items()}
    return {key: row for key, row in kept.items() if row}


# A journal read by a few lines of our own, where a story needs no more


def entries(journal: str) -> list[tuple[str, str, dict[str, str]]]:
    """Day, reference and, by account, `119.00 EUR` of each transaction of a journal for hledger.

    Of several postings to one account, as an invoice in instalments has, `59.50 EUR + 59.50 EUR`.
    """
    found: list[tuple[str, str, dict[str, str]]] = []
    for line in journal.splitlines():
        if head := re.match(r"(\d{4}-\d\d-\d\d) \* \(([^)]*)\)", line):
            found.append((head[1], head[2], {}))
        elif line.startswith("    "):
            account, amount = line.partition("  ;")[0].split(maxsplit=1)
            moved = found[-1][2]
            moved[account] = f"{moved[account]} + {amount.strip()}" if account in moved else amount.strip()
    return found
