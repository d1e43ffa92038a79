"""Characters of an OFD text object and their places (GB/T 33190-2016, clause 11).

The characters are those of TextCode, so they are right where fonts are missing; the
glyph numbers of CGTransform only tell how many glyphs the advances count.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from classifier.extract.ofd.geometry import Matrix, number
from classifier.extract.ofd.package import local

Element = Any
"""An lxml element; lxml ships no types."""

NO_CODE = 0
"""Code of a glyph for which the file gives no character."""
_ASCENT, _DESCENT = 0.86, 0.14
"""Of the usual Chinese fonts, in units of the font size."""
_NARROW = 0.5
_USUAL_SIZE = 3.7
# Line breaks come from programs that indent the XML; they have no advance.
_INDENT = re.compile(r"\A[ \t]*[\r\n]\s*|\s*[\r\n][ \t]*\Z|[\r\n]")


class TextRun(NamedTuple):
    """Glyphs of one TextCode as in :class:`classifier.extract.layout.lines.Glyphs`.

    ``angle`` is the direction in which they follow, in whole degrees clockwise.
    """

    codes: NDArray[np.int32]
    boxes: NDArray[np.float32]
    angle: int

    @property
    def text(self) -> str:
        return "".join(map(chr, self.codes.tolist())).replace(chr(NO_CODE), "")


class _Mapping(NamedTuple):
    """A CGTransform: ``codes`` characters from ``start`` on advance like ``glyphs`` glyphs."""

    start: int
    codes: int
    glyphs: int
    listed: int


class _Path(NamedTuple):
    """Where the origins of the glyphs stand, and the direction in which they follow."""

    xs: NDArray[np.float64]
    ys: NDArray[np.float64]
    direction: tuple[float, float]


def font_size(node: Element) -> float:
    """Font size of a TextObject in its own millimetres; where it is missing, that of body text."""
    size = number(node.get("Size"), 0.0)
    return size if size > 0 else _USUAL_SIZE


def text_runs(node: Element, space: Matrix) -> Iterator[TextRun]:
    """Every TextCode of a TextObject; ``space`` maps the object's millimetres to points."""
    mappings: list[_Mapping] = []
    x = y = 0.0
    for child in node:
        kind = local(child)
        if kind == "CGTransform":
            mappings.append(_mapping(child))
        elif kind == "TextCode":
            x, y = number(child.get("X"), x), number(child.get("Y"), y)
            text = _padded(_INDENT.sub("", "".join(child.itertext())), mappings)
            if text:
                yield _run(node, child, text, mappings, (x, y), space)
            mappings = []


def _mapping(node: Element) -> _Mapping:
    listed = sum(len((child.text or "").split()) for child in node)
    start = int(max(number(node.get("CodePosition"), 0), 0))
    codes = int(max(number(node.get("CodeCount"), 1), 1))
    glyphs = int(max(number(node.get("GlyphCount"), 1), 1))
    # Counts beyond what is listed would let a short file ask for any number of glyphs.
    return _Mapping(start, codes, min(glyphs, listed), listed)


def _padded(text: str, mappings: Sequence[_Mapping]) -> str:
    """The text with ``NO_CODE`` for every glyph that stands beyond its end."""
    for mapping in mappings:
        beyond = mapping.start + mapping.codes - len(text)
        text += chr(NO_CODE) * min(max(beyond, 0), mapping.listed)
    return text


def _run(
    node: Element,
    code: Element,
    text: str,
    mappings: Sequence[_Mapping],
    origin: tuple[float, float],
    space: Matrix,
) -> TextRun:
    size = font_size(node)
    em = size * number(node.get("HScale"), 1.0)
    turn = round(number(node.get("CharDirection"), 0) / 90) % 4
    read = math.radians(number(node.get("ReadDirection"), 0))
    marks = _marks(text, mappings, code)
    path = _path(text, marks, code, origin, em, (math.cos(read), math.sin(read)))
    at = np.arange(len(path.xs))
    x, y = np.interp(marks, at, path.xs), np.interp(marks, at, path.ys)
    natural = np.array([_advance(char) for char in text]) * em
    step = np.abs(np.diff(x))
    level = abs(path.direction[0]) >= abs(path.direction[1])
    # A wider step holds a gap that tells words or columns apart.
    is_width = level & (step > 0.1 * em) & (step <= em)
    rect = _rect(np.where(is_width, step, natural), size, turn)
    boxes = space.boxes(x[:-1] + rect[0], y[:-1] + rect[1], x[:-1] + rect[2], y[:-1] + rect[3])
    codes = np.frombuffer(text.encode("utf-32-le"), np.int32)
    return TextRun(codes, boxes, _angle(*space.vector(*path.direction)))


def _marks(text: str, mappings: Sequence[_Mapping], code: Element) -> list[float]:
    """Place of every character, and of the end, counted in advances of this TextCode.

    Advances count glyphs, which differ from characters where CGTransform maps several to
    one or one to several; some programs count UTF-16 units instead.
    """
    given = max(_count(code.get("DeltaX")), _count(code.get("DeltaY"))) + 1
    plain = [float(i) for i in range(len(text) + 1)]
    if given == len(text):
        return plain
    units = [float(n) for n in accumulate((1 + (c > "\uffff") for c in text), initial=0)]
    if given == units[-1]:
        return units
    widths = [1.0] * len(text)
    for start, codes, glyphs, _ in mappings:
        inside = range(start, min(start + codes, len(text)))
        for i in inside if glyphs else ():
            widths[i] = glyphs / len(inside)
    return list(accumulate(widths, initial=0.0)) if sum(widths) >= 1 else plain


def _count(delta: str | None) -> int:
    """Number of advances in an array without writing out its repeats."""
    tokens, total, i = (delta or "").split(), 0, 0
    while i < len(tokens):
        repeats = tokens[i] in ("g", "G") and i + 2 < len(tokens)
        total += max(int(number(tokens[i + 1], 0)), 0) if repeats else 1
        i += 3 if repeats else 1
    return total


def _advances(delta: str | None, need: int) -> list[float]:
    """At most ``need`` advances of an array in which ``g n v`` stands for n times v."""
    tokens, found, i = (delta or "").split(), [], 0
    while i < len(tokens) and len(found) < need:
        if tokens[i] in ("g", "G") and i + 2 < len(tokens):
            times = int(number(tokens[i + 1], 0))
            found += [number(tokens[i + 2], 0.0)] * min(max(times, 0), need - len(found))
            i += 3
        else:
            found.append(number(tokens[i], 0.0))
            i += 1
    return found


def _path(
    text: str,
    marks: Sequence[float],
    code: Element,
    origin: tuple[float, float],
    em: float,
    read: tuple[float, float],
) -> _Path:
    """Origins of the glyphs; advances that the file leaves out are those of usual fonts."""
    glyphs = max(math.ceil(marks[-1]), 1)
    dx = _advances(code.get("DeltaX"), glyphs - 1)
    dy = _advances(code.get("DeltaY"), glyphs - 1)
    level = bool(dx) or not dy
    usual = [_advance(text[min(i, len(text) - 1)]) * em for i in range(glyphs)]
    # A level line needs no DeltaY and an upright one no DeltaX.
    dx += usual[len(dx) :] if level else [0.0] * (glyphs - len(dx))
    dy += [0.0] * (glyphs - len(dy)) if level else usual[len(dy) :]
    direction = _direction(dx[: glyphs - 1], dy[: glyphs - 1]) or read
    xs = np.cumsum([origin[0], *dx[:glyphs]])
    return _Path(xs, np.cumsum([origin[1], *dy[:glyphs]]), direction)


def _direction(dx: Sequence[float], dy: Sequence[float]) -> tuple[float, float] | None:
    """Where most of the steps lead; those of another kind begin new lines."""
    level = [(x, y) for x, y in zip(dx, dy, strict=True) if abs(x) >= abs(y)]
    steep = [(x, y) for x, y in zip(dx, dy, strict=True) if abs(x) < abs(y)]
    main = level if len(level) >= len(steep) else steep
    x, y = sum(x for x, _ in main), sum(y for _, y in main)
    return (x, y) if x or y else None


_Sides = NDArray[np.float64] | float


def _rect(
    width: NDArray[np.float64], size: float, turn: int
) -> tuple[_Sides, _Sides, _Sides, _Sides]:
    """Left, top, right, bottom of glyphs about their origins, after quarter turns clockwise."""
    above, below = _ASCENT * size, _DESCENT * size
    return (
        (0.0, -above, width, below),
        (-below, 0.0, above, width),
        (-width, -below, 0.0, above),
        (-above, -width, below, 0.0),
    )[turn]


@lru_cache(maxsize=65536)
def _advance(char: str) -> float:
    """Usual advance in ems: Chinese fonts set what is ambiguous in Unicode full width."""
    return 1.0 if unicodedata.east_asian_width(char) in "WFA" else _NARROW


def _angle(x: float, y: float) -> int:
    angle = math.degrees(math.atan2(y, x)) % 360
    nearest = round(angle / 90) * 90
    return (nearest if abs(angle - nearest) <= 3 else round(angle)) % 360
