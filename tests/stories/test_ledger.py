"""The books in double entry, worked by hand: what each fact moves, and what stands where on a day."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.ledgers import balances, entries, hledger, need_hledger
from tests.stories.telling import audit, invoiced, signed, sold
from tests.support import Company

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG = """
taxes:
  Z: {rate: 0%, category: Z}
  S19: {rate: 19%, category: S}
  R7: {rate: 7%, category: S}
  I19: {rate: 19%, category: S, inclusive: true}
tax: S19
tolerance: {EUR: {amount: 0.05}}
cash_rounding: {CHF: 0.05}
"""
TODAY = "2026-12-31"
OWED, CREDIT, CONTRACT = "assets:receivable:K1", "liabilities:credit:K1", "liabilities:contract:K1"
BANK, SALES, TAX = "assets:bank", "income:sales", "liabilities:tax:S19"

Entries = list[tuple[str, str, dict[str, str]]]


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    company = Company(tmp_path, config=CONFIG, today=TODAY)
    yield company
    audit(company)


def booked(company: Company, *options: str) -> Entries:
    """Every transaction of the journal, which hledger finds sound where there is one."""
    company.run("export", "ledger", *options)
    return entries(company.out)


def test_an_advance_is_owed_until_the_goods_go_out(company: Company) -> None:
    """1,000.00 and 19 %: 30 % in advance, half of the goods, the other half."""
    signed(company, "1000", "30% sign, 70% ship; net 14", "2026-05-01")
    invoiced(company, "C1", "2026-05-01")  # 300.00 + 57.00
    company.ltc("ship", "C1", "--line", "1=0.5", today="2026-05-10")  # 500.00 gone out, 300.00 invoiced
    invoiced(company, "C1", "2026-05-11")  # 350.00 + 66.50: 650.00 invoiced, 150.00 of it ahead
    company.ltc("ship", "C1", today="2026-05-20")
    invoiced(company, "C1", "2026-05-20")
    assert booked(company) == [
        ("2026-05-01", "INV-2026-0001", {OWED: "357.00 EUR", TAX: "-57.00 EUR", CONTRACT: "-300.00 EUR"}),
        ("2026-05-10", "S1", {CONTRACT: "300.00 EUR", SALES: "-300.00 EUR"}),
        (
            "2026-05-11",
            "INV-2026-0002",
            {OWED: "416.50 EUR", TAX: "-66.50 EUR", CONTRACT: "-150.00 EUR", SALES: "-200.00 EUR"},
        ),
        ("2026-05-20", "S2", {CONTRACT: "150.00 EUR", SALES: "-150.00 EUR"}),
        ("2026-05-20", "INV-2026-0003", {OWED: "416.50 EUR", TAX: "-66.50 EUR", SALES: "-350.00 EUR"}),
    ]


def test_what_comes_back_is_owed_again(company: Company) -> None:
    sold(company, ["Pump:4:100"], "100% sign", "2026-05-01")
    invoiced(company, "C1", "2026-05-01")
    company.ltc("ship", "C1", today="2026-05-02")
    company.ltc("ship", "--returned", "S1", "--line", "1=1", today="2026-05-09")
    assert booked(company)[1:] == [
        ("2026-05-02", "S1", {CONTRACT: "400.00 EUR", SALES: "-400.00 EUR"}),
        ("2026-05-09", "S1", {CONTRACT: "-100.00 EUR", SALES: "100.00 EUR"}),
    ]


def test_a_credit_takes_what_has_not_gone_out_first(company: Company) -> None:
    """400.00 invoiced, 300.00 gone out: of a credit over 150.00 net, 100.00 were owed and 50.00 are earned no more."""
    sold(company, ["Pump:4:100"], "100% sign", "2026-05-01")
    invoiced(company, "C1", "2026-05-01")
    company.ltc("ship", "C1", "--line", "1=3", today="2026-05-02")
    company.ltc("credit", "INV-2026-0001", "178.50", "--reason", "dear", today="2026-05-03")
    assert booked(company)[2:] == [
        (
            "2026-05-03",
            "CN-2026-0001",
            {CREDIT: "-178.50 EUR", TAX: "28.50 EUR", CONTRACT: "100.00 EUR", SALES: "50.00 EUR"},
        ),
        ("2026-05-03", "CN-2026-0001", {OWED: "-178.50 EUR", CREDIT: "178.50 EUR"}),
    ]


def test_what_has_not_gone_out_is_earned_when_the_contract_ends(company: Company) -> None:
    signed(company, "100", "100% sign", "2026-05-01", "--ends", "2026-08-31")
    invoiced(company, "C1", "2026-05-01")
    before = booked(company, "--as-of", "2026-08-30")
    assert before == [("2026-05-01", "INV-2026-0001", {OWED: "119.00 EUR", TAX: "-19.00 EUR", CONTRACT: "-100.00 EUR"})]
    assert booked(company) == [*before, ("2026-08-31", "C1", {CONTRACT: "100.00 EUR", SALES: "-100.00 EUR"})]


def test_a_recurring_fee_is_earned_when_it_is_invoiced(company: Company) -> None:
    signed(company, "100", "50 monthly from sign until 2026-06-30", "2026-05-01")
    company.ltc("invoice", "C1", today="2026-06-01")
    assert booked(company) == [
        ("2026-06-01", "INV-2026-0001", {OWED: "59.50 EUR", TAX: "-9.50 EUR", SALES: "-50.00 EUR"}),
        ("2026-06-01", "INV-2026-0002", {OWED: "59.50 EUR", TAX: "-9.50 EUR", SALES: "-50.00 EUR"}),
    ]


def test_one_amount_in_monthly_parts_is_no_fee(company: Company) -> None:
    signed(company, "100", "2 x monthly from sign", "2026-05-01")
    invoiced(company, "C1", "2026-05-01")
    assert booked(company)[0][2] == {OWED: "59.50 EUR", TAX: "-9.50 EUR", CONTRACT: "-50.00 EUR"}


def test_goods_with_the_tax_in_their_price_leave_nothing_behind(company: Company) -> None:
    """11.90 with 1.90 tax, three times 3.57 and the rest: gone out in parts, invoiced in parts, all of it earned."""
    sold(company, ["Cup:3:11.90:I19", "Gift:1:0.05:I19"], "100% ship", "2026-05-01")
    for day in ("2026-05-02", "2026-05-03", "2026-05-04"):
        company.ltc("ship", "C1", "--line", "1=1", today=day)
        invoiced(company, "C1", day)
    for _day, _ref, moved in booked(company):
        assert CONTRACT not in moved


def test_an_overpayment_is_credit_until_it_is_applied_or_paid_back(company: Company) -> None:
    signed(company, "100", "100% sign; net 30", "2026-05-01")
    invoiced(company, "C1", "2026-05-01")
    company.ltc("collect", "C1", "200", today="2026-05-05")
    company.ltc("refund", "P1", "31", today="2026-06-02")
    assert booked(company) == [
        ("2026-05-01", "INV-2026-0001", {OWED: "119.00 EUR", TAX: "-19.00 EUR", CONTRACT: "-100.00 EUR"}),
        ("2026-05-05", "P1", {BANK: "200.00 EUR", OWED: "-119.00 EUR", CREDIT: "-81.00 EUR"}),
        ("2026-06-02", "P1", {BANK: "-31.00 EUR", CREDIT: "31.00 EUR"}),
    ]


def test_credit_is_applied_on_its_own_day(company: Company) -> None:
    signed(company, "100", "100% sign", "2026-05-01")
    company.ltc("collect", "K1", "200", today="2026-05-05")
    invoiced(company, "C1", "2026-05-06")
    company.ltc("apply", "P1", "INV-2026-0001", "50", today="2026-05-09")
    company.ltc("reverse", "P1", "--reason", "bounced", today="2026-05-10")
    assert [entry for entry in booked(company) if entry[1] == "P1"] == [
        ("2026-05-05", "P1", {BANK: "200.00 EUR", CREDIT: "-200.00 EUR"}),
        ("2026-05-09", "P1", {OWED: "-50.00 EUR", CREDIT: "50.00 EUR"}),
        ("2026-05-10", "P1", {BANK: "-200.00 EUR", OWED: "50.00 EUR", CREDIT: "150.00 EUR"}),
    ]


def test_what_is_given_up_is_an_expense_and_comes_back_with_its_payment(company: Company) -> None:
    signed(company, "100", "100% sign; due 50%+10d, rest+20d", "2026-05-01")
    invoiced(company, "C1", "2026-05-01")
    company.ltc("collect", "C1", "59.46", today="2026-05-05")  # short of 59.50 by 0.04
    company.ltc("writeoff", "INV-2026-0001", "20", "--reason", "small", today="2026-05-06")
    company.ltc("reverse", "P1", "--reason", "bounced", today="2026-05-07")
    assert booked(company)[1:] == [
        ("2026-05-05", "P1", {BANK: "59.46 EUR", OWED: "-59.46 EUR"}),
        ("2026-05-05", "INV-2026-0001", {OWED: "-0.04 EUR", "expenses:writeoff": "0.04 EUR"}),
        ("2026-05-06", "INV-2026-0001", {OWED: "-20.00 EUR", "expenses:writeoff": "20.00 EUR"}),
        ("2026-05-07", "P1", {BANK: "-59.46 EUR", OWED: "59.46 EUR"}),
        ("2026-05-07", "INV-2026-0001", {OWED: "0.04 EUR", "expenses:writeoff": "-0.04 EUR"}),
    ]


def test_an_invoice_of_another_program_is_earned_at_once(company: Company, tmp_path: Path) -> None:
    file = tmp_path / "invoices.csv"
    file.write_text(
        "number,customer,date,due_date,net,tax\nA-1,Ada,2026-05-01,2026-05-31,100.00,19.00\n", encoding="utf-8"
    )
    company.ltc("import", "invoices", str(file))
    (entry,) = booked(company)
    assert entry == (
        "2026-05-01",
        "A-1",
        {OWED: "119.00 EUR", "liabilities:tax:imported": "-19.00 EUR", SALES: "-100.00 EUR"},
    )


def test_currencies_stand_side_by_side(company: Company) -> None:
    signed(company, "EUR 100", "100% sign", "2026-05-01")
    signed(company, "JPY 500", "100% sign", "2026-05-02")
    for contract in ("C1", "C2"):
        invoiced(company, contract, "2026-05-03")
    assert [moved[OWED] for _day, _ref, moved in booked(company)] == ["119.00 EUR", "595 JPY"]


def test_the_day_before_a_payment_it_does_not_exist(company: Company) -> None:
    signed(company, "100", "100% sign", "2026-05-01")
    invoiced(company, "C1", "2026-05-01")
    company.ltc("collect", "C1", today="2026-05-05")
    assert [ref for _day, ref, _moved in booked(company, "--as-of", "2026-05-04")] == ["INV-2026-0001"]
    assert [ref for _day, ref, _moved in booked(company, "--as-of", "2026-05-05")] == ["INV-2026-0001", "P1"]


def test_a_merged_customer_stands_under_the_one_that_was_kept(company: Company) -> None:
    for name in ("Ada", "Bob"):
        signed(company, "100", "100% ship", "2026-05-01", name=name)
    company.ltc("collect", "K2", "30", today="2026-05-05")
    company.ltc("customer", "merge", "K1", "K2")
    assert booked(company) == [("2026-05-05", "P1", {BANK: "30.00 EUR", CREDIT: "-30.00 EUR"})]


def test_claims_of_a_notice_are_earned_and_voided(tmp_path: Path) -> None:
    company = Company(tmp_path, config=CONFIG, today=TODAY)
    signed(company, "100", "100% sign", "2026-05-01")
    invoiced(company, "C1", "2026-05-01")
    with closing(sqlite3.connect(company.path)) as connection, connection:
        connection.execute(
            "INSERT INTO notice (id, customer_id, currency, level, decided_on, recorded_at)"
            " VALUES (1, 1, 'EUR', 'second', '2026-06-01', '2026-06-01T09:00:00.000000Z')"
        )
        connection.execute(
            "INSERT INTO receivable (id, kind, invoice_id, notice_id, customer_id, currency, issued_on, due_on,"
            " amount_minor) VALUES (2, 'fee', 1, 1, 1, 'EUR', '2026-06-01', '2026-06-01', 1000),"
            " (3, 'interest', 1, 1, 1, 'EUR', '2026-06-01', '2026-06-01', 41)"
        )
        connection.execute(
            "INSERT INTO settlement (receivable_id, kind, settled_on, amount_minor, recorded_at)"
            " VALUES (2, 'void', '2026-06-02', 1000, '2026-06-02T09:00:00.000000Z')"
        )
    assert booked(company)[1:] == [
        ("2026-06-01", "INV-2026-0001", {OWED: "10.00 EUR", "income:fees": "-10.00 EUR"}),
        ("2026-06-01", "INV-2026-0001", {OWED: "0.41 EUR", "income:interest": "-0.41 EUR"}),
        ("2026-06-02", "INV-2026-0001", {OWED: "-10.00 EUR", "income:fees": "10.00 EUR"}),
    ]


def test_a_discount_takes_its_part_off_the_tax(company: Company) -> None:
    """2 % of 1,190.00 are 23.80, with 3.80 of tax in it; a bounced payment takes the discount back."""
    signed(company, "1000", "100% sign; net 30; 2%/10", "2026-05-01")
    invoiced(company, "C1", "2026-05-01")
    company.ltc("collect", "C1", "1166.20", today="2026-05-10")
    company.ltc("reverse", "P1", "--reason", "bounced", today="2026-05-12")
    assert booked(company)[1:] == [
        ("2026-05-10", "P1", {BANK: "1166.20 EUR", OWED: "-1166.20 EUR"}),
        ("2026-05-10", "INV-2026-0001", {OWED: "-23.80 EUR", TAX: "3.80 EUR", "expenses:discount": "20.00 EUR"}),
        ("2026-05-12", "P1", {BANK: "-1166.20 EUR", OWED: "1166.20 EUR"}),
        ("2026-05-12", "INV-2026-0001", {OWED: "23.80 EUR", TAX: "-3.80 EUR", "expenses:discount": "-20.00 EUR"}),
    ]


def test_a_payment_in_another_currency_is_exchanged(company: Company) -> None:
    """A dollar is worth 0.50: 119.00 are 238.00 of 240.00 dollars, and 2.00 are left."""
    signed(company, "100", "100% sign", "2026-05-01")
    invoiced(company, "C1", "2026-05-01")
    company.ltc("rate", "USD", "0.5", "--on", "2026-05-02", today="2026-05-02")
    company.ltc("collect", "C1", "USD 240", today="2026-05-03")
    company.ltc("reverse", "P1", "--reason", "bounced", today="2026-05-04")
    there, back = booked(company)[1:]
    assert there[2] == {
        BANK: "240.00 USD",
        OWED: "-119.00 EUR",
        "expenses:fx": "-238.00 USD + 119.00 EUR",
        CREDIT: "-2.00 USD",
    }
    assert back[2] == {
        BANK: "-240.00 USD",
        OWED: "119.00 EUR",
        "expenses:fx": "238.00 USD + -119.00 EUR",
        CREDIT: "2.00 USD",
    }


def test_what_is_undone_goes_the_way_back(company: Company) -> None:
    signed(company, "100", "100% sign", "2026-05-01")
    invoiced(company, "C1", "2026-05-01")
    company.ltc("collect", "C1", "150", today="2026-05-02")
    company.ltc("refund", "P1", "31", today="2026-05-03")
    company.ltc("refund", "P1", "--undo", "--reason", "account closed", today="2026-05-04")
    signed(company, "10", "100% sign", "2026-05-05", name="Bob")
    invoiced(company, "C2", "2026-05-05")
    company.ltc("writeoff", "INV-2026-0002", "--reason", "small", today="2026-05-06")
    company.ltc("writeoff", "INV-2026-0002", "--undo", "--reason", "paid", today="2026-05-07")
    owed = "assets:receivable:K2"
    assert [entry for entry in booked(company) if entry[1] == "P1"][1:] == [
        ("2026-05-03", "P1", {BANK: "-31.00 EUR", CREDIT: "31.00 EUR"}),
        ("2026-05-04", "P1", {BANK: "31.00 EUR", CREDIT: "-31.00 EUR"}),
    ]
    assert [entry for entry in booked(company) if entry[1] == "INV-2026-0002"][1:] == [
        ("2026-05-06", "INV-2026-0002", {owed: "-11.90 EUR", "expenses:writeoff": "11.90 EUR"}),
        ("2026-05-07", "INV-2026-0002", {owed: "11.90 EUR", "expenses:writeoff": "-11.90 EUR"}),
    ]


def test_what_cash_is_rounded_by_is_an_expense_until_it_is_credited(company: Company) -> None:
    """10.01 and 19 % of it are 11.91, in coins 11.90."""
    signed(company, "CHF 10.01", "100% sign", "2026-05-01")
    invoiced(company, "C1", "2026-05-01")
    company.ltc("credit", "INV-2026-0001", "--reason", "wrong", today="2026-05-02")
    issued, credited, _applied = booked(company)
    assert issued[2] == {
        OWED: "11.90 CHF",
        TAX: "-1.90 CHF",
        CONTRACT: "-10.01 CHF",
        "expenses:rounding": "0.01 CHF",
    }
    assert credited[2] == {
        CREDIT: "-11.90 CHF",
        TAX: "1.90 CHF",
        CONTRACT: "10.01 CHF",
        "expenses:rounding": "-0.01 CHF",
    }


def test_hledger_proves_aging_in_one_line(company: Company, tmp_path: Path) -> None:
    """As the README says it: 119.00 in two instalments, and 20.00 paid of the first."""
    need_hledger()
    signed(company, "100", "100% sign; due 50%+10d, rest+20d", "2026-05-01")
    invoiced(company, "C1", "2026-05-01")
    company.ltc("collect", "C1", "20", today="2026-05-05")
    journal = tmp_path / "books.journal"
    company.ltc("export", "ledger", "-o", str(journal))
    hledger(journal, "check", "--strict")
    found = balances(journal, OWED, "--pivot", "due")
    assert found == {"2026-05-11": {"EUR": 39.5}, "2026-05-21": {"EUR": 59.5}}


def test_what_is_terminated_is_earned_as_it_went_out_and_the_rest_when_it_ends(company: Company) -> None:
    """Ten at 40.00, half on signing, half shipped: 300.00 invoiced, 200.00 gone out; it ends on 10 February."""
    signed(company, "400", "50% sign, 50% ship", "2026-01-10")
    invoiced(company, "C1", "2026-01-10")
    company.ltc("ship", "C1", "--line", "1=0.5", today="2026-01-12")
    invoiced(company, "C1", "2026-01-12")
    company.ltc("terminate", "C1", "--on", "2026-02-10", "--reason", "over", today="2026-01-20")
    assert _earned(company, "2026-01-13") == _earned(company, "2026-02-09") == (-20000, -10000)
    assert _earned(company, "2026-02-10") == (-30000, 0)


def test_an_amendment_changes_what_the_goods_that_went_out_are_worth(company: Company) -> None:
    """100.00 on signing, half shipped; on the 20th it becomes 200.00: half of that, all that is invoiced, is earned."""
    signed(company, "100", "100% sign", "2026-01-10")
    invoiced(company, "C1", "2026-01-10")
    company.ltc("ship", "C1", "--line", "1=0.5", today="2026-01-12")
    company.ltc("amend", "C1", "--amount", "200", "--reason", "more", today="2026-01-20")
    assert _earned(company, "2026-01-19") == (-5000, -5000)
    assert _earned(company, "2026-01-20") == (-10000, 0)


def _earned(company: Company, day: str) -> tuple[int, int]:
    """Sales and what is owed in goods at the end of a day, in cents."""
    sums = {SALES: 0, CONTRACT: 0}
    for _on, _ref, postings in booked(company, "--as-of", day):
        for account in sums:
            sums[account] += int(postings.get(account, "0.00").removesuffix(" EUR").replace(".", ""))
    return sums[SALES], sums[CONTRACT]


def test_a_contract_that_is_given_longer_was_over_until_then(company: Company) -> None:
    """What was earned with the end of May is owed again when the contract is given until August."""
    signed(company, "100", "100% sign", "2026-05-01", "--ends", "2026-05-31")
    invoiced(company, "C1", "2026-05-01")
    before = booked(company, "--as-of", "2026-06-14")
    assert before[1:] == [("2026-05-31", "C1", {CONTRACT: "100.00 EUR", SALES: "-100.00 EUR"})]
    company.ltc("amend", "C1", "--ends", "2026-08-31", "--reason", "later", today="2026-06-15")
    assert booked(company, "--as-of", "2026-06-14") == before
    assert booked(company) == [
        *before,
        ("2026-06-15", "C1", {CONTRACT: "-100.00 EUR", SALES: "100.00 EUR"}),
        ("2026-08-31", "C1", {CONTRACT: "100.00 EUR", SALES: "-100.00 EUR"}),
    ]


def test_a_termination_told_after_the_end_changes_nothing_before_it(company: Company) -> None:
    signed(company, "100", "100% sign", "2026-05-01", "--ends", "2026-05-31")
    invoiced(company, "C1", "2026-05-01")
    before = booked(company)
    company.ltc("terminate", "C1", "--on", "2026-05-20", "--reason", "enough", today="2026-06-15")
    assert booked(company) == before
