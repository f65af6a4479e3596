"""`ltc terminate`: a contract ends before its time."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, record
from ltc_cli.errors import Problems
from ltc_cli.references import find
from ltc_cli.report import Report
from ltc_cli.rules.calendar import parse_date
from ltc_cli.stages import contracts, credit_notes, terminations
from ltc_cli.store import Store


def terminate(
    ctx: typer.Context,
    contract: Annotated[str, typer.Argument(metavar="CONTRACT")],
    reason: Annotated[str, typer.Option(help="Why: notice given, out of business …")],
    on: Annotated[str | None, typer.Option(metavar="DATE", help="Its last day; today by default.")] = None,
) -> None:
    """Terminate a contract: with a day, past or to come.

    Fees stop with that day, the last period by its days; what was billed for later days is credited. What was shipped
    is still billed, and what has fallen due by then; nothing more is shipped, and the rest of the plan is dropped.

    \b
    Example:
      ltc terminate C1 --on +30d --reason "notice given"
    """
    session = ask(ctx)

    def decide(store: Store) -> Report:
        found = find(store, contract, "contract")
        with Problems() as check:
            day = check(parse_date, on, session.today) if on else session.today
        ended = terminations.terminate(store, session.settings, found, day, reason, session.today)
        notices = [
            f"{note['ref']} credits {note['total']} {note['currency']} of {note['invoice']}"
            for note in (credit_notes.records(store, ended.credit_ids) if ended.credit_ids else [])
        ]
        notices += [f"{number} has less left to credit than the days after {day}" for number in ended.uncredited]
        notices += [] if ended.is_new else [f"{found.text} is terminated already"]
        shown = contracts.records(store, [found.id])[0]
        return record(contracts.COLUMNS, shown, notices=notices, hint=f"ltc show {found.text}")

    session.write(decide)
