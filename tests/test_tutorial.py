"""The tutorial's transcripts are what the program prints. `LTC_UPDATE_DOCS=1` writes them anew."""

from __future__ import annotations

import io
import os
import re
import shlex
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import TYPE_CHECKING

from ltc_cli.app import run
from ltc_cli.mail.message import plain_text
from ltc_cli.session import Session
from tests.support import folder_in_memory

if TYPE_CHECKING:
    import pytest

TUTORIAL = Path(__file__).parent.parent / "docs" / "tutorial.md"
BLOCK = re.compile(r"```(\w+)(?: (\S+))?\n(.*?)```", re.DOTALL)
RANDOM = re.compile(r"\b[0-9a-f]{64}\b")
HOME = "/home/ada/company"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def answer(line: str, environ: dict[str, str]) -> str:
    screen = Terminal()
    run(shlex.split(line)[1:], Session(environ=environ, out=screen, err=screen))
    return RANDOM.sub("…", screen.getvalue()).replace(str(Path.cwd()), HOME)


def letter(file: str) -> str:
    """A mail as it is read."""
    data = Path(file).read_bytes()
    mail = message_from_bytes(data, policy=default)
    return "".join(f"{name}: {mail[name]}\n" for name in ("From", "To", "Subject")) + f"\n{plain_text(data)}"


def replayed(text: str, environ: dict[str, str]) -> str:
    """The page with every transcript and mail as the program writes it now; a block that names a file is that file."""

    def replay(block: re.Match[str]) -> str:
        kind, file, text = block.groups()
        if kind == "console":
            commands = [line for line in text.splitlines() if line.startswith("$ ")]
            text = "\n".join(f"{line}\n{answer(line[2:], environ)}" for line in commands)
        elif kind == "mail":
            text = letter(file)
        elif file:
            Path(file).parent.mkdir(parents=True, exist_ok=True)
            Path(file).write_text(text, encoding="utf-8")
        return f"```{kind}{f' {file}' if file else ''}\n{text}```"

    return BLOCK.sub(replay, text)


def test_the_transcripts_are_what_the_program_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    with folder_in_memory() as folder, monkeypatch.context() as here:
        here.chdir(folder)
        (folder / "smtp-password").write_text("secret\n", encoding="utf-8")
        (folder / "smtp-password").chmod(0o600)
        made = replayed(TUTORIAL.read_text(encoding="utf-8"), {"LTC_ACTOR": "ada", "HOME": str(folder)})
    if os.environ.get("LTC_UPDATE_DOCS"):
        TUTORIAL.write_text(made, encoding="utf-8")
    assert TUTORIAL.read_text(encoding="utf-8") == made
