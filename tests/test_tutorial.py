"""The tutorial's transcripts are what the program prints. `LTC_UPDATE_DOCS=1` writes them anew."""

from __future__ import annotations

import io
import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from ltc_cli.app import run
from ltc_cli.session import Session

if TYPE_CHECKING:
    import pytest

TUTORIAL = Path(__file__).parent.parent / "docs" / "tutorial.md"
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
RANDOM = re.compile(r"\b[0-9a-f]{64}\b")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def answer(line: str, environ: dict[str, str]) -> str:
    screen = Terminal()
    run(shlex.split(line)[1:], Session(environ=environ, out=screen, err=screen))
    return RANDOM.sub("…", screen.getvalue())


def replayed(text: str, environ: dict[str, str]) -> str:
    """The page with every transcript as the program prints it now."""

    def replay(block: re.Match[str]) -> str:
        commands = [line for line in block[1].splitlines() if line.startswith("$ ")]
        return "```console\n" + "\n".join(f"{line}\n{answer(line[2:], environ)}" for line in commands) + "```"

    return BLOCK.sub(replay, text)


def test_the_transcripts_are_what_the_program_prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    made = replayed(TUTORIAL.read_text(encoding="utf-8"), {"LTC_ACTOR": "ada", "HOME": str(tmp_path)})
    if os.environ.get("LTC_UPDATE_DOCS"):
        TUTORIAL.write_text(made, encoding="utf-8")
    assert TUTORIAL.read_text(encoding="utf-8") == made
