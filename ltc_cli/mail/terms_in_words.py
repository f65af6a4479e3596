"""Terms of payment as a customer reads them, in the languages of mails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ltc_cli.rules.calendar import Step
from ltc_cli.rules.invoice_text import TRIGGERS
from ltc_cli.rules.money import format_amount, format_percent, grouped
from ltc_cli.rules.terms import MONTHS_OF

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ltc_cli.rules.terms import Instalment, Share, Terms

WORDS: Final = {
    "en": {
        **TRIGGERS["en"],
        **{frequency: frequency for frequency in MONTHS_OF},
        "share": "{value} {when}",
        "rest": "the rest",
        "parts": "{value} equal parts, {frequency}, the first {when}",
        "fee": "{value} {frequency}, the first time {when}",
        "until": " until {until}",
        "d": "{n} days later",
        "1d": "1 day later",
        "w": "{n} weeks later",
        "1w": "1 week later",
        "m": "{n} months later",
        "1m": "1 month later",
        "eom": "at the end of the month",
        "@": "on the next day {n} of a month",
        "each": "each invoice",
        "net": "each invoice within {n} days",
        "1net": "each invoice within 1 day",
        "0net": "each invoice at once",
        "due": "each invoice in instalments: {parts}",
        "discount": "{percent} discount for payment of the whole within {n} days",
        "1discount": "{percent} discount for payment of the whole within 1 day",
        "and": ", ",
        "then": "; ",
        "aside": " ({steps})",
    },
    "zh": {
        **TRIGGERS["zh"],
        "weekly": "每周",
        "monthly": "每月",
        "quarterly": "每季度",
        "half-yearly": "每半年",
        "yearly": "每年",
        "share": "{when}付 {value}",
        "rest": "余款",
        "parts": "分 {value} 期等额支付，{frequency}一期，首期{when}",
        "fee": "{frequency} {value}，首次{when}",
        "until": "，至 {until}",
        "d": "{n} 天后",
        "w": "{n} 周后",
        "m": "{n} 个月后",
        "eom": "月底",
        "@": "下一个 {n} 日",
        "each": "每份账单",
        "net": "每份账单 {n} 天内付款",
        "0net": "每份账单见单即付",
        "due": "每份账单分期付款：{parts}",
        "discount": "{n} 天内全额付款享 {percent} 折扣",
        "and": "，",
        "then": "；",
        "aside": "（{steps}）",
    },
}
"""A number before a key is of that number alone."""


def in_words(terms: Terms, currency: str, language: str) -> str:
    """`30% on signature, 70% on shipment; each invoice within 14 days`."""
    words = WORDS[language]
    shares = words["and"].join(_share(share, currency, words) for share in terms.shares)
    return words["then"].join([shares, *_invoices(terms, currency, words)])


def _share(share: Share, currency: str, words: dict[str, str]) -> str:
    form = share.kind if share.kind in ("parts", "fee") else "share"
    told = words[form].format(
        value=_value(share, currency, words),
        when=words[share.trigger].format(on=share.trigger_on),
        frequency=words.get(share.frequency, ""),
    )
    until = words["until"].format(until=share.until) if share.until else ""
    day = (Step("@", share.billing_day),) if share.billing_day else ()
    return told + until + _aside(share.steps + day, words)


def _value(part: Share | Instalment, currency: str, words: dict[str, str]) -> str:
    if part.kind == "percent":
        return format_percent(part.value)
    if part.kind == "parts":
        return str(part.value)
    return words["rest"] if part.kind == "rest" else f"{grouped(format_amount(part.value, currency))} {currency}"


def _invoices(terms: Terms, currency: str, words: dict[str, str]) -> Iterator[str]:
    """When each invoice is due, and what is off for paying early."""
    if terms.due:
        parts = (_value(part, currency, words) + _aside(part.steps, words) for part in terms.due)
        yield words["due"].format(parts=words["and"].join(parts))
    else:
        first, *others = terms.net_steps or (Step("d"),)
        if first.kind == "d" and not others:
            yield _counted("net", first.number, words)
        else:
            yield words["each"] + _aside([first, *others], words)
    if terms.discount_ppm:
        told = _counted("discount", terms.discount_days, words)
        yield told.replace("{percent}", format_percent(terms.discount_ppm))


def _aside(steps: Sequence[Step], words: dict[str, str]) -> str:
    told = words["and"].join(_counted(step.kind, step.number, words) for step in steps)
    return words["aside"].format(steps=told) if told else ""


def _counted(key: str, number: int, words: dict[str, str]) -> str:
    return words.get(f"{number}{key}", words[key]).replace("{n}", str(number))
