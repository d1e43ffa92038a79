"""Text that a page carries twice at one place: imitated bold, shadows, doubled text layers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.extract.layout.lines import BODY, Glyphs, run_starts

_SHIFT: Final = 0.3
"""Distance of a copy from its original, in units of the glyph's height and width."""
_ROW: Final = 8.0
"""Points; copies are looked for within rows of this height."""
_WHOLE: Final = 4
_ROWS: Final = 1 << 16
_PLACES: Final = 1 << 20
_LIGATED: Final = tuple(map(ord, "fitl"))


def copies(glyphs: Glyphs) -> NDArray[np.intp]:
    """For every glyph the index of an earlier one at the same place, or -1.

    The letters of a ligature share one box and are no copies.
    """
    found = np.full(len(glyphs), -1, np.intp)
    if len(glyphs) < 2:
        return found
    rows = glyphs.boxes[:, 1] / _ROW
    _mark(glyphs, np.floor(rows), found)
    if np.any(found >= 0):
        # A shifted copy may fall in the next row: look again with rows half a row lower.
        _mark(glyphs, np.floor(rows + 0.5), found)
    return found


def _mark(glyphs: Glyphs, rows: NDArray[np.float32], found: NDArray[np.intp]) -> None:
    # One key of character, row and place sorts faster than three.
    place = np.clip(glyphs.boxes[:, 0] * 16, 0, _PLACES - 1).astype(np.int64)
    row = np.clip(rows, 0, _ROWS - 1).astype(np.int64)
    order = np.argsort((glyphs.codes.astype(np.int64) * _ROWS + row) * _PLACES + place)
    codes, boxes = glyphs.codes[order], glyphs.boxes[order]
    x0, top, x1, bottom = boxes.T
    same = (
        (codes[1:] == codes[:-1])
        & (codes[1:] > 0x20)
        & (np.abs(x0[1:] - x0[:-1]) < _SHIFT * (x1[1:] - x0[1:]))
        & (np.abs(top[1:] - top[:-1]) < _SHIFT * (bottom[1:] - top[1:]))
    )
    at = np.flatnonzero(same)
    if not len(at):
        return
    first, second = np.minimum(order[at], order[at + 1]), np.maximum(order[at], order[at + 1])
    ligated = (
        (second - first == 1)
        & np.isin(codes[at], _LIGATED)
        & (glyphs.boxes[first, 0] == glyphs.boxes[second, 0])
    )
    found[second[~ligated]] = first[~ligated]


def repeated_lines(glyphs: Glyphs, originals: NDArray[np.intp]) -> Iterator[str]:
    """Copied lines that do not follow their original at once: a second layer, not mere bold.

    ``originals`` is what :func:`copies` gives.
    """
    at = np.flatnonzero(originals >= 0)
    copied = Glyphs(glyphs.codes[at], glyphs.boxes[at])
    starts = run_starts(copied, np.full(len(at), BODY, np.int32))
    for run in np.split(at, starts[1:]):
        if len(run) >= _WHOLE and np.median(run - originals[run]) > 2 * len(run):
            yield "".join(map(chr, glyphs.codes[run].tolist()))
