"""The table of commands in lead-to-cash order, the options common to all, and how errors become exit codes."""

from __future__ import annotations

import re
from contextlib import contextmanager, redirect_stdout, suppress
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from ltc_cli.errors import FailedError, LtcError, UsageError
from ltc_cli.output.show import show_error
from ltc_cli.output.streams import silence
from ltc_cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Command(NamedTuple):
    """One row of the table: `summary` is also the first line of the function's docstring."""

    name: str
    target: str
    """`module:function` below `ltc_cli.commands`, loaded when the command is called."""
    takes: str
    """Which of the common options: `write`, `read`, `money` (with `--in`), `record` (with `--as-of`), `report` (with
    both), `batch`, `job`, `run` or `none`."""
    section: str
    summary: str


VERBS, BETWEEN, LOOKING, JOBS, HOUSE = (
    "From lead to cash",
    "Between the verbs",
    "Looking",
    "Jobs",
    "House-keeping",
)

COMMANDS = (
    Command("lead add", "lead:add", "write", VERBS, "Add a lead."),
    Command("nurture", "nurture:nurture", "write", VERBS, "Log a touch with a lead: a call, an e-mail, a meeting."),
    Command(
        "promote",
        "promote:promote",
        "write",
        VERBS,
        "Make a lead an opportunity, and its company a customer.",
    ),
    Command("sign", "sign:sign", "write", VERBS, "Sign an opportunity: the contract and its payment plan."),
    Command(
        "ship",
        "ship:ship",
        "write",
        VERBS,
        "Ship a contract, whole or in parts; record delivery and acceptance.",
    ),
    Command(
        "invoice",
        "invoice:invoice",
        "write",
        VERBS,
        "Issue invoices for everything that has become billable.",
    ),
    Command("collect", "collect:collect", "write", VERBS, "Record a payment and settle what it pays for."),
    Command("lead qualify", "lead:qualify", "write", BETWEEN, "Qualify a lead."),
    Command("lead drop", "lead:drop", "write", BETWEEN, "Drop a lead, with the reason."),
    Command("lead merge", "lead:merge", "write", BETWEEN, "Merge duplicates of a lead into it."),
    Command("customer add", "customer:add", "write", BETWEEN, "Add a customer."),
    Command(
        "customer merge",
        "customer:merge",
        "write",
        BETWEEN,
        "Make a customer that is there twice part of the other one.",
    ),
    Command(
        "advance",
        "advance:advance",
        "write",
        BETWEEN,
        "Move an opportunity to a stage, or plan its next step.",
    ),
    Command(
        "quote",
        "quote:quote",
        "write",
        BETWEEN,
        "Quote lines to an opportunity; send, accept or reject a quote.",
    ),
    Command("lose", "lose:lose", "write", BETWEEN, "Lose an opportunity, with the reason."),
    Command("reopen", "reopen:reopen", "write", BETWEEN, "Reopen a lost opportunity."),
    Command("amend", "amend:amend", "write", BETWEEN, "Amend a contract: other lines, another amount, fee or end."),
    Command("terminate", "terminate:terminate", "write", BETWEEN, "Terminate a contract: with a day, past or to come."),
    Command(
        "credit",
        "credit:credit",
        "write",
        BETWEEN,
        "Issue a credit note for an invoice: whole, by an amount, or by lines.",
    ),
    Command("send", "send:send", "write", BETWEEN, "Mail an invoice, a credit note or a quote to its customer."),
    Command(
        "apply",
        "apply:apply",
        "write",
        BETWEEN,
        "Settle an invoice with what is left of a payment or credit note.",
    ),
    Command("refund", "refund:refund", "write", BETWEEN, "Pay back what is left of a payment or credit note."),
    Command("reverse", "reverse:reverse", "write", BETWEEN, "Reverse a payment that bounced or was a mistake."),
    Command("writeoff", "writeoff:writeoff", "write", BETWEEN, "Write off what is open of an invoice."),
    Command("hold", "hold:hold", "write", BETWEEN, "Hold an invoice or a customer back from dunning until a day."),
    Command(
        "dispute",
        "hold:dispute",
        "write",
        BETWEEN,
        "Say that a customer disputes an invoice: it is not dunned until it is released.",
    ),
    Command(
        "promise",
        "hold:promise",
        "write",
        BETWEEN,
        "Record that a customer has promised to pay: no notice until that day is past.",
    ),
    Command(
        "release", "hold:release", "write", BETWEEN, "End every hold, dispute and promise of an invoice or a customer."
    ),
    Command("done", "done:done", "write", BETWEEN, "Say that a task is done: a call was made."),
    Command(
        "rate", "rate:rate", "write", BETWEEN, "Say what one unit of another currency is worth in the base currency."
    ),
    Command("edit", "edit:edit", "write", BETWEEN, "Change contact data and settings of a record, never money."),
    Command("today", "today:today", "money", LOOKING, "Show what to do now, most urgent first."),
    Command(
        "funnel",
        "funnel:funnel",
        "report",
        LOOKING,
        "Show how many leads reached each stage, and with how much.",
    ),
    Command("aging", "aging:aging", "report", LOOKING, "Show what is owed, by customer and age."),
    Command(
        "statement",
        "statement:statement",
        "report",
        LOOKING,
        "Show a customer's statement of account.",
    ),
    Command(
        "leakage",
        "leakage:leakage",
        "report",
        LOOKING,
        "Show where money leaks: not shipped, not invoiced, not collected.",
    ),
    Command("list", "list:list_", "record", LOOKING, "List records of a kind."),
    Command(
        "show",
        "show:show",
        "record",
        LOOKING,
        "Show a record and its whole thread, from first touch to last cent.",
    ),
    Command("find", "find:find", "read", LOOKING, "Find records by any words in them: names, companies, notes, lines."),
    Command("log", "log:log", "read", LOOKING, "Show the journal: who wrote what, when."),
    Command("dun", "dun:dun", "run", JOBS, "Remind customers of what is overdue, level by level."),
    Command("batch", "batch:batch", "batch", JOBS, "Run many commands, one a line, in one process."),
    Command("daily", "daily:daily", "job", JOBS, "Do everything that is due: one line a step."),
    Command(
        "simulate",
        "simulate:simulate",
        "read",
        JOBS,
        "Show what `ltc daily` would do until a day, if nobody paid: who would be billed and written to, when.",
    ),
    Command("outbox list", "outbox:list_", "read", JOBS, "List mails and what became of them."),
    Command("outbox send", "outbox:send", "job", JOBS, "Send every mail that is due."),
    Command("outbox retry", "outbox:retry", "write", JOBS, "Let a mail that failed or pauses go with the next run."),
    Command("outbox resolve", "outbox:resolve", "write", JOBS, "Say whether a mail has arrived that nobody knows of."),
    Command("outbox drop", "outbox:drop", "write", JOBS, "Do not send a mail that has not gone out."),
    Command("import leads", "imports:leads", "write", HOUSE, "Import leads from a file of any CRM."),
    Command(
        "import opportunities",
        "imports:opportunities",
        "write",
        HOUSE,
        "Import opportunities from a file of any CRM.",
    ),
    Command("import customers", "imports:customers", "write", HOUSE, "Import customers from a file of any program."),
    Command(
        "import touches",
        "imports:touches",
        "write",
        HOUSE,
        "Import touches: the calls, mails and meetings that another program has logged.",
    ),
    Command(
        "import contracts",
        "imports:contracts",
        "write",
        HOUSE,
        "Import signed contracts, on the opportunity that they name or on one of their own.",
    ),
    Command(
        "import shipments",
        "imports:shipments",
        "write",
        HOUSE,
        "Import shipments of the contracts that they name, each of all that was left.",
    ),
    Command("import invoices", "imports:invoices", "write", HOUSE, "Import invoices that another program has issued."),
    Command(
        "import payments",
        "imports:payments",
        "write",
        HOUSE,
        "Import payments, for the invoice or the customer that they name.",
    ),
    Command(
        "import items",
        "imports:items",
        "write",
        HOUSE,
        "Import items: what is sold, with code, name, price, currency, unit and tax code.",
    ),
    Command("import rates", "imports:rates", "write", HOUSE, "Import exchange rates, as the ECB publishes them."),
    Command("import undo", "imports:undo", "write", HOUSE, "Take an import back."),
    Command(
        "export ledger",
        "export:ledger",
        "record",
        HOUSE,
        "Export the books in double entry, as a journal for hledger or beancount.",
    ),
    Command(
        "export person",
        "export:person",
        "read",
        HOUSE,
        "Export all that is stored about a person, to hand it over to them.",
    ),
    Command("init", "init:init", "none", HOUSE, "Make config.yaml and the file of a new company."),
    Command("demo", "demo:demo", "none", HOUSE, "Make a small company's year and look at it."),
    Command("config show", "config:show", "none", HOUSE, "Show every setting in force."),
    Command("config check", "config:check", "none", HOUSE, "Check config.yaml."),
    Command("check", "check:check", "read", HOUSE, "Prove that every figure in the file agrees."),
    Command(
        "close",
        "close:close",
        "write",
        HOUSE,
        "Close a month and all before it: nothing may be dated into them any more.",
    ),
    Command(
        "erase",
        "erase:erase",
        "write",
        HOUSE,
        "Remove what is stored about a person; invoices and contracts stay.",
    ),
    Command("backup", "backup:backup", "read", HOUSE, "Copy the file, checked, with a manifest."),
    Command("restore", "restore:restore", "none", HOUSE, "Bring a backup back."),
    Command("completion", "completion:completion", "none", HOUSE, "Print the script that completes ltc in a shell."),
)

GROUPS = {
    "lead": "Add, qualify, drop and merge leads.",
    "customer": "Add and merge customers.",
    "outbox": "Look after the one queue of all mail.",
    "import": "Import records from other programs, and take an import back.",
    "export": "Export what is in the file for other programs.",
    "config": "Show and check the settings.",
}

UNSAID = {"outbox": "list"}
"""What a group does whose command is not named, as `git stash` is `git stash push`; the others show their help."""

COMPLETE = "__complete"
"""What the shells' scripts ask when TAB is pressed; no command of the table, and never in the help."""


class Common(NamedTuple):
    """An option that many commands take, before or after their name."""

    name: str
    flag: str
    metavar: str | None
    """None: a flag without a value."""
    takes: tuple[str, ...]
    help: str


EVERY = ("write", "read", "money", "report", "record", "batch", "job", "run", "none")
COMMON_OPTIONS = (
    Common("db", "--db", "FILE", EVERY, "The company's file [LTC_DB; else database: in the config; else ltc.db]."),
    Common("config", "--config", "FILE", EVERY, "The settings [LTC_CONFIG; else ./config.yaml]."),
    Common("today", "--today", "DATE", EVERY, "The business date [LTC_TODAY; else today]."),
    Common("json", "--json", None, EVERY, "Answer in JSON."),
    Common("csv", "--csv", None, EVERY, "Answer in CSV."),
    Common("quiet", "--quiet", None, EVERY, "No hints; notices only where something is not done."),
    Common("as_of", "--as-of", "DATE", ("report", "record"), "Look at the facts as of this day."),
    Common("in", "--in", "CURRENCY", ("report", "money"), "Amounts in this currency, at the rates of the day."),
    Common("key", "--key", "KEY", ("write",), "Do it once: the same key gives the first answer again."),
    Common("dry_run", "--dry-run", None, ("write", "batch", "run"), "Do it, print it, keep nothing."),
    Common(
        "actor", "--actor", "NAME", ("write", "batch", "job", "run"), "Who does it [LTC_ACTOR; else the login name]."
    ),
)


class CommonOption(TyperOption):
    """Puts its value into the session instead of handing it to the command."""

    def __init__(self, common: Common) -> None:
        super().__init__(
            param_decls=[common.flag],
            is_flag=common.metavar is None,
            default=False if common.metavar is None else None,
            metavar=common.metavar,
            help=common.help,
            expose_value=False,
            callback=_give,
        )

    def handle_parse_result(self, ctx: Any, opts: Any, args: list[str]) -> tuple[Any, list[str]]:
        """What was not given costs nothing: a common option has no default to be looked for."""
        return super().handle_parse_result(ctx, opts, args) if self.name in opts else (None, args)


def _give(context: Any, option: Any, value: Any) -> None:
    if value == "":
        raise _nothing_named(option, context)
    if value not in (None, False):
        context.obj.given[option.name] = value


def _common_options(*kinds: str) -> list[Any]:
    return [CommonOption(common) for common in COMMON_OPTIONS if set(kinds) & set(common.takes)]


def _format_options(command: Any, context: Any, formatter: Any) -> None:
    """Help in parts, the common options last."""
    sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": [], "Common options": []}
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None:
            sections[_help_section(parameter)].append(record)
    for title, records in sections.items():
        if title == "Common options" and isinstance(command, CommandGroup):
            command.format_commands(context, formatter)
        if records:
            with formatter.section(title):
                formatter.write_dl(records)


def _help_section(parameter: Any) -> str:
    if isinstance(parameter, CommonOption):
        return "Common options"
    return "Arguments" if parameter.param_type_name == "argument" else "Options"


class VerbCommand(TyperCommand):
    """A command that tells the session what was asked before it runs."""

    takes: str
    verb: str
    _parameters: Any = None
    _parser: Any = None

    # Made once: the next line of a batch takes the same.

    def get_params(self, ctx: Any) -> Any:
        self._parameters = self._parameters or super().get_params(ctx)
        return self._parameters

    def make_parser(self, ctx: Any) -> Any:
        self._parser = self._parser or super().make_parser(ctx)
        self._parser.ctx = ctx
        return self._parser

    def invoke(self, context: Any) -> Any:
        session: Session = context.obj
        _refuse_empty(self, context)
        session.verb, session.arguments = self.verb, _with_paths(self, context.params)
        _refuse_untaken(session, self)
        session.check()
        return super().invoke(context)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Typer braces every argument; braces are for alternatives."""
        pieces = super().collect_usage_pieces(ctx)
        return [piece if "|" in piece else piece.strip("{}") for piece in pieces]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        _format_options(self, ctx, formatter)


PATHS = ("path", "file")
"""The types of parameters that name a file; the second may not be a folder."""


def _with_paths(command: VerbCommand, given: dict[str, Any]) -> dict[str, Any]:
    """What was given, files as paths: for `--key` they count by their content."""
    files = {parameter.name for parameter in command.params if parameter.type.name in PATHS}
    return {name: Path(value) if name in files and value else value for name, value in given.items()}


def _refuse_empty(command: VerbCommand, context: Any) -> None:
    """A text may be empty; what names or chooses something may not: a variable that is not set would mean all."""
    for parameter in command.params:
        if parameter.metavar not in TEXTS and context.params.get(parameter.name) == "":
            raise _nothing_named(parameter, context)


def _nothing_named(parameter: Any, context: Any) -> UsageError:
    is_option = parameter.param_type_name == "option"
    name = max(parameter.opts, key=len) if is_option else parameter.make_metavar(context).strip("[{}]")
    return UsageError(f"{name} is empty", f"{context.command_path} --help")


def _refuse_untaken(session: Session, command: VerbCommand) -> None:
    """An option given before the name of a command that does not take it is a mistake, not a wish."""
    taken = {common.name for common in COMMON_OPTIONS if command.takes in common.takes}
    for common in COMMON_OPTIONS:
        if common.name in session.given and common.name not in taken:
            raise UsageError(f"{command.verb} takes no {common.flag}", f"ltc {command.verb} --help")


class CommandGroup(TyperGroup):
    """The commands whose name begins with `prefix`, each loaded when it is called."""

    prefix = ""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        unsaid = UNSAID.get(self.prefix.strip())
        if unsaid and not ctx.resilient_parsing and not set(args) & {name for name, _row in self._rows}:
            args = [*args, unsaid]
        if not args and not ctx.resilient_parsing:
            ctx.obj.out.write(ctx.get_help() + "\n")
            raise typer.Exit
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: Any) -> list[str]:
        return list(dict.fromkeys(name for name, _row in self._rows))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if not self.prefix and cmd_name in GROUPS:
            return _group(cmd_name)
        return next((_load(row) for name, row in self._rows if name == cmd_name), None)

    def perform(self, arguments: Sequence[str], session: Session) -> None:
        """Run one more command line, for a command that runs others. Raises LtcError, whatever goes wrong."""
        try:
            _refuse_unreadable(arguments)
            command, name, rest = self._named(list(arguments))
            with (
                _in_our_words(),
                redirect_stdout(session.out),
                command.make_context(name, rest, obj=session) as context,
            ):
                command.invoke(context)
        except typer.Exit:  # how help and version are done
            return
        except Exception as error:
            raise _as_error(error, session) from error

    def _named(self, arguments: list[str]) -> tuple[Any, str, list[str]]:
        """The command that the first words name, its whole name, and the rest: no group reads words that are names."""
        command, words = self, ["ltc"]
        while arguments and isinstance(command, CommandGroup):
            found = command.get_command(None, arguments[0])
            if found is None:
                break
            command = found
            words.append(arguments.pop(0))
        return command, " ".join(words), arguments

    def summaries(self) -> list[tuple[str, str]]:
        """The names on this level, each with its line."""
        lines = {row.name: row.summary for row in COMMANDS} | GROUPS
        return [(name, lines[f"{self.prefix}{name}"]) for name in self.list_commands(None)]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        for section in dict.fromkeys(row.section for _name, row in self._rows):
            rows = [
                (row.name.removeprefix(self.prefix), row.summary) for _n, row in self._rows if row.section == section
            ]
            with formatter.section(section):
                formatter.write_dl(rows)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        _format_options(self, ctx, formatter)

    @cached_property
    def _rows(self) -> list[tuple[str, Command]]:
        """Name on this level and row, in the table's order."""
        mine = [row for row in COMMANDS if row.name.startswith(self.prefix)]
        return [(row.name.removeprefix(self.prefix).split()[0], row) for row in mine]


CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@cache
def _group(name: str) -> CommandGroup:
    """The commands below `name`; below nothing for `ltc` itself."""
    group = CommandGroup(
        name=name or "ltc",
        help=GROUPS.get(name, "Lead to cash in a terminal: one command per step, one SQLite file."),
        params=[*([] if name else [_version_option()]), *_common_options(*EVERY)],
        context_settings=CONTEXT,
        rich_markup_mode=None,
        subcommand_metavar="COMMAND …",
    )
    group.prefix = f"{name} " if name else ""
    return group


def _version_option() -> TyperOption:
    return TyperOption(
        param_decls=["--version"],
        is_flag=True,
        default=False,
        is_eager=True,
        expose_value=False,
        callback=_print_version,
        help="Print the version.",
    )


def _print_version(context: Any, _option: Any, wanted: Any) -> None:
    if wanted:
        from ltc_cli import __version__

        context.obj.out.write(f"ltc {__version__}\n")
        raise typer.Exit


METAVARS = {
    **dict.fromkeys(("name", "company", "by", "owner", "carrier"), "NAME"),
    **dict.fromkeys(("amount", "fee"), "AMOUNT"),
    "currency": "CURRENCY",
    "stage": "STAGE",
}
"""What help says of parameters where they do not say it themselves; TEXT of all others."""
TEXTS = ("TEXT", "NAME")


@cache
def _load(row: Command) -> Any:
    """The Typer command of a row, with the common options it takes."""
    from importlib import import_module

    module, function = row.target.split(":")
    application = typer.Typer(add_completion=False, rich_markup_mode=None)
    application.command(row.name.split()[-1], cls=VerbCommand, context_settings=CONTEXT)(
        getattr(import_module(f"ltc_cli.commands.{module}"), function)
    )
    command: Any = typer.main.get_command(application)
    command.takes, command.verb = row.takes, row.name
    for parameter in command.params:
        if parameter.metavar is None and not getattr(parameter, "is_flag", False):
            parameter.metavar = METAVARS.get(parameter.name, "TEXT")
    command.params.extend(_common_options(row.takes))
    return command


INTERRUPTED = 130


def run(arguments: Sequence[str], session: Session | None = None) -> int:
    """Run one command line and answer its exit code. Never raises, whatever the input."""
    session = session or Session()
    try:
        if arguments and arguments[0] == COMPLETE:
            from ltc_cli.completion import complete

            return complete(_group(""), arguments[1:], session)
        _refuse_unreadable(arguments)
        code = _run(arguments, session)
        session.out.flush()
    except BrokenPipeError:
        silence(session.out)
        return 1
    except KeyboardInterrupt:
        with suppress(OSError, ValueError):
            hint = "what was done is kept: ltc log shows it" if session.is_kept else None
            _fail(FailedError("interrupted", hint), arguments, session)
        return INTERRUPTED
    except Exception as error:
        if isinstance(error, OSError):
            silence(session.out)
        return _fail(_as_error(error, session), arguments, session)
    return code


def _as_error(error: Exception, session: Session) -> LtcError:
    """What went wrong, in the user's words and with its exit code; with LTC_DEBUG a bug is raised as it is."""
    if isinstance(error, LtcError):
        return error
    if isinstance(error, OSError):
        return _failure(error, session)
    if session.environ.get("LTC_DEBUG"):
        raise error
    hint = "LTC_DEBUG=1 shows where; please report it"
    return FailedError(f"this is a bug in ltc: {type(error).__name__}: {error}", hint)


def _failure(error: OSError, session: Session) -> FailedError:
    message = f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}"
    if session.is_kept:
        return FailedError(f"it is done, but the answer cannot be written: {message}", "ltc log shows what was written")
    return FailedError(message)


def _run(arguments: Sequence[str], session: Session) -> int:
    with _in_our_words(), redirect_stdout(session.out):  # where Typer prints its help
        answer = _group("").main(list(arguments), prog_name="ltc", standalone_mode=False, obj=session)
    if answer == INTERRUPTED:  # Typer has caught it
        raise KeyboardInterrupt
    return answer if isinstance(answer, int) else session.exit_code


@contextmanager
def _in_our_words() -> Iterator[None]:
    """What Typer raises, as what we raise."""
    try:
        yield
    except typer.TyperException as error:  # what is wrong with the command line
        raise _usage_error(error) from error
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    except SystemExit as error:  # how Typer leaves a closed pipe
        raise BrokenPipeError from error


UNREADABLE = re.compile("[\0\ud800-\udfff]")


def _refuse_unreadable(arguments: Sequence[str]) -> None:
    """What no text may hold: NUL, and halves of characters as they come from bytes that are not UTF-8."""
    for number, argument in enumerate(arguments, 1):
        if UNREADABLE.search(argument):
            raise UsageError(f"argument {number} is not readable text", "NUL and bytes that are not UTF-8 are refused")


def _usage_error(error: Any) -> UsageError:
    context = getattr(error, "ctx", None)
    option, verb = getattr(error, "option_name", None), getattr(context.command, "verb", None) if context else None
    if context and verb and option in [common.flag for common in COMMON_OPTIONS]:
        return UsageError(f"{verb} takes no {option}", f"{context.command_path} --help")
    message = error.format_message().rstrip(".").replace("\n", " ")
    hint = f"{context.command_path} --help" if context else None
    if "extra argument" in message and hint:  # a name or an amount with a blank in it
        hint = f'quotes keep words together, as in "USD 20": {hint}'
    return UsageError(message, hint)


def _fail(error: LtcError, arguments: Sequence[str], session: Session) -> int:
    typed = list(arguments)
    options = typed[: typed.index("--")] if "--" in typed else typed
    style = "json" if "--json" in options else session.style
    show_error(error, style=style, err=session.err)
    return error.exit_code
