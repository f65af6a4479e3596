from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltc_cli.errors import UsageError
from ltc_cli.rules.money import (
    CURRENCIES,
    digits,
    format_amount,
    format_micro,
    format_percent,
    format_price,
    gross_of_line,
    grouped,
    line_net,
    parse_amount,
    parse_currency,
    parse_money,
    parse_percent,
    parse_plain_amount,
    parse_price,
    parse_quantity,
    round_ratio,
    split,
)

MINOR = st.integers(-(10**15), 10**15)
CURRENCY = st.sampled_from(["EUR", "JPY", "KWD", "CLF"])


@pytest.mark.parametrize(("currency", "expected"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("CNY", 2)])
def test_each_currency_has_its_own_digits(currency: str, expected: int) -> None:
    assert digits(currency) == expected


def test_iso_4217_knows_165_currencies_with_a_minor_unit() -> None:
    # List one of January 2026: 17 without decimals, 139 with two, 7 with three, 2 with four.
    assert len(CURRENCIES) == 17 + 139 + 7 + 2
    assert all(len(code) == 3 and code.isupper() for code in CURRENCIES)


@pytest.mark.parametrize("code", ["XXX", "eur", "EURO", "", "XAU"])
def test_an_unknown_currency_is_refused(code: str) -> None:
    with pytest.raises(UsageError, match="is not an ISO 4217 currency"):
        digits(code)


def test_a_currency_is_read_in_any_case() -> None:
    assert parse_currency(" eur ") == "EUR"


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("1200", "EUR", 120000),
        ("0", "EUR", 0),
        (" 1200 ", "EUR", 120000),
        ("1,200.50", "EUR", 120050),
        ("1.200,50", "EUR", 120050),
        ("1,200,300", "EUR", 120030000),
        ("1.200.300", "EUR", 120030000),
        ("1,200,300.4", "EUR", 120030040),
        ("12,5", "EUR", 1250),
        ("12.5", "EUR", 1250),
        ("0.05", "EUR", 5),
        ("007", "EUR", 700),
        ("1200", "JPY", 1200),
        ("1,200,300", "JPY", 1200300),
        ("1.5", "KWD", 1500),
        ("1,200.345", "KWD", 1200345),
        ("0,001.234", "KWD", 1234),
        ("1.2345", "CLF", 12345),
        ("9999999999999.99", "EUR", 999999999999999),
        ("0" * 6000 + "1", "EUR", 100),
    ],
)
def test_amounts_are_read_as_people_type_them(text: str, currency: str, minor: int) -> None:
    assert parse_amount(text, currency) == minor


@pytest.mark.parametrize("text", ["1,200", "1.200", "0.500", "1234,567", "12.345"])
@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD", "CLF"])
def test_one_separator_before_three_digits_is_ambiguous_in_every_currency(text: str, currency: str) -> None:
    with pytest.raises(UsageError, match="is ambiguous"):
        parse_amount(text, currency)


@pytest.mark.parametrize(
    ("currency", "hint"),
    [
        ("EUR", "write 1200 or 1.20"),
        ("JPY", "write 1200"),
        ("KWD", "write 1200 or 0,001.200"),
        ("CLF", "write 1200 or 0,001.200"),
    ],
)
def test_the_hint_of_an_ambiguous_amount_gives_each_reading(currency: str, hint: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_amount("1.200", currency)
    assert error.value.hint == hint


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1,00,0",
        "1,2,3",
        "1234,567.89",
        "1,200.300.400",
        "1.200,300,400",
        "1,200.",
        ".5",
        "5.",
        "1'200.50",
        "1 200",
        "-5",
        "+5",
        "1e3",
        "NaN",
        "inf",
        "1_000",
        "١٢٣",
        "１２",
        "12²",
        "0x10",
        "1,200.50.1",
        "€5",
        "5\n6",
    ],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not an amount"):
        parse_amount(text, "EUR")


@pytest.mark.parametrize(("text", "currency"), [("1.2345", "EUR"), ("1.5", "JPY"), ("1,200.500", "EUR")])
def test_more_decimals_than_the_currency_has_are_refused(text: str, currency: str) -> None:
    with pytest.raises(UsageError, match="has too many decimals"):
        parse_amount(text, currency)


@pytest.mark.parametrize("text", ["10000000000000", "10,000,000,000,000.00", "9" * 10_000, "99999999999999.999"])
def test_fourteen_digits_before_the_decimals_are_too_large(text: str) -> None:
    with pytest.raises(UsageError, match="is too large"):
        parse_amount(text, "EUR")


def test_an_error_quotes_control_characters_harmlessly_and_at_most_sixty_characters() -> None:
    with pytest.raises(UsageError) as error:
        parse_amount("\x1b[31m\n" + "x" * 10_000, "EUR")
    assert error.value.message.startswith(r"'\x1b[31m\nxxx")
    assert len(error.value.message) < 100


@pytest.mark.parametrize(
    ("text", "given_currency", "expected"),
    [
        ("1200", None, (120000, "EUR")),
        ("EUR 1200", None, (120000, "EUR")),
        ("1200 EUR", None, (120000, "EUR")),
        ("jpy 1200", None, (1200, "JPY")),
        ("1,200.50usd", None, (120050, "USD")),
        ("1200", "JPY", (1200, "JPY")),
        ("1200 jpy", "JPY", (1200, "JPY")),
        ("1200", "jpy", (1200, "JPY")),
    ],
)
def test_money_may_name_its_currency(text: str, given_currency: str | None, expected: tuple[int, str]) -> None:
    assert parse_money(text, given_currency) == expected


def test_money_without_a_currency_is_in_the_default() -> None:
    assert parse_money("1200", default="JPY") == (1200, "JPY")


@pytest.mark.parametrize(("text", "given_currency"), [("EUR 1200", "USD"), ("EUR 1200 USD", None)])
def test_two_currencies_contradict_each_other(text: str, given_currency: str | None) -> None:
    with pytest.raises(UsageError, match="cannot be in EUR and USD at once"):
        parse_money(text, given_currency)


@pytest.mark.parametrize("text", ["", "EUR", "EUR -5", "1e5", "12 34 EUR", "5 EUR 6", "EURO 5", "NaN"])
def test_what_is_no_money_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_money(text)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (120000, "EUR", "1200.00"),
        (-5, "EUR", "-0.05"),
        (0, "EUR", "0.00"),
        (3600, "JPY", "3600"),
        (-3600, "JPY", "-3600"),
        (5, "KWD", "0.005"),
        (12345, "CLF", "1.2345"),
    ],
)
def test_amounts_are_written_with_exactly_the_digits_of_the_currency(minor: int, currency: str, text: str) -> None:
    assert format_amount(minor, currency) == text


@given(st.integers(0, 10**13 - 1), CURRENCY)
def test_a_written_amount_reads_back_as_itself(minor: int, currency: str) -> None:
    assert parse_plain_amount(format_amount(minor, currency), currency) == minor


@given(st.text(alphabet="0123456789.,-+ eN'٣", max_size=20))
def test_any_text_is_an_amount_or_a_usage_error(text: str) -> None:
    with suppress(UsageError):
        assert parse_amount(text, "EUR") >= 0


@pytest.mark.parametrize(
    ("text", "micro"), [("2", 2_000_000), ("0.333", 333_000), ("0.000001", 1), (" 1.5 ", 1_500_000)]
)
def test_quantities_keep_six_decimals(text: str, micro: int) -> None:
    assert parse_quantity(text) == micro


@pytest.mark.parametrize("text", ["0", "0.000000", "-1", "1,5", "1,000", "0.0000001", "1e3", "", "x", "٣", "1" * 13])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_quantity(text)


def test_a_unit_price_may_be_zero() -> None:
    assert parse_price("0") == 0


def test_a_point_before_three_digits_is_a_decimal_point_in_a_unit_price() -> None:
    assert parse_price("1.200") == 1_200_000


@pytest.mark.parametrize("text", ["-1", "1,5", "0.0000001", "9" * 5000])
def test_what_is_no_unit_price_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_price(text)


def test_the_largest_unit_price_still_fits_into_64_bits() -> None:
    assert parse_price("999999999999.999999") < 2**63


@pytest.mark.parametrize(
    ("micro", "text"), [(2_000_000, "2"), (333_000, "0.333"), (10_000_000, "10"), (1, "0.000001"), (0, "0")]
)
def test_micro_is_written_without_trailing_zeros(micro: int, text: str) -> None:
    assert format_micro(micro) == text


@pytest.mark.parametrize(
    ("micro", "currency", "text"),
    [
        (1_234_500_000, "EUR", "1234.50"),
        (36_000_000_000, "CNY", "36000.00"),
        (333_000, "EUR", "0.333"),
        (36_000_000_000, "JPY", "36000"),
        (1_500_000, "KWD", "1.500"),
    ],
)
def test_a_unit_price_has_the_currency_s_decimals_at_least(micro: int, currency: str, text: str) -> None:
    assert format_price(micro, currency) == text


@pytest.mark.parametrize(
    ("text", "ppm"),
    [("30%", 300_000), ("12.5%", 125_000), ("0%", 0), ("100%", 1_000_000), ("0.0001%", 1), ("30 %", 300_000)],
)
def test_percentages_are_read_as_ppm(text: str, ppm: int) -> None:
    assert parse_percent(text) == ppm


@pytest.mark.parametrize("text", ["30", "100.0001%", "1000%", "0.00001%", "-1%", "12,5%", "%", "", "1e1%", "3%%"])
def test_what_is_no_percentage_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_percent(text)


@pytest.mark.parametrize(
    ("ppm", "text"), [(300_000, "30%"), (125_000, "12.5%"), (1, "0.0001%"), (0, "0%"), (1_000_000, "100%")]
)
def test_percentages_are_written_without_trailing_zeros(ppm: int, text: str) -> None:
    assert format_percent(ppm) == text


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [
        (1, 2, 1),
        (-1, 2, -1),
        (1, -2, -1),
        (-1, -2, 1),
        (3, 2, 2),
        (5, 2, 3),
        (1, 3, 0),
        (2, 3, 1),
        (-2, 3, -1),
        (0, -5, 0),
    ],
)
def test_rounding_is_half_up_away_from_zero(numerator: int, denominator: int, expected: int) -> None:
    assert round_ratio(numerator, denominator) == expected


@given(MINOR, st.integers(1, 10**9))
def test_rounding_is_off_by_half_a_unit_at_most(numerator: int, denominator: int) -> None:
    assert abs(2 * (round_ratio(numerator, denominator) * denominator - numerator)) <= denominator


@pytest.mark.parametrize(
    ("quantity", "price", "decimals", "gross_minor"),
    [
        ("2", "12.50", 2, 2500),
        ("0.333", "100", 2, 3330),
        ("3", "0.005", 2, 2),  # 0.015, half up
        ("1", "0.0049", 2, 0),
        ("1.5", "101", 0, 152),  # 151.5 yen
        ("1", "0.0005", 3, 1),
    ],
)
def test_a_line_is_quantity_times_unit_price_rounded_once(
    quantity: str, price: str, decimals: int, gross_minor: int
) -> None:
    assert gross_of_line(parse_quantity(quantity), parse_price(price), decimals) == gross_minor


def test_a_line_beyond_any_amount_is_refused() -> None:
    with pytest.raises(UsageError, match="10000000 at 1000000 is too large"):
        gross_of_line(parse_quantity("10000000"), parse_price("1000000"), 2)


def test_the_discount_comes_off_the_rounded_line() -> None:
    # 3 × 0.335 = 1.005, rounded 1.01, less 0.10.
    assert line_net(3_000_000, 335_000, 10, 2) == 91


@pytest.mark.parametrize(
    ("whole", "weights", "parts"),
    [
        (3, [1, 1], [2, 1]),  # 1.5 rounds to 2
        (-3, [1, 1], [-2, -1]),
        (100_000, [1, 1, 1], [33_333, 33_334, 33_333]),  # up to 2: 66666.67, rounded 66667
        (100, [1, 1, 1, 1, 1, 1], [17, 16, 17, 17, 16, 17]),  # up to k: 16.67 33.33 50 66.67 83.33 100
        (10, [0, 0], [0, 10]),
        (0, [1, 2], [0, 0]),
        (7, [5], [7]),
        (10, [1, 0, 1], [5, 0, 5]),
    ],
)
def test_a_whole_is_split_by_the_rounded_share_up_to_each_part(
    whole: int, weights: list[int], parts: list[int]
) -> None:
    assert split(whole, weights) == parts


@given(MINOR, st.lists(st.integers(0, 10**12), min_size=1, max_size=30))
def test_parts_sum_to_the_whole_and_never_change_sign(whole: int, weights: list[int]) -> None:
    parts = split(whole, weights)
    assert sum(parts) == whole
    assert len(parts) == len(weights)
    assert all(part * whole >= 0 for part in parts)


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("1234.50", "1,234.50"),
        ("-1234567.05", "-1,234,567.05"),
        ("-0.50", "-0.50"),
        ("3600", "3,600"),
        ("0.00", "0.00"),
    ],
)
def test_amounts_in_letters_are_grouped_and_keep_their_sign(amount: str, written: str) -> None:
    assert grouped(amount) == written
