"""The lexical scorer taken apart exactly: which characters its logits come from.

The scorer is linear, so each feature's share of a logit is known. A feature is
laid in equal parts on the characters it was read from, wherever it occurs; features
of the context and the bias stay apart. The parts sum to the logit.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from classifier.lexical import NGRAMS, NUMBER, SPACE, LexicalScorer, features, fold, tokens_of
from classifier.taxonomy import LABELS


@dataclass(frozen=True)
class Contributions:
    """Parts of one sentence's logits; together they are the logits.

    Attributes:
        characters: (characters of the sentence, labels).
        context: (labels,) from the words of the heading.
        bias: (labels,).
    """

    characters: np.ndarray
    context: np.ndarray
    bias: np.ndarray


def contributions(scorer: LexicalScorer, text: str, context: str) -> Contributions:
    """Take the logits of one sentence apart.

    Args:
        context: as made by :func:`classifier.context.context_text`.
    """
    values = scorer.contributions(text, context)
    folded = fold(text)
    origins = _origins(text, folded)
    around = len(features(("", context)))
    found = features((text, context))
    places = [*_places(folded), *([] for _ in range(around))]
    occurrences: dict[str, list[list[int]]] = defaultdict(list)
    for feature, place in zip(found, places, strict=True):
        if feature in values:
            occurrences[feature].append(place)
    outside = np.zeros(len(LABELS))
    # One entry for each character of each occurrence: where, of which feature, which part of it.
    at, of, part = [], [], []
    for number, (feature, several) in enumerate(occurrences.items()):
        for place in several:
            if not place:
                outside += values[feature].astype(float) / len(several)
                continue
            at += [origins[i] for i in place]
            of += [number] * len(place)
            part += [1 / (len(several) * len(place))] * len(place)
    table = np.array([values[feature] for feature in occurrences], float).reshape(-1, len(LABELS))
    characters = np.zeros((len(text), len(LABELS)))
    np.add.at(characters, at, np.array(part)[:, None] * table[of])
    return Contributions(characters, outside, scorer.bias.astype(float))


def _places(folded: str) -> Iterator[list[int]]:
    """Indices of the characters each feature was read from, in the order of ``features``."""
    for size in NGRAMS:
        for at in range(len(folded) - size + 1):
            yield list(range(at, at + size))
    words = []
    at = 0
    for word in tokens_of(folded):
        if any(char.isalnum() for char in word):
            words.append(list(range(at, at + len(word))))
        at += len(word)
    yield from words
    yield from (first + second for first, second in pairwise(words))


def _origins(text: str, folded: str) -> list[int]:
    """For each character of the folded sentence the index of the one it came from."""
    normal, sources = "", []
    start = 0
    for end in range(1, len(text) + 1):
        # What combines with the character before it is normalised together with it.
        if end == len(text) or not unicodedata.combining(text[end]):
            piece = unicodedata.normalize("NFKC", text[start:end]).lower()
            normal += piece
            sources += [start] * len(piece)
            start = end
    gone = {at for run in NUMBER.finditer(normal) for at in range(run.start() + 1, run.end())}
    gone |= {at for run in SPACE.finditer(normal) for at in range(*run.span())}
    kept = [source for at, source in enumerate(sources) if at not in gone]
    if len(kept) == len(folded):
        return kept
    # Scripts whose letters join otherwise (Korean jamo): near enough, and the sum still holds.
    return [at * len(text) // len(folded) for at in range(len(folded))]
