"""What others test their dunning with, and what went wrong with it, told to ltc; every figure is reckoned by hand.

Day 0 is 2026-01-01; an invoice is due on the day that it is issued unless its terms say otherwise, so day N is N days
late. A line is a day, or several, a command as typed (`#1` is the first invoice, `@45` a day) and what it answers:
of `dun` who is told which level and what is asked for in all. `-` is nobody, `!4` an exit code.
"""

from __future__ import annotations

import io
import json
import re
import shlex
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from ltc_cli.app import run
from ltc_cli.session import Session
from tests.support import Company, folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST: Final = date(2026, 1, 1)


class Case(NamedTuple):
    source: str
    """Whose test or issue the facts are of."""
    settings: str
    """The ladder: `name@days`, with more of a level behind commas; after semicolons further settings of dunning."""
    story: str


class Told(Company):
    """A company that is told such lines."""

    customers: dict[str, str]

    def configure(self, settings: str) -> None:
        ladder, *more = settings.split(";")
        levels = []
        for level in ladder.split():
            name, after, *rest = re.split("[@,]", level)
            words = [f"name: {name}", f"after: {after}d", *(each.replace("=", ": ") for each in rest)]
            if not any(each.startswith("mail=") for each in rest):
                words.append("mail: reminder")
            levels.append("{" + ", ".join(words) + "}")
        lines = [f"levels: [{', '.join(levels)}]", *(each.strip().replace("=", ": ", 1) for each in more)]
        self.config_path.write_text(
            "mail: {from: billing@acme.example}\ndunning:\n" + "".join(f"  {line}\n" for line in lines),
            encoding="utf-8",
        )

    def tell(self, line: str) -> None:
        command, _, expected = (part.strip() for part in line.partition("=>"))
        days, _, words = command.partition(" ")
        span, _, times = days.partition("x")
        answers = [self._do(day, words, expected) for day in _days(span) for _time in range(int(times or 1))]
        said = [each for each in answers if each not in ("", "-")]
        if expected and not expected.startswith("!"):
            assert ", ".join(said) == expected.removeprefix("-"), line

    def _do(self, day: int, words: str, expected: str) -> str:
        on = _at(day)
        verb, _, rest = words.partition(" ")
        if verb in SAYINGS and not expected.startswith("!"):
            return str(SAYINGS[verb](self, rest, on))
        typed = [_named(word) for word in shlex.split(words)]
        if verb == "import":
            typed[-1] = str(self.path.parent / typed[-1])
        code = int(expected[1:]) if expected.startswith("!") else 0
        assert self.run(*typed, today=on) == code, f"{words}: {self.err}"
        return ""

    # Sayings

    def sell(self, words: str, on: str) -> str:
        what, _, terms = (part.strip() for part in words.partition("|"))
        name, amount = what.split(maxsplit=1) if what[0].isalpha() and " " in what else ("Ada", what)
        lead = self.ltc("lead", "add", name, "--email", f"info@{name}.example", "--allow-duplicate", today=on)["ref"]
        known = ("--customer", self.customers[name]) if name in self.customers else ()
        deal = self.ltc("promote", lead, "--amount", amount, *known, today=on)
        self.customers[name] = deal["customer"]
        contract = self.ltc("sign", deal["ref"], "--terms", terms or "100% sign; net 0", today=on)["ref"]
        self.ltc("invoice", contract, today=on)
        return ""

    def dun(self, words: str, on: str) -> str:
        rows = self.ltc("dun", "--to-folder", str(self.path.parent / "mails"), *words.split(), today=on)
        return ", ".join(_row(row) for row in rows)

    def decide(self, words: str, on: str) -> str:
        return ", ".join(_row(row) for row in self.ltc("dun", "--no-send", *words.split(), today=on))

    def why(self, _words: str, on: str) -> str:
        return ", ".join(row["why"] for row in self.ltc("dun", "--dry-run", today=on) if row["status"] == "left_out")

    def owed(self, _words: str, on: str) -> str:
        return ", ".join(row["total"] for row in self.ltc("aging", today=on)) or "-"

    def balance(self, words: str, on: str) -> str:
        return str(self.ltc("show", _named(words), today=on)["balance"])

    def post(self, words: str, on: str) -> str:
        """Send what waits; how many mails there are in the folder then."""
        self.ltc("outbox", "send", "--to-folder", str(self.path.parent / "mails"), today=on)
        return str(len(list((self.path.parent / "mails").glob("*.eml"))))

    def mail(self, words: str, _on: str) -> str:
        """Whether the newest mail says these words."""
        newest = max((self.path.parent / "mails").glob("*.eml"), key=lambda path: int(path.stem[1:]))
        text = message_from_bytes(newest.read_bytes(), policy=default).get_body(("plain",))
        assert text is not None
        return "yes" if _named(words.strip('"')) in " ".join(text.get_content().split()) else text.get_content()

    def config(self, words: str, _on: str) -> str:
        self.configure(words)
        return ""


SAYINGS: Final[dict[str, Any]] = {
    name: getattr(Told, name) for name in ("sell", "dun", "decide", "why", "owed", "balance", "post", "mail", "config")
}


def _days(span: str) -> Iterator[int]:
    for part in span.split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _at(day: int) -> str:
    return (FIRST + timedelta(days=day)).isoformat()


def _named(word: str) -> str:
    word = re.sub(r"#(\d+)", lambda found: f"INV-2026-{int(found[1]):04}", word)
    return re.sub(r"^@(\d+)$", lambda found: _at(int(found[1])), word)


def _row(row: dict[str, Any]) -> str:
    currency = "" if row["currency"] == "EUR" else f" {row['currency']}"
    channel = "" if row["channel"] == "mail" else f" by {row['channel']}"
    return f"{row['customer']} {row['level']} {row['total']}{currency}{channel}"


CASES: Final = (
    Case(
        "Tryton account_dunning_fee: 10 at 5 days, 15 more at 10",
        "a@5,fee=10 b@10,fee=15; spacing=5d",
        """
        0 sell 100
        5 dun => K1 a 110.00
        5 owed => 110.00
        10 dun => K1 b 125.00
        10 owed => 125.00
        10 balance #1 => 100.00
        """,
    ),
    Case(
        "Tryton account_dunning_email: of 100 are 50 paid",
        "a@5",
        """
        0 sell 100
        0 collect #1 50
        5 dun => K1 a 50.00
        5 mail "due 2026-01-01: 50.00" => yes
        """,
    ),
    Case(
        "Tryton account_dunning_letter: of two are one paid, and a party without an e-mail address gets it on paper",
        "a@5 b@20 c@40",
        """
        0 sell 100
        0 edit K1 email= "address=Mill Lane 2"
        0 collect #1
        0 sell 100
        5 dun => K1 a 100.00 by letter
        """,
    ),
    Case(
        "ERPNext test_dunning of 2020: a fee of 20; 100 × 8 % × 20 / 365 = 0.438…, so 0.44",
        "a@20,fee=20,interest=8%",
        """
        0 sell 100
        20 dun => K1 a 120.44
        20 owed => 120.44
        """,
    ),
    Case(
        "ERPNext 26286: a fee without interest",
        "a@5,fee=50,interest=0%",
        """
        0 sell 100
        5 dun => K1 a 150.00
        5 mail "Total: 150.00 EUR" => yes
        """,
    ),
    Case(
        "ERPNext 42605, 46770: each invoice has its own outstanding amount",
        "a@5",
        """
        0 sell 100
        0 sell 300
        1 collect #1 30
        6 dun => K1 a 370.00
        6 mail "INV-2026-0001 of 2026-01-01, due 2026-01-01: 70.00" => yes
        6 mail "INV-2026-0002 of 2026-01-01, due 2026-01-01: 300.00" => yes
        """,
    ),
    Case(
        "ERPNext 36279: costs, interest, principal; 100 × 9.125 % × 10 / 365 = 0.25",
        "a@10,fee=5,interest=9.125%; claims_first=true",
        """
        0 sell 100
        10 dun => K1 a 105.25
        11 collect #1 50
        11 balance #1 => 55.25
        11 owed => 55.25
        """,
    ),
    Case(
        "ERPNext 49621: interest on what was open; 1000 × 30 and 800 × 28 days at 36.5 % are 30.00 and 22.40",
        "a@58,interest=36.5%",
        """
        0 sell 1000
        30 collect #1 200
        58 dun => K1 a 852.40
        """,
    ),
    Case(
        "ERPNext 39710: 50 and a fee of 5 are paid in one sum of 55",
        "a@5,fee=5 b@20",
        """
        0 sell 50
        5 dun => K1 a 55.00
        6 collect #1 55
        6 owed => -
        20 dun => -
        """,
    ),
    Case(
        "ERPNext 58220: what was claimed is not lost when the principal is paid",
        "a@15,fee=10,interest=10% b@30 c@40",
        """
        0 sell 100
        15 dun => K1 a 110.41
        16 collect #1 100
        30 dun => K1 b 10.41
        40 dun => K1 c 10.41
        41 collect #1
        41 owed => -
        """,
    ),
    Case(
        "OCA test_credit_control_run: three runs in a year are three levels, in their order",
        "a@10 b@60 c@61; spacing=10d",
        """
        0 sell 500
        183 dun => K1 a 500.00
        305 dun --confirm => K1 b 500.00
        364 dun --confirm => K1 c 500.00
        """,
    ),
    Case(
        "OCA test_check_run_date: no run before the last one",
        "a@10",
        """
        0 sell 500
        0 sell Bob 500
        40 dun --customer K1 => K1 a 500.00
        25 dun --no-send => !8
        40 dun => K2 a 500.00
        """,
    ),
    Case(
        "OCA test_invoice_policy_wiz: an invoice is moved to another policy",
        "a@10; policies={two: {levels: [{name: t, after: 30d, mail: second}, {name: u, after: 60d, mail: final}]}}",
        """
        0 sell 500
        10 dun => K1 a 500.00
        11 edit #1 dunning=two
        29 dun => -
        30 dun => K1 t 500.00
        60 dun => K1 u 500.00
        """,
    ),
    Case(
        "OCA 330, 380: what is partly paid is asked for, and no more than is open",
        "a@5 b@20",
        """
        0 sell 100
        5 dun => K1 a 100.00
        6 collect #1 40
        20 dun => K1 b 60.00
        """,
    ),
    Case(
        "OCA 470: of several levels one notice, in the severest",
        "a@5 b@20",
        """
        0 sell 100
        5 dun => K1 a 100.00
        15 sell 50
        20 dun => K1 b 150.00
        27 dun => -
        35 dun => K1 b 150.00
        """,
    ),
    Case(
        "Kill Bill testOverdueStateIfNoPaymentMethod: 15 clear, 30 OD1, 37 still, 40 OD2, 50 OD3",
        "OD1@30 OD2@40 OD3@50",
        """
        0 sell 249.95
        15 dun => -
        30 dun => K1 OD1 249.95
        37 dun => -
        40 dun => K1 OD2 249.95
        50 dun => K1 OD3 249.95
        60 dun => -
        """,
    ),
    Case(
        "Kill Bill testShouldNotBeInOverdueAfterDraftExternalCharge: what is not billed is not late",
        "OD1@30",
        """
        0 lead add Ada --email ada@x.example
        0 promote L1 --amount 249.95
        0 sign O1 --terms "100% ship; net 0"
        36 dun => -
        """,
    ),
    Case(
        "Kill Bill testShouldBeInOverdueAfterRefundWithoutAdjustment, AfterChargeback, and that reversed",
        "OD1@30",
        """
        0 sell 249.95
        0 collect #1
        35 dun => -
        35 reverse P1 --reason chargeback
        35 dun => K1 OD1 249.95
        36 collect #1
        70 dun => -
        """,
    ),
    Case(
        "Kill Bill testOverdueStateShouldClearAfterExternalPayment: the second is five days old",
        "OD1@30",
        """
        0 sell 249.95
        30 sell 249.95
        35 dun => K1 OD1 499.90
        35 collect #1
        36-59 dun => -
        60 dun => K1 OD1 249.95
        """,
    ),
    Case(
        "Kill Bill testOverdueStateShouldClearAfterCreditOrInvoiceItemAdjustment",
        "OD1@30",
        """
        0 sell 249.95
        30 sell 249.95
        35 dun => K1 OD1 499.90
        35 credit #1 --reason adjusted
        35,40,50 dun => -
        65 dun => K1 OD1 249.95
        65 credit #2 --reason adjusted
        95 dun => -
        """,
    ),
    Case(
        "Kill Bill testOverdueClearWithCredit",
        "OD1@30 OD2@40",
        """
        0 sell 249.95
        30 sell 249.95
        30 dun => K1 OD1 249.95
        30 collect K1 499.90
        40 dun => -
        """,
    ),
    Case(
        "Kill Bill testOverdueStateWith_WRITTEN_OFF: written off, and taken back",
        "OD1@5",
        """
        0 sell 249.95
        1 writeoff #1 --reason gone
        6 dun => -
        6 writeoff #1 --undo --reason found
        6 dun => K1 OD1 249.95
        """,
    ),
    Case(
        "Kill Bill OVERDUE_ENFORCEMENT_OFF: switched off before, then on",
        "OD1@5",
        """
        0 sell 249.95
        0 edit K1 dunning=none
        6 dun => -
        6 edit K1 dunning=
        6 dun => K1 OD1 249.95
        """,
    ),
    Case(
        "Kill Bill testOverdueAccountWithOverdueEnforcementOffTag: what is blocked is free while it is switched off",
        "OD1@5,stop_shipping=true",
        """
        0 sell 249.95
        6 dun => K1 OD1 249.95
        6 ship C1 => !4
        7 edit K1 dunning=none
        7 ship C1 --dry-run
        7 edit K1 dunning=
        7 ship C1 => !4
        7 edit #1 dunning=none
        7 ship C1
        """,
    ),
    Case(
        "Kill Bill 2297: the two oldest are paid, the next level is not skipped",
        "WARNING@5 BLOCKED@7 CANCELLATION@11; spacing=1d",
        """
        0 sell 249.95
        0 sell 500
        2 sell 700
        2 collect #1
        2 collect #2
        3 sell 200
        5 dun => -
        7 dun => K1 WARNING 900.00
        8 dun => K1 WARNING 900.00
        9 dun => K1 BLOCKED 900.00
        10 dun => K1 BLOCKED 900.00
        13 dun => K1 CANCELLATION 900.00
        14 dun => K1 CANCELLATION 900.00
        15 dun => -
        """,
    ),
    Case(
        "Kill Bill 2297, with a week between notices",
        "WARNING@5 BLOCKED@7 CANCELLATION@11",
        """
        0 sell 249.95
        2 sell 700
        2 collect #1
        3 sell 200
        5,6 dun => -
        7 dun => K1 WARNING 900.00
        8-13 dun => -
        14 dun => K1 BLOCKED 900.00
        21 dun => K1 CANCELLATION 900.00
        28 dun => K1 CANCELLATION 900.00
        35 dun => -
        """,
    ),
    Case(
        "Kill Bill testControlProgressiveDegradationWithoutPartialPayment",
        "WARNING@5 BLOCKED@7,stop_shipping=true; spacing=2d",
        """
        0 sell 249.95
        0 dun => -
        5 dun => K1 WARNING 249.95
        5 ship C1 --dry-run
        7 dun => K1 BLOCKED 249.95
        7 ship C1 => !4
        8 collect #1
        8 ship C1
        """,
    ),
    Case(
        "Kill Bill 1032: a level of no days, and a payment on that day",
        "a@0",
        """
        0 sell 100
        0 sell Bob 100
        0 collect #1
        0x3 dun => K2 a 100.00
        """,
    ),
    Case(
        "Kill Bill 472: the payment comes between decision and sending",
        "a@5,fee=10 b@20",
        """
        0 sell 100
        5 decide => K1 a 110.00
        5 collect #1 100
        5 post => 0
        5 owed => -
        20 dun => -
        """,
    ),
    Case(
        "Lago dunning_campaign_v1: attempts and thresholds of two currencies",
        "a@1 b@2; spacing=3d; minimum={EUR: 150, USD: 100}",
        """
        0 sell Ada 149
        0 sell Ada USD 120
        2 dun => K1 a 120.00 USD
        4 dun => -
        4 sell Ada 10
        5 dun => K1 a 159.00, K1 b 120.00 USD
        8 dun => K1 b 159.00
        11 dun => -
        """,
    ),
    Case(
        "Lago dunning_campaign_v1: 149 are below 150, with 6 more they are not",
        "a@1 b@2; spacing=3d; minimum={EUR: 150}",
        """
        0 sell 149 | 100% sign; net 2
        3 dun => -
        3 why => below the minimum of 150.00
        3 sell 6 | 100% sign; net 2
        6 dun => K1 a 155.00
        7,8 dun => -
        9 dun => K1 b 155.00
        12 dun => -
        """,
    ),
    Case(
        "Lago bulk_process: 50 are below 50.99, 51 are not",
        "a@1; minimum={EUR: 50.99}",
        """
        0 sell 50
        1 dun => -
        1 sell 1
        2 dun => K1 a 51.00
        """,
    ),
    Case(
        "Lago bulk_process: four days between attempts, and no more than there are",
        "a@1 b@2; spacing=4d",
        """
        0 sell 60
        1 dun => K1 a 60.00
        4 dun => -
        5 dun => K1 b 60.00
        9,20,40 dun => -
        """,
    ),
    Case(
        "Lago bulk_process: both currencies exceed their thresholds",
        "a@1; minimum={EUR: 20, USD: 40}",
        """
        0 sell Ada USD 50
        0 sell Ada 25
        1 dun => K1 a 25.00, K1 a 50.00 USD
        """,
    ),
    Case(
        "Lago bulk_process: one currency exceeds, the other does not",
        "a@1; minimum={EUR: 20, USD: 40}",
        """
        0 sell Ada USD 50
        0 sell Ada 15
        1 dun => K1 a 50.00 USD
        """,
    ),
    Case(
        "Lago bulk_process: one currency is through, the other below",
        "a@1; minimum={EUR: 80, USD: 40}",
        """
        0 sell Ada USD 50
        0 sell Ada 52.07
        1 dun => K1 a 50.00 USD
        8 dun => -
        """,
    ),
    Case(
        "Lago update: a threshold that no longer applies, and one that does",
        "a@1 b@2; minimum={EUR: 10}",
        """
        0 sell 999.98
        1 dun => K1 a 999.98
        2 config a@1 b@2; minimum={EUR: 999.99}
        8 dun => -
        9 config a@1 b@2; minimum={EUR: 50}
        9 dun => K1 b 999.98
        """,
    ),
    Case(
        "Lago: a campaign of the customer's own comes first, and its exclusion before that",
        "a@1; minimum={EUR: 99}; policies={own: {minimum: {EUR: 10}, levels: [{name: s, after: 1d, mail: reminder}]}}",
        """
        0 sell 10
        0 sell Bob 10
        0 sell Cyd 100
        0 edit K1 dunning=own
        0 edit K3 dunning=none
        1 dun => K1 s 10.00
        """,
    ),
    Case(
        "Lago payment_requests create: 2 and 5, of which 1 and 2 are paid",
        "a@1",
        """
        0 sell 2
        0 sell 5
        0 collect #1 1
        0 collect #2 2
        1 dun => K1 a 4.00
        """,
    ),
    Case(
        "Lago payment_requests create: credit notes of 0.50 and 1 come off",
        "a@1",
        """
        0 sell 2
        0 sell 5
        0 collect #1 1
        0 collect #2 2
        0 credit #1 0.50 --reason less
        0 credit #2 1 --reason less
        1 dun => K1 a 2.50
        """,
    ),
    Case(
        "Lago payment_requests create: an invoice that is credited whole is not in it",
        "a@1",
        """
        0 sell 2
        0 sell 5
        0 collect #2 2
        0 credit #1 --reason all
        1 dun => K1 a 3.00
        """,
    ),
    Case(
        "Lago payment_requests create: two credit notes on one invoice",
        "a@1",
        """
        0 sell 2
        0 sell 5
        0 collect #1 1
        0 collect #2 2
        0 credit #1 0.20 --reason less
        0 credit #1 0.30 --reason less
        1 dun => K1 a 3.50
        """,
    ),
    Case(
        "Lago payment_requests create: invoices that are not overdue are not asked for",
        "a@1",
        """
        0 sell 2 | 100% sign; net 14
        14 dun => -
        15 dun => K1 a 2.00
        """,
    ),
    Case(
        "Lago payment_request_mailer: 10 and 20 less what was paid; without an address nobody is mailed",
        "a@1",
        """
        0 sell 10
        0 sell 20
        0 collect #1 0.01
        0 collect #2 0.02
        0 sell Bob 10
        0 edit K2 email=
        1 decide => K1 a 29.97, K2 a 10.00 by task
        """,
    ),
    Case(
        "Lago 2876: with the payment the counting begins anew",
        "a@5 b@20",
        """
        0 sell 99
        5 dun => K1 a 99.00
        20 dun => K1 b 99.00
        21 collect #1
        22 sell 99
        27 dun => K1 a 99.00
        42 dun => K1 b 99.00
        """,
    ),
    Case(
        "Invoice Ninja testDKRemindersNotSending: 5, 10 and 15 days after the invoice, due after 14, hour by hour",
        "a@-9 b@-4 c@1",
        """
        0 sell 10 | 100% sign; net 14
        4x3 dun => -
        5x6 dun => K1 a 10.00
        10x6 dun => K1 b 10.00
        15x6 dun => K1 c 10.00
        16,22 dun => -
        """,
    ),
    Case(
        "Invoice Ninja testForUtcEdgeCaseOnTheFirstOfMonth: 14 days before 31 March are the 17th, not the 16th",
        "a@-14",
        """
        59 sell 10 | 100% sign; net 30
        74 dun => -
        75 dun => K1 a 10.00
        75 mail "due 2026-03-31: 10.00" => yes
        """,
    ),
    Case(
        "Invoice Ninja testsForTranslationsInReminders: fees of 101, 102 and 103 on three days",
        "a@1,fee=101 b@2,fee=102 c@3,fee=103; spacing=1d",
        """
        0 sell 10
        1x2 dun => K1 a 111.00
        2x2 dun => K1 b 213.00
        3x2 dun => K1 c 316.00
        3 owed => 316.00
        """,
    ),
    Case(
        "Invoice Ninja testForClientTimezoneEdges: 4 and 2 days before, 3 days after",
        "a@-4 b@-2 c@3",
        """
        0 sell 10 | 100% sign; net 5
        0 dun => -
        1 dun => K1 a 10.00
        3 dun => K1 b 10.00
        5,7 dun => -
        8 dun => K1 c 10.00
        """,
    ),
    Case(
        "Invoice Ninja testReminderHits: 7 days after the invoice, 1 before and 1 after it is due in 30",
        "a@-23 b@-1 c@1",
        """
        0 sell 10 | 100% sign; net 30
        6 dun => -
        7 dun => K1 a 10.00
        29 dun => K1 b 10.00
        30 dun => -
        31 dun => K1 c 10.00
        """,
    ),
    Case(
        "Invoice Ninja testReminderHitsScenarioH1: 2 before, 14 and 30 after",
        "a@-2 b@14 c@30",
        """
        0 sell 10 | 100% sign; net 30
        27 dun => -
        28 dun => K1 a 10.00
        43 dun => -
        44 dun => K1 b 10.00
        60 dun => K1 c 10.00
        """,
    ),
    Case(
        "Invoice Ninja CheckRemindersTest: nothing for what is paid, nothing when it is turned off",
        "a@-23 b@-1 c@1",
        """
        0 sell 10 | 100% sign; net 30
        0 sell Bob 10 | 100% sign; net 30
        1 collect #1
        1 edit K2 dunning=none
        7,29,31 dun => -
        """,
    ),
    Case(
        "Invoice Ninja CheckRemindersTest: 29 days before it is due in 30, and one after",
        "a@-29 b@1",
        """
        0 sell 10 | 100% sign; net 30
        0 dun => -
        1 dun => K1 a 10.00
        30 dun => -
        31 dun => K1 b 10.00
        """,
    ),
    Case(
        "Invoice Ninja testLateFeeAdded, with locked invoices: the fee of 10 stands beside the invoice of 10",
        "a@10,fee=10",
        """
        0 sell 10
        20x3 dun => K1 a 20.00
        20 balance #1 => 10.00
        20 owed => 20.00
        """,
    ),
    Case(
        "Invoice Ninja testLateFeeBalances: 10 and a fee of 5",
        "a@10,fee=5",
        """
        0 sell 10
        10 dun => K1 a 15.00
        10 owed => 15.00
        """,
    ),
    Case(
        "Invoice Ninja testLateFeeRemovals: a fee is given up",
        "a@10,fee=10 b@20",
        """
        0 sell 20
        10 dun => K1 a 30.00
        11 collect #1 20
        11 owed => 10.00
        12 writeoff #1 --reason waived
        12 owed => -
        13 writeoff #1 --undo --reason "they pay after all"
        13 owed => 10.00
        20 dun => K1 b 10.00
        21 writeoff #1 4 --reason waived
        21 owed => 6.00
        """,
    ),
    Case(
        "Invoice Ninja 553, 1447, 1693, 1921, 2330: cron every quarter of an hour, one reminder and one fee",
        "a@5,fee=10 b@12,fee=10",
        """
        0 sell 100
        5x24 dun => K1 a 110.00
        6-11x2 dun => -
        12x24 dun => K1 b 120.00
        12 owed => 120.00
        """,
    ),
    Case(
        "Invoice Ninja 637, 2183: the day was missed, the first reminder comes all the same and before the second",
        "a@14 b@30",
        """
        0 sell 100
        13 dun => -
        21 dun => K1 a 100.00
        30 dun => K1 b 100.00
        """,
    ),
    Case(
        "Invoice Ninja 5458: reminders that are activated later reach what is late already",
        "x@300",
        """
        0 sell 100
        3 sell Bob 100
        6 dun => -
        6 config a@2
        6 dun => K1 a 100.00, K2 a 100.00
        7 config a@2 b@14
        16 dun => K1 b 100.00
        17 dun => K2 b 100.00
        """,
    ),
    Case(
        "Invoice Ninja 9312: no reminder on the day after the invoice went out",
        "a@0",
        """
        0 sell 100 | 100% sign; net 30
        1,2,15,29 dun => -
        30 dun => K1 a 100.00
        """,
    ),
    Case(
        "Invoice Ninja 792: the letter names the day on which it was due",
        "a@1",
        """
        59 sell 100 | 100% sign; net 30
        89 dun => -
        90 dun => K1 a 100.00
        90 mail "due 2026-03-31: 100.00" => yes
        """,
    ),
    Case(
        "Invoice Ninja 3240, 8665: each period of a subscription is reminded of",
        "a@7",
        """
        0 lead add Ada --email ada@x.example
        0 promote L1
        0 sign O1 --terms "900 monthly@1 from sign; net 0"
        0 invoice C1
        7 dun => K1 a 900.00
        31 invoice --due
        37 dun => -
        38 dun => K1 a 1800.00
        """,
    ),
    Case(
        "Invoice Ninja ui 2445: a fee of 0 is none",
        "a@5,fee=0",
        """
        0 sell 100
        5 dun => K1 a 100.00
        5 owed => 100.00
        """,
    ),
    Case(
        "Invoice Ninja 4020: fourteen days between notices, as Norway asks",
        "a@14,fee=35 b@28,fee=35; spacing=14d",
        """
        0 sell 1000
        15 dun => K1 a 1035.00
        28 dun => -
        29 dun => K1 b 1070.00
        """,
    ),
    Case(
        "Dolibarr 30771: 60 days after are not 60 days before",
        "a@60",
        """
        0 sell 100 | 100% sign; net 60
        0,30,60,90,119 dun => -
        120 dun => K1 a 100.00
        """,
    ),
    Case(
        "Akaunting 259, 1776: the rest of what is partly paid, and nothing of what is paid",
        "a@5",
        """
        0 sell 100
        0 sell Bob 100
        1 collect #1 99.99
        1 collect #2
        5 dun => K1 a 0.01
        """,
    ),
    Case(
        "Tryton account_dunning, OCA 122: while a notice waits there is no next one, and none leaves beside it",
        "a@5 b@20 c@40",
        """
        0 sell 100
        5 decide => K1 a 100.00
        20,30 decide => -
        30 why => b once N1 has gone: ltc outbox send --to-folder DIR
        31 edit K1 contact=Eve
        32 dun => K1 a 100.00
        32 mail "due 2026-01-01: 100.00" => yes
        38 dun => -
        39 dun => K1 b 100.00
        46 dun => K1 c 100.00
        """,
    ),
    Case(
        "Lago process_attempt: excluded between decision and sending",
        "a@5,fee=10 b@20",
        """
        0 sell 100
        0 sell Bob 100
        0 sell Cyd 100
        0 sell Dan 100
        5 decide => K1 a 110.00, K2 a 110.00, K3 a 110.00, K4 a 110.00
        5 edit K1 dunning=none
        5 edit #2 dunning=none
        5 edit K3 contact=Cyd
        5 post => 2
        5 owed => 110.00, 110.00, 100.00, 100.00
        6 edit K1 dunning=
        6 dun => K1 a 110.00
        """,
    ),
    Case(
        "Invoice Ninja 5860: what is said before the due date is not said after it, however long the server was away",
        "n@-3 a@5",
        """
        0 sell 100 | 100% sign; net 10
        0 sell Bob 100 | 100% sign; net 11
        8 decide => K1 n 100.00, K2 n 100.00
        11 post => 1
        11 dun => -
        15 dun => K1 a 100.00
        16 dun => K2 a 100.00
        """,
    ),
    Case(
        "Invoice Ninja 11854: an invoice that comes from another program is not forgotten for being late already",
        "a@5 b@20",
        """
        100 import invoices bills.csv
        100 edit K1 email=ada@ada.example
        100 dun => K1 a 119.00
        107 dun => K1 b 119.00
        """,
    ),
    Case(
        "Tryton account_dunning: of two one is paid, the other blocked on day 30, then freed; paid",
        "a@5 b@20 c@40",
        """
        0 sell 100
        0 sell 100
        0 collect #1
        4 dun => -
        5 dun => K1 a 100.00
        30 hold #2 --until @60 --reason blocked
        30 dun => -
        30 release #2
        30 dun => K1 b 100.00
        30 collect #2
        50 dun => -
        """,
    ),
    Case(
        "Tryton account_dunning: a single level of no days is final at once",
        "only@0",
        """
        0 sell 100
        0x2 dun => K1 only 100.00
        1,30,60 dun --confirm => -
        """,
    ),
    Case(
        "ERPNext: half after 5 days, half after 10; the payment reversed",
        "a@1 b@3; spacing=1d",
        """
        0 sell 100 | 100% sign; due 50%+5d, rest+10d
        6 dun => K1 a 50.00
        7 collect #1 50
        8 dun => -
        9 reverse P1 --reason bounced
        9 dun => K1 b 50.00
        11 dun => K1 a 100.00
        """,
    ),
    Case(
        "OCA: the last reminder follows ten days after the one before, late as that was",
        "a@10 b@40 c@41; spacing=10d",
        """
        0 sell 100
        9 dun => -
        10 dun => K1 a 100.00
        39 dun => -
        44 dun => K1 b 100.00
        53 dun => -
        54 dun => K1 c 100.00
        """,
    ),
    Case(
        "Kill Bill: three states by the earliest unpaid, the second blocks; an invoice a month later has its own",
        "OD1@30 OD2@40,stop_shipping=true OD3@50,stop_shipping=true",
        """
        0 sell 249.95
        29 dun => -
        30 dun => K1 OD1 249.95
        30 sell 249.95
        38 dun => -
        40 dun => K1 OD2 499.90
        40 ship C1 => !4
        50 dun => K1 OD3 499.90
        51 collect K1
        51 ship C1
        60 dun => -
        """,
    ),
    Case(
        "Invoice Ninja: late fees of 5, 10 and 15 once each, however often the scheduler runs",
        "a@7,fee=5 b@14,fee=10 c@21,fee=15",
        """
        0 sell 100
        0-29x3 dun => K1 a 105.00, K1 b 115.00, K1 c 130.00
        30 owed => 130.00
        """,
    ),
)

OTHERWISE: Final = (
    Case(
        "ERPNext test_dunning_not_affected_by_standalone_credit_note: credit that is held counts against what is late",
        "a@5",
        """
        0 sell 100
        0 collect #1
        0 sell 100
        1 credit #1 --reason returned
        10 dun => -
        10 why => unapplied credit covers what is late
        """,
    ),
    Case(
        "OCA account_credit_control_dunning_fees: a fee of 5 euro is none in dollars, where they convert it",
        "a@10,fee=5",
        """
        0 sell Ada 500
        0 sell Ada USD 500
        10 dun => K1 a 505.00, K1 a 500.00 USD
        """,
    ),
    Case(
        "Tryton account_dunning: of what went on day 30 the next level is a spacing later, not on the same day",
        "a@5 b@20 c@40",
        """
        0 sell 100
        5 decide => K1 a 100.00
        30 decide => -
        30 post => 1
        30,36 dun => -
        37 dun => K1 b 100.00
        """,
    ),
    Case(
        "Kill Bill testDelayedCheckAppliesMostSevereMatchingState, OCA 35, 432: levels are never skipped",
        "WARNING@5 BLOCKED@7 CANCELLATION@11; spacing=1d",
        """
        0 sell 249.95
        10 dun => K1 WARNING 249.95
        11 dun => K1 BLOCKED 249.95
        12 dun => K1 CANCELLATION 249.95
        13 dun => -
        """,
    ),
    Case(
        "Kill Bill testOverdueAccountWithOverdueEnforcementOffTag: switched on again, no level is repeated",
        "OD1@5 OD2@20",
        """
        0 sell 249.95
        6 dun => K1 OD1 249.95
        7 edit K1 dunning=none
        8 edit K1 dunning=
        8,13 dun => -
        20 dun => K1 OD2 249.95
        """,
    ),
    Case(
        "Lago bulk_process: a currency without a threshold is dunned from the first cent",
        "a@1; minimum={USD: 40}",
        """
        0 sell Ada USD 50
        0 sell Ada GBP 100
        1 dun => K1 a 100.00 GBP, K1 a 50.00 USD
        """,
    ),
    Case(
        "Lago bulk_process, maximum attempts reached: a newer invoice has attempts of its own",
        "a@1 b@2",
        """
        0 sell 60
        1 dun => K1 a 60.00
        8 dun => K1 b 60.00
        20 dun => -
        20 sell 6
        21 dun => K1 a 66.00
        """,
    ),
    Case(
        "Invoice Ninja testForSingleEndlessReminder, testReminderInThePast: after the last level nothing is repeated",
        "a@1",
        """
        0 sell 10
        1 dun => K1 a 10.00
        8,29,60,90 dun => -
        """,
    ),
    Case(
        "Invoice Ninja testReminderNextSendRecalculation: a reminder in the past is sent now, not left out",
        "a@1 b@2 c@3; spacing=1d",
        """
        0 sell 10
        1 dun => K1 a 10.00
        4 dun => K1 b 10.00
        5 dun => K1 c 10.00
        """,
    ),
    Case(
        "OCA test_action_cancel: what was dunned is credited all the same",
        "a@10 b@40",
        """
        0 sell 500
        10 dun => K1 a 500.00
        11 credit #1 --reason cancelled
        40 dun => -
        """,
    ),
    Case(
        "OCA account_invoice_overdue_reminder: an instalment does not wait for the last one of its invoice",
        "a@1",
        """
        0 sell 100 | 100% sign; due 50%+5d, rest+35d
        6 dun => K1 a 50.00
        35 dun => -
        36 dun => K1 a 100.00
        """,
    ),
)
"""What our rules decide in another way, and what they say instead."""

BILLS: Final = "number,customer,date,due_date,net,tax\nA-1,Ada,2025-12-01,2025-12-31,100.00,19.00\n"

LOCAL: Final[tuple[tuple[str, str, list[str]], ...]] = (
    ("Europe/Berlin", "2026-03-31T21:30", []),
    ("Europe/Berlin", "2026-03-31T22:30", ["K1 a 100.00"]),
    ("America/Los_Angeles", "2026-04-01T06:30", []),
    ("America/Los_Angeles", "2026-04-01T07:30", ["K1 a 100.00"]),
    ("Pacific/Auckland", "2026-03-31T10:30", []),
    ("Pacific/Auckland", "2026-03-31T11:30", ["K1 a 100.00"]),
)
"""Half an hour before midnight at the end of 31 March, and after it, by the clock in UTC."""


@pytest.fixture(scope="module")
def empty() -> bytes:
    with folder_in_memory() as folder:
        company = Told(folder)
        company.ltc("init", "--yes")
        return company.path.read_bytes()


@contextmanager
def told(case: Case, empty: bytes) -> Iterator[Told]:
    """The company in which all of the case is told; in the end it is sound."""
    with folder_in_memory() as folder:
        company = Told(folder)
        company.customers = {}
        company.path.touch(0o600)
        company.path.write_bytes(empty)
        company.configure(case.settings)
        (folder / "bills.csv").write_text(BILLS, encoding="utf-8")
        for line in case.story.strip().splitlines():
            company.tell(line.strip())
        yield company
        assert company.run("check") == 0, company.out


@pytest.mark.parametrize("case", [*CASES, *OTHERWISE], ids=lambda case: case.source)
def test_a_case_of_others(case: Case, empty: bytes) -> None:
    with told(case, empty):
        pass


def test_a_day_ends_where_the_company_is(empty: bytes) -> None:
    """elizaOS 31062, Invoice Ninja 8672: who has until midnight is not late at midnight in Greenwich."""
    case = Case("", "a@1", "0 sell 100 | 100% sign; net 89")
    with told(case, empty) as company:
        for zone, moment, expected in LOCAL:
            company.configure(case.settings)
            with company.config_path.open("a", encoding="utf-8") as file:
                file.write(f"timezone: {zone}\n")
            environ = {"LTC_DB": str(company.path), "LTC_CONFIG": str(company.config_path), "LTC_ACTOR": "test"}
            out, now = io.StringIO(), repeat(datetime.fromisoformat(f"{moment}+00:00"))
            session = Session(environ=environ, out=out, err=io.StringIO(), clock=now.__next__)
            assert run(["dun", "--dry-run", "--json"], session) == 0
            rows = [row for row in json.loads(out.getvalue()) if row["status"] != "left_out"]
            assert [_row(row) for row in rows] == expected, (zone, moment)
