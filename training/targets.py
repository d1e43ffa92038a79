"""Labels of sentences as matrices; needs no training extra."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from classifier.taxonomy import CATEGORIES, LABELS, QUESTIONS


def targets(categories: Iterable[Sequence[str]]) -> np.ndarray:
    """0/1 matrix, float32, one row per sentence, one column per label of the taxonomy."""
    rows = list(categories)
    matrix = np.zeros((len(rows), len(LABELS)), np.float32)
    column = {label: i for i, label in enumerate(LABELS)}
    for row, codes in zip(matrix, rows, strict=True):
        for code in codes:
            row[column[code]] = 1
            row[column[CATEGORIES[code].orientation.value]] = 1
    return matrix


def question_columns() -> list[int]:
    return [LABELS.index(question.value) for question in QUESTIONS]
