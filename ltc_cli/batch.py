"""Many command lines in one process: each its own decision and its own answer, or all of them one decision."""

from __future__ import annotations

import io
import json
import re
import sqlite3
from contextlib import ExitStack, closing, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli import store as files
from ltc_cli.errors import LtcError, UsageError
from ltc_cli.output.as_json import answer, dumps
from ltc_cli.output.screen import write
from ltc_cli.output.show import say
from ltc_cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO, Self

    from ltc_cli.hooks import Caller
    from ltc_cli.report import Report
    from ltc_cli.settings import Settings
    from ltc_cli.store import Store

    Perform = Callable[[Sequence[str], Session], None]
    """How the application runs a command line. Raises LtcError."""

Told = dict[str, Any]
"""The answer to a line, as it goes into JSON."""

NO_LINES = frozenset({"batch", "daily", "simulate", "init", "demo", "backup", "restore"})
"""What no line may be: it runs others, asks questions, or makes or replaces files, which no transaction takes back."""
LONGEST_LINE_BYTES = 1_000_000
LONGEST_QUOTED = 100_000
"""Characters of a line with quotes, which takes shlex a quarter of a second; ten times as many take it ten seconds."""
PARTLY_DONE = 8
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
QUOTING = re.compile(r"['\"\\]")
WORD = re.compile(r"[^ \t\r\n]+")


class Line(NamedTuple):
    """A line that holds a command, numbered from 1."""

    number: int
    text: bytes
    is_cut: bool = False
    """It is longer than may be, and this its beginning."""


class Request(NamedTuple):
    arguments: list[str]
    """Without a leading `ltc`."""
    key: str | None = None


# Reading lines


def lines(file: BinaryIO) -> Iterator[Line]:
    """The lines that hold a command, each as soon as it is there; blank lines and those that begin with `#` do not."""
    for number, text in enumerate(iter(lambda: _next_line(file), b""), 1):
        stripped = text.removeprefix(BYTE_ORDER_MARK if number == 1 else b"").strip()
        if _is_cut(text):
            yield Line(number, stripped, is_cut=True)
        elif stripped and not stripped.startswith(b"#"):
            yield Line(number, stripped)


def _next_line(file: BinaryIO) -> bytes:
    """A line; of one longer than may be the beginning, so that no more than that is ever in memory."""
    text = rest = file.readline(LONGEST_LINE_BYTES + 1)
    while _is_cut(rest):
        rest = file.readline(LONGEST_LINE_BYTES + 1)
    return text


def _is_cut(text: bytes) -> bool:
    return len(text) > LONGEST_LINE_BYTES and not text.endswith(b"\n")


def request_of(line: Line) -> Request:
    """What a line asks for, as typed or as JSON. Raises UsageError."""
    if line.is_cut:
        raise UsageError(f"the line is longer than {LONGEST_LINE_BYTES:,} bytes")
    try:
        text = line.text.decode()
    except UnicodeDecodeError as error:
        raise UsageError("the line is not UTF-8", "save the file as UTF-8") from error
    return _from_json(text) if text.startswith("{") else Request(_without_name(_as_typed(text)))


def _as_typed(line: str) -> list[str]:
    if not QUOTING.search(line):
        return WORD.findall(line)
    if len(line) > LONGEST_QUOTED:
        raise UsageError(f"the line has quotes and more than {LONGEST_QUOTED:,} characters", "write it as JSON")
    import shlex

    try:
        return shlex.split(line)
    except ValueError as error:
        raise UsageError(
            f"the line cannot be read: {str(error).lower()}", "close every quote that is opened"
        ) from error


def _from_json(line: str) -> Request:
    hint = '{"command": ["lead", "add", "Ada"], "key": "k1"}'
    try:
        given = json.loads(line, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the line is not JSON: {error}", hint) from error
    command, key = given.pop("command", None), given.pop("key", None)
    if given:
        raise UsageError(f"a line has no {', '.join(given)}", hint)
    if not isinstance(command, list) or not all(isinstance(word, str) for word in command):
        raise UsageError("the command is not a list of texts", hint)
    if not isinstance(key, str | None):
        raise UsageError("the key is not a text", hint)
    return Request(_without_name(command), key)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) < len(pairs):
        raise ValueError("a name stands there twice")
    return names


def _without_name(words: list[str]) -> list[str]:
    words = words[1:] if words[:1] == ["ltc"] else words
    if not words:
        raise UsageError("the line has no command", "ltc --help lists them")
    return words


# What a line runs in


class Held:
    """The file, held open between the lines."""

    is_atomic = False

    def __init__(self) -> None:
        self.store: Store | None = None

    def store_at(self, path: Path, opener: Callable[[Path], Store]) -> Store:
        """The open file; opened anew where the path leads elsewhere by now."""
        if self.store and self.store.path == path and self.store.is_current:
            return self.store
        self.close()
        self.store = opener(path)
        return self.store

    def has_failed(self) -> None:
        """The next line opens the file anew."""
        self.close()

    def close(self) -> None:
        store, self.store = self.store, None
        if store:
            store.close()


class _OneTransaction(Held):
    """The one file of an atomic batch. The lines share a transaction that ends with the block: kept, or taken back."""

    is_atomic = True

    def __init__(self, *, keep: bool) -> None:
        super().__init__()
        self.keep = keep
        self._end = ExitStack()

    def __enter__(self) -> Self:
        return self

    def store_at(self, path: Path, opener: Callable[[Path], Store]) -> Store:
        if self.store is None:
            self.store = self._end.enter_context(closing(opener(path)))
            self._end.enter_context(self.store.transaction(keep=self.keep))
        if self.store.path != path:
            raise UsageError(f"--atomic is one transaction: {path} is another file than {self.store.path}")
        return self.store

    def has_failed(self) -> None:
        """The block ends with the line that failed."""

    def __exit__(self, *raised: Any) -> None:
        try:
            self._end.__exit__(*raised)
        except sqlite3.Error as error:
            assert self.store is not None
            raise files.translate(error, self.store.path) from error


class Scratch(Held):
    """A store whose transaction somebody else has begun, and never keeps."""

    is_atomic = True

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store

    def store_at(self, path: Path, opener: Callable[[Path], Store]) -> Store:
        assert self.store
        return self.store

    def has_failed(self) -> None:
        """The next line finds what the failed one left, as after any refusal."""


class LineSession(Session):
    """One line's surroundings: what the line does not say itself, the batch says; it has no standard input."""

    def __init__(self, batch: Session, held: Held) -> None:
        streams = {name: io.StringIO() for name in ("inp", "out", "err")}
        super().__init__(environ=batch.environ, clock=batch.clock, **streams)
        self.batch = batch
        self.held = held
        self.report: Report | None = None

    def check(self) -> None:
        if self.verb in NO_LINES:
            raise UsageError(f"{self.verb} cannot be a line of a batch", f"ltc {self.verb} is a command of its own")
        if self.held.is_atomic and self.given.get("dry_run") and not self.batch.given.get("dry_run"):
            raise UsageError("--atomic is one transaction: a line alone is no dry run", "ltc batch --atomic --dry-run")
        refuse_csv(self)
        self.given = {**self.batch.given, **self.given}

    def refuse_sending(self) -> None:
        if self.held.is_atomic and not self.given.get("dry_run"):
            raise UsageError(
                "--atomic is one transaction, and no mail can be taken back", "queue it: --no-send, or no --send"
            )

    @cached_property
    def settings(self) -> Settings:
        named = self.given.get("config")
        return self.batch.settings if named == self.batch.given.get("config") else super().settings

    @cached_property
    def hooks(self) -> Caller:
        """All lines together wait for them no longer than one command."""
        return self.batch.hooks

    def show(self, report: Report) -> None:
        """Keep the answer for its line. What an atomic batch has done is kept only with its last line."""
        self.report, self.exit_code = report, report.exit_code
        if not self.held.is_atomic:
            report.notices.extend(self.call_hooks(report))

    @contextmanager
    def _store(self, opener: Callable[[Path], Store]) -> Iterator[Store]:
        try:
            yield self.held.store_at(self.path, opener)
        except LtcError:
            raise
        except BaseException:
            self.held.has_failed()
            raise

    @property
    def answer(self) -> dict[str, Any]:
        """What `--json` prints, as a value; help and other text as a text."""
        if self.report is None:
            return {"answer": self.out.getvalue(), "notices": []}  # type: ignore[attr-defined]
        return {
            "answer": answer(self.report),
            "notices": self.report.notices if self.report.exit_code or not self.quiet else [],
        }


def refuse_csv(session: Session) -> None:
    """Raise UsageError where a batch or one of its lines asks for CSV."""
    if session.given.get("csv"):
        raise UsageError("the lines of a batch are answered in JSON", "leave out --csv")


# Running lines


class _UndoneError(Exception):
    """The answer of the line for which nothing of an atomic batch is kept."""

    def __init__(self, told: Told) -> None:
        super().__init__()
        self.told = told


def each(session: Session, found: Iterable[Line], perform: Perform) -> None:
    """Run every line as a command of its own and print its answer at once. Exit code 8 where one failed."""
    count = failed = 0
    with closing(Held()) as held:
        for line in found:
            done_in = LineSession(session, held)
            try:
                told = _run(line, done_in, perform)
            finally:  # also of a line that is interrupted
                session.is_kept |= done_in.is_kept
            count += 1
            failed += told["exit_code"] != 0
            _print(session, [told])
    if failed:
        session.exit_code = PARTLY_DONE
        say(session.err, f"{failed:,} of {count:,} lines failed", quiet=session.quiet)


def all_or_none(session: Session, found: Iterable[Line], perform: Perform) -> None:
    """Run all lines in one transaction, then print their answers; where one fails, its answer and exit code alone."""
    waiting = list(found)  # all of them before the file is locked: who writes them may be slow
    done = []
    try:
        with _OneTransaction(keep=not session.given.get("dry_run")) as held:
            for line in waiting:
                done_in = LineSession(session, held)
                told = _run(line, done_in, perform)
                if told["exit_code"]:
                    raise _UndoneError(told)
                done.append((told, done_in))
    except _UndoneError as undone:
        session.exit_code = undone.told["exit_code"]
        _print(session, [undone.told])
        say(session.err, f"nothing was kept: line {undone.told['line']} failed", quiet=session.quiet)
        return
    session.is_kept = any(done_in.is_kept for _told, done_in in done)
    for told, done_in in done:
        if done_in.report:
            told["notices"] += done_in.call_hooks(done_in.report)
    _print(session, [told for told, _done_in in done])


def _run(line: Line, session: LineSession, perform: Perform) -> Told:
    try:
        request = request_of(line)
        if request.key is not None:
            session.given["key"] = request.key
        return {"line": line.number, **answered(request.arguments, session, perform)}
    except LtcError as error:
        return {"line": line.number, "exit_code": error.exit_code, "error": error.told}


def answered(arguments: Sequence[str], session: LineSession, perform: Perform) -> Told:
    """Exit code, answer and notices of a command line, or exit code and error."""
    try:
        perform(arguments, session)
    except LtcError as error:
        return {"exit_code": error.exit_code, "error": error.told}
    return {"exit_code": session.exit_code, **session.answer}


def _print(session: Session, answers: Iterable[Told]) -> None:
    for told in answers:
        write(session.out, dumps(told, session.out, indent=None))
    session.out.flush()
