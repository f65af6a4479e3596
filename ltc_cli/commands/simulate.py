"""`ltc simulate`: the days to come, on a copy."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any

import typer

from ltc_cli.batch import LineSession, Scratch
from ltc_cli.commands.answers import ask
from ltc_cli.commands.steps import STEPS, Step
from ltc_cli.errors import UsageError
from ltc_cli.mail import outbox, setting
from ltc_cli.report import Column, Report, first_few
from ltc_cli.rules.calendar import parse_date
from ltc_cli.session import Session
from ltc_cli.stages import mailing
from ltc_cli.store import Store

COLUMNS = (
    Column("on", "date"),
    Column("step", spare=1),
    Column("ref", "ref"),
    Column("customer", "ref"),
    Column("customer_name"),
    Column("level"),
    Column("amount", "money"),
    Column("currency"),
)
MOST_DAYS = 3_700

BY_HAND = (
    "mail.host is not set: ltc daily duns nobody and sends nothing; this is what ltc nurture --due and ltc dun would do"
    " with --to-folder every day"
)


def simulate(
    ctx: typer.Context,
    until: Annotated[str, typer.Option(metavar="DATE", help="The last day to look at.")],
) -> None:
    """Show what `ltc daily` would do until a day, if nobody paid: who would be billed and written to, when.

    Without a mail server it is what you would do with --to-folder every day.

    \b
    Example:
      ltc simulate --until +90d
    """
    session = ask(ctx)
    session.expect_file()
    last = parse_date(until, session.today)
    days = (last - session.today).days
    if not 0 <= days <= MOST_DAYS:
        raise UsageError(f"{last} is not a day from today until ten years on", "ltc simulate --until +90d")
    root: Any = ctx.find_root().command
    settings = session.settings
    by_hand = settings.mail.host is None and setting.missing(settings, writes=True, sends=False) is None

    def foresee(store: Store) -> Report:
        off = {} if by_hand else {step.name: why for step in STEPS if (why := step.off(settings))}
        copy = _Copy(session, root, store, mailing.usual_channels(settings) if settings.mail.host or by_hand else ())
        steps = [step for step in STEPS if step.name not in off]
        found = [
            row
            for number in range(days + 1)
            for step in steps
            for row in copy.rows(session.today + timedelta(days=number), step)
        ]
        notices = [*(f"{name} is {why}" for name, why in off.items()), *copy.notices()]
        if by_hand:
            notices.append(BY_HAND)
        title, empty = f"Until {last}", f"nothing will be due until {last}"
        return Report(COLUMNS, found, title=title, notices=notices, empty=empty)

    session.try_on_a_copy(foresee)


class _Copy:
    """Where the days to come are lived."""

    def __init__(self, session: Session, root: Any, store: Store, channels: Sequence[str]) -> None:
        self.session, self.root, self.store, self.channels = session, root, store, channels
        self.held = Scratch(store)
        self.failed: dict[str, None] = {}
        self.stopped: list[str] = []

    def rows(self, on: date, step: Step) -> list[dict[str, Any]]:
        """What a step does on a day. Where a guard stops it, somebody looks and confirms."""
        if step.foreseen is None:
            self._deliver(on)
            return []
        words = step.foreseen(self.session.settings)
        report = self._answer(on, words)
        if any(row.get("status") == "stopped" for row in report.rows):
            self.stopped.append(f"{on} {report.notices[0]}")
            report = self._answer(on, f"{words} --confirm")
        if report.exit_code:
            self.failed.update(dict.fromkeys(report.notices))
        done = [row for row in report.rows if row.get("status") != "refused"]
        return [{**row, "on": on.isoformat(), "step": step.name, **step.shown(row)} for row in done]

    def notices(self) -> list[str]:
        confirmed = f"shown as confirmed: {first_few(self.stopped, '; ', '; and ')}"
        return [*self.failed, *([confirmed] if self.stopped else [])]

    def _answer(self, on: date, words: str) -> Report:
        line = LineSession(self.session, self.held)
        line.given["today"] = on.isoformat()
        self.root.perform(words.split(), line)
        return line.report or Report((), [])

    def _deliver(self, on: date) -> None:
        """Nobody is written to, but what follows a mail follows; pauses end, and so do runs that died."""
        outbox.recover(self.store, on)
        for mail_id in outbox.waiting(self.store, channels=self.channels):
            outbox.sent(self.store, mail_id, on, "simulated")
