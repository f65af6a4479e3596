"""A notice that is withdrawn before it goes takes its claims back, also when they are paid; the thread tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support import Company

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """
company: {name: Acme, email: billing@acme.example}
dunning: {levels: [{name: first, after: 15d, mail: reminder, fee: 10, interest: 10%}]}
"""


def test_claims_that_were_paid_before_the_notice_went_are_credit(tmp_path: Path) -> None:
    """100.00, 15 days late: fee 10.00, interest 0.41; all is paid before the mail goes, and 10.41 is credit again."""
    company = Company(tmp_path, config=CONFIG, today="2026-06-01")
    company.ltc("lead", "add", "Ada", "--company", "Engines", "--email", "ada@engines.example")
    company.ltc("promote", "L1", "--amount", "100")
    company.ltc("sign", "O1", "--terms", "100% sign")
    company.ltc("invoice", "C1")
    late = "2026-06-16"
    company.ltc("dun", "--no-send", today=late)
    assert company.ltc("collect", "INV-2026-0001", today=late)["amount"] == "110.41"
    [mail] = company.ltc("outbox", "send", "--to-folder", str(tmp_path / "mails"), today=late)
    assert mail["status"] == "cancelled"
    shown = company.ltc("show", "P1", today=late)
    assert shown["unapplied"] == "10.41"
    assert "claim withdrawn: INV-2026-0001" in [entry["what"] for entry in shown["thread"]]
    assert company.run("check") == 0, company.out
