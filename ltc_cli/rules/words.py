"""A text to look for: its words, how SQL finds them in any script, and the excerpt around a hit.

A word is found where its case-folded form stands in a text's case-folded form, so `strasse` finds `Straße`.
SQL's own LIKE folds ASCII alone; what it cannot fold is tested in two steps, a plain LIKE for a rare letter of the
word first, so that the costly folding is for few rows.
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from ltc_cli.errors import UsageError
from ltc_cli.rules.contact import clean_name

if TYPE_CHECKING:
    from collections.abc import Sequence

TEXT_MOST = 1_000
"""Characters of a text to look for."""
WORDS_MOST = 32

EXCERPT = 60
"""Characters of an excerpt."""
BEFORE_HIT = 20
"""Of which so many stand before the hit."""

CASED_MOST = 0x1E944
"""After the last character that has a case."""


class Word(NamedTuple):
    """Something to find, as typed and as it is compared."""

    text: str
    folded: str
    rare: tuple[str, ...]
    """All characters, in any case, that stand for one letter of it; none where ASCII letters alone have a case."""


def parse(text: str) -> list[Word]:
    """The words of a text, each once; what stands between quotation marks is one word.

    Raises UsageError where it is empty, not readable or too long.
    """
    found = re.findall(r'"\s*([^"]*[^"\s])\s*"|(\S+)', clean_name(text, "text", limit=TEXT_MOST))
    words = {word.folded: word for word in (word_of(phrase or plain) for phrase, plain in found)}
    if len(words) > WORDS_MOST:
        raise UsageError(f"{len(words)} words are too many to look for", f"at most {WORDS_MOST}")
    return list(words.values())


def word_of(text: str) -> Word:
    folded = text.casefold()
    return Word(text, folded, _rarest_letter(folded))


def escaped(text: str) -> str:
    r"""The text for LIKE with the escape `\`: its own wildcards stand for themselves."""
    return re.sub(r"([\\%_])", r"\\\1", text)


def spellings(word: Word) -> list[str]:
    """What LIKE must look for where it folds ASCII: the word, and `ß` where it has `ss`."""
    return list(dict.fromkeys(word.folded.replace("ss", sharp) for sharp in ("ss", "ß", "ẞ")))


def _rarest_letter(folded: str) -> tuple[str, ...]:
    """Of the letters beyond ASCII that have a case the one that the fewest characters stand for: all of these."""
    stands_for: dict[str, list[str]] = {letter: [] for letter in sorted(folded) if _has_case(letter)}
    if not stands_for:
        return ()
    for code in range(0x80, CASED_MOST):
        for letter in chr(code).casefold():
            if letter in stands_for:
                stands_for[letter].append(chr(code))
    rarest = min(stands_for.values(), key=len)
    return tuple(rarest)


def _has_case(character: str) -> bool:
    return not character.isascii() and (character.upper() != character or character.lower() != character)


def best(places: Sequence[tuple[str, str]], words: Sequence[Word]) -> tuple[str, str]:
    """Of the places (field, text) of a record the first that holds most of the words, its text as an excerpt."""
    field, text = max(places, key=lambda place: held(place[1], words))
    return field, excerpt(text, words)


def held(text: str, words: Sequence[Word]) -> int:
    """How many of the words the text holds."""
    folded = text.casefold()
    return sum(word.folded in folded for word in words)


def excerpt(text: str, words: Sequence[Word]) -> str:
    """The text, shortened around the first word that stands in it."""
    if len(text) <= EXCERPT:
        return text
    start = max(0, min(_first_hit(text, words) - BEFORE_HIT, len(text) - EXCERPT))
    cut = text[start : start + EXCERPT].strip()
    return f"{'…' if start else ''}{cut}{'…' if start + EXCERPT < len(text) else ''}"


def _first_hit(text: str, words: Sequence[Word]) -> int:
    """Where in the text the first word begins; folding may make a text longer."""
    folded = text.casefold()
    at = min((at for word in words if (at := folded.find(word.folded)) >= 0), default=0)
    ends = accumulate(len(character.casefold()) for character in text)
    return next((position for position, end in enumerate(ends) if end > at), 0)
