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
