"""One record as two columns: what each value is, and the value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ltc_cli.output.rich_text import cell_text, rendered
from ltc_cli.output.styles import FAINT, style_of
from ltc_cli.output.widths import cells_of, widest_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

    from ltc_cli.output.card import Entry
    from ltc_cli.output.screen import Screen

GAP: Final = 2

_VALUE_NARROWEST: Final = 20
_WRAPPED: Final = frozenset({"text", "prose", "list", "status"})


def grid(entries: Sequence[Entry], screen: Screen) -> str:
    """The labels at the left, the values at the right."""
    from rich.table import Table

    if not entries:
        return ""
    at_left, at_right = label_width(entries), _value_width(entries, screen)
    table = Table.grid(padding=(0, GAP, 0, 0))
    table.add_column(style=FAINT, width=at_left)
    table.add_column(width=at_right, overflow="fold")
    for entry in entries:
        table.add_row(cell_text(entry.label), _value(entry))
    return rendered(table, screen, at_left + GAP + at_right)


def _value(entry: Entry) -> Text:
    text = cell_text(entry.value, style_of(entry.column, entry.value), entry.lead)
    text.no_wrap = not _is_wrapped(entry)
    return text


def _is_wrapped(entry: Entry) -> bool:
    return entry.column.kind in _WRAPPED or bool(entry.lead)


def _value_width(entries: Sequence[Entry], screen: Screen) -> int:
    """As wide as the terminal allows, and never narrower than an amount."""
    widest = max(widest_line(entry.value) for entry in entries)
    if screen.width is None:
        return widest
    unbreakable = max((widest_line(entry.value) for entry in entries if not _is_wrapped(entry)), default=0)
    return max(unbreakable, min(widest, max(screen.width - label_width(entries) - GAP, _VALUE_NARROWEST)))


def label_width(entries: Sequence[Entry]) -> int:
    return max((cells_of(entry.label) for entry in entries), default=0)
