"""A correction of a model's logits learnt from few sentences.

Added to the calibrated logits is a linear function of what the scorers have in hand already:
the encoder's pooled output and the lexical scorer's TF-IDF vector, and a bias. Its weights are
drawn to zero, so that with few sentences, or far from all of them, the model stays as it was
(Gaussian prior around the given model, the linear case of Chelba and Acero 2006). Being
linear it is written into the head of the encoder and the lexical weights: the corrected model
is as fast as before and needs no code of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, hstack

ITERATIONS = 200


@dataclass(frozen=True, slots=True)
class Strength:
    """How far the sentences may move the model: prior variances of the logits' correction.

    Attributes:
        pooled: by the encoder's pooled output; 0 leaves the head as it is.
        lexical: by words and n-grams of a sentence; ``bias``: of all sentences alike.
    """

    pooled: float = 0.0
    lexical: float = 16.0
    bias: float = 0.3


@dataclass(frozen=True)
class Evidence:
    """Sentences as a model sees them.

    Attributes:
        logits: calibrated, of shape (sentences, labels).
        pooled: the encoder's pooled output, (sentences, width); width 0 without an encoder.
        lexical: TF-IDF vectors, (sentences, features).
    """

    logits: np.ndarray
    pooled: np.ndarray
    lexical: csr_matrix

    def __len__(self) -> int:
        return len(self.logits)

    def take(self, rows: np.ndarray | Sequence[int]) -> Evidence:
        chosen = np.asarray(rows, int)
        return Evidence(self.logits[chosen], self.pooled[chosen], self.lexical[chosen])


@dataclass(frozen=True)
class Correction:
    """What is added to calibrated logits.

    Attributes:
        pooled: (width, labels); ``lexical`` (features, labels); ``bias`` (labels,).
    """

    pooled: np.ndarray
    lexical: np.ndarray
    bias: np.ndarray

    def corrected(self, evidence: Evidence) -> np.ndarray:
        """Logits of shape (sentences, labels)."""
        added = evidence.pooled @ self.pooled + evidence.lexical @ self.lexical + self.bias
        return evidence.logits + np.asarray(added)


def learn(
    evidence: Evidence,
    labels: np.ndarray,
    weight: np.ndarray,
    strength: Strength,
) -> Correction:
    """The correction with the highest posterior probability, each label by itself.

    Args:
        labels: 0/1 of shape (sentences, labels).
        weight: of the same shape; 0 where nobody said anything of a label.
    """
    design = _Design(evidence, strength)
    columns = [
        design.fit(evidence.logits[:, i], labels[:, i], weight[:, i])
        for i in range(labels.shape[1])
    ]
    return design.correction(np.stack(columns, axis=1))


class _Design:
    """The features of some sentences, scaled so that every weight has the prior variance 1."""

    def __init__(self, evidence: Evidence, strength: Strength) -> None:
        self.width = evidence.pooled.shape[1]
        self.features = evidence.lexical.shape[1]
        self.centre = evidence.pooled.mean(0) if len(evidence) else np.zeros(self.width)
        away = evidence.pooled - self.centre
        size = float((away**2).sum(1).mean()) if len(evidence) else 1.0
        self.pooled_scale = np.sqrt(strength.pooled / max(size, 1e-9))
        self.lexical_scale = np.sqrt(strength.lexical)
        self.bias_scale = np.sqrt(strength.bias)
        # What stands in no sentence keeps its weight: the columns left are few.
        self.used = np.unique(evidence.lexical.indices)
        self.matrix = hstack(
            [
                csr_matrix(away * self.pooled_scale),
                evidence.lexical[:, self.used] * self.lexical_scale,
                csr_matrix(np.full((len(evidence), 1), self.bias_scale)),
            ],
            format="csr",
        )
        self.transposed = self.matrix.T.tocsr()

    def fit(self, logits: np.ndarray, labels: np.ndarray, weight: np.ndarray) -> np.ndarray:
        if not weight.any():
            return np.zeros(self.matrix.shape[1])

        def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
            z = logits + self.matrix @ theta
            away = 1 / (1 + np.exp(-np.clip(z, -30, 30))) - labels
            value = weight @ (np.logaddexp(0, z) - labels * z) + theta @ theta / 2
            return float(value), self.transposed @ (weight * away) + theta

        start = np.zeros(self.matrix.shape[1])
        found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": ITERATIONS})
        return found.x

    def correction(self, theta: np.ndarray) -> Correction:
        """Back to the features' own scale; ``theta`` is of shape (features, labels)."""
        pooled = theta[: self.width] * self.pooled_scale
        lexical = np.zeros((self.features, theta.shape[1]))
        lexical[self.used] = theta[self.width : -1] * self.lexical_scale
        bias = theta[-1] * self.bias_scale - self.centre @ pooled
        return Correction(pooled, lexical, bias)
