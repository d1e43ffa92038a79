"""What becomes of a document, step by step, in pure functions.

bytes → :func:`read` → :class:`Reading` → the model → :func:`conclude` → Report → :func:`figures`.
All can be sent to another process; whoever writes is :mod:`classifier.archive.writer`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

import numpy as np

from classifier.archive.near_duplicates import signature
from classifier.archive.rows import Alarm, Score
from classifier.context import from_tuple
from classifier.document import BlockKind, Document, Sentence
from classifier.errors import ExtractionError
from classifier.explain.lexical_rationales import lexical_rationales
from classifier.extract import sandbox
from classifier.extract.container.walk import Packed
from classifier.extract.processes import Source
from classifier.extract.suffixes import FORMATS
from classifier.findings import FindingState
from classifier.limits import Limits
from classifier.model import Model, decide
from classifier.report.model import Analysis
from classifier.report.report import Report
from classifier.scoring import Answering, contexts, report_on
from classifier.segment import segment_up_to, title

LONGEST_TITLE: Final = 200
"""Characters kept of a document's title."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A document as read: all that its score depends on besides the model.

    Attributes:
        signature: see :func:`classifier.archive.near_duplicates.signature`.
        seconds: spent on reading it.
    """

    document: Document
    sentences: tuple[Sentence, ...]
    signature: tuple[int, ...]
    seconds: float

    def questions(self) -> list[tuple[str, str]]:
        """What the model is asked, per sentence: its text and its context."""
        around = contexts(self.sentences)
        return [(s.text, from_tuple(c)) for s, c in zip(self.sentences, around, strict=True)]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a document has no text, and the seconds it took to find out."""

    error: ExtractionError
    seconds: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What the ledger keeps of a report."""

    score: Score
    alarms: tuple[Alarm, ...]
    missing: tuple[str, ...]
    title: str


def suffix_of(name: str) -> str:
    """The extension in lower case where readers go by it, else nothing.

    The same bytes under two names are read alike where this is the same.
    """
    suffix = PurePath(name).suffix.lower()
    return suffix if suffix in FORMATS else ""


def read(packed: Packed, name: str, limits: Limits, source: Source) -> Reading | Failure:
    """Extract and segment one unpacked file; ``name`` is that of the file it came from."""
    started = time.monotonic()
    result = sandbox.read_packed(packed, name, limits, source)
    if isinstance(result, ExtractionError):
        return Failure(result, time.monotonic() - started)
    document, sentences = segment_up_to(result, limits.sentences)
    shingled = signature(result.text)
    return Reading(document, sentences, shingled, time.monotonic() - started)


def conclude(
    reading: Reading,
    probabilities: np.ndarray,
    answering: Answering,
    model: Model | None = None,
) -> Report:
    """The report of a document, given one row of probabilities per sentence.

    Args:
        model: names the words that carry the labels, for whom the report is shown to.
    """
    predictions = decide(probabilities, answering.calibration)
    rationales = {}
    if model is not None:
        texts = [sentence.text for sentence in reading.sentences]
        around = contexts(reading.sentences)
        rationales = lexical_rationales(model, texts, around, predictions)
    return report_on(reading.document, reading.sentences, predictions, answering, rationales)


def figures(report: Analysis) -> Figures:
    """Score, alarms and missing safeguards as plain values."""
    total = report.orientation
    return Figures(
        score=Score(
            balance=total.score,
            low=total.interval.low,
            high=total.interval.high,
            salience=total.salience,
            verdict=total.verdict,
            assistive=float(total.assistive),
            control=float(total.control),
            counted=total.sentences,
            profile=report.profile(),
        ),
        alarms=_alarms(report),
        missing=tuple(
            s.rule.id for s in report.findings.safeguards if s.state is FindingState.NOT_FOUND
        ),
        title=title_of(report.document),
    )


def title_of(document: Document) -> str:
    """The first heading; nothing where there is none."""
    headings = (title(b) for b in document.blocks if b.kind is BlockKind.HEADING)
    return next(headings, "")[:LONGEST_TITLE]


def _alarms(report: Analysis) -> tuple[Alarm, ...]:
    alarms = []
    for finding in report.findings.alarms:
        strongest = report.sentences[finding.evidence[0]]
        alarms.append(
            Alarm(
                rule=finding.rule.id,
                zh=finding.rule.zh,
                count=len(finding.evidence),
                text=strongest.text,
                page=strongest.sentence.place.page or 0,
                sentence=strongest.sentence.index,
            )
        )
    return tuple(alarms)
