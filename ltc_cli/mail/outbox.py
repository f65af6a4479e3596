"""The one queue of all mail: what waits, what went out, and what nobody knows. It owns the writes to its tables.

A mail is `queued`, `claimed` by the run that sends it, and `sending` from before its final dot until the answer is
written down; it rests as `sent`, `failed`, `unknown` or `cancelled`. Moments are UTC, as in `recorded_at`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import repeat
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.errors import NotFoundError, RefusedError
from ltc_cli.mail.message import build, letter_of, message_id
from ltc_cli.mail.transport import Envelope
from ltc_cli.references import look_up
from ltc_cli.report import Column
from ltc_cli.store import ERASED, canonical_json, sha256

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from sqlite3 import Row

    from ltc_cli.mail.message import Letter
    from ltc_cli.mail.paper import Page
    from ltc_cli.store import Store

COLUMNS = (
    Column("ref", "ref"),
    Column("status", "status"),
    Column("kind", spare=2),
    Column("channel", on_table=False),
    Column("about", "ref"),
    Column("customer", "ref", spare=1),
    Column("customer_name"),
    Column("recipient"),
    Column("subject", on_table=False),
    Column("attempts", "count", spare=3),
    Column("not_before", "moment", spare=5),
    Column("queued_on", "date", spare=4),
    Column("sent_on", "date"),
    Column("said", "prose"),
    Column("message_id", on_table=False),
)

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 240, 720, 1440, 1440, 1440))
"""After the first, the second … temporary refusal; after one more the mail has failed, four and a half days later."""

CHANNELS = ("mail", "letter")
"""A mail for a server or a folder; a letter on paper, for a folder alone."""


RETRIED, MISSING = "to be tried again", "found to be missing"
"""What is said of a mail that a user sends on its way once more: from then on the pauses begin anew."""

IS_DUE = "(not_before IS NULL OR not_before <= ? OR not_before > ?)"
"""Whether a mail does not pause. Two parameters: see `moments`."""

OPEN_STATES = ("queued", "claimed", "sending", "sent", "unknown")
"""In which a mail has arrived, or still may."""

NEVER_WENT = "NOT EXISTS (SELECT 1 FROM outbox_attempt WHERE outbox_id = outbox.id AND state IN ('sent', 'unknown'))"
"""What nobody can have received."""

NEWEST = """NOT EXISTS (SELECT 1 FROM outbox AS newer
    WHERE newer.kind = outbox.kind AND newer.record_id = outbox.record_id AND newer.id > outbox.id)"""
"""What has become of a notice is what has become of its newest mail: others were to addresses since corrected."""


class About(NamedTuple):
    """The record that a mail is about."""

    kind: str
    id: int
    text: str
    customer_id: int | None


class Mail(NamedTuple):
    """A mail as it will stand in the outbox."""

    id: int
    about: About
    channel: str
    sender: str
    recipient: str
    subject: str
    message_id: str
    message: bytes


class Writer:
    """Writes the mails that are queued next, one after the other; none of them is in the outbox before `add_all`."""

    def __init__(self, store: Store) -> None:
        head = store.one("SELECT sha256 FROM journal ORDER BY id DESC LIMIT 1")
        self.head = head["sha256"] if head else ""
        self.moment = datetime.fromisoformat(store.recorded_at)
        self.next_id = store.next_id("outbox")

    def write(self, letter: Letter, about: About) -> Mail:
        """The next one. Raises RefusedError where it cannot be written as a safe message; the next is next then."""
        identity = message_id(letter.sender, self._token(letter))
        whose = f"K{about.customer_id}" if about.customer_id else about.text
        message = build(letter, identity, self.moment, whose=whose)
        return self._next(about, "mail", letter.sender, letter.recipient, letter.subject, identity, message)

    def print(self, page: Page, about: About) -> Mail:
        """The next one, on paper: no receiver asks for its Message-ID, which is this file's own."""
        identity = self._token(page)
        return self._next(about, "letter", page.sender, page.recipient, page.subject, identity, page.text.encode())

    def _next(self, about: About, *said: Any) -> Mail:
        mail = Mail(self.next_id, about, *said)
        self.next_id += 1
        return mail

    def _token(self, said: Letter | Page) -> str:
        """Of this mail alone: the journal's last hash is of this file and this moment. A dry run finds the same."""
        return sha256(canonical_json([self.head, self.next_id, *said]))[:32]


def add(store: Store, letter: Letter, about: About, on: date) -> int:
    """Queue one mail, and answer its id. Raises RefusedError where it cannot be written as a safe message."""
    mail = Writer(store).write(letter, about)
    add_all(store, [mail], on)
    return mail.id


def add_all(store: Store, mails: Sequence[Mail], on: date) -> None:
    """Queue what a writer has written."""
    store.add_all(
        "outbox",
        len(mails),
        id=(mail.id for mail in mails),
        kind=(mail.about.kind for mail in mails),
        record_id=(mail.about.id for mail in mails),
        about=(mail.about.text for mail in mails),
        customer_id=(mail.about.customer_id for mail in mails),
        channel=(mail.channel for mail in mails),
        sender=(mail.sender for mail in mails),
        recipient=(mail.recipient for mail in mails),
        subject=(mail.subject for mail in mails),
        message_id=(mail.message_id for mail in mails),
        message=(mail.message for mail in mails),
        message_sha256=(sha256(mail.message) for mail in mails),
        state=repeat("queued"),
        queued_on=repeat(on.isoformat()),
        recorded_at=repeat(store.recorded_at),
    )
    store.add_all(
        "outbox_attempt",
        len(mails),
        outbox_id=(mail.id for mail in mails),
        state=repeat("queued"),
        tried=repeat(0),
        happened_on=repeat(on.isoformat()),
        recorded_at=repeat(store.recorded_at),
    )
    for mail in mails:
        store.touch(f"M{mail.id}")
        store.touch(mail.about.text)


def readdress(store: Store, mail_id: int, recipient: str, on: date) -> int:
    """Withdraw a mail that has not gone, and queue what it says for another address, as a mail of its own.

    Raises RefusedError where it cannot be written as a safe message.
    """
    row = store.one("SELECT kind, record_id, about, customer_id, message FROM outbox WHERE id = ?", (mail_id,))
    assert row is not None
    letter = letter_of(row["message"])._replace(recipient=recipient)
    new_id = add(store, letter, About(row["kind"], row["record_id"], row["about"], row["customer_id"]), on)
    withdraw(store, mail_id, on, f"M{new_id} goes to {recipient} instead")
    return new_id


def carrier(store: Store, mail_id: int) -> int:
    """The mail that carries what this one was to say: it, or the last that took its place for another address."""
    found: int | None = store.value(
        "SELECT MAX(later.id) FROM outbox JOIN outbox AS later ON later.kind = outbox.kind"
        " AND later.record_id = outbox.record_id AND later.subject = outbox.subject AND later.id > outbox.id"
        " WHERE outbox.id = ? AND outbox.state = 'cancelled'",
        (mail_id,),
    )
    return found or mail_id


def open_mail(store: Store, kind: str, record_id: int, recipient: str) -> Row | None:
    """The newest mail about the record to this address that has arrived, or still may."""
    marks = ", ".join("?" * len(OPEN_STATES))
    return store.one(
        "SELECT id, state FROM outbox WHERE kind = ? AND record_id = ? AND recipient = ?"
        f" AND state IN ({marks}) ORDER BY id DESC LIMIT 1",
        (kind, record_id, recipient, *OPEN_STATES),
    )


# What a run of the sender decides


def moments(now: str) -> tuple[str, str]:
    """This moment, and the last until which a mail may pause: a later one was reckoned by a clock that was ahead."""
    return now, _moment(datetime.fromisoformat(now) + PAUSES[-1])


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def waiting(
    store: Store, kind: str | None = None, channels: Sequence[str] = CHANNELS, *, until: str | None = None
) -> list[int]:
    """Mails that have not gone yet, also those of a run that died; with `until` those that pause no longer then.

    What was not taken before comes last: it holds nothing else up. Within that the oldest first.
    """
    due, at = ("TRUE", ()) if until is None else (f"state <> 'sending' AND {IS_DUE}", moments(until))
    # The second condition is that of the index.
    rows = store.all(
        "SELECT id, kind, channel FROM outbox WHERE state IN ('queued', 'claimed', 'sending')"
        f" AND state NOT IN ('sent', 'cancelled') AND {due} ORDER BY not_before IS NOT NULL, id",
        at,
    )
    return [row["id"] for row in rows if kind in (None, row["kind"]) and row["channel"] in channels]


def recover(store: Store, on: date) -> list[int]:
    """What a run that died has left: claimed mails wait again, those at their final dot are doubtful. Answers these."""
    store.connection.execute("UPDATE outbox SET state = 'queued' WHERE state = 'claimed'")
    doubtful = [row["id"] for row in store.all("SELECT id FROM outbox WHERE state = 'sending' ORDER BY id")]
    for mail_id in doubtful:
        _rest(store, mail_id, "unknown", on, said="the sender was stopped at the end of the message", tried=True)
    return doubtful


def refused_of_leads(store: Store) -> list[int]:
    """Mails of sequences that wait because they were not taken, whether or not they pause.

    What else pauses is asked when its turn comes: a clock that is put back says nothing about a notice.
    """
    rows = store.all(
        "SELECT id FROM outbox WHERE kind = 'lead' AND state = 'queued' AND state NOT IN ('sent', 'cancelled')"
        " AND not_before IS NOT NULL ORDER BY id"
    )
    return [row["id"] for row in rows]


def sends(channel: str, host: str | None) -> str:
    """The command that lets one that waits go, where there is this mail server."""
    return "ltc outbox send" if channel == "mail" and host else "ltc outbox send --to-folder DIR"


def claim(store: Store, mail_ids: Iterable[int], channels: Sequence[str]) -> list[int]:
    """Take those of these mails that are due now. Answers their ids, in the order of `waiting`."""
    wanted = {*mail_ids}
    ids = [each for each in waiting(store, channels=channels, until=store.recorded_at) if each in wanted]
    store.connection.executemany("UPDATE outbox SET state = 'claimed' WHERE id = ?", ((each,) for each in ids))
    return ids


def envelope(store: Store, mail_id: int) -> Envelope:
    row = store.one("SELECT channel, about, sender, recipient, message FROM outbox WHERE id = ?", (mail_id,))
    assert row is not None
    name = f"M{mail_id}.eml" if row["channel"] == "mail" else f"{row['about']}.txt"
    return Envelope(name, row["sender"], row["recipient"], row["message"])


def commit(store: Store, mail_id: int) -> str | None:
    """From now on the mail may arrive: its kind. None where it is claimed no more: it was dropped in the meantime."""
    rows = store.all(
        "UPDATE outbox SET state = 'sending' WHERE id = ? AND state = 'claimed' RETURNING kind", (mail_id,)
    )
    return rows[0]["kind"] if rows else None


def claim_again(store: Store, mail_id: int) -> None:
    """It was not taken, and that says nothing about it."""
    store.connection.execute("UPDATE outbox SET state = 'claimed' WHERE id = ? AND state = 'sending'", (mail_id,))


def sent(store: Store, mail_id: int, on: date, said: str) -> None:
    _rest(store, mail_id, "sent", on, said=said, tried=True)


def doubt(store: Store, mail_id: int, on: date, said: str) -> None:
    _rest(store, mail_id, "unknown", on, said=said, tried=True)


def withdraw(store: Store, mail_id: int, on: date, why: str) -> None:
    _rest(store, mail_id, "cancelled", on, said=why)


def erase(store: Store, mail_id: int) -> None:
    """Take the words and the address out of a mail that rests for good; what became of it stays told."""
    store.connection.execute(
        "UPDATE outbox SET message = X'', recipient = ?, subject = ? WHERE id = ?", (ERASED, ERASED, mail_id)
    )
    store.connection.execute("UPDATE outbox_attempt SET said = NULL WHERE outbox_id = ?", (mail_id,))


def refuse(store: Store, mail_id: int, on: date, said: str, *, for_good: bool) -> None:
    """It was not taken: wait longer each time, and fail where that was for good or often enough."""
    tries = store.value(
        "SELECT COUNT(*) FROM outbox_attempt WHERE outbox_id = ? AND tried = 1 AND id > COALESCE(("
        "SELECT MAX(id) FROM outbox_attempt WHERE outbox_id = ? AND tried = 0 AND said IN (?, ?)), 0)",
        (mail_id, mail_id, RETRIED, MISSING),
    )
    if for_good or tries >= len(PAUSES):
        _rest(store, mail_id, "failed", on, said=said, tried=True)
        return
    not_before = _moment(datetime.fromisoformat(store.recorded_at) + PAUSES[tries])
    _rest(store, mail_id, "queued", on, said=said, tried=True, not_before=not_before)


def release(store: Store, mail_ids: Sequence[int], on: date, said: str) -> None:
    """Nobody could be asked: the mails wait for the next run."""
    for mail_id in mail_ids:
        _rest(store, mail_id, "queued", on, said=said)


def _rest(
    store: Store, mail_id: int, state: str, on: date, *, said: str, tried: bool = False, not_before: str | None = None
) -> None:
    (mail,) = store.all(
        "UPDATE outbox SET state = ?, not_before = ? WHERE id = ? RETURNING about", (state, not_before, mail_id)
    )
    store.add(
        "outbox_attempt",
        outbox_id=mail_id,
        state=state,
        tried=int(tried),
        said=said,
        happened_on=on.isoformat(),
        recorded_at=store.recorded_at,
    )
    store.touch(f"M{mail_id}")
    store.touch(mail["about"])


# What a user decides


def find(store: Store, text: str) -> int:
    """The mail that `M1` names. Raises NotFoundError for anything else."""
    named = look_up(store, text)
    if named.kind != "outbox":
        raise NotFoundError(f"{named.text} is no mail", "ltc outbox list")
    return named.id


def retry(store: Store, mail_id: int, on: date) -> bool:
    """Let a failed mail, or one that pauses, go with the next run. False where it would anyway."""
    row = _row(store, mail_id)
    if row["state"] == "queued" and row["not_before"] is None:
        return False
    if row["state"] not in ("queued", "failed"):
        raise _refused(row, "tried again")
    _rest(store, mail_id, "queued", on, said=RETRIED)
    return True


def resolve(store: Store, mail_id: int, on: date, *, has_arrived: bool) -> bool:
    """Say what nobody could know of an unknown mail: it has arrived, or it is sent once more. False: known already."""
    row = _row(store, mail_id)
    state, said = ("sent", "found to have arrived") if has_arrived else ("queued", MISSING)
    if row["state"] == state:
        return False
    if row["state"] != "unknown":
        raise _refused(row, "resolved")
    _rest(store, mail_id, state, on, said=said)
    return True


def drop(store: Store, mail_id: int, on: date) -> bool:
    """Do not send a mail that has not gone out. False where it is dropped already."""
    row = _row(store, mail_id)
    if row["state"] == "cancelled":
        return False
    if row["state"] not in ("queued", "claimed", "failed"):
        raise _refused(row, "dropped")
    _rest(store, mail_id, "cancelled", on, said="dropped")
    return True


HINTS = {
    "unknown": "ltc outbox resolve {ref} --sent, or --resend",
    "claimed": "ltc outbox send",
    "sending": "ltc outbox send",
    "failed": "ltc outbox retry {ref}",
}


def next_step(ref: str, state: str) -> str:
    """The command that a mail in this state waits for; empty for none."""
    return HINTS.get(state, "").format(ref=ref)


def _refused(row: Row, what: str) -> RefusedError:
    hint = next_step(f"M{row['id']}", row["state"]) or f"ltc show M{row['id']}"
    why = f": {row['said']}" if row["state"] == "cancelled" and row["said"] else ""
    return RefusedError(f"M{row['id']} is {row['state']} and cannot be {what}{why}", hint)


def _row(store: Store, mail_id: int) -> Row:
    row = store.one(
        "SELECT id, state, not_before, (SELECT said FROM outbox_attempt WHERE outbox_id = outbox.id"
        " ORDER BY id DESC LIMIT 1) AS said FROM outbox WHERE id = ?",
        (mail_id,),
    )
    assert row is not None
    return row


# Showing

RECORDS = """
SELECT outbox.id, outbox.state, outbox.kind, channel, about, recipient, subject, not_before, queued_on,
    CASE channel WHEN 'mail' THEN message_id END AS message_id,
    customer.id AS customer_id, customer.name AS customer_name,
    (SELECT COUNT(*) FROM outbox_attempt WHERE outbox_id = outbox.id AND tried = 1) AS attempts,
    (SELECT MAX(happened_on) FROM outbox_attempt
        WHERE outbox_id = outbox.id AND outbox_attempt.state = 'sent') AS sent_on,
    (SELECT said FROM outbox_attempt WHERE outbox_id = outbox.id ORDER BY id DESC LIMIT 1) AS said
FROM outbox LEFT JOIN customer AS own ON own.id = outbox.customer_id
LEFT JOIN customer ON customer.id = COALESCE(own.merged_into_id, own.id)
WHERE {these:outbox.id} ORDER BY outbox.id
"""


def records(store: Store, ids: Sequence[int] | None = None) -> list[dict[str, Any]]:
    """Mails as they are shown, oldest first; all of them without ids."""
    return [_record(row) for row in store.among(RECORDS, ids)]


def _record(row: Row) -> dict[str, Any]:
    return {
        "ref": f"M{row['id']}",
        "status": row["state"],
        "customer": f"K{row['customer_id']}" if row["customer_id"] else None,
        **{
            key: row[key]
            for key in (
                *("kind", "channel", "about", "customer_name", "recipient", "subject", "attempts"),
                *("not_before", "queued_on", "sent_on", "said", "message_id"),
            )
        },
    }
