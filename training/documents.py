"""How well document scores hold against the labels of their sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from classifier import orientation
from classifier.calibration import Calibration
from classifier.orientation import Interval
from classifier.taxonomy import LABELS, QUESTIONS

# Under this many oriented sentences the balance of the labels themselves is a matter of chance.
MIN_ORIENTED = 15


@dataclass(frozen=True)
class ScoredDocument:
    """The balance by labels beside the score by predictions.

    Attributes:
        oriented: sentences with an orientation, by their labels.
        balance: ``(a - c) / (a + c)`` of the labels, a mixed sentence half in each.
    """

    name: str
    oriented: int
    balance: float
    score: float
    interval: Interval


@dataclass(frozen=True)
class DocumentFigures:
    """Over the documents with at least :data:`MIN_ORIENTED` oriented sentences.

    Attributes:
        mean_error: mean absolute difference of score and balance, 0 to 2.
        covered: share of the documents whose balance lies in the 95 % interval.
        rank_correlation: Spearman's ρ of score and balance.
    """

    documents: int
    mean_error: float
    covered: float
    rank_correlation: float


def score_documents(
    names: Sequence[str],
    texts: Sequence[str],
    sections: Sequence[str],
    truth: np.ndarray,
    probabilities: np.ndarray,
    calibration: Calibration,
) -> list[ScoredDocument]:
    """Score every document from its sentences, as a report would; repeated sentences count once.

    Args:
        names: per sentence the document it stands in; ``sections`` the heading above it.
        truth: 0/1 of shape (sentences, labels); ``probabilities`` of the same shape.
    """
    found = []
    for name in dict.fromkeys(names):
        own = np.flatnonzero(np.asarray(names) == name)
        own = own[orientation.distinct([texts[i] for i in own.tolist()])]
        clusters = [sections[i] for i in own.tolist()]
        result = orientation.score(probabilities[own], clusters, calibration)
        gold = truth[own][:, [LABELS.index(q.value) for q in QUESTIONS]]
        found.append(
            ScoredDocument(
                name, int(gold.max(1).sum()), balance(gold), result.score, result.interval
            )
        )
    return found


def balance(answers: np.ndarray) -> float:
    """``(a - c) / (a + c)`` of (sentences, questions) answers; 0 where nothing is oriented."""
    a, c = answers.sum(0)
    both = answers.prod(1).sum()
    return float((a - c) / max(a + c - both, 1e-9))


def summarise(scored: Sequence[ScoredDocument]) -> DocumentFigures | None:
    """Figures over the documents with enough oriented sentences; None under three of them."""
    enough = [document for document in scored if document.oriented >= MIN_ORIENTED]
    if len(enough) < 3:
        return None
    gold = np.array([document.balance for document in enough])
    said = np.array([document.score for document in enough])
    covered = [d.interval.low <= d.balance <= d.interval.high for d in enough]
    return DocumentFigures(
        documents=len(enough),
        mean_error=float(np.abs(said - gold).mean()),
        covered=float(np.mean(covered)),
        rank_correlation=float(spearmanr(said, gold).statistic),
    )
