"""A cheap look in front of the encoder: sentences that plainly bear no orientation skip it.

The lexical scorer speaks first. Where neither question comes near a yes, its own
calibrated probabilities are the answer. The cut is fitted so that at most one in two
hundred oriented sentences of documents not trained on is lost (a cascade with a
recall-tuned first stage, Viola and Jones 2001).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from classifier.taxonomy import QUESTIONS

SCORER = "lexical"


@dataclass(frozen=True)
class Screen:
    """What the lexical scorer alone says, and from where on it may decide alone.

    Attributes:
        weights: (labels,) and ``bias`` (labels,): logits to calibrated log odds.
        threshold: highest probability of either question under which a sentence is passed over.
    """

    weights: np.ndarray
    bias: np.ndarray
    threshold: float

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """(sentences, labels) from the lexical scorer's logits."""
        return 1 / (1 + np.exp(-np.clip(logits * self.weights + self.bias, -30, 30)))

    def passes(self, probabilities: np.ndarray) -> np.ndarray:
        """Mask of the sentences that the encoder has to see."""
        return probabilities[:, : len(QUESTIONS)].max(1) >= self.threshold

    def to_json(self) -> dict[str, Any]:
        return {
            "weights": np.round(self.weights, 5).tolist(),
            "bias": np.round(self.bias, 5).tolist(),
            "threshold": round(self.threshold, 6),
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Screen:
        return cls(
            np.array(content["weights"], float),
            np.array(content["bias"], float),
            float(content["threshold"]),
        )


def only(items: Sequence[str], mask: np.ndarray) -> list[str]:
    """The items under a mask."""
    return [items[i] for i in np.flatnonzero(mask).tolist()]
