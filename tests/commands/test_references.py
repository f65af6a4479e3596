"""A verb takes any reference from which its object is unambiguous: also of what hangs on a customer alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support import Company

BILLS = "number,customer,issued_on,due_on,amount\nX-1,Ada,2026-01-01,2026-03-01,100\n"


@pytest.fixture
def imported(company: Company, tmp_path: Path) -> Company:
    """K1 Ada owes X-1, which was imported: there is neither a contract nor an opportunity."""
    (tmp_path / "bills.csv").write_text(BILLS, encoding="utf-8")
    company.ltc("import", "invoices", str(tmp_path / "bills.csv"))
    return company


def test_an_imported_invoice_is_found_through_its_customer_and_back(imported: Company) -> None:
    for verb in ("promise K1 --on +5d", "dispute K1 --reason x", "hold X-1 --until +5d --reason x"):
        assert imported.ltc(*verb.split())["ref"] == "X-1", verb
    note = imported.ltc("credit", "K1", "10", "--reason", "late")
    assert (note["ref"], note["invoice"], note["customer"]) == ("CN-2026-0001", "X-1", "K1")
    for ref in ("X-1", "CN-2026-0001"):
        assert "X-1" in [move["ref"] for move in imported.ltc("statement", ref)[0]["movements"]]
        assert {row["customer"] for row in imported.ltc("dun", "--customer", ref, "--dry-run")} == {"K1"}
        assert imported.ltc("writeoff", ref, "--reason", "x", "--dry-run")["ref"] == "X-1"
    assert imported.ltc("ship", "X-1", fails=4)["hint"] == "ltc show X-1"
    imported.config_path.write_text("mail: {from: billing@acme.example}\n", encoding="utf-8")
    error = imported.ltc("send", "X-1", "--to", "ada@ada.example", "--no-send", fails=4)
    assert (error["message"], error["hint"]) == ("X-1 was imported: its text is not known", "ltc statement K1")
    imported.ltc("send", "CN-2026-0001", "--to", "ada@ada.example", "--no-send")
    imported.ltc("collect", "X-1", "30")
    for ref in ("K1", "X-1", "CN-2026-0001", "P1"):
        told = [entry["what"] for entry in imported.ltc("show", ref)["thread"]]
        assert {"invoiced", "credit note for X-1: late", "paid: X-1", "dispute: x"} <= set(told), ref


def test_of_several_invoices_one_has_to_be_named(imported: Company) -> None:
    imported.ltc("lead", "add", "Bob")
    imported.ltc("promote", "L1", "--amount", "50", "--customer", "K1")
    imported.ltc("sign", "O1", "--terms", "100% sign")
    imported.ltc("invoice", "C1")
    error = imported.ltc("dispute", "K1", "--reason", "x", fails=5)
    assert error["message"] == "K1 has several of the kind invoice: X-1, INV-2026-0001"
    assert imported.ltc("dispute", "C1", "--reason", "x")["ref"] == "INV-2026-0001"


def test_what_a_merged_customer_owed_is_found_through_the_one_that_was_kept(imported: Company) -> None:
    imported.ltc("customer", "add", "Bob")
    imported.ltc("customer", "merge", "K2", "K1")
    for ref in ("K1", "K2"):
        assert imported.ltc("dispute", ref, "--reason", "x")["ref"] == "X-1"
    assert imported.ltc("dun", "--customer", "X-1", "--dry-run")[0]["customer"] == "K2"


@pytest.mark.parametrize(
    ("text", "hint"), [("n7", "ltc list notices"), ("O9", "ltc list opportunities"), ("M9", "ltc outbox list")]
)
def test_a_number_that_is_not_there_is_looked_for_in_its_list(text: str, hint: str, imported: Company) -> None:
    assert imported.ltc("show", text, fails=3)["hint"] == hint
