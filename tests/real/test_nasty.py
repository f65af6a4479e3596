"""Collections of corner cases that others made: csv-spectrum, and the Big List of Naughty Strings in an import."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from typing import TYPE_CHECKING, Any, Final

import pytest

from ltc_cli.exchange import rows, source
from tests.support import Company, folder_in_memory

if TYPE_CHECKING:
    from pathlib import Path

FIELDS: Final = ("name", "company", "title", "source", "campaign", "owner", "note", "external_id", "phone")
"""Those of a lead that hold any text."""
NOTHING: Final = ("null", "none", "n/a", "-", "--", "nan", "undefined")
"""In any field but name and company they say that nothing was said."""


@pytest.fixture(scope="module")
def nasty(real_data: Path) -> Path:
    folder = real_data / "nasty"
    if not folder.is_dir():
        pytest.skip("LTC_REAL_DATA has no nasty input")
    return folder


# csv-spectrum

SOUND: Final = (
    "comma_in_quotes",
    "empty",
    "empty_crlf",
    "escaped_quotes",
    "json",
    "newlines",
    "quotes_and_newlines",
    "simple",
    "simple_crlf",
    "utf8",
)


def records(path: Path) -> list[dict[str, str]]:
    with source.opened(str(path), io.StringIO()) as file:
        found = rows.read(file, lambda _column: True)
        chunks = list(found.chunks())
    assert all(chunk.bad == [] for chunk in chunks)
    return [dict(zip(found.columns, row, strict=True)) for chunk in chunks for row in chunk.rows]


def expected(nasty: Path, name: str) -> Any:
    return json.loads((nasty / "csv-spectrum" / "json" / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", SOUND)
def test_csv_spectrum(nasty: Path, name: str) -> None:
    found = records(nasty / "csv-spectrum" / "csvs" / f"{name}.csv")
    wanted = expected(nasty, name)
    assert found == (wanted if isinstance(wanted, list) else [wanted])


def test_the_whole_of_csv_spectrum_is_read(nasty: Path) -> None:
    files = {path.stem for path in (nasty / "csv-spectrum" / "csvs").iterdir()}
    assert files == {*SOUND, "location_coordinates", "newlines_crlf"}


def test_line_ends_within_a_cell(nasty: Path) -> None:
    r"""The copy's `newlines_crlf.csv` lost its carriage returns (it has 0d nowhere), the JSON beside it has kept them:
    so the text it was made of is made again.
    """
    path = nasty / "csv-spectrum" / "csvs" / "newlines_crlf.csv"
    octets = path.read_bytes()
    wanted = expected(nasty, "newlines_crlf")
    if b"\r" not in octets:
        without = [{name: cell.replace("\r", "") for name, cell in record.items()} for record in wanted]
        assert records(path) == without
    with folder_in_memory() as folder:
        mended = folder / "newlines_crlf.csv"
        mended.write_bytes(octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        assert records(mended) == wanted


def test_quotes_in_the_middle_of_cells(nasty: Path) -> None:
    """`location_coordinates.json` has another telephone number than the CSV (1234567890 for 2095257564), and one object
    instead of a list; the rest is the same, U+FFFD (ef bf bd) for the degrees as well.
    """
    found = records(nasty / "csv-spectrum" / "csvs" / "location_coordinates.csv")
    wanted = expected(nasty, "location_coordinates")
    assert found == [{**wanted, "Contact Phone Number": "2095257564"}]
    assert found[0]["Location Coordinates"] == "37\ufffd36'37.8\"N 121\ufffd2'17.9\"W"


# The Big List of Naughty Strings


def naughty(nasty: Path) -> list[str]:
    texts: list[str] = json.loads((nasty / "blns.json").read_text(encoding="utf-8"))
    return [*texts, "half \ud800", "half \udfff too", "nul \0 in it"]


def is_refused(text: str) -> bool:
    return "\0" in text or any("\ud800" <= character <= "\udfff" for character in text)


def kept(text: str) -> str | None:
    return unicodedata.normalize("NFC", text.strip()) or None


def test_naughty_strings_in_every_field_of_a_lead(nasty: Path) -> None:
    """As CSV, and as JSON lines: all rows but those with NUL and half a character, each text as it was."""
    texts = [text for text in naughty(nasty) if kept(text)]
    columns = [*FIELDS, "Industry"]
    table = io.StringIO()
    writer = csv.writer(table, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([text] * len(columns) for text in texts)
    lines = [json.dumps(dict.fromkeys(columns, text)) + "\n" for text in texts]
    for content in (table.getvalue().encode("utf-8", "surrogatepass"), "".join(lines).encode()):
        with folder_in_memory() as folder:
            assert_all_kept(Company(folder), folder, content, texts)


def distinct(texts: list[str]) -> list[str]:
    """A text is an id once; where it only says that there is none, each row is a lead of its own."""
    return [text for number, text in enumerate(texts) if text.casefold() in NOTHING or text not in texts[:number]]


def assert_all_kept(company: Company, folder: Path, content: bytes, texts: list[str]) -> None:
    file, rejects = folder / "rows", folder / "rejects.csv"
    file.write_bytes(content)
    command = ("import", "leads", str(file), "--json", "--rejects", str(rejects), "--encoding", "utf-8")
    assert company.run(*command) == 8
    answer = json.loads(company.out)
    ids = distinct([kept(text) or "" for text in texts if not is_refused(text)])
    refused = sum(map(is_refused, texts))
    assert (answer["read"], answer["created"], answer["rejected"]) == (len(texts), len(ids), refused)
    assert answer["unchanged"] == len(texts) - len(ids) - refused

    for lead, text in zip(company.ltc("list", "leads"), ids, strict=True):
        assert text is not None
        for field in FIELDS:
            is_blank = field not in ("name", "company") and text.casefold() in NOTHING
            assert lead[field] == (None if is_blank else text), field
        assert lead["further"] == [{"column": "Industry", "value": text}]
        assert company.ltc("show", lead["ref"])["name"] == text
    with rejects.open(encoding="utf-8", newline="") as stream:
        assert all(
            "half a character" in row["ltc_reason"] or "NUL" in row["ltc_reason"] for row in csv.DictReader(stream)
        )
    assert company.run(*command) == 8
    assert json.loads(company.out)["unchanged"] == len(texts) - refused
    assert company.run("check") == 0
