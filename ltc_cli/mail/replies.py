"""What an SMTP server's refusal speaks of: the recipient, or us and our mail (RFC 5321, 4.2; RFC 3463, 3)."""

from __future__ import annotations

import re

REFUSING_RECIPIENTS = (550, 551, 553)
"""No such mailbox, not of this place, not allowed as a name."""

STATUS = re.compile(r"(?<![\d.])5\.(\d{1,3})\.(\d{1,3})(?![\d.])")
"""The enhanced status code, wherever in the line a server puts it."""

OF_RECIPIENT = re.compile(r"1\.(?!7$|8$)\d+|2\.1")
"""Bad address, but not a sender's (5.1.7, 5.1.8); mailbox disabled. One that is full (5.2.2) may be emptied."""

UNDEFINED = ("0.0", "4.1")
"""Says nothing; Exchange Online has 5.4.1 for recipients that it does not know and for those that it does not relay."""

OF_US = re.compile(
    r"\b(relay\w*|auth\w*|log ?in|password|sender|helo|ehlo|client|connection|ip|dns|rdns|ptr|reverse|spf|dkim|dmarc|"
    r"spam\w*|block\w*|black\w*|dnsbl|rbl|list(ed|ing)|reputation|polic\w+|banned|limit\w*|quota|"
    r"too (many|much|large|big)|size|content|rcpthosts|tls|encrypt\w*)\b"
    r"|(?<!recipient address rejected: )access denied",
    re.IGNORECASE,
)

AUTHENTICATION_REQUIRED = 530
"""At whatever command (RFC 4954, 6); before STARTTLS, too (RFC 3207, 4)."""

REFUSING_RELAY = (550, 553, 554)

OF_RELAYING = re.compile(r"\b(relay\w*|(un)?authenticat\w*|smtp.auth|log ?in|rcpthosts)\b", re.IGNORECASE)

TOO_BIG = (552, "3.4")
"""By code (RFC 1870, 6.1) or status: all that MAIL can say of one mail, since it tells the size."""


def takes_nobody(command: str, code: int, said: str, recipient: str, *, relays: bool) -> bool:
    """Whether a refusal would meet every mail; `relays`: the server has taken one, and means this recipient alone."""
    if code // 100 != 5 or has_bounced(command, code, said, recipient):
        return False
    words, what = _read(said, recipient)
    if command in ("MAIL", "RSET"):
        return code not in TOO_BIG and what not in TOO_BIG
    of_relaying = command == "RCPT" and code in REFUSING_RELAY and bool(OF_RELAYING.search(words))
    return code == AUTHENTICATION_REQUIRED or (of_relaying and not relays)


def speaks_of_recipient(said: str, recipient: str) -> bool:
    """As `has_bounced`, of what was kept of a refusal: `RCPT: 550 5.1.1 unknown`."""
    found = re.fullmatch(r"(?:(RCPT): )?(\d{3}) (.*)", said)
    return found is not None and has_bounced(found[1] or "", int(found[2]), found[3], recipient)


def has_bounced(command: str, code: int, said: str, recipient: str) -> bool:
    """Whether a refusal means that this address takes no mail at all.

    At RCPT it does unless it speaks of the sender, of trust or of limits; at the end of a message only where its
    status code says so (`command` is empty then). In doubt it does not: the mail has failed either way, but an address
    that has bounced is never written to again.
    """
    if code // 100 != 5 or command not in ("RCPT", ""):
        return False
    words, what = _read(said, recipient)
    if OF_RECIPIENT.fullmatch(what):
        return command == "RCPT" or code in REFUSING_RECIPIENTS
    return command == "RCPT" and code in REFUSING_RECIPIENTS and what in UNDEFINED and not OF_US.search(words)


def _read(said: str, recipient: str) -> tuple[str, str]:
    """The words without those of the address, and what the enhanced status code says."""
    words = re.sub(re.escape(recipient), "", said, flags=re.IGNORECASE)
    status = STATUS.search(words)
    return words, f"{status[1]}.{status[2]}" if status else "0.0"
