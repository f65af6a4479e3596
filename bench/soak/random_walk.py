"""Random walks for as long as one likes: python -m bench.soak.random_walk --steps 100000 --seed 1

Many small companies, each with a seed of its own; where file and books part, the seed and its commands are printed, and
`LTC_SEED=… pytest tests/random` walks it again.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.random.walk import Walk
from tests.support import folder_in_memory


def main() -> int:
    """Walk; 1 where some walk failed."""
    asked = _arguments()
    started, done, failed = time.monotonic(), 0, 0
    seed = asked.seed
    while done < asked.steps:
        steps = min(asked.company, asked.steps - done)
        failed += not _walked(seed, steps)
        done += steps
        seed += 1
        print(f"seed {seed - 1}: {done} steps, {failed} failed, {time.monotonic() - started:.0f} s", flush=True)
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=100_000, help="commands in all")
    parser.add_argument("--seed", type=int, default=1, help="of the first company; the next one has the next")
    parser.add_argument("--company", type=int, default=150, metavar="STEPS", help="commands in one company")
    return parser.parse_args()


def _walked(seed: int, steps: int) -> bool:
    try:
        with folder_in_memory() as folder:
            Walk(seed, folder).walk(steps)
    except AssertionError as parted:
        print(parted, file=sys.stderr)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
