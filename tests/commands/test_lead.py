"""`ltc lead add|qualify|drop|merge`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support import Company


def test_a_lead_needs_a_name_and_nothing_else(company: Company) -> None:
    lead = company.ltc("lead", "add", "Ada")
    assert (lead["ref"], lead["name"], lead["status"], lead["touches"]) == ("L1", "Ada", "new", 0)
    assert lead["created_on"] == company.today


def test_what_is_typed_is_kept_and_the_country_becomes_a_code(company: Company) -> None:
    lead = company.ltc(
        "lead", "add", " Ada ", "--email", "Ada@Engines.Example", "--phone", "030 1", "--country", "china"
    )
    assert (lead["name"], lead["email"], lead["phone"], lead["country"]) == (
        "Ada",
        "Ada@Engines.Example",
        "030 1",
        "CN",
    )


def test_the_same_address_in_another_case_is_a_duplicate(company: Company) -> None:
    company.ltc("lead", "add", "Ada", "--email", "ada@engines.example")
    error = company.ltc("lead", "add", "A. L.", "--email", "mailto:ADA@ENGINES.EXAMPLE", fails=5)
    assert error["message"] == "L1 Ada has the e-mail ada@engines.example already"
    assert error["hint"] == "--allow-duplicate adds it all the same"


def test_a_duplicate_is_added_where_it_is_meant(company: Company) -> None:
    company.ltc("lead", "add", "Ada", "--email", "ada@engines.example")
    assert company.ltc("lead", "add", "Ada", "--email", "ada@engines.example", "--allow-duplicate")["ref"] == "L2"


def test_the_same_phone_alone_is_a_notice(company: Company) -> None:
    company.ltc("lead", "add", "Ada", "--phone", "+49 30 1234567")
    assert company.ltc("lead", "add", "Bob", "--phone", "0049 (30) 123-4567")["ref"] == "L2"
    assert "L1 Ada has the same phone +49301234567" in company.err


def test_every_problem_is_said_at_once(company: Company) -> None:
    error = company.ltc("lead", "add", " ", "--email", "ada", "--country", "Atlantis", fails=2)
    assert error["message"].count(";") == 2


def test_qualifying_again_changes_nothing(company: Company) -> None:
    company.ltc("lead", "add", "Ada")
    assert company.ltc("lead", "qualify", "L1")["status"] == "qualified"
    assert company.ltc("lead", "qualify", "l1")["status"] == "qualified"
    assert "L1 is qualified already" in company.err


def test_a_dropped_lead_says_so_and_can_be_taken_up_again(company: Company) -> None:
    company.ltc("lead", "add", "Ada")
    assert company.ltc("lead", "drop", "L1", "--reason", "too far away")["status"] == "dropped"
    company.ltc("lead", "drop", "L1", "--reason", "need")
    assert "L1 is dropped already" in company.err
    assert company.ltc("lead", "qualify", "L1")["status"] == "qualified"


def test_merging_finds_the_duplicates_by_itself(company: Company) -> None:
    for name in ("Ada", "Ada L."):
        company.ltc("lead", "add", name, "--email", "ada@engines.example", "--allow-duplicate")
    company.ltc("lead", "add", "Bob")
    assert company.ltc("lead", "merge", "L1")["ref"] == "L1"
    assert "merged into L1: L2" in company.err
    assert [lead["ref"] for lead in company.ltc("list", "leads")] == ["L1", "L3"]


def test_a_lead_without_a_double_is_left_alone(company: Company) -> None:
    company.ltc("lead", "add", "Ada")
    company.ltc("lead", "merge", "L1")
    assert "there is nothing to merge" in company.err


def test_an_external_id_is_kept_and_belongs_to_one(company: Company) -> None:
    assert company.ltc("lead", "add", "Ada", "--external-id", "crm-7")["external_id"] == "crm-7"
    assert company.ltc("lead", "add", "Bob", "--external-id", "crm-7", fails=5)["code"] == "conflict"
    assert len(company.ltc("list", "leads")) == 1
