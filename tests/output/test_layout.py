from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltc_cli.output.layout import Strip, fitted, squeezed, width_of
from ltc_cli.report import Column


@pytest.mark.parametrize(
    ("widths", "least", "room", "result"),
    [
        ([5, 5], [1, 1], 20, [5, 5]),
        ([20, 5], [1, 1], 15, [10, 5]),
        ([20, 10], [1, 1], 12, [6, 6]),
        ([20, 10], [20, 1], 25, [20, 5]),
        ([20, 10], [20, 8], 25, [20, 8]),
        ([], [], 10, []),
    ],
)
def test_the_widest_gives_way_first(widths: list[int], least: list[int], room: int, result: list[int]) -> None:
    assert squeezed(widths, least, room) == result


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60))), st.integers(1, 200))
def test_no_column_gets_narrower_than_its_least(pairs: list[tuple[int, int]], room: int) -> None:
    widths, least = [max(pair) for pair in pairs], [min(pair) for pair in pairs]
    result = squeezed(widths, least, room)
    assert all(low <= width <= high for low, width, high in zip(least, result, widths, strict=True))
    assert sum(result) <= max(room, sum(least))


def strip(key: str, width: int, *, spare: int = 0) -> Strip:
    return Strip(Column(key, "money", spare=spare), key, ["9" * width])


@pytest.mark.parametrize(
    ("room", "keys", "gap"),
    [
        (34, "abc", 2),  # 10 + 10 + 10 and two gaps of two
        (33, "abc", 1),
        (31, "ac", 2),
        (21, "ac", 1),
        (20, "a", 2),
    ],
)
def test_gaps_give_way_first_and_then_the_sparest_columns(room: int, keys: str, gap: int) -> None:
    layout = fitted([strip("a", 10), strip("b", 10, spare=2), strip("c", 10, spare=1)], room)
    assert layout
    assert ("".join(each.column.key for each in layout.strips), layout.gap) == (keys, gap)
    assert width_of(layout) <= room


def test_an_amount_wider_than_the_room_fits_in_no_layout() -> None:
    assert fitted([strip("a", 10)], 9) is None


@pytest.mark.parametrize(("width", "fits_in"), [(16, 16), (39, 16), (9, 9)])
def test_a_status_of_ours_is_never_cut_and_a_longer_one_gives_way(width: int, fits_in: int) -> None:
    layout = fitted([Strip(Column("what", "status"), "what", ["x" * width])], fits_in)
    assert layout
    assert layout.widths == [fits_in]
