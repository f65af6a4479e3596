"""Imports that are cut, killed or out of room: what was read whole is there, and once more makes it as if once."""

from __future__ import annotations

import json
import random
import sqlite3
import time
from contextlib import closing
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import pytest

from ltc_cli import importing
from ltc_cli.exchange import chunk, delimited
from ltc_cli.store import create
from tests.faults.harness import ask, put, run_here, unclear, unsound, verdict_of_check
from tests.faults.test_disk_and_pipes import leave_free, small_disk
from tests.support import Company, folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

# Cut at every byte

TABLE: Final = (
    "Name,Email,Note\n"
    "Ada,ada@a.example,plain\n"
    '"Byron, Ada",byron@a.example,"line\nand ""line"""\n'
    "张伟 Ñ,zhang@b.example,\n"
    '"Cyd",cyd@a.example,5" pipe\n'
    '"Dot",dot@a.example,"€ ünd\n\nmore"\n'
)
WHOLE: Final = (
    ("Ada", "Ada,ada@a.example,plain\n"),
    ("Byron, Ada", '"line\nand ""line"""\n'),
    ("张伟 Ñ", "zhang@b.example,\n"),
    ("Cyd", '5" pipe\n'),
    ("Dot", '"€ ünd\n\nmore"\n'),
)
"""Each name, and the text up to which its row is whole."""
OBJECTS: Final = json.dumps(
    [{"name": name, "email": f"p{number}@a.example", "note": '{"}'} for number, (name, _end) in enumerate(WHOLE)],
    ensure_ascii=False,
)
COUNTS: Final = ("created", "updated", "unchanged", "rejected")


def cut_import(content: bytes) -> tuple[int, dict[str, Any], list[str], str]:
    """Exit code, answer, names of the leads and what stood on error."""
    with folder_in_memory() as folder:
        (folder / "rows").write_bytes(content)
        company = Company(folder)
        put(company.path, nothing_yet())
        code = company.run("import", "leads", str(folder / "rows"), "--json")
        with closing(sqlite3.connect(company.path)) as file:
            names = [name for (name,) in file.execute("SELECT name FROM lead ORDER BY id")]
    return code, json.loads(company.out) if company.out else {}, names, company.err


@cache
def nothing_yet() -> bytes:
    """A file with its tables and nothing in them: made once, since that takes longer than a small import."""
    with folder_in_memory() as folder:
        create(folder / "ltc.db", "2026-01-01T00:00:00.000000Z")
        return (folder / "ltc.db").read_bytes()


def assert_clear(content: bytes) -> list[str]:
    """One clear line or totals that add up; the names of the leads."""
    code, answer, names, err = cut_import(content)
    if code == 2:
        assert list(json.loads(err)) == ["error"], content
        return names
    assert code == (8 if answer["rejected"] else 0), content
    assert answer["read"] == sum(answer[count] for count in COUNTS), content
    assert answer["created"] == len(names), content
    return names


ENCODINGS: Final = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "cp1252")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_table_cut_at_every_byte(encoding: str) -> None:
    text = TABLE.replace("张伟", "Zoë") if encoding == "cp1252" else TABLE
    wanted = [(name.replace("张伟", "Zoë") if encoding == "cp1252" else name, end) for name, end in WHOLE]
    content = text.encode(encoding)
    ends = [(name, len(text[: text.index(end) + len(end)].encode(encoding))) for name, end in wanted]
    told = len(content) - len(text.splitlines()[-1].encode(encoding))
    for cut in range(len(content) + 1):
        names = assert_clear(content[:cut])
        if encoding in ("gb18030", "cp1252") and cut < told:
            continue  # too little of it to tell which of the two it is
        assert [name for name, end in ends if end <= cut and name not in names] == [], cut


def test_objects_cut_at_every_byte() -> None:
    content = OBJECTS.encode()
    ends = [
        (name, len(OBJECTS[: OBJECTS.index("}", OBJECTS.index("}", OBJECTS.index(f"p{number}@")) + 1) + 1].encode()))
        for number, (name, _end) in enumerate(WHOLE)
    ]
    for cut in range(len(content) + 1):
        names = assert_clear(content[:cut])
        assert [name for name, end in ends if end <= cut and name not in names] == [], cut


# Killed

ROWS: Final = 3_000
SMALL_PART: Final = 500
KILLS: Final = 6
MOST_KILLS: Final = 8 * KILLS
"""On a busy machine a kill seldom hits the middle."""
STATE: Final = (
    "SELECT name, email_norm, company, note, further, created_on FROM lead ORDER BY 1, 2, 3, 4, 5, 6",
    "SELECT external_id.source, value, name FROM external_id JOIN lead ON lead.id = record_id ORDER BY 1, 2, 3",
    "SELECT value, occurrence, name FROM fingerprint JOIN lead ON lead.id = record_id ORDER BY 1, 2, 3",
)


def small_parts() -> None:
    """An import that commits often, so that a kill falls between two parts as well as into one."""
    importing.PART_ROWS = SMALL_PART  # type: ignore[attr-defined]
    for module in (delimited, chunk):
        module.CHUNK = 200  # type: ignore[attr-defined]
    delimited.SOME_LINES = 200


def many_rows(path: Path, company: str = "Engines") -> str:
    """With ids, with addresses, with neither and equal ones; some bad, some doubled."""
    chance = random.Random(5)
    with path.open("w", encoding="utf-8") as stream:
        stream.write("Record ID,Name,Email,Company,Note,Industry\n")
        for row in range(ROWS):
            match chance.randrange(6):
                case 0:
                    stream.write(f"{row},Id {row},,{company},,Looms\n")
                case 1:
                    stream.write(f"{row},Both {row},both{row}@a.example,{company},,\n")
                case 2:
                    stream.write(f",Neither {chance.randrange(50)},,{company},,\n")
                case 3:
                    stream.write(f',"Note {row}",n{row}@a.example,{company},"two\nlines",Looms\n')
                case 4:
                    stream.write(f",Double,d{chance.randrange(300)}@a.example,{company},,\n")
                case 5:
                    stream.write(f'"Broken {row},\n,Bad {row},not one,,,\n')
    return str(path)


def state(db: Path) -> list[list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(db)) as file:
        return [file.execute(sql).fetchall() for sql in STATE]


def ask_small(command: Sequence[str], db: Path, kill_after_seconds: float | None = None) -> int | None:
    answer = ask([*command, "--json"], db, kill_after_seconds=kill_after_seconds, sabotage=small_parts)
    assert "Traceback" not in answer.err, answer.err
    return answer.exit_code


class Undisturbed:
    """One import that nobody killed: how it ends, and how long it takes."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.command = ("import", "leads", many_rows(folder / "rows.csv"), *options)
        db = folder / "undisturbed.db"
        run_here(("list", "leads"), db)
        started = time.perf_counter()
        assert ask_small(self.command, db) == 8
        self.seconds = time.perf_counter() - started
        self.state = state(db)


@pytest.fixture
def folder() -> Iterator[Path]:
    with folder_in_memory() as path:
        yield path


@pytest.mark.parametrize("mode", ["error", "skip"])
def test_an_import_that_is_killed_and_run_again_is_as_if_run_once(folder: Path, mode: str) -> None:
    once = Undisturbed(folder, "--on-duplicate", mode)
    chance, half_done = random.Random(7), 0
    for number in range(MOST_KILLS):
        if number >= KILLS and half_done:
            break
        db = folder / f"{number}.db"
        ask_small(once.command, db, once.seconds * chance.uniform(0.05, 0.95))
        half_done += db.exists() and batches(db) > 0 and state(db) != once.state
        ask_small(once.command, db, once.seconds * chance.uniform(0.05, 0.95))
        assert ask_small(once.command, db) == 8
        assert state(db) == once.state
        assert unsound(db) == []
        assert verdict_of_check(db) == []
    assert half_done > 0


def batches(db: Path) -> int:
    with closing(sqlite3.connect(db)) as file:
        tables = file.execute("SELECT COUNT(*) FROM sqlite_master WHERE name = 'batch'").fetchone()[0]
        return int(file.execute("SELECT COUNT(*) FROM batch").fetchone()[0]) if tables else 0


def test_an_update_that_is_killed_and_run_again_is_as_if_run_once(folder: Path) -> None:
    first = Undisturbed(folder, "--on-duplicate", "update")
    changed = ("import", "leads", many_rows(folder / "changed.csv", "Mills"), "--on-duplicate", "update")
    ask_small(changed, folder / "undisturbed.db")
    wanted = state(folder / "undisturbed.db")
    chance = random.Random(8)
    for number in range(KILLS):
        db = folder / f"{number}.db"
        ask_small(first.command, db)
        ask_small(changed, db, first.seconds * chance.uniform(0.05, 0.95))
        ask_small(changed, db)
        assert state(db) == wanted
        assert unsound(db) == []
        assert verdict_of_check(db) == []


def test_an_undo_that_is_killed_is_whole_or_nothing(folder: Path) -> None:
    once = Undisturbed(folder)
    content = (folder / "undisturbed.db").read_bytes()
    chance, undone = random.Random(9), 0
    for number in range(KILLS):
        db = folder / f"{number}.db"
        put(db, content)
        ask_small(("import", "undo", "1"), db, once.seconds * chance.uniform(0.0, 0.6))
        with closing(sqlite3.connect(db)) as file:
            left = file.execute("SELECT COUNT(*) FROM lead").fetchone()[0]
        assert left in (0, len(once.state[0]))
        undone += left == 0
        assert ask_small(("import", "undo", "1"), db) == 0
        assert state(db) == [[], [], []]
        assert unsound(db) == []
        assert verdict_of_check(db) == []
    assert undone < KILLS


# No room


@pytest.mark.parametrize("free_kib", [0, 50, 150, 300, 450])
def test_an_import_on_a_full_disk_goes_on_when_there_is_room(tmp_path: Path, folder: Path, free_kib: int) -> None:
    once = Undisturbed(folder)
    with small_disk(tmp_path) as disk:
        db = disk / "ltc.db"
        assert run_here(("lead", "add", "Ada"), db) == 0
        leave_free(disk, free_kib)
        answer = ask([*once.command, "--json"], db, sabotage=small_parts)
        assert answer.exit_code == 1
        assert unclear(answer) == []
        (disk / "filler").unlink()
        assert ask_small(once.command, db) == 8
        assert [row for row in state(db)[0] if row[0] != "Ada"] == once.state[0]
        assert unsound(db) == []
        assert verdict_of_check(db) == []


def test_rejects_on_a_full_disk_are_one_clear_line(tmp_path: Path, folder: Path) -> None:
    once = Undisturbed(folder)
    with small_disk(tmp_path) as disk:
        leave_free(disk, 8)
        rejects = disk / "rejects.csv"
        answer = ask([*once.command, "--rejects", str(rejects), "--json"], folder / "ltc.db", sabotage=small_parts)
        assert answer.exit_code == 1
        assert unclear(answer) == []
        assert str(rejects) in answer.err
