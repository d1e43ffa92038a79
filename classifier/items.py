"""Where numbered or marked items begin inside a running text.

An item begins a sentence behind an end mark, a colon or a gap. Behind a gap
its number must belong to a series (1 with a 2 to come, or the next number of a
series under way): "更衣柜 2、储物柜 8" is no list. Where line ends were lost
("1.登录系统2.点击提交"), the next number of a series begins an item as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_CHINESE: Final = "一二三四五六七八九十"
_MARKS: Final = "★☆▲※●◆▶➢✓✔✗✘"
_NUMERAL: Final = rf"[{_CHINESE}]{{1,3}}"
_ITEM: Final = re.compile(
    rf"(?P<mark>[{_MARKS}]{{1,3}}\s?)?(?:"
    r"(?P<circled>[①-⑳])|(?P<bracketed>[⑴-⒇])"
    rf"|[（(]\s?(?:(?P<paren>\d{{1,2}})|(?P<hanparen>{_NUMERAL}))\s?[）)]"
    r"|(?<![\dA-Za-z.．])(?P<digit>\d{1,2})\s?[、）)](?!\d)"
    r"|(?<![\dA-Za-z.．])(?P<dot>\d{1,2})[.．](?=\s?[^\d\s.．])"
    rf"|(?P<han>{_NUMERAL})、"
    rf"|第(?P<article>\d{{1,3}}|{_NUMERAL})[条章节](?=\s|[：:])"
    r"|(?<![A-Za-z])(?P<letter>[A-Za-z])[、）).．](?=\s?[\u3400-\u9fff])"
    r")"
)
# A mark without a number; "带 ★ 号的条款" and "★项" speak about the mark.
_MARKED: Final = re.compile(rf"[{_MARKS}](?=[\u3400-\u9fffA-Z（(“])(?![号项的条款])")

NUMBER_ONLY: Final = re.compile(
    rf"\s*[（(]?\s?(?:第|附件|附表|附录)?(?:{_NUMERAL}|\d{{1,3}}|[A-Za-z])\s?[）)]?\s*"
)
"""A numbering without its full stop ("一", "附件二", "2)")."""

_GLUED: Final = ("dot", "digit")
_WORD_END: Final = re.compile(r"[\u3400-\u9fff）)”」』】》\"]")
_COLONS: Final = "：:"
_ENDS: Final = '。！？；!?;.．”’」』）】》〉)]"'


@dataclass(frozen=True, slots=True)
class _Item:
    at: int
    family: str
    number: int
    marked: bool
    before: str  # the character before it, white space skipped; empty at the beginning
    gap: bool
    glued: bool  # directly behind a word or a closing bracket


def item_starts(text: str) -> Iterator[int]:
    """Offsets at which an item begins; most of those behind end marks are boundaries anyway."""
    items = list(_items(text))
    second_at = {item.family: item.at for item in items if item.number == 2}
    reached: dict[str, int] = {}
    for item in items:
        follows = reached.get(item.family) == item.number - 1
        first = item.number == 1
        if item.glued:
            begins = series = follows
        elif not item.before or item.before in _ENDS:
            begins = not item.before or item.gap
            series = first or follows or not item.before
        elif item.before in _COLONS:
            begins = series = first or follows or item.marked
        else:
            series = follows or (first and second_at.get(item.family, -1) > item.at)
            begins = item.gap and item.family != "letter" and (series or item.marked)
        if series:
            reached[item.family] = item.number
        if begins and (series or item.marked):
            yield item.at
    for match in _MARKED.finditer(text):
        before = text[match.start() - 1 : match.start()]
        if before and (before.isspace() or before in _COLONS):
            yield match.start()


def _items(text: str) -> Iterator[_Item]:
    """Every numbering behind an end mark, a colon, a gap or at the beginning."""
    last = 0
    for match in _ITEM.finditer(text):
        at = match.start()
        before = text[last:at].rstrip()[-1:] if text[at - 1 : at].isspace() else text[at - 1 : at]
        gap = text[at - 1 : at].isspace() if at else False
        last = at
        family, number = next(
            (name, value)
            for name, value in match.groupdict().items()
            if value is not None and name != "mark"
        )
        glued = bool(_WORD_END.match(before)) and not gap and family in _GLUED
        if not at or gap or glued or before in _COLONS or before in _ENDS:
            value = _value(family, number)
            marked = match["mark"] is not None
            yield _Item(at, family, value, marked, before if at else "", gap, glued)


def _value(family: str, numeral: str) -> int:
    if family == "circled":
        return ord(numeral) - ord("①") + 1
    if family == "bracketed":
        return ord(numeral) - ord("⑴") + 1
    if family == "letter":
        return ord(numeral.lower()) - ord("a") + 1
    if numeral.isdecimal():
        return int(numeral)
    tens, ten, ones = numeral.rpartition("十")
    units = _CHINESE.find(ones[-1:]) + 1 if ones else 0
    return units + (10 * (_CHINESE.find(tens[-1:]) + 1 if tens else 1) if ten else 0)
