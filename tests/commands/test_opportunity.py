"""`ltc advance`, `ltc quote`, `ltc lose` and `ltc reopen`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support import Company


def test_advance_goes_to_the_next_stage_of_the_config(sale: Company) -> None:
    sale.config_path.write_text(
        "stages:\n  - {name: new, probability: 10%}\n  - {name: demo, probability: 30%}\n", encoding="utf-8"
    )
    moved = sale.ltc("advance", "O1")
    assert (moved["stage"], moved["probability"]) == ("demo", 0.3)


def test_a_probability_alone_moves_to_no_other_stage(sale: Company) -> None:
    moved = sale.ltc("advance", "O1", "--probability", "12.5%")
    assert (moved["stage"], moved["probability"]) == ("new", 0.125)


def test_a_next_step_alone_moves_to_no_other_stage(sale: Company) -> None:
    planned = sale.ltc("advance", "O1", "--next", "fri call about the quote")
    # 2026-06-15 is a Monday.
    assert (planned["stage"], planned["next_on"], planned["next_step"]) == ("new", "2026-06-19", "call about the quote")


def test_a_stage_is_found_in_any_case(sale: Company) -> None:
    assert sale.ltc("advance", "O1", "--stage", " Proposal ")["stage"] == "proposal"


def test_lost_and_reopened(sale: Company) -> None:
    lost = sale.ltc("lose", "O1", "--reason", "price", "--note", "ten percent too dear")
    assert (lost["status"], lost["probability"], lost["reason"]) == ("lost", 0, "price")
    sale.ltc("lose", "O1", "--reason", "price")
    assert "O1 is lost already" in sale.err
    assert sale.ltc("reopen", "O1")["status"] == "open"
    sale.ltc("reopen", "O1")
    assert "O1 is open already" in sale.err


def test_a_quote_is_the_next_version_and_the_older_one_is_superseded(sale: Company) -> None:
    assert sale.ltc("quote", "O1", "--line", "Widget:2:10")["version"] == 1
    assert sale.ltc("quote", "O1", "--line", "Widget:3:10")["version"] == 2
    assert [quote["status"] for quote in sale.ltc("list", "quotes")] == ["superseded", "draft"]
    assert sale.ltc("list", "opportunities")[0]["amount"] == "30.00"


def test_a_line_may_have_colons_in_its_text(sale: Company) -> None:
    (line,) = sale.ltc("quote", "O1", "--line", "Cable: 2 m: black:4:1.25")["lines"]
    assert (line["text"], line["quantity"], line["price"], line["net"]) == ("Cable: 2 m: black", "4", "1.25", "5.00")


def test_a_quote_is_sent_accepted_and_signed(sale: Company) -> None:
    sale.ltc("quote", "O1", "--line", "Widget:2:10")
    assert sale.ltc("quote", "Q1", "--send")["status"] == "sent"
    sale.ltc("quote", "O1", "--send")
    assert "Q1 is sent already" in sale.err
    assert sale.ltc("quote", "Q1", "--accept")["status"] == "accepted"
    assert sale.ltc("sign", "Q1")["amount"] == "20.00"


def test_a_quote_expires_after_its_last_day(sale: Company) -> None:
    sale.ltc("quote", "O1", "--line", "Widget:2:10", "--valid-until", "+10d")
    assert sale.ltc("show", "Q1", today="2026-06-25")["status"] == "draft"
    assert sale.ltc("show", "Q1", today="2026-06-26")["status"] == "expired"
