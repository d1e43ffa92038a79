"""A page of an original as a picture, drawn in a child process with limits.

PDF pages are drawn by pdfium; pictures of documents are shown as they are.
"""

from __future__ import annotations

import io
import math
from dataclasses import replace
from typing import Final

from classifier.errors import ExtractionError, Reason
from classifier.extract import clock, sandbox
from classifier.limits import MIB, Limits

FORMATS: Final = ("pdf", "image")
"""Formats with pages that can be drawn, as in ``Document.format``."""

WIDTH: Final = 1400
"""Pixels across a page; enough to read 5-point print on a page of A4."""
_MOST_PIXELS: Final = 8_000_000
_SECONDS: Final = 30.0
_MEMORY: Final = 2048 * MIB
_PNG: Final = b"\x89PNG\r\n\x1a\n"


def draw(data: bytes, format: str, number: int, limits: Limits | None = None) -> bytes:
    """The page as a PNG file.

    Args:
        format: one of :data:`FORMATS`.
        number: of the page, from 1.

    Raises:
        ExtractionError: there is no such page, or it cannot be drawn within the limits.
    """
    limits = limits or Limits()
    own = replace(limits, seconds=min(limits.seconds, _SECONDS), memory=min(limits.memory, _MEMORY))
    answer = sandbox.ask(__name__, (data, format, number, own), own, own.seconds)
    # The child has read a stranger's file: nothing but a picture is passed on.
    if not answer.startswith(_PNG):
        raise ExtractionError(Reason.DAMAGED, answer[:200].decode("utf-8", "replace"))
    return answer


def serve() -> None:
    """The child's side: a PNG file, or a line that says why there is none."""
    answer_to, (data, format, number, limits) = sandbox.take_request()
    clock.start(limits.seconds)
    try:
        answer = _pdf(data, number) if format == "pdf" else _picture(data, number, limits)
    except Exception as error:  # whatever a library raises on a stranger's file
        answer = f"cannot be drawn: {type(error).__name__}".encode()
    answer_to.write(answer)
    answer_to.flush()


def _pdf(data: bytes, number: int) -> bytes:
    import pypdfium2 as pdfium
    import pypdfium2.raw as raw

    pdf = pdfium.PdfDocument(data)
    if pdf.get_formtype() != raw.FORMTYPE_NONE:
        pdf.init_forms()
    page = pdf[number - 1]
    width, height = page.get_size()
    scale = min(WIDTH / width, math.sqrt(_MOST_PIXELS / (width * height)))
    return _png(page.render(scale=scale, may_draw_forms=True).to_pil())


def _picture(data: bytes, number: int, limits: Limits) -> bytes:
    from PIL import Image

    from classifier.extract.ocr.picture import load_pixels

    picture = Image.fromarray(load_pixels(data, limits, number)[:, :, ::-1])
    picture.thumbnail((WIDTH, _MOST_PIXELS // WIDTH))
    return _png(picture)


def _png(picture) -> bytes:
    file = io.BytesIO()
    # Fast rather than small: the picture never leaves the machine.
    picture.save(file, "PNG", compress_level=2)
    return file.getvalue()
