"""Files that no program should write: dialects, encodings and broken quotes at random, through the real importer.

Whatever is in them: exit 0, 2 or 8, totals that add up, the same again changes nothing, and no row that was well formed
is lost beside one that was not.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from tests.support import Company, folder_in_memory

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence
    from pathlib import Path

ROWS_A_FILE: Final = (1, 5, 40, 300, 1500)
FILES_A_COMPANY: Final = 12
FORMATS: Final = ("csv", "csv", "csv", "csv", "json lines", "json array", "pretty json")
DELIMITERS: Final = ",;\t|"
LINE_ENDS: Final = ("\n", "\r\n", "\r")
ENCODINGS: Final = ("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "cp1252")
HEADERS: Final = {
    "name": ("Name", "名称"),
    "email": ("Email", "E-mail Address"),
    "phone": ("Phone",),
    "company": ("Company", "Account Name"),
    "country": ("Country",),
    "external_id": ("Record ID", "Lead ID"),
    "created_on": ("Created", "Create Date"),
    "note": ("Notes",),
    "source": ("Lead Source",),
    "amount": ("Amount",),
    "stage": ("Stage",),
    "probability": ("Probability",),
    "industry": ("Industry", "", "Größe", "a\tb"),
    "more": ("Industry", "Tags\nand more", '"', "x" * 300),
}
LETTERS: Final = (
    "Ada Lovelace",
    "Jürgen Groß – €",
    "王伟 有限公司",
    "𠮷野家 👩‍💻",
    "=1+1",
    "-",
    '"',
    '""',
    'the "great" one',
    "a,b;c|d\te",
    "line\nand line",
    "line\r\nand line",
    "\x1b[31mred\x1b[0m",
    "\u202eturned",
    "\ufeff",
    "\x00",
    "\x07\x08",
    "e\u0301",
    "  ",
    "{",
    "[1]",
    "null",
    "NaN",
    "'; DROP TABLE lead; --",
    "%s%n",
    "x" * 9_999,
    "x" * 10_001,
)
EMAILS: Final = ("ada@a.example", "BOB@b.example", " cyd@c.example ", "not one", "a@b", "x@ü.example", "a@b.co,c@d.co")
DAYS: Final = (
    "2026-02-13",
    "13.02.2026",
    "2026年2月13日",
    "2026-02-30",
    "1770940800",
    "45000",
    "soon",
    "9999-12-31",
    "0000",
)
AMOUNTS: Final = ("12.50", "$1,234.50", "EUR 3", "-5", "1e9", "9" * 30, "viel", "0")
STAGES: Final = ("proposal", "Closed Won", "Closed Lost", "赢单", "Haggling")
COUNTRIES: Final = ("DE", "Germany", "中国", "nowhere", "US")
PHONES: Final = ("+49 30 123456", "030/123456", "++1", "1" * 70, "电话")
HUGE: Final = 1_200_000
"""Characters of a cell that no line may hold."""


class HostileFile(NamedTuple):
    content: bytes
    rows: int
    """As they were written, before any damage."""
    is_sound: bool
    """No byte was damaged, no quote broken."""
    witnesses: list[str]
    """Names in well-formed rows of their own, which no damage elsewhere may cost."""
    told: str


def hostile_file(chance: random.Random, number: int) -> HostileFile:
    """A file of the given number, so that its witnesses are nobody else's."""
    form = chance.choice(FORMATS)
    encoding = chance.choice(ENCODINGS)
    fields = ["name", *chance.sample(sorted(HEADERS), chance.randrange(len(HEADERS)))]
    fields = list(dict.fromkeys(fields)) + (["industry"] if chance.random() < 0.1 else [])
    size = chance.choice(ROWS_A_FILE)
    rows, witnesses = [], []
    for row in range(size):
        is_witness = chance.random() < 0.3
        cells = [_witness(field, number, row) if is_witness else _cell(chance, field) for field in fields]
        if is_witness:
            witnesses.append(cells[0])
        elif not any(map(str.strip, cells)):
            cells[0] = "somebody"
        rows.append(cells)
    header = [chance.choice(HEADERS[field]) for field in fields]
    way = _ways(form)[chance.randrange(4)] if chance.random() < 0.6 else None
    text = _as_json(chance, form, header, rows) if "json" in form else _as_csv(chance, header, rows, way)
    content = text.encode(encoding, "replace" if encoding in ("gb18030", "cp1252") else "surrogatepass")
    if way == "bytes":
        content = _with_bytes_damaged(chance, content)
    told = f"{form} {encoding} {way or 'sound'} {size} rows of {fields}"
    is_kept = way in (None, "open quotes") and not encoding.startswith("cp")
    is_sound = way is None and not any(len(cell) >= HUGE for cells in rows for cell in cells)
    return HostileFile(content, size, is_sound, witnesses if is_kept else [], told)


def _ways(form: str) -> tuple[str, ...]:
    return ("bytes",) * 4 if "json" in form else ("bytes", "open quotes", "cells", "open quotes")


def _witness(field: str, number: int, row: int) -> str:
    """Plain, and a lead of its own."""
    known = {
        "name": f"Witness {number}.{row}",
        "external_id": f"W{number}.{row}",
        "email": f"w{number}.{row}@w.example",
    }
    return known.get(field, "")


def _cell(chance: random.Random, field: str) -> str:
    if chance.random() < 0.15:
        return ""
    if chance.random() < 0.0005:
        return "x" * HUGE
    usual: dict[str, Callable[[], str]] = {
        "email": lambda: chance.choice(EMAILS) if chance.random() < 0.4 else f"p{chance.randrange(10**6)}@q.example",
        "created_on": lambda: chance.choice(DAYS) if chance.random() < 0.2 else "2026-01-31",
        "external_id": lambda: str(chance.randrange(2000)),
        "country": lambda: chance.choice(COUNTRIES),
        "phone": lambda: chance.choice(PHONES),
        "amount": lambda: chance.choice(AMOUNTS),
        "stage": lambda: chance.choice(STAGES),
        "probability": lambda: chance.choice(("75", "75%", "0.75", "101", "most")),
    }
    if field in usual and chance.random() < 0.95:
        return usual[field]()
    return " ".join(chance.choices(LETTERS, weights=[8, *[1] * (len(LETTERS) - 1)], k=chance.choice((1, 1, 1, 2))))


def _as_csv(chance: random.Random, header: list[str], rows: list[list[str]], way: str | None) -> str:
    delimiter, line_end = chance.choice(DELIMITERS), chance.choice(LINE_ENDS)
    out = io.StringIO()
    if chance.random() < 0.2:
        out.write(f"Report of all leads{line_end}{line_end}")
    # Python's writer leaves a line feed unquoted where lines end with a carriage return.
    quoting: Literal[0, 1] = csv.QUOTE_ALL if line_end == "\r" else chance.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
    writer = csv.writer(out, delimiter=delimiter, lineterminator=line_end, quoting=quoting)
    writer.writerow(header)
    for cells in rows:
        if way == "open quotes" and not cells[0].startswith("Witness") and chance.random() < 0.2:
            out.write(f'"{chance.choice(("Ada", "王", "x" * 5000))}{delimiter}rest{line_end}')
        elif way == "cells" and chance.random() < 0.2:
            writer.writerow(chance.choice((cells[1:], [*cells, "more"], [*cells, ""], header)))
        else:
            writer.writerow(cells)
    return out.getvalue()


def _as_json(chance: random.Random, form: str, header: list[str], rows: list[list[str]]) -> str:
    objects = [{name: _value(chance, cell) for name, cell in zip(header, cells, strict=True)} for cells in rows]
    plain = chance.random() < 0.5
    if form == "json lines":
        return "".join(json.dumps(each, ensure_ascii=plain) + "\n" for each in objects)
    return json.dumps(objects, ensure_ascii=plain, indent=chance.choice((1, 2, 4)) if form == "pretty json" else None)


def _value(chance: random.Random, cell: str) -> Any:
    luck = 1.0 if cell.startswith(("Witness", "W", "w")) or not cell.strip() else chance.random()
    if luck < 0.02:
        return {"nested": cell, "deep": {"er": [1, {"a": None}]}}
    return 10**40 if luck < 0.03 else "\ud800" if luck < 0.035 else cell


def _with_bytes_damaged(chance: random.Random, content: bytes) -> bytes:
    damaged = bytearray(content)
    for _ in range(chance.choice((1, 3, 30))):
        at = chance.randrange(len(damaged) + 1)
        match chance.randrange(4):
            case 0:
                damaged[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                damaged[at:at] = chance.choice((b'"', b"\0", b"\r", b"\n", b"{", b"}", b"\xff", b"\x80", b",", b"\\"))
            case 2:
                del damaged[at : at + chance.choice((1, 2, 50))]
            case 3:
                damaged[at:at] = damaged[at : at + chance.randrange(300)]
    return bytes(damaged[: chance.randrange(len(damaged)) + 1] if chance.random() < 0.2 else damaged)


class Swallowed(NamedTuple):
    rows: int
    files: int
    codes: Counter[int]
    counts: Counter[str]
    problems: list[str]

    def __str__(self) -> str:
        codes = ", ".join(f"{times} exit {code}" for code, times in sorted(self.codes.items()))
        counts = ", ".join(
            f"{self.counts[count]:,} {count}" for count in ("created", "updated", "unchanged", "rejected")
        )
        return f"{self.rows:,} rows in {self.files:,} files: {codes}; {counts}"


def swallow(chance: random.Random, rows: int) -> Swallowed:
    """Import hostile files until so many rows were written."""
    found = Swallowed(0, 0, Counter(), Counter(), [])
    while found.rows < rows:
        with folder_in_memory() as folder:
            company = _Swallower(folder, chance, found)
            for _ in range(FILES_A_COMPANY):
                company.take_one()
            company.check()
            found = company.found
    return found


class _Swallower:
    def __init__(self, folder: Path, chance: random.Random, found: Swallowed) -> None:
        self.company, self.folder, self.chance, self.found = Company(folder), folder, chance, found

    def take_one(self) -> None:
        number = self.found.files
        file = hostile_file(self.chance, number)
        self.found = self.found._replace(rows=self.found.rows + file.rows, files=number + 1)
        (self.folder / "rows").write_bytes(file.content)
        kind = self.chance.choice(("leads", "leads", "leads", "opportunities"))
        mode = self.chance.choice(("error", "error", "skip", "update"))
        try:
            told = self._judge(file, kind, mode)
        except Exception as crash:  # whatever it is, the seed and the file are the report
            told = [f"{type(crash).__name__}: {crash}"]
        self.found.problems.extend(f"file {number} ({file.told}, {kind}, {mode}): {each}" for each in told)

    def _judge(self, file: HostileFile, kind: str, mode: str) -> list[str]:
        first, code, rejects = self._import(kind, mode)
        self.found.codes[code] += 1
        if code == 2:
            lines = [line for line in self.company.err.splitlines() if line.startswith('{"error": {"code": "usage"')]
            told = [] if len(lines) == 1 else [f"exit 2 with {self.company.err!r}"]
            return told + ([f"sound, but {self.company.err}"] if file.witnesses else [])
        self.found.counts.update({count: first[count] for count in ("created", "updated", "unchanged", "rejected")})
        told = [*_totals(first, code, rejects)]
        if file.is_sound and file.witnesses and first["read"] != file.rows:
            told.append(f"{first['read']} read of {file.rows}")
        listed = self.company.ltc("list", kind) if file.witnesses and self.company.path.exists() else []
        names = {record["name" if kind == "leads" else "title"] for record in listed}
        told += [f"{name} is lost" for name in file.witnesses if name not in names][:3]
        again, code, rejects_again = self._import(kind, mode)
        told += _totals(again, code, rejects_again)
        if mode != "update" and (again["created"] or again["updated"] or again["rejected"] != first["rejected"]):
            told.append(f"again: {again} after {first}")
        if mode != "update" and rejects_again != rejects:
            told.append("again other rejects")
        return told

    def _import(self, kind: str, mode: str) -> tuple[dict[str, Any], int, list[str]]:
        rejects = self.folder / "rejects.csv"
        rejects.unlink(missing_ok=True)
        options = ("--on-duplicate", mode, "--rejects", str(rejects))
        code = self.company.run("import", kind, str(self.folder / "rows"), "--json", *options)
        answer = json.loads(self.company.out) if self.company.out else {}
        answer.pop("columns", None)
        return answer, code, _lines_of(rejects) if rejects.exists() else []

    def check(self) -> None:
        if self.company.path.exists() and self.company.run("check"):
            self.found.problems.append(f"check after file {self.found.files - 1}: {self.company.out}")


def _totals(answer: dict[str, Any], code: int, rejects: Sequence[str]) -> list[str]:
    parts = sum(answer.get(count, 0) for count in ("created", "updated", "unchanged", "rejected"))
    if code not in (0, 8) or (code == 8) != bool(answer["rejected"]) or answer["read"] != parts:
        return [f"exit {code} with {answer}"]
    return [] if len(rejects) == answer["rejected"] else [f"{len(rejects)} rejects of {answer}"]


def _lines_of(rejects: Path) -> list[str]:
    """The lines of the file that were rejected: the reason may be another one when the file is read again."""
    csv.field_size_limit(1 << 30)
    with rejects.open(encoding="utf-8", newline="") as stream:
        return [row[0] for row in csv.reader(stream)][1:]
