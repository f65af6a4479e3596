"""What was asked too much is taken back: credit notes before and after payment, applied, paid back, given up."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from tests.stories.telling import aging, audit, balance, invoiced, owed, signed, sold, sums
from tests.support import Company

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG = """
taxes:
  Z: {rate: 0%, category: Z}
  S19: {rate: 19%, category: S}
  R7: {rate: 7%, category: S}
tax: Z
"""

THREE = "100% sign; due 30%+10d, 50%+20d, rest+30d"
NET_30 = "100% sign; net 30"
SHIPPED = "100% ship; net 30"


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    company = Company(tmp_path, config=CONFIG)
    yield company
    audit(company)


@pytest.fixture
def tolerant(tmp_path: Path) -> Iterator[Company]:
    """At most five cents and one per cent of an instalment may be missing."""
    company = Company(tmp_path, config=f"{CONFIG}tolerance: {{EUR: {{amount: 0.05, percent: 1}}}}\n")
    yield company
    audit(company)


def invoice(company: Company, amount: str, on: str, terms: str = NET_30) -> str:
    contract = signed(company, amount, terms, on)
    return str(invoiced(company, contract["ref"], on)["ref"])


def goods(company: Company, lines: list[str], on: str) -> str:
    """The invoice over lines that were shipped on the day."""
    contract = sold(company, lines, SHIPPED, on)
    company.ltc("ship", contract["ref"], today=on)
    return str(invoiced(company, contract["ref"], on)["ref"])


def credit(company: Company, *arguments: str, on: str) -> dict[str, Any]:
    answer: dict[str, Any] = company.ltc("credit", *arguments, "--reason", "agreed", today=on)
    return answer


def balances(company: Company, number: str) -> list[str]:
    return [each["balance"] for each in company.ltc("show", number)["instalments"]]


def settled(company: Company, number: str) -> tuple[str, ...]:
    shown = company.ltc("show", number)
    return tuple(shown[key] for key in ("status", "paid", "credited", "written_off", "balance"))


def held(note: dict[str, Any]) -> tuple[str, ...]:
    return tuple(note[key] for key in ("status", "applied", "refunded", "unapplied"))


# A credit note and what it settles


def test_a_credit_settles_the_oldest_due_of_its_invoice(company: Company) -> None:
    """200 in shares of 60, 100 and 40; 40 paid, then 100 credited: 20 + 80, so 20 and 40 remain."""
    number = invoice(company, "200", "2026-01-01", THREE)
    assert balances(company, number) == ["60.00", "100.00", "40.00"]
    company.ltc("collect", number, "40", today="2026-01-05")
    note = credit(company, number, "100", on="2026-01-06")
    assert (note["ref"], note["invoice"], note["customer"], note["issued_on"]) == (
        "CN-2026-0001",
        number,
        "K1",
        "2026-01-06",
    )
    assert held(note) == ("applied", "100.00", "0.00", "0.00")
    assert balances(company, number) == ["0.00", "20.00", "40.00"]
    assert settled(company, number) == ("partly_paid", "40.00", "100.00", "0.00", "60.00")


def test_the_day_before_a_credit_it_does_not_exist(company: Company) -> None:
    number = invoice(company, "200", "2026-01-01")
    credit(company, number, "50", "--on", "2026-01-10", on="2026-02-01")
    assert [balance(company, number, day) for day in ("2026-01-09", "2026-01-10")] == ["200.00", "150.00"]
    assert [owed(company, day) for day in ("2026-01-09", "2026-01-10")] == [
        {"current": "200.00"},
        {"current": "150.00"},
    ]
    error = company.ltc("show", "CN-2026-0001", "--as-of", "2026-01-09", fails=3)
    assert error["message"] == "CN-2026-0001 is of 2026-01-10: it was not there yet on 2026-01-09"
    amounts = [company.ltc("funnel", "--as-of", day)[-2]["amount"] for day in ("2026-01-09", "2026-01-10")]
    assert amounts == ["200.00", "150.00"]


def test_what_was_paid_and_is_credited_is_the_customers_credit(company: Company) -> None:
    number = invoice(company, "200", "2026-01-01")
    company.ltc("collect", number, today="2026-01-05")
    note = credit(company, number, on="2026-01-10")
    assert held(note) == ("unapplied", "0.00", "0.00", "200.00")
    assert settled(company, number)[0] == "credited"
    assert owed(company, "2026-01-09") == {}
    assert owed(company, "2026-01-10") == {"unapplied": "-200.00"}


def test_an_invoice_is_credited_when_all_of_it_is(company: Company) -> None:
    number = invoice(company, "200", "2026-01-01")
    credit(company, number, "150", on="2026-01-05")
    assert settled(company, number)[0] == "partly_paid"
    assert credit(company, number, on="2026-01-06")["total"] == "50.00"
    assert settled(company, number) == ("credited", "0.00", "200.00", "0.00", "0.00")
    assert credit(company, number, on="2026-01-07")["ref"] == "CN-2026-0002"
    assert company.ltc("credit", number, "1", "--reason", "x", today="2026-01-07", fails=4)["code"] == "refused"
    assert len(company.ltc("list", "credits")) == 2


# Net and tax


def test_credits_of_an_invoice_sum_to_its_net_and_tax_by_code(company: Company) -> None:
    """55.55 + 11.11 at 19 % (tax 12.67), 10.00 at 7 % (0.70): 90.03 in all, credited in two parts."""
    number = goods(company, ["A:1:55.55:S19", "B:1:11.11:S19", "C:1:10:R7"], "2026-01-01")
    assert sums(company.ltc("show", number)) == ("76.66", "13.37", "90.03")
    first = credit(company, number, "40", on="2026-01-02")
    # 40 × 79.33 / 90.03 = 35.246 at 19 %: net 35.25 / 1.19 = 29.62; 4.75 at 7 %: net 4.44.
    assert sums(first) == ("34.06", "5.94", "40.00")
    last = credit(company, number, on="2026-01-04")
    assert sums(last) == ("42.60", "7.43", "50.03")


def test_a_last_invoice_with_a_cent_of_tax_and_no_line_for_it_is_credited_to_the_cent(company: Company) -> None:
    """0.03 at 19 % (tax 0.0057 = 0.01) and 1.82 at 7 % (0.13) in seven: the last has the cent of the 19 % alone."""
    sold(company, ["A:3:0.01:S19", "B:7:0.26:R7"], "7 x monthly from sign", "2026-01-01", "--rounding", "line")
    *_, last = company.ltc("invoice", "--due", today="2026-07-01")
    assert (sums(last), [each["tax"] for each in last["lines"]]) == (("0.26", "0.02", "0.28"), ["R7"])
    parts = [credit(company, last["ref"], *amount, on="2026-07-02") for amount in (["0.10"], [])]
    assert [sum(Decimal(part[key]) for part in parts) for key in ("net", "tax")] == [Decimal("0.26"), Decimal("0.02")]
    assert settled(company, last["ref"])[0] == "credited"


def test_goods_that_come_back_are_credited_by_their_lines(company: Company) -> None:
    number = goods(company, ["Widget:4:25:S19", "Setup:1:50:Z"], "2026-01-01")
    note = credit(company, number, "--line", "1=1", "--line", "2=0.5", on="2026-01-05")
    assert sums(note) == ("50.00", "4.75", "54.75")
    assert [(each["line"], each["quantity"], each["net"], each["tax"]) for each in note["lines"]] == [
        (1, "1", "25.00", "S19"),
        (2, "0.5", "25.00", "Z"),
    ]
    refusal = company.ltc("credit", number, "--line", "1=4", "--reason", "x", today="2026-01-06", fails=4)
    assert "3 is left" in refusal["message"]
    rest = credit(company, number, on="2026-01-06")
    assert sums(rest) == ("100.00", "14.25", "114.25")
    assert [each["quantity"] for each in rest["lines"]] == ["3", "0.5"]


def test_never_more_than_is_left(company: Company) -> None:
    number = invoice(company, "200", "2026-01-01")
    credit(company, number, "150", on="2026-01-05")
    refusal = company.ltc("credit", number, "50.01", "--reason", "x", today="2026-01-06", fails=4)
    assert refusal["message"] == f"50.01 is too much: 50.00 of {number} is left to credit"


def test_the_document_of_a_credit_note_is_kept_under_its_hash(company: Company) -> None:
    number = invoice(company, "200", "2026-01-01")
    note = credit(company, number, "50", on="2026-01-05")
    with closing(sqlite3.connect(company.path)) as connection:
        (body,) = connection.execute(
            "SELECT body FROM document WHERE sha256 = ?", (note["document_sha256"],)
        ).fetchone()
    assert hashlib.sha256(body).hexdigest() == note["document_sha256"]
    said = json.loads(body)
    assert (said["number"], said["invoice"], said["reason"], said["total"]) == (
        "CN-2026-0001",
        {"number": number, "issued_on": "2026-01-01"},
        "agreed",
        "50.00",
    )


def test_credit_notes_have_numbers_of_their_own_without_a_gap(company: Company) -> None:
    number = invoice(company, "200", "2026-12-30")
    assert credit(company, number, "1", on="2026-12-30")["ref"] == "CN-2026-0001"
    company.ltc("credit", number, "900", "--reason", "x", today="2026-12-31", fails=4)
    company.ltc("credit", number, "1", "--reason", "x", "--dry-run", today="2026-12-31")
    assert credit(company, number, "1", on="2026-12-31")["ref"] == "CN-2026-0002"
    assert credit(company, number, "1", on="2027-01-01")["ref"] == "CN-2027-0001"
    assert invoice(company, "10", "2027-01-01") == "INV-2027-0001"
    refusal = company.ltc("credit", number, "1", "--reason", "x", "--on", "2026-12-30", today="2027-01-02", fails=4)
    assert "2026-12-31" in refusal["message"]


# What is done with credit


def test_credit_of_one_invoice_pays_another(company: Company) -> None:
    first = invoice(company, "200", "2026-01-01")
    company.ltc("collect", first, today="2026-01-05")
    credit(company, first, "80", on="2026-01-10")
    second = invoice(company, "50", "2026-01-15")
    note = company.ltc("apply", "CN-2026-0001", second, "30", today="2026-01-20")
    assert held(note) == ("unapplied", "30.00", "0.00", "50.00")
    assert held(company.ltc("apply", "cn-2026-0001", second, today="2026-01-21")) == (
        "unapplied",
        "50.00",
        "0.00",
        "30.00",
    )
    assert settled(company, second) == ("paid", "0.00", "50.00", "0.00", "0.00")
    assert owed(company, "2026-01-19") == {"current": "50.00", "unapplied": "-80.00"}
    assert owed(company, "2026-01-20") == {"current": "20.00", "unapplied": "-50.00"}
    assert owed(company, "2026-01-21") == {"unapplied": "-30.00"}


def test_what_is_left_of_a_payment_is_paid_back(company: Company) -> None:
    number = invoice(company, "100", "2026-01-01")
    company.ltc("collect", number, "130", today="2026-01-05")
    payment = company.ltc("refund", "P1", "10", "--method", "transfer", "--on", "2026-01-08", today="2026-01-10")
    assert (payment["status"], payment["refunded"], payment["unapplied"]) == ("unapplied", "10.00", "20.00")
    payment = company.ltc("refund", "P1", today="2026-01-12")
    assert (payment["status"], payment["refunded"], payment["unapplied"]) == ("refunded", "30.00", "0.00")
    days = ("2026-01-05", "2026-01-07", "2026-01-08", "2026-01-11", "2026-01-12")
    found = [owed(company, day).get("unapplied") for day in days]
    assert found == ["-30.00", "-30.00", "-20.00", "-20.00", None]
    thread = [
        (each["on"], each["what"], each["amount"]) for each in company.ltc("show", "P1", today="2026-02-01")["thread"]
    ]
    assert ("2026-01-08", "refunded by transfer", "-10.00") in thread
    assert company.ltc("funnel")[-1]["amount"] == "100.00"


def test_a_refund_of_a_credit_note_takes_back_what_was_collected(company: Company) -> None:
    number = invoice(company, "100", "2026-01-01")
    company.ltc("collect", number, today="2026-01-05")
    credit(company, number, "40", on="2026-01-10")
    company.ltc("refund", "CN-2026-0001", today="2026-01-12")
    amounts = {row["stage"]: row["amount"] for row in company.ltc("funnel", "--as-of", "2026-01-12")}
    assert (amounts["invoiced"], amounts["collected"]) == ("60.00", "60.00")
    amounts = {row["stage"]: row["amount"] for row in company.ltc("funnel", "--as-of", "2026-01-11")}
    assert (amounts["invoiced"], amounts["collected"]) == ("60.00", "100.00")


def test_a_payment_that_was_paid_back_is_not_reversed(company: Company) -> None:
    number = invoice(company, "100", "2026-01-01")
    company.ltc("collect", number, "150", today="2026-01-05")
    company.ltc("refund", "P1", "20", today="2026-01-06")
    refusal = company.ltc("reverse", "P1", "--reason", "bounced", today="2026-01-07", fails=4)
    assert refusal["message"] == "20.00 of P1 was paid back: it cannot be reversed"
    assert balance(company, number) == "0.00"


def test_what_a_reversed_payment_opens_can_take_the_credit(company: Company) -> None:
    """Paid, credited in full, and the payment bounces: what is open again is settled by the credit note."""
    number = invoice(company, "100", "2026-01-01")
    company.ltc("collect", number, today="2026-01-05")
    credit(company, number, on="2026-01-10")
    company.ltc("reverse", "P1", "--reason", "bounced", today="2026-01-12")
    assert settled(company, number)[0] == "open"
    assert owed(company, "2026-01-12") == {"current": "100.00", "unapplied": "-100.00"}
    company.ltc("apply", "CN-2026-0001", number, today="2026-01-13")
    assert settled(company, number)[0] == "credited"
    assert owed(company, "2026-01-13") == {}


def test_a_credit_after_part_payment_and_over_payment_is_paid_back_and_applied_again(company: Company) -> None:
    """The whole way of one customer's money, its balance by the day worked by hand."""
    first = invoice(company, "200", "2026-01-01", THREE)  # due on the 11th, the 21st and the 31st
    company.ltc("collect", first, "40", today="2026-01-05")
    credit(company, first, "100", on="2026-01-06")  # 20 and 40 are open
    company.ltc("collect", first, "90", today="2026-01-15")  # 30 too much
    assert company.ltc("show", "P2")["unapplied"] == "30.00"
    company.ltc("refund", "P2", "10", today="2026-01-16")
    second = invoice(company, "50", "2026-01-20")
    company.ltc("apply", "P2", second, today="2026-01-21")  # 20 of it
    credit(company, first, "60", on="2026-01-25")  # it is paid: all of that is credit
    company.ltc("apply", "CN-2026-0002", second, today="2026-01-26")  # 30
    company.ltc("refund", "CN-2026-0002", today="2026-01-27")  # 30
    expected = {
        "2026-01-04": {"current": "200.00"},
        "2026-01-05": {"current": "160.00"},
        "2026-01-06": {"current": "60.00"},
        "2026-01-15": {"unapplied": "-30.00"},
        "2026-01-16": {"unapplied": "-20.00"},
        "2026-01-20": {"current": "50.00", "unapplied": "-20.00"},
        "2026-01-21": {"current": "30.00"},
        "2026-01-25": {"current": "30.00", "unapplied": "-60.00"},
        "2026-01-26": {"unapplied": "-30.00"},
        "2026-01-27": {},
    }
    assert {day: owed(company, day) for day in expected} == expected
    assert settled(company, first) == ("paid", "100.00", "100.00", "0.00", "0.00")
    assert settled(company, second) == ("paid", "20.00", "30.00", "0.00", "0.00")
    assert held(company.ltc("show", "CN-2026-0002")) == ("refunded", "30.00", "30.00", "0.00")
    assert company.ltc("show", "P2")["status"] == "refunded"


# What is given up


def test_a_write_off_gives_up_what_is_open(company: Company) -> None:
    number = invoice(company, "200", "2026-01-01", THREE)
    company.ltc("collect", number, "60", today="2026-01-05")
    part = company.ltc("writeoff", number, "30", "--reason", "scratched", "--on", "2026-02-01", today="2026-02-05")
    assert (part["status"], part["written_off"], part["balance"]) == ("partly_paid", "30.00", "110.00")
    whole = company.ltc("writeoff", number, "--reason", "insolvent", today="2026-03-01")
    assert (whole["status"], whole["paid"], whole["written_off"], whole["balance"]) == (
        "written_off",
        "60.00",
        "140.00",
        "0.00",
    )
    assert [balance(company, number, day) for day in ("2026-01-31", "2026-02-01", "2026-03-01")] == [
        "140.00",
        "110.00",
        "0.00",
    ]
    thread = [(each["on"], each["what"]) for each in company.ltc("show", number, today="2026-03-02")["thread"]]
    assert ("2026-03-01", "written off: insolvent") in thread


def test_what_was_given_up_is_not_credited_as_well(company: Company) -> None:
    """Else the customer would get money back that he never paid."""
    number = invoice(company, "200", "2026-01-01")
    company.ltc("collect", number, "60", today="2026-01-05")
    company.ltc("writeoff", number, "--reason", "insolvent", today="2026-02-01")
    refusal = company.ltc("credit", number, "60.01", "--reason", "x", today="2026-02-02", fails=4)
    assert refusal["message"] == f"60.01 is too much: 60.00 of {number} is left to credit: 140.00 was written off"
    assert credit(company, number, on="2026-02-02")["total"] == "60.00"
    assert settled(company, number)[0] == "written_off"


@pytest.mark.parametrize(
    ("paid", "short"),
    [("99.95", "0.05"), ("99.99", "0.01"), ("99.94", None), ("50", None), ("100", None)],
)
def test_what_is_short_within_the_tolerance_is_given_up(tolerant: Company, paid: str, short: str | None) -> None:
    number = invoice(tolerant, "100", "2026-01-01")
    tolerant.ltc("collect", number, paid, today="2026-01-05")
    said = f"{number} is short by {short}: within the tolerance, written off\n" if short else ""
    assert tolerant.err == said
    expected = ("paid", paid, "0.00", short, "0.00")
    if short:
        assert settled(tolerant, number) == expected
        assert [each["what"] for each in tolerant.ltc("show", number)["thread"]][-1] == "written off: tolerance"
    else:
        assert settled(tolerant, number)[3] == "0.00"


def test_the_percentage_of_the_tolerance_counts_as_well(tolerant: Company) -> None:
    """1 % of an instalment of 4.00 is 0.04: 0.05 is too much there."""
    number = invoice(tolerant, "4", "2026-01-01")
    tolerant.ltc("collect", number, "3.95", today="2026-01-05")
    assert balance(tolerant, number) == "0.05"
    tolerant.ltc("collect", number, "0.01", today="2026-01-06")
    assert settled(tolerant, number) == ("paid", "3.96", "0.00", "0.04", "0.00")


def test_each_instalment_has_its_own_tolerance(tolerant: Company) -> None:
    """60, 100 and 40: what is paid 3 cents short of the first two leaves the third alone."""
    number = invoice(tolerant, "200", "2026-01-01", THREE)
    tolerant.ltc("collect", number, "159.97", today="2026-01-05")
    assert balances(tolerant, number) == ["0.00", "0.00", "40.00"]


def test_a_payment_that_bounces_takes_its_tolerance_with_it(tolerant: Company) -> None:
    number = invoice(tolerant, "100", "2026-01-01")
    tolerant.ltc("collect", number, "99.97", today="2026-01-05")
    tolerant.ltc("reverse", "P1", "--reason", "bounced", today="2026-01-07")
    assert settled(tolerant, number) == ("open", "0.00", "0.00", "0.00", "100.00")
    assert [balance(tolerant, number, day) for day in ("2026-01-06", "2026-01-07")] == ["0.00", "100.00"]
    assert tolerant.ltc("show", number)["thread"][-1]["what"] == "write-off reversed: tolerance"


def test_other_currencies_have_no_tolerance(tolerant: Company) -> None:
    number = invoice(tolerant, "USD 100", "2026-01-01")
    tolerant.ltc("collect", number, "99.99", today="2026-01-05")
    assert balance(tolerant, number) == "0.01"
    assert aging(tolerant, "2026-01-05") == {("K1", "USD"): {"current": "0.01"}}


def test_what_is_short_within_the_tolerance_counts_as_paid_when_it_is_credited(tolerant: Company) -> None:
    number = invoice(tolerant, "100", "2026-01-01")
    tolerant.ltc("collect", number, "99.97", today="2026-01-05")
    note = credit(tolerant, number, on="2026-01-10")
    assert (note["total"], held(note)) == ("100.00", ("unapplied", "0.00", "0.00", "100.00"))
    assert settled(tolerant, number)[0] == "credited"


def test_today_asks_only_for_what_is_left(company: Company) -> None:
    number = invoice(company, "200", "2026-01-01")
    credit(company, number, "50", on="2026-01-05")
    overdue = [row for row in company.ltc("today", today="2026-02-10") if row["what"] == "overdue"]
    assert [(row["ref"], row["amount"], row["days"]) for row in overdue] == [(number, "150.00", 10)]
    company.ltc("writeoff", number, "--reason", "insolvent", today="2026-02-10")
    assert [row["what"] for row in company.ltc("today", today="2026-02-10")] == ["ship"]


def test_a_credit_note_is_found_by_its_number_and_its_reason(company: Company) -> None:
    number = invoice(company, "200", "2026-01-01")
    credit(company, number, "50", on="2026-01-05")
    for text, place in (("cn-2026-0001", "ref"), ("agreed", "reason")):
        (hit,) = company.ltc("find", text)
        assert (hit["ref"], hit["kind"], hit["name"], hit["found_in"]) == ("CN-2026-0001", "credit", "Ada", place)
