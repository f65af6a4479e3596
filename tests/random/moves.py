"""Commands as someone might type them, each with what it should do to the books."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from tests.random.agreements import Instalment, Share, Terms
from tests.random.arithmetic import CASH, DIGITS, Line, Step, plain, rounded, smallest, written
from tests.random.books import BASE, ORDER, STAGES, Books
from tests.random.records import NOTHING, Holder, Invoice, Quantities, Signature

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

T = TypeVar("T")

COMPANIES = ("Acme", "Borealis", "Cobalt", "Delta", None)
MAILBOXES = (
    "ada@acme.example",
    "bo@borealis.example",
    "cy@gmail.com",
    "di@qq.com",
    "eve@delta.example",
)
CURRENCIES = ("EUR", "EUR", "EUR", "CHF", "JPY", "KWD")
TAXES = ("Z", "S19", "S19", "R7", "I19")
POLICIES = ("document", "document", "line", "unrounded")
TOUCHES = ("call", "email", "meeting", "reply")
UNKNOWN = ("L999", "K0", "X1", "INV-1999-0001", "?", "L-1", "L١", "C1; DROP TABLE lead", "P9999999999999999999")
NO_AMOUNTS = ("1.2.3", "-5", "1e3", "NaN", "١٢", "12,345", "0.00001", "EUR", "EUR 5 USD", "99999999999999")

Answer = Any
Happening = Callable[[Books, Answer], object]


class Move(NamedTuple):
    """A command line in parts, so that each can be spoilt, and what it does to the books when it is granted."""

    verb: tuple[str, ...]
    happen: Happening
    ref: str | None = None
    amount: str | None = None
    options: tuple[str, ...] = ()
    is_dated: bool = False
    """It takes `--on`."""
    writes: bool = True

    @property
    def arguments(self) -> list[str]:
        return [*self.verb, *(text for text in (self.ref, self.amount) if text is not None), *self.options]


def typed(amount: Fraction, currency: str) -> str:
    """Written so that it means one thing only: three decimals need a thousands separator beside them."""
    text = written(amount, currency)
    if DIGITS[currency] != 3:
        return text
    whole, _, decimals = text.partition(".")
    return f"{int(whole):05,}.{decimals}" if int(whole) < 1000 else f"{int(whole):,}.{decimals}"


class Typist:
    """Types what comes to mind, mostly what the business asks for next."""

    def __init__(self, random: Random, books: Books, today: date) -> None:
        self.random = random
        self.books = books
        self.today = today

    def move(self) -> Move:
        """Whatever is possible now; a lead can always be added."""
        for move in self.random.choices(list(WEIGHTS), list(WEIGHTS.values()), k=20):
            if made := move(self):
                return made
        return add_lead(self)

    # Choosing

    def chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def maybe(self, value: T, percent: int = 50) -> T | None:
        return value if self.chance(percent) else None

    def one(self, refs: Sequence[str], kind: str) -> str | None:
        """One that is ripe for it; now and then any other of its kind, in either case."""
        chosen = refs if self.chance(90) else list(self.books.table(kind))
        if not chosen:
            return None
        ref = self.random.choice(chosen)
        return ref.lower() if self.chance(5) else ref

    def neighbour(self, ref: str, percent: int = 8) -> str:
        """Now and then another record of the same thread, or of none."""
        if not self.chance(percent):
            return ref
        return self.random.choice([each for kind in ORDER for each in self.books.table(kind)])

    def day(self, since: date) -> tuple[date, tuple[str, ...]]:
        """The day of a fact, as an option: today where none is said, at times a day before it should be."""
        if self.chance(70):
            return self.today, ()
        since = min(since, self.today) - timedelta(days=3 * self.chance(10))
        on = since + timedelta(days=self.random.randint(0, (self.today - since).days))
        return on, ("--on", on.isoformat())

    def price(self, currency: str, most: int = 3000) -> Fraction:
        units = self.random.choice((self.random.randint(1, 40), self.random.randint(1, most * 10 ** DIGITS[currency])))
        return units * smallest(currency)

    def terms(self, currency: str, worth: Fraction | None = None) -> Terms:
        shares = self.random.choice((_whole, _thirds, _fixed, _parts, _dated, _halves, _fee, _wrong))
        return Terms(shares(self, currency, worth or self.price(currency)), self.due())

    def due(self) -> tuple[Instalment, ...]:
        days = Step("d", self.random.choice((7, 14, 30, 60)))
        return self.random.choice(
            (
                (),
                (Instalment(None, (days,)),),
                (Instalment(None, (days,)),),
                (Instalment(None, (Step("eom"),)),),
                (Instalment(None, (days, Step("eom"), Step("d", 1), Step("@", 10))),),
                (Instalment(25, (days,)), Instalment(25, (Step("m", 1),)), Instalment(None, (Step("@", 15),))),
                (Instalment(50, ()), Instalment(50, (Step("w", 5), Step("@", 31)))),
            )
        )

    def quantities(self, left: Quantities) -> Quantities:
        """Some of what is left, at times too much of it, at times of a line that is not there."""
        wanted = {}
        for line, quantity in left.items():
            if quantity and self.chance(70):
                step = self.random.choice((Fraction(1), Fraction(1, 3), Fraction(1, 2)))
                wanted[line] = max(Fraction(int(quantity * step * 1000), 1000), Fraction(1, 1000))
        if self.chance(4):
            wanted[self.random.choice((1, 9))] = Fraction(1000)
        return wanted


# Terms, by what a contract might say


def _offset(typist: Typist) -> tuple[Step, ...]:
    offsets = ((), (), (Step("d", 10),), (Step("w", 2),), (Step("eom"),), (Step("m", 1), Step("@", 31)))
    return typist.random.choice(offsets)


def _event(typist: Typist) -> str:
    return typist.random.choice(("sign", "ship", "ship", "deliver", "accept"))


def _whole(typist: Typist, _currency: str, _worth: Fraction) -> tuple[Share, ...]:
    return (Share("percent", Fraction(100), _event(typist), _offset(typist)),)


def _thirds(typist: Typist, _currency: str, _worth: Fraction) -> tuple[Share, ...]:
    first = typist.random.choice((Fraction(30), Fraction(333, 10), Fraction(1, 10)))
    return (
        Share("percent", first, "sign"),
        Share("percent", Fraction(60) - first / 2, "ship", _offset(typist)),
        Share("percent", Fraction(40) - first / 2, "accept", _offset(typist)),
    )


def _fixed(typist: Typist, currency: str, worth: Fraction) -> tuple[Share, ...]:
    some = rounded(worth * typist.random.choice((1, 2, 5, 12)) / 10, currency) or smallest(currency)
    return (Share("amount", some, _event(typist)), Share("rest", NOTHING, _event(typist), _offset(typist)))


def _parts(typist: Typist, _currency: str, _worth: Fraction) -> tuple[Share, ...]:
    often = typist.random.choice(("weekly", "monthly", "quarterly"))
    trigger = typist.random.choice(("sign", "ship", typist.today.isoformat()))
    return (Share("parts", Fraction(typist.random.randint(2, 7)), trigger, _offset(typist), often),)


def _dated(typist: Typist, _currency: str, _worth: Fraction) -> tuple[Share, ...]:
    day = typist.today + timedelta(days=typist.random.randint(-10, 60))
    return (Share("percent", Fraction(10), "sign"), Share("rest", NOTHING, day.isoformat(), _offset(typist)))


def _halves(typist: Typist, _currency: str, _worth: Fraction) -> tuple[Share, ...]:
    return (Share("percent", Fraction(50), _event(typist)), Share("percent", Fraction(50), _event(typist)))


def _fee(typist: Typist, currency: str, worth: Fraction) -> tuple[Share, ...]:
    until = typist.today + timedelta(days=typist.random.randint(-1, 120))
    return (Share("fee", worth, "sign", (), "monthly", until),)


def _wrong(_typist: Typist, _currency: str, _worth: Fraction) -> tuple[Share, ...]:
    return (Share("percent", Fraction(30), "sign"), Share("percent", Fraction(60), "ship"))


# Leads


def add_lead(typist: Typist) -> Move:
    known = typist.random.choice(COMPANIES)
    company = known and typist.random.choice((known, known.upper()))
    email = typist.maybe(typist.random.choice(MAILBOXES), 60)
    shown = email and typist.random.choice((email, email.upper(), f" {email}"))
    name, again = f"Person {len(typist.books.lead) + 1}", typist.chance(25)
    options = (
        *(("--company", company) if company else ()),
        *(("--email", shown) if shown else ()),
        *(("--allow-duplicate",) if again else ()),
    )
    return Move(
        ("lead", "add", name),
        lambda books, _: books.lead_add(name, company, email, allow_duplicate=again),
        options=options,
    )


def _leads(typist: Typist, *statuses: str) -> list[str]:
    books = typist.books
    return [ref for ref, each in books.lead.items() if not each.merged_into and books.lead_status(ref) in statuses]


def nurture(typist: Typist) -> Move | None:
    ref = typist.one(_leads(typist, "new", "nurtured", "qualified"), "lead")
    _, on = typist.day(typist.today - timedelta(days=9))
    options = ("--log", typist.random.choice(TOUCHES), *on)
    if ref is None:
        return None
    return Move(("nurture",), lambda books, _: books.nurture(ref), ref, options=options, is_dated=True)


def qualify(typist: Typist) -> Move | None:
    ref = typist.one(_leads(typist, "new", "nurtured", "dropped"), "lead")
    if ref is None:
        return None
    return Move(("lead", "qualify"), lambda books, _: books.qualify(ref), ref, is_dated=True)


def drop(typist: Typist) -> Move | None:
    ref = typist.one(_leads(typist, "new", "nurtured"), "lead")
    options = ("--reason", "budget")
    if ref is None:
        return None
    return Move(("lead", "drop"), lambda books, _: books.drop(ref), ref, options=options, is_dated=True)


def merge(typist: Typist) -> Move | None:
    every = list(typist.books.lead)
    ref, other = typist.one(every, "lead"), typist.one(every, "lead")
    others = (other,) if other and typist.chance(70) else ()
    if ref is None:
        return None
    return Move(("lead", "merge"), lambda books, _: books.merge(ref, others), ref, options=others)


# Customers and opportunities


def add_customer(typist: Typist) -> Move:
    name = typist.random.choice((*filter(None, COMPANIES), "Echo", "Foxtrot"))
    email = typist.maybe(typist.random.choice(MAILBOXES), 30)
    again = typist.chance(10)
    options = (*(("--email", email) if email else ()), *(("--allow-duplicate",) if again else ()))
    return Move(
        ("customer", "add", name),
        lambda books, _: books.customer_add(name, email, allow_duplicate=again),
        options=options,
    )


def edit(typist: Typist) -> Move | None:
    ref = typist.one(list(typist.books.customer), "customer")
    terms = typist.maybe(Terms(_thirds(typist, BASE, NOTHING), typist.due()), 70)
    field = f"terms={terms.text(BASE) if terms else ''}"
    if ref is None:
        return None
    return Move(("edit",), lambda books, _: books.edit_terms(ref, terms), ref, options=(field,))


def promote(typist: Typist) -> Move | None:
    ref = typist.one(_leads(typist, "new", "nurtured", "qualified"), "lead")
    if ref is None:
        return None
    currency = typist.random.choice(CURRENCIES)
    amount = typist.maybe(typist.price(currency), 75)
    customer = typist.maybe(typist.one(list(typist.books.customer), "customer"), 15)
    options = (
        *(("--amount", typed(amount, currency)) if amount is not None else ()),
        *(("--currency", currency) if currency != BASE or typist.chance(20) else ()),
        *(("--customer", customer) if customer else ()),
    )
    return Move(
        ("promote",),
        lambda books, _: books.promote(ref, amount, currency, customer),
        ref,
        options=options,
        is_dated=True,
    )


def _sales(typist: Typist, *statuses: str) -> list[str]:
    return [ref for ref in typist.books.opportunity if typist.books.sale_status(ref) in statuses]


def advance(typist: Typist) -> Move | None:
    ref = typist.one(_sales(typist, "open"), "opportunity")
    stage = typist.maybe(typist.random.choice(STAGES))
    options = ("--stage", stage) if stage else ()
    if ref is None:
        return None
    return Move(("advance",), lambda books, _: books.advance(ref, stage), ref, options=options)


def lose(typist: Typist) -> Move | None:
    ref = typist.one(_sales(typist, "open"), "opportunity")
    options = ("--reason", "price")
    if ref is None:
        return None
    return Move(("lose",), lambda books, _: books.lose(ref), ref, options=options, is_dated=True)


def reopen(typist: Typist) -> Move | None:
    ref = typist.one(_sales(typist, "lost"), "opportunity")
    if ref is None:
        return None
    return Move(("reopen",), lambda books, _: books.reopen(ref), ref, is_dated=True)


# Quotes


def quote(typist: Typist) -> Move | None:
    ref = typist.one(_sales(typist, "open"), "opportunity")
    if ref is None:
        return None
    currency = typist.books.opportunity[ref.upper()].currency
    written_lines = [_quote_line(typist, currency) for _ in range(typist.random.randint(1, 3))]
    lines = [line for line, _ in written_lines]
    worth = sum((line.net(currency) for line in lines), NOTHING)
    terms = typist.maybe(typist.terms(currency, worth), 80)
    percent = typist.maybe(typist.random.choice((Fraction(5), Fraction(125, 10), Fraction(100))), 25) or NOTHING
    policy = typist.random.choice(POLICIES)
    valid_until = typist.maybe(typist.today + timedelta(days=typist.random.randint(0, 40)), 40)
    options = (
        *(word for _, text in written_lines for word in ("--line", text)),
        *(("--terms", terms.text(currency)) if terms else ()),
        *(("--discount", f"{plain(percent)}%") if percent else ()),
        *(("--rounding", policy) if policy != "document" else ()),
        *(("--valid-until", valid_until.isoformat()) if valid_until else ()),
    )
    discount = rounded(worth * percent / 100, currency)

    def happen(books: Books, _answer: Answer) -> None:
        books.quote_lines(ref, lines, terms=terms, discount=discount, policy=policy, valid_until=valid_until)

    return Move(("quote",), happen, ref, options=options)


def _quote_line(typist: Typist, currency: str) -> tuple[Line, str]:
    some = Fraction(typist.random.randint(1, 12))
    quantity = typist.random.choice((Fraction(1), some, Fraction(7, 2), Fraction(333, 1000)))
    price = typist.random.choice((typist.price(currency), Fraction(typist.random.randint(0, 10**6), 10**4)))
    percent = typist.random.choice((0, 0, 0, 10, 33))
    code = typist.random.choice(TAXES)
    discount = rounded(rounded(quantity * price, currency) * percent / 100, currency)
    text = f"Item {code}:{plain(quantity)}:{plain(price)}:{code}" + (f":-{percent}%" if percent else "")
    return Line("Item", quantity, price, discount, code), text


def decide_quote(typist: Typist) -> Move | None:
    wish, flag = typist.random.choice((("sent", "--send"), ("accepted", "--accept"), ("rejected", "--reject")))
    newest = [each.quotes[-1] for ref, each in typist.books.opportunity.items() if each.quotes and not each.contract]
    chosen = typist.one(newest, "quote")
    ref = chosen and typist.neighbour(chosen, 4)
    today = typist.today
    if ref is None:
        return None
    return Move(("quote",), lambda books, _: books.decide_quote(ref, wish, today), ref, options=(flag,))


# Contracts and fulfilment


def sign(typist: Typist) -> Move | None:
    ref = typist.one(_sales(typist, "open"), "opportunity")
    if ref is None:
        return None
    sale, worth = typist.books.opportunity[ref.upper()], typist.books.expected(ref.upper())
    currency = sale.currency
    if sale.quotes and typist.chance(20):
        ref = typist.random.choice(sale.quotes)
    amount = typist.maybe(typist.price(currency), 60 if worth is None else 15)
    terms = typist.maybe(typist.terms(currency, amount or worth), 60)
    by = typist.maybe("Ada", 20)
    ends_on = typist.maybe(typist.today + timedelta(days=typist.random.randint(-2, 90)), 15)
    on, dated = typist.day(typist.today - timedelta(days=20))
    if terms and terms.shares[0].kind == "fee":
        on, dated = typist.today, ()
    options = (
        *(("--amount", typed(amount, currency)) if amount is not None else ()),
        *(("--terms", terms.text(currency)) if terms else ()),
        *(("--by", by) if by else ()),
        *(("--ends", ends_on.isoformat()) if ends_on else ()),
        *dated,
    )
    signature = Signature(on, None if amount is None else (amount, currency), terms, by, ends_on)
    return Move(("sign",), lambda books, _: books.sign(ref, signature), ref, options=options, is_dated=True)


def _contracts(typist: Typist, *statuses: str) -> list[str]:
    return [ref for ref in typist.books.contract if typist.books.contract_status(ref) in statuses]


def _lines(quantities: Quantities) -> tuple[str, ...]:
    return tuple(word for line, quantity in quantities.items() for word in ("--line", f"{line}={plain(quantity)}"))


def ship(typist: Typist) -> Move | None:
    chosen = typist.one(_contracts(typist, "signed"), "contract")
    if chosen is None:
        return None
    contract = chosen.upper()
    ref = typist.neighbour(chosen)
    left = typist.books.left(contract)
    quantities = typist.quantities(left) if typist.chance(60) else {}
    on, dated = typist.day(typist.books.last_moved(contract))
    return Move(
        ("ship",),
        lambda books, _: books.ship(ref, quantities, on),
        ref,
        options=(*_lines(quantities), *dated),
        is_dated=True,
    )


def _shipments(typist: Typist, *statuses: str) -> list[str]:
    return [ref for ref in typist.books.shipment if typist.books.shipment_status(ref) in statuses]


def deliver(typist: Typist) -> Move | None:
    ref = typist.one(_shipments(typist, "shipped"), "shipment")
    if ref is None:
        return None
    on, dated = typist.day(typist.books.shipment[ref.upper()].on)
    return Move(("ship", "--delivered"), lambda books, _: books.deliver(ref, on), ref, options=dated, is_dated=True)


def take_back(typist: Typist) -> Move | None:
    ref = typist.one(_shipments(typist, "shipped", "delivered"), "shipment")
    if ref is None:
        return None
    shipment = typist.books.shipment[ref.upper()]
    left = {line: shipment.out(line) for line in shipment.lines}
    quantities = typist.quantities(left) if typist.chance(60) else {}
    on, dated = typist.day(shipment.on)
    return Move(
        ("ship", "--returned"),
        lambda books, _: books.take_back(ref, quantities, on),
        ref,
        options=(*_lines(quantities), *dated),
        is_dated=True,
    )


def accept(typist: Typist) -> Move | None:
    ref = typist.one([ref for ref, each in typist.books.contract.items() if not each.accepted_on], "contract")
    if ref is None:
        return None
    on, dated = typist.day(typist.today - timedelta(days=5))
    return Move(("ship", "--accepted"), lambda books, _: books.accept(ref, on), ref, options=dated, is_dated=True)


# Invoices and payments


def bill(typist: Typist) -> Move | None:
    tomorrow = typist.today + timedelta(days=1)
    ripe = [ref for ref in typist.books.contract if typist.books.claims(ref, tomorrow)]
    chosen = typist.one(ripe, "contract")
    ref = chosen and typist.neighbour(chosen)
    today = typist.today
    if ref is None:
        return None
    return Move(("invoice",), lambda books, answer: books.bill(ref, today, answer), ref)


def bill_all(typist: Typist) -> Move:
    today = typist.today
    return Move(("invoice", "--due"), lambda books, answer: books.bill(None, today, answer))


def collect(typist: Typist) -> Move | None:
    kind = typist.random.choice(("invoice", "invoice", "contract", "customer"))
    chosen = typist.one([ref for ref in typist.books.table(kind) if typist.books.open_items(kind, ref)], kind)
    if chosen is None:
        return None
    record = typist.books.table(kind)[chosen.upper()]
    currency = typist.random.choice(CURRENCIES) if kind == "customer" else record.currency
    amount = _payment(typist, kind, chosen.upper(), currency) if typist.chance(75) else None
    ref = typist.neighbour(chosen, 3) if amount is None else chosen
    if typist.chance(3):
        currency, amount = "USD", amount and Fraction(7)
    is_named = currency != record.currency if kind != "customer" else amount is not None
    named = currency if is_named or typist.chance(10) else None
    on, dated = typist.day(typist.today - timedelta(days=25))
    options = (*(("--currency", named) if named else ()), *dated)
    return Move(
        ("collect",),
        lambda books, _: books.collect(ref, amount, named, on),
        ref,
        None if amount is None else typed(amount, currency),
        options,
        is_dated=True,
    )


def _payment(typist: Typist, kind: str, ref: str, currency: str) -> Fraction:
    """What is open, a cent more or less, a half, or any amount at all."""
    books = typist.books
    items = [item for item in books.open_items(kind, ref) if books.invoice[item.invoice].currency == currency]
    owed = sum((item.receivable.balance() for item in items), NOTHING)
    cent, pieces = smallest(currency), [rounded(owed / number, currency) for number in (2, 3)]
    return max(cent, typist.random.choice((owed, owed + cent, owed - cent, *pieces, typist.price(currency))))


def _holders(typist: Typist) -> list[str]:
    """Payments and credit notes of which something is left."""
    books = typist.books
    return [ref for ref, each in (*books.payment.items(), *books.credit.items()) if each.status() == "unapplied"]


def _holder(typist: Typist) -> tuple[str, Holder] | None:
    ref = typist.one(_holders(typist), typist.random.choice(("payment", "credit")))
    if ref is None:
        return None
    books = typist.books
    return ref, {**books.payment, **books.credit}[ref.upper()]


def apply(typist: Typist) -> Move | None:
    chosen = _holder(typist)
    if chosen is None:
        return None
    books, (ref, holder) = typist.books, chosen
    mine = (holder.customer, holder.currency)
    payable = [no for no, each in books.invoice.items() if (each.customer, each.currency) == mine and each.balance()]
    invoice = typist.one(payable, "invoice")
    if invoice is None:
        return None
    amount = typist.maybe(typist.price(holder.currency), 40)
    options = (invoice, *((typed(amount, holder.currency),) if amount is not None else ()))
    today = typist.today
    return Move(("apply",), lambda books, _: books.apply(ref, invoice, amount, today), ref, options=options)


def refund(typist: Typist) -> Move | None:
    chosen = _holder(typist)
    if chosen is None:
        return None
    ref, holder = chosen
    left, cent = holder.unapplied(), smallest(holder.currency)
    amounts = (left, left + cent, cent, max(cent, rounded(left / 2, holder.currency)))
    amount = typist.maybe(typist.random.choice(amounts))
    on, dated = typist.day(holder.on)
    return Move(
        ("refund",),
        lambda books, _: books.refund(ref, amount, on),
        ref,
        None if amount is None else typed(amount, holder.currency),
        dated,
        is_dated=True,
    )


def credit(typist: Typist) -> Move | None:
    books = typist.books
    ref = typist.one([number for number, each in books.invoice.items() if each.creditable()], "invoice")
    if ref is None:
        return None
    invoice = books.invoice[ref.upper()]
    left, cent = invoice.creditable(), smallest(invoice.currency)
    pieces = [max(cent, rounded(left / number, invoice.currency)) for number in (2, 3, 7)]
    amount = typist.maybe(typist.random.choice((*pieces, *pieces, left, left + cent, cent)), 60)
    quantities = {}
    if amount is None and _has_clear_lines(books, invoice):
        quantities = typist.quantities(
            {number: _left_of(invoice, number) for number in range(1, len(invoice.lines) + 1)}
        )
    on, dated = typist.day(invoice.issued_on)
    return Move(
        ("credit",),
        lambda books, answer: books.credit_note(ref, amount, quantities, on, answer),
        ref,
        None if amount is None else typed(amount, invoice.currency),
        ("--reason", "agreed", *_lines(quantities), *dated),
        is_dated=True,
    )


def _has_clear_lines(books: Books, invoice: Invoice) -> bool:
    """Whether lines of it are worth what they say: rounded one by one, not to coins, and nothing of it given up."""
    is_exact = books.contract[invoice.contract].policy != "unrounded" and invoice.currency not in CASH
    return is_exact and not invoice.sum_of("given up")


def _left_of(invoice: Invoice, number: int) -> Fraction:
    taken = invoice.taken.get(number)
    return invoice.lines[number - 1].quantity - (taken.quantity if taken else NOTHING)


def write_off(typist: Typist) -> Move | None:
    books = typist.books
    ref = typist.one([number for number, each in books.invoice.items() if each.balance()], "invoice")
    if ref is None:
        return None
    invoice = books.invoice[ref.upper()]
    owed, cent = invoice.balance(), smallest(invoice.currency)
    amount = typist.maybe(typist.random.choice((owed, owed + cent, cent, rounded(owed / 2, invoice.currency))), 60)
    on, dated = typist.day(invoice.issued_on)
    return Move(
        ("writeoff",),
        lambda books, _: books.write_off(ref, amount, on),
        ref,
        None if amount is None else typed(amount, invoice.currency),
        ("--reason", "insolvent", *dated),
        is_dated=True,
    )


def reverse(typist: Typist) -> Move | None:
    ref = typist.one(list(typist.books.payment), "payment")
    if ref is None:
        return None
    on, dated = typist.day(typist.today - timedelta(days=6))
    options = ("--reason", "returned by the bank", *dated)
    return Move(("reverse",), lambda books, _: books.reverse(ref, on), ref, options=options, is_dated=True)


def look(typist: Typist) -> Move:
    """A report changes nothing."""
    refs = [ref for kind in ORDER for ref in typist.books.table(kind)]
    shown = [("show", typist.random.choice(refs)), ("log", typist.random.choice(refs))] if refs else []
    reports = (("funnel",), ("today",), ("check",), ("log",), ("aging", "--by", "invoice"), ("aging", "--by", "owner"))
    return Move(typist.random.choice((*reports, *shown)), lambda _books, _answer: None, writes=False)


WEIGHTS: dict[Callable[[Typist], Move | None], int] = {
    add_lead: 6,
    nurture: 4,
    qualify: 3,
    drop: 1,
    merge: 1,
    add_customer: 1,
    edit: 1,
    promote: 12,
    advance: 3,
    lose: 1,
    reopen: 1,
    quote: 9,
    decide_quote: 4,
    sign: 16,
    ship: 14,
    deliver: 6,
    take_back: 2,
    accept: 3,
    bill: 16,
    bill_all: 4,
    collect: 12,
    credit: 5,
    apply: 5,
    refund: 3,
    reverse: 3,
    write_off: 2,
    look: 3,
}
