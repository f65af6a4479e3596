"""Fees and interest at random: told, paid by whatever pays, withdrawn with their notices; all payments undone again.

Nothing is foreseen here; after every command the file must be sound, and every report agree with every other.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.random.test_random_payments import assert_payments_sum, undo
from tests.stories.telling import audit, promoted
from tests.support import Company, folder_in_memory

if TYPE_CHECKING:
    from pathlib import Path

SEEDS = (2, 4)
"""With so few steps they find a credit note that loses what it paid of a fee, and a payment that no one can reverse."""
STEPS = 14
FIRST = date(2026, 1, 5)
CONFIG = """
company: {email: billing@acme.example}
tolerance: {EUR: {amount: 2}, USD: {amount: 2}}
dunning:
  spacing: 1d
  levels:
    - {name: a, after: 3d, mail: reminder, fee: {EUR: 5, USD: 6}}
    - {name: b, after: 9d, mail: second, fee: {EUR: 10, USD: 12}, interest: 12%}
    - {name: c, after: 20d, mail: final, fee: {EUR: 20, USD: 24}, interest: 12%}
"""


class Life:
    """A company whose customers pay late, or by mistake, or are credited; `today` goes on."""

    def __init__(self, seed: int | str, folder: Path) -> None:
        self.dice = Random(seed)
        self.folder = folder
        claims_first = self.dice.choice(("true", "false"))
        self.company = Company(folder, config=CONFIG + f"  claims_first: {claims_first}\n")
        self._on(FIRST)
        for name, currency in (("Ada", "EUR"), ("Bob", "EUR"), ("Cyd", "USD")):
            opportunity = promoted(self.company, name, self.company.today, "--currency", currency)
            self.company.ltc("edit", f"K{'ABC'.index(name[0]) + 1}", f"email={name.lower()}@x.example")
            self.company.ltc("sign", opportunity, "--terms", "50% sign, 50% 2026-01-09; net 3; 2%/2", "--amount", "800")

    def _on(self, today: date) -> None:
        self.company.today = today.isoformat()

    def live(self, steps: int) -> None:
        for step in range(steps):
            self._on(FIRST + timedelta(days=step))
            self.company.ltc("invoice", "--due")
            for command in (["dun", "--no-send"], self._command(), self._command()):
                code = self.company.run(*command)
                assert code in (0, 2, 3, 4, 5, 8), f"{self.company.today} ltc {' '.join(command)}: {self.company.err}"
                self._audit()
        undo(self.company)
        self._audit()
        for each in self.company.ltc("list", "invoices"):
            assert not any(Decimal(each[key]) for key in ("paid", "discounted", "written_off")), each

    def _command(self) -> list[str]:
        """One command; it may be refused."""
        company, dice = self.company, self.dice
        invoice = dice.choice(company.ltc("list", "invoices"))["ref"]
        customer = f"K{dice.randint(1, 3)}"
        held = dice.choice(
            [row["ref"] for kind in ("payments", "credits") for row in company.ltc("list", kind)] or ["P1"]
        )
        mail = f"M{dice.randint(1, len(company.ltc('outbox', 'list')) + 1)}"
        amount = f"{dice.randint(1, 60_000) / 100}"
        return dice.choice(
            [
                ["collect", invoice],
                ["collect", invoice, amount],
                ["collect", customer, amount],
                ["collect", invoice, amount, "--unapplied"],
                ["credit", invoice, "--reason", "returned"],
                ["credit", invoice, amount, "--reason", "dear"],
                ["apply", held, invoice],
                ["refund", held],
                ["refund", held, "--undo", "--reason", "came back"],
                ["writeoff", invoice, "--reason", "lost"],
                ["writeoff", invoice, "--undo", "--reason", "mistake"],
                ["reverse", held, "--reason", "bounced"],
                ["hold", customer, "--until", "+2d", "--reason", "asked"],
                ["edit", customer, f"email=new{amount}@x.example"],
                *[["outbox", "drop", mail]] * 3,
                *[["outbox", "send", "--to-folder", str(self.folder / "mails")]] * 2,
            ]
        )

    def _audit(self) -> None:
        company = self.company
        audit(company)
        assert_payments_sum(company.ltc("list", "payments"))
        owed = {
            (row["customer"], row["currency"]): Decimal(row["total"])
            for row in company.ltc("aging", "--as-of", "9999-12-31")
        }
        for customer in ("K1", "K2", "K3"):
            for account in company.ltc("statement", customer, "--until", "9999-12-31"):
                assert Decimal(account["closing"]) == owed.get((customer, account["currency"]), 0), account
        assert company.run("export", "ledger", "--as-of", "9999-12-31") == 0, company.err


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_is_claimed_and_withdrawn_adds_up_and_can_be_undone(seed: int) -> None:
    with folder_in_memory() as folder:
        Life(seed, folder).live(STEPS)
