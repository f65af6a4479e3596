"""`ltc init`: a new company."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from ltc_cli import config, store
from ltc_cli.commands.answers import ask, record
from ltc_cli.errors import FailedError, LtcError, UsageError
from ltc_cli.report import Column
from ltc_cli.rules.contact import normalise_email
from ltc_cli.rules.country import normalise_country
from ltc_cli.rules.money import parse_currency
from ltc_cli.session import Session

COLUMNS = (Column("config"), Column("database"))


class Question(NamedTuple):
    text: str
    read: Callable[[str], str]
    line: str
    """The line of the template that the answer replaces."""
    default: str = ""


QUESTIONS = (
    Question("Your company's name", str, "  # name: Acme GmbH"),
    Question("Its country (DE, China …)", normalise_country, "  # country: DE"),
    Question("Its currency", parse_currency, "currency: EUR", "EUR"),
    Question("The address invoices come from", normalise_email, "  # email: billing@acme.example"),
)


def init(
    ctx: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
) -> None:
    """Make config.yaml and the file of a new company.

    Asks for the company's name, country, currency and e-mail address.

    \b
    Example:
      ltc init --yes
    """
    session = ask(ctx)
    path = Path(session.given.get("config") or session.environ.get("LTC_CONFIG") or "config.yaml")
    notices = []
    if path.exists():
        notices.append(f"{path} is there already: it stays as it is")
    else:
        _write_new(path, _filled([] if yes else [_answer(session, question) for question in QUESTIONS]))
    session.given["config"] = str(path)
    if session.path.exists():
        notices.append(f"{session.path} is there already: it stays as it is")
    store.open_or_create(session.path, session.recorded_at).close()
    shown = {"config": str(path), "database": str(session.path)}
    hint = 'ltc lead add "Ada Lovelace" --company "Analytical Engines"'
    session.show(record(COLUMNS, shown, notices=notices, hint=hint))


def _answer(session: Session, question: Question) -> str:
    """What the user says, asked again until it can be read; an empty answer is the default."""
    prompt = f"{question.text}{f' [{question.default}]' if question.default else ''}: "
    while True:
        if session.inp.isatty():
            session.err.write(prompt)
            session.err.flush()
        line = session.inp.readline()
        if not line:
            raise UsageError("nobody answers the questions", "ltc init --yes asks none")
        try:
            return question.read(line.strip()) if line.strip() else question.default
        except LtcError as error:
            session.err.write(f"{error.message}\n")


def _filled(answers: list[str]) -> str:
    """The template with the answers in place of its examples."""
    text = config.template_text()
    for question, answer in zip(QUESTIONS, answers, strict=False):
        if answer and answer != question.default:
            before, line, after = text.partition(question.line)
            comment = after.partition("\n")[0]
            key = line.partition(":")[0].replace("# ", "")
            text = f"{before}{key}: {json.dumps(answer, ensure_ascii=False)}{after.removeprefix(comment)}"
    return text


def _write_new(path: Path, text: str) -> None:
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise FailedError(f"cannot write {path}: {error.strerror}") from error
