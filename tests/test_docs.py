"""What the pages say is what the code says."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

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


def test_the_readme_sells_with_the_seven_verbs_alone(tmp_path: Path) -> None:
    """The seven lines of the README, as they stand there, end in a collected invoice and a funnel that counts it."""
    import io
    import json
    import shlex

    from ltc_cli.app import run
    from ltc_cli.session import Session

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = readme.split("## The first sale")[1].split("```")[1]
    lines = [line for line in block.splitlines() if line.startswith("ltc ")]
    assert len(lines) == 7
    environ = {"LTC_DB": str(tmp_path / "ltc.db"), "HOME": str(tmp_path)}
    for line in [*lines, "ltc funnel --json"]:
        out, err = io.StringIO(), io.StringIO()
        assert run(shlex.split(line)[1:], Session(environ=environ, out=out, err=err)) == 0, err.getvalue()
    funnel = json.loads(out.getvalue())
    assert [(row["stage"], row["count"]) for row in funnel][-1] == ("collected", 1)
    assert funnel[-1]["amount"] == "12000.00"
