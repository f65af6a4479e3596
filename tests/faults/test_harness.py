"""The judge of all the other tests sees what it is there to see."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.faults.harness import (
    Answer,
    Log,
    Request,
    Sale,
    ask,
    begin_company,
    look,
    put,
    unclear,
    unexplained,
    unsound,
    verdict_of_check,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def db(tmp_path: Path) -> Path:
    begin_company(tmp_path / "ltc.db")
    return tmp_path / "ltc.db"


def tamper(db: Path, statement: str) -> None:
    """Change a file behind the back of its triggers."""
    with look(db) as file:
        file.execute("BEGIN")
        triggers = [name for (name,) in file.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'")]
        for name in triggers:
            file.execute(f"DROP TRIGGER {name}")
        file.execute(statement)
        file.execute("COMMIT")


def sell(db: Path) -> Log:
    """One whole sale, everything acknowledged or rightly refused."""
    log, sale = Log(), Sale("sale", random.Random(5))
    while not sale.is_over:
        request = sale.next_request()
        entry = log.add(request, ask(request.command, db))
        if entry.verdict == "acknowledged" and entry.answer.rows:
            sale.went_through(request, entry.answer.rows[0]["ref"])
    return log


def test_an_honest_file_is_sound_and_explained(db: Path) -> None:
    log = sell(db)
    assert (log.failures(), unexplained(db, log), unsound(db), verdict_of_check(db)) == ([], [], [], [])


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE journal SET actor = 'eve' WHERE id = 3", "entry 3 breaks the chain"),
        ("DELETE FROM journal WHERE id = 3", "entry 3 is missing"),
        ("UPDATE journal_detail SET body = '{}' WHERE journal_id = 2", "detail of entry 2"),
        ("UPDATE series SET next_seq = next_seq + 1", "drew 3 but has 2"),
        ("UPDATE invoice SET seq = 7 WHERE seq = 2", "drew 2 but has 2, 1 to 7"),
        ("UPDATE receivable SET amount_minor = amount_minor + 1 WHERE id = 1", "the instalments of invoice"),
        ("UPDATE invoice_line SET net_minor = net_minor - 1 WHERE id = 1", "the lines of invoice"),
        ("UPDATE settlement SET amount_minor = 90000000", "the settlements of receivable 1"),
        ("UPDATE payment SET amount_minor = 1", "the settlements of payment 1"),
        ("UPDATE shipment_line SET quantity_micro = 2000000", "what was shipped of line 1"),
        ("UPDATE contract SET net_minor = 1", "what was billed of contract 1"),
        ("UPDATE document SET body = x'00'", "is not the hash of its bytes"),
        ("UPDATE touch SET lead_id = 99", "points to nothing"),
    ],
)
def test_a_file_tampered_with_is_unsound(db: Path, statement: str, problem: str) -> None:
    tamper(db, statement)
    assert any(problem in found for found in unsound(db)), unsound(db)


DOUBLE_THE_TOUCH = """
    INSERT INTO touch (lead_id, kind, note, touched_on, recorded_at)
    SELECT lead_id, kind, note, touched_on, recorded_at FROM touch WHERE note LIKE 'sale.%'
    """


@pytest.fixture(scope="module")
def sold(tmp_path_factory: pytest.TempPathFactory) -> tuple[Log, bytes]:
    """One whole sale, and the file it left."""
    db = tmp_path_factory.mktemp("sold") / "ltc.db"
    begin_company(db)
    return sell(db), db.read_bytes()


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("DELETE FROM payment WHERE reference LIKE 'sale.%'", "was acknowledged and has 0 effects"),
        (DOUBLE_THE_TOUCH, "was acknowledged and has 2 effects"),
        ("UPDATE shipment SET tracking = 'sale.999' WHERE tracking LIKE 'sale.%'", "sale.999 was never asked for"),
        ("DELETE FROM journal WHERE verb = 'promote'", "is not in the journal"),
        ("UPDATE journal SET actor = 'sale.999' WHERE verb = 'sign' AND id > 5", "1 journal entries for 0 effects"),
    ],
)
def test_a_file_that_does_not_follow_from_the_log_is_unexplained(
    sold: tuple[Log, bytes], tmp_path: Path, statement: str, problem: str
) -> None:
    log, content = sold
    db = tmp_path / "ltc.db"
    put(db, content)
    tamper(db, statement)
    assert any(problem in found for found in unexplained(db, log)), unexplained(db, log)


def entries(*answers: Answer, is_wrong: bool = False) -> Iterator[tuple[Request, Answer]]:
    for answer in answers:
        yield Request("nurture", "x.1", ("L1", "--log", "call", "--note", "x.1"), is_wrong=is_wrong), answer


KILLED = Answer(None, "", "", 0)
HALF_READ = Answer(None, '{"ref": "L1', "", 0)
DONE = Answer(0, '{"ref": "L1"}', "", 0)
OTHERWISE = Answer(0, '{"ref": "L2"}', "", 0)
REFUSED = Answer(4, "", "ltc: error: no\n", 0)


@pytest.mark.parametrize("answer", [KILLED, HALF_READ])
@pytest.mark.parametrize("times", [0, 1])
def test_what_is_unknown_may_have_happened_or_not(db: Path, answer: Answer, times: int) -> None:
    (asked,) = entries(answer)
    if times:
        ask(asked[0].command, db)
    assert unexplained(db, log_of(asked)) == []


@pytest.mark.parametrize(
    ("answers", "times", "problem"),
    [
        ((KILLED,), 2, "has 2 effects"),
        ((DONE,), 0, "acknowledged and has 0 effects"),
        ((REFUSED,), 1, "was refused and has 1 effects"),
        ((KILLED, REFUSED), 0, "was refused: ltc: error: no"),
        ((DONE, OTHERWISE), 1, "the same key was answered differently"),
    ],
)
def test_what_was_answered_binds(db: Path, answers: tuple[Answer, ...], times: int, problem: str) -> None:
    log = log_of(*entries(*answers))
    for _ in range(times):
        ask(log.entries[0].request.command, db)
    assert any(problem in found for found in unexplained(db, log)), unexplained(db, log)


def test_what_was_wrongly_asked_must_leave_nothing_even_when_killed(db: Path) -> None:
    log = log_of(*entries(KILLED, is_wrong=True))
    ask(log.entries[0].request.command, db)
    assert any("was to be refused" in found for found in unexplained(db, log))


def log_of(*told: tuple[Request, Answer]) -> Log:
    log = Log()
    for request, answer in told:
        log.add(request, answer)
    return log


@pytest.mark.parametrize(
    ("exit_code", "err", "is_clear"),
    [
        (0, "", True),
        (0, "next: ltc ship C1\n", True),
        (1, "ltc: error: the disk is full\nhint: make room\n", True),
        (1, '{"error": {"code": "failed", "message": "the disk is full"}}\n', True),
        (1, "", False),
        (1, "ltc: error: one\nltc: error: two\n", False),
        (0, "ltc: error: but done\n", False),
        (1, "Traceback (most recent call last):\n", False),
        (1, "ltc: error: this is a bug in ltc: KeyError: 1\n", False),
    ],
)
def test_one_error_is_one_clear_line(exit_code: int, err: str, is_clear: bool) -> None:  # noqa: FBT001
    assert (unclear(Answer(exit_code, "", err, 0)) == []) is is_clear
