"""Held-back reviews: every one is judged by a model that did not learn from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from classifier.taxonomy import QUESTIONS

FOLDS = 5
# Sentences that are resampled together where a document has one section only.
BLOCK = 10
BOOTSTRAP = 2000
# The gain must be above zero in this share of the resamplings.
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reviewed sentence stands: document, headings above it, index."""

    document: str
    section: str
    sentence: int


@dataclass(frozen=True, slots=True)
class Change:
    """F1 of one question before and after."""

    question: str
    positives: int
    before: float
    after: float

    @property
    def gain(self) -> float:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Gain:
    """What learning did on held-back reviews.

    Attributes:
        changes: one per question that has positives.
        mean: mean gain of F1 over them; :attr:`low` and :attr:`high` bound it in 90 % of the
            paired resamplings of section blocks.
    """

    changes: tuple[Change, ...]
    mean: float
    low: float
    high: float

    @property
    def is_real(self) -> bool:
        """More than chance gives, and no question paid for the other."""
        return self.low > 0 and all(change.gain >= 0 for change in self.changes)


def blocks(places: Sequence[Place]) -> np.ndarray:
    """Per sentence the number of its block: neighbours in reading order under one heading."""
    order = sorted(range(len(places)), key=lambda i: (places[i].document, places[i].sentence))
    found = np.zeros(len(places), int)
    number = 0
    for _, run in groupby(order, key=lambda i: (places[i].document, places[i].section)):
        members = list(run)
        for start in range(0, len(members), BLOCK):
            found[members[start : start + BLOCK]] = number
            number += 1
    return found


def folds(places: Sequence[Place], count: int = FOLDS) -> np.ndarray:
    """Per sentence the part it is held back with: whole documents, or blocks of the only one.

    Raises:
        ValueError: there is only one block.
    """
    documents = np.unique([place.document for place in places], return_inverse=True)[1]
    units = documents if documents.max(initial=0) > 0 else blocks(places)
    sizes = np.bincount(units)
    if len(sizes) < 2:
        raise ValueError("all reviews stand in one block of one document")
    filled = np.zeros(min(count, len(sizes)))
    part = np.zeros(len(sizes), int)
    for unit in np.argsort(-sizes, kind="stable"):
        part[unit] = filled.argmin()
        filled[part[unit]] += sizes[unit]
    return part[units]


def compare(truth: np.ndarray, before: np.ndarray, after: np.ndarray, clusters: np.ndarray) -> Gain:
    """Paired comparison of two models' answers to the two questions.

    Args:
        truth: 0/1 of shape (sentences, questions), as are ``before`` and ``after``.
        clusters: per sentence what it is resampled with.
    """
    asked = np.flatnonzero(truth.any(0)).tolist()
    random = np.random.default_rng(0)
    number = int(clusters.max(initial=-1)) + 1
    draws = np.vstack(
        [
            np.ones(number, int),
            random.multinomial(number, np.full(number, 1 / number), BOOTSTRAP),
        ]
    )
    old, new = (
        np.stack([_f1(truth[:, i], answers[:, i], clusters, draws) for i in asked])
        for answers in (before, after)
    )
    gains = (new - old).mean(0)
    low, high = np.quantile(gains[1:], [1 - CONFIDENCE, CONFIDENCE])
    changes = tuple(
        Change(QUESTIONS[i].value, int(truth[:, i].sum()), float(o[0]), float(n[0]))
        for i, o, n in zip(asked, old, new, strict=True)
    )
    return Gain(changes, float(gains[0]), float(low), float(high))


def _f1(
    truth: np.ndarray, given: np.ndarray, clusters: np.ndarray, draws: np.ndarray
) -> np.ndarray:
    """F1 of every resampling; 0 where nothing is true or given."""
    count = lambda values: draws @ np.bincount(clusters, values, draws.shape[1])  # noqa: E731
    hits, said, real = count(truth * given), count(given), count(truth)
    return 2 * hits / np.maximum(said + real, 1e-9)
