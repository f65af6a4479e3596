"""Nurture: leads go through sequences of mails and tasks, until they answer, leave, or have become a sale.

All is decided from facts at the moment of the run. A lead takes one step a day at most, each step once, and none before
its distance to the one before; so a run more or an outage changes nothing but the day.
"""

from __future__ import annotations

import json
import re
from datetime import date
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.errors import ConfigError, LtcError, RefusedError, UsageError
from ltc_cli.mail import outbox, samples, templates
from ltc_cli.mail.message import refuse_address
from ltc_cli.report import Column, first_few
from ltc_cli.rules.business_days import days_after, is_business_day, next_business_day
from ltc_cli.rules.fit import fits
from ltc_cli.stages import leads, suppression, tasks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from sqlite3 import Row

    from ltc_cli.mail.message import Letter
    from ltc_cli.references import Reference
    from ltc_cli.settings import Sequence, Settings, Step
    from ltc_cli.stages.mailing import Office
    from ltc_cli.store import Store

COLUMNS = (
    Column("ref", "ref"),
    Column("name"),
    Column("what", "status"),
    Column("sequence", spare=2),
    Column("step", "count", spare=3),
    Column("mail", "ref"),
    Column("task"),
    Column("next_step_on", "date", spare=1),
    Column("said", "prose"),
)

CHINESE = ("CN", "HK", "MO", "TW")
"""Countries whose leads are written to in Chinese."""

STOPPING = ("reply", "bounce", "unsubscribe")
"""Touches after which a sequence does not go on."""

MOST = 500
"""Mails of a run; so many are written in a few seconds, and a rule that meant too many is seen in time."""

NOW = """
SELECT now.*, lead.name, lead.company, lead.title, lead.country, lead.source, lead.campaign, lead.owner, lead.email,
    lead.email_norm, lead.phone, lead.merged_into_id
FROM sequence_event AS now JOIN lead ON lead.id = now.lead_id
WHERE NOT EXISTS (SELECT 1 FROM sequence_event AS later
    WHERE later.lead_id = now.lead_id AND later.sequence = now.sequence AND later.id > now.id)
"""

FAMILY = "SELECT id FROM lead AS member WHERE member.id = {lead} OR member.merged_into_id = {lead}"

# Leads that a rule may enrol: young enough, in nobody's hands yet, and the first with this address.
CANDIDATES = f"""
SELECT lead.* FROM lead
WHERE merged_into_id IS NULL AND created_on BETWEEN ? AND ? AND (email_norm IS NOT NULL OR ? = 0)
AND NOT EXISTS (SELECT 1 FROM erasure WHERE kind = 'lead' AND record_id = lead.id)
AND NOT EXISTS (SELECT 1 FROM opportunity WHERE lead_id IN ({FAMILY.format(lead="lead.id")}))
AND NOT EXISTS (SELECT 1 FROM touch WHERE kind IN {STOPPING} AND lead_id IN ({FAMILY.format(lead="lead.id")}))
AND COALESCE((SELECT kind FROM lead_event WHERE lead_id IN ({FAMILY.format(lead="lead.id")})
    ORDER BY lead_event.id DESC LIMIT 1), '') <> 'dropped'
AND NOT EXISTS (SELECT 1 FROM sequence_event WHERE sequence = ?
    AND lead_id IN ({FAMILY.format(lead="lead.id")} UNION ALL
        SELECT id FROM lead AS same WHERE same.email_norm = lead.email_norm))
ORDER BY lead.id
"""


class Done(NamedTuple):
    """What a run did, and what there is to say besides."""

    rows: list[dict[str, Any]]
    notices: list[str]
    is_whole: bool


# By hand


def enrol(store: Store, settings: Settings, lead: Reference, wanted: str, on: date) -> str | None:
    """Enrol a lead in a sequence; one that was stopped goes on with the step after the last that was done.

    Answers why there was nothing to do, or None. Raises RefusedError for a lead that is not to be written to.
    """
    sequence = _named(settings, wanted)
    record = leads.records(store, [lead.id])[0]
    if record["status"] in ("promoted", "dropped", "erased"):
        raise RefusedError(f"{lead.text} is {record['status']}: it is not enrolled", f"ltc show {lead.text}")
    _refuse_address(store, lead, sequence)
    last = _last(store, lead.id, wanted)
    if last and last["kind"] != "stopped" and _why_stopped(store, last) is None:
        return f"{lead.text} is in {wanted} already" if last["next_on"] else f"{lead.text} has been through {wanted}"
    done = store.value(
        "SELECT COALESCE(MAX(position), 0) FROM sequence_event WHERE kind = 'step' AND sequence = ?"
        f" AND lead_id IN ({FAMILY.format(lead=lead.id)})",
        (wanted,),
    )
    if done >= len(sequence.steps):
        return f"{lead.text} has been through {wanted}"
    _enrol(store, settings, sequence, wanted, lead.id, record["country"], on, done)
    return None


def _named(settings: Settings, wanted: str) -> Sequence:
    sequence = settings.nurture.sequences.get(wanted)
    if sequence is None:
        known = ", ".join(settings.nurture.sequences) or "nurture.sequences in config.yaml is empty"
        raise UsageError(f"there is no sequence {wanted[:60]}", f"there is: {known}")
    return sequence


def _refuse_address(store: Store, lead: Reference, sequence: Sequence) -> None:
    email = store.value("SELECT email_norm FROM lead WHERE id = ?", (lead.id,))
    why = suppression.why(store, email) if email else None
    if why:
        raise RefusedError(
            f"{lead.text} is not written to by sequences: {why}", f"ltc edit {lead.text} email=… has another address"
        )
    if _has_mails(sequence) and not email:
        raise RefusedError(f"{lead.text} has no e-mail address", f"ltc edit {lead.text} email=…")


def _has_mails(sequence: Sequence) -> bool:
    return any(step.mail for step in sequence.steps)


def _last(store: Store, lead_id: int, sequence: str) -> Row | None:
    return store.one(f"{NOW} AND now.lead_id = ? AND now.sequence = ?", (lead_id, sequence))


def _enrol(
    store: Store,
    settings: Settings,
    sequence: Sequence,
    wanted: str,
    lead_id: int,
    country: str | None,
    on: date,
    done: int = 0,
) -> date:
    next_on = _open_on(settings, sequence, country, days_after(on, sequence.steps[done].after_days))
    store.add(
        "sequence_event",
        lead_id=lead_id,
        sequence=wanted,
        kind="enrolled",
        position=done,
        next_on=next_on.isoformat(),
        touch_id=store.value("SELECT COALESCE(MAX(id), 0) FROM touch"),
        lead_event_id=store.value("SELECT COALESCE(MAX(id), 0) FROM lead_event"),
        event_on=on.isoformat(),
        recorded_at=store.recorded_at,
    )
    store.touch(f"L{lead_id}")
    return next_on


def _open_on(settings: Settings, sequence: Sequence, country: str | None, day: date) -> date:
    """The day, or the next business day where the lead is; a lead of no country is in the company's."""
    return next_business_day(day, country or settings.company.country) if sequence.business_days else day


WAITING_OF = """
SELECT sequence FROM sequence_event JOIN outbox ON outbox.id = outbox_id
WHERE lead_id = ? AND outbox.state IN ('queued', 'claimed')
"""


def stop(store: Store, lead: Reference, on: date) -> bool:
    """Stop every sequence that the lead is in, or whose last mail has not gone. Answers whether there was one."""
    waiting = {row["sequence"] for row in store.all(WAITING_OF, (lead.id,))}
    rows = [
        row
        for row in store.all(f"{NOW} AND now.lead_id = ?", (lead.id,))
        if row["next_on"] or (row["sequence"] in waiting and row["kind"] != "stopped")
    ]
    for row in rows:
        _stop(store, row, "by hand", on)
    return bool(rows)


def _stop(store: Store, row: Row, reason: str, on: date) -> None:
    _add(store, row, "stopped", row["position"], on, reason=reason)


def _add(store: Store, row: Row, kind: str, position: int, on: date, **values: Any) -> int:
    store.touch(f"L{row['lead_id']}")
    return store.add(
        "sequence_event",
        lead_id=row["lead_id"],
        sequence=row["sequence"],
        kind=kind,
        position=position,
        touch_id=row["touch_id"],
        lead_event_id=row["lead_event_id"],
        event_on=on.isoformat(),
        recorded_at=store.recorded_at,
        **values,
    )


# A run


def run(store: Store, settings: Settings, desk: Office | None, on: date) -> Done:
    """Enrol whom the rules want, and take every step that is due: mails are queued, tasks are noted.

    The desk may be missing where no sequence has a mail.
    """
    done = Done([], [], is_whole=True)
    for wanted, sequence in settings.nurture.sequences.items():
        if sequence.when is not None:
            _enrol_by_rule(store, settings, sequence, wanted, on, done)
    return _Run(store, settings, desk, on, done).steps()


def _enrol_by_rule(store: Store, settings: Settings, sequence: Sequence, wanted: str, on: date, done: Done) -> None:
    first = date.fromordinal(max(1, on.toordinal() - sequence.within_days)).isoformat()
    listed = suppression.Listed(store)
    seen: set[str] = set()
    kept_out, unreached, doubtful = 0, [], []
    restored = store.restored()
    mails_alone = not any(step.task for step in sequence.steps)
    for row in store.all(CANDIDATES, (first, on.isoformat(), int(mails_alone), wanted)):
        if not fits(vars(sequence.when), _fields(row)) or row["email_norm"] in seen:
            continue
        if not row["email_norm"] and _has_mails(sequence):
            unreached.append(f"L{row['id']}")
            continue
        if listed.has("email", row["email_norm"]):
            kept_out += 1
            continue
        if restored and row["recorded_at"] < restored["recorded_at"]:
            doubtful.append(f"L{row['id']}")
            continue
        if row["email_norm"]:
            seen.add(row["email_norm"])
        next_on = _enrol(store, settings, sequence, wanted, row["id"], row["country"], on)
        done.rows.append(_row(row["id"], row["name"], "enrolled", wanted, None, next_on.isoformat()))
    if kept_out:
        done.notices.append(f"{wanted}: not enrolled, for their addresses are not to be written to: {kept_out}")
    if unreached:
        done.notices.append(f"{wanted}: not enrolled, for they have no e-mail address: {first_few(unreached, ' ')}")
    if doubtful:
        why = f"since the backup that was restored they may have been: {first_few(doubtful, ' ')}"
        done.notices.append(f"{wanted}: not enrolled, for {why}; ltc nurture {doubtful[0]} --enroll {wanted}")


def _fields(row: Row) -> dict[str, str | None]:
    """What rules ask for; the size of the company is what an import has kept of it."""
    further: dict[str, str] = json.loads(row["further"]) if row["further"] else {}
    sizes = [value for column, value in further.items() if re.sub(r"\W|_", "", column).casefold() == "companysize"]
    return {
        **{field: row[field] for field in ("country", "source", "campaign", "title")},
        "company_size": next(iter(sizes), None),
    }


def _row(
    lead_id: int,
    name: str,
    what: str,
    sequence: str,
    step: int | None,
    next_on: str | None,
    *,
    mail_id: int | None = None,
    task: str | None = None,
    said: str | None = None,
) -> dict[str, Any]:
    return {
        "ref": f"L{lead_id}",
        "name": name,
        "what": what,
        "sequence": sequence,
        "step": step,
        "mail": f"M{mail_id}" if mail_id else None,
        "task": task,
        "next_step_on": next_on,
        "said": said,
    }


class _Run:
    """The steps of one run."""

    def __init__(self, store: Store, settings: Settings, desk: Office | None, on: date, done: Done) -> None:
        self.store, self.settings, self.desk, self.on, self.done = store, settings, desk, on, done
        self.stepped = _stepped_on(store, on)
        self.busy = _busy_addresses(store, on)
        self.missing: set[str] = set()
        self.mails = self.waiting = 0
        self.is_whole = True

    def steps(self) -> Done:
        for row in self.store.all(f"{NOW} AND now.next_on <= ? ORDER BY now.next_on, now.id", (self.on.isoformat(),)):
            sequence = self.settings.nurture.sequences.get(row["sequence"])
            if sequence is None:
                self.missing.add(row["sequence"])
            else:
                self._consider(row, sequence)
        for name in sorted(self.missing):
            self.done.notices.append(f"the sequence {name:.60} is not in config.yaml: its leads wait")
        if self.waiting:
            self.done.notices.append(f"{self.waiting} more mails wait for the next run: this one has {MOST}")
        return self.done._replace(is_whole=self.is_whole and not self.waiting)

    def _consider(self, row: Row, sequence: Sequence) -> None:
        """Stop the sequence, take its next step, or let it wait for another day."""
        why = _why_stopped(self.store, row)
        if why is None and row["position"] >= len(sequence.steps):
            why = "it has no more steps"
        if why is None:
            if row["lead_id"] in self.stepped or not self._is_open(row, sequence):
                return
            why = self._step(row, sequence, sequence.steps[row["position"]])
        if why:
            _stop(self.store, row, why, self.on)
            self._answer(row, "stopped", None, None, said=why)

    def _is_open(self, row: Row, sequence: Sequence) -> bool:
        """Whether people work today where the lead is, and the mail of the step before has gone long enough ago."""
        country = row["country"] or self.settings.company.country
        if sequence.business_days and not is_business_day(self.on, country):
            return False
        if row["kind"] != "step" or row["outbox_id"] is None:
            return True
        mail_id = outbox.carrier(self.store, row["outbox_id"])
        mail = outbox.records(self.store, [mail_id])[0]
        if mail["status"] in ("queued", "claimed", "sending", "failed"):
            return False
        gone_on = _gone_on(self.store, mail_id)
        distance = max(1, sequence.steps[row["position"]].after_days)
        return gone_on is None or self.on >= days_after(date.fromisoformat(gone_on), distance)

    def _step(self, row: Row, sequence: Sequence, step: Step) -> str | None:
        """Take it. Answers why the sequence ends here instead, or None."""
        mail_id = None
        if step.mail:
            if not row["email_norm"]:
                return "it has no e-mail address"
            if why := suppression.why(self.store, row["email_norm"]):
                return why
            if row["email_norm"] in self.busy:
                return None
            if self.mails >= MOST:
                self.waiting += 1
                return None
            try:
                mail_id = self._queue(row, step.mail)
            except LtcError as problem:
                self.done.notices.append(f"L{row['lead_id']} is not written to: {problem.message}")
                self._answer(row, "refused", row["position"] + 1, row["next_on"], said=problem.message)
                self.is_whole = False
                return None
        position = row["position"] + 1
        next_on = self._planned(row, sequence, position)
        task = _task(step.task, row) if step.task else None
        step_id = _add(
            self.store, row, "step", position, self.on, next_on=next_on, outbox_id=mail_id, template=step.mail
        )
        if task:
            tasks.add(self.store, task, self.on, lead_id=row["lead_id"], sequence_event_id=step_id)
        self.stepped.add(row["lead_id"])
        self._answer(row, "mail" if mail_id else "task", position, next_on, mail_id=mail_id, task=task)
        return None

    def _planned(self, row: Row, sequence: Sequence, position: int) -> str | None:
        if position >= len(sequence.steps):
            return None
        day = days_after(self.on, max(1, sequence.steps[position].after_days))
        return _open_on(self.settings, sequence, row["country"], day).isoformat()

    def _queue(self, row: Row, template: str) -> int:
        assert self.desk
        letter = _letter(self.store, self.desk, row, template)
        mail_id = outbox.add(
            self.store, letter, outbox.About("lead", row["lead_id"], f"L{row['lead_id']}", None), self.on
        )
        self.busy.add(row["email_norm"])
        self.mails += 1
        return mail_id

    def _answer(self, row: Row, what: str, step: int | None, next_on: str | None, **more: Any) -> None:
        self.done.rows.append(_row(row["lead_id"], row["name"], what, row["sequence"], step, next_on, **more))


def _stepped_on(store: Store, on: date) -> set[int]:
    """Leads that have taken a step on this day, or on a later one."""
    rows = store.all("SELECT lead_id FROM sequence_event WHERE kind = 'step' AND event_on >= ?", (on.isoformat(),))
    return {row["lead_id"] for row in rows}


def _busy_addresses(store: Store, on: date) -> set[str]:
    """Addresses that a sequence has written to on this day, or is about to."""
    rows = store.all(
        "SELECT DISTINCT recipient FROM outbox WHERE kind = 'lead' AND (state IN ('queued', 'claimed', 'sending')"
        " OR queued_on >= ? OR id IN (SELECT outbox_id FROM outbox_attempt WHERE happened_on >= ? AND tried = 1))",
        (on.isoformat(), on.isoformat()),
    )
    return {row["recipient"] for row in rows}


def _gone_on(store: Store, mail_id: int) -> str | None:
    """The day on which a mail has gone out, or may have."""
    day: str | None = store.value(
        "SELECT MAX(happened_on) FROM outbox_attempt WHERE outbox_id = ? AND state IN ('sent', 'unknown')", (mail_id,)
    )
    return day


def _task(text: str, row: Row) -> str:
    fields = {"lead": row["name"], **{field: row[field] or "" for field in ("name", "company", "email", "phone")}}
    filled = re.sub(r"\{(\w+)\}", lambda match: fields.get(match[1], match[0]), text)
    return " ".join(filled.split())


# When it ends


def _why_stopped(store: Store, row: Row) -> str | None:
    """Why the sequence of the lead does not go on, by what has happened since it was enrolled; None: it does."""
    if row["merged_into_id"]:
        return f"it was merged into L{row['merged_into_id']}"
    family = FAMILY.format(lead=row["lead_id"])
    if store.one("SELECT 1 FROM erasure WHERE kind = 'lead' AND record_id = ?", (row["lead_id"],)):
        return "it was erased"
    opportunity = store.one(f"SELECT id FROM opportunity WHERE lead_id IN ({family}) ORDER BY id LIMIT 1")
    if opportunity:
        return f"it was promoted to O{opportunity['id']}"
    if store.one(
        f"SELECT 1 FROM lead_event WHERE kind = 'dropped' AND id > ? AND lead_id IN ({family}) LIMIT 1",
        (row["lead_event_id"],),
    ):
        return "it was dropped"
    touch = store.one(
        f"SELECT kind, touched_on FROM touch WHERE kind IN {STOPPING} AND id > ? AND lead_id IN ({family})"
        " ORDER BY id LIMIT 1",
        (row["touch_id"],),
    )
    return f"{touch['kind']} on {touch['touched_on']}" if touch else None


def withdrawn(store: Store, mail_id: int) -> str | None:
    """Why a mail of a sequence need not go any more; None for one that still has its reason, and for other mails."""
    step = store.one(
        "SELECT step.*, lead.merged_into_id, outbox.recipient FROM outbox JOIN outbox AS own ON own.kind = outbox.kind"
        " AND own.record_id = outbox.record_id AND own.subject = outbox.subject AND own.id <= outbox.id"
        " JOIN sequence_event AS step ON step.outbox_id = own.id JOIN lead ON lead.id = step.lead_id"
        " WHERE outbox.kind = 'lead' AND outbox.id = ? ORDER BY own.id DESC LIMIT 1",
        (mail_id,),
    )
    if step is None:
        return None
    stopped = store.one(
        "SELECT reason FROM sequence_event WHERE kind = 'stopped' AND lead_id = ? AND sequence = ? AND id > ?"
        " ORDER BY id LIMIT 1",
        (step["lead_id"], step["sequence"], step["id"]),
    )
    if stopped:
        return f"{step['sequence']} was stopped: {stopped['reason']}"
    return _why_stopped(store, step) or suppression.why(store, step["recipient"])


def bounced(store: Store, mail_id: int, on: date, said: str) -> None:
    """Log a bounce with the lead of a mail whose recipient was refused for good; other mails are no business of ours.

    The sequence ends as after any other bounce, with the next run.
    """
    mail = store.one("SELECT record_id, recipient FROM outbox WHERE id = ? AND kind = 'lead'", (mail_id,))
    if mail:
        leads.bounced(store, mail["record_id"], mail["recipient"], on, f"M{mail_id}, {said}")


# What is written


def _letter(store: Store, desk: Office, row: Row, template: str) -> Letter:
    refuse_address(row["email_norm"])
    language = _language(row["country"], desk.language)
    unsubscribe = f"L{row['lead_id']}-{suppression.token(store, row['lead_id'])}"
    data = {
        **{field: _one_line(row[field]) for field in ("name", "company", "title", "country", "source", "campaign")},
        "owner": _one_line(row["owner"]),
        **{f"seller_{key}": getattr(desk.company, key) or "" for key in ("name", "address", "tax_id")},
        "sender": desk.sender,
        "unsubscribe": unsubscribe,
    }
    text = templates.render(template, language, data, desk.templates)
    return desk.letter(text, data["name"], row["email_norm"], language, unsubscribe)


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def _language(country: str | None, company: str) -> str:
    """Chinese where it is written; English in every other country; the company's own where none is known."""
    if country is None:
        return company
    return "zh" if country in CHINESE else "en"


def wrong_templates(settings: Settings) -> Iterator[str]:
    """What is wrong with the templates that the settings name, and with those in the user's folder."""
    folder, wanted = settings.mail.templates, mails(settings)
    yield from _wrong(wanted, folder)
    if folder:
        yield from templates.unread(folder, [name for name in templates.NAMES if name not in wanted])
    for name in templates.own(folder) if folder else ():
        if name in samples.SAMPLES and name not in wanted:
            yield from templates.problems(name, samples.SAMPLES[name], folder)


def without_way_out(settings: Settings) -> Iterator[str]:
    """The user's own templates of sequences that do not say how to unsubscribe."""
    folder, way_out = settings.mail.templates, samples.LEAD["unsubscribe"]
    for name, language in product(mails(settings), templates.LANGUAGES):
        if templates.is_own(name, folder, language):
            _subject, *bodies = templates.render(name, language, samples.LEAD, folder)
            silent = [end for end, body in zip(("txt", "html"), bodies, strict=True) if way_out not in body]
            if silent:
                file = f"mail.templates: {language}/{name}.{silent[0]}"
                yield f"{file} has no {{{{ unsubscribe }}}}: only a header of its mails says how to leave"


def mails(settings: Settings) -> dict[str, str]:
    """The templates that sequences write by, with the first key that names each."""
    wanted: dict[str, str] = {}
    for name, sequence in settings.nurture.sequences.items():
        for n, step in enumerate(sequence.steps, start=1):
            if step.mail:
                wanted.setdefault(step.mail, f"nurture.sequences.{name}.steps[{n}].mail")
    return wanted


def _wrong(wanted: dict[str, str], folder: Path | None) -> Iterator[str]:
    if folder and not folder.is_dir():
        yield f"mail.templates: there is no folder {folder}"
        return
    for name, key in wanted.items():
        for problem in templates.problems(name, samples.SAMPLES["lead"], folder):
            yield f"{key}: {problem}"
    if folder:
        yield from templates.unread(folder, wanted)


def refuse_wrong_templates(settings: Settings) -> None:
    """Raise ConfigError with all that is wrong with the mails of sequences."""
    wanted = mails(settings)
    found = list(dict.fromkeys(_wrong(wanted, settings.mail.templates)))
    if wanted and found:
        raise ConfigError("; ".join(found), "ltc config check")


def sends_mails(settings: Settings) -> bool:
    return any(_has_mails(sequence) for sequence in settings.nurture.sequences.values())
