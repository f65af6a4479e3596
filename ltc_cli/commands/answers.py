"""What every command needs: its session, and the report that shows what it did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ltc_cli.errors import UsageError
from ltc_cli.report import Column, Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import typer

    from ltc_cli.session import Session


def ask(ctx: typer.Context) -> Session:
    """The session that the command runs in."""
    session: Session = ctx.obj
    return session


def record(columns: Sequence[Column], row: dict[str, Any], *, notices: Sequence[str] = (), hint: str = "") -> Report:
    """The answer of a verb: the record it wrote."""
    return Report(columns, [row], is_record=True, notices=notices, hint=hint)


def choice(text: str, among: Iterable[str], option: str) -> str:
    """The word, in any case. Raises UsageError where it is none of them."""
    for word in among:
        if word.casefold() == text.strip().casefold():
            return word
    raise UsageError(f"{option} {text[:40]} is not known", f"one of: {' '.join(among)}")
