"""A real SMTP server that remembers what it accepted, and before it a wire on which things go wrong."""

from __future__ import annotations

import socket
import threading
from abc import ABC, abstractmethod
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aiosmtpd.controller import Controller

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

ACCEPTED: Final = "250 OK"


class Delivery(NamedTuple):
    sender: str
    recipients: tuple[str, ...]
    message: bytes


class Inbox:
    """What an aiosmtpd server has accepted."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        self.deliveries.append(Delivery(envelope.mail_from, tuple(envelope.rcpt_tos), envelope.original_content))
        return ACCEPTED

    @property
    def recipients(self) -> list[str]:
        return sorted(recipient for each in self.deliveries for recipient in each.recipients)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(inbox: Inbox, tls: ssl.SSLContext | None = None, **options: Any) -> Iterator[int]:
    """The server on a port of its own, for as long as the block lasts."""
    if tls:
        options |= {"tls_context": tls, "require_starttls": True}
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


class Fault(NamedTuple):
    """At the nth time of a step something happens, once."""

    step: str
    """`greeting`, a command, `body` (its first bytes), `before` (all but the dot), `dot` (the dot is there and goes no
    further), `answer` (it was accepted and nobody hears of it)."""
    kind: str
    """`drop`, `hang`, or what is answered instead, such as `451 later`."""
    nth: int = 1


class Listener(ABC):
    """A server of our own on a port, a thread for each client."""

    def __init__(self) -> None:
        self.is_over = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self.is_over.set()
        self.listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _address = self.listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    @abstractmethod
    def _serve(self, client: socket.socket) -> None:
        """Talk to one client to the end."""


class Wire(Listener):
    """Carries SMTP to the server and back, with one fault."""

    def __init__(self, upstream: int, fault: Fault | None) -> None:
        self.upstream, self.fault = upstream, fault
        self.seen: dict[str, int] = {}
        self.has_fired = threading.Event()
        super().__init__()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self.upstream)) as server, suppress(OSError, EOFError):
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            back = server.makefile("rb")
            self._answer(client, "greeting", lambda: _reply(back))
            while True:
                line = _line(client)
                command = line.split()[0].decode().upper()
                reply = self._answer(client, command, lambda sent=line: _asked(server, back, sent))
                if command == "DATA" and reply.startswith(b"354"):
                    self._carry_message(client, server, back)
                if command == "QUIT":
                    return

    def _carry_message(self, client: socket.socket, server: socket.socket, back: Any) -> None:
        body, is_begun, is_whole = b"", False, False
        while not (body.endswith(b"\r\n.\r\n") or body == b".\r\n"):
            part = client.recv(65536)
            if not part:
                raise EOFError
            body += part
            if not is_begun:
                is_begun = True
                if self._strikes(client, "body"):
                    return
            if not is_whole and body.endswith(b"--\r\n"):
                is_whole = True
                if self._strikes(client, "before"):
                    return
        if self._strikes(client, "dot"):
            raise EOFError
        server.sendall(body)
        answer = _reply(back)
        if self._strikes(client, "answer"):
            raise EOFError
        client.sendall(answer)

    def _answer(self, client: socket.socket, step: str, ask: Any) -> bytes:
        if self._strikes(client, step):
            return b""
        reply: bytes = ask()
        client.sendall(reply)
        return reply

    def _strikes(self, client: socket.socket, step: str) -> bool:
        """Let the fault happen where its time has come. True: it has answered instead of the server."""
        self.seen[step] = self.seen.get(step, 0) + 1
        if not self.fault or (step, self.seen[step]) != (self.fault.step, self.fault.nth):
            return False
        kind = self.fault.kind
        if kind == "hang":
            self.has_fired.set()
            self.is_over.wait(5)
            raise EOFError
        if kind == "drop":
            client.close()
            self.has_fired.set()
            raise EOFError
        client.sendall(f"{kind}\r\n".encode())
        self.has_fired.set()
        return True


def _line(client: socket.socket) -> bytes:
    line = b""
    while not line.endswith(b"\r\n"):
        byte = client.recv(1)
        if not byte:
            raise EOFError
        line += byte
    return line


def _asked(server: socket.socket, back: Any, line: bytes) -> bytes:
    server.sendall(line)
    return _reply(back)


def _reply(back: Any) -> bytes:
    """All lines of one reply."""
    reply = b""
    while True:
        line: bytes = back.readline()
        if not line:
            raise EOFError
        reply += line
        if line[3:4] != b"-":
            return reply


@contextmanager
def wire(upstream: int, fault: Fault | None) -> Iterator[Wire]:
    carried = Wire(upstream, fault)
    try:
        yield carried
    finally:
        carried.close()


class Lazy(Listener):
    """A server that takes nothing: at one step it says nothing any more, or begins an answer that never ends."""

    def __init__(self, step: str, *, trickles: bool) -> None:
        self.step, self.trickles = step, trickles
        self.asked: list[str] = []
        super().__init__()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError, EOFError):
            self._answer(client, "greeting", b"220 lazy")
            while True:
                command = _line(client).split()[0].decode().upper()
                self._answer(client, command, b"354 go on" if command == "DATA" else b"250 well")
                if command == "DATA":
                    while _line(client) != b".\r\n":
                        pass
                    self._answer(client, "dot", b"250 taken")

    def _answer(self, client: socket.socket, step: str, answer: bytes) -> None:
        self.asked.append(step)
        while step == self.step:
            if self.is_over.wait(0.05):
                raise EOFError
            if self.trickles:
                client.sendall(b"250-more\r\n")
        client.sendall(answer + b"\r\n")
