"""Numbers, boxes and coordinate systems of OFD (GB/T 33190-2016, 7.3 and 8.2).

Files measure in millimetres from the top left corner of the page; everything that
leaves the OFD modules is in points.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from classifier.document import Box

POINTS = 72 / 25.4
"""Points per millimetre."""
_FAR = 1e6


class Matrix(NamedTuple):
    """Affine map (x, y) → (ax + cy + e, bx + dy + f), in the order of the CTM attribute."""

    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 1.0
    e: float = 0.0
    f: float = 0.0

    def point(self, x: float, y: float) -> tuple[float, float]:
        return self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f

    def vector(self, x: float, y: float) -> tuple[float, float]:
        """The direction that (x, y) has on the other side."""
        return self.a * x + self.c * y, self.b * x + self.d * y

    def then(self, outer: Matrix) -> Matrix:
        """First this map, then ``outer``."""
        (a, b), (c, d) = outer.vector(self.a, self.b), outer.vector(self.c, self.d)
        return Matrix(a, b, c, d, *outer.point(self.e, self.f))

    def boxes(
        self,
        left: NDArray[np.float64],
        top: NDArray[np.float64],
        right: NDArray[np.float64],
        bottom: NDArray[np.float64],
    ) -> NDArray[np.float32]:
        """Upright boxes (n × 4: left, top, right, bottom) around n mapped rectangles."""
        sides = []
        for across, down, offset in ((self.a, self.c, self.e), (self.b, self.d, self.f)):
            ends = np.sort([across * left, across * right], axis=0)
            rims = np.sort([down * top, down * bottom], axis=0)
            sides.append(ends + rims + offset)
        (x0, x1), (y0, y1) = sides
        return np.column_stack((x0, y0, x1, y1)).astype(np.float32)

    @property
    def height(self) -> float:
        """Length of what is one unit high."""
        return math.hypot(self.c, self.d)


PAGE = Matrix(a=POINTS, d=POINTS)
"""From millimetres of the page to points."""


def number(text: str | None, default: float) -> float:
    """A finite number of sane size, else ``default``."""
    try:
        value = float(text) if text else default
    except ValueError:
        return default
    return value if abs(value) < _FAR else default


def numbers(text: str | None) -> list[float]:
    """An array (ST_Array); what is no sane number in it counts as 0."""
    return [number(token, 0.0) for token in (text or "").split()]


def box(text: str | None) -> tuple[float, float, float, float]:
    """Left, top, width and height of a ST_Box; zeros where it is missing or malformed."""
    found = numbers(text)
    return (found[0], found[1], found[2], found[3]) if len(found) == 4 else (0.0, 0.0, 0.0, 0.0)


def object_space(boundary: str | None, ctm: str | None, outer: Matrix) -> Matrix:
    """Space of a graphic unit: its CTM, moved to the corner of its boundary."""
    left, top, _, _ = box(boundary)
    found = numbers(ctm)
    own = Matrix(*found) if len(found) == 6 else Matrix()
    return own._replace(e=own.e + left, f=own.f + top).then(outer)


def bounds(points: Iterable[tuple[float, float]]) -> Box:
    """Smallest upright box around one point or more."""
    xs, ys = zip(*points, strict=True)
    return Box(min(xs), min(ys), max(xs), max(ys))


def span(left: float, top: float, width: float, height: float, space: Matrix) -> Box:
    """Box of a rectangle of ``space`` on the page."""
    right, bottom = left + width, top + height
    corners = ((left, top), (right, top), (left, bottom), (right, bottom))
    return bounds(space.point(x, y) for x, y in corners)
