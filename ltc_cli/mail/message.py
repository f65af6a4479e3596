"""A message for one recipient, as bytes in which nothing stands that was not meant.

Names and subjects come from data, so each is refused that could become a header, an address or an encoded word of its
own; and the bytes are read back, as the receiver will, and must say what was asked for.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.errors import RefusedError

if TYPE_CHECKING:
    from datetime import datetime
    from email.message import EmailMessage

NAME_MOST = 100
"""Characters of a name beside an address; a longer one is cut."""
SUBJECT_MOST = 200

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


def build(letter: Letter, message_id: str, moment: datetime) -> bytes:
    """The message as it is sent: ASCII, lines end in CRLF.

    Raises RefusedError where a header would not be read as it was meant.
    """
    from email.errors import MessageError
    from email.policy import SMTP

    letter = letter._replace(
        sender_name=_cut(letter.sender_name, NAME_MOST),
        recipient_name=_cut(letter.recipient_name, NAME_MOST),
        subject=_cut(letter.subject, SUBJECT_MOST),
    )
    _refuse_attacks(letter)
    try:
        message = _assembled(letter, message_id, moment)
        data = message.as_bytes(policy=SMTP)
        if letter.unsubscribe:
            data = _with_unsubscribe(data, letter)
        found = _read_back(data)
    except (MessageError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise _no_mail(letter, "cannot be written as a mail") from error
    if found != _expected(letter, message_id):
        raise _no_mail(letter, "would be read in another way than it was meant")
    if not data.isascii() or re.search(rb"(?<!\r)\n|\r(?!\n)", data) or not data.endswith(b"\r\n"):
        raise _no_mail(letter, "would hold lines that some servers cut in another place")
    return data


def plain_text(message: bytes) -> str | None:
    """What a built mail says as plain text."""
    from email import message_from_bytes, policy

    part = message_from_bytes(message, policy=policy.default).get_body(("plain",))
    return part.get_content().replace("\r\n", "\n") if part else None


def message_id(sender: str, token: str) -> str:
    """A mail keeps it however often it is tried, so that receivers know it again."""
    return f"<{token}@{sender.rpartition('@')[2]}>"


def refuse_address(address: str) -> None:
    """Raise RefusedError for an address that a plain envelope cannot carry (RFC 5321 without SMTPUTF8)."""
    if not re.fullmatch(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]+@[a-z0-9.-]+", address) or "=?" in address:
        raise RefusedError(f"{address:.80} is no plain ASCII address", "--to names another one")


def _cut(text: str, most: int) -> str:
    text = re.sub(" +", " ", text).strip()
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _refuse_attacks(letter: Letter) -> None:
    for name, text, hint in (
        ("the sender's name", letter.sender_name, "company.name in config.yaml"),
        ("the recipient's name", letter.recipient_name, "ltc edit K1 contact=…, or name=… where there is no contact"),
        ("the subject", letter.subject, "ltc edit K1 name=…"),
    ):
        if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in text):
            raise RefusedError(f"{name} holds a line break or a control character: {text!r:.80}", hint)
        if "=?" in text or "?=" in text:
            raise RefusedError(f"{name} holds an encoded word: {text!r:.80}", hint)
    refuse_address(letter.sender)
    refuse_address(letter.recipient)


def _no_mail(letter: Letter, why: str) -> RefusedError:
    return RefusedError(f"the mail to {letter.recipient} {why}", "are its names unusual? ltc edit K1 name=…")


def _assembled(letter: Letter, message_id: str, moment: datetime) -> EmailMessage:
    from email.message import EmailMessage
    from email.policy import SMTP
    from email.utils import format_datetime

    message = EmailMessage(policy=SMTP)
    message["From"] = _address(letter.sender_name, letter.sender)
    message["To"] = _address(letter.recipient_name, letter.recipient)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(moment)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    message["Content-Language"] = letter.language  # the parts would take it if it stood there before
    return message


def _with_unsubscribe(data: bytes, letter: Letter) -> bytes:
    """The address in one line: Python's writer folds longer ones into encoded words, which are no address any more."""
    before = b"\r\nAuto-Submitted: auto-generated\r\n"
    head, _, rest = data.partition(before)
    return head + before + f"List-Unsubscribe: {letter.list_unsubscribe}\r\n".encode("ascii") + rest


def _address(name: str, address: str) -> Any:
    from email.headerregistry import Address

    local, _, domain = address.rpartition("@")
    return Address(display_name=name, username=local, domain=domain)


def _read_back(data: bytes) -> dict[str, Any]:
    """What a receiver reads; the headers in question alone by the slow and strict parser."""
    from email import message_from_bytes
    from email.policy import default

    message = message_from_bytes(data)
    read: dict[str, Any] = {
        name: default.header_fetch_parse(name, str(message[name])) for name in ("From", "To", "Subject", "Message-ID")
    }
    return {
        "headers": sorted(message.keys()),
        "From": [(each.display_name, each.addr_spec) for each in read["From"].addresses],
        "To": [(each.display_name, each.addr_spec) for each in read["To"].addresses],
        "Subject": str(read["Subject"]),
        "Message-ID": str(read["Message-ID"]),
        "List-Unsubscribe": str(message.get("List-Unsubscribe", "")),
        "parts": [part.get_content_type() for part in message.walk()],
    }


def _expected(letter: Letter, message_id: str) -> dict[str, Any]:
    return {
        "headers": sorted([*HEADERS, *(["List-Unsubscribe"] if letter.unsubscribe else [])]),
        "From": [(letter.sender_name, letter.sender)],
        "To": [(letter.recipient_name, letter.recipient)],
        "Subject": letter.subject,
        "Message-ID": message_id,
        "List-Unsubscribe": letter.list_unsubscribe if letter.unsubscribe else "",
        "parts": ["multipart/alternative", "text/plain", "text/html"],
    }
