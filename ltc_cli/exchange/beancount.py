"""A journal for beancount: accounts are opened on the day they come first, so `bean-check` has nothing to say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ltc_cli.exchange.plain import on_one_line, token, word
from ltc_cli.rules.money import format_amount

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ltc_cli.rules.ledger import Account, Transaction

PLAIN_CODE = re.compile(r"[A-Z0-9][A-Za-z0-9-]*")
"""What may stand between two colons."""
ENDS_A_STRING = str.maketrans({'"': '\\"', "\\": "\\\\"})


def pieces(transactions: Iterable[Transaction], base: str) -> Iterator[str]:
    """The journal, a piece a transaction; `base` is the currency that reports are in."""
    yield f'option "operating_currency" "{base}"\n'
    known: set[str] = set()
    for transaction in transactions:
        yield "\n" + "".join((*_openings(transaction, known), *_lines(transaction)))


def _openings(transaction: Transaction, known: set[str]) -> Iterator[str]:
    """Of accounts that are not known yet."""
    found = len(known)
    for posting in transaction.postings:
        account = _account(posting.account)
        if account not in known:
            known.add(account)
            yield f"{transaction.head.on} open {account}\n"
    if len(known) > found:
        yield "\n"


def _account(account: Account) -> str:
    """`assets:bank` is `Assets:Bank`; a tax code keeps its letters."""
    root, kind, *rest = account
    return ":".join((root.capitalize(), kind.capitalize(), *(word(each, PLAIN_CODE) for each in rest)))


def _lines(transaction: Transaction) -> Iterator[str]:
    head = transaction.head
    yield f'{head.on} * "{_quoted(head.name)}" "{head.what} {token(head.ref)}"\n'
    accounts = [_account(posting.account) for posting in transaction.postings]
    width = max(map(len, accounts))
    for account, posting in zip(accounts, transaction.postings, strict=True):
        yield f"  {account.ljust(width)}  {format_amount(posting.amount_minor, posting.currency)} {posting.currency}\n"
        if posting.invoice is not None:
            yield f'    invoice: "{token(posting.invoice)}"\n    due: {posting.due_on}\n'


def _quoted(text: str) -> str:
    return on_one_line(text).translate(ENDS_A_STRING)
