"""One run of the sender: each mail leaves at most once, and what is not sent says why.

The network is never inside a transaction: mails are handed over up to their final dots, one transaction asks whether
they may still go and commits that they do, and only then come the dots. A run with many mails has several ways out at
once, so that one commit stands for several mails; a crash in between leaves as many doubtful. What became of them is
written down while the next ones are handed over.
"""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ltc_cli.mail import outbox
from ltc_cli.mail.transport import (
    DoubtfulError,
    NotTakenError,
    TakenError,
    TroubleError,
    UnreachableError,
    UnservedError,
    together,
)
from ltc_cli.store import sender_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from concurrent.futures import ThreadPoolExecutor
    from contextlib import AbstractContextManager
    from datetime import date

    from ltc_cli.mail.transport import Steps, Transport, Way
    from ltc_cli.store import Store

    Decisions = Callable[[], AbstractContextManager[None]]
    Tidy = Callable[[Store], list[int]]
    """Withdraws, before anything is tried, what was refused and need not go any more. Answers these mails."""
    Withdrawn = Callable[[Store, int, str], str | None]
    """Why a mail of this kind need not go any more; asked in the transaction that commits its sending."""
    Refused = Callable[[Store, int, NotTakenError], None]
    """Learns which mail the server did not take, and why; in the transaction that has noted it."""
    End = str | TroubleError

MOST_LANES = 8
"""Connections at once; public servers take 10 to 50 of one client."""
MAILS_A_LANE = 8
"""As many mails make a connection more worth its opening."""
SILENCES_MOST = 3
"""Mails in a row for which a server lets us wait in vain: the others wait for the next run."""


class Run:
    """What one run works with."""

    def __init__(
        self,
        store: Store,
        decisions: Decisions,
        way: Way,
        tidy: Tidy,
        withdrawn: Withdrawn,
        refused: Refused,
        on: date,
    ) -> None:
        self.store, self.decisions, self.way = store, decisions, way
        self.tidy, self.withdrawn, self.refused, self.on = tidy, withdrawn, refused, on
        self.lanes: list[Transport] = []
        self.ended: dict[int, End] = {}
        """How the mails of the last dots ended, as long as nobody has begun to write it down."""
        self.clerk: ThreadPoolExecutor | None = None
        """One more thread, which does."""

    def send(self, mails: Sequence[int], *, wait: bool = False) -> list[int]:
        """Send what is due of these mails. Answers every mail that it decided about.

        Raises UnderWayError where another run is under way, and does not end in time.
        """
        with sender_lock(self.store.path, wait=wait):
            with self.decisions():
                handled = outbox.recover(self.store, self.on)
                handled += self.tidy(self.store)
                claimed = outbox.claim(self.store, mails, self.way.channels)
            with self._on_lanes():
                try:
                    left, why = self._send_all(claimed)
                finally:
                    self._write_down_ended()
                self._release(left, why)
        return sorted(handled + claimed)

    @contextmanager
    def _on_lanes(self) -> Iterator[None]:
        self.lanes = [self.way.open()]
        try:
            yield
        except BaseException:  # in the middle of a message there is no good-bye
            for lane in self.lanes:
                lane.abandon()
            raise
        finally:
            if self.clerk:
                with _signals_waiting():  # who uses the file is not left alone with it
                    self.clerk.shutdown()
        for lane in self.lanes:
            lane.close()

    def _send_all(self, claimed: Sequence[int]) -> tuple[list[int], str]:
        """On one lane more each time; on no other one after one that has waited in vain to be let in.

        Answers what could not be tried, and why.
        """
        waiting, silences = list(claimed), 0
        opened, most = 1, min(MOST_LANES, 1 + len(claimed) // MAILS_A_LANE)
        while waiting:
            batch = dict(zip(waiting, self.lanes, strict=False))
            ends = self._send(batch)
            unreached = {mail_id: end for mail_id, end in ends.items() if isinstance(end, UnreachableError)}
            unserved = [mail_id for mail_id, end in unreached.items() if isinstance(end, UnservedError)]
            others = [mail_id for mail_id in unreached if mail_id not in unserved]
            self.lanes = [lane for lane in self.lanes if lane not in [batch[mail_id] for mail_id in others]]
            has_none_to_tell = unserved == waiting
            waiting = [*others, *waiting[len(batch) :], *unserved]
            most = opened if any(unreached[mail_id].is_silence for mail_id in others) else most
            if has_none_to_tell or (not self.lanes and opened == most):
                return waiting, next(iter(unreached.values())).said
            if opened < most:
                self.lanes.append(self.way.open())
                opened += 1
            silent = [end for end in ends.values() if not isinstance(end, str) and end.is_silence]
            silences = silences + len(silent) if len(silent) == len(ends) else 0
            if silences >= SILENCES_MOST:
                return waiting, silent[0].said
        return [], ""

    def _release(self, waiting: Sequence[int], said: str) -> None:
        if not waiting:
            return
        with self.decisions():
            still = [mail_id for mail_id in waiting if self._is(mail_id, "claimed")]
            outbox.release(self.store, still, self.on, said)

    def _send(self, batch: Mapping[int, Transport]) -> dict[int, End]:
        """One mail on each lane. Answers how each ended."""
        offers = [lane.offer(outbox.envelope(self.store, mail_id)) for mail_id, lane in batch.items()]
        offered = dict(zip(batch, self._while_writing(offers), strict=True))
        with self.decisions():
            going = [mail_id for mail_id, end in offered.items() if self._may_go(mail_id, end)]
        for mail_id, lane in batch.items():
            if mail_id not in going and isinstance(offered[mail_id], str):
                lane.abandon()
        self.ended = dict(zip(going, together([batch[mail_id].finish() for mail_id in going]), strict=True))
        ends = offered | self.ended
        if len(batch) == 1:  # a mail at a time is not worth a thread
            self._write_down_ended()
        return ends

    def _while_writing(self, offers: Sequence[Steps]) -> list[End]:
        """Take these steps while a thread writes down how the last mails ended: the network never needs the file."""
        if not self.ended:
            return together(offers)
        if self.clerk is None:
            from concurrent.futures import ThreadPoolExecutor

            self.clerk = ThreadPoolExecutor(1)
        with _signals_waiting():  # the clerk's thread starts here: none ever comes to it
            written = self.clerk.submit(self._write_down, self.ended)
            self.ended = {}
        ends = together(offers)
        written.result()
        return ends

    def _write_down_ended(self) -> None:
        ended, self.ended = self.ended, {}
        if ended:
            self._write_down(ended)

    def _write_down(self, ended: Mapping[int, End]) -> None:
        with self.decisions():
            for mail_id, end in ended.items():
                self._note(mail_id, end)

    def _may_go(self, mail_id: int, offered: End) -> bool:
        """Whether its dot comes: from now on it may arrive."""
        if not isinstance(offered, str):
            self._note(mail_id, offered)
            return False
        kind = outbox.commit(self.store, mail_id)
        if kind is None:
            return False
        why = self.withdrawn(self.store, mail_id, kind)
        if why:
            outbox.withdraw(self.store, mail_id, self.on, why)
        return why is None

    def _note(self, mail_id: int, end: End) -> None:
        match end:
            case str(said):
                outbox.sent(self.store, mail_id, self.on, said)
            case UnreachableError():
                outbox.claim_again(self.store, mail_id)
            case DoubtfulError(said=said):
                outbox.doubt(self.store, mail_id, self.on, said)
            case TakenError(said=said) if not self._is(mail_id, "cancelled"):
                outbox.release(self.store, [mail_id], self.on, said)
            case NotTakenError(said=said, for_good=for_good) if not self._is(mail_id, "cancelled"):
                outbox.refuse(self.store, mail_id, self.on, said, for_good=for_good)
                self.refused(self.store, mail_id, end)

    def _is(self, mail_id: int, state: str) -> bool:
        return bool(self.store.value("SELECT state = ? FROM outbox WHERE id = ?", (state, mail_id)))


@contextmanager
def _signals_waiting() -> Iterator[None]:
    """What would interrupt us comes afterwards."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGALRM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
