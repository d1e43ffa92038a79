"""Recognise numbered headings and list items of Chinese documents by their text alone.

Levels only order headings among themselves, from the outside in: 第一章, 附件1 (1);
第一节, 一、 (2); （一）, 第一条 (3); 1 (4); 1.1, (1) (5); 1.1.1 (6) and so on. No document
uses every level, so they skip numbers: :func:`with_headings` closes the gaps.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from classifier.document import Block, BlockKind
from classifier.extract.language.han import HAN

MAX_CHARS = 40
"""A longer line is taken as running text even if it has no end punctuation."""

_HAN_NUMBER = "[一二三四五六七八九十百零〇两]"
_NUMBER = rf"(?:{_HAN_NUMBER}{{1,5}}|[0-9０-９]{{1,3}})"
_MARK = r"[★☆▲△●◆■※＊*#]{0,3}\s*"
_DOT = r"[.．]"

_CHAPTER = re.compile(rf"第\s*{_NUMBER}\s*(?:章|编|篇|卷|册|部\s?分)(?![节回])")
_SECTION = re.compile(rf"第\s*{_NUMBER}\s*节")
_ARTICLE = re.compile(rf"第\s*{_NUMBER}\s*条(?:之{_HAN_NUMBER})?(?!款)")
_APPENDIX = re.compile(rf"(?:附件|附录|附表)\s*(?:{_NUMBER}(?:[-－.]\d+)?|[A-Z])(?![0-9A-Za-z])")
_HAN_ITEM = re.compile(rf"{_HAN_NUMBER}{{1,4}}\s*[、.．:：]")
_HAN_BRACKET = re.compile(rf"[（(〔【\[]\s*{_HAN_NUMBER}{{1,4}}\s*[）)〕】\]]、?")
_DECIMAL = re.compile(rf"([1-9]\d?)((?:{_DOT}\d{{1,2}}){{1,6}}){_DOT}?(?![0-9])")
_INTEGER = re.compile(rf"([1-9]\d?)(?:\s*[、]|{_DOT}(?!\d)|(?=[ 　\t]))")

_SPACED = re.compile(rf"([1-9]\d?)\s+([{HAN}][^:：]{{1,19}})$")

_LIST = re.compile(
    rf"""{_HAN_ITEM.pattern} | {_HAN_BRACKET.pattern}
    | {_CHAPTER.pattern} | {_SECTION.pattern} | {_ARTICLE.pattern} | {_APPENDIX.pattern}
    | [1-9]\d?(?:{_DOT}\d{{1,2}}){{1,6}}{_DOT}?(?![0-9％%])
    | \d{{1,3}}\s*[、)）] | \d{{1,3}}{_DOT}(?!\d)
    | [（(]\s*(?:\d{{1,3}}|[A-Za-z]|[ivxIVX]{{1,5}})\s*[)）]
    | [①-⑳㈠-㈩⑴-⒇⒈-⒛❶-❿Ⅰ-Ⅻⅰ-ⅻ] | [A-Za-z]\s*[)）、] | [A-Za-z]{_DOT}\s*(?=[{HAN}])
    | [ivxIVX]{{1,5}}[.)）、]""",
    re.VERBOSE,
)
_MARKED = re.compile(_MARK)
_SEPARATOR = re.compile(r"[\s、.．:：\-—－]*")
# "1.5 米" and "3.5万元" are quantities, not headings.
_UNIT = (
    r"(?:[万亿千百]{0,2}(?:元|米|吨|克|公斤|公里|平方|立方|年(?!度)|个(?!人|性)|月|日(?!常|志)|天|倍|英?寸|小时|分钟"
    r"|秒|周(?!期)|人(?!员|事|工|脸|力)|次|台|套|度|级(?!别)|版(?!本)|岁|分(?!析|类|布|级|包|项|配|工|公)|项(?!目)"
    r"|条(?!件|款))|[万亿%％‰℃°])"
)
_QUANTITY = re.compile(rf"{_UNIT}|[A-Za-z]{{1,4}}(?![A-Za-z{HAN}])$")
_STOP = re.compile(r"[。；;！!？?，,…]")
_PAGE_NUMBER = re.compile(r"(?<![A-Za-z])(?:\d{1,4}|[ivxIVX]{1,6})\s*[-—]?$")
_WORD = re.compile(rf"[{HAN}A-Za-z]")
_CONTENTS_TITLE = re.compile(r"\s*(?:目\s*[录次]|contents)\s*", re.IGNORECASE)


def is_numbered(text: str) -> bool:
    """Whether the text begins with a number or letter of a heading or list (★ may precede)."""
    text = text.strip()
    return _LIST.match(text, _marked(text)) is not None


def is_contents_line(text: str) -> bool:
    """Whether this is a line of a table of contents: a title, a leader, a page number."""
    text = text.rstrip()
    # Only the end is searched: leaders can be long, and backtracking over them is slow.
    found = _PAGE_NUMBER.search(text, max(len(text) - 12, 0))
    if not found:
        return False
    title = text[: found.start()].rstrip("-— ")
    gap = text[len(title) : found.start()]
    dots = len(title) - len(title.rstrip(".．…·_ \t"))
    leader = title[len(title) - dots :]
    is_led = "\t" in leader or len(leader.replace(" ", "")) >= 3
    is_spaced = gap.count(" ") >= 4 or gap.count("-") + gap.count("—") >= 3
    return (is_led or is_spaced) and _WORD.search(title) is not None


def is_contents_title(text: str) -> bool:
    return _CONTENTS_TITLE.fullmatch(text) is not None


def heading_level(text: str) -> int:
    """Level of a numbered heading, 0 if the text is none.

    Short, one line, no punctuation that ends or joins clauses. ``1、`` and ``1.``
    are 0, being list items more often than not: see :func:`chapter_levels`.
    """
    text = text.strip()
    if "\n" in text or len(text) > MAX_CHARS or is_contents_line(text):
        return 0
    at = _marked(text)
    for pattern, level in _LEVELS:
        if (found := pattern.match(text, at)) and _is_title(text[found.end() :], level):
            return level
    return _decimal_level(text, at)


def bold_heading_level(text: str) -> int:
    """Level of a numbered bold line: as :func:`heading_level`, else 4 for ``1.``, 5 for (1)."""
    text = text.strip()
    level = heading_level(text)
    found = _LIST.match(text, _marked(text))
    if level or not found or len(text) > MAX_CHARS or is_contents_line(text):
        return level
    is_title = _is_title(text[found.end() :], 2)
    return (4 if text[found.start()].isdigit() else 5) if is_title else 0


def chapter_levels(texts: Sequence[str]) -> list[int]:
    """:func:`heading_level` of each text, with ``1 引言`` and ``1、引言`` told from list items.

    Such a line is a heading (level 4) where the next numbered heading is its ``1.1``,
    or where ``1 引言``, ``2 需求`` and so on follow each other with text between them.
    """
    levels = [heading_level(text) for text in texts]
    child = ""
    for i in range(len(texts) - 1, -1, -1):
        text = texts[i].strip()
        if levels[i]:
            found = _DECIMAL.match(text)
            child = found[1] if found and re.fullmatch(rf"{_DOT}1", found[2]) else ""
        elif (found := _INTEGER.match(text)) and len(text) <= MAX_CHARS:
            rest = text[found.end() :]
            if found[1] == child and _is_title(rest, 2) and not is_contents_line(text):
                levels[i] = 4
                child = ""
    for i in _spaced_chapters(texts):
        levels[i] = levels[i] or 4
    return levels


def _spaced_chapters(texts: Sequence[str]) -> list[int]:
    """Positions of ``1 引言``, ``2 需求`` …, if there are two or more in order, none adjacent."""
    found: list[int] = []
    for i, text in enumerate(texts):
        number = _SPACED.match(text.strip())
        if not number or int(number[1]) != len(found) + 1 or not _is_title(number[2], 2):
            continue
        if found and i == found[-1] + 1:
            return []
        found.append(i)
    is_open = bool(found) and found[-1] + 1 < len(texts)
    return found if len(found) > 1 and is_open else []


def with_headings(blocks: Iterable[Block], bold: Collection[int] = ()) -> list[Block]:
    """Make plain paragraphs that are numbered headings or list items such.

    Headings that the format marks itself stay. One found by its number goes below the last
    of those and of the chapters, as deep as its kind of number ranks in this document.
    Cells are left alone. ``bold`` are positions of blocks in bold type, where ``1、登录``
    is a heading as well.
    """
    blocks = list(blocks)
    free = [b.kind in (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM) and not b.cell for b in blocks]
    shown = [f"{b.label} {b.text}".strip() if f else "" for b, f in zip(blocks, free, strict=True)]
    levels = chapter_levels(shown)
    for at in bold:
        levels[at] = levels[at] or bold_heading_level(shown[at])
    ranks = {level: rank for rank, level in enumerate(sorted({*levels} - {0, 1}), start=1)}
    marked: list[Block] = []
    outer = 0
    for block, is_free, text, level in zip(blocks, free, shown, levels, strict=True):
        if block.kind == BlockKind.HEADING:
            outer = block.level
        elif is_free and level:
            depth = 1 if level == 1 else min(outer + ranks[level], 9)
            outer = 1 if level == 1 else outer
            block = replace(block, kind=BlockKind.HEADING, level=depth)
        elif is_free and is_numbered(text):
            block = replace(block, kind=BlockKind.LIST_ITEM)
        marked.append(block)
    return marked


_LEVELS = (
    (_CHAPTER, 1),
    (_APPENDIX, 1),
    (_SECTION, 2),
    (_HAN_ITEM, 2),
    (_HAN_BRACKET, 3),
    (_ARTICLE, 3),
)


def _marked(text: str) -> int:
    found = _MARKED.match(text)
    return found.end() if found else 0


def _is_title(rest: str, level: int) -> bool:
    title = rest[_SEPARATOR.match(rest).end() :]  # pyright: ignore[reportOptionalMemberAccess]
    if not title:
        return level == 1
    inner = title.rstrip(":： ")
    return not _STOP.search(title) and not re.search("[:：]", inner) and bool(_WORD.search(inner))


def _decimal_level(text: str, at: int) -> int:
    found = _DECIMAL.match(text, at)
    if not found:
        return 0
    rest = text[found.end() :]
    title = rest.strip()
    is_word = _WORD.match(title.lstrip("★☆▲△※《“\"'【（( "))
    # Behind a space only a bare unit is a quantity: "1.5 米", but "2.1 分公司".
    is_quantity = _QUANTITY.fullmatch(title) if rest[:1].isspace() else _QUANTITY.match(title)
    if len(title) < 2 or not is_word or is_quantity:
        return 0
    parts = len(re.findall(r"\d+", found[2])) + 1
    return min(parts + 3, 9) if _is_title(rest, parts) else 0
