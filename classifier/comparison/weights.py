"""By how much single changes move the score from one draft to the other.

With ``a`` and ``c`` the assistive and control sentences of a draft, ``s = (a - c) / (a + c)``
and ``n = a + c``, the difference of two scores is exactly the sum over all sentences of
``(Δa - Δc - s̄ (Δa + Δc)) / n̄``, with ``s̄`` and ``n̄`` the means over the two drafts: so swapping
the drafts turns every sign and nothing else. Here Δ are a sentence's probabilities and the means
those of the corrected counts, which makes it true to first order, as in
:func:`classifier.orientation.influence`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from classifier.orientation import half_counts
from classifier.report.model import Analysis
from classifier.taxonomy import LABELS


class Weights:
    """Weighs changes between two drafts; ``wordings`` say which sentences are alike."""

    def __init__(
        self, old: Analysis, new: Analysis, wordings: tuple[Sequence[str], Sequence[str]]
    ) -> None:
        totals = old.orientation, new.orientation
        score = sum(total.score for total in totals) / 2
        oriented = max(sum(total.assistive + total.control for total in totals) / 2, 1.0)
        self._old, self._new = (_pushes(draft, score) / oriented for draft in (old, new))
        self._olds, self._news = wordings
        self._in_both = set(wordings[0]) & set(wordings[1])

    def removed(self, i: int) -> float:
        """A copy less of what the new draft still says moves nothing."""
        return 0.0 if self._olds[i] in self._in_both else -float(self._old[i])

    def added(self, j: int) -> float:
        """A copy more of what the old draft says already moves nothing."""
        return 0.0 if self._news[j] in self._in_both else float(self._new[j])

    def kept(self, i: int, j: int) -> float:
        """Of a pair; which of several copies is the one that counts makes no difference."""
        was, now = float(self._old[i]), float(self._new[j])
        alike = self._olds[i] == self._news[j]
        return 0.0 if alike and (was == 0 or now == 0) else now - was


def _pushes(draft: Analysis, score: float) -> np.ndarray:
    """``a - c - score (a + c)`` of every sentence, 0 for repetitions."""
    rows = [sentence.probabilities for sentence in draft.sentences]
    a, c = half_counts(np.array(rows, float).reshape(len(rows), len(LABELS)))
    return (a - c - score * (a + c)) * np.array([s.counted for s in draft.sentences], bool)
