"""Dunning: facts → who is written to at which level → notices with their claims, in the outbox."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.errors import ConfigError, RefusedError
from ltc_cli.mail import outbox
from ltc_cli.mail.message import Letter, refuse_address
from ltc_cli.receivables import BALANCES, NARROWED, PAID_BACK, UNAPPLIED, UNAPPLIED_CREDIT
from ltc_cli.report import Column
from ltc_cli.rules import dunning as rules
from ltc_cli.rules.contact import normalise_email
from ltc_cli.rules.dunning import Claim, Item, Notice
from ltc_cli.rules.money import format_amount
from ltc_cli.stages import dunning_letters, holds, mailing
from ltc_cli.stages.settlements import take_back

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from sqlite3 import Row

    from ltc_cli.config import Dunning, Level, Policy, Settings
    from ltc_cli.stages.mailing import Office
    from ltc_cli.store import Store

COLUMNS = (
    Column("ref", "ref"),
    Column("customer", "ref"),
    Column("customer_name", spare=2),
    Column("level"),
    Column("channel", spare=3),
    Column("currency"),
    Column("amount", "money"),
    Column("fee", "money"),
    Column("interest", "money"),
    Column("total", "money"),
    Column("invoices", "list", on_table=False),
    Column("status", "status"),
    Column("decided_on", "date", on_table=False),
    Column("why"),
)

OFF = "none"
"""The policy that switches dunning off."""

# The one query of what is open: instalments that are due or about to be, those that a claim keeps on the ladder, and
# the claims. Three parameters: the day twice, and the last due date that a level before it can speak of.
OPEN = (
    "WITH balance AS MATERIALIZED ("
    + BALANCES.replace("{columns}", "id, kind, invoice_id, customer_id, currency, due_on").replace(
        "{narrowed}", "AND receivable.due_on <= ? {narrowed}"
    )
    + """)
SELECT balance.id, balance.kind, balance.invoice_id, balance.currency, balance.due_on, balance_minor,
    kept.id AS customer_id, kept.email IS NOT NULL AS has_email, kept.kind AS customer_kind, kept.dunning AS policy
FROM balance JOIN customer AS own ON own.id = balance.customer_id
JOIN customer AS kept ON kept.id = COALESCE(own.merged_into_id, own.id)
WHERE balance_minor > 0
    OR balance.invoice_id IN (SELECT invoice_id FROM balance WHERE kind <> 'invoice' AND balance_minor > 0)
"""
)

IS_CANCELLED = """EXISTS (SELECT 1 FROM outbox
    WHERE outbox.kind = 'notice' AND outbox.record_id = notice.id AND outbox.state = 'cancelled')"""

REACHED = f"""
SELECT receivable_id, notice_item.level FROM notice_item JOIN notice ON notice.id = notice_item.notice_id
WHERE NOT {IS_CANCELLED}
"""

LAST = f"""
SELECT COALESCE(merged_into_id, customer.id) AS customer_id, currency, MAX(decided_on) AS last_on
FROM notice JOIN customer ON customer.id = customer_id WHERE on_ladder = 1 AND NOT {IS_CANCELLED} GROUP BY 1, 2
"""

CHOICES = """
SELECT invoice_id, policy FROM dunning_choice
WHERE NOT EXISTS (SELECT 1 FROM dunning_choice AS later
    WHERE later.invoice_id = dunning_choice.invoice_id AND later.id > dunning_choice.id)
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


class _Facts(NamedTuple):
    settings: Dunning
    base_rates_ppm: dict[date, int]
    today: date
    reached: dict[int, set[str]]
    called: set[tuple[int, str]]
    last_on: dict[tuple[int, str], date]
    choices: dict[int, str | None]
    standing: dict[tuple[str, int], list[holds.Standing]]
    credit_minor: dict[tuple[int, str], int]


class _Group(NamedTuple):
    """What one customer owes in one currency."""

    customer_id: int
    currency: str
    has_email: bool
    is_business: bool
    policy: str | None
    items: list[Item]


def decide(
    store: Store, settings: Settings, today: date, *, customer_id: int | None = None, letters: bool = False
) -> Decision:
    """Who is written to today, decided from facts alone; nothing is written.

    `letters`: customers without an e-mail address are written to on paper.
    Raises ConfigError for a policy, a template or a base rate that is not known.
    """
    facts = _facts(store, settings, today)
    drafts, left_out = [], []
    for group in _groups(store, settings.dunning, today, customer_id):
        drafted = _decide_one(facts, group, letters=letters)
        if isinstance(drafted, LeftOut):
            left_out.append(drafted)
        elif drafted is not None:
            drafts.append((group, drafted))
    notices, remarks = _with_claims(store, facts, drafts)
    return Decision(tuple(notices), tuple(left_out), tuple(remarks))


def _facts(store: Store, settings: Settings, today: date) -> _Facts:
    reached: dict[int, set[str]] = {}
    for row in store.all(REACHED):
        reached.setdefault(row["receivable_id"], set()).add(row["level"])
    return _Facts(
        settings.dunning,
        {**rules.ECB_RATES_PPM, **settings.statutory_rates_ppm},
        today,
        reached,
        {(row["receivable_id"], row["level"]) for row in store.all("SELECT receivable_id, level FROM call_task_item")},
        {(row["customer_id"], row["currency"]): date.fromisoformat(row["last_on"]) for row in store.all(LAST)},
        {row["invoice_id"]: row["policy"] for row in store.all(CHOICES)},
        holds.standing(store, today),
        _credit(store, today),
    )


def _credit(store: Store, today: date) -> dict[tuple[int, str], int]:
    """What is held for a customer and not applied, by survivor and currency."""
    held = " UNION ALL ".join(sql.replace("{narrowed}", "") for sql in (UNAPPLIED, UNAPPLIED_CREDIT, PAID_BACK))
    rows = store.all(
        f"SELECT COALESCE(merged_into_id, customer.id) AS customer_id, currency, SUM(unapplied_minor) AS held_minor"
        f" FROM ({held}) AS held JOIN customer ON customer.id = held.customer_id GROUP BY 1, 2",
        (today.isoformat(),) * held.count("?"),
    )
    return {(row["customer_id"], row["currency"]): row["held_minor"] for row in rows}


def _groups(store: Store, dunning: Dunning, today: date, customer_id: int | None) -> list[_Group]:
    ladders: list[Dunning | Policy] = [dunning, *dunning.policies.values()]
    early_days = max(0, *(-level.after_days for ladder in ladders for level in ladder.levels), 0)
    day, horizon = today.isoformat(), (today + timedelta(days=early_days)).isoformat()
    sql = OPEN.replace("{narrowed}", NARROWED["customer"] if customer_id else "")
    found: dict[tuple[int, str], _Group] = {}
    days: dict[str, date] = {}
    for row in store.among(sql, [customer_id] if customer_id else None, (day, day, horizon)):
        receivable_id, kind, invoice_id, currency, due, balance_minor, customer, has_email, of_kind, policy = row
        group = found.get((customer, currency))
        if group is None:
            group = _Group(customer, currency, bool(has_email), of_kind == "business", policy, [])
            found[customer, currency] = group
        due_on = days.get(due) or days.setdefault(due, date.fromisoformat(due))
        group.items.append(Item(receivable_id, kind, invoice_id, due_on, balance_minor))
    return [found[key] for key in sorted(found)]


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
    if not (facts.standing or facts.choices):  # the usual case, of a hundred thousand receivables
        is_off = policy(facts.settings, group.policy) is None
        return ([], ["dunning is off"]) if is_off else (group.items, [])
    free, reasons = [], []
    of_customer = facts.standing.get(("customer", group.customer_id), [])
    for item in group.items:
        blocks = [*of_customer, *facts.standing.get(("invoice", item.invoice_id), ())]
        if blocks:
            reasons.append(blocks[0].words)
        elif policy(facts.settings, _policy_name(facts, group, item)) is None:
            reasons.append("dunning is off")
        else:
            free.append(item)
    return free, reasons


def _policy_name(facts: _Facts, group: _Group, item: Item) -> str | None:
    return facts.choices.get(item.invoice_id) or group.policy


def _level(facts: _Facts, group: _Group, item: Item) -> tuple[Level | None, str]:
    ladder = policy(facts.settings, _policy_name(facts, group, item))
    assert ladder is not None
    last_on = facts.last_on.get((group.customer_id, group.currency))
    # A day at least: a hundred runs in one day are one.
    not_before = last_on + timedelta(days=max(1, ladder.spacing_days)) if last_on else None
    return rules.due_level(ladder.levels, facts.reached.get(item.id, ()), item.due_on, facts.today, not_before)


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


# Carrying it out


def carry_out(
    store: Store, settings: Settings, desk: Office | None, decision: Decision, today: date, folder: Path | None
) -> list[tuple[int | None, Notice]]:
    """Write the notices, their claims, tasks and mails. Answers the notices' ids; a mere task has none."""
    done: list[tuple[int | None, Notice]] = []
    for notice in decision.notices:
        assert desk
        done.append((_write_or_call(store, settings, desk, notice, today, folder), notice))
    is_first = store.value("SELECT COUNT(*) FROM dunning_run WHERE run_on = ?", (today.isoformat(),)) == 0
    if done or is_first:
        store.add("dunning_run", run_on=today.isoformat(), notices=len(done), recorded_at=store.recorded_at)
    return done


def _write_or_call(
    store: Store, settings: Settings, desk: Office, notice: Notice, today: date, folder: Path | None
) -> int | None:
    """Write it; a customer whose address or name no safe mail can carry is to be called, and keeps nobody waiting."""
    store.connection.execute("SAVEPOINT one_notice")
    counts = store.counts.copy()
    try:
        return _write(store, settings, desk, notice, today, folder)
    except RefusedError:
        store.connection.execute("ROLLBACK TO one_notice")
        store.counts.clear()
        store.counts.update(counts)
        customer = store.one("SELECT * FROM customer WHERE id = ?", (notice.customer_id,))
        assert customer is not None
        if not _is_called(store, notice):
            _add_task(store, notice, customer, today, None)
        return None
    finally:
        store.connection.execute("RELEASE one_notice")


def _is_called(store: Store, notice: Notice) -> bool:
    """Whether all that the notice is about is a task already."""
    return all(
        store.one("SELECT 1 FROM call_task_item WHERE receivable_id = ? AND level = ?", each)
        for each in notice.advanced
    )


def _write(
    store: Store, settings: Settings, desk: Office, notice: Notice, today: date, folder: Path | None
) -> int | None:
    customer = store.one("SELECT * FROM customer WHERE id = ?", (notice.customer_id,))
    assert customer is not None
    if notice.channel == "task" and notice.mail is not None:
        _add_task(store, notice, customer, today, None)
        return None
    notice_id = store.add(
        "notice",
        customer_id=notice.customer_id,
        currency=notice.currency,
        level=notice.level,
        channel=notice.channel,
        amount_minor=notice.amount_minor,
        fee_minor=notice.fee_minor,
        interest_minor=notice.interest_minor,
        on_ladder=int(notice.on_ladder),
        stops_shipping=int(notice.stops_shipping),
        decided_on=today.isoformat(),
        recorded_at=store.recorded_at,
    )
    store.touch(f"K{notice.customer_id}")
    for receivable_id, level in notice.advanced:
        attempt = store.value(
            "SELECT COUNT(*) + 1 FROM notice_item WHERE receivable_id = ? AND level = ?", (receivable_id, level)
        )
        store.add("notice_item", notice_id=notice_id, receivable_id=receivable_id, level=level, attempt=attempt)
    for claim in notice.claims:
        _add_claim(store, notice_id, notice, claim, today)
    if notice.task:
        _add_task(store, notice, customer, today, notice_id)
    if notice.channel != "task":
        _post(store, settings, desk, notice, customer, notice_id, today, folder)
    return notice_id


def _add_claim(store: Store, notice_id: int, notice: Notice, claim: Claim, today: date) -> None:
    customer_id = store.value("SELECT customer_id FROM invoice WHERE id = ?", (claim.invoice_id,))
    receivable_id = store.add(
        "receivable",
        kind="interest" if claim.basis == "interest" else "fee",
        invoice_id=claim.invoice_id,
        notice_id=notice_id,
        customer_id=customer_id,
        currency=notice.currency,
        issued_on=today.isoformat(),
        due_on=today.isoformat(),
        amount_minor=claim.amount_minor,
    )
    store.add("claim", receivable_id=receivable_id, basis=claim.basis, formula=claim.formula)
    store.touch(store.value("SELECT number FROM invoice WHERE id = ?", (claim.invoice_id,)))


def _add_task(store: Store, notice: Notice, customer: Row, today: date, notice_id: int | None) -> None:
    text = (notice.task or "call {customer}").replace("{customer}", customer["name"])
    task_id = store.add(
        "call_task",
        customer_id=notice.customer_id,
        currency=notice.currency,
        level=notice.level,
        notice_id=notice_id,
        text=text,
        decided_on=today.isoformat(),
        recorded_at=store.recorded_at,
    )
    store.touch(f"K{notice.customer_id}")
    for receivable_id, level in notice.advanced:
        store.add("call_task_item", call_task_id=task_id, receivable_id=receivable_id, level=level)


def _post(
    store: Store,
    settings: Settings,
    desk: Office,
    notice: Notice,
    customer: Row,
    notice_id: int,
    today: date,
    folder: Path | None,
) -> None:
    """The mail into the outbox, or the letter into the folder."""
    text = dunning_letters.write(store, settings, notice, customer, notice_id, today)
    if notice.channel == "letter":
        assert folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"N{notice_id}.txt").write_text(f"{text.subject}\n\n{text.text}", encoding="utf-8")
        return
    recipient = normalise_email(customer["email"])
    refuse_address(recipient)
    letter = Letter(
        sender_name=desk.sender_name,
        sender=desk.sender,
        recipient_name=customer["contact"] or customer["name"],
        recipient=recipient,
        subject=text.subject,
        text=text.text,
        html=text.html,
        language=customer["language"] or desk.language,
    )
    outbox.add(store, letter, outbox.About("notice", notice_id, f"N{notice_id}", notice.customer_id), today)


# What happens before the dot

# What changes what a notice says: money of this customer and currency, or a word that keeps dunning back.
CHANGED = """
SELECT 1 FROM outbox JOIN notice ON outbox.kind = 'notice' AND notice.id = outbox.record_id WHERE outbox.id = ? AND (
    EXISTS (SELECT 1 FROM settlement JOIN receivable ON receivable.id = receivable_id
        JOIN customer ON customer.id = receivable.customer_id
        WHERE COALESCE(merged_into_id, customer.id) = notice.customer_id AND receivable.currency = notice.currency
        AND settlement.recorded_at > notice.recorded_at)
    OR EXISTS (SELECT 1 FROM payment JOIN customer ON customer.id = payment.customer_id
        WHERE COALESCE(merged_into_id, customer.id) = notice.customer_id AND payment.currency = notice.currency
        AND payment.recorded_at > notice.recorded_at)
    OR EXISTS (SELECT 1 FROM credit_note JOIN customer ON customer.id = credit_note.customer_id
        WHERE COALESCE(merged_into_id, customer.id) = notice.customer_id AND credit_note.currency = notice.currency
        AND credit_note.recorded_at > notice.recorded_at)
    OR EXISTS (SELECT 1 FROM dunning_event WHERE dunning_event.recorded_at > notice.recorded_at AND kind <> 'release'
        AND (dunning_event.customer_id = notice.customer_id OR dunning_event.invoice_id IN (
            SELECT invoice_id FROM receivable JOIN notice_item ON receivable_id = receivable.id
            WHERE notice_item.notice_id = notice.id))))
"""


def withdrawn(store: Store, mail_id: int, on: date) -> str | None:
    """Why a mail need not go any more. A notice that no longer says what is so takes its claims back with it."""
    row = store.one("SELECT kind, record_id FROM outbox WHERE id = ?", (mail_id,))
    if row is None or row["kind"] != "notice":
        return mailing.withdrawn(store, mail_id)
    if store.one(CHANGED, (mail_id,)) is None:
        return None
    void_claims(store, row["record_id"], on)
    return "something was paid, credited, held or promised in the meantime"


def dropped(store: Store, mail_id: int, on: date) -> None:
    """A notice whose mail was dropped takes its claims back with it."""
    row = store.one("SELECT kind, record_id FROM outbox WHERE id = ?", (mail_id,))
    if row and row["kind"] == "notice":
        void_claims(store, row["record_id"], on)


def void_claims(store: Store, notice_id: int, on: date) -> None:
    """Take the claims of a notice back, as if they had never been made; what was paid of them is credit again."""
    for row in store.all("SELECT id, amount_minor, issued_on FROM receivable WHERE notice_id = ?", (notice_id,)):
        standing = store.all(
            "SELECT * FROM settlement WHERE receivable_id = ? AND kind <> 'reversal' AND id NOT IN"
            " (SELECT reverses_id FROM settlement WHERE receivable_id = ? AND reverses_id IS NOT NULL)",
            (row["id"], row["id"]),
        )
        if any(made["kind"] == "void" for made in standing):
            continue
        day = max([on.isoformat(), row["issued_on"], *(made["settled_on"] for made in standing)])
        take_back(store, standing, date.fromisoformat(day))
        store.add(
            "settlement",
            receivable_id=row["id"],
            kind="void",
            settled_on=day,
            amount_minor=row["amount_minor"],
            recorded_at=store.recorded_at,
        )
    store.touch(f"N{notice_id}")


# Showing

RECORDS = """
SELECT notice.*, customer.name AS customer_name, (SELECT outbox.state FROM outbox
    WHERE outbox.kind = 'notice' AND outbox.record_id = notice.id ORDER BY outbox.id DESC LIMIT 1) AS state
FROM notice JOIN customer ON customer.id = notice.customer_id
WHERE {these:notice.id} ORDER BY notice.id
"""

NUMBERS = """
SELECT DISTINCT notice_item.notice_id, number, invoice.id FROM notice_item
JOIN receivable ON receivable.id = receivable_id JOIN invoice ON invoice.id = invoice_id
WHERE {these:notice_item.notice_id} ORDER BY notice_item.notice_id, invoice.id
"""


def records(store: Store, ids: Sequence[int] | None = None) -> list[dict[str, Any]]:
    """Notices as they are shown, oldest first; all of them without ids."""
    rows = store.among(RECORDS, ids)
    numbers: dict[int, list[str]] = {row["id"]: [] for row in rows}
    for row in store.among(NUMBERS, ids):
        numbers[row["notice_id"]].append(row["number"])
    return [
        _record(
            ref=f"N{row['id']}",
            customer=(row["customer_id"], row["customer_name"]),
            level=row["level"],
            channel=row["channel"],
            money=(row["currency"], row["amount_minor"], row["fee_minor"], row["interest_minor"]),
            invoices=numbers[row["id"]],
            status=row["state"] or "sent",
            decided_on=row["decided_on"],
        )
        for row in rows
    ]


def _record(
    *,
    ref: str | None,
    customer: tuple[int, str],
    level: str | None,
    channel: str | None,
    money: tuple[str, int, int, int],
    invoices: list[str],
    status: str,
    decided_on: str,
    why: str | None = None,
) -> dict[str, Any]:
    currency, *parts = money
    amounts = [format_amount(part, currency) for part in (*parts, sum(parts))]
    return {
        "ref": ref,
        "customer": f"K{customer[0]}",
        "customer_name": customer[1],
        "level": level,
        "channel": channel,
        "currency": currency,
        **dict(zip(("amount", "fee", "interest", "total"), amounts, strict=True)),
        "invoices": invoices,
        "status": status,
        "decided_on": decided_on,
        "why": why,
    }


def planned(store: Store, decision: Decision, today: date, status: str) -> list[dict[str, Any]]:
    """A decision as it is shown before it is carried out."""
    names = _names(store, [notice.customer_id for notice in decision.notices])
    numbers = _numbers(store, [item.invoice_id for notice in decision.notices for item in notice.listed])
    rows = []
    for notice in decision.notices:
        advanced = dict(notice.advanced)
        why = "; ".join(
            f"{numbers[item.invoice_id]} due {item.due_on}: {advanced[item.id]}"
            for item in notice.listed
            if item.id in advanced
        )
        mine = {numbers[item.invoice_id]: None for item in notice.listed if item.id in advanced}
        rows.append(
            _record(
                ref=None,
                customer=(notice.customer_id, names[notice.customer_id]),
                level=notice.level,
                channel=notice.channel,
                money=(notice.currency, notice.amount_minor, notice.fee_minor, notice.interest_minor),
                invoices=list(mine),
                status=status,
                decided_on=today.isoformat(),
                why=why,
            )
        )
    return rows


def left_out(store: Store, decision: Decision, today: date) -> list[dict[str, Any]]:
    """Customers who owe something late and are not written to, with why."""
    names = _names(store, [each.customer_id for each in decision.left_out])
    return [
        _record(
            ref=None,
            customer=(each.customer_id, names[each.customer_id]),
            level=None,
            channel=None,
            money=(each.currency, each.amount_minor, 0, 0),
            invoices=[],
            status="left_out",
            decided_on=today.isoformat(),
            why=each.why,
        )
        for each in decision.left_out
    ]


def _names(store: Store, ids: Iterable[int]) -> dict[int, str]:
    return {row["id"]: row["name"] for row in store.among("SELECT id, name FROM customer WHERE {these:id}", ids)}


def _numbers(store: Store, ids: Iterable[int]) -> dict[int, str]:
    return {row["id"]: row["number"] for row in store.among("SELECT id, number FROM invoice WHERE {these:id}", ids)}


def plan(decision: Decision, today: date) -> dict[str, Any]:
    """A decision as plain data that a file can hold, and be compared with."""
    return {
        "today": today.isoformat(),
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
