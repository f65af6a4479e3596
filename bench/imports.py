"""Leads from a large file, beside the sqlite3 shell that does the same in SQL, and `sqlite-utils insert`."""

from __future__ import annotations

import csv
import os
import random
import shutil
import sys
from functools import partial
from typing import TYPE_CHECKING

from bench.measure import Contender, compare, peak_memory, process, show
from ltc_cli.store import create

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bench.measure import Meter

FIRST = "Ada Grace Linus Wei Maria Jürgen Zoë Ahmed Chen Olga Priya Tom Ana Luis Yuki".split()  # noqa: SIM905
LAST = "Lovelace Hopper Zhang García Müller Novák Khan Li Petrova Patel Smith Silva Moreno Sato".split()  # noqa: SIM905
SOURCES = ("web", "referral", "event", "cold_call", "ads", "partner")
COUNTRIES = ("DE", "US", "FR", "CN", "GB", "IN", "BR", "ES")
DOUBLES, BAD = 0.03, 0.003

# The same columns, tables and indexes; a random value for the fingerprint, since the shell has no fast hash.
FLOOR = """
PRAGMA journal_mode = truncate;
PRAGMA synchronous = 3;
PRAGMA cache_size = -65536;
CREATE TEMP TABLE staging (name, email, phone, company, country, source, created);
.mode csv
.import --skip 1 {file} staging
BEGIN IMMEDIATE;
INSERT INTO batch (id, kind, source, recorded_at) VALUES (1, 'lead', 'leads.csv', '2026-01-01');
INSERT INTO lead (id, name, company, email, email_norm, phone, phone_norm, country, source, created_on, recorded_at,
    batch_id, fingerprint)
SELECT number, trim(name), trim(company), trim(email), lower(trim(email)), trim(phone),
    replace(replace(replace(trim(phone), ' ', ''), '-', ''), '/', ''), upper(trim(country)), trim(source),
    created, '2026-01-01', 1, randomblob(16)
FROM (
    SELECT *, rowid AS number, row_number() OVER (PARTITION BY lower(trim(email)) ORDER BY rowid) AS times FROM staging)
WHERE times = 1 AND email LIKE '%_@_%.__%' AND length(trim(name)) > 0
AND created GLOB '[12][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]' AND created <= '2026-11-25'
ORDER BY number;
COMMIT;
"""


MEMORY_LIMIT_MB = 250


def run(folder: Path, rounds: int, rows: int) -> None:
    """Each into an empty file; then the same file once more, which must change nothing."""
    file, empty, full = folder / "leads.csv", folder / "empty.db", folder / "full.db"
    write(file, rows)
    create(empty, "2026-01-01T00:00:00.000000Z")
    ltc = [sys.executable, "-m", "ltc_cli", "import", "leads", str(file), "--quiet", "--json", "--db"]
    memory_mb = peak_memory([*ltc, str(full)], _environ()) / 1e6
    contenders = [
        Contender("sqlite3 .import, then SQL", _shell(empty, folder / "floor.db", file)),
        Contender(
            "ltc import leads", _ours(partial(_copy, empty, folder / "ours.db"), [*ltc, str(folder / "ours.db")]), 2
        ),
        Contender("ltc import leads, the same file again", _ours(lambda: None, [*ltc, str(full)])),
        Contender("sqlite-utils insert --csv (no checks, no indexes)", _peer(folder / "peer.db", file)),
    ]
    show(f"Import of {rows:,} leads", compare(contenders, rounds))
    print(f"  memory of ltc import leads: {memory_mb:.0f} MB (at most {MEMORY_LIMIT_MB})")


def _environ() -> dict[str, str]:
    return {**os.environ, "LTC_TODAY": "2026-11-25", "LTC_ACTOR": "bench"}


def _ours(prepare: Callable[[], None], command: list[str]) -> Meter:
    return process(command, _environ(), prepare, codes=(0, 8))


def _copy(empty: Path, database: Path) -> None:
    shutil.copyfile(empty, database)
    database.chmod(0o600)


def _shell(empty: Path, database: Path, file: Path) -> Meter:
    script = database.with_suffix(".sql")
    script.write_text(FLOOR.format(file=file), encoding="utf-8")
    shell = shutil.which("sqlite3")
    if shell is None:
        raise SystemExit("this comparison needs the sqlite3 shell")
    return process([shell, str(database), f".read {script}"], _environ(), partial(_copy, empty, database))


def _peer(database: Path, file: Path) -> Meter:
    command = [sys.executable, "-m", "sqlite_utils", "insert", str(database), "leads", str(file), "--csv", "--silent"]
    return process(command, _environ(), lambda: database.unlink(missing_ok=True))


def write(file: Path, rows: int) -> None:
    """Seven columns, some rows twice by their e-mail, some bad; the same on every run."""
    chance = random.Random(7)
    known: list[str] = []
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["Name", "Email", "Phone", "Company", "Country", "Source", "Created"])
        for number in range(rows):
            first, last, firm = chance.choice(FIRST), chance.choice(LAST), chance.randrange(rows // 5 + 1)
            writer.writerow(
                [
                    f"{first} {last}",
                    _email(chance, number, firm, known),
                    f"+49{chance.randrange(10**9, 10**10)}",
                    f"Firm {firm} GmbH",
                    chance.choice(COUNTRIES),
                    chance.choice(SOURCES),
                    f"2025-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}",
                ]
            )


def _email(chance: random.Random, number: int, firm: int, known: list[str]) -> str:
    luck = chance.random()
    if luck < BAD:
        return "not an address"
    if luck < BAD + DOUBLES and known:
        double = chance.choice(known)
        return double.upper() if luck < DOUBLES / 2 else f" {double} "
    email = f"person{number}@firm{firm}.example"
    if len(known) < 5_000:
        known.append(email)
    return email
