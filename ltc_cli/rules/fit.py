"""Whether a lead is one of those that a rule of config.yaml speaks of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def fits(wanted: Mapping[str, Iterable[str]], lead: Mapping[str, str | None]) -> bool:
    """Every field for which values are wanted has one of them, in any case; a field of no values asks for nothing."""
    return all(_is_one_of(lead.get(field), values) for field, values in wanted.items() if values)


def _is_one_of(text: str | None, values: Iterable[str]) -> bool:
    return text is not None and text.casefold() in {value.casefold() for value in values}
