"""Payments at random: early, late, in parts, in three currencies, refunded, written off; and all of it undone again."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from tests.stories.telling import audit, promoted
from tests.support import Company, folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator

SEEDS = range(4)
STEPS = 14
LAST = "2026-01-28"
CONFIG = """
taxes:
  S19: {rate: 19%, category: S}
  S7: {rate: 7%, category: S}
  I15: {rate: 15%, category: S, inclusive: true}
  Z: {rate: 0%, category: Z}
"""
CURRENCIES = ("EUR", "USD", "JPY")
BILLED = ("100% sign", "3 x monthly from sign", "30% sign, 70% 2026-01-03", "1 sign, rest 2026-01-04")
DUE = ("net 30", "due 33%+5d, rest+20d", "due 25%+3d, 25%+8d, rest+40d")


@pytest.fixture(params=SEEDS)
def walk(request: pytest.FixtureRequest) -> Iterator[tuple[Random, Company]]:
    dice = Random(request.param)
    with folder_in_memory() as folder:
        way, policy = dice.choice(("included", "excluded", "mixed")), dice.choice(("document", "line", "unrounded"))
        company = Company(folder, config=f"{CONFIG}discount_tax: {way}\ntax_rounding: {policy}\n", today=LAST)
        sell(company, dice)
        yield dice, company


def sell(company: Company, dice: Random) -> None:
    """Three contracts with discounts, invoiced on the fifth of January, and rates that move every ten days."""
    for day in ("2026-01-02", "2026-01-03", "2026-01-04"):
        opportunity = promoted(company, "Ada", day, "--currency", dice.choice(("EUR", "USD")))
        codes = [dice.choice(("S19", "S7", "I15", "Z")) for _ in range(dice.randint(1, 3))]
        lines = [f"Part:{dice.choice(('1', '3', '2.5'))}:{dice.randint(100, 90_000) / 100}:{code}" for code in codes]
        terms = f"{dice.choice(BILLED)}; {dice.choice(DUE)}; {dice.choice(('2%', '10%', '3.5%'))}/{dice.randint(0, 20)}"
        said = [word for line in lines for word in ("--line", line)]
        company.ltc("quote", opportunity, *said, "--terms", terms, today=day)
        company.ltc("sign", opportunity, today=day)
    for day in ("2026-01-01", "2026-01-11", "2026-01-21"):
        company.ltc("rate", "USD", f"{dice.randint(700, 1200) / 1000}", "--on", day)
        company.ltc("rate", "JPY", f"{dice.randint(50, 90) / 10_000}", "--on", day)
    company.ltc("invoice", "--due", today="2026-01-05")


def step(company: Company, dice: Random) -> list[str]:
    """One command; it may be refused."""
    invoice = dice.choice(company.ltc("list", "invoices"))["ref"]
    payment = f"P{dice.randint(1, len(company.ltc('list', 'payments')) + 1)}"
    amount = f"{dice.randint(1, 90_000) / 100}"
    on = ("--on", f"2026-01-{dice.randint(5, 28):02}")
    return dice.choice(
        [
            ["collect", invoice, *on],
            ["collect", invoice, "--currency", dice.choice(CURRENCIES), *on],
            ["collect", invoice, amount, "--currency", dice.choice(("EUR", "USD")), *on],
            ["collect", invoice, amount, "--currency", dice.choice(CURRENCIES), "--unapplied", *on],
            ["collect", "K1", "--currency", dice.choice(("EUR", "USD")), *on],
            ["credit", invoice, f"{dice.randint(1, 5_000) / 100}", "--reason", "dear"],
            ["apply", payment, invoice],
            ["refund", payment],
            ["refund", payment, "--undo", "--reason", "came back"],
            ["writeoff", invoice, f"{dice.randint(1, 500) / 100}", "--reason", "small", *on],
            ["writeoff", invoice, "--undo", "--reason", "mistake"],
            ["reverse", payment, "--reason", "bounced"],
        ]
    )


def assert_payments_sum(payments: list[dict[str, Any]]) -> None:
    for each in payments:
        used = sum((Decimal(part["paid"]) for part in each["allocations"]), Decimal())
        used += Decimal(each["refunded"]) + Decimal(each["unapplied"])
        assert used == (0 if each["status"] == "reversed" else Decimal(each["amount"])), each


def test_whatever_is_paid_adds_up_and_can_be_undone(walk: tuple[Random, Company]) -> None:
    dice, company = walk
    for _ in range(STEPS):
        command = step(company, dice)
        assert company.run(*command) in (0, 2, 3, 4), f"ltc {' '.join(command)}: {company.err}"
        audit(company)
        assert_payments_sum(company.ltc("list", "payments"))
    undo(company)
    audit(company)
    for each in company.ltc("list", "invoices"):
        assert not any(Decimal(each[key]) for key in ("paid", "discounted", "written_off")), each
        assert Decimal(each["balance"]) == Decimal(each["total"]) - Decimal(each["credited"])


def undo(company: Company) -> None:
    """Every refund of a payment comes back, every payment bounces, nothing stays written off."""
    for payment in company.ltc("list", "payments"):
        while Decimal(company.ltc("show", payment["ref"])["refunded"]):
            company.ltc("refund", payment["ref"], "--undo", "--reason", "all")
        company.ltc("reverse", payment["ref"], "--reason", "all")
    for invoice in company.ltc("list", "invoices"):
        company.ltc("writeoff", invoice["ref"], "--undo", "--reason", "all")
