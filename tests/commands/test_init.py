"""`ltc init` and `ltc config`."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING

import yaml

from ltc_cli.app import run
from ltc_cli.session import Session
from tests.support import Company

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def init(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return run(["init", *arguments], Session(environ={}, out=out, err=err)), out.getvalue(), err.getvalue()


def test_init_makes_a_config_that_is_right_and_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = init("--yes", "--json")
    assert (code, json.loads(out), err) == (0, {"config": "config.yaml", "database": str(tmp_path / "ltc.db")}, "")
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix in (".db", ".yaml")) == [
        "config.yaml",
        "ltc.db",
    ]
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "config.yaml", tmp_path / "ltc.db")} == {0o600}
    assert Company.run(_in(tmp_path), "config", "check") == 0


def _in(folder: Path) -> Company:
    return Company(folder, config=(folder / "config.yaml").read_text(encoding="utf-8"))


def test_init_again_leaves_everything_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    init("--yes")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    code, _out, err = init("--yes", "--json")
    assert code == 0
    assert err == "".join(
        f"{file} is there already: it stays as it is\n" for file in ("config.yaml", tmp_path / "ltc.db")
    )
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_answers_stand_in_the_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO('Müller "Söhne": GmbH\nDeutschland\ngbp\nBilling@Mueller.Example\n'))
    assert init("--json")[0] == 0
    company = _in(tmp_path)
    settings = {row["key"]: yaml.safe_load(row["value"]) for row in company.ltc("config", "show")}
    assert (settings["company.name"], settings["company.country"]) == ('Müller "Söhne": GmbH', "DE")
    assert (settings["currency"], settings["company.email"]) == ("GBP", "billing@mueller.example")


def test_only_the_answer_goes_to_stdout_while_it_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n\n\n\n"))
    printed = io.StringIO()
    monkeypatch.setattr(sys, "stdout", printed)
    _code, out, _err = init("--json")
    assert out.startswith("{")
    assert printed.getvalue() == ""


def test_config_show_says_where_it_is_from(company: Company) -> None:
    company.config_path.write_text("currency: CHF\n", encoding="utf-8")
    settings = {row["key"]: row["value"] for row in company.ltc("config", "show")}
    assert settings["currency"] == "CHF"
    assert f"from {company.config_path}" in company.err


def test_config_check_says_that_it_is_right(company: Company) -> None:
    assert company.ltc("config", "check") == {"config": str(company.config_path), "status": "ok"}
    assert "is right" in company.err


def test_all_wrong_terms_are_named_at_once(company: Company) -> None:
    company.config_path.write_text('terms: {default: "30% sign", other: "100% never"}\n', encoding="utf-8")
    message = company.ltc("config", "check", fails=6)["message"]
    assert "terms.default: " in message
    assert "terms.other: " in message
