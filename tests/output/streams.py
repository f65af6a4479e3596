"""Streams to show something on, and what was shown."""

from __future__ import annotations

import io
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from ltc_cli.output.show import show

if TYPE_CHECKING:
    from ltc_cli.output.show import Style
    from ltc_cli.report import Report


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Shown(NamedTuple):
    out: str
    err: str


def on_terminal(report: Report, *, width: int = 80, colour: bool = False, quiet: bool = False) -> Shown:
    out, err = Terminal(), io.StringIO()
    show(report, style="table", out=out, err=err, quiet=quiet, colour=colour, width=width)
    return Shown(out.getvalue(), err.getvalue())


def in_pipe(report: Report, *, style: Style = "table", quiet: bool = False) -> Shown:
    out, err = io.StringIO(newline=""), io.StringIO()
    show(report, style=style, out=out, err=err, quiet=quiet)
    return Shown(out.getvalue(), err.getvalue())


def encoded(report: Report, *, style: Style, encoding: str) -> bytes:
    """What a stream of this encoding gets."""
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding, newline="")
    show(report, style=style, out=out, err=io.StringIO(), quiet=True)
    return raw.getvalue()


def cells(text: str) -> int:
    """Terminal cells, counted without Rich: wide and full-width characters take two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
