"""The colours: what a status, an age and a reference look like."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ltc_cli.report import Column

REFERENCE: Final = "bold cyan"
FAINT: Final = "dim"

_AGES: Final = ("green", "yellow", "dark_orange", "red", "bold red")
_WORDS: Final = {
    "green": "accepted applied closed collected delivered done fulfilled paid promoted sent won",
    "cyan": "draft new open queued review shipped signed",
    "yellow": "claimed disputed nurtured partly_paid qualified sending unapplied",
    "red": "dropped expired failed lost overdue promise_broken refunded rejected returned reversed terminated unknown",
    "dim": "cancelled credited on_hold promised superseded void written_off",
}
_STATUSES: Final = {word.replace("_", " "): style for style, words in _WORDS.items() for word in words.split()}
_NOT_ZERO = re.compile("[1-9]")


def style_of(column: Column, cell: str) -> str:
    """The style of a whole cell, "" for none."""
    match column.kind:
        case "status":
            return _STATUSES.get(cell, "")
        case "ref":
            return REFERENCE
        case "bar":
            return "cyan"
        case "money":
            return _money_style(column, cell)
    return ""


def _money_style(column: Column, cell: str) -> str:
    if not _NOT_ZERO.search(cell):
        return FAINT
    return "" if column.age is None else _AGES[min(column.age, len(_AGES) - 1)]
