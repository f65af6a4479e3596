"""Contact data as people type it."""

from __future__ import annotations

import re

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltc_cli.errors import UsageError
from ltc_cli.rules import contact

# Text --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ada Lovelace\n", "Ada Lovelace"),
        ("two\nlines", "two\nlines"),
        ("\x1b[31mred", "\x1b[31mred"),
        ("Zoe\u0308", "Zo\u00eb"),  # e and a combining diaeresis are one letter
        ("李雷", "李雷"),
        ("", ""),
    ],
)
def test_text_is_trimmed_and_composed_and_keeps_control_characters(typed: str, kept: str) -> None:
    assert contact.clean_text(typed, "note") == kept


@pytest.mark.parametrize("typed", ["a\0b", "李\0雷", "half \ud800 a character"])
def test_nul_and_lone_surrogates_are_refused_by_the_field_s_name(typed: str) -> None:
    with pytest.raises(UsageError, match=r"^company holds "):
        contact.clean_text(typed, "company")


def test_a_text_may_be_as_long_as_the_limit_and_no_longer() -> None:
    assert contact.clean_text(" " + "x" * 10_000 + " ", "name") == "x" * 10_000
    with pytest.raises(UsageError, match="name is 10,001 characters long; 10,000 are allowed"):
        contact.clean_text("x" * 10_001, "name")


@pytest.mark.parametrize("typed", ["", "  ", "\n\t", "\u3000"])
def test_a_name_is_not_empty(typed: str) -> None:
    with pytest.raises(UsageError, match=r"^company is empty$"):
        contact.clean_name(typed, "company")


def test_a_name_is_cleaned_like_any_text() -> None:
    assert contact.clean_name(" Ada ") == "Ada"


@given(st.text())
def test_cleaning_twice_is_cleaning_once(typed: str) -> None:
    try:
        cleaned = contact.clean_text(typed, "note")
    except UsageError:
        return
    assert contact.clean_text(cleaned, "note") == cleaned


# E-mail ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "normalised"),
    [
        ("ada@example.com", "ada@example.com"),
        ("  Ada.Lovelace+ltc@Example.COM ", "ada.lovelace+ltc@example.com"),
        ("mailto:Ada@example.com", "ada@example.com"),
        ("mailto:ada@example.com?subject=Hello", "ada@example.com"),
        ("o'brien@sub.example.co.uk", "o'brien@sub.example.co.uk"),
        ("root@localhost", "root@localhost"),
        ("info@bücher.de", "info@xn--bcher-kva.de"),  # the example of RFC 3492's own literature
        ("info@straße.de", "info@xn--strae-oqa.de"),  # UTS 46, 4: ß and ς as they are, a capital Σ as σ
        ("INFO@STRAẞE.DE", "info@xn--strae-oqa.de"),
        ("info@strasse.de", "info@strasse.de"),
        ("info@βόλος.com", "info@xn--nxasmm1c.com"),
        ("info@ΒΌΛΟΣ.com", "info@xn--nxasmq6b.com"),
        ("MailTo:Info@Bücher.de?subject=Hello", "info@xn--bcher-kva.de"),
        ("ａｄａ＠example.com", "ada@example.com"),
        ("用户@qq.com", "用户@qq.com"),
    ],
)
def test_an_address_is_brought_into_one_form(typed: str, normalised: str) -> None:
    assert contact.normalise_email(typed) == normalised


@pytest.mark.parametrize(
    "typed",
    [
        *("", "ada", "@example.com", "ada@", "ada@example", "ada@@example.com", "a@b@example.com"),
        *("ada lovelace@example.com", "ada@exa mple.com", "ada@example.com,eve@example.com"),
        *("ada@example.com;eve@example.com", "Ada <ada@example.com>", "<ada@example.com>", '"a"@example.com'),
        *("ada\n@example.com", "ada@example.com\r\nBcc: eve@example.com", "ada\0@example.com"),
        *(".ada@example.com", "ada.@example.com", "a..b@example.com"),
        *("ada@-example.com", "ada@example-.com", "ada@.com", "ada@example..com", "ada@example.com."),
        *("ada@127.0.0.1", "ada@[127.0.0.1]", "ada@ex_ample.com"),
        *("a" * 65 + "@example.com", "ada@" + "b" * 64 + ".com", "ada@" + "b." * 130 + "com"),
        *("ada\u00a0x@example.com", "ada\u202e@example.com", "ada\x85@example.com", "ada\ud800@example.com"),
        *("ada，eve@example.com", "ada@ü..de", "ada@" + "ü" * 300 + ".de", "ada@\ud800.de"),
        *("ada@😀.de", "ada@ü\u202e.de", "ada@אa.de", "ada@\u0301ü.de"),
    ],
)
def test_what_is_not_exactly_one_address_is_refused(typed: str) -> None:
    with pytest.raises(UsageError, match="is not one e-mail address"):
        contact.normalise_email(typed)


def test_the_error_shows_control_characters_escaped_and_stays_short() -> None:
    with pytest.raises(UsageError) as caught:
        contact.normalise_email("a\x1b" + "b" * 5000)
    assert "a\\x1bb" in caught.value.message
    assert len(caught.value.message) < 100


@given(st.text())
def test_whatever_is_accepted_is_one_printable_word_and_stays_as_it_is(typed: str) -> None:
    try:
        email = contact.normalise_email(f"{typed}@example.com")
    except UsageError:
        return
    assert email.isprintable()
    assert not re.search(r"[\s,;<>]", email)
    assert email.count("@") == 1
    assert contact.normalise_email(email) == email


def test_the_domain_stands_after_the_at_sign() -> None:
    assert contact.email_domain("ada@sub.example.com") == "sub.example.com"


@pytest.mark.parametrize(
    "domain",
    [
        *("gmail.com", "qq.com", "vip.qq.com", "163.com", "126.com", "sina.com", "foxmail.com", "aliyun.com"),
        *(
            "outlook.com",
            "outlook.de",
            "hotmail.co.uk",
            "live.fr",
            "yahoo.com",
            "yahoo.co.jp",
            "yahoo.com.cn",
        ),
        *("gmx.net", "gmx.de", "web.de", "t-online.de", "proton.me", "protonmail.com", "icloud.com"),
        *("mail.ru", "yandex.ru", "yandex.com.tr"),
    ],
)
def test_well_known_mail_domains_are_public(domain: str) -> None:
    assert contact.is_public_domain(domain)


@pytest.mark.parametrize(
    "domain", ["acme.com", "live.acme.com", "yahoo.acme.de", "notgmail.com", "outlook.consulting", ""]
)
def test_a_company_s_domain_is_not_public(domain: str) -> None:
    assert not contact.is_public_domain(domain)


# Phone -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "country", "e164"),
    [
        ("+49 30 123456", None, "+4930123456"),
        ("+49 (30) 12-34.56", None, "+4930123456"),
        ("0049/30/123456", None, "+4930123456"),
        ("+49 (0)30 123456", None, "+4930123456"),  # the 0 is dialled inside Germany only
        ("+49 030 123456", None, "+4930123456"),
        ("+39 06 1234567", None, "+39061234567"),  # in Italy it is part of the number
        ("030 123456", "DE", "+4930123456"),
        ("(415) 555-0100", "US", "+14155550100"),
        ("+1 415 555 0100 ext. 7", None, "+14155550100"),
        ("+1 415 555 0100 x12", None, "+14155550100"),
        ("tel:+1-415-555-0100;ext=12", None, "+14155550100"),
        ("010-8888 8888转801", "CN", "+861088888888"),
        ("１３８００１３８０００", "CN", "+8613800138000"),
        ("+86 138-0013-8000", None, "+8613800138000"),
    ],
)
def test_a_number_is_brought_into_e164(typed: str, country: str | None, e164: str) -> None:
    assert contact.normalise_phone(typed, country) == e164


@pytest.mark.parametrize(
    ("typed", "country"),
    [
        *(("", None), ("call me", "DE"), ("030 123456", None), ("030 123456", "XX"), ("123", "DE")),
        *(
            ("+49 30 123456 / +49 171 1234567", "DE"),
            ("+1234567890123456", None),
            ("+", None),
            ("++49", None),
        ),
        *(("1" * 10_000, "DE"), (" x" * 5_000, "DE"), ("\0", "DE")),
    ],
)
def test_what_cannot_be_read_as_a_number_is_none(typed: str, country: str | None) -> None:
    assert contact.normalise_phone(typed, country) is None


@pytest.mark.parametrize("region", ["DE", "US", "CN", "GB", "FR", "IT", "JP", "BR", "AR", "MX", "RU", "IN", "AU"])
@pytest.mark.parametrize("kind", [phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE])
def test_the_library_s_example_of_a_country_is_read_however_it_is_written(region: str, kind: int) -> None:
    example = phonenumbers.example_number_for_type(region, kind)
    assert example is not None
    e164, national, international = (
        phonenumbers.format_number(example, form)
        for form in (
            phonenumbers.PhoneNumberFormat.E164,
            phonenumbers.PhoneNumberFormat.NATIONAL,
            phonenumbers.PhoneNumberFormat.INTERNATIONAL,
        )
    )
    assert contact.normalise_phone(international, None) == e164
    assert contact.normalise_phone(f"00{e164[1:]}", None) == e164
    assert contact.normalise_phone(national, region) == e164


@given(st.text(alphabet="+0123456789 ()-/.x#", max_size=70))
def test_a_number_read_is_e164_and_reads_as_itself(typed: str) -> None:
    number = contact.normalise_phone(typed, "DE")
    if number is not None:
        assert re.fullmatch(r"\+[1-9][0-9]{7,16}", number)
        assert contact.normalise_phone(number, None) == number


# Company name ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "Acme",
            "ACME",
            " acme ",
            "Acme GmbH",
            "ACME G.m.b.H.",
            "Acme GmbH & Co. KG",
            "Acme, Inc.",
            "Acme LLC",
        ),
        *(
            "Acme Ltd",
            "Acme Limited",
            "Acme SA",
            "Acme S.A.",
            "Acme SARL",
            "Acme S.à r.l.",
            "Acme B.V.",
            "Acme NV",
        ),
        *(
            "Acme AG",
            "Acme Co.",
            "Acme Corp.",
            "Acme PLC",
            "Acme OHG",
            "Acme UG (haftungsbeschränkt)",
            "Acme Oy",
        ),
        *(
            "Acme AB",
            "Acme ApS",
            "Acme A/S",
            "Acme S.p.A.",
            "Acme S. p. A.",
            "Acme Sp. z o.o.",
            "Acme Pvt. Ltd.",
        ),
        *("Acme S.A. de C.V.", "acme有限公司", "Acme 有限责任公司", "Acme股份有限公司", "Acme 株式会社"),
        *("株式会社Acme", "㈱Acme", "（株）Acme", "Ａｃｍｅ", "Acme\u00ad GmbH", "Acme Ltd. Şti."),
    ],
)
def test_spellings_of_one_company_compare_equal(typed: str) -> None:
    assert contact.normalise_name(typed) == "acme"


@pytest.mark.parametrize(
    ("typed", "normalised"),
    [
        ("GmbH", "gmbh"),
        ("Co", "co"),
        ("有限公司", "有限公司"),
        ("The  Ford-Motor   Company", "the ford motor"),
        ("Plan Z", "plan z"),
        ("Straßenbau Müller OHG", "strassenbau müller"),
        ("J. R. Smith", "jr smith"),
        ("J.R. Smith", "jr smith"),
        ("阿里巴巴（中国）有限公司", "阿里巴巴 中国"),
        ("हिन्दी", "हिन्दी"),
        ("!!!", "!!!"),
        ("", ""),
    ],
)
def test_a_name_keeps_what_tells_companies_apart(typed: str, normalised: str) -> None:
    assert contact.normalise_name(typed) == normalised


@given(st.text(alphabet=st.characters(codec="ascii")))
def test_an_ascii_name_normalised_twice_is_the_same(typed: str) -> None:
    once = contact.normalise_name(typed)
    assert contact.normalise_name(once) == once


@given(st.from_regex(r"[A-Za-z]{3,8}qq( [A-Za-z]{3,8}qq){0,2}", fullmatch=True))
def test_case_punctuation_and_legal_form_make_no_difference(name: str) -> None:
    dressed = f"  {name.upper().replace(' ', ' - ')}, GmbH & Co. KG "
    assert contact.normalise_name(dressed) == contact.normalise_name(name)


# Tax id ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "normalised"),
    [
        ("DE123456789", "DE123456789"),
        ("de 123 456 789", "DE123456789"),
        ("ATU-123.456.78", "ATU12345678"),
        ("９１３１００００", "91310000"),
        ("CHE\u2011123.456.789\u00a0MWST", "CHE123456789MWST"),
        ("12/345/67890", "12/345/67890"),
        ("", ""),
    ],
)
def test_a_tax_id_loses_blanks_dots_and_dashes(typed: str, normalised: str) -> None:
    assert contact.normalise_tax_id(typed) == normalised


def test_the_phone_library_is_loaded_only_for_numbers_it_must_read() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from ltc_cli.rules import contact; contact.normalise_phone('+49 30 123456', None);"
        "sys.exit('phonenumbers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("typed", ["=?utf-8?q?a?=@example.com", "a=?b@example.com"])
def test_an_encoded_word_is_compared_but_not_kept(typed: str) -> None:
    assert contact.normalise_email(typed) == typed
    with pytest.raises(UsageError, match="holds an encoded word"):
        contact.kept_email(typed)


@pytest.mark.parametrize(("typed", "kept"), [("info@bücher.de", "info@xn--bcher-kva.de"), ("ädä@a.de", "ädä@a.de")])
def test_other_scripts_are_kept(typed: str, kept: str) -> None:
    assert contact.kept_email(typed) == kept
