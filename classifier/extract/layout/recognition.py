"""What recognition of a page gives, and how its places map to the page as displayed."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from classifier.document import Box, Line
from classifier.extract.layout.lines import Glyphs


class Refusal(StrEnum):
    """Why a page was not recognised."""

    OFF = "off"
    NOT_INSTALLED = "not_installed"
    PAGES = "pages"
    SECONDS = "seconds"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Placement:
    """Affine map between two frames, in points: (ax + cy + e, bx + dy + f)."""

    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 1.0
    e: float = 0.0
    f: float = 0.0

    @classmethod
    def turn(cls, angle: float, size: tuple[float, float]) -> tuple[Placement, tuple[float, float]]:
        """Turn by ``angle`` (radians, clockwise) a frame of ``size`` in a new one that holds it.

        Also the size of the new frame.
        """
        cos, sin = math.cos(angle), math.sin(angle)
        width, height = size
        wide = abs(width * cos) + abs(height * sin)
        high = abs(width * sin) + abs(height * cos)
        e = (wide - width * cos + height * sin) / 2
        f = (high - width * sin - height * cos) / 2
        return cls(cos, sin, -sin, cos, e, f), (wide, high)

    def point(self, x: float, y: float) -> tuple[float, float]:
        return self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f

    def then(self, outer: Placement) -> Placement:
        """This map, then ``outer``."""
        a, b = outer.a * self.a + outer.c * self.b, outer.b * self.a + outer.d * self.b
        c, d = outer.a * self.c + outer.c * self.d, outer.b * self.c + outer.d * self.d
        return Placement(a, b, c, d, *outer.point(self.e, self.f))

    def inverse(self) -> Placement:
        det = self.a * self.d - self.b * self.c
        a, b, c, d = self.d / det, -self.b / det, -self.c / det, self.a / det
        return Placement(a, b, c, d, -(a * self.e + c * self.f), -(b * self.e + d * self.f))

    def scaled(self, factor: float) -> Placement:
        """The same map in units ``factor`` times as small."""
        return replace(self, e=self.e * factor, f=self.f * factor)

    def box(self, box: Box, size: tuple[float, float]) -> Box:
        """Smallest upright box around the mapped one, cut to a page of ``size``."""
        corners = ((box.x0, box.top), (box.x1, box.top), (box.x0, box.bottom), (box.x1, box.bottom))
        xs, ys = zip(*(self.point(*corner) for corner in corners), strict=True)
        return Box(
            _within(min(xs), size[0]),
            _within(min(ys), size[1]),
            _within(max(xs), size[0]),
            _within(max(ys), size[1]),
        )

    def line(self, line: Line, size: tuple[float, float]) -> Line:
        """A line with its mapped place; edges are dropped where it no longer runs to the right."""
        box, edges = self.box(line.box, size), []
        if line.edges and self.a > 0.9:
            middle = (line.box.top + line.box.bottom) / 2
            edges = [_within(self.point(x, middle)[0], size[0]) for x in line.edges]
            box = replace(box, x0=edges[0], x1=edges[-1])
        return replace(line, box=box, edges=tuple(edges))


IDENTITY: Final = Placement()


def _within(value: float, most: float) -> float:
    return round(min(max(value, 0.0), most), 2)


@dataclass(frozen=True, slots=True)
class Recognition:
    """Text and ruling lines of one page, in a frame of ``size`` where its lines are level.

    ``glyphs`` carry confidence; ``placement`` leads from the frame to the page as displayed.
    All lengths are points.
    """

    glyphs: Glyphs
    rulings: tuple[Box, ...]
    size: tuple[float, float]
    placement: Placement = IDENTITY
