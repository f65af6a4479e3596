"""Makes characters visible that would move the cursor, turn the text round, or hide."""

from __future__ import annotations

import re

_ABOVE_C0 = r"\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff"
_HIDDEN = re.compile(rf"[\x00-\x1f{_ABOVE_C0}]")
_HIDDEN_ABOVE_C0 = re.compile(f"[{_ABOVE_C0}]")
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def visible(text: str) -> str:
    r"""The text on one line: control characters, bidi marks, lone surrogates written as `\x1b`, `\u202e`."""
    return _HIDDEN.sub(lambda found: _spelled(found[0]), text)


def visible_in_json(text: str) -> str:
    """JSON that means the same, with those hidden characters escaped that `json.dumps` leaves raw."""
    return _HIDDEN_ABOVE_C0.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _spelled(character: str) -> str:
    code = ord(character)
    return _SHORT.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
