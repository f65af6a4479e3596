"""What a company's file should say: the same business kept a second time, in plain Python.

Every verb of the app has a method of its name, that takes what the command was given and either changes the books or
raises the RefusalError that the app owes its user. Written from the design, without a look at `ltc_cli.rules`.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from tests.random.agreements import Instalment, RefusalError, Share, Terms, instalments, plan
from tests.random.arithmetic import Line, Step, basis, in_cash, parts, plain, rounded, totals, written
from tests.random.billing import total_of
from tests.random.records import (
    NOTHING,
    Claim,
    Contract,
    Credit,
    Customer,
    Holder,
    Invoice,
    Lead,
    OpenItem,
    Opportunity,
    Payment,
    Quote,
    Receivable,
    Settlement,
    Shipment,
    Taken,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tests.random.agreements import Planned
    from tests.random.records import Quantities, Signature

BASE = "EUR"
DEFAULT_TAX = "S19"
STAGES = ("new", "qualified", "proposal", "negotiation")
PUBLIC_DOMAINS = ("gmail.com", "qq.com")
DEFAULT_TERMS = Terms((Share("percent", Fraction(100), "ship"),), (Instalment(None, (Step("d", 30),)),))
AFTER = {"draft": ("sent", "accepted", "rejected"), "sent": ("accepted", "rejected"), "expired": ("rejected",)}
"""What may become of a quote."""

BY_QUANTITY = ("ship", "deliver")
ORDER = ("lead", "customer", "opportunity", "quote", "contract", "shipment", "invoice", "credit", "payment")
TOLERANCE = {"EUR": (Fraction(5, 100), Fraction(1, 100))}
"""What an instalment may be short of: at most so much, and at most this part of it."""


class Books:
    def __init__(self) -> None:
        self.lead: dict[str, Lead] = {}
        self.customer: dict[str, Customer] = {}
        self.opportunity: dict[str, Opportunity] = {}
        self.quote: dict[str, Quote] = {}
        self.contract: dict[str, Contract] = {}
        self.shipment: dict[str, Shipment] = {}
        self.invoice: dict[str, Invoice] = {}
        self.credit: dict[str, Credit] = {}
        self.payment: dict[str, Payment] = {}
        self.commands = 0

    # References

    def table(self, kind: str) -> dict[str, Any]:
        records: dict[str, Any] = getattr(self, kind)
        return records

    def find(self, text: str, *wanted: str) -> str:
        """The record of a wanted kind that the text names, or the only one on its thread."""
        kind, ref = self._named(text)
        if kind in wanted:
            return ref
        for each in wanted:
            found = self._on_thread(kind, ref, each)
            if len(found) > 1:
                raise RefusalError(5, f"{ref} has several of the kind {each}")
            if found:
                return found[0]
        raise RefusalError(2 if "payment" in (kind, *wanted) else 4, f"{ref} has no {wanted[0]}")

    def _named(self, text: str) -> tuple[str, str]:
        ref = text.strip().upper()
        for kind in ORDER:
            if ref in self.table(kind):
                return kind, self.survivor(ref) if kind == "lead" else ref
        raise RefusalError(3, f"there is no {ref}")

    def survivor(self, lead: str) -> str:
        return self.lead[lead].merged_into or lead

    def _on_thread(self, kind: str, ref: str, wanted: str) -> list[str]:
        if kind == "payment":
            kind, ref = "customer", self.payment[ref].customer
            if wanted == "customer":
                return [ref]
        sales = [each for each in self.opportunity if ref in self._thread(each).get(kind, [])]
        return list(dict.fromkeys(found for each in sales for found in self._thread(each).get(wanted, [])))

    def _thread(self, ref: str) -> dict[str, list[str]]:
        """All that hangs on an opportunity."""
        sale = self.opportunity[ref]
        return {
            "lead": [self.survivor(sale.lead)],
            "customer": [sale.customer],
            "opportunity": [ref],
            "quote": sale.quotes,
            "contract": [sale.contract] if sale.contract else [],
            "shipment": [each for each, it in self.shipment.items() if it.contract == sale.contract],
            "invoice": [each for each, it in self.invoice.items() if it.contract == sale.contract],
            "credit": [each for each, it in self.credit.items() if self.invoice[it.invoice].contract == sale.contract],
        }

    def _add(self, kind: str, prefix: str, record: object) -> str:
        records = self.table(kind)
        ref = f"{prefix}{len(records) + 1}"
        records[ref] = record
        return ref

    # Leads

    def lead_add(self, name: str, company: str | None, email: str | None, *, allow_duplicate: bool) -> None:
        folded = email.casefold() if email else None
        if folded and not allow_duplicate and any(each.email == folded for each in self.lead.values()):
            raise RefusalError(5, f"{email} is known")
        self._add("lead", "L", Lead(name, company, folded))

    def family(self, lead: str) -> list[Lead]:
        return [each for ref, each in self.lead.items() if self.survivor(ref) == lead]

    def lead_status(self, lead: str) -> str:
        if any(self.survivor(each.lead) == lead for each in self.opportunity.values()):
            return "promoted"
        family = self.family(lead)
        decided = max((each.decided for each in family if each.decided), default=None)
        if decided:
            return decided[1]
        return "nurtured" if any(each.touches for each in family) else "new"

    def nurture(self, text: str) -> None:
        self.lead[self.find(text, "lead")].touches += 1

    def qualify(self, text: str) -> None:
        self._decide(text, "qualified")

    def drop(self, text: str) -> None:
        self._decide(text, "dropped")

    def _decide(self, text: str, wish: str) -> None:
        lead = self.find(text, "lead")
        status = self.lead_status(lead)
        if status == "promoted":
            raise RefusalError(4, f"{lead} is promoted")
        if status != wish:
            self.commands += 1
            self.lead[lead].decided = (self.commands, wish)

    def merge(self, text: str, others: Sequence[str]) -> None:
        keep = self.find(text, "lead")
        named = [self.find(other, "lead") for other in others] if others else self._duplicates(keep)
        family = {keep, *named}
        if sum(self.survivor(each.lead) in family for each in self.opportunity.values()) > 1 and len(family) > 1:
            raise RefusalError(4, "a lead is promoted once")
        for lead in self.lead.values():
            if lead.merged_into in family - {keep}:
                lead.merged_into = keep
        for ref in family - {keep}:
            self.lead[ref].merged_into = keep

    def _duplicates(self, keep: str) -> list[str]:
        email = self.lead[keep].email
        return [ref for ref, each in self.lead.items() if email and each.email == email and not each.merged_into]

    # Customers and opportunities

    def customer_add(self, name: str, email: str | None, *, allow_duplicate: bool) -> None:
        if not allow_duplicate and self._candidates(name, email):
            raise RefusalError(5, f"{name} is known")
        self._add("customer", "K", Customer(name, _domain(email)))

    def _candidates(self, name: str, email: str | None) -> list[str]:
        named = [ref for ref, each in self.customer.items() if each.name.casefold() == name.casefold()]
        domain = _domain(email)
        return named or [ref for ref, each in self.customer.items() if domain and each.domain == domain]

    def edit_terms(self, text: str, terms: Terms | None) -> None:
        ref = self.find(text, "customer")
        if terms:
            terms.refuse_unless_whole()
        self.customer[ref].terms = terms

    def promote(self, text: str, amount: Fraction | None, currency: str, customer: str | None) -> None:
        lead = self.find(text, "lead")
        status = self.lead_status(lead)
        if status == "promoted":
            sale = next(each for each in self.opportunity.values() if self.survivor(each.lead) == lead)
            if amount is not None and (amount, currency) != (sale.amount, sale.currency):
                raise RefusalError(4, f"{lead} is promoted with another amount")
            return
        if status == "dropped":
            raise RefusalError(4, f"{lead} is dropped")
        buyer = self.find(customer, "customer") if customer else self._buyer(self.lead[lead])
        self._add("opportunity", "O", Opportunity(lead, buyer, currency, amount))

    def _buyer(self, lead: Lead) -> str:
        name = lead.company or lead.name
        found = self._candidates(name, lead.email)
        if len(found) > 1:
            raise RefusalError(5, f"several customers are {name}")
        return found[0] if found else self._add("customer", "K", Customer(name, _domain(lead.email)))

    def sale_status(self, ref: str) -> str:
        sale = self.opportunity[ref]
        return "won" if sale.contract else "lost" if sale.is_lost else "open"

    def _open_sale(self, text: str) -> Opportunity:
        ref = self.find(text, "opportunity")
        if self.sale_status(ref) != "open":
            raise RefusalError(4, f"{ref} is {self.sale_status(ref)}")
        return self.opportunity[ref]

    def advance(self, text: str, stage: str | None) -> None:
        sale = self._open_sale(text)
        reached = STAGES.index(stage) if stage else sale.stage + 1
        if reached == len(STAGES):
            raise RefusalError(4, "that was the last stage")
        sale.stage = reached

    def lose(self, text: str) -> None:
        ref = self.find(text, "opportunity")
        if self.sale_status(ref) == "won":
            raise RefusalError(4, f"{ref} is won")
        self.opportunity[ref].is_lost = True

    def reopen(self, text: str) -> None:
        ref = self.find(text, "opportunity")
        if self.sale_status(ref) == "won":
            raise RefusalError(4, f"{ref} is won")
        self.opportunity[ref].is_lost = False

    # Quotes

    def quote_lines(
        self,
        text: str,
        lines: list[Line],
        *,
        terms: Terms | None,
        discount: Fraction,
        policy: str,
        valid_until: date | None,
    ) -> None:
        sale = self._open_sale(text)
        (terms or DEFAULT_TERMS).refuse_unless_whole()
        weights = [line.net(sale.currency) for line in lines]
        spread = parts(discount, weights, sale.currency)
        if discount > sum(weights):
            raise RefusalError(2, "the discount is more than all lines")
        kept = [line._replace(discount=line.discount + part) for line, part in zip(lines, spread, strict=True)]
        offered = Quote(
            self.find(text, "opportunity"), sale.currency, kept, policy, terms or self._usual(sale), valid_until
        )
        sale.quotes.append(self._add("quote", "Q", offered))

    def _usual(self, sale: Opportunity) -> Terms:
        return self.customer[sale.customer].terms or DEFAULT_TERMS

    def quote_status(self, ref: str, on: date) -> str:
        quote = self.quote[ref]
        sale = self.opportunity[quote.opportunity]
        if sale.contract and self.contract[sale.contract].quote == ref:
            return "accepted"
        if quote.decided == "rejected":
            return "rejected"
        if sale.quotes[-1] != ref:
            return "superseded"
        if quote.decided != "accepted" and quote.valid_until and quote.valid_until < on:
            return "expired"
        return quote.decided

    def decide_quote(self, text: str, wish: str, on: date) -> None:
        ref = self.find(text, "quote")
        status = self.quote_status(ref, on)
        if status == wish:
            return
        sale_status = self.sale_status(self.quote[ref].opportunity)
        if wish not in AFTER.get(status, ()) or (sale_status != "open" and wish != "rejected"):
            raise RefusalError(4, f"{ref} is {status}, its opportunity {sale_status}")
        self.quote[ref].decided = wish

    # Contracts

    def sign(self, text: str, signature: Signature) -> None:
        named = self.find(text, "opportunity", "quote")
        ref = self.quote[named].opportunity if named in self.quote else named
        sale = self.opportunity[ref]
        if sale.contract:
            self._same_signature(self.contract[sale.contract], named, signature)
        elif sale.is_lost:
            raise RefusalError(4, f"{ref} is lost")
        else:
            quoted = self._quoted(named, signature)
            sale.contract = self._add("contract", "C", self._contract(ref, quoted, signature))

    def _same_signature(self, contract: Contract, named: str, signature: Signature) -> None:
        (signature.terms or DEFAULT_TERMS).refuse_unless_whole()
        wishes = (
            (signature.amount, (contract.amount, contract.currency)),
            (signature.terms, contract.terms),
            (signature.by, contract.signed_by),
            (signature.ends_on, contract.ends_on),
            (named if named in self.quote else None, contract.quote),
        )
        if any(wish is not None and wish != stands for wish, stands in wishes):
            raise RefusalError(4, "signed with other terms")

    def _quoted(self, named: str, signature: Signature) -> str | None:
        """The quote that is signed: the one that is named, else the newest, unless another amount is said."""
        offered = [named] if named in self.quote else self.opportunity[named].quotes
        if not offered:
            return None
        offer = self.quote[offered[-1]]
        is_at_its_amount = signature.amount in (None, (basis(offer.lines, offer.currency), offer.currency))
        is_open = self.quote_status(offered[-1], signature.on) in ("draft", "sent", "accepted")
        if named not in self.quote and signature.amount is not None and not (is_open and is_at_its_amount):
            return None
        if not is_open or not is_at_its_amount:
            raise RefusalError(4, f"{offered[-1]} cannot be signed")
        return offered[-1]

    def _contract(self, ref: str, quoted: str | None, signature: Signature) -> Contract:
        offer = self.quote[quoted] if quoted else self._lump(ref, signature)
        if signature.ends_on and signature.ends_on < signature.on:
            raise RefusalError(2, "the end is before the beginning")
        worth, whole = basis(offer.lines, offer.currency), totals(offer.lines, offer.policy, offer.currency)
        if not worth:
            raise RefusalError(2, "a contract over nothing")
        terms = signature.terms or offer.terms
        return Contract(
            ref,
            self.opportunity[ref].customer,
            offer.currency,
            offer.lines,
            offer.policy,
            terms,
            plan(terms, worth, whole.total, offer.currency, signature.on),
            signature.on,
            signature.by,
            quoted,
            signature.ends_on,
        )

    def _lump(self, ref: str, signature: Signature) -> Quote:
        """The amount as one line: as said, else as expected, else what the fees come to."""
        sale, expected = self.opportunity[ref], self.expected(ref)
        worth, currency = signature.amount or (expected, sale.currency)
        if expected is not None and currency != sale.currency:
            raise RefusalError(2, f"{ref} is in {sale.currency}")
        terms = signature.terms or self._usual(sale)
        if worth is None:
            if terms.shares[0].kind != "fee":
                raise RefusalError(2, f"{ref} has no amount")
            fees = plan(terms, None, None, currency, signature.on)
            worth = sum((fee.amount for fee in fees), NOTHING)
        line = Line(ref, Fraction(1), worth, NOTHING, DEFAULT_TAX)
        return Quote(ref, currency, [line], "document", self._usual(sale), None)

    def expected(self, ref: str) -> Fraction | None:
        """What an opportunity is worth: its newest quote, else what was said, else what was signed."""
        sale = self.opportunity[ref]
        if sale.quotes:
            quote = self.quote[sale.quotes[-1]]
            return basis(quote.lines, quote.currency)
        if sale.amount is None and sale.contract:
            return self.contract[sale.contract].amount
        return sale.amount

    # Fulfilment

    def shipped(self, ref: str) -> Quantities:
        lines = range(1, len(self.contract[ref].lines) + 1)
        sent = [each for each in self.shipment.values() if each.contract == ref]
        return {line: sum((each.out(line) for each in sent), NOTHING) for line in lines}

    def left(self, ref: str) -> Quantities:
        ordered = dict(enumerate((line.quantity for line in self.contract[ref].lines), 1))
        return {line: ordered[line] - quantity for line, quantity in self.shipped(ref).items()}

    def last_moved(self, ref: str) -> date:
        """The last day on which something of a contract went out or came back; else that of its signature."""
        mine = [each for each in self.shipment.values() if each.contract == ref]
        returns = [on for each in mine for on, *_ in each.returned]
        return max([self.contract[ref].signed_on, *(each.on for each in mine), *returns])

    def ship(self, text: str, quantities: Quantities, on: date) -> None:
        ref = self.find(text, "contract")
        left = self.left(ref)
        if not any(left.values()):
            if quantities:
                raise RefusalError(4, f"{ref} is shipped")
            return
        if self.contract[ref].is_fee_billed:
            raise RefusalError(4, f"{ref} is {self.contract_status(ref)}")
        wanted = quantities or {line: quantity for line, quantity in left.items() if quantity}
        _refuse_too_much(wanted, left)
        self._refuse_still_out(ref, wanted, on)
        self._add("shipment", "S", Shipment(ref, on, wanted))

    def _refuse_still_out(self, ref: str, wanted: Quantities, on: date) -> None:
        """Nothing goes out twice: not on days before it came back."""
        sent = [each for each in self.shipment.values() if each.contract == ref]
        days = {on, *(each.on for each in sent), *(back for each in sent for back, *_ in each.returned)}
        for line, quantity in wanted.items():
            ordered = self.contract[ref].lines[line - 1].quantity
            for day in (day for day in days if day >= on):
                out = sum((each.out(line, day) for each in sent if each.on <= day), NOTHING)
                if out + quantity > ordered:
                    raise RefusalError(2, f"{ref} line {line} was still out on {day}")

    def shipment_status(self, ref: str) -> str:
        shipment = self.shipment[ref]
        if not any(shipment.out(line) for line in shipment.lines):
            return "returned"
        return "delivered" if shipment.delivered_on else "shipped"

    def deliver(self, text: str, on: date) -> None:
        ref = self.find(text, "shipment")
        status = self.shipment_status(ref)
        if status == "returned":
            raise RefusalError(4, f"{ref} came back")
        if status == "shipped":
            _refuse_before(on, self.shipment[ref].on)
            self.shipment[ref].delivered_on = on

    def take_back(self, text: str, quantities: Quantities, on: date) -> None:
        ref = self.find(text, "shipment")
        shipment = self.shipment[ref]
        if self.shipment_status(ref) == "returned":
            return
        _refuse_before(on, shipment.on)
        left = {line: shipment.out(line) for line in shipment.lines}
        wanted = quantities or {line: quantity for line, quantity in left.items() if quantity}
        _refuse_too_much(wanted, left)
        shipment.returned += [(on, line, quantity) for line, quantity in wanted.items()]

    def accept(self, text: str, on: date) -> None:
        ref = self.find(text, "contract")
        if self.contract[ref].accepted_on:
            return
        sent = [each.on for each in self.shipment.values() if each.contract == ref]
        if not sent:
            raise RefusalError(4, f"nothing of {ref} was shipped")
        _refuse_before(on, min(sent))
        self.contract[ref].accepted_on = on

    def contract_status(self, ref: str) -> str:
        contract = self.contract[ref]
        if any(self.left(ref).values()) and not contract.is_fee_billed:
            return "signed"
        is_open = any(each.balance() for each in self.invoice.values() if each.contract == ref)
        return "fulfilled" if is_open or not contract.is_billed else "closed"

    # Invoices

    def bill(self, text: str | None, today: date, answer: list[dict[str, Any]]) -> None:
        """Issue what is billable. Lines are laid out by the app; what they come to is checked here."""
        refs = [self.find(text, "contract")] if text else list(self.contract)
        answers = iter(answer)
        issued = [self._issue(ref, claims, today, answers) for ref in refs for claims in self.claims(ref, today)]
        contract = self.contract[refs[0]] if text else None
        if contract and not issued and not contract.is_billed:
            raise RefusalError(4, f"nothing of {text} is billable")
        if not contract or issued:
            assert len(list(answers)) == 0, "more was invoiced than is due"

    def claims(self, ref: str, today: date) -> list[list[Claim]]:
        """By invoice: one for all that has no invoice of its own, then the others."""
        contract = self.contract[ref]
        due = [
            Claim(number, self._billable(ref, share, today) - contract.billed[number])
            for number, share in enumerate(contract.plan)
        ]
        claims = [claim for claim in due if claim.amount > 0]
        common = [claim for claim in claims if not contract.plan[claim.share].stands_alone]
        return [
            *([common] if common else []),
            *([claim] for claim in claims if contract.plan[claim.share].stands_alone),
        ]

    def _billable(self, ref: str, share: Planned, today: date) -> Fraction:
        contract = self.contract[ref]
        if share.trigger in BY_QUANTITY:
            moved = self._value_moved(ref, share, today)
            return rounded(share.amount * moved / contract.amount, contract.currency)
        day = billable_on(contract, share)
        return share.amount if day and day <= today else NOTHING

    def _value_moved(self, ref: str, share: Planned, today: date) -> Fraction:
        """What the customer has had for long enough, and has not given back."""
        contract = self.contract[ref]
        counted = [
            each
            for each in self.shipment.values()
            if each.contract == ref
            and (event_on := each.on if share.trigger == "ship" else each.delivered_on)
            and share.falls_due(event_on) <= today
        ]
        return sum(
            (
                rounded(
                    line.net(contract.currency) * sum(each.out(number, today) for each in counted) / line.quantity,
                    contract.currency,
                )
                for number, line in enumerate(contract.lines, 1)
            ),
            NOTHING,
        )

    def _issue(self, ref: str, claims: list[Claim], today: date, answers: Iterator[dict[str, Any]]) -> str:
        contract, series = self.contract[ref], f"INV-{today.year}-"
        dates = [each.issued_on for number, each in self.invoice.items() if number.startswith(series)]
        if dates and today < max(dates):
            raise RefusalError(4, f"the last invoice is of {max(dates)}")
        said = next(answers, None)
        assert said, f"{ref}: an invoice over {[str(claim.amount) for claim in claims]} is due"
        lines = [_line(each) for each in said["lines"]]
        claimed = sum((claim.amount for claim in claims), NOTHING)
        assert basis(lines, contract.currency) == claimed, f"{said['ref']} bills something else than {claimed}"
        gross = total_of(contract, claims, lines)
        contract.invoiced += gross
        for claim in claims:
            contract.billed[claim.share] += claim.amount
        number = f"{series}{len(dates) + 1:04}"
        due = instalments(contract.terms, gross, today, contract.currency)
        receivables = [Receivable(due_on, amount) for due_on, amount in due]
        net, total = Fraction(said["net"]), in_cash(gross, contract.currency)
        if not said["period_from"]:
            assert said["advances"] == self._earlier(ref), f"{said['ref']} names other invoices of {ref}"
        self.invoice[number] = Invoice(
            ref, contract.customer, contract.currency, today, total, receivables, net, lines, gross
        )
        return number

    def _earlier(self, ref: str) -> list[dict[str, str]]:
        """What a later invoice says of the earlier ones."""
        return [
            {
                "invoice": number,
                "issued_on": each.issued_on.isoformat(),
                "net": written(each.net, each.currency),
                "tax": written(each.gross - each.net, each.currency),
                "total": written(each.total, each.currency),
            }
            for number, each in self.invoice.items()
            if each.contract == ref
        ]

    # Payments

    def open_items(self, kind: str, ref: str) -> list[OpenItem]:
        """Oldest due first; equal dates: the lower number."""
        items = [
            OpenItem(invoice, number, item)
            for invoice, each in self.invoice.items()
            if ref == {"invoice": invoice, "contract": each.contract, "customer": each.customer}[kind]
            for number, item in enumerate(each.receivables)
            if item.balance()
        ]
        return sorted(items, key=lambda item: item.receivable.due_on)

    def collect(self, text: str, amount: Fraction | None, currency: str | None, on: date) -> None:
        target = self.find(text, "contract", "invoice", "customer")
        kind = self._named(target)[0]
        owed = self.open_items(kind, target)
        own = None if kind == "customer" else self.table(kind)[target].currency
        if amount is None:
            if not owed:
                self._refuse_unbilled(kind, target)
                return
            currencies = {self.invoice[item.invoice].currency for item in owed}
            if currency is None and len(currencies) > 1:
                raise RefusalError(2, "one payment is in one currency")
            currency = currency or currencies.pop()
        currency = currency or own or BASE
        payable = [item for item in owed if self.invoice[item.invoice].currency == currency]
        if amount is None:
            if own and own != currency:
                raise RefusalError(4, f"{target} is in {own}")
            amount = sum((item.receivable.balance() for item in payable), NOTHING)
        if not amount:
            raise RefusalError(2, "a payment of nothing")
        if own and own != currency:
            raise RefusalError(4, f"{target} is in {own}")
        customer = target if kind == "customer" else self.table(kind)[target].customer
        payment = Payment(customer, currency, on, amount)
        self._add("payment", "P", payment)
        settled = self._settle(payment, payable, amount, on, "paid")
        if currency in TOLERANCE:
            self._tolerate(payment, settled, *TOLERANCE[currency])

    def _refuse_unbilled(self, kind: str, target: str) -> None:
        for ref, contract in self.contract.items():
            is_meant = target in (ref, contract.customer) and kind != "invoice"
            if is_meant and not contract.is_billed:
                raise RefusalError(4, f"{ref} is not invoiced in full")

    def _settle(
        self, holder: Holder | None, items: Iterable[OpenItem], amount: Fraction, on: date, what: str
    ) -> list[Settlement]:
        made = []
        for invoice, number, receivable in items:
            part = min(amount, receivable.balance())
            if part:
                day = _room_for(part, receivable, max(on, self.invoice[invoice].issued_on))
                receivable.settled.append((day, part, what))
                made.append(Settlement(day, invoice, number, part))
                amount -= part
        if holder:
            holder.settlements += made
        return made

    def _tolerate(self, payment: Payment, settled: list[Settlement], most: Fraction, part: Fraction) -> None:
        for on, invoice, number, _ in settled:
            receivable = self.invoice[invoice].receivables[number]
            short = receivable.balance()
            if 0 < short <= min(most, receivable.amount * part):
                item = OpenItem(invoice, number, receivable)
                payment.tolerated += self._settle(None, [item], short, on, "tolerated")

    def _holder(self, text: str) -> Holder:
        ref = self.find(text, "payment", "credit")
        holder: Holder = self.payment[ref] if ref in self.payment else self.credit[ref]
        return holder

    def apply(self, text: str, invoice_text: str, amount: Fraction | None, today: date) -> None:
        holder, number = self._holder(text), self.find(invoice_text, "invoice")
        invoice = self.invoice[number]
        items = self.open_items("invoice", number)
        if not items:
            return
        if holder.status() != "unapplied":
            raise RefusalError(4, f"{text} is {holder.status()}")
        if (holder.customer, holder.currency) != (invoice.customer, invoice.currency):
            raise RefusalError(4, f"{text} and {number} are strangers")
        most = min(holder.unapplied(), invoice.balance())
        wanted = most if amount is None else amount
        if not wanted:
            raise RefusalError(2, "applying nothing")
        if wanted > most:
            raise RefusalError(4, f"{wanted} is too much")
        what = "paid" if isinstance(holder, Payment) else "credited"
        self._settle(holder, items, wanted, max(today, holder.on), what)

    def refund(self, text: str, amount: Fraction | None, on: date) -> None:
        holder = self._holder(text)
        if holder.status() == "refunded" and amount is None:
            return
        if holder.status() not in ("unapplied", "refunded"):
            raise RefusalError(4, f"{text} is {holder.status()}")
        _refuse_before(on, holder.on)
        wanted = holder.unapplied() if amount is None else amount
        if not wanted:
            raise RefusalError(2, "refunding nothing")
        if wanted > holder.unapplied():
            raise RefusalError(4, f"{wanted} is too much")
        holder.refunds.append((on, wanted))

    def reverse(self, text: str, on: date) -> None:
        payment = self.payment[self.find(text, "payment")]
        if payment.reversed_on:
            return
        if payment.refunds:
            raise RefusalError(4, f"some of {text} was paid back")
        _refuse_before(on, max([payment.on, *(each.on for each in (*payment.settlements, *payment.tolerated))]))
        payment.reversed_on = on
        for each in list(payment.settlements):
            self._take_back(each, on, "paid")
            payment.settlements.append(each._replace(on=on, amount=-each.amount))
        for each in payment.tolerated:
            self._take_back(each, on, "tolerated")

    def _take_back(self, settlement: Settlement, on: date, what: str) -> None:
        receivable = self.invoice[settlement.invoice].receivables[settlement.receivable]
        receivable.settled.append((on, -settlement.amount, what))

    # Credit notes and write-offs

    def credit_note(
        self, text: str, amount: Fraction | None, quantities: Quantities, on: date, answer: dict[str, Any]
    ) -> None:
        """Where lines are named, their tax is the app's word, held against the invoice where it has one tax code."""
        number = self.find(text, "invoice")
        invoice = self.invoice[number]
        if invoice.status() == "credited" and amount is None and not quantities:
            return
        _refuse_before(on, invoice.issued_on)
        left, values = invoice.creditable(), _values(invoice, quantities)
        if not left or (amount is not None and amount > left):
            raise RefusalError(4, f"{left} of {number} is left to credit")
        if amount == 0 or (quantities and not any(values.values())):
            raise RefusalError(2, "a credit note over nothing")
        if not quantities and not _payable(invoice, _gross_of(invoice, amount)):
            raise RefusalError(2, "a credit note over less than a coin")
        series = f"CN-{on.year}-"
        dates = [each.on for ref, each in self.credit.items() if ref.startswith(series)]
        if dates and on < max(dates):
            raise RefusalError(4, f"the last credit note is of {max(dates)}")
        assert answer or not quantities, f"{number}: a credit of {quantities} is due"
        gross = Fraction(answer["net"]) + Fraction(answer["tax"]) if quantities else _gross_of(invoice, amount)
        total = min(_payable(invoice, gross), left)
        assert 0 < total <= left
        _take(invoice, quantities, values, answer, is_all=gross == invoice.gross - invoice.noted_gross)
        credit = Credit(invoice.customer, invoice.currency, on, total, invoice=number, gross=gross)
        self.credit[f"{series}{len(dates) + 1:04}"] = credit
        invoice.noted.append((on, total))
        invoice.noted_by.add("line" if quantities else "amount")
        invoice.noted_gross += gross
        if answer:
            invoice.noted_net += Fraction(answer["net"])
            _hold_against_the_whole(invoice, number, self.contract[invoice.contract].policy)
        self._settle(credit, self.open_items("invoice", number), total, on, "credited")

    def write_off(self, text: str, amount: Fraction | None, on: date) -> None:
        number = self.find(text, "invoice")
        invoice = self.invoice[number]
        if invoice.status() == "written_off" and amount is None:
            return
        if invoice.status() in ("paid", "credited"):
            raise RefusalError(4, f"{number} is {invoice.status()}")
        _refuse_before(on, invoice.issued_on)
        wanted = invoice.balance() if amount is None else amount
        if not wanted:
            raise RefusalError(2, "writing off nothing")
        if wanted > invoice.balance():
            raise RefusalError(4, f"{wanted} is too much")
        self._settle(None, self.open_items("invoice", number), wanted, on, "given up")


def _gross_of(invoice: Invoice, amount: Fraction | None) -> Fraction:
    """Net and tax behind an amount: with all that is left of what was payable, all that is left of them."""
    rest = invoice.gross - invoice.noted_gross
    wished = invoice.creditable() if amount is None else amount
    return rest if invoice.noted_until() + wished == invoice.total else min(wished, rest)


def _payable(invoice: Invoice, gross: Fraction) -> Fraction:
    """What is payable of all that was credited up to now, less what went back before."""
    after = invoice.noted_gross + gross
    reached = invoice.total if after == invoice.gross else in_cash(after, invoice.currency)
    return reached - invoice.noted_until()


def _hold_against_the_whole(invoice: Invoice, number: str, policy: str) -> None:
    """Of one tax code, net and tax so far are in proportion to what was credited so far; in full they are equal.

    Taxed by `line`, each line has brought its own tax.
    """
    credited, net, tax = invoice.noted_gross, invoice.noted_net, invoice.gross - invoice.net
    if credited == invoice.gross:
        assert net == invoice.net, f"the credits of {number} have a net of {net}"
    elif len({line.tax for line in invoice.lines}) > 1 or len(invoice.noted_by) > 1:
        assert 0 <= net <= invoice.net
        assert 0 <= credited - net <= tax
    elif "amount" in invoice.noted_by:
        expected = rounded(invoice.net * credited / invoice.gross, invoice.currency)
        assert net == expected, f"the credits of {number} have a net of {net} where {expected} is right"
    else:
        expected = _tax_of_lines(invoice, tax, policy)
        assert credited - net == expected, f"the credits of {number} have a tax of {credited - net}, not {expected}"


def _tax_of_lines(invoice: Invoice, tax: Fraction, policy: str) -> Fraction:
    """The tax of what was credited by lines so far."""
    currency, nets = invoice.currency, [line.net(invoice.currency) for line in invoice.lines]
    taken = [invoice.taken.get(number, Taken()).amount for number, _ in enumerate(nets, 1)]
    if policy != "line":
        return rounded(tax * sum(taken) / sum(nets), currency)
    alone = [sum(totals([line], "line", currency).taxes.values(), NOTHING) for line in invoice.lines]
    owned = parts(tax, alone, currency)
    shares = (rounded(own * amount / net, currency) for own, amount, net in zip(owned, taken, nets, strict=True) if net)
    return sum(shares, NOTHING)


def _values(invoice: Invoice, quantities: Quantities) -> dict[int, Fraction]:
    """What the next of each line is worth, so that all of it is worth the line."""
    values = {}
    for number, quantity in quantities.items():
        if not 1 <= number <= len(invoice.lines):
            raise RefusalError(3, f"there is no line {number}")
        line, taken = invoice.lines[number - 1], invoice.taken.get(number, Taken())
        if taken.quantity + quantity > line.quantity:
            raise RefusalError(4, f"{plain(quantity)} of line {number} is too much")
        before, after = (_worth(invoice, line, each) for each in (taken.quantity, taken.quantity + quantity))
        if taken.amount + after - before > line.net(invoice.currency):
            raise RefusalError(4, f"{plain(quantity)} of line {number} is worth more than is left of it")
        values[number] = after - before
    return values


def _worth(invoice: Invoice, line: Line, quantity: Fraction) -> Fraction:
    return rounded(line.net(invoice.currency) * quantity / line.quantity, invoice.currency)


def _take(
    invoice: Invoice, quantities: Quantities, values: dict[int, Fraction], answer: dict[str, Any], *, is_all: bool
) -> None:
    """What was credited of each line; an amount takes quantities only where it takes all that is left of a line."""
    said = {each["line"]: Fraction(each["net"]) for each in (answer or {"lines": []})["lines"]}
    assert not quantities or said == values, f"lines of {values} are credited"
    for number, line in enumerate(invoice.lines, 1):
        taken, amount = invoice.taken.get(number, Taken()), said.get(number, NOTHING)
        quantity = quantities.get(number, NOTHING)
        is_rest = taken.amount + amount == line.net(invoice.currency)
        is_whole = taken.amount == _worth(invoice, line, taken.quantity)
        if not quantities and (amount or is_all) and is_rest and is_whole:
            quantity = line.quantity - taken.quantity
        assert 0 <= amount <= line.net(invoice.currency) - taken.amount
        invoice.taken[number] = Taken(taken.quantity + quantity, taken.amount + amount)


def billable_on(contract: Contract, share: Planned) -> date | None:
    """The day of a share that waits for one event; None while that is to come."""
    happened = {"sign": contract.signed_on, "accept": contract.accepted_on, "end": contract.ends_on}
    event_on = happened[share.trigger] if share.trigger in happened else date.fromisoformat(share.trigger)
    return share.falls_due(event_on) if event_on else None


def _domain(email: str | None) -> str | None:
    domain = email.casefold().partition("@")[2] if email else None
    return None if domain in PUBLIC_DOMAINS else domain


def _refuse_too_much(wanted: Quantities, left: Quantities) -> None:
    for line, quantity in wanted.items():
        if line not in left:
            raise RefusalError(3, f"there is no line {line}")
        if quantity > left[line]:
            raise RefusalError(4, f"{plain(quantity)} of line {line} is too much")


def _refuse_before(on: date, earliest: date) -> None:
    if on < earliest:
        raise RefusalError(2, f"not before {earliest}")


def _room_for(amount: Fraction, receivable: Receivable, earliest: date) -> date:
    """The first day from which so much stays open: a payment that bounced had its days."""
    days = sorted({earliest, *(on for on, *_ in receivable.settled if on > earliest)})
    return next(day for day in days if all(receivable.balance(later) >= amount for later in days if later >= day))


def _line(said: dict[str, Any]) -> Line:
    quantity, price, discount = (Fraction(said[key]) for key in ("quantity", "price", "discount"))
    return Line(said["text"], quantity, price, discount, said["tax"])
