"""Automatic numbering of a Word 97–2003 file.

Source: [MS-DOC] 2.9.147 (LSTF), 2.9.150 (LVLF), 2.9.131 (LFO), 2.9.133 (LFOLVL) and
[MS-OSHARED] 2.2.1.3 (MSONFC), whose numbers of formats are those of WordprocessingML by name.
"""

from __future__ import annotations

import re
import struct
from typing import Final

from classifier.extract.office.numbering import LEVELS, Level, Num, Numbering

_LSTF: Final = 28
_LVLF: Final = 28
_LFO: Final = 16
_NO_STYLE: Final = 0xFFF
_FORMATS: Final = (
    *("decimal", "upperRoman", "lowerRoman", "upperLetter", "lowerLetter", "ordinal"),
    *("cardinalText", "ordinalText", "hex", "chicago", "ideographDigital", "japaneseCounting"),
    *("aiueo", "iroha", "decimalFullWidth", "decimalHalfWidth", "japaneseLegal"),
    *("japaneseDigitalTenThousand", "decimalEnclosedCircle", "decimalFullWidth2"),
    *("aiueoFullWidth", "irohaFullWidth", "decimalZero", "bullet", "ganada", "chosung"),
    *("decimalEnclosedFullstop", "decimalEnclosedParen", "decimalEnclosedCircleChinese"),
    *("ideographEnclosedCircle", "ideographTraditional", "ideographZodiac"),
    *("ideographZodiacTraditional", "taiwaneseCounting", "ideographLegalTraditional"),
    *("taiwaneseCountingThousand", "taiwaneseDigital", "chineseCounting"),
    *("chineseLegalSimplified", "chineseCountingThousand", "koreanDigital", "koreanCounting"),
)
_NO_NUMBER: Final = 255
_MAX_TEXT: Final = 100
_PLACEHOLDER: Final = re.compile(r"[\0-\x08]")


def read_numbering(lists: bytes, overrides: bytes) -> Numbering:
    """``lists`` begins with the PlfLst and goes on with its LVLs; ``overrides`` is the PlfLfo.

    A broken table gives the lists before the break: what is numbered by the others has no label.
    """
    return Numbering.of(_lists(lists), _nums(overrides))


def _lists(table: bytes) -> dict[str, dict[int, Level]]:
    count = int.from_bytes(table[:2], "little")
    at = 2 + count * _LSTF
    found: dict[str, dict[int, Level]] = {}
    if at > len(table):
        return found
    for start in range(2, at, _LSTF):
        id = struct.unpack_from("<i", table, start)[0]
        styles = struct.unpack_from(f"<{LEVELS}H", table, start + 8)
        is_simple = table[start + 26] & 1
        levels: dict[int, Level] = {}
        for index in range(1 if is_simple else LEVELS):
            style = "" if styles[index] == _NO_STYLE else str(styles[index])
            levels[index], at = _level(table, at, style)
        found[str(id)] = levels
    return found


def _nums(table: bytes) -> dict[str, Num]:
    count = int.from_bytes(table[:4], "little")
    at = 4 + count * _LFO
    nums: dict[str, Num] = {}
    if at > len(table):
        return nums
    for i in range(count):
        list_id, levels = struct.unpack_from("<i8xB", table, 4 + i * _LFO)
        num = Num(str(list_id), {}, {})
        nums[str(i + 1)] = num
        at = _overrides(table, at + 4, levels, num)
    return nums


def _overrides(table: bytes, at: int, count: int, num: Num) -> int:
    """Read the LFOLVLs of one LFOData into ``num``; the offset behind them."""
    for _ in range(min(count, LEVELS)):
        if at + 8 > len(table):
            break
        start, flags = struct.unpack_from("<iI", table, at)
        at += 8
        index = flags & 0xF
        if flags & 0x20:
            num.overrides[index], at = _level(table, at, "")
            start = num.overrides[index].start
        if flags & 0x10:
            num.starts[index] = start
    return at


def _level(table: bytes, at: int, style: str) -> tuple[Level, int]:
    """One LVL and the offset behind it."""
    if at + _LVLF > len(table):
        return Level(style=style), len(table)
    start, format, flags = struct.unpack_from("<iBB", table, at)
    character_size, paragraph_size, restart = table[at + 24 : at + 27]
    at += _LVLF + character_size + paragraph_size
    length = int.from_bytes(table[at : at + 2], "little")
    text = table[at + 2 : at + 2 + 2 * length].decode("utf-16-le", "replace")
    level = Level(
        start=start,
        format=_format(format),
        text=_PLACEHOLDER.sub(lambda found: f"%{ord(found[0]) + 1}", text[:_MAX_TEXT]),
        restart=restart if flags & 0x08 else None,
        legal=bool(flags & 0x04),
        style=style,
    )
    return level, at + 2 + 2 * length


def _format(number: int) -> str:
    if number == _NO_NUMBER:
        return "none"
    return _FORMATS[number] if number < len(_FORMATS) else "decimal"
