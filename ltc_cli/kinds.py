"""Kinds of values in config.yaml: how each is read, checked and shown, alone and inside lists, maps and records."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ltc_cli.errors import LtcError, UsageError
from ltc_cli.rules.calendar import parse_iso_date
from ltc_cli.rules.contact import clean_name, normalise_email
from ltc_cli.rules.country import normalise_country
from ltc_cli.rules.money import format_amount, format_percent, parse_amount, parse_currency, parse_percent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


# A file, a value in it, and what is wrong there ----------------------------------------------------------


class Node(NamedTuple):
    """A value as written: text, null, a list or a map; with the line of its key."""

    line: int
    value: str | list[Node] | dict[str, Node] | None


class Place(NamedTuple):
    """Where a value stands, and what is needed to understand it."""

    key: str
    folder: Path
    """Relative paths count from here."""
    currency: str
    """Amounts are in this."""
    problems: list[tuple[int, str]]

    def at(self, step: str) -> Place:
        return self._replace(key=f"{self.key}{step}".removeprefix("."))

    def blame(self, line: int, problem: str) -> None:
        self.problems.append((line, f"{self.key}: {problem}" if self.key else problem))


class Kind(NamedTuple):
    """A type of value: how it is read from the file (UsageError when it is wrong) and shown."""

    name: str
    read: Callable[[Node, Place], Any]
    show: Callable[[Any, str], str]
    """The value, and the currency its amounts are in, as config.yaml would hold it."""
    unit: str = ""
    inside: tuple[Setting, ...] = ()
    step: str = ""
    """From the key to the keys inside: `.`, `[].` or `.NAME.`"""


class Setting(NamedTuple):
    """One row of the table. Default None: may be without; REQUIRED: the record cannot be without it."""

    key: str
    kind: Kind
    default: Any
    meaning: str

    @property
    def attribute(self) -> str:
        return self.key + self.kind.unit


REQUIRED: Final = ...


def value_of(kind: Kind, node: Node, place: Place) -> Any:
    """The value; None and a problem more when it is wrong."""
    try:
        return kind.read(node, place)
    except LtcError as problem:
        place.blame(node.line, f"{problem.message} ({problem.hint})" if problem.hint else problem.message)


# Kinds of single values ----------------------------------------------------------------------------------


def text_of(node: Node) -> str:
    if node.value is None:
        raise UsageError("is empty")
    if not isinstance(node.value, str):
        raise UsageError("must be a single value")
    return node.value


def single(name: str, parse: Callable[[str], Any], show: Callable[[Any], str] = str, unit: str = "") -> Kind:
    return Kind(name, lambda node, _place: parse(text_of(node)), lambda value, _currency: show(value), unit)


def choice(*words: str) -> Kind:
    def parse(text: str) -> str:
        if text not in words:
            raise UsageError(f"{text!r:.60} is none of {', '.join(words)}")
        return text

    return single(" | ".join(words), parse)


def whole(minimum: int, maximum: int = 999_999) -> Kind:
    def parse(text: str) -> int:
        if not re.fullmatch("-?[0-9]{1,6}", text) or not minimum <= int(text) <= maximum:
            raise UsageError(f"{text!r:.60} is not a whole number from {minimum} to {maximum}")
        return int(text)

    return single("whole number", parse)


def duration(minimum_days: int) -> Kind:
    def parse(text: str) -> int:
        if not re.fullmatch("-?[0-9]{1,4}d", text) or int(text[:-1]) < minimum_days:
            raise UsageError(f"{text!r:.60} is not a number of days", "write it like 7d")
        return int(text[:-1])

    return single("days", parse, lambda days: f"{days}d", "_days")


def _parse_bool(text: str) -> bool:
    if text not in ("true", "false"):
        raise UsageError(f"{text!r:.60} is neither true nor false")
    return text == "true"


def parse_text(text: str) -> str:
    return clean_name(text, "value")


def show_text(text: str) -> str:
    """As YAML reads it back inside `{}` and `[]`."""
    if re.fullmatch(r"[\w./][\w./@%-]*", text) and text.lower() != "null":
        return text
    import json

    return json.dumps(text, ensure_ascii=False)


def _parse_email(text: str) -> str:
    normalise_email(text)
    return text.strip()


def _read_path(node: Node, place: Place) -> Path:
    return place.folder / os.path.expanduser(parse_text(text_of(node)))


def _read_amount(node: Node, place: Place) -> int:
    return parse_amount(text_of(node), place.currency)


TEXT = single("text", parse_text, show_text)
EMAIL = single("e-mail", _parse_email, show_text)
BOOL = single("true | false", _parse_bool, lambda value: str(value).lower())
COUNTRY = single("country", normalise_country)
CURRENCY = single("currency", parse_currency)
PERCENT = single("percentage", parse_percent, format_percent, "_ppm")
PERCENT_OR_NUMBER = PERCENT._replace(read=lambda node, _place: parse_percent(text_of(node).removesuffix("%") + "%"))
DAY = single("day", parse_iso_date)
PATH = Kind("path", _read_path, lambda path, _currency: show_text(str(path)))
AMOUNT = Kind("amount", _read_amount, format_amount, "_minor")


# Kinds of lists, maps and records ------------------------------------------------------------------------


def list_of(kind: Kind) -> Kind:
    def read(node: Node, place: Place) -> tuple[Any, ...]:
        if not isinstance(node.value, list):
            raise UsageError("must be a list")
        return tuple(value_of(kind, item, place.at(f"[{n}]")) for n, item in enumerate(node.value, start=1))

    def show(values: tuple[Any, ...], currency: str) -> str:
        return f"[{', '.join(kind.show(value, currency) for value in values)}]"

    return Kind(f"list of {kind.name}", read, show, kind.unit, kind.inside, f"[]{kind.step}")


def one_or_more(kind: Kind) -> Kind:
    many = list_of(kind)

    def read(node: Node, place: Place) -> Any:
        return many.read(node if isinstance(node.value, list) else Node(node.line, [node]), place)

    return many._replace(read=read)


def map_of(key_kind: Kind, kind: Kind) -> Kind:
    """A map replaces the built-in one as a whole. Amounts under a currency are in that currency."""

    def read(node: Node, place: Place) -> dict[Any, Any]:
        values: dict[Any, Any] = {}
        for text, inside in map_in(node).items():
            key = value_of(key_kind, Node(inside.line, text), place)
            if key in values:
                place.blame(inside.line, f"{text!r:.60} is there twice")
            below = place.at(f".{text:.60}")._replace(currency=currency_under(key, place.currency))
            values[key] = value_of(kind, inside, below)
        return values

    def show(values: dict[Any, Any], currency: str) -> str:
        shown = (
            f"{key_kind.show(key, currency)}: {kind.show(value, currency_under(key, currency))}"
            for key, value in values.items()
        )
        return f"{{{', '.join(shown)}}}"

    def currency_under(key: Any, currency: str) -> str:
        return key if key_kind is CURRENCY and key else currency

    name, step = f"map of {key_kind.name} to {kind.name}", f".{key_kind.name.upper()}{kind.step}"
    return Kind(name, read, show, kind.unit, kind.inside, step)


def added_to(built_in: dict[str, Any], kind: Kind) -> Kind:
    """A map that keeps the built-in entries it does not write anew, since other settings fall back on them."""
    return kind._replace(read=lambda node, place: built_in | kind.read(node, place))


def record(make: Callable[..., Any], *settings: Setting) -> Kind:
    """A map with these keys; one that is missing or null has its default."""
    known = [setting.key for setting in settings]

    def read(node: Node, place: Place) -> Any:
        nodes = {} if node.value is None else map_in(node)
        for key in nodes.keys() - set(known):
            place.blame(nodes[key].line, _unknown(key, known))
        return make(**{setting.attribute: _setting(setting, nodes, node, place) for setting in settings})

    def show(record: Any, currency: str) -> str:
        values = ((setting, getattr(record, setting.attribute)) for setting in settings)
        shown = (
            f"{setting.key}: {setting.kind.show(value, currency)}"
            for setting, value in values
            if value != setting.default
        )
        return f"{{{', '.join(shown)}}}"

    return Kind("record", read, show, "", settings, ".")


def checked(kind: Kind, check: Callable[[Any], None]) -> Kind:
    """The kind with a rule for the value as a whole, which is asked when each part of it is right."""

    def read(node: Node, place: Place) -> Any:
        problems_before = len(place.problems)
        value = kind.read(node, place)
        if len(place.problems) == problems_before:
            check(value)
        return value

    return kind._replace(read=read)


def _setting(setting: Setting, nodes: dict[str, Node], parent: Node, place: Place) -> Any:
    node = nodes.get(setting.key)
    if node is not None and (node.value is not None or setting.default is REQUIRED):
        return value_of(setting.kind, node, place.at(f".{setting.key}"))
    if setting.default is REQUIRED:
        place.blame(parent.line, f"{setting.key} is missing")
    return setting.default


def map_in(node: Node) -> dict[str, Node]:
    if not isinstance(node.value, dict):
        raise UsageError("must be a map of keys and values")
    return node.value


MOST_NAMED = 12
"""Keys that a message tells who has guessed none of them."""


def _unknown(key: str, known: list[str]) -> str:
    import difflib

    nearest = difflib.get_close_matches(key, known, n=1)
    if nearest:
        return f"unknown key {key!r:.60}, did you mean {nearest[0]!r}?"
    return f"unknown key {key!r:.60}" + (f"; there is {', '.join(known)}" if len(known) <= MOST_NAMED else "")
