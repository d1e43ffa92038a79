"""Cut the text of one block into sentences, and a sentence into clauses.

The rules, their names and their examples are those of
``benchmarks/segmentation/STANDARD.md``. A boundary is an end mark (。！？；, a line
end, a Latin full stop behind Chinese) or the beginning of a numbered or marked
item; none falls inside short brackets, quotations, URLs. Everything is linear
in the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from classifier.items import NUMBER_ONLY, item_starts
from classifier.shelter import CLOSERS, QUOTE_ENDS, QUOTE_STARTS, TERMINATORS, shelter

_HAN: Final = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_LATIN_WORD: Final = re.compile(r"[A-Za-z]{2,}")
_UNIT: Final = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]|[A-Za-z0-9]+")

# Readers put them between the cells of a row and the lines of a cell.
_SEPARATORS: Final = re.compile(r"\s*(?:[|/]\s+)*")
_FULL_WIDTH_END: Final = "。！？；\n"
# What stands behind a quotation or a question and shows that the sentence goes on.
_CONTINUES: Final = frozenset("，、：,:的等及和与或是为字（(“「『‘）)")
_COMMA: Final = "，、,"
_AFTER_FULL_STOP: Final = re.compile(
    r"[.．](?:\s|$|[\u3400-\u9fff《“（【]|\d{1,2}(?:[.．、]|\s?[）)]))"
)
_AFTER_WORD: Final = re.compile(r"\.\s+(?=[A-Z][A-Za-z]|[\u3400-\u9fff“（])")
_WORD_BEFORE: Final = re.compile(r"[A-Za-z]{2,}$")
_ABBREVIATIONS: Final = re.compile(
    r"(?:mrs?|ms|dr|prof|nos?|vs|etc|fig|tab|eq|sec|ch|vol|pp|inc|ltd|co|corp|st|jr|sr|al"
    r"|approx|max|min|ver|rev|ext|tel)",
    re.IGNORECASE,
)
_ENTITY: Final = re.compile(r"&#?\w{1,8}$")
# A label longer than this is text: what stands before an item must be looked at only so far.
_LONGEST_LABEL: Final = 16

LONGEST: Final = 2000
"""Characters of a sentence; one that goes on has no end marks and is cut into parts."""

_PAUSES: Final = re.compile(r"[，、：,:\s]")

MIN_CLAUSE: Final = 5
"""Han characters and Latin words or numbers that a clause has at least."""

_LABEL: Final = re.compile(
    r"^[★▲※●◆\s]*(?:[①-⑳⑴-⒇]|[（(]?\s?(?:\d{1,2}(?:[.．]\d{1,2})*|[一二三四五六七八九十]{1,3})\s?[）)、.．]+)?\s*"
)
# Adverbials that open a sentence: they have no subject and belong to what follows.
_FRAME: Final = re.compile(
    r"(?:根据|按照?|依据|依照|参照|遵照|针对|对于|关于|至于|基于|鉴于|通过|经|为|随着|除|在|当|自|从|以|对|就)"
)
_PREDICATE: Final = re.compile(
    r"[应须需可能会将要有无是为由被均仅]|不得|禁止|支持|提供|实现|具备|进行|采用|使用|满足|符合|负责|完成"
    r"|确保|保证|自动|允许|显示|提示|记录|生成|推送|通知|提交|查看|查询|打印|上传|办理|承担|设置|配备|对接|如下"
)
_HANGS_ON: Final = re.compile(r"\s*(?:的|等|及|和|与|或|以及)")


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of characters of one block."""

    start: int
    end: int


def split(text: str) -> list[Span]:
    """Ranges of the sentences in one block's text, without white space or cell separators around.

    Pieces that say nothing (bare numbers, units, punctuation) are left out.
    """
    pieces = pairwise([0, *_boundaries(text, shelter(text)), len(text)])
    return [
        part
        for start, end in pieces
        if (span := _trim(text, start, end))
        for part in _bounded(text, span)
        if says_something(text[part.start : part.end])
    ]


def _bounded(text: str, sentence: Span) -> Iterator[Span]:
    """Parts of at most :data:`LONGEST` characters, cut behind commas where there are any."""
    start = sentence.start
    while sentence.end - start > LONGEST:
        commas = _PAUSES.finditer(text, start + LONGEST // 2, start + LONGEST)
        cut = max((match.end() for match in commas), default=start + LONGEST)
        if part := _strip(text, start, cut):
            yield part
        start = cut
    if part := _strip(text, start, sentence.end):
        yield part


def split_clauses(text: str) -> list[list[Span]]:
    """For every sentence of :func:`split`, the ranges of its clauses.

    A sentence without an inner clause boundary is one clause. Clauses keep
    their closing mark and together cover the sentence up to white space.
    """
    closed = shelter(text)
    return [_clauses(text, sentence, closed) for sentence in split(text)]


def says_something(text: str) -> bool:
    """At least two Han characters, or a Latin word in a piece of four characters or more."""
    han = len(_HAN.findall(text))
    return han >= 2 or (len(text) >= 4 and bool(_LATIN_WORD.search(text)))


def _boundaries(text: str, closed: bytearray) -> Iterator[int]:
    """Offsets at which one sentence ends and the next begins, ascending, without 0 and the end."""
    ends = set(_sentence_ends(text, closed))
    starts = {at for at in item_starts(text) if not closed[at]}
    last = 0
    for cut in sorted(ends | starts):
        # A number before an item ("三、（一）1.①") is part of its label.
        label = cut not in ends and cut - last <= _LONGEST_LABEL
        if 0 < cut < len(text) and not (label and not says_something(text[last:cut])):
            yield cut
            last = cut


def _sentence_ends(text: str, closed: bytearray) -> Iterator[int]:
    last = end = 0
    for at, char in enumerate(text):
        if char in TERMINATORS and _ends(text, at, last):
            # All marks of a run have the same end: it is looked for once.
            end = end if at < end else _after_marks(text, at + 1, closed)
            if end < len(text) and not closed[end] and not _goes_on(text, at, end, closed):
                yield end
                last = end


def _ends(text: str, at: int, last: int) -> bool:
    """Whether the mark at ``at`` is an end mark there; ``last`` is the boundary before it."""
    char = text[at]
    if char in _FULL_WIDTH_END:
        return True
    after = text[at + 1 : at + 2]
    if char in ".．":
        return _is_full_stop(text, at, last)
    if char == ";":
        code = text[at - 1 : at].isascii() and after.isascii() and not after.isspace()
        return not (at and after and code) and not _ENTITY.search(text, max(0, at - 10), at)
    return not after.isascii() or not (after.isalnum() or after in tuple("=&/%+-_.*"))


def _is_full_stop(text: str, at: int, last: int) -> bool:
    """A Latin full stop ends a sentence behind Chinese or an English word, never in numbers."""
    before = text[at - 1 : at]
    if before and (_HAN.match(before) or before in CLOSERS):
        label = at - last <= _LONGEST_LABEL and NUMBER_ONLY.fullmatch(text, last, at)
        return bool(_AFTER_FULL_STOP.match(text, at)) and not label
    word = _WORD_BEFORE.search(text, max(0, at - 24), at)
    if word is None or not _AFTER_WORD.match(text, at):
        return False
    return not _ABBREVIATIONS.fullmatch(word[0])


def _after_marks(text: str, at: int, closed: bytearray) -> int:
    """Behind the closing quotes, brackets and further end marks that follow an end mark."""
    while at < len(text):
        char = text[at]
        closing = char in CLOSERS and (char != '"' or bool(closed[at]))
        if not (closing or char in "。！？；!?;…\n"):
            break
        at += 1
    return at


def _goes_on(text: str, mark: int, end: int, closed: bytearray) -> bool:
    """Whether the sentence continues behind the mark, or the quotation or bracket that held it.

    A quoted ？ or ！ is mostly the name of a button or a question within the sentence.
    """
    if text[mark] == "\n" and not closed[mark]:
        return False
    if not closed[mark]:
        return text[end] in _COMMA and (text[mark] not in "。；;" or text[end - 1] in CLOSERS)
    if text[mark] != "。" or text[end] in _CONTINUES:
        return True
    # “。” is the mark itself spoken of; a bracket goes on, a quotation ends here.
    return text[mark - 1] in QUOTE_STARTS or text[end - 1] not in QUOTE_ENDS


def _clauses(text: str, sentence: Span, closed: bytearray) -> list[Span]:
    """Cut at every mark whose two neighbouring pieces can stand alone."""
    marks = [
        at
        for at in range(sentence.start + 1, sentence.end - 1)
        if not closed[at] and (text[at] in "，：；" or _between_han(text, at))
    ]
    edges = [sentence.start - 1, *marks, sentence.end]
    pieces = [text[before + 1 : after] for before, after in pairwise(edges)]
    cuts = [
        at + 1
        for at, left, right in zip(marks, pieces, pieces[1:], strict=False)
        if _separates(left, text[at], right)
    ]
    ranges = pairwise([sentence.start, *cuts, sentence.end])
    return [span for start, end in ranges if (span := _strip(text, start, end))]


def _between_han(text: str, at: int) -> bool:
    """Whether a Latin comma, colon or semicolon stands between Chinese."""
    after = text[at + 1 : at + 3].lstrip()
    return text[at] in ",:;" and bool(_HAN.match(text[at - 1]) and _HAN.match(after))


def _separates(left: str, mark: str, right: str) -> bool:
    body = _LABEL.sub("", left, count=1)
    if not (_stands(body) and _stands(right)) or _HANGS_ON.match(right):
        return False
    return bool(_PREDICATE.search(body)) if mark in "：:" else not _FRAME.match(body)


def _stands(piece: str) -> bool:
    """Long enough for a predicate; an enumeration must show one."""
    if len(_UNIT.findall(piece)) < MIN_CLAUSE:
        return False
    return "、" not in piece or bool(_PREDICATE.search(piece))


def _trim(text: str, start: int, end: int) -> Span | None:
    """Without white space and without the separators of table cells that stand before it."""
    separators = _SEPARATORS.match(text, start, end)
    return _strip(text, separators.end() if separators else start, end)


def _strip(text: str, start: int, end: int) -> Span | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end) if start < end else None
