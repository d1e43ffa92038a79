"""The score with what people said put in the place of what the model guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from classifier import orientation
from classifier.calibration import Calibration
from classifier.orientation import OrientationScore
from classifier.review.agreement import says
from classifier.review.model import Label, Standing, StoredSentence
from classifier.taxonomy import LABELS, QUESTIONS


def human_labels(standings: Mapping[int, Standing]) -> dict[int, Label]:
    """What is settled: adjudicated, or said by all who spoke."""
    settled = {index: standing.human for index, standing in standings.items()}
    return {index: label for index, label in settled.items() if label is not None}


def certain_row(label: Label) -> np.ndarray:
    """(labels,) 0 or 1 for each label of :data:`classifier.taxonomy.LABELS`."""
    sides = {question.value for question in QUESTIONS if says(label, question)}
    given = sides.union(label.categories)
    return np.array([float(name in given) for name in LABELS])


def human_score(
    calibration: Calibration, sentences: Sequence[StoredSentence], said: Mapping[int, Label]
) -> OrientationScore:
    """Score stored sentences with the human labels for certain and the machine's beside them.

    Without any human label it is the machine's own score.
    """
    counted = [s for s in sentences if s.counted]
    rows = [
        certain_row(said[s.index]) if s.index in said else np.array(s.probabilities)
        for s in counted
    ]
    return orientation.score(
        np.array(rows).reshape(len(counted), len(LABELS)),
        [s.section for s in counted],
        calibration,
        parts=[s.section[0] if s.section else "" for s in counted],
        certain=np.array([s.index in said for s in counted], bool),
    )
