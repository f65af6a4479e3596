"""What keeps dunning back: holds, disputes and promises."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.errors import RefusedError, UsageError
from ltc_cli.receivables import balances, open_items
from ltc_cli.rules.contact import clean_name
from ltc_cli.rules.money import format_amount

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Iterator
    from datetime import date
    from sqlite3 import Row

    from ltc_cli.references import Reference
    from ltc_cli.store import Store

# The newest word on each target and kind as of a day counts; a release ends all three kinds. Of a customer that became
# part of another it is the newest on that one, from then on.
NEWEST_WORD = """
SELECT id, kind, invoice_id, until_on, reason,
    (SELECT COALESCE(merged_into_id, id) FROM customer WHERE customer.id = customer_id) AS customer_id
FROM dunning_event WHERE event_on <= ? AND kind <> 'release' AND NOT EXISTS (SELECT 1 FROM dunning_event AS later
    WHERE later.id > dunning_event.id AND later.event_on <= ? AND later.kind IN (dunning_event.kind, 'release')
    AND (later.invoice_id = dunning_event.invoice_id OR later.customer_id = dunning_event.customer_id
        OR EXISTS (SELECT 1 FROM customer WHERE customer.id = dunning_event.customer_id
            AND merged_into_id = later.customer_id AND merged_at < later.recorded_at)))
"""
STANDING = NEWEST_WORD + "AND (kind = 'dispute' OR until_on >= ?) ORDER BY id"
LAPSED = NEWEST_WORD + "AND kind = 'promise' AND until_on < ? ORDER BY id"

# Promises that nothing replaced before their day, and of what they are about: all of the invoice, or all that the
# customer was late with; what was open before, what was paid of it by their day, and by now. Two parameters: today.
PROMISED = """
SELECT id, until_on, promised_minor, SUM(amount_minor) - SUM(before_minor) AS owed_minor,
    SUM(by_then_minor) - SUM(before_minor) AS in_time_minor, SUM(by_now_minor) - SUM(before_minor) AS paid_minor
FROM (
    SELECT dunning_event.id, until_on, dunning_event.amount_minor AS promised_minor, receivable.amount_minor,
        COALESCE((SELECT SUM(settlement.amount_minor) FROM settlement
            WHERE receivable_id = receivable.id AND settled_on < event_on), 0) AS before_minor,
        COALESCE((SELECT SUM(settlement.amount_minor) FROM settlement
            WHERE receivable_id = receivable.id AND settled_on <= until_on AND settled_on <= ?), 0) AS by_then_minor,
        COALESCE((SELECT SUM(settlement.amount_minor) FROM settlement
            WHERE receivable_id = receivable.id AND settled_on <= ?), 0) AS by_now_minor
    FROM dunning_event JOIN receivable ON receivable.issued_on <= event_on AND (
        receivable.invoice_id = dunning_event.invoice_id
        OR receivable.due_on <= event_on AND receivable.customer_id IN (
            SELECT id FROM customer WHERE COALESCE(merged_into_id, id) = (
                SELECT COALESCE(merged_into_id, id) FROM customer WHERE id = dunning_event.customer_id)))
    WHERE dunning_event.kind = 'promise' AND {these:dunning_event.id}
    AND NOT EXISTS (SELECT 1 FROM dunning_event AS later
        WHERE later.id > dunning_event.id AND later.kind IN ('promise', 'release')
        AND later.event_on <= dunning_event.until_on
        AND (later.invoice_id = dunning_event.invoice_id OR later.customer_id = dunning_event.customer_id))
) AS promised GROUP BY id, until_on, promised_minor
"""

MARKED = f"""
SELECT invoice.id AS invoice_id, number, invoice.customer_id, invoice.currency,
    COALESCE(merged_into_id, customer.id) AS kept_id
FROM ({balances("invoice_id")}) AS open
JOIN invoice ON invoice.id = open.invoice_id JOIN customer ON customer.id = invoice.customer_id
WHERE balance_minor > 0 AND {{narrowed}} GROUP BY invoice.id
"""
MARKED_INVOICES = MARKED.format(narrowed="{these:invoice.id}")
MARKED_CUSTOMERS = MARKED.format(narrowed="{these:COALESCE(merged_into_id, customer.id)}")


class Standing(NamedTuple):
    """One thing that keeps an invoice, or all of a customer, from being dunned."""

    kind: str
    until_on: str | None
    reason: str | None

    @property
    def words(self) -> str:
        said = {"hold": "on hold", "dispute": "disputed", "promise": "promised"}[self.kind]
        until = f" until {self.until_on}" if self.until_on else ""
        return f"{said}{until}{f': {self.reason}' if self.reason else ''}"


def add(
    store: Store,
    kind: str,
    target: Reference,
    on: date,
    *,
    until: date | None = None,
    reason: str | None = None,
    amount_minor: int | None = None,
) -> bool:
    """Record a `hold`, `dispute` or `promise` from this day. Answers whether it is new.

    Raises UsageError for a day that is past, RefusedError for an invoice of which nothing is open.
    """
    words = clean_name(reason, "reason") if reason is not None else None
    if until is not None and until < on:
        rest = f"--until +7d --reason {quote(words)}" if words else "--on +7d"
        raise UsageError(f"{until} is past: a {kind} is until a day to come", f"ltc {kind} {target.text} {rest}")
    if target.kind == "invoice":
        owed_minor = sum(item.balance_minor for item in open_items(store, "invoice", [target.id]))
        if not owed_minor:
            raise RefusedError(f"nothing of {target.text} is open", f"ltc show {target.text}")
        if amount_minor == 0:
            raise UsageError("a promise of nothing cannot be recorded", "without --amount it is of all that is open")
        if amount_minor and amount_minor > owed_minor:
            currency = store.value("SELECT currency FROM invoice WHERE id = ?", (target.id,))
            much, most = format_amount(amount_minor, currency), format_amount(owed_minor, currency)
            raise RefusedError(
                f"{much} is too much: {most} of {target.text} is open", "without --amount it is of all that is open"
            )
    wanted = (kind, until.isoformat() if until else None, words)
    if wanted in [tuple(each) for each in standing(store, on).get((target.kind, target.id), ())] and not amount_minor:
        return False
    _record(store, kind, target, on, until_on=wanted[1], reason=words, amount_minor=amount_minor)
    return True


def release(store: Store, target: Reference, on: date) -> bool:
    """End every hold, dispute and promise of the invoice or customer. Answers whether there was one."""
    if (target.kind, target.id) not in standing(store, on):
        return False
    _record(store, "release", target, on)
    return True


def _record(store: Store, kind: str, target: Reference, on: date, **values: Any) -> None:
    store.add(
        "dunning_event",
        kind=kind,
        **{f"{target.kind}_id": target.id},
        **values,
        event_on=on.isoformat(),
        recorded_at=store.recorded_at,
    )
    store.touch(target.text)


def standing(store: Store, on: date) -> dict[tuple[str, int], list[Standing]]:
    """By kind of target and id, what stands on a day."""
    found: dict[tuple[str, int], list[Standing]] = {}
    for row in store.all(STANDING, (on.isoformat(),) * 3):
        found.setdefault(_target(row), []).append(Standing(row["kind"], row["until_on"], row["reason"]))
    return found


def _target(row: Row) -> tuple[str, int]:
    return ("invoice", row["invoice_id"]) if row["invoice_id"] else ("customer", row["customer_id"])


def broken(store: Store, on: date, of: Container[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """By target, of these, the day by which it was promised to be paid, and was not, nor since; nor was more said."""
    rows = [row for row in store.all(LAPSED, (on.isoformat(),) * 3) if _target(row) in of]
    outcomes = became(store, [row["id"] for row in rows], on.isoformat())
    return {_target(row): row["until_on"] for row in rows if outcomes.get(row["id"]) == "broken"}


def became(store: Store, event_ids: Iterable[int], on: str) -> dict[int, str]:
    """By event, whether a promise was `kept`, `kept late` or `broken` as of a day; none while it may still be kept."""
    found = {}
    for row in store.among(PROMISED, event_ids, (on, on)):
        promised_minor = min(row["promised_minor"] or row["owed_minor"], row["owed_minor"])
        if row["in_time_minor"] >= promised_minor:
            found[row["id"]] = "kept"
        elif row["until_on"] < on:
            found[row["id"]] = "kept late" if row["paid_minor"] >= promised_minor else "broken"
    return found


MARKS = {"dispute": "disputed", "hold": "held", "promise": "promised"}


def marked(store: Store, on: date) -> Iterator[tuple[Row, set[str]]]:
    """Open invoices that are disputed, held or promised on a day, themselves or with their customer; by which kinds."""
    found = standing(store, on)
    if not found:
        return
    targets = {kind: [each for of_kind, each in found if of_kind == kind] for kind in ("invoice", "customer")}
    for row in store.among(MARKED_INVOICES, targets["invoice"], (on.isoformat(),) * 2) + store.among(
        MARKED_CUSTOMERS, targets["customer"], (on.isoformat(),) * 2
    ):
        both = [*found.get(("invoice", row["invoice_id"]), ()), *found.get(("customer", row["kept_id"]), ())]
        yield row, {each.kind for each in both}


def marks(kinds: Collection[str]) -> str | None:
    """`disputed, held, promised`: all that apply, in this order; None where nothing does."""
    return ", ".join(mark for kind, mark in MARKS.items() if kind in kinds) or None
