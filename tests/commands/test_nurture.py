"""`ltc nurture`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support import Company

KINDS = ["call", "email", "meeting", "visit", "download", "reply", "event", "open", "click", "bounce", "unsubscribe"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_touch_counts(kind: str, company: Company) -> None:
    company.ltc("lead", "add", "Ada")
    lead = company.ltc("nurture", "L1", "--log", kind)
    status = "new" if kind in ("bounce", "unsubscribe") else "nurtured"
    assert (lead["status"], lead["touches"], lead["last_touch_on"]) == (status, 1, company.today)


def test_the_last_touch_is_the_latest_day_whatever_was_written_last(company: Company) -> None:
    company.ltc("lead", "add", "Ada", today="2026-06-01")
    company.ltc("nurture", "L1", "--log", "call", "--on", "2026-06-10")
    lead = company.ltc("nurture", "L1", "--log", "email", "--on", "2026-06-03")
    assert (lead["touches"], lead["last_touch_on"]) == (2, "2026-06-10")


def test_a_promoted_lead_can_still_be_called(sale: Company) -> None:
    lead = sale.ltc("nurture", "L1", "--log", "call")
    assert (lead["status"], lead["touches"]) == ("promoted", 1)


def test_any_reference_of_its_thread_names_the_lead(sale: Company) -> None:
    assert sale.ltc("nurture", "O1", "--log", "call")["ref"] == "L1"
