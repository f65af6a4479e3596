from __future__ import annotations

import pytest

from ltc_cli.output.cells import bar, cell, grouped, percent, rate
from ltc_cli.output.screen import ASCII, UNICODE, Screen
from ltc_cli.report import Column, Kind

SCREEN = Screen(80, is_terminal=True, colour=False, encoding="utf-8", glyphs=UNICODE, timezone="Asia/Shanghai")


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("12345.00", "12,345.00"),
        ("999.99", "999.99"),
        ("-1200.00", "-1,200.00"),
        ("3600", "3,600"),
        ("1234567.123456", "1,234,567.123456"),
        (1240, "1,240"),
        ("n/a", "n/a"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_numbers_have_thousands_separators(number: object, shown: str) -> None:
    assert grouped(number) == shown


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.125, "12.5 %"), (0.33, "33 %"), (1, "100 %"), (0, "0 %"), (1 / 3, "33.3 %"), ("0.5", "50 %")],
)
def test_a_share_is_shown_in_percent(share: float | str, shown: str) -> None:
    assert percent(share) == shown


@pytest.mark.parametrize(
    ("share", "shown"), [(0.19, "19 %"), (0.055, "5.5 %"), (0.08875, "8.875 %"), (0, "0 %"), (1, "100 %")]
)
def test_a_rate_is_shown_as_exactly_as_it_is(share: float, shown: str) -> None:
    assert rate(share) == shown


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        ("1.0", "██████████"),
        ("0.5", "█████"),
        ("0.25", "██▌"),  # 10 × 0.25 = 2 whole blocks and a half
        ("0.0125", "▏"),  # 10 × 0.0125 = one eighth
        ("0.0001", "▏"),
        ("0", ""),
        ("", ""),
        ("1.7", "██████████"),
        ("-0.2", ""),
    ],
)
def test_a_bar_is_as_long_as_its_share_and_never_lost(share: str, shown: str) -> None:
    assert bar(share, 10, UNICODE) == shown


def test_a_bar_in_ascii_is_made_of_number_signs() -> None:
    assert bar("0.5", 10, ASCII) == "#####"


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("money", None, "–"),
        ("date", None, ""),
        ("status", "partly_paid", "partly paid"),
        ("date", "2026-12-31", "2026-12-31"),
        ("moment", "2026-12-31T23:59:59.999999Z", "2027-01-01 07:59"),
        ("text", True, "yes"),
        ("text", False, "no"),
        ("text", "a\nb\r\nc", "a⏎b⏎c"),
        ("text", "partly_paid", "partly_paid"),
        ("list", ["vip", "north"], "vip, north"),
        ("list", [], ""),
        ("days", 12.5, "12.5"),
    ],
)
def test_a_value_is_worded_by_its_kind(kind: Kind, value: object, shown: str) -> None:
    assert cell(Column("x", kind), value, SCREEN) == shown


def test_rows_inside_a_cell_are_named_by_their_first_key() -> None:
    column = Column("lines", "list", columns=(Column("line"), Column("quantity")))
    assert cell(column, [{"line": 1, "quantity": "2"}, {"line": 2}], SCREEN) == "1, 2"


def test_what_the_stream_cannot_encode_is_spelled_out() -> None:
    ascii_screen = SCREEN._replace(encoding="ascii", glyphs=ASCII)
    assert cell(Column("x"), "Société\n张", ascii_screen) == r"Soci\xe9t\xe9\n\u5f20"
