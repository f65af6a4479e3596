"""`ltc daily`: the one line for cron."""

from contextlib import closing
from typing import Annotated, Any

import typer

from ltc_cli.batch import Held, LineSession, Told, answered
from ltc_cli.commands.answers import ask
from ltc_cli.commands.steps import STEPS, Step
from ltc_cli.errors import UnderWayError
from ltc_cli.report import DRY_RUN, Column, Report
from ltc_cli.store import daily_lock

COLUMNS = (
    Column("step"),
    Column("status", "status"),
    Column("count", "count"),
    Column("detail", "prose"),
)


def daily(
    ctx: typer.Context,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit code 8 when something waits.")] = False,
) -> None:
    """Do everything that is due: one line a step.

    A step counts and names the leads, invoices, notices or mails it has to do with. One that fails keeps no other one
    from being done; the exit code is then 8, and so it is while a mail has failed, or may have arrived, until it is
    retried, resolved or dropped. What was done is not done again, and a second start while one is under way leaves at
    once, so that cron may start it as often as it likes. Nobody is dunned while there is no mail server.

    \b
    Example:
      ltc daily
      ltc daily --check
    """
    session = ask(ctx)
    session.expect_file()
    root: Any = ctx.find_root().command

    def do(step: Step) -> dict[str, Any]:
        off = step.off(session.settings)
        if off:
            return _row(step.name, "nothing", [], off)
        words = step.command(session.settings)
        if check and step.left:
            return _waiting(step.name, step.left(session))
        told = run(f"{words} --dry-run" if check else words)
        if "error" in told:
            return _failed(step.name, told)
        if check:
            return _waiting(step.name, _refs(told, "left_out"), *(each for each in told["notices"] if each != DRY_RUN))
        return _done(step.name, told, step.left(session) if step.left else [])

    def run(words: str) -> Told:
        with closing(Held()) as held:
            line = LineSession(session, held)
            line.given["quiet"] = False  # what it has to say stands on the step's own line
            try:
                return answered(words.split(), line, root.perform)
            finally:  # also of a step that is interrupted
                session.is_kept |= line.is_kept

    def show(rows: list[dict[str, Any]], *calm: str) -> None:
        wrong = [row for row in rows if row["status"] not in calm]
        report = Report(COLUMNS, rows, exit_code=8 if wrong else 0, hint="ltc today" if wrong else "")
        if session.quiet:  # nobody is at a terminal: cron mails what is said here
            report.notices += [f"{row['step']} {row['status']}: {row['detail']}".replace("\n", "; ") for row in wrong]
        session.show(report)

    if check:
        return show([do(step) for step in STEPS], "nothing")
    try:
        with daily_lock(session.path):
            rows = [do(step) for step in STEPS]
    except UnderWayError:
        return session.show(Report(COLUMNS, [], notices=["another run is under way"], empty=""))
    return show(rows, "nothing", "done", "waits")


def _done(step: str, told: Told, left: list[str]) -> dict[str, Any]:
    refs = _refs(told, "left_out", "refused")
    if told["exit_code"]:
        status, refs = "partly", list(dict.fromkeys([*refs, *left]))
    elif refs:
        status = "done"
    else:
        status, refs = "waits" if left else "nothing", left
    named = {words.split(" ", 1)[0] for words in told["notices"]}
    return _row(step, status, refs, *told["notices"], " ".join(ref for ref in refs if ref not in named))


def _waiting(step: str, refs: list[str], *lines: str) -> dict[str, Any]:
    return _row(step, "waits" if refs else "nothing", refs, *lines, " ".join(refs))


def _failed(step: str, told: Told) -> dict[str, Any]:
    error = told["error"]
    hint = f" ({error['hint']})" if error["hint"] else ""
    return _row(step, "failed", [], f"{error['message']}{hint}")


def _row(step: str, status: str, refs: list[str], *lines: str) -> dict[str, Any]:
    return {"step": step, "status": status, "count": len(refs), "detail": "\n".join(filter(None, lines)) or None}


def _refs(told: Told, *but: str) -> list[str]:
    """What was done, or waits, but for these states; of a notice that is not written yet, its customer."""
    rows = [row for row in told["answer"] if row.get("status") not in but]
    return list(dict.fromkeys(row["ref"] or row["customer"] for row in rows))
