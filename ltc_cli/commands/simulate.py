"""`ltc simulate`: the days to come, on a copy."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Annotated, Any, NamedTuple

import typer

from ltc_cli.batch import LineSession, Scratch
from ltc_cli.commands.answers import ask
from ltc_cli.errors import UsageError
from ltc_cli.mail import outbox
from ltc_cli.report import Column, Report
from ltc_cli.rules.calendar import parse_date
from ltc_cli.store import Store

COLUMNS = (
    Column("on", "date"),
    Column("step"),
    Column("ref", "ref"),
    Column("customer", "ref"),
    Column("customer_name"),
    Column("level"),
    Column("amount", "money"),
    Column("currency"),
)
MOST_DAYS = 3_700


class Foreseen(NamedTuple):
    """A step of `ltc daily`, and what of its answer is shown under other names."""

    step: str
    command: str
    shown: Callable[[dict[str, Any]], dict[str, Any]]


def _asked_for(row: dict[str, Any]) -> dict[str, Any]:
    return {"amount": row["total"]}


def _nurtured(row: dict[str, Any]) -> dict[str, Any]:
    return {"customer_name": row["name"], "level": f"{row['sequence']}: {row['what']}"}


STEPS = (
    Foreseen("sequences", "nurture --due --no-send", _nurtured),
    Foreseen("billing", "invoice --due", _asked_for),
    Foreseen("dunning", "dun --no-send --confirm", _asked_for),
)


def _deliver(store: Store, on: date) -> None:
    """Nobody is written to, but what follows a mail follows; pauses end, and so do runs that died."""
    outbox.recover(store, on)
    for mail_id in outbox.claim(store, until="9999"):
        outbox.commit(store, mail_id)
        outbox.sent(store, mail_id, on, "simulated")


def simulate(
    ctx: typer.Context,
    until: Annotated[str, typer.Option(metavar="DATE", help="The last day to look at.")],
) -> None:
    """Show what `ltc daily` would do until a day, if nobody paid: who would be billed and written to, when.

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

    def foresee(store: Store) -> Report:
        held = Scratch(store)

        def rows(on: date, step: Foreseen) -> Iterator[dict[str, Any]]:
            line = LineSession(session, held)
            line.given["today"] = on.isoformat()
            root.perform(step.command.split(), line)
            for row in line.report.rows if line.report else ():
                yield {**row, "on": on.isoformat(), "step": step.step, **step.shown(row)}

        has_sender = bool(session.settings.mail.from_address or session.settings.company.email)
        steps = [step for step in STEPS if step.step != "dunning" or has_sender]
        found = []
        for on in (session.today + timedelta(days=number) for number in range(days + 1)):
            found += [row for step in steps for row in rows(on, step)]
            _deliver(store, on)
        notices = [] if has_sender else ["nobody is dunned: mails have no sender, mail.from or company.email"]
        title, empty = f"Until {last}", f"nothing will be due until {last}"
        return Report(COLUMNS, found, title=title, notices=notices, empty=empty)

    session.try_on_a_copy(foresee)
