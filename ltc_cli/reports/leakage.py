"""Where money leaks at the seams: signed but not shipped, billable but not invoiced, due but not collected."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.agreed import AS_OF
from ltc_cli.receivables import balances
from ltc_cli.report import Column, Report
from ltc_cli.rules.aging import days_past_due
from ltc_cli.rules.billing import BY_QUANTITY, billable, day_of
from ltc_cli.rules.money import format_amount, round_ratio
from ltc_cli.rules.terms import falls_due
from ltc_cli.stages import amendments, contracts, quotes, shipping_stops

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from sqlite3 import Row

    from ltc_cli.reports.conversion import Conversion
    from ltc_cli.rules.billing import Progress
    from ltc_cli.rules.tax import Line
    from ltc_cli.rules.terms import PlannedShare
    from ltc_cli.store import Store

GAPS = ("unshipped", "unbilled", "uncollected")
"""The seams, in the order of the flow."""

BY = ("record", "customer")
"""What the rows are: a contract or an invoice, or a customer."""

COLUMNS = (
    Column("gap", "status"),
    Column("ref", "ref"),
    Column("customer", "ref"),
    Column("customer_name"),
    Column("since", "date", spare=1),
    Column("days", "days"),
    Column("amount", "money"),
    Column("currency"),
    Column("command", "ref", "do", spare=2),
    Column("why", "prose"),
)
CUSTOMER_COLUMNS = (
    Column("gap", "status"),
    Column("customer", "ref"),
    Column("customer_name"),
    Column("records", "count"),
    Column("since", "date", spare=1),
    Column("days", "days"),
    Column("amount", "money"),
    Column("currency"),
)


class Leak(NamedTuple):
    """Money at a seam, since a day; minor units."""

    gap: str
    ref: str
    customer_id: int
    currency: str
    since: str
    amount_minor: int
    records: int = 1


# What has not gone out, by line, of contracts as they stood on the day. One that is nothing but fees ships nothing, nor
# does one that was terminated by then.
UNSHIPPED = f"""
{AS_OF}
SELECT contract.id, signed_on, customer_id, currency, line.net_minor, line.quantity_micro,
    line.quantity_micro - COALESCE(SUM(shipment_line.quantity_micro), 0) AS left_micro
FROM contract_now AS contract JOIN contract_line_now AS line ON line.contract_id = contract.id
LEFT JOIN shipment_line ON contract_line_id = line.id AND moved_on <= ?
WHERE signed_on <= ? AND terminated_on IS NULL AND line.quantity_micro > 0
AND (NOT EXISTS (SELECT 1 FROM plan_share WHERE contract_id = contract.id AND period_from IS NOT NULL)
    OR EXISTS (SELECT 1 FROM plan_share WHERE contract_id = contract.id
        AND trigger_kind IN ('ship', 'deliver', 'accept', 'end')))
GROUP BY line.id ORDER BY contract.id
"""

UNBILLED = f"""
{AS_OF}
SELECT share.id, share.contract_id, contract.customer_id, contract.currency,
    COALESCE(billed.net_minor, 0) AS billed_minor
FROM plan_share_now AS share JOIN contract ON contract.id = share.contract_id
LEFT JOIN (
    SELECT plan_share_id, SUM(invoice_line.net_minor) AS net_minor FROM invoice_line
    JOIN invoice ON invoice.id = invoice_id WHERE issued_on <= ? GROUP BY plan_share_id
) AS billed ON billed.plan_share_id = share.id
WHERE signed_on <= ? AND share.amount_minor > COALESCE(billed.net_minor, 0)
ORDER BY share.contract_id
"""

UNCOLLECTED = """
SELECT number, open.customer_id, open.currency, MIN(due_on) AS due_on, SUM(balance_minor) AS open_minor
FROM ({balances}) AS open JOIN invoice ON invoice.id = open.invoice_id
WHERE balance_minor > 0 GROUP BY invoice.id, number, open.customer_id, open.currency ORDER BY invoice.id
"""

COMMANDS = {"unshipped": "ltc ship {ref}", "unbilled": "ltc invoice {ref}", "uncollected": "ltc collect {ref}"}


def report(store: Store, as_of: date, by: str = "record", into: Conversion | None = None) -> Report:
    """One row a contract or invoice, or a customer, and currency: at each seam the greatest amount first.

    Raises RefusedError where a rate for the one currency is not known.
    """
    leaks = [*_unshipped(store, as_of), *_unbilled(store, as_of), *_uncollected(store, as_of)]
    if into:
        leaks = [
            leak._replace(amount_minor=into(leak.amount_minor, leak.currency), currency=into.into) for leak in leaks
        ]
    names = _customers(store, leaks)
    leaks = [leak._replace(customer_id=names[leak.customer_id][0]) for leak in leaks]
    shown = leaks if by == "record" else _by_customer(leaks)
    stopped = shipping_stops.stopped(store, {leak.customer_id for leak in shown if leak.gap == "unshipped"})
    shown.sort(key=lambda leak: (GAPS.index(leak.gap), leak.currency, -leak.amount_minor, leak.since))
    return Report(
        COLUMNS if by == "record" else CUSTOMER_COLUMNS,
        [_row(leak, names[leak.customer_id][1], as_of, stopped) for leak in shown],
        totals=_totals(leaks),
        title=f"Leakage as of {as_of}",
        notices=into.notices if into else (),
        hint="ltc today",
        empty=f"nothing leaks as of {as_of}: all is shipped, billed and collected",
    )


def _unshipped(store: Store, as_of: date) -> Iterator[Leak]:
    """What contracts have sold and nobody has sent, at the price of the contract, without tax on top."""
    leaks: dict[int, Leak] = {}
    for row in store.all(UNSHIPPED, (as_of.isoformat(),) * 3):
        contract_id = row["id"]
        blank = Leak("unshipped", f"C{contract_id}", row["customer_id"], row["currency"], row["signed_on"], 0)
        leak = leaks.get(contract_id, blank)
        left_minor = round_ratio(row["net_minor"] * row["left_micro"], row["quantity_micro"])
        leaks[contract_id] = leak._replace(amount_minor=leak.amount_minor + left_minor)
    return (leak for leak in leaks.values() if leak.amount_minor)


def _unbilled(store: Store, as_of: date) -> Iterator[Leak]:
    """What the plan of the day lets us bill and nobody has billed, since the first day on which it could have been."""
    day = as_of.isoformat()
    rows = store.all(UNBILLED, (day,) * 3)
    billed = {row["id"]: row["billed_minor"] for row in rows}
    heads = {row["contract_id"]: row for row in rows}
    begun = amendments.begun(store, as_of, day)
    for row in store.among("SELECT id AS contract_id, customer_id, currency FROM contract WHERE {these:id}", begun):
        heads.setdefault(row["contract_id"], row)
    for contract_id, planned in contracts.plans(store, list(heads), day).items():
        done = contracts.progress(store, contract_id, day)
        lines = quotes.lines_of(store, "contract", contract_id, day)
        due = [
            (minor, _since(each.share, done, lines, as_of, billed[each.id]))
            for each in planned
            if each.id in billed and (minor := billable(each.share, done, lines, as_of) - billed[each.id]) > 0
        ]
        due += [(share.amount_minor, share.trigger_on or as_of) for share in begun.get(contract_id, ())]
        if due:
            row, since = heads[contract_id], min(day for _minor, day in due)
            amount_minor = sum(minor for minor, _day in due)
            ref = f"C{contract_id}"
            yield Leak("unbilled", ref, row["customer_id"], row["currency"], since.isoformat(), amount_minor)


def _since(share: PlannedShare, done: Progress, lines: Sequence[Line], as_of: date, billed_minor: int) -> date:
    """The first day on which more of a share was billable than is billed."""
    if share.trigger not in BY_QUANTITY:
        return day_of(share, done, lines) or as_of
    days = {max(falls_due(share, move.on), move.since) for move in done.moves[share.trigger]}
    return min(day for day in days if day <= as_of and billable(share, done, lines, day) > billed_minor)


def _uncollected(store: Store, as_of: date) -> Iterator[Leak]:
    """What is past due of invoices, tax included."""
    day = as_of.isoformat()
    columns = "invoice_id, customer_id, currency, due_on"
    sql = UNCOLLECTED.format(balances=balances(columns, "AND receivable.due_on < ?"))
    for row in store.all(sql, (day,) * 3):
        yield Leak("uncollected", row["number"], row["customer_id"], row["currency"], row["due_on"], row["open_minor"])


def _customers(store: Store, leaks: Iterable[Leak]) -> dict[int, tuple[int, str]]:
    """Number and name of each customer: of a merged one those of the one it was merged into."""
    rows = store.among(
        "SELECT customer.id AS own_id, kept.id, kept.name FROM customer"
        " JOIN customer AS kept ON kept.id = COALESCE(customer.merged_into_id, customer.id) WHERE {these:customer.id}",
        {leak.customer_id for leak in leaks},
    )
    kept = {row["own_id"]: (row["id"], row["name"]) for row in rows}
    return kept | {customer_id: (customer_id, name) for customer_id, name in kept.values()}


def _by_customer(leaks: Iterable[Leak]) -> list[Leak]:
    """All of a customer's leaks at a seam in a currency, since the oldest of them."""
    found: dict[tuple[str, int, str], Leak] = {}
    for leak in leaks:
        key = leak.gap, leak.customer_id, leak.currency
        if other := found.get(key):
            leak = leak._replace(
                since=min(leak.since, other.since),
                amount_minor=leak.amount_minor + other.amount_minor,
                records=other.records + 1,
            )
        found[key] = leak
    return list(found.values())


def _row(leak: Leak, name: str, as_of: date, stopped: dict[int, Row]) -> dict[str, Any]:
    """`stopped`: whom a dunning level sends nothing, and what has to be paid first."""
    reached = stopped.get(leak.customer_id) if leak.gap == "unshipped" else None
    return {
        "gap": leak.gap,
        "ref": leak.ref,
        "customer": f"K{leak.customer_id}",
        "customer_name": name,
        "records": leak.records,
        "since": leak.since,
        "days": days_past_due(date.fromisoformat(leak.since), as_of),
        "amount": format_amount(leak.amount_minor, leak.currency),
        "currency": leak.currency,
        "command": f"ltc collect {reached['number']}" if reached else COMMANDS[leak.gap].format(ref=leak.ref),
        "why": shipping_stops.why(reached) if reached else None,
    }


def _totals(leaks: Iterable[Leak]) -> list[dict[str, Any]]:
    """The sum of each seam and currency."""
    sums: dict[tuple[str, str], int] = {}
    for leak in leaks:
        sums[leak.gap, leak.currency] = sums.get((leak.gap, leak.currency), 0) + leak.amount_minor
    keys = sorted(sums, key=lambda key: (GAPS.index(key[0]), key[1]))
    return [
        {
            "gap": gap,
            "customer_name": "total",
            "amount": format_amount(sums[gap, currency], currency),
            "currency": currency,
        }
        for gap, currency in keys
    ]
