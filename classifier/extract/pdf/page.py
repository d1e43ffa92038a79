"""What pdfium knows of the text of one page: glyphs and their look.

Calls per character go straight to the C interface: a page has about a thousand, and
the helper classes would cost more than pdfium itself. Boxes are in points with the
origin at the top left of the page as displayed (rotation and crop box applied).
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw
from numpy.typing import NDArray

from classifier.extract.layout.lines import PLAIN, Glyphs, Style
from classifier.extract.pdf.calls import (
    address,
    font,
    font_info,
    font_size,
    font_weight,
    loose_boxes,
    luminances,
    render_mode,
    text_matrices,
    text_object,
)

_Handle = Any
"""A ctypes pointer of pdfium, for which the bindings have no static type."""

_PALE = 150
"""Luminance (0 to 255) from which ink is pale."""
_OUTLINED = raw.FPDF_TEXTRENDERMODE_FILL_STROKE
"""How programs imitate bold."""
_Look = tuple[int, int | None, list[float], float, int, bool]
"""Index, font, the first four numbers of the matrix, font size, render mode, whether pale."""


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

    def back(self, u: float, v: float) -> tuple[float, float]:
        """The point of user space that is displayed at ``(u, v)``."""
        u, v, area = u - self.e, v - self.f, self.a * self.d - self.b * self.c
        return (self.d * u - self.c * v) / area, (self.a * v - self.b * u) / area

    def boxes(self, corners: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map n × 4 pairs of opposite corners (x, y, x, y) to left, top, right, bottom."""
        x, y = corners[:, 0::2], corners[:, 1::2]
        u = self.a * x + self.c * y + self.e
        v = self.b * x + self.d * y + self.f
        # Slower by far along the short axis: u.min(axis=1).
        low, high = (np.minimum, np.maximum)
        sides = (low(*u.T), low(*v.T), high(*u.T), high(*v.T))
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


def read_styles(textpage: pdfium.PdfTextPage, indices: Sequence[int], frame: Frame) -> list[Style]:
    """Look of the characters at ``indices``; angles are rounded to a right angle 3° away.

    An index of -1 stands for what is not in the text page and looks plain.
    """
    handle = address(textpage.raw)
    placed = [index for index in indices if index >= 0]
    items = list(map(text_object, repeat(handle), placed))
    looks = zip(
        placed,
        map(font, items),
        text_matrices(handle, placed)[:, :4].tolist(),
        map(font_size, repeat(handle), placed),
        map(render_mode, items),
        (luminances(items) > _PALE).tolist(),
        strict=True,
    )
    styles = _styles(handle, looks, frame)
    return [PLAIN if index < 0 else next(styles) for index in indices]


def _styles(handle: int, looks: Iterable[_Look], frame: Frame) -> Iterator[Style]:
    # A page has few looks but hundreds of runs.
    known: dict[object, Style] = {}
    bold_fonts: dict[int | None, bool] = {}
    for index, face, (a, b, c, d), size, mode, pale in looks:
        look = (face, a, b, c, d, size, mode, pale)
        if (style := known.get(look)) is None:
            if (bold := bold_fonts.get(face)) is None:
                bold = bold_fonts[face] = _is_bold(handle, index)
            angle = 0
            # FPDFText_GetCharAngle takes the slant of an imitated italic for a rotation.
            if b or a <= 0 or frame.b or frame.a <= 0:
                angle = _direction(a, b, frame)
            points = round(size * math.hypot(c, d) * frame.scale, 2)
            style = known[look] = Style(bold or mode == _OUTLINED, pale, angle, points)
        yield style


def _is_bold(handle: int, index: int) -> bool:
    name, flags = ctypes.create_string_buffer(128), ctypes.c_int()
    length = font_info(handle, index, ctypes.addressof(name), 128, ctypes.addressof(flags))
    face = name.raw[: max(min(length, 128) - 1, 0)]
    named = b"Bold" in face or b"Hei" in face or b"Black" in face
    return named or font_weight(handle, index) >= 600


def _direction(x: float, y: float, frame: Frame) -> int:
    dx, dy = frame.a * x + frame.c * y, frame.b * x + frame.d * y
    angle = math.degrees(math.atan2(dy, dx)) % 360
    nearest = round(angle / 90) * 90
    return (nearest if abs(angle - nearest) <= 3 else round(angle)) % 360
