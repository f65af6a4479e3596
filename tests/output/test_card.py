from __future__ import annotations

import pytest

from ltc_cli.report import Column, Report, Row
from tests.output.streams import cells, in_pipe, on_terminal

COLUMNS = [
    Column("ref", "ref"),
    Column("status", "status"),
    Column("customer", "ref"),
    Column("customer_name"),
    Column("amount", "money"),
    Column("billed", "money"),
    Column("currency"),
    Column("signed_on", "date"),
    Column("note"),
    Column("tags", "list"),
    Column("plan", "list", columns=(Column("share", "percent"), Column("trigger"), Column("amount", "money"))),
    Column("lines", "list", columns=(Column("line", "count"), Column("text"))),
]
ROW: Row = {
    "ref": "C1",
    "status": "signed",
    "customer": "K1",
    "customer_name": "Acme GmbH",
    "amount": "12000.00",
    "billed": "3600.00",
    "currency": "EUR",
    "signed_on": None,
    "note": "back gate",
    "tags": ["vip", "north"],
    "plan": [
        {"share": 0.3, "trigger": "sign", "amount": "3600.00"},
        {"share": 0.7, "trigger": "ship", "amount": "8400.00"},
    ],
    "lines": [],
}


def card(**changed: object) -> Report:
    return Report(COLUMNS, [ROW | changed], title="Contract", is_record=True)


def test_a_card_on_a_terminal() -> None:
    assert (
        on_terminal(card()).out
        == """\
C1  signed

customer  K1 Acme GmbH
amount    EUR 12,000.00
billed    EUR  3,600.00
note      back gate
tags      vip, north

plan
  share  trigger    amount
  ────────────────────────
   30 %  sign     3,600.00
   70 %  ship     8,400.00
"""
    )


def test_a_card_in_a_pipe_has_no_lines() -> None:
    assert (
        in_pipe(card()).out
        == """\
C1  signed

customer  K1 Acme GmbH
amount    EUR 12,000.00
billed    EUR  3,600.00
note      back gate
tags      vip, north

plan
  share  trigger    amount
   30 %  sign     3,600.00
   70 %  ship     8,400.00
"""
    )


def test_a_record_without_a_reference_is_headed_by_its_title() -> None:
    report = Report([Column("read", "count"), Column("rejected", "count")], [{"read": 1200, "rejected": 0}],
                    title="Import", is_record=True)  # fmt: skip
    expected = "Import\n\nread      1,200\nrejected  0\n"
    assert on_terminal(report).out == in_pipe(report).out == expected


def test_a_currency_without_amounts_is_a_value() -> None:
    report = Report([Column("currency")], [{"currency": "EUR"}], is_record=True)
    assert on_terminal(report).out == in_pipe(report).out == "currency  EUR\n"


def test_a_name_without_its_reference_is_a_value() -> None:
    assert "customer name  Acme GmbH" in on_terminal(card(customer=None)).out


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_long_text_is_wrapped_under_itself_and_never_cut(width: int) -> None:
    words = [f"word{number}" for number in range(60)]
    lines = on_terminal(card(note=" ".join(words), plan=[]), width=width).out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("note"))
    wrapped = [line for line in lines[at:] if not line.startswith("tags")]
    assert " ".join(line[10:].strip() for line in wrapped).split() == words
    assert all(line.startswith(("note      ", " " * 10)) for line in wrapped)
    assert max(map(cells, lines)) <= width


def test_a_word_wider_than_the_terminal_is_folded_without_loss() -> None:
    shown = on_terminal(card(note="x" * 500, plan=[]), width=40).out
    assert shown.count("x") == 500
    assert max(map(cells, shown.splitlines())) == 40


def test_a_pipe_wraps_nothing() -> None:
    assert "note      " + "x " * 499 + "x\n" in in_pipe(card(note="x " * 499 + "x")).out


@pytest.mark.parametrize("width", [10, 20, 40])
def test_an_amount_on_a_card_is_never_cut(width: int) -> None:
    assert "EUR 12,000.00\n" in on_terminal(card(), width=width).out


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[2J", r"\x1b[2J"),
        ("\u202ex", r"\u202ex"),
        ("[/]", "[/]"),
        ("a\nstatus    paid", "a⏎status    paid"),
    ],
)
def test_a_naughty_value_is_shown_as_it_is_spelled(raw: str, shown: str) -> None:
    for drawn in (on_terminal(card(note=raw)).out, in_pipe(card(note=raw)).out):
        assert f"note      {shown}\n" in drawn
