"""Countries by code and name."""

from __future__ import annotations

import phonenumbers
import pytest

from ltc_cli.errors import UsageError
from ltc_cli.rules import country


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        *(
            ("DE", "DE"),
            (" de ", "DE"),
            ("DEU", "DE"),
            ("Germany", "DE"),
            ("Deutschland", "DE"),
            ("德国", "DE"),
        ),
        *(("中国", "CN"), ("China", "CN"), ("PRC", "CN"), ("中华人民共和国", "CN")),
        *(
            ("USA", "US"),
            ("U.S.A.", "US"),
            ("us", "US"),
            ("United States", "US"),
            ("the United States", "US"),
        ),
        *(("UK", "GB"), ("United Kingdom", "GB"), ("Great Britain", "GB"), ("England", "GB"), ("EL", "GR")),
        *(("Österreich", "AT"), ("Osterreich", "AT"), ("Schweiz", "CH"), ("Suisse", "CH"), ("España", "ES")),
        *(("Côte d'Ivoire", "CI"), ("Cote d’Ivoire", "CI"), ("The Netherlands", "NL"), ("Türkiye", "TR")),
        *(("日本", "JP"), ("대한민국", "KR"), ("Россия", "RU"), ("Hong Kong", "HK"), ("Taiwan", "TW")),
    ],
)
def test_a_country_is_known_by_code_and_by_name(typed: str, code: str) -> None:
    assert country.normalise_country(typed) == code


@pytest.mark.parametrize("typed", ["", "XX", "D", "Atlantis", "Germanyy", "\n", "AD AND", "ZZZ"])
def test_an_unknown_country_is_refused(typed: str) -> None:
    with pytest.raises(UsageError, match="is no country"):
        country.normalise_country(typed)


def test_every_country_of_the_phone_library_is_known() -> None:
    without_iso_code = {"AC", "TA", "XK"}  # Ascension, Tristan da Cunha and Kosovo: not in ISO 3166-1
    for region in phonenumbers.SUPPORTED_REGIONS - without_iso_code:
        assert country.normalise_country(region) == region
