"""Statements of account worked by hand, and held against `aging` on every day that matters."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from tests.stories.telling import BUCKETS, aging, invoiced, owed, signed
from tests.support import Company

if TYPE_CHECKING:
    from pathlib import Path

THREE = "100% sign; due 30%+10d, 50%+20d, rest+30d"


def moved(account: dict[str, Any]) -> list[tuple[str, str, str | None, str | None, str]]:
    """Day, reference, debit, credit, balance."""
    return [tuple(each[key] for key in ("on", "ref", "debit", "credit", "balance")) for each in account["movements"]]


def statement(company: Company, *options: str, customer: str = "K1") -> dict[str, Any]:
    (account,) = company.ltc("statement", customer, *options)
    assert isinstance(account, dict)
    return account


def test_a_quarter_worked_by_hand(company: Company) -> None:
    """An advance, two invoices, a credit note, a bounced payment, too much money and its way back, a cent given up.

    Advance 50 on 2 January, before anything is owed: −50. Invoice 200 on the 5th in 60, 100 and 40: 150; the advance
    is applied on the 6th, which moves nothing. 40 credited on the 10th: 110. 70 on the 20th: 40; it bounces on the
    22nd: 110 again. 130 on 3 February: −20; 20 back on the 5th: 0. Invoice 30 on 1 March; 29.99 on the 10th: 0.01,
    written off on the 31st.
    """
    contract = signed(company, "200", THREE, "2026-01-02")["ref"]
    company.ltc("collect", "K1", "50", "--method", "transfer", today="2026-01-02")
    first = invoiced(company, contract, "2026-01-05")["ref"]
    company.ltc("apply", "P1", first, today="2026-01-06")
    company.ltc("credit", first, "40", "--reason", "scratched", today="2026-01-10")
    company.ltc("collect", first, "70", today="2026-01-20")
    company.ltc("reverse", "P2", "--reason", "bounced", today="2026-01-22")
    company.ltc("collect", first, "130", "--reference", "R 7", today="2026-02-03")
    company.ltc("refund", "P3", today="2026-02-05")
    second = invoiced(company, signed(company, "30", "100% sign; net 14", "2026-03-01")["ref"], "2026-03-01")["ref"]
    assert second == "INV-2026-0002"
    company.ltc("collect", second, "29.99", today="2026-03-10")
    company.ltc("writeoff", second, "--reason", "a cent", today="2026-03-31")

    whole = statement(company, "--until", "2026-03-31")
    assert (whole["since"], whole["opening"], whole["closing"]) == (None, "0.00", "0.00")
    assert moved(whole) == [
        ("2026-01-02", "P1", None, "50.00", "-50.00"),
        ("2026-01-05", first, "200.00", None, "150.00"),
        ("2026-01-10", "CN-2026-0001", None, "40.00", "110.00"),
        ("2026-01-20", "P2", None, "70.00", "40.00"),
        ("2026-01-22", "P2", "70.00", None, "110.00"),
        ("2026-02-03", "P3", None, "130.00", "-20.00"),
        ("2026-02-05", "P3", "20.00", None, "0.00"),
        ("2026-03-01", second, "30.00", None, "30.00"),
        ("2026-03-10", "P4", None, "29.99", "0.01"),
        ("2026-03-31", second, None, "0.01", "0.00"),
    ]
    assert [each["text"] for each in whole["movements"]] == [
        "payment by transfer",
        "invoice, 3 instalments to 2026-02-04",
        f"credit note for {first}: scratched",
        "payment",
        "payment reversed: bounced",
        "payment",
        "refund",
        "invoice, due 2026-03-15",
        "payment",
        "written off: a cent",
    ]

    # 60 due on the 15th: 50 of it by the advance, 10 by the credit note, whose other 30 settle some of the 100 due
    # on the 25th. On the 24th of January nothing is late; 70 and 40 are still to come.
    january = statement(company, "--since", "2026-01-20", "--as-of", "2026-01-24")
    assert (january["opening"], january["closing"], january["current"], january["unapplied"]) == (
        "110.00",
        "110.00",
        "110.00",
        "0.00",
    )
    assert [each[0] for each in moved(january)] == ["2026-01-20", "2026-01-22"]
    late = statement(company, "--until", "2026-01-31")
    assert (late["1-30"], late["current"], late["closing"]) == ("70.00", "40.00", "110.00")


def test_as_a_bank_draws_it(company: Company) -> None:
    contract = signed(company, "200", "100% sign; net 10", "2026-01-05")["ref"]
    invoiced(company, contract, "2026-01-05")
    company.ltc("collect", "K1", "50", today="2026-01-20")
    assert company.run("statement", "K1", "--since", "2026-01-10", "--until", "2026-01-31") == 0
    lines = [" ".join(line.split()) for line in company.out.splitlines()]
    assert lines == [
        "Statement of account of K1 Ada, 2026-01-10 to 2026-01-31 in EUR",
        "on ref text debit credit balance",
        "2026-01-10 opening balance – – 200.00",
        "2026-01-20 P1 payment – 50.00 150.00",
        "2026-01-31 closing balance – – 150.00",
        "1-30 days past due – – 150.00",
    ]


def test_every_currency_has_an_account_of_its_own(company: Company) -> None:
    invoiced(company, signed(company, "200", "100% sign", "2026-01-05")["ref"], "2026-01-05")
    invoiced(company, signed(company, "JPY 3600", "100% sign", "2026-01-06")["ref"], "2026-01-06")
    company.ltc("collect", "K1", "USD 7", today="2026-01-07")
    accounts = company.ltc("statement", "K1")
    assert [(each["currency"], each["closing"], each["unapplied"]) for each in accounts] == [
        ("EUR", "200.00", "0.00"),
        ("JPY", "3600", "0"),
        ("USD", "-7.00", "-7.00"),
    ]
    assert company.run("statement", "K1") == 0
    lines = [" ".join(line.split()) for line in company.out.splitlines()[2:]]
    assert lines == [
        "opening balance in EUR – – 0.00",
        "2026-01-05 INV-2026-0001 invoice, due 2026-01-05 200.00 – 200.00",
        "opening balance in JPY – – 0",
        "2026-01-06 INV-2026-0002 invoice, due 2026-01-06 3,600 – 3,600",
        "opening balance in USD – – 0.00",
        "2026-01-07 P1 payment – 7.00 -7.00",
        "2026-06-15 closing balance in EUR – – 200.00",
        "90+ days past due – – 200.00",
        "2026-06-15 closing balance in JPY – – 3,600",
        "90+ days past due – – 3,600",
        "2026-06-15 closing balance in USD – – -7.00",
        "held for you – – -7.00",
    ]


def test_who_never_owed_anything_has_an_empty_statement(company: Company) -> None:
    company.ltc("init", "--yes")
    company.ltc("customer", "add", "Looms")
    assert company.ltc("statement", "K1") == []
    assert company.run("statement", "K1") == 0
    assert "K1 owed nothing up to 2026-06-15, and nothing happened" in company.err


def test_before_the_first_day_and_after_the_last(company: Company) -> None:
    invoiced(company, signed(company, "200", "100% sign", "2026-01-05")["ref"], "2026-01-05")
    company.ltc("collect", "K1", "200", today="2026-01-20")
    assert company.ltc("statement", "K1", "--until", "2026-01-04") == []
    assert company.ltc("statement", "K1", "--since", "2026-02-01") == []
    account = statement(company, "--since", "2026-01-06", "--until", "2026-01-07")
    assert (account["opening"], account["movements"], account["closing"]) == ("200.00", [], "200.00")


def test_a_customer_merged_into_another_is_on_its_statement(company: Company) -> None:
    invoiced(company, signed(company, "200", "100% sign", "2026-01-05")["ref"], "2026-01-05")
    invoiced(company, signed(company, "30", "100% sign", "2026-01-06", name="Bob")["ref"], "2026-01-06")
    company.ltc("collect", "K2", "50", today="2026-01-07")
    company.ltc("customer", "merge", "K1", "K2")
    for named in ("K1", "K2"):
        account = statement(company, customer=named)
        assert (account["customer"], account["closing"], account["unapplied"]) == ("K1", "180.00", "-20.00")
        assert [each["ref"] for each in account["movements"]] == ["INV-2026-0001", "INV-2026-0002", "P1"]


@pytest.mark.parametrize("paid", ["2026-01-01", "2026-01-20"])
def test_it_closes_with_aging_whenever_the_money_came(company: Company, paid: str) -> None:
    contract = signed(company, "100", "100% sign; net 10", "2026-01-01")["ref"]
    company.ltc("collect", "K1", "130", today=paid)
    number = invoiced(company, contract, max(paid, "2026-01-10"))["ref"]
    company.ltc("apply", "P1", number, today="2026-01-25")
    for day in ("2026-01-01", "2026-01-10", "2026-01-20", "2026-01-24", "2026-01-25", "2026-03-01"):
        found = {key: value for key, value in _ages(company, day).items() if Decimal(value)}
        assert found == owed(company, day)


def _ages(company: Company, day: str) -> dict[str, str]:
    accounts = company.ltc("statement", "K1", "--as-of", day)
    return {bucket: accounts[0][bucket] for bucket in BUCKETS} if accounts else {}


def test_many_names_and_reasons_fit_a_narrow_terminal(tmp_path: Path) -> None:
    """Formulas and brackets in reasons stay text, in the table and in CSV."""
    company = Company(tmp_path)
    number = invoiced(company, signed(company, "200", "100% sign", "2026-01-05")["ref"], "2026-01-05")["ref"]
    company.ltc("credit", number, "5", "--reason", "=1+1 [red]", today="2026-01-06")
    for style in ("--csv", "--quiet"):
        assert company.run("statement", "K1", style) == 0
        assert f"credit note for {number}: =1+1 [red]" in company.out


def test_discounts_foreign_money_and_what_came_back(tmp_path: Path) -> None:
    """100 less 2 % in time; 50 of another paid with 100 dollars at 0.50; a refund of 10 that comes back."""
    company = Company(tmp_path)
    first = invoiced(company, signed(company, "100", "100% sign; net 30; 2%/10", "2026-01-05")["ref"], "2026-01-05")
    company.ltc("collect", first["ref"], "98", today="2026-01-10")
    second = invoiced(company, signed(company, "80", "100% sign; net 30", "2026-01-11")["ref"], "2026-01-11")
    company.ltc("rate", "USD", "0.5", today="2026-01-12")
    company.ltc("collect", second["ref"], "100", "--currency", "USD", today="2026-01-12")
    company.ltc("collect", "K1", "40", today="2026-01-13")
    company.ltc("refund", "P3", today="2026-01-14")
    company.ltc("refund", "P3", "--undo", "--reason", "account closed", today="2026-01-15")
    euros, dollars = company.ltc("statement", "K1", "--as-of", "2026-01-20")
    assert moved(euros) == [
        ("2026-01-05", first["ref"], "100.00", None, "100.00"),
        ("2026-01-10", "P1", None, "98.00", "2.00"),
        ("2026-01-10", first["ref"], None, "2.00", "0.00"),
        ("2026-01-11", second["ref"], "80.00", None, "80.00"),
        ("2026-01-12", "P2", None, "50.00", "30.00"),
        ("2026-01-13", "P3", None, "40.00", "-10.00"),
        ("2026-01-14", "P3", "10.00", None, "0.00"),
        ("2026-01-15", "P3", None, "10.00", "-10.00"),
    ]
    assert moved(dollars) == [
        ("2026-01-12", "P2", None, "100.00", "-100.00"),
        ("2026-01-12", "P2", "100.00", None, "0.00"),
    ]
    for day in ("2026-01-10", "2026-01-12", "2026-01-14", "2026-01-20"):
        found = {
            (row["customer"], row["currency"]): {key: row[key] for key in BUCKETS if Decimal(row[key])}
            for row in company.ltc("statement", "K1", "--as-of", day)
        }
        assert {key: ages for key, ages in found.items() if ages} == aging(company, day)
