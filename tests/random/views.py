"""What the app should show of the books: only the keys that can be worked out, as it would write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.random.arithmetic import basis, plain, totals, written
from tests.random.books import BY_QUANTITY, STAGES, billable_on
from tests.random.records import NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date
    from fractions import Fraction

    from tests.random.agreements import Planned
    from tests.random.books import Books
    from tests.random.records import Contract, Credit, Invoice

Row = dict[str, Any]
EDGES = (30, 60, 90)


def leads(books: Books, _today: date) -> list[Row]:
    return [
        {"ref": ref, "status": books.lead_status(ref), "touches": sum(each.touches for each in books.family(ref))}
        for ref, lead in books.lead.items()
        if lead.merged_into is None
    ]


def customers(books: Books, _today: date) -> list[Row]:
    return [{"ref": ref, "name": each.name} for ref, each in books.customer.items()]


def opportunities(books: Books, _today: date) -> list[Row]:
    rows = []
    for ref, sale in books.opportunity.items():
        worth, currency = books.expected(ref), sale.currency
        if sale.contract:
            currency = books.contract[sale.contract].currency
        rows.append(
            {
                "ref": ref,
                "status": books.sale_status(ref),
                "lead": books.survivor(sale.lead),
                "customer": sale.customer,
                "amount": None if worth is None else written(worth, currency),
                "currency": currency,
                "stage": STAGES[sale.stage],
            }
        )
    return rows


def quotes(books: Books, today: date) -> list[Row]:
    rows = []
    for ref, quote in books.quote.items():
        whole = totals(quote.lines, quote.policy, quote.currency)
        rows.append(
            {
                "ref": ref,
                "status": books.quote_status(ref, today),
                "amount": written(basis(quote.lines, quote.currency), quote.currency),
                "net": written(whole.net, quote.currency),
                "total": written(whole.total, quote.currency),
                "lines": [{"net": written(line.net(quote.currency), quote.currency)} for line in quote.lines],
            }
        )
    return rows


def contracts(books: Books, _today: date) -> list[Row]:
    rows = []
    for ref, contract in books.contract.items():
        whole = totals(contract.lines, contract.policy, contract.currency)
        shares = zip(contract.plan, contract.billed, strict=True)
        rows.append(
            {
                "ref": ref,
                "status": books.contract_status(ref),
                "customer": contract.customer,
                "amount": written(contract.amount, contract.currency),
                "net": written(whole.net, contract.currency),
                "total": written(whole.total, contract.currency),
                "billed": written(sum(contract.billed, NOTHING), contract.currency),
                "accepted_on": contract.accepted_on and contract.accepted_on.isoformat(),
                "plan": [_share(contract, share, billed) for share, billed in shares],
                "lines": [{"shipped": plain(quantity)} for quantity in books.shipped(ref).values()],
            }
        )
    return rows


def _share(contract: Contract, share: Planned, billed: Fraction) -> Row:
    row = {"amount": written(share.amount, contract.currency), "billed": written(billed, contract.currency)}
    if share.trigger in BY_QUANTITY:
        return row
    day = billable_on(contract, share)
    return {**row, "due_on": day and day.isoformat()}


def shipments(books: Books, _today: date) -> list[Row]:
    return [
        {
            "ref": ref,
            "status": books.shipment_status(ref),
            "contract": each.contract,
            "shipped_on": each.on.isoformat(),
            "delivered_on": each.delivered_on and each.delivered_on.isoformat(),
            "lines": [{"line": line, "quantity": plain(each.out(line))} for line in sorted(each.lines)],
        }
        for ref, each in books.shipment.items()
    ]


def invoices(books: Books, _today: date) -> list[Row]:
    return [_invoice(number, each, None) for number, each in books.invoice.items()]


def invoices_as_of(books: Books, as_of: date) -> list[Row]:
    return [_invoice(number, each, as_of) for number, each in books.invoice.items() if each.issued_on <= as_of]


def _invoice(number: str, invoice: Invoice, as_of: date | None) -> Row:
    balance, currency = invoice.balance(as_of), invoice.currency
    open_days = [each.due_on for each in invoice.receivables if each.balance(as_of)]
    due_on = min(open_days) if open_days else max(each.due_on for each in invoice.receivables)
    return {
        "ref": number,
        "status": invoice.status(as_of),
        "contract": invoice.contract,
        "issued_on": invoice.issued_on.isoformat(),
        "due_on": due_on.isoformat(),
        "net": written(invoice.net, currency),
        "rounding": written(invoice.total - invoice.gross, currency),
        "total": written(invoice.total, currency),
        "paid": written(invoice.sum_of("paid", as_of), currency),
        "credited": written(invoice.sum_of("credited", as_of), currency),
        "written_off": written(invoice.sum_of("given up", as_of) + invoice.sum_of("tolerated", as_of), currency),
        "balance": written(balance, currency),
        "instalments": [
            {
                "due_on": each.due_on.isoformat(),
                "amount": written(each.amount, currency),
                "balance": written(each.balance(as_of), currency),
            }
            for each in invoice.receivables
        ],
    }


def credits_(books: Books, _today: date) -> list[Row]:
    return [_credit(ref, each, None) for ref, each in books.credit.items()]


def credits_as_of(books: Books, as_of: date) -> list[Row]:
    return [_credit(ref, each, as_of) for ref, each in books.credit.items() if each.on <= as_of]


def _credit(ref: str, credit: Credit, as_of: date | None) -> Row:
    row = {
        "ref": ref,
        "invoice": credit.invoice,
        "customer": credit.customer,
        "issued_on": credit.on.isoformat(),
        "rounding": written(credit.amount - credit.gross, credit.currency),
        "total": written(credit.amount, credit.currency),
        "applied": written(credit.applied(as_of), credit.currency),
        "refunded": written(credit.refunded(as_of), credit.currency),
        "unapplied": written(credit.unapplied(as_of), credit.currency),
    }
    return row if as_of else {**row, "status": credit.status()}


def payments(books: Books, _today: date) -> list[Row]:
    return [
        {
            "ref": ref,
            "status": each.status(),
            "customer": each.customer,
            "received_on": each.on.isoformat(),
            "amount": written(each.amount, each.currency),
            "refunded": written(each.refunded(), each.currency),
            "unapplied": written(each.unapplied(), each.currency),
            "allocations": [
                {"invoice": invoice, "amount": written(amount, each.currency)}
                for invoice, amount in _settled_by(each.settlements).items()
                if amount
            ],
        }
        for ref, each in books.payment.items()
    ]


def _settled_by(settlements: Sequence[Any]) -> dict[str, Fraction]:
    settled: dict[str, Fraction] = {}
    for each in settlements:
        settled[each.invoice] = settled.get(each.invoice, NOTHING) + each.amount
    return settled


def aging(books: Books, as_of: date, edges: Sequence[int] = EDGES) -> dict[tuple[str, str], Row]:
    """What each customer owes in each currency, by days past due; the credit it has is negative."""
    names = ["current", *(f"{low + 1}-{high}" for low, high in zip((0, *edges), edges, strict=False)), f"{edges[-1]}+"]
    sums: dict[tuple[str, str], dict[str, Fraction]] = {}
    open_days: dict[tuple[str, str], dict[str, date]] = {}
    for number, invoice in books.invoice.items():
        for each in invoice.receivables:
            if invoice.issued_on <= as_of and (balance := each.balance(as_of)):
                key = (invoice.customer, invoice.currency)
                late = (as_of - each.due_on).days
                bucket = names[0 if late <= 0 else 1 + sum(late > edge for edge in edges)]
                _add(sums, key, bucket, balance)
                days = open_days.setdefault(key, {})
                days[number] = min(each.due_on, days.get(number, each.due_on))
    for holder in (*books.payment.values(), *books.credit.values()):
        if holder.on <= as_of:
            _add(sums, (holder.customer, holder.currency), "unapplied", -holder.unapplied(as_of))
    owing = {key: amounts for key, amounts in sums.items() if any(amounts.values())}
    return {key: _aged(key, amounts, names, open_days.get(key, {})) for key, amounts in owing.items()}


def _add(sums: dict[tuple[str, str], dict[str, Fraction]], key: tuple[str, str], column: str, amount: Fraction) -> None:
    row = sums.setdefault(key, {})
    row[column] = row.get(column, NOTHING) + amount


def _aged(key: tuple[str, str], amounts: dict[str, Fraction], names: Sequence[str], days: dict[str, date]) -> Row:
    customer, currency = key
    return {
        "customer": customer,
        "currency": currency,
        **{name: written(amounts.get(name, NOTHING), currency) for name in (*names, "unapplied")},
        "total": written(sum(amounts.values(), NOTHING), currency),
        "invoices": len(days),
        "oldest_due_on": min(days.values()).isoformat() if days else None,
    }


VIEWS: dict[str, Callable[[Books, date], list[Row]]] = {
    "leads": leads,
    "customers": customers,
    "opportunities": opportunities,
    "quotes": quotes,
    "contracts": contracts,
    "shipments": shipments,
    "invoices": invoices,
    "credits": credits_,
    "payments": payments,
}


def difference(expected: object, found: object, where: str = "") -> str:
    """The first place where what was found is not as expected, in words; what nobody expects may be anything."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return _first(difference(value, found.get(key), f"{where}.{key}") for key, value in expected.items())
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = zip(expected, found, strict=True)
        return _first(difference(one, other, f"{where}[{_ref(other) or at}]") for at, (one, other) in enumerate(pairs))
    return "" if expected == found else f"{where}: {found!r} where {expected!r} is right"


def _first(differences: Any) -> str:
    return next((each for each in differences if each), "")


def _ref(row: object) -> str:
    return str(row.get("ref", "")) if isinstance(row, dict) else ""
