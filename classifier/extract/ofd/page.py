"""What one page of an OFD document shows: glyphs, ruling lines, pictures (clauses 7.7 to 11).

All places are in points from the top left corner of the page.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from classifier.document import Box
from classifier.errors import ExtractionError, Reason
from classifier.extract.layout.lines import Glyphs, Style
from classifier.extract.ofd.geometry import (
    PAGE,
    Matrix,
    bounds,
    box,
    number,
    numbers,
    object_space,
    span,
)
from classifier.extract.ofd.package import OfdDocument, Resources, child, children, is_on, local
from classifier.extract.ofd.text import NO_CODE, TextRun, font_size, text_runs
from classifier.limits import Limits

Element = Any
"""An lxml element; lxml ships no types."""

_THIN = 2.5
"""Points up to which a filled shape is a ruling line."""
_MAX_PATH = 20_000
"""Characters of path data beyond which it is a drawing."""
_PALE = 150
"""Luminance (0 to 255) from which ink is pale."""
_MAX_OBJECTS = 5_000_000
_MAX_NESTING = 8
_OPERANDS = {"M": 2, "S": 2, "L": 2, "Q": 4, "B": 6, "A": 7, "C": 0}
_TOKEN = re.compile(r"[A-Za-z]|[-+0-9.][-+0-9.eE]*")


class Picture(NamedTuple):
    """A picture that fills ``box`` after quarter ``turns`` clockwise.

    ``part`` is its file in the package, empty if unknown.
    """

    box: Box
    part: str
    turns: int


@dataclass(slots=True)
class Content:
    """Everything seen on one page, in the order in which it is drawn; a style for every run."""

    runs: list[TextRun] = field(default_factory=list)
    styles: list[Style] = field(default_factory=list)
    rulings: list[Box] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    paths: int = 0

    @property
    def without_code(self) -> int:
        """Glyphs for which the file gives no character."""
        return sum(int(np.count_nonzero(run.codes == NO_CODE)) for run in self.runs)

    def cover(self, size: tuple[float, float]) -> float:
        """Share of the page (0 to 1) under pictures."""
        area = sum(_area(picture.box, size) for picture in self.pictures)
        return min(area / (size[0] * size[1]), 1.0)

    def glyphs(self, size: tuple[float, float]) -> tuple[Glyphs, NDArray[np.intp]]:
        """Glyphs whose middle lies on the page, and for each the index of its style."""
        codes = np.concatenate([np.zeros(0, np.int32), *(run.codes for run in self.runs)])
        boxes = np.concatenate([np.zeros((0, 4), np.float32), *(run.boxes for run in self.runs)])
        looks = np.repeat(np.arange(len(self.runs)), [len(run.codes) for run in self.runs])
        x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
        kept = (x >= 0) & (x <= size[0]) & (y >= 0) & (y <= size[1])
        kept &= boxes[:, 3] - boxes[:, 1] > 0.5
        return Glyphs(codes[kept], boxes[kept]), looks[kept]


def _area(box: Box, size: tuple[float, float]) -> float:
    width = min(box.x1, size[0]) - max(box.x0, 0.0)
    height = min(box.bottom, size[1]) - max(box.top, 0.0)
    return max(width, 0.0) * max(height, 0.0)


class _Group(NamedTuple):
    """Objects being walked: their space, and what they inherit from what holds them."""

    nodes: Iterator[Element]
    space: Matrix
    visible: bool
    draw_param: str
    composites: tuple[str, ...] = ()


class PageReader:
    """Reads the pages of one document under the limits of the file."""

    def __init__(self, document: OfdDocument, limits: Limits) -> None:
        self._document = document
        self._resources: Resources = document.resources
        self._limits = limits
        self._objects = 0
        self._chars = 0

    def read(self, root: Element, page: str) -> Content:
        """Content of a page with its templates and annotations.

        Template text is read like the page's own: what repeats in the margins is set
        aside with the furniture of all pages. Raises :class:`ExtractionError` (TOO_LARGE).
        """
        content = Content()
        behind, before = self._templates(root)
        for layers in (*behind, root, *before):
            for layer in children(child(layers, "Content"), "Layer"):
                self._walk(layer, PAGE, content, draw_param=layer.get("DrawParam", ""))
        for note in children(self._document.annotations(page), "Annot"):
            self._annotation(note, content)
        return content

    def _templates(self, root: Element) -> tuple[list[Element], list[Element]]:
        """Template pages behind and before the content; templates of templates are not used."""
        found: tuple[list[Element], list[Element]] = ([], [])
        for link in children(root, "Template"):
            template = self._document.template(link.get("TemplateID", ""))
            if template is not None:
                found[link.get("ZOrder", "") == "Foreground"].append(template)
        return found

    def _annotation(self, note: Element, content: Content) -> None:
        """Seals are pictures of others; watermarks are set aside; the rest is printed text."""
        kind = note.get("Type", "")
        visible = is_on(note, "Visible", True)
        for look in children(note, "Appearance"):
            space = object_space(look.get("Boundary"), None, PAGE)
            if kind == "Watermark":
                mark = Content()
                self._walk(look, space, mark, visible=visible)
                content.marks.extend(run.text for run in mark.runs)
            elif kind != "Stamp":
                self._walk(look, space, content, visible=visible)

    def _walk(
        self,
        block: Element,
        space: Matrix,
        content: Content,
        *,
        visible: bool = True,
        draw_param: str = "",
    ) -> None:
        """All objects of a layer or block; a stack of its own, so depth costs no recursion."""
        stack = [_Group(iter(block), space, visible, draw_param)]
        while stack:
            group = stack[-1]
            node = next(group.nodes, None)
            if node is None:
                stack.pop()
                continue
            self._count_object()
            inner = self._object(node, group, content)
            if inner is not None:
                stack.append(inner)

    def _count_object(self) -> None:
        self._objects += 1
        if self._objects > _MAX_OBJECTS:
            raise ExtractionError(Reason.TOO_LARGE, f"more than {_MAX_OBJECTS} objects on pages")

    def _object(self, node: Element, group: _Group, content: Content) -> _Group | None:
        """Take up one object; returns the group within it, if it holds others."""
        kind = local(node)
        if kind == "PageBlock":
            return group._replace(nodes=iter(node))
        if not kind.endswith("Object"):
            return None
        visible = group.visible and is_on(node, "Visible", True)
        space = object_space(node.get("Boundary"), node.get("CTM"), group.space)
        if kind == "TextObject":
            self._text(node, space, visible, node.get("DrawParam", group.draw_param), content)
        elif kind == "CompositeObject":
            return self._composite(node, space, visible, group)
        elif visible and kind == "PathObject":
            content.paths += 1
            content.rulings.extend(_rulings(node, space))
        elif visible and kind == "ImageObject":
            content.pictures.append(self._picture(node, space, group.space))
        return None

    def _picture(self, node: Element, space: Matrix, outer: Matrix) -> Picture:
        part = self._resources.pictures.get(node.get("ResourceID", ""), "")
        right, down = space.vector(1.0, 0.0)
        turns = round(math.atan2(down, right) / (math.pi / 2)) % 4
        return Picture(span(*box(node.get("Boundary")), outer), part, turns)

    def _composite(
        self, node: Element, space: Matrix, visible: bool, group: _Group
    ) -> _Group | None:
        number = node.get("ResourceID", "")
        unit = self._resources.composites.get(number)
        if unit is None or number in group.composites or len(group.composites) >= _MAX_NESTING:
            return None
        nodes = (inner for content in children(unit, "Content") for inner in content)
        return _Group(nodes, space, visible, group.draw_param, (*group.composites, number))

    def _text(
        self, node: Element, space: Matrix, visible: bool, draw_param: str, content: Content
    ) -> None:
        size = font_size(node) * space.height
        fill, stroke = is_on(node, "Fill", True), is_on(node, "Stroke", False)
        ink = self._luminance(node, draw_param)
        bold = (
            node.get("Font", "") in self._resources.bold
            or number(node.get("Weight"), 400) >= 600
            or (fill and stroke)
        )
        for run in text_runs(node, space):
            self._chars += len(run.codes)
            self._limits.check_chars(self._chars)
            if not visible or ink is None or not (fill or stroke):
                content.hidden.append(run.text)
                continue
            content.styles.append(Style(bold, ink > _PALE, run.angle, round(size, 2)))
            content.runs.append(run)

    def _luminance(self, node: Element, draw_param: str) -> float | None:
        """Of the ink on white paper, 0 (black) to 255; None where it is wholly transparent."""
        color = child(node, "FillColor")
        for _ in range(_MAX_NESTING):
            params = self._resources.draw_params.get(draw_param)
            if color is not None or params is None:
                break
            color, draw_param = child(params, "FillColor"), params.get("Relative", "")
        alpha = number(node.get("Alpha"), 255)
        if color is not None:
            alpha = min(alpha, number(color.get("Alpha"), 255))
        if alpha <= 0:
            return None
        return 255 - (255 - _gray(color)) * min(alpha, 255) / 255


def _gray(color: Element | None) -> float:
    values = numbers(color.get("Value")) if color is not None else []
    if len(values) == 1:
        return values[0]
    if len(values) == 3:
        return 0.3 * values[0] + 0.59 * values[1] + 0.11 * values[2]
    if len(values) == 4:
        cyan, magenta, yellow, black = values
        return (255 - 0.3 * cyan - 0.59 * magenta - 0.11 * yellow) * (255 - black) / 255
    return 0.0


def _rulings(node: Element, space: Matrix) -> Iterator[Box]:
    """A thin part of a path is one ruling; others give the level and upright lines they draw.

    Areas that are only filled are shading or highlighted text, not rulings.
    """
    data = child(node, "AbbreviatedData")
    stroked, filled = is_on(node, "Stroke", True), is_on(node, "Fill", False)
    if data is None or not (stroked or filled) or len(data.text or "") > _MAX_PATH:
        return
    for part in _parts(data.text or "", space):
        outline = bounds(point for segment in part for point in segment)
        width, height = outline.x1 - outline.x0, outline.bottom - outline.top
        if min(width, height) <= _THIN:
            if max(width, height) > _THIN:
                yield outline
        elif stroked:
            for segment in part:
                line = bounds(segment)
                if (line.x1 - line.x0 <= 0.5) != (line.bottom - line.top <= 0.5):
                    yield line


_Segment = tuple[tuple[float, float], tuple[float, float]]


def _parts(data: str, space: Matrix) -> Iterator[list[_Segment]]:
    """Straight segments of every connected part of a path (AbbreviatedData), on the page.

    A curve counts as the line between its ends.
    """
    part: list[_Segment] = []
    first = here = space.point(0.0, 0.0)
    tokens = _TOKEN.findall(data)
    at = 0
    while at < len(tokens):
        command = tokens[at]
        count = _OPERANDS.get(command, 0)
        operands = [number(token, 0.0) for token in tokens[at + 1 : at + 1 + count]]
        at += 1 + count
        if len(operands) < count or command not in _OPERANDS:
            continue
        point = space.point(operands[-2], operands[-1]) if count else first
        if command in "MS":
            if part:
                yield part
            part, first = [], point
        elif point != here or not part:
            part.append((here, point))
        here = point
    if part:
        yield part
