"""Damaged files: bytes flipped, pages cut, zeroed, swapped or overwritten by a disk that went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tests.faults.harness import Answer, ask, company, put, unclear

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from pathlib import Path

PAGE_BYTES = 4096
HEADER_BYTES = 100


def flip_a_bit(content: bytearray, chance: random.Random) -> None:
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)


def flip_in_the_header(content: bytearray, chance: random.Random) -> None:
    content[chance.randrange(HEADER_BYTES)] ^= 1 << chance.randrange(8)


def flip_many(content: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randrange(2, 2000)):
        flip_a_bit(content, chance)


def cut(content: bytearray, chance: random.Random) -> None:
    del content[chance.randrange(1, len(content)) :]


def cut_a_page(content: bytearray, chance: random.Random) -> None:
    del content[_page(content, chance)]


def zero_a_page(content: bytearray, chance: random.Random) -> None:
    content[_page(content, chance)] = bytes(PAGE_BYTES)


def overwrite_a_page(content: bytearray, chance: random.Random) -> None:
    content[_page(content, chance)] = chance.randbytes(PAGE_BYTES)


def swap_pages(content: bytearray, chance: random.Random) -> None:
    one, other = _page(content, chance), _page(content, chance)
    content[one], content[other] = content[other], content[one]


def _page(content: bytearray, chance: random.Random) -> slice:
    first = chance.randrange(len(content) // PAGE_BYTES) * PAGE_BYTES
    return slice(first, first + PAGE_BYTES)


WAYS = (
    flip_a_bit,
    flip_in_the_header,
    flip_many,
    cut,
    cut_a_page,
    zero_a_page,
    overwrite_a_page,
    swap_pages,
)
CHECK = ("check",)
READING = (("aging",), ("list", "leads"), ("show", "C1"), ("funnel",), ("log",), ("today",))
WRITING = (("collect", "C1", "1"), ("lead", "add", "Bea"), ("invoice", "--due"))
SOUND, FAILED, NOT_FOUND, REFUSED, UNSOUND = 0, 1, 3, 4, 7
"""Not found and refused: a damaged reference or date that SQLite cannot tell from a sound one."""


class Damage(NamedTuple):
    way: str
    problems: list[str]
    """Every command that puzzled its user, or wrote although it only reads."""
    was_noticed: bool
    """By at least one command."""


def damage(db: Path, way: Callable[[bytearray, random.Random], None], chance: random.Random) -> Damage:
    """Damage a company's file this way, then check it, look at it twice and write to it."""
    content = bytearray(company())
    way(content, chance)
    commands = (CHECK, *chance.sample(READING, 2), chance.choice(WRITING))
    answers = [_ask_damaged(command, db, bytes(content)) for command in commands]
    problems = [
        f"{way.__name__}: {' '.join(command)}: {problem}"
        for command, answer in zip(commands, answers, strict=True)
        for problem in answer.problems
    ]
    return Damage(way.__name__, problems, any(answer.exit_code == UNSOUND for answer in answers))


class Looked(NamedTuple):
    exit_code: int | None
    problems: list[str]


def _ask_damaged(command: tuple[str, ...], db: Path, content: bytes) -> Looked:
    put(db, content)
    db.with_name(f"{db.name}-journal").unlink(missing_ok=True)
    answer = ask(command, db)
    problems = _of(command, answer)
    if command not in WRITING and db.read_bytes() != content:
        problems.append("changed the file")
    return Looked(answer.exit_code, problems)


def _of(command: tuple[str, ...], answer: Answer) -> list[str]:
    if answer.exit_code not in (SOUND, FAILED, NOT_FOUND, REFUSED, UNSOUND):
        return [f"exit {answer.exit_code}: {answer.err.strip()}"]
    has_found = command == CHECK and answer.exit_code == UNSOUND and answer.out
    return [] if has_found else unclear(answer)
