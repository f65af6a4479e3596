r"""Report → CSV as in RFC 4180, with `\n` at the end of a line."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from ltc_cli.output.as_json import data_columns, shaped
from ltc_cli.output.cells import NUMBERS
from ltc_cli.output.escape import visible
from ltc_cli.output.screen import write

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

    from ltc_cli.report import Kind, Report

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
# Python 3.11's csv writer leaves a lone \r unquoted, and readers then refuse the file or split the row.
_QUOTED: Final = re.compile('[",\r\n]')


def write_csv(report: Report, out: TextIO) -> None:
    """Header and one line a row, each key once; a list stands in its cell as JSON.

    A pipe gets the data as they are, a terminal sees control characters escaped.
    """
    columns = data_columns(report.columns)
    kinds = {column.key: column.kind for column in columns}
    shown = visible if out.isatty() else str
    write(out, _line(kinds))
    for row in report.rows:
        write(out, _line(shown(_text(value, kinds[key])) for key, value in shaped(row, columns).items()))


def _line(texts: Iterable[str]) -> str:
    # A lone empty cell is quoted: many readers skip a blank line.
    return (",".join(map(_quoted, texts)) or '""') + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text


def _text(value: Any, kind: Kind) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value if kind in NUMBERS else _defused(value)
    return json.dumps(value, ensure_ascii=False)


def _defused(text: str) -> str:
    """A text that a spreadsheet would run as a formula, with an apostrophe before it."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
