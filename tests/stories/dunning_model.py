"""Dunning once more, over facts in plain Python: what design 3 says, and nothing of ours. Amounts in minor units."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

Key = tuple[str, str]
"""A customer and a currency."""
Answers = dict[str, str] | None
"""Which customers the mail server refuses, for now (`later`) or for good (`never`); None where there is no server."""


class Level(NamedTuple):
    name: str
    after: int
    fee: dict[str, int]
    percent: int


LEVELS: Final = (
    Level("a", 5, {}, 0),
    Level("b", 20, {"EUR": 1000, "USD": 1200}, 9),
    Level("c", 40, {"EUR": 4000, "USD": 4500}, 9),
)
SPACING: Final = 7
MINIMUM: Final = 2000
LONGEST_PAUSE: Final = 35
MOST: Final = 50
PAUSES: Final = (timedelta(minutes=5), timedelta(minutes=15))
"""After the first refusal for now, and after the second: a model of three would need the minute of cron."""


@dataclass
class Claim:
    invoice: str
    kind: str
    amount: int
    paid: int = 0


@dataclass
class Bill:
    ref: str
    key: Key
    due: date
    amount: int
    paid: list[tuple[date, int]] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    step: int = 0
    """How many levels were reached."""
    held: date = date.min
    promised: date = date.min
    is_disputed: bool = False
    said_at: datetime | None = None
    """When something was said that keeps it back."""

    @property
    def open(self) -> int:
        return self.amount - sum(amount for _day, amount in self.paid)

    def claimed(self, kind: str) -> int:
        """What is open of its claims."""
        return sum(claim.amount - claim.paid for claim in self.claims if claim.kind == kind)

    @property
    def owed(self) -> int:
        return self.open + self.claimed("fee") + self.claimed("interest")

    def is_free(self, today: date) -> bool:
        return not self.is_disputed and today > max(self.held, self.promised)

    def interest(self, today: date, percent: int) -> int:
        """A day for every evening from the due day on, on what was open then; half a cent is one."""
        evenings = [self.due + timedelta(number) for number in range((today - self.due).days)]
        open_each = [self.amount - sum(part for on, part in self.paid if on <= evening) for evening in evenings]
        reckoned = (2 * percent * sum(open_each) + 36500) // (2 * 36500)
        return reckoned - sum(claim.amount for claim in self.claims if claim.kind == "interest")


@dataclass
class Notice:
    on: date
    key: Key
    level: str
    amount: int
    fee: int
    interest: int
    advanced: dict[str, str]
    claims: list[Claim]
    listed: list[Bill]
    at: datetime
    status: str = "queued"
    gone: date | None = None
    tries: int = 0
    not_before: datetime | None = None


@dataclass
class Model:
    bills: dict[str, Bill] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    held: dict[str, date] = field(default_factory=dict)
    """Until when a customer is, and when that was said."""
    held_at: dict[str, datetime] = field(default_factory=dict)
    touched_at: dict[Key, datetime] = field(default_factory=dict)
    """When money of a customer and currency moved last."""
    credit: Counter[Key] = field(default_factory=Counter)
    last: dict[Key, date] = field(default_factory=dict)
    """When a customer was written to last."""
    called: set[tuple[str, str]] = field(default_factory=set)
    """Bills and levels that somebody is to call about instead."""
    runs: set[date] = field(default_factory=set)
    newest: date = date.min
    """The newest day of which something is written down."""

    # What happens

    def pay(self, ref: str, amount: int | None, today: date, at: datetime) -> None:
        """Principal first, then all fees, then all interest, the oldest first; all that is owed without an amount."""
        bill = self.bills[ref]
        left = bill.owed if amount is None else amount
        principal = min(left, bill.open)
        bill.paid.append((today, principal))
        left -= principal
        for claim in sorted(bill.claims, key=lambda claim: claim.kind == "interest"):
            part = min(left, claim.amount - claim.paid)
            claim.paid += part
            left -= part
        self.touched_at[bill.key] = at

    # What is decided

    @property
    def waiting(self) -> list[Notice]:
        return [notice for notice in self.notices if notice.status == "queued"]

    def decide(self, today: date, at: datetime) -> list[Notice]:
        """One notice a customer and currency, where something goes up a level."""
        waiting = {notice.key for notice in self.waiting}
        free: dict[Key, list[Bill]] = {}
        for bill in self.bills.values():
            if bill.owed and bill.due < today and bill.is_free(today):
                free.setdefault(bill.key, []).append(bill)
        keys = [key for key in free if key not in waiting and today > self.held.get(key[0], date.min)]
        keys.sort(key=lambda key: (int(key[0][1:]), key[1]))
        spaced = [key for key in keys if today >= self.last.get(key, date.min) + timedelta(SPACING)]
        return [notice for key in spaced if (notice := self._notice(key, free[key], today, at))]

    def _is_dead(self, customer: str) -> bool:
        """Its address has failed: the next levels are calls, which claim nothing."""
        return any(notice.key[0] == customer and notice.status == "failed" for notice in self.notices)

    def _notice(self, key: Key, listed: list[Bill], today: date, at: datetime) -> Notice | None:
        up = [
            (bill, LEVELS[bill.step])
            for bill in listed
            if bill.step < len(LEVELS) and today >= bill.due + timedelta(LEVELS[bill.step].after)
        ]
        if not up or sum(bill.owed for bill in listed) - self.credit[key] < MINIMUM:
            return None
        level = max((level for _bill, level in up), key=lambda level: level.after)
        is_call = self._is_dead(key[0])
        if is_call and all((bill.ref, own.name) in self.called for bill, own in up):
            return None
        claims = [
            Claim(bill.ref, "interest", interest)
            for bill, own in up
            if not is_call and own.percent and (interest := bill.interest(today, own.percent)) > 0
        ]
        if level.fee and not is_call:
            oldest = min((bill for bill, _level in up), key=lambda bill: bill.due)
            claims.insert(0, Claim(oldest.ref, "fee", level.fee[key[1]]))
        amount = sum(bill.open for bill in listed)
        fee, interest = (
            sum(claim.amount for claim in claims if claim.kind == kind) + sum(bill.claimed(kind) for bill in listed)
            for kind in ("fee", "interest")
        )
        advanced = {bill.ref: own.name for bill, own in up}
        status = "call" if is_call else "queued"
        return Notice(today, key, level.name, amount, fee, interest, advanced, claims, listed, at, status)

    def is_stopped(self, today: date, made: int, leaving: list[Notice]) -> bool:
        """Whether somebody has to look before anything leaves."""
        if not (made or leaving):
            return False
        since = min([max(self.runs, default=today), *(notice.on for notice in leaving)])
        return today < self.newest or (today - since).days > LONGEST_PAUSE or made > MOST

    # What is done

    def dun(self, today: date, at: datetime, answers: Answers, *, sends: bool, confirms: bool) -> bool:
        """Decide, and send what waits, too. Answers whether it was stopped."""
        self._tidy(at)
        made = self.decide(today, at)
        leaving = self._leaving(at) if sends else []
        if self.is_stopped(today, len(made), leaving) and not confirms:
            return True
        for notice in made:
            if notice.status == "call":
                self.called |= {*notice.advanced.items()}
                continue
            self.notices.append(notice)
            for ref in notice.advanced:
                self.bills[ref].step += 1
            for claim in notice.claims:
                self.bills[claim.invoice].claims.append(claim)
        if made or today not in self.runs:
            self.newest = max(self.newest, today)
        self.runs.add(today)
        if sends:
            self._send(today, at, answers)
        return False

    def send(self, today: date, at: datetime, answers: Answers) -> bool:
        """Send what waits. Answers whether it was stopped."""
        if self.is_stopped(today, 0, self._leaving(at)):
            return True
        self._send(today, at, answers)
        return False

    def _leaving(self, at: datetime) -> list[Notice]:
        return [notice for notice in self.waiting if notice.not_before is None or notice.not_before <= at]

    def _send(self, today: date, at: datetime, answers: Answers) -> None:
        if answers is None:
            return
        self._tidy(at)
        for notice in self._leaving(at):
            answer = answers.get(notice.key[0])
            if answer is None and self._is_untrue(notice):
                self._withdraw(notice, at)
                continue
            notice.tries += 1
            if answer == "later":
                notice.not_before = at + PAUSES[notice.tries - 1]
            elif answer == "never":  # a level that failed for good counts as reached
                self._rest(notice, "failed", notice.on)
            else:
                notice.gone = today
                self._rest(notice, "sent", today)

    def _tidy(self, at: datetime) -> None:
        """What has failed is withdrawn when all is paid but what it claims itself."""
        for notice in self.notices:
            own = sum(claim.amount - claim.paid for claim in notice.claims)
            if notice.status == "failed" and sum(bill.owed for bill in notice.listed) == own:
                self._withdraw(notice, at)

    def _rest(self, notice: Notice, status: str, on: date) -> None:
        notice.status = status
        self.last[notice.key] = max(on, self.last.get(notice.key, on))

    def _is_untrue(self, notice: Notice) -> bool:
        """Whether something was paid, or said to keep back what it speaks of, since it was decided."""
        moments = [self.touched_at.get(notice.key), self.held_at.get(notice.key[0])]
        moments += [bill.said_at for bill in notice.listed]
        return any(moment > notice.at for moment in moments if moment)

    def _withdraw(self, notice: Notice, at: datetime) -> None:
        """As if it had never been; what was paid of its claims is credit."""
        notice.status = "cancelled"
        for ref in notice.advanced:
            self.bills[ref].step -= 1
        for claim in notice.claims:
            self.bills[claim.invoice].claims.remove(claim)
            self.credit[notice.key] += claim.paid
            self.touched_at[notice.key] = at
