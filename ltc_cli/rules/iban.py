"""Bank accounts as ISO 13616 numbers them: how an IBAN is checked, and how it is printed."""

from __future__ import annotations

import re

LOOKS_LIKE_ONE = "[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}"


def is_mistyped(account: str) -> bool:
    """Whether it looks like an IBAN and its check digits are wrong.

    They are right where its first four characters, moved to the end, and each letter as 10 to 35 leave 1 by 97.
    """
    number = _compact(account)
    if not re.fullmatch(LOOKS_LIKE_ONE, number):
        return False
    return int("".join(str(int(character, 36)) for character in number[4:] + number[:4])) % 97 != 1


def printed(account: str) -> str:
    """An IBAN in groups of four; any other account as it stands."""
    number = _compact(account)
    if not re.fullmatch(LOOKS_LIKE_ONE, number):
        return account
    return " ".join(re.findall(".{1,4}", number))


def _compact(account: str) -> str:
    return "".join(account.split()).upper()
