"""Letters for printing: one `.txt` file each, drafted with the decision and put in place once that is kept.

A draft lies hidden in the folder, with the moment of its decision in its name. Whoever comes next puts the drafts of a
run that was killed in between in place.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from ltc_cli.mail.templates import Text

NAME = re.compile(r"\.N([1-9][0-9]{0,17})\.([0-9A-Z.-]+)\.part")


class Draft(NamedTuple):
    """A letter that is not in place: its notice, and the moment that this was recorded at."""

    path: Path
    notice_id: int
    moment: str


def draft(folder: Path, notice_id: int, recorded_at: str, letter: Text) -> None:
    """Write it under its hidden name, so that it outlives a crash. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f".N{notice_id}.{_moment(recorded_at)}.part"
    flags = os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW
    with open(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
        file.write(f"{letter.subject}\n\n{letter.text}")
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
