"""Word comments at the sentences of a copy of a DOCX, written with python-docx.

Comments stand in the main text. Those on a text box, a note or a diagram hang on
the place where it is anchored and quote their sentence. Where a sentence stands is
found by reading the original once more and going back from block to paragraph.
"""

from __future__ import annotations

import io
import zipfile
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import docx
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.exceptions import OpcError
from docx.oxml import OxmlElement
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from classifier.errors import ExtractionError, MarkingError, MarkingFault
from classifier.extract.office.numbering import W
from classifier.extract.office.ooxml import Element
from classifier.extract.word.docx import Traced, read_traced
from classifier.limits import Limits
from classifier.report.marks import AUTHOR, INITIALS, Mark
from classifier.report.word_ranges import (
    Char,
    Printed,
    carrier,
    outer_paragraph,
    span,
    without_space,
)

_REJECTED: Final = (
    OpcError,
    KeyError,
    ValueError,
    AttributeError,
    zipfile.BadZipFile,
    etree.XMLSyntaxError,
)
"""What python-docx raises on packages that it does not take."""

_INK: Final = frozenset(f"{W}{tag}" for tag in ("t", "sym", "drawing", "pict", "object"))


def mark_docx(
    data: bytes, marks: Sequence[Mark], text: str, limits: Limits
) -> tuple[bytes, list[int], list[str]]:
    """The copy with a comment for every mark, the indices of those without a place, and remarks.

    ``text`` is that of the document in which the marks have their offsets.

    Raises:
        MarkingError: NOT_EDITABLE.
    """
    try:
        traced = read_traced(data, "", limits)
        file = docx.Document(io.BytesIO(data))
        comments = _Comments.of(file)
    except (*_REJECTED, ExtractionError) as error:
        raise MarkingError(MarkingFault.NOT_EDITABLE, str(error)) from error
    if traced.document.text != text:
        raise MarkingError(MarkingFault.NOT_EDITABLE, "the text is read differently now")
    places = _Places.of(traced, file.element)
    unplaced = []
    for index, spot in places.spots(marks):
        if spot is None:
            unplaced.append(index)
        else:
            comments.add(spot, marks[index])
    copy = io.BytesIO()
    file.save(copy)
    return copy.getvalue(), sorted(unplaced), []


@dataclass(frozen=True, slots=True)
class _Spot:
    """The range of a comment, and whether it holds just the sentence."""

    first: Element
    last: Element
    exact: bool


@dataclass(slots=True)
class _Comments:
    """The comments part. python-docx's own way looks at all comments to add one."""

    root: Element
    date: str
    next_id: int

    @classmethod
    def of(cls, file: Any) -> _Comments:
        used = [comment.comment_id for comment in file.comments]
        root = file.part.part_related_by(RELATIONSHIP_TYPE.COMMENTS).element
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return cls(root, now, max(used, default=-1) + 1)

    def add(self, spot: _Spot, mark: Mark) -> None:
        number = str(self.next_id)
        self.next_id += 1
        note = mark.note if spot.exact else f"“{mark.text}”\n{mark.note}"
        self.root.append(self._comment(number, note.split("\n")))
        spot.first.addprevious(_element("commentRangeStart", id=number))
        reference = _element("r")
        reference.append(_element("commentReference", id=number))
        spot.last.addnext(reference)
        spot.last.addnext(_element("commentRangeEnd", id=number))

    def _comment(self, number: str, lines: Iterable[str]) -> Element:
        comment = _element("comment", id=number, author=AUTHOR, initials=INITIALS, date=self.date)
        for line in lines:
            run = etree.SubElement(etree.SubElement(comment, f"{W}p"), f"{W}r")
            etree.SubElement(run, f"{W}t").text = line
        return comment


def _element(tag: str, **attributes: str) -> Element:
    named = {f"{W}{name}": value for name, value in attributes.items()}
    return OxmlElement(f"w:{tag}", named)


@dataclass(frozen=True, slots=True)
class _Places:
    """Finds the spots of marks in the tree that is written.

    ``same`` leads there from the elements of the tree that was read, ``references`` from
    kind and id of a note.
    """

    traced: Traced
    same: dict[Element, Element]
    references: dict[tuple[str, str], Element]

    @classmethod
    def of(cls, traced: Traced, root: Element) -> _Places:
        read, written = list(traced.root.iter("*")), list(root.iter("*"))
        if [node.tag for node in read] != [node.tag for node in written]:
            raise MarkingError(MarkingFault.NOT_EDITABLE, "the body is read in two ways")
        references = {
            (kind, node.get(f"{W}id", "")): node
            for kind in ("footnote", "endnote")
            for node in root.iter(f"{W}{kind}Reference")
        }
        return cls(traced, dict(zip(read, written, strict=True)), references)

    def spots(self, marks: Sequence[Mark]) -> Iterator[tuple[int, _Spot | None]]:
        """The spot of each mark with its index, the last one first."""
        printed = self._printed({self.traced.paragraphs[mark.block] for mark in marks})
        # Splitting a run for a sentence moves what stands behind its beginning.
        for index in reversed(range(len(marks))):
            yield index, self._spot(marks[index], *printed[marks[index].block])

    def _printed(self, wanted: Collection[Element]) -> dict[int, tuple[Printed, int]]:
        """By block: its printed paragraph, and where in it the block begins, -1 if nowhere."""
        known: dict[Element, Printed] = {}
        searched: dict[Element, int] = defaultdict(int)
        found: dict[int, tuple[Printed, int]] = {}
        for number, block in enumerate(self.traced.document.blocks):
            paragraph = self.traced.paragraphs[number]
            if paragraph not in wanted:
                continue
            if paragraph not in known:
                known[paragraph] = Printed.of(paragraph, self.traced.hidden_style)
            own = without_space(block.text)
            start = known[paragraph].text.find(own, searched[paragraph])
            if start >= 0:
                searched[paragraph] = start + len(own)
            found[number] = known[paragraph], start
        return found

    def _spot(self, mark: Mark, printed: Printed, start: int) -> _Spot | None:
        written = self.same.get(self.traced.paragraphs[mark.block])
        if written is None:
            return self._at_reference(self.traced.paragraphs[mark.block])
        outer = outer_paragraph(written)
        if outer is not written:
            return _around(written, outer)
        block = self.traced.document.blocks[mark.block]
        before = len(without_space(block.text[: mark.start - block.start]))
        length = len(without_space(mark.text))
        if start < 0 or not length:
            return _whole(written)
        first, last = (
            Char(self.same[char.element], char.at)
            for char in (printed.chars[start + before], printed.chars[start + before + length - 1])
        )
        return _Spot(*span(first, last, written), exact=True)

    def _at_reference(self, paragraph: Element) -> _Spot | None:
        """The mark in the text that leads to the note in which ``paragraph`` stands."""
        for node in paragraph.iterancestors():
            reference = self.references.get((node.tag.removeprefix(W), node.get(f"{W}id", "")))
            if reference is not None:
                return _around(reference, outer_paragraph(reference))
        return None


def _around(element: Element, paragraph: Element) -> _Spot:
    anchor = carrier(element, paragraph)
    return _Spot(anchor, anchor, exact=False)


def _whole(paragraph: Element) -> _Spot | None:
    """All of a paragraph, where a sentence is not found in its runs, as in a diagram."""
    inked = [node for node in paragraph.iter() if node.tag in _INK]
    if not inked:
        return None
    first, last = carrier(inked[0], paragraph), carrier(inked[-1], paragraph)
    return _Spot(first, last, exact=False)
