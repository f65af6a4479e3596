"""JSON as programs write it, and what a broken object costs."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

import pytest

from ltc_cli.exchange import json_lines
from ltc_cli.exchange.chunk import CHUNK, Bad
from ltc_cli.exchange.source import LINE_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator

NONE: Final = "it is no JSON object"
CUT: Final = "it is cut off"
THREE: Final[list[dict[str, Any]]] = [
    {"id": 1, "name": "Ada", "tags": [{"name": "x"}, {"name": "y"}]},
    {"id": 2, "name": "Bob", "at": {"street": "a { b"}},
    {"id": 3, "name": "Cyd", "note": 'a "quoted" }, {'},
]


def lines(text: str) -> Iterator[str]:
    """As `Source.lines` gives them: long ones in pieces."""
    for line in text.splitlines(keepends=True):
        yield from (line[at : at + LINE_LIMIT] for at in range(0, len(line), LINE_LIMIT))


def read(text: str) -> tuple[list[tuple[int, dict[str, str]]], list[Bad]]:
    """The objects with their lines, without empty fields, and the bad ones."""
    columns = json_lines.survey(lines(text))
    rows: list[tuple[int, dict[str, str]]] = []
    bad: list[Bad] = []
    for chunk in json_lines.chunks(lines(text), columns):
        for line, cells in zip(chunk.lines, chunk.rows, strict=True):
            rows.append((line, {name: cell for name, cell in zip(columns, cells, strict=True) if cell}))
        bad += chunk.bad
    return rows, bad


def names(text: str) -> list[tuple[int, str]]:
    return [(line, fields.get("name", "")) for line, fields in read(text)[0]]


def broken(text: str) -> list[tuple[int, str]]:
    return [(bad.line, bad.reason) for bad in read(text)[1]]


# Forms


def written(form: str) -> tuple[str, list[int]]:
    """The three objects in a form, and the lines where they begin."""
    match form:
        case "lines":
            return "".join(json.dumps(each) + "\n" for each in THREE), [1, 2, 3]
        case "one line":
            return json.dumps(THREE), [1, 1, 1]
        case "an object a line":
            return "[" + ",\n".join(map(json.dumps, THREE)) + "]\n", [1, 2, 3]
        case "an object a line, commas first":
            return "[\n" + "\n,".join(map(json.dumps, THREE)) + "\n]\n", [2, 3, 4]
        case "objects over lines, one after another":
            each = [json.dumps(each, indent=2) + "\n" for each in THREE]
            return "".join(each), [1, 1 + each[0].count("\n"), 1 + (each[0] + each[1]).count("\n")]
    text = json.dumps(THREE, indent={"pretty": 2, "pretty with one blank": 1, "pretty, not indented": 0}[form])
    begun = [text[: text.index(f'"id": {number}')].count("\n") for number in (1, 2, 3)]
    return text, begun


FORMS: Final = (
    "lines",
    "one line",
    "an object a line",
    "an object a line, commas first",
    "objects over lines, one after another",
    "pretty",
    "pretty with one blank",
    "pretty, not indented",
)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("before", ["", "\n\n", "  "])
def test_every_form_is_read(form: str, before: str) -> None:
    text, begun = written(form)
    rows, bad = read(before + text)
    assert bad == []
    assert [line - before.count("\n") for line, _fields in rows] == begun
    assert [fields for _line, fields in rows] == [
        {"id": "1", "name": "Ada", "tags": '[{"name": "x"}, {"name": "y"}]'},
        {"id": "2", "name": "Bob", "at.street": "a { b"},
        {"id": "3", "name": "Cyd", "note": 'a "quoted" }, {'},
    ]


@pytest.mark.parametrize("form", FORMS)
def test_with_carriage_returns(form: str) -> None:
    text, begun = written(form)
    for line_end in ("\r\n", "\r"):
        assert [line for line, _name in names(text.replace("\n", line_end))] == begun


@pytest.mark.parametrize("form", FORMS)
def test_cut_at_every_character(form: str) -> None:
    """Each object that is whole is there, and at most one is bad: the one that was cut."""
    text, _begun = written(form)
    whole = [fields for _line, fields in read(text)[0]]
    for cut in range(len(text)):
        rows, bad = read(text[:cut])
        count = len(rows)
        assert [fields for _line, fields in rows] == whole[:count]
        assert len(bad) <= 1
        complete = sum(text[:cut].count(f'"id": {number}') for number in (2, 3))
        assert count >= complete
        assert all(each.reason == CUT for each in bad)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1" * 5000, "1" * 5000),
        ("-0.10", "-0.10"),
        ("1e999", "1e999"),
        ("NaN", "NaN"),
        ("true", "true"),
        ("null", ""),
        ("[]", ""),
        ('["a", "b"]', "a, b"),
        ('["a", 1]', "a, 1"),
        ('["a", null]', '["a", null]'),
        ("{}", ""),
        ('"\\u00e9\\n"', "é\n"),
        ('"\\ud83d\\ude00"', "😀"),
        ('"\\ud800"', "\ud800"),
        ('"\\u0000"', "\0"),
    ],
)
def test_values(value: str, text: str) -> None:
    [(_line, fields)], bad = read(f'{{"name": "Ada", "x": {value}}}\n')
    assert (fields.get("x", ""), bad) == (text, [])


def test_the_last_of_keys_that_come_twice_counts() -> None:
    assert read('{"name": "Ada", "name": "Bob"}\n')[0] == [(1, {"name": "Bob"})]


def test_nested_objects_and_a_name_with_a_dot() -> None:
    assert read('{"a": {"b": {"c": 1}}, "a.b.d": 2}\n')[0] == [(1, {"a.b.c": "1", "a.b.d": "2"})]


# Broken


@pytest.mark.parametrize(
    "line", ["oops", "1", '"text"', "[1]", "null", "{", "}", '{"a": }', '{"a": "b', "{'a': 1}", "{]"]
)
def test_what_is_no_object_costs_its_line(line: str) -> None:
    text = f'{{"name": "Ada"}}\n{line}\n{{"name": "Bob"}}\n'
    rows, bad = read(text)
    assert [(number, fields["name"]) for number, fields in rows] == [(1, "Ada"), (3, "Bob")]
    assert [(each.line, each.text.strip()) for each in bad] == [(2, line)]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "damage",
    [('"name": "Bob"', '"name": oops'), ('"name": "Bob"', '"name": "Bob'), ('"name"', '"na\nme"'), ('"Bob",', '"Bob"')],
)
def test_a_broken_object_costs_itself(form: str, damage: tuple[str, str]) -> None:
    text, _begun = written(form)
    at = text.index('"id": 2')
    spoilt = text[:at] + text[at:].replace(*damage, 1)
    rows, bad = read(spoilt)
    assert [fields["id"] for _line, fields in rows if "id" in fields] == ["1", "3"]
    assert len(bad) == 1 if form != "lines" or "\n" not in damage[1] else 2


@pytest.mark.parametrize("form", ["pretty", "an object a line", "pretty with one blank"])
def test_a_lost_line_costs_the_objects_beside_it_at_most(form: str) -> None:
    text, _begun = written(form)
    texts = text.splitlines(keepends=True)
    for lost in range(len(texts)):
        found = {fields.get("id") for _line, fields in read("".join(texts[:lost] + texts[lost + 1 :]))[0]}
        assert len(found & {"1", "2", "3"}) >= (1 if 0 < lost < len(texts) - 1 else 2)


def test_deep_nesting_is_no_object_and_harms_nobody() -> None:
    for deep in ("[" * 100_000 + "]" * 100_000, '{"a":' * 100_000 + "1" + "}" * 100_000):
        assert names(f'{{"name": "Ada", "x": {deep}}}\n{{"name": "Bob"}}\n') == [(2, "Bob")]


# Large


def test_one_line_of_ten_megabytes() -> None:
    entry = {"name": "Ada", "note": "x" * 80, "at": {"street": "y"}}
    count = (10 << 20) // len(json.dumps(entry))
    text = json.dumps([entry] * count)
    started = time.process_time()
    rows, bad = read(text)
    assert (len(rows), bad) == (count, [])
    assert time.process_time() - started < 15


def test_one_long_line_broken_in_the_middle() -> None:
    entries = [{"id": number, "note": "x" * 500} for number in range(8_000)]
    text = json.dumps(entries).replace('"id": 4000,', '"id": oops,').replace('"id": 5000,', '"id": "oops,')
    rows, bad = read(text)
    assert [fields["id"] for _line, fields in rows] == [
        str(number) for number in range(8_000) if number not in (4000, 5000)
    ]
    assert [(each.line, each.reason) for each in bad] == [(1, NONE)] * 2


def test_an_object_of_more_than_a_megabyte_is_one_bad_row() -> None:
    huge = json.dumps({"name": "x" * 5_000_000})
    assert names(f'{{"name": "Ada"}}\n{huge}\n{{"name": "Bob"}}\n') == [(1, "Ada"), (3, "Bob")]
    assert broken(f'{{"name": "Ada"}}\n{huge}\n{{"name": "Bob"}}\n') == [(2, NONE)]
    assert names(f'[{{"name": "Ada"}}, {huge}, {{"name": "Bob"}}]') == [(1, "Ada"), (1, "Bob")]
    pretty = json.dumps([{"name": "Ada"}, {"name": "x", "list": ["y" * 90] * 20_000}, {"name": "Bob"}], indent=2)
    assert [name for _line, name in names(pretty)] == ["Ada", "Bob"]
    assert len(broken(pretty)) == 1


def seconds(text: str) -> float:
    started = time.process_time()
    read(text)
    return time.process_time() - started


@pytest.mark.parametrize(
    ("start", "line"),
    [
        ("", "{\n"),
        ("[\n", '{"a":\n'),
        ("[\n", "{\n"),
        ("[\n{\n", '"a": {},\n'),
        ('[\n{"a": [\n', "{},\n"),
        ('[\n{"a": [\n', '{"b": 1},\n'),
        ("[", '{"a": oops}, '),
        ("[", '{"a": "'),
        ("[", "[,"),
        ("", "oops\n"),
        ("", "{}"),
    ],
)
def test_broken_text_takes_linear_time(start: str, line: str) -> None:
    """Eight times the text may take eight times as long; a square would take sixty-four."""
    few, many = (start + line * (size // len(line)) for size in (8_000, 64_000))
    assert any(seconds(many) < 24 * seconds(few) + 0.2 for _ in range(2))


def test_chunks_have_so_many_rows() -> None:
    text = '{"name": "Ada"}\n' * (2 * CHUNK + 1)
    assert [len(chunk.rows) for chunk in json_lines.chunks(lines(text), ["name"])] == [CHUNK, CHUNK, 1]
    large = json.dumps({"name": "x" * 1_000_000}) + "\n"
    assert [len(chunk.rows) for chunk in json_lines.chunks(lines(large * 20), ["name"])] == [9, 9, 2]


def test_what_lies_too_deep_costs_itself_alone() -> None:
    """No line of it is tried as a row of its own, and the rows behind it are read."""
    deep = '{"a":\n' * 50_000 + "1}\n"
    rows, bad = read("[\n" + deep + '{"a": "Ada"},\n{"a": "Bob"}\n]\n')
    assert [fields for _line, fields in rows] == [{"a": "Ada"}, {"a": "Bob"}]
    assert [each.line for each in bad] == [2]
