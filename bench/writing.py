"""Notices written by `ltc dun` beside `executemany` of the same rows and the same mails by plain EmailMessage."""

from __future__ import annotations

import gc
import shutil
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any, NamedTuple

from bench import company
from bench.measure import Contender, compare, forked, show
from ltc_cli import config
from ltc_cli.__main__ import GARBAGE_EVERY
from ltc_cli.stages import dunning, mailing, notices
from ltc_cli.store import connect, open_existing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ltc_cli.settings import Settings
    from ltc_cli.stages.dunning import Decision

CUSTOMERS_OF = 5
"""Invoices a customer."""
TABLES = ("notice", "notice_item", "receivable", "claim", "outbox", "outbox_attempt", "dunning_run")
HEADERS = ("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted")
SETTINGS = "company: {name: Bench, email: bench@bench.example, iban: DE02120300000000202051}\n"


class Written(NamedTuple):
    """What a run has written: rows by table, and of each mail the headers, the text and the HTML."""

    rows: dict[str, list[tuple[Any, ...]]]
    mails: Sequence[tuple[dict[str, str], str, str]]


def run(folder: Path, rounds: int, invoices: int) -> None:
    """Both in a transaction that is taken back; the decision is made before, and so are the floor's texts."""
    database = company.make(folder / f"writing-{invoices}.db", invoices, invoices // CUSTOMERS_OF)
    connection = connect(database)
    connection.execute("UPDATE customer SET email = 'k' || id || '@x.example'")
    connection.close()
    path = folder / "writing.yaml"
    path.write_text(SETTINGS, encoding="utf-8")
    settings = config.load(path)
    store = open_existing(database)
    with store.reading():
        decision = dunning.decide(store, settings, company.AS_OF, letters=False)
    store.close()
    copy = folder / "written.db"
    shutil.copy(database, copy)
    ours(copy, settings, decision, keep=True)
    written = _written(database, copy)
    contenders = [
        Contender("executemany, plain EmailMessage", forked(lambda: floor(database, written))),
        Contender("ltc dun, what is decided", forked(lambda: ours(database, settings, decision)), 1.0),
    ]
    show(f"Writing {len(written.mails):,} notices with their mails", compare(contenders, rounds))


def ours(database: Path, settings: Settings, decision: Decision, *, keep: bool = False) -> None:
    """Texts, mails, each of them read back, and rows."""
    gc.set_threshold(GARBAGE_EVERY)
    store = open_existing(database)
    desk = mailing.office(settings)
    with store.transaction(keep=keep):
        store.recorded_at = company.RECORDED_AT
        notices.carry_out(store, settings, desk, decision, company.AS_OF)
    store.close()


def floor(database: Path, written: Written) -> None:
    """The same rows and mails, their texts given, nothing read back."""
    gc.set_threshold(GARBAGE_EVERY)
    connection = connect(database)
    connection.execute("BEGIN IMMEDIATE")
    for table, rows in written.rows.items():
        given = rows
        if table == "outbox":
            given = [(*row[:9], _mail(*mail), *row[10:]) for row, mail in zip(rows, written.mails, strict=True)]
        if rows:
            connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", given)
    connection.execute("ROLLBACK")
    connection.close()


def _mail(headers: dict[str, str], text: str, html: str) -> bytes:
    message = EmailMessage(policy=policy.SMTP)
    for name, value in headers.items():
        message[name] = value
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    return message.as_bytes()


def _written(before: Path, after: Path) -> Written:
    """What stands in a file and did not before."""
    old, new = connect(before), connect(after)
    rows = {}
    for table in TABLES:
        (known,) = old.execute(f"SELECT COUNT(*) FROM {table}").fetchone()
        query = f"SELECT * FROM {table} ORDER BY 1 LIMIT -1 OFFSET {known}"
        rows[table] = [tuple(row) for row in new.execute(query)]
    mails = [_read(row["message"]) for row in new.execute("SELECT message FROM outbox ORDER BY id")]
    old.close()
    new.close()
    return Written(rows, mails)


def _read(data: bytes) -> tuple[dict[str, str], str, str]:
    message: Any = message_from_bytes(data, policy=policy.default)
    text, html = (part.get_content().replace("\r\n", "\n") for part in message.iter_parts())
    return {name: str(message[name]) for name in HEADERS}, text, html
