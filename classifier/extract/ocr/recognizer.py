"""Recognition of the pages of one document within the limits, and why a page was left."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import pypdfium2 as pdfium
from numpy.typing import NDArray

from classifier.errors import ExtractionError
from classifier.extract import clock
from classifier.extract.layout.recognition import Recognition, Refusal
from classifier.extract.ocr.models import model_paths
from classifier.limits import Limits

if TYPE_CHECKING:
    import numpy as np

_LOG = logging.getLogger(__name__)

_DPI: Final = 200
_MAX_PIXELS: Final = 12_000_000
"""Larger pages (drawings) are rendered at fewer dots per inch."""


class Recognizer:
    """Reads pages and pictures of one document until its limits are reached.

    The engine is loaded with the first page; where the extra ``ocr`` is not installed or
    ``limits.ocr`` is ``off``, every page is refused.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._pages = 0
        self._seconds = 0.0

    @property
    def refusal(self) -> Refusal | None:
        """Why the next page will not be read, if so."""
        if self._limits.ocr == "off":
            return Refusal.OFF
        if self._pages >= self._limits.ocr_pages:
            return Refusal.PAGES
        if self._seconds >= self._limits.ocr_seconds:
            return Refusal.SECONDS
        return None if model_paths() else Refusal.NOT_INSTALLED

    def page(self, page: pdfium.PdfPage, size: tuple[float, float]) -> Recognition | Refusal:
        """Render and read a page of ``size`` points."""
        inches = size[0] * size[1] / 72**2
        dpi = min(_DPI, math.sqrt(_MAX_PIXELS / inches))
        return self._read(lambda: _rendered(page, dpi), dpi)

    def picture(self, image: NDArray[np.uint8], dpi: float) -> Recognition | Refusal:
        """Read a picture: height × width × 3, blue green red."""
        return self._read(lambda: image, dpi)

    def _read(self, draw: Callable[[], NDArray[np.uint8]], dpi: float) -> Recognition | Refusal:
        if refusal := self.refusal:
            return refusal
        start = time.monotonic()
        try:
            with clock.stopped():
                from classifier.extract.ocr.engine import read_image

                return read_image(draw(), dpi)
        except (MemoryError, ExtractionError):
            raise
        except Exception:
            # OpenCV and ONNX Runtime fail in ways that nobody foresees; other pages may do.
            _LOG.info("a page cannot be recognised", exc_info=True)
            return Refusal.FAILED
        finally:
            self._pages += 1
            self._seconds += time.monotonic() - start


def _rendered(page: pdfium.PdfPage, dpi: float) -> Any:
    # pdfium's own order of colours is blue green red, which OpenCV takes, too.
    bitmap = page.render(scale=dpi / 72)
    return bitmap.to_numpy()[:, :, :3].copy()
