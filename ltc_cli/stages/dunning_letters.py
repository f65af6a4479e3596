"""What a dunning notice says: a statement of all that is overdue, every claim with its formula, and where to pay."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from ltc_cli.errors import ConfigError
from ltc_cli.mail import paper, samples, templates
from ltc_cli.rules import iban
from ltc_cli.rules.aging import days_past_due
from ltc_cli.rules.dunning import by_due_date
from ltc_cli.rules.money import format_amount, grouped
from ltc_cli.stages import dunning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from sqlite3 import Row

    from ltc_cli.mail.templates import Text
    from ltc_cli.rules.dunning import Item, Notice
    from ltc_cli.settings import Level, Settings

TONES = ("nudge", "reminder", "second", "final")
"""What `mail` of a level may name without a template of one's own: the tone of the built-in notice."""
MOST_NUMBERS = 3
"""Of invoices in a payment's reference."""


def refuse_wrong_templates(settings: Settings) -> None:
    """Raise ConfigError with all that is wrong with the mails of the levels."""
    found = list(dict.fromkeys(wrong_templates(settings)))
    if found:
        raise ConfigError("; ".join(found), "ltc config check")


def refuse_unknown(settings: Settings) -> None:
    """Raise ConfigError for a level whose mail has no template."""
    for why in _unknown(settings):
        raise ConfigError(why, "ltc config check")


def wrong_templates(settings: Settings) -> Iterator[str]:
    """What is wrong with the mails of the levels, found before they are needed."""
    yield from _unknown(settings)
    folder = settings.mail.templates
    names = mails(settings)
    if folder:
        yield from templates.unread(folder, names)
    for name, key in names.items():
        if templates.is_own(name, folder):
            for problem in templates.problems(name, samples.SAMPLES["notice"], folder):
                yield f"{key}.mail: {problem}"
    if templates.is_own("notice", folder):
        yield from templates.problems("notice", samples.SAMPLES["notice"], folder)


def mails(settings: Settings) -> dict[str, str]:
    """The mails of the levels, with the first key that names each."""
    return {level.mail: key for key, level in reversed(_levels(settings)) if level.mail}


def _unknown(settings: Settings) -> Iterator[str]:
    folder = settings.mail.templates
    for key, level in _levels(settings):
        if level.mail is not None and level.mail not in TONES and not templates.is_own(level.mail, folder):
            where = f"in {folder}" if folder else "(mail.templates is not set)"
            yield (
                f"{key}.mail: the dunning level {level.name} has an unknown mail {level.mail:.40}: it is none of"
                f" {', '.join(TONES)}, and there is no such template {where}"
            )


def _levels(settings: Settings) -> list[tuple[str, Level]]:
    """Every level, beside its key in config.yaml."""
    return [
        (f"{key}.levels[{n}]", level)
        for key, ladder in dunning.ladders(settings).items()
        for n, level in enumerate(ladder.levels, start=1)
    ]


def _template(name: str | None, language: str, folder: Path | None) -> str:
    """The user's own in that language; else ours in the tone of that name; else the user's own in another language."""
    assert name
    return name if name not in TONES or templates.is_own(name, folder, language) else "notice"


def is_own(settings: Settings, name: str | None, language: str) -> bool:
    """Whether the user's own template may write the mail of a level in that language."""
    folder = settings.mail.templates
    return templates.is_own(_template(name, language, folder), folder)


def sha256(settings: Settings, name: str | None, language: str) -> str:
    """Of the template that writes the mail of a level in that language."""
    folder = settings.mail.templates
    return templates.sha256(_template(name, language, folder), language, folder)


def write(
    settings: Settings,
    notice: Notice,
    customer: Row,
    notice_id: int,
    today: date,
    invoices: Mapping[int, Row],
    receivables: Mapping[int, Row],
) -> Text:
    """The notice in the customer's language, else in the company's.

    It is told of the invoices that it names, and of the receivables that it lists.
    """
    language = customer["language"] or settings.language
    company = settings.company
    folder = settings.mail.templates
    total_minor = notice.amount_minor + notice.fee_minor + notice.interest_minor
    to_pay_minor = total_minor - notice.credit_minor
    owed = [item for item in notice.listed if item.balance_minor]
    coming = [item for item in owed if _due_on(item) > today]
    later_minor = min(to_pay_minor, sum(item.balance_minor for item in coming))  # credit is for what is due first
    is_today = any(item.kind == "invoice" and _due_on(item) == today for item in owed)
    lines = _lines(notice, today, invoices, receivables)
    return templates.render(
        _template(notice.mail, language, folder),
        language,
        {
            "ref": f"N{notice_id}",
            "tone": notice.mail,
            "channel": notice.channel,
            "today": today.isoformat(),
            "buyer_name": customer["name"],
            "buyer_address": customer["address"] or "",
            "currency": notice.currency,
            "lines": lines,
            "claims": _claims(notice, invoices),
            "total": _money(total_minor, notice.currency),
            "credit": _money(notice.credit_minor, notice.currency) if notice.credit_minor else "",
            "to_pay": _money(to_pay_minor, notice.currency),
            "pay_now": _money(to_pay_minor - later_minor, notice.currency) if to_pay_minor > later_minor else "",
            "pay_later": _money(later_minor, notice.currency) if later_minor else "",
            "is_overdue": int(any(_due_on(item) < today for item in owed)),
            "falls_due": "soon" if coming else "today" if is_today else "",
            "stops_shipping": int(notice.stops_shipping),
            "seller_name": company.name or "",
            "seller_address": company.address or "",
            "seller_tax_id": company.tax_id or "",
            "iban": iban.printed(company.iban or ""),
            "payment_reference": _reference([line["number"] for line in lines], notice_id),
        },
        folder,
    )


def _due_on(item: Item) -> date:
    return date.fromisoformat(item.due_on)


def on_paper(settings: Settings, notice: Notice, customer: Row, today: date, text: Text) -> paper.Page:
    """The notice as it is printed, for an envelope; one's own text that has the address itself, as it stands."""
    language, folder = customer["language"] or settings.language, settings.mail.templates
    if "buyer_address" in templates.names(_template(notice.mail, language, folder), language, folder):
        printed = paper.bare(text)
    else:
        sender = filter(None, (settings.company.name, settings.company.address))
        recipient = [*dict.fromkeys(filter(None, (customer["contact"], customer["name"]))), customer["address"]]
        printed = paper.typeset(sender, today.isoformat(), recipient, text)
    return paper.Page(settings.company.name or "", paper.in_one_line(customer["address"]), text.subject, printed)


def _reference(numbers: Sequence[str], notice_id: int) -> str:
    """By what a payment says what it is for: the invoices; the notice where they are too many for a bank's form."""
    invoices = list(dict.fromkeys(numbers))
    return ", ".join(invoices) if len(invoices) <= MOST_NUMBERS else f"N{notice_id}"


def _lines(
    notice: Notice, today: date, invoices: Mapping[int, Row], receivables: Mapping[int, Row]
) -> list[dict[str, Any]]:
    """All that is open and listed, the oldest due first; a claim made before says how it was reckoned."""
    place = _places(notice)
    return [
        {
            "number": invoices[item.invoice_id]["number"],
            "issued_on": invoices[item.invoice_id]["issued_on"] if item.kind == "invoice" else item.due_on,
            "due_on": item.due_on,
            "days_late": days_past_due(date.fromisoformat(item.due_on), today),
            "kind": item.kind,
            "basis": receivables[item.id]["basis"] or "",
            "formula": receivables[item.id]["formula"] or "",
            "amount": _money(item.balance_minor, notice.currency),
            "original": _money(original_minor, notice.currency) if original_minor != item.balance_minor else "",
        }
        for item in sorted(notice.listed, key=lambda item: (item.due_on, place[item.invoice_id], item.id))
        if item.balance_minor
        for original_minor in [receivables[item.id]["amount_minor"]]
    ]


def _places(notice: Notice) -> dict[int, int]:
    """In which place each invoice is listed: its claims keep to the same order."""
    invoice_ids = dict.fromkeys(item.invoice_id for item in sorted(notice.listed, key=by_due_date))
    return {invoice_id: place for place, invoice_id in enumerate(invoice_ids)}


def _claims(notice: Notice, invoices: Mapping[int, Row]) -> list[dict[str, Any]]:
    place = _places(notice)
    return [
        {
            "number": invoices[claim.invoice_id]["number"],
            "kind": claim.kind,
            "basis": claim.basis,
            "formula": claim.formula,
            "amount": _money(claim.amount_minor, notice.currency),
        }
        for claim in sorted(notice.claims, key=lambda claim: place[claim.invoice_id])
    ]


def _money(minor: int, currency: str) -> str:
    return grouped(format_amount(minor, currency))
