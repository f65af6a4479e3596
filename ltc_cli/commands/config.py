"""`ltc config …`: the settings in force."""

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial

import typer

from ltc_cli import config, hooks
from ltc_cli.commands.answers import ask
from ltc_cli.errors import ConfigError, LtcError
from ltc_cli.mail import setting, templates
from ltc_cli.report import Column, Report
from ltc_cli.rules.terms import parse_terms
from ltc_cli.settings import Settings
from ltc_cli.stages import dunning, dunning_letters, nurture

COLUMNS = (Column("key"), Column("value"), Column("meaning"))


def show(ctx: typer.Context) -> None:
    """Show every setting in force.

    \b
    Example:
      ltc config show
    """
    session = ask(ctx)
    meanings = {row.key: row.meaning for row in config.describe()}
    rows = [
        {"key": key, "value": value, "meaning": meanings.get(key)}
        for key, value in config.values(session.settings).items()
    ]
    where = str(session.config_path) if session.config_path else "nothing but the built-in defaults"
    session.show(Report(COLUMNS, rows, notices=[f"from {where}"]))


def check(ctx: typer.Context) -> None:
    """Check config.yaml.

    And what it names: templates, the password, the folder of hooks. The mail server is not asked, and the file not
    opened: a policy that a customer is under may be gone.

    \b
    Example:
      ltc config check --config config.yaml
    """
    session = ask(ctx)
    try:
        settings, path = session.settings, session.config_path
    except ConfigError as error:
        raise ConfigError(error.message) from None  # its hint is what was just said
    wrong = list(dict.fromkeys(_wrong(settings, session.today)))
    if path and wrong:
        raise config.wrong(path, wrong)
    notices = [f"{path} is right" if path else "there is no config file: the built-in defaults hold"]
    notices += dunning.empty_ladders(settings)
    if not settings.company.name:
        notices.append("company.name is not set: neither documents nor mails say who writes")
    if not settings.company.iban:
        notices.append("company.iban is not set: mails do not say where to pay")
    if settings.bank.max_age_days is not None:
        notices.append(f"no notice is sent: {dunning.NO_STATEMENTS}")
    if settings.mail.templates:
        used = [*templates.NAMES, *nurture.mails(settings), *dunning_letters.mails(settings)]
        notices += templates.unused(settings.mail.templates, used)
        notices += nurture.without_way_out(settings)
    if settings.hooks.folder:
        notices += hooks.unfit(settings.hooks.folder)
    if settings.mail.host:
        notices.append(f"{settings.mail.host} was not asked whether it takes mails")
    session.show(
        Report(
            (Column("config"), Column("status", "status")),
            [{"config": str(path) if path else None, "status": "ok"}],
            is_record=True,
            notices=notices,
        )
    )


def _wrong(settings: Settings, today: date) -> Iterator[str]:
    """What would stop a command later, each beginning with its key where it has one."""
    yield from _wrong_terms(settings)
    yield from nurture.wrong_templates(settings)
    yield from dunning_letters.wrong_templates(settings)
    if settings.mail.invoices and not settings.mail.host:
        yield f"mail.invoices: {setting.no_server().message}"
    if not settings.database.parent.is_dir():
        yield f"database: there is no folder {settings.database.parent}"
    asked: list[Callable[[], object]] = [
        partial(dunning.refuse_unknown_rates, settings, today),
        partial(setting.sender_name, settings),
    ]
    if settings.hooks.folder:
        asked.append(partial(hooks.unfit, settings.hooks.folder))
    if settings.mail.host:
        asked += [partial(setting.refuse_plain_elsewhere, settings.mail), partial(setting.password, settings.mail)]
    if settings.mail.host or settings.mail.invoices or nurture.sends_mails(settings):
        asked.append(partial(setting.sender, settings))
    for ask_for in asked:
        try:
            ask_for()
        except ConfigError as error:
            yield f"{error.message} ({error.hint})"


def _wrong_terms(settings: Settings) -> Iterator[str]:
    for name, line in settings.terms.items():
        try:
            parse_terms(line, settings.currency)
        except LtcError as error:
            yield f"terms.{name}: {error.message}"
