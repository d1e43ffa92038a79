"""Reasons by occlusion for those sentences of a report that a reader would ask about first.

The whole model reads each sentence again without each of its words, and with other wordings:
seconds a sentence, so that it is done for a few, when asked for.
"""

from __future__ import annotations

from collections.abc import Iterator

from classifier.explain.explanation import explain
from classifier.explain.lexical_rationales import strongest
from classifier.explain.model import Explanation
from classifier.model import Model
from classifier.report.model import Analysis, LabelledSentence
from classifier.report.rationale import Carried, Carrier, Change, Flip, Method, Rationale
from classifier.taxonomy import Orientation


def full_rationales(model: Model, analysis: Analysis, most: int) -> Iterator[tuple[int, Rationale]]:
    """Reasons by occlusion for the ``most`` oriented sentences that matter most, one by one.

    Evidence of alarms comes first, then what moves the score most.
    """
    for i in most_telling(analysis, most):
        labelled = analysis.sentences[i]
        before = analysis.sentences[i - 1].text if i else ""
        found = explain(model, labelled.text, (labelled.sentence.section, before))
        # A sentence too long to be read whole by the explanation would be told of in part only.
        if not found.cut and found.orientation is labelled.orientation:
            yield i, _full(found)


def most_telling(analysis: Analysis, most: int) -> list[int]:
    """Indices of the oriented sentences in order of what a reader would ask about first."""
    alarming = {i for finding in analysis.findings.alarms for i in finding.evidence}

    def rank(labelled: LabelledSentence) -> tuple[bool, float]:
        return labelled.sentence.index not in alarming, -abs(labelled.influence)

    oriented = (s for s in analysis.sentences if s.orientation is not Orientation.NEUTRAL)
    return [s.sentence.index for s in sorted(oriented, key=rank)[:most]]


def _full(found: Explanation) -> Rationale:
    given = [label for label in found.labels if label.given]
    carried = (
        Carried(
            label.label,
            strongest(Carrier(word.start, word.end, word.occlusion) for word in label.words),
        )
        for label in given
    )
    flips = (
        Flip(tuple(Change(e.start, e.end, e.new) for e in counter.edits), counter.orientation)
        for counter in found.counterfactuals
    )
    agreement = given[0].agreement if given else None
    return Rationale(Method.OCCLUSION, tuple(carried), agreement, tuple(flips))
