"""What stands in a mail, and what never does: names and texts that attack its headers, its recipients or its end."""

from __future__ import annotations

import email
import re
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, default
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ltc_cli.errors import ConfigError, RefusedError
from ltc_cli.mail import sandbox, templates
from ltc_cli.mail.message import HEADERS, Letter, build, letter_of, message_id, refuse_address

if TYPE_CHECKING:
    from tests.mail.server import Inbox
    from tests.support import Company

MOMENT = datetime(2026, 6, 15, 9, 30, tzinfo=UTC)

LETTER = Letter(
    "Acme GmbH",
    "billing@acme.example",
    "Ada",
    "ada@engines.example",
    "Invoice 1",
    "Dear Ada\n",
    "<p>Dear Ada</p>",
    "en",
)


def read(data: bytes) -> Any:
    return email.message_from_bytes(data, policy=default)


@pytest.mark.parametrize("field", ["sender_name", "recipient_name", "subject"])
@pytest.mark.parametrize(
    "text",
    [
        "Ada\r\nBcc: eve@evil.example",
        "Ada\nBcc: eve@evil.example",
        "Ada\rBcc: eve@evil.example",
        "Ada\r\n\r\nbody",
        "Ada\x0bBcc: eve@evil.example",
        "Ada\x85Bcc: eve@evil.example",
        "Ada\u2028Bcc: eve@evil.example",
        "Ada\0",
        "Ada\x1b[31m",
        "=?utf-8?q?Ada=0D=0ABcc:_eve@evil.example?=",
        "=?utf-8?b?QWRhDQpCY2M6IGV2ZUBldmlsLmV4YW1wbGU=?=",
        "青空 =?utf-8?q?=22=3Ceve@evil.example=3E?=",
    ],
)
def test_an_attack_in_a_name_or_a_subject_is_refused(field: str, text: str) -> None:
    with pytest.raises(RefusedError):
        build(LETTER._replace(**{field: text}), "<1@acme.example>", MOMENT)


@pytest.mark.parametrize(
    "address",
    [
        "ada@engines.example,eve@evil.example",
        "ada@engines.example\r\nRCPT TO:<eve@evil.example>",
        "ada@engines.example> SIZE=1",
        "<ada@engines.example>",
        "ada engines@engines.example",
        '"ada@x"@engines.example',
        "=?utf-8?q?ada?=@engines.example",
        "ädä@engines.example",
        "ada",
        "",
    ],
)
def test_an_address_that_is_not_exactly_one_is_refused(address: str) -> None:
    with pytest.raises(RefusedError):
        refuse_address(address)


@pytest.mark.parametrize("field", ["sender_name", "recipient_name", "subject"])
@pytest.mark.parametrize(
    "text",
    [
        "Ada, eve@evil.example",
        "Ada <eve@evil.example>",
        '"Ada" <eve@evil.example>, Bob',
        "Ada; Bob: Cyd;",
        "Ada (a comment",
        "Ada \\",
        "青空 Söhne, Co <eve@evil.example>",
        "青空株式会社" * 20,
        "x" * 10_000,
        "Bcc: eve@evil.example",
        ".",
        "..",
        "",
        "e\u0301\u202e\u200b",
        "😀 & <b>",
    ],
)
def test_an_unusual_name_adds_neither_header_nor_recipient(field: str, text: str) -> None:
    """It goes as it is, or it is refused; nothing else."""
    try:
        message = read(build(LETTER._replace(**{field: text}), "<1@acme.example>", MOMENT))
    except RefusedError:
        return
    assert sorted(message.keys()) == sorted(HEADERS)
    assert [each.addr_spec for each in message["To"].addresses] == ["ada@engines.example"]
    assert [each.addr_spec for each in message["From"].addresses] == ["billing@acme.example"]


def test_usual_names_are_not_refused() -> None:
    for name in ("Ada, Countess of Lovelace", "青空 Söhne, Co", 'The "Engine" <Ltd>', "O'Brien & Sons (UK)", "Åse", ""):
        message = read(build(LETTER._replace(recipient_name=name), "<1@acme.example>", MOMENT))
        assert message["To"].addresses[0].display_name == name


@pytest.mark.parametrize("field", ["sender_name", "recipient_name"])
@pytest.mark.parametrize(
    "name",
    [
        "北京百度网讯科技有限公司上海分公司",
        "Société Générale de Surveillance Île-de-France",
        "Bundesanstalt für Finanzdienstleistungsaufsicht Außenstelle Köln",
        "é" * 100,
        "😀" * 99 + "e",
        "é 　 é",
        r'<=é>d[ée] "[Köln]" @ (Süd); "Büro", \Ä <eve@evil.example>',
        'a<])c=<=;b["a;d)\'=.@\'[<a":[)ca( <:;""b.=__<]=,>;)>\\=_,aec=;"bb\\<()cbe)',
    ],
)
def test_a_name_of_many_encoded_words_is_read_as_it_was_meant(field: str, name: str) -> None:
    data = build(LETTER._replace(**{field: name}), "<1@acme.example>", MOMENT)
    assert mailbox(data, "From" if field == "sender_name" else "To")[0] == name
    assert getattr(letter_of(data), field) == name
    words = re.findall(rb"=\?utf-8\?[bq]\?[^?]*\?=", data)
    assert all(len(word) <= 75 and str(make_header(decode_header(word.decode()))) for word in words)  # RFC 2047, 2


def test_a_sender_at_a_long_domain_is_no_reason_to_refuse_a_mail() -> None:
    sender = f"billing@{'a' * 63}.{'b' * 63}.example"
    identity = message_id(sender, "0" * 32)
    data = build(LETTER._replace(sender=sender, recipient=sender), identity, MOMENT)
    assert str(read(data)["Message-ID"]) == identity
    assert mailbox(data, "From") == ("Acme GmbH", sender)
    assert mailbox(data, "To") == ("Ada", sender)


def test_a_tab_in_a_name_is_a_blank() -> None:
    message = read(build(LETTER._replace(recipient_name="Ada\t Lovelace"), "<1@acme.example>", MOMENT))
    assert message["To"].addresses[0].display_name == "Ada Lovelace"


def test_a_message_is_ascii_with_whole_lines_and_text_and_html() -> None:
    data = build(LETTER._replace(text="ä" * 2000 + "\nb\r\nc\rd\n", html="<p>青</p>"), "<1@acme.example>", MOMENT)
    assert data.isascii()
    assert max(map(len, data.split(b"\r\n"))) <= 998  # RFC 5322, 2.1.1
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert b"\r" not in data.replace(b"\r\n", b"")
    message = read(data)
    assert message["Date"].datetime == MOMENT
    plain, html = message.iter_parts()
    assert plain.get_content().startswith("ä" * 2000)
    assert html.get_content().strip() == "<p>青</p>"


def by_the_library(letter: Letter) -> bytes:
    """The same letter as EmailMessage writes it."""
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(letter.sender_name, addr_spec=letter.sender)
    message["To"] = Address(letter.recipient_name, addr_spec=letter.recipient)
    message["Subject"] = letter.subject
    message["Date"] = MOMENT
    message["Message-ID"] = "<1@acme.example>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    message["Content-Language"] = letter.language
    return message.as_bytes()


OURS = ("From", "To", "Subject", "Content-Type")
"""Headers that the library writes so that some names and subjects are read in another way."""


def said(data: bytes) -> Any:
    """All that a receiver reads, in its order, but what is ours."""
    message = read(data)
    assert message["Content-Type"].content_type == "multipart/alternative"
    headers = [(name, str(value)) for name, value in message.items() if name not in OURS]
    return headers, [(part.get_content_type(), part.get_content()) for part in message.iter_parts()]


def mailbox(data: bytes, header: str) -> tuple[str, str]:
    """The one name and address of a header, by RFC 2047."""
    (address,) = read(data)[header].addresses
    raw = str(email.message_from_bytes(data)[header])
    encoded = " ".join(raw.rpartition("<")[0].split())
    name = str(make_header(decode_header(encoded))) if encoded.startswith("=?") else address.display_name
    return name, address.addr_spec


ODD = st.sampled_from("\"\\,;:<>()[]@.=?_ '")
CHARACTERS = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"))
NAMES = st.text(st.one_of(ODD, CHARACTERS), max_size=90).map(lambda text: re.sub(" +", " ", text).strip())
TEXTS = st.text(st.one_of(st.sampled_from("\n\r=_-. "), st.characters(exclude_categories=["Cs"])), max_size=400)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # other work may run beside it
@given(NAMES, NAMES, NAMES, TEXTS, TEXTS)
def test_a_message_is_read_as_one_by_the_library_would_be(
    sender: str, recipient: str, subject: str, text: str, html: str
) -> None:
    assume(not any("=?" in each or "?=" in each for each in (sender, recipient, subject)))
    letter = LETTER._replace(sender_name=sender, recipient_name=recipient, subject=subject, text=text, html=html)
    data = build(letter, "<1@acme.example>", MOMENT)
    assert mailbox(data, "From") == (sender, "billing@acme.example")
    assert mailbox(data, "To") == (recipient, "ada@engines.example")
    assert str(read(data)["Subject"]) == subject
    assert said(data) == said(by_the_library(letter))
    assert max(map(len, data.split(b"\r\n"))) <= 998


def test_no_text_ends_its_part() -> None:
    text = "--=_ltc\n--=_ltc--\n=_ltc=\n--\n.\n=5F\n"
    data = build(LETTER._replace(text=text, html=text), "<1@acme.example>", MOMENT)
    assert said(data)[1] == [("text/plain", text.replace("\n", "\r\n")), ("text/html", text.replace("\n", "\r\n"))]


@pytest.mark.parametrize("writer", ["email.quoprimime.body_encode", "ltc_cli.mail.message._mailbox"])
def test_what_would_be_read_in_another_way_is_refused(writer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, _, name = writer.rpartition(".")
    right: Any = getattr(__import__(module, fromlist=[name]), name)
    monkeypatch.setattr(writer, lambda *given, **named: right(*given, **named).replace("Ada", "Bob"))
    with pytest.raises(RefusedError, match="read in another way"):
        build(LETTER, "<1@acme.example>", MOMENT)


def test_a_message_id_is_never_given_twice(company: Company) -> None:
    tried = company.ltc("send", "INV-2026-0001", "--no-send", "--dry-run")
    rows = [company.ltc("send", "INV-2026-0001", "--no-send", "--again") for _ in range(3)]
    assert tried["message_id"] == rows[0]["message_id"]
    assert len({row["message_id"] for row in rows}) == 3
    assert all(row["message_id"].endswith("@acme.example>") for row in rows)


# Through the whole program, to a real server


def mailed(company: Company, inbox: Inbox) -> Any:
    assert company.run("send", "INV-2026-0001") == 0, company.err
    return read(inbox.deliveries[-1].message)


def test_a_lone_dot_ends_nothing(company: Company, inbox: Inbox) -> None:
    address = "Weg 1\n.\nQUIT\n..\n.x\n. \nBerlin"
    text = company.config_path.read_text().replace("iban:", f"address: {address!r}, iban:".replace("'", '"'))
    company.config_path.write_text(text)
    company.ltc("lead", "add", "Dot", "--company", ".", "--email", "dot@dot.example")
    company.ltc("promote", "L4", "--amount", "5")
    company.ltc("sign", "O4", "--terms", "100% sign")
    company.ltc("invoice", "C4")
    assert company.run("send", "INV-2026-0004") == 0, company.err
    (delivery,) = inbox.deliveries
    assert delivery.recipients == ("dot@dot.example",)
    plain, _html = read(delivery.message).iter_parts()
    text = plain.get_content().replace("\r\n", "\n")
    assert address in text
    assert text.startswith(".,\n")


def test_the_invoice_says_what_is_owed_and_where_to_pay(company: Company, inbox: Inbox) -> None:
    message = mailed(company, inbox)
    (delivery,) = inbox.deliveries
    assert (delivery.sender, delivery.recipients) == ("billing@acme.example", ("ada@ada.example",))
    assert str(message["From"]) == "Acme GmbH <billing@acme.example>"
    assert str(message["To"]) == "ada <ada@ada.example>"
    assert str(message["Subject"]) == "Invoice INV-2026-0001 from Acme GmbH"
    plain, html = (part.get_content() for part in message.iter_parts())
    for text in (plain, html):
        for said in ("1,000.00", "2026-07-15", "DE02 1203 0000 0000 2020 51", "INV-2026-0001"):
            assert said in text
        assert "net 30" not in text


def test_what_is_paid_is_said(company: Company, inbox: Inbox) -> None:
    company.ltc("collect", "INV-2026-0001", "400")
    plain, _html = mailed(company, inbox).iter_parts()
    assert "Received so far: 400.00 EUR; still open: 600.00 EUR." in plain.get_content()
    company.ltc("collect", "INV-2026-0001")
    assert company.run("send", "INV-2026-0001", "--again") == 0
    plain, _html = read(inbox.deliveries[-1].message).iter_parts()
    assert "It is paid in full. Thank you." in plain.get_content()
    assert "Please pay" not in plain.get_content()


def test_the_customer_chooses_the_language(company: Company, inbox: Inbox) -> None:
    company.ltc("edit", "K1", "language=zh")
    message = mailed(company, inbox)
    assert str(message["Subject"]) == "Acme GmbH：账单 INV-2026-0001"
    assert message["Content-Language"] == "zh"
    plain, html = (part.get_content() for part in message.iter_parts())
    assert "以下是 2026-06-15 的账单 INV-2026-0001。" in plain
    assert "请于 2026-07-15 或之前支付 1,000.00 EUR。" in plain
    assert '<html lang="zh">' in html


def test_html_shows_markup_as_text(company: Company, inbox: Inbox) -> None:
    company.ltc("edit", "K1", "name=<script>alert(1)</script> {{ 7*7 }}")
    company.ltc("sign", "O1")
    company.ltc("lead", "add", "Eve", "--company", "<script>x</script>{{ 7*7 }}", "--email", "eve@eve.example")
    company.ltc("promote", "L4", "--amount", "5")
    company.ltc("sign", "O4", "--terms", "100% sign")
    company.ltc("invoice", "C4")
    assert company.run("send", "INV-2026-0004") == 0, company.err
    _plain, html = read(inbox.deliveries[-1].message).iter_parts()
    assert "<script>" not in html.get_content()
    assert "&lt;script&gt;x&lt;/script&gt;{{ 7*7 }}" in html.get_content()


# Templates


def test_every_language_has_every_template_and_an_unknown_name_is_an_error() -> None:
    templates.prepare(None, templates.NAMES)
    for language in templates.LANGUAGES:
        for name in templates.NAMES:
            assert (templates.FOLDER / language / f"{name}.txt").is_file()
            with pytest.raises(ConfigError, match="is undefined"):
                templates.render(name, language, {})


def test_a_template_gets_plain_data_alone() -> None:
    with pytest.raises(TypeError):
        templates.render("invoice", "en", {"seller": object()})
    with pytest.raises(TypeError):
        templates.render("invoice", "en", {"lines": [{"run": print}]})


@pytest.mark.parametrize(
    "trick",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ lines.append(1) }}",
        "{{ self.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__ }}",
        "{% include '/etc/passwd' %}",
        "{{ nothing }}",
        "{{ 'x' * 1000000000 }}",
        "{{ 9 ** 9 ** 9 }}",
    ],
)
def test_template_tricks_are_refused(trick: str) -> None:
    import jinja2

    with pytest.raises(jinja2.TemplateError):
        sandbox.environment(templates.FOLDER).from_string(trick).render(lines=[])
