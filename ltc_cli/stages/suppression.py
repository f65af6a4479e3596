"""Who is not to be written to by sequences, and who is not to come back with an import.

Only keyed hashes are kept, with the key in the file: so the list outlives the address that it is about.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from ltc_cli.store import Store

LEFT_OUT = "left out, for they are of people who were erased: {count}"
"""What an import says of such rows."""

WORDS = {
    "unsubscribe": "it was unsubscribed on {since_on}",
    "bounce": "mail to it bounced on {since_on}",
    "erased": "its owner was erased on {since_on}",
}


def add(store: Store, kind: str, values: Iterable[str], reason: str, on: date) -> None:
    """Put an `email`, an `id` of another program or a `row` on the list, where it is not for this reason already."""
    for value in values:
        added = store.connection.execute(
            "INSERT INTO suppression (kind, hash, reason, since_on, outbox_id, recorded_at)"
            " VALUES (?, ?, ?, ?, (SELECT COALESCE(MAX(id), 0) FROM outbox), ?) ON CONFLICT (hash, reason) DO NOTHING",
            (kind, hash_of(_secret(store), kind, value), reason, on.isoformat(), store.recorded_at),
        )
        if added.rowcount > 0:
            store.counts["suppression"] += 1


def of_lead(store: Store, lead_id: int, reason: str, on: date) -> None:
    """Put every address of the lead, and of those that were merged into it, on the list."""
    rows = store.all(
        "SELECT DISTINCT email_norm FROM lead WHERE email_norm IS NOT NULL AND ? IN (id, merged_into_id)"
        " ORDER BY email_norm",
        (lead_id,),
    )
    add(store, "email", [row["email_norm"] for row in rows], reason, on)


def why(store: Store, email_norm: str) -> str | None:
    """Why the address is never written to by sequences; None where it may be."""
    secret = _known_secret(store)
    if secret is None:
        return None
    row = store.one(
        "SELECT reason, since_on FROM suppression WHERE hash = ? ORDER BY id LIMIT 1",
        (hash_of(secret, "email", email_norm),),
    )
    return WORDS[row["reason"]].format(since_on=row["since_on"]) if row else None


class Listed:
    """The list in memory, for many questions: all of it, or who was put on it for one reason."""

    def __init__(self, store: Store, reason: str | None = None) -> None:
        rows = store.all("SELECT hash FROM suppression WHERE reason = COALESCE(?, reason)", (reason,))
        self.hashes = {row["hash"] for row in rows}
        self.secret = (_known_secret(store) or b"") if rows else b""

    def __bool__(self) -> bool:
        return bool(self.hashes)

    def has(self, kind: str, value: str | None) -> bool:
        return bool(value and self.hashes) and hash_of(self.secret, kind, value or "") in self.hashes


def of_id(kind: str, source: str, value: str) -> str:
    """An id of another program as it stands on the list: with the kind of record and the name of its column."""
    return "\x1f".join((kind, source, value))


def _secret(store: Store) -> bytes:
    """The key of this file, made when it is first needed."""
    known = _known_secret(store)
    if known is None:
        known = os.urandom(32)
        store.connection.execute("INSERT INTO suppression_key (id, secret) VALUES (1, ?)", (known,))
    return known


def _known_secret(store: Store) -> bytes | None:
    row = store.one("SELECT secret FROM suppression_key")
    return bytes(row["secret"]) if row else None


def hash_of(secret: bytes, kind: str, value: str) -> bytes:
    """As it stands on the list: without the key of the file nobody can tell what it is of."""
    return hmac.digest(secret, f"{kind}\x1f{value}".encode("utf-8", "surrogatepass"), hashlib.sha256)


def token(store: Store, lead_id: int) -> str:
    """What an unsubscribing mail of this lead says, and no other one."""
    return hash_of(_secret(store), "token", str(lead_id)).hex()[:16]
