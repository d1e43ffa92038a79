"""A correction of a model's logits learnt from few sentences.

Added to the calibrated logits is a linear function of the lexical scorer's TF-IDF vector, and
a bias. Its weights are drawn to zero, so that with few sentences, or far from all of them, the
model stays as it was (Gaussian prior around the given model, Chelba and Acero 2006). Being
linear it is written into the lexical weights: the corrected model is as fast as before and
needs no code of its own. A correction by the encoder's pooled output forgets more than it
learns (``benchmarks/learning_from_reviews.py``).
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
    """How far sentences may move the model: prior variances of what is added to its logits.

    Attributes:
        features: by the words and n-grams of a sentence; ``bias``: of all sentences alike.
    """

    features: float = 16.0
    bias: float = 0.3


@dataclass(frozen=True)
class Evidence:
    """Sentences as a model sees them.

    Attributes:
        logits: calibrated, of shape (sentences, labels).
        features: of shape (sentences, features), rows of length 1.
    """

    logits: np.ndarray
    features: csr_matrix

    def take(self, rows: np.ndarray | Sequence[int]) -> Evidence:
        chosen = np.asarray(rows, int)
        return Evidence(self.logits[chosen], self.features[chosen])


@dataclass(frozen=True)
class Correction:
    """What is added to calibrated logits: ``weights`` (features, labels), ``bias`` (labels,)."""

    weights: np.ndarray
    bias: np.ndarray

    def corrected(self, evidence: Evidence) -> np.ndarray:
        """Logits of shape (sentences, labels)."""
        return evidence.logits + np.asarray(evidence.features @ self.weights) + self.bias


def learn(
    evidence: Evidence, labels: np.ndarray, weight: np.ndarray, strength: Strength
) -> Correction:
    """The correction with the highest posterior probability, each label by itself.

    Args:
        labels: 0/1 of shape (sentences, labels).
        weight: of the same shape; 0 where nobody said anything of a label.
    """
    # What stands in no sentence keeps its weight: the columns left are few.
    used = np.unique(evidence.features.indices)
    scale = np.sqrt(np.append(np.full(len(used), strength.features), strength.bias))
    ones = csr_matrix(np.ones((evidence.features.shape[0], 1)))
    design = csr_matrix(hstack([evidence.features[:, used], ones]).multiply(scale))
    fitted = [
        _fit(design, evidence.logits[:, i], labels[:, i], weight[:, i])
        for i in range(labels.shape[1])
    ]
    theta = np.stack(fitted, axis=1) * scale[:, None]
    weights = np.zeros((evidence.features.shape[1], labels.shape[1]))
    weights[used] = theta[:-1]
    return Correction(weights, theta[-1])


def _fit(
    design: csr_matrix, logits: np.ndarray, labels: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """Coefficients of one label; each has the prior variance 1."""
    if not weight.any():
        return np.zeros(design.shape[1])
    transposed = design.T.tocsr()

    def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
        z = logits + design @ theta
        away = 1 / (1 + np.exp(-np.clip(z, -30, 30))) - labels
        value = weight @ (np.logaddexp(0, z) - labels * z) + theta @ theta / 2
        return float(value), transposed @ (weight * away) + theta

    start = np.zeros(design.shape[1])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": ITERATIONS})
    return found.x
