"""Make the pages that say what the code says: `python docs/make.py` writes them, a test holds them."""

from __future__ import annotations

import html
import io
import os
import re
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ltc_cli import config, schema
from ltc_cli.app import COMMANDS, run
from ltc_cli.mail import samples
from ltc_cli.rules.states import DONE, TRANSITIONS
from ltc_cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DOCS = Path(__file__).parent

EXIT_CODES = (
    (0, "", "done; also: nothing was due, or it was done already"),
    (1, "failed", "a bug, or the disk, the terminal or a pipe failed"),
    (2, "usage", "the command line or a value on it is wrong"),
    (3, "not_found", "no such record or file"),
    (4, "refused", "a business rule says no"),
    (5, "conflict", "a duplicate, a lock held too long, a key used for something else, several candidates"),
    (6, "config", "config.yaml is wrong"),
    (7, "data", "the file is not sound, not ours, or newer than this ltc"),
    (8, "partial", "partly done; the rest is named"),
    (130, "", "interrupted"),
)


EMPTY: tuple[object, ...] = ("", None, [])

FILES = {
    "invoice": "`invoice`: the mail of an invoice",
    "credit": "`credit`: the mail of a credit note",
    "quote": "`quote`: the mail of a quote",
    "notice": "`notice`, and what `mail` of a dunning level names, such as `reminder`",
    "lead": "`welcome`, `followup`, and what `mail` of a step of a sequence names",
}


def help_of(arguments: list[str]) -> str:
    """What `--help` prints, as on a terminal of 100 columns."""
    os.environ["COLUMNS"] = "100"
    out = io.StringIO()
    code = run([*arguments, "--help"], Session(environ={}, out=out, err=io.StringIO()))
    assert code == 0, arguments
    return out.getvalue().rstrip()


def reference() -> str:
    parts = ["# Reference", "", "Made from the program itself by `python docs/make.py`.", ""]
    parts += ["## Commands", "", "```", help_of([]), "```", ""]
    for command in COMMANDS:
        parts += [f"### ltc {command.name}", "", "```", _without_common(help_of(command.name.split())), "```", ""]
    parts += ["## Exit codes", "", "| code | word in JSON errors | meaning |", "|---|---|---|"]
    parts += [f"| {code} | {word} | {meaning} |" for code, word, meaning in EXIT_CODES]
    parts += ["", "## Settings", "", "| key | type | default | meaning |", "|---|---|---|---|"]
    parts += [
        f"| `{row.key}` | {_cell(row.type)} | `{_cell(row.default)}` | {_cell(row.meaning)} |"
        for row in config.describe()
    ]
    parts += ["", *fields()]
    parts += [
        "",
        "## States",
        "",
        "Which verb may follow which state. Everything else is refused with exit code 4.",
        "",
    ]
    parts += ["| record | state | verb → state afterwards |", "|---|---|---|"]
    for record, states in TRANSITIONS.items():
        for state, verbs in states.items():
            outcomes = ", ".join(f"{verb} → {'(nothing to do)' if to == DONE else to}" for verb, to in verbs.items())
            parts.append(f"| {record} | {state.replace('_', ' ')} | {outcomes or '(nothing)'} |")
    return "\n".join(parts) + "\n"


def fields() -> list[str]:
    """What the templates of each kind are told, with what they are tried with."""
    parts = [
        "## Fields of templates",
        "",
        "What may stand in `{{ … }}` in a text of your own, by the file below `mail.templates`, with what",
        "`ltc config check` tries it with. A list is gone through:",
        "`{% for line in lines %}{{ line.net }} {{ currency }}{% endfor %}`. What may be empty is asked for first:",
        "`{% if iban %}Account: {{ iban }}{% endif %}`. A text that cannot be filled in for one customer, such as",
        "`{{ buyer_address.split(',')[1] }}` where there is no comma, keeps that one mail back, is named (exit 8) and",
        "stops no other; a notice comes again with the next run.",
    ]
    for kind, tried in samples.SAMPLES.items():
        parts += ["", f"### {FILES[kind]}", "", "| field | such as | |", "|---|---|---|", *_fields(tried)]
    return parts


def _fields(tried: Sequence[dict[str, Any]], before: str = "") -> Iterator[str]:
    """A row of the table for each name, and below it for each part of what it stands for."""
    for name in tried[0]:
        values = [each[name] for each in tried]
        rows = [row for value in values for row in (value if isinstance(value, list) else [value])]
        parts = [row for row in rows if isinstance(row, dict)]
        shown = dict.fromkeys(f"`{_cell(str(value))}`" for value in values if value not in EMPTY)
        such_as = "list" if isinstance(values[0], list) else "" if parts else " or ".join(shown).replace("\n", "\\n")
        yield f"| `{before}{name}` | {such_as} | {'may be empty' if any(each in EMPTY for each in values) else ''} |"
        if parts:
            yield from _fields(parts, f"{before}{name}.")


def _without_common(text: str) -> str:
    return text.split("\nCommon options:")[0].rstrip()


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def data_model() -> str:
    parts = [
        "# Data model",
        "",
        "Made from `ltc_cli/schema.py` by `python docs/make.py`.",
        "",
        (schema.__doc__ or "").strip(),
        "",
    ]
    parts += ["Tables marked *facts* are only ever added to: triggers refuse a change, `ltc check` finds one.", ""]
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        schema.migrate(connection)
        tables = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY rowid"
        ).fetchall()
    for name, statement in tables:
        if not name.startswith(("sqlite_", "_sqlite_")):
            facts = " (facts)" if name in schema.FACTS else ""
            parts += [f"## {name}{facts}", "", "```sql", _dedented(statement), "```", ""]
    return "\n".join(parts)


def _dedented(statement: str) -> str:
    """As a migration wrote it, with columns that came later on lines of their own."""
    statement = re.sub(r'^CREATE TABLE "(\w+)"', r"CREATE TABLE \1", statement.strip())
    statement = re.sub(r"\n, ([^()\n]+)\) STRICT", _on_lines, statement)
    lines = statement.splitlines()
    return "\n".join(line.removeprefix("    ") for line in lines)


def _on_lines(added: re.Match[str]) -> str:
    columns = "".join(f",\n    {column}" for column in added[1].split(", "))
    return f"{columns}\n) STRICT"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def picture() -> str:
    """The demo as a terminal of 88 columns shows it, as SVG."""
    from rich.console import Console
    from rich.text import Text

    os.environ |= {"COLUMNS": "88", "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    screen = Terminal()
    with TemporaryDirectory() as folder:
        environ = {"LTC_TODAY": "2026-11-23", "HOME": folder}
        run(["demo", f"{folder}/demo", "--quiet"], Session(environ=environ, out=screen, err=io.StringIO()))
    console = Console(record=True, width=88, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text("$ ltc demo", style="bold"))
    console.print(Text.from_ansi(screen.getvalue()))
    return re.sub(
        r'textLength="([0-9.]+)"([^>]*>)([^<]+)', _in_cells, console.export_svg(title="lead to cash in a terminal")
    )


def _in_cells(text: re.Match[str]) -> str:
    """Rich takes a Chinese character for one cell wide; it is two."""
    from rich.cells import cell_len

    plain = html.unescape(text[3])
    return f'textLength="{float(text[1]) * cell_len(plain) / len(plain):g}"{text[2]}{text[3]}'


PAGES = {"reference.md": reference, "data-model.md": data_model}


def main() -> None:
    for name, make in PAGES.items():
        (DOCS / name).write_text(make(), encoding="utf-8")
        sys.stdout.write(f"docs/{name}\n")
    (DOCS / "demo.svg").write_text(picture(), encoding="utf-8")
    sys.stdout.write("docs/demo.svg\n")


if __name__ == "__main__":
    main()
