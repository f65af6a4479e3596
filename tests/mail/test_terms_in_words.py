"""What a customer reads of the terms, for each piece of their notation."""

from __future__ import annotations

import pytest

from ltc_cli.mail.terms_in_words import in_words
from ltc_cli.rules.terms import parse_terms


@pytest.mark.parametrize(
    ("terms", "en", "zh"),
    [
        (
            "30% sign, 60% ship, 10% accept+90d; net 30; 2%/10",
            (
                "30% on signature, 60% on shipment, 10% on acceptance (90 days later); each invoice within 30 days;"
                " 2% discount for payment of the whole within 10 days"
            ),
            "签约时付 30%，发货时付 60%，验收时付 10%（90 天后）；每份账单 30 天内付款；10 天内全额付款享 2% 折扣",
        ),
        (
            "5000 sign, rest 2027-01-31; net 1",
            "5,000.00 EUR on signature, the rest on 2027-01-31; each invoice within 1 day",
            "签约时付 5,000.00 EUR，2027-01-31 付 余款；每份账单 1 天内付款",
        ),
        (
            "12 x monthly from sign; net 0",
            "12 equal parts, monthly, the first on signature; each invoice at once",
            "分 12 期等额支付，每月一期，首期签约时；每份账单见单即付",
        ),
        (
            "900 half-yearly@1 from sign until 2027-06-30; net eom+1d@10",
            (
                "900.00 EUR half-yearly, the first time on signature until 2027-06-30 (on the next day 1 of a month);"
                " each invoice (at the end of the month, 1 day later, on the next day 10 of a month)"
            ),
            "每半年 900.00 EUR，首次签约时，至 2027-06-30（下一个 1 日）；每份账单（月底，1 天后，下一个 10 日）",
        ),
        (
            "100% deliver; due 25%+2w, 25%+1m, rest @15",
            (
                "100% on delivery; each invoice in instalments: 25% (2 weeks later), 25% (1 month later),"
                " the rest (on the next day 15 of a month)"
            ),
            "交付时付 100%；每份账单分期付款：25%（2 周后），25%（1 个月后），余款（下一个 15 日）",
        ),
        (
            "100% end; 3%/1",
            "100% at the end of the contract; each invoice at once; 3% discount for payment of the whole within 1 day",
            "合同期满时付 100%；每份账单见单即付；1 天内全额付款享 3% 折扣",
        ),
    ],
)
def test_terms_are_told_in_words(terms: str, en: str, zh: str) -> None:
    read = parse_terms(terms, "EUR")
    assert (in_words(read, "EUR", "en"), in_words(read, "EUR", "zh")) == (en, zh)
