"""What the program is given: the settings, as values that never change.

The table in `config` names every key with its type, default and meaning, and fills these; here they only have their
types. An attribute is called like its key, with the unit last: `dunning.spacing` is `settings.dunning.spacing_days`.
Percentages are ppm, amounts minor units, durations days; nothing is a float.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, dataclass_transform

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path


NO_POLICY: Final = "none"
"""What switches dunning off, in the place of a policy's name."""


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Record:
    """Named values that never change; twenty NamedTuples would cost every start of `ltc` 3 ms."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{name} is a setting and cannot be changed")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"


class Company(Record):
    name: str | None
    address: str | None
    tax_id: str | None
    iban: str | None
    email: str | None
    country: str | None


class Numbers(Record):
    invoice: str
    credit: str


class Tax(Record):
    name: str | None
    rate_ppm: int | dict[date, int]
    """For ever, or by the day that each rate is in force from, the first one first."""
    category: str
    inclusive: bool
    reason: str | None


class Tolerance(Record):
    """How much may be missing from a payment: at most the amount and at most the percentage; None: any."""

    amount_minor: int | None
    percent_ppm: int | None


class Aging(Record):
    buckets: tuple[int, ...]


class Stage(Record):
    name: str
    probability_ppm: int


class When(Record):
    """Every field that is not empty must match one of its values."""

    country: tuple[str, ...]
    source: tuple[str, ...]
    campaign: tuple[str, ...]
    title: tuple[str, ...]
    company_size: tuple[str, ...]


class Fit(Record):
    when: When
    points: int


class Scoring(Record):
    threshold: int
    half_life_days: int
    fit: tuple[Fit, ...]
    engagement: dict[str, int]
    caps: dict[str, int]


class Member(Record):
    name: str
    capacity: int | None
    when: When


class Pool(Record):
    return_after_days: int | None


class Step(Record):
    after_days: int
    mail: str | None
    task: str | None


class Sequence(Record):
    """Steps that a lead goes through one after the other; `when` None: enrolled by hand alone."""

    steps: tuple[Step, ...]
    when: When | None
    within_days: int
    business_days: bool


class Nurture(Record):
    sequences: dict[str, Sequence]


class Level(Record):
    name: str
    after_days: int
    mail: str | None
    fee_minor: dict[str, int]
    interest_ppm: int | Literal["statutory"]
    stop_shipping: bool
    task: str | None


class Policy(Record):
    minimum_minor: dict[str, int]
    spacing_days: int
    levels: tuple[Level, ...]


class Dunning(Record):
    minimum_minor: dict[str, int]
    spacing_days: int
    levels: tuple[Level, ...]
    claims_first: bool
    policies: dict[str, Policy]


class Bank(Record):
    folder: Path | None
    max_age_days: int | None


class Mail(Record):
    from_address: str | None
    host: str | None
    port: int
    tls: Literal["required", "none"] | None
    user: str | None
    password_file: Path | None
    password_command: str | None
    invoices: bool
    templates: Path | None


class Hooks(Record):
    folder: Path | None


class Settings(Record):
    company: Company
    currency: str
    language: Literal["en", "zh"]
    timezone: str
    database: Path
    numbers: Numbers
    terms: dict[str, str]
    taxes: dict[str, Tax]
    tax: str
    tax_rounding: Literal["line", "document", "unrounded"]
    cash_rounding_minor: dict[str, int]
    discount_tax: Literal["included", "excluded", "mixed"]
    tolerance: dict[str, Tolerance]
    auto_apply: bool
    aging: Aging
    stages: tuple[Stage, ...]
    scoring: Scoring
    team: tuple[Member, ...]
    pool: Pool
    nurture: Nurture
    dunning: Dunning
    statutory_rates_ppm: dict[date, int]
    bank: Bank
    mail: Mail
    market_size_minor: dict[int, int]
    hooks: Hooks
