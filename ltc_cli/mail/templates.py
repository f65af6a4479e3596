"""The texts of mails, in English and Chinese: Jinja2 in a sandbox, fed with plain data, undefined names an error.

A folder of the user's own may hold more of them, and others in the place of ours: `en/NAME.txt` and `en/NAME.html`.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ltc_cli.errors import ConfigError, UnwrittenError
from ltc_cli.mail import sandbox

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import jinja2

LANGUAGES: Final = ("en", "zh")
NAMES: Final = ("invoice", "credit", "quote", "notice", "welcome", "followup")
FOLDER: Final = Path(__file__).with_name("templates")
LONGEST: Final = 1_000_000
"""Characters of a text that a template may write."""


class Text(NamedTuple):
    """A mail as its template has written it."""

    subject: str
    text: str
    html: str


def prepare(folder: Path | None, names: Iterable[str]) -> None:
    """Compile them, so that no time goes by inside of a transaction. Raises ConfigError."""
    for language in LANGUAGES:
        for name in names:
            place = _place(name, language, folder)
            for file in (f"{name}.txt", f"{name}.html"):
                if (place.path / file).is_file():
                    _compiled(place, file)


def render(name: str, language: str, data: dict[str, Any], folder: Path | None = None) -> Text:
    """The mail for plain data. The first line of the plain text is its subject, the second one empty.

    Whoever writes `Subject:` before it, as in a mail, means the same.

    Raises ConfigError for a template that does not exist or cannot be read, UnwrittenError where these data do not fit.
    """
    _refuse_what_is_not_plain(data)
    place = _place(name, language, folder)
    subject, _, text = _written(place, f"{name}.txt", data).partition("\n\n")
    subject = re.sub(r"^subject:\s*", "", subject, flags=re.IGNORECASE) if place.folder != FOLDER else subject
    has_html = (place.path / f"{name}.html").is_file()
    return Text(subject, text, _written(place, f"{name}.html", data) if has_html else _as_html(text, place.language))


class Place(NamedTuple):
    """Where a template was found."""

    folder: Path
    language: str

    @property
    def path(self) -> Path:
        return self.folder / self.language


def problems(name: str, samples: Sequence[dict[str, Any]], folder: Path | None = None) -> Iterator[str]:
    """What is wrong with a template in any language, found before it is needed: by its names, and by filling it in."""
    places = _places(name, folder)
    if not places:
        yield f"there is no template {name:.60}" + (f" in {folder}" if folder else " (mail.templates is not set)")
    for place in places:
        try:
            unknown = [*_unknown_names(name, place, samples[0])]
            yield from unknown or _misshapen(name, place, samples, folder)
        except ConfigError as error:
            yield error.message


def _misshapen(name: str, place: Place, samples: Sequence[dict[str, Any]], folder: Path | None) -> Iterator[str]:
    """The first thing wrong with the shape of what it writes."""
    for sample in samples:
        text = render(name, place.language, sample, folder)
        if not text.subject.strip() or "\n" in text.subject:
            yield f"{place.language}/{name}.txt: its first line is the subject, its second is empty"
        elif not text.text.strip():
            yield f"{place.language}/{name}.txt: there is no text below its subject and an empty line"
        else:
            continue
        return


def is_own(name: str, folder: Path | None, language: str | None = None) -> bool:
    """Whether the user has a template of that name, in that language or in any."""
    places = [place for place in _places(name, folder) if place.folder == folder]
    return any(language in (None, place.language) for place in places)


def own(folder: Path) -> list[str]:
    """Names of the templates in the user's folder."""
    return sorted({path.stem for language in LANGUAGES for path in folder.glob(f"{language}/*.txt")})


def unread(folder: Path, names: Iterable[str]) -> Iterator[str]:
    """Templates of these names where nobody would ever read them: beside the languages, or in one that is none."""
    others = [path.name + "/" for path in sorted(folder.glob("[a-z][a-z]")) if path.name not in LANGUAGES]
    for name in names:
        for file in (f"{name}.txt", f"{name}.html"):
            for place in ("", *others):
                if (folder / place / file).is_file():
                    where = f"{' or '.join(LANGUAGES)}/{file}"
                    yield f"mail.templates: {place}{file} is read by nobody there; move it to {where}"


def unused(folder: Path, names: Iterable[str]) -> Iterator[str]:
    """Templates in the user's folder of other names than these, which no template there includes."""
    files = sandbox.environment(folder).list_templates(["txt", "html"])
    read = {f"{language}/{name}.{ending}" for language in LANGUAGES for name in names for ending in ("txt", "html")}
    read.update(*(_included(folder, _source(folder, file)) for file in files))
    for file in files:
        if file.startswith(tuple(f"{language}/" for language in LANGUAGES)) and file not in read:
            yield f"mail.templates: {file} is used by nothing"


def names(name: str, language: str, folder: Path | None) -> frozenset[str]:
    """What the plain text of a template that can be rendered is told."""
    return _names(_place(name, language, folder), f"{name}.txt")


def sha256(name: str, language: str, folder: Path | None) -> str:
    """Of all that its words are made of: the plain text, the HTML, and whatever they include."""
    place = _place(name, language, folder)
    files = [f"{place.language}/{name}{ending}" for ending in (".txt", ".html")]
    texts = {}
    while files:
        file = files.pop()
        if file not in texts:
            texts[file] = _source(place.folder, file)
            files += _included(place.folder, texts[file])
    return hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()


def _source(folder: Path, file: str) -> str | None:
    """The text as it is compiled; None where there is none that can be."""
    import jinja2

    environment = sandbox.environment(folder)
    assert environment.loader
    try:
        return environment.loader.get_source(environment, file)[0]
    except (jinja2.TemplateNotFound, OSError, UnicodeDecodeError):
        return None


def _included(folder: Path, text: str | None) -> Iterator[str]:
    """What it may include; any file of the folder, where its name is only known when it is filled in."""
    import jinja2
    from jinja2 import meta

    environment = sandbox.environment(folder)
    try:
        found = list(meta.find_referenced_templates(environment.parse(text or "")))
    except jinja2.TemplateSyntaxError:
        return  # nothing can be written by it
    yield from filter(None, found)
    if None in found:
        yield from environment.list_templates()


@cache
def _names(place: Place, file: str) -> frozenset[str]:
    from jinja2 import meta

    found = meta.find_undeclared_variables(_tree(place, file))
    return frozenset(found - set(sandbox.environment(place.folder).globals))


def _tree(place: Place, file: str) -> jinja2.nodes.Template:
    return sandbox.environment(place.folder).parse((place.path / file).read_text("utf-8"))


def _unknown_names(name: str, place: Place, sample: dict[str, Any]) -> Iterator[str]:
    for file in (f"{name}.txt", f"{name}.html"):
        if (place.path / file).is_file():
            _compiled(place, file)
            for unknown in sorted(_names(place, file).difference(sample, _set(_tree(place, file)))):
                yield f"{place.language}/{file}: {unknown!r:.60} is not known; there is {', '.join(sorted(sample))}"
            for unknown in sorted(set(_unknown_parts(place, file, sample))):
                yield f"{place.language}/{file}: {unknown}"


def _unknown_parts(place: Place, file: str, sample: dict[str, Any]) -> Iterator[str]:
    """Filters, tests, files and parts of a name that there are not, also in a branch that no sample comes to."""
    from jinja2 import nodes

    environment, tree = sandbox.environment(place.folder), _tree(place, file)
    for kind, there_is in ((nodes.Filter, environment.filters), (nodes.Test, environment.tests)):
        for used in tree.find_all(kind):
            if used.name not in there_is:
                yield f"there is no {kind.__name__.lower()} {used.name!r:.60}"
    for included in tree.find_all(nodes.Include):
        named = included.template.value if isinstance(included.template, nodes.Const) else None
        if isinstance(named, str) and not included.ignore_missing and _source(place.folder, named) is None:
            yield f"there is no file {named!r:.60} to include"
    values = _values(tree, sample)
    guarded = {id(part) for part in _guarded(tree)}
    for part in tree.find_all(nodes.Getattr):
        if id(part) in guarded:
            continue
        whole = _value(part.node, values)
        keys = sorted(whole) if isinstance(whole, dict) else []
        if whole is not None and part.attr not in keys and not hasattr(whole, part.attr):
            known = f"; there is {', '.join(keys)}" if keys else ""
            yield f"'{_in_template(part.node):.30}.{part.attr:.30}' is not known{known}"


def _values(tree: jinja2.nodes.Template, sample: dict[str, Any]) -> dict[str, Any]:
    """What the names stand for: a part of the sample, or each row of a list in it; without what a template sets."""
    from jinja2 import nodes

    rows: dict[str, dict[str, Any]] = {}
    targets = set()
    for loop in tree.find_all(nodes.For):
        listed = sample.get(loop.iter.name) if isinstance(loop.iter, nodes.Name) else None
        if isinstance(loop.target, nodes.Name) and isinstance(listed, list):
            rows.setdefault(loop.target.name, {}).update(listed[0])
            targets.add(id(loop.target))
    others = {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load" and id(name) not in targets}
    return {name: value for name, value in (sample | rows).items() if name not in others | _set(tree)}


def _set(tree: jinja2.nodes.Template) -> set[str]:
    """What a template sets or imports; in one branch it is unknown to Jinja in all others."""
    from jinja2 import nodes

    targets: list[nodes.Node] = [each.target for each in tree.find_all(nodes.Assign)]
    targets += [each.target for each in tree.find_all(nodes.AssignBlock)]
    targets += [name for each in targets for name in each.find_all(nodes.Name)]
    imported = [name for each in tree.find_all(nodes.FromImport) for name in each.names]
    return {
        *(each.name for each in targets if isinstance(each, nodes.Name)),
        *(name if isinstance(name, str) else name[1] for name in imported),
        *(each.target for each in tree.find_all(nodes.Import)),
    }


def _guarded(tree: jinja2.nodes.Template) -> Iterator[jinja2.nodes.Node]:
    """Parts that need not be there: `x.y is defined`, `x.y|default("")`."""
    from jinja2 import nodes

    for kind, names in ((nodes.Test, ("defined", "undefined")), (nodes.Filter, ("default", "d"))):
        for used in tree.find_all(kind):
            if used.name in names and used.node:
                yield from (used.node, *used.node.find_all(nodes.Getattr))


def _value(node: jinja2.nodes.Node, values: dict[str, Any]) -> Any:
    """What a name, a part or a row stands for; None where only filling it in can tell."""
    from jinja2 import nodes

    match node:
        case nodes.Name():
            return values.get(node.name)
        case nodes.Getattr():
            key = node.attr
        case nodes.Getitem(arg=nodes.Const(value=value)):
            key = value
        case _:
            return None
    try:
        return _value(node.node, values)[key]
    except (LookupError, TypeError):
        return None


def _in_template(node: jinja2.nodes.Node) -> str:
    """As it is written there."""
    from jinja2 import nodes

    match node:
        case nodes.Name():
            return node.name
        case nodes.Getattr():
            return f"{_in_template(node.node)}.{node.attr}"
        case nodes.Getitem(arg=nodes.Const(value=value)):
            return f"{_in_template(node.node)}[{value!r}]"
    return "…"


def _place(name: str, language: str, folder: Path | None) -> Place:
    """In the language if it is there, the user's own first; else in another one."""
    places = _places(name, folder)
    if not places:
        raise ConfigError(f"there is no template {name:.60}", "ltc config check")
    return next((place for place in places if place.language == language), places[0])


def _places(name: str, folder: Path | None) -> list[Place]:
    """Where the template is, the user's own before ours. A name that leads out of the folder is none."""
    if not re.fullmatch(r"[\w-][\w .-]*", name):
        return []
    own = [Place(folder, language) for language in LANGUAGES] if folder else []
    ours = [Place(FOLDER, language) for language in LANGUAGES] if name in NAMES else []
    return [place for place in (*own, *ours) if (place.path / f"{name}.txt").is_file()]


def _written(place: Place, file: str, data: dict[str, Any]) -> str:
    import jinja2

    try:
        parts, size = [], 0
        with sandbox.bounds():
            for part in _compiled(place, file).generate(data):
                parts.append(part)
                size += len(part)
                if size > LONGEST:
                    raise _unfit(place, file, f"writes more than {LONGEST:,} characters")
    except TimeoutError as error:
        raise _unfit(place, file, f"takes more than {sandbox.SECONDS} seconds") from error
    except (jinja2.TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise _unfit(place, file, str(error) or type(error).__name__) from error
    except (MemoryError, RecursionError) as error:
        raise _unfit(place, file, "is too much") from error
    return "".join(parts)


def _compiled(place: Place, file: str) -> jinja2.Template:
    import jinja2

    try:
        return sandbox.environment(place.folder).get_template(f"{place.language}/{file}")
    except jinja2.TemplateSyntaxError as error:
        raise _wrong(place, file, f"line {error.lineno}: {error.message}") from error
    except UnicodeDecodeError as error:
        raise _wrong(place, file, "is no text in UTF-8") from error
    except OSError as error:
        raise _wrong(place, file, f"cannot be read: {error.strerror}") from error


def _wrong(place: Place, file: str, what: str) -> ConfigError:
    return ConfigError(f"template {place.language}/{file}: {what:.200}", "ltc config check")


def _unfit(place: Place, file: str, what: str) -> UnwrittenError:
    hint = None if place.folder == FOLDER else f"mend {place.path / file}"
    return UnwrittenError(f"template {place.language}/{file}: {what:.200}", hint)


def _as_html(text: str, language: str) -> str:
    """For a template that has no HTML of its own."""
    import html

    lines = "<br>\n".join(html.escape(line) for line in text.strip().splitlines())
    head = f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8"></head>'
    return f"{head}\n<body><p>{lines}</p></body></html>\n"


def _refuse_what_is_not_plain(value: Any) -> None:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            _refuse_what_is_not_plain(each)
    elif not (value is None or isinstance(value, str | int)):
        raise TypeError(f"{type(value).__name__} is nothing for a template")
