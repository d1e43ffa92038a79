"""What can be seen on a page, against the places of its text: is there writing not in the text?

The page is rendered in grey and cut in square cells. A cell holds writing where many
edges cross it both ways on a light ground: ruling lines have edges one way only, photographs
have no ground. Costs tens of milliseconds, so only pages that raise a doubt are looked at.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
import pypdfium2 as pdfium
from numpy.typing import NDArray

_SCALE: Final = 1.5
"""Pixels per point: strokes of 9-point Han are still apart."""
_MAX_PIXELS: Final = 4_000_000
_CELL: Final = 15
"""Pixels; 10 points."""
_CONTRAST: Final = 60
"""Difference in grey (0 to 255) between ground and ink."""
_EDGES: Final = 14
"""Changes between ink and ground in a cell, the fewer of both directions."""
_LIGHT: Final = 0.35
_ROW: Final = 3
"""Cells side by side that make writing; crossings of ruling lines stand alone."""
_SPECKS: Final = 0.0005
"""Share of the page up to which ink is dirt."""


class Writing(NamedTuple):
    """Cells (10 × 10 points) with writing that the text layer has, and that it lacks."""

    read: int
    unread: int


def see_writing(page: pdfium.PdfPage, boxes: NDArray[np.float32]) -> Writing:
    """Compare what is seen on the page with glyph ``boxes`` (n × 4, points as displayed)."""
    grey, scale = _render(page)
    cells = _writing(grey)
    covered = np.zeros(cells.shape, bool)
    for left, top, right, bottom in (boxes * (scale / _CELL)).tolist():
        covered[_span(top, bottom), _span(left, right)] = True
    return Writing(int(np.count_nonzero(cells & covered)), int(np.count_nonzero(cells & ~covered)))


def is_empty(page: pdfium.PdfPage) -> bool:
    """Whether nothing but dirt is seen on the page."""
    grey, _ = _render(page)
    inked = np.abs(grey.astype(np.int16) - _ground(grey)) > _CONTRAST
    return float(inked.mean()) < _SPECKS


def _render(page: pdfium.PdfPage) -> tuple[NDArray[np.uint8], float]:
    width, height = page.get_size()
    scale = min(_SCALE, math.sqrt(_MAX_PIXELS / max(width * height, 1.0)))
    bitmap = page.render(scale=scale, grayscale=True, may_draw_forms=False)
    grey = bitmap.to_numpy().reshape(bitmap.height, bitmap.width).copy()
    bitmap.close()
    return grey, scale


def _ground(grey: NDArray[np.uint8]) -> int:
    return int(np.argmax(np.bincount(grey.ravel() & 0xF0, minlength=256))) + 8


def _span(low: float, high: float) -> slice:
    # One cell around, for text layers that are a little off.
    return slice(max(int(low) - 1, 0), max(int(high) + 2, 0))


def _writing(grey: NDArray[np.uint8]) -> NDArray[np.bool_]:
    ground = _ground(grey)
    shade = grey.astype(np.int16) if ground >= 128 else 255 - grey.astype(np.int16)
    ground = max(ground, 255 - ground)
    ink = shade < ground - _CONTRAST
    across, down = np.zeros_like(ink), np.zeros_like(ink)
    across[:, 1:] = ink[:, 1:] != ink[:, :-1]
    down[1:] = ink[1:] != ink[:-1]
    edges = np.minimum(_per_cell(across), _per_cell(down))
    light = _per_cell(shade > ground - _CONTRAST // 2)
    writing = (edges >= _EDGES) & (light >= _LIGHT * _CELL**2)
    return _in_rows(writing)


def _per_cell(mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    height, width = mask.shape
    rows, columns = height // _CELL, width // _CELL
    cut = mask[: rows * _CELL, : columns * _CELL]
    return cut.reshape(rows, _CELL, columns, _CELL).sum(axis=(1, 3), dtype=np.int32)


def _in_rows(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Cells that have enough others beside them, left and right."""
    _, width = cells.shape
    if width < _ROW:
        return np.zeros_like(cells)
    full = np.lib.stride_tricks.sliding_window_view(cells, _ROW, axis=1).all(axis=2)
    kept = np.zeros_like(cells)
    for shift in range(_ROW):
        kept[:, shift : shift + width - _ROW + 1] |= full
    return kept
