"""What the books hold: one class a kind of record."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from tests.random.arithmetic import basis

if TYPE_CHECKING:
    from datetime import date

    from tests.random.agreements import Planned, Terms
    from tests.random.arithmetic import Line

NOTHING = Fraction(0)

Quantities = dict[int, Fraction]


@dataclass
class Lead:
    name: str
    company: str | None
    email: str | None
    touches: int = 0
    decided: tuple[int, str] | None = None
    """When, counted in commands, it was last qualified or dropped."""
    merged_into: str | None = None


@dataclass
class Customer:
    name: str
    domain: str | None
    terms: Terms | None = None


@dataclass
class Opportunity:
    lead: str
    customer: str
    currency: str
    amount: Fraction | None
    stage: int = 0
    is_lost: bool = False
    quotes: list[str] = field(default_factory=list)
    contract: str | None = None


@dataclass
class Quote:
    opportunity: str
    currency: str
    lines: list[Line]
    policy: str
    terms: Terms
    valid_until: date | None
    decided: str = "draft"


@dataclass
class Contract:
    opportunity: str
    customer: str
    currency: str
    lines: list[Line]
    policy: str
    terms: Terms
    plan: list[Planned]
    signed_on: date
    signed_by: str | None
    quote: str | None
    ends_on: date | None
    accepted_on: date | None = None
    billed: list[Fraction] = field(init=False)
    """Of each share of the plan, in the contract's basis."""
    invoiced: Fraction = NOTHING
    """Net and tax, on all invoices so far."""
    taxed: dict[str, Fraction] = field(default_factory=dict)
    """Tax by code, on all invoices so far."""

    def __post_init__(self) -> None:
        self.billed = [NOTHING] * len(self.plan)

    @property
    def amount(self) -> Fraction:
        return basis(self.lines, self.currency)

    @property
    def is_billed(self) -> bool:
        return sum(self.billed) == self.amount

    @property
    def is_fee_billed(self) -> bool:
        """A fee waits for no goods: its last period fulfils the contract."""
        return self.terms.shares[0].kind == "fee" and self.is_billed


@dataclass
class Shipment:
    contract: str
    on: date
    lines: Quantities
    delivered_on: date | None = None
    returned: list[tuple[date, int, Fraction]] = field(default_factory=list)

    def out(self, line: int, as_of: date | None = None) -> Fraction:
        """What the customer has of a line."""
        back = (quantity for on, of, quantity in self.returned if of == line and (as_of is None or on <= as_of))
        return self.lines.get(line, NOTHING) - sum(back)


@dataclass
class Receivable:
    due_on: date
    amount: Fraction
    settled: list[tuple[date, Fraction, str]] = field(default_factory=list)
    """By day, with what it is: `paid`, `credited`, `given up` or `tolerated`."""

    def balance(self, as_of: date | None = None) -> Fraction:
        return self.amount - sum(amount for on, amount, _ in self.settled if as_of is None or on <= as_of)

    def sum_of(self, what: str, as_of: date | None = None) -> Fraction:
        found = (amount for on, amount, kind in self.settled if kind == what and (as_of is None or on <= as_of))
        return sum(found, NOTHING)


@dataclass
class Invoice:
    contract: str
    customer: str
    currency: str
    issued_on: date
    total: Fraction
    receivables: list[Receivable]
    net: Fraction
    lines: list[Line]
    gross: Fraction
    """Net and tax; the total is what is payable of it."""
    noted: list[tuple[date, Fraction]] = field(default_factory=list)
    """Its credit notes, by day."""
    taken: dict[int, Taken] = field(default_factory=dict)
    """What of each line was credited, by its number."""
    noted_net: Fraction = NOTHING
    noted_gross: Fraction = NOTHING
    noted_by: set[str] = field(default_factory=set)
    """`amount` and `line`: how it was credited so far."""

    def balance(self, as_of: date | None = None) -> Fraction:
        return sum((each.balance(as_of) for each in self.receivables), NOTHING)

    def sum_of(self, what: str, as_of: date | None = None) -> Fraction:
        return sum((each.sum_of(what, as_of) for each in self.receivables), NOTHING)

    def noted_until(self, as_of: date | None = None) -> Fraction:
        return sum((amount for on, amount in self.noted if as_of is None or on <= as_of), NOTHING)

    def creditable(self) -> Fraction:
        return max(NOTHING, self.total - self.noted_until() - self.sum_of("given up"))

    def status(self, as_of: date | None = None) -> str:
        if balance := self.balance(as_of):
            return "partly_paid" if balance < self.total else "open"
        if self.total and self.noted_until(as_of) == self.total:
            return "credited"
        return "written_off" if self.sum_of("given up", as_of) else "paid"


class Taken(NamedTuple):
    quantity: Fraction = NOTHING
    amount: Fraction = NOTHING


class Settlement(NamedTuple):
    on: date
    invoice: str
    receivable: int
    amount: Fraction


@dataclass
class Holder:
    """What holds credit of a customer: a payment or a credit note."""

    customer: str
    currency: str
    on: date
    amount: Fraction
    settlements: list[Settlement] = field(default_factory=list)
    refunds: list[tuple[date, Fraction]] = field(default_factory=list)

    def refunded(self, as_of: date | None = None) -> Fraction:
        return sum((amount for on, amount in self.refunds if as_of is None or on <= as_of), NOTHING)

    def applied(self, as_of: date | None = None) -> Fraction:
        return sum((each.amount for each in self.settlements if as_of is None or each.on <= as_of), NOTHING)

    def unapplied(self, as_of: date | None = None) -> Fraction:
        return self.amount - self.applied(as_of) - self.refunded(as_of)

    def status(self) -> str:
        return "unapplied" if self.unapplied() else "refunded" if self.refunds else "applied"


@dataclass
class Payment(Holder):
    tolerated: list[Settlement] = field(default_factory=list)
    """What it was short of and nobody asks for."""
    reversed_on: date | None = None

    def unapplied(self, as_of: date | None = None) -> Fraction:
        if self.reversed_on and (as_of is None or self.reversed_on <= as_of):
            return NOTHING
        return super().unapplied(as_of)

    def status(self) -> str:
        return "reversed" if self.reversed_on else super().status()


@dataclass
class Credit(Holder):
    invoice: str = ""
    gross: Fraction = NOTHING


class Signature(NamedTuple):
    """What is said on signing; None: nothing."""

    on: date
    amount: tuple[Fraction, str] | None = None
    terms: Terms | None = None
    by: str | None = None
    ends_on: date | None = None


class OpenItem(NamedTuple):
    invoice: str
    number: int
    receivable: Receivable


class Claim(NamedTuple):
    share: int
    amount: Fraction
