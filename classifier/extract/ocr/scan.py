"""Geometry of scanned pages: skew, ruling lines, the ink of a line. Pixels throughout."""

from __future__ import annotations

import math
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from classifier.document import Box
from classifier.extract.layout.recognition import Placement

Image = NDArray[np.uint8]
"""Height × width × 3, blue green red, or height × width."""

_MAX_SKEW: Final = math.radians(15)
_MIN_SKEW: Final = math.radians(0.03)
_ENOUGH_SHORT: Final = 5
"""Short lines whose angles, each of them rough, together tell the skew."""
_LEVEL_RULING: Final = 40
_UPRIGHT_RULING: Final = 22
"""Least length of a ruling line in points: longer than the strokes of large characters."""
_THIN: Final = 4.0
"""Most points that a ruling line is thick."""


def is_sideways(quads: NDArray[np.float32]) -> bool:
    """Whether most of the text found (n × 4 corners × xy) runs up or down the page."""
    wide, high = _sides(quads)
    tall = high > 1.5 * wide
    return float(high[tall].sum()) > float(wide[~tall].sum())


def _sides(quads: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    wide = np.linalg.norm(quads[:, 1] - quads[:, 0] + quads[:, 2] - quads[:, 3], axis=1) / 2
    high = np.linalg.norm(quads[:, 3] - quads[:, 0] + quads[:, 2] - quads[:, 1], axis=1) / 2
    return wide, high


def skew(quads: NDArray[np.float32]) -> float:
    """Angle in radians by which lines run down to the right: median of the long ones, by length."""
    wide, high = _sides(quads)
    long = wide > 8 * high
    if not np.any(long):
        long = wide > 4 * high
        if np.count_nonzero(long) < _ENOUGH_SHORT:
            return 0.0
    run = (quads[:, 1] - quads[:, 0] + quads[:, 2] - quads[:, 3])[long]
    angles = np.arctan2(run[:, 1], run[:, 0])
    order = np.argsort(angles)
    weights = np.cumsum(wide[long][order])
    angle = float(angles[order][np.searchsorted(weights, weights[-1] / 2)])
    return angle if _MIN_SKEW < abs(angle) < _MAX_SKEW else 0.0


def turned(image: Image, angle: float) -> tuple[Image, Placement]:
    """The picture turned clockwise by ``angle`` (radians), and where its points went."""
    size = (float(image.shape[1]), float(image.shape[0]))
    placement, (wide, high) = Placement.turn(angle, size)
    quarters = angle / (math.pi / 2)
    if quarters == round(quarters):
        return np.ascontiguousarray(np.rot90(image, -round(quarters))), placement
    p = placement
    matrix = np.array([[p.a, p.c, p.e], [p.b, p.d, p.f]])
    canvas = (math.ceil(wide), math.ceil(high))
    level = cv2.warpAffine(
        image, matrix, canvas, flags=cv2.INTER_LINEAR, borderValue=(255, 255, 255)
    )
    return _picture(level), placement


def _picture(array: Any) -> Image:
    return np.asarray(array, np.uint8)


def upright_boxes(quads: NDArray[np.float32], placement: Placement) -> NDArray[np.float32]:
    """Boxes (n × 4: left, top, right, bottom) of quads in the frame that makes them level."""
    middle = quads.mean(axis=1)
    p = placement
    x = p.a * middle[:, 0] + p.c * middle[:, 1] + p.e
    y = p.b * middle[:, 0] + p.d * middle[:, 1] + p.f
    wide, high = _sides(quads)
    return np.column_stack((x - wide / 2, y - high / 2, x + wide / 2, y + high / 2))


def find_rulings(image: Image, scale: float) -> list[Box]:
    """Level and upright ruling lines of a level picture, in points (``scale`` per pixel)."""
    gray = _picture(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
    window = max(int(15 / scale) | 1, 3)
    ink = cv2.adaptiveThreshold(
        gray, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, window, 12
    )
    found = []
    for level, length in ((True, _LEVEL_RULING), (False, _UPRIGHT_RULING)):
        pixels = max(int(length / scale), 3)
        along = (pixels, 1) if level else (1, pixels)
        # Lines that are a bit off level step from one pixel row to the next.
        across = (1, 3) if level else (3, 1)
        thick = cv2.dilate(ink, np.ones(across[::-1], np.uint8))
        lines = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones(along[::-1], np.uint8))
        _, _, stats, _ = cv2.connectedComponentsWithStats(lines, connectivity=8)
        for x, y, wide, high, area in np.asarray(stats)[1:].tolist():
            if area / (wide if level else high) * scale <= _THIN:
                found.append(Box(x * scale, y * scale, (x + wide) * scale, (y + high) * scale))
    return found


def ink_box(crop: Image) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom of the ink of one line, without rulings at its rims."""
    gray = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    _, dark = cv2.threshold(gray, 0, 1, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    ink = np.asarray(dark, bool)
    if ink.mean() > 0.5:
        ink = ~ink
    high, wide = ink.shape
    rim = max(high // 4, 1)
    rows = ink.sum(axis=1)
    level = np.flatnonzero(rows > 0.7 * wide)
    ink[level[(level < rim) | (level >= high - rim)]] = False
    columns = ink.sum(axis=0)
    upright = np.flatnonzero(columns > 0.9 * high)
    ink[:, upright[(upright < rim) | (upright >= wide - rim)]] = False
    xs, ys = np.flatnonzero(ink.any(axis=0)), np.flatnonzero(ink.any(axis=1))
    if not len(xs):
        return None
    return int(xs[0]), int(ys[0]), int(xs[-1]) + 1, int(ys[-1]) + 1
