"""Which verb may follow which state: one literal table, and nothing else decides it."""

from __future__ import annotations

from ltc_cli.errors import RefusedError

DONE = "already"
"""The wish is fulfilled already: say so, change nothing, exit 0."""

# record → state → verb → the state afterwards. A verb that is not listed is refused.
TRANSITIONS: dict[str, dict[str, dict[str, str]]] = {
    "lead": {
        "new": {"nurture": "nurtured", "qualify": "qualified", "drop": "dropped", "promote": "promoted"},
        "nurtured": {"nurture": "nurtured", "qualify": "qualified", "drop": "dropped", "promote": "promoted"},
        "qualified": {"nurture": "qualified", "qualify": DONE, "drop": "dropped", "promote": "promoted"},
        "dropped": {"nurture": "dropped", "qualify": "qualified", "drop": DONE},
        "promoted": {"nurture": "promoted", "promote": DONE},
        "erased": {},
    },
    "opportunity": {
        "open": {"advance": "open", "quote": "open", "sign": "won", "lose": "lost", "reopen": DONE},
        "won": {"sign": DONE},
        "lost": {"lose": DONE, "reopen": "open"},
    },
    "quote": {
        "draft": {"send": "sent", "accept": "accepted", "reject": "rejected", "sign": "accepted"},
        "sent": {"send": DONE, "accept": "accepted", "reject": "rejected", "sign": "accepted"},
        "accepted": {"accept": DONE, "sign": "accepted"},
        "rejected": {"reject": DONE},
        "expired": {"reject": "rejected"},
        "superseded": {},
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
        "terminated": {"accept": "terminated", "invoice": "terminated", "collect": "terminated", "terminate": DONE},
    },
    "shipment": {
        "shipped": {"deliver": "delivered", "return": "returned"},
        "delivered": {"deliver": DONE, "return": "returned"},
        "returned": {"return": DONE},
    },
    "invoice": {
        "open": {"collect": "paid", "apply": "paid", "credit": "credited", "writeoff": "written_off"},
        "partly_paid": {"collect": "paid", "apply": "paid", "credit": "credited", "writeoff": "written_off"},
        "paid": {"collect": DONE, "apply": DONE, "credit": "credited"},
        "credited": {"collect": DONE, "apply": DONE, "credit": DONE},
        "written_off": {"collect": DONE, "apply": DONE, "credit": "written_off", "writeoff": DONE},
    },
    "payment": {
        "unapplied": {"apply": "applied", "refund": "refunded", "reverse": "reversed"},
        "applied": {"reverse": "reversed"},
        "refunded": {"refund": DONE},
        "reversed": {"reverse": DONE},
    },
    "credit": {
        "unapplied": {"apply": "applied", "refund": "refunded"},
        "applied": {},
        "refunded": {"refund": DONE},
    },
    # A call that nobody needed any more was made all the same.
    "task": {
        "open": {"done": "done"},
        "done": {"done": DONE},
        "moot": {"done": "done"},
    },
}

# What to do instead, by record and state.
HINTS = {
    ("lead", "dropped"): "ltc lead qualify {ref} takes it up again",
    ("lead", "erased"): "who comes anew is a new lead: ltc lead add",
    ("lead", "promoted"): "its opportunity goes on: ltc show {ref}",
    ("opportunity", "lost"): "ltc reopen {ref}",
    ("opportunity", "won"): "its contract goes on: ltc show {ref}",
    ("quote", "superseded"): "a newer version stands: ltc show {ref}",
    ("quote", "expired"): "ltc quote makes a new version",
    ("quote", "rejected"): "ltc quote makes a new version",
    ("quote", "accepted"): "ltc sign {ref}",
    ("contract", "terminated"): "a new contract is a new ltc promote and ltc sign",
    ("invoice", "paid"): "nothing of it is open: ltc show {ref}",
    ("invoice", "credited"): "nothing of it is open: ltc show {ref}",
    ("payment", "applied"): "nothing of it is left: ltc show {ref}",
    ("payment", "refunded"): "if the refund came back: ltc refund {ref} --undo --reason …",
    ("credit", "applied"): "nothing of it is left: ltc show {ref}",
    ("credit", "refunded"): "if the refund came back: ltc refund {ref} --undo --reason …",
    ("payment", "reversed"): "a new payment is a new ltc collect",
    ("shipment", "returned"): "ltc ship sends it again",
}


def follow(record: str, state: str, verb: str, ref: str) -> bool:
    """Whether the verb has something to do: False when its wish is fulfilled already.

    Raises RefusedError when the table does not allow the verb in this state.
    """
    outcome = TRANSITIONS[record][state].get(verb)
    if outcome is None:
        hint = HINTS.get((record, state), "ltc show {ref}").format(ref=ref)
        raise RefusedError(f"{ref} is {state.replace('_', ' ')}: {verb} is not possible", hint)
    return outcome != DONE
