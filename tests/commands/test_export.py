"""`ltc export`: where it goes, in which format, and that nothing is lost on the way."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from tests.ledgers import entries
from tests.support import Company

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def company(tmp_path: Path) -> Company:
    company = Company(tmp_path)
    for line in ("lead add Ada", "promote L1 --amount 100", "sign O1", "ship C1", "invoice C1", "collect C1 30"):
        company.ltc(*line.split())
    return company


def test_the_journal_is_the_answer(company: Company) -> None:
    assert company.run("export", "ledger") == 0
    assert company.err == ""
    assert [ref for _day, ref, _moved in entries(company.out)] == ["INV-2026-0001", "P1"]


@pytest.mark.parametrize("form", ["hledger", "beancount", "Beancount"])
def test_the_same_file_gives_the_same_bytes_everywhere(company: Company, form: str, tmp_path: Path) -> None:
    file = tmp_path / "books"
    command = ("export", "ledger", "--format", form)
    company.run(*command)
    printed = company.out
    company.run(*command, "--output", "-", today="2026-08-01")
    assert company.out == printed
    assert company.ltc(*command)["text"] == printed
    told = company.ltc(*command, "-o", str(file))
    assert file.read_bytes() == printed.encode()
    path, chosen = str(file), form.lower()
    assert told == {"kind": "ledger", "format": chosen, "as_of": "2026-06-15", "path": path, "text": None}


def test_a_file_is_replaced_as_a_whole_and_for_its_owner_alone(company: Company, tmp_path: Path) -> None:
    file = tmp_path / "books"
    file.write_text("before", encoding="utf-8")
    assert company.run("export", "ledger", "-o", str(file)) == 0
    assert company.out.split() == ["kind", "ledger", "format", "hledger", "as", "of", "2026-06-15", "path", str(file)]
    assert file.read_text(encoding="utf-8").startswith("decimal-mark")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not list(tmp_path.glob(".books*"))


def test_an_export_that_fails_leaves_what_was_there(company: Company, tmp_path: Path) -> None:
    file = tmp_path / "books"
    file.write_text("before", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "fsync", _full)
        error = company.ltc("export", "ledger", "-o", str(file), fails=1)
    assert error["message"] == f"cannot write {file}: No space left on device"
    assert file.read_text(encoding="utf-8") == "before"
    assert not list(tmp_path.glob(".books*"))


def _full(_descriptor: int) -> None:
    raise OSError(28, "No space left on device")


def test_a_device_is_written_to(company: Company) -> None:
    assert company.run("export", "ledger", "-o", os.devnull) == 0
    assert not os.path.isfile(os.devnull)


def test_a_link_stays_one(company: Company, tmp_path: Path) -> None:
    file, link = tmp_path / "books", tmp_path / "link"
    link.symlink_to(file)
    company.ltc("export", "ledger", "-o", str(link))
    assert link.is_symlink()
    assert file.read_text(encoding="utf-8").startswith("decimal-mark")


def test_a_file_that_cannot_be_meant_is_refused(company: Company, tmp_path: Path) -> None:
    before = company.path.read_bytes()
    for path, message in (
        (company.path, f"{company.path} is the file of ltc"),
        (tmp_path, f"{tmp_path} is a folder"),
        (tmp_path / "no" / "books", f"there is no folder {tmp_path / 'no'}"),
    ):
        assert company.ltc("export", "ledger", "-o", str(path), fails=2)["message"] == message
    assert company.path.read_bytes() == before


def test_an_empty_company_has_an_empty_journal(tmp_path: Path) -> None:
    company = Company(tmp_path, config="currency: CHF\n")
    company.ltc("init", "--yes")
    assert company.ltc("export", "ledger")["text"] == "decimal-mark .\n"
    assert company.ltc("export", "ledger", "--format", "beancount")["text"] == 'option "operating_currency" "CHF"\n'
