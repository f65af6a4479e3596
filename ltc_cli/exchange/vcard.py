"""Address cards (vCard 2.1, 3.0 and 4.0, RFC 2426 and 6350) as rows for an import of leads.

Lenient, as address books write what they like: a broken card says what is wrong with it and the next one is read all
the same. One card is in memory at a time, without its pictures.
"""

from __future__ import annotations

import binascii
import codecs
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CARD_LIMIT: Final = 4_000_000
"""Characters of one card without its pictures; with what is added for each line it also bounds the memory."""
_LINE_WEIGHT, _PROPERTY_WEIGHT = 10, 200
_DEEPEST: Final = 8  # cards inside of each other

_GROUP: Final = "a group of contacts, not a lead"
_STRAY: Final = "text outside of any card"
_TOO_LARGE: Final = f"it has more than {CARD_LIMIT:,} characters without its pictures"
_UNUSABLE: Final = "it has no name, e-mail address, phone or UID"

_BINARY: Final = frozenset(("PHOTO", "LOGO", "SOUND", "KEY"))
_LEFT_OUT: Final = _BINARY | {"AGENT", "BEGIN", "END", "PRODID", "PROFILE", "VERSION"}
_READ: Final = frozenset("FN N ORG TITLE EMAIL TEL ADR URL NOTE UID BDAY X-ABLABEL".split())  # noqa: SIM905
_TEXTS: Final = _READ | {"ROLE", "NICKNAME", "CATEGORIES"}
"""Texts, even where a card writes them in BASE64."""
_LISTS: Final = frozenset(("CATEGORIES", "NICKNAME"))
_OURS: Final = frozenset(
    """
    ref name company email phone country source campaign owner status score created_on external_id note address website
    birthday department touches last_touch_on next_step_on other_names other_companies other_titles other_emails
    other_phones other_websites other_addresses
    """.split()  # noqa: SIM905
)
"""Fields with a meaning of their own: SOURCE of a card is no channel, NAME no person."""

_KINDS: Final = frozenset("CELL WORK FAX PAGER MODEM PREF".split())  # noqa: SIM905
_SAME_KIND: Final = {"MOBILE": "CELL", "IPHONE": "CELL", "手机": "CELL", "工作": "WORK"}
_NO_TEXT_CODECS: Final = frozenset(("punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined"))
"""Codecs that are no charset; some take quadratic time."""


class Card(NamedTuple):
    """One card as a row: our lead fields, and whatever else it says under the lower-case name of its property."""

    line: int
    """Where its BEGIN:VCARD stands, counted from 1."""
    fields: dict[str, str]
    """No value is empty."""
    problem: str | None
    """Why this is no lead, in one line."""


def read_cards(lines: Iterable[str]) -> Iterator[Card]:
    """Every card of a file, and one with a problem for each run of text between the cards. Never raises.

    A card inside of another one is its AGENT where it is announced so, and no lead; anywhere else it shows that the
    outer one was cut off.
    """
    open_cards: list[_OpenCard] = []
    stray = 0
    for number, line in _numbered(lines):
        edge = _edge(line)
        if edge == "BEGIN":
            if stray:
                yield Card(stray, {}, _STRAY)
            stray = 0
            if not (open_cards and open_cards[-1].awaits_agent and len(open_cards) < _DEEPEST):
                yield from _cut_off(open_cards, f"another card begins at line {number}")
                open_cards = []
            open_cards.append(_OpenCard(number))
        elif not open_cards:
            stray = stray or (number if line.strip() else 0)
        elif edge == "END":
            card = open_cards.pop()
            if open_cards:
                open_cards[-1].add_agent(card)
            else:
                yield card.closed()
        else:
            open_cards[-1].take(line)
    yield from _cut_off(open_cards, "the file ends before it")
    if stray:
        yield Card(stray, {}, _STRAY)


def _cut_off(open_cards: list[_OpenCard], why: str) -> Iterator[Card]:
    """The cards without an end, and what was taken for their agents: one of these may have been the next card."""
    for card in open_cards:
        yield card.closed(f"it has no END:VCARD, {why}")
        for agent in card.agents:
            yield agent.closed(f"it stands inside of the card at line {card.line}, which has no END:VCARD")


# Lines -------------------------------------------------------------------------------------------------

_LONGEST_EDGE: Final = 200
_BEGIN, _END = (rf"{word}[ \t]*:[ \t]*vcard[ \t]*" for word in ("begin", "end"))


def _numbered(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The lines without their ends, whatever these are; a BEGIN that shares one with something gets its own."""
    number = 0
    for written in lines:
        body = written.rstrip("\r\n")
        for line in body.split("\r") if "\r" in body else (body,):
            number += 1
            yield from ((number, part) for part in _apart(line))


def _apart(line: str) -> tuple[str, ...]:
    """Files that were joined have byte order marks inside, and an END without a line break before the next BEGIN."""
    if line[:1] not in "AaEe\ufeff" or len(line) > _LONGEST_EDGE:
        return (line,)
    line = line.removeprefix("\ufeff")
    two = re.fullmatch(rf"(?i)(agent[^:]*:|{_END})[ \t]*\ufeff?({_BEGIN})", line)
    return (two[1], two[2]) if two else (line,)


def _edge(line: str) -> str:
    """BEGIN, END or nothing."""
    if line[:1] not in "BbEe" or len(line) > _LONGEST_EDGE or not re.fullmatch(f"(?i)(?:{_BEGIN}|{_END})", line):
        return ""
    return "BEGIN" if line[0] in "Bb" else "END"


_LONGEST_HEAD: Final = 1_000


class _Head(NamedTuple):
    """What stands before the colon, in upper case."""

    name: str
    group: str = ""
    kinds: frozenset[str] = frozenset()
    pref: int = 101
    """1 is best, 100 the worst that a card can say."""
    encoding: str = ""
    charset: str = ""

    @property
    def is_quoted(self) -> bool:
        return self.encoding == "QUOTED-PRINTABLE"

    @property
    def is_base64(self) -> bool:
        return self.encoding in ("B", "BASE64")


_UP_TO_COLON: Final = re.compile(r'(?:[^":]|"[^"]*+")*+:')
_NAME: Final = r"((?:[\w-]++\.)*+)([\w-]++)[ \t]*+(?=;|$)"
_PARAMETER: Final = r'(?:[^;"]|"[^"]*"|")+'


def _property(line: str) -> tuple[_Head, str] | None:
    """A property's head and its value; None when the line is no property, or not yet."""
    colon = line.find(":")
    if '"' in line[: min(colon, _LONGEST_HEAD)]:
        quoted = _UP_TO_COLON.match(line)
        colon = quoted.end() - 1 if quoted else -1
    return _parted_at(colon, line)


def _parted_at(colon: int, line: str) -> tuple[_Head, str] | None:
    head = _head(line[:colon]) if 0 < colon < _LONGEST_HEAD else None
    return (head, line[colon + 1 :]) if head else None


@lru_cache(maxsize=1000)
def _head(text: str) -> _Head | None:
    named = re.match(_NAME, text, re.ASCII)
    return _with_parameters(_Head(named[2].upper(), named[1].upper()), text[named.end() :]) if named else None


def _with_parameters(head: _Head, text: str) -> _Head:
    words: list[str] = []
    for parameter in re.findall(_PARAMETER, text):
        key, equals, value = (part.strip().upper() for part in parameter.partition("="))
        value = (value if equals else key).replace('"', "")
        if not equals and value in ("B", "BASE64", "QUOTED-PRINTABLE"):
            key = "ENCODING"
        if key == "ENCODING":
            head = head._replace(encoding=value)
        elif key == "CHARSET":
            head = head._replace(charset=value)
        elif key == "PREF" and re.fullmatch("[0-9]{1,3}", value):
            head = head._replace(pref=int(value))
        elif key == "TYPE" or not equals:
            words += value.split(",")
    kinds = _kinds(words)
    return head._replace(kinds=kinds, pref=1 if "PREF" in kinds else head.pref)


def _kinds(words: Iterable[str]) -> frozenset[str]:
    """What is known of the words of a TYPE or a label, such as `WorkFAX`."""
    known = {_SAME_KIND.get(word.strip(), word.strip()) for word in words}
    known |= {"FAX" for word in known if "FAX" in word or "传真" in word}
    return _KINDS & known


class _Property(NamedTuple):
    head: _Head
    pieces: list[str]
    """What was folded, still encoded and escaped."""

    @property
    def is_kept(self) -> bool:
        if self.head.name in _LEFT_OUT or (self.head.is_base64 and self.head.name not in _TEXTS):
            return False
        return not (self.pieces and self.pieces[0][:5].lower() == "data:")

    @property
    def goes_on(self) -> bool:
        """Whether quoted-printable breaks the line softly here."""
        return self.head.is_quoted and bool(self.pieces) and self.pieces[-1].rstrip(" \t").endswith("=")


class _OpenCard:
    """A card while its lines come in."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.awaits_agent = False
        self.agents: list[_OpenCard] = []
        self._properties: list[_Property] = []
        self._current = _Property(_Head("VERSION"), [])
        self._size = 0
        self._keeps_blanks = False
        self._after_blank_line = False
        self._unread = ""
        """A line that is no property yet: its head may be folded."""

    def take(self, line: str) -> None:
        """One more line, that is neither BEGIN nor END. Empty ones come from doubled line ends and end nothing."""
        if not line:
            self._after_blank_line = True
            return
        self.awaits_agent = self.awaits_agent and not line.strip()
        if not self._unread and self._current.goes_on and not (self._after_blank_line and _property(line)):
            self._current.pieces[-1] = self._current.pieces[-1].rstrip(" \t")[:-1]
            self._add(line)
        elif line[0] not in " \t":
            self._read_on()
            self._read(line)
        elif self._unread:
            self._read(self._unread + line[1:])
        else:
            self._add(line if self._keeps_blanks else line[1:])
        self._after_blank_line = False

    def _read(self, line: str) -> None:
        found = _property(line)
        self._unread = "" if found else line
        if found:
            self._open(*found)
        elif len(line) > _LONGEST_HEAD:
            self._read_on()

    def _read_on(self) -> None:
        """What is still no property is one with an open quote, or a line break that somebody forgot to escape."""
        line, self._unread = self._unread, ""
        if found := _parted_at(line.find(":"), line):
            self._open(*found)
        elif line:
            self._add(line if self._current.head.is_quoted and line[0] == "=" else f"\n{line}")

    def _open(self, head: _Head, value: str) -> None:
        self._current = _Property(head, [value])
        self.awaits_agent = head.name == "AGENT" and not value.strip()
        if head.name == "VERSION":
            # Version 2.1 breaks a line before a blank and leaves it there; later ones put one in.
            self._keeps_blanks = value.strip() == "2.1"
        if not self._current.is_kept:
            self._current.pieces.clear()
        elif self._has_room_for(value, _PROPERTY_WEIGHT):
            self._properties.append(self._current)

    def _add(self, piece: str) -> None:
        if self._current.pieces and self._has_room_for(piece, _LINE_WEIGHT):
            self._current.pieces.append(piece)
        elif self._current.pieces:
            self._current = _Property(self._current.head, [])

    def _has_room_for(self, text: str, weight: int) -> bool:
        self._size += len(text) + weight
        return self._size <= CARD_LIMIT

    def add_agent(self, agent: _OpenCard) -> None:
        self.awaits_agent = False
        self._size += agent._size + _PROPERTY_WEIGHT
        if self._size <= CARD_LIMIT:
            self.agents.append(agent)

    def closed(self, problem: str | None = None) -> Card:
        self._read_on()
        fields = _fields(self._properties)
        problem = problem or (_TOO_LARGE if self._size > CARD_LIMIT else _problem(fields))
        return Card(self.line, fields, problem)


def _problem(fields: dict[str, str]) -> str | None:
    if "group" in (fields.get(kind, "").lower() for kind in ("kind", "x-addressbookserver-kind")):
        return _GROUP
    return None if "name" in fields else _UNUSABLE


# Values ------------------------------------------------------------------------------------------------


class _Value(NamedTuple):
    """A property's value, decoded; one is better than another by its head."""

    head: _Head
    parts: list[str]
    """What semicolons part, for those properties that have parts; else one."""
    kinds: frozenset[str]
    """With those that the label stands for."""
    label: str = ""
    country: str = ""
    """That Apple wrote beside an address."""

    @property
    def text(self) -> str:
        return self.parts[0]

    def part(self, number: int) -> str:
        return self.parts[number] if number < len(self.parts) else ""


_STRUCTURED: Final = {"N": " ", "ADR": ", "}
"""Properties in parts, and what stands for the commas inside of a part."""


def _values(properties: list[_Property]) -> dict[str, list[_Value]]:
    """The values that are not empty, by the name of their property, in the card's order."""
    labels, countries = {}, {}
    for head, pieces in properties:
        if head.name == "X-ABLABEL":
            labels[head.group] = _decoded("".join(pieces), head).strip().removeprefix("_$!<").removesuffix(">!$_")
        elif head.name == "X-ABADR":
            countries[head.group] = "".join(pieces).strip()
    values: dict[str, list[_Value]] = {}
    for head, pieces in properties:
        parts = _parts("".join(pieces), head)
        label = labels.get(head.group, "") if head.group else ""
        country = countries.get(head.group, "") if head.group else ""
        if any(parts):
            kinds = head.kinds | _kinds([label.upper()])
            values.setdefault(head.name, []).append(_Value(head, parts, kinds, label, country))
    return values


def _parts(raw: str, head: _Head) -> list[str]:
    if head.is_base64:
        raw, head = _from_base64(raw, head), head._replace(encoding="")
    if head.name == "ORG":
        return [_one_line(_decoded(part, head)) for part in _split(raw, ";")]
    if head.name in _LISTS:
        return [_with_commas(raw, head, ", ")]
    if head.name in _STRUCTURED:
        return [_with_commas(part, head, _STRUCTURED[head.name]) for part in _split(raw, ";")]
    return [_decoded(raw, head).strip()]


def _with_commas(raw: str, head: _Head, comma: str) -> str:
    """What commas part, as people write it."""
    return _joined((_one_line(_decoded(each, head), comma) for each in _split(raw, ",")), comma) if raw else ""


def _split(raw: str, separator: str) -> list[str]:
    """The pieces between separators that no backslash stands before."""
    if "\\" not in raw:
        return raw.split(separator)
    found = [match for match in re.finditer(rf"\\.|{separator}", raw, re.DOTALL) if match[0] == separator]
    starts, ends = (match.end() for match in found), (match.start() for match in found)
    return [raw[start:end] for start, end in zip((0, *starts), (*ends, None), strict=True)]


def _decoded(raw: str, head: _Head) -> str:
    """Without quoted-printable and backslashes, with LF as its line break."""
    text = _from_quoted_printable(raw, head) if head.is_quoted else raw
    if "\\" in text:
        text = re.sub(r"\\([nN,;:\\\"])", lambda escaped: "\n" if escaped[1] in "nN" else escaped[1], text)
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _from_quoted_printable(raw: str, head: _Head) -> str:
    """All bytes together, since a character of GBK may be one byte that is written as = and one that is not."""
    charset = _charset(head)
    raw = re.sub(r"=[ \t]*$", "", raw)
    octets = re.sub(rb"=([0-9A-Fa-f]{2})", lambda found: bytes.fromhex(found[1].decode()), _encoded(raw, charset))
    return _text(octets, charset)


def _from_base64(raw: str, head: _Head) -> str:
    try:
        return _text(binascii.a2b_base64("".join(raw.split())), _charset(head))
    except ValueError:
        return ""


def _charset(head: _Head) -> str:
    """The charset that a card names, else UTF-8; one in which ASCII is not ASCII cannot stand in its lines."""
    try:
        name = codecs.lookup(head.charset or "utf-8").name
        return "utf-8" if name.replace("-", "_") in _NO_TEXT_CODECS or "A=".encode(name) != b"A=" else name
    except (LookupError, ValueError):
        return "utf-8"


def _encoded(text: str, charset: str) -> bytes:
    try:
        return text.encode(charset)
    except UnicodeError:
        return text.encode(charset, "replace")


def _text(octets: bytes, charset: str) -> str:
    """In that charset; bytes that are no UTF-8 are of Western Europe, as old telephones write them."""
    try:
        return octets.decode(charset)
    except UnicodeError:
        return octets.decode("cp1252" if charset == "utf-8" else charset, "replace")


def _one_line(text: str, break_: str = " ") -> str:
    return _joined(text.split("\n"), break_) if "\n" in text else text.strip()


def _joined(texts: Iterable[str], separator: str) -> str:
    """Those that are not empty."""
    return separator.join(filter(None, map(str.strip, texts)))


# Fields ------------------------------------------------------------------------------------------------


def _fields(properties: list[_Property]) -> dict[str, str]:
    values = _values(properties)
    fields = {
        **_person(values),
        **_best("email", "other_emails", _emails(values)),
        **_best("phone", "other_phones", _phones(values)),
        **_place(values),
        **_best("website", "other_websites", map(_line_of, _preferred(values, "URL"))),
        "note": _joined((value.text for value in values.get("NOTE", ())), "\n"),
        "external_id": _joined(map(_line_of, values.get("UID", ())[:1]), ""),
        "birthday": _joined(map(_line_of, values.get("BDAY", ())), ", "),
        **_further(values),
    }
    known = next(filter(None, map(fields.get, ("name", "email", "phone", "external_id"))), "")
    return {name: text for name, text in {**fields, "name": known}.items() if text}


def _line_of(value: _Value) -> str:
    return _one_line(value.text)


def _best(field: str, others: str, texts: Iterable[str]) -> dict[str, str]:
    """The first of them, and the others in one field; each once."""
    first, *rest = [*dict.fromkeys(filter(None, texts))] or [""]
    return {field: first, others: ", ".join(rest)}


def _preferred(values: dict[str, list[_Value]], name: str) -> list[_Value]:
    return sorted(values.get(name, ()), key=lambda value: value.head.pref)


def _person(values: dict[str, list[_Value]]) -> dict[str, str]:
    names = [_line_of(value) for value in _preferred(values, "FN")]
    companies = _preferred(values, "ORG")
    titles = [_line_of(value) for value in _preferred(values, "TITLE") or _preferred(values, "ROLE")]
    instead = [
        *map(_assembled_name, values.get("N", ())),
        *(company.text or company.part(1) for company in companies),
        *(value.text.partition(",")[0] for value in values.get("NICKNAME", ())),
    ]
    return {
        **_best("name", "other_names", [*filter(None, names)] or [*filter(None, instead)][:1]),
        **_best("company", "other_companies", (company.text for company in companies)),
        "department": _joined((", ".join(filter(None, company.parts[1:])) for company in companies), ", "),
        **_best("title", "other_titles", titles),
    }


_EAST_ASIAN: Final = "[\u3005\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+"


def _assembled_name(name: _Value) -> str:
    """Given name, middle names, family name; East Asian names the other way round and without blanks."""
    family, given, middle = name.part(0), name.part(1), name.part(2)
    if re.fullmatch(_EAST_ASIAN, family + middle + given):
        return family + middle + given
    return _joined((given, middle, family), " ")


def _emails(values: dict[str, list[_Value]]) -> list[str]:
    """Those that look like one come first; an X.400 or Exchange address may be the preferred one."""
    emails = [_without_mailto(_line_of(value)) for value in _preferred(values, "EMAIL")]
    return sorted(emails, key=lambda email: "@" not in email)


def _without_mailto(address: str) -> str:
    if address[:7].lower() != "mailto:":
        return address
    from urllib.parse import unquote

    return unquote(address[7:].partition("?")[0])


def _phones(values: dict[str, list[_Value]]) -> list[str]:
    return [re.sub("(?i)^tel:", "", _line_of(value)) for value in sorted(values.get("TEL", ()), key=_phone_rank)]


def _phone_rank(phone: _Value) -> tuple[bool, bool, int, int]:
    """No fax or pager where there is a telephone; then what the card prefers, a mobile, one at work."""
    kind = 0 if "CELL" in phone.kinds else 1 if "WORK" in phone.kinds else 2
    return "FAX" in phone.kinds, not phone.kinds.isdisjoint(("PAGER", "MODEM")), phone.head.pref, kind


_COUNTRY: Final = 6  # post box, extension, street, town, region, postal code, country


def _place(values: dict[str, list[_Value]]) -> dict[str, str]:
    addresses = sorted(_preferred(values, "ADR"), key=lambda address: "WORK" not in address.kinds)
    if not addresses:
        return {}
    best, *others = addresses
    beside = best.country if re.fullmatch("[A-Za-z]{2}", best.country) else ""
    return {
        "country": best.part(_COUNTRY) or beside.upper(),
        "address": _joined(best.parts[:_COUNTRY], ", "),
        "other_addresses": "; ".join(_joined(other.parts[: _COUNTRY + 1], ", ") for other in others),
    }


def _further(values: dict[str, list[_Value]]) -> dict[str, str]:
    """Every other property, with what Apple and Google call it in brackets."""
    titled = "TITLE" in values
    return {
        _field_name(name): ", ".join(dict.fromkeys(map(_labelled, found)))
        for name, found in values.items()
        if name not in _READ and (name != "ROLE" or titled)
    }


def _field_name(name: str) -> str:
    return f"vcard-{name.lower()}" if name.lower() in _OURS else name.lower()


def _labelled(value: _Value) -> str:
    return f"{value.text} ({value.label})" if value.label else value.text
