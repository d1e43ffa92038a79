"""One normal form of text for all readers.

:func:`clean` works character by character (a character is kept, replaced by one
other character, or dropped), so a reader that carries geometry can apply it to
single characters and keep its boxes aligned.
"""

from __future__ import annotations

import re
import unicodedata

# Radicals that PDF fonts often give instead of the character that was meant. Unicode has no
# compatibility mapping for these simplified forms, and maps ⼾ to the traditional 戶.
_RADICALS = dict(
    zip(
        "⼾⺠⺟⻁⻄⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻨⻩⻬⻮⻰",
        "户民母虎西见角贝车长门青韦页风飞食马骨鬼鱼鸟麦黄齐齿龙",
        strict=True,
    )
)


def _table() -> dict[int, str | None]:
    table: dict[int, str | None] = dict.fromkeys((*range(32), *range(127, 160)))
    invisible = (0xAD, 0x34F, 0x61C, 0x180E, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F))
    table |= dict.fromkeys((*invisible, *range(0x2060, 0x2070), *range(0xFFF9, 0xFFFC)))
    table |= dict.fromkeys(
        (0x09, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000), " "
    )
    table |= dict.fromkeys((0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029), "\n")
    table |= dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
    for code in (*range(0x2E80, 0x2FE0), *range(0xF900, 0xFB00)):
        compatible = unicodedata.normalize("NFKC", chr(code))
        if len(compatible) == 1 and compatible != chr(code):
            table[code] = compatible
    return table | {ord(radical): char for radical, char in _RADICALS.items()}


_TABLE = _table()


def clean(text: str) -> str:
    """Drop what cannot be seen, turn every kind of space into ``" "``.

    Zero-width characters, controls, NULs and soft hyphens go; tabs, no-break and
    ideographic spaces become a space; every line separator becomes ``"\\n"``
    (``"\\r\\n"`` gives two: split lines before); CJK radicals and compatibility
    ideographs become the ordinary character.
    """
    return text.translate(_TABLE)


def one_line(text: str) -> str:
    """:func:`clean`, with runs of white space as one space and none at the ends."""
    return re.sub(r"\s+", " ", clean(text)).strip()
