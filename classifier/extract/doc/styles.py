"""Styles and fonts of a Word 97–2003 file.

Source: [MS-DOC] 2.9.271 (STSH), 2.9.258 (STD), 2.9.286 (SttbfFfn).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from classifier.extract.doc.formatting import (
    HIDDEN,
    LIST,
    LIST_LEVEL,
    OUTLINE_LEVEL,
    Properties,
    number,
    properties,
)
from classifier.extract.word.styles import Style, Styles

_NO_STYLE: Final = 0xFFF
_FONT_NAME: Final = 39
_PARAGRAPH: Final = 1
_CHARACTER: Final = 2
# Built-in styles may be named in the language of the program: their number tells what they are.
_BUILT_IN: Final = {
    **{sti: f"heading {sti}" for sti in range(1, 10)},
    **{sti: f"toc {sti - 18}" for sti in range(19, 28)},
    35: "table of figures",
    62: "title",
}


def read_styles(stsh: bytes) -> Styles:
    """Styles by index in decimal; those of a broken sheet up to the break."""
    return Styles.of(_styles(stsh), default="0")


def read_fonts(table: bytes) -> list[str]:
    """Names of the fonts by index."""
    fonts: list[str] = []
    at = 4
    while at < len(table):
        end = at + 1 + table[at]
        name = table[at + 1 + _FONT_NAME : end].decode("utf-16-le", "replace")
        fonts.append(name.partition("\0")[0])
        at = end
    return fonts


def list_id(ilfo: int) -> str:
    """Id of a list by sprmPIlfo: negative for lists that keep the indent of the text."""
    return str(0x10000 - ilfo if ilfo > 0xF801 else ilfo)


def _styles(stsh: bytes) -> Iterator[Style]:
    if len(stsh) < 6:
        return
    header, count, base = struct.unpack_from("<HHH", stsh)
    at = 2 + header
    for index in range(count):
        if at + 2 > len(stsh):
            return
        size = struct.unpack_from("<H", stsh, at)[0]
        std = stsh[at + 2 : at + 2 + size]
        at += 2 + size + (size & 1)
        if len(std) > base >= 10:
            yield _style(str(index), std, base)


def _style(id: str, std: bytes, base: int) -> Style:
    sti, kind_base = struct.unpack_from("<HH", std)
    kind, based_on = kind_base & 0xF, kind_base >> 4
    length = int.from_bytes(std[base : base + 2], "little")
    name = std[base + 2 : base + 2 + 2 * length].decode("utf-16-le", "replace")
    paragraph, character = _formats(std, base + 4 + 2 * length, kind)
    level = paragraph.get(LIST_LEVEL)
    outline = paragraph.get(OUTLINE_LEVEL)
    hidden = character.get(HIDDEN)
    return Style(
        id=id,
        name=_BUILT_IN.get(sti & _NO_STYLE) or name.split(",")[0],
        based_on="" if based_on == _NO_STYLE else str(based_on),
        outline=None if outline is None else outline[0],
        num_id=list_id(number(paragraph, LIST)) if LIST in paragraph else None,
        num_level=None if level is None else level[0],
        hidden=None if hidden is None else bool(hidden[0] & 1),
    )


def _formats(std: bytes, at: int, kind: int) -> tuple[Properties, Properties]:
    """Modifiers of paragraphs and of characters that a style sets."""
    parts: list[bytes] = []
    while at + 2 <= len(std) and len(parts) < 2:
        size = struct.unpack_from("<H", std, at)[0]
        parts.append(std[at + 2 : at + 2 + size])
        at += 2 + size + (size & 1)
    if kind == _PARAGRAPH:
        paragraph, character = (*parts, b"", b"")[:2]
        return properties(paragraph[2:]), properties(character)
    return {}, properties(parts[0]) if kind == _CHARACTER and parts else {}
