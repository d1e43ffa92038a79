"""The analysis of one document with its ways out: JSON, HTML, data frame."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classifier.report.html import render
from classifier.report.json import report_to_json, sentence_to_json
from classifier.report.model import Analysis

if TYPE_CHECKING:
    import pandas


# How the command line names its pages, and knows them again.
REPORT_SUFFIX = ".report.html"


@dataclass(frozen=True, slots=True)
class Report(Analysis):
    """What :meth:`classifier.Classifier.analyze` returns."""

    def to_json(self) -> dict[str, Any]:
        """The report as plain values; schema in ``data/report.schema.json``."""
        return report_to_json(self)

    def to_html(self, path: str | Path) -> None:
        """Write one self-contained HTML page that needs no network."""
        Path(path).write_text(render(self), encoding="utf-8")

    def to_frame(self) -> pandas.DataFrame:
        """One row per sentence, columns as in the JSON form; needs pandas."""
        import pandas

        return pandas.DataFrame([sentence_to_json(s, self.document) for s in self.sentences])
