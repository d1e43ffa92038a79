"""Fit the calibration of a model folder on documents that no scorer was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from sklearn.linear_model import LogisticRegression

from classifier.calibration import Calibration, QuestionRows
from classifier.screen import SCORER as SCREENING
from classifier.screen import Screen
from classifier.taxonomy import LABELS, QUESTIONS
from training.targets import question_columns

# A category with fewer positives than this shares one fit with the other rare ones.
MIN_POSITIVES = 20
# Labels given above the abstention band are right this often.
BAND_PRECISION = 0.9
# Of the sentences that bear an orientation the screen lets this share through.
SCREEN_RECALL = 0.995


def fit(
    names: Sequence[str],
    logits: Sequence[np.ndarray],
    labels: np.ndarray,
    groups: Sequence[str],
    represents: np.ndarray,
) -> Calibration:
    """Stack and scale the scorers' logits, choose thresholds and abstention bands.

    Args:
        names: of the scorers, with one logit matrix (sentences, labels) each.
        labels: 0/1 of shape (sentences, labels).
        groups: per sentence the document group it belongs to.
        represents: per sentence how many of running text it stands for, since
            part of them were picked because they looked oriented (the weights
            of Horvitz and Thompson 1952).
    """
    weight = represents / represents.mean()
    inputs = np.stack(logits, axis=-1)
    coefficients, bias = _fit_all(inputs, labels, weight)
    draft = Calibration(
        tuple(names),
        coefficients,
        bias,
        np.full(len(LABELS), 0.5),
        ((0.5, 0.5),) * len(QUESTIONS),
        (),
    )
    p = draft.probabilities(logits)
    thresholds = np.array([best_threshold(p[:, i], weight) for i in range(len(LABELS))])
    return replace(
        draft,
        thresholds=thresholds,
        review=tuple(review_band(p[:, i], weight, thresholds[i]) for i in question_columns()),
        rows=tuple(summed_rows(p[:, i], labels[:, i], weight, groups) for i in question_columns()),
        screen=fit_screen(logits[names.index(SCREENING)], labels, weight)
        if SCREENING in names and len(names) > 1
        else None,
    )


def fit_screen(logits: np.ndarray, labels: np.ndarray, weight: np.ndarray) -> Screen:
    """Calibrate the screening scorer by itself and set the cut at :data:`SCREEN_RECALL`."""
    coefficients, bias = _fit_all(logits[:, :, None], labels, weight)
    draft = Screen(coefficients[0], bias, 0.0)
    columns = question_columns()
    best = draft.probabilities(logits)[:, columns].max(1)
    oriented = labels[:, columns].max(1) * weight
    order = np.argsort(-best)
    reached = np.cumsum(oriented[order]) >= SCREEN_RECALL * oriented.sum()
    return replace(draft, threshold=float(best[order][reached.argmax()]))


def _fit_all(
    inputs: np.ndarray, labels: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weights (scorers, labels) and bias (labels,)."""
    rare = [i for i in range(len(LABELS)) if labels[:, i].sum() < MIN_POSITIVES]
    coefficients = np.zeros((inputs.shape[2], len(LABELS)))
    bias = np.zeros(len(LABELS))
    for i in range(len(LABELS)):
        columns = rare if i in rare else [i]
        x = inputs[:, columns].reshape(-1, inputs.shape[2])
        y = labels[:, columns].reshape(-1)
        if y.any():
            repeated = np.repeat(weight, len(columns))
            coefficients[:, i], bias[i] = _fit_one(x, y, repeated)
        else:
            coefficients[:, i], bias[i] = 1 / inputs.shape[2], -2.0
    return coefficients, bias


def _fit_one(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights that are not negative: a scorer that speaks against its own label is left out."""
    used = np.ones(x.shape[1], bool)
    while True:
        fitted = LogisticRegression(C=10.0, max_iter=500).fit(x[:, used], y, weight)
        found = np.zeros(x.shape[1])
        found[used] = fitted.coef_[0]
        if (found >= 0).all() or used.sum() == 1:
            return np.maximum(found, 0), float(fitted.intercept_[0])
        used &= found >= 0


def best_threshold(p: np.ndarray, weight: np.ndarray) -> float:
    """The threshold with the highest expected F1 of calibrated probabilities.

    Expected, not observed: with few positives the observed optimum is noise
    (Lipton et al. 2014: the optimum is half the best attainable F1).
    """
    order = np.argsort(-p)
    mass, taken = np.cumsum((p * weight)[order]), np.cumsum(weight[order])
    best = int((2 * mass / (taken + mass[-1])).argmax())
    return float(np.clip(p[order][best], 0.05, 0.95))


def review_band(p: np.ndarray, weight: np.ndarray, threshold: float) -> tuple[float, float]:
    """Probabilities around the threshold between which a person should look.

    Above the band labels are right with a precision of :data:`BAND_PRECISION`
    (expected, of calibrated probabilities); below half the threshold a label is not worth a
    look.
    """
    order = np.argsort(-p)
    precision = np.cumsum((p * weight)[order]) / np.cumsum(weight[order])
    safe = p[order][precision >= BAND_PRECISION]
    high = max(float(safe.min()), threshold) if len(safe) else 1.0
    return round(threshold / 2, 4), round(high, 4)


def summed_rows(
    p: np.ndarray, y: np.ndarray, weight: np.ndarray, groups: Sequence[str]
) -> QuestionRows:
    _, index = np.unique(np.asarray(groups), return_inverse=True)
    total = lambda values: np.bincount(index, weights=values * weight)  # noqa: E731
    return QuestionRows(
        sentences=total(np.ones(len(p))),
        positives=total((y > 0).astype(float)),
        mass=total(p),
        variance=total(weight * p * (1 - p)),
    )
