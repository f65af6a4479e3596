"""The entry point of `ltc` and `python -m ltc_cli`."""

from __future__ import annotations

import sys


def main() -> None:
    from ltc_cli.app import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
