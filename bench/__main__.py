"""`python -m bench [NAME …] [--large] [--rounds N] [--profile]`: ours, the floor and the peers side by side."""

from __future__ import annotations

import argparse
import platform
import sqlite3
import tempfile
from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING

from bench import aging, batch, chain, check, collect, dunning, find, imports, sending, startup, writing

if TYPE_CHECKING:
    from collections.abc import Callable

BENCHES: dict[str, Callable[[Path, int, int], None]] = {
    "startup": lambda folder, rounds, _many: startup.run(folder, rounds),
    "aging": aging.run,
    "chain": lambda folder, rounds, _many: chain.run(folder, rounds, chains=10_000),
    "batch": lambda folder, rounds, _many: batch.run(folder, rounds, chains=100),
    "collect": collect.run,
    "check": lambda folder, rounds, _many: check.run(folder, rounds, count=20_000),
    "imports": imports.run,
    "find": find.run,
    "sending": lambda folder, rounds, _many: sending.run(folder, rounds, mails=300),
    "dunning": dunning.run,
    "writing": lambda folder, rounds, _many: writing.run(folder, rounds, invoices=10_000),
}
"""By name; each takes a folder, how many rounds, and how many invoices or leads make a large company."""
NAMES = tuple(BENCHES)


def main() -> None:
    """Run the named comparisons, or all of them, in a temporary folder."""
    given = _arguments()
    many = 1_000_000 if given.large else 100_000
    print(
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}; CPU time, {given.rounds} rounds, medians"
    )
    with tempfile.TemporaryDirectory(prefix="ltc-bench-") as name, chdir(name):  # no config.yaml there
        folder = Path(name)
        if given.profile:
            chain.profile(folder, 1_000)
            return
        for named in given.names or NAMES:
            BENCHES[named](folder, given.rounds, many)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {' '.join(NAMES)}; all by default")
    parser.add_argument("--large", action="store_true", help="1,000,000 invoices or leads instead of 100,000")
    parser.add_argument("--rounds", type=int, default=9, help="how often everything runs; medians are shown")
    parser.add_argument("--profile", action="store_true", help="only the profile of 1,000 chains")
    given = parser.parse_args()
    unknown = set(given.names) - set(NAMES)
    if unknown:
        parser.error(f"no comparison {' '.join(sorted(unknown))}; there are: {' '.join(NAMES)}")
    return given


if __name__ == "__main__":
    main()
