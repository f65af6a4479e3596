"""The user's own programs, told of what has happened: after it is kept, so that none can undo or hold it up."""

from __future__ import annotations

import os
import subprocess
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

SECONDS = 5
"""How long a program is waited for; after that it goes on alone."""
INSIDE = "LTC_HOOK"
"""Set for the programs: what they write by `ltc` calls no hooks again."""
SAID_MOST = 200


def call(folder: Path, verb: str, event: str, environ: Mapping[str, str]) -> list[str]:
    """Run every program of the folder, in the order of their names: the verb as argument, the event on its input.

    Answers what went wrong, one line a program.
    """
    if INSIDE in environ:
        return []
    try:
        programs = sorted(path for path in folder.iterdir() if path.is_file() and os.access(path, os.X_OK))
    except OSError as error:
        return [f"hooks.folder {folder} cannot be read: {error.strerror}"]
    return [trouble for program in programs for trouble in _run([str(program.resolve()), verb], event, environ)]


def _run(command: Sequence[str], event: str, environ: Mapping[str, str]) -> Iterator[str]:
    name = os.path.basename(command[0])
    with TemporaryFile() as told, TemporaryFile() as said:
        told.write(event.encode())
        told.seek(0)
        try:
            program = subprocess.Popen(
                command,
                stdin=told,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env={**environ, INSIDE: "1"},
                start_new_session=True,
            )
            code = program.wait(SECONDS)
        except OSError as error:
            yield f"hook {name} cannot be run: {error.strerror}"
        except subprocess.TimeoutExpired:
            yield f"hook {name} is still running after {SECONDS} seconds, and goes on alone"
        else:
            if code:
                yield f"hook {name} ended with exit code {code}: {_last_line(said)}"


def _last_line(said: IO[bytes]) -> str:
    said.seek(0)
    lines = said.read().decode("utf-8", "replace").split("\n")
    return next((line.strip()[:SAID_MOST] for line in reversed(lines) if line.strip()), "it said nothing")
