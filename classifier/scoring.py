"""From a document's sentences and the model's answers to its report: no model, no side effects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from classifier import findings, orientation
from classifier.calibration import Calibration
from classifier.context import Context
from classifier.document import Document, Sentence
from classifier.model import Model, Predictions
from classifier.report.model import LabelledSentence, Section
from classifier.report.rationale import Rationale
from classifier.report.report import Report

# A document may have hundreds of sections; their intervals are only drawn, not judged.
SECTION_REPLICATES = 200


@dataclass(frozen=True)
class Answering:
    """What a report says of the model that answered, and what its score is corrected with."""

    name: str
    version: str
    calibration: Calibration

    @classmethod
    def of(cls, model: Model) -> Answering:
        return cls(model.name, model.version, model.calibration)


def contexts(sentences: Sequence[Sentence]) -> list[Context]:
    """Each sentence's section path and the sentence before it."""
    before = ["", *(sentence.text for sentence in sentences[:-1])]
    return [(sentence.section, text) for sentence, text in zip(sentences, before, strict=False)]


def report_on(
    document: Document,
    sentences: Sequence[Sentence],
    predictions: Predictions,
    answering: Answering,
    rationales: Mapping[int, Rationale] | None = None,
    certain: np.ndarray | None = None,
) -> Report:
    """Score, sections and findings of a document whose sentences are classified.

    Args:
        sentences: as :func:`classifier.segment.segment` gives them.
        predictions: one per sentence.
        rationales: of some sentences, by index.
        certain: mask of the sentences whose answers people gave, see
            :func:`classifier.orientation.score`.
    """
    rationales = rationales or {}
    texts = [sentence.text for sentence in sentences]
    counted = orientation.distinct(texts)
    clusters = [sentence.section for sentence in sentences]
    known = np.zeros(len(texts), bool) if certain is None else certain
    total = _score(predictions, clusters, counted, known, answering.calibration)
    influence = orientation.influence(predictions.probabilities, total) * counted
    return Report(
        document=document,
        model=answering.name,
        model_version=answering.version,
        orientation=total,
        sentences=tuple(
            LabelledSentence(
                sentence=sentence,
                orientation=predictions.orientations[i],
                categories=predictions.categories[i],
                probabilities=tuple(float(p) for p in predictions.probabilities[i]),
                review=predictions.review[i],
                counted=bool(counted[i]),
                influence=float(influence[i]),
                rationale=rationales.get(i),
            )
            for i, sentence in enumerate(sentences)
        ),
        sections=tuple(_sections(predictions, clusters, counted, known, answering.calibration)),
        findings=findings.find(texts, predictions.categories, predictions.probabilities, clusters),
    )


def _score(
    predictions: Predictions,
    clusters: Sequence[tuple[str, ...]],
    mask: np.ndarray,
    known: np.ndarray,
    calibration: Calibration,
    replicates: int = orientation.REPLICATES,
) -> orientation.OrientationScore:
    chosen = np.flatnonzero(mask).tolist()
    return orientation.score(
        predictions.probabilities[chosen],
        [clusters[i] for i in chosen],
        calibration,
        parts=[_outermost(clusters[i]) for i in chosen],
        replicates=replicates,
        certain=known[chosen],
    )


def _sections(
    predictions: Predictions,
    clusters: Sequence[tuple[str, ...]],
    counted: np.ndarray,
    known: np.ndarray,
    calibration: Calibration,
) -> Iterator[Section]:
    """Scores of the outermost sections, in document order."""
    members: dict[str, list[int]] = defaultdict(list)
    for i, path in enumerate(clusters):
        members[_outermost(path)].append(i)
    for title, indices in members.items():
        mask = np.zeros(len(clusters), bool)
        mask[indices] = True
        own = _score(predictions, clusters, mask & counted, known, calibration, SECTION_REPLICATES)
        yield Section(title, indices[0], len(indices), own)


def _outermost(path: Sequence[str]) -> str:
    return path[0] if path else ""
