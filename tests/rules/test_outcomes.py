"""Won, lost or open, in the words of other programs."""

from __future__ import annotations

from typing import Any

import pytest

from ltc_cli.rules.outcomes import Flags, outcome, outcome_of, read_flag


@pytest.mark.parametrize(
    ("text", "said"),
    [
        *(
            (text, "won")
            for text in ("Closed Won", "closedwon", "Closed - Won", "Won", "WIN", "Gewonnen", "赢单", "已成交")
        ),
        *((text, "won") for text in ("Cerrada ganada", "Ganho", "Gagnée", "结束-赢单", "已签约", "won_deal")),
        *((text, "lost") for text in ("Closed Lost", "Closed Lost to Competition", "closedlost", "Verloren", "输单")),
        *((text, "lost") for text in ("Perdido", "Perdue", "丢单", "战败", "成交失败", "Abandoned", "Canceled")),
        *((text, "open") for text in ("Open", "offen", "进行中", "active", "In Progress")),
        *((text, None) for text in ("", "Negotiation", "Won't answer", "Not won", "Nicht gewonnen", "未成交客户")),
        *((text, None) for text in ("待成交", "预计成交", "未赢单跟进", "赢单率", "Wonderful", "Closed", "合同签订")),
    ],
)
def test_words(text: str, said: str | None) -> None:
    assert outcome_of(text) == said


@pytest.mark.parametrize("text", ["TRUE", "1", "yes", "是", " Ja "])
def test_yes(text: str) -> None:
    assert read_flag(text) is True


@pytest.mark.parametrize("text", ["false", "0", "no", "否", "Nein"])
def test_no(text: str) -> None:
    assert read_flag(text) is False


@pytest.mark.parametrize("text", ["", "7", "maybe", "2026-03-01"])
def test_neither_yes_nor_no(text: str) -> None:
    assert read_flag(text) is None


@pytest.mark.parametrize(
    ("flags", "status", "stage", "expected"),
    [
        (Flags(is_won=True, is_closed=True), "", "Signed", "won"),
        (Flags(is_won=False, is_closed=True), "", "Won back", "lost"),
        (Flags(is_won=False, is_closed=False), "", "Closed Won", "open"),
        (Flags(is_won=False), "", "Closed Lost", "lost"),
        (Flags(is_lost=True), "", "Demo", "lost"),
        (Flags(is_active=False), "", "Proposition", "open"),
        (Flags(), "Lost", "Closed Won", "lost"),
        (Flags(), "Fresh", "Closed Won", "won"),
        (Flags(), "", "", "open"),
    ],
)
def test_flags_decide_before_words(flags: Flags, status: str, stage: str, expected: str) -> None:
    assert outcome(flags, status, stage, "", "", is_hopeless=False) == expected


@pytest.mark.parametrize(
    ("status", "won_on", "lost_on", "expected"),
    [
        ("", "2026-03-01", "", "won"),
        ("", "", "2026-03-01", "lost"),
        ("Open", "", "2026-03-01", "open"),
        ("Fresh", "2026-03-01", "", "won"),
    ],
)
def test_dates_decide_where_no_word_does(status: str, won_on: str, lost_on: str, expected: str) -> None:
    assert outcome(Flags(), status, "Demo", won_on, lost_on, is_hopeless=False) == expected


@pytest.mark.parametrize(("is_active", "expected"), [(True, "open"), (False, "lost"), (None, "open")])
def test_what_is_archived_without_hope_is_lost(is_active: Any, expected: str) -> None:
    assert outcome(Flags(is_active=is_active), "", "Proposition", "", "", is_hopeless=True) == expected
