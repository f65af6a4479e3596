"""What a refusal speaks of, in the forms that servers in use give it (RFC 5321, RFC 3463, RFC 7505)."""

from __future__ import annotations

from typing import Final

import pytest

from ltc_cli.mail.replies import has_bounced, takes_nobody

TO: Final = "relay@spam.example"
"""Its own words count for nothing."""

BOUNCED: Final = (
    ("RCPT", 550, f"5.1.1 <{TO}>: Recipient address rejected: User unknown in relay recipient table"),
    ("RCPT", 550, "5.1.1 no such user"),
    ("RCPT", 550, "5.1.2 host unknown"),
    ("RCPT", 550, "5.1.6 mailbox has moved"),
    ("RCPT", 556, "5.1.10 recipient domain takes no mail (null MX)"),
    ("RCPT", 554, "5.1.0 address rejected"),
    ("RCPT", 550, "5.2.1 this account is disabled"),
    ("RCPT", 550, "5.4.1 Recipient address rejected: Access denied. AS(201806281)"),
    ("RCPT", 550, f"No such user {TO.upper()} here"),
    ("RCPT", 550, "5.0.0 user unknown"),
    ("RCPT", 551, "user not local"),
    ("RCPT", 553, "mailbox name not allowed"),
    ("RCPT", 550, "nobody"),
    ("", 550, "5.1.1 user unknown"),
    ("", 551, "5.1.6 moved"),
    ("", 553, "5.1.3 bad address"),
)

OF_US: Final = (
    ("MAIL", 550, "5.1.1 no such user"),
    ("MAIL", 550, "5.1.8 sender's domain does not exist"),
    ("DATA", 554, "5.1.1 no valid recipients"),
    ("RSET", 550, "what"),
    ("RCPT", 450, "4.1.1 not now"),
    ("RCPT", 550, "5.1.7 sender's address has no such mailbox"),
    ("RCPT", 550, "5.1.8 sender's address rejected: domain not found"),
    ("RCPT", 550, "5.7.1 relaying denied"),
    ("RCPT", 554, f"5.7.1 <{TO}>: Relay access denied"),
    ("RCPT", 530, "5.7.0 authentication required"),
    ("RCPT", 553, "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"),
    ("RCPT", 550, "relay not permitted"),
    ("RCPT", 550, "5.4.1 relay access denied"),
    ("RCPT", 550, "Authentication is required for relay"),
    ("RCPT", 550, "access denied - invalid HELO name"),
    ("RCPT", 550, "rejected because 192.0.2.1 is in a black list at zen.example"),
    ("RCPT", 550, "SPF check failed"),
    ("RCPT", 550, "sender verify failed"),
    ("RCPT", 550, "blocked for spam"),
    ("RCPT", 550, "administrative prohibition by policy"),
    ("RCPT", 554, "no such user"),
    ("RCPT", 503, "5.5.1 bad sequence of commands"),
    ("RCPT", 552, "5.2.2 mailbox full"),
    ("RCPT", 550, "5.2.2 over quota"),
    ("RCPT", 550, "mailbox quota exceeded"),
    ("RCPT", 552, "5.2.3 message too large"),
    ("RCPT", 550, "5.3.2 system not accepting network messages"),
    ("RCPT", 550, "5.4.4 unable to route"),
    ("RCPT", 550, "5.4.6 routing loop"),
    ("RCPT", 550, "version 5.1.1.3 of this server rejects your sender"),
    ("", 554, "5.7.1 message refused"),
    ("", 550, "5.7.26 unauthenticated mail is not accepted"),
    ("", 550, "no such user"),
    ("", 554, "5.1.1 user unknown"),
    ("", 552, "5.2.2 mailbox full"),
    ("", 451, "4.1.1 user unknown"),
)


@pytest.mark.parametrize(("command", "code", "said"), BOUNCED)
def test_an_address_that_takes_no_mail_has_bounced(command: str, code: int, said: str) -> None:
    assert has_bounced(command, code, said, TO)


@pytest.mark.parametrize(("command", "code", "said"), OF_US)
def test_what_speaks_of_us_or_of_today_has_not(command: str, code: int, said: str) -> None:
    assert not has_bounced(command, code, said, TO)


TAKES_NOBODY: Final = (
    ("MAIL", 530, "5.7.0 Must issue a STARTTLS command first"),
    ("MAIL", 550, "5.7.1 sender not allowed"),
    ("MAIL", 553, "5.7.1 <billing@acme.example>: Sender address rejected: not owned by user ada"),
    ("MAIL", 554, "go away"),
    ("RSET", 502, "5.5.1 not implemented"),
    ("RCPT", 530, "5.7.0 authentication required"),
    ("DATA", 530, "5.7.57 Client not authenticated to send mail"),
    ("", 530, "5.7.57 Client not authenticated to send mail"),
    ("RCPT", 554, f"5.7.1 <{TO}>: Relay access denied"),
    ("RCPT", 550, "5.7.1 Unable to relay"),
    ("RCPT", 550, "5.4.1 relay access denied"),
    ("RCPT", 550, "Authentication is required for relay"),
    ("RCPT", 550, "5.7.1 Please log in before sending"),
    ("RCPT", 553, "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"),
)

OF_ONE_MAIL: Final = (
    ("MAIL", 451, "4.7.1 later"),
    ("MAIL", 552, "message size exceeds fixed maximum message size"),
    ("MAIL", 554, "5.3.4 too big"),
    ("RCPT", 550, f"5.1.1 <{TO}>: Recipient address rejected: User unknown in relay recipient table"),
    ("RCPT", 554, f"5.7.1 <{TO}>: Recipient address rejected: Access denied"),
    ("RCPT", 550, "no such user"),
    ("RCPT", 550, "5.7.1 you are not authorized to send to this group"),
    ("RCPT", 450, "4.7.1 relaying temporarily denied"),
    ("DATA", 554, "no valid recipients"),
    ("", 554, "5.7.1 message refused: relay"),
)


@pytest.mark.parametrize(("command", "code", "said"), TAKES_NOBODY)
def test_what_would_be_said_to_every_mail(command: str, code: int, said: str) -> None:
    assert takes_nobody(command, code, said, TO, relays=False)


@pytest.mark.parametrize(("command", "code", "said"), OF_ONE_MAIL)
def test_what_is_said_of_one_mail(command: str, code: int, said: str) -> None:
    assert not takes_nobody(command, code, said, TO, relays=False)
