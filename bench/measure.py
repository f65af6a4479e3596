"""CPU time of processes and of work in a forked process, side by side: interleaved rounds, medians, ratios."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Work = Callable[[], object]
Meter = Callable[[], int]
"""Does its work once and answers the CPU time of it, user and system, in nanoseconds."""


class Contender(NamedTuple):
    """One line of a comparison."""

    name: str
    meter: Meter
    reach: float | None = None
    """At most this many times the floor, which is the first contender; None: only shown."""


class Result(NamedTuple):
    name: str
    cpu_ns: float
    ratio: float
    """Median over the rounds of: this contender's time by the floor's in the same round."""
    reach: float | None


def process(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    prepare: Work = lambda: None,
    codes: Sequence[int] = (0,),
) -> Meter:
    """The whole life of a child process, its output thrown away; what `prepare` does before is not counted.

    Raises SystemExit where it ends with another exit code.
    """
    silent = [(os.POSIX_SPAWN_OPEN, descriptor, os.devnull, os.O_RDWR, 0) for descriptor in (0, 1, 2)]

    def run() -> int:
        prepare()
        return _life_of(arguments, environ, silent, codes)

    return run


def peak_memory(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """The most memory that a child process held at once, in bytes."""
    silent = [(os.POSIX_SPAWN_OPEN, descriptor, os.devnull, os.O_RDWR, 0) for descriptor in (0, 1, 2)]
    child = os.posix_spawn(arguments[0], list(arguments), environ, file_actions=silent)
    return os.wait4(child, 0)[2].ru_maxrss * 1024


def process_on_terminal(arguments: Sequence[str], environ: Mapping[str, str]) -> Meter:
    """The same where output goes to a terminal; it must fit into the terminal's buffer, some 4 KB."""

    def run() -> int:
        ours, theirs = os.openpty()
        try:
            return _life_of(arguments, environ, [(os.POSIX_SPAWN_DUP2, theirs, descriptor) for descriptor in (0, 1, 2)])
        finally:
            os.close(theirs)
            os.close(ours)

    return run


def _life_of(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    streams: Sequence[tuple[Any, ...]],
    codes: Sequence[int] = (0,),
) -> int:
    child = os.posix_spawn(arguments[0], list(arguments), environ, file_actions=streams)
    _, status, usage = os.wait4(child, 0)
    if os.waitstatus_to_exitcode(status) not in codes:
        raise SystemExit(f"{' '.join(arguments)} ended with {os.waitstatus_to_exitcode(status)}")
    return round((usage.ru_utime + usage.ru_stime) * 1e9)


def forked(work: Work, prepare: Work = lambda: None) -> Meter:
    """The work in a process of its own, so that no round finds what the one before left in memory.

    What `prepare` does before is not counted. Raises SystemExit where the work fails.
    """

    def run() -> int:
        prepare()
        reading, writing = os.pipe()
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            _measure_and_leave(work, writing)
        os.close(writing)
        with os.fdopen(reading) as told:
            answer = told.read()
        os.waitpid(child, 0)
        if not answer:
            raise SystemExit("the work failed")
        return int(answer)

    return run


def _measure_and_leave(work: Work, writing: int) -> None:
    try:
        before_ns = time.process_time_ns()
        work()
        os.write(writing, str(time.process_time_ns() - before_ns).encode())
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


def compare(contenders: Sequence[Contender], rounds: int) -> list[Result]:
    """Every contender in turn, round after round; the first is the floor. A round before them warms up."""
    _round(contenders)
    taken = [_round(contenders) for _ in range(rounds)]
    return [
        Result(
            contender.name,
            median(times_ns[at] for times_ns in taken),
            median(times_ns[at] / times_ns[0] for times_ns in taken),
            contender.reach,
        )
        for at, contender in enumerate(contenders)
    ]


def _round(contenders: Sequence[Contender]) -> list[int]:
    return [contender.meter() for contender in contenders]


def show(title: str, results: Sequence[Result]) -> None:
    """The comparison as a table on standard output."""
    print(f"\n{title}")
    width = max(len(result.name) for result in results)
    for result in results:
        print(f"  {result.name:<{width}}  {result.cpu_ns / 1e6:>10,.1f} ms  {result.ratio:>7.2f} ×{_verdict(result)}")


def _verdict(result: Result) -> str:
    if result.reach is None:
        return ""
    return f"   {'reached' if result.ratio <= result.reach else 'MISSED'}: ≤ {result.reach:g} ×"
