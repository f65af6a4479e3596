"""What `--help` promises: the summaries, the order from lead to cash, and examples that really run."""

from __future__ import annotations

import io
import re
import shlex
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import pytest

from ltc_cli.app import COMMANDS, COMMON_OPTIONS, GROUPS, UNSAID, run
from ltc_cli.session import Session
from tests.support import leave_unknown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ltc_cli.app import Command

TODAY: Final = "2026-11-30"
"""After every day that an example names as a fact."""

COMMAND: Final = pytest.mark.parametrize("command", COMMANDS, ids=lambda row: row.name)


class Folder:
    """A folder to stand in and type commands as they are written in the help."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.out = self.err = ""

    def type(self, line: str) -> int:
        out, err = io.StringIO(), io.StringIO()
        environ = {"LTC_TODAY": TODAY, "LTC_ACTOR": "test", "LTC_DEBUG": "1"}
        program, *arguments = shlex.split(line.replace("/tmp/", f"{self.path}/").replace("/mnt/", f"{self.path}/"))
        assert program == "ltc"
        code = run(arguments, Session(environ=environ, out=out, err=err))
        self.out, self.err = out.getvalue(), err.getvalue()
        return code


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.chdir(tmp_path)
    return Folder(tmp_path)


def docstring(command: Command) -> str:
    module, function = command.target.split(":")
    written: Any = getattr(import_module(f"ltc_cli.commands.{module}"), function).__doc__
    return str(written)


def examples(command: Command) -> list[str]:
    """The command lines below `Example:`."""
    after = docstring(command).partition("Example:\n")[2]
    return [line.strip() for line in after.splitlines() if line.strip()]


# The table and the functions say the same


@COMMAND
def test_the_summary_is_the_first_line_of_the_docstring(command: Command) -> None:
    assert docstring(command).strip().splitlines()[0] == command.summary


@COMMAND
def test_a_summary_is_one_sentence(command: Command) -> None:
    assert re.fullmatch(r"[A-Z](?:(?!\. ).)*\.", command.summary)


@COMMAND
def test_every_command_has_an_example_that_begins_with_itself(command: Command) -> None:
    assert examples(command)
    assert all(f"{line} ".startswith(f"ltc {command.name} ") for line in examples(command))


@COMMAND
def test_the_help_shows_summary_example_and_common_options(command: Command, folder: Folder) -> None:
    assert folder.type(f"ltc {command.name} --help") == 0
    assert re.sub(r"\s+", " ", folder.out).find(command.summary) > 0
    assert all(line in folder.out for line in examples(command))
    taken = {common.flag for common in COMMON_OPTIONS if command.takes in common.takes}
    shown = folder.out.partition("Common options:")[2]
    assert {common.flag for common in COMMON_OPTIONS if f"  {common.flag} " in shown} == taken
    assert folder.err == ""


@COMMAND
def test_the_short_h_is_help_too(command: Command, folder: Folder) -> None:
    folder.type(f"ltc {command.name} --help")
    long = folder.out
    assert folder.type(f"ltc {command.name} -h") == 0
    assert folder.out == long


@COMMAND
def test_help_makes_no_file(command: Command, folder: Folder) -> None:
    folder.type(f"ltc {command.name} --help")
    assert list(folder.path.iterdir()) == []


@COMMAND
def test_every_option_says_what_it_is(command: Command, folder: Folder) -> None:
    folder.type(f"ltc {command.name} --help")
    options = folder.out.partition("Options:\n")[2].partition("\n\n")[0]
    bare = [line for line in options.splitlines() if re.fullmatch(r"  --\S+( \S+)?", line)]
    following = dict(zip(options.splitlines(), [*options.splitlines()[1:], ""], strict=True))
    assert not [line for line in bare if not following[line].startswith("    ")]


# From lead to cash


def test_the_commands_stand_in_the_order_from_lead_to_cash(folder: Folder) -> None:
    assert folder.type("ltc --help") == 0
    sections = re.findall(r"^(\S[^\n]*):\n((?:  .*\n)+)", folder.out, re.MULTILINE)
    listed = {title: re.findall(r"^  ((?:[a-z]+ )*[a-z]+) {2,}", body, re.MULTILINE) for title, body in sections}
    assert listed["From lead to cash"] == ["lead add", "nurture", "promote", "sign", "ship", "invoice", "collect"]
    titles = [title for title in listed if title not in ("Options", "Common options")]
    assert titles == ["From lead to cash", "Between the verbs", "Looking", "Jobs", "House-keeping"]


def test_the_help_lists_every_command_once(folder: Folder) -> None:
    folder.type("ltc --help")
    for command in COMMANDS:
        assert len(re.findall(rf"^  {command.name} {{2,}}\S", folder.out, re.MULTILINE)) == 1


@pytest.mark.parametrize("line", ["ltc", "ltc --help", "ltc -h"])
def test_without_a_command_the_help_is_shown(line: str, folder: Folder) -> None:
    assert folder.type(line) == 0
    assert "From lead to cash" in folder.out


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_lists_its_own_commands(group: str, folder: Folder) -> None:
    assert folder.type(f"ltc {group}{' --help' if group in UNSAID else ''}") == 0
    own = [command.name.removeprefix(f"{group} ") for command in COMMANDS if command.name.startswith(f"{group} ")]
    assert all(re.search(rf"^  {name} {{2,}}", folder.out, re.MULTILINE) for name in own)
    assert GROUPS[group] in folder.out


@pytest.mark.parametrize("options", ["", "--json", "--csv"])
def test_a_group_without_its_command_does_what_is_meant(options: str, folder: Folder) -> None:
    folder.type("ltc init --yes")
    assert folder.type(f"ltc outbox list {options}") == 0
    listed = (folder.out, folder.err)
    assert folder.type(f"ltc outbox {options}") == 0
    assert (folder.out, folder.err) == listed
    assert folder.type("ltc outbox lost") == 2
    assert "lost" in folder.err


def test_every_group_has_its_line() -> None:
    assert {command.name.split()[0] for command in COMMANDS if " " in command.name} == set(GROUPS)


def test_the_version_is_one_line(folder: Folder) -> None:
    assert folder.type("ltc --version") == 0
    assert re.fullmatch(r"ltc \d+\.\d+\.\d+\n", folder.out)


# The examples run

LEAD: Final = ['ltc lead add "Charles Babbage" --company Difference --email charles@difference.example']
TWINS: Final = [*LEAD, *(f"ltc lead add Twin{number}" for number in range(2, 8))]
PROMOTED: Final = [*LEAD, "ltc promote L1 --amount 12000"]
QUOTED: Final = [*PROMOTED, "ltc quote O1 --line Widget:10:3.50"]
SIGNED: Final = [*QUOTED, 'ltc sign Q1 --terms "30% sign, 60% ship, 10% accept"']
SHIPPED: Final = [*SIGNED, "ltc ship C1 --line 1=2"]
INVOICED: Final = [*SIGNED, "ltc invoice C1"]
MAILED: Final = [*INVOICED, "ltc send INV-2026-0001 --no-send"]
CALLED: Final = [
    "ltc lead add Ada --company Engines",
    "ltc promote L1 --amount 100",
    "ltc sign O1 --terms '100% sign; net 0'",
    "ltc invoice C1",
    "ltc dun --no-send --today 2026-12-05 --config sender.yaml",
]
PAID: Final = [*INVOICED, "ltc collect K1 100", "ltc ship C1", "ltc invoice C1"]

# Files that examples read.
FILES: Final = {
    "sender.yaml": "mail: {from: billing@acme.example}\n",
    "hubspot.csv": "Record ID,First Name,Last Name,Email\n1,Ada,Lovelace,ada@engines.example\n",
    "list.csv": "Name;Known since\nAda;03.04.2026\n",
    "products.csv": "SKU,Name,Price\nWIDGET,Blue widget,9.50\n",
    "eurofxref-hist.csv": "Date,USD,JPY,\n2026-06-12,1.0823,162.05,\n",
    "signed.csv": "Contract No,Customer,Amount,Date Signed\n1,Engines,900,2026-02-03\n",
    "sent.csv": "Contract,Ship Date\nC1,2026-06-15\n",
    "open.csv": "Invoice No,Customer,Invoice Date,Total\nR-1,Engines,2026-02-03,119.00\n",
    "received.csv": "Customer,Payment Date,Amount\nEngines,2026-03-03,119.00\n",
    "companies.csv": "Company ID,Company Name,City\n5,Engines,London\n",
    "activities.csv": "Activity Type,Activity Date,Email\nCall,2026-02-03,ada@engines.example\n",
    "deals.csv": "Deal ID,Deal Name,Amount,Deal Stage,Email\n9,Loom,900,Closed Won,ada@engines.example\n",
}
FILES_IMPORTED: Final = [
    "ltc import leads list.csv --map 'Known since=created_on:dmy'",
    "ltc import opportunities deals.csv",
]

# What has to have happened before the examples of a command.
BEFORE: Final[dict[str, list[str]]] = {
    "nurture": LEAD,
    "promote": LEAD,
    "sign": PROMOTED,
    "ship": [*PROMOTED, "ltc quote O1 --line Widget:10:3.50", "ltc sign O1"],
    "invoice": SIGNED,
    "collect": INVOICED,
    "hold": INVOICED,
    "dispute": INVOICED,
    "promise": INVOICED,
    "release": INVOICED,
    "done": CALLED,
    "dun": INVOICED,
    "lead qualify": LEAD,
    "lead drop": LEAD,
    "lead merge": TWINS,
    "customer add": ["ltc init --yes"],
    "customer merge": [*PROMOTED, "ltc customer add Twin"],
    "advance": PROMOTED,
    "quote": PROMOTED,
    "lose": PROMOTED,
    "reopen": [*PROMOTED, "ltc lose O1 --reason price"],
    "amend": [
        *SIGNED,
        'ltc lead add "Ada Lovelace"',
        "ltc promote L2",
        'ltc sign O2 --terms "900 monthly from sign"',
    ],
    "terminate": SIGNED,
    "credit": [*PROMOTED, "ltc quote O1 --line Widget:10:35", "ltc sign O1", "ltc ship C1", "ltc invoice C1"],
    "send": INVOICED,
    "daily": INVOICED,
    "simulate": INVOICED,
    "outbox list": MAILED,
    "outbox send": MAILED,
    "outbox retry": MAILED,
    "outbox resolve": MAILED,
    "outbox drop": MAILED,
    "apply": PAID,
    "refund": PAID,
    "reverse": PAID,
    "writeoff": INVOICED,
    "edit": PROMOTED,
    "erase": LEAD,
    "rate": LEAD,
    "today": PAID,
    "funnel": PAID,
    "aging": PAID,
    "statement": PAID,
    "leakage": PAID,
    "list": PAID,
    "show": PAID,
    "find": PAID,
    "log": SHIPPED,
    "import touches": ["ltc import leads hubspot.csv"],
    "import shipments": ["ltc import contracts signed.csv"],
    "import payments": ["ltc import invoices open.csv"],
    "export ledger": PAID,
    "export person": LEAD,
    "import undo": ["ltc import leads hubspot.csv", *FILES_IMPORTED],
    "config check": ["ltc init --yes"],
    "check": PAID,
    "close": PAID,
    "backup": LEAD,
    "restore": [*LEAD, "ltc backup monday.db"],
}


def prepared(command: Command, folder: Folder) -> Iterator[str]:
    (folder.path / "stick").mkdir()
    for name, text in FILES.items():
        (folder.path / name).write_text(text, encoding="utf-8")
    (folder.path / "commands.txt").write_text("lead add Ada\npromote L1\n", encoding="utf-8")
    if command.name.startswith(("send", "outbox", "dun")):
        (folder.path / "config.yaml").write_text("mail: {from: billing@acme.example}\n", encoding="utf-8")
    for line in BEFORE.get(command.name, []):
        assert folder.type(line) == 0, f"{line}: {folder.err}"
    if command.name == "outbox resolve":
        leave_unknown(folder.path / "ltc.db")
    yield from examples(command)


@pytest.mark.parametrize(
    "command", [row for row in COMMANDS if row.name != "demo"], ids=lambda row: row.name
)  # the demo has its own test: it takes seconds
def test_every_example_runs_as_it_stands(command: Command, folder: Folder) -> None:
    for line in prepared(command, folder):
        assert folder.type(line) == 0, f"{line}: {folder.err}"
        assert "error" not in folder.err


def test_no_preparation_is_left_over() -> None:
    assert set(BEFORE) <= {command.name for command in COMMANDS}
