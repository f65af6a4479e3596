"""`ltc erase`: what is stored about a person goes."""

from typing import Annotated, Any

import typer

from ltc_cli.commands.answers import ask, record
from ltc_cli.errors import FailedError
from ltc_cli.references import find_itself
from ltc_cli.report import Report
from ltc_cli.session import Decisions
from ltc_cli.stages import erasing
from ltc_cli.store import Store


def erase(
    ctx: typer.Context,
    reference: Annotated[str, typer.Argument(metavar="LEAD|CUSTOMER")],
) -> None:
    """Remove what is stored about a person; invoices and contracts stay.

    The record stays and shows `erased`. Its data goes from every table, from the details of the journal and from the
    bytes of the file, and an import or a sequence does not bring it back. What the law keeps is named, with why: what
    was offered, signed, shipped, issued, paid and booked, with the reasons given, and mail that went out or may have.

    It does not reach backups, copies of the file beside it, files that were written, nor what hooks have kept.

    \b
    Example:
      ltc erase L1 --dry-run
      ltc erase L1
    """
    session = ask(ctx)

    def decide(store: Store) -> Report:
        found = find_itself(store, reference, "customer", "lead")
        before = erasing.erased_on(store, found)
        if before:
            row: dict[str, Any] = {
                "ref": found.text,
                "status": "erased",
                "erased_on": before,
                "removed": [],
                "kept": [],
            }
            notices = [f"{found.text} is erased already"]
        else:
            row = erasing.erase(store, found, session.today)
            notices = ["backups that were made before still hold the data, and copies of the file that lie beside it"]
        for path in store.copies():
            row["kept"].append({"what": "copy of the file", "ref": None, "why": f"delete {path.name} by hand"})
        return record(erasing.COLUMNS, row, notices=notices, hint="ltc check")

    def follow(store: Store, _decisions: Decisions, answer: Report) -> Report:
        if store.connection.in_transaction:
            answer.notices.append(
                "its bytes are overwritten when the batch is kept; ltc erase by itself cleans the file"
            )
        else:
            try:
                store.wipe()
            except FailedError as problem:
                answer.notices.append(f"{problem.message}: free pages of the file may still hold the data")
                answer.exit_code = 8
        return answer

    session.write_and_follow(decide, follow)
