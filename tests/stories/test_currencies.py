"""Currencies: each with its own digits, and never added to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.stories.telling import aging, instalments, invoiced, plan, promoted, signed, sold
from tests.support import Company

if TYPE_CHECKING:
    from pathlib import Path


def test_yen_have_no_decimals(company: Company) -> None:
    contract = signed(company, "JPY 10000", "3 x monthly from sign; net 30", "2026-01-31")
    # 3333.33…, 6666.66… less 3333, 10000 less 6667.
    assert plan(contract) == [("3333", "2026-01-31"), ("3334", "2026-02-28"), ("3333", "2026-03-31")]
    invoice = invoiced(company, "C1", "2026-01-31")
    assert (invoice["total"], invoice["tax"], invoice["currency"]) == ("3333", "0", "JPY")
    company.ltc("collect", invoice["ref"], "3000", today="2026-02-01")
    assert aging(company, "2026-02-01") == {("K1", "JPY"): {"current": "333"}}


def test_yen_with_decimals_are_refused(company: Company) -> None:
    company.ltc("lead", "add", "Ada")
    company.ltc("promote", "L1", "--amount", "JPY 10000.5", fails=2)


def test_kuwaiti_dinars_have_three_decimals(company: Company) -> None:
    contract = signed(company, "10", "100% sign; due 1.0+10d, 33.3333%+20d, rest+30d", "2026-01-01")
    assert contract["currency"] == "EUR"
    dinars = promoted(company, "Grace", "2026-01-01", "--amount", "10", "--currency", "KWD")
    company.ltc("sign", dinars, "--terms", "3 x monthly from sign; due 50%+10d, 50%+20d", today="2026-01-01")
    # A third of 10.000 is 3.333, its half 1.6665: half up.
    invoice = invoiced(company, "C2", "2026-01-01")
    assert invoice["total"] == "3.333"
    assert instalments(invoice) == [("1.667", "2026-01-11"), ("1.666", "2026-01-21")]
    assert invoiced(company, "C2", "2026-02-01")["total"] == "3.334"
    company.ltc("collect", invoice["ref"], "1.6", today="2026-02-01")
    assert aging(company, "2026-01-31") == {("K2", "KWD"): {"1-30": "3.333"}}
    assert company.ltc("show", invoice["ref"])["balance"] == "1.733"


def test_two_currencies_of_one_customer_are_two_rows(company: Company) -> None:
    for amount in ("100", "USD 250.50"):
        contract = signed(company, amount, "100% sign; net 30", "2026-01-01")
        invoiced(company, contract["ref"], "2026-01-01")
    # Due on 31 January: one day past due.
    assert aging(company, "2026-02-01") == {
        ("K1", "EUR"): {"1-30": "100.00"},
        ("K1", "USD"): {"1-30": "250.50"},
    }
    assert {(row["currency"], row["total"]) for row in company.ltc("aging", "--as-of", "2026-02-01")} == {
        ("EUR", "100.00"),
        ("USD", "250.50"),
    }


def test_the_table_has_a_total_for_each_currency_and_none_for_both(company: Company) -> None:
    for name, amount in (("Ada", "100"), ("Grace", "50"), ("Ada", "USD 250.50")):
        contract = signed(company, amount, "100% sign; net 30", "2026-01-01", name=name)
        invoiced(company, contract["ref"], "2026-01-01")
    company.run("aging", "--as-of", "2026-01-01")
    assert "150.00" in company.out
    assert "250.50" in company.out
    assert "400.50" not in company.out


def test_a_payment_in_another_currency_needs_a_rate(company: Company) -> None:
    signed(company, "100", "100% sign; net 30", "2026-01-01")
    number = invoiced(company, "C1", "2026-01-01")["ref"]
    assert "rate" in company.ltc("collect", number, "USD 100", today="2026-01-02", fails=4)["message"]
    assert company.ltc("list", "payments") == []


def test_credit_in_one_currency_does_not_pay_what_is_owed_in_another(company: Company) -> None:
    signed(company, "100", "100% sign; net 30", "2026-01-01")
    number = invoiced(company, "C1", "2026-01-01")["ref"]
    payment = company.ltc("collect", "K1", "USD 100", today="2026-01-02")
    assert (payment["unapplied"], payment["allocations"]) == ("100.00", [])
    assert aging(company, "2026-01-02") == {
        ("K1", "EUR"): {"current": "100.00"},
        ("K1", "USD"): {"unapplied": "-100.00"},
    }
    assert "rate" in company.ltc("apply", "P1", number, today="2026-01-03", fails=4)["message"]


def test_the_funnel_does_not_know_an_amount_without_a_rate(company: Company) -> None:
    signed(company, "100", "100% sign", "2026-01-01")
    signed(company, "USD 250.50", "100% sign", "2026-01-01", name="Grace")
    rows = {row["stage"]: row for row in company.ltc("funnel")}
    assert (rows["contract"]["count"], rows["contract"]["amount"]) == (2, None)
    assert "USD" in company.err


def test_the_base_currency_is_that_of_the_config(tmp_path: Path) -> None:
    company = Company(tmp_path, config="currency: CNY\n")
    sold(company, ["茶:3:12.50"], "100% sign", "2026-01-01")
    assert invoiced(company, "C1", "2026-01-01")["currency"] == "CNY"
    assert aging(company, "2026-01-01") == {("K1", "CNY"): {"current": "37.50"}}
