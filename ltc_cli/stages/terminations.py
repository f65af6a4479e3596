"""Terminations: the day a contract ends before its time, what is still to be billed then, and what is credited."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ltc_cli.errors import RefusedError, UsageError
from ltc_cli.references import Reference
from ltc_cli.rules import billing, recurring, states
from ltc_cli.rules.contact import clean_name
from ltc_cli.rules.money import digits, round_ratio
from ltc_cli.rules.terms import PlannedShare, falls_due
from ltc_cli.stages import amendments, contracts, credit_notes
from ltc_cli.store import canonical_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from ltc_cli.rules import tax
    from ltc_cli.rules.recurring import Planned
    from ltc_cli.settings import Settings
    from ltc_cli.stages.amendments import Standing
    from ltc_cli.store import Store


class Ended(NamedTuple):
    credit_ids: list[int]
    uncredited: list[str]
    """Invoices of which too much was billed, but nothing is left to credit."""
    is_new: bool = True


def terminate(store: Store, settings: Settings, contract: Reference, on: date, reason: str, today: date) -> Ended:
    """End a contract with a day, past or to come: fees stop with it, the rest is billed as far as it was earned.

    What of a fee was billed for days beyond is credited today. Raises RefusedError where it ends with another day
    already, UsageError for a day before it was signed.
    """
    words = clean_name(reason, "reason")
    status = contracts.status(store, contract.id)
    if not states.follow("contract", status, "terminate", contract.text):
        _refuse_other_day(store, contract, on)
        return Ended([], [], is_new=False)
    amendments.extend(store, today, [contract.id])
    standing = amendments.read(store, contract.id)
    amendments.refuse_before(store, standing, today)
    _refuse_day(standing, on)
    standing = _ending(standing, on)
    outcome, over = _wound_up(store, standing, on)
    amendments.add(
        store,
        standing,
        "terminated",
        today,
        on,
        outcome,
        reason=words,
        document_sha256=_document(store, settings, standing, on, today, words),
    )
    return _credit(store, settings, over, today, words)


def _refuse_other_day(store: Store, contract: Reference, on: date) -> None:
    ends_on = store.value("SELECT terminated_on FROM contract_now WHERE id = ?", (contract.id,))
    if ends_on != on.isoformat():
        raise RefusedError(f"{contract.text} is terminated on {ends_on} already", f"ltc show {contract.text}")


def _refuse_day(standing: Standing, on: date) -> None:
    if on < standing.course.signed_on:
        raise UsageError(f"{standing.ref} was signed on {standing.row['signed_on']}: it cannot end before")
    if standing.course.last_on and on > standing.course.last_on:
        raise RefusedError(
            f"{standing.ref} ends on {standing.course.last_on} anyway",
            f"ltc amend {standing.ref} --ends DATE gives it longer",
        )


def _ending(standing: Standing, on: date) -> Standing:
    """As it stands, with the day on which it ends."""
    events = {**standing.done.events, "end": on}
    return standing._replace(
        course=standing.course._replace(last_on=on, is_cut=True), done=standing.done._replace(events=events)
    )


def _wound_up(store: Store, standing: Standing, on: date) -> tuple[amendments.Outcome, dict[int, int]]:
    """How the contract stands with its last day, and by share what was billed beyond it."""
    shares, added, over = _fees(standing, on)
    others = [each for each in standing.planned if each.share.period_from is None]
    if len(standing.planned) == 1 and others and others[0].share.trigger in billing.BY_QUANTITY:
        return _shipped_alone(standing, others[0], on), {}
    for each in others:
        kept, more = _earned(standing, each, on)
        shares[each.id] = each.share._replace(amount_minor=kept)
        added += more
    amount_minor = sum(share.amount_minor for share in added) + sum(
        shares.get(each.id, each.share).amount_minor for each in standing.planned
    )
    lines = amendments.relined(store, standing, amount_minor)
    return amendments.Outcome(lines, shares, added, on), over


def _fees(standing: Standing, on: date) -> tuple[dict[int, PlannedShare], list[PlannedShare], dict[int, int]]:
    shares: dict[int, PlannedShare] = {}
    added: list[PlannedShare] = []
    over: dict[int, int] = {}
    fees = recurring.fees_of(standing.terms)
    for fee, mine in zip(fees, recurring.by_fee(standing.planned, fees, standing.currency), strict=True):
        course = standing.course
        if fee.until is not None and fee.until < on and not _is_prolonged(standing, mine):
            course = course._replace(last_on=fee.until)
        found = recurring.replan(mine, recurring.pieces(fee, standing.currency, course, on))
        shares.update(found.changed)
        added += found.added
        over.update(found.over)
    return shares, added, over


def _is_prolonged(standing: Standing, mine: list[Planned]) -> bool:
    """Whether an amendment gave a fee more time than its terms."""
    ends = [each.share.period_to for each in mine if each.share.period_to and each.share.amount_minor]
    untils = [fee.until for fee in recurring.fees_of(standing.terms) if fee.until]
    return bool(ends and untils and max(ends) > max(untils))


def _shipped_alone(standing: Standing, planned: Planned, on: date) -> amendments.Outcome:
    """Where goods are billed as they go: what was shipped is the contract."""
    lines = []
    for position, line in enumerate(standing.lines):
        out_micro = sum(move.quantity_micro for move in standing.done.moves["ship"] if move.position == position)
        net_minor = billing.value_of(line, out_micro)
        lines.append(_shipped(line, out_micro, net_minor, standing))
    amount_minor = max(sum(line.net_minor for line in lines), planned.billed_minor)
    share = planned.share._replace(amount_minor=amount_minor)
    return amendments.Outcome(lines, {planned.id: share}, [], on)


def _shipped(line: tax.Line, out_micro: int, net_minor: int, standing: Standing) -> tax.Line:
    if not out_micro:
        return line._replace(quantity_micro=0, discount_minor=0, net_minor=0)
    return billing.goods(line, out_micro, net_minor, digits(standing.currency))


def _earned(standing: Standing, each: Planned, on: date) -> tuple[int, list[PlannedShare]]:
    """What stays of a share that is no fee, and shares that take its place."""
    if each.share.trigger in billing.BY_QUANTITY:
        return each.billed_minor, list(_shipped_and_unbilled(standing, each, on))
    day = billing.day_of(each.share, standing.done, standing.lines)
    is_due = day is not None and (day <= on or each.share.trigger in ("accept", "end"))
    return (each.share.amount_minor if is_due else each.billed_minor), []


def _shipped_and_unbilled(standing: Standing, each: Planned, on: date) -> Iterator[PlannedShare]:
    """What has gone out stays billable on its days; what has not arrived yet, on the last day."""
    share = each.share
    out = share._replace(trigger="ship")
    moves = [*standing.done.moves["ship"], *standing.done.moves[share.trigger]]
    days = sorted({max(falls_due(share, move.on), move.since) for move in moves})
    whole_minor = billing.billable(out, standing.done, standing.lines, max([*days, on]))
    before_minor = each.billed_minor
    for day in days:
        now_minor = min(billing.billable(share, standing.done, standing.lines, day), whole_minor)
        if now_minor > before_minor:
            yield _dated(share, day, now_minor - before_minor)
            before_minor = now_minor
    if whole_minor > before_minor:
        yield _dated(share, max([on, *days]), whole_minor - before_minor)


def _dated(share: PlannedShare, on: date, amount_minor: int) -> PlannedShare:
    return PlannedShare(share.share, "date", on, amount_minor=amount_minor)


def _document(store: Store, settings: Settings, standing: Standing, on: date, today: date, reason: str) -> str:
    """Archive a record of the termination. Answers its hash."""
    body = {
        "seller": vars(settings.company),
        "buyer": contracts.buyer(store, standing.row["customer_id"]),
        "contract": standing.ref,
        "terminated_on": on.isoformat(),
        "recorded_on": today.isoformat(),
        "reason": reason,
    }
    return store.keep_document(canonical_json(body).encode(), form="ltc-termination-1", media_type="application/json")


def _credit(store: Store, settings: Settings, over: dict[int, int], today: date, reason: str) -> Ended:
    """Credit what was billed for days beyond the last, invoice by invoice, as far as it is not credited yet."""
    credit_ids: list[int] = []
    uncredited: list[str] = []
    for share_id, over_minor in sorted(over.items()):
        row = store.one(
            "SELECT invoice.id, number, SUM(invoice_line.net_minor) AS billed_minor FROM invoice_line"
            " JOIN invoice ON invoice.id = invoice_id WHERE plan_share_id = ? GROUP BY invoice.id",
            (share_id,),
        )
        assert row is not None
        total_minor = round_ratio(credit_notes.asked(store, row["id"]) * over_minor, row["billed_minor"])
        part_minor = min(total_minor, credit_notes.left_to_credit(store, row["id"]))
        if part_minor < total_minor:
            uncredited.append(row["number"])
        if part_minor:
            wish = credit_notes.Wish(amount_minor=part_minor)
            invoice = Reference("invoice", row["id"], row["number"])
            credit_id = credit_notes.issue(store, settings, invoice, today, reason, wish)
            assert credit_id is not None
            credit_ids.append(credit_id)
    return Ended(credit_ids, uncredited)
