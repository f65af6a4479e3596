"""`ltc batch`: how lines are read, what each is answered, what holds for all of them."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from ltc_cli import batch, store
from ltc_cli.app import run
from ltc_cli.session import Session
from ltc_cli.stages import leads
from tests.support import TODAY, Company, hear_interrupts

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT: Final = Path(__file__).parents[2]


class Batch:
    """What `ltc batch -` made of its lines."""

    def __init__(self, company: Company, lines: str | bytes, *options: str, **environ: str) -> None:
        text = lines.encode() if isinstance(lines, str) else lines
        out, err = io.StringIO(), io.StringIO()
        usual = {"LTC_DB": str(company.path), "LTC_CONFIG": str(company.config_path), "LTC_TODAY": TODAY}
        session = Session(
            environ={**usual, "LTC_ACTOR": "test", **environ}, inp=io.TextIOWrapper(io.BytesIO(text)), out=out, err=err
        )
        self.code = run(["batch", "-", *options], session)
        self.out, self.err = out.getvalue(), err.getvalue()
        self.answers: list[dict[str, Any]] = [json.loads(line) for line in self.out.splitlines()]

    @property
    def codes(self) -> dict[int, int]:
        """Exit codes by the line's number."""
        return {answer["line"]: answer["exit_code"] for answer in self.answers}

    @property
    def messages(self) -> list[str]:
        return [answer["error"]["message"] for answer in self.answers if "error" in answer]


def names(company: Company) -> list[str]:
    return [lead["name"] for lead in company.ltc("list", "leads")] if company.path.exists() else []


# What a line is answered


def test_a_line_is_answered_as_its_command_answers_in_json(company: Company) -> None:
    done = Batch(company, "lead add Ada --company Engines\nshow L1\nlist leads\naging\n")
    assert (done.code, done.err) == (0, "")
    assert [list(answer) for answer in done.answers] == [["line", "exit_code", "answer", "notices"]] * 4
    assert done.answers[1]["answer"] == company.ltc("show", "L1")
    assert done.answers[2]["answer"] == company.ltc("list", "leads")
    assert done.answers[3]["answer"] == []


def test_a_line_that_fails_is_answered_with_its_error_and_the_others_go_on(company: Company) -> None:
    done = Batch(company, "lead add Ada\nship C9\nlead add Bob\n")
    assert done.code == 8
    assert done.codes == {1: 0, 2: 3, 3: 0}
    assert done.answers[1] == {"line": 2, "exit_code": 3, "error": company.ltc("ship", "C9", fails=3)}
    assert names(company) == ["Ada", "Bob"]
    assert done.err == "1 of 3 lines failed\n"


@pytest.mark.parametrize("line", ["lead add", "lead add --fly x", "lead fly", "fly", "lead --fly add"])
def test_wrong_usage_is_told_as_on_the_command_line(line: str, company: Company) -> None:
    assert Batch(company, line).answers[0]["error"] == company.ltc(*line.split(), fails=2)


def test_where_all_lines_fail_it_is_partly_done_too(company: Company) -> None:
    assert Batch(company, "ship C9\n").code == 8


def test_notices_are_in_the_answer_unless_quiet(company: Company) -> None:
    lines = "lead add Ada\nlead qualify L1\nlead qualify L1\nlead qualify L1 --quiet\n"
    *_before, said, quiet = Batch(company, lines).answers
    assert said["notices"] == ["L1 is qualified already"]
    assert quiet["notices"] == []
    assert Batch(company, "lead qualify L1\n", "--quiet").answers[0]["notices"] == []


def test_help_and_the_version_are_answered_as_text(company: Company) -> None:
    done = Batch(company, "sign --help\n--version\n")
    assert done.code == 0
    assert done.answers[0]["answer"].startswith("Usage: ltc sign ")
    assert done.answers[1]["answer"].startswith("ltc ")


def test_a_check_that_finds_something_is_a_failed_line_with_an_answer(company: Company) -> None:
    company.ltc("lead", "add", "Ada")
    connection = store.connect(company.path)
    connection.execute("UPDATE journal_detail SET salt = 'x'")
    connection.close()
    done = Batch(company, "check\n")
    assert (done.code, done.codes) == (8, {1: 7})
    assert any(row["broken"] for row in done.answers[0]["answer"])


def test_nothing_to_do_is_done(company: Company) -> None:
    for lines in ("", "\n \t\n# only a comment\n"):
        done = Batch(company, lines)
        assert (done.code, done.out, done.err) == (0, "", "")
    assert not company.path.exists()


def test_a_file_is_read_like_standard_input(company: Company, tmp_path: Path) -> None:
    lines = tmp_path / "lines.txt"
    lines.write_text("lead add Ada\n", encoding="utf-8")
    assert company.run("batch", str(lines)) == 0
    assert json.loads(company.out)["answer"]["name"] == "Ada"


def test_a_file_that_cannot_be_read_is_not_found(company: Company, tmp_path: Path) -> None:
    assert "no.txt" in company.ltc("batch", str(tmp_path / "no.txt"), fails=3)["message"]
    assert company.ltc("batch", str(tmp_path), fails=3)["code"] == "not_found"


def test_standard_input_may_be_closed(tmp_path: Path) -> None:
    session = Session(environ={}, out=io.StringIO(), err=(err := io.StringIO()))
    session.inp = None  # what Python makes of `<&-`
    assert run(["batch", "-"], session) == 2
    assert "standard input is closed" in err.getvalue()


# How a line is read


@pytest.mark.parametrize(
    "line",
    [
        "lead add Ada",
        "ltc lead add Ada",
        "  lead\tadd  Ada  ",
        "lead add 'Ada'",
        'lead add "Ada"',
        "lead add A\\da",
        "lead add Ada\r",
        "--json lead add Ada",
        "lead --quiet add Ada",
        '{"command": ["lead", "add", "Ada"]}',
        '{"command": ["ltc", "lead", "add", "Ada"], "key": null}',
        ' {"key": "k1", "command": ["lead", "add", "Ada"]} ',
        '{"command": ["lead", "add", "\\u0041da"]}\r',
    ],
)
def test_a_line_may_be_written_in_many_ways(line: str, company: Company) -> None:
    for ending in ("", "\n"):
        assert Batch(company, line + ending).answers[0]["answer"]["name"] == "Ada"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("lead add 'Ada Lovelace'", "Ada Lovelace"),
        ("lead add \"Ada 'the first'\"", "Ada 'the first'"),
        ("lead add Ada\\ Lovelace", "Ada Lovelace"),
        ("lead add C#", "C#"),
        ("lead add '#1'", "#1"),
        ("lead add 山田\u3000太郎", "山田\u3000太郎"),
        ("lead add '' --company x", None),
        ("lead add -- --json", "--json"),
        ("lead add $HOME", "$HOME"),
        ("lead add *", "*"),
    ],
)
def test_words_are_those_of_a_shell_that_expands_nothing(line: str, name: str | None, company: Company) -> None:
    (answer,) = Batch(company, line).answers
    assert answer.get("answer", {}).get("name") == name


def test_blank_lines_and_comments_count_as_lines_but_are_not_answered(company: Company) -> None:
    done = Batch(company, "# leads\n\nlead add Ada\n   # more\n \t\nlead add Bob")
    assert done.codes == {3: 0, 6: 0}


def test_a_byte_order_mark_is_no_part_of_the_first_line(company: Company) -> None:
    assert Batch(company, b"\xef\xbb\xbflead add Ada\r\n\xef\xbb\xbflead add Bob\r\n").codes == {1: 0, 2: 2}


UNREADABLE: Final[dict[bytes, str]] = {
    b"lead add 'Ada": "the line cannot be read: no closing quotation",
    b"lead add Ada\\": "the line cannot be read: no escaped character",
    b"lead add \xff": "the line is not UTF-8",
    b"lead add \xed\xa0\x80": "the line is not UTF-8",
    b"lead add A\0da": "argument 3 is not readable text",
    b'{"command": ["lead", "add", "\\u0000"]}': "argument 3 is not readable text",
    b'{"command": ["lead", "add", "\\ud800"]}': "argument 3 is not readable text",
    b'{"command": ["lead", "add", "Ada"], "key": "\\ud800"}': "key holds half a character (a lone surrogate)",
    b'{"command": ["lead", "add", "Ada"], "key": ""}': "key is empty",
    b'{"command": ["lead", "add", "Ada"], "key": 1}': "the key is not a text",
    b'{"command": ["lead", "add", "Ada"], "keys": "k", "x": 1}': "a line has no keys, x",
    b'{"command": ["lead"], "command": ["list"]}': "the line is not JSON: a name stands there twice",
    b'{"command": "lead add Ada"}': "the command is not a list of texts",
    b'{"command": ["collect", "C1", 30]}': "the command is not a list of texts",
    b"{}": "the command is not a list of texts",
    b'{"command": []}': "the line has no command",
    b'{"command": ["ltc"]}': "the line has no command",
    b"ltc": "the line has no command",
    b"{": "the line is not JSON: ",
    b"{" * 200_000: "the line is not JSON: ",
    b'{"command": ' + b"[" * 200_000: "the line is not JSON: ",
    b"x" * 10_000_000: "the line is longer than 1,000,000 bytes",
    b"lead add Eve" + b" " * 1_000_000 + b"--dry-run": "the line is longer than 1,000,000 bytes",
    b" " * 1_000_001 + b"lead add Eve": "the line is longer than 1,000,000 bytes",
    b"lead add " + b"x" * 999_991: "name is 999,991 characters long",
    b"lead add '" + b"x" * 200_000 + b"'": "the line has quotes and more than 100,000 characters",
    b"fly me": "No such command 'fly'",
    b"['lead', 'add']": "No such command '[lead,'",
    b"lead add Ada --csv": "the lines of a batch are answered in JSON",
    b"show L1 --key k": "show takes no --key",
    b'{"command": ["show", "L1"], "key": "k"}': "show takes no --key",
}


@pytest.mark.parametrize(("line", "message"), UNREADABLE.items(), ids=[str(line[:40]) for line in UNREADABLE])
def test_a_line_that_cannot_be_read_is_an_error_of_that_line(line: bytes, message: str, company: Company) -> None:
    done = Batch(company, b"lead add Before\n" + line + b"\nlead add After\n")
    assert done.code == 8
    assert done.codes == {1: 0, 2: 2, 3: 0}
    (said,) = done.messages
    assert message in said
    assert names(company) == ["Before", "After"]


def test_binary_rubbish_is_answered_line_by_line(company: Company) -> None:
    rubbish = bytes(range(256)).replace(b"#", b"") * 40
    done = Batch(company, rubbish)
    assert done.code == 8
    assert set(done.codes.values()) == {2}
    assert not any("bug in ltc" in message for message in done.messages)


# What no line may be


@pytest.mark.parametrize("line", ["batch -", "init --yes", "demo x", "backup x.db", "restore x.db"])
def test_what_asks_or_makes_files_is_a_command_of_its_own(line: str, company: Company) -> None:
    done = Batch(company, f"{line}\n")
    assert done.messages == [f"{line.split()[0]} cannot be a line of a batch"]
    assert sorted(path.name for path in company.path.parent.iterdir()) == ["config.yaml"]


# Which file, and the options of all lines


def test_every_line_follows_its_own_command_on_making_the_file(company: Company) -> None:
    assert Batch(company, "list leads\nlead add Ada\nlist leads\n").codes == {1: 3, 2: 0, 3: 0}


def test_options_of_the_batch_hold_for_lines_that_do_not_say_otherwise(company: Company, tmp_path: Path) -> None:
    lines = "lead add Ada\nlead add Bob --today 2026-06-02 --actor kim\nlist leads\nlog\n"
    done = Batch(company, lines, "--today", "2026-06-01", "--actor", "ada")
    assert [row["created_on"] for row in done.answers[2]["answer"]] == ["2026-06-01", "2026-06-02"]
    assert [row["actor"] for row in done.answers[3]["answer"]] == ["ada", "kim"]
    other = tmp_path / "other.db"
    done = Batch(company, f"lead add Cyd\nlead add Dan --db {other}\nlist leads\n")
    assert [row["name"] for row in done.answers[2]["answer"]] == ["Ada", "Bob", "Cyd"]
    assert [row["name"] for row in company.ltc("list", "leads", "--db", str(other))] == ["Dan"]


def test_a_line_may_name_settings_of_its_own(company: Company, tmp_path: Path) -> None:
    other = tmp_path / "yen.yaml"
    other.write_text("currency: JPY\n", encoding="utf-8")
    lines = f"lead add Ada\nlead add Bob\npromote L1 --amount 5\npromote L2 --amount 5 --config {other}\n"
    done = Batch(company, lines)
    assert [answer["answer"]["amount"] for answer in done.answers[2:]] == ["5.00", "5"]


def test_a_dry_run_keeps_nothing_of_any_line(company: Company) -> None:
    done = Batch(company, "lead add Ada\nlead add Bob\n", "--dry-run")
    assert [answer["answer"]["ref"] for answer in done.answers] == ["L1", "L1"]
    assert done.answers[0]["notices"] == ["dry run: nothing was kept"]
    assert not company.path.exists()


def test_a_line_alone_may_be_a_dry_run(company: Company) -> None:
    assert Batch(company, "lead add Ada --dry-run\nlead add Bob\nlead add Cyd --dry-run\n").code == 0
    assert names(company) == ["Bob"]


@pytest.mark.parametrize("option", ["--csv", "--key k", "--as-of 2026-01-01"])
def test_options_that_no_batch_takes(option: str, company: Company) -> None:
    assert Batch(company, "lead add Ada\n", *option.split()).code == 2
    assert names(company) == []


def test_a_config_that_is_wrong_is_an_error_of_every_line_that_needs_it(company: Company) -> None:
    company.config_path.write_text("colour: red\n", encoding="utf-8")
    assert Batch(company, "promote L1\n").codes == {1: 6}


# Again


def test_the_same_lines_with_keys_are_answered_the_same_and_do_nothing_twice(company: Company) -> None:
    lines = (
        '{"command": ["lead", "add", "Ada"], "key": "a"}\n'
        "promote L1 --amount 100 --key b\n"
        '{"command": ["collect", "K1", "30"], "key": "c"}\n'
    )
    first = Batch(company, lines)
    kept = company.dump()
    assert first.code == 0
    assert Batch(company, lines).out == first.out
    assert Batch(company, lines, "--atomic").out == first.out
    assert company.dump() == kept


def test_a_key_used_for_another_line_is_a_conflict(company: Company) -> None:
    assert Batch(company, "lead add Ada --key k\nlead add Bob --key k\n").codes == {1: 0, 2: 5}


# All or none


def test_atomic_lines_are_one_transaction_and_each_has_its_entry(company: Company) -> None:
    done = Batch(company, "lead add Ada\npromote L1 --amount 100\nlist opportunities\nsign O1\n", "--atomic")
    assert (done.code, done.err) == (0, "")
    assert done.codes == {1: 0, 2: 0, 3: 0, 4: 0}
    assert [row["ref"] for row in done.answers[2]["answer"]] == ["O1"]
    assert [row["verb"] for row in company.ltc("log")] == ["lead add", "promote", "sign"]
    assert all(not row["broken"] for row in company.ltc("check"))


@pytest.mark.parametrize(
    ("line", "code"),
    [("ship C9", 3), ("lead drop L1 --reason", 2), ("lead add 'x", 2), ("collect K1 NaN", 2), ("promote L1", 4)],
)
def test_the_first_failure_takes_all_back_and_its_line_is_the_answer(line: str, code: int, company: Company) -> None:
    company.ltc("lead", "add", "Ada")
    company.ltc("lead", "drop", "L1", "--reason", "need")
    before = company.dump()
    done = Batch(company, f"lead add Bob\ncustomer add Wax\n{line}\nship C8\n", "--atomic")
    assert done.code == code
    assert done.codes == {3: code}
    assert "error" in done.answers[0]
    assert done.err == "nothing was kept: line 3 failed\n"
    assert company.dump() == before


def test_a_number_that_was_taken_back_is_given_again(company: Company) -> None:
    signed = "lead add Ada\npromote L1 --amount 10\nsign O1 --terms '100% sign'\n"
    assert Batch(company, f"{signed}invoice C1\nship C9\n", "--atomic").code == 3
    done = Batch(company, f"{signed}invoice C1\n", "--atomic")
    assert done.answers[3]["answer"][0]["ref"] == "INV-2026-0001"


def test_a_check_at_the_end_keeps_nothing_where_the_books_are_broken(company: Company) -> None:
    company.ltc("lead", "add", "Ada")
    connection = store.connect(company.path)
    connection.execute("UPDATE journal_detail SET salt = 'x'")
    connection.close()
    done = Batch(company, "lead add Bob\ncheck\n", "--atomic")
    assert (done.code, done.codes) == (7, {2: 7})
    assert "answer" in done.answers[0]
    assert names(company) == ["Ada"]


def test_an_atomic_dry_run_rehearses_the_whole(company: Company) -> None:
    done = Batch(company, "lead add Ada\npromote L1 --amount 10\n", "--atomic", "--dry-run")
    assert [answer["answer"]["ref"] for answer in done.answers] == ["L1", "O1"]
    assert not company.path.exists()
    company.ltc("lead", "add", "Zoe")
    before = company.dump()
    assert Batch(company, "lead add Ada\npromote L2 --amount 10\n", "--atomic", "--dry-run").code == 0
    assert company.dump() == before


def test_one_transaction_is_one_file_and_no_line_of_it_a_dry_run(company: Company, tmp_path: Path) -> None:
    done = Batch(company, f"lead add Ada\nlead add Bob --db {tmp_path / 'other.db'}\n", "--atomic")
    assert (done.code, done.codes) == (2, {2: 2})
    assert "is another file than" in done.messages[0]
    assert Batch(company, "lead add Ada\nlead add Bob --dry-run\n", "--atomic").codes == {2: 2}
    assert names(company) == []


def test_a_commit_that_fails_keeps_nothing_and_says_so(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    company.ltc("lead", "add", "Zoe")
    before = company.dump()
    connect = store.connect

    class Full:
        def __init__(self, path: Path | None) -> None:
            self.connection = connect(path)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.connection, name)

        def execute(self, sql: str, *parameters: Any) -> Any:
            if sql == "COMMIT":
                raise sqlite3.OperationalError("database or disk is full")
            return self.connection.execute(sql, *parameters)

    monkeypatch.setattr(store, "connect", Full)
    done = Batch(company, "lead add Ada\n", "--atomic")
    monkeypatch.undo()
    assert (done.code, done.out) == (1, "")
    assert "the disk is full: nothing was written" in done.err
    assert company.dump() == before


# The file between the lines


def while_running(company: Company, monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> Batch:
    """Two leads, between which something happens to the file."""
    add = leads.add

    def then(*arguments: Any, **options: Any) -> Any:
        added = add(*arguments, **options)
        monkeypatch.setattr(leads, "add", add)
        monkeypatch.setattr(batch, "_print", after)
        return added

    printed = batch._print

    def after(*arguments: Any) -> None:
        printed(*arguments)
        monkeypatch.setattr(batch, "_print", printed)
        happens()

    monkeypatch.setattr(leads, "add", then)
    return Batch(company, "lead add Ada\nlead add Bob\n")


def test_a_restore_between_two_lines_is_noticed(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    company.ltc("lead", "add", "Zoe")
    backup = company.path.with_name("backup.db")
    company.ltc("backup", str(backup))
    done = while_running(company, monkeypatch, lambda: company.ltc("restore", str(backup)))
    assert done.code == 0
    assert names(company) == ["Zoe", "Bob"]


def test_a_newer_ltc_between_two_lines_is_noticed(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    def upgrade() -> None:
        connection = store.connect(company.path)
        connection.execute("PRAGMA user_version = 999")
        connection.close()

    assert while_running(company, monkeypatch, upgrade).codes == {1: 0, 2: 7}


def test_a_file_that_others_may_write_is_noticed(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    assert while_running(company, monkeypatch, lambda: company.path.chmod(0o666)).codes == {1: 0, 2: 7}


def test_a_file_replaced_while_a_line_waits_for_the_lock_is_not_written_to(company: Company) -> None:
    """SQLite itself refuses, also on a connection that has written before."""
    company.ltc("lead", "add", "Ada")
    held = store.open_existing(company.path)
    with held.writing(lambda: "2026-06-15T00:00:00Z"):
        held.add("lead", name="Bob", created_on=TODAY, recorded_at=TODAY)
    shutil.copy(company.path, company.path.with_name("new.db"))
    company.path.with_name("new.db").replace(company.path)
    with pytest.raises(sqlite3.OperationalError, match="readonly"), held.writing(lambda: "2026-06-15T00:00:00Z"):
        held.add("lead", name="Cyd", created_on=TODAY, recorded_at=TODAY)
    held.close()
    assert names(company) == ["Ada", "Bob"]


# As a process that another program talks to


def talk(company: Company, *options: str) -> subprocess.Popen[str]:
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LTC_DB": str(company.path), "LTC_TODAY": TODAY}
    return subprocess.Popen(
        [sys.executable, "-m", "ltc_cli", "batch", "-", *options],
        env={**environ, "LTC_ACTOR": "test"},
        cwd=company.path.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_interrupts,
    )


def say(process: subprocess.Popen[str], line: str) -> dict[str, Any]:
    """The answer to a line, read before the next is written."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{line}\n")
    process.stdin.flush()
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


def test_another_program_is_answered_line_by_line(company: Company) -> None:
    with talk(company) as process:
        ref = say(process, "lead add Ada")["answer"]["ref"]
        assert say(process, f"promote {ref} --amount 10")["answer"]["ref"] == "O1"
        assert company.ltc("show", "O1")["amount"] == "10.00"  # nothing is locked between the lines
        assert say(process, "sign O9")["exit_code"] == 3
        assert process.communicate() == ("", "1 of 3 lines failed\n")
    assert process.returncode == 8


def test_an_interrupt_exits_130_and_keeps_what_was_answered(company: Company) -> None:
    with talk(company) as process:
        say(process, "lead add Ada")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == 130
    assert (out, err) == ("", "ltc: error: interrupted\nhint: what was done is kept: ltc log shows it\n")
    assert names(company) == ["Ada"]


@pytest.mark.parametrize(("options", "kept"), [((), ["Ada"]), (("--atomic",), [])])
def test_an_interrupt_within_a_line_leaves_no_half(
    options: tuple[str, ...], kept: list[str], company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = leads.add

    def interrupted(given: Any, entries: Any, *rest: Any, **named: Any) -> Any:
        added = add(given, entries, *rest, **named)
        if entries[0].name == "Bob":
            raise KeyboardInterrupt
        return added

    monkeypatch.setattr(leads, "add", interrupted)
    done = Batch(company, "lead add Ada\nlead add Bob\nlead add Cyd\n", *options)
    assert done.code == 130
    assert [answer["answer"]["name"] for answer in done.answers] == kept
    assert names(company) == kept


def test_a_closed_pipe_ends_it_quietly(company: Company) -> None:
    with talk(company) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        say(process, "lead add Ada")
        process.stdout.close()
        process.stdin.write("lead add Bob\nlead add Cyd\n")
        process.stdin.close()
        assert process.stderr.read() == ""
    assert process.returncode == 1
    assert names(company) == ["Ada", "Bob"]
