"""Companies that have something to mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ltc_cli.mail import smtp
from tests.mail.server import Inbox, serving
from tests.support import Company, folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("ada", "bob", "cyd")


def company_with_invoices(company: Company) -> Company:
    """Three customers with an address and an invoice each, nothing mailed yet."""
    for number, name in enumerate(NAMES, 1):
        company.ltc("lead", "add", name, "--company", f"{name}-works", "--email", f"{name}@{name}.example")
        company.ltc("promote", f"L{number}", "--amount", "1000")
        company.ltc("sign", f"O{number}", "--terms", "100% sign; net 30")
    company.ltc("invoice", "--due")
    return company


def config(port: int, more: str = "") -> str:
    return (
        "company: {name: Acme GmbH, email: billing@acme.example, iban: DE02120300000000202051}\n"
        f"mail: {{host: 127.0.0.1, port: {port}, tls: none{more}}}\n"
    )


@pytest.fixture(autouse=True)
def no_test_waits_for_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "STEP_SECONDS", 5)
    monkeypatch.setattr(smtp, "DOT_SECONDS", 5)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def port(inbox: Inbox) -> Iterator[int]:
    with serving(inbox) as port:
        yield port


@pytest.fixture(scope="session")
def books() -> bytes:
    """The file of a company with three invoices."""
    with folder_in_memory() as folder:
        return company_with_invoices(Company(folder, config=config(25))).path.read_bytes()


@pytest.fixture
def company(port: int, books: bytes) -> Iterator[Company]:
    with folder_in_memory() as folder:
        company = Company(folder, config=config(port))
        company.path.touch(0o600)
        company.path.write_bytes(books)
        yield company
