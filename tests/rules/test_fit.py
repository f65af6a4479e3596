"""Which leads a rule speaks of."""

from __future__ import annotations

import pytest

from ltc_cli.rules.fit import fits

LEAD = {"country": "DE", "source": "Web", "campaign": None}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, True),
        ({"country": ()}, True),
        ({"country": ("DE",)}, True),
        ({"country": ("FR", "de")}, True),
        ({"country": ("FR",)}, False),
        ({"source": ("web",), "country": ("DE",)}, True),
        ({"source": ("web",), "country": ("FR",)}, False),
        ({"campaign": ("spring",)}, False),
        ({"title": ("CTO",)}, False),
    ],
)
def test_every_field_that_asks_must_have_one_of_its_values(wanted: dict[str, tuple[str, ...]], expected: bool) -> None:  # noqa: FBT001
    assert fits(wanted, LEAD) is expected
