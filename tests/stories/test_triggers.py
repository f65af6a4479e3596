"""What makes a share billable: signature, shipment, delivery, acceptance, a date, the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.stories.telling import invoiced, plan, signed, sold

if TYPE_CHECKING:
    from tests.support import Company


def totals(company: Company, contract: str, on: str) -> list[str]:
    return [each["total"] for each in company.ltc("invoice", contract, today=on)]


def test_a_fixed_deposit_and_the_rest_on_a_date(company: Company) -> None:
    contract = signed(company, "12000", "5000 sign, rest 2027-01-31; net 14; 2%/10", "2026-11-02")
    assert plan(contract) == [("5000.00", "2026-11-02"), ("7000.00", "2027-01-31")]
    deposit = invoiced(company, "C1", "2026-11-02")
    assert (deposit["total"], deposit["due_on"]) == ("5000.00", "2026-11-16")
    assert "2027-01-31" in company.ltc("invoice", "C1", today="2027-01-30", fails=4)["message"]
    rest = invoiced(company, "C1", "2027-01-31")
    assert (rest["ref"], rest["total"], rest["due_on"]) == ("INV-2027-0001", "7000.00", "2027-02-14")


def test_one_invoice_for_the_whole_names_what_was_sold(company: Company) -> None:
    sold(company, ["Widget:3:40", "Manual:1:0", "Setup:2.5:100"], "100% sign", "2026-03-01")
    lines = invoiced(company, "C1", "2026-03-01")["lines"]
    assert [(line["text"], line["quantity"], line["price"], line["net"]) for line in lines] == [
        ("Widget", "3", "40", "120.00"),
        ("Manual", "1", "0", "0.00"),
        ("Setup", "2.5", "100", "250.00"),
    ]


def test_a_part_of_the_whole_says_which(company: Company) -> None:
    sold(company, ["Widget:3:40", "Setup:2.5:100"], "40% sign, 60% accept", "2026-03-01")
    lines = invoiced(company, "C1", "2026-03-01")["lines"]
    assert [(line["text"], line["net"]) for line in lines] == [("40% on signature: Widget and 1 more", "148.00")]


def test_fixed_shares_that_exceed_the_amount_are_refused_with_their_sum(company: Company) -> None:
    opportunity = company.ltc("promote", company.ltc("lead", "add", "Ada")["ref"], "--amount", "900")["ref"]
    error = company.ltc("sign", opportunity, "--terms", "500 sign, 500 ship", fails=2)
    assert "1,000.00 of 900.00 EUR" in error["message"]


def test_percentages_that_do_not_make_up_the_whole_are_refused_with_their_sum(company: Company) -> None:
    opportunity = company.ltc("promote", company.ltc("lead", "add", "Ada")["ref"], "--amount", "900")["ref"]
    assert "95.00 %" in company.ltc("sign", opportunity, "--terms", "30% sign, 65% ship", fails=2)["message"]


def test_what_is_due_on_delivery_waits_for_the_parcel_to_arrive(company: Company) -> None:
    sold(company, ["Widget:10:12.50"], "100% deliver; net 7", "2026-03-01")
    company.ltc("ship", "C1", "--line", "1=4", today="2026-03-02")
    company.ltc("ship", "C1", today="2026-03-03")
    assert "delivery" in company.ltc("invoice", "C1", today="2026-03-04", fails=4)["message"]
    company.ltc("ship", "--delivered", "S2", today="2026-03-05")
    second = invoiced(company, "C1", "2026-03-05")  # 6 × 12.50
    assert (second["total"], second["due_on"]) == ("75.00", "2026-03-12")
    company.ltc("ship", "--delivered", "S1", today="2026-03-08")
    assert totals(company, "C1", "2026-03-08") == ["50.00"]


def test_the_second_half_at_the_end_of_the_contract(company: Company) -> None:
    contract = signed(company, "999.99", "50% sign, 50% end; net 10", "2026-07-01", "--ends", "2026-12-31")
    # Half of 999.99 is 499.995, half up.
    assert plan(contract) == [("500.00", "2026-07-01"), ("499.99", "2026-12-31")]
    assert totals(company, "C1", "2026-07-01") == ["500.00"]
    assert "2026-12-31" in company.ltc("invoice", "C1", today="2026-12-30", fails=4)["message"]
    last = invoiced(company, "C1", "2026-12-31")
    assert (last["total"], last["due_on"]) == ("499.99", "2027-01-10")


def test_shares_that_fall_due_together_stand_on_one_invoice(company: Company) -> None:
    signed(company, "1000", "30% sign, 70% ship", "2026-03-01")
    company.ltc("ship", "C1", today="2026-03-02")
    invoice = invoiced(company, "C1", "2026-03-02")
    assert [each["net"] for each in invoice["lines"]] == ["300.00", "700.00"]
    assert invoice["total"] == "1000.00"


def test_a_share_some_days_after_shipment_follows_each_parcel(company: Company) -> None:
    sold(company, ["Widget:10:10"], "100% ship+14d", "2026-03-01")
    company.ltc("ship", "C1", "--line", "1=3", today="2026-03-02")
    company.ltc("ship", "C1", "--line", "1=7", today="2026-03-10")
    company.ltc("invoice", "C1", today="2026-03-15", fails=4)
    assert totals(company, "C1", "2026-03-16") == ["30.00"]
    company.ltc("invoice", "C1", today="2026-03-23", fails=4)
    assert totals(company, "C1", "2026-03-24") == ["70.00"]


def test_one_piece_shipped_in_three_thirds(company: Company) -> None:
    sold(company, ["Machine:1:100"], "100% ship", "2026-03-01")
    found = []
    # 33.3333, 66.6666 and 100 of 100.00: 33.33, 66.67 less 33.33, 100.00 less 66.67.
    for day, third in (("2026-03-02", "0.333333"), ("2026-03-03", "0.333333"), ("2026-03-04", "0.333334")):
        company.ltc("ship", "C1", "--line", f"1={third}", today=day)
        found += totals(company, "C1", day)
    assert found == ["33.33", "33.34", "33.33"]
    assert company.ltc("show", "C1")["status"] == "fulfilled"


def test_three_equal_pieces_of_an_amount_that_does_not_divide(company: Company) -> None:
    # Three for 100.00 after a discount of 0.02: one is worth 33.333…
    sold(company, ["Machine:3:33.34"], "100% ship", "2026-03-01", "--discount", "0.02")
    found = []
    for day in ("2026-03-02", "2026-03-03", "2026-03-04"):
        company.ltc("ship", "C1", "--line", "1=1", today=day)
        found += totals(company, "C1", day)
    assert found == ["33.33", "33.34", "33.33"]


def test_more_than_was_ordered_is_never_shipped(company: Company) -> None:
    sold(company, ["Widget:10:10"], "100% ship", "2026-03-01")
    company.ltc("ship", "C1", "--line", "1=7", today="2026-03-02")
    assert "3" in company.ltc("ship", "C1", "--line", "1=4", today="2026-03-02", fails=4)["message"]
    assert company.ltc("show", "C1")["lines"][0]["shipped"] == "7"


def test_what_came_back_before_it_was_invoiced_is_not_invoiced(company: Company) -> None:
    sold(company, ["Widget:10:10"], "100% ship", "2026-03-01")
    company.ltc("ship", "C1", today="2026-03-02")
    company.ltc("ship", "--returned", "S1", "--line", "1=4", today="2026-03-05")
    assert totals(company, "C1", "2026-03-06") == ["60.00"]
    company.ltc("ship", "C1", today="2026-03-09")
    assert totals(company, "C1", "2026-03-09") == ["40.00"]
    shipped = [[line["quantity"] for line in each["lines"]] for each in company.ltc("list", "shipments")]
    assert shipped == [["6"], ["4"]]


def test_what_came_back_after_it_was_invoiced_and_goes_out_again_is_not_invoiced_twice(company: Company) -> None:
    sold(company, ["Widget:10:10"], "100% ship", "2026-03-01")
    company.ltc("ship", "C1", today="2026-03-02")
    assert totals(company, "C1", "2026-03-02") == ["100.00"]
    company.ltc("ship", "--returned", "S1", today="2026-03-05")
    assert company.ltc("show", "C1")["status"] == "signed"
    assert company.ltc("invoice", "--due", today="2026-03-05") == []
    company.ltc("ship", "C1", today="2026-03-09")
    assert company.ltc("invoice", "--due", today="2026-03-09") == []
    assert company.ltc("show", "C1")["status"] == "fulfilled"


def test_acceptance_needs_something_to_accept(company: Company) -> None:
    signed(company, "1000", "100% accept", "2026-03-01")
    assert "shipped" in company.ltc("ship", "--accepted", "C1", today="2026-03-02", fails=4)["message"]


def test_nothing_is_shipped_again_for_a_day_on_which_it_was_still_out(company: Company) -> None:
    signed(company, "100", "100% ship", "2026-01-01")
    company.ltc("ship", "C1", today="2026-01-10")
    company.ltc("ship", "--returned", "S1", today="2026-01-12")
    company.ltc("ship", "C1", "--on", "2026-01-11", today="2026-01-13", fails=2)
    assert "still out" in company.err
    assert company.ltc("ship", "C1", "--on", "2026-01-12", today="2026-01-13")["ref"] == "S2"
