"""What every command needs: its session, and the report that shows what it did."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltc_cli.errors import UsageError
from ltc_cli.report import Column, Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    import typer

    from ltc_cli.reports.conversion import Conversion
    from ltc_cli.session import Session
    from ltc_cli.store import Store


def ask(ctx: typer.Context) -> Session:
    """The session that the command runs in."""
    session: Session = ctx.obj
    return session


def record(columns: Sequence[Column], row: dict[str, Any], *, notices: Sequence[str] = (), hint: str = "") -> Report:
    """The answer of a verb: the record it wrote."""
    return Report(columns, [row], is_record=True, notices=notices, hint=hint)


def conversion(session: Session, store: Store, as_of: date) -> Conversion | None:
    """How a report comes into the currency of `--in`, at the rates of a day; None where none is wanted."""
    from ltc_cli.reports.conversion import Conversion

    return Conversion(store, session.settings.currency, session.into, as_of) if session.into else None


def choice(text: str, among: Iterable[str], option: str) -> str:
    """The word, in any case. Raises UsageError where it is none of them."""
    for word in among:
        if word.casefold() == text.strip().casefold():
            return word
    raise UsageError(f"{option} {text[:40]} is not known", f"one of: {' '.join(among)}")


def folder_of(text: str | None) -> Path | None:
    """The folder of --to-folder."""
    return Path(text) if text else None
