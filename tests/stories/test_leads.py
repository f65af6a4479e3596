"""Leads: doubled, merged, lost, taken up again, and facts that were told late."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.stories.telling import aging, funnel, invoiced, promoted

if TYPE_CHECKING:
    from tests.support import Company


def test_touches_of_a_merged_lead_are_seen_under_the_one_that_stays(company: Company) -> None:
    company.ltc("lead", "add", "Ada Lovelace", "--email", "ada@engines.example", today="2026-01-01")
    company.ltc("lead", "add", "A. Lovelace", "--phone", "+44 20 7946 0000", "--source", "fair", today="2026-01-03")
    company.ltc("nurture", "L1", "--log", "email", today="2026-01-02")
    company.ltc("nurture", "L2", "--log", "meeting", "--note", "at the fair", today="2026-01-05")
    assert company.ltc("show", "L1")["touches"] == 1
    merged = company.ltc("lead", "merge", "L1", "L2", today="2026-01-06")
    assert (merged["touches"], merged["last_touch_on"], merged["status"]) == (2, "2026-01-05", "nurtured")
    assert "meeting: at the fair" in [each["what"] for each in company.ltc("show", "L1")["thread"]]
    assert [each["ref"] for each in company.ltc("list", "leads")] == ["L1"]
    assert list(funnel(company).values())[:3] == [1, 1, 0]


def test_the_other_name_of_a_merged_lead_still_leads_to_it(company: Company) -> None:
    for name in ("Ada", "Lady Lovelace"):
        company.ltc("lead", "add", name)
    company.ltc("lead", "merge", "L1", "L2")
    company.ltc("nurture", "L2", "--log", "call")
    assert company.ltc("show", "L1")["touches"] == 1
    assert company.ltc("promote", "L2", "--amount", "100")["lead"] == "L1"
    assert company.ltc("show", "L1")["status"] == "promoted"


def test_a_sale_of_a_merged_lead_is_counted_once(company: Company) -> None:
    promoted(company, "Ada", "2026-01-01", "--amount", "100")
    company.ltc("lead", "add", "Lady Lovelace", "--source", "fair", today="2026-01-02")
    company.ltc("lead", "merge", "L2", "L1", today="2026-01-03")
    rows = company.ltc("funnel", "--by", "source")
    assert {(row["source"], row["count"]) for row in rows[:3]} == {("fair", 1)}
    assert {row["source"] for row in rows} == {"fair"}


def test_the_same_address_again_is_a_conflict_that_names_the_other(company: Company) -> None:
    company.ltc("lead", "add", "Ada", "--email", "Ada@Engines.example")
    error = company.ltc("lead", "add", "Lady Lovelace", "--email", " ada@engines.EXAMPLE ", fails=5)
    assert "L1 Ada" in error["message"]
    assert funnel(company)["lead"] == 1


def test_a_lost_opportunity_is_reopened_and_won(company: Company) -> None:
    promoted(company, "Ada", "2026-01-01", "--amount", "100")
    lost = company.ltc("lose", "O1", "--reason", "price", today="2026-01-10")
    assert (lost["status"], lost["reason"]) == ("lost", "price")
    assert "reopen O1" in company.ltc("sign", "O1", today="2026-01-11", fails=4)["hint"]
    assert funnel(company)["opportunity"] == 1  # it reached the stage, and was lost later
    assert company.ltc("reopen", "O1", today="2026-02-01")["status"] == "open"
    company.ltc("sign", "O1", today="2026-02-02")
    assert company.ltc("show", "O1")["status"] == "won"
    assert funnel(company)["contract"] == 1


def test_an_opportunity_walks_through_its_stages(company: Company) -> None:
    promoted(company, "Ada", "2026-01-01", "--amount", "100")
    found = [company.ltc("advance", "O1", today=f"2026-01-0{day}") for day in (2, 3, 4)]
    assert [(each["stage"], each["probability"]) for each in found] == [
        ("qualified", 0.25),
        ("proposal", 0.5),
        ("negotiation", 0.75),
    ]


def test_a_dropped_lead_is_not_promoted_until_it_is_qualified_again(company: Company) -> None:
    company.ltc("lead", "add", "Ada")
    company.ltc("lead", "drop", "L1", "--reason", "budget")
    company.ltc("promote", "L1", fails=4)
    company.ltc("lead", "qualify", "L1")
    assert company.ltc("promote", "L1")["ref"] == "O1"


def test_a_customer_who_comes_back_is_not_doubled(company: Company) -> None:
    for name in ("Ada", "Charles"):
        company.ltc("lead", "add", name, "--company", "Analytical Engines Ltd")
    customers = [company.ltc("promote", lead)["customer"] for lead in ("L1", "L2")]
    assert customers == ["K1", "K1"]


def test_a_deal_won_before_the_lead_was_written_down_keeps_its_days(company: Company) -> None:
    """Signed at the fair on Friday, and typed on Monday, when the lead is made."""
    company.ltc("lead", "add", "Ada", today="2026-03-09")
    company.ltc("nurture", "L1", "--log", "meeting", "--on", "2026-03-06", today="2026-03-09")
    company.ltc("promote", "L1", "--amount", "100", "--on", "2026-03-06", today="2026-03-09")
    company.ltc("sign", "O1", "--on", "2026-03-06", "--terms", "100% sign; net 7", today="2026-03-09")
    company.ltc("ship", "C1", "--on", "2026-03-07", today="2026-03-09")
    invoice = invoiced(company, "C1", "2026-03-09")
    assert (invoice["issued_on"], invoice["due_on"]) == ("2026-03-09", "2026-03-16")
    company.ltc("collect", "C1", "--on", "2026-03-06", today="2026-03-09")
    assert list(funnel(company).values()) == [1] * 7
    # The money came in on Friday, the invoice is of Monday.
    assert aging(company, "2026-03-08") == {("K1", "EUR"): {"unapplied": "-100.00"}}
    assert aging(company, "2026-03-09") == {}


def test_a_fact_of_tomorrow_is_refused(company: Company) -> None:
    company.ltc("lead", "add", "Ada", today="2026-03-09")
    company.ltc("nurture", "L1", "--log", "call", "--on", "2026-03-10", today="2026-03-09", fails=2)
    company.ltc("promote", "L1", "--amount", "100", today="2026-03-09")
    company.ltc("sign", "O1", "--on", "tomorrow", today="2026-03-09", fails=2)
    company.ltc("sign", "O1", today="2026-03-09")
    company.ltc("ship", "C1", "--on", "+1d", today="2026-03-09", fails=2)
    company.ltc("collect", "C1", "10", "--on", "2026-03-10", today="2026-03-09", fails=2)


def test_the_funnel_looks_back_to_any_day(company: Company) -> None:
    promoted(company, "Ada", "2026-01-05", "--amount", "100")
    company.ltc("lead", "add", "Grace", today="2026-01-20")
    company.ltc("nurture", "L2", "--log", "call", today="2026-02-10")
    company.ltc("sign", "O1", today="2026-02-20")
    by_day = {
        day: list(funnel(company, "--as-of", day).values())[:4]
        for day in ("2026-01-04", "2026-01-05", "2026-01-20", "2026-02-09", "2026-02-10", "2026-02-20")
    }
    assert by_day == {
        "2026-01-04": [0, 0, 0, 0],
        "2026-01-05": [1, 1, 1, 0],
        "2026-01-20": [2, 1, 1, 0],
        "2026-02-09": [2, 1, 1, 0],
        "2026-02-10": [2, 2, 1, 0],
        "2026-02-20": [2, 2, 1, 1],
    }
    # A cohort is made by the day the lead was created, wherever it has got since.
    assert funnel(company, "--since", "2026-01-10")["lead"] == 1
    assert funnel(company, "--until", "2026-01-10")["contract"] == 1
