"""The calls to pdfium that are made for every character or object, with bare addresses.

The bindings make a Python object of every pointer that goes in or out, which costs more than
the call. Here handles are integers (see :func:`address`) and 0 is none.
"""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Callable, Sequence
from itertools import repeat
from typing import Any

import numpy as np
import pypdfium2.raw as raw
from numpy.typing import NDArray

_INT, _LONG, _POINTER = ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p


def address(handle: Any) -> int:
    """Where a handle of the bindings points."""
    return ctypes.cast(handle, _POINTER).value or 0


def _bare(function: Any, result: Any, *arguments: Any) -> Callable[..., Any]:
    return ctypes.PYFUNCTYPE(result, *arguments)(address(function))


count_objects = _bare(raw.FPDFPage_CountObjects, _INT, _POINTER)
page_object = _bare(raw.FPDFPage_GetObject, _POINTER, _POINTER, _INT)
object_type = _bare(raw.FPDFPageObj_GetType, _INT, _POINTER)
text_object = _bare(raw.FPDFText_GetTextObject, _POINTER, _POINTER, _INT)
render_mode = _bare(raw.FPDFTextObj_GetTextRenderMode, _INT, _POINTER)
font = _bare(raw.FPDFTextObj_GetFont, _POINTER, _POINTER)
font_info = _bare(raw.FPDFText_GetFontInfo, _LONG, _POINTER, _INT, _POINTER, _LONG, _POINTER)
font_weight = _bare(raw.FPDFText_GetFontWeight, _INT, _POINTER, _INT)
font_size = _bare(raw.FPDFText_GetFontSize, ctypes.c_double, _POINTER, _INT)
has_map_error = _bare(raw.FPDFText_HasUnicodeMapError, _INT, _POINTER, _INT)
_text_matrix = _bare(raw.FPDFText_GetMatrix, _INT, _POINTER, _INT, _POINTER)
_fill_color = _bare(
    raw.FPDFPageObj_GetFillColor, _INT, _POINTER, _POINTER, _POINTER, _POINTER, _POINTER
)
_loose_box = _bare(raw.FPDFText_GetLooseCharBox, _INT, _POINTER, _INT, _POINTER)


def loose_boxes(textpage: int, count: int) -> NDArray[np.float32]:
    """The first ``count`` characters' boxes in PDF user space: left, top, right, bottom."""
    boxes = np.zeros((count, 4), np.float32)
    first = boxes.ctypes.data
    places = range(first, first + 16 * count, 16)
    deque(map(_loose_box, repeat(textpage), range(count), places), maxlen=0)
    return boxes


def text_matrices(textpage: int, indices: Sequence[int]) -> NDArray[np.float32]:
    """Matrices (n × 6) of the characters at ``indices``."""
    matrices = np.zeros((len(indices), 6), np.float32)
    first = matrices.ctypes.data
    places = range(first, first + 24 * len(indices), 24)
    deque(map(_text_matrix, repeat(textpage), indices, places), maxlen=0)
    return matrices


def luminances(items: Sequence[int | None]) -> NDArray[np.float64]:
    """Of the fills of n objects (none for none) on white paper, 0 (black) to 255."""
    colors = np.zeros((len(items), 4), np.uint32)
    first, size = colors.ctypes.data, 16 * len(items)
    channels = (range(first + 4 * i, first + 4 * i + size, 16) for i in range(4))
    filled = np.fromiter(map(_fill_color, items, *channels), np.int32, len(items))
    red, green, blue, alpha = colors.T.astype(np.float64)
    light = 255 - (255 - 0.3 * red - 0.59 * green - 0.11 * blue) * alpha / 255
    return np.where(filled != 0, light, 0.0)
