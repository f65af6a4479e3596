"""Touches from files: the calls, mails and meetings that another program has logged with our leads."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from ltc_cli.errors import NotFoundError, Problems, UsageError
from ltc_cli.rules.contact import normalise_email
from ltc_cli.stages import leads, suppression
from ltc_cli.stages.row_imports import RowImporter

if TYPE_CHECKING:
    from ltc_cli.stages.row_imports import Row

KINDS = {
    "phone call": "call",
    "phone": "call",
    "e mail": "email",
    "mail": "email",
    "appointment": "meeting",
    "site visit": "visit",
    "web visit": "visit",
    "form submission": "reply",
    "电话": "call",
    "邮件": "email",
    "会议": "meeting",
    "拜访": "visit",
}
"""What other programs call the kinds of touches."""


class Activity(NamedTuple):
    """A row, read."""

    external_id: str
    lead_id: str
    lead_email: str
    kind: str
    touched_on: str
    note: str


class Importer(RowImporter[Activity]):
    """Takes rows of touches into a batch."""

    prefix = "touch "

    def read(self, row: Row) -> Activity:
        with Problems() as check:
            external_id, lead_id = check(row.text, "external_id"), check(row.text, "lead_id")
            email = check(normalise_email, row.text("lead_email")) if row.text("lead_email") else ""
            kind = check(_kind, row.text("kind"))
            touched_on = check(row.past_day, "touched_on")
            notes = [check(row.text, field) for field in ("subject", "note")]
        note = ": ".join(dict.fromkeys(filter(None, notes)))
        return Activity(external_id, lead_id, email, kind, touched_on, note)

    def identity(self, entry: Activity) -> tuple[str, str]:
        return entry.external_id, ""

    def is_erased(self, entry: Activity, name: str) -> bool:
        """Its lead was, by an id of any file or its address, and there is none by that name or address since."""
        ids = [suppression.of_id("lead", source, each) for each in leads.ids(entry.lead_id) for source in self.sources]
        is_listed = self.erased.has("email", entry.lead_email) or any(self.erased.has("id", each) for each in ids)
        return super().is_erased(entry, name) or (is_listed and self._lead(entry) is None)

    @cached_property
    def sources(self) -> set[str]:
        """Columns from which ids of leads came."""
        rows = self.store.all("SELECT DISTINCT source FROM external_id WHERE kind = 'lead'")
        return {"", self.batch.lead_source, *(row["source"] for row in rows)}

    def _lead(self, entry: Activity) -> int | None:
        return leads.named(self.store, entry.lead_id, self.batch.lead_source, entry.lead_email)

    def add(self, entry: Activity) -> int:
        lead_id = self._lead(entry)
        if lead_id is None:
            raise NotFoundError(f"there is no lead {entry.lead_id or entry.lead_email or 'named'}")
        touched_on = entry.touched_on or self.today.isoformat()
        leads.keep_from_mails(self.store, lead_id, entry.kind, date.fromisoformat(touched_on))
        return self.store.add(
            "touch",
            lead_id=lead_id,
            kind=entry.kind,
            note=entry.note or None,
            touched_on=touched_on,
            recorded_at=self.store.recorded_at,
            batch_id=self.batch.id,
        )

    def update(self, record_id: int, entry: Activity) -> bool:
        """Set kind, note and day as the row says."""
        said = {"kind": entry.kind, "note": entry.note or None, "touched_on": entry.touched_on or None}
        present = self.store.one("SELECT kind, note, touched_on, lead_id FROM touch WHERE id = ?", (record_id,))
        assert present is not None
        if leads.status(self.store, present["lead_id"]) == "erased":
            return False
        changed = {column: value for column, value in said.items() if value and value != present[column]}
        if changed:
            self.store.change("touch", record_id, **changed)
            day = date.fromisoformat(said["touched_on"] or present["touched_on"])
            leads.keep_from_mails(self.store, present["lead_id"], entry.kind, day)
        return bool(changed)


def _kind(text: str) -> str:
    word = " ".join(text.casefold().replace("-", " ").replace("_", " ").split())
    kind = KINDS.get(word, word)
    if kind not in leads.TOUCHES:
        raise UsageError(f"{text[:40]!r} is no kind of touch", f"one of: {' '.join(leads.TOUCHES)}")
    return kind
