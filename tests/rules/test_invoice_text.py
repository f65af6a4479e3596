"""What an invoice calls a share, in both languages."""

from __future__ import annotations

from datetime import date

import pytest

from ltc_cli.rules import invoice_text
from ltc_cli.rules.recurring import Course
from ltc_cli.rules.terms import PlannedShare, parse_terms


@pytest.mark.parametrize(
    ("share", "trigger", "on", "language", "told"),
    [
        ("30%", "sign", None, "en", "30% on signature: Pilot and 2 more"),
        ("rest", "date", date(2026, 3, 1), "en", "rest on 2026-03-01: Pilot and 2 more"),
        ("30%", "sign", None, "zh", "签约时付30%：Pilot等 3 项"),
        ("rest", "date", date(2026, 3, 1), "zh", "2026-03-01 付余款：Pilot等 3 项"),
    ],
)
def test_a_share(share: str, trigger: str, on: date | None, language: str, told: str) -> None:
    subject = invoice_text.subject(["Pilot", "Loom", "Mill"], language)
    assert invoice_text.of_share(PlannedShare(share, trigger, on), subject, language) == told


@pytest.mark.parametrize(
    ("amount_minor", "language", "told"),
    [
        (90000 * 22 // 31 + 1, "en", "Ada 2026-03-10 – 2026-03-31, 22 of 31 days of 900.00"),
        (90000 * 22 // 31 + 1, "zh", "Ada 2026-03-10 – 2026-03-31，900.00 按 31 天中的 22 天计"),
        (7097, "en", "Ada 2026-03-10 – 2026-03-31, supplement: now 900.00"),
        (7097, "zh", "Ada 2026-03-10 – 2026-03-31，补差，现为 900.00"),
    ],
)
def test_a_period(amount_minor: int, language: str, told: str) -> None:
    """900 a month from 10 March: 900 × 22 / 31 = 638.709… is 638.71."""
    share = PlannedShare(
        "900.00",
        "sign",
        amount_minor=amount_minor,
        period_from=date(2026, 3, 10),
        period_to=date(2026, 3, 31),
    )
    fees = parse_terms("900 monthly @1 from sign; net 30", "EUR").shares
    course = Course(date(2026, 3, 10), None, ())
    assert invoice_text.of_period(share, "Ada", fees, course, "EUR", language) == told
