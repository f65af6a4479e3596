"""A message for one recipient, as bytes in which nothing stands that was not meant.

Names and subjects come from data, so each is refused that could become a header, an address or an encoded word of its
own; and the bytes are read back, as the receiver will, and must say what was asked for.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.errors import RefusedError
from ltc_cli.rules.contact import is_carried, not_carried

if TYPE_CHECKING:
    from datetime import datetime
    from email.policy import EmailPolicy

NAME_MOST = 100
"""Characters of a name beside an address; a longer one is cut."""
SUBJECT_MOST = 200

NAME_HINT = "ltc edit {whose} contact=…, or name=… where there is no contact"

HEADERS = (
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "Content-Language",
    "MIME-Version",
    "Content-Type",
)

ENCODED_WORD = r"=\?utf-8\?[bq]\?[^?\s]*\?="

BOUNDARY = "=_ltc"
"""Stands in no part: in a quoted-printable text `=` is followed by digits or a line's end (RFC 2045, 6.7)."""


class Letter(NamedTuple):
    """What is written to whom."""

    sender_name: str
    sender: str
    recipient_name: str
    recipient: str
    subject: str
    text: str
    html: str
    language: str
    unsubscribe: str = ""
    """What an unsubscribing mail says; empty: the letter is nothing to unsubscribe from."""

    @property
    def list_unsubscribe(self) -> str:
        """The header by RFC 2369: a mail to the sender. There is no https to make it one click (RFC 8058)."""
        from urllib.parse import quote

        return f"<mailto:{quote(self.sender, safe='@+')}?subject=unsubscribe%20{self.unsubscribe}>"


def build(letter: Letter, message_id: str, moment: datetime, *, whose: str = "REF") -> bytes:
    """The message as it is sent: ASCII, lines end in CRLF.

    Raises RefusedError where a header would not be read as it was meant; its hint names whose name that is.
    """
    from email.errors import MessageError

    letter = letter._replace(
        sender_name=_cut(letter.sender_name, NAME_MOST),
        recipient_name=_cut(letter.recipient_name, NAME_MOST),
        subject=_cut(letter.subject, SUBJECT_MOST),
    )
    _refuse_attacks(letter, whose)
    try:
        data = _assembled(letter, message_id, moment)
        found = _read_back(data)
    except (MessageError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise _no_mail(letter, whose, "cannot be written as a mail") from error
    if found != _expected(letter, message_id):
        raise _no_mail(letter, whose, "would be read in another way than it was meant")
    if not data.isascii() or re.search(rb"(?<!\r)\n|\r(?!\n)", data) or not data.endswith(b"\r\n"):
        raise _no_mail(letter, whose, "would hold lines that some servers cut in another place")
    return data


def plain_text(message: bytes) -> str | None:
    """What a built mail says as plain text."""
    from email import message_from_bytes, policy

    part = message_from_bytes(message, policy=policy.default).get_body(("plain",))
    return part.get_content().replace("\r\n", "\n") if part else None


def letter_of(message: bytes) -> Letter:
    """The letter that a message was built of, so that it can be built anew for another address."""
    from email import message_from_bytes, policy

    read = message_from_bytes(message, policy=policy.default)
    raw = dict(read.raw_items())
    ((sender_name, sender),), ((recipient_name, recipient),) = (_mailboxes(str(raw[name])) for name in ("From", "To"))
    plain, html = (read.get_body((kind,)) for kind in ("plain", "html"))
    assert plain
    assert html
    return Letter(
        sender_name=sender_name,
        sender=sender,
        recipient_name=recipient_name,
        recipient=recipient,
        subject=str(read["Subject"]),
        text=plain.get_content().replace("\r\n", "\n"),
        html=html.get_content().replace("\r\n", "\n"),
        language=str(read["Content-Language"]),
        unsubscribe=str(read.get("List-Unsubscribe", "")).rpartition("?subject=unsubscribe%20")[2].removesuffix(">"),
    )


def message_id(sender: str, token: str) -> str:
    """A mail keeps it however often it is tried, so that receivers know it again."""
    return f"<{token}@{sender.rpartition('@')[2]}>"


def refuse_address(address: str) -> None:
    """Raise RefusedError for an address that a plain envelope cannot carry (RFC 5321 without SMTPUTF8)."""
    if not is_carried(address):
        raise RefusedError(f"{address:.80} is no plain ASCII address", "--to names another one")


def refuse_recipient(name: str, address: str) -> None:
    """Raise RefusedError for what no mail can be written to, as `build` does before it writes one."""
    if "?" in name or not name.isprintable():  # else nothing of it can be refused, wherever it is cut
        _refuse_text("the recipient's name", _cut(name, NAME_MOST), NAME_HINT.format(whose="REF"))
    refuse_address(address)


def _cut(text: str, most: int) -> str:
    text = re.sub(r"[ \t]+", " ", text).strip()
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _refuse_attacks(letter: Letter, whose: str) -> None:
    for name, text, hint in (
        ("the sender's name", letter.sender_name, "company.name in config.yaml"),
        ("the recipient's name", letter.recipient_name, NAME_HINT.format(whose=whose)),
        ("the subject", letter.subject, "it is made of the title or name of what the mail is about"),
    ):
        _refuse_text(name, text, hint)
    refuse_address(letter.sender)
    refuse_address(letter.recipient)


def _refuse_text(name: str, text: str, hint: str) -> None:
    why = not_carried(text)
    if why:
        raise RefusedError(f"{name} {why}", hint)


def _no_mail(letter: Letter, whose: str, why: str) -> RefusedError:
    hint = f"is a name in it unusual? ltc edit {whose} name=…, or company.name in config.yaml"
    return RefusedError(f"the mail to {letter.recipient} {why}", hint)


def _assembled(letter: Letter, message_id: str, moment: datetime) -> bytes:
    """The message as EmailMessage would write it, which makes and parses every header several times."""
    from email.utils import format_datetime

    head = [
        _mailbox("From", letter.sender_name, letter.sender),
        _mailbox("To", letter.recipient_name, letter.recipient),
        _header("Subject", letter.subject),
        _header("Date", format_datetime(moment)),
        # These in one line: folded, they would be encoded words and no ids and addresses any more.
        f"Message-ID: {message_id}\r\n",
        "Auto-Submitted: auto-generated\r\n",
        f"List-Unsubscribe: {letter.list_unsubscribe}\r\n" if letter.unsubscribe else "",
        f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{BOUNDARY}"\r\n',
        _header("Content-Language", letter.language),
    ]
    parts = [_part("plain", letter.text), _part("html", letter.html)]
    return "".join((*head, *parts, f"\r\n--{BOUNDARY}--\r\n")).encode("ascii")


@lru_cache
def _header(name: str, value: str) -> str:
    folded: str = _policy().fold(name, value) if value.isascii() else f"{name}: {_encoded(name, value)}\r\n"
    return folded


def _encoded(header: str, text: str) -> str:
    """The text in encoded words alone. The library loses blanks and quotes where it encodes a part of it."""
    from email.header import Header

    return Header(text, "utf-8", maxlinelen=75, header_name=header).encode(linesep="\r\n")


def _part(subtype: str, text: str) -> str:
    from email.quoprimime import body_encode

    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    return f"\r\n--{BOUNDARY}\r\n{head}" + body_encode(_body(text).decode("latin-1"), eol="\r\n")


def _body(text: str) -> bytes:
    """What the part of a text says, in whole lines."""
    return b"\r\n".join((*(text.encode().splitlines() or [b""]), b""))


@lru_cache
def _mailbox(header: str, name: str, address: str) -> str:
    """The header of one address. What is ASCII stands in one line, since the library loses quotes where it folds."""
    from email.headerregistry import Address

    if not name.isascii():
        return f"{header}: {_encoded(header, name)}\r\n <{address}>\r\n"
    local, _, domain = address.rpartition("@")
    return f"{header}: {Address(display_name=name, username=local, domain=domain)}\r\n"


@cache
def _policy() -> EmailPolicy[Any]:
    """The library's strict one, but that it makes a class once a kind of header, not once a header."""
    from email.headerregistry import HeaderRegistry
    from email.policy import SMTP

    kind = cache(HeaderRegistry().__getitem__)
    return SMTP.clone(header_factory=lambda name, value: kind(name)(name, value))


def _read_back(data: bytes) -> dict[str, Any]:
    """What a receiver reads; the headers in question alone by the slow and strict parser."""
    from email import message_from_bytes

    message = message_from_bytes(data)
    parts = list(message.walk())
    return {
        "headers": sorted(message.keys()),
        "From": _mailboxes(str(message["From"])),
        "To": _mailboxes(str(message["To"])),
        "Subject": str(_policy().header_fetch_parse("Subject", str(message["Subject"]))),
        "Message-ID": str(message["Message-ID"]),
        "List-Unsubscribe": str(message.get("List-Unsubscribe", "")),
        "Content-Language": str(message["Content-Language"]),
        "parts": [(part.get_content_type(), part.get_payload(decode=True)) for part in parts],
        "defects": [defect for part in parts for defect in part.defects],
    }


@lru_cache
def _mailboxes(value: str) -> list[tuple[str, str]]:
    name = None
    if encoded := re.fullmatch(rf"({ENCODED_WORD}(?:\s+{ENCODED_WORD})*)\s+(<[^<>]*>)", value):
        name, value = _decoded(encoded[1]), encoded[2]
    read: Any = _policy().header_fetch_parse("To", value)
    return [(each.display_name if name is None else name, each.addr_spec) for each in read.addresses]


def _decoded(words: str) -> str:
    """What encoded words say, each of whole characters and no blank between them (RFC 2047, 6.2).

    The library's parser of addresses reads one there.
    """
    from email.header import decode_header, make_header

    return "".join(str(make_header(decode_header(word))) for word in words.split())


def _expected(letter: Letter, message_id: str) -> dict[str, Any]:
    return {
        "headers": sorted([*HEADERS, *(["List-Unsubscribe"] if letter.unsubscribe else [])]),
        "From": [(letter.sender_name, letter.sender)],
        "To": [(letter.recipient_name, letter.recipient)],
        "Subject": letter.subject,
        "Message-ID": message_id,
        "List-Unsubscribe": letter.list_unsubscribe if letter.unsubscribe else "",
        "Content-Language": letter.language,
        "parts": [
            ("multipart/alternative", None),
            ("text/plain", _body(letter.text)),
            ("text/html", _body(letter.html)),
        ],
        "defects": [],
    }
