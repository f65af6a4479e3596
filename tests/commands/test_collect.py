"""`ltc collect`, `ltc apply` and `ltc reverse`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support import Company


@pytest.fixture
def billed(sale: Company) -> Company:
    """INV-2026-0001 over 1,000.00."""
    sale.ltc("sign", "O1", "--terms", "100% sign; net 30")
    sale.ltc("invoice", "C1")
    return sale


@pytest.mark.parametrize("reference", ["INV-2026-0001", "inv-2026-0001", "C1", "K1", "O1", "L1"])
def test_without_an_amount_all_that_is_open_is_paid(reference: str, billed: Company) -> None:
    payment = billed.ltc("collect", reference)
    assert (payment["amount"], payment["unapplied"], payment["status"]) == ("1000.00", "0.00", "applied")
    (allocation,) = payment["allocations"]
    assert (allocation["invoice"], allocation["amount"]) == ("INV-2026-0001", "1000.00")


def test_a_part_leaves_the_rest_open(billed: Company) -> None:
    billed.ltc("collect", "C1", "400.50")
    (invoice,) = billed.ltc("list", "invoices")
    assert (invoice["status"], invoice["paid"], invoice["balance"]) == ("partly_paid", "400.50", "599.50")


def test_too_much_stays_as_credit_and_is_applied_later(billed: Company) -> None:
    payment = billed.ltc("collect", "C1", "1050")
    assert (payment["status"], payment["unapplied"]) == ("unapplied", "50.00")
    assert billed.ltc("apply", "P1", "INV-2026-0001")["unapplied"] == "50.00"
    assert "INV-2026-0001 owes nothing" in billed.err


def test_what_is_paid_shows_the_payment_that_paid_it(billed: Company) -> None:
    billed.ltc("collect", "C1")
    assert billed.ltc("collect", "C1")["ref"] == "P1"
    assert "C1 owes nothing" in billed.err


def test_who_never_owed_anything_pays_nothing(company: Company) -> None:
    company.ltc("lead", "add", "Ada")
    company.ltc("promote", "L1")
    answer = company.ltc("collect", "K1")
    assert (answer["ref"], answer["amount"], answer["allocations"]) == (None, "0.00", [])


def test_an_amount_is_booked_every_time(billed: Company) -> None:
    assert [billed.ltc("collect", "C1", "10")["ref"] for _ in range(3)] == ["P1", "P2", "P3"]


def test_a_reversed_payment_opens_what_it_paid(billed: Company) -> None:
    billed.ltc("collect", "C1")
    assert billed.ltc("reverse", "P1", "--reason", "bounced")["status"] == "reversed"
    assert billed.ltc("list", "invoices")[0]["balance"] == "1000.00"
    assert billed.ltc("reverse", "P1", "--reason", "bounced")["status"] == "reversed"
    assert "P1 is reversed already" in billed.err


def test_a_reversed_payment_has_nothing_unapplied(billed: Company) -> None:
    billed.ltc("collect", "K1", "1200")
    assert billed.ltc("reverse", "P1", "--reason", "twice")["unapplied"] == "0.00"


def test_a_payment_keeps_how_it_came_and_what_the_bank_says(billed: Company) -> None:
    payment = billed.ltc("collect", "C1", "5", "--method", "card", "--reference", "0815", "--on", "2026-06-15")
    assert (payment["method"], payment["reference"], payment["received_on"]) == ("card", "0815", "2026-06-15")
