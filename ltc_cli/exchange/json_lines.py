"""JSON: an object a line, or an array of objects; nested objects become columns with a dot in their name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ltc_cli.exchange.chunk import CHUNK, Bad, Chunk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

OBJECT_LIMIT = 1 << 20
"""Characters of an object over several lines."""

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
    chunk = Chunk([], [], [])
    for entry in _entries(lines):
        if isinstance(entry, Bad):
            chunk.bad.append(entry)
        else:
            line, fields = entry
            chunk.lines.append(line)
            chunk.rows.append([fields.get(column, "") for column in columns])
        if len(chunk.lines) + len(chunk.bad) >= CHUNK:
            yield chunk
            chunk = Chunk([], [], [])
    yield chunk


def _entries(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, str]] | Bad]:
    """Objects with the line where each begins. A text that is none ends with its line."""
    pending, begun = "", 0
    is_array = False
    for number, line in enumerate(lines, 1):
        if not pending:
            line, begun = line.lstrip(" \t\r\n,"), number
            if number == 1 and line.startswith("["):
                is_array, line = True, line[1:].lstrip(" \t\r\n,")
        pending += line
        while pending:
            if is_array and pending.strip() == "]":
                return
            try:
                value, end = _decoder.raw_decode(pending)
            except (ValueError, RecursionError):
                break
            yield _entry(begun, value, pending)
            pending, begun = pending[end:].lstrip(" \t\r\n,"), number
        if pending and (len(pending) > OBJECT_LIMIT or not _goes_on(pending, is_array=is_array)):
            yield Bad(begun, "it is no JSON object", pending)
            pending = ""
    if pending.strip() not in ("", "]"):
        yield Bad(begun, "it is cut off", pending)


def _goes_on(text: str, *, is_array: bool) -> bool:
    """Whether more lines may make it an object: only where objects stand on several lines."""
    first = text.splitlines()[0].rstrip()
    return text[0] == "{" and (first == "{" or (is_array and not first.endswith(("}", "},"))))


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
