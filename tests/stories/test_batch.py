"""A day's work from another program: a command a line, with keys, and the whole or nothing at the end of the month."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.stories.telling import balance, funnel, owed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support import Company

SALE = """
# Engines buys for 1,200: a third on signature, the rest when it has been shipped.
lead add "Ada Lovelace" --company "Analytical Engines" --email ada@engines.example --key crm-1
nurture L1 --log call
{"command": ["promote", "L1", "--amount", "1200"], "key": "crm-2"}
sign O1 --terms "400 sign, rest ship; net 30" --on 2026-06-01

invoice C1
collect C1 400 --key bank-7
"""


def answers(company: Company, lines: str, folder: Path, *options: str, code: int = 0) -> list[dict[str, Any]]:
    file = folder / "lines.txt"
    file.write_text(lines, encoding="utf-8")
    assert company.run("batch", str(file), *options) == code
    return [json.loads(line) for line in company.out.splitlines()]


def test_a_sale_line_by_line(company: Company, tmp_path: Path) -> None:
    done = answers(company, SALE, tmp_path)
    assert [answer["line"] for answer in done] == [3, 4, 5, 6, 8, 9]
    assert done[-1]["answer"]["allocations"] == [
        {"invoice": "INV-2026-0001", "amount": "400.00", "currency": "EUR", "paid": "400.00"}
    ]
    assert balance(company, "INV-2026-0001") == "0.00"
    assert funnel(company)["collected"] == 1


def test_the_bank_file_comes_twice_and_the_money_once(company: Company, tmp_path: Path) -> None:
    answers(company, SALE, tmp_path)
    answers(company, "ship C1\ninvoice C1\n", tmp_path)
    paid = 'collect C1 300 --key bank-8\n{"command": ["collect", "C1", "200"], "key": "bank-9"}\n'
    assert answers(company, paid, tmp_path) == answers(company, paid, tmp_path)
    # 1,200 less 400, 300 and 200.
    assert sum(map(Decimal, owed(company, "2026-06-15").values())) == 300


def test_a_month_is_billed_as_a_whole_or_not_at_all(company: Company, tmp_path: Path) -> None:
    answers(company, SALE, tmp_path)
    (failed,) = answers(company, "ship C1\ninvoice C1\ncollect C2\n", tmp_path, "--atomic", code=3)
    assert failed["line"] == 3
    assert company.ltc("show", "C1")["billed"] == "400.00"
    shipped, invoiced = answers(company, "ship C1\ninvoice C1\n", tmp_path, "--atomic")
    assert shipped["answer"]["ref"] == "S1"
    # The number that was taken back is given again: no gap.
    assert [(invoice["ref"], invoice["total"]) for invoice in invoiced["answer"]] == [("INV-2026-0002", "800.00")]
