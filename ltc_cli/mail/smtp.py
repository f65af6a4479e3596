"""SMTP in stages (RFC 5321): everything up to the final dot, and the dot by itself.

smtplib's own `sendmail` raises the same exception before and after the dot and cannot be asked to wait between.
"""

from __future__ import annotations

import re
import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, NamedTuple, NoReturn

from ltc_cli.mail.replies import AUTHENTICATION_REQUIRED, has_bounced, takes_nobody
from ltc_cli.mail.transport import DoubtfulError, NotTakenError, UnreachableError, UnservedError, plain

if TYPE_CHECKING:
    import smtplib
    import ssl
    from collections.abc import Iterator

    from ltc_cli.mail.transport import Envelope, Steps

STEP_SECONDS = 300
"""What RFC 5321, 4.5.3.2, asks to wait for an answer: for all of it, however slowly it comes."""
DOT_SECONDS = 600
"""For the answer to the final dot; who gives up earlier makes doubtful mails."""
QUIT_SECONDS = 5
AT_LEAST_SECONDS = 1
"""For what has been waited for elsewhere: an answer that has come is read."""
DOUBTS_MOST = 5
"""Refusals to relay by which a server that has taken no mail relays for nobody."""

IMPLICIT_TLS_PORT = 465
SERVICE_CLOSING = 421

MECHANISMS = {"PLAIN": "auth_plain", "LOGIN": "auth_login", "CRAM-MD5": "auth_cram_md5"}
"""How to log in, the first that the server offers, and what smtplib does for it."""

CERTIFICATES = {
    10: "the certificate has expired",
    18: "the certificate is self-signed",
    62: "the certificate is not valid for {host}",
    64: "the certificate is not valid for {host}",
}
"""By what OpenSSL calls `X509_V_ERR_…`."""
NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")
"""What OpenSSL makes of an answer that is no TLS, older and newer."""

NOISE = re.compile(r"\[(Errno|SSL)[^]]*\] *| *\(_ssl\.c:\d+\)")
CLOSED = "Connection unexpectedly closed"
"""How smtplib says whatever ends a connection; what it was follows, if it knows."""


class Server(NamedTuple):
    """Where mail is handed in."""

    host: str
    port: int
    tls: Literal["required", "none"]
    user: str | None
    password: str | None


class Smtp:
    """A transport over one connection, made when first needed and made again when it broke."""

    def __init__(self, server: Server) -> None:
        self.server = server
        signal.signal(signal.SIGALRM, _give_up)  # once, since it takes longer than to set the timer
        self._smtp: smtplib.SMTP | None = None
        self._recipient = ""
        """Of the mail that is offered."""
        self._has_failed = False
        """A mail was begun on it and not taken: the server may still have part of it."""
        self._has_delivered = False
        """The server has taken a mail: it serves us."""
        self._doubts = 0
        """So many it has refused to relay, and taken none."""

    def offer(self, mail: Envelope) -> Steps:
        """Everything up to the final dot. A server that has hung up since the last mail is called again."""
        if self._smtp:
            try:
                return (yield from self._offer(mail))
            except NotTakenError as trouble:
                if self._smtp or trouble.for_good:
                    raise
        self._reach()
        return (yield from self._offer(mail))

    def _offer(self, mail: Envelope) -> Steps:
        assert self._smtp
        if self._has_failed:
            yield from self._ask("RSET", 2)
        self._has_failed = True
        self._recipient = mail.recipient
        size = f" SIZE={len(mail.message)}" if self._smtp.has_extn("size") else ""
        yield from self._ask(f"MAIL FROM:<{mail.sender}>{size}", 2)
        yield from self._ask(f"RCPT TO:<{mail.recipient}>", 2)
        said = yield from self._ask("DATA", 3)
        try:
            self._smtp.send(re.sub(rb"(?m)^\.", b"..", mail.message))
        except _lost() as error:
            raise self._broken("connection lost in the message", error) from error
        return said

    def finish(self) -> Steps:
        """The final dot, unless the server has spoken or gone before it."""
        assert self._smtp
        assert self._smtp.sock
        self._listen()
        try:
            self._smtp.sock.settimeout(DOT_SECONDS)
            asked = time.monotonic()
            self._smtp.sock.sendall(b".\r\n")
            yield
            with _by(asked + DOT_SECONDS):
                code, said = self._smtp.getreply()
            if self._smtp.sock:
                self._smtp.sock.settimeout(STEP_SECONDS)
        except _lost() as error:
            self.abandon()
            why = f"no answer to the whole message: {_words(error)}"
            raise DoubtfulError(why, is_silence=_is_silence(error)) from error
        if code // 100 == 2:
            self._has_failed, self._has_delivered = False, True
            return _answer(code, said)
        self.abandon()
        if code // 100 in (4, 5):
            raise self._refused("", code, said)
        raise DoubtfulError(_answer(code, said))

    def _listen(self) -> None:
        """Raise NotTakenError where the server has answered too early or hung up: the dot was not sent yet."""
        assert self._smtp
        assert self._smtp.sock
        import ssl

        self._smtp.sock.settimeout(0)
        try:
            heard = self._smtp.sock.recv(1000)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        except OSError as error:
            raise self._broken("connection lost before the end of the message", error) from error
        self.abandon()
        if not heard:
            raise NotTakenError("connection closed before the end of the message")
        raise NotTakenError(plain(heard), for_good=heard.startswith(b"5"))

    def abandon(self) -> None:
        """Without its dot a message is none (RFC 5321, 4.1.1.4); the connection cannot be used for another one."""
        if self._smtp:
            self._smtp.close()
        self._smtp = None

    def close(self) -> None:
        if self._smtp is None:
            return
        try:
            if self._smtp.sock:
                self._smtp.sock.settimeout(QUIT_SECONDS)
            with _by(time.monotonic() + QUIT_SECONDS):
                self._smtp.docmd("QUIT")
        except _lost():
            pass  # what was accepted stays accepted
        finally:
            self.abandon()

    def _ask(self, command: str, wanted: int) -> Steps:
        """One command; `wanted` is the first digit of the right answer."""
        assert self._smtp
        name = command.split()[0]
        try:
            asked = time.monotonic()
            self._smtp.putcmd(command)
            yield
            with _by(asked + STEP_SECONDS):
                code, said = self._smtp.getreply()
        except _lost() as error:
            raise self._broken(f"no answer to {name}", error) from error
        if code // 100 == wanted:
            return plain(said)
        if code == SERVICE_CLOSING or code // 100 not in (4, 5):
            self.abandon()
        raise self._refused(name, code, said)

    def _refused(self, command: str, code: int, said: bytes) -> NotTakenError | UnreachableError:
        answer = f"{command}: {_answer(code, said)}" if command else _answer(code, said)
        about = (command, code, plain(said), self._recipient)
        if takes_nobody(*about, relays=self._has_delivered):
            self._doubts += 1
            if command == "RCPT" and code != AUTHENTICATION_REQUIRED and self._doubts < DOUBTS_MOST:
                return UnservedError(answer)
            self.abandon()
            return UnreachableError(answer)
        return NotTakenError(answer, for_good=code // 100 == 5, has_bounced=has_bounced(*about))

    def _broken(self, said: str, error: Exception) -> NotTakenError:
        self.abandon()
        return NotTakenError(f"{said}: {_words(error)}", is_silence=_is_silence(error))

    def _reach(self) -> None:
        """A connection that is encrypted and logged in as the settings ask. Raises UnreachableError."""
        try:
            with _by(time.monotonic() + STEP_SECONDS):
                self._smtp = _opened(self.server)
                _hurry(self._smtp)
                _greet(self._smtp, self.server)
        except UnreachableError:
            self.abandon()
            raise
        except _lost() as error:
            self.abandon()
            why = f"{self.server.host}:{self.server.port}: {_why(error, self.server)}"
            raise UnreachableError(why, is_silence=_is_silence(error)) from error
        self._has_failed = False


@contextmanager
def _by(moment: float) -> Iterator[None]:
    """Raise TimeoutError where what is within is not done by then: a socket's time-out begins anew with each byte.

    Again and again: who takes it for that of one address of several goes on with the next one.
    """
    signal.setitimer(signal.ITIMER_REAL, max(moment - time.monotonic(), AT_LEAST_SECONDS), AT_LEAST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _give_up(_signal: int, _frame: object) -> NoReturn:
    raise TimeoutError("timed out")


def _is_silence(error: Exception) -> bool:
    """Whether it is that nothing came in time, as smtplib passes it on."""
    return isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)


def _lost() -> tuple[type[Exception], ...]:
    """What smtplib raises for whatever goes wrong on the way."""
    import smtplib

    return OSError, smtplib.SMTPException


def _opened(server: Server) -> smtplib.SMTP:
    import smtplib

    if server.tls == "required" and server.port == IMPLICIT_TLS_PORT:
        return smtplib.SMTP_SSL(server.host, server.port, timeout=STEP_SECONDS, context=_context())
    smtp = smtplib.SMTP(server.host, server.port, timeout=STEP_SECONDS)
    if server.tls == "none" and smtp.sock and not is_loopback(smtp.sock.getpeername()[0]):
        smtp.close()
        raise UnreachableError(f"{server.host} is another machine, and tls is none")
    return smtp


def _hurry(smtp: smtplib.SMTP) -> None:
    """The dot is a packet of its own: without this it waits 40 ms for the receipt of the message before it."""
    import socket

    if smtp.sock:
        smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _greet(smtp: smtplib.SMTP, server: Server) -> None:
    _expect(smtp.ehlo())
    if server.tls == "required" and server.port != IMPLICIT_TLS_PORT:
        _expect(smtp.starttls(context=_context()))
        _expect(smtp.ehlo())
    if server.user:
        _log_in(smtp, server.user, server.password or "")


def _log_in(smtp: smtplib.SMTP, user: str, password: str) -> None:
    """One attempt: smtplib's own `login` tries every mechanism, and each counts towards a lock-out."""
    offered = smtp.esmtp_features.get("auth", "").upper().split()
    mechanism = next((each for each in MECHANISMS if each in offered), None)
    if mechanism is None:
        offers = f"only {' '.join(offered)}" if offered else "no log-in"
        if smtp.has_extn("starttls"):
            offers += " before STARTTLS, and mail.tls is not required"
        raise UnreachableError(f"mail.user cannot log in: the server offers {offers}")
    smtp.user, smtp.password = user, password
    try:
        smtp.auth(mechanism, getattr(smtp, MECHANISMS[mechanism]))
    except ValueError as error:  # a name beyond ASCII, a challenge that is none
        raise UnreachableError(f"mail.user cannot log in by {mechanism}: {plain(error)}") from error


def _expect(answer: tuple[int, bytes]) -> None:
    import smtplib

    code, said = answer
    if code // 100 != 2:
        raise smtplib.SMTPResponseException(code, said)


def _context() -> ssl.SSLContext:
    """Certificate and host name are checked."""
    import ssl

    return ssl.create_default_context()


def _answer(code: int, said: str | bytes) -> str:
    """What the server answered; what is no code of SMTP is said to be none, of -1 smtplib has kept the end."""
    if 200 <= code < 600:
        return f"{code} {plain(said)}".rstrip()
    return f"an answer that is none: {f'{code} ' if code > 0 else '…'}{plain(said)}".rstrip()


def _why(error: Exception, server: Server) -> str:
    """Why there is no connection, in a sentence where TLS is to blame."""
    import smtplib
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError) and error.verify_code in CERTIFICATES:
        return CERTIFICATES[error.verify_code].format(host=server.host)
    if isinstance(error, smtplib.SMTPNotSupportedError) or getattr(error, "reason", "") in NO_TLS:
        return f"the server does not speak TLS on port {server.port}"
    return _words(error)


def _words(error: Exception) -> str:
    """What went wrong, without what only a programmer reads."""
    if code := getattr(error, "smtp_code", None):
        return _answer(code, error.smtp_error)  # type: ignore[attr-defined]
    words = NOISE.sub("", plain(error)).removeprefix(f"{CLOSED}: ").replace(CLOSED, "the server ended the connection")
    return words or type(error).__name__


def is_loopback(address: str) -> bool:
    """Whether an IP address is this machine itself."""
    import ipaddress

    return ipaddress.ip_address(address.partition("%")[0]).is_loopback
