"""Plans of dunning: a decision as a person reads it before it is sent, and what has changed since."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ltc_cli.rules.dunning import by_due_date
from ltc_cli.rules.money import format_amount
from ltc_cli.stages import dunning_letters

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date
    from sqlite3 import Row

    from ltc_cli.rules.dunning import Claim, Item, Notice
    from ltc_cli.settings import Settings
    from ltc_cli.stages.dunning import Decision
    from ltc_cli.store import Store

WRITTEN_TO = ("name", "contact", "address", "email")
"""Of a customer: what its letter says, or depends on."""

WRITTEN_BY = ("name", "address", "tax_id", "iban")
"""Of the company: what its letters say."""

WHY = {
    "fee": "once for a notice of this level",
    "interest": "on what was open day by day, less what was claimed before",
    "compensation": "once an invoice, EU 2011/7 article 6",
}

Plan = dict[str, Any]
"""A plan as plain data, as a file holds it."""


def plan(store: Store, settings: Settings, decision: Decision, today: date) -> Plan:
    """A decision, one entry a notice, by customer and currency: all that it says and rests on, each fact once."""
    ids = {notice.customer_id for notice in decision.notices}
    columns = ", ".join(("id", "language", *WRITTEN_TO))
    customers = {row["id"]: row for row in store.among(f"SELECT {columns} FROM customer WHERE {{these:id}}", ids)}
    invoice_ids = {item.invoice_id for notice in decision.notices for item in notice.listed}
    rows = store.among("SELECT id, number FROM invoice WHERE {these:id}", invoice_ids)
    numbers = {row["id"]: row["number"] for row in rows}
    languages = {row["id"]: row["language"] or settings.language for row in customers.values()}
    written = {(languages[each.customer_id], each.mail) for each in decision.notices if each.channel != "task"}
    return {
        "today": today.isoformat(),
        "company": {
            **{field: getattr(settings.company, field) for field in WRITTEN_BY},
            "sender": settings.mail.from_address or settings.company.email,
        },
        "templates": {
            f"{language}/{name}": dunning_letters.sha256(settings, name, language) for language, name in sorted(written)
        },
        "notices": [
            _entry(each, customers[each.customer_id], languages[each.customer_id], numbers) for each in decision.notices
        ],
    }


def _entry(notice: Notice, customer: Row, language: str, numbers: dict[int, str]) -> dict[str, Any]:
    total_minor = notice.amount_minor + notice.fee_minor + notice.interest_minor
    advanced = {item.id for item in notice.advanced}
    others = [item for item in sorted(notice.listed, key=by_due_date) if item.id not in advanced]
    return {
        "customer": f"K{notice.customer_id}",
        **{field: customer[field] for field in WRITTEN_TO},
        "language": language,
        "channel": notice.channel,
        "level": notice.level,
        "template": notice.mail,
        "currency": notice.currency,
        "total": format_amount(total_minor, notice.currency),
        "credit": format_amount(notice.credit_minor, notice.currency),
        "advanced": [
            {**_item(item, notice.currency, numbers), "level": item.level}
            for item in sorted(notice.advanced, key=by_due_date)
        ],
        "also_listed": [_item(item, notice.currency, numbers) for item in others],
        "claims": [_claim(claim, notice.currency, numbers) for claim in notice.claims],
        "stops_shipping": notice.stops_shipping,
        "task": notice.task,
        "no_mail": notice.unmailable,
    }


def _item(item: Item, currency: str, numbers: dict[int, str]) -> dict[str, Any]:
    return {
        "invoice": numbers[item.invoice_id],
        "kind": item.kind,
        "due_on": item.due_on,
        "open": format_amount(item.balance_minor, currency),
    }


def _claim(claim: Claim, currency: str, numbers: dict[int, str]) -> dict[str, Any]:
    return {
        "invoice": numbers[claim.invoice_id],
        "kind": claim.basis,
        "amount": format_amount(claim.amount_minor, currency),
        "formula": claim.formula if claim.basis == "interest" else None,
        "why": WHY[claim.basis],
    }


def text(found: Plan) -> str:
    """The plan as JSON, each field of a notice and each item on a line: Python's own indenting is ten times slower."""
    entries = ",\n".join("    {\n" + ",\n".join(_lines(entry)) + "\n    }" for entry in found["notices"])
    notices = f"[\n{entries}\n  ]" if entries else "[]"
    others = {key: value for key, value in found.items() if key != "notices"}
    head = json.dumps(others, ensure_ascii=False, indent=2).removesuffix("\n}")
    return f'{head},\n  "notices": {notices}\n}}\n'


def _lines(entry: dict[str, Any]) -> Iterator[str]:
    for key, value in entry.items():
        if isinstance(value, list) and value:
            yield f'      "{key}": [\n' + ",\n".join(f"        {_json(each)}" for each in value) + "\n      ]"
        else:
            yield f'      "{key}": {_json(value)}'


_json = json.JSONEncoder(ensure_ascii=False).encode


# What has changed since


def changes(planned: Plan, now: Plan, decision: Decision) -> list[str]:
    """Why a plan is not what would be sent now, customer by customer; what another hand has written into it, too."""
    then_on = planned.get("today")
    if isinstance(then_on, str) and then_on != now["today"]:
        return [f"it was made for {then_on:.10}"]
    if now.keys() - planned.keys():
        return ["it was made by another version of ltc, or edited"]
    found = list(_word_differences(planned, now))
    then, since = _by_notice(planned), _by_notice(now)
    left_out = {(f"K{each.customer_id}", each.currency): each.why for each in decision.left_out}
    for key in sorted(then.keys() | since.keys(), key=_in_order):
        if key not in since:
            found.append(f"{_named(key)}: {left_out.get(key, 'no notice is due')}")
        elif key not in then:
            found.append(f"{_named(key)}: a notice is due that is not in it")
        elif then[key] != since[key]:
            found.append(f"{_named(key)}: {'; '.join(_differences(then[key], since[key])) or 'it was edited'}")
    return found


Key = tuple[str, str]
"""The customer's reference and the currency of a notice."""


def _named(key: Key) -> str:
    return f"{key[0]:.20}"


def _in_order(key: Key) -> tuple[int, Key]:
    number = key[0].removeprefix("K")
    return (int(number) if number.isascii() and number.isdecimal() and len(number) < 19 else 0), key


def _by_notice(found: Plan) -> dict[Key, dict[str, Any]]:
    """The entries of a plan; what another hand has made of them that names no customer is passed over."""
    entries = found.get("notices")
    return {
        (entry["customer"], entry["currency"]): entry
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, dict) and isinstance(entry.get("customer"), str) and isinstance(entry.get("currency"), str)
    }


def _word_differences(planned: Plan, now: Plan) -> Iterator[str]:
    """What all notices say. A template that only one plan has comes with a notice that differs, which is told there."""
    company, templates = (planned[key] if isinstance(planned[key], dict) else {} for key in ("company", "templates"))
    for difference in _field_differences(company, now["company"]):
        yield f"company.{difference}"
    for name, sha256 in now["templates"].items():
        if templates.get(name, sha256) != sha256:
            yield f"the template {name} has changed"


def _differences(then: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    """First what is owed, which explains the sums; where that is the same, whatever else differs."""
    owed = list(_owed_differences(then, now))
    yield from owed
    told = ("advanced", "also_listed", "total", "claims", "credit") if owed else ()
    yield from _field_differences(then, now, told)


def _field_differences(then: dict[str, Any], now: dict[str, Any], told: Sequence[str] = ()) -> Iterator[str]:
    for key in dict.fromkeys((*now, *then)):
        was, became = then.get(key), now.get(key)
        if was == became or key in told:
            continue
        if isinstance(was, list | dict) or isinstance(became, list | dict):
            yield f"{key:.20} differs"
        else:
            yield f"{key:.20} was {_json(was):.60}, is {_json(became):.60}"


def _owed_differences(then: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    was, became = _open(then), _open(now)
    for key in dict.fromkeys((*became, *was)):
        number = f"{key[0]:.40}"
        if key not in became:
            yield f"{number} is not listed any more"
        elif key not in was:
            yield f"{number} is listed now"
        elif was[key] != became[key]:
            yield f"{', '.join(was[key]):.40} of {number} was open, now {', '.join(became[key])}"


def _open(entry: dict[str, Any]) -> dict[tuple[str, str, str], list[str]]:
    """What is open, by invoice, kind and due date: instalments may have one date."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for part in ("advanced", "also_listed"):
        items = entry.get(part)
        for item in items if isinstance(items, list) else ():
            if isinstance(item, dict):
                key = (str(item.get("invoice")), str(item.get("kind")), str(item.get("due_on")))
                found.setdefault(key, []).append(str(item.get("open")))
    return found
