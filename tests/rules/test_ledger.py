"""What each fact moves in double entry, worked by hand; amounts in minor units, debits positive."""

from __future__ import annotations

from typing import Final

import pytest

from ltc_cli.errors import DataError
from ltc_cli.rules import ledger
from ltc_cli.rules.ledger import Billed, Claimed, Ended, Fact, GivenUp, Head, Moved, MovedLine, Owed, Paid, Settled

HEAD: Final = Head("2026-05-01", "R1", "fact", "K1", "Ada", "EUR")
OWED: Final = Owed("K1", "EUR", "INV-1", "2026-05-31", 11900)

Moves = dict[tuple[str, str], int]


def moved(*facts: Fact) -> list[Moves]:
    """By account and currency, for each transaction."""
    found = []
    for transaction in ledger.transactions(facts):
        moves: Moves = {}
        for posting in transaction.postings:
            key = ":".join(posting.account), posting.currency
            moves[key] = moves.get(key, 0) + posting.amount_minor
        found.append(moves)
    return found


def invoice(net_minor: int, contract_id: int | None = 1, lines_minor: int | None = None) -> Billed:
    """Without tax, in one instalment."""
    owed = OWED._replace(amount_minor=net_minor)
    return Billed(
        HEAD, net_minor, (), net_minor, (owed,), contract_id, net_minor if lines_minor is None else lines_minor
    )


def shipped(quantity: int, *, of: int = 4, worth_minor: int = 40000, goods_minor: int | None = None) -> Moved:
    """So many of one line; the whole contract, unless a part of it is for fees."""
    line = MovedLine(1, quantity * 1_000_000, of * 1_000_000, worth_minor)
    return Moved(HEAD, 1, (line,), worth_minor if goods_minor is None else goods_minor, worth_minor)


def test_an_invoice_is_owed_and_taxed_and_earned_at_once_without_a_contract() -> None:
    fact = Billed(HEAD, 10000, (("S19", 1900),), 11900, (OWED,))
    assert moved(fact) == [
        {("assets:receivable:K1", "EUR"): 11900, ("liabilities:tax:S19", "EUR"): -1900, ("income:sales", "EUR"): -10000}
    ]


def test_each_instalment_is_a_posting_with_its_invoice_and_its_day() -> None:
    parts = (OWED._replace(amount_minor=7000), OWED._replace(amount_minor=4900, due_on="2026-06-30"))
    (transaction,) = ledger.transactions([Billed(HEAD, 11900, (), 11900, parts)])
    told = [(each.amount_minor, each.invoice, each.due_on) for each in transaction.postings]
    assert told == [(7000, "INV-1", "2026-05-31"), (4900, "INV-1", "2026-06-30"), (-11900, None, None)]


def test_what_the_total_is_rounded_by_is_an_expense_or_less_of_one() -> None:
    """100.00 + 7.70 = 107.70 is asked as 107.65 of cash, 107.72 as 107.75."""
    down = Billed(HEAD, 10000, (("S77", 770),), 10765, (OWED._replace(amount_minor=10765),))
    up = Billed(HEAD, 10000, (("S77", 772),), 10775, (OWED._replace(amount_minor=10775),))
    assert [moves["expenses:rounding", "EUR"] for moves in moved(down, up)] == [5, -3]


def test_a_credit_note_is_credit_of_the_customer() -> None:
    fact = Billed(HEAD, -10000, (("S19", -1900),), -11900)
    assert moved(fact) == [
        {("liabilities:credit:K1", "EUR"): -11900, ("liabilities:tax:S19", "EUR"): 1900, ("income:sales", "EUR"): 10000}
    ]


CONTRACT: Final = "liabilities:contract:K1"
SALES: Final = "income:sales"

EARNED: Final = [
    # nothing has gone out: owed; then 1 of 4 (100.00), then all
    ((invoice(30000), shipped(1), shipped(3)), [(-30000, 0), (10000, -10000), (20000, -20000)]),
    # gone out before it is invoiced: earned with the invoice, and the shipment moves nothing
    ((shipped(4), invoice(40000)), [(0, -40000)]),
    # half has gone out, 300.00 are invoiced: 200.00 earned, 100.00 owed
    ((shipped(2), invoice(30000)), [(-10000, -20000)]),
    # a return beyond what was ahead
    ((invoice(40000), shipped(4), shipped(-1)), [(-40000, 0), (40000, -40000), (-10000, 10000)]),
    # the end
    ((invoice(40000), shipped(1), Ended(HEAD, 1)), [(-40000, 0), (10000, -10000), (30000, -30000)]),
    # after the end it is earned at once
    ((Ended(HEAD, 1), invoice(40000)), [(0, -40000)]),
    # a credit of 150.00: 100.00 had not gone out
    (
        (invoice(40000), shipped(3), Billed(HEAD, -15000, (), -15000, (), 1, -15000)),
        [(-40000, 0), (30000, -30000), (10000, 5000)],
    ),
    # a third of a cent: 1.00 in three parts is 0.33, 0.34, 0.33
    (
        (invoice(100), *[shipped(1, of=3, worth_minor=100)] * 3),
        [(-100, 0), (33, -33), (34, -34), (33, -33)],
    ),
    # prices with 19 % in them: 11.90 is 10.00; of 23.80 half has gone out
    ((invoice(2000, lines_minor=2380), shipped(1, of=2, worth_minor=2380)), [(-2000, 0), (1000, -1000)]),
    # half of the contract is a fee: half of the goods earns half of what is invoiced for goods
    (
        (invoice(20000), shipped(2, goods_minor=20000), shipped(2, goods_minor=20000)),
        [(-20000, 0), (10000, -10000), (10000, -10000)],
    ),
]


@pytest.mark.parametrize(("facts", "expected"), EARNED)
def test_what_is_invoiced_is_earned_as_it_goes_out(facts: tuple[Fact, ...], expected: list[tuple[int, int]]) -> None:
    found = [(moves.get((CONTRACT, "EUR"), 0), moves.get((SALES, "EUR"), 0)) for moves in moved(*facts)]
    assert found == expected


def test_contracts_do_not_deliver_for_each_other() -> None:
    first, second = moved(shipped(4), invoice(40000, contract_id=2))[0], moved(shipped(4), invoice(40000))[0]
    assert (first[CONTRACT, "EUR"], second.get((CONTRACT, "EUR"))) == (-40000, None)


def test_a_payment_settles_and_the_rest_is_credit() -> None:
    assert moved(Paid(HEAD, 15000, (Settled(OWED, 11900),))) == [
        {
            ("assets:bank", "EUR"): 15000,
            ("assets:receivable:K1", "EUR"): -11900,
            ("liabilities:credit:K1", "EUR"): -3100,
        }
    ]


def test_credit_is_applied_without_the_bank_and_paid_back_without_a_receivable() -> None:
    assert moved(Paid(HEAD, 0, (Settled(OWED, 11900),)), Paid(HEAD, -500)) == [
        {("assets:receivable:K1", "EUR"): -11900, ("liabilities:credit:K1", "EUR"): 11900},
        {("assets:bank", "EUR"): -500, ("liabilities:credit:K1", "EUR"): 500},
    ]


def test_a_payment_in_another_currency_is_exchanged() -> None:
    """130.00 USD pay 119.00 EUR, and 1.00 USD is left."""
    assert moved(Paid(HEAD._replace(currency="USD"), 13100, (Settled(OWED, 13000),))) == [
        {
            ("assets:bank", "USD"): 13100,
            ("assets:receivable:K1", "EUR"): -11900,
            ("expenses:fx", "USD"): -13000,
            ("expenses:fx", "EUR"): 11900,
            ("liabilities:credit:K1", "USD"): -100,
        }
    ]


GIVEN_UP: Final = [
    ("writeoff", "invoice", (), {"expenses:writeoff": 11900}),
    ("discount", "invoice", (), {"expenses:discount": 11900}),
    ("discount", "invoice", (("S19", 1900),), {"liabilities:tax:S19": 1900, "expenses:discount": 10000}),
    ("void", "fee", (), {"income:fees": 11900}),
    ("void", "interest", (), {"income:interest": 11900}),
]


@pytest.mark.parametrize(("kind", "claim", "taxes", "expected"), GIVEN_UP)
def test_what_nobody_pays_goes_where_its_kind_says(
    kind: str, claim: str, taxes: tuple[tuple[str, int], ...], expected: dict[str, int]
) -> None:
    (moves,) = moved(GivenUp(HEAD, kind, claim, OWED, taxes))
    assert moves == {
        ("assets:receivable:K1", "EUR"): -11900,
        **{(name, "EUR"): each for name, each in expected.items()},
    }
    back = GivenUp(HEAD, kind, claim, OWED._replace(amount_minor=-11900), tuple((code, -each) for code, each in taxes))
    assert moved(back) == [{account: -each for account, each in moves.items()}]


def test_a_settlement_that_nothing_stands_for_is_an_error() -> None:
    with pytest.raises(LookupError):
        moved(GivenUp(HEAD, "payment", "invoice", OWED))


@pytest.mark.parametrize(("kind", "account"), [("fee", "income:fees"), ("interest", "income:interest")])
def test_a_claim_is_earned(kind: str, account: str) -> None:
    assert moved(Claimed(HEAD, kind, OWED)) == [{("assets:receivable:K1", "EUR"): 11900, (account, "EUR"): -11900}]


def test_what_moves_nothing_is_no_transaction() -> None:
    assert moved(shipped(1), invoice(0), Paid(HEAD, 0)) == []


def test_a_transaction_that_does_not_sum_to_zero_never_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "_paid", lambda fact: iter([ledger.Posting(ledger.SALES, fact.bank_minor, "EUR")]))
    with pytest.raises(DataError, match="R1 does not sum to zero in EUR: fact of 2026-05-01"):
        moved(Paid(HEAD, 100))
