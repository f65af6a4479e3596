"""Files as they come: their encodings told from the bytes, their damage kept to its own lines."""

from __future__ import annotations

import io
import os
import threading
from typing import TYPE_CHECKING, Final

import pytest

from ltc_cli.errors import NotFoundError, UsageError
from ltc_cli.exchange import source
from ltc_cli.exchange.source import BLOCK, LINE_LIMIT

if TYPE_CHECKING:
    from pathlib import Path

DAMAGE: Final = "\udcff"
CHINESE: Final = "姓名,公司\n张伟,北京织机有限公司\n李娜,上海\n"
ENGLISH: Final = "Name,Company\nAda,Engines\n"
GERMAN: Final = "Name,Firma\nJürgen,Größe – €\nZoë,“Café”\n"


def told(path: Path, content: bytes, encoding: str | None = None) -> tuple[str, list[str]]:
    """The encoding and the lines."""
    path.write_bytes(content)
    with source.opened(str(path), io.StringIO(), encoding) as found:
        return found.encoding, list(found.lines())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rows"


def refusal(path: Path, content: bytes, encoding: str | None = None) -> str:
    with pytest.raises(UsageError) as refused:
        told(path, content, encoding)
    return refused.value.message


# Encodings


@pytest.mark.parametrize("text", [CHINESE, ENGLISH, GERMAN, "Name,𠮷\n😀,x\n"])
@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"],
)
def test_unicode_in_every_form(path: Path, text: str, encoding: str) -> None:
    assert told(path, text.encode(encoding))[1] == text.splitlines(keepends=True)


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_utf_16_of_both_byte_orders_by_its_mark(path: Path, mark: bytes) -> None:
    order = "le" if mark == b"\xff\xfe" else "be"
    assert told(path, mark + ENGLISH.encode(f"utf-16-{order}")) == ("utf-16", ["Name,Company\n", "Ada,Engines\n"])


@pytest.mark.parametrize("order", ["le", "be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_utf_16_of_odd_length(path: Path, order: str, mark: str) -> None:
    """A file cut within a character: only its last line is damaged."""
    _encoding, lines = told(path, (mark + ENGLISH).encode(f"utf-16-{order}")[:-1])
    assert lines == ["Name,Company\n", f"Ada,Engines{DAMAGE}"]


@pytest.mark.parametrize("order", ["le", "be"])
def test_utf_16_with_blanks_and_control_characters_of_its_own(path: Path, order: str) -> None:
    text = "Name\u00a0,Firma\u3000\n" + "Ada\x1b,a line of looms and engines, and a hidden \u200b\n" * 200
    assert told(path, text.encode(f"utf-16-{order}"))[1] == text.splitlines(keepends=True)


def test_half_a_character_where_utf_16_was_looked_at_last(path: Path) -> None:
    text = "N" * 999 + "😀\n"
    assert told(path, text.encode("utf-16-le"))[1] == [text]


@pytest.mark.parametrize("text", [ENGLISH, GERMAN])
@pytest.mark.parametrize("at", [3, 4, 14, 20])
def test_a_stray_zero_byte_makes_no_utf_16(path: Path, text: str, at: int) -> None:
    octets = text.encode()
    encoding, lines = told(path, octets[:at] + b"\0" + octets[at:])
    assert encoding == "utf-8"
    assert len(lines) == text.count("\n")


def test_gb18030_with_characters_of_four_bytes(path: Path) -> None:
    text = CHINESE * 3 + "𠮷野,ß\n"
    assert len("𠮷".encode("gb18030")) == 4
    assert told(path, text.encode("gb18030")) == ("gb18030", text.splitlines(keepends=True))


@pytest.mark.parametrize("text", ["名称,x\n😀,ñ\n", "名称,𠮷\nß,ñ\n"])
def test_gb18030_with_little_else(path: Path, text: str) -> None:
    assert told(path, text.encode("gb18030")) == ("gb18030", text.splitlines(keepends=True))


@pytest.mark.parametrize("order", ["le", "be"])
def test_utf_16_on_one_line_with_bytes_of_line_ends_in_its_characters(path: Path, order: str) -> None:
    text = '[{"name": "\u4e0a \u200d"}]'
    assert told(path, text.encode(f"utf-16-{order}")) == (f"utf-16-{order}", [text])


@pytest.mark.parametrize("order", ["le", "be"])
def test_utf_16_with_half_a_character(path: Path, order: str) -> None:
    text = ENGLISH + "Bob\ud800,Bricks\n"
    encoding, lines = told(path, text.encode(f"utf-16-{order}", "surrogatepass"))
    assert encoding == f"utf-16-{order}"
    assert lines[:2] == ENGLISH.splitlines(keepends=True)[:2]


def test_zero_bytes_in_gb18030_make_no_utf_16(path: Path) -> None:
    """Two beside a line end, so that one line of the other encoding ends there, and bytes that there are no letters."""
    strange = "Ada,\u00e7\u00e3,\ue000\n" * 40
    text = "名称,Company,Notes\n" + strange + "Ada,Engines,\0\n\0" + "王伟,上海有限公司,x\n" * 9
    assert told(path, text.encode("gb18030"))[0] == "gb18030"


def test_windows_1252_with_its_euro_and_its_curly_quotes(path: Path) -> None:
    assert told(path, GERMAN.encode("cp1252")) == ("cp1252", GERMAN.splitlines(keepends=True))


def test_an_encoding_is_told_by_bytes_however_late_they_come(path: Path) -> None:
    plain = b"Ada,Engines\n" * (6 << 20 >> 3)
    for text, encoding in ((CHINESE, "gb18030"), (GERMAN, "cp1252")):
        assert told(path, b"Name,Company\n" + plain + text.encode(encoding))[0] == encoding
    damaged = "Zoë,Café\n".encode() * 5 + b"A\xffda,x\n"
    assert told(path, b"Name,Company\n" + plain + damaged)[0] == "utf-8"


@pytest.mark.parametrize("damage", [b"\xff", b"\x80", b"\xc3", b"\xe4\xbd", b"\xed\xa0\x80", b"\xf0\x9f"])
def test_damaged_bytes_in_utf_8_cost_their_own_lines(path: Path, damage: bytes) -> None:
    good = "张伟,北京\n".encode() * 20
    encoding, lines = told(path, "姓名,公司\n".encode() + good + b"Ad" + damage + b",x\n" + good)
    assert encoding == "utf-8"
    assert [number for number, line in enumerate(lines) if DAMAGE in line] == [21]
    assert lines[21].rstrip("\n").replace(DAMAGE, "") == "Ad,x"


@pytest.mark.parametrize("damage", [b"\x81", b"\xff", b"\x80"])
@pytest.mark.parametrize("after", [b"\n", b",x\n", b'"\n'])
def test_damage_in_gb18030_takes_no_delimiter_with_it(path: Path, damage: bytes, after: bytes) -> None:
    encoding, lines = told(path, (CHINESE * 5).encode("gb18030") + damage + after + b"Ada,x\n")
    assert encoding == "gb18030"
    assert lines[15].endswith(after.decode())
    assert lines[16] == "Ada,x\n"


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_character_cut_at_the_end_of_a_block(path: Path, cut: int) -> None:
    """Characters of three bytes, wherever the first block ends."""
    text = "Name\n" + "x" * (BLOCK - 20 - cut) + "\n" + "北京" * 20 + "\n"
    assert told(path, text.encode()) == ("utf-8", text.splitlines(keepends=True))


# What the user says


@pytest.mark.parametrize(
    ("said", "encoding"),
    [("UTF-8", "utf-8"), ("utf8", "utf-8"), ("latin-1", "iso8859-1"), ("Windows-1252", "cp1252"), ("GBK", "gbk")],
)
def test_an_encoding_that_is_said(path: Path, said: str, encoding: str) -> None:
    assert told(path, ENGLISH.encode(), said) == (encoding, ["Name,Company\n", "Ada,Engines\n"])


@pytest.mark.parametrize("said", ["utf-16", "utf-32", "utf-8", "utf-16-le"])
def test_a_mark_is_no_part_of_the_first_name(path: Path, said: str) -> None:
    octets = ("\ufeff" + ENGLISH).encode(said) if said in ("utf-8", "utf-16-le") else ENGLISH.encode(said)
    assert told(path, octets, said)[1] == ["Name,Company\n", "Ada,Engines\n"]


@pytest.mark.parametrize("said", ["utf-16", "utf-32"])
def test_an_encoding_that_wants_a_mark_and_has_none(path: Path, said: str) -> None:
    assert told(path, ENGLISH.encode(f"{said}-le"), said)[1] == ["Name,Company\n", "Ada,Engines\n"]


@pytest.mark.parametrize("said", ["", "nope", "rot13", "base64", "zlib", "idna", "punycode", "undefined", "ü" * 300])
def test_what_is_no_encoding(path: Path, said: str) -> None:
    assert refusal(path, ENGLISH.encode(), said).endswith("is no encoding")


# Lines


def test_long_lines_come_in_pieces(path: Path) -> None:
    _encoding, lines = told(path, b"x" * (2 * LINE_LIMIT + 5) + b"\nlast")
    assert list(map(len, lines)) == [LINE_LIMIT, LINE_LIMIT, 6, 4]


def test_lines_can_be_read_again_and_by_halves(path: Path) -> None:
    path.write_bytes(b"1\n2\n3\n")
    with source.opened(str(path), io.StringIO()) as found:
        first = found.lines()
        assert next(first) == "1\n"
        del first
        assert list(found.lines()) == list(found.lines()) == ["1\n", "2\n", "3\n"]


# What is no text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04" + bytes(100), "is an Excel or zip file, not text"),
        (b"\xd0\xcf\x11\xe0" + bytes(100), "is an old Excel file, not text"),
        (b"\x1f\x8b\x08" + bytes(100), "is a gzip file, not text"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9, "is not text"),
        (b"\x7fELF" + bytes(range(32)) * 99, "is not text"),
        (bytes(1000), "is not text"),
    ],
)
def test_what_is_no_text(path: Path, content: bytes, message: str) -> None:
    assert refusal(path, content).endswith(message)


@pytest.mark.parametrize("seed", range(20))
def test_random_bytes_are_no_text(path: Path, seed: int) -> None:
    import random

    assert refusal(path, random.Random(seed).randbytes(5000)).endswith("is not text")


# Where it lies


def test_a_pipe_with_a_name(path: Path) -> None:
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_bytes(ENGLISH.encode()))
    writer.start()
    with source.opened(str(path), io.StringIO()) as found:
        assert list(found.lines()) == list(found.lines()) == ["Name,Company\n", "Ada,Engines\n"]
    writer.join()


def test_standard_input_of_bytes_and_of_text() -> None:
    for stdin in (io.TextIOWrapper(io.BytesIO(ENGLISH.encode())), io.StringIO(ENGLISH)):
        with source.opened("-", stdin) as found:
            assert (found.name, len(list(found.lines()))) == ("standard input", 2)


@pytest.mark.parametrize("name", ["nowhere", "x" * 5000, "folder"])
def test_what_cannot_be_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with (
        pytest.raises(NotFoundError, match=r"cannot read|is a folder"),
        source.opened(str(tmp_path / name), io.StringIO()),
    ):
        pass
