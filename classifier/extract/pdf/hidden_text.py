"""Text of a page that its reader does not see: invisible, white, tiny, under a picture.

An invisible layer over a picture is what OCR programs leave in a scan: the text of the
picture. Any other hidden text is not part of what was published.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Final

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw
from numpy.typing import NDArray

from classifier.document import Box
from classifier.extract.layout.lines import BODY, Glyphs, run_starts
from classifier.extract.pdf.calls import address, luminances, render_mode, text_object
from classifier.extract.pdf.drawing import PageObject, bounds, page_objects
from classifier.extract.pdf.page import Frame

_Handle = Any
"""A ctypes pointer of pdfium, for which the bindings have no static type."""

_INVISIBLE: Final = (raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP)
_STROKED: Final = (
    raw.FPDF_TEXTRENDERMODE_STROKE,
    raw.FPDF_TEXTRENDERMODE_FILL_STROKE,
    raw.FPDF_TEXTRENDERMODE_STROKE_CLIP,
    raw.FPDF_TEXTRENDERMODE_FILL_STROKE_CLIP,
)
_WHITE: Final = 247
"""Luminance (0 to 255) from which ink does not show on paper."""
_TINY: Final = 2.0
"""Points up to which text cannot be read, where other text of the page is larger."""
_SMALL: Final = 0.3
"""Height of such text, in units of the page's median."""
_PAGE: Final = 0.8
"""Share of the page from which a picture covers it."""
_THICK: Final = 4.0
"""Points from which a stroke is a ground that text is set on."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """Masks over the glyphs of a page: ``layer`` lies over or under pictures; ``apart`` does not.

    ``layer`` may be the text of a scan, ``apart`` is set aside.
    """

    layer: NDArray[np.bool_]
    apart: NDArray[np.bool_]


def find_hidden(
    page: pdfium.PdfPage,
    textpage: pdfium.PdfTextPage,
    glyphs: Glyphs,
    indices: NDArray[np.intp],
    pictures: float,
) -> Hidden | None:
    """Hidden glyphs, or None. ``indices`` are those of the text page, ``pictures`` their share."""
    heights = glyphs.boxes[:, 3] - glyphs.boxes[:, 1]
    tiny = heights < _TINY
    if tiny.any():
        tiny &= heights < _SMALL * float(np.median(heights))
    covered = pictures >= _PAGE and _is_covered(page)
    if not covered and not _raises_doubt(textpage, glyphs, indices) and not tiny.any():
        return None
    handle = address(textpage.raw)
    invisible, white = _unseen(handle, indices)
    invisible |= covered
    white &= ~invisible
    frame = Frame.of(page)
    if white.any():
        white &= ~_inside(glyphs, list(_grounds(page, frame)))
    if not (invisible.any() or white.any() or tiny.any()):
        return None
    over = _inside(glyphs, list(_pictures(page, frame))) if invisible.any() else invisible
    return Hidden(invisible & over, (invisible & ~over) | white | (tiny & ~over))


def _raises_doubt(textpage: pdfium.PdfTextPage, glyphs: Glyphs, indices: NDArray[np.intp]) -> bool:
    """Whether the middle or the last glyph of a run is not plainly seen."""
    starts = run_starts(glyphs, np.full(len(glyphs), BODY, np.int32))
    ends = np.append(starts[1:], len(glyphs)) if len(starts) else starts
    sample = np.concatenate(((starts + ends) // 2, ends - 1))
    return any(mask.any() for mask in _unseen(address(textpage.raw), indices[sample]))


def _unseen(
    textpage: int, indices: NDArray[np.intp]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which of the characters at ``indices`` are invisible, and which are white."""
    items = list(map(text_object, repeat(textpage), indices.tolist()))
    modes = np.fromiter(map(render_mode, items), np.int32, len(items))
    white = luminances(items) > _WHITE
    if white.any():
        white &= ~np.isin(modes, (*_INVISIBLE, *_STROKED))
    return (modes == _INVISIBLE[0]) | (modes == _INVISIBLE[1]), white


def _is_covered(page: pdfium.PdfPage) -> bool:
    """Whether an opaque picture of the page's size was painted after all of its text."""
    count, get = raw.FPDFPage_CountObjects(page.raw), raw.FPDFPage_GetObject
    width, height = page.get_size()
    frame = Frame.of(page)
    for i in range(count - 1, -1, -1):
        item = get(page.raw, i)
        kind = raw.FPDFPageObj_GetType(item)
        if kind in (raw.FPDF_PAGEOBJ_TEXT, raw.FPDF_PAGEOBJ_FORM):
            return False
        if kind == raw.FPDF_PAGEOBJ_IMAGE and not raw.FPDFPageObj_HasTransparency(item):
            box = bounds(PageObject(item, kind), frame)
            if box and (box.x1 - box.x0) * (box.bottom - box.top) >= _PAGE * width * height:
                return True
    return False


def _pictures(page: pdfium.PdfPage, frame: Frame) -> Iterator[Box]:
    for found in page_objects(page):
        if found.kind == raw.FPDF_PAGEOBJ_IMAGE and (box := bounds(found, frame)):
            yield box


def _grounds(page: pdfium.PdfPage, frame: Frame) -> Iterator[Box]:
    """Boxes of pictures and coloured areas: what white text shows on."""
    for found in page_objects(page):
        is_path = found.kind == raw.FPDF_PAGEOBJ_PATH
        if (not is_path or _is_coloured(found.handle)) and (box := bounds(found, frame)):
            yield box


def _is_coloured(path: _Handle) -> bool:
    fill, stroke, width = ctypes.c_int(), ctypes.c_int(), ctypes.c_float()
    raw.FPDFPath_GetDrawMode(path, fill, stroke)
    if fill.value:
        return bool(luminances([address(path)])[0] <= _WHITE)
    thick = raw.FPDFPageObj_GetStrokeWidth(path, width) and width.value >= _THICK
    return bool(stroke.value and thick)


def _inside(glyphs: Glyphs, boxes: list[Box]) -> NDArray[np.bool_]:
    """Which glyphs have their middle in one of the boxes."""
    x = (glyphs.boxes[:, 0] + glyphs.boxes[:, 2]) / 2
    y = (glyphs.boxes[:, 1] + glyphs.boxes[:, 3]) / 2
    inside = np.zeros(len(glyphs), bool)
    for box in boxes:
        inside |= (x >= box.x0) & (x <= box.x1) & (y >= box.top) & (y <= box.bottom)
    return inside
