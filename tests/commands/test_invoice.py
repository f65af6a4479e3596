"""`ltc invoice`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support import Company


def test_what_is_billable_is_billed(sale: Company) -> None:
    sale.ltc("sign", "O1", "--terms", "40% sign, 60% ship; net 10")
    (invoice,) = sale.ltc("invoice", "C1")
    assert (invoice["ref"], invoice["status"], invoice["total"]) == ("INV-2026-0001", "open", "400.00")
    assert (invoice["issued_on"], invoice["due_on"]) == ("2026-06-15", "2026-06-25")


def test_what_is_not_billable_yet_is_named(sale: Company) -> None:
    sale.ltc("sign", "O1", "--terms", "100% ship")
    error = sale.ltc("invoice", "C1", fails=4)
    assert error["message"] == "nothing of C1 is billable yet: 1000.00 (100%) awaits shipment"
    assert error["hint"] == "ltc ship C1"


def test_a_contract_billed_in_full_shows_its_invoices(sale: Company) -> None:
    sale.ltc("sign", "O1", "--terms", "100% sign")
    first = sale.ltc("invoice", "C1")
    assert sale.ltc("invoice", "O1") == first
    assert "C1 is invoiced in full already" in sale.err


def test_everything_due_of_everybody(sale: Company) -> None:
    sale.ltc("sign", "O1", "--terms", "100% sign")
    sale.ltc("lead", "add", "Bob")
    sale.ltc("promote", "L2", "--amount", "7")
    sale.ltc("sign", "O2", "--terms", "100% sign")
    assert [invoice["contract"] for invoice in sale.ltc("invoice", "--due")] == ["C1", "C2"]


def test_nothing_due_is_an_empty_list(sale: Company) -> None:
    assert sale.ltc("invoice", "--due") == []
    assert sale.run("invoice", "--due") == 0
    assert (sale.out, sale.err) == ("", "nothing is due to be invoiced\n")


def test_an_invoice_is_dated_on_the_business_day(sale: Company) -> None:
    sale.ltc("sign", "O1", "--terms", "100% sign", "--on", "2026-06-10")
    (invoice,) = sale.ltc("invoice", "C1", today="2027-01-02")
    assert (invoice["ref"], invoice["issued_on"]) == ("INV-2027-0001", "2027-01-02")


def test_a_dry_run_gives_the_number_back(sale: Company) -> None:
    sale.ltc("sign", "O1", "--terms", "100% sign")
    assert sale.ltc("invoice", "C1", "--dry-run")[0]["ref"] == "INV-2026-0001"
    assert sale.ltc("invoice", "C1")[0]["ref"] == "INV-2026-0001"
