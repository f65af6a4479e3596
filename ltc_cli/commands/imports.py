"""`ltc import …`: records of every kind from any other program, and the way back."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, choice
from ltc_cli.importing import Importer, Wish, run
from ltc_cli.report import Column, Report
from ltc_cli.session import read_file
from ltc_cli.settings import Settings
from ltc_cli.stages import (
    contract_imports,
    customer_imports,
    invoice_imports,
    item_imports,
    lead_imports,
    opportunity_imports,
    payment_imports,
    shipment_imports,
    touch_imports,
)
from ltc_cli.stages import rates as stages_rates
from ltc_cli.stages import undo as undoing
from ltc_cli.stages.batches import ON_DUPLICATE, Batch
from ltc_cli.stages.readdressing import readdress
from ltc_cli.store import Store

File = Annotated[str, typer.Argument(metavar="FILE|-", help="CSV, JSON lines or vCards; - for standard input.")]
Map = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="COLUMN=FIELD", help="What a column holds, where it is not found; FIELD - for none."),
]
Mapping = Annotated[
    Path | None, typer.Option(metavar="FILE", dir_okay=False, help="Lines of COLUMN=FIELD, # before a comment.")
]
OnDuplicate = Annotated[
    str, typer.Option(metavar="error|skip|update", help="What becomes of a changed row under a known id or e-mail.")
]
RejectsFile = Annotated[str | None, typer.Option("--rejects", metavar="FILE", help="Keeps the rows not taken.")]
Encoding = Annotated[str | None, typer.Option(metavar="NAME", help="The file's encoding, where it is not found.")]
Delimiter = Annotated[str | None, typer.Option(metavar="CHARACTER", help="The delimiter, where it is not found.")]


def _uses(typed: list[str] | None, file: Path | None) -> list[str]:
    """What is typed wins over what stands in the file."""
    lines = read_file(file).decode("utf-8-sig", "replace").splitlines() if file else []
    return [*(line for line in map(str.strip, lines) if line and not line.startswith("#")), *(typed or [])]


def _command(kind: str, importer: Callable[[Batch, Settings, date], Importer], words: str) -> Callable[..., None]:
    """The command that imports a kind: all take the same options, each has its own words."""

    def command(
        ctx: typer.Context,
        file: File,
        map_: Map = None,
        mapping: Mapping = None,
        on_duplicate: OnDuplicate = "error",
        rejects: RejectsFile = None,
        encoding: Encoding = None,
        delimiter: Delimiter = None,
    ) -> None:
        chosen = choice(on_duplicate, ON_DUPLICATE, "--on-duplicate")
        run(ask(ctx), kind, Wish(file, _uses(map_, mapping), chosen, rejects, encoding, delimiter), importer)

    command.__doc__ = words
    return command


leads = _command(
    "leads",
    lead_imports.Importer,
    """Import leads from a file of any CRM.

    Encoding, delimiter, header row, columns, dates and numbers are found; --dry-run shows what was found and keeps
    nothing. The same file again changes nothing. Rows that cannot be taken are rejected with line and reason, the
    others stay, and the exit code is 8. Columns that ltc does not know are kept with the lead.

    \b
    Example:
      ltc import leads hubspot.csv --dry-run
      ltc import leads hubspot.csv --rejects bad.csv
      ltc import leads list.csv --map "Known since=created_on:dmy" --on-duplicate update
    """,
)

opportunities = _command(
    "opportunities",
    opportunity_imports.Importer,
    """Import opportunities from a file of any CRM.

    Each is joined to the lead whose external id or e-mail it names, its customer is found or made, and it is open,
    won or lost as the file says. Import the leads first. Everything else is as in `ltc import leads`.

    \b
    Example:
      ltc import opportunities deals.csv --dry-run
      ltc import opportunities deals.csv --on-duplicate update
    """,
)

customers = _command(
    "customers",
    customer_imports.Importer,
    """Import customers from a file of any program.

    A customer that is known under the same tax id, name or e-mail domain is rejected, skipped or updated, as
    --on-duplicate says. Everything else is as in `ltc import leads`.

    \b
    Example:
      ltc import customers companies.csv --on-duplicate skip
    """,
)

touches = _command(
    "touches",
    touch_imports.Importer,
    """Import touches: the calls, mails and meetings that another program has logged.

    Each is joined to the lead whose external id or e-mail it names; rows of unknown leads are rejected. Everything
    else is as in `ltc import leads`.

    \b
    Example:
      ltc import touches activities.csv --rejects bad.csv
    """,
)

contracts = _command(
    "contracts",
    contract_imports.Importer,
    """Import signed contracts, on the opportunity that they name or on one of their own.

    The amount is net and one line, the payment plan that of the terms. Contracts are facts: a changed row is always
    rejected, and `import undo` lists them. Everything else is as in `ltc import leads`.

    \b
    Example:
      ltc import contracts signed.csv --dry-run
    """,
)

shipments = _command(
    "shipments",
    shipment_imports.Importer,
    """Import shipments of the contracts that they name, each of all that was left.

    Shipments are facts: a changed row is always rejected, and `import undo` lists them. Everything else is as in
    `ltc import leads`.

    \b
    Example:
      ltc import shipments sent.csv --dry-run
    """,
)

invoices = _command(
    "invoices",
    invoice_imports.Importer,
    """Import invoices that another program has issued.

    They keep their numbers, beside ours. Amounts paid and days of settlement become payments. Invoices are facts:
    a changed row is always rejected, and `import undo` lists them. Everything else is as in `ltc import leads`.

    \b
    Example:
      ltc import invoices open.csv --dry-run
    """,
)

payments = _command(
    "payments",
    payment_imports.Importer,
    """Import payments, for the invoice or the customer that they name.

    Each is booked as `ltc collect` books it: the oldest due first, the rest as unapplied credit. Payments are facts:
    a changed row is always rejected, and `import undo` lists them. Everything else is as in `ltc import leads`.

    \b
    Example:
      ltc import payments received.csv --rejects bad.csv
    """,
)

items = _command(
    "items",
    item_imports.Importer,
    """Import items: what is sold, with code, name, price, currency, unit and tax code.

    A line that names the code of an item takes its name, and its price and tax where they are left out:
    ltc quote O1 --line "WIDGET:3". A row without a code is known by its name, a price without a currency is in the
    base currency, a tax code is one of the config. Fields for --map: external_id code name price currency tax_code
    unit. What was quoted or issued stays as it is. Everything else is as in `ltc import leads`.

    \b
    Example:
      ltc import items products.csv --dry-run
      ltc import items products.csv --on-duplicate update
    """,
)

rates = _command(
    "rates",
    stages_rates.Importer,
    """Import exchange rates, as the ECB publishes them.

    A column a currency, quoted against the euro (eurofxref-hist.csv), or the columns date, currency and rate, in
    units of the base currency. Everything else is as in `ltc import leads`.

    \b
    Example:
      ltc import rates eurofxref-hist.csv
    """,
)

REST_COLUMNS = (Column("ref", "ref"), Column("why"))
UNDO_COLUMNS = (
    Column("batch", "count"),
    Column("kind"),
    Column("source"),
    Column("taken_back", "count"),
    Column("restored", "count"),
    Column("kept", "count"),
    Column("rest", "list", columns=REST_COLUMNS),
)


def undo(
    ctx: typer.Context,
    batch: Annotated[int, typer.Argument(metavar="BATCH", min=1, help="As the import answered it.")],
) -> None:
    """Take an import back.

    Records that the import made go, records that it changed are set back. What something was built upon since, a
    touch, a quote, an edit, stays and is listed; the exit code is then 8.

    \b
    Example:
      ltc import undo 3
    """
    session = ask(ctx)

    def decide(store: Store) -> Report:
        undone = undoing.undo(store, batch)
        row = {
            "batch": batch,
            "kind": undone.batch["kind"],
            "source": undone.batch["source"],
            "taken_back": undone.taken_back,
            "restored": undone.restored,
            "kept": len(undone.rest),
            "rest": [{"ref": ref, "why": why} for ref, why in undone.rest],
        }
        notices = readdress(store, session.today)
        if undone.batch["undone_at"]:
            notices.append(f"batch {batch} is taken back already")
        return Report(UNDO_COLUMNS, [row], is_record=True, notices=notices, exit_code=8 if undone.rest else 0)

    session.write(decide)
