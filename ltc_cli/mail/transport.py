"""What a way out for mail offers, and what can happen on it: one kind of trouble for each conclusion.

A mail leaves in two steps. `offer` hands over all of it but the end; only `finish` gives it away. So the sender can
commit in between that it is about to, and knows afterwards whether the other side may have it. Both yield wherever they
have said something and would wait for the answer, so that several transports can wait together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    Steps = Generator[None, None, str]
    """What happens up to each wait; in the end, what the other side said."""

SAID_MOST = 300
"""Characters that are kept of what a server said."""


class Envelope(NamedTuple):
    """One message for one recipient."""

    name: str
    """Of its file, where it becomes one: `M1.eml`; of a letter on paper `N1.txt`."""
    sender: str
    recipient: str
    message: bytes
    """As it is sent: ASCII, lines end in CRLF. Of a letter the page, UTF-8."""


class TroubleError(Exception):
    """Why a mail is not known to be sent: what the server said, or what happened on the way."""

    def __init__(self, said: str, *, is_silence: bool = False) -> None:
        super().__init__(said)
        self.said = said
        self.is_silence = is_silence
        """Whether nothing was said for as long as one waits."""


class NotTakenError(TroubleError):
    """The mail is certainly not accepted."""

    def __init__(
        self, said: str, *, for_good: bool = False, has_bounced: bool = False, is_silence: bool = False
    ) -> None:
        super().__init__(said, is_silence=is_silence)
        self.for_good = for_good
        """Whether asking again would be answered in the same way."""
        self.has_bounced = has_bounced
        """Whether that is because of the recipient's address: no other mail would reach it either."""


class TakenError(TroubleError):
    """Something else has the name that the mail would get: nothing about its recipient, and it waits."""


class UnreachableError(TroubleError):
    """There is no server to talk to, or it takes nobody's mail: nothing about this one, and the same for the next."""


class UnservedError(UnreachableError):
    """The server relays nobody's mail, or means this recipient alone: the next mail on the same way tells."""


class DoubtfulError(TroubleError):
    """The whole mail was handed over and nobody said whether it is accepted."""


class Transport(Protocol):
    def offer(self, mail: Envelope) -> Steps:
        """Hand over all but the end. Raises NotTakenError, TakenError or UnreachableError."""

    def finish(self) -> Steps:
        """The end. Raises NotTakenError, TakenError, UnreachableError or DoubtfulError."""

    def abandon(self) -> None:
        """Take back what was offered: it never ends."""

    def close(self) -> None:
        """Say good-bye; trouble with that is nobody's."""


class Way(NamedTuple):
    """A way out, and what goes by it."""

    channels: tuple[str, ...]
    open: Callable[[], Transport]
    """One more transport."""


def together(all_steps: Sequence[Steps]) -> list[str | TroubleError]:
    """Take all of them step by step in turn. Answers what was said to each, or its trouble."""
    ends: dict[int, str | TroubleError] = {}
    while len(ends) < len(all_steps):
        for number, steps in enumerate(all_steps):
            if number not in ends:
                try:
                    next(steps)
                except StopIteration as end:
                    ends[number] = end.value
                except TroubleError as trouble:
                    ends[number] = trouble
    return [ends[number] for number in range(len(all_steps))]


def plain(said: object) -> str:
    """What was said as one short line."""
    if isinstance(said, OSError):
        said = said.strerror or said
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return " ".join(text.split())[:SAID_MOST]
