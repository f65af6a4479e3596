"""The user's own programs, told of what has happened: after it is kept, so that none can undo or hold it up."""

from __future__ import annotations

import os
import subprocess
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

from ltc_cli.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SECONDS = 5
"""How long a program is waited for; after that it goes on alone, and is not waited for again by this run of `ltc`."""
MOST_ALONE = 100
"""Programs that go on alone at a time, so that one which never ends does not fill the machine."""
INSIDE = "LTC_HOOK"
"""Set for the programs: what they write by `ltc` calls no hooks again."""
SAID_MOST = 200


def programs(folder: Path) -> list[Path]:
    """What is meant to be called, in the order of the names: no hidden file, no editor's backup. Raises ConfigError."""
    try:
        return sorted(path for path in folder.iterdir() if not (path.is_dir() or _is_left_by_an_editor(path.name)))
    except OSError as error:
        raise ConfigError(
            f"hooks.folder {folder} cannot be read: {error.strerror}", "make it, or leave it out"
        ) from error


def _is_left_by_an_editor(name: str) -> bool:
    return name.startswith((".", "#")) or name.endswith(("~", ".bak", ".orig"))


def unfit(folder: Path) -> list[str]:
    """Which programs cannot be called, one line each. Raises ConfigError."""
    return [_not_executable(path) for path in programs(folder) if not os.access(path, os.X_OK)]


def _not_executable(path: Path) -> str:
    return f"hook {path.name} is not called: it is not executable (chmod +x {path})"


class Caller:
    """Calls programs for one run of `ltc`, however many commands that is."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.slow: set[Path] = set()
        self.alone: list[subprocess.Popen[bytes]] = []
        self.said: set[str] = set()

    def call(self, folder: Path, verb: str, event: str, surroundings: Mapping[str, str]) -> list[str]:
        """Run every program of the folder: the verb as argument, the event on its input.

        Answers what went wrong, one line a program; what lies wrong in the folder is said once.
        """
        if INSIDE in self.environ:
            return []
        try:
            found = programs(folder)
        except ConfigError as error:
            return self._once(error.message)
        environ = {**self.environ, **surroundings, INSIDE: "1"}
        troubles: list[str] = []
        for path in found:
            is_ready = os.access(path, os.X_OK)
            troubles += self._run(path, verb, event, environ) if is_ready else self._once(_not_executable(path))
        return troubles

    def _once(self, trouble: str) -> list[str]:
        new = [] if trouble in self.said else [trouble]
        self.said.update(new)
        return new

    def _run(self, path: Path, verb: str, event: str, environ: Mapping[str, str]) -> Iterator[str]:
        self.alone = [program for program in self.alone if program.poll() is None]
        if len(self.alone) >= MOST_ALONE:
            yield f"hook {path.name} is not called: {MOST_ALONE} hooks are still running"
            return
        with TemporaryFile() as told, TemporaryFile() as said:
            told.write(event.encode())
            told.seek(0)
            try:
                program = subprocess.Popen(
                    [path.absolute(), verb],
                    stdin=told,
                    stdout=subprocess.DEVNULL,
                    stderr=said,
                    env=environ,
                    start_new_session=True,
                )
            except OSError as error:
                yield f"hook {path.name} cannot be run: {error.strerror}"
                return
            try:
                code = program.wait(0 if path in self.slow else SECONDS)
            except subprocess.TimeoutExpired:
                self.alone.append(program)
                if path not in self.slow:
                    self.slow.add(path)
                    yield f"hook {path.name} is still running after {SECONDS} seconds: it goes on alone from now on"
            else:
                if code:
                    yield f"hook {path.name} ended with exit code {code}: {_last_line(said)}"


def _last_line(said: IO[bytes]) -> str:
    said.seek(0)
    lines = said.read().decode("utf-8", "replace").split("\n")
    return next((line.strip()[:SAID_MOST] for line in reversed(lines) if line.strip()), "it said nothing")
