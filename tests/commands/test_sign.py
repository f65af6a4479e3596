"""`ltc sign`."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support import Company


def test_without_a_quote_the_amount_is_one_line(sale: Company) -> None:
    contract = sale.ltc("sign", "O1", "--by", "Ada")
    assert (contract["ref"], contract["amount"], contract["signed_by"]) == ("C1", "1000.00", "Ada")
    assert [(line["text"], line["quantity"], line["price"]) for line in contract["lines"]] == [("Engines", "1", "1000")]
    assert contract["terms"] == "100% ship; net 30"


def test_the_amount_may_be_said_on_signing(sale: Company) -> None:
    assert sale.ltc("sign", "O1", "--amount", "900.50")["amount"] == "900.50"


def test_the_amount_of_a_quote_signs_the_quote_with_its_lines_terms_and_tax(sale: Company) -> None:
    sale.config_path.write_text("taxes: {S19: {rate: 19%, category: S}}\n", encoding="utf-8")
    sale.ltc("quote", "O1", "--line", "Engine:2:450:S19", "--terms", "100% sign; net 7")
    error = sale.ltc("sign", "Q1", "--amount", "1000", fails=4)
    assert error["message"] == "Q1 is over 900.00 EUR, not 1000.00 EUR"
    contract = sale.ltc("sign", "O1", "--amount", "900")
    assert [(line["text"], line["tax"]) for line in contract["lines"]] == [("Engine", "S19")]
    assert (contract["terms"], contract["tax"]) == ("100% sign; net 7", "171.00")


def test_another_amount_than_the_quotes_is_one_line_and_says_so(sale: Company) -> None:
    sale.config_path.write_text("taxes: {S19: {rate: 19%, category: S}}\n", encoding="utf-8")
    sale.ltc("quote", "O1", "--line", "Engine:2:450:S19", "--terms", "100% sign; net 7")
    contract = sale.ltc("sign", "O1", "--amount", "1000")
    assert ([line["text"] for line in contract["lines"]], contract["terms"]) == (["Engines"], "100% ship; net 30")
    assert "C1 is an amount in one line, not Q1 with its lines" in sale.err


def test_terms_of_nothing_are_not_the_usual_ones(sale: Company) -> None:
    for verb in (("sign", "O1"), ("quote", "O1", "--line", "Engine:1:5")):
        assert sale.ltc(*verb, "--terms", "", fails=2)["message"].startswith("'' is not a share")


def test_what_fees_come_to_is_the_amount_to_sign(sale: Company) -> None:
    wish = ("sign", "O1", "--terms", "900 monthly@1 from 2026-01-01 until 2026-03-31")
    assert "make it 2,700.00 (--amount" in sale.ltc(*wish, fails=2)["hint"]
    assert sale.ltc(*wish, "--amount", "2700.00")["amount"] == "2700.00"


def test_the_lead_names_its_opportunity(sale: Company) -> None:
    assert sale.ltc("sign", "l1")["opportunity"] == "O1"


def test_the_document_is_archived_by_its_hash(sale: Company, tmp_path: Path) -> None:
    document = tmp_path / "contract.pdf"
    document.write_bytes(b"signed and sealed")
    contract = sale.ltc("sign", "O1", "--document", str(document))
    assert contract["document_sha256"] == hashlib.sha256(b"signed and sealed").hexdigest()
    assert sale.ltc("sign", "O1", "--document", str(document))["ref"] == "C1"
    document.write_bytes(b"something else")
    assert sale.ltc("sign", "O1", "--document", str(document), fails=4)["message"].endswith("with another document")


def test_everything_that_differs_is_named(sale: Company) -> None:
    sale.ltc("sign", "O1", "--by", "Ada")
    error = sale.ltc("sign", "O1", "--by", "Eve", "--amount", "5", "--terms", "100% sign", fails=4)
    assert error["message"] == "C1 was signed on 2026-06-15 with another amount and terms and signatory"


def test_another_renewal_is_another_contract(sale: Company) -> None:
    sale.ltc("sign", "O1", "--renews", "1y")
    assert sale.ltc("sign", "O1", "--renews", "2y", fails=4)["code"] == "refused"


def test_named_terms_come_from_the_config(sale: Company) -> None:
    sale.config_path.write_text('terms: {default: "100% sign", half: "50% sign, 50% ship"}\n', encoding="utf-8")
    assert sale.ltc("sign", "O1", "--terms", "half")["terms"] == "50% sign, 50% ship"
