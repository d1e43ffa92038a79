"""Near-duplicate tenders: one group for each text and what was made from it.

MinHash signatures (Broder 1997) meet in bands (locality-sensitive hashing, Indyk and Motwani
1998). Bands only propose: documents are grouped by star clustering (Aslam, Pelekhov and Rus
2004), where each member is compared with the centre of its group. So a chain of small changes
does not merge what has little in common, and time grows linearly with the documents.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from classifier.archive.rows import DocumentRow

THRESHOLD: Final = 0.7
"""Least estimated Jaccard similarity to the centre, of sets of five characters each."""

# Bands of five values propose 99 % of the pairs at the threshold and 6 % of those at .3.
_BAND: Final = 5
# A band that very many share is boilerplate. So many centres are tried for each of its values.
_MOST_CENTRES: Final = 16
_CHUNK: Final = 4096
_MIXERS: Final = np.random.default_rng(5).integers(2**63, size=_BAND, dtype=np.uint64) * 2 + 1
_EMPTY: Final = np.uint32(0xFFFFFFFF)
"""The value of a signature over no text at all."""


@dataclass(frozen=True, slots=True)
class Group:
    """Rows with nearly the same text.

    Attributes:
        members: places of the rows in the order they came in, from 0; the centre first.
        similarity: of the member least like the centre, 0 to 1, estimated.
    """

    members: tuple[int, ...]
    similarity: float


@dataclass(frozen=True, slots=True)
class Groups:
    """All groups of two and more, largest first; they are numbered from 1 in this order."""

    groups: tuple[Group, ...]
    numbers: dict[int, int]

    def number(self, row: int) -> int:
        """Number of the group of a row; 0 where no other text is like it."""
        return self.numbers.get(row, 0)


class Signatures:
    """Collects the signatures of rows, half a kilobyte each."""

    def __init__(self) -> None:
        self._rows: list[int] = []
        self._full: list[np.ndarray] = []
        self._open: list[np.ndarray] = []

    def add(self, row: int, signature: Sequence[int]) -> None:
        """Take one; those of rows without text, and of another length than the first, are left."""
        if not signature:
            return
        # Equality is all that is asked of the values: their lower halves answer it.
        values = np.array(signature, np.uint64).astype(np.uint32)
        if (values == _EMPTY).all() or (self._rows and len(values) != self._length):
            return
        self._length = len(values)
        self._rows.append(row)
        self._open.append(values)
        if len(self._open) == _CHUNK:
            self._close()

    def groups(self, threshold: float = THRESHOLD) -> Groups:
        """Group what was collected; of equals the one that came first is the centre."""
        self._close()
        if not self._full:
            return Groups((), {})
        values = np.concatenate(self._full)
        stars = _stars(values, threshold)
        found = [
            Group(tuple(self._rows[i] for i in members), _least(values, members))
            for members in stars
            if len(members) > 1
        ]
        found.sort(key=lambda group: (-len(group.members), min(group.members)))
        numbers = {row: n for n, group in enumerate(found, start=1) for row in group.members}
        return Groups(tuple(found), numbers)

    def _close(self) -> None:
        if self._open:
            self._full.append(np.stack(self._open))
            self._open.clear()


def near_duplicates(rows: Iterable[DocumentRow], threshold: float = THRESHOLD) -> Groups:
    """Group rows by the signatures they carry; rows without one stay alone."""
    signatures = Signatures()
    for place, row in enumerate(rows):
        signatures.add(place, row.signature)
    return signatures.groups(threshold)


def _stars(values: np.ndarray, threshold: float) -> list[list[int]]:
    """Groups of row indices, centre first, from ``values`` (documents, permutations)."""
    buckets = _buckets(values)
    sizes = [np.bincount(column) for column in buckets.T]
    mates = sum(size[column] - 1 for size, column in zip(sizes, buckets.T, strict=True))
    assert isinstance(mates, np.ndarray)
    # Who shares most bands is tried as a centre first: the original rather than its variants.
    order = np.lexsort((np.arange(len(values)), -mates))
    stars: dict[int, list[int]] = {}
    centres: list[defaultdict[int, list[int]]] = [defaultdict(list) for _ in sizes]
    for i in order[: np.count_nonzero(mates)].tolist():
        shared = [b for b, size in enumerate(sizes) if size[buckets[i, b]] > 1]
        near = sorted({c for b in shared for c in centres[b][buckets[i, b]]})
        centre, similarity = _nearest(values, i, near)
        if similarity >= threshold:
            stars[centre].append(i)
            continue
        stars[i] = [i]
        for b in shared:
            listed = centres[b][buckets[i, b]]
            if len(listed) < _MOST_CENTRES:
                listed.append(i)
    return list(stars.values())


def _buckets(values: np.ndarray) -> np.ndarray:
    """(documents, bands): equal numbers in a column where the documents' bands are equal."""
    documents, length = values.shape
    bands = max(length // _BAND, 1)
    buckets = np.empty((documents, bands), np.int32)
    for b in range(bands):
        band = values[:, b * _BAND : (b + 1) * _BAND].astype(np.uint64)
        # Wraps around on purpose. Should two bands mix to one number, the comparison tells them.
        mixed = (band * _MIXERS[: band.shape[1]]).sum(1, dtype=np.uint64)
        buckets[:, b] = np.unique(mixed, return_inverse=True)[1]
    return buckets


def _nearest(values: np.ndarray, one: int, others: list[int]) -> tuple[int, float]:
    if not others:
        return -1, 0.0
    similarities = (values[others] == values[one]).mean(1)
    best = int(similarities.argmax())
    return others[best], float(similarities[best])


def _least(values: np.ndarray, members: list[int]) -> float:
    return float((values[members] == values[members[0]]).mean(1).min())
