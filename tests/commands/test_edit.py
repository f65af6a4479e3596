"""`ltc edit` and `ltc customer add`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support import Company


def test_several_fields_at_once(sale: Company) -> None:
    customer = sale.ltc("edit", "K1", "country=gb", "terms=100% sign; net 14", "language=zh", "name=Engines Ltd")
    assert (customer["country"], customer["terms"], customer["language"]) == ("GB", "100% sign; net 14", "zh")
    assert customer["name"] == "Engines Ltd"


def test_an_empty_value_clears_the_field(sale: Company) -> None:
    assert sale.ltc("edit", "L1", "company=")["company"] is None


def test_what_is_so_already_is_said(sale: Company) -> None:
    sale.ltc("edit", "L1", "company=Engines")
    assert "nothing changes" in sale.err


def test_the_customer_is_found_by_its_new_name(sale: Company) -> None:
    sale.ltc("edit", "K1", "name=Looms", "email=")
    sale.ltc("lead", "add", "Bob", "--company", "LOOMS")
    assert sale.ltc("promote", "L2")["customer"] == "K1"


def test_the_lead_is_found_by_its_new_address(sale: Company) -> None:
    sale.ltc("edit", "L1", "email=new@engines.example")
    assert sale.ltc("lead", "add", "Bob", "--email", "NEW@engines.example", fails=5)["code"] == "conflict"


@pytest.mark.parametrize("reference", ["C1", "S1", "INV-2026-0001", "P1", "Q1"])
def test_facts_are_never_edited(reference: str, sale: Company) -> None:
    sale.ltc("quote", "O1", "--line", "Widget:2:10", "--terms", "100% ship")
    sale.ltc("sign", "O1")
    sale.ltc("ship", "C1")
    sale.ltc("invoice", "C1")
    sale.ltc("collect", "C1")
    assert "is never edited" in sale.ltc("edit", reference, "note=x", fails=4)["message"]


def test_an_invoice_keeps_the_name_it_was_issued_to(sale: Company) -> None:
    sale.ltc("sign", "O1", "--terms", "100% sign")
    (invoice,) = sale.ltc("invoice", "C1")
    sale.ltc("edit", "K1", "name=Renamed")
    assert sale.ltc("list", "invoices")[0]["document_sha256"] == invoice["document_sha256"]
    assert not [row for row in sale.ltc("check") if row["broken"]]


def test_the_journal_knows_before_and_after(sale: Company) -> None:
    sale.ltc("edit", "L1", "owner=kim")
    (change,) = sale.ltc("log")[-1]["changes"]
    assert (change["record"], change["before"]["owner"], change["after"]["owner"]) == ("lead 1", None, "kim")


def test_a_customer_that_is_known_is_a_conflict(sale: Company) -> None:
    assert sale.ltc("customer", "add", "engines gmbh", fails=5)["message"] == "K1 Engines is this customer already"
    assert sale.ltc("customer", "add", "engines gmbh", "--allow-duplicate")["ref"] == "K2"


def test_a_customer_is_a_business_unless_said_otherwise(sale: Company) -> None:
    assert sale.ltc("customer", "add", "Looms")["kind"] == "business"
    assert sale.ltc("customer", "add", "Ms Bell", "--consumer")["kind"] == "consumer"


def test_another_tax_id_is_another_customer_whatever_the_name(sale: Company) -> None:
    sale.ltc("customer", "add", "Looms", "--tax-id", "DE 123")
    assert sale.ltc("customer", "add", "Looms", "--tax-id", "DE 456")["ref"] == "K3"
    assert sale.ltc("customer", "add", "Quite Another", "--tax-id", "de.123", fails=5)["code"] == "conflict"
