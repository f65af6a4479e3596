"""Address cards as a lead list, from whatever wrote them."""

from __future__ import annotations

import time
import tracemalloc
from itertools import chain, repeat
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltc_cli.exchange.vcard import CARD_LIMIT, Card, read_cards

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_END = "it has no END:VCARD, "
UNUSABLE = "it has no name, e-mail address, phone or UID"
STRAY = "text outside of any card"
GROUP = "a group of contacts, not a lead"


def read(text: str) -> list[Card]:
    return list(read_cards(text.splitlines(keepends=True)))


def card(*lines: str, version: str = "3.0") -> Card:
    [only] = read_cards(["BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD"])
    return only


def fields(*lines: str, version: str = "3.0") -> dict[str, str]:
    only = card("UID:1", *lines, version=version)
    assert only.problem is None
    assert only.fields.pop("external_id") == "1"
    if only.fields["name"] == "1":
        del only.fields["name"]
    return only.fields


# The name ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (["FN:Ada Lovelace", "N:King;Augusta;;;"], "Ada Lovelace"),
        (["FN:", "N:Lovelace;Ada;;Countess;"], "Ada Lovelace"),
        (["N:Lovelace;Ada;Augusta;Countess;Jr."], "Ada Augusta Lovelace"),
        (["N:Stevenson;John;Philip,Paul;Dr.;Jr.,M.D.,A.C.P."], "John Philip Paul Stevenson"),
        (["N:Lovelace"], "Lovelace"),
        (["N:;Ada;;;"], "Ada"),
        (["N:李;雷;;;"], "李雷"),
        (["N:山田;太郎;;;"], "山田太郎"),
        (["N:김;철수;;;"], "김철수"),
        (["N:李;Lei;;;"], "Lei 李"),
        (["N:;;;;", "ORG:Acme;Sales"], "Acme"),
        (["ORG:;Sales"], "Sales"),
        (["NICKNAME:Robbie,Bob"], "Robbie"),
        (["ORG:Acme", "NICKNAME:Bob"], "Acme"),
        (["EMAIL:ada@example.com"], "ada@example.com"),
        (["TEL:+49 30 1"], "+49 30 1"),
        (["FN:Ada", "FN;PREF=1:Countess"], "Countess"),
        (["FN:Ada\\nLovelace"], "Ada Lovelace"),
        (["fn:Ada"], "Ada"),
        (["  ", "FN:  Ada  "], "Ada"),
    ],
)
def test_a_card_with_anything_usable_has_a_name(lines: list[str], name: str) -> None:
    assert fields(*lines)["name"] == name


def test_names_that_were_not_taken_are_kept() -> None:
    assert fields("FN:Ada", "FN:Countess", "FN:Ada") == {"name": "Ada", "other_names": "Countess"}
    assert fields("FN:Robert", "NICKNAME:Robbie,Bob") == {"name": "Robert", "nickname": "Robbie, Bob"}


# What is ours ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["ORG:Acme\\, Inc.;Sales;North"], {"company": "Acme, Inc.", "department": "Sales, North"}),
        (["ORG:A\\;B"], {"company": "A;B"}),
        (["ORG:Acme", "ORG:Globex"], {"company": "Acme", "other_companies": "Globex"}),
        (["TITLE:Head"], {"title": "Head"}),
        (["ROLE:Buyer"], {"title": "Buyer"}),
        (["ROLE:Buyer", "TITLE:Head"], {"title": "Head", "role": "Buyer"}),
        (["EMAIL:a@x.de"], {"email": "a@x.de"}),
        (["EMAIL:"], {}),
        (
            ["EMAIL;TYPE=INTERNET:a@x.de", "EMAIL;TYPE=INTERNET,PREF:b@x.de"],
            {"email": "b@x.de", "other_emails": "a@x.de"},
        ),
        (["EMAIL;PREF=2:a@x.de", "EMAIL;PREF=1:b@x.de"], {"email": "b@x.de", "other_emails": "a@x.de"}),
        (["EMAIL:a@x.de", "EMAIL:b@x.de", "EMAIL:a@x.de"], {"email": "a@x.de", "other_emails": "b@x.de"}),
        (["EMAIL:MAILTO:a%2Bb@x.de?subject=x"], {"email": "a+b@x.de"}),
        (["EMAIL;X400;PREF:/c=de/s=a", "EMAIL:a@x.de"], {"email": "a@x.de", "other_emails": "/c=de/s=a"}),
        (
            ["URL:http\\://x.de/a", "URL;PREF=1:http://y.de"],
            {"website": "http://y.de", "other_websites": "http://x.de/a"},
        ),
        (["NOTE:one\\nt\\,w\\;o\\\\", "NOTE:three"], {"note": "one\nt,w;o\\\nthree"}),
        (["NOTE:a\\Nb \\x C:\\"], {"note": "a\nb \\x C:\\"}),
        (["BDAY;VALUE=date:2012-06-06"], {"birthday": "2012-06-06"}),
        (["CATEGORIES:red,blue\\,green"], {"categories": "red, blue,green"}),
        (["REV:20260101T000000Z"], {"rev": "20260101T000000Z"}),
        (["X-SKYPE:ada", "X-Skype:bob"], {"x-skype": "ada, bob"}),
        (["IMPP:xmpp:a@x.de"], {"impp": "xmpp:a@x.de"}),
        (["SOURCE:http://x.de/a.vcf", "NAME:My book"], {"vcard-source": "http://x.de/a.vcf", "vcard-name": "My book"}),
        (["X-EMPTY:", "TITLE: ", "ADR:;;;;;;", "ORG:;"], {}),
        (["KIND:individual", "PRODID:-//Apple", "PROFILE:VCARD"], {"kind": "individual"}),
    ],
)
def test_properties_become_fields(lines: list[str], expected: dict[str, str]) -> None:
    found = fields(*lines)
    found.pop("name", None)
    assert found == expected


def test_a_uid_is_the_external_id() -> None:
    assert card("FN:Ada", "UID:urn:uuid:4f").fields == {"name": "Ada", "external_id": "urn:uuid:4f"}


@pytest.mark.parametrize(
    ("lines", "phone", "others"),
    [
        (["TEL:1", "TEL;TYPE=WORK,VOICE:2"], "2", "1"),
        (["TEL;TYPE=WORK:1", "TEL;TYPE=CELL:2", "TEL;TYPE=HOME:3"], "2", "1, 3"),
        (["TEL;TYPE=CELL:1", "TEL;TYPE=HOME;TYPE=pref:2"], "2", "1"),
        (["TEL;TYPE=WORK,FAX,PREF:1", "TEL;TYPE=HOME:2"], "2", "1"),
        (["TEL;TYPE=PAGER:1", "TEL:2"], "2", "1"),
        (["TEL;TYPE=FAX:1"], "1", None),
        (["TEL;WORK;FAX:1", "TEL;HOME;VOICE:2", "TEL;CELL:3"], "3", "2, 1"),
        (['TEL;VALUE=uri;TYPE="work,voice";PREF=1:tel:+1-418;ext=102', "TEL:2"], "+1-418;ext=102", "2"),
        (["TEL:1", "item1.TEL:2", "item1.X-ABLabel:_$!<Mobile>!$_"], "2", "1"),
        (["item1.TEL:1", "item1.X-ABLABEL:_$!<WorkFAX>!$_", "item2.TEL:2", "item2.X-ABLabel:Boat"], "2", "1"),
        (["TEL:1", "TEL:1"], "1", None),
    ],
)
def test_the_best_phone_is_never_a_fax_while_there_is_another(lines: list[str], phone: str, others: str | None) -> None:
    found = fields(*lines)
    assert (found["phone"], found.get("other_phones")) == (phone, others)


@pytest.mark.parametrize(
    ("lines", "country", "address", "others"),
    [
        (["ADR:;;Main St 1;Town;RG;123;Germany"], "Germany", "Main St 1, Town, RG, 123", None),
        (["ADR:PO 1;Suite 2;Main St 1\\nFloor 3;;;;"], None, "PO 1, Suite 2, Main St 1, Floor 3", None),
        (["ADR;HOME:;;A;;;;DE", "ADR;WORK:;;B;;;;FR"], "FR", "B", "A, DE"),
        (["ADR;HOME:;;A;;;;DE", "ADR;HOME;PREF:;;B;;;;FR"], "FR", "B", "A, DE"),
        (["ADR;HOME;PREF:;;A;;;;DE", "ADR;WORK:;;B;;;;FR"], "FR", "B", "A, DE"),
        (["ADR;TYPE=WORK:;;1\\; 2;New York;;;", "ADR:;;A;;;;"], None, "1; 2, New York", "A"),
        (["ADR:;;New York;New York;;;"], None, "New York, New York", None),
        (["ADR:free text without parts"], None, "free text without parts", None),
        (["item1.ADR:;;A;;;;", "item1.X-ABADR:de"], "DE", "A", None),
        (['ADR;LABEL="A: 1;\\n2";TYPE=work:;;B;;;;FR'], "FR", "B", None),
    ],
)
def test_the_address_at_work_comes_first(
    lines: list[str], country: str | None, address: str, others: str | None
) -> None:
    found = fields(*lines)
    assert (found.get("country"), found["address"], found.get("other_addresses")) == (country, address, others)


def test_labels_of_apple_and_google_stay_with_what_they_name() -> None:
    assert fields(
        "item1.X-ABDATE:1970-06-02",
        "item1.X-ABLabel:_$!<Anniversary>!$_",
        "item2.X-ABRELATEDNAMES:Jo",
        "item2.X-ABLabel:Sailor",
        "X-ABRELATEDNAMES:Al",
    ) == {"x-abdate": "1970-06-02 (Anniversary)", "x-abrelatednames": "Jo (Sailor), Al"}


# Lines -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n", "\n\n"])
def test_lines_may_end_in_any_way(end: str) -> None:
    lines = [
        "BEGIN:VCARD",
        "VERSION:3.0",
        "FN:Ada",
        "NOTE:long",
        " er",
        "END:VCARD",
        "BEGIN:VCARD",
        "FN:Bob",
        "END:VCARD",
        "",
    ]
    found = list(read_cards(end.join(lines).split("\n"))) if end != "\r" else list(read_cards([end.join(lines)]))
    assert [(each.fields, each.problem) for each in found] == [
        ({"name": "Ada", "note": "longer"}, None),
        ({"name": "Bob"}, None),
    ]


def test_a_card_tells_where_it_begins() -> None:
    found = read("\ufeffBEGIN:VCARD\r\nFN:Ada\r\nEND:VCARD\r\n\r\n\r\nbegin:vcard\r\nFN:Bob\r\nend:vcard\r\n")
    assert [(each.line, each.fields["name"]) for each in found] == [(1, "Ada"), (6, "Bob")]


def test_files_that_were_joined_without_a_line_break() -> None:
    found = read("BEGIN:VCARD\nFN:Ada\nEND:VCARDBEGIN:VCARD\nFN:Bob\nEND:VCARD\ufeffBEGIN:VCARD\nFN:Cy\nEND:VCARD")
    assert [(each.line, each.fields["name"], each.problem) for each in found] == [
        (1, "Ada", None),
        (3, "Bob", None),
        (5, "Cy", None),
    ]


@pytest.mark.parametrize(
    ("version", "lines", "note"),
    [
        ("3.0", ["NOTE:a", " b", "\tc", "  d"], "abc d"),
        ("4.0", ["NOTE:a", " b"], "ab"),
        ("4.0", ["NOTE:a", "  ", " b"], "a b"),
        ("2.1", ["NOTE:a", " b"], "a b"),  # 2.1 breaks a line where there is a blank
        ("3.0", ["NOTE", " :a"], "a"),
        ("3.0", ["NOTE;X-LONG=one;X-", " LONGER=two:a"], "a"),
        ("4.0", ['NOTE;X-TEXT="a: b', ' ; c":d'], "d"),
        ("3.0", ['NOTE;X-TEXT="a;x:c'], "c"),  # the quote is never closed
        ("3.0", ["NOTE:first", "second line", "  indented"], "first\nsecond line indented"),
        ("3.0", ["NOTE:first", "second line", "TITLE:x"], "first\nsecond line"),
        ("3.0", ["NOTE:first", "see you at noon: Bob"], "first\nsee you at noon: Bob"),
        ("3.0", ["junk", "NOTE:a"], "a"),
    ],
)
def test_folded_lines(version: str, lines: list[str], note: str) -> None:
    assert card("TEL:1", *lines, version=version).fields["note"] == note


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E6=9D=8E=E9=9B=B7"], {"name": "李雷"}),
        (["N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E6=9D=8E;=E9=9B=B7;;;"], {"name": "李雷"}),
        (["FN;ENCODING=QUOTED-PRINTABLE;CHARSET=GBK:=C0=EE=", "=C0=D7"], {"name": "李雷"}),
        (["FN;CHARSET=gb2312;QUOTED-PRINTABLE:=C0=EE=C0=", "=D7"], {"name": "李雷"}),  # broken in the middle of 雷
        (["FN;CHARSET=GBK;QUOTED-PRINTABLE:=81@"], {"name": "丂"}),  # its second byte is @
        (["FN;CHARSET=ISO-8859-1;QUOTED-PRINTABLE:M=FCller"], {"name": "Müller"}),
        (["FN;CHARSET=Shift_JIS;QUOTED-PRINTABLE:=93=FA=96=7B"], {"name": "日本"}),
        (["FN;QUOTED-PRINTABLE:M=C3=BCller"], {"name": "Müller"}),
        (["FN;QUOTED-PRINTABLE:M=FCller"], {"name": "Müller"}),  # no UTF-8, so Western Europe
        (["FN;QUOTED-PRINTABLE;CHARSET=nonsense:M=C3=BCller"], {"name": "Müller"}),
        (["FN;QUOTED-PRINTABLE;CHARSET=punycode:M=C3=BCller"], {"name": "Müller"}),
        (["FN;QUOTED-PRINTABLE;CHARSET=UTF-16:M=C3=BCller"], {"name": "Müller"}),
        (["FN;QUOTED-PRINTABLE;CHARSET=GBK:=C0=EE雷"], {"name": "李雷"}),  # half of it was decoded before
        (["FN;QUOTED-PRINTABLE:1 =3D 1=2"], {"name": "1 = 1=2"}),
        (["FN;QUOTED-PRINTABLE:Ada", "TITLE:Head"], {"name": "Ada", "title": "Head"}),
        (["ORG;QUOTED-PRINTABLE:A=3BB;C\\;D"], {"company": "A;B", "department": "C;D", "name": "A;B"}),
        (["TEL:1", "NOTE;QUOTED-PRINTABLE:a=0D=0A=", "b= ", " c="], {"name": "1", "phone": "1", "note": "a\nb c"}),
        (["NOTE;QUOTED-PRINTABLE:a=", "", "b", "FN:Ada"], {"name": "Ada", "note": "ab"}),
        (["NOTE;QUOTED-PRINTABLE:a=0A=", "", "FN:Ada"], {"name": "Ada", "note": "a"}),  # its last line is empty
        (["NOTE;QUOTED-PRINTABLE:a", "=62", "FN:Ada"], {"name": "Ada", "note": "ab"}),  # no soft break, yet it goes on
        (["FN;ENCODING=BASE64;CHARSET=UTF-8:5p2O6Zu3"], {"name": "李雷"}),
        (["FN:Ada", "NOTE;ENCODING=B:not base 64!"], {"name": "Ada"}),
    ],
)
def test_encoded_values(lines: list[str], expected: dict[str, str]) -> None:
    only = card(*lines, version="2.1")
    assert (only.fields, only.problem) == (expected, None)


@pytest.mark.parametrize(
    "picture",
    [
        ["PHOTO;ENCODING=BASE64;TYPE=JPEG:", "    /9j/4AAQ", "    /9k=", ""],
        ["PHOTO;JPEG;BASE64:", "/9j/4AAQ", "/9k=", ""],
        ["PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ", " SkZJ", "", " Rg=="],
        ["PHOTO:data:image/jpeg;base64\\,/9j/4AAQ"],
        ["PHOTO:https://x.de/a.jpg", "LOGO;VALUE=uri:https://x.de/b.jpg"],
        ["KEY;VALUE=uri:", " http://x.de/a.asc", "SOUND;BASE64:AAAA"],
        ["X-PICTURE;ENCODING=B:AAAA", " BBBB", "CCCC"],
        ["X-PICTURE:data:image/png;base64,AAAA"],
    ],
)
def test_pictures_sounds_and_keys_are_left_out(picture: list[str]) -> None:
    assert card("FN:Ada", *picture, "TITLE:Head").fields == {"name": "Ada", "title": "Head"}


# Cards in cards, cut cards, and what is no card --------------------------------------------------------


@pytest.mark.parametrize(
    "agent",
    [
        ["AGENT:", "BEGIN:VCARD", "VERSION:2.1", "N:Friday;Fred", "TEL;WORK:1", "END:VCARD"],
        ["AGENT:BEGIN:VCARD", "FN:Fred", "END:VCARD"],
        ["AGENT:", "", "BEGIN:VCARD", "FN:Fred", "AGENT: BEGIN:VCARD", "FN:Jo", "END:VCARD", "END:VCARD"],
        ["AGENT:BEGIN:VCARD\\nFN:Susan\\nEMAIL:s@x.de\\nEND:VCARD\\n"],
        ["AGENT;VALUE=uri:", " CID:1"],
    ],
)
def test_an_agent_is_no_lead_and_says_nothing_of_ours(agent: list[str]) -> None:
    assert card("FN:Ada", *agent, "TITLE:Head", version="2.1").fields == {"name": "Ada", "title": "Head"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("BEGIN:VCARD\nFN:Ada\n", [(1, "Ada", NO_END + "the file ends before it")]),
        ("BEGIN:VCARD", [(1, None, NO_END + "the file ends before it")]),
        (
            "BEGIN:VCARD\nFN:Ada\nBEGIN:VCARD\nFN:Bob\nEND:VCARD\n",
            [(1, "Ada", NO_END + "another card begins at line 3"), (3, "Bob", None)],
        ),
        (
            "BEGIN:VCARD\nFN;QUOTED-PRINTABLE:Ada=\nBEGIN:VCARD\nFN:Bob\nEND:VCARD\n",
            [(1, "Ada", NO_END + "another card begins at line 3"), (3, "Bob", None)],
        ),
        (
            "BEGIN:VCARD\nFN:Ada\nPHOTO;BASE64:\n  AAAA\nBEGIN:VCARD\nFN:Bob\nEND:VCARD\n",
            [(1, "Ada", NO_END + "another card begins at line 5"), (5, "Bob", None)],
        ),
        (
            "BEGIN:VCARD\nFN:Ada\nAGENT:\nTITLE:x\nBEGIN:VCARD\nFN:Bob\nEND:VCARD\n",
            [(1, "Ada", NO_END + "another card begins at line 5"), (5, "Bob", None)],
        ),
        (
            "BEGIN:VCARD\nFN:Ada\nAGENT:\nBEGIN:VCARD\nFN:Bob\nEND:VCARD\nBEGIN:VCARD\nFN:Cy\nEND:VCARD\n",
            [
                (1, "Ada", NO_END + "another card begins at line 7"),
                (4, "Bob", "it stands inside of the card at line 1, which has no END:VCARD"),
                (7, "Cy", None),
            ],
        ),
        (
            "\nName,Mail\nAda,a@x.de\n\nBEGIN:VCARD\nFN:Bob\nEND:VCARD\nEND:VCARD\n \nFN:Cy\n",
            [(2, None, STRAY), (5, "Bob", None), (8, None, STRAY)],
        ),
        ("BEGIN:VCALENDAR\nEND:VCALENDAR\n", [(1, None, STRAY)]),
        ("BEGIN:VCARD\nVERSION:3.0\nNOTE:x\nEND:VCARD\n", [(1, None, UNUSABLE)]),
        ("BEGIN:VCARD\nEND:VCARD\n", [(1, None, UNUSABLE)]),
        ("BEGIN:VCARD\nKIND:group\nFN:All\nMEMBER:urn:uuid:1\nEND:VCARD\n", [(1, "All", GROUP)]),
        ("BEGIN:VCARD\nFN:All\nX-ADDRESSBOOKSERVER-KIND:Group\nEND:VCARD\n", [(1, "All", GROUP)]),
        ("", []),
        ("\n \n\n", []),
    ],
)
def test_what_is_no_lead_says_why_and_the_next_card_is_read(
    text: str, expected: list[tuple[int, str | None, str | None]]
) -> None:
    assert [(each.line, each.fields.get("name"), each.problem) for each in read(text)] == expected


def test_cards_of_three_versions_in_one_file() -> None:
    found = read(
        "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=GBK;ENCODING=QUOTED-PRINTABLE:=C0=EE;=C0=D7;;;\r\nTEL;CELL;PREF:1\r\n"
        "END:VCARD\r\nBEGIN:VCARD\r\nVERSION:3.0\r\nFN:Bob\r\nTEL;TYPE=CELL:2\r\nEND:VCARD\r\n"
        'BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Cy\r\nTEL;VALUE=uri;TYPE="cell,voice":tel:3\r\nEND:VCARD\r\n'
    )
    assert [each.fields for each in found] == [
        {"name": "李雷", "phone": "1"},
        {"name": "Bob", "phone": "2"},
        {"name": "Cy", "phone": "3"},
    ]


# Files that are damaged, hostile or large --------------------------------------------------------------

WHOLE = (
    "BEGIN:VCARD\r\nVERSION:2.1\r\nFN;CHARSET=GBK;ENCODING=QUOTED-PRINTABLE:=C0=EE=\r\n=C0=D7\r\n"
    "AGENT:\r\nBEGIN:VCARD\r\nFN:Fred\r\nEND:VCARD\r\nPHOTO;BASE64:\r\n AAAA\r\n\r\nEND:VCARD\r\n"
    'BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Zoë\r\nADR;LABEL="a: b\r\n ; c":;;Main\\; St;;;;DE\r\nEND:VCARD\r\n\r\n'
    "BEGIN:VCARD\r\nitem1.TEL:1\r\nitem1.X-ABLabel:_$!<Mobile>!$_\r\nNOTE:a\r\n b\r\nEND:VCARD"
)


def decoded_lines(octets: bytes) -> list[str]:
    return octets.decode(errors="replace").splitlines(keepends=True)


def test_a_file_cut_at_every_byte_loses_no_whole_card_before_the_cut() -> None:
    octets = WHOLE.encode()
    cards = list(read_cards(decoded_lines(octets)))
    assert [(each.fields["name"], each.problem) for each in cards] == [("李雷", None), ("Zoë", None), ("1", None)]
    begins = [octets.index(b"BEGIN:VCARD"), octets.index(b"BEGIN:VCARD\r\nVERSION:4.0"), octets.rindex(b"BEGIN:VCARD")]
    ends = [begins[1] - 2, begins[2] - 4, len(octets)]
    for cut in range(len(octets)):
        found = list(read_cards(decoded_lines(octets[:cut])))
        whole = sum(end <= cut for end in ends)
        assert found[:whole] == cards[:whole]
        begun = sum(begin + len("BEGIN:VCARD") <= cut for begin in begins)
        assert begun <= len(found)
        assert all(each.problem for each in found[whole:])


PIECES = [
    *("BEGIN:VCARD", "END:VCARD", "AGENT:", "VERSION:2.1", "FN", "N", "ADR", "ORG", "TEL", "item1.", "X-ABLabel"),
    *(";", ":", ",", "\\", '"', "=", "=E4", "\n", "\r", "\n ", " ", "\t", "\0", "\ufeff", "\ud800", "李", "data:"),
    *(";ENCODING=QUOTED-PRINTABLE", ";CHARSET=GBK", ";CHARSET=", "idna", ";BASE64", ";PREF=", "99", "mailto:"),
]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3)).map("".join))
def test_no_text_makes_it_raise(text: str) -> None:
    for found in read(text):
        assert all(found.fields.values())
        assert found.problem or found.fields["name"]
        assert "\n" not in (found.problem or "")
        assert text.splitlines()[found.line - 1 :]


@given(st.binary(max_size=500))
def test_no_bytes_make_it_raise(octets: bytes) -> None:
    body = octets.decode(errors="replace")
    list(read(body))
    assert list(read(f"BEGIN:VCARD\n{body}\nEND:VCARD\n"))


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_what_is_escaped_is_read_back(text: str) -> None:
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    folded = [f" {character}" for character in escaped]
    assert card("TEL:1", "NOTE:", *folded).fields.get("note", "") == text.strip()
    quoted = "".join(f"={octet:02X}" for octet in escaped.encode())
    assert card("TEL:1", f"NOTE;QUOTED-PRINTABLE:{quoted}").fields.get("note", "") == text.strip()


def seconds(lines: list[str]) -> float:
    def once() -> float:
        start = time.process_time()
        assert [each.problem for each in read_cards(lines)] == [None]
        return time.process_time() - start

    return min(once(), once())


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ("NOTE:", " abc"),
        ("NOTE;QUOTED-PRINTABLE:=", "ab="),
        ("PHOTO;BASE64:", " abc"),
        ("PHOTO;BASE64:", "abc"),
        ("NOTE:a", "b"),
        ("NOTE:a", "\\;"),
        ("NOTE:", " "),
        ("ADR:", " ;,"),
        ("X", " ;a"),
    ],
)
def test_ten_times_the_lines_take_about_ten_times_as_long(head: str, line: str) -> None:
    few, many = (["BEGIN:VCARD", "FN:Ada", head, *[line] * count, "END:VCARD"] for count in (10_000, 100_000))
    assert seconds(many) < 30 * seconds(few)


def test_two_hundred_thousand_folded_lines_are_one_text() -> None:
    assert card("FN:Ada", "NOTE:", *[" abc"] * 200_000).fields["note"] == "abc" * 200_000


def test_a_picture_of_5_megabytes_is_not_kept() -> None:
    picture = repeat(" " + "A" * 74 + "\n", 5_000_000 // 75)
    lines: Iterator[str] = chain(["BEGIN:VCARD\n", "FN:Ada\n", "PHOTO;ENCODING=b:\n"], picture, ["END:VCARD\n"])
    tracemalloc.start()
    try:
        found = list(read_cards(lines))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == [Card(1, {"name": "Ada"}, None)]
    assert peak < 100_000


def test_a_card_larger_than_the_limit_says_so_and_the_next_one_is_read() -> None:
    lines = chain(["BEGIN:VCARD", "FN:Ada"], repeat("NOTE:" + "x" * 1000, 10_000), ["END:VCARD"])
    large, following = read_cards(chain(lines, ["BEGIN:VCARD", "FN:Bob", "END:VCARD"]))
    assert (large.fields["name"], large.problem) == (
        "Ada",
        "it has more than 4,000,000 characters without its pictures",
    )
    assert len(large.fields["note"]) < CARD_LIMIT
    assert following == Card(10_004, {"name": "Bob"}, None)


def test_cards_are_handed_on_while_the_file_is_still_being_read() -> None:
    def endless() -> Iterator[str]:
        yield from ("BEGIN:VCARD", "FN:Ada", "END:VCARD")
        raise AssertionError("read further than needed")

    assert next(read_cards(endless())).fields == {"name": "Ada"}
