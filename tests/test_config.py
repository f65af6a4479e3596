"""config.yaml: found, read, checked, and held equal to the table of settings."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltc_cli import config
from ltc_cli.errors import ConfigError, LtcError, NotFoundError
from ltc_cli.kinds import TEXT, Kind
from ltc_cli.settings import Fit, Level, Member, Record, Settings, Stage, Step, Tax, Tolerance

ROOT = Path(__file__).parent.parent


def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for many examples: not the base one, in which other tests stand when they run ltc."""
    folder = tmp_path_factory.getbasetemp() / "configs"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("config")


def read(folder: Path, text: str | bytes) -> Settings:
    path = folder / "config.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return config.load(path)


def refusal(folder: Path, text: str | bytes) -> str:
    """What is said about the file, without its name."""
    with pytest.raises(ConfigError) as caught:
        read(folder, text)
    assert caught.value.exit_code == 6
    assert caught.value.message.startswith("config.yaml ")
    return caught.value.message.removeprefix("config.yaml ")


# One table ---------------------------------------------------------------------------------------------


def test_without_a_file_the_built_in_settings_hold() -> None:
    settings = config.load(None)
    assert settings.currency == "EUR"
    assert settings.language == "en"
    assert settings.timezone == ""
    assert settings.database == Path("ltc.db")
    assert settings.terms == {"default": "100% ship; net 30"}
    assert settings.taxes == {"Z": Tax(name=None, rate_ppm=0, category="Z", inclusive=False, reason=None)}
    assert settings.tax == "Z"
    assert settings.tax_rounding == "document"
    assert settings.numbers.invoice == "INV-{year}-{seq:04}"
    assert settings.numbers.credit == "CN-{year}-{seq:04}"
    assert settings.aging.buckets == (30, 60, 90)
    assert (settings.cash_rounding_minor, settings.tolerance) == ({}, {})
    assert settings.auto_apply is False


def test_the_built_in_stages_carry_their_probabilities_in_ppm() -> None:
    stages = [(stage.name, stage.probability_ppm) for stage in config.load(None).stages]
    assert stages == [
        ("new", 100_000),
        ("qualified", 250_000),
        ("proposal", 500_000),
        ("negotiation", 750_000),
    ]


def test_the_built_in_levels_ask_neither_fee_nor_interest() -> None:
    dunning = config.load(None).dunning
    assert [(level.name, level.after_days) for level in dunning.levels] == [
        *(("nudge", -3), ("reminder", 5), ("second", 20), ("final", 40))
    ]
    assert all((level.fee_minor, level.interest_ppm) == ({}, 0) for level in dunning.levels)
    assert (dunning.spacing_days, dunning.minimum_minor, dunning.claims_first) == (7, {}, False)


def test_config_yaml_holds_exactly_the_built_in_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert config.load(Path("config.yaml")) == config.load(None)


def test_config_yaml_names_every_setting() -> None:
    """In the order of the table; those without a default stand as comments."""
    keys = [description.key for description in config.describe() if not inside_a_collection(description.key)]
    lines = iter((ROOT / "config.yaml").read_text(encoding="utf-8").splitlines())
    for key in keys:
        last = f"{key.rpartition('.')[2]}:"
        assert any(line.lstrip(" #").startswith(last) for line in lines), f"{key} is missing or out of order"


def inside_a_collection(key: str) -> bool:
    return "[]" in key or any(part.isupper() for part in key.split("."))


def test_the_commented_examples_of_config_yaml_are_right(folder: Path) -> None:
    text = config.template_text()
    for line in text.splitlines():
        if line.startswith("  # "):
            text = text.replace(line, line.replace("  # ", "  ", 1))
    settings = read(folder, text)
    assert settings.company.name == "Acme GmbH"
    assert settings.taxes["I19"] == Tax(name=None, rate_ppm=190_000, category="S", inclusive=True, reason=None)
    assert settings.pool.return_after_days == 14
    assert settings.bank.max_age_days == 3
    assert settings.hooks.folder == folder / "hooks"


@pytest.mark.parametrize(
    "example",
    [
        line.partition(": {}")[0].strip() + ": " + line.partition("# ")[2][: line.partition("# ")[2].rindex("}") + 1]
        for line in (ROOT / "config.yaml").read_text(encoding="utf-8").splitlines()
        if ": {}" in line and "  # {" in line and not line.startswith(" ")
    ],
)
def test_the_examples_beside_empty_maps_are_right(folder: Path, example: str) -> None:
    read(folder, example)


def test_the_template_is_the_file_at_the_root() -> None:
    assert config.template_path().samefile(ROOT / "config.yaml")
    assert config.template_text() == (ROOT / "config.yaml").read_text(encoding="utf-8")


def records(kind: Any = config.SETTINGS, made: Any = None) -> list[tuple[type[Record], set[str]]]:
    made = made or config.load(None)
    found = [(type(made), {setting.attribute for setting in kind.inside})]
    for setting in kind.inside:
        if isinstance(getattr(made, setting.attribute), Record):
            found += records(setting.kind, getattr(made, setting.attribute))
    return found


@pytest.mark.parametrize(("made", "attributes"), records(), ids=lambda value: getattr(value, "__name__", ""))
def test_the_types_and_the_table_name_the_same_attributes(made: type[Record], attributes: set[str]) -> None:
    assert set(made.__annotations__) == attributes


@pytest.mark.parametrize(
    ("kind", "made"),
    [
        *(
            (config.TAX, Tax),
            (config.TOLERANCE, Tolerance),
            (config.STAGE, Stage),
            (config.FIT, Fit),
        ),
        *((config.MEMBER, Member), (config.STEP, Step), (config.LEVEL, Level)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_types_inside_lists_and_maps_agree_with_their_tables(kind: Kind, made: type[Record]) -> None:
    assert set(made.__annotations__) == {setting.attribute for setting in kind.inside}


def test_the_reference_gives_type_default_and_meaning_of_nested_keys() -> None:
    rows = {row.key: row for row in config.describe()}
    assert rows["dunning.levels[].after"].type == "days"
    assert rows["dunning.policies.NAME.spacing"].default == "7d"
    assert rows["taxes.CODE.rate"].default == "required"
    assert rows["company.name"].default == "none"
    assert rows["stages"].default.startswith("[{name: new, probability: 10%}, ")
    assert rows["scoring.fit[].when.country"].type == "list of country"
    assert all(row.meaning.endswith((".", "…")) for row in rows.values())


def test_a_setting_cannot_be_changed() -> None:
    settings = config.load(None)
    with pytest.raises(AttributeError, match="currency is a setting"):
        settings.currency = "USD"  # type: ignore[misc]


def test_a_start_without_a_file_loads_no_yaml() -> None:
    code = (
        "import sys; from ltc_cli import config; config.load(None);"
        "sys.exit(len({'yaml', 'zoneinfo', 'json', 'difflib', 'decimal', 'logging'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0


# Every key of the contract -----------------------------------------------------------------------------

EXAMPLE = """
company:  {name: Acme GmbH, address: "Main Street 1", tax_id: DE123456789, iban: DE02, country: Germany,
           email: b@acme.example}
currency: eur
language: zh
timezone: Europe/Berlin
database: books/ltc.db
numbers:  {invoice: "R{year}{seq:05}", credit: "G-{seq}"}
terms:    {default: "100% ship; net 30", project: "30% sign, 60% ship, 10% accept+90d; net 30"}
taxes:    {S19: {rate: 19%, category: S}, I7: {rate: 7%, category: S, inclusive: true},
           Z: {rate: 0%, category: Z}, E: {rate: 0%, category: E, reason: "Exempt: § 4"},
           DE: {name: VAT, rate: {2020-07-01: 16%, 2007-01-01: 19%}, category: S}}
tax:      S19
tax_rounding: line
cash_rounding: {CHF: 0.05}
discount_tax: mixed
tolerance: {EUR: {amount: 0.05, percent: 1}, JPY: {amount: 5}}
auto_apply: true
aging:    {buckets: [15, 45]}
stages:   [{name: offer, probability: 12.5%}]
scoring:  {threshold: 40, half_life_days: 7,
           fit: [{when: {country: [DE, France], source: fair}, points: -10}],
           engagement: {reply: 5}, caps: {reply: 9}}
team:     [{name: ada, capacity: 30, when: {country: DE}}, {name: bob}]
pool:     {return_after_days: 14}
nurture:  {sequences: {welcome: [{after: 0d, mail: hello}, {after: 3d, task: "call {name}"}]}}
dunning:
  minimum: {EUR: 5, CNY: 20}
  spacing: 10d
  claims_first: true
  levels:
    - {name: nudge, after: -3d, mail: nudge}
    - {name: final, after: 40d, mail: final, fee: 40, interest: 9%, stop_shipping: true,
       task: "call {customer}"}
  policies:
    strict: {minimum: {EUR: 1}, spacing: 1d,
             levels: [{name: now, after: 0d, mail: x, fee: {JPY: 4000}, interest: statutory}]}
statutory_rates: {2026-01-01: 2.15%, 2026-07-01: 2%}
bank:     {folder: statements, max_age: 3d}
mail:     {from: Billing@acme.example, host: smtp.acme.example, port: 465, tls: none, user: acme,
           password_file: /etc/ltc/smtp}
market_size: {2026: 5000000}
hooks:    {folder: hooks}
"""


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("company.name", "Acme GmbH"),
        ("company.country", "DE"),
        ("currency", "EUR"),
        ("language", "zh"),
        ("numbers.invoice", "R{year}{seq:05}"),
        ("terms.project", "30% sign, 60% ship, 10% accept+90d; net 30"),
        (
            "taxes.DE",
            Tax(
                name="VAT",
                rate_ppm={date(2007, 1, 1): 190_000, date(2020, 7, 1): 160_000},
                category="S",
                inclusive=False,
                reason=None,
            ),
        ),
        ("taxes.E.reason", "Exempt: § 4"),
        ("taxes.I7", Tax(name=None, rate_ppm=70_000, category="S", inclusive=True, reason=None)),
        ("cash_rounding_minor", {"CHF": 5}),
        ("discount_tax", "mixed"),
        ("tolerance.EUR", Tolerance(amount_minor=5, percent_ppm=10_000)),
        ("tolerance.JPY", Tolerance(amount_minor=5, percent_ppm=None)),  # the yen has no smaller unit
        ("auto_apply", True),
        ("aging.buckets", (15, 45)),
        ("stages.0.probability_ppm", 125_000),
        ("scoring.fit.0.when.country", ("DE", "FR")),
        ("scoring.fit.0.when.source", ("fair",)),
        ("scoring.fit.0.points", -10),
        ("scoring.caps", {"reply": 9}),
        ("team.0.when.country", ("DE",)),
        ("team.1.capacity", None),
        ("pool.return_after_days", 14),
        ("nurture.sequences.welcome.steps.0.mail", "hello"),
        ("nurture.sequences.welcome.steps.1.after_days", 3),
        ("dunning.minimum_minor", {"EUR": 500, "CNY": 2000}),
        ("dunning.levels.0.after_days", -3),
        ("dunning.levels.1.fee_minor", {"EUR": 4000}),
        ("dunning.levels.1.interest_ppm", 90_000),
        ("dunning.levels.1.stop_shipping", True),
        ("dunning.policies.strict.spacing_days", 1),
        ("dunning.policies.strict.levels.0.fee_minor", {"JPY": 4000}),
        ("dunning.policies.strict.levels.0.interest_ppm", "statutory"),
        ("statutory_rates_ppm", {date(2026, 1, 1): 21_500, date(2026, 7, 1): 20_000}),
        ("bank.max_age_days", 3),
        ("mail.from_address", "Billing@acme.example"),
        ("mail.port", 465),
        ("market_size_minor", {2026: 500_000_000}),
    ],
)
def test_each_key_becomes_a_typed_value(folder: Path, path: str, value: object) -> None:
    found: Any = read(folder, EXAMPLE)
    for step in path.split("."):
        if isinstance(found, Record):
            found = getattr(found, step)
        else:
            found = found[int(step) if isinstance(found, tuple) else step]
    assert found == value
    assert type(found) is type(value)


def test_relative_paths_count_from_the_folder_of_the_file(folder: Path) -> None:
    settings = read(folder, EXAMPLE)
    assert settings.database == folder / "books" / "ltc.db"
    assert settings.bank.folder == folder / "statements"
    assert settings.hooks.folder == folder / "hooks"
    assert settings.mail.password_file == Path("/etc/ltc/smtp")


def test_a_path_may_begin_at_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert read(folder, "database: ~/ltc.db").database == Path("/home/ada/ltc.db")


def test_a_database_that_the_file_does_not_name_lies_where_one_works(folder: Path) -> None:
    assert read(folder, "language: zh").database == Path("ltc.db")


def test_what_is_shown_reads_back_as_the_same_settings(folder: Path) -> None:
    settings = read(folder, EXAMPLE)
    assert read(folder, as_yaml(config.values(settings))) == settings


def as_yaml(values: dict[str, str]) -> str:
    """`company.name: A` as `company: {name: A}`."""
    sections: dict[str, list[str]] = {}
    for key, value in values.items():
        section, _, name = key.rpartition(".")
        sections.setdefault(section, []).append(f"{name}: {value}")
    top = sections.pop("", [])
    return "\n".join([*top, *(f"{section}: {{{', '.join(inside)}}}" for section, inside in sections.items())])


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), min_size=1))
def test_any_text_that_is_shown_reads_back(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    shown = TEXT.show(text, "EUR")
    folder = shared(tmp_path_factory)
    try:
        name = read(folder, f"company: {{name: {shown}}}").company.name
    except ConfigError as error:
        assert "value is empty" in error.message or "not allowed in YAML" in error.message  # noqa: PT017
        return
    import unicodedata

    assert name == unicodedata.normalize("NFC", text.strip())


# Overriding --------------------------------------------------------------------------------------------


def test_a_scalar_overrides_and_leaves_its_neighbours(folder: Path) -> None:
    numbers = read(folder, "numbers: {invoice: 'RE-{seq:06}'}").numbers
    assert (numbers.invoice, numbers.credit) == ("RE-{seq:06}", "CN-{year}-{seq:04}")


def test_a_map_replaces_the_built_in_one_as_a_whole(folder: Path) -> None:
    assert read(folder, "scoring: {engagement: {call: 3}}").scoring.engagement == {"call": 3}


def test_a_level_before_the_due_date_may_say_that_it_claims_nothing(folder: Path) -> None:
    text = "{name: a, after: -3d, mail: nudge, fee: %s, interest: 0%%, task: 'call {customer}'}"
    for fee in ("0", "{EUR: 0, USD: 0}"):
        (level,) = read(folder, f"dunning: {{levels: [{text % fee}]}}").dunning.levels
        assert (level.after_days, set(level.fee_minor.values()), level.interest_ppm) == (-3, {0}, 0)


def test_the_default_terms_and_the_code_of_the_untaxed_stay_known(folder: Path) -> None:
    added = read(folder, "terms: {project: 100% sign}\ntaxes: {S: {rate: 19%, category: S}}")
    assert added.terms == {"default": "100% ship; net 30", "project": "100% sign"}
    assert (list(added.taxes), added.tax) == (["Z", "S"], "Z")
    anew = read(folder, "terms: {default: 100% sign}\ntaxes: {Z: {rate: 0%, category: E}}")
    assert (anew.terms, anew.taxes["Z"].category) == ({"default": "100% sign"}, "E")


@pytest.mark.parametrize(
    "text", ["", "\n\n", "# only a comment\n", "---\n", "\ufeff", "company:\n", "tax: null\nteam: ~\n"]
)
def test_nothing_and_null_mean_the_defaults(folder: Path, text: str) -> None:
    assert read(folder, text) == config.load(None)


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(folder: Path) -> None:
    assert read(folder, "\ufeffcurrency: USD\r\nlanguage: zh\r\n".encode()).currency == "USD"


@pytest.mark.parametrize("text", ["NO", "010", "1e3", "2026-01-01", "12:30", "true", "0x10", ".5"])
def test_what_looks_like_another_type_stays_text(folder: Path, text: str) -> None:
    assert read(folder, f"company: {{name: {text}}}").company.name == text


def test_amounts_are_in_the_base_currency_wherever_it_stands(folder: Path) -> None:
    settings = read(folder, "market_size: {2026: 5000}\ncurrency: JPY")
    assert settings.market_size_minor == {2026: 5000}


# What is wrong is said with its line --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("\ncurrencyy: USD", "line 2: unknown key 'currencyy', did you mean 'currency'?"),
        ("xyzzy: 1", "line 1: unknown key 'xyzzy'"),
        (
            "nurture: {sequences: {w: [{after: 0d, call: x}]}}",
            "line 1: nurture.sequences.w[1]: unknown key 'call'; there is after, mail, task",
        ),
        ("mail:\n  hots: smtp", "line 2: mail: unknown key 'hots', did you mean 'host'?"),
        ("tax: Z\ncurrency: EUR\ntax: Z", "line 3: doubled key 'tax', first in line 1"),
        ("company: {name: A, name: B}", "line 1: doubled key 'name', first in line 1"),
        ("tolerance: {eur: {amount: 1}, EUR: {amount: 2}}", "line 1: tolerance: 'EUR' is there twice"),
        ("currency: XXQ", "line 1: currency: 'XXQ' is not an ISO 4217 currency"),
        ("language: de", "line 1: language: 'de' is none of en, zh"),
        ("timezone: Europe/Bärlin", "line 1: timezone: 'Europe/Bärlin' is no time zone"),
        ("timezone: ../../etc/passwd", "line 1: timezone: '../../etc/passwd' is no time zone"),
        (
            "company: {iban: DE03120300000000202051}",
            "line 1: company.iban: 'DE03120300000000202051' is no IBAN: its check digits are wrong",
        ),
        ("timezone: Europe", "line 1: timezone: 'Europe' is no time zone"),
        ("auto_apply: yes", "line 1: auto_apply: 'yes' is neither true nor false"),
        ("company: {email: a b}", "line 1: company.email: 'a b' is not one e-mail address"),
        ("company: {country: Atlantis}", "line 1: company.country: 'Atlantis' is no country"),
        ("company: {name: ''}", "line 1: company.name: value is empty"),
        ("currency: [EUR]", "line 1: currency: must be a single value"),
        ("company: Acme", "line 1: company: must be a map of keys and values"),
        ("aging: {buckets: 30}", "line 1: aging.buckets: must be a list"),
        ("aging: {buckets: [30, 30]}", "line 1: aging.buckets: must be in ascending order"),
        ("aging: {buckets: [0]}", "line 1: aging.buckets[1]: '0' is not a whole number from 1 to 3650"),
        ("mail: {password_command: b}", "line 1: mail: a password needs a user"),
        (
            "mail: {host: 'smtp.acme.example:587'}",
            "line 1: mail.host: 'smtp.acme.example:587' is more than the name of a",
        ),
        ("mail: {host: '[::1]:587'}", "line 1: mail.host: '[::1]:587' is more than the name of a server"),
        ("mail: {host: ada@acme.example}", "line 1: mail.host: 'ada@acme.example' is more than the name of a server"),
        (
            "mail: {host: 'smtps://acme.example'}",
            "line 1: mail.host: 'smtps://acme.example' is more than the name of a",
        ),
        ("mail: {port: 70000}", "line 1: mail.port: '70000' is not a whole number from 1 to 65535"),
        ("mail: {port: ５８７}", "line 1: mail.port: '５８７' is not a whole number"),
        ("terms: {default: }", "line 1: terms.default: is empty"),
        (
            "taxes: {Z: {rate: 0, category: Z}}",
            "line 1: taxes.Z.rate: '0' is not a percentage (write it like",
        ),
        ("taxes: {Z: {rate: 0%}}", "line 1: taxes.Z: category is missing"),
        ("taxes: {Z: {rate: {}, category: Z}}", "line 1: taxes.Z.rate: needs a rate"),
        ("taxes: {Z: {rate: {2026: 0%}, category: Z}}", "line 1: taxes.Z.rate: '2026' is not a date (write it like"),
        (
            "taxes: {Z: {rate: {2026-02-30: 0%}, category: Z}}",
            "line 1: taxes.Z.rate: the day 2026-02-30 does not exist",
        ),
        (
            "taxes: {Z: {rate: {2026-01-01: 0}, category: Z}}",
            "line 1: taxes.Z.rate.2026-01-01: '0' is not a percentage",
        ),
        *(
            (f"taxes: {{Z: {{rate: 1%, category: {category}}}}}", f"line 1: taxes.Z: category {category} has a rate of")
            for category in ("Z", "E", "AE", "K", "G", "O")
        ),
        (
            "taxes: {Z: {rate: {2026-01-01: 0%, 2027-01-01: 1%}, category: E}}",
            "line 1: taxes.Z: category E has a rate of 0%",
        ),
        ("cash_rounding: {CHF: 0}", "line 1: cash_rounding.CHF: must be more than 0"),
        ("cash_rounding: {JPY: 0.5}", "line 1: cash_rounding.JPY: '0.5' has too many decimals"),
        ("taxes: {Z: {rate: 0%, category: X}}", "line 1: taxes.Z.category: 'X' is none of S, Z,"),
        ("\ntax: S", "line 2: tax: 'S' is not in taxes (Z)"),
        ("tolerance: {EUR: {}}", "line 1: tolerance.EUR: needs an amount or a percent"),
        ("tolerance: {JPY: {amount: 0.5}}", "line 1: tolerance.JPY.amount: '0.5' has too many decimals"),
        ("market_size: {2026: 1.000}", "line 1: market_size.2026: '1.000' is ambiguous"),
        ("market_size: {26: 1}", "line 1: market_size: '26' is not a whole number from 1900 to 2999"),
        ("stages: []", "line 1: stages: needs at least one stage"),
        (
            "stages: [{name: a, probability: 1%}, {name: a, probability: 2%}]",
            "line 1: stages: 'a' is there twice",
        ),
        (
            "stages:\n- {name: a, probability: 101%}",
            "line 2: stages[1].probability: '101%' is more than 100%",
        ),
        ("scoring: {engagement: {smile: 3}}", "line 1: scoring.engagement: 'smile' is none of call, email,"),
        ("team: [{capacity: 3}]", "line 1: team[1]: name is missing"),
        (
            "nurture: {sequences: {a: [{after: 1d}]}}",
            "line 1: nurture.sequences.a[1]: needs a mail or a task",
        ),
        ("dunning: {spacing: 7}", "line 1: dunning.spacing: '7' is not a number of days (write it like 7d)"),
        ("dunning: {spacing: -7d}", "line 1: dunning.spacing: '-7d' is not a number of days"),
        (
            "dunning: {levels: [{name: a, after: 5d, mail: a}, {name: b, after: 5d, mail: b}]}",
            "line 1: dunning.levels: must be in ascending order",
        ),
        (
            "dunning: {levels: [{name: a, after: -1d, mail: a, fee: 1}]}",
            "line 1: dunning.levels[1]: a level before the due date has neither fee nor interest",
        ),
        (
            "dunning: {levels: [{name: a, after: -1d, mail: a, interest: statutory}]}",
            "line 1: dunning.levels[1]: a level before the due date has neither fee nor interest",
        ),
        (
            'dunning: {levels: [{name: a, after: 1d, task: "call {lead} {customer}"}]}',
            "line 1: dunning.levels[1].task: {lead} is no field of this task (one of: customer)",
        ),
        (
            'nurture: {sequences: {a: [{after: 1d, task: "call {nobody}"}]}}',
            "line 1: nurture.sequences.a[1].task: {nobody} is no field of this task (one of: lead name company email",
        ),
        (
            'dunning: {policies: {soft: {levels: [{name: a, after: 1d, task: "{}"}]}}}',
            "line 1: dunning.policies.soft.levels[1].task: {} is no field of this task (one of: customer)",
        ),
        (
            "dunning: {policies: {none: {spacing: 3d}}}",
            "line 1: dunning.policies: none switches dunning off and can be no policy (choose another name)",
        ),
        (
            "statutory_rates: {2026-02-01: 2%}",
            "line 1: statutory_rates: '2026-02-01' does not begin a half-year",
        ),
        ("numbers: {invoice: 'INV-{year}'}", "line 1: numbers.invoice: 'INV-{year}' needs {seq} once"),
        ("numbers: {invoice: '{seq}{seq}'}", "line 1: numbers.invoice: '{seq}{seq}' needs {seq} once"),
        ("numbers: {invoice: 'I{seq}{month}'}", "line 1: numbers.invoice: 'I{seq}{month}' needs {seq} once"),
        ("numbers: {invoice: 'I{seq:4}'}", "line 1: numbers.invoice: 'I{seq:4}' needs {seq} once"),
        ("numbers: {invoice: 'I {seq}'}", "line 1: numbers.invoice: 'I {seq}' needs {seq} once"),
        ("numbers: {invoice: 'c{seq}'}", "line 1: numbers.invoice: 'c{seq}' looks like another reference"),
        (
            "numbers: {credit: 'inv-{year}-{seq:04}'}",
            "line 1: numbers: invoice and credit need different patterns",
        ),
    ],
)
def test_a_wrong_value_is_named_by_its_line_and_key(folder: Path, text: str, problem: str) -> None:
    assert refusal(folder, text).startswith(problem)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- a\n- b", "line 1: must be a map of keys and values"),
        ("just a sentence", "line 1: must be a map of keys and values"),
        ("tax: Z\n---\ntax: Z", "line 3: a second document begins"),
        ("company:\n\tname: Acme", "line 2: a value begins with a tab"),
        ("a: [1, 2", "line 2: "),
        ("a: 'open", "line 1: "),
        ("a: b: c", "line 1: "),
        ("a: &x [1]\nb: *x", "line 1: anchors and aliases"),
        ("tax: !!python/object:os.system Z", "line 1: tags (!) are not used here"),
        ("? [a]\n: b", "line 1: a key must be a single text"),
        ("[" * 100_000, "line 1: nested too deeply"),
        ("{a: " * 50_000, "line 1: nested too deeply"),
        ("tax: Z\ncompany: {name: a\0b}", "line 2: the character '\\x00' is not allowed in YAML"),
        (b"tax: Z\nlanguage: \xff", "line 2: is not UTF-8"),
        ("tax: Z".encode("utf-16"), "line 1: is not UTF-8"),
        ("#" * 1_000_001, "is larger than 1 MB"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_what_is_no_plain_yaml_is_named_by_its_line(folder: Path, text: str | bytes, problem: str) -> None:
    assert refusal(folder, text).startswith(problem)


def test_a_bomb_of_aliases_is_refused_at_once(folder: Path) -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"{n}: &{n} [*{p}, *{p}]\n" for p, n in zip("abcdefgh", "bcdefghi", strict=True))
    assert refusal(folder, bomb) == "line 1: anchors and aliases (& and *) are not used here; put the text in quotes"


def test_all_problems_of_a_file_are_said_at_once(folder: Path) -> None:
    message = refusal(folder, "currency: XXQ\nlanguage: en\nlanguage: en\nmail: {port: x}\ncolour: red\n")
    assert [problem.partition(":")[0] for problem in message.split("; ")] == [
        "line 1",
        "line 3",
        "line 4",
        "line 5",
    ]


def test_a_refusal_hints_at_the_check(folder: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(folder, "colour: red")
    assert caught.value.hint == "ltc config check"


def test_a_folder_is_no_config_file(folder: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        config.load(folder)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.touch(mode=0o000)
    with pytest.raises(ConfigError, match="cannot be read: Permission denied"):
        config.load(path)


def test_a_file_that_has_gone_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no config file"):
        config.load(tmp_path / "config.yaml")


@given(st.binary(max_size=300))
def test_any_bytes_are_settings_or_a_clear_refusal(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    try:
        read(shared(tmp_path_factory), data)
    except LtcError as error:
        assert error.message.startswith("config.yaml line ")  # noqa: PT017


@given(st.integers(0, len(EXAMPLE)), st.integers(0, 40), st.sampled_from(["", "\t", "[", "}", ": ", "&", "\n- "]))
def test_a_damaged_file_is_settings_or_a_clear_refusal(
    tmp_path_factory: pytest.TempPathFactory, start: int, length: int, instead: str
) -> None:
    try:
        read(shared(tmp_path_factory), EXAMPLE[:start] + instead + EXAMPLE[start + length :])
    except LtcError as error:
        assert error.message.startswith("config.yaml line ")  # noqa: PT017


# Which file --------------------------------------------------------------------------------------------


@pytest.fixture
def places(tmp_path: Path) -> dict[str, Path]:
    paths = {
        "named": tmp_path / "named.yaml",
        "environ": tmp_path / "environ.yaml",
        "here": tmp_path / "work" / "config.yaml",
        "xdg": tmp_path / "xdg" / "ltc" / "config.yaml",
        "home": tmp_path / "home" / ".config" / "ltc" / "config.yaml",
    }
    for path in paths.values():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return paths


def find(places: dict[str, Path], explicit: str | None, environ: dict[str, str]) -> Path | None:
    home = {"HOME": str(places["home"].parents[2])}
    return config.find_config(explicit, home | environ, places["here"].parent)


def test_the_file_is_looked_for_from_the_nearest_wish_outwards(places: dict[str, Path]) -> None:
    environ = {"LTC_CONFIG": str(places["environ"]), "XDG_CONFIG_HOME": str(places["xdg"].parents[1])}
    assert find(places, str(places["named"]), environ) == places["named"]
    assert find(places, None, environ) == places["environ"]
    del environ["LTC_CONFIG"]
    assert find(places, None, environ) == places["here"]
    places["here"].unlink()
    assert find(places, None, environ) == places["xdg"]
    assert find(places, None, {}) == places["home"]
    places["home"].unlink()
    assert find(places, None, {}) is None


def test_a_relative_name_counts_from_the_present_folder(places: dict[str, Path]) -> None:
    assert find(places, "../named.yaml", {}) == places["here"].parent / "../named.yaml"


def test_an_empty_ltc_config_is_none(places: dict[str, Path]) -> None:
    assert find(places, None, {"LTC_CONFIG": ""}) == places["here"]


def test_a_relative_xdg_folder_is_ignored(places: dict[str, Path]) -> None:
    places["here"].unlink()
    assert find(places, None, {"XDG_CONFIG_HOME": "xdg"}) == places["home"]


@pytest.mark.parametrize(
    ("explicit", "environ"), [("gone.yaml", {}), ("", {}), ("a\0b", {}), (None, {"LTC_CONFIG": "gone.yaml"})]
)
def test_a_named_file_that_is_missing_is_not_found(
    places: dict[str, Path], explicit: str | None, environ: dict[str, str]
) -> None:
    with pytest.raises(NotFoundError) as caught:
        find(places, explicit, environ)
    assert caught.value.exit_code == 3
