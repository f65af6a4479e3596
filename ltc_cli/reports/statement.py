"""The statement of account of one customer: what was owed, what happened, what is owed and since when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.receivables import items, movements
from ltc_cli.report import Column, Report
from ltc_cli.rules.aging import buckets
from ltc_cli.rules.money import format_amount, grouped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from ltc_cli.receivables import Movement
    from ltc_cli.references import Reference
    from ltc_cli.reports.conversion import Conversion
    from ltc_cli.rules.allocation import OpenItem
    from ltc_cli.store import Store

MOVEMENT_COLUMNS = (
    Column("on", "date"),
    Column("ref", "ref"),
    Column("kind", on_table=False),
    Column("text", "prose", ""),
    Column("debit", "money"),
    Column("credit", "money"),
    Column("balance", "money"),
)

WORDS = {
    "invoice": "invoice",
    "fee": "dunning fee",
    "interest": "interest for late payment",
    "credit": "credit note",
    "payment": "payment",
    "reversal": "payment reversed",
    "refund": "refund",
    "refund reversed": "refund came back",
    "exchange": "paid in another currency",
    "writeoff": "written off",
    "writeoff reversed": "write-off reversed",
    "discount": "discount for early payment",
    "discount reversed": "discount taken back",
    "void": "void",
    "void reversed": "no longer void",
}
"""How a movement is told."""


class Period(NamedTuple):
    since: date | None
    """None: from the beginning."""
    until: date


class Account(NamedTuple):
    """What one customer owes in one currency, over a period; minor units."""

    currency: str
    opening_minor: int
    moved: list[Movement]
    closing_minor: int
    aged: dict[str, int]
    """What is open, by the buckets of aging; and, negative, what is held for the customer: `unapplied`."""


def report(
    store: Store,
    customer: Reference,
    period: Period,
    edges: Sequence[int],
    style: str,
    into: Conversion | None = None,
) -> Report:
    """One account a currency, as data; on a table and in CSV the movements themselves.

    With `into` one account in one currency. Raises RefusedError where a rate for that is not known.
    """
    name = store.value("SELECT name FROM customer WHERE id = ?", (customer.id,))
    accounts = _accounts(store, customer, period, edges)
    accounts = [_in_one(accounts, into)] if into and accounts else accounts
    notices = into.notices if into else ()
    empty = f"{customer.text} owed nothing up to {period.until}, and nothing happened"
    if style == "json":
        columns, rows = _account_columns(accounts), [_record(customer, name, period, each) for each in accounts]
        return Report(columns, rows, notices=notices, empty=empty)
    if style == "csv":
        rows = [{"customer": customer.text, "customer_name": name, **line} for line in _all_lines(period, accounts)]
        return Report(LINE_COLUMNS, rows, notices=notices, empty=empty)
    return _drawn(f"{customer.text} {name}", period, accounts, notices, empty)


def _drawn(who: str, period: Period, accounts: list[Account], notices: Sequence[str], empty: str) -> Report:
    """As a bank draws it: the movements of one currency after the other, and a foot for each."""
    is_one = len(accounts) == 1
    lines, foot = [], []
    for account in accounts:
        where = "" if is_one else f" in {account.currency}"
        lines += [line for line in _lines(period, account, where) if line["kind"] != "closing"]
        foot += list(_foot(period, account, where))
    since = f"{period.since} to " if period.since else "up to "
    title = f"Statement of account of {who}, {since}{period.until}"
    title += f" in {accounts[0].currency}" if is_one else ""
    return Report(MOVEMENT_COLUMNS, lines, totals=foot, title=title, notices=notices, empty=empty)


LINE_COLUMNS = (Column("customer", "ref"), Column("customer_name"), Column("currency"), *MOVEMENT_COLUMNS)


def _account_columns(accounts: list[Account]) -> list[Column]:
    return [
        Column("customer", "ref"),
        Column("customer_name"),
        Column("currency"),
        Column("since", "date"),
        Column("until", "date"),
        Column("opening", "money"),
        Column("movements", "list", columns=MOVEMENT_COLUMNS),
        Column("closing", "money"),
        *(Column(name, "money") for name in (accounts[0].aged if accounts else ())),
    ]


def _accounts(store: Store, customer: Reference, period: Period, edges: Sequence[int]) -> list[Account]:
    """In every currency in which something was owed or happened in the period."""
    until = period.until.isoformat()
    moved: dict[str, list[Movement]] = {}
    for movement in movements(store, customer.id, until):
        moved.setdefault(movement.currency, []).append(movement)
    still_open = items(store, "customer", [customer.id], until)
    accounts = (_account(each, moved[each], still_open, period, edges) for each in moved)
    return [each for each in accounts if each.moved or each.closing_minor or any(each.aged.values())]


def _in_one(accounts: list[Account], into: Conversion) -> Account:
    """All of them as one, closed with what `aging` has in that currency: its parts, each converted alone."""
    moved = [movement for account in accounts for movement in _converted(account, into)]
    moved.sort(key=lambda movement: (movement.day, movement.turn, movement.id))
    aged: dict[str, int] = {}
    for account in accounts:
        for bucket, minor in _aged_in(account, into).items():
            aged[bucket] = aged.get(bucket, 0) + minor
    closing_minor = sum(aged.values())
    opening_minor = closing_minor - sum(movement.amount_minor for movement in moved)
    return Account(into.into, opening_minor, moved, closing_minor, aged)


def _aged_in(account: Account, into: Conversion) -> dict[str, int]:
    return {bucket: into(minor, account.currency) for bucket, minor in account.aged.items()}


def _converted(account: Account, into: Conversion) -> Iterator[Movement]:
    """Each moves the converted balance before it to the one after; the last takes what rounding leaves."""
    balance_minor, closing_minor = account.opening_minor, sum(_aged_in(account, into).values())
    before_minor = into(balance_minor, account.currency)
    for number, movement in enumerate(account.moved, 1):
        balance_minor += movement.amount_minor
        is_last = number == len(account.moved)
        after_minor = closing_minor if is_last else into(balance_minor, account.currency)
        yield movement._replace(amount_minor=after_minor - before_minor, original=_original(movement, into))
        before_minor = after_minor


def _original(movement: Movement, into: Conversion) -> str:
    """What it is in its own currency; nothing where that is the one asked for."""
    if movement.currency == into.into:
        return ""
    return f"{grouped(format_amount(abs(movement.amount_minor), movement.currency))} {movement.currency}"


def _account(
    currency: str, moved: list[Movement], still_open: list[OpenItem], period: Period, edges: Sequence[int]
) -> Account:
    first = period.since.isoformat() if period.since else ""
    closing_minor = sum(each.amount_minor for each in moved)
    opening_minor = sum(each.amount_minor for each in moved if each.day < first)
    mine = [item for item in still_open if item.currency == currency]
    aged = _aged(mine, period.until, edges)
    aged["unapplied"] = closing_minor - sum(aged.values())
    return Account(currency, opening_minor, [each for each in moved if each.day >= first], closing_minor, aged)


def _aged(still_open: list[OpenItem], until: date, edges: Sequence[int]) -> dict[str, int]:
    """What is open by how long it is due."""
    return {
        bucket.name: sum(
            item.balance_minor
            for item in still_open
            if (bucket.from_on is None or item.due_on >= bucket.from_on.isoformat())
            and (bucket.to_on is None or item.due_on <= bucket.to_on.isoformat())
        )
        for bucket in buckets(until, edges)
    }


def _record(customer: Reference, name: str, period: Period, account: Account) -> dict[str, Any]:
    currency = account.currency
    return {
        "customer": customer.text,
        "customer_name": name,
        "currency": currency,
        "since": period.since and period.since.isoformat(),
        "until": period.until.isoformat(),
        "opening": format_amount(account.opening_minor, currency),
        "movements": list(_movements(account)),
        "closing": format_amount(account.closing_minor, currency),
        **{bucket: format_amount(minor, currency) for bucket, minor in account.aged.items()},
    }


def _movements(account: Account) -> Iterator[dict[str, Any]]:
    """The movements with the balance after each."""
    balance_minor, currency = account.opening_minor, account.currency
    for movement in account.moved:
        balance_minor += movement.amount_minor
        amount = format_amount(abs(movement.amount_minor), currency)
        is_debit = movement.amount_minor >= 0
        yield {
            "on": movement.day,
            "ref": movement.ref,
            "kind": movement.kind,
            "text": ", ".join(filter(None, (_told(movement), movement.original))),
            "debit": amount if is_debit else None,
            "credit": None if is_debit else amount,
            "balance": format_amount(balance_minor, currency),
        }


def _told(movement: Movement) -> str:
    words = WORDS[movement.kind]
    if movement.turn == 0:
        due = f"due {movement.told}" if movement.parts == 1 else f"{movement.parts} instalments to {movement.told}"
        return f"{words}, {due}"
    if not movement.told:
        return words
    joint = {"credit": " for ", "payment": " by ", "refund": " by "}.get(movement.kind, ": ")
    return f"{words}{joint}{movement.told}"


def _all_lines(period: Period, accounts: list[Account]) -> Iterator[dict[str, Any]]:
    for account in accounts:
        yield from _lines(period, account)


def _lines(period: Period, account: Account, where: str = "") -> Iterator[dict[str, Any]]:
    """What was owed before, the movements, and what is owed at the end, each with its balance."""
    if period.since or where:
        yield _line(account, "opening", period.since, f"opening balance{where}", account.opening_minor)
    for movement in _movements(account):
        yield {**movement, "currency": account.currency}
    yield _line(account, "closing", period.until, "closing balance", account.closing_minor)


def _line(account: Account, kind: str, on: date | None, text: str, balance_minor: int) -> dict[str, Any]:
    return {
        **dict.fromkeys(("ref", "debit", "credit")),
        "on": on and on.isoformat(),
        "kind": kind,
        "text": text,
        "balance": format_amount(balance_minor, account.currency),
        "currency": account.currency,
    }


def _foot(period: Period, account: Account, where: str) -> Iterator[dict[str, Any]]:
    """The closing balance, and of what it is made: by days past due, less what is held for the customer."""
    yield _line(account, "closing", period.until, f"closing balance{where}", account.closing_minor)
    for bucket, minor in account.aged.items():
        if minor:
            yield _line(account, bucket, None, AGED.get(bucket, f"{bucket} days past due"), minor)


AGED = {"current": "not yet due", "unapplied": "held for you"}
"""How the parts of the closing balance are told; the others by their days past due."""
