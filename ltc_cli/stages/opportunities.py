"""Opportunities: promoted from leads, moved through the stages of the config, won by `sign` or lost with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ltc_cli.errors import RefusedError, UsageError
from ltc_cli.references import find, name
from ltc_cli.report import Column
from ltc_cli.rules import states
from ltc_cli.rules.contact import clean_name
from ltc_cli.rules.money import PPM, format_amount
from ltc_cli.stages import customers, leads

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from sqlite3 import Row

    from ltc_cli.references import Reference
    from ltc_cli.settings import Stage
    from ltc_cli.store import Store

LOSE_REASONS = ("price", "competitor", "timing")

COLUMNS = (
    Column("ref", "ref"),
    Column("title", spare=5),
    Column("status", "status"),
    Column("lead", "ref", spare=4),
    Column("customer", "ref"),
    Column("customer_name"),
    Column("amount", "money"),
    Column("currency"),
    Column("stage"),
    Column("probability", "percent", "chance", spare=1),
    Column("close_on", "date", spare=2),
    Column("owner", spare=3),
    Column("next_on", "date", on_table=False),
    Column("next_step", on_table=False),
    Column("reason", on_table=False),
    Column("source", on_table=False),
    Column("campaign", on_table=False),
    Column("created_on", "date", on_table=False),
    Column("external_id", on_table=False),
    Column("note", on_table=False),
    Column("further", "list", on_table=False, columns=(Column("column"), Column("value"))),
)


def promote(
    store: Store,
    lead: Reference,
    on: date,
    *,
    stage: Stage,
    currency: str,
    amount_minor: int | None = None,
    title: str | None = None,
    close_on: date | None = None,
    owner: str | None = None,
    customer: str | None = None,
) -> tuple[int, bool]:
    """Make the lead an opportunity in the first stage; its customer is found, or made from the lead's contact data.

    Answers the opportunity's id, and whether it is new.
    """
    row, status = leads.standing(store, lead.id)
    if not states.follow("lead", status, "promote", lead.text):
        return _promoted_before(store, lead, amount_minor, currency), False
    opportunity_id = store.add(
        "opportunity",
        lead_id=lead.id,
        customer_id=find(store, customer, "customer").id if customer else _customer_of(store, row, on),
        title=leads.optional(title, "title") or row["company"] or row["name"],
        currency=currency,
        amount_minor=amount_minor,
        close_on=close_on.isoformat() if close_on else None,
        owner=leads.optional(owner, "owner") or row["owner"],
        created_on=on.isoformat(),
        recorded_at=store.recorded_at,
    )
    _reach(store, opportunity_id, stage.name, stage.probability_ppm, on)
    store.touch(lead.text)
    return opportunity_id, True


def _promoted_before(store: Store, lead: Reference, amount_minor: int | None, currency: str) -> int:
    """The opportunity that the lead became. Raises RefusedError when another amount is wished now."""
    opportunity = find(store, lead.text, "opportunity")
    row = store.one("SELECT amount_minor, currency FROM opportunity WHERE id = ?", (opportunity.id,))
    assert row is not None
    if amount_minor is not None and (amount_minor, currency) != tuple(row):
        raise RefusedError(
            f"{lead.text} was promoted to {opportunity.text} with another amount",
            f"ltc quote {opportunity.text} --line …",
        )
    return opportunity.id


def _customer_of(store: Store, lead: Row, on: date) -> int:
    return customers.find_or_add(
        store,
        customers.NewCustomer(
            name=lead["company"] or lead["name"],
            contact=lead["name"] if lead["company"] else None,
            email=lead["email"],
            phone=lead["phone"],
            country=lead["country"],
            owner=lead["owner"],
            kind="business",
        ),
        on,
    )


def advance(
    store: Store,
    opportunity: Reference,
    on: date,
    *,
    stages: Sequence[Stage],
    stage: str | None = None,
    probability_ppm: int | None = None,
    close_on: date | None = None,
    next_step: tuple[date, str] | None = None,
) -> None:
    """Move to a stage of the config or to the one after the present; plan the close and the next step."""
    record = records(store, [opportunity.id])[0]
    states.follow("opportunity", record["status"], "advance", opportunity.text)
    plans = {"close_on": close_on.isoformat()} if close_on else {}
    if next_step:
        plans |= {"next_on": next_step[0].isoformat(), "next_step": next_step[1]}
    if plans:
        store.change("opportunity", opportunity.id, **plans)
    if stage is None and probability_ppm is None and plans:
        return
    reached = _named_stage(stages, stage) if stage else _next_stage(stages, record["stage"], probability_ppm)
    chance_ppm = reached.probability_ppm if probability_ppm is None else probability_ppm
    _reach(store, opportunity.id, reached.name, chance_ppm, on)
    store.touch(opportunity.text)


def _named_stage(stages: Sequence[Stage], wanted: str) -> Stage:
    for stage in stages:
        if stage.name.casefold() == wanted.strip().casefold():
            return stage
    raise UsageError(f"there is no stage {wanted[:60]}", f"the config has: {' '.join(stage.name for stage in stages)}")


def _next_stage(stages: Sequence[Stage], present: str, probability_ppm: int | None) -> Stage:
    """The stage after the present one; the present one itself when only its probability is set."""
    names = [stage.name for stage in stages]
    position = names.index(present) if present in names else -1
    if probability_ppm is not None and position >= 0:
        return stages[position]
    if position + 1 == len(stages):
        raise RefusedError(f"{present} is the last stage", "ltc sign wins it, ltc lose loses it")
    return stages[position + 1]


def _reach(store: Store, opportunity_id: int, stage: str, probability_ppm: int, on: date) -> None:
    add_event(store, opportunity_id, "stage", on, stage=stage, probability_ppm=probability_ppm)


def lose(store: Store, opportunity: Reference, on: date, reason: str, note: str | None = None) -> bool:
    """Whether the opportunity was not lost before."""
    status = records(store, [opportunity.id])[0]["status"]
    if not states.follow("opportunity", status, "lose", opportunity.text):
        return False
    reason, words = clean_name(reason, "reason"), leads.optional(note, "note")
    add_event(store, opportunity.id, "lost", on, reason=reason, note=words)
    return True


def reopen(store: Store, opportunity: Reference, on: date) -> bool:
    """Whether the opportunity was lost before."""
    status = records(store, [opportunity.id])[0]["status"]
    if not states.follow("opportunity", status, "reopen", opportunity.text):
        return False
    add_event(store, opportunity.id, "reopened", on)
    return True


def add_event(store: Store, opportunity_id: int, kind: str, on: date, **values: Any) -> None:
    """Say that it reached a stage, was won elsewhere, lost or reopened (`kind`)."""
    store.add(
        "opportunity_event",
        opportunity_id=opportunity_id,
        kind=kind,
        event_on=on.isoformat(),
        recorded_at=store.recorded_at,
        batch_id=store.batch_id,
        **values,
    )
    store.touch(name("opportunity", opportunity_id).text)


# What is expected: the newest quote, else what `promote` said, else what was signed.
RECORDS = """
SELECT opportunity.*, customer.id AS kept_id, customer.name AS customer_name, contract.id AS contract_id,
    COALESCE(lead.merged_into_id, lead.id) AS root_id,
    COALESCE(
        (SELECT amount_minor FROM quote WHERE opportunity_id = opportunity.id ORDER BY version DESC LIMIT 1),
        opportunity.amount_minor, contract.amount_minor
    ) AS expected_minor,
    COALESCE(contract.currency, opportunity.currency) AS expected_currency,
    reached.stage, reached.probability_ppm,
    turned.kind AS turned, turned.reason,
    (SELECT value FROM external_id WHERE kind = 'opportunity' AND record_id = opportunity.id AND source <> ''
        ORDER BY source, value LIMIT 1) AS external_id
FROM opportunity
JOIN customer_now AS customer ON customer.own_id = opportunity.customer_id
LEFT JOIN lead ON lead.id = opportunity.lead_id
LEFT JOIN contract ON contract.opportunity_id = opportunity.id
LEFT JOIN opportunity_event AS reached ON reached.id = (
    SELECT MAX(id) FROM opportunity_event WHERE opportunity_id = opportunity.id AND kind = 'stage')
LEFT JOIN opportunity_event AS turned ON turned.id = (
    SELECT MAX(id) FROM opportunity_event WHERE opportunity_id = opportunity.id AND kind IN ('won', 'lost', 'reopened'))
WHERE {these:opportunity.id}
ORDER BY opportunity.id
"""


def records(store: Store, ids: Sequence[int] | None = None) -> list[dict[str, Any]]:
    """Opportunities as they are shown; all of them without ids."""
    rows = store.among(RECORDS, ids)
    return [_record(row) for row in rows]


def _record(row: Row) -> dict[str, Any]:
    status = "won" if row["contract_id"] else {"won": "won", "lost": "lost"}.get(row["turned"], "open")
    probability_ppm = {"won": PPM, "lost": 0}.get(status, row["probability_ppm"])
    expected_minor = row["expected_minor"]
    return {
        "ref": f"O{row['id']}",
        "title": row["title"],
        "status": status,
        "lead": f"L{row['root_id']}" if row["root_id"] else None,
        "customer": f"K{row['kept_id']}",
        "customer_name": row["customer_name"],
        "amount": None if expected_minor is None else format_amount(expected_minor, row["expected_currency"]),
        "currency": row["expected_currency"],
        "stage": row["stage"],
        "probability": None if probability_ppm is None else probability_ppm / PPM,
        "close_on": row["close_on"],
        "owner": row["owner"],
        "next_on": row["next_on"],
        "next_step": row["next_step"],
        "reason": row["reason"] if status == "lost" else None,
        "source": row["source"],
        "campaign": row["campaign"],
        "created_on": row["created_on"],
        "external_id": row["external_id"],
        "note": row["note"],
        "further": leads.further_columns(row["further"]),
    }
