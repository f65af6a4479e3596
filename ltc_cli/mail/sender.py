"""One run of the sender: each mail leaves at most once, and what is not sent says why.

The network is never inside a transaction: a mail is handed over up to its final dot, one transaction asks whether it
may still go and commits that it does, and only then comes the dot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltc_cli.mail import outbox
from ltc_cli.mail.transport import DoubtfulError, NotTakenError, UnreachableError
from ltc_cli.store import sender_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from datetime import date

    from ltc_cli.mail.transport import Transport
    from ltc_cli.store import Store

    Decisions = Callable[[], AbstractContextManager[None]]
    Withdrawn = Callable[[Store, int], str | None]
    """Why a mail need not go any more; asked in the transaction that commits its sending."""


class Run:
    """What one run works with."""

    def __init__(
        self, store: Store, decisions: Decisions, transport: Transport, withdrawn: Withdrawn, on: date
    ) -> None:
        self.store, self.decisions, self.transport = store, decisions, transport
        self.withdrawn, self.on = withdrawn, on

    def send(self, only: Sequence[int] | None = None, *, wait: bool = False) -> list[int]:
        """Send what is due, of these mails or of all. Answers every mail that it decided about.

        Raises ConflictError where another run is under way, and does not end in time.
        """
        with sender_lock(self.store.path, wait=wait):
            with self.decisions():
                handled = outbox.recover(self.store, self.on)
                claimed = outbox.claim(self.store, only)
            try:
                self._send_all(claimed)
            except BaseException:  # in the middle of a message there is no good-bye
                self.transport.abandon()
                raise
            self.transport.close()
        return sorted(handled + claimed)

    def _send_all(self, claimed: list[int]) -> None:
        for number, mail_id in enumerate(claimed):
            try:
                self._send(mail_id)
            except UnreachableError as trouble:
                with self.decisions():
                    still = [each for each in claimed[number:] if self._is_claimed(each)]
                    outbox.release(self.store, still, self.on, trouble.said)
                return

    def _is_claimed(self, mail_id: int) -> bool:
        return bool(self.store.value("SELECT state = 'claimed' FROM outbox WHERE id = ?", (mail_id,)))

    def _send(self, mail_id: int) -> None:
        try:
            self.transport.offer(outbox.envelope(self.store, mail_id))
            if not self._may_go(mail_id):
                self.transport.abandon()
                return
            said = self.transport.finish()
        except NotTakenError as trouble:
            with self.decisions():
                if self._is_dropped(mail_id):
                    return
                outbox.refuse(self.store, mail_id, self.on, trouble.said, for_good=trouble.for_good)
        except DoubtfulError as trouble:
            with self.decisions():
                outbox.doubt(self.store, mail_id, self.on, trouble.said)
        else:
            with self.decisions():
                outbox.sent(self.store, mail_id, self.on, said)

    def _may_go(self, mail_id: int) -> bool:
        with self.decisions():
            if not outbox.commit(self.store, mail_id):
                return False
            why = self.withdrawn(self.store, mail_id)
            if why:
                outbox.withdraw(self.store, mail_id, self.on, why)
            return why is None

    def _is_dropped(self, mail_id: int) -> bool:
        return bool(self.store.value("SELECT state = 'cancelled' FROM outbox WHERE id = ?", (mail_id,)))
