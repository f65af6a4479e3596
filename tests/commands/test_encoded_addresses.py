"""An encoded word is no address: it is refused where it comes in."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from tests.support import Company

if TYPE_CHECKING:
    from pathlib import Path

WORD = "=?utf-8?q?a?=@x.example"


def test_it_is_refused_wherever_it_is_typed(tmp_path: Path) -> None:
    company = Company(tmp_path, today="2026-06-01")
    company.ltc("lead", "add", "Ada", "--email", "ada@x.example")
    company.ltc("customer", "add", "Engines")
    for typed in ("lead add Eve --email {}", "customer add Eve --email {}", "edit L1 email={}", "edit K1 email={}"):
        error = company.ltc(*shlex.split(typed.format(WORD)), fails=2)
        assert error["message"] == f"{WORD} holds an encoded word"
    assert [row["email"] for row in company.ltc("list", "leads")] == ["ada@x.example"]


def test_an_import_rejects_its_row_and_keeps_the_others(tmp_path: Path) -> None:
    company = Company(tmp_path, today="2026-06-01")
    file = tmp_path / "rows.csv"
    file.write_text(f"name,email\nAda,ada@x.example\nEve,{WORD}\n")
    for kind in ("leads", "customers"):
        assert company.run("import", kind, str(file)) == 8
        assert f"line 3: {WORD} holds an encoded word" in company.err
        assert [row["name"] for row in company.ltc("list", kind)] == ["Ada"]
