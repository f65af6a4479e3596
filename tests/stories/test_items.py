"""Items: a price list comes in as a file, and lines name its codes instead of texts, prices and taxes."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.stories.telling import Record, audit, invoiced, promoted, quoted, sums
from tests.support import Company

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ON: Final = "2026-06-01"
CONFIG: Final = """
taxes:
  S19: {rate: 19%, category: S}
  R7: {rate: 7%, category: S}
  I19: {rate: 19%, category: S, inclusive: true}
  AE: {rate: 0%, category: AE}
  Z: {rate: 0%, category: Z}
"""
LIST: Final = """Artikelnummer;Bezeichnung;Einheit;Verkaufspreis;Tax;Farbe
WIDGET;Blue widget;Stk;9,50;S19;blau
Books:1;Handbook;;1.234,5678;r7;
SHOP;Shop price;;119,00;I19;
OLD;No price;;;;
"""


class Shop(Company):
    """A company beside its price lists."""

    def take(self, text: str, *options: str, code: int = 0) -> Record:
        """The answer of the import of such a list."""
        path = self.path.with_name("items.csv")
        path.write_text(text, encoding="utf-8")
        assert self.run("import", "items", str(path), "--json", *options) == code, self.err
        answer: Record = json.loads(self.out)
        assert answer["read"] == sum(answer[count] for count in ("created", "updated", "unchanged", "rejected"))
        return answer

    def counts(self, text: str, *options: str, code: int = 0) -> tuple[int, ...]:
        answer = self.take(text, *options, code=code)
        return tuple(answer[count] for count in ("created", "updated", "unchanged", "rejected"))

    def lines(self, opportunity: str, *lines: str) -> list[tuple[Any, ...]]:
        """Text, price, net and tax code of each line, quoted."""
        said = [word for line in lines for word in ("--line", line)]
        quote = self.ltc("quote", opportunity, *said)
        return [(line["text"], line["price"], line["net"], line["tax"]) for line in quote["lines"]]


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Shop]:
    company = Shop(tmp_path, config=CONFIG)
    yield company
    audit(company)


def test_lines_name_items(company: Shop) -> None:
    """3 × 9.50 = 28.50, and 5.415 of tax; 2 × 1234.5678 = 2469.1356, and of 2469.14 172.8398 of tax."""
    assert company.counts(LIST) == (4, 0, 0, 0)
    quote = quoted(company, ["WIDGET:3", "books:1:2"], ON)
    assert [(line["text"], line["price"], line["net"], line["tax"]) for line in quote["lines"]] == [
        ("Blue widget", "9.5", "28.50", "S19"),
        ("Handbook", "1234.5678", "2469.14", "R7"),
    ]
    assert sums(quote) == ("2497.64", "178.26", "2675.90")


def test_the_record_of_an_item(company: Shop) -> None:
    company.take(LIST)
    shown = company.ltc("show", "widget")
    assert shown.pop("thread") == []
    assert shown == {
        "ref": "WIDGET",
        "name": "Blue widget",
        "price": "9.5",
        "currency": "EUR",
        "unit": "Stk",
        "tax_code": "S19",
        "created_on": company.today,
        "further": [{"column": "Farbe", "value": "blau"}],
    }
    assert company.ltc("show", "widget", "--as-of", company.today)["ref"] == "WIDGET"
    assert "not there yet" in company.ltc("show", "widget", "--as-of", "2000-01-01", fails=3)["message"]
    assert [row["ref"] for row in company.ltc("list", "items", "--where", "currency=EUR")] == [
        "WIDGET",
        "Books:1",
        "SHOP",
    ]
    assert [(row["ref"], row["kind"], row["found_in"]) for row in company.ltc("find", "widget", "--kind", "items")] == [
        ("WIDGET", "item", "ref")
    ]
    assert [row["ref"] for row in company.ltc("find", "hand")] == ["Books:1"]
    assert company.ltc("show", "gadget", fails=3)["message"] == "there is no record gadget"
    assert company.ltc("ship", "widget", fails=2)["message"] == "WIDGET is an item; contract is needed here"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("WIDGET:3", ("Blue widget", "9.5", "28.50", "S19")),
        (" widget :3:8", ("Blue widget", "8", "24.00", "S19")),
        ("Widget:3:8:R7", ("Blue widget", "8", "24.00", "R7")),
        ("Widget:3:8:R7:-10%", ("Blue widget", "8", "21.60", "R7")),  # 24 − 2.40
        ("WIDGET:2::R7", ("Blue widget", "9.5", "19.00", "R7")),
        ("WIDGET:2:-10%", ("Blue widget", "9.5", "17.10", "S19")),  # 19 − 1.90
        ("ｗｉｄｇｅｔ:1", ("Blue widget", "9.5", "9.50", "S19")),
        ("books:1:1", ("Handbook", "1234.5678", "1234.57", "R7")),  # the longest code, not Books at one
        ("Books:1:1", ("Handbook", "1234.5678", "1234.57", "R7")),
        ("SHOP:1", ("Shop price", "119", "119.00", "I19")),
        ("OLD:2:5", ("No price", "5", "10.00", "Z")),
        ("Widget XL:3:8", ("Widget XL", "8", "24.00", "Z")),
    ],
)
def test_what_a_line_leaves_out_is_the_items(company: Shop, line: str, found: tuple[str, ...]) -> None:
    company.take(LIST)
    assert company.lines(promoted(company, "Ada", ON), line) == [found]


def test_the_tax_of_the_line_then_the_customers_then_the_items_then_the_configs(company: Shop) -> None:
    company.take(LIST)
    company.ltc("customer", "add", "Plain")
    company.ltc("customer", "add", "Abroad", "--tax-code", "AE")
    plain, abroad = (promoted(company, name, ON, "--customer", ref) for name, ref in (("A", "K1"), ("B", "K2")))
    lines = ("WIDGET:1:9:R7", "WIDGET:1", "OLD:1:9")
    assert [line[3] for line in company.lines(plain, *lines)] == ["R7", "S19", "Z"]
    assert [line[3] for line in company.lines(abroad, *lines)] == ["R7", "AE", "AE"]


def test_what_is_refused(company: Shop) -> None:
    company.take(LIST + "USD;Dollar;;$ 5,00;;\n")
    company.ltc("customer", "add", "Abroad", "--tax-code", "AE")
    opportunity = promoted(company, "Ada", ON, "--customer", "K1")
    for line, code, message in (
        ("OLD:1", 4, "OLD has no price in EUR"),
        ("USD:1", 4, "USD has no price in EUR, only in USD"),
        ("SHOP:1", 4, "the price of SHOP has its tax in it (I19), prices under AE have not"),
        ("WIDGET:1::I19", 4, "the price of WIDGET has no tax in it (S19), prices under I19 have"),
        ("WIDGET:1::S20", 2, "there is no tax code S20"),
        ("WIDGET:x", 2, "'x' is not a quantity"),
        ("WIDGET:1:x-", 2, "'x-' is not a unit price"),
        ("WIDGET", 2, "'WIDGET' is not a line: TEXT:QTY:PRICE is needed, or CODE:QTY of an item"),
        ("Gadget:3", 2, "'Gadget:3' is not a line: TEXT:QTY:PRICE is needed, or CODE:QTY of an item"),
    ):
        error = company.ltc("quote", opportunity, "--line", line, fails=code)
        assert error["message"] == message
        assert error["hint"]
    assert company.lines(opportunity, "SHOP:1:100", "USD:1:5") == [
        ("Shop price", "100", "100.00", "AE"),
        ("Dollar", "5", "5.00", "AE"),
    ]
    assert company.lines(promoted(company, "Bob", ON, "--currency", "USD"), "usd:3") == [("Dollar", "5", "15.00", "Z")]


def test_what_was_agreed_stays_when_the_list_changes(company: Shop) -> None:
    """10 × 9.50 are signed; 1 at 12.00 comes later: 95.00 + 12.00, and 19 % of 107.00 are 20.33."""
    company.take(LIST)
    quote = quoted(company, ["WIDGET:10"], ON, "--terms", "100% sign")
    contract = company.ltc("sign", quote["ref"], today=ON)
    dearer = LIST.replace("9,50", "12,00").replace("Blue", "Red")
    assert company.counts(dearer, code=8) == (0, 0, 3, 1)
    assert "WIDGET is known as item widget already, and this row says something else" in company.err
    assert company.counts(dearer, "--on-duplicate", "skip") == (0, 0, 4, 0)
    assert company.counts(dearer, "--on-duplicate", "update") == (0, 1, 3, 0)
    assert company.ltc("show", quote["ref"])["lines"] == quote["lines"]
    assert company.ltc("show", contract["ref"])["net"] == "95.00"
    company.ltc("amend", contract["ref"], "--line", "widget:1")
    (invoice,) = company.ltc("invoice", contract["ref"])
    assert sums(invoice) == ("107.00", "20.33", "127.33")
    company.ltc("edit", "WIDGET", "name=Green widget", "tax_code=R7", "unit=")
    assert company.ltc("show", invoice["ref"])["lines"] == invoice["lines"]
    assert company.lines(promoted(company, "Bob", ON), "WIDGET:1") == [("Green widget", "12", "12.00", "R7")]
    with closing(sqlite3.connect(company.path)) as connection:
        for table in ("quote_line", "contract_line"):
            lines = f"SELECT position, code FROM {table} JOIN item ON item.id = item_id WHERE {table}.id < 3"
            assert set(connection.execute(lines)) == {(1, "WIDGET"), *([(2, "WIDGET")] if "contract" in table else [])}


def test_an_import_is_taken_back_where_nothing_was_quoted(company: Shop) -> None:
    company.take(LIST)
    company.take(LIST.replace("9,50", "12,00"), "--on-duplicate", "update")
    assert company.ltc("import", "undo", "2")["restored"] == 1
    assert company.ltc("show", "WIDGET")["price"] == "9.5"
    quoted(company, ["WIDGET:1"], ON)
    company.ltc("edit", "OLD", "name=Older")
    assert company.run("import", "undo", "1", "--json") == 8
    undone = json.loads(company.out)
    assert (undone["taken_back"], undone["kept"]) == (2, 2)
    assert undone["rest"] == [
        {"ref": "WIDGET", "why": "it was quoted"},
        {"ref": "OLD", "why": "it was changed since"},
    ]
    assert company.counts(LIST, "--on-duplicate", "update") == (2, 0, 2, 0)


def test_rows_that_are_no_items(company: Shop) -> None:
    rows = """SKU,Name,Price,Tax,Id
A,First,1.00,S19,1
B,Second,1.00,S20,2
,,1.00,,3
C,Third,-1,,4
D,Fourth,1.0000001,,5
a,Again,1.00,,6
,Only a name,2.00,,7
Only a name,Twice,2.00,,8
"""
    rejects = company.path.with_name("bad.csv")
    assert company.counts(rows, "--rejects", str(rejects), code=8) == (2, 0, 0, 6)
    assert [line.split(",")[:2] for line in rejects.read_text(encoding="utf-8").splitlines()[1:]] == [
        ["3", "there is no tax code S20"],
        ["4", "it has no code and no name"],
        ["5", "'-1' is not an amount"],
        ["6", "'1.0000001' has more decimals than a unit price"],
        ["7", "A is this one already"],
        ["9", "Only a name is this one already"],
    ]
    moved = "SKU,Name,Price,Tax,Id\nOnly a name,First,1.00,S19,1\n"
    assert company.counts(moved, "--on-duplicate", "update", code=8) == (0, 0, 0, 1)
    assert "Only a name is another item already" in company.err
    assert company.counts(moved.replace("Only a name", "Z"), "--on-duplicate", "update") == (0, 1, 0, 0)
    assert [row["ref"] for row in company.ltc("list", "items")] == ["Z", "Only a name"]


def test_a_dry_run_and_the_same_again(company: Shop) -> None:
    company.ltc("init", "--yes")
    company.config_path.write_text(CONFIG, encoding="utf-8")
    before = company.dump()
    assert company.take(LIST, "--dry-run")["columns"][3] == {
        "column": "Verkaufspreis",
        "field": "price",
        "format": "1.234,56",
        "example": "9,50",
    }
    assert company.dump() == before
    company.take(LIST)
    assert company.counts(LIST) == (0, 0, 4, 0)
    lines = '{"sku": "WIDGET", "description": "Blue widget", "unit": "Stk", "rate": 9.5, "tax": "s19", "Farbe": "blau"}'
    assert company.take(lines)["unchanged"] == 1


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("External ID,Internal Reference,Name,Sales Price,Unit of Measure", "__export__.p7,A,Apple,1.50,kg"),  # Odoo
        ("Item Code,Item Name,Price List Rate,Currency,UOM", "A,Apple,1.50,EUR,kg"),  # ERPNext
        ("*ItemCode,ItemName,SalesUnitPrice,Unit", "A,Apple,1.50,kg"),  # Xero
        ("Handle,Title,Variant SKU,Variant Price,Unit", "a-b,Apple,A,1.50,kg"),  # Shopify
        ("ID,SKU,Name,Regular price,Unit", "7,A,Apple,1.50,kg"),  # WooCommerce
        ("Item Name,SKU,Rate,Usage unit", "Apple,A,EUR 1.50,kg"),  # Zoho Books
        ("商品编码,商品名称,单价,币种,单位", "A,Apple,1.50,EUR,kg"),
        ("Art.-Nr.;Bezeichnung;Preis (EUR);Einheit", "A;Apple;1,50;kg"),
    ],
)
def test_lists_of_other_programs(company: Shop, header: str, row: str) -> None:
    assert company.counts(f"{header}\n{row}\n") == (1, 0, 0, 0)
    shown = company.ltc("show", "a")
    assert [shown[key] for key in ("ref", "name", "price", "currency", "unit")] == ["A", "Apple", "1.5", "EUR", "kg"]


def test_edits_of_an_item(company: Shop) -> None:
    company.take(LIST)
    assert company.ltc("edit", "widget", "name=", fails=2)["message"] == "name is empty"
    assert company.ltc("edit", "widget", "tax_code=X", fails=2)["message"] == "there is no tax code X"
    error = company.ltc("edit", "widget", "price=1", fails=2)
    assert (error["message"], error["hint"]) == (
        "'price=1' is no FIELD=VALUE of an item",
        "fields: name unit tax_code",
    )
    assert company.ltc("edit", "widget", "tax_code=r7")["tax_code"] == "R7"
    assert [entry["verb"] for entry in company.ltc("log", "WIDGET")] == ["import items", "edit"]


@pytest.mark.parametrize("code", ["Kabel", "Länge 5%", "L-1", 'C\\"x', "ÄÖ", "K1x", "1"])
def test_a_code_may_look_like_anything(company: Shop, code: str) -> None:
    assert company.counts(json.dumps({"code": code, "price": "1.5"})) == (1, 0, 0, 0)
    assert company.ltc("show", code)["ref"] == code
    assert company.ltc("edit", code, "unit=m")["unit"] == "m"
    assert [entry["verb"] for entry in company.ltc("log", code.lower())] == ["import items", "edit"]
    assert [row["ref"] for row in company.ltc("find", "--kind", "items", code.replace('"', " "))][:1] == [code]
    assert company.lines(promoted(company, "Ada", ON), f"{code}:2") == [(code, "1.5", "3.00", "Z")]


def test_the_invoice_of_an_item(company: Shop) -> None:
    """2 × 119.00 with 19 % in them: 238.00, of which 38.00 are tax."""
    company.take(LIST)
    quote = quoted(company, ["SHOP:2"], ON, "--terms", "100% sign")
    contract = company.ltc("sign", quote["ref"], today=ON)
    assert sums(invoiced(company, contract["ref"], ON)) == ("200.00", "38.00", "238.00")
