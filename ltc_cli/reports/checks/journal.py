"""What is sealed by a hash: the journal, the documents, the months that are closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltc_cli.errors import UsageError
from ltc_cli.stages import closing
from ltc_cli.store import FIRST_SHA256, journal_sha256, sha256

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ltc_cli.store import Store


def journal(store: Store) -> Iterator[str]:
    """The chain of hashes, and the details that were not erased."""
    previous, expected_id = FIRST_SHA256, 1
    for row in store.connection.execute(
        "SELECT journal.*, salt, body FROM journal LEFT JOIN journal_detail ON journal_id = journal.id ORDER BY id"
    ):
        entry = tuple(row)[:9]
        if row["id"] != expected_id or row["previous_sha256"] != previous or journal_sha256(entry) != row["sha256"]:
            yield f"journal entry {row['id']} does not fit the one before"
        if row["body"] is not None and sha256(row["salt"] + row["body"]) != row["detail_sha256"]:
            yield f"the details of journal entry {row['id']} were changed"
        previous, expected_id = row["sha256"], row["id"] + 1


def anchor(store: Store, anchor: str) -> Iterator[str]:
    """`ID:SHA256`, as an earlier check or a backup's manifest noted it: a chain alone cannot show a cut tail."""
    number, _, digest = anchor.partition(":")
    if not (number.isascii() and number.isdigit() and digest):
        raise UsageError(f"{anchor[:80]!r} is no anchor", "write it like --anchor 12:9f86d0…, as ltc check prints it")
    row = store.one("SELECT sha256 FROM journal WHERE id = ?", (int(number[:18]),))
    if row is None or row["sha256"] != digest:
        yield f"journal entry {number} is not the one that was noted"


def documents(store: Store) -> Iterator[str]:
    for row in store.connection.execute("SELECT sha256, body FROM document"):
        if sha256(row["body"]) != row["sha256"]:
            yield f"document {row['sha256'][:12]} does not fit its hash"


def closed(store: Store) -> Iterator[str]:
    """The closed months say what they said when they were closed, and the journal still has its head of then."""
    row = store.one("SELECT * FROM period_close ORDER BY id DESC LIMIT 1")
    if row is None:
        return
    sealed, until = closing.seal(store, row["closed_until"]), row["closed_until"]
    noted = {
        each["currency"]: each["amount_minor"]
        for each in store.all("SELECT * FROM period_close_total WHERE period_close_id = ?", (row["id"],))
    }
    for currency in sorted(sealed.totals.keys() | noted):
        if sealed.totals.get(currency, 0) != noted.get(currency, 0):
            yield f"receivables in {currency} on {until} are not those that were closed"
    if sealed.facts_sha256 != row["facts_sha256"]:
        yield f"facts up to {until} are not those that were closed"
    if row["journal_id"]:
        yield from anchor(store, f"{row['journal_id']}:{row['journal_sha256']}")
