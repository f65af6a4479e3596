"""Start-up is a feature (design 4): which modules a command loads, asserted by name and without a stopwatch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

SOURCE: Final = Path(__file__).parents[1]

# Runs one command line and writes the modules that it loaded, beyond those Python itself had, to the last line.
RUN: Final = """
import sys
at_start = set(sys.modules)
from ltc_cli.app import run
code = run(sys.argv[1:])
sys.stdout.flush()
print("\\n" + " ".join([str(code), *sorted(set(sys.modules) - at_start)]))
"""

IMPORT: Final = """
import sys
at_start = set(sys.modules)
import ltc_cli
print(" ".join(sorted(set(sys.modules) - at_start)))
"""

# Each costs milliseconds that the shortest commands do not have (design 5, dependencies measured).
HEAVY: Final = {"rich", "yaml", "sqlite_utils", "phonenumbers", "logging", "decimal", "email", "importlib.metadata"}
HEAVY_TOO: Final = {"click", "fractions", "pydantic", "statistics", "random", "asyncio", "unittest", "http", "zoneinfo"}
EVERYWHERE_AVOIDED: Final = {"click", "pydantic", "logging", "importlib.metadata", "decimal", "asyncio", "unittest"}


def python(folder: Path, program: str, *arguments: str) -> str:
    """What a fresh Python in an empty environment prints last."""
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), "LTC_ACTOR": "test", "COLUMNS": "80"}
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=folder, env=environ, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()[-1]


def loaded(folder: Path, *arguments: str) -> set[str]:
    """The modules that a command loads, in the folder's ltc.db and config.yaml."""
    code, *modules = python(folder, RUN, *arguments).split()
    assert code == "0"
    return set(modules)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose file exists already, without a config."""
    folder = tmp_path_factory.mktemp("company")
    made = loaded(folder, "lead", "add", "Ada", "--json")
    assert "sqlite_utils" in made, "the first command makes the file with sqlite-utils"
    return folder


def test_importing_the_package_costs_nothing(tmp_path: Path) -> None:
    assert python(tmp_path, IMPORT) == "ltc_cli"


@pytest.mark.parametrize("phone", [(), ("--phone", "+49 151 1234567")], ids=["by name", "with a plain phone number"])
def test_lead_add_as_json_loads_nothing_heavy(company: Path, phone: tuple[str, ...]) -> None:
    modules = loaded(company, "lead", "add", "Bob", "--company", "Engines", "--json", *phone)
    assert modules & (HEAVY | HEAVY_TOO) == set()


def test_lead_add_loads_no_other_command_and_no_report(company: Path) -> None:
    modules = loaded(company, "lead", "add", "Bob", "--json")
    assert {module for module in modules if module.startswith("ltc_cli.commands.")} == {
        "ltc_cli.commands.answers",
        "ltc_cli.commands.lead",
    }
    assert {module for module in modules if module.startswith("ltc_cli.stages.")} == {"ltc_cli.stages.leads"}
    assert not {module for module in modules if module.startswith("ltc_cli.reports")}


def test_a_batch_loads_no_more_than_its_lines(company: Path) -> None:
    (company / "lines.txt").write_text("lead add Cyd\nlead qualify L1\n", encoding="utf-8")
    modules = loaded(company, "batch", "lines.txt")
    assert modules & (HEAVY | HEAVY_TOO) == set()
    assert {module for module in modules if module.startswith("ltc_cli.stages.")} == {"ltc_cli.stages.leads"}


def test_help_loads_no_command_and_nothing_heavy(tmp_path: Path) -> None:
    modules = loaded(tmp_path, "--help")
    assert modules & (HEAVY | HEAVY_TOO) == set()
    assert not {module for module in modules if module.startswith(("ltc_cli.commands", "ltc_cli.stages"))}


def test_the_help_of_a_command_loads_nothing_heavy(tmp_path: Path) -> None:
    assert loaded(tmp_path, "lead", "add", "--help") & (HEAVY | HEAVY_TOO) == set()


def test_the_version_loads_nothing_heavy(tmp_path: Path) -> None:
    assert loaded(tmp_path, "--version") & (HEAVY | HEAVY_TOO) == set()


@pytest.mark.parametrize("style", ["--json", "--csv"])
def test_a_report_as_data_loads_no_rich(company: Path, style: str) -> None:
    assert loaded(company, "aging", style) & (HEAVY | HEAVY_TOO) == set()


def test_a_record_as_a_card_loads_rich_and_nothing_else_heavy(company: Path) -> None:
    assert loaded(company, "show", "L1") & HEAVY <= {"rich"}


def test_a_config_loads_yaml_and_nothing_else_heavy(company: Path, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(f"database: {company / 'ltc.db'}\n", encoding="utf-8")
    modules = loaded(tmp_path, "lead", "add", "Bob", "--json")
    assert modules & (HEAVY - {"yaml"} | EVERYWHERE_AVOIDED) == set()
    assert "yaml" in modules


@pytest.mark.parametrize(
    "words", [["sh"], ["show", ""], ["sign", ""], ["aging", "--"], ["lead", "add", "x", "--source", ""]]
)
def test_the_tab_key_loads_nothing_heavy(company: Path, words: list[str]) -> None:
    assert loaded(company, "__complete", "zsh", *words) & (HEAVY | HEAVY_TOO) == set()
