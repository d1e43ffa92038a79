"""Pictures of documents as files: PNG, JPEG, BMP, WebP, and TIFF, whose frames are pages."""

from __future__ import annotations

import io
import math
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from classifier.document import Document, TextLayer
from classifier.errors import ExtractionError, Reason
from classifier.extract.layout.pages import LaidPage, assemble, no_text, page_notes
from classifier.extract.layout.recognition import Refusal
from classifier.extract.ocr.pages import lay_out_recognized, ocr_doubts, ocr_remarks
from classifier.extract.ocr.recognizer import Recognizer
from classifier.limits import Limits

if TYPE_CHECKING:
    from PIL.Image import Image

_SCREEN_DPI: Final = 96.0
_PLAUSIBLE_DPI: Final = (50.0, 1200.0)
_MAX_PIXELS: Final = 12_000_000
"""Larger pictures are made smaller: the text of a page does not need more."""
_BROKEN: Final = (OSError, ValueError, SyntaxError, LookupError, TypeError, struct.error)
"""What Pillow raises on broken files; zlib's and its own errors are among them."""
_FORMATS: Final = ("PNG", "JPEG", "TIFF", "BMP", "WEBP")


def read_picture(data: bytes, name: str, limits: Limits) -> Document:
    """Read a picture by recognition; sizes and boxes come from its resolution, else 96 dpi.

    Raises:
        ExtractionError: ``NEEDS_OCR`` where recognition is not installed or switched off,
            ``TOO_LARGE`` also by the size that a header states, ``DAMAGED``, or ``EMPTY``.
    """
    recognizer = Recognizer(limits)
    if recognizer.refusal in (Refusal.OFF, Refusal.NOT_INSTALLED):
        why = f"the text is in a picture; OCR: {recognizer.refusal}"
        raise ExtractionError(Reason.NEEDS_OCR, why)
    pages: list[LaidPage] = []
    chars = 0
    with _opened(data, limits) as picture:
        # Further frames of other formats are previews and animation.
        frames = _frame_count(picture, limits) if picture.format == "TIFF" else 1
        for number in range(1, frames + 1):
            pages.append(_read_frame(picture, number, limits, recognizer))
            chars += pages[-1].chars
            limits.check_chars(chars)
    document = assemble(name, "image", pages)
    if not document.blocks:
        raise no_text(pages)
    doubts = (*page_notes(pages, document), *ocr_doubts(pages, limits))
    reason = Reason.OK_PARTIAL if doubts else Reason.OK
    return replace(document, notes=(*doubts, *ocr_remarks(pages)), reason=reason)


def load_pixels(data: bytes, limits: Limits, number: int = 1) -> NDArray[np.uint8]:
    """A frame of a picture file, from 1: height × width × 3, blue green red, on white.

    Raises :class:`ExtractionError` with ``DAMAGED`` or ``TOO_LARGE``.
    """
    with _opened(data, limits) as picture:
        try:
            picture.seek(number - 1)
            limits.check_pixels(*picture.size)
            return _pixels(picture)[0]
        except _BROKEN as error:
            raise ExtractionError(Reason.DAMAGED, f"picture: {error}") from error


@contextmanager
def _opened(data: bytes, limits: Limits) -> Iterator[Image]:
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            picture = Image.open(io.BytesIO(data), formats=_FORMATS)
        except Image.DecompressionBombError as error:
            raise ExtractionError(Reason.TOO_LARGE, str(error)) from error
        except _BROKEN as error:
            raise ExtractionError(Reason.DAMAGED, f"picture: {error}") from error
        with picture:
            limits.check_pixels(*picture.size)
            yield picture


def _frame_count(picture: Image, limits: Limits) -> int:
    """Frames up to the first broken one, which counts: those behind it cannot be reached."""
    count = 1
    while True:
        try:
            picture.seek(count)
        except EOFError:
            return count
        except _BROKEN:
            return count + 1
        count += 1
        limits.check_pages(count)


def _read_frame(picture: Image, number: int, limits: Limits, recognizer: Recognizer) -> LaidPage:
    try:
        picture.seek(number - 1)
        limits.check_pixels(*picture.size)
        dpi = _dpi(picture)
        image, shrunk = _pixels(picture)
    except _BROKEN:
        return LaidPage(number, (0.0, 0.0), TextLayer.DAMAGED)
    dpi *= shrunk
    size = (image.shape[1] / dpi * 72, image.shape[0] / dpi * 72)
    page = LaidPage(number, size, TextLayer.MISSING)
    return lay_out_recognized(recognizer.picture(image, dpi), page)


def _dpi(picture: Image) -> float:
    """Resolution that the file states, or that of a screen."""
    stated = picture.info.get("dpi")
    try:
        dpi = float(stated[0]) if stated else 0.0
    except (TypeError, ValueError, ZeroDivisionError):
        dpi = 0.0
    low, high = _PLAUSIBLE_DPI
    return dpi if low <= dpi <= high else _SCREEN_DPI


def _pixels(picture: Image) -> tuple[NDArray[np.uint8], float]:
    """Blue green red on white, as it is to be seen, and by what factor it was shrunk."""
    from PIL import Image, ImageOps

    share = math.sqrt(min(_MAX_PIXELS / (picture.width * picture.height), 1.0))
    target = (max(round(picture.width * share), 1), max(round(picture.height * share), 1))
    if share < 1:
        picture.draft(None, target)
    frame = picture.copy()
    if frame.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in frame.info:
        frame = frame.convert("RGBA")
        white = Image.new("RGBA", frame.size, "white")
        frame = Image.alpha_composite(white, frame)
    elif frame.mode.startswith("I;16"):
        frame = Image.fromarray((np.asarray(frame) >> 8).astype(np.uint8))
    frame = frame.convert("RGB")
    if share < 1:
        frame = frame.resize(target, Image.Resampling.LANCZOS)
    frame = ImageOps.exif_transpose(frame)
    return np.ascontiguousarray(np.asarray(frame, np.uint8)[:, :, ::-1]), share
