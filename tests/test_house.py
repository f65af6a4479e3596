"""Who may know whom (design 4), read from every import in the code; and a few things that no line of it may say."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, TypeGuard

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT: Final = Path(__file__).parents[1] / "ltc_cli"

# app → commands → {stages, reports} → {rules, store, mail} → errors, and commands → output: each may know what lies
# below it. Beside them: `completion` answers the TAB key, `session` is what one command runs in, `batch` is many
# sessions, `importing` a file on its way in, `exporting` one on its way out, `report` the plain answer; `references`,
# `receivables` and `currencies` lie on the store and below stages, `backup` is the store's copy, `demo` a list of
# command lines.
MAY_KNOW: Final = {
    "__init__": "",
    "__main__": "app",
    "app": "__init__ commands completion session output errors",
    "session": "config settings store output report rules hooks errors",
    "hooks": "errors",
    "completion": "session output reports stages rules store",
    "commands": (
        "commands session config settings hooks demo batch backup importing exporting stages reports mail references"
        " report rules store errors"
    ),
    "importing": "exchange session settings stages output report store",
    "exporting": "exchange session report store errors",
    "exchange": "exchange rules errors",
    "batch": "session settings hooks store output report errors",
    "reports": "reports stages mail settings references agreed receivables currencies report rules store schema errors",
    "stages": "stages mail settings references agreed receivables currencies report rules store errors",
    "mail": "mail settings references report rules store errors",
    "references": "rules store errors",
    "receivables": "store rules errors",
    "currencies": "store rules errors",
    "agreed": "receivables",
    "backup": "store schema errors",
    "store": "schema errors",
    "schema": "errors",
    "config": "kinds settings rules errors",
    "kinds": "rules errors",
    "settings": "",
    "demo": "rules",
    "output": "output report errors",
    "rules": "rules errors",
    "report": "",
    "errors": "",
}

# Each may know those before it; `editing` may know all.
FLOW: Final = (
    "batches",
    "suppression",
    "row_imports",
    "rates",
    "leads",
    "lead_imports",
    "customers",
    "customer_imports",
    "touch_imports",
    "opportunities",
    "opportunity_imports",
    "undo",
    "items",
    "quotes",
    "item_imports",
    "holds",
    "tasks",
    "shipping_stops",
    "contracts",
    "contract_imports",
    "amendments",
    "fulfilment",
    "shipment_imports",
    "invoices",
    "settlements",
    "discounts",
    "credit_notes",
    "terminations",
    "payments",
    "invoice_imports",
    "payment_imports",
    "mailing",
    "closing",
    "nurture",
    "dunning",
    "dunning_letters",
    "dunning_plans",
    "notices",
    "notice_records",
    "notice_mails",
    "readdressing",
    "erasing",
)

# Libraries from outside, and where they may be named at all, even if only for a type.
LIBRARIES: Final = {
    "sqlite_utils": "store schema",
    "rich": "output",
    "typer": "app commands",
    "yaml": "config",
    "phonenumbers": "rules",
    "jinja2": "mail",
    "smtplib": "mail",
    "email": "mail",
    "holidays": "rules",
    "chinese_calendar": "rules",
}

CLOCKS: Final = {
    "datetime.datetime": {"now", "utcnow", "today"},
    "datetime.date": {"today"},
    "time": {"time", "time_ns", "localtime", "gmtime"},
}
CLOCK_AREA: Final = "session"

FORBIDDEN_SQL: Final = (
    r"\bor\s+replace\b",
    r"datetime\s*\(\s*'now'",
    r"\bcurrent_(?:date|time|timestamp)\b",
    r"\btotal\s*\(",
    r"\bavg\s*\(",
    r"\bjulianday\s*\(",
    r"\bstrftime\s*\(",
    r"(?<!without )\browid\b",
)
LOOKS_LIKE_SQL: Final = r"\b(?:SELECT|INSERT|UPDATE|DELETE|CREATE|WHERE|JOIN|GROUP BY|ORDER BY|PRAGMA)\b"

MONEY_NAMES: Final = r"(?:^|_)(?:minor|micro|amount|price|money|balance)$"
INTEGER_NAMES: Final = r"_(?:minor|micro)$"
"""What `/` would make a float of; exact fractions have other names."""

LONGEST_FUNCTION: Final = 70
LONGEST_LINE: Final = 120


class Module(NamedTuple):
    """A module below `ltc_cli`, as parsed."""

    name: str
    """`stages.leads`, `app`."""
    text: str

    @property
    def area(self) -> str:
        return self.name.partition(".")[0]

    @property
    def nodes(self) -> tuple[ast.AST, ...]:
        return nodes_of(self.text)


@cache
def nodes_of(text: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(text)))


class Import(NamedTuple):
    line: int
    what: str
    """`ltc_cli.stages.leads`, `sqlite3.Row`."""

    def is_of(self, package: str) -> bool:
        return self.what == package or self.what.startswith(f"{package}.")


def module_of(path: Path) -> Module:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return Module(name.removesuffix(".__init__"), path.read_text(encoding="utf-8"))


MODULES: Final = [module_of(path) for path in sorted(ROOT.rglob("*.py"))]
NAMES: Final = {module.name for module in MODULES}


def imports(module: Module) -> Iterator[Import]:
    """Every import, also inside functions and for type checking only; `from a import b` is `a.b`."""
    for node in module.nodes:
        if isinstance(node, ast.Import):
            yield from (Import(node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = _absolute(node, module)
            yield from (Import(node.lineno, f"{source}.{alias.name}") for alias in node.names)


def _absolute(node: ast.ImportFrom, module: Module) -> str:
    if not node.level:
        return node.module or ""
    package = ["ltc_cli", *module.name.split(".")][: -node.level]
    return ".".join([*package, *([node.module] if node.module else [])])


def areas_known(module: Module) -> Iterator[tuple[Import, str]]:
    """What of ours a module imports, with the area it lies in."""
    for found in imports(module):
        if found.is_of("ltc_cli"):
            area = found.what.removeprefix("ltc_cli").strip(".").partition(".")[0]
            yield found, area if _exists(area) else "__init__"


def _exists(area: str) -> bool:
    return area in NAMES or any(name.startswith(f"{area}.") for name in NAMES)


# The rules: each yields what breaks it, as `line: what`


def strangers(module: Module) -> Iterator[str]:
    """A module of ours that this one may not know."""
    allowed = MAY_KNOW.get(module.area, "").split()
    for found, area in areas_known(module):
        if area not in allowed:
            yield f"{found.line}: {module.area} may not know {found.what}"


def sideways(module: Module) -> Iterator[str]:
    """A stage that asks one further down the flow than itself."""
    if module.area != "stages":
        return
    stage = module.name.partition(".")[2]
    allowed = FLOW if stage == "editing" else FLOW[: FLOW.index(stage)] if stage in FLOW else ()
    for found in imports(module):
        if found.is_of("ltc_cli.stages") and found.what.split(".")[2] not in allowed:
            yield f"{found.line}: {stage} may not know {found.what}"


def libraries(module: Module) -> Iterator[str]:
    """A library outside the one place that knows it."""
    for found in imports(module):
        library = found.what.partition(".")[0]
        if library in LIBRARIES and module.area not in LIBRARIES[library].split():
            yield f"{found.line}: {library} is known by {LIBRARIES[library]} only"


def click(module: Module) -> Iterator[str]:
    """Typer carries its own click; another one would be installed by chance only."""
    yield from (f"{found.line}: import {found.what}" for found in imports(module) if found.is_of("click"))


def clocks(module: Module) -> Iterator[str]:
    """A look at the clock outside the session."""
    if module.area == CLOCK_AREA:
        return
    names = _imported_names(module)
    for node in module.nodes:
        if isinstance(node, ast.Attribute) and node.attr in CLOCKS.get(_origin(node.value, names), ()):
            yield f"{node.lineno}: {ast.unparse(node)} looks at the clock"
        if isinstance(node, ast.Name) and _is_clock(names.get(node.id, "")):
            yield f"{node.lineno}: {node.id} looks at the clock"


def _imported_names(module: Module) -> dict[str, str]:
    """What each imported name stands for: `{"dt": "datetime"}` for `import datetime as dt`."""
    names = {}
    for node in module.nodes:
        if isinstance(node, ast.Import):
            names.update({alias.asname or alias.name: alias.name for alias in node.names})
        elif isinstance(node, ast.ImportFrom):
            names.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    return names


def _origin(node: ast.expr, names: dict[str, str]) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_origin(node.value, names)}.{node.attr}"
    return names.get(node.id, "") if isinstance(node, ast.Name) else ""


def _is_clock(origin: str) -> bool:
    place, _, function = origin.rpartition(".")
    return function in CLOCKS.get(place, ())


def unsafe_sql(module: Module) -> Iterator[str]:
    """SQL that commits, replaces, reads the clock or makes floats; `executescript`, whatever it runs."""
    for line, text in _texts(module.nodes):
        if re.search(LOOKS_LIKE_SQL, text):
            found = (re.search(pattern, text, re.IGNORECASE) for pattern in FORBIDDEN_SQL)
            yield from (f"{line}: {match[0]} in SQL" for match in found if match)
    for node in module.nodes:
        if isinstance(node, ast.Attribute) and node.attr == "executescript":
            yield f"{node.lineno}: executescript commits"


def _texts(nodes: tuple[ast.AST, ...]) -> Iterator[tuple[int, str]]:
    """Every string that is no docstring; of an f-string what is written in it, joined."""
    docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(part.value for part in node.values if _is_text(part))  # type: ignore[attr-defined]
        elif _is_text(node) and id(node) not in docstrings:
            yield node.lineno, node.value  # type: ignore[attr-defined]


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def floats_of_money(module: Module) -> Iterator[str]:
    """A float near money: `float()` or `Decimal` outside `output`, or money divided by `/`."""
    for node in module.nodes:
        if _is_float_call(node) and (module.area != "output" or _names(node, MONEY_NAMES)):
            yield f"{node.lineno}: {ast.unparse(node)}"
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and _names(node, INTEGER_NAMES):
            yield f"{node.lineno}: {ast.unparse(node)}"
    yield from (f"{found.line}: import {found.what}" for found in imports(module) if found.is_of("decimal"))


def _is_float_call(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float"


def _names(node: ast.AST, pattern: str) -> bool:
    """Whether a variable, an attribute or a key in this expression is called so."""
    words = {getattr(each, "id", None) or getattr(each, "attr", None) or "" for each in ast.walk(node)}
    words |= {each.value for each in ast.walk(node) if _is_text(each)}  # type: ignore[attr-defined]
    return any(re.search(pattern, word) for word in words)


def long_functions(module: Module) -> Iterator[str]:
    for node in module.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                yield f"{node.lineno}: {node.name} has {length} lines"


def long_lines(module: Module) -> Iterator[str]:
    for number, line in enumerate(module.text.splitlines(), 1):
        if len(line) > LONGEST_LINE:
            yield f"{number}: {len(line)} characters"


RULES: Final[dict[str, Callable[[Module], Iterator[str]]]] = {
    "a module knows only what lies below it": strangers,
    "a stage asks only those before it in the flow": sideways,
    "a library is known in one place": libraries,
    "nobody imports click": click,
    "only the session looks at the clock": clocks,
    "SQL neither replaces nor commits nor makes floats": unsafe_sql,
    "money is never a float": floats_of_money,
    f"a function has at most {LONGEST_FUNCTION} lines": long_functions,
    f"a line has at most {LONGEST_LINE} characters": long_lines,
}


@pytest.mark.parametrize("rule", RULES)
def test_the_house_is_in_order(rule: str) -> None:
    broken = [f"{module.name}:{what}" for module in MODULES for what in RULES[rule](module)]
    assert not broken, f"{rule}, but:\n" + "\n".join(broken)


def test_every_module_has_its_place() -> None:
    assert {module.area for module in MODULES if module.name} == set(MAY_KNOW)


def test_the_allowed_imports_have_no_circle() -> None:
    """Whoever is allowed to know each other would be one module in two files."""
    known = {area: {*allowed.split()} - {area} for area, allowed in MAY_KNOW.items()}
    while leaves := {area for area, allowed in known.items() if not allowed}:
        known = {area: allowed - leaves for area, allowed in known.items() if area not in leaves}
    assert not known


# The rules bite

LONG_FUNCTION: Final = "def f() -> None:\n" + "    pass\n" * LONGEST_FUNCTION

BROKEN: Final = [
    (strangers, "rules.money", "from ltc_cli.store import Store"),
    (strangers, "rules.money", "def f() -> None:\n    from ltc_cli import store"),
    (strangers, "rules.money", "if TYPE_CHECKING:\n    from ltc_cli.settings import Settings"),
    (strangers, "stages.leads", "from ltc_cli.commands import lead"),
    (strangers, "stages.leads", "from ltc_cli.reports.aging import report"),
    (strangers, "stages.leads", "from ltc_cli.session import Session"),
    (strangers, "stages.leads", "from ..output.show import show"),
    (strangers, "reports.aging", "import ltc_cli.output.show"),
    (strangers, "output.show", "from ltc_cli.rules.money import format_amount"),
    (strangers, "receivables", "from ltc_cli.stages import invoices"),
    (strangers, "store", "from ltc_cli.stages import leads"),
    (strangers, "errors", "from ltc_cli import __version__"),
    (strangers, "commands.demo", "from ltc_cli.app import run"),
    (strangers, "novelty", "from ltc_cli import errors"),
    (sideways, "stages.leads", "from ltc_cli.stages import customers"),
    (sideways, "stages.contracts", "from ltc_cli.stages.invoices import issue"),
    (sideways, "stages.contracts", "from . import payments"),
    (sideways, "stages.payments", "from ltc_cli.stages import editing"),
    (sideways, "stages.novelty", "from ltc_cli.stages import leads"),
    (libraries, "stages.leads", "import sqlite_utils"),
    (libraries, "commands.lead", "from rich.table import Table"),
    (libraries, "session", "import typer"),
    (libraries, "output.show", "if TYPE_CHECKING:\n    import typer"),
    (libraries, "demo", "def f() -> None:\n    import yaml"),
    (libraries, "stages.leads", "import phonenumbers"),
    (click, "app", "import click"),
    (click, "app", "from click.testing import CliRunner"),
    (clocks, "stages.leads", "from datetime import datetime\ndatetime.now()"),
    (clocks, "stages.leads", "from datetime import date as day\nday.today()"),
    (clocks, "stages.leads", "import datetime as dt\ndt.datetime.now(dt.UTC)"),
    (clocks, "store", "import time\ntime.time()"),
    (clocks, "store", "from time import time\ntime()"),
    (clocks, "store", "from datetime import date\nclock = date.today"),
    (unsafe_sql, "store", "db.execute('INSERT OR REPLACE INTO lead VALUES (1)')"),
    (unsafe_sql, "store", "db.execute('insert or  replace into lead SELECT 1')"),
    (unsafe_sql, "store", "db.executescript(text)"),
    (unsafe_sql, "store", "\"SELECT datetime('now')\".split()"),
    (unsafe_sql, "store", "SQL = f'SELECT total({column}) FROM payment'"),
    (unsafe_sql, "store", "SQL = 'SELECT Avg(amount_minor) FROM payment'"),
    (unsafe_sql, "store", "SQL = 'INSERT INTO lead VALUES (CURRENT_TIMESTAMP)'"),
    (floats_of_money, "rules.money", "float(text)"),
    (floats_of_money, "output.cells", "float(row['amount'])"),
    (floats_of_money, "rules.money", "share = amount_minor / 100"),
    (floats_of_money, "reports.funnel", "share = row['net_minor'] / whole"),
    (floats_of_money, "rules.money", "from decimal import Decimal"),
    (long_functions, "app", LONG_FUNCTION),
    (long_lines, "app", "#" * (LONGEST_LINE + 1)),
]


@pytest.mark.parametrize(("rule", "name", "text"), BROKEN)
def test_a_rule_bites(rule: Callable[[Module], Iterator[str]], name: str, text: str) -> None:
    assert list(rule(Module(name, text)))


SOUND: Final = [
    (strangers, "rules.money", "from ltc_cli.errors import UsageError\nfrom ltc_cli.rules import tax"),
    (strangers, "stages.leads", "import json\nfrom ltc_cli.store import Store"),
    (sideways, "stages.payments", "from ltc_cli.stages import invoices, leads"),
    (sideways, "stages.editing", "from ltc_cli.stages import payments"),
    (libraries, "output.cells", "from rich.text import Text"),
    (clocks, "session", "from datetime import datetime\ndatetime.now()"),
    (clocks, "store", "import time\ntime.monotonic()\ntime.sleep(1)"),
    (clocks, "stages.leads", "from datetime import date\ndate.fromisoformat('2026-01-01')\nself.today()"),
    (unsafe_sql, "store", "'''Never INSERT OR REPLACE.'''\ndb.execute('SELECT SUM(amount_minor) FROM payment')"),
    (unsafe_sql, "store", "message = 'the total (of all) is wrong'"),
    (floats_of_money, "output.cells", "float(share) * 100"),
    (floats_of_money, "rules.funnel", "conversion = count / before"),
    (floats_of_money, "rules.tax", "net = amount / (1 + rate)"),
    (unsafe_sql, "schema", "SQL = 'CREATE TABLE external_id (value TEXT PRIMARY KEY) STRICT, WITHOUT ROWID'"),
    (long_lines, "app", "#" * LONGEST_LINE),
]


@pytest.mark.parametrize(("rule", "name", "text"), SOUND)
def test_a_rule_lets_sound_code_be(rule: Callable[[Module], Iterator[str]], name: str, text: str) -> None:
    assert not list(rule(Module(name, text)))
