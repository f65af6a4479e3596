"""`find` among many leads beside the bare scan of their table for one word."""

from __future__ import annotations

import sqlite3
from functools import partial
from typing import TYPE_CHECKING, Any

from bench.measure import Contender, compare, forked, show
from ltc_cli.reports import find
from ltc_cli.store import connect, create, open_existing

if TYPE_CHECKING:
    from pathlib import Path

RECORDED_AT = "2026-11-25T00:00:00.000000Z"
ON_TERMINAL = 20

# Names, companies and notes in Latin, Cyrillic and Chinese letters; each third lead has a note.
LEADS = """
WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < :leads)
INSERT INTO lead (name, company, email, email_norm, phone, phone_norm, title, note, created_on, recorded_at)
SELECT CASE n % 4 WHEN 0 THEN 'Jürgen Müller ' WHEN 1 THEN 'Иван Петров ' WHEN 2 THEN '李娜 ' ELSE 'Ada Lovelace ' END
        || n, 'Works ' || n % 5000 || ' GmbH', 'Lead' || n || '@works.example', 'lead' || n || '@works.example',
    '+49 151 ' || n, '+49151' || n, 'Head of purchasing',
    CASE WHEN n % 3 = 0 THEN 'met at the fair, asked for a quote of ' || n END, '2026-06-15', :recorded_at
FROM number
"""

SCAN = """
SELECT COUNT(*) FROM lead WHERE name LIKE :like OR company LIKE :like OR email LIKE :like OR phone LIKE :like
    OR title LIKE :like OR note LIKE :like
"""

TEXTS = ("nowhere", "works", "ada 4711", "müller", "петров", "李娜")


def run(folder: Path, rounds: int, leads: int) -> None:
    """Nothing found, everything found, two words, and letters that SQLite cannot fold."""
    path = folder / f"leads-{leads}.db"
    create(path, RECORDED_AT)
    connection = connect(path)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(LEADS, {"leads": leads, "recorded_at": RECORDED_AT})
    connection.execute("COMMIT")
    connection.close()
    contenders = [
        Contender("the bare scan for one word", forked(partial(_scan, path))),
        *(Contender(f"ltc find {text}", forked(partial(ours, path, text))) for text in TEXTS),
    ]
    show(f"Find among {leads:,} leads, {ON_TERMINAL} shown", compare(contenders, rounds))


def ours(path: Path, text: str) -> list[dict[str, Any]]:
    """The rows that a terminal shows."""
    store = open_existing(path)
    with store.reading():
        return find.report(store, text, limit=ON_TERMINAL).rows


def _scan(path: Path) -> list[Any]:
    return sqlite3.connect(path).execute(SCAN, {"like": "%nowhere%"}).fetchall()
