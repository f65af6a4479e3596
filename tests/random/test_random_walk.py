"""Random commands, each held against books kept a second time: design 3, "What always holds".

`LTC_SEED=7` walks one walk again; `python -m bench.soak.random_walk` walks for as long as one likes.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from ltc_cli import receivables
from ltc_cli.rules.terms import falls_due
from ltc_cli.store import Store
from tests.random.walk import Walk
from tests.support import folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from datetime import date

    from ltc_cli.session import Session

STEPS = 150
SEEDS = [int(os.environ["LTC_SEED"])] if "LTC_SEED" in os.environ else [64, 1067, 5055]
"""Each has found a bug."""


@pytest.mark.parametrize("seed", SEEDS)
def test_after_every_command_the_file_says_what_the_books_say(seed: int) -> None:
    with folder_in_memory() as folder:
        Walk(seed, folder).walk(STEPS)


# Bugs that the walk must find


def newest_due_first(items: Any, **_options: bool) -> Any:
    return sorted(items, key=lambda item: item.due_on, reverse=True)


def rounded_down(numerator: int, denominator: int) -> int:
    return numerator // denominator


def coins_rounded_down(minor: int, step_minor: int) -> int:
    return minor // step_minor * step_minor


def rounded_value(line: Any, quantity_micro: int) -> int:
    return int(line.net_minor * quantity_micro // line.quantity_micro)


NOTHING_PAID_BACK = receivables.PAID_BACK.replace("refunded_on <= ?", "refunded_on < ?")


def billable_a_day_early(share: Any, event_on: date) -> date:
    return falls_due(share, event_on) - timedelta(days=1)


def short_months(day: date, months: int) -> date:
    return day + timedelta(days=30 * months)


def forgetful(_session: Session, _store: Store) -> None:
    return None


def generous(*_short: object) -> bool:
    return True


def kept_all_the_same(store: Store, now: Callable[[], str], *, keep: bool) -> AbstractContextManager[None]:
    del keep
    return writing(store, now)


writing = Store.writing

BUGS = [  # and a seed that meets it soon
    ("ltc_cli.rules.allocation.oldest_first", newest_due_first, 30),
    ("ltc_cli.rules.tax.round_ratio", rounded_down, 4),
    ("ltc_cli.rules.billing.falls_due", billable_a_day_early, 7),
    ("ltc_cli.rules.terms.add_months", short_months, 11),
    ("ltc_cli.rules.terms.round_to_step", coins_rounded_down, 2),
    ("ltc_cli.rules.credit.round_to_step", coins_rounded_down, 2),
    ("ltc_cli.rules.credit.round_ratio", rounded_down, 6),
    ("ltc_cli.rules.credit.value_of", rounded_value, 1),
    ("ltc_cli.stages.payments.is_tolerated", generous, 8),
    ("ltc_cli.receivables.PAID_BACK", NOTHING_PAID_BACK, 22),
    ("ltc_cli.session.Session._answer_again", forgetful, 6),
    ("ltc_cli.store.Store.writing", kept_all_the_same, 1),
]


@pytest.mark.parametrize(("place", "bug", "seed"), BUGS, ids=[place for place, *_ in BUGS])
def test_a_walk_finds_a_planted_bug(place: str, bug: object, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, bug)
    with folder_in_memory() as folder, pytest.raises(AssertionError, match=f"LTC_SEED={seed}, step") as found:
        Walk(seed, folder).walk(STEPS)
    assert isinstance(found.value.__cause__, AssertionError), "it fell over, and was not found"
