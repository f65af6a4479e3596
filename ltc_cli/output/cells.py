"""Values as text: what stands in a cell, before width and colour."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from ltc_cli.report import moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltc_cli.output.screen import Glyphs, Screen
    from ltc_cli.report import Column, Row

NUMBERS: Final = frozenset({"money", "quantity", "count", "percent", "rate", "days"})
"""The kinds that stand at the right."""

_NUMBER = re.compile(r"(-?)([0-9]{1,100})(\.[0-9]+)?")


def header(column: Column, screen: Screen) -> str:
    return screen.text(column.label or column.key.replace("_", " "))


def cell(column: Column, value: Any, screen: Screen) -> str:
    """The value as this kind of column shows it. A bar stays a number until its width is known."""
    if value is None:
        return screen.glyphs.dash if column.kind == "money" else ""
    if column.kind == "prose":
        return screen.prose(value)
    return screen.text(_worded(column, value, screen))


def grouped(number: object) -> str:
    """A decimal number with thousands separators: 12,345.00; anything else unchanged."""
    found = _NUMBER.fullmatch(str(number))
    if not found:
        return str(number)
    sign, whole, decimals = found.groups(default="")
    return f"{sign}{int(whole):,}{decimals}"


def percent(share: float | str) -> str:
    """A share from 0 to 1 in percent with one decimal, none when it is whole: 12.5 %, 33 %."""
    return f"{float(share) * 100:.1f}".removesuffix(".0") + " %"


def rate(share: float) -> str:
    """A rate from 0 to 1 in percent, as exact as it is: 19 %, 8.875 %."""
    return f"{share * 100:.4f}".rstrip("0").rstrip(".") + " %"


def bar(share: str, width: int, glyphs: Glyphs) -> str:
    """A share from 0 to 1 as a bar; the least share above 0 is still seen."""
    if not share:
        return ""
    steps = len(glyphs.blocks) - 1
    length = min(max(float(share), 0), 1) * width * steps
    full, rest = divmod(max(int(length + 0.5), int(length > 0)), steps)
    return (glyphs.blocks[-1] * full + glyphs.blocks[rest]).rstrip()


def named(refs: Sequence[str], names: Sequence[str]) -> tuple[list[str], int]:
    """Each reference with its name behind it, and the width to which the references were filled up."""
    lead = max((len(ref) for ref, name in zip(refs, names, strict=True) if name), default=0)
    return [f"{ref:<{lead}} {name}" if name else ref for ref, name in zip(refs, names, strict=True)], lead


def name_keys(columns: Sequence[Column]) -> dict[str, str]:
    """The reference columns that have a name beside them: {"customer": "customer_name"}."""
    keys = {column.key for column in columns}
    return {key: f"{key}_name" for key in keys if f"{key}_name" in keys}


def _worded(column: Column, value: Any, screen: Screen) -> str:
    match column.kind:
        case "percent":
            return percent(value)
        case "rate":
            return rate(value)
        case "status":
            return str(value).replace("_", " ")
        case "moment":
            return moment(value, screen.timezone)
        case kind if kind in NUMBERS:
            return grouped(value)
    return _joined(column, value) if isinstance(value, (list, tuple)) else _plain(value)


def _joined(column: Column, values: Sequence[Any]) -> str:
    return ", ".join(_plain(_first(column, value) if column.columns else value) for value in values)


def _first(column: Column, row: Row) -> Any:
    """What names a row inside a cell: its first key."""
    return row.get(column.columns[0].key)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
