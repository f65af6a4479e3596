"""Contact data as people type it, brought into the one form in which it is stored or compared.

Two forms: `clean_*` keeps what was typed and refuses what no file should hold; `normalise_*` gives the
form in which two records are compared. Everything here is pure and runs once a row of an import. Patterns are
given to `re` as text, so that start-up pays for none that a command does not use.
"""

from __future__ import annotations

import re
import unicodedata
from functools import partial
from typing import TYPE_CHECKING

from ltc_cli.errors import LtcError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TEXT_LIMIT = 10_000
"""Characters of a name, a note or any other text a person types."""

ColumnProblems = dict[int, list[LtcError]]
"""What is wrong with the rows of a column, by their number from 0."""


def clean_text(text: str, name: str, *, limit: int = TEXT_LIMIT) -> str:
    """The text without blanks around it, in Unicode's composed form (NFC); control characters stay.

    UsageError names the field when it holds a NUL or half a character, or is longer than the limit.
    """
    text = text.strip()
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
        _refuse_lone_surrogates(text, name)
    if "\0" in text:
        raise UsageError(f"{name} holds a NUL character", "remove it and try again")
    if len(text) > limit:
        raise UsageError(f"{name} is {len(text):,} characters long; {limit:,} are allowed")
    return text


def clean_column(texts: Sequence[str], name: str, problems: ColumnProblems, *, limit: int = TEXT_LIMIT) -> list[str]:
    """`clean_text` for a column of many rows, quick where all of it is plain; empty for a row with a problem."""
    together = "".join(texts)
    if together.isascii() and "\0" not in together and (len(together) <= limit or max(map(len, texts)) <= limit):
        return [text.strip() for text in texts]
    clean = partial(clean_text, name=name, limit=limit)
    return [_cell(clean, text, problems, row) if text else "" for row, text in enumerate(texts)]


def _cell(read: Callable[..., str], text: str, problems: ColumnProblems, row: int, *more: str) -> str:
    try:
        return read(text, *more)
    except LtcError as problem:
        problems.setdefault(row, []).append(problem)
        return ""


def clean_name(text: str, name: str = "name", *, limit: int = TEXT_LIMIT) -> str:
    """As `clean_text`, and UsageError when nothing is left."""
    cleaned = clean_text(text, name, limit=limit)
    if not cleaned:
        raise UsageError(f"{name} is empty", f"give a {name}")
    return cleaned


def _refuse_lone_surrogates(text: str, name: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{name} holds half a character (a lone surrogate)", "save the input as UTF-8") from None


def _composed(text: str) -> str:
    """Full-width and other compatibility forms as the plain characters they stand for (NFKC)."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def normalise_code(text: str) -> str:
    """An item's code as it is found again: in any case, full-width or not, whatever blanks are in it."""
    return " ".join(_composed(text).casefold().split())


# E-mail ------------------------------------------------------------------------------------------------

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~\x80-\U0010ffff-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_LOCAL_PART = rf"{_ATOM}(?:\.{_ATOM})*"
_DOMAIN = rf"localhost|(?:{_LABEL}\.)+[a-z][a-z0-9-]*[a-z0-9]"
_ADDRESS_LIMIT, _LOCAL_LIMIT, _LABEL_LIMIT = 254, 64, 63  # RFC 5321, 4.5.3.1; RFC 1035, 2.3.4


def normalise_email(text: str) -> str:
    """One address, in lower case, without `mailto:`, its domain in ASCII (IDNA); tags and dots stay.

    UsageError when it is anything but exactly one `name@domain`, so that nothing that goes into a mail's
    envelope can carry a second recipient or a line break.
    """
    if re.fullmatch(_PLAIN_ADDRESS, plain := text.strip().lower()):
        return plain
    local, _, domain = _without_mailto(_composed(text.strip())).rpartition("@")
    local, domain = local.lower(), _ascii_domain(domain)
    if not (_is_local_part(local) and _is_domain(domain) and len(local) + 1 + len(domain) <= _ADDRESS_LIMIT):
        raise UsageError(f"{text!r:.60} is not one e-mail address", "write it as name@example.com")
    return f"{local}@{domain}"


_PLAIN_ADDRESS = (
    r"[a-z0-9_+-]{1,30}(?:\.[a-z0-9_+-]{1,30})?"
    r"@[a-z0-9](?:[a-z0-9-]{0,40}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,40}[a-z0-9])?)?\.[a-z]{2,20}"
)
"""Addresses as most are: short, and each part within its limits whatever it holds."""


def is_carried(email_norm: str) -> bool:
    """Whether a plain envelope (RFC 5321 without SMTPUTF8) and a header can carry a normalised address."""
    return "=?" not in email_norm and re.fullmatch(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]+@[a-z0-9.-]+", email_norm) is not None


def not_carried(text: str) -> str | None:
    """Why no header of a mail can carry a name or a subject, where that is so."""
    if not text.isprintable() and any(unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") for each in text):
        return f"holds a line break or a control character: {text!r:.80}"
    return f"holds an encoded word: {text!r:.80}" if "=?" in text or "?=" in text else None


def kept_email(text: str) -> str:
    """`normalise_email` of an address that a record keeps. UsageError also for an encoded word: no mail carries it."""
    email_norm = normalise_email(text)
    if "=?" in email_norm:
        raise UsageError(f"{email_norm:.80} holds an encoded word", "write it as name@example.com")
    return email_norm


def kept_emails(texts: Sequence[str], problems: ColumnProblems) -> list[str]:
    """`kept_email` for a column of cleaned texts; empty for an empty one, and for a row with a problem."""
    is_plain = re.compile(_PLAIN_ADDRESS).fullmatch
    return [
        lower if is_plain(lower := text.lower()) else _cell(kept_email, text, problems, row) if text else ""
        for row, text in enumerate(texts)
    ]


def _without_mailto(address: str) -> str:
    scheme, _, rest = address.partition(":")
    return rest.partition("?")[0] if scheme.lower() == "mailto" else address


def _ascii_domain(domain: str) -> str:
    """The domain as it is registered (IDNA 2008: ß and ς stay what they are); empty when it has no such form."""
    if domain.isascii() or len(domain) > _ADDRESS_LIMIT:
        return domain.lower()
    import idna

    try:
        return idna.encode(domain, uts46=True, transitional=False).decode("ascii")
    except UnicodeError:
        return ""


def _is_local_part(local: str) -> bool:
    return len(local) <= _LOCAL_LIMIT and local.isprintable() and re.fullmatch(_LOCAL_PART, local) is not None


def _is_domain(domain: str) -> bool:
    return (
        len(domain) <= _ADDRESS_LIMIT
        and re.fullmatch(_DOMAIN, domain) is not None
        and all(len(label) <= _LABEL_LIMIT for label in domain.split("."))
    )


def email_domain(email_norm: str) -> str:
    """What stands after the @ of a normalised address."""
    return email_norm.rpartition("@")[2]


_PUBLIC_DOMAINS = frozenset(
    """
    gmail.com googlemail.com msn.com passport.com icloud.com me.com mac.com aol.com aim.com mail.com
    email.com usa.com zoho.com zohomail.com fastmail.com fastmail.fm hey.com proton.me protonmail.com
    protonmail.ch pm.me tutanota.com tutanota.de tutamail.com tuta.com tuta.io keemail.me hushmail.com
    runbox.com duck.com comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net
    earthlink.net optonline.net rogers.com shaw.ca sympatico.ca bigpond.com optusnet.com.au xtra.co.nz
    btinternet.com btopenworld.com sky.com talktalk.net virginmedia.com ntlworld.com blueyonder.co.uk
    eircom.net web.de t-online.de freenet.de arcor.de online.de 1und1.de mailbox.org posteo.de posteo.net
    magenta.de email.de aon.at chello.at a1.net bluewin.ch hispeed.ch sunrise.ch orange.fr wanadoo.fr
    free.fr laposte.net sfr.fr neuf.fr bbox.fr numericable.fr libero.it virgilio.it alice.it tin.it
    tiscali.it telefonica.net terra.es sapo.pt ziggo.nl kpnmail.nl planet.nl xs4all.nl home.nl skynet.be
    telenet.be proximus.be telia.com online.no mail.dk tdcadsl.dk wp.pl o2.pl onet.pl op.pl interia.pl
    poczta.fm gazeta.pl seznam.cz email.cz centrum.cz post.cz azet.sk abv.bg mail.bg freemail.hu
    citromail.hu mail.ru bk.ru inbox.ru list.ru internet.ru rambler.ru ya.ru ukr.net i.ua inbox.lv qq.com
    vip.qq.com foxmail.com 163.com vip.163.com 126.com vip.126.com 188.com yeah.net sina.com sina.cn
    sina.com.cn vip.sina.com sohu.com tom.com 21cn.com aliyun.com alibaba.net 139.com 189.cn wo.cn 263.net
    hinet.net pchome.com.tw netvigator.com naver.com hanmail.net daum.net nate.com kakao.com docomo.ne.jp
    ezweb.ne.jp au.com softbank.ne.jp i.softbank.jp nifty.com rediffmail.com uol.com.br bol.com.br
    terra.com.br ig.com.br globo.com globomail.com walla.co.il
    """.split()  # noqa: SIM905  # quoted one by one they cannot be read
)
_PUBLIC_IN_ANY_COUNTRY = (
    r"(?:yahoo|ymail|rocketmail|hotmail|outlook|live|gmx|yandex)\.(?:com|net|org|eu|[a-z]{2}|com?\.[a-z]{2})"
)


def is_public_domain(domain: str) -> bool:
    """Whether anyone can have an address there, so that sharing it says nothing about the company."""
    return domain in _PUBLIC_DOMAINS or re.fullmatch(_PUBLIC_IN_ANY_COUNTRY, domain) is not None


# Phone -------------------------------------------------------------------------------------------------

_PHONE_LIMIT = 60
_FEWEST_DIGITS, _MOST_DIGITS = 8, 15  # with the country code; E.164 sets the upper one
_EXTENSION = r"(?i)[\s,;]*(?:ext(?:ension)?\b\.?=?|x|#|durchwahl|分机|转)[\s:]*\d{1,7}$"
_INTERNATIONAL = r"(?:\+|00)[\s./()–-]*([1-9][0-9\s./()–-]*)"
_SEPARATORS = r"[\s./()–-]+"
_COUNTRY_CODE = "[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[0-9]{3}"
_E164 = rf"\+(?!0)(?>{_COUNTRY_CODE})(?!0)[0-9]{{6,12}}"
"""As it is stored: nothing of it can be read in another way."""
_NATIONAL = r"(?!00)[0-9(][0-9\s./()-]*"
"""Without a country code: no number where the country is not known."""
_NORTH_AMERICAN = r"\(?([2-9][0-9]{2})\)?[-. ]{0,2}([2-9][0-9]{2})[-. ]?([0-9]{4})"


def normalise_phone(text: str, country: str | None) -> str | None:
    """The number in E.164 (`+4930123456`) without its extension; None when it cannot be read as one.

    A number without its country code is read as one of `country` (ISO 3166 alpha-2).
    """
    number = _composed(text.strip().removeprefix("tel:"))
    if len(number) > _PHONE_LIMIT:
        return None
    number = re.sub(_EXTENSION, "", number)
    return _plain_international(number) or _plain_north_american(number, country) or _read_by_library(number, country)


def normalise_phones(texts: Sequence[str], countries: Sequence[str | None]) -> list[str | None]:
    """`normalise_phone` for a column of cleaned texts; None for an empty one."""
    is_e164 = re.compile(_E164).fullmatch
    is_national = re.compile(_NATIONAL).fullmatch
    return [
        None
        if not text or (country is None and is_national(text))
        else text
        if is_e164(text)
        else normalise_phone(text, country)
        for text, country in zip(texts, countries, strict=True)
    ]


def _plain_international(number: str) -> str | None:
    """The common case, without the library: a country code, and digits no country reads in its own way."""
    written = re.fullmatch(_INTERNATIONAL, number)
    if not written:
        return None
    digits = re.sub(_SEPARATORS, "", written[1])
    code = re.match(_COUNTRY_CODE, digits)
    if not code or not _FEWEST_DIGITS <= len(digits) <= _MOST_DIGITS:
        return None
    has_trunk_prefix = digits[code.end()] == "0"  # +49 (0)30 drops it, +39 06 keeps it: the library knows
    return None if has_trunk_prefix else f"+{digits}"


def _plain_north_american(number: str, country: str | None) -> str | None:
    """The other common case: ten digits, as the United States and Canada write them."""
    written = re.fullmatch(_NORTH_AMERICAN, number) if country in ("US", "CA") else None
    return f"+1{written[1]}{written[2]}{written[3]}" if written else None


def _read_by_library(number: str, country: str | None) -> str | None:
    import phonenumbers

    written = f"+{number[2:]}" if number.startswith("00") else number
    try:
        read = phonenumbers.parse(written, country)
    except phonenumbers.NumberParseException:
        return None
    e164 = phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164)
    length = phonenumbers.is_possible_number_with_reason(read)
    is_whole = length == phonenumbers.ValidationResult.IS_POSSIBLE and len(e164) > _FEWEST_DIGITS
    # Of `0/000000` only zeros are left, which reads in another way than it was written.
    return e164 if is_whole and _read_again(e164) == e164 else None


def _read_again(e164: str) -> str:
    import phonenumbers

    again = phonenumbers.parse(e164, None)
    return str(phonenumbers.format_number(again, phonenumbers.PhoneNumberFormat.E164))


# Company name ------------------------------------------------------------------------------------------

_LEGAL_FORMS = frozenset(
    """
    gmbh mbh ggmbh gesmbh ag kg kgaa ohg ug gbr ek ev eg se partg partgmbb
    inc incorporated corp corporation co company llc llp lp pllc ltd limited plc pty pte ulc cic bhd
    sa sarl sas sasu eurl snc sca sprl srl spa sapa sl slu lda ltda eireli bv nv vof cv
    oy oyj ab as asa aps hf ehf spzoo spk sro doo kft zrt nyrt eood uab sia oü ооо оао зао пао тоо aş şti
    """.split()  # noqa: SIM905  # quoted one by one they cannot be read
).union(
    ("ug haftungsbeschränkt", "partg mbb", "pvt ltd", "private limited", "sdn bhd", "pt tbk"),
    ("sa de cv", "s de rl de cv", "sapi de cv", "sà rl", "sp z oo", "sp k", "spol s ro", "ltd şti"),
)
_LAST_WORDS = frozenset(form.rpartition(" ")[2] for form in _LEGAL_FORMS)
_LONGEST_FORM = max(form.count(" ") + 1 for form in _LEGAL_FORMS)
_EAST_ASIAN_FORM = (
    r"^(?:株式会社|有限会社|合同会社|주식회사|유한회사|(?:株|有|주)(?= )) ?"
    r"| ?(?:(?:股份)?有限(?:责任|責任)?公司|株式会社|有限会社|合同会社|주식회사|유한회사|(?<= )(?:株|有|주))$"
)
_ABBREVIATION = r"\b(\w)[./]\s?(?=\w\b)"  # S.p.A. and A/S are one word each
_NO_ASCII_WORD = "[^a-z0-9]+"


def normalise_name(text: str) -> str:
    """A company's name for comparing: no case, punctuation or legal form (unless it is nothing else)."""
    folded = re.sub(_ABBREVIATION, r"\1", _composed(text).casefold())
    name = re.sub(_NO_ASCII_WORD, " ", folded).strip() if folded.isascii() else _plain_words(folded)
    return " ".join(_without_legal_forms(name.split())) or folded.strip()


def _plain_words(folded: str) -> str:
    """Words of any script, without the legal forms that East Asia writes without a blank."""
    words = " ".join("".join(map(_letter_or_blank, folded)).split())
    return re.sub(_EAST_ASIAN_FORM, "", words) or words


def _letter_or_blank(character: str) -> str:
    """Vowel signs belong to their letters; a format character (a soft hyphen, a bidi mark) is nothing."""
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    return character if category[0] in "LMN" else " "


def _without_legal_forms(words: list[str]) -> list[str]:
    while length := _legal_form_length(words):
        words = words[:-length]
    return words


def _legal_form_length(words: list[str]) -> int:
    """How many words at the end are a legal form, leaving at least one before it."""
    if len(words) < 2 or words[-1] not in _LAST_WORDS:
        return 0
    lengths = range(min(_LONGEST_FORM, len(words) - 1), 0, -1)
    return next((length for length in lengths if " ".join(words[-length:]) in _LEGAL_FORMS), 0)


# Tax id and country ------------------------------------------------------------------------------------

_TAX_ID_SEPARATORS = r"[\s.‐–—-]+"


def normalise_tax_id(text: str) -> str:
    """The number in upper case without blanks, dots and dashes."""
    return re.sub(_TAX_ID_SEPARATORS, "", _composed(text)).upper()
