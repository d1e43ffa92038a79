"""Tokens of RTF and the code pages of its text. Source: RTF specification 1.9.1."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

_TOKEN: Final = re.compile(
    rb"([{}])|\\([A-Za-z]{1,32})(-?[0-9]{1,10})? ?"
    rb"|((?:\\'[0-9A-Fa-f]{2}|[^\\{}]++)++)|\\([^A-Za-z'])",
    re.DOTALL,
)
_BYTE: Final = re.compile(rb"\\'(..)|[\r\n\0]+", re.DOTALL)
_HIGH: Final = re.compile(rb"[\x80-\xff]+")

_CHARSETS: Final = {
    0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gb18030",
    136: "big5hkscs", 161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256",
    186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip
_PAGES: Final = {936: "gb18030", 54936: "gb18030", 950: "big5hkscs", 10000: "mac_roman"}
_DOUBLE: Final = frozenset(("gb18030", "big5hkscs", "cp932", "cp949", "johab"))
SYMBOL_CHARSET: Final = 2


class Kind(Enum):
    OPEN = auto()
    CLOSE = auto()
    WORD = auto()
    TEXT = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A brace, a control word or symbol with its number, or a run of text in some code page."""

    kind: Kind
    word: str = ""
    number: int | None = None
    raw: bytes = b""

    def unescaped(self) -> bytes:
        """The text, in some code page, with its escapes (``\\'b0``) as bytes."""
        return _BYTE.sub(_unescaped, self.raw)


def _unescaped(found: re.Match[bytes]) -> bytes:
    return int(found[1], 16).to_bytes(1, "big") if found[1] else b""


def tokens(data: bytes) -> Iterator[Token]:
    """Tokens in order; binary data (``\\bin``) is left out, a lone backslash skipped."""
    at = 0
    while at < len(data):
        found = _TOKEN.match(data, at)
        if not found:
            at += 1
            continue
        at = found.end()
        brace, word, number, text, symbol = found.groups()
        if brace:
            yield Token(Kind.OPEN if brace == b"{" else Kind.CLOSE)
        elif word:
            value = None if number is None else int(number)
            if word == b"bin":
                at += max(value or 0, 0)
                continue
            yield Token(Kind.WORD, word.decode("ascii"), value)
        elif text:
            yield Token(Kind.TEXT, raw=text)
        else:
            yield Token(Kind.WORD, symbol.decode("latin-1"))


@dataclass(slots=True)
class Font:
    name: str = ""
    charset: int | None = None
    page: int | None = None


def encoding_of_page(page: int) -> str:
    """Codec of a Windows code page, Windows-1252 if unknown."""
    name = _PAGES.get(page, f"cp{page}")
    try:
        codecs.lookup(name)
    except LookupError:
        return "cp1252"
    return name


def decode_run(data: bytes, font: Font | None, default: str) -> str:
    """Text of a run in the code page of its font, else in that of the document."""
    encoding = _encoding(font) or default
    if encoding not in _DOUBLE and default in _DOUBLE and _is_double(data, default):
        encoding = default
    return data.decode(encoding, "replace")


def _encoding(font: Font | None) -> str:
    if font is None:
        return ""
    if font.page:
        return encoding_of_page(font.page)
    return _CHARSETS.get(font.charset or 0, "") if font.charset is not None else ""


def _is_double(data: bytes, encoding: str) -> bool:
    """Whether the high bytes come in pairs: some programs name a Western font for Chinese."""
    runs = _HIGH.findall(data)
    if not runs or any(len(run) % 2 for run in runs):
        return False
    try:
        b"".join(runs).decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
