"""Worked cases of dunning, day by day through the command line; every figure is reckoned by hand beside it."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from datetime import date, timedelta
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.stories.telling import audit, balance
from tests.support import Company

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ISSUED: Final = date(2026, 1, 1)
"""Every invoice is due on issue: day N is N days late."""

LADDER: Final = (
    "[{name: a, after: 5d, mail: reminder}, {name: b, after: 20d, mail: second}, {name: c, after: 40d, mail: final}]"
)
STREET: Final = "Mill Lane 2\nLondon"
FEES: Final = "[{name: late, after: 15d, mail: second, fee: 10, interest: 10%}, {name: later, after: 30d, mail: final}]"


class Dunned(Company):
    """A company that is told days after the due date, and mails into a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder / "mails"

    def configure(self, levels: str = LADDER, **more: str) -> None:
        lines = [f"  {key}: {value}" for key, value in {"levels": levels, **more}.items()]
        self.config_path.write_text(
            "\n".join(["mail: {from: billing@acme.example}", "dunning:", *lines]) + "\n", encoding="utf-8"
        )

    def sell(
        self,
        amount: str,
        name: str = "Ada",
        *,
        day: int = 0,
        has_email: bool = True,
        address: str | None = None,
        terms: str = "100% sign; net 0",
    ) -> str:
        """An invoice, due on the day that it is issued unless the terms say otherwise; its number."""
        on = at(day)
        mail = ("--email", f"a@{name.lower()}.example") if has_email else ()
        lead = self.ltc("lead", "add", name, "--company", name, *mail, "--allow-duplicate", today=on)["ref"]
        opportunity = self.ltc("promote", lead, "--amount", amount, today=on)
        if address:
            self.ltc("edit", opportunity["customer"], f"address={address}", today=on)
        contract = self.ltc("sign", opportunity["ref"], "--terms", terms, today=on)["ref"]
        (invoice,) = self.ltc("invoice", contract, today=on)
        return str(invoice["ref"])

    def dun(self, day: int, *options: str, fails: int | None = None) -> list[dict[str, Any]]:
        to = () if "--no-send" in options or "--dry-run" in options else ("--to-folder", str(self.folder))
        return list(self.ltc("dun", *to, *options, today=at(day), fails=fails))

    def levels(self, day: int, *options: str) -> list[tuple[str, str]]:
        return [(row["customer"], row["level"]) for row in self.dun(day, *options)]

    def at(self, day: int, *words: str) -> Any:
        return self.ltc(*words, today=at(day))


def at(day: int) -> str:
    return (ISSUED + timedelta(days=day)).isoformat()


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Dunned]:
    company = Dunned(tmp_path)
    company.configure()
    yield company
    audit(company)


LADDER_WITH_FEES: Final = (
    "[{name: pre, after: -3d, mail: nudge}, {name: a, after: 5d, mail: reminder},"
    " {name: b, after: 20d, mail: second, fee: 10}, {name: c, after: 40d, mail: final, fee: 40}]"
)


def test_an_instalment_paid_in_time_is_not_dunned_for_the_claims_of_another(company: Dunned) -> None:
    """The first half is paid on its day; the second is due on day 20: its levels are of days 25, 40 and 60."""
    company.configure(LADDER_WITH_FEES)
    company.sell("200", terms="100% sign; due 50%, 50%+20d")
    company.at(0, "collect", "INV-2026-0001", "100")
    told = {day: company.dun(day) for day in range(1, 90)}
    assert {day: [(row["level"], row["total"]) for row in rows] for day, rows in told.items() if rows} == {
        17: [("pre", "100.00")],
        25: [("a", "100.00")],
        40: [("b", "110.00")],
        60: [("c", "150.00")],
    }


def test_an_instalment_paid_before_its_day_is_not_dunned_for_the_fee_of_the_first(company: Dunned) -> None:
    """Nothing but the fee of 10.00 is open from day 22: the first instalment bears it up to the last level, day 40."""
    company.configure(LADDER_WITH_FEES)
    company.sell("200", terms="100% sign; due 50%, 50%+60d")
    assert company.levels(5) == [("K1", "a")]
    (row,) = company.dun(20)
    assert (row["level"], row["total"]) == ("b", "110.00")
    company.at(22, "collect", "INV-2026-0001", "200")
    told = {day: company.dun(day) for day in range(23, 120)}
    assert {day: [(row["level"], row["total"]) for row in rows] for day, rows in told.items() if rows} == {
        40: [("c", "50.00")]
    }


def test_levels_5_20_40_with_a_long_pause_and_a_hold(company: Dunned) -> None:
    company.sell("100")
    assert company.levels(4) == []
    assert company.levels(5) == [("K1", "a")]
    assert company.levels(5) == []
    assert company.levels(30) == [("K1", "b")]
    company.at(31, "hold", "INV-2026-0001", "--until", at(45), "--reason", "asked")
    assert company.levels(41) == []
    assert company.levels(45) == []
    assert company.levels(46) == [("K1", "c")]
    assert [company.levels(day) for day in (47, 60, 90)] == [[], [], []]


def test_the_first_run_ever_on_day_100_begins_with_the_first_level(company: Dunned) -> None:
    company.sell("100")
    assert company.levels(100) == [("K1", "a")]
    assert company.levels(106) == []
    assert company.levels(107) == [("K1", "b")]
    assert company.levels(114) == [("K1", "c")]


def test_fee_and_interest_outlive_the_principal(company: Dunned) -> None:
    """100.00 × 10 % × 15 / 365 = 0.4109…, so 0.41; with the fee of 10.00 it is 110.41."""
    company.configure(FEES)
    company.sell("100")
    (row,) = company.dun(15)
    assert [row[key] for key in ("amount", "fee", "interest", "total")] == ["100.00", "10.00", "0.41", "110.41"]
    company.at(16, "collect", "INV-2026-0001", "100")
    assert company.err == "INV-2026-0001 is paid, but for 10.41 of fees and interest: ltc collect INV-2026-0001\n"
    assert balance(company, "INV-2026-0001") == "0.00"
    (row,) = company.dun(30)
    assert [row[key] for key in ("level", "amount", "total")] == ["later", "0.00", "10.41"]
    assert company.at(31, "collect", "INV-2026-0001")["amount"] == "10.41"
    assert company.levels(60) == []


def test_claims_are_written_off_once_however_often_it_is_said(company: Dunned) -> None:
    company.configure(FEES)
    company.sell("100")
    company.dun(15)
    company.at(16, "collect", "INV-2026-0001", "100")
    company.at(16, "writeoff", "INV-2026-0001", "--reason", "small")
    assert company.err == ""
    before = company.dump()
    company.at(17, "writeoff", "INV-2026-0001", "--reason", "small")
    assert company.err == "what was left of INV-2026-0001 is written off already\n"
    assert company.dump() == before
    message = company.ltc("writeoff", "INV-2026-0001", "5", "--reason", "small", fails=4, today=at(17))["message"]
    assert message == "5.00 is too much: 0.00 is open of INV-2026-0001"
    company.at(18, "writeoff", "INV-2026-0001", "--undo", "--reason", "not so small")
    assert company.at(19, "collect", "INV-2026-0001")["amount"] == "10.41"


def test_a_notice_tells_its_own_claims_from_what_is_open(company: Dunned) -> None:
    """By day 15 interest is 0.41; by day 30 it is 100.00 × 10 % × 30 / 365 = 0.82, less 0.41; a fee of 10.00 each."""
    company.configure(
        "[{name: late, after: 15d, mail: second, fee: 10, interest: 10%},"
        " {name: later, after: 30d, mail: final, fee: 10, interest: 10%}]"
    )
    company.sell("100")
    invoice = {"invoice": "INV-2026-0001"}
    expected = [
        [
            {**invoice, "kind": "fee", "amount": "10.00", "formula": "late"},
            {**invoice, "kind": "interest", "amount": "0.41", "formula": "100.00 × 10% × 15 / 365"},
        ],
        [
            {**invoice, "kind": "fee", "amount": "10.00", "formula": "later"},
            {**invoice, "kind": "interest", "amount": "0.41", "formula": "100.00 × 10% × 30 / 365 - 0.41"},
        ],
    ]
    company.dun(15)
    assert [row["claims"] for row in company.dun(30, "--dry-run")] == expected[1:]
    (row,) = company.dun(30)
    assert (row["fee"], row["interest"], row["claims"]) == ("20.00", "0.82", expected[1])
    assert [row["claims"] for row in company.at(31, "list", "notices")] == expected
    assert company.at(31, "show", "N1")["claims"] == expected[0]
    assert company.run("show", "N1", today=at(31)) == 0
    assert re.search(r"INV-2026-0001 +interest +0\.41 +100\.00 × 10% × 15 / 365", company.out)


def test_who_is_left_out_is_told_with_principal_fee_and_interest(company: Dunned) -> None:
    """100.00 × 10 % × 15 / 365 = 0.41; of it 60 are paid. The second invoice is disputed, and bears nothing."""
    company.configure(FEES)
    company.sell("100")
    company.sell("7", "Ben", day=14)
    company.dun(15)
    company.at(16, "collect", "INV-2026-0001", "60")
    company.at(16, "dispute", "INV-2026-0002", "--reason", "broken")
    rows = company.dun(17, "--dry-run")
    assert [[row[key] for key in ("customer", "amount", "fee", "interest", "total")] for row in rows] == [
        ["K1", "40.00", "10.00", "0.41", "50.41"],
        ["K2", "7.00", "0.00", "0.00", "7.00"],
    ]
    company.at(18, "collect", "INV-2026-0001", "40")
    (row, _disputed) = company.dun(19, "--dry-run")
    assert [row[key] for key in ("amount", "fee", "interest", "total")] == ["0.00", "10.00", "0.41", "10.41"]


@pytest.mark.parametrize("chosen", ["INV-2026-0001", "K1"])
@pytest.mark.parametrize(("all_have", "vip_has", "written"), [("60", "10", [("K1", "a")]), ("10", "60", [])])
def test_the_minimum_is_of_the_policy_that_is_nearest(
    company: Dunned, chosen: str, all_have: str, vip_has: str, written: list[Any]
) -> None:
    """50.00 are late; the policy of the invoice, or of its customer, says what is too little."""
    vip = f"{{vip: {{minimum: {{EUR: {vip_has}}}, levels: {LADDER}}}}}"
    company.configure(minimum=f"{{EUR: {all_have}}}", policies=vip)
    company.sell("50")
    company.at(0, "edit", chosen, "dunning=vip")
    assert company.levels(6) == written


def test_of_several_minimums_the_least_counts(company: Dunned) -> None:
    """30.00 under a minimum of 60, and 10.00 under one of 20: 40.00 are enough for the one, and both are told."""
    vip = f"{{vip: {{minimum: {{EUR: 20}}, levels: {LADDER}}}}}"
    company.configure(minimum="{EUR: 60}", policies=vip)
    company.sell("30")
    company.sell("10")
    company.at(0, "edit", "INV-2026-0002", "dunning=vip")
    (row,) = company.dun(6)
    assert (row["total"], row["invoices"]) == ("40.00", ["INV-2026-0001", "INV-2026-0002"])


@pytest.mark.parametrize(("claims_first", "principal"), [("false", "50.00"), ("true", "60.41")])
def test_claims_first_turns_round_what_a_payment_settles(company: Dunned, claims_first: str, principal: str) -> None:
    """Of 110.41 are paid 50.00: of the principal, or of the claims of 10.41 first; 60.41 are open either way."""
    company.configure(FEES, claims_first=claims_first)
    company.sell("100")
    company.dun(15)
    company.at(16, "collect", "INV-2026-0001", "50")
    assert balance(company, "INV-2026-0001") == principal
    assert company.at(17, "collect", "INV-2026-0001")["amount"] == "60.41"


@pytest.mark.parametrize(("claims_first", "principal"), [("false", "50.00"), ("true", "60.41")])
def test_claims_first_holds_for_credit_that_is_applied(company: Dunned, claims_first: str, principal: str) -> None:
    company.configure(FEES, claims_first=claims_first)
    company.sell("100")
    company.sell("1", day=1)
    company.dun(15)
    company.at(16, "collect", "INV-2026-0002", "51")
    company.at(17, "apply", "P1", "INV-2026-0001", "50")
    assert balance(company, "INV-2026-0001") == principal


def test_interest_follows_the_balance_and_what_was_claimed(company: Dunned) -> None:
    """200 × 10 days + 100 × 10 days at 36.5 % is 2.00 + 1.00; on day 30 ten days more of 100 are 1.00 more."""
    company.configure(
        "[{name: a, after: 20d, mail: reminder, interest: 36.5%}, {name: b, after: 30d, mail: final, interest: 36.5%}]"
    )
    company.sell("200")
    company.at(10, "collect", "INV-2026-0001", "100")
    (first,) = company.dun(20)
    assert first["interest"] == "3.00"
    (second,) = company.dun(30)
    assert (second["amount"], second["interest"], second["total"]) == ("100.00", "4.00", "104.00")


def test_statutory_interest_by_half_years(company: Dunned) -> None:
    """Due 2026-01-01, in 2026 at 2 + 8 % until June and 3 + 8 % from July.

    1000 × 10 % × 180 / 365 + 1000 × 11 % × 20 / 365 = 49.315… + 6.027… = 55.34; and 40.00 once.
    """
    company.configure(
        "[{name: a, after: 200d, mail: final, interest: statutory},"
        " {name: b, after: 210d, mail: final, interest: statutory}]"
    )
    with company.config_path.open("a", encoding="utf-8") as file:
        file.write("statutory_rates: {2026-01-01: 2%, 2026-07-01: 3%}\n")
    company.sell("1000")
    (row,) = company.dun(200)
    assert (row["fee"], row["interest"], row["total"]) == ("40.00", "55.34", "1095.34")
    (row,) = company.dun(210)
    assert row["fee"] == "40.00"


def test_a_half_year_without_a_rate_is_a_matter_of_the_config(company: Dunned) -> None:
    company.configure("[{name: a, after: 181d, mail: final, interest: statutory}]")
    company.sell("1000")
    error = company.ltc("dun", "--no-send", today=at(181), fails=6)
    assert "2026-07-01 is not known" in error["message"]
    assert company.ltc("list", "notices") == []


def test_statutory_interest_by_the_table_that_we_ship(company: Dunned) -> None:
    """The ECB's 2.15 % on 2026-01-01 and 8 points: 1000 × 10.15 % × 100 / 365 = 27.808…, and 40.00 once."""
    company.configure("[{name: a, after: 100d, mail: final, interest: statutory}]")
    company.sell("1000")
    (row,) = company.dun(100)
    assert (row["fee"], row["interest"], row["total"]) == ("40.00", "27.81", "1067.81")


def test_consumers_pay_no_statutory_interest(company: Dunned) -> None:
    company.configure("[{name: a, after: 5d, mail: final, interest: statutory}]")
    company.sell("1000")
    company.at(1, "edit", "K1", "kind=consumer")
    (row,) = company.dun(5)
    assert (row["fee"], row["interest"], row["total"]) == ("0.00", "0.00", "1000.00")


def test_two_currencies_have_notices_and_counters_of_their_own(company: Dunned) -> None:
    company.sell("100")
    company.at(3, "promote", company.at(3, "lead", "add", "Bob")["ref"], "--amount", "USD 70", "--customer", "K1")
    company.at(3, "sign", "O2", "--terms", "100% sign; net 0")
    company.at(3, "invoice", "C2")
    assert [row["currency"] for row in company.dun(5)] == ["EUR"]
    assert [(row["currency"], row["level"]) for row in company.dun(8)] == [("USD", "a")]
    assert [(row["currency"], row["level"]) for row in company.dun(20)] == [("EUR", "b")]


def test_the_level_follows_the_oldest_that_is_open(company: Dunned) -> None:
    company.sell("100")
    assert company.levels(5) == [("K1", "a")]
    company.sell("200", day=10)
    company.sell("300", day=20)
    assert company.levels(25) == [("K1", "b")]
    company.at(26, "collect", "INV-2026-0001")
    company.at(26, "collect", "INV-2026-0002")
    (row,) = company.dun(40)
    assert (row["level"], row["amount"], row["invoices"]) == ("b", "300.00", ["INV-2026-0003"])


def test_a_notice_lists_all_but_only_those_that_reach_a_level_advance(company: Dunned) -> None:
    company.sell("100")
    company.sell("50", day=3)
    (row,) = company.dun(5)
    both = ["INV-2026-0001", "INV-2026-0002"]
    assert (row["amount"], row["invoices"]) == ("150.00", both)
    assert row["advanced"] == [{"invoice": "INV-2026-0001", "level": "a"}]
    company.sell("7", day=6)
    (row,) = company.dun(12)
    assert (row["level"], row["amount"], row["invoices"]) == ("a", "157.00", [*both, "INV-2026-0003"])
    assert [each["invoice"] for each in row["advanced"]] == [*both[1:], "INV-2026-0003"]
    company.at(13, "collect", "INV-2026-0001")
    assert company.ltc("list", "notices", today=at(14))[1]["invoices"] == [*both, "INV-2026-0003"]


@pytest.mark.parametrize(("owed", "levels"), [("4.99", []), ("5.00", [("K1", "a")])])
def test_below_the_minimum_nobody_is_written_to(company: Dunned, owed: str, levels: list[Any]) -> None:
    company.configure(minimum="{EUR: 5}")
    company.sell(owed)
    assert company.levels(5) == levels


def test_unapplied_credit_counts_against_what_is_late(company: Dunned) -> None:
    company.sell("5", "Bea")
    company.at(1, "collect", "K1", "105")
    company.sell("100", "Bea", day=2)
    assert company.levels(30) == []
    company.at(30, "refund", "P1", "1")
    assert company.levels(30) == [("K1", "a")]


def test_a_broken_promise_resumes_with_the_next_level(company: Dunned) -> None:
    company.sell("100")
    assert company.levels(5) == [("K1", "a")]
    company.at(10, "promise", "INV-2026-0001", "--on", at(30), "--amount", "60")
    assert company.levels(30) == []
    assert company.levels(31) == [("K1", "b")]


def test_a_kept_promise_leaves_nothing_to_remind_of(company: Dunned) -> None:
    company.sell("100")
    company.at(4, "promise", "INV-2026-0001", "--on", at(30))
    company.at(30, "collect", "INV-2026-0001")
    assert company.levels(31) == []


def _told(company: Dunned, ref: str, day: int) -> list[str]:
    thread = company.ltc("show", ref, today=at(day))["thread"]
    return [entry["what"] for entry in thread if entry["what"].startswith("promise")]


@pytest.mark.parametrize(
    ("target", "amount", "paid", "on", "outcome"),
    [
        ("INV-2026-0001", "60", "60", 30, ", kept"),
        ("INV-2026-0001", "60", "59.99", 30, ", broken"),
        ("INV-2026-0001", "60", "60", 31, ", kept late"),
        ("INV-2026-0001", "60", "59.99", 31, ", broken"),
        ("INV-2026-0001", None, "100", 30, ", kept"),
        ("INV-2026-0001", None, "100", 31, ", kept late"),
        ("INV-2026-0001", None, "99.99", 30, ", broken"),
        ("K1", None, "100", 30, ", kept"),
        ("K1", None, "99.99", 30, ", broken"),
    ],
)
def test_show_says_whether_a_promise_was_kept(
    company: Dunned, target: str, amount: str | None, paid: str, on: int, outcome: str
) -> None:
    """Ten were paid before, and count for nothing."""
    company.sell("110")
    company.at(2, "collect", "INV-2026-0001", "10")
    company.at(10, "promise", target, "--on", at(30), *(("--amount", amount) if amount else ()))
    assert _told(company, target, 30) == [f"promise until {at(30)}"]
    company.at(on, "collect", "INV-2026-0001", paid)
    assert _told(company, target, 31) == [f"promise until {at(30)}{outcome}"]


def test_a_promise_that_another_took_the_place_of_is_not_judged(company: Dunned) -> None:
    company.sell("100")
    company.at(10, "promise", "INV-2026-0001", "--on", at(20))
    company.at(15, "promise", "INV-2026-0001", "--on", at(40))
    assert _told(company, "INV-2026-0001", 41) == [f"promise until {at(20)}", f"promise until {at(40)}, broken"]


def test_customers_that_are_one_get_one_notice(company: Dunned) -> None:
    """Ada is also Bea: one notice over both, one spacing, and credit of either counts for both."""
    company.sell("100")
    company.sell("50", "Bea")
    company.sell("5", "Cyd")
    company.at(3, "customer", "merge", "K1", "K2")
    (both, other) = company.dun(5)
    assert (both["customer"], both["amount"], both["invoices"]) == ("K1", "150.00", ["INV-2026-0001", "INV-2026-0002"])
    assert other["customer"] == "K3"
    company.at(6, "hold", "K1", "--until", at(21), "--reason", "asked")
    assert company.levels(20) == [("K3", "b")]
    assert company.levels(22) == [("K1", "b")]


def test_customers_that_became_one_after_their_notices(company: Dunned) -> None:
    """Bea was written to on day 5, Ada on day 8: the spacing of 7 days counts from the later; no level comes again."""
    company.sell("100", "Bea")
    company.sell("50", "Ada", day=3)
    assert company.levels(5) == [("K1", "a")]
    assert company.levels(8) == [("K2", "a")]
    company.at(8, "customer", "merge", "K2", "K1")
    company.sell("7", "Ada", day=9)
    assert company.levels(14) == []
    (row,) = company.dun(15)
    assert (row["customer"], row["level"], row["amount"], len(row["invoices"])) == ("K2", "a", "157.00", 3)
    assert row["advanced"] == [{"invoice": "INV-2026-0003", "level": "a"}]
    (row,) = company.dun(23)
    assert (row["customer"], row["level"], row["amount"]) == ("K2", "b", "157.00")


def test_find_and_list_know_notices(company: Dunned) -> None:
    company.sell("100")
    company.dun(5)
    assert [row["ref"] for row in company.ltc("list", "notices")] == ["N1"]
    assert [(row["ref"], row["kind"], row["name"]) for row in company.ltc("find", "N1")] == [("N1", "notice", "Ada")]


def test_a_dispute_lasts_until_it_is_released(company: Dunned) -> None:
    company.sell("100")
    company.at(1, "dispute", "INV-2026-0001", "--reason", "broken")
    assert company.levels(100) == []
    company.at(101, "release", "INV-2026-0001")
    assert company.levels(101) == [("K1", "a")]


def test_what_keeps_back_is_said_by_the_verb_that_says_so(company: Dunned) -> None:
    """In the words of `today`; an invoice is kept back by its customer, too."""
    company.sell("100")
    number, hold = "INV-2026-0001", ("hold", "K1", "--until", at(9), "--reason", "asked")
    held = {"ref": "K1", "kind": "hold", "until": at(9), "reason": "asked"}
    assert company.at(1, *hold)["holds"] == [held]
    assert company.err == f"K1 is on hold until {at(9)}: asked\n"
    company.at(1, *hold)
    assert company.err == f"K1 is already on hold until {at(9)}: asked\n"
    company.at(1, "hold", "K1", "--until", at(20), "--reason", "court")
    company.at(1, *hold)  # the newest word counts, and says what it ends
    assert company.err == f"K1 is on hold until {at(9)}: asked\nK1 was on hold until {at(20)}: court\n"
    promised = {"ref": number, "kind": "promise", "until": at(7), "reason": None}
    assert company.at(1, "promise", number, "--on", at(7), "--amount", "60")["holds"] == [promised, held]
    assert company.err == f"{number} is promised until {at(7)}\nK1 is on hold until {at(9)}: asked\n"
    assert company.at(1, "release", number)["holds"] == [held]
    assert company.at(1, "release", "K1")["holds"] == []
    assert company.err == f"nothing keeps K1 back\nK1 was on hold until {at(9)}: asked\n"


def test_of_several_reasons_each_names_its_invoices(company: Dunned) -> None:
    """On the fourth day after the due date: one on hold, one disputed, one before its first level."""
    for _number in range(3):
        company.sell("100")
    company.at(1, "hold", "INV-2026-0001", "--until", at(9), "--reason", "insolvent")
    company.at(1, "dispute", "INV-2026-0002", "--reason", "late")
    (row,) = company.dun(4, "--dry-run")
    assert row["invoices"] == ["INV-2026-0001", "INV-2026-0002", "INV-2026-0003"]
    assert row["amount"] == "300.00"
    assert row["why"] == (
        f"INV-2026-0001: on hold until {at(9)}: insolvent; INV-2026-0002: disputed: late; INV-2026-0003: a from {at(5)}"
    )


def test_a_held_customer_is_left_out_and_said_so(company: Dunned) -> None:
    company.sell("100")
    company.at(1, "hold", "K1", "--until", at(9), "--reason", "insolvent")
    (row,) = company.dun(9, "--dry-run")
    assert (row["status"], row["why"]) == ("left_out", f"on hold until {at(9)}: insolvent")
    assert company.levels(10) == [("K1", "a")]


def test_the_nearest_policy_wins(company: Dunned) -> None:
    company.configure(policies="{patient: {levels: [{name: p, after: 10d, mail: reminder}]}}")
    company.sell("100")
    company.at(1, "edit", "K1", "dunning=patient")
    assert company.levels(5) == []
    company.at(6, "edit", "INV-2026-0001", "dunning=none")
    assert company.levels(10) == []
    company.at(11, "edit", "INV-2026-0001", "dunning=patient")
    assert company.levels(11) == [("K1", "p")]
    company.at(12, "edit", "K1", "dunning=none")
    company.at(12, "edit", "INV-2026-0001", "dunning=")
    assert company.levels(60) == []


def test_nudges_stand_outside_the_ladder(company: Dunned) -> None:
    company.configure("[{name: n, after: -3d, mail: nudge}, {name: a, after: 1d, mail: reminder}]")
    contract = company.at(0, "lead", "add", "Ada", "--email", "a@x.example")
    company.at(0, "promote", contract["ref"], "--amount", "100")
    company.at(0, "sign", "O1", "--terms", "100% sign; net 10")
    company.at(0, "invoice", "C1")
    assert company.levels(6) == []
    assert company.levels(9) == [("K1", "n")]
    assert company.levels(10) == []
    assert company.levels(11) == [("K1", "a")]


def test_a_missed_nudge_is_never_caught_up(company: Dunned) -> None:
    company.configure("[{name: n, after: -3d, mail: nudge}, {name: a, after: 5d, mail: reminder}]")
    company.sell("100")
    assert company.levels(1) == []


def test_after_a_restore_no_notice_goes_by_itself(company: Dunned) -> None:
    """N1 went after the backup was made, which does not know it; a look and a run that writes end the caution."""
    company.sell("100")
    backup = str(company.path.parent / "monday.db")
    company.ltc("backup", backup)
    assert company.levels(5) == [("K1", "a")]
    company.at(6, "restore", backup)
    assert "N1 was decided after the backup, and would be again: no notice goes before ltc dun --confirm" in company.err
    company.sell("5", "Bob", day=6)
    for day in (6, 7):
        assert company.run("dun", "--to-folder", str(company.folder), "--today", at(day)) == 8
        assert f"a backup was restored on {at(6)}; who was written to" in company.err
    company.at(7, "simulate", "--until", at(8))
    assert company.err.count(f"shown as confirmed: {at(7)} nothing is sent: a backup was restored on {at(6)}; ") == 1
    company.at(7, "hold", "K1", "--until", at(30), "--reason", "N1 has gone")
    company.folder = company.path.parent / "again"  # M1 is in the other one
    assert company.levels(11, "--confirm") == [("K2", "a")]
    assert company.levels(31) == [("K1", "a"), ("K2", "b")]


def test_a_restore_knows_the_other_way_that_the_file_went(company: Dunned) -> None:
    """Monday's N1 to Ada waits; Sunday's file sends N1 to Bob. Monday again: that is named, and Ada's unknown."""
    company.sell("100")
    company.sell("5", "Bob")
    sunday, monday = (str(company.path.parent / name) for name in ("sunday.db", "monday.db"))
    company.ltc("backup", sunday)
    company.at(5, "dun", "--customer", "K1", "--no-send")
    company.ltc("backup", monday)
    company.at(5, "restore", sunday)
    company.dun(5, "--customer", "K2", "--confirm")
    company.at(5, "restore", monday)
    assert "N1 was decided after the backup" in company.err
    assert [(row["recipient"], row["status"]) for row in company.ltc("outbox", "list")] == [
        ("a@ada.example", "unknown")
    ]


def test_what_is_to_be_collected_is_what_is_overdue(company: Dunned) -> None:
    """The claims with it, from the day of the letter on; of two instalments the one that is late."""
    company.configure(FEES)
    company.sell("100")
    company.dun(15)
    company.sell("60", "Bob", terms="100% sign; due 50% +10d, 50% +30d")
    late = [row for row in company.at(15, "today") if row["what"] == "overdue"]
    assert [(row["amount"], row["command"]) for row in late] == [
        ("110.41", "ltc collect INV-2026-0001"),
        ("30.00", "ltc collect INV-2026-0002 30.00"),
    ]


def test_who_has_no_address_is_to_be_called(company: Dunned) -> None:
    company.sell("100", has_email=False)
    (row,) = company.dun(5, "--no-send")
    assert (row["ref"], row["channel"], row["status"]) == (None, "task", "open")
    assert company.levels(5, "--no-send") == []
    todo = company.at(6, "today")
    assert [(row["what"], row["command"]) for row in todo if row["ref"] == "T1"] == [("call Ada", "ltc done T1")]
    company.at(7, "edit", "K1", "email=ada@x.example")
    assert company.levels(7) == [("K1", "a")]
    assert [row for row in company.at(8, "today") if row["ref"] == "T1"] == []


def test_a_letter_needs_a_postal_address_and_who_has_none_is_called(company: Dunned) -> None:
    """By what it says, a trial is the run: without a folder both are called, with one who can get a letter gets it."""
    company.configure("[{name: a, after: 5d, mail: final, fee: 10}]")
    company.sell("100", has_email=False)
    company.sell("100", "Bob", has_email=False, address=STREET)
    folder = ("--to-folder", str(company.folder))
    keys = ("customer", "channel", "fee", "total")
    called = [("K1", "task", "0.00", "100.00"), ("K2", "task", "0.00", "100.00")]
    assert [tuple(row[key] for key in keys) for row in company.dun(5, "--dry-run")] == called
    assert "K2 could get a letter instead of a call: --to-folder DIR prints it" in company.err
    expected = [called[0], ("K2", "letter", "10.00", "110.00")]
    assert [tuple(row[key] for key in keys) for row in company.dun(5, "--dry-run", *folder)] == expected
    assert not company.folder.exists()
    ada, bob = company.dun(5)
    assert [tuple(row[key] for key in keys) for row in (ada, bob)] == expected
    assert (ada["ref"], ada["status"]) == (None, "open")
    assert ada["why"] == "neither e-mail nor postal address: call, then ltc done T1"
    assert (bob["ref"], bob["status"]) == ("N1", "sent")
    left, _ = company.dun(6, "--dry-run", *folder)
    assert left["why"] == "neither e-mail nor postal address: to be called, then ltc done T1"
    company.at(6, "edit", "K1", f"address={STREET}")
    assert [(row["customer"], row["channel"]) for row in company.dun(6)] == [("K1", "letter")]


def test_with_a_folder_who_has_no_email_gets_a_letter(company: Dunned) -> None:
    company.sell("1234.5", has_email=False, address=STREET)
    (row,) = company.dun(5)
    assert (row["ref"], row["channel"], row["status"]) == ("N1", "letter", "sent")
    text = (company.folder / "N1.txt").read_text(encoding="utf-8")
    assert "INV-2026-0001 of 2026-01-01, due 2026-01-01: 1,234.50" in text


PRINTED: Final = {
    "en": """\
Acme GmbH
Main Street 1
10115 Berlin

2026-01-06

Ada Lovelace
Engines
Mill Lane 2
London


Final notice N1 from Acme GmbH

Engines,

this is our final notice: the following is still overdue.

Statement of 2026-01-06, in EUR:
INV-2026-0001 of 2026-01-01, due 2026-01-01: 70.00 open of 100.00
INV-2026-0001, interest: 100.00 × 10% × 1 / 365 + 90.00 × 10% × 1 / 365 +
80.00 × 10% × 1 / 365 + 70.00 × 10% × 2 / 365 = 0.11

Total: 70.11 EUR

We must ask you to pay 70.11 EUR at once; if you have paid in the meantime,
please disregard this notice.
""",
    "zh": """\
Acme GmbH
Main Street 1
10115 Berlin

2026-01-06

Ada Lovelace
Engines
Mill Lane 2
London


Acme GmbH：最后催款通知 N1

Engines：

这是最后一次通知，以下款项仍逾期未付。

2026-01-06 对账单（EUR）：
INV-2026-0001 账单日 2026-01-01，到期日 2026-01-01：未付 70.00（共 100.00）
INV-2026-0001 利息：100.00 × 10% × 1 / 365 + 90.00 × 10% × 1 / 365 + 80.00 ×
10% × 1 / 365 + 70.00 × 10% × 2 / 365 = 0.11

合计：70.11 EUR

请务必立即支付 70.11 EUR；如已付款，请忽略本通知。
""",
}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_letter_is_printed_as_it_goes_into_its_envelope(language: str, company: Dunned) -> None:
    """100.00, of which 10.00 come on days 1 to 3: (100 + 90 + 80 + 2 × 70) × 10 % / 365 = 0.1123…"""
    company.configure("[{name: a, after: 5d, mail: final, interest: 10%}]")
    seller = r'company: {name: Acme GmbH, address: "Main Street 1\n10115 Berlin"}'
    company.config_path.write_text(f"{seller}\n{company.config_path.read_text(encoding='utf-8')}", encoding="utf-8")
    company.sell("100", "Engines", has_email=False, address=STREET)
    company.at(0, "edit", "K1", "contact=Ada Lovelace", f"language={language}")
    for day in (1, 2, 3):
        company.at(day, "collect", "INV-2026-0001", "10")
    (row,) = company.dun(5)
    assert row["interest"] == "0.11"
    assert company.err.startswith(f"1 letter lies in {company.folder} to be printed")
    text = (company.folder / "N1.txt").read_text(encoding="utf-8")
    assert text.startswith(PRINTED[language])
    assert text.count("Main Street 1") == 1
    assert text.endswith("\n\nAcme GmbH\n")


def test_a_letter_that_says_its_address_itself_is_printed_as_it_stands(company: Dunned, tmp_path: Path) -> None:
    company.configure("[{name: a, after: 5d, mail: bare}, {name: b, after: 20d, mail: kind}]")
    config = company.config_path.read_text(encoding="utf-8")
    company.config_path.write_text(config.replace("mail: {", "mail: {templates: texts, "), encoding="utf-8")
    (tmp_path / "texts" / "en").mkdir(parents=True)
    trimmed = "{% set buyer_address = buyer_address|trim %}{{ buyer_address }}"
    (tmp_path / "texts" / "en" / "bare.txt").write_text(f"Pay\n\n{trimmed}\n\nPlease pay.", encoding="utf-8")
    (tmp_path / "texts" / "en" / "kind.txt").write_text("Pay\n\n{{ channel }}: please.\n", encoding="utf-8")
    company.ltc("config", "check")
    company.sell("100", has_email=False, address=STREET)
    company.dun(5)
    assert "they do not say who writes: company.name and company.address not set" in company.err
    company.dun(20)
    printed = [(company.folder / f"N{number}.txt").read_text(encoding="utf-8") for number in (1, 2)]
    assert printed == [
        "Pay\n\nMill Lane 2\nLondon\n\nPlease pay.",
        "2026-01-21\n\nAda\nMill Lane 2\nLondon\n\n\nPay\n\nletter: please.\n",
    ]


def test_a_letter_that_cannot_be_written_is_named(company: Dunned) -> None:
    company.sell("100", has_email=False, address=STREET)
    company.folder.mkdir()
    (company.folder / "N1.txt").write_text("mine", encoding="utf-8")
    assert company.run("dun", "--to-folder", str(company.folder), today=at(5)) == 8
    assert "N1.txt is there already; ltc outbox send --to-folder DIR tries again" in company.err
    assert (company.folder / "N1.txt").read_text(encoding="utf-8") == "mine"
    assert company.run("dun", "--to-folder", str(company.folder), today=at(25)) == 8
    assert [(row["ref"], row["status"]) for row in company.ltc("list", "notices", today=at(25))] == [("N1", "queued")]
    (company.folder / "N1.txt").unlink()
    assert company.levels(25) == [("K1", "a")]
    assert "Ada" in (company.folder / "N1.txt").read_text(encoding="utf-8")
    assert [path.name for path in company.folder.iterdir()] == ["N1.txt"]


def test_a_letter_waits_and_goes_as_a_mail_does(company: Dunned, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its run ended before it was written: it is seen, no server gets it, and a corrected address takes it back."""
    company.configure("[{name: a, after: 5d, mail: final, fee: 10}, {name: b, after: 20d, mail: final}]")
    company.sell("100", has_email=False, address=STREET)
    with monkeypatch.context() as patched:
        patched.setattr("ltc_cli.commands.dun.deliver", lambda *_given: [])
        assert company.run("dun", "--to-folder", str(company.folder), today=at(5)) == 8
    (mail,) = company.ltc("outbox", "list", today=at(20))
    assert [mail[key] for key in ("ref", "status", "channel", "about", "recipient", "message_id")] == [
        *("M1", "queued", "letter", "N1", "Mill Lane 2, London", None)
    ]
    (todo,) = [row for row in company.at(20, "today") if row["what"] == "letters wait"]
    assert [todo[key] for key in ("ref", "name", "since", "days", "why", "command")] == [
        *("M1", "Mill Lane 2, London", at(5), 15, None, "ltc outbox send --to-folder DIR")
    ]
    folder = ("--to-folder", str(company.folder))
    waits, left_out = company.dun(20, "--dry-run", *folder)
    assert (waits["ref"], waits["status"], waits["why"]) == ("N1", "queued", "of an earlier run")
    assert left_out["why"] == "b once N1 has gone: ltc outbox send --to-folder DIR"
    assert company.ltc("dun", today=at(20)) == company.ltc("outbox", "send", today=at(20)) == []
    company.at(20, "edit", "K1", "address=Mill Lane 3")
    (gone,) = company.ltc("outbox", "send", *folder, today=at(20))
    assert (gone["status"], gone["said"]) == ("cancelled", "the postal address was corrected in the meantime")
    assert company.levels(21) == [("K1", "a")]
    text = (company.folder / "N2.txt").read_text(encoding="utf-8")
    assert "Mill Lane 3" in text
    assert "110.00" in text


def test_a_fee_in_a_closed_month_is_refused_and_no_call_about_a_mail(company: Dunned) -> None:
    company.configure("[{name: a, after: 5d, mail: final, fee: 10.00}]")
    company.sell("100")
    company.at(40, "close", "2026-01")
    error = company.ltc("dun", "--no-send", "--confirm", today=at(5), fails=4)
    assert error["message"].endswith(
        "is in a closed month: the books are closed up to 2026-01-31, the first open day is 2026-02-01"
    )
    assert company.levels(40, "--confirm") == [("K1", "a")]


def test_a_level_stops_shipping_until_it_is_paid(company: Dunned) -> None:
    company.configure("[{name: a, after: 5d, mail: final, stop_shipping: true}]")
    company.sell("100")
    assert company.levels(5) == [("K1", "a")]
    assert company.ltc("ship", "C1", today=at(6), fails=4)["code"] == "refused"
    company.at(6, "collect", "INV-2026-0001")
    company.at(6, "ship", "C1")


STOPPING: Final = "[{name: a, after: 5d, mail: reminder}, {name: b, after: 20d, mail: final, stop_shipping: true}]"


def test_a_call_that_was_made_stops_shipping_as_its_level_does(company: Dunned) -> None:
    company.configure(STOPPING)
    company.sell("100", has_email=False)
    company.dun(5)
    company.at(5, "done", "T1")
    company.dun(20)
    company.ltc("ship", "C1", "--dry-run", today=at(20))
    company.at(20, "done", "T2")
    error = company.ltc("ship", "C1", today=at(21), fails=4)
    assert error["message"] == "K1 is sent nothing: INV-2026-0001 has reached the level b (T2)"
    (row,) = [row for row in company.at(21, "today") if row["ref"] == "C1"]
    assert row["what"] == "shipping stopped"
    company.at(22, "collect", "INV-2026-0001")
    company.at(22, "ship", "C1")


def test_a_call_beside_a_notice_that_is_dropped_stops_nothing(company: Dunned) -> None:
    """Its level counts as not reached."""
    company.configure("[{name: a, after: 5d, mail: final, stop_shipping: true, task: 'call {customer}'}]")
    company.sell("100")
    company.dun(5, "--no-send")
    company.at(5, "done", "T1")
    assert company.ltc("ship", "C1", "--dry-run", today=at(5), fails=4)["message"].endswith("the level a (N1)")
    company.at(5, "outbox", "drop", "M1")
    company.at(5, "ship", "C1")


def test_the_call_beside_the_last_letter_stands_while_a_claim_is_open(company: Dunned) -> None:
    company.configure("[{name: a, after: 5d, mail: final, fee: 40, task: 'call {customer}'}]")
    company.sell("100")
    company.dun(5)
    company.at(6, "collect", "INV-2026-0001", "100")
    assert company.at(7, "show", "T1")["status"] == "open"
    company.at(8, "collect", "INV-2026-0001")
    assert company.at(9, "show", "T1")["status"] == "moot"


def test_a_call_before_the_due_date_keeps_no_spacing_whatever_its_level_is_called_later(company: Dunned) -> None:
    """Due on day 10: a call 5 days before, and the first level one day after, three days later than a renaming."""
    company.configure("[{name: pre, after: -5d, mail: nudge}, {name: a, after: 1d, mail: reminder}]")
    company.sell("100", has_email=False, terms="100% sign; net 10")
    company.dun(5)
    company.at(8, "done", "T1")
    company.configure("[{name: soon, after: -1d, mail: nudge}, {name: a, after: 1d, mail: reminder}]")
    assert company.levels(11) == [("K1", "a")]


def test_what_a_notice_says_of_a_payment_is_typed_back(company: Dunned) -> None:
    """Of more than three invoices the payment's reference is the notice: so it names its customer."""
    for _ in range(4):
        company.sell("10", "Ada")
    company.dun(5)
    paid = company.at(6, "collect", "N1", "40")
    assert [row["amount"] for row in paid["allocations"]] == ["10.00"] * 4
    company.sell("10", "Ada", day=6)
    company.at(7, "hold", "N1", "--until", at(19), "--reason", "asked")
    assert company.levels(19) == []
    assert company.levels(20) == [("K1", "a")]


def test_paid_between_decision_and_sending(company: Dunned) -> None:
    company.configure(FEES)
    company.sell("100")
    (row,) = company.dun(15, "--no-send")
    assert row["status"] == "queued"
    company.at(15, "collect", "INV-2026-0001", "100")
    company.ltc("outbox", "send", "--to-folder", str(company.folder), today=at(15))
    assert not list(company.folder.glob("*.eml"))
    assert company.at(15, "show", "N1")["status"] == "cancelled"
    assert company.ltc("aging", today=at(15)) == []
    assert company.levels(30) == []


def test_a_dropped_notice_was_never_reached(company: Dunned) -> None:
    company.configure(FEES)
    company.sell("100")
    assert company.levels(15, "--no-send") == [("K1", "late")]
    company.at(15, "outbox", "drop", "M1")
    (row,) = company.dun(15)
    assert (row["ref"], row["level"], row["total"]) == ("N2", "late", "110.41")


def test_a_plan_is_done_exactly_or_not_at_all(company: Dunned, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    company.sell("100")
    company.ltc("dun", "--plan", str(plan), today=at(5))
    assert len(json.loads(plan.read_text(encoding="utf-8"))["notices"]) == 1
    company.at(5, "collect", "INV-2026-0001", "1")
    assert company.ltc("dun", "--apply", str(plan), "--no-send", today=at(5), fails=5)["code"] == "conflict"
    company.ltc("dun", "--plan", str(plan), today=at(5))
    assert [row["amount"] for row in company.dun(5, "--apply", str(plan))] == ["99.00"]


def test_guards_stop_until_somebody_confirms(company: Dunned) -> None:
    company.sell("100")
    (row,) = _stopped(company, 5, "--max-notices", "0")
    assert (row["ref"], row["status"]) == (None, "stopped")
    assert company.levels(5, "--confirm", "--max-notices", "0") == [("K1", "a")]
    (row,) = _stopped(company, 41)
    assert row["level"] == "b"
    assert company.levels(41, "--confirm") == [("K1", "b")]


def test_a_clock_behind_the_newest_fact_stops(company: Dunned) -> None:
    """Until somebody confirms; then what was decided on day 60 goes no more, and a run of that day is none lately."""
    company.sell("100")
    company.sell("50", "Bob", day=2)
    company.at(60, "dun", "--customer", "K2", "--no-send", "--confirm")
    assert [row["status"] for row in _stopped(company, 5)] == ["stopped"]
    assert [(row["customer"], row["status"]) for row in company.dun(5, "--confirm")] == [
        ("K2", "cancelled"),  # decided on a day to come
        ("K1", "sent"),
    ]
    company.sell("50", "Cyd", day=6)
    company.sell("50", "Dot", day=7)
    assert company.levels(11) == [("K2", "a"), ("K3", "a")]
    company.at(13, "lead", "add", "Eve")
    _stopped(company, 12)
    _stopped(company, 47)
    assert f"the last run was on {at(11)}" in company.err


def _stopped(company: Dunned, day: int, *options: str) -> list[dict[str, Any]]:
    assert company.run("dun", "--no-send", "--json", *options, today=at(day)) == 8, company.err
    assert "--confirm" in company.err
    return list(json.loads(company.out))


def test_every_customer_has_a_notice_of_its_own(company: Dunned) -> None:
    company.sell("100")
    company.sell("50", "Bob")
    assert company.levels(5, "--customer", "K2") == [("K2", "a")]
    assert company.levels(5) == [("K1", "a")]


def test_aging_marks_what_is_held_and_changes_no_figure(company: Dunned) -> None:
    company.sell("100")
    (before,) = company.ltc("aging", today=at(5))
    company.at(1, "dispute", "INV-2026-0001", "--reason", "broken")
    (after,) = company.ltc("aging", today=at(5))
    assert (before["held"], after["held"]) == (None, "disputed")
    assert {**after, "held": None} == before
    company.at(2, "release", "INV-2026-0001")
    assert company.ltc("aging", today=at(5)) == [before]


def test_a_hundred_runs_in_one_day_are_one(company: Dunned) -> None:
    company.configure(spacing="0d")
    company.sell("100")
    runs = [company.levels(50) for _time in range(100)]
    assert runs == [[("K1", "a")], *[[]] * 99]


def test_chinese_customers_are_written_to_in_chinese(company: Dunned) -> None:
    company.sell("100")
    company.at(1, "edit", "K1", "language=zh")
    company.dun(5)
    (mail,) = company.folder.glob("*.eml")
    assert b"Content-Language: zh" in mail.read_bytes()


def test_an_invoice_s_notice_says_all_that_is_to_be_paid_and_how(company: Dunned) -> None:
    """1200 at 10 % for 15 days: 1200 × 0.1 × 15 / 365 = 4.93; with 10.00 and 1200.00 it is 1,214.93."""
    company.configure(FEES)
    with company.config_path.open("a", encoding="utf-8") as file:
        file.write("company: {name: Acme GmbH, iban: DE02120300000000202051}\n")
    company.sell("1200")
    company.dun(15)
    plain, html = (part.get_content().replace("\r\n", "\n") for part in _mail(company).iter_parts())
    assert "INV-2026-0001, reminder fee: 10.00\n" in plain
    assert "INV-2026-0001, interest: 1,200.00 × 10% × 15 / 365 = 4.93\n" in plain
    assert "Total: 1,214.93 EUR\n" in plain
    rows = [re.sub("<.*?>", " ", row).split() for row in html.splitlines() if row.startswith("<tr")]
    assert rows == [
        ["Invoice", "Date", "Due", "Days", "late", "EUR"],
        ["INV-2026-0001", "2026-01-01", "2026-01-01", "15", "1,200.00"],
        ["INV-2026-0001", "2026-01-16", "Reminder", "fee", "10.00"],
        ["INV-2026-0001", "2026-01-16", "Interest:", "1,200.00", "×", "10%", "×", "15", "/", "365", "4.93"],
        ["Total", "1,214.93"],
    ]
    for text in (plain, html):
        assert "Account: DE02 1203 0000 0000 2020 51" in text
        assert "Account holder: Acme GmbH" in text
        assert "Payment reference: INV-2026-0001\n" in text.replace("</p>", "\n")


SECOND: Final = {
    "en": """\
Ada,

the following is still overdue, though we have written to you before.

Statement of 2026-02-15, in EUR:
INV-2026-0002 of 2026-01-01, due 2026-01-06: 500.00
INV-2026-0001 of 2026-01-01, due 2026-01-11: 881.13 open of 1,181.13
INV-2026-0002, reminder fee of 2026-01-26: 5.00 open of 10.00
INV-2026-0002, interest of 2026-01-26 (500.00 × 10% × 20 / 365): 2.74
INV-2026-0001, interest of 2026-01-26 (881.13 × 10% × 15 / 365): 3.62
INV-2026-0002, reminder fee: 20.00
INV-2026-0002, interest: 500.00 × 10% × 40 / 365 - 2.74 = 2.74
INV-2026-0001, interest: 881.13 × 10% × 35 / 365 - 3.62 = 4.83

Total: 1,420.06 EUR

Please pay 1,420.06 EUR; if you have paid in the meantime, please disregard this notice.

Payment reference: INV-2026-0002, INV-2026-0001
""",
    "zh": """\
Ada：

我们此前已致函，以下款项仍未支付。

2026-02-15 对账单（EUR）：
INV-2026-0002 账单日 2026-01-01，到期日 2026-01-06：500.00
INV-2026-0001 账单日 2026-01-01，到期日 2026-01-11：未付 881.13（共 1,181.13）
INV-2026-0002 2026-01-26 催款费：未付 5.00（共 10.00）
INV-2026-0002 2026-01-26 利息（500.00 × 10% × 20 / 365）：2.74
INV-2026-0001 2026-01-26 利息（881.13 × 10% × 15 / 365）：3.62
INV-2026-0002 催款费：20.00
INV-2026-0002 利息：500.00 × 10% × 40 / 365 - 2.74 = 2.74
INV-2026-0001 利息：881.13 × 10% × 35 / 365 - 3.62 = 4.83

合计：1,420.06 EUR

请尽快支付 1,420.06 EUR；如已付款，请忽略本通知。

付款附言：INV-2026-0002, INV-2026-0001
""",
}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_statement_says_what_is_open_of_what_and_asks_for_the_sum(language: str, company: Dunned) -> None:
    """At 10 %: 500 × 20 / 3650 = 2.74 and 881.13 × 15 / 3650 = 3.62; 20 days later 5.48 - 2.74 and 8.45 - 3.62."""
    levels = "[{name: a, after: 15d, mail: final, fee: 10, interest: 10%},"
    company.configure(f"{levels} {{name: b, after: 30d, mail: second, fee: 20, interest: 10%}}]", claims_first="true")
    company.sell("1181.13", terms="100% sign; net 10")
    company.sell("500", terms="100% sign; net 5")
    company.at(0, "edit", "K1", f"language={language}")
    company.at(1, "collect", "INV-2026-0001", "300")
    company.dun(25)
    company.at(26, "collect", "INV-2026-0002", "5")  # of the fee
    company.dun(45)
    assert _plain(company, "M2").startswith(SECOND[language])


def test_a_payment_says_what_it_is_for(company: Dunned) -> None:
    """All invoices, the oldest due first, as long as they go into a bank's form; else the notice."""
    for days in (10, 5, 8):
        company.sell("100", terms=f"100% sign; net {days}")
    company.dun(15)
    assert "Payment reference: INV-2026-0002, INV-2026-0003, INV-2026-0001\n" in _plain(company, "M1")
    company.sell("100", day=15)
    company.dun(30)
    assert "Payment reference: N2\n" in _plain(company, "M2")


def _plain(company: Dunned, mail: str) -> str:
    """The text of a mail, as its receiver reads it."""
    message = message_from_bytes((company.folder / f"{mail}.eml").read_bytes(), policy=default)
    plain, _html = message.iter_parts()
    return str(plain.get_content()).replace("\r\n", "\n")


def _mail(company: Dunned) -> Any:
    (path,) = company.folder.glob("*.eml")
    return message_from_bytes(path.read_bytes(), policy=default)


def _own_templates(company: Dunned, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = company.path.parent / "own" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    lines = company.config_path.read_text(encoding="utf-8")
    company.config_path.write_text(lines.replace("mail: {from", "mail: {templates: own, from"), encoding="utf-8")


@pytest.mark.parametrize(
    ("files", "level", "language", "subject"),
    [
        ({"en/thunder.txt": "Boom {{ ref }}\n\n{{ to_pay }}\n"}, "thunder", "en", "Boom N1"),
        ({"en/thunder.txt": "Boom {{ ref }}\n\n{{ to_pay }}\n"}, "thunder", "zh", "Boom N1"),
        ({"en/reminder.txt": "Mine {{ ref }}\n\n{{ to_pay }}\n"}, "reminder", "en", "Mine N1"),
        ({"en/reminder.txt": "Mine {{ ref }}\n\n{{ to_pay }}\n"}, "reminder", "zh", "催款通知 N1"),
        ({"en/notice.txt": "{{ tone }} {{ ref }}\n\n{{ to_pay }}\n"}, "final", "en", "final N1"),
        ({"en/notice.txt": "{{ tone }} {{ ref }}\n\n{{ to_pay }}\n"}, "final", "zh", "最后催款通知 N1"),
    ],
)
def test_a_level_may_have_a_template_of_one_s_own(
    company: Dunned, files: dict[str, str], level: str, language: str, subject: str
) -> None:
    company.configure(f"[{{name: a, after: 5d, mail: {level}}}]")
    _own_templates(company, files)
    assert company.run("config", "check") == 0, company.err
    company.sell("100")
    company.at(1, "edit", "K1", f"language={language}")
    company.dun(5)
    assert _mail(company)["Subject"] == subject


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "unknown mail thunder: it is none of nudge, reminder, second, final, and there is no such template"),
        ({"en/thunder.txt": "Boom\n\n{{ naem }}\n"}, "en/thunder.txt: 'naem' is not known"),
        ({"zh/thunder.txt": "Boom\n\n{{ claims[9].amount }}\n"}, "zh/thunder.txt: "),
        ({"en/thunder.txt": "only a subject"}, "there is no text below its subject"),
        ({"en/thunder.txt": "Boom\n\n{{ ref.__class__ }}\n"}, "is unsafe"),
        ({"en/thunder.txt": "Boom\n\nx\n", "en/notice.txt": "{{ oops }}\n\nx\n"}, "'oops' is not known"),
    ],
)
def test_a_wrong_template_of_a_level_is_found_and_writes_to_nobody(
    company: Dunned, files: dict[str, str], message: str
) -> None:
    company.sell("100")
    company.configure("[{name: a, after: 5d, mail: thunder}]")
    _own_templates(company, files)
    (company.path.parent / "own").mkdir(exist_ok=True)
    assert message in company.ltc("config", "check", fails=6)["message"]
    before = company.dump()
    for way in ("--dry-run", "--no-send"):
        assert message in company.ltc("dun", way, today=at(5), fails=6)["message"]
    assert company.dump() == before


def test_a_name_that_no_mail_can_carry_keeps_nobody_else_waiting(company: Dunned) -> None:
    company.sell("100", "Ada")
    company.sell("100", "Bob")
    company.at(1, "edit", "K1", "name==?utf-8?q?x?=", "contact=")
    said = "no mail can be written: the recipient's name holds an encoded word: '=?utf-8?q?x?='"
    planned = company.ltc("dun", "--dry-run", today=at(5))
    assert [(row["customer"], row["channel"], row["status"]) for row in planned] == [
        ("K1", "task", "planned"),
        ("K2", "mail", "planned"),
    ]
    assert planned[0]["why"].startswith(f"to be called, {said}")
    rows = company.dun(5)
    assert [(row["customer"], row["channel"]) for row in rows] == [("K1", "task"), ("K2", "mail")]
    assert rows[0]["why"] == f"K1 is to be called, {said}"
    after = company.ltc("dun", "--dry-run", today=at(6))
    assert [(row["customer"], row["status"]) for row in after] == [("K1", "left_out"), ("K2", "left_out")]
    assert after[0]["why"] == f"{said}: to be called, then ltc done T1"
    assert company.dun(6) == []


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("hold", "INV-2026-0001", "--until", at(1), "--reason", "an x"), 2, "is past: a hold is until a day to come"),
        (("promise", "INV-2026-0001", "--on", at(9), "--amount", "101"), 4, "101.00 is too much: 100.00 of INV"),
        (("promise", "INV-2026-0001", "--on", at(9), "--amount", "0"), 2, "a promise of nothing cannot be recorded"),
        (("dispute", "INV-2026-0002", "--reason", "x"), 4, "nothing of INV-2026-0002 is open"),
        (("dun", "--no-send", "--to-folder", "x"), 2, "--no-send and --to-folder exclude each other"),
        (("dun", "--to-folder", ""), 2, "--to-folder is empty"),
        (("nurture", "--due", "--to-folder", ""), 2, "--to-folder is empty"),
        (("outbox", "send", "--to-folder", ""), 2, "--to-folder is empty"),
        (("dun", "--plan", "x", "--apply", "y"), 2, "--plan and --apply exclude each other"),
        (("dun", "--apply", "ltc.db"), 7, "ltc.db is no plan of ltc dun"),
    ],
)
def test_what_cannot_be_is_said(company: Dunned, words: tuple[str, ...], code: int, message: str) -> None:
    company.sell("100")
    company.sell("5", day=1)
    company.at(2, "collect", "INV-2026-0002")
    here = [str(company.path) if word == "ltc.db" else word for word in words]
    error = company.ltc(*here, today=at(2), fails=code)
    assert message in error["message"]
    if " is past" in message:
        assert error["hint"] == "ltc hold INV-2026-0001 --until +7d --reason 'an x'"


def test_settings_that_cannot_be_are_a_matter_of_the_config(company: Dunned) -> None:
    company.sell("100")
    company.configure("[{name: a, after: 5d, mail: thunder}]")
    assert "unknown mail thunder" in company.ltc("dun", "--dry-run", today=at(5), fails=6)["message"]
    company.configure(policies="{patient: {spacing: 30d}}")
    company.at(1, "edit", "K1", "dunning=patient")
    company.configure()
    assert (
        "no dunning policy patient, and K1, or invoices"
        in company.ltc("dun", "--dry-run", today=at(5), fails=6)["message"]
    )


MIXED: Final = (
    "[{name: n, after: -3d, mail: nudge}, {name: a, after: 5d, mail: reminder},"
    " {name: b, after: 20d, mail: final, fee: 15, stop_shipping: true}]"
)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            (
                "the following is still overdue, or falls due soon.",
                "due 2026-01-01: 60.00",
                "due 2026-01-24 (not due yet): 1,000.00",
                "We must ask you to pay 75.00 EUR at once and 1,000.00 EUR when it falls due; if",
            ),
        ),
        (
            "zh",
            (
                "以下款项仍逾期未付或即将到期。",
                "到期日 2026-01-01：60.00",
                "到期日 2026-01-24（未到期）：1,000.00",
                "请立即支付 75.00 EUR，到期时支付 1,000.00 EUR；如",
            ),
        ),
    ],
)
def test_a_letter_tells_what_is_overdue_from_what_falls_due(
    language: str, said: tuple[str, ...], company: Dunned
) -> None:
    """60 are 20 days late, with a fee of 15; 1000 fall due in three days: one notice, two days to pay."""
    company.configure(MIXED)
    company.sell("60")
    company.at(0, "edit", "K1", f"language={language}")
    company.dun(5)
    company.sell("1000", "Bob", terms="100% sign; net 23")
    company.at(0, "customer", "merge", "K1", "K2")
    (row,) = company.dun(20)
    assert sums(row, "level", "amount", "fee", "total") == ("b", "1060.00", "15.00", "1075.00")
    message = message_from_bytes((company.folder / "M2.eml").read_bytes(), policy=default)
    for part, words in (("plain", said), ("html", (said[0], said[3]))):
        body = message.get_body((part,))
        assert body is not None
        assert [each for each in words if each not in body.get_content()] == []


def body(company: Dunned, mail: str) -> str:
    message = message_from_bytes((company.folder / f"{mail}.eml").read_bytes(), policy=default)
    part = message.get_body(("plain",))
    assert part is not None
    text: str = part.get_content()
    return text


def test_a_nudge_tells_what_is_overdue_already(company: Dunned) -> None:
    """The 60 have no new level, the 1000 have: the letter speaks of both; 10 of the 60 are paid."""
    company.configure(MIXED)
    company.sell("60")
    company.dun(5)
    company.sell("1000", "Bob", terms="100% sign; net 15")
    company.at(0, "customer", "merge", "K1", "K2")
    company.at(9, "collect", "INV-2026-0001", "10")
    (row,) = company.dun(12)
    assert sums(row, "level", "total") == ("n", "1050.00")
    text = body(company, "M2")
    assert "this is to remind you of what falls due soon, and of what is overdue." in text
    assert "due 2026-01-16 (not due yet): 1,000.00" in text
    assert "Please pay 50.00 EUR at once and 1,000.00 EUR when it falls due; if" in text


ON_THE_DAY: Final = "[{name: z, after: 0d, mail: reminder, fee: 5}, {name: f, after: 40d, mail: final, fee: 40}]"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("this is to remind you of what falls due today.", "Please pay 105.00 EUR today; if")),
        ("zh", ("以下款项今日到期，特此提示。", "请于今日支付 105.00 EUR；如")),
    ],
)
def test_what_falls_due_today_is_due(language: str, said: tuple[str, ...], company: Dunned) -> None:
    company.configure(ON_THE_DAY)
    company.sell("100")
    company.at(0, "edit", "K1", f"language={language}")
    company.dun(0)
    text = body(company, "M1")
    assert [words for words in said if words not in text] == []
    assert "not due yet" not in text
    assert "未到期" not in text


def test_what_is_overdue_is_told_though_credit_covers_it(company: Dunned) -> None:
    """100 and a fee of 5, 40 days late; 1000 due in five days; 200 of credit: 100 + 5 + 1000 + 40 - 200 = 945."""
    company.configure(ON_THE_DAY.replace("[{", "[{name: n, after: -5d, mail: nudge}, {", 1))
    company.sell("100")
    company.dun(1)
    company.sell("1000", "Bob", terms="100% sign; net 45")
    company.at(0, "customer", "merge", "K1", "K2")
    company.at(1, "collect", "K1", "200", "--unapplied")
    company.dun(40, "--confirm")
    text = body(company, "M2")
    assert "this is our final notice: the following is still overdue, or falls due soon." in text
    assert "due 2026-02-15 (not due yet): 1,000.00" in text
    assert "We must ask you to pay 945.00 EUR when it falls due; if" in text


FEE: Final = "[{name: a, after: 5d, mail: final, fee: 5}]"


def sums(record: dict[str, Any], *keys: str) -> tuple[str, ...]:
    return tuple(record[key] for key in keys)


def test_what_a_credit_note_settled_of_a_withdrawn_fee_is_credit_again(company: Dunned) -> None:
    """100 and a fee of 5; 50 paid, 100 credited: 50 of principal, 5 of fee, 45 left; without the fee 50 are left."""
    company.configure(FEE)
    company.sell("100")
    company.dun(5, "--no-send")
    company.at(6, "collect", "INV-2026-0001", "50")
    note = company.at(6, "credit", "INV-2026-0001", "--reason", "returned")
    assert sums(note, "applied", "unapplied") == ("55.00", "45.00")
    company.at(6, "outbox", "drop", "M1")
    note = company.at(6, "show", "CN-2026-0001")
    assert sums(note, "applied", "unapplied") == ("50.00", "50.00")
    assert "no longer for a claim: INV-2026-0001" in [entry["what"] for entry in note["thread"]]
    audit(company)
    (account,) = company.at(20, "statement", "K1")
    assert account["closing"] == "-50.00"
    assert company.run("export", "ledger", "--format", "hledger") == 0
    assert company.run("close", "2026-01", "--today", at(40)) == 0
    assert company.at(41, "refund", "CN-2026-0001")["unapplied"] == "0.00"
    audit(company)


@pytest.mark.parametrize("is_applied", [False, True])
def test_a_payment_that_paid_a_withdrawn_fee_can_be_reversed(company: Dunned, *, is_applied: bool) -> None:
    """105 for 100 and a fee of 5 that is taken back: the 5 are credit; the payment bounces, and 100 are owed again."""
    company.configure(FEE)
    company.sell("100")
    company.dun(5, "--no-send")
    company.at(6, "collect", *(("K1", "105") if is_applied else ("INV-2026-0001",)))
    company.at(6, "outbox", "drop", "M1")
    assert sums(company.ltc("show", "P1"), "amount", "unapplied") == ("105.00", "5.00")
    if is_applied:
        company.sell("5", "Bob", day=6)
        company.at(6, "customer", "merge", "K1", "K2")
        company.at(6, "apply", "P1", "INV-2026-0002")
    company.at(7, "reverse", "P1", "--reason", "bounced")
    assert sums(company.ltc("show", "P1"), "status", "unapplied") == ("reversed", "0.00")
    assert sums(company.ltc("show", "INV-2026-0001"), "balance", "claims") == ("100.00", "0.00")
    audit(company)
    assert company.levels(12) == [("K1", "a")]


FAULTS: Final = (
    "INSERT INTO notice_item SELECT 1, 2, level, 1 FROM notice_item",
    "DELETE FROM notice_item",
    "UPDATE notice SET currency = 'USD'",
    "DELETE FROM claim WHERE basis = 'fee'",
    "UPDATE claim SET basis = 'fee' WHERE basis = 'interest'",
    "UPDATE receivable SET notice_id = NULL WHERE kind = 'fee'",
    "UPDATE outbox SET state = 'cancelled'",
    (
        "INSERT INTO notice (id, customer_id, currency, level, decided_on, recorded_at, amount_minor)"
        " VALUES (2, 1, 'EUR', 'late', '2026-01-17', 'x', 5)"
    ),
    "INSERT INTO notice_item SELECT 1, id, 'late', 7 FROM receivable WHERE kind = 'interest'",
)


@pytest.mark.parametrize("statement", FAULTS)
def test_check_finds_what_is_wrong_with_notices(tmp_path: Path, statement: str) -> None:
    company = Dunned(tmp_path)
    company.configure(FEES)
    company.sell("100")
    company.dun(15, "--no-send")
    with closing(sqlite3.connect(company.path, isolation_level=None)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        assert connection.execute(statement).rowcount
    company.run("check", "--json")
    assert "notices" in {row["check"] for row in json.loads(company.out) if row["broken"]}


def test_show_tells_of_promises_and_notices(company: Dunned) -> None:
    company.sell("100")
    company.at(1, "promise", "INV-2026-0001", "--on", at(9))
    company.dun(10)
    told = [entry["what"] for entry in company.ltc("show", "INV-2026-0001", today=at(10))["thread"]]
    assert f"promise until {at(9)}, broken" in told
    assert "notice a by mail, sent" in told
