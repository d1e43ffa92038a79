"""From the glyphs of one printed line to its text: spaces, duplicates, letter spacing."""

from __future__ import annotations

from functools import lru_cache

from classifier.extract.han import is_han
from classifier.extract.normal import clean

# Bullets of the Symbol and Wingdings fonts, which Word stores in the private use area.
_BULLETS = {
    0xF0B7: "•", 0xF06C: "●", 0xF06E: "■", 0xF075: "◆", 0xF077: "◆", 0xF074: "◆", 0xF0A7: "▪",
    0xF076: "❖", 0xF0D8: "➢", 0xF0F0: "➢", 0xF0E8: "→", 0xF0A1: "○", 0xF0AB: "★", 0xF0FC: "√",
    0xF0FB: "×", 0xF0FE: "☑", 0xF052: "☑", 0xF0A8: "□", 0xF06F: "□", 0xF070: "□", 0xF071: "□",
}  # fmt: skip

_LIGATED = "fitl"


@lru_cache(maxsize=65536)
def _clean(code: int) -> str:
    text = _BULLETS.get(code) or clean(chr(code))
    return " " if text == "\n" else text


def compose(
    codes: list[int], lefts: list[float], rights: list[float], height: float
) -> tuple[str, list[float], list[int]]:
    """Text of a line, its edges, and which glyphs it shows; glyphs come from left to right.

    A gap that is wide for its neighbours becomes a space; a glyph drawn twice at one
    place (imitated bold, shadow) counts once.
    """
    chars: list[str] = []
    edges: list[float] = []
    kept: list[int] = []
    right, left, blank = 0.0, 0.0, False
    for at, (code, x0, x1) in enumerate(zip(codes, lefts, rights, strict=True)):
        char = _clean(code)
        if not char:
            continue
        if char == " ":
            blank = blank or (bool(chars) and x1 > right)
            continue
        if chars:
            again = char == chars[-1] and x0 - left < 0.35 * (x1 - x0)
            # The letters of a ligature share one box, too.
            if again and (x0 != left or char not in _LIGATED):
                continue
            if blank or x0 - right > height * _wide(chars[-1], char):
                chars.append(" ")
                edges.append(max(edges[-1], min(right, x0)))
            x0 = max(x0, edges[-1])
        chars.append(char)
        edges.append(x0)
        kept.append(at)
        left, right, blank = x0, max(x1, x0), False
    if not chars:
        return "", [], []
    edges.append(right)
    drop = _letter_spacing("".join(chars))
    if drop:
        chars = [char for i, char in enumerate(chars) if i not in drop]
        edges = [edge for i, edge in enumerate(edges) if i not in drop]
    return "".join(chars), [round(edge, 2) for edge in edges], kept


def _wide(before: str, after: str) -> float:
    """Gap in units of the font size from which two neighbours are separate words."""
    if before < "\u2000" and after < "\u2000":
        return 0.18
    # Word sets a quarter of an em between Han and Latin; justified lines stretch every gap.
    return 0.45


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
