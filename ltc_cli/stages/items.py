"""Items: what can be sold, by code; a line that names one takes its name, price and tax."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ltc_cli.errors import RefusedError
from ltc_cli.report import Column
from ltc_cli.rules.contact import normalise_code
from ltc_cli.rules.money import format_micro
from ltc_cli.stages.leads import further_columns

if TYPE_CHECKING:
    from collections.abc import Sequence
    from sqlite3 import Row

    from ltc_cli.rules.tax import TaxCode
    from ltc_cli.store import Store

COLUMNS = (
    Column("ref", "ref"),
    Column("name"),
    Column("price", "quantity"),
    Column("currency"),
    Column("unit", spare=1),
    Column("tax_code", label="tax", spare=2),
    Column("created_on", "date", on_table=False),
    Column("further", "list", on_table=False, columns=(Column("column"), Column("value"))),
)


def called(store: Store, code: str) -> Row | None:
    """The item of this code, in any case; None where there is none."""
    return store.one("SELECT * FROM item WHERE code_norm = ?", (normalise_code(code),))


def price_in(item: Row, currency: str) -> int:
    """The unit price in micro. Raises RefusedError where the item has none in this currency."""
    if item["price_micro"] is None or item["currency"] != currency:
        other = f", only in {item['currency']}" if item["currency"] else ""
        raise RefusedError(f"{item['code']} has no price in {currency}{other}", f'--line "{item["code"]}:1:PRICE"')
    return int(item["price_micro"])


def refuse_other_basis(item: Row, own: TaxCode, code: TaxCode) -> None:
    """Raise RefusedError where tax is in the item's price and not in one under the code, or the other way round."""
    if own.inclusive != code.inclusive:
        has, have = ("has its tax in it", "have not") if own.inclusive else ("has no tax in it", "have")
        raise RefusedError(
            f"the price of {item['code']} {has} ({own.code}), prices under {code.code} {have}",
            f'--line "{item["code"]}:1:PRICE:{code.code}" says the price under {code.code}',
        )


def records(store: Store, ids: Sequence[int] | None = None) -> list[dict[str, Any]]:
    """Items as they are shown; all of them without ids."""
    return [
        {
            "ref": row["code"],
            "name": row["name"],
            "price": None if row["price_micro"] is None else format_micro(row["price_micro"]),
            "currency": row["currency"],
            "unit": row["unit"],
            "tax_code": row["tax_code"],
            "created_on": row["created_on"],
            "further": further_columns(row["further"]),
        }
        for row in store.among("SELECT * FROM item WHERE {these:id} ORDER BY id", ids)
    ]
