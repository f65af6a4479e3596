"""`ltc rate` and `ltc import rates`: what other currencies are worth, and what the funnel makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import Company, folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator

ECB = "Date,USD,JPY,HUF,CNY,\n2026-06-12,1.25,160,N/A,7.50,\n2026-01-02,1.00,150,380.5,7.00,\n"


@pytest.fixture
def company() -> Iterator[Company]:
    with folder_in_memory() as folder:
        company = Company(folder)
        company.ltc("lead", "add", "Ada")
        company.ltc("promote", "L1", "--amount", "USD 100", today="2026-03-01")
        yield company


def expected(company: Company) -> str | None:
    amount: str | None = next(row["amount"] for row in company.ltc("funnel") if row["stage"] == "opportunity")
    return amount


def test_without_a_rate_the_amount_is_unknown(company: Company) -> None:
    assert expected(company) is None
    assert "no rate for USD: amounts in it are unknown in EUR; ltc rate USD NUMBER --on 2026-03-01\n" in company.err
    error = company.ltc("funnel", "--in", "EUR", fails=4)
    assert error["message"] == "there is no rate of USD on 2026-03-01"
    assert error["hint"] == "ltc rate USD NUMBER --on 2026-03-01"


def test_a_rate_counts_from_its_day(company: Company) -> None:
    company.ltc("rate", "USD", "0.5", "--on", "2026-03-02")
    assert expected(company) is None
    company.ltc("rate", "usd", "0.8", "--on", "2026-02-01")
    assert expected(company) == "80.00"
    company.ltc("rate", "USD", "0.9", "--on", "2026-02-01")
    assert expected(company) == "90.00"


def test_the_ecb_quotes_against_the_euro(company: Company) -> None:
    file = company.path.with_name("ecb.csv")
    file.write_text(ECB, encoding="utf-8")
    answer = company.ltc("import", "rates", str(file))
    assert (answer["created"], answer["rejected"]) == (2, 0)
    assert expected(company) == "100.00"  # at 1.00 of January
    assert company.ltc("import", "rates", str(file))["unchanged"] == 2
    assert company.ltc("import", "undo", "1")["taken_back"] == 7  # no HUF in June
    assert expected(company) is None


def test_another_base_is_crossed(company: Company) -> None:
    company.config_path.write_text("currency: CNY\n", encoding="utf-8")
    file = company.path.with_name("ecb.csv")
    file.write_text(ECB, encoding="utf-8")
    company.ltc("import", "rates", str(file))
    assert expected(company) == "700.00"


def test_one_currency_a_row(company: Company) -> None:
    file = company.path.with_name("rates.csv")
    file.write_text("Date,Currency,Rate\n2026-02-01,USD,0.75\n2026-02-01,QQQ,1\n", encoding="utf-8")
    assert company.run("import", "rates", str(file)) == 8
    assert expected(company) == "75.00"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("EUR", "1"), "EUR is the base currency"),
        (("QQQ", "1"), "'QQQ' is not an ISO 4217 currency"),
        (("USD", "0"), "a rate must be more than 0"),
        (("USD", "much"), "'much' is not a rate"),
        (("USD", "1e3"), "'1e3' is not a rate"),
        (("USD", "1/much"), "'much' is not a rate"),
        (("USD", "1/2/3"), "'2/3' is not a rate"),
        (("USD", "1/0"), "a rate must be more than 0"),
        (("USD", "0.9", "--on", "tomorrow"), "is after today"),
    ],
)
def test_what_is_no_rate(company: Company, arguments: tuple[str, ...], message: str) -> None:
    assert company.run("rate", *arguments) == 2
    assert message in company.err
