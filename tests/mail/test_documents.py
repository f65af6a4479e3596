"""`send` with credit notes and quotes; invoices are in `test_send.py`."""

from __future__ import annotations

import shlex
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.mail.server import Inbox
    from tests.support import Company


def read(message: bytes) -> tuple[str, str, str]:
    """Subject, plain text and HTML as a receiver reads them."""
    found = message_from_bytes(message, policy=default)
    plain, html = found.iter_parts()
    return found["Subject"], plain.get_content().replace("\r\n", "\n"), html.get_content()


@pytest.fixture
def credited(company: Company) -> Company:
    """Ada's invoice over 1,000.00 is credited by 234.56."""
    company.ltc("credit", "INV-2026-0001", "234.56", "--reason", "two & a half came back")
    return company


def test_a_credit_note_goes_out_and_show_says_when(credited: Company, inbox: Inbox) -> None:
    answer = credited.ltc("send", "cn-2026-0001")
    assert (answer["kind"], answer["about"], answer["status"], answer["customer"]) == (
        "credit",
        "CN-2026-0001",
        "sent",
        "K1",
    )
    subject, plain, html = read(inbox.deliveries[-1].message)
    assert subject == "Credit note CN-2026-0001 from Acme GmbH"
    assert "for invoice INV-2026-0001 of 2026-06-15" in plain
    assert "Total credited: 234.56 EUR" in plain
    assert "It is set off against what was open." in plain
    assert "two &amp; a half came back" in html
    for named in ("CN-2026-0001", "INV-2026-0001", "C1"):
        told = [entry["what"] for entry in credited.ltc("show", named)["thread"] if entry["ref"] == "M1"]
        assert told == ["mail to ada@ada.example: sent, 250 OK"]


def test_a_credit_note_says_what_is_left_of_it(company: Company, inbox: Inbox) -> None:
    company.ltc("collect", "INV-2026-0001")
    company.ltc("credit", "INV-2026-0001", "40", "--reason", "late")
    company.ltc("edit", "K1", "language=zh")
    company.ltc("send", "CN-2026-0001")
    subject, plain, html = read(inbox.deliveries[-1].message)
    assert subject == "Acme GmbH：贷项通知单 CN-2026-0001"
    assert "其中 40.00 EUR 可供贵方抵扣或退款。" in plain
    assert '<html lang="zh">' in html


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_credit_note_says_what_has_become_of_it(language: str, company: Company, inbox: Inbox) -> None:
    """40.00 of an invoice with 20.00 open: 20.00 set off; of the rest 5.00 paid back, then all of it."""
    company.ltc("edit", "K1", f"language={language}")
    company.ltc("collect", "INV-2026-0001", "980")
    company.ltc("credit", "INV-2026-0001", "40", "--reason", "late")

    def told() -> list[str]:
        company.ltc("send", "CN-2026-0001", "--again")
        _subject, plain, html = read(inbox.deliveries[-1].message)
        after = plain.rpartition("40.00 EUR\n\n")[2].partition("\n\n")[0].splitlines()
        assert all(f"{line}<br>" in html for line in after)
        return after

    set_off, held, paid = {
        "en": (
            "{} EUR of it are set off against what was open.",
            "{} EUR of it stand to your credit.",
            "{} EUR of it were paid back.",
        ),
        "zh": ("其中 {} EUR 已冲抵未付款项。", "其中 {} EUR 可供贵方抵扣或退款。", "其中 {} EUR 已退款。"),
    }[language]
    assert told() == [set_off.format("20.00"), held.format("20.00")]
    company.ltc("refund", "CN-2026-0001", "5")
    assert told() == [set_off.format("20.00"), paid.format("5.00"), held.format("15.00")]
    company.ltc("refund", "CN-2026-0001")
    assert told() == [set_off.format("20.00"), paid.format("20.00")]
    company.ltc("collect", "INV-2026-0002")
    company.ltc("credit", "INV-2026-0002", "7", "--reason", "late")
    company.ltc("refund", "CN-2026-0002")
    company.ltc("send", "CN-2026-0002")
    assert "It was paid back." in read(inbox.deliveries[-1].message)[1]


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        (["refund CN-2026-0001"], "CN-2026-0001 was paid back"),
        (["refund CN-2026-0001 15"], "15.00 EUR of CN-2026-0001 was paid back"),
        (["refund CN-2026-0001", "refund CN-2026-0001 --undo --reason closed"], None),
        (["reverse P1 --reason wrong", "apply CN-2026-0001 INV-2026-0001"], "CN-2026-0001 was set off"),
        (["collect INV-2026-0002"], None),
    ],
)
def test_a_credit_note_that_was_used_while_its_mail_waited_is_not_mailed(
    lines: list[str], what: str | None, company: Company, inbox: Inbox
) -> None:
    company.ltc("collect", "INV-2026-0001")
    company.ltc("credit", "INV-2026-0001", "40", "--reason", "late")
    company.ltc("send", "CN-2026-0001", "--no-send")
    for line in lines:
        company.ltc(*shlex.split(line))
    (mail,) = company.ltc("outbox", "send")
    assert mail["status"] == ("cancelled" if what else "sent"), mail["said"]
    if what:
        assert mail["said"] == f"{what} in the meantime: ltc send CN-2026-0001 mails it as it stands now"
        company.ltc("send", "CN-2026-0001")
        assert len(inbox.deliveries) == 1


def test_an_invoice_is_in_the_language_of_its_customer(company: Company, inbox: Inbox) -> None:
    company.ltc("lead", "add", "dot", "--company", "dot-works", "--email", "dot@dot.example")
    company.ltc("promote", "L4")
    company.ltc("quote", "O4", "--line", "织机:1:1000", "--line", "安装:1:200", "--line", "培训:1:300")
    company.ltc("sign", "Q1", "--terms", "30% sign, rest ship; net 30")
    company.ltc("edit", "K4", "language=zh")
    assert [line["text"] for line in company.ltc("invoice", "C4")[0]["lines"]] == ["签约时付30%：织机等 3 项"]
    company.ltc("send", "INV-2026-0004")
    assert "on signature" not in read(inbox.deliveries[-1].message)[1]
    company.ltc("ship", "C4")
    assert [line["text"] for line in company.ltc("invoice", "C4")[0]["lines"]] == ["发货时付余款：织机等 3 项"]


def test_what_was_not_set_when_it_was_issued_is_said_as_it_is_now(company: Company, inbox: Inbox) -> None:
    """The archived document stays what it was."""
    whole = company.config_path.read_text()
    company.config_path.write_text(whole.replace("name: Acme GmbH, ", "").replace(", iban: DE02120300000000202051", ""))
    assert company.run("config", "check") == 0
    assert "company.name is not set: neither documents nor mails say who writes" in company.err
    assert "company.iban is not set" in company.err
    company.ltc("lead", "add", "dot", "--company", "dot-works", "--email", "dot@dot.example")
    company.ltc("promote", "L4", "--amount", "30")
    company.ltc("sign", "O4", "--terms", "100% sign; net 30")
    company.ltc("invoice", "C4")
    company.config_path.write_text(whole)
    company.ltc("send", "INV-2026-0004")
    subject, plain, _html = read(inbox.deliveries[-1].message)
    assert subject == "Invoice INV-2026-0004 from Acme GmbH"
    assert "DE02 1203 0000 0000 2020 51" in plain
    company.config_path.write_text(whole.replace("Acme GmbH", "Other Ltd"))
    company.ltc("send", "INV-2026-0001")
    assert read(inbox.deliveries[-1].message)[0] == "Invoice INV-2026-0001 from Acme GmbH"


def test_a_quote_goes_out_and_counts_as_sent(company: Company, inbox: Inbox) -> None:
    company.ltc("lead", "add", "dot", "--company", "dot-works", "--email", "dot@dot.example")
    company.ltc("promote", "L4", "--title", "Loom")
    company.ltc("quote", "O4", "--line", "Widget:3:333.5", "--line", "Setup:1:0.50", "--valid-until", "2026-07-15")
    answer = company.ltc("send", "q1")
    assert (answer["kind"], answer["about"], answer["status"]) == ("quote", "Q1", "sent")
    subject, plain, _html = read(inbox.deliveries[-1].message)
    assert subject == "Quote Q1: Loom, from Acme GmbH"
    assert "1. Widget\n   3 × 333.50 = 1,000.50 EUR\n2. Setup\n   1 × 0.50 = 0.50 EUR\n" in plain
    assert "valid until 2026-07-15" in plain
    assert "Total: 1,001.00 EUR" in plain
    assert "Payment: 100% on shipment; each invoice within 30 days.\n" in plain
    shown = company.ltc("show", "Q1")
    assert shown["status"] == "sent"
    assert "mail to dot@dot.example: sent, 250 OK" in [entry["what"] for entry in shown["thread"]]
    company.ltc("send", "Q1")
    assert len(inbox.deliveries) == 1


def test_each_tax_stands_on_a_line_of_its_own(company: Company, inbox: Inbox) -> None:
    with company.config_path.open("a") as config:
        config.write("taxes: {S19: {name: VAT, rate: 19%, category: S}, R7: {rate: 7%, category: S},\n")
        config.write("        E: {rate: 0%, category: E, reason: Training}}\n")
    company.ltc("lead", "add", "dot", "--company", "dot-works", "--email", "dot@dot.example")
    company.ltc("promote", "L4")
    lines = [word for line in ("A:1:100:S19", "B:1:50:R7", "C:1:10:E") for word in ("--line", line)]
    company.ltc("quote", "O4", *lines, "--terms", "100% sign")
    company.ltc("edit", "K4", "address=Mill Lane 2\nLondon")
    company.ltc("send", "Q1")
    _subject, quoted, html = read(inbox.deliveries[-1].message)
    assert quoted.startswith("dot-works\nMill Lane 2\nLondon\n\ndot-works,\n\nthis is our quote Q1")
    assert "<p>dot-works<br>Mill Lane 2<br>London<br></p>" in html
    company.ltc("sign", "Q1")
    number = company.ltc("invoice", "C4")[0]["ref"]
    company.ltc("send", number)
    _subject, plain, _html = read(inbox.deliveries[-1].message)
    blocks = [text[text.index("Net: ") : text.index("Total: ")].splitlines() for text in (quoted, plain)]
    assert blocks[0] == blocks[1]
    assert blocks[1][0] == "Net: 160.00 EUR"
    assert sorted(blocks[1][1:]) == [
        "Tax 0% on 10.00: 0.00 EUR (Training)",
        "Tax 7% on 50.00: 3.50 EUR",
        "VAT 19% on 100.00: 19.00 EUR",
    ]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("quote Q1 --reject", "Q1 was rejected in the meantime"),
        ("lose O4 --reason price", "O4 was lost in the meantime"),
    ],
)
def test_a_quote_that_was_declined_while_its_mail_waited_is_not_mailed(
    line: str, why: str, company: Company, inbox: Inbox
) -> None:
    company.ltc("lead", "add", "dot", "--company", "dot-works", "--email", "dot@dot.example")
    company.ltc("promote", "L4")
    company.ltc("quote", "O4", "--line", "Widget:3:5")
    company.ltc("send", "Q1", "--no-send")
    company.ltc(*line.split())
    (mail,) = company.ltc("outbox", "send")
    assert (mail["status"], mail["said"]) == ("cancelled", why)
    assert inbox.deliveries == []


def test_a_quote_that_expired_while_its_mail_waited_is_not_mailed(company: Company, inbox: Inbox) -> None:
    """Valid until 2026-06-20: that day is its last."""
    company.ltc("lead", "add", "dot", "--company", "dot-works", "--email", "dot@dot.example")
    company.ltc("promote", "L4")
    company.ltc("quote", "O4", "--line", "Widget:3:5", "--valid-until", "2026-06-20")
    company.ltc("send", "Q1", "--no-send")
    (mail,) = company.ltc("outbox", "send", today="2026-06-20")
    assert mail["status"] == "sent"
    company.ltc("send", "Q1", "--to", "dora@dot.example", "--no-send")
    (mail,) = company.ltc("outbox", "send", today="2026-06-21")
    assert (mail["status"], mail["said"]) == ("cancelled", "Q1 has expired in the meantime")
    assert len(inbox.deliveries) == 1


def test_a_quote_that_nobody_can_accept_is_not_mailed(company: Company, inbox: Inbox) -> None:
    company.ltc("lead", "add", "dot", "--company", "dot-works", "--email", "dot@dot.example")
    company.ltc("promote", "L4")
    company.ltc("quote", "O4", "--line", "Widget:3:5")
    company.ltc("send", "Q1", "--no-send")
    company.ltc("quote", "O4", "--line", "Widget:2:5")
    assert "superseded" in company.ltc("send", "Q1", "--again", fails=4)["message"]
    (mail,) = company.ltc("outbox", "send")
    assert (mail["status"], mail["said"]) == ("cancelled", "Q1 was replaced by Q2 in the meantime")
    assert inbox.deliveries == []


def test_a_thread_without_an_invoice_does_not_mail_its_quote_instead(company: Company) -> None:
    company.ltc("lead", "add", "dot", "--company", "dot-works", "--email", "dot@dot.example")
    company.ltc("promote", "L4")
    company.ltc("quote", "O4", "--line", "Widget:3:5")
    assert company.ltc("send", "O4", fails=4)["message"] == "O4 has no invoice yet"
