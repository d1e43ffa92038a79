"""What the page says on a click: words, rule, labelled examples, counter-examples; in short form.

Texts stand once in tables that the sentences point into. Of the document itself there are only
offsets, so that nothing of it can come in here that the page does not show anyway.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import lru_cache
from typing import Any, Final, Generic, TypeVar

from classifier.explain.examples import Nearest, sentences
from classifier.explain.guidelines import guidance
from classifier.explain.model import Example, Guidance, Rule
from classifier.report.model import Analysis, LabelledSentence
from classifier.report.page import SHORT
from classifier.report.rationale import Method, Rationale
from classifier.taxonomy import LABELS, Orientation

MOST_COMPARED: Final = 200
"""So many marked sentences, those that move the score most, get their nearest labelled
examples: each takes some milliseconds."""

REMEMBERED: Final = 4096
"""Sentences whose examples are kept for the next page: tenders share boilerplate."""

_METHODS: Final = list(Method)
_NEUTRAL: Final = "n"
_WEIGHT_DIGITS: Final = 2

T = TypeVar("T", bound=Hashable)


class _Table(Generic[T]):
    """Things in order of their first use."""

    def __init__(self) -> None:
        self.numbers: dict[T, int] = {}

    def number(self, item: T) -> int:
        return self.numbers.setdefault(item, len(self.numbers))


def explained(report: Analysis) -> dict[str, Any]:
    """Plain values for the page's data block; see ``explain.js``."""
    guides: _Table[Guidance] = _Table()
    rules: _Table[Rule] = _Table()
    examples: _Table[Example] = _Table()
    marked = [s for s in report.sentences if s.rationale is not None]
    near = {s.sentence.index: _near(s, examples) for s in _compared(marked)}
    told = {
        s.sentence.index: [guides.number(g) for g in guidance(s.text, s.categories)] for s in marked
    }
    return {
        "words": {s.sentence.index: _words(s.rationale) for s in marked if s.rationale},
        "told": told,
        "near": near,
        "guides": [_guide(guide, rules) for guide in guides.numbers],
        "rules": [[rule.number, rule.title, rule.text] for rule in rules.numbers],
        "examples": [
            [e.id, e.text, list(e.categories), SHORT.get(e.orientation, _NEUTRAL)]
            for e in examples.numbers
        ],
    }


def _compared(marked: Sequence[LabelledSentence]) -> list[LabelledSentence]:
    """Those that get examples; none of a page's text is read where there are none."""
    return sorted(marked, key=lambda s: -abs(s.influence))[:MOST_COMPARED]


def _near(labelled: LabelledSentence, table: _Table[Example]) -> list[Any]:
    """``[[example, % alike, …] of its labels, the same of others, [like, unlike] or nothing]``."""
    found = _nearest(labelled.text, labelled.orientation, labelled.categories)
    contrast = found.contrast
    return [
        [x for example in found.examples for x in _pointed(example, table)],
        [x for example in found.others for x in _pointed(example, table)],
        [_pointed(e, table)[0] for e in (contrast.like, contrast.unlike)] if contrast else [],
    ]


@lru_cache(maxsize=REMEMBERED)
def _nearest(text: str, orientation: Orientation, categories: tuple[str, ...]) -> Nearest:
    return sentences().nearest(text, orientation, categories)


def _pointed(example: Example, table: _Table[Example]) -> tuple[int, int]:
    """Its number, and how alike it is in per cent; in the table it stands without."""
    return table.number(_plain(example)), round(100 * example.similarity)


def _plain(example: Example) -> Example:
    return Example(example.id, example.text, "", example.categories, example.orientation, 0.0, "")


def _words(rationale: Rationale) -> list[Any]:
    """``[method, [[label, start, end, weight, …]], agreement, [[side, start, end, new, …]]]``."""
    return [
        _METHODS.index(rationale.method),
        [
            [
                LABELS.index(carried.label),
                *(
                    x
                    for word in carried.words
                    for x in (word.start, word.end, round(word.weight, _WEIGHT_DIGITS))
                ),
            ]
            for carried in rationale.carried
        ],
        None if rationale.agreement is None else round(rationale.agreement, 2),
        [
            [
                SHORT.get(flip.orientation, _NEUTRAL),
                *(x for change in flip.changes for x in (change.start, change.end, change.new)),
            ]
            for flip in rationale.flips
        ],
    ]


def _guide(guide: Guidance, rules: _Table[Rule]) -> list[Any]:
    """``[code, definition, what only looks like it, rule or -1, its example, case, ruling]``."""
    rule, case = guide.rule, guide.clarification
    name = Orientation.NEUTRAL.zh if guide.code == Orientation.NEUTRAL.value else guide.code
    return [
        name,
        guide.definition,
        guide.near_miss,
        -1 if rule is None else rules.number(Rule(rule.number, rule.title, rule.text, ())),
        rule.examples[0] if rule and rule.examples else "",
        *((case.case, case.ruling) if case else ("", "")),
    ]
