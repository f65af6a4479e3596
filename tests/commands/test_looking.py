"""`ltc today`, `list`, `show` and `log`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ltc_cli.reports.listing import COLUMNS
from ltc_cli.reports.thread import SINCE

if TYPE_CHECKING:
    from tests.support import Company

KINDS = ["leads", "customers", "opportunities", "quotes", "contracts", "shipments", "invoices", "credits", "payments"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_list_is_empty_and_no_error(kind: str, company: Company) -> None:
    company.ltc("init", "--yes")
    assert company.ltc("list", kind) == []
    assert company.run("list", kind) == 0
    assert (company.out, company.err) == ("", f"there are no {kind}\n")


@pytest.mark.parametrize("kind", ["lead", "Leads", "LEAD", " leads "])
def test_a_kind_is_found_in_any_case_and_number(kind: str, sale: Company) -> None:
    assert [row["ref"] for row in sale.ltc("list", kind)] == ["L1"]


def test_a_list_is_narrowed_by_any_column(sale: Company) -> None:
    for name, owner in (("Bob", "kim"), ("Cyd", "lee"), ("Dot", "kim")):
        sale.ltc("lead", "add", name, "--owner", owner)
    assert [row["name"] for row in sale.ltc("list", "leads", "--where", "owner=KIM")] == ["Bob", "Dot"]
    assert [row["name"] for row in sale.ltc("list", "leads", "--where", "owner=kim", "--where", "name=dot")] == ["Dot"]
    assert [row["name"] for row in sale.ltc("list", "leads", "--where", "owner=")] == ["Ada"]


def test_a_limit_keeps_the_newest(sale: Company) -> None:
    for name in ("Bob", "Cyd"):
        sale.ltc("lead", "add", name)
    assert [row["name"] for row in sale.ltc("list", "leads", "--limit", "2")] == ["Bob", "Cyd"]
    assert "2 of 3 leads" in sale.err


def test_any_record_shows_its_whole_thread(sale: Company) -> None:
    sale.ltc("sign", "O1", "--terms", "100% sign", "--by", "Ada")
    sale.ltc("invoice", "C1")
    sale.ltc("collect", "C1")
    threads = [sale.ltc("show", reference)["thread"] for reference in ("L1", "O1", "C1", "INV-2026-0001")]
    assert [entry["ref"] for entry in threads[0]] == ["L1", "O1", "O1", "C1", "INV-2026-0001", "P1"]
    assert threads == [threads[0]] * 4


def test_as_of_a_day_before_its_own_a_record_is_not_there_yet(sale: Company) -> None:
    sale.ltc("quote", "O1", "--line", "Widget:2:50", "--terms", "50% sign, 50% ship")
    for line in ("sign O1", "ship C1", "invoice C1", "collect C1", "credit INV-2026-0001 10 --reason late"):
        sale.ltc(*line.split())
    for ref in ("L1", "K1", "O1", "Q1", "C1", "S1", "INV-2026-0001", "P1", "CN-2026-0001"):
        assert sale.ltc("show", ref, "--as-of", "2026-06-15")["ref"] == ref
        error = sale.ltc("show", ref, "--as-of", "2026-06-14", fails=3)
        assert error["code"] == "not_found"
        assert error["message"] == f"{ref} is of 2026-06-15: it was not there yet on 2026-06-14"
        assert error["hint"] == f"ltc show {ref} --as-of 2026-06-15"
        assert sale.out == ""


def test_every_kind_of_record_has_a_first_day() -> None:
    assert set(SINCE) == set(COLUMNS)


def test_invoices_and_payments_are_listed_as_of_any_day(sale: Company) -> None:
    sale.ltc("sign", "O1", "--terms", "100% sign", today="2026-06-15")
    sale.ltc("invoice", "C1", today="2026-06-15")
    sale.ltc("collect", "C1", "400", today="2026-06-20")

    def listed(kind: str, day: str, *where: str) -> list[str]:
        rows = sale.ltc("list", kind, "--as-of", day, *where, today="2026-06-30")
        return [row.get("balance", row["ref"]) for row in rows]

    assert listed("invoices", "2026-06-14") == listed("payments", "2026-06-19") == []
    assert listed("invoices", "2026-06-19", "--where", "status=open") == ["1000.00"]
    assert listed("invoices", "2026-06-20", "--where", "status=partly_paid") == ["600.00"]
    assert listed("payments", "2026-06-20") == ["P1"]
    assert sale.ltc("list", "contracts", "--as-of", "2026-06-20", fails=2)["hint"].startswith("as of a day: ltc list")


def test_who_types_a_name_is_told_how_to_find_its_number(sale: Company) -> None:
    assert sale.ltc("statement", "Ada Lovelace", fails=3)["hint"].startswith("ltc find 'Ada Lovelace' ")
    assert "ltc find" not in sale.ltc("statement", "K9", fails=3)["hint"]


def test_the_journal_of_one_record_is_what_was_written_about_it(sale: Company) -> None:
    sale.ltc("lead", "add", "Bob")
    assert [entry["verb"] for entry in sale.ltc("log", "L1")] == ["lead add", "promote"]
    assert [entry["verb"] for entry in sale.ltc("log", "--limit", "1")] == ["lead add"]


def test_today_names_what_is_late_and_the_command_for_it(sale: Company) -> None:
    sale.ltc("sign", "O1", "--terms", "100% sign; net 10", "--on", "2026-06-01")
    sale.ltc("invoice", "C1", today="2026-06-01")
    late, ship = sale.ltc("today")
    # Due on 11 June, four days before the 15th.
    assert (late["what"], late["ref"], late["since"], late["days"]) == ("overdue", "INV-2026-0001", "2026-06-11", 4)
    assert (late["amount"], late["command"]) == ("1000.00", "ltc collect INV-2026-0001")
    assert (ship["what"], ship["command"]) == ("ship", "ltc ship C1")


def test_every_command_that_today_names_can_be_run(sale: Company) -> None:
    sale.config_path.write_text("mail: {from: billing@acme.example}\n", encoding="utf-8")
    sale.ltc("sign", "O1", "--terms", "50% sign, 50% ship; net 1", "--on", "2026-06-01")
    sale.ltc("invoice", "C1", today="2026-06-01")
    sale.ltc("lead", "add", "Bob", today="2026-06-01")
    sale.ltc("lead", "add", "Cyd")
    sale.ltc("promote", "L3", "--amount", "5", "--close", "2026-06-10")
    for row in sale.ltc("today"):
        command = row["command"].replace("DIR", str(sale.path.parent / "mails"))
        assert sale.run(*command.split()[1:]) == 0, command
    assert [row["what"] for row in sale.ltc("today")] == ["invoice", "ship"]


def test_nothing_to_do_is_said(company: Company) -> None:
    company.ltc("init", "--yes")
    assert company.run("today") == 0
    assert company.err == "nothing to do: all is billed, paid and answered\n"
