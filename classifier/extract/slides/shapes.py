"""What stands on a slide: its shapes with their rectangles, in reading order.

Positions, and whether a paragraph has a bullet, come from the shape itself, else from the
placeholder of its layout, else from that of its master.
Source: ECMA-376 part 1, 19.3 (PresentationML shapes), 19.7.10 (placeholders), 20.1.7.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from classifier.document import Box
from classifier.extract.office.drawing import A, shown
from classifier.extract.office.ooxml import Element

P: Final = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
EMU: Final = 12_700
"""English metric units of a point."""

_LOOK_BACK: Final = 30
_APART: Final = ("title", "ctrTitle", "sldNum", "ftr", "dt", "hdr")
_BODY: Final = ("obj", "body", "subTitle", "chart", "tbl", "clipArt", "dgm", "media", "pic")
_SHAPES: Final = frozenset(f"{P}{tag}" for tag in ("sp", "grpSp", "graphicFrame", "pic", "cxnSp"))


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape or a group. ``placeholder`` is its type, empty for plain shapes.

    ``lists`` are the ``a:lstStyle`` elements that hold for its text, the nearest first.
    """

    node: Element
    box: Box | None
    placeholder: str = ""
    hidden: bool = False
    lists: tuple[Element, ...] = ()
    members: tuple[Shape, ...] = ()


@dataclass(slots=True)
class Stencil:
    """Placeholders of a layout or a master, which those of a slide go back to."""

    by_index: dict[str, Element] = field(default_factory=dict)
    by_type: dict[str, Element] = field(default_factory=dict)
    text_styles: Element | None = None

    @classmethod
    def of(cls, root: Element | None) -> Stencil:
        stencil = cls()
        for node in () if root is None else root.iter(f"{P}sp"):
            mark = _placeholder(node)
            if mark is not None:
                stencil.by_index.setdefault(mark.get("idx", "0"), node)
                stencil.by_type.setdefault(mark.get("type", "obj"), node)
        if root is not None:
            stencil.text_styles = root.find(f"{P}txStyles")
        return stencil


@dataclass(frozen=True, slots=True)
class _Frame:
    """Coordinates of a group: points are ``origin + scale * EMU``, each for x and y."""

    origin: tuple[float, float] = (0.0, 0.0)
    scale: tuple[float, float] = (1 / EMU, 1 / EMU)


def shapes(root: Element, layout: Stencil, master: Stencil) -> list[Shape]:
    """Shapes of a slide in reading order; groups keep theirs together."""
    tree = root.find(f"{P}cSld/{P}spTree")
    found = [] if tree is None else list(_shapes(tree, _Frame(), layout, master))
    return in_reading_order(found)


def text_body(shape: Shape) -> Element | None:
    return shape.node.find(f"{P}txBody")


def _shapes(tree: Element, frame: _Frame, layout: Stencil, master: Stencil) -> Iterator[Shape]:
    for node in shown(tree):
        if node.tag not in _SHAPES:
            continue
        mark = _placeholder(node)
        kind = "" if mark is None else mark.get("type", "obj")
        above = [] if mark is None else _inherited(mark.get("idx", "0"), kind, layout, master)
        box = next(filter(None, (_box(found, frame) for found in (node, *above))), None)
        shape = Shape(node, box, kind, _is_hidden(node), _lists(node, above, kind, master))
        if node.tag == f"{P}grpSp":
            members = _shapes(node, _inner(node, frame), layout, master)
            shape = replace(shape, members=tuple(in_reading_order(list(members))))
        yield shape


def _placeholder(node: Element) -> Element | None:
    return node.find(f"{P}nvSpPr/{P}nvPr/{P}ph")


def _is_hidden(node: Element) -> bool:
    properties = node.find(f"*/{P}cNvPr")
    return properties is not None and properties.get("hidden") in ("1", "true")


def _inherited(index: str, kind: str, layout: Stencil, master: Stencil) -> list[Element]:
    """The placeholders of layout and master that one of a slide goes back to."""
    own = layout.by_index.get(index) if index != "0" else None
    general = "title" if kind == "ctrTitle" else "body" if kind in _BODY else kind
    found = [own if own is not None else layout.by_type.get(kind), master.by_type.get(general)]
    return [node for node in found if node is not None]


def _lists(
    node: Element, above: Sequence[Element], kind: str, master: Stencil
) -> tuple[Element, ...]:
    styles = [found.find(f"{P}txBody/{A}lstStyle") for found in (node, *above)]
    if master.text_styles is not None:
        name = "titleStyle" if kind in ("title", "ctrTitle") else "bodyStyle"
        styles.append(master.text_styles.find(f"{P}{name if kind else 'otherStyle'}"))
    return tuple(style for style in styles if style is not None)


def _box(node: Element, frame: _Frame) -> Box | None:
    transform = _transform(node)
    numbers = _numbers(transform, "off", "ext")
    if numbers is None or transform is None:
        return None
    x, y, width, height = numbers
    turn = abs(_number(transform.get("rot")) / 60_000) % 180
    if 45 <= turn < 135:
        # The stored rectangle is the one before it was turned about its centre.
        x, y = x + (width - height) / 2, y + (height - width) / 2
        width, height = height, width
    (ox, oy), (sx, sy) = frame.origin, frame.scale
    left, top = ox + sx * x, oy + sy * y
    return Box(left, top, left + abs(sx * width), top + abs(sy * height))


def _transform(node: Element) -> Element | None:
    for path in (f"{P}spPr/{A}xfrm", f"{P}grpSpPr/{A}xfrm", f"{P}xfrm"):
        if (found := node.find(path)) is not None:
            return found
    return None


def _inner(group: Element, outer: _Frame) -> _Frame:
    transform = _transform(group)
    place, child = _numbers(transform, "off", "ext"), _numbers(transform, "chOff", "chExt")
    if place is None or child is None:
        return outer
    scales, origins = [], []
    for axis in (0, 1):
        factor = place[axis + 2] / child[axis + 2] if child[axis + 2] else 1.0
        scales.append(outer.scale[axis] * factor)
        shift = place[axis] - factor * child[axis]
        origins.append(outer.origin[axis] + outer.scale[axis] * shift)
    return _Frame((origins[0], origins[1]), (scales[0], scales[1]))


def _numbers(
    transform: Element | None, place: str, size: str
) -> tuple[float, float, float, float] | None:
    """x, y, width and height out of the two children of a transform."""
    if transform is None:
        return None
    at, extent = transform.find(f"{A}{place}"), transform.find(f"{A}{size}")
    if at is None or extent is None:
        return None
    names = ((at, "x"), (at, "y"), (extent, "cx"), (extent, "cy"))
    x, y, width, height = (_number(node.get(name)) for node, name in names)
    return x, y, width, height


def _number(value: str | None) -> float:
    try:
        number = float(value or 0)
    except ValueError:
        return 0.0
    # Coordinates are 64-bit, slides at most 51,206,400 units wide: larger ones are spoiled.
    return number if abs(number) < 1e10 else 0.0


def in_reading_order(found: list[Shape]) -> list[Shape]:
    """Shapes as they are stacked, which is mostly the order of reading, unless that jumps up.

    Then they are read in bands from top to bottom, each from left to right.
    """
    placed = [shape for shape in found if shape.box is not None]
    told = [shape for shape in placed if _counts(shape)]
    is_orderly = not any(
        _jumps_up(earlier, shape)
        for at, shape in enumerate(told)
        for earlier in told[max(at - _LOOK_BACK, 0) : at]
    )
    if is_orderly:
        return found
    loose = [shape for shape in found if shape.box is None]
    return [*loose, *_by_bands([(shape.box, shape) for shape in placed if shape.box is not None])]


def _counts(shape: Shape) -> bool:
    """Whether a shape has a say in the order: text, but no title or footer, which go apart."""
    has_text = next(shape.node.iter(f"{A}t"), None) is not None
    return has_text and shape.placeholder not in _APART


def _jumps_up(first: Shape, second: Shape) -> bool:
    """Whether the second stands wholly above the first, in the same column."""
    a, b = first.box, second.box
    if a is None or b is None or b.bottom > a.top:
        return False
    shared = min(a.x1, b.x1) - max(a.x0, b.x0)
    return shared * 2 > min(a.x1 - a.x0, b.x1 - b.x0)


def _by_bands(boxes: list[tuple[Box, Shape]]) -> Iterator[Shape]:
    band: list[tuple[Box, Shape]] = []
    for box, shape in sorted(boxes, key=lambda pair: (pair[0].top, pair[0].x0)):
        # A shape that begins in the upper half of the first of a band stands beside it.
        if band and box.top > (band[0][0].top + band[0][0].bottom) / 2:
            yield from (member for _, member in sorted(band, key=lambda pair: pair[0].x0))
            band = []
        band.append((box, shape))
    yield from (member for _, member in sorted(band, key=lambda pair: pair[0].x0))
