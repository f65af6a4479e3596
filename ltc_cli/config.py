"""config.yaml → Settings.

One table, `SETTINGS`, names every key with its kind, default and meaning. Reading, checking, the built-in
defaults, `ltc config show` and the reference all follow from it.
"""

from __future__ import annotations

import os
import re
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ltc_cli.errors import ConfigError, NotFoundError, UsageError
from ltc_cli.kinds import (
    AMOUNT,
    BOOL,
    COUNTRY,
    CURRENCY,
    DAY,
    EMAIL,
    PATH,
    PERCENT,
    PERCENT_OR_NUMBER,
    REQUIRED,
    TEXT,
    Node,
    Place,
    Setting,
    added_to,
    checked,
    choice,
    duration,
    list_of,
    map_in,
    map_of,
    one_or_more,
    parse_text,
    record,
    show_text,
    single,
    text_of,
    value_of,
    whole,
)
from ltc_cli.rules.contact import not_carried
from ltc_cli.rules.iban import is_mistyped
from ltc_cli.rules.money import format_percent, parse_currency, parse_percent
from ltc_cli.settings import (
    NO_POLICY,
    Aging,
    Bank,
    Company,
    Dunning,
    Fit,
    Hooks,
    Level,
    Mail,
    Member,
    Numbers,
    Nurture,
    Policy,
    Pool,
    Scoring,
    Sequence,
    Settings,
    Stage,
    Step,
    Tax,
    Tolerance,
    When,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import yaml

    from ltc_cli.kinds import Kind


BYTE_LIMIT = 1_000_000
DEPTH_LIMIT = 20


# Kinds of single values that only this table has -------------------------------------------------------


def _parse_timezone(text: str) -> str:
    if not text:
        return ""
    import zoneinfo

    try:
        zoneinfo.ZoneInfo(text)
    except (KeyError, ValueError, OSError):  # OSError: the name of a folder of zones
        raise UsageError(f"{text!r:.60} is no time zone", "write it like Europe/Berlin") from None
    return text


def _parse_pattern(text: str) -> str:
    """A legal number's pattern. It may not look like another record's reference, such as `C{seq}`."""
    literal, places = re.subn(r"\{seq(?::0[1-9])?\}", "", text)
    if places != 1 or re.search(r"[{}\s]", literal.replace("{year}", "")):
        raise UsageError(f"{text!r:.60} needs {{seq}} once, may have {{year}}", "write it like INV-{year}-{seq:04}")
    if why := not_carried(literal):
        raise UsageError(f"{why}; no mail can name it", "write it like INV-{year}-{seq:04}")
    if re.fullmatch(r"(?i)[lkoqcstpnm]|", literal):
        raise UsageError(f"{text!r:.60} looks like another reference", "write it like INV-{year}-{seq:04}")
    return text


def _parse_half_year(text: str) -> date:
    if not re.fullmatch("[0-9]{4}-0[17]-01", text) or text.startswith("0000"):
        raise UsageError(f"{text!r:.60} does not begin a half-year", "write it like 2026-01-01 or 2026-07-01")
    return date.fromisoformat(text)


def _parse_interest(text: str) -> int | str:
    return text if text == "statutory" else parse_percent(text)


def _show_interest(interest_ppm: int | str) -> str:
    return interest_ppm if isinstance(interest_ppm, str) else format_percent(interest_ppm)


PATTERN = single("number pattern", _parse_pattern, show_text)
INTEREST = single("percentage | statutory", _parse_interest, _show_interest, "_ppm")
HALF_YEAR = single("first day of a half-year", _parse_half_year)
POINTS = whole(-9999, 9999)
YEAR = whole(1900, 2999)._replace(name="year")
DAYS = duration(0)
DAYS_FROM_DUE = duration(-9999)
TIMEZONE = single("time zone", _parse_timezone, show_text)
LEAD_FIELDS = ("lead", "name", "company", "email", "phone")
"""What may stand in braces in the task of a sequence; `lead` is its name."""
CUSTOMER_FIELDS = ("customer",)
"""The same in the task of a level: its name."""
TOUCH = choice(
    *("call", "email", "meeting", "visit", "download", "reply"),
    *("event", "open", "click", "bounce", "unsubscribe"),
)._replace(name="touch")
TAX_ROUNDING = choice("line", "document", "unrounded")
DISCOUNT_TAX = choice("included", "excluded", "mixed")
UNTAXED_CATEGORIES = ("Z", "E", "AE", "K", "G", "O")
VAT_CATEGORY = choice("S", *UNTAXED_CATEGORIES, "L", "M", "B")  # EN 16931, code list UNCL 5305


# What must hold within one value -------------------------------------------------------------------------


def _names_differ(named: tuple[Any, ...]) -> None:
    names = [item.name for item in named]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"{name!r:.60} is there twice")


def _is_right_where_it_is_an_iban(account: str) -> None:
    if is_mistyped(account):
        raise UsageError(f"{account!r:.60} is no IBAN: its check digits are wrong")


def _is_possible_pipeline(stages: tuple[Stage, ...]) -> None:
    if not stages:
        raise UsageError("needs at least one stage")
    _names_differ(stages)


def _is_possible_ladder(levels: tuple[Level, ...]) -> None:
    _names_differ(levels)
    _ascend(tuple(level.after_days for level in levels))


def _ascend(numbers: tuple[int, ...]) -> None:
    if any(later <= earlier for earlier, later in pairwise(numbers)):
        raise UsageError("must be in ascending order, each later than the one before")


def _is_possible_level(level: Level) -> None:
    _does_something(level)
    if level.after_days < 0 and (any(level.fee_minor.values()) or level.interest_ppm):
        raise UsageError("a level before the due date has neither fee nor interest")


def _does_something(step: Step | Level) -> None:
    if step.mail is None and step.task is None:
        raise UsageError("needs a mail or a task")


def _taxes_as_its_category_says(tax: Tax) -> None:
    rates = tax.rate_ppm.values() if isinstance(tax.rate_ppm, dict) else [tax.rate_ppm]
    if tax.category in UNTAXED_CATEGORIES and any(rates):
        raise UsageError(f"category {tax.category} has a rate of 0%")


def _leads_somewhere(sequence: Sequence) -> None:
    if not sequence.steps:
        raise UsageError("needs at least one step")


def _task_of(*fields: str) -> Kind:
    """What somebody has to do, which may hold these in braces."""

    def parse(text: str) -> str:
        for field in re.findall(r"\{(.*?)\}", parse_text(text)):
            if field not in fields:
                raise UsageError(f"{{{field:.40}}} is no field of this task", f"one of: {' '.join(fields)}")
        return parse_text(text)

    return single("text", parse, show_text)


def _parse_host(text: str) -> str:
    """A name or an IP address: a port, a scheme or a user in it would only be found by the first mail."""
    host = parse_text(text)
    if not re.fullmatch(r"[\w.-]+|[\da-fA-F.]*:[\da-fA-F:.]*:[\da-fA-F:.]*(%\w+)?", host):
        raise UsageError(f"{host!r:.60} is more than the name of a server", "mail.port has the port, mail.tls the rest")
    return host


def _parse_policy(text: str) -> str:
    if text == NO_POLICY:
        raise UsageError(f"{NO_POLICY} switches dunning off and can be no policy", "choose another name")
    return parse_text(text)


def _limits_something(tolerance: Tolerance) -> None:
    if tolerance.amount_minor is None and tolerance.percent_ppm is None:
        raise UsageError("needs an amount or a percent")


def _is_above_zero(amount_minor: int) -> None:
    if not amount_minor:
        raise UsageError("must be more than 0")


def _numbers_differ(numbers: Numbers) -> None:
    if numbers.invoice.casefold() == numbers.credit.casefold():
        raise UsageError("invoice and credit need different patterns")


def _password_has_user(mail: Mail) -> None:
    if (mail.password_file or mail.password_command) and not mail.user:
        raise UsageError("a password needs a user")


# The table -----------------------------------------------------------------------------------------------


def _section(
    key: str, make: Callable[..., Any], *settings: Setting, check: Callable[[Any], None] | None = None
) -> Setting:
    kind = record(make, *settings)
    defaults = {setting.attribute: setting.default for setting in settings}
    return Setting(key, checked(kind, check) if check else kind, make(**defaults), "")


def _by_mail_alone(name: str, after_days: int) -> Level:
    return Level(
        name=name,
        after_days=after_days,
        mail=name,
        fee_minor={},
        interest_ppm=0,
        stop_shipping=False,
        task=None,
    )


def _read_fee(node: Node, place: Place) -> Any:
    """One amount is in the base currency; a map has its own."""
    if isinstance(node.value, dict):
        return AMOUNTS.read(node, place)
    return {place.currency: AMOUNT.read(node, place)}


def _read_rate(node: Node, place: Place) -> Any:
    """One rate, or a map of days and the rates in force from them on."""
    if not isinstance(node.value, dict):
        return PERCENT.read(node, place)
    rates = RATES.read(node, place)
    if not rates:
        raise UsageError("needs a rate")
    return dict(sorted(rates.items())) if None not in rates else rates


def _show_rate(rate: int | dict[date, int], currency: str) -> str:
    return (RATES if isinstance(rate, dict) else PERCENT).show(rate, currency)


NAME = TEXT._replace(name="name")
CODE = TEXT._replace(name="code")
HOST = single("text", _parse_host, show_text)
POLICY_NAME = single("name", _parse_policy, show_text)
TASK_WITH_LEAD, TASK_WITH_CUSTOMER = _task_of(*LEAD_FIELDS), _task_of(*CUSTOMER_FIELDS)
SENDER = EMAIL._replace(unit="_address")
TEXTS, COUNTRIES = one_or_more(TEXT), one_or_more(COUNTRY)
AMOUNTS, POINTS_OF_TOUCHES = map_of(CURRENCY, AMOUNT), map_of(TOUCH, POINTS)
FEE = AMOUNTS._replace(name=f"amount, or {AMOUNTS.name}", read=_read_fee)
BASE_RATES = map_of(HALF_YEAR, PERCENT)
RATES = map_of(DAY, PERCENT)
RATE = PERCENT._replace(name=f"percentage, or {RATES.name}", read=_read_rate, show=_show_rate)
CASH_STEPS = map_of(CURRENCY, checked(AMOUNT, _is_above_zero))
BUCKETS = checked(list_of(whole(1, 3650)), _ascend)
BUILT_IN_TERMS = {"default": "100% ship; net 30"}
TERMS = added_to(BUILT_IN_TERMS, map_of(NAME, TEXT))

TAX = record(
    Tax,
    Setting("name", TEXT, None, "As invoices call it beside the code."),
    Setting("rate", RATE, REQUIRED, "Of the net; with inclusive: what prices contain. A map: each from its day on."),
    Setting("category", VAT_CATEGORY, REQUIRED, "EN 16931: S standard, Z zero, E exempt, AE reverse charge …"),
    Setting("inclusive", BOOL, default=False, meaning="Prices with this code contain the tax."),
    Setting("reason", TEXT, None, "Why nothing is taxed, as invoices under E, AE, K, G and O must say."),
)
TOLERANCE = record(
    Tolerance,
    Setting("amount", AMOUNT, None, "At most this much may be missing."),
    Setting("percent", PERCENT_OR_NUMBER, None, "At most this share of the invoice may be missing."),
)
STAGE = record(
    Stage,
    Setting("name", NAME, REQUIRED, "As `ltc advance --stage` takes it."),
    Setting("probability", PERCENT, REQUIRED, "Share of such opportunities that is won, for the forecast."),
)
WHEN = _section(
    "when",
    When,
    Setting("country", COUNTRIES, (), "Any of these countries."),
    Setting("source", TEXTS, (), "Any of these sources."),
    Setting("campaign", TEXTS, (), "Any of these campaigns."),
    Setting("title", TEXTS, (), "Any of these job titles."),
    Setting("company_size", TEXTS, (), "Any of these sizes."),
)
FIT = record(
    Fit,
    WHEN,
    Setting("points", POINTS, REQUIRED, "Added to the score of a lead that fits; may be negative."),
)
MEMBER = record(
    Member,
    Setting("name", NAME, REQUIRED, "As `--owner` takes it."),
    Setting("capacity", whole(0), None, "Most open leads and opportunities at a time; none: no limit."),
    WHEN,
)
STEP = record(
    Step,
    Setting("after", DAYS, REQUIRED, "Days after the step before."),
    Setting("mail", NAME, None, "Template of the mail."),
    Setting("task", TASK_WITH_LEAD, None, "What somebody has to do, such as call {lead}."),
)
STEPS = list_of(checked(STEP, _does_something))
ENROL_WITHIN_DAYS = 30
SEQUENCE_OF_MAP = record(
    Sequence,
    Setting("steps", STEPS, REQUIRED, "One after the other; a list alone is the steps of a sequence."),
    Setting("when", WHEN.kind, None, "Leads that are enrolled by themselves, {} for all; none: by hand alone."),
    Setting("within", DAYS, ENROL_WITHIN_DAYS, "An older lead is not enrolled by itself."),
    Setting("business_days", BOOL, default=True, meaning="Steps wait for a business day of the lead's country."),
)


def _read_sequence(node: Node, place: Place) -> Any:
    """A list alone is the steps of a sequence that leads are enrolled in by hand."""
    if isinstance(node.value, list):
        steps = STEPS.read(node, place)
        return Sequence(steps=steps, when=None, within_days=ENROL_WITHIN_DAYS, business_days=True)
    return SEQUENCE_OF_MAP.read(node, place)


SEQUENCE = checked(SEQUENCE_OF_MAP._replace(name="sequence", read=_read_sequence), _leads_somewhere)
LEVEL = record(
    Level,
    Setting("name", NAME, REQUIRED, "As notices and `ltc dun` call it."),
    Setting("after", DAYS_FROM_DUE, REQUIRED, "Days after the due date; negative: before it."),
    Setting("mail", NAME, None, "nudge, reminder, second, final, or a template in mail.templates."),
    Setting("fee", FEE, {}, "Claimed once a notice; a single amount is in the base currency."),
    Setting("interest", INTEREST, 0, "Yearly rate on what is overdue; statutory: EU 2011/7."),
    Setting("stop_shipping", BOOL, default=False, meaning="Nothing is shipped until it is paid."),
    Setting("task", TASK_WITH_CUSTOMER, None, "What somebody has to do besides, such as call {customer}."),
)
UNTAXED = {"Z": Tax(name=None, rate_ppm=0, category="Z", inclusive=False, reason=None)}
ACCOUNT = checked(TEXT, _is_right_where_it_is_an_iban)
TAXES = added_to(UNTAXED, map_of(CODE, checked(TAX, _taxes_as_its_category_says)))
TOLERANCES = map_of(CURRENCY, checked(TOLERANCE, _limits_something))
PIPELINE = checked(list_of(STAGE), _is_possible_pipeline)
TEAM = checked(list_of(MEMBER), _names_differ)
SEQUENCES = map_of(NAME, SEQUENCE)
LEVELS = checked(list_of(checked(LEVEL, _is_possible_level)), _is_possible_ladder)

BUILT_IN_PIPELINE = (
    Stage(name="new", probability_ppm=100_000),
    Stage(name="qualified", probability_ppm=250_000),
    Stage(name="proposal", probability_ppm=500_000),
    Stage(name="negotiation", probability_ppm=750_000),
)
BUILT_IN_LEVELS = (
    _by_mail_alone("nudge", -3),
    _by_mail_alone("reminder", 5),
    _by_mail_alone("second", 20),
    _by_mail_alone("final", 40),
)
LADDER = (
    Setting("minimum", AMOUNTS, {}, "A customer who owes less, in that currency, is not written to."),
    Setting("spacing", DAYS, 7, "Between two notices to one customer in one currency."),
    Setting("levels", LEVELS, BUILT_IN_LEVELS, "The notices, mildest first; none skipped, none sent twice."),
)
POLICIES = map_of(POLICY_NAME, record(Policy, *LADDER))

SETTINGS: Final = record(
    Settings,
    _section(
        "company",
        Company,
        Setting("name", TEXT, None, "The seller on quotes, invoices and mails."),
        Setting("address", TEXT, None, "Stands below the name; may have several lines."),
        Setting("tax_id", TEXT, None, "VAT or tax number that invoices must show."),
        Setting("iban", ACCOUNT, None, "Where customers pay to; also in the payment QR code."),
        Setting("email", EMAIL, None, "Sender of mails unless mail.from is set."),
        Setting("country", COUNTRY, None, "Reads phone numbers written without a country code."),
    ),
    Setting("currency", CURRENCY, "EUR", "Base currency: of amounts that name none."),
    Setting(
        "language",
        choice("en", "zh"),
        "en",
        "Of mails and documents for customers without one of their own; tables are English.",
    ),
    Setting("timezone", TIMEZONE, "", "Decides which day today is, and how times are told; empty: the machine's own."),
    Setting("database", PATH, Path("ltc.db"), "The file that holds everything; --db and LTC_DB win."),
    _section(
        "numbers",
        Numbers,
        Setting("invoice", PATTERN, "INV-{year}-{seq:04}", "Of invoices; {seq} counts without a gap."),
        Setting("credit", PATTERN, "CN-{year}-{seq:04}", "Of credit notes."),
        check=_numbers_differ,
    ),
    Setting("terms", TERMS, BUILT_IN_TERMS, "Who pays what when, by name."),
    Setting("taxes", TAXES, UNTAXED, "Tax codes that lines may name."),
    Setting("tax", CODE, "Z", "The code used when a line names none."),
    Setting("tax_rounding", TAX_ROUNDING, "document", "Where tax is rounded; EN 16931 asks for document."),
    Setting("cash_rounding", CASH_STEPS, {}, "Totals are rounded to a multiple of this, by currency."),
    Setting("discount_tax", DISCOUNT_TAX, "included", "How an early-payment discount changes the tax."),
    Setting("tolerance", TOLERANCES, {}, "What may be missing from a payment that settles an invoice."),
    Setting("auto_apply", BOOL, default=False, meaning="Unapplied credit settles later invoices by itself."),
    _section(
        "aging",
        Aging,
        Setting("buckets", BUCKETS, (30, 60, 90), "Last day past due of each column but the last."),
    ),
    Setting("stages", PIPELINE, BUILT_IN_PIPELINE, "What an open opportunity goes through."),
    _section(
        "scoring",
        Scoring,
        Setting("threshold", POINTS, 60, "A lead with this score is promoted by `ltc promote --due`."),
        Setting("half_life_days", whole(1), 30, "After so many days a touch counts half."),
        Setting("fit", list_of(FIT), (), "Points for what a lead is."),
        Setting("engagement", POINTS_OF_TOUCHES, {"reply": 15, "meeting": 25, "visit": 1}, "Points a touch."),
        Setting("caps", POINTS_OF_TOUCHES, {"visit": 10}, "Most points that touches of a kind may give."),
    ),
    Setting("team", TEAM, (), "Who `ltc assign --due` gives leads and opportunities to."),
    _section(
        "pool",
        Pool,
        Setting("return_after_days", whole(1), None, "A lead its owner left untouched returns; none: never."),
    ),
    _section(
        "nurture",
        Nurture,
        Setting("sequences", SEQUENCES, {}, "Mails and tasks for leads, which `ltc nurture --due` sees to."),
    ),
    _section(
        "dunning",
        Dunning,
        *LADDER,
        Setting("claims_first", BOOL, default=False, meaning="Fees and interest are settled before principal."),
        Setting("policies", POLICIES, {}, "Other ladders, chosen by `ltc edit K1 dunning=NAME`."),
    ),
    Setting("statutory_rates", BASE_RATES, {}, "Base rates for statutory interest, without its 8 points."),
    _section(
        "bank",
        Bank,
        Setting("folder", PATH, None, "Where `ltc daily` finds statements."),
        Setting("max_age", DAYS, None, "No notice is sent while the newest statement is older."),
    ),
    _section(
        "mail",
        Mail,
        Setting("from", SENDER, None, "Sender; none: company.email."),
        Setting("host", HOST, None, "The server that takes mails; none: nothing is sent."),
        Setting("port", whole(1, 65535), 587, "587 for STARTTLS, 465 for TLS from the start."),
        Setting("tls", choice("required", "none"), None, "Unset: required, but none for a server on this machine."),
        Setting("user", TEXT, None, "Name to log in with; none: no log-in."),
        Setting("password_file", PATH, None, "File with the password, readable by its owner alone."),
        Setting("password_command", TEXT, None, "Program that prints the password; wins over the file."),
        Setting("invoices", BOOL, default=False, meaning="Whether `ltc daily` mails the invoices that it issues."),
        Setting("templates", PATH, None, "Folder with texts of your own: en/invoice.txt and .html, zh/…"),
        check=_password_has_user,
    ),
    Setting("market_size", map_of(YEAR, AMOUNT), {}, "The whole market by year, for the share in `ltc kpi`."),
    _section(
        "hooks",
        Hooks,
        Setting("folder", PATH, None, "Programs in it are told of what was written: the verb, and JSON on the input."),
    ),
)


class Description(NamedTuple):
    """A key as the reference explains it."""

    key: str
    type: str
    default: str
    meaning: str


def describe() -> list[Description]:
    """Every key that config.yaml may hold, in its order, with what is inside lists and maps."""
    return [_description(path, setting) for path, setting in _paths(SETTINGS.inside)]


def _paths(settings: tuple[Setting, ...], before: str = "") -> Iterator[tuple[str, Setting]]:
    for setting in settings:
        path = before + setting.key
        if setting.meaning:
            yield path, setting
        yield from _paths(setting.kind.inside, path + setting.kind.step)


def _description(path: str, setting: Setting) -> Description:
    return Description(path, setting.kind.name, _shown_default(setting), setting.meaning)


def _shown_default(setting: Setting) -> str:
    if setting.default is REQUIRED:
        return "required"
    return "none" if setting.default is None else setting.kind.show(setting.default, "EUR")


def values(settings: Settings) -> dict[str, str]:
    """Every setting that has a value, by its dotted key, as config.yaml would hold it."""
    return dict(_values(SETTINGS.inside, settings, settings.currency))


def _values(table: tuple[Setting, ...], record: Any, currency: str, before: str = "") -> Iterator[tuple[str, str]]:
    for setting in table:
        value = getattr(record, setting.attribute)
        if not setting.meaning:
            yield from _values(setting.kind.inside, value, currency, f"{before}{setting.key}.")
        elif value is not None:
            yield before + setting.key, setting.kind.show(value, currency)


# The file ------------------------------------------------------------------------------------------------


def template_path() -> Path:
    """config.yaml with every setting, its default and a word of why; beside this module in a wheel, too."""
    return Path(__file__).with_name("config.yaml")


def template_text() -> str:
    return template_path().read_text(encoding="utf-8")


def find_config(explicit: str | None, environ: Mapping[str, str], cwd: Path) -> Path | None:
    """--config, else LTC_CONFIG, else ./config.yaml, else the user's config folder; None: no file.

    NotFoundError when a file that was named is not there.
    """
    named = environ.get("LTC_CONFIG") or None if explicit is None else explicit
    if named is not None:
        return _existing(named, cwd)
    usual = (cwd / "config.yaml", _user_folder(environ) / "ltc" / "config.yaml")
    return next((path for path in usual if os.path.exists(path)), None)


def _existing(named: str, cwd: Path) -> Path:
    path = os.path.expanduser(named)
    if not path or not os.path.exists(cwd / path):
        raise NotFoundError(f"there is no config file {named!r}", "name another with --config, or `ltc init`")
    return cwd / path


def _user_folder(environ: Mapping[str, str]) -> Path:
    named = environ.get("XDG_CONFIG_HOME", "")
    if os.path.isabs(named):  # the XDG specification: relative paths are to be ignored
        return Path(named)
    return Path(environ.get("HOME") or os.path.expanduser("~")) / ".config"


def load(path: Path | None) -> Settings:
    """The settings of the file; of the built-in defaults when there is none.

    NotFoundError when it is gone, ConfigError with each line that is wrong.
    """
    nothing = Node(1, None)
    if path is None:
        return _settings(nothing, Path(), [])
    problems: list[tuple[int, str]] = []
    document = _document(_text_in(path), problems) or nothing
    settings = _settings(document, path.parent, problems)
    if problems:
        raise _wrong(path, problems)
    return settings


def _settings(document: Node, folder: Path, problems: list[tuple[int, str]]) -> Settings:
    place = Place("", folder, _base_currency(document), problems)
    settings: Settings = value_of(SETTINGS, document, place)
    if not problems and settings.tax not in settings.taxes:
        nodes = map_in(document)
        known = ", ".join(settings.taxes)
        place.blame(nodes["tax"].line, f"tax: {settings.tax!r} is not in taxes ({known})")
    return settings


def _base_currency(document: Node) -> str:
    """Known before the amounts are read, wherever it stands; a wrong one is reported in its own line."""
    default = "EUR"
    try:
        return parse_currency(text_of(map_in(document)["currency"]))
    except (KeyError, UsageError):
        return default


def wrong(path: Path, problems: Iterable[str]) -> ConfigError:
    """What is wrong with values that can be read, each with the line of the key that it begins with."""
    document = _document(_text_in(path), [])
    lines = dict(_lines_of(document)) if document else {}
    placed = [(_line_of(problem, lines), problem) for problem in problems]
    elsewhere = [problem for line, problem in placed if not line]
    here = [(line, problem) for line, problem in placed if line]
    said = [_wrong(path, here).message] if here else []
    return ConfigError("; ".join([*said, *elsewhere]))


def _lines_of(node: Node, key: str = "") -> Iterator[tuple[str, int]]:
    yield key, node.line
    if isinstance(node.value, dict):
        for name, inside in node.value.items():
            yield from _lines_of(inside, f"{key}.{name}" if key else name)
    elif isinstance(node.value, list):
        for n, inside in enumerate(node.value, start=1):
            yield from _lines_of(inside, f"{key}[{n}]")


def _line_of(problem: str, lines: dict[str, int]) -> int | None:
    """Of the key, or of the nearest around it that is there."""
    around = [key for key in lines if key and problem.startswith(tuple(f"{key}{end}" for end in ": .["))]
    return lines[max(around, key=len)] if around else None


def _wrong(path: Path, problems: list[tuple[int, str]]) -> ConfigError:
    listed = "; ".join(f"line {line}: {problem}" for line, problem in sorted(problems))
    return ConfigError(f"{path.name} {listed}", "ltc config check")


def _text_in(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(BYTE_LIMIT + 1)
    except FileNotFoundError:
        raise NotFoundError(f"there is no config file {str(path)!r}", "name another with --config") from None
    except OSError as error:
        raise ConfigError(f"{path.name} cannot be read: {error.strerror}", "ltc config check") from None
    if len(data) > BYTE_LIMIT:
        raise ConfigError(f"{path.name} is larger than 1 MB", "is it the right file?")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _wrong(path, [(data.count(b"\n", 0, error.start) + 1, "is not UTF-8")]) from None


# YAML, without what makes it dangerous: every value stays text, and nothing refers to anything else --------


def _document(text: str, problems: list[tuple[int, str]]) -> Node | None:
    """The file as nodes; None when it is empty or not YAML, which is then among the problems."""
    import yaml

    if control := yaml.reader.Reader.NON_PRINTABLE.search(text):
        line = text.count("\n", 0, control.start()) + 1
        problems.append((line, f"the character {control[0]!r} is not allowed in YAML"))
        return None
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        return _only_document(yaml.parse(text, Loader=loader), problems)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problems.append((line, _in_plain_words(str(error.problem))))
        return None


def _in_plain_words(yaml_problem: str) -> str:
    if "cannot start any token" in yaml_problem:
        return "a value begins with a tab, @ or `: use blanks or quotes"
    if "maximum nesting depth" in yaml_problem:  # PyYAML 6.0.4 and later refuse by themselves
        return "nested too deeply"
    return yaml_problem


def _only_document(events: Iterator[yaml.Event], problems: list[tuple[int, str]]) -> Node | None:
    import yaml

    around = yaml.StreamStartEvent, yaml.StreamEndEvent, yaml.DocumentStartEvent, yaml.DocumentEndEvent
    content = (event for event in events if not isinstance(event, around))
    first = next(content, None)
    if first is None:
        return None
    document = _node(first, content, problems)
    if second := next(content, None):
        raise _refusal(second, "a second document begins")
    return document


def _node(event: yaml.Event, events: Iterator[yaml.Event], problems: list[tuple[int, str]], depth: int = 0) -> Node:
    """Built here: on deep nesting yaml's own composer crashes in C and is ten times slower in Python."""
    import yaml

    _refuse_what_is_not_plain(event, depth)
    line = event.start_mark.line + 1 if event.start_mark else 1
    if isinstance(event, yaml.ScalarEvent):
        is_null = event.implicit[0] and event.value in ("", "~", "null")
        return Node(line, None if is_null else event.value)
    if isinstance(event, yaml.SequenceStartEvent):
        return Node(line, [_node(item, events, problems, depth + 1) for item in _until_end(events)])
    return Node(line, _map_node(events, problems, depth + 1))


def _map_node(events: Iterator[yaml.Event], problems: list[tuple[int, str]], depth: int) -> dict[str, Node]:
    nodes: dict[str, Node] = {}
    for event in _until_end(events):
        key, value = _node(event, events, problems, depth), _node(next(events), events, problems, depth)
        if not isinstance(key.value, str):
            raise _refusal(event, "a key must be a single text")
        if key.value in nodes:
            first_line = nodes[key.value].line
            problems.append((key.line, f"doubled key {key.value!r:.60}, first in line {first_line}"))
        nodes.setdefault(key.value, value._replace(line=key.line))
    return nodes


def _until_end(events: Iterator[yaml.Event]) -> Iterator[yaml.Event]:
    """What begins directly inside the list or map that was begun last."""
    import yaml

    for event in events:
        if isinstance(event, yaml.CollectionEndEvent):
            return
        yield event


def _refuse_what_is_not_plain(event: yaml.Event, depth: int) -> None:
    if getattr(event, "anchor", None):
        problem = "anchors and aliases (& and *) are not used here; put the text in quotes"
    elif getattr(event, "tag", None):
        problem = "tags (!) are not used here; put the text in quotes"
    elif depth > DEPTH_LIMIT:
        problem = "nested too deeply"
    else:
        return
    raise _refusal(event, problem)


def _refusal(event: yaml.Event, problem: str) -> yaml.MarkedYAMLError:
    import yaml

    return yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)  # type: ignore[arg-type]  # C or not
