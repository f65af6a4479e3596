"""`ltc lead …`: where it all begins."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, record
from ltc_cli.references import find
from ltc_cli.report import Report
from ltc_cli.stages import leads
from ltc_cli.store import Store


def add(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The person, or the company.")],
    company: Annotated[str | None, typer.Option(help="The company the person works for.")] = None,
    email: Annotated[str | None, typer.Option(help="E-mail address; duplicates are found by it.")] = None,
    phone: Annotated[str | None, typer.Option(help="Phone number, as you would dial it.")] = None,
    title: Annotated[str | None, typer.Option(help="What the person does there.")] = None,
    country: Annotated[str | None, typer.Option(help="Country, by code or name.")] = None,
    source: Annotated[str | None, typer.Option(help="The channel the lead came through.")] = None,
    campaign: Annotated[str | None, typer.Option(help="The campaign that brought it.")] = None,
    owner: Annotated[str | None, typer.Option(help="Who looks after it.")] = None,
    note: Annotated[str | None, typer.Option(help="Anything worth knowing.")] = None,
    external_id: Annotated[str | None, typer.Option(help="The lead's number in another system.")] = None,
    allow_duplicate: Annotated[bool, typer.Option("--allow-duplicate", help="Add it even if it is known.")] = False,
) -> None:
    """Add a lead.

    \b
    Example:
      ltc lead add "Ada Lovelace" --company "Analytical Engines" --email ada@engines.example --source web
    """
    session = ask(ctx)
    entry = leads.NewLead(name, company, email, phone, title, country, source, campaign, owner, note, external_id)

    def decide(store: Store) -> Report:
        added = leads.add(store, [entry], session.today, allow_duplicate=allow_duplicate)
        lead = leads.records(store, added.ids)[0]
        return record(leads.COLUMNS, lead, notices=added.notices, hint=f"ltc nurture {lead['ref']} --log call")

    session.write(decide, creates=True)


def qualify(
    ctx: typer.Context,
    lead: Annotated[str, typer.Argument(metavar="LEAD")],
    note: Annotated[str | None, typer.Option(help="Why.")] = None,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="When; today by default.")] = None,
) -> None:
    """Qualify a lead.

    \b
    Example:
      ltc lead qualify L1 --note "has budget for spring"
    """
    session = ask(ctx)

    def decide(store: Store) -> Report:
        found = find(store, lead, "lead")
        is_new = leads.qualify(store, found, session.day(on), note)
        notices = [] if is_new else [f"{found.text} is qualified already"]
        return record(
            leads.COLUMNS,
            leads.records(store, [found.id])[0],
            notices=notices,
            hint=f"ltc promote {found.text}",
        )

    session.write(decide)


def drop(
    ctx: typer.Context,
    lead: Annotated[str, typer.Argument(metavar="LEAD")],
    reason: Annotated[str, typer.Option(help="budget, need, authority, timing, or words of your own.")],
    note: Annotated[str | None, typer.Option(help="More about it.")] = None,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="When; today by default.")] = None,
) -> None:
    """Drop a lead, with the reason.

    \b
    Example:
      ltc lead drop L1 --reason budget
    """
    session = ask(ctx)

    def decide(store: Store) -> Report:
        found = find(store, lead, "lead")
        is_new = leads.drop(store, found, session.day(on), reason, note)
        notices = [] if is_new else [f"{found.text} is dropped already"]
        return record(leads.COLUMNS, leads.records(store, [found.id])[0], notices=notices)

    session.write(decide)


def merge(
    ctx: typer.Context,
    lead: Annotated[str, typer.Argument(metavar="LEAD", help="The lead that stays.")],
    others: Annotated[
        list[str] | None, typer.Argument(metavar="DUPLICATE…", help="None: all that look the same.")
    ] = None,
) -> None:
    """Merge duplicates of a lead into it.

    Without duplicates named, all leads with the same e-mail or phone are merged.

    \b
    Example:
      ltc lead merge L1 L7
    """
    session = ask(ctx)

    def decide(store: Store) -> Report:
        kept = find(store, lead, "lead")
        names = others or leads.duplicates(store, kept.id)
        is_new = leads.merge(store, kept, [find(store, other, "lead") for other in names])
        notices = [f"merged into {kept.text}: {', '.join(names)}" if is_new else "there is nothing to merge"]
        return record(leads.COLUMNS, leads.records(store, [kept.id])[0], notices=notices)

    session.write(decide)
