"""The texts of mails, in English and Chinese: Jinja2 in a sandbox, fed with plain data, undefined names an error."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    import jinja2

LANGUAGES: Final = ("en", "zh")
NAMES: Final = ("invoice", "notice")
FOLDER: Final = Path(__file__).with_name("templates")


class Text(NamedTuple):
    """A mail as its template has written it."""

    subject: str
    text: str
    html: str


def prepare() -> None:
    """Compile all of them, so that no time goes by inside of a transaction."""
    for language in LANGUAGES:
        for name in NAMES:
            _template(language, f"{name}.txt")
            _template(language, f"{name}.html")


def render(name: str, language: str, data: dict[str, Any]) -> Text:
    """The mail for plain data. The first line of the plain text is its subject, the second one empty."""
    _refuse_what_is_not_plain(data)
    subject, _, text = _template(language, f"{name}.txt").render(data).partition("\n\n")
    return Text(subject, text, _template(language, f"{name}.html").render(data))


def _refuse_what_is_not_plain(value: Any) -> None:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            _refuse_what_is_not_plain(each)
    elif not (value is None or isinstance(value, str | int)):
        raise TypeError(f"{type(value).__name__} is nothing for a template")


@cache
def _template(language: str, name: str) -> jinja2.Template:
    return _environment().get_template(f"{language}/{name}")


@cache
def _environment() -> jinja2.Environment:
    import jinja2
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(
        loader=jinja2.FileSystemLoader(FOLDER),
        undefined=jinja2.StrictUndefined,
        autoescape=lambda name: bool(name and name.endswith(".html")),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
