"""What is billable when, and how it is laid out; figures worked by hand."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltc_cli.rules.billing import (
    Move,
    Progress,
    TaxedBefore,
    billable,
    day_of,
    goods_lines,
    gross_targets,
    is_recurring,
    last_totals,
    lump,
    part_of,
    part_totals,
    share_lines,
    whole_now,
)
from ltc_cli.rules.money import MICRO, parse_percent, split
from ltc_cli.rules.tax import TaxCode, line, tax_of, totals
from ltc_cli.rules.terms import PlannedShare, parse_terms, plan

Z = TaxCode("Z", "Z", 0, inclusive=False)
S19 = TaxCode("S19", "S", parse_percent("19%"), inclusive=False)
SIGNED = date(2026, 1, 10)
ONE = [lump("Pilot", 100000, Z, 2)]
TWO = [lump("Engine", 70000, Z, 2), lump("Training", 30000, Z, 2)]


def shares(text: str, amount_minor: int = 100000) -> list[PlannedShare]:
    return plan(parse_terms(text, "EUR"), amount_minor, None, currency="EUR", signed_on=SIGNED)


def progress(*moves: Move, accepted: date | None = None, delivered: tuple[Move, ...] = ()) -> Progress:
    events = {"sign": SIGNED} | ({"accept": accepted} if accepted else {})
    return Progress(events, {"ship": moves, "deliver": delivered})


def test_a_share_on_signature_is_billable_at_once() -> None:
    (share,) = shares("100% sign")
    assert billable(share, progress(), ONE, SIGNED) == 100000
    assert billable(share, progress(), ONE, date(2026, 1, 9)) == 0


def test_a_share_on_shipment_follows_the_value_shipped() -> None:
    """60 % of 1000.00 is 600.00; the engine is 700 of 1000: 420.00."""
    _sign, ship, _accept = shares("30% sign, 60% ship, 10% accept")
    shipped = progress(Move(date(2026, 2, 1), 0, MICRO))
    assert billable(ship, shipped, TWO, date(2026, 2, 1)) == 42000
    assert billable(ship, shipped, TWO, date(2026, 1, 31)) == 0
    assert day_of(ship, shipped, TWO) is None


def test_a_return_takes_back_what_was_billable() -> None:
    (share,) = shares("100% ship")
    moved = progress(Move(date(2026, 2, 1), 0, MICRO), Move(date(2026, 2, 5), 0, -MICRO // 2))
    assert billable(share, moved, ONE, date(2026, 2, 4)) == 100000
    assert billable(share, moved, ONE, date(2026, 2, 5)) == 50000


def test_an_offset_counts_from_each_shipment() -> None:
    (share,) = shares("100% ship+30d")
    moved = progress(Move(date(2026, 2, 1), 0, MICRO // 4), Move(date(2026, 2, 11), 0, MICRO * 3 // 4))
    assert billable(share, moved, ONE, date(2026, 3, 3)) == 25000
    assert billable(share, moved, ONE, date(2026, 3, 13)) == 100000
    assert day_of(share, moved, ONE) == date(2026, 3, 13)


def test_thirds_of_a_quantity_add_up_to_the_cent() -> None:
    """0.333333 of 100.00 is 33.33, twice that 66.67, and with the last 0.333334 all of it."""
    (share,) = shares("100% ship", 10000)
    widget = [lump("Widget", 10000, Z, 2)]
    day = date(2026, 2, 1)
    parts = [Move(day, 0, 333333), Move(day, 0, 333333), Move(day, 0, 333334)]
    found = [billable(share, progress(*parts[:count]), widget, day) for count in (1, 2, 3)]
    assert found == [3333, 6667, 10000]


def test_acceptance_is_awaited_and_then_waits_ninety_days() -> None:
    *_others, share = shares("90% sign, 10% accept+90d")
    assert day_of(share, progress(), ONE) is None
    assert day_of(share, progress(accepted=date(2026, 3, 1)), ONE) == date(2026, 5, 30)


def test_delivery_counts_what_has_arrived() -> None:
    (share,) = shares("100% deliver")
    out = Move(date(2026, 2, 1), 0, MICRO)
    assert billable(share, progress(out), ONE, date(2026, 2, 9)) == 0
    arrived = progress(out, delivered=(Move(date(2026, 2, 4), 0, MICRO),))
    assert billable(share, arrived, ONE, date(2026, 2, 4)) == 100000


@pytest.mark.parametrize(
    ("terms", "expected"),
    [("100% sign", [False]), ("2 x monthly from sign", [True, True]), ("500 sign, rest ship", [False, False])],
)
def test_parts_of_a_recurrence_are_billed_alone(terms: str, expected: list[bool]) -> None:
    assert [is_recurring(share) for share in shares(terms)] == expected


def test_a_share_of_two_tax_codes_is_split_by_what_is_left() -> None:
    """100.00 over 300.00 at 19 % and 100.00 at 0 %: 75.00 and 25.00."""
    found = share_lines(1, "100% on signature: Pilot", 10000, {S19: 30000, Z: 10000}, 2)
    assert [(each.line.tax.code, each.line.net_minor) for each in found] == [("S19", 7500), ("Z", 2500)]
    assert found[0].line.text == "100% on signature: Pilot"


def test_goods_are_billed_by_their_quantity() -> None:
    """4 of 10 at 3.333 less 10 %: 13.33 gross, 12.00 of the line's 30.00; the difference is discount."""
    widget = line("Widget", 10 * MICRO, 3333000, 333, Z, 2)
    (found,) = goods_lines(1, 1200, [widget], [(4 * MICRO, 1200)], 2)
    assert (found.line.quantity_micro, found.line.discount_minor, found.line.net_minor) == (4 * MICRO, 133, 1200)


def test_a_rounded_up_part_never_has_a_negative_discount() -> None:
    """3 at 0.335 are 1.01; the third piece is billed 0.34 though 1 × 0.335 is 0.34, the second 0.33 or 0.34."""
    piece = line("Piece", 3 * MICRO, 335000, 0, Z, 2)
    for part in (33, 34, 35):
        (found,) = goods_lines(1, part, [piece], [(MICRO, part)], 2)
        assert found.line.discount_minor >= 0
        assert found.line.net_minor == part


def test_the_last_invoice_takes_the_difference_of_net_and_tax() -> None:
    """100.00 at 19 % in thirds: 33.33 + 6.33 twice; the last is 33.34 + 6.34."""
    whole = totals([lump("Pilot", 10000, S19, 2)], "document", 2)
    third = totals([lump("Pilot", 3333, S19, 2)], "document", 2)
    assert (third.net_minor, third.tax_minor) == (3333, 633)
    last = last_totals(whole, {"S19": (6666, 1266)})
    assert (last.net_minor, last.tax_minor, last.total_minor) == (3334, 634, 3968)


def test_a_fixed_amount_is_what_the_customer_pays() -> None:
    """10.00 gross of 119.01 (100.01 net, 19.00 tax): 8.40 net, whose own tax of 1.60 fits; 109.01 for the rest."""
    whole = totals([lump("Pilot", 10001, S19, 2)], "document", 2)
    shares_ = plan(parse_terms("rest sign, 10 ship", "EUR"), 10001, 11901, currency="EUR", signed_on=SIGNED)
    assert gross_targets(shares_, 11901) == [10901, 1000]
    # 91.61 net has 17.4059 → 17.41 of its own, which makes 109.02; the tax gives way.
    plain = totals([lump("Pilot", 9161, S19, 2)], "document", 2)
    found = part_totals(plain, whole, {}, 10901)
    assert (found.net_minor, found.tax_minor, found.total_minor) == (9161, 1740, 10901)


def test_parts_of_a_fixed_amount_sum_to_it() -> None:
    """Thirds of 5000.00 (4201.68 net): 1666.67, 3333.33 less that, and the rest."""
    parts = [part_of(500000, 420168, billed, 140056) for billed in (0, 140056, 280112)]
    assert parts == [166667, 166666, 166667]


def test_no_invoice_takes_more_tax_than_the_contract_has_left() -> None:
    """0.30 at 19 % is 0.06 tax; a tenth, 0.03, has 0.0057 → 0.01 of its own, until the 0.06 are used up."""
    whole = totals([lump("Pilot", 30, S19, 2)], "document", 2)
    tenth = totals([lump("Pilot", 3, S19, 2)], "document", 2)
    assert part_totals(tenth, whole, {"S19": (15, 5)}, None).tax_minor == 1
    assert part_totals(tenth, whole, {"S19": (18, 6)}, None).tax_minor == 0


def test_what_came_back_is_not_billable_though_its_shipment_waits_for_an_offset() -> None:
    """Shipped on 1 January, back on the 5th: of `100% ship+30d` nothing is billable on the 31st."""
    (share,) = shares("100% ship+30d")
    out, back = date(2026, 1, 1), date(2026, 1, 5)
    returned = progress(Move(out, 0, MICRO), Move(out, 0, -MICRO, back))
    assert billable(share, returned, ONE, date(2026, 1, 31)) == 0


LINES = st.lists(st.tuples(st.integers(1, 400), st.sampled_from(["S", "I", "Z"])), min_size=1, max_size=4)
PARTS = st.lists(st.tuples(st.integers(0, 9), st.sampled_from([190_000, 160_000, 70_000])), min_size=1, max_size=7)


@given(LINES, PARTS, st.sampled_from(["document", "line", "unrounded"]))
def test_across_changes_of_rate_amounts_stay_and_nothing_turns_negative(
    amounts: list[tuple[int, str]], parts: list[tuple[int, int]], policy: str
) -> None:
    """Net amounts sum to what was agreed, gross ones of an inclusive code as well; at one rate the tax is its tax."""

    def at(rate_ppm: int) -> dict[str, TaxCode]:
        on_top, within = TaxCode("S", "S", rate_ppm, inclusive=False), TaxCode("I", "S", rate_ppm, inclusive=True)
        return {"S": on_top, "I": within, "Z": Z}

    taxed: dict[tuple[str, int], tuple[int, int]] = {}
    rest = Counter({code: sum(minor for minor, name in amounts if name == code) for _, code in amounts})
    shares_ = split(sum(rest.values()), [weight for weight, _ in parts])
    for share_minor, (_, rate_ppm) in zip(shares_, parts, strict=True):
        if not share_minor:
            continue
        codes = at(rate_ppm)
        left = split(share_minor, list(rest.values()))
        lines = [lump("x", part, codes[code], 2) for code, part in zip(rest, left, strict=True) if part]
        rest.subtract(dict(zip(list(rest), left, strict=True)))
        before = {code: taxed_before(taxed, code, codes[code].rate_ppm) for code, _ in taxed}
        plain = totals(lines, policy, 2)
        agreed = totals([lump("x", minor, codes[code], 2) for minor, code in amounts], policy, 2)
        whole = whole_now(agreed, plain, before, policy)
        own = {code: each[:2] for code, each in before.items()}
        made = part_totals(plain, whole, own, None) if any(rest.values()) else last_totals(whole, own)
        for group in made.groups:
            assert group.base_minor >= 0
            assert group.tax_minor >= 0
            base_minor, tax_minor = taxed.get((group.tax.code, group.tax.rate_ppm), (0, 0))
            key = (group.tax.code, group.tax.rate_ppm)
            taxed[key] = base_minor + group.base_minor, tax_minor + group.tax_minor
    for code in rest:
        mine = {rate: each for (name, rate), each in taxed.items() if name == code}
        base_minor, tax_minor = (sum(each[number] for each in mine.values()) for number in (0, 1))
        if policy != "unrounded":
            amount_minor = base_minor + tax_minor if code == "I" else base_minor
            assert amount_minor == sum(minor for minor, name in amounts if name == code)
        if len(mine) == 1 and policy == "document":
            (rate_ppm,) = mine
            assert tax_minor == tax_of(sum(minor for minor, name in amounts if name == code), at(rate_ppm)[code])


def taxed_before(taxed: dict[tuple[str, int], tuple[int, int]], code: str, rate_ppm: int) -> TaxedBefore:
    others = [each for (name, rate), each in taxed.items() if name == code and rate != rate_ppm]
    return TaxedBefore(
        *taxed.get((code, rate_ppm), (0, 0)), sum(base for base, _ in others), sum(tax for _, tax in others)
    )
