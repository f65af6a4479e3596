"""How far a long piece of work is, with its rate and the time it will take: on a terminal only."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO


@contextmanager
def progress(err: TextIO, what: str, total: int, *, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Gives a function that takes how much of the total is done, and how many rows that were."""
    if quiet or not err.isatty():
        yield lambda done, rows: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rows]:,} rows, {task.fields[rate]:,}/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(file=err), transient=True) as bar:
        task = bar.add_task(what, total=total, rows=0, rate=0)

        def advance(done: int, rows: int) -> None:
            elapsed = bar.tasks[0].elapsed or 0
            bar.update(task, completed=done, rows=rows, rate=round(rows / elapsed) if elapsed else 0)

        yield advance
