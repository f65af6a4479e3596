from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltc_cli.errors import UsageError
from ltc_cli.rules.calendar import Step
from ltc_cli.rules.terms import (
    EXAMPLE,
    Instalment,
    PlannedShare,
    Share,
    Terms,
    falls_due,
    format_terms,
    instalments,
    parse_terms,
    plan,
)

SIGNED_ON = date(2026, 10, 15)


def planned(
    text: str,
    amount_minor: int | None = 100_000,
    gross_minor: int | None = None,
    *,
    currency: str = "EUR",
    signed_on: date = SIGNED_ON,
    ends_on: date | None = None,
) -> list[PlannedShare]:
    terms = parse_terms(text, currency)
    return plan(terms, amount_minor, gross_minor, currency=currency, signed_on=signed_on, ends_on=ends_on)


def amounts(shares: list[PlannedShare]) -> list[int]:
    return [share.amount_minor for share in shares]


def problem(text: str, currency: str = "EUR") -> str:
    with pytest.raises(UsageError) as error:
        parse_terms(text, currency)
    assert error.value.hint == EXAMPLE
    return error.value.message


# Reading


def test_the_default_terms_are_one_share_on_shipment_in_thirty_days() -> None:
    assert parse_terms("100% ship; net 30", "EUR") == Terms((Share("percent", 1_000_000, "ship"),), (Step("d", 30),))


def test_a_share_may_come_some_time_after_its_trigger() -> None:
    terms = parse_terms("30% sign, 60% ship, 10% accept+90d; net 30", "EUR")
    assert terms.shares[2] == Share("percent", 100_000, "accept", None, (Step("d", 90),))


def test_a_share_may_be_an_amount_or_the_rest_and_a_trigger_a_date() -> None:
    assert parse_terms("5000 sign, rest 2027-01-31; net 14; 2%/10", "EUR") == Terms(
        (Share("amount", 500_000, "sign"), Share("rest", 0, "date", date(2027, 1, 31))),
        (Step("d", 14),),
        discount_ppm=20_000,
        discount_days=10,
    )


def test_parts_recur_from_their_anchor() -> None:
    assert parse_terms("12 x monthly from ship+3d; net 0", "EUR").shares == (
        Share("parts", 12, "ship", None, (Step("d", 3),), "monthly"),
    )


def test_a_fee_has_a_billing_day_and_an_end() -> None:
    assert parse_terms("900 monthly@1 from sign until 2027-06-30", "EUR").shares == (
        Share("fee", 90_000, "sign", None, (), "monthly", 1, date(2027, 6, 30)),
    )


def test_one_invoice_may_have_instalments() -> None:
    assert parse_terms("100% sign; due 25%+30d, 400+1m, rest @15+2m", "EUR").due == (
        Instalment("percent", 250_000, (Step("d", 30),)),
        Instalment("amount", 40_000, (Step("m", 1),)),
        Instalment("rest", 0, (Step("@", 15), Step("m", 2))),
    )


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("100% ship; net 30", "100% ship; net 30"),
        ("  30 %SIGN ,70% Ship+ 3 D;NET 30 EOM + 1d @ 10 ", "30% sign, 70% ship+3d; net 30 eom+1d@10"),
        ("5000 sign,rest 2027-01-31;2% / 10;net14", "5000.00 sign, rest 2027-01-31; net 14; 2%/10"),
        ("12x monthly", "12 x monthly from sign"),
        ("12 × Quarterly FROM deliver eom", "12 x quarterly from deliver eom"),
        ("4 x weekly from 2027-01-01@15", "4 x weekly from 2027-01-01 @15"),
        ("900 monthly", "900.00 monthly from sign"),
        ("900 monthly @ 1 until 2027-06-30", "900.00 monthly@1 from sign until 2027-06-30"),
        ("100% accept eom\n; net\teom", "100% accept eom; net eom"),
        ("rest end; net +30d", "rest end; net 30"),
        ("rest end; net +1m+2d", "rest end; net +1m+2d"),
        ("rest end; net 30+1m", "rest end; net 30+1m"),
        ("100% sign; due 50%, rest@15+2m", "100% sign; due 50%, rest @15+2m"),
    ],
)
def test_terms_are_read_generously_and_written_in_one_way(text: str, canonical: str) -> None:
    terms = parse_terms(text, "EUR")
    assert format_terms(terms, "EUR") == canonical
    assert parse_terms(canonical, "EUR") == terms


@pytest.mark.parametrize(
    ("currency", "canonical"), [("JPY", "5000 sign, rest end"), ("KWD", "5000.000 sign, rest end")]
)
def test_amounts_in_terms_have_the_digits_of_their_currency(currency: str, canonical: str) -> None:
    terms = parse_terms("5000 sign, rest end", currency)
    assert format_terms(terms, currency) == canonical
    assert parse_terms(canonical, currency) == terms


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("", "'' is not a share"),
        ("sign", "'sign' is not a share"),
        ("100%", "in '100%': say when"),
        ("100% sing", "'sing' is none of sign, ship, deliver, accept, end or a date"),
        ("100% ship+3", "'+3' is not an offset"),
        ("100% ship@32", "'@32' is not a day of the month"),
        ("rest 2027-02-30", "the day 2027-02-30 does not exist"),
        ("100% tomorrow", "'tomorrow' is none of"),
        ("30% sign,, 70% ship", "'' is not a share"),
        ("100.00001% sign", "has too many decimals"),
        ("101% sign", "'101%' is more than 100%"),
        ("0% sign, rest ship", "'0%' is nothing"),
        ("0 sign, rest ship", "'0' is nothing"),
        ("5.000 sign, rest ship", "'5.000' has too many decimals"),
        ("1..5 sign, rest ship", "'1..5' is not an amount"),
        ("12 x sign", "say how often"),
        ("0 x monthly", "'0 x' is nothing"),
        ("12 x monthly from end", "nothing recurs from the end"),
        ("12 x monthly until 2027-01-01", "they take no 'until'"),
        ("12 x monthly@15", "their day is an offset"),
        ("30% monthly, rest sign", "'monthly' is none of"),
        ("900 monthly from ship until 2027-01-01", "a fee runs from sign or from a date"),
        ("900 monthly from sign+3d until 2027-01-01", "without an offset"),
        ("900 monthly@0", "'@0' is not a day of the month"),
        ("900 weekly@1", "a weekly fee has no day of the month"),
        ("900 monthly until tomorrow", "'tomorrow' is not a date"),
        ("100% sign; net", "'net' is not like net 30"),
        ("100% sign; net 12345", "'12345' is not an offset"),
        ("100% sign; net 30 days", "'days' is not an offset"),
        ("100% sign; network", "'network' is none of net 30"),
        ("100% sign; due 12 x monthly", "'12 x monthly' is not an instalment"),
        ("100% sign; due 50% sign, rest", "'sign' is not an offset"),
        ("100% sign; 2%/x", "'2%/x' is not a discount"),
        ("100% sign; 0%/10", "'0%' is nothing"),
        ("100% sign; 100%/10", "leaves nothing to pay"),
        ("100% sign;", "'' is none of net 30"),
    ],
)
def test_what_cannot_be_read_is_quoted(text: str, piece: str) -> None:
    assert piece in problem(text)


def test_all_problems_are_named_at_once() -> None:
    message = problem("30% sing, 5000; net 30; net 14; due 7; blah")
    for piece in ("'sing'", "'5000'", "'net 14' comes after 'net 30'", "'blah'", "exclude each other"):
        assert piece in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("30% sign, 60% ship", "the shares make up 90.00 % instead of 100 %"),
        ("60% sign, 60% ship", "the shares make up 120.00 % instead of 100 %"),
        ("60% sign, 60% ship, rest end", "the shares make up 120.00 % instead of 100 %"),
        ("99.9999% sign", "the shares make up 99.9999 % instead of 100 %"),
        ("100% sign; due 50%", "the instalments make up 50.00 % instead of 100 %"),
        ("rest sign, rest ship", "2 of the shares take the rest, only one can"),
        ("rest sign, 3 x monthly", "2 of the shares take the rest, only one can"),
        ("100% sign; due rest, rest+3d", "2 of the instalments take the rest, only one can"),
    ],
)
def test_percentages_that_cannot_make_up_a_whole_are_refused_when_read(text: str, message: str) -> None:
    assert problem(text) == message


def test_terms_have_a_thousand_characters_at_most_also_when_written_out() -> None:
    assert "at most 1000 characters" in problem("100% sign" + "+1d" * 400)
    # Each "1 end," of 6 characters is written out as "1.00 end, " with 10.
    short = ",".join(["1 end"] * 150) + ",rest end"
    assert len(short) < 1_000
    assert "at most 1000 characters" in problem(short)


@pytest.mark.parametrize("text", ["601 x monthly", "9" * 900 + " x monthly", "600 x monthly, 5 sign"])
def test_terms_have_six_hundred_shares_at_most(text: str) -> None:
    assert "at most 600 shares" in problem(text)


def test_arabic_digits_are_no_digits() -> None:
    assert "is not a share" in problem("١٠٠% sign")


# Planning


def test_percentages_of_the_amount() -> None:
    shares = planned("30% sign, 60% ship, 10% accept+90d")
    assert shares == [
        PlannedShare("30%", "sign", amount_minor=30_000),
        PlannedShare("60%", "ship", amount_minor=60_000),
        PlannedShare("10%", "accept", steps=(Step("d", 90),), amount_minor=10_000),
    ]


def test_three_thirds_of_a_thousand() -> None:
    # Up to 1: 333.33, up to 2: 666.67 (666.666 rounded), up to 3: 1000.00.
    assert amounts(planned("3 x monthly")) == [33_333, 33_334, 33_333]


def test_three_thirds_in_per_cent_with_the_rest() -> None:
    # 333.333 and 666.666, so 333.33 and 333.34; the rest is 333.33.
    assert amounts(planned("33.3333% sign, 33.3333% ship, rest accept")) == [33_333, 33_334, 33_333]


def test_halves_of_three_cents() -> None:
    assert amounts(planned("50% sign, 50% ship", 3)) == [2, 1]


def test_yen_have_no_decimals() -> None:
    # 1000 yen in three: up to 2 they are 666.67, rounded 667.
    assert amounts(planned("3 x monthly", 1000, currency="JPY")) == [333, 334, 333]
    assert amounts(planned("300 sign, rest ship", 1000, currency="JPY")) == [300, 700]


def test_parts_divide_what_the_others_leave() -> None:
    # 1000.00 less 10 % and 300.00 leaves 600.00.
    shares = planned("10% sign, 3 x monthly from ship, 300 end")
    assert amounts(shares) == [10_000, 20_000, 20_000, 20_000, 30_000]
    assert [share.share for share in shares] == ["10%", "1/3", "2/3", "3/3", "300.00"]


def test_a_fixed_amount_is_what_the_customer_pays_with_tax_in_it() -> None:
    # 1000.00 net, 1190.00 gross: of 595.00 exactly half is the contract's net.
    shares = planned("595 sign, rest ship", 100_000, 119_000)
    assert shares[0] == PlannedShare("595.00", "sign", amount_minor=50_000, fixed_minor=59_500)
    assert shares[1] == PlannedShare("rest", "ship", amount_minor=50_000)


def test_fixed_amounts_and_percentages_are_shares_of_one_whole() -> None:
    # 50 % of the net and 595.00 of 1190.00 gross are the whole.
    assert amounts(planned("50% sign, 595 ship", 100_000, 119_000)) == [50_000, 50_000]


def test_a_third_that_comes_to_the_cent_counts_as_the_whole() -> None:
    # 33.3333 % of 1000.00 are 333.333; with 666.67 that is 1000.003, to the cent 1000.00.
    assert amounts(planned("33.3333% sign, 666.67 ship")) == [33_333, 66_667]


def test_nothing_may_be_left_for_the_rest() -> None:
    assert amounts(planned("1000 sign, rest ship")) == [100_000, 0]


def test_a_contract_over_nothing_has_shares_of_nothing() -> None:
    assert amounts(planned("50% sign, rest ship", 0)) == [0, 0]


@pytest.mark.parametrize(
    ("text", "amount_minor", "gross_minor", "message"),
    [
        ("600 sign, 500 ship", 100_000, None, "the shares make up 1,100.00 of 1,000.00 EUR"),
        ("600 sign, 500 ship, rest end", 100_000, None, "the shares make up 1,100.00 of 1,000.00 EUR"),
        ("600 sign, 300 ship", 100_000, None, "the shares make up 900.00 of 1,000.00 EUR"),
        ("1000 sign", 100_000, 119_000, "the shares make up 1,000.00 of 1,190.00 EUR"),
        ("50% sign, 600 ship", 100_000, 119_000, "the shares make up 1,195.00 of 1,190.00 EUR"),
        ("5000 sign, rest ship", 0, None, "the shares make up 5,000.00 of 0.00 EUR"),
    ],
)
def test_shares_that_do_not_make_up_the_whole_are_refused_with_their_sum(
    text: str, amount_minor: int, gross_minor: int | None, message: str
) -> None:
    with pytest.raises(UsageError) as error:
        planned(text, amount_minor, gross_minor)
    assert error.value.message == message


@pytest.mark.parametrize(
    "text", ["100% ship", "5000 sign", "rest ship", "12 x monthly", "10% sign, 9 yearly, rest end"]
)
def test_shares_of_an_amount_need_an_amount(text: str) -> None:
    with pytest.raises(UsageError, match="there is none"):
        planned(text, None, ends_on=date(2027, 1, 1))


def test_monthly_parts_from_the_31st_come_back_to_the_31st() -> None:
    shares = planned("4 x monthly from sign")
    signed_on = date(2027, 1, 31)
    assert [share.months for share in shares] == [0, 1, 2, 3]
    assert [falls_due(share, signed_on).isoformat() for share in shares] == [
        "2027-01-31",
        "2027-02-28",
        "2027-03-31",
        "2027-04-30",
    ]
    assert falls_due(shares[1], date(2028, 1, 31)) == date(2028, 2, 29)


def test_quarterly_and_yearly_parts_are_three_and_twelve_months_apart() -> None:
    assert [share.months for share in planned("3 x quarterly from ship")] == [0, 3, 6]
    assert [share.months for share in planned("3 x yearly from accept")] == [0, 12, 24]


def test_weekly_parts_are_seven_days_apart() -> None:
    shares = planned("3 x weekly from 2027-02-22+1d")
    assert [share.trigger_on for share in shares] == [date(2027, 2, 22)] * 3
    assert [falls_due(share, date(2027, 2, 22)) for share in shares] == [
        date(2027, 2, 23),
        date(2027, 3, 2),
        date(2027, 3, 9),
    ]


def test_a_share_falls_due_some_months_and_then_its_steps_after_its_event() -> None:
    # 31 January and one month is 28 February; the end of that month, one day and the next 10th is 10 March.
    share = planned("2 x monthly from ship eom+1d@10")[1]
    assert falls_due(share, date(2027, 1, 31)) == date(2027, 3, 10)


def test_steps_beyond_the_calendar_are_refused_on_planning() -> None:
    with pytest.raises(UsageError, match="too far"):
        planned("100% ship" + "+9999m" * 10)


def test_a_monthly_fee_is_prorated_by_the_days_of_its_first_month() -> None:
    shares = planned("900 monthly@1 from sign until 2027-06-30", None)
    # 15 to 31 October are 17 of 31 days: 900 × 17 / 31 = 493.548…; then eight whole months.
    assert amounts(shares) == [49_355] + [90_000] * 8
    assert shares[0] == PlannedShare(
        "900.00", "date", SIGNED_ON, amount_minor=49_355, period_from=SIGNED_ON, period_to=date(2026, 10, 31)
    )
    assert (shares[8].period_from, shares[8].period_to) == (date(2027, 6, 1), date(2027, 6, 30))
    assert falls_due(shares[8], date(2027, 6, 1)) == date(2027, 6, 1)


def test_the_last_month_of_a_fee_is_prorated_too() -> None:
    # 1 to 10 November are 10 of 30 days.
    assert amounts(planned("900 monthly@1 until 2026-11-10", None)) == [49_355, 30_000]


def test_a_fee_within_one_month_is_prorated_on_both_sides() -> None:
    # 15 to 20 October are 6 of 31 days: 174.19.
    assert amounts(planned("900 monthly@1 until 2026-10-20", None)) == [17_419]


def test_a_fee_signed_on_its_billing_day_begins_with_a_whole_month() -> None:
    assert amounts(planned("900 monthly@15 until 2026-12-14", None)) == [90_000, 90_000]


def test_the_periods_of_a_fee_without_a_billing_day_begin_on_the_day_of_its_anchor() -> None:
    shares = planned("310 monthly from 2027-01-31 until 2027-04-29", None)
    # 31 January to 27 February, 28 February to 30 March, and 31 March to 29 April, a whole period.
    assert [share.period_from for share in shares] == [
        date(2027, 1, 31),
        date(2027, 2, 28),
        date(2027, 3, 31),
    ]
    assert amounts(shares) == [31_000] * 3


def test_a_billing_day_on_the_31st_is_the_last_day_of_shorter_months() -> None:
    shares = planned("280 monthly@31 from 2027-01-30 until 2027-03-30", None)
    assert [share.period_from for share in shares] == [
        date(2027, 1, 30),
        date(2027, 1, 31),
        date(2027, 2, 28),
    ]
    # 30 January is one of the 31 days from 31 December: 280 / 31 = 9.03.
    assert amounts(shares) == [903, 28_000, 28_000]


def test_a_billing_day_on_the_30th_passes_february_once() -> None:
    shares = planned("290 monthly@30 from 2027-01-31 until 2027-04-29", None)
    # The period from 30 January to 27 February has 29 days, 28 of them from the 31st on.
    assert [share.period_from for share in shares] == [
        date(2027, 1, 31),
        date(2027, 2, 28),
        date(2027, 3, 30),
    ]
    assert amounts(shares) == [28_000, 29_000, 29_000]


def test_a_quarterly_fee_is_prorated_by_the_days_of_its_quarter() -> None:
    # Quarters begin on 1 August and 1 November; 15 to 31 October are 17 of 92 days: 170.00.
    assert amounts(planned("920 quarterly@1 until 2027-01-31", None)) == [17_000, 92_000]


def test_a_weekly_fee_begins_on_the_weekday_of_its_anchor() -> None:
    # 15 to 21 October, and 22 to 24 October: 3 of 7 days.
    assert amounts(planned("70 weekly until 2026-10-24", None)) == [7_000, 3_000]


def test_a_fee_without_until_runs_to_the_end_of_the_contract() -> None:
    assert amounts(planned("1200 yearly", None, ends_on=date(2028, 10, 14))) == [120_000, 120_000]


def test_until_counts_before_the_end_of_the_contract() -> None:
    assert amounts(planned("70 weekly until 2026-10-21", None, ends_on=date(2028, 10, 14))) == [7_000]


def test_of_a_fee_without_any_end_the_first_period_is_planned() -> None:
    assert amounts(planned("900 monthly", None)) == [90_000]


@pytest.mark.parametrize("text", ["900 monthly from sign, 30% sign", "rest ship, 900 monthly from sign"])
def test_nothing_is_a_share_of_a_whole_without_end(text: str) -> None:
    with pytest.raises(UsageError, match=r"900\.00 monthly from sign has no end") as error:
        planned(text, 1_000)
    assert "--ends" in (error.value.hint or "")


def test_a_fee_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(UsageError, match="ends on 2026-10-14, before it begins on 2026-10-15"):
        planned("900 monthly until 2026-10-14", None)


@pytest.mark.parametrize("text", ["1 weekly until 9999-12-31", "1 monthly until 2077-01-01"])
def test_a_fee_of_more_than_six_hundred_periods_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="at most 600 shares"):
        planned(text, None)


def test_a_fee_to_the_end_of_the_calendar_is_refused() -> None:
    with pytest.raises(UsageError, match="too far"):
        planned("1 yearly from 9990-01-01 until 9999-12-31", None)


def test_fees_and_fixed_amounts_define_the_amount_in_its_own_basis() -> None:
    shares = planned("500 sign, 70 weekly until 2026-10-28", None)
    assert amounts(shares) == [50_000, 7_000, 7_000]
    assert [share.fixed_minor for share in shares] == [None] * 3
    assert planned("500 sign, 70 weekly until 2026-10-28", 64_000, 76_160) == shares


def test_another_amount_than_the_fees_come_to_is_refused_with_their_sum() -> None:
    with pytest.raises(UsageError, match=r"the shares make up 7,693\.55 of 8,000\.00 EUR"):
        planned("900 monthly@1 until 2027-06-30", 800_000)


def test_a_fee_beside_shares_of_the_amount_is_a_part_of_it() -> None:
    # 140.00 of fees and 10 % of 1000.00 leave 760.00.
    shares = planned("10% sign, 70 weekly until 2026-10-28, rest ship", 100_000, 119_000)
    assert amounts(shares) == [10_000, 7_000, 7_000, 76_000]


def test_instalments_that_can_never_fit_the_only_invoice_are_refused_on_planning() -> None:
    with pytest.raises(UsageError, match=r"the instalments make up 2,000\.00 of 1,190\.00 EUR"):
        planned("100% sign; due 2000, rest+30d", 100_000, 119_000)


# Instalments


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("100% sign", date(2026, 1, 31)),
        ("100% sign; net 0", date(2026, 1, 31)),
        ("100% sign; net 30", date(2026, 3, 2)),
        ("100% sign; net eom", date(2026, 1, 31)),
        # 2 March, 31 March, 1 April, 10 April: the 10th of the month after that month.
        ("100% sign; net 30 eom+1d@10", date(2026, 4, 10)),
    ],
)
def test_an_invoice_is_due_on_issue_or_as_net_says(text: str, expected: date) -> None:
    assert instalments(parse_terms(text, "EUR"), 100_000, date(2026, 1, 31), "EUR") == [(expected, 100_000)]


def test_the_worked_case_of_four_instalments() -> None:
    # 25 % are 396.8375: 396.84; up to 2: 793.675, so 793.68; up to 3: 1190.515, so 1190.52; the rest 396.83.
    terms = parse_terms("100% sign; due 25%+30d, 25%+1m, 396.84+1m+30d, rest @15+2m+30d", "EUR")
    assert instalments(terms, 158_735, date(2011, 10, 1), "EUR") == [
        (date(2011, 10, 31), 39_684),
        (date(2011, 11, 1), 39_684),
        (date(2011, 12, 1), 39_684),
        (date(2012, 1, 14), 39_683),
    ]


def test_three_cents_are_paid_in_two_and_one() -> None:
    terms = parse_terms("100% sign; due 50%, 50%+1d", "EUR")
    assert instalments(terms, 3, SIGNED_ON, "EUR") == [(SIGNED_ON, 2), (date(2026, 10, 16), 1)]


def test_instalments_of_nothing_are_left_out() -> None:
    terms = parse_terms("100% sign; due 25%, 25%+1d, 50%+2d", "EUR")
    # One cent: up to 1 a quarter, rounded 0; up to 2 a half, rounded 1; up to 3 still 1.
    assert instalments(terms, 1, SIGNED_ON, "EUR") == [(date(2026, 10, 16), 1)]


def test_an_invoice_over_nothing_keeps_its_instalments() -> None:
    terms = parse_terms("100% sign; due 50%, 50%+1d", "EUR")
    assert instalments(terms, 0, SIGNED_ON, "EUR") == [(SIGNED_ON, 0), (date(2026, 10, 16), 0)]


def test_instalments_in_yen() -> None:
    terms = parse_terms("100% sign; due 333, rest+1d", "JPY")
    assert instalments(terms, 1000, SIGNED_ON, "JPY") == [(SIGNED_ON, 333), (date(2026, 10, 16), 667)]


def test_instalments_that_do_not_make_up_the_invoice_are_refused_with_their_sum() -> None:
    terms = parse_terms("100% sign; due 600, 500+1d", "EUR")
    with pytest.raises(UsageError, match=r"the instalments make up 1,100\.00 of 1,000\.00 EUR"):
        instalments(terms, 100_000, SIGNED_ON, "EUR")


# What always holds

OFFSETS = st.sampled_from(["", "+30d", "+2w", "+1m", " eom", " @15", "+30d eom+1d@10"])
TRIGGERS = st.sampled_from(["sign", "ship", "deliver", "accept", "end", "2027-01-31"])
CLAUSES = st.sampled_from(
    [
        "",
        "; net 30",
        "; net eom",
        "; net 30 eom+1d@10",
        "; 2%/10",
        "; due 25%+30d, rest @15+2m",
        "; net 0; 2.5%/0",
    ]
)


@st.composite
def terms_texts(draw: st.DrawFn) -> str:
    """Some percentages up to a hundred in all, then the rest or parts."""
    percents = draw(st.lists(st.integers(1, 30), max_size=3))
    shares = [f"{percent}% {draw(TRIGGERS)}{draw(OFFSETS)}" for percent in percents]
    frequency = draw(st.sampled_from(["weekly", "monthly", "quarterly", "half-yearly", "yearly"]))
    rest = [f"rest {draw(TRIGGERS)}", f"{draw(st.integers(1, 40))} x {frequency} from ship{draw(OFFSETS)}"]
    return ", ".join([*shares, draw(st.sampled_from(rest))]) + draw(CLAUSES)


@given(terms_texts())
def test_written_terms_read_back_as_the_same_terms(text: str) -> None:
    terms = parse_terms(text, "EUR")
    assert parse_terms(format_terms(terms, "EUR"), "EUR") == terms


@given(terms_texts(), st.integers(0, 10**12))
def test_planned_shares_sum_to_the_amount_and_none_is_negative(text: str, amount_minor: int) -> None:
    shares = amounts(planned(text, amount_minor))
    assert sum(shares) == amount_minor
    assert min(shares) >= 0


@given(terms_texts(), st.integers(0, 10**12), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_instalments_sum_to_the_invoice(text: str, total_minor: int, issued_on: date) -> None:
    parts = instalments(parse_terms(text, "EUR"), total_minor, issued_on, "EUR")
    assert sum(amount for _, amount in parts) == total_minor
    assert all(due_on >= issued_on for due_on, _ in parts)


@given(
    st.sampled_from(["monthly", "quarterly", "half-yearly", "yearly"]),
    st.one_of(st.just(""), st.integers(1, 31).map("@{}".format)),
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.integers(0, 1500),
)
def test_the_periods_of_a_fee_follow_each_other_without_gap(
    frequency: str, day: str, begins_on: date, days: int
) -> None:
    ends_on = date.fromordinal(begins_on.toordinal() + days)
    shares = planned(f"100 {frequency}{day} from {begins_on} until {ends_on}", None)
    covered = [(share.period_from, share.period_to) for share in shares]
    days_covered = [d for a, b in covered if a and b for d in range(a.toordinal(), b.toordinal() + 1)]
    assert days_covered == list(range(begins_on.toordinal(), ends_on.toordinal() + 1))
    assert all(0 <= share.amount_minor <= 10_000 for share in shares)
    assert all(share.amount_minor == 10_000 for share in shares[1:-1])


@given(
    st.lists(
        st.sampled_from([*"0123456789%;,.+@x/ -", "sign", "rest", "monthly", "from", "until", "net", "due", "eom"])
    )
)
def test_any_text_is_terms_or_a_usage_error(pieces: list[str]) -> None:
    with suppress(UsageError):
        terms = parse_terms(" ".join(pieces), "EUR")
        assert parse_terms(format_terms(terms, "EUR"), "EUR") == terms
