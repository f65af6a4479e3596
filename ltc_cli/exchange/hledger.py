"""A journal for hledger: accounts and commodities are declared where they come first, so `check --strict` holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ltc_cli.exchange.plain import on_one_line, token, word
from ltc_cli.rules.money import digits, format_amount

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ltc_cli.rules.ledger import Account, Posting, Transaction

ENDS_IN_DESCRIPTION = str.maketrans({";": ",", "|": "/"})
"""A semicolon begins a comment, a bar ends the payee."""
PLAIN_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def pieces(transactions: Iterable[Transaction], base: str) -> Iterator[str]:
    """The journal, a piece a transaction. `base`, the base currency, is not named in it."""
    del base
    yield "decimal-mark .\n"
    known: set[str] = set()
    for transaction in transactions:
        yield "\n" + "".join((*_declarations(transaction, known), *_lines(transaction)))


def _declarations(transaction: Transaction, known: set[str]) -> Iterator[str]:
    """Of what is not known yet."""
    found = len(known)
    for posting in transaction.postings:
        for declaration in (f"commodity {_sample(posting.currency)}\n", f"account {_account(posting.account)}\n"):
            if declaration not in known:
                known.add(declaration)
                yield declaration
    if len(known) > found:
        yield "\n"


def _sample(currency: str) -> str:
    """How hledger wants to be told the number of decimals: with a point, also where there are none."""
    return f"1000.{'0' * digits(currency)} {currency}"


def _account(account: Account) -> str:
    *words, last = account
    return ":".join((*words, word(last, PLAIN_CODE)))


def _lines(transaction: Transaction) -> Iterator[str]:
    head = transaction.head
    name = on_one_line(head.name.translate(ENDS_IN_DESCRIPTION))
    yield f"{head.on} * ({token(head.ref)}) {name} | {head.what}\n"
    accounts = [_account(posting.account) for posting in transaction.postings]
    width = max(map(len, accounts))
    for account, posting in zip(accounts, transaction.postings, strict=True):
        amount = f"{format_amount(posting.amount_minor, posting.currency)} {posting.currency}"
        yield f"    {account.ljust(width)}  {amount}{_tags(posting)}\n"


def _tags(posting: Posting) -> str:
    return "" if posting.invoice is None else f"  ; invoice:{token(posting.invoice)}, due:{posting.due_on}"
