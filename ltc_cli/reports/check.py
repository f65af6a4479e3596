"""What must always hold, proven over the whole file (design 3, `ltc check`). Each check finds what breaks its rule.

| invariant of design 3 | checks that prove it |
|---|---|
| 1 documents sum up by their own policy | lines, totals, invoices, bases, rates, credit notes, credited, instalments |
| 2 balances and payments | balances, settlements, payments, credits, held, reversals, discounts, realised |
| 3 aging, by customer and currency, on many days | aging |
| 4 plans and shipments | plans, amendments, shipments |
| 5 numbers and dates | numbers, dates |
| 6 nothing is mailed twice, nor to whom it must not | outbox, notices, tasks, sequences, suppression, erasure |
| 7 journal and documents | journal, documents, archive |
| 8 references, nothing twice | references, once |
| 9 the double entry | ledger |
| closed months; the file itself | closed; pages, triggers |

`tests/commands/test_check_faults.py` injects a fault for each of them.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.errors import LtcError
from ltc_cli.report import Column, Report
from ltc_cli.reports.checks import archive, contracts, documents, journal, mails, money, named, owed, records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ltc_cli.store import Store

COLUMNS = (
    Column("check"),
    Column("status", "status"),
    Column("broken", "count"),
    Column("example"),
    Column("rule"),
)


class Check(NamedTuple):
    name: str
    rule: str
    proof: str | Callable[[Store], Iterable[str]]
    """A query, or a function: `reports/checks` says how they answer."""

    def find(self, store: Store) -> Iterable[str]:
        """What breaks the rule, in words that name the record."""
        return named(store, self.proof) if isinstance(self.proof, str) else self.proof(store)


CHECKS = (
    Check("pages", "the file is whole", records.pages),
    Check("references", "every reference points to something", records.references),
    Check("once", "nothing is promoted twice, no key used twice, no number given twice", records.TWICE),
    Check("triggers", "facts are guarded against change", records.triggers),
    Check("journal", "every journal entry's hash fits the one before", journal.journal),
    Check("documents", "every document's hash fits its bytes", journal.documents),
    Check("archive", "an issued invoice or credit note says what its document says", archive.archive),
    Check("outbox", "a mail is in the state its attempts say, and went out at most once", mails.outbox),
    Check("sequences", "a lead takes each step of a sequence once, in its turn, one a day", mails.SEQUENCES),
    Check("suppression", "no sequence writes to whom it must not", mails.suppressed),
    Check("erasure", "an erased record holds nothing of a person", mails.ERASED),
    Check("lines", "a line is quantity × price − discount", documents.lines),
    Check("totals", "quotes and contracts sum to their totals by their own policy", documents.totals),
    Check(
        "invoices",
        "an invoice's net, tax and rounding sum to its total, as its taxes do; it is rounded to no more than its step",
        documents.INVOICES,
    ),
    Check("bases", "an invoice's lines sum to the base of each tax code", documents.BASES),
    Check(
        "rates",
        "every line of an invoice and a credit note has the rate and category that its document taxes the code at",
        documents.RATES,
    ),
    Check(
        "credit notes",
        "a credit note's net, tax and rounding sum to its total, as its taxes do,"
        " in the currency of its customer's invoice",
        documents.CREDIT_NOTES,
    ),
    Check(
        "credited",
        "no invoice is credited beyond itself: in total, by tax code, by line; in full it is to the cent",
        documents.CREDITED,
    ),
    Check(
        "instalments",
        "instalments sum to the invoice's total, under its customer, currency and date, each payable in cash",
        documents.INSTALMENTS,
    ),
    Check("balances", "0 ≤ balance ≤ amount, on every day", money.BALANCES),
    Check(
        "settlements",
        "nothing is settled before it was issued, paid or credited, nor in another currency, nor by nothing",
        money.SETTLEMENTS,
    ),
    Check(
        "payments",
        "what a payment settled, what was paid back and what is left of it sum to its amount",
        money.PAYMENTS,
    ),
    Check(
        "credits",
        "what a credit note settled, what was paid back and what is left of it sum to its total",
        money.CREDITS,
    ),
    Check("held", "nothing is held below zero on any day, nor paid back to another customer", money.HELD),
    Check("reversals", "a reversal takes back exactly what it names", money.REVERSALS),
    Check(
        "discounts",
        "an early-payment discount belongs to a payment in time, is no more than was offered, and sums to its taxes",
        money.discounts,
    ),
    Check("realised", "a gain or loss belongs to a settlement in another currency", money.REALISED),
    Check("closed", "closed months say what they said when they were closed", journal.closed),
    Check("notices", "no level is reached twice, and every claim is of a notice that stands", mails.DUNNED),
    Check("tasks", "a call is about what its customer owes, once a level, or of a step of its lead", mails.TASKS),
    Check("aging", "buckets sum to what is open, on every day", owed.aged),
    Check("ledger", "the double entry sums to zero, and its receivables and credit are those of aging", owed.entered),
    Check("plans", "plan shares sum to the contract, and none is billed beyond itself", contracts.PLANS),
    Check(
        "amendments",
        "an amendment changes its own contract, in the order of the days; nothing of a fee is left after a termination",
        contracts.AMENDED,
    ),
    Check("shipments", "0 ≤ shipped ≤ ordered, and no shipment returns more than it took", contracts.SHIPMENTS),
    Check("numbers", "numbers of invoices and credit notes have no gap and no double", documents.NUMBERS),
    Check("dates", "dates of invoices and credit notes never run backwards within a series", documents.DATES),
)


def report(store: Store, anchor: str | None = None) -> Report:
    """One row a check; exit code 7 when something does not hold."""
    rows = [_row(check.name, check.rule, _found(store, check)) for check in CHECKS]
    if anchor:
        rows.append(
            _row("anchor", "the journal still holds the entry that was noted", list(journal.anchor(store, anchor)))
        )
    head = store.one("SELECT id, sha256 FROM journal ORDER BY id DESC LIMIT 1")
    notices = [f"journal head {head['id']}:{head['sha256']}"] if head else []
    is_sound = all(row["broken"] == 0 for row in rows)
    return Report(COLUMNS, rows, notices=notices, exit_code=0 if is_sound else 7)


def _found(store: Store, check: Check) -> list[str]:
    """What breaks the rule; where the data cannot even be read, that."""
    try:
        return list(check.find(store))
    except (sqlite3.DatabaseError, LtcError, LookupError, TypeError, ValueError, AttributeError) as error:
        return [f"cannot be read: {error}"]


def _row(name: str, rule: str, broken: list[str]) -> dict[str, Any]:
    return {
        "check": name,
        "status": "broken" if broken else "ok",
        "broken": len(broken),
        "example": broken[0] if broken else None,
        "rule": rule,
    }
