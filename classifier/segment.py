"""Cut blocks into sentences, the units of classification.

Requirement text ends its units at 。！？ and, unlike running prose, at ；
(GB/T 15834 lets a sentence go on after it, requirement lists do not). A block
(paragraph, list item, heading, table cell) is never joined with the next:
putting wrapped lines together is the readers' work. Offsets are exact: for
every sentence ``document.text[start:end] == text``.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from classifier.document import Block, BlockKind, Document, Sentence

_TERMINATORS = "。！？!?；;\n"
_CLOSERS = "”’」』）】》〉)]\"'"
_PAIRS = {
    "（": "）",
    "(": ")",
    "【": "】",
    "[": "]",
    "《": "》",
    "〈": "〉",
    "“": "”",
    "「": "」",
    "『": "』",
}
_PAIR_ENDS = frozenset(_PAIRS.values())
_DEPTH = 16
# A quotation followed by one of these is part of the sentence around it.
_CONTINUES = "，、：,:的等及和与或）)"
_ROUND = "）)"
# Brackets longer than this are texts of their own: sentences inside them end.
_LONG_BRACKET = 120

# The bounds keep the search linear on long runs of letters.
_URL = re.compile(
    r"(?:https?|ftp)://[A-Za-z0-9._~:/?#@!$&'*+,;=%-]+"
    r"|(?<![A-Za-z0-9._+-])[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,255}"
)
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
# 1) ② （三） 2、 begin a new item when a terminator, a colon or a gap stands before them.
_INLINE_ITEM = re.compile(
    r"(?<=[。；;：:\s])(?:[①-⑳⑴-⒇]|[（(](?:\d{1,2}|[一二三四五六七八九十]{1,3})[）)]|\d{1,2}[、）)](?!\d))"
)
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of characters of one block."""

    start: int
    end: int


def segment(document: Document) -> tuple[Sentence, ...]:
    """All sentences of a document in reading order, with section path and place.

    The section path is the chain of headings above a sentence, outermost
    first; a heading's own path ends with its parent.
    """
    sentences: list[Sentence] = []
    path: list[Block] = []
    for block in document.blocks:
        if block.kind is BlockKind.HEADING:
            path = [heading for heading in path if heading.level < block.level]
        section = tuple(_title(heading) for heading in path)
        for span in split(block.text):
            start, end = block.start + span.start, block.start + span.end
            sentences.append(
                Sentence(
                    index=len(sentences),
                    text=document.text[start:end],
                    start=start,
                    end=end,
                    section=section,
                    place=document.place(start, end),
                )
            )
        if block.kind is BlockKind.HEADING:
            path.append(block)
    return tuple(sentences)


def split(text: str) -> list[Span]:
    """Ranges of the sentences in one block's text, without surrounding white space.

    Pieces that say nothing (bare numbers, units, punctuation) are left out.
    """
    spans = []
    start = 0
    for end in [*_boundaries(text), len(text)]:
        span = _strip(text, start, end)
        if span is not None and says_something(text[span.start : span.end]):
            spans.append(span)
        start = end
    return spans


def says_something(text: str) -> bool:
    """At least two Han characters, or a Latin word beside a single one."""
    han = len(_HAN.findall(text))
    return han >= 2 or (len(text) >= 4 and bool(_LATIN_WORD.search(text)))


def _boundaries(text: str) -> Iterator[int]:
    """Offsets at which one sentence ends and the next begins, ascending, without 0 and the end."""
    closed = _protected(text)
    cuts = {match.start() for match in _INLINE_ITEM.finditer(text)}
    for at, char in enumerate(text):
        if char in _TERMINATORS or (char in ".．" and _is_full_stop(text, at)):
            end = _after_closers(text, at + 1)
            if end < len(text) and not _goes_on(text, at, end, closed):
                cuts.add(end)
    return iter(sorted(cut for cut in cuts if 0 < cut < len(text) and not closed[cut]))


def _is_full_stop(text: str, at: int) -> bool:
    """A Latin full stop ends a sentence after a Han character, never inside numbers or names."""
    if at == 0 or not _HAN.match(text[at - 1]):
        return False
    return at + 1 == len(text) or text[at + 1].isspace() or bool(_HAN.match(text[at + 1]))


def _after_closers(text: str, at: int) -> int:
    while at < len(text) and (text[at] in _CLOSERS or text[at] in _TERMINATORS):
        at += 1
    return at


def _goes_on(text: str, terminator: int, end: int, closed: bytearray) -> bool:
    """Whether the sentence continues behind the quotation or bracket that held the terminator.

    A quoted ？ or ！ is mostly the name of a button or a question within the sentence.
    """
    if not closed[terminator]:
        return False
    return text[terminator] != "。" or text[end - 1] in _ROUND or text[end] in _CONTINUES


def _protected(text: str) -> bytearray:
    """1 at every offset where no boundary may fall: inside short brackets, quotations and URLs."""
    inside = bytearray(len(text) + 1)
    opened: deque[tuple[str, int]] = deque(maxlen=_DEPTH)
    for at, char in enumerate(text):
        if char in _PAIRS:
            opened.append((_PAIRS[char], at))
        elif char in _PAIR_ENDS:
            # What was opened inside and never closed does not count.
            while opened and opened[-1][0] != char:
                opened.pop()
            start = opened.pop()[1] if opened else at
            if at - start <= _LONG_BRACKET:
                inside[start + 1 : at + 1] = b"\x01" * (at - start)
    for match in _URL.finditer(text):
        inside[match.start() + 1 : match.end()] = b"\x01" * (match.end() - match.start() - 1)
    return inside


def _strip(text: str, start: int, end: int) -> Span | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end) if start < end else None


def _title(heading: Block) -> str:
    return f"{heading.label} {heading.text}".strip()
