"""A file as it comes: read once to learn its encoding and its hash, then as often as needed as lines of text."""

from __future__ import annotations

import codecs
import hashlib
import io
import re
import shutil
import stat
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, NamedTuple

from ltc_cli.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO, TextIO

BLOCK = 1 << 20
SAMPLE = 4 << 20
"""Bytes beyond ASCII from which an encoding other than UTF-8 is told."""
LINE_LIMIT = 1 << 20
"""Characters of a line; what is longer is no row of anybody's."""

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF32_BE, "utf-32"),
)
NAMES = {"utf-8-sig": "UTF-8 with BOM", "utf-8": "UTF-8", "gb18030": "GB18030", "cp1252": "Windows-1252"}
PACKED = {b"PK\x03\x04": "an Excel or zip file", b"\xd0\xcf\x11\xe0": "an old Excel file", b"\x1f\x8b": "a gzip file"}
RUBBISH_SHARE = 0.05
"""Of control characters among the first bytes, above which they are no text."""
SPARED_RUBBISH = 8

# A character of UTF-8 beyond ASCII; what is left of the high bytes is no UTF-8.
UTF8_CHARACTER = rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
CHINESE_PAIR = rb"[\xa1-\xf7][\xa1-\xfe]"
"""The two bytes of GB 2312, which hold nearly all Chinese that is written."""
CHINESE_FOUR = rb"[\x81-\xfe][0-9][\x81-\xfe][0-9]"

UNREADABLE = "ltc.unreadable"
"""Bytes that are no character become half a character, which every reader of a value refuses."""
codecs.register_error(UNREADABLE, lambda error: ("\udcff", error.end))  # type: ignore[attr-defined]


class Source(NamedTuple):
    """A file to read rows from."""

    name: str
    """As the user wrote it."""
    file: BinaryIO
    """Can be wound back."""
    size: int
    """In bytes."""
    sha256: str
    encoding: str
    """As Python names it."""

    @property
    def encoding_name(self) -> str:
        return NAMES.get(self.encoding, self.encoding.upper())

    def lines(self) -> Iterator[str]:
        """All lines from the first, each with its own line end; a longer one comes in pieces of `LINE_LIMIT`."""
        self.file.seek(0)
        text = io.TextIOWrapper(self.file, self.encoding, UNREADABLE, newline="")
        try:
            yield text.readline(LINE_LIMIT).removeprefix("\ufeff")
            yield from iter(partial(text.readline, LINE_LIMIT), "")  # `from text` would close the file
        finally:
            text.detach()

    @property
    def position(self) -> int:
        """Bytes that have been read."""
        return self.file.tell()


@contextmanager
def opened(name: str, stdin: TextIO, encoding: str | None = None) -> Iterator[Source]:
    """The named file, or standard input for `-`.

    Raises NotFoundError where it cannot be read, UsageError where it is empty or no text, or for an unknown encoding.
    """
    encoding = _known_encoding(encoding) if encoding is not None else None
    with _standard_input(stdin) if name == "-" else _file(name) as file:
        name = "standard input" if name == "-" else name
        try:
            found = _surveyed(name, file, encoding)
        except OSError as error:
            raise NotFoundError(f"cannot read {name}: {error.strerror}") from error
        yield found


def _known_encoding(name: str) -> str:
    """As Python names it: one that reads text, and goes on after bytes that are none."""
    try:
        codec = codecs.lookup(name).name
        octets = "Name,\u00e9\n".encode(codec, "replace")
        io.TextIOWrapper(io.BytesIO(octets), codec, UNREADABLE).read()
    except (LookupError, ValueError):
        raise UsageError(f"{name[:40]!r} is no encoding", "such as utf-8, utf-16, gb18030, big5 or cp1252") from None
    return codec


def _file(name: str) -> BinaryIO:
    try:
        path = Path(name)
        if stat.S_ISREG(path.stat().st_mode):
            return path.open("rb")
        if path.is_dir():
            raise NotFoundError(f"{name} is a folder", "name a file in it")
        with path.open("rb") as pipe:
            return _spooled(pipe)
    except OSError as error:
        raise NotFoundError(f"cannot read {name}: {error.strerror}") from error


def _standard_input(stdin: TextIO) -> BinaryIO:
    """A copy on disk that can be read twice; the system deletes it."""
    binary: BinaryIO | None = getattr(stdin, "buffer", None)
    return _spooled(binary or io.BytesIO(stdin.read().encode("utf-8", "surrogatepass")))


def _spooled(stream: BinaryIO) -> BinaryIO:
    copy: BinaryIO = TemporaryFile()  # noqa: SIM115  # the caller closes it
    shutil.copyfileobj(stream, copy, BLOCK)
    copy.seek(0)
    return copy


def _surveyed(name: str, file: BinaryIO, encoding: str | None) -> Source:
    """What one pass over the bytes tells."""
    first = file.read(BLOCK)
    if not first:
        raise UsageError(f"{name} is empty", "a file has a header row, or cards, or a JSON object a line")
    digest, utf8 = hashlib.sha256(), _Utf8()
    size = 0
    for block in chain([first], iter(lambda: file.read(BLOCK), b"")):
        digest.update(block)
        utf8.feed(block)
        size += len(block)
    marked = _marked(first, is_utf8=utf8.is_sound)
    chosen = encoding or marked or ("utf-8" if utf8.is_sound else _told(file))
    if chosen in ("utf-16", "utf-32") and chosen != marked:
        chosen += "-le"  # these want a mark
    if not chosen.startswith(("utf-16", "utf-32")):
        _refuse_rubbish(name, first)
    return Source(name, file, size, digest.hexdigest(), chosen)


def _marked(first: bytes, *, is_utf8: bool) -> str | None:
    """The encoding that a byte order mark names; UTF-16 also without one, where zero bytes and sense show it."""
    for mark, encoding in BOMS:
        if first.startswith(mark):
            return encoding
    start = first[:2000]
    if start.count(0) == 0 or (is_utf8 and start.count(0) * 4 < len(start)):  # a stray zero byte is no encoding
        return None
    plain = {name: _plain_characters(start, name) for name in ("utf-16-le", "utf-16-be")}
    likely = max(plain, key=plain.__getitem__)
    return likely if plain[likely] else None


def _plain_characters(start: bytes, encoding: str) -> int:
    """How many characters are ASCII, such as delimiters; none where the rest makes no sense as text.

    Bytes of line ends that are none in the text show that it is none, and so does some rubbish, unless much of it is
    ASCII.
    """
    text = codecs.getincrementaldecoder(encoding)(UNREADABLE).decode(start)
    plain = sum(character in "\r\n\t" or " " <= character <= "~" for character in text)
    is_likely = plain * 4 > len(text)
    has_lines = "\n" in text or "\r" in text or not re.search(rb"[\r\n]", start)
    rubbish = sum(not (character.isprintable() or character.isspace()) for character in text)
    spared = max(len(text) * RUBBISH_SHARE, SPARED_RUBBISH) if is_likely else SPARED_RUBBISH
    return plain if (is_likely or has_lines) and rubbish <= spared else 0


class _Utf8:
    """Whether the bytes are UTF-8, all of them."""

    def __init__(self) -> None:
        self.decoder = codecs.getincrementaldecoder("utf-8")()
        self.is_sound = True

    def feed(self, block: bytes) -> None:
        try:
            if self.is_sound:
                self.decoder.decode(block)
        except UnicodeDecodeError:
            self.is_sound = False


def _told(file: BinaryIO) -> str:
    """What is not UTF-8 as a whole: UTF-8 but for a few damaged bytes, GB 18030, or else Windows-1252.

    Chinese has its high bytes in pairs, or with digits between them, and seldom a single pair inside of a word, as
    `größe` has one.
    """
    sample = _beyond_ascii(file)
    strays, characters = re.subn(UTF8_CHARACTER, b"", sample)
    if characters > 9 * len(re.findall(rb"[\x80-\xff]", strays)):
        return "utf-8"
    rest, fours = re.subn(CHINESE_FOUR, b" ", sample)
    runs = re.findall(rb"([A-Za-z]?)([\x80-\xff]+)(?=([A-Za-z]?))", rest)
    chinese = [run for before, run, after in runs if len(run) % 2 == 0 and not (before and after)]
    paired = 2 * fours + sum(2 * len(re.findall(CHINESE_PAIR, run)) for run in chinese)
    high = 2 * fours + sum(len(run) for _before, run, _after in runs)
    return "gb18030" if paired * 10 > high * 6 else "cp1252"


def _beyond_ascii(file: BinaryIO) -> bytes:
    """The first runs of bytes beyond ASCII, with the digits among them and the letters beside them."""
    file.seek(0)
    found = bytearray()
    while len(found) < SAMPLE and (block := file.read(BLOCK)):
        found += b" ".join([*re.findall(rb"[A-Za-z]?[\x80-\xff][0-9\x80-\xff]*[A-Za-z]?", block), b""])
    return bytes(found)


def _refuse_rubbish(name: str, first: bytes) -> None:
    for mark, what in PACKED.items():
        if first.startswith(mark):
            raise UsageError(f"{name} is {what}, not text", "save it as CSV")
    start = first[:65536]
    rubbish = len(re.findall(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]", start))
    if rubbish > max(len(start) * RUBBISH_SHARE, SPARED_RUBBISH):
        raise UsageError(f"{name} is not text", "leads come as CSV, as JSON lines or as vCards")
