"""Sentences that say the same, or nearly: one decision may do for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import Indel

from classifier.review.model import StoredSentence

LEAST: Final = 0.9
"""Least similarity ``2·LCS / (a + b)`` of characters, 1 for equal texts."""
MOST: Final = 200


def near_duplicates(
    sentence: StoredSentence, others: Sequence[StoredSentence]
) -> list[tuple[StoredSentence, float]]:
    """The others with their similarity, most alike first; at most :data:`MOST`."""
    found = process.extract(
        sentence.text,
        [other.text for other in others],
        scorer=Indel.normalized_similarity,
        score_cutoff=LEAST,
        limit=MOST + 1,
    )
    own = (sentence.document, sentence.index)
    pairs = ((others[at], similarity) for _, similarity, at in found)
    return [pair for pair in pairs if (pair[0].document, pair[0].index) != own][:MOST]
