"""Which open items a payment settles."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ltc_cli.rules.allocation import OpenItem, allocate, day_with_room


def item(
    number: int, due_on: str, balance_minor: int, kind: str = "invoice", invoice_id: int | None = None
) -> OpenItem:
    invoice = invoice_id or number
    return OpenItem(number, kind, invoice, 1, "EUR", "2026-01-01", due_on, balance_minor, balance_minor)


def settled(amount_minor: int, *items: OpenItem, claims_first: bool = False) -> list[tuple[int, int]]:
    allocated = allocate(amount_minor, items, claims_first=claims_first)
    return [(each.item.receivable_id, each.amount_minor) for each in allocated]


def test_the_oldest_due_is_settled_first() -> None:
    assert settled(150, item(1, "2026-03-01", 100), item(2, "2026-02-01", 100)) == [(2, 100), (1, 50)]


def test_of_equal_dates_the_lower_number_comes_first() -> None:
    assert settled(50, item(2, "2026-02-01", 100), item(1, "2026-02-01", 100)) == [(1, 50)]


def test_of_an_invoice_the_principal_comes_before_fee_and_interest() -> None:
    day = "2026-02-01"
    interest, fee = item(5, day, 3, "interest", 1), item(4, day, 10, "fee", 1)
    assert settled(112, interest, fee, item(9, day, 100, "invoice", 1)) == [(9, 100), (4, 10), (5, 2)]


def test_claims_first_is_costs_then_interest_then_principal() -> None:
    """The claims are made later than the principal is due, and come before it all the same."""
    interest, fee = item(5, "2026-03-01", 3, "interest", 1), item(4, "2026-03-01", 10, "fee", 1)
    owed = (interest, fee, item(9, "2026-02-01", 100, "invoice", 1))
    assert settled(50, *owed, claims_first=True) == [(4, 10), (5, 3), (9, 37)]
    assert settled(105, *owed) == [(9, 100), (4, 5)]


def test_a_claim_stands_with_its_invoice_among_others() -> None:
    """An older invoice comes first either way; of one in two instalments both do, or neither."""
    older, first, second = (
        item(1, "2026-01-01", 20),
        item(2, "2026-02-01", 30, "invoice", 7),
        item(3, "2026-04-01", 40, "invoice", 7),
    )
    fee = item(4, "2026-03-01", 10, "fee", 7)
    owed = (fee, second, first, older)
    assert settled(95, *owed) == [(1, 20), (2, 30), (3, 40), (4, 5)]
    assert settled(45, *owed, claims_first=True) == [(1, 20), (4, 10), (2, 15)]
    paid = (fee, second._replace(balance_minor=0), first._replace(balance_minor=0), item(8, "2026-03-15", 20))
    assert settled(15, *paid) == [(4, 10), (8, 5)]


def test_all_fees_of_an_invoice_come_before_its_interest_whenever_they_were_made() -> None:
    """Two notices, each with fee and interest, and an invoice that falls due between them."""
    claims = (
        item(2, "2026-01-30", 1000, "fee", 1),
        item(3, "2026-01-30", 66, "interest", 1),
        item(5, "2026-02-19", 2000, "fee", 1),
        item(6, "2026-02-19", 66, "interest", 1),
    )
    principal, other = item(1, "2026-01-10", 10000, "invoice", 1), item(9, "2026-02-05", 500)
    assert settled(11500, *claims, principal) == [(1, 10000), (2, 1000), (5, 500)]
    assert settled(1500, *claims, principal._replace(balance_minor=0)) == [(2, 1000), (5, 500)]
    assert settled(3600, *claims, other) == [(2, 1000), (5, 2000), (3, 66), (6, 66), (9, 468)]


def test_what_is_settled_or_too_much_is_left_alone() -> None:
    assert settled(500, item(1, "2026-02-01", 0), item(2, "2026-02-01", 100)) == [(2, 100)]
    assert settled(500) == []


@given(st.integers(0, 10_000), st.lists(st.tuples(st.integers(1, 28), st.integers(0, 3000)), max_size=8))
def test_no_cent_is_lost_and_none_is_paid_twice(amount_minor: int, owed: list[tuple[int, int]]) -> None:
    items = [item(number, f"2026-02-{day:02}", balance) for number, (day, balance) in enumerate(owed, 1)]
    found = allocate(amount_minor, items)
    assert sum(each.amount_minor for each in found) == min(amount_minor, sum(each.balance_minor for each in items))
    assert all(0 < each.amount_minor <= each.item.balance_minor for each in found)


def test_a_settlement_waits_until_a_reversed_payment_is_off_the_day() -> None:
    """100 paid on the 10th and reversed on the 12th: 60 dated the 11th have room from the 12th."""
    owed = item(1, "2026-02-01", 100)
    made = [("2026-01-10", 100), ("2026-01-12", -100)]
    assert day_with_room("2026-01-11", 60, owed, made) == "2026-01-12"
    assert day_with_room("2026-01-05", 60, owed, made) == "2026-01-12"
    assert day_with_room("2026-01-13", 60, owed, made) == "2026-01-13"


def test_a_small_reversal_leaves_room_for_the_rest() -> None:
    """10 of 100 stood from the 10th to the 12th: 90 fit beside them, 100 do not."""
    owed = item(1, "2026-02-01", 100)
    made = [("2026-01-10", 10), ("2026-01-12", -10)]
    assert day_with_room("2026-01-05", 90, owed, made) == "2026-01-05"
    assert day_with_room("2026-01-05", 100, owed, made) == "2026-01-12"
