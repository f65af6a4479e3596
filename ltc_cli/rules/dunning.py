"""Who is written to, at which level, and what is claimed: pure rules over days and minor units (design 3, Dunning)."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from ltc_cli.errors import ConfigError
from ltc_cli.rules.money import PPM, format_amount, format_percent, grouped, round_ratio

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

YEAR_DAYS = 365
STATUTORY_POINTS_PPM = 80_000
COMPENSATION_MINOR = {"EUR": 4000}
"""The fixed sum of EU 2011/7, article 6: it is named in euro alone."""

LONGEST_PAUSE_DAYS = 35
"""After a longer one somebody has to look before a wave of notices leaves."""
ALWAYS_ALLOWED = 50
TIMES_MEDIAN = 3

ECB_RATES_PPM = {
    date(year, month, 1): ppm
    for (year, month), ppm in {
        (2013, 1): 7_500,
        (2013, 7): 5_000,
        (2014, 1): 2_500,
        (2014, 7): 1_500,
        (2015, 1): 500,
        (2015, 7): 500,
        (2016, 1): 500,
        **{(year, month): 0 for year in range(2017, 2023) for month in (1, 7)},
        (2016, 7): 0,
        (2023, 1): 25_000,
        (2023, 7): 40_000,
        (2024, 1): 45_000,
        (2024, 7): 42_500,
        (2025, 1): 31_500,
        (2025, 7): 21_500,
        (2026, 1): 21_500,
    }.items()
}
"""The ECB's rate for main refinancing operations that is in force on the first day of each half-year, as EU 2011/7,
articles 2 (7) (a) and 3 (3), name it. Sources: Banque de France, Policy rates, banque-france.fr/en/policy-rates (by its
dates of effect until 23 October 2024); Banka Slovenije, bsi.si/en/ecb-interest-rates (until 23 April 2025: 3.15 % from
18 December 2024); Deutsche Bundesbank, base rate from 1 January 2026 (2.15 % in June 2025 and on 22 December 2025);
Gazzetta Ufficiale 15 of 20 January 2026 (2.15 % for the first half of 2026). For later ones: statutory_rates."""


class Level(Protocol):
    """What the rules need of a level of the configuration."""

    @property
    def name(self) -> str: ...
    @property
    def after_days(self) -> int: ...


L = TypeVar("L", bound=Level)


def due_level(
    levels: Sequence[L], reached: int | None, due_on: date, today: date, not_before: date | None
) -> tuple[L | None, str]:
    """The one level that an instalment reaches today, and in words why it reaches none.

    `reached`: the place of the highest level that it has reached; the levels ascend. Those before the due date stand
    outside the ladder: the latest of them while it is not past due, whatever `not_before` (the spacing) says. Of the
    ladder, the next after the highest reached.
    """
    highest = -1 if reached is None else reached
    ladder = sum(level.after_days < 0 for level in levels)
    if today <= due_on:
        early = [place for place in range(ladder) if due_on + _days(levels[place]) <= today]
        if early and early[-1] > highest:
            return levels[early[-1]], ""
    place = max(highest + 1, ladder)
    if place >= len(levels):
        return None, "the last level is reached"
    level = levels[place]
    day = due_on + _days(level)
    if today < day:
        return None, f"{level.name} from {day}"
    if not_before is not None and today < not_before:
        return None, f"{level.name} from {not_before}, for the spacing"
    return level, ""


def _days(level: Level) -> timedelta:
    return timedelta(days=level.after_days)


def severest(levels: Iterable[L]) -> L:
    """The level that a notice speaks in."""
    return max(levels, key=attrgetter("after_days"))


class Item(NamedTuple):
    """A receivable as dunning sees it. Days are ISO text."""

    id: int
    kind: str
    invoice_id: int
    due_on: str
    balance_minor: int
    level: str | None = None
    """The name of what it reaches in this run."""


def by_due_date(item: Item) -> tuple[str, int, int]:
    """The order in which a notice lists them: the oldest due first."""
    return item.due_on, item.invoice_id, item.id


class Claim(NamedTuple):
    """A receivable that a notice makes."""

    invoice_id: int
    basis: str
    amount_minor: int
    formula: str
    """How it is reckoned; of a fee, the level that has it. In no language."""

    @property
    def kind(self) -> str:
        """What kind of receivable it is."""
        return "interest" if self.basis == "interest" else "fee"


class Notice(NamedTuple):
    """One decision: what one customer is told in one currency. Amounts in minor units, all open claims included."""

    customer_id: int
    currency: str
    level: str
    mail: str | None
    channel: str
    amount_minor: int
    fee_minor: int
    interest_minor: int
    credit_minor: int
    advanced: tuple[Item, ...]
    """What reaches a level."""
    claims: tuple[Claim, ...]
    listed: tuple[Item, ...]
    """They, and all else that is overdue."""
    on_ladder: bool
    stops_shipping: bool
    task: str | None
    unmailable: str | None = None
    """Why it is a task, though an address is known: no mail can be written to it."""


class Interest(NamedTuple):
    """What is claimed, and how it is reckoned."""

    amount_minor: int
    formula: str


class Instalment(NamedTuple):
    """Principal over time: days and amounts of what settled it, reversals negative."""

    due_on: date
    amount_minor: int
    settled: Sequence[tuple[date, int]]


class Span(NamedTuple):
    """A time in which neither balance nor rate changed."""

    balance_minor: int
    rate_ppm: int
    days: int


def interest(
    instalments: Iterable[Instalment],
    rate_ppm: int | str,
    today: date,
    claimed_minor: int,
    currency: str,
    base_rates_ppm: Mapping[date, int],
) -> Interest:
    """Interest of one invoice from the day after due to today, less what was claimed before; rounded once.

    `rate_ppm` is a yearly rate, or `statutory`. Raises ConfigError for a half-year whose base rate is not known.
    """
    spans = [span for each in instalments for span in _spans(each, rate_ppm, today, base_rates_ppm)]
    total_minor = round_ratio(sum(each.balance_minor * each.rate_ppm * each.days for each in spans), PPM * YEAR_DAYS)
    words = " + ".join(
        f"{_in_words(each.balance_minor, currency)} × {format_percent(each.rate_ppm)} × {each.days} / {YEAR_DAYS}"
        for each in spans
    )
    if claimed_minor:
        words += f" - {_in_words(claimed_minor, currency)}"
    return Interest(max(0, total_minor - claimed_minor), words)


def _in_words(amount_minor: int, currency: str) -> str:
    return grouped(format_amount(amount_minor, currency))


def _spans(part: Instalment, rate_ppm: int | str, today: date, base_rates_ppm: Mapping[date, int]) -> Iterable[Span]:
    days = {part.due_on, today, *(day for day, _amount in part.settled)}
    if rate_ppm == "statutory":
        days |= {day for year in range(part.due_on.year, today.year + 1) for day in _half_years(year)}
    days_in = sorted(day for day in days if part.due_on <= day <= today)
    for start, end in pairwise(days_in):
        balance_minor = part.amount_minor - sum(amount for day, amount in part.settled if day <= start)
        if balance_minor > 0:
            yield Span(balance_minor, rate_on(rate_ppm, start + timedelta(days=1), base_rates_ppm), (end - start).days)


def _half_years(year: int) -> tuple[date, date]:
    """The last days before a half-year: interest of the first day is at its own rate."""
    return date(year - 1, 12, 31), date(year, 6, 30)


def rate_on(rate_ppm: int | str, day: date, base_rates_ppm: Mapping[date, int]) -> int:
    """The rate in force on a day. Raises ConfigError for a half-year whose base rate is not known."""
    if isinstance(rate_ppm, int):
        return rate_ppm
    half_year = date(day.year, 1 if day.month <= 6 else 7, 1)
    if half_year not in base_rates_ppm:
        raise ConfigError(
            f"statutory_rates: the base rate for statutory interest from {half_year} is not known",
            f"statutory_rates: {{{half_year}: N%}}, N being the ECB's rate for main refinancing on that day",
        )
    return base_rates_ppm[half_year] + STATUTORY_POINTS_PPM


def most_notices(earlier: Sequence[int]) -> int:
    """How many notices one run may send unasked: 50, or three times the median of the runs before."""
    ordered = sorted(earlier)
    if not ordered:
        return ALWAYS_ALLOWED
    middle = len(ordered) // 2
    twice_median = 2 * ordered[middle] if len(ordered) % 2 else ordered[middle - 1] + ordered[middle]
    return max(ALWAYS_ALLOWED, TIMES_MEDIAN * twice_median // 2)


def stopped(
    today: date,
    newest_on: date | None,
    last_run_on: date | None,
    notices: int,
    most: int,
    waits_since: date | None = None,
    restored_on: date | None = None,
) -> str | None:
    """Why nothing is sent before somebody has looked.

    `waits_since`: when the oldest notice that waits was decided. `restored_on`: when the books came back from a backup,
    where no run of all customers has written since.
    """
    if newest_on is not None and today < newest_on:
        return f"today is {today}, but the newest entry of the journal is of {newest_on}"
    if restored_on is not None:
        return f"a backup was restored on {restored_on}; who was written to after it was made is not known here"
    if last_run_on is not None and (today - last_run_on).days > LONGEST_PAUSE_DAYS:
        return f"the last run was on {last_run_on}, more than {LONGEST_PAUSE_DAYS} days ago"
    if waits_since is not None and (today - waits_since).days > LONGEST_PAUSE_DAYS:
        return f"a notice waits since {waits_since}, more than {LONGEST_PAUSE_DAYS} days"
    if notices > most:
        return f"{notices} notices are more than the {most} that are expected at most"
    return None
