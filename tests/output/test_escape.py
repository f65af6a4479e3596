from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltc_cli.output.escape import visible, visible_in_json


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("Acme GmbH", "Acme GmbH"),
        ("张伟 – Société é", "张伟 – Société é"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\x00b\x7fc", r"a\x00b\x7fc"),
        ("\x9b31m", r"\x9b31m"),
        ("abc\u202ecba", r"abc\u202ecba"),
        ("\u2066x\u2069", r"\u2066x\u2069"),
        ("\u200e\u200f\u061c", r"\u200e\u200f\u061c"),
        ("a\u2028b\u2029c", r"a\u2028b\u2029c"),
        ("\ufeffname", r"\ufeffname"),
        ("one\r\ntwo\tthree", r"one\r\ntwo\tthree"),
        ("\udc80", r"\udc80"),
        (r"C:\new", r"C:\new"),
    ],
)
def test_hidden_characters_are_spelled_out_and_others_left_alone(raw: str, shown: str) -> None:
    assert visible(raw) == shown


@given(st.text(st.characters()))
def test_nothing_visible_controls_a_terminal(text: str) -> None:
    assert not [c for c in visible(text) if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}]
    assert not [c for c in visible(text) if unicodedata.bidirectional(c) in {"RLO", "LRO", "RLI", "LRI", "PDF"}]


@given(st.text(st.characters()))
def test_json_means_the_same_after_its_hidden_characters_are_escaped(text: str) -> None:
    shown = visible_in_json(json.dumps([text], ensure_ascii=False))
    assert json.loads(shown) == [text]
    assert shown == visible(shown)
