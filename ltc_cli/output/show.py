"""What a command says, on which stream, in which format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ltc_cli.output.escape import visible
from ltc_cli.output.screen import screen_of, wants_colour, write
from ltc_cli.output.streams import silence

if TYPE_CHECKING:
    from typing import TextIO

    from ltc_cli.errors import LtcError
    from ltc_cli.output.screen import Screen
    from ltc_cli.report import Report

Style = Literal["table", "json", "csv"]


def show(
    report: Report,
    *,
    style: Style,
    out: TextIO,
    err: TextIO,
    quiet: bool,
    colour: bool | None = None,
    width: int | None = None,
    timezone: str = "",
) -> None:
    """The answer on `out`; on `err` what there is to say about it: if quiet, only where something is not done.

    Colour and width are what the terminal says unless given; a pipe has no colour and no width. Tables tell moments in
    the time zone, by default the machine's own. A closed pipe raises BrokenPipeError.
    """
    if style == "table":
        remarks = _show_table(report, out, screen_of(out, colour=colour, width=width, timezone=timezone))
    else:
        remarks = []
        _show_data(report, style, out)
    out.flush()
    for text in report.notices:
        say(err, text, quiet=quiet and not report.exit_code)
    for text in remarks:
        say(err, text, quiet=quiet)
    if style == "table" and report.hint:
        _suggest(err, report.hint, quiet=quiet)


def show_error(error: LtcError, *, style: Style, err: TextIO) -> None:
    """`ltc: error: …` and `hint: …`, a line each; with `json` one object on one line."""
    if style == "json":
        from ltc_cli.output.as_json import dumps

        _remark(err, dumps({"error": error.told}, err, indent=None))
        return
    say(err, f"ltc: error: {error.message}", quiet=False)
    if error.hint:
        say(err, f"hint: {error.hint}", quiet=False)


def say(err: TextIO, text: str, *, quiet: bool) -> None:
    """One line on stderr, unless quiet."""
    if not quiet:
        _remark(err, visible(text) + "\n")


def _remark(err: TextIO, text: str) -> None:
    """A remark that nobody can be told changes nothing of what was done."""
    try:
        write(err, text)
        err.flush()
    except OSError:
        silence(err)


def _suggest(err: TextIO, command: str, *, quiet: bool) -> None:
    if not quiet:
        line = f"next: {visible(command)}"
        _remark(err, f"\x1b[2m{line}\x1b[0m\n" if wants_colour(err) else f"{line}\n")


def _show_data(report: Report, style: Style, out: TextIO) -> None:
    if style == "csv":
        from ltc_cli.output.as_csv import write_csv

        write_csv(report, out)
    else:
        from ltc_cli.output.as_json import answer, dumps

        write(out, dumps(answer(report), out))


def _show_table(report: Report, out: TextIO, screen: Screen) -> list[str]:
    """Draws a table, or the card of one record; returns what is to be said about it."""
    if not report.rows:
        return [report.empty] if report.empty else []
    text, left_off = _drawn(report, screen)
    write(out, text)
    return [f"left off on this narrow terminal: {', '.join(left_off)}"] if left_off else []


def _drawn(report: Report, screen: Screen) -> tuple[str, list[str]]:
    """The text, and the columns for which there was no room."""
    if report.is_record:
        from ltc_cli.output.as_card import draw_card

        return draw_card(report, screen), []
    if screen.is_terminal:
        from ltc_cli.output.as_table import draw_table

        return draw_table(report, screen)
    from ltc_cli.output.as_columns import draw_columns

    return draw_columns(report, screen), []
