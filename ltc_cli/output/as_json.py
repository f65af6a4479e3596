"""Report → JSON: a record is one object, a list is one array, no envelope."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ltc_cli.output.escape import visible_in_json
from ltc_cli.output.screen import can_encode, encoding_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

    from ltc_cli.report import Column, Report, Row


def answer(report: Report) -> Any:
    """The record, or the list of records, with exactly the columns' keys; what a row lacks is null."""
    columns = data_columns(report.columns)
    records = [shaped(row, columns) for row in report.rows]
    return records[0] if report.is_record else records


def dumps(value: Any, stream: TextIO, *, indent: int | None = 2) -> str:
    """JSON that this stream can encode and a terminal can show; ends with a line break.

    A list has one record a line: it is read by programs, and Python indents ten times slower.
    """
    plain_ascii = not can_encode("é╳字\U0001f600", encoding_of(stream))
    if isinstance(value, list) and value:
        records = (json.dumps(record, ensure_ascii=plain_ascii) for record in value)
        text = "[\n" + ",\n".join(records) + "\n]"
    else:
        text = json.dumps(value, ensure_ascii=plain_ascii, indent=indent)
    return visible_in_json(text) + "\n"


def data_columns(columns: Iterable[Column]) -> list[Column]:
    """The columns with each key once: a bar shows on a table what another column says."""
    found: dict[str, Column] = {}
    for column in sorted(columns, key=lambda column: column.kind == "bar"):
        found.setdefault(column.key, column)
    return list(found.values())


def shaped(row: Row, columns: Iterable[Column]) -> Row:
    """The row with exactly these keys in this order, and so the rows inside its lists."""
    return {column.key: _shaped_value(row.get(column.key), column) for column in columns}


def _shaped_value(value: Any, column: Column) -> Any:
    if value is None or not column.columns:
        return value
    return [shaped(row, column.columns) for row in value]
