"""What a stream can show: its width, colour, and characters."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, NamedTuple

from ltc_cli.output.escape import visible

if TYPE_CHECKING:
    from typing import TextIO

USUAL_WIDTH: Final = 80


class Glyphs(NamedTuple):
    """The signs that are ours, not the data's."""

    rule: str
    dash: str
    cut: str
    line_break: str
    blocks: str
    """From empty to full, for bars."""


UNICODE: Final = Glyphs("─", "–", "…", "⏎", " ▏▎▍▌▋▊▉█")
ASCII: Final = Glyphs("-", "-", "...", r"\n", " #")


class Screen(NamedTuple):
    """Where a table is drawn. A width of None has no end: nothing is ever cut in a pipe."""

    width: int | None
    is_terminal: bool
    colour: bool
    encoding: str
    glyphs: Glyphs
    timezone: str = ""
    """In which moments are told; empty: the machine's own."""

    def text(self, value: object) -> str:
        """The value on one line, in characters that this stream can show."""
        one_line = str(value).replace("\r\n", "\n").replace("\n", self.glyphs.line_break)
        return encodable(visible(one_line), self.encoding)

    def prose(self, value: object) -> str:
        """The value's lines; in a pipe, where a row is one line, with semicolons between."""
        lines = str(value).replace("\r\n", "\n").split("\n")
        return ("\n" if self.is_terminal else "; ").join(map(self.text, lines))


def screen_of(out: TextIO, *, colour: bool | None = None, width: int | None = None, timezone: str = "") -> Screen:
    """What this stream can show; `colour` and `width` in place of what it says itself."""
    is_terminal = out.isatty() or colour is True
    encoding = encoding_of(out)
    return Screen(
        width=(width or _width_of(out)) if is_terminal else None,
        is_terminal=is_terminal,
        colour=wants_colour(out) if colour is None else colour,
        encoding=encoding,
        glyphs=UNICODE if can_encode("".join(UNICODE), encoding) else ASCII,
        timezone=timezone,
    )


def encoding_of(stream: TextIO) -> str:
    return getattr(stream, "encoding", None) or "utf-8"


def can_encode(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def encodable(text: str, encoding: str) -> str:
    """The text, with what the encoding does not know written as `\\xe9`."""
    return text.encode(encoding, "backslashreplace").decode(encoding)


def write(stream: TextIO, text: str) -> None:
    """Writes the text, whatever the stream's encoding."""
    try:
        stream.write(text)
    except UnicodeEncodeError:
        stream.write(encodable(text, encoding_of(stream)))


def wants_colour(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _width_of(out: TextIO) -> int | None:
    if not out.isatty():
        return None
    asked = os.environ.get("COLUMNS", "")
    return int(asked) if asked.isdecimal() and int(asked) else _terminal_width(out)


def _terminal_width(out: TextIO) -> int:
    try:
        return os.get_terminal_size(out.fileno()).columns or USUAL_WIDTH
    except (OSError, ValueError):
        return USUAL_WIDTH
