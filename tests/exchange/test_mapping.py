"""Columns and what they hold: found by their names, said by the user, formats told by their values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from ltc_cli.errors import UsageError
from ltc_cli.exchange import mapping
from ltc_cli.exchange.chunk import Chunk, named
from ltc_cli.exchange.layouts import Layout
from ltc_cli.exchange.mapping import Use

if TYPE_CHECKING:
    from collections.abc import Sequence

LEADS: Final = Layout("leads")
DEALS: Final = Layout("opportunities")


def fields(
    *columns: str, layout: Layout = LEADS, said: Sequence[str] = (), known: Sequence[str] = ()
) -> list[str | None]:
    uses = mapping.assign(columns, layout, mapping.given(said, layout.fields), frozenset(known))
    assert [use.column for use in uses] == list(columns)
    return [use.field for use in uses]


# Names of columns


def test_names_no_file_should_hold() -> None:
    assert named(["Name", "", " ", "Name", "x\0y", "\ud800", "column 2"]) == [
        "Name",
        "column 2",
        "column 3",
        "Name (4)",
        "x\ufffdy",
        "\ufffd",
        "column 2 (7)",
    ]


@pytest.mark.parametrize(
    "name", ["E-Mail", "e_mail", " EMAIL ", "Ｅｍａｉｌ", "properties.email", "E\x00mail", "e\u200bmail"]
)
def test_names_count_by_their_letters(name: str) -> None:
    assert fields(name) == ["email"]


def test_two_columns_of_one_name() -> None:
    assert fields("Name", "Name (2)", "Company", "Company (4)") == ["name", None, "company", None]


def test_of_two_columns_the_surer_one_is_taken() -> None:
    assert fields("Original Source", "Lead Source") == [None, "source"]


def test_addresses_may_stand_in_several_columns() -> None:
    uses = mapping.assign(["Name", "Other Email", "Email"], LEADS, {}, frozenset())
    chunk = Chunk([2, 3, 4], [["Ada", "a@x.example", ""], ["Bob", "b@x.example", "b@y.example"], ["Cyd", "", ""]], [])
    assert mapping.select(chunk, uses, LEADS).fields["email"] == ["a@x.example", "b@y.example", ""]


def test_ids() -> None:
    assert fields("Mitarbeiter-Nr-ID", "Name") == ["external_id", "name"]
    assert fields("Name", "Mitarbeiter ID") == ["name", None]
    assert fields("Name", "Mitarbeiter ID", layout=DEALS, known=["mitarbeiterid"]) == ["title", "lead_id"]


def test_no_column_is_known() -> None:
    with pytest.raises(UsageError, match="no column is one that ltc knows") as refused:
        fields("a\nb", "c")
    assert refused.value.hint is not None


# What the user says


def test_what_is_said_counts() -> None:
    assert fields("Name", "Firma=x", said=["Firma=x=company"]) == ["name", "company"]
    assert fields("Name", "Email", said=["name=-", "EMAIL = name"]) == [None, "name"]


@pytest.mark.parametrize("text", ["", "=", "Name", "Name=", "Name=nobody", "Name=name:dmy", "Created=created_on:xyz"])
def test_what_cannot_be_said(text: str) -> None:
    with pytest.raises(UsageError):
        mapping.given([text], LEADS.fields)


def test_all_that_is_wrong_is_told() -> None:
    with pytest.raises(UsageError, match=r"'a'.*'b'"):
        mapping.given(["a", "b"], LEADS.fields)
    with pytest.raises(UsageError, match="there is no column x, y"):
        fields("Name", said=["x=name", "y=email"])


# Formats


def format_of(field: str, *texts: str, others: Sequence[tuple[str, Sequence[str]]] = ()) -> str | None:
    columns = [(field, texts), *others]
    uses = [Use(f"column {at}", each) for at, (each, _texts) in enumerate(columns)]
    rows = [list(row) for row in zip(*(texts for _field, texts in columns), strict=True)]
    return mapping.with_formats(uses, lambda: iter([Chunk(list(range(len(rows))), rows, [])]))[0].format


@pytest.mark.parametrize(
    ("texts", "form"),
    [
        (["2026-02-13"], "ymd"),
        (["", ""], "ymd"),
        (["13/02/2026", "01/02/2026"], "dmy"),
        (["01/02/2026", "02/13/2026"], "mdy"),
        (["01/01/2026"], "dmy"),
        (["soon", "13.02.2026"], "dmy"),
        (["99/99/2026", "13/02/2026"], "dmy"),
    ],
)
def test_the_order_of_day_and_month(texts: list[str], form: str) -> None:
    assert format_of("created_on", *texts) == form


def test_another_column_of_dates_tells() -> None:
    assert format_of("created_on", "01/02/2026", others=[("close_on", ["02/13/2026"])]) == "mdy"
    with pytest.raises(UsageError, match="column 0 may be day first or month first"):
        format_of("created_on", "01/02/2026", others=[("close_on", ["2026-02-13"])])


@pytest.mark.parametrize(
    ("texts", "form"),
    [
        (["1,234.50"], "point"),
        (["1.234,50 €"], "comma"),
        (["1.234", "1,5"], "comma"),
        (["1,234", "0.5"], "point"),
        (["1.234.567"], "comma"),
        (["12", "", "viel"], "point"),
    ],
)
def test_the_mark_before_decimals(texts: list[str], form: str) -> None:
    assert format_of("amount", *texts) == form


def test_an_amount_that_can_be_read_in_two_ways() -> None:
    with pytest.raises(UsageError, match=r"may be 1,234\.56 or 1\.234,56") as refused:
        format_of("amount", "1.234", "2.345")
    assert refused.value.hint == '--map "column 0=amount:point" or :comma says which'


# What is kept as it is


def further(*texts: str) -> tuple[list[dict[str, str]], dict[int, list[str]]]:
    uses = [Use("Name", "name"), Use("Industry", None), Use("ltc_reason", None)]
    rows = [["Ada", text, "as it was"] for text in texts]
    selected = mapping.select(Chunk(list(range(len(rows))), rows, []), uses, LEADS)
    return selected.further, {row: [each.message for each in found] for row, found in selected.problems.items()}


def test_further_columns_are_trimmed_composed_and_left_out_where_blank() -> None:
    assert further(" Looms ", "", "  ", "e\u0301", "x" * 20_000) == (
        [{"Industry": "Looms"}, {}, {}, {"Industry": "\u00e9"}, {"Industry": "x" * 20_000}],
        {},
    )


def test_further_columns_with_what_no_file_should_hold() -> None:
    _further, problems = further("Looms", "x\0", "\udcff")
    assert problems == {
        1: ["Industry holds a NUL character"],
        2: ["Industry holds half a character (a lone surrogate)"],
    }


def test_no_rows() -> None:
    assert further() == ([], {})
