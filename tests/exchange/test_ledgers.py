"""Journals for hledger and beancount: whatever somebody is called, a transaction stays the one it is."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

import pytest

from ltc_cli.exchange import beancount, hledger
from ltc_cli.exchange.plain import on_one_line, token, word
from ltc_cli.rules import ledger
from ltc_cli.rules.ledger import Billed, Head, Owed
from tests import ledgers

if TYPE_CHECKING:
    from pathlib import Path

NAUGHTY: Final = [
    "Ada\n2026-01-01 * forged\n    assets:bank  1000 EUR\n    income:sales",
    "Ada\r\n2026-01-01 open Assets:Forged",
    "Ada ; invoice:X, due:1999-01-01, date:1999-01-01",
    "Ada [1999-01-01] ; type:X",
    'Ada" "forged" #tag ^link',
    'Ada"\n  Assets:Bank  1000 EUR',
    "Ada\\",
    'Ada\\"',
    "Ada | note",
    "= 1999-01-01",
    "! (X) pending",
    "~ monthly",
    "; comment",
    "* heading",
    "Ada  two blanks",
    "\x00\x1b[31mred\x9b0m\x85\u2028\u2029end",
    "\u202egnp.exe\u2066",
    "北京智能科技有限公司；甲|乙",
    "include /etc/passwd",
    "%COMMENT end comment",
    "{1 EUR} @ 2 USD == 3",
    "'",
    "x" * 10_000,
]
CODES: Final = ["S19", "s19", "S 19", "S:19", "S;19", "19%", "增值税", "X-S-20-19", "S\n19", "-", "(S)", "[S]", "S  19"]
NUMBERS: Final = [
    "A;1",
    "A,due:1999-01-01",
    "A)1",
    "[1999-01-01]",
    'A"1',
    "发票 1",
    "A%2C1",
    "A\\1",
    "A|1",
    "R 2026/1",
    "'",
]


def fact(name: str, number: str = "INV-1", code: str = "S19") -> Billed:
    head = Head("2026-05-01", number, "invoice", "K1", name, "EUR")
    return Billed(head, 10000, ((code, 1900),), 11900, (Owed("K1", "EUR", number, "2026-05-31", 11900),))


def told(*facts: Billed) -> tuple[str, str]:
    """The journals for hledger and for beancount."""
    formats = (hledger.pieces, beancount.pieces)
    in_hledger, in_beancount = ("".join(pieces(ledger.transactions(facts), "EUR")) for pieces in formats)
    return in_hledger, in_beancount


FACTS: Final = [
    *(fact(name) for name in NAUGHTY),
    *(fact("Ada", number) for number in NUMBERS),
    *(fact("Ada", code=code) for code in CODES),
]


def test_a_journal_is_read_by_eye() -> None:
    in_hledger, in_beancount = told(fact("Ada GmbH"))
    assert in_hledger == (
        "decimal-mark .\n\n"
        "commodity 1000.00 EUR\n"
        "account assets:receivable:K1\n"
        "account liabilities:tax:S19\n"
        "account income:sales\n\n"
        "2026-05-01 * (INV-1) Ada GmbH | invoice\n"
        "    assets:receivable:K1  119.00 EUR  ; invoice:INV-1, due:2026-05-31\n"
        "    liabilities:tax:S19   -19.00 EUR\n"
        "    income:sales          -100.00 EUR\n"
    )
    assert in_beancount == (
        'option "operating_currency" "EUR"\n\n'
        "2026-05-01 open Assets:Receivable:K1\n"
        "2026-05-01 open Liabilities:Tax:S19\n"
        "2026-05-01 open Income:Sales\n\n"
        '2026-05-01 * "Ada GmbH" "invoice INV-1"\n'
        "  Assets:Receivable:K1  119.00 EUR\n"
        '    invoice: "INV-1"\n'
        "    due: 2026-05-31\n"
        "  Liabilities:Tax:S19   -19.00 EUR\n"
        "  Income:Sales          -100.00 EUR\n"
    )


@pytest.mark.parametrize("each", FACTS, ids=range(len(FACTS)))
def test_a_name_adds_no_line(each: Billed) -> None:
    plain = told(fact("Ada"))
    assert [len(text.split("\n")) for text in told(each)] == [len(text.split("\n")) for text in plain]
    assert not any(character < " " and character != "\n" for text in told(each) for character in text)


def test_hledger_takes_every_name_for_what_it_is(tmp_path: Path) -> None:
    ledgers.need_hledger()
    journal = tmp_path / "naughty.journal"
    journal.write_text(told(*FACTS)[0], encoding="utf-8")
    ledgers.hledger(journal, "check", "--strict")
    whole = {"EUR": Fraction(119 * len(FACTS))}
    assert ledgers.balances(journal, "assets") == {"assets:receivable:K1": whole}
    assert ledgers.balances(journal, "assets", "--pivot", "due") == {"2026-05-31": whole}
    by_invoice = ledgers.balances(journal, "assets", "--pivot", "invoice")
    assert set(by_invoice) == {"INV-1", *map(token, NUMBERS)}
    assert len(ledgers.balances(journal, "liabilities:tax")) == len({"S19", *CODES})
    assert ledgers.balances(journal, "bank", "forged", "date:1999") == {}
    assert ledgers.hledger(journal, "stats").count("2026-05-01 to 2026-05-02") == 1


def test_beancount_takes_every_name_for_what_it_is() -> None:
    ledgers.need_beancount()
    from beancount import loader
    from beancount.core.data import Open, Transaction

    entries, errors, _options = loader.load_string(told(*FACTS)[1])
    assert errors == []
    transactions = [entry for entry in entries if isinstance(entry, Transaction)]
    assert [each.payee for each in transactions[: len(NAUGHTY)]] == [on_one_line(name) for name in NAUGHTY]
    told_of = [each.postings[0].meta or {} for each in transactions]
    assert {meta["invoice"] for meta in told_of} == {"INV-1", *map(token, NUMBERS)}
    assert all(not each.tags and not each.links and len(each.postings) == 3 for each in transactions)
    opened = [entry.account for entry in entries if isinstance(entry, Open)]
    assert len(opened) == 2 + len({"S19", *CODES})


def test_no_two_numbers_or_codes_become_the_same() -> None:
    assert len({token(number) for number in NUMBERS}) == len(NUMBERS)
    for plain in (hledger.PLAIN_CODE, beancount.PLAIN_CODE):
        assert len({word(code, plain) for code in CODES}) == len(CODES)


@pytest.mark.parametrize(
    ("code", "in_hledger", "in_beancount"),
    [
        ("S19", "S19", "S19"),
        ("imported", "imported", "X-imported"),
        ("S 19", "X-S-20-19", "X-S-20-19"),
        ("X-1", "X-X-2D-1", "X-X-2D-1"),
        ("AE.0", "AE.0", "X-AE-2E-0"),
    ],
)
def test_a_tax_code_is_part_of_an_account(code: str, in_hledger: str, in_beancount: str) -> None:
    assert (word(code, hledger.PLAIN_CODE), word(code, beancount.PLAIN_CODE)) == (in_hledger, in_beancount)


@pytest.mark.parametrize(
    ("currency", "sample"), [("EUR", "1000.00 EUR"), ("JPY", "1000. JPY"), ("KWD", "1000.000 KWD")]
)
def test_each_currency_has_its_own_digits(currency: str, sample: str, tmp_path: Path) -> None:
    head = Head("2026-05-01", "P1", "payment", "K1", "Ada", currency)
    text = "".join(hledger.pieces(ledger.transactions([ledger.Paid(head, 1234567)]), "EUR"))
    assert f"\ncommodity {sample}\n" in text
    ledgers.need_hledger()
    journal = tmp_path / "one.journal"
    journal.write_text(text, encoding="utf-8")
    decimals = len(sample.partition(".")[2].partition(" ")[0])
    assert ledgers.balances(journal, "bank") == {"assets:bank": {currency: Fraction(1234567, 10**decimals)}}
