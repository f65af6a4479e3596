"""Money comes in: too much, too early, for several invoices at once, and goes back again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.stories.telling import aging, balance, invoiced, owed, signed

if TYPE_CHECKING:
    from tests.support import Company

NET_30 = "100% sign; net 30"


def invoice(company: Company, amount: str, on: str, terms: str = NET_30) -> str:
    """An invoice of the one customer; its number."""
    contract = signed(company, amount, terms, on)
    return str(invoiced(company, contract["ref"], on)["ref"])


def allocations(payment: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["invoice"], each["amount"]) for each in payment["allocations"]]


def test_the_company_knows_its_customer_again(company: Company) -> None:
    invoice(company, "100", "2026-01-01")
    invoice(company, "200", "2026-01-02")
    assert [each["ref"] for each in company.ltc("list", "customers")] == ["K1"]


def test_what_is_paid_too_much_stays_with_the_customer_until_it_is_applied(company: Company) -> None:
    first = invoice(company, "100", "2026-01-01")
    payment = company.ltc("collect", first, "130.50", today="2026-01-10")
    assert (payment["status"], payment["unapplied"], allocations(payment)) == (
        "unapplied",
        "30.50",
        [(first, "100.00")],
    )
    assert owed(company, "2026-01-10") == {"unapplied": "-30.50"}
    second = invoice(company, "50", "2026-01-15")
    assert owed(company, "2026-01-15") == {"current": "50.00", "unapplied": "-30.50"}
    applied = company.ltc("apply", "P1", second, today="2026-01-20")
    assert (applied["status"], applied["unapplied"]) == ("applied", "0.00")
    assert allocations(applied) == [(first, "100.00"), (second, "30.50")]
    assert owed(company, "2026-01-19") == {"current": "50.00", "unapplied": "-30.50"}
    assert owed(company, "2026-01-20") == {"current": "19.50"}


def test_a_reversal_opens_everything_again_and_leaves_the_days_before_as_they_were(company: Company) -> None:
    first = invoice(company, "100", "2026-01-01")
    company.ltc("collect", first, "130.50", today="2026-01-10")
    second = invoice(company, "50", "2026-01-15")
    company.ltc("apply", "P1", second, today="2026-01-20")
    days = ("2026-01-05", "2026-01-10", "2026-01-15", "2026-01-20", "2026-02-09")
    before = {day: aging(company, day) for day in days}
    reversed_ = company.ltc("reverse", "P1", "--reason", "returned by the bank", today="2026-02-10")
    assert (reversed_["status"], reversed_["unapplied"], allocations(reversed_)) == ("reversed", "0.00", [])
    assert {day: aging(company, day) for day in days} == before
    # Due on 31 January and 14 February: the first is 10 days past due.
    assert owed(company, "2026-02-10") == {"current": "50.00", "1-30": "100.00"}
    assert (balance(company, first), balance(company, second)) == ("100.00", "50.00")
    assert company.ltc("show", first)["status"] == "open"


def test_after_a_reversal_the_invoice_can_be_paid_again(company: Company) -> None:
    first = invoice(company, "100", "2026-01-01")
    company.ltc("collect", first, today="2026-01-10")
    company.ltc("reverse", "P1", "--reason", "booked twice", today="2026-01-12")
    assert company.ltc("collect", first, today="2026-01-15")["ref"] == "P2"
    assert company.ltc("show", first)["status"] == "paid"
    assert owed(company, "2026-01-12") == {"current": "100.00"}
    assert owed(company, "2026-01-15") == {}


def test_what_a_reversal_opened_is_settled_from_that_day_on(company: Company) -> None:
    """The second payment came in on the 11th, while the first still stood: until the 12th it is credit."""
    first = invoice(company, "100", "2026-01-01")
    company.ltc("collect", first, today="2026-01-10")
    company.ltc("reverse", "P1", "--reason", "booked twice", today="2026-01-12")
    company.ltc("collect", first, "--on", "2026-01-11", today="2026-01-15")
    assert owed(company, "2026-01-10") == {}
    assert owed(company, "2026-01-11") == {"unapplied": "-100.00"}
    assert owed(company, "2026-01-12") == {}


def test_a_payment_is_not_reversed_before_it_counts(company: Company) -> None:
    company.ltc("collect", invoice(company, "100", "2026-01-01"), today="2026-01-10")
    company.ltc("reverse", "P1", "--reason", "mistake", "--on", "2026-01-09", today="2026-01-12", fails=2)
    assert company.ltc("show", "P1")["status"] == "applied"


def test_a_payment_of_a_customer_settles_the_oldest_due_first(company: Company) -> None:
    late = invoice(company, "100", "2026-01-01", "100% sign; net 60")  # due 2 March
    soon = invoice(company, "100", "2026-01-02", "100% sign; net 14")  # due 16 January
    then = invoice(company, "100", "2026-01-03", "100% sign; net 30")  # due 2 February
    payment = company.ltc("collect", "K1", "250", today="2026-01-10")
    assert allocations(payment) == [(soon, "100.00"), (then, "100.00"), (late, "50.00")]


def test_of_two_that_are_due_on_one_day_the_lower_number_is_settled_first(company: Company) -> None:
    first = invoice(company, "100", "2026-01-01", "100% sign; net 31")  # both due 1 February
    second = invoice(company, "100", "2026-01-02", "100% sign; net 30")
    assert allocations(company.ltc("collect", "K1", "120", today="2026-01-10")) == [
        (first, "100.00"),
        (second, "20.00"),
    ]


def test_instalments_of_several_invoices_are_settled_in_the_order_of_their_days(company: Company) -> None:
    first = invoice(company, "100", "2026-01-01", "100% sign; due 50%+10d, 50%+60d")  # 11 January, 2 March
    second = invoice(company, "80", "2026-01-02", "100% sign; net 30")  # 1 February
    payment = company.ltc("collect", "K1", "140", today="2026-01-20")
    # 50 of 11 January, 80 of 1 February, 10 of 2 March.
    assert sorted(allocations(payment)) == [(first, "60.00"), (second, "80.00")]
    assert [each["balance"] for each in company.ltc("show", first)["instalments"]] == ["0.00", "40.00"]


def test_a_payment_of_an_invoice_leaves_the_others_alone(company: Company) -> None:
    older = invoice(company, "100", "2026-01-01")
    newer = invoice(company, "100", "2026-01-02")
    payment = company.ltc("collect", newer, "150", today="2026-01-10")
    assert (allocations(payment), payment["unapplied"]) == ([(newer, "100.00")], "50.00")
    assert balance(company, older) == "100.00"
    assert company.run("collect", newer, "10", today="2026-01-10") == 0
    assert company.err.endswith(f"next: ltc apply P2 {older}\n")


def test_a_payment_before_the_invoice_exists_waits_as_credit(company: Company) -> None:
    signed(company, "500", NET_30, "2026-01-01")
    payment = company.ltc("collect", "C1", "200", today="2026-01-05")
    assert (payment["status"], payment["unapplied"]) == ("unapplied", "200.00")
    assert owed(company, "2026-01-05") == {"unapplied": "-200.00"}
    number = invoiced(company, "C1", "2026-01-08")["ref"]
    assert owed(company, "2026-01-08") == {"current": "500.00", "unapplied": "-200.00"}
    company.ltc("apply", "P1", number, today="2026-01-09")
    assert owed(company, "2026-01-09") == {"current": "300.00"}
    assert company.ltc("show", number)["status"] == "partly_paid"


def test_a_payment_dated_before_its_invoice_settles_it_on_the_day_of_the_invoice(company: Company) -> None:
    number = invoice(company, "100", "2026-01-10")
    company.ltc("collect", number, "100", "--on", "2026-01-07", today="2026-01-12")
    assert owed(company, "2026-01-06") == {}
    assert owed(company, "2026-01-07") == {"unapplied": "-100.00"}
    assert owed(company, "2026-01-09") == {"unapplied": "-100.00"}
    assert owed(company, "2026-01-10") == {}


def test_as_of_the_day_before_a_payment_it_does_not_exist(company: Company) -> None:
    number = invoice(company, "100", "2026-01-01")
    company.ltc("collect", number, "40", "--on", "2026-01-10", today="2026-02-01")
    before, after = (company.ltc("show", number, "--as-of", day) for day in ("2026-01-09", "2026-01-10"))
    assert (before["paid"], before["balance"], before["status"]) == ("0.00", "100.00", "open")
    assert (after["paid"], after["balance"], after["status"]) == ("40.00", "60.00", "partly_paid")
    assert "P1" not in [each["ref"] for each in before["thread"]]
    collected = [company.ltc("funnel", "--as-of", day)[-1]["amount"] for day in ("2026-01-09", "2026-01-10")]
    assert collected == ["0.00", "40.00"]


def test_an_applied_credit_counts_from_the_day_it_was_applied(company: Company) -> None:
    company.ltc("collect", invoice(company, "100", "2026-01-01"), "130", today="2026-01-10")
    second = invoice(company, "50", "2026-01-15")
    company.ltc("apply", "P1", second, "20", today="2026-03-01")
    assert balance(company, second, "2026-02-28") == "50.00"
    assert balance(company, second, "2026-03-01") == "30.00"
    assert company.ltc("show", "P1")["unapplied"] == "10.00"


def test_more_than_is_left_or_open_is_never_applied(company: Company) -> None:
    company.ltc("collect", invoice(company, "100", "2026-01-01"), "130", today="2026-01-10")
    second = invoice(company, "20", "2026-01-15")
    assert "30.00" in company.ltc("apply", "P1", second, "30.01", today="2026-01-16", fails=4)["message"]
    assert "20.00" in company.ltc("apply", "P1", second, "20.01", today="2026-01-16", fails=4)["message"]
    assert balance(company, second) == "20.00"


def test_credit_of_one_customer_never_pays_for_another(company: Company) -> None:
    company.ltc("collect", invoice(company, "100", "2026-01-01"), "130", today="2026-01-10")
    other = signed(company, "50", NET_30, "2026-01-15", name="Grace")
    number = invoiced(company, other["ref"], "2026-01-15")["ref"]
    assert "K2" in company.ltc("apply", "P1", number, today="2026-01-16", fails=4)["message"]


def test_what_is_paid_already_owes_nothing(company: Company) -> None:
    number = invoice(company, "100", "2026-01-01")
    assert company.ltc("collect", number, today="2026-01-10")["ref"] == "P1"
    assert company.ltc("collect", number, today="2026-01-11")["ref"] == "P1"
    assert len(company.ltc("list", "payments")) == 1


def test_a_payment_with_an_amount_is_always_booked(company: Company) -> None:
    number = invoice(company, "100", "2026-01-01")
    company.ltc("collect", number, today="2026-01-10")
    again = company.ltc("collect", number, "100", today="2026-01-11")
    assert (again["ref"], again["status"], again["unapplied"]) == ("P2", "unapplied", "100.00")
    assert owed(company, "2026-01-11") == {"unapplied": "-100.00"}


def test_an_invoice_is_never_dated_before_the_last_one(company: Company) -> None:
    signed(company, "100", NET_30, "2026-01-01")
    signed(company, "100", NET_30, "2026-01-01")
    invoiced(company, "C1", "2026-01-20")
    assert "2026-01-20" in company.ltc("invoice", "C2", today="2026-01-19", fails=4)["message"]
    assert invoiced(company, "C2", "2026-01-20")["ref"] == "INV-2026-0002"


def test_numbers_begin_anew_each_year(company: Company) -> None:
    assert invoice(company, "100", "2026-12-31") == "INV-2026-0001"
    assert invoice(company, "100", "2027-01-01") == "INV-2027-0001"
