"""Places of the characters of recognised lines: from ink and network columns to glyphs.

Layout tells paragraphs and headings by font sizes and margins, which a text layer states
exactly. Here they are estimated: the font size of a line from the height of its ink and from
its width, and then brought to the size of the page's body where it is about the same.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median
from typing import Final

import numpy as np

from classifier.document import Box
from classifier.extract.language.han import is_han
from classifier.extract.layout.lines import Glyphs

_SAME_SIZE: Final = 0.13
"""Relative difference within which a line is taken to be of the body's size."""
_ALIKE: Final = 0.06
_BEARING: Final = 0.05
"""Blank on either side of the ink of a character, in units of the font size."""
_LEAST_STEPS: Final = 6
_OPENING: Final = "（《〈「『【〔“‘"


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A recognised line, in points: ``centres`` and ``confidences`` of its characters.

    ``ink`` is the box of what is printed. Blanks in ``text`` have centres, too.
    """

    text: str
    centres: Sequence[float]
    confidences: Sequence[float]
    ink: Box


def glyphs_of(lines: Sequence[ReadLine]) -> Glyphs:
    """Glyphs of level lines: boxes one font size high, as wide as the characters' advances."""
    codes: list[int] = []
    boxes: list[tuple[float, float, float, float]] = []
    confidences: list[float] = []
    for line, size in zip(lines, font_sizes(lines), strict=True):
        middle = (line.ink.top + line.ink.bottom) / 2
        top, bottom = middle - size / 2, middle + size / 2
        for char, (left, right), confidence in zip(
            line.text, _advances(line, size), line.confidences, strict=True
        ):
            codes.append(ord(char))
            boxes.append((left, top, right, bottom))
            confidences.append(confidence)
    return Glyphs(
        np.array(codes, np.int32),
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(confidences, np.float32),
    )


def font_sizes(lines: Sequence[ReadLine]) -> list[float]:
    """Font size of every line in points."""
    sizes = np.array([_font_size(line) for line in lines])
    weights = np.array([len(line.text) for line in lines])
    open_ = np.ones(len(lines), bool)
    # The commonest size draws all that are near, then the commonest of what is left.
    while open_.any():
        steps = np.where(open_, np.round(sizes * 2), 0).astype(int)
        usual = open_ & (steps == np.argmax(np.bincount(steps, weights * open_)))
        for width in (_ALIKE, _SAME_SIZE):
            body = float(np.average(sizes[usual], weights=weights[usual]))
            usual |= open_ & (np.abs(sizes / body - 1) <= width)
        sizes[usual] = round(body, 2)
        open_ &= ~usual
    return sizes.tolist()


def _font_size(line: ReadLine) -> float:
    high = (line.ink.bottom - line.ink.top) / _ink_height(line.text)
    wide = _pitch(line) or (line.ink.x1 - line.ink.x0) / max(_ink_width(line.text), 0.5)
    # Spread titles are wide for their height; a stain or an underline makes ink higher.
    size = wide if 0.75 < wide / high < 1.15 else high
    return max(size, 2.0)


def _pitch(line: ReadLine) -> float:
    """Mean distance of Han characters that stand side by side, 0 where there are few of them.

    Unlike the width of a line it does not mind blanks to fill in, which are not recognised.
    """
    steps = [
        there - here
        for at, (here, there) in enumerate(pairwise(line.centres))
        if is_han(line.text[at]) and is_han(line.text[at + 1])
    ]
    if len(steps) < _LEAST_STEPS:
        return 0.0
    middle = median(steps)
    return fmean(step for step in steps if 0.7 * middle <= step <= 1.3 * middle)


def _ink_height(text: str) -> float:
    """Height of the ink in units of the font size."""
    if any(is_han(char) for char in text):
        return 0.93
    descends = any(char in "gjpqy()（）[]{},;|/Q" for char in text)
    ascends = any(char.isupper() or char.isdecimal() or char in "bdfhklt()（）" for char in text)
    return (0.5 if not ascends else 0.72) + (0.2 if descends else 0.0)


def _ink_width(text: str) -> float:
    """Width of the ink in units of the font size: advances without the outer blank halves."""
    width = sum(map(_advance, text)) - 2 * _BEARING
    if text[0] in _OPENING:
        width -= 0.5
    if _advance(text[-1]) == 1 and not is_han(text[-1]):
        width -= 0.5
    return width


def _advance(char: str) -> float:
    if char == " ":
        return 0.3
    if unicodedata.east_asian_width(char) in "WF" or char in "“”‘’…—·•●■▲★":
        return 1.0
    return 0.62 if char.isupper() else 0.5


def _advances(line: ReadLine, size: float) -> list[tuple[float, float]]:
    """Left and right edge of every character; neighbours touch unless a gap lies between."""
    text, centres = line.text, line.centres
    halves = [_advance(char) * size / 2 for char in text]
    lefts = [line.ink.x0 - size * (0.5 if text[0] in _OPENING else _BEARING)]
    rights: list[float] = []
    for at, (here, there) in enumerate(pairwise(centres)):
        gap = max(there - here, 0.0)
        both = halves[at] + halves[at + 1]
        if gap > both + 0.7 * size and " " not in text[at : at + 2]:
            rights.append(here + halves[at])
            lefts.append(there - halves[at + 1])
        else:
            border = here + gap * halves[at] / both
            rights.append(border)
            lefts.append(border)
    last = line.ink.x1 + size * _BEARING
    if not is_han(text[-1]) and halves[-1] == size / 2:
        last = max(last, min(lefts[-1] + size, last + size / 2))
    rights.append(last)
    edges = []
    floor = lefts[0]
    for left, right in zip(lefts, rights, strict=True):
        left = max(left, floor)
        floor = max(right, left)
        edges.append((left, floor))
    return edges
