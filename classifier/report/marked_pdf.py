"""Highlight annotations with notes in a copy of a PDF.

Every annotation has an appearance stream of its own, so that readers that draw
nothing by themselves (pdfium, poppler) show it too. Source: ISO 32000-2,
12.5.5 (appearance streams), 12.5.6.10 (text markup annotations), 11.3.5 (blend
modes). pikepdf writes the copy: it mends broken cross-reference tables and keeps
the encryption of files that open without a password.
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import pikepdf
import pypdfium2 as pdfium
from pikepdf import Array, Dictionary, Name, String

from classifier.document import Box, Page
from classifier.errors import MarkingError, MarkingFault
from classifier.extract.pdf.page import Frame
from classifier.report.marks import AUTHOR, Mark, title
from classifier.taxonomy import Orientation

_SIGNED: Final = "原件带有电子签名或签章：副本中它们会显示为失效，效力以原件为准。"
_PRINT: Final = 4
_SHADE: Final = 0.3
"""Opacity of the highlight; what lies under it stays as dark as it is (Multiply)."""
_LINE: Final = 0.8
"""Width of the lines under the text in points."""

_MOST_APART: Final = 1.0
"""Points by which two libraries may differ on the size of a page."""

Point = tuple[float, float]
Corners = tuple[Point, Point, Point, Point]
"""Top left, top right, bottom left, bottom right as displayed, in user space."""


@dataclass(frozen=True, slots=True)
class Look:
    """Colour (red, green, blue from 0 to 1) and the lines under the text.

    ``lines`` are depths below the box in points, ``dash`` the operand of ``d``.
    """

    colour: tuple[float, float, float]
    lines: tuple[float, ...] = (0.7,)
    dash: str = "[] 0"


def _rgb(hexadecimal: str) -> tuple[float, float, float]:
    red, green, blue = bytes.fromhex(hexadecimal)
    return red / 255, green / 255, blue / 255


LOOKS: Final = {
    Orientation.ASSISTIVE: Look(_rgb("3a82cc")),
    Orientation.CONTROL: Look(_rgb("d9641f"), lines=(0.6, 2.0)),
    Orientation.MIXED: Look(_rgb("9467c4"), dash="[3 2] 0"),
}
"""Colours and lines of the HTML report (``report.css``): solid, double, dashed."""


def mark_pdf(
    data: bytes, marks: Sequence[Mark], pages: Sequence[Page]
) -> tuple[bytes, list[int], list[str]]:
    """The marked copy, the indices of marks that have no box on any page, and remarks.

    Raises:
        MarkingError: NOT_EDITABLE.
    """
    boxes = _by_page(marks, len(pages))
    placed = {index for on_page in boxes.values() for index in on_page}
    try:
        frames = _frames(data, sorted(boxes))
        with pikepdf.open(io.BytesIO(data)) as pdf:
            _check_pages(pdf, pages)
            pen = _Pen.of(pdf)
            for number, on_page in sorted(boxes.items()):
                drawn = (
                    pen.annotation(marks[i], f"{AUTHOR}-{i}-{number}", own, frames[number])
                    for i, own in on_page.items()
                )
                _annotate(pdf, number, drawn)
            remarks = [_SIGNED] if _is_signed(pdf) else []
            copy = io.BytesIO()
            pdf.save(copy, encryption=pdf.is_encrypted, min_version="1.4")
    except (pikepdf.PdfError, pdfium.PdfiumError, ZeroDivisionError) as error:
        raise MarkingError(MarkingFault.NOT_EDITABLE, str(error)) from error
    _check_copy(copy.getvalue(), pages)
    return copy.getvalue(), [i for i in range(len(marks)) if i not in placed], remarks


def _by_page(marks: Sequence[Mark], pages: int) -> dict[int, dict[int, list[Box]]]:
    """Boxes by page and index of mark."""
    found: dict[int, dict[int, list[Box]]] = defaultdict(dict)
    for index, mark in enumerate(marks):
        for number, box in mark.boxes:
            if 1 <= number <= pages:
                found[number].setdefault(index, []).append(box)
    return found


def _frames(data: bytes, numbers: Iterable[int]) -> dict[int, Frame]:
    """How user space is displayed, by page, as the reader of the text saw it."""
    found = {}
    with closing(pdfium.PdfDocument(data)) as pdf:
        for number in numbers:
            with closing(pdf[number - 1]) as page:
                found[number] = Frame.of(page)
    return found


@dataclass(frozen=True, slots=True)
class _Pen:
    """Draws annotations that share their graphics states and date."""

    pdf: pikepdf.Pdf
    states: Dictionary
    date: String

    @classmethod
    def of(cls, pdf: pikepdf.Pdf) -> _Pen:
        shade = Dictionary(Type=Name.ExtGState, BM=Name.Multiply, ca=_SHADE, AIS=False)
        line = Dictionary(Type=Name.ExtGState, BM=Name.Normal, CA=1, AIS=False)
        states = Dictionary(S=pdf.make_indirect(shade), L=pdf.make_indirect(line))
        return cls(pdf, states, String(datetime.now(UTC).strftime("D:%Y%m%d%H%M%SZ")))

    def annotation(self, mark: Mark, name: str, boxes: Sequence[Box], frame: Frame) -> Dictionary:
        """A highlight over ``boxes``, which are those of one page."""
        look = LOOKS[mark.orientation]
        corners = [_corners(box, frame) for box in boxes]
        inked = [_corners(_with_lines(box, look), frame) for box in boxes]
        lines = [line for box in boxes for line in _lines(box, look, frame)]
        rect = _rect(point for quad in inked for point in quad)
        form = self.pdf.make_stream(
            _drawing(look, corners, lines),
            Type=Name.XObject,
            Subtype=Name.Form,
            BBox=Array(rect),
            Resources=Dictionary(ExtGState=self.states),
        )
        return Dictionary(
            Type=Name.Annot,
            Subtype=Name.Highlight,
            Rect=Array(rect),
            QuadPoints=Array([round(x, 2) for quad in corners for point in quad for x in point]),
            C=Array([round(part, 3) for part in look.colour]),
            CA=_SHADE,
            F=_PRINT,
            Contents=String(mark.note),
            Subj=String(title(mark.orientation)),
            T=String(AUTHOR),
            NM=String(name),
            M=self.date,
            CreationDate=self.date,
            AP=Dictionary(N=form),
        )


def _corners(box: Box, frame: Frame) -> Corners:
    return (
        frame.back(box.x0, box.top),
        frame.back(box.x1, box.top),
        frame.back(box.x0, box.bottom),
        frame.back(box.x1, box.bottom),
    )


def _rect(points: Iterable[Point]) -> list[float]:
    xs, ys = zip(*points, strict=True)
    return [round(x, 2) for x in (min(xs), min(ys), max(xs), max(ys))]


def _with_lines(box: Box, look: Look) -> Box:
    return Box(box.x0, box.top, box.x1, box.bottom + max(look.lines) + _LINE)


def _lines(box: Box, look: Look, frame: Frame) -> Iterator[tuple[Point, Point]]:
    for depth in look.lines:
        y = box.bottom + depth
        yield frame.back(box.x0, y), frame.back(box.x1, y)


def _drawing(look: Look, quads: Sequence[Corners], lines: Iterable[tuple[Point, Point]]) -> bytes:
    """Content stream: the shades first, then the lines under the text."""
    colour = " ".join(f"{part:.3f}" for part in look.colour)
    shades = (f"{_at(a)} m {_at(b)} l {_at(d)} l {_at(c)} l h" for a, b, c, d in quads)
    strokes = (f"{_at(start)} m {_at(end)} l" for start, end in lines)
    parts = (
        *("q", f"{colour} rg /S gs", *shades, "f", "Q"),
        *("q", f"{colour} RG /L gs {_LINE} w {look.dash} d", *strokes, "S", "Q"),
    )
    return "\n".join(parts).encode("ascii")


def _at(point: Point) -> str:
    return f"{point[0]:.2f} {point[1]:.2f}"


def _annotate(pdf: pikepdf.Pdf, number: int, drawn: Iterable[Dictionary]) -> None:
    page = pdf.pages[number - 1].obj
    present = page.get(Name.Annots)
    kept = list(present) if isinstance(present, Array) else []
    added = []
    for annotation in drawn:
        annotation.P = page
        added.append(pdf.make_indirect(annotation))
    # A new array: the old one may be shared with other pages.
    page.Annots = pdf.make_indirect(Array([*kept, *added]))


def _is_signed(pdf: pikepdf.Pdf) -> bool:
    form = pdf.Root.get(Name.AcroForm)
    flags = form.get(Name.SigFlags, 0) if isinstance(form, Dictionary) else 0
    return isinstance(flags, int) and bool(flags & 1)


def _check_pages(pdf: pikepdf.Pdf, pages: Sequence[Page]) -> None:
    # Readers mend a broken page tree in different ways: marks must not get on other pages.
    if len(pdf.pages) != len(pages):
        detail = f"{len(pdf.pages)} pages where {len(pages)} were read"
        raise MarkingError(MarkingFault.NOT_EDITABLE, detail)


def _check_copy(copy: bytes, pages: Sequence[Page]) -> None:
    """Read the copy with the library that read the original: its pages must be the same."""
    try:
        with closing(pdfium.PdfDocument(copy)) as pdf:
            sizes = [pdf.get_page_size(i) for i in range(len(pdf))]
    except pdfium.PdfiumError as error:
        raise MarkingError(MarkingFault.NOT_EDITABLE, f"the copy: {error}") from error
    same = len(sizes) == len(pages) and all(
        abs(width - page.width) <= _MOST_APART and abs(height - page.height) <= _MOST_APART
        for (width, height), page in zip(sizes, pages, strict=True)
        if page.width and page.height
    )
    if not same:
        raise MarkingError(MarkingFault.NOT_EDITABLE, "the copy has other pages than the original")
