"""Files as the programs of others write them, with rows of our own: nobody has to say what a column holds.

Header rows follow what each program documents or writes; every expected value was read off the file by hand.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import pytest

from ltc_cli.exchange.layouts import Layout, currency_of, may_be_id
from tests.support import Company, folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Office(Company):
    """A company beside a folder of files."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder

    def take(self, kind: str, content: str | bytes, code: int = 0) -> dict[str, str]:
        """Import a file, with no option but its name. Answers the fields of its columns."""
        path = self.folder / "rows"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        assert self.run("import", kind, str(path), "--json") == code, self.err
        answer = json.loads(self.out)
        assert code or answer["created"] == answer["read"]
        return {use["column"]: use["field"] for use in answer["columns"] if use["field"]}

    def leads(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.ltc("list", "leads")
        return listed

    def deals(self) -> list[tuple[Any, ...]]:
        names = "title", "status", "lead", "amount", "currency", "close_on"
        return [tuple(row[name] for name in names) for row in self.ltc("list", "opportunities")]

    def reached(self) -> dict[str, tuple[int, ...]]:
        """By source: how many are leads, opportunities and contracts."""
        rows = self.ltc("funnel", "--by", "source")
        counts = {(row["source"], row["stage"]): row["count"] for row in rows}
        return {
            source: tuple(counts[(source, stage)] for stage in ("lead", "opportunity", "contract"))
            for source in {row["source"] for row in rows}
        }


@pytest.fixture
def office() -> Iterator[Office]:
    with folder_in_memory() as folder:
        yield Office(folder)


def said(record: dict[str, Any], names: str) -> tuple[Any, ...]:
    return tuple(record[name] for name in names.split())


# HubSpot ------------------------------------------------------------------------------------------------


HUBSPOT_CONTACTS: Final = (
    '"Record ID","First Name","Last Name","Email","Phone Number","Contact owner","Lead Status","Create Date",'
    '"Associated Company","Associated Company IDs","Associated Deal IDs","Original Traffic Source",'
    '"Original Traffic Source Drill-Down 1","Latest Traffic Source","Date of birth","Number of Employees"\n'
    '"101","Ada","Byron","ada@engines.example","","Kim","New","2026-01-10 10:22","Engines","900","501",'
    '"Organic Search","Unknown keywords (SSL)","Direct Traffic","1990-01-01","12"\n'
    '"102","Bea","Bott","bea@looms.example","","","","2026-01-11 10:22 AM","","901","","(No value)","","","",""\n'
)
HUBSPOT_DEALS: Final = (
    '"Record ID","Deal Name","Deal Stage","Close Date","Deal owner","Amount","Currency","Create Date",'
    '"Is Closed Won","Is closed lost","Is Deal Closed?","Closed Lost Reason","Associated Contact",'
    '"Associated Contact IDs","Associated Company"\n'
    '"501","Loom","Signed (Sales Pipeline)","2026-03-01 10:22","Kim","1200","EUR","2026-02-10 10:22",'
    '"true","false","true","","Ada Byron (ada@engines.example)","101;999","Engines"\n'
    '"502","Mill","Closed lost (Sales Pipeline)","2026-03-02 10:22","Kim","900.5","EUR","2026-02-10 10:22",'
    '"false","true","true","Price","Bea Bott (bea@looms.example)","102","Looms"\n'
    '"503","Gin","Demo (Sales Pipeline)","2026-09-02 10:22","Kim","","EUR","2026-02-10 10:22",'
    '"false","false","false","","","","Gins"\n'
)


def test_hubspot(office: Office) -> None:
    assert office.take("leads", HUBSPOT_CONTACTS) == {
        "Record ID": "external_id",
        "First Name": "first_name",
        "Last Name": "last_name",
        "Email": "email",
        "Phone Number": "phone",
        "Contact owner": "owner",
        "Create Date": "created_on",
        "Associated Company": "company",
        "Associated Deal IDs": "opportunity_id",
        "Original Traffic Source": "source",
    }
    assert [said(lead, "name company source owner created_on external_id") for lead in office.leads()] == [
        ("Ada Byron", "Engines", "Organic Search", "Kim", "2026-01-10", "101"),
        ("Bea Bott", None, None, None, "2026-01-11", "102"),
    ]
    office.take("opportunities", HUBSPOT_DEALS)
    assert office.deals() == [
        ("Loom", "won", "L1", "1200.00", "EUR", "2026-03-01"),
        ("Mill", "lost", "L2", "900.50", "EUR", "2026-03-02"),
        ("Gin", "open", None, None, "EUR", "2026-09-02"),
    ]
    assert office.reached() == {"Organic Search": (1, 1, 1), None: (2, 2, 0)}


def test_a_contact_named_with_its_address_is_found(office: Office) -> None:
    office.take("leads", HUBSPOT_CONTACTS)
    office.take("opportunities", "Deal Name,Associated Contact\nLoom,Bea Bott (bea@looms.example)\n")
    assert [deal[2] for deal in office.deals()] == ["L2"]


def test_the_lead_source_wins_over_the_original_one(office: Office) -> None:
    office.take(
        "leads", "Email,Original Source,Original Source Drill-Down 1,Lead Source\na@b.example,Offline,IMPORT,Fair\n"
    )
    assert office.leads()[0]["source"] == "Fair"


def test_companies(office: Office) -> None:
    found = office.take(
        "leads", "Company ID,Company name,Company owner,Annual Revenue,Create Date\n7,Looms,Kim,1,2026-01-10\n"
    )
    assert found == {
        "Company ID": "external_id",
        "Company name": "company",
        "Company owner": "owner",
        "Create Date": "created_on",
    }
    assert said(office.leads()[0], "name company") == ("Looms", "Looms")


# Salesforce ---------------------------------------------------------------------------------------------


SALESFORCE_LEADS: Final = (
    '"Id","LastName","FirstName","Name","Title","Company","Country","MobilePhone","Email","LeadSource","Status",'
    '"NumberOfEmployees","OwnerId","IsConverted","ConvertedContactId","ConvertedOpportunityId","CreatedDate",'
    '"CreatedById","LastModifiedDate"\n'
    '"00Q5g00000AbCdEEAX","Byron","Ada","Ada Byron","CTO","Engines","Germany","+49 170 1234567",'
    '"ada@engines.example","Web","Qualified","12","0055g","true","0035g1","0065g00000XyZaBAAV",'
    '"2026-01-10T08:00:00.000Z","005","2026-02-10T08:00:00.000Z"\n'
    '"00Q5g00000AbCdFEAX","Bott","Bea","Bea Bott","","Looms","","","bea@looms.example","Fair","Open","","0055g",'
    '"false","","","2026-01-11T08:00:00.000Z","005","2026-02-10T08:00:00.000Z"\n'
)
SALESFORCE_DEALS: Final = (
    '"Id","AccountId","Name","StageName","Amount","Probability","ExpectedRevenue","CloseDate","LeadSource",'
    '"IsClosed","IsWon","OwnerId","CreatedDate"\n'
    '"0065g00000XyZaBAAV","001","Loom","Signed","1200.0","100.0","1200.0","2026-03-01","Web","true","true","005",'
    '"2026-02-10T09:00:00.000Z"\n'
    '"0065g00000XyZaCAAV","001","Mill","Dropped","900.0","0.0","0.0","2026-03-02","Fair","TRUE","FALSE","005",'
    '"2026-02-10T09:00:00.000Z"\n'
    '"0065g00000XyZaDAAV","001","Gin","Proposal","50.0","50.0","25.0","2026-09-02","Fair","0","0","005",'
    '"2026-02-10T09:00:00.000Z"\n'
)


def test_salesforce_leads_name_their_opportunities(office: Office) -> None:
    found = office.take("leads", SALESFORCE_LEADS)
    assert (found["Id"], found["Title"], found["LeadSource"]) == ("external_id", "title", "source")
    assert not {"OwnerId", "CreatedById", "ConvertedContactId", "NumberOfEmployees", "Status"} & set(found)
    assert said(office.leads()[0], "name company country phone source title created_on") == (
        *("Ada Byron", "Engines", "DE", "+49 170 1234567", "Web", "CTO", "2026-01-10"),
    )
    office.take("opportunities", SALESFORCE_DEALS)
    assert office.deals() == [
        ("Loom", "won", "L1", "1200.00", "EUR", "2026-03-01"),
        ("Mill", "lost", None, "900.00", "EUR", "2026-03-02"),
        ("Gin", "open", None, "50.00", "EUR", "2026-09-02"),
    ]
    assert office.reached() == {"Web": (1, 1, 1), "Fair": (3, 2, 0)}


SALESFORCE_REPORT: Final = (
    '"Lead ID","First Name","Last Name","Company / Account","Email","Lead Source","Lead Owner","Owner ID",'
    '"Created Date","Opportunity ID"\n'
    '"00Q5g00000AbCdE","Ada","Byron","Engines","ada@engines.example","Web","Kim","0055g","1/20/2026",'
    '"0065g00000XyZaB"\n'
)
SIGNED: Final = (
    '\n\n"Leads by source"\n"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."\n'
    '"Confidential Information - Do Not Distribute"\n"Generated By:  Kim  6/1/2026 9:00 AM"\n"Engines"\n'
)


def test_salesforce_reports(office: Office) -> None:
    """A report has ids of fifteen characters where the loader has eighteen, and signs itself at its end."""
    found = office.take("leads", SALESFORCE_REPORT + SIGNED)
    assert (found["Company / Account"], found["Lead Owner"]) == ("company", "owner")
    assert "Owner ID" not in found
    office.take(
        "opportunities",
        '"Opportunity Owner","Account Name","Opportunity Name","Stage","Amount Currency","Amount",'
        '"Expected Revenue","Probability (%)","Close Date","Created Date","Opportunity ID"\n'
        '"Kim","Engines","Loom","Closed - Won","USD","1200.00","1200.00","100","3/1/2026","2/20/2026",'
        '"0065g00000XyZaBAAV"\n'
        '"Kim","Looms","Mill","Closed Lost to Competition","USD","900.00","0.00","0","3/2/2026","2/20/2026",'
        '"0065g00000XyZaC"\n',
    )
    assert office.deals() == [
        ("Loom", "won", "L1", "1200.00", "USD", "2026-03-01"),
        ("Mill", "lost", None, "900.00", "USD", "2026-03-02"),
    ]


def test_a_line_at_the_end_that_is_no_footer_is_rejected(office: Office) -> None:
    office.take("leads", SALESFORCE_REPORT + '\n"Bea"\n', code=8)
    assert "line 4: it has 1 cells, the header 10" in office.err


# Zoho, Pipedrive, Dynamics, Close -----------------------------------------------------------------------


def test_zoho(office: Office) -> None:
    found = office.take(
        "leads",
        "Record Id,Lead Owner.id,Lead Owner,Company,First Name,Last Name,Title,Email,Mobile,Lead Source,"
        "Created By.id,Created By,Created Time,Modified Time,Lead Name,Secondary Email,Converted Deal.id\n"
        "zcrm_1,zcrm_9,Kim,Engines,Ada,Byron,CTO,ada@engines.example,+49 170 1234567,-None-,zcrm_9,Kim,"
        "2026-01-10 10:22:11,2026-02-10 10:22:11,Ada Byron,a2@engines.example,zcrm_77\n",
    )
    assert (found["Record Id"], found["Lead Owner"], found["Created Time"]) == ("external_id", "owner", "created_on")
    assert not {"Lead Owner.id", "Created By.id", "Created By", "Modified Time"} & set(found)
    lead = office.leads()[0]
    assert said(lead, "name email source owner created_on") == (
        *("Ada Byron", "ada@engines.example", None, "Kim", "2026-01-10"),
    )
    assert {"column": "Secondary Email", "value": "a2@engines.example"} in lead["further"]
    office.take(
        "opportunities",
        "Record Id,Deal Owner.id,Deal Owner,Amount,Deal Name,Closing Date,Account Name.id,Account Name,Stage,"
        "Expected Revenue,Lead Source,Contact Name.id,Contact Name,Created Time,Reason For Loss\n"
        'zcrm_77,zcrm_9,Kim,"€ 1,200.00",Loom,2026-03-01,zcrm_5,Engines,Closed Won,1200,Web,zcrm_6,Ada Byron,'
        "2026-02-10 10:22:11,\n"
        'zcrm_78,zcrm_9,Kim,"€ 800.00",Mill,2026-03-02,zcrm_8,Looms,Closed-Lost to Competition,0,-None-,,,'
        "2026-02-10 10:22:11,Price\n",
    )
    assert office.deals() == [
        ("Loom", "won", "L1", "1200.00", "EUR", "2026-03-01"),
        ("Mill", "lost", None, "800.00", "EUR", "2026-03-02"),
    ]


def test_pipedrive(office: Office) -> None:
    found = office.take(
        "leads",
        "Person - ID,Person - Name,Person - Organization,Person - Email - Work,Person - Phone - Mobile,"
        "Person - Open deals,Person - Owner,Person - Person created,Person - Update time\n"
        '1,Ada Byron,Engines,"ada@engines.example, a2@engines.example",,0,Kim,2026-01-10 10:22:11,'
        "2026-02-10 10:22:11\n"
        "2,Bea Bott,Looms,bea@looms.example,,1,Kim,2026-01-11 10:22:11,2026-02-10 10:22:11\n",
    )
    assert found == {
        "Person - ID": "external_id",
        "Person - Name": "name",
        "Person - Organization": "company",
        "Person - Email - Work": "email",
        "Person - Phone - Mobile": "phone",
        "Person - Owner": "owner",
        "Person - Person created": "created_on",
    }
    ada = office.leads()[0]
    assert ada["email"] == "ada@engines.example"
    assert {"column": "other_emails", "value": "a2@engines.example"} in ada["further"]
    found = office.take(
        "opportunities",
        "Deal - ID,Deal - Title,Deal - Owner,Deal - Value,Deal - Currency of value,Deal - Weighted value,"
        "Deal - Organization,Deal - Contact person,Deal - Stage,Deal - Status,Deal - Deal created,"
        "Deal - Update time,Deal - Won time,Deal - Lost time,Deal - Deal closed on,Deal - Lost reason,"
        "Deal - Expected close date,Person - Email\n"
        "11,Loom,Kim,1200,EUR,600,Engines,Ada Byron,Proposal,Won,2026-02-10 10:22:11,2026-03-01 10:22:11,"
        "2026-03-01 10:22:11,,2026-03-01 10:22:11,,2026-02-28,ada@engines.example\n"
        "12,Mill,Kim,900,$,450,Looms,Bea Bott,Demo,Lost,2026-02-10 10:22:11,2026-03-01 10:22:11,,"
        "2026-03-02 10:22:11,2026-03-02 10:22:11,Price,2026-02-28,bea@looms.example\n"
        "13,Gin,Kim,50,EUR,25,Gins,,Demo,Open,2026-02-10 10:22:11,2026-03-01 10:22:11,,,,,2026-09-28,\n",
    )
    assert (found["Deal - Title"], found["Deal - Value"]) == ("title", "amount")
    assert office.deals() == [
        ("Loom", "won", "L1", "1200.00", "EUR", "2026-02-28"),
        ("Mill", "lost", "L2", "900.00", "USD", "2026-02-28"),
        ("Gin", "open", None, "50.00", "EUR", "2026-09-28"),
    ]
    before = {row["stage"]: row["count"] for row in office.ltc("funnel", "--as-of", "2026-02-28")}
    assert (before["opportunity"], before["contract"]) == (3, 0)


def test_dynamics(office: Office) -> None:
    office.take(
        "leads",
        "(Do Not Modify) Lead,(Do Not Modify) Row Checksum,(Do Not Modify) Modified On,Name,Topic,Company Name,"
        "Email,Business Phone,Status Reason,Owner,Created On\n"
        "6f1c,abc,2026-02-01 10:00,Ada Byron,Loom,Engines,ada@engines.example,,New,Kim,2026-01-10 10:22\n",
    )
    assert said(office.leads()[0], "name company owner created_on external_id") == (
        *("Ada Byron", "Engines", "Kim", "2026-01-10", "6f1c"),
    )
    office.take(
        "opportunities",
        "(Do Not Modify) Opportunity,(Do Not Modify) Row Checksum,Topic,Potential Customer,Est. Close Date,"
        "Est. Revenue,Currency,Status,Status Reason,Actual Close Date,Created On,Email\n"
        "7a,x,Loom,Engines,2026-02-28,1200.0000,US Dollar,Won,Won,2026-03-01,2026-02-10 10:22,ada@engines.example\n",
    )
    assert office.deals() == [("Loom", "won", "L1", "1200.00", "USD", "2026-02-28")]


def test_close(office: Office) -> None:
    office.take("leads", "lead_id,contact_name,company\nlead_9,Ada,Engines\n")
    office.take(
        "opportunities",
        "opportunity_id,lead_id,lead_name,value,value_currency,status_label,status_type,confidence,date_created,"
        "date_won\n"
        "oppo_1,lead_9,Engines,1200,USD,Signed,won,100,2026-02-10,2026-03-01\n"
        "oppo_2,lead_8,Looms,900,USD,Demo,active,50,2026-02-10,\n",
    )
    assert office.deals() == [
        ("Engines", "won", "L1", "1200.00", "USD", None),
        ("Looms", "open", None, "900.00", "USD", None),
    ]
    assert [row["stage"] for row in office.ltc("list", "opportunities")] == ["Signed", "Demo"]


# Odoo, SuiteCRM -----------------------------------------------------------------------------------------


def test_odoo(office: Office) -> None:
    found = office.take(
        "leads",
        "id,name,contact_name,partner_name,email_from,mobile,function,country_id,source_id,user_id/name,"
        "create_date,active,type\n"
        "__export__.crm_lead_1,Interest in looms,Ada Byron,Engines,ada@engines.example,+49 170 1234567,CTO,"
        "Germany,Search engine,Kim,2026-01-10 10:22:11,True,lead\n"
        "__export__.crm_lead_2,Interest in mills,,Looms,bea@looms.example,,,,Newsletter,Kim,2026-01-11 10:22:11,"
        "True,lead\n",
    )
    assert "active" not in found
    ada, bea = office.leads()
    assert said(ada, "name company phone title country source owner") == (
        *("Ada Byron", "Engines", "+49 170 1234567", "CTO", "DE", "Search engine", "Kim"),
    )
    assert {"column": "name", "value": "Interest in looms"} in ada["further"]
    assert bea["name"] == "Interest in mills"
    office.take(
        "opportunities",
        '"External ID","Opportunity","Customer","Contact Name","Email","Expected Revenue","Probability","Stage",'
        '"Salesperson","Lost Reason","Active","Created on","Closed Date","Expected Closing"\n'
        '"x11","Looms for Engines","Engines","Ada","ada@engines.example","1200.00","100.00","Won","Kim","","True",'
        '"2026-02-10 10:22:11","2026-03-01 10:00:00","2026-02-20"\n'
        '"x12","Mills for Looms","Looms","","bea@looms.example","900.00","0.00","Proposition","Kim",'
        '"Too expensive","False","2026-02-10 10:22:11","2026-03-02 10:00:00","2026-02-20"\n'
        '"x13","Gins","Gins","","","50.00","35.5","Proposition","Kim","","True","2026-02-10 10:22:11","",'
        '"2026-09-20"\n',
    )
    assert office.deals() == [
        ("Looms for Engines", "won", "L1", "1200.00", "EUR", "2026-02-20"),
        ("Mills for Looms", "lost", "L2", "900.00", "EUR", "2026-02-20"),
        ("Gins", "open", None, "50.00", "EUR", "2026-09-20"),
    ]


def test_suitecrm(office: Office) -> None:
    found = office.take(
        "leads",
        '"First Name","Last Name","ID","Title","Account Name","Email Address","Office Phone","Status",'
        '"Lead Source","Opportunity Amount","Date Created","Date Modified","Assigned To","Assigned User ID",'
        '"Contact ID","Account ID","Opportunity ID","Birthdate"\n'
        '"Ada","Byron","a1","CTO","Engines","ada@engines.example","+49 30 123456","Converted","Web Site","",'
        '"01/20/2026 10:22","02/10/2026 10:22","kim","1","c1","k1","o1","0000-00-00"\n',
    )
    assert (found["ID"], found["Assigned To"], found["Date Created"]) == ("external_id", "owner", "created_on")
    assert not {"Contact ID", "Account ID", "Assigned User ID", "Birthdate", "Date Modified"} & set(found)
    office.take(
        "opportunities",
        '"Opportunity Name","ID","Account Name","Opportunity Amount","Currency","Expected Close Date",'
        '"Sales Stage","Date Created"\n'
        '"Loom","o1","Engines","$1,200","US Dollars","03/20/2026","Closed Won","02/20/2026 10:22"\n',
    )
    assert office.deals() == [("Loom", "won", "L1", "1200.00", "USD", "2026-03-20")]


# Address books and forms --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "lead"),
    [
        pytest.param(
            "Name,Given Name,Additional Name,Family Name,Birthday,Notes,Group Membership,E-mail 1 - Type,"
            "E-mail 1 - Value,Phone 1 - Type,Phone 1 - Value,Address 1 - Country,Organization 1 - Name,"
            "Organization 1 - Title\n"
            "Ada Byron,Ada,,Byron,1990-12-10,met,* myContacts,* Work,a@engines.example ::: b@engines.example,Work,"
            "+49 30 123456 ::: +49 30 99,DE,Engines,CTO\n",
            ("Ada Byron", "a@engines.example", "+49 30 123456", "Engines", "CTO", "DE"),
            id="google before 2023",
        ),
        pytest.param(
            "First Name,Middle Name,Last Name,File As,Organization Name,Organization Title,Birthday,Notes,Labels,"
            "E-mail 1 - Label,E-mail 1 - Value,Phone 1 - Label,Phone 1 - Value,Address 1 - Country\n"
            "Bea,,Bott,,Looms,CEO,,hello,* myContacts,* ,bea@looms.example,Mobile,+1 212 555 0100,US\n",
            ("Bea Bott", "bea@looms.example", "+1 212 555 0100", "Looms", "CEO", "US"),
            id="google",
        ),
        pytest.param(
            "Title,First Name,Middle Name,Last Name,Company,Job Title,Business Country/Region,Business Fax,"
            "Business Phone,Mobile Phone,Birthday,E-mail Address,E-mail Display Name,E-mail 2 Address\n"
            "Mr.,Cid,,Campeador,Mills,Buyer,Spain,,+34 91 1234567,+34 600 123456,0/0/00,cid@mills.example,"
            "Cid (cid@mills.example),\n",
            ("Cid Campeador", "cid@mills.example", "+34 91 1234567", "Mills", "Buyer", "ES"),
            id="outlook",
        ),
        pytest.param(
            'Notes:\n"When exporting your connection data, some fields are empty."\n\n'
            "First Name,Last Name,URL,Email Address,Company,Position,Connected On\n"
            "Ada,Byron,https://www.linkedin.com/in/ada,,Engines,CTO,14 May 2026\n",
            ("Ada Byron", None, None, "Engines", "CTO", None),
            id="linkedin",
        ),
        pytest.param(
            "firstName,lastName,fullName,companyName,title,linkedInProfileUrl,location\n"
            "Ada,Byron,Ada Byron,Engines,CTO,https://x.example,Berlin\n",
            ("Ada Byron", None, None, "Engines", "CTO", None),
            id="a list of Sales Navigator",
        ),
        pytest.param(
            "id\tcreated_time\tad_id\tad_name\tcampaign_id\tcampaign_name\tform_id\tis_organic\tplatform\tfull_name\t"
            "email\tphone_number\tcompany_name\tjob_title\n"
            "l:1\t2026-01-10T10:22:11-05:00\tag:1\tAd\tc:1\tSpring\tf:1\tfalse\tfb\tAda Byron\tada@engines.example\t"
            "p:+49170123456\tEngines\tCTO\n",
            ("Ada Byron", "ada@engines.example", "+49170123456", "Engines", "CTO", None),
            id="forms of Meta",
        ),
        pytest.param(
            '"Email Address","First Name","Last Name",Company,OPTIN_TIME,UNSUB_REASON,UNSUB_REASON,LAST_CHANGED\n'
            'ada@engines.example,Ada,Byron,Engines,"2026-01-10 10:22:11",,,"2026-01-10 10:22:11"\n',
            ("Ada Byron", "ada@engines.example", None, "Engines", None, None),
            id="mailchimp names two columns alike",
        ),
        pytest.param(
            "First Name,Last Name,Title,Company,Company Name for Emails,Email,Email Status,Contact Owner,"
            "Work Direct Phone,Corporate Phone,Stage,Account Owner,# Employees,Country,Apollo Contact Id\n"
            "Ada,Byron,CTO,Engines,Eng,ada@engines.example,Verified,kim@us.example,'+49 30 123456,'+49 30 1,Cold,"
            "lee,12,Germany,5f1\n",
            ("Ada Byron", "ada@engines.example", "+49 30 123456", "Engines", "CTO", "DE"),
            id="apollo",
        ),
    ],
)
def test_address_books_and_forms(office: Office, content: str, lead: tuple[str | None, ...]) -> None:
    office.take("leads", content)
    assert said(office.leads()[0], "name email phone company title country") == lead


# In Chinese, in German ----------------------------------------------------------------------------------


def test_chinese(office: Office) -> None:
    leads = (
        "线索编号,姓名,公司名称,职务,手机（必填）,电子邮件,线索来源,线索状态,负责人,创建时间,最后跟进时间\n"
        "X1,张伟,北京织机有限公司,经理,13800000000,,展会,跟进中,王芳,2026/1/10 下午3:04,2026/2/1 10:00\n"
        "X2,李娜,上海磨坊有限公司,,13900000000,,请选择,未处理,王芳,2026/1/11 10:22,\n"
    )
    found = office.take("leads", leads.encode("gb18030"))
    assert not {"线索状态", "最后跟进时间"} & set(found)
    assert [said(lead, "name company phone source owner created_on") for lead in office.leads()] == [
        ("张伟", "北京织机有限公司", "13800000000", "展会", "王芳", "2026-01-10"),
        ("李娜", "上海磨坊有限公司", "13900000000", None, "王芳", "2026-01-11"),
    ]
    office.take(
        "opportunities",
        "商机编号,商机名称,客户名称,线索编号,预计成交金额（元）,销售阶段,赢单率(%),商机状态,预计成交日期,负责人\n"
        "B1,织机项目,北京织机有限公司,X1,120000,合同签订,100%,赢单,2026-03-01,王芳\n"
        'B2,磨坊项目,上海磨坊有限公司,X2,"9,000.50",方案报价,0%,输单,2026-03-02,王芳\n'
        "B3,新项目,广州纺织,,5000,需求确认,30%,进行中,2026-09-01,王芳\n",
    )
    assert office.deals() == [
        ("织机项目", "won", "L1", "120000.00", "CNY", "2026-03-01"),
        ("磨坊项目", "lost", "L2", "9000.50", "CNY", "2026-03-02"),
        ("新项目", "open", None, "5000.00", "CNY", "2026-09-01"),
    ]


def test_german(office: Office) -> None:
    leads = (
        "Anrede;Vorname;Nachname;Firma;E-Mail-Adresse;Telefon;Land;Leadquelle;Status;Zuständig;Erstellt am;Notiz\n"
        "Frau;Ada;Größe;Müller GmbH;ada@mueller.example;030 123456;Deutschland;Messe;Neu;Kim;20.01.2026 10:22;-\n"
    )
    office.take("leads", leads.encode("cp1252"))
    assert said(office.leads()[0], "name company country source owner created_on note") == (
        *("Ada Größe", "Müller GmbH", "DE", "Messe", "Kim", "2026-01-20", None),
    )
    deals = (
        "Verkaufschance;Kunde;E-Mail;Betrag (€);Phase;Status;Abschlussdatum;Erstellt am;Verlustgrund\n"
        "Webstuhl;Müller GmbH;ada@mueller.example;1.200,50;Angebot;Gewonnen;01.03.2026;20.02.2026;\n"
        "Mühle;Mayer KG;;900,00;Angebot;Verloren;02.03.2026;20.02.2026;Preis\n"
    )
    office.take("opportunities", deals.encode("cp1252"))
    assert office.deals() == [
        ("Webstuhl", "won", "L1", "1200.50", "EUR", "2026-03-01"),
        ("Mühle", "lost", None, "900.00", "EUR", "2026-03-02"),
    ]


# A marketplace in three dialects ------------------------------------------------------------------------


DAY_FORMATS: Final = {",": "{y}-{m:02}-{d:02}", ";": "{d:02}.{m:02}.{y}", "\t": "{m}/{d}/{y} 19:58"}
ENCODINGS: Final = {",": "utf-8", ";": "cp1252", "\t": "utf-16"}
ORIGINS: Final = ("paid_search", "größe", "unknown", "", "direct_traffic")


@pytest.mark.parametrize("delimiter", DAY_FORMATS)
def test_a_marketplace(office: Office, delimiter: str) -> None:
    """800 leads without a name, 84 of them closed; the delimiter brings its dates, decimals and encoding."""
    days = [DAY_FORMATS[delimiter].format(y=2025, m=1 + number % 12, d=1 + number % 28) for number in range(800)]
    leads = [[f"m{number:03}", days[number], f"p{number % 9}", ORIGINS[number % 7 % 5]] for number in range(800)]
    won = range(5, 800, 9)[:84]
    decimal = "," if delimiter == ";" else "."
    deals = [[f"m{number:03}", f"s{number}", days[number], "pet", f"{number}{decimal}50"] for number in won]
    for kind, names, rows in (
        ("leads", "mql_id first_contact_date landing_page_id origin", leads),
        ("opportunities", "mql_id seller_id won_date business_segment declared_monthly_revenue", deals),
    ):
        lines = [delimiter.join(row) for row in ([names.split(), *rows])]
        office.take(kind, "\n".join(lines).encode(ENCODINGS[delimiter]))
    of_source = Counter(origin or None for _id, _day, _page, origin in leads)
    won_of_source = Counter(leads[number][3] or None for number in won)
    assert office.reached() == {
        source: (count, won_of_source[source], won_of_source[source]) for source, count in of_source.items()
    }
    assert [lead["created_on"] for lead in office.leads()] == [
        f"2025-{1 + number % 12:02}-{1 + number % 28:02}" for number in range(800)
    ]


# What a name does not mean ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "column",
    [
        *("Status", "Lead Status", "Paid", "Date of birth", "Birthday", "Number of employees", "# Employees"),
        *("Email Opt Out", "Email Status", "Owner ID", "OwnerId", "Lead Owner.id", "Created By", "Modified Time"),
        *(
            "CreatedBy.Name",
            "Name (Owner)",
            "Company (ID)",
            "Business Fax",
            "Drill-Down 1",
            "Original Source Drill-Down 1",
        ),
        *(
            "Annual Revenue",
            "Phone 1 - Type",
            "Salutation",
            "Last Contacted",
            "序号",
            "线索状态",
            "最后跟进时间",
        ),
    ],
)
def test_columns_of_leads_that_stay_what_they_are(column: str) -> None:
    assert Layout("leads").meanings(column) == []


def test_a_long_text_is_no_name_at_once() -> None:
    assert Layout("opportunities").meanings(f"Amount {' ' * 60_000}x)") == []


@pytest.mark.parametrize(
    "column",
    [
        *("Weighted Value", "Annual Revenue", "State", "Stage Duration", "Type", "Last Modified Date", "Account ID"),
        *("预计成交金额（万元）", "Amount (net)", "Lead Status", "Deal Owner.id", "Fiscal Period"),
    ],
)
def test_columns_of_opportunities_that_stay_what_they_are(column: str) -> None:
    assert Layout("opportunities").meanings(column) == []


@pytest.mark.parametrize("column", ["Seller ID", "sellerId", "user_id", "业务编号"])
def test_a_first_column_that_may_be_an_id(column: str) -> None:
    assert may_be_id(column, of_people=True)


@pytest.mark.parametrize("column", ["Paid", "VALID", "Campaign ID", "ad_id", "Account ID", "company_id", "账号"])
def test_a_first_column_that_is_no_id(column: str) -> None:
    assert not may_be_id(column, of_people=True)


def test_an_account_s_id_tells_accounts_apart() -> None:
    assert may_be_id("Account ID", of_people=False)


@pytest.mark.parametrize(
    ("column", "currency"),
    [
        *(("Amount (EUR)", "EUR"), ("Betrag in €", "€"), ("金额（元）", "元"), ("Value in USD", "USD")),
        *(("Amount", ""), ("Amount (NET)", ""), ("Amount (万元)", ""), ("Revenue in Q1", "")),
    ],
)
def test_the_currency_in_a_name(column: str, currency: str) -> None:
    assert currency_of(column) == currency


def test_the_column_of_currencies_is_surer_than_the_name(office: Office) -> None:
    office.take("opportunities", "Deal,Amount (EUR),Currency\nLoom,5,USD\nMill,6,\n")
    assert [deal[3:5] for deal in office.deals()] == [("5.00", "USD"), ("6.00", "EUR")]


def test_what_says_nothing_is_nothing(office: Office) -> None:
    rows = "".join(f"Ada {word},{word},{word},{word}\n" for word in ("N/A", "-None-", "Select", "(blank)", "-", "无"))
    office.take("leads", "Name,Email,Phone,Created\n" + rows)
    assert {said(lead, "email phone created_on") for lead in office.leads()} == {(None, None, "2026-06-15")}
    assert len(office.leads()) == 6


def test_a_second_number_is_kept_beside_the_first(office: Office) -> None:
    office.take("leads", "Name,Phone,Mobile\nAda,030 1,0170 2\nBea,,0170 3\nCid,030 4,030 4\n")
    assert [(lead["phone"], [each["value"] for each in lead["further"]]) for lead in office.leads()] == [
        ("030 1", ["0170 2"]),
        ("0170 3", []),
        ("030 4", []),
    ]


def test_a_status_that_is_no_outcome_is_the_stage(office: Office) -> None:
    office.take("opportunities", "Deal,Status\nLoom,Negotiation talks\nMill,Won\n")
    office.take("opportunities", "Deal,Stage,Status\nGin,Demo,Fresh\n")
    found = [said(row, "status stage further") for row in office.ltc("list", "opportunities")]
    assert found == [
        ("open", "Negotiation talks", []),
        ("won", "new", []),
        ("open", "Demo", [{"column": "status", "value": "Fresh"}]),
    ]
