"""The JSON keys of every answer, retyped by hand: other people's scripts rely on them (design 2)."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
from typing import TYPE_CHECKING, Any, Final

import pytest

from ltc_cli.app import COMMANDS
from tests.support import Company, folder_in_memory, leave_unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# key:type, in the order of the answer; `?` may be null. A key alone is a text. Money has the digits of `currency`.

LEAD: Final = """
ref:L name status:lead company? email? phone? title? country:country? source? campaign? owner? score:null touches:count
last_touch_on:date? next_step_on:date? created_on:date external_id? note? further:[FURTHER]
"""
FURTHER: Final = "column value"
CUSTOMER: Final = """
ref:K name kind contact? email? phone? country:country? address? tax_id? language? terms? tax_code? owner? note?
dunning? created_on:date further:[FURTHER]
"""
ITEM: Final = "ref name price:quantity? currency? unit? tax_code? created_on:date further:[FURTHER]"
OPPORTUNITY: Final = """
ref:O title status:opportunity lead:L? customer:K customer_name amount:money? currency stage probability:share
close_on:date? owner? next_on:date? next_step? reason? source? campaign? created_on:date external_id? note?
further:[FURTHER]
"""
LINE: Final = "line:count text quantity:quantity price:quantity discount:money net:money tax rate:share"
QUOTE: Final = """
ref:Q opportunity:O version:count status:quote customer:K customer_name amount:money net:money tax:money total:money
currency discount:money terms tax_rounding valid_until:date? created_on:date lines:[LINE]
"""
PLAN: Final = "share trigger period_from:date? period_to:date? amount:money due_on:date? billed:money"
CONTRACT_LINE: Final = """
line:count text quantity:quantity price:quantity discount:money net:money tax rate:share shipped:quantity
"""
AMENDMENT: Final = """
kind:amendment amended_on:date effective_on:date reason? amount:money fee:money? ends_on:date? document_sha256:sha256
"""
CONTRACT: Final = """
ref:C status:contract opportunity:O customer:K customer_name amount:money net:money tax:money total:money billed:money
currency signed_on:date signed_by? accepted_on:date? starts_on:date? ends_on:date? renews? terminated_on:date? terms
tax_rounding document_sha256:sha256 plan:[PLAN] lines:[CONTRACT_LINE] amendments:[AMENDMENT]
"""
MOVED: Final = "line:count text quantity:quantity"
SHIPMENT: Final = """
ref:S status:shipment contract:C customer:K customer_name shipped_on:date delivered_on:date? carrier? tracking?
lines:[MOVED]
"""
TAX: Final = "code name? category rate:share base:money tax:money reason?"
ADVANCE: Final = "invoice:INV issued_on:date net:money tax:money total:money"
INSTALMENT: Final = "due_on:date amount:money balance:money"
INVOICE: Final = """
ref:INV status:invoice contract:C customer:K customer_name issued_on:date due_on:date net:money tax:money
rounding:money total:money paid:money credited:money written_off:money discounted:money balance:money claims:money
currency discount_until:date? discount_percent:share? discount_amount:money? discount_tax? tax_rounding
period_from:date? period_to:date? terms document_sha256:sha256 lines:[LINE] taxes:[TAX] advances:[ADVANCE]
instalments:[INSTALMENT]
"""
HOLDS: Final = "holds:[HOLD]"
HOLD: Final = "ref kind:hold until:date? reason?"
ALLOCATION: Final = "invoice:INV amount:money currency paid:money"
PAYMENT: Final = """
ref:P status:payment customer:K customer_name received_on:date amount:money refunded:money unapplied:money
currency method? reference? gain:money? gain_currency? allocations:[ALLOCATION]
"""
CREDIT: Final = """
ref:CN status:credit invoice:INV customer:K customer_name issued_on:date net:money tax:money rounding:money
total:money applied:money refunded:money unapplied:money currency reason document_sha256:sha256 lines:[LINE]
taxes:[TAX]
"""
MAIL: Final = """
ref:M status:mail kind channel about customer:K? customer_name? recipient subject attempts:count not_before:moment?
queued_on:date sent_on:date? said? message_id
"""
STEP: Final = "ref:L name what sequence step:count? mail:M? task? next_step_on:date? said?"
ERASED: Final = "ref:L status:lead erased_on:date removed:[REMOVED] kept:[KEPT]"
REMOVED: Final = "what count:count"
KEPT: Final = "what ref? why"
THREAD: Final = "on:date ref what amount:money? currency?"

FUNNEL: Final = """
stage:stage count:count amount:money? currency conversion:number? cumulative:number? median_days:days?
"""
AGES: Final = "currency current:money 1-30:money 31-60:money 61-90:money 90+:money unapplied:money total:money"
AGING: Final = f"customer:K customer_name {AGES} invoices:count oldest_due_on:date? held?"
AGING_BY_INVOICE: Final = f"invoice:INV? customer:K customer_name {AGES} invoices:count oldest_due_on:date? held?"
AGING_BY_OWNER: Final = f"owner? {AGES} invoices:count oldest_due_on:date? held?"
AGING_IN_TWO: Final = """
customer:K customer_name currency current:money 1-10:money 10+:money unapplied:money total:money invoices:count
oldest_due_on:date? held?
"""
NOTICE: Final = """
ref:N? customer:K customer_name level? channel? currency amount:money fee:money interest:money total:money invoices:refs
advanced:objects claims:objects status:notice decided_on:date task:T? why?
"""
TASK: Final = """
ref:T kind text? about:about name since:date due:date? status:task done_on:date? done_by? note? level? currency?
notice:N? invoices:refs
"""
STATEMENT: Final = """
customer:K customer_name currency since:date? until:date opening:money movements:[MOVEMENT] closing:money current:money
1-30:money 31-60:money 61-90:money 90+:money unapplied:money
"""
MOVEMENT: Final = "on:date ref kind text debit:money? credit:money? balance:money"
LEAK: Final = "gap:gap ref customer:K customer_name since:date days:count amount:money currency command why?"
LEAK_OF_CUSTOMER: Final = "gap:gap customer:K customer_name records:count since:date days:count amount:money currency"
CLOSE: Final = """
month:month status:close closed_until:date closed_on:date reason? receivables:[RECEIVABLE] journal_id:count
journal_sha256:sha256 facts_sha256:sha256
"""
RECEIVABLE: Final = "currency amount:money"
FOUND: Final = "ref kind name found_in text"
TO_DO: Final = "what ref? name since:date days:count amount:money? currency? why? command"
ENTRY: Final = """
id:count recorded_at:moment business_on:date actor verb records:texts arguments:object? changes:objects counts:object
sha256:sha256
"""
CHECK: Final = "check status broken:count example? rule"
SETTING: Final = "key value:any meaning?"
CONFIG: Final = "config? status"
PERSON: Final = """
ref:K on:date leads:[LEAD] customers:[CUSTOMER] opportunities:[OPPORTUNITY] quotes:[QUOTE] contracts:[CONTRACT]
shipments:[SHIPMENT] invoices:[INVOICE] credits:[CREDIT] payments:[PAYMENT] notices:[NOTICE] tasks:[TASK] merged:objects
mails:objects thread:[THREAD] external_ids:objects journal:[WRITTEN]
"""
WRITTEN: Final = "on:date recorded_at:moment actor verb arguments:object? changes:objects"
EXPORT: Final = "kind format as_of:date path? text?"
FILES: Final = "config database"

IMPORTED: Final = """
read:count created:count updated:count unchanged:count rejected:count batch:count? format encoding delimiter?
header_line:count? columns:[USE]
"""
USE: Final = "column field? format? example?"
UNDONE: Final = "batch:count kind source taken_back:count restored:count kept:count rest:[REST]"
REST: Final = "ref why"

LISTS: Final = {
    "FURTHER": FURTHER,
    "USE": USE,
    "REST": REST,
    "REMOVED": REMOVED,
    "KEPT": KEPT,
    "LINE": LINE,
    "PLAN": PLAN,
    "CONTRACT_LINE": CONTRACT_LINE,
    "AMENDMENT": AMENDMENT,
    "MOVED": MOVED,
    "INSTALMENT": INSTALMENT,
    "TAX": TAX,
    "ADVANCE": ADVANCE,
    "HOLD": HOLD,
    "ALLOCATION": ALLOCATION,
    "THREAD": THREAD,
    "MOVEMENT": MOVEMENT,
    "RECEIVABLE": RECEIVABLE,
    "LEAD": LEAD,
    "CUSTOMER": CUSTOMER,
    "OPPORTUNITY": OPPORTUNITY,
    "QUOTE": QUOTE,
    "CONTRACT": CONTRACT,
    "SHIPMENT": SHIPMENT,
    "INVOICE": INVOICE,
    "CREDIT": CREDIT,
    "PAYMENT": PAYMENT,
    "NOTICE": NOTICE,
    "TASK": TASK,
    "WRITTEN": WRITTEN,
}

STATES: Final = {
    "lead": "new nurtured qualified dropped promoted erased",
    "opportunity": "open won lost",
    "quote": "draft review sent accepted rejected expired superseded",
    "contract": "signed fulfilled closed terminated",
    "amendment": "amended terminated",
    "shipment": "shipped delivered returned",
    "invoice": "open partly_paid paid credited written_off void",
    "payment": "applied unapplied refunded reversed",
    "credit": "applied unapplied refunded",
    "gap": "unshipped unbilled uncollected",
    "close": "open closed",
    "notice": "queued sent failed unknown cancelled planned left_out stopped open",
    "task": "open done moot",
    "hold": "hold dispute promise",
    "mail": "queued claimed sending sent failed unknown cancelled",
    "stage": "lead nurtured opportunity contract shipped invoiced collected",
}

PATTERNS: Final = {
    "date": r"\d{4}-\d\d-\d\d",
    "moment": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z",
    "quantity": r"-?\d+(?:\.\d{0,5}[1-9])?",
    "country": r"[A-Z]{2}",
    "month": r"\d{4}-\d\d",
    "sha256": r"[0-9a-f]{64}",
    "INV": r"INV-\d{4}-\d{4}",
    "about": r"[LK][1-9]\d*",
    "CN": r"CN-\d{4}-\d{4}",
    **{prefix: rf"{prefix}[1-9]\d*" for prefix in "LKOQCSPMNT"},
}
DECIMALS: Final = {"EUR": 2, "JPY": 0, "KWD": 3}


def assert_shape(answer: Any, shape: str, currency: str = "") -> None:
    """Exactly these keys, in this order, each with a value of its type."""
    types = dict(pair.partition(":")[::2] if ":" in pair else (pair, "text") for pair in map(_spelled, shape.split()))
    assert list(answer) == list(types)
    for key, kind in types.items():
        assert_type(key, answer[key], kind, answer.get("currency") or currency)


def _spelled(pair: str) -> str:
    """`note?` as `note:text?`."""
    return f"{pair[:-1]}:text?" if pair.endswith("?") and ":" not in pair else pair


def assert_type(key: str, value: Any, kind: str, currency: str) -> None:
    if kind.endswith("?"):
        if value is None:
            return
        kind = kind[:-1]
    if kind.startswith("["):
        assert isinstance(value, list), key
        for row in value:
            assert_shape(row, LISTS[kind[1:-1]], currency)
    elif kind in STATES:
        assert value in STATES[kind].split(), key
    elif kind == "money":
        decimals = DECIMALS[currency]
        assert isinstance(value, str), key
        assert re.fullmatch(r"-?(?:0|[1-9]\d*)" + rf"\.\d{{{decimals}}}" * bool(decimals), value), f"{key} {value}"
    elif kind in PATTERNS:
        assert isinstance(value, str), key
        assert re.fullmatch(PATTERNS[kind], value), f"{key} {value}"
    else:
        assert IS[kind](value), f"{key}: {value!r} is no {kind}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


IS: Final[dict[str, Callable[[Any], bool]]] = {
    "text": lambda value: isinstance(value, str) and value != "",
    "refs": lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value),
    "count": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "days": lambda value: _is_number(value) and value >= 0,
    "number": lambda value: _is_number(value) and value >= 0,
    "share": lambda value: _is_number(value) and 0 <= value <= 1,
    "null": lambda value: value is None,
    "texts": lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value),
    "object": lambda value: isinstance(value, dict),
    "objects": lambda value: isinstance(value, list) and all(isinstance(each, dict) for each in value),
    "any": lambda _value: True,
}

# One company's life, every answer on the way with its shape. `[]` before a shape: an array of such.

STORY: Final = [
    ("init --yes", FILES),
    (
        (
            "lead add Ada --company Engines --email ada@engines.example --phone '+49 30 1234567' --title CTO"
            " --country de --source web --campaign spring --owner kim --note hello --external-id X1"
        ),
        LEAD,
    ),
    ("lead add Bob --allow-duplicate", LEAD),
    ("lead add Cyd", LEAD),
    ("lead add Dot", LEAD),
    ("nurture L1 --log call --note 'wants a quote'", LEAD),
    ("lead qualify L1 --note budget", LEAD),
    ("lead drop L3 --reason timing --note later", LEAD),
    ("lead merge L2 L4", LEAD),
    ("promote L1 --amount 1,200.50 --close 2026-12-31", OPPORTUNITY),
    ("promote L2", OPPORTUNITY),
    ("customer add Looms --country GB --email a@looms.example --terms '100% sign'", CUSTOMER),
    ("advance O1 --stage proposal --next 'fri call'", OPPORTUNITY),
    ("lose O2 --reason price", OPPORTUNITY),
    ("reopen O2", OPPORTUNITY),
    ("quote O1 --line Widget:3:100.10:Z:-10% --line Setup:1:0.5 --discount 5% --valid-until +30d", QUOTE),
    ("quote Q1 --send", QUOTE),
    ("quote Q1 --accept", QUOTE),
    ("sign Q1 --by Ada --terms '30% sign, 60% ship, 10% accept; due 50%+10d, rest+40d' --ends 2027-06-15", CONTRACT),
    ("invoice C1", [INVOICE]),
    ("ship C1 --line 1=1.5 --carrier DHL --tracking 17", SHIPMENT),
    ("ship --delivered S1", SHIPMENT),
    ("ship --returned S1 --line 1=0.5", SHIPMENT),
    ("ship C1", SHIPMENT),
    ("ship --accepted C1", CONTRACT),
    ("collect C1", PAYMENT),
    ("collect K1 500 --method transfer --reference 'ref 7'", PAYMENT),
    ("invoice --due", [INVOICE]),
    ("apply P2 INV-2026-0002 10", PAYMENT),
    ("send INV-2026-0001 --to-folder mails", MAIL),
    ("send INV-2026-0001 --to lee@engines.example --no-send", MAIL),
    ("outbox drop M2", MAIL),
    ("send INV-2026-0002 --no-send", MAIL),
    ("outbox retry M3", MAIL),
    ("outbox send --to-folder mails", [MAIL]),
    ("send INV-2026-0002 --to kim@engines.example --no-send", MAIL),
    ("outbox resolve M4 --sent", MAIL),
    ("reverse P1 --reason bounced", PAYMENT),
    ("credit INV-2026-0001 20 --reason late", CREDIT),
    ("credit INV-2026-0002 --line 1=1 --reason broken", CREDIT),
    ("refund P2 5 --method transfer --reference 'ref 8'", PAYMENT),
    ("refund P2 --undo --reason 'account closed'", PAYMENT),
    ("writeoff INV-2026-0001 1 --reason small", INVOICE),
    ("send Q1 --no-send", MAIL),
    ("send CN-2026-0001 --no-send", MAIL),
    ("outbox send --to-folder mails/more", [MAIL]),
    ("writeoff INV-2026-0001 --undo --reason paid", INVOICE),
    ("writeoff INV-2026-0001 1 --reason small", INVOICE),
    ("edit K1 email=ada@engines.example", CUSTOMER),
    ("hold INV-2026-0001 --until +1d --reason asked", f"{INVOICE} {HOLDS}"),
    ("promise INV-2026-0001 --on +1d --amount 1", f"{INVOICE} {HOLDS}"),
    ("dispute INV-2026-0001 --reason broken", f"{INVOICE} {HOLDS}"),
    ("release INV-2026-0001", f"{INVOICE} {HOLDS}"),
    ("hold K1 --until +1d --reason asked", f"{CUSTOMER} {HOLDS}"),
    ("release K1", f"{CUSTOMER} {HOLDS}"),
    ("edit INV-2026-0001 dunning=none", INVOICE),
    ("edit INV-2026-0001 dunning=", INVOICE),
    ("close 2026-05", CLOSE),
    ("close 2026-05 --reopen --reason early", CLOSE),
    ("rate usd 0.920", "currency rate:quantity base rate_on:date"),
    ("edit K1 owner=lee", CUSTOMER),
    ("edit L1 owner=lee", LEAD),
    ("edit O2 title=Other", OPPORTUNITY),
    ("promote L3", None),
    ("lead add Emi --company 青空 --country JP", LEAD),
    ("promote L5 --amount 'JPY 3600'", OPPORTUNITY),
    ("sign O3 --terms '100% sign'", CONTRACT),
    ("invoice C2", [INVOICE]),
    ("collect C2 1600", PAYMENT),
    ("lead add Fay --company Dinar", LEAD),
    ("promote L6 --amount 'KWD 0,012.345'", OPPORTUNITY),
    ("sign O4 --terms '12 x monthly from sign'", CONTRACT),
    ("invoice C3", [INVOICE]),
    ("lead add Gil --company Gears", LEAD),
    ("promote L7", OPPORTUNITY),
    ("sign O5 --terms '900 monthly from sign'", CONTRACT),
    ("amend C4 --fee 1000 --from 2026-08-01 --reason index", CONTRACT),
    ("terminate C4 --on 2026-08-31 --reason notice", CONTRACT),
    ("lead add Gil --email gil@ginza.example", LEAD),
    ("nurture L8 --enroll welcome", LEAD),
    ("nurture --due --no-send", [STEP]),
    ("nurture L8 --stop", LEAD),
    ("erase L8", ERASED),
    ("edit K4 email=emi@ao.example", CUSTOMER),
    ("dun --no-send --today +60d", [NOTICE]),
    ("done T1 --today +61d --note 'pays soon'", TASK),
    ("outbox send --confirm --to-folder mails/last", [MAIL]),
    ("customer add Twin", CUSTOMER),
    ("customer merge K3 K7", CUSTOMER),
]

# What a report, a list or a record shows of that company.
LOOKS: Final = [
    ("today", [TO_DO]),
    ("funnel", [FUNNEL]),
    ("funnel --by source", [f"source? {FUNNEL}"]),
    ("funnel --by owner", [f"owner? {FUNNEL}"]),
    ("funnel --by month", [f"month {FUNNEL}"]),
    ("funnel --by campaign", [f"campaign? {FUNNEL}"]),
    ("aging", [AGING]),
    ("aging --as-of 2026-12-01", [AGING]),
    ("aging --by invoice", [AGING_BY_INVOICE]),
    ("aging --by owner", [AGING_BY_OWNER]),
    ("aging --buckets 10", [AGING_IN_TWO]),
    ("statement K1", [STATEMENT]),
    ("statement K1 --since 2026-06-15", [STATEMENT]),
    ("leakage --as-of 2026-12-01", [LEAK]),
    ("leakage --by customer --as-of 2026-12-01", [LEAK_OF_CUSTOMER]),
    ("list leads", [LEAD]),
    ("list customers", [CUSTOMER]),
    ("list opportunities", [OPPORTUNITY]),
    ("list quotes", [QUOTE]),
    ("list contracts", [CONTRACT]),
    ("list shipments", [SHIPMENT]),
    ("list invoices", [INVOICE]),
    ("list credits", [CREDIT]),
    ("list payments", [PAYMENT]),
    ("show L1", f"{LEAD} thread:[THREAD]"),
    ("show K1", f"{CUSTOMER} thread:[THREAD]"),
    ("show O1", f"{OPPORTUNITY} thread:[THREAD]"),
    ("show Q1", f"{QUOTE} thread:[THREAD]"),
    ("show C1", f"{CONTRACT} thread:[THREAD]"),
    ("show S1", f"{SHIPMENT} thread:[THREAD]"),
    ("show INV-2026-0001", f"{INVOICE} thread:[THREAD]"),
    ("show P1", f"{PAYMENT} thread:[THREAD]"),
    ("show CN-2026-0001", f"{CREDIT} thread:[THREAD]"),
    ("show M1", f"{MAIL} thread:[THREAD]"),
    ("show N1", f"{NOTICE} thread:[THREAD]"),
    ("list notices", [NOTICE]),
    ("list tasks", [TASK]),
    ("show T1", f"{TASK} thread:[THREAD]"),
    ("dun --dry-run --today +100d", [NOTICE]),
    ("outbox list", [MAIL]),
    ("daily", ["step status count:count detail?"]),
    ("simulate --until +90d", ["on:date step ref? customer:K? customer_name level? amount:money? currency?"]),
    ("list mails", [MAIL]),
    ("find ada", [FOUND]),
    ("find L1", [FOUND]),
    ("log", [ENTRY]),
    ("log C1", [ENTRY]),
    ("check", [CHECK]),
    ("export ledger", EXPORT),
    ("export ledger --format beancount -o -", EXPORT),
    ("export person K1", PERSON),
    ("completion bash", "shell script"),
    ("config show", [SETTING]),
    ("config check", CONFIG),
]

# What design 2 promises of each command, word for word.
PROMISED: Final = {
    "lead add": "ref name company email phone country source campaign owner status score created_on external_id",
    "nurture": "ref status score touches last_touch_on next_step_on",
    "promote": "ref lead customer title amount currency stage probability close_on owner",
    "sign": "ref opportunity customer amount currency signed_on signed_by terms document_sha256 plan lines",
    "ship": "ref contract shipped_on delivered_on carrier tracking lines",
    "invoice": "ref contract customer issued_on due_on net tax total paid balance currency status lines instalments",
    "collect": "ref customer received_on amount currency allocations unapplied",
    "funnel": "stage count amount currency conversion cumulative median_days",
    "dun": "ref customer level channel currency amount fee interest total invoices status",
    "aging": "customer customer_name currency current 1-30 31-60 61-90 90+ unapplied total invoices oldest_due_on",
    "statement": "customer customer_name currency since until opening movements closing",
    "close": "month closed_on receivables",
}
PROMISED_INSIDE: Final = {
    ("sign", "plan"): "share trigger amount due_on billed",
    ("ship", "lines"): "line quantity",
    ("invoice", "instalments"): "due_on amount balance",
    ("collect", "allocations"): "invoice amount",
}

OWN_TEST: Final = {
    "demo",
    "backup",
    "restore",
    "batch",
    *(row.name for row in COMMANDS if row.name.startswith("import ")),
}
"""Their answers are about files, or those of others: tests/commands has them, and below are the keys of the imports."""


CONFIG_FILE: Final = """
mail: {from: billing@acme.example}
nurture: {sequences: {welcome: [{after: 0d, mail: welcome}, {after: 3d, task: "call {lead}"}]}}
"""


def words(line: str) -> list[str]:
    return shlex.split(line)


@pytest.fixture(scope="module")
def answers() -> Iterator[dict[str, Any]]:
    """Every answer of the story by its command line, and the company itself under an empty one."""
    with folder_in_memory() as folder:
        company = Company(folder, config=CONFIG_FILE)
        found: dict[str, Any] = {"": company}
        for line, shape in STORY:
            if line.startswith("outbox resolve"):
                leave_unknown(company.path, 4)
            line_here = line.replace("mails", str(folder / "mails"))
            found[line] = company.ltc(*words(line_here), fails=None if shape else 4)
        yield found


@pytest.mark.parametrize(("line", "shape"), [row for row in STORY if row[1]], ids=lambda value: str(value)[:40])
def test_the_answer_of_a_verb(line: str, shape: Any, answers: dict[str, Any]) -> None:
    assert_answer(answers[line], shape)


@pytest.mark.parametrize(("line", "shape"), LOOKS, ids=lambda value: str(value)[:40])
def test_the_answer_of_a_look(line: str, shape: Any, answers: dict[str, Any]) -> None:
    company: Company = answers[""]
    assert_answer(company.ltc(*words(line)), shape)


def assert_answer(answer: Any, shape: Any) -> None:
    if isinstance(shape, str):
        assert_shape(answer, shape)
        return
    assert isinstance(answer, list)
    assert answer, "an empty list shows no keys"
    for row in answer:
        assert_shape(row, shape[0])


def test_an_error_is_one_object_with_code_message_and_hint(answers: dict[str, Any]) -> None:
    assert list(answers["promote L3"]) == ["code", "message", "hint"]
    assert answers["promote L3"]["code"] == "refused"


def test_every_command_has_its_keys_here() -> None:
    lines = [line for line, _shape in (*STORY, *LOOKS)]
    named = {row.name for row in COMMANDS if any(f"{line} ".startswith(f"{row.name} ") for line in lines)}
    assert named == {row.name for row in COMMANDS} - OWN_TEST


def test_the_keys_of_an_import(tmp_path: Path) -> None:
    company, rows = Company(tmp_path), tmp_path / "rows.csv"
    rows.write_text("Lead ID,Name,Email,Industry\n1,Ada,ada@engines.example,Looms\n", encoding="utf-8")
    assert_shape(company.ltc("import", "leads", str(rows)), IMPORTED)
    assert_shape(company.ltc("import", "opportunities", str(rows), "--map", "Industry=title"), IMPORTED)
    assert_shape(company.ltc("import", "items", str(rows)), IMPORTED)
    (item,) = company.ltc("list", "items")
    assert_shape(item, ITEM)
    assert_shape(company.ltc("show", "ada"), f"{ITEM} thread:[THREAD]")
    assert company.run("import", "undo", "1", "--json") == 8
    assert_shape(json.loads(company.out), UNDONE)


def first_shape(command: str) -> str:
    """The keys of the first answer of a command above."""
    shapes: list[Any] = [shape for line, shape in (*STORY, *LOOKS) if f"{line} ".startswith(f"{command} ")]
    return str(shapes[0] if isinstance(shapes[0], str) else shapes[0][0])


def keys(shape: str) -> list[str]:
    return [re.split("[:?]", pair)[0] for pair in shape.split()]


@pytest.mark.parametrize("command", PROMISED)
def test_the_promised_keys_are_there(command: str) -> None:
    assert set(PROMISED[command].split()) <= set(keys(first_shape(command)))


@pytest.mark.parametrize(("command", "key"), PROMISED_INSIDE)
def test_the_promised_keys_inside_a_list_are_there(command: str, key: str) -> None:
    inside = re.search(rf"\b{key}:\[(\w+)\]", first_shape(command))
    assert inside
    assert set(PROMISED_INSIDE[command, key].split()) <= set(keys(LISTS[inside[1]]))


@pytest.mark.parametrize(
    "line", [line for line, _shape in LOOKS if not line.startswith(("statement", "export person"))]
)
def test_csv_has_the_same_keys_as_header(line: str, answers: dict[str, Any]) -> None:
    company: Company = answers[""]
    answer = company.ltc(*words(line))
    assert company.run(*words(line), "--csv") == 0
    header, *rows = csv.reader(io.StringIO(company.out, newline=""))
    records = answer if isinstance(answer, list) else [answer]
    assert header == list(records[0])
    assert len(rows) == len(records)
    for row, record in zip(rows, records, strict=True):
        assert [_read_cell(cell, value) for cell, value in zip(row, record.values(), strict=True)] == [*record.values()]


def test_a_statement_in_csv_is_its_movements(answers: dict[str, Any]) -> None:
    """A spreadsheet wants rows: what was owed before, each movement, what is owed in the end."""
    company: Company = answers[""]
    assert company.run("statement", "K1", "--since", "2026-06-15", "--csv") == 0
    header, first, *rows, last = csv.reader(io.StringIO(company.out, newline=""))
    assert " ".join(header) == "customer customer_name currency on ref kind text debit credit balance"
    (account,) = company.ltc("statement", "K1", "--since", "2026-06-15")
    assert len(rows) == len(account["movements"])
    assert (first[5], first[-1], last[5], last[-1]) == ("opening", account["opening"], "closing", account["closing"])


def _read_cell(cell: str, like: Any) -> Any:
    """A cell of CSV as the value that JSON gives: lists inside a cell are JSON, empty is null."""
    if like is None:
        return None if cell == "" else cell
    if isinstance(like, str):
        return cell.removeprefix("'") if like.startswith(("=", "+", "-", "@")) else cell
    return json.loads(cell)


def test_dry_run_answers_with_the_same_keys(answers: dict[str, Any]) -> None:
    company: Company = answers[""]
    assert_shape(company.ltc("collect", "K1", "5", "--dry-run"), PAYMENT)
    assert_shape(company.ltc("lead", "add", "Gil", "--dry-run"), LEAD)


@pytest.mark.parametrize(
    ("shape", "answer"),
    [
        ("amount:money currency", {"amount": 3600.0, "currency": "EUR"}),
        ("amount:money currency", {"amount": "3600", "currency": "EUR"}),
        ("amount:money currency", {"amount": "3600.00", "currency": "JPY"}),
        ("amount:money currency", {"amount": "03.00", "currency": "EUR"}),
        ("quantity:quantity", {"quantity": "1.50"}),
        ("quantity:quantity", {"quantity": 2}),
        ("probability:share", {"probability": "0.1"}),
        ("probability:share", {"probability": 10}),
        ("created_on:date", {"created_on": "1.2.2026"}),
        ("name", {"name": None}),
        ("name", {"name": "Ada", "more": 1}),
        ("name note?", {"note": None, "name": "Ada"}),
        ("touches:count", {"touches": True}),
        ("lines:[MOVED]", {"lines": [{"line": 1}]}),
    ],
)
def test_the_shapes_bite(shape: str, answer: Any) -> None:
    with pytest.raises(AssertionError):
        assert_shape(answer, shape)
