"""Many days under cron, while much happens and goes wrong: exactly the notices that a model of its own expects.

Starts are doubled, missed and a hundred at once, for six weeks there are none, and the clock is put back; the mail
server refuses, for now and for good, and is away for two weeks; customers pay, also between decision and dot, are held,
dispute and promise. The days are those of the machine's own zone, Berlin, and its clock runs over both changes of
summer time.
`python -m bench.soak --only cron` walks over 400 days with many more invoices.
"""

from __future__ import annotations

import io
import os
import re
import time as clocks
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes
from email.policy import default
from random import Random
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from ltc_cli.app import run
from ltc_cli.session import Session
from tests.mail.server import Inbox, serving
from tests.stories.dunning_model import PAUSES, Answers, Bill, Model, Notice
from tests.support import Company

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FIRST: Final = date(2026, 10, 24)
DAYS: Final = 156
WITHOUT_SALES: Final = 50
"""At the end: what is sold then would reach no last level."""
OUTAGE_DAYS: Final = 41
AWAY_DAYS: Final = 15
CROWDED: Final = date(2027, 3, 15)
"""A day of a hundred starts."""
CLOSED_PORT: Final = 1
ZONE: Final = "Europe/Berlin"
BERLIN: Final = ZoneInfo(ZONE)
STARTS: Final = (time(0, 5), time(2, 30), time(12), time(23, 55))
"""Of cron, by the wall clock: at 02:30 there is a start twice on one day of the year, and none on another."""
CONFIG: Final = """
mail: {{from: billing@acme.example, host: 127.0.0.1, port: {port}, tls: none}}
dunning:
  minimum: {{EUR: 20, USD: 20}}
  levels:
    - {{name: a, after: 5d, mail: reminder}}
    - {{name: b, after: 20d, mail: second, fee: {{EUR: 10, USD: 12}}, interest: 9%}}
    - {{name: c, after: 40d, mail: final, fee: {{EUR: 40, USD: 45}}, interest: 9%}}
"""
EVERYTHING: Final = {
    *("sent", "failed", "cancelled", "refused for now", "stopped", "confirmed", "the clock is put back", "EUR", "USD"),
    *("paid", "paid in part", "held", "disputed", "promise kept", "promise broken", "released"),
}
"""What a walk has to have met."""
REFUSALS: Final = {"later": "450 4.2.1 busy", "never": "550 5.1.1 no such user"}


class Clocked(Company):
    """A company that is told the time alone, a little later at each look."""

    def __init__(self, folder: Path, port: int) -> None:
        super().__init__(folder, config=CONFIG.format(port=port))
        self.port = port
        self.moment = midnight(FIRST)

    @property
    def day(self) -> date:
        return self.moment.astimezone(BERLIN).date()

    def run(self, *arguments: str, today: str | None = None) -> int:
        assert today is None
        environ = {"LTC_DB": str(self.path), "LTC_CONFIG": str(self.config_path), "LTC_ACTOR": "t", "LTC_DEBUG": "1"}
        out, err = io.StringIO(), io.StringIO()
        try:
            return run(arguments, Session(environ=environ, out=out, err=err, clock=self.tick))
        finally:
            self.out, self.err = out.getvalue(), err.getvalue()

    def tick(self) -> datetime:
        self.moment += timedelta(milliseconds=1)
        return self.moment


class Moody(Inbox):
    """A server that refuses some recipients."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[str, str] = {}

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address in self.answers:
            return REFUSALS[self.answers[address]]
        envelope.rcpt_tos.append(address)
        return "250 OK"


class Walked(NamedTuple):
    """What happened, and what was wrong."""

    happened: Counter[str]
    problems: list[str]


@contextmanager
def in_berlin() -> Iterator[None]:
    """On a machine whose own zone it is."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = ZONE
    clocks.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ")
        os.environ.update({} if before is None else {"TZ": before})
        clocks.tzset()


def walk(folder: Path, days: int, random: Random, *, customers: int = 3, sold_a_day: float = 0.2) -> Walked:
    """So many days. Answers what happened, and all that is wrong."""
    inbox = Moody()
    with in_berlin(), serving(inbox) as port:
        walking = Walk(Clocked(folder, port), inbox, random, customers, sold_a_day)
        for number in range(days):
            walking.live(
                FIRST + timedelta(number),
                sells=number < days - WITHOUT_SALES,
                is_off=days // 3 <= number < days // 3 + OUTAGE_DAYS,
                has_server=not days // 6 <= number < days // 6 + AWAY_DAYS,
            )
        return Walked(walking.happened, list(walking.problems()))


class Walk:
    """The company, the model, and what comes upon both."""

    def __init__(self, company: Clocked, inbox: Moody, random: Random, customers: int, sold_a_day: float) -> None:
        self.company, self.inbox, self.random = company, inbox, random
        self.customers, self.sold_a_day = customers, sold_a_day
        self.model = Model()
        self.has_server = True
        self.answers: Answers = None
        self.emails: dict[str, str] = {}
        self.to_be_kept: list[tuple[date, str]] = []
        self.happened: Counter[str] = Counter()
        company.ltc("lead", "add", "Eve")

    def live(self, today: date, *, sells: bool, is_off: bool, has_server: bool) -> None:
        """A day, with its starts of cron where the machine is on."""
        company, chance = self.company, self.random.random
        company.config_path.write_text(CONFIG.format(port=company.port if has_server else CLOSED_PORT))
        self.has_server = has_server
        company.moment = max(company.moment, midnight(today))
        for day, ref in self.to_be_kept:
            if day == today and self.model.bills[ref].owed:
                self._pay(self.model.bills[ref], None)
        for _sale in range(int(self.sold_a_day) + (chance() < self.sold_a_day % 1) if sells else 0):
            self._sell()
        if is_off or (chance() < 0.35 and today != CROWDED):
            return
        for moment in moments(today):
            if chance() < 0.1:  # missed
                continue
            for _start in range(25 if today == CROWDED else self.random.choice((1, 1, 1, 2))):
                company.moment = max(moment, company.moment)
                if chance() < 0.5 * self.sold_a_day:
                    self._something_happens(list(self.model.bills))
                self._start()
            if chance() < 0.03:
                self.happened["the clock is put back"] += 1
                company.moment -= timedelta(hours=1)
                self._start(is_calm=True)

    # What people do

    def _sell(self) -> None:
        company, random = self.company, self.random
        name, currency = f"Ada{random.randrange(self.customers)}", random.choice(("EUR", "EUR", "USD"))
        minor, days = random.choice((1250, 10000, 25055)), random.choice((0, 14))
        email = f"x@{name.lower()}.example"
        lead = company.ltc("lead", "add", name, "--company", name, "--email", email, "--allow-duplicate")["ref"]
        won = company.ltc("promote", lead, "--amount", f"{currency} {_decimal(minor)}")
        contract = company.ltc("sign", won["ref"], "--terms", f"100% sign; net {days}")["ref"]
        (invoice,) = company.ltc("invoice", contract)
        self.emails[won["customer"]] = email
        due = company.day + timedelta(days)
        self.model.bills[invoice["ref"]] = Bill(invoice["ref"], (won["customer"], currency), due, minor)
        self.model.newest = max(self.model.newest, company.day)

    def _something_happens(self, refs: list[str]) -> None:
        """To an invoice on which something is owed, or to its customer."""
        owing = [self.model.bills[ref] for ref in refs if self.model.bills[ref].owed]
        if owing:
            bill = self.random.choice(owing)
            self.random.choice((self._pay_all, self._pay_half, self._hold, self._say, self._say))(bill)
            self.model.newest = max(self.model.newest, self.company.day)

    def _pay_all(self, bill: Bill) -> None:
        self._pay(bill, None)

    def _pay_half(self, bill: Bill) -> None:
        self._pay(bill, bill.owed // 2 + 1)

    def _pay(self, bill: Bill, minor: int | None) -> None:
        self.happened["paid in part" if minor else "paid"] += 1
        self.company.ltc("collect", bill.ref, *([_decimal(minor)] if minor else []))
        self.model.pay(bill.ref, minor, self.company.day, self.company.moment)

    def _hold(self, bill: Bill) -> None:
        until, customer = self._later(), bill.key[0]
        self.happened["held"] += 1
        target = self.random.choice((bill.ref, customer))
        self.company.ltc("hold", target, "--until", until.isoformat(), "--reason", f"since {self.company.moment}")
        if target == customer:
            self.model.held[customer], self.model.held_at[customer] = until, self.company.moment
        else:
            bill.held, bill.said_at = until, self.company.moment

    def _say(self, bill: Bill) -> None:
        """Dispute, promise, or make an end of what was said."""
        company, today = self.company, self.company.day
        if not bill.is_free(today):
            self.happened["released"] += 1
            company.ltc("release", bill.ref)
            bill.is_disputed, bill.held, bill.promised = False, date.min, date.min
            return
        if self.random.random() < 0.4:
            self.happened["disputed"] += 1
            company.ltc("dispute", bill.ref, "--reason", "broken")
            bill.is_disputed = True
        else:
            bill.promised = self._later()
            company.ltc("promise", bill.ref, "--on", bill.promised.isoformat())
            is_kept = self.random.random() < 0.5
            self.happened["promise kept" if is_kept else "promise broken"] += 1
            self.to_be_kept += [(bill.promised, bill.ref)] if is_kept else []
        bill.said_at = company.moment

    def _later(self) -> date:
        return self.company.day + timedelta(self.random.randrange(1, 20))

    # What cron does

    def _start(self, *, is_calm: bool = False) -> None:
        """`dun`, or in two steps with something between them unless it is calm, or `daily`."""
        self._choose_answers()
        if self.random.random() < 0.1:
            self._compare_plan()
        way = self.random.choice(("dun", "dun", "in two steps", "daily"))
        if way == "dun":
            is_stopped = self._dun()
        elif way == "daily":
            is_stopped = any([self._decide(sends=False), self._send()])
            self._run(is_stopped, "daily")
        else:
            is_stopped = self._decide(sends=False)
            self._run(is_stopped, "dun", "--no-send")
            if not is_calm and self.random.random() < 0.8:
                self._something_happens([ref for notice in self.model.waiting for ref in notice.advanced])
            self._run(self._send(), "outbox", "send")
        if is_stopped and self.company.day >= self.model.newest and self.random.random() < 0.3:
            self.happened["confirmed"] += 1
            self._dun("--confirm")

    def _dun(self, *confirm: str) -> bool:
        is_stopped = self._decide(sends=True, confirms=bool(confirm))
        self._run(is_stopped, "dun", *confirm)
        return is_stopped

    def _decide(self, *, sends: bool, confirms: bool = False) -> bool:
        company = self.company
        return self.model.dun(company.day, company.moment, self.answers, sends=sends, confirms=confirms)

    def _send(self) -> bool:
        return self.model.send(self.company.day, self.company.moment, self.answers)

    def _run(self, is_stopped: bool, *words: str) -> None:  # noqa: FBT001
        code = self.company.run(*words)
        self.happened["starts"] += 1
        self.happened["stopped"] += is_stopped
        assert code == 8 or (code == 0 and not is_stopped) or self.company.day < self.model.newest, self.company.err

    def _choose_answers(self) -> None:
        """Which customers are refused this time; for now at most twice in a row."""
        self.answers = None
        if not self.has_server:
            return
        waits = {notice.key[0] for notice in self.model.waiting if notice.tries == len(PAUSES)}
        dice = {customer: self.random.random() for customer in self.emails}
        never = {customer: "never" for customer, die in dice.items() if die < 0.06}
        later = {customer: "later" for customer, die in dice.items() if die > 0.85 and customer not in waits}
        self.answers = never | later
        self.inbox.answers = {self.emails[customer]: answer for customer, answer in self.answers.items()}

    def _compare_plan(self) -> None:
        """A dry run looks at all customers, not only at those of whom something reaches a level."""
        if self.company.day < self.model.newest:
            return
        planned = [row for row in self.company.ltc("dun", "--dry-run") if row["status"] == "planned"]
        wanted = self.model.decide(self.company.day, self.company.moment)
        assert [_shown(row)[2:-1] for row in planned] == [_expected(notice)[2:-1] for notice in wanted]

    # What is found in the end

    def problems(self) -> Iterator[str]:
        mails = {row["about"]: (row["sent_on"], row["attempts"]) for row in self.company.ltc("outbox", "list")}
        told = {row["ref"]: (*_shown(row), *mails[row["ref"]]) for row in self.company.ltc("list", "notices")}
        expected = {
            f"N{number}": (*_expected(each), each.gone and each.gone.isoformat(), each.tries)
            for number, each in enumerate(self.model.notices, 1)
        }
        for ref in {**expected, **told}:
            if told.get(ref) != expected.get(ref):
                yield f"{ref} is {told.get(ref)}, and not {expected.get(ref)}"
        letters = (message_from_bytes(each.message, policy=default)["Subject"] for each in self.inbox.deliveries)
        delivered = Counter(re.findall(r"\bN\d+\b", " ".join(letters)))
        if delivered != Counter(f"N{number}" for number, each in enumerate(self.model.notices, 1) if each.gone):
            yield f"delivered are {delivered}"
        if self.company.run("check"):
            yield self.company.out
        self.happened.update(notice.status for notice in self.model.notices)
        self.happened.update(notice.key[1] for notice in self.model.notices)
        self.happened["refused for now"] = sum(notice.not_before is not None for notice in self.model.notices)


def _shown(row: dict[str, Any]) -> tuple[Any, ...]:
    advanced = {each["invoice"]: each["level"] for each in row["advanced"]}
    claims = sorted((each["invoice"], each["kind"], each["amount"]) for each in row["claims"])
    said = [row[key] for key in ("decided_on", "customer", "currency", "level", "amount", "fee", "interest")]
    return (*said, advanced, claims, row["task"] is not None, row["status"])


def _expected(notice: Notice) -> tuple[Any, ...]:
    claims = sorted((claim.invoice, claim.kind, _decimal(claim.amount)) for claim in notice.claims)
    sums = map(_decimal, (notice.amount, notice.fee, notice.interest))
    is_called = notice.status == "failed"
    return (notice.on.isoformat(), *notice.key, notice.level, *sums, notice.advanced, claims, is_called, notice.status)


def _decimal(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}"


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), BERLIN).astimezone(UTC)


def moments(day: date) -> list[datetime]:
    """When cron starts on a day: an hour that the clock leaves out has no start, one that it repeats has two."""
    found = []
    for at in STARTS:
        for fold in (0, 1):
            local = datetime.combine(day, at, BERLIN).replace(fold=fold)
            moment = local.astimezone(UTC)
            if moment.astimezone(BERLIN).replace(tzinfo=None) == local.replace(tzinfo=None) and moment not in found:
                found.append(moment)
    return found


def test_156_days_four_starts_a_day(tmp_path: Path) -> None:
    walked = walk(tmp_path, DAYS, Random(501))
    assert walked.problems == []
    assert set(+walked.happened) >= EVERYTHING


def test_the_hour_that_is_there_twice_and_the_one_that_is_not() -> None:
    days = (date(2026, 10, 24), date(2026, 10, 25), date(2027, 3, 28))
    assert [len(moments(day)) for day in days] == [4, 5, 3]


def test_who_pays_while_the_clock_is_put_back_is_not_written_to(tmp_path: Path) -> None:
    inbox = Moody()
    with in_berlin(), serving(inbox) as port:
        company = Clocked(tmp_path, port)
        company.ltc("lead", "add", "Ada", "--email", "x@ada.example")
        company.ltc("promote", "L1", "--amount", "100")
        company.ltc("sign", "O1", "--terms", "100% sign; net 0")
        company.ltc("invoice", "C1")
        company.moment += timedelta(days=5, hours=12)
        assert [row["level"] for row in company.ltc("dun", "--no-send")] == ["a"]
        company.moment -= timedelta(hours=1)
        company.ltc("collect", "INV-2026-0001")
        (mail,) = company.ltc("outbox", "send")
    assert mail["said"] == "what is open of INV-2026-0001 has changed in the meantime"
    assert inbox.deliveries == []
