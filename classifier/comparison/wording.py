"""When two sentences say the same: spelling is folded, numbering in front taken off."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_HAN: Final = "一二三四五六七八九十百零〇"
# Behind one of these a number is a quantity ("3.5米", "6 楼"), never an item's number.
_UNITS: Final = (
    "个只台套件份张条根块片组批项次名人位家户年月日天周旬季时分秒点刻岁元角万千百亿米厘毫公里"
    "克吨斤升度级层楼栋间室座倍成折寸英尺平立方兆比至到以及或号路线类种型页册卷行列字版余多左"
)
_TITLE_NUMBER: Final = rf"第\s?(?:\d{{1,3}}|[{_HAN}]{{1,4}})\s?[编篇部分册章节条款]{{1,2}}"
_BEHIND: Final = r"[\s、.．:：)）]*"
_ITEM: Final = re.compile(
    rf"(?P<mark>[★☆▲※]*)\s*(?:{_TITLE_NUMBER}{_BEHIND}"
    rf"|[（(【\[]\s?(?:\d{{1,3}}|[{_HAN}]{{1,3}}|[A-Za-z])\s?[)）】\]]{_BEHIND}"
    r"|[①-⑳⑴-⒇⒈-⒛]\s*"
    rf"|(?:[{_HAN}]{{1,3}}|[A-Za-z])\s?[、.．)）]\s*"
    r"|\d{1,3}\s?(?:[、)）]|[.．](?!\d))\s*"
    r"|\d{1,2}(?:[.．][1-9]\d{0,2}){2,5}[.．、]?(?![\d.．])\s*"
    rf"|\d{{1,2}}[.．][1-9]\d?(?:[.．、]\s*|\s*(?=[★▲\u3400-\u9fff])(?![{_UNITS}])))"
)
# A heading carries no quantity in front, so a bare number is its number.
_HEADING: Final = re.compile(
    rf"\s*(?:\d{{1,3}}(?:[.．]\d{{1,3}}){{0,5}}[.．、]?(?![\d.．])"
    rf"|(?:附件|附表|附录|表|图)\s?[\d{_HAN}A-Z]{{1,3}}(?=[\s:：、.．]))[\s、.．:：]*"
)
_BULLETS: Final = re.compile(r"[●⚫•·◆▶➢➤\s]+")
_LETTER: Final = re.compile(r"[^\W\d_]")
_SPACE: Final = re.compile(r"\s+")
_SPELLINGS: Final = str.maketrans("“”‘’「」—–－〔〕【】", '""\'\'""---()[]')


def folded(text: str) -> str:
    """The text without white space and without regard to width and shape of punctuation."""
    return _SPACE.sub("", unicodedata.normalize("NFKC", text.translate(_SPELLINGS)))


def unnumbered(text: str, is_heading: bool = False) -> str:
    """The folded text without the numbering in front; a mark such as ``★`` stays.

    A text that is nothing but a number keeps it. In doubt a number is taken
    for a quantity, so that no change of a figure passes for renumbering.
    """
    bullets = _BULLETS.match(text)
    start = bullets.end() if bullets else 0
    match = _ITEM.match(text, start) or (_HEADING.match(text, start) if is_heading else None)
    if match is None or not _LETTER.search(text, match.end()):
        return folded(text[start:]) or folded(text)
    mark = match.groupdict().get("mark") or ""
    return folded(mark + text[match.end() :])
