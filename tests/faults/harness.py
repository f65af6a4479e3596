"""What every fault is tried against: a company's file, the real app in a child, and the judge of what was left.

A run keeps a log of what was asked and what was answered. Whatever happened to the processes, the file must be
explained by it: all that was acknowledged, none of what was refused, any of what is unknown, nothing else.
"""

from __future__ import annotations

import io
import json
import os
import signal
import sqlite3
import tempfile
import time
import traceback
from collections import Counter
from contextlib import chdir, closing
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from unittest.mock import patch

from ltc_cli.app import run
from ltc_cli.session import Session
from ltc_cli.store import FIRST_SHA256, journal_sha256, sha256

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Sequence
    from typing import NoReturn, TextIO

TODAY = "2026-03-02"
MOMENT = datetime(2026, 3, 2, 9, tzinfo=UTC)
HUNG_AFTER_SECONDS = 40
ENVIRONMENT = {"LOGNAME": "tester", "HOME": "/nonexistent", "PATH": os.environ.get("PATH", "")}


class Answer(NamedTuple):
    """What came back from one run of ltc; without an exit code it was killed."""

    exit_code: int | None
    out: str
    err: str
    seconds: float

    @property
    def rows(self) -> list[dict[str, Any]] | None:
        """The complete JSON answer as rows; None when nothing, or only a part of it, was read."""
        try:
            answer = json.loads(self.out)
        except ValueError:
            return None
        return answer if isinstance(answer, list) else [answer]


def no_sabotage() -> None:
    """The app as it is."""


def ask(
    arguments: Sequence[str],
    db: Path,
    *,
    kill_after_seconds: float | None = None,
    sabotage: Callable[[], object] = no_sabotage,
) -> Answer:
    """Run ltc in a fork of this process, which has imported it already; perhaps kill it on its way."""
    company()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        started = time.perf_counter()
        child = os.fork()
        if child == 0:
            _be_ltc(arguments, db, out, err, sabotage)
        if kill_after_seconds is not None:
            time.sleep(kill_after_seconds)
            os.kill(child, signal.SIGKILL)
        _pid, status = os.waitpid(child, 0)
        seconds = time.perf_counter() - started
        return Answer(exit_code_of(status), _read(out), _read(err), seconds)


def _be_ltc(arguments: Sequence[str], db: Path, out: TextIO, err: TextIO, sabotage: Callable[[], object]) -> NoReturn:
    code = 70
    try:
        signal.alarm(HUNG_AFTER_SECONDS)
        os.chdir(db.parent)
        sabotage()
        code = run(on_file(arguments, db), Session(environ=ENVIRONMENT, out=out, err=err))
    except BaseException:
        traceback.print_exc(file=err)
    finally:
        err.flush()
        os._exit(code)


def on_file(arguments: Sequence[str], db: Path) -> list[str]:
    """The command line with the file and the business date, unless it names its own."""
    usual = {"--db": str(db), "--today": TODAY}
    added = [word for option in usual.items() if option[0] not in arguments for word in option]
    return [*arguments, *added]


def exit_code_of(status: int) -> int | None:
    """None for a process that was killed; one that hung dies of SIGALRM and counts as a crash."""
    if os.WIFEXITED(status):
        return os.WEXITSTATUS(status)
    return None if os.WTERMSIG(status) == signal.SIGKILL else -os.WTERMSIG(status)


def _read(stream: TextIO) -> str:
    stream.seek(0)
    return stream.read()


# What is asked


class Request(NamedTuple):
    """One command that writes. Its mark stands in the record it makes and, as the actor, in the journal."""

    verb: str
    mark: str
    arguments: tuple[str, ...]
    key: str | None = None
    is_wrong: bool = False
    """To be refused, so that it must leave nothing."""

    @property
    def command(self) -> list[str]:
        keyed = ["--key", self.key] if self.key else []
        return [*self.verb.split(), *self.arguments, "--actor", self.mark, "--json", *keyed]


STEPS = (
    "lead add",
    "nurture",
    "lead qualify",
    "promote",
    "quote",
    "sign",
    "invoice",
    "ship",
    "invoice",
    "collect",
    "reverse",
    "collect",
    "collect",
)
LETTERS = {"lead add": "L", "promote": "O", "sign": "C", "collect": "P"}
"""The steps whose record the later ones name."""
WRONG_EVERY = 12


class Sale:
    """One sale on its way from lead to cash: knows what a user would type next."""

    def __init__(self, name: str, chance: random.Random) -> None:
        self.name = name
        self.chance = chance
        self.step = 0
        self.asked = 0
        self.references: dict[str, str] = {}

    @property
    def is_over(self) -> bool:
        return self.step == len(STEPS)

    def next_request(self) -> Request:
        self.asked += 1
        mark = f"{self.name}.{self.asked}"
        if "sign" in self.references and self.chance.randrange(WRONG_EVERY) == 0:
            return self._wrong_request(mark)
        verb = STEPS[self.step]
        key = f"key {mark}" if self.chance.random() < 0.5 else None
        return Request(verb, mark, self._arguments(verb, mark), key)

    def _arguments(self, verb: str, mark: str) -> tuple[str, ...]:
        lead, opportunity, contract, payment = (self.references.get(step, "") for step in LETTERS)
        amount = f"{self.chance.randint(1, 400)}.{self.chance.randint(10, 99)}"
        return {
            "lead add": (mark, "--company", f"{mark} Ltd", "--email", f"{mark}@{self.name}.example"),
            "nurture": (lead, "--log", "call", "--note", mark),
            "promote": (lead, "--amount", "1200", "--title", mark),
            "lead qualify": (lead, "--note", mark),
            "quote": (opportunity, "--line", f"{mark}:2:600"),
            "sign": (opportunity, "--by", mark, "--terms", "40% sign, 60% ship; net 30"),
            "invoice": (contract,),
            "ship": (contract, "--tracking", mark),
            "collect": (contract, amount, "--reference", mark),
            "reverse": (payment, "--reason", mark),
        }[verb]

    def _wrong_request(self, mark: str) -> Request:
        contract, lead = self.references["sign"], self.references["lead add"]
        wrongs = (
            ("collect", (contract, "5", "--currency", "JPY", "--reference", mark)),  # no rate to settle euros with
            ("collect", (contract, "1,200", "--reference", mark)),  # thousands or decimals?
            ("nurture", (lead, "--log", "telepathy", "--note", mark)),
            ("promote", (f"{lead}999999", "--title", mark)),
        )
        verb, arguments = self.chance.choice(wrongs)
        return Request(verb, mark, arguments, is_wrong=True)

    def went_through(self, request: Request, reference: str) -> None:
        """The request is known to have had its effect: on to the next step."""
        if request.is_wrong:
            return
        if request.verb in LETTERS:
            self.references[request.verb] = reference
        self.step += 1


FIRST_SALE = (
    ("lead", "add", "Ada", "--company", "Engines Ltd", "--email", "ada@engines.example"),
    ("nurture", "L1", "--log", "call"),
    ("promote", "L1", "--amount", "1000000"),
    ("sign", "O1", "--terms", "40% sign, 40% ship, 20% accept; net 30"),
    ("invoice", "C1"),
    ("ship", "C1"),
    ("invoice", "C1"),
    ("collect", "C1", "1000"),
)


def begin_company(db: Path) -> None:
    """A small company's file: one customer, L1 to C1, with two invoices that are open."""
    put(db, company())


def put(db: Path, content: bytes) -> None:
    """A file with this content, as ltc wants it: for its owner alone."""
    db.touch(mode=0o600)
    db.write_bytes(content)


@cache
def company() -> bytes:
    """The bytes of that file, made by the app in this process: so all that it imports is there for the children.

    Else each child would import it again, and a kill would hit little else. Its moments and salts are always the same,
    so that the same damage hits the same bytes.
    """
    salt = patch("ltc_cli.store.os.urandom", bytes)
    with tempfile.TemporaryDirectory() as folder, chdir(folder), salt:
        db = Path(folder, "ltc.db")
        for command in FIRST_SALE:
            assert run_here(command, db) == 0, command
        run_here(("nurture", "L999", "--log", "call"), db)
        return db.read_bytes()


def run_here(command: Sequence[str], db: Path) -> int:
    """Run ltc in this very process: what it imports stays for the children."""
    session = Session(environ=ENVIRONMENT, out=io.StringIO(), err=io.StringIO(), clock=lambda: MOMENT)
    return run(on_file([*command, "--json"], db), session)


# What was answered

Verdict = Literal["acknowledged", "refused", "unknown"]


class Entry(NamedTuple):
    request: Request
    answer: Answer

    @property
    def verdict(self) -> Verdict:
        if self.answer.exit_code in (0, None) and self.answer.rows is not None:
            return "acknowledged"
        return "unknown" if self.answer.exit_code in (None, 1, 7) else "refused"


class Log:
    """Every request with every answer to it, in order."""

    def __init__(self, entries: Sequence[Entry] = ()) -> None:
        self.entries = list(entries)

    def add(self, request: Request, answer: Answer) -> Entry:
        self.entries.append(Entry(request, answer))
        return self.entries[-1]

    def __len__(self) -> int:
        return len(self.entries)

    def verdicts(self) -> Counter[str]:
        return Counter(entry.verdict for entry in self.entries)

    def failures(self) -> list[str]:
        """What failed although nothing was done to it: neither killed nor wrongly asked."""
        return [
            f"{' '.join(request.command)}: exit {answer.exit_code}: {answer.err.strip()}"
            for request, answer in self.entries
            if not request.is_wrong and answer.exit_code not in (0, None)
        ]

    def by_mark(self) -> dict[str, list[Entry]]:
        found: dict[str, list[Entry]] = {}
        for entry in self.entries:
            found.setdefault(entry.request.mark, []).append(entry)
        return found


# What is in the file

FACTS = {
    "lead add": "SELECT name, id FROM lead",
    "nurture": "SELECT note, lead_id FROM touch",
    "lead qualify": "SELECT note, lead_id FROM lead_event",
    "promote": "SELECT title, id FROM opportunity",
    "quote": "SELECT text, quote_id FROM quote_line",
    "sign": "SELECT signed_by, id FROM contract",
    "ship": "SELECT tracking, id FROM shipment",
    "collect": "SELECT reference, id FROM payment",
    "reverse": "SELECT reason, payment_id FROM payment_reversal",
    # An invoice bears no words of the user's: who asked for it stands in the journal.
    "invoice": """
        SELECT asked.actor, invoice.contract_id FROM invoice LEFT JOIN (
            SELECT journal.actor, record.value AS number
            FROM journal JOIN journal_detail ON journal_id = journal.id, json_each(body, '$.records') AS record
            WHERE verb = 'invoice'
        ) AS asked USING (number)
        """,
}


def look(db: Path) -> closing[sqlite3.Connection]:
    """The file as SQLite alone sees it; rolls back what a killed writer left half done, as ltc would."""
    return closing(sqlite3.connect(db, isolation_level=None))


def reference_of(db: Path, request: Request) -> str | None:
    """What the request made, looked up as a user would who saw no answer; None when it had no effect."""
    with look(db) as file:
        for mark, record_id in file.execute(FACTS[request.verb]):
            if mark == request.mark:
                return f"{LETTERS.get(request.verb, '')}{record_id}"
    return None


def unexplained(db: Path, log: Log) -> list[str]:
    """Every way in which the file does not follow from what was asked and answered."""
    with look(db) as file:
        facts = {verb: Counter(mark for mark, _id in file.execute(sql)) for verb, sql in FACTS.items()}
        entries = _journal_entries(file)
    asked = log.by_mark()
    problems = [
        problem for mark, told in asked.items() for problem in _of_request(told, facts[told[0].request.verb][mark])
    ]
    problems += [
        f"{verb}: {mark} was never asked for"
        for verb, marks in facts.items()
        for mark in marks
        if _is_strange(mark, asked)
    ]
    return problems + list(_of_journal(entries, asked, facts))


def _is_strange(mark: str | None, asked: dict[str, list[Entry]]) -> bool:
    """Of a sale, as its dot tells, but in no log; what `begin_company` made bears no mark."""
    return mark is not None and "." in mark and mark not in asked


def _of_request(told: list[Entry], effects: int) -> Iterator[str]:
    request, verdicts = told[0].request, {entry.verdict for entry in told}
    name = f"{request.verb} {request.mark}"
    if request.is_wrong and effects:
        yield f"{name}: was to be refused and has {effects} effects"
    if "acknowledged" in verdicts and effects != 1:
        yield f"{name}: was acknowledged and has {effects} effects"
    if verdicts == {"refused"} and effects:
        yield f"{name}: was refused and has {effects} effects"
    if effects > 1 and "acknowledged" not in verdicts:
        yield f"{name}: has {effects} effects"
    if "refused" in verdicts and not request.is_wrong:
        yield f"{name}: was refused: {told[-1].answer.err.strip()}"
    if len({entry.answer.out for entry in told if entry.verdict == "acknowledged"}) > 1:
        yield f"{name}: the same key was answered differently"


def _journal_entries(file: sqlite3.Connection) -> Counter[tuple[str, str]]:
    return Counter(file.execute("SELECT verb, actor FROM journal").fetchall())


def _of_journal(
    entries: Counter[tuple[str, str]], asked: dict[str, list[Entry]], facts: dict[str, Counter[Any]]
) -> Iterator[str]:
    """One entry for each request that had an effect, none for any other."""
    for (verb, mark), times in entries.items():
        if _is_strange(mark, asked) or (mark in asked and facts[verb][mark] != times):
            yield f"{verb} {mark}: {times} journal entries for {facts[verb][mark]} effects"
    for verb, marks in facts.items():
        for mark in marks.keys() & asked.keys():
            if not entries[verb, mark]:
                yield f"{verb} {mark}: is not in the journal"


# Whether the file is sound


def unsound(db: Path) -> list[str]:
    """Every way in which the file contradicts itself, judged without a line of ltc but its hash."""
    with look(db) as file:
        pages = [text for (text,) in file.execute("PRAGMA integrity_check") if text != "ok"]
        if pages:
            return [f"integrity: {text}" for text in pages]
        orphans = [f"{row[0]}: row {row[1]} points to nothing" for row in file.execute("PRAGMA foreign_key_check")]
        return [*orphans, *_broken_chain(file), *_gaps(file), *_wrong_sums(file), *_wrong_documents(file)]


def _broken_chain(file: sqlite3.Connection) -> Iterator[str]:
    previous, expected = FIRST_SHA256, 0
    entries = file.execute(
        "SELECT id, recorded_at, business_on, actor, verb, counts, batch_id, detail_sha256, previous_sha256, sha256,"
        " salt || body FROM journal LEFT JOIN journal_detail ON journal_id = id ORDER BY id"
    )
    for *entry, found, detail in entries:
        expected += 1
        if entry[0] != expected:
            yield f"journal: entry {expected} is missing"
            expected = entry[0]
        if entry[8] != previous or journal_sha256(entry) != found:
            yield f"journal: entry {entry[0]} breaks the chain"
        if detail is None or sha256(detail) != entry[7]:
            yield f"journal: the detail of entry {entry[0]} is not what was hashed"
        previous = found


def _gaps(file: sqlite3.Connection) -> Iterator[str]:
    series = file.execute(
        "SELECT series.pattern, next_seq - 1, count(seq), min(seq), max(seq)"
        " FROM series LEFT JOIN invoice ON series_id = series.id WHERE series.kind = 'invoice' GROUP BY series.id"
    )
    for pattern, drawn, count, first, last in series:
        if (drawn, drawn, 1) != (count, last, first):
            yield f"numbers: {pattern} drew {drawn} but has {count}, {first} to {last}"


WRONG_SUMS = {
    "the instalments of invoice": """
        SELECT invoice.number FROM invoice LEFT JOIN receivable ON invoice_id = invoice.id AND kind = 'invoice'
        GROUP BY invoice.id HAVING coalesce(sum(amount_minor), 0) <> total_minor
        """,
    "the lines of invoice": """
        SELECT invoice.number FROM invoice LEFT JOIN invoice_line ON invoice_id = invoice.id
        GROUP BY invoice.id HAVING coalesce(sum(invoice_line.net_minor), 0) <> invoice.net_minor
        """,
    "the settlements of receivable": """
        SELECT receivable.id FROM receivable JOIN settlement ON receivable_id = receivable.id
        GROUP BY receivable.id HAVING sum(settlement.amount_minor) NOT BETWEEN 0 AND receivable.amount_minor
        """,
    "the settlements of payment": """
        SELECT payment.id FROM payment JOIN settlement ON payment_id = payment.id
        GROUP BY payment.id HAVING sum(settlement.amount_minor) > payment.amount_minor
        """,
    "what was shipped of line": """
        SELECT contract_line.id FROM contract_line JOIN shipment_line ON contract_line_id = contract_line.id
        GROUP BY contract_line.id
        HAVING sum(shipment_line.quantity_micro) NOT BETWEEN 0 AND contract_line.quantity_micro
        """,
    "what was billed of contract": """
        SELECT contract.id FROM contract JOIN invoice ON contract_id = contract.id
        GROUP BY contract.id HAVING sum(invoice.total_minor) > contract.net_minor + contract.tax_minor
        """,
}


def _wrong_sums(file: sqlite3.Connection) -> Iterator[str]:
    for name, sql in WRONG_SUMS.items():
        for (record,) in file.execute(sql):
            yield f"sums: {name} {record} do not fit"


def _wrong_documents(file: sqlite3.Connection) -> Iterator[str]:
    for digest, body in file.execute("SELECT sha256, body FROM document"):
        if sha256(body) != digest:
            yield f"document: {digest} is not the hash of its bytes"


def verdict_of_check(db: Path) -> list[str]:
    """What `ltc check` itself has to say against the file."""
    answer = ask(["check"], db)
    return [] if answer.exit_code == 0 else [f"ltc check: exit {answer.exit_code}: {answer.out}{answer.err}"]


# Whether an answer is one clear line


def unclear(answer: Answer) -> list[str]:
    """Why the user of this answer would be left puzzled."""
    if "Traceback" in answer.err or "bug in ltc" in answer.err:
        return [f"exit {answer.exit_code}: {answer.err.strip()}"]
    said = _error_messages(answer.err)
    expected = 0 if answer.exit_code == 0 else 1
    return [] if len(said) == expected else [f"exit {answer.exit_code} with {len(said)} messages: {answer.err!r}"]


def _error_messages(err: str) -> list[str]:
    """The messages of errors on stderr, as JSON or as text; hints and notices are none."""
    lines = err.splitlines()
    return [line for line in lines if line.startswith(('{"error": {', "ltc: error: "))]
