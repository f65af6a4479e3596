"""Random companies, read by programs of others: every receivable, credit and bucket as `ltc aging` says, to the cent.

`LTC_SEED=7` walks one company again; `python -m bench.soak.ledger` walks larger ones for as long as one likes.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.ledgers import (
    aged_by_beancount,
    aged_by_hledger,
    aged_by_ltc,
    hledger,
    need_beancount,
    need_hledger,
    without_zeros,
)
from tests.random.company import RandomCompany
from tests.support import folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator

SEEDS = [int(os.environ["LTC_SEED"])] if "LTC_SEED" in os.environ else [2]
STEPS = 450
DAYS = 10


@pytest.fixture(scope="module", params=SEEDS)
def walked(request: pytest.FixtureRequest) -> Iterator[RandomCompany]:
    with folder_in_memory() as folder:
        yield RandomCompany(request.param, folder, STEPS)


def test_the_company_has_hundreds_of_documents(walked: RandomCompany) -> None:
    assert walked.documents >= 150


def test_hledger_finds_what_aging_says(walked: RandomCompany) -> None:
    need_hledger()
    journal = walked.export("hledger")
    hledger(journal, "check", "--strict")
    for day in walked.days(DAYS):
        told = without_zeros(aged_by_ltc(walked.company, day, walked.today))
        assert without_zeros(aged_by_hledger(journal, day)) == told, f"as of {day}"


def test_beancount_finds_what_aging_says(walked: RandomCompany) -> None:
    need_beancount()
    days = walked.days(DAYS)
    for day, aged in aged_by_beancount(walked.export("beancount").read_text(encoding="utf-8"), days).items():
        told = without_zeros(aged_by_ltc(walked.company, day, walked.today))
        assert without_zeros(aged) == told, f"as of {day}"


def test_a_journal_as_of_a_day_is_the_beginning_of_a_later_one(walked: RandomCompany) -> None:
    for form in ("hledger", "beancount"):
        whole = walked.export(form).read_bytes()
        for day in walked.days(3):
            assert whole.startswith(walked.export(form, day).read_bytes())


def test_the_same_file_gives_the_same_bytes(walked: RandomCompany) -> None:
    assert walked.export("hledger").read_bytes() == walked.export("hledger").read_bytes()
