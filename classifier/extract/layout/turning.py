"""Turning boxes by right angles, for text that does not stand upright."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

_ENOUGH: Final = 20
_MOST: Final = 0.7
"""Share of neighbouring Han that stand one below the other on a page set vertically."""

Turn = Callable[[NDArray[np.floating]], NDArray[np.floating]]


def turn(angle: int, size: tuple[float, float]) -> tuple[Turn, Turn]:
    """Maps boxes to the frame in which text at ``angle`` (nearest right angle) is upright."""
    width, height = size

    def top_down(b: NDArray[np.floating]) -> NDArray[np.floating]:
        return np.column_stack((b[:, 1], width - b[:, 2], b[:, 3], width - b[:, 0]))

    def from_top_down(b: NDArray[np.floating]) -> NDArray[np.floating]:
        return np.column_stack((width - b[:, 3], b[:, 0], width - b[:, 1], b[:, 2]))

    def bottom_up(b: NDArray[np.floating]) -> NDArray[np.floating]:
        return np.column_stack((height - b[:, 3], b[:, 0], height - b[:, 1], b[:, 2]))

    def from_bottom_up(b: NDArray[np.floating]) -> NDArray[np.floating]:
        return np.column_stack((b[:, 1], height - b[:, 2], b[:, 3], height - b[:, 0]))

    def half(b: NDArray[np.floating]) -> NDArray[np.floating]:
        return np.column_stack(
            (width - b[:, 2], height - b[:, 3], width - b[:, 0], height - b[:, 1])
        )

    def same(b: NDArray[np.floating]) -> NDArray[np.floating]:
        return b

    turns = ((same, same), (top_down, from_top_down), (half, half), (bottom_up, from_bottom_up))
    return turns[round(angle / 90) % 4]


def is_vertical(codes: NDArray[np.int32], boxes: NDArray[np.float32]) -> bool:
    """Whether Han in content order stand one below the other, in columns from the right."""
    if len(codes) < _ENOUGH:
        return False
    han = (codes >= 0x3000) & (codes < 0xA000)
    both = han[1:] & han[:-1]
    step = (boxes[1:, :2] - boxes[:-1, :2])[both]
    size = (boxes[:-1, 3] - boxes[:-1, 1])[both]
    below = (np.abs(step[:, 0]) < 0.3 * size) & (np.abs(step[:, 1] - 1.2 * size) < 0.6 * size)
    stacked = np.count_nonzero(below)
    if stacked < _ENOUGH or stacked < _MOST * len(step):
        return False
    # Narrow cells stack their characters, too, but stand from the left to the right.
    leftwards = step[~below][:, 0] < 0
    return not len(leftwards) or bool(leftwards.mean() > _MOST)
