"""Notices as they are shown: written, planned, and who is left out."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from ltc_cli.report import Column, first_few
from ltc_cli.rules.dunning import by_due_date
from ltc_cli.rules.money import format_amount
from ltc_cli.stages import tasks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from sqlite3 import Row

    from ltc_cli.stages.dunning import Decision, LeftOut
    from ltc_cli.store import Store

COLUMNS = (
    Column("ref", "ref"),
    Column("customer", "ref"),
    Column("customer_name", spare=2),
    Column("level"),
    Column("channel", spare=3),
    Column("currency"),
    Column("amount", "money", spare=4),
    Column("fee", "money", spare=5),
    Column("interest", "money", spare=6),
    Column("total", "money"),
    Column("invoices", "list", on_table=False),
    Column("advanced", "list", on_table=False, columns=(Column("invoice", "ref"), Column("level"))),
    Column(
        "claims",
        "list",
        on_table=False,
        columns=(Column("invoice", "ref"), Column("kind"), Column("amount", "money"), Column("formula", "prose")),
    ),
    Column("status", "status"),
    Column("decided_on", "date", on_table=False),
    Column("task", "ref", on_table=False),
    Column("why", "prose"),
)

LIST_COLUMNS = tuple(
    column._replace(on_table=True, spare=1) if column.key == "decided_on" else column for column in COLUMNS
)
"""Of notices of many days."""

RECORDS = """
SELECT notice.*, customer.id AS kept_id, customer.name AS customer_name, (SELECT outbox.state FROM outbox
    WHERE outbox.kind = 'notice' AND outbox.record_id = notice.id ORDER BY outbox.id DESC LIMIT 1) AS state,
    (SELECT 'T' || MIN(task.id) FROM task WHERE task.notice_id = notice.id) AS task
FROM notice JOIN customer_now AS customer ON customer.own_id = notice.customer_id
WHERE {these:notice.id} ORDER BY notice.id
"""

# What a notice lists, the oldest due first; of those of older versions only what went up a level is known.
LISTED = """
SELECT said.notice_id, number FROM (
    SELECT notice_id, receivable_id FROM notice_listed UNION SELECT notice_id, receivable_id FROM notice_item) AS said
JOIN receivable ON receivable.id = said.receivable_id JOIN invoice ON invoice.id = invoice_id
WHERE {these:said.notice_id} ORDER BY said.notice_id, due_on, invoice.id
"""

ADVANCED = """
SELECT notice_item.notice_id, number, level FROM notice_item
JOIN receivable ON receivable.id = receivable_id JOIN invoice ON invoice.id = invoice_id
WHERE {these:notice_item.notice_id} ORDER BY notice_item.notice_id, due_on, invoice.id
"""

# What it claims itself, also where that was taken back since.
CLAIMS = """
SELECT notice_id, number, basis, receivable.amount_minor, formula FROM receivable
JOIN claim ON claim.receivable_id = receivable.id JOIN invoice ON invoice.id = invoice_id
WHERE {these:notice_id} ORDER BY receivable.id
"""


def records(store: Store, ids: Sequence[int] | None = None) -> list[dict[str, Any]]:
    """Notices as they are shown, oldest first; all of them without ids."""
    rows = store.among(RECORDS, ids)
    numbers: dict[int, list[str]] = {row["id"]: [] for row in rows}
    for row in store.among(LISTED, ids):
        numbers[row["notice_id"]].append(row["number"])
    advanced: dict[int, list[tuple[str, str]]] = {row["id"]: [] for row in rows}
    for row in store.among(ADVANCED, ids):
        advanced[row["notice_id"]].append((row["number"], row["level"]))
    claims: dict[int, list[tuple[str, str, int, str]]] = {row["id"]: [] for row in rows}
    for row in store.among(CLAIMS, ids):
        claims[row["notice_id"]].append((row["number"], row["basis"], row["amount_minor"], row["formula"]))
    calls = [int(row["task"][1:]) for row in rows if row["channel"] == "task" and row["task"]]
    called = {task["ref"]: task["status"] for task in tasks.records(store, calls, date.max)} if calls else {}
    return [
        _record(
            ref=f"N{row['id']}",
            customer=(row["kept_id"], row["customer_name"]),
            level=row["level"],
            channel=row["channel"],
            money=(row["currency"], row["amount_minor"], row["fee_minor"], row["interest_minor"]),
            invoices=numbers[row["id"]],
            advanced=advanced[row["id"]],
            claims=claims[row["id"]],
            status=row["state"] or called.get(row["task"], "sent"),
            decided_on=row["decided_on"],
            task=row["task"] or _call_instead(store, row),
        )
        for row in rows
    ]


def items(store: Store, notice_id: int) -> list[tuple[int, str]]:
    """What went up the ladder with a notice, and to which level."""
    rows = store.all("SELECT receivable_id, level FROM notice_item WHERE notice_id = ?", (notice_id,))
    return [(row["receivable_id"], row["level"]) for row in rows]


def _call_instead(store: Store, notice: Row) -> str | None:
    """The call that there is while its mail has failed."""
    task_id = tasks.called_about(store, items(store, notice["id"])) if notice["state"] == "failed" else None
    return f"T{task_id}" if task_id else None


def _record(
    *,
    ref: str | None,
    customer: tuple[int, str],
    level: str | None,
    channel: str | None,
    money: tuple[str, int, int, int],
    invoices: Iterable[str] = (),
    advanced: Iterable[tuple[str, str | None]] = (),
    claims: Iterable[tuple[str, str, int, str]] = (),
    status: str,
    decided_on: str,
    task: str | None = None,
    why: str | None = None,
) -> dict[str, Any]:
    currency, *parts = money
    amounts = [format_amount(part, currency) for part in (*parts, sum(parts))]
    return {
        "ref": ref,
        "customer": f"K{customer[0]}",
        "customer_name": customer[1],
        "level": level,
        "channel": channel,
        "currency": currency,
        **dict(zip(("amount", "fee", "interest", "total"), amounts, strict=True)),
        "invoices": list(dict.fromkeys(invoices)),
        "advanced": [{"invoice": number, "level": name} for number, name in dict.fromkeys(advanced)],
        "claims": [
            {"invoice": number, "kind": basis, "amount": format_amount(amount_minor, currency), "formula": formula}
            for number, basis, amount_minor, formula in claims
        ],
        "status": status,
        "decided_on": decided_on,
        "task": task,
        "why": why,
    }


def planned(store: Store, decision: Decision, today: date, status: str) -> list[dict[str, Any]]:
    """A decision as it is shown before it is carried out."""
    names = _names(store, [notice.customer_id for notice in decision.notices])
    numbers = _numbers(store, [item.invoice_id for notice in decision.notices for item in notice.listed])
    rows = []
    for notice in decision.notices:
        words = [f"{numbers[item.invoice_id]} due {item.due_on}: {item.level}" for item in notice.advanced]
        why = "; ".join([*([f"to be called, {notice.unmailable}"] if notice.unmailable else []), *words])
        rows.append(
            _record(
                ref=None,
                customer=(notice.customer_id, names[notice.customer_id]),
                level=notice.level,
                channel=notice.channel,
                money=(notice.currency, notice.amount_minor, notice.fee_minor, notice.interest_minor),
                invoices=[numbers[item.invoice_id] for item in sorted(notice.listed, key=by_due_date)],
                advanced=[(numbers[item.invoice_id], item.level) for item in sorted(notice.advanced, key=by_due_date)],
                claims=[
                    (numbers[each.invoice_id], each.basis, each.amount_minor, each.formula) for each in notice.claims
                ],
                status=status,
                decided_on=today.isoformat(),
                why=why,
            )
        )
    return rows


def unwritten(store: Store, decision: Decision, today: date) -> list[dict[str, Any]]:
    """Notices that are due and cannot be written, with why."""
    notices = tuple(notice for notice, _why in decision.unwritten)
    rows = planned(store, decision._replace(notices=notices), today, "refused")
    return [{**row, "why": why} for row, (_notice, why) in zip(rows, decision.unwritten, strict=True)]


def left_out(store: Store, decision: Decision, today: date) -> list[dict[str, Any]]:
    """Customers who owe something late and are not written to, with why."""
    names = _names(store, [each.customer_id for each in decision.left_out])
    numbers = _numbers(store, {each for left in decision.left_out for each in left.invoice_ids})
    return [
        _record(
            ref=None,
            customer=(each.customer_id, names[each.customer_id]),
            level=None,
            channel=None,
            money=(each.currency, each.owed_minor["invoice"], each.owed_minor["fee"], each.owed_minor["interest"]),
            invoices=[numbers[invoice_id] for invoice_id in each.invoice_ids],
            status="left_out",
            decided_on=today.isoformat(),
            why=_in_words(each, numbers),
        )
        for each in decision.left_out
    ]


def _in_words(left: LeftOut, numbers: dict[int, str]) -> str:
    """Why nobody is written to; of several reasons each with its invoices, the oldest due first."""
    of_reason: dict[str, dict[str, None]] = {}
    for reason in sorted(left.reasons):
        of_reason.setdefault(reason.why, {})[numbers[reason.invoice_id]] = None
    if len(of_reason) < 2:
        return left.why
    return "; ".join(f"{first_few(list(named), ', ')}: {why}" for why, named in of_reason.items())


def _names(store: Store, ids: Iterable[int]) -> dict[int, str]:
    return {row["id"]: row["name"] for row in store.among("SELECT id, name FROM customer WHERE {these:id}", ids)}


def _numbers(store: Store, ids: Iterable[int]) -> dict[int, str]:
    return {row["id"]: row["number"] for row in store.among("SELECT id, number FROM invoice WHERE {these:id}", ids)}
