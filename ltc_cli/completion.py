"""What the TAB key offers: `ltc __complete SHELL …`, asked by the scripts that `ltc completion` prints.

The first line of the answer is `words`, or `files` where the shell shall offer files; then one candidate a line,
in the form that the shell's script reads. Silent whatever happens, and never a writer.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.output.escape import visible
from ltc_cli.output.screen import write
from ltc_cli.reports.candidates import RECORDS, USED_BEFORE, Candidate, records, used_before

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ltc_cli.session import Session
    from ltc_cli.store import Store

ABOUT_MOST = 60
"""Characters of what is said about a candidate."""

LISTING = ("63", "33")
"""COMP_TYPE where bash shows candidates: `?` lists them after the second TAB, `!` at once."""
INSERTING = ("9", "33")
"""COMP_TYPE where bash inserts what all candidates have in common: a TAB that does not go through them."""

SHELL_WORD = r"""(?:\\.|'[^']*(?:'|$)|"(?:\\.|[^"\\])*(?:"|$)|[^\s'"\\]|\\$)+"""
SHELL_QUOTED = r"""\\(.)|'([^']*)'?|"((?:\\.|[^"\\])*)"?|([^'"\\]+)"""
"""A word of a command line, and what is quoted in it."""
PLAIN = r"\w@%+=:,./-"
"""Characters that mean themselves in every shell."""


class Asked(NamedTuple):
    """A command line up to the cursor, as far as it could be read."""

    command: Any
    """The Typer command or group that the line has come to; None where it names none."""
    parameter: Any
    """The option or argument whose value is being typed; None: a command or the name of an option."""
    typed: str
    """What there is of it."""
    before: str = ""
    """What stands before it in the same word: `--by=`."""
    given: frozenset[str] = frozenset()
    """The names of the options that stand on the line."""


def complete(root: Any, arguments: Sequence[str], session: Session) -> int:
    """Write the candidates for `SHELL …`. Answers 0, whatever happens: a TAB is no place for an error."""
    shell, *rest = arguments or [""]
    try:
        lines = _in_bash(root, rest, session) if shell == "bash" else _in_words(root, rest, session)
    except Exception:  # no file, a locked or damaged one, a wrong config: nothing to offer
        lines = ["words"]
    write(session.out, "".join(f"{line}\n" for line in lines))
    session.out.flush()
    return 0


def _in_words(root: Any, words: Sequence[str], session: Session) -> list[str]:
    """For zsh and fish, which give words and take `CANDIDATE TAB ABOUT`."""
    asked = read(root, words or [""], session)
    lines = [f"{asked.before}{each.text}\t{each.about}" for each in _sound(candidates(asked, session))]
    return ["files" if _is_file(asked) else "words", *lines]


def _in_bash(root: Any, rest: Sequence[str], session: Session) -> list[str]:
    """For bash, which gives COMP_TYPE, COMP_WORDBREAKS and the line, and takes what is inserted as it stands."""
    comp_type, breaks, line = rest
    *words, typed = _split(line)
    asked = read(root, [*map(_unquoted, words[1:]), _unquoted(typed)], session)
    is_quoted = typed[:1] in ("'", '"')
    # Bash replaces only what follows the last of its word breaks.
    whole = asked.before + asked.typed
    kept = 0 if is_quoted else max((whole.rfind(sign) + 1 for sign in "=:" if sign in breaks), default=0)
    inserted = [
        Candidate(_for_bash((asked.before + each.text)[kept:], is_quoted=is_quoted), each.about)
        for each in _sound(candidates(asked, session))
        if not is_quoted or re.fullmatch(f"[{PLAIN}]+", each.text)
    ]
    return ["files" if _is_file(asked) else "words", *_for_tab(comp_type, inserted, whole[kept:])]


def _for_bash(text: str, *, is_quoted: bool) -> str:
    return text if is_quoted else re.sub(f"([^{PLAIN}])", r"\\\1", text)


def _for_tab(comp_type: str, found: list[Candidate], typed: str) -> list[str]:
    """What this kind of TAB shows or inserts."""
    if len(found) < 2:
        return [each.text for each in found]
    shown = [f"{each.text}  ({each.about})" if each.about else each.text for each in found]
    lines = shown if comp_type in LISTING else [each.text for each in found]
    is_by_name = not all(each.text.casefold().startswith(typed.casefold()) for each in found)
    # Bash would put what the references have in common in the place of the name.
    return [*lines, typed] if is_by_name and comp_type in INSERTING else lines


def _split(line: str) -> list[str]:
    """The words of a line as they were typed; the last one, perhaps empty or inside a quotation, ends at the cursor."""
    parts = re.findall(rf"{SHELL_WORD}|\s+", line, re.DOTALL)
    words = [part for part in parts if not part.isspace()]
    return words if parts and not parts[-1].isspace() else [*words, ""]


def _unquoted(word: str) -> str:
    """A word of a command line without the shell's quotation marks and backslashes."""
    parts = re.findall(SHELL_QUOTED, word, re.DOTALL)
    return "".join(
        after or single or re.sub(r"\\(.)", r"\1", double) or plain for after, single, double, plain in parts
    )


def _sound(found: Iterable[Candidate]) -> list[Candidate]:
    """Candidates on one line each; what cannot be typed is none."""
    return [
        Candidate(each.text, visible(each.about)[:ABOUT_MOST])
        for each in found
        if each.text and visible(each.text) == each.text
    ]


# What is asked


def read(root: Any, words: Sequence[str], session: Session) -> Asked:
    """Where the line stands with its last word, which is still being typed. Tells the session `--db` and `--config`."""
    command, arguments, option, literal = root, 0, None, False
    given: set[str] = set()
    for word in words[:-1]:
        if option is not None:
            _tell(session, option, word)
            option = None
        elif word == "--" and not literal:
            literal = True
        elif word.startswith("-") and len(word) > 1 and not literal:
            name, sign, value = word.partition("=")
            given.add(name)
            option = _option(command, name)
            if option is not None and (sign or option.is_flag):
                _tell(session, option, value)
                option = None
        elif hasattr(command, "get_command"):
            command = command.get_command(None, word)
            if command is None:
                return Asked(None, None, words[-1])
        else:
            arguments += 1
    return _at_cursor(command, arguments, option, words[-1], is_literal=literal)._replace(given=frozenset(given))


def _at_cursor(command: Any, arguments: int, option: Any, word: str, *, is_literal: bool) -> Asked:
    """What the last word is, after so many arguments or after an option that waits for its value."""
    if option is not None:
        return Asked(command, option, word)
    if word.startswith("-") and not is_literal:
        return _option_at_cursor(command, word)
    if hasattr(command, "get_command"):
        return Asked(command, None, word)
    takes = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    if takes and takes[-1].nargs == -1:
        arguments = min(arguments, len(takes) - 1)
    return Asked(command, takes[arguments], word) if arguments < len(takes) else Asked(None, None, word)


def _option_at_cursor(command: Any, word: str) -> Asked:
    name, sign, value = word.partition("=")
    if not sign:
        return Asked(command, None, word)
    option = _option(command, name)
    return Asked(command, option, value, before=f"{name}=") if option is not None else Asked(None, None, word)


def _option(command: Any, name: str) -> Any:
    """The option of that name; None where there is none."""
    return next((parameter for parameter in command.params if name in parameter.opts), None)


def _tell(session: Session, option: Any, value: str) -> None:
    """Which file and which settings the line names."""
    if option.name in ("db", "config"):
        session.given[option.name] = os.path.expanduser(value)


# What there is to offer


def candidates(asked: Asked, session: Session) -> list[Candidate]:
    """What begins as the typed text does, in any case; of records what is named so."""
    if asked.command is None:
        return []
    if asked.parameter is not None:
        return _values(asked, session)
    found = _option_names(asked) if asked.typed.startswith("-") else _commands(asked.command)
    return _beginning(found, asked.typed)


def _commands(command: Any) -> list[Candidate]:
    if not hasattr(command, "summaries"):
        return []
    return [Candidate(name, summary) for name, summary in command.summaries()]


def _option_names(asked: Asked) -> list[Candidate]:
    """Options that may still be given; of several spellings the longest."""
    parameters = [each for each in asked.command.params if each.param_type_name == "option"]
    free = [each for each in parameters if each.multiple or not asked.given & set(each.opts)]
    return [*(Candidate(max(each.opts, key=len), each.help or "") for each in free), Candidate("--help")]


def _values(asked: Asked, session: Session) -> list[Candidate]:
    verb, name = getattr(asked.command, "verb", ""), asked.parameter.name
    if (verb, name) in RECORDS:
        return _from_file(session, lambda store: records(store, RECORDS[verb, name], asked.typed))
    if name in USED_BEFORE:
        return _beginning(_from_file(session, lambda store: used_before(store, name)), asked.typed)
    return _beginning([Candidate(word) for word in _closed_list(verb, name, session)], asked.typed)


def _closed_list(verb: str, name: str, session: Session) -> Iterable[str]:
    """The words that a parameter can take; reasons are only the usual ones."""
    match verb, name:
        case _, "in" | "currency":
            from ltc_cli.rules.money import CURRENCIES

            return CURRENCIES
        case ("list" | "find", "kind"):
            from ltc_cli.reports.listing import COLUMNS

            return COLUMNS
        case "nurture", "log":
            from ltc_cli.stages.leads import TOUCHES

            return TOUCHES
        case "lead drop", "reason":
            from ltc_cli.stages.leads import DROP_REASONS

            return DROP_REASONS
        case "lose", "reason":
            from ltc_cli.stages.opportunities import LOSE_REASONS

            return LOSE_REASONS
        case "advance", "stage":
            return [stage.name for stage in session.settings.stages]
        case "aging", "by":
            from ltc_cli.reports.aging import BY

            return BY
        case "leakage", "by":
            from ltc_cli.reports.leakage import BY as LEAKS_BY

            return LEAKS_BY
        case "funnel", "by":
            from ltc_cli.reports.funnel import BY as KEYS

            return KEYS
        case "quote", "rounding":
            return ("document", "line", "unrounded")
        case "completion", "shell":
            return ("bash", "zsh", "fish")
    return ()


def _from_file(session: Session, look: Callable[[Store], list[Candidate]]) -> list[Candidate]:
    from ltc_cli.store import open_to_look

    store = open_to_look(session.path)
    try:
        return look(store)
    finally:
        store.close()


def _beginning(found: Iterable[Candidate], typed: str) -> list[Candidate]:
    begin = typed.casefold()
    return [each for each in found if each.text.casefold().startswith(begin)]


def _is_file(asked: Asked) -> bool:
    """Whether a file is wanted."""
    parameter = asked.parameter
    return parameter is not None and (parameter.type.name in ("path", "file") or parameter.name in ("db", "config"))
