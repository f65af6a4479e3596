"""`ltc find`: every word of the text, in any field, any case and any script; the best first."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from ltc_cli.app import run
from ltc_cli.session import Session

if TYPE_CHECKING:
    from tests.support import Company


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def refs(company: Company, *text: str) -> list[str]:
    return [row["ref"] for row in company.ltc("find", *text)]


def add(company: Company, name: str, *options: str) -> None:
    company.ltc("lead", "add", name, *options)


# Where


@pytest.mark.parametrize(
    ("option", "value", "text", "field"),
    [
        ("--company", "Analytical Engines", "engines", "company"),
        ("--email", "bob@looms.example", "LOOMS", "email"),
        ("--phone", "+49 30 1234567", "30 123", "phone"),
        ("--phone", "+49 30 1234567", "49301234", "phone"),
        ("--title", "Head of weaving", "weav", "title"),
        ("--note", "met at the fair", "fair", "note"),
        ("--external-id", "crm-77", "crm-77", "external_id"),
    ],
)
def test_a_lead_is_found_by_each_of_its_fields(
    option: str, value: str, text: str, field: str, company: Company
) -> None:
    add(company, "Ada")
    add(company, "Bob", option, value)
    (row,) = company.ltc("find", text)
    assert (row["ref"], row["kind"], row["name"], row["found_in"]) == ("L2", "lead", "Bob", field)


def test_a_touch_answers_its_lead(company: Company) -> None:
    add(company, "Ada")
    add(company, "Bob")
    company.ltc("nurture", "L2", "--log", "call", "--note", "wants velvet")
    assert company.ltc("find", "velvet") == [
        {"ref": "L2", "kind": "lead", "name": "Bob", "found_in": "touch", "text": "wants velvet"}
    ]
    assert refs(company, "bob velvet") == ["L2"]
    assert refs(company, "ada velvet") == []


def test_from_quote_to_payment_each_record_is_found_by_its_own_texts(sale: Company) -> None:
    sale.ltc("quote", "O1", "--line", "Jacquard loom:1:900")
    sale.ltc("sign", "Q1")
    sale.ltc("ship", "C1", "--tracking", "00340434")
    sale.ltc("invoice", "C1")
    sale.ltc("collect", "C1", "--reference", "transfer 4711")
    found = {row["ref"]: (row["kind"], row["name"], row["found_in"]) for row in sale.ltc("find", "jacquard")}
    assert found == {
        "Q1": ("quote", "Engines", "line"),
        "C1": ("contract", "Engines", "line"),
        "INV-2026-0001": ("invoice", "Engines", "line"),
    }
    assert refs(sale, "0434") == ["S1"]
    assert refs(sale, "4711") == ["P1"]
    assert refs(sale, "2026-0001") == ["INV-2026-0001"]


def test_a_customer_and_an_opportunity_are_found(sale: Company) -> None:
    sale.ltc("edit", "K1", "tax_id=DE123456789", "note=pays in spring")
    sale.ltc("advance", "O1", "--next", "fri demonstrate")
    assert refs(sale, "de1234") == ["K1"]
    assert refs(sale, "spring") == ["K1"]
    assert refs(sale, "demonstr") == ["O1"]
    assert refs(sale, "ada", "--kind", "customer") == ["K1"]  # its contact


def test_a_merged_lead_is_found_under_its_survivor(company: Company) -> None:
    add(company, "Ada", "--company", "Engines")
    add(company, "A. Lovelace", "--note", "likes velvet")
    company.ltc("nurture", "L2", "--log", "call", "--note", "asked for silk")
    company.ltc("lead", "merge", "L1", "L2")
    for text in ("lovelace", "velvet", "silk", "engines velvet silk", "L2"):
        (row,) = company.ltc("find", text)
        assert (row["ref"], row["name"]) == ("L1", "Ada"), text


# What is a word


def test_every_word_must_stand_somewhere(company: Company) -> None:
    add(company, "Ada Lovelace", "--company", "Engines")
    add(company, "Ada Byron", "--company", "Looms")
    assert refs(company, "engines ada") == ["L1"]
    assert refs(company, "engines", "ada") == ["L1"]
    assert refs(company, "ada") == ["L2", "L1"]
    assert refs(company, "ada engines looms") == []


def test_a_phrase_in_quotation_marks_is_one_word(company: Company) -> None:
    add(company, "Ada", "--note", "a big deal")
    add(company, "Bob", "--note", "a deal, big")
    assert refs(company, "big deal") == ["L2", "L1"]
    assert refs(company, '"big deal"') == ["L1"]
    assert refs(company, '"big deal" ada') == ["L1"]


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("100%", "1000"),
        ("a_b", "axb"),
        ("a\\b", "ab"),
        ('5"', "5"),
        ("[x]", "x"),
        ("it's", "its"),
        ("%", "x"),
        ("_", "x"),
    ],
)
def test_signs_stand_for_themselves(text: str, other: str, company: Company) -> None:
    add(company, f"Ada {other}")
    add(company, f"Bob {text}")
    assert refs(company, text) == ["L2"]


# Letters of every script: the same word in other cases. What is equal but for case is Unicode's case folding.
CASES = [
    ("Müller", "MÜLLER"),
    ("MÜLLER", "müller"),
    ("Straße", "STRASSE"),
    ("STRASSE", "straße"),
    ("Weiẞ", "weiss"),
    ("Ιωάννης", "ΙΩΆΝΝΗΣ"),
    ("ΟΔΥΣΣΕΥΣ", "οδυσσεύς".replace("ύ", "υ")),
    ("ИваНОв", "иванов"),
    ("Ångström", "ÅNGSTRÖM"),
    ("Zoe\u0308", "ZOË"),  # written with a combining mark
    ("简道云有限公司", "道云"),
    ("王", "王"),
    ("ԱՐՄԵՆ", "արմեն"),
    ("ŁÓDŹ", "łódź"),
    ("😀 shop", "😀"),
]


@pytest.mark.parametrize(("name", "text"), CASES)
def test_a_word_is_found_in_any_case_of_any_script(name: str, text: str, company: Company) -> None:
    add(company, "somebody else")
    add(company, name)
    add(company, "Bob", "--note", f"knows {name} well")
    assert refs(company, text) == ["L2", "L3"]


def test_letters_that_are_not_the_same_are_not_found(company: Company) -> None:
    add(company, "Muller")
    add(company, "Möller")
    assert refs(company, "müller") == []


# The order


def test_the_best_come_first_and_of_equals_the_newest(company: Company) -> None:
    for name, on in (
        ("Old Ada Works", "2026-06-01"),
        ("Ada Byron", "2026-06-02"),
        ("Bob", "2026-06-03"),
        ("ADA", "2026-06-04"),
        ("Ada Augusta", "2026-06-05"),
        ("New Ada Works", "2026-06-06"),
    ):
        company.ltc("lead", "add", name, *(("--company", "Ada Ltd") if name == "Bob" else ()), today=on)
    # The whole name; names that begin with it, the newest first; names that hold it; then the company.
    assert refs(company, "ada") == ["L4", "L5", "L2", "L6", "L1", "L3"]


def test_kinds_are_mixed_by_rank_and_day(company: Company) -> None:
    company.ltc("init", "--yes")
    company.ltc("customer", "add", "Looms Ltd", today="2026-06-01")
    company.ltc("lead", "add", "Looms AG", today="2026-06-03")
    company.ltc("customer", "add", "Looms Weavers", today="2026-06-05")
    assert refs(company, "looms") == ["K2", "L1", "K1"]


@pytest.mark.parametrize("text", ["L1", "l1", " L1 "])
def test_a_reference_finds_its_record_first(text: str, company: Company) -> None:
    add(company, "Ada")
    add(company, "L1")
    add(company, "Bob", "--note", "see L1")
    rows = company.ltc("find", text)
    assert [(row["ref"], row["found_in"]) for row in rows] == [("L1", "ref"), ("L2", "name"), ("L3", "note")]


def test_a_legal_number_finds_its_invoice_once(sale: Company) -> None:
    sale.ltc("sign", "O1", "--terms", "100% sign")
    sale.ltc("invoice", "C1")
    (row,) = sale.ltc("find", "inv-2026-0001")
    assert row == {
        "ref": "INV-2026-0001",
        "kind": "invoice",
        "name": "Engines",
        "found_in": "ref",
        "text": "INV-2026-0001",
    }


# How many


def test_a_kind_narrows(sale: Company) -> None:
    assert refs(sale, "engines") == ["K1", "O1", "L1"]
    assert refs(sale, "engines", "--kind", "leads") == ["L1"]
    assert refs(sale, "engines", "--kind", "Customer") == ["K1"]
    assert refs(sale, "L1", "--kind", "customers") == []
    assert sale.ltc("find", "engines", "--kind", "robots", fails=2)["message"] == "robots is no kind of record"


def test_a_limit_keeps_the_best_and_says_how_many_there_are(company: Company) -> None:
    for number in range(1, 26):
        add(company, f"Ada {number}")
    assert refs(company, "ada", "--limit", "2") == ["L25", "L24"]
    assert company.err == "2 of 25; --limit shows more\n"
    assert refs(company, "L3", "--limit", "1") == ["L3"]
    assert len(refs(company, "ada")) == 25
    assert company.err == ""
    assert company.run("find", "ada") == 0
    assert len(company.out.splitlines()) == 26  # with the header


def test_a_terminal_shows_twenty(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1, 26):
        add(company, f"Ada {number}")
    monkeypatch.setenv("COLUMNS", "100")
    for options, rows in (((), 20), (("--limit", "23"), 23), (("--json",), 25)):
        out, err = Terminal(), io.StringIO()
        environ = {"LTC_DB": str(company.path), "LTC_CONFIG": str(company.config_path)}
        assert run(["find", "ada", *options], Session(environ=environ, out=out, err=err)) == 0
        assert out.getvalue().count("Ada ") == rows * 2  # in the name and in the text
        assert ("of 25" in err.getvalue()) == (rows < 25)


def test_nothing_found_is_an_empty_list_and_no_error(sale: Company) -> None:
    assert sale.ltc("find", "nobody") == []
    assert sale.run("find", "nobody") == 0
    assert (sale.out, sale.err) == ("", "nothing found for nobody\n")


# The place


def test_a_long_text_is_shortened_around_the_hit(company: Company) -> None:
    add(company, "Ada", "--note", f"{'x' * 500} velvet {'y' * 500}")
    (row,) = company.ltc("find", "VELVET")
    assert row["text"] == f"…{'x' * 19} velvet {'y' * 33}…"


def test_the_place_is_where_most_of_the_words_stand(company: Company) -> None:
    add(company, "Ada Lovelace", "--note", "Lovelace wrote to Ada about velvet")
    (row,) = company.ltc("find", "ada lovelace velvet")
    assert (row["found_in"], row["text"]) == ("note", "Lovelace wrote to Ada about velvet")


# What cannot be looked for


@pytest.mark.parametrize("text", ["", "  ", "x" * 1001, " ".join(map(str, range(33)))])
def test_a_text_that_cannot_be_looked_for_is_refused(text: str, company: Company) -> None:
    add(company, "Ada")
    company.ltc("find", text, fails=2)


def test_the_longest_texts_can_be_looked_for(company: Company) -> None:
    name = " ".join(f"{number:02}ü" + "%" * 26 for number in range(32))
    add(company, name)
    assert refs(company, name) == ["L1"]
    assert refs(company, "ß" * 1000) == []


def test_finding_writes_nothing(sale: Company) -> None:
    before = sale.dump()
    sale.ltc("find", "müller ada")
    assert sale.dump() == before
