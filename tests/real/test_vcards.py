"""Cards that Gmail, an iPhone and the authors of the standards wrote, read as a person reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ltc_cli.exchange.vcard import Card, read_cards

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def cards(real_data: Path) -> Path:
    folder = real_data / "vcards"
    if not folder.is_dir():
        pytest.skip("LTC_REAL_DATA has no vcards")
    return folder


def read(path: Path, newline: str | None = "") -> list[Card]:
    with path.open(encoding="utf-8", newline=newline) as file:
        return list(read_cards(file))


def test_the_example_of_rfc_2426(cards: Path) -> None:
    assert read(cards / "rfc2426-example.vcf") == [
        Card(
            1,
            {
                "name": "Frank Dawson",
                "company": "Lotus Development Corporation",
                "email": "Frank_Dawson@Lotus.com",
                "other_emails": "fdawson@earthlink.net",
                "phone": "+1-919-676-9515",
                "other_phones": "+1-919-676-9564",
                "country": "U.S.A.",
                "address": "6544 Battleford Drive, Raleigh, NC, 27613-3502",
                "website": "http://home.earthlink.net/~fdawson",
            },
            None,
        ),
        Card(
            13,
            {
                "name": "Tim Howes",
                "company": "Netscape Communications Corp.",
                "email": "howes@netscape.com",
                "phone": "+1-415-937-3419",
                "other_phones": "+1-415-528-4164",
                "country": "U.S.A.",
                "address": "501 E. Middlefield Rd., Mountain View, CA, 94043",
            },
            None,
        ),
    ]


def test_the_example_of_rfc_6350(cards: Path) -> None:
    assert read(cards / "rfc6350-example.vcf") == [
        Card(
            1,
            {
                "name": "Simon Perreault",
                "company": "Viagenie",
                "email": "simon.perreault@viagenie.ca",
                "phone": "+1-418-656-9254;ext=102",
                "other_phones": "+1-418-262-6501",
                "country": "Canada",
                "address": "Suite D2-630, 2875 Laurier, Quebec, QC, G1V 2M2",
                "website": "http://nomis80.org",
                "birthday": "--0203",
                "anniversary": "20090808T1430-0500",
                "gender": "M",
                "lang": "fr, en",
                "geo": "geo:46.772673,-71.282945",
                "tz": "-0500",
            },
            None,
        )
    ]


def test_a_list_of_gmail(cards: Path) -> None:
    assert read(cards / "gmail-list.vcf") == [
        Card(1, {"name": "Arnold Smith", "email": "asmithk@gmail.com"}, None),
        Card(7, {"name": "Chris Beatle", "email": "chrisy55d@yahoo.com"}, None),
        Card(13, {"name": "Doug White", "email": "dwhite@gmail.com"}, None),
    ]


def test_a_card_of_gmail(cards: Path) -> None:
    [card] = read(cards / "gmail-single.vcf")
    assert card.problem is None
    assert card.fields == {
        "name": "Greg Dartmouth",
        "company": "TheCompany",
        "title": "TheJobTitle",
        "email": "gdartmouth@hotmail.com",
        "phone": "555 555 1111",
        "other_phones": "555 555 2222",
        "address": "123 Home St, Home City, HM 12345",
        "other_addresses": "321 Custom St, Custom City, TX, 98765, USA",
        "website": "http://TheProfile.com",
        "birthday": "1960-09-10",
        "nickname": "Gman",
        "note": "This is GMail's note field.\nIt should be added as a NOTE type.\nACustomField: CustomField",
        "x-phonetic-first-name": "Grregg",
        "x-phonetic-last-name": "Dart-mowth",
        "x-icq": "123456789",
        "x-abdate": "1970-06-02 (Anniversary)",
        "x-abrelatednames": "MySpouse (Spouse), MyCustom (CustomRelationship)",
    }


def test_a_card_of_gmail_with_many_of_each(cards: Path) -> None:
    """Eleven telephones: the mobile first, then work, those that say nothing, the pager, and the two faxes last."""
    [card] = read(cards / "gmail-single2.vcf")
    assert card.problem is None
    assert card.fields["name"] == "VCard Test"
    assert card.fields["email"] == "email@example.com"
    assert card.fields["other_emails"] == (
        "homeemail@example.com, workemail@example.com, otheremail@example.com, customcategory@example.com"
    )
    assert card.fields["phone"] == "5555551115"
    phones = card.fields["other_phones"].split(", ")
    assert phones[0] == "5555551113"
    assert phones[-3] == "5555551120"
    assert sorted(phones[-2:]) == ["5555551117", "5555551118"]
    assert sorted([*phones, "5555551115"]) == [str(number) for number in range(5555551111, 5555551122)]
    assert card.fields["address"] == "113 Main St, NY, New York, 10011"
    assert card.fields["other_addresses"].count("Main St") == 4
    assert card.fields["website"] == "http://www.example1.com"
    assert card.fields["note"] == "note line 1\nnote line 2\nCustomField: field value"
    assert card.fields["x-abdate"] == "1930-03-20 (Anniversary), 1776-07-04, 2000-09-12 (CustomDateCategory)"


def test_a_note_of_gmail_folded_over_ten_lines(cards: Path) -> None:
    [card] = read(cards / "John_Doe_GMAIL.vcf")
    assert card.fields["name"] == "Mr. John Richter, James Doe Sr."
    assert card.fields["address"] == (
        "Crescent moon drive, 555-asd, Nice Area, Albaney, New York 12345, United States of America"
    )
    assert card.fields["note"].startswith(
        'THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND'
    )
    assert card.fields["note"].endswith("ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.\nFavotire Color: Blue")


@pytest.mark.parametrize("newline", ["", None])
def test_a_card_of_an_iphone_with_its_picture_and_doubled_line_ends(cards: Path, newline: str | None) -> None:
    [card] = read(cards / "John_Doe_IPHONE.vcf", newline)
    assert card.problem is None
    assert card.fields == {
        "name": "Mr. John Richter James Doe Sr.",
        "company": "IBM",
        "department": "Accounting",
        "title": "Money Counter",
        "email": "john.doe@ibm.com",
        "phone": "905-555-1234",
        "other_phones": ("905-777-1234, 905-666-1234, 905-222-1234, 905-111-1234, 905-999-1234, 905-888-1234"),
        "country": "USA",
        "address": "Street4, Building 6, Floor 8, New York, 12345",
        "other_addresses": "Silicon Alley 5, New York, New York, 12345, United States of America",
        "website": "http://www.ibm.com",
        "birthday": "2012-06-06",
        "nickname": "Johny",
        "x-abadr": "Silicon Alley, Street 4, Building 6,\n Floor 8\nNew York\nUSA",
    }


@pytest.mark.parametrize("name", ["rfc2426-example", "rfc6350-example", "gmail-list", "gmail-single"])
def test_cut_at_every_byte_no_whole_card_is_lost(cards: Path, name: str) -> None:
    octets = (cards / f"{name}.vcf").read_bytes()
    whole = read(cards / f"{name}.vcf")
    for cut in range(len(octets)):
        part = octets[:cut].decode(errors="replace")
        found = list(read_cards(part.splitlines(keepends=True)))
        complete = part.lower().count("end:vcard")
        assert found[:complete] == whole[:complete]
        assert all(card.problem for card in found[complete:])
