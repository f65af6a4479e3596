"""Dunning: facts → who is written to at which level. Nothing is written here: see `notices`."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.errors import ConfigError, RefusedError, UsageError
from ltc_cli.mail.message import refuse_recipient
from ltc_cli.mail.outbox import NEWEST, sends
from ltc_cli.receivables import NARROWED, PAID_BACK, UNAPPLIED, UNAPPLIED_CREDIT, balances
from ltc_cli.rules import dunning as rules
from ltc_cli.rules.contact import normalise_email
from ltc_cli.rules.dunning import Claim, Item, Notice
from ltc_cli.rules.money import format_amount
from ltc_cli.settings import NO_POLICY
from ltc_cli.stages import holds, tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from sqlite3 import Row

    from ltc_cli.settings import Dunning, Level, Policy, Settings
    from ltc_cli.stages.tasks import Call
    from ltc_cli.store import Store

    Fact = Row | tuple[Any, ...]
    """A row of what is open."""
    Due = Callable[[date | None, str | None, int | None, str], tuple[Level | None, str]]
    """The level that an instalment reaches today, or why none; by the day of the customer's last notice, the policy,
    the highest level that is reached, the due date."""

OFF = NO_POLICY
"""The policy that switches dunning off."""
IS_OFF = "dunning is off"
NO_STATEMENTS = "bank.max_age is set, and this version of ltc reads no bank statements that could be new enough"
NO_EMAIL = "no e-mail address"
NO_ADDRESS = "neither e-mail nor postal address"

# The one query of what is open: instalments that are due or about to be, those on the ladder that a claim keeps there,
# and the claims; with the policy that is nearest, and the highest level of it that each has reached. Customers that
# were merged, or have a policy, are few: they are looked up in a list of their own, not each in the whole table. Its
# parameters: each level of each policy with its position; the day four times, and the last due date that a level
# before it can speak of.
OPEN = """
WITH rung (policy, level, position) AS (VALUES {rungs}),
merged AS MATERIALIZED (SELECT id, merged_into_id FROM customer WHERE merged_into_id IS NOT NULL),
choosing AS MATERIALIZED (SELECT id, dunning FROM customer WHERE dunning IS NOT NULL),
claimed AS (SELECT invoice_id FROM ({claims}) AS claim WHERE balance_minor > 0),
balance AS ({balances}),
late AS (
    SELECT balance.*, COALESCE(merged_into_id, customer_id) AS kept_id,
        COALESCE(choice.policy, choosing.dunning) AS policy
    FROM balance LEFT JOIN merged ON merged.id = balance.customer_id
    LEFT JOIN choosing ON choosing.id = COALESCE(merged_into_id, customer_id)
    LEFT JOIN dunning_choice_now AS choice ON choice.invoice_id = balance.invoice_id
    WHERE balance_minor > 0 OR balance.invoice_id IN (SELECT invoice_id FROM claimed) AND EXISTS (
        SELECT 1 FROM notice_item JOIN notice ON notice.id = notice_id
        WHERE receivable_id = balance.id AND on_ladder = 1 AND decided_on >= due_on
        AND notice_id NOT IN (SELECT notice_id FROM notice_cancelled))
)
SELECT kept_id, currency, policy, (
        SELECT MAX((SELECT position FROM rung
            WHERE rung.level = notice_item.level AND rung.policy = COALESCE(late.policy, '')))
        FROM notice_item WHERE receivable_id = late.id AND (
            late.id NOT IN (SELECT receivable_id FROM notice_item JOIN notice_cancelled USING (notice_id))
            OR notice_id NOT IN (SELECT notice_id FROM notice_cancelled))
    ) AS reached,
    due_on, kind, id, invoice_id, balance_minor
FROM late ORDER BY kept_id, currency, id
"""

CUSTOMERS = """
SELECT id, COALESCE(contact, name) AS addressee, email, address, kind = 'business' AS is_business
FROM customer WHERE {these:id}
"""

OWN_IDS = "SELECT id FROM customer WHERE {these:COALESCE(merged_into_id, id)}"
"""Customers, and those that were merged into them."""

# The day of the last notice is the one on which it went, or may have gone; one that waits keeps the next one back.
LAST = f"""
SELECT COALESCE(merged_into_id, customer.id) AS customer_id, currency,
    MAX(COALESCE((SELECT MAX(happened_on) FROM outbox_attempt WHERE outbox_id = outbox.id AND tried = 1
        AND outbox_attempt.state IN ('sent', 'unknown')), decided_on)) AS last_on,
    MAX(CASE WHEN outbox.state IN ('queued', 'claimed', 'sending') THEN notice.id END) AS waiting_id,
    MAX(CASE WHEN outbox.state IN ('queued', 'claimed', 'sending') AND outbox.channel = 'letter' THEN notice.id END)
        AS letter_id,
    MAX(CASE WHEN outbox.state = 'queued' AND not_before IS NOT NULL THEN outbox.id END) AS paused_id
FROM notice JOIN customer ON customer.id = notice.customer_id
LEFT JOIN outbox ON outbox.kind = 'notice' AND outbox.record_id = notice.id AND {NEWEST}
WHERE on_ladder = 1 AND COALESCE(outbox.state, '') <> 'cancelled'
    AND notice.customer_id IN ({OWN_IDS})
GROUP BY 1, 2
"""

# Notices that their addresses did not take, until somebody has called, corrected the address or dropped them.
FAILED = """
SELECT COALESCE(merged_into_id, customer.id) AS customer_id, recipient, MAX(record_id) AS notice_id
FROM outbox JOIN customer ON customer.id = outbox.customer_id
WHERE outbox.kind = 'notice' AND channel = 'mail' AND state = 'failed' AND state NOT IN ('sent', 'cancelled')
GROUP BY 1, 2
"""

HISTORY = """
SELECT receivable.id, invoice_id, due_on, receivable.amount_minor, settled_on, settlement.amount_minor AS settled_minor
FROM receivable LEFT JOIN settlement ON settlement.receivable_id = receivable.id
WHERE receivable.kind = 'invoice' AND {these:invoice_id} ORDER BY receivable.id
"""

CLAIMED = """
SELECT receivable.invoice_id, basis, SUM(receivable.amount_minor) AS claimed_minor FROM claim
JOIN receivable ON receivable.id = claim.receivable_id JOIN notice ON notice.id = receivable.notice_id
WHERE NOT EXISTS (SELECT 1 FROM notice_cancelled WHERE notice_id = notice.id) AND {these:receivable.invoice_id}
GROUP BY 1, 2
"""


class Reason(NamedTuple):
    """Why something is not dunned today."""

    due_on: str
    invoice_id: int
    why: str


class LeftOut(NamedTuple):
    """A customer who owes something late and is not written to."""

    customer_id: int
    currency: str
    owed_minor: dict[str, int]
    """By kind of receivable."""
    why: str
    invoice_ids: tuple[int, ...]
    """What is owed of, the oldest due first."""
    reasons: tuple[Reason, ...] = ()
    """Where nothing of it goes up a level: why, invoice by invoice."""


class Decision(NamedTuple):
    """What a run would do, and what it would not, with why; what there is to say about the settings."""

    notices: tuple[Notice, ...]
    left_out: tuple[LeftOut, ...]
    remarks: tuple[str, ...] = ()
    unwritten: tuple[tuple[Notice, str], ...] = ()
    """Notices that are due, and whose template cannot be filled in, with why: they come again."""


Key = tuple[int, str]
"""A customer and a currency: what one notice is about."""
KEY, CASE, OWED = slice(2), slice(2, 5), slice(2, None)
"""Where they stand in a row of what is open; a case is the policy, the highest level of it reached, the due date."""
RECEIVABLE = 6
KINDS = ("invoice", "fee", "interest")
"""Of receivables."""
NO_LEVEL = (None, "")
ONE_IN = 4
"""Above one customer in so many, what is held is found faster in all payments than in those of each."""


class _Facts(NamedTuple):
    settings: Dunning
    base_rates_ppm: dict[date, int]
    today: date
    due: Due
    called: dict[tuple[int, str], Call]
    last_on: dict[Key, date]
    waiting: dict[Key, str]
    """The notice that has not gone yet, and how it goes."""
    standing: dict[tuple[str, int], list[holds.Standing]]
    credit_minor: dict[Key, int]
    failed: dict[tuple[int, str], str]
    """By customer and address: the notice that it did not take."""


def decide(
    store: Store,
    settings: Settings,
    today: date,
    *,
    customer_id: int | None = None,
    letters: bool = False,
    explain: bool = False,
) -> Decision:
    """Who is written to today, decided from facts alone; nothing is written.

    `letters`: customers without an e-mail address are written to on paper, at their postal address. `explain`: with
    all that are left out; otherwise those of them alone who would reach a level.
    Raises ConfigError for a policy, a template or a base rate that is not known.
    """
    due, called = _due(settings.dunning, today), tasks.calls(store)
    rows = _as_called(settings.dunning, _open(store, settings.dunning, today, customer_id), called)
    cases = {row[CASE] for row in rows}
    _refuse_unknown_policies(settings.dunning, rows, {name for name, *_ in cases})
    climbing = {case for case in cases if due(None, *case)[0]}
    reaching = {row[KEY] for row in rows if row[CASE] in climbing}
    facts = _facts(store, settings, today, due, called, {customer for customer, _currency in reaching})
    groups = _groups(store, facts, rows, {row[KEY] for row in rows} if explain else reaching)
    decided = [_decide_one(facts, group, letters=letters) for group in groups]
    notices, remarks = _with_claims(store, facts, [each for each in decided if isinstance(each, _Draft)])
    left_out = [each for each in decided if isinstance(each, LeftOut)]
    if notices:
        remarks += empty_ladders(settings)
    return Decision(tuple(notices), tuple(left_out), tuple(remarks))


def _refuse_unknown_policies(dunning: Dunning, rows: Sequence[Fact], names: set[str | None]) -> None:
    for name in names - {None, OFF, *dunning.policies}:
        under = sorted({customer_id for customer_id, _currency, of, *_ in rows if of == name})
        others = f" and {len(under) - 1} more" if len(under) > 1 else ""
        raise ConfigError(
            f"there is no dunning policy {name}, and K{under[0]}{others}, or invoices of theirs, are under it",
            f"dunning.policies in config.yaml, or ltc edit K{under[0]} dunning=",
        )


def empty_ladders(settings: Settings) -> list[str]:
    """What does nothing, though somebody may rely on it who has set it."""
    empty = [key for key, ladder in ladders(settings).items() if not ladder.levels]
    return [f"{key} has no levels: nobody is written to by it" for key in empty]


def ladders(settings: Settings) -> dict[str, Dunning | Policy]:
    """Every ladder, by its key in config.yaml."""
    policies = settings.dunning.policies.items()
    return {"dunning": settings.dunning, **{f"dunning.policies.{name}": policy for name, policy in policies}}


def refuse_unknown_rates(settings: Settings, today: date) -> None:
    """Raise ConfigError where a level asks for statutory interest, and nobody knows the base rate of today."""
    for ladder in ladders(settings).values():
        for level in ladder.levels:
            rules.rate_on(level.interest_ppm, today, _base_rates_ppm(settings))


def _base_rates_ppm(settings: Settings) -> dict[date, int]:
    return {**rules.ECB_RATES_PPM, **settings.statutory_rates_ppm}


def _due(dunning: Dunning, today: date) -> Due:
    """What reaches a level today, remembered: of a hundred thousand instalments a few hundred differ in this."""

    @cache
    def due(last_on: date | None, name: str | None, reached: int | None, due_on: str) -> tuple[Level | None, str]:
        ladder = policy(dunning, name)
        if ladder is None:
            return None, IS_OFF
        # A day at least: a hundred runs in one day are one.
        not_before = last_on + timedelta(days=max(1, ladder.spacing_days)) if last_on else None
        return rules.due_level(ladder.levels, reached, date.fromisoformat(due_on), today, not_before)

    return due


def _open(store: Store, dunning: Dunning, today: date, customer_id: int | None) -> list[Row]:
    ladders: dict[str, Dunning | Policy] = {"": dunning, **dunning.policies}
    early_days = max([0, *(-level.after_days for ladder in ladders.values() for level in ladder.levels)])
    day, horizon = today.isoformat(), (today + timedelta(days=early_days)).isoformat()
    rungs = [("", "", -1)]  # so that there is one
    for name, ladder in ladders.items():
        rungs += [(name, level.name, position) for position, level in enumerate(ladder.levels)]
    narrowed = f"AND receivable.due_on <= ? {NARROWED['customer'] if customer_id else ''}"
    sql = OPEN.format(
        rungs=", ".join(["(?, ?, ?)"] * len(rungs)),
        claims=balances("invoice_id", "AND receivable.notice_id IS NOT NULL"),
        balances=balances("id, kind, invoice_id, customer_id, currency, due_on", narrowed),
    )
    bound = [value for rung in rungs for value in rung]
    return store.among(sql, [customer_id] if customer_id else None, (*bound, *[day] * 4, horizon))


def _as_called(dunning: Dunning, rows: Sequence[Fact], called: dict[tuple[int, str], Call]) -> Sequence[Fact]:
    """What is open, where a call that was made instead of a notice has reached its level as that would have."""
    made: dict[int, set[str]] = {}
    for call in called.values():
        if call.done_on:
            made.setdefault(call.receivable_id, set()).add(call.level)
    if not made:
        return rows
    return [_reached(dunning, row, made[row[RECEIVABLE]]) if row[RECEIVABLE] in made else row for row in rows]


def _reached(dunning: Dunning, row: Fact, levels: set[str]) -> Fact:
    customer_id, currency, name, reached, *rest = row
    ladder = policy(dunning, name)
    if ladder is None:
        return row
    places = [place for place, level in enumerate(ladder.levels) if level.name in levels or place == reached]
    return (customer_id, currency, name, max(places, default=None), *rest)


def _last_called(called: Iterable[Call]) -> Iterator[tuple[Key, date]]:
    """When customers were called instead of written to, about a level of the ladder."""
    for call in called:
        if call.done_on and call.on_ladder:
            yield (call.customer_id, call.currency), date.fromisoformat(call.done_on)


def _facts(
    store: Store,
    settings: Settings,
    today: date,
    due: Due,
    called: dict[tuple[int, str], Call],
    customer_ids: set[int],
) -> _Facts:
    """What else counts: of these customers, who reach a level, when they were written to and what is held for them."""
    last = {(row["customer_id"], row["currency"]): row for row in store.among(LAST, customer_ids)}
    last_on = {key: date.fromisoformat(row["last_on"]) for key, row in last.items()}
    for key, day in _last_called(called.values()):
        last_on[key] = max(day, last_on.get(key, day))
    return _Facts(
        settings.dunning,
        _base_rates_ppm(settings),
        today,
        due,
        called,
        last_on,
        {key: _waits(row, settings.mail.host) for key, row in last.items() if row["waiting_id"]},
        holds.standing(store, today),
        _credit(store, today, customer_ids),
        {(row["customer_id"], row["recipient"]): f"N{row['notice_id']}" for row in store.all(FAILED)},
    )


def _waits(last: Row, host: str | None) -> str:
    channel = "letter" if last["waiting_id"] == last["letter_id"] else "mail"
    command = f"ltc outbox retry M{last['paused_id']}" if last["paused_id"] else sends(channel, host)
    return f"N{last['waiting_id']} has gone: {command}"


def _credit(store: Store, today: date, customer_ids: set[int]) -> dict[Key, int]:
    """What is held for a customer and not applied, by survivor and currency."""
    are_many = ONE_IN * len(customer_ids) > store.value("SELECT COUNT(*) FROM customer")
    found: dict[Key, int] = {}
    for part in (UNAPPLIED, UNAPPLIED_CREDIT, PAID_BACK):
        held = part.replace("{narrowed}", "" if are_many else f"AND customer_id IN ({OWN_IDS})")
        sql = (
            f"SELECT COALESCE(merged_into_id, customer.id), currency, SUM(unapplied_minor) FROM ({held}) AS held"
            " JOIN customer ON customer.id = held.customer_id WHERE unapplied_minor <> 0 GROUP BY 1, 2"
        )
        for kept_id, currency, held_minor in store.among(sql, customer_ids, (today.isoformat(),) * held.count("?")):
            found[kept_id, currency] = found.get((kept_id, currency), 0) + held_minor
    return found


def policy(dunning: Dunning, name: str | None) -> Dunning | Policy | None:
    """The ladder of a name; None where dunning is off. Raises ConfigError for a name that the settings do not know."""
    if name is None:
        return dunning
    if name == OFF:
        return None
    if name not in dunning.policies:
        raise ConfigError(
            f"there is no dunning policy {name}", "dunning.policies in config.yaml, or ltc edit … dunning="
        )
    return dunning.policies[name]


class _Group(NamedTuple):
    """What one customer owes in one currency, and what of it goes up the ladder."""

    key: Key
    customer: Row
    advanced: list[Item]
    levels: list[Level]
    """What each of these reaches."""
    policies: set[str | None]
    """What these are under."""
    listed: list[Item]
    """They, and all else that is late and may be dunned."""
    listed_minor: dict[str, int]
    """The sum of these by kind."""
    reasons: list[Reason]
    """Why the rest goes up no level."""
    kept_back_minor: dict[str, int]
    """The sum by kind of what may not be dunned."""


def _groups(store: Store, facts: _Facts, rows: Sequence[Fact], keys: set[Key]) -> Iterator[_Group]:
    """What is open of these by customer and currency."""
    customers = {row["id"]: row for row in store.among(CUSTOMERS, {customer_id for customer_id, _currency in keys})}
    for key, owed in groupby(rows, itemgetter(KEY)):
        if key in keys:
            yield _group(facts, key, customers[key[0]], owed)


def _group(facts: _Facts, key: Key, customer: Row, rows: Iterable[Fact]) -> _Group:
    """One level up the ladder for each that may be dunned and has come to its day."""
    advanced: list[Item] = []
    levels: list[Level] = []
    listed: list[Item] = []
    kept_back: list[Reason] = []
    waiting: list[Reason] = []
    policies: set[str | None] = set()
    listed_minor, kept_back_minor = dict.fromkeys(KINDS, 0), dict.fromkeys(KINDS, 0)
    today, last_on = facts.today.isoformat(), facts.last_on.get(key)
    for row in rows:
        name, reached, due_on, kind, receivable_id, invoice_id, balance_minor = row[OWED]
        is_late = due_on < today
        why = _kept_back(facts, key[0], invoice_id, name) if facts.standing or name == OFF else None
        if why:
            kept_back.append(Reason(due_on, invoice_id, why))
            kept_back_minor[kind] += balance_minor
            continue
        level, why = facts.due(last_on, name, reached, due_on) if kind == "invoice" else NO_LEVEL
        if level and level.after_days >= 0 and key in facts.waiting:
            why = f"{level.name} once {facts.waiting[key]}"
            level = None
        if not (level or is_late):
            continue
        item = Item(receivable_id, kind, invoice_id, due_on, balance_minor, level.name if level else None)
        listed.append(item)
        listed_minor[kind] += balance_minor
        if level:
            advanced.append(item)
            levels.append(level)
            policies.add(name)
        elif why:
            waiting.append(Reason(due_on, invoice_id, why))
    reasons = [*kept_back, *waiting]
    return _Group(key, customer, advanced, levels, policies, listed, listed_minor, reasons, kept_back_minor)


def _kept_back(facts: _Facts, customer_id: int, invoice_id: int, name: str | None) -> str | None:
    """Why something may not be dunned."""
    if facts.standing:
        for target in (("customer", customer_id), ("invoice", invoice_id)):
            if target in facts.standing:
                return facts.standing[target][0].words
    return IS_OFF if name == OFF else None


class _Draft(NamedTuple):
    """A notice before its claims."""

    group: _Group
    level: Level
    channel: str
    unmailable: str | None
    """Why no mail can be written to an address that is known."""


def _decide_one(facts: _Facts, group: _Group, *, letters: bool) -> _Draft | LeftOut | None:
    """The draft of a notice; or why the customer is left out; None where nothing is late nor about to be."""

    def left_out(why: str) -> LeftOut:
        return LeftOut(*group.key, group.listed_minor, why, _oldest_first(group.listed))

    if not group.advanced:
        return _kept_waiting(group) if group.reasons else None
    currency = group.key[1]
    owed_minor = sum(group.listed_minor.values()) - facts.credit_minor.get(group.key, 0)
    minimum_minor = _minimum_minor(facts, group)
    if owed_minor <= 0:
        return left_out("unapplied credit covers what is late")
    if owed_minor < minimum_minor:
        credit_minor = facts.credit_minor.get(group.key, 0)
        less = f" after {format_amount(credit_minor, currency)} of unapplied credit" if credit_minor else ""
        return left_out(f"below the minimum of {format_amount(minimum_minor, currency)}{less}")
    level = rules.severest(group.levels)
    why = _unmailable(group.customer, facts.failed)
    has_email = group.customer["email"] is not None
    channel = "mail" if why is None else "task"
    if letters and not has_email:
        channel, why = ("letter", None) if group.customer["address"] else ("task", NO_ADDRESS)
    if level.mail is None or channel == "task":
        channel = "task"
        if level.mail and all((item.id, item.level) in facts.called for item in group.advanced):
            newest = max(facts.called[item.id, item.level].task_id for item in group.advanced if item.level)
            return left_out(f"{why}: to be called, then ltc done T{newest}")
    return _Draft(group, level, channel, why if channel == "task" and level.mail and has_email else None)


def _minimum_minor(facts: _Facts, group: _Group) -> int:
    """The least of the policies by which it goes up a level: one of them that lets it be told is enough."""
    under = [policy(facts.settings, name) for name in group.policies]
    return min(each.minimum_minor.get(group.key[1], 0) for each in under if each)


def _kept_waiting(group: _Group) -> LeftOut:
    """Nothing of it goes up a level."""
    whys = dict.fromkeys(reason.why for reason in group.reasons)
    invoice_ids = _oldest_first([*group.listed, *group.reasons])
    owed_minor = {kind: group.listed_minor[kind] + group.kept_back_minor[kind] for kind in KINDS}
    return LeftOut(*group.key, owed_minor, "; ".join(whys), invoice_ids, tuple(group.reasons))


def _oldest_first(items: Iterable[Item | Reason]) -> tuple[int, ...]:
    found = sorted((item.due_on, item.invoice_id) for item in items)
    return tuple(dict.fromkeys(invoice_id for _due_on, invoice_id in found))


def _unmailable(customer: Row, failed: dict[tuple[int, str], str]) -> str | None:
    """Why no mail is written to a customer, as far as that can be told without writing it."""
    if customer["email"] is None:
        return NO_EMAIL
    try:
        email_norm = normalise_email(customer["email"])
        refuse_recipient(customer["addressee"], email_norm)
    except (RefusedError, UsageError) as error:
        return f"no mail can be written: {error.message}"
    notice = failed.get((customer["id"], email_norm))
    return f"{notice} to {email_norm} failed" if notice else None


# What a notice claims


def _with_claims(store: Store, facts: _Facts, drafts: Sequence[_Draft]) -> tuple[list[Notice], list[str]]:
    """The notices with their fee and interest, reckoned for all at once."""
    bearing = {
        item.invoice_id
        for draft in drafts
        for item, level in zip(draft.group.advanced, draft.group.levels, strict=True)
        if level.interest_ppm
    }
    history = _history(store, bearing, facts.today)
    claimed: dict[int, dict[str, int]] = {}
    for row in store.among(CLAIMED, bearing):
        claimed.setdefault(row["invoice_id"], {})[row["basis"]] = row["claimed_minor"]
    notices: list[Notice] = []
    remarks: list[str] = []
    for draft in drafts:
        claims: list[Claim] = []
        if draft.channel != "task" or draft.level.mail is None:
            if draft.level.fee_minor:
                claims += _fee(draft)
            if bearing:
                claims += _interest(facts, draft.group, history, claimed, remarks)
        notices.append(_notice(facts, draft, claims))
    return notices, list(dict.fromkeys(remarks))


def _history(store: Store, invoice_ids: Iterable[int], today: date) -> dict[int, list[rules.Instalment]]:
    parts: dict[int, tuple[int, date, int, list[tuple[date, int]]]] = {}
    for row in store.among(HISTORY, invoice_ids):
        part = parts.setdefault(
            row["id"], (row["invoice_id"], date.fromisoformat(row["due_on"]), row["amount_minor"], [])
        )
        if row["settled_on"] and row["settled_on"] <= today.isoformat():
            part[3].append((date.fromisoformat(row["settled_on"]), row["settled_minor"]))
    found: dict[int, list[rules.Instalment]] = {}
    for invoice_id, due_on, amount_minor, settled in parts.values():
        found.setdefault(invoice_id, []).append(rules.Instalment(due_on, amount_minor, settled))
    return found


def _fee(draft: _Draft) -> Iterator[Claim]:
    """Once a notice, on the oldest of the invoices that advanced."""
    currency = draft.group.key[1]
    fee_minor = draft.level.fee_minor.get(currency, 0)
    if fee_minor:
        oldest = min(draft.group.advanced, key=lambda each: (each.due_on, each.invoice_id))
        yield Claim(oldest.invoice_id, "fee", fee_minor, draft.level.name)


def _interest(
    facts: _Facts,
    group: _Group,
    history: dict[int, list[rules.Instalment]],
    claimed: dict[int, dict[str, int]],
    remarks: list[str],
) -> Iterator[Claim]:
    """One claim an invoice that advanced to a level with interest; the fixed sum of EU 2011/7 once an invoice."""
    customer_id, currency = group.key
    of_invoice: dict[int, list[Level]] = {}
    for item, level in zip(group.advanced, group.levels, strict=True):
        if level.interest_ppm:
            of_invoice.setdefault(item.invoice_id, []).append(level)
    for invoice_id, levels in of_invoice.items():
        rate_ppm = rules.severest(levels).interest_ppm
        if rate_ppm == "statutory" and not group.customer["is_business"]:
            remarks.append(f"K{customer_id} is a consumer: no statutory interest; a policy may have its own rate")
            continue
        before = claimed.get(invoice_id, {})
        reckoned = rules.interest(
            history[invoice_id], rate_ppm, facts.today, before.get("interest", 0), currency, facts.base_rates_ppm
        )
        if reckoned.amount_minor:
            yield Claim(invoice_id, "interest", *reckoned)
        fixed_minor = rules.COMPENSATION_MINOR.get(currency, 0)
        if rate_ppm == "statutory" and fixed_minor and "compensation" not in before:
            yield Claim(invoice_id, "compensation", fixed_minor, "EU 2011/7 article 6")


def _notice(facts: _Facts, draft: _Draft, claims: Sequence[Claim]) -> Notice:
    group, level = draft.group, draft.level
    sums_minor = group.listed_minor.copy()
    for claim in claims:
        sums_minor[claim.kind] += claim.amount_minor
    return Notice(
        *group.key,
        level.name,
        level.mail,
        draft.channel,
        sums_minor["invoice"],
        sums_minor["fee"],
        sums_minor["interest"],
        facts.credit_minor.get(group.key, 0),
        tuple(group.advanced),
        tuple(claims),
        tuple(group.listed),
        level.after_days >= 0,
        any(each.stop_shipping for each in group.levels),
        level.task or ("call {customer}" if draft.channel == "task" else None),
        draft.unmailable,
    )


# Guards

# What is older than the last notices is not newer than they, or somebody has confirmed that it is wrong.
NEWEST_ENTRY = """
SELECT MAX(business_on) FROM journal
WHERE id >= COALESCE((SELECT MAX(id) FROM journal WHERE verb = 'dun' AND counts LIKE '%"notice"%'), 0)
"""


def stopped(
    store: Store,
    settings: Settings,
    today: date,
    notices: int,
    most: int | None = None,
    waiting: Sequence[int] = (),
) -> str | None:
    """Why no notice is sent before somebody has looked; None where nothing speaks against it, or none would be.

    `notices`: how many would be written now. `waiting`: the mails of earlier ones that would go with them; what has
    passed the expected number once is not held to it again, but to a number that somebody names.
    """
    if not (notices or waiting):
        return None
    if settings.bank.max_age_days is not None:
        return NO_STATEMENTS
    since = store.among(
        "SELECT decided_on FROM outbox JOIN notice ON kind = 'notice' AND notice.id = record_id"
        " WHERE {these:outbox.id}",
        waiting,
    )
    newest = store.value(NEWEST_ENTRY)
    restored = store.restored()
    has_written = "SELECT 1 FROM dunning_run WHERE notices > 0 AND recorded_at > ?"
    is_unseen = restored is not None and store.one(has_written, (restored["recorded_at"],)) is None
    last = store.value("SELECT MAX(run_on) FROM dunning_run WHERE run_on <= ?", (today.isoformat(),))
    earlier = [
        row["notices"]
        for row in store.all("SELECT notices FROM dunning_run WHERE notices > 0 ORDER BY id DESC LIMIT 10")
    ]
    return rules.stopped(
        today,
        date.fromisoformat(newest) if newest else None,
        date.fromisoformat(last) if last else None,
        notices if most is None else notices + len(waiting),
        rules.most_notices(earlier) if most is None else most,
        min((date.fromisoformat(row["decided_on"]) for row in since), default=None),
        date.fromisoformat(restored["business_on"]) if restored and is_unseen else None,
    )
