"""Whether a sale was won, was lost or is open, as other programs say it."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Outcome = Literal["open", "won", "lost"]

TRUE = frozenset("1 1.0 true t yes y ja wahr oui sí si sim 是 √".split())  # noqa: SIM905
FALSE = frozenset("0 0.0 false f no n nein falsch non não 否".split())  # noqa: SIM905

_WON = (
    r"(?<!not )(?<!nicht )\b(?:(?:closed)?won(?! t\b)|gewonnen|gagnée?s?|ganad[oa]|ganh[oa]|vint[oa])\b|^win$"
    r"|(?<![未待])赢单(?!率)|(?<![未待计将促])成交(?!率|中|概率)|已签约|签约成功|已签单|已中标"
)
_LOST = (
    r"\b(?:(?:closed)?lost|verloren|perdue?s?|perdid[oa]|pers[oa]|abandoned|cancell?ed|disqualified|dead)\b"
    r"|输单|丢单|流失|战败|失败|无效"
)
_OPEN = (
    r"open|active|pending|in progress|ongoing|offen|aktiv|laufend|ouverte?|abiert[oa]|abert[oa]"
    r"|进行中|跟进中|未成交|未赢单"
)


class Flags(NamedTuple):
    """What columns that only say yes or no hold; None where they say nothing."""

    is_won: bool | None = None
    is_lost: bool | None = None
    is_closed: bool | None = None
    is_active: bool | None = None


def read_flag(text: str) -> bool | None:
    """Yes or no, in the words of several languages; None for anything else."""
    word = text.strip().casefold()
    return True if word in TRUE else False if word in FALSE else None


def outcome_of(text: str) -> Outcome | None:
    """What the words of a status or a stage say; None where they say neither."""
    words = re.sub(r"[\W_]+", " ", text.casefold()).strip()
    if re.search(_LOST, words):
        return "lost"
    if re.search(_WON, words):
        return "won"
    return "open" if re.fullmatch(_OPEN, words) else None


def outcome(flags: Flags, status: str, stage: str, won_on: str, lost_on: str, *, is_hopeless: bool) -> Outcome:
    """By the flags, else by the words, else by the dates.

    `is_hopeless`: its probability is 0; with it, what is no longer active is lost (as in Odoo).
    """
    by_flags = _by_flags(flags, is_hopeless=is_hopeless)
    if by_flags:
        return by_flags
    by_status, by_stage = outcome_of(status), outcome_of(stage)
    for ended in (by_status, by_stage):
        if ended in ("won", "lost"):
            return ended
    if by_status == "open" or not (won_on or lost_on):
        return "open"
    return "won" if won_on else "lost"


def _by_flags(flags: Flags, *, is_hopeless: bool) -> Outcome | None:
    if flags.is_won:
        return "won"
    if flags.is_lost or (flags.is_closed and flags.is_won is False):
        return "lost"
    if flags.is_active is False and is_hopeless:
        return "lost"
    return "open" if flags.is_closed is False else None
