"""From the glyphs of printed lines to their text: spaces, duplicates, letter spacing."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from classifier.extract.language.han import is_han
from classifier.extract.language.normal import clean

# Bullets of the Symbol and Wingdings fonts, which Word stores in the private use area.
_BULLETS = {
    0xF0B7: "•", 0xF06C: "●", 0xF06E: "■", 0xF075: "◆", 0xF077: "◆", 0xF074: "◆", 0xF0A7: "▪",
    0xF076: "❖", 0xF0D8: "➢", 0xF0F0: "➢", 0xF0E8: "→", 0xF0A1: "○", 0xF0AB: "★", 0xF0FC: "√",
    0xF0FB: "×", 0xF0FE: "☑", 0xF052: "☑", 0xF0A8: "□", 0xF06F: "□", 0xF070: "□", 0xF071: "□",
}  # fmt: skip

_LIGATED = "fitl"


_BLANK = 32
_WORD_GAP, _HAN_GAP = 0.18, 0.45
"""Gaps in units of the font size from which two neighbours are separate words.

Word sets a quarter of an em between Han and Latin; justified lines stretch every gap.
"""
_AGAIN = 0.35
_LIGATURES = np.array([ord(char) for char in _LIGATED], np.int32)


@cache
def _cleaned() -> NDArray[np.int32]:
    """For every code point what it is shown as: another one, a blank, or 0 for nothing."""
    table = np.arange(0x110000, dtype=np.int32)
    changes = {ord("\n"): " ", **_BULLETS}
    for code in (*range(0x3100), *range(0xD800, 0x10000)):
        text = changes.get(code) or clean(chr(code))
        table[code] = ord(text.replace("\n", " ")) if text else 0
    return table


class LineText(NamedTuple):
    """Text of one line with its ``edges``: the left of every character, the right of the last."""

    text: str
    edges: list[float]


def compose(
    codes: NDArray[np.int32],
    lefts: NDArray[np.float64],
    rights: NDArray[np.float64],
    line: NDArray[np.intp],
    sizes: NDArray[np.float64],
) -> tuple[list[LineText], NDArray[np.intp]]:
    """Text of the lines of a page, and the indices of the glyphs that they show.

    Glyphs come line by line from left to right; ``line`` numbers the line of each (ascending
    from 0), ``sizes`` has the font size of every line. A gap that is wide for its neighbours
    becomes a space; a glyph drawn twice at one place (imitated bold, shadow) counts once.
    """
    codes = _cleaned()[np.where((codes >= 0) & (codes < 0x110000), codes, 0)]
    kept = _once(codes, lefts, rights, line, np.flatnonzero(codes > _BLANK))
    found = [LineText("", [])] * len(sizes)
    if not len(kept):
        return found, kept
    chars, x0, at = codes[kept], lefts[kept], line[kept]
    first = np.append(True, at[1:] != at[:-1])
    # Edges never go back within a line; the offset keeps lines apart.
    offset = at * (float(lefts.max()) - min(float(lefts.min()), 0.0) + 1.0)
    edges = np.maximum.accumulate(x0 + offset) - offset
    ends = np.maximum(rights[kept], edges)
    spaced = _spaced(codes, rights, line, kept, ends)
    latin = chars < 0x2000
    gap = np.where(latin[1:] & latin[:-1], _WORD_GAP, _HAN_GAP) * sizes[at[1:]]
    spaced[1:] |= x0[1:] - ends[:-1] > gap
    spaced &= ~first
    texts, places = _with_spaces(chars, x0, edges, ends, spaced)
    shift = np.cumsum(spaced)
    begins = np.flatnonzero(first)
    lasts = np.append(begins[1:], len(kept)) - 1
    for number, begin, last, end in zip(
        at[begins].tolist(),
        (begins + shift[begins]).tolist(),
        (lasts + shift[lasts] + 1).tolist(),
        np.round(ends[lasts], 2).tolist(),
        strict=True,
    ):
        found[number] = _without_letter_spacing(texts[begin:last], [*places[begin:last], end])
    return found, kept


def _once(
    codes: NDArray[np.int32],
    lefts: NDArray[np.float64],
    rights: NDArray[np.float64],
    line: NDArray[np.intp],
    kept: NDArray[np.intp],
) -> NDArray[np.intp]:
    while len(kept) > 1:
        chars, x0 = codes[kept], lefts[kept]
        again = (chars[1:] == chars[:-1]) & (line[kept[1:]] == line[kept[:-1]])
        again &= x0[1:] - x0[:-1] < _AGAIN * (rights[kept[1:]] - x0[1:])
        # The letters of a ligature share one box, too.
        at = np.flatnonzero(again)
        if not len(at):
            break
        again[at] = (x0[at + 1] != x0[at]) | ~np.isin(chars[at + 1], _LIGATURES)
        # Of several copies the one after an original goes first: the next is compared with that.
        again[1:] &= ~again[:-1]
        if not again.any():
            break
        kept = kept[np.append(True, ~again)]
    return kept


def _spaced(
    codes: NDArray[np.int32],
    rights: NDArray[np.float64],
    line: NDArray[np.intp],
    kept: NDArray[np.intp],
    ends: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Which of the ``kept`` glyphs follow a blank that reaches beyond the glyph before it."""
    spaced = np.zeros(len(kept), bool)
    blanks = np.flatnonzero(codes == _BLANK)
    after = np.searchsorted(kept, blanks)
    inside = (after > 0) & (after < len(kept))
    blanks, after = blanks[inside], after[inside]
    before = after - 1
    seen = (line[kept[before]] == line[blanks]) & (rights[blanks] > ends[before])
    spaced[after[seen]] = True
    return spaced


def _with_spaces(
    chars: NDArray[np.int32],
    x0: NDArray[np.float64],
    edges: NDArray[np.floating],
    ends: NDArray[np.float64],
    spaced: NDArray[np.bool_],
) -> tuple[str, list[float]]:
    at = np.flatnonzero(spaced)
    blanks = np.maximum(edges[at - 1], np.minimum(ends[at - 1], x0[at]))
    text = np.insert(chars, at, _BLANK).astype("<u4").tobytes().decode("utf-32-le")
    return text, np.round(np.insert(edges, at, blanks), 2).tolist()


def _without_letter_spacing(text: str, edges: list[float]) -> LineText:
    drop = _letter_spacing(text)
    if not drop:
        return LineText(text, edges)
    return LineText(
        "".join(char for i, char in enumerate(text) if i not in drop),
        [edge for i, edge in enumerate(edges) if i not in drop],
    )


def _letter_spacing(text: str) -> set[int]:
    """Indices of spaces that only spread a word: 目 录, 采 购 文 件."""
    if " " not in text:
        return set()
    words = text.split(" ")
    drop: set[int] = set()
    at, run = 0, []
    for i, word in enumerate([*words, ""]):
        single = len(word) == 1 and is_han(word)
        # The last letter may carry the punctuation that follows it: 采 购 人：
        tail = bool(run) and len(word) > 1 and is_han(word[0]) and word[1] in "：:（("
        if single or tail:
            run.append(at - 1)
        if not single:
            whole = len(run) == len(words) or (tail and run[0] == -1)
            if len(run) >= 3 or (len(run) == 2 and whole):
                drop.update(run[1:])
            run = []
        at += len(word) + 1
        if i == len(words):
            break
    return drop
