"""Letters for printing: one `.txt` file each, drafted with the decision and put in place once that is kept.

A draft lies hidden in the folder, with the moment of its decision in its name. Whoever comes next puts the drafts of a
run that was killed in between in place.
"""

from __future__ import annotations

import os
import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ltc_cli.mail.templates import Text

COLUMNS = 76
"""As wide as a page that is printed as text; a Chinese character takes two."""

NAME = re.compile(r"\.N([1-9][0-9]{0,17})\.([0-9A-Z.-]+)\.part")


class Draft(NamedTuple):
    """A letter that is not in place: its notice, and the moment that this was recorded at."""

    path: Path
    notice_id: int
    moment: str


def page(sender: Iterable[str], on: str, recipient: Iterable[str], letter: Text) -> str:
    """A letter as it goes into an envelope: who writes to whom and when, then what. Each part may be of many lines."""
    head = ["\n".join(sender), on, "\n".join(recipient)]
    text = "\n\n".join([*filter(None, head), f"\n{letter.subject}", letter.text])
    printed = (_printable(line) for line in text.splitlines())
    return "".join(f"{part}\n" for line in printed for part in _folded(line)).lstrip("\n")


def bare(letter: Text) -> str:
    """A letter whose text is all that is printed."""
    return f"{letter.subject}\n\n{letter.text}"


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


def draft(folder: Path, notice_id: int, recorded_at: str, text: str) -> None:
    """Write it under its hidden name, so that it outlives a crash. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f".N{notice_id}.{_moment(recorded_at)}.part"
    flags = os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW
    with open(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def drafts(folder: Path) -> list[Draft]:
    """What is drafted there and not in place, the oldest first."""
    found = ((path, NAME.fullmatch(path.name)) for path in folder.glob(".N*.part"))
    return sorted((Draft(path, int(match[1]), match[2]) for path, match in found if match), key=lambda each: each[1:])


def is_of(letter: Draft, recorded_at: str) -> bool:
    """Whether it was written with a notice that was recorded at this moment."""
    return letter.moment == _moment(recorded_at)


def put_in_place(letter: Draft) -> str | None:
    """Give it its own name, in the place of nothing that is there. Answers why it could not be."""
    target = letter.path.with_name(f"N{letter.notice_id}.txt")
    try:
        if not (target.exists() and target.samefile(letter.path)):
            os.link(letter.path, target)
        letter.path.unlink()
    except OSError as error:
        if not letter.path.exists():  # another run was faster
            return None
        return f"N{letter.notice_id} is not written to {target}: {error.strerror}"
    return None


def _moment(recorded_at: str) -> str:
    """As it can stand in the name of a file on every system."""
    return recorded_at.replace(":", "")
