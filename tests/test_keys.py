"""Idempotency keys (design 2, "Again"): the same key and request give the first answer again and change nothing."""

from __future__ import annotations

import io
import json
import os
import shlex
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from ltc_cli.report import Column, Report
from ltc_cli.session import Session
from tests.support import Company, folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ltc_cli.store import Store

SOURCE = Path(__file__).parents[1]

FORMATS = {"table": (), "json": ("--json",), "csv": ("--csv",)}

SALE = (
    "lead add Ada --company Engines",
    "promote L1 --amount 100",
    "quote O1 --line Widget:4:25",
    'sign O1 --terms "50% sign, 50% ship; net 30"',
    "invoice C1",
    "ship C1 --line 1=2",
    "collect K1 30",
    "lead add Bob --company Engines",
    "promote L2 --amount 7",
    'sign O2 --terms "100% sign"',
    "collect K1 90",
    "invoice C2",
    "lead add Cy --company Engines",
    "customer add Twin",
)
"""Half of C1 is out and a quarter of it to be invoiced; P2 has 70.00 left, INV-2026-0002 is open; L3, K2 are new."""

WRITES = [
    "lead add Dan --email dan@gmail.com",
    "lead qualify L3",
    "nurture L1 --log call",
    "promote L3",
    "customer add Borealis",
    "customer merge K1 K2",
    "edit K1 note=friendly",
    "ship C1 --line 1=1",
    "ship --delivered S1",
    "ship --accepted C1",
    "ship --returned S1 --line 1=1",
    "invoice C1",
    "invoice --due",
    "collect INV-2026-0002 5",
    "collect K1",
    "apply P2 INV-2026-0002",
    "credit INV-2026-0002 5 --reason late",
    "refund P2 5",
    "reverse P1 --reason bounced",
    "writeoff INV-2026-0002 5 --reason small",
]

Answer = tuple[int, str, str]
"""Exit code, answer, and what was said about it."""


@cache
def file_of_the_sale() -> bytes:
    with folder_in_memory() as folder:
        company = Company(folder)
        for command in SALE:
            company.ltc(*shlex.split(command))
        return company.path.read_bytes()


@pytest.fixture
def company(tmp_path: Path) -> Company:
    company = Company(tmp_path)
    company.path.write_bytes(file_of_the_sale())
    company.path.chmod(0o600)
    return company


def ask(company: Company, command: str, *more: str) -> Answer:
    code = company.run(*shlex.split(command), *more)
    return code, company.out, company.err


# The same request


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("command", WRITES)
def test_the_same_key_gives_the_first_answer_byte_for_byte(command: str, form: str, company: Company) -> None:
    first = ask(company, command, "--key", "k", *FORMATS[form])
    before = company.dump()
    assert first[0] == 0
    assert ask(company, command, "--key", "k", *FORMATS[form]) == first
    assert company.dump() == before


@pytest.mark.parametrize("form", FORMATS)
def test_another_format_shows_the_same_answer(form: str, company: Company, tmp_path: Path) -> None:
    shutil.copy(company.path, tmp_path / "copy.db")
    at_once = ask(company, "collect C1 5", "--db", str(tmp_path / "copy.db"), *FORMATS[form])
    ask(company, "collect C1 5", "--key", "k")
    assert ask(company, "collect C1 5", "--key", "k", *FORMATS[form]) == at_once


def test_the_first_answer_stands_when_things_have_moved_on(company: Company) -> None:
    first = ask(company, "collect INV-2026-0002 5", "--key", "k", "--json")
    company.ltc("reverse", "P3", "--reason", "bounced")
    assert ask(company, "collect INV-2026-0002 5", "--key", "k", "--json") == first
    assert json.loads(first[1])["status"] == "applied"


def test_a_wish_that_was_fulfilled_already_is_remembered_as_such(company: Company) -> None:
    company.ltc("ship", "C1")
    first = ask(company, "ship C1", "--key", "k", "--json")
    company.ltc("ship", "--returned", "S2")
    before = company.dump()
    assert ask(company, "ship C1", "--key", "k", "--json") == first
    assert company.dump() == before


@pytest.mark.parametrize(
    "more",
    [
        "--today 2026-09-01",
        "--actor somebody",
        "--quiet",
        "--db {folder}/../{name}/ltc.db",
        "--db {folder}/link.db",
        "--config {folder}/other.yaml",
    ],
)
def test_who_when_where_and_how_it_is_shown_are_no_part_of_the_request(
    more: str, company: Company, tmp_path: Path
) -> None:
    (tmp_path / "link.db").symlink_to(company.path)
    (tmp_path / "other.yaml").write_text("currency: USD\n", encoding="utf-8")
    _, first, _ = ask(company, "collect C1 5", "--key", "k", "--json")
    before = company.dump()
    options = shlex.split(more.format(folder=tmp_path, name=tmp_path.name))
    assert ask(company, "collect C1 5", "--key", "k", "--json", *options)[:2] == (0, first)
    assert company.dump() == before


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ("collect C1 5", "collect c1 5"),
        ("collect C1 5", "collect C1 5.00"),
        ("collect INV-2026-0001 5", "collect inv-2026-0001 5"),
        ("ship C1 --line 1=1 --carrier DHL", "ship --carrier DHL --line=1=1 C1"),
        ("ship C1 --line 1=1", "ship ' C1 ' --line 1=1"),
        ("edit K1 note=friendly", "edit k1 note=friendly"),
        ("ship --delivered S1", "ship --delivered s1"),
        ("lead qualify L3", "lead qualify l3"),
        ("lead merge L3 L2", "lead merge l3 l2"),
        ("customer merge K1 K2", "customer merge k1 k2"),
        ("apply P2 INV-2026-0002 5", "apply p2 inv-2026-0002 5"),
        ("promote L3 --customer K1", "promote L3 --customer k1"),
    ],
)
def test_the_same_wish_typed_another_way_is_the_same_request(first: str, again: str, company: Company) -> None:
    told = ask(company, first, "--key", "k", "--json")
    before = company.dump()
    assert told[0] == 0
    assert ask(company, again, "--key", "k", "--json") == told
    assert company.dump() == before


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_the_key_may_stand_anywhere(place: int, company: Company) -> None:
    first = ask(company, "collect C1 5", "--key", "k", "--json")
    words = ["collect", "C1", "5"]
    words[place:place] = ["--key", "k"]
    assert ask(company, shlex.join(words), "--json") == first


def test_a_file_counts_by_what_is_in_it(company: Company, tmp_path: Path) -> None:
    for name, text in (("a.pdf", "signed"), ("b.pdf", "signed"), ("c.pdf", "forged")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    company.ltc("promote", "L3", "--amount", "9")
    first = ask(company, f"sign O3 --document {tmp_path}/a.pdf", "--key", "k", "--json")
    assert ask(company, f"sign O3 --document {tmp_path}/b.pdf", "--key", "k", "--json") == first
    assert ask(company, f"sign O3 --document {tmp_path}/c.pdf", "--key", "k", "--json")[0] == 5


# Another request


@pytest.mark.parametrize(
    ("first", "other"),
    [
        ("collect C1 5", "collect C1 6"),
        ("collect C1 5", "collect C2 5"),
        ("collect C1 5", "collect C1"),
        ("collect C1 5", "collect C1 5 --method cash"),
        ("collect C1 5", "collect C1 5 --on 2026-06-01"),
        ("collect K1 5", "collect K1 'USD 5'"),
        ("collect C1 5", "nurture L1 --log call"),
        ("invoice C1", "invoice --due"),
        ("ship C1 --line 1=1", "ship C1"),
        ("ship C1 --line 1=1", "ship --returned S1 --line 1=1"),
        ("lead qualify L3", "lead drop L3 --reason need"),
        ("lead add Dan", "customer add Dan"),
        ("lead add Dan", "lead add Dan --allow-duplicate"),
        ("lead add b2", "lead add B2"),
        ("edit K1 note=a1", "edit K1 note=A1"),
    ],
)
def test_a_key_is_for_one_request(first: str, other: str, company: Company) -> None:
    company.ltc(*shlex.split(first), "--key", "k")
    before = company.dump()
    error = company.ltc(*shlex.split(other), "--key", "k", fails=5)
    assert error["code"] == "conflict"
    assert "k" in error["message"]
    assert error["hint"]
    assert company.out == ""
    assert company.dump() == before


def test_an_amount_in_the_contracts_currency_is_not_the_same_in_another(company: Company) -> None:
    company.ltc("promote", "L3", "--amount", "JPY 900")
    company.ltc("sign", "O3")
    company.ltc("collect", "C3", "500", "--key", "k")
    company.ltc("collect", "C3", "EUR 500", "--key", "k", fails=5)


def test_every_key_is_remembered_on_its_own(company: Company) -> None:
    for key in ("k", "K", "key with blanks", "钥匙"):
        company.ltc("collect", "C1", "5", "--key", key)
    assert len(company.dump()["payment"]) == 2 + 4


# What is not remembered


@pytest.mark.parametrize(
    ("refused", "code"),
    [
        ("ship C1 --line 1=9", 4),
        ("collect C1 nothing", 2),
        ("collect C9 5", 3),
        ("customer add Engines", 5),
    ],
)
def test_a_refused_command_leaves_its_key_free(refused: str, code: int, company: Company) -> None:
    before = company.dump()
    company.ltc(*shlex.split(refused), "--key", "k", fails=code)
    assert company.dump() == before
    company.ltc("collect", "C1", "5", "--key", "k")


def test_what_was_refused_is_done_with_the_same_key_once_it_can_be(company: Company) -> None:
    company.ltc("ship", "C1", "--line", "1=3", "--key", "k", fails=4)
    company.ltc("ship", "--returned", "S1", "--line", "1=1")
    assert company.ltc("ship", "C1", "--line", "1=3", "--key", "k")["ref"] == "S2"


def test_a_dry_run_leaves_its_key_free(company: Company) -> None:
    before = company.dump()
    company.ltc("collect", "C1", "5", "--key", "k", "--dry-run")
    assert company.dump() == before
    company.ltc("collect", "C1", "6", "--key", "k")


def test_a_dry_run_of_what_was_done_gives_the_answer_and_keeps_it(company: Company) -> None:
    first = company.ltc("collect", "C1", "5", "--key", "k")
    before = company.dump()
    assert company.ltc("collect", "C1", "5", "--key", "k", "--dry-run") == first
    assert company.dump() == before


def test_an_empty_key_is_a_mistake(company: Company) -> None:
    """A script whose variable is empty must hear of it before it books twice."""
    before = company.dump()
    company.ltc("collect", "C1", "5", "--key", "", fails=2)
    assert company.dump() == before


# Exit codes


@pytest.mark.parametrize("exit_code", [0, 8])
def test_the_exit_code_of_the_first_answer_is_given_again(exit_code: int, company: Company) -> None:
    report = Report([Column("done", "count")], [{"done": 1}], exit_code=exit_code)

    def written(decide: Callable[[Store], Report]) -> tuple[int, str]:
        session = Session(environ={"LTC_DB": str(company.path)}, out=io.StringIO(), err=io.StringIO())
        session.verb, session.given = "import", {"key": "k", "json": True}
        session.write(decide)
        return session.exit_code, cast("io.StringIO", session.out).getvalue()

    def never(_store: Store) -> Report:
        raise AssertionError("it was decided twice")

    first = written(lambda _store: report)
    assert first[0] == exit_code
    assert written(never) == first


# Two at once


def race(company: Company, commands: Sequence[str]) -> list[tuple[int, str]]:
    """Every command in a process of its own, all at the same time."""
    environ = {"PYTHONPATH": str(SOURCE), "PATH": os.environ["PATH"], "LTC_DB": str(company.path), "LTC_ACTOR": "test"}
    words = [[sys.executable, "-m", "ltc_cli", *shlex.split(command), "--json"] for command in commands]
    runners = [
        subprocess.Popen(each, env=environ, cwd=company.path.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for each in words
    ]
    outs = [runner.communicate(timeout=60)[0].decode() for runner in runners]
    return [(runner.returncode, out) for runner, out in zip(runners, outs, strict=True)]


def test_the_same_request_in_four_processes_at_once_happens_once(company: Company) -> None:
    answers = race(company, ["collect C1 5 --key k"] * 4)
    assert len(set(answers)) == 1
    assert answers[0][0] == 0
    assert len(company.dump()["payment"]) == 2 + 1


def test_of_different_requests_with_one_key_at_once_one_happens(company: Company) -> None:
    answers = race(company, [f"collect C1 {amount} --key k" for amount in (5, 6, 7)])
    assert sorted(code for code, _ in answers) == [0, 5, 5]
    assert len(company.dump()["payment"]) == 2 + 1
