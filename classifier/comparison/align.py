"""Every sentence of two drafts: its counterpart, or none.

Equal sentences first, in order as far as can be; between them the reworded
ones; last what moved. Costs grow with the length of the text, not with its square, however
little the drafts have in common.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from classifier.comparison.order import (
    Pairs,
    equal_pairs,
    gaps,
    in_order,
    occurrence_pairs,
    runs,
)
from classifier.comparison.similarity import REWORDED, best_in_order, is_small, nearest_pairs

# So many characters at least must have moved together: "是" in two cells is no move.
_LEAST_MOVED: Final = 8
_MOVED_AND_REWORDED: Final = 0.75


def align(old: Sequence[str], new: Sequence[str]) -> tuple[Pairs, frozenset[int]]:
    """Pairs of sentences, and the old indices of those that moved.

    Args:
        old: the wording of every sentence, with what shall not count as a change taken off.
        new: the same of the other draft.
    """
    pairs = equal_pairs(old, new)
    steady = in_order(pairs)
    moved = _credible({i: j for i, j in pairs.items() if i not in steady}, old)
    pairs = steady | moved
    pairs |= _between(steady, pairs, old, new)
    pairs |= _elsewhere(pairs, old, new)
    steady = in_order(pairs)
    return pairs, frozenset(pairs.keys() - steady.keys())


def _credible(moved: Pairs, old: Sequence[str]) -> Pairs:
    """Blocks long enough to have moved, rather than to be alike by chance."""
    return {
        i: moved[i]
        for run in runs(moved)
        if sum(len(old[i]) for i in run) >= _LEAST_MOVED
        for i in run
    }


def _between(steady: Pairs, pairs: Pairs, old: Sequence[str], new: Sequence[str]) -> Pairs:
    """Pairs of free sentences that stand between the same neighbours."""
    taken = set(pairs.values())
    found: Pairs = {}
    for olds, news in gaps(steady, len(old), len(new)):
        left = [i for i in olds if i not in pairs]
        right = [j for j in news if j not in taken]
        own = _ascending([old[i] for i in left], [new[j] for j in right])
        found |= {left[i]: right[j] for i, j in own.items()}
    return found


def _ascending(old: Sequence[str], new: Sequence[str]) -> Pairs:
    """Similar sentences in order; where there are many, the likeliest divide them first."""
    if not old or not new:
        return {}
    if is_small(old, new):
        return best_in_order(old, new)
    whole = range(len(old)), range(len(new))
    likely = in_order(occurrence_pairs(old, new, *whole))
    likely = in_order(likely | _near(likely, old, new, REWORDED))
    found = dict(likely)
    for olds, news in gaps(likely, len(old), len(new)):
        for left, right in _small_parts(olds, news, old, new):
            own = best_in_order(old[left.start : left.stop], new[right.start : right.stop])
            found |= {left[i]: right[j] for i, j in own.items()}
    return found


def _small_parts(
    olds: range, news: range, old: Sequence[str], new: Sequence[str]
) -> Iterator[tuple[range, range]]:
    """Both ranges, halved together until they can be compared in full."""
    if not olds or not news:
        return
    if is_small(old[olds.start : olds.stop], new[news.start : news.stop]):
        yield olds, news
        return
    i, j = len(olds) // 2, len(news) // 2
    yield from _small_parts(olds[:i], news[:j], old, new)
    yield from _small_parts(olds[i:], news[j:], old, new)


def _elsewhere(pairs: Pairs, old: Sequence[str], new: Sequence[str]) -> Pairs:
    """Pairs of sentences that are free still, wherever they stand."""
    found = occurrence_pairs(old, new, *_free(pairs, old, new))
    return found | _near(pairs | found, old, new, _MOVED_AND_REWORDED)


def _near(pairs: Pairs, old: Sequence[str], new: Sequence[str], least: float) -> Pairs:
    """Similar sentences among those without a partner."""
    return nearest_pairs(old, new, *_free(pairs, old, new), least)


def _free(pairs: Pairs, old: Sequence[str], new: Sequence[str]) -> tuple[list[int], list[int]]:
    """Indices without a partner, of sentences long enough to be known again elsewhere."""
    taken = set(pairs.values())
    return (
        [i for i, text in enumerate(old) if i not in pairs and len(text) >= _LEAST_MOVED],
        [j for j, text in enumerate(new) if j not in taken and len(text) >= _LEAST_MOVED],
    )
