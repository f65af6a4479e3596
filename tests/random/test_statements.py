"""On random companies a statement closes with `aging`, whatever was applied, reversed or paid back when."""

from __future__ import annotations

import os
from contextlib import closing
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from ltc_cli.references import name
from ltc_cli.reports import aging, statement
from ltc_cli.reports.conversion import Conversion
from ltc_cli.rules.money import round_ratio
from ltc_cli.store import open_existing
from tests.random.walk import FIRST_DAY, Walk
from tests.support import folder_in_memory

if TYPE_CHECKING:
    from ltc_cli.store import Store

STEPS = int(os.environ.get("LTC_STEPS", "100"))
EDGES = (30, 60, 90)
ZERO = Decimal(0)


@pytest.mark.parametrize("seed", [int(os.environ.get("LTC_SEED", "41"))])
def test_a_statement_closes_with_aging_on_any_day(seed: int) -> None:
    with folder_in_memory() as folder:
        walk = Walk(seed, folder)
        walk.walk(STEPS)
        random = Random(seed)
        with closing(open_existing(walk.company.path)) as store, store.reading():
            customers = [row["id"] for row in store.all("SELECT id FROM customer WHERE merged_into_id IS NULL")]
            days = [FIRST_DAY + timedelta(days=number) for number in range((walk.today - FIRST_DAY).days + 40)]
            met = sum(_agree(store, day, random, customers) for day in random.sample(days, min(25, len(days))))
    assert met, f"LTC_SEED={seed}: the walk came to nothing"


def _agree(store: Store, day: date, random: Random, customers: list[int]) -> int:
    """Every account of every customer against its row of aging; answers how many there were."""
    aged = {(row["customer"], row["currency"]): row for row in aging.report(store, day, EDGES).rows}
    since = day - timedelta(days=random.randint(0, 60))
    met = 0
    for customer_id in customers:
        accounts = _accounts(store, customer_id, None, day)
        parts = {each["currency"]: each for each in _accounts(store, customer_id, since, day)}
        before = {each["currency"]: each for each in _accounts(store, customer_id, None, since - timedelta(days=1))}
        for account in accounts:
            key = account["customer"], account["currency"]
            row = aged.pop(key, None)
            for bucket in ("current", "1-30", "31-60", "61-90", "90+", "unapplied"):
                assert Decimal(account[bucket]) == Decimal(row[bucket] if row else 0), (key, bucket, day)
            assert Decimal(account["closing"]) == Decimal(row["total"] if row else 0), (key, day)
            _adds_up(account, ZERO)
            part = parts.get(account["currency"])
            opening = Decimal(before[account["currency"]]["closing"]) if account["currency"] in before else ZERO
            if part:
                _adds_up(part, opening)
                assert part["closing"] == account["closing"]
            met += 1
        _agrees_in_one(store, customer_id, day, accounts)
    assert not aged, f"aging as of {day} has what no statement has: {list(aged)}"
    return met


class Unround(Conversion):
    """A rate that leaves something to round nearly always."""

    def __call__(self, amount_minor: int, currency: str) -> int:
        return amount_minor if currency == self.into else round_ratio(amount_minor * 37, 41)


def _agrees_in_one(store: Store, customer_id: int, day: date, accounts: list[dict[str, Any]]) -> None:
    """In one currency: the parts of all accounts as they are converted, and movements that sum to them."""
    into = Unround(store, "EUR", "EUR", day)
    customer, period = name("customer", customer_id), statement.Period(None, day)
    rows = statement.report(store, customer, period, EDGES, "json", into).rows
    assert len(rows) == min(1, len(accounts))
    for account in rows:
        _adds_up(account, ZERO)
        for bucket in ("current", "1-30", "31-60", "61-90", "90+", "unapplied"):
            parts = into.written([{"amount": each[bucket], "currency": each["currency"]} for each in accounts])
            assert Decimal(account[bucket]) == sum(Decimal(part["amount"]) for part in parts), (bucket, day)


def _accounts(store: Store, customer_id: int, since: date | None, until: date) -> list[dict[str, Any]]:
    period = statement.Period(since, until)
    return statement.report(store, name("customer", customer_id), period, EDGES, "json").rows


def _adds_up(account: dict[str, Any], opening: Decimal) -> None:
    """Opening, and every movement after the other, to the closing balance."""
    assert Decimal(account["opening"]) == opening
    balance = opening
    for movement in account["movements"]:
        balance += Decimal(movement["debit"] or 0) - Decimal(movement["credit"] or 0)
        assert Decimal(movement["balance"]) == balance
    assert balance == Decimal(account["closing"])
