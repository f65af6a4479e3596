"""`ltc ship`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support import Company


@pytest.fixture
def contract(sale: Company) -> Company:
    """C1: five widgets and two gadgets."""
    sale.ltc("quote", "O1", "--line", "Widget:5:10", "--line", "Gadget:2:7.5")
    sale.ltc("sign", "O1")
    return sale


def quantities(shipment: dict[str, list[dict[str, object]]]) -> list[tuple[object, object]]:
    return [(line["line"], line["quantity"]) for line in shipment["lines"]]


def test_everything_that_is_left_is_shipped(contract: Company) -> None:
    contract.ltc("ship", "C1", "--line", "1=1.5")
    assert quantities(contract.ltc("ship", "C1")) == [(1, "3.5"), (2, "2")]


def test_the_opportunity_and_the_lead_name_the_contract(contract: Company) -> None:
    assert contract.ltc("ship", "O1", "--line", "1=1")["contract"] == "C1"
    assert contract.ltc("ship", "L1", "--line", "1=1")["contract"] == "C1"


def test_what_is_shipped_already_is_said(contract: Company) -> None:
    contract.ltc("ship", "C1")
    assert contract.ltc("ship", "C1")["ref"] == "S1"
    assert "C1 is shipped already" in contract.err


def test_delivered_again_keeps_the_first_day(contract: Company) -> None:
    contract.ltc("ship", "C1", "--on", "2026-06-01")
    assert contract.ltc("ship", "--delivered", "S1", "--on", "2026-06-03")["delivered_on"] == "2026-06-03"
    assert contract.ltc("ship", "--delivered", "S1", "--on", "2026-06-05")["delivered_on"] == "2026-06-03"


def test_a_part_comes_back_and_is_out_no_more(contract: Company) -> None:
    contract.ltc("ship", "C1")
    shipment = contract.ltc("ship", "--returned", "S1", "--line", "1=2")
    assert (shipment["status"], quantities(shipment)) == ("shipped", [(1, "3"), (2, "2")])
    assert contract.ltc("ship", "--returned", "S1")["status"] == "returned"
    assert contract.ltc("ship", "--returned", "S1")["status"] == "returned"
    assert "S1 is returned already" in contract.err


def test_what_came_back_is_left_to_ship_again(contract: Company) -> None:
    contract.ltc("ship", "C1")
    contract.ltc("ship", "--returned", "S1", "--line", "1=2")
    assert quantities(contract.ltc("ship", "C1")) == [(1, "2")]


def test_acceptance_shows_the_contract(contract: Company) -> None:
    contract.ltc("ship", "C1")
    assert contract.ltc("ship", "--accepted", "C1")["accepted_on"] == "2026-06-15"
    assert contract.ltc("ship", "--accepted", "C1")["ref"] == "C1"
    assert "C1 is accepted already" in contract.err
