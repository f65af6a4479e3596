"""`ltc simulate`: the days to come, on a copy."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Annotated, Any

import typer

from ltc_cli.batch import LineSession, Scratch
from ltc_cli.commands.answers import ask
from ltc_cli.commands.steps import STEPS, Step
from ltc_cli.errors import UsageError
from ltc_cli.mail import outbox, setting
from ltc_cli.report import Column, Report
from ltc_cli.rules.calendar import parse_date
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


def _deliver(store: Store, on: date, channels: Sequence[str]) -> None:
    """Nobody is written to, but what follows a mail follows; pauses end, and so do runs that died."""
    outbox.recover(store, on)
    for mail_id in outbox.waiting(store, channels=channels):
        outbox.sent(store, mail_id, on, "simulated")


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
        held = Scratch(store)

        def rows(on: date, step: Step) -> Iterator[dict[str, Any]]:
            if step.foreseen is None:
                return _deliver(store, on, mailing.usual_channels(settings)) if settings.mail.host or by_hand else None
            line = LineSession(session, held)
            line.given["today"] = on.isoformat()
            root.perform(step.foreseen(settings).split(), line)
            for row in line.report.rows if line.report else ():
                if row.get("status") != "refused":
                    yield {**row, "on": on.isoformat(), "step": step.name, **step.shown(row)}
            if line.report and line.report.exit_code:
                failed.update(dict.fromkeys(line.report.notices))

        off = {} if by_hand else {step.name: why for step in STEPS if (why := step.off(settings))}
        found: list[dict[str, Any]] = []
        failed: dict[str, None] = {}
        for on in (session.today + timedelta(days=number) for number in range(days + 1)):
            found += [row for step in STEPS if step.name not in off for row in rows(on, step)]
        notices = [*(f"{name} is {why}" for name, why in off.items()), *failed]
        if by_hand:
            notices.append(BY_HAND)
        title, empty = f"Until {last}", f"nothing will be due until {last}"
        return Report(COLUMNS, found, title=title, notices=notices, empty=empty)

    session.try_on_a_copy(foresee)
