"""The analysis of one document with its ways out: JSON, HTML, workbook, marked copy, data frame."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classifier.report.checklist_export import Checklist
from classifier.report.checklist_export import checklist as checklist_of
from classifier.report.html import render
from classifier.report.json import report_to_json, sentence_to_json
from classifier.report.marked_copy import MARKED_SUFFIX, SUFFIXES, MarkedCopy, marked_copy
from classifier.report.model import Analysis
from classifier.report.redaction import redacted
from classifier.report.workbook import workbook
from classifier.whole_files import write_bytes, write_text

if TYPE_CHECKING:
    import pandas


# How the command line names its pages, and knows them again.
REPORT_SUFFIX = ".report.html"
COMPARISON_SUFFIX = ".compare.html"
CHECKLIST_SUFFIX = ".checklist.md"
OUR_SUFFIXES = (
    REPORT_SUFFIX,
    COMPARISON_SUFFIX,
    CHECKLIST_SUFFIX,
    ".report.xlsx",
    *(MARKED_SUFFIX + suffix for suffix in SUFFIXES.values()),
)


@dataclass(frozen=True, slots=True)
class Report(Analysis):
    """What :meth:`classifier.Classifier.analyze` returns."""

    def redacted(self) -> Report:
        """The same with personal data masked in every text, and so in every export.

        What counts as such says :mod:`classifier.redact`. Offsets and places stay as they are.
        """
        return redacted(self)

    def to_json(self) -> dict[str, Any]:
        """The report as plain values; schema in ``data/report.schema.json``."""
        return report_to_json(self)

    def to_html(self, path: str | Path) -> None:
        """Write one self-contained HTML page that needs no network."""
        write_text(Path(path), render(self))

    def checklist(self) -> Checklist:
        """Every rule on one line, found or not; as Markdown, CSV or plain values."""
        return checklist_of(self)

    def to_xlsx(self, path: str | Path) -> None:
        """Write an Excel workbook: summary, checklist, findings, sentences, categories."""
        write_bytes(Path(path), workbook(self))

    def to_marked_copy(self, original: str | Path | bytes, path: str | Path) -> MarkedCopy:
        """Write a copy of the original, PDF or DOCX, with the oriented sentences marked.

        A PDF gets highlights with notes, a DOCX comments; nothing else in it changes.

        Args:
            original: the file the report is about; of an archive the member itself.

        Raises:
            MarkingError: the original cannot be marked; its ``fault`` says why.
            ExtractionError: writing took too long or too much memory, or crashed.
            OSError: a path cannot be opened.
            ValueError: ``path`` is the original itself.
        """
        out = Path(path)
        if isinstance(original, bytes):
            data = original
        else:
            if out.exists() and out.samefile(original):
                raise ValueError(f"{out} is the original, which must not be overwritten")
            data = Path(original).read_bytes()
        copy = marked_copy(self, data)
        write_bytes(out, copy.content)
        return copy

    def to_frame(self) -> pandas.DataFrame:
        """One row per sentence, columns as in the JSON form; needs pandas."""
        import pandas

        return pandas.DataFrame([sentence_to_json(s, self.document) for s in self.sentences])
