"""The year of an invented company: who asked, who bought, who paid and who did not. First the data, then its stories.

A story is a generator: it yields its next step and is sent the answer to it. Days count from the year's first, 0.
"""

from __future__ import annotations

import heapq
from datetime import date
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from ltc_cli.rules.calendar import add_days
from ltc_cli.rules.money import format_amount, parse_amount

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

SEED = "Nordlicht"
LAST_DAY = 364
SATURDAY = 5
ACCOUNTANT = "petra"
BILLING_DAYS = range(5, LAST_DAY - 20, 30)
"""None in the last weeks, so that something is left to invoice."""

CONFIG = """\
company:
  name: Nordlicht Messtechnik GmbH
  address: "An der Untertrave 17, 23552 Lübeck"
  tax_id: DE123456789
  iban: DE02120300000000202051
  email: billing@nordlicht.example
  country: DE
currency: EUR
terms:
  default: "100% ship; net 30"
  project: "30% sign, 60% ship, 10% accept+90d; net 30"
  monthly: "12 x monthly from sign; net 14"
  instalments: "100% ship; due 25%+30d, 25%+60d, rest+90d"
taxes:
  S19: {rate: 19%, category: S}
  EU: {rate: 0%, category: K}
  EX: {rate: 0%, category: G}
tax: S19
"""

# day | source | owner | name | e-mail | company | country | touches | how it ended without an opportunity
PROSPECTS = """
3 | fair | anna | Jürgen Müller | mueller@mueller-soehne.example | Müller & Söhne Maschinenbau GmbH | DE | meeting |
6 | linkedin | wei | 王丽 | wang.li@xingchen.example | 上海星辰科技有限公司 | CN | email meeting |
11 | web | jonas | Marta Kowalska | marta@zaklady-lodz.example | Łódzkie Zakłady Tekstylne | PL | call |
16 | referral | anna | Ingrid Hansen | ingrid@hansen-bros.example | Brødrene Hansen AS | NO | call |
24 | newsletter | jonas | Peter Groß | p.gross@gross-ofenbau.example | Groß Ofenbau | DE | call | drop budget
31 | web | wei | Sofia Rossi | sofia@vetreria-rossi.example | Vetreria Rossi S.r.l. | IT | download |
39 | fair | anna | Matthias Köhler | koehler@koehler-pumpen.example | Köhler Pumpen AG | DE | call meeting |
47 | linkedin | wei | 陈伟 | chen.wei@yangtze-chem.example | 武汉长江化工有限公司 | CN | email |
55 | referral | jonas | Seán O'Brien | sean@obrien-dairy.example | O'Brien Dairy Ltd | IE | call |
62 | newsletter | anna | Claire Lefèvre | claire@lefevre.example | Établissements Lefèvre SARL | FR | reply call |
70 | web | jonas | Tom Becker | tom.becker@web-becker.example | Becker Laborbedarf | DE | email | drop need
78 | fair | wei | 田中健 | tanaka@aozora.example | 株式会社青空製作所 | JP | meeting |
85 | web | anna | Urs Zürcher | urs@zuercher-wasser.example | Zürcher Wassertechnik AG | CH | email |
94 | linkedin | jonas | Elena Ionescu | elena@carpati-instal.example | Carpați Instal SRL | RO | email |
103 | fair | anna | Lars Öberg | lars@oberg-papper.example | Öberg Papper AB | SE | meeting |
112 | referral | wei | 李娜 | li.na@yunhai.example | 北京云海软件有限公司 | CN | call |
120 | web | jonas | João Ferreira | joao@ferreira-filhos.example | Ferreira & Filhos, Lda. | PT | call |
129 | newsletter | anna | Katrin Schäfer | k.schaefer@schaefer-chemie.example | Schäfer Chemie GmbH | DE | reply |
137 | web | jonas | Tuğba Yılmaz | tugba@yilmaz-boru.example | Yılmaz Boru A.Ş. | TR | email |
146 | fair | wei | Nguyễn Minh Anh | minhanh@saigon-nuoc.example | Sài Gòn Nước Sạch | VN | meeting | drop timing
154 | web | anna | Björn Größe | bjoern@groesse-weiss.example | Größe & Weiß Feinmechanik KG | DE | meeting |
163 | linkedin | jonas | Karel Dvořák | karel@dvorak-sklo.example | Dvořák Sklo s.r.o. | CZ | call |
171 | referral | anna | Heike Brandt | heike@brandt-brau.example | Brauhaus Brandt | DE | call |
180 | web | wei | 张敏 | zhang.min@hailan.example | 青岛海蓝仪器有限公司 | CN | download |
188 | newsletter | jonas | Pia Virtanen | pia@virtanen-sahko.example | Virtanen Sähkö Oy | FI | email | drop authority
197 | web | anna | Owen Hughes | owen@hughes-filters.example | Hughes Filters Ltd | GB | call |
205 | fair | jonas | Anaïs Dubois | anais@dubois-vannes.example | Dubois Vannes SA | BE | meeting | qualify
214 | linkedin | wei | Carlos Peña | carlos@pena-riegos.example | Peña Riegos S.L. | ES | email |
223 | web | jonas | Ulrike Voß | u.voss@voss-kaelte.example | Voß Kältetechnik | DE | call |
232 | referral | anna | Zoltán Kovács | zoltan@kovacs-gep.example | Kovács Gép Kft. | HU | call |
240 | web | wei | 林志强 | lin@taihu-water.example | 无锡太湖水务有限公司 | CN | email |
249 | newsletter | jonas | Nora Bakker | nora@bakker-kassen.example | Bakker Kassen B.V. | NL | reply |
258 | fair | anna | Rüdiger Weiß | r.weiss@weiss-galvanik.example | Weiß Galvanik GmbH | DE | meeting |
268 | web | jonas | Ελένη Παππά | eleni@pappas-marine.example | Pappas Marine | GR | email | qualify
279 | linkedin | wei | Ivana Horvat | ivana@horvat-vino.example | Horvat Vino d.o.o. | HR | email |
291 | referral | anna | Stefan Huber | stefan@huber-molkerei.example | Huber Molkerei | AT | email |
308 | web | jonas | Priya Nair | priya@nair-process.example | Nair Process Controls | IN | |
327 | fair | wei | 金民秀 | kim@hangang.example | 한강정밀 | KR | meeting |
346 | newsletter | anna | Mads Østergaard | mads@ostergaard.example | Østergaard Energi ApS | DK | |
357 | web | jonas | Lena Fuchs | lena@fuchs-sensorik.example | Fuchs Sensorik | DE | |
"""

CAMPAIGNS = {"fair": "hannover", "newsletter": "leaks-cost-money"}
EUROPEAN_UNION = frozenset(
    {"AT", "BE", "CZ", "DK", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "NL", "PL", "PT", "RO", "SE"}
)


class Habit(NamedTuple):
    """How a customer pays an invoice."""

    payments: tuple[tuple[int, int | None], ...] = ()
    """Days after the first due date, and percent of the total; None: all that is open."""
    bounces_after: int | None = None
    """Days until the bank takes the last payment back."""


ON_TIME = Habit(((-2, None),))
LATE = Habit(((17, None),))
IN_TWO_PARTS = Habit(((-1, 40), (24, None)))
HALF = Habit(((9, 50),))
TWO_OF_THREE_INSTALMENTS = Habit(((0, 25), (31, 25)))
TOO_MUCH = Habit(((-4, 103),))
BOUNCES = Habit(((1, None),), bounces_after=6)
NEVER = Habit()


class Shipment(NamedTuple):
    """What goes out at once."""

    after: int
    """Days since the signature, or since the shipment before was delivered."""
    lines: tuple[str, ...] = ()
    """`line=quantity`; none: all that is left."""


class Deal(NamedTuple):
    """What became of an opportunity."""

    expected: str
    lines: tuple[str, ...] = ()
    """What is quoted; without lines there is no quote."""
    terms: str = "default"
    decided_after: int = 0
    """Days from the quote until it is lost or signed."""
    lost: str = ""
    """The reason; a deal that is neither lost nor shipped is still open."""
    next_step: str = ""
    shipments: tuple[Shipment, ...] = ()
    accepted_after: int | None = None
    """Days since the last delivery."""
    pays: tuple[Habit, ...] = ()
    """Invoice by invoice; those that follow are paid on time."""


DEALS = {
    "Müller & Söhne Maschinenbau GmbH": Deal(
        "7500",
        ("Flow sensor N2:40:185", "Calibration certificate:40:12.50"),
        decided_after=9,
        shipments=(Shipment(12),),
        pays=(ON_TIME,),
    ),
    "上海星辰科技有限公司": Deal(
        "60000",
        ("Test bench T7:2:24000", "Installation on site:5:1450", "Training:2:980"),
        terms="project",
        decided_after=18,
        shipments=(Shipment(30, ("1=1",)), Shipment(25)),
        accepted_after=14,
        pays=(ON_TIME, LATE, ON_TIME),
    ),
    "Łódzkie Zakłady Tekstylne": Deal("9000", ("Flow sensor N2:50:179",), decided_after=21, lost="price"),
    "Brødrene Hansen AS": Deal(
        "14400",
        ("Monitoring portal, a month:12:1200",),
        terms="monthly",
        decided_after=12,
        shipments=(Shipment(2),),
        pays=(ON_TIME, ON_TIME, LATE, ON_TIME, ON_TIME, ON_TIME, LATE),
    ),
    "Köhler Pumpen AG": Deal(
        "21000",
        ("Pressure sensor P4:120:149:S19:-10%", "Flow sensor N2:25:185"),
        decided_after=10,
        shipments=(Shipment(14, ("1=60",)), Shipment(12, ("1=60",)), Shipment(15)),
        pays=(ON_TIME, IN_TWO_PARTS, ON_TIME),
    ),
    "O'Brien Dairy Ltd": Deal(
        "8300",
        ("Milk meter M1:16:498",),
        decided_after=12,
        shipments=(Shipment(110),),
        pays=(HALF,),
    ),
    "Établissements Lefèvre SARL": Deal(
        "11800",
        ("Leak detector L3:8:1290", "Spare membrane:40:34.20"),
        decided_after=20,
        shipments=(Shipment(20, ("1=8",)), Shipment(225)),
        pays=(TOO_MUCH, NEVER),
    ),
    "株式会社青空製作所": Deal(
        "16500",
        ("Pressure sensor P4:100:149", "Calibration certificate:100:12.50"),
        decided_after=15,
        shipments=(Shipment(140),),
        pays=(BOUNCES,),
    ),
    "Zürcher Wassertechnik AG": Deal(
        "14400",
        ("Leak detector L3:10:1290", "Installation on site:1:1500"),
        terms="instalments",
        decided_after=16,
        shipments=(Shipment(75),),
        pays=(TWO_OF_THREE_INSTALMENTS,),
    ),
    "Öberg Papper AB": Deal("26000", ("Test bench T7:1:24000", "Training:2:980"), decided_after=25, lost="competitor"),
    "北京云海软件有限公司": Deal(
        "31000",
        ("Test bench T7:1:24000", "Installation on site:4:1450"),
        terms="project",
        decided_after=219,
        shipments=(Shipment(60),),
    ),
    "Ferreira & Filhos, Lda.": Deal(
        "5600",
        ("Flow sensor N2:30:185",),
        decided_after=30,
        shipments=(Shipment(116),),
        pays=(NEVER,),
    ),
    "Schäfer Chemie GmbH": Deal("12000", ("Pressure sensor P4:80:149",), decided_after=35, lost="timing"),
    "Größe & Weiß Feinmechanik KG": Deal(
        "23800",
        ("Pressure sensor P4:90:149", "Flow sensor N2:60:172.50"),
        decided_after=40,
        shipments=(Shipment(55, ("1=45",)), Shipment(60, ("1=45",)), Shipment(60)),
        pays=(LATE, NEVER),
    ),
    "青岛海蓝仪器有限公司": Deal("48000", ("Test bench T7:2:24000",), decided_after=28, lost="budget"),
    "Weiß Galvanik GmbH": Deal("18500", ("Flow sensor N2:100:182",), next_step="+60d call about the quote"),
    "Horvat Vino d.o.o.": Deal("4200"),
    "Huber Molkerei": Deal("9900", ("Milk meter M1:20:489",), next_step="+90d visit with a sample"),
}


class Step(NamedTuple):
    """One command, of one person on one day."""

    day: int
    actor: str
    command: list[str]


if TYPE_CHECKING:
    Story = Generator[Step, Any, None]


class _Prospect(NamedTuple):
    day: int
    source: str
    owner: str
    name: str
    email: str
    company: str
    country: str
    touches: list[str]
    end: list[str]


class _Next(NamedTuple):
    """A step on the agenda: the earliest day first, then whose story began first."""

    day: int
    number: int
    step: Step
    story: Story


def play(perform: Callable[[Step], Any]) -> None:
    """Let every story take its steps in the order of their days, until the year is over.

    `perform` runs a step and gives its answer. Whoever is sent an invoice begins to pay it.
    """
    prospects = [_parse_prospect(line) for line in PROSPECTS.strip().splitlines()]
    habits = {company: iter(deal.pays) for company, deal in DEALS.items()}
    agenda: list[_Next] = []
    numbers = count()
    for story in (_billing(), *map(_prospect, prospects)):
        _go_on(agenda, next(numbers), story, None)
    while agenda and agenda[0].day <= LAST_DAY:
        _day, number, step, story = heapq.heappop(agenda)
        answer = perform(step)
        for invoice in answer if step.command[0] == "invoice" else ():
            habit = next(habits[invoice["customer_name"]], ON_TIME)
            _go_on(agenda, next(numbers), _pay(invoice, step.day, habit), None)
        _go_on(agenda, number, story, answer)


def _go_on(agenda: list[_Next], number: int, story: Story, answer: Any) -> None:
    """Tell a story the answer to its last step, None at its beginning, and note what it does next."""
    try:
        step = story.send(answer)
    except StopIteration:
        return
    heapq.heappush(agenda, _Next(step.day, number, step, story))


def date_of(day: int, last_on: date) -> date:
    """The date of a day of the year that ends on `last_on`; a weekend's is the Friday before."""
    on = add_days(last_on, day - LAST_DAY)
    return add_days(on, min(0, SATURDAY - 1 - on.weekday()))


def _parse_prospect(line: str) -> _Prospect:
    day, source, owner, name, email, company, country, touches, end = (text.strip() for text in line.split("|"))
    return _Prospect(int(day), source, owner, name, email, company, country, touches.split(), end.split())


def _billing() -> Story:
    """The accountant bills what has become billable, once a month."""
    for day in BILLING_DAYS:
        yield Step(day, ACCOUNTANT, ["invoice", "--due"])


def _prospect(prospect: _Prospect) -> Story:
    """From the first contact to wherever it leads."""
    lead = yield Step(prospect.day, prospect.owner, _add_lead(prospect))
    random = Random(f"{SEED} {prospect.company}")
    day = prospect.day
    for kind in prospect.touches:
        day += random.randint(2, 9)
        yield Step(day, prospect.owner, ["nurture", lead["ref"], "--log", kind])
    if prospect.end:
        yield Step(day + 4, prospect.owner, _end(lead["ref"], *prospect.end))
    if prospect.company in DEALS:
        yield from _deal(prospect, DEALS[prospect.company], lead["ref"], day + random.randint(1, 4))


def _add_lead(prospect: _Prospect) -> list[str]:
    known = {
        "company": prospect.company,
        "email": prospect.email,
        "country": prospect.country,
        "source": prospect.source,
        "campaign": CAMPAIGNS.get(prospect.source, ""),
        "owner": prospect.owner,
    }
    options = [option for name, value in known.items() if value for option in (f"--{name}", value)]
    return ["lead", "add", prospect.name, *options]


def _end(lead: str, verb: str, *reasons: str) -> list[str]:
    return ["lead", verb, lead, *(option for reason in reasons for option in ("--reason", reason))]


def _deal(prospect: _Prospect, deal: Deal, lead: str, day: int) -> Story:
    """An opportunity, quoted and decided, or still open."""
    owner = prospect.owner
    promote = ["promote", lead, "--amount", deal.expected, "--close", "+60d"]
    opportunity = (yield Step(day, owner, promote))["ref"]
    if not deal.lines:
        return
    quote = (yield Step(day + 5, owner, _quote(opportunity, deal, prospect.country)))["ref"]
    yield Step(day + 5, owner, ["quote", quote, "--send"])
    next_step = deal.next_step or "+7d call about the quote"
    yield Step(day + 5, owner, ["advance", opportunity, "--stage", "proposal", "--next", next_step])
    day += 5 + deal.decided_after
    if deal.lost:
        yield Step(day, owner, ["lose", opportunity, "--reason", deal.lost])
    elif deal.shipments:
        contract = (yield Step(day, owner, ["sign", quote, "--by", prospect.name]))["ref"]
        yield from _fulfil(deal, contract, owner, day)


def _quote(opportunity: str, deal: Deal, country: str) -> list[str]:
    lines = [option for line in deal.lines for option in ("--line", _taxed(line, country))]
    return ["quote", opportunity, *lines, "--terms", deal.terms]


def _taxed(line: str, country: str) -> str:
    """The line with the tax code of a customer abroad."""
    if country == "DE":
        return line
    return f"{line}:{'EU' if country in EUROPEAN_UNION else 'EX'}"


def _fulfil(deal: Deal, contract: str, owner: str, day: int) -> Story:
    """Shipped, invoiced the same day where shipment makes it billable, delivered, accepted."""
    for after, lines in deal.shipments:
        day += after
        quantities = [option for line in lines for option in ("--line", line)]
        shipment = yield Step(day, owner, ["ship", contract, *quantities])
        if deal.terms != "monthly":
            yield Step(day, ACCOUNTANT, ["invoice", contract])
        day += 4
        yield Step(day, owner, ["ship", "--delivered", shipment["ref"]])
    if deal.accepted_after is not None:
        yield Step(day + deal.accepted_after, owner, ["ship", "--accepted", contract])


def _pay(invoice: dict[str, Any], day: int, habit: Habit) -> Story:
    """The customer pays as it does; the bank may take the last payment back."""
    due = day + (date.fromisoformat(invoice["due_on"]) - date.fromisoformat(invoice["issued_on"])).days
    for after, percent in habit.payments:
        command = ["collect", invoice["ref"], *_share(invoice, percent), "--method", "transfer"]
        payment = yield Step(due + after, ACCOUNTANT, command)
        if habit.bounces_after is not None:
            reversal = ["reverse", payment["ref"], "--reason", "recalled by the bank"]
            yield Step(due + after + habit.bounces_after, ACCOUNTANT, reversal)


def _share(invoice: dict[str, Any], percent: int | None) -> Iterator[str]:
    if percent is not None:
        currency = invoice["currency"]
        yield format_amount(parse_amount(invoice["total"], currency) * percent // 100, currency)
