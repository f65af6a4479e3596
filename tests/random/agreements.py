"""Terms of payment as the walk makes them up: it writes them for the app, and shares out the amount by itself."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import NamedTuple

from tests.random.arithmetic import Step, in_cash, later, months_later, parts, plain, rounded, written

MONTHS_OF = {"weekly": 0, "monthly": 1, "quarterly": 3}


class RefusalError(Exception):
    """The app should say no, with this exit code."""

    def __init__(self, exit_code: int, why: str) -> None:
        super().__init__(why)
        self.exit_code = exit_code


class Share(NamedTuple):
    kind: str
    """`percent`, `amount`, `rest`, `parts` or `fee`."""
    value: Fraction
    trigger: str
    """An event, or an ISO date."""
    steps: tuple[Step, ...] = ()
    frequency: str = ""
    until: date | None = None

    def text(self, currency: str) -> str:
        steps = "".join(map(str, self.steps))
        if self.kind == "parts":
            return f"{self.value} x {self.frequency} from {self.trigger}{steps}"
        if self.kind == "fee":
            return f"{written(self.value, currency)} {self.frequency} from {self.trigger} until {self.until}"
        size = {"percent": f"{plain(self.value)}%", "rest": "rest"}.get(self.kind)
        return f"{size or written(self.value, currency)} {self.trigger}{steps}"


class Instalment(NamedTuple):
    percent: int | None
    """None: the rest."""
    steps: tuple[Step, ...]

    def text(self) -> str:
        return f"{'rest' if self.percent is None else f'{self.percent}%'}{''.join(map(str, self.steps))}"


class Terms(NamedTuple):
    shares: tuple[Share, ...]
    due: tuple[Instalment, ...] = ()

    def refuse_unless_whole(self) -> None:
        """Percentages alone make up 100 %, and others leave something."""
        percent = sum(share.value for share in self.shares if share.kind == "percent")
        if percent > 100 or (percent < 100 and {share.kind for share in self.shares} == {"percent"}):
            raise RefusalError(2, "the percentages do not make up the whole")

    def text(self, currency: str) -> str:
        shares = ", ".join(share.text(currency) for share in self.shares)
        if not self.due:
            return shares
        if len(self.due) == 1:
            first, *more = self.due[0].steps
            days = str(first.number) if first.kind == "d" else str(first).strip()
            return f"{shares}; net {days}{''.join(map(str, more))}"
        return f"{shares}; due {', '.join(instalment.text() for instalment in self.due)}"


class Planned(NamedTuple):
    """A share of one contract: what it comes to, and what it waits for."""

    amount: Fraction
    trigger: str
    months: int = 0
    steps: tuple[Step, ...] = ()
    stands_alone: bool = False
    """Billed by an invoice of its own."""
    fixed: Fraction | None = None
    """What the customer pays for it, tax in it."""

    def falls_due(self, event_on: date) -> date:
        return later(months_later(event_on, self.months), self.steps)


def plan(
    terms: Terms, amount: Fraction | None, gross: Fraction | None, currency: str, signed_on: date
) -> list[Planned]:
    """The terms shared out over a contract; RefusalError when they do not make up the whole."""
    terms.refuse_unless_whole()
    if terms.shares[0].kind == "fee":
        return _fees(terms.shares[0], amount, currency, signed_on)
    if not amount or not gross:
        raise RefusalError(2, "there is no amount to share out")
    claimed = sum((_claim(share, gross) for share in terms.shares), Fraction(0))
    if rounded(claimed * gross, currency) > gross:
        raise RefusalError(2, "the shares are more than the whole")
    drafts = [draft for share in terms.shares for draft in _drafts(share, gross, max(1 - claimed, Fraction(0)))]
    amounts = parts(amount, [weight for weight, _ in drafts], currency)
    return [planned._replace(amount=part) for part, (_, planned) in zip(amounts, drafts, strict=True)]


def _claim(share: Share, gross: Fraction) -> Fraction:
    return {"percent": share.value / 100, "amount": share.value / gross}.get(share.kind, Fraction(0))


def _drafts(share: Share, gross: Fraction, rest: Fraction) -> list[tuple[Fraction, Planned]]:
    nothing = Fraction(0)
    if share.kind != "parts":
        fixed = share.value if share.kind == "amount" else None
        weight = rest if share.kind == "rest" else _claim(share, gross)
        return [(weight, Planned(nothing, share.trigger, 0, share.steps, fixed is not None, fixed))]
    return [(rest / share.value, _part(share, number)) for number in range(int(share.value))]


def _part(share: Share, number: int) -> Planned:
    """It falls that many periods after the anchor."""
    weeks = (Step("w", number),) if share.frequency == "weekly" else ()
    months = number * MONTHS_OF[share.frequency]
    return Planned(Fraction(0), share.trigger, months, (*weeks, *share.steps), stands_alone=True)


def _fees(share: Share, amount: Fraction | None, currency: str, signed_on: date) -> list[Planned]:
    """A recurring fee from the day of signing, its last period by actual days."""
    assert share.until is not None
    if share.until < signed_on:
        raise RefusalError(2, "the fee ends before it begins")
    planned = []
    for number in range(600):
        begins, ends = (months_later(signed_on, (number + k) * MONTHS_OF[share.frequency]) for k in (0, 1))
        if begins > share.until:
            break
        days = (min(ends, share.until + timedelta(days=1)) - begins).days
        fee = rounded(share.value * days / (ends - begins).days, currency)
        planned.append(Planned(fee, begins.isoformat(), stands_alone=True))
    if amount is not None and sum(each.amount for each in planned) != amount:
        raise RefusalError(2, "the fees do not make up the amount")
    return planned


def instalments(terms: Terms, total: Fraction, issued_on: date, currency: str) -> list[tuple[date, Fraction]]:
    """Due dates and amounts of one invoice."""
    if not terms.due:
        return [(issued_on, in_cash(total, currency))]
    claimed = Fraction(sum(each.percent or 0 for each in terms.due), 100)
    weights = [1 - claimed if each.percent is None else Fraction(each.percent, 100) for each in terms.due]
    days = [later(issued_on, each.steps) for each in terms.due]
    exact = _something(list(zip(days, parts(total, weights, currency), strict=True)))
    amounts = cash_parts([amount for _day, amount in exact], currency)
    return _something([(day, amount) for (day, _amount), amount in zip(exact, amounts, strict=True)])


def _something(due: list[tuple[date, Fraction]]) -> list[tuple[date, Fraction]]:
    """Without the instalments of nothing, unless all are."""
    return [(day, amount) for day, amount in due if amount] or due


def cash_parts(exact: list[Fraction], currency: str) -> list[Fraction]:
    """Each part so that all up to it are the share of the payable that they were of the sum, in coins."""
    total, payable = sum(exact, Fraction(0)), in_cash(sum(exact, Fraction(0)), currency)
    if not total:
        return exact
    reached = [in_cash(payable * upto / total, currency) for upto in accumulate(exact, initial=Fraction(0))]
    return [after - before for before, after in pairwise(reached)]
