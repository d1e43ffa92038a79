"""Text that a PDF keeps outside of its pages' content: filled form fields and typed notes.

Form fields (AcroForm) and FreeText annotations are painted over the page; their text is not
in the text layer. Comments, stamps and the like are not part of the document.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw

from classifier.document import Box
from classifier.extract.language.normal import clean
from classifier.extract.layout.lines import Glyphs
from classifier.extract.pdf.page import Frame

_UNSEEN: Final = (
    raw.FPDF_ANNOT_FLAG_INVISIBLE | raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW
)
_TYPED: Final = (
    raw.FPDF_FORMFIELD_TEXTFIELD,
    raw.FPDF_FORMFIELD_COMBOBOX,
    raw.FPDF_FORMFIELD_LISTBOX,
)
_BOXES: Final = (raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON)
_PASSWORD: Final = 1 << 13
"""Flag of text fields in PDF 32000-1, table 228."""
_CHECKED: Final = "☑"
_SIZE: Final = 10.5
"""Points; the font size of a field is not asked for, only that its text fits."""
_LEADING: Final = 1.3
_MAX_CHARS: Final = 20_000


class Field(NamedTuple):
    """What was filled in, and its box on the page as displayed."""

    text: str
    box: Box


def read_fields(page: pdfium.PdfPage, frame: Frame) -> Iterator[Field]:
    """Filled fields, checked boxes and typed notes of a page, in the order of the file.

    Fields need the form of the document to be open (``PdfDocument.init_forms``).
    """
    for index in range(raw.FPDFPage_GetAnnotCount(page.raw)):
        annotation = raw.FPDFPage_GetAnnot(page.raw, index)
        if not annotation:
            continue
        try:
            rect = raw.FS_RECTF()
            text = _text(annotation, page.formenv)
            if text and raw.FPDFAnnot_GetRect(annotation, rect):
                corners = np.array([[rect.left, rect.top, rect.right, rect.bottom]], np.float32)
                yield Field(text, Box(*map(float, frame.boxes(corners)[0])))
        finally:
            raw.FPDFPage_CloseAnnot(annotation)


def _text(annotation: raw.FPDF_ANNOTATION, form: pdfium.PdfFormEnv | None) -> str:
    if raw.FPDFAnnot_GetFlags(annotation) & _UNSEEN:
        return ""
    kind = raw.FPDFAnnot_GetSubtype(annotation)
    if kind == raw.FPDF_ANNOT_FREETEXT:
        return _string(lambda *out: raw.FPDFAnnot_GetStringValue(annotation, b"Contents", *out))
    if kind != raw.FPDF_ANNOT_WIDGET or form is None:
        return ""
    field = raw.FPDFAnnot_GetFormFieldType(form.raw, annotation)
    if field in _BOXES:
        return _CHECKED if raw.FPDFAnnot_IsChecked(form.raw, annotation) else ""
    if field not in _TYPED:
        return ""
    if raw.FPDFAnnot_GetFormFieldFlags(form.raw, annotation) & _PASSWORD:
        return ""
    return _string(lambda *out: raw.FPDFAnnot_GetFormFieldValue(form.raw, annotation, *out))


def _string(get: Callable[..., int]) -> str:
    """What a call of pdfium writes as UTF-16; it gives the bytes that it needs, NUL included."""
    size = min(get(None, 0), 2 * _MAX_CHARS)
    buffer = (ctypes.c_ushort * (size // 2 + 1))()
    get(buffer, size)
    text = bytes(buffer)[: max(size - 2, 0)].decode("utf-16-le", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def glyphs_of(fields: list[Field], printed: Glyphs) -> Glyphs:
    """Glyphs of fields whose text the page does not print at their place anyhow."""
    codes: list[int] = []
    boxes: list[tuple[float, float, float, float]] = []
    for field in fields:
        if _solid(field.text) not in _solid(_printed_in(field.box, printed)):
            for char, box in _set(field):
                codes.append(ord(char))
                boxes.append(box)
    return Glyphs(np.array(codes, np.int32), np.array(boxes, np.float32).reshape(-1, 4))


def _solid(text: str) -> str:
    return "".join(clean(text).split())


def _printed_in(box: Box, glyphs: Glyphs) -> str:
    x = (glyphs.boxes[:, 0] + glyphs.boxes[:, 2]) / 2
    y = (glyphs.boxes[:, 1] + glyphs.boxes[:, 3]) / 2
    inside = (x >= box.x0) & (x <= box.x1) & (y >= box.top) & (y <= box.bottom)
    return "".join(map(chr, glyphs.codes[inside].tolist()))


def _set(field: Field) -> Iterator[tuple[str, tuple[float, float, float, float]]]:
    """The characters with boxes: lines from the top, one line alone in the middle of its box."""
    box = field.box
    width, height = max(box.x1 - box.x0, 1.0), max(box.bottom - box.top, 1.0)
    lines = list(_wrapped(field.text, width / _SIZE))
    size = min(_SIZE, height / (_LEADING * len(lines)))
    if len(lines) == 1 or height < 2 * _SIZE:
        # A field of one line shrinks its text until it fits.
        lines = ["".join(field.text.split("\n"))]
        size = min(_SIZE, height, width / max(_measure(lines[0]), 0.5))
    top = box.top + (height - size) / 2 if len(lines) == 1 else box.top
    for line in lines:
        x = box.x0
        for char in line:
            advance = _advance(char) * size
            yield char, (x, top, x + advance, top + size)
            x += advance
        top += _LEADING * size


def _wrapped(text: str, ems: float) -> Iterator[str]:
    for paragraph in text.split("\n"):
        line, used = "", 0.0
        for char in paragraph:
            if line and used + _advance(char) > ems:
                yield line
                line, used = "", 0.0
            line, used = line + char, used + _advance(char)
        yield line


def _measure(text: str) -> float:
    return sum(map(_advance, text))


def _advance(char: str) -> float:
    return 1.0 if char >= "\u2000" else 0.5
