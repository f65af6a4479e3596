"""IBANs by the examples of ISO 13616: 3214282912345698765432161182 is 1 by 97, and 370400440532013000131489 is 1."""

from __future__ import annotations

import pytest

from ltc_cli.rules import iban


@pytest.mark.parametrize(
    ("account", "told"),
    [
        ("GB82WEST12345698765432", (False, "GB82 WEST 1234 5698 7654 32")),
        ("de89 3704 0044 0532 0130 00", (False, "DE89 3704 0044 0532 0130 00")),
        ("DE88370400440532013000", (True, "DE88 3704 0044 0532 0130 00")),
        ("GB82WEST12345698765423", (True, "GB82 WEST 1234 5698 7654 23")),
        # 15 characters are the fewest, Norway's; 14 are something else.
        ("NO9386011117947", (False, "NO93 8601 1117 947")),
        ("NO938601111794", (False, "NO938601111794")),
        ("6222 0212 0001 2345 678", (False, "6222 0212 0001 2345 678")),
        ("ICBC Shanghai, 1001 2345", (False, "ICBC Shanghai, 1001 2345")),
        ("DE８９370400440532013000", (False, "DE８９370400440532013000")),
    ],
)
def test_an_iban_is_checked_and_printed_in_fours(account: str, told: tuple[bool, str]) -> None:
    assert (iban.is_mistyped(account), iban.printed(account)) == told
