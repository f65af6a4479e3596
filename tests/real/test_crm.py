"""Exports of real systems come in with no option but their file, counted beside an independent count of the file."""

from __future__ import annotations

import csv
import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.support import Company, folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

NOT_SAID: Final = ("", "Select")


class Office(Company):
    """A company that takes files of the folder with real data."""

    def __init__(self, folder: Path, data: Path) -> None:
        super().__init__(folder)
        self.data = data

    def rows(self, name: str, delimiter: str = ",") -> list[dict[str, str]]:
        with (self.data / name).open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file, delimiter=delimiter))

    def take(self, kind: str, name: str) -> dict[str, str]:
        """Import the file, whole. Answers the columns by the field that they hold, the last one of each."""
        assert self.run("import", kind, str(self.data / name), "--json") == 0, self.err
        answer = json.loads(self.out)
        assert answer["created"] == answer["read"] > 0
        assert self.run("import", kind, str(self.data / name), "--json") == 0, self.err
        again = json.loads(self.out)
        assert again["unchanged"] == again["read"] == answer["read"]
        return {use["field"]: use["column"] for use in answer["columns"] if use["field"]}

    def reached(self) -> dict[tuple[str | None, str], int]:
        rows = self.ltc("funnel", "--by", "source")
        return {(row["source"], row["stage"]): row["count"] for row in rows if row["count"]}


@pytest.fixture
def office(real_data: Path) -> Iterator[Office]:
    if not ((real_data / "leads").is_dir() and (real_data / "crm").is_dir()):
        pytest.skip("LTC_REAL_DATA has no leads and crm")
    with folder_in_memory() as folder:
        yield Office(folder, real_data)


def expected(
    leads: Iterable[str], opportunities: Iterable[str], won: Iterable[str]
) -> dict[tuple[str | None, str], int]:
    """Counts of the funnel, from the sources of the leads that got so far."""
    stages = {
        "lead": Counter(leads),
        "nurtured": Counter(opportunities),
        "opportunity": Counter(opportunities),
        "contract": Counter(won),
    }
    counts: Counter[tuple[str | None, str]] = Counter()
    for stage, sources in stages.items():
        for source, count in sources.items():
            counts[(None if source in NOT_SAID else source, stage)] += count
    return dict(counts)


def joined(leads: list[tuple[str, str]], deals: list[tuple[str, str, bool]]) -> dict[tuple[str | None, str], int]:
    """`leads` are key and source, `deals` the key of a lead, an own source, and whether it is won.

    The first deal of a lead counts for the source of the lead, every other one is a lead of its own.
    """
    of_lead = dict(leads)
    taken: set[str] = set()
    sources = []
    alone = []
    for key, own, is_won in deals:
        if key in of_lead and key not in taken:
            taken.add(key)
            sources.append((of_lead[key], is_won))
        else:
            sources.append((own, is_won))
            alone.append(own)
    all_leads = [source for _key, source in leads] + alone
    return expected(all_leads, [source for source, _won in sources], [source for source, is_won in sources if is_won])


def test_a_marketplace(office: Office) -> None:
    leads = office.rows("leads/funnel_leads_semicolon_bom.csv", ";")
    deals = office.rows("leads/funnel_closed_deals_semicolon_bom.csv", ";")
    fields = office.take("leads", "leads/funnel_leads_semicolon_bom.csv")
    assert fields == {"external_id": "mql_id", "created_on": "first_contact_date", "source": "origin"}
    fields = office.take("opportunities", "leads/funnel_closed_deals_semicolon_bom.csv")
    assert fields == {"lead_id": "mql_id", "won_on": "won_date"}
    assert office.reached() == joined(
        [(row["mql_id"], row["origin"]) for row in leads],
        [(row["mql_id"], "", True) for row in deals],
    )


def test_leads_that_were_scored(office: Office) -> None:
    rows = office.rows("leads/scoring_4000.csv")
    fields = office.take("leads", "leads/scoring_4000.csv")
    assert fields == {"external_id": "Prospect ID", "source": "Lead Source", "country": "Country"}
    assert office.reached() == expected([row["Lead Source"] for row in rows], [], [])


def test_zoho(office: Office) -> None:
    leads, deals = office.rows("crm/zoho_leads.csv"), office.rows("crm/zoho_deals.csv")
    fields = office.take("leads", "crm/zoho_leads.csv")
    assert (fields["external_id"], fields["source"], fields["owner"]) == ("LEADID", "Lead Source", "Lead Owner")
    fields = office.take("opportunities", "crm/zoho_deals.csv")
    assert (fields["lead_id"], fields["title"], fields["amount"]) == ("LEADID", "Potential Name", "Amount")
    assert office.reached() == joined(
        [(row["LEADID"], row["Lead Source"]) for row in leads],
        [(row["LEADID"], row["Lead Source"], row["Stage"] == "Closed Won") for row in deals],
    )
    found = Counter(row["status"] for row in office.ltc("list", "opportunities"))
    words = {"Closed Won": "won", "Closed Lost": "lost"}
    assert found == Counter(words.get(row["Stage"], "open") for row in deals)


def test_hubspot(office: Office) -> None:
    leads, deals = office.rows("crm/hubspot/hubspot_contacts.csv"), office.rows("crm/hubspot/hubspot_deals.csv")
    fields = office.take("leads", "crm/hubspot/hubspot_contacts.csv")
    assert (fields["external_id"], fields["title"], fields["owner"]) == ("Contact ID", "Job Title", "Contact Owner")
    fields = office.take("opportunities", "crm/hubspot/hubspot_deals.csv")
    assert (fields["lead_email"], fields["stage"]) == ("Associated Contact Email", "Deal Stage")
    assert office.reached() == joined(
        [(row["Email"].lower(), row["Lead Source"]) for row in leads],
        [(row["Associated Contact Email"].lower(), "", row["Deal Stage"] == "Closed Won") for row in deals],
    )
    cents = sum(round(float(row["Amount"]) * 100) for row in deals)
    assert sum(round(float(row["amount"]) * 100) for row in office.ltc("list", "opportunities")) == cents


def test_companies_of_hubspot(office: Office) -> None:
    rows = office.rows("crm/hubspot/hubspot_companies.csv")
    fields = office.take("leads", "crm/hubspot/hubspot_companies.csv")
    assert (fields["external_id"], fields["company"], fields["owner"]) == (
        "Company ID",
        "Company Name",
        "Company Owner",
    )
    names = Counter(lead["name"] for lead in office.ltc("list", "leads"))
    assert names == Counter(row["Company Name"] for row in rows)


def test_connections_of_linkedin(office: Office) -> None:
    with (office.data / "crm/linkedin_connections_full_preamble.csv").open(encoding="utf-8", newline="") as file:
        lines = file.readlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("First Name"))
    rows = list(csv.DictReader(lines[start:]))
    office.take("leads", "crm/linkedin_connections_full_preamble.csv")
    found: list[dict[str, Any]] = office.ltc("list", "leads")
    assert [(lead["name"], lead["company"], lead["title"]) for lead in found] == [
        (f"{row['First Name']} {row['Last Name']}", row["Company"], row["Position"]) for row in rows
    ]


@pytest.mark.parametrize(
    ("name", "company"),
    [("odoo_o2m_customers_contacts.csv", "Related company"), ("odoo_res.partner.csv", "Related Company")],
)
def test_contacts_of_odoo(office: Office, name: str, company: str) -> None:
    rows = office.rows(f"crm/{name}")
    office.take("leads", f"crm/{name}")
    found: list[dict[str, Any]] = office.ltc("list", "leads")
    assert [(lead["name"], lead["company"] or "") for lead in found] == [(row["Name"], row[company]) for row in rows]
    assert {lead["country"] for lead in found if lead["country"]} == {"US"}
