"""Records of a kind, as `ltc list` shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ltc_cli.errors import UsageError
from ltc_cli.mail import outbox
from ltc_cli.receivables import EVER
from ltc_cli.report import Column, Report
from ltc_cli.rules.contact import clean_text
from ltc_cli.stages import (
    contracts,
    credit_notes,
    customers,
    fulfilment,
    invoices,
    items,
    leads,
    notice_records,
    opportunities,
    payments,
    quotes,
    tasks,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from ltc_cli.store import Store

COLUMNS = {
    "leads": leads.COLUMNS,
    "customers": customers.COLUMNS,
    "items": items.COLUMNS,
    "opportunities": opportunities.COLUMNS,
    "quotes": quotes.COLUMNS,
    "contracts": contracts.COLUMNS,
    "shipments": fulfilment.COLUMNS,
    "invoices": invoices.COLUMNS,
    "credits": credit_notes.COLUMNS,
    "payments": payments.COLUMNS,
    "notices": notice_records.LIST_COLUMNS,
    "mails": outbox.COLUMNS,
    "tasks": tasks.COLUMNS,
}

PLAIN: dict[str, Callable[[Store, Sequence[int] | None], list[dict[str, Any]]]] = {
    "leads": leads.records,
    "customers": customers.records,
    "items": items.records,
    "opportunities": opportunities.records,
    "contracts": contracts.records,
    "shipments": fulfilment.records,
    "notices": notice_records.records,
    "mails": outbox.records,
}

AS_OF: dict[str, Callable[..., list[dict[str, Any]]]] = {
    "invoices": invoices.records,
    "credits": credit_notes.records,
    "payments": payments.records,
    "tasks": tasks.records,
}
"""Kinds whose records are shown as of any day."""


def records(
    store: Store, kind: str, ids: Sequence[int] | None, today: date, as_of: date | None = None
) -> list[dict[str, Any]]:
    """Records of a kind (`leads`, `invoices` …), all of them without ids."""
    if kind == "quotes":
        return quotes.records(store, ids, today=today)
    day = as_of.isoformat() if as_of else EVER
    if kind == "tasks":
        return tasks.records(store, ids, as_of or today, as_of=day)
    if kind in AS_OF:
        return AS_OF[kind](store, ids, as_of=day)
    return PLAIN[kind](store, ids)


def plural(text: str) -> str:
    """`lead`, `Leads` as `leads`. Raises UsageError for what is no kind of record."""
    word = text.strip().casefold()
    for kind in COLUMNS:
        if word in (kind, singular(kind)):
            return kind
    raise UsageError(f"{text[:40]} is no kind of record", f"one of: {' '.join(COLUMNS)}")


def singular(kind: str) -> str:
    return {"opportunities": "opportunity", "mails": "outbox"}.get(kind, kind[:-1])


def report(
    store: Store, kind: str, today: date, *, where: Sequence[str], limit: int | None, as_of: date | None = None
) -> Report:
    """The newest last, as a terminal is read; of tasks what is open first.

    Raises UsageError for a kind that has no `as_of`.
    """
    columns = COLUMNS[kind]
    if as_of and kind not in AS_OF:
        raise UsageError(
            f"{kind} are listed as they are now, not as of a day",
            f"as of a day: ltc list {'|'.join(AS_OF)}, ltc aging, ltc funnel",
        )
    conditions = [_condition(text, columns) for text in where]
    rows = records(store, kind, None, today, as_of)
    found = [row for row in rows if all(_equals(row[key], value) for key, value in conditions)]
    shown = found[-limit:] if limit else found
    shown = tasks.open_first(shown) if kind == "tasks" else shown
    notices = [f"{len(shown)} of {len(found)} {kind}"] if len(shown) < len(found) else []
    return Report(
        columns,
        shown,
        notices=notices,
        empty=f"there are no {kind}" + (" like this" if where else ""),
    )


def _condition(text: str, columns: Sequence[Column]) -> tuple[str, str]:
    key, separator, value = text.partition("=")
    keys = [column.key for column in columns if column.kind != "list"]
    if not separator or key.strip() not in keys:
        why = f"there is no column {key.strip()[:60]}" if separator else f"{text[:60]!r} is not COLUMN=VALUE"
        raise UsageError(why, f"columns: {' '.join(keys)}")
    return key.strip(), clean_text(value, "value")


def _equals(found: Any, wanted: str) -> bool:
    return ("" if found is None else str(found)).casefold() == wanted.casefold()
