"""`ltc advance`: an opportunity moves on."""

from datetime import date
from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, record
from ltc_cli.errors import Problems, UsageError
from ltc_cli.references import find
from ltc_cli.report import Report
from ltc_cli.rules.calendar import parse_date
from ltc_cli.rules.contact import clean_name
from ltc_cli.rules.money import parse_percent
from ltc_cli.session import Session
from ltc_cli.stages import opportunities
from ltc_cli.store import Store


def advance(
    ctx: typer.Context,
    opportunity: Annotated[str, typer.Argument(metavar="OPPORTUNITY")],
    stage: Annotated[str | None, typer.Option(help="A stage of the config; the next one by default.")] = None,
    probability: Annotated[str | None, typer.Option(metavar="N%", help="That of the stage by default.")] = None,
    close: Annotated[str | None, typer.Option(metavar="DATE", help="When you expect to close it.")] = None,
    next_: Annotated[str | None, typer.Option("--next", metavar='"DATE what"', help="The next step.")] = None,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="When; today by default.")] = None,
) -> None:
    """Move an opportunity to a stage, or plan its next step.

    \b
    Example:
      ltc advance O1 --stage proposal --next "fri call about the quote"
    """
    session = ask(ctx)

    def decide(store: Store) -> Report:
        found = find(store, opportunity, "opportunity")
        with Problems() as check:
            day = check(session.day, on)
            chance_ppm = check(parse_percent, probability) if probability else None
            close_on = check(parse_date, close, session.today) if close else None
            step = check(_next_step, session, next_) if next_ else None
        opportunities.advance(
            store,
            found,
            day,
            stages=session.settings.stages,
            stage=stage,
            probability_ppm=chance_ppm,
            close_on=close_on,
            next_step=step,
        )
        shown = opportunities.records(store, [found.id])[0]
        return record(opportunities.COLUMNS, shown, hint=f"ltc quote {found.text} --line …")

    session.write(decide)


def _next_step(session: Session, text: str) -> tuple[date, str]:
    day, _, what = text.strip().partition(" ")
    if not what.strip():
        raise UsageError(f"{text[:60]!r} says no step", 'write it like --next "fri call about the quote"')
    return parse_date(day, session.today), clean_name(what, "the next step")
