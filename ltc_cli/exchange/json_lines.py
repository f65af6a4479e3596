"""JSON: an object a line, or an array of objects; nested objects become columns with a dot in their name."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ltc_cli.exchange.chunk import CHUNK, CHUNK_CHARACTERS, Bad, Chunk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

OBJECT_LIMIT = 1 << 20
"""Characters of an object."""
WORD = 10
"""Characters of `-Infinity`, and one more."""
SLICE = 1 << 15
SPARED_TRIES = 50
"""Times that an object is tried before the next try waits until it has grown by a quarter: so the time stays linear."""

AFTER_DEPTH = r"\}[ \t]*,?[ \t]*[\r\n]+"
"""What ends objects that lie too deep in each other: nothing inside of them is a row."""

_decoder = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
"""Numbers stay as they are written."""


def survey(lines: Iterable[str]) -> list[str]:
    """The names of all columns, in the order in which they first come."""
    columns: dict[str, None] = {}
    for entry in _entries(lines):
        if not isinstance(entry, Bad):
            columns.update(dict.fromkeys(entry[1]))
    return list(columns)


def chunks(lines: Iterable[str], columns: list[str]) -> Iterator[Chunk]:
    """The objects as rows of these columns."""
    chunk, characters = Chunk([], [], []), 0
    for entry in _entries(lines):
        if isinstance(entry, Bad):
            chunk.bad.append(entry)
            characters += len(entry.text)
        else:
            line, fields = entry
            chunk.lines.append(line)
            chunk.rows.append([fields.get(column, "") for column in columns])
            characters += sum(map(len, fields.values()))
        if len(chunk.lines) + len(chunk.bad) >= CHUNK or characters > CHUNK_CHARACTERS:
            yield chunk
            chunk, characters = Chunk([], [], []), 0
    yield chunk


def _entries(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, str]] | Bad]:
    """Objects with the line where each begins. A text that is none ends where the next object seems to begin."""
    reading, number = _Reading(), 1
    for line in lines:
        yield from reading.take(number, line)
        number += _ends(line)
    yield from reading.objects(is_end=True)


class _Reading:
    """Keeps what may become an object when more lines come."""

    def __init__(self) -> None:
        self.is_array: bool | None = None
        """None before the first text."""
        self.parts: list[str] = []
        self.line = 0
        """Where they begin."""
        self.column = 0
        self.size = self.tries = self.next_try = 0
        self.lost = ""
        """After a text that is no object: the pattern before the next one."""

    def take(self, number: int, line: str) -> Iterator[tuple[int, dict[str, str]] | Bad]:
        """The objects that end with this line, or with this piece of one."""
        if self.lost:
            found = re.search(self.lost, line, re.MULTILINE)
            if not found:
                return
            line, self.lost = line[found.end() :], ""
        if self.is_array is None and line.strip():
            self.is_array = line.lstrip().startswith("[")
        if not self.parts:
            self.line, self.column = number, 0
        self.parts.append(line)
        self.size += len(line)
        may_end = len(self.parts) == 1 or "}" in line or line.lstrip().startswith("{") or not _ends(line)
        if (may_end and self.size >= self.next_try) or self.size > OBJECT_LIMIT:
            yield from self.objects()

    def objects(self, *, is_end: bool = False) -> Iterator[tuple[int, dict[str, str]] | Bad]:
        """What can be read now; the rest is kept, unless it is none, or the file ends."""
        text = "".join(self.parts)
        self.parts, self.size = [], 0
        at = self._next(text, 0)
        while at < len(text):
            try:
                value, end = _decoder.raw_decode(text, at)
            except (ValueError, RecursionError) as problem:
                is_cut = _is_right_so_far(text, problem) and len(text) - at <= OBJECT_LIMIT
                if is_cut and not is_end and self._goes_on(text, at):
                    return self._keep(text[at:])
                is_deep = isinstance(problem, RecursionError)
                end = len(text) if is_cut and is_end else self._lose(text, at, AFTER_DEPTH if is_deep else "")
                yield Bad(self.line, "it is cut off" if is_cut and is_end else "it is no JSON object", text[at:end])
                at = self._next(text, end, at)
                if at > SLICE:  # the decoder counts the lines before each problem
                    text, at = text[at:], 0
            else:
                yield _entry(self.line, value, text[at:end])
                at = self._next(text, end, at)
            self.tries = self.next_try = 0
        return None

    def _next(self, text: str, end: int, begin: int = 0) -> int:
        """Where the next object begins; line and column go along."""
        at = end
        between = " \t\r\n,[]" if self.is_array else " \t\r\n,"
        while at < len(text) and text[at] in between:
            at += 1
        passed = text.count("\n", begin, at) or text.count("\r", begin, at)
        self.line += passed
        self.column = at - text.rfind("\n", begin, at) - 1 if passed else self.column + at - begin
        return at

    def _keep(self, text: str) -> None:
        self.parts, self.size = [text], len(text)
        self.tries += 1
        self.next_try = 0 if self.tries < SPARED_TRIES else len(text) * 5 // 4

    def _goes_on(self, text: str, at: int) -> bool:
        """Whether what is right so far may become an object with more text: a piece of a line, or one over lines."""
        if not _ends(text):
            return True
        if text[at] != "{":
            return False
        first = text[at:].splitlines()[0].rstrip()
        return first == "{" or (bool(self.is_array) and not first.endswith(("}", "},")))

    def _lose(self, text: str, at: int, pattern: str) -> int:
        """Where the next object may begin, by a pattern or as `_beginning` has it."""
        pattern = pattern or self._beginning(text, at)
        found = re.compile(pattern, re.MULTILINE).search(text, at + 1)
        if found:
            return found.end()
        self.lost = pattern
        return len(text)

    def _beginning(self, text: str, at: int) -> str:
        """The pattern before the next object: an entry of an array at the same depth, or with the same first name."""
        pattern = r"(?<=[\r\n])"
        if self.is_array or text[at:].split(None, 1)[:1] == ["{"]:
            pattern = rf"^[ \t]{{0,{min(self.column, 200)}}}(?:,[ \t]*)?(?=\{{)"
        first = re.match(r'\{\s*("(?:[^"\\]|\\.)*")', text[at : at + 1000])
        if self.is_array and first:
            pattern += rf"|(?<=\}})\s*,\s*(?=\{{\s*{re.escape(first[1])}\s*:)"
        return pattern


def _is_right_so_far(text: str, problem: Exception) -> bool:
    """Whether nothing but its end is missing; a string, a number or a word may go on in the next piece of its line."""
    if not isinstance(problem, json.JSONDecodeError):
        return False
    if _ends(text):
        return re.compile(r"\s*\Z").match(text, problem.pos) is not None
    return problem.msg.startswith("Unterminated") or problem.pos >= len(text) - WORD


def _ends(line: str) -> bool:
    """Whether it is whole, or a piece of a long line."""
    return line.endswith(("\n", "\r"))


def _entry(line: int, value: Any, text: str) -> tuple[int, dict[str, str]] | Bad:
    if not isinstance(value, dict):
        return Bad(line, "it is no JSON object", text)
    fields: dict[str, str] = {}
    _flatten(value, "", fields)
    return line, fields


def _flatten(value: dict[str, Any], prefix: str, fields: dict[str, str]) -> None:
    for key, each in value.items():
        if isinstance(each, dict):
            _flatten(each, f"{prefix}{key}.", fields)
        else:
            fields[f"{prefix}{key}"] = _text(each)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        plain = all(isinstance(each, str) for each in value)
        return ", ".join(value) if plain else json.dumps(value, ensure_ascii=False)
    return str(value)
