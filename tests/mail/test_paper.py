"""Letters on paper: no line is wider than the page, and nothing in a name gives orders to a printer."""

from __future__ import annotations

import pytest

from ltc_cli.mail.paper import typeset
from ltc_cli.mail.templates import Text


def printed(text: str) -> list[str]:
    return typeset([], "2026-01-01", ["Ada"], Text("Pay", text, "")).splitlines()[7:]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a" * 76, ["a" * 76]),
        ("a" * 77, ["a" * 76, "a"]),
        (f"{'a' * 70} {'b' * 10} c", ["a" * 70, f"{'b' * 10} c"]),
        ("款" * 39, ["款" * 38, "款"]),
        # 38 of them are full; the comma may not begin a line, so it takes the one before it along.
        (f"{'款' * 38}、款", ["款" * 37, "款、款"]),
        (f"{'款' * 37}（款", ["款" * 37, "（款"]),
        (f"a{'款' * 38}", [f"a{'款' * 37}", "款"]),
        # Vowel signs above a letter need no room of their own.
        ("e\u0301" * 76, ["e\u0301" * 76]),
    ],
)
def test_no_line_is_wider_than_76_columns(text: str, lines: list[str]) -> None:
    assert printed(text) == lines


def test_a_name_gives_no_orders_to_a_printer() -> None:
    text = typeset(
        ["A\x1bcme"], "2026-01-01", ["Ada\x0cLovelace", "Mill Lane\r\nLondon\t2"], Text("Pay", "now\x07\n", "")
    )
    assert text == "A cme\n\n2026-01-01\n\nAda\nLovelace\nMill Lane\nLondon 2\n\n\nPay\n\nnow \n"
