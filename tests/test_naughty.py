"""Naughty strings through every text field and every output: nothing breaks, nothing is lost, no terminal obeys."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from ltc_cli.app import run
from ltc_cli.session import Session
from tests.support import TODAY, Company, folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator

STRINGS: Final = {
    "escape": "\x1b[31mred\x1b[0m",
    "window title": "\x1b]0;owned\x07",
    "clear screen": "a\x1b[2J\x1b[Hb",
    "C1 control": "a\x9b31mb\x9d0;x\x9c",
    "every control": "".join(map(chr, (*range(1, 9), *range(14, 28)))) + "x",
    "delete": "a\x7fb",
    "carriage return": "good\rbad",
    "line breaks": "one\ntwo\r\nthree",
    "tab": "a\tb",
    "vertical tab": "a\x0bb\x0cc",
    "line separators": "a\u2028b\u2029c\x85d",
    "right to left": "\u202egpj.exe",
    "isolates": "\u2066a\u2067b\u2068c\u2069",
    "arabic": "شركة النور للتجارة",
    "hebrew in between": "abc עברית def",
    "byte order mark": "\ufeffAda",
    "zero width": "A\u200bd\u200ca\u200d",
    "soft hyphen": "soft\u00adhyphen",
    "combining": "e\u0301 decomposed",
    "composed": "é composed",
    "zalgo": "Z" + "\u0351\u036b\u0343\u036a\u0302" * 40 + "algo",
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽",
    "astral": "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 \U0010ffff",
    "chinese": "北京云海软件有限公司",
    "full width": "ＡＢＣ１２３",
    "not a character": "\uffff\ufffe",
    "private use": "\ue000\uf8ff",
    "rich markup": "[bold red]x[/] [/] [link=http://evil.example]y[/link]",
    "emoji code": ":smile: :bomb:",
    "formula": "=cmd|' /C calc'!A0",
    "formula plus": "+1+1",
    "formula at": "@SUM(A1)",
    "minus": "-1",
    "options": "--json",
    "two dashes": "--",
    "SQL": "Robert'); DROP TABLE lead;--",
    "SQL wildcard": "%_\\%",
    "template": "{{7*7}} {% for x in y %} ${HOME} #{1}",
    "format": "{0} {name} %s %(x)d {",
    "path": "../../../../etc/passwd",
    "windows path": "C:\\Windows\\..\\nul",
    "HTML": "<script>alert(1)</script>&amp;\"'",
    "JSON": '{"a": [1, null], "b": "\\u0000"}',
    "JSON key": '"],"records":["L1"],"x":["',
    "CSV": 'a,"b";c\n"d',
    "YAML": "no: yes\n- !!python/object/apply:os.system ['true']",
    "a line of a quote": "Widget:10:3.50:Z:-10%",
    "colons": ":::::",
    "reference": "L1",
    "null": "null",
    "number": "1e999",
    "quotes": "\"'`´‘’“”«»",
    "backslashes": "\\n \\x1b \\u202e",
    "encoded word": "=?utf-8?q?=0ABcc=3A_x=40y.example?=",
    "blanks around": " \t\u00a0 inside \u3000 ",
    "as long as may be": "x" * 10_000,
    "long and wide": "字" * 3_000,
    "one dot": ".",
}

REFUSED: Final = {
    "NUL": "a\0b",
    "lone surrogate": "a\ud800b",
    "not UTF-8": "caf\udce9",
    "too long": "x" * 10_001,
}

BLANK: Final = {"empty": "", "blanks": "  ", "white space of Unicode": "\u3000\u00a0\u2003\t\n"}

RAW: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""What no terminal may get from the data; a line break is ours."""

COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")

KINDS: Final = ("leads", "customers", "opportunities", "quotes", "contracts", "shipments", "invoices", "payments")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Said(NamedTuple):
    code: int
    out: str
    err: str


def kept(text: str) -> str | None:
    """What the file keeps of a text: trimmed and composed; null where nothing is left."""
    return unicodedata.normalize("NFC", text.strip()) or None


def say(company: Company, *arguments: str, terminal: bool = False) -> Said:
    """A command as a user would run it, without the debugging that the other tests have on."""
    stream = Terminal if terminal else io.StringIO
    out, err = stream(newline=""), stream(newline="")
    environ = {"LTC_DB": str(company.path), "LTC_CONFIG": str(company.config_path), "LTC_TODAY": TODAY}
    code = run(arguments, Session(environ={**environ, "LTC_ACTOR": "test"}, out=out, err=err))
    return Said(code, out.getvalue(), err.getvalue())


def assert_harmless(said: Said) -> None:
    """No bug, and nothing on either stream that a terminal would obey."""
    for text in (said.out, said.err):
        assert "Traceback" not in text
        assert "bug in ltc" not in text
        raw = RAW.search(COLOURS.sub("", text))
        assert raw is None, f"raw {raw[0]!a} in {text[max(0, raw.start() - 40) : raw.end() + 20]!a}"


def do(company: Company, *arguments: str) -> Any:
    """The answer of a command that must succeed."""
    said = say(company, "--json", *arguments)
    assert_harmless(said)
    assert said.code == 0, said.err
    return json.loads(said.out)


# An open opportunity O1 of K1, two new leads L2 and L3, a contract C1 to ship, a payment P1.
PREPARED: Final = (
    "lead add Ada --company Engines",
    "promote L1 --amount 100",
    "lead add Bob",
    "lead add Cyd",
    "lead add Dan",
    "promote L4 --amount 50",
    "sign O2",
    "collect K1 1",
)


class Told(NamedTuple):
    """A company in which every string has gone through every field."""

    company: Company
    stories: dict[str, list[tuple[dict[str, Any], dict[str, Any]]]]
    """By the string's name: what each command answered, and what it had to."""


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    with folder_in_memory() as folder:
        company = Company(folder, config="currency: EUR\n")
        for line in PREPARED:
            company.ltc(*line.split())
        yield Told(company, {name: list(story(company, text)) for name, text in STRINGS.items()})


@pytest.fixture
def company(told: Told) -> Company:
    return told.company


def story(company: Company, text: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """A whole sale in which every text is this one: each answer, and what it has to say."""
    word = kept(text)
    lead = do(company, "lead", "add", *options(LEAD_FIELDS, text), "--allow-duplicate", "--", text)
    yield lead, dict.fromkeys(("name", *LEAD_FIELDS), word)
    customer = do(company, "customer", "add", *options(CUSTOMER_FIELDS, text), "--allow-duplicate", "--", text)
    yield customer, dict.fromkeys(("name", *CUSTOMER_FIELDS), word)
    yield do(company, "nurture", lead["ref"], "--log", "call", f"--note={text}"), {"touches": 1}
    yield do(company, "lead", "qualify", lead["ref"], f"--note={text}"), {"status": "qualified"}
    named = ("--customer", customer["ref"], f"--title={text}", f"--owner={text}")
    opportunity = do(company, "promote", lead["ref"], *named)
    yield opportunity, {"title": word, "owner": word, "customer_name": word}
    yield do(company, "advance", opportunity["ref"], f"--next=fri {text}"), {"next_step": word}
    quote = do(company, "quote", opportunity["ref"], f"--line={text}:2:10.50")
    yield quote["lines"][0], {"text": word, "quantity": "2", "price": "10.5", "net": "21.00"}
    contract = do(company, "sign", quote["ref"], f"--by={text}", f"--renews={text}")
    yield contract, {"signed_by": word, "renews": word, "customer_name": word}
    shipment = do(company, "ship", contract["ref"], f"--carrier={text}", f"--tracking={text}")
    yield shipment, {"carrier": word, "tracking": word}
    (invoice,) = do(company, "invoice", contract["ref"])
    yield invoice, {"customer_name": word, "total": "21.00"}
    payment = do(company, "collect", invoice["ref"], f"--method={text}", f"--reference={text}")
    yield payment, {"method": word, "reference": word}
    yield do(company, "reverse", payment["ref"], f"--reason={text}"), {"status": "reversed"}
    note = do(company, "credit", invoice["ref"], "1", f"--reason={text}")
    yield note, {"reason": word, "total": "1.00"}
    left = do(company, "collect", "K1", "5")
    yield do(company, "refund", left["ref"], f"--method={text}", f"--reference={text}"), {"status": "refunded"}
    yield do(company, "writeoff", invoice["ref"], f"--reason={text}"), {"status": "written_off"}
    yield from other_endings(company, text)


def other_endings(company: Company, text: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """A lead dropped, an opportunity lost, everything edited, somebody else at the keyboard."""
    word = kept(text)
    dropped = do(company, "lead", "add", "Dot", "--allow-duplicate", f"--actor={text}", f"--key=1 {text}")
    edits = (f"{field}={text}" for field in ("name", *LEAD_FIELDS) if field != "external-id")
    yield do(company, "edit", dropped["ref"], *edits), dict.fromkeys(("name", "company", "title", "note"), word)
    yield do(company, "lead", "drop", dropped["ref"], f"--reason={text}", f"--note={text}"), {"status": "dropped"}
    lost = do(company, "promote", do(company, "lead", "add", "Eve")["ref"], "--customer", "K1")
    edits = (f"{field}={text}" for field in ("title", "owner", "next_step"))
    yield do(company, "edit", lost["ref"], *edits), {"title": word, "owner": word, "next_step": word}
    yield do(company, "lose", lost["ref"], f"--reason={text}", f"--note={text}"), {"reason": word}


LEAD_FIELDS: Final = ("company", "title", "source", "campaign", "owner", "note")
CUSTOMER_FIELDS: Final = ("contact", "address", "owner", "note")


def options(fields: tuple[str, ...], text: str) -> list[str]:
    return [f"--{field}={text}" for field in fields]


# In through every field


@pytest.mark.parametrize("name", STRINGS)
def test_every_field_gives_back_what_went_in(name: str, told: Told) -> None:
    for answer, expected in told.stories[name]:
        assert {key: answer[key] for key in expected} == expected


# One command for every field that a text can be given to; `{}` stands for it
FIELDS: Final = (
    *(("lead", "add", f"--{field}={{}}", "Zoe") for field in (*LEAD_FIELDS, "external-id")),
    ("lead", "add", "--actor={}", "Zoe"),
    *(("customer", "add", f"--{field}={{}}", "--allow-duplicate", "Zoe") for field in CUSTOMER_FIELDS),
    ("nurture", "L1", "--log=call", "--note={}"),
    ("lead", "qualify", "L2", "--note={}"),
    ("lead", "drop", "L2", "--reason=need", "--note={}"),
    ("promote", "L3", "--title={}"),
    ("promote", "L3", "--owner={}"),
    ("sign", "O1", "--by={}"),
    ("sign", "O1", "--renews={}"),
    ("ship", "C1", "--carrier={}"),
    ("ship", "C1", "--tracking={}"),
    ("collect", "K1", "5", "--method={}"),
    ("collect", "K1", "5", "--reference={}"),
    ("refund", "P1", "--method={}"),
    ("refund", "P1", "--reference={}"),
    ("lose", "O1", "--reason=price", "--note={}"),
    *(("edit", "L1", f"{field}={{}}") for field in LEAD_FIELDS),
    *(("edit", "K1", f"{field}={{}}") for field in CUSTOMER_FIELDS),
    *(("edit", "O1", f"{field}={{}}") for field in ("owner", "next_step")),
)
# Where something has to be left after trimming.
NAMES: Final = (
    ("lead", "add", "--", "{}"),
    ("customer", "add", "--", "{}"),
    ("lead", "drop", "L2", "--reason={}"),
    ("lose", "O1", "--reason={}"),
    ("reverse", "P1", "--reason={}"),
    ("credit", "INV-2026-0001", "--reason={}"),
    ("writeoff", "INV-2026-0001", "--reason={}"),
    ("advance", "O1", "--next=fri {}"),
    ("quote", "O1", "--line={}:1:2"),
    ("edit", "L1", "name={}"),
    ("edit", "K1", "name={}"),
    ("edit", "O1", "title={}"),
)
# Where a text is read as something else: an amount, a day, a reference, a name of the config.
READ: Final = (
    ("lead", "add", "--key={}", "Zoe"),
    ("lead", "add", "--email={}", "Zoe"),
    ("lead", "add", "--phone={}", "Zoe"),
    ("lead", "add", "--country={}", "Zoe"),
    ("lead", "add", "--today={}", "Zoe"),
    *(("customer", "add", f"--{field}={{}}", "Zoe") for field in ("email", "phone", "country", "tax-id", "language")),
    *(("customer", "add", f"--{field}={{}}", "Zoe") for field in ("terms", "tax-code")),
    *(("edit", "K1", f"{field}={{}}") for field in ("email", "phone", "country", "tax_id", "language", "terms")),
    ("edit", "L1", "{}=x"),
    ("edit", "L1", "{}"),
    ("edit", "{}", "name=x"),
    ("nurture", "L1", "--log={}"),
    ("nurture", "{}", "--log=call"),
    ("promote", "L3", "--amount={}"),
    ("promote", "L3", "--currency={}"),
    ("promote", "L3", "--close={}"),
    ("promote", "L3", "--customer={}"),
    ("advance", "O1", "--stage={}"),
    ("advance", "O1", "--probability={}"),
    ("advance", "O1", "--next={}"),
    ("quote", "O1", "--line={}"),
    ("quote", "O1", "--line=Widget:{}:1"),
    ("quote", "O1", "--line=Widget:1:{}"),
    ("quote", "O1", "--line=Widget:1:1:Z:-{}"),
    ("quote", "O1", "--line=Widget:1:1", "--terms={}"),
    ("quote", "O1", "--line=Widget:1:1", "--discount={}"),
    ("quote", "O1", "--line=Widget:1:1", "--rounding={}"),
    ("quote", "O1", "--line=Widget:1:1", "--valid-until={}"),
    ("sign", "O1", "--terms={}"),
    ("sign", "O1", "--ends={}"),
    ("sign", "O1", "--document={}"),
    ("ship", "C1", "--line={}"),
    ("ship", "C1", "--line=1={}"),
    ("ship", "--delivered={}"),
    ("collect", "K1", "--", "{}"),
    ("collect", "K1", "5", "--on={}"),
    ("collect", "--", "{}"),
    ("apply", "P1", "--", "{}"),
    ("credit", "INV-2026-0001", "--reason=x", "--line=1={}"),
    ("credit", "--reason=x", "--", "INV-2026-0001", "{}"),
    ("refund", "P1", "--on={}"),
    ("refund", "--", "P1", "{}"),
    ("writeoff", "--reason=x", "--", "INV-2026-0001", "{}"),
    ("lead", "merge", "L1", "--", "{}"),
    ("list", "--", "{}"),
    ("list", "leads", "--where={}"),
    ("list", "leads", "--where=name={}"),
    ("list", "leads", "--limit={}"),
    ("show", "--", "{}"),
    ("log", "--", "{}"),
    ("funnel", "--by={}"),
    ("funnel", "--since={}"),
    ("aging", "--buckets={}"),
    ("aging", "--as-of={}"),
    ("check", "--anchor={}"),
    ("{}",),
    ("lead", "{}"),
    ("lead", "add", "Zoe", "--{}=x"),
    ("list", "leads", "--config={}"),
)


def filled(command: tuple[str, ...], text: str) -> list[str]:
    return [part.replace("{}", text) for part in command]


@pytest.mark.parametrize("text", REFUSED.values(), ids=list(REFUSED))
@pytest.mark.parametrize("command", [*FIELDS, *NAMES], ids=" ".join)
def test_what_no_file_should_hold_is_refused(command: tuple[str, ...], text: str, company: Company) -> None:
    said = say(company, "--dry-run", *filled(command, text))
    assert_harmless(said)
    assert said.code == 2, said.err
    assert "is not readable text" in said.err or "characters" in said.err


@pytest.mark.parametrize("text", BLANK.values(), ids=list(BLANK))
@pytest.mark.parametrize("command", NAMES, ids=" ".join)
def test_a_name_of_nothing_is_refused(command: tuple[str, ...], text: str, company: Company) -> None:
    said = say(company, "--dry-run", *filled(command, text))
    assert_harmless(said)
    assert said.code == 2
    assert "is empty" in said.err or "says no step" in said.err


@pytest.mark.parametrize("text", BLANK.values(), ids=list(BLANK))
def test_a_blank_text_is_none(text: str, company: Company) -> None:
    lead = do(company, "lead", "add", "--dry-run", *options(LEAD_FIELDS, text), f"--external-id={text}", "Zoe")
    assert [lead[field] for field in LEAD_FIELDS] == [None] * len(LEAD_FIELDS)


# Enough of them for what is not kept.
HOSTILE: Final = [
    *REFUSED.values(),
    *BLANK.values(),
    *(
        STRINGS[name]
        for name in (
            "escape",
            "C1 control",
            "line breaks",
            "right to left",
            "full width",
            "not a character",
            "rich markup",
            "minus",
            "options",
            "two dashes",
            "SQL",
            "SQL wildcard",
            "format",
            "path",
            "JSON key",
            "number",
            "colons",
            "as long as may be",
        )
    ),
]
CHANGE: Final = {command[0] for command in (*FIELDS, *NAMES)}
TOLD_WHOLE: Final = {
    ("{}",),
    ("lead", "{}"),
    ("lead", "add", "Zoe", "--{}=x"),
    ("list", "leads", "--limit={}"),
    ("list", "leads", "--config={}"),
}
"""Typer repeats what it does not know, and a path is told as it was typed, however long."""


@pytest.mark.parametrize("command", READ, ids=" ".join)
def test_what_cannot_be_read_is_said_in_one_line(command: tuple[str, ...], company: Company) -> None:
    dry = ["--dry-run"] if command[0] in CHANGE - {"lead"} else []
    for text in HOSTILE:
        arguments = [*dry, *filled(command, text)]
        said = say(company, *arguments)
        assert_harmless(said)
        assert said.code in (0, 2, 3, 4, 5, 6), said.err
        if said.code and "--json" not in arguments[: arguments.index("--") if "--" in arguments else None]:
            assert re.fullmatch(r"ltc: error: [^\n]+\n(?:hint: [^\n]+\n)?", said.err)
            assert len(said.err) < 1_500 or command in TOLD_WHOLE or "File name too long" in said.err


# Out through every output


def looks(company: Company) -> Iterator[tuple[str, ...]]:
    """Every list, every kind of record, every report."""
    for kind in KINDS:
        yield "list", kind
        records = do(company, "list", kind, "--limit", "60")
        yield from (("show", str(record["ref"])) for record in records[:: max(1, len(records) // 4)])
    yield from (("log",), ("log", "L1"), ("today",), ("aging",), ("aging", "--by", "owner"))
    yield from (("funnel", "--by", key) for key in ("source", "owner", "campaign"))


@pytest.mark.parametrize("style", [(), ("--json",), ("--csv",)], ids=["table", "json", "csv"])
def test_no_terminal_obeys_the_data(style: tuple[str, ...], company: Company) -> None:
    for look in looks(company):
        said = say(company, *look, *style, terminal=True)
        assert said.code == 0
        assert_harmless(said)


def test_a_table_in_a_pipe_is_harmless_too(company: Company) -> None:
    for look in looks(company):
        assert_harmless(say(company, *look))


@pytest.mark.parametrize("kind", KINDS)
def test_csv_in_a_pipe_keeps_the_data(kind: str, company: Company) -> None:
    records = do(company, "list", kind)
    said = say(company, "list", kind, "--csv")
    header, *rows = csv.reader(io.StringIO(said.out, newline=""))
    assert header == list(records[0])
    for row, record in zip(rows, records, strict=True):
        for cell, value in zip(row, record.values(), strict=True):
            if isinstance(value, str):
                assert cell in (value, f"'{value}")


@pytest.mark.parametrize("kind", KINDS)
def test_csv_lets_no_spreadsheet_run_the_data(kind: str, company: Company) -> None:
    said = say(company, "list", kind, "--csv")
    for row in csv.reader(io.StringIO(said.out, newline="")):
        for cell in row:
            assert not cell.startswith(("=", "+", "@", "\t", "\r"))
            assert not cell.startswith("-") or re.fullmatch(r"-[0-9.]+", cell)


def test_a_table_has_one_line_a_record(company: Company) -> None:
    leads = do(company, "list", "leads")
    for terminal in (True, False):
        said = say(company, "list", "leads", terminal=terminal)
        assert said.out.count("\n") == len(leads) + (2 if terminal else 1)


def test_a_list_finds_each_by_its_own_text(company: Company) -> None:
    for text in STRINGS.values():
        found = do(company, "list", "leads", f"--where=name={text}")
        assert kept(text) in [record["name"] for record in found]


def test_the_journal_knows_who_it_was(company: Company) -> None:
    actors = {entry["actor"] for entry in do(company, "log")}
    assert {kept(text) for text in STRINGS.values()} <= actors


@pytest.mark.parametrize("reference", ["L1", "K1", "O1"])
def test_the_journal_of_a_record_is_its_own(reference: str, company: Company) -> None:
    """A text that looks like the journal's own JSON adds nothing to it."""
    entries = do(company, "log", reference)
    assert entries
    assert all(reference in entry["records"] for entry in entries)
    assert len(entries) < 200


def test_the_file_is_sound_at_the_end(company: Company) -> None:
    assert [row["check"] for row in do(company, "check") if row["broken"]] == []


# The Big List of Naughty Strings, where the machine has it

BLNS: Final = Path(os.environ.get("LTC_REAL_DATA", "/nowhere"), "nasty", "blns.json")


@pytest.mark.skipif(not BLNS.exists(), reason="LTC_REAL_DATA has no nasty/blns.json")
def test_the_big_list_of_naughty_strings() -> None:
    with folder_in_memory() as folder:
        company = Company(folder, config="currency: EUR\n")
        texts = [text for text in json.loads(BLNS.read_text(encoding="utf-8")) if kept(text)]
        for text in texts:
            expected = dict.fromkeys(("name", *LEAD_FIELDS), kept(text))
            lead = do(company, "lead", "add", *options(LEAD_FIELDS, text), "--allow-duplicate", "--", text)
            assert {key: lead[key] for key in expected} == expected
            customer = do(company, "customer", "add", *options(CUSTOMER_FIELDS, text), "--allow-duplicate", "--", text)
            assert customer["name"] == kept(text)
        for look in (("list", "leads"), ("list", "customers"), ("log",), ("today",), ("funnel", "--by", "source")):
            for terminal in (True, False):
                assert_harmless(say(company, *look, terminal=terminal))
        assert [lead["note"] for lead in do(company, "list", "leads")] == [kept(text) for text in texts]
        assert [row["check"] for row in do(company, "check") if row["broken"]] == []
