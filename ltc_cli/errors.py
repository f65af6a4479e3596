"""What can go wrong, each with the exit code and the word that scripts rely on.

LtcError
├── UsageError        2  usage      the command line or a value on it is wrong
├── NotFoundError     3  not_found  no such record or file
├── RefusedError      4  refused    a business rule says no
├── ConflictError     5  conflict   duplicate, locked, key used for something else, several candidates
│   └── UnderWayError 5  conflict   another run of the same kind is under way
├── ConfigError       6  config     config.yaml is wrong
│   └── UnwrittenError 6 config     a template is right, and cannot be filled in for this one
├── DataError         7  data       the file is not sound, not ours, or newer than this ltc
└── FailedError       1  failed     the disk, the terminal or a pipe failed

Exit code 8 (partly done) is an answer, not an error: see `report.Report.exit_code`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ParamSpec, TypeVar

    P = ParamSpec("P")
    T = TypeVar("T")


class LtcError(Exception):
    """One line in the user's words, and a hint that names the next command."""

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "failed"

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def told(self) -> dict[str, str | None]:
        """What a script is told."""
        return {"code": self.code, "message": self.message, "hint": self.hint}


class UsageError(LtcError):
    exit_code, code = 2, "usage"


class NotFoundError(LtcError):
    exit_code, code = 3, "not_found"


class RefusedError(LtcError):
    exit_code, code = 4, "refused"


class ConflictError(LtcError):
    exit_code, code = 5, "conflict"


class UnderWayError(ConflictError):
    """Another run of the same kind is under way."""


class ConfigError(LtcError):
    exit_code, code = 6, "config"


class UnwrittenError(ConfigError):
    """A template is right as far as anybody can tell, and cannot be filled in for this one: others are written to."""


class DataError(LtcError):
    exit_code, code = 7, "data"


class FailedError(LtcError):
    exit_code, code = 1, "failed"


class Problems:
    """Collects every problem of one input, so that the user sees all of them at once.

    >>> with Problems() as check:
    ...     amount = check(parse_amount, text, "EUR")
    ...     day = check(parse_date, text, today)
    """

    def __init__(self) -> None:
        self.found: list[LtcError] = []

    def __enter__(self) -> Problems:
        return self

    def __call__(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the function returns; a problem is kept and raised when the block ends."""
        try:
            return function(*args, **kwargs)
        except LtcError as problem:
            self.found.append(problem)
            return None  # type: ignore[return-value]  # the block ends in an error before anyone reads it

    def __exit__(self, kind: type[BaseException] | None, *_rest: Any) -> None:
        if kind is not None or not self.found:
            return
        first = self.found[0]
        raise type(first)("; ".join(problem.message for problem in self.found), first.hint)
