"""The entry point of `ltc` and `python -m ltc_cli`."""

from __future__ import annotations

import gc
import sys

GARBAGE_EVERY = 100_000
"""New objects between two looks for garbage. Rows by the hundred thousand hold no cycles: to look through them again
and again took a third of a large answer."""


def main() -> None:
    # What is imported stays: looking through it for garbage costs a tenth of a short command.
    gc.disable()
    from ltc_cli.app import run

    gc.freeze()
    gc.set_threshold(GARBAGE_EVERY)
    gc.enable()
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
