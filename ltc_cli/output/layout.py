"""Which columns a table has room for, and how wide each is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ltc_cli.output.cells import cell, header, name_keys, named
from ltc_cli.output.widths import cells_of, widest_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ltc_cli.output.screen import Screen
    from ltc_cli.report import Column, Kind, Row

BAR_NARROWEST: Final = 10
BAR_WIDEST: Final = 30
TEXT_NARROWEST: Final = 10
TEXT_AT_WORST: Final = 6
PROSE_NARROWEST: Final = 20
"""Narrower, it stands below its row."""
STATUS_NARROWEST: Final = 16
"""The longest status that is ours; among those of `today` are words of the user's, too."""
GAPS: Final = (2, 1)


class Strip(NamedTuple):
    """One column of a table as text."""

    column: Column
    header: str
    cells: list[str]
    lead: int = 0
    """How many characters in front are a reference, with its name behind it."""


class Layout(NamedTuple):
    strips: list[Strip]
    widths: list[int]
    """In terminal cells."""
    gap: int
    below: list[Strip]
    """What stands below each row, since there is no room for it beside the others."""


def strips_of(columns: Sequence[Column], rows: Sequence[Row], screen: Screen) -> list[Strip]:
    """Each column that belongs on a table, as text."""
    return [_strip(column, rows, screen) for column in columns if column.on_table]


def with_names(strips: list[Strip]) -> list[Strip]:
    """`customer` and `customer_name` as one column."""
    names = name_keys([strip.column for strip in strips])
    by_key = {strip.column.key: strip for strip in strips}
    paired = [_paired(strip, by_key.get(names.get(strip.column.key, ""))) for strip in strips]
    return [strip for strip in paired if strip.column.key not in names.values()]


def fitted(strips: list[Strip], room: int) -> Layout | None:
    """The layout with the most columns that fits, None where none does; text gives way first, money never."""
    for beside, below, gap, least_text in _choices(strips):
        layout = _squeezed(beside, gap, least_text, room)._replace(below=below)
        if width_of(layout) <= room:
            return layout
    return None


def natural(strips: list[Strip]) -> Layout:
    return Layout(strips, [_natural_width(strip) for strip in strips], GAPS[0], [])


def width_of(layout: Layout) -> int:
    return sum(layout.widths) + layout.gap * (len(layout.widths) - 1)


def squeezed(widths: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """The widths, the widest taken down first, until they fit into the room or none can give more."""
    result = [max(floor, min(width, room)) for width, floor in zip(widths, least, strict=True)]
    for _ in range(sum(result) - room):
        givers = [at for at, width in enumerate(result) if width > least[at]]
        if not givers:
            break
        result[max(givers, key=result.__getitem__)] -= 1
    return result


def _choices(strips: list[Strip]) -> Iterator[tuple[list[Strip], list[Strip], int, int]]:
    """Strips beside and below, gap, least width of a text: from all columns, wide apart, to the fewest, close together.

    Prose goes below before a column is left off, references when no more can be.
    """
    for rank in sorted({0, *(strip.column.spare for strip in strips)}, reverse=True):
        kept = _up_to(rank, strips)
        for kinds in ((), ("prose",)):
            yield from ((*_parted(kept, kinds), gap, TEXT_NARROWEST) for gap in GAPS)
    for least_text in (TEXT_NARROWEST, TEXT_AT_WORST):
        yield *_parted(kept, ("prose", "ref")), GAPS[-1], least_text


def _parted(strips: list[Strip], kinds: tuple[Kind, ...]) -> tuple[list[Strip], list[Strip]]:
    """Those beside each other, and of these kinds those below; the first and a reference with its name stay."""
    below = [strip.column.key for strip in strips[1:] if strip.column.kind in kinds and not strip.lead]
    return [s for s in strips if s.column.key not in below], [s for s in strips if s.column.key in below]


def _up_to(rank: int, strips: list[Strip]) -> list[Strip]:
    return [strip for strip in strips if strip.column.spare <= rank]


def _squeezed(strips: list[Strip], gap: int, least_text: int, room: int) -> Layout:
    widths = [_natural_width(strip) for strip in strips]
    least = [_least_width(strip, width, least_text) for strip, width in zip(strips, widths, strict=True)]
    bars_only = [
        floor if strip.column.kind == "bar" else width
        for strip, floor, width in zip(strips, least, widths, strict=True)
    ]
    room_for_cells = room - gap * (len(strips) - 1)
    for floors in (bars_only, least):
        widths = squeezed(widths, floors, room_for_cells)
    return Layout(strips, widths, gap, [])


def _natural_width(strip: Strip) -> int:
    if strip.column.kind == "bar":
        return max(BAR_WIDEST, cells_of(strip.header))
    return max(map(widest_line, (strip.header, *strip.cells)))


def _least_width(strip: Strip, width: int, least_text: int) -> int:
    """How narrow the strip may become: only bars, texts, long statuses and names do; a header of a bar stays whole."""
    match strip.column.kind:
        case "bar":
            return max(BAR_NARROWEST, cells_of(strip.header))
        case "text" | "list":
            return min(width, least_text)
        case "prose":
            return min(width, max(PROSE_NARROWEST, _widest_word(strip)))
        case "status":
            return min(width, STATUS_NARROWEST)
        case "ref" if strip.lead:
            return min(width, strip.lead + 1 + least_text)
    return width


def _widest_word(strip: Strip) -> int:
    """What is not to be broken; Chinese is, anywhere."""
    return max((len(word) for text in strip.cells for word in text.split() if word.isascii()), default=0)


def _strip(column: Column, rows: Sequence[Row], screen: Screen) -> Strip:
    return Strip(column, header(column, screen), [cell(column, row.get(column.key), screen) for row in rows])


def _paired(strip: Strip, names: Strip | None) -> Strip:
    if names is None:
        return strip
    cells, lead = named(strip.cells, names.cells)
    return Strip(strip.column._replace(kind="ref"), strip.header, cells, lead)
