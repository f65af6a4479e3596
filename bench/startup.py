"""What it costs to start `ltc` and be done, beside `python -c pass`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bench import company
from bench.measure import Contender, compare, process, process_on_terminal, show
from ltc_cli.config import template_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bench.measure import Meter

ROOT = Path(__file__).parent.parent

# What pip writes as the console script.
SCRIPT = """\
import sys
from ltc_cli.__main__ import main
if __name__ == '__main__':
    sys.argv[0] = sys.argv[0].removesuffix('.exe')
    sys.exit(main())
"""


def run(folder: Path, rounds: int) -> None:
    """`lead add --json` without and with a config, `--help`, `aging` as a table, on a file of a few invoices."""
    database = company.make(folder / "small.db", invoices=20)
    config = folder / "given.yaml"
    config.write_text(template_text(), encoding="utf-8")
    environ = _environ(folder, database)
    ltc = _ltc(folder, environ)
    contenders = [
        Contender("python -c pass", process([sys.executable, "-c", "pass"], environ)),
        Contender(
            "python -c 'import sqlite3, typer'", process([sys.executable, "-c", "import sqlite3, typer"], environ)
        ),
        Contender("ltc lead add … --json", ltc("lead", "add", "Ada Lovelace", "--source", "web", "--json"), 8),
        Contender("the same with a config.yaml", ltc("lead", "add", "Ada", "--json", "--config", str(config)), 10),
        Contender("ltc --help", ltc("--help"), 8),
        Contender("ltc aging, as a table in a pipe", ltc("aging"), 16),
        Contender("ltc aging, as a table on a terminal", ltc("aging", meter=process_on_terminal), 16),
    ]
    show(f"Start-up, whole processes of {sys.executable}", compare(contenders, rounds))


def _environ(folder: Path, database: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "USER": "bench",
        "TERM": "xterm-256color",
        "PYTHONPATH": str(ROOT),
        "LTC_DB": str(database),
        "LTC_TODAY": company.AS_OF.isoformat(),
    }


def _ltc(folder: Path, environ: Mapping[str, str]) -> Callable[..., Meter]:
    """Command lines of `ltc`, by the console script and the interpreter that this runs on."""
    script = folder / "ltc"
    script.write_text(SCRIPT, encoding="utf-8")

    def ltc(*arguments: str, meter: Callable[[Sequence[str], Mapping[str, str]], Meter] = process) -> Meter:
        return meter([sys.executable, str(script), *arguments], environ)

    return ltc
