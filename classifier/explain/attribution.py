"""What each word does for each label, by two methods that share no step.

First method, occlusion: the word is deleted, the whole model reads the rest
(leave one out; Li, Monroe and Jurafsky 2016, "Understanding neural networks through
representation erasure"). Second method, voice by voice, added up with the weights of the
calibration: the lexical scorer's exact linear parts; any other scorer reads the word
alone and is compared with what it says of no text (leave one in). Redundant
wording separates them: of two words that say the same, deleting one changes little.

Integrated gradients would need derivatives; the ONNX graph as shipped (8-bit
weights) has none, and torch is no run-time dependency.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from classifier.context import from_tuple
from classifier.explain.contributions import contributions
from classifier.explain.units import MAX_UNITS, Unit, units_of, without
from classifier.lexical import LexicalScorer
from classifier.model import Model, Predictions
from classifier.taxonomy import LABELS

# Words looked at one by one in the strongest phrases of a long sentence.
REFINED = MAX_UNITS // 2
MIN_RANKED = 4


class Reader:
    """A model in one context, and how many sentences it had to read."""

    def __init__(self, model: Model, section: str, previous: str) -> None:
        self.model = model
        self.section = section
        self.previous = previous
        self.context = from_tuple((section, previous))
        self.passes = 0

    def read(self, texts: Sequence[str]) -> Predictions:
        self.passes += len(texts)
        return self.model.predict_prepared(texts, [self.context] * len(texts))

    def read_in_contexts(self, text: str, contexts: Sequence[tuple[str, str]]) -> Predictions:
        self.passes += len(contexts)
        return self.model.predict([text] * len(contexts), contexts)


@dataclass(frozen=True)
class Occlusion:
    """The units of a sentence and what the model says without each of them.

    Attributes:
        loss: (units, labels) log odds lost.
    """

    units: tuple[Unit, ...]
    predictions: Predictions
    loss: np.ndarray


def log_odds(probabilities: np.ndarray) -> np.ndarray:
    return np.log(probabilities) - np.log1p(-probabilities)


def occlude(reader: Reader, text: str, whole: np.ndarray, labels: Sequence[str]) -> Occlusion:
    """Delete each word; in a long sentence each phrase, then each word of the strongest phrases.

    Args:
        whole: (labels,) probabilities of the sentence.
        labels: those by which the strongest phrases are chosen.
    """
    coarse = _occlude(reader, text, whole, units_of(text))
    columns = [LABELS.index(label) for label in labels]
    strength = np.abs(coarse.loss[:, columns]).max(1, initial=0)
    split: set[int] = set()
    for index in np.argsort(-strength, kind="stable").tolist():
        size = len(coarse.units[index].words)
        if size > 1 and size <= REFINED - sum(len(coarse.units[i].words) for i in split):
            split.add(index)
    if not split:
        return coarse
    parts = [part for index in sorted(split) for part in coarse.units[index].parts]
    kept = [index for index in range(len(coarse.units)) if index not in split]
    return _joined(_chosen(coarse, kept), _occlude(reader, text, whole, parts))


def _occlude(reader: Reader, text: str, whole: np.ndarray, units: Sequence[Unit]) -> Occlusion:
    predictions = reader.read([without(text, [unit]) for unit in units])
    return Occlusion(
        tuple(units), predictions, log_odds(whole) - log_odds(predictions.probabilities)
    )


def _chosen(occlusion: Occlusion, indices: Sequence[int]) -> Occlusion:
    said = occlusion.predictions
    return Occlusion(
        tuple(occlusion.units[i] for i in indices),
        Predictions(
            said.probabilities[list(indices)],
            tuple(said.orientations[i] for i in indices),
            tuple(said.categories[i] for i in indices),
            tuple(said.review[i] for i in indices),
        ),
        occlusion.loss[list(indices)],
    )


def _joined(one: Occlusion, other: Occlusion) -> Occlusion:
    """Both in text order."""
    first, second = one.predictions, other.predictions
    both = Occlusion(
        one.units + other.units,
        Predictions(
            np.vstack([first.probabilities, second.probabilities]),
            first.orientations + second.orientations,
            first.categories + second.categories,
            first.review + second.review,
        ),
        np.vstack([one.loss, other.loss]),
    )
    return _chosen(both, sorted(range(len(both.units)), key=lambda i: both.units[i].start))


def second_opinion(reader: Reader, text: str, units: Sequence[Unit]) -> np.ndarray:
    """(units, labels) log odds by the second method."""
    calibration = reader.model.calibration
    total = np.zeros((len(units), len(LABELS)))
    for name, weights in zip(calibration.scorers, calibration.weights, strict=True):
        scorer = reader.model.scorers[name]
        if isinstance(scorer, LexicalScorer):
            characters = contributions(scorer, text, reader.context).characters
            values = [characters[unit.start : unit.end].sum(0) for unit in units]
        else:
            alone = ["", *(text[unit.start : unit.end] for unit in units)]
            reader.passes += len(alone)
            logits = scorer.logits(alone, [reader.context] * len(alone))
            values = logits[1:] - logits[0]
        total += weights * np.reshape(values, total.shape)
    return total


def rank_agreement(one: np.ndarray, other: np.ndarray) -> float | None:
    """Spearman's rank correlation; None for too few words or where one method ties all."""
    if len(one) < MIN_RANKED or np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    return float(np.asarray(spearmanr(one, other).statistic))
