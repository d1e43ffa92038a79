"""Draw the pictures of a scanned OFD page as one, for recognition."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from classifier.errors import ExtractionError, Reason
from classifier.extract.ocr.picture import load_pixels
from classifier.extract.ofd.page import Picture
from classifier.limits import Limits

_LOG = logging.getLogger(__name__)

_DPI: Final = 200.0
_MAX_PIXELS: Final = 12_000_000


class Drawn(NamedTuple):
    """A page as height × width × 3, blue green red, its dots per inch, how many pictures it shows.

    ``missing`` counts those that cannot be read (JBIG2, say): they stay white.
    """

    image: NDArray[np.uint8]
    dpi: float
    shown: int
    missing: int


def draw_pictures(
    load: Callable[[str], bytes],
    pictures: Sequence[Picture],
    size: tuple[float, float],
    limits: Limits,
) -> Drawn:
    """The page of ``size`` points: scans are often cut in strips, so they are put together.

    Raises :class:`ExtractionError` where ``load`` does with another reason than DAMAGED.
    """
    from PIL import Image

    scale = min(_DPI / 72, math.sqrt(_MAX_PIXELS / (size[0] * size[1])))
    width, height = (max(round(side * scale), 1) for side in size)
    canvas = Image.new("RGB", (width, height), "white")
    shown = missing = 0
    for box, part, turns in pictures:
        wide, high = round((box.x1 - box.x0) * scale), round((box.bottom - box.top) * scale)
        if not (0 < wide <= 2 * width and 0 < high <= 2 * height):
            continue
        pixels = _pixels(load, part, limits)
        if pixels is None:
            missing += 1
            continue
        upright = np.ascontiguousarray(np.rot90(pixels, -turns))
        image = Image.fromarray(upright).resize((wide, high))
        canvas.paste(image, (round(box.x0 * scale), round(box.top * scale)))
        shown += 1
    return Drawn(np.array(canvas, np.uint8), scale * 72, shown, missing)


def _pixels(load: Callable[[str], bytes], part: str, limits: Limits) -> NDArray[np.uint8] | None:
    """A picture, or None where there is none that can be read; the other pages are worth having."""
    try:
        data = load(part)
    except ExtractionError as error:
        if error.reason is not Reason.DAMAGED:
            raise
        return None
    try:
        return load_pixels(data, limits)
    except ExtractionError as error:
        _LOG.info("picture %s: %s", part, error)
        return None
