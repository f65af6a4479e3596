"""Leads from files: by columns, thousands at once, by the rules of `leads`; none twice, none lost."""

from __future__ import annotations

import re
from itertools import compress, repeat
from typing import TYPE_CHECKING, Any

from ltc_cli.errors import LtcError, UsageError
from ltc_cli.rules.contact import clean_column
from ltc_cli.rules.country import normalise_country
from ltc_cli.rules.foreign import read_day, said, said_column
from ltc_cli.stages import leads, suppression
from ltc_cli.stages.batches import NEVER, Known, Occurrences, Seen, fingerprints, further_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from ltc_cli.rules.contact import ColumnProblems
    from ltc_cli.rules.foreign import DayOrder
    from ltc_cli.settings import Settings
    from ltc_cli.stages.batches import Batch, Rows

CHOSEN = (
    "external_id",
    "source",
    "campaign",
    "title",
    "owner",
    "email",
    "phone",
    "note",
    "created_on",
    "opportunity_id",
)
"""Fields that may say in words that nothing was said; a name or a company may be called so."""
MARK = r"^\s*(?:'|p:)(?=[\s+(]*[0-9])"
"""What Apollo and Meta write before a number, so that no spreadsheet counts with it."""
OTHERS = {"email": "other_emails", "phone": "other_phones"}
"""Where the second and further of several in one cell are kept."""
COLUMNS = (*leads.TEXTS, "country", "email_norm", "phone_norm")
SAID = ("name", "company", "email_norm", "phone", "title", "country", "source", "campaign", "owner", "note")
"""What a row is known again by, beside its id, its day and the further columns."""


class Importer:
    """Takes rows of leads into a batch."""

    def __init__(self, batch: Batch, _settings: Settings, today: date) -> None:
        self.batch = batch
        self.store = batch.store
        self.today = today
        self.occurrences = Occurrences(batch.store)
        self.read_days: dict[str, str | LtcError] = {}
        self.erased = suppression.Listed(batch.store, "erased")

    def take(self, rows: Rows) -> None:
        """Add, update or reject each of the rows."""
        size = len(rows.lines)
        problems = rows.problems
        chunk = _Chunk(self, rows, size, problems)
        for row in range(size):
            if row in problems:
                reason = "; ".join(problem.message for problem in problems[row])
                self.batch.reject(rows.lines[row], reason, rows.cells[row])
            else:
                chunk.decide(row)
        chunk.write()
        self.batch.counts["read"] += size

    def days(self, texts: Sequence[str] | None, order: DayOrder, size: int, problems: ColumnProblems) -> list[str]:
        """ISO days; empty where the file says none."""
        if texts is None:
            return [""] * size
        found = []
        for row, text in enumerate(texts):
            day = self.read_days.get(text)
            if day is None:
                day = self._day(text, order)
            if isinstance(day, LtcError):
                problems.setdefault(row, []).append(day)
                day = ""
            found.append(day)
        return found

    def _day(self, text: str, order: DayOrder) -> str | LtcError:
        if len(self.read_days) > 100_000:
            self.read_days.clear()
        try:
            day: str | LtcError = read_day(text, order) if text.strip() else ""
            if str(day) > self.today.isoformat():
                day = UsageError(f"{day} is after today ({self.today})")
        except LtcError as problem:
            day = problem
        self.read_days[text] = day
        return day


class _Chunk:
    """Rows that are looked up and written together."""

    def __init__(self, importer: Importer, rows: Rows, size: int, problems: ColumnProblems) -> None:
        self.batch, self.store = importer.batch, importer.store
        self.importer, self.rows, self.size = importer, rows, size
        texts = {field: said_column(column) if field in CHOSEN else column for field, column in rows.fields.items()}
        _take_first(texts, rows)
        self.ids = clean_column(texts.get("external_id", [""] * size), "external id", problems)
        order: Any = rows.formats.get("created_on", "ymd")
        self.days = importer.days(texts.get("created_on"), order, size, problems)
        if "country" in texts:
            texts["country"] = clean_column(texts["country"], "country", problems)
        countries = _countries(texts.get("country"), rows, size)
        texts["name"] = _names(texts, self.ids, problems)
        ours = {field: texts[field] for field in leads.TEXTS if field in texts}
        self.values = leads.normalise_columns(ours, countries, problems)
        _keep_beside("opportunity_id", texts.get("opportunity_id"), rows)
        self.further = list(map(further_text, rows.further)) or [""] * size
        self.prints = fingerprints(
            [
                self.ids,
                *(
                    [text or "" for text in self.values[field]]
                    if field in texts or field == "email_norm"
                    else repeat("")
                    for field in SAID
                ),
                self.days,
                self.further,
            ]
        )
        self.emails = self.values["email_norm"]
        self.known_ids = self.batch.by_external_id(filter(None, self.ids))
        self.known_prints = self.batch.by_fingerprint(
            value for value, known_id in zip(self.prints, self.ids, strict=True) if not known_id
        )
        self.known_emails = _by_email(self.batch, filter(None, self.emails))
        self.next_id = self.store.next_id("lead")
        self.is_new = bytearray(size)
        self.new_ids: list[tuple[str, int, bytes]] = []
        self.new_prints: list[tuple[bytes, int, int]] = []

    def decide(self, row: int) -> None:
        """What becomes of a row without a problem."""
        external_id, value, email = self.ids[row], self.prints[row], self.emails[row]
        if self.importer.erased and self._is_erased(external_id, value, email):
            self.batch.leave_out(self.rows.lines[row], suppression.LEFT_OUT)
            return None
        seen = self.known_prints.get(value, NEVER)
        if external_id:
            known = self.known_ids.get(external_id)
            if known:
                return self._known(row, known)
        elif seen.records if email else seen.records >= self.importer.occurrences.next(value):
            self.batch.counts["unchanged"] += 1
            return None
        if email and (same := self.known_emails.get(email)):
            return self._duplicate(row, same)
        self.is_new[row] = 1
        if external_id:
            self._remember_id(row, self.next_id)
        elif not email:
            self.known_prints[value] = Seen(seen.records + 1, seen.last + 1)
            self.new_prints.append((value, seen.last + 1, self.next_id))
        if email:
            self.known_emails[email] = Known(self.next_id, value)
        self.next_id += 1
        return None

    def _is_erased(self, external_id: str, value: bytes, email: str | None) -> bool:
        """Whether the row is of somebody who was erased, by its address, its id or by all that it says."""
        erased, sources = self.importer.erased, (self.batch.id_source, "")
        if external_id and external_id in self.known_ids:
            return False
        return (
            erased.has("email", email)
            or (
                bool(external_id)
                and any(erased.has("id", suppression.of_id("lead", each, external_id)) for each in sources)
            )
            or erased.has("row", value.hex())
        )

    def _remember_id(self, row: int, lead_id: int) -> None:
        external_id, value = self.ids[row], self.prints[row]
        self.known_ids[external_id] = Known(lead_id, value)
        self.new_ids.append((external_id, lead_id, value))

    def _known(self, row: int, known: Known) -> None:
        """A row under a known id: the same as before, or changed."""
        value, external_id = self.prints[row], self.ids[row]
        if known.fingerprint == value:
            self.batch.counts["unchanged"] += 1
            return None
        if self.batch.on_duplicate == "error":
            reason = f"L{known.record_id} has the id {external_id} already, and says something else"
            return self._reject(row, reason)
        self._merge(row, known.record_id)
        if self.batch.on_duplicate == "update":
            self.known_ids[external_id] = Known(known.record_id, value)
            self.batch.keep_fingerprint(external_id, value)
        return None

    def _duplicate(self, row: int, known: Known) -> None:
        """A row with an e-mail that a lead has already: the same as before, changed, or from somewhere else."""
        if known.fingerprint == self.prints[row]:
            self.batch.counts["unchanged"] += 1
            return None
        if self.batch.on_duplicate == "error":
            return self._reject(row, f"L{known.record_id} has the e-mail {self.emails[row]} already")
        self._merge(row, known.record_id)
        if self.batch.on_duplicate == "update":
            self._remember_email(row, known.record_id)
        return None

    def _remember_email(self, row: int, lead_id: int) -> None:
        value, email = self.prints[row], self.emails[row]
        assert email is not None
        self.known_emails[email] = Known(lead_id, value)
        if self.ids[row]:
            self._remember_id(row, lead_id)
        else:
            self.store.connection.execute("UPDATE lead SET fingerprint = ? WHERE id = ?", (value, lead_id))

    def _merge(self, row: int, lead_id: int) -> None:
        """Set what the row says and the lead does not, or the one it was merged into; what it leaves blank stays."""
        if self.batch.on_duplicate == "skip":
            self.batch.counts["unchanged"] += 1
            return
        self.write()
        lead_id = self.store.value("SELECT COALESCE(merged_into_id, id) FROM lead WHERE id = ?", (lead_id,))
        said = {column: self.values[column][row] for column in COLUMNS} | {"further": self.further[row] or None}
        present = self.store.one(f"SELECT {', '.join(said)} FROM lead WHERE id = ?", (lead_id,))
        assert present is not None
        changed = {column: text for column, text in said.items() if text and text != present[column]}
        self.batch.counts["updated" if changed else "unchanged"] += 1
        self.batch.begin()
        if changed:
            self.store.change("lead", lead_id, **changed)
            if "email_norm" in changed:
                self.known_emails[changed["email_norm"]] = Known(lead_id, None)

    def _reject(self, row: int, reason: str) -> None:
        self.batch.reject(self.rows.lines[row], reason, self.rows.cells[row])

    def write(self) -> None:
        """Insert what was decided to be new."""
        count = self.is_new.count(1)
        if count:
            self._insert(count)
        if self.new_ids:
            values, ids, prints = zip(*self.new_ids, strict=True)
            self.batch.keep_external_ids(values, ids, prints)
        if self.new_prints:
            self.batch.keep_fingerprints(self.new_prints)
        self.is_new = bytearray(self.size)
        self.new_ids, self.new_prints = [], []

    def _insert(self, count: int) -> None:
        day = self.importer.today.isoformat()
        first = self.store.next_id("lead")
        said = {column: values for column, values in self.values.items() if any(values)}
        prints = [None if known_id else value for value, known_id in zip(self.prints, self.ids, strict=True)]
        self.store.add_all(
            "lead",
            count,
            id=range(first, first + count),
            **{column: self._new(values) for column, values in said.items()},
            further=self._new([text or None for text in self.further]),
            created_on=self._new([text or day for text in self.days]),
            fingerprint=self._new(prints),
            recorded_at=repeat(self.store.recorded_at),
            batch_id=repeat(self.batch.begin()),
        )
        self.batch.counts["created"] += count

    def _new(self, column: list[Any]) -> Iterable[Any]:
        return compress(column, self.is_new)


def _take_first(texts: dict[str, list[str]], rows: Rows) -> None:
    """Of several addresses or numbers in one cell the first; the others are kept beside."""
    for field, beside in OTHERS.items():
        column = texts.get(field, ())
        together = "".join(column)
        if field == "phone" and ("'" in together or "p:" in together):
            column = texts[field] = [re.sub(MARK, "", text) for text in column]
        if ":::" not in together and together.count("@") <= sum(map(bool, column)):
            continue
        found = {row: several for row, text in enumerate(column) if (several := _several(text, field))}
        if found:
            firsts = [found[row][0] if row in found else text for row, text in enumerate(column)]
            texts[field] = firsts
            _keep_beside(beside, [", ".join(found.get(row, [])[1:]) for row in range(len(firsts))], rows)


def _several(text: str, field: str) -> list[str]:
    """The addresses or numbers in a cell, where there are more than one: Google has ` ::: ` between them."""
    if ":::" in text:
        return [part.strip() for part in text.split(":::") if part.strip()]
    if field != "email" or text.count("@") < 2:
        return []
    return [part for part in re.split(r"[\s,;|]+", text) if "@" in part]


def _keep_beside(name: str, texts: Sequence[str] | None, rows: Rows) -> None:
    """Keep what a column says with the further columns."""
    if texts is None or not any(texts):
        return
    if not rows.further:
        rows.further.extend({} for _ in texts)
    for row, text in enumerate(texts):
        if text.strip():
            rows.further[row][name] = text


def _names(texts: dict[str, list[str]], ids: Sequence[str], problems: ColumnProblems) -> list[str]:
    """The name of each lead: its own, else the company's, the address, the number, the id."""
    size = len(ids)
    blank = [""] * size
    names = texts.get("name", blank)
    if "first_name" in texts or "last_name" in texts:
        parts = zip(names, texts.get("first_name", blank), texts.get("last_name", blank), strict=True)
        names = [name if name.strip() else _full_name(first.strip(), last.strip()) for name, first, last in parts]
    if all(map(str.strip, names)):
        return names
    others = [texts.get(field, blank) for field in ("company", "email", "phone")]
    named = [
        next((text for text in candidates if text.strip()), "") for candidates in zip(names, *others, ids, strict=True)
    ]
    for row, name in enumerate(named):
        if not name:
            problems.setdefault(row, []).append(UsageError("it has no name, company, e-mail, phone or id"))
    return named


def _full_name(first: str, last: str) -> str:
    """Chinese, Japanese and Korean names begin with the family and need no blank."""
    if first and last and first[0] > "\u2e80" and last[0] > "\u2e80":
        return last + first
    return f"{first} {last}".strip()


def _countries(texts: Sequence[str] | None, rows: Rows, size: int) -> list[str | None]:
    """Codes; a text that is no country is kept as a further column."""
    if texts is None:
        return [None] * size
    codes = {text: _country(text) for text in set(texts)}
    _keep_beside("country", [said(text) if codes[text] is None else "" for text in texts], rows)
    return [codes[text] for text in texts]


def _country(text: str) -> str | None:
    try:
        return normalise_country(text) if text.strip() else None
    except LtcError:
        return None


def _by_email(batch: Batch, emails: Iterable[str]) -> dict[str, Known]:
    """The leads that have these addresses; of several the oldest, a merged one as the one it was merged into."""
    found: dict[str, Known] = {}
    for row in batch.among(
        "SELECT email_norm, COALESCE(merged_into_id, id) AS id, fingerprint FROM lead WHERE email_norm IN ({marks})"
        " ORDER BY id DESC",
        (),
        emails,
    ):
        found[row["email_norm"]] = Known(row["id"], row["fingerprint"])
    return found
