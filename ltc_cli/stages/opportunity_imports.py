"""Opportunities from files: joined to their leads, with their customers found or made; open, won or lost."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.errors import LtcError, Problems, UsageError
from ltc_cli.rules.contact import clean_text, normalise_email
from ltc_cli.rules.foreign import read_amount, read_day
from ltc_cli.rules.money import PPM, parse_currency
from ltc_cli.stages import customers, opportunities
from ltc_cli.stages.batches import NEVER, Known, Occurrences, fingerprints, further_text

if TYPE_CHECKING:
    from sqlite3 import Row as Record

    from ltc_cli.config import Settings
    from ltc_cli.stages.batches import Batch, Rows, Seen

DAYS = ("created_on", "won_on", "lost_on", "close_on")
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


class Importer:
    """Takes rows of opportunities into a batch."""

    def __init__(self, batch: Batch, settings: Settings, today: date) -> None:
        self.batch, self.store = batch, batch.store
        self.settings, self.today = settings, today
        self.occurrences = Occurrences(batch.store)

    def take(self, rows: Rows) -> None:
        """Add, update or reject each of the rows."""
        deals = [self._read(rows, row) for row in range(len(rows.lines))]
        known = self._known(deals, rows)
        for row, deal in enumerate(deals):
            try:
                if isinstance(deal, LtcError):
                    raise deal
                self._decide(deal, *known[row])
            except LtcError as problem:
                self.batch.reject(rows.lines[row], problem.message, rows.cells[row])
        self.batch.counts["read"] += len(rows.lines)

    # Reading

    def _read(self, rows: Rows, row: int) -> Deal | LtcError:
        def text(field: str) -> str:
            return rows.fields[field][row] if field in rows.fields else ""

        try:
            with Problems() as check:
                check.found += rows.problems.get(row, [])
                texts = {field: check(clean_text, text(field), field) for field in TEXTS}
                email = check(normalise_email, text("lead_email")) if text("lead_email").strip() else ""
                days = {field: check(self._day, text(field), rows.formats.get(field, "ymd")) for field in DAYS}
                amount_minor, currency = check(self._amount, text("amount"), text("currency"), rows) or (None, "")
            outcome = _outcome(text("status"), texts["stage"], days["won_on"], days["lost_on"])
            ended_on = self._ended_on(outcome, days)
            created_on = days["created_on"] or ended_on or self.today.isoformat()
            if created_on > self.today.isoformat():
                raise UsageError(f"{created_on} is after today ({self.today})")
        except LtcError as problem:
            return problem
        return Deal(
            lead_email=email,
            amount_minor=amount_minor,
            currency=currency,
            outcome=outcome,
            ended_on=ended_on,
            created_on=created_on,
            close_on=days["close_on"],
            probability_ppm=_probability_ppm(text("probability")),
            further=further_text(rows.further[row] if rows.further else {}),
            **texts,
        )

    def _day(self, text: str, order: Any) -> str:
        return read_day(text, order) if text.strip() else ""

    def _amount(self, text: str, currency: str, rows: Rows) -> tuple[int | None, str]:
        code = parse_currency(currency) if currency.strip() else None
        if not text.strip():
            return None, code or self.settings.currency
        mark: Any = rows.formats.get("amount", "point")
        return read_amount(text, mark, code, self.settings.currency)

    def _ended_on(self, outcome: str, days: dict[str, str]) -> str:
        """The day of the outcome; a planned close in the future is none."""
        if outcome == "open":
            return ""
        named = days["won_on"] if outcome == "won" else days["lost_on"]
        day = named or days["close_on"]
        if named > self.today.isoformat():
            raise UsageError(f"{named} is after today ({self.today})")
        return day if day <= self.today.isoformat() else ""

    # Deciding

    def _known(self, deals: list[Deal | LtcError], rows: Rows) -> list[tuple[str, bytes, Known | Seen]]:
        """For each row: what it is known by, its fingerprint, and what is known under it already."""
        prints = fingerprints(
            zip(
                *(
                    [str(value) for value in deal] if isinstance(deal, Deal) else ["bad"] * len(Deal._fields)
                    for deal in deals
                ),
                strict=True,
            )
        )
        names = [
            self._name(deal, value) if isinstance(deal, Deal) else "" for deal, value in zip(deals, prints, strict=True)
        ]
        by_id = self.batch.by_external_id(filter(None, names))
        return [(name, value, by_id.get(name, NEVER)) for name, value in zip(names, prints, strict=True)]

    def _name(self, deal: Deal, value: bytes) -> str:
        """Its own id; without one that of its lead, else what it says; of several the second is `…#2`."""
        if deal.external_id:
            return deal.external_id
        name = f"lead {deal.lead_id or deal.lead_email}" if deal.lead_id or deal.lead_email else f"row {value.hex()}"
        times = self.occurrences.next(name.encode())
        return name if times == 1 else f"{name}#{times}"

    def _decide(self, deal: Deal, name: str, value: bytes, known: Known | Seen) -> None:
        again = self.batch.by_external_id([name]).get(name) if known is NEVER and deal.external_id else None
        known = again or known
        if not isinstance(known, Known):
            return self._add(deal, name, value)
        if known.fingerprint == value:
            self.batch.counts["unchanged"] += 1
        elif self.batch.on_duplicate == "error":
            raise UsageError(f"O{known.record_id} is known as {name} already, and this row says something else")
        elif self.batch.on_duplicate == "skip":
            self.batch.counts["unchanged"] += 1
        else:
            self._update(deal, name, value, known.record_id)
        return None

    def _add(self, deal: Deal, name: str, value: bytes) -> None:
        self.batch.begin()
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
        self.batch.keep_external_ids([name], [opportunity_id], [value])
        self.batch.counts["created"] += 1

    def _lead(self, deal: Deal) -> Record | None:
        """The lead that the row names, unless another opportunity came from it."""
        if not (deal.lead_id or deal.lead_email):
            return None
        lead = self._lead_by_id(deal.lead_id) or self._lead_by_email(deal.lead_email)
        if lead is None:
            self.batch.notes[WITHOUT_LEAD] += 1
        elif self.store.one("SELECT 1 FROM opportunity WHERE lead_id = ?", (lead["id"],)):
            self.batch.notes[ALREADY_PROMOTED] += 1
            return None
        return lead

    def _lead_by_id(self, text: str) -> Record | None:
        """Under an id from a column of the same name, else one given by hand, else the only one of any file."""
        for value in filter(None, [text, *(part.strip() for part in re.split("[;,]", text))]):
            rows = self.store.all(
                "SELECT source, record_id FROM external_id WHERE kind = 'lead' AND value = ?"
                " ORDER BY CASE source WHEN ? THEN 0 WHEN '' THEN 1 ELSE 2 END",
                (value, self.batch.lead_source),
            )
            if rows and (rows[0]["source"] in (self.batch.lead_source, "") or len(rows) == 1):
                return self._survivor("id = ?", rows[0]["record_id"])
        return None

    def _lead_by_email(self, email: str) -> Record | None:
        return self._survivor("email_norm = ?", email) if email else None

    def _survivor(self, condition: str, value: Any) -> Record | None:
        return self.store.one(
            "SELECT kept.* FROM lead AS kept JOIN"
            f" (SELECT COALESCE(merged_into_id, id) AS id FROM lead WHERE {condition} ORDER BY id LIMIT 1) AS named"
            " ON named.id = kept.id",
            (value,),
        )

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

    def _update(self, deal: Deal, name: str, value: bytes, opportunity_id: int) -> None:
        """Set what the row says; a stage or an outcome that is new is a new event."""
        self.batch.begin()
        present = self.store.one(f"SELECT {', '.join(KEPT)} FROM opportunity WHERE id = ?", (opportunity_id,))
        assert present is not None
        said = {**_columns(deal), "title": deal.title or None}
        changed = {column: each for column, each in said.items() if each is not None and each != present[column]}
        if changed:
            self.store.change("opportunity", opportunity_id, **changed)
        record = opportunities.records(self.store, [opportunity_id])[0]
        moved = (deal.stage and record["stage"] != deal.stage) or deal.outcome != record["status"]
        if moved and not (record["status"] == "won" and deal.outcome == "won"):
            if deal.outcome == "open" and record["status"] != "open":
                opportunities.add_event(self.store, opportunity_id, "reopened", self.today)
            self._reach(opportunity_id, deal._replace(created_on=self.today.isoformat()))
        self.store.connection.execute(
            "UPDATE external_id SET fingerprint = ? WHERE kind = 'opportunity' AND source IN ('', ?) AND value = ?",
            (value, self.batch.id_source, name),
        )
        self.batch.counts["updated" if changed or moved else "unchanged"] += 1


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
