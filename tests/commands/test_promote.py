"""`ltc promote`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support import Company


def test_an_opportunity_begins_in_the_first_stage_with_the_company_as_title(sale: Company) -> None:
    (opportunity,) = sale.ltc("list", "opportunities")
    assert (opportunity["stage"], opportunity["probability"]) == ("new", 0.1)
    assert (opportunity["title"], opportunity["customer_name"]) == ("Engines", "Engines")
    assert (opportunity["amount"], opportunity["currency"]) == ("1000.00", "EUR")


def test_a_person_without_a_company_is_the_customer(company: Company) -> None:
    company.ltc("lead", "add", "Ada")
    assert company.ltc("promote", "L1")["customer_name"] == "Ada"


@pytest.mark.parametrize("amount", ["1200", "EUR 1200", "1200 eur", "1,200.00", "1.200,00", "1200,0"])
def test_an_amount_is_read_as_people_type_it(amount: str, company: Company) -> None:
    company.ltc("lead", "add", "Ada")
    assert company.ltc("promote", "L1", "--amount", amount)["amount"] == "1200.00"


@pytest.mark.parametrize(
    ("name", "email", "found"),
    [
        ("ENGINES GmbH", "x@other.example", "K1"),
        ("Engines, Inc.", "x@other.example", "K1"),
        ("Quite Another", "bob@engines.example", "K1"),
        ("Quite Another", "bob@other.example", "K2"),
    ],
)
def test_the_customer_is_found_by_name_then_by_domain(name: str, email: str, found: str, sale: Company) -> None:
    sale.ltc("lead", "add", "Bob", "--company", name, "--email", email)
    assert sale.ltc("promote", "L2")["customer"] == found


def test_a_public_mail_domain_finds_nobody(company: Company) -> None:
    for name in ("Ada", "Bob"):
        company.ltc("lead", "add", name, "--email", f"{name}@gmail.com")
    assert [company.ltc("promote", lead)["customer"] for lead in ("L1", "L2")] == ["K1", "K2"]


def test_promoting_again_gives_the_same_opportunity(sale: Company) -> None:
    assert sale.ltc("promote", "L1")["ref"] == "O1"
    assert "L1 is promoted already" in sale.err
    assert sale.ltc("promote", "L1", "--amount", "1000")["ref"] == "O1"
    assert sale.ltc("promote", "L1", "--amount", "1001", fails=4)["code"] == "refused"


def test_the_close_is_a_day_to_come(company: Company) -> None:
    company.ltc("lead", "add", "Ada")
    assert company.ltc("promote", "L1", "--close", "+30d")["close_on"] == "2026-07-15"
