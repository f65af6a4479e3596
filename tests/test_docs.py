"""What the pages say is what the code says."""

from __future__ import annotations

import importlib.util
import io
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from ltc_cli.app import run
from ltc_cli.session import Session
from tests.support import TODAY

ROOT = Path(__file__).parent.parent


def make() -> Any:
    spec = importlib.util.spec_from_file_location("make", ROOT / "docs" / "make.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["reference.md", "data-model.md"])
def test_generated_pages_are_up_to_date(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert (ROOT / "docs" / page).read_text(encoding="utf-8") == make().PAGES[page](), "run: python docs/make.py"


def test_exit_codes_of_the_reference_are_those_of_the_errors() -> None:
    from ltc_cli.errors import LtcError

    documented = {code: word for code, word, _meaning in make().EXIT_CODES}
    for error in LtcError.__subclasses__():
        assert documented[error.exit_code] == error.code


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial.md"])
def test_links_lead_somewhere(page: str) -> None:
    path = ROOT / page
    for target in re.findall(r"\]\(([^)#]+)", path.read_text(encoding="utf-8")):
        if not target.startswith("https://"):
            assert (path.parent / target).exists(), target


EXPORT = "Name,Email,Id\nKatherine Johnson,kj@orbit.example,7\n"
DEALS = "Title,Amount,Email,Id\nOrbit,900,kj@orbit.example,8\n"


def test_every_block_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a new folder, from the top; the first seven lines end in a collected invoice and a funnel that counts it."""
    monkeypatch.chdir(tmp_path)
    Path("export.csv").write_text(EXPORT, encoding="utf-8")
    Path("deals.csv").write_text(DEALS, encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8").split("## The first sale")[1]
    blocks = re.findall(r"^```(yaml)?\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
    ran = []
    for kind, block in blocks:
        if kind:
            Path("config.yaml").write_text(block, encoding="utf-8")
            continue
        ran.append([line for line in block.splitlines() if re.match("ltc |printf ", line)])
        for line in ran[-1]:
            ltc(line)
    assert len(ran[0]) == 7
    assert sum(map(len, ran)) == sum(readme.count(f"\n{begin} ") for begin in ("ltc", "printf"))
    funnel = json.loads(ltc("ltc funnel --json"))
    assert [(row["stage"], row["amount"]) for row in funnel][-1] == ("collected", "12000.00")


def ltc(line: str) -> str:
    """What a line of the shell prints; what `printf` prints is its input, and hledger is left out."""
    before, _, after = line.partition(" | ")
    printed = shlex.split(before)[2:] if before.startswith("printf ") else []
    out, err = io.StringIO(), io.StringIO()
    environ = {"LTC_TODAY": TODAY, "HOME": str(Path.cwd())}
    session = Session(environ=environ, inp=io.StringIO("".join(f"{each}\n" for each in printed)), out=out, err=err)
    assert run(shlex.split(after if printed else before, comments=True)[1:], session) == 0, f"{line}: {err.getvalue()}"
    return out.getvalue()
