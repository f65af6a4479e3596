"""What holds for every command alike (design 2, Everywhere): its options, its formats, the same request again."""

from __future__ import annotations

import io
import json
import shlex
import shutil
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest

from ltc_cli.app import COMMANDS, TEXTS, Command, CommonOption, _load, run
from ltc_cli.session import Session
from tests.support import TODAY, Company, folder_in_memory, leave_unknown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PREPARED: Final = (
    "lead add Ada --company Engines",
    "promote L1 --amount 500",
    "quote O1 --line Widget:5:100",
    "sign Q1 --terms '40% sign, 60% ship'",
    "invoice C1",
    "ship C1 --line 1=2",
    "collect K1 50",
    "lead add Bob",
    "promote L2 --amount 80",
    "lead add Cyd",
    "lead add Dot",
    "promote L4",
    "lose O3 --reason price",
    "lead add Eve --company Spare",
    "promote L5 --amount 10",
    "collect K4 7",
    "sign O4 --terms '100% sign'",
    "invoice C2",
    "customer add Kept",
    "hold K5 --until +7d --reason asked",
    "send INV-2026-0001 --no-send --to a@x.example",
    "send INV-2026-0001 --no-send --to b@x.example",
    "send INV-2026-0001 --no-send --to c@x.example",
    "lead add Gil",
    "lead add Hal",
    "nurture L7 --enroll calls",
    "nurture --due",
    "nurture L6 --enroll calls",
    "customer add Twin",
    "customer merge K5 K6",
)
CONFIG: Final = """
mail: {from: billing@acme.example}
nurture: {sequences: {calls: [{after: 0d, task: "call {lead}"}], ring: [{after: 0d, task: ring}]}}
"""

# One command line of every command that writes, which has something to do in that company.
WRITES: Final = (
    "lead add Fay",
    "nurture L3 --log call",
    "nurture L3 --enroll ring",
    "nurture L6 --stop",
    "nurture --due",
    "promote L3",
    "sign O2",
    "ship C1",
    "ship --delivered S1",
    "ship --accepted C1",
    "ship --returned S1",
    "invoice --due",
    "collect C1 30",
    "lead qualify L3",
    "lead drop L3 --reason need",
    "lead merge L3 L2",
    "customer add Wax",
    "customer merge K1 K5",
    "advance O2",
    "quote O2 --line A:1:2",
    "quote O2 --line A:1:2 --line B:3:4",
    "lose O2 --reason price",
    "reopen O3",
    "send INV-2026-0002 --no-send --to d@x.example",
    "send Q1 --no-send --to d@x.example",
    "outbox drop M1",
    "outbox resolve M2 --sent",
    "outbox retry M3",
    "amend C1 --line Cog:1:5",
    "terminate C1 --reason notice",
    "apply P2 INV-2026-0002 5",
    "credit INV-2026-0001 20 --reason late",
    "refund P2 5",
    "reverse P1 --reason bounced",
    "writeoff INV-2026-0001 1 --reason small",
    "hold INV-2026-0001 --until +7d --reason asked",
    "dispute INV-2026-0001 --reason broken",
    "promise INV-2026-0001 --on +7d",
    "release K5",
    "done T1 --note busy",
    "rate USD 0.92",
    "edit L3 note=hello",
    "close 2026-05",
    "erase L3",
)

READS: Final = (
    "today",
    "funnel",
    "aging",
    "statement K1",
    "leakage",
    "list leads",
    "list invoices",
    "show L1",
    "show C1",
    "find ada",
    "outbox list",
    "simulate --until +9d",
    "log",
    "check",
    "export ledger",
    "export person L1",
)

# Where the wish is fulfilled already: said so, exit 0, nothing written.
AGAIN: Final = (
    ("promote L1", "O1"),
    ("promote L1 --amount 500", "O1"),
    ("sign O1", "C1"),
    ("sign Q1", "C1"),
    ("sign O1 --terms '40% sign, 60% ship'", "C1"),
    ("sign O1 --terms '40%  SIGN,60% ship'", "C1"),
    ("sign O1 --amount 500", "C1"),
    ("ship C2", None),
    ("collect C2", None),
    ("lose O3 --reason price", "O3"),
    ("lead merge L1 L1", "L1"),
    ("customer merge K5 K6", "K5"),
    ("apply P1 INV-2026-0001", None),
    ("edit L1 company=Engines", "L1"),
    ("close 2026-05 --reopen --reason x", None),
)


class Said(NamedTuple):
    code: int
    out: str
    err: str


class Clerk(Company):
    """A company that is told its environment by the command line alone."""

    def say(self, *arguments: str, **environ: str) -> Said:
        out, err = io.StringIO(), io.StringIO()
        base = {"LTC_DB": str(self.path), "LTC_CONFIG": str(self.config_path), "LTC_TODAY": TODAY, "LTC_ACTOR": "test"}
        code = run(arguments, Session(environ={**base, **environ}, out=out, err=err))
        return Said(code, out.getvalue(), err.getvalue())

    @property
    def contents(self) -> bytes:
        return self.path.read_bytes()


@pytest.fixture(scope="module")
def template() -> Iterator[Path]:
    with folder_in_memory() as folder:
        company = Company(folder, config=CONFIG)
        for line in PREPARED:
            company.ltc(*shlex.split(line))
        leave_unknown(company.path, 2)
        leave_unknown(company.path, 3, state="failed")
        yield folder


@pytest.fixture
def company(template: Path) -> Iterator[Clerk]:
    with folder_in_memory() as folder:
        shutil.copytree(template, folder, dirs_exist_ok=True)
        yield Clerk(folder, config=CONFIG)


WRITE: Final = pytest.mark.parametrize("line", WRITES)
READ: Final = pytest.mark.parametrize("line", READS)
ANY: Final = pytest.mark.parametrize("line", [*WRITES, *READS])


IMPORTS: Final = tuple(row.name for row in COMMANDS if row.name.startswith("import "))
"""They read a file and commit in parts: tests/commands/test_import.py."""
JOBS: Final = ("outbox send", "daily", "dun")
"""Idempotent by state, without key and dry run: tests/mail/test_send.py, tests/commands/test_daily.py, test_dunning."""


def test_every_command_that_takes_the_file_is_here() -> None:
    named = {row.name for row in COMMANDS if any(f"{line} ".startswith(f"{row.name} ") for line in (*WRITES, *READS))}
    assert named == {row.name for row in COMMANDS if row.takes != "none"} - {"backup", "batch", *IMPORTS, *JOBS}


# Which file


@pytest.mark.parametrize("line", [line for line in (*WRITES, *READS) if not line.startswith("lead add")])
def test_without_a_file_a_command_says_how_to_make_one(line: str, tmp_path: Path) -> None:
    nowhere = Clerk(tmp_path)
    said = nowhere.say(*shlex.split(line))
    assert said.code == 3
    assert (
        said.err == f"ltc: error: there is no file {nowhere.path}\nhint: ltc init makes one; --db FILE names another\n"
    )
    assert not nowhere.path.exists()


@pytest.mark.usefixtures("made_anew")
def test_lead_add_makes_the_file_for_its_owner_alone(tmp_path: Path) -> None:
    company = Clerk(tmp_path)
    assert company.say("lead", "add", "Ada").code == 0
    assert company.path.stat().st_mode & 0o777 == 0o600


def test_a_dry_run_makes_no_file(tmp_path: Path) -> None:
    company = Clerk(tmp_path)
    said = company.say("lead", "add", "Ada", "--dry-run", "--json")
    assert (said.code, json.loads(said.out)["ref"]) == (0, "L1")
    assert not company.path.exists()


def test_the_option_wins_over_the_environment_and_that_over_the_config(tmp_path: Path) -> None:
    company = Clerk(tmp_path, config=f"database: {tmp_path / 'config.db'}\n")
    company.say("lead", "add", "Option", "--db", str(tmp_path / "option.db"), LTC_DB=str(tmp_path / "environ.db"))
    company.say("lead", "add", "Environment", LTC_DB=str(tmp_path / "environ.db"))
    company.say("lead", "add", "Config", LTC_DB="")
    assert sorted(path.name for path in tmp_path.glob("*.db")) == ["config.db", "environ.db", "option.db"]


# The common options, before and behind the name


@ANY
@pytest.mark.parametrize("option", ["--json", "--csv", "--quiet", "--today 2026-06-16"])
def test_an_option_means_the_same_before_and_behind_the_name(line: str, option: str, template: Path) -> None:
    answers = []
    for arguments in ([*option.split(), *shlex.split(line)], [*shlex.split(line), *option.split()]):
        with folder_in_memory() as folder:
            shutil.copytree(template, folder, dirs_exist_ok=True)
            said = Clerk(folder, config=CONFIG).say(*arguments)
            answers.append(said._replace(err=said.err.partition(":")[0] if line == "check" else said.err))
    assert answers[0].code == 0
    assert answers[0] == answers[1]


@ANY
def test_only_the_answer_goes_to_stdout(line: str, company: Clerk) -> None:
    said = company.say(*shlex.split(line), "--json")
    assert said.code == 0
    json.loads(said.out)
    assert "next:" not in said.out + said.err


@ANY
def test_quiet_says_nothing_besides_the_answer(line: str, company: Clerk) -> None:
    said = company.say(*shlex.split(line), "--quiet")
    assert said.code == 0
    assert said.err == ""
    assert said.out


@WRITE
def test_the_next_command_is_suggested_as_a_command(line: str, company: Clerk) -> None:
    for text in company.say(*shlex.split(line)).err.splitlines():
        assert text.startswith("next: ltc ") or "next" not in text


@WRITE
def test_what_follows_two_dashes_is_no_option(line: str, company: Clerk) -> None:
    said = company.say(*shlex.split(line), "--", "--json")
    assert not said.out.startswith(("{", "["))


@READ
def test_looking_changes_nothing(line: str, company: Clerk) -> None:
    before = company.contents
    assert company.say(*shlex.split(line)).code == 0
    assert company.contents == before


@READ
def test_looking_twice_shows_the_same(line: str, company: Clerk) -> None:
    assert company.say(*shlex.split(line)) == company.say(*shlex.split(line))


@READ
@pytest.mark.parametrize("option", ["--key k", "--dry-run", "--actor me"])
def test_what_only_writers_take_is_refused_by_readers(line: str, option: str, company: Clerk) -> None:
    for arguments in ([*option.split(), *shlex.split(line)], [*shlex.split(line), *option.split()]):
        assert company.say(*arguments).code == 2


@pytest.mark.parametrize(
    "line",
    [
        *(f"lead add Fay {option} ''" for option in ("--db", "--config", "--today", "--key", "--actor")),
        *(f"aging {option} ''" for option in ("--as-of", "--in")),
    ],
)
def test_what_is_given_empty_is_not_taken_for_not_given(line: str, company: Clerk) -> None:
    """As an unset variable in a script gives it."""
    before = company.contents
    said = company.say(*shlex.split(line))
    assert (said.code, said.out, company.contents) == (2, "", before)


def _chosen(row: Command) -> list[str]:
    """Parameters that name or choose something; numbers cannot be empty, and of several each is read."""
    return [
        each.name
        for each in _load(row).params
        if not isinstance(each, CommonOption)
        and each.metavar not in TEXTS
        and each.type.name in ("str", "path", "file")
        and (each.nargs, getattr(each, "multiple", False)) == (1, False)
    ]


CHOOSING: Final = [row for row in COMMANDS if _chosen(row)]


@pytest.mark.parametrize("row", CHOOSING, ids=[row.name for row in CHOOSING])
def test_what_is_to_be_named_or_chosen_may_not_be_empty(row: Command, company: Clerk) -> None:
    """Customers, days, files: without one `dun --customer ""` would write to all of them."""
    before = company.contents
    for name in _chosen(row):
        words = row.name.split()
        for each in _load(row).params:
            value = "" if each.name == name else "1"
            if each.param_type_name == "argument":
                words += [value] if each.required or not value else []
            elif each.required or not value:
                words += [each.opts[0], value]
        said = company.say(*words)
        assert (said.code, said.out, company.contents) == (2, "", before), words
        assert " is empty\nhint: " in said.err, words


def test_files_and_folders_are_to_be_named() -> None:
    paths = [
        (row, parameter.name)
        for row in COMMANDS
        for parameter in _load(row).params
        if "Path" in type(parameter.type).__name__
    ]
    assert len(paths) > 15
    assert [(row.name, name) for row, name in paths if name not in _chosen(row)] == []


@WRITE
def test_a_writer_takes_no_as_of(line: str, company: Clerk) -> None:
    assert company.say(*shlex.split(line), "--as-of", TODAY).code == 2


# Dry run


@WRITE
def test_a_dry_run_answers_and_keeps_nothing(line: str, company: Clerk) -> None:
    before = company.contents
    dry = company.say(*shlex.split(line), "--dry-run", "--json")
    assert dry.code == 0
    assert "dry run: nothing was kept" in dry.err
    assert company.contents == before
    assert json.loads(company.say(*shlex.split(line), "--json").out) == json.loads(dry.out)
    assert company.contents != before


# The same request again


@WRITE
@pytest.mark.parametrize("style", ["--json", "--csv", "--quiet"])
def test_the_same_key_gives_the_first_answer_again(line: str, style: str, company: Clerk) -> None:
    first = company.say(*shlex.split(line), "--key", "k1", style)
    assert first.code == 0
    kept = company.contents
    second = company.say(*shlex.split(line), "--key", "k1", style, "--actor", "another", "--today", "2026-06-20")
    assert second == first
    assert company.contents == kept


@WRITE
def test_the_key_is_of_the_request_and_not_of_its_format(line: str, company: Clerk) -> None:
    first = company.say(*shlex.split(line), "--key", "k1", "--json")
    company.say(*shlex.split(line), "--key", "k1", "--csv")
    assert company.say(*shlex.split(line), "--key", "k1", "--json") == first


@WRITE
def test_the_same_key_for_another_request_is_a_conflict(line: str, company: Clerk) -> None:
    company.say("lead", "add", "First", "--key", "k1")
    kept = company.contents
    said = company.say(*shlex.split(line), "--key", "k1")
    assert said.code == 5
    assert "the key k1 was used for another request" in said.err
    assert company.contents == kept


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("promote L3", "promote l3"),
        ("collect C1 30", "collect ' c1 ' 30"),
        ("lead add Ada", "lead add ' Ada '"),
        ("collect INV-2026-0001 5", "collect inv-2026-0001 5"),
    ],
)
def test_a_request_is_the_same_however_it_is_written(first: str, second: str, company: Clerk) -> None:
    answer = company.say(*shlex.split(first), "--key", "k1", "--json")
    assert answer.code == 0
    assert company.say(*shlex.split(second), "--key", "k1", "--json") == answer


def test_a_refused_request_does_not_use_its_key(company: Clerk) -> None:
    assert company.say("collect", "C1", "NaN", "--key", "k1").code == 2
    assert company.say("collect", "C1", "5", "--key", "k1").code == 0


def test_a_dry_run_does_not_use_its_key(company: Clerk) -> None:
    assert company.say("collect", "C1", "5", "--key", "k1", "--dry-run").code == 0
    assert company.say("collect", "C1", "6", "--key", "k1").code == 0


def test_the_content_of_a_file_is_part_of_the_request(company: Clerk, tmp_path: Path) -> None:
    document = tmp_path / "contract.pdf"
    document.write_bytes(b"one")
    first = company.say("sign", "O2", "--document", str(document), "--key", "k1", "--json")
    elsewhere = tmp_path / "copy.pdf"
    elsewhere.write_bytes(b"one")
    assert company.say("sign", "O2", "--document", str(elsewhere), "--key", "k1", "--json") == first
    document.write_bytes(b"two")
    assert company.say("sign", "O2", "--document", str(document), "--key", "k1").code == 5


def test_the_content_of_a_mapping_is_part_of_the_request(company: Clerk, tmp_path: Path) -> None:
    leads, mapping = tmp_path / "leads.csv", tmp_path / "mapping"
    leads.write_text("Who,Firm\nZoe,Zest\n")
    mapping.write_text("Who=name\n")
    words = ("import", "leads", str(leads), "--mapping", str(mapping), "--key", "k1", "--json")
    first = company.say(*words)
    assert (first.code, company.say(*words)) == (0, first)
    mapping.write_text("Who=name\nFirm=company\n")
    assert company.say(*words).code == 5


@pytest.mark.parametrize(("line", "ref"), AGAIN)
def test_a_wish_that_is_fulfilled_is_said_and_changes_nothing(line: str, ref: str | None, template: Path) -> None:
    with folder_in_memory() as folder:
        shutil.copytree(template, folder, dirs_exist_ok=True)
        company = Clerk(folder, config="currency: EUR\n")
        for line_before in ("ship C2", "collect C2", "collect C1"):
            company.ltc(*shlex.split(line_before))
        before = company.contents
        said = company.say(*shlex.split(line), "--json")
        assert said.code == 0
        assert said.err.strip()
        assert ref is None or json.loads(said.out)["ref"] == ref
        assert company.contents == before


# The journal


@WRITE
def test_every_write_is_in_the_journal_with_its_actor_and_its_day(line: str, company: Clerk) -> None:
    before = len(company.ltc("log"))
    assert company.say(*shlex.split(line), "--actor", "kim", "--today", "2026-06-16").code == 0
    (entry,) = company.ltc("log")[before:]
    assert (entry["actor"], entry["business_on"]) == ("kim", "2026-06-16")
    assert f"{line} ".startswith(f"{entry['verb']} ")
    assert entry["records"]


@WRITE
def test_the_file_is_sound_after_every_write(line: str, company: Clerk) -> None:
    company.ltc(*shlex.split(line))
    assert [row["check"] for row in company.ltc("check") if row["broken"]] == []


def test_without_an_actor_the_login_name_is_written(company: Clerk) -> None:
    company.say("lead", "add", "Zoe", LTC_ACTOR="", LOGNAME="ada")
    assert company.ltc("log")[-1]["actor"] == "ada"
