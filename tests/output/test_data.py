"""JSON and CSV: what scripts read."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltc_cli.report import Column, Kind, Report, Row
from tests.output.streams import encoded, in_pipe

LINES = Column("lines", "list", columns=(Column("line", "count"), Column("quantity", "quantity")))


def one(value: object, kind: Kind = "text") -> Report:
    return Report([Column("name", kind)], [{"name": value}])


def csv_cell(report: Report) -> str:
    return list(csv.reader(io.StringIO(in_pipe(report, style="csv").out, newline="")))[1][0]


def test_a_list_is_an_array_of_exactly_the_columns_in_their_order() -> None:
    report = Report([Column("ref", "ref"), Column("amount", "money")], [{"amount": "1.00", "id": 7, "ref": "C1"}])
    assert in_pipe(report, style="json").out == '[\n{"ref": "C1", "amount": "1.00"}\n]\n'


def test_a_record_is_one_object() -> None:
    report = Report([Column("ref", "ref")], [{"ref": "C1"}], is_record=True)
    assert in_pipe(report, style="json").out == '{\n  "ref": "C1"\n}\n'


def test_an_empty_list_is_an_empty_array() -> None:
    assert in_pipe(Report([Column("ref")], []), style="json").out == "[]\n"


def test_what_a_row_lacks_is_null() -> None:
    assert json.loads(in_pipe(Report([Column("ref"), LINES], [{}]), style="json").out) == [{"ref": None, "lines": None}]


def test_rows_inside_a_list_have_exactly_their_columns() -> None:
    rows: list[Row] = [{"lines": [{"quantity": "2", "id": 9}]}]
    assert json.loads(in_pipe(Report([LINES], rows), style="json").out) == [
        {"lines": [{"line": None, "quantity": "2"}]}
    ]


def test_columns_kept_off_tables_and_the_totals_make_no_difference_to_json() -> None:
    report = Report([Column("ref", on_table=False)], [{"ref": "C1"}], totals=[{"ref": "total"}])
    assert json.loads(in_pipe(report, style="json").out) == [{"ref": "C1"}]


def test_a_key_drawn_twice_stands_in_json_and_csv_once() -> None:
    report = Report([Column("share", "bar"), Column("share", "percent")], [{"share": 0.5}])
    assert in_pipe(report, style="json").out == '[\n{"share": 0.5}\n]\n'
    assert in_pipe(report, style="csv").out == "share\n0.5\n"


def test_json_is_readable_where_the_stream_can_encode_it() -> None:
    assert '"张伟"'.encode() in encoded(one("张伟"), style="json", encoding="utf-8")
    assert rb'"\u5f20\u4f1f"' in encoded(one("张伟"), style="json", encoding="ascii")


def test_json_never_sends_a_control_sequence_to_the_terminal() -> None:
    shown = in_pipe(one("\x1b[31m\x9b\u202e\x7f"), style="json").out
    assert r'"\u001b[31m\u009b\u202e\u007f"' in shown


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1", "cp1252", "gb18030"])
@given(text=st.text(st.characters()))
def test_json_gives_every_text_back_in_every_encoding(encoding: str, text: str) -> None:
    assert json.loads(encoded(one(text), style="json", encoding=encoding).decode(encoding)) == [{"name": text}]


def test_csv_has_a_header_and_line_feeds() -> None:
    report = Report([Column("ref"), Column("customer_name", label="Customer")], [{"ref": "C1"}])
    assert in_pipe(report, style="csv").out == "ref,customer_name\nC1,\n"


def test_an_empty_csv_is_its_header() -> None:
    assert in_pipe(Report([Column("ref"), Column("name")], []), style="csv").out == "ref,name\n"


def test_a_record_in_csv_is_header_and_one_row() -> None:
    assert in_pipe(Report([Column("ref")], [{"ref": "C1"}], is_record=True), style="csv").out == "ref\nC1\n"


def test_csv_quotes_as_in_rfc_4180() -> None:
    assert in_pipe(one('say "a,b"\nthen go'), style="csv").out == 'name\n"say ""a,b""\nthen go"\n'


def test_a_row_of_one_empty_cell_is_not_a_blank_line() -> None:
    assert in_pipe(one(None), style="csv").out == 'name\n""\n'


@given(text=st.text(st.characters()))
def test_csv_gives_every_text_back_but_for_the_apostrophe(text: str) -> None:
    assert csv_cell(one(text)).removeprefix("'") == text.removeprefix("'")


def test_a_list_inside_a_csv_cell_is_json() -> None:
    rows: list[Row] = [{"lines": [{"line": 1, "quantity": "2"}]}]
    assert csv_cell(Report([LINES], rows)) == '[{"line": 1, "quantity": "2"}]'


@pytest.mark.parametrize("text", ["=1+1", "+49 30 1", "-x", "@SUM(A1)", "\tx", "\rx"])
def test_a_text_that_a_spreadsheet_would_run_is_defused(text: str) -> None:
    assert csv_cell(one(text)) == f"'{text}"


@pytest.mark.parametrize("kind", ["money", "quantity", "percent", "count", "days", "bar"])
def test_real_negative_numbers_are_left_alone(kind: Kind) -> None:
    value = "-1200.00" if kind in {"money", "quantity"} else -1200
    assert csv_cell(one(value, kind)) == str(value)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252"])
@given(text=st.text(st.characters()))
def test_csv_never_fails_on_a_text(encoding: str, text: str) -> None:
    assert encoded(one(text), style="csv", encoding=encoding).startswith(b"name\n")


@pytest.mark.parametrize("style", ["json", "csv"])
def test_data_loads_no_rich(style: str) -> None:
    program = f"""
import sys
from ltc_cli.output.show import show
from ltc_cli.report import Column, Report
report = Report([Column("a")], [{{"a": 1}}], hint="ltc today")
show(report, style={style!r}, out=sys.stdout, err=sys.stderr, quiet=False)
sys.exit("rich" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", program], capture_output=True).returncode == 0
