"""What an invoice calls the share that it bills, in the languages of its customers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ltc_cli.rules.money import format_amount, round_ratio
from ltc_cli.rules.terms import full_days

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltc_cli.rules.recurring import Course
    from ltc_cli.rules.terms import PlannedShare, Share

TRIGGERS: Final = {
    "en": {
        "sign": "on signature",
        "ship": "on shipment",
        "deliver": "on delivery",
        "accept": "on acceptance",
        "end": "at the end of the contract",
        "date": "on {on}",
    },
    "zh": {
        "sign": "签约时",
        "ship": "发货时",
        "deliver": "交付时",
        "accept": "验收时",
        "end": "合同期满时",
        "date": "{on} ",
    },
}
"""When a share is due."""

WORDS: Final = {
    "en": {
        "rest": "rest",
        "share": "{share} {when}: {subject}",
        "several": "{first} and {more} more",
        "part": "{told}, {days} of {of_days} days of {fee}",
        "supplement": "{told}, supplement: now {fee}",
    },
    "zh": {
        "rest": "余款",
        "share": "{when}付{share}：{subject}",
        "several": "{first}等 {all} 项",
        "part": "{told}，{fee} 按 {of_days} 天中的 {days} 天计",
        "supplement": "{told}，补差，现为 {fee}",
    },
}


def subject(texts: Sequence[str], language: str) -> str:
    """The lines of a contract in a few words: `Pilot and 2 more`."""
    first, *more = texts
    return WORDS[language]["several"].format(first=first, more=len(more), all=len(texts)) if more else first


def of_share(share: PlannedShare, subject: str, language: str) -> str:
    """A share that is no period of a fee: `30% on signature: Pilot`."""
    words = WORDS[language]
    when = TRIGGERS[language][share.trigger].format(on=share.trigger_on)
    return words["share"].format(share=words.get(share.share, share.share), when=when, subject=subject)


def of_period(
    share: PlannedShare, subject: str, fees: Sequence[Share], course: Course, currency: str, language: str
) -> str:
    """A period of a fee: `Retainer 2026-03-10 – 2026-03-31, 22 of 31 days of 900.00`."""
    begins, ends = share.period_from, share.period_to
    assert begins is not None
    assert ends is not None
    fee = next((each for each in fees if format_amount(each.value, currency) == share.share), fees[0])
    fee_minor = [fee.value, *(minor for since, minor in course.changes if since <= begins)][-1]
    days, of_days = (ends - begins).days + 1, full_days(fee, course.signed_on, begins)
    told, words = f"{subject} {begins} – {ends}", WORDS[language]
    if share.amount_minor != round_ratio(fee_minor * days, of_days):
        return words["supplement"].format(told=told, fee=format_amount(fee_minor, currency))
    if days == of_days:
        return told
    return words["part"].format(told=told, days=days, of_days=of_days, fee=format_amount(fee_minor, currency))
