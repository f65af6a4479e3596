"""Names and numbers as parts of a line of text: nothing that somebody was called can end the line, or begin another."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    import re

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Marks that turn the direction of what follows, also of what is not theirs."""
BREAKING = ("Cc", "Cs", "Zl", "Zp")
"""Categories of Unicode: controls, half characters, separators of lines and paragraphs."""

PLAIN_PUNCTUATION = "-_./#&+"
ESCAPED = "X-"


def on_one_line(text: str) -> str:
    """The words with one blank between them, without controls and marks of direction."""
    kept = (
        " " if character in BIDI or unicodedata.category(character) in BREAKING else character for character in text
    )
    return " ".join("".join(kept).split())


def token(number: str) -> str:
    """A legal number without anything that could be punctuation: `A,1` is `A%2C1`, and no two become the same."""
    return "".join(each if each.isalnum() or each in PLAIN_PUNCTUATION else quote(each, safe="") for each in number)


def word(code: str, plain: re.Pattern[str]) -> str:
    """A code as a plain word; one that is none is escaped, so that no two become the same: `S 19` is `X-S-20-19`."""
    if plain.fullmatch(code) and not code.startswith(ESCAPED):
        return code
    return ESCAPED + "".join(each if each.isascii() and each.isalnum() else f"-{ord(each):X}-" for each in code)
