"""Invoices that another program has issued: they keep their numbers, in a series of their own without any order."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from ltc_cli import currencies
from ltc_cli.errors import Problems, UsageError
from ltc_cli.references import Reference
from ltc_cli.rules.money import MICRO, PPM, digits, format_amount, round_ratio
from ltc_cli.stages import customers, payments
from ltc_cli.stages.row_imports import RowImporter
from ltc_cli.store import canonical_json

if TYPE_CHECKING:
    from ltc_cli.stages.row_imports import Row

SERIES = "imported"
"""The pattern of the series; its numbers are those of the other program."""


class Bill(NamedTuple):
    """A row, read."""

    number: str
    customer: str
    customer_id: str
    issued_on: str
    due_on: str
    net_minor: int
    tax_minor: int
    currency: str
    paid_minor: int
    settled_on: str
    text: str


class Importer(RowImporter[Bill]):
    """Takes rows of invoices into a batch."""

    def read(self, row: Row) -> Bill:
        with Problems() as check:
            texts = {field: check(row.text, field) for field in ("number", "customer", "customer_id", "text")}
            issued_on, settled_on = check(row.past_day, "issued_on"), check(row.past_day, "settled_on")
            due_on = check(row.day, "due_on")
            amounts = {field: check(row.amount, field) for field in ("amount", "net", "tax", "paid")}
        found = {field: money[0] for field, money in amounts.items()}
        total_minor = _total(found["amount"], found["net"], found["tax"])
        if not (texts["number"] and issued_on and (texts["customer"] or texts["customer_id"])):
            raise UsageError("it needs a number, a date and a customer")
        net_minor = total_minor - found["tax"] if found["tax"] is not None else (found["net"] or total_minor)
        return Bill(
            issued_on=issued_on,
            due_on=due_on or issued_on,
            net_minor=net_minor,
            tax_minor=total_minor - net_minor,
            currency=next(currency for minor, currency in amounts.values() if minor is not None),
            paid_minor=found["paid"] if found["paid"] is not None else total_minor if settled_on else 0,
            settled_on=settled_on,
            **texts,
        )

    def identity(self, entry: Bill) -> tuple[str, str]:
        return entry.number, ""

    def reference(self, record_id: int) -> str:
        return f"invoice {self.store.value('SELECT number FROM invoice WHERE id = ?', (record_id,))}"

    def find(self, entry: Bill) -> int | None:
        row = self.store.one("SELECT id FROM invoice WHERE number = ?", (entry.number,))
        return row["id"] if row else None

    def update(self, record_id: int, entry: Bill) -> bool:
        raise UsageError(f"{entry.number} is a fact: an invoice never changes", f"ltc show {entry.number}")

    def add(self, entry: Bill) -> int:
        customer_id = self._customer(entry)
        invoice_id = self._issue(entry, customer_id)
        if entry.paid_minor:
            day = date.fromisoformat(entry.settled_on or min(entry.due_on, self.today.isoformat()))
            receipt = payments.Receipt(
                max(day, date.fromisoformat(entry.issued_on)), (entry.paid_minor, entry.currency)
            )
            target = Reference("invoice", invoice_id, entry.number)
            payments.collect(self.store, target, receipt, self.settings.currency)
        return invoice_id

    def _customer(self, entry: Bill) -> int:
        """By its id in the other program, else by name; made when there is none."""
        known_id = self.batch.named("customer", entry.customer_id)
        if known_id:
            return customers.survivor(self.store, known_id)
        new = customers.NewCustomer(name=entry.customer or entry.customer_id)
        customer_id = customers.find_or_add(self.store, new, date.fromisoformat(entry.issued_on))
        if entry.customer_id:
            self.store.add("external_id", kind="customer", source="", value=entry.customer_id, record_id=customer_id)
        return customer_id

    def _issue(self, entry: Bill, customer_id: int) -> int:
        series = self.store.one(
            "INSERT INTO series (kind, pattern, year, next_seq, gapless) VALUES ('invoice', ?, 0, 2, 0)"
            " ON CONFLICT (kind, pattern, year) DO UPDATE SET next_seq = next_seq + 1"
            " RETURNING id, next_seq - 1 AS seq",
            (SERIES,),
        )
        assert series is not None
        total_minor = entry.net_minor + entry.tax_minor
        invoice_id = self.store.add(
            "invoice",
            series_id=series["id"],
            seq=series["seq"],
            number=entry.number,
            customer_id=customer_id,
            issued_on=entry.issued_on,
            currency=entry.currency,
            net_minor=entry.net_minor,
            tax_minor=entry.tax_minor,
            total_minor=total_minor,
            tax_rounding="document",
            rate=currencies.rate_at_issue(self.store, self.settings.currency, entry.currency, entry.issued_on),
            terms="",
            document_sha256=self.store.keep_document(
                _document(entry), form="ltc-imported-invoice-1", media_type="application/json"
            ),
            recorded_at=self.store.recorded_at,
            batch_id=self.batch.id,
        )
        self._add_line(entry, invoice_id)
        self.store.add(
            "receivable",
            kind="invoice",
            invoice_id=invoice_id,
            customer_id=customer_id,
            currency=entry.currency,
            issued_on=entry.issued_on,
            due_on=entry.due_on,
            amount_minor=total_minor,
        )
        return invoice_id

    def _add_line(self, entry: Bill, invoice_id: int) -> None:
        """One line for the whole, under a tax code that says that it was taxed elsewhere."""
        code = {
            "category": "S" if entry.tax_minor else "Z",
            "rate_ppm": round_ratio(entry.tax_minor * PPM, entry.net_minor) if entry.net_minor else 0,
        }
        self.store.add(
            "invoice_line",
            invoice_id=invoice_id,
            position=1,
            text=entry.text or f"as invoiced: {entry.number}",
            quantity_micro=MICRO,
            price_micro=entry.net_minor * MICRO // 10 ** digits(entry.currency),
            discount_minor=0,
            net_minor=entry.net_minor,
            tax_code=SERIES,
            inclusive=0,
            **code,
        )
        self.store.add(
            "invoice_tax",
            invoice_id=invoice_id,
            code=SERIES,
            base_minor=entry.net_minor,
            tax_minor=entry.tax_minor,
            **code,
        )


def _total(total: int | None, net: int | None, tax: int | None) -> int:
    """The total, where need be from net and tax. Raises UsageError where there is none, or it does not sum up."""
    if total is None:
        if net is None:
            raise UsageError("it needs an amount")
        return net + (tax or 0)
    if net is not None and tax is not None and net + tax != total:
        raise UsageError("its net and tax do not make up its total")
    if (net or 0) > total or (tax or 0) > total:
        raise UsageError("its net or tax is more than its total")
    return total


def _document(entry: Bill) -> bytes:
    """What is known of the document that another program issued."""
    return canonical_json(
        {
            "number": entry.number,
            "customer": entry.customer or entry.customer_id,
            "issued_on": entry.issued_on,
            "due_on": entry.due_on,
            "currency": entry.currency,
            "net": format_amount(entry.net_minor, entry.currency),
            "tax": format_amount(entry.tax_minor, entry.currency),
            "total": format_amount(entry.net_minor + entry.tax_minor, entry.currency),
        }
    ).encode()
