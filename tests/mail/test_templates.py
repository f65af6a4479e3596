"""Templates of the user's own, and what is wrong with one before anybody waits for its mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from ltc_cli.mail import samples, sandbox, templates
from tests.support import Company, folder_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

CONFIG: Final = """
company: {name: Acme, email: hello@acme.example}
mail: {templates: templates}
nurture: {sequences: {hello: [{after: 0d, mail: hello}]}}
"""
SOUND: Final = "Hello {{ name }}\n\nWe are {{ seller_name }}.\n"


@pytest.fixture
def company() -> Iterator[Company]:
    with folder_in_memory() as folder:
        found = Company(folder, config=CONFIG)
        for language in templates.LANGUAGES:
            (folder / "templates" / language).mkdir(parents=True)
        found.ltc("lead", "add", "Ada", "--email", "ada@ada.example")
        yield found
    sandbox.environment.cache_clear()


def write(company: Company, name: str, text: str) -> None:
    path = company.path.parent / "templates" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


def mail(company: Company) -> Message:
    from email import message_from_bytes
    from email.policy import default

    company.ltc("nurture", "L1", "--enroll", "hello")
    company.ltc("nurture", "--due", "--to-folder", str(company.path.parent / "mails"))
    return message_from_bytes((company.path.parent / "mails" / "M1.eml").read_bytes(), policy=default)


@pytest.mark.parametrize("name", samples.SAMPLES)
@pytest.mark.parametrize("language", templates.LANGUAGES)
def test_our_own_templates_are_sound(name: str, language: str) -> None:
    for each in ("welcome", "followup") if name == "lead" else (name,):
        assert list(templates.problems(each, samples.SAMPLES[name])) == []
        assert (templates.FOLDER / language / f"{each}.html").is_file()


def test_every_sample_has_the_names_of_the_first() -> None:
    for first, *others in samples.SAMPLES.values():
        assert all(set(other) == set(first) for other in others)


def test_a_template_of_one_s_own_with_its_html(company: Company) -> None:
    write(company, "en/hello.txt", SOUND)
    write(company, "en/hello.html", "<p>{{ name }}</p>\n")
    company.ltc("edit", "L1", "name=Ada & <b>Co</b>")
    found = mail(company)
    plain, html = found.iter_parts()  # type: ignore[attr-defined]
    assert found["Subject"] == "Hello Ada & <b>Co</b>"
    assert plain.get_content().split() == ["We", "are", "Acme."]
    assert html.get_content().strip() == "<p>Ada &amp; &lt;b&gt;Co&lt;/b&gt;</p>"


def test_without_html_the_text_is_made_html(company: Company) -> None:
    write(
        company,
        "en/hello.txt",
        "Hi\n\nfor {{ '%s, 10115 %5s'|format(name, 'B') }}{{ ': 10115{:>2}'.format('.') }}\nand <you>\n",
    )
    _plain, html = mail(company).iter_parts()  # type: ignore[attr-defined]
    assert "for Ada, 10115     B: 10115 .<br>\nand &lt;you&gt;" in html.get_content().replace("\r\n", "\n")


def test_who_has_one_language_alone_writes_in_it(company: Company) -> None:
    write(company, "zh/hello.txt", "您好 {{ name }}\n\n欢迎\n")
    assert mail(company)["Subject"] == "您好 Ada"


def test_the_invoice_can_be_one_s_own(company: Company) -> None:
    write(company, "en/hello.txt", SOUND)
    write(company, "en/invoice.txt", "Bill {{ number }}\n\n{{ total }} {{ currency }}, {{ buyer_name }}\n")
    for line in ("promote L1 --amount 1200", "sign O1 --terms 100%sign", "invoice C1"):
        company.ltc(*[word.replace("%", "% ") for word in line.split()])
    company.ltc("send", "INV-2026-0001", "--to-folder", str(company.path.parent / "mails"))
    text = (company.path.parent / "mails" / "M1.eml").read_text()
    assert "Subject: Bill INV-2026-0001" in text
    assert "1,200.00 EUR, Ada" in text


def test_every_field_of_the_samples_is_told(company: Company) -> None:
    """What the reference lists can be written: a field that is not told would be an error."""
    for kind, (sample, *_others) in samples.SAMPLES.items():
        write(company, f"en/{ {'lead': 'hello'}.get(kind, kind) }.txt", "x\n\n" + "".join(_all_of(sample)))
    for line in (
        ("nurture", "L1", "--enroll", "hello"),
        ("nurture", "--due", "--no-send"),
        ("promote", "L1"),
        ("quote", "O1", "--line", "Loom:2:50:Z:-10%", "--terms", "100% sign; net 0; 2%/10"),
        ("send", "Q1", "--no-send"),
        ("sign", "Q1"),
        ("invoice", "C1"),
        ("send", "INV-2026-0001", "--no-send"),
        ("credit", "INV-2026-0001", "1", "--reason", "late"),
        ("send", "CN-2026-0001", "--no-send"),
    ):
        company.ltc(*line)
    company.ltc("dun", "--no-send", today="2026-06-20")
    assert [row["kind"] for row in company.ltc("outbox", "list")] == ["lead", "quote", "invoice", "credit", "notice"]


def _all_of(sample: dict[str, Any]) -> Iterator[str]:
    """A template that writes every field, of a list each field of its rows."""
    for name, value in sample.items():
        if isinstance(value, list):
            parts = "".join(f"{{{{ row.{part} }}}}" for part in value[0])
            yield f"{{% for row in {name} %}}{parts}{{% endfor %}}"
        elif isinstance(value, dict):
            yield "".join(f"{{{{ {name}.{part} }}}}" for part in value)
        else:
            yield f"{{{{ {name} }}}}"


HIDDEN: Final = "x\n\n{% for line in lines %}{% if line.net == '' %}{{ line.prise }}{% endif %}x{% endfor %}"
AFTER_LOOP: Final = "x\n\n{% for line in lines %}x{% endfor %}{% if number == '' %}{{ line.text }}{% endif %}"
FIRST_LINE: Final = "x\n\nx{{% if lines|length > 9 %}}{{{{ lines[0].{} }}}}{{% endif %}}"
WRONG: Final = {
    "{{ naem }}": "'naem' is not known; there is ",
    "{% if title %}{{ oops }}{% endif %}": "'oops' is not known",
    "{% if name == '' %}{{ name|shout }}{% endif %}": "there is no filter 'shout'",
    "{{ name.first.last }}": "'name.first' is not known",
    "{% if %}": "line 3: Expected an expression",
    "{{ ''.__class__.__mro__ }}": "access to attribute '__class__' of 'str' object is unsafe",
    "{{ name.__class__ }}": "is unsafe",
    "{{ 'x' * 1000000 }}": "* is not for templates",
    "{{ 9 ** 9 ** 9 }}": "** is not for templates",
    "{% for i in range(9999) %}{{ name|center(200) }}{% endfor %}": "writes more than 1,000,000 characters",
    "{{ '%999999999d'|format(1) }}": "is too wide",
    "{{ '%*d'|format(999999999, 1) }}": "999999999 is more than 10,000",
    "{{ '%999999999d' % 1 }}": "% is not for templates",
    "{{ '{:999999999}'.format(1) }}": "is too wide",
    "{{ '{:{}}'.format(1, 999999999) }}": "is too wide",
    "{{ '{:{w}}'.format('x', w='500000000') }}": "is too wide",
    "{{ '%.99999d'|format(1) }}": "is too wide",
    "{{ name.center(999999999) }}": "999999999 is more than 10,000",
    "{{ name|center(999999999) }}": "999999999 is more than 10,000",
    "{{ name|indent(width=999999999) }}": "999999999 is more than 10,000",
    "{{ name|urlize }}": "No filter named 'urlize'",
    "{{ lipsum(n=9999) }}": "'lipsum' is not known",
    "{% include '../../config.yaml' %}": "there is no file '../../config.yaml'",
    "{% include '/etc/passwd' %}": "there is no file '/etc/passwd'",
    "{% set n = namespace(x='aa') %}{% for i in range(40) %}{% set n.x = n.x ~ n.x %}{% endfor %}": "is too much",
    "{% macro m(x) %}{{ x }}{{ x }}{% endmacro %}{% set n = namespace(x='aa') %}{% for i in range(40) %}"
    "{% set n.x = m(n.x) %}{% endfor %}": "is too much",
    "{% set n = namespace(x='aa') %}{% for i in range(9) %}{% set n.x = n.x|replace('a', n.x) %}{% endfor %}"
    "{{ n.x|length }}": "is too much",
    "{% set n = namespace(x='aa') %}{% for i in range(9) %}{% set n.x = n.x.join(n.x) %}{% endfor %}": "is too much",
    "{% if name == '' %}{{ name.oops }}{% endif %}": "'name.oops' is not known",
    "{% if name == '' %}{% include 'en/foot.txt' %}{% endif %}": "there is no file 'en/foot.txt' to include",
    "{{ name.split()[1] }}": "list object has no element 1",
    "{{ 1 / 0 }}": "division by zero",
    "{{ [name]|map(attribute='nope')|list }}": "has no attribute 'nope'",
    "{{ [name]|map(attribute='nope')|list|string }}": "has no attribute 'nope'",
    "{{ [name]|map(attribute='__class__')|list }}": "is unsafe",
    "{{ {'x': [name]|map(attribute='nope')|first} }}": "has no attribute 'nope'",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_found_by_config_check_and_sends_nothing(text: str, company: Company) -> None:
    write(company, "en/hello.txt", f"Hello\n\n{text}\n")
    found = company.ltc("config", "check", fails=6)["message"]
    assert WRONG[text] in found
    assert found.count("en/hello.txt") == 1
    company.ltc("nurture", "L1", "--enroll", "hello")
    before = company.dump()
    assert WRONG[text] in company.ltc("nurture", "--due", "--no-send", fails=6)["message"]
    assert company.dump() == before


RIGHT: Final = (
    "{% if buyer_name %}{% set line = lines[0] %}{{ line.text }}{% endif %}",
    "{% set seller_name = {'first': 'Acme'} %}{{ seller_name.first }}",
    "{% macro row(lines) %}{{ lines.text }}{% endmacro %}{{ row(lines[0]) }}",
    "{% for each in lines %}{{ each.text }}{% endfor %}{% for each in taxes %}{{ each.code }}{% endfor %}",
    "{% if is_paid > 1 %}{{ lines[-1].text }}{{ buyer_name.upper() }}{{ lines[0].keys()|list }}{% endif %}",
    "{% include 'en/foot.txt' ignore missing %}x",
    "{% include './en/there.txt' %}{% include 'en//there.txt' %}",
    "{% import 'en/there.txt' as lines %}{{ lines.money(3) }}",
    "{% from 'en/there.txt' import money as taxes %}{{ taxes(3) }}",
    "{% if is_paid > 1 %}{% import 'en/there.txt' as there %}{{ there.money(3) }}{% endif %}",
    "{% if lines[0].oops is defined %}{% endif %}{{ lines[0].oops|default('x') }}",
)


@pytest.mark.parametrize("text", RIGHT)
def test_what_is_right_is_not_refused(text: str, company: Company) -> None:
    write(company, "en/hello.txt", SOUND)
    write(company, "en/there.txt", "{% macro money(x) %}{{ x }}{% endmacro %}")
    write(company, "en/invoice.txt", f"{{{{ number }}}}\n\nx{text}\n")
    company.ltc("config", "check")


def test_a_template_without_an_end_is_stopped(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "SECONDS", 0.1)
    write(company, "en/hello.txt", "x\n\n{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}y")
    assert "takes more than 0.1 seconds" in company.ltc("config", "check", fails=6)["message"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "there is no template hello in"),
        ({"en/hello.html": "<p>x</p>"}, "there is no template hello in"),
        ({"en/hello.txt": "only a subject"}, "there is no text below its subject"),
        ({"en/hello.txt": "two\nlines\n\nbody"}, "its first line is the subject"),
        ({"en/hello.txt": SOUND, "en/hello.html": "{{ naem }}"}, "en/hello.html: 'naem' is not known"),
        ({"en/hello.txt": SOUND, "zh/hello.txt": "{{ naem }}\n\nx"}, "zh/hello.txt: 'naem' is not known"),
        ({"en/hello.txt": SOUND, "zh/quote.txt": "{{ naem }}\n\nx"}, "zh/quote.txt: 'naem' is not known"),
        ({"en/hello.txt": SOUND, "en/invoice.txt": HIDDEN}, "en/invoice.txt: 'line.prise' is not known; there is "),
        (
            {"en/hello.txt": SOUND, "en/invoice.txt": FIRST_LINE.format("oops")},
            "'lines[0].oops' is not known; there is ",
        ),
        (
            {
                "en/hello.txt": SOUND,
                "en/invoice.txt": AFTER_LOOP,
            },
            "en/invoice.txt: 'line' is not known; there is ",
        ),
        ({"en/hello.txt": SOUND, "en/notice.txt": "{{ buyer_name[1] }}\n\nx"}, "str object has no element 1"),
        ({"en/hello.txt": SOUND, "en/credit.txt": "{{ reason.split()[1] }}\n\nx"}, "list object has no element 1"),
        ({"en/hello.txt": SOUND, "de/invoice.txt": SOUND}, "de/invoice.txt is read by nobody there; move it to en or"),
    ],
)
def test_every_file_is_tried(files: dict[str, str], message: str, company: Company) -> None:
    for name, text in files.items():
        write(company, name, text)
    assert message in company.ltc("config", "check", fails=6)["message"]


@pytest.mark.parametrize("more", [{}, {"en/quote.txt": "{% if"}])
def test_a_wrong_document_stops_those_alone_who_write_it(more: dict[str, str], company: Company) -> None:
    for name, text in {"en/hello.txt": SOUND, "zh/notice.txt": "{{ naem }}\n\nx", **more}.items():
        write(company, name, text)
    company.ltc("config", "check", fails=6)
    assert mail(company)["Subject"] == "Hello Ada"
    for line in ("promote L1", "quote O1 --line X:1:9", "sign Q1 --terms 100%sign", "invoice C1"):
        company.ltc(*[word.replace("%", "% ") for word in line.split()])
    company.ltc("send", "INV-2026-0001", "--to-folder", str(company.path.parent / "mails"))
    company.ltc("send", "Q1", "--no-send", fails=6 if more else None)


def test_a_file_that_is_no_text(company: Company) -> None:
    (company.path.parent / "templates" / "en" / "hello.txt").write_bytes(b"\xff\n\nx")
    assert "template en/hello.txt: is no text in UTF-8" in company.ltc("config", "check", fails=6)["message"]


def test_a_folder_that_is_not_there(company: Company) -> None:
    company.config_path.write_text(CONFIG.replace("templates: templates", "templates: elsewhere"))
    assert "mail.templates: there is no folder" in company.ltc("config", "check", fails=6)["message"]


def test_the_word_subject_before_the_subject_is_that_of_a_mail(company: Company) -> None:
    write(company, "en/hello.txt", f"Subject: {SOUND}")
    assert mail(company)["Subject"] == "Hello Ada"


@pytest.mark.parametrize("name", ["hello", "reminder", "invoice"])
def test_a_template_beside_the_languages_is_named(name: str, company: Company) -> None:
    write(company, "en/hello.txt", SOUND)
    write(company, "README.txt", "{{ whatever")
    company.ltc("config", "check")
    write(company, f"{name}.txt", SOUND)
    message = company.ltc("config", "check", fails=6)["message"]
    problem = f"mail.templates: {name}.txt is read by nobody there; move it to en or zh/{name}.txt"
    assert message == f"config.yaml line 3: {problem}"


def test_what_is_used_by_nothing_is_named(company: Company) -> None:
    """`remindr` is a mistake for `reminder`, a level of its own; `foot` is included, `invoice` and `hello` are used."""
    for file in ("en/remindr.txt", "zh/remindr.html", "en/reminder.txt", "en/foot.txt", "zh/invoice.txt"):
        write(company, file, "A subject\n\nand a text\n")
    write(company, "en/hello.txt", SOUND + "{% include 'en/foot.txt' %}\n{{ unsubscribe }}\n")
    assert company.run("config", "check") == 0
    assert [line for line in company.err.splitlines() if "en/" in line or "zh/" in line] == [
        "mail.templates: en/remindr.txt is used by nothing",
        "mail.templates: zh/remindr.html is used by nothing",
    ]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"en/hello.txt": SOUND}, "en/hello.txt"),
        ({"en/hello.txt": SOUND + "{{ unsubscribe }}", "en/hello.html": "<p>x</p>"}, "en/hello.html"),
        ({"en/hello.txt": SOUND + "{% include 'en/foot.txt' %}", "en/foot.txt": "{{ unsubscribe }}"}, ""),
    ],
)
def test_a_sequence_that_says_nowhere_how_to_leave_it(files: dict[str, str], said: str, company: Company) -> None:
    for name, text in files.items():
        write(company, name, text)
    assert company.run("config", "check") == 0
    assert "{{ unsubscribe }}" not in company.err if not said else f"{said} has no {{{{ unsubscribe }}}}" in company.err


def test_a_name_that_leads_out_of_the_folder(company: Company) -> None:
    write(company, "out.txt", SOUND)
    for name in ("../out", "/etc/passwd", "../../../etc/hostname", "en/../../out"):
        company.config_path.write_text(CONFIG.replace(" mail: hello}", f" mail: {name}}}"))
        assert "there is no template" in company.ltc("config", "check", fails=6)["message"]


def test_without_a_folder_the_names_are_ours(company: Company) -> None:
    company.config_path.write_text(CONFIG.replace("mail: {templates: templates}\n", ""))
    assert (
        "there is no template hello (mail.templates is not set)" in company.ltc("config", "check", fails=6)["message"]
    )
    company.config_path.write_text(CONFIG.replace(" mail: hello}", " mail: followup}"))
    write(company, "en/hello.txt", SOUND)
    assert company.run("config", "check") == 0


def test_the_checksum_is_of_the_words_that_are_written(company: Company) -> None:
    """Whatever was edited since the process read them, which a long batch does once."""
    folder, data = company.path.parent / "templates", samples.SAMPLES["lead"][0]
    write(company, "en/hello.txt", SOUND + "{% include 'en/foot.txt' %}\n")
    write(company, "en/foot.txt", "Acme")
    first = templates.sha256("hello", "en", folder)
    write(company, "en/foot.txt", "Acme Ltd")
    assert templates.sha256("hello", "en", folder) == first
    assert templates.render("hello", "en", data, folder).text.endswith("\nAcme")
    sandbox.environment.cache_clear()
    assert templates.sha256("hello", "en", folder) != first
    assert templates.render("hello", "en", data, folder).text.endswith("\nAcme Ltd")
