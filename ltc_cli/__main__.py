"""The entry point of `ltc` and `python -m ltc_cli`."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    # What is imported stays: looking through it for garbage costs a tenth of a short command.
    gc.disable()
    from ltc_cli.app import run

    gc.freeze()
    gc.enable()
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
