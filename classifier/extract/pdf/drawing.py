"""What pdfium knows of the drawing on a page: ruling lines, pictures, outlines.

Boxes are in points with the origin at the top left of the page as displayed.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Final, NamedTuple

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw

from classifier.document import Box
from classifier.extract.pdf.calls import address, count_objects, object_type, page_object
from classifier.extract.pdf.page import Frame

_Handle = Any
"""A ctypes pointer of pdfium, for which the bindings have no static type."""
_Matrix = tuple[float, float, float, float, float, float]

_THIN: Final = 2.5
"""Points up to which a filled rectangle is a ruling line."""
_MAX_SEGMENTS: Final = 400
_MAX_DEPTH: Final = 4
_OUTLINE: Final = 12
"""Segments from which a path may be the outline of a character, not a box or a line."""


class PageObject(NamedTuple):
    """A path, picture or shading with the matrix of the form it stands in."""

    handle: _Handle
    kind: int
    matrix: _Matrix | None = None


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is drawn on a page.

    ``rulings`` are thin level and upright boxes, ``paths`` counts paths, ``outlines`` the
    segments of those that may be outlines of characters; ``pictures`` is the share of the
    page (0 to 1) under pictures.
    """

    rulings: tuple[Box, ...]
    paths: int
    outlines: int
    pictures: float


def read_drawing(page: pdfium.PdfPage, frame: Frame, size: tuple[float, float]) -> Drawing:
    """Ruling lines, outlines and pictures of a page of ``size`` points."""
    rulings: list[Box] = []
    paths, outlines, covered = 0, 0, 0.0
    for item in page_objects(page):
        if item.kind == raw.FPDF_PAGEOBJ_PATH:
            paths += 1
            segments = raw.FPDFPath_CountSegments(item.handle)
            if segments > _OUTLINE:
                outlines += segments
            rulings.extend(_rulings(item, segments, frame))
        elif item.kind == raw.FPDF_PAGEOBJ_IMAGE and (box := bounds(item, frame)):
            covered += _area(box, size)
    return Drawing(tuple(rulings), paths, outlines, min(covered / (size[0] * size[1]), 1.0))


def page_objects(page: pdfium.PdfPage) -> Iterator[PageObject]:
    """Paths, pictures and shadings in the order they are painted; forms are opened."""
    handle = address(page.raw)
    items = list(map(page_object, repeat(handle), range(count_objects(handle))))
    # Most objects of a page are text: what else there is is found at the speed of C.
    kinds = np.fromiter(map(object_type, items), np.int32, len(items))
    for i in np.flatnonzero(kinds != raw.FPDF_PAGEOBJ_TEXT).tolist():
        item = raw.FPDFPage_GetObject(page.raw, i)
        if kinds[i] == raw.FPDF_PAGEOBJ_FORM:
            yield from _in_form(item, None, 1)
        else:
            yield PageObject(item, int(kinds[i]))


def _in_form(form: _Handle, outer: _Matrix | None, depth: int) -> Iterator[PageObject]:
    matrix = _matrix(form, outer)
    for i in range(raw.FPDFFormObj_CountObjects(form)):
        item = raw.FPDFFormObj_GetObject(form, i)
        kind = raw.FPDFPageObj_GetType(item)
        if kind == raw.FPDF_PAGEOBJ_FORM:
            if depth < _MAX_DEPTH:
                yield from _in_form(item, matrix, depth + 1)
        elif kind != raw.FPDF_PAGEOBJ_TEXT:
            yield PageObject(item, kind, matrix)


def _matrix(item: _Handle, outer: _Matrix | None) -> _Matrix:
    m = raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(item, m)
    inner = (m.a, m.b, m.c, m.d, m.e, m.f)
    if outer is None:
        return inner
    a, b, c, d, e, f = inner
    p, q, r, s, t, u = outer
    return (
        a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s,
        e * p + f * r + t, e * q + f * s + u,
    )  # fmt: skip


def bounds(item: PageObject, frame: Frame) -> Box | None:
    """Box of an object on the page as displayed."""
    left, bottom, right, top = _SIDES
    if not raw.FPDFPageObj_GetBounds(item.handle, left, bottom, right, top):
        return None
    return _box(((left.value, bottom.value), (right.value, top.value)), frame, item.matrix)


_SIDES: Final = tuple(ctypes.c_float() for _ in range(4))


def _box(points: Sequence[tuple[float, float]], frame: Frame, matrix: _Matrix | None) -> Box:
    placed = []
    for x, y in points:
        if matrix is not None:
            a, b, c, d, e, f = matrix
            x, y = a * x + c * y + e, b * x + d * y + f
        placed.append(frame.point(x, y))
    xs, ys = [x for x, _ in placed], [y for _, y in placed]
    return Box(min(xs), min(ys), max(xs), max(ys))


def _area(box: Box, size: tuple[float, float]) -> float:
    width = min(box.x1, size[0]) - max(box.x0, 0.0)
    height = min(box.bottom, size[1]) - max(box.top, 0.0)
    return max(width, 0.0) * max(height, 0.0)


def _rulings(item: PageObject, segments: int, frame: Frame) -> Iterator[Box]:
    """A thin shape is one ruling; others give the level and upright segments of their outline.

    Areas that are only filled are shading or highlighted text, not rulings.
    """
    box = bounds(item, frame)
    if box is None:
        return
    width, height = box.x1 - box.x0, box.bottom - box.top
    if min(width, height) <= _THIN:
        if max(width, height) > _THIN:
            yield box
        return
    if segments > _MAX_SEGMENTS or not _is_outlined(item.handle):
        return
    own = _matrix(item.handle, item.matrix)
    for start, end in _segments(item.handle):
        line = _box((start, end), frame, own)
        if (line.x1 - line.x0 <= 0.5) != (line.bottom - line.top <= 0.5):
            yield line


def _is_outlined(item: _Handle) -> bool:
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    return bool(raw.FPDFPath_GetDrawMode(item, fill, stroke)) and bool(stroke.value)


def _segments(
    item: _Handle,
) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """Straight segments of a path, closing ones included, in the path's own space."""
    x, y = ctypes.c_float(), ctypes.c_float()
    first = here = (0.0, 0.0)
    for i in range(raw.FPDFPath_CountSegments(item)):
        segment = raw.FPDFPath_GetPathSegment(item, i)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        point = (x.value, y.value)
        kind = raw.FPDFPathSegment_GetType(segment)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            first = point
        elif kind == raw.FPDF_SEGMENT_LINETO:
            yield here, point
        if raw.FPDFPathSegment_GetClose(segment):
            yield point, first
        here = point
