"""`ltc ship`: the customer gets what was signed."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, record
from ltc_cli.errors import UsageError
from ltc_cli.references import find
from ltc_cli.report import Report
from ltc_cli.session import Session
from ltc_cli.stages import contracts, fulfilment
from ltc_cli.store import Store


def ship(
    ctx: typer.Context,
    contract: Annotated[str | None, typer.Argument(metavar="[CONTRACT]")] = None,
    line: Annotated[
        list[str] | None,
        typer.Option(metavar="N=QTY", help="This much of line N; all that is left by default."),
    ] = None,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="When; today by default.")] = None,
    carrier: Annotated[str | None, typer.Option(help="Who carries it.")] = None,
    tracking: Annotated[str | None, typer.Option(help="The carrier's number.")] = None,
    delivered: Annotated[str | None, typer.Option(metavar="SHIPMENT", help="It has arrived.")] = None,
    accepted: Annotated[str | None, typer.Option(metavar="CONTRACT", help="The customer has accepted it.")] = None,
    returned: Annotated[str | None, typer.Option(metavar="SHIPMENT", help="It came back, whole or --line.")] = None,
) -> None:
    """Ship a contract, whole or in parts; record delivery and acceptance.

    \b
    Example:
      ltc ship C1 --line 1=5 --carrier DHL --tracking 00340434
      ltc ship --delivered S1
      ltc ship --accepted C1
    """
    session = ask(ctx)
    if sum(each is not None for each in (contract, delivered, accepted, returned)) != 1:
        raise UsageError("name one thing: a contract to ship, or --delivered, --accepted or --returned", "ltc ship C1")
    if (carrier or tracking) and contract is None:
        raise UsageError("--carrier and --tracking go with a contract to ship", "ltc ship C1 --carrier DHL")
    if line and not (contract or returned):
        raise UsageError("--line goes with a contract to ship, or with --returned", "ltc ship C1 --line 1=5")
    quantities = fulfilment.parse_quantities(line or [])
    day = session.day(on)

    def decide(store: Store) -> Report:
        if contract is not None:
            found = find(store, contract, "contract")
            shipment_id, is_new = fulfilment.ship(
                store, found, day, quantities=quantities, carrier=carrier, tracking=tracking
            )
            notices = [] if is_new else [f"{found.text} is shipped already"]
            return _shipment(store, shipment_id, notices, hint=f"ltc invoice {found.text}")
        if accepted is not None:
            return _accept(session, store, accepted, on)
        shipment = find(store, delivered or returned or "", "shipment")
        if delivered is not None:
            is_new, word = fulfilment.deliver(store, shipment, day), "delivered"
        else:
            is_new, word = fulfilment.return_(store, shipment, day, quantities), "returned"
        return _shipment(store, shipment.id, [] if is_new else [f"{shipment.text} is {word} already"])

    session.write(decide)


def _shipment(store: Store, shipment_id: int, notices: list[str], hint: str = "") -> Report:
    return record(fulfilment.COLUMNS, fulfilment.records(store, [shipment_id])[0], notices=notices, hint=hint)


def _accept(session: Session, store: Store, contract: str, on: str | None) -> Report:
    found = find(store, contract, "contract")
    is_new = fulfilment.accept(store, found, session.day(on))
    notices = [] if is_new else [f"{found.text} is accepted already"]
    shown = contracts.records(store, [found.id])[0]
    return record(contracts.COLUMNS, shown, notices=notices, hint=f"ltc invoice {found.text}")
