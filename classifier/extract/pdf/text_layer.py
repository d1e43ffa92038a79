"""Verdict on the text that a page of a PDF carries: is it what a reader of the page sees?

The tests that cost least come first and run on every page; fonts are told apart and the page
is rendered only where those raise a doubt.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pypdfium2 as pdfium
from numpy.typing import NDArray

from classifier.document import Aside, AsideKind, TextLayer
from classifier.extract.language.legibility import (
    count_broken,
    in_words,
    is_doubtful,
    is_legible,
    is_legible_part,
    is_prose,
)
from classifier.extract.language.normal import one_line
from classifier.extract.layout.lines import Glyphs
from classifier.extract.pdf.calls import address, font, has_map_error, text_object
from classifier.extract.pdf.drawing import Drawing
from classifier.extract.pdf.hidden_text import find_hidden
from classifier.extract.pdf.overprint import copies, repeated_lines
from classifier.extract.pdf.page_ink import is_empty, see_writing

_FEW: Final = 300
"""Characters up to which a page with a large picture or outlines may carry next to no text."""
_PICTURE: Final = 0.55
"""Share of the page from which a picture may be the page itself."""
_OUTLINES: Final = 600
"""Segments that outlines of about ten Han have at least."""
_MANY_OUTLINES: Final = 8000
"""Segments of some hundred Han: part of a page with much real text may be drawn."""
_UNREAD: Final = 20
"""Cells of writing (about as many Han) from which it is worth recognising the page."""
_UNREAD_SHARE: Final = 1.5
"""Unread writing, in units of what the text layer has, from which the page counts as unread."""
_GARBLED_SHARE: Final = 0.15
"""Share of garbled characters up to which the page is read with a note."""
_GARBLED_FEW: Final = 8
_SAMPLE: Final = 24


@dataclass(frozen=True, slots=True)
class PageText:
    """What a page carries as text.

    ``glyphs`` are those to be read, ``indices`` theirs in the text page; ``garbled`` counts
    unreadable characters among them.
    """

    glyphs: Glyphs
    indices: NDArray[np.intp]
    verdict: TextLayer = TextLayer.GOOD
    asides: tuple[Aside, ...] = ()
    garbled: int = 0

    def where(self, mask: NDArray[np.bool_]) -> PageText:
        return replace(self, glyphs=self.glyphs.where(mask), indices=self.indices[mask])


def judge(
    page: pdfium.PdfPage,
    textpage: pdfium.PdfTextPage,
    drawing: Drawing,
    text: PageText,
    number: int,
) -> PageText:
    """The text of page ``number`` without copies and hidden parts, with the verdict on it."""
    text = _without_copies(text, number)
    hidden = find_hidden(page, textpage, text.glyphs, text.indices, drawing.pictures)
    layer = np.zeros(len(text.glyphs), bool)
    if hidden is not None:
        text = _set_aside(text, AsideKind.HIDDEN, [_text(text.glyphs, hidden.apart)], number)
        text, layer = text.where(~hidden.apart), hidden.layer[~hidden.apart]
    if not np.any(text.glyphs.codes > 0x20):
        return replace(text, verdict=_without_text(page, drawing))
    is_layer = bool(2 * np.count_nonzero(layer) > len(layer))
    if _is_unread(page, drawing, text.glyphs, is_layer):
        return replace(text, verdict=TextLayer.MISSING)
    garbled = _garbled(textpage, text)
    if garbled is None or (is_layer and not is_prose(text.glyphs.codes)):
        return replace(text, verdict=TextLayer.GARBLED)
    verdict = TextLayer.HIDDEN if is_layer else TextLayer.GOOD
    return replace(text, verdict=verdict, garbled=garbled)


def set_outside_aside(text: PageText, outside: str, number: int) -> PageText:
    """Note text that lies beside the page, where nobody sees it."""
    return _set_aside(text, AsideKind.HIDDEN, [outside], number)


def _set_aside(text: PageText, kind: AsideKind, found: list[str], number: int) -> PageText:
    lines = [line for line in map(one_line, found) if line]
    if not lines:
        return text
    return replace(text, asides=(*text.asides, Aside(kind, "\n".join(lines), number)))


def _text(glyphs: Glyphs, mask: NDArray[np.bool_]) -> str:
    return "".join(map(chr, glyphs.codes[mask].tolist()))


def _without_copies(text: PageText, number: int) -> PageText:
    originals = copies(text.glyphs)
    if not np.any(originals >= 0):
        return text
    lines = list(repeated_lines(text.glyphs, originals))
    return _set_aside(text, AsideKind.DUPLICATE, lines, number).where(originals < 0)


def _without_text(page: pdfium.PdfPage, drawing: Drawing) -> TextLayer:
    drawn = drawing.pictures > 0.02 or drawing.paths > 20 or drawing.outlines
    return TextLayer.MISSING if drawn and not is_empty(page) else TextLayer.BLANK


def _is_unread(page: pdfium.PdfPage, drawing: Drawing, glyphs: Glyphs, is_layer: bool) -> bool:
    """Whether the page shows much more writing than its text has: a scan, or outlines."""
    few = is_layer or np.count_nonzero(glyphs.codes > 0x20) < _FEW
    pictured = drawing.pictures >= _PICTURE and few
    outlined = drawing.outlines >= (_OUTLINES if few else _MANY_OUTLINES)
    if not (pictured or outlined):
        return False
    seen = see_writing(page, glyphs.boxes)
    return seen.unread >= _UNREAD and seen.unread > _UNREAD_SHARE * seen.read


def _garbled(textpage: pdfium.PdfTextPage, text: PageText) -> int | None:
    """Number of garbled characters, or None where the page cannot be read for them."""
    handle, codes = address(textpage.raw), text.glyphs.codes
    sample = text.indices[:: max(len(text.indices) // _SAMPLE, 1)].tolist()
    unmapped = any(has_map_error(handle, index) == 1 for index in sample)
    if not unmapped and not is_doubtful(codes):
        return 0
    bad = max(_garbled_fonts(textpage, text), count_broken(codes))
    if bad > _GARBLED_SHARE * np.count_nonzero((codes < 9) | (codes > 0x20)):
        return None
    if not is_legible(codes):
        return None
    return bad if bad >= _GARBLED_FEW else 0


def _garbled_fonts(textpage: pdfium.PdfTextPage, text: PageText) -> int:
    """Characters of fonts whose text is no language, or which have no map to characters."""
    handle = address(textpage.raw)
    fonts: defaultdict[int, list[int]] = defaultdict(list)
    for at, index in enumerate(text.indices.tolist()):
        item = text_object(handle, index)
        fonts[font(item) or 0 if item else 0].append(at)
    words = in_words(text.glyphs.codes)
    bad = 0
    for places in fonts.values():
        codes = text.glyphs.codes[places]
        ink = (codes < 9) | (codes > 0x20)
        at = text.indices[places][ink].tolist()
        errors = sum(has_map_error(handle, index) == 1 for index in at)
        # Codes without a map that come out as ASCII are mostly ASCII.
        unmapped = 2 * errors > len(at) and np.mean(codes[ink] > 0x7F) > 0.3
        if at and (unmapped or not is_legible_part(codes, words[places])):
            bad += len(at)
    return bad
