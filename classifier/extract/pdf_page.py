"""What pdfium knows of one page: glyphs, their look, ruling lines, pictures.

Calls per character go straight to the C interface: a page has about a thousand, and
the helper classes would cost more than pdfium itself. Boxes are in points with the
origin at the top left of the page as displayed (rotation and crop box applied).
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw
from numpy.typing import NDArray

from classifier.document import Box
from classifier.extract.layout import Glyphs, Style

_Handle = Any
"""A ctypes pointer of pdfium, for which the bindings have no static type."""
_Matrix = tuple[float, float, float, float, float, float]

_THIN = 2.5
"""Points up to which a filled rectangle is a ruling line."""
_MAX_SEGMENTS = 400
_MAX_DEPTH = 4
_PALE = 150
"""Luminance (0 to 255) from which ink is pale."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Affine map from PDF user space to the page as displayed: (ax + cy + e, bx + dy + f)."""

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float

    @classmethod
    def of(cls, page: pdfium.PdfPage) -> Frame:
        width, height = page.get_size()
        # Device coordinates are whole 32-bit numbers: a large device keeps the error small.
        scale = min(1000.0, 1e9 / max(width, height, 1.0))
        px, py = ctypes.c_int(), ctypes.c_int()

        def place(x: float, y: float) -> tuple[float, float]:
            raw.FPDF_PageToDevice(
                page, 0, 0, round(width * scale), round(height * scale), 0, x, y, px, py
            )
            return px.value / scale, py.value / scale

        (e, f), (ax, ay), (cx, cy) = place(0, 0), place(1000, 0), place(0, 1000)
        return cls((ax - e) / 1000, (ay - f) / 1000, (cx - e) / 1000, (cy - f) / 1000, e, f)

    @property
    def scale(self) -> float:
        return math.hypot(self.a, self.b)

    def point(self, x: float, y: float) -> tuple[float, float]:
        return self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f

    def boxes(self, corners: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map n × 4 pairs of opposite corners (x, y, x, y) to left, top, right, bottom."""
        x, y = corners[:, 0::2], corners[:, 1::2]
        u = self.a * x + self.c * y + self.e
        v = self.b * x + self.d * y + self.f
        sides = (u.min(axis=1), v.min(axis=1), u.max(axis=1), v.max(axis=1))
        return np.column_stack(sides).astype(np.float32)


def read_glyphs(
    textpage: pdfium.PdfTextPage, frame: Frame, size: tuple[float, float]
) -> tuple[Glyphs, NDArray[np.intp]]:
    """Glyphs that lie on the page, and their indices for :func:`read_styles`.

    Blanks and line ends that pdfium made up have no width and are left out.
    """
    count = textpage.count_chars()
    codes = _codes(textpage, count)
    rects = (raw.FS_RECTF * count)()
    handle, loose_box = textpage.raw, raw.FPDFText_GetLooseCharBox
    for i in range(count):
        loose_box(handle, i, rects[i])
    boxes = frame.boxes(np.frombuffer(rects, np.float32).reshape(-1, 4))
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    visible = (x >= 0) & (x <= size[0]) & (y >= 0) & (y <= size[1])
    kept = np.flatnonzero(
        visible & (boxes[:, 3] - boxes[:, 1] > 0.5) & (codes != 13) & (codes != 10)
    )
    return Glyphs(codes[kept], boxes[kept]), kept


def _codes(textpage: pdfium.PdfTextPage, count: int) -> NDArray[np.int32]:
    buffer = (ctypes.c_ushort * (count + 1))()
    written = raw.FPDFText_GetText(textpage.raw, 0, count, buffer) - 1
    codes = np.ctypeslib.as_array(buffer)[:count].astype(np.int32)
    # The bulk call leaves out characters without a code and splits those beyond U+FFFF.
    if written != count or np.any((codes >= 0xD800) & (codes < 0xE000)):
        single = (raw.FPDFText_GetUnicode(textpage.raw, i) for i in range(count))
        codes = np.fromiter(single, np.int64, count).astype(np.int32)
    return codes


def read_styles(
    textpage: pdfium.PdfTextPage, indices: Sequence[int], frame: Frame
) -> Iterator[Style]:
    """Look of the characters at ``indices``; angles are rounded to a right angle 3° away."""
    handle = textpage.raw
    name = ctypes.create_string_buffer(128)
    flags = ctypes.c_int()
    matrix = raw.FS_MATRIX()
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    for i in indices:
        length = raw.FPDFText_GetFontInfo(handle, i, name, 128, flags)
        font = name.raw[: max(min(length, 128) - 1, 0)]
        bold = (
            b"Bold" in font
            or b"Hei" in font
            or b"Black" in font
            or raw.FPDFText_GetFontWeight(handle, i) >= 600
            or _is_stroked(handle, i)
        )
        pale = False
        if raw.FPDFText_GetFillColor(handle, i, red, green, blue, alpha):
            ink = 0.3 * red.value + 0.59 * green.value + 0.11 * blue.value
            pale = 255 - (255 - ink) * alpha.value / 255 > _PALE
        # FPDFText_GetCharAngle takes the slant of an imitated italic for a rotation.
        raw.FPDFText_GetMatrix(handle, i, matrix)
        angle = 0
        if matrix.b or matrix.a <= 0 or frame.b or frame.a <= 0:
            angle = _direction(matrix.a, matrix.b, frame)
        size = raw.FPDFText_GetFontSize(handle, i) * math.hypot(matrix.c, matrix.d)
        yield Style(bold, pale, angle, round(size * frame.scale, 2))


def _is_stroked(handle: _Handle, index: int) -> bool:
    """Outlined and filled: how programs imitate bold."""
    item = raw.FPDFText_GetTextObject(handle, index)
    return bool(item) and raw.FPDFTextObj_GetTextRenderMode(item) == 2


def _direction(x: float, y: float, frame: Frame) -> int:
    dx, dy = frame.a * x + frame.c * y, frame.b * x + frame.d * y
    angle = math.degrees(math.atan2(dy, dx)) % 360
    nearest = round(angle / 90) * 90
    return (nearest if abs(angle - nearest) <= 3 else round(angle)) % 360


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is drawn on a page: thin level and upright boxes, number of paths, share of pictures."""

    rulings: tuple[Box, ...]
    paths: int
    pictures: float


def read_drawing(page: pdfium.PdfPage, frame: Frame, size: tuple[float, float]) -> Drawing:
    """Ruling lines and the share of the page (0 to 1) that pictures cover."""
    rulings: list[Box] = []
    paths, covered = 0, 0.0
    for item, kind, matrix in _objects(page):
        if kind == raw.FPDF_PAGEOBJ_PATH:
            paths += 1
            rulings.extend(_rulings(item, frame, matrix))
        elif kind == raw.FPDF_PAGEOBJ_IMAGE and (box := _bounds(item, frame, matrix)):
            covered += _area(box, size)
    return Drawing(tuple(rulings), paths, min(covered / (size[0] * size[1]), 1.0))


def _objects(page: pdfium.PdfPage) -> Iterator[tuple[_Handle, int, _Matrix | None]]:
    """Paths and pictures with the matrix of the form they stand in; forms are opened."""
    handle, get, type_of = page.raw, raw.FPDFPage_GetObject, raw.FPDFPageObj_GetType
    for i in range(raw.FPDFPage_CountObjects(handle)):
        item = get(handle, i)
        kind = type_of(item)
        if kind == raw.FPDF_PAGEOBJ_FORM:
            yield from _in_form(item, None, 1)
        elif kind != raw.FPDF_PAGEOBJ_TEXT:
            yield item, kind, None


def _in_form(
    form: _Handle, outer: _Matrix | None, depth: int
) -> Iterator[tuple[_Handle, int, _Matrix | None]]:
    matrix = _matrix(form, outer)
    for i in range(raw.FPDFFormObj_CountObjects(form)):
        item = raw.FPDFFormObj_GetObject(form, i)
        kind = raw.FPDFPageObj_GetType(item)
        if kind == raw.FPDF_PAGEOBJ_FORM:
            if depth < _MAX_DEPTH:
                yield from _in_form(item, matrix, depth + 1)
        elif kind != raw.FPDF_PAGEOBJ_TEXT:
            yield item, kind, matrix


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


def _bounds(item: _Handle, frame: Frame, matrix: _Matrix | None) -> Box | None:
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    if not raw.FPDFPageObj_GetBounds(item, left, bottom, right, top):
        return None
    return _box(((left.value, bottom.value), (right.value, top.value)), frame, matrix)


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


def _rulings(item: _Handle, frame: Frame, matrix: _Matrix | None) -> Iterator[Box]:
    """A thin shape is one ruling; others give the level and upright segments of their outline.

    Areas that are only filled are shading or highlighted text, not rulings.
    """
    box = _bounds(item, frame, matrix)
    if box is None:
        return
    width, height = box.x1 - box.x0, box.bottom - box.top
    if min(width, height) <= _THIN:
        if max(width, height) > _THIN:
            yield box
        return
    if raw.FPDFPath_CountSegments(item) > _MAX_SEGMENTS or not _is_outlined(item):
        return
    own = _matrix(item, matrix)
    for start, end in _segments(item):
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
