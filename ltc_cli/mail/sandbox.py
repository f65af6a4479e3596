"""What a template may do, for how long and with how much memory: Jinja2's sandbox, and what that leaves open."""

from __future__ import annotations

import re
import resource
import signal
from contextlib import contextmanager
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import jinja2

WIDEST: Final = 10_000
"""The largest number that a template may give, as a width or a count."""
FILLING: Final = ("batch", "center", "format", "indent", "round", "slice", "truncate", "wordwrap")
"""Filters that write as much as a number says."""
SLOW: Final = ("pprint", "tojson", "urlize")
"""Filters that no mail needs; one call of them on a long text takes minutes, which no clock interrupts."""
WIDE_PERCENT: Final = re.compile(r"%(\([^)]*\))?[-#0 +]*(\d{5}|\d*\.\d{5})")
WIDE_BRACES: Final = re.compile(r"\{[^{}]*:[^{}]*(\d{5}|\{)")
"""Formats that are wider than WIDEST, or told how wide by another value."""
SECONDS: Final = 2
"""Of the processor, for filling in one template; ours take a few thousandths of one."""
BYTES: Final = 256 * 2**20
"""Of memory for that, beyond what there is; ours take a few thousand."""


@contextmanager
def bounds() -> Iterator[None]:
    """Raise TimeoutError where what is within takes too long, by the processor's time: a busy machine is no loop.

    And MemoryError where it takes too much, on systems that can say how much there is (Linux).
    """

    def give_up(_signal: int, _frame: object) -> NoReturn:
        raise TimeoutError

    before, (soft, hard) = signal.signal(signal.SIGVTALRM, give_up), resource.getrlimit(resource.RLIMIT_AS)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    most = _memory_bytes() + BYTES
    if most > BYTES and (soft == resource.RLIM_INFINITY or most < soft):
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _memory_bytes() -> int:
    """What this process has of address space; 0 where nobody says."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def _bounded(fill: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that refuses to fill gigabytes."""

    @wraps(fill)
    def bounded(value: Any, *args: Any, **named: Any) -> Any:
        _refuse_wide(*args, *named.values())
        if fill.__name__ == "do_format":
            _refuse_wide_format(value, WIDE_PERCENT)
        return fill(value, *args, **named)

    return bounded


def _refuse_wide(*values: Any) -> None:
    """Raise SecurityError for a number that would fill gigabytes."""
    from jinja2.exceptions import SecurityError

    for value in values:
        if isinstance(value, int) and abs(value) > WIDEST:
            raise SecurityError(f"{value} is more than {WIDEST:,}")


def _refuse_wide_format(text: object, width: re.Pattern[str]) -> None:
    """Raise SecurityError for a text that says such a number, or leaves it to another one to say."""
    from jinja2.exceptions import SecurityError

    if width.search(str(text)):
        raise SecurityError(f"the format {text!s:.30} is too wide")


@cache
def environment(folder: Path) -> jinja2.Environment:
    """What compiles the templates of a folder, the same each time: undefined names are errors, HTML is escaped."""
    import jinja2
    from jinja2.exceptions import SecurityError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Environment(ImmutableSandboxedEnvironment):
        """Multiplies nothing and makes nothing wide, so that no text of gigabytes is made of two."""

        intercepted_binops = frozenset({"*", "**", "%"})

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            if operator == "%" and not isinstance(left, str):
                return super().call_binop(context, operator, left, right)
            raise SecurityError(f"{operator} is not for templates")

        def call(self, context: Any, called: Any, /, *args: Any, **named: Any) -> Any:
            _refuse_wide(*args, *named.values())
            return super().call(context, called, *args, **named)

        def wrap_str_format(self, value: Any) -> Any:
            found = super().wrap_str_format(value)
            if found:
                _refuse_wide_format(value.__self__, WIDE_BRACES)
            return found

    class Undefined(jinja2.StrictUndefined):
        """An error also within a list, which is written as a programmer reads it."""

        __repr__ = jinja2.StrictUndefined.__str__

    class Loader(jinja2.FileSystemLoader):
        """Reads each file once, so that the checksum is that of the words that are sent."""

        get_source = cache(jinja2.FileSystemLoader.get_source)

    found = Environment(
        loader=Loader(folder),
        undefined=Undefined,
        autoescape=lambda name: bool(name and name.endswith(".html")),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    found.filters.update({name: _bounded(found.filters[name]) for name in FILLING})
    for name in SLOW:
        del found.filters[name]
    del found.globals["lipsum"]
    return found
