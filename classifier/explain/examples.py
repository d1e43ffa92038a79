"""The nearest sentences among those written and labelled for this project.

Likeness is the cosine of TF-IDF vectors of character 1- and 2-grams: it finds the same words,
not the same meaning.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from classifier.explain.model import Contrast, Example
from classifier.lexical import SPACE, counts_of, tfidf
from classifier.resources import folder
from classifier.taxonomy import CATEGORIES, Orientation, orientation_of_categories

MIN_SIMILARITY = 0.1
# Some contrast groups are looser than one wording: two of a pair must be as alike as this.
MIN_CONTRAST = 0.2
MOST_EXAMPLES = 3
MOST_OTHERS = 2
# So many likeliest sentences of contrast groups have their partners looked at.
_ANCHORS = 20


@dataclass(frozen=True)
class Nearest:
    examples: tuple[Example, ...]
    others: tuple[Example, ...]
    contrast: Contrast | None


class Sentences:
    """Labelled sentences with their vectors; see :func:`sentences`."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self.examples = tuple(examples)
        texts = [example.text for example in examples]
        self._columns: dict[str, int] = {}
        for text in texts:
            for gram in _grams(text):
                self._columns.setdefault(gram, len(self._columns))
        counts = self._counts(texts)
        with_gram = np.bincount(counts.indices, minlength=len(self._columns))
        self._idf = (np.log((1 + len(texts)) / (1 + with_gram)) + 1).astype(np.float32)
        self._matrix = tfidf(counts, self._idf)
        self._codes = np.array([_codes(example.categories) for example in examples], bool)
        self._codes = self._codes.reshape(-1, len(CATEGORIES))
        self._sizes = self._codes.sum(1)
        self._sides = np.array([example.orientation.value for example in examples], str)
        self._paired = np.array([bool(example.pair) for example in examples], bool)
        self._groups: dict[str, list[int]] = defaultdict(list)
        self._opposites: dict[int, list[tuple[int, float]]] = {}
        for i, example in enumerate(examples):
            if example.pair:
                self._groups[example.pair].append(i)

    @classmethod
    def read(cls, files: Iterable[Path]) -> Sentences:
        return cls([example for file in files for example in _read(file)])

    def nearest(self, text: str, orientation: Orientation, categories: Sequence[str]) -> Nearest:
        """Sentences like ``text``: of its labels, of other orientations, and a contrast to it."""
        if not any(char.isalnum() for char in text):
            return Nearest((), (), None)
        likeness = self._likeness(tfidf(self._counts([text]), self._idf))
        same = self._sides == orientation.value
        fit = likeness * (0.5 + 0.5 * self._overlap(categories))
        alike = self._best(np.where(same, fit, 0), likeness, MOST_EXAMPLES)
        others = self._best(np.where(same, 0, likeness), likeness, MOST_OTHERS)
        return Nearest(alike, others, self._contrast(np.where(same, fit, 0), likeness))

    def _best(self, ranked: np.ndarray, likeness: np.ndarray, most: int) -> tuple[Example, ...]:
        """The highest ranked that are alike enough, one of each contrast group."""
        found: dict[str, Example] = {}
        for i in _ordered(ranked, likeness)[: 10 * most]:
            example = self.examples[i]
            found.setdefault(example.pair or example.id, self._with(i, likeness))
        return tuple(found.values())[:most]

    def _overlap(self, categories: Sequence[str]) -> np.ndarray:
        """Jaccard's index with every sentence's set of categories; 1 for two empty ones."""
        wanted = np.flatnonzero(_codes(categories))
        both = self._codes[:, wanted].sum(1)
        either = self._sizes + len(wanted) - both
        return np.where(either, both / np.maximum(either, 1), 1.0)

    def _contrast(self, ranked: np.ndarray, likeness: np.ndarray) -> Contrast | None:
        paired = np.where(self._paired, ranked, 0)
        best: tuple[float, int, int] | None = None
        for i in _ordered(paired, likeness)[:_ANCHORS]:
            # Two sentences are alike by 1 at most: no pair further down can be better.
            if best and paired[i] * (MIN_CONTRAST + 1) <= best[0]:
                break
            for j, near in self._opposed(i):
                score = float(ranked[i]) * (MIN_CONTRAST + near)
                if near >= MIN_CONTRAST and (best is None or score > best[0]):
                    best = score, i, j
        return Contrast(*(self._with(i, likeness) for i in best[1:])) if best else None

    def _opposed(self, i: int) -> list[tuple[int, float]]:
        """Sentences of another orientation in a sentence's own group, and how alike they are."""
        if i not in self._opposites:
            group = self._groups[self.examples[i].pair]
            others = [j for j in group if self._sides[j] != self._sides[i]]
            alike = self._likeness(self._matrix[i], others) if others else np.zeros(0)
            self._opposites[i] = list(zip(others, alike.tolist(), strict=True))
        return self._opposites[i]

    def _counts(self, texts: Sequence[str]) -> csr_matrix:
        """How often each known gram stands in each text."""
        rows = [
            [at for gram in _grams(text) if (at := self._columns.get(gram)) is not None]
            for text in texts
        ]
        return counts_of(rows, len(self._columns))

    def _likeness(self, vector: csr_matrix, others: Sequence[int] | None = None) -> np.ndarray:
        """Cosine with all sentences, or with some; a dense vector makes it ten times as fast."""
        dense = np.zeros(self._matrix.shape[1], np.float32)
        dense[vector.indices] = vector.data
        return (self._matrix if others is None else self._matrix[others]) @ dense

    def _with(self, index: int, likeness: np.ndarray) -> Example:
        return replace(self.examples[index], similarity=float(likeness[index]))


def _ordered(ranked: np.ndarray, likeness: np.ndarray) -> list[int]:
    """Those that are alike enough and have a rank at all, highest first."""
    fit = np.flatnonzero((ranked > 0) & (likeness >= MIN_SIMILARITY))
    return fit[np.argsort(-ranked[fit], kind="stable")].tolist()


@cache
def sentences() -> Sentences:
    """All of ``data/sentences``, read and vectorised once in a process, about a second."""
    return Sentences.read(sorted((folder("data") / "sentences").glob("*.jsonl")))


def _read(file: Path) -> Iterator[Example]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            yield Example(
                id=record["id"],
                text=record["text"],
                section=record["section"],
                categories=tuple(record["categories"]),
                orientation=orientation_of_categories(record["categories"]),
                similarity=0.0,
                pair=record["pair"] or "",
            )


def _grams(text: str) -> list[str]:
    """Characters, and pairs of neighbours."""
    text = SPACE.sub(" ", text.lower())
    return [*text, *map("".join, pairwise(text))]


def _codes(categories: Sequence[str]) -> list[bool]:
    return [code in categories for code in CATEGORIES]
