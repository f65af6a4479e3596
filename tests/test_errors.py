"""Every error message provoked: its exit code, its one line and its hint, and that nothing was changed."""

from __future__ import annotations

import ast
import fcntl
import io
import json
import os
import re
import shlex
import shutil
import sqlite3
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

import ltc_cli
from ltc_cli import errors, store
from ltc_cli.app import run
from ltc_cli.output.escape import visible
from ltc_cli.session import Session
from ltc_cli.stages import leads
from tests.support import TODAY, Company, folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from types import FrameType

SOURCE: Final = Path(ltc_cli.__file__).parent
KINDS: Final[list[type[errors.LtcError]]] = [errors.LtcError, *errors.LtcError.__subclasses__()]
ERRORS: Final = {kind.__name__ for kind in KINDS}
CODES: Final = {
    1: "failed",
    2: "usage",
    3: "not_found",
    4: "refused",
    5: "conflict",
    6: "config",
    7: "data",
}

# Modules whose errors have a test of their own.
OWN_TEST: Final = {
    "config.py": "tests/test_config.py",
    "kinds.py": "tests/test_config.py",
    "backup.py": "tests/test_backup.py",
    "batch.py": "tests/commands/test_batch.py",
    "commands/batch.py": "tests/commands/test_batch.py",
    "commands/config.py": "tests/commands/test_init.py",
    "commands/demo.py": "tests/commands/test_demo.py",
    "exchange/delimited.py": "tests/commands/test_import.py",
    "exchange/mapping.py": "tests/commands/test_import.py",
    "exchange/rejects.py": "tests/commands/test_import.py",
    "exchange/rows.py": "tests/commands/test_import.py",
    "exchange/source.py": "tests/commands/test_import.py",
    "commands/outbox.py": "tests/mail/test_send.py",
    "mail/folder.py": "tests/mail/test_send.py",
    "rules/ledger.py": "tests/rules/test_ledger.py",
    "exporting.py": "tests/commands/test_export.py",
    "commands/send.py": "tests/mail/test_send.py",
    "commands/simulate.py": "tests/commands/test_simulate.py",
    "commands/nurture.py": "tests/commands/test_sequences.py",
    "mail/templates.py": "tests/mail/test_templates.py",
    "commands/dun.py": "tests/stories/test_worked_dunning.py",
    "rules/dunning.py": "tests/stories/test_worked_dunning.py",
    "stages/dunning.py": "tests/stories/test_worked_dunning.py",
    "stages/dunning_letters.py": "tests/stories/test_worked_dunning.py",
    "stages/holds.py": "tests/stories/test_worked_dunning.py",
    "stages/shipping_stops.py": "tests/stories/test_worked_dunning.py",
    "mail/message.py": "tests/mail/test_message.py",
    "mail/outbox.py": "tests/mail/test_send.py",
    "hooks.py": "tests/commands/test_daily.py",
    "mail/setting.py": "tests/mail/test_send.py",
    "stages/mailing.py": "tests/mail/test_send.py",
    "stages/nurture.py": "tests/commands/test_sequences.py",
    "stages/erasing.py": "tests/commands/test_erase.py",
    "rules/foreign.py": "tests/rules/test_foreign.py",
    "stages/lead_imports.py": "tests/commands/test_import.py",
    "stages/opportunity_imports.py": "tests/commands/test_import.py",
    "stages/rates.py": "tests/commands/test_rate.py",
    "stages/items.py": "tests/stories/test_items.py",
    "stages/item_imports.py": "tests/stories/test_items.py",
    "stages/contract_imports.py": "tests/commands/test_import.py",
    "stages/shipment_imports.py": "tests/commands/test_import.py",
    "stages/invoice_imports.py": "tests/commands/test_import.py",
    "stages/payment_imports.py": "tests/commands/test_import.py",
    "stages/customer_imports.py": "tests/commands/test_import.py",
    "stages/touch_imports.py": "tests/commands/test_import.py",
    "stages/row_imports.py": "tests/commands/test_import.py",
    "stages/undo.py": "tests/commands/test_import.py",
}

# Messages that no command line provokes, by file and the beginning of the message, with the reason.
UNPROVOKED: Final = {
    ("app.py", "f'it is done, but the answer"): "a full disk behind stdout: tests/faults/test_disk_and_pipes.py",
    ("app.py", "'interrupted'"): "Ctrl-C: tests/commands/test_batch.py",
    ("stages/fulfilment.py", 'f"on {on} that was'): "a return and a look back: tests/stories/test_triggers.py",
    ("rules/contact.py", "f'{name} holds a NUL"): "such an argument is refused before: tests/rules/test_contact.py",
    ("rules/contact.py", "f'{name} holds half"): "such an argument is refused before: tests/rules/test_contact.py",
    ("commands/close.py", 'f"the file is not sound'): "a fault in the file: tests/commands/test_close.py",
    ("store.py", "f'the file could not be written anew"): "a full disk: tests/commands/test_erase.py",
    ("store.py", "f'{path} is older than"): "a file of an older version: tests/test_upgrade.py",
    ("session.py", "'--json and --csv exclude each other'"): "it is always told in JSON: a test of its own, below",
}

CONFIG: Final = """
currency: EUR
taxes:
  Z: {rate: 0%, category: Z}
  S19: {rate: 19%, category: S}
tax: Z
stages:
  - {name: new, probability: 10%}
  - {name: proposal, probability: 50%}
"""

if TYPE_CHECKING:
    Situation = Callable[[Path, pytest.MonkeyPatch], AbstractContextManager[None]]
    """Makes something wrong for as long as it lasts."""

# A company in which everything has happened, so that every refusal can be had.
PREPARED: Final = (
    "lead add Ada --company Engines --email ada@engines.example --external-id X1",
    "promote L1 --amount 1200",
    "quote O1 --line Widget:3:100 --line Setup:1:900",
    "sign Q1 --by Ada --terms '30% sign, 60% ship, 10% accept' --on 2026-06-10 --ends 2027-06-09",
    "ship C1 --line 1=1 --on 2026-06-11",
    "invoice C1",
    "lead add Bob --company Looms",
    "promote L2 --amount 500",
    "lead add Cyd",
    "lead add Dot",
    "lead drop L4 --reason need",
    "lead add Emi --company Empty",
    "promote L5",
    "lose O3 --reason price",
    "lead add Fay --company Fabric",
    "promote L6",
    "lead add Gil --company Ginza",
    "promote L7 --amount 'JPY 3600'",
    "lead add Hal --company Halves",
    "promote L8 --amount 100",
    "sign O6 --terms '100% sign'",
    "ship C2",
    "invoice C2",
    "collect C2",
    "lead add Ida --company Engines",
    "promote L9 --amount 'USD 70'",
    "sign O7 --terms '100% sign'",
    "invoice C3",
    "collect K1 15",
    "collect K6 5",
    "collect K1 'CHF 9'",
    "collect K5 'JPY 7'",
    "sign O5 --terms '100% sign'",
    "invoice C4",
    "customer add Twin --tax-id DE1",
    "customer add Twin --tax-id DE2 --allow-duplicate",
    "lead add Jon --company Twin",
    "lead add Kim --company Kelp",
    "promote L11 --amount 80",
    "sign O8 --terms '50% sign, 50% ship' --on 2026-06-01",
    "advance O2 --stage proposal",
    "customer add Taxed --tax-code S19",
    "lead add Lee --company Taxed",
    "promote L12 --amount 10",
    "lead add Max --company Mills --key K-1",
    "promote L13 --amount 40",
    "quote O10 --line Widget:4:10 --valid-until 2026-06-16",
    "quote O10 --line Widget:5:10",
    "quote Q3 --reject",
    "lead add Ned --company Needles",
    "promote L14",
    "quote O11 --line Needle:4:25",
    "sign O11",
    "ship C6",
    "invoice C6",
    "credit INV-2026-0005 40 --reason dear --today 2026-06-20",
    "collect INV-2026-0005",
    "credit INV-2026-0005 --line 1=1 --reason broken --today 2026-06-20",
    "lead add Olu --company Olives",
    "promote L15 --amount 30",
    "sign O12 --terms '100% sign'",
    "invoice C7",
    "writeoff INV-2026-0006 --reason gone",
    "collect INV-2026-0006 9",
    "refund P7 4",
    "lead add Pam --company Pumps",
    "promote L16 --amount 60",
    "sign O13 --terms '50 sign, rest ship'",
    "lead add Quy --company Quays",
    "promote L17",
    "sign O14 --terms '900 monthly from sign'",
    "invoice C9",
    "amend C9 --fee 1000 --from 2026-08-15",
    "lead add Rob --company Roads",
    "promote L18",
    "quote O15 --line Anvil:1:100:S19 --line Bolt:1:100",
    "sign O15 --terms '50% sign, 50% ship' --on 2026-06-01",
    "invoice C10",
    "lead add Sue --company Suits",
    "promote L19",
    "sign O16 --terms '5 monthly from sign until 2026-12-31, 5 yearly from sign until 2026-12-31'",
    "lead add Tim --company Tides",
    "promote L20 --amount 20",
    "sign O17",
    "terminate C12 --reason over",
    "lead add Una --company Umbra",
    "promote L21 --amount 20",
    "sign O18 --on 2026-06-01",
    "amend C13 --amount 25",
    "lead add Pia --company Engines",
    "promote L22 --amount 'USD 20'",
    "sign O19 --terms '100% sign'",
    "invoice C14",
    "collect INV-2026-0009",
    "credit INV-2026-0009 --reason returned --today 2026-06-20",
    "collect K5 'USD 8' --on 2026-06-10",
    "refund P9",
    "refund P9 --undo --reason closed",
    "lead add Pen",
    "erase L23",
    "customer add Gone",
    "erase K20",
    "customer add 'Kelp Twin'",
    "customer merge K9 K21",
    "close 2026-05",
)

LONG: Final = "x" * 100_000


class Row(NamedTuple):
    line: str | tuple[str, ...]
    """As typed; a tuple where a shell could not write it."""
    code: int
    message: str
    """What the message says, or a part of it."""

    @property
    def arguments(self) -> list[str]:
        return shlex.split(self.line) if isinstance(self.line, str) else list(self.line)


USAGE: Final = [
    # the command line
    Row("collct K1", 2, "No such command 'collct'"),
    Row("lead ad Ada", 2, "No such command 'ad'"),
    Row("lead add", 2, "Missing argument 'NAME'"),
    Row("lead add Ada --colour red", 2, "No such option: --colour"),
    Row("lead add Ada Lovelace", 2, "Got unexpected extra argument(s) (Lovelace)"),
    Row("collect K1 USD 20", 2, "Got unexpected extra argument(s) (20)"),
    Row("lead add Ada --email", 2, "Option '--email' requires an argument"),
    Row("lose O2", 2, "Missing option '--reason'"),
    Row("list leads --limit 0", 2, "Invalid value for '--limit'"),
    Row("list leads --limit many", 2, "Invalid value for '--limit'"),
    Row("--key k aging", 2, "aging takes no --key"),
    Row("--as-of 2026-01-01 lead add Ada", 2, "lead add takes no --as-of"),
    Row("--dry-run list leads", 2, "list takes no --dry-run"),
    Row("list invoices --in USD", 2, "list takes no --in"),
    Row("show C1 --in USD", 2, "show takes no --in"),
    Row("ship", 2, "name one thing: a contract to ship, or --delivered, --accepted or --returned"),
    Row("ship C1 --accepted C1", 2, "name one thing"),
    Row("ship --delivered S1 --carrier DHL", 2, "--carrier and --tracking go with a contract to ship"),
    Row("ship --delivered S1 --line 1=1", 2, "--line goes with a contract to ship, or with --returned"),
    Row("invoice", 2, "name a contract, or --due for all of them"),
    Row("invoice C1 --due", 2, "name a contract, or --due for all of them"),
    Row("invoice C1 --no-send", 2, "--no-send goes with --send"),
    Row("quote O2", 2, "say one thing: --line, --send, --accept or --reject"),
    Row("quote Q1 --send --accept", 2, "say one thing"),
    Row("quote Q2 --send --terms '100% sign'", 2, "--send changes no quote; lines make a new version"),
    Row("list unicorns", 2, "unicorns is no kind of record"),
    Row(f"find {' '.join(map(str, range(33)))}", 2, "33 words are too many to look for"),
    Row("find ' '", 2, "text is empty"),
    Row("completion tcsh", 2, "the shell tcsh is not known"),
    Row("list leads --where colour=red", 2, "there is no column colour"),
    Row("list leads --where name", 2, "'name' is not COLUMN=VALUE"),
    Row("aging --by colour", 2, "--by colour is not known"),
    Row("funnel --by colour", 2, "--by colour is not known"),
    Row("export ledger --format ofx", 2, "--format ofx is not known"),
    Row("aging --buckets 30,x", 2, "'30,x' are no buckets"),
    Row("aging --buckets 60,30", 2, "buckets ascend from 1 day: '60,30' do not"),
    Row("aging --buckets 0,30", 2, "buckets ascend from 1 day"),
    Row("aging --buckets ٣٠", 2, "are no buckets"),
    Row("check --anchor 12", 2, "'12' is no anchor"),
    Row("nurture L1 --log telepathy", 2, "'telepathy' is no kind of touch"),
    Row("advance O1 --next fri", 2, "'fri' says no step"),
    Row("advance O2 --stage heaven", 2, "there is no stage heaven"),
    Row("edit L1 colour=red", 2, "'colour=red' is no FIELD=VALUE of a lead"),
    Row("edit O2 amount=5", 2, "'amount=5' is no FIELD=VALUE of a"),
    Row("edit K1 terms", 2, "'terms' is no FIELD=VALUE of a customer"),
    Row("edit K1 language=fr", 2, "'fr' is no language"),
    Row("customer add Wax --language fr", 2, "'fr' is no language"),
    Row("customer add Wax --tax-code X", 2, "'X' is no tax code"),
    Row("apply L1 INV-2026-0001", 2, "L1 is a lead; payment or credit is needed here"),
    Row("statement K1 --until 2026-06-01 --as-of 2026-06-01", 2, "--until and --as-of are the same"),
    Row("statement K1 --since 2026-06-10 --until 2026-06-01", 2, "the statement would begin on 2026-06-10, after its"),
    Row("reverse INV-2026-0001 --reason x", 2, "INV-2026-0001 is an invoice: only a payment is reversed"),
    Row("list quotes --as-of 2026-06-01", 2, "quotes are listed as they are now, not as of a day"),
    Row("statement K1 --since never --until soon", 2, "'never' is not a date"),
    Row("leakage --by colour", 2, "--by colour is not known"),
    Row("close june", 2, "'june' is not a month"),
    Row("close 2026-6", 2, "'2026-6' is not a month"),
    Row("close 2026-13", 2, "the month 2026-13 does not exist"),
    Row("close 2026-05 --reopen", 2, "--reopen and --reason go together"),
    Row("close 2026-05 --reason x", 2, "--reopen and --reason go together"),
    Row("close 2026-05 --reopen --reason ' '", 2, "reason is empty"),
    # amounts
    *(
        Row(f"collect K1 {text}", 2, f"{text!r} is not an amount")
        for text in ("NaN", "Infinity", "1e9", "1,00,0", "1,2,3", "1.2.3", "1_000", "0x10", "1/2", ".5", "5.", "٥٠")
    ),
    Row("collect K1 -- -5", 2, "'-5' is not an amount"),
    Row("collect K1 ''", 2, "AMOUNT is empty"),
    Row("show ''", 2, "REF is empty"),
    Row("collect K1 ' '", 2, "'' is not an amount"),
    Row("collect K1 1.234", 2, "'1.234' is ambiguous"),
    Row("collect K1 1,234", 2, "'1,234' is ambiguous"),
    Row("collect K1 1.2345", 2, "'1.2345' has too many decimals"),
    Row("promote L3 --amount 'JPY 1.5'", 2, "'1.5' has too many decimals"),
    Row("promote L3 --amount 12.3456 --currency KWD", 2, "'12.3456' has too many decimals"),
    Row("collect K1 12345678901234", 2, "'12345678901234' is too large"),
    Row(("collect", "K1", "9" * 5000), 2, "is too large"),
    Row("collect K1 0", 2, "a payment of nothing cannot be booked"),
    Row("collect K1 --unapplied", 2, "--unapplied settles nothing: say how much came in"),
    Row("collect K1 'EUR 5' --currency USD", 2, "'EUR 5' cannot be in EUR and USD at once"),
    Row("collect K1 'XXX 5'", 2, "'XXX' is not an ISO 4217 currency"),
    Row("promote L3 --currency gold", 2, "'GOLD' is not an ISO 4217 currency"),
    Row("collect K1", 2, "K1 owes in EUR and USD: one payment is in one currency"),
    Row("collect K1 --currency JPY", 2, "K1 owes nothing in JPY, but in EUR and USD"),
    Row("credit INV-2026-0005 5 --line 1=1 --reason x", 2, "credit an amount or quantities of lines, not both"),
    Row("credit INV-2026-0005 0 --reason x", 2, "a credit note over nothing cannot be issued"),
    Row("refund P5 0", 2, "refunding nothing changes nothing"),
    Row("writeoff INV-2026-0003 0 --reason x", 2, "writing off nothing changes nothing"),
    Row("apply P5 INV-2026-0004 0", 2, "applying nothing changes nothing"),
    Row("sign O2 --amount 'USD 5'", 2, "O2 is in EUR, not USD"),
    Row("sign O4", 2, "O4 has no amount yet"),
    Row("sign O4 --amount 0", 2, "a contract over nothing cannot be signed"),
    # quantities, prices, percentages, lines
    Row("ship C1 --line 1", 2, "'1' is not a line and a quantity"),
    Row("ship C1 --line x=1", 2, "'x=1' is not a line and a quantity"),
    Row("ship C1 --line ١=1", 2, "'١=1' is not a line and a quantity"),
    Row("ship C1 --line 1=0", 2, "a quantity must be more than 0"),
    Row("ship C1 --line 1=-1", 2, "'-1' is not a quantity"),
    Row("ship C1 --line 1=1,5", 2, "'1,5' is not a quantity"),
    Row("ship C1 --line 1=0.0000001", 2, "'0.0000001' has too many decimals"),
    Row("ship C1 --line 1=1 --line 1=2", 2, "line 1 is named twice"),
    Row("quote O2 --line Widget", 2, "'Widget' is not a line: TEXT:QTY:PRICE is needed, or CODE:QTY of an item"),
    Row("quote O2 --line :1:2", 2, "the text of a line is empty"),
    Row("quote O2 --line Widget:1:1e3", 2, "'1e3' is not a unit price"),
    Row("quote O2 --line Widget:1:NaN", 2, "'NaN' is not a unit price"),
    Row("quote O2 --line Widget:1:-5", 2, "'-5' is not a unit price"),
    Row("quote O2 --line Widget:0:5", 2, "a quantity must be more than 0"),
    Row("quote O2 --line Widget:999999999:999999999", 2, "999999999 at 999999999 is too large"),
    Row("quote O2 --line Widget:1:5:Z:-120%", 2, "'120%' is more than 100%"),
    Row("quote O2 --line Widget:1:5:Z:-6", 2, "a discount of 6 is more than 5.00"),
    Row("quote O2 --line Widget:1:5 --discount 6", 2, "a discount of 6 is more than 5.00"),
    Row("quote O2 --line Widget:1:5 --rounding never", 2, "never is no rounding policy"),
    Row("quote O2 --line Widget:1:5 --valid-until -1d", 2, "a quote cannot be valid until 2026-06-14"),
    Row("advance O2 --probability 50", 2, "'50' is not a percentage"),
    Row("advance O2 --probability 101%", 2, "'101%' is more than 100%"),
    Row("advance O2 --probability 0.00001%", 2, "'0.00001' has too many decimals"),
    # days
    Row("lead qualify L3 --on 2026-02-30", 2, "the day 2026-02-30 does not exist"),
    Row("lead qualify L3 --on 2025-02-29", 2, "the day 2025-02-29 does not exist"),
    Row("lead qualify L3 --on 30.6.2026", 2, "'30.6.2026' is not a date"),
    Row("lead qualify L3 --on ٢٠٢٦-٠١-٠١", 2, "is not a date"),
    Row("lead qualify L3 --on someday", 2, "'someday' is not a date"),
    Row("lead qualify L3 --on tomorrow", 2, "2026-06-16 is after today (2026-06-15)"),
    Row("aging --as-of 2026-13-01", 2, "the day 2026-13-01 does not exist"),
    Row("aging --today never", 2, "'never' is not a date"),
    Row("advance O2 --close +9999m --today 9999-12-01", 2, "that is too far from 9999-12-01"),
    Row("advance O2 --close +9999d --today 9999-12-01", 2, "that is too far from 9999-12-01"),
    Row("sign O2 --ends 2026-06-14", 2, "the contract would end on 2026-06-14, before it begins on 2026-06-15"),
    Row("ship --delivered S1 --on 2026-06-10", 2, "S1 was shipped on 2026-06-11: it cannot have arrived before"),
    Row("ship --returned S1 --on 2026-06-10", 2, "S1 was shipped on 2026-06-11: it cannot have come back before"),
    Row("ship --accepted C1 --on 2026-06-10", 2, "C1 was first shipped on 2026-06-11: it cannot have been accepted"),
    Row(
        "credit INV-2026-0005 5 --reason x --on 2026-06-14", 2, "INV-2026-0005 is of 2026-06-15: it cannot be credited"
    ),
    Row("writeoff INV-2026-0003 --reason x --on 2026-06-14", 2, "INV-2026-0003 is of 2026-06-15: it cannot be written"),
    Row("refund P5 --on 2026-06-14", 2, "P5 is of 2026-06-15: it cannot be paid back before"),
    Row("refund P9 --on 2026-06-14", 2, "a refund of P9 came back on 2026-06-15: it cannot be paid back before"),
    Row("refund P7 --undo", 2, "--undo takes a --reason, and nothing else but --on"),
    Row(
        "refund P7 --undo --reason x --on 2026-06-14", 2, "P7 was paid back on 2026-06-15: that cannot be undone before"
    ),
    Row("writeoff INV-2026-0006 5 --undo --reason x", 2, "--undo takes no amount: all that was written off is open"),
    Row("writeoff INV-2026-0006 --undo --reason x --on 2026-06-14", 2, "INV-2026-0006 was written off on 2026-06-15"),
    Row("reverse P1 --reason bounced --on 2026-06-14", 2, "P1 counts from 2026-06-15: it cannot be reversed before"),
    # texts
    Row("lead add ''", 2, "name is empty"),
    Row("lead add '   '", 2, "name is empty"),
    Row("edit L1 name=", 2, "name is empty"),
    Row("lose O2 --reason ' '", 2, "reason is empty"),
    Row(("lead", "add", LONG), 2, "name is 100,000 characters long; 10,000 are allowed"),
    Row(("lead", "add", "Zoe", "--note", LONG), 2, "note is 100,000 characters long; 10,000 are allowed"),
    Row(("lead", "add", "a\0b"), 2, "argument 3 is not readable text"),
    Row(("lead", "add", "caf\udce9"), 2, "argument 3 is not readable text"),
    Row(("show", "L\0"), 2, "argument 2 is not readable text"),
    Row("lead add Zoe --email zoe", 2, "'zoe' is not one e-mail address"),
    Row("lead add Zoe --email a@b.example,c@d.example", 2, "is not one e-mail address"),
    Row(("lead", "add", "Zoe", "--email", "a@b.example\nBcc: c@d.example"), 2, "is not one e-mail address"),
    Row("lead add Zoe --email =?utf-8?q?a?=@x.example", 2, "=?utf-8?q?a?=@x.example holds an encoded word"),
    Row("lead add Zoe --country Atlantis", 2, "'Atlantis' is no country"),
]

RECURRING: Final = [
    Row("amend C1", 2, "nothing is to be amended"),
    Row("amend C13 --amount 30 --on 2026-06-10", 2, "C13 was extended or amended on 2026-06-15: it cannot change"),
    Row("amend C1 --line Cog:1:5 --on 2026-06-09", 2, "C1 was signed on 2026-06-10: it cannot change before"),
    Row("amend C9 --line Cog:1:5 --on 2026-06-14", 2, "C9 was signed on 2026-06-15: it cannot change before"),
    Row("amend C9 --fee 5 --on 2026-06-15 --today 2026-06-10", 2, "2026-06-15 is after today"),
    Row("amend C9 --line 1=2", 4, "what C9 comes to follows from its fee"),
    Row("amend C9 --amount 1000", 4, "what C9 comes to follows from its fee"),
    Row("amend C9 --fee 'USD 5'", 2, "'USD 5' cannot be in EUR and USD at once"),
    Row("amend C9 --fee 0", 4, "C9 would run for nothing"),
    Row("amend C8 --amount 0", 4, "nothing would be left of C8"),
    Row("amend C1 --fee 5", 4, "C1 has no fee: --fee changes the only one"),
    Row("amend C11 --fee 7", 4, "C11 has 2 fees: --fee changes the only one"),
    Row("amend C11 --ends 2027-01-31", 2, "two fees of one amount cannot be told apart"),
    Row("amend C1 --line Cog:1:5 --from fri", 2, "--from is the first day of another fee"),
    Row("dun --to-folder ''", 2, "--to-folder is empty"),
    Row("amend C1 --line Cog:1:5 --amount 7", 2, "--amount and --line exclude each other"),
    Row("amend C1 --line 9=1", 3, "C1 has no line 9"),
    Row("amend C1 --line 1=0", 4, "1 of line 1 is shipped: it cannot be 0"),
    Row("amend C1 --ends 2026-06-14", 2, "2026-06-14 is past: an end lies ahead"),
    Row("amend C9 --ends 2026-06-30", 4, "420.00 more than that is billed already, until 2026-07-14"),
    Row("amend C9 --fee 100", 4, "800.00 more than that is billed already, until 2026-07-14"),
    Row("amend C9 --fee 100 --from 2026-06-14", 2, "C9 was signed on 2026-06-15: no fee begins before"),
    Row("amend C10 --line 1=0 --on 2026-06-15", 4, "50.00 is billed with tax S19, 0.00 would be left of it"),
    Row("amend C10 --amount 99", 4, "100.00 of C10 is billed: it cannot come to 99.00"),
    Row("amend C8 --amount 49", 4, "the shares of C8 that are billed or fixed come to 50.00, more than 49.00"),
    Row("amend C8 --line 1=0", 4, "nothing would be left of C8"),
    Row("amend C12 --line Cog:1:5", 4, "C12 is terminated: amend is not possible"),
    Row("ship C12", 4, "C12 is terminated: ship is not possible"),
    Row("terminate C1", 2, "Missing option '--reason'"),
    Row("terminate C1 --reason over --on 2026-06-09", 2, "C1 was signed on 2026-06-10: it cannot end before"),
    Row("terminate C1 --reason over --on 2027-06-10", 4, "C1 ends on 2027-06-09 anyway"),
    Row("terminate C12 --reason over --on 2026-06-16", 4, "C12 is terminated on 2026-06-15 already"),
]

TERMS: Final = [
    Row(("sign", "O2", "--terms", terms), 2, message)
    for terms, message in (
        ("all at once", "'all at once' is not a share: it begins with 30%, 5000, rest or 12 x"),
        ("100%", "in '100%': say when: sign, ship, deliver, accept, end or a date"),
        ("100% someday", "in '100% someday': 'someday' is none of sign, ship, deliver, accept, end or a date"),
        ("100% 2026-02-30", "in '100% 2026-02-30': the day 2026-02-30 does not exist"),
        ("100% sign@32", "in '100% sign@32': '@32' is not a day of the month"),
        ("100% sign+5y", "in '100% sign+5y': '+5y' is not an offset"),
        ("0% sign, rest ship", "in '0% sign': '0%' is nothing"),
        ("0 sign, rest ship", "in '0 sign': '0' is nothing"),
        ("3 x from sign", "say how often: weekly, monthly, quarterly, half-yearly or yearly"),
        ("3 x monthly from sign until 2027-01-01", "parts have a number, so they take no 'until'"),
        ("0 x monthly from sign", "'0 x' is nothing"),
        ("3 x monthly from end", "nothing recurs from the end of a contract"),
        ("50 monthly from ship until 2027-01-01", "a fee runs from sign or from a date, without an offset"),
        ("50 weekly@5 from sign until 2027-01-01", "a weekly fee has no day of the month"),
        ("50 monthly from sign, rest ship", "50.00 monthly from sign has no end: nothing else can be a share"),
        ("5 monthly from sign, 5 yearly from sign", "two fees of one amount, one without end, cannot be told apart"),
        ("50 monthly from sign until soon", "'soon' is not a date"),
        ("50 monthly from sign until 2026-01-01", "50.00 monthly ends on 2026-01-01, before it begins on 2026-06-15"),
        ("100% sign; net 30; due 100%+5d", "'net 30' and 'due 100%+5d' exclude each other"),
        ("100% sign; soon", "'soon' is none of net 30, due 50%+30d, rest+60d or 2%/10"),
        ("100% sign; net 30; net 60", "'net 60' comes after 'net 30': one is enough"),
        ("100% sign; net soon", "'soon' is not an offset"),
        ("100% sign; net", "'net' is not like net 30 or net eom"),
        ("100% sign; due half", "'half' is not an instalment such as 25%+30d, 400+1m or rest @15"),
        ("100% sign; 2%/soon", "'2%/soon' is not a discount such as 2%/10: percentage and days"),
        ("100% sign; 100%/10", "'100%/10' leaves nothing to pay"),
        ("x" * 1001, "terms have at most 1000 characters, these have 1001"),
        ("601 x monthly from sign", "terms have at most 600 shares, these have more"),
        ("rest sign, rest ship", "2 of the shares take the rest, only one can"),
        ("30% sign, 60% ship", "the shares make up 90.00 % instead of 100 %"),
        ("30% sign, 80% ship", "the shares make up 110.00 % instead of 100 %"),
        ("100% sign; due 50%+10d", "the instalments make up 50.00 % instead of 100 %"),
        ("300 sign, 100 ship", "the shares make up 400.00 of 500.00 EUR"),
        ("9999 sign, rest ship", "the shares make up 9,999.00 of 500.00 EUR"),
    )
]

OTHERS: Final = [
    Row("sign O4 --terms '50 monthly until 2027-01-01, rest ship'", 2, "these terms share out an amount"),
    Row("customer add Wax --terms nonsense", 2, "'nonsense' is not a share"),
    Row("edit K1 terms=nonsense", 2, "'nonsense' is not a share"),
    # all problems of one input at once
    Row("lead add '' --email x --country y", 2, "name is empty; 'y' is no country; 'x' is not one e-mail address"),
    Row("promote L3 --amount NaN --close never", 2, "'NaN' is not an amount; 'never' is not a date"),
    Row("collect K1 NaN --on never", 2, "'NaN' is not an amount; 'never' is not a date"),
    # unknown references and files
    *(
        Row(line.format("L999"), 3, "there is no record L999")
        for line in (
            "nurture {} --log call",
            "promote {}",
            "sign {}",
            "ship {}",
            "invoice {}",
            "collect {}",
            "lead qualify {}",
            "lead drop {} --reason need",
            "lead merge {}",
            "lead merge L1 {}",
            "customer merge K1 {}",
            "customer merge {} K1",
            "advance {}",
            "quote {} --line A:1:1",
            "lose {} --reason price",
            "reopen {}",
            "apply {} INV-2026-0001",
            "apply P1 {}",
            "reverse {} --reason x",
            "credit {} --reason x",
            "refund {}",
            "writeoff {} --reason x",
            "statement {}",
            "edit {} name=x",
            "show {}",
            "log {}",
            "ship --delivered {}",
            "ship --returned {}",
            "ship --accepted {}",
            "promote L3 --customer {}",
        )
    ),
    *(
        Row(("show", text), 3, "there is no record")
        for text in ("X1", "L", "L-1", "L1.0", "L0", "L١", "INV-2026-9999", "L99999999999999999999", LONG)
    ),
    Row("show C1 --as-of 2026-06-09", 3, "C1 is of 2026-06-10: it was not there yet on 2026-06-09"),
    Row("ship C1 --line 3=1", 3, "C1 has no line 3"),
    Row("credit INV-2026-0005 --line 9=1 --reason x", 3, "INV-2026-0005 has no line 9"),
    Row("sign O2 --document missing.pdf", 3, "cannot read missing.pdf: No such file or directory"),
    Row("sign O2 --document .", 3, "cannot read .: Is a directory"),
    # refusals
    Row("edit INV-2026-0001 dunning=x", 2, "'x' is no dunning policy"),
    Row("ship O2", 4, "O2 has no contract yet"),
    Row("collect L3", 4, "L3 has no contract yet"),
    Row("quote L3 --line A:1:1", 4, "L3 has no opportunity yet"),
    Row("promote L4", 4, "L4 is dropped: promote is not possible"),
    Row("lead drop L1 --reason need", 4, "L1 is promoted: drop is not possible"),
    Row("advance O3", 4, "O3 is lost: advance is not possible"),
    Row("lose O1 --reason price", 4, "O1 is won: lose is not possible"),
    Row("reopen O1", 4, "O1 is won: reopen is not possible"),
    Row("sign O3", 4, "O3 is lost: sign is not possible"),
    Row("quote Q2 --send", 4, "Q2 is superseded: send is not possible"),
    Row("sign Q3", 4, "Q3 is rejected: sign is not possible"),
    Row("sign Q2 --amount 5", 4, "Q2 is over"),
    Row("sign O10", 4, "Q3 is rejected: sign is not possible"),
    Row("advance O2", 4, "proposal is the last stage"),
    Row("promote L2 --amount 600", 4, "L2 was promoted to O2 with another amount"),
    Row("lead merge L1 L2", 4, "O1 and O2 come from these leads: a lead is promoted once"),
    Row("sign O1 --by Eve", 4, "C1 was signed on 2026-06-10 with another signatory"),
    Row("sign O1 --terms '100% sign'", 4, "C1 was signed on 2026-06-10 with another terms"),
    Row("sign O1 --amount 5", 4, "C1 was signed on 2026-06-10 with another amount"),
    Row("sign O1 --starts 2026-07-01", 4, "C1 was signed on 2026-06-10 with another start"),
    Row("sign O1 --ends 2028-07-01", 4, "C1 was signed on 2026-06-10 with another end"),
    Row("sign O1 --document config.yaml", 4, "C1 was signed on 2026-06-10 with another document"),
    Row("ship C1 --line 1=2.5", 4, "2.5 of line 1 is too much: 2 is left to ship"),
    Row("ship C2 --line 1=1", 4, "C2 is closed: nothing is left to ship"),
    Row("ship --returned S1 --line 1=2", 4, "2 of line 1 is too much: 1 is out"),
    Row("ship --accepted C5", 4, "nothing of C5 was shipped yet"),
    Row("invoice C1", 4, "nothing of C1 is billable yet: 660.00 (60%) awaits shipment; 120.00 (10%) awaits acceptance"),
    Row("invoice C5 --today 2026-06-10", 4, "an invoice cannot be dated 2026-06-10: the last one of its series"),
    Row("collect C5", 4, "nothing of C5 is open, and C5 is not invoiced in full: 40.00 (50%)"),
    Row("collect C1 5 --currency USD", 4, "there is no rate of USD on 2026-06-15"),
    Row("credit INV-2026-0005 36 --reason x", 4, "36.00 is too much: 35.00 of INV-2026-0005 is left to credit"),
    Row("credit INV-2026-0005 --line 1=4 --reason x", 4, "4 of line 1 is too much: 3 is left to credit"),
    Row("credit INV-2026-0005 --line 1=3 --reason x", 4, "3 of line 1 is 75.00: 35.00 of the line is left to credit"),
    Row("credit INV-2026-0006 5 --reason x", 4, "nothing of INV-2026-0006 is left to credit: 30.00 was written off"),
    Row(
        "credit INV-2026-0001 5 --reason x --on 2026-06-19 --today 2026-06-20",
        4,
        "a credit note cannot be dated 2026-06-19: the last one of its series is of 2026-06-20",
    ),
    Row("writeoff INV-2026-0006 5 --reason x", 4, "5.00 is too much: 0.00 is open of INV-2026-0006"),
    Row("writeoff INV-2026-0002 --reason x", 4, "INV-2026-0002 is paid: writeoff is not possible"),
    Row("refund P2", 4, "P2 is applied: refund is not possible"),
    Row("refund CN-2026-0002 26 --today 2026-06-20", 4, "26.00 is too much: 25.00 is left of CN-2026-0002"),
    Row("reverse P7 --reason x", 4, "4.00 of P7 was paid back: it cannot be reversed"),
    Row("apply CN-2026-0002 INV-2026-0001", 4, "CN-2026-0002 is of K12, INV-2026-0001 of K1"),
    Row("apply P2 INV-2026-0001", 4, "P2 is applied: apply is not possible"),
    Row("apply P3 INV-2026-0001", 4, "P3 is of K6, INV-2026-0001 of K1"),
    Row("apply P4 INV-2026-0001", 4, "there is no rate of CHF on 2026-06-15"),
    Row("funnel --in EUR", 4, "there is no rate of"),
    Row(
        "apply CN-2026-0003 INV-2026-0001", 4, "CN-2026-0003 is in USD, INV-2026-0001 in EUR: a credit note has no rate"
    ),
    Row("apply P5 INV-2026-0004 9", 4, "9 is too much: 7 is left of P5"),
    Row("edit C1 terms=x", 4, "C1 is a fact: a contract is never edited"),
    Row("edit INV-2026-0001 total=1", 4, "INV-2026-0001 is a fact"),
    Row("close 2026-06", 4, "2026-06 ends on 2026-06-30: it is not over on 2026-06-15"),
    Row("collect K6 5 --on 2026-05-31", 4, "2026-05-31 is in a closed month: the books are closed up to 2026-05-31"),
    # conflicts
    Row("lead add Eve --email ADA@engines.example", 5, "L1 Ada has the e-mail ada@engines.example already"),
    Row("lead add Eve --external-id X1", 5, "L1 has the external id X1 already"),
    Row("customer add ENGINES", 5, "K1 Engines is this customer already"),
    Row("edit L23 note=x", 4, "L23 is erased"),
    Row("lead merge L3 L23", 4, "L23 is erased: it is merged with nobody"),
    Row("customer merge K20 K1", 4, "K20 is erased: it is merged with nobody"),
    Row("customer merge K1 K1", 4, "K1 cannot become part of itself"),
    Row("customer merge K1 K21", 4, "K21 is part of K9 already"),
    Row("customer merge K21 K9", 4, "K21 is part of K9: it cannot take that in"),
    Row("customer merge K7 K8", 4, "K8 has the tax id DE2, K7 DE1: these are two customers"),
    Row("nurture L23", 4, "L23 is erased: nurture is not possible"),
    Row("promote L10", 5, "several customers fit Twin: K7 Twin, K8 Twin"),
    Row("ship K1", 5, "K1 has several of the kind contract: C1, C3"),
    Row("lead add Eve --key K-1", 5, "the key K-1 was used for another request"),
]

# What is wrong with a file, a config or the machine: each makes it so, then runs its command


@contextmanager
def _as_it_is(_folder: Path, _patch: pytest.MonkeyPatch) -> Iterator[None]:
    yield


def _making(change: Callable[[Path], object]) -> Situation:
    """A situation that is made by changing something in the company's folder."""

    @contextmanager
    def made(folder: Path, _patch: pytest.MonkeyPatch) -> Iterator[None]:
        change(folder)
        yield

    return made


def _patching(*patches: tuple[Any, str, Any]) -> Situation:
    """A situation that cannot be made on a test machine: something of the program is replaced."""

    @contextmanager
    def patched(_folder: Path, patch: pytest.MonkeyPatch) -> Iterator[None]:
        for where, name, value in patches:
            patch.setattr(where, name, value)
        yield

    return patched


def _sql(folder: Path, statement: str) -> None:
    with sqlite3.connect(folder / "ltc.db") as connection:
        connection.execute(statement)
    connection.close()


def _other_database(folder: Path) -> None:
    (folder / "ltc.db").unlink()
    _sql(folder, "CREATE TABLE stamp (country TEXT)")


def _torn(folder: Path) -> None:
    with open(folder / "ltc.db", "r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096 * 40)


def _link_as_lock(folder: Path) -> None:
    (folder / "ltc.db.lock").unlink(missing_ok=True)
    (folder / "ltc.db.lock").symlink_to(folder / "elsewhere")


def _folder_as_journal(folder: Path) -> None:
    (folder / "ltc.db-journal").unlink(missing_ok=True)
    (folder / "ltc.db-journal").mkdir()


@contextmanager
def _full_disk(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """The file may grow by one page, and no more."""
    connection = sqlite3.connect(folder / "ltc.db")
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.close()
    patch.setitem(store.PRAGMAS, "max_page_count", pages + 1)
    yield


@contextmanager
def _locked_by_sqlite(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[None]:
    patch.setattr(store, "BUSY_SECONDS", 0)
    other = sqlite3.connect(folder / "ltc.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    yield
    other.close()


@contextmanager
def _locked_by_a_writer(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[None]:
    patch.setattr(store, "BUSY_SECONDS", 0)
    lock = os.open(folder / "ltc.db.lock", os.O_CREAT | os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    yield
    os.close(lock)


def _fail(*_arguments: Any, **_options: Any) -> Any:
    raise RuntimeError("wheels came off")


class Broken(NamedTuple):
    situation: Situation
    row: Row


STRANGE: Final = {**store.PRAGMAS, "cell_size_check": 5}

BROKEN: Final = {
    "no file": Broken(_as_it_is, Row("list leads --db none.db", 3, "there is no file none.db")),
    "no folder": Broken(_as_it_is, Row("lead add Eve --db none/ltc.db", 3, "there is no folder none")),
    "a folder": Broken(_as_it_is, Row("list leads --db .", 7, ". is not a file")),
    "a folder to write to": Broken(_as_it_is, Row("lead add Eve --db .", 7, ". is not a file")),
    "a text": Broken(
        _making(lambda folder: (folder / "ltc.db").write_text("lead to cash " * 100)),
        Row("list leads", 7, "is not a sound database"),
    ),
    "a short text": Broken(
        _making(lambda folder: (folder / "ltc.db").write_text("hello")), Row("list leads", 7, "is not a sound database")
    ),
    "nothing in it": Broken(
        _making(lambda folder: (folder / "ltc.db").write_bytes(b"")), Row("list leads", 7, "is not a file of ltc")
    ),
    "torn pages": Broken(_making(_torn), Row("list leads", 7, "is not a sound database")),
    "a stranger": Broken(_making(_other_database), Row("list leads", 7, "is not a file of ltc")),
    "from tomorrow": Broken(
        _making(lambda folder: _sql(folder, "PRAGMA user_version = 99")),
        Row("list leads", 7, "is newer than this ltc (version 99, known"),
    ),
    "open to others": Broken(
        _making(lambda folder: (folder / "ltc.db").chmod(0o666)), Row("list leads", 7, "others may write to")
    ),
    "on the network": Broken(
        _patching((store, "_file_system", lambda _path: "nfs4")), Row("list leads", 7, "lies on a network file system")
    ),
    "locked by SQLite": Broken(_locked_by_sqlite, Row("lead add Eve", 5, "is locked by another process")),
    "locked by a writer": Broken(_locked_by_a_writer, Row("lead add Eve", 5, "is locked by another process")),
    "no lock to be had": Broken(_making(_link_as_lock), Row("lead add Eve", 1, "cannot write to the folder")),
    "no journal to be had": Broken(_making(_folder_as_journal), Row("lead add Eve", 1, "ltc.db: disk I/O error")),
    "a file to read only": Broken(
        _patching((os, "access", lambda *_arguments: False)), Row("lead add Eve", 1, "cannot write to ltc.db")
    ),
    "a full disk": Broken(
        _full_disk,
        Row(
            ("lead", "add", "Eve", *(f"--{field}={'x' * 9_000}" for field in ("note", "title", "company", "source"))),
            1,
            "the disk is full: nothing was written",
        ),
    ),
    "a strange SQLite": Broken(
        _patching((store, "PRAGMAS", STRANGE)), Row("list leads", 1, "this SQLite does not accept cell_size_check = 5")
    ),
    "a refusal of the file itself": Broken(
        _making(
            lambda folder: _sql(
                folder, "CREATE TRIGGER rest BEFORE INSERT ON lead BEGIN SELECT RAISE(ABORT, 'closed on Sunday'); END"
            )
        ),
        Row("lead add Eve", 1, "closed on Sunday"),
    ),
    "a name beyond the file system": Broken(_as_it_is, Row(f"list leads --db {'x' * 300}", 1, "File name too long")),
    "a bug": Broken(
        _patching((leads, "add", _fail)), Row("lead add Eve", 1, "this is a bug in ltc: RuntimeError: wheels came off")
    ),
    "nobody at the keyboard": Broken(
        _patching((sys, "stdin", io.StringIO(""))),
        Row("init --config new.yaml --db new.db", 2, "nobody answers the questions"),
    ),
    "no place for the config": Broken(
        _as_it_is, Row("init --yes --config none/config.yaml", 1, "cannot write none/config.yaml: No such file")
    ),
    "no config": Broken(_as_it_is, Row("list leads --config none.yaml", 3, "none.yaml")),
    "an unknown key": Broken(
        _making(lambda folder: (folder / "config.yaml").write_text("curency: EUR\n")), Row("list leads", 6, "curency")
    ),
    "a doubled key": Broken(
        _making(lambda folder: (folder / "config.yaml").write_text("currency: EUR\ncurrency: USD\n")),
        Row("list leads", 6, "currency"),
    ),
    "terms that cannot be": Broken(
        _making(lambda folder: (folder / "config.yaml").write_text('terms: {default: "30% sign"}\n')),
        Row("config check", 6, "terms.default: the shares make up 30.00 % instead of 100 %"),
    ),
    "a day before the first rate": Broken(
        _making(
            lambda folder: (folder / "config.yaml").write_text(
                "taxes: {S19: {rate: {2999-01-01: 19%}, category: S}}\ntax: S19\n"
            )
        ),
        Row("quote O9 --line Widget:1:5", 6, f"taxes.S19 has no rate for {TODAY}: its first one is from 2999-01-01 on"),
    ),
    "a tax code that the config has lost": Broken(
        _making(lambda folder: (folder / "config.yaml").write_text("currency: EUR\n")),
        Row("quote O9 --line Widget:1:5", 2, "there is no tax code S19"),
    ),
}

ROWS: Final = [*USAGE, *TERMS, *RECURRING, *OTHERS]


# Provoking


class Provoked(NamedTuple):
    """What one command said, as text and as JSON, and the file before and after."""

    code: int
    out: str
    err: str
    json_code: int
    json_out: str
    json_err: str
    before: bytes | None
    after: bytes | None


class Site(NamedTuple):
    """A place in the code where an error is made."""

    file: str
    first_line: int
    last_line: int
    message: str
    """As written there."""


def provoke(template: Path, folder: Path, row: Row, situation: Situation, sites: set[tuple[str, int]]) -> Provoked:
    shutil.copytree(template, folder)
    with pytest.MonkeyPatch.context() as patch, recording(patch, sites):
        patch.chdir(folder)
        with situation(folder, patch):
            before = contents(folder)
            code, out, err = typed(row.arguments)
            json_code, json_out, json_err = typed(["--json", *row.arguments])
            return Provoked(code, out, err, json_code, json_out, json_err, before, contents(folder))


def typed(arguments: list[str]) -> tuple[int, str, str]:
    environ = {"LTC_DB": "ltc.db", "LTC_CONFIG": "config.yaml", "LTC_TODAY": TODAY, "LTC_ACTOR": "test"}
    out, err = io.StringIO(), io.StringIO()
    return run(arguments, Session(environ=environ, out=out, err=err)), out.getvalue(), err.getvalue()


def contents(folder: Path) -> bytes | None:
    path = folder / "ltc.db"
    return path.read_bytes() if path.is_file() else None


@contextmanager
def recording(patch: pytest.MonkeyPatch, sites: set[tuple[str, int]]) -> Iterator[None]:
    """Notes file and line of every error that is made meanwhile."""
    make = errors.LtcError.__init__

    def noted(error: errors.LtcError, message: str, hint: str | None = None) -> None:
        frame: FrameType = sys._getframe(1)
        sites.add((frame.f_code.co_filename, frame.f_lineno))
        make(error, message, hint)

    patch.setattr(errors.LtcError, "__init__", noted)
    yield


class World(NamedTuple):
    answers: dict[str, Provoked]
    sites: set[tuple[str, int]]


def name_of(row: Row) -> str:
    return shlex.join(row.arguments)[:80].encode("ascii", "backslashreplace").decode()


ALL: Final = {name_of(row): (row, _as_it_is) for row in ROWS} | {
    name: (broken.row, broken.situation) for name, broken in BROKEN.items()
}
NAMES: Final = pytest.mark.parametrize("name", ALL)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Everything provoked once, each in a copy of the prepared company."""
    with folder_in_memory() as folder:
        (folder / "company").mkdir()
        company = Company(folder / "company", config=CONFIG)
        for line in PREPARED:
            company.ltc(*shlex.split(line))
        found = World({}, set())
        for name, (row, situation) in ALL.items():
            found.answers[name] = provoke(company.path.parent, folder / "copy", row, situation, found.sites)
            shutil.rmtree(folder / "copy")
        yield found


# What holds for every error


@NAMES
def test_the_exit_code_and_the_message(name: str, world: World) -> None:
    row, answer = ALL[name][0], world.answers[name]
    assert row.message in answer.err
    assert answer.code == row.code


@NAMES
def test_the_error_is_one_line_and_at_most_one_hint(name: str, world: World) -> None:
    answer = world.answers[name]
    assert re.fullmatch(r"ltc: error: \S[^\n]*\n(?:hint: \S[^\n]*\n)?", answer.err)
    assert answer.out == ""


@NAMES
def test_the_error_is_short_and_shows_no_control_character(name: str, world: World) -> None:
    answer = world.answers[name]
    assert len(answer.err) < 1_000
    assert answer.err.replace("\n", "").isprintable()


@NAMES
def test_the_error_shows_nothing_of_the_program(name: str, world: World) -> None:
    said = world.answers[name].err
    assert "Traceback" not in said
    assert "None" not in said
    assert not re.search(r"ltc_cli|\.py\b|<[a-z_.]+ object|KeyError|ValueError|TypeError", said)
    assert ("bug" in said) is (name == "a bug")


@NAMES
def test_as_json_the_error_is_one_object_that_says_the_same(name: str, world: World) -> None:
    answer = world.answers[name]
    error = json.loads(answer.json_err)["error"]
    assert answer.json_code == answer.code
    assert answer.json_out == ""
    assert list(error) == ["code", "message", "hint"]
    assert error["code"] == CODES[answer.code]
    told = visible(error["message"])
    if "is not readable text" in told:  # --json stands before it
        told = re.sub(r"\d+", lambda number: str(int(number[0]) - 1), told)
    assert answer.err.splitlines()[0] == f"ltc: error: {told}"
    assert (error["hint"] is None) is ("\nhint: " not in answer.err)


@NAMES
def test_the_file_is_unchanged(name: str, world: World) -> None:
    answer = world.answers[name]
    assert answer.before == answer.after


# None is forgotten


def sites() -> Iterator[Site]:
    """Every place where an error is made, outside the modules that have a test of their own."""
    for path in sorted(SOURCE.rglob("*.py")):
        file = path.relative_to(SOURCE).as_posix()
        if file in OWN_TEST or file == "errors.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS:
                message = ast.unparse(node.args[0]) if node.args else ""
                yield Site(file, node.lineno, node.end_lineno or node.lineno, message)


def is_provoked(site: Site, world: World) -> bool:
    lines = range(site.first_line, site.last_line + 1)
    return any((str(SOURCE / site.file), line) in world.sites for line in lines)


def is_excused(site: Site) -> bool:
    return any(site.file == file and site.message.startswith(begins) for file, begins in UNPROVOKED)


def test_every_message_is_provoked(world: World) -> None:
    forgotten = [f"{site.file}:{site.first_line}: {site.message}" for site in sites() if not is_provoked(site, world)]
    excused = [f"{site.file}:{site.first_line}: {site.message}" for site in sites() if is_excused(site)]
    assert sorted(forgotten) == sorted(excused)


def test_the_code_has_errors_to_provoke() -> None:
    assert len(list(sites())) > 100
    assert all(
        (SOURCE / file).exists() and Path(__file__).parents[1].joinpath(test).exists()
        for file, test in OWN_TEST.items()
    )


def test_every_kind_of_error_has_its_exit_code() -> None:
    assert {kind.exit_code: kind.code for kind in KINDS} == CODES


# What an error must not say


def test_a_share_whose_day_has_come_does_not_await_it(world: World) -> None:
    """C5 is signed: what its first half waits for is an invoice, not a signature."""
    assert "awaits signature" not in world.answers["collect C5"].err


def test_two_formats_at_once_are_refused_in_json(tmp_path: Path) -> None:
    company = Company(tmp_path)
    error = company.ltc("lead", "add", "Ada", "--csv", fails=2)
    assert error["message"] == "--json and --csv exclude each other"
    assert not company.path.exists()


def test_a_closed_pipe_is_no_error_with_words() -> None:
    class Closed(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    err = io.StringIO()
    assert run(["--version"], Session(environ={}, out=Closed(), err=err)) == 1
    assert err.getvalue() == ""


def test_an_interrupt_exits_130(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupted(*_arguments: Any, **_options: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(leads, "add", interrupted)
    err = io.StringIO()
    environ = {"LTC_DB": str(tmp_path / "ltc.db"), "LTC_TODAY": TODAY}
    assert run(["lead", "add", "Eve"], Session(environ=environ, out=io.StringIO(), err=err)) == 130
    assert "Traceback" not in err.getvalue()
    assert store.open_existing(tmp_path / "ltc.db").value("SELECT COUNT(*) FROM lead") == 0
