"""`ltc init` and `ltc config`."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING, Final

import pytest
import yaml

from ltc_cli.app import run
from ltc_cli.session import Session
from tests.support import Company

if TYPE_CHECKING:
    from pathlib import Path


def init(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return run(["init", *arguments], Session(environ={}, out=out, err=err)), out.getvalue(), err.getvalue()


@pytest.mark.usefixtures("made_anew")
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


STOPPING: Final = """\
company: {name: "Acme\\nEngines", email: jörg@acme.example}
terms: {default: "30% sign", other: "100% never"}
hooks: {folder: nowhere}
mail:
  host: 192.0.2.1
  tls: none
  user: ada
  password_command: no-such-program
nurture:
  sequences:
    hello:
      steps:
        - {after: 0d, mail: hello}
dunning:
  levels:
    - {name: a, after: 5d, mail: thunder}
  policies:
    soft:
      levels:
        - {name: b, after: 5d, mail: lightning, interest: statutory}
statutory_rates:
  2026-01-01: 2%
database: nowhere/ltc.db
"""
"""Each of which stops a command of `ltc daily`, or does nothing that was meant."""


def test_all_that_would_stop_a_run_is_named_at_once_with_key_and_line(company: Company) -> None:
    company.config_path.write_text(STOPPING, encoding="utf-8")
    error = company.ltc("config", "check", today="2030-07-01", fails=6)
    message = error["message"]
    assert error["hint"] is None, "ltc config check has just been said"
    for said in (
        "line 1: company.name holds a line break",
        "line 1: company.email: jörg@acme.example is no plain ASCII address",
        "line 2: terms.default: ",
        "line 2: terms.other: ",
        "line 3: hooks.folder /",
        "line 6: mail.tls is none, but 192.0.2.1 is another machine",
        "line 8: mail.password_command cannot be run: No such file or directory",
        "line 13: nurture.sequences.hello.steps[1].mail: there is no template hello",
        "line 16: dunning.levels[1].mail: the dunning level a has an unknown mail thunder",
        "line 20: dunning.policies.soft.levels[1].mail: the dunning level b has an unknown mail lightning",
        "line 21: statutory_rates: the base rate for statutory interest from 2030-07-01 is not known",
        "(statutory_rates: {2030-07-01: N%}, N being the ECB's rate for main refinancing on that day)",
        "line 23: database: there is no folder",
    ):
        assert said in message
    company.config_path.write_text("colour: red\n", encoding="utf-8")
    assert company.ltc("config", "check", fails=6)["hint"] is None
    assert company.ltc("config", "show", fails=6)["hint"] == "ltc config check"


def test_what_does_nothing_and_what_cannot_be_checked_is_said(company: Company) -> None:
    company.config_path.write_text(
        "dunning: {policies: {soft: {levels: []}}}\nmail: {host: smtp.acme.example, from: a@acme.example}\n"
    )
    assert company.run("config", "check") == 0
    assert "dunning.policies.soft has no levels: nobody is written to by it" in company.err
    assert "smtp.acme.example was not asked whether it takes mails" in company.err
    assert "company.iban is not set: mails do not say where to pay" in company.err
