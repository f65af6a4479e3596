"""What one command runs in: settings, file, business date, actor and streams, each made when first asked for."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TextIO, TypeVar

from ltc_cli import config
from ltc_cli import store as files
from ltc_cli.errors import ConflictError, LtcError, NotFoundError, UsageError
from ltc_cli.output.show import say, show
from ltc_cli.output.streams import usable
from ltc_cli.report import DRY_RUN, Report, from_text, local, to_text
from ltc_cli.rules.calendar import parse_date, parse_past_date
from ltc_cli.rules.contact import clean_name
from ltc_cli.rules.money import parse_currency, parse_money

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ltc_cli.hooks import Caller
    from ltc_cli.settings import Settings
    from ltc_cli.store import Store


Found = TypeVar("Found")

Decisions = Callable[[], AbstractContextManager[None]]
"""Begins a transaction that is kept and journalled as a whole."""

KEY_LIMIT = 100_000
"""Characters of a `--key`."""


REFERENCES = frozenset(
    {
        "reference",
        "lead",
        "others",
        "opportunity",
        "contract",
        "invoice",
        "payment",
        "customer",
        "duplicate",
        "delivered",
        "accepted",
        "returned",
        "mail",
        "target",
        "task",
    }
)
"""Arguments that name records, in any case."""


def utc_now() -> datetime:
    """The only look at the clock."""
    return datetime.now(UTC)


class Part(NamedTuple):
    """A part of a long piece of work; the last one has the answer."""

    answer: Report | None


class Session:
    """One command's surroundings. `given` holds the options common to all commands, as typed."""

    def __init__(
        self,
        *,
        environ: Mapping[str, str] | None = None,
        inp: TextIO | None = None,
        out: TextIO | None = None,
        err: TextIO | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.environ = os.environ if environ is None else environ
        self.inp = inp or sys.stdin
        self.out = usable(out or sys.stdout)
        self.err = usable(err or sys.stderr)
        self.clock = clock
        self.given: dict[str, Any] = {}
        self.verb = ""
        self.arguments: dict[str, Any] = {}
        self.exit_code = 0
        self.is_kept = False
        """Whether this command has written something for good."""

    # What the common options and the environment say

    @cached_property
    def settings(self) -> Settings:
        return config.load(self.config_path)

    @cached_property
    def config_path(self) -> Path | None:
        return config.find_config(self.given.get("config"), self.environ, Path.cwd())

    @cached_property
    def path(self) -> Path:
        """The file: `--db`, else `LTC_DB`, else `database:` of the config."""
        named = self.given.get("db") or self.environ.get("LTC_DB")
        return Path(named) if named else Path(self.settings.database)

    @cached_property
    def today(self) -> date:
        """The business date: `--today`, else `LTC_TODAY`, else today in the configured time zone."""
        text = self.given.get("today") or self.environ.get("LTC_TODAY")
        return parse_date(text, self._calendar_day) if text else self._calendar_day

    @cached_property
    def _calendar_day(self) -> date:
        return local(self.clock(), self.settings.timezone).date()

    @cached_property
    def as_of(self) -> date:
        """The day a report looks back from: `--as-of`, else the business date."""
        text = self.given.get("as_of")
        return parse_date(text, self.today) if text else self.today

    @cached_property
    def into(self) -> str | None:
        """The one currency a report is wanted in: `--in`."""
        text = self.given.get("in")
        return parse_currency(text) if text else None

    @cached_property
    def actor(self) -> str:
        named = self.given.get("actor") or self.environ.get("LTC_ACTOR")
        named = named or self.environ.get("LOGNAME") or self.environ.get("USER") or f"uid {os.getuid()}"
        return clean_name(named, "actor")

    @cached_property
    def key(self) -> str | None:
        """The idempotency key of this request."""
        named = self.given.get("key")
        return None if named is None else clean_name(named, "key", limit=KEY_LIMIT)

    @property
    def style(self) -> Literal["table", "json", "csv"]:
        if self.given.get("json"):
            return "json"
        return "csv" if self.given.get("csv") else "table"

    @property
    def quiet(self) -> bool:
        return bool(self.given.get("quiet"))

    def check(self) -> None:
        """Raise UsageError where the common options contradict each other."""
        if self.given.get("json") and self.given.get("csv"):
            raise UsageError("--json and --csv exclude each other")

    def day(self, text: str | None) -> date:
        """The day of a fact: as typed, never after the business date; by default that date."""
        return self.today if text is None else parse_past_date(text, self.today)

    # Running

    def read(self, look: Callable[[Store], Report]) -> None:
        """Show what a report finds in one snapshot of the file."""
        self.show(self.look(look))

    def look(self, find: Callable[[Store], Found]) -> Found:
        """What is found in one snapshot of the file."""
        with self._opened(files.open_existing) as store, store.reading():
            return find(store)

    def write(self, decide: Callable[[Store], Report], *, creates: bool = False) -> None:
        """Let one decision happen as a whole, journal it, and only then print the answer."""
        with self._opened(self._opener(creates=creates)) as store:
            keep = not self.given.get("dry_run")
            with store.writing(lambda: self.recorded_at, keep=keep):
                report = self._answer_again(store) or self._answer(store, decide)
            self.is_kept = keep and bool(store.counts)
        if not keep:
            report.notices.append(DRY_RUN)
        self.show(report)

    def write_and_follow(
        self, decide: Callable[[Store], Report], follow: Callable[[Store, Decisions, Report], Report]
    ) -> None:
        """As `write`; and once that is kept, do what must not hold the lock, with decisions of its own.

        What follows is given the answer of the decision, and its own is shown.

        A `--key` is remembered with the first step, so that a run which is killed later never does it twice.
        """
        if self.given.get("dry_run"):
            return self.write(decide)
        with self._opened(files.open_existing) as store:
            with store.writing(lambda: self.recorded_at):
                again = self._answer_again(store)
                report = again or self._answer(store, decide)
            self.is_kept = bool(store.counts)
            if not again:
                report = follow(store, lambda: self._decision(store), report)
                self._remember_later(store, report)
        self.show(report)
        return None

    def expect_file(self) -> None:
        """Raise what opening the file would, before anything else is asked for."""
        with self._opened(files.open_existing):
            pass

    def refuse_sending(self) -> None:
        """Raise UsageError where what is done may be taken back: what has left cannot be."""

    def write_in_decisions(self, work: Callable[[Store, Decisions], Report]) -> None:
        """Let a piece of work decide by itself when it writes, without the lock in between."""
        with self._opened(files.open_existing) as store:
            report = work(store, lambda: self._decision(store))
        self.show(report)

    @contextmanager
    def _decision(self, store: Store) -> Iterator[None]:
        with store.writing(lambda: self.recorded_at):
            yield
            if store.counts:
                self._journal(store, None)
        self.is_kept = self.is_kept or bool(store.counts)

    def _remember_later(self, store: Store, report: Report) -> None:
        if self.key:
            with store.writing(lambda: self.recorded_at):
                store.remember(self.key, self._request_sha256, to_text(report), report.exit_code)

    def write_in_parts(self, work: Callable[[Store], Iterator[Part]], *, creates: bool = False) -> None:
        """Let a long piece of work happen part by part, each committed and journalled as a whole.

        Others may write between the parts. A dry run is the work itself, with nothing kept and no lock held.
        """
        if self.given.get("dry_run"):
            return self._try_parts(work)
        with self._opened(self._opener(creates=creates)) as store:
            parts, part = work(store), Part(None)
            while part.answer is None:
                with store.writing(lambda: self.recorded_at):
                    report = self._answer_again(store)
                    part = Part(report) if report else self._do_part(store, parts)
                self.is_kept = self.is_kept or bool(store.counts)
        self.show(part.answer)
        return None

    def _do_part(self, store: Store, parts: Iterator[Part]) -> Part:
        part = next(parts)
        if store.counts:
            self._journal(store, part.answer.rows if part.answer else None)
        if self.key and part.answer:
            store.remember(self.key, self._request_sha256, to_text(part.answer), part.answer.exit_code)
        return part

    def _try_parts(self, work: Callable[[Store], Iterator[Part]]) -> None:
        def try_all(store: Store) -> Report:
            answer = next(part.answer for part in work(store) if part.answer)
            answer.notices.append(DRY_RUN)
            return answer

        self.try_on_a_copy(try_all)

    def try_on_a_copy(self, work: Callable[[Store], Report]) -> None:
        """Show what the work answers that may write as it likes, in one transaction on a copy which nobody sees."""
        with (
            self._opened(lambda path: files.open_copy(path, self.recorded_at)) as store,
            store.trying(self.recorded_at),
        ):
            report = work(store)
        self.show(report)

    def show(self, report: Report) -> None:
        """Print the answer; its exit code becomes the command's."""
        has_moments = any(column.kind == "moment" for column in report.columns)
        timezone = self.settings.timezone if has_moments else ""
        show(report, style=self.style, out=self.out, err=self.err, quiet=self.quiet, timezone=timezone)
        self.exit_code = report.exit_code
        for trouble in self.call_hooks(report):
            say(self.err, trouble, quiet=self.quiet)

    def call_hooks(self, report: Report) -> list[str]:
        """Tell the user's programs what was kept; what goes wrong with them changes nothing, and is answered."""
        folder = self.settings.hooks.folder if self.is_kept else None
        if folder is None:
            return []
        from ltc_cli.output.as_json import answer

        event = {
            "verb": self.verb,
            "actor": self.actor,
            "business_on": self.today.isoformat(),
            "recorded_at": self.recorded_at,
            "exit_code": report.exit_code,
            "answer": answer(report),
        }
        surroundings = {"LTC_DB": str(self.path.absolute()), "LTC_CONFIG": str(self.config_path)}
        return self.hooks.call(folder, self.verb, json.dumps(event) + "\n", surroundings)

    @cached_property
    def hooks(self) -> Caller:
        from ltc_cli.hooks import Caller

        return Caller(self.environ)

    @property
    def recorded_at(self) -> str:
        return self.clock().strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def _opener(self, *, creates: bool) -> Callable[[Path], Store]:
        if not creates:
            return files.open_existing
        opener = files.open_scratch if self.given.get("dry_run") else files.open_or_create
        return lambda path: opener(path, self.recorded_at)

    @contextmanager
    def _opened(self, opener: Callable[[Path], Store]) -> Iterator[Store]:
        try:
            with self._store(opener) as store:
                yield store
        except sqlite3.Error as error:
            raise files.translate(error, self.path) from error
        except (LtcError, OSError):
            raise
        except Exception as error:
            if files.is_damaged(self.path):
                raise files.damaged(self.path) from error
            raise

    @contextmanager
    def _store(self, opener: Callable[[Path], Store]) -> Iterator[Store]:
        """The file, open for this command alone."""
        with closing(opener(self.path)) as store:
            yield store

    # The same request again

    def _answer(self, store: Store, decide: Callable[[Store], Report]) -> Report:
        report = decide(store)
        if store.counts:
            self._journal(store, report.rows)
        if self.key:
            store.remember(self.key, self._request_sha256, to_text(report), report.exit_code)
        return report

    def _journal(self, store: Store, answer: Any) -> None:
        store.journal(
            verb=self.verb,
            actor=self.actor,
            business_on=self.today.isoformat(),
            arguments=self._request,
            answer=answer,
        )

    def _answer_again(self, store: Store) -> Report | None:
        """The first answer to this `--key`; ConflictError when it was given for another request."""
        remembered = store.remembered(self.key) if self.key else None
        if remembered is None:
            return None
        if remembered.request_sha256 != self._request_sha256:
            raise ConflictError(
                f"the key {self.key} was used for another request", "every request needs a key of its own"
            )
        return from_text(remembered.answer)

    @property
    def _request(self) -> dict[str, Any]:
        given = {name: value for name, value in self.arguments.items() if value not in (None, False, [], ())}
        return {name: self._normal(name, value) for name, value in given.items()}

    def _normal(self, name: str, value: Any) -> Any:
        """An argument as it counts for `--key`: trimmed, references in capitals, amounts read, files by content."""
        if isinstance(value, list | tuple):
            return [self._normal(name, each) for each in value]
        if isinstance(value, Path):
            return files.sha256(read_file(value))
        if not isinstance(value, str):
            return value
        text = value.strip()
        if name in REFERENCES:
            return text.upper()
        return _amount(text) if name == "amount" else text

    @property
    def _request_sha256(self) -> str:
        return files.sha256(files.canonical_json([self.verb, self._request]))


def _amount(text: str) -> Any:
    """`30` and `30.00` are one amount, `EUR 30` another; what cannot be read stays as typed.

    Where no currency is named it is read in one with four decimals, the most there are.
    """
    try:
        return parse_money(text, None, "CLF")
    except UsageError:
        return text


def read_file(path: Path) -> bytes:
    """The bytes of a file the user named. Raises NotFoundError when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotFoundError(f"cannot read {path}: {error.strerror}") from error
