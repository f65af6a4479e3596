"""The steps of a day: what `ltc daily` does, and `ltc simulate` foresees."""

from collections.abc import Callable
from typing import Any, NamedTuple

from ltc_cli.commands.post import undelivered
from ltc_cli.mail import outbox, setting
from ltc_cli.session import Session
from ltc_cli.settings import Settings
from ltc_cli.store import Store


class Step(NamedTuple):
    """A command line that does all of its kind that is due, and is idempotent by state."""

    name: str
    command: Callable[[Settings], str]
    foreseen: Callable[[Settings], str] | None = None
    """What `simulate` does instead, where nothing may leave and nobody be asked; None: it takes the mails for sent."""
    shown: Callable[[dict[str, Any]], dict[str, Any]] = lambda _row: {}
    """What of its answer `simulate` shows under other names."""
    off: Callable[[Settings], str | None] = lambda _settings: None
    """Why it is not done under these settings."""
    left: Callable[[Session], list[str]] | None = None
    """What waits after it, or before; else a dry run of its command says that."""


def _always(words: str) -> Callable[[Settings], str]:
    return lambda _settings: words


def _billing(settings: Settings) -> str:
    return "invoice --due --send --no-send" if settings.mail.invoices else "invoice --due"


def _billing_unmailed(settings: Settings) -> str:
    """Raises ConfigError where nothing would be billed either, since it could not be mailed."""
    if settings.mail.invoices:
        setting.sender(settings)
        if not settings.mail.host:
            raise setting.no_server()
    return "invoice --due"


def _without_server(settings: Settings) -> str | None:
    """A notice that can never be sent must not count as a level reached."""
    return None if settings.mail.host else "off: mail.host is not set"


def _asked_for(row: dict[str, Any]) -> dict[str, Any]:
    return {"amount": row["total"]}


def _nurtured(row: dict[str, Any]) -> dict[str, Any]:
    return {"customer_name": row["name"], "level": f"{row['sequence']}: {row['what']}"}


def _not_gone(session: Session) -> list[str]:
    """Mails that wait, and those that need a hand."""

    def find(store: Store) -> list[str]:
        return [f"M{mail_id}" for mail_id in sorted({*outbox.waiting(store), *undelivered(session, store)})]

    return session.look(find)


STEPS = (
    Step(
        "sequences",
        _always("nurture --due --no-send"),
        foreseen=_always("nurture --due --no-send"),
        shown=_nurtured,
    ),
    Step("billing", _billing, foreseen=_billing_unmailed, shown=_asked_for),
    Step(
        "dunning",
        _always("dun --no-send"),
        foreseen=_always("dun --no-send"),
        shown=_asked_for,
        off=_without_server,
    ),
    Step(
        "outbox",
        _always("outbox send"),
        left=_not_gone,
    ),
)
