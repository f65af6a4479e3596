"""Random companies read by hledger and beancount: python -m bench.soak.ledger --companies 50 --seed 1

Each is walked for thousands of commands and exported; on ten days every receivable, credit and bucket that hledger and
beancount work out is held against `ltc aging`. Where they part, the seed is printed, and
`LTC_SEED=… pytest tests/random/test_ledger.py` walks it again.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.ledgers import aged_by_beancount, aged_by_hledger, aged_by_ltc, hledger, without_zeros
from tests.random.company import RandomCompany
from tests.support import folder_in_memory

DAYS = 10


def main() -> int:
    """Walk and compare; 1 where some company's books parted."""
    asked = _arguments()
    started, failed, documents = time.monotonic(), 0, 0
    for seed in range(asked.seed, asked.seed + asked.companies):
        with folder_in_memory() as folder:
            walked = RandomCompany(seed, folder, asked.steps)
            documents += walked.documents
            failed += not _agrees(walked, seed)
        took = time.monotonic() - started
        print(f"seed {seed}: {documents} documents, {failed} failed, {took:.0f} s", flush=True)
    return 1 if failed else 0


def _agrees(walked: RandomCompany, seed: int) -> bool:
    journal, days = walked.export("hledger"), walked.days(DAYS)
    hledger(journal, "check", "--strict")
    in_beancount = aged_by_beancount(walked.export("beancount").read_text(encoding="utf-8"), days)
    agrees = True
    for day in days:
        told = without_zeros(aged_by_ltc(walked.company, day, walked.today))
        for program, aged in (("hledger", aged_by_hledger(journal, day)), ("beancount", in_beancount[day])):
            if without_zeros(aged) != told:
                print(f"LTC_SEED={seed}: {program} parts from aging as of {day}", file=sys.stderr)
                agrees = False
    return agrees


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1, help="of the first company; the next one has the next")
    parser.add_argument("--steps", type=int, default=1_000, help="commands in one company")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
