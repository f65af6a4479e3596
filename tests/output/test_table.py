from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltc_cli.output.show import show
from ltc_cli.report import Column, Report, Row
from tests.output.streams import cells, encoded, in_pipe, on_terminal

AMOUNTS = ["12345.00", "0.00", "4500.00", "-1200.00", "15645.00"]
NAUGHTY = {
    "\x1b[31mred\x1b[0m": r"\x1b[31mred\x1b[0m",
    "abc\u202egpj.exe": r"abc\u202egpj.exe",
    "[red]x[/red]": "[red]x[/red]",
    "[/]": "[/]",
    ":skull:": ":skull:",
    "a\x00b": r"a\x00b",
    "one\ntwo": "one⏎two",
    "\ud800": r"\ud800",
}


def invoices() -> Report:
    columns = [
        Column("ref", "ref"),
        Column("customer", "ref"),
        Column("customer_name"),
        Column("due_on", "date"),
        Column("total", "money"),
        Column("currency"),
        Column("status", "status"),
    ]
    keys = [column.key for column in columns]
    first = ["INV-1", "K1", "Acme GmbH", "2026-03-31", "12345.00", "EUR", "partly_paid"]
    second = ["INV-2", "K12", "张伟", "2026-04-01", "9.50", "EUR", "open"]
    rows = [dict(zip(keys, values, strict=True)) for values in (first, second)]
    return Report(columns, rows, title="Invoices", totals=[{"ref": "total", "total": "12354.50", "currency": "EUR"}])


def aging() -> Report:
    columns = [
        Column("customer", "ref"),
        Column("customer_name"),
        *(Column(key, "money", age=age) for age, key in enumerate(["current", "1-30", "90+"])),
        Column("unapplied", "money"),
        Column("total", "money"),
        Column("oldest_due_on", "date", spare=1),
    ]
    keys = [column.key for column in columns]
    row = dict(zip(keys, ["K1", "A very long name of a customer " * 9, *AMOUNTS, "2026-03-31"], strict=True))
    return Report(columns, [row])


def named(name: str) -> Report:
    return Report([Column("name"), Column("total", "money")], [{"name": name, "total": "1.00"}])


def test_a_table_on_a_terminal() -> None:
    assert (
        on_terminal(invoices()).out
        == """\
Invoices in EUR

ref    customer       due on          total  status
────────────────────────────────────────────────────────
INV-1  K1  Acme GmbH  2026-03-31  12,345.00  partly paid
INV-2  K12 张伟       2026-04-01       9.50  open
────────────────────────────────────────────────────────
total                             12,354.50
"""
    )


def test_a_table_in_a_pipe_has_all_columns_and_no_lines() -> None:
    assert (
        in_pipe(invoices()).out
        == """\
Invoices
ref    customer  customer name  due on          total  currency  status
INV-1  K1        Acme GmbH      2026-03-31  12,345.00  EUR       partly paid
INV-2  K12       张伟           2026-04-01       9.50  EUR       open
total                                       12,354.50  EUR
"""
    )


def test_currencies_that_differ_keep_their_column() -> None:
    report = invoices()
    report.rows[1]["currency"] = "CNY"
    shown = on_terminal(report).out
    assert shown.startswith("Invoices\n")
    assert "currency" in shown


def test_a_currency_that_no_title_can_say_keeps_its_column() -> None:
    report = invoices()
    report.title = ""
    assert "currency" in on_terminal(report).out


def test_bars_grow_with_the_terminal_from_ten_to_thirty() -> None:
    columns = [
        Column("stage"),
        Column("share", "bar", label=" "),
        Column("share", "percent"),
        Column("count", "count"),
    ]
    report = Report(columns, [{"stage": "lead", "share": 1.0, "count": 1240}])
    lengths = [on_terminal(report, width=width).out.count("█") for width in (20, 40, 80)]
    # At 40: 5 (stage) + 5 (share) + 5 (count) and three gaps of 2 leave 19.
    assert lengths == [10, 19, 30]


def test_a_percentage_and_a_count_stand_at_the_right() -> None:
    columns = [Column("conversion", "percent"), Column("count", "count")]
    report = Report(columns, [{"conversion": 0.125, "count": 7}, {"conversion": 1, "count": 1240}])
    assert in_pipe(report).out == "conversion  count\n    12.5 %      7\n     100 %  1,240\n"


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_money_and_dates_are_never_cut(width: int) -> None:
    shown = on_terminal(aging(), width=width).out
    assert re.findall(r"-?[\d,]+\.\d\d", shown) == ["12,345.00", "0.00", "4,500.00", "-1,200.00", "15,645.00"]
    assert (len(shown.splitlines()) == 3) == (width > 40)
    assert ("2026-03-31" in shown) == (width != 60)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_long_name_takes_the_room_that_money_leaves(width: int) -> None:
    lines = on_terminal(aging(), width=width).out.splitlines()
    assert "…" in lines[2]
    assert max(map(cells, lines)) == width


@pytest.mark.parametrize("width", [40, 50, 60])
def test_prose_is_folded_and_no_word_of_it_is_lost(width: int) -> None:
    words = "credit note for INV-2026-0001: 两件货物在运输途中损坏 客户要求减价"
    columns = [Column("on", "date"), Column("text", "prose"), Column("amount", "money")]
    shown = on_terminal(Report(columns, [{"on": "2026-02-11", "text": words, "amount": "12345.60"}]), width=width).out
    assert max(map(cells, shown.splitlines())) <= width
    told = "".join(shown.splitlines()[2:]).replace("2026-02-11", "").replace("12,345.60", "")
    assert "".join(told.split()) == "".join(words.split())


def to_do() -> Report:
    columns = [
        Column("what", "status"),
        Column("name"),
        Column("since", "date", spare=1),
        Column("amount", "money"),
        Column("why", "prose"),
        Column("command", "ref", "do"),
    ]
    keys = [column.key for column in columns]
    row = ["promised", "Analytical Engines", "2026-05-03", "12345.00", "promised until 2026-05-20", "ltc collect INV-2"]
    return Report(
        columns, [dict(zip(keys, row, strict=True))], totals=[{"what": "total", "amount": "12345.00", "why": "of one"}]
    )


def test_prose_stands_below_its_row_before_a_column_is_left_off_and_a_command_after() -> None:
    # 8 + 18 + 10 + 9 + 25 + 17 and five gaps of 2 are 97; with 10 for the name, 20 for the prose and gaps of 1, 79.
    assert on_terminal(to_do(), width=79).out.count("\n") == 6  # the prose on two lines
    assert (
        on_terminal(to_do(), width=78).out
        == """\
what      name                since          amount  do
──────────────────────────────────────────────────────────────────────
promised  Analytical Engines  2026-05-03  12,345.00  ltc collect INV-2
  promised until 2026-05-20
──────────────────────────────────────────────────────────────────────
total                                     12,345.00
  of one
"""
    )
    assert (
        on_terminal(to_do(), width=40).out
        == """\
what     name                  amount
─────────────────────────────────────
promised Analytical Engines 12,345.00
  promised until 2026-05-20
  ltc collect INV-2
─────────────────────────────────────
total                       12,345.00
  of one
"""
    )


def test_where_no_table_fits_one_record_stands_below_the_other() -> None:
    assert (
        on_terminal(invoices(), width=30).out
        == """\
Invoices in EUR

ref       INV-1
customer  K1  Acme GmbH
due on    2026-03-31
total     12,345.00
status    partly paid

ref       INV-2
customer  K12 张伟
due on    2026-04-01
total     9.50
status    open

ref    total
total  12,354.50
"""
    )


def test_what_prose_says_on_several_lines_is_one_line_in_a_pipe() -> None:
    report = Report([Column("step"), Column("detail", "prose")], [{"step": "outbox", "detail": "M1 failed\nM2 waits"}])
    assert on_terminal(report, width=40).out.splitlines()[2:] == ["outbox  M1 failed", "        M2 waits"]
    assert on_terminal(report, width=15).out.splitlines()[2:] == ["outbox", "  M1 failed", "  M2 waits"]
    assert in_pipe(report).out == "step    detail\noutbox  M1 failed; M2 waits\n"


def test_columns_without_room_are_named_on_stderr() -> None:
    assert on_terminal(aging(), width=60).err == "left off on this narrow terminal: oldest_due_on\n"
    assert on_terminal(aging(), width=60, quiet=True).err == ""


def test_a_pipe_cuts_nothing_and_keeps_a_row_on_a_line() -> None:
    shown = in_pipe(named("x" * 10_000)).out
    assert len(shown.splitlines()) == 2
    assert "x" * 10_000 in shown


def test_columns_kept_off_tables_are_not_drawn() -> None:
    report = Report([Column("ref"), Column("note", on_table=False)], [{"ref": "C1", "note": "secret"}])
    assert "secret" not in on_terminal(report).out + in_pipe(report).out


@given(
    st.lists(st.text("a张é한 b", min_size=1, max_size=40).map(str.strip), min_size=1, max_size=5),
    st.integers(20, 90),
)
def test_amounts_stand_under_each_other_whatever_the_script(names: list[str], width: int) -> None:
    report = Report([Column("name"), Column("total", "money")], [{"name": n, "total": "1.00"} for n in names])
    for shown in (on_terminal(report, width=width).out, in_pipe(report).out):
        lines = [line for line in shown.splitlines() if line.endswith("1.00")]
        assert len(lines) == len(names)
        assert len({cells(line) for line in lines}) == 1


@pytest.mark.parametrize(("raw", "shown"), NAUGHTY.items())
def test_a_naughty_name_is_shown_as_it_is_spelled(raw: str, shown: str) -> None:
    for drawn in (on_terminal(named(raw)).out, in_pipe(named(raw)).out):
        row = drawn.splitlines()[-1]
        assert row.split("  ")[0] == shown
        assert row.endswith("  1.00")


@given(st.text(st.characters()), st.sampled_from(["utf-8", "ascii", "cp1252"]))
def test_no_name_breaks_a_table(name: str, encoding: str) -> None:
    assert len(on_terminal(named(name)).out.splitlines()) == 3
    assert encoded(named(name), style="table", encoding=encoding).decode(encoding).count("\n") == 2


def test_a_terminal_without_unicode_gets_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii", newline="")
    monkeypatch.setattr(out, "isatty", lambda: True, raising=False)
    columns = [Column("name"), Column("share", "bar"), Column("total", "money")]
    rows: list[Row] = [{"name": "Société" * 3, "share": 1, "total": None}]
    show(Report(columns, rows), style="table", out=out, err=io.StringIO(), quiet=True, colour=False, width=30)
    assert raw.getvalue().decode("ascii") == (
        "name         share       total\n------------------------------\nSoci\\xe9...  ##########      -\n"
    )


@pytest.fixture
def xterm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("COLORTERM", raising=False)


@pytest.mark.usefixtures("xterm")
@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        (Column("x", "money", age=0), "1.00", "32"),
        (Column("x", "money", age=1), "1.00", "33"),
        (Column("x", "money", age=2), "1.00", "38;5;208"),
        (Column("x", "money", age=3), "1.00", "31"),
        (Column("x", "money", age=4), "1.00", "1;31"),
        (Column("x", "money", age=9), "1.00", "1;31"),
        (Column("x", "money", age=4), "0.00", "2"),
        (Column("x", "money"), None, "2"),
        (Column("x", "status"), "paid", "32"),
        (Column("x", "status"), "open", "36"),
        (Column("x", "status"), "partly_paid", "33"),
        (Column("x", "status"), "overdue", "31"),
        (Column("x", "ref"), "C1", "1;36"),
    ],
)
def test_colours_tell_age_and_status(column: Column, value: str | None, code: str) -> None:
    row = on_terminal(Report([column], [{"x": value}]), colour=True).out.splitlines()[-1]
    assert row.startswith(f"\x1b[{code}m")


@pytest.mark.usefixtures("xterm")
def test_only_the_reference_before_a_name_is_coloured() -> None:
    report = Report(
        [Column("customer", "ref"), Column("customer_name")], [{"customer": "K1", "customer_name": "Acme"}],
        totals=[{"customer": "total"}],
    )  # fmt: skip
    row, _, total = on_terminal(report, colour=True).out.splitlines()[-3:]
    assert row.startswith("\x1b[1;36mK1\x1b[0m Acme")
    assert total.startswith("\x1b[1mtotal")


@pytest.mark.usefixtures("xterm")
def test_without_colour_nothing_is_coloured() -> None:
    assert "\x1b" not in on_terminal(invoices(), colour=False).out + in_pipe(invoices()).out


def test_only_output_imports_rich() -> None:
    package = Path(__file__).parents[2] / "ltc_cli"
    importers = {p.parent.name for p in package.rglob("*.py") if re.search(r"(import|from) rich", p.read_text("utf-8"))}
    assert importers == {"output"}
