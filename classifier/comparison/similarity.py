"""Sentences that were reworded: pairs by the characters they share, within finite cost.

Similarity is ``2·LCS / (a + b)``, the longest common subsequence of characters against
both lengths: 1 for equal texts, about .3 for two unrelated Chinese sentences.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from rapidfuzz.distance import Indel
from rapidfuzz.process import cdist

from classifier.comparison.order import Pairs

REWORDED: Final = 0.5
"""Least similarity of two sentences between the same neighbours."""

# A sentence longer than this is compared by its beginning.
_MOST_CHARS: Final = 2000
# Sentences against sentences, and characters against characters, that are compared in full.
_MOST_CELLS: Final = 250_000
_MOST_COST: Final = 1e9

_SHINGLE: Final = 3
_SHINGLED_CHARS: Final = 200
# A shingle in more sentences than this says too little; so many candidates are looked at.
_COMMON: Final = 12
_CANDIDATES: Final = 3


def similarity(old: str, new: str) -> float:
    return Indel.normalized_similarity(old[:_MOST_CHARS], new[:_MOST_CHARS])


def is_small(old: Sequence[str], new: Sequence[str]) -> bool:
    """Whether every sentence of one side may be compared with every one of the other."""
    cost = sum(min(len(t), _MOST_CHARS) for t in old) * sum(min(len(t), _MOST_CHARS) for t in new)
    return len(old) * len(new) <= _MOST_CELLS and cost <= _MOST_COST


def best_in_order(old: Sequence[str], new: Sequence[str]) -> Pairs:
    """The ascending pairs of at least :data:`REWORDED` whose similarities are best in sum.

    Squares are summed, so that one good pair outweighs two poor ones. For
    small inputs only, see :func:`is_small`.
    """
    scores = cdist(
        [text[:_MOST_CHARS] for text in old],
        [text[:_MOST_CHARS] for text in new],
        scorer=Indel.normalized_similarity,
        score_cutoff=REWORDED,
        dtype=np.float32,
    )
    totals = np.zeros((len(old) + 1, len(new) + 1), np.float32)
    for i, row in enumerate(scores):
        taken = np.where(row > 0, totals[i, :-1] + row**2, 0)
        totals[i + 1, 1:] = np.maximum.accumulate(np.maximum(totals[i, 1:], taken))
    pairs: Pairs = {}
    i, j = len(old), len(new)
    while i and j:
        if totals[i, j] == totals[i - 1, j]:
            i -= 1
        elif totals[i, j] == totals[i, j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            pairs[i] = j
    return dict(sorted(pairs.items()))


def nearest_pairs(
    old: Sequence[str],
    new: Sequence[str],
    olds: Iterable[int],
    news: Iterable[int],
    least: float,
) -> Pairs:
    """Pairs among the given indices wherever they stand, the most similar first.

    Only sentences that share a rare run of characters are compared: linear in the text.
    """
    index: dict[str, list[int]] = defaultdict(list)
    for i in olds:
        for shingle in _shingles(old[i]):
            index[shingle].append(i)
    found: list[tuple[float, int, int]] = []
    for j in news:
        shared = Counter(
            i
            for shingle in _shingles(new[j])
            if len(places := index.get(shingle, ())) <= _COMMON
            for i in places
        )
        for i, _ in shared.most_common(_CANDIDATES):
            score = similarity(old[i], new[j])
            if score >= least:
                found.append((-score, i, j))
    pairs: Pairs = {}
    taken: set[int] = set()
    for _, i, j in sorted(found):
        if i not in pairs and j not in taken:
            pairs[i] = j
            taken.add(j)
    return pairs


def _shingles(text: str) -> dict[str, None]:
    """Each once, in order: which of two equally near sentences is found must not be chance."""
    text = text[:_SHINGLED_CHARS]
    starts = range(max(len(text) - _SHINGLE + 1, 1))
    return dict.fromkeys(text[at : at + _SHINGLE] for at in starts)
