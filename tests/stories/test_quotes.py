"""Quotes: lines, discounts, versions, and what is signed of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stories.telling import invoiced, promoted, quoted, sold, sums

if TYPE_CHECKING:
    from tests.support import Company


def nets(document: dict[str, list[dict[str, str]]]) -> list[str]:
    return [line["net"] for line in document["lines"]]


@pytest.mark.parametrize(
    ("line", "discount", "net"),
    [
        ("Widget:10:3.333", "0.00", "33.33"),
        # 10 % of 33.33 are 3.333: 3.33.
        ("Widget:10:3.333:Z:-10%", "3.33", "30.00"),
        ("Widget:10:3.333:-10%", "3.33", "30.00"),
        ("Widget:10:3.333:-3.34", "3.34", "29.99"),
        # 0.5 × 0.01 = 0.005, half up.
        ("Screw:0.5:0.01", "0.00", "0.01"),
        ("Screw:0.499999:0.01", "0.00", "0.00"),
        # 1.005 × 100 is 100.5 exactly, no 100.49999…
        ("Cloth:1.005:100", "0.00", "100.50"),
        ("Hours: 9:30 to 11:00:1.5:80", "0.00", "120.00"),
    ],
)
def test_a_line_is_quantity_times_price_less_discount(company: Company, line: str, discount: str, net: str) -> None:
    (found,) = quoted(company, [line], "2026-03-01")["lines"]
    assert (found["discount"], found["net"]) == (discount, net)


def test_a_discount_on_the_quote_is_spread_over_its_lines(company: Company) -> None:
    # 7.77 over 100, 50 and 50: 3.885 → 3.89, 5.8275 → 5.83 less 3.89, 7.77 less 5.83.
    quote = quoted(company, ["Desk:1:100", "Chair:1:50", "Lamp:1:50"], "2026-03-01", "--discount", "7.77")
    assert nets(quote) == ["96.11", "48.06", "48.06"]
    assert (quote["discount"], *sums(quote)) == ("7.77", "192.23", "0.00", "192.23")


def test_a_percentage_on_the_quote_comes_after_that_on_the_line(company: Company) -> None:
    # 200 − 25 % = 150, with the 100 of the other line 250; 10 % of it are 25: 15 and 10.
    quote = quoted(company, ["Desk:2:100:Z:-25%", "Lamp:1:100"], "2026-03-01", "--discount", "10%")
    assert nets(quote) == ["135.00", "90.00"]
    assert quote["total"] == "225.00"


def test_a_discounted_line_that_is_shipped_alone_is_invoiced_at_its_part(company: Company) -> None:
    sold(company, ["Desk:1:100", "Chair:1:50", "Lamp:1:50"], "100% ship", "2026-03-01", "--discount", "7.77")
    company.ltc("ship", "C1", "--line", "2=1", today="2026-03-02")
    assert invoiced(company, "C1", "2026-03-02")["total"] == "48.06"
    company.ltc("ship", "C1", today="2026-03-03")
    assert invoiced(company, "C1", "2026-03-03")["total"] == "144.17"  # 96.11 + 48.06


def test_a_discount_greater_than_the_quote_is_refused(company: Company) -> None:
    opportunity = promoted(company, "Ada", "2026-03-01")
    error = company.ltc("quote", opportunity, "--line", "Lamp:1:50", "--discount", "50.01", fails=2)
    assert "50.00" in error["message"]


def test_the_newest_version_is_signed(company: Company) -> None:
    quoted(company, ["Desk:1:100"], "2026-03-01")
    company.ltc("quote", "Q1", "--send", today="2026-03-01")
    company.ltc("quote", "O1", "--line", "Desk:1:90", today="2026-03-05")
    assert company.ltc("show", "Q1")["status"] == "superseded"
    assert company.ltc("quote", "Q1", "--accept", fails=4)
    contract = company.ltc("sign", "O1", today="2026-03-06")
    assert contract["amount"] == "90.00"


def test_a_rejected_quote_is_not_signed_but_its_next_version_is(company: Company) -> None:
    quoted(company, ["Desk:1:100"], "2026-03-01")
    company.ltc("quote", "Q1", "--reject", today="2026-03-02")
    company.ltc("sign", "O1", today="2026-03-03", fails=4)
    company.ltc("quote", "O1", "--line", "Desk:1:80", today="2026-03-04")
    company.ltc("quote", "Q2", "--accept", today="2026-03-05")
    assert company.ltc("sign", "Q2", today="2026-03-06")["total"] == "80.00"


def test_a_quote_holds_on_its_last_day_and_not_after(company: Company) -> None:
    quoted(company, ["Desk:1:100"], "2026-03-01", "--valid-until", "2026-03-31")
    assert "expired" in company.ltc("sign", "O1", today="2026-04-01", fails=4)["message"]
    assert company.ltc("sign", "O1", today="2026-03-31")["total"] == "100.00"


def test_signing_again_with_the_same_terms_is_done_already_and_with_others_refused(company: Company) -> None:
    sold(company, ["Desk:1:100"], "100% sign; net 30", "2026-03-01")
    assert company.ltc("sign", "O1", "--terms", "100% SIGN;  net 30", today="2026-03-02")["ref"] == "C1"
    assert "terms" in company.ltc("sign", "O1", "--terms", "100% sign; net 31", today="2026-03-02", fails=4)["message"]
    assert len(company.ltc("list", "contracts")) == 1
