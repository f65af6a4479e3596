"""`ltc backup` and `ltc restore` as a user runs them."""

from __future__ import annotations

import io
import json
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from ltc_cli.app import run
from ltc_cli.session import Session

if TYPE_CHECKING:
    from pathlib import Path

MONTHLY = "12 x monthly from sign; net 0"
WRITER = """
import io, sys
from ltc_cli.app import run
from ltc_cli.session import Session
while True:
    session = Session(environ={"LTC_DB": sys.argv[1]}, out=io.StringIO(), err=io.StringIO())
    assert run(["lead", "add", "Ada", "--json"], session) == 0
"""
CRAMPED = """
import resource, sys
from ltc_cli.app import run
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
sys.exit(run(sys.argv[1:]))
"""


class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def record(self) -> dict[str, Any]:
        record: dict[str, Any] = json.loads(self.out)
        return record


class Company(NamedTuple):
    """A company's folder, and its command line."""

    folder: Path

    @property
    def db(self) -> Path:
        return self.folder / "ltc.db"

    @property
    def copy(self) -> Path:
        return self.folder / "copy.db"

    def ltc(self, *arguments: str, today: str = "2026-03-01") -> Said:
        out, err = io.StringIO(), io.StringIO()
        environ = {"LTC_DB": str(self.db), "LTC_TODAY": today, "LTC_ACTOR": "ada"}
        code = run(arguments, Session(environ=environ, out=out, err=err))
        return Said(code, out.getvalue(), err.getvalue())

    def back_up(self) -> dict[str, Any]:
        return self.ltc("backup", str(self.copy), "--json").record

    def invoice(self, month: int) -> list[str]:
        said = self.ltc("invoice", "C1", "--json", today=f"2026-{month:02}-01")
        return [row["ref"] for row in json.loads(said.out)]


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    """A company with a contract billed monthly; INV-2026-0001 is issued."""
    company = Company(tmp_path)
    company.ltc("lead", "add", "Ada", "--company", "Acme")
    company.ltc("promote", "L1", "--amount", "1200")
    company.ltc("sign", "O1", "--terms", MONTHLY)
    assert company.invoice(3) == ["INV-2026-0001"]
    return company


def dump(path: Path) -> list[str]:
    """The logical content, without what the journal adds."""
    with closing(sqlite3.connect(path)) as connection:
        return [line for line in connection.iterdump() if "journal" not in line]


def head(path: Path, back: int = 0) -> str:
    with closing(sqlite3.connect(path)) as connection:
        sql = "SELECT id || ':' || sha256 FROM journal ORDER BY id DESC LIMIT 1 OFFSET ?"
        anchor: str = connection.execute(sql, (back,)).fetchone()[0]
        return anchor


def is_sound(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        checks = connection.execute("PRAGMA integrity_check").fetchall()
        return checks == [("ok",)] and not connection.execute("PRAGMA foreign_key_check").fetchall()


def test_the_answer_names_the_copy_and_what_proves_it(acme: Company) -> None:
    answer = acme.back_up()
    manifest = json.loads((acme.folder / "copy.db.manifest.json").read_text())
    assert answer == {
        "path": str(acme.copy),
        "manifest": f"{acme.copy}.manifest.json",
        "size": acme.copy.stat().st_size,
        "sha256": manifest["sha256"],
        "journal": head(acme.db),
    }
    assert manifest["series"] == {"INV-2026": 1}


def test_a_later_check_accepts_the_backup_s_journal_entry_as_its_anchor(acme: Company) -> None:
    anchor = acme.back_up()["journal"]
    acme.invoice(4)
    assert acme.ltc("check", "--anchor", anchor).code == 0


def test_a_backup_of_nothing_says_so(tmp_path: Path) -> None:
    assert Company(tmp_path).ltc("backup", str(tmp_path / "copy.db")).code == 3


def test_an_existing_file_is_a_conflict(acme: Company) -> None:
    acme.back_up()
    refused = acme.ltc("backup", str(acme.copy))
    assert (refused.code, "--force" in refused.err) == (5, True)
    assert acme.ltc("backup", str(acme.copy), "--force").code == 0


def test_a_folder_is_no_file_to_back_up_to(acme: Company) -> None:
    assert acme.ltc("backup", str(acme.folder)).code == 2


def test_a_full_disk_leaves_nothing_half_written(acme: Company) -> None:
    target = acme.folder / "elsewhere"
    target.mkdir()
    command = [sys.executable, "-c", CRAMPED, "backup", str(target / "copy.db"), "--db", str(acme.db)]
    failed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (failed.returncode, "Traceback" in failed.stderr) == (1, False)
    assert list(target.iterdir()) == []


def test_what_is_restored_is_what_was_there(acme: Company) -> None:
    before, at_backup = dump(acme.db), acme.back_up()["journal"]
    acme.ltc("lead", "add", "Bob")
    answer = acme.ltc("restore", str(acme.copy), "--json").record
    assert dump(acme.db) == before
    assert head(acme.db, back=1) == at_backup
    assert answer["journal"] == head(acme.db)
    assert answer["lost_numbers"] == []
    assert (answer["path"], answer["restored_from"]) == (str(acme.db), str(acme.copy))
    assert "Bob" in "".join(dump(acme.folder / answer["kept"]))


def test_numbers_issued_after_the_backup_are_never_issued_again(acme: Company) -> None:
    acme.back_up()
    assert [*acme.invoice(4), *acme.invoice(5)] == ["INV-2026-0002", "INV-2026-0003"]
    said = acme.ltc("restore", str(acme.copy), "--json")
    assert said.record["lost_numbers"] == [{"series": "INV-2026", "first": "INV-2026-0002", "last": "INV-2026-0003"}]
    assert "never again: INV-2026-0002 to INV-2026-0003" in said.err
    # Two months are due, an invoice each.
    assert acme.invoice(5) == ["INV-2026-0004", "INV-2026-0005"]
    assert acme.ltc("check").code == 0


def test_restoring_twice_loses_no_number_twice(acme: Company) -> None:
    acme.back_up()
    acme.invoice(4)
    acme.ltc("restore", str(acme.copy))
    assert acme.invoice(4) == ["INV-2026-0003"]
    acme.ltc("restore", str(acme.copy))
    assert acme.invoice(4) == ["INV-2026-0004"]
    assert acme.ltc("check").code == 0


def test_a_lost_file_needs_the_last_number(acme: Company) -> None:
    acme.back_up()
    acme.db.unlink()
    refused = acme.ltc("restore", str(acme.copy))
    assert refused.code == 4
    assert "in the backup: INV-2026-0001" in refused.err
    assert "hint: add --last-number INV-2026=N" in refused.err
    assert acme.ltc("restore", str(acme.copy), "--last-number", "INV-2026=0").code == 2
    assert acme.ltc("restore", str(acme.copy), "--last-number", "inv-2026-0057").code == 0
    assert acme.invoice(4) == ["INV-2026-0058"]


def test_a_backup_without_any_number_restores_with_a_warning(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.ltc("lead", "add", "Ada")
    company.back_up()
    company.db.unlink()
    said = company.ltc("restore", str(company.copy))
    assert (said.code, "--last-number INV-2026=N" in said.err) == (0, True)


def test_a_flipped_byte_is_refused_and_the_file_untouched(acme: Company) -> None:
    acme.back_up()
    body = bytearray(acme.copy.read_bytes())
    body[len(body) // 2] ^= 0xFF
    acme.copy.write_bytes(body)
    before = acme.db.read_bytes()
    assert acme.ltc("restore", str(acme.copy)).code == 7
    assert acme.db.read_bytes() == before
    assert not list(acme.folder.glob("*before-restore*"))


def test_a_missing_manifest_is_mentioned(acme: Company) -> None:
    acme.back_up()
    (acme.folder / "copy.db.manifest.json").unlink()
    said = acme.ltc("restore", str(acme.copy))
    assert (said.code, "has no manifest" in said.err) == (0, True)


@pytest.mark.parametrize(("name", "code"), [("ltc.db", 2), ("missing.db", 3), ("note.txt", 7)])
def test_what_is_no_backup_is_refused(acme: Company, name: str, code: int) -> None:
    (acme.folder / "note.txt").write_text("buy milk")
    assert acme.ltc("restore", str(acme.folder / name)).code == code


def test_a_newer_backup_asks_for_a_newer_ltc(acme: Company) -> None:
    with closing(sqlite3.connect(acme.folder / "newer.db")) as newer:
        with closing(sqlite3.connect(acme.db)) as present:
            present.backup(newer)
        newer.execute("PRAGMA user_version = 999")
    refused = acme.ltc("restore", str(acme.folder / "newer.db"))
    assert (refused.code, "newer than this ltc" in refused.err) == (7, True)


def test_every_backup_under_a_busy_writer_is_sound(acme: Company) -> None:
    entries = []
    with subprocess.Popen([sys.executable, "-c", WRITER, str(acme.db)]) as writer:
        try:
            for number in range(8):
                time.sleep(0.1)
                copy = acme.folder / f"{number}.db"
                said = acme.ltc("backup", str(copy), "--json")
                assert said.code == 0, said.err
                assert said.record["journal"] == head(copy)
                assert is_sound(copy)
                entries.append(int(head(copy).partition(":")[0]))
            assert writer.poll() is None
        finally:
            writer.kill()
    assert entries == sorted(entries)
    assert entries[0] < entries[-1]
