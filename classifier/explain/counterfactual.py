"""What wording would flip it: the smallest change found that moves the orientation.

Two searches of finite cost. Deletions: one word, else two, else more, greedily. Replacements:
the wordings of ``data/rules.yaml``, each of which puts one question of the guidelines (who
receives it, must one or may one, person or thing), one at a time, else two. Every candidate
is read by the model; what is returned has been seen to flip (Wachter, Mittelstadt and Russell
2018, restricted to changes of words). Nothing found says little: other wordings were not tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from classifier.explain.attribution import Occlusion, Reader, log_odds
from classifier.explain.guidelines import swaps
from classifier.explain.model import Counterfactual, Edit, EditKind
from classifier.explain.units import Unit, without
from classifier.lexical import cutter
from classifier.model import Predictions
from classifier.taxonomy import QUESTIONS, Orientation

MAX_DELETED = 8
# Units of which any two are deleted together, and of which more are; wordings of which two are
# combined.
_BEST = 7
_GREEDY = 12
_PAIRED = 6
_LONGEST_SWAP = 4


def counterfactuals(
    reader: Reader, text: str, orientation: Orientation, occlusion: Occlusion
) -> tuple[Counterfactual, ...]:
    """At most one deletion and one replacement, the one that changes fewer characters first."""
    found = (
        _deletion(reader, text, orientation, occlusion),
        _replacement(reader, text, orientation),
    )
    return tuple(sorted((c for c in found if c is not None), key=_size))


def _size(found: Counterfactual) -> int:
    return sum(max(len(edit.old), len(edit.new)) for edit in found.edits)


class _Margin:
    """How far predictions are from another orientation, in log odds.

    A sentence that helps or controls has flipped where a yes has become a no: a control that
    also begins to help is still a control. A neutral one has where a no has become a yes.
    """

    def __init__(self, reader: Reader, orientation: Orientation) -> None:
        self.cuts = reader.model.calibration.thresholds[: len(QUESTIONS)]
        yes = orientation.assistive_weight > 0, orientation.control_weight > 0
        self.watched = [i for i, answer in enumerate(yes) if answer or not any(yes)]
        self.sign = 1.0 if any(yes) else -1.0
        self.yes = any(yes)

    def of(self, said: Predictions) -> np.ndarray:
        """(sentences,) distance left; the lower the nearer or the more decided."""
        answers = log_odds(said.probabilities[:, self.watched])
        return (self.sign * (answers - log_odds(self.cuts[self.watched]))).min(1)

    def flipped(self, said: Predictions) -> list[int]:
        """Indices of those that have flipped, the most decided first."""
        yes = said.probabilities[:, self.watched] >= self.cuts[self.watched]
        changed = np.flatnonzero((yes != self.yes).any(1))
        return changed[np.argsort(self.of(said)[changed], kind="stable")].tolist()


def _deletion(
    reader: Reader, text: str, orientation: Orientation, occlusion: Occlusion
) -> Counterfactual | None:
    units, margin = occlusion.units, _Margin(reader, orientation)
    if len(units) < 2:
        return None
    if flipped := margin.flipped(occlusion.predictions):
        return _deleted(text, [units[flipped[0]]], occlusion.predictions, flipped[0])
    # What is left when most is gone is another sentence, no wording of this one.
    most = min(MAX_DELETED, -(-len(units) // 3))
    best = np.argsort(margin.of(occlusion.predictions), kind="stable")[:_GREEDY].tolist()
    taken = [list(pair) for pair in combinations(best[:_BEST], 2)]
    while taken and len(taken[0]) <= most:
        chosen = [[units[i] for i in some] for some in taken]
        said = reader.read([without(text, some) for some in chosen])
        if flipped := margin.flipped(said):
            return _deleted(text, chosen[flipped[0]], said, flipped[0])
        leading = taken[int(margin.of(said).argmin())]
        taken = [[*leading, i] for i in best if i not in leading]
    return None


def _deleted(text: str, units: Sequence[Unit], said: Predictions, index: int) -> Counterfactual:
    ordered = sorted(units, key=lambda unit: unit.start)
    edits = [Edit(u.start, u.end, text[u.start : u.end], "") for u in ordered]
    return _found(EditKind.DELETION, text, edits, said, index, ())


def _replacement(reader: Reader, text: str, orientation: Orientation) -> Counterfactual | None:
    margin = _Margin(reader, orientation)
    tried = [(edits, (rule,)) for rule, edits in _swapped(text)]
    for _ in range(2):
        if not tried:
            return None
        said = reader.read([_edited(text, edits) for edits, _ in tried])
        if flipped := margin.flipped(said):
            fewest = min(flipped, key=lambda i: len(tried[i][0]))
            edits, rules = tried[fewest]
            named = tuple(sorted({rule for rule in rules if rule}))
            return _found(EditKind.REPLACEMENT, text, edits, said, fewest, named)
        best = np.argsort(margin.of(said), kind="stable")[:_PAIRED].tolist()
        tried = [
            (sorted([*tried[i][0], *tried[j][0]], key=lambda e: e.start), tried[i][1] + tried[j][1])
            for i, j in combinations(sorted(best), 2)
            if not _overlap(tried[i][0], tried[j][0])
        ]
    return None


def _swapped(text: str) -> Iterator[tuple[int, list[Edit]]]:
    """Each wording that the sentence has words for: its rule, and what it changes."""
    ends = [0]
    for word in cutter().cut(text):
        ends.append(ends[-1] + len(word))
    for swap in swaps():
        edits, at = [], 0
        while at < len(ends) - 1:
            for to in range(min(at + _LONGEST_SWAP, len(ends) - 1), at, -1):
                if (old := text[ends[at] : ends[to]]) in swap.words:
                    edits.append(Edit(ends[at], ends[to], old, swap.to))
                    at = to - 1
                    break
            at += 1
        if edits:
            yield swap.rule, edits


def _overlap(one: Sequence[Edit], other: Sequence[Edit]) -> bool:
    return any(a.start < b.end and b.start < a.end for a in one for b in other)


def _edited(text: str, edits: Sequence[Edit]) -> str:
    for edit in reversed(edits):
        text = text[: edit.start] + edit.new + text[edit.end :]
    return text


def _found(
    kind: EditKind,
    text: str,
    edits: Sequence[Edit],
    said: Predictions,
    index: int,
    rules: tuple[int, ...],
) -> Counterfactual:
    return Counterfactual(
        kind=kind,
        text=_edited(text, edits),
        edits=tuple(edits),
        orientation=said.orientations[index],
        categories=said.categories[index],
        probabilities=tuple(float(p) for p in said.probabilities[index]),
        rules=rules,
    )
