"""tenderlens: what a Chinese tender or requirement document would do to people.

>>> from classifier import Classifier
>>> report = Classifier.load().analyze("招标文件.pdf")
>>> report.orientation.score, report.orientation.interval, report.orientation.verdict
"""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from classifier.analyzer import Classifier
    from classifier.comparison.compare import Comparison, compare
    from classifier.document import Document
    from classifier.errors import (
        ExtractionError,
        MarkingError,
        MarkingFault,
        ModelError,
        Reason,
        TenderlensError,
    )
    from classifier.explain.model import Explanation
    from classifier.limits import Limits
    from classifier.model import Predictions
    from classifier.orientation import OrientationScore, Verdict
    from classifier.report.model import LabelledSentence
    from classifier.report.report import Report
    from classifier.taxonomy import CATEGORIES, LABELS, Orientation

# From 1.29 on ONNX Runtime reports to its maker and leaves files in the user's cache from the
# moment it is loaded, unless told not to by then. Documents are read offline.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

try:
    __version__ = version("tenderlens")
except PackageNotFoundError:  # run from a checkout that is not installed
    __version__ = "0.0.0"

_HOME = {
    "Classifier": "analyzer",
    "Comparison": "comparison.compare",
    "Document": "document",
    "Explanation": "explain.model",
    "ExtractionError": "errors",
    "MarkingError": "errors",
    "MarkingFault": "errors",
    "ModelError": "errors",
    "Reason": "errors",
    "TenderlensError": "errors",
    "Limits": "limits",
    "Predictions": "model",
    "OrientationScore": "orientation",
    "Verdict": "orientation",
    "LabelledSentence": "report.model",
    "Report": "report.report",
    "CATEGORIES": "taxonomy",
    "LABELS": "taxonomy",
    "Orientation": "taxonomy",
    "compare": "comparison.compare",
}
__all__ = [
    "CATEGORIES",
    "LABELS",
    "Classifier",
    "Comparison",
    "Document",
    "Explanation",
    "ExtractionError",
    "LabelledSentence",
    "Limits",
    "MarkingError",
    "MarkingFault",
    "ModelError",
    "Orientation",
    "OrientationScore",
    "Predictions",
    "Reason",
    "Report",
    "TenderlensError",
    "Verdict",
    "compare",
]


def __getattr__(name: str):
    # On first use: the child process that reads a file must not load the model's libraries.
    if name not in _HOME:
        raise AttributeError(f"module 'classifier' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"classifier.{_HOME[name]}"), name)
