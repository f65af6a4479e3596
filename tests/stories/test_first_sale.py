"""Someone new types seven lines, and is paid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.stories.telling import funnel, sold

if TYPE_CHECKING:
    from tests.support import Company

SEVEN_LINES = (
    ("lead", "add", "Ada Lovelace"),
    ("nurture", "L1", "--log", "call"),
    ("promote", "L1", "--amount", "12000"),
    ("sign", "O1"),
    ("ship", "C1"),
    ("invoice", "C1"),
    ("collect", "INV-2026-0001"),
)


def test_seven_lines_end_in_a_collected_invoice(company: Company) -> None:
    for line in SEVEN_LINES:
        company.ltc(*line)
    invoice = company.ltc("show", "INV-2026-0001")
    assert (invoice["status"], invoice["total"], invoice["paid"], invoice["balance"]) == (
        "paid",
        "12000.00",
        "12000.00",
        "0.00",
    )
    assert company.ltc("show", "C1")["status"] == "closed"
    assert company.ltc("aging") == []


def test_the_funnel_counts_the_sale_in_every_stage(company: Company) -> None:
    for line in SEVEN_LINES:
        company.ltc(*line)
    rows = company.ltc("funnel")
    assert [(row["stage"], row["count"], row["amount"]) for row in rows] == [
        ("lead", 1, None),
        ("nurtured", 1, None),
        ("opportunity", 1, "12000.00"),
        ("contract", 1, "12000.00"),
        ("shipped", 1, "12000.00"),
        ("invoiced", 1, "12000.00"),
        ("collected", 1, "12000.00"),
    ]


def test_each_line_names_the_next(company: Company) -> None:
    """Nothing else has to be read: what is typed next stands on the screen, word for word where it takes no amount."""
    hints = []
    for line in SEVEN_LINES:
        assert company.run(*line) == 0
        hints.append(company.err.splitlines()[-1])
    assert [hint.split()[:2] for hint in hints] == [
        ["next:", "ltc"],
    ] * 7
    verbs = [" ".join(hint.split()[2:4]) for hint in hints]
    assert verbs == ["nurture L1", "promote L1", "sign O1", "ship C1", "invoice C1", "collect INV-2026-0001", "funnel"]


def test_the_same_lines_again_change_nothing(company: Company) -> None:
    """A founder who is not sure whether it went through types it again."""
    for line in SEVEN_LINES:
        company.ltc(*line)
    before = company.ltc("log")
    for line in SEVEN_LINES[2:]:
        company.ltc(*line)
    assert company.ltc("log") == before


def test_the_whole_thread_is_seen_from_its_lead(company: Company) -> None:
    for line in SEVEN_LINES:
        company.ltc(*line)
    thread = company.ltc("show", "L1")["thread"]
    assert [each["ref"] for each in thread] == ["L1", "L1", "O1", "O1", "C1", "S1", "INV-2026-0001", "P1"]
    assert thread[-1]["amount"] == "12000.00"


def test_each_stage_is_counted_as_soon_as_it_is_reached(company: Company) -> None:
    stages = ["lead", "nurtured", "opportunity", "contract", "shipped", "invoiced", "collected"]
    for number, line in enumerate(SEVEN_LINES, 1):
        company.ltc(*line)
        assert list(funnel(company).values()) == [1] * number + [0] * (7 - number)
    assert list(funnel(company)) == stages


def test_what_has_gone_out_is_worth_what_the_contract_said_on_the_day(company: Company) -> None:
    """4 of 10 at 100; on the 20th the ten become 1500."""
    sold(company, ["Widget:10:100"], "100% ship", "2026-01-05")
    company.ltc("ship", "C1", "--line", "1=4", today="2026-01-10")
    company.ltc("amend", "C1", "--amount", "1500", "--reason", "dearer", today="2026-01-20")
    for day, wanted in (("2026-01-19", ("1000.00", "400.00")), ("2026-01-20", ("1500.00", "600.00"))):
        amounts = {row["stage"]: row["amount"] for row in company.ltc("funnel", "--as-of", day)}
        assert (amounts["contract"], amounts["shipped"]) == wanted
