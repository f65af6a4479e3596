"""Buckets as days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from ltc_cli.errors import UsageError
from ltc_cli.rules.aging import buckets, days_past_due, parse_edges

AS_OF = date(2026, 3, 31)


def bucket_of(due_on: date, edges: tuple[int, ...] = (30, 60, 90)) -> list[str]:
    return [
        bucket.name
        for bucket in buckets(AS_OF, edges)
        if (bucket.from_on or date.min) <= due_on <= (bucket.to_on or date.max)
    ]


@pytest.mark.parametrize(
    ("days", "name"),
    [
        (-400, "current"),
        (0, "current"),
        (1, "1-30"),
        (30, "1-30"),
        (31, "31-60"),
        (60, "31-60"),
        (61, "61-90"),
        (90, "61-90"),
        (91, "90+"),
        (4000, "90+"),
    ],
)
def test_days_past_due_count_from_the_day_after(days: int, name: str) -> None:
    due_on = AS_OF - timedelta(days=days)
    assert bucket_of(due_on) == [name]
    assert days_past_due(due_on, AS_OF) == max(0, days)


def test_every_day_falls_into_exactly_one_bucket() -> None:
    for days in range(-50, 200):
        assert len(bucket_of(AS_OF - timedelta(days=days), (7, 14, 45))) == 1


def test_other_edges_have_other_names() -> None:
    assert [bucket.name for bucket in buckets(AS_OF, (7, 14))] == ["current", "1-7", "8-14", "14+"]
    assert parse_edges(" 7, 14") == (7, 14)


@pytest.mark.parametrize("text", ["", "a", "30,30", "60,30", "0,30", "-1", "30,,60", "٣", "99999"])
def test_edges_that_do_not_ascend_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_edges(text)
