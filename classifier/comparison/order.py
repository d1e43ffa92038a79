"""Equal items of two sequences: which belong together, and which of them kept their order.

Items that stand once on either side are certain pairs, and a pair spreads to equal
neighbours (Heckel 1978, "A technique for isolating differences between files"). That is
linear, and blocks that moved come out as such.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence

Pairs = dict[int, int]
"""Old index to new index; no index stands in it twice."""


def equal_pairs(old: Sequence[Hashable], new: Sequence[Hashable]) -> Pairs:
    """Pairs of equal items: those that stand once in both, and what spreads from them.

    The two beginnings and the two ends count as pairs as well.
    """
    olds, news = Counter(old), Counter(new)
    once = {item: j for j, item in enumerate(new) if news[item] == 1}
    pairs = {i: once[item] for i, item in enumerate(old) if olds[item] == 1 and item in once}
    taken = set(pairs.values())
    _spread(old, new, pairs, taken, range(len(old)), (-1, -1))
    _spread(old, new, pairs, taken, range(len(old) - 1, -1, -1), (len(old), len(new)))
    return pairs


def _spread(
    old: Sequence[Hashable],
    new: Sequence[Hashable],
    pairs: Pairs,
    taken: set[int],
    indices: range,
    edge: tuple[int, int],
) -> None:
    """Pair every free item with the one behind its neighbour's partner, if the two are equal."""
    step = indices.step
    for i in indices:
        before = edge[1] if i - step == edge[0] else pairs.get(i - step)
        if before is None or i in pairs:
            continue
        j = before + step
        if 0 <= j < len(new) and j not in taken and old[i] == new[j]:
            pairs[i] = j
            taken.add(j)


def occurrence_pairs(
    old: Sequence[Hashable], new: Sequence[Hashable], olds: Iterable[int], news: Iterable[int]
) -> Pairs:
    """Among the given indices the first of equal items with the first, second with second …"""
    waiting: dict[Hashable, list[int]] = defaultdict(list)
    for j in sorted(news, reverse=True):
        waiting[new[j]].append(j)
    return {i: waiting[old[i]].pop() for i in sorted(olds) if waiting.get(old[i])}


def in_order(pairs: Pairs) -> Pairs:
    """The most pairs that ascend on both sides together, by old index; O(n log n)."""
    ends: list[int] = []
    lowest: list[int] = []
    before: dict[int, int | None] = {}
    for i in sorted(pairs):
        length = bisect_left(lowest, pairs[i])
        before[i] = ends[length - 1] if length else None
        ends[length : length + 1] = [i]
        lowest[length : length + 1] = [pairs[i]]
    chosen: list[int] = []
    at = ends[-1] if ends else None
    while at is not None:
        chosen.append(at)
        at = before[at]
    return {i: pairs[i] for i in reversed(chosen)}


def runs(pairs: Pairs) -> Iterator[list[int]]:
    """Old indices of pairs that follow each other directly on both sides."""
    run: list[int] = []
    for i in sorted(pairs):
        if run and (i, pairs[i]) != (run[-1] + 1, pairs[run[-1]] + 1):
            yield run
            run = []
        run.append(i)
    if run:
        yield run


def gaps(pairs: Pairs, olds: int, news: int) -> Iterator[tuple[range, range]]:
    """What lies between neighbouring pairs in order, where something lies on both sides."""
    i = j = 0
    for next_i, next_j in (*pairs.items(), (olds, news)):
        if i < next_i and j < next_j:
            yield range(i, next_i), range(j, next_j)
        i, j = next_i + 1, next_j + 1
