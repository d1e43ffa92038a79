"""Changes to a file that a seed determines: of bytes, of text and markup, and inside a format."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from typing import Final

from . import structured
from .seeds import formats, seeds

Chance = random.Random
Change = Callable[[bytes, Chance], bytes]

_BYTES: Final = (0x00, 0x01, 0x07, 0x20, 0x3C, 0x7F, 0x80, 0xC8, 0xFE, 0xFF)
_WORDS: Final = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_NUMBERS: Final = (
    *(b"0", b"-1", b"1", b"255", b"65536", b"2147483647", b"-2147483648", b"4294967296"),
    *(b"99999999999999999999", b"1e308", b"-1e309", b"NaN", b"0.0000001", b"", b"x", b"1" * 400),
)
_STRANGE: Final = (
    *("\0", "\x1b[31m", "\u2028", "\ufeff", "\ufffe", "\u202e", "\U0010ffff", "a\u0300" * 300),
    *("&#0;", "&#x110000;", "&lol;", "<!--", "]]>", "<![CDATA[", "<?", "</", "%", "\r", "。" * 500),
)
_LARGEST: Final = 1 << 20
"""Bytes that a mutation may grow a file to."""

_NUMBER: Final = re.compile(rb"-?\d+(?:\.\d+)?")
_TAG: Final = re.compile(rb"<[^<>]{1,300}>")
_ATTRIBUTE: Final = re.compile(rb"""=("[^"<>]*"|'[^'<>]*')""")
_TEXT_FORMATS: Final = frozenset(
    ("html", "mhtml", "rtf", "txt", "md", "csv", "eml", "word-xml", "pdf")
)


def mutated(format: str, seed: int) -> bytes:
    """The file that ``format`` and ``seed`` stand for; the same at every call."""
    chance = random.Random(f"{format} {seed}")
    data = chance.choice(seeds(format))
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        data = chance.choice(_changes(format))(data, chance)
    if data in seeds(format):
        data = _flip(data, chance)
    return data[:_LARGEST]


def _changes(format: str) -> Sequence[Change]:
    inside = structured.CHANGES.get(format, ())
    textual = (change_text,) * 3 if format in _TEXT_FORMATS else ()
    # Where a checksum guards the file, blind changes mostly meet the guard.
    return (change_bytes, change_bytes, *textual, *(_within(change) for change in inside))


def _within(change: structured.Inside) -> Change:
    """A change inside a format, whose inner bytes are changed like those of any file."""

    def inner(data: bytes, chance: Chance) -> bytes:
        return chance.choice((change_bytes, change_text, change_text))(data, chance)

    return lambda data, chance: change(data, chance, inner)


def change_bytes(data: bytes, chance: Chance) -> bytes:
    return chance.choice(_BYTE_CHANGES)(data, chance) if data else data


def change_text(data: bytes, chance: Chance) -> bytes:
    return chance.choice(_TEXT_CHANGES)(data, chance) if data else data


def _span(data: bytes, chance: Chance, longest: int = 4096) -> tuple[int, int]:
    start = chance.randrange(len(data))
    return start, min(len(data), start + chance.randint(1, chance.choice((4, 64, 512, longest))))


def _flip(data: bytes, chance: Chance) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 2, 8, 40))):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _overwrite(data: bytes, chance: Chance) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 3, 30))):
        changed[chance.randrange(len(changed))] = chance.choice(_BYTES)
    return bytes(changed)


def _word(data: bytes, chance: Chance) -> bytes:
    """A number of two or four bytes at an even offset set to an extreme."""
    size = chance.choice((2, 4))
    at = chance.randrange(max(len(data) - size, 1)) & ~1
    value = chance.choice(_WORDS) & ((1 << 8 * size) - 1)
    return data[:at] + value.to_bytes(size, chance.choice(("little", "big"))) + data[at + size :]


def _cut(data: bytes, chance: Chance) -> bytes:
    return data[: chance.randrange(len(data))]


def _remove(data: bytes, chance: Chance) -> bytes:
    start, end = _span(data, chance)
    return data[:start] + data[end:]


def _repeat(data: bytes, chance: Chance) -> bytes:
    start, end = _span(data, chance)
    return data[:end] + data[start:end] * chance.choice((1, 2, 50)) + data[end:]


def _swap(data: bytes, chance: Chance) -> bytes:
    (a, b), (c, d) = sorted((_span(data, chance), _span(data, chance)))
    return data if c < b else data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def _clear(data: bytes, chance: Chance) -> bytes:
    start, end = _span(data, chance)
    return data[:start] + bytes([chance.choice((0, 255))]) * (end - start) + data[end:]


def _insert(data: bytes, chance: Chance) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + chance.randbytes(chance.choice((1, 16, 300))) + data[at:]


def _splice(data: bytes, chance: Chance) -> bytes:
    """A piece of any valid file put into this one, or its end behind this one's beginning."""
    other = chance.choice(seeds(chance.choice(formats())))
    start, end = _span(other, chance, 20_000)
    at = chance.randrange(len(data))
    return data[:at] + (other[start:] if chance.random() < 0.3 else other[start:end] + data[at:])


def _number(data: bytes, chance: Chance) -> bytes:
    return _replaced(data, _NUMBER, chance, lambda _: chance.choice(_NUMBERS), 1, 3)


def _attribute(data: bytes, chance: Chance) -> bytes:
    values = (*_NUMBERS, b"A" * 5000, b"../../../x", b"http://127.0.0.1:9/x", "值".encode())
    return _replaced(data, _ATTRIBUTE, chance, lambda _: b'="' + chance.choice(values) + b'"', 1, 2)


def _untag(data: bytes, chance: Chance) -> bytes:
    return _replaced(data, _TAG, chance, lambda _: b"", 1, 5)


def _retag(data: bytes, chance: Chance) -> bytes:
    """Tags in the place of others: what may not stand inside what."""
    tags = _TAG.findall(data)
    return _replaced(data, _TAG, chance, lambda _: chance.choice(tags), 1, 4) if tags else data


def _nest(data: bytes, chance: Chance) -> bytes:
    depth = chance.choice((10, 300, 3000))
    return _replaced(data, _TAG, chance, lambda tag: tag * depth, 1, 1)


def _strange(data: bytes, chance: Chance) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + chance.choice(_STRANGE).encode() + data[at:]


def _replaced(
    data: bytes,
    pattern: re.Pattern[bytes],
    chance: Chance,
    new: Callable[[bytes], bytes],
    fewest: int,
    most: int,
) -> bytes:
    """With some matches of the pattern replaced."""
    found = [match.span() for match in pattern.finditer(data)]
    chosen = chance.sample(found, min(len(found), chance.randint(fewest, most)))
    for start, end in sorted(chosen, reverse=True):
        data = data[:start] + new(data[start:end]) + data[end:]
    return data


_BYTE_CHANGES: Final = (
    *(_flip, _overwrite, _word, _word, _cut, _remove, _repeat, _swap, _clear, _insert, _splice),
)
_TEXT_CHANGES: Final = (_number, _number, _attribute, _untag, _retag, _nest, _strange)
