"""From scorers' logits to calibrated probabilities, decisions and their error rates.

Per label a logistic regression over the scorers' logits, fitted on documents
that no scorer was trained on: stacking and Platt scaling in one step (Platt
1999; Wolpert 1992). The fitted rows themselves are kept in short form, so that
document counts can be corrected and their uncertainty carried into the interval.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classifier.errors import ModelError
from classifier.screen import Screen
from classifier.taxonomy import LABELS, QUESTIONS

FORMAT = 1
# Groups with fewer expected positives say too little about how documents differ.
MIN_GROUP_MASS = 3.0
DEFAULT_SPREAD = 0.5


@dataclass(frozen=True)
class QuestionRows:
    """Calibration sentences of one question, summed per document group.

    Each array has one entry per group: weighted number of sentences, of those
    where the answer is yes, their summed probability (``mass``), and the
    variance that chance alone gives to the number of positives.
    """

    sentences: np.ndarray
    positives: np.ndarray
    mass: np.ndarray
    variance: np.ndarray

    @property
    def share(self) -> float:
        """Share of positives where the probabilities were calibrated."""
        return float(np.clip(self.positives.sum() / self.sentences.sum(), 1e-4, 0.9))

    @property
    def spread(self) -> float:
        """Standard deviation between documents of log(true / expected positives).

        Method of moments (DerSimonian and Laird 1986): the variance seen, less
        the variance that chance alone gives.
        """
        enough = self.mass >= MIN_GROUP_MASS
        if enough.sum() < 2:
            return DEFAULT_SPREAD
        expected = self.mass[enough]
        error = np.log((self.positives[enough] + 0.5) / (expected + 0.5))
        seen = np.average((error - np.average(error, weights=expected)) ** 2, weights=expected)
        chance = np.average(self.variance[enough] / (expected + 0.5) ** 2, weights=expected)
        return float(np.sqrt(max(seen - chance, 0.0)))


@dataclass(frozen=True)
class Calibration:
    """How one model folder turns logits into answers.

    Attributes:
        scorers: names of the scorers, in the order of ``weights``.
        weights: (scorers, labels); ``bias``: (labels,).
        thresholds: (labels,) probability from which a label is given.
        review: per question, the probabilities between which a person should look.
        rows: per question, the calibration rows.
        screen: what may answer without the encoder; only where there is one to spare.
    """

    scorers: tuple[str, ...]
    weights: np.ndarray
    bias: np.ndarray
    thresholds: np.ndarray
    review: tuple[tuple[float, float], ...]
    rows: tuple[QuestionRows, ...]
    screen: Screen | None = None

    def probabilities(self, logits: Sequence[np.ndarray]) -> np.ndarray:
        """Probabilities of shape (sentences, labels) from one logit matrix per scorer."""
        return 1 / (1 + np.exp(-np.clip(self.log_odds(logits), -30, 30)))

    def log_odds(self, logits: Sequence[np.ndarray]) -> np.ndarray:
        """Calibrated log odds of shape (sentences, labels)."""
        return self.bias + sum(w * z for w, z in zip(self.weights, logits, strict=True))

    def save(self, file: Path) -> None:
        content = {
            "format": FORMAT,
            "labels": LABELS,
            "scorers": self.scorers,
            "weights": np.round(self.weights, 5).tolist(),
            "bias": np.round(self.bias, 5).tolist(),
            "thresholds": np.round(self.thresholds, 4).tolist(),
            "review": {q.value: band for q, band in zip(QUESTIONS, self.review, strict=True)},
            "rows": {
                q.value: {
                    name: np.round(getattr(rows, name), 3).tolist()
                    for name in QuestionRows.__annotations__
                }
                for q, rows in zip(QUESTIONS, self.rows, strict=True)
            },
            "screen": self.screen.to_json() if self.screen else None,
        }
        file.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")

    @classmethod
    def load(cls, file: Path) -> Calibration:
        """Read what :meth:`save` wrote.

        Raises:
            ModelError: the file is missing, damaged, or made for other labels.
        """
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            if content["format"] != FORMAT or tuple(content["labels"]) != LABELS:
                raise ModelError(
                    f"{file}: was written for another version of tenderlens or its taxonomy"
                )
            read = cls(
                scorers=tuple(content["scorers"]),
                weights=np.array(content["weights"]),
                bias=np.array(content["bias"]),
                thresholds=np.array(content["thresholds"]),
                review=tuple(
                    (low, high) for low, high in (content["review"][q.value] for q in QUESTIONS)
                ),
                rows=tuple(
                    QuestionRows(
                        **{k: np.array(v, float) for k, v in content["rows"][q.value].items()}
                    )
                    for q in QUESTIONS
                ),
                screen=Screen.from_json(content["screen"]) if content.get("screen") else None,
            )
            read._check()
            return read
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(f"{file}: not a calibration file ({error})") from error

    def _check(self) -> None:
        """Raises ValueError where an array has another shape than its documentation says."""
        labels, scorers = len(LABELS), len(self.scorers)
        expected = {"weights": (scorers, labels), "bias": (labels,), "thresholds": (labels,)}
        found = {name: getattr(self, name) for name in expected}
        if self.screen:
            expected |= {"screen weights": (labels,), "screen bias": (labels,)}
            found |= {"screen weights": self.screen.weights, "screen bias": self.screen.bias}
        for name, shape in expected.items():
            if found[name].shape != shape:
                raise ValueError(f"{name} of shape {found[name].shape} instead of {shape}")
            if found[name].dtype.kind not in "fi" or not np.isfinite(found[name]).all():
                raise ValueError(f"{name} with something that is no number")
        if not scorers or len(set(self.scorers)) < scorers:
            raise ValueError("no scorers, or one twice")
