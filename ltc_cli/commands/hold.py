"""`ltc hold`, `dispute`, `promise` and `release`: what keeps dunning back, and for how long."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import typer

from ltc_cli.commands.answers import ask, record
from ltc_cli.errors import Problems
from ltc_cli.references import Reference, find
from ltc_cli.report import Column, Report
from ltc_cli.reports import listing
from ltc_cli.rules.calendar import parse_date
from ltc_cli.rules.money import parse_money
from ltc_cli.session import Session
from ltc_cli.stages import holds
from ltc_cli.store import Store

HOLDS = Column(
    "holds", "list", columns=(Column("ref", "ref"), Column("kind"), Column("until", "date"), Column("reason"))
)


def hold(
    ctx: typer.Context,
    target: Annotated[str, typer.Argument(metavar="INVOICE|CUSTOMER")],
    until: Annotated[str, typer.Option(metavar="DATE", help="The last day of the hold.")],
    reason: Annotated[str, typer.Option(help="Why.")],
) -> None:
    """Hold an invoice or a customer back from dunning until a day.

    \b
    Example:
      ltc hold INV-2026-0001 --until +14d --reason "waits for the parts"
    """
    session = ask(ctx)

    def decide(store: Store) -> Report:
        found = find(store, target, "invoice", "customer")
        day = parse_date(until, session.today)
        said = partial(holds.add, store, "hold", found, session.today, until=day, reason=reason)
        return _answer(session, store, found, said)

    session.write(decide)


def dispute(
    ctx: typer.Context,
    invoice: Annotated[str, typer.Argument(metavar="INVOICE")],
    reason: Annotated[str, typer.Option(help="What the customer objects to.")],
) -> None:
    """Say that a customer disputes an invoice: it is not dunned until it is released.

    \b
    Example:
      ltc dispute INV-2026-0001 --reason "two were broken"
    """
    session = ask(ctx)

    def decide(store: Store) -> Report:
        found = find(store, invoice, "invoice")
        return _answer(session, store, found, partial(holds.add, store, "dispute", found, session.today, reason=reason))

    session.write(decide)


def promise(
    ctx: typer.Context,
    invoice: Annotated[str, typer.Argument(metavar="INVOICE")],
    on: Annotated[str, typer.Option(metavar="DATE", help="The day by which it will be paid.")],
    amount: Annotated[str | None, typer.Option(help="How much; all that is open by default.")] = None,
) -> None:
    """Record that a customer has promised to pay: no notice until that day is past.

    A broken promise resumes dunning with the next level.

    \b
    Example:
      ltc promise INV-2026-0001 --on +7d --amount 5
    """
    session = ask(ctx)

    def decide(store: Store) -> Report:
        found = find(store, invoice, "invoice")
        currency = store.value("SELECT currency FROM invoice WHERE id = ?", (found.id,))
        with Problems() as check:
            day = check(parse_date, on, session.today)
            money = check(parse_money, amount, currency, currency) if amount is not None else None
        amount_minor = money[0] if money else None
        said = partial(holds.add, store, "promise", found, session.today, until=day, amount_minor=amount_minor)
        return _answer(session, store, found, said)

    session.write(decide)


def release(
    ctx: typer.Context,
    target: Annotated[str, typer.Argument(metavar="INVOICE|CUSTOMER")],
) -> None:
    """End every hold, dispute and promise of an invoice or a customer.

    \b
    Example:
      ltc release INV-2026-0001
    """
    session = ask(ctx)

    def decide(store: Store) -> Report:
        found = find(store, target, "invoice", "customer")
        return _answer(session, store, found, partial(holds.release, store, found, session.today))

    session.write(decide)


def _standing(session: Session, store: Store, found: Reference) -> list[holds.Standing]:
    return holds.standing(store, session.today).get((found.kind, found.id), [])


def _answer(session: Session, store: Store, found: Reference, say: Callable[[], bool]) -> Report:
    """The record, and what keeps it back from now on: itself, and an invoice with its customer; and what no longer."""
    before = _standing(session, store, found)
    is_new = say()
    kind = listing.plural(found.kind)
    row: dict[str, Any] = listing.records(store, kind, [found.id], session.today)[0]
    targets = [found, find(store, row["customer"])] if found.kind == "invoice" else [found]
    said = [(each.text, word) for each in targets for word in _standing(session, store, each)]
    row["holds"] = [
        {"ref": ref, "kind": word.kind, "until": word.until_on, "reason": word.reason} for ref, word in said
    ]
    notices = [f"{ref} is {'' if is_new else 'already '}{word.words}" for ref, word in said]
    notices = notices or [f"nothing keeps {found.text} back"]
    notices += [f"{found.text} was {word.words}" for word in before if (found.text, word) not in said]
    return record([*listing.COLUMNS[kind], HOLDS], row, notices=notices, hint=f"ltc show {found.text}")
