"""Every state of every record against every verb (design 3, "From lead to cash").

Each record is brought into its state by commands. The table is written down from the design, as a user would expect it,
and not taken from `rules/states.py`; a test holds the two against each other.
"""

from __future__ import annotations

import shlex
from functools import cache
from typing import TYPE_CHECKING

import pytest

from ltc_cli.rules.states import TRANSITIONS
from tests.support import TODAY, Company, folder_in_memory

if TYPE_CHECKING:
    from pathlib import Path

DONE = "already"
"""The wish is fulfilled already: exit 0, said so, nothing written."""

REFUSED = "refused"
"""Exit 4, one line and a hint, nothing written."""

# record → state → verb → the state afterwards
EXPECTED = {
    "lead": {
        "new": {"nurture": "nurtured", "qualify": "qualified", "drop": "dropped", "promote": "promoted"},
        "nurtured": {"nurture": "nurtured", "qualify": "qualified", "drop": "dropped", "promote": "promoted"},
        "qualified": {"nurture": "qualified", "qualify": DONE, "drop": "dropped", "promote": "promoted"},
        "dropped": {"nurture": "dropped", "qualify": "qualified", "drop": DONE, "promote": REFUSED},
        "promoted": {"nurture": "promoted", "qualify": REFUSED, "drop": REFUSED, "promote": DONE},
        # Nothing is known of the person any more.
        "erased": {"nurture": REFUSED, "qualify": REFUSED, "drop": REFUSED, "promote": REFUSED},
    },
    "opportunity": {
        "open": {"advance": "open", "quote": "open", "sign": "won", "lose": "lost", "reopen": DONE},
        "won": {"advance": REFUSED, "quote": REFUSED, "sign": DONE, "lose": REFUSED, "reopen": REFUSED},
        "lost": {"advance": REFUSED, "quote": REFUSED, "sign": REFUSED, "lose": DONE, "reopen": "open"},
    },
    "quote": {
        "draft": {"send": "sent", "accept": "accepted", "reject": "rejected", "sign": "accepted"},
        "sent": {"send": DONE, "accept": "accepted", "reject": "rejected", "sign": "accepted"},
        "accepted": {"send": REFUSED, "accept": DONE, "reject": REFUSED, "sign": "accepted"},
        "rejected": {"send": REFUSED, "accept": REFUSED, "reject": DONE, "sign": REFUSED},
        "expired": {"send": REFUSED, "accept": REFUSED, "reject": "rejected", "sign": REFUSED},
        "superseded": {"send": REFUSED, "accept": REFUSED, "reject": REFUSED, "sign": REFUSED},
    },
    "contract": {
        "signed": {
            "ship": "fulfilled",
            "accept": "signed",
            "invoice": "signed",
            "collect": "signed",
            "amend": "signed",
            "terminate": "terminated",
        },
        # Nothing closes by being invoiced: it is owed then. Paying the last of it closes.
        "fulfilled": {
            "ship": DONE,
            "accept": "fulfilled",
            "invoice": "fulfilled",
            "collect": "closed",
            "amend": "signed",
            "terminate": "terminated",
        },
        "closed": {
            "ship": DONE,
            "accept": "closed",
            "invoice": DONE,
            "collect": DONE,
            "amend": "signed",
            "terminate": "terminated",
        },
        # What was shipped before is still billed, accepted and paid.
        "terminated": {
            "ship": REFUSED,
            "accept": "terminated",
            "invoice": "terminated",
            "collect": "terminated",
            "amend": REFUSED,
            "terminate": DONE,
        },
    },
    "shipment": {
        "shipped": {"deliver": "delivered", "return": "returned"},
        "delivered": {"deliver": DONE, "return": "returned"},
        "returned": {"deliver": REFUSED, "return": DONE},
    },
    "invoice": {
        "open": {"collect": "paid", "apply": "paid", "credit": "credited", "writeoff": "written_off"},
        "partly_paid": {"collect": "paid", "apply": "paid", "credit": "credited", "writeoff": "written_off"},
        # What is paid can still be taken back: the customer then has credit.
        "paid": {"collect": DONE, "apply": DONE, "credit": "credited", "writeoff": REFUSED},
        "credited": {"collect": DONE, "apply": DONE, "credit": DONE, "writeoff": REFUSED},
        # The part of it that was paid can be taken back, and nothing more.
        "written_off": {"collect": DONE, "apply": DONE, "credit": "written_off", "writeoff": DONE},
    },
    "payment": {
        "unapplied": {"apply": "applied", "refund": "refunded", "reverse": "reversed"},
        # Nothing is left of it, and the other invoice stays open: the wish is not fulfilled.
        "applied": {"apply": REFUSED, "refund": REFUSED, "reverse": "reversed"},
        # What was paid out is gone, whatever the bank takes back.
        "refunded": {"apply": REFUSED, "refund": DONE, "reverse": REFUSED},
        "reversed": {"apply": REFUSED, "refund": REFUSED, "reverse": DONE},
    },
    "credit": {
        "unapplied": {"apply": "applied", "refund": "refunded"},
        "applied": {"apply": REFUSED, "refund": REFUSED},
        "refunded": {"apply": REFUSED, "refund": DONE},
    },
    # Whether anybody still needed the call or not, it was made.
    "task": {"open": {"done": "done"}, "done": {"done": DONE}, "moot": {"done": "done"}},
}

COMMANDS = {
    ("lead", "nurture"): "nurture L1 --log call",
    ("lead", "qualify"): "lead qualify L1",
    ("lead", "drop"): "lead drop L1 --reason need",
    ("lead", "promote"): "promote L1",
    ("opportunity", "advance"): "advance O1",
    ("opportunity", "quote"): "quote O1 --line Widget:2:50",
    ("opportunity", "sign"): "sign O1",
    ("opportunity", "lose"): "lose O1 --reason price",
    ("opportunity", "reopen"): "reopen O1",
    ("quote", "send"): "quote Q1 --send",
    ("quote", "accept"): "quote Q1 --accept",
    ("quote", "reject"): "quote Q1 --reject",
    ("quote", "sign"): "sign Q1",
    ("contract", "ship"): "ship C1",
    ("contract", "accept"): "ship --accepted C1",
    ("contract", "invoice"): "invoice C1",
    ("contract", "collect"): "collect C1",
    ("contract", "amend"): "amend C1 --line Cog:1:10",
    ("contract", "terminate"): "terminate C1 --reason notice",
    ("shipment", "deliver"): "ship --delivered S1",
    ("shipment", "return"): "ship --returned S1",
    ("invoice", "collect"): "collect INV-2026-0001",
    ("invoice", "apply"): "apply P1 INV-2026-0001",
    ("invoice", "credit"): "credit INV-2026-0001 --reason returned",
    ("invoice", "writeoff"): "writeoff INV-2026-0001 --reason insolvent",
    ("payment", "apply"): "apply P1 INV-2026-0002",
    ("payment", "refund"): "refund P1",
    ("payment", "reverse"): "reverse P1 --reason bounced",
    ("credit", "apply"): "apply CN-2026-0001 INV-2026-0002",
    ("credit", "refund"): "refund CN-2026-0001",
    ("task", "done"): "done T1",
}

REFS = {
    "lead": "L1",
    "opportunity": "O1",
    "quote": "Q1",
    "contract": "C1",
    "shipment": "S1",
    "invoice": "INV-2026-0001",
    "payment": "P1",
    "credit": "CN-2026-0001",
    "task": "T1",
}

LEAD = ("lead add Ada --company Engines",)
OPPORTUNITY = (*LEAD, "promote L1 --amount 100")
QUOTE = (*OPPORTUNITY, "quote O1 --line Widget:2:50 --valid-until 2026-06-20")
SIGNED = (
    *OPPORTUNITY,
    "quote O1 --line Widget:2:50",
    'sign O1 --terms "50% sign, 50% ship"',
    "invoice C1",
    "ship C1 --line 1=1",
)
SHIPPED = (*OPPORTUNITY, "sign O1", "ship C1")
PREPAID = (*OPPORTUNITY, "sign O1", "collect K1 100", "ship C1", "invoice C1")
OWED = (*OPPORTUNITY, 'sign O1 --terms "100% sign"', "invoice C1")
OWED_AGAIN = (
    "lead add Bob --company Engines",
    "promote L2 --amount 100",
    'sign O2 --terms "100% sign"',
    "invoice C2",
)

CONFIG = "nurture: {sequences: {ring: [{after: 0d, task: ring}]}}"
CALL = (*LEAD, "nurture L1 --enroll ring", "nurture --due")

CREDITED = (*OWED, "collect C1 100", "credit INV-2026-0001 --reason returned")

# How a record gets into its state.
MADE_BY = {
    ("lead", "new"): LEAD,
    ("lead", "nurtured"): (*LEAD, "nurture L1 --log email"),
    ("lead", "qualified"): (*LEAD, "lead qualify L1"),
    ("lead", "dropped"): (*LEAD, "lead drop L1 --reason budget"),
    ("lead", "promoted"): (*LEAD, "promote L1"),
    ("lead", "erased"): (*LEAD, "erase L1"),
    ("opportunity", "open"): OPPORTUNITY,
    ("opportunity", "won"): (*OPPORTUNITY, "sign O1"),
    ("opportunity", "lost"): (*OPPORTUNITY, "lose O1 --reason timing"),
    ("quote", "draft"): QUOTE,
    ("quote", "sent"): (*QUOTE, "quote Q1 --send"),
    ("quote", "accepted"): (*QUOTE, "quote Q1 --accept"),
    ("quote", "rejected"): (*QUOTE, "quote Q1 --reject"),
    ("quote", "expired"): QUOTE,
    ("quote", "superseded"): (*QUOTE, "quote O1 --line Widget:2:49"),
    ("contract", "signed"): SIGNED,
    ("contract", "fulfilled"): SHIPPED,
    ("contract", "closed"): (*SHIPPED, "invoice C1", "collect C1"),
    ("contract", "terminated"): (*SIGNED, "terminate C1 --reason notice"),
    ("shipment", "shipped"): SHIPPED,
    ("shipment", "delivered"): (*SHIPPED, "ship --delivered S1"),
    ("shipment", "returned"): (*SHIPPED, "ship --returned S1"),
    ("invoice", "open"): PREPAID,
    ("invoice", "partly_paid"): (*PREPAID, "collect C1 1"),
    ("invoice", "paid"): (*PREPAID, "collect C1"),
    ("invoice", "credited"): (*PREPAID, "credit C1 --reason returned"),
    ("invoice", "written_off"): (*PREPAID, "collect C1 1", "writeoff C1 --reason insolvent"),
    ("payment", "unapplied"): (*OWED, "collect C1 200", *OWED_AGAIN),
    ("payment", "applied"): (*OWED, "collect C1 100", *OWED_AGAIN),
    ("payment", "refunded"): (*OWED, "collect C1 200", *OWED_AGAIN, "refund P1"),
    ("payment", "reversed"): (*OWED, "collect C1 200", *OWED_AGAIN, "reverse P1 --reason bounced"),
    ("credit", "unapplied"): (*CREDITED, *OWED_AGAIN),
    ("credit", "applied"): (*OWED, "credit C1 --reason returned", *OWED_AGAIN),
    ("credit", "refunded"): (*CREDITED, *OWED_AGAIN, "refund CN-2026-0001"),
    ("task", "open"): CALL,
    ("task", "done"): (*CALL, "done T1"),
    ("task", "moot"): (*CALL, "lead drop L1 --reason need"),
}

# Where a verb needs something else to work on than the others.
MADE_FOR = {("contract", "fulfilled", "collect"): (*SHIPPED, "invoice C1")}

LATER = "2026-06-25"
"""The quote has expired."""

CASES = [
    pytest.param(record, state, verb, outcome, id=f"{state} {record}: {verb}")
    for record, states in EXPECTED.items()
    for state, verbs in states.items()
    for verb, outcome in verbs.items()
]


@cache
def file_after(commands: tuple[str, ...]) -> bytes:
    with folder_in_memory() as folder:
        company = Company(folder, config=CONFIG)
        for command in commands:
            company.ltc(*shlex.split(command))
        return company.path.read_bytes()


def company_after(commands: tuple[str, ...], folder: Path, today: str = TODAY) -> Company:
    company = Company(folder, config=CONFIG, today=today)
    company.path.write_bytes(file_after(commands))
    company.path.chmod(0o600)
    return company


def in_state(record: str, state: str, verb: str, folder: Path) -> Company:
    commands = MADE_FOR.get((record, state, verb), MADE_BY[record, state])
    return company_after(commands, folder, today=LATER if state == "expired" else TODAY)


def status(company: Company, ref: str) -> str:
    found: str = company.ltc("show", ref)["status"]
    return found


@pytest.mark.parametrize(("record", "state", "verb", "outcome"), CASES)
def test_every_verb_in_every_state(record: str, state: str, verb: str, outcome: str, tmp_path: Path) -> None:
    company, ref = in_state(record, state, verb, tmp_path), REFS[record]
    assert status(company, ref) == state
    arguments, before = shlex.split(COMMANDS[record, verb]), company.dump()
    if outcome == REFUSED:
        assert company.run(*arguments) == 4
        assert company.out == ""
        error, hint = company.err.splitlines()
        assert error.startswith("ltc: error: ")
        assert hint.startswith("hint: ")
    else:
        company.ltc(*arguments)
    if outcome == DONE:
        assert company.err, "nothing says that it was done before"
    is_unchanged = outcome in (DONE, REFUSED)
    assert (company.dump() == before) == is_unchanged
    assert status(company, ref) == (state if is_unchanged else outcome)


@pytest.mark.parametrize("record", EXPECTED)
def test_the_table_of_the_code_says_the_same(record: str) -> None:
    allowed = {
        state: {verb: outcome for verb, outcome in verbs.items() if outcome != REFUSED}
        for state, verbs in EXPECTED[record].items()
    }
    assert TRANSITIONS[record] == allowed


# What a table of states cannot say


@pytest.mark.parametrize("command", ["quote Q1 --reject", "quote Q1 --send"])
def test_a_quote_that_was_signed_stays_accepted(command: str, tmp_path: Path) -> None:
    company = company_after((*QUOTE, "sign Q1"), tmp_path, today=LATER)
    before = company.dump()
    company.ltc(*shlex.split(command), fails=4)
    assert company.dump() == before
    assert status(company, "Q1") == "accepted"


@pytest.mark.parametrize("fate", ["lose O1 --reason price", "sign O1 --amount 7"])
@pytest.mark.parametrize("flag", ["--send", "--accept"])
def test_a_quote_goes_nowhere_once_its_opportunity_is_decided(flag: str, fate: str, tmp_path: Path) -> None:
    company = company_after((*QUOTE, fate), tmp_path)
    before = company.dump()
    company.ltc("quote", "Q1", flag, fails=4)
    assert company.dump() == before


def test_a_payment_applied_again_to_what_it_paid_says_so(tmp_path: Path) -> None:
    company = company_after((*OWED, "collect C1 100"), tmp_path)
    before = company.dump()
    company.ltc("apply", "P1", "INV-2026-0001")
    assert company.err
    assert company.dump() == before


def test_a_contract_is_fulfilled_again_when_the_payment_that_closed_it_bounces(tmp_path: Path) -> None:
    company = company_after((*SHIPPED, "invoice C1", "collect C1", "reverse P1 --reason bounced"), tmp_path)
    assert status(company, "C1") == "fulfilled"
    assert status(company, "INV-2026-0001") == "open"


def test_a_contract_is_signed_again_when_goods_come_back(tmp_path: Path) -> None:
    company = company_after((*SHIPPED, "invoice C1", "collect C1", "ship --returned S1"), tmp_path)
    assert status(company, "C1") == "signed"


def test_a_part_that_comes_back_leaves_the_shipment_where_it_was(tmp_path: Path) -> None:
    company = company_after((*QUOTE, "sign O1", "ship C1", "ship --delivered S1"), tmp_path)
    company.ltc("ship", "--returned", "S1", "--line", "1=1")
    assert status(company, "S1") == "delivered"
