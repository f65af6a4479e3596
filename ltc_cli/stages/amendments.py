"""Amendments: what is agreed after signing, and the periods by which a contract without end goes on.

What was signed is never touched. An amendment says how contract, lines and shares stand from then on.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ltc_cli import agreed
from ltc_cli.errors import NotFoundError, Problems, RefusedError, UsageError
from ltc_cli.receivables import EVER
from ltc_cli.rules import billing, recurring, states, tax
from ltc_cli.rules.calendar import add_days, parse_iso_date
from ltc_cli.rules.contact import clean_name
from ltc_cli.rules.money import digits, format_amount, format_micro, line_net, parse_quantity, round_ratio, split
from ltc_cli.rules.terms import PlannedShare, parse_terms
from ltc_cli.stages import contracts, customers, quotes
from ltc_cli.store import canonical_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date
    from sqlite3 import Row

    from ltc_cli.references import Reference
    from ltc_cli.rules.recurring import Course, Planned
    from ltc_cli.rules.terms import Terms
    from ltc_cli.settings import Settings
    from ltc_cli.store import Store

DAYS_OF_ANY_PERIOD = 366
QUANTITY = r"(?a)\s*(\d{1,6})\s*=(.*)"


class Standing(NamedTuple):
    """A contract as it stands."""

    row: Row
    line_ids: list[int]
    lines: list[tax.Line]
    planned: list[Planned]
    terms: Terms
    course: Course
    done: billing.Progress

    @property
    def ref(self) -> str:
        return f"C{self.row['id']}"

    @property
    def currency(self) -> str:
        return str(self.row["currency"])

    @property
    def billed_minor(self) -> int:
        return sum(each.billed_minor for each in self.planned)

    def amount(self, minor: int) -> str:
        return format_amount(minor, self.currency)


class Wish(NamedTuple):
    """What is to be another; None and nothing: that stays."""

    lines: Sequence[str] = ()
    amount_minor: int | None = None
    fee_minor: int | None = None
    from_on: date | None = None
    """The first day of the new fee."""
    ends_on: date | None = None
    reason: str | None = None
    document: bytes | None = None


class Outcome(NamedTuple):
    """How a contract stands afterwards; lines and shares beyond the known ones are new."""

    lines: list[tax.Line]
    shares: dict[int, PlannedShare]
    added: list[PlannedShare]
    ends_on: date | None
    fee_minor: int | None = None


def read(store: Store, contract_id: int, as_of: str = EVER) -> Standing:
    """A contract as it stands, amendments included; as of a day, those told by then."""
    before, days = agreed.on(as_of)
    row = store.one(f"{before} SELECT * FROM contract_now WHERE id = ?", (*days, contract_id))
    assert row is not None
    line_ids = store.all(
        f"{before} SELECT id FROM contract_line_now WHERE contract_id = ? ORDER BY position", (*days, contract_id)
    )
    return Standing(
        row,
        [each["id"] for each in line_ids],
        quotes.lines_of(store, "contract", contract_id, as_of),
        [recurring.Planned(*each) for each in contracts.plans(store, [contract_id], as_of)[contract_id]],
        parse_terms(row["terms"], row["currency"]),
        course(store, row, as_of),
        contracts.progress(store, contract_id, as_of),
    )


def course(store: Store, row: Row, as_of: str = EVER) -> Course:
    """How the fees of a contract run, as they were agreed on a day; the row is of `contract_now`, as of it too."""
    amended = store.all(
        "SELECT * FROM amendment WHERE contract_id = ? AND amended_on <= ? ORDER BY id", (row["id"], as_of)
    )
    changes: list[tuple[date, int]] = []
    for each in amended:
        if each["fee_minor"]:
            since = parse_iso_date(each["effective_on"])
            changes = [*(change for change in changes if change[0] < since), (since, each["fee_minor"])]
    signed = store.value("SELECT ends_on FROM contract WHERE id = ?", (row["id"],))
    return recurring.Course(
        parse_iso_date(row["signed_on"]),
        parse_iso_date(row["ends_on"]) if row["ends_on"] else None,
        changes,
        is_cut=row["ends_on"] != signed,
    )


# Going on


def extend(store: Store, on: date, contract_ids: Sequence[int] | None = None) -> None:
    """Plan the periods that have begun of contracts without end, so that they can be billed."""
    for standing, added in _behind(store, on, contract_ids):
        more_minor = sum(share.amount_minor for share in added)
        lines = relined(store, standing, standing.row["amount_minor"] + more_minor)
        add(store, standing, "extended", on, on, Outcome(lines, {}, added, None))


def begun(store: Store, on: date, as_of: str = EVER) -> dict[int, list[PlannedShare]]:
    """By contract without end, the periods that have begun and are not even planned; as it was agreed on a day."""
    return {standing.row["id"]: added for standing, added in _behind(store, on, None, as_of)}


def next_periods(store: Store, contract_id: int, on: date) -> list[PlannedShare]:
    """The first period of each fee of a contract without end that has not begun by a day."""
    standing = read(store, contract_id)
    if not standing.row["open_ended"] or standing.course.last_on:
        return []
    found = []
    for fee in recurring.fees_of(standing.terms):
        through = add_days(on, DAYS_OF_ANY_PERIOD)
        ahead = recurring.pieces(fee, standing.currency, standing.course, through)
        found += [share for share in ahead if share.trigger_on and share.trigger_on > on][:1]
    return found


def _behind(
    store: Store, on: date, contract_ids: Sequence[int] | None, as_of: str = EVER
) -> Iterator[tuple[Standing, list[PlannedShare]]]:
    before, days = agreed.on(as_of)
    sql = f"{before} SELECT id FROM contract_now WHERE open_ended = 1 AND ends_on IS NULL"
    for row in store.among(f"{sql} AND {{these:id}} ORDER BY id", contract_ids, days):
        standing = read(store, row["id"], as_of)
        if added := _missing(standing, on):
            yield standing, added


def _missing(standing: Standing, through: date) -> list[PlannedShare]:
    fees = recurring.fees_of(standing.terms)
    plans = recurring.by_fee(standing.planned, fees, standing.currency)
    found = [
        share
        for fee, mine in zip(fees, plans, strict=True)
        for share in recurring.missing(mine, recurring.pieces(fee, standing.currency, standing.course, through))
    ]
    return sorted(found, key=lambda share: share.trigger_on or through)


def relined(store: Store, standing: Standing, amount_minor: int) -> list[tax.Line]:
    """The lines for another amount of the whole, each with its part of it; of a tax code never less than was billed."""
    weights = [line.net_minor for line in standing.lines]
    more_minor = amount_minor - standing.row["amount_minor"]
    if more_minor >= 0:
        more = split(more_minor, weights if any(weights) else [1] * len(weights))
        return [_at(standing, line, line.net_minor + part) for line, part in zip(standing.lines, more, strict=True)]
    billed = contracts.billed_by_code(store, standing.row["id"])
    codes = list(dict.fromkeys(line.tax for line in standing.lines))
    rest = [
        sum(line.net_minor for line in standing.lines if line.tax == code) - billed.get(code.code, 0) for code in codes
    ]
    parts = split(amount_minor - sum(billed.values()), [max(0, each) for each in rest])
    lines = list(standing.lines)
    for code, part_minor in zip(codes, parts, strict=True):
        mine = [number for number, line in enumerate(lines) if line.tax == code]
        nets = split(billed.get(code.code, 0) + part_minor, [lines[number].net_minor for number in mine])
        for number, net_minor in zip(mine, nets, strict=True):
            lines[number] = _at(standing, lines[number], net_minor)
    return lines


def _at(standing: Standing, line: tax.Line, net_minor: int) -> tax.Line:
    """A line at another amount: at another price where it is paid for in periods or parts, else less a discount."""
    scale = digits(standing.currency)
    if line.net_minor == net_minor:
        return line
    if any(billing.is_recurring(each.share) for each in standing.planned):
        return billing.repriced(line, net_minor, scale)
    return billing.goods(line, line.quantity_micro, net_minor, scale)


# Amending


def amend(store: Store, settings: Settings, contract: Reference, on: date, wish: Wish) -> bool:
    """Amend a contract. Answers whether anything is another now.

    Raises RefusedError where less would be left than was billed or shipped, UsageError where nothing is said.
    """
    status = contracts.status(store, contract.id)
    states.follow("contract", status, "amend", contract.text)
    if not wish.lines and (wish.amount_minor, wish.fee_minor, wish.ends_on) == (None, None, None):
        raise UsageError("nothing is to be amended", f'ltc amend {contract.text} --line "Widget:2:50"')
    extend(store, on, [contract.id])
    standing = read(store, contract.id)
    refuse_before(store, standing, on)
    _refuse_amounts_of_a_fee(standing, wish)
    outcome = _replanned(_relined(store, settings, standing, on, wish), standing, on, wish)
    _refuse_below_billed(store, standing, outcome)
    if _is_as_it_was(standing, outcome):
        return False
    document = _document(store, settings, standing, outcome, on, wish)
    effective_on = _fee_from(standing, wish, on) if wish.fee_minor else on
    add(store, standing, "amended", on, effective_on, outcome, reason=wish.reason, document_sha256=document)
    return True


def refuse_before(store: Store, standing: Standing, on: date) -> None:
    """A contract changes in the order of the days: not before it was signed, nor before it changed last."""
    if on < standing.course.signed_on:
        raise UsageError(f"{standing.ref} was signed on {standing.row['signed_on']}: it cannot change before")
    last = store.value("SELECT MAX(amended_on) FROM amendment WHERE contract_id = ?", (standing.row["id"],))
    if last and on.isoformat() < last:
        raise UsageError(f"{standing.ref} was extended or amended on {last}: it cannot change before")


def _refuse_amounts_of_a_fee(standing: Standing, wish: Wish) -> None:
    fees = recurring.fees_of(standing.terms)
    quantities = [text for text in wish.lines if re.fullmatch(QUANTITY, text)]
    if fees and (quantities or wish.amount_minor is not None):
        raise RefusedError(
            f"what {standing.ref} comes to follows from its fee", f"ltc amend {standing.ref} --fee AMOUNT --from DATE"
        )
    if wish.fee_minor is not None and len(fees) != 1:
        count = "no fee" if not fees else f"{len(fees)} fees"
        raise RefusedError(f"{standing.ref} has {count}: --fee changes the only one", f"ltc show {standing.ref}")
    if wish.fee_minor == 0:
        raise RefusedError(f"{standing.ref} would run for nothing", f"ltc terminate {standing.ref} --on DATE")
    if wish.from_on is not None and wish.fee_minor is None:
        raise UsageError("--from is the first day of another fee", f"ltc amend {standing.ref} --fee AMOUNT --from DATE")


def _relined(store: Store, settings: Settings, standing: Standing, on: date, wish: Wish) -> list[tax.Line]:
    """The lines with what is wished for them; fees come later."""
    lines = list(standing.lines)
    if wish.amount_minor is not None:
        if wish.lines:
            raise UsageError("--amount and --line exclude each other: lines have amounts", "give one of them")
        _refuse_less_than_billed(standing, wish.amount_minor)
        return relined(store, standing, wish.amount_minor)
    buyer_id = customers.survivor(store, standing.row["customer_id"])
    default_tax = store.value("SELECT tax_code FROM customer WHERE id = ?", (buyer_id,))
    with Problems() as check:
        for text in wish.lines:
            match = re.fullmatch(QUANTITY, text)
            if match:
                check(_set_quantity, standing, lines, int(match[1]), match[2])
            else:
                line = check(quotes.parse_line, store, text, settings, standing.currency, default_tax, on)
                lines += [line] if line else []
    return lines


def _set_quantity(standing: Standing, lines: list[tax.Line], number: int, text: str) -> None:
    if not 1 <= number <= len(standing.lines):
        raise NotFoundError(f"{standing.ref} has no line {number}", f"ltc show {standing.ref}")
    quantity_micro = 0 if text.strip() in ("0", "0.0") else parse_quantity(text)
    line = lines[number - 1]
    out_micro = sum(move.quantity_micro for move in standing.done.moves["ship"] if move.position == number - 1)
    if quantity_micro < out_micro:
        raise RefusedError(
            f"{format_micro(out_micro)} of line {number} is shipped: it cannot be {format_micro(quantity_micro)}",
            "ltc ship --returned SHIPMENT takes goods back",
        )
    discount_minor = round_ratio(line.discount_minor * quantity_micro, line.quantity_micro or 1)
    net_minor = line_net(quantity_micro, line.price_micro, discount_minor, digits(standing.currency))
    lines[number - 1] = line._replace(quantity_micro=quantity_micro, discount_minor=discount_minor, net_minor=net_minor)


def _replanned(lines: list[tax.Line], standing: Standing, on: date, wish: Wish) -> Outcome:
    """The plan for these lines, and for the fee and the end that are wished."""
    more_minor = sum(line.net_minor for line in lines) - standing.row["amount_minor"]
    others = [each for each in standing.planned if each.share.period_from is None]
    shares: dict[int, PlannedShare] = {}
    added: list[PlannedShare] = []
    if more_minor:
        others_minor = sum(each.share.amount_minor for each in others) + more_minor
        taken = None if recurring.fees_of(standing.terms) else recurring.spread(others, others_minor)
        if taken is not None:
            shares.update(taken)
        elif more_minor > 0:
            added.append(PlannedShare(standing.amount(more_minor), "date", on, amount_minor=more_minor))
        else:
            _refuse_less_than_billed(standing, standing.row["amount_minor"] + more_minor)
    ends_on = wish.ends_on or standing.course.last_on
    if wish.ends_on is not None and wish.ends_on < on:
        raise UsageError(f"{wish.ends_on} is past: an end lies ahead", f"ltc terminate {standing.ref} --on DATE")
    if recurring.fees_of(standing.terms) and (wish.fee_minor or wish.ends_on):
        fees = _fees(standing, on, wish)
        shares.update(fees.changed)
        added += fees.added
        changed_minor = sum(each.amount_minor for each in fees.added) + sum(
            share.amount_minor - _share(standing, share_id).amount_minor for share_id, share in fees.changed.items()
        )
        lines = _with_fees(standing, lines, changed_minor)
    return Outcome(lines, shares, added, ends_on, wish.fee_minor)


def _with_fees(standing: Standing, lines: list[tax.Line], more_minor: int) -> list[tax.Line]:
    """What was signed takes what the fees come to more or less."""
    signed, added = lines[: len(standing.lines)], lines[len(standing.lines) :]
    weights = [line.net_minor for line in signed]
    if more_minor >= 0:
        nets = [sum(pair) for pair in zip(weights, split(more_minor, weights), strict=True)]
    else:
        nets = split(max(0, sum(weights) + more_minor), weights)
    return [*(_at(standing, *pair) for pair in zip(signed, nets, strict=True)), *added]


def _fees(standing: Standing, on: date, wish: Wish) -> recurring.Replanned:
    """The periods of the fees as wished. Raises RefusedError where more of them is billed than they come to."""
    fees = recurring.fees_of(standing.terms)
    course = standing.course
    from_on = None
    if wish.fee_minor is not None:
        from_on = _fee_from(standing, wish, on)
        before = [change for change in course.changes if change[0] < from_on]
        course = course._replace(changes=[*before, (from_on, wish.fee_minor)])
    if wish.ends_on is not None:
        course = course._replace(last_on=wish.ends_on, is_cut=True)
    through = max([on, *(each.share.period_from for each in standing.planned if each.share.period_from)])
    changed: dict[int, PlannedShare] = {}
    added: list[PlannedShare] = []
    for fee, mine in zip(fees, recurring.by_fee(standing.planned, fees, standing.currency), strict=True):
        found = recurring.replan(mine, recurring.pieces(fee, standing.currency, course, through), from_on)
        if found.over:
            _refuse_billed_beyond(standing, found, wish)
        changed.update(found.changed)
        added += found.added
    return recurring.Replanned(changed, sorted(added, key=lambda share: share.trigger_on or on), {})


def _refuse_billed_beyond(standing: Standing, found: recurring.Replanned, wish: Wish) -> None:
    last = max(_share(standing, share_id).period_to or standing.course.signed_on for share_id in found.over)
    over = standing.amount(sum(found.over.values()))
    if wish.ends_on is not None and wish.fee_minor is None:
        hint = f"ltc terminate {standing.ref} --on {wish.ends_on} credits it by the days"
    else:
        hint = f"begin after {last} with --from, or first ltc credit the invoice"
    raise RefusedError(f"{over} more than that is billed already, until {last}", hint)


def _fee_from(standing: Standing, wish: Wish, on: date) -> date:
    """The first day of another fee: as said, else the amendment's."""
    from_on = wish.from_on or on
    if from_on < standing.course.signed_on:
        raise UsageError(f"{standing.ref} was signed on {standing.row['signed_on']}: no fee begins before")
    return from_on


def _share(standing: Standing, share_id: int) -> PlannedShare:
    return next(each.share for each in standing.planned if each.id == share_id)


def _refuse_below_billed(store: Store, standing: Standing, outcome: Outcome) -> None:
    """In all, and of each tax code."""
    _refuse_less_than_billed(standing, sum(line.net_minor for line in outcome.lines))
    for code, billed_minor in contracts.billed_by_code(store, standing.row["id"]).items():
        whole_minor = sum(line.net_minor for line in outcome.lines if line.tax.code == code)
        if whole_minor < billed_minor:
            raise RefusedError(
                f"{standing.amount(billed_minor)} is billed with tax {code}, {standing.amount(whole_minor)} would be"
                " left of it",
                "ltc credit INVOICE AMOUNT --reason … takes back what is billed",
            )
    made_up_minor = sum(each.amount_minor for each in outcome.added) + sum(
        outcome.shares.get(each.id, each.share).amount_minor for each in standing.planned
    )
    amount_minor = sum(line.net_minor for line in outcome.lines)
    if made_up_minor != amount_minor:
        raise RefusedError(
            f"the shares of {standing.ref} that are billed or fixed come to {standing.amount(made_up_minor)},"
            f" more than {standing.amount(amount_minor)}",
            "ltc credit INVOICE AMOUNT --reason … takes back what is billed",
        )


def _refuse_less_than_billed(standing: Standing, amount_minor: int) -> None:
    if amount_minor < standing.billed_minor:
        raise RefusedError(
            f"{standing.amount(standing.billed_minor)} of {standing.ref} is billed: it cannot come to"
            f" {standing.amount(amount_minor)}",
            "ltc credit INVOICE AMOUNT --reason … takes back what is billed",
        )
    if not amount_minor:
        raise RefusedError(f"nothing would be left of {standing.ref}", f"ltc terminate {standing.ref} --on DATE")


def _is_as_it_was(standing: Standing, outcome: Outcome) -> bool:
    is_same_plan = all(_share(standing, share_id) == share for share_id, share in outcome.shares.items())
    return (
        outcome.lines == standing.lines
        and is_same_plan
        and not outcome.added
        and outcome.ends_on == standing.course.last_on
        and not _is_new_fee(standing, outcome)
    )


def _is_new_fee(standing: Standing, outcome: Outcome) -> bool:
    """Of a contract without end the plan does not show yet what a fee will be."""
    if outcome.fee_minor is None:
        return False
    last_minor = standing.course.changes[-1][1] if standing.course.changes else None
    return outcome.fee_minor != (last_minor or recurring.fees_of(standing.terms)[0].value)


def _document(store: Store, settings: Settings, standing: Standing, outcome: Outcome, on: date, wish: Wish) -> str:
    """Archive the file that was signed; without one, a record of what was agreed. Answers its hash."""
    if wish.document is not None:
        return store.keep_document(wish.document, form="signed file", media_type="application/octet-stream")
    body = {
        "seller": vars(settings.company),
        "buyer": contracts.buyer(store, standing.row["customer_id"]),
        "contract": standing.ref,
        "currency": standing.currency,
        "lines": [contracts.line_document(line, standing.currency) for line in outcome.lines],
        "fee": None if wish.fee_minor is None else standing.amount(wish.fee_minor),
        "from": _fee_from(standing, wish, on).isoformat() if wish.fee_minor else None,
        "ends_on": outcome.ends_on.isoformat() if outcome.ends_on else None,
        "amended_on": on.isoformat(),
        "reason": wish.reason,
    }
    return store.keep_document(canonical_json(body).encode(), form="ltc-amendment-1", media_type="application/json")


# Keeping


def add(
    store: Store,
    standing: Standing,
    kind: str,
    on: date,
    effective_on: date,
    outcome: Outcome,
    *,
    reason: str | None = None,
    document_sha256: str | None = None,
) -> int:
    """Keep how a contract stands from now on: the amendment, and what of lines and shares is another."""
    contract_id = standing.row["id"]
    whole = tax.totals(outcome.lines, standing.row["tax_rounding"], digits(standing.currency))
    amendment_id = store.add(
        "amendment",
        contract_id=contract_id,
        kind=kind,
        amended_on=on.isoformat(),
        effective_on=effective_on.isoformat(),
        reason=clean_name(reason, "reason") if reason else None,
        amount_minor=sum(line.net_minor for line in outcome.lines),
        net_minor=whole.net_minor,
        tax_minor=whole.tax_minor,
        ends_on=outcome.ends_on.isoformat() if outcome.ends_on else None,
        fee_minor=outcome.fee_minor,
        document_sha256=document_sha256,
        recorded_at=store.recorded_at,
    )
    _keep_lines(store, standing, outcome.lines, amendment_id)
    for share_id, share in outcome.shares.items():
        if share != _share(standing, share_id):
            store.add(
                "plan_share_change",
                amendment_id=amendment_id,
                plan_share_id=share_id,
                amount_minor=share.amount_minor,
                period_to=share.period_to.isoformat() if share.period_to else None,
            )
    for position, share in enumerate(outcome.added, len(standing.planned) + 1):
        contracts.add_share(store, contract_id, position, share, amendment_id=amendment_id)
    store.touch(standing.ref)
    return amendment_id


def _keep_lines(store: Store, standing: Standing, lines: Sequence[tax.Line], amendment_id: int) -> None:
    for line_id, before, line in zip(standing.line_ids, standing.lines, lines, strict=False):
        if line != before:
            store.add(
                "contract_line_change",
                amendment_id=amendment_id,
                contract_line_id=line_id,
                quantity_micro=line.quantity_micro,
                price_micro=line.price_micro,
                discount_minor=line.discount_minor,
                net_minor=line.net_minor,
            )
    quotes.add_lines(
        store,
        "contract",
        standing.row["id"],
        lines[len(standing.lines) :],
        first=len(standing.lines) + 1,
        amendment_id=amendment_id,
    )
