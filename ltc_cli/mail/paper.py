"""Letters for printing: what stands on the page."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ltc_cli.mail.templates import Text

COLUMNS = 76
"""As wide as a page that is printed as text; a Chinese character takes two."""


class Page(NamedTuple):
    """A letter as it is printed."""

    sender: str
    recipient: str
    """The postal address in one line."""
    subject: str
    text: str


def typeset(sender: Iterable[str], on: str, recipient: Iterable[str], letter: Text) -> str:
    """A letter as it goes into an envelope: who writes to whom and when, then what. Each part may be of many lines."""
    head = ["\n".join(sender), on, "\n".join(recipient)]
    text = "\n\n".join([*filter(None, head), f"\n{letter.subject}", letter.text])
    printed = (_printable(line) for line in text.splitlines())
    return "".join(f"{part}\n" for line in printed for part in _folded(line)).lstrip("\n")


def bare(letter: Text) -> str:
    """A letter whose text is all that is printed."""
    return f"{letter.subject}\n\n{letter.text}"


def in_one_line(address: str) -> str:
    """A postal address, as a list shows it."""
    return ", ".join(filter(None, (line.strip() for line in address.splitlines())))


def _printable(line: str) -> str:
    """No form feed and no other order to a printer."""
    return "".join(" " if unicodedata.category(character) == "Cc" else character for character in line)


def _folded(line: str) -> Iterator[str]:
    while (most := _fitting(line)) < len(line):
        end = next((place for place in range(most, 0, -1) if _may_end(line, place)), most)
        yield line[:end].rstrip()
        line = line[end:].lstrip()
    yield line


def _fitting(line: str) -> int:
    """How many of its characters there is room for."""
    columns = 0
    for place, character in enumerate(line):
        columns += 2 if _is_wide(character) else 0 if unicodedata.combining(character) else 1
        if columns > COLUMNS:
            return place
    return len(line)


def _may_end(line: str, place: int) -> bool:
    """At blanks, and beside Chinese characters: but no line begins with what closes, nor ends with what opens."""
    before, after = line[place - 1], line[place]
    if before.isspace() or after.isspace():
        return True
    if not (_is_wide(before) or _is_wide(after)) or unicodedata.category(before) == "Ps":
        return False
    return unicodedata.category(after) not in ("Pe", "Pf", "Po")


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"
