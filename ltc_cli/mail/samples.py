"""What templates are tried with before they are needed: everything there can be, and the least there can be: what
may be empty is, and a name is one character.

The names are those that a template may use; the first sample of each has all of them.
"""

from __future__ import annotations

from typing import Any

SELLER = {"seller_name": "Acme GmbH", "seller_address": "Main Street 1\n10115 Berlin", "seller_tax_id": "DE123456789"}
NO_SELLER = dict.fromkeys(SELLER, "")

LINE = {"text": "Widget", "quantity": "2", "price": "50.00", "discount": "1.00", "net": "99.00"}
TAX = {"code": "S19", "name": "VAT", "rate": "19%", "base": "99.00", "tax": "18.81", "reason": "Reverse charge"}
LINES: dict[str, Any] = {
    "lines": [LINE],
    "taxes": [TAX],
    "currency": "EUR",
    "net": "99.00",
    "tax": "18.81",
    "rounding": "-0.01",
    "total": "117.80",
    "buyer_name": "Engines & Sons",
    "buyer_address": "Mill Lane 2\nLondon",
}
SHORT = "王"
BARE_LINES: dict[str, Any] = LINES | {
    "lines": [LINE | {"text": SHORT, "discount": ""}],
    "taxes": [],
    "rounding": "",
    "buyer_name": SHORT,
    "buyer_address": "",
}

INVOICE = {
    **SELLER,
    **LINES,
    "number": "INV-2026-0001",
    "issued_on": "2026-06-15",
    "period_from": "2026-06-01",
    "period_to": "2026-06-30",
    "terms": "100% ship; net 30",
    "iban": "DE02 1203 0000 0000 2020 51",
    "instalments": [{"due_on": "2026-07-15", "amount": "117.80"}],
    "discount": {"until": "2026-06-25", "percent": "2%", "amount": "2.36"},
    "paid": "10.00",
    "balance": "107.80",
    "is_paid": 0,
}
BARE_INVOICE = {
    **INVOICE,
    **NO_SELLER,
    **BARE_LINES,
    "period_from": None,
    "period_to": None,
    "iban": "",
    "discount": None,
    "paid": "",
    "is_paid": 1,
}
CREDIT = {
    **SELLER,
    **LINES,
    "number": "CN-2026-0001",
    "issued_on": "2026-06-15",
    "invoice_number": "INV-2026-0001",
    "invoice_issued_on": "2026-06-01",
    "reason": "two came back",
    "applied": "100.00",
    "refunded": "7.80",
    "unapplied": "10.00",
}
QUOTE = {
    **SELLER,
    **LINES,
    "number": "Q1",
    "title": "Loom",
    "version": 2,
    "created_on": "2026-06-15",
    "valid_until": "2026-07-15",
    "terms": "100% ship; net 30",
    "payment": "100% on shipment; each invoice within 30 days",
}
NOTICE: dict[str, Any] = {
    **SELLER,
    "ref": "N1",
    "tone": "final",
    "channel": "mail",
    "today": "2026-08-24",
    "buyer_name": "Engines & Sons",
    "buyer_address": "Mill Lane 2\nLondon",
    "currency": "EUR",
    "lines": [
        {
            "number": "INV-2026-0001",
            "issued_on": "2026-06-15",
            "due_on": "2026-07-15",
            "days_late": 40,
            "kind": "fee" if basis == "compensation" else basis or "invoice",
            "basis": basis,
            "formula": formula,
            "amount": amount,
            "original": original,
        }
        for basis, formula, amount, original in (
            ("", "", "1,117.80", "1,217.80"),
            ("fee", "second", "10.00", "20.00"),
            ("compensation", "EU 2011/7 article 6", "40.00", ""),
            ("interest", "1,117.80 × 9% × 20 / 365", "5.51", ""),
        )
    ],
    "claims": [
        {"number": "INV-2026-0001", "kind": "fee", "basis": "fee", "formula": "final", "amount": "40.00"},
        {
            "number": "INV-2026-0001",
            "kind": "interest",
            "basis": "interest",
            "formula": "1,117.80 × 9% × 40 / 365 - 5.51",
            "amount": "5.51",
        },
    ],
    "total": "1,218.82",
    "credit": "10.00",
    "to_pay": "1,208.82",
    "pay_now": "1,208.82",
    "pay_later": "",
    "is_overdue": 1,
    "falls_due": "",
    "stops_shipping": 1,
    "iban": "DE02 1203 0000 0000 2020 51",
    "payment_reference": "INV-2026-0001",
}
BARE_NOTICE: dict[str, Any] = {
    **NOTICE,
    **NO_SELLER,
    "tone": "nudge",
    "buyer_name": SHORT,
    "buyer_address": "",
    "lines": [NOTICE["lines"][0] | {"original": ""}],
    "claims": [],
    "total": "1,117.80",
    "credit": "",
    "to_pay": "1,117.80",
    "pay_now": "",
    "pay_later": "1,117.80",
    "is_overdue": 0,
    "falls_due": "soon",
    "stops_shipping": 0,
    "iban": "",
}
LEAD = {
    **SELLER,
    "name": "Ada Lovelace",
    "company": "Analytical Engines",
    "title": "Countess",
    "country": "GB",
    "source": "web",
    "campaign": "spring",
    "owner": "kim",
    "sender": "hello@acme.example",
    "unsubscribe": "L1-0123456789abcdef",
}
BARE_LEAD = {
    **LEAD,
    **NO_SELLER,
    "name": SHORT,
    **dict.fromkeys(("company", "title", "country", "source", "campaign", "owner"), ""),
}

SAMPLES: dict[str, tuple[dict[str, Any], ...]] = {
    "invoice": (INVOICE, BARE_INVOICE),
    "credit": (CREDIT, CREDIT | NO_SELLER | BARE_LINES | {"reason": SHORT, "refunded": "", "unapplied": ""}),
    "quote": (QUOTE, QUOTE | NO_SELLER | BARE_LINES | {"title": SHORT, "version": 1, "valid_until": None}),
    "notice": (
        NOTICE,
        NOTICE | {"channel": "letter"},
        *(BARE_NOTICE | {"tone": tone} for tone in ("nudge", "reminder", "second")),
        *(
            NOTICE | {"tone": tone, "pay_now": "1,000.00", "pay_later": "208.82", "falls_due": "soon"}
            for tone in ("nudge", "final")
        ),
        BARE_NOTICE | {"pay_now": "1,117.80", "pay_later": "", "falls_due": "today"},
    ),
    "lead": (LEAD, BARE_LEAD),
}
"""By the name of the template; `lead` for those of sequences."""
