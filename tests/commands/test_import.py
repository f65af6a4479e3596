"""`ltc import`: files of any program in, none twice, none lost, and back."""

from __future__ import annotations

import csv
import json
import shlex
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.support import Company, folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TWO: Final = "Name,Email,Company,Lead Source\nAda,ada@engines.example,Engines,web\nBob,bob@looms.example,Looms,fair\n"


class Office(Company):
    """A company beside a folder of files."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder

    def file(self, name: str, content: str | bytes) -> str:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    def take(self, content: str | bytes, *options: str, kind: str = "leads", code: int = 0) -> dict[str, Any]:
        """The answer of an import of such a file."""
        found = self.run("import", kind, self.file("rows", content), "--json", *options)
        assert found == code, self.err
        answer: dict[str, Any] = json.loads(self.out)
        assert answer["read"] == sum(answer[count] for count in ("created", "updated", "unchanged", "rejected"))
        return answer

    def leads(self) -> list[dict[str, Any]]:
        answer: list[dict[str, Any]] = self.ltc("list", "leads")
        return answer


@pytest.fixture
def office() -> Iterator[Office]:
    with folder_in_memory() as folder:
        yield Office(folder)


def counts(answer: dict[str, Any]) -> tuple[int, ...]:
    return tuple(answer[count] for count in ("created", "updated", "unchanged", "rejected"))


# Once, twice, changed


def test_rows_become_leads(office: Office) -> None:
    answer = office.take(TWO)
    assert counts(answer) == (2, 0, 0, 0)
    assert answer["batch"] == 1
    assert [(lead["name"], lead["email"], lead["company"], lead["source"]) for lead in office.leads()] == [
        ("Ada", "ada@engines.example", "Engines", "web"),
        ("Bob", "bob@looms.example", "Looms", "fair"),
    ]


def test_the_same_file_again_changes_nothing(office: Office) -> None:
    office.take(TWO)
    before = office.dump()
    answer = office.take(TWO)
    assert counts(answer) == (0, 0, 2, 0)
    assert answer["batch"] is None
    assert office.dump() == before


def test_the_same_rows_in_another_dialect_are_the_same(office: Office) -> None:
    office.take("Name,Email,Created\nAda,ada@engines.example,2026-02-13\n")
    again = "Created;Name;Email\r\n13.02.2026; Ada ;ADA@engines.example\r\n".encode("utf-16")
    assert counts(office.take(again)) == (0, 0, 1, 0)


def test_a_changed_row_is_rejected(office: Office) -> None:
    office.take(TWO)
    answer = office.take(TWO.replace("Looms,", "Mills,"), code=8)
    assert counts(answer) == (0, 0, 1, 1)
    assert "line 3: L2 has the e-mail bob@looms.example already" in office.err
    assert office.leads()[1]["company"] == "Looms"


def test_update_takes_a_changed_row_over(office: Office) -> None:
    office.take(TWO)
    changed = TWO.replace("Looms,", "Mills,")
    assert counts(office.take(changed, "--on-duplicate", "update")) == (0, 1, 1, 0)
    assert office.leads()[1]["company"] == "Mills"
    assert counts(office.take(changed)) == (0, 0, 2, 0)


def test_update_leaves_what_the_row_leaves_blank(office: Office) -> None:
    office.take(TWO)
    office.take("Name,Email,Company\nAda,ada@engines.example,\n", "--on-duplicate", "update")
    assert office.leads()[0]["company"] == "Engines"


def test_skip_leaves_a_changed_row(office: Office) -> None:
    office.take(TWO)
    assert counts(office.take(TWO.replace("Looms,", "Mills,"), "--on-duplicate", "skip")) == (0, 0, 2, 0)
    assert office.leads()[1]["company"] == "Looms"


def test_an_id_is_stronger_than_an_address(office: Office) -> None:
    office.take("Record ID,Name,Email\n7,Ada,ada@engines.example\n")
    moved = "Record ID,Name,Email\n7,Ada,ada@new.example\n"
    answer = office.take(moved, code=8)
    assert counts(answer) == (0, 0, 0, 1)
    assert "L1 has the id 7 already, and says something else" in office.err
    assert counts(office.take(moved, "--on-duplicate", "update")) == (0, 1, 0, 0)
    assert [(lead["email"], lead["external_id"]) for lead in office.leads()] == [("ada@new.example", "7")]


def test_ids_of_two_programs_are_two(office: Office) -> None:
    office.take("Contact ID,Name\n1,Ada\n")
    assert counts(office.take("Person ID,Name\n1,Bob\n")) == (1, 0, 0, 0)


def test_an_id_given_by_hand_is_known(office: Office) -> None:
    office.ltc("lead", "add", "Ada", "--external-id", "X1")
    assert counts(office.take("Record ID,Name\nX1,Ada B\n", "--on-duplicate", "update")) == (0, 1, 0, 0)
    assert [lead["name"] for lead in office.leads()] == ["Ada B"]


def test_equal_rows_without_id_and_address_are_two_leads_and_stay_two(office: Office) -> None:
    rows = "Name,Company\nJohn,\nJohn,\nJohn,Mills\n"
    assert counts(office.take(rows)) == (3, 0, 0, 0)
    assert counts(office.take(rows)) == (0, 0, 3, 0)
    assert counts(office.take(rows + "John,\n")) == (1, 0, 3, 0)


def test_a_lead_is_known_again_after_its_address_was_mended(office: Office) -> None:
    office.take(TWO)
    office.ltc("edit", "L1", "email=ada@right.example")
    assert counts(office.take(TWO)) == (0, 0, 2, 0)


def test_a_lead_is_known_again_after_it_was_edited(office: Office) -> None:
    office.take(TWO)
    office.ltc("edit", "L1", "company=Mills", "owner=kim")
    assert counts(office.take(TWO)) == (0, 0, 2, 0)
    assert office.leads()[0]["company"] == "Mills"


def test_the_same_row_twice_in_a_file_is_one_lead(office: Office) -> None:
    rows = TWO + "Ada, ADA@engines.example ,Engines,web\n"
    assert counts(office.take(rows)) == (2, 0, 1, 0)


def test_another_row_with_the_same_address_is_rejected(office: Office) -> None:
    answer = office.take(TWO + "Ada Byron,ada@engines.example,,\n", code=8)
    assert counts(answer) == (2, 0, 0, 1)


def test_a_merged_lead_is_known_as_the_one_it_was_merged_into(office: Office) -> None:
    office.take(TWO)
    office.ltc("lead", "merge", "L1", "L2")
    assert counts(office.take(TWO)) == (0, 0, 2, 0)


def test_an_update_of_a_merged_lead_is_one_of_the_lead_that_stayed(office: Office) -> None:
    office.take("Record ID,Name,Company\n1,Ada,Engines\n2,Ada B,Engines\n")
    office.ltc("lead", "merge", "L1", "L2")
    office.take("Record ID,Name,Company\n2,Ada B,Mills\n", "--on-duplicate", "update")
    assert [(lead["ref"], lead["company"]) for lead in office.leads()] == [("L1", "Mills")]


# What a row needs


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ("1,,,,", "1"),
        ("1,,,,+49 30 123456", "+49 30 123456"),
        ("1,,,a@b.example,", "a@b.example"),
        ("1,,Engines,a@b.example,", "Engines"),
        ("1,Ada,Engines,a@b.example,", "Ada"),
    ],
)
def test_what_stands_for_the_name(office: Office, row: str, name: str) -> None:
    office.take(f"ID,Name,Company,Email,Phone\n{row}\n")
    assert office.leads()[0]["name"] == name


@pytest.mark.parametrize(
    ("first", "last", "name"), [("Ada", "Lovelace", "Ada Lovelace"), ("伟", "张", "张伟"), ("", "Li", "Li")]
)
def test_names_in_parts(office: Office, first: str, last: str, name: str) -> None:
    office.take(f"First Name,Last Name\n{first},{last}\n")
    assert office.leads()[0]["name"] == name


def test_bad_rows_are_rejected_and_the_good_ones_stay(office: Office) -> None:
    rejects = office.folder / "bad.csv"
    answer = office.take(
        "Name,Email,Created\n"
        "Ada,ada@engines.example,2026-02-01\n"
        "Bob,not an address,2026-02-01\n"
        "Cyd,cyd@looms.example,2026-02-30\n"
        "Dot,dot@looms.example,2030-01-01\n"
        ",,2026-02-01\n"
        "Eve\n"
        '"Fay,fay@looms.example,2026-02-01\n'
        "Gil,gil@looms.example,2026-02-01\n",
        "--rejects",
        str(rejects),
        code=8,
    )
    assert counts(answer) == (2, 0, 0, 6)
    with rejects.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["ltc_line"], row["ltc_reason"]) for row in rows] == [
        ("3", "'not an address' is not one e-mail address"),
        ("4", "the day 2026-02-30 does not exist"),
        ("5", "2030-01-01 is after today (2026-06-15)"),
        ("6", "it has no name, company, e-mail, phone or id"),
        ("7", "it has 1 cells, the header 3"),
        ("8", "a quote is opened and never closed"),
    ]
    assert rows[0]["Name"] == "Bob"
    assert rejects.stat().st_mode & 0o777 == 0o600


def test_mended_rejects_can_be_read_again(office: Office) -> None:
    rejects = office.folder / "bad.csv"
    office.take("Name,Email\nAda,oops\n", "--rejects", str(rejects), code=8)
    mended = rejects.read_text(encoding="utf-8").replace("Ada,oops", "Ada,ada@engines.example")
    assert counts(office.take(mended)) == (1, 0, 0, 0)
    assert office.leads()[0]["further"] == []


def test_further_columns_are_kept(office: Office) -> None:
    office.take("Name,Industry,Tags\nAda,Looms,\n")
    assert office.leads()[0]["further"] == [{"column": "Industry", "value": "Looms"}]


def test_a_country_that_is_none_is_kept_beside(office: Office) -> None:
    office.take("Name,Country\nAda,Germany\nBob,Asia/Pacific Region\n")
    assert [(lead["country"], lead["further"]) for lead in office.leads()] == [
        ("DE", []),
        (None, [{"column": "country", "value": "Asia/Pacific Region"}]),
    ]


# What is found, and what the user says


def columns(answer: dict[str, Any]) -> dict[str, tuple[str | None, str | None]]:
    return {use["column"]: (use["field"], use["format"]) for use in answer["columns"]}


def test_a_dry_run_shows_what_was_found_and_keeps_nothing(office: Office) -> None:
    content = "Report\n\nName;Umsatz;Created\nAda;1;13.02.2026\n".encode("cp1252")
    answer = office.take(content, "--dry-run")
    assert (answer["format"], answer["delimiter"], answer["header_line"]) == ("csv", "semicolon", 3)
    assert columns(answer) == {"Name": ("name", None), "Umsatz": (None, None), "Created": ("created_on", "day first")}
    assert not office.path.exists()


def test_a_column_that_can_be_read_in_two_ways_is_refused(office: Office) -> None:
    rows = "Name,Created\nAda,03/04/2026\nBob,05/06/2026\n"
    assert office.run("import", "leads", office.file("rows", rows)) == 2
    assert "column Created may be day first or month first" in office.err
    assert '--map "Created=created_on:dmy" or :mdy says which' in office.err
    assert not office.path.exists()
    office.take(rows, "--map", "Created=created_on:mdy")
    assert [lead["created_on"] for lead in office.leads()] == ["2026-03-04", "2026-05-06"]


def test_one_clear_value_decides_for_the_column(office: Office) -> None:
    office.take("Name,Created\nAda,03/04/2026\nBob,05/13/2026\n")
    assert [lead["created_on"] for lead in office.leads()] == ["2026-03-04", "2026-05-13"]


def test_map_says_what_a_column_holds(office: Office) -> None:
    office.take("Kunde,Merkmal,Company\nAda,x,y\n", "--map", "Kunde=name", "--map", "Company=-")
    lead = office.leads()[0]
    assert (lead["name"], lead["company"]) == ("Ada", None)
    assert lead["further"] == [{"column": "Company", "value": "y"}, {"column": "Merkmal", "value": "x"}]


def test_a_mapping_file(office: Office) -> None:
    mapping = office.file("mapping", "# ours\n\nKunde = name\nSeit=created_on:mdy\n")
    office.take("Kunde,Seit\nAda,03/04/2026\n", "--mapping", mapping)
    assert [(lead["name"], lead["created_on"]) for lead in office.leads()] == [("Ada", "2026-03-04")]
    with folder_in_memory() as folder:
        other = Office(folder)
        other.take("Kunde,Seit\nAda,03/04/2026\n", "--mapping", mapping, "--map", "Seit=created_on:dmy")
        assert [lead["created_on"] for lead in other.leads()] == ["2026-04-03"]
    assert office.run("import", "leads", mapping, "--mapping", str(office.folder / "none")) == 3


def test_in_a_batch(office: Office) -> None:
    file = office.file("rows", TWO)
    lines = f"import leads {file}\nlead add Cyd\nimport leads {file} --dry-run\nlead add Dot\n"
    for options in ((), ("--atomic", "--dry-run")):
        assert office.run("batch", office.file("lines", lines), *options) == 0, office.out
        answers = [json.loads(line) for line in office.out.splitlines()]
        assert [answer["exit_code"] for answer in answers] == [0, 0, 0, 0]
    assert [lead["ref"] for lead in office.leads()] == ["L1", "L2", "L3", "L4"]
    assert [(entry["verb"], entry["records"]) for entry in office.ltc("log")] == [
        ("import leads", []),
        ("lead add", ["L3"]),
        ("lead add", ["L4"]),
    ]


@pytest.mark.parametrize(
    ("content", "options", "code", "message"),
    [
        (b"", (), 2, "is empty"),
        (b"\n\n", (), 2, "no header row was found"),
        (b"a,b\n1,2\n", (), 2, "no column is one that ltc knows"),
        (b"Name\nAda\n", ("--map", "Nme=name"), 2, "there is no column Nme"),
        (b"Name\nAda\n", ("--map", "Name=nme"), 2, "'Name=nme' is not COLUMN=FIELD"),
        (b"Name\nAda\n", ("--map", "Name=name:dmy"), 2, "'dmy' is no format of name"),
        (b"Name\nAda\n", ("--on-duplicate", "maybe"), 2, "--on-duplicate maybe is not known"),
        (b"Name\nAda\n", ("--rejects", "nowhere/bad.csv"), 2, "there is no folder nowhere"),
        (bytes(range(32)) * 40, (), 2, "is not text"),
        (b"PK\x03\x04rest", (), 2, "is an Excel or zip file, not text"),
    ],
)
def test_what_cannot_be_read_is_one_clear_line(
    office: Office, content: bytes, options: tuple[str, ...], code: int, message: str
) -> None:
    assert office.run("import", "leads", office.file("rows", content), *options) == code
    assert message in office.err.splitlines()[0]
    assert not office.path.exists()


def test_a_file_that_is_not_there(office: Office) -> None:
    assert office.run("import", "leads", str(office.folder / "none.csv")) == 3
    assert office.run("import", "leads", str(office.folder)) == 3
    assert "is a folder" in office.err


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
def test_chinese_in_every_encoding(office: Office, encoding: str) -> None:
    office.take("姓名,公司,来源,创建日期\n张伟,北京织机有限公司,展会,2026年2月13日\n".encode(encoding))
    lead = office.leads()[0]
    assert (lead["name"], lead["company"], lead["source"], lead["created_on"]) == (
        "张伟",
        "北京织机有限公司",
        "展会",
        "2026-02-13",
    )


def test_windows_1252(office: Office) -> None:
    office.take("Name,Company\nJosé Muñoz,Café Zoë\nJürgen,Größe – €\n".encode("cp1252"))
    assert [(lead["name"], lead["company"]) for lead in office.leads()] == [
        ("José Muñoz", "Café Zoë"),
        ("Jürgen", "Größe – €"),
    ]


def test_windows_1252_with_two_umlauts_in_a_row(office: Office) -> None:
    office.take("Name,Company\nAda,Größe\n".encode("cp1252"))
    assert office.leads()[0]["company"] == "Größe"


def test_json_lines(office: Office) -> None:
    office.take(
        '{"name": "Ada", "properties": {"email": "ada@engines.example", "size": 3}}\n{"name": "Bob"}\noops\n', code=8
    )
    assert [(lead["name"], lead["email"]) for lead in office.leads()] == [("Ada", "ada@engines.example"), ("Bob", None)]
    assert office.leads()[0]["further"] == [{"column": "properties.size", "value": "3"}]


def test_our_own_answer_can_be_read(office: Office) -> None:
    office.take(TWO)
    listed = json.dumps(office.leads(), indent=1)
    with folder_in_memory() as folder:
        assert counts(Office(folder).take(listed)) == (2, 0, 0, 0)


def test_vcards(office: Office) -> None:
    card = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada Lovelace\r\nEMAIL:ada@engines.example\r\nEND:VCARD\r\n"
    answer = office.take(card + "BEGIN:VCARD\r\nFN:Cut\r\n", code=8)
    assert (answer["format"], counts(answer)) == ("vcard", (1, 0, 0, 1))
    assert office.leads()[0]["name"] == "Ada Lovelace"


# Opportunities


DEALS: Final = (
    "Deal ID,Deal Name,Lead ID,Amount,Stage,Close Date,Created\n"
    'D1,Loom,1,"$1,200.00",Closed Won,2026-03-01,2026-02-10\n'
    'D2,Mill,2,"$900.00",Closed Lost,2026-03-02,2026-02-10\n'
    'D3,Gin,3,"$50.00",proposal,2026-09-01,2026-02-10\n'
    'D4,Jenny,,"$10.00",Haggling,,2026-02-10\n'
)
THREE: Final = "Lead ID,Name,Source,Created\n1,Ada,web,2026-02-01\n2,Bob,web,2026-02-01\n3,Cyd,fair,2026-03-01\n"


def test_opportunities_are_joined_to_their_leads(office: Office) -> None:
    office.take(THREE)
    answer = office.take(DEALS, kind="opportunities")
    assert counts(answer) == (4, 0, 0, 0)
    assert "1 opportunities are dated before their leads" in office.err
    listed = office.ltc("list", "opportunities")
    assert [(row["title"], row["status"], row["lead"], row["amount"], row["currency"]) for row in listed] == [
        ("Loom", "won", "L1", "1200.00", "USD"),
        ("Mill", "lost", "L2", "900.00", "USD"),
        ("Gin", "open", "L3", "50.00", "USD"),
        ("Jenny", "open", None, "10.00", "USD"),
    ]
    assert [row["stage"] for row in listed[2:]] == ["proposal", "Haggling"]
    assert listed[2]["probability"] == 0.5
    assert counts(office.take(DEALS, kind="opportunities")) == (0, 0, 4, 0)


def test_a_won_one_has_reached_the_contract(office: Office) -> None:
    office.take(THREE)
    office.take(DEALS, kind="opportunities")
    reached = {(row["source"], row["stage"]): row["count"] for row in office.ltc("funnel", "--by", "source")}
    assert [reached[("web", stage)] for stage in ("lead", "opportunity", "contract", "shipped")] == [2, 2, 1, 0]
    assert [reached[("fair", stage)] for stage in ("lead", "opportunity", "contract")] == [1, 1, 0]
    assert [reached[(None, stage)] for stage in ("lead", "opportunity", "contract")] == [1, 1, 0]
    before = {row["stage"]: row["count"] for row in office.ltc("funnel", "--as-of", "2026-02-28")}
    assert (before["opportunity"], before["contract"]) == (3, 0)


def test_a_won_one_can_be_signed_here(office: Office) -> None:
    office.take(THREE)
    office.take(DEALS, kind="opportunities")
    assert office.ltc("sign", "O1")["amount"] == "1200.00"
    office.ltc("sign", "O2", fails=4)


def test_a_second_opportunity_of_a_lead_stands_without_it(office: Office) -> None:
    office.take(THREE)
    office.take("Deal ID,Deal Name,Lead ID\nD1,Loom,1\nD2,Mill,1\nD3,Gin,99\n", kind="opportunities")
    assert "1 rows name a lead that has an opportunity already" in office.err
    assert "1 rows name a lead that is not here" in office.err
    assert [row["lead"] for row in office.ltc("list", "opportunities")] == ["L1", None, None]


def test_without_an_id_a_deal_is_known_by_its_lead(office: Office) -> None:
    office.take(THREE)
    rows = "Lead ID,Deal Name,Amount\n1,Loom,100.00\n1,Mill,200.00\n"
    office.take(rows, kind="opportunities")
    changed = rows.replace("200.00", "250.00")
    assert counts(office.take(changed, kind="opportunities", code=8)) == (0, 0, 1, 1)
    assert counts(office.take(changed, "--on-duplicate", "update", kind="opportunities")) == (0, 1, 1, 0)
    assert [row["amount"] for row in office.ltc("list", "opportunities")] == ["100.00", "250.00"]


def test_update_moves_an_opportunity_on(office: Office) -> None:
    office.take(THREE)
    office.take(DEALS, kind="opportunities")
    won = DEALS.replace("proposal,2026-09-01", "Closed Won,2026-06-01")
    assert counts(office.take(won, "--on-duplicate", "update", kind="opportunities")) == (0, 1, 3, 0)
    assert office.ltc("show", "O3")["status"] == "won"
    assert counts(office.take(won, kind="opportunities")) == (0, 0, 4, 0)


# Customers and touches

COMPANIES: Final = (
    "Company ID,Company Name,Street Address,City,Postal Code,Country,VAT Number,Industry\n"
    "C1,Engines Ltd,1 Mill Lane,London,N1,United Kingdom,GB123,Looms\n"
    "C2,Looms GmbH,,Berlin,10115,Germany,,\n"
)


def test_customers(office: Office) -> None:
    assert counts(office.take(COMPANIES, kind="customers")) == (2, 0, 0, 0)
    first, second = office.ltc("list", "customers")
    assert (first["name"], first["address"], first["country"], first["tax_id"], first["further"]) == (
        "Engines Ltd",
        "1 Mill Lane, N1, London",
        "GB",
        "GB123",
        [{"column": "Industry", "value": "Looms"}],
    )
    assert second["address"] == "10115, Berlin"
    assert counts(office.take(COMPANIES, kind="customers")) == (0, 0, 2, 0)


def test_a_customer_that_is_here_already_is_found(office: Office) -> None:
    office.ltc("init", "--yes")
    office.ltc("customer", "add", "Looms")
    assert counts(office.take(COMPANIES, kind="customers", code=8)) == (1, 0, 0, 1)
    assert "line 3: K1 is this one already" in office.err
    assert counts(office.take(COMPANIES, "--on-duplicate", "update", kind="customers")) == (0, 1, 1, 0)
    assert office.ltc("show", "K1")["country"] == "DE"
    assert counts(office.take(COMPANIES, kind="customers")) == (0, 0, 2, 0)


CALLS: Final = (
    "Activity ID,Activity Type,Activity Date,Notes/Description,Associated Contact Email\n"
    "A1,Call,2026-02-03,wants a loom,ada@engines.example\n"
    "A2,E-Mail,2026-02-04,,ADA@engines.example\n"
    "A3,Call,2026-02-05,,nobody@else.example\n"
    "A4,Task,2026-02-05,,ada@engines.example\n"
)


def test_an_import_of_which_nothing_is_kept_leaves_no_batch(office: Office) -> None:
    office.take(TWO)
    before = office.dump()
    answer = office.take("Activity Type,Email\nCall,nobody@else.example\nCall,no@one.example\n", kind="touches", code=8)
    assert (answer["rejected"], answer["batch"]) == (2, None)
    assert office.dump() == before


def test_touches_are_joined_to_their_leads(office: Office) -> None:
    office.take(TWO)
    assert counts(office.take(CALLS, kind="touches", code=8)) == (2, 0, 0, 2)
    assert "line 4: there is no lead nobody@else.example" in office.err
    assert "line 5: 'Task' is no kind of touch" in office.err
    lead = office.ltc("show", "L1")
    assert (lead["status"], lead["touches"], lead["last_touch_on"]) == ("nurtured", 2, "2026-02-04")
    assert counts(office.take(CALLS, kind="touches", code=8)) == (0, 0, 2, 2)
    office.ltc("import", "undo", "2")
    assert office.ltc("show", "L1")["touches"] == 0


# Contracts and shipments

SIGNED: Final = (
    "Contract No,Deal ID,Customer,Amount,Payment Terms,Date Signed\n"
    'V-1,D1,,"1,200.00","50% sign, 50% ship",2026-03-05\n'
    "V-2,,Mills,90.00,,2026-03-06\n"
    "V-3,D9,,90.00,,2026-03-06\n"
    "V-4,,,90.00,,2026-03-06\n"
)


def test_contracts_and_shipments(office: Office) -> None:
    office.take(THREE)
    office.take(DEALS.replace("$", ""), kind="opportunities")
    assert counts(office.take(SIGNED, kind="contracts", code=8)) == (2, 0, 0, 2)
    assert "line 4: there is no opportunity D9" in office.err
    assert "line 5: it needs an opportunity, or a customer and an amount" in office.err
    first, second = office.ltc("list", "contracts")
    assert (first["opportunity"], first["amount"], first["signed_on"], first["terms"]) == (
        "O1",
        "1200.00",
        "2026-03-05",
        "50% sign, 50% ship",
    )
    assert (second["customer_name"], second["amount"]) == ("Mills", "90.00")
    sent = "Order Number,Ship Date,Delivery Date,Carrier\nV-1,2026-03-10,2026-03-12,DHL\nV-7,2026-03-10,,\n"
    assert counts(office.take(sent, kind="shipments", code=8)) == (1, 0, 0, 1)
    assert [(row["contract"], row["status"]) for row in office.ltc("list", "shipments")] == [("C1", "delivered")]
    assert counts(office.take(SIGNED, kind="contracts", code=8)) == (0, 0, 2, 2)
    assert counts(office.take(sent, kind="shipments", code=8)) == (0, 0, 1, 1)
    assert [row["total"] for row in office.ltc("invoice", "--due")] == ["1200.00"]
    assert office.run("check") == 0


# Invoices and payments

BILLS: Final = (
    "Invoice No,Customer,Invoice Date,Due Date,Net,VAT,Total,Currency\n"
    "R-1,Engines,2026-01-05,2026-02-04,100.00,19.00,119.00,EUR\n"
    "R-2,Engines,2026-05-01,2026-05-31,50.00,0.00,50.00,EUR\n"
)
AGES: Final = ("current", "1-30", "31-60", "61-90", "90+", "unapplied", "total")


def ages(office: Office, day: str) -> list[str]:
    (row,) = office.ltc("aging", "--as-of", day)
    return [row[age] for age in AGES]


def test_invoices_of_another_program_age_as_ours(office: Office) -> None:
    office.ltc("init", "--yes")
    assert counts(office.take(BILLS, kind="invoices")) == (2, 0, 0, 0)
    assert ages(office, "2026-02-28") == ["0.00", "119.00", "0.00", "0.00", "0.00", "0.00", "119.00"]
    assert ages(office, "2026-06-15") == ["0.00", "50.00", "0.00", "0.00", "119.00", "0.00", "169.00"]
    payments = (
        "Payment ID,Invoice No,Payment Date,Amount\nP1,R-1,2026-03-01,100.00\nP2,,2026-03-01,5\nP3,R-9,2026-03-01,5\n"
    )
    assert counts(office.take(payments, kind="payments", code=8)) == (1, 0, 0, 2)
    assert "line 3: it needs an invoice or a customer" in office.err
    assert "line 4: there is no invoice R-9" in office.err
    assert ages(office, "2026-06-15") == ["0.00", "50.00", "0.00", "0.00", "19.00", "0.00", "69.00"]
    assert office.run("check") == 0
    assert counts(office.take(BILLS, kind="invoices")) == (0, 0, 2, 0)
    assert counts(office.take(payments, kind="payments", code=8)) == (0, 0, 1, 2)


def test_an_invoice_of_another_program_is_credited_as_ours(office: Office) -> None:
    """19 of 119: net 19 × 100/119 = 15.966; in full net 100 and tax 19."""
    office.take(BILLS, kind="invoices")
    notes = [office.ltc("credit", "R-1", *amount, "--reason", "late") for amount in (["19"], [])]
    assert [(note["net"], note["tax"]) for note in notes] == [("15.97", "3.03"), ("84.03", "15.97")]
    assert office.ltc("show", "R-1")["status"] == "credited"
    assert office.run("check") == 0


def test_our_own_numbers_go_on_without_a_gap(office: Office) -> None:
    office.take(BILLS, kind="invoices")
    for line in ("lead add Ada", "promote L1 --amount 10", "sign O1 --terms '100% sign'", "invoice C1"):
        office.ltc(*shlex.split(line))
    assert [row["ref"] for row in office.ltc("list", "invoices")] == ["R-1", "R-2", "INV-2026-0001"]
    assert office.run("check") == 0


def test_settled_invoices_are_paid(office: Office) -> None:
    rows = (
        "Invoice No,Customer ID,Invoice Date,Due Date,Amount,Settled Date\n"
        "7,C-1,13/01/2026,12/02/2026,55.94,15/02/2026\n"
    )
    office.take(rows, kind="invoices")
    assert office.ltc("show", "7")["status"] == "paid"
    assert ages(office, "2026-02-14") == ["0.00", "55.94", "0.00", "0.00", "0.00", "0.00", "55.94"]
    assert office.ltc("aging", "--as-of", "2026-02-15") == []


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("R-3,Engines,2026-01-05,,100.00,19.00,120.00,EUR", "its net and tax do not make up its total"),
        ("R-3,Engines,2026-01-05,,,,,EUR", "it needs an amount"),
        ("R-3,,2026-01-05,,,,5,EUR", "it needs a number, a date and a customer"),
        ("R-3,Engines,2026-01-05,,,,-5,EUR", "'-5' is not an amount"),
        ("R-3,Engines,2026-01-05,,,,5,QQQ", "'QQQ' is not an ISO 4217 currency"),
        ("r-1,Engines,2026-01-05,,,,5,EUR", "invoice R-1 is this one already"),
        ("R-1,Engines,2026-01-05,2026-02-04,100.00,19.00,119.00,USD", "is known as R-1 already"),
    ],
)
def test_an_invoice_that_cannot_be(office: Office, row: str, reason: str) -> None:
    office.take(BILLS + row + "\n", kind="invoices", code=8)
    assert reason in office.err


def test_facts_are_not_taken_back(office: Office) -> None:
    office.take(BILLS, kind="invoices")
    assert office.run("import", "undo", "1", "--json") == 8
    rest = json.loads(office.out)["rest"]
    assert rest == [{"ref": ref, "why": "an issued invoice is a fact"} for ref in ("R-1", "R-2")]
    changed = BILLS.replace("2026-02-04", "2026-03-04")
    assert counts(office.take(changed, "--on-duplicate", "update", kind="invoices", code=8)) == (0, 0, 1, 1)
    assert "R-1 is a fact: an invoice never changes" in office.err


# Back


def test_undo_takes_back_what_nothing_was_built_upon(office: Office) -> None:
    office.take(TWO + "Cyd,cyd@looms.example,,\nDot,dot@looms.example,,\n")
    office.ltc("nurture", "L1", "--log", "call")
    office.ltc("edit", "L2", "owner=kim")
    code = office.run("import", "undo", "1", "--json")
    answer = json.loads(office.out)
    assert (code, answer["taken_back"], answer["kept"]) == (8, 2, 2)
    assert answer["rest"] == [{"ref": "L1", "why": "it was touched"}, {"ref": "L2", "why": "it was changed since"}]
    assert [lead["ref"] for lead in office.leads()] == ["L1", "L2"]
    assert office.run("check") == 0


def test_undo_of_everything_leaves_nothing(office: Office) -> None:
    office.take(THREE)
    office.take(DEALS, kind="opportunities")
    assert office.ltc("import", "undo", "2")["taken_back"] == 4
    assert office.ltc("import", "undo", "1")["taken_back"] == 3
    dump = office.dump()
    for table in ("lead", "opportunity", "opportunity_event", "customer", "external_id", "fingerprint"):
        assert dump[table] == []
    assert office.run("check") == 0
    office.ltc("import", "undo", "1")
    assert counts(office.take(THREE)) == (3, 0, 0, 0)
    office.ltc("import", "undo", "9", fails=3)


def test_undo_sets_back_what_an_update_changed(office: Office) -> None:
    office.take(TWO)
    office.take(TWO.replace("Looms,", "Mills,") + "Cyd,cyd@looms.example,,\n", "--on-duplicate", "update")
    answer = office.ltc("import", "undo", "2")
    assert (answer["taken_back"], answer["restored"], answer["rest"]) == (1, 1, [])
    assert [lead["company"] for lead in office.leads()] == ["Engines", "Looms"]
    answer = office.ltc("import", "undo", "1")
    assert (answer["taken_back"], answer["rest"]) == (2, [])


# Everything else


def test_the_journal_names_the_batch(office: Office) -> None:
    office.take(TWO)
    entry = office.ltc("log", "L2")[0]
    assert (entry["verb"], entry["counts"]) == ("import leads", {"batch": 1, "lead": 2})
    with closing(sqlite3.connect(office.path)) as connection:
        assert connection.execute("SELECT batch_id FROM journal").fetchall() == [(1,)]


def test_a_key_gives_the_first_answer_again(office: Office) -> None:
    first = office.take(TWO, "--key", "k")
    assert office.take(TWO, "--key", "k") == first
    assert office.run("import", "leads", office.file("other", TWO + "\nCyd,,,\n"), "--key", "k") == 5


def test_standard_input(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(TWO.encode())))
    assert office.ltc("import", "leads", "-")["created"] == 2


def test_the_rejects_never_replace_the_file_that_is_read(office: Office) -> None:
    file = office.file("rows", TWO)
    assert office.run("import", "leads", file, "--rejects", file) == 2
    assert office.run("import", "leads", file) == 0


def test_the_rejects_never_replace_the_file_of_ltc(office: Office) -> None:
    office.take(TWO)
    before = office.path.read_bytes()
    assert (
        office.run("import", "leads", office.file("bad", "Name,Email\nCyd,oops\n"), "--rejects", str(office.path)) == 2
    )
    assert "is the file of ltc" in office.err
    assert office.path.read_bytes() == before


def test_the_rejects_never_replace_what_comes_on_standard_input(office: Office) -> None:
    file = office.file("rows", "Name,Email\nCyd,oops\n")
    command = [sys.executable, "-m", "ltc_cli", "import", "leads", "-", "--db", str(office.path), "--rejects", file]
    with open(file, encoding="utf-8") as stdin:
        done = subprocess.run(command, stdin=stdin, capture_output=True, text=True, check=False)
    assert (done.returncode, "is the file that is read" in done.stderr) == (2, True)


def test_rejects_of_rejects_have_their_line_and_reason_once(office: Office) -> None:
    rejects, again = office.folder / "bad.csv", office.folder / "again.csv"
    office.take('Name,Email\nAda,oops\n"Bob,\n', "--rejects", str(rejects), code=8)
    office.take(rejects.read_text(encoding="utf-8"), "--rejects", str(again), code=8)
    with again.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows[:2] == [
        ["ltc_line", "ltc_reason", "Name", "Email"],
        ["2", "'oops' is not one e-mail address", "Ada", "oops"],
    ]


def test_a_row_over_lines_is_rejected_as_it_stands(office: Office) -> None:
    rejects = office.folder / "bad.csv"
    office.take('Name,Note,Email\nAda,"one\ntwo",oops\n"Bob, the ""great"",x\n', "--rejects", str(rejects), code=8)
    with rejects.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))[1:]
    assert rows == [
        ["2", "'oops' is not one e-mail address", "Ada", "one\ntwo", "oops"],
        ["4", "a quote is opened and never closed", '"Bob, the ""great"",x\n'],
    ]


def test_the_first_rejects_are_told_in_the_order_of_the_file_and_harm_no_terminal(office: Office) -> None:
    office.take('Name,Email\nAda,\x1b[2Joops\n"Bob,\nCyd,x\u202e\n', code=8)
    assert office.err.splitlines()[:3] == [
        "line 2: '\\x1b[2Joops' is not one e-mail address",
        "line 3: a quote is opened and never closed",
        "line 4: 'x\\u202e' is not one e-mail address",
    ]


@pytest.mark.parametrize("rejects", ["/proc/bad.csv", "/"])
def test_rejects_that_cannot_be_written(office: Office, rejects: str) -> None:
    """Not even root may write there. The rows beside the rejects come with the next run."""
    file = office.file("rows", TWO + "Cyd,oops,,\n")
    assert office.run("import", "leads", file, "--rejects", rejects) == 1
    assert office.err.startswith(f"ltc: error: cannot write {rejects}: ")
    assert office.run("import", "leads", file, "--json") == 8
    assert json.loads(office.out)["created"] == 2


def test_a_file_that_fails_while_it_is_read(office: Office) -> None:
    assert office.run("import", "leads", "/proc/self/mem") == 3
    assert office.err.startswith("ltc: error: cannot read /proc/self/mem: ")


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("[]", (), "has no row that can be read"),
        ("[{", (), "has no row that can be read"),
        ("{}", (), "has no row that can be read"),
        ('{"a": ', (), "has no row that can be read"),
        ("Name\nAda\n", ("--encoding", "nope"), "'nope' is no encoding"),
        ("Name\nAda\n", ("--encoding", "rot13"), "'rot13' is no encoding"),
        ("Name\nAda\n", ("--delimiter", "ab"), "'ab' is no delimiter"),
        ("Name\nAda\n", ("--delimiter", ""), "--delimiter is empty"),
        ("Name" + "," * 2000 + "\n", (), "has 2,001 columns; 2,000 are allowed"),
    ],
)
def test_what_is_wrong_with_a_file_or_an_option(
    office: Office, content: str, options: tuple[str, ...], message: str
) -> None:
    assert office.run("import", "leads", office.file("rows", content), *options) == 2
    assert message in office.err.splitlines()[0]


def test_a_header_in_brackets_is_no_json(office: Office) -> None:
    assert counts(office.take("[Name],[Email]\nAda,ada@engines.example\n")) == (1, 0, 0, 0)


def test_damaged_bytes_and_nuls_cost_their_rows_in_columns_that_are_only_kept(office: Office) -> None:
    rows = "Name,Country,Industry\nAda,DE,Größe\nBob,DE,Größe\n".encode()
    answer = office.take(rows + b"Cyd,DE,\xff\nDot,\xff,\nEve,DE,x\0\nFay,DE,ok\n", "--encoding", "utf-8", code=8)
    assert counts(answer) == (3, 0, 0, 3)
    assert [lead["name"] for lead in office.leads()] == ["Ada", "Bob", "Fay"]


def test_an_update_of_many_commits_often(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the journal keeps of changed records is never in memory all at once."""
    monkeypatch.setattr("ltc_cli.importing.PART_CHANGES", 2)
    monkeypatch.setattr("ltc_cli.exchange.delimited.CHUNK", 2)
    monkeypatch.setattr("ltc_cli.exchange.delimited.SOME_LINES", 2)
    rows = "Name,Email,Company\n" + "".join(f"P{row},p{row}@a.example,Engines\n" for row in range(6))
    office.take(rows)
    assert counts(office.take(rows.replace("Engines", "Mills"), "--on-duplicate", "update")) == (0, 6, 0, 0)
    assert len([entry for entry in office.ltc("log") if entry["counts"].get("lead changed")]) == 3
    assert office.ltc("import", "undo", "2")["restored"] == 6
    assert {lead["company"] for lead in office.leads()} == {"Engines"}
