"""`ltc done`: a task is done."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, record
from ltc_cli.references import find
from ltc_cli.report import Report
from ltc_cli.stages import notice_mails, tasks
from ltc_cli.store import Store


def done(
    ctx: typer.Context,
    task: Annotated[str, typer.Argument(metavar="TASK")],
    note: Annotated[str | None, typer.Option(help="What was said, or came of it.")] = None,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="When; today by default.")] = None,
) -> None:
    """Say that a task is done: a call was made.

    A call with a lead is logged as a touch too, as by `ltc nurture L1 --log call`, which also does the task. A customer
    who was called about a level of dunning has reached it, as by a notice; one whose mail has failed is withdrawn then.

    \b
    Example:
      ltc done T1 --note "pays on Friday"
    """
    session = ask(ctx)

    def decide(store: Store) -> Report:
        found = find(store, task, "task")
        why = tasks.done(store, found, session.day(on), note, session.actor)
        said = [why] if why else notice_mails.called(store, found.id, session.today)
        return record(tasks.COLUMNS, tasks.records(store, [found.id], session.today)[0], notices=said)

    session.write(decide)
