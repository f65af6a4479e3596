"""Addresses that are corrected: what waits for the old one goes to the new one, or to nobody where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltc_cli.errors import RefusedError, UsageError
from ltc_cli.mail import outbox
from ltc_cli.rules.contact import normalise_email
from ltc_cli.stages import customers, leads, notice_mails, nurture, suppression

if TYPE_CHECKING:
    from datetime import date
    from sqlite3 import Row

    from ltc_cli.store import Store

WAITING = (
    "FROM outbox WHERE channel = 'mail'"
    " AND state IN ('queued', 'claimed', 'failed') AND state NOT IN ('sent', 'cancelled')"
)
"""Mails that have not gone, and that nothing but a word of ours keeps from going."""
OF_LEAD = f"SELECT id, kind {WAITING} AND recipient = ? AND kind = 'lead' AND {{these:record_id}} ORDER BY id"
OF_CUSTOMER = f"SELECT id, kind {WAITING} AND recipient = ? AND kind <> 'lead' AND {{these:customer_id}} ORDER BY id"


def readdress(store: Store, today: date) -> list[str]:
    """Take along what waits for the addresses that this decision has changed. Says so, mail by mail."""
    corrected = _corrected(store)
    recipients = {row["recipient"] for row in store.all(f"SELECT DISTINCT recipient {WAITING}")} if corrected else set()
    return [
        said
        for (kind, record_id), (before, after) in corrected.items()
        if before and before in recipients and before != after
        for said in _readdress(store, kind, record_id, before, after, today)
    ]


def _corrected(store: Store) -> dict[tuple[str, int], tuple[str | None, str | None]]:
    """Leads and customers whose address was changed: what it was, and what it is now."""
    found: dict[tuple[str, int], tuple[str | None, str | None]] = {}
    for change in store.changes:
        kind, record_id = change["record"].split(" ")
        if kind in ("lead", "customer") and "email" in change["after"]:
            record = kind, int(record_id)
            before, _ = found.get(record, (_normal(change["before"]["email"]), None))
            found[record] = before, _normal(change["after"]["email"])
    return found


def _normal(email: str | None) -> str | None:
    try:
        return normalise_email(email or "")
    except UsageError:
        return None


def _readdress(store: Store, kind: str, record_id: int, before: str, after: str | None, today: date) -> list[str]:
    if kind == "lead":
        mails = store.among(OF_LEAD, leads.family(store, [record_id]), (before,))
    else:
        mails = store.among(OF_CUSTOMER, customers.family(store, [record_id]), (before,))
    return [said for row in mails if (said := _readdress_one(store, row, before, after, today))]


def _readdress_one(store: Store, mail: Row, before: str, after: str | None, today: date) -> str | None:
    mail_id, kind = mail["id"], mail["kind"]
    if kind == "lead" and nurture.withdrawn(store, mail_id):
        return None  # it goes to nobody, and says why when its turn comes
    why = None if kind == "lead" else notice_mails.withdrawn(store, mail_id, kind, today)
    if not why:
        new_id, why = _moved(store, kind, mail_id, before, after, today)
        if new_id:
            return f"M{mail_id} to {before} has not gone: M{new_id} goes to {after}"
        notice_mails.dropped(store, mail_id, today)
    outbox.withdraw(store, mail_id, today, why)
    return f"M{mail_id} to {before} is withdrawn: {why}"


def _moved(
    store: Store, kind: str, mail_id: int, before: str, after: str | None, today: date
) -> tuple[int | None, str]:
    """The mail that goes to the new address instead; or why none can."""
    if after is None:
        return None, f"{before} is no address of theirs any more"
    if kind == "lead" and (why := suppression.why(store, after)):
        return None, why
    try:
        return outbox.readdress(store, mail_id, after, today), ""
    except RefusedError as error:
        return None, error.message
