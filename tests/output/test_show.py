"""What goes to which stream, and how errors are said."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

from ltc_cli.errors import LtcError, NotFoundError, RefusedError
from ltc_cli.output.screen import screen_of, wants_colour
from ltc_cli.output.show import say, show, show_error
from ltc_cli.report import Column, Report
from tests.output.streams import Terminal, in_pipe, on_terminal

if TYPE_CHECKING:
    from ltc_cli.output.show import Style


def report(rows: int = 1) -> Report:
    return Report(
        [Column("ref")], [{"ref": "C1"}] * rows,
        notices=["rate missing for CNY"], hint="ltc ship C1", empty="no contracts yet",
    )  # fmt: skip


def error_text(error: LtcError, style: Style = "table") -> str:
    err = io.StringIO()
    show_error(error, style=style, err=err)
    return err.getvalue()


def test_notices_and_the_hint_go_to_stderr() -> None:
    assert in_pipe(report()) == ("ref\nC1\n", "rate missing for CNY\nnext: ltc ship C1\n")


@pytest.mark.parametrize("style", ["json", "csv"])
def test_data_comes_with_its_notices_but_suggests_nothing(style: Style) -> None:
    assert in_pipe(report(), style=style).err == "rate missing for CNY\n"


@pytest.mark.parametrize("style", ["table", "json", "csv"])
def test_quiet_leaves_the_answer_alone(style: Style) -> None:
    assert in_pipe(report(), style=style, quiet=True) == (in_pipe(report(), style=style).out, "")
    not_done = report()
    not_done.exit_code = 8
    assert in_pipe(not_done, style=style, quiet=True).err == "rate missing for CNY\n"


def test_an_empty_table_says_so_on_stderr_only() -> None:
    assert in_pipe(report(rows=0)) == ("", "rate missing for CNY\nno contracts yet\nnext: ltc ship C1\n")
    assert on_terminal(report(rows=0), quiet=True) == ("", "")


def test_the_hint_is_dim_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    err = Terminal()
    show(report(), style="table", out=io.StringIO(), err=err, quiet=False)
    assert err.getvalue().endswith("\x1b[2mnext: ltc ship C1\x1b[0m\n")


def test_an_error_and_its_hint_are_a_line_each() -> None:
    assert error_text(NotFoundError("no contract C9", "ltc list contracts")) == (
        "ltc: error: no contract C9\nhint: ltc list contracts\n"
    )


def test_an_error_without_a_hint_is_one_line() -> None:
    assert error_text(LtcError("disk full")) == "ltc: error: disk full\n"


def test_an_error_shows_control_characters_and_line_breaks_escaped() -> None:
    assert error_text(LtcError("no lead \x1b[2J\u202e\nhint: rm", "a\rb")) == (
        "ltc: error: no lead \\x1b[2J\\u202e\\nhint: rm\nhint: a\\rb\n"
    )


def test_an_error_in_json_is_one_object() -> None:
    told = json.loads(error_text(RefusedError("on hold \x1b", "ltc release K1"), style="json"))
    assert told == {"error": {"code": "refused", "message": "on hold \x1b", "hint": "ltc release K1"}}


def test_an_error_in_json_without_a_hint_says_null() -> None:
    assert error_text(LtcError("x"), style="json") == ('{"error": {"code": "failed", "message": "x", "hint": null}}\n')


def test_a_notice_is_escaped_and_said_unless_quiet() -> None:
    err = io.StringIO()
    say(err, "a\x1b\nb", quiet=False)
    say(err, "c", quiet=True)
    assert err.getvalue() == "a\\x1b\\nb\n"


def test_an_error_reaches_a_stream_that_cannot_encode_it() -> None:
    raw = io.BytesIO()
    err = io.TextIOWrapper(raw, encoding="ascii", newline="")
    show_error(LtcError("no customer 张伟"), style="table", err=err)
    err.flush()
    assert raw.getvalue() == rb"ltc: error: no customer \u5f20\u4f1f" + b"\n"


def test_a_closed_pipe_is_left_to_the_caller() -> None:
    class Closed(io.StringIO):
        def write(self, text: str, /) -> int:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        show(report(), style="table", out=Closed(), err=io.StringIO(), quiet=False)


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "dumb"}, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
    ],
)
def test_a_terminal_has_colour_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], *, wanted: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert wants_colour(Terminal()) is wanted
    assert wants_colour(io.StringIO()) is False


@pytest.mark.parametrize(("columns", "width"), [("132", 132), ("", 80), ("0", 80), ("wide", 80)])
def test_the_width_is_what_columns_says_else_the_usual(
    columns: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert screen_of(Terminal()).width == width
    assert screen_of(io.StringIO()).width is None
