"""Concurrent writers: processes that sell, each its own sales and all to one customer, on one file."""

from __future__ import annotations

import io
import json
import os
import random
import signal
import time
from contextlib import chdir
from typing import TYPE_CHECKING, NamedTuple

from ltc_cli.app import run
from ltc_cli.session import Session
from tests.faults.harness import ENVIRONMENT, Answer, Log, Request, Sale, company, no_sabotage, on_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import NoReturn, TextIO

SHARED_EVERY = 4
"""One request in so many goes to the customer that all writers share."""
READ_EVERY = 6
READS = (("aging",), ("list", "invoices", "--limit", "20"), ("show", "C1"), ("log", "L1"), ("funnel",))
HUNG_AFTER_SECONDS = 3600


class Together(NamedTuple):
    """What all writers asked and were answered, and what readers among them were."""

    log: Log
    reads: int
    problems: list[str]
    """Reports that failed, and writers that died."""
    longest_seconds: float

    def __str__(self) -> str:
        return f"{len(self.log)} writes, {self.reads} reads; the longest took {self.longest_seconds:.2f} s"


def write_together(
    db: Path, *, writers: int, requests: int, seed: str, sabotage: Callable[[], object] = no_sabotage
) -> Together:
    """Let the writers loose at the same moment, each in a process with so many requests of its own."""
    company()
    gate, gate_end = os.pipe()
    told = [db.with_name(f"writer{number}.jsonl") for number in range(writers)]
    children = []
    for number, path in enumerate(told):
        child = os.fork()
        if child == 0:
            os.close(gate_end)
            os.read(gate, 1)
            _be_a_writer(db, path, f"w{number}", requests, random.Random(f"{seed} {number}"), sabotage)
        children.append(child)
    os.close(gate)
    os.close(gate_end)
    statuses = [os.waitpid(child, 0)[1] for child in children]
    return _together(told, [f"writer {number} died: {status}" for number, status in enumerate(statuses) if status])


def _be_a_writer(
    db: Path, told: Path, name: str, requests: int, chance: random.Random, sabotage: Callable[[], object]
) -> NoReturn:
    code = 1
    try:
        signal.alarm(HUNG_AFTER_SECONDS)
        sabotage()
        with told.open("w") as book, chdir(db.parent):
            _sell(db, book, name, requests, chance)
        code = 0
    finally:
        os._exit(code)


def _sell(db: Path, book: TextIO, name: str, requests: int, chance: random.Random) -> None:
    sale = Sale(f"{name}s0", chance)
    for number in range(requests):
        if sale.is_over:
            sale = Sale(f"{name}s{number}", chance)
        if chance.randrange(READ_EVERY) == 0:
            _write_down(book, None, _run(chance.choice(READS), db))
        is_shared = chance.randrange(SHARED_EVERY) == 0
        request = _shared_request(f"{name}.{number}", chance) if is_shared else sale.next_request()
        answer = _run(request.command, db)
        _write_down(book, request, answer)
        if not is_shared and answer.exit_code == 0 and answer.rows:
            sale.went_through(request, answer.rows[0]["ref"])


def _shared_request(mark: str, chance: random.Random) -> Request:
    """Something about L1 or K1, which everybody writes about."""
    if chance.random() < 0.5:
        return Request("nurture", mark, ("L1", "--log", "email", "--note", mark))
    return Request("collect", mark, ("K1", "0.01", "--reference", mark), key=f"key {mark}")


def _run(arguments: tuple[str, ...] | list[str], db: Path) -> Answer:
    out, err = io.StringIO(), io.StringIO()
    started = time.perf_counter()
    code = run(on_file(arguments, db), Session(environ=ENVIRONMENT, out=out, err=err))
    return Answer(code, out.getvalue(), err.getvalue(), time.perf_counter() - started)


def _write_down(book: TextIO, request: Request | None, answer: Answer) -> None:
    book.write(json.dumps([request, answer]) + "\n")


def _read_up(paths: list[Path]) -> Iterator[tuple[Request | None, Answer]]:
    for path in paths:
        for line in path.read_text().splitlines():
            request, answer = json.loads(line)
            yield request and Request(request[0], request[1], tuple(request[2]), *request[3:]), Answer(*answer)


def _together(told: list[Path], died: list[str]) -> Together:
    log, reads, problems, longest = Log(), 0, died, 0.0
    for request, answer in _read_up(told):
        longest = max(longest, answer.seconds)
        if request is not None:
            log.add(request, answer)
        else:
            reads += 1
            problems += [] if answer.exit_code == 0 else [f"a report: exit {answer.exit_code}: {answer.err}"]
    return Together(log, reads, problems, longest)
