"""The double entry of every fact: which accounts it moves, and by how much (design 2, `export ledger`).

Amounts are minor units of a currency, debits positive, credits negative; each transaction sums to zero in every
currency. What is invoiced and has not gone out yet is owed to the customer, `liabilities:contract`. It is derived after
each fact from what was invoiced and what has gone out up to then, and the difference is posted: so parts never drift,
and a credit takes from what has not gone out first.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from ltc_cli.errors import DataError
from ltc_cli.rules.money import round_ratio

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Account = tuple[str, ...]
"""Its words from the root down: `("assets", "receivable", "K1")`."""

BANK: Account = ("assets", "bank")
SALES: Account = ("income", "sales")
EXCHANGE: Account = ("expenses", "fx")
ROUNDING: Account = ("expenses", "rounding")
CLAIMS: dict[str, Account] = {"fee": ("income", "fees"), "interest": ("income", "interest"), "invoice": SALES}
"""By the kind of a receivable: what claiming it earns."""
GIVEN_UP: dict[str, Account] = {"writeoff": ("expenses", "writeoff"), "discount": ("expenses", "discount")}
"""By the kind of a settlement: where goes what nobody pays."""


def receivable(customer: str) -> Account:
    """What a customer owes: the buckets of `aging`."""
    return "assets", "receivable", customer


def credit(customer: str) -> Account:
    """What is held for a customer: `unapplied` of `aging`."""
    return "liabilities", "credit", customer


def contract(customer: str) -> Account:
    """What a customer was invoiced, net, and has not got yet."""
    return "liabilities", "contract", customer


def tax(code: str) -> Account:
    return "liabilities", "tax", code


def settled_by(kind: str, claim: str) -> Account:
    """Where a settlement goes that is neither paid nor credited; a void takes back what its claim had earned.

    LookupError for a settlement that nothing stands for.
    """
    return CLAIMS[claim] if kind == "void" else GIVEN_UP[kind]


# What happened


class Head(NamedTuple):
    """What every fact has."""

    on: str
    """ISO date."""
    ref: str
    """`INV-2026-0001`, `P1`, `S1`: the record that a reader would look up."""
    what: str
    """In a word or two: `invoice`, `payment reversed`."""
    customer: str
    """`K1`: of a merged customer, the one it was merged into."""
    name: str
    currency: str


class Owed(NamedTuple):
    """A part of a receivable, in minor units of its currency."""

    customer: str
    currency: str
    invoice: str
    due_on: str
    amount_minor: int


class Billed(NamedTuple):
    """An invoice; a credit note, with all amounts negative."""

    head: Head
    net_minor: int
    taxes: tuple[tuple[str, int], ...]
    """Code and minor units."""
    total_minor: int
    owed: tuple[Owed, ...] = ()
    """The instalments; none: it is the customer's credit."""
    contract_id: int | None = None
    """The contract whose delivery earns it; None: it is earned at once, as a recurring fee is."""
    lines_minor: int = 0
    """Its lines as they stand, with the tax where prices include it: what delivery is measured against."""


class MovedLine(NamedTuple):
    line_id: int
    quantity_micro: int
    """Negative: it came back."""
    whole_micro: int
    whole_minor: int


class Moved(NamedTuple):
    """Goods of a contract that went out or came back; or its lines are worth something else from that day on."""

    head: Head
    contract_id: int
    lines: tuple[MovedLine, ...]
    goods_minor: int
    """Of the contract's lines, what is paid for goods: all but recurring fees."""
    amount_minor: int
    """All of the contract's lines."""
    goes_on: bool = False
    """It was given an end that lies ahead, though it may have come to one before."""


class Ended(NamedTuple):
    """A contract came to its end."""

    head: Head
    contract_id: int


class Settled(NamedTuple):
    """What a payment or a credit note pays of a receivable, and what it gives for that in its own currency."""

    owed: Owed
    given_minor: int


class Paid(NamedTuple):
    """Money that came in, or went out where it is negative, or neither; and what it settles. The rest is credit."""

    head: Head
    bank_minor: int
    settled: tuple[Settled, ...] = ()


class Claimed(NamedTuple):
    """A fee or interest."""

    head: Head
    kind: str
    owed: Owed


class GivenUp(NamedTuple):
    """A settlement that nobody pays: a write-off, a discount, a void; negative where it is taken back."""

    head: Head
    kind: str
    """Of the settlement; where it is taken back, of the one that is taken back."""
    claim: str
    """The kind of the receivable."""
    owed: Owed
    taxes: tuple[tuple[str, int], ...] = ()
    """What of it comes off the tax: code and minor units."""


Fact = Billed | Moved | Ended | Paid | Claimed | GivenUp


# What it moves


class Posting(NamedTuple):
    account: Account
    amount_minor: int
    currency: str
    invoice: str | None = None
    """On receivables alone, with the day the instalment is due."""
    due_on: str | None = None


class Transaction(NamedTuple):
    head: Head
    postings: tuple[Posting, ...]


def transactions(facts: Iterable[Fact]) -> Iterator[Transaction]:
    """The double entry of these facts, which come in the order of their days. What moves no account is left out.

    Raises DataError where the postings of a fact do not sum to zero: a bug, that must never leave the house.
    """
    deliveries: defaultdict[int, _Delivery] = defaultdict(_Delivery)
    for fact in facts:
        postings = tuple([posting for posting in _postings(fact, deliveries) if posting.amount_minor])
        if postings:
            _refuse_unbalanced(fact.head, postings)
            yield Transaction(fact.head, postings)


def _refuse_unbalanced(head: Head, postings: Iterable[Posting]) -> None:
    summed: dict[str, int] = {}
    for posting in postings:
        summed[posting.currency] = summed.get(posting.currency, 0) + posting.amount_minor
    for currency, minor in summed.items():
        if minor:
            raise DataError(f"in double entry {head.ref} does not sum to zero in {currency}: {head.what} of {head.on}")


def _postings(fact: Fact, deliveries: defaultdict[int, _Delivery]) -> list[Posting]:
    if isinstance(fact, Paid):
        return _paid(fact)
    if isinstance(fact, Claimed):
        return _claimed(fact)
    if isinstance(fact, GivenUp):
        return _given_up(fact)
    delivery = None if fact.contract_id is None else deliveries[fact.contract_id]
    if isinstance(fact, Billed):
        return _billed(fact, delivery)
    assert delivery is not None
    delivery.follow(fact)
    return _earned(fact.head, delivery, 0)


def _owed(owed: Owed, amount_minor: int) -> Posting:
    return Posting(receivable(owed.customer), amount_minor, owed.currency, owed.invoice, owed.due_on)


def _billed(fact: Billed, delivery: _Delivery | None) -> list[Posting]:
    currency = fact.head.currency
    if fact.owed:
        postings = [_owed(owed, owed.amount_minor) for owed in fact.owed]
    else:
        postings = [Posting(credit(fact.head.customer), fact.total_minor, currency)]
    postings += [Posting(tax(code), -tax_minor, currency) for code, tax_minor in fact.taxes]
    if delivery:
        delivery.net_minor += fact.net_minor
        delivery.lines_minor += fact.lines_minor
        postings += _earned(fact.head, delivery, fact.net_minor)
    else:
        postings.append(Posting(SALES, -fact.net_minor, currency))
    asked_minor = sum([owed.amount_minor for owed in fact.owed]) if fact.owed else fact.total_minor
    rounded_minor = fact.net_minor + sum([minor for _code, minor in fact.taxes]) - asked_minor
    if rounded_minor:
        postings.append(Posting(ROUNDING, rounded_minor, currency))
    return postings


def _earned(head: Head, delivery: _Delivery, net_minor: int) -> list[Posting]:
    """What was invoiced just now is earned or awaited, and what was awaited until now may be earned."""
    before_minor, delivery.awaited_minor = delivery.awaited_minor, delivery.awaited()
    awaited_minor = delivery.awaited_minor - before_minor
    if not awaited_minor and not net_minor:
        return []
    return [
        Posting(contract(head.customer), -awaited_minor, head.currency),
        Posting(SALES, awaited_minor - net_minor, head.currency),
    ]


def _paid(fact: Paid) -> list[Posting]:
    currency = fact.head.currency
    postings = [Posting(BANK, fact.bank_minor, currency)]
    left_minor = fact.bank_minor
    for owed, given_minor in fact.settled:
        postings.append(_owed(owed, -owed.amount_minor))
        left_minor -= given_minor
        if owed.currency != currency:
            postings.append(Posting(EXCHANGE, -given_minor, currency))
            postings.append(Posting(EXCHANGE, owed.amount_minor, owed.currency))
    if left_minor:
        postings.append(Posting(credit(fact.head.customer), -left_minor, currency))
    return postings


def _claimed(fact: Claimed) -> list[Posting]:
    owed = fact.owed
    return [_owed(owed, owed.amount_minor), Posting(CLAIMS[fact.kind], -owed.amount_minor, owed.currency)]


def _given_up(fact: GivenUp) -> list[Posting]:
    owed = fact.owed
    rest_minor = owed.amount_minor - sum([minor for _code, minor in fact.taxes])
    return [
        _owed(owed, -owed.amount_minor),
        *(Posting(tax(code), tax_minor, owed.currency) for code, tax_minor in fact.taxes),
        Posting(settled_by(fact.kind, fact.claim), rest_minor, owed.currency),
    ]


class _Delivery:
    """What of one contract was invoiced up to now, and what has gone out."""

    __slots__ = ("awaited_minor", "gone_minor", "is_over", "lines_minor", "net_minor", "out")

    def __init__(self) -> None:
        self.net_minor = self.lines_minor = self.awaited_minor = self.gone_minor = 0
        self.out: dict[int, tuple[int, int, int]] = {}
        """By contract line: what has gone out of it, all of it, and what all of it is worth."""
        self.is_over = False

    def follow(self, fact: Moved | Ended) -> None:
        """Take in what went out, or that nothing more will."""
        if isinstance(fact, Ended):
            self.is_over = True
            return
        for line in fact.lines:
            before_micro = self.out.get(line.line_id, (0, 0, 0))[0]
            self.out[line.line_id] = before_micro + line.quantity_micro, line.whole_micro, line.whole_minor
        worth_minor = sum(round_ratio(minor * micro, whole) for micro, whole, minor in self.out.values() if whole)
        self.is_over = self.is_over and not fact.goes_on
        self.gone_minor = round_ratio(fact.goods_minor * worth_minor, fact.amount_minor) if fact.amount_minor else 0

    def awaited(self) -> int:
        """The net that was invoiced before it has gone out: of all its lines the part beyond what has."""
        ahead_minor = self.lines_minor - self.gone_minor
        if self.is_over or ahead_minor <= 0 or not self.lines_minor:
            return 0
        return round_ratio(self.net_minor * ahead_minor, self.lines_minor)
