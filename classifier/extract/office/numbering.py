"""Automatic numbering of Word paragraphs, as Word shows it.

Source: ECMA-376 part 1, 17.9 (numbering) and 17.18.59 (ST_NumberFormat). Counters
belong to the abstract list, so two ``w:num`` of one list go on counting together
unless one of them overrides the start.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from classifier.extract.office.ooxml import Element

W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
MC: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
LEVELS: Final = 9

_DIGITS: Final = "〇一二三四五六七八九"
_FORMAL_DIGITS: Final = "零壹贰叁肆伍陆柒捌玖"
_TRADITIONAL_DIGITS: Final = "零壹貳參肆伍陸柒捌玖"
_STEMS: Final = "甲乙丙丁戊己庚辛壬癸"
_BRANCHES: Final = "子丑寅卯辰巳午未申酉戌亥"
_BULLET: Final = "•"


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a list. ``restart`` is the level (from 1) that resets it, 0 for never."""

    start: int = 1
    format: str = "decimal"
    text: str = ""
    restart: int | None = None
    legal: bool = False
    pad: int = 0
    style: str = ""


@dataclass(slots=True)
class _List:
    levels: dict[int, Level]
    counters: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class Num:
    """A use of the list ``abstract``, with its own levels and starts, by level from 0."""

    abstract: str
    overrides: dict[int, Level]
    starts: dict[int, int]
    started: set[int] = field(default_factory=set)


class Numbering:
    """Labels of numbered paragraphs; call :meth:`label` once per paragraph, in order."""

    def __init__(self, root: Element | None, style_nums: dict[str, str]) -> None:
        """``root`` is ``w:numbering``; ``style_nums`` maps a numbering style to its num id."""
        self._lists: dict[str, _List] = {}
        self._nums: dict[str, Num] = {}
        if root is None:
            return
        links: dict[str, str] = {}
        for node in root.iter(f"{W}abstractNum"):
            key = node.get(f"{W}abstractNumId", "")
            self._lists[key] = _List(_levels(node))
            if link := _value(node.find(f"{W}numStyleLink")):
                links[key] = link
        for node in root.iter(f"{W}num"):
            self._nums[node.get(f"{W}numId", "")] = _num(node)
        for key, style in links.items():
            target = self._nums.get(style_nums.get(style, ""))
            if target and target.abstract in self._lists:
                self._lists[key] = self._lists[target.abstract]

    @classmethod
    def of(cls, lists: Mapping[str, dict[int, Level]], nums: Mapping[str, Num]) -> Numbering:
        """From the levels of each list and the nums by id, for formats that are not XML."""
        numbering = cls(None, {})
        numbering._lists = {key: _List(levels) for key, levels in lists.items()}
        numbering._nums = dict(nums)
        return numbering

    def level_of_style(self, num_id: str, style: str) -> int:
        """The level that a list links to a paragraph style, 0 if none."""
        num = self._nums.get(num_id)
        levels = self._lists[num.abstract].levels if num and num.abstract in self._lists else {}
        return next((i for i, level in levels.items() if level.style == style), 0)

    def label(self, num_id: str, index: int) -> str:
        """Count the next paragraph at level ``index`` (from 0) and return its number.

        Empty where Word shows none: an unknown list or number format ``none``.
        """
        num = self._nums.get(num_id)
        if num is None or num.abstract not in self._lists:
            return ""
        found = self._lists[num.abstract]
        index = min(max(index, 0), LEVELS - 1)
        level = self._level(num, found, index)
        self._advance(num, found, index, level)
        if level.format == "bullet":
            return _bullet(level.text)

        def number(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            shown = self._level(num, found, at)
            value = found.counters.get(at, shown.start)
            as_decimal = level.legal and at <= index
            return format_number(value, "decimal" if as_decimal else shown.format, shown.pad)

        return re.sub(r"%([1-9])", number, level.text).strip()

    def _level(self, num: Num, found: _List, index: int) -> Level:
        return num.overrides.get(index) or found.levels.get(index) or Level()

    def _advance(self, num: Num, found: _List, index: int, level: Level) -> None:
        counters = found.counters
        if index in num.starts and index not in num.started:
            num.started.add(index)
            counters[index] = num.starts[index]
        elif index in counters:
            counters[index] += 1
        else:
            counters[index] = level.start
        for deeper in range(index + 1, LEVELS):
            restart = self._level(num, found, deeper).restart
            if restart is None or index < restart:
                counters.pop(deeper, None)


def format_number(value: int, format: str, pad: int = 0) -> str:
    """``value`` in a WordprocessingML number format; unknown formats give decimal digits."""
    if format == "none":
        return ""
    if value < 0:
        return str(value)
    if format == "decimalZero":
        return f"{value:02d}"
    if format == "decimalFullWidth":
        return str(value).translate(_FULL_WIDTH)
    formatter = _FORMATS.get(format)
    return (formatter(value) if formatter else "") or f"{value:0{pad}d}"


def _letters(value: int) -> str:
    # Word repeats the letter: 27 is aa, 53 is aaa.
    return chr(ord("a") + (value - 1) % 26) * ((value - 1) // 26 + 1) if 0 < value <= 780 else ""


def _roman(value: int) -> str:
    if not 0 < value < 4000:
        return ""
    marks = zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        ["m", "cm", "d", "cd", "c", "xc", "l", "xl", "x", "ix", "v", "iv", "i"],
        strict=True,
    )
    roman = ""
    for size, mark in marks:
        roman += mark * (value // size)
        value %= size
    return roman


def _counting(
    value: int, digits: str = _DIGITS, units: str = "十百千", *, short: bool = True
) -> str:
    if not 0 < value < 10000:
        return digits[0] if value == 0 else ""
    text, gap = "", False
    for power in range(3, -1, -1):
        digit = value // 10**power % 10
        if digit:
            zero = {"〇": "零"}.get(digits[0], digits[0])
            text += (zero if gap else "") + digits[digit] + (units[power - 1] if power else "")
            gap = False
        else:
            gap = bool(text)
    return text[1:] if short and 10 <= value < 20 else text


def _digital(value: int) -> str:
    return "".join(_DIGITS[int(digit)] for digit in str(value))


def _series(*ranges: tuple[int, int, int]):
    """Formatter over Unicode runs: (first value, last value, code of the first)."""

    def formatter(value: int) -> str:
        return next((chr(c + value - a) for a, b, c in ranges if a <= value <= b), "")

    return formatter


_CIRCLED = _series((1, 20, 0x2460), (21, 35, 0x3251), (36, 50, 0x32B1), (0, 0, 0x24EA))
_FULL_WIDTH = {ord("0") + i: 0xFF10 + i for i in range(10)}
_FORMATS: Final = {
    "lowerLetter": _letters,
    "upperLetter": lambda value: _letters(value).upper(),
    "lowerRoman": _roman,
    "upperRoman": lambda value: _roman(value).upper(),
    "chineseCounting": lambda value: _counting(value) if value < 100 else _digital(value),
    "chineseCountingThousand": _counting,
    "taiwaneseCounting": lambda value: _counting(value) if value < 100 else _digital(value),
    "taiwaneseCountingThousand": _counting,
    "japaneseCounting": _counting,
    "koreanCounting": _counting,
    "chineseLegalSimplified": lambda v: _counting(v, _FORMAL_DIGITS, "拾佰仟", short=False),
    "ideographLegalTraditional": lambda v: _counting(v, _TRADITIONAL_DIGITS, "拾佰仟", short=False),
    "ideographDigital": _digital,
    "taiwaneseDigital": _digital,
    "japaneseDigitalTenThousand": _digital,
    "ideographTraditional": lambda v: _STEMS[v - 1] if 1 <= v <= 10 else "",
    "ideographZodiac": lambda v: _BRANCHES[v - 1] if 1 <= v <= 12 else "",
    "ideographZodiacTraditional": lambda v: _STEMS[(v - 1) % 10] + _BRANCHES[(v - 1) % 12],
    "decimalEnclosedCircle": _CIRCLED,
    "decimalEnclosedCircleChinese": _CIRCLED,
    "decimalEnclosedParen": _series((1, 20, 0x2474)),
    "decimalEnclosedFullstop": _series((1, 20, 0x2488)),
    "ideographEnclosedCircle": _series((1, 10, 0x3280)),
    "numberInDash": lambda value: f"- {value} -",
    "hex": lambda value: f"{value:X}",
}


def _bullet(text: str) -> str:
    # Symbol fonts store their glyphs in the private use area, unreadable without the font.
    text = text.strip()
    return text if text and not any("\ue000" <= char <= "\uf8ff" for char in text) else _BULLET


def _levels(node: Element) -> dict[int, Level]:
    return {
        int(index): _level(child)
        for child in node.findall(f"{W}lvl")
        if (index := child.get(f"{W}ilvl", "")).isdigit()
    }


def _num(node: Element) -> Num:
    overrides: dict[int, Level] = {}
    starts: dict[int, int] = {}
    for child in node.findall(f"{W}lvlOverride"):
        index = _integer(child.get(f"{W}ilvl"), -1)
        if (level := child.find(f"{W}lvl")) is not None:
            overrides[index] = _level(level)
        if (start := child.find(f"{W}startOverride")) is not None:
            starts[index] = _integer(_value(start), 1)
    return Num(_value(node.find(f"{W}abstractNumId")), overrides, starts)


def _level(node: Element) -> Level:
    # A format outside the standard list stands in a Choice, as an example: "001, 002, 003, ...".
    custom = node.find(f"{MC}AlternateContent/{MC}Choice/{W}numFmt")
    example = custom.get(f"{W}format", "") if custom is not None else ""
    zeros = re.match(r"0+\d", example)
    formats = node.findall(f"{W}numFmt") or node.findall(f".//{MC}Fallback/{W}numFmt")
    restart = node.find(f"{W}lvlRestart")
    legal = node.find(f"{W}isLgl")
    return Level(
        start=_integer(_value(node.find(f"{W}start")), 0),
        format="decimal" if zeros else (_value(formats[0]) if formats else "decimal"),
        text=_value(node.find(f"{W}lvlText")),
        restart=None if restart is None else _integer(_value(restart), 0),
        legal=legal is not None and _value(legal) not in ("0", "false", "off"),
        pad=len(zeros[0]) if zeros else 0,
        style=_value(node.find(f"{W}pStyle")),
    )


def _value(node: Element | None) -> str:
    return "" if node is None else node.get(f"{W}val", "")


def _integer(value: str | None, default: int) -> int:
    return int(value) if value and re.fullmatch(r"-?\d{1,9}", value) else default
