"""What pdfium knows of the text of one page: glyphs and their look.

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

from classifier.extract.layout.lines import PLAIN, Glyphs, Style
from classifier.extract.pdf.calls import (
    address,
    fill_color,
    font,
    font_info,
    font_size,
    font_weight,
    loose_boxes,
    render_mode,
    text_matrix,
    text_object,
)

_Handle = Any
"""A ctypes pointer of pdfium, for which the bindings have no static type."""

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
) -> tuple[Glyphs, NDArray[np.intp], str]:
    """Glyphs that lie on the page, their indices for :func:`read_styles`, and text beside it.

    Blanks and line ends that pdfium made up have no width and are left out.
    """
    count = textpage.count_chars()
    codes = _codes(textpage, count)
    boxes = frame.boxes(loose_boxes(address(textpage.raw), count))
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    visible = (x >= 0) & (x <= size[0]) & (y >= 0) & (y <= size[1])
    real = (boxes[:, 3] - boxes[:, 1] > 0.5) & (codes != 13) & (codes != 10)
    kept = np.flatnonzero(visible & real)
    outside = "".join(map(chr, codes[real & ~visible].tolist()))
    return Glyphs(codes[kept], boxes[kept]), kept, outside


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
    """Look of the characters at ``indices``; angles are rounded to a right angle 3° away.

    An index of -1 stands for what is not in the text page and looks plain.
    """
    handle = address(textpage.raw)
    bold_fonts: dict[int, bool] = {}
    matrix = (ctypes.c_float * 6)()
    matrix_at = ctypes.addressof(matrix)
    for i in indices:
        if i < 0:
            yield PLAIN
            continue
        item = text_object(handle, i)
        face = font(item) if item else None
        if (bold := bold_fonts.get(face or 0)) is None:
            bold = bold_fonts[face or 0] = _is_bold(handle, i)
        # FPDFText_GetCharAngle takes the slant of an imitated italic for a rotation.
        text_matrix(handle, i, matrix_at)
        a, b, c, d, _, _ = matrix
        angle = 0
        if b or a <= 0 or frame.b or frame.a <= 0:
            angle = _direction(a, b, frame)
        size = font_size(handle, i) * math.hypot(c, d) * frame.scale
        yield Style(bold or _is_stroked(item), _is_pale(item), angle, round(size, 2))


def _is_bold(handle: int, index: int) -> bool:
    name, flags = ctypes.create_string_buffer(128), ctypes.c_int()
    length = font_info(handle, index, ctypes.addressof(name), 128, ctypes.addressof(flags))
    face = name.raw[: max(min(length, 128) - 1, 0)]
    named = b"Bold" in face or b"Hei" in face or b"Black" in face
    return named or font_weight(handle, index) >= 600


def _is_stroked(item: int | None) -> bool:
    """Outlined and filled: how programs imitate bold."""
    return bool(item) and render_mode(item) == raw.FPDF_TEXTRENDERMODE_FILL_STROKE


_RGBA = (ctypes.c_uint * 4)()
_CHANNELS = tuple(ctypes.addressof(_RGBA) + 4 * i for i in range(4))


def luminance(item: int | None) -> float:
    """Of the fill of an object (its address) on white paper, 0 (black) to 255."""
    if not item or not fill_color(item, *_CHANNELS):
        return 0.0
    red, green, blue, alpha = _RGBA
    return 255 - (255 - 0.3 * red - 0.59 * green - 0.11 * blue) * alpha / 255


def _is_pale(item: int | None) -> bool:
    return luminance(item) > _PALE


def _direction(x: float, y: float, frame: Frame) -> int:
    dx, dy = frame.a * x + frame.c * y, frame.b * x + frame.d * y
    angle = math.degrees(math.atan2(dy, dx)) % 360
    nearest = round(angle / 90) * 90
    return (nearest if abs(angle - nearest) <= 3 else round(angle)) % 360
