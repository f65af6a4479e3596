"""Opportunities from files: joined to their leads, with their customers found or made; open, won or lost."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.errors import Problems, UsageError
from ltc_cli.rules.contact import normalise_email
from ltc_cli.rules.foreign import said
from ltc_cli.rules.money import PPM
from ltc_cli.rules.outcomes import Flags, outcome, outcome_of, read_flag
from ltc_cli.stages import customers, leads, opportunities
from ltc_cli.stages.batches import further_text
from ltc_cli.stages.row_imports import RowImporter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from sqlite3 import Row as Record

    from ltc_cli.settings import Settings
    from ltc_cli.stages.batches import Batch
    from ltc_cli.stages.row_imports import Row
    from ltc_cli.store import Store

FLAGS = Flags._fields
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

CHOSEN = ("external_id", "lead_id", "stage", "owner", "reason", "source", "campaign", "next_step")
"""Texts that may say in words that nothing was said."""
ADDRESS = r"[^\s@,;:<>()\[\]\"]{1,64}@[^\s@,;:<>()\[\]\"]+"

WITHOUT_LEAD = "{count} rows name a lead that is not here: they stand without one"
ALREADY_PROMOTED = "{count} rows name a lead that has an opportunity already: they stand without one"
BEFORE_LEAD = "{count} opportunities are dated before their leads"


class Deal(NamedTuple):
    """A row, read."""

    external_id: str
    lead_id: str
    lead_email: str
    """Addresses, with a blank between."""
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

    def __init__(self, batch: Batch, settings: Settings, today: date) -> None:
        super().__init__(batch, settings, today)
        self.became: dict[str, int] | None = None
        """Leads by the ids of the opportunities that their rows named."""

    def read(self, row: Row) -> Deal:
        beside = row.beside()
        with Problems() as check:
            texts = {field: check(row.text, field) for field in TEXTS}
            texts |= {field: said(texts[field] or "") for field in CHOSEN}
            addresses = check(_addresses, said(row.text("lead_email"))) or ""
            created_on = check(row.past_day, "created_on")
            won_on, lost_on = check(row.past_day, "won_on"), check(row.past_day, "lost_on")
            closed_on, close_on = check(row.day, "closed_on"), check(row.day, "close_on")
            amount_minor, currency = check(row.amount) or (None, "")
        status = said(row.text("status"))
        if status and outcome_of(status) is None:
            texts["stage"] = texts["stage"] or status
            beside |= {"status": status} if texts["stage"] != status else {}
        chance_ppm = _probability_ppm(row.text("probability"))
        flags = _flags({field: row.text(field) for field in FLAGS}, beside)
        ended = outcome(flags, status, texts["stage"], won_on, lost_on, is_hopeless=chance_ppm == 0)
        ended_on = self._ended_on(ended, {"won": won_on, "lost": lost_on}.get(ended) or closed_on or close_on)
        return Deal(
            lead_email=addresses,
            amount_minor=amount_minor,
            currency=currency,
            outcome=ended,
            ended_on=ended_on,
            created_on=created_on or ended_on,
            close_on=close_on,
            probability_ppm=chance_ppm,
            further=further_text(beside),
            **texts,
        )

    def _ended_on(self, ended: str, day: str) -> str:
        """The day of the outcome; a planned close in the future is none."""
        return day if ended != "open" and day <= self.today.isoformat() else ""

    def identity(self, entry: Deal) -> tuple[str, str]:
        lead = entry.lead_id or entry.lead_email
        return entry.external_id, f"lead {lead}" if lead else ""

    def address(self, entry: Deal) -> str:
        return entry.lead_email.partition(" ")[0]

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
        """The lead that the row names, or that names it, unless another opportunity came from it."""
        lead = self._named_lead(deal) or self._lead_that_became(deal.external_id)
        if lead is None and (deal.lead_id or deal.lead_email):
            self.batch.notes[WITHOUT_LEAD] += 1
        elif lead and self.store.one("SELECT 1 FROM opportunity WHERE lead_id = ?", (lead["id"],)):
            self.batch.notes[ALREADY_PROMOTED] += 1
            return None
        return lead

    def _named_lead(self, deal: Deal) -> Record | None:
        """By id, by its addresses, or by those beside a name, as in `Ada (ada@engines.example)`."""
        for email in ("", *deal.lead_email.split(), *re.findall(ADDRESS, deal.lead_id.lower())):
            lead_id = leads.named(self.store, deal.lead_id, self.batch.lead_source, email)
            if lead_id:
                return self._record(lead_id)
        return None

    def _lead_that_became(self, external_id: str) -> Record | None:
        """The lead whose own row named this opportunity, as Salesforce has it."""
        if self.became is None:
            self.became = dict(_became(self.store))
        lead_id = self.became.get(_short(external_id)) if external_id else None
        return self._record(lead_id) if lead_id else None

    def _record(self, lead_id: int) -> Record | None:
        return self.store.one(
            "SELECT kept.* FROM lead JOIN lead AS kept ON kept.id = COALESCE(lead.merged_into_id, lead.id)"
            " WHERE lead.id = ?",
            (lead_id,),
        )

    def _customer(self, deal: Deal, lead: Record | None, title: str) -> int:
        """By the name in the file, else by the lead's company; a lead without one is the customer itself."""
        known: dict[str, Any] = dict(lead) if lead else {}
        name = deal.customer or known.get("company") or known.get("name") or title
        entry = customers.NewCustomer(
            name=name,
            contact=known.get("name") if known.get("name") != name else None,
            email=known.get("email") or deal.lead_email.partition(" ")[0] or None,
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


def _became(store: Store) -> Iterator[tuple[str, int]]:
    """Ids of opportunities that leads were imported with, each with its lead."""
    for row in store.all("SELECT id, further FROM lead WHERE further LIKE '%\"opportunity_id\":%' ORDER BY id DESC"):
        for value in re.split("[;,]", json.loads(row["further"]).get("opportunity_id", "")):
            yield _short(value.strip()), row["id"]


def _short(external_id: str) -> str:
    """Salesforce writes an id in fifteen characters, or with three more that check it."""
    return external_id[:15] if re.fullmatch(r"(?a)006\w{15}", external_id) else external_id


def _flags(texts: dict[str, str], beside: dict[str, str]) -> Flags:
    """What is neither yes nor no is kept beside."""
    flags = {field: read_flag(text) for field, text in texts.items()}
    beside |= {field: texts[field] for field, flag in flags.items() if flag is None and texts[field].strip()}
    return Flags(**flags)


def _addresses(text: str) -> str:
    """One address or several, as they are compared, with a blank between."""
    found = re.findall(ADDRESS, text) if text.count("@") > 1 else [text] if text.strip() else []
    return " ".join(map(normalise_email, found))


def _probability_ppm(text: str) -> int | None:
    """`75`, `75%` or `0.75`; None for what is no probability."""
    found = re.fullmatch(r"(?a)\s*(\d{1,3})(?:[.,](\d{1,6}))?\s*(%?)\s*", text)
    if not found:
        return None
    whole, decimals = int(found[1]), (found[2] or "").ljust(6, "0")
    micro = whole * PPM + int(decimals)
    ppm = micro if found[2] and not found[3] and whole == 0 else micro // 100
    return ppm if ppm <= PPM else None
