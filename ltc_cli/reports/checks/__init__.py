"""The proofs of `ltc check`, one file a subject.

Each is a query whose first column names what breaks its rule, or a function that yields such words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ltc_cli.store import Store


def named(store: Store, sql: str) -> Iterator[str]:
    """What a query finds, by its first column."""
    return (str(row[0]) for row in store.connection.execute(sql))
