"""Terms of payment: who pays what when, in one line of text (design 3, Terms).

    30% sign, 60% ship, 10% accept+90d; net 30; 2%/10

Before the first semicolon stand the shares of the contract, each with what makes it billable; after it, what
holds for each invoice: when it is due (`net`, or `due` with instalments), and the discount for paying early.
Amounts and percentages take the point only, since the comma parts the shares.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, Literal, NamedTuple

from ltc_cli.errors import Problems, UsageError
from ltc_cli.rules.calendar import (
    ISO_DATE,
    Step,
    add_days,
    add_months,
    apply_steps,
    day_on_or_after,
    format_steps,
    parse_iso_date,
    parse_steps,
    same_month_on,
)
from ltc_cli.rules.money import (
    PPM,
    format_amount,
    format_percent,
    grouped,
    parse_percent,
    parse_plain_amount,
    round_ratio,
    round_to_step,
    split,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_LENGTH = 1_000
MAX_SHARES = 600

EVENTS = ("sign", "ship", "deliver", "accept", "end")
MONTHS_OF = {"weekly": 0, "monthly": 1, "quarterly": 3, "half-yearly": 6, "yearly": 12}

SHARE = r"(?ai)(?:(?P<percent>[\d.]+\s*%)|(?P<parts>\d+)\s*[x×]|(?P<amount>[\d.]+)|(?P<rest>rest))\s*(?P<when>.*)"
TRIGGER = r"(?P<trigger>[^\s+@]+)\s*(?P<steps>.*)"
RECURRENCE = (
    r"(?ai)(?P<frequency>weekly|monthly|quarterly|half-yearly|yearly)\s*(?:@\s*(?P<day>\d{1,2}))?"
    r"(?:\s*from\s+(?P<anchor>[^\s+@]+)(?P<steps>.*?))?(?:\s+until\s+(?P<until>\S+))?"
)
CLAUSE = r"(?ai)(?P<net>net)(?![a-z])|(?P<due>due)(?![a-z])|(?P<discount>[^/]*%\s*/)"
NET = r"(?ai)net\s*(?P<days>\d{1,4})?(?!\d)\s*(?P<steps>.*)"
DISCOUNT = r"(?ai)(?P<percent>[^/]*%)\s*/\s*(?P<days>\d{1,4})"

EXAMPLE = "write them like: 30% sign, 60% ship, 10% accept+90d; net 30; 2%/10"

Kind = Literal["percent", "amount", "rest", "parts", "fee"]


class Share(NamedTuple):
    """One share of a contract as the terms word it."""

    kind: Kind
    value: int
    """Ppm of a percentage, minor units of an amount or a fee, how many parts; 0 for the rest."""
    trigger: str
    """`sign ship deliver accept end` or `date`: what makes it billable, or where its recurrence starts."""
    trigger_on: date | None = None
    steps: tuple[Step, ...] = ()
    frequency: str = ""
    """`weekly monthly quarterly half-yearly yearly`, of parts and fees."""
    billing_day: int | None = None
    """The day of the month on which the periods of a fee begin."""
    until: date | None = None
    """The last day of a fee; else the contract's end."""


class Instalment(NamedTuple):
    """One share of each invoice, and when it is due."""

    kind: Kind
    value: int
    steps: tuple[Step, ...]


class Terms(NamedTuple):
    """Terms of payment, read; amounts are minor units of the currency they were read in."""

    shares: tuple[Share, ...]
    net_steps: tuple[Step, ...] | None = None
    due: tuple[Instalment, ...] = ()
    discount_ppm: int = 0
    discount_days: int = 0


class PlannedShare(NamedTuple):
    """One share of a contract as it will be billed; see `falls_due` for when."""

    share: str
    """`30%`, `5000.00`, `rest`, `1/12`, `900.00`."""
    trigger: str
    trigger_on: date | None = None
    """The day of the trigger `date`."""
    months: int = 0
    """How long after the trigger this part of a recurrence comes, before its steps."""
    steps: tuple[Step, ...] = ()
    amount_minor: int = 0
    """In the contract's basis: net, or gross for inclusive tax codes."""
    fixed_minor: int | None = None
    """What the customer pays, tax in it."""
    period_from: date | None = None
    period_to: date | None = None


class _Claim(NamedTuple):
    """What a share claims of a whole: a fee in the contract's basis, an amount as the customer pays it."""

    kind: Kind
    value: int = 0


class _Whole(NamedTuple):
    basis_minor: int
    """What the contract's shares sum to: net, or gross for inclusive tax codes."""
    customer_minor: int
    """What the customer pays for it, tax in it."""


class _Draft(NamedTuple):
    planned: PlannedShare
    claim: _Claim


class _Period(NamedTuple):
    from_on: date
    to_on: date
    full_days: int
    """Days of the whole period that this one, first or last, may be a piece of."""


@lru_cache(maxsize=256)
def parse_terms(text: str, currency: str) -> Terms:
    """The terms, in any case and with any blanks; a UsageError names every piece that cannot be read.

    Percentages that cannot make up the whole are refused here; amounts are checked against a whole by `plan`.
    """
    try:
        terms = _parse(" ".join(text.split()), currency)
        _refuse_too_long(format_terms(terms, currency))
    except UsageError as problem:
        raise UsageError(problem.message, EXAMPLE) from None
    return terms


def _parse(text: str, currency: str) -> Terms:
    _refuse_too_long(text)
    shares_text, *clause_texts = text.split(";")
    with Problems() as check:
        shares = tuple(check(_parse_share, piece.strip(), currency) for piece in shares_text.split(","))
        clauses = check(_clauses, clause_texts) or {}
        net_steps = check(_parse_net, clauses["net"]) if "net" in clauses else None
        due = check(_parse_due, clauses["due"], currency) if "due" in clauses else ()
        discount = check(_parse_discount, clauses["discount"]) if "discount" in clauses else (0, 0)
    terms = Terms(shares, net_steps, due, *discount)
    with Problems() as check:
        check(_refuse_too_many, sum(share.value if share.kind == "parts" else 1 for share in shares))
        check(_refuse_unless_possible, shares, "shares")
        check(_refuse_unless_possible, due, "instalments")
    return terms


def _parse_share(piece: str, currency: str) -> Share:
    match = re.fullmatch(SHARE, piece)
    if not match:
        raise UsageError(f"{piece!r:.60} is not a share: it begins with 30%, 5000, rest or 12 x")
    recurrence = re.fullmatch(RECURRENCE, match["when"])
    try:
        if match["parts"]:
            return _parse_parts(int(match["parts"]), recurrence)
        if match["amount"] and recurrence:
            return _parse_fee(_positive_amount(match["amount"], currency), recurrence)
        kind, value = _kind_and_value(match, currency)
        trigger, trigger_on, steps = _parse_trigger(match["when"])
        return Share(kind, value, trigger, trigger_on, steps)
    except UsageError as problem:
        raise UsageError(f"in {piece!r:.60}: {problem.message}") from None


def _kind_and_value(match: re.Match[str], currency: str) -> tuple[Kind, int]:
    if match["percent"]:
        return "percent", _positive_percent(match["percent"])
    if match["amount"]:
        return "amount", _positive_amount(match["amount"], currency)
    return "rest", 0


def _parse_trigger(text: str) -> tuple[str, date | None, tuple[Step, ...]]:
    match = re.fullmatch(TRIGGER, text)
    if not match:
        raise UsageError(f"say when: {', '.join(EVENTS)} or a date")
    return *_parse_event(match["trigger"]), parse_steps(match["steps"])


def _parse_event(text: str) -> tuple[str, date | None]:
    if text.lower() in EVENTS:
        return text.lower(), None
    if re.fullmatch(ISO_DATE, text):
        return "date", parse_iso_date(text)
    raise UsageError(f"{text!r:.60} is none of {', '.join(EVENTS)} or a date")


def _parse_parts(number: int, recurrence: re.Match[str] | None) -> Share:
    if not recurrence:
        raise UsageError("say how often: weekly, monthly, quarterly, half-yearly or yearly")
    if recurrence["until"] or recurrence["day"]:
        raise UsageError("parts have a number, so they take no 'until'; their day is an offset: from sign@15")
    _refuse_nothing(number, f"{number} x")
    trigger, trigger_on = _parse_anchor(recurrence)
    steps = parse_steps(recurrence["steps"] or "")
    return Share("parts", number, trigger, trigger_on, steps, recurrence["frequency"].lower())


def _parse_fee(value_minor: int, recurrence: re.Match[str]) -> Share:
    trigger, trigger_on = _parse_anchor(recurrence)
    if trigger not in ("sign", "date") or (recurrence["steps"] or "").strip():
        raise UsageError("a fee runs from sign or from a date, without an offset")
    frequency = recurrence["frequency"].lower()
    if frequency == "weekly" and recurrence["day"]:
        raise UsageError("a weekly fee has no day of the month")
    billing_day = parse_steps("@" + recurrence["day"])[0].number if recurrence["day"] else None
    until = parse_iso_date(recurrence["until"]) if recurrence["until"] else None
    return Share("fee", value_minor, trigger, trigger_on, (), frequency, billing_day, until)


def _parse_anchor(recurrence: re.Match[str]) -> tuple[str, date | None]:
    trigger, trigger_on = _parse_event(recurrence["anchor"] or "sign")
    if trigger == "end":
        raise UsageError("nothing recurs from the end of a contract")
    return trigger, trigger_on


def _clauses(texts: Sequence[str]) -> dict[str, str]:
    """The clauses by what they are; UsageError for what is unknown, doubled or contradictory."""
    clauses: dict[str, str] = {}
    with Problems() as check:
        for text in texts:
            check(_add_clause, clauses, text.strip())
        check(_refuse_net_with_due, clauses)
    return clauses


def _refuse_net_with_due(clauses: dict[str, str]) -> None:
    if "net" in clauses and "due" in clauses:
        raise UsageError(f"{clauses['net']!r:.60} and {clauses['due']!r:.60} exclude each other")


def _add_clause(clauses: dict[str, str], text: str) -> None:
    match = re.match(CLAUSE, text)
    if not match or not match.lastgroup:
        raise UsageError(f"{text!r:.60} is none of net 30, due 50%+30d, rest+60d or 2%/10")
    if match.lastgroup in clauses:
        raise UsageError(f"{text!r:.60} comes after {clauses[match.lastgroup]!r:.60}: one is enough")
    clauses[match.lastgroup] = text


def _parse_net(clause: str) -> tuple[Step, ...]:
    match = re.fullmatch(NET, clause)
    if not match or not (match["days"] or match["steps"]):
        raise UsageError(f"{clause!r:.60} is not like net 30 or net eom")
    days = (Step("d", int(match["days"])),) if match["days"] else ()
    return days + parse_steps(match["steps"])


def _parse_due(clause: str, currency: str) -> tuple[Instalment, ...]:
    with Problems() as check:
        pieces = clause[len("due") :].split(",")
        return tuple(check(_parse_instalment, piece.strip(), currency) for piece in pieces)


def _parse_instalment(piece: str, currency: str) -> Instalment:
    match = re.fullmatch(SHARE, piece)
    if not match or match["parts"]:
        raise UsageError(f"{piece!r:.60} is not an instalment such as 25%+30d, 400+1m or rest @15")
    return Instalment(*_kind_and_value(match, currency), parse_steps(match["when"]))


def _parse_discount(clause: str) -> tuple[int, int]:
    match = re.fullmatch(DISCOUNT, clause)
    if not match:
        raise UsageError(f"{clause!r:.60} is not a discount such as 2%/10: percentage and days")
    discount_ppm = _positive_percent(match["percent"])
    if discount_ppm == PPM:
        raise UsageError(f"{clause!r:.60} leaves nothing to pay")
    return discount_ppm, int(match["days"])


def _positive_percent(text: str) -> int:
    ppm = parse_percent(text)
    _refuse_nothing(ppm, text)
    return ppm


def _positive_amount(text: str, currency: str) -> int:
    minor = parse_plain_amount(text, currency)
    _refuse_nothing(minor, text)
    return minor


def _refuse_nothing(value: int, text: str) -> None:
    if value == 0:
        raise UsageError(f"{text!r:.60} is nothing")


def _refuse_too_long(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise UsageError(f"terms have at most {MAX_LENGTH} characters, these have {len(text)}")


def _refuse_too_many(shares: int) -> None:
    if shares > MAX_SHARES:
        raise UsageError(f"terms have at most {MAX_SHARES} shares, these have more")


def _refuse_unless_possible(shares: Sequence[Share | Instalment], name: str) -> None:
    """Whether the shares can make up a whole, as far as percentages alone tell."""
    takers_of_rest = _takers_of_rest(shares)
    if takers_of_rest > 1:
        raise UsageError(f"{takers_of_rest} of the {name} take the rest, only one can")
    total_ppm = sum(share.value for share in shares if share.kind == "percent")
    is_short = total_ppm < PPM and {share.kind for share in shares} == {"percent"}
    if is_short or total_ppm > PPM:
        raise UsageError(f"the {name} make up {_two_decimals(total_ppm)} % instead of 100 %")


def _two_decimals(ppm: int) -> str:
    whole, fraction = divmod(ppm, PPM // 100)
    return f"{whole}.{fraction:04}".removesuffix("00")


@lru_cache(maxsize=256)
def format_terms(terms: Terms, currency: str) -> str:
    """The terms in one canonical way, that reads back as the same terms."""
    shares = ", ".join(_format_share(share, currency) for share in terms.shares)
    return "; ".join([shares, *_format_clauses(terms, currency)])


def _format_share(share: Share, currency: str) -> str:
    trigger = share.trigger_on.isoformat() if share.trigger_on else share.trigger
    value = _format_value(share, currency)
    if share.kind == "parts":
        return _with_steps(f"{value} {share.frequency} from {trigger}", share.steps)
    if share.kind == "fee":
        day = f"@{share.billing_day}" if share.billing_day else ""
        until = f" until {share.until}" if share.until else ""
        return f"{value} {share.frequency}{day} from {trigger}{until}"
    return _with_steps(f"{value} {trigger}", share.steps)


def _format_value(share: Share | Instalment, currency: str) -> str:
    if share.kind == "percent":
        return format_percent(share.value)
    if share.kind == "parts":
        return f"{share.value} x"
    return "rest" if share.kind == "rest" else format_amount(share.value, currency)


def _format_clauses(terms: Terms, currency: str) -> Iterator[str]:
    if terms.net_steps is not None:
        yield f"net {_format_net(terms.net_steps)}"
    if terms.due:
        instalments = (_with_steps(_format_value(part, currency), part.steps) for part in terms.due)
        yield f"due {', '.join(instalments)}"
    if terms.discount_ppm:
        yield f"{format_percent(terms.discount_ppm)}/{terms.discount_days}"


def _format_net(steps: tuple[Step, ...]) -> str:
    if steps[0].kind == "d":
        return _with_steps(str(steps[0].number), steps[1:])
    return format_steps(steps)


def _with_steps(text: str, steps: tuple[Step, ...]) -> str:
    offset = format_steps(steps)
    return text + offset if offset.startswith("+") else f"{text} {offset}".rstrip()


def plan(
    terms: Terms,
    amount_minor: int | None,
    gross_minor: int | None,
    *,
    currency: str,
    signed_on: date,
    ends_on: date | None = None,
) -> list[PlannedShare]:
    """The shares of one contract, in the order of the terms; they sum to its amount.

    `amount_minor` is in the contract's basis, `gross_minor` the same with tax (None: there is none). A fixed
    amount A is what the customer pays, and so A/gross of the amount. Fees alone, or with fixed amounts,
    define the amount themselves; then all of them are in the contract's basis. Of a fee without end the first period
    is planned. UsageError when the shares do not make up the whole, or when there is no whole.
    """
    _refuse_shares_of_no_whole(terms, ends_on, currency)
    drafts = [draft for share in terms.shares for draft in _drafts(share, currency, signed_on, ends_on)]
    _refuse_too_many(len(drafts))
    claims = [draft.claim for draft in drafts]
    own_minor = _own_amount(claims)
    whole = _whole(own_minor, amount_minor, gross_minor)
    amounts = _share_out(claims, whole, currency, "shares")
    planned = [_planned(*pair, is_gross=own_minor is None) for pair in zip(drafts, amounts, strict=True)]
    _refuse_what_no_invoice_could_say(terms, planned, whole, signed_on, currency)
    return planned


def is_open_ended(terms: Terms, ends_on: date | None = None) -> bool:
    """Whether a fee runs until somebody terminates the contract."""
    return ends_on is None and any(share.kind == "fee" and share.until is None for share in terms.shares)


def _refuse_shares_of_no_whole(terms: Terms, ends_on: date | None, currency: str) -> None:
    others = [share for share in terms.shares if share.kind not in ("fee", "amount")]
    if others and is_open_ended(terms, ends_on):
        fee = next(share for share in terms.shares if share.kind == "fee" and share.until is None)
        raise UsageError(
            f"{_format_share(fee, currency)} has no end: nothing else can be a share of the whole",
            "write until DATE behind it in the terms, give the contract's end with --ends, or make the others amounts",
        )
    values = [share.value for share in terms.shares if share.kind == "fee"]
    if is_open_ended(terms, ends_on) and len(set(values)) < len(values):
        raise UsageError("two fees of one amount, one without end, cannot be told apart", "make them one fee")


def fee_periods(
    share: Share,
    currency: str,
    signed_on: date,
    *,
    last_on: date | None,
    through: date,
    changes: Sequence[tuple[date, int]] = (),
) -> list[PlannedShare]:
    """The periods of a fee that have begun by a day, none beyond its last one; the first has always.

    `changes` are days and what the fee is from them on, in minor units: a period in which it changes is two pieces.
    Every piece is its days of the whole period that it lies in (a month from the 1st, say), rounded.
    """
    periods = _periods(share, share.trigger_on or signed_on, last_on, through)
    return [piece for period in periods for piece in _pieces(share.value, period, changes, currency)]


def full_days(share: Share, signed_on: date, day: date) -> int:
    """The days of the whole period of a fee that a day lies in, however much of it the contract has."""
    begun = list(_periods(share, share.trigger_on or signed_on, None, day))
    return begun[-1].full_days


def _pieces(
    fee_minor: int, period: _Period, changes: Sequence[tuple[date, int]], currency: str
) -> Iterator[PlannedShare]:
    begins, full_days = period.from_on, period.full_days
    for changes_on, new_minor in changes:
        if changes_on > period.to_on:
            break
        if changes_on > begins:
            before = _Period(begins, add_days(changes_on, -1), full_days)
            yield _fee_piece(fee_minor, before, currency)
            begins = changes_on
        fee_minor = new_minor
    yield _fee_piece(fee_minor, _Period(begins, period.to_on, full_days), currency)


def _fee_piece(fee_minor: int, period: _Period, currency: str) -> PlannedShare:
    days = (period.to_on - period.from_on).days + 1
    return PlannedShare(
        format_amount(fee_minor, currency),
        "date",
        period.from_on,
        amount_minor=round_ratio(fee_minor * days, period.full_days),
        period_from=period.from_on,
        period_to=period.to_on,
    )


def falls_due(share: PlannedShare, event_on: date) -> date:
    """The day a share becomes billable, from the day its trigger happened: months first, then steps."""
    return apply_steps(add_months(event_on, share.months), share.steps)


def instalments(terms: Terms, total_minor: int, issued_on: date, currency: str) -> list[tuple[date, int]]:
    """Due dates and amounts of one invoice, in the order of the terms; with neither net nor due: on issue.

    Instalments of nothing are left out, unless all are. UsageError when they do not make up the total.
    """
    if not terms.due:
        return [(apply_steps(issued_on, terms.net_steps or ()), total_minor)]
    claims = [_Claim(share.kind, share.value) for share in terms.due]
    amounts = _share_out(claims, _Whole(total_minor, total_minor), currency, "instalments")
    due_days = [apply_steps(issued_on, share.steps) for share in terms.due]
    return [pair for pair in zip(due_days, amounts, strict=True) if pair[1] or not total_minor]


def in_cash(parts: Sequence[tuple[date, int]], total_minor: int, step_minor: int) -> list[tuple[date, int]]:
    """Instalments of a total that is rounded half up to what can be paid in cash, each of them a multiple of the step.

    The total is spread in proportion to the parts, which are those of the total itself or of one that was agreed.
    """
    amounts = [amount_minor for _, amount_minor in parts]
    payable_minor = round_to_step(total_minor, step_minor)
    rounded = [steps * step_minor for steps in split(payable_minor // step_minor, amounts)]
    found = [(due_on, amount_minor) for (due_on, _), amount_minor in zip(parts, rounded, strict=True)]
    return [pair for pair in found if pair[1] or not payable_minor]


def _drafts(share: Share, currency: str, signed_on: date, ends_on: date | None) -> list[_Draft]:
    if share.kind == "fee":
        return _fee_drafts(share, currency, share.trigger_on or signed_on, share.until or ends_on)
    if share.kind == "parts":
        return [_part_draft(share, number) for number in range(share.value)]
    text = _format_value(share, currency)
    planned = PlannedShare(text, share.trigger, share.trigger_on, steps=share.steps)
    return [_Draft(planned, _Claim(share.kind, share.value))]


def _part_draft(share: Share, number: int) -> _Draft:
    """Part `number` (from 0) falls that many periods after the anchor, not after the part before."""
    months = number * MONTHS_OF[share.frequency]
    weeks = (Step("w", number),) if share.frequency == "weekly" else ()
    text = f"{number + 1}/{share.value}"
    planned = PlannedShare(text, share.trigger, share.trigger_on, months, weeks + share.steps)
    return _Draft(planned, _Claim("rest"))


def _fee_drafts(share: Share, currency: str, anchor_on: date, last_on: date | None) -> list[_Draft]:
    if last_on is not None and last_on < anchor_on:
        text = format_amount(share.value, currency)
        raise UsageError(f"{text} {share.frequency} ends on {last_on}, before it begins on {anchor_on}")
    drafts: list[_Draft] = []
    for period in _periods(share, anchor_on, last_on, last_on or anchor_on):
        _refuse_too_many(len(drafts))
        piece = _fee_piece(share.value, period, currency)
        drafts.append(_Draft(piece._replace(amount_minor=0), _Claim("fee", piece.amount_minor)))
    return drafts


def _periods(share: Share, anchor_on: date, last_on: date | None, through: date) -> Iterator[_Period]:
    """The periods of a fee that begin by a day, the first whenever it does."""
    for number in count():
        full_from = _period_start(share, anchor_on, number)
        if max(full_from, anchor_on) > (last_on or date.max) or (number and full_from > through):
            return
        full_to = add_days(_period_start(share, anchor_on, number + 1), -1)
        full_days = (full_to - full_from).days + 1
        yield _Period(max(full_from, anchor_on), min(full_to, last_on or full_to), full_days)


def _period_start(share: Share, anchor_on: date, number: int) -> date:
    """The first day of a full period of a fee; period 0 is the one the anchor lies in."""
    months = number * MONTHS_OF[share.frequency]
    if share.frequency == "weekly":
        return add_days(anchor_on, 7 * number)
    if share.billing_day is None:
        return add_months(anchor_on, months)
    next_on = day_on_or_after(anchor_on, share.billing_day)
    if next_on > anchor_on:
        months -= MONTHS_OF[share.frequency]
    return same_month_on(add_months(next_on, months), share.billing_day)


def _own_amount(claims: Sequence[_Claim]) -> int | None:
    """What fees, alone or with fixed amounts, come to; None when the shares divide an amount from outside."""
    kinds = {claim.kind for claim in claims}
    defines_itself = "fee" in kinds and kinds <= {"fee", "amount"}
    return sum(claim.value for claim in claims) if defines_itself else None


def _whole(own_minor: int | None, amount_minor: int | None, gross_minor: int | None) -> _Whole:
    whole_minor = own_minor if amount_minor is None else amount_minor
    if whole_minor is None:
        raise UsageError("these terms share out an amount, and there is none", "give it with --amount")
    if own_minor is not None or gross_minor is None:
        return _Whole(whole_minor, whole_minor)
    return _Whole(whole_minor, gross_minor)


def _planned(draft: _Draft, amount_minor: int, *, is_gross: bool) -> PlannedShare:
    if draft.claim.kind == "amount" and is_gross:
        return draft.planned._replace(amount_minor=amount_minor, fixed_minor=draft.claim.value)
    return draft.planned._replace(amount_minor=amount_minor)


def _share_out(claims: Sequence[_Claim], whole: _Whole, currency: str, name: str) -> list[int]:
    """The claims' amounts in the contract's basis, by exact proportions; the rest is divided equally."""
    weights = [_weight(claim, whole) for claim in claims]
    _refuse_unless_whole(claims, sum(weights), whole, currency, name)
    takers_of_rest = _takers_of_rest(claims)
    rest = max(_scale(whole) - sum(weights), 0)
    shares = [
        rest if claim.kind == "rest" else weight * (takers_of_rest or 1)
        for claim, weight in zip(claims, weights, strict=True)
    ]
    return split(whole.basis_minor, shares)


def _scale(whole: _Whole) -> int:
    """The weight of the whole: a common denominator of percentages, amounts and fees, so none is rounded."""
    return PPM * max(whole.basis_minor, 1) * max(whole.customer_minor, 1)


def _weight(claim: _Claim, whole: _Whole) -> int:
    if claim.kind == "percent":
        return claim.value * (_scale(whole) // PPM)
    of_minor = whole.basis_minor if claim.kind == "fee" else whole.customer_minor
    return claim.value * (_scale(whole) // max(of_minor, 1))


def _takers_of_rest(shares: Sequence[_Claim | Share | Instalment]) -> int:
    return sum(share.kind in ("rest", "parts") for share in shares)


def _refuse_unless_whole(claims: Sequence[_Claim], total: int, whole: _Whole, currency: str, name: str) -> None:
    fixed = [claim.value for claim in claims if claim.kind in ("amount", "fee")]
    is_customers = any(claim.kind == "amount" for claim in claims)
    whole_minor = whole.customer_minor if is_customers else whole.basis_minor
    made_up_minor = round_ratio(total * whole_minor, _scale(whole)) if whole_minor else sum(fixed)
    is_short = made_up_minor < whole_minor and not _takers_of_rest(claims)
    if is_short or made_up_minor > whole_minor:
        made_up, all_of_it = (grouped(format_amount(minor, currency)) for minor in (made_up_minor, whole_minor))
        sums = f"{made_up} of {all_of_it} {currency}"
        hint = "change the terms or the amount, or let one share be the rest"
        if _own_amount(claims) is not None:
            hint = f"fees say the amount themselves: make it {made_up} (--amount, or the quote's lines)"
        raise UsageError(f"the {name} make up {sums}", hint)


def _refuse_what_no_invoice_could_say(
    terms: Terms, planned: Sequence[PlannedShare], whole: _Whole, signed_on: date, currency: str
) -> None:
    """Days beyond the calendar and instalments beyond the total are better heard of on signing."""
    for share in planned:
        falls_due(share, share.trigger_on or signed_on)
    if len(planned) == 1:
        instalments(terms, whole.customer_minor, signed_on, currency)
