"""Delimited text as programs and people leave it: what is found, and what a broken quote costs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import pytest

from ltc_cli.errors import UsageError
from ltc_cli.exchange import delimited
from ltc_cli.exchange.chunk import CHUNK, Bad
from ltc_cli.exchange.source import LINE_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ltc_cli.exchange.delimited import Layout

KNOWN: Final = frozenset({"Name", "Email", "Company", "Note", "名称"})
UNCLOSED: Final = "a quote is opened and never closed"


def knows(column: str) -> bool:
    return column in KNOWN


def lines(text: str) -> Iterator[str]:
    """As `Source.lines` gives them: each with its own line end, long ones in pieces."""
    for line in text.splitlines(keepends=True):
        yield from (line[at : at + LINE_LIMIT] for at in range(0, len(line), LINE_LIMIT))


def layout(text: str, delimiter: str | None = None) -> Layout:
    return delimited.survey(lines(text), knows, delimiter)


def read(text: str) -> tuple[list[tuple[int, list[str]]], list[Bad]]:
    """The rows below the header with their lines, and the bad ones."""
    rows: list[tuple[int, list[str]]] = []
    bad: list[Bad] = []
    for chunk in delimited.chunks(lines(text), layout(text)):
        rows += zip(chunk.lines, chunk.rows, strict=True)
        bad += chunk.bad
    return rows, bad


def cells(text: str) -> list[list[str]]:
    rows, bad = read(text)
    assert bad == []
    return [row for _line, row in rows]


# Delimiter and header


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_are_found(delimiter: str, line_end: str) -> None:
    text = line_end.join(["Name-Email", "Ada-ada@a.example", ""]).replace("-", delimiter)
    assert layout(text).delimiter == delimiter
    assert read(text) == ([(2, ["Ada", "ada@a.example"])], [])


def test_mixed_line_ends_and_none_at_the_end() -> None:
    assert read("Name,Email\r\nAda,a\nBob,b\rCyd,c") == ([(2, ["Ada", "a"]), (3, ["Bob", "b"]), (4, ["Cyd", "c"])], [])


def test_commas_in_the_cells_of_a_semicolon_file() -> None:
    assert cells("Name;Note\nAda;a, b, c\nBob;d, e\n") == [["Ada", "a, b, c"], ["Bob", "d, e"]]


def test_a_file_of_one_column() -> None:
    assert cells("Name\nAda\nBob\n") == [["Ada"], ["Bob"]]


@pytest.mark.parametrize(
    "preamble",
    [
        "Report of all leads\n\n",
        "sep=;\n",
        "Company: Engines\nMade on: Monday\n\n",
        '"Report of\nall leads"\n',
        '"A quote that nobody closes\n',
        ";;\n;;\n",
        "2026-02-13;2026-02-14\n",
    ],
)
def test_what_stands_before_the_header(preamble: str) -> None:
    text = preamble + "Name;Email\nAda;ada@a.example\n"
    found = layout(text)
    assert (found.columns, found.header_line) == (["Name", "Email"], preamble.count("\n") + 1)
    assert cells(text) == [["Ada", "ada@a.example"]]


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("Name,Email", ["Name", "Email"]),
        (" Name , Email ", ["Name", "Email"]),
        ('"Name","Email"', ["Name", "Email"]),
        ("Name,Name", ["Name", "Name"]),
        ("Name,", ["Name", ""]),
        (",Name", ["", "Name"]),
        ('Name,"Note\non two lines"', ["Name", "Note\non two lines"]),
        ('Name,"Email', ["Name", "Email"]),
        ("名称,Email", ["名称", "Email"]),
    ],
)
def test_headers(header: str, columns: list[str]) -> None:
    assert layout(f"{header}\nAda,x\nBob,y\n").columns == columns


@pytest.mark.parametrize("text", ["", "\n\n\n", ",,\n,,\n", "1,2\n3,4\n", '""\n'])
def test_no_header(text: str) -> None:
    with pytest.raises(UsageError, match="no header row was found"):
        layout(text)


@pytest.mark.parametrize(("said", "found"), [("tab", "\t"), ("Bar", "|"), (":", ":"), ("~", "~")])
def test_a_delimiter_that_is_said(said: str, found: str) -> None:
    text = f"Name{found}Email\nAda{found}x\n"
    assert layout(text, said).columns == ["Name", "Email"]


@pytest.mark.parametrize("said", ["", "ab", '"', "\n", "\r", "\0"])
def test_what_is_no_delimiter(said: str) -> None:
    with pytest.raises(UsageError, match="is no delimiter"):
        layout("Name,Email\nAda,x\n", said)


# Quotes


@pytest.mark.parametrize(
    ("row", "read_as"),
    [
        ('"Ada","b"', ["Ada", "b"]),
        ('"Ada, Countess",b', ["Ada, Countess", "b"]),
        ('"the ""great"" Ada",b', ['the "great" Ada', "b"]),
        ('5" pipe,6" pipe', ['5" pipe', '6" pipe']),
        ('Ada "the great",b', ['Ada "the great"', "b"]),
        ('"Ada" Byron,b', ["Ada Byron", "b"]),
        ('"",""""', ["", '"']),
        ('Ada,"line\nline"', ["Ada", "line\nline"]),
        ('Ada,"line\r\n\r\nline"', ["Ada", "line\r\n\r\nline"]),
        ('Ada, "b"', ["Ada", ' "b"']),
    ],
)
def test_quotes(row: str, read_as: list[str]) -> None:
    assert cells(f"Name,Note\n{row}\nBob,last\n") == [read_as, ["Bob", "last"]]


ROWS: Final = 30


@pytest.mark.parametrize("at", [[0], [15], [29], [3, 4, 5], list(range(0, 30, 2)), list(range(30))])
def test_an_unclosed_quote_costs_its_own_line(at: list[int]) -> None:
    text = "Name,Note\n" + "".join(f"{chr(34) if row in at else ''}Row {row},x\n" for row in range(ROWS))
    rows, bad = read(text)
    assert rows == [(row + 2, [f"Row {row}", "x"]) for row in range(ROWS) if row not in at]
    assert bad == [Bad(row + 2, UNCLOSED, f'"Row {row},x\n') for row in at]


@pytest.mark.parametrize("broken", ['Ada,"x\n', '"Ada,x\n', '""",x\n', 'Ada,"x"",""\n'])
def test_an_unclosed_quote_beside_rows_that_have_quotes_of_their_own(broken: str) -> None:
    rows, bad = read(f'Name,Note\n"Bob","a\nb"\n{broken}"Cyd","c\nd"\nDot,"e"\n')
    assert [row for _line, row in rows] == [["Bob", "a\nb"], ["Cyd", "c\nd"], ["Dot", "e"]]
    assert [(each.line, each.text) for each in bad] == [(4, broken)]


def test_a_row_over_many_lines_across_the_end_of_a_block() -> None:
    note = "\n".join(f"line {number}" for number in range(100))
    plain = "".join(f"Row {row},x\n" for row in range(CHUNK - 50))
    rows, bad = read(f'Name,Note\n{plain}Ada,"{note}"\nBob,y\n')
    assert bad == []
    assert rows[-2:] == [(CHUNK - 48, ["Ada", note]), (CHUNK + 52, ["Bob", "y"])]


def test_an_unclosed_quote_just_before_the_end_of_a_block() -> None:
    plain = "".join(f"Row {row},x\n" for row in range(CHUNK - 1))
    rows, bad = read(f'Name,Note\n{plain}"Ada,x\n{plain}')
    assert len(rows) == 2 * (CHUNK - 1)
    assert [each.line for each in bad] == [CHUNK + 1]
    assert rows[-1] == (2 * CHUNK, [f"Row {CHUNK - 2}", "x"])


def seconds(text: str) -> float:
    started = time.process_time()
    read(text)
    return time.process_time() - started


@pytest.mark.parametrize("line", ['"a,b\n', '"""a,b\n', '"","a\n', '""a"",""b\n', "a,b\n" * 300 + '"a,b\n'])
def test_many_unclosed_quotes_take_linear_time(line: str) -> None:
    """Ten times the lines may take ten times as long; a square would take a hundred."""
    few, many = ("Name,Note\n" + line * (size // len(line)) for size in (40_000, 400_000))
    assert any(seconds(many) < 40 * seconds(few) + 0.1 for _ in range(2))


# Rows that do not fit


def test_rows_that_are_too_long_or_too_short() -> None:
    rows, bad = read("Name,Email,Note\nAda,a\nBob,b,c,d\nCyd,c,\n")
    assert rows == [(4, ["Cyd", "c", ""])]
    assert bad == [
        Bad(2, "it has 2 cells, the header 3", "Ada,a\n"),
        Bad(3, "it has 4 cells, the header 3", "Bob,b,c,d\n"),
    ]


def test_trailing_delimiters_are_nothing() -> None:
    assert cells("Name,Email\nAda,a,\nBob,b,,,\nCyd,c\n") == [["Ada", "a"], ["Bob", "b"], ["Cyd", "c"]]
    assert cells("Name,Email,,\nAda,a\nBob,b,\nCyd,c,,\n") == [
        [name, name[0].lower(), "", ""] for name in ("Ada", "Bob", "Cyd")
    ]


@pytest.mark.parametrize("blank", ["\n", ",\n", " , \n", "\t,\n", '"",""\n', "   \n"])
def test_blank_rows_are_nothing(blank: str) -> None:
    assert read(f"Name,Email\nAda,a\n{blank}Bob,b\n") == ([(2, ["Ada", "a"]), (4, ["Bob", "b"])], [])


@pytest.mark.parametrize("again", ["Name,Email\n", " Name, Email \n", "\ufeffName,Email\n", '"Name","Email"\n'])
def test_the_header_again_is_no_row(again: str) -> None:
    rows, bad = read(f"Name,Email\nAda,a\n{again}Bob,b\n")
    assert rows == [(2, ["Ada", "a"]), (4, ["Bob", "b"])]
    assert bad == [Bad(3, "it is the header again", again)]


def test_the_header_again_with_columns_of_one_name_and_of_none() -> None:
    _rows, bad = read("Name,Name,\nAda,b,\nName,Name,\n")
    assert [each.line for each in bad] == [3]


def test_a_line_of_five_megabytes_is_one_bad_row() -> None:
    for long in ("x" * 5_000_000, "a,b\t" * 1_250_000, '"' + "x" * 5_000_000 + '"'):
        rows, bad = read(f"Name,Note\nAda,a\nBob,{long}\nCyd,c\n")
        assert rows == [(2, ["Ada", "a"]), (4, ["Cyd", "c"])]
        assert [(each.line, each.reason) for each in bad] == [(3, "the line is longer than 1,048,576 characters")]


def test_a_row_of_more_than_64_kb_over_lines_was_never_meant() -> None:
    half = "x" * 40_000
    _rows, bad = read(f'Name,Note\nAda,"{half}\n{half}"\nBob,b\n')
    assert [(each.line, each.reason) for each in bad] == [(2, UNCLOSED), (3, "it has 1 cells, the header 2")]


def test_long_lines_do_not_come_all_at_once() -> None:
    """Memory: blocks end by their characters, too."""
    text = "Name,Note\n" + f"Ada,{'x' * 1_000_000}\n" * 120
    sizes = [len(chunk.rows) for chunk in delimited.chunks(lines(text), layout(text))]
    assert sizes == [50, 50, 20]


@pytest.mark.parametrize("control", ["\0", "\x0c", "\x1a", "\x1b", "\x85", "\u2028", "\x1c"])
def test_control_characters_are_text(control: str) -> None:
    """Python's `splitlines` ends lines at some of them; files do not."""
    source = ["Name,Note\n", f"A{control}da,x\n"]
    found = delimited.survey(iter(source), knows)
    [chunk] = delimited.chunks(iter(source), found)
    assert (chunk.rows, chunk.bad) == ([[f"A{control}da", "x"]], [])
