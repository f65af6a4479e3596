"""Opportunities from files: joined to their leads, with their customers found or made; open, won or lost."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.errors import Problems, UsageError
from ltc_cli.rules.contact import normalise_email
from ltc_cli.rules.money import PPM
from ltc_cli.stages import customers, leads, opportunities
from ltc_cli.stages.row_imports import RowImporter

if TYPE_CHECKING:
    from sqlite3 import Row as Record

    from ltc_cli.stages.row_imports import Row

TEXTS = (
    "external_id",
    "lead_id",
    "title",
    "customer",
    "stage",
    "owner",
    "reason",
    "source",
    "campaign",
    "next_step",
    "note",
)
KEPT = ("title", "owner", "close_on", "next_step", "source", "campaign", "note", "amount_minor", "currency", "further")
"""Columns of an opportunity that an update sets."""

WON = r"\b(?:closed)?won\b|赢单|成交"
LOST = r"\b(?:closed)?lost\b|输单|丢单|流失"

WITHOUT_LEAD = "{count} rows name a lead that is not here: they stand without one"
ALREADY_PROMOTED = "{count} rows name a lead that has an opportunity already: they stand without one"
BEFORE_LEAD = "{count} opportunities are dated before their leads"


class Deal(NamedTuple):
    """A row, read."""

    external_id: str
    lead_id: str
    lead_email: str
    title: str
    customer: str
    amount_minor: int | None
    currency: str
    stage: str
    outcome: str
    """`open`, `won` or `lost`."""
    ended_on: str
    """The day it was won or lost, where the file says so."""
    created_on: str
    close_on: str
    probability_ppm: int | None
    owner: str
    reason: str
    source: str
    campaign: str
    next_step: str
    note: str
    further: str


class Importer(RowImporter[Deal]):
    """Takes rows of opportunities into a batch."""

    prefix = "O"

    def read(self, row: Row) -> Deal:
        with Problems() as check:
            texts = {field: check(row.text, field) for field in TEXTS}
            email = check(normalise_email, row.text("lead_email")) if row.text("lead_email") else ""
            created_on = check(row.past_day, "created_on")
            won_on, lost_on = check(row.past_day, "won_on"), check(row.past_day, "lost_on")
            close_on = check(row.day, "close_on")
            amount_minor, currency = check(row.amount) or (None, "")
        outcome = _outcome(row.text("status"), texts["stage"], won_on, lost_on)
        ended_on = {"won": won_on, "lost": lost_on}.get(outcome, "")
        if outcome != "open" and not ended_on and close_on <= self.today.isoformat():
            ended_on = close_on
        return Deal(
            lead_email=email,
            amount_minor=amount_minor,
            currency=currency,
            outcome=outcome,
            ended_on=ended_on,
            created_on=created_on or ended_on,
            close_on=close_on,
            probability_ppm=_probability_ppm(row.text("probability")),
            further=row.further(),
            **texts,
        )

    def identity(self, entry: Deal) -> tuple[str, str]:
        lead = entry.lead_id or entry.lead_email
        return entry.external_id, f"lead {lead}" if lead else ""

    def add(self, entry: Deal) -> int:
        deal = entry._replace(created_on=entry.created_on or self.today.isoformat())
        lead = self._lead(deal)
        title = deal.title or deal.customer or (lead and (lead["company"] or lead["name"])) or deal.external_id
        if not title:
            raise UsageError("it has no title, customer, lead or id")
        if lead and lead["created_on"] > deal.created_on:
            self.batch.notes[BEFORE_LEAD] += 1
        opportunity_id = self.store.add(
            "opportunity",
            lead_id=lead["id"] if lead else None,
            customer_id=self._customer(deal, lead, title),
            title=title,
            created_on=deal.created_on,
            recorded_at=self.store.recorded_at,
            batch_id=self.batch.id,
            **_columns(deal),
        )
        self._reach(opportunity_id, deal)
        return opportunity_id

    def _lead(self, deal: Deal) -> Record | None:
        """The lead that the row names, unless another opportunity came from it."""
        if not (deal.lead_id or deal.lead_email):
            return None
        lead_id = leads.named(self.store, deal.lead_id, self.batch.lead_source, deal.lead_email)
        lead = self.store.one("SELECT * FROM lead WHERE id = ?", (lead_id,)) if lead_id else None
        if lead is None:
            self.batch.notes[WITHOUT_LEAD] += 1
        elif self.store.one("SELECT 1 FROM opportunity WHERE lead_id = ?", (lead["id"],)):
            self.batch.notes[ALREADY_PROMOTED] += 1
            return None
        return lead

    def _customer(self, deal: Deal, lead: Record | None, title: str) -> int:
        """By the name in the file, else by the lead's company; a lead without one is the customer itself."""
        known: dict[str, Any] = dict(lead) if lead else {}
        name = deal.customer or known.get("company") or known.get("name") or title
        entry = customers.NewCustomer(
            name=name,
            contact=known.get("name") if known.get("name") != name else None,
            email=known.get("email") or deal.lead_email or None,
            phone=known.get("phone"),
            country=known.get("country"),
            owner=deal.owner or known.get("owner"),
        )
        return customers.find_or_add(self.store, entry, date.fromisoformat(deal.created_on))

    def _reach(self, opportunity_id: int, deal: Deal) -> None:
        """The stage it stands in, and how it ended."""
        stage = next((each for each in self.settings.stages if each.name.casefold() == deal.stage.casefold()), None)
        chance_ppm = deal.probability_ppm
        if chance_ppm is None and stage:
            chance_ppm = stage.probability_ppm
        first = self.settings.stages[0]
        name = stage.name if stage else deal.stage or first.name
        if not deal.stage and chance_ppm is None:
            chance_ppm = first.probability_ppm
        day = date.fromisoformat(deal.created_on)
        opportunities.add_event(self.store, opportunity_id, "stage", day, stage=name, probability_ppm=chance_ppm)
        if deal.outcome != "open":
            day = date.fromisoformat(deal.ended_on or deal.created_on)
            reason = deal.reason or "not said" if deal.outcome == "lost" else None
            opportunities.add_event(self.store, opportunity_id, deal.outcome, day, reason=reason)

    def update(self, record_id: int, entry: Deal) -> bool:
        """Set what the row says; a stage or an outcome that is new is a new event."""
        present = self.store.one(f"SELECT {', '.join(KEPT)} FROM opportunity WHERE id = ?", (record_id,))
        assert present is not None
        said = {**_columns(entry), "title": entry.title or None}
        changed = {column: each for column, each in said.items() if each is not None and each != present[column]}
        if changed:
            self.store.change("opportunity", record_id, **changed)
        record = opportunities.records(self.store, [record_id])[0]
        has_ended = record["status"] == entry.outcome != "open"
        has_moved = not has_ended and (
            entry.outcome != record["status"] or bool(entry.stage and entry.stage != record["stage"])
        )
        if has_moved:
            if entry.outcome == "open" and record["status"] != "open":
                opportunities.add_event(self.store, record_id, "reopened", self.today)
            self._reach(record_id, entry._replace(created_on=self.today.isoformat()))
        return bool(changed) or has_moved


def _columns(deal: Deal) -> dict[str, Any]:
    """What the row sets in its opportunity, blank as None."""
    return {
        "currency": deal.currency,
        "amount_minor": deal.amount_minor,
        "close_on": deal.close_on or None,
        "owner": deal.owner or None,
        "next_step": deal.next_step or None,
        "source": deal.source or None,
        "campaign": deal.campaign or None,
        "note": deal.note or None,
        "further": deal.further or None,
    }


def _outcome(status: str, stage: str, won_on: str, lost_on: str) -> str:
    """By the words of status and stage, else by the dates."""
    for text in (status, stage):
        words = re.sub(r"[\W_]+", " ", text.casefold())
        if re.search(WON, words):
            return "won"
        if re.search(LOST, words):
            return "lost"
    if won_on:
        return "won"
    return "lost" if lost_on else "open"


def _probability_ppm(text: str) -> int | None:
    """`75`, `75%` or `0.75`; None for what is no probability."""
    found = re.fullmatch(r"(?a)\s*(\d{1,3})(?:[.,](\d{1,6}))?\s*(%?)\s*", text)
    if not found:
        return None
    whole, decimals = int(found[1]), (found[2] or "").ljust(6, "0")
    micro = whole * PPM + int(decimals)
    ppm = micro if found[2] and not found[3] and whole == 0 else micro // 100
    return ppm if ppm <= PPM else None
