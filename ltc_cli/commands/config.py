"""`ltc config …`: the settings in force."""

import typer

from ltc_cli import config
from ltc_cli.commands.answers import ask
from ltc_cli.errors import ConfigError, LtcError
from ltc_cli.mail import setting
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

    \b
    Example:
      ltc config check --config config.yaml
    """
    session = ask(ctx)
    wrong = [f"terms.{name}: {text}" for name, text in _wrong_terms(session.settings)]
    if wrong:
        raise ConfigError("; ".join(wrong), "write them like: 30% sign, 70% ship; net 30")
    setting.refuse_plain_elsewhere(session.settings.mail)
    nurture.refuse_wrong_templates(session.settings)
    dunning_letters.refuse_wrong_templates(session.settings)
    path = str(session.config_path) if session.config_path else None
    notices = [f"{path} is right" if path else "there is no config file: the built-in defaults hold"]
    notices += dunning.unheeded(session.settings)
    session.show(
        Report(
            (Column("config"), Column("status", "status")),
            [{"config": path, "status": "ok"}],
            is_record=True,
            notices=notices,
        )
    )


def _wrong_terms(settings: Settings) -> list[tuple[str, str]]:
    found = []
    for name, line in settings.terms.items():
        try:
            parse_terms(line, settings.currency)
        except LtcError as error:
            found.append((name, error.message))
    return found
