"""Dunning: facts → who is written to at which level. Nothing is written here: see `notices`."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.errors import ConfigError
from ltc_cli.receivables import BALANCES, NARROWED, PAID_BACK, UNAPPLIED, UNAPPLIED_CREDIT
from ltc_cli.rules import dunning as rules
from ltc_cli.rules.dunning import Claim, Item, Notice
from ltc_cli.rules.money import format_amount
from ltc_cli.stages import holds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from sqlite3 import Row

    from ltc_cli.settings import Dunning, Level, Policy, Settings
    from ltc_cli.store import Store

OFF = "none"
"""The policy that switches dunning off."""

# The one query of what is open: instalments that are due or about to be, those that a claim keeps on the ladder, and
# the claims; with the policy that is nearest, and the highest level of it that each has reached. Its parameters: each
# level of each policy with its position; the day four times, and the last due date that a level before it can speak of.
OPEN = (
    """
WITH rung (policy, level, position) AS (VALUES {rungs}),
cancelled AS (SELECT record_id FROM outbox WHERE kind = 'notice' AND state = 'cancelled'),
claimed AS (SELECT invoice_id FROM ("""
    + BALANCES.replace("{columns}", "invoice_id").replace("{narrowed}", "AND receivable.notice_id IS NOT NULL")
    + """) AS claim WHERE balance_minor > 0),
balance AS ("""
    + BALANCES.replace("{columns}", "id, kind, invoice_id, customer_id, currency, due_on").replace(
        "{narrowed}", "AND receivable.due_on <= ? {narrowed}"
    )
    + """),
late AS (
    SELECT balance.*, kept.id AS kept_id, COALESCE(choice.policy, kept.dunning) AS policy
    FROM balance JOIN customer AS own ON own.id = balance.customer_id
    JOIN customer AS kept ON kept.id = COALESCE(own.merged_into_id, own.id)
    LEFT JOIN dunning_choice AS choice ON choice.invoice_id = balance.invoice_id AND NOT EXISTS (
        SELECT 1 FROM dunning_choice AS later WHERE later.invoice_id = choice.invoice_id AND later.id > choice.id)
    WHERE balance_minor > 0 OR balance.invoice_id IN (SELECT invoice_id FROM claimed)
)
SELECT kept_id, currency, due_on, policy, (
        SELECT MAX((SELECT position FROM rung
            WHERE rung.level = notice_item.level AND rung.policy = COALESCE(late.policy, '')))
        FROM notice_item WHERE receivable_id = late.id AND (
            late.id NOT IN (SELECT receivable_id FROM notice_item JOIN cancelled ON cancelled.record_id = notice_id)
            OR notice_id NOT IN (SELECT record_id FROM cancelled))
    ) AS reached,
    id, kind, invoice_id, balance_minor
FROM late
"""
)

IS_CANCELLED = """EXISTS (SELECT 1 FROM outbox
    WHERE outbox.kind = 'notice' AND outbox.record_id = notice.id AND outbox.state = 'cancelled')"""

CUSTOMERS = "SELECT id, email, kind, dunning FROM customer WHERE {these:id}"

OWN_IDS = "SELECT id FROM customer WHERE {these:id} OR {these:merged_into_id}"
"""Customers, and those that were merged into them."""

# The day of the last notice is the one on which it went, or may have gone; one that waits keeps the next one back.
LAST = f"""
SELECT COALESCE(merged_into_id, customer.id) AS customer_id, currency,
    MAX(COALESCE((SELECT MAX(happened_on) FROM outbox_attempt WHERE outbox_id = outbox.id AND tried = 1
        AND outbox_attempt.state IN ('sent', 'unknown')), decided_on)) AS last_on,
    MAX(CASE WHEN outbox.state IN ('queued', 'claimed', 'sending') THEN notice.id END) AS waiting_id
FROM notice JOIN customer ON customer.id = notice.customer_id
LEFT JOIN outbox ON outbox.kind = 'notice' AND outbox.record_id = notice.id
WHERE on_ladder = 1 AND COALESCE(outbox.state, '') <> 'cancelled'
    AND notice.customer_id IN ({OWN_IDS})
GROUP BY 1, 2
"""

HISTORY = """
SELECT receivable.id, invoice_id, due_on, receivable.amount_minor, settled_on, settlement.amount_minor AS settled_minor
FROM receivable LEFT JOIN settlement ON settlement.receivable_id = receivable.id
WHERE receivable.kind = 'invoice' AND {these:invoice_id} ORDER BY receivable.id
"""

CLAIMED = f"""
SELECT receivable.invoice_id, basis, SUM(receivable.amount_minor) AS claimed_minor FROM claim
JOIN receivable ON receivable.id = claim.receivable_id JOIN notice ON notice.id = receivable.notice_id
WHERE NOT {IS_CANCELLED} AND {{these:receivable.invoice_id}} GROUP BY 1, 2
"""


class LeftOut(NamedTuple):
    """A customer who owes something late and is not written to."""

    customer_id: int
    currency: str
    amount_minor: int
    why: str


class Decision(NamedTuple):
    """What a run would do, and what it would not, with why; what there is to say about the settings."""

    notices: tuple[Notice, ...]
    left_out: tuple[LeftOut, ...]
    remarks: tuple[str, ...] = ()


Case = tuple[str, str | None, int | None]
"""What the next level of an instalment depends on: its due date, its policy, the highest level it has reached."""


class _Facts(NamedTuple):
    settings: Dunning
    base_rates_ppm: dict[date, int]
    today: date
    called: set[tuple[int, str]]
    last_on: dict[tuple[int, str], date]
    waiting: dict[tuple[int, str], int]
    """The notice that has not gone yet, by customer and currency."""
    standing: dict[tuple[str, int], list[holds.Standing]]
    credit_minor: dict[tuple[int, str], int]
    levels: dict[tuple[date, str | None, int | None, date | None], tuple[Level | None, str]]
    """What is reached, and why nothing is, by what that depends on."""


class _Group(NamedTuple):
    """What one customer owes in one currency."""

    customer_id: int
    currency: str
    has_email: bool
    is_business: bool
    policy: str | None
    items: list[Item]


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

    `letters`: customers without an e-mail address are written to on paper. `explain`: with all that are left out;
    otherwise those of them alone who would reach a level.
    Raises ConfigError for a policy, a template or a base rate that is not known.
    """
    groups = _groups(store, settings.dunning, today, customer_id, explain=explain)
    facts = _facts(store, settings, today, None if explain else {group.customer_id for group in groups})
    drafts, left_out = [], []
    for group in groups:
        drafted = _decide_one(facts, group, letters=letters)
        if isinstance(drafted, LeftOut):
            left_out.append(drafted)
        elif drafted is not None:
            drafts.append((group, drafted))
    notices, remarks = _with_claims(store, facts, drafts)
    return Decision(tuple(notices), tuple(left_out), tuple(remarks))


def _facts(store: Store, settings: Settings, today: date, customer_ids: set[int] | None) -> _Facts:
    last = {(row["customer_id"], row["currency"]): row for row in store.among(LAST, customer_ids)}
    return _Facts(
        settings.dunning,
        {**rules.ECB_RATES_PPM, **settings.statutory_rates_ppm},
        today,
        {(row["receivable_id"], row["level"]) for row in store.all("SELECT receivable_id, level FROM call_task_item")},
        {key: date.fromisoformat(row["last_on"]) for key, row in last.items()},
        {key: row["waiting_id"] for key, row in last.items() if row["waiting_id"]},
        holds.standing(store, today),
        _credit(store, today, customer_ids),
        {},
    )


def _credit(store: Store, today: date, customer_ids: set[int] | None) -> dict[tuple[int, str], int]:
    """What is held for a customer and not applied, by survivor and currency."""
    found: dict[tuple[int, str], int] = {}
    for part in (UNAPPLIED, UNAPPLIED_CREDIT, PAID_BACK):
        held = part.replace("{narrowed}", f"AND customer_id IN ({OWN_IDS})")
        sql = (
            f"SELECT COALESCE(merged_into_id, customer.id), currency, SUM(unapplied_minor) FROM ({held}) AS held"
            " JOIN customer ON customer.id = held.customer_id WHERE unapplied_minor <> 0 GROUP BY 1, 2"
        )
        for kept_id, currency, held_minor in store.among(sql, customer_ids, (today.isoformat(),) * held.count("?")):
            found[kept_id, currency] = found.get((kept_id, currency), 0) + held_minor
    return found


def _groups(store: Store, dunning: Dunning, today: date, customer_id: int | None, *, explain: bool) -> list[_Group]:
    """Who owes something that is late, or about to be; without `explain` only where something reaches a level."""
    rows: dict[tuple[int, str], list[Row]] = {}
    wanted: set[tuple[int, str]] = set()
    reaches: dict[Case, bool] = {}  # of a hundred thousand instalments a few hundred differ in this
    for row in _open(store, dunning, today, customer_id):
        key, case = row[:2], row[2:5]
        if key in rows:
            rows[key].append(row)
        else:
            rows[key] = [row]
        if case not in reaches:
            reaches[case] = explain or _next(dunning, case, today, None)[0] is not None
        if reaches[case]:
            wanted.add(key)
    customers = {row["id"]: row for row in store.among(CUSTOMERS, {customer for customer, _currency in wanted})}
    return [_group(rows[key], customers[key[0]]) for key in sorted(wanted)]


def _open(store: Store, dunning: Dunning, today: date, customer_id: int | None) -> list[Row]:
    ladders: dict[str, Dunning | Policy] = {"": dunning, **dunning.policies}
    early_days = max(0, *(-level.after_days for ladder in ladders.values() for level in ladder.levels), 0)
    day, horizon = today.isoformat(), (today + timedelta(days=early_days)).isoformat()
    rungs = [("", "", -1)]  # so that there is one
    for name, ladder in ladders.items():
        rungs += [(name, level.name, position) for position, level in enumerate(ladder.levels)]
    sql = OPEN.replace("{rungs}", ", ".join(["(?, ?, ?)"] * len(rungs)))
    sql = sql.replace("{narrowed}", NARROWED["customer"] if customer_id else "")
    bound = [value for rung in rungs for value in rung]
    return store.among(sql, [customer_id] if customer_id else None, (*bound, *[day] * 4, horizon))


def _next(dunning: Dunning, case: Case, today: date, not_before: date | None) -> tuple[Level | None, str]:
    """The level that such an instalment reaches today, or why it reaches none."""
    due, name, reached = case
    ladder = policy(dunning, name)
    return rules.due_level(ladder.levels if ladder else (), reached, date.fromisoformat(due), today, not_before)


def _group(rows: list[Row], customer: Row) -> _Group:
    items = []
    for _customer_id, _currency, due, name, reached, receivable_id, kind, invoice_id, balance_minor in rows:
        items.append(Item(receivable_id, kind, invoice_id, date.fromisoformat(due), balance_minor, name, reached))
    is_business = customer["kind"] == "business"
    return _Group(customer["id"], rows[0][1], customer["email"] is not None, is_business, customer["dunning"], items)


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


class _Draft(NamedTuple):
    """A notice before its claims."""

    levels: dict[int, Level]
    """By receivable, what it reaches."""
    items: list[Item]
    amount_minor: int


def _decide_one(facts: _Facts, group: _Group, *, letters: bool) -> tuple[_Draft, str] | LeftOut | None:
    """The draft with its channel; or why the customer is left out; None where nothing is late nor about to be."""
    free, reasons = _free_items(facts, group)
    levels: dict[int, Level] = {}
    for item in free:
        if item.kind == "invoice":
            level, why = _level(facts, group, item)
            if level:
                levels[item.id] = level
            elif item.due_on < facts.today:
                reasons.append(why)
    listed = [item for item in free if item.due_on < facts.today or item.id in levels]
    late_minor = sum(item.balance_minor for item in listed)
    all_late_minor = sum(item.balance_minor for item in group.items if item.due_on < facts.today)

    def left_out(why: str) -> LeftOut:
        return LeftOut(group.customer_id, group.currency, late_minor or all_late_minor, why)

    if not levels:
        return left_out("; ".join(dict.fromkeys(reasons))) if reasons else None
    own = policy(facts.settings, group.policy) or facts.settings
    owed_minor = late_minor - facts.credit_minor.get((group.customer_id, group.currency), 0)
    minimum_minor = own.minimum_minor.get(group.currency, 0)
    if owed_minor <= 0:
        return left_out("unapplied credit covers what is late")
    if owed_minor < minimum_minor:
        return left_out(f"below the minimum of {format_amount(minimum_minor, group.currency)}")
    level = rules.severest(levels.values())
    channel = "mail" if group.has_email else "letter" if letters else "task"
    if level.mail is None or channel == "task":
        channel = "task"
        if level.mail and all((each, levels[each].name) in facts.called for each in levels):
            return left_out("no e-mail address: to be called, see ltc today")
    return _Draft(levels, listed, late_minor), channel


def _free_items(facts: _Facts, group: _Group) -> tuple[list[Item], list[str]]:
    """What may be dunned, and why the rest of what is late may not."""
    free, reasons = [], []
    of_customer = facts.standing.get(("customer", group.customer_id), [])
    for item in group.items:
        blocks = [*of_customer, *facts.standing.get(("invoice", item.invoice_id), ())] if facts.standing else ()
        if blocks:
            reasons.append(blocks[0].words)
        elif item.policy and policy(facts.settings, item.policy) is None:
            reasons.append("dunning is off")
        else:
            free.append(item)
    return free, reasons


def _level(facts: _Facts, group: _Group, item: Item) -> tuple[Level | None, str]:
    key = group.customer_id, group.currency
    last_on = facts.last_on.get(key)
    case = item.due_on, item.policy, item.reached, last_on
    if case not in facts.levels:
        ladder = policy(facts.settings, item.policy)
        assert ladder is not None
        # A day at least: a hundred runs in one day are one.
        not_before = last_on + timedelta(days=max(1, ladder.spacing_days)) if last_on else None
        facts.levels[case] = rules.due_level(ladder.levels, item.reached, item.due_on, facts.today, not_before)
    level, why = facts.levels[case]
    if level and level.after_days >= 0 and key in facts.waiting:
        return None, f"{level.name} once N{facts.waiting[key]} has gone: ltc outbox send"
    return level, why


# What a notice claims


def _with_claims(
    store: Store, facts: _Facts, drafts: Sequence[tuple[_Group, tuple[_Draft, str]]]
) -> tuple[list[Notice], list[str]]:
    """The notices with their fee and interest, reckoned for all at once."""
    bearing = {
        item.invoice_id
        for _group, (draft, _channel) in drafts
        for item in draft.items
        if item.id in draft.levels and draft.levels[item.id].interest_ppm
    }
    history = _history(store, bearing, facts.today)
    claimed: dict[int, dict[str, int]] = {}
    for row in store.among(CLAIMED, bearing) if bearing else ():
        claimed.setdefault(row["invoice_id"], {})[row["basis"]] = row["claimed_minor"]
    notices: list[Notice] = []
    remarks: list[str] = []
    for group, (draft, channel) in drafts:
        claims: list[Claim] = []
        if channel != "task" or rules.severest(draft.levels.values()).mail is None:
            claims = [*_fee(group, draft), *_interest(facts, group, draft, history, claimed, remarks)]
        notices.append(_notice(facts, group, draft, channel, claims))
    return notices, list(dict.fromkeys(remarks))


def _history(store: Store, invoice_ids: Iterable[int], today: date) -> dict[int, list[rules.Instalment]]:
    ids = list(invoice_ids)
    parts: dict[int, tuple[int, date, int, list[tuple[date, int]]]] = {}
    for row in store.among(HISTORY, ids) if ids else ():
        part = parts.setdefault(
            row["id"], (row["invoice_id"], date.fromisoformat(row["due_on"]), row["amount_minor"], [])
        )
        if row["settled_on"] and row["settled_on"] <= today.isoformat():
            part[3].append((date.fromisoformat(row["settled_on"]), row["settled_minor"]))
    found: dict[int, list[rules.Instalment]] = {}
    for invoice_id, due_on, amount_minor, settled in parts.values():
        found.setdefault(invoice_id, []).append(rules.Instalment(due_on, amount_minor, settled))
    return found


def _fee(group: _Group, draft: _Draft) -> Iterator[Claim]:
    """Once a notice, on the oldest of the invoices that advanced."""
    level = rules.severest(draft.levels.values())
    fee_minor = level.fee_minor.get(group.currency, 0)
    if fee_minor:
        oldest = min(
            (item for item in draft.items if item.id in draft.levels), key=lambda each: (each.due_on, each.invoice_id)
        )
        words = f"{format_amount(fee_minor, group.currency)} for the notice {level.name}"
        yield Claim(oldest.invoice_id, "fee", fee_minor, words)


def _interest(
    facts: _Facts,
    group: _Group,
    draft: _Draft,
    history: dict[int, list[rules.Instalment]],
    claimed: dict[int, dict[str, int]],
    remarks: list[str],
) -> Iterator[Claim]:
    """One claim an invoice that advanced to a level with interest; the fixed sum of EU 2011/7 once an invoice."""
    of_invoice: dict[int, list[Level]] = {}
    for item in draft.items:
        if item.id in draft.levels and draft.levels[item.id].interest_ppm:
            of_invoice.setdefault(item.invoice_id, []).append(draft.levels[item.id])
    for invoice_id, levels in of_invoice.items():
        rate_ppm = rules.severest(levels).interest_ppm
        if rate_ppm == "statutory" and not group.is_business:
            remarks.append(f"K{group.customer_id} is a consumer: no statutory interest; a policy may have its own rate")
            continue
        before = claimed.get(invoice_id, {})
        reckoned = rules.interest(
            history[invoice_id], rate_ppm, facts.today, before.get("interest", 0), group.currency, facts.base_rates_ppm
        )
        if reckoned.amount_minor:
            yield Claim(invoice_id, "interest", *reckoned)
        fixed_minor = rules.COMPENSATION_MINOR.get(group.currency, 0)
        if rate_ppm == "statutory" and fixed_minor and "compensation" not in before:
            yield Claim(invoice_id, "compensation", fixed_minor, "40.00 EUR, EU 2011/7 article 6")


def _notice(facts: _Facts, group: _Group, draft: _Draft, channel: str, claims: Sequence[Claim]) -> Notice:
    def sum_of(kind: str, bases: tuple[str, ...]) -> int:
        made_minor = sum(claim.amount_minor for claim in claims if claim.basis in bases)
        return made_minor + sum(item.balance_minor for item in draft.items if item.kind == kind)

    level = rules.severest(draft.levels.values())
    return Notice(
        group.customer_id,
        group.currency,
        level.name,
        level.mail,
        channel,
        sum(item.balance_minor for item in draft.items if item.kind == "invoice"),
        sum_of("fee", ("fee", "compensation")),
        sum_of("interest", ("interest",)),
        facts.credit_minor.get((group.customer_id, group.currency), 0),
        tuple((receivable_id, each.name) for receivable_id, each in draft.levels.items()),
        tuple(claims),
        tuple(draft.items),
        any(each.after_days >= 0 for each in draft.levels.values()),
        any(each.stop_shipping for each in draft.levels.values()),
        level.task or ("call {customer}" if channel == "task" else None),
    )


# Guards


def stopped(store: Store, today: date, notices: int, most: int | None) -> str | None:
    """Why nothing is sent before somebody has looked; None where nothing speaks against it."""
    newest = store.value("SELECT MAX(business_on) FROM journal")
    last = store.value("SELECT MAX(run_on) FROM dunning_run")
    earlier = [
        row["notices"]
        for row in store.all("SELECT notices FROM dunning_run WHERE notices > 0 ORDER BY id DESC LIMIT 10")
    ]
    return rules.stopped(
        today,
        date.fromisoformat(newest) if newest else None,
        date.fromisoformat(last) if last else None,
        notices,
        rules.most_notices(earlier) if most is None else most,
    )


WRITTEN_TO = "id, name, contact, address, email, language"


def plan(store: Store, decision: Decision, today: date) -> dict[str, Any]:
    """A decision and whom it writes to, as plain data that a file can hold, and be compared with."""
    ids = {notice.customer_id for notice in decision.notices}
    return {
        "today": today.isoformat(),
        "customers": [dict(row) for row in store.among(f"SELECT {WRITTEN_TO} FROM customer WHERE {{these:id}}", ids)],
        "notices": [
            {
                **notice._asdict(),
                "advanced": [list(each) for each in notice.advanced],
                "claims": [list(each) for each in notice.claims],
                "listed": [[*item[:3], item.due_on.isoformat(), item.balance_minor] for item in notice.listed],
            }
            for notice in decision.notices
        ],
    }
