"""`ltc completion`, and what the TAB key offers: what a verb can follow, from a file that is only read."""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pexpect
import pytest

from ltc_cli.app import COMMANDS, COMMON_OPTIONS, GROUPS, _load, run
from ltc_cli.reports.candidates import RECORDS
from ltc_cli.session import REFERENCES, Session
from tests.support import Company, folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE: Final = Path(__file__).parents[2]
SHELLS: Final = ("bash", "zsh", "fish")
BREAKS: Final = " \t\n\"'><=;|&(:"
"""COMP_WORDBREAKS of a fresh bash."""


def asked(company: Company, *words: str) -> list[str]:
    """What zsh and fish are told: the kind of answer, then `CANDIDATE TAB ABOUT` a line."""
    out, err = io.StringIO(), io.StringIO()
    environ = {"LTC_DB": str(company.path), "LTC_CONFIG": str(company.config_path)}
    assert run(["__complete", "zsh", *words], Session(environ=environ, out=out, err=err)) == 0
    assert err.getvalue() == ""
    return out.getvalue().splitlines()


def offered(company: Company, *words: str) -> list[str]:
    kind, *lines = asked(company, *words)
    assert kind == "words"
    return [line.partition("\t")[0] for line in lines]


# Commands and options


def test_commands_are_completed(company: Company) -> None:
    top = {row.name.split()[0] for row in COMMANDS}
    assert set(offered(company, "")) == top
    assert set(GROUPS) <= top
    assert offered(company, "sh") == ["ship", "show"]
    assert offered(company, "lead", "q") == ["qualify"]
    assert offered(company, "--quiet", "--db", "x", "re") == ["reopen", "refund", "reverse", "release", "restore"]
    assert asked(company, "lead", "qu") == ["words", "qualify\tQualify a lead."]


def test_the_asking_itself_is_no_command_of_the_help(company: Company) -> None:
    assert company.run("--help") == 0
    assert "__complete" not in company.out


def test_options_are_completed_once(company: Company) -> None:
    common = {each.flag for each in COMMON_OPTIONS if "report" in each.takes}
    assert set(offered(company, "aging", "-")) == {"--by", "--buckets", *common, "--help"}
    assert "--by" not in offered(company, "aging", "--by", "owner", "--")
    assert "--by" not in offered(company, "aging", "--by=owner", "--")
    assert "--where" in offered(company, "list", "leads", "--where", "x=y", "--")  # may be repeated
    assert offered(company, "aging", "--bu") == ["--buckets"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "list ",
            (
                "leads customers items opportunities quotes contracts shipments invoices credits payments notices"
                " mails tasks"
            ),
        ),
        ("find x --kind sh", "shipments"),
        ("nurture L1 --log C", "call click"),
        ("lead drop L1 --reason ", "budget need authority timing"),
        ("lose O1 --reason ", "price competitor timing"),
        ("aging --by ", "customer invoice owner"),
        ("leakage --by ", "record customer"),
        ("aging --by=o", "--by=owner"),
        ("funnel --by ", "source owner month campaign"),
        ("aging --in us", "USD USN"),
        ("collect K1 5 --currency jp", "JPY"),
        ("quote O1 --rounding ", "document line unrounded"),
        ("advance O1 --stage ", "new qualified proposal negotiation"),
        ("completion ", "bash zsh fish"),
        ("lead add ", ""),
        ("collect K1 ", ""),
        ("no such ", ""),
        ("lead nosuch ", ""),
        ("aging --nosuch=", ""),
        ("list leads more ", ""),
        ("nurture -- --lo", ""),
    ],
)
def test_closed_lists_are_completed(line: str, words: str, company: Company) -> None:
    company.ltc("init", "--yes")
    assert sorted(offered(company, *line.split(" "))) == sorted(words.split())


def test_stages_come_from_the_config(company: Company) -> None:
    company.config_path.write_text("stages: [{name: cold, probability: 1%}, {name: hot, probability: 9%}]\n")
    assert offered(company, "advance", "O1", "--stage", "") == ["cold", "hot"]


@pytest.mark.parametrize(
    "line", ["restore ", "backup ", "--db ", "aging --config ", "sign O1 --document ", "demo ", "export ledger -o "]
)
def test_the_shell_completes_files(line: str, company: Company) -> None:
    assert asked(company, *line.split(" ")) == ["files"]


# References


@pytest.fixture(scope="module")
def trade() -> Iterator[Company]:
    """Six leads in every state of the road."""
    with folder_in_memory() as folder:
        company = Company(folder, config="currency: EUR\n")
        for name, firm in (("Ada", "Acme"), ("Bob", "Bolts"), ("Cyd", "Cogs"), ("Dot", "Dyes"), ("Eve", "Acme")):
            company.ltc("lead", "add", name, "--company", firm, "--source", "fair", "--owner", f"kim {name}")
        for lead in ("L1", "L2", "L3", "L4"):
            company.ltc("promote", lead, "--amount", "100")
        company.ltc("sign", "O1", "--terms", "50% sign, 50% ship")
        company.ltc("sign", "O2", "--terms", "100% sign")
        company.ltc("invoice", "C1")
        company.ltc("invoice", "C2")
        company.ltc("ship", "C2")
        company.ltc("collect", "C2")  # P1 pays INV-2026-0002
        company.ltc("collect", "K2", "7")  # P2 has nothing to pay
        company.ltc("lose", "O3", "--reason", "price")
        company.ltc("quote", "O4", "--line", "Dye:1:100")
        company.ltc("quote", "O4", "--line", "Dye:2:100")
        company.ltc("lead", "add", "Twin")
        company.ltc("lead", "merge", "L5", "L6")
        yield company


@pytest.mark.parametrize(
    ("line", "refs"),
    [
        ("show ", "L5 Q2 Q1 P2 P1 S1 INV-2026-0002 INV-2026-0001 C2 C1 O4 K4 O3 K3 O2 K2 O1 K1 L4 L3 L2 L1"),
        ("show L", "L5 L4 L3 L2 L1"),
        ("show l1", "L1"),
        ("log c", "C2 C1"),
        ("show inv-2026-0001", "INV-2026-0001"),
        ("show --json q", "Q2 Q1"),
        ("nurture ", "L5 L4 L3 L2 L1"),
        ("promote ", "L5"),
        ("promote L5 --customer ", "K4 K3 K2 K1"),
        ("lead qualify ", "L5"),
        ("lead drop ", "L5"),
        ("lead merge L1 L2 ", "L5 L4 L3 L2 L1"),
        ("customer merge ", "K4 K3 K2 K1"),
        ("customer merge K2 ", "K4 K3 K2 K1"),
        ("sign ", "Q2 O4"),
        ("quote ", "Q2 O4"),
        ("advance ", "O4"),
        ("lose ", "O4"),
        ("reopen ", "O3"),
        ("ship ", "C1"),
        ("ship --accepted ", "C2"),
        ("ship --delivered ", "S1"),
        ("ship --returned=", "--returned=S1"),
        ("invoice ", "C1"),
        ("collect ", "INV-2026-0001 C1 K4 K3 K2 K1"),
        ("collect C", "C1"),
        ("apply ", "P2"),
        ("apply P2 ", "INV-2026-0001"),
        ("amend ", "C2 C1"),
        ("terminate ", "C2 C1"),
        ("credit ", "INV-2026-0001 INV-2026-0002"),
        ("refund ", "P2"),
        ("writeoff ", "INV-2026-0001"),
        ("statement ", "K4 K3 K2 K1"),
        ("reverse ", "P2 P1"),
        ("edit ", "L5 O4 K4 O3 K3 O2 K2 O1 K1 L4 L3 L2 L1"),
    ],
)
def test_an_argument_offers_what_it_can_take(line: str, refs: str, trade: Company) -> None:
    found = offered(trade, *line.split(" "))
    assert sorted(found) == sorted(refs.split())
    numbered = [ref for ref in found if ref.startswith(found[0][0]) and ref[1:].isdigit()]
    assert numbered == sorted(numbered, key=lambda ref: -int(ref[1:]))  # the newest first


def test_every_argument_that_names_a_record_offers_some() -> None:
    parameters = {
        (row.name, parameter.name)
        for row in COMMANDS
        for parameter in _load(row).params
        if parameter.param_type_name == "argument" or parameter.name in REFERENCES
    }
    assert set(RECORDS) <= parameters
    assert {(verb, name) for verb, name in parameters if name in REFERENCES} == set(RECORDS)


@pytest.mark.parametrize(("typed", "refs"), [("acm", "K1 O1 C1 INV-2026-0001 L1 L5"), ("bob", "L2"), ("nobody", "")])
def test_the_beginning_of_a_name_stands_for_its_references(typed: str, refs: str, trade: Company) -> None:
    assert sorted(offered(trade, "show", typed)) == sorted(refs.split())


def test_a_reference_is_offered_with_its_name(trade: Company) -> None:
    assert asked(trade, "ship", "") == ["words", "C1\tAcme"]


def test_words_used_before_are_offered(trade: Company) -> None:
    assert offered(trade, "lead", "add", "x", "--source", "") == ["fair"]
    assert offered(trade, "lead", "add", "x", "--owner", "KIM a") == ["kim Ada"]


def test_at_most_fifty_are_offered(company: Company) -> None:
    for number in range(1, 61):
        company.ltc("lead", "add", f"Lead {number}")
    assert offered(company, "show", "") == [f"L{number}" for number in range(60, 10, -1)]
    assert offered(company, "show", "lead 1") == [f"L{number}" for number in (*range(19, 9, -1), 1)]


# Silent, and never a writer


def test_the_file_on_the_line_counts(trade: Company, tmp_path: Path) -> None:
    nowhere = Company(tmp_path)
    assert offered(nowhere, "ship", "") == []
    assert offered(nowhere, "--db", str(trade.path), "ship", "") == ["C1"]
    assert offered(nowhere, "ship", f"--db={trade.path}", "") == ["C1"]
    settings = tmp_path / "other.yaml"
    settings.write_text(f"database: {trade.path}\n", encoding="utf-8")
    out = io.StringIO()
    words = ["__complete", "zsh", "ship", "--config", str(settings), ""]
    assert run(words, Session(environ={}, out=out, err=io.StringIO())) == 0
    assert out.getvalue() == "words\nC1\tAcme\n"


@pytest.mark.parametrize(
    "harm", ["none", "empty", "noise", "cut", "foreign", "newer", "open to all", "config", "locked"]
)
def test_what_cannot_be_read_offers_nothing_and_says_nothing(harm: str, trade: Company, tmp_path: Path) -> None:
    company = Company(tmp_path, config="currency: [\n" if harm == "config" else "")
    if harm != "none":
        shutil.copy(trade.path, company.path)
    with closing(sqlite3.connect(company.path if harm != "none" else ":memory:")) as other:
        match harm:
            case "empty":
                company.path.write_bytes(b"")
            case "noise":
                company.path.write_bytes(b"noise" * 5000)
            case "cut":
                company.path.write_bytes(trade.path.read_bytes()[:9000])
            case "foreign":
                other.execute("PRAGMA application_id = 7")
            case "newer":
                other.execute("PRAGMA user_version = 999")
            case "open to all":
                company.path.chmod(0o666)
            case "config":
                company.path.unlink()
            case "locked":
                other.execute("BEGIN EXCLUSIVE")
        before = sorted(tmp_path.iterdir())
        started = time.monotonic()
        command = ("advance", "O1", "--stage", "") if harm == "config" else ("show", "")
        assert offered(company, *command) == []
        assert time.monotonic() - started < 5  # a lock is not waited for: others wait 30 s
        assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("words", [(), ("bash",), ("zsh",), ("bash", "9"), ("nosuch", "x"), ("zsh", "show", "\udcff")])
def test_a_strange_question_is_no_error(words: tuple[str, ...], trade: Company) -> None:
    out, err = io.StringIO(), io.StringIO()
    assert run(["__complete", *words], Session(environ={"LTC_DB": str(trade.path)}, out=out, err=err)) == 0
    assert out.getvalue().startswith("words\n")
    assert err.getvalue() == ""


def test_asking_writes_nothing(trade: Company) -> None:
    before = trade.path.read_bytes()
    offered(trade, "show", "")
    assert trade.path.read_bytes() == before


NAUGHTY: Final = (
    "a:b",
    "new\nline",
    "\x1b[31mred",
    "tab\there",
    "$(touch pwned)",
    "`touch pwned`",
    "'; touch pwned '",
    "%F",
)


@pytest.fixture
def naughty(company: Company) -> Company:
    for name in NAUGHTY:
        company.ltc("lead", "add", name, "--source", name)
    return company


def test_a_name_stays_on_its_line(naughty: Company) -> None:
    kind, *lines = asked(naughty, "show", "L")
    assert kind == "words"
    assert [line.split("\t")[0] for line in lines] == [f"L{number}" for number in range(8, 0, -1)]
    assert lines[-2:] == ["L2\tnew\\nline", "L1\ta:b"]
    assert lines[-4:-2] == ["L4\ttab\\there", "L3\t\\x1b[31mred"]


def test_a_value_that_cannot_be_typed_is_not_offered(naughty: Company) -> None:
    assert set(offered(naughty, "lead", "add", "x", "--source", "")) == {name for name in NAUGHTY if name.isprintable()}


# The scripts


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_printed_without_a_file(shell: str, tmp_path: Path) -> None:
    company = Company(tmp_path)
    assert company.run("completion", shell) == 0
    assert f"ltc __complete {shell}" in company.out
    assert company.err == ""
    assert company.ltc("completion", shell) == {"shell": shell, "script": company_script(company, shell)}
    assert not company.path.exists()


def company_script(company: Company, shell: str) -> str:
    company.run("completion", shell)
    return company.out


def test_another_shell_is_refused(company: Company) -> None:
    error: Any = company.ltc("completion", "tcsh", fails=2)
    assert error["hint"] == "one of: bash zsh fish"


@pytest.fixture
def environ(trade: Company, tmp_path: Path) -> dict[str, str]:
    """An environment where `ltc` is this one, in the folder of the test."""
    program = tmp_path / "bin" / "ltc"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ltc_cli "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return {
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(SOURCE),
        "LTC_DB": str(trade.path),
        "HOME": str(tmp_path),
        "LC_ALL": "C.UTF-8",
        "TERM": "dumb",
    }


def in_bash(environ: dict[str, str], line: str, comp_type: int = 9) -> list[str]:
    """COMPREPLY, as JSON, after the function of the script was called as bash calls it."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash here")
    program = """
    source <(ltc completion bash)
    complete -p ltc >/dev/null || exit 1
    COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=$2 COMP_WORDBREAKS=$3
    _ltc ltc
    for each in "${COMPREPLY[@]}"; do printf '%s\\0' "$each"; done
    """
    done = subprocess.run(
        [bash, "--norc", "-c", program, "bash", line, str(comp_type), BREAKS],
        env=environ,
        cwd=environ["HOME"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split("\0")[:-1]


@pytest.mark.parametrize(
    ("line", "replies"),
    [
        ("ltc sh", ["ship", "show"]),
        ("ltc   ship   ", ["C1"]),
        ("ltc show l1", ["L1"]),
        ("ltc show bob", ["L2"]),
        ("ltc aging --by=c", ["customer"]),  # after the `=`, where a word begins for bash
        ("ltc aging --by c", ["customer"]),
        ("ltc lead add 'Ada B", []),
        ("ltc lead add 'Ada B' --source ", ["fair"]),
        ("ltc lead add x --owner 'kim A", []),  # not offered inside a quotation: a blank needs a backslash
        ("ltc lead add x --owner kim\\ A", ["kim\\ Ada"]),
        ("ltc --db /nowhere ship ", []),
        ("ltc --db '/now here' ship ", []),
        ("ltc restore ", []),
        ("ltc show $(touch pwned) ", []),
    ],
)
def test_in_bash(line: str, replies: list[str], environ: dict[str, str]) -> None:
    assert in_bash(environ, line) == replies
    assert not (Path(environ["HOME"]) / "pwned").exists()


def test_bash_lists_names_and_inserts_references(environ: dict[str, str]) -> None:
    assert in_bash(environ, "ltc sign ") == ["Q2", "O4"]
    assert in_bash(environ, "ltc sign ", comp_type=ord("?")) == ["Q2  (Dyes)", "O4  (Dyes)"]
    assert in_bash(environ, "ltc sign ", comp_type=ord("%")) == ["Q2", "O4"]
    # What was typed is one of them, so that all have no beginning in common that bash would insert.
    assert in_bash(environ, "ltc promote dy") == []
    assert in_bash(environ, "ltc quote dy") == ["Q2", "O4", "dy"]


def test_nothing_in_a_name_is_run_by_bash(naughty: Company, environ: dict[str, str]) -> None:
    environ["LTC_DB"] = str(naughty.path)
    shown = in_bash(environ, "ltc show L", comp_type=ord("?"))
    assert shown[-2:] == ["L2  (new\\nline)", "L1  (a:b)"]
    assert in_bash(environ, "ltc lead add x --source $") == ["\\$\\(touch\\ pwned\\)"]
    assert in_bash(environ, "ltc lead add x --source '") == ["%F", "a:b"]
    assert "\\`touch\\ pwned\\`" in in_bash(environ, "ltc lead add x --source ")
    assert in_bash(environ, "ltc lead add x --source a:") == ["b"]
    assert not (Path(environ["HOME"]) / "pwned").exists()


def typed(shell: list[str], environ: dict[str, str], setup: str, keys: str, wanted: str) -> None:
    """Wait until the shell, after these keys, shows what is wanted."""
    child = pexpect.spawn(shell[0], shell[1:], env=environ, cwd=environ["HOME"], encoding="utf-8", dimensions=(40, 120))
    try:
        child.sendline(f"{setup}; echo rea''dy")
        child.expect("ready\r\n", timeout=30)
        child.send(keys)
        child.expect_exact(wanted, timeout=30)
    finally:
        child.close(force=True)


KEYS: Final = [("ltc shi\t\t", "C1"), ("ltc show bob\tX", "L2"), ("ltc aging --by=cu\t", "--by=customer")]


@pytest.mark.parametrize(("keys", "wanted"), KEYS)
def test_typed_into_bash(keys: str, wanted: str, environ: dict[str, str]) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash here")
    setup = "bind 'set enable-bracketed-paste off'; source <(ltc completion bash)"
    typed([bash, "--norc", "--noprofile", "-i"], environ, setup, keys, wanted)


@pytest.mark.parametrize(("keys", "wanted"), KEYS)
def test_typed_into_zsh(keys: str, wanted: str, environ: dict[str, str]) -> None:
    zsh = shutil.which("zsh")
    if zsh is None:
        pytest.skip("there is no zsh here")
    setup = "autoload -Uz compinit; compinit -u -D; source <(ltc completion zsh)"
    typed([zsh, "-f", "-i"], environ, setup, keys, wanted)


@pytest.mark.parametrize(("words", "wanted"), [("ltc shi", "ship"), ("ltc ship ", "C1"), ("ltc show l2", "L2")])
def test_asked_of_fish(words: str, wanted: str, environ: dict[str, str]) -> None:
    fish = shutil.which("fish")
    if fish is None:
        pytest.skip("there is no fish here")
    program = f"ltc completion fish | source; complete --do-complete {json.dumps(words)}"
    done = subprocess.run([fish, "--no-config", "-c", program], env=environ, capture_output=True, text=True, check=True)
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == [wanted]
