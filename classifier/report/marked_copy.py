"""The marked copy: the original with every oriented sentence highlighted and explained.

The original is a stranger's file: like reading, writing the copy happens in a
child process with limits. Which sentences are marked, and what is said of them,
is decided here in the parent.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from classifier.document import Document, Page
from classifier.errors import MarkingError, MarkingFault
from classifier.extract import clock, sandbox
from classifier.limits import Limits
from classifier.report.marks import Mark, marks
from classifier.report.model import Analysis

SUFFIXES: Final = {"pdf": ".pdf", "docx": ".docx"}
"""Formats that can be marked, as in ``Document.format``, and how their copies are called."""

MARKED_SUFFIX: Final = ".marked"
"""Stands before the extension in the names that the command line gives."""


@dataclass(frozen=True, slots=True)
class MarkedCopy:
    """What became of the marks.

    Attributes:
        content: the bytes of the copy.
        marked: sentences marked in the copy.
        unplaced: texts of the sentences whose place was not found in the original.
        remarks: sentences for the user, such as on signatures.
    """

    content: bytes
    marked: int
    unplaced: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def marked_copy(report: Analysis, original: bytes, limits: Limits | None = None) -> MarkedCopy:
    """The original with its oriented sentences marked.

    Raises:
        MarkingError: the format cannot be marked, ``original`` is not the file that the
            report is about, its structure does not take comments, or the report is redacted,
            which a copy of the original cannot be.
        ExtractionError: ``timeout``, ``out_of_memory`` or ``crashed``.
    """
    limits = limits or Limits()
    document = report.document
    if report.is_redacted:
        raise MarkingError(MarkingFault.REDACTED)
    _check(document, original)
    wanted = marks(report)
    request = (document.format, original, wanted, document.pages, document.text, limits)
    answer = sandbox.ask(__name__, request, limits, limits.seconds)
    head, _, content = answer.partition(b"\n")
    said = json.loads(head)
    if "fault" in said:
        raise MarkingError(MarkingFault(said["fault"]), said["detail"])
    unplaced = tuple(wanted[i].text for i in said["unplaced"])
    return MarkedCopy(content, len(wanted) - len(unplaced), unplaced, tuple(said["remarks"]))


def _check(document: Document, original: bytes) -> None:
    if document.format not in SUFFIXES:
        raise MarkingError(MarkingFault.FORMAT, f"the format is {document.format}")
    if document.sha256 and hashlib.sha256(original).hexdigest() != document.sha256:
        fault = MarkingFault.IN_CONTAINER if document.member else MarkingFault.OTHER_FILE
        raise MarkingError(fault, document.member)


def serve() -> None:
    """The child's side: one head line of JSON, then the bytes of the copy."""
    answer_to, request = sandbox.take_request()
    format, original, wanted, pages, text, limits = request
    clock.start(limits.seconds)
    content = b""
    try:
        content, unplaced, remarks = _write(format, original, wanted, pages, text, limits)
        head = {"unplaced": unplaced, "remarks": remarks}
    except MarkingError as error:
        head = {"fault": error.fault.value, "detail": error.detail}
    answer_to.write(json.dumps(head).encode() + b"\n" + content)
    answer_to.flush()


def _write(
    format: str,
    original: bytes,
    wanted: Sequence[Mark],
    pages: Sequence[Page],
    text: str,
    limits: Limits,
) -> tuple[bytes, list[int], list[str]]:
    """The copy, indices of marks without a place in it, and remarks."""
    # A DOCX asks for no PDF library.
    if format == "pdf":
        from classifier.report.marked_pdf import mark_pdf

        return mark_pdf(original, wanted, pages)
    from classifier.report.marked_docx import mark_docx

    return mark_docx(original, wanted, text, limits)
