"""How many leads reached each stage, and with how much money."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.agreed import AS_OF
from ltc_cli.currencies import no_rate
from ltc_cli.report import Column, Report
from ltc_cli.rules.funnel import StageTotal, Thread, stage_totals
from ltc_cli.rules.money import format_amount, round_ratio
from ltc_cli.stages import rates
from ltc_cli.stages.leads import IS_NURTURING

if TYPE_CHECKING:
    from sqlite3 import Row

    from ltc_cli.reports.conversion import Conversion
    from ltc_cli.rules.exchange_rates import Rates
    from ltc_cli.store import Store

# A thread begins with a lead, or with an opportunity that has none; one that was won before it came here has reached
# the contract. Parameters: the day (5×), since, until.
BY = {
    "source": "root.source",
    "owner": "root.owner",
    "campaign": "root.campaign",
    "month": "substr(root.created_on, 1, 7)",
}

THREADS = (
    """
WITH root AS (
    SELECT id, source, owner, campaign, created_on FROM lead WHERE merged_into_id IS NULL
    UNION ALL
    SELECT -id, source, owner, campaign, created_on FROM opportunity WHERE lead_id IS NULL
),
touched AS (
    SELECT COALESCE(lead.merged_into_id, lead.id) AS root_id, MIN(touched_on) AS touched_on
    FROM touch JOIN lead ON lead.id = touch.lead_id WHERE touched_on <= ? AND """
    + IS_NURTURING
    + """
    GROUP BY COALESCE(lead.merged_into_id, lead.id)
),
promoted AS (
    SELECT opportunity.*, COALESCE(lead.merged_into_id, lead.id, -opportunity.id) AS root_id
    FROM opportunity LEFT JOIN lead ON lead.id = opportunity.lead_id WHERE opportunity.created_on <= ?
)
SELECT {by} AS label, root.created_on, touched_on, promoted.id AS opportunity_id, promoted.created_on AS promoted_on,
    promoted.currency, promoted.amount_minor AS promised_minor, contract.id AS contract_id, contract.signed_on,
    (SELECT MIN(event_on) FROM opportunity_event
        WHERE opportunity_id = promoted.id AND kind = 'won' AND event_on <= ?) AS won_on,
    contract.currency AS contract_currency,
    COALESCE((SELECT amount_minor FROM amendment WHERE contract_id = contract.id AND amended_on <= ?
        ORDER BY amendment.id DESC LIMIT 1), contract.amount_minor) AS contract_minor
FROM root
LEFT JOIN touched ON touched.root_id = root.id
LEFT JOIN promoted ON promoted.root_id = root.id
LEFT JOIN contract ON contract.opportunity_id = promoted.id AND contract.signed_on <= ?
WHERE root.created_on BETWEEN ? AND ?
"""
)

QUOTED = """
SELECT opportunity_id, amount_minor FROM quote AS newest WHERE created_on <= ? AND version = (
    SELECT MAX(version) FROM quote WHERE opportunity_id = newest.opportunity_id AND created_on <= ?)
"""

# Two parameters: the day, twice. What was credited is no longer asked for; the stage is reached all the same.
INVOICED = """
SELECT contract_id, MIN(issued_on) AS day, SUM(total_minor) - COALESCE(SUM((SELECT SUM(total_minor) FROM credit_note
    WHERE invoice_id = invoice.id AND credit_note.issued_on <= ?)), 0) AS amount_minor
FROM invoice WHERE issued_on <= ? AND contract_id IS NOT NULL GROUP BY contract_id
"""

# Two parameters: the day, twice. A refund of a credit note pays back what its invoice had brought in.
COLLECTED = """
SELECT contract_id, MIN(day) FILTER (WHERE moved.amount_minor > 0) AS day, SUM(moved.amount_minor) AS amount_minor
FROM (
    SELECT receivable.invoice_id, settled_on AS day, settlement.amount_minor
    FROM settlement JOIN receivable ON receivable.id = receivable_id WHERE payment_id IS NOT NULL AND settled_on <= ?
    UNION ALL
    SELECT invoice_id, refunded_on, -amount_minor
    FROM refund_moved JOIN credit_note ON credit_note.id = credit_id WHERE refunded_on <= ?
) AS moved JOIN invoice ON invoice.id = moved.invoice_id
WHERE contract_id IS NOT NULL GROUP BY contract_id
"""


# Two parameters: the day, twice. Lines as they were agreed on it.
SHIPPED = f"""
{AS_OF}
SELECT contract_id, MIN(moved_on) AS day, SUM(shipment_line.quantity_micro) AS moved_micro, line.quantity_micro,
    line.net_minor
FROM shipment_line JOIN contract_line_now AS line ON line.id = contract_line_id WHERE moved_on <= ? GROUP BY line.id
"""


class _Facts(NamedTuple):
    """What happened to opportunities and contracts by the day, by their ids."""

    quoted: dict[int, int]
    shipped: dict[int, tuple[str, int]]
    invoiced: dict[int, tuple[str, int]]
    collected: dict[int, tuple[str, int]]


def report(
    store: Store,
    as_of: date,
    base: str,
    *,
    by: str | None = None,
    since: date | None = None,
    until: date | None = None,
    into: Conversion | None = None,
) -> Report:
    """One row a stage (and group); cohorts by the day the lead was created, from `since` to `until`.

    With `into` the amounts in base currency are converted once more, all at the rate of the day of the report. Raises
    RefusedError where a rate for that is not known.
    """
    day = as_of.isoformat()
    facts = _facts(store, day)
    bounds = ((since or date.min).isoformat(), min(until or as_of, as_of).isoformat())
    groups: dict[str | None, list[Thread]] = {}
    foreign: dict[str, str] = {}
    into_base = rates.all_into(store, base)
    sql = THREADS.format(by=BY[by] if by else "''")
    for row in store.connection.execute(sql, (*(day,) * 5, *bounds)):
        groups.setdefault(row["label"], []).append(_thread(row, facts, into_base, foreign))
    if not by:
        groups.setdefault("", [])
    rows = [
        {**({by: label} if by else {}), **_written(total, base)}
        for label in sorted(groups, key=lambda label: (label is None, label))
        for total in stage_totals(groups[label])
    ]
    notices = [
        f"no rate for {currency}: amounts in it are unknown in {base}; ltc rate {currency} NUMBER --on {day}"
        for currency, day in sorted(foreign.items())
    ]
    if into:
        if foreign:
            raise no_rate(*min(foreign.items()))
        rows = [{**row, "currency": into.into} for row in into.written(rows)]
        notices += into.notices
    return Report(
        _columns(by),
        rows,
        title=f"Funnel as of {as_of}, amounts in {into.into if into else base}",
        notices=notices,
        hint="ltc aging",
        empty="no leads in this period",
    )


def _columns(by: str | None) -> list[Column]:
    return [
        *([Column(by)] if by else []),
        Column("stage"),
        Column("cumulative", "bar", " "),
        Column("count", "count"),
        Column("amount", "money"),
        Column("currency", on_table=False),
        Column("conversion", "percent", "of last"),
        Column("cumulative", "percent", "of all"),
        Column("median_days", "days", "days"),
    ]


def _facts(store: Store, day: str) -> _Facts:
    quoted = {row["opportunity_id"]: row["amount_minor"] for row in store.all(QUOTED, (day, day))}
    return _Facts(quoted, _shipped(store, day), _by_contract(store, INVOICED, day), _by_contract(store, COLLECTED, day))


def _by_contract(store: Store, sql: str, day: str) -> dict[int, tuple[str, int]]:
    return {row["contract_id"]: (row["day"], row["amount_minor"]) for row in store.all(sql, (day, day))}


def _shipped(store: Store, day: str) -> dict[int, tuple[str, int]]:
    """First day and value of what has gone out, less what came back, of each contract."""
    found: dict[int, tuple[str, int]] = {}
    for row in store.all(SHIPPED, (day, day)):
        first, value_minor = found.get(row["contract_id"], (row["day"], 0))
        if row["quantity_micro"]:
            value_minor += round_ratio(row["net_minor"] * row["moved_micro"], row["quantity_micro"])
        found[row["contract_id"]] = (min(first, row["day"]), value_minor)
    return found


def _thread(row: Row, facts: _Facts, into_base: Rates, foreign: dict[str, str]) -> Thread:
    """The days on which a lead reached the stages, and the amounts in base currency, each at the rate of its day.

    In `foreign` it notes the first day on which no rate of a currency was known.
    """
    contract_id = row["contract_id"]
    nothing = (None, None)
    shipped_on, shipped = facts.shipped.get(contract_id, nothing)
    invoiced_on, invoiced = facts.invoiced.get(contract_id, nothing)
    collected_on, collected = facts.collected.get(contract_id, nothing)
    promised = facts.quoted.get(row["opportunity_id"], row["promised_minor"])
    days = (
        row["created_on"],
        row["touched_on"],
        row["promoted_on"],
        row["signed_on"] or row["won_on"],
        shipped_on,
        invoiced_on,
        collected_on,
    )
    expected = row["contract_minor"] if promised is None else promised
    amounts = (
        None,
        None,
        expected or 0,
        row["contract_minor"] or (row["won_on"] and promised) or 0,
        shipped or 0,
        invoiced or 0,
        collected or 0,
    )
    currency = row["contract_currency"] or row["currency"] or into_base.base
    counted_on = [day or row["created_on"] for day in days]
    converted = [
        amount and into_base.in_base(amount, currency, day) for amount, day in zip(amounts, counted_on, strict=True)
    ]
    unknown = [
        day
        for now, before, day in zip(converted, amounts, counted_on, strict=True)
        if now is None and before is not None
    ]
    if unknown:
        foreign[currency] = min([*unknown, foreign.get(currency, unknown[0])])
    return Thread(days, converted, not unknown)


def _written(total: StageTotal, base: str) -> dict[str, Any]:
    return {
        "stage": total.stage,
        "count": total.leads,
        "amount": None if total.amount_minor is None else format_amount(total.amount_minor, base),
        "currency": base,
        "conversion": total.conversion,
        "cumulative": total.cumulative,
        "median_days": total.median_days,
    }
